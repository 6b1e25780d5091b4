"""Names of elements, letters of texts: what is counted in C says the same as what is counted letter by letter."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newscrawl.extract.features import shares_of
from newscrawl.extract.prose import squeezed
from newscrawl.extract.words import HINTS, hints

NAMES = list(HINTS)
SEAMS = st.sampled_from(["-", "_", " ", "--", "\u3000", "\n"])


def hinted(classes: str | None, identity: str | None) -> set[str]:
    bits = hints(classes, identity)
    return {name for at, name in enumerate(NAMES) if bits >> at & 1}


@pytest.mark.parametrize(
    ("classes", "identity", "expected"),
    [
        ("articleBody", None, {"body"}),
        ("box_ad", None, {"aside", "sell"}),
        ("load", None, set()),
        ("sub", "title", {"lead"}),
        ("post-author  SubTitle", None, {"byline", "lead"}),
        (None, None, set()),
        (" ", "-", set()),
    ],
)
def test_a_name_hints_at_what_its_words_are_used_for(
    classes: str | None, identity: str | None, expected: set[str]
) -> None:
    assert hinted(classes, identity) == expected


@given(words=st.lists(st.sampled_from(["ad", "sub", "title", "read", "next", "x9", "cta"]), min_size=1), seam=SEAMS)
def test_any_seam_between_words_is_the_same(words: list[str], seam: str) -> None:
    assert hints(seam.join(words), None) == hints("-".join(words), None)


@given(text=st.text(max_size=400))
@example("\ud83d!\ude00")
@example("Straße_42 · İ")
def test_squeezed_text_is_its_letters_and_digits_in_lower_case(text: str) -> None:
    assert squeezed(text) == "".join(filter(str.isalnum, text)).casefold()


@given(texts=st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=8))
@example(["A, 1!", "\u0661。Ж", "x"])
def test_shares_are_those_of_each_text_by_itself(texts: list[str]) -> None:
    patterns = (r"[,.;:!?，。；：！？、।…]", r"\d", r"[A-ZÀ-ÖØ-ÞА-Я]")
    expected = [[len(re.findall(pattern, text)) / len(text) for pattern in patterns] for text in texts]
    assert shares_of(texts).tolist() == expected

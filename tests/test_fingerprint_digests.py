import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.fingerprint import folded_digest, sha256_hex

ANY_TEXT = st.text(st.characters())


def test_the_digest_of_bytes_is_their_sha256_in_hex() -> None:
    assert sha256_hex(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("图书馆今天重新开放。", "圖書館今天重新開放"),
        ("ＡＢＣ电视台 １２３", "abc电视台123"),
        ("第一段。\n\n第二段。", "第一段，第二段"),
    ],
)
def test_texts_that_differ_in_form_only_have_one_digest(one: str, other: str) -> None:
    assert folded_digest(one) == folded_digest(other)


def test_another_word_gives_another_digest() -> None:
    assert folded_digest("市政府宣布涨价") != folded_digest("市政府宣布降价")


@pytest.mark.parametrize("text", [None, "", " \n", "……！"])
def test_a_text_without_letters_and_digits_has_no_digest(text: str | None) -> None:
    assert folded_digest(text) is None


@given(ANY_TEXT)
def test_any_text_has_a_digest_of_64_hex_digits_or_none(text: str) -> None:
    digest = folded_digest(text)
    assert digest is None or (len(digest) == 64 and set(digest) <= set("0123456789abcdef"))

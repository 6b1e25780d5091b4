"""How the blocks of labelled pages are labelled for the classifier."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.scoring import shingles, tokens
from benchmarks.train import by_text, covered

STORY = "The ferry sailed again on Thursday, and forty people were aboard."
END = "The pier in the south opens again in May, said the company."
CELLS = ["Pier", "Boats", "North", "12", "South", "9"]


def test_the_cells_of_a_table_that_is_part_of_the_true_text_are_story() -> None:
    texts = ["Home", STORY, *CELLS, END, "Newsletter", "Share"]
    labels = by_text(texts, f"{STORY}\nPier Boats\nNorth 12\nSouth 9\n{END}")
    assert [label >= 0.5 for label in labels] == [False, True, *[True] * len(CELLS), True, False, False]


def test_a_word_of_the_true_text_that_stands_elsewhere_on_the_page_is_no_story() -> None:
    assert by_text(["Home", "Thursday", "Sport", STORY], STORY) == [0, 0, 0, 1]


@given(st.text("ab 1渡", max_size=60), st.text("ab 1渡", max_size=60))
def test_a_word_is_covered_by_as_much_as_the_runs_over_it_are_known(page: str, body: str) -> None:
    words = tokens(page)
    found = covered(words, set(shingles(body)))
    assert len(found) == len(words)
    assert ((found >= 0) & (found <= 1)).all()


@given(st.text("ab 1渡", max_size=60))
def test_of_the_true_text_itself_each_word_is_covered(body: str) -> None:
    words = tokens(body)
    assert covered(words, set(shingles(body))).tolist() == [float(len(words) > 3)] * len(words)

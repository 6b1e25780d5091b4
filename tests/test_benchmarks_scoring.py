"""The measures of the reader's benchmark: texts, headlines, days, names, segments."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.scoring import (
    days,
    f1,
    headline_score,
    names_f1,
    percentile,
    segment_hits,
    share,
    shingles,
    squeezed,
    tokens,
)

TEXT = "The ferry sailed again on Thursday."


def test_a_chinese_character_is_a_token_as_a_word_is() -> None:
    assert tokens("渡轮 sails, 7時 다시") == ["渡", "轮", "sails", "7", "時", "다", "시"]


def test_shingles_are_runs_of_four_and_a_short_text_is_one_run() -> None:
    assert list(shingles("a b c d e")) == [("a", "b", "c", "d"), ("b", "c", "d", "e")]
    assert list(shingles("a b")) == [("a", "b")]
    assert not shingles("… !")


@given(st.text(), st.text())
def test_f1_is_symmetric_and_one_for_the_same_text(one: str, other: str) -> None:
    assert f1(one, one) == 1
    assert f1(one, other) == f1(other, one)
    assert 0 <= f1(one, other) <= 1


def test_f1_counts_what_is_lost_and_what_is_added() -> None:
    # Five of eight words: two of five runs.
    assert f1("a b c d e f g h", "a b c d e") == pytest.approx(2 * 2 / (5 + 2))
    assert f1("a b c d e", "a b c d e a b c d e") == pytest.approx(2 * 2 / (2 + 7))
    assert f1(TEXT, "") == 0
    assert f1(TEXT, TEXT.replace(" ", "\n\n")) == 1


@pytest.mark.parametrize(
    ("found", "exact", "soft"),
    [
        ("Ferry sails again", True, True),
        ("FERRY  SAILS — AGAIN", True, True),
        ("Ｆerry sails again!", True, True),
        ("Ferry sails again | Daily", False, True),
        ("Ferry sails again | The Harbour Daily of the North", False, False),
        ("Ferry sails", False, True),
        ("Ferry", False, False),
        ("Storm damages quay", False, False),
        ("", False, False),
        (None, False, False),
    ],
)
def test_a_headline_may_differ_by_the_name_of_the_site(found: str | None, exact: bool, soft: bool) -> None:
    assert headline_score("Ferry sails again", found) == (exact, soft)


@pytest.mark.parametrize(
    ("stated", "meant"),
    [
        ("2024-03-07", {"2024-03-07"}),
        ("2024-03-07T18:30", {"2024-03-07"}),
        ("2024-03-07 18:30:00", {"2024-03-07"}),
        ("2024-03-08T01:00+08:00", {"2024-03-08", "2024-03-07"}),
        ("2024-03-07T23:30Z", {"2024-03-07"}),
        ("2024-03-07T99:99", {"2024-03-07"}),
        ("7 March 2024", set()),
        ("", set()),
        (None, set()),
    ],
)
def test_a_time_means_its_day_as_written_and_in_utc(stated: str | None, meant: set[str]) -> None:
    assert days(stated) == meant


def test_names_are_sets_and_none_found_is_wrong() -> None:
    assert names_f1(["Jane Roe", "Li Wen"], ["LI WEN", "jane roe", "Jane Roe"]) == 1
    assert names_f1(["Jane Roe", "Li Wen"], ["Jane Roe"]) == pytest.approx(2 / 3)
    assert names_f1(["Jane Roe"], []) == 0
    assert names_f1(["Jane Roe"], ["Staff"]) == 0


def test_segments_are_looked_for_whatever_the_blanks() -> None:
    body = "The ferry\n\nsailed  again.\nShare this"
    assert segment_hits(body, ["The ferry sailed", "on Thursday"], ["Share this", "Cookies"]) == (1, 1, 2)


def test_figures_of_nothing_are_none() -> None:
    assert share([]) is None
    assert share([True, False]) == 0.5
    assert percentile([], 0.1) is None
    assert percentile([3, 1, 2], 0) == 1
    assert percentile(range(100), 0.99) == 99
    assert percentile([7], 1) == 7


@given(st.text())
def test_squeezing_twice_changes_nothing_more(text: str) -> None:
    once = squeezed(text)
    assert "".join(filter(str.isalnum, once)) == once

"""When feeds and articles are asked for again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.discover import (
    FLOOR_S,
    LONGEST_S,
    TOMBSTONE_S,
    after_failure,
    first_interval,
    is_silent,
    next_interval,
    reread_due,
)

HOUR, DAY = 3600.0, 86400.0
NOW = datetime(2026, 3, 21, 12, tzinfo=UTC).timestamp()
intervals = st.floats(min_value=FLOOR_S, max_value=LONGEST_S)
moments = st.floats(min_value=0, max_value=4e9)


def iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()


@given(intervals, intervals, st.integers(0, 1000))
def test_an_interval_is_bounded_and_a_longer_one_stays_longer(one: float, other: float, new: int) -> None:
    short, long = sorted((one, other))
    assert FLOOR_S <= next_interval(short, new=new) <= next_interval(long, new=new) <= LONGEST_S
    assert next_interval(short, new=new + 1) <= next_interval(short, new=0)


@given(intervals)
def test_news_shortens_and_silence_lengthens(interval: float) -> None:
    assert next_interval(interval, new=1) <= interval <= next_interval(interval, new=0)


def test_a_busy_feed_comes_to_the_floor_and_a_silent_one_to_the_longest() -> None:
    busy = silent = 12 * HOUR
    for _ in range(60):
        busy, silent = next_interval(busy, new=2), next_interval(silent, new=0)
    assert busy == pytest.approx(FLOOR_S, rel=0.01)
    assert silent == LONGEST_S


@pytest.mark.parametrize(
    ("kind", "default"),
    [("rss", 12 * HOUR), ("wordpress", 12 * HOUR), ("news_sitemap", DAY), ("sitemap", DAY), ("sitemap_index", 7 * DAY)],
)
def test_a_feed_that_shows_no_pace_has_the_interval_of_its_kind(kind: str, default: float) -> None:
    assert first_interval([], kind, NOW) == default
    assert first_interval([None, "2026-03-20", "junk", iso(NOW + DAY)], kind, NOW) == default


def test_the_newest_ten_entries_show_the_pace() -> None:
    hourly = [iso(NOW - n * HOUR) for n in range(1, 30)]
    assert first_interval(hourly, "rss", NOW) == pytest.approx(HOUR)
    assert first_interval(reversed(hourly), "rss", NOW) == pytest.approx(HOUR)
    assert first_interval([iso(NOW - n) for n in range(50)], "rss", NOW) == FLOOR_S


def test_a_feed_that_was_fast_long_ago_is_not_fast_now() -> None:
    assert first_interval([iso(NOW - 100 * DAY - n * HOUR) for n in range(30)], "rss", NOW) == 12 * HOUR


@given(st.lists(st.one_of(st.none(), st.text(max_size=30), moments.map(iso))), st.text(max_size=15), moments)
def test_the_first_interval_is_bounded_for_any_dates(dates: list[str | None], kind: str, now: float) -> None:
    assert FLOOR_S <= first_interval(dates, kind, now) <= 7 * DAY


@given(st.integers(-5, 200), st.sampled_from(["transient", "gone"]))
def test_failures_lengthen_the_wait_and_never_revive_a_feed(failures: int, kind: str) -> None:
    order = ["active", "failing", "dead"]
    state, wait = after_failure(failures, kind)  # type: ignore[arg-type]
    later_state, later_wait = after_failure(failures + 1, kind)  # type: ignore[arg-type]
    assert order.index(state) <= order.index(later_state)
    assert FLOOR_S <= wait <= later_wait <= TOMBSTONE_S


def test_a_feed_that_is_gone_is_asked_once_more_and_then_left() -> None:
    assert after_failure(1, "gone") == ("failing", DAY)
    assert after_failure(2, "gone") == ("dead", TOMBSTONE_S)


def test_a_feed_without_news_for_half_a_year_is_silent() -> None:
    assert not is_silent(NOW, new_at=NOW - 179 * DAY, added_at=NOW - 500 * DAY)
    assert is_silent(NOW, new_at=NOW - 181 * DAY, added_at=NOW - 500 * DAY)
    assert not is_silent(NOW, new_at=None, added_at=NOW - 100 * DAY)
    assert is_silent(NOW, new_at=None, added_at=NOW - 181 * DAY)


@pytest.mark.parametrize(
    ("age", "wait"),
    [(0, HOUR), (7 * HOUR, 6 * HOUR), (2 * DAY, DAY), (9 * DAY, 3 * DAY), (29 * DAY, 10 * DAY), (80 * DAY, 30 * DAY),
     (364 * DAY, 90 * DAY)],
)  # fmt: skip
def test_an_article_is_read_again_the_later_the_older_it_is(age: float, wait: float) -> None:
    assert reread_due(iso(NOW - age), NOW, NOW, 0) == NOW + wait
    assert reread_due(None, NOW - age, NOW, 0) == NOW + wait
    assert reread_due(None, NOW - age, NOW, 1) == NOW + wait / 2


def test_an_article_of_more_than_a_year_is_left_alone() -> None:
    assert reread_due("2020-01-01", NOW, NOW, 5) is None


def test_a_date_in_the_future_does_not_keep_an_article_young() -> None:
    assert reread_due("2090-01-01", NOW - 400 * DAY, NOW, 0) is None


@given(
    st.one_of(st.none(), st.text(max_size=30), moments.map(iso)),
    moments,
    st.floats(0, 3e8),
    st.floats(0, 3e8),
    st.integers(-2, 50),
)
def test_waits_grow_with_age_and_shrink_with_changes(
    published: str | None, first_seen: float, age: float, more: float, changes: int
) -> None:
    checked, later = first_seen + age, first_seen + age + more
    due, later_due = (
        reread_due(published, first_seen, checked, changes),
        reread_due(published, first_seen, later, changes),
    )
    sooner = reread_due(published, first_seen, checked, changes + 1)
    if due is None:
        assert later_due is None
        assert sooner is None
        return
    assert HOUR / 8 - 1 <= due - checked <= 90 * DAY + 1
    assert sooner is not None
    assert checked < sooner <= due
    if later_due is not None:
        assert later_due - later >= due - checked - 1

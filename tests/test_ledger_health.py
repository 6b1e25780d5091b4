"""When a run fails its health checks: by its site profiles, and beside the runs before it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_ledger_counts import SITES

from newscrawl.ledger import FeedCounts, HostCounts, ProfileCounts, RunState, SiteCounts, exit_code
from newscrawl.ledger.health import (
    CHECKED_FIELDS,
    FIELD_RUNS,
    LAST,
    Limits,
    failing,
    faults,
    fields_lost,
    silences,
    stopped,
)
from newscrawl.store.feeds import Feed


def counts(pages: int, *, missing: int = 0, unseen: int = 0, compared: int = 0, differs: int = 0) -> ProfileCounts:
    found = ProfileCounts(pages=pages)
    for number in range(pages):
        found.add(("body", "related"), ("body",) if number < missing else (), ("related",) if number < unseen else ())
    for number in range(compared):
        found.compare(number < differs)
    found.compare(None)
    return found


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (counts(4, missing=4), None),
        (counts(5, missing=1), None),
        (counts(5, missing=2), "body missing on 2 of 5 pages"),
        (counts(19, unseen=19), None),
        (counts(20, unseen=19), None),
        (counts(20, unseen=20), "its selectors for related found nothing on any of 20 pages"),
        (counts(9, compared=4, differs=4), None),
        (counts(9, compared=6, differs=3), None),
        (counts(9, compared=5, differs=3), "another text than the generic reader's on 3 of 5 pages"),
    ],
)
def test_a_profile_fails_when_too_much_of_it_finds_nothing(found: ProfileCounts, said: str | None) -> None:
    code, reasons = exit_code(RunState(articles=1, profiles={"example": found}), "finished", None)
    assert code == (0 if said is None else 3)
    if said is not None:
        (reason,) = reasons
        assert reason.startswith("profile example: ")
        assert said in reason


def test_a_remark_says_what_is_amiss_and_nothing_when_nothing_is() -> None:
    assert counts(5, compared=5, unseen=5).remark is None
    assert counts(5, missing=1, compared=2, differs=1).remark == (
        "5 pages, body missing on 1 of 5, body unlike the generic reader's on 1 of 2"
    )


def test_counts_go_on_where_an_interrupted_run_stopped() -> None:
    state = RunState(profiles={"example": counts(7, missing=2, unseen=3, compared=4, differs=1)})
    again = RunState.continued(state.as_counts(), {})
    assert again.profiles == state.profiles
    older = {name: value for name, value in state.as_counts().items() if name != "profiles"}
    assert RunState.continued(older, {}).profiles == {}


# Beside the runs before ---------------------------------------------------------------------------------

DAY_S = 86_400.0
LIMITS = Limits()


def site(articles: int = 0, **values: Any) -> SiteCounts:
    """A site with this many rows, all fields in each; *values* win."""
    fields = Counter(dict.fromkeys(CHECKED_FIELDS, articles))
    return SiteCounts(**{"pages": articles, "articles": articles, "fields": fields, **values})


def feed(outcome: Any = "new", entries: int = 5, **values: Any) -> FeedCounts:
    return FeedCounts(kind="rss", outcome=outcome, entries=entries, **values)


def with_feeds(**feeds: FeedCounts) -> SiteCounts:
    return site(feeds=dict(feeds))


def host(requests: int, **failed: int) -> HostCounts:
    return HostCounts(requests=requests, failed=Counter(failed))


GIVING = with_feeds(a=feed(), b=feed("not_modified", 0))


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (with_feeds(a=feed(), b=feed("unchanged")), []),
        (with_feeds(a=feed("not_modified", 0), b=feed("not_due", 0)), []),
        (with_feeds(a=feed("not_due", 0), b=feed("not_due", 0)), []),
        (with_feeds(a=feed("failed", 0, reason="http_503"), b=feed()), ["feed a: listed articles in the last runs and none in this one (http_503)"]),
        (with_feeds(a=feed(), b=feed("unchanged", 0)), ["feed b: listed articles in the last runs and none in this one (nothing in it is readable)"]),
        (with_feeds(a=feed("dead", 0), b=feed()), ["feed a: listed articles in the last runs and none in this one (dead)"]),
        (with_feeds(a=feed("failed", 0, reason="dns"), b=feed("failed", 0, reason="dns")), ["site s: gave articles in the last runs and none in this one (dns 2)"]),
        (with_feeds(a=feed("unchanged", 0), b=feed("not_due", 0)), ["site s: gave articles in the last runs and none in this one (nothing is readable)"]),
        (with_feeds(c=feed("failed", 0)), []),
        (site(hosts={"h": host(3, http_503=3)}), ["site s: gave articles in the last runs and none in this one (http_503 3)"]),
        (site(1, hosts={"h": host(3, http_503=3)}), []),
        (site(pages=1, hosts={"h": host(3, http_503=2)}), []),
        (site(), []),
    ],
)  # fmt: skip
def test_what_gave_articles_and_cannot_be_read_any_more_is_told(now: SiteCounts, said: list[str]) -> None:
    assert list(stopped("s", now, [GIVING])) == said


def test_what_never_gave_anything_or_stopped_long_ago_is_no_news() -> None:
    failed = with_feeds(a=feed("failed", 0), b=feed("failed", 0))
    assert list(stopped("s", failed, [])) == []
    assert len(list(stopped("s", failed, [failed] * (LAST - 1) + [GIVING]))) == 1
    assert list(stopped("s", failed, [failed] * LAST + [GIVING])) == []


def test_a_run_in_which_a_feed_was_not_due_does_not_count_among_its_last() -> None:
    failed, quiet = with_feeds(a=feed("failed", 0), b=feed()), with_feeds(a=feed("not_due", 0), b=feed())
    assert len(list(stopped("s", failed, [quiet] * (LAST + 2) + [GIVING]))) == 1


def known(**values: Any) -> Feed:
    """A feed that was read first at day 0 with 20 articles, and gave one a day for ten days; *values* win."""
    given: dict[str, Any] = {
        "url_key": "a",
        "url": "a",
        "host": "s",
        "site": "s",
        "kind": "rss",
        "interval_s": DAY_S,
        "next_due": 0.0,
        "added_at": 0.0,
        "asked_at": 12 * DAY_S,
        "changed_at": None,
        "new_at": 10 * DAY_S,
        "new_articles": 30,
        "entries": 20,
    }
    return Feed(**{**given, **values})


TOLD = ["site s: nothing new for 4 days, where an article came every 24 hours before"]


@pytest.mark.parametrize(
    ("feeds", "said"),
    [
        ([known()], []),
        ([known(asked_at=13 * DAY_S)], []),
        ([known(asked_at=14 * DAY_S)], TOLD),
        ([known(asked_at=None)], []),
        ([known(asked_at=200 * DAY_S)], []),
        ([known(asked_at=14 * DAY_S, new_articles=24)], []),
        ([known(asked_at=14 * DAY_S, new_at=None)], []),
        ([known(asked_at=14 * DAY_S, new_articles=1_020)], ["site s: nothing new for 4 days, where an article came every 14 minutes before"]),
        # Once a week: four days say nothing.
        ([known(asked_at=74 * DAY_S, new_at=70 * DAY_S)], []),
        ([known(asked_at=14 * DAY_S), known(url="b", new_at=14 * DAY_S)], ["feed a: " + TOLD[0].partition(": ")[2]]),
        ([known(asked_at=14 * DAY_S, changed_at=14 * DAY_S), known(url="b", new_at=14 * DAY_S)], []),
        ([known(asked_at=14 * DAY_S), known(url="b", asked_at=14 * DAY_S, site="t", new_at=14 * DAY_S)], TOLD),
    ],
)  # fmt: skip
def test_silence_is_measured_by_what_was_usual(feeds: list[Feed], said: list[str]) -> None:
    assert list(silences(feeds)) == said


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (site(hosts={"h": host(19, http_503=19)}), []),
        (site(hosts={"h": host(20, http_503=5)}), []),
        (site(hosts={"h": host(20, http_503=4, TimeoutError=2)}), ["host h: 6 of 20 requests failed (http_503 4, TimeoutError 2)"]),
        (site(hosts={"h": host(20, http_404=6)}, versions=Counter(gone=1)), []),
        (site(hosts={"h": host(20, http_503=6)}, versions=Counter(gone=9)), ["host h: 6 of 20 requests failed (http_503 6)"]),
        (site(hosts={"h": host(100, http_503=5), "i": host(20, dns=20)}), ["host i: 20 of 20 requests failed (dns 20)"]),
    ],
)  # fmt: skip
def test_a_host_of_whose_requests_too_many_fail_is_told(now: SiteCounts, said: list[str]) -> None:
    assert list(failing(now, LIMITS.error_ratio)) == said


def partly(articles: int, **fields: int) -> SiteCounts:
    return site(articles, fields=Counter({**dict.fromkeys(CHECKED_FIELDS, articles), **fields}))


@pytest.mark.parametrize(
    ("now", "past", "said"),
    [
        (partly(10, authors=5), [site(10), site(10)], []),
        (partly(10, authors=4), [site(10), site(10)], ["site s: 40% of its rows have authors, where 100% had before"]),
        (partly(10, article_body=0, date_published=0), [site(10)] * 9, [
            "site s: 0% of its rows have body, where 100% had before",
            "site s: 0% of its rows have date, where 100% had before",
        ]),
        # Too few rows, now or before, too few runs, a field that few ever had.
        (partly(9, authors=0), [site(10), site(10)], []),
        (partly(10, authors=0), [site(10), site(9)], []),
        (partly(10, authors=0), [partly(10, authors=4)] * 2, []),
        (partly(20, authors=0), [partly(10, authors=4)] * 2, ["site s: 0% of its rows have authors, where 40% had before"]),
        # Only the last runs count.
        (partly(10, authors=4), [partly(10, authors=4)] * FIELD_RUNS + [site(10)] * 9, []),
    ],
)  # fmt: skip
def test_a_field_that_collapses_is_told(now: SiteCounts, past: list[SiteCounts], said: list[str]) -> None:
    assert list(fields_lost("s", now, past, LIMITS.field_drop)) == said


def test_the_limits_are_those_that_are_set() -> None:
    now = {"s": partly(10, authors=9)}
    now["s"].hosts["h"] = host(20, dns=1)
    past = [{"s": site(10)}] * 2
    assert faults(now, past, [], LIMITS) == []
    strict = faults(now, past, [], Limits(error_ratio=0.0, field_drop=1.0))
    assert strict == [
        "host h: 1 of 20 requests failed (dns 1)",
        "site s: 90% of its rows have authors, where 100% had before",
    ]
    lax = Limits(error_ratio=1.0, field_drop=0.0)
    now = {"s": partly(10, authors=0)}
    now["s"].hosts["h"] = host(20, dns=20)
    assert faults(now, past, [], lax) == []


def test_a_site_is_held_against_those_runs_that_know_it() -> None:
    now = {"s": with_feeds(a=feed("failed", 0))}
    other = {"t": site(1)}
    assert len(faults(now, [other, other, other, {"s": GIVING}], [], LIMITS)) == 1


def test_a_thousand_faults_are_told_in_some_lines() -> None:
    now = {f"{number}": with_feeds(a=feed("failed", 0)) for number in range(1_000)}
    lines = faults(now, [dict.fromkeys(now, GIVING)], [], LIMITS)
    assert len(lines) == 21
    assert lines[-1] == "and 980 more of this kind; report.html shows every site"


@given(
    st.dictionaries(st.text(max_size=3), SITES, max_size=3),
    st.lists(st.dictionaries(st.text(max_size=3), SITES, max_size=3), max_size=3),
)
def test_any_counts_can_be_checked_and_each_fault_is_one_line(
    now: dict[str, SiteCounts], past: list[dict[str, SiteCounts]]
) -> None:
    lines = faults(now, past, [known(), known(asked_at=14 * DAY_S)], LIMITS)
    assert all(line and "\n" not in line for line in lines)


def test_what_fails_the_checks_changes_the_exit_code_unless_they_are_off() -> None:
    state = RunState(articles=1, faults=["feed a: silent"], profiles={"example": counts(5, missing=5)})
    code, reasons = exit_code(state, "finished", None)
    assert (code, len(reasons)) == (3, 2)
    state.checked = False
    assert exit_code(state, "finished", None) == (0, [])

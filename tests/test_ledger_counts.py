"""What is counted of sites, hosts and feeds, and that nothing of it grows without end."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import article, wire

from newscrawl.items import Http
from newscrawl.ledger import FeedCounts, HostCounts, RunState, SiteCounts
from newscrawl.ledger import counts as counts_module
from newscrawl.ledger import state as state_module
from newscrawl.ledger.counts import OTHERS


def http(status: int) -> Http:
    return Http(status=status, etag=None, last_modified=None, encoding=None, encoding_source=None, truncated=None)


TEXTS = st.text(st.characters(), max_size=5)
NUMBERS = st.integers(0, 10**9)
COUNTS = st.dictionaries(TEXTS, st.integers(1, 10**9), max_size=3).map(Counter)
SECONDS = st.integers(0, 10**9).map(lambda ms: ms / 1000)
HOSTS = st.builds(
    HostCounts,
    requests=NUMBERS,
    received=NUMBERS,
    waited_s=SECONDS,
    slowest_s=SECONDS,
    retries=NUMBERS,
    statuses=st.dictionaries(st.integers(100, 999), st.integers(1, 9), max_size=3).map(Counter),
    failed=COUNTS,
)
FEEDS = st.builds(
    FeedCounts,
    kind=TEXTS,
    outcome=st.sampled_from(["new", "unchanged", "not_modified", "failed", "not_due", "dead"]),
    status=st.none() | st.integers(100, 999),
    entries=NUMBERS,
    new=NUMBERS,
    reason=st.none() | TEXTS,
)
SITES = st.builds(
    SiteCounts,
    pages=NUMBERS,
    articles=NUMBERS,
    fields=COUNTS,
    dropped=COUNTS,
    versions=COUNTS,
    duplicates=COUNTS,
    skipped=COUNTS,
    hosts=st.dictionaries(TEXTS, HOSTS, max_size=2),
    feeds=st.dictionaries(TEXTS, FEEDS, max_size=2),
)


@given(SITES)
def test_the_counts_of_a_site_go_on_where_an_interrupted_run_stopped(site: SiteCounts) -> None:
    assert SiteCounts.continued(json.loads(json.dumps(site.as_report()))) == site


def test_counts_that_an_earlier_version_wrote_are_taken_up() -> None:
    older = {"pages": 3, "articles": 2, "fields": {"headline": 2}, "dropped": {"http_404": 1}}
    site = SiteCounts.continued(older)
    assert (site.pages, site.articles, site.coverage("headline")) == (3, 2, 1.0)
    assert (site.versions, site.hosts, site.feeds) == ({}, {}, {})
    new = ("versions", "skipped")
    run = {name: value for name, value in RunState(articles=2).as_counts().items() if name not in new}
    assert RunState.continued(run, {"a.example": older}).sites["a.example"] == site


@pytest.mark.parametrize(
    ("kind", "values", "failed"),
    [
        ("page", {"status": 200}, {}),
        ("page", {"status": 304}, {}),
        ("page", {"status": 404}, {"http_404": 1}),
        ("feed", {"status": 404}, {}),
        ("robots", {"status": 404}, {}),
        ("feed", {"status": 429}, {"http_429": 1}),
        ("robots", {"status": 503}, {"http_503": 1}),
        ("page", {"head": b"", "error": "TimeoutError: too long"}, {"TimeoutError": 1}),
        ("page", {"error": "ResponseDataLossError"}, {"ResponseDataLossError": 1}),
        ("page", {"head": b""}, {"no_answer": 1}),
    ],
)
def test_a_request_is_counted_for_its_host_with_how_it_ended(
    kind: str, values: dict[str, Any], failed: dict[str, int]
) -> None:
    state = RunState()
    exchange = wire("https://www.news.example/1.html", body=b"12345", elapsed_ms=1_500, **values)
    state.count_wire(exchange, kind)
    host = state.sites["news.example"].hosts["www.news.example"]
    assert (host.requests, host.failed) == (1, failed)
    assert host.received == len(exchange.head) + 5
    assert host.statuses.total() == (1 if exchange.head else 0)
    assert state.touched == {"news.example"}


def test_the_wait_for_a_host_is_summed_and_the_longest_remembered() -> None:
    state = RunState()
    for elapsed_ms in (500, 3_000, 1_000):
        state.count_wire(wire(elapsed_ms=elapsed_ms), "page")
    host = state.host("https://news.example/")
    assert (host.waited_s, host.slowest_s, host.mean_s) == (4.5, 3.0, 1.5)
    assert state.network()["requests"] == 3
    assert HostCounts().mean_s == 0


def test_a_feed_is_counted_under_its_site_and_keeps_what_is_known_of_it() -> None:
    state = RunState()
    state.feed("https://www.news.example/rss", kind="rss").new += 2
    counts = state.feed("https://www.news.example/rss")
    counts.outcome, counts.status = "new", 200
    state.feed("https://www.news.example/rss", kind="atom")
    assert state.sites["news.example"].feeds == {
        "https://www.news.example/rss": FeedCounts(kind="atom", outcome="new", status=200, new=2)
    }
    assert state.feed_outcomes() == {"new": 1}
    assert state.touched == {"news.example"}


@pytest.mark.parametrize(
    ("feed", "gave", "nothing"),
    [
        (FeedCounts(kind="rss", outcome="new", entries=3), True, False),
        (FeedCounts(kind="rss", outcome="unchanged", entries=3), True, False),
        (FeedCounts(kind="rss", outcome="not_modified"), True, False),
        (FeedCounts(kind="rss", outcome="unchanged"), False, True),
        (FeedCounts(kind="rss", outcome="failed"), False, True),
        (FeedCounts(kind="rss", outcome="dead", entries=3), True, True),
        (FeedCounts(kind="rss", outcome="not_due"), False, False),
    ],
)
def test_a_feed_without_news_has_given_and_one_that_cannot_be_read_has_not(
    feed: FeedCounts, gave: bool, nothing: bool
) -> None:
    assert (feed.gave, feed.gave_nothing) == (gave, nothing)


def test_articles_are_counted_by_what_became_of_them() -> None:
    state = RunState()
    state.count_row(article(1))
    state.count_row(article(2, version=2))
    state.count_duplicate("same_url", "news.example")
    state.count_duplicate("exact", "news.example")
    state.count_unchanged("https://news.example/3")
    state.count_row(article(4, version=2, headline=None, article_body=None, http=http(410)))
    expected = {"new": 1, "changed": 1, "unchanged": 2, "gone": 1}
    assert state.versions == state.sites["news.example"].versions == expected
    assert state.duplicates == state.sites["news.example"].duplicates == {"same_url": 1, "exact": 1}
    site = state.sites["news.example"]
    assert (site.met, site.articles, site.texts, site.coverage("headline")) == (4, 3, 2, 1.0)


def test_what_is_skipped_is_counted_and_the_first_of_each_reason_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_module, "_MAX_SKIPPED", 2)
    state = RunState()
    for number in (1, 1, 2, 3):
        state.skip(f"https://news.example/{number}", "robots")
    state.skip("https://other.example/", "too_old")
    assert state.skipped == {"robots": 4, "too_old": 1}
    assert state.sites["news.example"].skipped == {"robots": 4}
    assert state.as_report()["skipped_urls"] == {
        "robots": ["https://news.example/1", "https://news.example/2"],
        "too_old": ["https://other.example/"],
    }


def test_no_count_grows_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_MAX_HOSTS", "_MAX_FEEDS", "_MAX_REASONS"):
        monkeypatch.setattr(counts_module, name, 2)
    monkeypatch.setattr(state_module, "_MAX_LISTED", 3)
    state = RunState()
    for number in range(5):
        state.count_wire(wire(f"https://h{number}.news.example/"), "page")
        state.feed(f"https://news.example/{number}.xml", kind="rss").new += 1
        state.skip("https://news.example/" + "x" * 5_000, f"reason {number}")
    site = state.sites["news.example"]
    assert {name: host.requests for name, host in site.hosts.items()} == {
        "h0.news.example": 1,
        "h1.news.example": 1,
        OTHERS: 3,
    }
    assert site.feeds[OTHERS] == FeedCounts(kind=OTHERS, new=3)
    assert len(site.feeds) == 3
    assert state.skipped == site.skipped == {"reason 0": 1, "reason 1": 1, OTHERS: 3}
    assert set(state.skipped_urls) == {"reason 0", "reason 1", OTHERS}
    assert {len(url) for urls in state.skipped_urls.values() for url in urls} == {2_000}


@given(TEXTS, TEXTS)
def test_any_url_and_any_reason_can_be_counted(url: str, reason: str) -> None:
    state = RunState()
    state.skip(url, reason)
    state.feed(url, kind=reason).entries += 1
    state.host(url).retries += 1
    state.count_unchanged(url)
    assert state.skipped.total() == state.versions["unchanged"] == state.network()["retries"] == 1

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ledgers import Clock, opened
from scrapy.http import Response

from newscrawl.ledger import Ledger
from newscrawl.spiders.polling import Polling, conditions, validators
from newscrawl.store.feeds import Feed

URL = "https://news.example/feed"
DAY_S = 86_400.0


@pytest.fixture
def clock() -> Clock:
    return Clock(1_000_000.0)


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    ledger = opened(tmp_path, clock=clock)
    yield ledger
    ledger.close(None)


@pytest.fixture
def polling(ledger: Ledger) -> Polling:
    return Polling(ledger, floor_s=600.0, longest_s=90 * DAY_S)


def answer(body: bytes = b"a", status: int = 200, **headers: str) -> Response:
    return Response(URL, status=status, body=body, headers={name.replace("_", "-"): v for name, v in headers.items()})


def known(polling: Polling, kind: str = "rss") -> Feed:
    """The feed as it is now; made when it is not known."""
    feed = polling.ledger.feeds.get(URL)
    if feed is None:
        (feed,) = polling.named([URL], kind, "https://news.example/", now=False)
    return feed


def test_a_new_feed_is_asked_at_once_and_a_known_one_when_it_is_due(polling: Polling, clock: Clock) -> None:
    feed = known(polling)
    assert (feed.kind, feed.site, feed.found_on, feed.polls) == ("rss", "news.example", "https://news.example/", 0)
    polling.read(feed, answer(), kind="rss", entries=3, new=3)
    assert list(polling.due(["news.example"], now=False)) == []
    assert polling.ledger.state.feed(URL).outcome == "new", "what it brought is not forgotten"
    assert polling.named([URL], "rss", None, now=False) == []
    assert [found.url for found in polling.due(["news.example"], now=True)] == [URL]
    clock.now += 12 * 3600
    assert [found.url for found in polling.due(["news.example"], now=False)] == [URL]
    assert list(polling.due(["other.example"], now=True)) == []


def test_the_state_of_a_feed_is_there_after_the_commit(polling: Polling, tmp_path: Path, clock: Clock) -> None:
    polling.read(known(polling), answer(ETag='"1"'), kind="rss", entries=3, new=3)
    polling.ledger.commit()
    polling.ledger.close(None)
    ledger = opened(tmp_path, stamp="20230323T000000000Z", clock=clock)
    feed = known(Polling(ledger, floor_s=600.0, longest_s=DAY_S))
    ledger.close(None)
    assert (feed.etag, feed.entries, feed.new_articles, feed.polls, feed.status) == ('"1"', 3, 3, 1, 200)


def test_304_and_the_same_bytes_are_unchanged_and_a_304_keeps_the_validators(polling: Polling) -> None:
    assert not polling.unchanged(known(polling), answer())
    polling.read(known(polling), answer(ETag='"1"', Last_Modified="yesterday"), kind="rss", entries=1, new=1)
    first = known(polling)
    assert polling.unchanged(first, answer(status=304, body=b""))
    assert (known(polling).etag, known(polling).last_modified) == ('"1"', "yesterday")
    assert known(polling).interval_s == first.interval_s * 1.5
    assert polling.unchanged(known(polling), answer(ETag='"2"'))
    assert (known(polling).etag, known(polling).last_modified) == ('"2"', None)
    assert not polling.unchanged(known(polling), answer(b"b"))
    assert polling.ledger.state.feed(URL).outcome == "not_modified"


def test_news_draws_polls_nearer_at_the_pace_at_which_it_comes(polling: Polling, clock: Clock) -> None:
    polling.read(known(polling), answer(), kind="listing", entries=20, new=20)
    before = known(polling).interval_s
    clock.now += before
    polling.read(known(polling), answer(b"b"), kind="listing", entries=20, new=1)
    assert known(polling).interval_s == pytest.approx(0.8 * before + 0.2 * 600)
    clock.now += 10_000
    polling.read(known(polling), answer(b"c"), kind="listing", entries=20, new=10)
    assert known(polling).interval_s == 1_000.0
    clock.now += 1_000
    polling.read(known(polling), answer(b"d"), kind="listing", entries=20, new=10)
    assert known(polling).interval_s == 600.0, "never below the floor"


def test_a_guess_that_is_none_is_left_alone_and_a_named_feed_is_tried_again(polling: Polling, clock: Clock) -> None:
    known(polling, "guess")
    polling.failed(URL, status=404, reason="http_404")
    assert (known(polling).state, known(polling).next_due) == ("dead", clock.now + 60 * DAY_S)
    assert list(polling.due(["news.example"], now=True)) == []


def test_a_feed_that_fails_waits_longer_each_time_and_an_answer_ends_that(polling: Polling, clock: Clock) -> None:
    polling.read(known(polling), answer(), kind="rss", entries=1, new=1)
    waits = []
    for _ in range(3):
        polling.failed(URL, status=503, reason="http_503")
        waits.append(known(polling).next_due - clock.now)
    assert waits == sorted(waits)
    assert waits[0] < waits[-1]
    assert (known(polling).failures, known(polling).state) == (3, "live")
    assert polling.ledger.state.feed(URL).outcome == "failed"
    assert polling.unchanged(known(polling), answer())
    assert (known(polling).failures, known(polling).reason) == (0, None)


def test_a_feed_without_news_for_half_a_year_is_dead_until_it_has_some(polling: Polling, clock: Clock) -> None:
    polling.read(known(polling), answer(), kind="rss", entries=1, new=1)
    clock.now += 181 * DAY_S
    assert polling.unchanged(known(polling), answer())
    assert (known(polling).state, known(polling).next_due) == ("dead", clock.now + 60 * DAY_S)
    polling.read(known(polling), answer(b"b"), kind="rss", entries=2, new=1)
    assert known(polling).state == "live"


@pytest.mark.parametrize("value", ["", "x" * 501, "a\tb", "\xe9"])
def test_what_is_no_validator_is_not_sent_back(value: str) -> None:
    assert validators(answer(ETag=value)) == (None, None)
    assert conditions(None, "") == {}
    assert conditions('"1"', "now") == {"If-None-Match": '"1"', "If-Modified-Since": "now"}

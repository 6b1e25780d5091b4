from __future__ import annotations

import gc
import json
import re
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import reduce
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from crawls import scrapy
from hypothesis import given
from hypothesis import strategies as st
from ledgers import NEXT_STAMP, STAMP, Clock, killed, new_url, opened
from scrapy import FormRequest, Request, Spider
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider
from scrapy.http import Response
from scrapy.settings import Settings
from scrapy.statscollectors import MemoryStatsCollector
from sqlalchemy import select
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from newscrawl.exceptions import ConfigError, StorageError
from newscrawl.ledger import bind_ledger
from newscrawl.scheduler import (
    KIND,
    LEASE,
    RECORD,
    FrontierScheduler,
    StoppedError,
    UrlKeyFingerprinter,
    check_engine,
    fingerprints,
    loaded_request,
    saved_request,
)
from newscrawl.scheduler import frontier as scheduler
from newscrawl.store.schema import urls
from newscrawl.urls import ParameterRules, UrlKeys

URL = "https://news.example/a?id=1"


def fingerprint(url: str, **arguments: Any) -> bytes:
    return UrlKeyFingerprinter().fingerprint(Request(url, **arguments))


@pytest.mark.parametrize(
    "url",
    [
        "https://news.example/a?utm_source=feed&id=1",
        "https://news.example/a?id=1&utm_medium=mail#top",
        "HTTPS://NEWS.example:443/a?id=1",
    ],
)
def test_a_tracking_parameter_costs_no_fetch(url: str) -> None:
    assert fingerprint(url) == fingerprint(URL)


@pytest.mark.parametrize(
    "url",
    [
        "http://news.example/a?id=1",
        "https://news.example/a?id=2",
        "https://news.example/a",
        "https://www.news.example/a?id=1",
    ],
)
def test_another_page_has_another_fingerprint(url: str) -> None:
    assert fingerprint(url) != fingerprint(URL)


def test_requests_with_a_body_are_told_apart_by_it() -> None:
    one, same, other = (fingerprint(URL, method="POST", body=body) for body in ("a=1", "a=1", "a=2"))
    assert one == same
    assert len({one, other, fingerprint(URL, method="POST"), fingerprint(URL), fingerprint(URL, body="a=1")}) == 5


def test_another_method_is_another_request() -> None:
    assert fingerprint(URL, method="HEAD") != fingerprint(URL)


def test_a_redirect_within_its_own_key_is_not_the_request_that_it_answers() -> None:
    tracked = "https://news.example/a?id=1&utm_source=feed"
    redirected = fingerprint(URL, meta={"redirect_urls": [tracked]})
    assert redirected != fingerprint(tracked)
    assert redirected == fingerprint(URL, meta={"redirect_urls": [tracked, "https://other.example/"]})


def test_a_circle_of_redirects_within_one_key_is_noticed() -> None:
    tracked = "https://news.example/a?id=1&utm_source=feed"
    there = fingerprint(URL, meta={"redirect_urls": [tracked]})
    back = fingerprint(tracked, meta={"redirect_urls": [tracked, URL]})
    again = fingerprint(URL, meta={"redirect_urls": [tracked, URL, tracked]})
    assert there == again
    assert back != there


def test_a_redirect_to_another_page_is_the_request_for_that_page() -> None:
    assert fingerprint(URL, meta={"redirect_urls": ["https://old.example/"]}) == fingerprint(URL)


def test_a_fingerprint_is_made_once_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def counted(url_key: str) -> bytes:
        asked.append(url_key)
        return b""

    monkeypatch.setattr(fingerprints, "fingerprint_of", counted)
    fingerprinter, request = UrlKeyFingerprinter(), Request(URL)
    assert fingerprinter.fingerprint(request) == fingerprinter.fingerprint(request)
    assert asked == [URL]


def test_what_a_site_says_of_its_parameters_tells_requests_apart() -> None:
    keys = UrlKeys(rules={"news.example": ParameterRules(keep=frozenset({"fbclid"}))})
    found = {UrlKeyFingerprinter(keys).fingerprint(Request(f"{URL}&fbclid={number}")) for number in (1, 2)}
    assert len(found) == 2
    assert fingerprint(f"{URL}&fbclid=1") == fingerprint(f"{URL}&fbclid=2")


def test_a_page_that_is_read_again_is_told_by_what_it_was_told_by() -> None:
    meta = {"newscrawl_page": fingerprint("https://old.example/").hex()}
    assert fingerprint(URL, meta=meta) == fingerprint("https://old.example/")
    # What it leads to now is another page.
    assert fingerprint(URL, meta={**meta, "redirect_urls": ["https://old.example/"]}) == fingerprint(URL)


def test_a_request_that_is_gone_is_not_remembered() -> None:
    fingerprinter = UrlKeyFingerprinter()
    fingerprinter.fingerprint(Request(URL))
    gc.collect()
    assert len(fingerprinter._cache) == 0


# A request takes no lone surrogate.
@given(st.text(st.characters(exclude_categories=["Cs"])).map(lambda text: f"https://news.example/{text}"))
def test_any_url_has_a_fingerprint_that_depends_on_it_alone(url: str) -> None:
    found = fingerprint(url)
    assert len(found) == 20
    assert fingerprint(url, priority=5, meta={"depth": 2}, headers={"Accept": "text/html"}) == found


# The frontier as scheduler ------------------------------------------------------------------------------


class Ticks:
    """Stands in for a looping call."""

    def __init__(self, function: Callable[[], None]) -> None:
        self.function = function
        self.running = False
        self.interval_s = 0.0

    def start(self, interval_s: float, *, now: bool) -> None:
        self.running, self.interval_s = True, interval_s

    def stop(self) -> None:
        self.running = False


class PageSpider(Spider):
    """A spider with methods that requests may name."""

    name = "pages"

    def parse(self, response: Any) -> None:
        """Be a callback."""

    def failed(self, failure: Any) -> None:
        """Be an errback."""


def stand_in_engine() -> Any:
    """What the scheduler needs to see of Scrapy's engine."""
    return SimpleNamespace(
        _slot=SimpleNamespace(
            inprogress=set(), closing=None, nextcall=SimpleNamespace(schedule=lambda: None, scheduled=0)
        ),
        downloader=SimpleNamespace(slots={}, active=set()),
    )


class Rig:
    """A scheduler with all that stands around it, without a reactor."""

    def __init__(
        self, folder: Path | None, clock: Clock, *, stamp: str = STAMP, wait_s: float = 100.0, per_host: int = 16
    ) -> None:
        self.clock = clock
        self.ledger = opened(folder, clock=clock, stamp=stamp)
        self.crawler = Crawler(PageSpider, Settings())
        self.crawler.stats = MemoryStatsCollector(self.crawler)
        self.crawler.request_fingerprinter = UrlKeyFingerprinter()
        self.crawler.engine = stand_in_engine()
        bind_ledger(self.crawler, self.ledger)
        self.spider = PageSpider()
        self.scheduler = FrontierScheduler(self.crawler, self.ledger, retry_s=5.0, wait_s=wait_s, per_host=per_host)
        self.scheduler.open(self.spider)

    def request(self, url: str = URL, **values: Any) -> Request:
        return Request(url, **{"callback": self.spider.parse, **values})

    def ask(self) -> Request:
        """The next request, in progress as in the engine."""
        request = self.scheduler.next_request()
        assert request is not None
        self.crawler.engine._slot.inprogress.add(request)
        return request

    def handled(self, *requests: Request) -> None:
        """Take requests out of progress, and let the scheduler see it."""
        for request in requests:
            self.crawler.engine._slot.inprogress.remove(request)
        self.scheduler.settle_handled()

    def states(self) -> list[tuple[str, str, str | None]]:
        """URL, state and reason of every row, after a commit."""
        self.ledger.commit()
        with self.ledger.store.begin() as connection:
            found = connection.execute(select(urls.c.url, urls.c.state, urls.c.reason).order_by(urls.c.id)).all()
        return [(url, state, reason) for url, state, reason in found]

    def stat(self, name: str) -> Any:
        assert self.crawler.stats is not None
        return self.crawler.stats.get_value(f"newscrawl/frontier/{name}")


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Rig]]:
    monkeypatch.setattr(scheduler, "create_looping_call", Ticks)
    rigs: list[Rig] = []

    def make(folder: Path | None = None, clock: Clock | None = None, **values: Any) -> Rig:
        rigs.append(Rig(folder, clock or Clock(), **values))
        return rigs[-1]

    yield make
    for made in rigs:
        made.ledger.close(None)


Make = Callable[..., Rig]


def test_what_is_queued_is_asked_once_with_all_that_was_said_of_it(rig: Make) -> None:
    made = rig()
    asked = made.request(errback=made.spider.failed, priority=7, meta={"depth": 2}, cb_kwargs={"hops": 1})
    assert made.scheduler.enqueue_request(asked)
    assert (len(made.scheduler), made.scheduler.has_pending_requests()) == (1, True)
    found = made.ask()
    assert (found.url, found.priority, found.callback, found.errback) == (
        URL,
        7,
        made.spider.parse,
        made.spider.failed,
    )
    assert found.meta == {"depth": 2, LEASE: found.meta[LEASE]}
    assert found.cb_kwargs == {"hops": 1}
    assert made.scheduler.next_request() is None
    assert (len(made.scheduler), made.scheduler.has_pending_requests()) == (0, False)


def test_a_url_that_is_known_is_not_asked_again(rig: Make) -> None:
    made = rig()
    assert made.scheduler.enqueue_request(made.request())
    assert not made.scheduler.enqueue_request(made.request(f"{URL}&utm_source=x"))
    assert (made.stat("queued"), made.stat("known")) == (1, 1)
    made.handled(made.ask())
    # What is forgotten here is known in the store.
    made.scheduler.recent.clear()
    assert made.scheduler.enqueue_request(made.request())
    assert made.scheduler.next_request() is None


def test_the_memory_of_what_was_queued_is_bounded(rig: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "_RECENT", 3)
    made = rig()
    for number in range(10):
        made.scheduler.enqueue_request(made.request(f"{URL}&p={number}"))
        made.scheduler.enqueue_request(made.request(f"{URL}&p=0"))
    assert len(made.scheduler.recent) == 3
    assert len({made.ask().url for _ in range(10)}) == 10
    assert made.scheduler.next_request() is None


def test_a_request_that_must_not_be_filtered_is_asked_each_time(rig: Make) -> None:
    made = rig()
    for _ in range(3):
        assert made.scheduler.enqueue_request(made.request(dont_filter=True))
    assert [made.ask().url for _ in range(3)] == [URL] * 3


def test_when_a_run_goes_on_a_page_may_ask_anew_and_what_it_starts_with_is_known(rig: Make, tmp_path: Path) -> None:
    asked = []
    for stamp in (STAMP, NEXT_STAMP):
        made = rig(tmp_path, stamp=stamp)
        for meta in ({}, {"depth": 1}):
            made.scheduler.enqueue_request(made.request(dont_filter=True, meta=meta))
        while (request := made.scheduler.next_request()) is not None:
            asked.append(request.meta.get("depth"))
        made.ledger.commit()
        made.scheduler.settle_handled()
        made.ledger.commit()
        killed(made.ledger)
    assert asked == [None, 1, 1]


def test_a_feed_is_asked_again_in_the_next_run_and_a_page_is_not(rig: Make, tmp_path: Path) -> None:
    feed = "https://news.example/feed"
    for stamp in (STAMP, NEXT_STAMP):
        made = rig(tmp_path, stamp=stamp)
        made.scheduler.enqueue_request(made.request(feed, meta={KIND: "feed"}))
        made.scheduler.enqueue_request(made.request())
        asked = []
        while (request := made.scheduler.next_request()) is not None:
            asked.append(request.url)
        assert asked == ([feed, URL] if stamp == STAMP else [feed])
        made.scheduler.close("finished")
        made.ledger.reason = "finished"
        made.ledger.state.articles = 1
        made.ledger.close(None)


# Outcomes


def test_a_request_is_handled_when_the_engine_has_let_it_go(rig: Make) -> None:
    made = rig()
    made.scheduler.enqueue_request(made.request())
    request = made.ask()
    made.scheduler.settle_handled()
    assert made.states() == [(URL, "leased", None)]
    made.handled(request)
    assert made.states() == [(URL, "done", None)]
    assert made.scheduler.requests == {}


def test_what_was_handled_is_acknowledged_by_a_commit_alone(rig: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = rig()
    made.scheduler.enqueue_request(made.request())
    made.handled(made.ask())
    assert len(made.ledger.frontier.outcomes) == 1
    made.clock.now += made.ledger.keeping.commit_s
    made.scheduler.settle_handled()
    assert made.ledger.frontier.outcomes == []


@pytest.mark.parametrize("stage", ["callback", "item"])
def test_an_exception_is_an_outcome_and_no_success(stage: str, rig: Make) -> None:
    made = rig()
    made.scheduler.enqueue_request(made.request())
    request = made.ask()
    note = made.scheduler.callback_failed if stage == "callback" else made.scheduler.item_failed
    note(Failure(ValueError("odd page")), Response(URL, request=request))
    note(Failure(KeyError("later")), Response(URL, request=request))
    made.handled(request)
    assert made.states() == [(URL, "failed", f"{stage}: ValueError")]


@pytest.mark.parametrize("response", [None, Response(URL), Response(URL, request=Request(URL))])
def test_an_exception_without_a_leased_request_is_nobodys_outcome(response: Response | None, rig: Make) -> None:
    made = rig()
    made.scheduler.callback_failed(Failure(ValueError()), response)
    assert made.ledger.frontier.ends == {}


def test_a_redirect_to_its_own_key_is_asked(rig: Make) -> None:
    made = rig()
    tracked = f"{URL}&utm_source=x"
    made.scheduler.enqueue_request(made.request(tracked))
    request = made.ask()
    target = request.replace(url=URL)
    target.meta["redirect_urls"] = [tracked]
    assert made.scheduler.enqueue_request(target)
    made.handled(request)
    assert made.states() == [(tracked, "redirected", URL), (URL, "queued", None)]
    answer = made.ask()
    assert (answer.url, answer.meta["redirect_urls"]) == (URL, [tracked])
    assert answer.meta[LEASE] != request.meta[LEASE]
    made.handled(answer)
    assert [state for _, state, _ in made.states()] == ["redirected", "done"]


def test_what_a_feed_redirects_to_is_a_feed_and_is_asked_again_in_the_next_run(rig: Make, tmp_path: Path) -> None:
    target = "https://news.example/new-feed"
    for stamp in (STAMP, NEXT_STAMP):
        made = rig(tmp_path, stamp=stamp)
        made.scheduler.enqueue_request(made.request(meta={KIND: "feed"}))
        request = made.ask()
        moved = request.replace(url=target, meta={**request.meta, "redirect_urls": [URL]})
        made.scheduler.enqueue_request(moved)
        made.handled(request)
        answer = made.ask()
        assert answer.url == target
        made.handled(answer)
        made.ledger.state.articles = 1
        made.ledger.reason = "finished"
        made.ledger.close(None)


def test_the_target_of_a_replayed_redirect_is_looked_up_by_its_address(rig: Make) -> None:
    made = rig()
    made.scheduler.enqueue_request(made.request(meta={RECORD: "urn:uuid:1"}))
    request = made.ask()
    assert request.meta[RECORD] == "urn:uuid:1"
    made.scheduler.enqueue_request(
        request.replace(url="https://news.example/b", meta={**request.meta, "redirect_urls": [URL]})
    )
    made.handled(request)
    assert RECORD not in made.ask().meta


def test_two_records_of_one_address_are_two_requests(rig: Make) -> None:
    made = rig()
    for number in (1, 2, 2):
        made.scheduler.enqueue_request(made.request(meta={RECORD: f"urn:uuid:{number}"}))
    assert [made.ask().meta[RECORD] for _ in range(2)] == ["urn:uuid:1", "urn:uuid:2"]
    assert made.scheduler.next_request() is None


def test_a_retry_waits_for_its_time_and_each_further_one_twice_as_long(rig: Make) -> None:
    made = rig()
    made.scheduler.enqueue_request(made.request(priority=3))
    for number, delay in enumerate((5, 10, 20), start=1):
        request = made.ask()
        again = request.copy()
        again.meta["retry_times"] = number
        again.dont_filter, again.priority = True, request.priority - 1
        assert made.scheduler.enqueue_request(again)
        made.handled(request)
        assert made.states() == [(URL, "queued", "retry")]
        made.clock.now += delay - 0.1
        assert made.scheduler.next_request() is None
        made.clock.now += 0.1
    last = made.ask()
    assert (last.meta["retry_times"], last.priority) == (3, 0)
    # A retry of Scrapy's may leave the site; what was asked first may not.
    assert last.dont_filter is False
    made.handled(last)
    assert made.states() == [(URL, "done", None)]


@pytest.mark.parametrize("how", ["retry", "redirect"])
def test_what_middlewares_put_into_a_request_is_not_written(how: str, rig: Make) -> None:
    made = rig()
    made.scheduler.enqueue_request(made.request(headers={"X-Own": "1", "Accept": "own"}))
    request = made.ask()
    # As DEFAULT_REQUEST_HEADERS and USER_AGENT are put in.
    for name in ("Authorization", "Cookie", "X-Api-Key", "User-Agent"):
        request.headers[name] = "secret"
    again = request.copy()
    again.meta["retry_times"] = 1
    if how == "redirect":
        again = request.replace(url="https://news.example/b", meta={**request.meta, "redirect_urls": [URL]})
    assert made.scheduler.enqueue_request(again)
    made.handled(request)
    made.ledger.commit()
    with made.ledger.store.begin() as connection:
        texts = connection.scalars(select(urls.c.request).where(urls.c.state == "queued")).all()
    assert len(texts) == 1
    assert "secret" not in texts[0]
    made.clock.now += 10
    assert made.ask().headers.to_unicode_dict() == {"X-Own": "1", "Accept": "own"}


def test_a_retry_does_not_wait_for_the_time_of_a_commit(rig: Make) -> None:
    made = rig()
    made.ledger.keeping = replace(made.ledger.keeping, commit_s=1_000.0)
    made.scheduler.enqueue_request(made.request())
    request = made.ask()
    again = request.copy()
    again.meta["retry_times"] = 1
    made.scheduler.enqueue_request(again)
    made.handled(request)
    made.scheduler.tick()
    made.clock.now += 5
    assert made.ask().meta["retry_times"] == 1


def test_a_retry_waits_five_minutes_at_most(rig: Make) -> None:
    made = rig()
    made.scheduler.enqueue_request(made.request())
    for number in range(1, 12):
        request = made.ask()
        again = request.copy()
        again.meta["retry_times"] = number
        made.scheduler.enqueue_request(again)
        made.handled(request)
        made.ledger.commit()
        made.clock.now += 300.0
    assert made.scheduler.next_request() is not None


# What cannot be written


@pytest.mark.parametrize(
    "values",
    [
        {"callback": lambda _: None},
        {"callback": None, "errback": print},
        {"meta": {"thing": object()}},
        {"cb_kwargs": {"text": b"bytes"}},
        {"meta": {("a", "b"): 1}},
        {"meta": {"deep": reduce(lambda inner, _: [inner], range(10_000), [])}},
    ],
    ids=["lambda", "function", "object in meta", "bytes in arguments", "odd key", "deep"],
)
def test_a_request_that_cannot_be_written_is_asked_all_the_same(
    values: dict[str, Any], rig: Make, caplog: pytest.LogCaptureFixture
) -> None:
    made = rig()
    for number in range(2):
        assert made.scheduler.enqueue_request(made.request(f"{URL}&p={number}", **values))
    assert (len(made.scheduler), made.stat("unsaved")) == (2, 2)
    assert len([line for line in caplog.messages if "cannot be written to the frontier" in line]) == 1
    found = [made.ask() for _ in range(2)]
    assert [request.url for request in found] == [f"{URL}&p=0", f"{URL}&p=1"]
    assert all(LEASE not in request.meta for request in found)
    made.handled(*found)
    assert made.states() == []
    assert not made.scheduler.has_pending_requests()


@pytest.mark.parametrize("sign", [1, -1])
def test_any_priority_can_be_written(sign: int, rig: Make) -> None:
    made = rig()
    made.scheduler.enqueue_request(made.request(priority=sign * 2**70))
    request = made.ask()
    again = request.copy()
    again.meta["retry_times"] = 1
    made.scheduler.enqueue_request(again)
    made.handled(request)
    assert made.states() == [(URL, "queued", "retry")]


def test_a_request_of_another_class_is_asked_as_it_is(rig: Make) -> None:
    made = rig()
    form = FormRequest(URL, formdata={"a": "1"}, callback=made.spider.parse)
    made.scheduler.enqueue_request(form)
    assert made.ask() is form


def test_a_request_that_cannot_be_saved_is_asked_once_all_the_same(rig: Make) -> None:
    made = rig()
    for _ in range(3):
        made.scheduler.enqueue_request(made.request(callback=lambda _: None))
    assert made.ask().url == URL
    assert made.scheduler.next_request() is None
    assert made.stat("known") == 2


def test_a_request_that_cannot_be_read_back_is_failed_and_the_next_one_asked(
    rig: Make, caplog: pytest.LogCaptureFixture
) -> None:
    made = rig()
    for text in ("no json", '{"url":"no url"}', f'{{"url":"{URL}","callback":"gone"}}'):
        made.ledger.frontier.add(new_url(len(text), request=text))
    made.scheduler.enqueue_request(made.request())
    assert made.ask().url == URL
    assert [(state, reason) for _, state, reason in made.states()] == [("failed", "unreadable")] * 3 + [
        ("leased", None)
    ]
    assert len([line for line in caplog.messages if "cannot be read back" in line]) == 3


# The watch


def test_a_scheduler_watches_from_open_to_close(rig: Make) -> None:
    made = rig()
    ticks: Any = made.scheduler.ticks
    assert (ticks.running, ticks.interval_s) == (True, 0.25)
    made.scheduler.enqueue_request(made.request())
    made.crawler.engine._slot.inprogress.discard(made.ask())
    made.scheduler.close("finished")
    assert not ticks.running
    assert made.states() == [(URL, "done", None)]
    made.scheduler.close("finished")


def test_a_request_whose_time_has_come_wakes_the_engine(rig: Make) -> None:
    made = rig()
    woken: list[None] = []
    made.crawler.engine._slot.nextcall.schedule = lambda: woken.append(None)
    made.ledger.frontier.add(new_url(1, ready_at=made.clock.now + 10, request=f'{{"url":"{URL}"}}'))
    assert made.scheduler.next_request() is None
    made.scheduler.tick()
    assert woken == []
    made.clock.now += 10
    made.scheduler.tick()
    assert woken == [None]
    assert made.ask().url == URL


@pytest.mark.parametrize(("seconds", "closed"), [(99.0, []), (100.5, ["work_left"])])
def test_a_run_ends_when_nothing_is_ready_for_long(
    seconds: float, closed: list[str], rig: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = rig(wait_s=100.0)
    reasons: list[str] = []
    made.crawler.engine.close_spider_async = lambda *, reason: reason
    monkeypatch.setattr(scheduler, "deferred_from_coro", reasons.append)
    made.ledger.frontier.add(new_url(1, ready_at=made.clock.now + seconds))
    assert made.scheduler.next_request() is None
    made.scheduler.tick()
    assert reasons == closed


def test_a_run_that_has_asked_a_host_for_all_it_may_ends_with_work_left(rig: Make) -> None:
    made = rig()
    made.scheduler.enqueue_request(made.request())
    made.scheduler.enqueue_request(made.request("https://other.example/"))
    made.ledger.hosts.spent["news.example"] = "NEWSCRAWL_HOST_MAX_PAGES=1 is used up"
    made.handled(made.ask())
    assert made.scheduler.next_request() is None
    assert not made.scheduler.has_pending_requests()
    with pytest.raises(CloseSpider) as caught:
        made.scheduler.spider_idle()
    assert caught.value.reason == "host_budget"
    made.ledger.hosts.spent.clear()
    made.scheduler.spider_idle()


def test_a_run_does_not_end_while_something_is_under_way(rig: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = rig(wait_s=1.0)
    monkeypatch.setattr(scheduler, "deferred_from_coro", pytest.fail)
    made.ledger.frontier.add(new_url(1, ready_at=made.clock.now + 50))
    made.scheduler.enqueue_request(made.request())
    made.ask()
    assert made.scheduler.next_request() is None
    made.scheduler.tick()


def test_before_the_engine_has_a_slot_nothing_is_watched(rig: Make) -> None:
    made = rig()
    made.crawler.engine._slot = None
    made.scheduler.tick()


def test_a_store_that_fails_stops_the_handing_out(rig: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = rig()
    made.scheduler.enqueue_request(made.request())

    def broken() -> None:
        raise StorageError("store: gone")

    with monkeypatch.context() as patch:
        patch.setattr(made.ledger.frontier, "next", broken)
        assert made.scheduler.next_request() is None
    assert str(made.ledger.failure) == "store: gone"
    assert made.scheduler.next_request() is None


# Stopping


def stopping(made: Rig, monkeypatch: pytest.MonkeyPatch) -> tuple[Request, list[Failure], Request, list[Any]]:
    """Begin a stop with a request that waits in the downloader, one that is under way, and a third in the queue."""
    later: list[Any] = []
    monkeypatch.setattr(scheduler, "call_later", lambda delay, function: later.append((delay, function)))
    for number in range(3):
        made.scheduler.enqueue_request(made.request(f"{URL}&p={number}"))
    waiting, active = made.ask(), made.ask()
    deferred: Deferred[None] = Deferred()
    failures: list[Failure] = []
    deferred.addErrback(failures.append)
    engine = made.crawler.engine
    engine.downloader.slots["news.example"] = SimpleNamespace(queue=deque([(waiting, deferred)]))
    engine.downloader.active = {waiting, active}
    engine._slot.closing = object()
    made.scheduler.tick()
    made.scheduler.tick()
    return waiting, failures, active, later


def test_a_stop_returns_what_was_not_sent_and_hands_out_nothing_more(
    rig: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = rig()
    waiting, failures, active, later = stopping(made, monkeypatch)
    (failure,) = failures
    assert isinstance(failure.value, StoppedError)
    assert made.scheduler.next_request() is None
    made.handled(waiting)
    assert made.states() == [
        (f"{URL}&p=0", "queued", "stopped"),
        (f"{URL}&p=1", "leased", None),
        (f"{URL}&p=2", "leased", None),
    ]
    assert len(later) == 1
    made.handled(active)
    assert [state for _, state, _ in made.states()] == ["queued", "done", "leased"]
    made.ledger.frontier.give_back()
    assert [state for _, state, _ in made.states()] == ["queued", "done", "queued"]


def test_a_callback_that_does_not_return_keeps_no_stop_from_ending(rig: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made, stops = rig(), []
    waiting, _, active, later = stopping(made, monkeypatch)
    later.pop()[1]()
    ((delay, give_up),) = later
    assert delay < 10
    monkeypatch.setattr("twisted.internet.reactor", SimpleNamespace(stop=lambda: stops.append(1)), raising=False)
    give_up()
    assert stops == [1]
    made.handled(waiting, active)
    give_up()
    assert stops == [1]


def test_what_does_not_end_by_itself_is_ended_after_ten_seconds(rig: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = rig()
    _, _, active, later = stopping(made, monkeypatch)
    told: list[str] = []
    made.ledger.aborters.append(told.append)
    ((delay, abort),) = later
    assert delay == 10.0
    abort()
    assert told == ["the crawl is being stopped"]
    made.ledger.frontier.note(active.meta[LEASE], "failed", "DownloadCancelledError")
    made.handled(active)
    assert (f"{URL}&p=1", "queued", "stopped") in made.states()


def test_what_ends_before_it_is_ended_keeps_its_outcome(rig: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = rig()
    _, _, active, later = stopping(made, monkeypatch)
    made.crawler.engine.downloader.active.remove(active)
    later[0][1]()
    made.handled(active)
    assert (f"{URL}&p=1", "done", None) in made.states()


# What is needed of Scrapy


NEEDED = {
    "engine._slot.inprogress": lambda engine: delattr(engine._slot, "inprogress"),
    "engine._slot.closing": lambda engine: delattr(engine._slot, "closing"),
    "engine._slot.nextcall.schedule": lambda engine: delattr(engine._slot.nextcall, "schedule"),
    "engine.downloader.slots": lambda engine: delattr(engine.downloader, "slots"),
    "engine.downloader.active": lambda engine: setattr(engine.downloader, "active", []),
}


@pytest.mark.parametrize("name", NEEDED)
def test_an_engine_that_lacks_a_name_is_refused_by_it(name: str) -> None:
    engine = stand_in_engine()
    check_engine(engine)
    NEEDED[name](engine)
    with pytest.raises(ConfigError, match=re.escape(f"this Scrapy has no {name}, which")) as caught:
        check_engine(engine)
    assert "install Scrapy 2.19" in str(caught.value)


def test_an_engine_without_a_slot_lacks_all_of_it() -> None:
    engine = stand_in_engine()
    engine._slot = None
    with pytest.raises(
        ConfigError, match=r"inprogress, engine\._slot\.closing, engine\._slot\.nextcall\.schedule, which"
    ):
        check_engine(engine)


def test_the_engine_of_this_scrapy_has_what_is_needed(tmp_path: Path) -> None:
    """A whole crawl: the scheduler is opened by the engine, and looks at it while a request is in progress."""
    (tmp_path / "looking.py").write_text(
        "from scrapy import Request, Spider\n"
        "from newscrawl.scheduler import LEASE, check_engine\n"
        "class Looking(Spider):\n"
        "    name = 'looking'\n"
        "    async def start(self):\n"
        "        yield Request('data:,x', callback=self.parse, errback=self.failed)\n"
        "    def failed(self, failure):\n"
        "        engine = self.crawler.engine\n"
        "        check_engine(engine)\n"
        "        (request,) = engine._slot.inprogress\n"
        "        assert engine._slot.scheduler.requests == {request.meta[LEASE]: request}\n"
        "        assert request not in engine.downloader.active\n"
        "        print('LOOKED', type(failure.value).__name__)\n",
        encoding="utf-8",
    )
    finished = scrapy(
        *("crawl", "looking", "-s", f"NEWSCRAWL_OUTPUT_DIR={tmp_path / 'out'}", "-s", "SPIDER_MODULES=looking"),
        cwd=tmp_path,
        PYTHONPATH=str(tmp_path),
    )
    assert "LOOKED RefusedRequest" in finished.out
    assert "Traceback" not in finished.log
    with closing(sqlite3.connect(tmp_path / "out" / "store.sqlite")) as connection:
        assert connection.execute("select state, reason from urls").fetchall() == [
            ("refused", "RefusedRequest: scheme 'data' is not asked")
        ]


# Requests as JSON ---------------------------------------------------------------------------------------


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=5),
    lambda part: st.lists(part, max_size=2) | st.dictionaries(st.text(max_size=4), part, max_size=2),
    max_leaves=4,
)
HEADERS = st.dictionaries(
    st.sampled_from(["Accept", "X-One", "If-None-Match"]),
    st.lists(st.binary(max_size=6), min_size=1, max_size=2),
    max_size=2,
)
REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        "method": st.sampled_from(["GET", "POST", "HEAD"]),
        "body": st.binary(max_size=8),
        "headers": HEADERS,
        "cookies": st.dictionaries(st.text("abc", max_size=2), st.text(max_size=3), max_size=2),
        "meta": st.dictionaries(st.text(max_size=4), PLAIN, max_size=3),
        "cb_kwargs": st.dictionaries(st.text(max_size=4), PLAIN, max_size=2),
        "priority": st.integers(-1000, 1000),
        "dont_filter": st.booleans(),
        "flags": st.lists(st.text(max_size=4), max_size=2),
        "callback": st.sampled_from(["parse", "failed"]),
        "errback": st.sampled_from(["parse", "failed"]),
    },
)


@given(REQUESTS)
def test_any_plain_request_comes_back_as_it_was(values: dict[str, Any]) -> None:
    spider = PageSpider()
    for name in ("callback", "errback"):
        if name in values:
            values[name] = getattr(spider, values[name])
    request = Request(URL, **values)
    text = saved_request(request, spider)
    assert isinstance(json.loads(text), dict)
    assert loaded_request(text, spider).to_dict(spider=spider) == request.to_dict(spider=spider)


def test_what_belongs_to_one_handing_out_stays_behind() -> None:
    meta = {LEASE: 5, "download_slot": "x", "download_latency": 0.5, "depth": 1, RECORD: "urn:uuid:1"}
    request = loaded_request(saved_request(Request(URL, meta=meta), None), None)
    assert request.meta == {"depth": 1, RECORD: "urn:uuid:1"}


def test_an_ordinary_request_is_short() -> None:
    spider = PageSpider()
    assert saved_request(Request(URL, callback=spider.parse), spider) == f'{{"url":"{URL}","callback":"parse"}}'


def test_a_method_of_another_spider_is_none_of_this_one() -> None:
    class Other(Spider):
        name = "other"

        def parse(self, response: Any) -> None:
            """Be another."""

    with pytest.raises(ValueError, match="is no method of the spider"):
        saved_request(Request(URL, callback=Other().parse), PageSpider())

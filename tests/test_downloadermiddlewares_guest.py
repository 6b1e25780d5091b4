"""Retry-After, the circuit breaker, budgets, the opt-out list and robots.txt, one middleware at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ledgers import NEXT_STAMP, STAMP, Clock, killed, new_url, opened
from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadTimeoutError, IgnoreRequest, NotConfigured
from scrapy.http import Response
from scrapy.settings import Settings
from scrapy.statscollectors import MemoryStatsCollector
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from newscrawl import settings as defaults
from newscrawl.downloadermiddlewares import (
    GuestMiddleware,
    OptOutMiddleware,
    PostponedRequest,
    RefusedRequest,
    RobotsMiddleware,
)
from newscrawl.downloadermiddlewares.guest import MAX_WAITS
from newscrawl.exceptions import StorageError
from newscrawl.ledger import Ledger, bind_ledger
from newscrawl.store import hosts
from newscrawl.store.frontier import Lease

HOST = "news.example"
ROBOTS = f"https://{HOST}/robots.txt"


class Slot:
    """A slot of the downloader."""

    def __init__(self, delay: float = 0.0) -> None:
        self.delay, self.jitter = delay, 0.5
        self.queue: deque[tuple[Request, Deferred[Any]]] = deque()


class Rig:
    """A ledger with middlewares around it, and a stand-in for the engine."""

    def __init__(self, folder: Path | None, *, stamp: str = STAMP, clock: Clock | None = None, **values: Any) -> None:
        self.clock = clock or Clock()
        self.ledger: Ledger = opened(folder, stamp=stamp, clock=self.clock)
        settings = Settings()
        settings.setmodule(defaults, priority="project")
        settings.update({"USER_AGENT": "newscrawl/1 (+x)", **values}, priority="cmdline")
        self.crawler = Crawler(Spider, settings)
        self.crawler.stats = MemoryStatsCollector(self.crawler)
        self.slots: dict[str, Slot] = {}
        self.closed: list[str] = []
        self.asked: list[Request] = []
        self.answers: list[Response | Exception] = []
        self.crawler.engine = SimpleNamespace(  # type: ignore[assignment]
            downloader=SimpleNamespace(
                slots=self.slots,
                per_slot_settings={},
                _delay=1.0,
                get_slot_key=lambda request: request.url.split("/")[2],
            ),
            close_spider_async=self.close,
            download_async=self.download,
        )
        bind_ledger(self.crawler, self.ledger)
        self.guest = GuestMiddleware.from_crawler(self.crawler)
        self.robots = RobotsMiddleware.from_crawler(self.crawler)

    async def close(self, *, reason: str) -> None:
        self.closed.append(reason)

    async def download(self, request: Request) -> Response:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def leased(self, *numbers: int, host: str = HOST) -> list[tuple[Lease, Request]]:
        """Leases of new URLs, handed out, each with its request."""
        for number in numbers:
            self.ledger.frontier.add(new_url(number, host))
        found = []
        for _ in numbers:
            lease = self.ledger.frontier.next()
            assert lease is not None
            found.append((lease, Request(lease.url, meta={"newscrawl_lease": lease.id})))
        return found

    def one(self) -> tuple[Lease, Request]:
        (found,) = self.leased(1)
        return found

    def settle(self, lease: Lease) -> None:
        self.ledger.frontier.settle(lease.id)
        self.ledger.commit()

    def ask(self, request: Request) -> None:
        """Let *request* through robots.txt, without an event loop: everything that is awaited is there."""
        task = self.robots.process_request(request)
        with pytest.raises(StopIteration):
            task.send(None)

    def stat(self, name: str) -> Any:
        assert self.crawler.stats is not None
        return self.crawler.stats.get_value(f"newscrawl/guest/{name}")


Make = Callable[..., Rig]


@pytest.fixture
def rig() -> Iterator[Make]:
    rigs: list[Rig] = []

    def make(folder: Path | None = None, **values: Any) -> Rig:
        rigs.append(Rig(folder, **values))
        return rigs[-1]

    yield make
    for made in rigs:
        made.ledger.close(None)


def answer(status: int = 200, **headers: str) -> Response:
    return Response(f"https://{HOST}/1", status=status, headers={n.replace("_", "-"): v for n, v in headers.items()})


# Retry-After


@pytest.mark.parametrize("status", [429, 503])
def test_a_host_that_asks_for_time_is_left_alone_until_then(status: int, rig: Make) -> None:
    made = rig()
    (asked, request), (_, other), (kept, _) = made.leased(1, 2, 3)
    waiting: Deferred[Any] = Deferred()
    failures: list[Failure] = []
    waiting.addErrback(failures.append)
    strange: Deferred[Any] = Deferred()
    made.slots[HOST] = slot = Slot()
    slot.queue.extend([(other, waiting), (Request("https://other.example/"), strange)])
    with pytest.raises(PostponedRequest, match=f"HTTP {status}, Retry-After: 30 s"):
        made.guest.process_response(request, answer(status, Retry_After="30"))
    # What waited for its turn at this host goes back, what waited for another's stays.
    assert [type(failure.value) for failure in failures] == [PostponedRequest]
    assert [waiting_request.url for waiting_request, _ in slot.queue] == ["https://other.example/"]
    with pytest.raises(PostponedRequest, match="is not asked now"):
        made.guest.process_request(Request(kept.url, meta={"newscrawl_lease": kept.id}))
    for lease in (asked, kept):
        made.settle(lease)
    assert made.ledger.frontier.next() is None
    made.clock.now += 29.9
    assert made.ledger.frontier.next() is None
    made.clock.now += 0.1
    again = made.ledger.frontier.next()
    assert again is not None
    assert made.stat("retry_after") == 1


def test_what_was_leased_and_not_handed_out_goes_back_too(rig: Make) -> None:
    made = rig()
    for number in (1, 2, 3):
        made.ledger.frontier.add(new_url(number))
    lease = made.ledger.frontier.next()
    assert lease is not None
    with pytest.raises(PostponedRequest):
        made.guest.process_response(
            Request(lease.url, meta={"newscrawl_lease": lease.id}), answer(429, Retry_After="30")
        )
    assert made.ledger.frontier.next() is None
    made.settle(lease)
    assert len(made.ledger.frontier) == 3


@pytest.mark.parametrize(
    ("headers", "status"), [({}, 429), ({"Retry_After": "soon"}, 429), ({"Retry_After": "30"}, 200), ({}, 404)]
)
def test_an_answer_that_asks_for_no_time_is_passed_on(headers: dict[str, str], status: int, rig: Make) -> None:
    made = rig()
    _, request = made.one()
    response = answer(status, **headers)
    assert made.guest.process_response(request, response) is response
    made.guest.process_request(request)


def test_a_time_that_has_passed_is_at_once_and_counts_as_a_wait(rig: Make) -> None:
    made = rig()
    lease, request = made.one()
    with pytest.raises(PostponedRequest):
        made.guest.process_response(request, answer(429, Retry_After="Thu, 01 Jan 1970 00:00:01 GMT"))
    made.settle(lease)
    again = made.ledger.frontier.next()
    assert again is not None
    assert again.tries == 1


def test_a_wait_is_an_hour_at_most(rig: Make) -> None:
    made = rig()
    _, request = made.one()
    with pytest.raises(PostponedRequest):
        made.guest.process_response(request, answer(503, Retry_After="999999"))
    assert made.ledger.hosts.times(HOST).ready_at == made.clock.now + 3600.0


def test_after_enough_waits_the_answer_is_the_last_and_the_host_is_left_alone_all_the_same(rig: Make) -> None:
    made = rig()
    made.ledger.frontier.add(new_url(1))
    for _ in range(MAX_WAITS + 2):
        lease = made.ledger.frontier.next()
        assert lease is not None
        with pytest.raises(PostponedRequest):
            made.guest.process_response(
                Request(lease.url, meta={"newscrawl_lease": lease.id}), answer(429, Retry_After="1")
            )
        made.settle(lease)
        made.clock.now += 1.0
    lease = made.ledger.frontier.next()
    assert lease is not None
    request = Request(lease.url, meta={"newscrawl_lease": lease.id})
    assert made.guest.process_response(request, answer(429, Retry_After="1")).status == 429
    assert request.meta["dont_retry"] is True
    assert made.ledger.hosts.why_not(HOST) is not None


def test_a_part_of_a_story_sends_the_story_back(rig: Make) -> None:
    made = rig()
    lease, _ = made.one()
    part = Request(f"https://{HOST}/1_2", meta={"newscrawl_story_lease": lease.id})
    with pytest.raises(PostponedRequest):
        made.guest.process_response(part, answer(429, Retry_After="30"))
    assert made.ledger.frontier.returns(lease.id)
    # What the spider says then takes nothing away from the time.
    made.ledger.frontier.put_back(lease.id, "stopped")
    assert made.ledger.frontier.ends[lease.id].ready_at == made.clock.now + 30.0


def test_a_restart_keeps_the_wait_and_the_pause(rig: Make, tmp_path: Path) -> None:
    made = rig(tmp_path)
    ((lease, request),) = made.leased(1)
    ((_, paced),) = made.leased(1, host="slow.example")
    made.slots["slow.example"] = Slot(delay=8.0)
    made.guest.process_request(paced)
    with pytest.raises(PostponedRequest):
        made.guest.process_response(request, answer(503, Retry_After="30"))
    made.settle(lease)
    killed(made.ledger)
    made.clock.now += 2.0
    again = rig(tmp_path, stamp=NEXT_STAMP, clock=made.clock)
    assert again.ledger.frontier.next() is None
    made.clock.now += 6.0
    found = again.ledger.frontier.next()
    assert found is not None
    assert found.host == "slow.example"
    assert again.ledger.frontier.next() is None
    made.clock.now += 22.0
    found = again.ledger.frontier.next()
    assert found is not None
    assert found.host == HOST


# The circuit breaker


def test_five_faults_in_a_row_open_the_breaker_and_an_answer_closes_it(rig: Make, tmp_path: Path) -> None:
    made = rig(tmp_path)
    pairs = made.leased(*range(8))
    for _, request in pairs[:2]:
        made.guest.process_exception(request, DownloadTimeoutError())
    made.guest.process_response(pairs[2][1], answer(404))
    for number, (_, request) in enumerate(pairs[3:8]):
        assert made.ledger.hosts.why_not(HOST) is None, number
        made.guest.process_response(request, answer(500))
    assert "5 faults in a row, the last: HTTP 500" in (made.ledger.hosts.why_not(HOST) or "")
    # What was under way when it opened makes it no worse, and no better.
    made.guest.process_exception(pairs[0][1], DownloadTimeoutError())
    made.guest.process_response(pairs[1][1], answer())
    for lease, _ in pairs:
        made.ledger.frontier.put_back(lease.id, "again")
        made.ledger.frontier.settle(lease.id)
    made.ledger.commit()
    assert made.ledger.frontier.next() is None
    killed(made.ledger)

    made.clock.now += 600.0
    again = rig(tmp_path, stamp=NEXT_STAMP, clock=made.clock)
    # One request shows how the host is.
    trial = again.ledger.frontier.next()
    assert trial is not None
    assert again.ledger.frontier.next() is None
    request = Request(trial.url, meta={"newscrawl_lease": trial.id})
    again.guest.process_request(request)
    again.guest.process_exception(request, DownloadTimeoutError())
    again.ledger.frontier.put_back(trial.id, "again")
    again.settle(trial)
    assert again.ledger.hosts.times(HOST).ready_at == again.clock.now + 1200.0
    made.clock.now += 1200.0
    trial = again.ledger.frontier.next()
    assert trial is not None
    again.guest.process_response(Request(trial.url, meta={"newscrawl_lease": trial.id}), answer())
    assert [again.ledger.frontier.next() is not None for _ in range(3)] == [True] * 3
    again.ledger.commit()
    with again.ledger.store.begin() as connection:
        (row,) = hosts.known(connection, [HOST])
    assert (row.failures, row.reason) == (0, None)


def test_what_is_refused_or_stopped_is_no_fault_of_the_host(rig: Make) -> None:
    made = rig()
    _, request = made.one()
    for _ in range(9):
        made.guest.process_exception(request, RefusedRequest("no"))
        made.guest.process_exception(request, ValueError("odd"))
    made.ledger.frontier.stopping = True
    for _ in range(9):
        made.guest.process_exception(request, DownloadTimeoutError())
    assert made.ledger.hosts.times(HOST).failures == 0


def test_without_a_breaker_no_number_of_faults_matters(rig: Make) -> None:
    made = rig(NEWSCRAWL_BREAKER_FAULTS=0)
    _, request = made.one()
    for _ in range(20):
        made.guest.process_response(request, answer(500))
    made.guest.process_request(request)


# Budgets


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"NEWSCRAWL_HOST_MAX_PAGES": 2}, "NEWSCRAWL_HOST_MAX_PAGES=2 is used up"),
        ({"NEWSCRAWL_HOST_MAX_BYTES": 10}, "NEWSCRAWL_HOST_MAX_BYTES=10 is used up"),
        ({"NEWSCRAWL_HOST_MAX_S": 4.0}, "NEWSCRAWL_HOST_MAX_S=4 is used up"),
    ],
)
def test_a_host_whose_budget_is_used_up_is_not_asked_and_its_urls_wait(
    values: dict[str, Any], said: str, rig: Make
) -> None:
    made = rig(**values)
    pairs = made.leased(1, 2, 3)
    for lease, request in pairs[:2]:
        made.guest.process_request(request)
        made.guest.process_response(request, Response(request.url, body=b"12345"))
        made.ledger.frontier.settle(lease.id)
        made.clock.now += 2.0
    lease, request = pairs[2]
    with pytest.raises(PostponedRequest, match=said):
        made.guest.process_request(request)
    made.settle(lease)
    ((_, other),) = made.leased(1, host="other.example")
    made.guest.process_request(other)
    assert made.ledger.frontier.left_behind() == 1
    assert made.ledger.frontier.next() is None
    assert len(made.ledger.frontier) == 0
    made.ledger.reason = "host_budget"
    made.ledger.close(None)
    assert f"{HOST}: {said}; 1 URLs are left for the next run" in made.ledger.state.waiting


def test_a_story_that_has_been_begun_is_read_to_its_end(rig: Make) -> None:
    made = rig(NEWSCRAWL_HOST_MAX_PAGES=1)
    lease, request = made.one()
    made.guest.process_request(request)
    part = Request(f"https://{HOST}/1_2", meta={"newscrawl_story_lease": lease.id})
    waiting: Deferred[Any] = Deferred()
    made.slots[HOST] = slot = Slot()
    slot.queue.append((part, waiting))
    made.guest.process_request(Request(f"https://{HOST}/1_3", meta=part.meta))
    assert list(slot.queue) == [(part, waiting)]
    assert not made.ledger.frontier.returns(lease.id)
    with pytest.raises(PostponedRequest):
        made.guest.process_request(request)


def test_what_another_crawl_waits_for_is_no_news(rig: Make) -> None:
    made = rig()
    pairs = made.leased(1) + made.leased(1, host="other.example")
    for lease, request in pairs:
        with pytest.raises(PostponedRequest):
            made.guest.process_response(request, answer(429, Retry_After="900"))
        made.settle(lease)
    made.ledger.frontier.stay_within(lambda host: host == HOST)
    made.ledger.reason = "work_left"
    made.ledger.close(None)
    (line,) = made.ledger.state.waiting
    assert line == f"{HOST}: not asked before 1970-01-01T00:31:40Z: HTTP 429, Retry-After: 900 s"


def test_robots_txt_is_no_page_of_the_budget(rig: Make) -> None:
    made = rig(NEWSCRAWL_HOST_MAX_PAGES=1)
    _, request = made.one()
    made.guest.process_request(Request(ROBOTS, meta={"newscrawl_kind": "robots"}))
    made.guest.process_request(request)


def test_a_run_whose_bytes_are_used_up_is_stopped_once(rig: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = rig(NEWSCRAWL_MAX_BYTES=10)
    monkeypatch.setattr("newscrawl.downloadermiddlewares.guest.deferred_from_coro", lambda coro: coro.close())
    closed: list[str] = []

    async def close(*, reason: str) -> None:
        """Be closed."""

    def closing(*, reason: str) -> Any:
        closed.append(reason)
        return close(reason=reason)

    made.crawler.engine.close_spider_async = closing  # type: ignore[union-attr,method-assign,assignment]
    _, request = made.one()
    for _ in range(3):
        made.guest.process_response(request, Response(request.url, body=b"123456"))
    assert closed == ["max_bytes"]
    assert made.ledger.hosts.stopped == "NEWSCRAWL_MAX_BYTES=10 is used up"


def test_in_a_replay_nobody_is_a_guest() -> None:
    crawler = Crawler(Spider, Settings())
    ledger = Ledger(None, name="news", run_id="1", stamp="1")
    ledger.replay = object()  # type: ignore[assignment]
    bind_ledger(crawler, ledger)
    with pytest.raises(NotConfigured):
        GuestMiddleware.from_crawler(crawler)


# The opt-out list


def test_who_has_opted_out_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("example.org\n", encoding="utf-8")
    crawler = Crawler(Spider, Settings({"NEWSCRAWL_OPT_OUT": str(path)}))
    middleware = OptOutMiddleware.from_crawler(crawler)
    middleware.process_request(Request("https://news.example/"))
    for url in ("https://www.example.org/robots.txt", "http://example.org/a"):
        with pytest.raises(RefusedRequest, match=r"^opted out \(example\.org\)$"):
            middleware.process_request(Request(url))


def test_without_a_list_nobody_is_looked_up() -> None:
    with pytest.raises(NotConfigured):
        OptOutMiddleware.from_crawler(Crawler(Spider, Settings({"NEWSCRAWL_OPT_OUT": ""})))


# robots.txt


def text(body: str, status: int = 200, **headers: str) -> Response:
    return Response(
        ROBOTS, status=status, body=body.encode(), headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


def test_what_robots_txt_forbids_is_refused_with_its_line(rig: Make) -> None:
    made = rig()
    made.answers = [text("User-agent: *\nDisallow: /1\n")]
    (_, closed), (_, opened_) = made.leased(1, 2)
    with pytest.raises(IgnoreRequest, match=r"^forbidden by robots\.txt, line 2: Disallow: /1$") as caught:
        made.ask(closed)
    assert not isinstance(caught.value, PostponedRequest)
    made.ask(opened_)
    assert [request.url for request in made.asked] == [ROBOTS]
    made.ask(Request(ROBOTS, meta={"dont_obey_robotstxt": True}))


@pytest.mark.parametrize("status", [204, 301, 401, 403, 404, 410])
def test_where_there_is_no_robots_txt_everything_may_be_asked(status: int, rig: Make) -> None:
    made = rig()
    made.answers = [text("User-agent: *\nDisallow: /\n" if status >= 400 else "", status)]
    made.ask(made.one()[1])


def test_too_many_redirects_are_no_robots_txt(rig: Make) -> None:
    made = rig()
    made.answers = [IgnoreRequest("max redirections reached")]
    made.ask(made.one()[1])


@pytest.mark.parametrize(
    "fault", [text("", 500), text("", 503), text("", 429), DownloadTimeoutError("slow"), RefusedRequest("private")]
)
def test_while_robots_txt_cannot_be_read_nothing_is_asked(fault: Response | Exception, rig: Make) -> None:
    made = rig()
    made.answers = [fault, fault, text("")]
    lease, request = made.one()
    made.ledger.frontier.add(new_url(2))
    with pytest.raises(PostponedRequest, match=r"robots\.txt of https://news\.example cannot be read"):
        made.ask(request)
    made.settle(lease)
    # Neither what was asked nor what lay in the queue beside it.
    assert made.ledger.frontier.next() is None
    assert len(made.ledger.frontier) == 2
    made.clock.now += 600.0
    while (lease := made.ledger.frontier.next()) is not None:
        with pytest.raises(PostponedRequest):
            made.ask(Request(lease.url, meta={"newscrawl_lease": lease.id}))
        made.settle(lease)
    # Twice as long the second time.
    made.clock.now += 1199.0
    assert made.ledger.frontier.next() is None
    made.clock.now += 1.0
    lease = made.ledger.frontier.next()
    assert lease is not None
    made.ask(Request(lease.url, meta={"newscrawl_lease": lease.id}))
    assert len(made.asked) == 3
    assert made.stat("robots_unreachable") == 3


def test_another_origin_of_the_host_does_not_wait(rig: Make) -> None:
    made = rig()
    made.answers = [DownloadTimeoutError(), text("")]
    ((lease, request),) = made.leased(1)
    with pytest.raises(PostponedRequest):
        made.ask(request)
    made.settle(lease)
    made.ask(Request(f"http://{HOST}:8080/"))
    made.ledger.reason = "work_left"
    made.ledger.close(None)
    (line,) = made.ledger.state.waiting
    assert line.startswith(f"https://{HOST}: robots.txt cannot be read (DownloadTimeoutError")
    assert line.endswith(f"1 URLs wait, the first: https://{HOST}/1")


def test_rules_of_the_last_week_stand_while_they_cannot_be_read_anew(rig: Make) -> None:
    made = rig()
    made.answers = [text("User-agent: *\nDisallow: /1\n"), *[text("", 503)] * 3]
    (_, closed), (_, opened_) = made.leased(1, 2)
    made.ask(opened_)
    for days in (1, 5):
        made.clock.now += days * 86_400.0
        made.ask(opened_)
        with pytest.raises(IgnoreRequest, match="forbidden"):
            made.ask(closed)
    made.clock.now += 2 * 86_400.0
    with pytest.raises(PostponedRequest):
        made.ask(opened_)
    assert len(made.asked) == 4


def test_rules_outlive_a_restart_and_the_time_that_the_server_gives_them(rig: Make, tmp_path: Path) -> None:
    made = rig(tmp_path)
    sitemap = f"https://{HOST}/map.xml"
    made.answers = [text(f"User-agent: *\nDisallow: /1\nSitemap: {sitemap}\n", Cache_Control="max-age=3600")]
    lease, request = made.one()
    assert made.ledger.robots.sitemaps(request.url) == []
    with pytest.raises(IgnoreRequest):
        made.ask(request)
    assert made.ledger.robots.sitemaps(request.url) == [sitemap]
    made.settle(lease)
    killed(made.ledger)
    made.clock.now += 3599.0
    again = rig(tmp_path, stamp=NEXT_STAMP, clock=made.clock)
    assert again.ledger.robots.sitemaps(request.url) == [sitemap]
    with pytest.raises(IgnoreRequest):
        again.ask(request)
    made.clock.now += 1.0
    again.answers = [text("")]
    again.ask(request)
    assert len(again.asked) == 1


def test_however_many_wait_robots_txt_is_asked_once(rig: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = rig()
    first: list[Any] = []

    class Later:
        def __await__(self) -> Any:
            yield self
            return text("User-agent: *\nDisallow: /1\n")

    async def slowly(request: Request) -> Any:
        first.append(request)
        return await Later()

    async def heard(waiting: Deferred[Any]) -> Any:
        while not waiting.called:
            await Step()
        return waiting.result

    class Step:
        def __await__(self) -> Any:
            yield self

    monkeypatch.setattr("newscrawl.downloadermiddlewares.robots.maybe_deferred_to_future", heard)
    made.crawler.engine.download_async = slowly  # type: ignore[union-attr,method-assign,assignment]
    tasks = [made.robots.process_request(request) for _, request in made.leased(1, 2, 3)]
    for task in tasks:
        task.send(None)
    with pytest.raises(IgnoreRequest):
        tasks[0].send(None)
    for task in tasks[1:]:
        with pytest.raises(StopIteration):
            task.send(None)
    assert len(first) == 1


def test_a_robots_txt_that_asks_for_time_for_ever_does_not_keep_a_run_alive(rig: Make) -> None:
    made = rig()
    made.answers = [PostponedRequest("HTTP 503, Retry-After: 5 s")] * (MAX_WAITS + 1)
    made.ledger.frontier.add(new_url(1))
    for number in range(MAX_WAITS + 1):
        lease = made.ledger.frontier.next()
        assert lease is not None
        with pytest.raises(PostponedRequest):
            made.ask(Request(lease.url, meta={"newscrawl_lease": lease.id}))
        waits = made.ledger.frontier.ends[lease.id].ready_at is not None
        assert waits == (number == MAX_WAITS)
        made.settle(lease)


def test_a_robots_txt_is_cut_and_not_waited_for_to_its_end(rig: Make) -> None:
    from scrapy.exceptions import StopDownload

    made = rig()
    request = Request(ROBOTS, meta={"newscrawl_kind": "robots"})
    made.robots.bytes_received(b"x" * 512_000, request)
    with pytest.raises(StopDownload) as caught:
        made.robots.bytes_received(b"x", request)
    assert caught.value.fail is False
    made.robots.bytes_received(b"x" * 9_999_999, Request(f"https://{HOST}/1"))


@pytest.mark.parametrize(("stated", "delay"), [("7", 7.0), ("9999", 120.0)])
def test_a_crawl_delay_is_the_least_pause_whatever_the_throttle_says(stated: str, delay: float, rig: Make) -> None:
    made = rig()
    made.answers = [text(f"User-agent: *\nCrawl-delay: {stated}\n")]
    made.slots[HOST] = slot = Slot(delay=2.0)
    _, request = made.one()
    made.ask(request)
    assert (slot.delay, slot.jitter) == (delay, 0.0)
    # A slot that is made anew begins with it.
    assert made.crawler.engine.downloader.per_slot_settings == {HOST: {"delay": delay, "jitter": 0.0}}  # type: ignore[union-attr]
    slot.delay = delay / 2
    request.meta["download_slot"] = HOST
    made.robots.response_downloaded(request)
    assert slot.delay == delay
    slot.delay = 200.0
    made.ask(request)
    assert slot.delay == 200.0


def test_a_store_that_does_not_answer_ends_the_crawl_and_lets_nothing_through(
    rig: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = rig()
    _, request = made.one()

    def broken(origin: str) -> None:
        raise StorageError("store: gone")

    monkeypatch.setattr(made.ledger.robots, "find", broken)
    with pytest.raises(StorageError):
        made.ask(request)
    assert str(made.ledger.failure) == "store: gone"


def test_a_crawl_that_obeys_no_robots_txt_asks_for_none() -> None:
    with pytest.raises(NotConfigured):
        RobotsMiddleware.from_crawler(Crawler(Spider, Settings({"ROBOTSTXT_OBEY": False})))

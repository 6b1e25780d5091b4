"""The frontier as Scrapy's scheduler: URLs are leased, and settled when nothing of them is under way any more."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter, OrderedDict, deque
from typing import Any, Self, cast

from scrapy import Request, Spider, signals
from scrapy.core.scheduler import BaseScheduler
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider
from scrapy.utils.asyncio import call_later, create_looping_call
from scrapy.utils.defer import deferred_from_coro
from twisted.python.failure import Failure

from newscrawl.exceptions import ConfigError, StorageError
from newscrawl.ledger import Ledger, ledger_of
from newscrawl.scheduler.requests import (
    AGAIN,
    KIND,
    LEASE,
    RECORD,
    STATED,
    loaded_request,
    saved_request,
    without_defaults,
)
from newscrawl.store.frontier import Kind, Lease, NewUrl, Outcome
from newscrawl.urls import host_of

logger = logging.getLogger("newscrawl")

_RECENT = 20_000
_MOST_ADDED = 2_000
"""URLs found that are kept in memory at most: a sitemap has 50,000."""
_TICK_S = 0.25
_GRACE_S = 10.0
_LAST_S = 5.0
_MAX_RETRY_S = 300.0
_MAX_PRIORITY = 2**31 - 1


class FrontierScheduler(BaseScheduler):
    """Gives the engine what the ledger's frontier leases, and tells the ledger what became of it.

    A request is handled when it was handed out and is no longer in the engine's set of requests in progress: by then
    its answer was archived, its items were written and its links were queued. The next commit acknowledges it.
    """

    def __init__(self, crawler: Crawler, ledger: Ledger, *, retry_s: float, wait_s: float, per_host: int) -> None:
        self.crawler = crawler
        self.ledger = ledger
        self.frontier = ledger.frontier
        self.frontier.per_host = per_host
        self.retry_s = retry_s
        self.wait_s = wait_s
        self.spider: Spider | None = None
        self.requests: dict[int, Request] = {}
        self.unsaved: deque[Request] = deque()
        # Fingerprints with the round in which they were last asked once more, 0 for those that never were.
        self.recent: OrderedDict[bytes, int] = OrderedDict()
        self.unsaved_known: set[bytes] = set()
        self.serials: Counter[bool] = Counter()
        self.stopping = False
        self.ticks = create_looping_call(self.tick)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        per_domain = settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN")
        scheduler = cls(
            crawler,
            ledger_of(crawler),
            retry_s=settings.getfloat("NEWSCRAWL_RETRY_S"),
            wait_s=settings.getfloat("NEWSCRAWL_WAIT_S"),
            # With one connection a host, the next request waits here and not in the host's slot, where it would
            # take a place from another host. With more, a page that is being read must not keep a connection idle.
            per_host=per_domain if per_domain == 1 else 2 * max(per_domain, 1),
        )
        crawler.signals.connect(scheduler.callback_failed, signals.spider_error)
        crawler.signals.connect(scheduler.item_failed, signals.item_error)
        crawler.signals.connect(scheduler.item_dropped, signals.item_dropped)
        crawler.signals.connect(scheduler.spider_idle, signals.spider_idle)
        return scheduler

    # --- Scrapy's interface

    def open(self, spider: Spider) -> None:
        """Check what is needed of Scrapy's inner state and begin to watch it."""
        check_engine(self.crawler.engine)
        self.spider = spider
        # What a crawl of other sites left in this store is not asked, and not refused either: it waits for its own.
        domains = tuple(getattr(spider, "allowed_domains", None) or ())
        if domains:
            self.frontier.stay_within(lambda host: host in domains or host.endswith(tuple(f".{d}" for d in domains)))
        self.ticks.start(_TICK_S, now=False)

    def close(self, reason: str) -> None:
        """Settle what is handled; what is not stays queued for the next run."""
        if self.ticks.running:
            self.ticks.stop()
        self.settle_handled()

    def has_pending_requests(self) -> bool:
        return bool(self.unsaved or len(self.frontier))

    def __len__(self) -> int:
        return len(self.unsaved) + len(self.frontier)

    def enqueue_request(self, request: Request) -> bool:
        """Queue *request*; return whether it was. What the store knows already is told apart when it is written."""
        lease = self.frontier.handed.get(request.meta.get(LEASE, -1))
        if lease is not None:
            origin = self.requests[lease.id]
            if request.meta.get("retry_times", 0) > origin.meta.get("retry_times", 0):
                return self._retry(lease, request)
            if len(request.meta.get("redirect_urls", ())) > len(origin.meta.get("redirect_urls", ())):
                # A replayed record answers for itself, not for what it points to.
                request.meta.pop(RECORD, None)
                request = without_defaults(request, lease.request)
                self.frontier.ends[lease.id] = Outcome(id=lease.id, state="redirected", reason=request.url[:2000])
                return self._queue(request, kind=cast(Kind, lease.kind))
        return self._queue(request, kind=request.meta.get(KIND, "page"))

    def next_request(self) -> Request | None:
        """Return the next request to be sent, or None when none is ready."""
        self.settle_handled()
        if self.stopping or self.ledger.failure is not None:
            return None
        if self.unsaved:
            return self.unsaved.popleft()
        try:
            while (lease := self.frontier.next()) is not None:
                request = self._request(lease)
                if request is not None:
                    self.requests[lease.id] = request
                    return request
        except StorageError as error:
            self.ledger.fail_storage(error)
        return None

    # --- queueing

    def _queue(self, request: Request, *, kind: Kind) -> bool:
        fingerprint = self.crawler.request_fingerprinter.fingerprint(request)
        again = kind == "feed" or bool(request.meta.get(AGAIN))
        if request.dont_filter:
            fingerprint = self._single(request, fingerprint)
        elif fingerprint in self.unsaved_known:
            self.crawler.stats.inc_value("newscrawl/frontier/known")
            return False
        elif self.recent.get(fingerprint, -1) >= (self.frontier.round if again else 0):
            # What is asked once more may have been met as a link in this round; it is asked once more all the same.
            self.recent.move_to_end(fingerprint)
            self.crawler.stats.inc_value("newscrawl/frontier/known")
            return False
        try:
            text = saved_request(request, self.spider)
        except (TypeError, ValueError, RecursionError) as error:
            # The store will not know it: without a memory of their own, pages that link to each other never end.
            self.unsaved_known.add(fingerprint)
            return self._queue_unsaved(request, error)
        self.recent[fingerprint] = self.frontier.round if again else self.recent.get(fingerprint, 0)
        if len(self.recent) > _RECENT:
            self.recent.popitem(last=False)
        self.frontier.add(
            NewUrl(
                fingerprint=fingerprint,
                url=request.url,
                host=host_of(request.url),
                kind=kind,
                priority=_bounded(request.priority),
                ready_at=self.ledger.clock(),
                round=self.frontier.round,
                request=text,
                again=again,
                stated_change=request.meta.get(STATED),
            )
        )
        self.crawler.stats.inc_value("newscrawl/frontier/queued")
        if len(self.frontier.added) >= _MOST_ADDED:
            try:
                self.frontier.write_added()
            except StorageError as error:
                self.ledger.fail_storage(error)
        return True

    def _single(self, request: Request, fingerprint: bytes) -> bytes:
        """Return a fingerprint that no other request has, that of a start request the same when its run goes on."""
        found_on_page = bool(request.meta.get("depth"))
        self.serials[found_on_page] += 1
        salt = self.ledger.stamp if found_on_page else self.ledger.run_id
        return hashlib.sha1(b"%s %s %d" % (fingerprint, salt.encode(), self.serials[found_on_page])).digest()

    def _queue_unsaved(self, request: Request, error: Exception) -> bool:
        if not self.crawler.stats.get_value("newscrawl/frontier/unsaved"):
            logger.warning(
                "%s cannot be written to the frontier (%s): it is asked, but lost if the crawl is killed",
                request,
                error,
            )
        self.crawler.stats.inc_value("newscrawl/frontier/unsaved")
        request.meta.pop(LEASE, None)
        self.unsaved.append(request)
        return True

    def _retry(self, lease: Lease, request: Request) -> bool:
        # A lease counts waits among its tries; they make no later try wait longer.
        delay = min(self.retry_s * 2 ** (request.meta["retry_times"] - 1), _MAX_RETRY_S)
        try:
            # Scrapy's retries may leave the site; what was asked first may not.
            asked = without_defaults(request, lease.request)
            text = saved_request(asked.replace(dont_filter=self.requests[lease.id].dont_filter), self.spider)
        except (TypeError, ValueError, RecursionError) as error:
            return self._queue_unsaved(request, error)
        self.frontier.ends[lease.id] = Outcome(
            id=lease.id,
            state="queued",
            reason="retry",
            ready_at=self.ledger.clock() + delay,
            tries=lease.tries + 1,
            request=text,
            priority=_bounded(request.priority),
        )
        return True

    def _request(self, lease: Lease) -> Request | None:
        try:
            request = loaded_request(lease.request, self.spider)
        except (ValueError, TypeError, KeyError, ImportError) as error:
            logger.error("%s cannot be asked: its request cannot be read back: %s", lease.url, error)
            # Another spider's, or of an older version of this one: the exit code says that something was not asked.
            self.ledger.state.errors += 1
            self.frontier.note(lease.id, "failed", "unreadable")
            self.frontier.settle(lease.id)
            return None
        request.meta[LEASE] = lease.id
        return request

    # --- outcomes

    def callback_failed(self, failure: Failure, response: Any) -> None:
        """An exception is an outcome, not a success."""
        self._note(response, f"callback: {type(failure.value).__name__}")

    def item_failed(self, failure: Failure, response: Any) -> None:
        """An exception of a pipeline is one, too."""
        self._note(response, f"item: {type(failure.value).__name__}")

    def item_dropped(self, response: Any, exception: Exception) -> None:
        """An item that is dropped is done with, unless the exception's ``ask_again`` says that its URL is not."""
        request = getattr(response, "request", None)
        if request is not None and getattr(exception, "ask_again", False):
            self.frontier.put_back(request.meta.get(LEASE), "not wanted yet")

    def _note(self, response: Any, reason: str) -> None:
        request = getattr(response, "request", None)
        if request is not None:
            self.frontier.note(request.meta.get(LEASE), "failed", reason)

    def settle_handled(self) -> None:
        """Note what became of each request that is no longer in progress, and commit when it is time."""
        slot = self.crawler.engine._slot
        in_progress = slot.inprogress if slot is not None else ()
        for id_, request in list(self.requests.items()):
            if request not in in_progress:
                del self.requests[id_]
                self.frontier.settle(id_)
        if self.ledger.commit_due():
            self.ledger.commit()

    def spider_idle(self) -> None:
        """Raise :exc:`CloseSpider` when all that is left waits at hosts whose budget is used up."""
        self.settle_handled()
        self.ledger.commit()
        if self.ledger.failure is None and self.frontier.left_behind():
            raise CloseSpider("host_budget")

    # --- the watch

    def tick(self) -> None:
        """Look at what no event tells: the time of a commit, of a retry, of giving up, the begin of a stop."""
        engine = self.crawler.engine
        if engine._slot is None:
            return
        self.settle_handled()
        if engine._slot.closing is not None:
            if self.stopping:
                self.return_unsent()
            else:
                self.stop()
            return
        if not self.requests and any(outcome.state == "queued" for outcome in self.frontier.outcomes):
            # Nothing is under way, and what is asked again is known to be so only after a commit.
            self.ledger.commit()
        ready = self.frontier.next_ready_at
        if ready is None or self.requests or self.unsaved or not len(self.frontier):
            return
        if ready <= self.ledger.clock():
            engine._slot.nextcall.schedule()
        elif ready > self.ledger.clock() + self.wait_s and not getattr(self.spider, "watching", False):
            logger.info("Nothing is ready within %.0f s; %d URLs are left for the next run", self.wait_s, len(self))
            deferred_from_coro(engine.close_spider_async(reason="work_left"))

    def stop(self) -> None:
        """Return what was not sent; what is being downloaded has some seconds to end by itself."""
        self.stopping = self.frontier.stopping = True
        self.return_unsent()
        call_later(_GRACE_S, self.abort)

    def return_unsent(self) -> None:
        """Take the requests out of the downloader that wait for their host's delay, and let it send nothing more."""
        for slot in list(self.crawler.engine.downloader.slots.values()):
            # What is still in a middleware, waiting for robots.txt perhaps, comes to the queue later and stays there.
            slot.concurrency = 0
            while slot.queue:
                request, waiting = slot.queue.popleft()
                self.frontier.put_back(request.meta.get(LEASE), "stopped")
                waiting.errback(StoppedError("the crawl is being stopped; the next run asks for it"))

    def abort(self) -> None:
        """End the downloads that are still under way; they return to the queue."""
        for id_, request in self.requests.items():
            if request in self.crawler.engine.downloader.active:
                self.frontier.put_back(id_, "stopped")
        for abort in self.ledger.aborters:
            abort("the crawl is being stopped")
        call_later(_LAST_S, self.give_up)

    def give_up(self) -> None:
        """End the process's event loop when a callback or a pipeline still does not return; its page is asked again."""
        if self.requests:
            logger.warning("Not waiting any longer for %s", ", ".join(str(r) for r in [*self.requests.values()][:5]))
            self.settle_handled()
            from twisted.internet import reactor

            # What a second signal does, too.
            cast(Any, reactor).stop()


def _bounded(priority: int) -> int:
    """Return *priority* as a database can hold it."""
    return max(-_MAX_PRIORITY, min(priority, _MAX_PRIORITY))


class StoppedError(Exception):
    """A request was not sent because the crawl is being stopped."""


def check_engine(engine: Any) -> None:
    """Raise :exc:`ConfigError` when Scrapy's inner state is not what the scheduler reads.

    Scrapy has no public word for "this request is handled". These names are held by a test, too.
    """
    slot = getattr(engine, "_slot", None)
    needed = {
        "engine._slot.inprogress": isinstance(getattr(slot, "inprogress", None), set),
        "engine._slot.closing": hasattr(slot, "closing"),
        "engine._slot.nextcall.schedule": callable(getattr(getattr(slot, "nextcall", None), "schedule", None)),
        "engine.downloader.slots": isinstance(getattr(engine.downloader, "slots", None), dict),
        "engine.downloader.active": isinstance(getattr(engine.downloader, "active", None), set),
    }
    missing = [name for name, found in needed.items() if not found]
    if missing:
        raise ConfigError(
            f"this Scrapy has no {', '.join(missing)}, which newscrawl.scheduler needs to know when a request is "
            "handled; install Scrapy 2.19, or set SCHEDULER to Scrapy's own and lose what a crash interrupts"
        )

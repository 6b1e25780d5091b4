"""A good guest: a host that asks for time gets it, one that fails is left alone, none is asked for more than agreed."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    NotConfigured,
    ResponseDataLossError,
)
from scrapy.http import Response
from scrapy.settings import BaseSettings
from scrapy.utils.defer import deferred_from_coro

from newscrawl.downloadermiddlewares.refusals import RefusedRequest
from newscrawl.guest import OptOut, retry_after_s
from newscrawl.ledger import Ledger, ledger_of
from newscrawl.urls import host_of

logger = logging.getLogger("newscrawl")

FAULTS = (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)
"""What says that a host is in trouble."""
MAX_WAITS = 5
"""Times that a request waits because its server asks for it, before that counts as an error."""
LONGEST_ROBOTS = 10 * 1024 * 1024
"""Bytes of a robots.txt when its content coding is off."""


class PostponedRequest(IgnoreRequest):
    """A request that is not sent now and stays in the queue: its text says why."""


def lease_of(request: Request) -> int | None:
    """Return the lease that *request* belongs to: its own, or that of the story that it is a part of."""
    meta = request.meta
    lease: int | None = meta.get("newscrawl_lease", meta.get("newscrawl_story_lease"))
    return lease


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What one run may take; 0 for no limit."""

    host_pages: int = 0
    host_bytes: int = 0
    host_s: float = 0.0
    run_bytes: int = 0

    @classmethod
    def of(cls, settings: BaseSettings) -> Self:
        """Return the budget that the settings give."""
        return cls(
            host_pages=settings.getint("NEWSCRAWL_HOST_MAX_PAGES"),
            host_bytes=settings.getint("NEWSCRAWL_HOST_MAX_BYTES"),
            host_s=settings.getfloat("NEWSCRAWL_HOST_MAX_S"),
            run_bytes=settings.getint("NEWSCRAWL_MAX_BYTES"),
        )


@dataclass(slots=True)
class Taken:
    """What a host has given in this run."""

    since: float
    pages: int = 0
    bytes: int = 0

    def spent(self, budget: Budget, now: float) -> str | None:
        """Return which part of *budget* is used up, or None."""
        if budget.host_pages and self.pages >= budget.host_pages:
            return f"NEWSCRAWL_HOST_MAX_PAGES={budget.host_pages} is used up"
        if budget.host_bytes and self.bytes >= budget.host_bytes:
            return f"NEWSCRAWL_HOST_MAX_BYTES={budget.host_bytes} is used up"
        if budget.host_s and now - self.since >= budget.host_s:
            return f"NEWSCRAWL_HOST_MAX_S={budget.host_s:g} is used up"
        return None


class OptOutMiddleware:
    """Refuses whatever is on the list of those who want nothing to do with us, wherever it comes from."""

    def __init__(self, listed: OptOut) -> None:
        self.listed = listed

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        path = crawler.settings["NEWSCRAWL_OPT_OUT"]
        if not path:
            raise NotConfigured
        return cls(OptOut.parse(Path(path).read_text(encoding="utf-8"), path))

    def process_request(self, request: Request) -> None:
        """Raise :exc:`RefusedRequest` for what is on the list."""
        entry = self.listed.entry_of(request.url)
        if entry is not None:
            raise RefusedRequest(f"opted out ({entry})")


class GuestMiddleware:
    """Keeps to Retry-After, to a host's budget and to its circuit breaker.

    What must wait goes back to the frontier: the request that was answered, those in the downloader's slot of the host,
    and those that were leased and not handed out. It sees every answer first, redirects among them.
    """

    def __init__(
        self, crawler: Crawler, ledger: Ledger, *, max_retry_after_s: float, most_tries: int, budget: Budget
    ) -> None:
        """*most_tries*: fruitless tries and waits of one request together."""
        self.crawler = crawler
        self.ledger = ledger
        self.max_retry_after_s = max_retry_after_s
        self.most_tries = most_tries
        self.budget = budget
        self.counting = budget != Budget()
        self.taken: dict[str, Taken] = {}
        self.bytes = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        ledger, settings = ledger_of(crawler), crawler.settings
        if ledger.replay is not None:
            # Nobody is asked.
            raise NotConfigured
        ledger.hosts.breaker_faults = settings.getint("NEWSCRAWL_BREAKER_FAULTS")
        return cls(
            crawler,
            ledger,
            max_retry_after_s=settings.getfloat("NEWSCRAWL_MAX_RETRY_AFTER_S"),
            most_tries=settings.getint("RETRY_TIMES") + MAX_WAITS,
            budget=Budget.of(settings),
        )

    # --- Scrapy's interface

    def process_request(self, request: Request) -> None:
        """Raise :exc:`PostponedRequest` for a host that is not to be asked now."""
        host = host_of(request.url)
        if self.counting:
            self._check_budget(host)
        reason = self.ledger.hosts.why_not(host)
        # A story that has been begun is read to its end, or a budget smaller than a story would never see one.
        if reason is not None and not (host in self.ledger.hosts.spent and _is_part(request)):
            self.ledger.frontier.put_back(lease_of(request), reason)
            raise PostponedRequest(f"{host} is not asked now: {reason}")
        if self.counting and not _is_robots(request):
            self._taken(host).pages += 1
        self._pace(host, request)

    def process_response(self, request: Request, response: Response) -> Response:
        """Look at how the host is. Raises :exc:`PostponedRequest` where it asks for time."""
        host, hosts = host_of(request.url), self.ledger.hosts
        if _is_robots(request) and response.status < 300:
            # Read without a limit of its own, since it is cut and not given up; what it unpacks to has one.
            request.meta["download_maxsize"] = LONGEST_ROBOTS
        if self.counting:
            self._count(host, len(response.body))
        self._pace(host, request)
        wait_s = self._asked_to_wait(response)
        if wait_s is not None:
            self._wait(host, request, response.status, wait_s)
        elif response.status >= 500:
            self._fault(host, f"HTTP {response.status}")
        else:
            hosts.success(host)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Count what says that a host is in trouble."""
        if isinstance(exception, FAULTS) and not self.ledger.frontier.stopping:
            host = host_of(request.url)
            self._pace(host, request)
            self._fault(host, type(exception).__name__)

    # --- waiting

    def _asked_to_wait(self, response: Response) -> float | None:
        if response.status not in (429, 503):
            return None
        wait_s = retry_after_s(
            _header(response, "Retry-After"), now=self.ledger.clock(), date=_header(response, "Date")
        )
        return None if wait_s is None else min(wait_s, self.max_retry_after_s)

    def _wait(self, host: str, request: Request, status: int, wait_s: float) -> None:
        frontier, until = self.ledger.frontier, self.ledger.clock() + wait_s
        reason = f"HTTP {status}, Retry-After: {wait_s:g} s"
        self.crawler.stats.inc_value("newscrawl/guest/retry_after")
        if wait_s > 0:
            self._postpone(host, until, reason)
        lease = frontier.handed.get(lease_of(request) or -1)
        if lease is None:
            # Of a request that is not in the store nothing can be put back: Scrapy tries it again in its own way.
            return
        if lease.tries >= self.most_tries:
            # Enough: the host is still left alone, but this answer is the last.
            request.meta["dont_retry"] = True
            return
        frontier.put_back(lease.id, reason, ready_at=until, tries=lease.tries + 1)
        raise PostponedRequest(f"{host}: {reason}")

    def _fault(self, host: str, what: str) -> None:
        if self.ledger.hosts.fault(host, what):
            self.crawler.stats.inc_value("newscrawl/guest/breaker_opened")
            self._let_go(host)

    def _postpone(self, host: str, until: float, reason: str) -> None:
        self.ledger.hosts.postpone(host, until, reason)
        self._let_go(host)

    def _let_go(self, host: str) -> None:
        """Return to the queue what was about to be asked of *host*."""
        reason = self.ledger.hosts.why_not(host) or "not asked now"
        logger.info("%s is not asked for now: %s", host, reason)
        self.ledger.frontier.hold(host)
        spent = host in self.ledger.hosts.spent
        for slot in list(self.crawler.engine.downloader.slots.values()):
            entries, slot.queue = slot.queue, deque()
            for request, deferred in entries:
                if host_of(request.url) != host or (spent and _is_part(request)):
                    slot.queue.append((request, deferred))
                    continue
                if self.counting and not _is_robots(request):
                    self._taken(host).pages -= 1
                self.ledger.frontier.put_back(lease_of(request), reason)
                deferred.errback(PostponedRequest(f"{host} is not asked now: {reason}"))

    def _pace(self, host: str, request: Request) -> None:
        """Note the host's pause, so that a run which begins right after this one keeps it, too."""
        downloader = self.crawler.engine.downloader
        slot = downloader.slots.get(downloader.get_slot_key(request))
        if slot is not None and slot.delay:
            self.ledger.hosts.paced(host, self.ledger.clock() + slot.delay)

    # --- budgets

    def _taken(self, host: str) -> Taken:
        if host not in self.taken:
            self.taken[host] = Taken(self.ledger.clock())
        return self.taken[host]

    def _check_budget(self, host: str) -> None:
        spent = self._taken(host).spent(self.budget, self.ledger.clock())
        if spent is not None and host not in self.ledger.hosts.spent:
            self.ledger.hosts.spent[host] = spent
            self.crawler.stats.inc_value("newscrawl/guest/host_budget")
            self._let_go(host)

    def _count(self, host: str, size: int) -> None:
        self._taken(host).bytes += size
        self.bytes += size
        limit = self.budget.run_bytes
        if limit and self.bytes >= limit and self.ledger.hosts.stopped is None:
            self.ledger.hosts.stopped = f"NEWSCRAWL_MAX_BYTES={limit} is used up"
            deferred_from_coro(self.crawler.engine.close_spider_async(reason="max_bytes"))
        if self.budget.host_bytes:
            self._check_budget(host)


def _is_robots(request: Request) -> bool:
    return request.meta.get("newscrawl_kind") == "robots"


def _is_part(request: Request) -> bool:
    return "newscrawl_story_lease" in request.meta


def _header(response: Response, name: str) -> str | None:
    value: Any = response.headers.get(name)
    return value.decode("latin-1") if value is not None else None

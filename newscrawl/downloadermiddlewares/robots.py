"""robots.txt: asked for once an origin, kept for a day, and obeyed also when it cannot be read."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any, Self
from weakref import WeakKeyDictionary

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest, NotConfigured, StopDownload
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.defer import Deferred

from newscrawl.downloadermiddlewares.guest import MAX_WAITS, PostponedRequest, lease_of
from newscrawl.downloadermiddlewares.refusals import RefusedRequest
from newscrawl.exceptions import StorageError
from newscrawl.guest import backoff_s
from newscrawl.ledger import Ledger, Standing, ledger_of
from newscrawl.robots import FRESH_MOST_S, READ_BYTES, fresh_s, origin_of
from newscrawl.store.hosts import OriginTimes
from newscrawl.store.robots import StoredRobots
from newscrawl.urls import host_of

logger = logging.getLogger("newscrawl")

TIMEOUT_S = 10.0
MAX_REDIRECTS = 5
STALE_S = 7 * 86_400.0
"""Seconds that rules stand which cannot be read anew."""
_RETRY_LEAST_S = 600.0


class RobotsMiddleware:
    """Lets through what robots.txt allows. Nothing is asked of an origin whose robots.txt cannot be read.

    Source: RFC 9309. A client error (4xx) means that there are no rules; a server error, 429, and no answer at all mean
    that nobody knows them: then rules read up to a week ago stand, and without any the origin is left alone, ten
    minutes at first and twice as long each time.
    """

    def __init__(self, crawler: Crawler, ledger: Ledger, *, max_delay_s: float) -> None:
        self.crawler = crawler
        self.ledger = ledger
        self.max_delay_s = max_delay_s
        self.least_delay_s: dict[str, float] = {}
        """Pauses that hosts ask for, by the name of the downloader's slot."""
        self.asking: dict[str, list[Deferred[Standing]]] = {}
        """Who waits for the robots.txt of an origin that is being asked for."""
        self.sizes: WeakKeyDictionary[Request, int] = WeakKeyDictionary()
        self.waits: Counter[str] = Counter()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        if not settings.getbool("ROBOTSTXT_OBEY"):
            raise NotConfigured
        ledger = ledger_of(crawler)
        # Who we are is for the product in the User-Agent to say, unless somebody says otherwise.
        ledger.robots.token = settings["ROBOTSTXT_USER_AGENT"] or settings["USER_AGENT"].partition("/")[0]
        middleware = cls(crawler, ledger, max_delay_s=settings.getfloat("NEWSCRAWL_MAX_CRAWL_DELAY_S"))
        crawler.signals.connect(middleware.response_downloaded, signals.response_downloaded)
        return middleware

    async def process_request(self, request: Request) -> None:
        """Raise :exc:`IgnoreRequest` for what is forbidden, :exc:`PostponedRequest` for what nobody knows."""
        if request.meta.get("dont_obey_robotstxt"):
            return
        origin = origin_of(request.url)
        if origin is None:
            return
        try:
            standing = await self._standing(origin)
        except PostponedRequest as error:
            self.ledger.frontier.put_back(lease_of(request), str(error))
            raise
        if standing.rules is None:
            self._postpone(request, standing.row)
        assert standing.rules is not None
        verdict = standing.rules.verdict(request.url)
        if not verdict.allowed:
            self.crawler.stats.inc_value("robotstxt/forbidden")
            raise IgnoreRequest(f"forbidden by robots.txt, line {verdict.line}: {verdict.rule}")
        if standing.rules.crawl_delay_s and self.ledger.replay is None:
            self._slow_down(request, min(standing.rules.crawl_delay_s, self.max_delay_s))

    def _postpone(self, request: Request, row: StoredRobots) -> None:
        self.crawler.stats.inc_value("newscrawl/guest/robots_unreachable")
        reason = f"robots_unreachable: {row.reason}"
        self.ledger.frontier.put_back(lease_of(request), reason, ready_at=row.expires_at)
        raise PostponedRequest(f"robots.txt of {row.origin} cannot be read: {row.reason}")

    # --- what is known

    async def _standing(self, origin: str) -> Standing:
        """Return what *origin* asks of us; however many wait for it, it is asked once."""
        try:
            known = self.ledger.robots.find(origin)
        except StorageError as error:
            self.ledger.fail_storage(error)
            raise
        if known is not None and known.row.expires_at > self.ledger.clock():
            return known
        if origin in self.asking:
            waiting: Deferred[Standing] = Deferred()
            self.asking[origin].append(waiting)
            return await maybe_deferred_to_future(waiting)
        self.asking[origin] = []
        try:
            found = await self._asked(origin, known)
        except BaseException as error:
            for waiting in self.asking.pop(origin):
                waiting.errback(error if isinstance(error, Exception) else PostponedRequest(repr(error)))
            raise
        for waiting in self.asking.pop(origin):
            waiting.callback(found)
        return found

    async def _asked(self, origin: str, known: Standing | None) -> Standing:
        self.crawler.stats.inc_value("robotstxt/request_count")
        try:
            response = await self._fetched(origin)
        except PostponedRequest as error:
            self.waits[origin] += 1
            if self.waits[origin] <= MAX_WAITS:
                raise
            return self._unreachable(origin, known, None, str(error)[:200])
        except Exception as error:
            if self.ledger.frontier.stopping:
                raise PostponedRequest("stopped") from error
            if isinstance(error, IgnoreRequest) and not isinstance(error, RefusedRequest) and "redirect" in str(error):
                # Source: RFC 9309, 2.3.1.2: after five redirects there is none.
                return self._read(origin, None, b"", None)
            text = " ".join(str(error).split())[:200]
            return self._unreachable(origin, known, None, f"{type(error).__name__}: {text}" if text else repr(error))
        self.crawler.stats.inc_value("robotstxt/response_count")
        self.crawler.stats.inc_value(f"robotstxt/response_status_count/{response.status}")
        if response.status >= 500 or response.status == 429:
            return self._unreachable(origin, known, response.status, f"HTTP {response.status}")
        body = response.body if 200 <= response.status < 300 else b""
        return self._read(origin, response.status, body, response.headers.get("Cache-Control"))

    def _read(self, origin: str, status: int | None, body: bytes, cache_control: bytes | None) -> Standing:
        now = self.ledger.clock()
        fresh = fresh_s(cache_control.decode("latin-1") if cache_control is not None else None)
        # One byte more than is read says that there was more.
        return self.ledger.robots.put(
            StoredRobots(
                origin=origin,
                fetched_at=now,
                expires_at=now + min(fresh, FRESH_MOST_S),
                status=status,
                body=body[: READ_BYTES + 1],
            )
        )

    def _unreachable(self, origin: str, known: Standing | None, status: int | None, reason: str) -> Standing:
        now = self.ledger.clock()
        if self.ledger.replay is not None:
            # Nobody is asked, so nobody can be bothered.
            return self._read(origin, status, b"", None)
        logger.info("robots.txt of %s cannot be read: %s", origin, reason)
        last = known.row if known is not None else None
        if last is not None and last.body is not None and now - last.fetched_at <= STALE_S:
            self.crawler.stats.inc_value("newscrawl/guest/robots_stale")
            return self.ledger.robots.put(
                StoredRobots(
                    origin=origin,
                    fetched_at=last.fetched_at,
                    expires_at=now + _RETRY_LEAST_S,
                    status=status,
                    reason=reason,
                    body=last.body,
                )
            )
        waited_s = last.expires_at - last.fetched_at if last is not None and last.body is None else 0.0
        until = now + max(_RETRY_LEAST_S, min(2 * waited_s, backoff_s(100)))
        row = StoredRobots(origin=origin, fetched_at=now, expires_at=until, status=status, reason=reason)
        why = f"robots_unreachable: {reason}"
        hosts = self.ledger.hosts
        hosts.origins[origin] = OriginTimes(origin=origin, host=host_of(origin), ready_at=until, reason=why)
        hosts.urgent = True
        return self.ledger.robots.put(row)

    # --- asking

    async def _fetched(self, origin: str) -> Response:
        request = Request(
            f"{origin}/robots.txt",
            # Packed, a part of it could not always be read.
            headers={"Accept-Encoding": "identity"},
            priority=1000,
            callback=NO_CALLBACK,
            meta={
                "newscrawl_kind": "robots",
                "dont_obey_robotstxt": True,
                "allow_offsite": True,
                "redirect_ttl": MAX_REDIRECTS,
                "max_retry_times": 1,
                "download_timeout": TIMEOUT_S,
                # A longer one is cut, not given up.
                "download_maxsize": 0,
            },
        )
        bus = self.crawler.signals
        # A signal for each piece of every page costs time, so it is listened to only as long as somebody waits.
        bus.connect(self.bytes_received, signals.bytes_received)
        try:
            return await self.crawler.engine.download_async(request)
        finally:
            if len(self.asking) <= 1:
                bus.disconnect(self.bytes_received, signals.bytes_received)

    def bytes_received(self, data: bytes, request: Request) -> None:
        """Raise :exc:`StopDownload` when enough of a robots.txt is here."""
        if request.meta.get("newscrawl_kind") == "robots":
            self.sizes[request] = self.sizes.get(request, 0) + len(data)
            if self.sizes[request] > READ_BYTES:
                raise StopDownload(fail=False)

    # --- the pause that it asks for

    def _slow_down(self, request: Request, delay_s: float) -> None:
        """Have the host asked no faster than every *delay_s* seconds."""
        downloader: Any = self.crawler.engine.downloader
        key = downloader.get_slot_key(request)
        if self.least_delay_s.get(key, 0.0) < delay_s:
            self.least_delay_s[key] = delay_s
            given = dict(downloader.per_slot_settings.get(key, {}))
            # What the host asks for is the least: no chance makes it shorter.
            given["delay"] = max(delay_s, given.get("delay", getattr(downloader, "_delay", 0.0)))
            given["jitter"] = 0.0
            downloader.per_slot_settings[key] = given
        self._keep_delay(key)

    def response_downloaded(self, request: Request) -> None:
        """Undo what AutoThrottle takes off the pause; it hears of the answer first."""
        if self.least_delay_s:
            self._keep_delay(request.meta.get("download_slot", ""))

    def _keep_delay(self, key: str) -> None:
        slot = self.crawler.engine.downloader.slots.get(key)
        least = self.least_delay_s.get(key)
        if slot is not None and least is not None:
            slot.delay = max(slot.delay, least)
            slot.jitter = 0.0

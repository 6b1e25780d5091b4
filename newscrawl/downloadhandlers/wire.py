"""Scrapy's HTTP/1.1 handler, with every exchange written down as it stood on the wire."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError, DownloadCancelledError, DownloadTimeoutError, StopDownload
from scrapy.http import Response
from scrapy.settings import BaseSettings
from scrapy.utils.asyncio import create_looping_call

from newscrawl.addresses import AllowList, proxy_place
from newscrawl.archive.reading import RECORD_LIMIT
from newscrawl.archive.wire import Truncation, WireExchange, reconstructed_exchange
from newscrawl.downloadhandlers.limits import Guard, Limits, Progress, RefusedAddress, TooLargeError
from newscrawl.downloadhandlers.pool import Flight, RecordingPool, scrapy_faults
from newscrawl.downloadhandlers.recorder import MAX_HEAD, Recorder
from newscrawl.ledger import ledger_of

logger = logging.getLogger(__name__)

_MAX_BODY = RECORD_LIMIT - 2 * MAX_HEAD
_LOOK_S = 0.5
_SPENT = "newscrawl_spent_s"


class WireDownloadHandler(HTTP11DownloadHandler):
    """Downloads as Scrapy does, and hands each finished or failed exchange to the ledger before anybody else sees it.

    It rests on private parts of Scrapy and Twisted. Where these are not as they should be, the crawl goes on with
    a warning, and its exchanges are put together from requests and responses and marked as such.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.ledger = ledger_of(crawler)
        self.ledger.aborters.append(self.abort_all)
        self.limits, self.guard = _limits(crawler.settings), _guard(crawler.settings)
        self.last_try = crawler.settings.getint("RETRY_TIMES") if crawler.settings.getbool("RETRY_ENABLED") else None
        self._watch = create_looping_call(self._end_overdue)
        self._waited = self._looked = 0.0
        self._flights: dict[Flight, None] = {}
        self._recording_pool: RecordingPool | None = None
        self._warned = False
        if faults := scrapy_faults(self):
            self._warn("; ".join(faults))
        else:
            self._recording_pool = self._pool = RecordingPool.like(self._pool)

    async def download_request(self, request: Request) -> Response:
        """Return the response to *request*. Raises :exc:`RefusedAddress` for a machine that must not be asked."""
        started_at, start = datetime.now(UTC), monotonic()
        flight = Flight(
            Recorder(request.method, self._maxsize(request)),
            self.guard.through(request.meta.get("proxy")),
            Progress(self._waited, self._left(request)),
            self._begin_watch,
        )
        if self.last_try is not None and request.meta.get("retry_times", 0) >= min(1, self.last_try):
            # Twice is no accident. What came is more than nothing, and its row says that it is not whole.
            request.meta.setdefault("download_fail_on_dataloss", False)
        self._flights[flight] = None
        if self._recording_pool is not None:
            # Scrapy asks the pool for a connection before anything else can run.
            self._recording_pool.flight = flight
        keep = partial(self._keep, request, flight, started_at, start)
        try:
            response = await super().download_request(request)
        except (Exception, asyncio.CancelledError) as error:
            raised = flight.ended or self._named(request, flight, error)
            keep(None, raised)
            self._settle_time(request, start, raised)
            if flight.recorder.no_http:
                # It would not be at the next try either.
                request.meta["dont_retry"] = True
            if raised is error:
                raise
            raise raised from error
        else:
            keep(response, None)
            self._settle_time(request, start, None)
            return response
        finally:
            flight.release()
            del self._flights[flight]
            if not self._flights and self._watch.running:
                self._watch.stop()

    def abort_all(self, reason: str) -> None:
        """Close every connection under way at once.

        Each exchange then fails with :exc:`~scrapy.exceptions.DownloadCancelledError`, which Scrapy does not retry,
        and is kept as far as it came, in the next turns of the event loop.
        """
        for flight in list(self._flights):
            flight.end(DownloadCancelledError(reason))

    def _begin_watch(self) -> None:
        if not self._watch.running:
            self._looked = monotonic()
            self._watch.start(_LOOK_S, now=False)

    def _end_overdue(self) -> None:
        """Give up what is too slow."""
        now = monotonic()
        # While a page is being read nothing is received: that time is not the server's.
        self._waited += min(now - self._looked, 2 * _LOOK_S)
        self._looked = now
        for flight in list(self._flights):
            recorder = flight.recorder
            late = flight.progress.overdue(
                self.limits,
                self._waited,
                connected=recorder.connected,
                answered=recorder.has_head,
                length=recorder.length,
            )
            if late is not None and flight.ended is None:
                flight.end(DownloadTimeoutError(late))

    def _left(self, request: Request) -> float:
        """Return the seconds that are left for *request*: its tries, and the redirects that led to it, share them."""
        total = float(request.meta.get("download_timeout") or self.limits.total_s)
        return max(1.0, total - request.meta.get(_SPENT, 0.0)) if total else 0.0

    def _settle_time(self, request: Request, start: float, error: BaseException | None) -> None:
        spent = request.meta.get(_SPENT, 0.0) + monotonic() - start
        request.meta[_SPENT] = round(spent, 1)
        total = float(request.meta.get("download_timeout") or self.limits.total_s)
        if isinstance(error, DownloadTimeoutError) and total and spent >= total / 2:
            # A host that lets us wait so long would do so again.
            request.meta["dont_retry"] = True

    def _named(self, request: Request, flight: Flight, error: BaseException) -> BaseException:
        """Return *error*, or the one that says better what was amiss."""
        if isinstance(error, CannotResolveHostError):
            from twisted.internet import reactor

            refusal_of = getattr(getattr(reactor, "nameResolver", None), "refusal_of", None)
            parts = urlsplit(request.url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
            if refusal_of is not None and (reason := refusal_of(parts.hostname or "", port)) is not None:
                return RefusedAddress(reason)
        if isinstance(error, DownloadCancelledError) and _cause(flight, None, error) == "length":
            return TooLargeError(str(error))
        return error

    def _maxsize(self, request: Request) -> int:
        default = getattr(self._crawler.spider, "download_maxsize", self._default_maxsize)
        # A block that no reader takes would be no record: what comes after is left out, and the record says so.
        return min(int(request.meta.get("download_maxsize", default)) or _MAX_BODY, _MAX_BODY)

    def _keep(
        self,
        request: Request,
        flight: Flight,
        started_at: datetime,
        start: float,
        response: Response | None,
        error: BaseException | None,
    ) -> None:
        elapsed_ms = round((monotonic() - start) * 1000)
        recorder = flight.recorder
        flight.check_sent()
        url = request.url.partition("#")[0]
        if response is not None and not recorder.has_head:
            self._warn("a response came past the recorder")
            wire = _reconstructed(url, request, response, started_at, elapsed_ms)
        else:
            wire = recorder.exchange(
                url=url,
                started_at=started_at,
                elapsed_ms=elapsed_ms,
                error=None if error is None else _error_text(error),
                cause=_cause(flight, response, error),
            )
        notes = _notes(request)
        if recorder.resent:
            notes["newscrawl-resent"] = str(recorder.resent)
        if recorder.surplus:
            notes["newscrawl-surplus"] = "more came than Content-Length says"
        self.ledger.keep_exchange(request, wire, kind=_kind(request), notes=notes)
        if recorder.surplus:
            self.ledger.note_cut(request, "surplus")

    def _warn(self, fault: str) -> None:
        if not self._warned:
            self._warned = True
            logger.warning("exchanges cannot be seen on the wire and are reconstructed: %s", fault)


def _limits(settings: BaseSettings) -> Limits:
    return Limits(
        connect_s=settings.getfloat("NEWSCRAWL_CONNECT_S"),
        answer_s=settings.getfloat("NEWSCRAWL_ANSWER_S"),
        least_rate=settings.getfloat("NEWSCRAWL_LEAST_RATE"),
        total_s=settings.getfloat("DOWNLOAD_TIMEOUT"),
    )


def _guard(settings: BaseSettings) -> Guard:
    ports = settings.getlist("NEWSCRAWL_ALLOW_PORTS")
    places = (proxy_place(value) for value in settings.getlist("NEWSCRAWL_TRUSTED"))
    return Guard(
        allow=AllowList.parse(settings.getlist("NEWSCRAWL_ALLOW_ADDRESSES"), ports or None),
        trusted=frozenset(place for place in places if place is not None),
    )


def _kind(request: Request) -> str:
    return "robots" if urlsplit(request.url).path == "/robots.txt" else str(request.meta.get("newscrawl_kind", "page"))


def _notes(request: Request) -> dict[str, str]:
    found = request.meta.get("newscrawl_found") or {}
    values = {
        "via": found.get("url"),
        "newscrawl-how": found.get("how"),
        "newscrawl-asked": found.get("asked"),
        "hopsFromSeed": request.meta.get("depth"),
        "newscrawl-part-of": request.meta.get("newscrawl_part_of"),
    }
    return {name: str(value) for name, value in values.items() if value is not None}


def _cause(flight: Flight, response: Response | None, error: BaseException | None) -> Truncation | None:
    """Return why the rest of a response was not waited for; None when it was."""
    if isinstance(error, DownloadTimeoutError):
        return "time"
    # Scrapy cancels what is too long; a signal's handler may stop what it has seen enough of.
    stopped = response is not None and "download_stopped" in response.flags
    given_up = flight.ended is not None and not isinstance(flight.ended, TooLargeError)
    if stopped or (not given_up and isinstance(error, DownloadCancelledError | StopDownload)):
        return "length"
    return None if error is None else "disconnect"


def _error_text(error: BaseException) -> str:
    """Return class name and message on one line."""
    message = " ".join(str(error).split())
    name = type(error).__name__
    return f"{name}: {message}"[:500] if message else name


def _reconstructed(
    url: str, request: Request, response: Response, started_at: datetime, elapsed_ms: int
) -> WireExchange:
    return reconstructed_exchange(
        url=url,
        method=request.method,
        request_headers=[(name, value) for name, values in request.headers.items() for value in values],
        request_body=request.body,
        status=response.status,
        response_headers=[(name, value) for name, values in response.headers.items() for value in values],
        body=response.body,
        protocol=response.protocol,
        started_at=started_at,
        ip_address=None if response.ip_address is None else str(response.ip_address),
        elapsed_ms=elapsed_ms,
    )

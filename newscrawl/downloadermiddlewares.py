"""What stands between engine and network."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal, Self
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Headers, Response

from newscrawl.addresses import AllowList, refusal
from newscrawl.archive.wire import reconstructed_exchange
from newscrawl.ledger import Ledger, ledger_of
from newscrawl.urls import url_key

MAX_URL = 16_384
"""Bytes of the longest URL that is asked: a record names up to two, and no reader takes a longer header than 64 KiB."""


class RefusedRequest(IgnoreRequest):
    """A request that must not leave: its text says why."""


class GateMiddleware:
    """Lets only http and https requests through, none to an address that is not public, none for what was removed.

    Names pass; what they resolve to is checked where the connection is made (``newscrawl.resolver``).
    """

    def __init__(self, allow: AllowList, removed: frozenset[str] = frozenset()) -> None:
        """*removed*: the ``url_key`` of each URL that was taken out of the archive."""
        self.allow = allow
        self.removed = removed

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        allow = AllowList.parse(crawler.settings.getlist("NEWSCRAWL_ALLOW_ADDRESSES"))
        return cls(allow, ledger_of(crawler).removed)

    def process_request(self, request: Request) -> None:
        """Raise :exc:`RefusedRequest` for a request that must not leave."""
        if len(request.url) > MAX_URL:
            raise RefusedRequest(f"the URL is longer than {MAX_URL} bytes")
        parts = urlsplit(request.url)
        if parts.scheme not in ("http", "https"):
            raise RefusedRequest(f"scheme {parts.scheme!r} is not asked")
        try:
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            raise RefusedRequest("the port is no number") from None
        reason = refusal(parts.hostname or "", port, self.allow)
        if reason is not None:
            raise RefusedRequest(reason)
        if self.removed and url_key(request.url) in self.removed:
            raise RefusedRequest("it was removed from the archive (scrapy remove)")


class PlainRedirectMiddleware(RedirectMiddleware):
    """Scrapy's redirects without a Referer, which this project does not send."""

    _cookies = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        # Not the parent's: it would have every crawl warned that no Referer is sent.
        middleware = cls(crawler.settings)
        middleware.crawler = crawler
        middleware._cookies = crawler.settings.getbool("COOKIES_ENABLED")
        return middleware

    def process_response(  # type: ignore[override]
        self, request: Request, response: Response
    ) -> Request | Response:
        """Follow a redirect. Raises :exc:`IgnoreRequest` for one that leads back into its own chain.

        The frontier would take it for the request that it answers: known, and the page silently gone. With cookies
        the second answer may be another.
        """
        found = super().process_response(request, response)
        followed = isinstance(found, Request) and request.method == found.method and not self._cookies
        if followed and found.url in found.meta.get("redirect_urls", ()):
            raise IgnoreRequest(f"redirects in a circle, back to {found.url}")
        return found

    def handle_referer(self, request: Request, response: Response) -> None:
        """Leave the request without the header."""
        request.headers.pop("Referer", None)


class OutcomeMiddleware:
    """Tells the frontier how a request ends that brings no page: by an exception, or by an error status."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(ledger_of(crawler))

    def process_response(self, request: Request, response: Response) -> Response:
        """Note an error status."""
        if response.status >= 400:
            self.ledger.frontier.note(request.meta.get("newscrawl_lease"), "failed", f"http_{response.status}")
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Note what no other middleware has answered."""
        state: Literal["refused", "failed"] = "refused" if isinstance(exception, IgnoreRequest) else "failed"
        reason = f"{type(exception).__name__}: {exception}"
        self.ledger.frontier.note(request.meta.get("newscrawl_lease"), state, reason)


class CaptureMiddleware:
    """Archives an exchange that its handler did not, from what Scrapy kept of it; its record says so.

    It stands next to the handler, where the body still has its content coding.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.started: WeakKeyDictionary[Request, datetime] = WeakKeyDictionary()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(ledger_of(crawler))

    def process_request(self, request: Request) -> None:
        """Note the time."""
        self.started[request] = datetime.now(UTC)

    def process_response(self, request: Request, response: Response) -> Response:
        """Archive the exchange, unless the handler did."""
        if self.ledger.exchange(request) is None:
            wire = reconstructed_exchange(
                url=request.url,
                method=request.method,
                request_headers=_pairs(request.headers),
                request_body=request.body,
                status=response.status,
                response_headers=_pairs(response.headers),
                body=response.body,
                protocol=response.protocol,
                started_at=self.started.get(request) or datetime.now(UTC),
                ip_address=str(response.ip_address) if response.ip_address else None,
            )
            robots = urlsplit(request.url).path == "/robots.txt"
            kind = "robots" if robots else request.meta.get("newscrawl_kind", "page")
            self.ledger.keep_exchange(request, wire, kind=kind, notes={})
        return response


def _pairs(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, values in headers.items() for value in values]

"""What stands between engine and network."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from newscrawl.addresses import AllowList, refusal
from newscrawl.ledger import Exchange, Ledger, ledger_of


class RefusedRequest(IgnoreRequest):
    """A request that must not leave: its text says why."""


class GateMiddleware:
    """Lets only http and https requests through, and none to an address that is not public.

    Names pass; what they resolve to is checked where the connection is made (``newscrawl.resolver``).
    """

    def __init__(self, allow: AllowList) -> None:
        self.allow = allow

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(AllowList.parse(crawler.settings.getlist("NEWSCRAWL_ALLOW_ADDRESSES")))

    def process_request(self, request: Request) -> None:
        """Raise :exc:`RefusedRequest` for a request that must not leave."""
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


class PlainRedirectMiddleware(RedirectMiddleware):
    """Scrapy's redirects without a Referer, which this project does not send."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        # Not the parent's: it would have every crawl warned that no Referer is sent.
        middleware = cls(crawler.settings)
        middleware.crawler = crawler
        return middleware

    def handle_referer(self, request: Request, response: Response) -> None:
        """Leave the request without the header."""
        request.headers.pop("Referer", None)


class CaptureMiddleware:
    """Notes when a response came, for a handler that does not do so itself."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(ledger_of(crawler))

    def process_response(self, request: Request, response: Response) -> Response:
        """Note the time, unless the handler did."""
        self.ledger.note_exchange(request, Exchange(fetched_at=datetime.now(UTC)))
        return response

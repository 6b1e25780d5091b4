"""Archiving what the handler did not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Self
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Headers, Response

from newscrawl.archive.wire import reconstructed_exchange
from newscrawl.ledger import Ledger, ledger_of


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

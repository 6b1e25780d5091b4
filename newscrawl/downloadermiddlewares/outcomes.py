"""How a request ends."""

from __future__ import annotations

from typing import Literal, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from newscrawl.ledger import Ledger, ledger_of


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

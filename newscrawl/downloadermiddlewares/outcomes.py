"""How a request begins and ends."""

from __future__ import annotations

from typing import Literal, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from newscrawl.ledger import Ledger, ledger_of


class OutcomeMiddleware:
    """Tells the frontier how a request ends that brings no page: by an exception, or by an error status.

    It also counts what is asked again, and lists what is not asked at all.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(ledger_of(crawler))

    def process_request(self, request: Request) -> None:
        """Count a request that is asked again."""
        if "retry_times" in request.meta:
            self.ledger.state.host(request.url).retries += 1

    def process_response(self, request: Request, response: Response) -> Response:
        """Note an error status."""
        if response.status >= 400:
            self.ledger.frontier.note(request.meta.get("newscrawl_lease"), "failed", f"http_{response.status}")
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Note what no other middleware has answered."""
        state: Literal["refused", "failed"] = "failed"
        if isinstance(exception, IgnoreRequest):
            state = "refused"
            self.ledger.state.skip(request.url, "robots" if "robots" in str(exception).lower() else "refused")
        reason = f"{type(exception).__name__}: {exception}"
        self.ledger.frontier.note(request.meta.get("newscrawl_lease"), state, reason)

"""What stands between spider and engine."""

from __future__ import annotations

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.spidermiddlewares.base import BaseSpiderMiddleware

from newscrawl.ledger import ledger_of


class ReplayScopeMiddleware(BaseSpiderMiddleware):
    """Keeps links that a replay set does not hold from being scheduled, and lists them in the report.

    Start requests pass: a start URL outside the set is an error of whoever asked for it.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.ledger = ledger_of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def get_processed_request(self, request: Request, response: Response | None) -> Request | None:
        """Return *request*, or None for a link outside the set."""
        replay = self.ledger.replay
        if response is None or replay is None or request.url in replay:
            return request
        self.ledger.state.list_not_in_replay(request.url)
        self.crawler.stats.inc_value("newscrawl/replay/links_outside")
        return None

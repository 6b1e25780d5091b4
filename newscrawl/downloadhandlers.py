"""Answers in place of the network."""

from __future__ import annotations

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes

from newscrawl.exceptions import NotInReplayError
from newscrawl.ledger import Exchange, Ledger, ledger_of


class ReplayDownloadHandler:
    """Serves the captures of the ledger's replay set; no connection is ever opened.

    A URL outside the set raises :exc:`~newscrawl.exceptions.NotInReplayError`; a robots.txt outside it is a 404.
    """

    lazy = False

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(ledger_of(crawler))

    async def download_request(self, request: Request) -> Response:
        """Return the stored response to *request*."""
        replay = self.ledger.replay
        capture = replay.find(request.url) if replay is not None and request.method == "GET" else None
        if capture is None:
            if request.url.endswith("/robots.txt"):
                return Response(request.url, status=404, request=request)
            self.ledger.state.misses += 1
            size = 0 if replay is None else len(replay)
            raise NotInReplayError(f"{request.method} {request.url} is not in the replay set ({size} captures)")
        exchange = Exchange(fetched_at=capture.fetched_at, url_assigned=capture.url_assigned, ref=capture.ref)
        self.ledger.note_exchange(request, exchange)
        body = capture.body()
        headers = Headers({"Content-Type": capture.content_type})
        kind = responsetypes.from_args(headers=headers, url=request.url, body=body)
        return kind(url=request.url, status=capture.status, headers=headers, body=body, request=request)

    async def close(self) -> None:
        """Nothing is open."""

"""Answers in place of the network."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import ResponseDataLossError
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes

from newscrawl.archive.replay import Capture, ReplaySet
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
        capture = _capture_of(request, replay) if replay is not None and request.method == "GET" else None
        if capture is None:
            if request.url.endswith("/robots.txt"):
                return Response(request.url, status=404, request=request)
            self.ledger.state.misses += 1
            size = 0 if replay is None else len(replay)
            raise NotInReplayError(f"{request.method} {request.url} is not in the replay set ({size} captures)")
        exchange = Exchange(
            fetched_at=capture.fetched_at,
            url_assigned=capture.url_assigned,
            ref=capture.ref,
            truncated=capture.truncated,
        )
        self.ledger.note_exchange(request, exchange)
        if not capture.whole:
            # The crawl that archived it did not read it either.
            reason = "it was an error then" if capture.truncated is None else f"it was cut ({capture.truncated})"
            raise ResponseDataLossError(f"the capture of {request.url} is not read: {reason}")
        message = capture.message()
        headers = Headers()
        for name, value in message.fields:
            headers.appendlist(name, value)
        body = message.body
        # What kind of text it is shows when its content coding is off; until then the headers say enough.
        coded = b"Content-Encoding" in headers
        kind = responsetypes.from_args(headers=headers, url=request.url, body=b"" if coded else body)
        return kind(url=request.url, status=capture.status, headers=headers, body=body, request=request)

    async def close(self) -> None:
        """Nothing is open."""


def _capture_of(request: Request, replay: ReplaySet) -> Capture | None:
    record_id = request.meta.get("newscrawl_record")
    if record_id is not None:
        return replay.record(record_id)
    story = request.meta.get("newscrawl_part_of")
    if story is not None and (part := replay.part(story, request.url)) is not None:
        return part
    at = request.meta.get("newscrawl_at")
    return replay.find(request.url, datetime.fromisoformat(at) if at is not None else None)

"""Content codings off: tolerant of streams that end early, and bounded before memory is taken."""

from __future__ import annotations

import logging
import re
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import Response
from scrapy.responsetypes import responsetypes
from scrapy.statscollectors import StatsCollector

from newscrawl.archive.coding import DECODED_LIMIT, Unpacked, unpacked
from newscrawl.downloadermiddlewares.refusals import RefusedResponse
from newscrawl.ledger import Ledger, ledger_of

logger = logging.getLogger(__name__)

ACCEPTED = b"gzip, deflate, br, zstd"

_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,4096}<[!?A-Za-z]")
_REASONS = {"large": "too_large", "layers": "coding_layers", "unknown": "coding_unknown", "false": "coding_false"}


class DecodingMiddleware:
    """Takes content codings off in the place of Scrapy's ``HttpCompressionMiddleware``.

    That one takes a stream that ends early for a whole one, lets a false one fail with a traceback and undoes any
    number of codings. Here what could be decoded is read and its row says that it is not whole (``http.truncated`` is
    ``coding``); markup under a false or unknown coding is read as it stands, as the server cannot have meant it; all
    else is refused.
    """

    def __init__(self, ledger: Ledger, stats: StatsCollector, *, limit: int) -> None:
        self.ledger = ledger
        self.stats = stats
        self.limit = limit

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        if not settings.getbool("COMPRESSION_ENABLED"):
            raise NotConfigured
        return cls(ledger_of(crawler), crawler.stats, limit=settings.getint("DOWNLOAD_MAXSIZE"))

    def process_request(self, request: Request) -> None:
        """Say which codings are read."""
        request.headers.setdefault("Accept-Encoding", ACCEPTED)

    def process_response(self, request: Request, response: Response) -> Response:
        """Return *response* without its codings. Raises :exc:`RefusedResponse`."""
        codings = b",".join(response.headers.getlist("Content-Encoding"))
        if request.method == "HEAD" or not codings:
            return response
        limit = int(request.meta.get("download_maxsize", self.limit)) or DECODED_LIMIT
        found = unpacked(response.body, codings, limit=limit)
        if found.fault is not None:
            found = self._as_it_stands(found, response)
        if not found.whole:
            self.stats.inc_value("newscrawl/coding/truncated")
            self.ledger.note_cut(request, "coding")
        headers = response.headers.copy()
        del headers["Content-Encoding"]
        kind = responsetypes.from_args(headers=headers, url=response.url, body=found.body)
        # Not by ``replace``: it would guess a charset from the packed bytes, which takes long and gives a wrong one.
        kept = {name: getattr(response, name) for name in Response.attributes}
        return kind(**kept | {"headers": headers, "body": found.body})

    def _as_it_stands(self, found: Unpacked, response: Response) -> Unpacked:
        assert found.fault is not None
        reason = _REASONS[found.fault]
        self.stats.inc_value(f"newscrawl/coding/{found.fault}")
        if found.fault in ("false", "unknown") and _MARKUP.match(found.body):
            logger.info("%s: %s; it is read as it stands", response.url, found.detail)
            return Unpacked(body=found.body)
        logger.warning("%s is not read: %s", response.url, found.detail)
        raise RefusedResponse(found.detail, reason)

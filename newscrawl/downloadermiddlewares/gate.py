"""What may be asked at all."""

from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest

from newscrawl.addresses import AllowList, refusal
from newscrawl.ledger import ledger_of
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

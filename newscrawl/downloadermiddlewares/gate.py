"""What may be asked at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from newscrawl.addresses import AllowList, proxy_place, refusal
from newscrawl.downloadermiddlewares.refusals import RefusedRequest
from newscrawl.ledger import ledger_of

MAX_URL = 16_384
"""Bytes of the longest URL that is asked: a record names up to two, and no reader takes a longer header than 64 KiB."""


class GateMiddleware:
    """Lets only http and https requests through, none to an address that is not public, none for what was removed.

    Names pass; what they resolve to is checked where the connection is made (``newscrawl.resolver``).
    """

    def __init__(
        self,
        allow: AllowList,
        is_removed: Callable[[str], bool] = lambda _: False,
        trusted: frozenset[tuple[str, int] | None] = frozenset(),
    ) -> None:
        """*is_removed* tells of a URL whether it was taken out of the archive. *trusted*: places of proxies."""
        self.allow = allow
        self.is_removed = is_removed
        self.trusted = trusted

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        ports = settings.getlist("NEWSCRAWL_ALLOW_PORTS")
        allow = AllowList.parse(settings.getlist("NEWSCRAWL_ALLOW_ADDRESSES"), ports or None)
        trusted = frozenset(map(proxy_place, settings.getlist("NEWSCRAWL_TRUSTED")))
        return cls(allow, ledger_of(crawler).is_removed, trusted - {None})

    def process_request(self, request: Request) -> None:
        """Raise :exc:`RefusedRequest` for a request that must not leave."""
        if len(request.url) > MAX_URL:
            raise RefusedRequest(f"the URL is longer than {MAX_URL} bytes")
        try:
            parts = urlsplit(request.url)
        except ValueError as error:
            raise RefusedRequest(f"the URL cannot be read: {error}") from None
        if parts.scheme not in ("http", "https"):
            raise RefusedRequest(f"scheme {parts.scheme!r} is not asked")
        try:
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            raise RefusedRequest("the port is no number") from None
        reason = refusal(parts.hostname or "", port, self.allow)
        if reason is not None:
            raise RefusedRequest(reason)
        proxy = request.meta.get("proxy")
        if proxy and proxy_place(proxy) not in self.trusted:
            raise RefusedRequest("its proxy is not named in NEWSCRAWL_TRUSTED")
        if self.is_removed(request.url):
            raise RefusedRequest("it was removed from the archive (scrapy remove)")


class TrapMiddleware:
    """Asks the spider once more whether a request is worth sending: others may have shown that it leads nowhere.

    A spider that has a word to say has a method ``refuses(request)``, which gives a reason of one word, or None.
    """

    def __init__(self, refuses: Callable[[Request], str | None]) -> None:
        self.refuses = refuses

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        refuses = getattr(crawler.spider, "refuses", None)
        if refuses is None:
            raise NotConfigured
        return cls(refuses)

    def process_request(self, request: Request) -> None:
        """Raise :exc:`RefusedRequest` for a request that leads nowhere."""
        reason = self.refuses(request)
        if reason is not None:
            raise RefusedRequest(f"it leads nowhere: {reason}", f"trap_{reason}")

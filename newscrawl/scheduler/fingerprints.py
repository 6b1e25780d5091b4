"""How requests are told apart."""

from __future__ import annotations

from pathlib import Path
from typing import Self
from weakref import WeakKeyDictionary

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.utils.request import RequestFingerprinter

from newscrawl.ledger import fingerprint_of
from newscrawl.scheduler.requests import PAGE, RECORD
from newscrawl.sites import Profiles
from newscrawl.urls import UrlKeys


class UrlKeyFingerprinter:
    """Two GET requests are the same when their ``url_key`` is: a tracking parameter costs no fetch.

    A redirect that stays within its own key (``?utm_source=a`` to the clean form) is told by its exact URL, or
    it would be taken for the request that it answers and be lost. A known page that is read again is told by what
    it was told by then.
    """

    def __init__(self, keys: UrlKeys | None = None) -> None:
        self._keys = keys or UrlKeys()
        self._others = RequestFingerprinter()
        self._cache: WeakKeyDictionary[Request, bytes] = WeakKeyDictionary()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(Profiles(Path(crawler.settings["NEWSCRAWL_SITES_DIR"])).keys())

    def fingerprint(self, request: Request) -> bytes:
        """Return the fingerprint of *request*."""
        if request.method != "GET" or request.body:
            return self._others.fingerprint(request)
        found = self._cache.get(request)
        if found is None and PAGE in request.meta and not request.meta.get("redirect_urls"):
            found = bytes.fromhex(request.meta[PAGE])
        if found is None:
            key = self._keys(request.url)
            if RECORD in request.meta:
                key = f"record {request.meta[RECORD]}"
            elif any(self._keys(url) == key for url in request.meta.get("redirect_urls", ())):
                key = f"redirected {request.url}"
            found = fingerprint_of(key)
            self._cache[request] = found
        return found

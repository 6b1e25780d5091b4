"""How requests are told apart."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from scrapy import Request
from scrapy.utils.request import RequestFingerprinter

from newscrawl.ledger import fingerprint_of
from newscrawl.scheduler.requests import PAGE, RECORD
from newscrawl.urls import url_key


class UrlKeyFingerprinter:
    """Two GET requests are the same when their ``url_key`` is: a tracking parameter costs no fetch.

    A redirect that stays within its own key (``?utm_source=a`` to the clean form) is told by its exact URL, or
    it would be taken for the request that it answers and be lost. A known page that is read again is told by what
    it was told by then.
    """

    def __init__(self) -> None:
        self._others = RequestFingerprinter()
        self._cache: WeakKeyDictionary[Request, bytes] = WeakKeyDictionary()

    def fingerprint(self, request: Request) -> bytes:
        """Return the fingerprint of *request*."""
        if request.method != "GET" or request.body:
            return self._others.fingerprint(request)
        found = self._cache.get(request)
        if found is None and PAGE in request.meta and not request.meta.get("redirect_urls"):
            found = bytes.fromhex(request.meta[PAGE])
        if found is None:
            key = url_key(request.url)
            if RECORD in request.meta:
                key = f"record {request.meta[RECORD]}"
            elif any(url_key(url) == key for url in request.meta.get("redirect_urls", ())):
                key = f"redirected {request.url}"
            found = fingerprint_of(key)
            self._cache[request] = found
        return found

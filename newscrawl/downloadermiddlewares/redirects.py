"""Where a redirect leads."""

from __future__ import annotations

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response


class PlainRedirectMiddleware(RedirectMiddleware):
    """Scrapy's redirects without a Referer, which this project does not send."""

    _cookies = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        # Not the parent's: it would have every crawl warned that no Referer is sent.
        middleware = cls(crawler.settings)
        middleware.crawler = crawler
        middleware._cookies = crawler.settings.getbool("COOKIES_ENABLED")
        return middleware

    def process_response(  # type: ignore[override]
        self, request: Request, response: Response
    ) -> Request | Response:
        """Follow a redirect. Raises :exc:`IgnoreRequest` for one that leads back into its own chain.

        The frontier would take it for the request that it answers: known, and the page silently gone. With cookies
        the second answer may be another.
        """
        found = super().process_response(request, response)
        followed = isinstance(found, Request) and request.method == found.method and not self._cookies
        if followed and found.url in found.meta.get("redirect_urls", ()):
            raise IgnoreRequest(f"redirects in a circle, back to {found.url}")
        return found

    def handle_referer(self, request: Request, response: Response) -> None:
        """Leave the request without the header."""
        request.headers.pop("Referer", None)

"""Where a redirect leads."""

from __future__ import annotations

from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from newscrawl.downloadermiddlewares.refusals import RefusedResponse
from newscrawl.urls import resolve

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


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
        """Follow a redirect. Raises :exc:`RefusedResponse` for one that leads nowhere, or back into its own chain.

        The frontier would take the latter for the request that it answers: known, and the page silently gone. With
        cookies the second answer may be another.
        """
        try:
            found = super().process_response(request, response)
        except ValueError as error:
            raise RefusedResponse(f"it redirects to what is no URL: {error}", "redirect_refused") from None
        if isinstance(found, Response):
            self._check_scheme(request, found)
            return found
        if "@" in urlsplit(found.url).netloc:
            # A name before the host would be taken for a part of it, or be sent as a password.
            target = resolve(None, found.url)
            if target is None:
                raise RefusedResponse("it redirects to a host that cannot be", "redirect_refused")
            found = found.replace(url=target)
        self._check_site(found)
        followed = request.method == found.method and not self._cookies
        if followed and found.url in found.meta.get("redirect_urls", ()):
            raise RefusedResponse(f"redirects in a circle, back to {found.url}", "redirect_loop")
        return found

    def _redirect(self, redirected: Request, request: Request, reason: Any) -> Request:
        try:
            return super()._redirect(redirected, request, reason)
        except IgnoreRequest:
            raise RefusedResponse(f"more than {self.max_redirect_times} redirects", "redirect_loop") from None

    def _check_site(self, redirected: Request) -> None:
        """Raise :exc:`RefusedResponse` for one off the spider's sites: Scrapy would drop it without a word."""
        domains = getattr(self.crawler.spider, "allowed_domains", None)
        meta = redirected.meta
        if not domains or meta.get("newscrawl_lease") is None or meta.get("allow_offsite") or redirected.dont_filter:
            return
        # As Scrapy compares: an address in another spelling is another host to it.
        host = urlsplit(redirected.url).hostname or ""
        if not any(host == domain or host.endswith(f".{domain}") for domain in domains):
            raise RefusedResponse(f"it redirects to another site, {host[:100]}", "redirect_offsite")

    def _check_scheme(self, request: Request, response: Response) -> None:
        """Raise :exc:`RefusedResponse` where a redirect was not followed for the scheme it leads to."""
        meta = request.meta
        wanted = (
            meta.get("dont_redirect")
            or meta.get("handle_httpstatus_all")
            or response.status in meta.get("handle_httpstatus_list", ())
            or response.status in getattr(self.crawler.spider, "handle_httpstatus_list", ())
        )
        location = response.headers.get("Location")
        if location and response.status in _REDIRECTS and not wanted:
            scheme = location[:40].decode("ascii", "replace").partition(":")[0]
            raise RefusedResponse(f"it redirects to the scheme {scheme!r}", "redirect_refused")

    def handle_referer(self, request: Request, response: Response) -> None:
        """Leave the request without the header."""
        request.headers.pop("Referer", None)

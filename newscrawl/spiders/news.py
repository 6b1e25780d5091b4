"""The one spider: follows articles and their related articles."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Self

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from twisted.python.failure import Failure

from newscrawl.archive.replay import ReplaySet
from newscrawl.dates import fetched_text
from newscrawl.exceptions import ConfigError, did_you_mean
from newscrawl.extract import Page, PageLink, extract_article, read_page
from newscrawl.items import Article, FoundHow, FoundOn, Http
from newscrawl.ledger import FEW, Exchange, Ledger, ProfileCounts, ledger_of
from newscrawl.sites import Profiles
from newscrawl.spiders.arguments import number_of, start_urls
from newscrawl.spiders.stories import InterruptedStoryError, Stories, linked_parts, reason_of
from newscrawl.urls import site_of, url_key

ARGUMENTS = {
    "url": "start here: one URL, or several separated by blanks",
    "urls_file": "start at the URLs of this file, one a line; lines that begin with # are skipped",
    "limit": "stop after this many articles (Scrapy's CLOSESPIDER_ITEMCOUNT)",
    "depth": "follow at most this many links from a start URL, 0 for no limit (Scrapy's DEPTH_LIMIT)",
    "follow": "related: related articles only; links: also other links to articles, and listings page by page "
    "(default); none: start URLs only",
    "help": "1 lists these arguments",
}
"""Spider arguments (``-a name=value``), and what they do."""

FOLLOW = ("related", "links", "none")
_PRIORITY = {"start": 100, "refresh": 90, "related": 50, "link": 20, "listing": 10}
_HOW: dict[str, FoundHow] = {"related": "related", "article": "link", "next": "listing", "listing": "listing"}
_AGAIN = frozenset(("start", "listing"))
_MAX_REFRESHES = 3
_MAX_ASKED = 20_000


class NewsSpider(Spider):
    """Reads pages with :func:`newscrawl.extract.read_page` and follows what the page's links are for."""

    name = "news"

    def __init__(self, crawler: Crawler, *, urls: list[str], follow: str) -> None:
        super().__init__()
        self.ledger_crawler = crawler
        self.urls = urls
        self.follow = follow
        self.profiles = Profiles(Path(crawler.settings["NEWSCRAWL_SITES_DIR"]))
        self.profiles.load()
        self.stories = Stories(crawler, self._read_part, limit=crawler.settings.getint("NEWSCRAWL_MAX_PARTS"))
        self.max_links = crawler.settings.getint("NEWSCRAWL_MAX_LINKS")
        # Most links of a page were seen on the page before; asking here spares a Request for each.
        self.asked: set[str] = set()
        self.sites = {site_of(url) for url in urls}
        # Scrapy's own offsite middleware stops redirects that leave the start sites.
        self.allowed_domains = sorted(self.sites)

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Check the arguments. Raises :exc:`~newscrawl.exceptions.ConfigError` before the first request."""
        for name in kwargs:
            if name not in ARGUMENTS:
                hint = did_you_mean(name, ARGUMENTS)
                raise ConfigError(f"-a {name}: no such argument{hint}; -a help=1 lists them")
        settings = crawler.settings
        for name, setting in (("limit", "CLOSESPIDER_ITEMCOUNT"), ("depth", "DEPTH_LIMIT")):
            if name in kwargs:
                settings.set(setting, number_of(name, kwargs[name]), priority="spider")
        follow = kwargs.get("follow", "links")
        if follow not in FOLLOW:
            raise ConfigError(f"-a follow={follow}: one of {', '.join(FOLLOW)} is needed{did_you_mean(follow, FOLLOW)}")
        urls = start_urls(kwargs.get("url"), kwargs.get("urls_file"))
        if not urls and not settings.getlist("NEWSCRAWL_REPLAY"):
            raise ConfigError(
                "nothing to start at: give -a url=https://… or -a urls_file=…; -a help=1 lists all arguments"
            )
        spider = cls(crawler, urls=urls, follow=follow)
        spider._set_crawler(crawler)
        return spider

    @property
    def ledger(self) -> Ledger:
        """The ledger of this crawl."""
        return ledger_of(self.ledger_crawler)

    async def start(self) -> AsyncIterator[Request]:
        """Yield the start requests; a replay without start URLs visits every article capture of its set."""
        replay = self.ledger.replay
        if not self.urls and replay is not None:
            for request in self._visits(replay):
                yield request
        for rank, url in enumerate(self.urls):
            # The order given is the order visited.
            yield self._request(url, "start", priority=_PRIORITY["start"] + len(self.urls) - rank)

    def _visits(self, replay: ReplaySet) -> Iterator[Request]:
        """Yield a request for every article capture, in the order of capture, each with what its crawl knew of it."""
        captures = replay.starts()
        self.sites = {site_of(capture.url) for capture in captures}
        self.allowed_domains = sorted(self.sites)
        # All of them are visited: following a link to one of them would read it twice.
        self.asked.update(url_key(capture.url) for capture in captures)
        for rank, capture in enumerate(captures):
            request = self._request(capture.url, "start", priority=_PRIORITY["start"] + len(captures) - rank)
            if capture.record_id is not None:
                request.meta["newscrawl_record"] = capture.record_id
            if capture.found is None:
                request.meta["newscrawl_visit"] = True
            else:
                how, url, asked, depth = capture.found
                request.meta.update(newscrawl_found={"how": how, "url": url, "asked": asked}, depth=depth)
            yield request

    def _request(self, url: str, how: FoundHow, *, on: str | None = None, priority: int, hops: int = 0) -> Request:
        meta: dict[str, Any] = {"newscrawl_found": {"how": how, "url": on, "asked": url}}
        if how in _AGAIN:
            # What lists articles is asked again in every run; an article only once.
            meta["newscrawl_kind"] = "feed"
        return Request(
            url,
            callback=self.parse,
            errback=self.failed,
            priority=priority,
            meta=meta,
            cb_kwargs={"hops": hops} if hops else {},
        )

    async def parse(self, response: Response, *, hops: int = 0) -> AsyncIterator[Article | Request]:
        """Read a page: yield its article if it is one, whole, and requests for what is followed from it."""
        exchange = self.ledger.exchange(response.request)
        page = read_page(response.body, response.url, **self._known_of(response, exchange))
        self.ledger.state.pages[page.kind] += 1
        self.ledger.state.site(site_of(response.url)).pages += 1
        self.crawler.stats.inc_value(f"newscrawl/pages/{page.kind}")
        self._check_profile(page, response.url)
        first = self._first_part(page, response)
        if first is not None:
            self.ledger.state.dropped["part"] += 1
            self.asked |= linked_parts(first, page)
            for request in self._asking(first, "link", on=response.url, at=self._replayed_at(response)):
                yield request
        elif page.article is not None:
            article = page.article
            if page.next_part is not None:
                try:
                    article, parts = await self.stories.whole(page, article, response)
                except InterruptedStoryError:
                    self.ledger.frontier.put_back(response.meta.get("newscrawl_lease"), "stopped")
                    return
                self.asked |= parts
            yield self._completed(article, page, response, exchange)
        for request in self._followed(page, response, hops):
            yield request

    def _known_of(self, response: Response, exchange: Exchange | None) -> dict[str, Any]:
        """Return what is known of a page besides its bytes and its URL, for the reader."""
        return {
            "content_type": _header(response, "Content-Type"),
            "fetched_at": exchange.fetched_at if exchange else None,
            "url_assigned": exchange.url_assigned if exchange else False,
            "profile": self.profiles.for_url(response.url),
        }

    def _read_part(self, response: Response) -> tuple[Page, Article | None]:
        """Read a later page of a story, which need not look like an article by itself."""
        known = self._known_of(response, self.ledger.exchange(response.request))
        page = read_page(response.body, response.url, **known)
        if page.article is None and page.kind == "other":
            return page, extract_article(response.body, response.url, **known)
        return page, page.article

    def _check_profile(self, page: Page, url: str) -> None:
        """Count how the page's site profile did, and say in the row what is amiss."""
        profile, state = self.profiles.for_url(url), self.ledger.state
        if profile is None or (page.article is None and page.kind == "error"):
            return
        promised = profile.url_kind(url) == "article"
        if page.article is None and not promised:
            return
        counts = state.profiles.setdefault(profile.name, ProfileCounts())
        counts.pages += 1
        counts.named["article"] += promised
        counts.missing["article"] += page.article is None
        if page.article is not None and (check := page.profile_check(compare=counts.compared < FEW)) is not None:
            counts.add(check.named, check.missing, check.unseen)
            counts.compare(check.differs)
            page.article.warnings += check.warnings

    def _first_part(self, page: Page, response: Response) -> str | None:
        """Return the first page of the story that *page* is a later part of, where the story is read from there."""
        first = page.first_part
        if first is None or page.article is None or self.stories.limit < 2 or not self._in_scope(first):
            return None
        found = response.meta.get("newscrawl_found") or {"how": "start"}
        if found["how"] == "start" and not response.meta.get("newscrawl_visit"):
            # Somebody wants this very page.
            return None
        replay = self.ledger.replay
        return first if replay is None or first in replay else None

    def _completed(self, article: Article, page: Page, response: Response, exchange: Exchange | None) -> Article:
        """Fill the fields that the crawl knows and the page does not."""
        meta = response.meta if response.request is not None else {}
        found = meta.get("newscrawl_found") or {"how": "start", "url": None, "asked": response.url}
        article.requested_url = found["asked"]
        article.found_on = FoundOn(how=found["how"], url=found["url"])
        article.depth = meta.get("depth", 0)
        article.http = Http(
            status=response.status,
            etag=_header(response, "ETag"),
            last_modified=_header(response, "Last-Modified"),
            encoding=page.encoding,
            encoding_source=page.encoding_source,
            truncated=exchange.truncated if exchange else None,
        )
        if exchange is not None:
            article.fetched_at = fetched_text(exchange.fetched_at) if exchange.fetched_at else None
            article.capture = exchange.ref
        return article

    def _followed(self, page: Page, response: Response, hops: int) -> Iterator[Request]:
        if page.refresh is not None and page.kind != "article":
            if hops < _MAX_REFRESHES and self._in_scope(page.refresh):
                yield self._request(
                    page.refresh, "refresh", on=response.url, priority=_PRIORITY["refresh"], hops=hops + 1
                )
            return
        at = self._replayed_at(response)
        followed = over = 0
        for link in page.links:
            how = self._how(page, link)
            if how is None:
                continue
            if followed >= self.max_links:
                over += self._in_scope(link.url)
                continue
            for request in self._asking(link.url, how, on=response.url, at=at):
                followed += 1
                yield request
        if over:
            self.ledger.state.links_over_cap += over
            self.crawler.stats.inc_value("newscrawl/links/over_cap", over)

    def _asking(self, url: str, how: FoundHow, *, on: str, at: str | None) -> Iterator[Request]:
        """Yield a request for *url*, unless it was asked already or leads elsewhere."""
        # A key is its own key: a link that is written as one needs no look at its host to be known.
        if url in self.asked or not self._in_scope(url):
            return
        key = url_key(url)
        if key not in self.asked:
            if len(self.asked) >= _MAX_ASKED and self.ledger.replay is None:
                # The frontier knows them all; this only spares it most of the questions.
                self.asked.clear()
            self.asked.add(key)
            request = self._request(url, how, on=on, priority=_PRIORITY[how])
            if at is not None:
                request.meta["newscrawl_at"] = at
            yield request

    def _replayed_at(self, response: Response) -> str | None:
        """In a replay, when *response* was captured: what is followed from it takes the capture nearest in time."""
        exchange = self.ledger.exchange(response.request) if self.ledger.replay is not None else None
        return exchange.fetched_at.isoformat() if exchange is not None and exchange.fetched_at is not None else None

    def _how(self, page: Page, link: PageLink) -> FoundHow | None:
        """Return why *link* is followed, or None: promoted, tag and keyword links never are."""
        if link.nofollow or link.role not in _HOW or self.follow == "none":
            return None
        if link.role == "related":
            return "related"
        if self.follow == "related":
            return None
        if link.role in ("next", "listing") and page.kind == "article":
            return None
        return _HOW[link.role]

    def _in_scope(self, url: str) -> bool:
        return site_of(url) in self.sites

    def failed(self, failure: Failure) -> None:
        """Count a request without an answer that can be read; a failed start URL changes the exit code."""
        request: Request = failure.request  # type: ignore[attr-defined]
        if self.ledger.frontier.returns(request.meta.get("newscrawl_lease")):
            return
        reason = reason_of(failure.value)
        refused = isinstance(failure.value, IgnoreRequest)
        self.ledger.frontier.note(
            request.meta.get("newscrawl_lease"), "refused" if refused else "failed", f"{reason}: {failure.value}"
        )
        state = self.ledger.state
        state.failed[reason] += 1
        self.crawler.stats.inc_value(f"newscrawl/failed/{reason}")
        state.site(site_of(request.url)).dropped[reason] += 1
        found = request.meta.get("newscrawl_found")
        if found is not None and found["how"] == "start":
            state.failed_starts.append((found["asked"], str(failure.value)[:200] or reason))
        self.logger.debug("%s: %s", request.url, failure.value)


def _header(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    text = value.decode("latin-1").strip() if value is not None else ""
    return text or None

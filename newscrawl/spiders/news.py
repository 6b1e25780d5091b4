"""The one spider: finds articles by feeds and links, follows them and their related articles, and reads them again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.settings import BaseSettings
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from newscrawl.archive.replay import ReplaySet
from newscrawl.discover import FeedDocument, read_feed
from newscrawl.exceptions import ConfigError
from newscrawl.extract import Page, extract_article, read_page
from newscrawl.items import GONE, Article
from newscrawl.ledger import FEW, Exchange, Ledger, ProfileCounts, ledger_of
from newscrawl.ledger.holding import has_store
from newscrawl.sites import Profiles
from newscrawl.spiders.arguments import ARGUMENTS, Plan, number_of
from newscrawl.spiders.following import Following
from newscrawl.spiders.guest import MetaRobots
from newscrawl.spiders.polling import DOCUMENTS, Polling
from newscrawl.spiders.stories import InterruptedStoryError, Stories, linked_parts, reason_of
from newscrawl.spiders.versions import Versions, found_of, header
from newscrawl.store.feeds import Feed
from newscrawl.urls import site_of

__all__ = ["ARGUMENTS", "NewsSpider"]

_KEPT_OUT = frozenset(("robots", "refused"))
_ARTICLES = frozenset(("related", "link"))
_LOOK_S = 30.0
"""While watching: seconds after which it is looked for what has fallen due, at the latest."""

_REPORT_S = 300.0
"""While watching: seconds between two reports."""


class _Sites:
    """The sites of a crawl, known once its store is open: Scrapy's offsite middleware stops redirects that leave them.

    Of the class, which Scrapy asks whether it is for a URL, there are none.
    """

    def __get__(self, spider: NewsSpider | None, owner: type[NewsSpider]) -> list[str]:
        return [] if spider is None else sorted(spider.following.sites)


class NewsSpider(Spider):
    """Reads pages with :func:`newscrawl.extract.read_page` and feeds with :func:`newscrawl.discover.read_feed`."""

    name = "news"
    allowed_domains = _Sites()

    def __init__(self, crawler: Crawler, plan: Plan, profiles: Profiles) -> None:
        super().__init__()
        settings = crawler.settings
        self.ledger_crawler = crawler
        self.plan = plan
        self.urls = [*plan.urls, *(url for homes in plan.homes.values() for url in homes)]
        """Where it begins, for those who ask whose hosts these are."""
        self.profiles = profiles
        self.meta_robots = MetaRobots(settings)
        self.stories = Stories(crawler, self._read_part, limit=settings.getint("NEWSCRAWL_MAX_PARTS"))
        self.watching = plan.watch
        """Whether the crawl stays when nothing is left to do."""

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Check the arguments. Raises :exc:`~newscrawl.exceptions.ConfigError` before the first request."""
        settings = crawler.settings
        profiles = Profiles(Path(settings["NEWSCRAWL_SITES_DIR"]))
        plan = Plan.parse(kwargs, profiles, now=datetime.now(UTC))
        for name, setting in (("limit", "CLOSESPIDER_ITEMCOUNT"), ("depth", "DEPTH_LIMIT")):
            if name in kwargs:
                settings.set(setting, number_of(name, kwargs[name]), priority="spider")
        replay = settings.getlist("NEWSCRAWL_REPLAY")
        if replay and (plan.watch or plan.homes or plan.mode != "new"):
            raise ConfigError("-a site, -a mode and -a watch ask a live site; a replay takes -a url or nothing")
        if not plan.sites and not replay and not _has_store(settings):
            raise ConfigError(
                "nothing to start at: give -a url=https://…, -a site=example.org or -a urls_file=…; "
                "-a help=1 lists all arguments"
            )
        spider = cls(crawler, plan, profiles)
        spider._set_crawler(crawler)
        return spider

    # --- what is there once the ledger is open

    @property
    def ledger(self) -> Ledger:
        """The ledger of this crawl."""
        return ledger_of(self.ledger_crawler)

    @cached_property
    def polling(self) -> Polling:
        """The feeds."""
        settings = self.ledger_crawler.settings
        return Polling(
            self.ledger,
            floor_s=settings.getfloat("NEWSCRAWL_FEED_MIN_S"),
            longest_s=settings.getfloat("NEWSCRAWL_FEED_MAX_S"),
        )

    @cached_property
    def versions(self) -> Versions:
        """The articles."""
        return Versions(self.ledger, rereads=self.ledger_crawler.settings.getbool("NEWSCRAWL_REREAD_ENABLED"))

    @cached_property
    def following(self) -> Following:
        """The requests."""
        following = Following(
            self.ledger,
            self.plan,
            self.polling,
            self.profiles,
            max_sections=self.ledger_crawler.settings.getint("NEWSCRAWL_MAX_SECTIONS"),
            max_links=self.ledger_crawler.settings.getint("NEWSCRAWL_MAX_LINKS"),
        )
        following.callback, following.errback = self.parse, self.failed
        replay = self.ledger.replay
        if not following.sites and replay is not None:
            following.sites = {site_of(capture.url) for capture in replay.starts()}
        elif not following.sites:
            # Asked for nothing in particular: whatever is due anywhere.
            following.sites = set(self.ledger.feeds.known_sites())
        return following

    # --- what is asked

    async def start(self) -> AsyncIterator[Request]:
        """Yield what this run begins with, and while watching what falls due."""
        replay = self.ledger.replay
        if replay is not None and not self.plan.urls:
            for request in self._visits(replay):
                yield request
            return
        for request in self._gathered(self._first_round()):
            yield request
        while self.watching:
            await asyncio.sleep(_LOOK_S)
            if self.ledger.frontier.stopping or self.ledger.failure is not None:
                return
            for request in self._gathered(self._next_round()):
                yield request

    def _gathered(self, requests: Iterator[Request]) -> Iterator[Request]:
        """Yield *requests* in such a way that the frontier leases many at a time."""
        last: Request | None = None
        with self.ledger.frontier.gathering():
            for request in requests:
                if last is not None:
                    yield last
                last = request
        # Scrapy asks for the next request after each of these, and then perhaps not for long: with the last one the
        # frontier leases whatever it has.
        if last is not None:
            yield last

    def _first_round(self) -> Iterator[Request]:
        following, urls = self.following, list(self.plan.urls)
        for site, homes in self.plan.homes.items():
            if not self.ledger.feeds.of_sites([site]):
                urls += homes
        if not urls and not following.sites:
            self.ledger.state.failed_starts.append(("(none)", "no feed is known yet; give -a url=… or -a site=…"))
        if self.plan.mode != "refresh":
            # The order given is the order visited.
            for rank, url in enumerate(urls):
                yield following.start(url, priority=len(urls) - rank)
            for profile in self.profiles.known() if self.plan.looks_around else ():
                # Those of other sites are not even counted as skipped.
                yield from following.named(filter(following.in_scope, profile.feeds), "feed", None)
        yield from self._due()

    def _next_round(self) -> Iterator[Request]:
        self.ledger.next_round()
        self.following.begin_round()
        yield from self._due()
        self.ledger.write_report(every_s=_REPORT_S)

    def _due(self) -> Iterator[Request]:
        """Yield what is due at the sites of the crawl."""
        if self.ledger.replay is not None or not self.plan.looks_around:
            return
        if self.plan.mode != "refresh":
            for feed in self.polling.due(self.following.sites, now=self.following.eager):
                yield from self.following.poll(feed)
        yield from self.following.rereads()

    def _visits(self, replay: ReplaySet) -> Iterator[Request]:
        """Yield a request for every article capture, in the order of capture, each with what its crawl knew of it."""
        captures = replay.starts()
        # All of them are visited: following a link to one of them would read it twice.
        self.following.asked.update(self.ledger.url_key(capture.url) for capture in captures)
        for rank, capture in enumerate(captures):
            request = self.following.start(capture.url, priority=len(captures) - rank)
            if capture.record_id is not None:
                request.meta["newscrawl_record"] = capture.record_id
            if capture.status in GONE:
                request.meta["handle_httpstatus_list"] = sorted(GONE)
            if capture.found is None:
                request.meta["newscrawl_visit"] = True
            else:
                how, url, asked, depth = capture.found
                request.meta.update(newscrawl_found={"how": how, "url": url, "asked": asked}, depth=depth)
            yield request

    # --- what is read

    async def parse(self, response: Response, *, hops: int = 0) -> AsyncIterator[Article | Request]:
        """Read an answer: yield its article if it is one, whole, and requests for what is followed from it."""
        feed = self._feed_of(response)
        if feed is not None and self.polling.unchanged(feed, response):
            return
        if response.status == 304:
            self.versions.unchanged(response)
        elif response.status in GONE:
            self.versions.missed(response)
            gone = self.versions.gone(response)
            if gone is not None:
                yield gone
        elif (document := self._document(feed, response)) is not None:
            for request in self._from_document(document, feed, response):
                yield request
        else:
            async for found in self._parse_page(response, feed, hops):
                yield found

    async def _parse_page(self, response: Response, feed: Feed | None, hops: int) -> AsyncIterator[Article | Request]:
        exchange = self.ledger.exchange(response.request)
        known = self._known_of(response, exchange)
        page = read_page(response.body, response.url, **known, heed_robots=self.meta_robots.obeys)
        page = self.meta_robots.heard(page, response)
        if page.kind == "article" and found_of(response)["how"] == "listing":
            # A section with a few teasers may look like a story.
            page = replace(page, kind="listing", reason="it was asked as a listing", article=None, first_part=None)
        self.ledger.state.count_page(page.kind, response.url)
        self.crawler.stats.inc_value(f"newscrawl/pages/{page.kind}")
        self._check_profile(page, response.url)
        first = self._first_part(page, response)
        if first is not None:
            self.ledger.state.dropped["part"] += 1
            self.following.asked |= linked_parts(first, page, self.ledger.url_key)
            for request in self.following.ask(first, "link", on=response.url, at=self.following.replayed_at(response)):
                yield request
        elif page.article is not None:
            try:
                article = await self._whole(page, page.article, response)
            except InterruptedStoryError:
                self.ledger.frontier.put_back(response.meta.get("newscrawl_lease"), "stopped")
                return
            self.versions.visited(response, article)
            if self._inside(article, response):
                yield self.versions.completed(article, page, response)
        links, fresh = self.following.article_links(page)
        named = 0
        for request in self.following.from_page(page, response, feed, hops=hops, fresh=fresh):
            named += request.meta["newscrawl_found"]["how"] in _ARTICLES
            yield request
        self.following.learn(response, page.article, named)
        self._note_listing(page, response, feed, links, fresh)

    async def _whole(self, page: Page, article: Article, response: Response) -> Article:
        """Return the article of *page* with its later parts. Raises :exc:`InterruptedStoryError`."""
        if page.next_part is not None:
            article, parts = await self.stories.whole(page, article, response)
            self.following.asked |= parts
        return article

    def _feed_of(self, response: Response) -> Feed | None:
        key = response.meta.get("newscrawl_feed")
        return self.ledger.feeds.get(key) if key is not None else None

    def _document(self, feed: Feed | None, response: Response) -> FeedDocument | None:
        """Return *response* as a feed, None when it is a page."""
        if (feed is None or feed.kind not in DOCUMENTS) and not _may_be_feed(response):
            return None
        headers = {
            name.decode("latin-1"): value[0].decode("latin-1") for name, value in response.headers.items() if value
        }
        return read_feed(response.body, response.url, content_type=header(response, "Content-Type"), headers=headers)

    def _from_document(self, document: FeedDocument, feed: Feed | None, response: Response) -> Iterator[Request]:
        self.ledger.state.pages["feed"] += 1
        self.crawler.stats.inc_value("newscrawl/pages/feed")
        fresh = yield from self.following.from_document(document, response)
        feed = feed or self.polling.adopted(response.url, document.kind, response.meta)
        if feed is not None:
            entries = len(document.entries) + len(document.feeds)
            dates = [entry.published or entry.modified or "" for entry in document.entries[:50]]
            self.polling.read(feed, response, kind=document.kind, entries=entries, new=fresh, dates=dates)

    def _note_listing(self, page: Page, response: Response, feed: Feed | None, links: int, fresh: int) -> None:
        """Keep what a page says as a feed: a start page becomes one unless it is an article."""
        if feed is not None and feed.kind in DOCUMENTS:
            self.polling.failed(feed.url_key, status=response.status, reason="it is no feed")
            return
        if feed is None and page.kind != "article":
            feed = self.polling.adopted(response.url, "home", response.meta)
        if feed is not None:
            self.polling.read(feed, response, kind=feed.kind, entries=links, new=fresh)

    def _inside(self, article: Article, response: Response) -> bool:
        """Return whether *article* lies inside the days that are asked for."""
        outside = self.plan.window.excludes(article.date_published)
        if outside is not None:
            self.ledger.state.skip(response.url, outside)
            self.ledger.frontier.note(response.meta.get("newscrawl_lease"), "refused", outside)
        return outside is None

    def _known_of(self, response: Response, exchange: Exchange | None) -> dict[str, Any]:
        """Return what is known of a page besides its bytes and its URL, for the reader."""
        return {
            "content_type": header(response, "Content-Type"),
            "fetched_at": exchange.fetched_at if exchange else None,
            "url_assigned": exchange.url_assigned if exchange else False,
            "profile": self.profiles.for_url(response.url),
        }

    def _read_part(self, response: Response) -> tuple[Page, Article | None]:
        """Read a later page of a story, which need not look like an article by itself."""
        known = self._known_of(response, self.ledger.exchange(response.request))
        page = read_page(response.body, response.url, **known, heed_robots=self.meta_robots.obeys)
        page = self.meta_robots.heard(page, response)
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
        if first is None or page.article is None or self.stories.limit < 2 or not self.following.in_scope(first):
            return None
        if found_of(response)["how"] == "start" and not response.meta.get("newscrawl_visit"):
            # Somebody wants this very page.
            return None
        replay = self.ledger.replay
        return first if replay is None or first in replay else None

    def refuses(self, request: Request) -> str | None:
        """Return why a request that was queued leads nowhere after all, or None."""
        found = request.meta.get("newscrawl_found")
        if found is None or found["how"] == "start" or self.ledger.replay is not None:
            return None
        asked_for = request.meta.get("newscrawl_feed") or request.meta.get("newscrawl_reread")
        return None if asked_for else self.following.traps.refuses(request.url)

    def failed(self, failure: Failure) -> None:
        """Count a request without an answer that can be read; a failed start URL changes the exit code."""
        request: Request = failure.request  # type: ignore[attr-defined]
        if self.ledger.frontier.returns(request.meta.get("newscrawl_lease")):
            return
        reason, feed = reason_of(failure.value), request.meta.get("newscrawl_feed")
        refused = isinstance(failure.value, IgnoreRequest)
        self.ledger.frontier.note(
            request.meta.get("newscrawl_lease"), "refused" if refused else "failed", f"{reason}: {failure.value}"
        )
        if reason.startswith("trap_"):
            self.ledger.state.skip(request.url, reason)
            return
        if feed is not None:
            status = failure.value.response.status if isinstance(failure.value, HttpError) else None
            known = self.polling.failed(feed, status=status, reason=reason)
            if known is not None and (known.kind == "guess" or (known.kind == "listing" and reason in _KEPT_OUT)):
                # Nobody said that there is something, or that it may be asked.
                return
        self.following.traps.learn(request.url, None, 0)
        state = self.ledger.state
        state.failed[reason] += 1
        self.crawler.stats.inc_value(f"newscrawl/failed/{reason}")
        state.site(site_of(request.url)).dropped[reason] += 1
        found = request.meta.get("newscrawl_found")
        if found is not None and found["how"] == "start":
            state.failed_starts.append((found["asked"], str(failure.value)[:200] or reason))
        self.logger.debug("%s: %s", request.url, failure.value)


def _has_store(settings: BaseSettings) -> bool:
    """Return whether there may be a store that knows feeds."""
    folder = Path(settings["NEWSCRAWL_OUTPUT_DIR"])
    return settings.getbool("NEWSCRAWL_OUTPUT_ENABLED") and has_store(folder, settings["NEWSCRAWL_STORE_URL"])


def _may_be_feed(response: Response) -> bool:
    """Return whether it is worth to look at *response* as a feed."""
    kind = (header(response, "Content-Type") or "").partition(";")[0].strip().lower()
    if kind == "text/html":
        return response.body[:200].lstrip(b"\xef\xbb\xbf \t\r\n")[:6].lower() in (
            b"<?xml ",
            b"<rss v",
            b"<feed ",
            b"<urlse",
            b"<sitem",
        )
    return kind.endswith(("xml", "json", "gzip", "x-gzip", "octet-stream", "plain")) or not kind

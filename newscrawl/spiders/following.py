"""Requests: which of the links and entries at hand are asked for, and in which order."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from scrapy import Request
from scrapy.http import Response

from newscrawl.dates import earliest_moment, url_date
from newscrawl.discover import FeedDocument, FeedEntry, TrapWatch, guesses, is_section, posts_url, without_session
from newscrawl.extract import FeedLink, Page, PageLink
from newscrawl.items import GONE, Article, FoundHow
from newscrawl.ledger import Ledger, fingerprint_of
from newscrawl.sites import Profiles
from newscrawl.spiders.arguments import Plan
from newscrawl.spiders.polling import Polling, conditions
from newscrawl.spiders.versions import found_of
from newscrawl.store.feeds import Feed
from newscrawl.store.frontier import DuePage, Known
from newscrawl.store.schema import chunks
from newscrawl.urls import host_of, site_of, without_dropped

_HOW: dict[str, FoundHow] = {"related": "related", "article": "link", "next": "listing", "listing": "listing"}
_RANK = {
    "start": 100,
    "refresh": 90,
    "feed": 60,
    "related": 50,
    "link": 20,
    "sitemap": 15,
    "guess": 12,
    "listing": 10,
    "reread": 5,
}
"""What is asked before what within a host."""
_SITEMAPS = frozenset(("sitemap", "sitemap_index", "news_sitemap"))
_UNDATED = 100
_MAX_REFRESHES = 3
_MAX_ASKED = 20_000


class Following:
    """Makes requests: each URL once in a round, within the sites of the crawl, none into a trap."""

    def __init__(
        self, ledger: Ledger, plan: Plan, polling: Polling, profiles: Profiles, *, max_sections: int, max_links: int
    ) -> None:
        """*max_sections*: section pages that a home page names and that are polled; *max_links* of one page."""
        self.ledger = ledger
        self.plan = plan
        self.polling = polling
        self.profiles = profiles
        self.max_sections = max_sections
        self.max_links = max_links
        self.callback: Callable[..., Any] | None = None
        self.errback: Callable[..., Any] | None = None
        self.sites: set[str] = set(plan.sites)
        self.traps = TrapWatch(this_year=datetime.fromtimestamp(ledger.clock(), UTC).year)
        self._texts: OrderedDict[int, None] = OrderedDict()
        # Most links of a page were seen on the page before; asking here spares a Request for each.
        self.asked: set[str] = set()
        self.reread_keys: set[str] = set()
        """``url_key`` of the known pages that are read again in this round; links to them do not count."""
        self.everything = plan.mode in ("refresh", "all")
        """Whether all known pages are read again, and the rest of each listing, due or not."""
        self.eager = bool(plan.urls) or plan.mode == "all"
        """Whether feeds are asked that are not due: somebody named start URLs, or wants all."""

    def begin_round(self) -> None:
        """Forget what was asked: in a new round it may be asked again, as it falls due."""
        self.asked.clear()
        self.reread_keys.clear()
        self.everything = self.eager = False

    def in_scope(self, url: str) -> bool:
        """Return whether *url* belongs to a site of the crawl."""
        return site_of(url) in self.sites

    def plain(self, url: str) -> str:
        """Return *url* as it is asked: without session ids, and what its site's profile says is never of importance."""
        url = without_session(url)
        if "?" not in url:
            return url
        profile = self.profiles.for_url(url)
        plain = url if profile is None else without_dropped(url, profile.parameters)
        # What was kept before the profile said so stands in a replay set under the URL of then.
        return plain if self.ledger.replay is None or plain in self.ledger.replay else url

    # --- one request each

    def start(self, url: str, *, priority: int = 0) -> Request:
        """Return the request for a start URL; a higher *priority* comes earlier."""
        key = self.ledger.url_key(url)
        self.asked.add(key)
        if self.ledger.replay is not None:
            return self._request(url, "start", priority=priority)
        feed = self.ledger.feeds.get(key)
        if feed is not None:
            return self._request(url, "start", priority=priority, feed=feed)
        known = self._known([url]).get(url)
        headers = conditions(known.etag, known.last_modified) if known is not None else {}
        return self._request(url, "start", priority=priority, headers=headers)

    def poll(self, feed: Feed) -> Iterator[Request]:
        """Yield the request for a feed, unless it was asked in this round."""
        if feed.url_key not in self.asked and self.in_scope(feed.url):
            self.asked.add(feed.url_key)
            how: FoundHow = "sitemap" if feed.kind in _SITEMAPS else "listing"
            rank: str = "feed" if feed.kind not in ("home", "listing", "guess", *_SITEMAPS) else how
            if feed.kind == "guess":
                # What is there comes before what may be.
                rank = "guess"
            yield self._request(feed.url, how, on=feed.found_on, rank=rank, feed=feed)

    def reread(
        self, url: str, added_at: float, known: DuePage | Known, *, stated: str | None = None
    ) -> Iterator[Request]:
        """Yield the conditional request for a page that is known, unless it is read again already."""
        key = self.ledger.url_key(url)
        if key in self.reread_keys:
            return
        self.reread_keys.add(key)
        headers = conditions(known.etag, known.last_modified)
        request = self._request(url, "link", rank="reread", headers=headers)
        request.meta.update(
            newscrawl_again=True,
            newscrawl_reread={"added_at": added_at, "etag": known.etag, "last_modified": known.last_modified},
            handle_httpstatus_list=[304, *sorted(GONE)],
        )
        if stated is not None:
            request.meta["newscrawl_stated"] = stated
        if isinstance(known, DuePage):
            # What a redirect led to within its key is not told by its key.
            request.meta["newscrawl_page"] = known.fingerprint.hex()
        yield request

    def rereads(self) -> Iterator[Request]:
        """Yield requests for the known pages of the sites that are due again, or for all where all are wanted."""
        before, last = math.inf if self.everything else self.ledger.clock(), None
        while pages := self.ledger.frontier.due_pages(before=before, after=last):
            last = pages[-1]
            for page in pages:
                if self.in_scope(page.url) and self._in_window(page):
                    yield from self.reread(page.url, page.added_at, page)

    def _in_window(self, page: DuePage) -> bool:
        if not self.plan.window:
            return True
        earlier = self.ledger.latest_at(page.url)
        return earlier is None or self.plan.window.excludes(earlier.date_published) is None

    def ask(
        self, url: str, how: FoundHow, *, on: str, at: str | None = None, again: bool = False, hops: int = 0
    ) -> Iterator[Request]:
        """Yield a request for *url*, unless it was asked already, leads elsewhere or into a trap."""
        # A key is its own key: a link that is written as one needs no look at its host to be known.
        if url in self.asked or not self.in_scope(url):
            return
        url = self.plain(url)
        key = self.ledger.url_key(url)
        if key in self.asked:
            return
        self._remember(key)
        if self.ledger.replay is None and (trap := self.traps.refuses(url)) is not None:
            self.ledger.state.skip(url, f"trap_{trap}")
            return
        request = self._request(url, how, on=on, rank="refresh" if hops else how, date=url_date(url))
        if hops:
            request.cb_kwargs["hops"] = hops
        if at is not None:
            request.meta["newscrawl_at"] = at
        if again:
            request.meta["newscrawl_again"] = True
        yield request

    def _request(
        self,
        url: str,
        how: FoundHow,
        *,
        on: str | None = None,
        rank: str | None = None,
        priority: int = 0,
        date: str | None = None,
        feed: Feed | None = None,
        headers: dict[str, str] | None = None,
    ) -> Request:
        meta: dict[str, Any] = {"newscrawl_found": {"how": how, "url": on, "asked": url}}
        if feed is not None:
            meta.update(newscrawl_feed=feed.url_key, newscrawl_kind="feed")
            headers = conditions(feed.etag, feed.last_modified)
        elif how == "start":
            # What somebody names is asked in every run.
            meta["newscrawl_kind"] = "feed"
        if headers:
            meta["handle_httpstatus_list"] = [304]
        fresh = _UNDATED if date is None else freshness(date, self.ledger.clock())
        return Request(
            url,
            callback=self.callback,
            errback=self.errback,
            headers=headers,
            priority=1000 * _RANK[rank or how] + fresh + priority,
            meta=meta,
        )

    def _remember(self, key: str) -> None:
        if len(self.asked) >= _MAX_ASKED and self.ledger.replay is None:
            # The frontier knows them all; this only spares it most of the questions.
            self.asked.clear()
        self.asked.add(key)

    # --- what a page gives

    def from_page(
        self, page: Page, response: Response, feed: Feed | None, *, hops: int, fresh: int
    ) -> Iterator[Request]:
        """Yield requests for what *page*, asked as *feed*, leads to; *fresh* as :meth:`article_links` counts."""
        on = response.url
        if page.refresh is not None and page.kind != "article":
            if hops < _MAX_REFRESHES:
                yield from self.ask(page.refresh, "refresh", on=on, hops=hops + 1)
            return
        at = self.replayed_at(response)
        # The rest of a listing is asked again as long as something new comes up.
        again = fresh > 0 or self.everything
        followed = 0
        for link in page.links:
            how = self._how(page, link)
            if how is None or link.role == "listing":
                continue
            if followed >= self.max_links:
                self.ledger.state.links_over_cap += self.in_scope(link.url)
                continue
            for request in self.ask(link.url, how, on=on, at=at, again=again and link.role == "next"):
                followed += 1
                yield request
        if page.kind != "article":
            yield from self._listings(page, response, feed)

    def article_links(self, page: Page) -> tuple[int, int]:
        """Return how many articles a listing links to, and how many of them were not known when this round began."""
        if page.kind == "article":
            return 0, 0
        urls = [link.url for link in page.links if link.role in ("related", "article") and self.in_scope(link.url)]
        known = self._known(urls)
        return len(urls), sum(self._is_fresh(known.get(url)) for url in urls)

    def _how(self, page: Page, link: PageLink) -> FoundHow | None:
        """Return why *link* is followed, or None: promoted and keyword links never are, those of tags when asked."""
        follow = self.plan.follow
        if link.nofollow or follow == "none":
            return None
        if link.role == "tag" and follow == "tags":
            return "listing"
        if link.role not in _HOW:
            return None
        if link.role == "related":
            return "related"
        if follow == "related":
            return None
        if link.role in ("next", "listing") and page.kind == "article":
            return None
        return _HOW[link.role]

    def _listings(self, page: Page, response: Response, feed: Feed | None) -> Iterator[Request]:
        """Yield requests for the listings and feeds that a page names."""
        if not self.plan.looks_around:
            return
        on = response.url
        listings = [link.url for link in page.links if link.role == "listing" and not link.nofollow]
        if found_of(response)["how"] == "start" or (feed is not None and feed.kind == "home"):
            listings += self._sections(page, response)
            # A page that asks not to be followed comes without links.
            yield from self.named(map(_feed_url, page.feeds if page.links else ()), "feed", on)
            yield from self.named((self.ledger.robots.sitemaps(on)), "sitemap", on)
            if self.ledger.replay is None and not self.polling.has_documents(host_of(on), site_of(on)):
                yield from self.named(guesses(on), "guess", on)
        yield from self.named(listings, "listing", on)

    def _sections(self, page: Page, response: Response) -> list[str]:
        found = [
            link.url
            for link in page.links
            if link.role == "other" and not link.nofollow and is_section(link.url) and self.in_scope(link.url)
        ]
        for url in found[self.max_sections :]:
            self.ledger.state.skip(url, "sections_limit")
        return found[: self.max_sections]

    def named(self, urls: Iterable[str], kind: str, on: str | None, *, now: bool | None = None) -> Iterator[Request]:
        """Yield requests for feeds that *on* names, or a profile: those that are new, due, or wanted *now*."""
        wanted = []
        for url in urls:
            if self.ledger.replay is not None and url not in self.ledger.replay:
                continue
            if not self.in_scope(url):
                self.ledger.state.skip(url, "feed_of_another_site")
            elif self.ledger.url_key(url) not in self.asked:
                wanted.append(url)
        for feed in self.polling.named(wanted, kind, on, now=self.eager if now is None else now):
            yield from self.poll(feed)

    # --- what a feed gives

    def from_document(self, document: FeedDocument, response: Response) -> Generator[Request, None, int]:
        """Yield requests for the articles and feeds that *document* names and that are new or have changed.

        Returns how many articles it names that no earlier round knew.
        """
        how: FoundHow = "sitemap" if document.kind in _SITEMAPS else "feed"
        fresh = 0
        for entries in chunks(document.entries):
            inside = [entry for entry in entries if self._wanted(entry)]
            known = self._known([entry.url for entry in inside])
            for entry in inside:
                found = known.get(entry.url)
                fresh += self._is_fresh(found)
                if found is None:
                    for request in self.ask(entry.url, how, on=response.url):
                        yield self._dated(request, entry)
                elif changed_since(entry.modified, found):
                    yield from self.reread(self.plain(entry.url), found.added_at, found, stated=entry.modified)
        if how == "sitemap":
            self.traps.learn_sitemap(response.url, len(document.entries))
        yield from self._nested(document, response)
        if document.next_page is not None and fresh:
            yield from self.ask(document.next_page, how, on=response.url, again=True)
        return fresh

    def _wanted(self, entry: FeedEntry) -> bool:
        if not self.in_scope(entry.url):
            self.ledger.state.skip(entry.url, "other_site")
            return False
        outside = self.plan.window.excludes(entry.published)
        if outside is None and self.plan.window.excludes(entry.modified) == "before_since":
            # It was not even changed since.
            outside = "before_since"
        if outside is not None:
            self.ledger.state.skip(entry.url, outside)
        return outside is None

    def _dated(self, request: Request, entry: FeedEntry) -> Request:
        meta = request.meta | ({"newscrawl_stated": entry.modified} if entry.modified else {})
        date = entry.published or entry.modified
        if date is None:
            return request.replace(meta=meta)
        rank = request.priority - request.priority % 1000
        return request.replace(meta=meta, priority=rank + freshness(date, self.ledger.clock()))

    def _nested(self, document: FeedDocument, response: Response) -> Iterator[Request]:
        """Yield requests for the sitemaps that an index names, the newest first."""
        depth = response.meta.get("newscrawl_nested", 0) + 1
        wanted = [feed for feed in document.feeds if self._wanted(feed)]
        wanted.sort(key=lambda feed: feed.modified or feed.published or "", reverse=True)
        known = self.ledger.feeds.known(self.ledger.url_key(feed.url) for feed in wanted)
        for feed in wanted:
            before = known.get(self.ledger.url_key(feed.url))
            moment = earliest_moment(feed.modified) if feed.modified else None
            changed = before is not None and moment is not None and moment.timestamp() > (before.asked_at or 0.0)
            if (trap := self.traps.refuses_sitemap(feed.url, depth)) is not None:
                self.ledger.state.skip(feed.url, f"trap_{trap}")
                continue
            for request in self.named([feed.url], "sitemap", response.url, now=self.eager or changed):
                request.meta["newscrawl_nested"] = depth
                yield request

    # --- what was found

    def learn(self, response: Response, article: Article | None, named: int) -> None:
        """Tell the watch for traps what a page was, and how many articles it *named* that nothing had named before.

        A page that is read again says nothing of where new ones lead, and a replay has no traps.
        """
        if self.ledger.replay is not None or response.meta.get("newscrawl_reread"):
            return
        if article is None:
            text, new = None, named
        else:
            text = hash(article.article_body)
            new = int(text not in self._texts)
            self._texts[text] = None
            if len(self._texts) > _MAX_ASKED:
                self._texts.popitem(last=False)
        digest = str(text if text is not None else hash(response.body))
        self.traps.learn(response.url, digest, new)

    # --- what is known

    def _known(self, urls: Sequence[str]) -> dict[str, Known]:
        prints = {url: fingerprint_of(self.ledger.url_key(self.plain(url))) for url in urls}
        known = self.ledger.frontier.known(set(prints.values()))
        return {url: known[key] for url, key in prints.items() if key in known}

    def _is_fresh(self, known: Known | None) -> bool:
        """Return whether a URL was not known when this round began."""
        return known is None or known.added_at >= self.ledger.round_began

    def replayed_at(self, response: Response) -> str | None:
        """In a replay, when *response* was captured: what is followed from it takes the capture nearest in time."""
        exchange = self.ledger.exchange(response.request) if self.ledger.replay is not None else None
        return exchange.fetched_at.isoformat() if exchange is not None and exchange.fetched_at is not None else None


def _feed_url(link: FeedLink) -> str:
    return posts_url(link.url) if link.type == "wordpress" else link.url


def changed_since(modified: str | None, known: Known) -> bool:
    """Return whether a feed's *modified* says that a page has changed since it was read."""
    if modified is None or modified == known.stated_change or known.settled_at is None:
        return False
    if known.state not in ("done", "redirected"):
        return False
    moment = earliest_moment(modified)
    if moment is None:
        return False
    if moment.timestamp() > known.settled_at:
        return True
    before = earliest_moment(known.stated_change) if known.stated_change else None
    return before is not None and moment > before


def freshness(date: str, now: float) -> int:
    """Return 0 to 999, the higher the newer the ISO *date*: today's are told apart by the hour, old ones hardly.

    >>> freshness("2023-03-21T00:00Z", 1679356800.0), freshness("2023-03-20T00:00Z", 1679356800.0)
    (999, 499)
    """
    moment = earliest_moment(date)
    if moment is None:
        return _UNDATED
    age_days = max((datetime.fromtimestamp(now, moment.tzinfo) - moment).total_seconds() / 86_400, 0.0)
    return int(999 / (1 + age_days))

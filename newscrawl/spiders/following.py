"""What is followed: which of the links of a page and the entries of a feed are asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Generator, Iterable, Iterator

from scrapy import Request
from scrapy.http import Response

from newscrawl.dates import earliest_moment
from newscrawl.discover import FeedDocument, FeedEntry, guesses, is_section, posts_url
from newscrawl.extract import FeedLink, Page, PageLink
from newscrawl.items import Article, FoundHow
from newscrawl.ledger import Ledger
from newscrawl.sites import Profiles
from newscrawl.spiders.arguments import Plan
from newscrawl.spiders.asking import MAX_ASKED, SITEMAPS, Asking, freshness
from newscrawl.spiders.polling import Polling
from newscrawl.spiders.versions import found_of
from newscrawl.store.feeds import Feed
from newscrawl.store.frontier import Known
from newscrawl.store.schema import chunks
from newscrawl.urls import host_of, site_of

_HOW: dict[str, FoundHow] = {"related": "related", "article": "link", "next": "listing", "listing": "listing"}
_MAX_REFRESHES = 3


class Following(Asking):
    """Asks for what pages and feeds lead to."""

    def __init__(
        self, ledger: Ledger, plan: Plan, polling: Polling, profiles: Profiles, *, max_sections: int, max_links: int
    ) -> None:
        """*max_sections*: section pages that a home page names and that are polled; *max_links* of one page."""
        super().__init__(ledger, plan, profiles)
        self.polling = polling
        self.max_sections = max_sections
        self.max_links = max_links
        self._texts: OrderedDict[int, None] = OrderedDict()

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
        known = self.known(urls)
        return len(urls), sum(self.is_fresh(known.get(url)) for url in urls)

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
        how: FoundHow = "sitemap" if document.kind in SITEMAPS else "feed"
        fresh = 0
        for entries in chunks(document.entries):
            inside = [entry for entry in entries if self._wanted(entry)]
            known = self.known([entry.url for entry in inside])
            for entry in inside:
                found = known.get(entry.url)
                fresh += self.is_fresh(found)
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
            if len(self._texts) > MAX_ASKED:
                self._texts.popitem(last=False)
        digest = str(text if text is not None else hash(response.body))
        self.traps.learn(response.url, digest, new)

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

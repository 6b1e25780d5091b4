"""Requests, one for each URL that is asked: by which headers, with which rank, and which are not asked at all."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from scrapy import Request

from newscrawl.dates import earliest_moment, url_date
from newscrawl.discover import TrapWatch, without_session
from newscrawl.items import GONE, FoundHow
from newscrawl.ledger import Ledger, fingerprint_of
from newscrawl.sites import Profiles
from newscrawl.spiders.arguments import Plan
from newscrawl.spiders.polling import conditions
from newscrawl.store.feeds import Feed
from newscrawl.store.frontier import DuePage, Known
from newscrawl.urls import site_of, without_dropped

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
SITEMAPS = frozenset(("sitemap", "sitemap_index", "news_sitemap"))
MAX_ASKED = 20_000
_UNDATED = 100


class Asking:
    """Makes requests: each URL once in a round, within the sites of the crawl, none into a trap."""

    def __init__(self, ledger: Ledger, plan: Plan, profiles: Profiles) -> None:
        self.ledger = ledger
        self.plan = plan
        self.profiles = profiles
        self.callback: Callable[..., Any] | None = None
        self.errback: Callable[..., Any] | None = None
        self.sites: set[str] = set(plan.sites)
        self.traps = TrapWatch(this_year=datetime.fromtimestamp(ledger.clock(), UTC).year)
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

    def start(self, url: str, *, priority: int = 0) -> Request:
        """Return the request for a start URL; a higher *priority* comes earlier."""
        key = self.ledger.url_key(url)
        self.asked.add(key)
        if self.ledger.replay is not None:
            return self._request(url, "start", priority=priority)
        feed = self.ledger.feeds.get(key)
        if feed is not None:
            return self._request(url, "start", priority=priority, feed=feed)
        known = self.known([url]).get(url)
        headers = conditions(known.etag, known.last_modified) if known is not None else {}
        return self._request(url, "start", priority=priority, headers=headers)

    def poll(self, feed: Feed) -> Iterator[Request]:
        """Yield the request for a feed, unless it was asked in this round."""
        if feed.url_key not in self.asked and self.in_scope(feed.url):
            self.asked.add(feed.url_key)
            how: FoundHow = "sitemap" if feed.kind in SITEMAPS else "listing"
            rank: str = "feed" if feed.kind not in ("home", "listing", "guess", *SITEMAPS) else how
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
        if len(self.asked) >= MAX_ASKED and self.ledger.replay is None:
            # The frontier knows them all; this only spares it most of the questions.
            self.asked.clear()
        self.asked.add(key)

    # --- what is known

    def known(self, urls: Sequence[str]) -> dict[str, Known]:
        """Return what the frontier knows of each of *urls* that it knows."""
        prints = {url: fingerprint_of(self.ledger.url_key(self.plain(url))) for url in urls}
        known = self.ledger.frontier.known(set(prints.values()))
        return {url: known[key] for url, key in prints.items() if key in known}

    def is_fresh(self, known: Known | None) -> bool:
        """Return whether a URL was not known when this round began."""
        return known is None or known.added_at >= self.ledger.round_began


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

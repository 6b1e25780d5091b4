"""Feeds as the spider sees them: which are asked now, what an answer says, when each is asked next."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from scrapy.http import Response

from newscrawl.discover import TOMBSTONE_S, after_failure, first_interval, is_silent, next_interval
from newscrawl.items import GONE
from newscrawl.ledger import FeedOutcome, Ledger
from newscrawl.store.feeds import LONGEST_KEY, Feed, FeedState
from newscrawl.urls import host_of, site_of

Conditions = dict[str, str]
"""Headers that let a server answer 304."""

DOCUMENTS = frozenset(
    ("rss", "atom", "rdf", "json_feed", "sitemap", "sitemap_index", "news_sitemap", "wordpress", "feed", "guess")
)
"""Kinds of feeds that are made for programs. Until it was read, one is a ``feed``, or a ``guess`` that nobody named."""

_HOME_S = 3600.0


class Polling:
    """Keeps the state of feeds; each change of it is written with the next commit."""

    def __init__(self, ledger: Ledger, *, floor_s: float, longest_s: float) -> None:
        """*floor_s* and *longest_s*: the least and the greatest number of seconds between two polls."""
        self.ledger = ledger
        self.floor_s = floor_s
        self.longest_s = longest_s

    # --- what is asked

    def due(self, sites: Collection[str], *, now: bool) -> Iterator[Feed]:
        """Return the feeds of *sites* that are due; all that live when they are wanted *now*."""
        return (feed for feed in self.ledger.feeds.of_sites(sites) if self._is_due(feed, now=now))

    def named(self, urls: Iterable[str], kind: str, on: str | None, *, now: bool) -> list[Feed]:
        """Return what is to be asked of the feeds that *on* names: new ones, and known ones that are due."""
        wanted = {key: url for url in urls if len(key := self.ledger.url_key(url)) <= LONGEST_KEY}
        known = self.ledger.feeds.known(wanted)
        asked: list[Feed] = []
        for key, url in wanted.items():
            feed = known.get(key)
            if feed is None:
                feed = self._new(url, kind, on)
                self.ledger.feeds.put(feed)
            elif not self._is_due(feed, now=now):
                continue
            asked.append(feed)
        return asked

    def _is_due(self, feed: Feed, *, now: bool) -> bool:
        """Return whether *feed* is asked; when it is not, that is counted."""
        if feed.next_due <= self.ledger.clock() or (now and feed.state == "live"):
            return True
        self._count(feed, "dead" if feed.state == "dead" else "not_due")
        return False

    def has_documents(self, host: str, site: str) -> bool:
        """Return whether *host* has a feed that is made for programs."""
        return any(
            feed.kind in DOCUMENTS and feed.kind != "guess" and feed.state == "live" and feed.host == host
            for feed in self.ledger.feeds.of_sites([site])
        )

    def adopted(self, url: str, kind: str, meta: dict[str, Any]) -> Feed | None:
        """Return a start URL as the feed that it turned out to be; None for what was found on the way."""
        found = meta.get("newscrawl_found")
        if found is None or found["how"] != "start" or meta.get("newscrawl_visit"):
            return None
        if len(self.ledger.url_key(url)) > LONGEST_KEY:
            return None
        asked = found["asked"]
        return self.ledger.feeds.get(self.ledger.url_key(asked)) or self._new(asked, kind, None)

    def _new(self, url: str, kind: str, on: str | None) -> Feed:
        now = self.ledger.clock()
        return Feed(
            url_key=self.ledger.url_key(url),
            url=url,
            host=host_of(url),
            site=site_of(url),
            kind=kind,
            found_on=on,
            interval_s=self._first_interval((), kind),
            next_due=now,
            added_at=now,
        )

    def _first_interval(self, dates: Sequence[str], kind: str) -> float:
        found_s = first_interval(dates, kind, self.ledger.clock(), floor_s=self.floor_s)
        # A home page says of no date how often it changes, and there is hardly one that does not by the hour.
        return max(min(found_s, _HOME_S), self.floor_s) if kind == "home" else found_s

    # --- what an answer says

    def unchanged(self, feed: Feed, response: Response) -> bool:
        """Return whether *response* is what it was the last time; then that is noted."""
        digest = _digest(response)
        if response.status != 304 and (digest != feed.digest or feed.asked_at is None):
            return False
        self._count(feed, "not_modified", status=response.status)
        self._put(feed, response, new=0)
        return True

    def read(
        self, feed: Feed, response: Response, *, kind: str, entries: int, new: int, dates: Sequence[str] = ()
    ) -> None:
        """Note an answer with other text than the last one: *entries* articles, *new* of them not known before."""
        now = self.ledger.clock()
        if feed.polls == 0:
            feed = replace(feed, interval_s=self._first_interval(dates, kind))
        self._count(replace(feed, kind=kind), "new" if new else "unchanged", status=response.status)
        counts = self.ledger.state.feed(feed.url, kind=kind)
        counts.entries, counts.new = entries, counts.new + new
        self._put(
            replace(
                feed,
                kind=kind,
                changed_at=now,
                new_at=now if new else feed.new_at,
                entries=entries,
                new_articles=feed.new_articles + new,
                digest=_digest(response),
            ),
            response,
            new=new,
        )

    def failed(self, key: str, *, status: int | None, reason: str) -> Feed | None:
        """Note that a feed could not be read, and return it as it was."""
        feed = self.ledger.feeds.get(key)
        if feed is None:
            return None
        now = self.ledger.clock()
        failures = feed.failures + 1
        found, wait_s = after_failure(failures, "gone" if status in GONE else "transient")
        if feed.kind == "guess" or (feed.kind == "listing" and not feed.entries):
            # Nobody said that there is a feed.
            found, wait_s = "dead", TOMBSTONE_S
        state: FeedState = "dead" if found == "dead" else "live"
        self._count(feed, "failed", status=status, reason=reason)
        self.ledger.feeds.put(
            replace(
                feed,
                state=state,
                asked_at=now,
                next_due=now + max(wait_s, self.floor_s),
                status=status,
                reason=reason[:500],
                failures=failures,
                polls=feed.polls + 1,
            )
        )
        return feed

    def _put(self, feed: Feed, response: Response, *, new: int) -> None:
        now = self.ledger.clock()
        interval_s = feed.interval_s
        if feed.polls:
            interval_s = next_interval(interval_s, new=new, floor_s=self.floor_s, longest_s=self.longest_s)
            if new:
                # Half a day of steps towards the floor would miss what a busy hour brings: one new article a poll.
                pace_s = (now - (feed.asked_at or feed.added_at)) / new
                interval_s = max(min(interval_s, pace_s), self.floor_s)
        silent = is_silent(now, new_at=feed.new_at, added_at=feed.added_at)
        etag, last_modified = (feed.etag, feed.last_modified) if response.status == 304 else validators(response)
        self.ledger.feeds.put(
            replace(
                feed,
                state="dead" if silent else "live",
                interval_s=interval_s,
                next_due=now + (TOMBSTONE_S if silent else interval_s),
                asked_at=now,
                status=response.status,
                reason=None,
                failures=0,
                polls=feed.polls + 1,
                etag=etag,
                last_modified=last_modified,
            )
        )

    def _count(self, feed: Feed, outcome: FeedOutcome, *, status: int | None = None, reason: str | None = None) -> None:
        counts = self.ledger.state.feed(feed.url, kind=feed.kind)
        if outcome in ("not_due", "dead") and counts.outcome != "not_due":
            return
        counts.outcome, counts.status, counts.reason = outcome, status, reason


def conditions(etag: str | None, last_modified: str | None) -> Conditions:
    """Return the headers of a conditional request."""
    found = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    return {name: value for name, value in found.items() if value}


def validators(response: Response) -> tuple[str | None, str | None]:
    """Return ``ETag`` and ``Last-Modified`` of *response*, None for one that it has not or that is no header's text."""
    return _validator(response, "ETag"), _validator(response, "Last-Modified")


def _validator(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    text = value.decode("latin-1").strip() if value is not None else ""
    # It is sent back: nothing that is no visible ASCII, nor a kilobyte of it.
    return text if text and len(text) <= 500 and text.isascii() and text.isprintable() else None


def _digest(response: Response) -> str:
    return hashlib.sha256(response.body).hexdigest()

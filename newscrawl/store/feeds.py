"""Feeds: what lists articles and is asked again and again, with what the last answer said."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import Connection, Row, Select, bindparam, func, select

from newscrawl.store.schema import chunks, feeds, upsert_into

FeedState = Literal["live", "dead"]

LONGEST_KEY = 2_000
"""Characters of the longest ``url_key`` that is kept: PostgreSQL refuses a longer one as a key."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Feed:
    """One feed: RSS, Atom, sitemap, a posts API, or a page that lists articles."""

    url_key: str
    url: str
    host: str
    site: str
    """Registrable domain."""
    kind: str
    """``home``, ``listing``, or the kind of :class:`~newscrawl.discover.FeedDocument`; ``guess`` until it answers."""
    found_on: str | None = None
    """The page or document that named it; None for what was given."""
    state: FeedState = "live"
    """``dead`` when it is gone or long silent: it is still asked, at very long intervals."""
    interval_s: float
    """Seconds from one poll to the next."""
    next_due: float
    added_at: float
    asked_at: float | None = None
    """When it last answered, in whatever way."""
    changed_at: float | None = None
    """When its text was last another than the time before."""
    new_at: float | None = None
    """When it last named an article that was not known."""
    etag: str | None = None
    last_modified: str | None = None
    digest: str | None = None
    """SHA-256 of the last body, for servers that never answer 304."""
    status: int | None = None
    reason: str | None = None
    """Why the last poll failed; None when it did not."""
    failures: int = 0
    """Polls that failed, in a row."""
    polls: int = 0
    entries: int = 0
    """Articles that the last body named."""
    new_articles: int = 0
    """Articles first seen through it, of all polls."""


def put(c: Connection, changed: Sequence[Feed]) -> None:
    """Write feeds, each in the place of its earlier state."""
    if changed:
        statement = upsert_into(c.dialect.name, feeds)
        for chunk in chunks(sorted(changed, key=lambda feed: feed.url_key)):
            c.execute(statement, [{name: getattr(feed, name) for name in _NAMES} for feed in chunk])


def get(c: Connection, url_keys: Iterable[str]) -> dict[str, Feed]:
    """Return the feeds that are known, by key."""
    wanted = sorted(set(url_keys))
    return {row.url_key: _feed(row) for chunk in chunks(wanted) for row in c.execute(_BY_KEYS, {"b_keys": chunk})}


def of_sites(c: Connection, sites: Collection[str]) -> list[Feed]:
    """Return all feeds of *sites*, the one due first first."""
    rows = [row for chunk in chunks(sorted(set(sites))) for row in c.execute(_OF_SITES, {"b_sites": chunk})]
    return sorted(map(_feed, rows), key=lambda feed: (feed.next_due, feed.url_key))


def all(c: Connection) -> list[Feed]:
    """Return all feeds, the one due first first."""
    return [_feed(row) for row in c.execute(_ALL)]


def known_sites(c: Connection) -> list[str]:
    """Return the sites that have a feed, by name."""
    return list(c.scalars(_SITES))


def next_due(c: Connection, sites: Collection[str]) -> float | None:
    """Return when the first feed of *sites* is due; None when they have none."""
    return c.execute(_NEXT_DUE, {"b_sites": list(sites)}).scalar()


def delete(c: Connection, url_keys: Iterable[str]) -> int:
    """Forget feeds; return how many there were."""
    keys = sorted(set(url_keys))
    return sum(c.execute(sa.delete(feeds).where(feeds.c.url_key.in_(chunk))).rowcount for chunk in chunks(keys))


def delete_of_host(c: Connection, host: str) -> int:
    """Forget the feeds of *host*; return how many there were."""
    return c.execute(sa.delete(feeds).where(feeds.c.host == host)).rowcount


def _feed(row: Row[*tuple[Any, ...]]) -> Feed:
    return Feed(**row._mapping)


_NAMES = tuple(feeds.columns.keys())
_WHOLE: Select[*tuple[Any, ...]] = select(feeds)
_ALL = _WHOLE.order_by(feeds.c.next_due, feeds.c.url_key)
_BY_KEYS = _WHOLE.where(feeds.c.url_key.in_(bindparam("b_keys", expanding=True)))
_OF_SITES = _WHOLE.where(feeds.c.site.in_(bindparam("b_sites", expanding=True)))
_SITES = select(feeds.c.site).distinct().order_by(feeds.c.site)
_NEXT_DUE = select(func.min(feeds.c.next_due)).where(feeds.c.site.in_(bindparam("b_sites", expanding=True)))

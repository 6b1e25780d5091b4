"""The crawl's side of the feeds: what is known of each, and what the store does not know yet.

What a poll has changed is written with the commit, after the URLs it brought: a validator that outlived them would have
the server say "not modified" to somebody who never saw them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from sqlalchemy import Connection

from newscrawl.store import Store, feeds
from newscrawl.store.feeds import Feed


class Feeds:
    """Feeds of this crawl. Looking up raises :exc:`StorageError`."""

    def __init__(self, store: Store, *, clock: Callable[[], float]) -> None:
        self.store = store
        self.clock = clock
        self.changed: dict[str, Feed] = {}
        """Feeds that the store does not have, or not as they are now, by ``url_key``."""

    def get(self, url_key: str) -> Feed | None:
        """Return one feed."""
        return self.known([url_key]).get(url_key)

    def known(self, url_keys: Iterable[str]) -> dict[str, Feed]:
        """Return the feeds that are known, by key."""
        keys = set(url_keys)
        with self.store.reading() as connection:
            found = feeds.get(connection, keys - self.changed.keys())
        return found | {key: feed for key, feed in self.changed.items() if key in keys}

    def of_sites(self, sites: Collection[str]) -> list[Feed]:
        """Return all feeds of *sites*, the one due first first."""
        with self.store.reading() as connection:
            found = {feed.url_key: feed for feed in feeds.of_sites(connection, sites)}
        found.update({key: feed for key, feed in self.changed.items() if feed.site in sites})
        return sorted(found.values(), key=lambda feed: (feed.next_due, feed.url_key))

    def known_sites(self) -> list[str]:
        """Return the sites that have a feed, by name."""
        with self.store.reading() as connection:
            found = set(feeds.known_sites(connection))
        return sorted(found | {feed.site for feed in self.changed.values()})

    def put(self, feed: Feed) -> None:
        """Take *feed* as it is now; the next commit writes it."""
        self.changed[feed.url_key] = feed

    @property
    def pending(self) -> bool:
        """Whether there is something that the store has not learned."""
        return bool(self.changed)

    def write(self, connection: Connection) -> None:
        """Tell the store."""
        feeds.put(connection, list(self.changed.values()))

    def acknowledge(self) -> None:
        """Forget what the store has learned."""
        self.changed = {}

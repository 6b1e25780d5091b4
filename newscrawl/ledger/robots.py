"""What robots.txt said: rules at hand, the store behind them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from newscrawl.robots import TOKEN, Robots, origin_of
from newscrawl.store import Store
from newscrawl.store import robots as rows
from newscrawl.store.robots import StoredRobots

_AT_HAND = 1_000


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What an origin asks of us, as far as is known."""

    row: StoredRobots
    rules: Robots | None
    """None when nothing of the origin may be asked before the row expires."""


class RobotsCache:
    """The robots.txt of each origin, asked for once."""

    def __init__(self, store: Callable[[], Store], *, token: str = TOKEN) -> None:
        self.token = token
        """Who asks."""
        self.new: dict[str, StoredRobots] = {}
        """Read, and not written yet."""
        self._store = store
        self._at_hand: OrderedDict[str, Standing] = OrderedDict()

    def find(self, origin: str) -> Standing | None:
        """Return what is known of *origin*, expired or not. Raises :exc:`StorageError`."""
        standing = self._at_hand.get(origin)
        if standing is not None:
            self._at_hand.move_to_end(origin)
            return standing
        row = self.new.get(origin)
        if row is None:
            with self._store().reading() as connection:
                row = rows.find(connection, origin)
        return self._take(row) if row is not None else None

    def put(self, row: StoredRobots) -> Standing:
        """Keep what was read."""
        self.new[row.origin] = row
        return self._take(row)

    def sitemaps(self, url: str) -> list[str]:
        """Return the sitemaps that the robots.txt of the origin of *url* names; empty before it was read."""
        origin = origin_of(url)
        standing = self.find(origin) if origin is not None else None
        return list(standing.rules.sitemaps) if standing is not None and standing.rules is not None else []

    def _take(self, row: StoredRobots) -> Standing:
        url = f"{row.origin}/robots.txt"
        rules = Robots.parse(row.body, url=url, token=self.token) if row.body is not None else None
        standing = self._at_hand[row.origin] = Standing(row=row, rules=rules)
        if len(self._at_hand) > _AT_HAND:
            self._at_hand.popitem(last=False)
        return standing

    def write(self, connection: Any) -> None:
        """Write what was read."""
        rows.put(connection, list(self.new.values()))

    def written(self) -> None:
        """Forget what was written: the transaction has succeeded."""
        self.new.clear()

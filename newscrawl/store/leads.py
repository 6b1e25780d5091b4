"""Which texts keys lead to, in memory: those that no store has yet."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Generic, TypeVar

Who = TypeVar("Who", bound=Hashable)


class Leads(Generic[Who]):
    """Which texts a few thousand keys lead to."""

    def __init__(self) -> None:
        self._one: dict[Hashable, Who] = {}
        # Most keys lead to one text only.
        self._more: dict[Hashable, list[Who]] = {}

    def add(self, keys: Sequence[Hashable], who: Who) -> None:
        """Let *keys* lead to *who*, too."""
        new = dict.fromkeys(keys, who)
        # Views of dictionaries are compared without a loop of ours.
        for key in self._one.keys() & new.keys():
            if new.pop(key) != self._one[key]:
                self._more.setdefault(key, []).append(who)
        self._one.update(new)

    def remove(self, keys: Iterable[Hashable], who: Who) -> None:
        """Take back :meth:`add`."""
        for key in keys:
            more = self._more.get(key, [])
            if who in more:
                more.remove(who)
            elif self._one.get(key) == who:
                if more:
                    self._one[key] = more.pop(0)
                else:
                    del self._one[key]
            if not more:
                self._more.pop(key, None)

    def clear(self) -> None:
        """Take back every :meth:`add`."""
        self._one.clear()
        self._more.clear()

    def find(self, keys: Sequence[Hashable]) -> list[tuple[int, Who]]:
        """Return the places of *keys* that lead anywhere, each with every text that it leads to."""
        known = self._one.keys() & keys
        if not known:
            return []
        led = [(place, key) for place, key in enumerate(keys) if key in known]
        return [(place, who) for place, key in led for who in (self._one[key], *self._more.get(key, ()))]

"""The days a crawl asks for: ``-a since`` and ``-a until``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, Self

from newscrawl.dates import earliest_moment
from newscrawl.exceptions import ConfigError

Outside = Literal["before_since", "after_until"]

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGO = re.compile(r"([0-9]{1,6})([mhdw])")
# How much later than its first moment a value can mean: the rest of its day, month or year, and the last zone on earth.
_REST = {4: timedelta(days=366), 7: timedelta(days=31), 10: timedelta(days=1)}
_ZONES = timedelta(hours=26)


@dataclass(frozen=True, kw_only=True)
class Window:
    """From when to when articles are wanted; both ends included."""

    since: datetime | None = None
    until: datetime | None = None

    @classmethod
    def parse(cls, since: str | None, until: str | None, *, now: datetime) -> Self:
        """Return the window of two arguments: an ISO date or time, or how long ago (``36h``, ``7d``).

        A day stands for all of it, in UTC. Raises :exc:`ConfigError`.
        """
        window = cls(since=_moment("since", since, now, late=False), until=_moment("until", until, now, late=True))
        if window.since is not None and window.until is not None and window.since > window.until:
            raise ConfigError(f"-a since={since} -a until={until}: the window ends before it begins")
        return window

    def excludes(self, value: str | None) -> Outside | None:
        """Return on which side of the window the ISO date *value* lies for certain; None inside, or without a date."""
        start = earliest_moment(value) if value else None
        if value is None or start is None:
            return None
        if self.until is not None and start > self.until:
            return "after_until"
        stated = bool(re.search(r"T.*(?:Z|[+-]\d\d:\d\d)$", value))
        end = start if stated else start + _REST.get(len(value), timedelta()) + _ZONES
        return "before_since" if self.since is not None and end < self.since else None

    def __bool__(self) -> bool:
        return self.since is not None or self.until is not None


def _moment(name: str, text: str | None, now: datetime, *, late: bool) -> datetime | None:
    if text is None or not text.strip():
        return None
    text = text.strip()
    if match := _AGO.fullmatch(text):
        try:
            return now - timedelta(**{_UNITS[match[2]]: int(match[1])})
        except OverflowError:
            pass
    else:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            pass
        else:
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
            return moment + timedelta(days=1, microseconds=-1) if late and len(text) <= 10 else moment
    raise ConfigError(
        f"-a {name}={text[:100]}: a date (2026-01-31), a time (2026-01-31T08:00Z) or an age (7d) is needed"
    )

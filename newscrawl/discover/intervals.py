"""When a feed is asked again, and when an article is.

All times are seconds; moments are seconds since 1970. Nothing here looks at a clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Literal

from newscrawl.dates import earliest_moment

Failure = Literal["transient", "gone"]
State = Literal["active", "failing", "dead"]

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0

FLOOR_S = 10 * _MINUTE
"""No feed is asked more often."""
LONGEST_S = 90 * _DAY
"""None is forgotten for longer."""
REDIRECTED_S = 14 * _DAY
"""When an address that has moved for good is tried again, beside the one it moved to."""
TOMBSTONE_S = 60 * _DAY
"""When a feed that is gone, or dead, is tried again."""
UNCHANGED_S = 180 * _DAY
"""A feed without news for so long is dead: nobody told it to stop."""

_NEARER, _FURTHER = 0.2, 1.5
_FIRST = {"sitemap": _DAY, "news_sitemap": _DAY, "sitemap_index": 7 * _DAY}
_FIRST_OF_FEEDS = 12 * _HOUR
_NEWEST = 10
_TRANSIENT_TIMES = 3
_TRIED = 30
_FAILED_S = 3 * _DAY

# An article of this age at most is read again after so long; an older one never.
_REREAD = (
    (6 * _HOUR, _HOUR),
    (_DAY, 6 * _HOUR),
    (3 * _DAY, _DAY),
    (10 * _DAY, 3 * _DAY),
    (30 * _DAY, 10 * _DAY),
    (90 * _DAY, 30 * _DAY),
    (365 * _DAY, 90 * _DAY),
)
_MOST_CHANGES = 3


def next_interval(interval_s: float, *, new: int, floor_s: float = FLOOR_S, longest_s: float = LONGEST_S) -> float:
    """Return how long to wait after an answer that named *new* articles nobody knew; 0 for one that is unchanged, too.

    News draws the interval a fifth of the way to *floor_s*, silence makes it half as long again.

    >>> next_interval(3600, new=3), next_interval(3600, new=0)
    (3000.0, 5400.0)
    """
    nearer = (1 - _NEARER) * interval_s + _NEARER * floor_s
    return _clamped(nearer if new > 0 else interval_s * _FURTHER, floor_s, longest_s)


def _clamped(interval_s: float, floor_s: float, longest_s: float) -> float:
    return float(max(floor_s, min(interval_s, longest_s)))


def first_interval(entry_dates: Iterable[str | None], kind: str, now: float, *, floor_s: float = FLOOR_S) -> float:
    """Return how long to wait after the first reading of a feed of this *kind*.

    Twelve hours, a day for sitemaps, a week for their indexes; less where the dates of its newest ten entries show
    that it is faster: the mean time between them, the last one and *now*. Dates are ISO 8601; a day alone says
    nothing about hours, and a date in the future nothing at all.
    """
    default = _FIRST.get(kind, _FIRST_OF_FEEDS)
    moments = (earliest_moment(text) for text in entry_dates if text and "T" in text)
    # A clock without its offset may be a day off: it is taken as it stands, and only differences count.
    times = sorted((moment.timestamp() for moment in moments if moment is not None), reverse=True)
    newest = [now, *[time for time in times if time <= now][:_NEWEST]]
    if len(newest) < 3:
        return max(default, floor_s)
    gaps = [later - earlier for later, earlier in pairwise(newest)]
    return _clamped(sum(gaps) / len(gaps), floor_s, max(default, floor_s))


def after_failure(failures: int, kind: Failure) -> tuple[State, float]:
    """Return what a feed is after *failures* in a row (1 for the first), and how long to wait.

    ``transient`` (no answer, a server's error) is tried again after 10, 20, 40 minutes and so on up to three days;
    from the fourth time on the feed is ``failing``, after thirty times, some two months, ``dead``. ``gone`` (404, 410)
    is tried once more a day later, because a broken deployment answers 404, too. A dead feed is tried every 60 days.

    >>> after_failure(1, "transient"), after_failure(2, "gone")
    (('active', 600.0), ('dead', 5184000.0))
    """
    failures = max(failures, 1)
    if kind == "gone":
        return ("failing", _DAY) if failures == 1 else ("dead", TOMBSTONE_S)
    if failures >= _TRIED:
        return "dead", TOMBSTONE_S
    wait = min(FLOOR_S * 2 ** (failures - 1), _FAILED_S)
    return ("active" if failures <= _TRANSIENT_TIMES else "failing"), wait


def is_silent(now: float, *, new_at: float | None, added_at: float) -> bool:
    """Tell whether a feed had no news for so long that it is given up: 180 days, since *added_at* if never."""
    return now - (new_at if new_at is not None else added_at) > UNCHANGED_S


def reread_due(published: str | None, first_seen: float, checked: float, changes: int) -> float | None:
    """Return the moment when an article is read again after it was *checked*, or None for never.

    The older it was then, the later: after an hour on its first day's first quarter, after 90 days in its first year;
    an article more than a year old is left alone. Each change seen halves the wait, at most three times. Its age
    counts from *published* where that is no later than *first_seen*, and from there otherwise.

    >>> reread_due(None, 0.0, 0.0, 0), reread_due("1990-01-01", 700_000_000.0, 700_000_000.0, 0)
    (3600.0, None)
    """
    stated = earliest_moment(published) if published else None
    born = min(stated.timestamp(), first_seen) if stated is not None else first_seen
    age = checked - born
    for oldest, wait in _REREAD:
        if age <= oldest:
            return checked + wait / float(2 ** min(max(changes, 0), _MOST_CHANGES))
    return None

"""When a host may be asked again, and why not sooner: what a restart must not forget.

The rows are those of :mod:`newscrawl.store.frontier`, which holds them while it writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Double, bindparam, func, select, update

from newscrawl.store.frontier_sql import IN_HOSTS, LIMIT, NOW
from newscrawl.store.schema import AWAKE, QUEUED, chunks, hosts, urls


@dataclass(frozen=True, kw_only=True, slots=True)
class HostTimes:
    """What is known of a host besides its URLs."""

    host: str
    ready_at: float = 0.0
    """Nothing is asked before."""
    failures: int = 0
    """Faults in a row."""
    reason: str | None = None
    """Why the host is waited for; None for the pause between two requests, which its worker keeps by itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OriginTimes:
    """Until when the queued URLs of one origin wait."""

    origin: str
    """``https://news.example``."""
    host: str
    ready_at: float
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftUrls:
    """URLs of one origin that wait."""

    count: int
    first: str
    """The one that comes first."""


_COLUMNS = (hosts.c.host, hosts.c.ready_at, hosts.c.failures, hosts.c.reason)
_PUT = (
    update(hosts)
    .where(hosts.c.host == bindparam("b_host"))
    .values(ready_at=bindparam("b_ready_at"), failures=bindparam("b_failures"), reason=bindparam("b_reason"))
)
_KNOWN = select(*_COLUMNS).where(hosts.c.host.in_(IN_HOSTS))
_AWAITED = (
    select(*_COLUMNS)
    .where(AWAKE, hosts.c.ready_at > NOW, hosts.c.reason.is_not(None))
    .order_by(hosts.c.ready_at, hosts.c.host)
    .limit(LIMIT)
)
# Compared as text and not by LIKE or order: a URL may hold any sign, and databases differ in how they order.
_OF_ORIGIN = (
    QUEUED
    & (urls.c.host == bindparam("b_host"))
    & (func.substr(urls.c.url, 1, func.length(bindparam("b_origin"))) == bindparam("b_origin"))
)
_POSTPONE = (
    update(urls)
    .where(_OF_ORIGIN, urls.c.ready_at < bindparam("b_ready_at", type_=Double))
    .values(ready_at=bindparam("b_ready_at", type_=Double), reason=bindparam("b_reason"))
)
_LEFT_COUNT = select(func.count()).select_from(urls).where(_OF_ORIGIN)
_LEFT_FIRST = select(urls.c.url).where(_OF_ORIGIN).order_by(urls.c.priority.desc(), urls.c.id).limit(1)
_QUEUED_AT = select(func.sum(hosts.c.queued)).where(hosts.c.host.in_(IN_HOSTS))


def put(c: Connection, times: Sequence[HostTimes]) -> None:
    """Write the times of hosts that have a row."""
    if times:
        c.execute(
            _PUT,
            [
                {"b_host": t.host, "b_ready_at": t.ready_at, "b_failures": t.failures, "b_reason": t.reason}
                for t in times
            ],
        )


def postpone(c: Connection, origins: Iterable[OriginTimes]) -> None:
    """Let the queued URLs of *origins* wait; those that wait longer already do so."""
    for one in origins:
        c.execute(
            _POSTPONE,
            {
                "b_host": one.host,
                "b_origin": f"{one.origin}/",
                "b_ready_at": one.ready_at,
                "b_reason": one.reason,
            },
        )


def known(c: Connection, names: Iterable[str]) -> list[HostTimes]:
    """Return what is known of the hosts *names*."""
    return [
        HostTimes(**row._mapping) for chunk in chunks(sorted(names)) for row in c.execute(_KNOWN, {"b_hosts": chunk})
    ]


def awaited(c: Connection, *, now: float, limit: int) -> list[HostTimes]:
    """Return hosts with URLs in the queue that are waited for with a reason, the next one first."""
    return [HostTimes(**row._mapping) for row in c.execute(_AWAITED, {"b_now": now, "b_limit": limit})]


def left_of(c: Connection, origin: str, host: str) -> LeftUrls | None:
    """Return which URLs of an origin are queued; None when there are none."""
    bound = {"b_host": host, "b_origin": f"{origin}/"}
    count = c.execute(_LEFT_COUNT, bound).scalar_one()
    return LeftUrls(count=count, first=c.execute(_LEFT_FIRST, bound).scalar_one()) if count else None


def queued_at(c: Connection, names: Iterable[str]) -> int:
    """Return how many URLs of the hosts *names* are queued."""
    return sum(int(c.execute(_QUEUED_AT, {"b_hosts": chunk}).scalar() or 0) for chunk in chunks(sorted(names)))

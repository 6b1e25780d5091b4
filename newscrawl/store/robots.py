"""robots.txt as it was last read, one row an origin, so that a restart need not ask again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, bindparam, or_, select
from sqlalchemy import delete as delete_from

from newscrawl.store.frontier_sql import LIMIT, NOW
from newscrawl.store.schema import robots, upsert_into


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredRobots:
    """What is known of the robots.txt of an origin."""

    origin: str
    """``https://news.example``, with a port where it is not the scheme's own."""
    fetched_at: float
    """When its rules were read, or, without any, when they were last asked for."""
    expires_at: float
    """When it is asked for again."""
    status: int | None = None
    """Of the last answer; None where there was none."""
    reason: str | None = None
    """Why it cannot be read; None where it can."""
    body: bytes | None = None
    """What it says, empty where there is none; None where that is not known, and nothing of the origin is asked."""


_FIND = select(robots).where(robots.c.origin == bindparam("b_origin"))
_UNREACHABLE = (
    select(robots)
    .where(robots.c.body.is_(None), robots.c.expires_at > NOW)
    .order_by(robots.c.expires_at, robots.c.origin)
    .limit(LIMIT)
)


def put(c: Connection, rows: Sequence[StoredRobots]) -> None:
    """Write what is known of origins, in place of what was."""
    if rows:
        # In the same order everywhere, so that no two workers wait for each other.
        c.execute(
            upsert_into(c.dialect.name, robots), [asdict(row) for row in sorted(rows, key=lambda row: row.origin)]
        )


def find(c: Connection, origin: str) -> StoredRobots | None:
    """Return what is known of *origin*, or None."""
    row = c.execute(_FIND, {"b_origin": origin}).one_or_none()
    return StoredRobots(**row._mapping) if row is not None else None


def delete(c: Connection, host: str) -> None:
    """Forget what is known of *host*, at every port."""
    origins = [f"{scheme}://{host}" for scheme in ("http", "https")]
    ports = (robots.c.origin.startswith(f"{origin}:", autoescape=True) for origin in origins)
    c.execute(delete_from(robots).where(or_(robots.c.origin.in_(origins), *ports)))


def unreachable(c: Connection, *, now: float, limit: int) -> list[StoredRobots]:
    """Return origins of which nothing is asked for the time being, the next one first."""
    return [StoredRobots(**row._mapping) for row in c.execute(_UNREACHABLE, {"b_now": now, "b_limit": limit})]

"""URLs known, leased, done: what a crawl still has to ask for.

Every host belongs to one worker at a time, so that its delays stay true; a lease and an ownership end by themselves.
``now`` and ``until`` are the caller's clock, so workers on several machines need clocks that agree to a few seconds.

On PostgreSQL each function takes the host rows it needs in the order of their names before it changes a URL row, and
:func:`lease` never waits for one. Two workers cannot wait for each other as long as one transaction makes one call that
changes the frontier; :func:`record` exists for the transaction that has outcomes and new URLs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection

from newscrawl.store import frontier_sql as sql
from newscrawl.store import hosts as host_rows
from newscrawl.store import schema
from newscrawl.store.hosts import HostTimes, OriginTimes
from newscrawl.store.schema import chunks

NEVER = 1e15
"""``due_at`` of a known page that is read again only where all are."""
AGAIN_S = 86_400.0
"""Seconds after which a known page that could not be read is tried again."""

Kind = Literal["page", "feed", "robots", "media"]


@dataclass(frozen=True, kw_only=True, slots=True)
class NewUrl:
    """A URL to be asked for."""

    fingerprint: bytes
    """Scrapy's request fingerprint, 20 bytes: what makes two requests the same."""
    url: str
    host: str
    kind: Kind
    priority: int
    """Higher comes first within a host."""
    ready_at: float
    round: int
    request: str
    """The request as JSON."""
    again: bool = False
    """Queue it anew when it was settled in an earlier round."""
    tries: int = 0
    stated_change: str | None = None
    """When the page last changed, in the words of the feed that named it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """A URL that this worker asks for now."""

    id: int
    url: str
    host: str
    kind: str
    priority: int
    tries: int
    request: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """What is kept of a page that is read again from time to time."""

    due_at: float
    """When next; :data:`NEVER` for a page that is left alone."""
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DuePage:
    """A page that is to be read again."""

    id: int
    fingerprint: bytes
    url: str
    host: str
    due_at: float
    added_at: float
    """When its URL was found."""
    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What the frontier knows of a URL."""

    state: str
    added_at: float
    settled_at: float | None
    stated_change: str | None
    etag: str | None
    last_modified: str | None

    @classmethod
    def queued(cls, url: NewUrl, now: float) -> Known:
        """Return what will be known of *url* once it is written."""
        return cls(
            state="queued",
            added_at=now,
            settled_at=None,
            stated_change=url.stated_change,
            etag=None,
            last_modified=None,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of a lease. None keeps what the row has."""

    id: int
    state: Literal["done", "redirected", "failed", "refused", "queued"]
    reason: str | None = None
    ready_at: float | None = None
    tries: int | None = None
    request: str | None = None
    priority: int | None = None
    visit: Visit | None = None
    """For a page that was read and will be again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """What is left to do for one worker: hosts that another one holds, and those that are not open, do not count."""

    queued: int
    next_ready_at: float | None
    """No URL can be leased before; the past when one can now, None when nothing is queued. A lease may still find none:
    then the time is later when asked again."""
    leased: int
    """Leased by this worker."""


def add(c: Connection, new: Sequence[NewUrl], *, now: float) -> int:
    """Queue the URLs that are not known yet, or are to be asked for again; return how many are queued now by this."""
    _hold(c, {url.host for url in new})
    return _add(c, new, now)


def others_at_work(c: Connection, owner: str, *, now: float) -> list[str]:
    """Return the other workers that have leases, by name."""
    return list(c.scalars(sql.OTHERS, {"b_owner": owner, "b_now": now}))


def settle(c: Connection, outcomes: Sequence[Outcome], *, owner: str, now: float) -> int:
    """Write down what became of leases; return how many of them *owner* still held.

    The outcome of a lease that ran out and went to another worker is passed over: that worker finds its own.
    """
    _hold(c, _hosts_of(c, outcomes))
    return _settle(c, outcomes, owner, now)


def record(
    c: Connection,
    outcomes: Sequence[Outcome],
    new: Sequence[NewUrl],
    *,
    owner: str,
    now: float,
    times: Sequence[HostTimes] = (),
    origins: Sequence[OriginTimes] = (),
) -> int:
    """Do what :func:`settle` and then :func:`add` do, safe beside other workers; return how many URLs are queued.

    *times* are written down for their hosts, and the queued URLs of *origins* wait.
    """
    named = {one.host for one in times} | {one.host for one in origins}
    _hold(c, {url.host for url in new} | _hosts_of(c, outcomes) | named)
    _settle(c, outcomes, owner, now)
    queued = _add(c, new, now)
    host_rows.put(c, times)
    host_rows.postpone(c, origins)
    return queued


def lease(
    c: Connection,
    owner: str,
    *,
    now: float,
    until: float,
    per_host: int,
    limit: int,
    busy: Mapping[str, int] | None = None,
    outside: Collection[str] = (),
    allowed: Callable[[str], bool] | None = None,
) -> list[Lease]:
    """Take up to *limit* URLs that are ready, from the hosts least recently served first.

    A host gives at most *per_host* URLs, less the *busy* ones that this worker already asks it for: the highest
    priority first, and among equals the one known longest. Hosts that another worker holds are left alone; what it
    held for too long returns to the queue first. The hosts *outside* what this crawl may ask are passed over, and so
    are those that are not *allowed*: other workers bring new ones at any time.
    """
    _reclaim(c, owner, now)
    taken: Counter[str] = Counter(busy or {})
    leases: list[Lease] = []
    bound: dict[str, Any] = {"b_owner": owner, "b_now": now, "b_outside": list(outside)}
    while len(leases) < limit:
        # Hosts that are full may stand before those that are not.
        asked = limit + len(taken)
        candidates = c.scalars(sql.CANDIDATES, {**bound, "b_limit": asked}).all()
        strange = [host for host in candidates if allowed is not None and not allowed(host)]
        if strange:
            bound["b_outside"] += strange
            continue
        found: list[Lease] = []
        dry: list[str] = []
        for host in candidates:
            room = min(per_host - taken[host], limit - len(leases) - len(found))
            if room > 0:
                rows = c.execute(sql.NEXT, {"b_host": host, "b_now": now, "b_limit": room}).all()
                found += [Lease(**row._mapping) for row in rows]
                taken[host] += len(rows)
                if len(rows) < room:
                    dry.append(host)
        _mark_leased(c, found, dry, {"b_owner": owner, "b_now": now, "b_until": until})
        leases += found
        if len(candidates) < asked:
            break
    return leases


def renew(c: Connection, owner: str, *, until: float) -> None:
    """Keep all leases and hosts of *owner* until then."""
    c.execute(sql.LOCK_OWNED, {"b_owner": owner}).all()
    c.execute(sql.RENEW_URLS, {"b_owner": owner, "b_until": until})
    c.execute(sql.RENEW_HOSTS, {"b_owner": owner, "b_until": until})


def release(c: Connection, ids: Iterable[int], *, owner: str) -> None:
    """Return leases that were not asked for to the queue, as if they had not been leased."""
    settle(c, [Outcome(id=id_, state="queued") for id_ in ids], owner=owner, now=0.0)


def give_back(c: Connection, owner: str, *, now: float) -> int:
    """Return all leases of *owner*, and those of others that ran out, and let its hosts go; return how many leases."""
    bound = {"b_owner": owner, "b_now": now}
    _hold(c, {*c.scalars(sql.ENDING_HOSTS, bound), *c.scalars(sql.OWNED_HOSTS, bound)})
    returned = c.execute(sql.GIVE_BACK, bound).all()
    _wake(c, [(row.host, row.ready_at) for row in returned])
    c.execute(sql.LET_GO, bound)
    return len(returned)


def awake_hosts(c: Connection) -> list[str]:
    """Return the hosts that have a URL in the queue."""
    return list(c.scalars(sql.AWAKE_HOSTS))


def waiting(c: Connection, owner: str, *, now: float, outside: Collection[str] = ()) -> Waiting:
    """Return what is left to do for *owner*, the hosts *outside* what it may ask left out."""
    row = c.execute(sql.WAITING, {"b_owner": owner, "b_now": now, "b_outside": list(outside)}).one()
    leased = c.execute(sql.LEASED_COUNT, {"b_owner": owner}).scalar_one()
    return Waiting(queued=int(row.queued or 0), next_ready_at=row.next_ready_at, leased=leased)


def known(c: Connection, fingerprints: Iterable[bytes]) -> dict[bytes, Known]:
    """Return what is known of URLs, by fingerprint; those that are not known are left out."""
    rows = (row for chunk in chunks(fingerprints) for row in c.execute(sql.KNOWN_OF, {"b_fingerprints": chunk}))
    return {
        row.fingerprint: Known(**{name: value for name, value in row._mapping.items() if name != "fingerprint"})
        for row in rows
    }


def due_pages(c: Connection, *, before: float, after: DuePage | None = None, limit: int = 500) -> list[DuePage]:
    """Return the settled pages that are to be read again *before* a time, the one due first first.

    *after* is the last page of the list before this one: large numbers are read list by list.
    """
    bound = {"b_before": before, "b_after": after.due_at if after else -1.0, "b_id": after.id if after else 0}
    return [DuePage(**row._mapping) for row in c.execute(sql.DUE_PAGES, {**bound, "b_limit": limit})]


def next_due(c: Connection) -> float | None:
    """Return when the first page is to be read again; None when none is."""
    return c.execute(sql.NEXT_DUE, {"b_before": NEVER}).scalar()


@dataclass(frozen=True, kw_only=True, slots=True)
class Postponed:
    """A host that is waited for."""

    host: str
    state: str
    ready_at: float
    queued: int
    failures: int
    reason: str | None


def counts(c: Connection) -> dict[str, int]:
    """Return how many URLs there are, by state."""
    return {row.state: row[1] for row in c.execute(sql.STATES)}


def due_count(c: Connection, *, now: float) -> int:
    """Return how many known pages are due to be read again."""
    return c.execute(sql.DUE_COUNT, {"b_now": now}).scalar_one()


def postponed(c: Connection, *, now: float) -> list[Postponed]:
    """Return the hosts that are not asked now, the one waited for longest first."""
    return [Postponed(**row._mapping) for row in c.execute(sql.POSTPONED, {"b_now": now})]


def forget(c: Connection, *, host: str | None = None, fingerprint: bytes | None = None, now: float) -> int:
    """Reset a URL, or all of a *host*; return how many URLs there were.

    A page that is read from time to time is due at once and unconditionally, what waits is ready at once, a host is
    waited for no longer; every other URL is asked again when it is found again.
    """
    chosen = schema.urls.c.host == host if fingerprint is None else schema.urls.c.fingerprint == fingerprint
    done = sum(
        c.execute(statement.where(chosen), {"b_now": now}).rowcount
        for statement in (sql.READ_NOW, sql.FORGET, sql.HURRY)
    )
    if host is not None:
        c.execute(sql.FREE_HOSTS.where(schema.hosts.c.host == host))
    return done


def postpone_host(c: Connection, host: str, *, ready_at: float, state: str = "open") -> None:
    """Lease nothing of *host* before *ready_at*, and nothing at all while its *state* is not ``open``.

    Made for a transaction that changes nothing else of the frontier.
    """
    c.execute(sql.put_host(c.dialect.name), {**_NEW_HOST, "host": host, "state": state, "ready_at": ready_at})


# --- how it is done

_NEW_HOST = {"state": "open", "ready_at": 0.0, "queued": 0, "next_at": 0.0, "served_at": 0.0}


def _hold(c: Connection, names: set[str]) -> None:
    """Make the rows of hosts that have none, and hold all of them until the transaction ends."""
    # Always in the same order, so that no two workers wait for each other; what was made is held already.
    ordered = sorted(names)
    known = {host for chunk in chunks(ordered) for host in c.scalars(sql.KNOWN_HOSTS, {"b_hosts": chunk})}
    if len(known) < len(ordered):
        c.execute(
            sql.insert_hosts(c.dialect.name), [{**_NEW_HOST, "host": name} for name in ordered if name not in known]
        )
    for chunk in chunks(ordered):
        c.execute(sql.LOCK, {"b_hosts": chunk}).all()


def _add(c: Connection, new: Sequence[NewUrl], now: float) -> int:
    queued: list[tuple[str, float]] = []
    for chunk in chunks(new):
        fresh: dict[bytes, NewUrl] = {}
        for url in chunk:
            fresh.setdefault(url.fingerprint, url)
        known = c.scalars(sql.KNOWN_URLS, {"b_fingerprints": list(fresh)}).all()
        again = [url for url in map(fresh.pop, known) if url.again]
        if again:
            queued += _queue_again(c, again)
        if fresh:
            rows = [_row(url, now) for url in fresh.values()]
            inserted = c.scalars(sql.insert_urls(c.dialect.name), rows)
            queued += [(url.host, url.ready_at) for url in map(fresh.__getitem__, inserted)]
    _wake(c, queued)
    return len(queued)


def _queue_again(c: Connection, urls: Sequence[NewUrl]) -> list[tuple[str, float]]:
    wanted = {url.fingerprint: url for url in urls}
    settled = c.execute(sql.SETTLED_URLS, {"b_fingerprints": list(wanted)}).all()
    queued = [(row.host, wanted[row.fingerprint]) for row in settled if row.round < wanted[row.fingerprint].round]
    if queued:
        c.execute(sql.QUEUE_AGAIN, [_bound(url) for _, url in queued])
    return [(host, url.ready_at) for host, url in queued]


def _row(url: NewUrl, now: float) -> dict[str, Any]:
    return {
        "fingerprint": url.fingerprint,
        "url": url.url,
        "host": url.host,
        "kind": url.kind,
        "priority": url.priority,
        "ready_at": url.ready_at,
        "round": url.round,
        "state": "queued",
        "tries": url.tries,
        "request": url.request,
        "added_at": now,
        "stated_change": url.stated_change,
    }


def _bound(url: NewUrl) -> dict[str, Any]:
    return {
        "b_fingerprint": url.fingerprint,
        "b_priority": url.priority,
        "b_ready_at": url.ready_at,
        "b_round": url.round,
        "b_tries": url.tries,
        "b_request": url.request,
        "b_stated_change": url.stated_change,
    }


def _wake(c: Connection, queued: Iterable[tuple[str, float]]) -> None:
    """Count rows that were queued to their hosts; each is a host and the time from which the row is ready."""
    times: dict[str, list[float]] = {}
    for host, ready_at in queued:
        times.setdefault(host, []).append(ready_at)
    if times:
        bound = [{"b_host": host, "b_count": len(times[host]), "b_at": min(times[host])} for host in sorted(times)]
        c.execute(sql.WAKE, bound)


def _hosts_of(c: Connection, outcomes: Iterable[Outcome]) -> set[str]:
    ids = [outcome.id for outcome in outcomes if outcome.state == "queued"]
    return {host for chunk in chunks(ids) for host in c.scalars(sql.HOSTS_OF, {"b_ids": chunk})}


def _settle(c: Connection, outcomes: Sequence[Outcome], owner: str, now: float) -> int:
    held = 0
    for statement, visited in ((sql.SETTLE, False), (sql.SETTLE_VISIT, True)):
        settled = [
            _settled(o, owner, now) for o in outcomes if o.state != "queued" and (o.visit is not None) is visited
        ]
        held += c.execute(statement, settled).rowcount if settled else 0
    returned = {o.id: o for o in outcomes if o.state == "queued"}
    return held + sum(_return(c, chunk, owner) for chunk in chunks(returned.values()))


def _settled(o: Outcome, owner: str, now: float) -> dict[str, Any]:
    bound = {"b_id": o.id, "b_owner": owner, "b_state": o.state, "b_reason": o.reason, "b_now": now}
    if o.visit is not None:
        bound.update(b_due_at=o.visit.due_at, b_etag=o.visit.etag, b_last_modified=o.visit.last_modified)
    else:
        # A page that could not be read this time is not forgotten; one that went elsewhere is.
        bound["b_due_again"] = now + AGAIN_S if o.state == "failed" else None
    return bound


def _return(c: Connection, outcomes: Sequence[Outcome], owner: str) -> int:
    held = {row.id: row for row in c.execute(sql.HELD_OF, {"b_ids": [o.id for o in outcomes], "b_owner": owner})}
    mine = [
        {
            "b_id": o.id,
            "b_reason": o.reason,
            "b_ready_at": o.ready_at,
            "b_tries": o.tries,
            "b_request": o.request,
            "b_priority": o.priority,
        }
        for o in outcomes
        if o.id in held
    ]
    if mine:
        c.execute(sql.RETURN, mine)
    rows = [(held[o.id], o.ready_at) for o in outcomes if o.id in held]
    _wake(c, [(row.host, row.ready_at if ready_at is None else ready_at) for row, ready_at in rows])
    return len(mine)


def _mark_leased(c: Connection, leases: Sequence[Lease], dry: Sequence[str], bound: Mapping[str, Any]) -> None:
    if leases:
        c.execute(sql.LEASE, [{"b_id": lease.id, **bound} for lease in leases])
        counts = Counter(lease.host for lease in leases)
        c.execute(sql.SERVE, [{"b_host": host, "b_count": counts[host], **bound} for host in sorted(counts)])
    if dry:
        c.execute(sql.DRY, [{"b_host": host} for host in sorted(dry)])


def _reclaim(c: Connection, owner: str, now: float) -> None:
    bound = {"b_owner": owner, "b_now": now}
    expired = c.scalars(sql.EXPIRED_HOSTS, bound).all()
    if expired:
        # A host that somebody works on is left for the next time.
        free = c.scalars(sql.LOCK_FREE, {"b_hosts": sorted(expired)}).all()
        if free:
            returned = c.execute(sql.RECLAIM, {**bound, "b_hosts": free}).all()
            _wake(c, [(row.host, row.ready_at) for row in returned])

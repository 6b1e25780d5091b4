"""The SQL of the frontier, built once: SQLAlchemy finds the text of a statement again by what it is made of.

Names that begin with ``b_`` are values given at each call.
"""

from __future__ import annotations

from functools import cache

from sqlalchemy import (
    BindParameter,
    Double,
    Executable,
    Integer,
    and_,
    bindparam,
    case,
    cast,
    delete,
    func,
    literal_column,
    not_,
    or_,
    select,
    update,
)

from newscrawl.store.schema import AWAKE, DUE, LEASED, QUEUED, DialectInsert, hosts, insert_into, urls

ID = urls.c.id == bindparam("b_id")
HELD = and_(LEASED, urls.c.owner == bindparam("b_owner"))
IN_HOSTS: BindParameter[list[str]] = bindparam("b_hosts", expanding=True)
IN_IDS: BindParameter[list[int]] = bindparam("b_ids", expanding=True)
LIMIT = bindparam("b_limit", type_=Integer)
NOW = bindparam("b_now", type_=Double)
OUTSIDE = hosts.c.host.not_in(bindparam("b_outside", expanding=True))
FREE = {"state": "queued", "owner": None, "lease_until": None}
CLAIMABLE = and_(
    hosts.c.state == literal_column("'open'"),
    or_(hosts.c.owner.is_(None), hosts.c.owner == bindparam("b_owner"), hosts.c.owner_until <= NOW),
)
# The pause between two requests is kept by the worker that owns the host; it counts for the next one.
READY_AT = case(
    (and_(hosts.c.owner == bindparam("b_owner"), hosts.c.reason.is_(None)), literal_column("0.0", Double)),
    else_=hosts.c.ready_at,
)


@cache
def insert_hosts(dialect: str) -> DialectInsert:
    """Return the INSERT of hosts that passes over those that are there."""
    return insert_into(dialect, hosts).on_conflict_do_nothing()


@cache
def put_host(dialect: str) -> Executable:
    """Return the INSERT of a host that gives a known one its state and its time."""
    insert = insert_into(dialect, hosts)
    fresh = {"state": insert.excluded.state, "ready_at": insert.excluded.ready_at}
    return insert.on_conflict_do_update(index_elements=["host"], set_=fresh)


@cache
def insert_urls(dialect: str) -> Executable:
    """Return the INSERT of URLs that passes over those that are known, and gives the fingerprints of the others."""
    return insert_into(dialect, urls).on_conflict_do_nothing().returning(urls.c.fingerprint)


_KNOWN = urls.c.fingerprint.in_(bindparam("b_fingerprints", expanding=True))
KNOWN_URLS = select(urls.c.fingerprint).where(_KNOWN)
SETTLED_URLS = select(urls.c.fingerprint, urls.c.host, urls.c.round).where(_KNOWN, not_(or_(QUEUED, LEASED)))
QUEUE_AGAIN = (
    update(urls)
    .where(urls.c.fingerprint == bindparam("b_fingerprint"))
    .values(
        state="queued",
        priority=bindparam("b_priority"),
        ready_at=bindparam("b_ready_at"),
        round=bindparam("b_round"),
        tries=bindparam("b_tries"),
        request=bindparam("b_request"),
        stated_change=func.coalesce(
            bindparam("b_stated_change", type_=urls.c.stated_change.type), urls.c.stated_change
        ),
        reason=None,
        settled_at=None,
    )
)
AWAKE_HOSTS = select(hosts.c.host).where(AWAKE)
KNOWN_HOSTS = select(hosts.c.host).where(hosts.c.host.in_(IN_HOSTS))
LOCK = KNOWN_HOSTS.order_by(hosts.c.host).with_for_update()
LOCK_FREE = LOCK.with_for_update(skip_locked=True)
OWNED_HOSTS = select(hosts.c.host).where(hosts.c.owner == bindparam("b_owner"))
LOCK_OWNED = OWNED_HOSTS.order_by(hosts.c.host).with_for_update()
WAKE = (
    update(hosts)
    .where(hosts.c.host == bindparam("b_host"))
    .values(
        queued=hosts.c.queued + bindparam("b_count", type_=Integer),
        next_at=case(
            (or_(hosts.c.queued == 0, hosts.c.next_at > bindparam("b_at")), bindparam("b_at", type_=Double)),
            else_=hosts.c.next_at,
        ),
    )
)
DRY = (
    update(hosts)
    .where(hosts.c.host == bindparam("b_host"))
    .values(
        next_at=func.coalesce(
            select(func.min(urls.c.ready_at)).where(QUEUED, urls.c.host == hosts.c.host).scalar_subquery(),
            hosts.c.next_at,
        )
    )
)
CANDIDATES = (
    select(hosts.c.host)
    .where(AWAKE, hosts.c.next_at <= NOW, READY_AT <= NOW, CLAIMABLE, OUTSIDE)
    .order_by(hosts.c.served_at, hosts.c.host)
    .limit(LIMIT)
    .with_for_update(skip_locked=True)
)
NEXT = (
    select(*(urls.c[name] for name in ("id", "url", "host", "kind", "priority", "tries", "request")))
    .where(QUEUED, urls.c.host == bindparam("b_host"), urls.c.ready_at <= NOW)
    .order_by(urls.c.priority.desc(), urls.c.id)
    .limit(LIMIT)
)
LEASE = update(urls).where(ID).values(state="leased", owner=bindparam("b_owner"), lease_until=bindparam("b_until"))
SERVE = (
    update(hosts)
    .where(hosts.c.host == bindparam("b_host"))
    .values(
        owner=bindparam("b_owner"),
        owner_until=bindparam("b_until"),
        served_at=NOW,
        queued=hosts.c.queued - bindparam("b_count", type_=Integer),
    )
)
_SETTLED = {
    "state": bindparam("b_state"),
    "reason": bindparam("b_reason"),
    "settled_at": NOW,
    "request": None,
    "owner": None,
    "lease_until": None,
}
SETTLE = update(urls).where(ID, HELD).values(**_SETTLED, due_at=case((DUE, cast(bindparam("b_due_again"), Double))))
SETTLE_VISIT = (
    update(urls)
    .where(ID, HELD)
    .values(**_SETTLED, **{name: bindparam(f"b_{name}") for name in ("due_at", "etag", "last_modified")})
)
KNOWN_OF = select(
    *(urls.c[name] for name in ("fingerprint", "state", "added_at", "settled_at")),
    *(urls.c[name] for name in ("stated_change", "etag", "last_modified")),
).where(_KNOWN)
OTHERS = (
    select(urls.c.owner)
    .where(LEASED, urls.c.owner != bindparam("b_owner"), urls.c.lease_until > NOW)
    .distinct()
    .order_by(urls.c.owner)
)
SETTLED = not_(or_(QUEUED, LEASED))
_WAITING_AGAIN = and_(DUE, SETTLED)
DUE_PAGES = (
    select(
        *(urls.c[name] for name in ("id", "fingerprint", "url", "host", "due_at", "added_at", "etag", "last_modified"))
    )
    .where(
        _WAITING_AGAIN,
        urls.c.due_at < bindparam("b_before", type_=Double),
        or_(
            urls.c.due_at > bindparam("b_after", type_=Double),
            and_(urls.c.due_at == bindparam("b_after", type_=Double), urls.c.id > bindparam("b_id", type_=Integer)),
        ),
    )
    .order_by(urls.c.due_at, urls.c.id)
    .limit(LIMIT)
)
NEXT_DUE = select(func.min(urls.c.due_at)).where(_WAITING_AGAIN, urls.c.due_at < bindparam("b_before", type_=Double))
RETURN = (
    update(urls)
    .where(ID)
    .values(
        **FREE,
        **{
            name: func.coalesce(bindparam(f"b_{name}", type_=urls.c[name].type), urls.c[name])
            for name in ("reason", "ready_at", "tries", "request", "priority")
        },
    )
)
HOSTS_OF = select(urls.c.host).where(urls.c.id.in_(IN_IDS)).distinct()
HELD_OF = select(urls.c.id, urls.c.host, urls.c.ready_at).where(urls.c.id.in_(IN_IDS), HELD)
EXPIRED = and_(LEASED, urls.c.lease_until <= NOW, urls.c.owner != bindparam("b_owner"))
EXPIRED_HOSTS = select(urls.c.host).where(EXPIRED).distinct().limit(500)
RECLAIM = update(urls).where(EXPIRED, urls.c.host.in_(IN_HOSTS)).values(**FREE).returning(urls.c.host, urls.c.ready_at)
RENEW_URLS = update(urls).where(HELD).values(lease_until=bindparam("b_until"))
RENEW_HOSTS = update(hosts).where(hosts.c.owner == bindparam("b_owner")).values(owner_until=bindparam("b_until"))
ENDING = and_(LEASED, or_(urls.c.owner == bindparam("b_owner"), urls.c.lease_until <= NOW))
ENDING_HOSTS = select(urls.c.host).where(ENDING).distinct()
GIVE_BACK = update(urls).where(ENDING).values(**FREE).returning(urls.c.host, urls.c.ready_at)
LET_GO = update(hosts).where(hosts.c.owner == bindparam("b_owner")).values(owner=None, owner_until=None)
LEASED_COUNT = select(func.count()).select_from(urls).where(HELD)

_LATER = case((hosts.c.next_at < READY_AT, READY_AT), else_=hosts.c.next_at)
WAITING = select(func.sum(hosts.c.queued).label("queued"), func.min(_LATER).label("next_ready_at")).where(
    AWAKE, CLAIMABLE, OUTSIDE
)

# --- what a person asks
STATES = select(urls.c.state, func.count().label("count")).group_by(urls.c.state)
DUE_COUNT = select(func.count()).where(_WAITING_AGAIN, urls.c.due_at <= NOW)
POSTPONED = (
    select(hosts.c.host, hosts.c.state, hosts.c.ready_at, hosts.c.queued, hosts.c.failures, hosts.c.reason)
    .where(or_(hosts.c.ready_at > NOW, hosts.c.state != literal_column("'open'")))
    .order_by(hosts.c.ready_at.desc(), hosts.c.host)
)
READ_NOW = update(urls).where(SETTLED, DUE).values(due_at=NOW, etag=None, last_modified=None)
FORGET = delete(urls).where(SETTLED, urls.c.due_at.is_(None))
HURRY = update(urls).where(QUEUED).values(ready_at=NOW, tries=0)
FREE_HOSTS = update(hosts).values(state="open", ready_at=0.0, next_at=0.0, failures=0, reason=None)

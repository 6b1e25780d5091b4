"""Why a run ends with work left: the hosts that are to be left alone for now, in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from newscrawl.ledger.hosts import Hosts
from newscrawl.store import Store
from newscrawl.store import hosts as host_rows
from newscrawl.store import robots as robots_rows
from newscrawl.urls import host_of

_MANY = 20
_LOOKED_AT = 200


def why_work_is_left(store: Store, hosts: Hosts, asks: Callable[[str], bool]) -> list[str]:
    """Return one line for each budget that is used up, and each host and origin that is waited for.

    *asks* tells whether a host is one of this crawl's; others may share its store. Raises :exc:`StorageError`.
    """
    now = hosts.clock()
    lines = [] if hosts.stopped is None else [hosts.stopped]
    with store.reading() as connection:
        for host, reason in sorted(hosts.spent.items())[:_MANY]:
            count = host_rows.queued_at(connection, [host])
            if count:
                lines.append(f"{host}: {reason}; {count} URLs are left for the next run")
        for one in host_rows.awaited(connection, now=now, limit=_LOOKED_AT):
            if not asks(one.host):
                continue
            lines.append(f"{one.host}: not asked before {when(one.ready_at)}: {one.reason}")
        for row in robots_rows.unreachable(connection, now=now, limit=_LOOKED_AT):
            host = host_of(row.origin)
            left = host_rows.left_of(connection, row.origin, host) if asks(host) else None
            if left is not None:
                lines.append(
                    f"{row.origin}: robots.txt cannot be read ({row.reason}), not asked before {when(row.expires_at)}; "
                    f"{left.count} URLs wait, the first: {left.first}"
                )
    return lines[:_MANY]


def when(moment: float) -> str:
    """Return *moment* as people read it.

    >>> when(1_700_000_000.4)
    '2023-11-14T22:13:20Z'
    """
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"

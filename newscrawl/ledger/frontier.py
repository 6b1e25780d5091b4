"""The crawl's side of the frontier: what was found, what is leased here, what became of it.

The store knows every URL; this object holds what is not written yet and the few leases that are handed out next. New
URLs reach the store before the next lease is taken, outcomes only with a commit: a URL is settled when everything that
came of it is kept.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Literal

from sqlalchemy import Connection

from newscrawl.ledger.hosts import Hosts
from newscrawl.store import Store, frontier
from newscrawl.store import hosts as host_rows
from newscrawl.store.frontier import DuePage, Known, Lease, NewUrl, Outcome, Visit

LEASE_S = 600.0
"""Seconds after which the leases of a worker that is silent return to the others."""
_BATCH = 8
_LIMIT = 64
_LOOK_AGAIN_S = 0.5


def fingerprint_of(url_key: str) -> bytes:
    """Return the fingerprint of a GET request for what has this ``url_key``."""
    return hashlib.sha1(url_key.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()


class Frontier:
    """URLs on their way through this process."""

    def __init__(self, store: Store, *, owner: str, round_: int, clock: Callable[[], float]) -> None:
        self.store = store
        self.owner = owner
        self.round = round_
        """Serial of the run: what is asked again in every run is asked once in each."""
        self.clock = clock
        self.hosts = Hosts(clock)
        """When which host may be asked."""
        self.per_host = 16
        """Requests to one host that are handed out at a time."""
        self.stopping = False
        """True from when the crawl is being stopped: what is not whole by then is asked again by the next run."""
        self.outside: frozenset[str] = frozenset()
        """Hosts that this crawl does not ask: what an earlier one left there stays in the queue."""
        self.handed: dict[int, Lease] = {}
        """Leases handed out and not settled, by id."""
        self.ends: dict[int, Outcome] = {}
        """What is known of how a lease that is handed out will end."""
        self.visits: dict[int, Visit] = {}
        """What is kept of pages that were read and will be again, by the lease that is handed out."""
        self.added: list[NewUrl] = []
        self.outcomes: list[Outcome] = []
        self.queued = 0
        """URLs in the store that wait for this worker, when it was last asked."""
        self.next_ready_at: float | None = None
        """When the next of them may be asked; None when there is none."""
        self._allowed: Callable[[str], bool] | None = None
        self._leased: dict[str, deque[Lease]] = {}
        self._busy: Counter[str] = Counter()
        # True when, until then, the store has nothing for the hosts that are not full.
        self._dry = False
        self._dry_until = -math.inf
        self._gathering = False
        self._renew_at = -math.inf
        self._written = 0

    def __len__(self) -> int:
        returned = sum(outcome.state == "queued" for outcome in self.outcomes)
        return self.queued + len(self.added) + returned + sum(map(len, self._leased.values()))

    def add(self, url: NewUrl) -> None:
        """Note a URL that was found; the store tells later whether it was known."""
        self.added.append(url)
        self._look_again(url.host)

    @contextmanager
    def gathering(self) -> Iterator[None]:
        """Lease only for many new URLs at once: a list of them is being added, one by one.

        Each would be written and leased in transactions of its own otherwise, as fast as it is asked.
        """
        self._gathering = True
        try:
            yield
        finally:
            self._gathering = False

    def stay_within(self, allowed: Callable[[str], bool]) -> None:
        """Ask only hosts that are *allowed*; raises :exc:`StorageError`."""
        self._allowed = allowed
        with self.store.begin() as connection:
            self.look(connection)

    def asks(self, host: str) -> bool:
        """Return whether *host* is one of those that this crawl asks."""
        return self._allowed is None or self._allowed(host)

    def next(self) -> Lease | None:
        """Return the next URL to be asked, or None when none is ready. Raises :exc:`StorageError`."""
        lease = self._next_leased()
        if lease is None and self._refill():
            lease = self._next_leased()
        if lease is not None:
            self.handed[lease.id] = lease
            self._busy[lease.host] += 1
            self._look_again(lease.host)
        return lease

    def _next_leased(self) -> Lease | None:
        best: str | None = None
        for host, leases in self._leased.items():
            if self._has_room(host) and (best is None or leases[0].priority > self._leased[best][0].priority):
                best = host
        if best is None:
            return None
        # The host goes to the end: of equal priorities, the one served longest ago comes first.
        leases = self._leased.pop(best)
        lease = leases.popleft()
        if leases:
            self._leased[best] = leases
        return lease

    def _has_room(self, host: str) -> bool:
        return self._busy[host] < (self.per_host if host not in self.hosts.trial else 1)

    def _is_full(self, host: str) -> bool:
        """Return whether no more of *host* is leased now: there are leases at hand, or it is asked enough."""
        return host in self._leased or not self._has_room(host)

    def _look_again(self, host: str) -> None:
        """Something about *host* has changed. While it is full, the store can have nothing that helps."""
        if not self._is_full(host):
            self._dry = False

    def _refill(self) -> bool:
        now = self.clock()
        if (self._dry and now < self._dry_until) or (self._gathering and len(self.added) < _LIMIT):
            return False
        full = {host: _BATCH for host in (*self._leased, *self._busy) if self._is_full(host)}
        self.write_added()
        with self.store.begin() as connection:
            leases = frontier.lease(
                connection,
                self.owner,
                now=now,
                until=now + LEASE_S,
                per_host=_BATCH,
                limit=_LIMIT,
                busy=full,
                outside=[*self.outside, *self.hosts.spent],
                allowed=self._allowed,
            )
            strange = {lease.host for lease in leases} - self.hosts.met
            if strange:
                self.hosts.met |= strange
                self.hosts.learn(host_rows.known(connection, strange))
            if not leases:
                self.look(connection)
        self.queued = max(self.queued - len(leases), 0)
        for lease in leases:
            self._leased.setdefault(lease.host, deque()).append(lease)
        self._dry = not leases
        self._dry_until = math.inf
        if self._dry and self.next_ready_at is not None:
            # Ready, and yet not given: another worker's transaction may have held the host for a moment.
            self._dry_until = self.next_ready_at if self.next_ready_at > now else now + _LOOK_AGAIN_S
        return bool(leases)

    def look(self, connection: Connection) -> None:
        """Ask the store how much waits."""
        if self._allowed is not None:
            # Other workers bring hosts of their own at any time.
            self.outside = frozenset(host for host in frontier.awake_hosts(connection) if not self._allowed(host))
        outside = [*self.outside, *self.hosts.spent]
        waiting = frontier.waiting(connection, self.owner, now=self.clock(), outside=outside)
        self.queued = waiting.queued
        self.next_ready_at = waiting.next_ready_at

    def note(self, lease_id: int | None, state: Literal["failed", "refused"], reason: str) -> None:
        """Say that a lease ends badly. What was said first stands; of a request without a lease nothing is kept."""
        if lease_id in self.handed:
            self.ends.setdefault(lease_id, Outcome(id=lease_id, state=state, reason=reason[:500]))

    def put_back(
        self, lease_id: int | None, reason: str, *, ready_at: float | None = None, tries: int | None = None
    ) -> None:
        """Say that a lease returns to the queue as if it had not been handed out; this outweighs everything else.

        It is asked again from *ready_at* on, at once without one; a later word takes no earlier one's time.
        """
        if lease_id in self.handed and not (ready_at is None and self.returns(lease_id)):
            self.ends[lease_id] = Outcome(id=lease_id, state="queued", reason=reason, ready_at=ready_at, tries=tries)

    def hold(self, host: str) -> None:
        """Return what is leased of *host* and was not handed out: it is not to be asked now."""
        for lease in self._leased.pop(host, ()):
            self.outcomes.append(Outcome(id=lease.id, state="queued"))
        self._dry = False

    def left_behind(self) -> int:
        """Return how many URLs wait at hosts whose budget is used up. Raises :exc:`StorageError`."""
        if not self.hosts.spent:
            return 0
        with self.store.reading() as connection:
            return host_rows.queued_at(connection, self.hosts.spent)

    def visited(self, lease_id: int | None, visit: Visit) -> None:
        """Say that the answer was understood, an error status included, and when the page is to be read again."""
        if lease_id is not None and lease_id in self.handed:
            self.visits[lease_id] = visit
            if lease_id in self.ends and (self.ends[lease_id].reason or "").startswith("http_"):
                del self.ends[lease_id]

    def known(self, fingerprints: Collection[bytes]) -> dict[bytes, Known]:
        """Return what is known of URLs, those found since the last commit included. Raises :exc:`StorageError`."""
        now = self.clock()
        coming = {url.fingerprint: Known.queued(url, now) for url in self.added if url.fingerprint in fingerprints}
        with self.store.reading() as connection:
            return coming | frontier.known(connection, fingerprints)

    def due_pages(self, *, before: float, after: DuePage | None) -> list[DuePage]:
        """Return the next known pages that are due again *before* a time. Raises :exc:`StorageError`."""
        with self.store.reading() as connection:
            return frontier.due_pages(connection, before=before, after=after)

    def returns(self, lease_id: int | None) -> bool:
        """Return whether a lease is to be asked for again, so that how it ends now is no news."""
        return lease_id in self.ends and self.ends[lease_id].state == "queued"

    def settle(self, lease_id: int) -> None:
        """Take a lease as handled: the next commit acknowledges it, as done if nothing else is known."""
        outcome = self.ends.pop(lease_id, None) or Outcome(id=lease_id, state="done")
        visit = self.visits.pop(lease_id, None)
        if visit is not None and outcome.state == "done":
            outcome = Outcome(id=lease_id, state="done", visit=visit)
        lease = self.handed.pop(lease_id)
        self._busy[lease.host] -= 1
        if not self._busy[lease.host]:
            del self._busy[lease.host]
        self.outcomes.append(outcome)
        self._look_again(lease.host)

    # --- what is written. On PostgreSQL a transaction changes the frontier once: two could wait for each other.

    def write_added(self) -> None:
        """Write the URLs found since the last time, in a transaction of their own, and which hosts are to wait."""
        if self.added or self.hosts.urgent:
            with self.store.begin() as connection:
                self.queued += self._record(connection, [])
            self.added = []
            self.hosts.written()

    def write(self, connection: Connection) -> None:
        """Write what became of leases, and the URLs found since the last time."""
        returned = sum(outcome.state == "queued" for outcome in self.outcomes)
        self._written = returned + self._record(connection, self.outcomes)

    def _record(self, connection: Connection, outcomes: list[Outcome]) -> int:
        return frontier.record(
            connection,
            outcomes,
            self.added,
            owner=self.owner,
            now=self.clock(),
            times=self.hosts.changed(),
            origins=list(self.hosts.origins.values()),
        )

    def acknowledge(self) -> None:
        """Forget what was written: the transaction has succeeded."""
        now = self.clock()
        for outcome in self.outcomes:
            if outcome.state == "queued":
                ready_at = now if outcome.ready_at is None else outcome.ready_at
                self.next_ready_at = min(ready_at, self.next_ready_at or ready_at)
                # Who asked before this commit was told that nothing is left.
                self._dry = False
        self.queued += self._written
        self._written = 0
        self.added, self.outcomes = [], []
        self.hosts.written()
        if now >= self._renew_at:
            self._renew_at = now + LEASE_S / 10
            with self.store.begin() as connection:
                frontier.renew(connection, self.owner, until=now + LEASE_S)

    def give_back(self) -> None:
        """Return every lease that was not settled; the next run takes it up."""
        self._leased.clear()
        self.visits.clear()
        self.handed.clear()
        self._busy.clear()
        self._dry = False
        with self.store.begin() as connection:
            frontier.give_back(connection, self.owner, now=self.clock())
        with self.store.begin() as connection:
            self.look(connection)

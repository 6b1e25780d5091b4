"""Hosts that are not to be asked now: after a Retry-After, after faults in a row, with their budget used up.

Kept here as long as the run, and written with the commits, so that the next run knows of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from newscrawl.guest import backoff_s
from newscrawl.store.hosts import HostTimes, OriginTimes


class Hosts:
    """What a run knows of its hosts."""

    def __init__(self, clock: Callable[[], float], *, breaker_faults: int = 0) -> None:
        self.clock = clock
        self.breaker_faults = breaker_faults
        """Faults in a row after which a host is left alone; 0 for never."""
        self.trial: set[str] = set()
        """Hosts that have failed and are asked for one thing at a time, until an answer comes."""
        self.spent: dict[str, str] = {}
        """Hosts that are not asked again in this run, and which budget says so."""
        self.stopped: str | None = None
        """The budget of the whole run that is used up."""
        self.met: set[str] = set()
        """Hosts of which is known what the store says."""
        self.origins: dict[str, OriginTimes] = {}
        """Origins whose queued URLs are to wait: not written yet."""
        self.urgent = False
        """Whether the store must know before the next URL is leased."""
        self._times: dict[str, HostTimes] = {}
        self._changed: dict[str, None] = {}

    def learn(self, rows: Iterable[HostTimes]) -> None:
        """Take what the store knows of hosts that this run had nothing to do with yet."""
        for row in rows:
            if row.failures or row.ready_at > self.clock():
                self._times.setdefault(row.host, row)
            if self.breaker_faults and row.failures >= self.breaker_faults:
                self.trial.add(row.host)

    def times(self, host: str) -> HostTimes:
        """Return what is known of *host*."""
        return self._times.get(host) or HostTimes(host=host)

    def why_not(self, host: str) -> str | None:
        """Return why *host* is not asked now, or None."""
        if host in self.spent:
            return self.spent[host]
        known = self._times.get(host)
        return known.reason if known is not None and known.reason and known.ready_at > self.clock() else None

    def postpone(self, host: str, ready_at: float, reason: str) -> None:
        """Ask nothing of *host* before *ready_at*."""
        known = self.times(host)
        if known.reason is None or known.ready_at < ready_at:
            self._set(replace(known, ready_at=ready_at, reason=reason))
            self.urgent = True

    def fault(self, host: str, what: str) -> bool:
        """Count a fault; return whether the host is left alone from now on. What fails meanwhile does not count."""
        if not self.breaker_faults or self.why_not(host) is not None:
            return False
        known = self.times(host)
        failures = known.failures + 1
        self._set(replace(known, failures=failures))
        if failures < self.breaker_faults:
            return False
        self.trial.add(host)
        wait_s = backoff_s(failures - self.breaker_faults + 1)
        self.postpone(host, self.clock() + wait_s, f"{failures} faults in a row, the last: {what}"[:300])
        return True

    def success(self, host: str) -> None:
        """Take an answer as the end of a row of faults; an answer to what was asked before a wait ends no wait."""
        known = self._times.get(host)
        if known is not None and (known.failures or known.reason) and self.why_not(host) is None:
            self.trial.discard(host)
            self._set(replace(known, failures=0, reason=None))

    def paced(self, host: str, ready_at: float) -> None:
        """Note when *host* may be asked next, for a run that begins right after this one."""
        known = self.times(host)
        if known.reason is None or known.ready_at <= self.clock():
            # Still on trial, it keeps its faults.
            self._set(replace(known, ready_at=ready_at, reason=None))

    def _set(self, times: HostTimes) -> None:
        self._times[times.host] = times
        self._changed[times.host] = None

    # --- what is written

    def changed(self) -> list[HostTimes]:
        """Return what the store does not know yet."""
        return [self._times[host] for host in self._changed]

    def written(self) -> None:
        """Take it as known: the transaction has succeeded."""
        self._changed.clear()
        self.origins.clear()
        self.urgent = False

"""What is told of a run while it goes on and when it ends: its faults beside the runs before it, report and metrics."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from newscrawl.ledger.health import faults
from newscrawl.ledger.history import PastRun, earlier_runs
from newscrawl.ledger.keeping import Keeping
from newscrawl.ledger.metrics import LastRun, metrics_text, write_metrics
from newscrawl.ledger.report import report_of, write_report
from newscrawl.ledger.state import RunState
from newscrawl.store import Store, feeds

logger = logging.getLogger("newscrawl")


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """Which run it is, and how far it has come."""

    id: str
    spider: str
    started_at: datetime | None
    ended_at: datetime | None
    """None while it goes on."""
    reason: str | None
    """Scrapy's finish reason, once the spider is closed."""
    code: int | None
    """The exit code, once it has ended."""


class Telling:
    """Knows the runs before a run, and when it was last told of it."""

    def __init__(self, keeping: Keeping, *, replayed: bool) -> None:
        """*replayed*: whether nothing is to be told of clocks."""
        self.keeping = keeping
        self.last: LastRun | None = None
        """The run before this one, once it is known."""
        self.replayed = replayed
        self._past: list[PastRun] = []
        self._past_of: frozenset[str] | None = None
        self._told_at = -math.inf

    def check(self, store: Store, run: RunFacts, state: RunState) -> None:
        """Hold the run against those before it: *state* then has its faults. Raises :exc:`StorageError`."""
        names = frozenset(state.sites)
        with store.reading() as connection:
            # Runs that have ended do not change any more.
            if self._past_of is None or not names <= self._past_of:
                worker = self.keeping.worker
                self._past = earlier_runs(connection, run.id, spider=run.spider, worker=worker, sites=names)
                self._past_of = names
            known = feeds.of_sites(connection, names)
        if self.keeping.health is not None:
            state.faults = faults(state.sites, [past.sites for past in self._past], known, self.keeping.health)

    def due(self, now: float, every_s: float) -> bool:
        """Whether the last report is *every_s* seconds ago, by the same clock as *now*; then this counts as one."""
        if now < self._told_at + every_s:
            return False
        self._told_at = now
        return True

    def write_report(self, folder: Path, run: RunFacts, state: RunState, reasons: Sequence[str]) -> None:
        """Write both forms of the report below *folder*. Raises :exc:`OSError`."""
        # A replay's report has no clock in it: the same captures give the same report.
        times = (None, None) if self.replayed else (run.started_at, run.ended_at)
        started, ended = (time and time.isoformat(timespec="seconds") for time in times)
        identity = {
            "run_id": run.id,
            "spider": run.spider,
            "finish_reason": run.reason,
            "started_at": started,
            "ended_at": ended,
        }
        write_report(folder, report_of(identity, state, self._past, code=run.code, reasons=reasons))

    def write_metrics(self, run: RunFacts, state: RunState, *, queued: int) -> None:
        """Write the file of metrics, if there is to be one. A folder that takes none is no reason to end a crawl."""
        path = self.keeping.metrics_file
        if path is None or self.replayed:
            return
        now = (run.ended_at or datetime.now(UTC)).timestamp()
        text = metrics_text(
            state,
            crawl=path.stem,
            spider=run.spider,
            started_at=now if run.started_at is None else run.started_at.timestamp(),
            now=now,
            queued=queued,
            code=run.code,
            ended=run.ended_at is not None,
            last=self.last,
        )
        try:
            write_metrics(path, text)
        except OSError as error:
            logger.error("%s: no metrics could be written: %s", path, error.strerror or error)

"""The runs before a run, as the store knows them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from newscrawl.ledger.counts import SiteCounts
from newscrawl.store import runs

EARLIER = 10
"""Runs that a run is shown beside."""


@dataclass(frozen=True, kw_only=True)
class PastRun:
    """A run that ended."""

    id: str
    started_at: float
    ended_at: float | None
    exit_code: int | None
    reason: str | None
    counts: Mapping[str, Any]
    sites: Mapping[str, SiteCounts]
    """Counts of those sites that were asked for."""


def earlier_runs(
    connection: Connection, run_id: str, *, spider: str, worker: str, sites: Collection[str]
) -> list[PastRun]:
    """Return the last runs of *spider* that *worker* ended before *run_id*, the newest first, with those *sites*."""
    return [
        PastRun(
            id=run.id,
            started_at=run.started_at,
            ended_at=run.ended_at,
            exit_code=run.exit_code,
            reason=run.reason,
            counts=run.counts,
            sites={
                name: SiteCounts.continued({"pages": site.pages, "articles": site.articles, **site.counts})
                for name, site in runs.sites_of(connection, run.id, sites).items()
            },
        )
        for run in runs.earlier(connection, run_id, spider, worker, EARLIER)
    ]

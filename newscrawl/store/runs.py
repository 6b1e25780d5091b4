"""Runs: each crawl with its round, its counts, and the counts of each site."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from newscrawl.store.schema import run_sites, runs, upsert_into


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One run."""

    id: str
    spider: str
    round: int
    """Grows by one with each run that begins anew; a run that continues another has its round."""
    worker: str
    state: Literal["running", "ended"]
    started_at: float
    ended_at: float | None = None
    reason: str | None = None
    exit_code: int | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    counts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class RunSite:
    """What a run did on one site."""

    site: str
    pages: int
    articles: int
    counts: Mapping[str, Any] = field(default_factory=dict)


def begin(
    c: Connection,
    *,
    run_id: str,
    spider: str,
    worker: str,
    started_at: float,
    arguments: Mapping[str, Any],
    round: int | None = None,
) -> Run:
    """Write down a run that begins: in a new round, or in *round* when it continues another run."""
    if round is None:
        round = 1 + (c.execute(_LAST_ROUND).scalar() or 0)
    run = Run(
        id=run_id,
        spider=spider,
        round=round,
        worker=worker,
        state="running",
        started_at=started_at,
        arguments=dict(arguments),
    )
    values = {name: getattr(run, name) for name in _NAMES}
    c.execute(_INSERT, {**values, "arguments": _json(run.arguments), "counts": _json(run.counts)})
    return run


def next_round(c: Connection, run_id: str) -> int:
    """Begin a new round within a run, and return its number."""
    number = 1 + (c.execute(_LAST_ROUND).scalar() or 0)
    c.execute(_ROUND, {"b_id": run_id, "b_round": number})
    return int(number)


def update_counts(c: Connection, run_id: str, counts: Mapping[str, Any], sites: Sequence[RunSite] = ()) -> None:
    """Write down the counts of a run so far, in place of what was there."""
    c.execute(_COUNTS, {"b_id": run_id, "b_counts": _json(counts)})
    if sites:
        rows = [
            {"run_id": run_id, "site": s.site, "pages": s.pages, "articles": s.articles, "counts": _json(s.counts)}
            for s in sites
        ]
        c.execute(upsert_into(c.dialect.name, run_sites), rows)


def end(c: Connection, run_id: str, *, ended_at: float, reason: str | None, exit_code: int | None) -> None:
    """Write down how a run ended."""
    c.execute(_END, {"b_id": run_id, "b_ended_at": ended_at, "b_reason": reason, "b_exit_code": exit_code})


def latest(c: Connection, spider: str, worker: str) -> Run | None:
    """Return the last run of *spider* that *worker* began."""
    row = c.execute(_LATEST, {"b_spider": spider, "b_worker": worker}).first()
    return None if row is None else _run(row)


def get(c: Connection, run_id: str) -> Run | None:
    """Return one run."""
    row = c.execute(_BY_ID, {"b_id": run_id}).first()
    return None if row is None else _run(row)


def all(c: Connection, limit: int = 100) -> list[Run]:
    """Return the last runs, the newest first."""
    return [_run(row) for row in c.execute(_NEWEST.limit(limit))]


def sites(c: Connection, run_id: str) -> list[RunSite]:
    """Return the counts of each site in one run, by site."""
    return [
        RunSite(site=row.site, pages=row.pages, articles=row.articles, counts=json.loads(row.counts))
        for row in c.execute(_SITES, {"b_id": run_id})
    ]


_NAMES = ("id", "spider", "round", "worker", "state", "started_at", "ended_at", "reason", "exit_code")


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(dict(value), default=str)


def _run(row: Row[*tuple[Any, ...]]) -> Run:
    values = dict(row._mapping)
    return Run(**{**values, "arguments": json.loads(values["arguments"]), "counts": json.loads(values["counts"])})


_THIS = runs.c.id == bindparam("b_id")
_WHOLE = select(*(runs.c[name] for name in (*_NAMES, "arguments", "counts")))
_NEWEST = _WHOLE.order_by(runs.c.number.desc())
_INSERT = insert(runs)
_LAST_ROUND = select(func.max(runs.c.round))
_ROUND = update(runs).where(_THIS).values(round=bindparam("b_round"))
_COUNTS = update(runs).where(_THIS).values(counts=bindparam("b_counts"))
_END = (
    update(runs)
    .where(_THIS)
    .values(
        state="ended",
        ended_at=bindparam("b_ended_at"),
        reason=bindparam("b_reason"),
        exit_code=bindparam("b_exit_code"),
    )
)
_LATEST = _NEWEST.where(runs.c.spider == bindparam("b_spider"), runs.c.worker == bindparam("b_worker")).limit(1)
_BY_ID = _WHOLE.where(_THIS)
_SITES = select(run_sites).where(run_sites.c.run_id == bindparam("b_id")).order_by(run_sites.c.site)

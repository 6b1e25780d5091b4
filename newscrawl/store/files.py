"""Files of the output: how far each one is committed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Row, bindparam, select

from newscrawl.store.schema import OPEN, files, upsert_into


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredFile:
    """One append-only file."""

    name: str
    """Final name, relative to the output folder, with slashes."""
    kind: Literal["articles", "warc", "rejected"]
    state: Literal["open", "closed"]
    length: int
    """Bytes that are committed: what follows them belongs to nobody."""
    run_id: str
    worker: str


def put(c: Connection, current: Sequence[StoredFile]) -> None:
    """Write down how files stand now, known ones and new ones."""
    if current:
        rows = [{name: getattr(file, name) for name in _NAMES} for file in current]
        c.execute(upsert_into(c.dialect.name, files), rows)


def opened(c: Connection, worker: str) -> list[StoredFile]:
    """Return the files that *worker* has not finished, by name."""
    return [_file(row) for row in c.execute(_OPENED, {"b_worker": worker})]


def unfinished(c: Connection) -> list[StoredFile]:
    """Return the files that no worker has finished, by name."""
    return [_file(row) for row in c.execute(_UNFINISHED)]


def get(c: Connection, name: str) -> StoredFile | None:
    """Return one file."""
    row = c.execute(_BY_NAME, {"b_name": name}).first()
    return None if row is None else _file(row)


def all(c: Connection) -> list[StoredFile]:
    """Return every file, by name."""
    return [_file(row) for row in c.execute(_ALL)]


def _file(row: Row[*tuple[Any, ...]]) -> StoredFile:
    return StoredFile(**row._mapping)


_NAMES = ("name", "kind", "state", "length", "run_id", "worker")
_ALL = select(*(files.c[name] for name in _NAMES)).order_by(files.c.name)
_BY_NAME = _ALL.where(files.c.name == bindparam("b_name"))
_UNFINISHED = _ALL.where(OPEN)
_OPENED = _ALL.where(OPEN, files.c.worker == bindparam("b_worker"))

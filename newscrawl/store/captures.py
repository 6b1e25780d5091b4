"""Captures: where in the archive each stored exchange lies, until and after its WARC has an index of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, insert, select, update

from newscrawl.store.schema import ORIGINAL, captures, tombstones, upsert_into


@dataclass(frozen=True, kw_only=True, slots=True)
class NewCapture:
    """One response record (or the metadata record of an exchange without one)."""

    record_id: str
    """``urn:uuid:…`` without brackets."""
    kind: str
    url: str
    url_key: str
    fetched_at: float
    status: int | None
    mime: str | None
    payload_sha256: str | None
    payload_length: int
    warc: str
    """The WARC's final name, below the output folder."""
    offset: int
    length: int
    """Of the compressed record."""
    revisit_of: str | None
    """Record id of the capture that holds the payload, for a revisit."""
    truncated: str | None
    date: str
    """WARC-Date, as in the record."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tombstone:
    """What is left of a capture that was taken out."""

    record_id: str
    url_key: str
    url: str
    payload_sha256: str | None
    reason: str
    removed_at: float


def add(c: Connection, new: Sequence[NewCapture]) -> None:
    """Add captures; a record id that is there already is an error."""
    if new:
        c.execute(_INSERT, [_values(capture) for capture in new])


def by_payload(c: Connection, sha256: str) -> NewCapture | None:
    """Return the earliest capture that holds this payload itself and as a whole."""
    return _one(c, _BY_PAYLOAD, {"b_sha256": sha256})


def by_record(c: Connection, record_id: str) -> NewCapture | None:
    """Return the capture with this record id."""
    return _one(c, _BY_RECORD, {"b_record_id": record_id})


def by_url(c: Connection, url: str, url_key: str) -> list[NewCapture]:
    """Return the captures of *url* by time; when there are none, those of any URL with the same *url_key*."""
    exact = _all(c, _BY_URL, {"b_url": url})
    return exact or _all(c, _BY_KEY, {"b_url_key": url_key})


def latest_by_url(c: Connection, url: str, *, status: int | None = None) -> NewCapture | None:
    """Return the latest capture of exactly *url*, with that HTTP *status* when one is given."""
    if status is None:
        return _one(c, _LATEST, {"b_url": url})
    return _one(c, _LATEST_WITH, {"b_url": url, "b_status": status})


def of_warc(c: Connection, warc: str) -> list[NewCapture]:
    """Return the captures that lie in one WARC, in its order."""
    return _all(c, _OF_WARC, {"b_warc": warc})


def all(c: Connection) -> Iterator[NewCapture]:
    """Yield every capture in the order in which it was committed, a few at a time."""
    with c.execute(_ALL, execution_options={"yield_per": 500}) as rows:
        for row in rows:
            yield _capture(row)


def move(c: Connection, record_id: str, *, warc: str, offset: int, length: int) -> None:
    """Note that a record lies elsewhere now."""
    bound = {"b_record_id": record_id, "b_warc": warc, "b_offset": offset, "b_length": length}
    c.execute(_MOVE, bound)


def remove(c: Connection, record_id: str) -> None:
    """Forget a capture. Its tombstone is written with :func:`bury`."""
    c.execute(_REMOVE, {"b_record_id": record_id})


def bury(c: Connection, stones: Sequence[Tombstone]) -> None:
    """Write tombstones; one for the same record takes the place of the older one."""
    if stones:
        rows = [{name: getattr(stone, name) for name in tombstones.columns.keys()} for stone in stones]  # noqa: SIM118
        c.execute(upsert_into(c.dialect.name, tombstones), rows)


def buried(c: Connection) -> list[Tombstone]:
    """Return the tombstones, by time."""
    rows = c.execute(select(tombstones).order_by(tombstones.c.removed_at, tombstones.c.record_id))
    return [Tombstone(**row._mapping) for row in rows]


_NAMES = (
    "record_id",
    "kind",
    "url",
    "url_key",
    "fetched_at",
    "status",
    "mime",
    "payload_sha256",
    "payload_length",
    "warc",
    "offset",
    "length",
    "revisit_of",
    "truncated",
    "date",
)


def _values(capture: NewCapture) -> dict[str, Any]:
    return {name: getattr(capture, name) for name in _NAMES}


def _capture(row: Row[*tuple[Any, ...]]) -> NewCapture:
    return NewCapture(**row._mapping)


def _one(c: Connection, statement: Select[*tuple[Any, ...]], bound: dict[str, Any]) -> NewCapture | None:
    row = c.execute(statement, bound).first()
    return None if row is None else _capture(row)


def _all(c: Connection, statement: Select[*tuple[Any, ...]], bound: dict[str, Any]) -> list[NewCapture]:
    return [_capture(row) for row in c.execute(statement, bound)]


_WHOLE = select(*(captures.c[name] for name in _NAMES))
_THIS = captures.c.record_id == bindparam("b_record_id")
_OF_URL = _WHOLE.where(captures.c.url == bindparam("b_url"))
_BY_TIME = (captures.c.fetched_at, captures.c.number)

_INSERT = insert(captures)
_BY_PAYLOAD = _WHOLE.where(ORIGINAL, captures.c.payload_sha256 == bindparam("b_sha256")).order_by(*_BY_TIME).limit(1)
_BY_RECORD = _WHOLE.where(_THIS)
_BY_URL = _OF_URL.order_by(*_BY_TIME)
_BY_KEY = _WHOLE.where(captures.c.url_key == bindparam("b_url_key")).order_by(*_BY_TIME)
_LATEST = _OF_URL.order_by(*(column.desc() for column in _BY_TIME)).limit(1)
_LATEST_WITH = _LATEST.where(captures.c.status == bindparam("b_status"))
_OF_WARC = _WHOLE.where(captures.c.warc == bindparam("b_warc")).order_by(captures.c.offset)
_ALL = _WHOLE.order_by(captures.c.number)
_MOVE = (
    update(captures)
    .where(_THIS)
    .values(warc=bindparam("b_warc"), offset=bindparam("b_offset"), length=bindparam("b_length"))
)
_REMOVE = delete(captures).where(_THIS)

"""What the store knows of captures and rows, had again from WARC records and JSON Lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from newscrawl.archive.reading import read_warc
from newscrawl.archive.records import WarcRecord, parse_warc_date
from newscrawl.archive.warc import NOT_MODIFIED
from newscrawl.fingerprint import folded_digest, sha256_hex
from newscrawl.ledger.rows import capture_of, lines_of, row_of
from newscrawl.store.articles import NewArticle
from newscrawl.store.captures import NewCapture
from newscrawl.urls import url_key

_ANSWERS = ("response", "revisit")


def capture_records(
    records: Iterable[WarcRecord], warc: str, known: Callable[[str], NewCapture | None]
) -> Iterator[NewCapture]:
    """Yield the captures of *records*, all of one file whose final name is *warc*, in their order.

    *known* finds a capture of another file by its record id, for revisits of it.
    """
    waiting: dict[str, NewCapture] = {}
    met: dict[str, NewCapture] = {}
    for record in records:
        if record.type in _ANSWERS and record.record_id and record.target_uri and record.length:
            # Our metadata records follow what they are of; with the next answer, nothing more is to come.
            yield from waiting.values()
            waiting = {}
            capture = _capture(record, warc, lambda id_: met.get(id_) or known(id_))
            waiting[record.record_id] = capture
            if capture.revisit_of is None:
                met[record.record_id] = capture
        elif record.type == "metadata":
            beside = (record.get("WARC-Concurrent-To") or "").strip("<> ")
            if beside in waiting:
                waiting[beside] = _noted(waiting[beside], notes_of(record))
    yield from waiting.values()


def _capture(record: WarcRecord, warc: str, known: Callable[[str], NewCapture | None]) -> NewCapture:
    http = record.http
    media = (http.get(b"content-type") if http else None) or b""
    url = record.target_uri or ""
    payload = record.payload
    digest, length, refers = sha256_hex(payload), len(payload), None
    if record.type == "revisit" and record.get("WARC-Profile") != NOT_MODIFIED:
        refers = (record.get("WARC-Refers-To") or "").strip("<> ") or None
        original = known(refers) if refers else None
        if original is not None:
            digest, length = original.payload_sha256 or digest, original.payload_length
    date = parse_warc_date(record.get("WARC-Date") or "")
    return NewCapture(
        record_id=record.record_id or "",
        kind="page",
        url=url,
        url_key=url_key(url),
        fetched_at=date.timestamp() if date is not None else 0.0,
        status=http.status if http else None,
        mime=media.split(b";")[0].strip().decode("latin-1").lower() or None,
        payload_sha256=digest,
        payload_length=length,
        warc=warc,
        offset=record.offset,
        length=record.length,
        revisit_of=refers,
        truncated=record.get("WARC-Truncated"),
        date=record.get("WARC-Date") or "",
    )


def _noted(capture: NewCapture, notes: dict[str, str]) -> NewCapture:
    return replace(
        capture,
        kind=notes.get("newscrawl-kind", capture.kind),
        payload_sha256=notes.get("payload-sha256", capture.payload_sha256),
    )


def notes_of(record: WarcRecord) -> dict[str, str]:
    """Return the fields of a metadata record by name."""
    lines = record.block.decode("utf-8", "replace").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def article_row(row: dict[str, Any], line: bytes, *, file: str, offset: int, spider: str) -> NewArticle:
    """Return what the store is told of the *row* that *line* holds."""
    snapshot = row.get("snapshot") or {}
    fetched = parse_warc_date(str(row.get("fetched_at") or "").replace("+00:00", "Z"))
    return NewArticle(
        id=str(row["id"]),
        version=int(row["version"]),
        url_key=str(row.get("url_key") or ""),
        url=str(row.get("url") or ""),
        site=str(row.get("site") or ""),
        spider=spider,
        run_id=str(row.get("run_id") or ""),
        text_digest=folded_digest(row.get("article_body")) or folded_digest(row.get("headline")),
        record_id=capture_of(row).get("record_id"),
        snapshot_path=snapshot.get("path"),
        snapshot_sha256=snapshot.get("sha256"),
        date_published=row.get("date_published"),
        in_language=row.get("in_language"),
        file=file,
        offset=offset,
        length=len(line),
        row=line,
        committed_at=fetched.timestamp() if fetched is not None else 0.0,
    )


def rows_in(path: Path, end: int) -> Iterator[tuple[int, bytes, dict[str, Any]]]:
    """Yield offset, line and row of each row of *path* before *end*; a line that is no row is passed over."""
    for offset, line in lines_of(path, 0, end):
        row = row_of(line)
        if row is not None and isinstance(row.get("id"), str) and type(row.get("version")) is int:
            yield offset, line, row


def whole_length(path: Path, kind: str) -> int:
    """Return how many bytes of *path* are whole records or lines: all but a torn end."""
    size = path.stat().st_size
    if kind != "warc":
        end = 0
        for offset, line in lines_of(path, 0, size):
            if row_of(line) is not None:
                end = offset + len(line)
        return end
    end = 0
    for found in read_warc(path):
        behind = size if found.length is None else found.offset + found.length
        if isinstance(found, WarcRecord) or behind < size:
            end = max(end, behind)
    return end

"""Rows of JSON Lines files as bytes, and what they say of records and snapshots."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from newscrawl.archive.appending import existing
from newscrawl.archive.reading import decoded_payload, read_record
from newscrawl.archive.records import WarcRecord
from newscrawl.archive.verify import Finding
from newscrawl.archive.warc import NOT_MODIFIED
from newscrawl.exceptions import ArchiveError
from newscrawl.fingerprint import sha256_hex
from newscrawl.store.articles import StoredArticle


def lines_of(path: Path, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Yield offset and bytes of each line of *path* from *start* to *end*; the last one may lack its newline."""
    if start >= end:
        return
    with path.open("rb") as file:
        file.seek(start)
        while start < end and (line := file.readline(end - start)):
            yield start, line
            start += len(line)


def row_of(line: bytes) -> dict[str, Any] | None:
    """Return the row that *line* holds, None when it holds none."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) and line.endswith(b"\n") else None


def capture_of(row: dict[str, Any]) -> dict[str, Any]:
    """Return what a row says of its capture; ``{}`` when it says nothing."""
    capture = row.get("capture")
    return capture if isinstance(capture, dict) else {}


class Originals:
    """Where the payloads of an archive lie, by record."""

    def __init__(self) -> None:
        self._paths: list[Path] = []
        self._places: dict[bytes, tuple[int, int, int]] = {}

    def note(self, record: WarcRecord) -> None:
        """Remember where *record* is, if it holds a payload."""
        if record.type == "response" and record.record_id is not None:
            if not self._paths or self._paths[-1] != record.path:
                self._paths.append(record.path)
            place = len(self._paths) - 1, record.offset, record.inner
            self._places.setdefault(_packed(record.record_id), place)

    def find(self, record_id: str) -> WarcRecord | None:
        """Return the record with this id. Raises :exc:`ArchiveError` when it cannot be read any more."""
        place = self._places.get(_packed(record_id))
        return None if place is None else read_record(self._paths[place[0]], place[1], inner=place[2])


class RowCheck:
    """Holds rows against records and snapshots."""

    def __init__(self, folder: Path, originals: Originals) -> None:
        """*originals* of every WARC below the output folder *folder*."""
        self.folder = folder
        self._originals = originals

    def stored(self, path: Path, article: StoredArticle) -> Iterator[Finding]:
        """Yield what is wrong with a row that the store has and that should lie in *path*."""
        line = next((line for _, line in lines_of(path, article.offset, article.offset + article.length)), b"")
        if line != article.row:
            text = f"the store's row of {article.id} version {article.version} does not stand here"
            yield _error(path, article.offset, "row_differs", text)
        row = row_of(article.row)
        if row is not None:
            snapshot = row.get("snapshot") or {}
            said = {
                "id": (article.id, row.get("id")),
                "version": (article.version, row.get("version")),
                "url_key": (article.url_key, row.get("url_key")),
                "record_id": (article.record_id, capture_of(row).get("record_id")),
                "snapshot_path": (article.snapshot_path, snapshot.get("path")),
                "snapshot_sha256": (article.snapshot_sha256, snapshot.get("sha256")),
            }
            for name, (stored, true) in said.items():
                if stored != true:
                    text = f"the store says {name} {stored!r}, the row {true!r}"
                    yield _error(path, article.offset, "store_differs", text)
        yield from self.row(path, article.offset, article.row)

    def row(self, path: Path, offset: int, line: bytes) -> Iterator[Finding]:
        """Yield what is wrong with the row at *offset* of *path*."""
        row = row_of(line)
        if row is None:
            yield _error(path, offset, "row", f"this is no row: {line[:60]!r}")
            return
        snapshot = row.get("snapshot") or {}
        body, faults = self._payload(capture_of(row))
        for code, text in faults:
            yield _error(path, offset, code, text)
        if snapshot:
            yield from self._snapshot(path, offset, snapshot, body)

    def _payload(self, capture: dict[str, Any]) -> tuple[bytes | None, list[tuple[str, str]]]:
        """Return the decoded body of a row's capture, None when it is not known, and what is wrong with the capture."""
        warc = self._warc(capture.get("warc"))
        if capture.get("warc") is None or (warc is None and (self.folder / ".replay").exists()):
            # A row that was read from a loose file, or in replay from an archive elsewhere.
            return None, []
        where = f"record {capture.get('record_id')} in {capture['warc']} at {capture.get('offset')}"
        if warc is None:
            return None, [("row_record", f"its {where} is not there: the file is missing")]
        try:
            record = read_record(warc, capture.get("offset") or 0)
            holder = self._holder(record)
        except ArchiveError as error:
            return None, [("row_record", f"its {where} cannot be read: {error}")]
        if record.record_id != capture.get("record_id") or record.length != capture.get("length"):
            found = f"{record.record_id} of {record.length} bytes"
            return None, [("row_record", f"its {where} of {capture.get('length')} bytes is not there, but {found}")]
        if holder is None:
            return None, [("row_record", f"the payload of its {where} is in none of the files")]
        digest = f"sha256:{sha256_hex(holder.payload)}"
        if digest != capture.get("payload_digest"):
            return None, [("row_payload", f"its {where} has the payload {digest}, not {capture.get('payload_digest')}")]
        body, fault = decoded_payload(holder)
        # What a decoder makes of a false coding is its own affair.
        return (body if fault is None else None), []

    def _holder(self, record: WarcRecord) -> WarcRecord | None:
        """Return the record that has the payload of *record*."""
        if record.type != "revisit" or record.get("WARC-Profile") == NOT_MODIFIED:
            return record
        return self._originals.find((record.get("WARC-Refers-To") or "").strip("<> "))

    def _warc(self, name: Any) -> Path | None:
        if not isinstance(name, str) or "/" in name:
            return None
        return existing(self.folder / "warc" / name)

    def _snapshot(self, path: Path, offset: int, ref: dict[str, Any], body: bytes | None) -> Iterator[Finding]:
        try:
            found = sha256_hex((self.folder / str(ref.get("path"))).read_bytes())
        except OSError as error:
            text = f"its snapshot {ref.get('path')} cannot be read ({error.strerror}); `scrapy repair` makes it again"
            yield _error(path, offset, "snapshot", text)
        else:
            if found != ref.get("sha256"):
                text = f"its snapshot {ref.get('path')} has changed; `scrapy repair` makes it again"
                yield _error(path, offset, "snapshot", text)
        if body is not None and sha256_hex(body) != ref.get("sha256"):
            yield _error(path, offset, "row_snapshot", f"its snapshot {ref.get('path')} is not the body of its record")


def _packed(record_id: str) -> bytes:
    try:
        return UUID(record_id).bytes
    except ValueError:
        return record_id.encode("utf-8", "surrogatepass")


def _error(path: Path, offset: int, code: str, text: str) -> Finding:
    return Finding(severity="error", file=str(path), offset=offset, code=code, text=text)

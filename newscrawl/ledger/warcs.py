"""The WARC files of one process: exchanges in, records and their places out."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from newscrawl.archive.appending import AppendFile
from newscrawl.archive.cdxj import placed_entry
from newscrawl.archive.records import stated_status
from newscrawl.archive.warc import NewRecord, Original, RecordMaker, payload_sha256, warc_date
from newscrawl.archive.wire import WireExchange, head_fields
from newscrawl.items import CaptureRef
from newscrawl.ledger.keeping import Keeping
from newscrawl.store import Store, captures
from newscrawl.store.captures import NewCapture

MIN_REVISIT_BYTES = 512
"""A payload shorter than this is stored again: the record that points to it would not be smaller."""


class WarcSeries:
    """Writes exchanges to one WARC after another and remembers what the store must be told."""

    def __init__(self, folder: Path, prefix: str, keeping: Keeping, store: Store) -> None:
        """*prefix* begins the names of the files below *folder*; *store* knows what was archived before."""
        self.folder = folder
        self.prefix = prefix
        self.keeping = keeping
        self.store = store
        self.file: AppendFile | None = None
        self.new: list[NewCapture] = []
        """Captures that the store does not know yet."""
        self.lines: list[str] = []
        """The index of the file, not sorted: reading a large file again at its end would stop the crawl for long."""
        self._maker: RecordMaker | None = None
        self._serial = 0
        self._last_write = 0.0
        self._originals: dict[str, NewCapture] = {}

    @property
    def path(self) -> Path:
        """The file that is written to, or the folder when there is none."""
        return self.folder / "warc" if self.file is None else self.file.open_path

    def keep(self, wire: WireExchange, *, kind: str, notes: Mapping[str, str], now: float) -> CaptureRef | None:
        """Append the records of an exchange; return where its answer lies. Raises :exc:`OSError`."""
        file, maker = self._writable(now)
        digest = payload_sha256(wire) if wire.head else None
        original, unmodified = self._original(wire, digest), self._unmodified(wire)
        records = maker.exchange(
            wire,
            notes={**notes, "newscrawl-kind": kind},
            original=_original_of(original),
            unmodified=_original_of(unmodified),
        )
        start = file.append(b"".join(record.member for record in records))
        self._last_write = now
        ref: CaptureRef | None = None
        for record in records:
            if record.index_entry is not None:
                self.lines.append(
                    placed_entry(record.index_entry, offset=start, length=len(record.member), filename=file.path.name)
                )
            if record.kind in ("response", "revisit"):
                capture = _capture(wire, record, start, file, kind, digest, original, self.keeping.keys(wire.url))
                self.new.append(capture)
                if record.kind == "response" and wire.truncated is None and digest is not None:
                    self._originals.setdefault(digest, capture)
                ref = CaptureRef(
                    warc=capture.warc,
                    offset=start,
                    length=len(record.member),
                    record_id=record.record_id,
                    payload_digest=f"sha256:{digest}",
                )
            start += len(record.member)
        return ref

    def _writable(self, now: float) -> tuple[AppendFile, RecordMaker]:
        if self.file is None or self._maker is None:
            self._serial += 1
            created = datetime.fromtimestamp(now, UTC)
            stamp = f"{created:%Y%m%d%H%M%S}{created.microsecond // 1000:03d}"
            name = f"{self.prefix}-{stamp}-{self._serial:05d}-{secrets.token_hex(4)}.warc.gz"
            self._maker = RecordMaker(filename=name, created_at=created, info=self.keeping.warc_info)
            self.file = AppendFile(self.folder, f"warc/{name}")
            self.file.append(self._maker.warcinfo().member)
        return self.file, self._maker

    def _original(self, wire: WireExchange, digest: str | None) -> NewCapture | None:
        if digest is None or len(wire.body) < MIN_REVISIT_BYTES or wire.truncated is not None:
            return None
        known = self._originals.get(digest)
        if known is None:
            with self.store.reading() as connection:
                known = captures.by_payload(connection, digest)
        return known

    def _unmodified(self, wire: WireExchange) -> NewCapture | None:
        """Return what a 304 says is still true."""
        if stated_status(wire.head) != 304:
            return None
        with self.store.reading() as connection:
            found = captures.latest_by_url(connection, wire.url, status=200)
            if found is not None and found.revisit_of is not None:
                found = captures.by_record(connection, found.revisit_of)
        return found if found is None or found.truncated is None else None

    def full(self, now: float) -> bool:
        """Return whether the file is large or idle enough to be closed."""
        if self.file is None:
            return False
        idle = now - self._last_write >= self.keeping.warc_idle_s
        return idle or self.file.size >= self.keeping.warc_max_bytes

    def acknowledge(self) -> None:
        """Forget what the store has been told."""
        self.new = []
        self._originals = {}


def _original_of(capture: NewCapture | None) -> Original | None:
    if capture is None:
        return None
    return Original(record_id=capture.record_id, url=capture.url, date=capture.date)


def _capture(
    wire: WireExchange,
    record: NewRecord,
    offset: int,
    file: AppendFile,
    kind: str,
    digest: str | None,
    original: NewCapture | None,
    key: str,
) -> NewCapture:
    mime = next((value for name, value in head_fields(wire.head) if name.lower() == b"content-type"), b"")
    return NewCapture(
        record_id=record.record_id,
        kind=kind,
        url=wire.url,
        url_key=key,
        fetched_at=wire.started_at.timestamp(),
        status=stated_status(wire.head),
        mime=mime.split(b";")[0].strip().decode("latin-1").lower() or None,
        # A 304 has its own, empty payload here: what it refers to was not received.
        payload_sha256=digest,
        payload_length=len(wire.body),
        warc=file.path.name,
        offset=offset,
        length=len(record.member),
        revisit_of=original.record_id if original is not None else None,
        truncated=wire.truncated,
        date=warc_date(wire.started_at),
    )

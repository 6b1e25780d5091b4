"""Checks of a whole output folder: files, WARC records, rows, snapshots and store against each other.

Nothing is changed.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import sqlalchemy as sa

from newscrawl.archive.records import WarcRecord
from newscrawl.archive.verify import ArchiveCheck, Finding
from newscrawl.archive.warc import NOT_MODIFIED
from newscrawl.fingerprint import sha256_hex
from newscrawl.ledger.copies import damaged_indexes
from newscrawl.ledger.journal import STAGE
from newscrawl.ledger.places import COPIES, Place, places
from newscrawl.ledger.rows import Originals, RowCheck, lines_of
from newscrawl.store import Store, articles, captures
from newscrawl.store.captures import NewCapture
from newscrawl.store.schema import captures as captures_table


class Audit:
    """One look at an output folder."""

    def __init__(self, folder: Path, store: Store | None, *, worker: str | None = None) -> None:
        """*worker*: who writes here, where the store is shared; without a store the files are held against each other.

        Raises :exc:`~newscrawl.exceptions.StorageError` and :exc:`OSError`, as all methods do, for what cannot be read.
        """
        self.folder = folder
        self.store = store
        self.places = places(folder, store, worker=worker)
        self.progress: Callable[[int], None] = lambda _: None
        """Told of bytes that were gone through since it was last told."""
        self.records = ArchiveCheck(lambda done: self.progress(done))
        self.rows = 0
        """Rows that were met."""
        self._originals = Originals()

    @property
    def size(self) -> int:
        """Bytes that will be gone through."""
        return sum(place.size or 0 for place in self.places if place.kind in ("warc", "articles"))

    def findings(self) -> Iterator[Finding]:
        """Yield everything that is not as it should be."""
        yield from self.files()
        yield from self.warcs()
        yield from self.articles()
        yield from self.copies()

    # --- files

    def files(self) -> Iterator[Finding]:
        """Yield files whose length or name is not what was committed."""
        if (self.folder / STAGE).exists():
            yield _error(self.folder / STAGE, None, "removal", "a removal was interrupted; `scrapy repair` ends it")
        for place in self.places:
            yield from _check_place(place, known=self.store is not None)

    # --- records

    def warcs(self) -> Iterator[Finding]:
        """Yield what is wrong with WARC records, and where they and the store's captures differ."""
        names = set()
        for place in self.places:
            if place.kind == "warc" and place.size is not None:
                names.add(place.path.name.removesuffix(".open"))
                yield from self._warc(place)
        yield from self.records.end()
        if self.store is not None:
            yield from self._homeless(self.store, names)

    def _warc(self, place: Place) -> Iterator[Finding]:
        expected: dict[str, NewCapture] = {}
        name = Path(place.name).name
        if self.store is not None:
            with self.store.reading() as connection:
                expected = {capture.record_id: capture for capture in captures.of_warc(connection, name)}

        def compare(record: WarcRecord) -> Iterable[Finding]:
            self._originals.note(record)
            if self.store is None or record.type not in ("response", "revisit"):
                return ()
            return _compare(record, expected.pop(record.record_id or "", None), self.store)

        yield from self.records.file(place.path, until=place.committed, each=compare)
        for capture in expected.values():
            text = f"the store lists a capture of {capture.url} ({capture.record_id}) here, and the file has none"
            yield _error(place.path, capture.offset, "record_missing", text)

    def _homeless(self, store: Store, names: set[str]) -> Iterator[Finding]:
        """Yield the WARCs that the store's captures name and that are neither here nor listed."""
        listed = {Path(place.name).name for place in places(self.folder, store) if place.kind == "warc"}
        with store.reading() as connection:
            for (name,) in connection.execute(sa.select(captures_table.c.warc).distinct()):
                if name not in names and name not in listed:
                    yield _error(self.folder / "warc" / name, None, "missing", "the store has captures in this file")

    # --- rows

    def articles(self) -> Iterator[Finding]:
        """Yield what is wrong with rows, their captures and snapshots, and where files and store differ."""
        check = RowCheck(self.folder, self._originals)
        if self.store is None:
            for place in self.places:
                if place.kind == "articles" and place.size is not None:
                    for offset, line in lines_of(place.path, 0, place.committed):
                        self._count(line)
                        yield from check.row(place.path, offset, line)
            return
        found = {place.name: place for place in self.places if place.kind == "articles"}
        covered = {name: array("q") for name in found}
        with self.store.reading() as connection:
            for article in articles.iterate(connection):
                if article.file in found and found[article.file].size is not None:
                    self._count(article.row)
                    covered[article.file].extend((article.offset, article.length))
                    yield from check.stored(found[article.file].path, article)
        for name, spans in covered.items():
            if found[name].row is not None:
                yield from _uncovered(found[name], spans)

    def copies(self) -> Iterator[Finding]:
        """Yield what the next crawl will make again of the index of copies."""
        for path, why in damaged_indexes(self.folder / COPIES):
            text = f"{why}; the next crawl makes it again, or `scrapy repair` removes it"
            yield Finding(severity="warning", file=str(path), offset=None, code="index", text=text)

    def _count(self, line: bytes) -> None:
        self.rows += 1
        self.progress(len(line))


def _check_place(place: Place, *, known: bool) -> Iterator[Finding]:
    row, size = place.row, place.size
    if row is None:
        if known and place.is_open:
            text = "nothing of it was committed; the next start sets it aside"
            yield Finding(severity="warning", file=str(place.path), offset=None, code="unfinished", text=text)
        elif known:
            yield _error(place.path, None, "unknown_file", "the store does not know it; `scrapy repair` takes it up")
        return
    if size is None:
        yield _error(place.path, None, "missing", f"{row.length} bytes of it were committed, and it is not there")
    elif size < row.length:
        yield _error(place.path, size, "short", f"{row.length} bytes were committed, and it ends here")
    elif row.state == "closed" and size > row.length:
        text = f"{size - row.length} bytes follow what was committed when it was closed"
        yield _error(place.path, row.length, "long", text)
    elif row.state == "open" or place.is_open:
        tail = f"; {size - row.length} bytes behind the last commit will be set aside" if size > row.length else ""
        text = f"of a run that is at work or was interrupted{tail}; the next start or `scrapy repair` finishes it"
        yield Finding(severity="warning", file=str(place.path), offset=None, code="unfinished", text=text)


def _compare(record: WarcRecord, capture: NewCapture | None, store: Store) -> Iterator[Finding]:
    """Yield where a record and the store's capture of it differ."""
    if capture is None:
        text = f"the store has no capture for {record.record_id} ({record.target_uri}); `scrapy repair` takes it up"
        yield _error(record.path, record.offset, "not_in_store", text)
        return
    http = record.http
    said: dict[str, tuple[object, object]] = {
        "offset": (capture.offset, record.offset),
        "length": (capture.length, record.length),
        "date": (capture.date, record.get("WARC-Date")),
        "status": (capture.status, http.status if http else None),
        "truncated": (capture.truncated, record.get("WARC-Truncated")),
    }
    if record.type == "response":
        said["payload"] = (capture.payload_sha256, sha256_hex(record.payload))
    elif record.get("WARC-Profile") != NOT_MODIFIED:
        refers = (record.get("WARC-Refers-To") or "").strip("<> ")
        said["original"] = (capture.revisit_of, refers)
        with store.reading() as connection:
            original = captures.by_record(connection, refers)
        said["payload"] = (capture.payload_sha256, original and original.payload_sha256)
    for name, (stored, true) in said.items():
        if stored != true:
            text = f"the store says {name} {stored!r} of {record.record_id}, the record {true!r}"
            yield _error(record.path, record.offset, "store_differs", text)


def _uncovered(place: Place, spans: array[int]) -> Iterator[Finding]:
    """Yield the rows of a file that the store does not have, and those that it places over each other."""
    end = 0
    for offset, length in [*sorted(zip(spans[::2], spans[1::2], strict=True)), (place.committed, 0)]:
        if offset < end and length:
            yield _error(place.path, offset, "overlap", "the store has two rows at this place")
        for start, _ in lines_of(place.path, end, offset):
            text = "the store does not have this row; `scrapy repair` takes it up"
            yield _error(place.path, start, "not_in_store", text)
        end = max(end, offset + length)


def _error(path: Path, offset: int | None, code: str, text: str) -> Finding:
    return Finding(severity="error", file=str(path), offset=offset, code=code, text=text)

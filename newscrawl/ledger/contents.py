"""What the store, the indexes and the snapshots say, made to agree with what WARCs and JSON Lines hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from newscrawl.archive.cdxj import cdxj_line, write_cdxj
from newscrawl.archive.reading import read_warc
from newscrawl.archive.records import Damage, WarcRecord
from newscrawl.archive.snapshot import snapshot_whole, write_snapshot
from newscrawl.archive.verify import check_index
from newscrawl.fingerprint import sha256_hex
from newscrawl.items import SnapshotRef
from newscrawl.ledger.copies import copy_index, damaged_indexes, take_up
from newscrawl.ledger.places import COPIES, Place, places
from newscrawl.ledger.rebuilding import article_row, capture_records, rows_in
from newscrawl.ledger.recovery import body_of
from newscrawl.store import Store, articles, captures
from newscrawl.store.articles import StoredArticle
from newscrawl.store.captures import NewCapture


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One thing that was done, or that has to be left."""

    text: str
    left: bool = False
    """True for damage that stays."""


class Contents:
    """Mends what can be had again from the files."""

    def __init__(
        self, folder: Path, store: Store, *, act: bool, note: bool, copies_window_s: float, store_url: str = ""
    ) -> None:
        """*act*: whether files are written, *note*: whether the store is; otherwise it is only said.

        *copies_window_s*: :attr:`.Keeping.copies_window_s`. *store_url*: where the store lies, empty for the folder's
        own.
        """
        self.folder = folder
        self.store = store
        self.act = act
        self.note = note
        self.copies_window_s = copies_window_s
        self._index = copy_index(folder if act else None, store_url)

    def steps(self, progress: Callable[[int], None]) -> Iterator[Step]:
        """Do everything, and yield each thing; *progress* is told of bytes that were gone through."""
        found = [place for place in places(self.folder, self.store) if place.size is not None]
        for place in found:
            if place.kind == "warc":
                yield from self._captures(place, progress)
        for place in found:
            if place.kind == "articles":
                yield from self._articles(place, progress)
        self._index.close()
        yield from self._copies()
        yield from self._snapshots()

    def _captures(self, place: Place, progress: Callable[[int], None]) -> Iterator[Step]:
        """Let store and index say of a WARC what it holds."""
        lines: list[str] = []
        name = Path(place.name).name

        damages: list[Damage] = []

        def records() -> Iterator[WarcRecord]:
            for found in read_warc(place.path):
                if found.offset >= place.committed:
                    continue
                if isinstance(found, Damage):
                    # A torn end is set aside by now, or would be.
                    if self.act or found.code != "torn":
                        damages.append(found)
                else:
                    lines.append(cdxj_line(found) or "")
                    progress(found.length)
                    yield found

        def known(record_id: str) -> NewCapture | None:
            with self.store.reading() as connection:
                return captures.by_record(connection, record_id)

        with self.store.reading() as connection:
            stored = {capture.record_id: capture for capture in captures.of_warc(connection, name)}
        true = {capture.record_id: capture for capture in capture_records(records(), name, known)}
        yield from self._settle(place, stored, true)
        for damage in damages:
            yield Step(text=f"{place.path}: offset {damage.offset}: {damage.detail}", left=True)
        if not place.is_open and (tail := (place.size or 0) - place.committed):
            text = f"{place.path}: offset {place.committed}: {tail} bytes follow what was committed"
            yield Step(text=text, left=True)
        if not place.is_open and any(check_index(place.path, filter(None, lines))):
            yield Step(text=f"{place.path}: index written")
            if self.act:
                write_cdxj(place.path, filter(None, lines))

    def _settle(self, place: Place, stored: dict[str, NewCapture], true: dict[str, NewCapture]) -> Iterator[Step]:
        gone = [record_id for record_id in stored if record_id not in true]
        wrong = [id_ for id_, old in stored.items() if id_ in true and _said(old) != _said(true[id_])]
        new = [capture for record_id, capture in true.items() if record_id not in stored]
        moved = [
            true[id_]
            for id_, old in stored.items()
            if id_ in true and id_ not in wrong and _place(old) != _place(true[id_])
        ]
        with self.store.begin() as connection:
            # A second record of the same id cannot be found by it.
            twice = [capture for capture in new if captures.by_record(connection, capture.record_id) is not None]
            new = [capture for capture in new if capture not in twice]
            if self.note:
                for record_id in (*gone, *wrong):
                    captures.remove(connection, record_id)
                for capture in moved:
                    captures.move(
                        connection, capture.record_id, warc=capture.warc, offset=capture.offset, length=capture.length
                    )
                captures.add(connection, [*new, *(true[record_id] for record_id in wrong)])
        for changed, what in (
            (new, "taken up"),
            (moved, "placed anew"),
            (wrong, "described anew"),
            (gone, "forgotten: not there"),
        ):
            if changed:
                yield Step(text=f"{place.path}: {len(changed)} captures {what}")
        for capture in twice:
            text = f"{place.path}: offset {capture.offset}: {capture.record_id} is the id of another record, too"
            yield Step(text=text, left=True)

    def _articles(self, place: Place, progress: Callable[[int], None]) -> Iterator[Step]:
        """Tell the store of rows that it does not have."""
        spider = place.path.name.rsplit("-", 2)[0]
        with self.store.reading() as connection:
            stored = {
                article.offset: (article.length, article.id) for article in articles.of_file(connection, place.name)
            }
        taken = 0
        with self.store.begin() as connection:
            for offset, line, row in rows_in(place.path, place.committed):
                progress(len(line))
                if stored.get(offset) == (len(line), row["id"]):
                    continue
                if any(old.version == row["version"] for old in articles.versions(connection, row["id"])):
                    text = f"{place.path}: offset {offset}: the store has another row of {row['id']} {row['version']}"
                    yield Step(text=text, left=True)
                    continue
                taken += 1
                if self.note:
                    new = article_row(row, line, file=place.name, offset=offset, spider=spider)
                    take_up(connection, new, self._index, window_s=self.copies_window_s)
                    articles.add(connection, [new])
        if taken:
            yield Step(text=f"{place.path}: {taken} rows taken up")

    def _copies(self) -> Iterator[Step]:
        """Remove what the next crawl makes again."""
        for path, why in damaged_indexes(self.folder / COPIES):
            yield Step(text=f"{path}: {why}; removed, the next crawl makes it again")
            if self.act:
                path.unlink(missing_ok=True)

    def _snapshots(self) -> Iterator[Step]:
        """Write snapshots again that are missing or changed."""
        broken: list[StoredArticle] = []
        with self.store.reading() as connection:
            for article in articles.iterate(connection):
                ref = _snapshot(article)
                if ref is not None and (self.folder / article.file).exists() and not snapshot_whole(self.folder, ref):
                    broken.append(replace(article, packed=b""))
        for article in broken:
            ref = _snapshot(article)
            assert ref is not None
            body = body_of(self.folder, self.store, article.record_id)
            if body is None or sha256_hex(body) != ref.sha256:
                text = f"{self.folder / ref.path}: cannot be made again: its record is not there or has another body"
                yield Step(text=text, left=True)
                continue
            yield Step(text=f"{self.folder / ref.path}: written again from its record")
            if self.act:
                (self.folder / ref.path).unlink(missing_ok=True)
                write_snapshot(self.folder, ref, body)


def _place(capture: NewCapture) -> tuple[str, int, int]:
    return capture.warc, capture.offset, capture.length


def _said(capture: NewCapture) -> tuple[object, ...]:
    """Return what the records tell of a capture besides its place."""
    return capture.url, capture.date, capture.status, capture.truncated, capture.payload_sha256, capture.revisit_of


def _snapshot(article: StoredArticle) -> SnapshotRef | None:
    if article.snapshot_path is None or article.snapshot_sha256 is None:
        return None
    return SnapshotRef(path=article.snapshot_path, sha256=article.snapshot_sha256)

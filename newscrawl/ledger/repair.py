"""What can be made whole again of an output folder: what a start does after a crash, and what it does not dare to.

No whole record and no whole row is ever changed; what is cut off or replaced is kept in the folder for torn ends.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa

from newscrawl.archive.appending import sync_folder
from newscrawl.exceptions import StorageError
from newscrawl.ledger.contents import Contents, Step
from newscrawl.ledger.frontier import fingerprint_of
from newscrawl.ledger.holding import STORE, is_corrupt, store_url
from newscrawl.ledger.journal import finish_removal
from newscrawl.ledger.keeping import Keeping
from newscrawl.ledger.places import Place, places
from newscrawl.ledger.rebuilding import rows_in, whole_length
from newscrawl.ledger.recovery import recover
from newscrawl.ledger.torn import TORN, cut, free, set_aside
from newscrawl.store import Store, articles, captures, files, keys, schema
from newscrawl.store.files import StoredFile
from newscrawl.urls import UrlKeys

_REBUILT = f"{STORE}.new"


class Repair:
    """One repair of an output folder, which the caller holds."""

    def __init__(
        self,
        folder: Path,
        *,
        store: str = "",
        worker: str,
        dry_run: bool = False,
        forget_missing: bool = False,
        stamp: str = "old",
        copies_window_s: float = Keeping.copies_window_s,
        url_keys: UrlKeys | None = None,
    ) -> None:
        """*store*: URL, empty for the file in the folder. *stamp* goes into the name of a store that is set aside.

        *copies_window_s*: :attr:`.Keeping.copies_window_s`, for rows that the store gets to know again; *url_keys*
        likewise.
        """
        self.folder = folder
        self.url = store
        self.worker = worker
        self.dry_run = dry_run
        self.forget_missing = forget_missing
        self.stamp = stamp
        self.copies_window_s = copies_window_s
        self.url_keys = url_keys or UrlKeys()
        self.progress: Callable[[int], None] = lambda _: None
        """Told of bytes that were gone through since it was last told."""
        self._new_store = False

    def steps(self) -> Iterator[Step]:
        """Do everything, and yield each thing that was done; with ``dry_run`` say it only.

        Raises :exc:`StorageError` and :exc:`OSError` for what fails; what was done before stays done.
        """
        yield from self._set_store_aside()
        with Store.open(self._store_url()) as store:
            for text in finish_removal(self.folder, store, dry_run=self.dry_run):
                yield Step(text=text)
            self._renew_keys_later(store)
            yield from self._take_over(store)
            yield from self._mend_short(store)
            yield from self._recover(store)
            yield from self._take_up(store)
            contents = Contents(
                self.folder,
                store,
                act=not self.dry_run,
                note=self._may_note,
                copies_window_s=self.copies_window_s,
                store_url=self.url,
            )
            yield from contents.steps(self.progress)
            if not self.dry_run:
                with store.begin() as connection:
                    keys.remake(connection, self.url_keys, fingerprint_of)
        if self._new_store and not self.dry_run:
            (self.folder / _REBUILT).rename(self.folder / STORE)
            sync_folder(self.folder)

    def _renew_keys_later(self, store: Store) -> None:
        """Go by the rules of the store where it has any: what is taken up has the keys of no site in particular."""
        with store.reading() as connection:
            self.url_keys = keys.stored(connection) or self.url_keys
        if not self.dry_run:
            with store.begin() as connection:
                keys.forget(connection)

    def _store_url(self) -> str:
        if not self._new_store:
            return store_url(self.folder, self.url)
        if self.dry_run:
            # A look must not make a store: it rebuilds one that nobody sees.
            return "sqlite://"
        # Half a store would be taken for a whole one after a crash: it gets its name when it is complete.
        for end in ("", "-wal", "-shm"):
            (self.folder / f"{_REBUILT}{end}").unlink(missing_ok=True)
        return f"sqlite:///{(self.folder / _REBUILT).resolve()}"

    @property
    def _may_note(self) -> bool:
        """Whether the store may be written to: a look may write into one that nobody sees."""
        return not self.dry_run or self._new_store

    # --- the store

    def _set_store_aside(self) -> Iterator[Step]:
        """Find out whether there is a store that can be read, and set one aside that cannot."""
        path = self.folder / STORE
        if self.url:
            return
        if not path.exists():
            self._new_store = True
            yield Step(text=f"{path}: made new: there was none")
            return
        try:
            with Store.open(store_url(self.folder, "")) as store, store.reading() as connection:
                fault = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one())
        except StorageError as error:
            if not is_corrupt(error):
                raise
            fault = str(error)
        if fault == "ok":
            return
        self._new_store = True
        yield Step(text=f"{path}: cannot be read ({fault}); set aside in {self.folder / TORN}, and made new")
        if not self.dry_run:
            for part in (path, *(path.with_name(STORE + end) for end in ("-wal", "-shm"))):
                if part.exists():
                    part.rename(free(self.folder / TORN / f"{part.name}.{self.stamp}"))
            sync_folder(self.folder)

    # --- files

    def _take_over(self, store: Store) -> Iterator[Step]:
        """Count open files that lie here to this worker: the folder was moved, or the store is new."""
        for place in places(self.folder, store):
            row = place.row
            if row is not None and row.state == "open" and row.worker != self.worker and (place.size or not self.url):
                yield Step(text=f"{place.path}: taken over from worker {row.worker}")
                self._put(store, replace(row, worker=self.worker))
            elif row is None and place.is_open and self._new_store:
                # Nobody knows any more how much of it was committed: everything that is whole counts.
                length = whole_length(place.path, place.kind)
                yield Step(text=f"{place.path}: {length} bytes of it are whole")
                self._put(store, self._row(place, "open", length))

    def _mend_short(self, store: Store) -> Iterator[Step]:
        """Make files again that are shorter than what was committed, or give up what they lost."""
        for place in places(self.folder, store, worker=self.worker):
            row = place.row
            if row is None or (place.size is not None and place.size >= row.length):
                continue
            if place.kind == "articles" and (parts := self._row_parts(store, row)) is not None:
                yield Step(text=f"{place.path}: made again from the rows in the store")
                if not self.dry_run:
                    self._write_again(place.path, parts)
            elif place.size is not None:
                yield from self._give_up_end(store, place, row)
            elif self.forget_missing:
                yield Step(text=f"{place.path}: forgotten, with {self._forget(store, row, 0)} captures: it is gone")
            elif row.state == "closed":
                text = f"{place.path}: is missing; put it back, or let the store forget it with --forget-missing"
                yield Step(text=text, left=True)

    def _row_parts(self, store: Store, row: StoredFile) -> list[bytes] | None:
        """Return the rows of a file, None when the store does not have all of them."""
        with store.reading() as connection:
            found = articles.of_file(connection, row.name)
        end = 0
        for article in found:
            if article.offset != end:
                return None
            end += article.length
        return [article.row for article in found] if end == row.length and found else None

    def _write_again(self, path: Path, parts: list[bytes]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            set_aside(self.folder, path, 0)
        temporary = path.with_name(path.name + ".tmp")
        with temporary.open("wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)

    def _give_up_end(self, store: Store, place: Place, row: StoredFile) -> Iterator[Step]:
        length = whole_length(place.path, place.kind)
        text = f"{place.path}: lost what was behind its byte {length}, and {row.length} bytes were committed"
        yield Step(text=f"{text}; {self._forget(store, row, length)} captures with it", left=True)
        if not self.dry_run:
            cut(self.folder, place.path, length)

    def _forget(self, store: Store, row: StoredFile, length: int) -> int:
        """Let the store forget what a file had from *length* on; return the number of captures."""
        with store.begin() as connection:
            gone = [] if row.kind != "warc" else captures.of_warc(connection, Path(row.name).name)
            gone = [capture for capture in gone if capture.offset + capture.length > length]
            if not self.dry_run:
                for capture in gone:
                    captures.remove(connection, capture.record_id)
                if length:
                    files.put(connection, [replace(row, length=length)])
                else:
                    connection.execute(sa.delete(schema.files).where(schema.files.c.name == row.name))
        return len(gone)

    def _recover(self, store: Store) -> Iterator[Step]:
        """Do what a start does: cut open files back to what was committed and finish them."""
        found = [place for place in places(self.folder, store, worker=self.worker) if place.size is not None]
        for place in found:
            if place.row is not None and place.row.state == "open" and not place.is_open:
                yield Step(text=f"{place.path}: was finished already, and now the store says so")
        if not self.dry_run:
            for text in recover(self.folder, store, self.worker):
                yield Step(text=text)
            return
        for place in found:
            if place.row is None and place.is_open:
                yield Step(text=f"{place.path}: set aside, nothing of it was committed")
            elif place.row is not None and place.is_open:
                tail = (place.size or 0) - place.row.length
                yield Step(text=f"{place.path}: finished" + (f", its last {tail} bytes set aside" if tail > 0 else ""))

    def _take_up(self, store: Store) -> Iterator[Step]:
        """Tell the store of closed files that it does not know; a torn end of one is set aside."""
        for place in places(self.folder, store):
            if place.row is not None or place.is_open or place.size is None:
                continue
            length = whole_length(place.path, place.kind)
            if length < place.size:
                yield Step(text=f"{place.path}: its torn end of {place.size - length} bytes set aside")
                if not self.dry_run:
                    cut(self.folder, place.path, length)
            yield Step(text=f"{place.path}: taken up, the store did not know it")
            self._put(store, self._row(place, "closed", length))

    def _row(self, place: Place, state: str, length: int) -> StoredFile:
        run = ""
        if place.kind == "articles":
            run = next((str(row.get("run_id") or "") for _, _, row in rows_in(place.path, length)), "")
        elif place.kind == "rejected":
            run = place.path.parent.name
        return StoredFile(
            name=place.name,
            kind=place.kind,  # type: ignore[arg-type]
            state=state,  # type: ignore[arg-type]
            length=length,
            run_id=run,
            worker=self.worker,
        )

    def _put(self, store: Store, row: StoredFile) -> None:
        if self._may_note:
            with store.begin() as connection:
                files.put(connection, [row])

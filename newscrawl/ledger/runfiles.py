"""The files of one run: rows, items kept aside, snapshots and WARCs, which a commit makes durable together."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from newscrawl.archive.appending import AppendFile
from newscrawl.archive.cdxj import write_cdxj
from newscrawl.archive.snapshot import write_snapshot
from newscrawl.faultpoints import reach
from newscrawl.items import SnapshotRef
from newscrawl.ledger.warcs import WarcSeries
from newscrawl.store.files import StoredFile

logger = logging.getLogger("newscrawl")

FileKind = Literal["articles", "warc", "rejected"]


class RunFiles:
    """Writes below an output folder, or nothing without one. Every method that writes raises :exc:`OSError`."""

    def __init__(self, folder: Path | None, *, spider: str, run_id: str, stamp: str, worker: str) -> None:
        """*stamp* goes into the names of files, so that no two runs have the same."""
        self.folder = folder
        self.worker = worker
        self.run_id = run_id
        self.rows_name = f"articles/{spider}-{stamp}-00001.jsonl"
        """Where the rows lie in the folder once the run has ended."""
        self.rejected_name = "rejected.jsonl"
        """Of the file, in the folder of the run, for items that are no valid rows."""
        self.warcs: WarcSeries | None = None
        self._articles: AppendFile | None = None
        self._rejected: AppendFile | None = None
        self._finished: list[StoredFile] = []

    @property
    def rows_path(self) -> Path | None:
        """Where the rows lie once the run has ended."""
        return None if self.folder is None else self.folder / self.rows_name

    @property
    def run_folder(self) -> Path | None:
        """Where what is told of the run lies."""
        return None if self.folder is None else self.folder / "runs" / self.run_id

    # --- what is written

    def append_row(self, line: bytes) -> int:
        """Append a row; return the offset it begins at."""
        reach("append.row")
        if self.folder is None:
            return 0
        if self._articles is None:
            self._articles = AppendFile(self.folder, self.rows_name)
        return self._articles.append(line)

    def append_rejected(self, row: dict[str, Any]) -> None:
        """Keep an item that is no valid row aside."""
        if self.folder is None:
            return
        try:
            text = json.dumps(row, default=repr)
        except (TypeError, ValueError, RecursionError):
            # Keys that are no texts, or an item that holds itself.
            text = json.dumps({**row, "item": repr(row.get("item"))})
        if self._rejected is None:
            self._rejected = AppendFile(self.folder, f"runs/{self.run_id}/{self.rejected_name}")
        self._rejected.append(text.encode() + b"\n")

    def write_snapshot(self, ref: SnapshotRef, body: bytes) -> None:
        """Write a raw HTML snapshot."""
        if self.folder is not None:
            write_snapshot(self.folder, ref, body)

    # --- the commit

    @property
    def pending(self) -> bool:
        """Whether a commit would have anything to do."""
        return bool(self._finished) or any(file.size != file.synced for _, file in self._open())

    def sync(self) -> list[StoredFile]:
        """Make all that was appended durable; return what the store is to know of the files."""
        opened = list(self._open())
        for _, file in opened:
            file.sync()
        return [*self._finished, *(self._row(kind, file, "open") for kind, file in opened)]

    def acknowledge(self) -> None:
        """Forget what the store has been told."""
        self._finished = []
        if self.warcs is not None:
            self.warcs.acknowledge()

    def finish_warc(self) -> None:
        """Give the WARC that is being written its final name and its index; the next record begins another."""
        if self.warcs is None or self.warcs.file is None:
            return
        file = self.warcs.file
        path = file.finish()
        reach("finish.renamed")
        self.warcs.file = None
        self._finished.append(self._row("warc", file, "closed"))
        try:
            write_cdxj(path, self.warcs.lines)
            reach("finish.indexed")
        except OSError as error:
            # The index can be made again at any time: `scrapy index` and the next start do so.
            logger.error("%s: no index could be written: %s", path, error)
        self.warcs.lines = []

    def finish(self) -> None:
        """Give all files their final names."""
        for kind, file in list(self._open()):
            if kind != "warc":
                file.finish()
                self._finished.append(self._row(kind, file, "closed"))
        self._articles = self._rejected = None
        self.finish_warc()

    def abandon(self) -> None:
        """Close all files as they are."""
        for _, file in self._open():
            file.abandon()
        self._articles = self._rejected = None

    def _open(self) -> Iterator[tuple[FileKind, AppendFile]]:
        if self._articles is not None:
            yield "articles", self._articles
        if self._rejected is not None:
            yield "rejected", self._rejected
        if self.warcs is not None and self.warcs.file is not None:
            yield "warc", self.warcs.file

    def _row(self, kind: FileKind, file: AppendFile, state: Literal["open", "closed"]) -> StoredFile:
        return StoredFile(
            name=file.name, kind=kind, state=state, length=file.synced, run_id=self.run_id, worker=self.worker
        )

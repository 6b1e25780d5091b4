"""What a start does after a run that was killed: every open file is cut back to what was committed, and finished."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from newscrawl.archive.appending import OPEN, existing, sync_folder
from newscrawl.archive.cdxj import cdxj_path, write_cdxj
from newscrawl.archive.reading import decoded_payload, read_record
from newscrawl.archive.snapshot import snapshot_whole, write_snapshot
from newscrawl.exceptions import ArchiveError, StorageError
from newscrawl.faultpoints import reach
from newscrawl.fingerprint import sha256_hex
from newscrawl.items import SnapshotRef
from newscrawl.ledger.torn import cut, set_aside
from newscrawl.store import Store, articles, captures, files
from newscrawl.store.articles import StoredArticle
from newscrawl.store.files import StoredFile


def recover(folder: Path, store: Store, worker: str) -> list[str]:
    """Make files and store agree again; return what was done, one line each.

    Raises :exc:`StorageError` when a file is shorter than what was committed of it: then something other than a crash
    has happened, and nothing is touched.
    """
    done: list[str] = []
    with store.begin() as connection:
        # Whoever began a file that lies here under another name is gone, for the lock is ours.
        opened = [row for row in files.unfinished(connection) if row.worker == worker or existing(folder / row.name)]
    known = {row.name for row in opened}
    for row in opened:
        done += _cut_back(folder, row)
    for path in sorted((*folder.glob("*/*" + OPEN), *folder.glob("runs/*/*" + OPEN))):
        name = path.relative_to(folder).as_posix().removesuffix(OPEN)
        if name not in known:
            done.append(_aside(path, path.stat().st_size, set_aside(folder, path, 0)))
            path.unlink()
    for row in opened:
        done += _finish(folder, row)
    done += _index(folder)
    for row in opened:
        if row.kind == "articles":
            done += _restore_snapshots(folder, store, row.name)
    with store.begin() as connection:
        files.put(connection, [replace(row, state="closed") for row in opened])
    return done


def _cut_back(folder: Path, row: StoredFile) -> list[str]:
    """Cut an open file back to its committed length; its tail is kept aside."""
    final = folder / row.name
    path = final.with_name(final.name + OPEN)
    if not path.exists():
        # It was renamed, and the process died before the store was told.
        path = final
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise StorageError(
            f"{final}: is missing, and {row.length} bytes of it were committed; put it back, or tell newscrawl that it "
            "is lost: scrapy repair --forget-missing"
        ) from None
    if size < row.length:
        raise StorageError(
            f"{path}: holds {size} bytes, and {row.length} were committed; the disk lost what it had confirmed. "
            "`scrapy verify` shows what is whole, `scrapy repair` takes the rest up anew"
        )
    if size == row.length:
        return []
    done = _aside(path, size - row.length, cut(folder, path, row.length))
    reach("recover.cut")
    return [done]


def _aside(path: Path, tail: int, target: Path) -> str:
    return f"{path}: {tail} bytes behind the last commit were cut off; they lie in {target}"


def _finish(folder: Path, row: StoredFile) -> list[str]:
    """Give an open file its final name."""
    final = folder / row.name
    path = final.with_name(final.name + OPEN)
    done = []
    if path.exists():
        path.rename(final)
        sync_folder(final.parent)
        reach("finish.renamed")
        done.append(f"{final}: of an interrupted run; its {row.length} committed bytes are whole")
    return done


def _index(folder: Path) -> list[str]:
    """Write the indexes that are missing; a process can die after the store was told that a WARC is finished."""
    done = []
    for warc in sorted(folder.glob("warc/*.warc.gz")):
        if not cdxj_path(warc).exists():
            done.append(f"{write_cdxj(warc)}: written anew from its WARC")
            reach("finish.indexed")
    return done


def _restore_snapshots(folder: Path, store: Store, file: str) -> list[str]:
    """Write the snapshots of a file's rows again that are missing or torn; return what was done.

    Snapshots are not synced one by one: the WARC has their bytes.
    """
    done = []
    with store.begin() as connection:
        rows = [row for row in articles.of_file(connection, file) if not snapshot_whole(folder, _ref(row))]
    for row in rows:
        body = body_of(folder, store, row.record_id)
        if body is not None and sha256_hex(body) == row.snapshot_sha256:
            (folder / (row.snapshot_path or "")).unlink(missing_ok=True)
            write_snapshot(folder, _ref(row), body)
            done.append(f"{folder / _ref(row).path}: written again from its WARC record")
    return done


def body_of(folder: Path, store: Store, record_id: str | None) -> bytes | None:
    """Return the body of a record without its content coding; None when it is not there or cannot be read."""
    with store.reading() as connection:
        capture = captures.by_record(connection, record_id or "")
        if capture is not None and capture.revisit_of is not None:
            capture = captures.by_record(connection, capture.revisit_of)
    path = None if capture is None else existing(folder / "warc" / capture.warc)
    if capture is None or path is None:
        return None
    try:
        return decoded_payload(read_record(path, capture.offset))[0]
    except ArchiveError:
        return None


def _ref(row: StoredArticle) -> SnapshotRef:
    return SnapshotRef(path=row.snapshot_path or "", sha256=row.snapshot_sha256 or "")

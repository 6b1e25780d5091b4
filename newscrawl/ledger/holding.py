"""Who holds an output folder, and which store belongs to it: what commands ask that are not a crawl."""

from __future__ import annotations

import fcntl
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from newscrawl.exceptions import ConfigError, OutputBusyError, StorageError
from newscrawl.fingerprint import sha256_hex
from newscrawl.ledger.places import COPIES, places
from newscrawl.store import Store

LOCK = ".lock"
"""File of an output folder that its one writer holds."""

STORE = "store.sqlite"
"""The store of an output folder, where none is named."""


REPLAY_MARK = ".replay"
"""A file in an output folder that belongs to replays and may be emptied by the next one."""

_KEPT_FOLDERS = ("articles", "html", "warc", "runs", "torn", COPIES)


def take(folder: Path, *, replay: bool) -> BinaryIO:
    """Make *folder* this process's own until the file that is returned is closed; for a *replay*, empty it.

    Raises :exc:`OutputBusyError`, :exc:`ConfigError` for a folder of the other kind, and :exc:`OSError`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / LOCK).open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if replay:
            _empty(folder)
        elif (folder / REPLAY_MARK).exists():
            raise ConfigError(f"{folder}: belongs to replays, which empty it; a live crawl needs a folder of its own")
    except BlockingIOError:
        lock.close()
        raise OutputBusyError(
            f"{folder}: another run holds this folder; wait for it, or give this one a folder of its own "
            "with -s NEWSCRAWL_OUTPUT_DIR=…"
        ) from None
    except BaseException:
        lock.close()
        raise
    return lock


def _empty(folder: Path) -> None:
    """A replay starts empty, and empties only what an earlier replay wrote."""
    mark = folder / REPLAY_MARK
    if not mark.exists():
        kept = [name for name in (*_KEPT_FOLDERS, STORE) if (folder / name).exists()]
        if kept:
            raise ConfigError(
                f"{folder}: holds what a live crawl kept ({', '.join(kept)}); a replay empties its folder, so "
                "give it one of its own with -s NEWSCRAWL_OUTPUT_DIR=…"
            )
        mark.touch()
    for name in _KEPT_FOLDERS:
        if (folder / name).exists():
            shutil.rmtree(folder / name)


@contextmanager
def held(folder: Path, *, shared: bool = False) -> Iterator[None]:
    """Keep every run out of *folder*, or with *shared* every writer.

    Raises :exc:`OutputBusyError` when another run is at work there, and :exc:`OSError`.
    """
    lock = folder / LOCK
    if shared and not lock.exists():
        # No run was ever at work here: nothing is written for a look.
        yield
        return
    with lock.open("rb" if shared else "ab") as file:
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutputBusyError(
                f"{folder}: a run holds this folder; wait until it has ended, or stop it with Ctrl-C or SIGTERM"
                + ("; `scrapy verify --while-running` looks beside it" if shared else "")
            ) from None
        yield


def store_url(folder: Path, configured: str) -> str:
    """Return the URL of the store of *folder*: what NEWSCRAWL_STORE_URL says, or the file in the folder."""
    return configured or f"sqlite:///{(folder / STORE).resolve()}"


def has_store(folder: Path, configured: str) -> bool:
    """Return whether *folder* has a store, or is said to have one elsewhere."""
    return bool(configured) or (folder / STORE).exists()


def existing_store(folder: Path, configured: str) -> Store | None:
    """Open the store of *folder*; None where there is none. Raises what :meth:`.Store.open` raises."""
    return open_store(folder, configured) if has_store(folder, configured) else None


def open_store(folder: Path, configured: str) -> Store:
    """Open the store of *folder*, or make it. Raises what :meth:`.Store.open` raises."""
    try:
        return Store.open(store_url(folder, configured))
    except StorageError as error:
        if configured or not is_corrupt(error):
            raise
        raise StorageError(f"{error}; `scrapy repair` makes a new one from the files") from error


def lost_store(folder: Path) -> bool:
    """Return whether a live crawl kept files in *folder* whose store of its own is gone."""
    if (folder / STORE).exists() or (folder / REPLAY_MARK).exists() or not (folder / "runs").exists():
        return False
    return bool(places(folder, None))


def is_corrupt(error: StorageError) -> bool:
    """Return whether *error* says that a store is no database any more, and not that it cannot be reached."""
    return any(word in str(error) for word in ("not a database", "malformed", "file is encrypted"))


def worker_name(folder: Path, configured: str, store: str) -> str:
    """Return the name under which *folder* is written to: what NEWSCRAWL_WORKER says, or one that fits the *store*.

    A folder has one writer. Beside a store of its own that needs no further name, and the folder may be moved; in a
    shared store its name and the machine's tell who writes there.
    """
    if configured or not store:
        return configured or "local"
    place = sha256_hex(str(folder.resolve()).encode("utf-8", "surrogateescape"))
    return f"{socket.gethostname()}-{place[:8]}"

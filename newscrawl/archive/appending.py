"""Files that are only ever appended to, and carry ``.open`` behind their name until they are whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import takewhile
from pathlib import Path

from newscrawl.faultpoints import synced

OPEN = ".open"
"""Stands behind the name of a file that is being written."""


class AppendFile:
    """One such file. Every method raises :exc:`OSError`, with its name; what was appended before a failure is whole."""

    def __init__(self, root: Path, name: str) -> None:
        """Create ``<root>/<name>.open``. Raises :exc:`FileExistsError` when a file has this name already."""
        self.name = name
        self.path = root / name
        self.open_path = self.path.with_name(self.path.name + OPEN)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._folders = (*takewhile(lambda folder: folder != root, self.path.parents), root)
        if self.path.exists():
            raise FileExistsError(17, "there is a file of this name already", str(self.path))
        self._file = self.open_path.open("xb", buffering=0)
        self.size = 0
        """Bytes appended."""
        self.synced = 0
        """Bytes that would survive a power loss."""
        self.torn = False
        """True when a failed append could not be taken back: the next start does so."""

    def append(self, data: bytes) -> int:
        """Append *data* as a whole or not at all; return the offset it begins at."""
        start = self.size
        with self._named():
            try:
                written = 0
                while written < len(data):
                    written += self._file.write(data[written:] if written else data)
            except OSError:
                self.torn = True
                self._file.truncate(start)
                self._file.seek(start)
                self.torn = False
                raise
        self.size += len(data)
        return start

    def sync(self) -> None:
        """Return when everything appended so far would survive a power loss."""
        if self.synced == self.size:
            return
        with self._named():
            os.fsync(self._file.fileno())
            if not self.synced:
                # A folder that was just made is an entry of another.
                for folder in self._folders:
                    sync_folder(folder)
        self.synced = self.size
        synced(str(self.path), self.size)

    def finish(self) -> Path:
        """Sync, close and give the file its final name; return it."""
        self.sync()
        with self._named():
            self._file.close()
        # A link instead of a renaming would refuse an existing name, but not every file system has links.
        self.open_path.rename(self.path)
        with self._named():
            sync_folder(self.path.parent)
        return self.path

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Name the file in the errors of its descriptor, which do not say whose it is."""
        try:
            yield
        except OSError as error:
            if error.filename is None and error.errno is not None:
                error.filename = str(self.path)
            raise

    def abandon(self) -> None:
        """Close the file as it is, under the name of one that is not whole."""
        with suppress(OSError):
            self._file.close()


def existing(path: Path) -> Path | None:
    """Return where the file with the final name *path* lies: there, or as one being written; None for nowhere."""
    return next((here for here in (path, path.with_name(path.name + OPEN)) if here.exists()), None)


def sync_folder(folder: Path) -> None:
    """Return when the names in *folder* would survive a power loss."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

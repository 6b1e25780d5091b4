"""The files of an output folder and what the store says of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from newscrawl.archive.appending import OPEN
from newscrawl.store import Store, files
from newscrawl.store.files import StoredFile

# Of a file that lies here under both names the last one counts: the final one.
_WARCS = ("*.warc.gz.open", "*.warc.gz", "*.warc")
_ROWS = ("*.jsonl.open", "*.jsonl")
COPIES = "copies"
"""Folder of the index of copies, which can always be made again from the store."""

_LAYOUT = {"warc": _WARCS, "articles": _ROWS, "runs/*": ("rejected*.jsonl.open", "rejected*.jsonl")}


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """One append-only file: on the disk, in the store, or both."""

    name: str
    """Final name, relative to the output folder, with slashes."""
    path: Path
    """Where it lies, under its final name or not; for one that is missing, where it should."""
    size: int | None
    """None for one that is missing."""
    row: StoredFile | None
    """What the store says; None where there is no store or it does not know the file."""

    @property
    def kind(self) -> str:
        """``articles``, ``warc`` or ``rejected``."""
        folder = self.name.split("/")[0]
        return "rejected" if folder == "runs" else folder

    @property
    def is_open(self) -> bool:
        """Whether the file lies under the name of one that is being written."""
        return self.path.name.endswith(OPEN)

    @property
    def committed(self) -> int:
        """Bytes that count: up to the last commit, or all where nobody says."""
        size = self.size or 0
        return size if self.row is None else min(size, self.row.length)


def is_output(folder: Path) -> bool:
    """Return whether *folder* looks like an output folder, and not like any folder with files in it."""
    return any((folder / name).exists() for name in ("warc", "articles", "store.sqlite"))


def warcs_in(folder: Path) -> list[Path]:
    """Return the WARC files directly in *folder*, by name."""
    return sorted({path for pattern in _WARCS for path in folder.glob(pattern)})


def places(folder: Path, store: Store | None, *, worker: str | None = None) -> list[Place]:
    """Return every append-only file of *folder* by name, those that are missing, too.

    With *worker*, files that are not here and that the store counts to another worker are left out.
    """
    here = {_final_name(folder, path): path for path in _present(folder)}
    rows = _rows(store)
    return [
        _place(folder, name, here.get(name), rows.get(name))
        for name in sorted(here.keys() | rows.keys())
        if name in here or worker is None or rows[name].worker == worker
    ]


def _present(folder: Path) -> Iterator[Path]:
    for part, patterns in _LAYOUT.items():
        for pattern in patterns:
            yield from folder.glob(f"{part}/{pattern}")


def _final_name(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix().removesuffix(OPEN)


def _rows(store: Store | None) -> dict[str, StoredFile]:
    if store is None:
        return {}
    with store.reading() as connection:
        found: Iterable[StoredFile] = files.all(connection)
    return {row.name: row for row in found}


def _place(folder: Path, name: str, path: Path | None, row: StoredFile | None) -> Place:
    if path is None:
        return Place(name=name, path=folder / name, size=None, row=row)
    return Place(name=name, path=path, size=path.stat().st_size, row=row)

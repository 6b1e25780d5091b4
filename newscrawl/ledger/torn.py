"""What a crash left unfinished is kept aside, never thrown away."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

TORN = "torn"
"""Folder below the output folder for what a crash left unfinished."""


def set_aside(folder: Path, path: Path, start: int) -> Path:
    """Copy what follows *start* in *path* to the folder for torn ends; return where it lies."""
    target = free(folder / TORN / f"{path.name}.{start}-{path.stat().st_size}")
    with path.open("rb") as source, target.open("wb") as copy:
        source.seek(start)
        shutil.copyfileobj(source, copy)
        copy.flush()
        os.fsync(copy.fileno())
    return target


def cut(folder: Path, path: Path, length: int) -> Path:
    """Set aside what follows *length* in *path*, and cut it off; return where it lies."""
    target = set_aside(folder, path, length)
    with path.open("rb+") as file:
        file.truncate(length)
        os.fsync(file.fileno())
    return target


def free(path: Path) -> Path:
    """Return *path*, or a name like it that is free; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = (path if not number else path.with_name(f"{path.name}.{number}") for number in range(10_000))
    return next(name for name in names if not name.exists())

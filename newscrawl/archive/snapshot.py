"""Raw HTML snapshots: one file a page, named by its content, never by what a page says."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from newscrawl.fingerprint import sha256_hex
from newscrawl.items import SnapshotRef

UNDATED = "undated"
"""Takes the place of the day where the time of the fetch is not known."""


def snapshot_ref(body: bytes, host: str, fetched_at: datetime | None) -> SnapshotRef:
    """Return where the snapshot of *body* belongs, below the output folder.

    >>> snapshot_ref(b"x", "example.org", None).path
    'html/example.org/undated/2d711642b726b044.html'
    """
    digest = sha256_hex(body)
    day = UNDATED if fetched_at is None else fetched_at.strftime("%Y-%m-%d")
    folder = re.sub(r"[^a-z0-9.-]", "_", host.lower()).strip(".") or "unknown"
    return SnapshotRef(path=f"html/{folder[:200]}/{day}/{digest[:16]}.html", sha256=digest)


def write_snapshot(root: Path, ref: SnapshotRef, body: bytes) -> bool:
    """Write *body* below *root* as *ref* says; return whether it was new.

    A reader sees the whole file or none: it is written beside its place and renamed. Raises :exc:`OSError`.
    """
    target = f"{root}/{ref.path}"
    # A power loss can leave a name without its bytes.
    if os.path.exists(target) and os.path.getsize(target) == len(body):
        return False
    temporary = f"{target}.{os.getpid()}.tmp"
    try:
        try:
            _write(temporary, body)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            _write(temporary, body)
        os.replace(temporary, target)
    except OSError:
        # On a full disk a part of a file only takes room.
        with suppress(OSError):
            os.unlink(temporary)
        raise
    return True


def _write(path: str, body: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    try:
        written = 0
        while written < len(body):
            written += os.write(file, body[written:] if written else body)
    finally:
        os.close(file)


def snapshot_whole(root: Path, ref: SnapshotRef) -> bool:
    """Return whether the snapshot that *ref* names lies below *root* as it was written."""
    try:
        return sha256_hex((root / ref.path).read_bytes()) == ref.sha256
    except OSError:
        return False

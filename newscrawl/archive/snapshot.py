"""Raw HTML snapshots: one file a page, named by its content, never by what a page says."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from datetime import datetime
from pathlib import Path, PurePosixPath

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
    return SnapshotRef(path=str(PurePosixPath("html", folder[:200], day, f"{digest[:16]}.html")), sha256=digest)


def write_snapshot(root: Path, ref: SnapshotRef, body: bytes) -> bool:
    """Write *body* below *root* as *ref* says; return whether it was new.

    A reader sees the whole file or none: it is written beside its place and renamed. Raises :exc:`OSError`.
    """
    target = root / ref.path
    if target.exists():
        return False
    temporary = target.with_suffix(f".{os.getpid()}.tmp")
    try:
        try:
            temporary.write_bytes(body)
        except FileNotFoundError:
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(body)
        temporary.replace(target)
    except OSError:
        # On a full disk a part of a file only takes room.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    return True

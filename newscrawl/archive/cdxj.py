"""CDXJ: the sorted index beside a WARC file, in the form that other archives' tools write and read.

A line is the SURT of the URL, a time of 14 digits, and a JSON object. It can be made again from the WARC at any time.
"""

from __future__ import annotations

import base64
import hashlib
import json
import mmap
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from newscrawl.archive.reading import Damage, WarcRecord, read_warc
from newscrawl.archive.surt import surt
from newscrawl.archive.wire import head_fields
from newscrawl.faultpoints import synced

__all__ = [
    "CdxjEntry",
    "cdxj_line",
    "cdxj_lines",
    "cdxj_path",
    "index_entry",
    "lookup",
    "placed_entry",
    "surt",
    "write_cdxj",
]

_INDEXED = ("response", "revisit", "resource", "metadata")
_NOT_DIGITS = str.maketrans("", "", "-:T")
_WARC_NAME = re.compile(r"\.warc(?:\.gz)?(?:\.open)?$")


@dataclass(frozen=True, kw_only=True, slots=True)
class CdxjEntry:
    """One line of an index. What the record does not say is None."""

    urlkey: str
    timestamp: str
    """14 digits, UTC."""
    url: str
    mime: str | None
    """``warc/revisit`` for a revisit."""
    status: str | None
    digest: str | None
    """``sha1:`` and base 32, of the payload."""
    length: int
    """Bytes on disk."""
    offset: int
    filename: str


def cdxj_path(warc: Path) -> Path:
    """Return where the index of *warc* belongs: beside it, ``.cdxj`` in place of ``.warc.gz``."""
    return warc.with_name(_WARC_NAME.sub("", warc.name) + ".cdxj")


def cdxj_line(record: WarcRecord) -> str | None:
    """Return the line of *record*, without a line end; None for a record that has none.

    Left out are requests, ``application/warc-fields``, records without a readable WARC-Date, and those that share
    their gzip member and so have no place of their own.
    """
    kind, media = record.type, record.get("Content-Type")
    if kind not in _INDEXED or not record.length or (date := record.date) is None:
        return None
    if kind == "metadata" and media is not None and media.startswith("application/warc-fields"):
        return None
    head = record.http.head if record.http else b""
    digest = record.get("WARC-Payload-Digest")
    if digest is None and kind != "revisit":
        # As the tools do it: what is stored behind the HTTP head, as it is.
        digest = _sha1(record.block[len(head) :])
    entry = index_entry(kind=kind, url=record.target_uri or "", date=date, media=media, head=head, digest=digest)
    # The tools do not count the two empty lines behind a record that is not packed.
    length = record.length if record.packed else record.length - 4
    return placed_entry(entry, offset=record.offset, length=length, filename=record.path.name)


def index_entry(*, kind: str, url: str, date: datetime, media: str | None, head: bytes, digest: str | None) -> str:
    """Return the line of a record as far as it is known before the record has a place.

    *media* is the record's Content-Type, *head* its HTTP head, *digest* its WARC-Payload-Digest.
    """
    url = url.replace(" ", "%20")
    status, mime = None, _first(media)
    if kind in ("response", "revisit"):
        status, mime = _status_and_mime(head) if url.startswith(("http:", "https:")) else (None, None)
    if kind == "revisit":
        mime = "warc/revisit"
    fields = {"url": url or None, "mime": mime, "status": status, "digest": digest}
    said = json.dumps({name: value for name, value in fields.items() if value is not None})
    return f"{surt(url)} {date.astimezone(UTC).isoformat()[:19].translate(_NOT_DIGITS)} {said}"


def placed_entry(entry: str, *, offset: int, length: int, filename: str) -> str:
    """Return the whole line of what :func:`index_entry` gave."""
    comma = "" if entry.endswith("{}") else ", "
    place = json.dumps({"length": str(length), "offset": str(offset), "filename": filename})
    return f"{entry[:-1]}{comma}{place[1:]}"


def cdxj_lines(path: Path) -> list[str]:
    """Return the sorted lines of the records of *path*; damaged places have none.

    Raises :exc:`.ArchiveError` when the file cannot be read.
    """
    lines = (cdxj_line(found) for found in read_warc(path) if not isinstance(found, Damage))
    return sorted(line for line in lines if line is not None)


def write_cdxj(warc: Path, lines: Iterable[str] | None = None) -> Path:
    """Write the index of *warc* beside it and return its path. A reader sees the whole index or the one before.

    *lines*, in any order, save the reading of the file, which takes half a minute a gigabyte.

    Raises :exc:`OSError`, and :exc:`.ArchiveError` when *warc* cannot be read.
    """
    target = cdxj_path(warc)
    temporary = target.with_name(f"{target.name}.{os.getpid()}.tmp")
    data = "".join(f"{line}\n" for line in (cdxj_lines(warc) if lines is None else sorted(lines)))
    try:
        with temporary.open("w", encoding="utf-8", newline="\n") as file:
            file.write(data)
            file.flush()
            # An index that is there is not made again: after a power loss it is whole or missing.
            os.fsync(file.fileno())
            synced(str(target), file.tell())
        temporary.replace(target)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise
    return target


def lookup(cdxj: Path, url: str) -> list[CdxjEntry]:
    """Return the entries whose key is that of *url*, by time.

    The key is coarse (:func:`surt`): compare ``entry.url`` where the address itself counts. Raises :exc:`OSError`.
    """
    key = surt(url).encode("ascii") + b" "
    with cdxj.open("rb") as file:
        # An empty file cannot be mapped.
        if not file.seek(0, 2):
            return []
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as index:
            entries = [_entry(line) for line in _lines_with(index, key)]
    return [entry for entry in entries if entry is not None]


def _lines_with(index: mmap.mmap, prefix: bytes) -> Iterator[bytes]:
    """Yield the lines of the sorted *index* that begin with *prefix*."""
    low, high = 0, len(index)
    while low < high:
        middle = (low + high) // 2
        start = index.rfind(b"\n", 0, middle) + 1
        if index[start : start + len(prefix)] < prefix:
            end = index.find(b"\n", middle)
            low = len(index) if end < 0 else end + 1
        else:
            high = start
    while index[low : low + len(prefix)] == prefix:
        end = index.find(b"\n", low)
        end = len(index) if end < 0 else end
        yield index[low:end]
        low = end + 1


def _entry(line: bytes) -> CdxjEntry | None:
    """Return *line* as an entry, None when it is none: an index of another tool may hold anything."""
    key, _, rest = line.decode("utf-8", "replace").partition(" ")
    timestamp, _, text = rest.partition(" ")
    try:
        said: dict[str, Any] = json.loads(text)
        return CdxjEntry(
            urlkey=key,
            timestamp=timestamp,
            url=str(said["url"]),
            mime=said.get("mime"),
            status=said.get("status"),
            digest=said.get("digest"),
            length=int(said["length"]),
            offset=int(said["offset"]),
            filename=str(said["filename"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _status_and_mime(head: bytes) -> tuple[str | None, str | None]:
    first = head.split(b"\n", 1)[0].decode("latin-1").strip("\r")
    # As the tools do it: what stands behind the first blank, whatever it is.
    status = first.partition(" ")[2].strip(" ").partition(" ")[0] if first[:5].upper() == "HTTP/" else ""
    media = next((value for name, value in head_fields(head) if name.lower() == b"content-type"), None)
    return status or None, _first(None if media is None else _text(media))


def _first(media: str | None) -> str | None:
    """Return the media type at the beginning of a Content-Type."""
    return None if media is None else re.split(r"[;\s]", media, maxsplit=1)[0]


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _sha1(data: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode("ascii")

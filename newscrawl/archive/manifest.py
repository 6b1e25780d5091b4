"""Manifests: JSON Lines files that bind saved bodies to URLs (``docs/replay.md``)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from newscrawl.archive.replay import Capture, Message
from newscrawl.exceptions import ManifestError, did_you_mean
from newscrawl.items import CaptureRef
from newscrawl.urls import resolve

_KEYS = ("file", "sha256", "url", "url_source", "fetched_at", "content_type", "status", "wrap")
_OPTIONAL = ("note",)
_NOT_CAPTURES = re.compile(r"(?i)(?:manifest\.jsonl|readme.*|\..*)$")


@dataclass(frozen=True, kw_only=True)
class FileCapture(Capture):
    """A body that lies in a file of its own."""

    path: Path

    def message(self) -> Message:
        """Return the body under the content type that the manifest states.

        Raises :exc:`ManifestError` when the file has changed since the set was opened.
        """
        body = _checked_bytes(self.path, self.sha256, str(self.path))
        return Message(fields=((b"Content-Type", self.content_type.encode("latin-1", "replace")),), body=body)

    @property
    def ref(self) -> CaptureRef:
        """What a row says of it: a loose file has no WARC record."""
        return CaptureRef(payload_digest=f"sha256:{self.sha256}")


def read_manifest(path: Path) -> Iterator[FileCapture]:
    """Yield the captures that *path* lists, in its order. Raises :exc:`ManifestError` naming file, line and key."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise ManifestError(f"{path}: {error.strerror}") from error
    folder = path.parent
    listed: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        row = _row(line, where)
        capture = _capture(row, folder, where)
        for key in (f"file {row['file']!r}", f"url {capture.url!r}"):
            if key in listed:
                raise ManifestError(f"{where}: {key} is already bound in {listed[key]}")
            listed[key] = f"line {number}"
        yield capture
    for file in sorted(folder.iterdir()):
        if file.name == path.name or _NOT_CAPTURES.match(file.name):
            continue
        if file.is_file() and f"file {file.name!r}" not in listed:
            raise ManifestError(
                f"{path}: {file.name} lies in this folder and has no row; add one, or move the file elsewhere"
            )


def _row(line: bytes, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"{where}: no JSON: {error}") from error
    if not isinstance(row, dict):
        raise ManifestError(f"{where}: a JSON object is needed, not {line[:40]!r}")
    for key in row:
        if key not in (*_KEYS, *_OPTIONAL):
            raise ManifestError(f"{where}: unknown key {key!r}{did_you_mean(key, _KEYS)}")
    for key in _KEYS:
        if key not in row:
            raise ManifestError(f"{where}: key {key!r} is missing; there must be: {', '.join(_KEYS)}")
    return row


def _capture(row: dict[str, Any], folder: Path, where: str) -> FileCapture:
    def refuse(key: str, need: str) -> ManifestError:
        return ManifestError(f"{where}: {key}: {need}, not {row[key]!r}")

    name, digest = row["file"], row["sha256"]
    if not isinstance(name, str) or name in ("", "..") or Path(name).name != name:
        raise refuse("file", "the name of a file in the manifest's own folder is needed")
    if not isinstance(digest, str) or not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise refuse("sha256", "64 lower-case hex digits are needed")
    url = row["url"]
    if not isinstance(url, str) or resolve(None, url) is None:
        raise refuse("url", "an absolute http or https URL is needed")
    if row["url_source"] not in ("assigned", "found"):
        raise refuse("url_source", "'assigned' or 'found' is needed")
    if not isinstance(row["content_type"], str) or "\n" in row["content_type"]:
        raise refuse("content_type", "a media type such as 'text/html; charset=utf-8' is needed")
    if type(row["status"]) is not int or not 200 <= row["status"] <= 599:
        raise refuse("status", "an HTTP status from 200 to 599 is needed")
    if row["wrap"] not in ("fragment", None):
        raise refuse("wrap", "'fragment' or null is needed")
    _checked_bytes(folder / name, digest, where)
    return FileCapture(
        url=resolve(None, url) or url,
        url_assigned=row["url_source"] == "assigned",
        status=row["status"],
        content_type=row["content_type"],
        fetched_at=_time(
            row["fetched_at"],
            refuse("fetched_at", "null or a UTC time such as '2023-03-22T08:15:00Z' is needed"),
        ),
        path=folder / name,
        sha256=digest,
    )


def _time(value: Any, refusal: ManifestError) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise refusal
        return moment.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        raise refusal from None


def _checked_bytes(path: Path, digest: str, where: str) -> bytes:
    try:
        body = path.read_bytes()
    except (OSError, ValueError) as error:
        # A ValueError for a name that no file can have.
        raise ManifestError(f"{where}: {path.name!r}: {getattr(error, 'strerror', error)}") from error
    found = hashlib.sha256(body).hexdigest()
    if found != digest:
        raise ManifestError(f"{where}: {path.name} has changed: its sha256 is {found}, the manifest says {digest}")
    return body

"""Records that take the place of others when something is taken out of an archive: bytes in, bytes out."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from datetime import datetime

from newscrawl.archive.records import WarcRecord
from newscrawl.archive.warc import Original, gzip_member, warc_date, warc_fields

REMOVED = "newscrawl-removed"
"""Field of a metadata record that tells which record was taken out."""

_OF_A_REVISIT = ("warc-profile", "warc-refers-to", "warc-refers-to-target-uri", "warc-refers-to-date")
_LEVEL = 6


def as_response(revisit: WarcRecord, original: WarcRecord) -> bytes:
    """Return *revisit* as a response that has the payload of *original* itself: its own id, date and HTTP head."""
    head = revisit.block if revisit.http is None else revisit.http.head
    stored = original.block[len(original.http.head) :] if original.http is not None else original.block
    headers = [
        (name, "response" if name.lower() == "warc-type" else value)
        for name, value in revisit.headers
        if name.lower() not in _OF_A_REVISIT
    ]
    return _record(revisit, headers, head + stored)


def referring(revisit: WarcRecord, original: Original) -> bytes:
    """Return *revisit* as one that refers to *original*, which has the same payload as the record before."""
    said = {
        "warc-refers-to": f"<{original.record_id}>",
        "warc-refers-to-target-uri": original.url,
        "warc-refers-to-date": original.date,
    }
    return _record(revisit, [(name, said.get(name.lower(), value)) for name, value in revisit.headers], revisit.block)


def tombstone(
    removed: WarcRecord, *, record_id: str, reason: str, removed_at: datetime, payload_sha256: str | None
) -> bytes:
    """Return the metadata record that says that *removed* was here, and why it is not any more."""
    fields = [
        (REMOVED, removed.record_id or ""),
        ("type", removed.type),
        ("date", removed.get("WARC-Date") or ""),
        *([("payload-sha256", payload_sha256)] if payload_sha256 is not None else []),
        ("reason", reason),
    ]
    headers = [
        ("WARC-Type", "metadata"),
        ("WARC-Record-ID", f"<{record_id}>"),
        *((name, value) for name, value in removed.headers if name.lower() == "warc-warcinfo-id"),
        ("WARC-Date", warc_date(removed_at)),
        ("WARC-Target-URI", removed.target_uri or ""),
        ("WARC-Block-Digest", ""),
        ("Content-Type", "application/warc-fields"),
        ("Content-Length", ""),
    ]
    return _record(removed, headers, warc_fields(fields))


def is_tombstone(record: WarcRecord) -> bool:
    """Return whether *record* is what :func:`tombstone` made."""
    return record.type == "metadata" and record.block.startswith(REMOVED.encode() + b":")


def _record(like: WarcRecord, headers: Iterable[tuple[str, str]], block: bytes) -> bytes:
    """Return a record with *headers*, length and digest made to fit *block*; packed if *like* is."""
    digest = base64.b32encode(hashlib.sha1(block, usedforsecurity=False).digest()).decode("ascii")
    said = {"content-length": str(len(block)), "warc-block-digest": f"sha1:{digest}"}
    fields = warc_fields((name, said.get(name.lower(), value)) for name, value in headers)
    data = f"{like.version}\r\n".encode("ascii", "replace") + fields + b"\r\n" + block + b"\r\n\r\n"
    return gzip_member(data, _LEVEL) if like.packed else data

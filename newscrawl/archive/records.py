"""What a WARC file holds as values: whole records, and the damage between them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Literal

from newscrawl.archive.coding import decoded
from newscrawl.archive.wire import dechunked, head_fields, is_chunked

DamageCode = Literal["torn", "gzip", "length", "one_member", "garbage", "header", "not_warc"]

_HTTP_KINDS = ("response", "request", "revisit")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_STATUS_LINE = re.compile(rb"[A-Za-z]+/[0-9]{1,3}(?:\.[0-9]{1,3})? +0*([1-9][0-9]{2})(?![0-9])")
_DATE = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:T(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,9}))?)?Z)?)?)?",
    re.ASCII,
)


def stated_status(head: bytes) -> int | None:
    """Return the status that *head* states, None where it states none that HTTP knows.

    Clients take odd versions and zeros before the number; what they have read must be read again.
    """
    found = _STATUS_LINE.match(head)
    return int(found[1]) if found else None


@dataclass(frozen=True, kw_only=True)
class HttpMessage:
    """An HTTP request or response, as a record holds it."""

    status: int | None
    """None for a request, and where the first line is no status line."""
    head: bytes
    """First line to blank line."""
    body: bytes
    """Content coding kept; chunk framing, if another tool stored it, removed."""

    @cached_property
    def fields(self) -> list[tuple[bytes, bytes]]:
        """Names and values in order, repeats kept."""
        return head_fields(self.head)

    def get(self, name: bytes) -> bytes | None:
        """Return the first value of the header *name* (in lower case), or None."""
        return next((value for key, value in self.fields if key.lower() == name), None)


@dataclass(frozen=True, kw_only=True)
class WarcRecord:
    """One whole record."""

    path: Path
    offset: int
    """Where it begins in the file; for a record that shares its gzip member, where the member begins."""
    length: int
    """Bytes it takes on disk; 0 for a record that shares its gzip member: it cannot be read by itself."""
    inner: int = 0
    """Where it begins in the unpacked gzip member."""
    packed: bool = True
    """False in a file that is not compressed."""
    version: str = "WARC/1.1"
    headers: tuple[tuple[str, str], ...]
    """Names and values in order, as they stand."""
    block: bytes

    def get(self, name: str) -> str | None:
        """Return the first value of the field *name*, in any case, or None."""
        return self._fields.get(name.lower())

    @cached_property
    def _fields(self) -> dict[str, str]:
        return {name.lower(): value for name, value in reversed(self.headers)}

    @property
    def type(self) -> str:
        """Return the WARC-Type in lower case, ``""`` when there is none."""
        return (self.get("WARC-Type") or "").lower()

    @property
    def record_id(self) -> str | None:
        """Return the WARC-Record-ID without angle brackets, None when there is none."""
        return (self.get("WARC-Record-ID") or "").strip().removeprefix("<").removesuffix(">") or None

    @property
    def date(self) -> datetime | None:
        """Return the WARC-Date, aware; None when there is none or it is none."""
        return parse_warc_date(self.get("WARC-Date") or "")

    @property
    def target_uri(self) -> str | None:
        """Return the WARC-Target-URI, without the angle brackets that some tools put around it."""
        return (self.get("WARC-Target-URI") or "").removeprefix("<").removesuffix(">") or None

    @cached_property
    def http(self) -> HttpMessage | None:
        """Return the HTTP message, None for a record that holds none."""
        media = (self.get("Content-Type") or "").lower()
        if self.type not in _HTTP_KINDS or not (media.startswith("application/http") or self._is_http()):
            return None
        end = _HEAD_END.search(self.block)
        stop = end.end() if end else len(self.block)
        head, body = self.block[:stop], self.block[stop:]
        # Bytes without a line end are no chunks, whatever the head says.
        if b"\n" in body and is_chunked(head):
            body = dechunked(body)[0]
        return HttpMessage(status=stated_status(head), head=head, body=body)

    def _is_http(self) -> bool:
        # Some tools leave the media type out, or state that of the page.
        return self.block.startswith(b"HTTP/") and (self.target_uri or "").lower().startswith(("http:", "https:"))

    @property
    def payload(self) -> bytes:
        """Return the body of the HTTP message, content coding kept; of another record its block."""
        return self.block if self.http is None else self.http.body


@dataclass(frozen=True, kw_only=True, slots=True)
class Damage:
    """A place of a file that holds no whole record, or a record that other tools would not read."""

    path: Path
    offset: int
    length: int | None
    """Bytes passed over; None when the place is not passed over."""
    code: DamageCode
    """``torn``: the file ends within a record. ``gzip``: a member that does not unpack. ``length``: the record is
    longer or shorter than it says, or longer than any that is read. ``one_member``: several records in a gzip member.
    ``garbage``: bytes between records. ``header``: a record's header cannot be read. ``not_warc``: something else."""
    detail: str

    def __str__(self) -> str:
        return f"{self.path}: offset {self.offset}: {self.detail}"


def decoded_payload(record: WarcRecord) -> tuple[bytes, str | None]:
    """Return the payload of *record* without its content coding, and what is wrong with that coding.

    Where the declared coding is false the bytes are given as they are. A body that was cut is decoded as far as it
    goes.
    """
    http = record.http
    if http is None or http.status is None or not http.body:
        return record.payload, None
    codings = b",".join(value for name, value in http.fields if name.lower() == b"content-encoding")
    if not codings:
        return http.body, None
    return decoded(http.body, codings, cut=record.get("WARC-Truncated") is not None)


def parse_warc_date(text: str) -> datetime | None:
    """Return the WARC-Date *text* as an aware time, None when it is none. A missing part is its earliest value.

    >>> parse_warc_date("2023-03-22T08:15:00Z")
    datetime.datetime(2023, 3, 22, 8, 15, tzinfo=datetime.timezone.utc)

    Source: WARC 1.1, field WARC-Date (W3C-DTF in UTC, up to nine decimals; microseconds are kept).
    """
    found = _DATE.fullmatch(text.strip())
    if not found:
        return None
    year, month, day, hour, minute, second = (int(found[i] or (i < 4)) for i in range(1, 7))
    try:
        return datetime(year, month, day, hour, minute, second, int((found[7] or "").ljust(6, "0")[:6]), UTC)
    except ValueError:
        return None

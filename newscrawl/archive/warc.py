"""WARC/1.1 records as bytes: the writer's format, without files and without a clock.

Every record is a gzip member of its own, so that a file is read from any record's offset, and is made only from what is
passed in: the same exchange, time and ids give the same bytes. :mod:`newscrawl.archive.reading` reads them back.
Source: WARC 1.1, https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/
"""

from __future__ import annotations

import base64
import hashlib
import re
import uuid
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from string import punctuation
from urllib.parse import quote_from_bytes

from newscrawl.archive.cdxj import index_entry
from newscrawl.archive.wire import WireExchange, stored_head

IDENTICAL_PAYLOAD = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
"""WARC-Profile of a revisit whose payload was stored before."""
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
"""WARC-Profile of a revisit for which the server answered 304."""

_FIELDS = "application/warc-fields"
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
# A reader may end a line at any of these, or strip a blank at either end.
_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]|^ | $")
_NOT_MODIFIED_HEAD = re.compile(rb"HTTP/[0-9.]+ +304(?![0-9])")


@dataclass(frozen=True, kw_only=True, slots=True)
class NewRecord:
    """One record, ready to be appended to a file."""

    record_id: str
    """``urn:uuid:…``, without angle brackets."""
    kind: str
    """The WARC-Type."""
    member: bytes
    """The whole gzip member."""
    payload_sha256: str | None
    """Hex digest of the body as received, for a response or a revisit of the same payload; None for other records."""
    index_entry: str | None = None
    """Its line of the index but for the place (:func:`.cdxj.placed_entry`); None for a record that is not indexed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Original:
    """The record that a revisit refers to."""

    record_id: str
    url: str
    date: str
    """Its WARC-Date, as it stands in the record."""


def warc_date(moment: datetime) -> str:
    """Return *moment* as a WARC-Date: UTC, whole seconds, ``2023-03-22T08:15:00Z``.

    *moment* is when the capture began, not when the record is written.
    Raises :exc:`ValueError` for a naive time: its zone would be a guess.
    Source: WARC 1.1, field WARC-Date.
    """
    if moment.tzinfo is None:
        raise ValueError(f"a WARC-Date needs a time with a zone, not {moment!r}")
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def payload_sha256(wire: WireExchange) -> str:
    """Return the hex sha256 of the body of *wire*: content coding kept, transfer framing removed."""
    return hashlib.sha256(wire.body).hexdigest()


def new_record_id() -> str:
    """Return a WARC-Record-ID that no other record has, without angle brackets."""
    return f"urn:uuid:{uuid.uuid4()}"


class RecordMaker:
    """Makes the records of one WARC file.

    The :meth:`warcinfo` record belongs first in the file; every other record names it.
    """

    def __init__(
        self,
        *,
        filename: str,
        created_at: datetime,
        info: Mapping[str, str],
        new_id: Callable[[], str] = new_record_id,
        level: int = 6,
    ) -> None:
        """*info* describes who crawls and how (``software``, ``robots``, ``operator``, …); *level* is zlib's."""
        self._new_id = new_id
        self._level = level
        self._info_id = new_id()
        self._info_headers = [("WARC-Date", warc_date(created_at)), ("WARC-Filename", filename)]
        self._info = warc_fields(info.items())

    def warcinfo(self) -> NewRecord:
        """Return the record that describes the file; the same at every call."""
        return self._record("warcinfo", self._info_id, self._info_headers, _FIELDS, self._info)

    def exchange(
        self,
        wire: WireExchange,
        *,
        notes: Mapping[str, str],
        original: Original | None = None,
        unmodified: Original | None = None,
    ) -> list[NewRecord]:
        """Return the records of *wire*: response or revisit, request, metadata, the later ones joined to the first.

        With *original* the same payload is stored already: a revisit, whose block is the head alone. With *unmodified*
        a 304 becomes a revisit of that record; any other status leaves it unused. An exchange without a response gives
        its request, if one was sent, and metadata. *notes* are further fields of the metadata record.
        """
        common = [
            ("WARC-Warcinfo-ID", f"<{self._info_id}>"),
            ("WARC-Date", warc_date(wire.started_at)),
            ("WARC-Target-URI", _uri(wire.url)),
        ]
        if wire.ip_address is not None:
            common.append(("WARC-IP-Address", wire.ip_address))
        digest = payload_sha256(wire) if wire.head else None
        records: list[NewRecord] = []
        if wire.head:
            records.append(self._answer(wire, common, digest, original, unmodified))
        if wire.request:
            joined = [*common, *_concurrent(records)]
            content_type = "application/http;msgtype=request"
            records.append(self._record("request", self._new_id(), joined, content_type, wire.request))
        metadata = warc_fields([*_facts(wire, digest), *notes.items()])
        records.append(self._record("metadata", self._new_id(), [*common, *_concurrent(records)], _FIELDS, metadata))
        return records

    def _answer(
        self,
        wire: WireExchange,
        common: list[tuple[str, str]],
        digest: str | None,
        original: Original | None,
        unmodified: Original | None,
    ) -> NewRecord:
        head = stored_head(wire)
        media, payload_digest = "application/http;msgtype=response", None
        headers = [*common]
        if wire.truncated is not None:
            headers.append(("WARC-Truncated", wire.truncated))
        kind, block = "revisit", head
        if unmodified is not None and _NOT_MODIFIED_HEAD.match(head):
            # A 304 has no payload of its own, and that of the record it refers to was not sent: no digest is stated.
            headers += _refers(NOT_MODIFIED, unmodified)
            digest = None
        else:
            payload_digest = _sha1(wire.body)
            headers.append(("WARC-Payload-Digest", payload_digest))
            if original is not None:
                headers += _refers(IDENTICAL_PAYLOAD, original)
            else:
                kind, block = "response", head + wire.body
        record = self._record(kind, self._new_id(), headers, media, block, digest)
        entry = index_entry(
            kind=kind, url=_uri(wire.url), date=wire.started_at, media=media, head=head, digest=payload_digest
        )
        return replace(record, index_entry=entry)

    def _record(
        self,
        kind: str,
        record_id: str,
        headers: Iterable[tuple[str, str]],
        content_type: str,
        block: bytes,
        digest: str | None = None,
    ) -> NewRecord:
        fields = [
            ("WARC-Type", kind),
            ("WARC-Record-ID", f"<{record_id}>"),
            *headers,
            ("WARC-Block-Digest", _sha1(block)),
            ("Content-Type", content_type),
            ("Content-Length", str(len(block))),
        ]
        head = b"WARC/1.1\r\n" + warc_fields(fields) + b"\r\n"
        return NewRecord(
            record_id=record_id,
            kind=kind,
            member=gzip_member(head + block + b"\r\n\r\n", self._level),
            payload_sha256=digest,
        )


def gzip_member(data: bytes, level: int) -> bytes:
    """Return *data* as one gzip member without a time or a name: the same bytes for the same input."""
    return zlib.compress(data, level, wbits=31)


def warc_fields(fields: Iterable[tuple[str, str]]) -> bytes:
    """Return *fields* as lines ``name: value`` in UTF-8; what would break a line is percent-encoded.

    Raises :exc:`ValueError` for a name that no field can have.
    """
    lines = []
    for name, value in fields:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a WARC field")
        lines.append(f"{name}: {_line(value)}\r\n")
    return "".join(lines).encode("utf-8")


def _line(value: str) -> str:
    """Return *value* on one line; an ordinary value is unchanged, percent signs included."""
    if value.isascii() and value.isprintable() and value == value.strip(" "):
        return value
    return _BREAKS.sub(lambda found: quote_from_bytes(found[0].encode("utf-8", "surrogatepass")), value)


def _uri(url: str) -> str:
    """Return *url* as a URI: what no URI can hold is percent-encoded, and nothing else."""
    return quote_from_bytes(url.encode("utf-8", "surrogatepass"), safe=punctuation)


def _exact(data: bytes) -> str:
    """Return *data* percent-encoded so that every byte can be had back."""
    return quote_from_bytes(data, safe=" !\"#$&'()*+,/:;<=>?@[\\]^`{|}~")


def _facts(wire: WireExchange, digest: str | None) -> Iterable[tuple[str, str]]:
    yield "fetchTimeMs", str(wire.elapsed_ms)
    if digest is not None:
        yield "payload-sha256", digest
    yield "capture", "reconstructed" if wire.reconstructed else "wire"
    if wire.interim:
        yield "interim", _exact(wire.interim)
    if wire.trailer:
        yield "trailer", _exact(wire.trailer)
    if wire.error is not None:
        yield "error", wire.error


def _refers(profile: str, original: Original) -> list[tuple[str, str]]:
    return [
        ("WARC-Profile", profile),
        ("WARC-Refers-To", f"<{original.record_id}>"),
        ("WARC-Refers-To-Target-URI", _uri(original.url)),
        ("WARC-Refers-To-Date", original.date),
    ]


def _concurrent(records: list[NewRecord]) -> list[tuple[str, str]]:
    return [("WARC-Concurrent-To", f"<{records[0].record_id}>")] if records else []


def _sha1(data: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode("ascii")

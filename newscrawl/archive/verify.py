"""Checks of WARC files by themselves: what no reader sees, and what other tools' checks do not look at.

A finding of severity ``error`` says that the archive is damaged or says of itself what is not so; a ``warning`` names
what is odd and may well be what a server sent, or what can be made again.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args
from uuid import UUID

from newscrawl.archive.appending import OPEN
from newscrawl.archive.cdxj import cdxj_line, cdxj_path
from newscrawl.archive.reading import Damage, WarcRecord, decoded_payload, read_warc
from newscrawl.archive.warc import NOT_MODIFIED
from newscrawl.archive.wire import Truncation

Severity = Literal["error", "warning"]

_TRUNCATIONS = (*get_args(Truncation), "unspecified")
_WITH_TARGET = ("response", "revisit", "request", "resource", "conversion")
_ANSWER = re.compile(rb"[A-Za-z]+/[0-9]+(?:\.[0-9]+)? +-?[0-9]+(?![^ \r\n])")
_REQUEST = re.compile(rb"[!-~]+ [^\r\n]* HTTP/[0-9]")
_HEAD_END = re.compile(rb"\n\r?\n\Z")
_ALGORITHMS = {"sha1": 20, "sha256": 32, "sha512": 64, "md5": 16}


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that is not as it should be."""

    severity: Severity
    file: str
    offset: int | None
    """Where the record or row begins; None for what concerns the whole file."""
    code: str
    text: str

    def __str__(self) -> str:
        place = self.file if self.offset is None else f"{self.file}: offset {self.offset}"
        return f"{place}: {self.severity}: {self.code}: {self.text}"


@dataclass(frozen=True, slots=True)
class _Reference:
    """What names another record, until that one is met."""

    file: str
    offset: int
    key: bytes | None
    what: str
    place: int = 0
    digest: str | None = None
    """Of the payload; None for what is no revisit of a payload."""
    revisit: bool = False


class ArchiveCheck:
    """Checks files one after another, and at the end what they say of each other."""

    def __init__(self, progress: Callable[[int], None] | None = None) -> None:
        """*progress* is told of the bytes that were gone through since it was last told."""
        self.records = 0
        """Whole records that were met."""
        self._progress = progress or (lambda _: None)
        # One entry a record: the payload digest of what a revisit may refer to, None for the others.
        self._ids: dict[bytes, str | None] = {}
        self._places: set[int] = set()
        self._digests: set[str] = set()
        self._open: list[_Reference] = []

    def file(
        self,
        path: Path,
        *,
        until: int | None = None,
        each: Callable[[WarcRecord], Iterable[Finding]] | None = None,
    ) -> Iterator[Finding]:
        """Yield what is wrong with the records of *path* that begin before the offset *until*, and with its index.

        *each* is asked for further findings on every record. Raises :exc:`~newscrawl.exceptions.ArchiveError` when the
        file cannot be read.
        """
        lines: list[str] = []
        met = 0
        for found in read_warc(path):
            if until is not None and found.offset >= until:
                break
            self._progress(found.offset - met)
            met = found.offset
            if isinstance(found, Damage):
                yield _finding(found, found.code, found.detail)
                continue
            self.records += 1
            yield from check_record(found)
            yield from self._relate(found)
            if each is not None:
                yield from each(found)
            line = cdxj_line(found)
            if line is not None:
                lines.append(line)
        self._progress(path.stat().st_size - met)
        if not path.name.endswith(OPEN):
            yield from check_index(path, lines)

    def _relate(self, record: WarcRecord) -> Iterator[Finding]:
        """Note what *record* is and what it refers to."""
        if record.record_id is not None:
            key = _key(record.record_id)
            if key in self._ids:
                yield _finding(record, "duplicate_id", f"another record has the id {record.record_id}, too")
            self._note(record, key)
        for name in ("WARC-Concurrent-To", "WARC-Warcinfo-ID"):
            value = record.get(name)
            if value is not None and (key := _key(_bare(value))) not in self._ids:
                self._open.append(_Reference(str(record.path), record.offset, key, f"{name} {_bare(value)}"))
        if record.type == "revisit":
            yield from self._judged(_revisit(record), last=False)

    def _note(self, record: WarcRecord, key: bytes) -> None:
        digest = record.get("WARC-Payload-Digest") if record.type == "response" else None
        self._ids[key] = digest and _folded(digest)
        if record.type == "response":
            self._places.add(hash((record.target_uri, record.get("WARC-Date"))))
            if digest is not None and record.get("WARC-Truncated") is None:
                self._digests.add(_folded(digest))

    def _judged(self, revisit: _Reference, *, last: bool) -> Iterator[Finding]:
        """Yield what is wrong with a revisit; before the *last* look, one without its original waits for it."""
        if revisit.key is not None and revisit.key in self._ids:
            original = self._ids[revisit.key]
            if revisit.digest is not None and original is not None and original != revisit.digest:
                text = f"its payload is not that of the record it refers to ({revisit.what})"
                yield _at(revisit, "error", "revisit", text)
        elif not last:
            self._open.append(revisit)
        elif revisit.place in self._places or revisit.digest in self._digests:
            if revisit.key is not None:
                text = f"refers to a record that is not there ({revisit.what}); another one has the same payload"
                yield _at(revisit, "warning", "revisit", text)
        elif revisit.key is not None or revisit.digest is not None:
            text = f"refers to a record that is in none of the files ({revisit.what}): its payload is not kept"
            yield _at(revisit, "error", "revisit", text)

    def end(self, others: Iterable[Path] = ()) -> Iterator[Finding]:
        """Yield what is wrong between the files.

        *others* are files beside those that were checked; only where a reference leads into none of these are they
        searched for it.
        """
        if any(reference.key not in self._ids for reference in self._open):
            for path in others:
                for found in read_warc(path):
                    if isinstance(found, WarcRecord) and found.record_id is not None:
                        self._note(found, _key(found.record_id))
        for reference in self._open:
            if reference.revisit:
                yield from self._judged(reference, last=True)
            elif reference.key not in self._ids:
                yield _at(reference, "warning", "reference", f"{reference.what} is in none of the files")
        self._open = []


def check_record(record: WarcRecord) -> Iterator[Finding]:
    """Yield what is wrong with *record* by itself."""
    if not record.type:
        yield _finding(record, "type", "there is no WARC-Type")
    if record.record_id is None:
        yield _finding(record, "record_id", "there is no WARC-Record-ID")
    if record.date is None:
        said = record.get("WARC-Date")
        yield _finding(record, "date", "there is no WARC-Date" if said is None else f"WARC-Date {said!r} is no date")
    if record.type in _WITH_TARGET and not record.target_uri:
        yield _finding(record, "target_uri", f"a {record.type} record without WARC-Target-URI")
    truncated = record.get("WARC-Truncated")
    if truncated is not None and truncated.lower() not in _TRUNCATIONS:
        text = f"WARC-Truncated {truncated!r} is none of {', '.join(_TRUNCATIONS)}"
        yield _finding(record, "truncated", text, "warning")
    intact = _is_digest(record.get("WARC-Block-Digest") or "", record.block)
    yield from _check_digests(record, intact=intact)
    yield from _check_http(record)
    fault = decoded_payload(record)[1] if record.type == "response" else None
    if fault is not None:
        # Where the digest is true the server said so itself, and the record keeps what it sent.
        yield _finding(record, "content_encoding", fault, "warning" if intact else "error")


def _check_digests(record: WarcRecord, *, intact: bool) -> Iterator[Finding]:
    """Yield digests that are false or missing; *intact* tells whether that of the block is there and true."""
    block, payload = record.get("WARC-Block-Digest"), record.get("WARC-Payload-Digest")
    if block is not None and not intact:
        yield _digest_finding(record, "WARC-Block-Digest", block)
    if payload is not None and record.type != "revisit":
        http = record.http
        # Some tools count the chunk framing that they store to the payload, against the letter of the standard.
        bodies = [record.payload] if http is None else [http.body, record.block[len(http.head) :]]
        if not any(_is_digest(payload, body) for body in bodies):
            yield _digest_finding(record, "WARC-Payload-Digest", payload)
    if block is None and payload is None and record.type in ("response", "resource", "revisit"):
        yield _finding(record, "no_digest", "the record has no digest: a change of it could not be noticed", "warning")


def _digest_finding(record: WarcRecord, name: str, value: str) -> Finding:
    algorithm = value.partition(":")[0].lower().replace("-", "")
    if algorithm not in _ALGORITHMS:
        return _finding(record, "digest", f"{name} {value[:100]!r} is of no kind that can be checked", "warning")
    return _finding(record, "digest", f"{name} is not that of the bytes: {value[:100]}")


def _check_http(record: WarcRecord) -> Iterator[Finding]:
    http = record.http
    if http is None or not record.block:
        return
    kind, pattern = ("request", _REQUEST) if record.type == "request" else ("response", _ANSWER)
    cut = record.get("WARC-Truncated") is not None and not _HEAD_END.search(http.head)
    first = bytes(http.head.split(b"\n", 1)[0].strip()[:60])
    if not pattern.match(http.head):
        yield _finding(record, "http", f"an HTTP {kind} does not begin with {first!r}")
    elif cut:
        # Whatever its last line is, there was more of it.
        return
    elif not _HEAD_END.search(http.head):
        yield _finding(record, "http", f"the head of the HTTP {kind} does not end")
    elif kind == "response" and http.status is None:
        yield _finding(record, "http", f"{first!r} states no status that HTTP knows", "warning")
    elif odd := [line for line in http.head.split(b"\n")[1:] if line.strip() and not _is_field(line)]:
        yield _finding(record, "http", f"the HTTP head has a line that is no header: {odd[0][:60]!r}", "warning")


def _is_field(line: bytes) -> bool:
    return b":" in line or line[:1] in (b" ", b"\t")


def check_index(path: Path, lines: Iterable[str]) -> Iterator[Finding]:
    """Yield what is wrong with the index beside the closed WARC *path*, whose records have *lines* in any order."""
    index = cdxj_path(path)
    expected = sorted(lines)
    try:
        found = index.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        text = "there is no index beside this file; `scrapy index` writes it"
        yield Finding(severity="warning", file=str(path), offset=None, code="no_index", text=text)
        return
    if found != expected:
        same = zip(found, expected, strict=False)
        place = next((n for n, (one, other) in enumerate(same) if one != other), min(len(found), len(expected)))
        text = f"line {place + 1} is not what {path.name} holds; `scrapy index --force` writes it anew"
        yield Finding(severity="error", file=str(index), offset=None, code="index", text=text)


def _revisit(record: WarcRecord) -> _Reference:
    refers = record.get("WARC-Refers-To")
    uri, date = record.get("WARC-Refers-To-Target-URI"), record.get("WARC-Refers-To-Date")
    digest = None if record.get("WARC-Profile") == NOT_MODIFIED else record.get("WARC-Payload-Digest")
    return _Reference(
        file=str(record.path),
        offset=record.offset,
        key=_key(_bare(refers)) if refers else None,
        what=_bare(refers) if refers else f"{uri or 'no URL'} of {date or 'no date'}",
        place=hash((uri, date)),
        digest=digest and _folded(digest),
        revisit=True,
    )


def _is_digest(value: str, data: bytes) -> bool:
    """Return whether *value* is the digest of *data*, in base 32 or in hex."""
    name, _, said = value.partition(":")
    algorithm = name.strip().lower().replace("-", "")
    if algorithm not in _ALGORITHMS:
        return False
    true = hashlib.new(algorithm, data, usedforsecurity=False).digest()
    said = said.strip().rstrip("=")
    return said.lower() == true.hex() or said.upper() == base64.b32encode(true).decode("ascii").rstrip("=")


def _folded(digest: str) -> str:
    name, _, value = digest.partition(":")
    return f"{name.strip().lower()}:{value.strip().upper()}"


def _key(record_id: str) -> bytes:
    """Return *record_id* in as few bytes as can be: there is one a record."""
    try:
        return UUID(record_id).bytes
    except ValueError:
        return record_id.encode("utf-8", "surrogatepass")


def _bare(record_id: str) -> str:
    return record_id.strip().removeprefix("<").removesuffix(">")


def _at(reference: _Reference, severity: Severity, code: str, text: str) -> Finding:
    return Finding(severity=severity, file=reference.file, offset=reference.offset, code=code, text=text)


def _finding(place: WarcRecord | Damage, code: str, text: str, severity: Severity = "error") -> Finding:
    return Finding(severity=severity, file=str(place.path), offset=place.offset, code=code, text=text)

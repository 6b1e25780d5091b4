"""Reading WARC files: every whole record of any file, and a name for each damaged place.

Files of other tools are read as well: packed or not, WARC/1.0 and 1.1, header names in any case, lines that end in LF
alone. A file is read in pieces: no content makes it raise, and a record costs no more memory than a few times
:data:`RECORD_LIMIT`. After damage, reading goes on at the next place where a record begins. A body that is itself a
WARC file may hold such a place: what follows damage in a file is not proof by itself.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from newscrawl.archive.records import Damage, HttpMessage, WarcRecord, decoded_payload, parse_warc_date
from newscrawl.archive.streams import Fault, Member, Plain, RecordStream, member_starts, record_starts
from newscrawl.exceptions import ArchiveError

__all__ = [
    "RECORD_LIMIT",
    "Damage",
    "HttpMessage",
    "WarcRecord",
    "decoded_payload",
    "parse_warc_date",
    "read_record",
    "read_warc",
]

RECORD_LIMIT = 64 << 20
"""Bytes of the longest block that is read. A longer record is Damage ``length``; those behind it are read."""

_HEADER_LIMIT = 1 << 16
# What is passed over costs time alone; a member that unpacks to more is left, and the next one is searched for.
_PASSED_OVER = 4 * RECORD_LIMIT
# A member that shows more faults was made to cost time.
_FAULTS_IN_A_MEMBER = 1000
_GZIP = b"\x1f\x8b"
_WARC = b"WARC/"
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(r"[0-9]{1,18}")
_ENDS = (b"\r\n\r\n", b"\n\n")


def read_warc(path: Path, *, start: int = 0) -> Iterator[WarcRecord | Damage]:
    """Yield every whole record of *path* from the offset *start* on, and each damaged place, in order.

    Raises :exc:`ArchiveError` when the file cannot be opened or read; never for what it holds.
    """
    try:
        with path.open("rb", buffering=1 << 18) as file:
            size = file.seek(0, 2)
            file.seek(0)
            begin = file.read(len(_WARC))
            if begin.startswith(_GZIP) or (begin != _WARC and ".gz" in path.suffixes):
                yield from _members(file, path, start, size)
            else:
                yield from _plain(file, path, start, size)
    except OSError as error:
        raise ArchiveError(f"{path}: {error.strerror or error}") from error


def read_record(path: Path, offset: int, *, inner: int = 0) -> WarcRecord:
    """Return the record at *offset*; *inner* is its place in a gzip member that it shares.

    Raises :exc:`ArchiveError` naming file, offset and fault.
    """
    try:
        with path.open("rb", buffering=1 << 14) as file:
            size = file.seek(0, 2)
            file.seek(offset)
            begin = file.read(len(_WARC))
            if begin == _WARC:
                plain = Plain(file, offset, size)
                return _placed(_take_record(plain), path, offset, plain.position)
            if not begin.startswith(_GZIP):
                raise Fault("garbage", "no record begins here")
            member = Member(file, offset)
            if not member.pass_over(inner):
                raise Fault("length", f"the gzip member ends before its byte {inner}")
            taken = _take_record(member)
            alone = not inner and not member.has(1)
            return _placed(taken, path, offset, member.end - offset if alone else 0, inner)
    except Fault as fault:
        raise ArchiveError(f"{path}: offset {offset}: {fault}") from fault
    except (OSError, OverflowError, ValueError) as error:
        # An offset below 0 is a ValueError, one above 2**63 an OverflowError.
        raise ArchiveError(f"{path}: offset {offset}: {getattr(error, 'strerror', None) or error}") from error


def _members(file: BinaryIO, path: Path, start: int, size: int) -> Iterator[WarcRecord | Damage]:
    """Yield what a file holds that is packed member by member."""
    offset = start
    while offset < size:
        file.seek(offset)
        begin = file.read(len(_GZIP))
        if begin == _GZIP:
            offset = yield from _member(file, path, offset, size)
            continue
        found = next(member_starts(file, offset + 1), None)
        if found is None and _GZIP.startswith(begin):
            fault = Fault("torn", "the file ends within a gzip member")
        elif found is None and offset == 0:
            fault = Fault("not_warc", "this is no WARC file")
        else:
            fault = Fault("garbage", "no record begins here")
        end = size if found is None else found
        yield _damage(path, offset, end - offset, fault)
        offset = end


def _member(file: BinaryIO, path: Path, offset: int, size: int) -> Generator[WarcRecord | Damage, None, int]:
    """Yield what the gzip member at *offset* holds; return where to go on."""
    stream = Member(file, offset)
    fault = None
    try:
        count = yield from _records_of(stream, path, offset)
        if count > 1:
            fault = Fault("one_member", f"{count} records in one gzip member: none can be read by its offset")
    except Fault as found:
        fault = found
    after = None if fault and fault.code in ("gzip", "torn") else _end_of(stream)
    if after is None:
        after = next(member_starts(file, offset + 1), None)
        if fault and fault.code == "torn" and after is not None:
            # A broken member can swallow the rest of the file, and then seems to be torn.
            fault = Fault("gzip", "gzip: the member does not end")
    end = size if after is None else after
    if fault:
        yield _damage(path, offset, end - offset, fault)
    return end


def _records_of(stream: Member, path: Path, offset: int) -> Generator[WarcRecord | Damage, None, int]:
    """Yield the records of a member, most often one; return their number. Raises :class:`Fault`."""
    count = faults = 0
    while faults < _FAULTS_IN_A_MEMBER:
        inner = stream.position
        try:
            taken = _take_record(stream)
            last = not stream.has(1)
        except Fault as fault:
            # A page may quote a WARC file: only a member known to hold several records is searched for the next.
            if not count or fault.code in ("gzip", "torn"):
                raise
            faults += 1
            yield _damage(path, offset, None, Fault(fault.code, f"byte {inner} of the gzip member: {fault}"))
            if stream.seek_record(inner + 1):
                continue
            break
        count += 1
        yield _placed(taken, path, offset, stream.end - offset if last and count == 1 else 0, inner)
        if taken.odd:
            yield _damage(path, offset, None, Fault("length", taken.odd))
        if last:
            break
    return count


def _plain(file: BinaryIO, path: Path, start: int, size: int) -> Iterator[WarcRecord | Damage]:
    """Yield what a file holds that is not packed."""
    offset = start
    while offset < size:
        stream = Plain(file, offset, size)
        try:
            taken = _take_record(stream)
        except Fault as found:
            fault, after = found, found.after or next(record_starts(file, offset + 1), None)
            if fault.code == "not_warc" and (offset or after is not None):
                fault = Fault("garbage", "no record begins here")
            elif fault.code == "torn" and after is not None:
                fault = Fault("length", str(fault))
            end = size if after is None else after
            yield _damage(path, offset, end - offset, fault)
            offset = end
            continue
        yield _placed(taken, path, offset, stream.position)
        if taken.odd:
            yield _damage(path, offset, None, Fault("length", taken.odd))
        offset += stream.position


class _Taken(NamedTuple):
    """A record without its place."""

    version: str
    headers: tuple[tuple[str, str], ...]
    block: bytes
    odd: str | None
    """What is unusual about its end."""


def _placed(taken: _Taken, path: Path, offset: int, length: int, inner: int | None = None) -> WarcRecord:
    return WarcRecord(
        path=path,
        offset=offset,
        length=length,
        inner=inner or 0,
        packed=inner is not None,
        version=taken.version,
        headers=taken.headers,
        block=taken.block,
    )


def _take_record(stream: RecordStream) -> _Taken:
    """Return the record that begins here. Raises :class:`Fault`."""
    version, headers, size = _take_header(stream)
    stream.check(size, RECORD_LIMIT)
    block = stream.take(size)
    if len(block) < size:
        # Records that follow may have been taken for a part of the block.
        stream.put_back(block)
        raise Fault("length", f"Content-Length says {size}, and there are {len(block)} bytes")
    try:
        odd = _take_end(stream)
    except Fault:
        stream.put_back(block)
        raise
    return _Taken(version, headers, block, odd)


def _take_header(stream: RecordStream) -> tuple[str, tuple[tuple[str, str], ...], int]:
    """Return version, fields and Content-Length. Raises :class:`Fault`."""
    if not stream.has(len(_WARC)) or not stream.buffer.startswith(_WARC):
        raise Fault("not_warc", f"a record begins with 'WARC/', not with {bytes(stream.buffer[:20])!r}")
    end = stream.find(_HEADER_END, _HEADER_LIMIT)
    if end is None and len(stream.buffer) < _HEADER_LIMIT:
        raise Fault(stream.short, "the header has no end")
    if end is None:
        raise Fault("header", f"the header is longer than {_HEADER_LIMIT} bytes")
    version, *lines = bytes(stream.buffer[: end[0]]).decode("utf-8", "replace").split("\n")
    headers = tuple(_fields(lines))
    lengths = {value for name, value in headers if name.lower() == "content-length"}
    if len(lengths) != 1 or not _LENGTH.fullmatch(length := lengths.pop()):
        raise Fault("header", "the header has no Content-Length that is one number")
    stream.take(end[1])
    return version.strip(), headers, int(length)


def _fields(lines: list[str]) -> list[tuple[str, str]]:
    """Return names and values; a line without a colon is left out, a folded one joined."""
    fields: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in (" ", "\t") and fields:
            name, value = fields[-1]
            fields[-1] = name, f"{value} {line.strip()}".strip()
            continue
        name, colon, value = line.partition(":")
        if colon:
            fields.append((name.strip(), value.strip()))
    return fields


def _take_end(stream: RecordStream) -> str | None:
    """Pass over the two empty lines behind a block; return what is odd about them.

    Raises :class:`Fault` when something else stands there: then the block is longer or shorter than its header says.
    """
    stream.has(16)
    tail = bytes(stream.buffer[:16])
    rest = tail.lstrip(b"\r\n")
    blank = tail[: len(tail) - len(rest)]
    if rest and not blank.startswith(_ENDS) and not rest.startswith(_WARC):
        raise Fault("length", f"behind the block stands {tail!r} instead of two empty lines")
    stream.take(len(blank))
    return None if blank in _ENDS else f"behind the block stands {blank!r} instead of two empty lines"


def _end_of(stream: Member) -> int | None:
    """Return where the member ends, None when it is broken or unpacks to too much."""
    try:
        return None if stream.pass_over(_PASSED_OVER) else stream.end
    except Fault:
        return None


def _damage(path: Path, offset: int, length: int | None, fault: Fault) -> Damage:
    return Damage(path=path, offset=offset, length=length, code=fault.code, detail=str(fault))

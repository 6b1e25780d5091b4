"""The bytes of a WARC file as its reader takes them: in pieces, from a packed member or a plain file."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from newscrawl.archive.records import DamageCode

_PIECE = 1 << 14
_UNPACKED_PIECE = 1 << 20
_SEARCHED_PIECE = 1 << 18
_MEMBER = re.compile(rb"\x1f\x8b\x08")
_RECORD = re.compile(rb"WARC/[0-9]\.[0-9]\r?\n[A-Za-z]")
_LONGEST_MATCH = 16


class Fault(Exception):  # noqa: N818 - it becomes a Damage and is never seen outside
    """Why no record can be read here."""

    def __init__(self, code: DamageCode, detail: str, after: int | None = None) -> None:
        """*after*: offset of the file at which to go on, where it is known."""
        super().__init__(detail)
        self.code: DamageCode = code
        self.after = after


class RecordStream:
    """Bytes that are read in pieces; kept are those not yet taken."""

    short: DamageCode
    """What it means that they end within a header."""

    def __init__(self, file: BinaryIO, offset: int) -> None:
        """Begin at *offset* of *file*; nothing else may move in the file while the stream is read."""
        file.seek(offset)
        self.file = file
        self.buffer = bytearray()
        self.position = 0
        """Bytes taken."""

    def more(self) -> bytes:
        """Return the next piece, ``b""`` at the end."""
        raise NotImplementedError

    def check(self, size: int, limit: int) -> None:
        """Raise :class:`Fault` for a block of *size* bytes that is longer than *limit*, or than what is left."""
        if size > limit:
            raise Fault("length", f"a block of {size} bytes: none longer than {limit} is read")

    def has(self, size: int) -> bool:
        """Read until *size* bytes can be taken; tell whether there are as many."""
        while len(self.buffer) < size:
            piece = self.more()
            if not piece:
                return False
            self.buffer += piece
        return True

    def take(self, size: int) -> bytes:
        """Return the next *size* bytes, or as many as there are, and go on behind them."""
        self.has(size)
        data = bytes(memoryview(self.buffer)[:size])
        del self.buffer[:size]
        self.position += len(data)
        return data

    def put_back(self, data: bytes) -> None:
        """Take back the last :meth:`take`."""
        self.buffer[:0] = data
        self.position -= len(data)

    def pass_over(self, size: int) -> bool:
        """Go on behind the next *size* bytes without keeping them; tell whether there were as many."""
        while size and self.has(1):
            size -= len(self.take(min(size, len(self.buffer))))
        return not size

    def find(self, pattern: re.Pattern[bytes], limit: int) -> tuple[int, int] | None:
        """Return where *pattern* begins and ends within the next *limit* bytes, counted from here."""
        start = 0
        while not (found := pattern.search(self.buffer, start, limit)):
            start = max(0, len(self.buffer) - _LONGEST_MATCH)
            if len(self.buffer) >= limit or not self.has(len(self.buffer) + 1):
                return None
        return found.span()

    def seek_record(self, position: int) -> bool:
        """Go on at the next line that begins a record, at *position* or behind it; tell whether there is one."""
        self.take(max(0, position - self.position))
        while not (found := _RECORD.search(self.buffer)):
            self.take(max(0, len(self.buffer) - _LONGEST_MATCH))
            if not self.has(len(self.buffer) + 1):
                return False
        self.take(found.start())
        return True


class Plain(RecordStream):
    """A file that is not packed."""

    short = "torn"

    def __init__(self, file: BinaryIO, offset: int, size: int) -> None:
        """*size*: of the whole file."""
        super().__init__(file, offset)
        self._offset = offset
        self._size = size

    def more(self) -> bytes:
        """Return the next piece."""
        return self.file.read(_PIECE)

    def check(self, size: int, limit: int) -> None:
        """Raise :class:`Fault` as above; a long block is passed over as its header says if it ends as a block does."""
        begin = self._offset + self.position
        if size > self._size - begin:
            raise Fault("torn", f"Content-Length says {size}, and {self._size - begin} bytes are left")
        if size > limit:
            self.file.seek(begin + size)
            after = begin + size + 4 if self.file.read(4) == b"\r\n\r\n" else None
            raise Fault("length", f"a block of {size} bytes: none longer than {limit} is read", after)


class Member(RecordStream):
    """One gzip member of a file."""

    short = "header"

    def __init__(self, file: BinaryIO, offset: int) -> None:
        """The member begins at *offset*."""
        super().__init__(file, offset)
        self._unpack = zlib.decompressobj(31)
        self._packed = b""

    def more(self) -> bytes:
        """Unpack the next piece. Raises :class:`Fault` for a member that is broken or ends with the file."""
        while not self._unpack.eof:
            packed = self._packed or self.file.read(_PIECE)
            try:
                piece = self._unpack.decompress(packed, _UNPACKED_PIECE)
            except zlib.error as error:
                raise Fault("gzip", f"gzip: {error}") from error
            self._packed = self._unpack.unconsumed_tail
            if piece:
                return piece
            if not packed:
                raise Fault("torn", "the file ends within a gzip member")
        return b""

    @property
    def end(self) -> int:
        """Where the member ends in the file, once it has been read to its end."""
        return self.file.tell() - len(self._unpack.unused_data)


def member_starts(file: BinaryIO, offset: int) -> Iterator[int]:
    """Yield where gzip members begin that hold a record, from *offset* on."""
    for place in _found(file, _MEMBER, offset):
        file.seek(place)
        try:
            if zlib.decompressobj(31).decompress(file.read(_PIECE), 5) == b"WARC/":
                yield place
        except zlib.error:
            continue


def record_starts(file: BinaryIO, offset: int) -> Iterator[int]:
    """Yield where lines stand that begin a record, from *offset* on."""
    yield from _found(file, _RECORD, offset)


def _found(file: BinaryIO, pattern: re.Pattern[bytes], offset: int) -> Iterator[int]:
    """Yield where *pattern* stands in *file*; the caller may move in the file between two of them."""
    kept = b""
    while True:
        file.seek(offset)
        piece = file.read(_SEARCHED_PIECE)
        if not piece:
            return
        data = kept + piece
        begin = offset - len(kept)
        offset += len(piece)
        last = 0
        for found in pattern.finditer(data):
            last = found.end()
            yield begin + found.start()
        # A place that lies across two pieces is found with the second one, and no place twice.
        kept = data[max(last, len(data) - _LONGEST_MATCH) :]

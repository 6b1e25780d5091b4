"""Content codings taken off a stored body: gzip, deflate, br, zstd."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

import brotli  # type: ignore[import-untyped]

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

DECODED_LIMIT = 64 << 20
"""Bytes that a body may unpack to; one that holds more is not unpacked."""
MAX_CODINGS = 3
"""Codings that lie over one another at most: no server has a use for more, and each multiplies the work."""

# A body of nothing but empty members would take as many new decoders as it has room for.
_MAX_MEMBERS = 10_000
_PIECE = 1 << 14
_STEP = 1 << 18
# 8 MiB, the largest window that a server may ask of its readers. Source: RFC 9659, section 3.
_ZSTD_WINDOW_LOG = 23


class _FalseCodingError(Exception):
    """The bytes are not of the coding. Its text says why."""


class _TooLargeError(Exception):
    """It unpacks to more than is taken."""


CodingFault = Literal["unknown", "false", "large", "layers"]
"""Why codings cannot be taken off: one is not known, the bytes are not of it, they unpack to too much, too many."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unpacked:
    """A body without its content codings, as far as it goes."""

    body: bytes
    """Where there is a *fault*, the body as it was."""
    whole: bool = True
    """False where a coding's stream ends before its end, or is broken on the way."""
    fault: CodingFault | None = None
    detail: str = ""
    """The fault in words."""


def unpacked(body: bytes, codings: bytes, *, limit: int, most: int | None = MAX_CODINGS) -> Unpacked:
    """Return *body* without *codings*, the value of Content-Encoding, at most *most* of them; None for any number.

    A stream that ends early or breaks on the way gives what could be decoded, and is not whole.
    """
    words = (word.strip() for word in codings.decode("ascii", "replace").lower().split(","))
    names = [word for word in words if word not in ("", "identity")]
    if most is not None and len(names) > most:
        return Unpacked(body=body, fault="layers", detail=f"{len(names)} content codings, at most {most} are undone")
    data, whole = body, True
    for name in reversed(names):
        if not data:
            break
        decode = _DECODERS.get(name)
        if decode is None:
            return Unpacked(body=body, fault="unknown", detail=f"Content-Encoding {name[:40]!r} is unknown")
        try:
            output, ended = decode(data, limit)
        except _FalseCodingError as error:
            text = f"Content-Encoding says {name}, and the body is not: {error}"
            return Unpacked(body=body, fault="false", detail=text)
        except _TooLargeError:
            return Unpacked(body=body, fault="large", detail=f"the body unpacks to more than {limit} bytes")
        data = bytes(output)
        whole = whole and ended
    return Unpacked(body=data, whole=whole)


def decoded(body: bytes, codings: bytes, *, cut: bool = False, limit: int = DECODED_LIMIT) -> tuple[bytes, str | None]:
    """Return *body* without *codings*, the value of Content-Encoding, and what is wrong with it.

    Where the coding is false, unknown, or hides more than *limit* bytes, *body* is returned as it is. With *cut* a body
    that ends early is decoded as far as it goes.
    """
    found = unpacked(body, codings, limit=limit, most=None)
    if found.fault is not None:
        return body, found.detail
    if not found.whole and not cut:
        names = codings.decode("ascii", "replace").strip().lower()
        return body, f"Content-Encoding says {names}, and the body ends before its end"
    return found.body, None


def _gzip(data: bytes, limit: int) -> tuple[bytearray, bool]:
    return _inflated(data, limit, 31)


def _deflate(data: bytes, limit: int) -> tuple[bytearray, bool]:
    try:
        return _inflated(data, limit, 15)
    except _FalseCodingError:
        # The name stands for zlib's form; many servers send the bare one, and every browser takes it.
        return _inflated(data, limit, -15)


def _inflated(data: bytes, limit: int, wbits: int) -> tuple[bytearray, bool]:
    """Return what *data* unpacks to and whether it is whole; whatever follows the end is left, as browsers do."""
    return _members(data, limit, lambda: _Inflate(wbits), b"\x1f\x8b" if wbits == 31 else None)


def _zstd(data: bytes, limit: int) -> tuple[bytearray, bool]:
    return _members(data, limit, _Unzstd, b"\x28\xb5\x2f\xfd")


def _brotli(data: bytes, limit: int) -> tuple[bytearray, bool]:
    return _members(data, limit, _Unbrotli, None)


class _Member(Protocol):
    """A decoder of one member."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def take(self, piece: bytes) -> Iterator[bytes]:
        """Yield what *piece* unpacks to, a little at a time. Raises :exc:`_FalseCodingError`."""


class _Inflate:
    def __init__(self, wbits: int) -> None:
        self._decoder = zlib.decompressobj(wbits)

    @property
    def eof(self) -> bool:
        return self._decoder.eof

    @property
    def unused_data(self) -> bytes:
        return self._decoder.unused_data

    def take(self, piece: bytes) -> Iterator[bytes]:
        try:
            yield self._decoder.decompress(piece, _STEP)
            while self._decoder.unconsumed_tail and not self._decoder.eof:
                yield self._decoder.decompress(self._decoder.unconsumed_tail, _STEP)
        except zlib.error as error:
            raise _FalseCodingError(str(error)) from error


class _Unzstd:
    def __init__(self) -> None:
        options = {int(zstd.DecompressionParameter.window_log_max): _ZSTD_WINDOW_LOG}
        self._decoder = zstd.ZstdDecompressor(options=options)

    @property
    def eof(self) -> bool:
        return self._decoder.eof

    @property
    def unused_data(self) -> bytes:
        return self._decoder.unused_data

    def take(self, piece: bytes) -> Iterator[bytes]:
        try:
            yield self._decoder.decompress(piece, _STEP)
            while not self._decoder.needs_input and not self._decoder.eof:
                yield self._decoder.decompress(b"", _STEP)
        except (zstd.ZstdError, MemoryError) as error:
            raise _FalseCodingError(str(error)) from error


class _Unbrotli:
    unused_data = b""

    def __init__(self) -> None:
        self._decoder = brotli.Decompressor()

    @property
    def eof(self) -> bool:
        return bool(self._decoder.is_finished())

    def take(self, piece: bytes) -> Iterator[bytes]:
        try:
            yield self._decoder.process(piece, output_buffer_limit=_STEP)
            while not self._decoder.can_accept_more_data():
                yield self._decoder.process(b"", output_buffer_limit=_STEP)
        except brotli.error as error:
            raise _FalseCodingError(str(error)) from error


def _members(data: bytes, limit: int, make: Callable[[], _Member], magic: bytes | None) -> tuple[bytearray, bool]:
    """Return what the members of *data* unpack to, and whether the last is whole.

    Members follow one another where they begin with *magic*. What is broken after some of it was decoded ends there.
    Raises :exc:`_FalseCodingError` where nothing could be, :exc:`_TooLargeError` for more than *limit* bytes.
    """
    # Pieces: a decoder copies what it has not used, and a body may be a million members.
    output, at, members = bytearray(), 0, 1
    member = make()
    while at < len(data):
        piece = data[at : at + _PIECE]
        try:
            for part in member.take(piece):
                output += part
                if len(output) > limit:
                    raise _TooLargeError
        except _FalseCodingError:
            if not output and members == 1:
                raise
            return output, False
        at += len(piece)
        if member.eof:
            at -= len(member.unused_data)
            if magic is None or not data.startswith(magic, at):
                break
            if (members := members + 1) > _MAX_MEMBERS:
                raise _FalseCodingError(f"it has more than {_MAX_MEMBERS} members")
            member = make()
    return output, member.eof


_DECODERS: dict[str, Callable[[bytes, int], tuple[bytearray, bool]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}

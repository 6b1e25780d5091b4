"""Content codings taken off a stored body: gzip, deflate, br, zstd."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

DECODED_LIMIT = 64 << 20
"""Bytes that a body may unpack to; one that holds more is not unpacked."""


class _FalseCodingError(Exception):
    """The bytes are not of the coding. Its text says why."""


def decoded(body: bytes, codings: bytes, *, cut: bool = False, limit: int = DECODED_LIMIT) -> tuple[bytes, str | None]:
    """Return *body* without *codings*, the value of Content-Encoding, and what is wrong with it.

    Where the coding is false, unknown, or hides more than *limit* bytes, *body* is returned as it is. With *cut* a body
    that ends early is decoded as far as it goes.
    """
    data = body
    for coding in reversed(codings.lower().split(b",")):
        name = coding.strip().decode("ascii", "replace")
        if name in ("", "identity") or not data:
            continue
        decode = _DECODERS.get(name)
        if decode is None:
            return body, f"Content-Encoding {name!r} is unknown"
        try:
            data, whole = decode(data, limit)
        except _FalseCodingError as error:
            return body, f"Content-Encoding says {name}, and the body is not: {error}"
        if len(data) > limit:
            return body, f"the body unpacks to more than {limit} bytes"
        if not whole and not cut:
            return body, f"Content-Encoding says {name}, and the body ends before its end"
    return data, None


def _gzip(data: bytes, limit: int) -> tuple[bytes, bool]:
    return _inflated(data, limit, 31)


def _deflate(data: bytes, limit: int) -> tuple[bytes, bool]:
    try:
        return _inflated(data, limit, 15)
    except _FalseCodingError:
        # The name stands for zlib's form; many servers send the bare one, and every browser takes it.
        return _inflated(data, limit, -15)


def _inflated(data: bytes, limit: int, wbits: int) -> tuple[bytes, bool]:
    """Return what *data* unpacks to and whether it is whole; whatever follows the end is left, as browsers do."""
    parts: list[bytes] = []
    room = limit + 1
    while True:
        unpack = zlib.decompressobj(wbits)
        try:
            parts.append(unpack.decompress(data, room))
        except zlib.error as error:
            raise _FalseCodingError(str(error)) from error
        room -= len(parts[-1])
        data = unpack.unused_data
        if not unpack.eof or room <= 0 or wbits != 31 or data[:2] != b"\x1f\x8b":
            return b"".join(parts), unpack.eof


def _brotli(data: bytes, limit: int) -> tuple[bytes, bool]:
    unpack = brotli.Decompressor()
    try:
        result = unpack.process(data, output_buffer_limit=limit + 1)
    except brotli.error as error:
        raise _FalseCodingError(str(error)) from error
    return result, unpack.is_finished()


def _zstd(data: bytes, limit: int) -> tuple[bytes, bool]:
    parts: list[bytes] = []
    room = limit + 1
    while True:
        unpack = zstd.ZstdDecompressor()
        try:
            parts.append(unpack.decompress(data, room))
        except (zstd.ZstdError, MemoryError) as error:
            raise _FalseCodingError(str(error)) from error
        room -= len(parts[-1])
        data = unpack.unused_data
        if not unpack.eof or room <= 0 or data[:4] != b"\x28\xb5\x2f\xfd":
            return b"".join(parts), unpack.eof


_DECODERS: dict[str, Callable[[bytes, int], tuple[bytes, bool]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}

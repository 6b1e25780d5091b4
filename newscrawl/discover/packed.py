"""A feed's bytes as text, in pieces: unpacked and decoded, within bounds."""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Iterator
from typing import Literal

from charset_normalizer import from_bytes

from newscrawl.charsets import BOMS, claimed_charsets

LONGEST_BYTES = 50 * 1024 * 1024
"""Of a document without its compression. Source: sitemaps.org protocol, "Sitemap file"."""
_PIECE = 1 << 16
_HEAD = 1 << 20
_GZIP = b"\x1f\x8b\x08"
_NOT_ASCII = re.compile(rb"[^\x00-\x7f]+(?:[\x40-\x7e][^\x00-\x7f]+)*")


class Packed:
    """A document that is read once, from its beginning; :attr:`cut` tells afterwards what is missing."""

    def __init__(self, body: bytes, content_type: str | None) -> None:
        self.cut: Literal["bytes", "malformed"] | None = None
        """``bytes`` or ``malformed``, when the reading came to the end of what can be had."""
        pieces = self._unpacked(self._pieces(body))
        # A file that is compressed, and was compressed again on its way.
        self._bytes = self._bounded(self._unpacked(pieces))
        self._first = b""
        for piece in self._bytes:
            self._first += piece
            if len(self._first) >= _HEAD:
                break
        self._content_type = content_type

    @property
    def head(self) -> bytes:
        """The first bytes, unpacked: all of a small document."""
        return self._first

    def text(self) -> Iterator[str]:
        """Yield the text in pieces; U+FFFD stands for what cannot be read."""
        name, skipped = _encoding(self._first, self._content_type)
        decoder = codecs.getincrementaldecoder(name)("replace")
        for start in range(skipped, len(self._first), _PIECE):
            yield decoder.decode(self._first[start : start + _PIECE])
        for piece in self._bytes:
            yield decoder.decode(piece)
        yield decoder.decode(b"", True)

    def _pieces(self, body: bytes) -> Iterator[bytes]:
        for start in range(0, len(body), _PIECE):
            yield body[start : start + _PIECE]

    def _bounded(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        left = LONGEST_BYTES
        for piece in pieces:
            if len(piece) > left:
                self.cut = "bytes"
                yield piece[:left]
                return
            left -= len(piece)
            yield piece

    def _unpacked(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        first = next(pieces, b"")
        if not first.startswith(_GZIP):
            yield first
            yield from pieces
            return
        stream = zlib.decompressobj(31)
        rest = first
        while rest or (rest := next(pieces, b"")):
            try:
                out = stream.decompress(rest, _PIECE)
            except zlib.error:
                self.cut = "malformed"
                return
            if out:
                yield out
            rest = stream.unconsumed_tail
            if stream.eof:
                rest = stream.unused_data or next(pieces, b"")
                # What follows the last member is padding.
                if not rest.startswith(_GZIP):
                    return
                stream = zlib.decompressobj(31)
        if not stream.eof:
            self.cut = "malformed"


def _encoding(head: bytes, content_type: str | None) -> tuple[str, int]:
    """Return the codec and the length of the byte order mark.

    UTF-8 is believed wherever the bytes are, a declaration where it reads every byte. A feed cuts its titles after
    so many bytes: a few broken characters do not make UTF-8 anything else.
    """
    for mark, name in BOMS:
        if head.startswith(mark):
            return name, len(mark)
    for start, name in ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be")):
        if head.startswith(start):
            return name, 0
    # What could be read as far as its declaration is not written two or four bytes a character.
    claims = [name for name, _ in claimed_charsets(head, content_type) if not name.startswith(("utf-16", "utf-32"))]
    # No trail byte of a charset in use is ">": nothing is cut in two here.
    head = head[: head.rfind(b">") + 1] or head
    if head.isascii():
        return (claims or ["utf-8"])[0], 0
    for name in ("utf-8", *claims):
        try:
            head.decode(name)
        except UnicodeError:
            continue
        return name, 0
    text = head.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    if 10 * broken < sum(ch > "\x7f" for ch in text) - broken:
        return "utf-8", 0
    other = next((name for name in claims if name != "utf-8"), None)
    return other or _detected(head) or "utf-8", 0


def _detected(head: bytes) -> str | None:
    # Tags and addresses say nothing about the charset, and the detector takes its time for them.
    runs = b"\n".join(_NOT_ASCII.findall(head[: 1 << 17]))[: 1 << 14]
    best = from_bytes(runs).best()
    return best.encoding if best is not None else None

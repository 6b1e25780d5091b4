"""One HTTP exchange as bytes: what was sent and what came back, and how its parts are told apart.

Everything here takes what any server may send: no function raises for odd bytes.
Source of the outside rules: RFC 9112 (message format, chunked coding), WARC 1.1 (truncation reasons).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Literal
from urllib.parse import urldefrag, urlsplit

Truncation = Literal["length", "time", "disconnect"]
"""Why a body is not whole, in WARC's words: too long, too slow, or cut."""

SECRETS = frozenset({b"cookie", b"authorization", b"proxy-authorization"})
"""Request headers whose values are never stored."""

RENAMED = b"X-Crawler-"
"""Put before the name of a header that no longer tells the truth about the stored body."""

_HEAD_END = re.compile(rb"\n\r?\n")
_INTERIM = re.compile(rb"[^ \n]+ +1\d\d(?!\d)")
_FOLD = re.compile(rb"(?:\r?\n[ \t]+)+")
_FRAMING = frozenset({b"transfer-encoding", b"content-length"})
_SIZE_LINE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\n]*)?\r?\n")
_BEGUN = {
    "size": re.compile(rb"[ \t]*(?:[0-9A-Fa-f]{1,16}[ \t]*(?:;[^\n]{,4096}|\r)?)?"),
    "end": re.compile(rb"\r?"),
    "trailer": re.compile(rb"(?s).{,65536}"),
}
"""What a line of framing may look like before its end has come."""
_MAX_TRAILER = 1 << 16


@dataclass(frozen=True, kw_only=True, slots=True)
class WireExchange:
    """A request and what came back, whole or not."""

    url: str
    """As asked for, without fragment."""
    method: str
    started_at: datetime
    """Aware, UTC: when the request began."""
    elapsed_ms: int
    ip_address: str | None
    """Of the other end of the connection. None when there was no connection."""
    request: bytes
    """Request line, headers, blank line, body as sent, secrets masked. Empty when nothing was sent."""
    head: bytes
    """Status line to blank line of the final response as received. Empty when no response came."""
    body: bytes
    """As received, without chunk framing; the content coding is still on."""
    chunked: bool = False
    """True where chunk framing was removed from *body*."""
    interim: bytes = b""
    """1xx responses before the final one, as received; without a *head*, whatever else came."""
    trailer: bytes = b""
    """Header lines after a chunked body, as received, without the blank line."""
    truncated: Truncation | None = None
    error: str | None = None
    """Why no response, or no whole one, came: class name and message."""
    reconstructed: bool = False
    """True where head and request were put together again from Scrapy's objects."""


def split_response(raw: bytes) -> tuple[bytes, bytes, bytes]:
    r"""Return what came before the final response, its head, and its body with any framing.

    A head that never ends is returned as far as it goes, with an empty body.

    >>> split_response(b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.0 200\nA: b\n\nbody")
    (b'HTTP/1.1 103 Early Hints\r\n\r\n', b'HTTP/1.0 200\nA: b\n\n', b'body')
    """
    start = 0
    while (end := _HEAD_END.search(raw, start)) and _INTERIM.match(raw, start):
        start = end.end()
    stop = end.end() if end else len(raw)
    return raw[:start], raw[start:stop], raw[stop:]


def head_fields(head: bytes) -> list[tuple[bytes, bytes]]:
    r"""Return names and values in order, repeats kept; a folded value is one, a line without a colon none.

    >>> head_fields(b"HTTP/1.1 200 OK\r\nA: 1\r\n 2\r\nnonsense\r\na: 3\r\n\r\n")
    [(b'A', b'1 2'), (b'a', b'3')]
    """
    end = _HEAD_END.search(head)
    # A fold right after the status line belongs to no field and goes with that line.
    _, *lines = _FOLD.sub(b" ", head[: end.start()] if end else head).split(b"\n")
    parts = (line.partition(b":") for line in lines)
    return [(name.strip(), value.strip()) for name, colon, value in parts if colon]


def is_chunked(head: bytes) -> bool:
    """Return whether the body after *head* has chunk framing: chunked is the last transfer coding named."""
    return ends_chunked(field_value(head_fields(head), b"transfer-encoding"))


def ends_chunked(codings: bytes) -> bool:
    """Return whether chunked is the last of *codings*, a value of Transfer-Encoding."""
    return codings.rpartition(b",")[2].strip().lower() == b"chunked"


def field_value(fields: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes:
    """Return all values of *name* (in lower case) in *fields*, joined by commas as HTTP allows; empty when absent."""
    return b",".join(value for found, value in fields if found.lower() == name)


def dechunked(framed: bytes) -> tuple[bytes, bytes, bool]:
    r"""Return body, trailer and whether the framing was whole and sound. What follows the body is left out.

    From a place on that is no chunk, the bytes are body as they stand: some servers announce chunks and send none.

    >>> dechunked(b"3;x=1\r\nabc\r\n0\r\nExpires: 0\r\n\r\n")
    (b'abc', b'Expires: 0\r\n', True)
    """
    chunks = Dechunker()
    chunks.feed(framed)
    return chunks.body(), chunks.trailer, chunks.complete


class Dechunker:
    """Takes chunk framing away from bytes that come piece by piece."""

    def __init__(self, limit: int | None = None) -> None:
        """*limit*: bytes of body kept at most; there is no limit on what is taken in."""
        self.limit = limit
        self.length = 0
        """Bytes of body so far, with those that were not kept."""
        self.trailer = b""
        self.complete = False
        self.broken = False
        """True from a place on that is no chunk."""
        # One growing array: a body in chunks of two bytes would be a list thirty times its size.
        self._body = bytearray()
        self._buffer = b""
        self._left = 0
        self._state: Literal["size", "data", "end", "trailer"] = "size"

    def body(self) -> bytes:
        """Return the body as far as it came; half a size line is no part of it."""
        return bytes(self._body)

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        if self.complete:
            return
        if self.broken:
            self._keep(data)
            return
        buffer = self._buffer + data if self._buffer else data
        at = 0
        while not self.complete and not self.broken:
            after = self._data(buffer, at) if self._state == "data" else self._line(buffer, at)
            if after is None:
                break
            at = after
        self._buffer = b""
        if self.broken:
            self._keep(buffer[at:])
        elif not self.complete:
            self._buffer = buffer[at:]

    def _data(self, buffer: bytes, at: int) -> int | None:
        """Take as much of a chunk's data as there is; None when more is needed."""
        if at >= len(buffer):
            return None
        piece = buffer[at : at + self._left]
        self._keep(piece)
        self._left -= len(piece)
        if not self._left:
            self._state = "end"
        return at + len(piece)

    def _line(self, buffer: bytes, at: int) -> int | None:
        """Take one line of framing; None when more is needed. A line that cannot be one breaks the framing."""
        end = buffer.find(b"\n", at) + 1
        if not end:
            self.broken = not _BEGUN[self._state].fullmatch(buffer, at)
            return None
        line = buffer[at:end]
        blank = line in (b"\r\n", b"\n")
        if self._state == "size" and (size := _SIZE_LINE.fullmatch(line)):
            self._left = int(size[1], 16)
            self._state = "data" if self._left else "trailer"
        elif self._state == "end" and blank:
            self._state = "size"
        elif self._state == "trailer" and blank:
            self.complete = True
        elif self._state == "trailer" and len(self.trailer) + len(line) <= _MAX_TRAILER:
            self.trailer += line
        else:
            self.broken = True
            return at
        return end

    def _keep(self, piece: bytes) -> None:
        self.length += len(piece)
        room = None if self.limit is None else max(0, self.limit - len(self._body))
        self._body += piece[:room]


def masked(request: bytes) -> bytes:
    r"""Return *request* with the values of :data:`SECRETS` replaced; names, order and body stay.

    >>> masked(b"GET / HTTP/1.1\r\ncookie: a=b\r\nHost: x\r\n\r\n")
    b'GET / HTTP/1.1\r\ncookie: masked\r\nHost: x\r\n\r\n'
    """
    lower = request.lower()
    if b"cookie" not in lower and b"authorization" not in lower:
        return request
    end = _HEAD_END.search(request)
    stop = end.end() if end else len(request)
    return b"".join(_masked_lines(request[:stop])) + request[stop:]


def _masked_lines(head: bytes) -> Iterator[bytes]:
    first, fields, rest = _field_lines(head)
    yield first
    for lines in fields:
        name, colon, _ = lines[0].partition(b":")
        if colon and name.strip().lower() in SECRETS:
            yield name + b": masked" + _line_end(lines[-1])
        else:
            yield from lines
    yield rest


def stored_head(exchange: WireExchange) -> bytes:
    """Return the head that fits the body as it is kept.

    Where chunk framing was removed, Transfer-Encoding and any Content-Length beside it are renamed with
    :data:`RENAMED` before them, so that no reader takes the body for chunked or for cut; all else is as received.
    """
    if not exchange.chunked:
        return exchange.head
    first, fields, rest = _field_lines(exchange.head)
    lines = [first]
    for field in fields:
        name, colon, _ = field[0].partition(b":")
        if colon and name.strip().lower() in _FRAMING:
            lines.append(RENAMED)
        lines.extend(field)
    return b"".join([*lines, rest])


def _field_lines(head: bytes) -> tuple[bytes, list[list[bytes]], bytes]:
    """Return the first line, the lines of each field (one, more where folded), and the rest from the blank line.

    All joined give *head*. Lines keep their ends; a fold before any field counts to the first line.
    """
    # Not bytes.splitlines(): a lone CR ends no line of a head.
    whole = [line + b"\n" for line in head.split(b"\n")]
    whole[-1] = whole[-1][:-1]
    start, fields = whole[0], list[list[bytes]]()
    for number, line in enumerate(whole[1:], start=1):
        if line in (b"\r\n", b"\n", b"\r"):
            return start, fields, b"".join(whole[number:])
        if line[:1] in (b" ", b"\t"):
            if fields:
                fields[-1].append(line)
            else:
                start += line
        else:
            fields.append([line])
    return start, fields, b""


def _line_end(line: bytes) -> bytes:
    return line[len(line.rstrip(b"\r\n")) :]


def reconstructed_exchange(
    *,
    url: str,
    method: str,
    request_headers: Iterable[tuple[bytes, bytes]],
    request_body: bytes,
    status: int,
    response_headers: Iterable[tuple[bytes, bytes]],
    body: bytes,
    protocol: str | None,
    started_at: datetime,
    ip_address: str | None,
    elapsed_ms: int = 0,
) -> WireExchange:
    """Return an exchange put together from what Scrapy knows, where the wire could not be seen.

    *body* still has its content coding on. Reason phrase, order and case of headers and chunk framing are lost, and
    a Host header is put in where Twisted adds one.
    """
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    sent = [(name, value) for name, value in request_headers]
    if all(name.lower() != b"host" for name, _ in sent):
        sent.insert(0, (b"Host", parts.netloc.rpartition("@")[2].encode("ascii", "replace")))
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    version = protocol if protocol and re.fullmatch(r"HTTP/\d(?:\.\d)?", protocol) else "HTTP/1.1"
    return WireExchange(
        url=urldefrag(url)[0],
        method=method,
        started_at=started_at,
        elapsed_ms=elapsed_ms,
        ip_address=ip_address,
        request=masked(_message(f"{method} {target} HTTP/1.1", sent) + request_body),
        head=_message(f"{version} {status} {phrase}", response_headers),
        body=body,
        reconstructed=True,
    )


def _message(first: str, fields: Iterable[tuple[bytes, bytes]]) -> bytes:
    lines = [first.encode("ascii", "replace"), *(name + b": " + value for name, value in fields)]
    return b"".join(re.sub(rb"[\r\n]+", b" ", line) + b"\r\n" for line in lines) + b"\r\n"

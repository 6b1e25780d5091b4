"""The bytes of one exchange as they go by, kept within bounds. Knows HTTP, and nothing of who sends and receives."""

from __future__ import annotations

import re
from datetime import datetime

from newscrawl.archive.wire import (
    Dechunker,
    Truncation,
    WireExchange,
    ends_chunked,
    field_value,
    head_fields,
    masked,
    split_response,
)

MAX_HEAD = 1 << 20
"""Bytes kept at most of a final head and all that comes before it."""
MAX_HEAD_LINES = 2_000
"""Lines taken at most of a final head."""

_BLANK_LINE = re.compile(rb"\n\r?\n")
_STATUS_LINE = re.compile(rb"[A-Za-z]+/\d+\.\d+ +(\d{1,9})(?= |\r?\n)[^\n]*\n")
_MAY_BE_HTTP = re.compile(rb"\s*[A-Za-z]{0,20}(?:/|\Z)")
_LENGTH = re.compile(rb"[ \t]*0*[0-9]{1,18}[ \t]*")
_BODILESS = frozenset({204, 304})


class Recorder:
    """Takes what is written and what is received, and gives back a :class:`WireExchange`.

    It finds the end of a response by itself: what comes after it belongs to no exchange and is left out.
    """

    def __init__(self, method: str, limit: int) -> None:
        """*limit*: bytes of body kept at most, 0 for no limit."""
        self.method = method
        self.limit = limit or None
        self.resent = 0
        """How often the request was sent anew because its connection was dead already."""
        self.ip_address: str | None = None
        self._reset()

    def _reset(self) -> None:
        self._sent = b""
        self._raw = bytearray()
        self._searched = 0
        self._interim = bytearray()
        self._head = b""
        self._body = bytearray()
        self._chunks: Dechunker | None = None
        # Bytes of body still to come; None for a body that ends with the connection.
        self._left: int | None = None
        self._stated = False
        self._length = 0
        self._overflow: str | None = None
        self._surplus = False
        self._whole = False
        self._closed = False

    def begin(self, ip_address: str | None) -> None:
        """A request is about to be written to *ip_address*; what was sent before came to nothing."""
        if self._sent:
            self.resent += 1
            self._reset()
        self.ip_address = ip_address

    def unsend(self) -> None:
        """What was written never left."""
        self._sent = b""

    def sent(self, data: bytes) -> None:
        """Take bytes of the request."""
        self._sent += data

    @property
    def has_head(self) -> bool:
        """Whether a response was seen."""
        return bool(self._head)

    @property
    def overflow(self) -> str | None:
        """What of a head was too much, so that nothing more is kept; None where nothing was."""
        return self._overflow

    @property
    def no_http(self) -> bool:
        """Whether something came, and its first line is none of HTTP."""
        return not self._head and _MAY_BE_HTTP.match(self._raw) is None

    @property
    def connected(self) -> bool:
        """Whether there is a connection that the request was written to."""
        return self.ip_address is not None

    @property
    def length(self) -> int:
        """Bytes of body received, with those that were not kept."""
        return self._chunks.length if self._chunks is not None else self._length

    @property
    def surplus(self) -> bool:
        """Whether more came than the Content-Length that the head states."""
        return self._surplus

    def received(self, data: bytes) -> None:
        """Take bytes of the response."""
        if self._head:
            self._take(data)
        elif not self._overflow:
            self._raw += data
            self._find_head()

    def lost(self, *, clean: bool) -> None:
        """The connection is gone. A body without a length ends with it, where it was closed and not broken."""
        self._closed = clean and self._chunks is None and self._left is None

    def _find_head(self) -> None:
        while _BLANK_LINE.search(self._raw, max(0, self._searched - 2)):
            interim, head, framed = split_response(bytes(self._raw))
            self._interim += interim
            self._raw = bytearray(head)
            if _BLANK_LINE.search(head) is None:
                break
            if _STATUS_LINE.match(head) is None:
                self._raw += framed
                break
            self._raw.clear()
            self._head = head
            if head.count(b"\n") > MAX_HEAD_LINES:
                self._overflow = f"the head has more than {MAX_HEAD_LINES} lines"
                return
            self._choose_framing(head)
            self._take(framed)
            return
        self._searched = len(self._raw)
        if len(self._interim) + len(self._raw) > MAX_HEAD:
            self._overflow = f"the head is longer than {MAX_HEAD} bytes"
            del self._raw[max(0, MAX_HEAD - len(self._interim)) :]

    def _choose_framing(self, head: bytes) -> None:
        status = _STATUS_LINE.match(head)
        if self.method == "HEAD" or (status and int(status[1]) in _BODILESS):
            self._left = 0
            return
        fields = head_fields(head)
        coding = field_value(fields, b"transfer-encoding")
        if ends_chunked(coding):
            self._chunks = Dechunker(self.limit)
        elif not coding:
            lengths = field_value(fields, b"content-length").split(b",")
            numbers = {int(text) if _LENGTH.fullmatch(text) else None for text in lengths}
            if len(numbers) == 1:
                self._left = numbers.pop()
                self._stated = self._left is not None

    def _take(self, data: bytes) -> None:
        if self._chunks is not None:
            self._chunks.feed(data)
            self._whole = self._chunks.complete
            return
        if self._left is not None:
            self._surplus = self._surplus or (len(data) > self._left and self._stated)
            data = data[: self._left]
            self._left -= len(data)
            self._whole = not self._left
        self._length += len(data)
        self._body += data if self.limit is None else data[: max(0, self.limit - len(self._body))]

    def exchange(
        self, *, url: str, started_at: datetime, elapsed_ms: int, error: str | None, cause: Truncation | None
    ) -> WireExchange:
        """Return what was recorded. *cause*: why this end stopped receiving, None where it did not."""
        head, interim = self._head, bytes(self._interim)
        if not head and _STATUS_LINE.match(self._raw) and not _BLANK_LINE.search(self._raw):
            # Cut within the head: what came of it still says more than nothing.
            head = bytes(self._raw)
        elif not head:
            interim += self._raw
        chunks = self._chunks
        body = chunks.body() if chunks is not None else bytes(self._body)
        # It is kept once: what a page may be long times the pages under way is most of the memory of a crawl.
        self._body = bytearray()
        return WireExchange(
            url=url,
            method=self.method,
            started_at=started_at,
            elapsed_ms=elapsed_ms,
            ip_address=self.ip_address,
            request=masked(self._sent),
            head=head,
            body=body,
            chunked=chunks is not None,
            interim=interim,
            trailer=chunks.trailer if chunks is not None else b"",
            truncated=self._truncation(cause) if head else None,
            error=error,
        )

    def _truncation(self, cause: Truncation | None) -> Truncation | None:
        if self._overflow or (self.limit is not None and self.length > self.limit):
            return "length"
        if self._whole or (self._closed and cause is None):
            return None
        return cause or "disconnect"

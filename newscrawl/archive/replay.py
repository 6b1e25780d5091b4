"""Replay sets: captures that answer in place of the network.

A set is opened from manifests and from WARCs, of this project or of other tools. Every row of a manifest is checked
before the first request; of a WARC every whole record is taken, and what is damaged is named.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from newscrawl.archive.wire import Truncation
from newscrawl.items import GONE, CaptureRef, FoundHow
from newscrawl.urls import UrlKeys


class Found(NamedTuple):
    """How a crawl came to a capture, as its archive says."""

    how: FoundHow
    url: str | None
    asked: str
    depth: int


class Message(NamedTuple):
    """An answer as it goes to the crawl: content coding kept."""

    fields: tuple[tuple[bytes, bytes], ...]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Capture(ABC):
    """One stored response."""

    url: str
    """As asked for, or as assigned."""
    url_assigned: bool = False
    """True where the body's own URL is not known."""
    status: int
    content_type: str
    fetched_at: datetime | None
    """Aware. None where the time of the fetch is not known."""
    sha256: str
    """Of the body, content coding kept."""
    record_id: str | None = None
    """None where the capture is no WARC record."""
    truncated: Truncation | None = None
    found: Found | None = None
    """None where the archive does not say."""
    part_of: str | None = None
    """Record of the page whose story it was fetched to complete; None for a page of its own."""
    was_read: bool | None = None
    """Whether the crawl that archived it got it as an answer, or an error; None where the archive does not say."""

    @abstractmethod
    def message(self) -> Message:
        """Return headers and body."""

    @property
    @abstractmethod
    def ref(self) -> CaptureRef:
        """What a row says of it."""

    @property
    def whole(self) -> bool:
        """False for an answer that a crawl would not have read: its body was cut, or HTTP was broken."""
        if self.was_read is not None:
            return self.was_read
        # What another tool cut on purpose is all there is of it; what this project's crawl cut, it asked for again.
        return self.truncated is None or (self.truncated == "length" and self.found is None)


class ReplaySet:
    """Captures by URL and by record."""

    def __init__(self, captures: Iterable[Capture], damage: Iterable[str] = (), *, keys: UrlKeys | None = None) -> None:
        """*captures* in the order of their files. *damage* says what could not be read, one line each.

        By *keys* URLs are told apart.
        """
        self.keys = keys or UrlKeys()
        # Those without a time come first; the sort keeps the order of the files where times are equal.
        self._captures = sorted(captures, key=lambda capture: _moment(capture.fetched_at))
        self.damage = tuple(damage)
        self._by_key: dict[str, list[Capture]] = {}
        self._by_record: dict[str, Capture] = {}
        self._parts: dict[tuple[str, str], Capture] = {}
        for capture in self._captures:
            self._by_key.setdefault(self.keys(capture.url), []).append(capture)
            if capture.record_id is not None:
                self._by_record.setdefault(capture.record_id, capture)
            if capture.part_of is not None:
                # Of several tries the last is what the crawl went on with.
                self._parts[capture.part_of, self.keys(capture.url)] = capture

    def __len__(self) -> int:
        return len(self._captures)

    def __iter__(self) -> Iterator[Capture]:
        """Captures by time."""
        return iter(self._captures)

    def __contains__(self, url: str) -> bool:
        return self.keys(url) in self._by_key

    def record(self, record_id: str) -> Capture | None:
        """Return the capture with this WARC-Record-ID."""
        return self._by_record.get(record_id)

    def part(self, record_id: str, url: str) -> Capture | None:
        """Return the capture of *url* that was fetched to complete the story of the record *record_id*."""
        return self._parts.get((record_id, self.keys(url)))

    def find(self, url: str, at: datetime | None = None) -> Capture | None:
        """Return the capture of *url* nearest in time to *at*, the earliest when that is None.

        One stored under the same address wins over one under the same key, and a whole one over one that was cut.
        """
        found = self._by_key.get(self.keys(url), [])
        exact = [capture for capture in found if capture.url == url] or found
        usable = [capture for capture in exact if capture.whole] or exact
        if at is None or len(usable) < 2:
            return usable[0] if usable else None
        place = bisect_left(usable, _moment(at), key=lambda capture: _moment(capture.fetched_at))
        around = usable[max(place - 1, 0) : place + 1]
        return min(around, key=lambda capture: abs(_moment(capture.fetched_at) - _moment(at)))

    def starts(self) -> list[Capture]:
        """Captures that a replay without start URLs visits: what a crawl reads, each whole success, by time.

        What was fetched to complete a story is read with that story. A page that was there and is gone later is
        visited, too: that is a version of its article.
        """
        found: list[Capture] = []
        there: set[str] = set()
        for capture in self:
            if not capture.whole or capture.part_of is not None:
                continue
            key = self.keys(capture.url)
            if 200 <= capture.status < 300 and _may_be_html(capture):
                there.add(key)
                found.append(capture)
            elif capture.status in GONE and key in there:
                found.append(capture)
        return found

    @property
    def digest(self) -> str:
        """Hex sha256 over what the set holds; the same for the same captures in any folder."""
        rows = sorted(
            "\0".join(
                map(str, (c.url, c.status, c.content_type, c.sha256, c.fetched_at, c.url_assigned, c.record_id or ""))
            ).removesuffix("\0")
            for c in self
        )
        return hashlib.sha256("\n".join(rows).encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def first_fetched_at(self) -> datetime | None:
        """Time of the earliest capture that has one."""
        return min((capture.fetched_at for capture in self if capture.fetched_at), default=None)


def _may_be_html(capture: Capture) -> bool:
    """Return whether a reader may find HTML there: a server need not say so, or not the truth."""
    named = capture.content_type.split(";")[0].strip().lower()
    return "html" in named or (named in _ANYTHING and not capture.url.endswith("/robots.txt"))


_ANYTHING = frozenset(("", "text/plain", "application/octet-stream", "application/xml", "text/xml"))
"""Types under which a page may come as well."""


_NEVER = datetime.min.replace(tzinfo=UTC)


def _moment(moment: datetime | None) -> datetime:
    return moment or _NEVER

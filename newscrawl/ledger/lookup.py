"""Captures of a URL, found in the store or in the indexes beside the WARCs, and their bodies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

from newscrawl.archive.appending import OPEN, existing
from newscrawl.archive.cdxj import CdxjEntry, cdxj_path, lookup, surt
from newscrawl.archive.reading import read_record
from newscrawl.archive.records import WarcRecord, parse_warc_date
from newscrawl.exceptions import ArchiveError, ConfigError
from newscrawl.ledger.places import warcs_in
from newscrawl.store import Store, captures
from newscrawl.store.captures import NewCapture
from newscrawl.urls import UrlKeys, host_of

_DIGITS = re.compile(r"[0-9]{4}(?:[0-9]{2}){0,5}")
_SEARCHED = 200_000
"""Captures of the store that are looked through for a URL like the one asked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One capture and where it lies."""

    url: str
    date: datetime | None
    status: str | None
    mime: str | None
    path: Path
    offset: int


class Lookup:
    """The captures of an output folder, or of a folder with WARCs and their indexes."""

    def __init__(self, folder: Path, store: Store | None, keys: UrlKeys | None = None) -> None:
        """*keys*: those of the crawl that wrote into the store."""
        self.keys = keys or UrlKeys()
        self.folder = folder / "warc" if (folder / "warc").is_dir() else folder
        self.store = store
        self._indexes = sorted(self.folder.glob("*.cdxj"))

    def find(self, url: str) -> list[Found]:
        """Return the captures of *url* by time: those of the store; where it has none, those of the indexes."""
        found: list[Found] = []
        if self.store is not None:
            with self.store.reading() as connection:
                stored = captures.by_url(connection, url, self.keys(url))
            found = [self._of_store(capture) for capture in stored]
        found = found or [self._of_index(index, entry) for index, entry in self._indexed(url)]
        return sorted(found, key=lambda capture: _moment(capture.date))

    def _indexed(self, url: str) -> list[tuple[Path, CdxjEntry]]:
        # The key of an index is coarse: the address itself counts, then ours.
        exact = [(index, entry) for index in self._indexes for entry in lookup(index, url) if entry.url == url]
        if exact:
            return exact
        key = self.keys(url)
        entries = [(index, entry) for index in self._indexes for form in {url, key} for entry in lookup(index, form)]
        return [(index, entry) for index, entry in dict.fromkeys(entries) if self.keys(entry.url) == key]

    def _of_store(self, capture: NewCapture) -> Found:
        return Found(
            url=capture.url,
            date=parse_warc_date(capture.date),
            status=None if capture.status is None else str(capture.status),
            mime=capture.mime,
            path=self._path(capture.warc),
            offset=capture.offset,
        )

    def _of_index(self, index: Path, entry: CdxjEntry) -> Found:
        digits = entry.timestamp
        return Found(
            url=entry.url,
            date=parse_time(digits) if _DIGITS.fullmatch(digits) else None,
            status=entry.status,
            mime=entry.mime,
            path=index.parent / entry.filename,
            offset=entry.offset,
        )

    def _path(self, warc: str) -> Path:
        return existing(self.folder / warc) or self.folder / warc

    def payload(self, record: WarcRecord, *, steps: int = 3) -> WarcRecord:
        """Return the record that holds the payload of *record*: itself, or what a revisit refers to.

        A 304 may refer to a revisit, which refers to the payload: that takes two *steps*. Raises :exc:`ArchiveError`
        when the payload is not there.
        """
        if record.type != "revisit":
            return record
        for path, offset in self._originals(record) if steps else ():
            original = read_record(path, offset)
            if (original.path, original.offset) != (record.path, record.offset):
                return self.payload(original, steps=steps - 1)
        raise ArchiveError(
            f"{record.path}: offset {record.offset}: this record repeats one that is not in the archive: "
            f"{record.get('WARC-Refers-To') or record.get('WARC-Refers-To-Target-URI')}"
        )

    def _originals(self, record: WarcRecord) -> Iterator[tuple[Path, int]]:
        if self.store is not None:
            with self.store.reading() as connection:
                found = captures.by_record(connection, (record.get("WARC-Refers-To") or "").strip("<> "))
            if found is not None:
                yield self._path(found.warc), found.offset
        date = parse_warc_date(record.get("WARC-Refers-To-Date") or "")
        for index, entry in self._indexed(record.get("WARC-Refers-To-Target-URI") or ""):
            if date is not None and entry.timestamp == f"{date:%Y%m%d%H%M%S}":
                yield index.parent / entry.filename, entry.offset

    def without_index(self) -> list[Path]:
        """Return the WARCs that have no index: what they hold is found only if the store knows it."""
        return [path for path in warcs_in(self.folder) if not path.name.endswith(OPEN) and not cdxj_path(path).exists()]

    def near(self, url: str, count: int = 5) -> list[str]:
        """Return archived URLs that are like *url*, the likest first."""
        return get_close_matches(url, list(dict.fromkeys(self._neighbours(url))), n=count, cutoff=0.5)

    def _neighbours(self, url: str) -> Iterator[str]:
        host = host_of(url)
        if self.store is not None:
            with self.store.reading() as connection:
                looked_at = islice(captures.all(connection), _SEARCHED)
                yield from islice((capture.url for capture in looked_at if host_of(capture.url) == host), 5000)
        prefix = surt(url).partition(")")[0] + ")"
        for index in self._indexes:
            yield from islice(_urls_below(index, prefix), 5000)


def _urls_below(index: Path, prefix: str) -> Iterator[str]:
    with index.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith(prefix) and (said := re.search(r'"url": "([^"\\]+)"', line)):
                yield said[1]


def nearest(found: Iterable[Found], at: datetime | None) -> Found:
    """Return the capture nearest in time to *at*, the latest when that is None.

    A 304 has no body and says that the one before it is still true: it is chosen where there is nothing else.
    """
    every = list(found)
    chosen = [capture for capture in every if capture.status != "304"] or every
    if at is None:
        return max(chosen, key=lambda capture: _moment(capture.date))
    return min(chosen, key=lambda capture: abs(_moment(capture.date) - at))


def parse_time(text: str) -> datetime:
    """Return the time *text* says: ISO 8601, or digits as indexes have them; UTC where it names no zone.

    >>> parse_time("20230322")
    datetime.datetime(2023, 3, 22, 0, 0, tzinfo=datetime.timezone.utc)

    Raises :exc:`ConfigError` for anything else.
    """
    try:
        if _DIGITS.fullmatch(text):
            return datetime.strptime((text + "0101000000"[len(text) - 4 :])[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{text!r} is no time; write 2023-03-22, 2023-03-22T08:15:00Z or 20230322081500") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _moment(date: datetime | None) -> datetime:
    return date or datetime.min.replace(tzinfo=UTC)

"""What leads from a text to the versions that may be its copies: a cache of what the table ``copies`` holds.

All versions of the time that is looked back stand in a few :mod:`.segments`; small ones are merged into larger ones as
they come, so that a look-up touches few however many versions there are. That of the newest versions is in memory only.
What is missing is made again from the table.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection, Row, bindparam, select

from newscrawl.fingerprint.copies import ALGORITHM, BANDS, Fingerprint, leads_of
from newscrawl.store.copies import COMMON, enough, identity, witness
from newscrawl.store.schema import chunks, copies
from newscrawl.store.segments import (
    LONGEST,
    DamagedError,
    Head,
    Merge,
    Numbers,
    Postings,
    Segment,
    files_in,
    find,
    leftovers_in,
    made,
    opened,
    read_head,
    saved,
)

logger = logging.getLogger("newscrawl")

TAIL = 1024
"""Newest versions that make a segment that stays."""
LATE = 2048
"""Newest versions, of a store that others write, too, among which a further one may still turn up."""
GROWTH = 4
"""A segment is merged with those after it until it is so many times larger than they are."""
STEP = 1_000_000
"""Postings that are merged at a time, which takes some hundredths of a second."""
LOOK_S = 1.0
"""How often others' rows are looked for."""
LARGEST = 32_768
"""Versions of a segment that is made from the table."""
_SLACK = 0.01
"""Part of the time looked back by which the first number may lag."""
_NUMBER_BITS = 40


class _Text(NamedTuple):
    """One of the newest versions."""

    keys: Postings
    anchors: int
    witness: str


_NO_KEYS: Postings = np.empty(0, np.uint64)
_NO_PAIRS = np.empty(0, np.intp), np.empty(0, np.int64)


class CopyIndex:
    """Leads from a text to numbers of ``copies``. Not shared between threads."""

    def __init__(self, folder: Path | None = None, *, shared: bool = False) -> None:
        """*folder*: where segments lie; None to keep all in memory. *shared*: others write into the store, too."""
        self.folder = folder
        self.shared = shared
        self._store = ""
        self._segments: list[Segment] = []
        self._merge: Merge | None = None
        self._texts: dict[int, _Text] = {}
        # Of these texts, but for the latest ones.
        self._newest: Segment | None = None
        self._latest: list[int] = []
        self._loaded = False
        # Segments have all versions with numbers from the one to the other.
        self._from = self._to = 0
        self._first: int | None = None
        self._since = self._looked_at = 0.0

    # --- asking

    def led_to(self, c: Connection, fingerprint: Fingerprint, *, since: float, now: float) -> list[int]:
        """Return the numbers of versions that share a band with *fingerprint*, or a quarter of the shorter's anchors.

        Of those committed from *since* on and of some shortly before. A few may be there by accident, or be gone from
        the store. A key leads to :data:`COMMON` + 1 versions, the first ones; an anchor of so many leads to none.
        """
        first = self._begin(c, since, now)
        if first is None or not fingerprint.signature:
            return []
        which, numbers = self._found(fingerprint, first)
        if not len(which):
            return []
        rare = np.bincount(which, minlength=BANDS)[which] <= COMMON
        shared, counts = np.unique(numbers[(which >= BANDS) & rare], return_counts=True)
        near = shared[enough(counts, len(fingerprint.leads) - BANDS, self._anchors_of(shared))]
        return sorted({*numbers[which < BANDS].tolist(), *near.tolist()})

    def _found(self, fingerprint: Fingerprint, first: int) -> tuple[Numbers, Numbers]:
        """Return which leads lead to which numbers from *first* on: in order, each pair once, a lead to so many."""
        which, numbers = find([segment for segment in self._all() if segment.head.last >= first], fingerprint.leads)
        if not len(which):
            return _NO_PAIRS
        recent = numbers >= first
        pairs = (which[recent].astype(np.int64) << _NUMBER_BITS) | numbers[recent]
        # Each segment's are in order already; numpy's unique would hash them.
        pairs.sort(kind="stable")
        which, most = pairs >> _NUMBER_BITS, COMMON + 1
        keep = np.ones(len(pairs), np.bool_)
        keep[1:] = pairs[1:] != pairs[:-1]
        pairs, which = pairs[keep], which[keep]
        keep = np.ones(len(pairs), np.bool_)
        keep[most:] = which[most:] != which[:-most]
        return which[keep], (pairs & ((1 << _NUMBER_BITS) - 1))[keep]

    def _all(self) -> list[Segment]:
        """Return the segments, that of the newest versions included."""
        if self._latest:
            numbers, self._latest = sorted(self._latest), []
            # Nothing is left out: which versions are recent enough is not known before it is asked.
            latest = self._segment(numbers[0], *self._postings(numbers), most=LONGEST)
            if self._newest is not None:
                parts, last = (self._newest, latest), max(self._newest.head.last, latest.head.last)
                merged = Merge(parts, None, since=last - LONGEST + 1, most=LONGEST, step=LONGEST).step()
            self._newest = latest if self._newest is None else merged
        return self._segments if self._newest is None else [*self._segments, self._newest]

    def _anchors_of(self, numbers: Numbers) -> Numbers:
        found = np.zeros(len(numbers), np.int64)
        for segment in self._all():
            found = np.maximum(found, segment.anchors_of(numbers))
        return found

    # --- telling

    def add(self, number: int, fingerprint: Fingerprint, seen: str) -> None:
        """Take up a version that the store has now; *seen* is its :func:`.witness`."""
        # Before the first look-up nothing is known, and afterwards all is read that the store has.
        if self._loaded:
            usable = fingerprint.signature and fingerprint.algorithm == ALGORITHM
            self._take(number, fingerprint.leads if usable else _NO_KEYS, seen)

    def _take(self, number: int, keys: Postings, seen: str) -> None:
        if number not in self._texts:
            self._texts[number] = _Text(keys, max(len(keys) - BANDS, 0), seen)
            self._latest.append(number)

    def tidy(self) -> None:
        """Do a part of what is due: move the newest versions into a segment that stays, merge segments."""
        if len(self._texts) >= TAIL + self._reserve:
            self._seal()
        if self._merge is None:
            self._merge = self._next_merge()
        if self._merge is not None:
            self._go_on(self._merge)

    def close(self) -> None:
        """End a merge that has begun: the next process would have to begin anew. Once is enough."""
        while self._merge is not None:
            self._go_on(self._merge)

    # --- segments

    @property
    def _reserve(self) -> int:
        return LATE if self.shared else 0

    def _seal(self) -> None:
        """Make a segment that stays of the newest versions but the reserve."""
        numbers = sorted(number for number in self._texts if number > self._to)
        numbers = numbers[: len(numbers) - self._reserve]
        if not numbers:
            return
        self._to = self._put(self._to + 1, *self._postings(numbers))
        for number in numbers:
            del self._texts[number]
        self._newest, self._latest = None, list(self._texts)

    def _postings(self, numbers: list[int]) -> tuple[Postings, Numbers, Numbers, Numbers, str]:
        """Return what :meth:`_segment` asks for of some of the newest versions, by number."""
        texts, own = [self._texts[number] for number in numbers], np.array(numbers, np.int64)
        owners = np.repeat(own, [len(text.keys) for text in texts])
        anchors = np.array([text.anchors for text in texts], np.int64)
        return np.concatenate([text.keys for text in texts]), owners, own, anchors, texts[-1].witness

    def _segment(
        self, first: int, keys: Postings, owners: Numbers, numbers: Numbers, anchors: Numbers, seen: str, *, most: int
    ) -> Segment:
        """Return a segment of *numbers* and their *anchors*: each of *keys* leads to one of *owners*."""
        last = int(numbers[-1])
        # What lies further back than a segment can count is not found.
        first = max(first, last - LONGEST + 1)
        head = Head(store=self._store, algorithm=ALGORITHM, first=first, last=last, witness=seen)
        counts = np.zeros(last - first + 1, np.int64)
        counts[numbers[numbers >= first] - first] = anchors[numbers >= first]
        return made(head, keys[owners >= first], owners[owners >= first], counts, most)

    def _put(self, first: int, keys: Postings, owners: Numbers, numbers: Numbers, anchors: Numbers, seen: str) -> int:
        """Add such a segment, to stay. Return the last number."""
        segment = self._segment(first, keys, owners, numbers, anchors, seen, most=COMMON + 1)
        if self.folder is not None:
            try:
                segment = saved(segment, self.folder)
            except OSError as error:
                self._stay_in_memory(error)
        self._segments.append(segment)
        self._segments.sort(key=lambda segment: segment.head.first)
        return int(numbers[-1])

    def _stay_in_memory(self, error: OSError) -> None:
        logger.warning("%s: the index of copies stays in memory: %s", error.filename or self.folder, error.strerror)
        self.folder = None

    def _next_merge(self) -> Merge | None:
        """Begin to merge the last segments, where they have come near the size of the one before them."""
        sizes = [segment.head.postings for segment in self._segments]
        start, total = len(sizes) - 1, sum(sizes[-1:])
        least = self._segments[-1].head.last - LONGEST if sizes else 0
        while start > 0 and sizes[start - 1] < GROWTH * total and self._segments[start - 1].head.first > least:
            start -= 1
            total += sizes[start]
        parts = self._segments[max(start, 0) :]
        if len(parts) < 2:
            return None
        try:
            return Merge(parts, self.folder, since=self._first or 0, most=COMMON + 1, step=STEP)
        except OSError as error:
            self._stay_in_memory(error)
            return None

    def _go_on(self, merge: Merge) -> None:
        try:
            merged = merge.step()
        except OSError as error:
            self._stay_in_memory(error)
            merge.drop()
            self._merge = None
            return
        if merged is not None:
            self._merge = None
            kept = [segment for segment in self._segments if segment not in merge.parts]
            self._segments = sorted([*kept, merged], key=lambda segment: segment.head.first)
            # What is too old by now was left out.
            self._from = max(self._from, merged.head.first if merged is self._segments[0] else 0)
            for part in merge.parts:
                if part.path != merged.path:
                    _unlink(part.path)

    # --- catching up with the store

    def _begin(self, c: Connection, since: float, now: float) -> int | None:
        """Know what the store has; return the first number that counts, None when there is none."""
        if self._first is None or not self._since <= since <= self._since + _SLACK * abs(now - since):
            self._since, self._first = since, c.execute(_FIRST_SINCE, {"b_since": since}).scalar()
            if self._first is None:
                return None
            self._forget_before(self._first)
        if not self._loaded:
            self._load(c, self._first)
        elif self._first < self._from:
            self._fill(c, self._first, self._from - 1)
            self._from = self._first
        if self.shared and abs(now - self._looked_at) >= LOOK_S:
            self._looked_at = now
            self._look(c)
        return self._first

    def _forget_before(self, first: int) -> None:
        """Leave out segments that hold nothing from *first* on."""
        if self._loaded and self._merge is None and first > self._from:
            for segment in [segment for segment in self._segments if segment.head.last < first]:
                self._segments.remove(segment)
                _unlink(segment.path)
            self._from = min(first, self._to + 1)

    def _load(self, c: Connection, first: int) -> None:
        """Open the segments that are there, and read what they lack from the table."""
        self._store = identity(c)
        self._segments = self._whole_ones(c, first)
        end = first - 1
        for segment in list(self._segments):
            if segment.head.first > end + 1:
                self._fill(c, end + 1, segment.head.first - 1)
            end = max(end, segment.head.last)
        last: int = c.execute(_LAST).scalar() or 0
        if last - end > TAIL + self._reserve:
            end = self._fill(c, end + 1, last - self._reserve)
        self._from, self._to, self._loaded = first, end, True
        for row in _rows(c, end + 1, last):
            self._take_row(row)

    def _whole_ones(self, c: Connection, first: int) -> list[Segment]:
        """Return the segments of this store by number, and remove what is damaged, of another store or not needed."""
        found: list[Segment] = []
        if self.folder is None:
            return found
        for path in leftovers_in(self.folder):
            _unlink(path)
        heads = [(head.first, -head.last, path) for path, head in self._heads(c) if head.last >= first]
        for _, last, path in sorted(heads):
            # One within another was merged into it.
            if not found or -last > found[-1].head.last:
                try:
                    found.append(opened(path))
                except (DamagedError, OSError) as error:
                    logger.warning("%s: %s; it is made again", path, error)
        kept = {segment.path for segment in found}
        for path in files_in(self.folder):
            if path not in kept:
                _unlink(path)
        return found

    def _heads(self, c: Connection) -> Iterator[tuple[Path, Head]]:
        """Yield the files that say that they are of this store as it is now."""
        assert self.folder is not None
        for path in files_in(self.folder):
            try:
                head, _ = read_head(path)
            except (DamagedError, OSError) as error:
                logger.warning("%s: %s; it is made again", path, error)
                continue
            # A store that was put back from a copy may have another version under the number.
            row = c.execute(_WITNESS, {"b_number": head.last}).first() if head.store == self._store else None
            if row is not None and witness(*row) == head.witness and head.algorithm == ALGORITHM:
                yield path, head

    def _fill(self, c: Connection, first: int, last: int) -> int:
        """Make segments of the rows from *first* to *last*; return the number of the last row."""
        rows, end = _rows(c, first, last), first - 1
        while some := list(islice(rows, LARGEST)):
            usable = [row for row in some if _usable(row)]
            lengths = [len(row.wide) // 4 for row in usable]
            keys = leads_of(b"".join(row.signature for row in usable), b"".join(row.wide for row in usable))
            owners = np.array([row.number for row in usable], np.int64)
            owners = np.concatenate((np.repeat(owners, BANDS), np.repeat(owners, lengths)))
            numbers = np.array([row.number for row in some], np.int64)
            anchors = np.array([len(row.wide) // 4 for row in some], np.int64)
            end = self._put(end + 1, keys, owners, numbers, anchors, _witness(some[-1]))
        return end

    def _look(self, c: Connection) -> None:
        """Take up what others have committed. Where numbers come from a sequence, a lower one may come later."""
        known = {number for number in self._texts if number > self._to}
        count, total = c.execute(_HOW_MANY, {"b_after": self._to}).one()
        # As many rows may be gone as have come.
        if (count, int(total or 0)) == (len(known), sum(known)):
            return
        found = set(c.execute(_NUMBERS, {"b_after": self._to}).scalars())
        for number in known - found:
            del self._texts[number]
            self._newest, self._latest = None, list(self._texts)
        for some in chunks(sorted(found - self._texts.keys())):
            for row in c.execute(_ROWS_OF, {"b_numbers": some}):
                self._take_row(row)

    def _take_row(self, row: Row[*tuple[Any, ...]]) -> None:
        self._take(row.number, leads_of(row.signature, row.wide) if _usable(row) else _NO_KEYS, _witness(row))


def _unlink(path: Path | None) -> None:
    if path is not None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            logger.warning("%s: cannot be removed: %s", path, error.strerror)


def _usable(row: Row[*tuple[Any, ...]]) -> bool:
    return bool(row.signature) and row.algorithm == ALGORITHM


def _witness(row: Row[*tuple[Any, ...]]) -> str:
    return witness(row.article_id, row.version, row.committed_at)


def _rows(c: Connection, first: int, last: int) -> Iterator[Row[*tuple[Any, ...]]]:
    with c.execute(_ROWS, {"b_first": first, "b_last": last}, execution_options={"yield_per": 2000}) as rows:
        yield from rows


_LED = select(
    copies.c.number,
    copies.c.article_id,
    copies.c.version,
    copies.c.committed_at,
    copies.c.algorithm,
    copies.c.signature,
    copies.c.wide,
)
_ROWS = _LED.where(copies.c.number.between(bindparam("b_first"), bindparam("b_last"))).order_by(copies.c.number)
_ROWS_OF = _LED.where(copies.c.number.in_(bindparam("b_numbers", expanding=True))).order_by(copies.c.number)
_LAST = select(sa.func.max(copies.c.number))
_AFTER = copies.c.number > bindparam("b_after")
_NUMBERS = select(copies.c.number).where(_AFTER)
_HOW_MANY = select(sa.func.count(), sa.func.sum(copies.c.number)).where(_AFTER)
_WITNESS = select(copies.c.article_id, copies.c.version, copies.c.committed_at).where(
    copies.c.number == bindparam("b_number")
)
# Not that of the earliest row: what a repair takes up is old and has a new number.
_FIRST_SINCE = select(sa.func.min(copies.c.number)).where(copies.c.committed_at >= bindparam("b_since"))

"""Immutable sorted arrays that lead from integers to versions, in memory or in a file that is mapped into it.

A posting is one integer of 64 bits: the key, and the version's number counted from the segment's first. Postings are in
order; a directory says where those of the keys with the same first bits begin, so that a look-up touches a few
neighbours however long the array is. With them stands how many anchors each version has.

A file is a cache: it is written under another name, synced and renamed, never changed, and made again when it is
missing or its checksum is wrong.
"""

from __future__ import annotations

import json
import mmap
import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

SUFFIX = ".copies"
TEMPORARY = ".tmp"

KEY_BITS = 40
_NUMBER_BITS = 64 - KEY_BITS
LONGEST = 1 << _NUMBER_BITS
"""Numbers that one segment can tell apart."""
_SHIFT = np.uint64(_NUMBER_BITS)
_NUMBER = np.uint64(LONGEST - 1)
_HEAD_BYTES = 512
_FORM = "copies/1"
_BUCKET = 4
"""Postings that lie under one entry of the directory, about."""
_MOST_ANCHORS = 0xFFFF

Postings = NDArray[np.uint64]
Numbers = NDArray[np.int64]


class DamagedError(Exception):
    """A file that is no segment, or not the one it was."""


@dataclass(frozen=True, kw_only=True)
class Head:
    """What a segment says of itself."""

    store: str
    """Of which store its versions are: :func:`.copies.identity`."""
    algorithm: str
    """Of the fingerprints. Versions with others lead nowhere."""
    first: int
    last: int
    """All versions with numbers from *first* to *last* are in it."""
    witness: str
    """What tells the version *last* from another that got its number later."""
    postings: int = 0
    bits: int = 0
    """Of a key by which the directory is made."""
    form: str = _FORM

    @property
    def name(self) -> str:
        """Name of the file."""
        return f"{self.store[:16]}-{self.first}-{self.last}{SUFFIX}"

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Bytes of postings, directory and counts of anchors."""
        return 8 * self.postings, 4 * ((1 << self.bits) + 1), 2 * (self.last - self.first + 1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Segment:
    """The versions of a range of numbers and what leads to them."""

    head: Head
    postings: Postings
    directory: NDArray[np.uint32]
    anchors: NDArray[np.uint16]
    """Of each version, by its number from the first on."""
    path: Path | None = None
    """None for one that is in memory only."""

    def anchors_of(self, numbers: Numbers) -> NDArray[np.int64]:
        """Return how many anchors each of *numbers* has; 0 for one that is not here."""
        places = numbers - self.head.first
        here = (places >= 0) & (places < len(self.anchors))
        return np.where(here, self.anchors[np.where(here, places, 0)], 0).astype(np.int64)


def find(segments: Sequence[Segment], keys: Postings) -> tuple[NDArray[np.intp], Numbers]:
    """Return which of *keys* lead to which numbers in any of *segments*; a pair may come twice.

    All segments at once: a call of numpy costs more than what it does here.
    """
    count, segments = len(keys), [segment for segment in segments if len(segment.postings)]
    if not segments or not count:
        return np.empty(0, np.intp), np.empty(0, np.int64)
    shifts = np.array([KEY_BITS - segment.head.bits for segment in segments], np.uint64)
    buckets = (keys >> shifts[:, None]).astype(np.intp)
    behind = buckets + 1
    starts, ends = np.empty(buckets.shape, np.uint32), np.empty(buckets.shape, np.uint32)
    for place, segment in enumerate(segments):
        segment.directory.take(buckets[place], out=starts[place], mode="clip")
        segment.directory.take(behind[place], out=ends[place], mode="clip")
    # What lies under each bucket, one bucket after the other.
    lengths = (ends - starts).ravel()
    which = np.repeat(np.arange(len(lengths)), lengths)
    before = np.cumsum(lengths, dtype=np.intp) - lengths
    places = (starts.ravel() - before)[which] + np.arange(len(which))
    found = np.empty(len(which), np.uint64)
    bounds = [*before[::count].tolist(), len(which)]
    for segment, start, end in zip(segments, bounds[:-1], bounds[1:], strict=True):
        segment.postings.take(places[start:end], out=found[start:end], mode="clip")
    hits = np.flatnonzero((found >> _SHIFT) == keys[which % count])
    firsts = np.array([segment.head.first for segment in segments])
    led = which[hits]
    return led % count, (found[hits] & _NUMBER).astype(np.int64) + firsts[led // count]


def capped(postings: Postings, most: int) -> Postings:
    """Return ordered *postings* with the first and the last *most* of each key.

    The first are what a key leads to; the last of them tell how many there are when the first are too old to count.
    """
    if len(postings) <= 2 * most:
        return postings
    keys = postings >> _SHIFT
    inner = keys[most:-most]
    surplus = (inner == keys[: -2 * most]) & (inner == keys[2 * most :])
    if not surplus.any():
        return postings
    keep = np.ones(len(postings), np.bool_)
    keep[most:-most] = ~surplus
    return postings[keep]


def made(head: Head, keys: Postings, numbers: Numbers, anchors: NDArray[np.int64], most: int) -> Segment:
    """Return a segment in memory: *keys* lead to *numbers*, both of one length; *anchors* by number from the first."""
    postings = (keys << _SHIFT) | (numbers - head.first).astype(np.uint64)
    postings.sort()
    return _whole(head, capped(postings, most), np.minimum(anchors, _MOST_ANCHORS).astype(np.uint16))


def _whole(head: Head, postings: Postings, anchors: NDArray[np.uint16]) -> Segment:
    bits = _bits(len(postings))
    directory = np.append(np.searchsorted(postings, _edges(bits, 0, 1 << bits)), len(postings)).astype(np.uint32)
    return Segment(
        head=replace(head, postings=len(postings), bits=bits),
        postings=postings,
        directory=directory,
        anchors=anchors,
    )


def _edges(bits: int, start: int, end: int) -> Postings:
    """Return the least posting of each bucket from *start* on and before *end*."""
    return np.arange(start, end, dtype=np.uint64) << np.uint64(64 - bits) if bits else np.zeros(1, np.uint64)


def _bits(count: int) -> int:
    return min(max((count // _BUCKET).bit_length() - 1, 0), KEY_BITS)


# Files --------------------------------------------------------------------------------------------------


def saved(segment: Segment, folder: Path) -> Segment:
    """Write *segment* into *folder* and return it as it is there. Raises :exc:`OSError`."""
    with _Writer(folder, segment.head) as writer:
        writer.write(segment.postings)
        return writer.end(segment.head, segment.directory, segment.anchors)


class _Writer:
    """A file that grows under another name. What is not ended leaves nothing."""

    def __init__(self, folder: Path, head: Head) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / head.name
        self.temporary = folder / (head.name + TEMPORARY)
        self.crc = 0
        self.file: IO[bytes] = self.temporary.open("wb")
        self.file.write(b" " * _HEAD_BYTES)

    def write(self, values: NDArray[Any]) -> None:
        data = values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()
        self.crc = zlib.crc32(data, self.crc)
        self.file.write(data)

    def end(self, head: Head, directory: NDArray[np.uint32], anchors: NDArray[np.uint16]) -> Segment:
        self.write(directory)
        self.write(anchors)
        self.file.seek(0)
        self.file.write(_packed(head, self.crc))
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        self.temporary.replace(self.path)
        return _mapped(self.path, head)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self.temporary.unlink(missing_ok=True)


def _packed(head: Head, crc: int) -> bytes:
    text = json.dumps({**asdict(head), "crc": zlib.crc32(_said(head), crc)})
    return text.encode().ljust(_HEAD_BYTES - 1) + b"\n"


def _said(head: Head) -> bytes:
    return json.dumps(asdict(head)).encode()


def read_head(path: Path) -> tuple[Head, int]:
    """Return what the file says of itself, and its checksum. Raises :exc:`DamagedError` and :exc:`OSError`."""
    with path.open("rb") as file:
        data = file.read(_HEAD_BYTES)
    try:
        values = json.loads(data)
        crc = int(values.pop("crc"))
        head = Head(**values)
        size = _HEAD_BYTES + sum(head.sizes)
    except (ValueError, TypeError, AttributeError, KeyError):
        raise DamagedError("is no index of copies") from None
    if head.form != _FORM or path.stat().st_size != size:
        raise DamagedError("is of another form or length than it should be")
    return head, crc


def check(path: Path) -> None:
    """Read a file to its end. Raises :exc:`DamagedError` where it is not what was written, and :exc:`OSError`."""
    head, crc = read_head(path)
    found = 0
    with path.open("rb") as file:
        file.seek(_HEAD_BYTES)
        while data := file.read(1 << 20):
            found = zlib.crc32(data, found)
    if zlib.crc32(_said(head), found) != crc:
        raise DamagedError("its checksum is wrong")


def opened(path: Path) -> Segment:
    """Return the segment of a file. Raises :exc:`DamagedError` and :exc:`OSError`."""
    check(path)
    return _mapped(path, read_head(path)[0])


def _mapped(path: Path, head: Head) -> Segment:
    with path.open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    postings, directory, anchors = head.sizes
    return Segment(
        head=head,
        postings=np.frombuffer(data, "<u8", postings // 8, _HEAD_BYTES),
        directory=np.frombuffer(data, "<u4", directory // 4, _HEAD_BYTES + postings),
        anchors=np.frombuffer(data, "<u2", anchors // 2, _HEAD_BYTES + postings + directory),
        path=path,
    )


def files_in(folder: Path) -> list[Path]:
    """Return the files of segments in *folder*, whole or not."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def leftovers_in(folder: Path) -> list[Path]:
    """Return what a process left that was killed while it wrote."""
    return sorted(folder.glob(f"*{SUFFIX}{TEMPORARY}"))


# Merging ------------------------------------------------------------------------------------------------


class Merge:
    """Makes one segment of several that follow each other, a piece at a time: memory and time of a step are bounded."""

    def __init__(self, parts: Sequence[Segment], folder: Path | None, *, since: int, most: int, step: int) -> None:
        """*since*: versions with lower numbers are left out; *step*: postings that one step works on, about."""
        self.parts = tuple(parts)
        first = min(part.head.first for part in parts)
        last = max(parts, key=lambda part: part.head.last).head
        self._first = min(max(first, since), last.last)
        ends = sorted((part.head.first, part.head.last) for part in parts)
        self._overlap = any(end >= start for (_, end), (start, _) in pairwise(ends))
        self._most = most
        self._head = replace(last, first=self._first)
        total = sum(part.head.postings for part in parts)
        self._bits = _bits(total)
        # A piece is whole buckets of the directory.
        self._pieces = min(1 << (total // step).bit_length(), 1 << self._bits)
        self._writer = None if folder is None else _Writer(folder, replace(self._head, postings=0))
        self._memory: list[Postings] = []
        self._directory: list[NDArray[np.intp]] = []
        self._count = 0
        self._steps = self._run()

    def step(self) -> Segment | None:
        """Do a piece of the work; return the segment once it is made. Raises :exc:`OSError`."""
        segment = next(self._steps)
        if segment is not None:
            # The two hold each other, and what was merged would stay in memory until the collector comes by.
            self._steps = iter(())
        return segment

    def drop(self) -> None:
        """Give up, and leave nothing."""
        if self._writer is not None:
            self._writer.__exit__()

    def _run(self) -> Iterator[Segment | None]:
        for piece in range(self._pieces):
            self._keep(piece, self._piece(piece))
            if piece + 1 < self._pieces:
                yield None
        directory = np.append(np.concatenate(self._directory), self._count).astype(np.uint32)
        head = replace(self._head, postings=self._count, bits=self._bits)
        anchors = self._anchors()
        if self._writer is not None:
            with self._writer as writer:
                segment = writer.end(head, directory, anchors)
        else:
            postings = np.concatenate(self._memory)
            segment = Segment(head=head, postings=postings, directory=directory, anchors=anchors)
        yield segment

    def _piece(self, piece: int) -> Postings:
        """Return the postings of a range of keys, in order."""
        width = (1 << 64) // self._pieces
        slices = []
        for part in self.parts:
            start = int(np.searchsorted(part.postings, np.uint64(piece * width)))
            last = piece + 1 == self._pieces
            end = len(part.postings) if last else int(np.searchsorted(part.postings, np.uint64((piece + 1) * width)))
            some = part.postings[start:end]
            ahead = part.head.first - self._first
            if ahead < 0:
                some = some[(some & _NUMBER) >= np.uint64(-ahead)] - np.uint64(-ahead)
            else:
                some = some + np.uint64(ahead)
            slices.append(some)
        merged = np.concatenate(slices)
        # Of parts that are in order already.
        merged.sort(kind="stable")
        if self._overlap and len(merged):
            merged = merged[np.append(True, merged[1:] != merged[:-1])]
        return capped(merged, self._most)

    def _keep(self, piece: int, postings: Postings) -> None:
        buckets = (1 << self._bits) // self._pieces
        edges = _edges(self._bits, piece * buckets, (piece + 1) * buckets)
        self._directory.append(np.searchsorted(postings, edges) + self._count)
        self._count += len(postings)
        if self._writer is not None:
            self._writer.write(postings)
        else:
            self._memory.append(postings)

    def _anchors(self) -> NDArray[np.uint16]:
        numbers = np.arange(self._first, self._head.last + 1)
        found = np.zeros(len(numbers), np.int64)
        for part in self.parts:
            found = np.maximum(found, part.anchors_of(numbers))
        return found.astype(np.uint16)

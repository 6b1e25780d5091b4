"""Copies of a text, told by a small value that is worked out once for each text.

:func:`fingerprint` gives the value; its ``bands`` and ``anchors`` lead to the texts that are worth a look; and
:func:`compare` says what one text is to another. ``docs/duplicates.md`` has the reasons and the figures.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from newscrawl.fingerprint.digests import sha256_hex
from newscrawl.fingerprint.folding import Units, folded
from newscrawl.fingerprint.shingles import (
    LONGEST,
    Hashes,
    Runs,
    Tokens,
    constants,
    mixed,
    runs_of,
    tokens_of,
    tokens_of_letters,
)
from newscrawl.items import DuplicateKind
from newscrawl.text import fold_forms, script_of

ALGORITHM = "mh128-c5w3-32x4-win16/1"
"""Raised with every change of what a fingerprint is made of: those of different algorithms do not compare."""

NEAR = 0.44
"""Least estimated Jaccard similarity of the shingles of two copies."""
CONTAINED = 0.7
"""Least share of a text's grams that a text holding it has."""
CONTAINED_SHORT = 0.75
"""The same for a text of fewer than 32 grams, where three or four grams of a common phrase are too much."""
_GRAM_BYTES = 4
_FEW_GRAMS = 32
SHORTER = 0.8
"""Of the length of the other: a shorter text is a part of it, a longer one another edition."""
SAME_NUMBERS = 0.8
"""Least share of the numbers in the same places of two texts that are equal in two copies."""
CORRECTED, TEXT_PER_CORRECTION = 0.5, 60
"""The same, and the least length for each number that differs, of a story in which some numbers were brought up to
date: a form has little text beside its numbers, and most of them change."""
_FEW_NUMBERS = 6
"""Fewer equal numbers may be equal by chance, or because they belong to the form."""

_LEAST_CHARACTERS, _LEAST_WORDS = 80, 25
"""Anything shorter is compared as a whole only."""

_MOST_SLOTS = 2_000
"""Numbers that are compared; a table has more."""
_SAMPLE = 300
"""Characters by which the script is told."""
_PERMUTATIONS, BANDS = 128, 32
_ROWS = _PARTS = _PERMUTATIONS // BANDS
_LEAD_BITS = 40
_CHUNK = 2048
"""Shingles at a time: what is worked on stays in the processor's cache."""
_WINDOW, _WIDE_WINDOW = 16, 32
_HIGH = np.uint64(32)
_MASK = np.uint64(0xFFFFFFFF)
_NONE = 0xFFFFFFFF
_ASCII_END = 0x80

# Which constants are whose.
_ROWS_OF_BAND, _BAND, _FACTORS, _ADDITIONS, _SLOTS, _ANCHORS = range(1, 7)


@dataclass(frozen=True, kw_only=True)
class Fingerprint:
    """What a text is compared by. ``bytes`` are arrays of little-endian integers."""

    algorithm: str = ALGORITHM
    digest: str | None
    """Of the folded text (:func:`.folded_digest`). None for a text without letters and digits."""
    script: str | None
    """``zh-Hans``, ``zh-Hant`` or another answer of :func:`newscrawl.text.script_of`."""
    length: int
    """1 for each character that stands alone and 2 for each word."""
    signature: bytes = b""
    """MinHash of the shingles, 128 of 32 bits. Empty for a text that is compared as a whole only."""
    grams: bytes = b""
    """Longer shingles chosen by winnowing, 32 bits each, ascending."""
    wide: bytes = b""
    """Those of the grams that a window twice as wide chooses."""
    slots: bytes = b""
    """Each number with what stands around it, 64 bits, ascending."""

    @cached_property
    def bands(self) -> tuple[int, ...]:
        """32 integers below 2**63, each with its place worked in: two near texts nearly always have one in common."""
        return tuple((_bands(self.signature) >> np.uint64(1)).tolist())

    @cached_property
    def anchors(self) -> tuple[int, ...]:
        """Integers below 2**32: two texts with 39 characters or 20 words in common, in a row, have one in common."""
        return tuple(np.frombuffer(self.wide, "<u4").tolist())

    def shares_band(self, other: Fingerprint) -> bool:
        """Tell whether the two have one of :attr:`bands` in common, without working them out."""
        if not self.signature or not other.signature:
            return False
        same = np.frombuffer(self.signature, "<u8") == np.frombuffer(other.signature, "<u8")
        return bool((same[::2] & same[1::2]).any())

    @cached_property
    def leads(self) -> Hashes:
        """:func:`leads_of` this text."""
        return leads_of(self.signature, self.wide)

    @cached_property
    def lead_keys(self) -> list[int]:
        """The same as numbers of Python."""
        keys: list[int] = self.leads.tolist()
        return keys


@dataclass(frozen=True, kw_only=True)
class Relation:
    """What one text is to another."""

    kind: DuplicateKind
    similarity: float
    """0 to 1: of the shingles; for ``contained`` and ``contains`` the share of the shorter text in the longer."""

    @property
    def inverse(self) -> Relation:
        """What the other text is to the one."""
        if self.kind == "contained":
            return replace(self, kind="contains")
        return replace(self, kind="contained") if self.kind == "contains" else self


def fingerprint(text: str | None) -> Fingerprint:
    """Return the fingerprint of *text*, the story alone: a notice that stands below every story makes copies of all.

    >>> fingerprint("臺灣，２０２３ 年").digest == fingerprint("台湾2023年").digest
    True
    """
    text = text or ""
    key, letters = folded(text)
    tokens = _tokens(text, key, letters)
    signature = grams = wide = slots = b""
    characters, words = tokens.characters, tokens.words
    if characters / _LEAST_CHARACTERS + words / _LEAST_WORDS >= 1:
        runs = runs_of(tokens)
        signature, slots = _signature(runs.shingles), _slots(tokens)
        grams, wide = _winnowed(runs, tokens)
    return Fingerprint(
        digest=sha256_hex(key.encode()) if key else None,
        script=script_of(text[:_SAMPLE]),
        length=characters + 2 * words,
        signature=signature,
        grams=grams,
        wide=wide,
        slots=slots,
    )


def _tokens(text: str, key: str, letters: Units | None) -> Tokens:
    # Where words are few, it does not matter whether they are joined, as they are in the key.
    ascii_ = len(key.encode("ascii", "ignore")) if letters is None else int(np.count_nonzero(letters < _ASCII_END))
    if 2 * ascii_ < len(key):
        tokens = tokens_of(key) if letters is None else tokens_of_letters(letters)
        if 2 * tokens.characters > len(key):
            return tokens
    return tokens_of(fold_forms(text[:LONGEST]))


@cache
def _permutations() -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    count = _PERMUTATIONS // _PARTS
    factors, additions = (constants(series, count).astype(np.uint32) for series in (_FACTORS, _ADDITIONS))
    return factors[:, None], additions[:, None]


def _signature(values: Hashes) -> bytes:
    """Return the least of *values* under permutations ``a x + b`` modulo 2**32, *a* odd.

    The values are parted by two of their bits, each part has 32 minima, and a band takes one of each part: a quarter
    of the work of 128 permutations of all values, and as good an estimate.
    """
    factors, additions = _permutations()
    least = np.full((_PERMUTATIONS // _PARTS, _PARTS), _NONE, np.uint32)
    for start in range(0, len(values), _CHUNK):
        some = values[start : start + _CHUNK]
        part_of = (some & np.uint64(_PARTS - 1)).astype(np.uint8)
        points = (some >> _HIGH).astype(np.uint32)[np.argsort(part_of, kind="stable")]
        counts = np.bincount(part_of, minlength=_PARTS)
        permuted = points * factors
        permuted += additions
        # A part without values gets some other minimum, and that is not taken.
        starts = np.minimum(np.cumsum(counts) - counts, len(points) - 1)
        np.minimum(least, np.minimum.reduceat(permuted, starts, axis=1), out=least, where=counts > 0)
    return least.astype("<u4").tobytes()


def _winnowed(runs: Runs, tokens: Tokens) -> tuple[bytes, bytes]:
    """Return the least gram of every window, and of every window twice as wide.

    Windows are measured in characters that stand alone; a word is as long as two.
    """
    values = (runs.grams >> _HIGH).astype(np.uint32)
    if tokens.words:
        lengths = np.where(tokens.alone, 1, 2)
        ends = np.cumsum(lengths)
        values, given = np.full(int(ends[-1]), _NONE, np.uint32), values
        values[(ends - lengths)[runs.places]] = given
    narrow = _least(values, _WINDOW)
    wide = _least(narrow, _WIDE_WINDOW - _WINDOW + 1)
    return _distinct(narrow), _distinct(wide)


def _least(values: NDArray[np.uint32], window: int) -> NDArray[np.uint32]:
    """Return the least of every *window* neighbours; of all when there are fewer."""
    window, done = min(window, len(values)), 1
    while done < window:
        step = min(done, window - done)
        values = np.minimum(values[:-step], values[step:])
        done += step
    return values


def _distinct(values: NDArray[np.uint32]) -> bytes:
    # Most neighbours are equal, and sorting is what takes the time.
    found = _without_repeats(values)
    found.sort()
    found = _without_repeats(found)
    return (found[:-1] if found[-1:] == _NONE else found).astype("<u4", copy=False).tobytes()


def _without_repeats(values: NDArray[np.uint32]) -> NDArray[np.uint32]:
    last = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=last[:-1])
    kept: NDArray[np.uint32] = values[last]
    return kept


def _slots(tokens: Tokens) -> bytes:
    """Return for each number what stands right before and after it (high half) and the number itself (low half)."""
    at = np.flatnonzero(tokens.digits)[:_MOST_SLOTS]
    if not len(at):
        return b""
    # Beside a number that differs another one may stand that does: they are all the same to their neighbours.
    around = np.zeros(len(tokens.hashes) + 2, np.uint64)
    around[1:-1] = tokens.hashes
    around[1:-1][tokens.digits] = 1
    before, after = constants(_SLOTS, 2)
    places = mixed(around[at] * before + around[at + 2] * after)
    return np.sort((places & ~_MASK) | (tokens.hashes[at] >> _HIGH)).astype("<u8", copy=False).tobytes()


def _bands(signatures: bytes) -> Hashes:
    rows = np.frombuffer(signatures, "<u4").reshape(-1, BANDS, _ROWS).astype(np.uint64)
    return mixed((rows @ constants(_ROWS_OF_BAND, _ROWS) + constants(_BAND, BANDS)).ravel())


def leads_of(signatures: bytes, wides: bytes) -> Hashes:
    """Return what an index has of texts, one after the other: their bands, then their anchors, in 40 bits each.

    Evenly spread, and by chance equal for two that are not: what they lead to has to be looked at.
    """
    anchors = np.frombuffer(wides, "<u4") * constants(_ANCHORS, 1)[0]
    return np.concatenate((_bands(signatures), anchors)) >> np.uint64(64 - _LEAD_BITS)


def compare(one: Fingerprint, other: Fingerprint) -> Relation | None:
    """Return what *one* is to *other*: ``contained`` when it stands within it. None when they are two stories.

    Texts that are too short, and those of different algorithms, are compared as a whole only.
    """
    variants = {one.script, other.script} == {"zh-Hans", "zh-Hant"}
    if one.digest is not None and one.digest == other.digest:
        return Relation(kind="script_variant" if variants else "exact", similarity=1.0)
    if not one.signature or not other.signature or one.algorithm != other.algorithm:
        return None
    shorter, longer = (other, one) if other.length < one.length else (one, other)
    alike = _resemblance(one, other)
    share = _share(shorter, longer)
    within = share >= (CONTAINED if len(shorter.grams) >= _FEW_GRAMS * _GRAM_BYTES else CONTAINED_SHORT)
    if not within and alike < NEAR:
        return None
    if _other_numbers(one, other):
        return Relation(kind="template_sibling", similarity=round(alike, 4))
    if within and shorter.length < SHORTER * longer.length:
        return Relation(kind="contained" if one is shorter else "contains", similarity=round(share, 4))
    return Relation(kind="script_variant" if variants else "near", similarity=round(alike, 4))


def _resemblance(one: Fingerprint, other: Fingerprint) -> float:
    """Return the estimated Jaccard similarity of the shingles."""
    same = np.frombuffer(one.signature, "<u4") == np.frombuffer(other.signature, "<u4")
    return int(np.count_nonzero(same)) / _PERMUTATIONS


def _share(shorter: Fingerprint, longer: Fingerprint) -> float:
    """Return which part of the grams of the one the other has."""
    ours, theirs = (np.frombuffer(each.grams, "<u4") for each in (shorter, longer))
    if not len(ours) or not len(theirs):
        return 0.0
    same = theirs.take(theirs.searchsorted(ours), mode="clip") == ours
    return int(np.count_nonzero(same)) / len(ours)


def _other_numbers(one: Fingerprint, other: Fingerprint) -> bool:
    """Tell whether the two have places for numbers in common, and other numbers in them: a form filled in twice."""
    ours, theirs = (np.frombuffer(each.slots, "<u8") for each in (one, other))
    common = _common((ours >> _HIGH).tolist(), (theirs >> _HIGH).tolist())
    equal = _common(ours.tolist(), theirs.tolist())
    other_ones = common - equal
    if (common < 3 and other_ones < 2) or equal >= SAME_NUMBERS * common:
        return False
    length = min(one.length, other.length)
    corrected = equal >= CORRECTED * common and length >= TEXT_PER_CORRECTION * other_ones
    return equal < _FEW_NUMBERS or not corrected


def _common(ones: list[int], others: list[int]) -> int:
    """Return how many the two have in common; what both have twice counts twice."""
    distinct, distinct_others = set(ones), set(others)
    if len(distinct) == len(ones) or len(distinct_others) == len(others):
        return len(distinct & distinct_others)
    return (Counter(ones) & Counter(others)).total()

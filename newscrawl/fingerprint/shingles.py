"""A text as numbers: its words and characters, hashed, and every few of them in a row.

All arithmetic is on unsigned integers of fixed width, which wrap alike on every machine; nothing here depends on
Python's ``hash()``, on a library's random numbers or on the byte order of the machine.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from newscrawl.text import is_cjk

Hashes = NDArray[np.uint64]

LONGEST = 100_000
"""Characters that are looked at; a longer text is known by its beginning."""

_ODD = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
_SHIFT = np.uint64(33)
_BASE = 0x5851F42D4C957F2D
"""Odd, so that it has an inverse modulo 2**64."""

# What a character is to us. A mark is a part of the letter before it, and says nothing.
_NOTHING, _IN_WORD, _ALONE, _MARK = 0, 1, 2, 4
_DIGIT = _IN_WORD | 8

# Besides Chinese, Japanese and Korean: Thai, Lao, Tibetan, Burmese, Khmer, New Tai Lue, Tai Tham.
_WITHOUT_BLANKS = re.compile("[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u1980-\u19ff\u1a20-\u1aaf\ua9e0-\uaa7f]")
_BMP = 0x10000
_IDEOGRAPHIC_PLANES = 0x20000


class Tokens(NamedTuple):
    """The words of a text, and each character of a script that is written without blanks."""

    hashes: Hashes
    alone: NDArray[np.bool_]
    """Which of them are such characters."""
    digits: NDArray[np.bool_]
    """Which of them begin with a digit."""

    @property
    def characters(self) -> int:
        """How many characters stand alone."""
        return int(np.count_nonzero(self.alone))

    @property
    def words(self) -> int:
        """How many words there are."""
        return len(self.alone) - self.characters


def mixed(values: Hashes) -> Hashes:
    """Return *values* with every bit of the result depending on every bit (the finaliser of MurmurHash3)."""
    values = values ^ (values >> _SHIFT)
    values *= _MIX_1
    values ^= values >> _SHIFT
    values *= _MIX_2
    values ^= values >> _SHIFT
    return values


@cache
def constants(series: int, count: int) -> Hashes:
    """Return *count* odd numbers that look random; *series* tells one set of them from another."""
    start = np.uint64((series + 1) << 32)
    return mixed((np.arange(1, count + 1, dtype=np.uint64) + start) * _ODD) | np.uint64(1)


def tokens_of(text: str) -> Tokens:
    """Return the tokens of folded *text*; what is no letter or digit separates words and is no part of them.

    >>> len(tokens_of("bbc news：头发").hashes)
    4
    """
    # A lone surrogate is replaced by a question mark: no letter either way.
    points = np.frombuffer(text[:LONGEST].encode("utf-32-le", "replace"), "<u4")
    kinds = _kinds(points)
    if (kinds == _MARK).any():
        points, kinds = points[kinds != _MARK], kinds[kinds != _MARK]
    return _tokens(points, kinds)


def tokens_of_letters(letters: NDArray[np.uint16]) -> Tokens:
    """Return the tokens of a text of letters and digits alone (:func:`.folded`)."""
    letters = letters[:LONGEST]
    return _tokens(letters, _bmp_kinds()[letters])


def _tokens(points: NDArray[np.unsignedinteger], kinds: NDArray[np.uint8]) -> Tokens:
    words = kinds & _IN_WORD
    begins = kinds & _ALONE
    begins[:1] |= words[:1]
    begins[1:] |= words[1:] & ~words[:-1]
    starts = np.flatnonzero(begins)
    if not len(starts):
        return Tokens(np.empty(0, np.uint64), np.empty(0, np.bool_), np.empty(0, np.bool_))
    powers, inverses = _powers(1 << (len(points) - 1).bit_length())
    letters = points * _ODD
    letters ^= letters >> _SHIFT
    letters *= powers[: len(points)]
    if not kinds.all():
        letters *= kinds != _NOTHING
    # A polynomial of the letters from the start of a token, whatever its place in the text.
    hashes = letters if len(starts) == len(letters) else np.add.reduceat(letters, starts)
    hashes *= inverses[starts]
    first = kinds[starts]
    return Tokens(mixed(hashes), first == _ALONE, first == _DIGIT)


class Runs(NamedTuple):
    """Every few tokens in a row, hashed. Runs that the end of the text cuts off are left out."""

    shingles: Hashes
    """Of 5 tokens where the first is a character that stands alone, of 3 where it is a word."""
    grams: Hashes
    """Of 8 and of 5 tokens."""
    places: NDArray[np.intp]
    """Which token each gram begins with."""


def runs_of(tokens: Tokens) -> Runs:
    """Return the runs of *tokens*; the first token of each decides how long it is, so that scripts may be mixed."""
    count = len(tokens.hashes)
    single = np.zeros(count + 8, np.uint64)
    single[:count] = tokens.hashes
    factors = constants(0, 5)
    two = single[:-1] * factors[0]
    two += single[1:]
    four = two[:-2] * factors[1]
    four += two[2:]
    five = four[:count] * factors[3]
    five += single[4 : count + 4]
    eight = four[:count] * factors[4]
    eight += four[4 : count + 4]
    if tokens.alone.all():
        return Runs(mixed(five[: max(count - 4, 0)]), mixed(eight[: max(count - 7, 0)]), np.arange(max(count - 7, 0)))
    three = two[:count] * factors[2]
    three += single[2 : count + 2]
    whole = _whole(tokens.alone, 8, 5)
    shingles = np.where(tokens.alone, five, three)[_whole(tokens.alone, 5, 3)]
    return Runs(mixed(shingles), mixed(np.where(tokens.alone, eight, five)[whole]), np.flatnonzero(whole))


def _whole(alone: NDArray[np.bool_], characters: int, words: int) -> NDArray[np.bool_]:
    """Tell where runs of so many tokens begin that end within the text."""
    begins = np.ones(len(alone), np.bool_)
    begins[-characters + 1 :] &= ~alone[-characters + 1 :]
    begins[-words + 1 :] &= alone[-words + 1 :]
    return begins


def _kinds(points: NDArray[np.uint32]) -> NDArray[np.uint8]:
    if not len(points) or points.max() < _BMP:
        return _bmp_kinds()[points]
    kinds = _bmp_kinds()[np.where(points < _BMP, points, 0)]
    for point in np.unique(points[points >= _BMP]).tolist():
        kinds[points == point] = _kind(chr(point))
    return kinds


@cache
def _bmp_kinds() -> NDArray[np.uint8]:
    return np.fromiter(map(_kind, map(chr, range(_BMP))), np.uint8, _BMP)


def _kind(ch: str) -> int:
    if not ch.isalnum():
        return _MARK if unicodedata.category(ch) in ("Mn", "Mc", "Me", "Cf") else _NOTHING
    if ord(ch) >= _IDEOGRAPHIC_PLANES or is_cjk(ch) or _WITHOUT_BLANKS.match(ch):
        return _ALONE
    return _DIGIT if ch.isdecimal() else _IN_WORD


@cache
def _powers(count: int) -> tuple[Hashes, Hashes]:
    """Return the first *count* powers of the base and of its inverse."""
    both = []
    for base in (_BASE, pow(_BASE, -1, 1 << 64)):
        steps = np.full(count, base, np.uint64)
        steps[0] = 1
        both.append(np.multiply.accumulate(steps))
    return both[0], both[1]

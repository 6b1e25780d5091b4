"""How near a reading is to the truth: the measures that training and the benchmark of the reader share.

A text is compared by its shingles, runs of four tokens; a token is a word, or one Chinese, Japanese or Korean
character, so that both kinds of writing are judged in the same way. It is the measure of the article extraction
benchmark of scrapinghub, with that one addition.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable
from datetime import UTC, datetime

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_TOKEN = re.compile(f"[{_CJK}]|[^\\W{_CJK}]+")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_SIZE = 4
_SOFT = 0.6


def tokens(text: str) -> list[str]:
    """Return the words of *text*; each Chinese, Japanese or Korean character is one.

    >>> tokens("Day 1: 渡轮复航")
    ['Day', '1', '渡', '轮', '复', '航']
    """
    return _TOKEN.findall(text)


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """Return how often each run of four tokens stands in *text*; a shorter text is one run."""
    found = tokens(text)
    return Counter(tuple(found[at : at + _SIZE]) for at in range(max(1, len(found) - _SIZE + 1)) if found)


def f1(true: str, found: str) -> float:
    """Return the F1 of two texts' shingles; two texts without a token are equal."""
    one, other = shingles(true), shingles(found)
    if not one and not other:
        return 1.0
    return 2 * (one & other).total() / (one.total() + other.total())


def squeezed(text: str) -> str:
    """Return letters and digits of *text*, in one width and case.

    >>> squeezed("ＦＥＲＲＹ, again!")
    'ferryagain'
    """
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def headline_score(true: str, found: str | None) -> tuple[bool, bool]:
    """Return whether a headline is right to the letter, and whether it is but for a part that is added or missing.

    That part (a site's name, a kicker) may be up to two fifths of the longer one.
    """
    one, other = squeezed(true), squeezed(found or "")
    if one == other or not other:
        return one == other != "", one == other != ""
    short, long = sorted((one, other), key=len)
    return False, short in long and len(short) >= _SOFT * len(long)


def days(stated: str | None) -> set[str]:
    """Return the calendar days that an ISO date or time may mean: as written, and in UTC where it has an offset.

    >>> sorted(days("2024-03-08T01:00+08:00"))
    ['2024-03-07', '2024-03-08']
    """
    written = _DAY.match((stated or "").strip())
    if written is None:
        return set()
    found = {written.group()}
    try:
        moment = datetime.fromisoformat((stated or "").strip())
    except ValueError:
        return found
    return found if moment.tzinfo is None else found | {moment.astimezone(UTC).date().isoformat()}


def names_f1(true: Iterable[str], found: Iterable[str]) -> float:
    """Return the F1 of two sets of names; none found is 0."""
    one, other = ({squeezed(name) for name in names} - {""} for names in (true, found))
    return 2 * len(one & other) / (len(one) + len(other)) if other else 0.0


def segment_hits(body: str, wanted: Collection[str], unwanted: Collection[str]) -> tuple[int, int, int]:
    """Return how many of the *wanted* segments stand in *body*, how many of the *unwanted*, how many are wanted."""
    text = _spaced(body)
    return sum(_spaced(s) in text for s in wanted), sum(_spaced(s) in text for s in unwanted), len(wanted)


def _spaced(text: str) -> str:
    return " ".join(text.split())


def share(values: Collection[float]) -> float | None:
    """Return the mean; None of nothing."""
    return sum(values) / len(values) if values else None


def percentile(values: Iterable[float], part: float) -> float | None:
    """Return the value that *part* (0 to 1) of the *values* are below; None of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else None

"""The folding of :func:`newscrawl.text.fold` by a table: each character by itself, wherever that is right."""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np
from numpy.typing import NDArray

from newscrawl.text import fold

Units = NDArray[np.uint16]

# What the table says of a character besides what it becomes.
_UNKNOWN, _OTHERWISE, _NOTHING = 0, 1, 2

# What composes with a letter before it (jamo), and so does what becomes one (compatibility and half-width jamo).
_JAMO = ((0x1100, 0x11FF), (0xA960, 0xA97F), (0xD7B0, 0xD7FF))


def folded(text: str) -> tuple[str, Units | None]:
    """Return what :func:`.fold` makes of *text*, and the same as numbers where there is no character beyond U+FFFF.

    >>> folded("《ＢＢＣ》：頭髮，二〇二三")[0]
    'bbc头发二〇二三'
    """
    table = _table()
    given = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), "<u2")
    found = table[given]
    least = found.min(initial=_NOTHING)
    if least == _UNKNOWN:
        # The table grows with the characters that come.
        for unit in np.unique(given[found == _UNKNOWN]).tolist():
            table[unit] = _entry(chr(unit))
        found = table[given]
        least = found.min(initial=_NOTHING)
    if least == _OTHERWISE:
        return fold(text), None
    units = found[found != _NOTHING]
    return units.astype("<u2", copy=False).tobytes().decode("utf-16-le"), units


@cache
def _table() -> Units:
    table = np.full(1 << 16, _UNKNOWN, np.uint16)
    # Halves of characters beyond U+FFFF, and lone ones.
    table[0xD800:0xE000] = _OTHERWISE
    return table


def _entry(ch: str) -> int:
    """Return what becomes of *ch*, if that is the same whatever stands beside it."""
    compatible = unicodedata.normalize("NFKC", ch)
    lower = unicodedata.normalize("NFKC", compatible.casefold())
    if any(unicodedata.category(part)[0] == "M" for part in (*ch, *compatible, *lower)):
        return _OTHERWISE
    key = fold(ch)
    if not key:
        return _NOTHING if unicodedata.category(ch)[0] in "PSZC" else _OTHERWISE
    if not len(compatible) == len(lower) == len(key) == 1 or ord(key) >= 1 << 16:
        return _OTHERWISE
    composes = any(start <= ord(part) <= end for part in (lower, key) for start, end in _JAMO)
    return _OTHERWISE if composes else ord(key)

"""How two versions of a text differ."""

import re
from collections import Counter
from typing import NamedTuple

_SENTENCE_ENDS = re.compile(r"(?<=[.!?。！？…])(?=\s|[^\x00-\x7f])|\n+")


class TextChange(NamedTuple):
    """How one text differs from another, by its sentences; where a sentence stands does not count."""

    ratio: float
    """Characters in sentences that both have, of all characters: 0 nothing in common, 1 the same sentences."""
    added: int
    """Characters of sentences that only the second has."""
    removed: int
    """Characters of sentences that only the first has."""


def sentences(text: str | None) -> list[str]:
    """Return the sentences of *text*, in its order.

    >>> sentences("One. Two.\\n\\n三。四。")
    ['One.', 'Two.', '三。', '四。']
    """
    return list(filter(None, map(str.strip, _SENTENCE_ENDS.split(text or ""))))


def text_change(before: str | None, after: str | None) -> TextChange:
    """Return how *after* differs from *before*.

    >>> text_change("One. Two.", "One. Three.")
    TextChange(ratio=0.4444, added=6, removed=4)
    """
    old, new = (Counter(sentences(text)) for text in (before, after))
    added, removed, both = (
        sum(len(sentence) * count for sentence, count in part.items()) for part in (new - old, old - new, old & new)
    )
    total = 2 * both + added + removed
    return TextChange(round(2 * both / total, 4) if total else 1.0, added, removed)

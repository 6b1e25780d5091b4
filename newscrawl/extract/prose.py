"""What running text looks like."""

from __future__ import annotations

import re
from functools import lru_cache

from newscrawl.extract.tree import Block

SENTENCE_END = re.compile(r"[。！？!?.…：:；;”\"'」』）)—]\s*$|[。！？；，、]|[.,;!?]\s")

_GOOD_WEIGHT = 36
_SHORT = 300
_OTHERS = re.compile(r"\W+")
_ASCII_OTHERS = bytes(code for code in range(128) if not chr(code).isalnum())


def is_prose(block: Block) -> bool:
    """Return whether *block* reads like running text."""
    return (
        block.weight >= _GOOD_WEIGHT
        and block.link_weight <= 0.4 * block.weight
        and (block.weight >= 120 or SENTENCE_END.search(block.text) is not None)
    )


def squeezed(text: str) -> str:
    """Letters and digits only, lower case: for telling whether two texts say the same."""
    # Short lines are asked for again and again: by each look for the headline, by features, by the fields.
    return _remembered(text) if len(text) <= _SHORT else _squeezed(text)


def _squeezed(text: str) -> str:
    if text.isascii():
        return text.encode().translate(None, _ASCII_OTHERS).decode().lower()
    # UTF-8 has no ASCII inside a character. Surrogates can stand in what JSON states.
    letters = text.encode("utf-8", "surrogatepass").translate(None, _ASCII_OTHERS).decode("utf-8", "surrogatepass")
    return (letters if letters.isalnum() else _OTHERS.sub("", letters)).casefold()


_remembered = lru_cache(maxsize=8192)(_squeezed)

"""What running text looks like."""

from __future__ import annotations

import re

from newscrawl.extract.tree import Block

SENTENCE_END = re.compile(r"[。！？!?.…：:；;”\"'」』）)—]\s*$|[。！？；，、]|[.,;!?]\s")

_GOOD_WEIGHT = 36


def is_prose(block: Block) -> bool:
    """Return whether *block* reads like running text."""
    return (
        block.weight >= _GOOD_WEIGHT
        and block.link_weight <= 0.4 * block.weight
        and (block.weight >= 120 or SENTENCE_END.search(block.text) is not None)
    )


def squeezed(text: str) -> str:
    """Letters and digits only, lower case: for telling whether two texts say the same."""
    return text.casefold() if text.isalnum() else "".join(filter(str.isalnum, text)).casefold()

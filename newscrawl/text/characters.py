"""Characters by their script, and how much a text says."""

import re
from functools import lru_cache

HAN = "\u3005\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
KANA = "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9d"
HANGUL = "\u1100-\u11ff\u3131-\u318e\ua960-\ua97c\uac00-\ud7a3\ud7b0-\ud7fb\uffa1-\uffdc"
_CJK = HAN + KANA + HANGUL

CJK_RUN = re.compile(f"[{_CJK}]+")
OTHER_RUN = re.compile(f"[^\\W_{_CJK}]+")
HAN_RUN = re.compile(f"([{HAN}]+)")
KANA_RUN = re.compile(f"[{KANA}]+")
HANGUL_RUN = re.compile(f"[{HANGUL}]+")
ASCII_RUN = re.compile("[\x00-\x7f]+")
# Labels, names and titles of links, most of which come again on the next page of a site.
SHORT = 80
_ASCII_OTHERS = bytes(code for code in range(128) if not chr(code).isalnum())


def is_cjk(ch: str) -> bool:
    """Tell whether the one character *ch* is Han, kana or hangul; punctuation is not."""
    return CJK_RUN.fullmatch(ch) is not None


def weight(text: str) -> int:
    """Return how much *text* says: 2 for each CJK character, 1 for each other letter or digit.

    >>> weight("BBC 中文网！")
    9
    """
    return _remembered_weight(text) if len(text) <= SHORT else _weight(text)


def _weight(text: str) -> int:
    count = len(ascii_letters(text))
    if text.isascii():
        return count
    # Most text that is not ASCII has a few such characters only.
    others = ASCII_RUN.sub("", text)
    rest = CJK_RUN.sub("", others)
    return 2 * (len(others) - len(rest)) + count + sum(map(str.isalnum, rest))


def ascii_letters(text: str) -> bytes:
    """Return the letters and digits of *text* that are ASCII."""
    return text.encode("ascii", "ignore").translate(None, _ASCII_OTHERS)


_remembered_weight = lru_cache(maxsize=8192)(_weight)

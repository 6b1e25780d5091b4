"""The keys under which texts are compared."""

import re
import unicodedata
from functools import cache, lru_cache

import opencc

from newscrawl.text.characters import ASCII_RUN, HAN_RUN, SHORT, ascii_letters

_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
# The usual punctuation. Any other may have a letter in its compatibility form (℃) or belong to the letter before
# it (accents): then the whole text is normalised first.
_USUAL = (
    r"\s\xa1-\xa7\xa9\xab-\xae\xb0\xb1\xb6\xb7\xbb\xbf×÷\u200b-\u203d\u2060\u20a0-\u20a7\u20a9-\u20bf\u2190-\u23ff\u2500-\u2775"
    r"\u2794-\u27ff\u3001-\u3004\u3008-\u3020\ufe30-\ufe48\ufe0f\ufeff\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
    r"\uffe0-\uffe2\uffe5\U0001f300-\U0001f64f\U0001f680-\U0001f6d2\U0001f900-\U0001f9ff"
)
_PUNCTUATION = re.compile(rf"[!-/:-@\[-`{{-~{_USUAL}]+")
_USUAL_ONLY = re.compile(rf"[{_USUAL}]*")
_BETWEEN_IDEOGRAPHS = re.compile("[^\u4e00-\u9fff]+")
_LONG_RUN = re.compile(r"([^\w\s]{30})(?=[^\w\s])")

# Pairs that OpenCC tells apart by phrase, in one direction or only for Taiwan or Hong Kong.
_ALIKE_PAIRS = "瞭了藉借覆复像象彷仿炼链揹背俱具甦苏薰熏座坐待呆著着睪睾簷檐痺痹幺么伕夫甯宁瑯琅颚腭鲶鲇鑛矿"
_WRITTEN_ALIKE = dict(zip(_ALIKE_PAIRS[::2], _ALIKE_PAIRS[1::2], strict=True))


@cache
def converter(name: str) -> "opencc.OpenCC":
    """Return OpenCC's converter called *name*: ``s2t``, ``t2s``, ``hk2s``."""
    return opencc.OpenCC(name)


class _Simplest(dict[int, str]):
    """The simplified form of each character by its number, worked out when a text first brings the character.

    Character by character, not by phrase: what stands beside an ideograph must not change its key, or a comma
    would. hk2s is t2s with the variants of Hong Kong (枱, 衞); s2t in the middle joins the simplified forms
    that it writes alike (钜 and 巨).
    """

    def __missing__(self, number: int) -> str:
        # A chain is at most a few characters long; a circle ends in its smallest member.
        seen: list[str] = []
        end = chr(number)
        while end not in seen:
            seen.append(end)
            end = self._step(end)
        found = self[number] = min(seen[seen.index(end) :])
        return found

    @staticmethod
    def _step(ch: str) -> str:
        if ch in _WRITTEN_ALIKE:
            return _WRITTEN_ALIKE[ch]
        if not _is_ideograph(ch):
            return ch
        simplified: str = converter("hk2s").convert(ch)
        traditional = converter("s2t").convert(simplified)
        if _is_ideograph(traditional):
            simplified = converter("hk2s").convert(traditional)
        return simplified


def _is_ideograph(ch: str) -> bool:
    return len(ch) == 1 and (
        "\u3400" <= ch < "\u4dc0" or "\u4e00" <= ch < "\ua000" or "\U00020000" <= ch < "\U000323b0"
    )


_SIMPLEST = _Simplest()


@cache
def _not_simplest() -> re.Pattern[str]:
    """Return what finds the few characters of GB 2312 that are written more simply, or may be."""
    rows = (bytes((row, cell)) for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF))
    characters = [*b"".join(rows).decode("gb2312", "ignore")]
    found = characters
    for name in ("hk2s", "s2t", "hk2s"):
        # The newline between them keeps phrases from forming.
        found = converter(name).convert("\n".join(found)).split("\n")
    changed = (ch for ch, end in zip(characters, found, strict=True) if ch != end or ch in _WRITTEN_ALIKE)
    return re.compile(f"[{''.join(changed)}]")


def _simplified(key: str) -> str:
    if encodes(key, "gb2312") and _not_simplest().search(key) is None:
        return key
    return key.translate(_SIMPLEST)


def encodes(text: str, encoding: str) -> bool:
    """Return whether *encoding* has all characters of *text*."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def fold(text: str) -> str:
    """Return the key under which *text* is compared: letters and digits only, one width, case and script.

    For matching, never for output.

    >>> fold("《ＢＢＣ》：頭髮，二〇二三")
    'bbc头发二〇二三'
    """
    letters = ascii_letters(text)
    # English: what is not ASCII is quotation marks and dashes.
    if 2 * len(letters) > len(text) and _USUAL_ONLY.fullmatch(ASCII_RUN.sub("", text)):
        return letters.decode().lower()
    key = _PUNCTUATION.sub("", text)
    # Looked at before and after: case folding makes a letter of an accent (U+0345), and an accent of a letter (İ).
    if key.isalnum():
        key = key.casefold()
    if not (key.isalnum() and unicodedata.is_normalized("NFKC", key)):
        # No ideograph of this block composes with anything: what stands between two of them is a text by itself, and
        # mostly one that has been met before.
        key = _BETWEEN_IDEOGRAPHS.sub(_letters_between, text)
    return _simplified(key)


def _letters_between(match: re.Match[str]) -> str:
    text = match[0]
    return _remembered_letters(text) if len(text) <= SHORT else _letters(text)


def _letters(text: str) -> str:
    """Return the letters and digits of *text* in one width and case."""
    text = unicodedata.normalize("NFKC", _LONG_RUN.sub(r"\1 ", text))
    text = unicodedata.normalize("NFKC", text.casefold())
    # What stood apart may compose now that nothing is between (jamo, for one).
    return unicodedata.normalize("NFKC", _NOT_ALPHANUMERIC.sub("", text))


_remembered_letters = lru_cache(maxsize=8192)(_letters)


def fold_forms(text: str) -> str:
    """Return *text* in one width, case and script, as :func:`fold` does, with what stands between its words.

    For matching by words, never for output.

    >>> fold_forms("ＢＢＣ News：頭髮")
    'bbc news:头发'
    """
    if text.isascii():
        return text.lower()
    if not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", _LONG_RUN.sub(r"\1 ", text))
    key = unicodedata.normalize("NFKC", text.casefold())
    # Most text in Latin letters is told at once by an encoding without ideographs.
    return key if encodes(key, "cp1252") or HAN_RUN.search(key) is None else _simplified(key)

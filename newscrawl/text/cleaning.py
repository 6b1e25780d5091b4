"""Cleaning that changes no word."""

import html
import re
import unicodedata
from functools import lru_cache

from newscrawl.text.characters import HAN, KANA, SHORT

_NONCHARACTERS = "\ufdd0-\ufdef" + "".join(f"{chr(p + 0xFFFE)}{chr(p + 0xFFFF)}" for p in range(0, 0x110000, 0x10000))
_SURROGATES = "\ud800-\udfff"
_BLANKS = "\t\f\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_NEWLINES = "\r\x85\u2028\u2029"
_NOTHING = "\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u2060\ufeff" + _NONCHARACTERS
# NFC would replace these by the unified ideograph, and with it a variant that a personal name is written in.
_COMPATIBILITY = "\uf900-\ufaff\U0002f800-\U0002fa1f"

_LEFTOVER = re.compile(r"&(?:amp;)+(nbsp|lt|gt|quot|#[0-9]{1,7});")
_REMOVED = re.compile(f"[{_NOTHING}]+")
_REMOVED_WITH_ZWSP = re.compile(f"[{_NOTHING}\u200b]+")
# Scripts that separate words by U+200B: Thai, Lao, Burmese, Khmer and their extensions.
_WITHOUT_BLANKS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff\ua9e0-\ua9ff\uaa60-\uaa7f]")
_NEWLINE = re.compile(f"\r\n|[{_NEWLINES}]")
# A single blank is left as it is.
_BLANK_RUN = re.compile(f"[ {_BLANKS}]{{2,}}|[{_BLANKS}]")
_EMPTY_LINES = re.compile("\n{3,}")
# Runs of more than 30 marks are left too: sorting them takes quadratic time (UAX #15, Stream-Safe Text).
_NOT_NORMALISED = re.compile(f"([{_COMPATIBILITY}]+|[^\\w\\s]{{31,}})")

_WRONG = re.compile(f"[{_NOTHING}{_SURROGATES}{_BLANKS}{_NEWLINES}\u200b]")


def clean_text(text: str) -> str:
    """Return *text* without layout: no control characters, odd blanks, double blanks or double empty lines.

    Words, punctuation, width, quotes, script and case stay as published; a lone surrogate becomes U+FFFD, so
    that the result can always be encoded. ``&amp;nbsp;`` and its like, escaped once too often, are decoded.
    Clean text comes back as the same object.

    >>> clean_text("　　据报道，  “近 4个半小时”。\\r\\n\\r\\n\\r\\n完")
    '据报道， “近 4个半小时”。\\n\\n完'
    """
    if _is_clean(text):
        return text
    cleaned = _cleaned(text)
    return text if cleaned == text else cleaned


def _is_clean(text: str) -> bool:
    """Tell whether there is nothing to do, which is so for nearly every text; searching for a substring is cheap."""
    return (
        not (text.startswith((" ", "\n")) or text.endswith((" ", "\n")))
        and not ("  " in text or " \n" in text or "\n " in text or "\n\n\n" in text)
        # All that is always wrong cannot be printed; the reverse does not hold (joiners, private characters).
        and (text.replace("\n", "").isprintable() or _WRONG.search(text) is None)
        and ("&" not in text or _LEFTOVER.search(text) is None)
        and unicodedata.is_normalized("NFC", text)
    )


def _cleaned(text: str) -> str:
    cleaned = decoded = _without_layout(text)
    for _ in range(2):
        if _LEFTOVER.search(decoded) is None:
            return decoded
        decoded = _without_layout(_LEFTOVER.sub(lambda match: html.unescape(f"&{match[1]};"), decoded))
    # References that two rounds do not settle were built to go on for ever: they stay as they are written.
    return cleaned if _LEFTOVER.search(decoded) else decoded


def _without_layout(text: str) -> str:
    # Nearly all text needs nothing but its blanks put in order: all else that goes cannot be printed.
    if not text.replace("\n", "").replace("\t", "").replace("\u00a0", "").replace("\u3000", "").isprintable():
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        text = _NEWLINE.sub("\n", text)
        text = (_REMOVED if _WITHOUT_BLANKS.search(text) else _REMOVED_WITH_ZWSP).sub("", text)
    text = _BLANK_RUN.sub(" ", text).replace(" \n", "\n").replace("\n ", "\n")
    text = _EMPTY_LINES.sub("\n\n", text).strip(" \n")
    if unicodedata.is_normalized("NFC", text):
        return text
    parts = _NOT_NORMALISED.split(text)
    parts[::2] = [unicodedata.normalize("NFC", part) for part in parts[::2]]
    return "".join(parts)


# Hangul is left out: Korean puts a blank between words.
_UNSPACED = HAN + KANA + "\u3001-\u3004\u3006-\u3020\u3030-\u3037\u303c-\u303f\u30fb\ufe30-\ufe4f\uff01-\uff65"
_SHARED_MARKS = "“”‘’—…·"
_WRAPPED = re.compile(
    f"(?<=[{_UNSPACED}])\n+(?=[{_UNSPACED}{_SHARED_MARKS}])|(?<=[{_SHARED_MARKS}])\n+(?=[{_UNSPACED}])"
)
_NEWLINE_RUN = re.compile("\n+")


def clean_line(text: str) -> str:
    """Return *text* cleaned and on one line; a line break inside Chinese or Japanese leaves no blank.

    >>> clean_line("中国\\n  新闻\\nin brief")
    '中国新闻 in brief'
    """
    return _remembered_line(text) if len(text) <= SHORT else _line(text)


def _line(text: str) -> str:
    cleaned = clean_text(text)
    if "\n" not in cleaned:
        return cleaned
    return _NEWLINE_RUN.sub(" ", cleaned if cleaned.isascii() else _WRAPPED.sub("", cleaned))


_remembered_line = lru_cache(maxsize=8192)(_line)

"""What is done to text: cleaning that changes no word, a key for matching, and the script it is written in."""

import html
import re
import unicodedata
from functools import cache

import opencc

_HAN = "\u3005\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
_KANA = "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9d"
_HANGUL = "\u1100-\u11ff\u3131-\u318e\ua960-\ua97c\uac00-\ud7a3\ud7b0-\ud7fb\uffa1-\uffdc"
_CJK = _HAN + _KANA + _HANGUL

_CJK_RUN = re.compile(f"[{_CJK}]+")
_OTHER_RUN = re.compile(f"[^\\W_{_CJK}]+")


def is_cjk(ch: str) -> bool:
    """Tell whether the one character *ch* is Han, kana or hangul; punctuation is not."""
    return _CJK_RUN.fullmatch(ch) is not None


def weight(text: str) -> int:
    """Return how much *text* says: 2 for each CJK character, 1 for each other letter or digit.

    >>> weight("BBC 中文网！")
    9
    """
    if text.isascii():
        return len("".join(_OTHER_RUN.findall(text)))
    return 2 * len("".join(_CJK_RUN.findall(text))) + len("".join(_OTHER_RUN.findall(text)))


# Cleaning -----------------------------------------------------------------------------------------------

_NONCHARACTERS = "\ufdd0-\ufdef" + "".join(f"{chr(p + 0xFFFE)}{chr(p + 0xFFFF)}" for p in range(0, 0x110000, 0x10000))
_SURROGATES = "\ud800-\udfff"
_BLANKS = "\t\f\u00a0\u2000-\u200a\u202f\u205f\u3000"
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
_BLANK_RUN = re.compile(f"[ {_BLANKS}]+")
_LINE_EDGE = re.compile(" ?\n ?")
_EMPTY_LINES = re.compile("\n{3,}")
# Runs of more than 30 marks are left too: sorting them takes quadratic time (UAX #15, Stream-Safe Text Format).
_NOT_NORMALISED = re.compile(f"([{_COMPATIBILITY}]+|[^\\w\\s]{{31,}})")

# One search decides that there is nothing to do. It starts with one set, so that the regex engine skips from
# suspect to suspect, and the set names the planes above the BMP as one range, which keeps it a bitmap.
# Blanks, newlines and ampersands are common, and only wrong in the company listed after them.
_ALWAYS_WRONG = _NOTHING + _SURROGATES + _BLANKS + _NEWLINES + "\u200b"
_SUSPECT = " \n&" + "".join(ch for ch in _ALWAYS_WRONG if ch < "\U00010000") + "\U00010000-\U0010ffff"
_UNCLEAN = re.compile(
    f"[{_SUSPECT}]"
    f"(?:(?<=[{_ALWAYS_WRONG}])"
    "|(?<=[ \n])(?:(?<=\\A[ \n])|\\Z|(?<= )[ \n]|(?<=\n)(?: |\n\n))"
    "|(?<=&)(?:amp;)+(?:nbsp|lt|gt|quot|#[0-9]{1,7});)"
)


def clean_text(text: str) -> str:
    """Return *text* without layout: no control characters, odd blanks, double blanks or double empty lines.

    Words, punctuation, width, quotes, script and case stay as published; a lone surrogate becomes U+FFFD, so
    that the result can always be encoded. ``&amp;nbsp;`` and its like, escaped once too often, are decoded.
    Clean text comes back as the same object.

    >>> clean_text("　　据报道，  “近 4个半小时”。\\r\\n\\r\\n\\r\\n完")
    '据报道， “近 4个半小时”。\\n\\n完'
    """
    if _UNCLEAN.search(text) is None and unicodedata.is_normalized("NFC", text):
        return text
    cleaned = decoded = _without_layout(text)
    for _ in range(2):
        if _LEFTOVER.search(decoded) is None:
            return decoded
        decoded = _without_layout(_LEFTOVER.sub(lambda match: html.unescape(f"&{match[1]};"), decoded))
    # References that two rounds do not settle were built to go on for ever: they stay as they are written.
    return cleaned if _LEFTOVER.search(decoded) else decoded


def _without_layout(text: str) -> str:
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = _NEWLINE.sub("\n", text)
    removed = _REMOVED if _WITHOUT_BLANKS.search(text) else _REMOVED_WITH_ZWSP
    text = _BLANK_RUN.sub(" ", removed.sub("", text))
    text = _EMPTY_LINES.sub("\n\n", _LINE_EDGE.sub("\n", text)).strip(" \n")
    if unicodedata.is_normalized("NFC", text):
        return text
    parts = _NOT_NORMALISED.split(text)
    parts[::2] = [unicodedata.normalize("NFC", part) for part in parts[::2]]
    return "".join(parts)


# Hangul is left out: Korean puts a blank between words.
_UNSPACED = _HAN + _KANA + "\u3001-\u3004\u3006-\u3020\u3030-\u3037\u303c-\u303f\u30fb\ufe30-\ufe4f\uff01-\uff65"
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
    cleaned = clean_text(text)
    if "\n" not in cleaned:
        return cleaned
    return _NEWLINE_RUN.sub(" ", _WRAPPED.sub("", cleaned))


# Matching -----------------------------------------------------------------------------------------------

_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
# Anything but letters, digits and the usual punctuation may have a letter in its compatibility form (℃, ㊗) or
# belong to the letter before it (accents, half-width voicing marks): the whole text is normalised first.
_COMPLICATED = re.compile(
    r"[^\w\s!-/:-@\[-`{-~·«»\u2010-\u2027\u2030-\u203b\u3001-\u3003\u3008-\u3020\uff01-\uff0f\uff1a-\uff20]"
    "|[\uff9e\uff9f]"
)
_LONG_RUN = re.compile(r"([^\w\s]{30})(?=[^\w\s])")

# Pairs that OpenCC tells apart by phrase, in one direction or only for Taiwan or Hong Kong.
_WRITTEN_ALIKE = "瞭了 藉借 覆复 像象 彷仿 炼链 揹背 俱具 甦苏 薰熏 座坐 待呆 著着 睪睾 簷檐 痺痹 幺么 伕夫 甯宁 瑯琅 颚腭 鲶鲇 鑛矿"


@cache
def _simplified() -> tuple[re.Pattern[str], dict[int, int]]:
    """Return the ideographs that have a simplified form, and the table to it.

    Character by character, not by phrase: what stands beside an ideograph must not change its key, or a comma
    would. hk2s is t2s with the variants of Hong Kong (枱, 衞); s2t in the middle joins the simplified forms that
    it writes alike (钜 and 巨).
    """
    ranges = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0x20000, 0x323B0))
    characters = [chr(code) for first, end in ranges for code in range(first, end)]
    to_simplified, to_traditional = opencc.OpenCC("hk2s"), opencc.OpenCC("s2t")
    once = dict(zip(characters, _each(to_simplified, characters), strict=True))
    again = dict(zip(characters, _each(to_traditional, list(once.values())), strict=True))
    step = {ch: once.get(traditional, once[ch]) for ch, traditional in again.items()}
    step.update((pair[0], pair[1]) for pair in _WRITTEN_ALIKE.split())
    table: dict[int, int] = {}
    for ch in characters:
        end = ch
        # A chain is at most a few characters long; a circle ends in its smallest member.
        seen: list[str] = []
        while end not in seen:
            seen.append(end)
            end = step.get(end, end)
        end = min(seen[seen.index(end) :])
        if end != ch:
            table[ord(ch)] = ord(end)
    # The few beyond the BMP as one range: each would be a comparison more for every character of every text.
    common = "".join(chr(code) for code in table if code < 0x10000)
    return re.compile(f"[{common}\U00020000-\U0003fffd]+"), table


def _each(converter: "opencc.OpenCC", characters: list[str]) -> list[str]:
    """Return every character converted by itself: the newline between them keeps phrases from forming."""
    converted: list[str] = converter.convert("\n".join(characters)).split("\n")
    return converted


def fold(text: str) -> str:
    """Return the key under which *text* is compared: letters and digits only, one width, case and script.

    For matching, never for output.

    >>> fold("《ＢＢＣ》：頭髮，二〇二三")
    'bbc头发二〇二三'
    """
    if text.isascii():
        return _NOT_ALPHANUMERIC.sub("", text).lower()
    key = ""
    if _COMPLICATED.search(text) is None:
        key = _NOT_ALPHANUMERIC.sub("", text).casefold()
    if not (key.isalnum() and unicodedata.is_normalized("NFKC", key)):
        text = unicodedata.normalize("NFKC", _LONG_RUN.sub(r"\1 ", text))
        text = unicodedata.normalize("NFKC", text.casefold())
        # What stood apart may compose now that nothing is between (jamo, for one).
        key = unicodedata.normalize("NFKC", _NOT_ALPHANUMERIC.sub("", text))
    pattern, table = _simplified()
    return pattern.sub(lambda match: match[0].translate(table), key)

"""What is done to text: cleaning that changes no word, a key for matching, the script it is written in."""

import html
import re
import unicodedata
from functools import cache, lru_cache

import opencc

_HAN = "\u3005\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
_KANA = "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9d"
_HANGUL = "\u1100-\u11ff\u3131-\u318e\ua960-\ua97c\uac00-\ud7a3\ud7b0-\ud7fb\uffa1-\uffdc"
_CJK = _HAN + _KANA + _HANGUL

_CJK_RUN = re.compile(f"[{_CJK}]+")
_OTHER_RUN = re.compile(f"[^\\W_{_CJK}]+")
_ASCII_RUN = re.compile("[\x00-\x7f]+")
# Labels, names and titles of links, most of which come again on the next page of a site.
_SHORT = 80
_ASCII_OTHERS = bytes(code for code in range(128) if not chr(code).isalnum())


def is_cjk(ch: str) -> bool:
    """Tell whether the one character *ch* is Han, kana or hangul; punctuation is not."""
    return _CJK_RUN.fullmatch(ch) is not None


def weight(text: str) -> int:
    """Return how much *text* says: 2 for each CJK character, 1 for each other letter or digit.

    >>> weight("BBC 中文网！")
    9
    """
    return _remembered_weight(text) if len(text) <= _SHORT else _weight(text)


def _weight(text: str) -> int:
    count = len(_ascii_letters(text))
    if text.isascii():
        return count
    # Most text that is not ASCII has a few such characters only.
    others = _ASCII_RUN.sub("", text)
    rest = _CJK_RUN.sub("", others)
    return 2 * (len(others) - len(rest)) + count + sum(map(str.isalnum, rest))


def _ascii_letters(text: str) -> bytes:
    """Return the letters and digits of *text* that are ASCII."""
    return text.encode("ascii", "ignore").translate(None, _ASCII_OTHERS)


_remembered_weight = lru_cache(maxsize=8192)(_weight)


# Cleaning -----------------------------------------------------------------------------------------------

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
    return _remembered_line(text) if len(text) <= _SHORT else _line(text)


def _line(text: str) -> str:
    cleaned = clean_text(text)
    if "\n" not in cleaned:
        return cleaned
    return _NEWLINE_RUN.sub(" ", cleaned if cleaned.isascii() else _WRAPPED.sub("", cleaned))


_remembered_line = lru_cache(maxsize=8192)(_line)


# Shown to people ----------------------------------------------------------------------------------------

_UNSHOWN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e0fff]|\n"
)


def shown(text: str, *, lines: bool = False) -> str:
    """Return *text* as it may go to a terminal or a log: what steers either is written as an escape.

    That is C0, C1, bidi and tag characters, invisible ones, lone surrogates and line ends; with *lines* ``\\n`` stays.

    >>> shown("safe\u202egnp.exe\x1b[2J\\n2026 forged")
    'safe\\\\u202egnp.exe\\\\x1b[2J\\\\n2026 forged'
    """
    if text.isprintable():
        return text
    return _UNSHOWN.sub(lambda match: match[0] if lines and match[0] == "\n" else _escape(match[0]), text)


def _escape(ch: str) -> str:
    number = ord(ch)
    if ch in "\n\r":
        return "\\n" if ch == "\n" else "\\r"
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}" if number < 65536 else f"\\U{number:08x}"


_FORMULA = re.compile(r"[\t\r\n]|\s*[=+\-@\uff1d\uff0b\uff0d\uff20]")


def plain_cell(text: str) -> str:
    """Return *text* as a spreadsheet shows it and does not run it: with ``'`` before what would begin a formula.

    >>> plain_cell('=HYPERLINK("http://a.example")'), plain_cell("1 + 1 = 2")
    ('\\'=HYPERLINK("http://a.example")', '1 + 1 = 2')

    Source: OWASP, CSV Injection.
    """
    return f"'{text}" if _FORMULA.match(text) else text


# Matching -----------------------------------------------------------------------------------------------

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
def _converter(name: str) -> "opencc.OpenCC":
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
        simplified: str = _converter("hk2s").convert(ch)
        traditional = _converter("s2t").convert(simplified)
        if _is_ideograph(traditional):
            simplified = _converter("hk2s").convert(traditional)
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
        found = _converter(name).convert("\n".join(found)).split("\n")
    changed = (ch for ch, end in zip(characters, found, strict=True) if ch != end or ch in _WRITTEN_ALIKE)
    return re.compile(f"[{''.join(changed)}]")


def _simplified(key: str) -> str:
    if _encodes(key, "gb2312") and _not_simplest().search(key) is None:
        return key
    return key.translate(_SIMPLEST)


def _encodes(text: str, encoding: str) -> bool:
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
    letters = _ascii_letters(text)
    # English: what is not ASCII is quotation marks and dashes.
    if 2 * len(letters) > len(text) and _USUAL_ONLY.fullmatch(_ASCII_RUN.sub("", text)):
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
    return _remembered_letters(text) if len(text) <= _SHORT else _letters(text)


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
    return key if _encodes(key, "cp1252") or _HAN_RUN.search(key) is None else _simplified(key)


# Language -----------------------------------------------------------------------------------------------

_SAMPLE = 2000
# Fewer CJK characters than this are a name or a quotation, not the language of the text.
_ENOUGH_CJK = 4
# Fewer letters than this do not contradict what a page declares.
_ENOUGH_LETTERS = 20


_HAN_RUN = re.compile(f"([{_HAN}]+)")
_KANA_RUN = re.compile(f"[{_KANA}]+")
_HANGUL_RUN = re.compile(f"[{_HANGUL}]+")


def _count(pattern: re.Pattern[str], text: str) -> int:
    return len("".join(pattern.findall(text)))


class _OneScript(dict[str, str]):
    """``s`` for each ideograph of simplified text only, ``t`` for one of traditional text only, else "".

    OpenCC alone would count 后, 里 and 台, which traditional text uses too; so a simplified character must
    also be missing from Big5, and a traditional one from GB 2312.
    """

    def __missing__(self, ch: str) -> str:
        script = ""
        if "\u4e00" <= ch < "\ua000" and (gb2312 := _encodes(ch, "gb2312")) != _encodes(ch, "big5"):
            changed = _converter("s2t" if gb2312 else "t2s").convert(ch) != ch
            script = ("s" if gb2312 else "t") if changed else ""
        self[ch] = script
        return script


_ONE_SCRIPT = _OneScript()


def _chinese(han: str) -> str:
    """Return the tag of Chinese text by its ideographs."""
    scripts = map(_ONE_SCRIPT.__getitem__, han)
    if _encodes(han, "gb2312"):
        return "zh-Hans" if "s" in scripts else "zh"
    if _encodes(han, "big5"):
        return "zh-Hant" if "t" in scripts else "zh"
    written = "".join(scripts)
    simplified, traditional = written.count("s"), written.count("t")
    if simplified > 3 * traditional:
        return "zh-Hans"
    return "zh-Hant" if traditional > 3 * simplified else "zh"


def script_of(text: str) -> str | None:
    """Return the language that the script of *text* decides: zh-Hans, zh-Hant, ja or ko.

    ``zh`` when the text is Chinese and its characters belong to both scripts, or to each a few; None when it
    is not CJK or too short to tell. Only the first 2,000 characters are looked at.
    """
    sample = text[:_SAMPLE]
    if sample.isascii() or _CJK_RUN.search(sample) is None:
        return None
    parts = _HAN_RUN.split(sample)
    han, rest = "".join(parts[1::2]), "".join(parts[::2])
    kana, hangul = _count(_KANA_RUN, rest), _count(_HANGUL_RUN, rest)
    cjk = len(han) + kana + hangul
    # A CJK character says as much as two or three letters.
    if cjk < _ENOUGH_CJK or 3 * cjk < _count(_OTHER_RUN, rest):
        return None
    if hangul > 0.3 * cjk:
        return "ko"
    return "ja" if kana > 0.1 * cjk else _chinese(han)


_TAG = re.compile(
    r"(?P<language>[a-z]{2,3})(?:-(?P<extlang>[a-z]{3}))?(?:-(?P<script>[a-z]{4}))?(?:-(?P<region>[a-z]{2}|[0-9]{3}))?"
    r"(?P<rest>(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*(?:-[a-wyz0-9](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?)"
)
_SINITIC = frozenset({"zh", "cmn", "yue", "wuu", "nan", "hak", "gan", "hsn", "lzh"})
_SCRIPT_OF_REGION = {
    "cn": "zh-Hans",
    "sg": "zh-Hans",
    "my": "zh-Hans",
    "tw": "zh-Hant",
    "hk": "zh-Hant",
    "mo": "zh-Hant",
}
# BCP 47 wants the shortest code of a language; pages write the three letters of ISO 639-2, too.
_LONGER = (
    "en:eng de:deu,ger fr:fra,fre es:spa it:ita pt:por nl:nld,dut ru:rus uk:ukr pl:pol cs:ces,cze sk:slk,slo hu:hun"
    " ro:ron,rum,mo bg:bul sr:srp hr:hrv bs:bos sl:slv el:ell,gre tr:tur ar:ara fa:fas,per he:heb,iw yi:ji hi:hin"
    " ur:urd bn:ben ta:tam te:tel th:tha vi:vie id:ind,in ms:msa,may ja:jpn ko:kor zh:zho,chi,cmn sv:swe da:dan no:nor"
    " nb:nob nn:nno fi:fin et:est lv:lav lt:lit is:isl,ice ca:cat ug:uig bo:bod,tib mn:mon kk:kaz my:mya,bur"
)
_SHORTEST = {
    long: short for short, _, longer in (p.partition(":") for p in _LONGER.split()) for long in longer.split(",")
}
_ASCII_LETTERS = re.compile("[A-Za-z]+")
_NOT_ASCII = re.compile("[^\x00-\x7f]+")
# Beyond ASCII.
_LETTERS = {
    "Latn": re.compile("[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff]+"),
    "Cyrl": re.compile("[\u0400-\u052f]+"),
    "Arab": re.compile("[\u0620-\u064a\u066e-\u06d3\u06d5\u0750-\u077f]+"),
    "Hebr": re.compile("[\u05d0-\u05ea]+"),
    "Grek": re.compile("[\u0386-\u03ff]+"),
    "Deva": re.compile("[\u0904-\u0939\u0958-\u0961]+"),
    "Thai": re.compile("[\u0e01-\u0e3a\u0e40-\u0e46]+"),
    "Tibt": re.compile("[\u0f40-\u0fbc]+"),
    "Mymr": re.compile("[\u1000-\u103f]+"),
}
_LANGUAGES_IN = {
    "Latn": "en fr de es pt it nl sv da no nb fi pl cs hu ro tr vi id ms ug",
    "Cyrl": "ru uk be bg ug",
    "Arab": "ar fa ur ps ug",
    "Hebr": "he",
    "Grek": "el",
    "Deva": "hi ne mr",
    "Thai": "th",
    "Tibt": "bo",
    "Mymr": "my",
    "": " ".join(sorted(_SINITIC | {"ja", "ko"})),
}
# The languages whose scripts are known; "" stands for CJK, which script_of() has found missing.
_SCRIPTS_OF: dict[str, set[str]] = {}
for _script, _languages in _LANGUAGES_IN.items():
    for _language in _languages.split():
        _SCRIPTS_OF.setdefault(_language, set()).add(_script)


def language_tag(declared: str | None, text: str) -> str | None:
    """Return the language of *text* as a BCP 47 tag: by its script, else as the page declared it.

    Chinese is given by script (zh-Hans, zh-Hant), whatever region was declared. A declaration that is not
    well-formed, or that the letters of the text contradict, counts for nothing.

    >>> language_tag("zh_TW", "中文日常"), language_tag("en_us", "The council met on Tuesday.")
    ('zh-Hant', 'en-US')
    """
    written = script_of(text)
    if written not in (None, "zh"):
        return written
    tag = _TAG.fullmatch((declared or "").strip().partition(".")[0].replace("_", "-").lower())
    if tag is None or tag["language"] in ("und", "mul", "zxx"):
        return written
    if written == "zh":
        return _declared_tag(tag) if _shortest(tag) in (*_SINITIC, "ja") else written
    return None if _contradicts(tag, text[:_SAMPLE]) else _declared_tag(tag)


def _shortest(tag: re.Match[str]) -> str:
    return _SHORTEST.get(tag["language"], tag["language"])


def _declared_tag(tag: re.Match[str]) -> str:
    language, script, region = _shortest(tag), tag["script"], tag["region"]
    if language == "zh" or tag["extlang"] == "cmn":
        if script in ("hans", "hant"):
            return f"zh-{script.title()}"
        return _SCRIPT_OF_REGION.get(region, "zh")
    parts = [language, tag["extlang"], script and script.title(), region and region.upper()]
    return "-".join(part for part in parts if part) + tag["rest"]


def _contradicts(tag: re.Match[str], text: str) -> bool:
    """Tell whether most letters of *text* are of a script in which the declared language is not written."""
    others = "".join(_NOT_ASCII.findall(text))
    counts = {script: _count(letters, others) for script, letters in _LETTERS.items()}
    counts["Latn"] += sum(map(len, _ASCII_LETTERS.findall(text)))
    script = max(counts, key=lambda name: counts[name])
    if counts[script] < _ENOUGH_LETTERS:
        return False
    expected = {tag["script"].title()} if tag["script"] else _SCRIPTS_OF.get(_shortest(tag))
    return expected is not None and script not in expected

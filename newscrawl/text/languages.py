"""The language of a text by its script, and what a page declares it to be."""

import re

from newscrawl.text.characters import CJK_RUN, HAN_RUN, HANGUL_RUN, KANA_RUN, OTHER_RUN
from newscrawl.text.matching import converter, encodes

_SAMPLE = 2000
# Fewer CJK characters than this are a name or a quotation, not the language of the text.
_ENOUGH_CJK = 4
# Fewer letters than this do not contradict what a page declares.
_ENOUGH_LETTERS = 20


def _count(pattern: re.Pattern[str], text: str) -> int:
    return len("".join(pattern.findall(text)))


class _OneScript(dict[str, str]):
    """``s`` for each ideograph of simplified text only, ``t`` for one of traditional text only, else "".

    OpenCC alone would count 后, 里 and 台, which traditional text uses too; so a simplified character must
    also be missing from Big5, and a traditional one from GB 2312.
    """

    def __missing__(self, ch: str) -> str:
        script = ""
        if "\u4e00" <= ch < "\ua000" and (gb2312 := encodes(ch, "gb2312")) != encodes(ch, "big5"):
            changed = converter("s2t" if gb2312 else "t2s").convert(ch) != ch
            script = ("s" if gb2312 else "t") if changed else ""
        self[ch] = script
        return script


_ONE_SCRIPT = _OneScript()


def _chinese(han: str) -> str:
    """Return the tag of Chinese text by its ideographs."""
    scripts = map(_ONE_SCRIPT.__getitem__, han)
    if encodes(han, "gb2312"):
        return "zh-Hans" if "s" in scripts else "zh"
    if encodes(han, "big5"):
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
    if sample.isascii() or CJK_RUN.search(sample) is None:
        return None
    parts = HAN_RUN.split(sample)
    han, rest = "".join(parts[1::2]), "".join(parts[::2])
    kana, hangul = _count(KANA_RUN, rest), _count(HANGUL_RUN, rest)
    cjk = len(han) + kana + hangul
    # A CJK character says as much as two or three letters.
    if cjk < _ENOUGH_CJK or 3 * cjk < _count(OTHER_RUN, rest):
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

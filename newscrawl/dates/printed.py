"""Dates in running text: the numeric forms, month names of many languages, Japanese eras."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Literal

from newscrawl.dates.moments import joined
from newscrawl.dates.months import month_of

Order = Literal["dmy", "mdy", "ymd"]
"""Which number of ``3/5/21`` is the day, the month, the year."""

# Digits of other scripts that are used with the common calendar; Persian ones go with another.
_DIGITS = {
    ord(digit): str(value)
    for digits in ("０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९")
    for value, digit in enumerate(digits)
} | {ord("／"): "/", ord("："): ":", ord("．"): ".", ord("－"): "-"}
MAY_BE_DATED = re.compile(
    r"(?:19|20|１９|２０|١٩|٢٠|२०)\d{2}(?!\d{3})|\d\s?[./．／]\s?\d{1,2}\s?[./．／]\s?\d{2}(?!\d)|[令平昭民][和成國国]|[一二][〇○零Ｏ九]"
)
"""Found in every text that :func:`dates_in` finds a date in, and in few others."""
_ZONES = {
    "z": "Z", "utc": "Z", "gmt": "Z", "cet": "+01:00", "mez": "+01:00", "cest": "+02:00", "mesz": "+02:00",
    "eet": "+02:00", "eest": "+03:00", "msk": "+03:00", "edt": "-04:00", "mdt": "-06:00", "pdt": "-07:00",
    "hkt": "+08:00", "sgt": "+08:00", "jst": "+09:00", "kst": "+09:00", "aest": "+10:00", "aedt": "+11:00",
    "nzst": "+12:00", "nzdt": "+13:00",
}  # fmt: skip
"""Zones whose short name means one offset; EST, CST, BST, IST and PST mean several."""
_NAMED_ZONE = "|".join(sorted(_ZONES, key=len, reverse=True))
_ZONE = rf"(?:\s?(?P<zone>(?:{_NAMED_ZONE})(?![^\W_])|[+-][0-9]{{2}}:?[0-9]{{2}}(?![0-9])))?"

_ISO = re.compile(
    r"(?<!\d)(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
    r"(?:[T\s]\s?(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(\.\d+)?)?"
    r"\s?(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?(?![^\W\d_]))?(?![\d:])",
    re.I,
)
_EASTERN_CLOCK = (
    r"(?:[\s,，、|·]{0,6}(?:[\[(（][^()（）\[\]\s]{1,4}[\])）]|(?:星期|周|週)[一二三四五六日天]|[월화수목금토일]요일)?[\s,，|·]{0,4}"
    r"(?P<half>上午|下午|晚上|凌晨|午前|午後|오전|오후|am|pm)?\s{0,2}"
    r"(?P<hour>[01]?\d|2[0-4])\s?(?:[:：]|[時时點点시]\s?)\s?(?P<minute>[0-5]\d)분?(?:\s?[:：分]\s?(?P<second>[0-5]\d)秒?)?"
    r"\s{0,2}(?P<noon>[ap]\.?m\.?(?![^\W_]))?" + _ZONE + ")?"
)
_NUMERIC = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d{2})\s?(?:[年년]\s?|(?P<sep>[-/.])\s?)(?P<month>1[0-2]|0?[1-9])\s?(?:[月월]\s?|(?P=sep)\s?)"
    r"(?P<day>3[01]|[12]\d|0?[1-9])(?!\d)\s?(?:[日号號일]|\.(?=\s))?" + _EASTERN_CLOCK,
    re.I,
)
_ERA = re.compile(
    r"(?P<era>令和|平成|昭和|民[國国])\s?(?P<count>元|[0-9]{1,3})\s?年\s?(?P<month>1[0-2]|0?[1-9])\s?月\s?(?P<day>3[01]|[12]\d|0?[1-9])\s?日"
    + _EASTERN_CLOCK,
    re.I,
)
_ERAS = {"昭和": 1925, "平成": 1988, "令和": 2018, "民國": 1911, "民国": 1911}
_NUMERALS = re.compile(
    r"(?P<year>[一二][〇○零Ｏ九][〇○零Ｏ一二三四五六七八九]{2})年(?P<month>十[一二]?|[一二三四五六七八九])月"
    r"(?P<day>[二三]?十[一二三四五六七八九]?|[一二三四五六七八九])日"
)
_NUMERAL = {numeral: digit for digit, numerals in enumerate(("〇○零Ｏ", *"一二三四五六七八九")) for numeral in numerals}
_CLOCK = (
    r"(?:[\s,|/(•·–—-]{0,4}\b(?:at|um|à|às|as|a las|alle(?: ore)?|ore|kl\.?|klo|om|o|о|в|saat|pukul|lúc|ob|u)?\s{0,2}"
    r"(?P<hour>[01]?[0-9]|2[0-3])(?P<colon>\s?[:.h]\s?)(?P<minute>[0-5][0-9])(?![0-9])"
    r"(?::(?P<second>[0-5][0-9])(?![0-9]))?\s{0,2}(?P<noon>[ap]\.?\s?m\b\.?)?(?:\s?(?:Uhr|uur|hs?\b))?" + _ZONE + ")?"
)
_WORD = r"(?P<name>[^\W\d_][^\s\d.,:;/|()<>_-]{1,14})"
# Pages print "By Jane RoeMay 3, 2024": a name and a date of neighbouring elements with nothing between them.
_AFTER_NAME = r"(?:(?<![^\W_])|(?-i:(?<=[a-zß-ÿ])(?=[A-Z][a-z])))"
_LEADING_WORD = r"(?P<name>(?-i:[A-ZÀ-Þ]{3,15}|[^\W\d_][^\s\d.,:;/|()<>_A-ZÀ-Þ-]{1,14}))"
_DAY = r"(?P<day>3[01]|[12]\d|0?[1-9])"
_YEAR = r"(?P<year>(?:19|20)\d{2})(?!\d)"
_DAY_FIRST = re.compile(
    rf"(?<![\d./-])(?<!\d:){_DAY}(?:st|nd|rd|th|er|re|[.º°ªe])?[\s/.-]{{1,3}}(?:(?:de|of|del)\s+|d['’]|ngày\s+)?{_WORD}"
    rf"[\s.,/-]{{1,3}}(?:(?:de|del|of)\s+)?{_YEAR}(?:\s?(?:г\.?|року|року,|р\.))?" + _CLOCK,
    re.I,
)
_MONTH_FIRST = re.compile(
    rf"{_AFTER_NAME}{_LEADING_WORD}\.?[\s-]{{1,2}}{_DAY}(?:st|nd|rd|th)?(?:,?\s{{1,2}}|,|-){_YEAR}" + _CLOCK, re.I
)
_YEAR_FIRST = re.compile(rf"(?<!\d)(?P<year>(?:19|20)\d{{2}})[.,]?\s(?:m\.\s)?{_WORD}\.?\s{_DAY}(?!\d)" + _CLOCK, re.I)
_VIETNAMESE = re.compile(
    rf"(?<!\d){_DAY}\s(?:tháng|thg)\s?(?P<month>1[0-2]|0?[1-9]),?\s(?:năm\s)?{_YEAR}" + _CLOCK, re.I
)
_PAIR = re.compile(
    r"(?<![\d./:-])(?P<one>\d{1,2})(?P<sep>[./-]|\.\s|\s[/.]\s)(?P<two>\d{1,2})(?P=sep)(?P<year>(?:19|20)\d{2}|\d{2})(?!\d)"
    r"(?!(?P=sep)\d)" + _CLOCK.replace(r"[\s,|/(•·–—-]{0,4}", r"T?[\s,|/(•·–—-]{0,4}"),
    re.I,
)
# 晚上12:05 is after midnight, and does not say of which day.
_AFTER_MIDNIGHT = frozenset((0, 1, 2, 3, 4, 12))
_LATE = frozenset(("下午", "晚上", "午後", "오후", "pm"))
_EARLY = frozenset(("上午", "凌晨", "午前", "오전", "am"))


def dates_in(text: str, *, order: Order | None = None, short_years: bool = False) -> Iterator[tuple[str, str]]:
    """Yield each ``(date, as printed)`` of running *text*, in order.

    ``3/5/2021`` is read only where *order* is known, or the numbers or the clock beside them decide; a year of
    two digits only with *short_years*: the caller knows that a date stands here.

    >>> list(dates_in("发布时间：2023年3月21日 08:15"))
    [('2023-03-21T08:15', '2023年3月21日 08:15')]
    >>> list(dates_in("3/5/2021, 21.5.21")), list(dates_in("3/5/2021, 21.5.21", order="dmy", short_years=True))
    ([], [('2021-05-03', '3/5/2021'), ('2021-05-21', '21.5.21')])
    """
    if MAY_BE_DATED.search(text) is None:
        return
    plain = text if text.isascii() else text.translate(_DIGITS)
    found = []
    for pattern, read in _READERS:
        for match in pattern.finditer(plain):
            value = _paired(match, order, short_years) if read is None else read(match)
            if value is not None:
                start, stop = match.span()
                raw = text[start:stop]
                found.append((start, -stop, value, raw.strip().rstrip(",|")))
    end = -1
    for start, stop, value, raw in sorted(found):
        if start >= end:
            end = -stop
            yield value, raw


def _numbered(match: re.Match[str]) -> str | None:
    return _dated(match, match["year"], match["month"], match["day"])


def _named(match: re.Match[str]) -> str | None:
    return _dated(match, match["year"], month_of(match["name"]), match["day"])


def _of_era(match: re.Match[str]) -> str | None:
    count = 1 if match["count"] == "元" else int(match["count"])
    return _dated(match, _ERAS[match["era"]] + count, match["month"], match["day"])


def _of_numerals(match: re.Match[str]) -> str | None:
    year = "".join(str(_NUMERAL[numeral]) for numeral in match["year"])
    return joined(year, _counted(match["month"]), _counted(match["day"]))


def _counted(numerals: str) -> int:
    """Return the number of a month or day: 十 is 10, 二十一 is 21."""
    tens, ten, ones = numerals.rpartition("十")
    return (10 * _NUMERAL.get(tens, 1) if ten else 0) + _NUMERAL.get(ones, 0)


def _paired(match: re.Match[str], order: Order | None, short_years: bool) -> str | None:
    one, two, year = int(match["one"]), int(match["two"]), match["year"]
    if len(year) == 2:
        if not short_years or order is None or match["sep"] == "-":
            return None
        if order == "ymd":
            return _dated(match, _century(match["one"]), two, year)
        year = _century(year)
    elif order == "ymd":
        order = None
    if "." in match["sep"]:
        order = order or "dmy"
    if one > 12 or two > 12:
        order = "dmy" if one > 12 else "mdy"
    elif order is None:
        if match["noon"] is None and one != two:
            return None
        # Month first, as the systems that print AM and PM beside a numeric date do unless told otherwise.
        order = "mdy"
    day, month = (one, two) if order == "dmy" else (two, one)
    return _dated(match, year, month, day)


def _century(year: str) -> str:
    return f"20{year:0>2}" if int(year) < 70 else f"19{year}"


def _dated(match: re.Match[str], year: str | int, month: str | int, day: str | int) -> str | None:
    part = match.groupdict()
    hour: str | int | None = part.get("hour")
    half = (part.get("half") or "").lower()
    noon = (part.get("noon") or "").lower()
    zone = part.get("zone")
    offset = _ZONES.get(zone.lower(), zone) if zone else None
    if hour is not None:
        number = int(hour)
        if half == "晚上" and number in _AFTER_MIDNIGHT:
            return joined(year, month, day)
        if (half in _LATE or noon.startswith("p")) and number < 12:
            number += 12
        elif (half in _EARLY or noon.startswith("a")) and number == 12:
            number = 0
        hour = number
    return joined(year, month, day, hour, part.get("minute"), part.get("second"), offset)


_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str | None] | None], ...] = (
    (_ISO, _numbered),
    (_NUMERIC, _numbered),
    (_MONTH_FIRST, _named),
    (_DAY_FIRST, _named),
    (_YEAR_FIRST, _named),
    (_PAIR, None),
    (_VIETNAMESE, _numbered),
    (_ERA, _of_era),
    (_NUMERALS, _of_numerals),
)

_MONTH_FIRST_REGIONS = frozenset(("us", "ph", "pr", "gu"))
_DAY_FIRST_ENGLISH = frozenset(
    ["uk", "gb", "au", "nz", "ie", "in", "za", "sg", "pk", "ng", "ke", "mt", "my", "bd", "lk", "gh"]
)
_YEAR_LEADS = frozenset(("zh", "ja", "ko", "hu", "lt", "mn", "cn", "tw", "hk", "mo", "jp", "kr"))
"""Languages, and domains of countries, that write the year first."""
_BORROWED = frozenset(("io", "co", "tv", "me", "ai", "cc", "ly", "fm", "to", "gg", "sh", "ws"))
"""Domains of countries that sites of all countries use."""


@lru_cache(maxsize=1024)
def order_of(language: str | None, host: str | None) -> Order | None:
    """Return whether numeric dates in *language* (BCP 47) on *host* begin with the day or the month; None if unknown.

    Chinese, Japanese and Korean begin with the year. Else the region decides, from the language tag or a
    country's domain; then the language: all but English begin with the day. English without a region is American
    on ``.com``, ``.gov`` and ``.edu``.

    >>> order_of("en-GB", "news.example.com"), order_of("en", "news.example.com"), order_of("de", None)
    ('dmy', 'mdy', 'dmy')
    """
    tags = re.split(r"[-_]", (language or "").strip().lower())
    region = next((tag for tag in tags[1:] if len(tag) == 2), "")
    domain = (host or "").rpartition(".")[2].lower()
    if tags[0] in _YEAR_LEADS:
        return "ymd"
    for place in (region, domain if len(domain) == 2 else ""):
        if place in _MONTH_FIRST_REGIONS:
            return "mdy"
        if place in _DAY_FIRST_ENGLISH:
            return "dmy"
        if place == "ca":
            return None
    if tags[0] == "en":
        return "mdy" if domain in ("com", "gov", "edu", "mil") else None
    if tags[0]:
        return "dmy"
    if domain in _YEAR_LEADS:
        return "ymd"
    return "dmy" if len(domain) == 2 and domain not in _BORROWED else None

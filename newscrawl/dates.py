"""Dates as pages state them: read, compared and refused, never filled up.

A date is ISO 8601 text as long as its evidence (``2023-03-21``, ``2023-03-21T08:15+08:00``). Nothing here
knows where on a page a text stood; :mod:`newscrawl.extract` decides which places may date an article.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

EARLIEST = date(1900, 1, 1)
"""No page is older than this; an earlier year is a number that only looks like a date."""

_ISO = re.compile(
    r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:[T\s]\s?(\d{1,2}):(\d{2})(?::(\d{2})(\.\d+)?)?\s?(Z|[+-]\d{2}:?\d{2})?)?(?![\d:])",
    re.I,
)
_CLOCK = (
    r"(?:[\s,，、]*(?:\([^()\s]{1,4}\)|（[^（）\s]{1,4}）|(?:星期|周|週)[一二三四五六日天])?\s*"
    r"(?P<half>上午|下午|晚上|凌晨|午前|午後|오전|오후)?\s*"
    r"(?P<hour>[01]?\d|2[0-4])(?:[:：]|[时時点點시]\s?)(?P<minute>[0-5]\d)分?(?:[:：](?P<second>[0-5]\d)秒?)?"
    r"\s*(?P<noon>[ap]\.?m\.?)?)?"
)
_NUMERIC = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d{2})\s?(?:[年년]\s?|(?P<sep>[-/.]))(?P<month>1[0-2]|0?[1-9])\s?(?:[月월]\s?|(?P=sep))"
    r"(?P<day>3[01]|[12]\d|0?[1-9])(?!\d)\s?(?:[日号號일]|\.(?=\s))?" + _CLOCK,
    re.I,
)
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janv janvier enero gennaio janeiro",
            "feb february februar fevr févr fevrier février febrero febbraio fevereiro",
            "mar march märz maerz mars marzo março",
            "apr april avr avril abril aprile",
            "may mai mayo maggio maio",
            "jun june juni juin junio giugno junho",
            "jul july juli juil juillet julio luglio julho",
            "aug august août aout agosto",
            "sep sept september septembre septiembre settembre setembro",
            "oct october okt oktober octobre octubre ottobre outubro",
            "nov november novembre noviembre novembro",
            "dec december dez dezember déc décembre decembre diciembre dicembre dezembro",
        ),
        start=1,
    )
    for name in names.split()
}
# 晚上12:05 is after midnight, and does not say of which day.
_AFTER_MIDNIGHT = frozenset((0, 1, 2, 3, 4, 12))
_NAME = "|".join(sorted(_MONTHS, key=len, reverse=True))
_WESTERN_CLOCK = (
    r"(?:,?\s*(?:at|um|à|-|–|\|)?\s*(?P<hour>[01]?\d|2[0-3])[:.h](?P<minute>[0-5]\d)(?!\d)"
    r"(?::(?P<second>[0-5]\d))?\s*(?P<noon>[ap]\.?m\.?)?)?"
)
_MONTH_FIRST = re.compile(
    rf"\b(?P<name>{_NAME})\.?\s+(?P<day>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?,?\s+(?P<year>(?:19|20)\d{{2}})(?!\d)"
    + _WESTERN_CLOCK,
    re.I,
)
_DAY_FIRST = re.compile(
    rf"(?<!\d)(?P<day>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th|er|\.)?\s+(?:de\s+)?(?P<name>{_NAME})\.?,?\s+(?:de\s+)?"
    rf"(?P<year>(?:19|20)\d{{2}})(?!\d)" + _WESTERN_CLOCK,
    re.I,
)
_RFC2822 = re.compile(
    rf"(?:\w{{3}},\s*)?(\d{{1,2}})\s+({_NAME})\s+(\d{{4}})\s+(\d{{2}}):(\d{{2}})(?::(\d{{2}}))?\s*(GMT|UTC|Z|[+-]\d{{4}})",
    re.I,
)
_URL_SPLIT = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d{2})(?P<sep>[-/_.])(?P<month>1[0-2]|0?[1-9])(?P=sep)(?P<day>3[01]|[12]\d|0?[1-9])(?!\d)"
)
_URL_MONTH_DAY = re.compile(r"/(?P<year>(?:19|20)\d{2})-?(?P<month>1[0-2]|0[1-9])/(?P<day>3[01]|[12]\d|0[1-9])(?=/)")
_URL_YEAR_DAY = re.compile(r"/(?P<year>(?:19|20)\d{2})/(?P<month>1[0-2]|0[1-9])(?P<day>3[01]|[12]\d|0[1-9])(?=/)")
_URL_COMPACT = re.compile(
    r"(?:^|[/_t-])(?P<year>20\d{2}|19[5-9]\d)(?P<month>1[0-2]|0[1-9])(?P<day>3[01]|[12]\d|0[1-9])(?=[/_.-]|$)"
)


def iso_date(text: str) -> str | None:
    """Return the date of a machine-readable *text* (``datetime`` attribute, meta, JSON-LD), or None.

    The result is as precise as *text*: no hour is invented, an offset is kept and never added.

    >>> iso_date("2023-03-21T08:15:00.000+0800"), iso_date("2023-03-21"), iso_date("soon")
    ('2023-03-21T08:15:00+08:00', '2023-03-21', None)
    """
    text = text.strip()[:64]
    match = _ISO.match(text)
    if match:
        year, month, day, hour, minute, second, _, offset = match.groups()
        return _joined(year, month, day, hour, minute, second, offset)
    match = _RFC2822.match(text)
    if match:
        day, name, year, hour, minute, second, offset = match.groups()
        zone = "Z" if offset.upper() in ("GMT", "UTC", "Z") else offset
        return _joined(year, _month(name), day, hour, minute, second, zone)
    match = re.match(r"(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?)?(Z|[+-]\d{2}:?\d{2})?$", text)
    if match:
        return _joined(*match.groups())
    if re.match(r"(?:19|20)[0-9]{2}(-(1[0-2]|0[1-9]))?$", text):
        return text
    return next((found for found, _ in dates_in(text)), None)


def dates_in(text: str) -> Iterator[tuple[str, str]]:
    """Yield each ``(date, as printed)`` of running *text*, in order: the numeric forms of the languages written
    with Chinese characters or Hangul, and day, month name, year in large European languages.

    >>> list(dates_in("发布时间：2023年3月21日 08:15"))
    [('2023-03-21T08:15', '2023年3月21日 08:15')]
    """
    found = []
    for pattern in (_ISO, _NUMERIC, _MONTH_FIRST, _DAY_FIRST):
        for match in pattern.finditer(text):
            value = _of_match(pattern, match)
            if value is not None:
                found.append((match.start(), -match.end(), value, match.group().strip()))
    end = -1
    for start, stop, value, raw in sorted(found):
        if start >= end:
            end = -stop
            yield value, raw


def _of_match(pattern: re.Pattern[str], match: re.Match[str]) -> str | None:
    if pattern is _ISO:
        year, month, day, hour, minute, second, _, offset = match.groups()
        return _joined(year, month, day, hour, minute, second, offset)
    part = match.groupdict()
    month = part.get("month") or _month(part["name"])
    hour = part["hour"]
    if part.get("half") == "晚上" and hour is not None and int(hour) in _AFTER_MIDNIGHT:
        hour = None
    if hour is not None:
        late = part.get("half") in ("下午", "晚上", "午後", "오후") or (part["noon"] or "").lower().startswith("p")
        early = part.get("half") in ("上午", "凌晨", "午前", "오전") or (part["noon"] or "").lower().startswith("a")
        number = int(hour)
        if late and number < 12:
            number += 12
        elif early and number == 12:
            number = 0
        hour = str(number)
    return _joined(part["year"], month, part["day"], hour, part["minute"], part["second"], None)


def _month(name: str) -> int:
    """Return the number of a month's name, or 0: a pattern that ignores case takes ``ı`` for an i, too."""
    return _MONTHS.get(name.casefold(), 0)


def _joined(
    year: str,
    month: str | int,
    day: str,
    hour: str | None = None,
    minute: str | None = None,
    second: str | None = None,
    offset: str | None = None,
) -> str | None:
    try:
        calendar = date(int(year), int(month), int(day))
    except ValueError:
        return None
    if calendar < EARLIEST:
        return None
    text = calendar.isoformat()
    if hour is None or minute is None or int(hour) > 23 or int(minute) > 59 or int(second or 0) > 59:
        return text
    text += f"T{int(hour):02d}:{int(minute):02d}"
    if second is not None:
        text += f":{int(second):02d}"
    if offset:
        if offset.upper() == "Z":
            text += "Z"
        elif int(offset[1:3]) < 24 and int(offset[-2:]) < 60:
            text += f"{offset[0]}{int(offset[1:3]):02d}:{int(offset[-2:]):02d}"
    return text


@lru_cache(maxsize=4096)
def url_date(url: str) -> str | None:
    """Return the day that a URL's path states, or None. Never a time: digits after the day are a number.

    >>> url_date("https://example.org/bnews/cbnews/20230321/1862500.html")
    '2023-03-21'
    """
    try:
        path = unquote(urlsplit(url).path)
    except ValueError:
        return None
    for pattern in (_URL_SPLIT, _URL_MONTH_DAY, _URL_YEAR_DAY, _URL_COMPACT):
        for match in pattern.finditer(path):
            value = _joined(match["year"], match["month"], match["day"])
            if value is not None:
                return value
    return None


def is_after(value: str, moment: datetime) -> bool:
    """Return whether *value* lies after *moment* (aware) wherever on earth it was written.

    A value without an offset is later only when it is later at UTC+14, the earliest clock there is; one minute
    is granted to clocks that are not quite right.
    """
    start = earliest_moment(value)
    return start is not None and start > moment + timedelta(minutes=1)


def earliest_moment(value: str) -> datetime | None:
    """Return the first moment that an ISO *value* can mean, in UTC, or None for what is no date."""
    match = re.fullmatch(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(T.*)?)?)?", value)
    if match is None:
        return None
    year, month, day, clock = match.groups()
    try:
        moment = datetime.fromisoformat(f"{year}-{month or '01'}-{day or '01'}{clock or ''}")
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone(timedelta(hours=14)))
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def same_day(one: str, other: str) -> bool:
    """Return whether two ISO values name the same day as written, or share what the shorter one states."""
    length = min(len(one), len(other), 10)
    return one[:length] == other[:length]


def with_zone(value: str, zone: str) -> str:
    """Add the offset of *zone* (an IANA name) to a *value* that has a time and no offset; others come back as they are.

    >>> with_zone("2023-03-21T08:15", "Asia/Shanghai"), with_zone("2023-03-21", "Asia/Shanghai")
    ('2023-03-21T08:15+08:00', '2023-03-21')
    """
    match = re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?", value)
    if match is None:
        return value
    local = datetime.fromisoformat(value).replace(tzinfo=ZoneInfo(zone))
    offset = local.strftime("%z")
    return f"{value}{offset[:3]}:{offset[3:5]}"


def fetched_text(moment: datetime) -> str:
    """Return *moment* as ``fetched_at``: UTC, whole seconds, ``2023-03-22T08:15:00Z``.

    Raises :exc:`ValueError` for a naive time: its zone would be a guess.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

"""Dates stated for machines: attributes, metadata, the path of a URL."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from newscrawl.dates.moments import joined
from newscrawl.dates.months import month_of
from newscrawl.dates.printed import Order, dates_in

_ISO = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:T|\s|%20)\s?(\d{1,2}):(\d{2})(?::(\d{2})(\.\d+)?)?"
    r"\s?(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?(?![\d:])",
    re.I,
)
_RFC2822 = re.compile(
    r"(?:\w{3,9},?\s)?\s?(\d{1,2})\s([a-z]{3,9})\s(\d{4})\s(\d{2}):(\d{2})(?::(\d{2}))?\s*(GMT|UTC|Z|[+-]\d{4})", re.I
)
_SCRIPTED = re.compile(
    r"[a-z]{3}\s([a-z]{3})\s(\d{2})\s(\d{4})\s(\d{2}):(\d{2}):(\d{2})\s(?:GMT|UTC)([+-]\d{4})?", re.I
)
"""``Tue Mar 21 2023 08:15:00 GMT+0800 (…)``, as JavaScript prints a date."""
_UNIX = re.compile(
    r"[a-z]{3}\s([a-z]{3})\s{1,2}(\d{1,2})\s(\d{2}):(\d{2}):(\d{2})\s(?:(UTC|GMT)|[A-Z]{2,5})?\s?(\d{4})", re.I
)
"""``Tue Mar 21 08:15:00 UTC 2023``, as ``date`` and Java print one; other names of zones mean several."""
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?)?(Z|[+-]\d{2}:?\d{2})?$")
_URL_SPLIT = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d{2})(?P<sep>[-/_.])(?P<month>1[0-2]|0?[1-9])(?P=sep)(?P<day>3[01]|[12]\d|0?[1-9])(?!\d)"
)
_URL_MONTH_DAY = re.compile(r"/(?P<year>(?:19|20)\d{2})-?(?P<month>1[0-2]|0[1-9])/(?P<day>3[01]|[12]\d|0[1-9])(?=/)")
_URL_YEAR_DAY = re.compile(r"/(?P<year>(?:19|20)\d{2})/(?P<month>1[0-2]|0[1-9])-?(?P<day>3[01]|[12]\d|0[1-9])(?=/)")
_URL_COMPACT = re.compile(
    r"(?:^|[/_t-])(?P<year>20\d{2}|19[5-9]\d)(?P<month>1[0-2]|0[1-9])(?P<day>3[01]|[12]\d|0[1-9])(?=[/_.-]|$)"
)
_URL_NAMED = re.compile(r"/(?P<year>(?:19|20)\d{2})/(?P<name>[a-z]{3,9})/(?P<day>3[01]|[12]\d|0?[1-9])(?=/)", re.I)
_URL_NUMBER = re.compile(
    r"(?:[/_-](?P<letters>[A-Za-z]{1,4})?|-)(?P<year>20[0-3]\d)(?P<month>1[0-2]|0[1-9])(?P<day>3[01]|[12]\d|0[1-9])"
    r"(?(letters)(?:\d{4,9}(?=[/_.-]|$)|(?=_\d))|(?:[A-Z][0-9A-Z]{5,}(?=[/_.-]|$)|(?<=-\d{8})(?:[01]\d|2[0-3])[0-5]\d{3}(?=[.-])))"
)
"""A number of an article that holds its day, as portals of Asia and Spain count: ``AKR20240305012300001``."""
_URL_SHORT = re.compile(
    r"/(?P<short>[0-3]\d)/(?P<month>1[0-2]|0[1-9])(?P<day>3[01]|[12]\d|0[1-9])/(?:[01]\d|2[0-3])/(?=[0-9A-Z]{12,}[./])"
)
"""``/18/0823/10/DPT4ABCD000187R2.html``: two digits of the year, the day, the hour, a name."""
_ARCHIVED = re.compile(r"^/(?:web/)?\d{4,14}[a-z_]{0,3}/(?=https?:/)")
"""What web archives write before the URL of a copy: when they made it."""
_EPOCH = re.compile(r"[0-9]{9,10}(?:[0-9]{3})?$")


def iso_date(text: str, *, order: Order | None = None) -> str | None:
    """Return the date of a machine-readable *text* (``datetime`` attribute, meta, JSON-LD), or None.

    The result is as precise as *text*: no hour is invented, an offset is kept and never added. *order* is for
    texts such as ``3/5/2021`` (:func:`~newscrawl.dates.dates_in`).

    >>> iso_date("2023-03-21T08:15:00.000+0800"), iso_date("2023-03-21"), iso_date("soon")
    ('2023-03-21T08:15:00+08:00', '2023-03-21', None)
    """
    text = text.strip()[:64].strip("\"' ")
    match = _ISO.match(text)
    if match:
        year, month, day, hour, minute, second, _, offset = match.groups()
        return joined(year, month, day, hour, minute, second, _offset(offset))
    match = _RFC2822.match(text)
    if match and month_of(match[2]):
        day, name, year, hour, minute, second, offset = match.groups()
        return joined(year, month_of(name), day, hour, minute, second, _offset(offset))
    match = _SCRIPTED.match(text)
    if match and month_of(match[1]):
        name, day, year, hour, minute, second, offset = match.groups()
        return joined(year, month_of(name), day, hour, minute, second, offset or "Z")
    match = _UNIX.match(text)
    if match and month_of(match[1]):
        name, day, hour, minute, second, offset, year = match.groups()
        return joined(year, month_of(name), day, hour, minute, second, _offset(offset))
    match = _COMPACT.match(text)
    if match:
        return joined(*match.groups())
    if re.match(r"(?:19|20)[0-9]{2}(-(1[0-2]|0[1-9]))?$", text):
        return text
    return next((found for found, _ in dates_in(text, order=order, short_years=len(text) <= 20)), None)


def _offset(text: str | None) -> str | None:
    if text is None:
        return None
    if text.upper() in ("GMT", "UTC", "Z"):
        return "Z"
    return f"{text}:00" if len(text) == 3 else text


def epoch_date(text: str) -> str | None:
    """Return the moment of a count of seconds or milliseconds since 1970, in UTC, or None for other numbers.

    Only for attributes that hold a time: elsewhere such a number is a name.

    >>> epoch_date("1679357700"), epoch_date("1679357700000"), epoch_date("1862442")
    ('2023-03-21T00:15:00Z', '2023-03-21T00:15:00Z', None)
    """
    text = text.strip()
    if not text.isascii() or _EPOCH.match(text) is None:
        return None
    seconds = int(text) // (1000 if len(text) > 10 else 1)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@lru_cache(maxsize=4096)
def url_date(url: str) -> str | None:
    """Return the day that a URL's path states, or None. Never a time: digits after the day are a number.

    >>> url_date("https://example.org/bnews/cbnews/20230321/1862500.html")
    '2023-03-21'
    """
    try:
        path = _ARCHIVED.sub("/", unquote(urlsplit(url).path))
    except ValueError:
        return None
    for pattern in (_URL_SPLIT, _URL_MONTH_DAY, _URL_YEAR_DAY, _URL_COMPACT, _URL_NAMED, _URL_NUMBER, _URL_SHORT):
        for match in pattern.finditer(path):
            part = match.groupdict()
            year = part.get("year") or f"20{part['short']}"
            value = joined(year, part.get("month") or month_of(part["name"]), match["day"])
            if value is not None:
                return value
    return None

"""A date as text of a row: joined from its parts, compared, put into a zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

EARLIEST = date(1900, 1, 1)
"""No page is older than this; an earlier year is a number that only looks like a date."""


def joined(
    year: str | int,
    month: str | int,
    day: str | int,
    hour: str | int | None = None,
    minute: str | None = None,
    second: str | None = None,
    offset: str | None = None,
) -> str | None:
    """Return the ISO value of what was stated, or None for no day of the calendar; a faulty clock is left out."""
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

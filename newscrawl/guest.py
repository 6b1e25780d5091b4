"""What a good guest goes by, besides robots.txt: how long to wait, whom never to ask, where to be reached."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Self

from newscrawl.addresses import AllowList, mapped_host, parse_address
from newscrawl.exceptions import ConfigError
from newscrawl.urls import host_of, resolve

_SECONDS = re.compile(r"[0-9]{1,12}(?:\.[0-9]{0,9})?")
_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z][A-Za-z0-9-]{0,62}")
_LOOPBACK = AllowList.parse(["127.0.0.0/8", "::1"])


def retry_after_s(value: str | None, *, now: float, date: str | None = None) -> float | None:
    """Return for how many seconds a server asks to wait, or None when *value*, its Retry-After, says nothing.

    A time is compared with *date*, the server's own Date, and without one with *now*, in seconds since 1970; one that
    has passed is 0. Source: RFC 9110, 10.2.3.

    >>> retry_after_s("120", now=0.0), retry_after_s("Thu, 01 Jan 1970 00:01:00 GMT", now=20.0)
    (120.0, 40.0)
    """
    text = (value or "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    until = _http_time(text)
    if until is None:
        return None
    stated = _http_time(date or "")
    return max(until - (now if stated is None else stated), 0.0)


def _http_time(text: str) -> float | None:
    if not 8 < len(text) < 60:
        return None
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def backoff_s(times: int, *, least_s: float = 600.0, most_s: float = 86_400.0) -> float:
    """Return how long a host is left alone that has failed for the nth time: twice as long each time.

    >>> [backoff_s(times) for times in (1, 2, 3, 100)]
    [600.0, 1200.0, 2400.0, 86400.0]
    """
    return min(least_s * 2.0 ** min(max(times - 1, 0), 60), most_s)


# Where to be reached ------------------------------------------------------------------------------------


def is_contact(text: str) -> bool:
    """Return whether *text* is a URL or a mail address, as a webmaster needs it.

    >>> is_contact("https://news.example/bot"), is_contact("mailto:bot@news.example"), is_contact("me")
    (True, True, False)
    """
    text = text.strip()
    if _MAIL.fullmatch(text.removeprefix("mailto:")):
        return True
    if not text.startswith(("http://", "https://")) or not text.isascii() or any(ch in text for ch in ' \t()<>"'):
        return False
    return "." in host_of(text)


def strangers(urls: Iterable[str], allow: AllowList) -> list[str]:
    """Return those of *urls* that lead to other people: neither to this machine nor to an address on the list."""
    return [url for url in urls if not _is_ours(url, allow)]


def _is_ours(url: str, allow: AllowList) -> bool:
    host = host_of(url)
    address = parse_address(host)
    if address is None:
        name = mapped_host(host).rstrip(".")
        return name == "localhost" or name.endswith(".localhost")
    port = re.match(r"https?://[^/?#]*:(\d{1,5})(?:[/?#]|$)", url)
    number = int(port[1]) if port else 443 if url.startswith("https") else 80
    return _LOOPBACK.permits(address, None) or allow.permits(address, number)


# Whom never to ask --------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class OptOut:
    """Hosts and places that want nothing to do with us: ``NEWSCRAWL_OPT_OUT``."""

    hosts: frozenset[str] = frozenset()
    """With everything below them: ``example.org`` stands for ``www.example.org``, too."""
    prefixes: tuple[str, ...] = ()
    """Beginnings of URLs without their scheme: ``www.example.org/private/``."""

    @classmethod
    def parse(cls, text: str, name: str) -> Self:
        """Return the list that *text* is: one host, registrable domain or beginning of a URL a line.

        Empty lines and what follows a ``#`` at the start of a line or after a blank do not count. Raises
        :exc:`ConfigError` for the first line that is none of these, with *name* and its number.
        """
        hosts, prefixes = set[str](), dict[str, None]()
        for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
            entry = re.split(r"(?:^|\s)#", line, maxsplit=1)[0].strip()
            if not entry:
                continue
            url = resolve(None, entry if "://" in entry else f"http://{entry}/")
            if url is None or any(ch.isspace() for ch in entry) or ("/" in entry and "://" not in entry):
                raise ConfigError(f"{name}:{number}: {entry[:200]!r} is no host and no URL with http:// or https://")
            rest = url.partition("://")[2]
            if "://" in entry and (rest.partition("/")[2] or ":" in rest.partition("/")[0]):
                prefixes[rest] = None
            else:
                hosts.add(host_of(url))
        return cls(hosts=frozenset(hosts), prefixes=tuple(prefixes))

    def entry_of(self, url: str) -> str | None:
        """Return the entry that *url* falls under, or None."""
        if self.hosts:
            name = host_of(url)
            while name:
                if name in self.hosts:
                    return name
                name = name.partition(".")[2]
        if self.prefixes:
            rest = (resolve(None, url) or url).partition("://")[2]
            return next((prefix for prefix in self.prefixes if rest.startswith(prefix)), None)
        return None

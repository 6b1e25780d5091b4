"""The host of a URL, and the site it belongs to."""

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import TypeVar

from publicsuffixlist import PublicSuffixList

from newscrawl.addresses import parse_address
from newscrawl.urls.reading import remembered, resolve, split

_Value = TypeVar("_Value")

_HOST = re.compile(r"https?://((?:[a-z0-9_-]{1,63}\.)+[a-z][a-z0-9-]*)(?=[/?#]|\Z)")


def host_of(url: str) -> str:
    """Return the host of *url* in lower case, without port, brackets or trailing dot; "" when it has none."""
    found = _HOST.match(url)
    return found[1] if found else _unusual_host(url)


@remembered
def _unusual_host(url: str) -> str:
    clean = resolve(None, url)
    if clean is None:
        return ""
    host = split(clean).host
    if host.startswith("["):
        return host[1 : host.index("]")]
    return host.partition(":")[0]


@cache
def _suffixes() -> PublicSuffixList:
    # The list inside the package: nothing is fetched. Its private part makes every blog of a hoster a site.
    return PublicSuffixList()


def of_nearest_host(by_host: Mapping[str, _Value], host: str) -> _Value | None:
    """Return what *by_host* says of *host*, or else of the nearest host that *host* is a subdomain of.

    >>> of_nearest_host({"news.example": 1, "example": 2}, "m.news.example")
    1
    """
    while host and host not in by_host:
        _, _, host = host.partition(".")
    return by_host.get(host)


def site_of(url: str) -> str:
    """Return the registrable domain of *url*; for an address, a bare name or a public suffix the host itself.

    >>> site_of("https://finance.sina.com.cn/a"), site_of("http://127.0.0.1:8000/")
    ('sina.com.cn', '127.0.0.1')
    """
    return _site(host_of(url))


@lru_cache(maxsize=4096)
def _site(host: str) -> str:
    if "." not in host or ":" in host or parse_address(host) is not None:
        return host
    return _suffixes().privatesuffix(host) or host

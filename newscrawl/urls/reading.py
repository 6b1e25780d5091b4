"""A URL as a browser reads it off a page."""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache, wraps
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple, TypeVar
from urllib.parse import quote

from newscrawl.addresses import mapped_host, parse_address

# Longer URLs are not remembered: a cache is bounded by entries, and an entry must be small.
REMEMBERED_LENGTH = 2000
# No server reads a longer one: it is data that somebody put into an address.
_LONGEST = 32_768

_Answer = TypeVar("_Answer")


def remembered(ask: Callable[[str], _Answer]) -> Callable[[str], _Answer]:
    """Return *ask* with a memory for the URLs asked last."""
    cached = lru_cache(maxsize=8192)(ask)

    @wraps(ask)
    def answer(url: str) -> _Answer:
        return cached(url) if len(url) <= REMEMBERED_LENGTH else ask(url)

    return answer


EDGES = "".join(map(chr, range(0x21))) + "\u00a0\u200b\u2028\u2029\u3000\ufeff"
_REMOVED = re.compile("[\t\n\r]+")
_SURROGATE = re.compile("[\ud800-\udfff]")

# What may stand unescaped is what w3lib leaves alone: scrapy.Request then asks for exactly this URL.
_SAFE = r"A-Za-z0-9\-._~!$&()*+,;=:@/"
_CLEAN_PATH = rf"/(?![^?#]*/(?:\.|%2E))(?!\.|%2E)(?>(?:[{_SAFE}']++|%[0-9A-F]{{2}})*)"
_CLEAN_QUERY = rf"(?:\?(?>(?:[{_SAFE}?]++|%[0-9A-F]{{2}})+))?"
_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
CLEAN_HOST = (
    rf"(?=[^/]{{4,253}}/)(?:(?:[a-z0-9_-]{{1,63}}\.)+[a-z][a-z0-9-]{{0,62}}|(?:{_BYTE}\.){{3}}{_BYTE})"
    r"(?:(?!:80/|:443/):(?:[1-5][0-9]{4}|[1-9][0-9]{1,3}))?"
)
_CLEAN = re.compile(rf"https?://{CLEAN_HOST}{_CLEAN_PATH}{_CLEAN_QUERY}")

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_REFERENCE = re.compile(r"([^?#]*)(\?[^#]*)?(?:#(.*))?", re.DOTALL)
_URL = re.compile(r"(https?)://([^/]+?)\.?(:[0-9]+)?(/[^?#]*)(?:\?([^#]*))?(#.*)?")
_ESCAPE_PATH = re.compile(rf"%[0-9A-Fa-f]{{2}}|[^{_SAFE}'%]+")
_ESCAPE_QUERY = re.compile(rf"%[0-9A-Fa-f]{{2}}|[^{_SAFE}?%]+")
_ESCAPE_FRAGMENT = re.compile(rf"%[0-9A-Fa-f]{{2}}|[^{_SAFE}'?%]+")
_DOTS = {".": 1, "%2E": 1, "..": 2, ".%2E": 2, "%2E.": 2, "%2E%2E": 2}

_AUTHORITY = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(?::(0*[0-9]{0,5}))?")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_LABEL = re.compile(r"[a-z0-9_-]{1,63}")
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LONGEST_HOST = 254
"""The 253 characters of a DNS name and its trailing dot."""
_JOINERS = "\u200c\u200d"


class Parts(NamedTuple):
    """A resolved URL, taken apart."""

    scheme: str
    host: str
    """Without a trailing dot; with the port where it is not the scheme's own."""
    path: str
    query: str
    fragment: str
    """With its ``#``, or empty."""


def resolve(base: str | None, href: str) -> str | None:
    """Return the absolute URL of *href* found on the page *base*, or None when it is no http(s) URL.

    Read as a browser reads it, with escapes in upper case and otherwise as published (``%2F`` and the bytes
    of a GBK query stay), and without user name, default port and fragment; ``#!`` and ``#/`` routes are kept.
    A host that no DNS name can have gives None, too, and so does an address of more than 32,768 characters.

    >>> resolve("https://news.example/2023/index.html", " ../国际/1.html#top ")
    'https://news.example/%E5%9B%BD%E9%99%85/1.html'

    Source: WHATWG URL Standard, basic URL parser.
    """
    if _CLEAN.fullmatch(href):
        return href
    base = link_base(base, href)
    if len(href) + len(base or "") > REMEMBERED_LENGTH:
        return _resolve(base, href)
    return _remembered_resolve(base, href)


def _resolve(base: str | None, href: str) -> str | None:
    if len(href) > _LONGEST:
        return None
    text = _SURROGATE.sub("\ufffd", _REMOVED.sub("", href.strip(EDGES)))
    given = _SCHEME.match(text)
    scheme = given[1].lower() if given else None
    if scheme not in (None, "http", "https"):
        return None
    found = _REFERENCE.fullmatch(text, given.end() if given else 0)
    if not text or found is None:
        return None
    head, query, fragment = found[1].replace("\\", "/"), found[2], _fragment(found[3])
    origin = _base(base) if base is not None else None
    if scheme is not None and (head.startswith("//") or origin is None or origin.scheme != scheme):
        return _absolute(scheme, head, query, fragment)
    if origin is None:
        return None
    if head.startswith("//"):
        return _absolute(origin.scheme, head, query, fragment)
    if not head and query is None:
        if not fragment:
            return None
        query = f"?{origin.query}"
    if not head:
        path = origin.path
    elif head.startswith("/"):
        path = _path(head)
    else:
        path = _path(origin.path.rpartition("/")[0] + "/" + head)
    return f"{origin.scheme}://{origin.host}{path}{_query(query)}{fragment}"


def link_base(base: str | None, href: str) -> str | None:
    """Return the part of *base* that decides what *href* leads to: with it :func:`resolve` gives the same URL.

    Links with the same target on every page of a site have the same answer there, so that it can be remembered.
    """
    if base is None or href.startswith(("http://", "https://")):
        return None
    return _origin(base) if href.startswith("/") else base


@lru_cache(maxsize=256)
def _origin(base: str) -> str:
    """Return *base* up to the slash before its path; *base* itself where that is not so simple."""
    end = base.find("/", 8)
    return base[: end + 1] if end > 0 and base.startswith("http") and "\\" not in base[:end] else base


_remembered_resolve = lru_cache(maxsize=8192)(_resolve)


@lru_cache(maxsize=256)
def _base(base: str) -> Parts | None:
    """Return the parts of the page's own URL, its host as it stands."""
    url = resolve(None, base)
    return split(url)._replace(host=url.split("/", 3)[2]) if url else None


def split(url: str) -> Parts:
    """Return the parts of *url*, a result of :func:`resolve`."""
    found = _URL.fullmatch(url)
    assert found is not None, url
    scheme, host, port, path, query, fragment = found.groups(default="")
    return Parts(scheme, host + port, path, query, fragment)


def _absolute(scheme: str, head: str, query: str | None, fragment: str) -> str | None:
    authority, slash, path = head.lstrip("/").partition("/")
    found = _AUTHORITY.fullmatch(authority.rpartition("@")[2])
    host = _host(found[1]) if found else None
    if found is None or host is None:
        return None
    port = int(found[2].lstrip("0") or "0") if found[2] else _DEFAULT_PORTS[scheme]
    if not 0 < port < 65536:
        return None
    suffix = "" if port == _DEFAULT_PORTS[scheme] else f":{port}"
    return f"{scheme}://{host}{suffix}{_path(slash + path)}{_query(query)}{fragment}"


def _host(text: str) -> str | None:
    """Return the host in the one form in which it is asked for: ASCII, lower case, addresses in full."""
    if text.startswith("["):
        address = None if "%" in text else parse_address(text)
        return f"[{_v6(address)}]" if isinstance(address, IPv6Address) else None
    host = mapped_host(text)
    # Punycode is never shorter, and takes its time for a long name.
    if len(host) > _LONGEST_HOST:
        return None
    labels = host.removesuffix(".").split(".")
    if _NUMERIC_LABEL.fullmatch(labels[-1]):
        address = parse_address(host)
        return str(address) if isinstance(address, IPv4Address) else None
    dot = "." if host.endswith(".") else ""
    ascii_labels = [_ascii_label(label) for label in labels]
    if not all(map(_LABEL.fullmatch, ascii_labels)):
        return None
    host = ".".join(ascii_labels) + dot
    return host if len(host) <= _LONGEST_HOST else None


def _v6(address: IPv6Address) -> str:
    # str() writes an IPv4-mapped address in one way up to Python 3.12 and in another from 3.13 on.
    if address.ipv4_mapped is not None:
        number = int(address.ipv4_mapped)
        return f"::ffff:{number >> 16:x}:{number & 0xFFFF:x}"
    return str(address)


def _ascii_label(label: str) -> str:
    """Return *label* in Punycode, or "" when it holds what no host name may hold."""
    if label.isascii():
        return label
    if label.startswith("xn--") or not all(map(_may_be_in_host, label)):
        return ""
    return "xn--" + label.encode("punycode").decode("ascii")


def _may_be_in_host(ch: str) -> bool:
    if ch.isascii():
        return _LABEL.fullmatch(ch) is not None
    category = unicodedata.category(ch)
    return ch in _JOINERS or (category[0] not in "CZ" and ch not in "\ufffc\ufffd")


def _escaped(match: re.Match[str]) -> str:
    text = match[0]
    return text.upper() if text.startswith("%") else quote(text, safe="")


def _path(path: str) -> str:
    return without_dots(_ESCAPE_PATH.sub(_escaped, path)) or "/"


def without_dots(path: str) -> str:
    """Return *path* with its ``.`` and ``..`` segments resolved, escaped dots among them."""
    if "/." not in path and "/%2E" not in path:
        return path
    kept: list[str] = []
    first, *segments = path.split("/")
    for segment in segments:
        dots = _DOTS.get(segment, 0)
        if dots == 2 and kept:
            kept.pop()
        if not dots:
            kept.append(segment)
    if _DOTS.get(segments[-1], 0):
        kept.append("")
    return "/".join([first, *kept])


def _query(query: str | None) -> str:
    """Return *query*, which begins with its ``?``, escaped; an empty one is left out."""
    escaped = _ESCAPE_QUERY.sub(_escaped, (query or "?")[1:])
    return f"?{escaped}" if escaped else ""


def _fragment(fragment: str | None) -> str:
    """Return the fragment with its ``#`` when it is the route of a one-page site, else ""."""
    if not fragment or len(fragment) == 1 or fragment[0] not in "!/":
        return ""
    return "#" + _ESCAPE_FRAGMENT.sub(_escaped, fragment)

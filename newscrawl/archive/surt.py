"""SURT: the form of a URL under which archives sort and look up their captures.

``http://www.news.example:8080/A?b=2&a=1`` is ``example,news:8080)/a?a=1&b=2``: host reversed, so that a site lies
together, and whatever makes no difference taken away (scheme, ``www``, user, fragment, session ids, order and case).
Two addresses with one SURT are taken for one page by the tools that replay archives: it is coarser than
:func:`newscrawl.urls.url_key`, and is used for the index alone.
"""

from __future__ import annotations

import re
import socket
from contextlib import suppress

_BLANKS = " \t\n\r\x0b\x0c"
_DROPPED = re.compile("[\t\n\r]+")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_WEB = re.compile(r"(?i)(https?):/*(?:https?://+)*")
_HIERARCHICAL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_AS_IS = ("warcinfo:", "filedesc:")
_AUTHORITY_END = re.compile("[/?#]")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_ESCAPED = re.compile(rb"[\x00-\x20\x7f-\xff#%]")
_WWW = re.compile(r"www[0-9]*\.(?=.)")
_NUMBER = re.compile("[0-9]+")
_IPV4 = re.compile(r"[0-9]+(?:\.[0-9]+){1,3}")
_PORT = re.compile(r"[0-9]{1,5}")
_DEFAULT_PORTS = {"http": "80", "https": "443"}
# ASP.NET puts the session into the path: /(S(…24 letters and digits…))/page.aspx.
_PATH_SESSIONS = (
    re.compile(r"^(.*/)\((?:[a-z]\([0-9a-z]{24}\))+\)/([^?]+\.aspx.*)$"),
    re.compile(r"^(.*/)\([0-9a-z]{24}\)/([^?]+\.aspx.*)$"),
)
_QUERY_SESSIONS = tuple(
    re.compile(rf"^(.*){session}(?:&(.*))?$")
    for session in (
        "jsessionid=[0-9a-z]{32}",
        "phpsessid=[0-9a-z]{32}",
        "sid=[0-9a-z]{32}",
        "aspsessionid[a-z]{8}=[a-z]{24}",
        "cfid=[^&]++&cftoken=[^&]++",
    )
)


def surt(url: str) -> str:
    """Return the sort-friendly form of *url*; any text has one, ``-`` if it is empty.

    >>> surt("https://user@www.News.example:443/China//a/?b=2&A=1#top")
    'example,news)/china/a?a=1&b=2'
    """
    text = _DROPPED.sub("", url.strip(_BLANKS))
    if not text:
        return "-"
    if text.startswith(_AS_IS):
        return text
    if not _SCHEME.match(text):
        text = f"http://{text}"
    if web := _WEB.match(text):
        return _with_host(web[1].lower(), text[web.end() :])
    if found := _HIERARCHICAL.match(text):
        return _with_host(found[1].lower(), text[found.end() :])
    scheme, _, rest = text.partition(":")
    before, mark, query = rest.partition("#")[0].partition("?")
    return f"{scheme}:{_clean(before).lower().removesuffix('/')}{_query(query) if mark else ''}"


def _with_host(scheme: str, rest: str) -> str:
    """Return the SURT of ``scheme://rest``."""
    end = _AUTHORITY_END.search(rest)
    authority, rest = (rest[: end.start()], rest[end.start() :]) if end else (rest, "")
    host, port = _host_and_port(authority.rpartition("@")[2])
    path, mark, query = rest.partition("#")[0].partition("?")
    tail = _path(path or "/") + (_query(query) if mark else "")
    if not host:
        return f"{scheme}:{tail}" if path or mark else f"{scheme}:"
    if port in ("0", _DEFAULT_PORTS.get(scheme)):
        port = ""
    return ",".join(reversed(host.split("."))) + (f":{port}" if port else "") + ")" + tail


def _host_and_port(authority: str) -> tuple[str, str]:
    if authority.startswith("["):
        host, _, after = authority[1:].partition("]")
        return _clean(host).lower(), _port(after.removeprefix(":"))
    host, _, port = authority.rpartition(":") if ":" in authority else (authority, "", "")
    host = _ascii_host(_unescaped(host)).replace("..", ".").strip(".").lower()
    host = _address(host)
    www = _WWW.match(host)
    return host[www.end() :] if www else host, _port(port)


def _port(text: str) -> str:
    return str(int(text)) if _PORT.fullmatch(text) else _clean(text).lower()


def _ascii_host(host: bytes) -> str:
    """Return *host* in ASCII; a name that IDNA cannot say is percent-encoded."""
    if not host.isascii():
        with suppress(UnicodeError):
            host = host.decode("utf-8").encode("idna")
    return _escaped(host)


def _address(host: str) -> str:
    """Return *host* with an IPv4 address of less than four numbers written out, as C's ``inet_aton`` reads it."""
    if _NUMBER.fullmatch(host) and len(host) <= 40:
        return socket.inet_ntoa((int(host) & 0xFFFFFFFF).to_bytes(4, "big"))
    if _IPV4.fullmatch(host):
        try:
            return socket.inet_ntoa(socket.inet_aton(host))
        except OSError:
            return host
    return host


def _path(path: str) -> str:
    kept: list[bytes] = []
    for segment in _unescaped(path).removeprefix(b"/").split(b"/"):
        if segment == b".." and kept:
            kept.pop()
        elif segment != b".":
            kept.append(segment)
    clean = _escaped(re.sub(b"//+", b"/", b"/" + b"/".join(kept))).lower()
    for session in _PATH_SESSIONS:
        clean = session.sub(r"\1\2", clean)
    return clean.removesuffix("/") or "/"


def _query(query: str) -> str:
    clean = _clean(query).lower()
    for session in _QUERY_SESSIONS:
        if found := session.match(clean):
            clean = found[1] + (found[2] or "")
    # By name, then by value: as whole texts "a-b=1" would stand before "a=1".
    return "?" + "&".join(sorted(clean.split("&"), key=lambda part: part.split("=", 1))) if clean else ""


def _clean(text: str) -> str:
    return _escaped(_unescaped(text))


def _unescaped(text: str) -> bytes:
    """Return the bytes that *text* stands for, if it was percent-encoded several times over."""
    data = text.encode("utf-8", "replace")
    # Nobody encodes a URL that often; a longer chain is made to cost time.
    for _ in range(32):
        plain = _PERCENT.sub(lambda found: bytes([int(found[1], 16)]), data)
        if plain == data:
            break
        data = plain
    return data


def _escaped(data: bytes) -> str:
    return _ESCAPED.sub(lambda found: b"%%%02X" % found[0][0], data).decode("ascii")

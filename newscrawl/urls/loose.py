"""The form of a URL under which it may be the same page as another: to be proved before anything is merged."""

import re

from newscrawl.urls.hosts import site_of
from newscrawl.urls.keys import url_key
from newscrawl.urls.parameters import NO_RULES, ParameterRules, is_doubtful
from newscrawl.urls.reading import resolve, split

# Hosts that show the pages of another one in another way.
_SAME_PAGES = re.compile(r"(?:www[0-9]?|m[0-9]?|wap|mobile|touch|3g|amp|amphtml|print)")
_MOBILE_PREFIX = re.compile(r"(?:m|mobile|wap|amp)-(?=[a-z])")

_SLASHES = re.compile("//+")
_INDEX = re.compile(r"/(?:index|default)\.(?:[sxp]?html?|php[0-9]?|aspx?|jspx?|cgi|do)$", re.IGNORECASE)
_FIRST_PAGE = re.compile(r"/page/1(?=/?$)")
# Segments that ask for another form of the page, wherever they stand in the path.
_FORM = re.compile(r"/(?:(?:google/)?amp(?:/1(?=/?$))?|amphtml|amprfa|print|printable)(?=/|$)", re.IGNORECASE)
# /a.amp /a.amp.html /a-amp.html /a_amp.html /a.print.html; the hyphen also ends "…-a-12345-amp".
_FORM_AT_END = re.compile(r"[._-](?:amp|print)(?=(?:\.[sx]?html?|\.php|\.aspx?)?$)", re.IGNORECASE)


def url_loose(url: str, rules: ParameterRules = NO_RULES) -> str:
    """Return a form of *url* that is equal for URLs that may be one page: a redirect, a canonical link or equal text
    has to prove it.

    Besides what :func:`url_key` drops: the scheme, ``www.`` and mobile hosts, AMP and print forms, index files, the
    slash at the end, double slashes, the first of several pages, and parameters such as ``ref`` and ``from``.
    It is a key, not an address to ask for.

    >>> url_loose("http://m.news.example//a/index.html?ref=home") == url_loose("https://www.news.example/a")
    True
    """
    key = url_key(url, rules)
    # What one rule leaves another may take; each step but the first makes the key shorter.
    while (looser := _looser(key, rules)) != key:
        key = looser
    return key


def _looser(key: str, rules: ParameterRules) -> str:
    if resolve(None, key) is None:
        return key
    parts = split(key)
    kept = [p for p in parts.query.split("&") if p and not is_doubtful(*p.partition("=")[::2], rules)]
    query = "?" + "&".join(kept) if kept else ""
    # The key of the result: a path without its index file may have become the copy in an AMP cache, or the like.
    return url_key(f"https://{_plain_host(parts.host)}{_plain_path(parts.path)}{query}{parts.fragment}", rules)


def _plain_host(host: str) -> str:
    """Return *host* without the labels of mobile and similar editions; a site's own name is never one of them."""
    site = site_of(f"https://{host}/")
    name, colon, port = host.partition(":")
    if host.startswith("[") or not name.endswith(f".{site}"):
        return host
    labels = name.removesuffix(f".{site}").split(".")
    kept = [_MOBILE_PREFIX.sub("", label) for label in labels if _SAME_PAGES.fullmatch(label) is None]
    return ".".join([*kept, site]) + colon + port


def _plain_path(path: str) -> str:
    path = _SLASHES.sub("/", path)
    path = _FORM_AT_END.sub("", _FORM.sub("", path))
    path = _FIRST_PAGE.sub("", _INDEX.sub("/", path))
    return path.rstrip("/") or "/"

"""URLs without end: told by their shape, and by what their like has brought.

A site can name ever new URLs of pages that it writes as they are asked for: calendars, filters in any order,
session ids, paths that grow. :func:`trap` judges one URL; :class:`TrapWatch` remembers for each pattern of URLs how
many were asked for since the last one that brought an article.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Generic, Literal, TypeVar
from urllib.parse import unquote

from newscrawl.urls import host_of, looks_like_article, resolve, site_of, with_parameters

Trap = Literal[
    "path_repeat", "too_deep", "too_long", "calendar", "no_news", "same_content", "facets", "hosts", "sitemaps"
]

_MOST_SEGMENTS = 20
_LONGEST_URL = 2048
_MOST_PARAMETERS = 20
_MOST_FRUITFUL_HOSTS = 10_000
_LONGEST_KEY = 120
_MOST_REPEATS = 2
_EARLIEST_YEAR = 1900

_SESSION_NAMES = (
    r"phpsessid|jsessionid|aspsessionid[a-z]*|asp\.net_sessionid|sessionid|session_id|sessid|cfid|cftoken|oscsid|zenid"
)
_SESSION_IN_PATH = re.compile(rf";(?:{_SESSION_NAMES})=[^/;?#]*", re.I)
# ASP.NET writes its session as a segment: /(S(lit3py55t21z5v55vlm25s55))/page.aspx
_SESSION_SEGMENT = re.compile(r"/\((?:[A-Z]\([A-Za-z0-9_-]{8,}\))+\)(?=/|$)")
_SESSION_PARAMETER = re.compile(rf"(?:{_SESSION_NAMES})", re.I)
# A bare "sid" is often the id of a section or a story: only a long value of random look is a session.
_SHORT_SESSION_NAME = re.compile(r"(?:s|sid|session)", re.I)
_RANDOM_VALUE = re.compile(r"(?=[^0-9]*[0-9])(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9]{16,}")

_DATE_IN_PATH = re.compile(r"(?<![0-9])([0-9]{4})[-_/](?:1[0-2]|0?[1-9])(?:[-_/](?:3[01]|[12][0-9]|0?[1-9]))?(?![0-9])")
_CALENDAR_WORD = re.compile(r"(?:^|[/_-])(?:calendars?|events?|agenda|kalender|calendrier|日历|日曆)(?=[/_.-]|$)", re.I)
_YEAR_PARAMETER = re.compile(r"(?:^|&)(?:y|year|yr|jahr|annee|ano)=([0-9]{1,6})(?=&|$)", re.I)
_DATE_PARAMETER = re.compile(
    r"(?:^|&)(?:date|day|month|from|to|start|end|d|m|cal(?:endar)?|datum|ym)=([0-9]{4})-?(?:1[0-2]|0[1-9])(?:-?[0-3][0-9])?(?=&|$)",
    re.I,
)

_DATED = re.compile(r"[/=_-](?:19|20)[0-9]{2}(?:[-_/]?[01]?[0-9]\b|\b)|[?&](?:y|year|month|day|date)=", re.I)

_MONTH = re.compile(
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)(?:uary|ruary|ch|il|e|y|ust|t|tember|ober|ember)?", re.I
)
_HEX = re.compile(r"[0-9a-f]{8,}(?:-[0-9a-f]{4,}){0,4}", re.I)
_NUMBER = re.compile(r"[0-9]+")
_TOKEN = re.compile(r"(?=[^0-9]*[0-9])[A-Za-z0-9_-]{12,}")


def without_session(url: str) -> str:
    """Return *url* without the session ids in its path and query; the same object where there are none.

    >>> without_session("https://news.example/a;jsessionid=1F?PHPSESSID=ab12&page=1")
    'https://news.example/a?page=1'
    """
    head, mark, rest = url.partition("?")
    path = _SESSION_SEGMENT.sub("", _SESSION_IN_PATH.sub("", head))
    found = url if path == head else f"{path}{mark}{rest}"
    return with_parameters(found, lambda parameter: not _is_session(parameter))


def _is_session(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    if _SESSION_PARAMETER.fullmatch(name):
        return True
    return _SHORT_SESSION_NAME.fullmatch(name) is not None and _RANDOM_VALUE.fullmatch(value) is not None


def trap(url: str, *, this_year: int) -> Trap | None:
    """Return why *url* is one of endlessly many by its shape alone, or None.

    ``path_repeat``: a segment more than twice in the path, a run of numbers more than three times in a row;
    ``too_deep``: more than 20 segments; ``too_long``: more than 2,048 characters of ASCII; ``calendar``: a day,
    month or year before 1900 or after the next one. Session ids are no reason: see :func:`without_session`.

    >>> trap("https://news.example/a/b/a/b/a/", this_year=2026), trap("https://news.example/2023/03/", this_year=2026)
    ('path_repeat', None)
    """
    clean = resolve(None, url)
    if clean is None:
        return None
    path, _, query = clean[clean.index("/", 8) :].partition("?")
    if query.count("&") > _MOST_PARAMETERS or (
        # Each character of a Chinese headline takes nine here.
        len(clean) > _LONGEST_URL and len(re.sub("(?:%[0-9A-F]{2}){3}", "x", clean)) > _LONGEST_URL
    ):
        return "too_long"
    segments = [segment for segment in path.split("/") if segment]
    if len(segments) > _MOST_SEGMENTS:
        return "too_deep"
    if _repeats(segments):
        return "path_repeat"
    return "calendar" if _is_far(path, query, this_year) else None


def _repeats(segments: list[str]) -> bool:
    """Tell whether a segment comes more than twice, or a run of numbers too often in a row to be a date."""
    if len(set(segments)) == len(segments):
        return False
    if any(segments.count(segment) > _MOST_REPEATS for segment in set(segments) if not segment.isdecimal()):
        return True
    # Only runs of numbers are left: /2011/11/11/11/ is a date, and a clock may follow.
    times = 2 * _MOST_REPEATS
    for length in range(1, len(segments) // times + 1):
        for start in range(len(segments) - times * length + 1):
            run = segments[start : start + length]
            if segments[start : start + times * length] == run * times:
                return True
    return False


def _is_far(path: str, query: str, this_year: int) -> bool:
    """Tell whether a date of what is no article lies where no calendar of a site has anything."""

    def far(found: Iterable[re.Match[str]]) -> bool:
        return any(not _EARLIEST_YEAR <= int(match[1]) <= this_year + 1 for match in found)

    if query and (far(_YEAR_PARAMETER.finditer(query)) or far(_DATE_PARAMETER.finditer(query))):
        return True
    if not far(_DATE_IN_PATH.finditer(path)):
        return False
    return _CALENDAR_WORD.search(path) is not None or not looks_like_article(f"http://a.b{path}")


def pattern(url: str) -> str:
    """Return what *url* has in common with its like: numbers, hashes and tokens replaced, query names sorted.

    >>> pattern("https://news.example/list/2023-03-21?b=2&a=1"), pattern("https://news.example/t/9f86d081884c7d65")
    ('news.example/list/0-0-0?a&b', 'news.example/t/x')
    """
    clean = resolve(None, without_session(url))
    if clean is None:
        return ""
    path, _, query = clean[clean.index("/", 8) :].partition("?")
    names = sorted({_NUMBER.sub("0", parameter.partition("=")[0]) for parameter in query.split("&") if parameter})
    segments = "/".join(map(_shape, path.split("/")[:_MOST_SEGMENTS]))
    return (host_of(clean) + segments + ("?" + "&".join(names) if names else ""))[:_LONGEST_URL]


def _shape(segment: str) -> str:
    # The digits of an escape are no number: every section with a Chinese name would be the same.
    segment = unquote(segment)
    if _HEX.fullmatch(segment) and not segment.isdecimal():
        return "x"
    if _TOKEN.fullmatch(segment) and "-" not in segment:
        return "x"
    return "0" if _MONTH.fullmatch(segment) else _NUMBER.sub("0", segment)


@dataclass(slots=True)
class _Brought:
    """What the pages of one pattern, folder or path have brought."""

    articles: int = 0
    fruitless: int = 0
    """Pages since the last that brought an article."""
    same: int = 0
    """Pages in a row with a text that was there before."""
    digests: deque[str] = field(default_factory=lambda: deque(maxlen=8))
    patterns: set[str] = field(default_factory=set)
    """Of a path: the combinations of parameters that brought nothing."""

    def learn(self, digest: str | None, new_articles: int) -> None:
        if new_articles > 0:
            self.articles += new_articles
            self.fruitless = self.same = 0
        else:
            self.fruitless += 1
            self.same = self.same + 1 if digest is not None and digest in self.digests else 0
        if digest is not None and digest not in self.digests:
            self.digests.append(digest)

    def is_spent(self, most: int, url: str) -> bool:
        """Tell whether *most* pages in a row brought nothing; where *url* looks like an article's, all there were."""
        return self.fruitless >= most and not (self.articles and looks_like_article(url))


@dataclass(slots=True)
class _Hosts:
    """The hosts of one site: those that brought an article, and those that did not."""

    fruitful: set[str] = field(default_factory=set)
    fruitless: set[str] = field(default_factory=set)


_Value = TypeVar("_Value")


class _Remembered(Generic[_Value]):
    """The values of the keys last used, as many as there is room for."""

    def __init__(self, most: int, new: Callable[[], _Value]) -> None:
        self._most = most
        self._new = new
        self._values: OrderedDict[str, _Value] = OrderedDict()

    def get(self, key: str) -> _Value | None:
        return self._values.get(key)

    def of(self, key: str) -> _Value:
        value = self._values.pop(key, None)
        if value is None:
            value = self._new()
        self._values[key] = value
        if len(self._values) > self._most:
            self._values.popitem(last=False)
        return value

    def __len__(self) -> int:
        return len(self._values)


class TrapWatch:
    """What the URLs of one crawl have brought, by pattern. Deterministic; bounded in memory.

    Ask :meth:`refuses` of a URL before it is queued, and again before it is asked for: what was queued with it may have
    shown the trap. Tell :meth:`learn` of every answer, and of every failure to get one. Pages that have brought
    articles go on for as long as they bring them; a URL that is shaped like an article's is refused only where no
    page of its pattern was one, or all the last ones had the same text.
    """

    def __init__(
        self,
        *,
        this_year: int,
        most: int = 50,
        most_hosts: int = 50,
        deepest_sitemap: int = 3,
        room: int = 20_000,
    ) -> None:
        """*most* fruitless pages in a row are granted to a pattern and to a path, *most_hosts* such hosts to a site.

        *room* is how many patterns, and how many paths, are remembered.
        """
        self._year = this_year
        self._most = most
        self._most_hosts = most_hosts
        self._deepest_sitemap = deepest_sitemap
        self._patterns: _Remembered[_Brought] = _Remembered(room, _Brought)
        self._folders: _Remembered[_Brought] = _Remembered(room, _Brought)
        self._paths: _Remembered[_Brought] = _Remembered(room, _Brought)
        self._sitemaps: _Remembered[_Brought] = _Remembered(room, _Brought)
        self._hosts: _Remembered[_Hosts] = _Remembered(max(room // 10, 1), _Hosts)

    def refuses(self, url: str) -> Trap | None:
        """Return why *url* is not worth a request, or None. Changes nothing.

        Beside the reasons of :func:`trap`: ``no_news`` and ``calendar`` (pages of its pattern brought no article, with
        dates in their URLs or without), ``same_content`` (the same text again and again), ``facets`` (filters of one
        page), ``hosts`` (ever new hosts of one site).
        """
        by_shape = trap(url, this_year=self._year)
        if by_shape is not None:
            return by_shape
        keys = _keys(url)
        hosts = self._hosts.get(keys.site)
        if (
            hosts is not None
            and len(hosts.fruitless) >= self._most_hosts
            and not (keys.host in hosts.fruitful or keys.host in hosts.fruitless)
        ):
            return "hosts"
        return self._by_pattern(url, keys)

    def _by_pattern(self, url: str, keys: _Keys) -> Trap | None:
        seen, folder = self._patterns.get(keys.pattern), self._folders.get(keys.folder)
        for brought in (seen, folder):
            if brought is not None and brought.same >= self._most:
                return "same_content"
        if seen is not None and seen.is_spent(self._most, url):
            return "calendar" if keys.dated else "no_news"
        path = self._paths.get(keys.path) if keys.path else None
        if path is None:
            return None
        if path.is_spent(self._most, url):
            return "facets"
        if seen is None and len(path.patterns) >= self._most and not (path.articles and looks_like_article(url)):
            return "facets"
        return None

    def learn(self, url: str, digest: str | None, new_articles: int) -> None:
        """Take note of what *url* brought.

        *digest* is one of the page's text, None where there was no page. *new_articles* counts the articles that the
        page is, or names, and that no page of this crawl was or named before; that an earlier crawl knew them makes no
        difference, or a site's quiet sections would be taken for a trap. An article read again counts, too.
        """
        keys = _keys(url)
        self._patterns.of(keys.pattern).learn(digest, new_articles)
        self._folders.of(keys.folder).learn(digest, new_articles)
        if keys.path:
            path = self._paths.of(keys.path)
            path.learn(digest, new_articles)
            if new_articles > 0:
                path.patterns.discard(keys.pattern)
            elif len(path.patterns) < self._most:
                path.patterns.add(keys.pattern)
        hosts = self._hosts.of(keys.site)
        if new_articles > 0:
            hosts.fruitless.discard(keys.host)
            if len(hosts.fruitful) < _MOST_FRUITFUL_HOSTS:
                hosts.fruitful.add(keys.host)
        elif keys.host not in hosts.fruitful and len(hosts.fruitless) < self._most_hosts:
            hosts.fruitless.add(keys.host)

    def refuses_sitemap(self, url: str, depth: int) -> Trap | None:
        """Return why a sitemap is not asked for: ``sitemaps``, or a reason of :func:`trap`.

        *depth* counts the indexes between it and the one that a page, robots.txt or a user named.
        """
        by_shape = trap(url, this_year=self._year)
        if by_shape is not None:
            return by_shape
        brought = self._sitemaps.get(site_of(url))
        spent = brought is not None and brought.fruitless >= self._most
        return "sitemaps" if depth > self._deepest_sitemap or spent else None

    def learn_sitemap(self, url: str, entries: int) -> None:
        """Take note of how many *entries*, known or not, a sitemap of a site had; an index of sitemaps has none."""
        self._sitemaps.of(site_of(url)).learn(None, entries)


@dataclass(frozen=True, slots=True)
class _Keys:
    """What a URL is remembered by."""

    site: str
    host: str
    pattern: str
    folder: str
    path: str
    """Empty for a URL without a query."""
    dated: bool


@lru_cache(maxsize=256)
def _keys(url: str) -> _Keys:
    host = host_of(url)
    shape = pattern(url)
    head, mark, query = shape.partition("?")
    clean = resolve(None, without_session(url)) or ""
    path = clean.partition("?")[0]
    return _Keys(
        site=site_of(url),
        host=host,
        pattern=_short(shape),
        folder=_short(head.rstrip("/").rpartition("/")[0] + "/*" + mark + query),
        path=_short(path) if mark else "",
        dated=_DATED.search(clean) is not None,
    )


def _short(key: str) -> str:
    """Return *key*, or its beginning and a digest, so that what is remembered is small."""
    if len(key) <= _LONGEST_KEY:
        return key
    return key[:_LONGEST_KEY] + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:16]

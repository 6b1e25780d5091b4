"""Parts: which links lead to the other pages of a story that is printed on several.

Whether a link leads to the next part is told by its URL (the same host and path but for a page number that is one
higher) and by what the link says of itself. A number alone is no proof: ``/news/7`` links to ``/news/8``, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from lxml.etree import _Element as Element

from newscrawl.extract.building import Source
from newscrawl.extract.tree import text_within
from newscrawl.urls import looks_like_article, resolve, url_key

_NUMBER = r"(?P<number>[1-9][0-9]{0,2})"
_PARAMETER = re.compile(rf"(?P<name>page|pg|p|paged|page_?no|page_?num|pn)={_NUMBER}", re.I)
_NAME = re.compile(rf"(?:page[-_]?|p)?{_NUMBER}", re.I)
_SUFFIXED = re.compile(rf"(?P<base>.*?[^-_])[-_](?:page[-_]?|p)?{_NUMBER}", re.I | re.S)
_EXTENSION = re.compile(r"\.[A-Za-z]{2,5}$")
_INDEX = re.compile(r"(?:index|default)(?:\.[a-z]{2,5})?", re.I)
# What is numbered below a year or a month is a day or a month.
_DATES = re.compile(r"(?:.*[/-])?(?:19|20)[0-9]{2}(?:[-_/]?[0-9]{1,2})?$", re.S)

_SAYS_NUMBER = re.compile(
    rf"\W*(?:第|page|seite|página|pagina|part|p\.?)?\s*{_NUMBER}\s*(?:[页頁]|ページ|페이지)?(?:\s*(?:/|of|von|de|di|sur)\s*\d{{1,3}})?\W*",
    re.I,
)
_SAYS_NEXT_PAGE = re.compile(
    r"\W*(?:下一?[页頁]|[后後]一[页頁]|next\s+page|continue\s+to\s+next\s+page|次のページ|다음\s*페이지|page\s+suivante"
    r"|nächste\s+seite|página\s+siguiente|próxima\s+página|pagina\s+successiva)\W*",
    re.I,
)
_SAYS_NEXT = re.compile(r"\W*(?:next|weiter|suivante?|siguiente|próxima|successiva|次へ|다음)\W*|[\s»›>→]+", re.I)
_SAYS_PREVIOUS_PAGE = re.compile(
    r"\W*(?:上一?[页頁]|前一[页頁]|prev(?:ious)?\s+page|前のページ|이전\s*페이지|page\s+précédente|vorige\s+seite"
    r"|vorherige\s+seite|página\s+anterior|pagina\s+precedente)\W*",
    re.I,
)
_RELATIVE = re.compile(r"\s*(?:\./)?(?:\?|index|default|page|p?[0-9])", re.I)
# How lists are paged as well as stories.
_LISTED_PAGE = re.compile(
    r"/page[/_-]?[0-9]+/?$|[?&](?:p|pg|pn|page(?:d|_?no|_?num)?)=[0-9]+|/(?:index|default)[_-][0-9]+", re.I
)
_LONGEST_LABEL = 40


@dataclass(frozen=True)
class PartLink:
    """A link that may lead to another part of the story."""

    url: str
    """Absolute."""
    text: str = ""
    """What is linked, on one line."""
    rel: frozenset[str] = frozenset()
    """Words of its ``rel``, lower case; ``canonical`` for the address that the page claims."""


class _Numbered(NamedTuple):
    """A URL that may be a page of something: what it is without its number."""

    stem: _Stem
    number: int
    strong: bool
    """The number can hardly be anything but that of a page."""


class _Stem(NamedTuple):
    host: str
    path: str
    query: str


def next_part(url: str, candidates: Iterable[PartLink]) -> str | None:
    """Return which of *candidates* leads to the part that follows *url*, or None.

    Needed are the same host, the same path and query apart from a page number one higher than *url*'s own (2, or 1 for
    sites that count from 0, where *url* has none), and a sign of a pager: ``rel=next``, words, the number.

    >>> next_part("https://a.example/x.html", [PartLink("https://a.example/x_2.html", "下一页")])
    'https://a.example/x_2.html'
    >>> next_part("https://a.example/x.html", [PartLink("https://a.example/y.html", "Next")])
    """
    found = [(rank, link.url) for link in candidates if (rank := _next_rank(url, link)) is not None]
    return min(found, key=lambda pair: pair[0])[1] if found else None


def _next_rank(url: str, link: PartLink) -> int | None:
    step = _step(url, link.url)
    if step is None or step[1] != step[0] + 1:
        return None
    said = _SAYS_NUMBER.fullmatch(link.text)
    # Who counts from 0 prints 2 for the page whose number is 1.
    wanted = 2 if step == (0, 1) else step[1]
    signs = (
        "next" in link.rel,
        _SAYS_NEXT_PAGE.fullmatch(link.text) is not None,
        said is not None and int(said["number"]) == wanted,
        _SAYS_NEXT.fullmatch(link.text) is not None,
    )
    return signs.index(True) if any(signs) else None


def begins(url: str, following: str) -> bool:
    """Return whether *url* is the first page of the story that :func:`next_part` says goes on at *following*.

    >>> begins("https://a.example/x.html", "https://a.example/x_2.html"), begins("https://a.example/7", "https://a.example/8")
    (True, False)
    """
    step = _step(url, following)
    return step is not None and step[0] <= 1


def surely_same(url: str, following: str) -> bool:
    """Return whether the URLs alone say that *following* is a part of *url*, however its page is headed."""
    own = _whole(url)
    return any(n.strong and _alike(n.stem, own) for n in _numbered(following)) if own is not None else False


def first_part(url: str, candidates: Iterable[PartLink]) -> str | None:
    """Return the URL of the story's first page where *url* is clearly a later part of it, or None.

    More is asked for than for a next part, since such a page is not read for itself: that the page claims the first
    one's address, numbers it, or calls it the previous *page*.
    """
    for link in candidates:
        step = _step(link.url, url)
        if step is None or step[0] > 1 or step[1] <= step[0]:
            continue
        said = _SAYS_NUMBER.fullmatch(link.text)
        adjoins = step[1] == step[0] + 1
        if adjoins and _SAYS_PREVIOUS_PAGE.fullmatch(link.text):
            return link.url
        if step[1] > 1 and (
            link.rel & {"canonical", "first"}
            or (said is not None and said["number"] == "1")
            or (adjoins and "prev" in link.rel and surely_same(link.url, url))
        ):
            return link.url
    return None


def _step(url: str, other: str) -> tuple[int, int] | None:
    """Return the page numbers of *url* and *other* where they are pages of one thing; the first may be 0 or 1."""
    own = _whole(url)
    if own is None:
        return None
    for later in _numbered(other):
        if _alike(later.stem, own):
            return (0, 1) if later.number == 1 else (1, later.number)
        for mine in _numbered(url):
            if mine.stem == later.stem and mine.number < later.number:
                return mine.number, later.number
    return None


def _alike(stem: _Stem, whole: _Stem) -> bool:
    """Return whether a page of *stem* is one of *whole*: a pager need not repeat parameters that it stands under."""
    return stem == whole or (stem == whole._replace(query="") and not stem.query)


@lru_cache(maxsize=1024)
def _whole(url: str) -> _Stem | None:
    try:
        parts = urlsplit(url_key(url))
    except ValueError:
        return None
    return _Stem(parts.netloc, _plain(parts.path), parts.query) if parts.netloc else None


def _plain(path: str) -> str:
    folder, _, name = path.rpartition("/")
    return (folder if _INDEX.fullmatch(name) else path).rstrip("/")


@lru_cache(maxsize=1024)
def _numbered(url: str) -> tuple[_Numbered, ...]:
    """Return what *url* may be a page of."""
    return tuple(_readings(url))


def _readings(url: str) -> Iterator[_Numbered]:
    whole = _whole(url)
    if whole is None:
        return
    parameters = whole.query.split("&") if whole.query else []
    for place, parameter in enumerate(parameters):
        if (match := _PARAMETER.fullmatch(parameter)) is not None:
            rest = "&".join(parameters[:place] + parameters[place + 1 :])
            # WordPress calls a post's id p.
            yield _Numbered(whole._replace(query=rest), int(match["number"]), match["name"].lower() != "p")
    folder, _, name = whole.path.rpartition("/")
    extension = _EXTENSION.search(name)
    stem = name[: extension.start()] if extension else name
    if (match := _NAME.fullmatch(stem)) is not None and not _DATES.fullmatch(folder):
        base = folder.removesuffix("/page")
        yield _Numbered(whole._replace(path=_plain(base)), int(match["number"]), extension is None and base != "")
    elif (match := _SUFFIXED.fullmatch(stem)) is not None and not _DATES.fullmatch(match["base"]):
        rest = f"{match['base']}{extension.group() if extension else ''}"
        path = _plain(f"{folder}/{rest}")
        yield _Numbered(whole._replace(path=path), int(match["number"]), _INDEX.fullmatch(rest) is not None)


def part_links(source: Source) -> tuple[PartLink, ...]:
    """Return the links of a page that may lead to other parts of its story, in document order."""
    url, meta = source.url, source.meta
    if url is None or source.url_assigned:
        return ()
    found = []
    if meta.next and (resolved := resolve(source.base, meta.next)):
        found.append(PartLink(resolved, rel=frozenset(("next",))))
    if meta.canonical and (resolved := resolve(source.base, meta.canonical)):
        found.append(PartLink(resolved, rel=frozenset(("canonical",))))
    comments: set[Element] | None = None
    told = _tells_a_story(source, url)
    for element, resolved in _beside(source, url):
        if not told and _LISTED_PAGE.search(resolved):
            continue
        rel = frozenset((element.get("rel") or "").lower().split())
        if comments is None:
            blocks = source.page.blocks
            comments = {link.element for block in blocks if block.kind == "comment" for link in block.links}
        if "nofollow" not in rel and element not in comments:
            text = " ".join(text_within(element).split()) or element.get("title") or ""
            found.append(PartLink(resolved, text if len(text) <= _LONGEST_LABEL else "", rel))
    return tuple(found)


def _tells_a_story(source: Source, url: str) -> bool:
    """Return whether the page is more than its looks an article: a list of whole posts may be taken for one."""
    meta, profile = source.meta, source.profile
    return (
        bool(meta.article)
        or any("article" in content.lower() for content in meta.meta.get("og:type", ()))
        or (profile is not None and profile.url_kind(url) == "article")
        or looks_like_article(url)
        or any(looks_like_article(f"{url[: url.index('/', 8)]}{n.stem.path}") for n in _numbered(url))
    )


def _beside(source: Source, url: str) -> Iterator[tuple[Element, str]]:
    """Yield the links of a page, with their targets, that begin as the URLs of its parts do."""
    common = _common(url)
    name = common.rpartition("/")[2]
    if "%" in name:
        # It may be written in other ways on the page.
        name = ""
    for element in source.root.iter("a"):
        href = element.get("href")
        if href and (name in href or _RELATIVE.match(href)):
            resolved = resolve(source.base, href)
            if resolved is not None and resolved.startswith(common) and resolved != url:
                yield element, resolved


def _common(url: str) -> str:
    """Return what the URLs of all parts of a story begin with."""
    parts = urlsplit(url)
    path = min((_plain(parts.path), *(n.stem.path for n in _numbered(url))), key=len)
    extension = _EXTENSION.search(path.rpartition("/")[2])
    return f"{parts.scheme}://{parts.netloc}{path[: -len(extension.group())] if extension else path}"

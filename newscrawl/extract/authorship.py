"""Authorship: the elements of a page whose attributes say that they name the article's author, and how near they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from lxml import etree
from lxml.etree import _Element as Element

from newscrawl.extract.bylines import authors_in
from newscrawl.extract.names import is_full_name, names_in
from newscrawl.extract.segment import Segmented
from newscrawl.extract.tree import Block, where
from newscrawl.text import clean_line

_LONGEST_TEXT = 600
_MOST_ELEMENTS = 300
_NEAR_HEADLINE = 12
_INTO_STORY = 5
_BEHIND_STORY = 25
_MOST_AROUND = 8
_MOST_INSIDE = 80
_DEEPEST = 100

_INLINE = frozenset("a abbr b bdi big cite em font i img ins label mark small span strong sub sup svg time u".split())
_WHOLE = frozenset(("html", "body", "main", "article"))
_CLASS_ALONE = ["class"]
_WORD = re.compile(
    r"author(?!i[tsz])|byline|(?<!under)(?<!type)(?<!re)writer|reporter|autor(?!i[tsz])|auteur(?!i)|journalist|contributor(?!s-list)|verfasser|zuozhe|posted-by|itemposter|skribent|(?:^|\s)vcard"
)
_WORDS = (
    "author", "byline", "writer", "reporter", "autor", "auteur", "journalist", "contributor", "verfasser", "zuozhe",
    "posted-by", "itemposter", "skribent", "vcard",
)  # fmt: skip
_NO_NAME_WORD = re.compile(
    r"comment|avatar|image|img|photo|picture|bio(?!graph)|desc|social|twitter|facebook|linkedin|instagram|e-?mail|follow|subscri|count|icon|related|newsletter|sponsor|search|"
    r"(?:^|[_\W])(?:role|job|position|nav|menu|more|other|recommended|popular|trending|latest|recent|copyright)(?:$|[_\W])"
)
_NAME_WORD = re.compile(r"name$|title$")
_OUTSIDE = re.compile(
    r"(?:^|[\s_-])(?:comments?|commentlist|comment-\w+|replies|related|recommend\w*|recirc\w*|trending|most-\w+|carousel|tag-?cloud"
    r"|also-\w+|read-?next|upnext|up-next|promo|sponsored|you-may\w*|similar|suggested)(?=$|[\s_-])"
    r"|(?:^|\s)(?:nav\w*|menu\w*|footer|site-footer|widget|widget_\w+|newsletter\S*|popular\S*|latest\S*|recent\S*|more-\S+|further\S*)(?=$|\s)",
    re.I,
)
_AUTHOR_URL = re.compile(
    r"/(?:authors?|autor(?:en|es|i|as|in|innen)?|auteurs?|journalist\w{0,3}|reporters?|writers?|contributors?|columnists?|by)/[^/?#]"
)
_PERSON_URL = re.compile(r"/(?:people|profile?s?|redaktion|team|staff|person)/[^/?#]")


@dataclass(frozen=True, kw_only=True)
class Named:
    """What one element says of the authors."""

    names: tuple[str, ...]
    url: str | None
    """Where the element links to, as written."""
    index: int
    """Of the block that it is or stands in."""
    near: bool
    """Whether it stands beside the headline or at the top of the story; else it stands below the story."""
    reason: str
    """``rel``, ``itemprop``, ``class``, ``data``, ``url``, ``person-url``: which attribute says so."""
    method: str
    where: str


def authors_marked(around: Surroundings, itemprops: Iterable[Element] = ()) -> list[Named]:
    """Return what elements say of the authors, in document order; those of comments and other stories are left out.

    *itemprops* are elements to look at wherever they stand, for those without text are in no block.
    """
    reasons = {
        element: reason for element in (*itemprops, *around.elements()) if (reason := _reason(element)) is not None
    }
    named: list[Named] = []
    covered: set[Element] = set()
    # The innermost element says it best; from the end, elements inside come before those around them.
    for element, reason in list(reasons.items())[:_MOST_ELEMENTS][::-1]:
        place = around.near(element) if element not in covered else None
        one = _named(element, reason, *place) if place is not None else None
        if one is not None:
            named.append(one)
            covered.update(islice(element.iterancestors(), _DEEPEST))
    named.reverse()
    return named


def _reason(element: Element) -> str | None:
    """Return why *element* may name an author: ``rel``, ``itemprop``, ``class``, ``url`` …; None if it does not."""
    names = element.keys()
    if not names:
        return None
    get = element.get
    if names == _CLASS_ALONE:
        return "class" if element.tag not in _WHOLE and _says_author(get("class") or "") else None
    if "rel" in names and "author" in (get("rel") or "").split():
        return "rel"
    if "itemprop" in names and "author" in (get("itemprop") or "").split():
        return "itemprop"
    if element.tag == "a":
        reason = _url_reason((get("href") or "")[:300])
        if reason is not None:
            return reason
    if "data-author" in names or "data-author-name" in names or "data-byline" in names:
        return "data"
    if element.tag in _WHOLE:
        return None
    # An attribute that is not there takes as long to get as one that is.
    named = ("class" in names and _says_author(get("class") or "")) or ("id" in names and _says_author(get("id") or ""))
    return "class" if named else None


@lru_cache(maxsize=8192)
def _url_reason(href: str) -> str | None:
    href = href.lower()
    return "url" if _AUTHOR_URL.search(href) else "person-url" if _PERSON_URL.search(href) else None


@lru_cache(maxsize=8192)
def _says_author(words: str) -> bool:
    words = words.lower()
    for part in _WORDS:
        if part in words:
            break
    else:
        return False
    return any(
        _WORD.search(word) and (_NAME_WORD.search(word) or not _NO_NAME_WORD.search(word)) and "comment" not in word
        for word in words.split()
    )


@lru_cache(maxsize=8192)
def _is_outside(words: str) -> bool:
    return _OUTSIDE.search(words[:300]) is not None


class Surroundings:
    """Where an element stands: which blocks are inside or around it, and how near these are to the story."""

    def __init__(self, page: Segmented) -> None:
        self.blocks = page.blocks
        self.first: dict[Element, int] = {}
        """The index of the first block inside an element."""
        for index, block in enumerate(page.blocks):
            element: Element | None = block.element
            while element is not None and element not in self.first:
                self.first[element] = index
                element = element.getparent()
        body = [index for index, block in enumerate(page.blocks) if block.place == "body"]
        self.start, self.end = (body[0], body[-1]) if body else (page.first, page.last)
        self.head = page.blocks.index(page.headline) if page.headline is not None else self.start
        high = max(self.head, self.start)
        self.top_end = max(high + 3, min(high + _INTO_STORY, self.end))
        """Index after the last block that stands beside the headline or at the top of the story."""
        self.around_story: set[Element] = set()
        for inner in (page.container, page.headline.element if page.headline is not None else None):
            if inner is not None:
                self.around_story.update((inner, *inner.iterancestors()))

    def elements(self) -> Iterator[Element]:
        """The elements of the blocks near the headline and below the story, and those close around them, in document order."""
        low = min(self.head, self.start)
        seen: set[Element] = set()
        for index in (
            *range(max(low - _NEAR_HEADLINE, 0), self.top_end),
            *range(max(self.end, self.top_end), self.end + _BEHIND_STORY),
        ):
            block = self.blocks[index] if index < len(self.blocks) else None
            if block is None or (block.weight > _LONGEST_TEXT and block.place == "body"):
                continue
            outer = [
                element
                for element in islice(block.element.iterancestors(), _MOST_AROUND)
                if element not in self.around_story
            ]
            inner = islice(block.element.iter(), _MOST_INSIDE)
            for element in (*reversed(outer), *inner):
                if element not in seen:
                    seen.add(element)
                    yield element

    def is_near(self, index: int) -> bool | None:
        """Return True for a block beside the headline or above the story, False below the story, None elsewhere."""
        low = min(self.head, self.start)
        if low - _NEAR_HEADLINE <= index < self.top_end:
            return True
        return False if self.start <= index <= self.end + _BEHIND_STORY else None

    def near(self, element: Element) -> tuple[int, bool] | None:
        """Return the index of *element*'s block and whether that is near; None for one far away, of a comment, of another story."""
        index = None
        for around in (element, *islice(element.iterancestors(), _DEEPEST)):
            if index is None:
                index = self.first.get(around)
            words = around.get("class")
            if words is not None and _is_outside(words) and around not in self.around_story:
                return None
        if index is None or is_elsewhere(self.blocks[index]):
            return None
        block = self.blocks[index]
        if block.place == "body" and block.weight > 80:
            return None
        near = self.is_near(index)
        return None if near is None else (index, near)


def is_elsewhere(block: Block) -> bool:
    """Return whether *block* is about another story or by a reader; a line of links may still be the byline."""
    return block.kind == "comment" or (
        block.place in ("related", "promoted", "caption") and block.rule not in ("bare_links", "beside_image")
    )


def _named(element: Element, reason: str, index: int, near: bool) -> Named | None:
    names: list[str] = []
    stated = element.get("data-author-name") or element.get("data-author") or element.get("data-byline")
    content = element.get("content") if element.tag == "meta" else None
    if content or (reason == "data" and stated):
        names = names_in(content or stated or "")
    else:
        lines = lines_of(element)
        if len(lines) > 30 or sum(map(len, lines)) > _LONGEST_TEXT:
            return None
        inner = _inner_name(element) if reason == "itemprop" else None
        names = names_in(inner) if inner else _names_of(lines)
    if not names or len(names) > 8:
        return None
    if (
        reason in ("url", "person-url")
        and not all(is_full_name(name) for name in names)
        and (reason == "person-url" or not near)
    ):
        return None
    if reason == "person-url" and not near:
        return None
    method = {"rel": "microdata", "itemprop": "microdata"}.get(reason, "text")
    place = {"rel": "rel=author", "itemprop": "itemprop=author"}.get(reason) or where(element)
    return Named(
        names=tuple(names), url=_link(element), index=index, near=near, reason=reason, method=method, where=place
    )


def _inner_name(element: Element) -> str | None:
    for inner in element.iter():
        if inner.get("itemprop") == "name":
            return inner.get("content") or " ".join(lines_of(inner))
    return None


def _names_of(lines: list[str]) -> list[str]:
    """The people of an author's element: of the line with a cue, else of the first line that is names."""
    for line in lines[:6]:
        names = authors_in(line)
        if names:
            return names
    return next((names for line in lines[:6] if len(line) <= 160 and (names := names_in(line))), [])


def _link(element: Element) -> str | None:
    for link in (element, *element.iter("a"), *element.iterancestors("a")):
        href = link.get("href")
        if link.tag == "a" and href and not href.startswith(("#", "mailto:", "javascript:")):
            return href
    return None


def lines_of(element: Element) -> list[str]:
    """Return the lines of text inside *element*, as block-level elements and ``<br>`` cut them."""
    pieces: list[str] = []
    length = 0
    for event, node in etree.iterwalk(element, ("start", "end")):
        if node.tag not in _INLINE:
            pieces.append("\n")
        text = node.text if event == "start" else node.tail if node is not element else None
        if text:
            pieces.append(text.replace("\n", " "))
            length += len(text)
        if length > 4 * _LONGEST_TEXT:
            break
    return [line for line in map(clean_line, "".join(pieces).split("\n")) if line]

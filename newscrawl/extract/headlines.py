"""The headline: which block of a page it is, and which part of that block."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from lxml.etree import _Element as Element

from newscrawl.extract.prose import squeezed
from newscrawl.extract.tree import HEADINGS, Block
from newscrawl.text import clean_line, weight

_BY_TAG = {"h1": 2.0, "h2": 1.2, "h3": 0.6}
_TEXT_TAGS = frozenset(("div", "td", "p", "span", "font", "center", "strong", "b"))
_LONGEST_H1 = 300
_MANY = 3
"""So many ``<h1>`` that no title names are headings of the parts of a story."""
_SHORTEST_PART = 12
"""A shorter title inside a longer one says little: weight of a part that a headline is cut to."""
_KICKER = re.compile(r"^.{1,80}?(?::|\s[-–—|])\s")
_SPACED_COLON = re.compile(r"\s+([:;,.!?])(?=\s|$)")


class Headings:
    """The blocks of a page that may be its headline, and how well each fits *titles*, what the page calls itself.

    Places are not looked at, so that a page needs it once, however often its story is looked for.
    """

    def __init__(self, blocks: list[Block], titles: tuple[str, ...]) -> None:
        self.blocks, self.wanted = blocks, _Wanted(titles)
        self.profiled = next((b for b in blocks if b.mark is not None and b.mark.place == "headline"), None)
        self.scores: list[tuple[float, int]] = []
        self.strange = 0
        """How many ``<h1>`` no title names."""
        lengths = self.wanted.lengths
        for index, block in enumerate(blocks):
            if block.mark is not None or not 3 <= block.weight <= 500:
                continue
            if block.element.tag not in HEADINGS and len(block.text) not in lengths:
                continue
            named = self.wanted.score(block.text)
            if not named and block.element.tag == "h1":
                self.strange += 1
            score = _headline_score(block, named)
            if score > 0:
                self.scores.append((score, index))

    def headline(self, held: list[int]) -> Block | None:
        """Return the block of the headline: the profile's, the heading that metadata names, or the best near the story.

        *held* are the indices of the blocks inside the story's element. None where a heading that no title names is
        all there is: it heads a part of the story.
        """
        if self.profiled is not None:
            return self.profiled
        inside = set(held)
        start = held[0] if held else len(self.blocks)
        found: list[tuple[float, int]] = []
        for score, index in self.scores:
            if index > start and index not in inside:
                found.append((score - 3, index))
            elif index <= start:
                # Of several headings above the story the nearest is the most likely.
                found.append((score + (1 - min(start - index, 20) / 40), index))
            else:
                found.append((score, index))
        score, at = max(found, key=lambda one: one[0], default=(0.0, 0))
        many = at > start and self.strange >= _MANY
        if score <= 0 or (self.wanted.titles and self.wanted.denies(self.blocks[at], one_of_many=many)):
            return None
        return self.blocks[at]


class _Wanted:
    """The titles of a page, and how well a text fits them."""

    def __init__(self, titles: tuple[str, ...]) -> None:
        self.texts = [title for title in titles if title]
        self.titles = [squeezed(title) for title in self.texts]
        lengths = [len(title) for title in self.titles]
        self.lengths = range(min(lengths, default=0) // 2, 2 * max(lengths, default=0) + 1)

    def score(self, text: str) -> float:
        """Return 4 and less for a text that is a title, 2.5 and less for a part of one, 0 for others."""
        own = squeezed(text)
        if not own:
            return 0.0
        for rank, title in enumerate(self.titles):
            if own == title:
                return 4 - 0.3 * rank
            if len(own) < 6 or own not in title:
                continue
            if title.startswith(own) or len(own) >= 0.5 * len(title):
                return 0.0 if self.is_rest(own, title) else 2.5 - 0.3 * rank
        return 0.0

    def is_rest(self, own: str, title: str) -> bool:
        """Whether *own* is what *title* says beside another title: the site's name, a kicker."""
        rest = title.replace(own, "", 1)
        return any(len(other) >= 6 and other != title and rest.endswith(other) for other in self.titles)

    def denies(self, block: Block, *, one_of_many: bool) -> bool:
        """Whether *block* is a heading of a part: no title shares its words, and it is no ``<h1>`` or *one_of_many*."""
        if self.score(block.text) or (block.element.tag == "h1" and not one_of_many):
            return False
        return not any(_alike(block.text, title) for title in self.texts)


def _headline_score(block: Block, named: float) -> float:
    tag = block.element.tag
    if not named and tag not in _BY_TAG and block.element.get("itemprop") != "headline":
        # What its class can add is not enough; most blocks are of this kind.
        return 0.0
    score = _BY_TAG.get(str(tag), 0.0)
    if _named_title(block.element.get("class"), block.element.get("id")):
        score += 0.8
    if block.element.get("itemprop") == "headline":
        score += 1.5
    if score == 0 and tag not in _TEXT_TAGS:
        return 0.0
    if named:
        return score + named
    return score if score >= 1.2 and block.link_share < 0.9 else 0.0


@lru_cache(maxsize=8192)
def _named_title(classes: str | None, identity: str | None) -> bool:
    words = f"{classes or ''} {identity or ''}"[:500]
    return re.search(r"headline|title|biaoti|tit\b", words, re.I) is not None and not re.search(
        r"sub-?title|site-?title", words, re.I
    )


def _alike(one: str, other: str) -> bool:
    """Whether two titles share half of what the shorter one says, letter by letter, in whatever order."""
    first, second = _parts(one), _parts(other)
    return 2 * len(first & second) >= min(len(first), len(second)) > 0


def _parts(text: str) -> set[str]:
    own = squeezed(text[:_LONGEST_H1])
    return {own[at : at + 3] for at in range(len(own) - 2)}


def headline_text(block: Block, titles: tuple[str, ...], stated: str | None = None) -> str:
    """Return the headline as *block* prints it: without a kicker or a subtitle that stands in an element of its own,
    where one of *titles* is the rest; with one, where *stated*, the headline of JSON-LD, has it.
    """
    text = clean_line(block.text)
    own, named = squeezed(text), squeezed(stated or "")
    if own == named:
        return text
    heading = _heading_around(block.element)
    whole = _SPACED_COLON.sub(r"\1", clean_line(" ".join(_texts(heading)))) if heading is not None else text
    if squeezed(whole) == named:
        return whole
    if squeezed(whole) != own:
        # A kicker in a block of its own belongs to the headline only where JSON-LD says so.
        return text
    cut = _without_kicker(text, block.element, {named})
    wanted = {squeezed(title) for title in titles if title}
    if cut != text or own in wanted:
        return cut
    # Metadata may have another kicker before the same words.
    tails = {squeezed(_KICKER.sub("", title, count=1)) for title in titles}
    return _without_kicker(text, block.element, wanted | tails)


def _heading_around(element: Element) -> Element | None:
    if element.tag == "h1":
        return element
    return next((outer for outer in element.iterancestors() if outer.tag == "h1"), None)


def _texts(element: Element) -> Iterator[str]:
    for piece in element.itertext():
        yield clean_line(str(piece).strip())


def _without_kicker(text: str, element: Element, wanted: set[str]) -> str:
    """Cut *text* to the title that begins or ends it, if an element ends or begins there, too."""
    own = squeezed(text)
    edges = {0}
    at = 0
    for piece in element.itertext():
        at += len(squeezed(str(piece)))
        edges.add(at)
    for title in sorted(wanted, key=len, reverse=True):
        if weight(title) < _SHORTEST_PART or len(title) >= len(own):
            continue
        if own.endswith(title) and len(own) - len(title) in edges:
            return _cut(text, len(own) - len(title), None)
        if own.startswith(title) and len(title) in edges:
            return _cut(text, 0, len(title))
    return text


def _cut(text: str, start: int, stop: int | None) -> str:
    """Return *text* from its letter number *start* to *stop*, with the marks that belong to these letters."""
    letters = [index for index, ch in enumerate(text) if ch.isalnum()]
    first = 0 if start == 0 or len(squeezed(text)) != len(letters) else letters[start]
    last = len(text) if stop is None or len(squeezed(text)) != len(letters) else letters[stop]
    while first > 0 and not text[first - 1].isalnum() and text[first - 1] in "\"'“”„«‘’‚‹¿¡([「『《【$€£#@+–-−":
        first -= 1
    return clean_line(text[first:last]).strip(" :|·•–—-/" if first or last < len(text) else " ")


def signs_of(text: str, block: Block | None, titles: tuple[str, ...]) -> list[str]:
    """Return what speaks for and against a headline: its tag, and whether the titles of the page say the same."""
    own = squeezed(text)
    wanted = [squeezed(title) for title in titles]
    signs = ["title" if block is None else str(block.element.tag)]
    if not wanted:
        return [*signs, "only"]
    same = sum(title == own for title in wanted)
    if same:
        signs.append("agrees:meta")
    elif any(own in title or title in own for title in wanted if title):
        signs.append("within:meta")
    else:
        signs.append("differs:meta")
    if wanted[0] != own:
        signs.append("differs:first")
    return signs

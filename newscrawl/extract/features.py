"""What a block looks like, in numbers: what :mod:`newscrawl.extract.story` judges blocks by."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from lxml.etree import _Element as Element
from numpy.typing import NDArray

from newscrawl.extract.prose import is_prose, squeezed
from newscrawl.extract.tree import HEADINGS, Block
from newscrawl.extract.words import HINTS, PHRASES

Numbers = NDArray[np.floating[Any]]

_STOPS = re.compile(r"[,.;:!?，。；：！？、।…]")
_DIGITS = re.compile(r"\d")
_CAPITALS = re.compile(r"[A-ZÀ-ÖØ-ÞА-Я]")
_BOLD = frozenset(("strong", "b", "em", "i", "u"))

_HINT = re.compile("|".join(f"(?P<{name}>{words})" for name, words in HINTS.items()), re.I)
_HINT_BIT = {name: 1 << number for number, name in enumerate(HINTS)}

_PHRASE = [re.compile(words, re.I) for words in PHRASES.values()]

_MARKS = ("caption", "related", "promoted", "notice", "comment", "share", "subscribe", "ad", "correction", "other")
_RULES = ("source_line", "byline", "dateline", "correction", "notice", "ad", "share", "subscribe", "comment")
_PLACES = ("body", "headline", "caption", "related", "promoted", "removed", "chrome")
_TAGS = ("p", "div", "li", "blockquote", "td", "pre")
_SAME_AS = {
    "section": "div", "article": "div", "main": "div", "q": "blockquote", "th": "td", "dt": "td", "dd": "td",
    "code": "pre",
}  # fmt: skip
_SIDES = (-1, 1, -2, 2)
_FAR = 99

NAMES: tuple[str, ...] = (
    "weight", "link_share", "links", "sentence_end", "stops", "digits", "capitals", "word_length", "heading", "bold",
    "is_title", "is_description", "stated", "repeated", "starts_low", "colon",
    "depth", "levels_up", "around", "in_article", "other_article", "from_headline",
    "same_kind", "same_path", "same_parent", "parent_links", "parent_blocks", "run", "prose",
    "from_first", "to_last", "before", "after",
    "page_weight", "page_blocks", "page_paragraphs", "container_share", "cjk",
    *(f"is_{name}" for name in _TAGS), *(f"mark_{name}" for name in _MARKS), *(f"rule_{name}" for name in _RULES),
    *(f"place_{name}" for name in _PLACES),
    *(f"near_{name}" for name in HINTS), *(f"far_{name}" for name in HINTS), *(f"says_{name}" for name in PHRASES),
    *(f"{what}_at_{side:+d}" for side in _SIDES
      for what in ("weight", "links", "prose", "heading", "same_parent", "same_kind")),
)  # fmt: skip
"""Names of the features, in order."""


@dataclass(frozen=True, kw_only=True)
class Claims:
    """What metadata says that the page is about."""

    titles: tuple[str, ...] = ()
    """Best first."""
    description: str | None = None
    story: str | None = None
    """The story as metadata states it, whole or not."""


@dataclass(frozen=True, kw_only=True)
class Around:
    """What is known of a page before its blocks are judged."""

    typed: dict[int, str]
    """Kinds that line rules give, by index of the block."""
    container: Element | None
    """The element with most of the running text."""
    headline: int | None
    """Index of the headline."""
    claims: Claims = Claims()


def features(blocks: Sequence[Block], around: Around) -> tuple[list[int], Numbers]:
    """Return the indices of the blocks that may be story, and a row of :data:`NAMES` for each.

    The blocks have the places that the rules alone give them.
    """
    index = [i for i, b in enumerate(blocks) if b.weight and (b.mark is None or b.mark.place != "chrome")]
    if not index:
        return [], np.zeros((0, len(NAMES)), np.float32)
    return index, _Table([blocks[i] for i in index], index, around).rows()


class _Table:
    def __init__(self, blocks: list[Block], index: list[int], around: Around) -> None:
        self.blocks, self.index, self.around = blocks, index, around
        self.elements = [block.element for block in blocks]
        self.parents = [element.getparent() for element in self.elements]
        self.kinds: list[Hashable] = [(e.tag, e.get("class")) for e in self.elements]
        self.weights = np.array([block.weight for block in blocks], np.float32)
        self.links = np.array([block.link_share for block in blocks], np.float32)
        self.prose = np.array([is_prose(block) for block in blocks])
        self.running = np.where(self.prose, self.weights, 0)
        self.total = float(self.running.sum()) or 1.0
        self.above: dict[Element | None, tuple[int, int, int, Element | None]] = {None: (0, 0, _FAR, None)}

    def rows(self) -> Numbers:
        count = len(self.blocks)
        parents, kinds = _numbered(self.parents), _numbered(self.kinds)
        places = [self._above(element) for element in self.elements]
        inside = np.array([place[2] < _FAR for place in places])
        story = np.flatnonzero(self.prose & inside)
        first, last = (int(story[0]), int(story[-1])) if len(story) else (0, count - 1)
        own = np.array([self._own(block, parent) for block, parent in zip(self.blocks, self.parents, strict=True)])
        columns = [
            np.log1p(self.weights),
            self.links,
            *own.T,
            *self._placed(places, first),
            *self._kin(parents, kinds),
            *self._position(first, last),
            *self._page(story, count),
            *self._coded(places),
            *self._sides(parents, kinds),
        ]
        return np.stack(columns, axis=1).astype(np.float32)

    def _own(self, block: Block, parent: Element | None) -> tuple[float, ...]:
        """What the text says by itself; :func:`_measures` remembers the labels that repeat over a site's pages."""
        text, element = block.text, block.element
        return (
            min(len(block.links), 10),
            *_measures(text[:300]),
            block.weight / (1 + text.count(" ")) if len(text) < 2000 else 5.0,
            int(element.tag[1]) if element.tag in HEADINGS else 0,
            len(element) == 1 and element[0].tag in _BOLD and not (element.text or "").strip(),
        )

    def _placed(self, places: list[tuple[int, int, int, Element | None]], first: int) -> list[Numbers]:
        around, blocks = self.around, self.blocks
        keys = [squeezed(block.text[:1000]) for block in blocks]
        titles = {squeezed(title) for title in around.claims.titles}
        summary = squeezed(around.claims.description or "")[:60]
        stated = squeezed(around.claims.story or "")
        texts = Counter(keys)
        main = places[first][3]
        head = around.headline if around.headline is not None else self.index[first]
        levels = self._levels()
        common = [self._common(element, levels) for element in self.elements]
        return [
            _column(key in titles for key in keys),
            _column(len(key) > 20 and bool(summary) and (key[:60] == summary[: len(key)]) for key in keys),
            _column((key in stated) - 0.5 if len(stated) > 200 else 0.0 for key in keys),
            _column(min(texts[key], 4) for key in keys),
            _column(block.text[:1].islower() for block in blocks),
            _column(block.text[-1:] in ":：" for block in blocks),
            _column(min(place[2], 12) for place in places),
            _column(level for level, _ in common),
            _column(share for _, share in common),
            _column(place[3] is not None for place in places),
            _column(place[3] is not main for place in places),
            np.clip(np.array(self.index, np.float32) - head, -30, 60),
        ]

    def _kin(self, parents: NDArray[np.intp], kinds: NDArray[np.intp]) -> list[Numbers]:
        """How much of the running text is called as the block is, and stands where it stands."""
        paths = _numbered([(kind, kinds[at], _called(self.parents[at])) for at, kind in enumerate(self.kinds)])
        held, linked = np.bincount(parents, self.weights), np.bincount(parents, self.weights * self.links)
        starts = np.flatnonzero(np.diff(parents, prepend=-1))
        runs = np.repeat(np.add.reduceat(self.running, starts), np.diff(starts, append=len(parents)))
        return [
            *(np.bincount(key, self.running)[key] / self.total for key in (kinds, paths, parents)),
            (linked / np.maximum(held, 1))[parents],
            np.minimum(np.bincount(parents), 50)[parents],
            runs / self.total,
            self.prose,
        ]

    def _position(self, first: int, last: int) -> list[Numbers]:
        at = np.arange(len(self.blocks), dtype=np.float32)
        until = np.cumsum(self.running)
        return [
            np.clip(at - first, -30, 30),
            np.clip(last - at, -30, 30),
            (until - self.running) / self.total,
            1 - until / self.total,
        ]

    def _page(self, story: NDArray[np.intp], count: int) -> list[Numbers]:
        letters = 1 + sum(len(block.text) for block in self.blocks)
        shared = (
            np.log1p(self.total),
            min(count, 400),
            min(len(story), 100),
            self.weights[story].sum() / self.total,
            self.weights.sum() / letters,
        )
        return [np.full(count, number, np.float32) for number in shared]

    def _coded(self, places: list[tuple[int, int, int, Element | None]]) -> list[Numbers]:
        """What tags, rules, names and phrases say: one column a word."""
        tags = [_SAME_AS.get(str(e.tag), e.tag) for e in self.elements]
        marks = [_marked(block) for block in self.blocks]
        rules = [self.around.typed.get(at) for at in self.index]
        near = [place[0] | self._above(p)[0] for place, p in zip(places, self.parents, strict=True)]
        return [
            *_one_hot(tags, _TAGS),
            *_one_hot(marks, _MARKS),
            *_one_hot(rules, _RULES),
            *_one_hot([block.place for block in self.blocks], _PLACES),
            *_bits(near, len(HINTS)),
            *_bits([place[1] for place in places], len(HINTS)),
            *_bits([_phrases(block.text[:240]) for block in self.blocks], len(PHRASES)),
        ]

    def _sides(self, parents: NDArray[np.intp], kinds: NDArray[np.intp]) -> list[Numbers]:
        heading = _column(e.tag in HEADINGS for e in self.elements)
        columns = [np.log1p(self.weights), self.links, self.prose.astype(np.float32), heading]
        found: list[Numbers] = []
        for side in _SIDES:
            found += [_shifted(column, side, -1) for column in columns]
            found += [_shifted(key, side, -1) == key for key in (parents, kinds)]
        return found

    def _above(self, element: Element | None) -> tuple[int, int, int, Element | None]:
        """Hints of *element*, hints of all around it, its depth in the container (99: outside), its ``<article>``."""
        path = []
        while element not in self.above:
            path.append(element)
            element = element.getparent()  # type: ignore[union-attr]
        found = self.above[element]
        for inner in reversed(path):
            assert inner is not None
            own = _hints(inner.get("class"), inner.get("id")) if inner.tag not in ("body", "html") else 0
            depth = 0 if inner is self.around.container else min(found[2] + 1, _FAR)
            found = (own, found[1] | own, depth, inner if inner.tag == "article" else found[3])
            self.above[inner] = found
        return found

    def _levels(self) -> dict[Element, tuple[int, float]]:
        """For the container and all around it: how many levels up, and the share of the running text inside."""
        held: defaultdict[Element, float] = defaultdict(float)
        element: Element | None
        for at in np.flatnonzero(self.prose):
            element = self.elements[at]
            while element is not None:
                held[element] += float(self.weights[at])
                element = element.getparent()
        levels: dict[Element, tuple[int, float]] = {}
        element = self.around.container
        while element is not None:
            levels[element] = (len(levels), held.get(element, 0) / self.total)
            element = element.getparent()
        return levels

    def _common(self, element: Element | None, levels: dict[Element, tuple[int, float]]) -> tuple[int, float]:
        while element is not None:
            if element in levels:
                return levels[element]
            element = element.getparent()
        return 30, 1.0


def _numbered(keys: Sequence[Hashable]) -> NDArray[np.intp]:
    """The same small number for the same key."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.intp)


def _called(element: Element | None) -> Hashable:
    return None if element is None else (element.tag, element.get("class"))


def _column(values: Iterable[float]) -> Numbers:
    return np.array(list(values), np.float32)


def _one_hot(values: Sequence[object], names: Sequence[str]) -> list[Numbers]:
    numbers = {name: number for number, name in enumerate(names)}
    coded = np.array([numbers.get(value, -1) for value in values])  # type: ignore[call-overload]
    return [coded == number for number in range(len(names))]


def _bits(values: Sequence[int], count: int) -> list[Numbers]:
    held = np.array(values, np.int64)
    return [(held >> bit) & 1 for bit in range(count)]  # type: ignore[misc]


def _shifted(column: NDArray[Any], by: int, fill: float) -> NDArray[Any]:
    """*column* as seen from *by* places before; *fill* where there is nothing."""
    moved = np.full_like(column, fill)
    if abs(by) < len(column):
        moved[max(0, -by) : len(column) - max(0, by)] = column[max(0, by) : len(column) + min(0, by)]
    return moved


def _marked(block: Block) -> str | None:
    mark = block.mark
    return None if mark is None else mark.kind if mark.place == "removed" else mark.place


@lru_cache(maxsize=4096)
def _measures(text: str) -> tuple[float, float, float, float]:
    length = len(text)
    return (
        text[-1:] in '.!?。！？…”"»」』’)）',
        len(_STOPS.findall(text)) / length,
        len(_DIGITS.findall(text)) / length,
        len(_CAPITALS.findall(text)) / length,
    )


@lru_cache(maxsize=8192)
def _hints(classes: str | None, identity: str | None) -> int:
    bits = 0
    if classes or identity:
        for match in _HINT.finditer(f"{classes or ''} {identity or ''}"[:300]):
            bits |= _HINT_BIT[match.lastgroup or ""]
    return bits


@lru_cache(maxsize=4096)
def _phrases(text: str) -> int:
    return sum(1 << bit for bit, pattern in enumerate(_PHRASE) if pattern.search(text) is not None)

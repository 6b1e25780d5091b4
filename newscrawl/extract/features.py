"""What a block looks like, in numbers: what :mod:`newscrawl.extract.story` judges blocks by."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import Any

import numpy as np
from lxml.etree import _Element as Element
from numpy.typing import NDArray

from newscrawl.extract.prose import is_prose, squeezed
from newscrawl.extract.tree import HEADINGS, Block
from newscrawl.extract.words import HINTS, PHRASES, hints, phrases

Numbers = NDArray[np.floating[Any]]

_COUNTED = (re.compile(r"[,.;:!?，。；：！？、।…]"), re.compile(r"\d"), re.compile(r"[A-ZÀ-ÖØ-ÞА-Я]"))
"""Stops, digits, capitals."""
_TWO_PLANES = 0x20000
_ENDS = frozenset('.!?。！？…”"»」』’)）')
_BOLD = frozenset(("strong", "b", "em", "i", "u"))

_MARKS = ("caption", "related", "promoted", "notice", "comment", "share", "subscribe", "ad", "correction", "other")
_RULES = ("source_line", "byline", "dateline", "correction", "notice", "ad", "share", "subscribe", "comment")
_PLACES = ("body", "headline", "caption", "related", "promoted", "removed", "chrome")
_TAGS = ("p", "div", "li", "blockquote", "td", "pre")
_SAME_AS = {
    "section": "div", "article": "div", "main": "div", "q": "blockquote", "th": "td", "dt": "td", "dd": "td",
    "code": "pre",
}  # fmt: skip
_TAG_CODE = {name: code for code, name in enumerate(_TAGS)}
_TAG_CODE |= {name: _TAG_CODE[same] for name, same in _SAME_AS.items()}
_MARK_CODE: dict[str | None, int] = {name: code for code, name in enumerate(_MARKS)}
_RULE_CODE: dict[str | None, int] = {name: code for code, name in enumerate(_RULES)}
_PLACE_CODE = {name: code for code, name in enumerate(_PLACES)}
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
    index = [i for i, block in enumerate(blocks) if _may_be_story(block)]
    if not index:
        return [], np.zeros((0, len(NAMES)), np.float32)
    return index, _Table([blocks[i] for i in index], index, around).rows()


def _may_be_story(block: Block) -> bool:
    """All but furniture: what stands far from the article has to read like running text."""
    if not block.weight or (block.mark is not None and block.mark.place == "chrome"):
        return False
    return block.place != "chrome" or is_prose(block)


_Above = tuple[int, int, int, Element | None, int]
"""What stands around an element: its own hints, hints of it and all around it, its depth in the container (99:
outside), its ``<article>``, the level of the innermost of those around it that hold the container (-1: none)."""
_OUTSIDE = -1


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
        container = around.container
        chain = (container, *container.iterancestors()) if container is not None else ()
        self.levels = {element: level for level, element in enumerate(chain)}
        """How many levels an element stands above the container."""
        self.above: dict[Element | None, _Above] = {None: (0, 0, _FAR, None, _OUTSIDE)}

    def rows(self) -> Numbers:
        count = len(self.blocks)
        parents, kinds = _numbered(self.parents), _numbered(self.kinds)
        places = [self._above(element) for element in self.elements]
        inside = np.array([place[2] < _FAR for place in places])
        story = np.flatnonzero(self.prose & inside)
        first, last = (int(story[0]), int(story[-1])) if len(story) else (0, count - 1)
        parts = [
            np.column_stack((np.log1p(self.weights), self.links)),
            np.column_stack(self._own()),
            self._placed(places, first),
            np.column_stack(self._kin(parents, kinds)),
            np.column_stack(self._position(first, last)),
            self._page(story, count),
            *self._coded(places),
            *self._sides(parents, kinds),
        ]
        return np.concatenate(parts, axis=1, dtype=np.float32, casting="unsafe")

    def _own(self) -> list[NDArray[Any]]:
        """What the texts say by themselves."""
        blocks, tags = self.blocks, [element.tag for element in self.elements]
        beginnings = [block.text[:300] for block in blocks]
        return [
            np.array([min(len(block.links), 10) for block in blocks]),
            np.array([text[-1] in _ENDS for text in beginnings]),
            shares_of(beginnings),
            np.array([b.weight / (1 + b.text.count(" ")) if len(b.text) < 2000 else 5.0 for b in blocks]),
            np.array([int(tag[1]) if tag in HEADINGS else 0 for tag in tags]),
            np.array([_is_bold(element) for element in self.elements]),
        ]

    def _placed(self, places: list[_Above], first: int) -> Numbers:
        """Where the block stands, and whether metadata says the same."""
        around = self.around
        keys = [squeezed(block.text[:1000]) for block in self.blocks]
        titles = {squeezed(title) for title in around.claims.titles}
        summary = squeezed(around.claims.description or "")[:60]
        stated = squeezed(around.claims.story or "")
        known = len(stated) > 200
        texts = Counter(keys)
        main = places[first][3]
        head = around.headline if around.headline is not None else self.index[first]
        shares = self._shares(places)
        return np.array(
            [
                (
                    key in titles,
                    len(key) > 20 and summary != "" and key[:60] == summary[: len(key)],
                    (key in stated) - 0.5 if known else 0.0,
                    min(texts[key], 4),
                    block.text[:1].islower(),
                    block.text[-1:] in ":：",
                    min(place[2], 12),
                    *shares[place[4]],
                    place[3] is not None,
                    place[3] is not main,
                    max(-30, min(60, index - head)),
                )
                for key, block, place, index in zip(keys, self.blocks, places, self.index, strict=True)
            ],
            np.float32,
        )

    def _kin(self, parents: NDArray[np.intp], kinds: NDArray[np.intp]) -> list[Numbers]:
        """How much of the running text is called as the block is, and stands where it stands."""
        called = {parent: _called(parent) for parent in dict.fromkeys(self.parents)}
        around = _numbered([called[parent] for parent in self.parents])
        paths = _numbered(list(zip(kinds.tolist(), around.tolist(), strict=True)))
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

    def _page(self, story: NDArray[np.intp], count: int) -> Numbers:
        letters = 1 + sum(len(block.text) for block in self.blocks)
        shared = [
            np.log1p(self.total),
            min(count, 400),
            min(len(story), 100),
            self.weights[story].sum() / self.total,
            self.weights.sum() / letters,
        ]
        return np.tile(np.array(shared, np.float32), (count, 1))

    def _coded(self, places: list[_Above]) -> list[NDArray[Any]]:
        """What tags, rules, names and phrases say: one column a word."""
        typed = self.around.typed
        near = [place[0] | self.above[parent][0] for place, parent in zip(places, self.parents, strict=True)]
        return [
            _one_hot([_TAG_CODE.get(str(e.tag), -1) for e in self.elements], _TAGS),
            _one_hot([_MARK_CODE.get(_marked(block), -1) for block in self.blocks], _MARKS),
            _one_hot([_RULE_CODE.get(typed.get(at), -1) for at in self.index], _RULES),
            _one_hot([_PLACE_CODE[block.place] for block in self.blocks], _PLACES),
            _bits(near, len(HINTS)),
            _bits([place[1] for place in places], len(HINTS)),
            _bits([phrases(block.text[:240]) for block in self.blocks], len(PHRASES)),
        ]

    def _sides(self, parents: NDArray[np.intp], kinds: NDArray[np.intp]) -> list[Numbers]:
        """What stands before and after, two blocks far."""
        heading = np.array([e.tag in HEADINGS for e in self.elements], np.float32)
        own = np.column_stack((np.log1p(self.weights), self.links, self.prose, heading))
        keys = np.column_stack((parents, kinds))
        found: list[Numbers] = []
        for side in _SIDES:
            found += [_shifted(own, side), _shifted(keys, side) == keys]
        return found

    def _above(self, element: Element | None) -> _Above:
        path = []
        while element not in self.above:
            path.append(element)
            element = element.getparent()  # type: ignore[union-attr]
        found = self.above[element]
        for inner in reversed(path):
            assert inner is not None
            own = hints(inner.get("class"), inner.get("id")) if inner.tag not in ("body", "html") else 0
            depth = 0 if inner is self.around.container else min(found[2] + 1, _FAR)
            article = inner if inner.tag == "article" else found[3]
            found = (own, found[1] | own, depth, article, self.levels.get(inner, found[4]))
            self.above[inner] = found
        return found

    def _shares(self, places: list[_Above]) -> list[tuple[int, float]]:
        """For the container and each level above it: the level, and the share of the running text inside."""
        held = [0.0] * len(self.levels)
        for at in np.flatnonzero(self.prose):
            if places[at][4] != _OUTSIDE:
                held[places[at][4]] += float(self.weights[at])
        shares = [(level, inside / self.total) for level, inside in enumerate(accumulate(held))]
        # The last is what stands outside of all of them: _OUTSIDE as an index.
        return [*shares, (30, 1.0)]


def _is_bold(element: Element) -> bool:
    """Return whether all text of *element* is bold. Its children are not counted: that takes as long as there are."""
    first = next(iter(element), None)
    alone = first is not None and first.tag in _BOLD and first.getnext() is None
    return alone and not (element.text or "").strip()


def _numbered(keys: Sequence[Hashable]) -> NDArray[np.intp]:
    """The same small number for the same key."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.intp)


def _called(element: Element | None) -> Hashable:
    return None if element is None else (element.tag, element.get("class"))


def _one_hot(codes: Sequence[int], names: Sequence[str]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = np.array(codes)[:, None] == np.arange(len(names))
    return found


def _bits(values: Sequence[int], count: int) -> NDArray[np.int64]:
    return (np.array(values, np.int64)[:, None] >> np.arange(count)) & 1


def _shifted(rows: NDArray[Any], by: int) -> NDArray[Any]:
    """*rows* as seen from *by* places before; -1 where there is nothing."""
    moved = np.full_like(rows, -1)
    if abs(by) < len(rows):
        moved[max(0, -by) : len(rows) - max(0, by)] = rows[max(0, by) : len(rows) + min(0, by)]
    return moved


def _marked(block: Block) -> str | None:
    mark = block.mark
    return None if mark is None else mark.kind if mark.place == "removed" else mark.place


def shares_of(texts: Sequence[str]) -> Numbers:
    """Return for each of *texts*, none of them empty, the share of its characters that are stops, digits, capitals."""
    lengths = np.array([len(text) for text in texts])
    starts = np.cumsum(lengths) - lengths
    characters = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    kinds = _kinds_of_characters()[characters]
    counts = [np.add.reduceat(kinds == kind, starts, dtype=np.intp) for kind in range(1, 1 + len(_COUNTED))]
    shares: Numbers = np.column_stack(counts) / lengths[:, None]
    return shares


@cache
def _kinds_of_characters() -> NDArray[np.uint8]:
    """For each character, by its number: which of :data:`_COUNTED` it is, from 1; 0 for none."""
    kinds = np.zeros(sys.maxunicode + 1, np.uint8)
    # What lies beyond are ideographs, tags and private characters; to look through them all takes a fifth of a second.
    planes = "".join(map(chr, range(_TWO_PLANES)))
    for kind, pattern in enumerate(_COUNTED, 1):
        kinds[[match.start() for match in pattern.finditer(planes)]] = kind
    return kinds

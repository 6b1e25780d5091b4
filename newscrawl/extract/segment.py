"""Places: which text of a page is headline, story, caption, list of links, notice, or page furniture.

The order of the work: rules mark zones while the tree is walked; short lines are typed; the element that holds
the story is found, and each block gets the place that rules alone give it; a classifier says which blocks are the
story; the others are placed anew around it. Nothing is thrown away.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import numpy as np
from lxml.etree import _Element as Element
from numpy.typing import NDArray

from newscrawl.extract import rules
from newscrawl.extract.features import Around, Claims, Numbers, features
from newscrawl.extract.headlines import Headings
from newscrawl.extract.marks import Marker
from newscrawl.extract.prose import SENTENCE_END, is_prose
from newscrawl.extract.story import chosen, copies, levelled, shipped, signs_of
from newscrawl.extract.tree import HEADINGS, Block, Blocks, MediaNode, Place, walk
from newscrawl.sites import Layout
from newscrawl.text import weight
from newscrawl.urls import looks_like_tag

_LONGEST_LINE = 1000
_LONG_ENOUGH = 100
_LONGEST_DATE = 30
_LONGEST_TITLE = 80
_POSTS = 2
_DATE_ALONE = re.compile(
    r"\W{0,3}(?:19|20)\d\d\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}\s?日?(?:\s{0,3}\d{1,2}:\d\d(?::\d\d)?)?\W{0,3}"
    r"|\W{0,3}(?:[^\W\d]{3,10}, ?)?(?:[^\W\d]{3,10}\.? \d{1,2}|\d{1,2}\.? [^\W\d]{3,10}\.?),? (?:19|20)\d\d\W{0,3}"
)
_NAME_ALONE = re.compile(r"[\u4e00-\u9fff]{2,4}|[A-Z][\w.'’-]+(?: [A-Z][\w.'’-]+){1,3}")
_PICTURE_WORDS = re.compile(r"center|caption|pic|photo|image|img", re.I)
_NO_CLAIMS = Claims()

_DESCENT = 0.7
_NEAR = 6
_FEW_WORDS = 36
_FULL_STOPS = frozenset("。！？!?.…:：;；”»\"'’」』")
_NEVER_STORY = frozenset(("comment", "share", "ad"))
"""Readers write as the story does, and often more of it: what stands around their words says best what they are."""
_LINES = frozenset(("p", "div", "span", "section", "article", "figure", "center", "address"))
_BESIDE = frozenset(("source_line", "byline", "dateline", "correction"))


@dataclass(slots=True)
class Segmented:
    """A page with every block in its place."""

    blocks: list[Block]
    media: list[MediaNode]
    container: Element | None
    """The element that holds the story; None where the page has none."""
    held: list[int]
    """Indices of the blocks inside the container, in reading order."""
    headline: Block | None
    first: int = 0
    """Index of the first block of the article's block."""
    last: int = 0
    """Index after its last block."""
    cut: bool = False
    """Whether the page has more blocks than are told apart."""
    elements: Sequence[Element] = ()
    """All that were walked, held as :attr:`newscrawl.extract.tree.Blocks.elements` tells."""
    signs: tuple[str, ...] = ()
    """What speaks for the story that was chosen, for :func:`newscrawl.extract.confidence.confidence`."""

    def inside(self) -> list[Block]:
        """The blocks inside the container, in reading order."""
        return [self.blocks[index] for index in self.held]

    def article_blocks(self) -> list[Block]:
        """The blocks of the article's block, in reading order."""
        return self.blocks[self.first : self.last]


def body_weight(page: Segmented) -> int:
    """Return the weight of the story."""
    return sum(block.weight for block in page.blocks if block.place == "body")


def segment(
    root: Element,
    layout: Layout | None = None,
    *,
    claims: Claims = _NO_CLAIMS,
    without: frozenset[str] = frozenset(),
) -> Segmented:
    """Give every block below *root* its place.

    *without* names rules to leave out; it is there to show what each rule is for, and for a second look at a page
    that the rules leave hardly any story of.
    """
    look = first_look(root, layout, claims=claims, without=without)
    if look.page.container is None or look.by_profile:
        return look.page
    index, rows = look.rows()
    weights = np.array([look.page.blocks[at].weight for at in index], np.float32)
    ruled = look.ruled(index)
    chances = levelled(shipped().chances(rows), weights, ruled, look.called(index))
    taken = chosen(chances, weights, ruled)
    story = frozenset(at for at, is_story in zip(index, taken, strict=True) if is_story)
    if not story:
        return look.page
    story = _told_once(look.page.blocks, story)
    if look.page.headline is None:
        story = _first_post(look.page.blocks, story)
    by_rules = np.array([look.page.blocks[at].place == "body" for at in index])
    page = _placed_around(look, story - {look.headline()}, without)
    page.signs = signs_of(chances, weights, taken, by_rules)
    return page


@dataclass(frozen=True, kw_only=True)
class FirstLook:
    """A page as the rules alone read it."""

    page: Segmented
    walked: Blocks
    typed: dict[int, rules.LineRule]
    """The line rule that fits a block, by index."""
    claims: Claims
    headings: Headings
    by_profile: bool
    """Whether a profile names the element that holds the story."""

    def headline(self) -> int | None:
        """Index of the headline."""
        return self.page.blocks.index(self.page.headline) if self.page.headline is not None else None

    def rows(self) -> tuple[list[int], Numbers]:
        """What the classifier judges: indices of blocks, and their features."""
        kinds = {index: rule.kind for index, rule in self.typed.items()}
        around = Around(typed=kinds, container=self.page.container, headline=self.headline(), claims=self.claims)
        return features(self.page.blocks, around)

    def ruled(self, index: list[int]) -> NDArray[np.int8]:
        """What line rules say of the blocks, as :func:`newscrawl.extract.story.chosen` takes it."""
        return np.array([self._ruled(at) for at in index], np.int8)

    def called(self, index: list[int]) -> list[tuple[str, ...]]:
        """What the elements of the blocks and those around them are called."""
        return [_path(self.page.blocks[at].element) for at in index]

    def _ruled(self, index: int) -> int:
        rule, block = self.typed.get(index), self.page.blocks[index]
        mark = block.mark
        if mark is not None and (
            mark.kind in _NEVER_STORY or mark.place == "related" or mark.rule.startswith("profile:")
        ):
            return 2
        if rule is not None:
            return 1 if rule.edge_only else 2
        # A few words that are no sentence are a name, a date or a place, unless paragraphs stand on both sides.
        few = block.weight < _FEW_WORDS and block.element.tag in _LINES
        return int(few and block.text[-1:] not in _FULL_STOPS)


def first_look(
    root: Element,
    layout: Layout | None = None,
    *,
    claims: Claims = _NO_CLAIMS,
    without: frozenset[str] = frozenset(),
) -> FirstLook:
    """Give every block below *root* the place that rules alone give it; arguments as for :func:`segment`."""
    marker = Marker(root, layout, without=without)
    walked = walk(root, marker)
    _type_zones(walked.blocks)
    typed = _typed_lines(walked.blocks, without)
    by_profile = marker.container is not None
    headings = Headings(walked.blocks, claims.titles)
    page = _page(walked, marker.container if by_profile else _container(walked.blocks, typed), headings)
    if page.container is not None:
        _place_article(page, typed, without)
    elif page.headline is not None:
        page.headline.put("headline", rule="headline")
    return FirstLook(page=page, walked=walked, typed=typed, claims=claims, headings=headings, by_profile=by_profile)


def _page(walked: Blocks, container: Element | None, headings: Headings, known: Segmented | None = None) -> Segmented:
    same = known is not None and container is known.container
    held = known.held if known is not None and same else _inside(walked.blocks, container)
    headline = headings.headline(held)
    return Segmented(walked.blocks, walked.media, container, held, headline, cut=walked.cut, elements=walked.elements)


def _placed_around(look: FirstLook, story: frozenset[int], without: frozenset[str]) -> Segmented:
    """Place the page's blocks anew, now that the story is known."""
    blocks = look.walked.blocks
    for block in blocks:
        if block.mark is None:
            block.put("chrome")
    page = _page(look.walked, _holding(blocks, story), look.headings, look.page)
    if page.headline is not None:
        story -= {blocks.index(page.headline)}
    _place_article(page, look.typed, without, story)
    return page


def _told_once(blocks: list[Block], story: frozenset[int]) -> frozenset[int]:
    """Leave out the second copy of a story that a page holds twice: one for wide screens and one for narrow ones."""
    at = sorted(story)
    copied = copies([blocks[index].text for index in at], [blocks[index].weight for index in at])
    return story - {at[place] for place in copied}


def _first_post(blocks: list[Block], story: frozenset[int]) -> frozenset[int]:
    """Return the story of the first post where the page is a list of whole posts, each below a title and a date."""
    at = sorted(story)
    opens = [
        index
        for index in range(at[0], at[-1])
        if blocks[index].weight <= _LONGEST_DATE and _DATE_ALONE.fullmatch(blocks[index].text) is not None
    ]
    opens = [index for index in opens if _begins_post(blocks[index - 1])]
    kinds = {(blocks[index].element.tag, blocks[index].element.get("class")) for index in opens}
    if len(opens) < _POSTS or len(kinds) > 1:
        return story
    first = frozenset(index for index in story if index < opens[0] - 1)
    return first if sum(blocks[index].weight for index in first) >= _LONG_ENOUGH else story


def _begins_post(block: Block) -> bool:
    return block.weight <= _LONGEST_TITLE and block.text[-1:] not in _FULL_STOPS


def _holding(blocks: list[Block], story: frozenset[int]) -> Element:
    """Return the smallest element that holds nearly all of the story."""
    held: defaultdict[Element, int] = defaultdict(int)
    for index in story:
        element: Element | None = blocks[index].element
        while element is not None:
            held[element] += blocks[index].weight
            element = element.getparent()
    enough = 0.97 * sum(blocks[index].weight for index in story)
    element = max((block.element for block in map(blocks.__getitem__, story)), key=held.__getitem__)
    while held[element] < enough or element.tag in ("p", "span", "font", "b", "strong"):
        parent = element.getparent()
        if parent is None:
            break
        element = parent
    return element


def _type_zones(blocks: list[Block]) -> None:
    """Place the blocks of each zone; a zone of links is what its label says, whatever its class says."""
    labels: dict[int, Place] = {}
    for block in blocks:
        mark = block.mark
        if mark is not None and not block.links and block.weight <= 60 and mark.place != "chrome":
            if mark.place in ("promoted", "removed") and rules.STRICT_RELATED_LABEL.match(block.text):
                labels[id(mark)] = "related"
            elif mark.place in ("related", "removed") and rules.PROMOTED_LABEL.match(block.text):
                labels[id(mark)] = "promoted"
    for block in blocks:
        if block.mark is not None:
            label = labels.get(id(block.mark))
            if label is not None:
                block.put(label, rule=f"{label}_label")
            else:
                block.put(block.mark.place, block.mark.kind, block.mark.rule)


def _typed_lines(blocks: list[Block], without: frozenset[str]) -> dict[int, rules.LineRule]:
    """Return the line rule that fits each free block, by index."""
    typed = {}
    for index, block in enumerate(blocks):
        if block.mark is not None or block.weight > 400 or block.element.tag in HEADINGS:
            continue
        find = _label_rule if len(block.text) <= 40 else _line_rule
        rule = find(block.text, block.weight, without)
        if rule is not None:
            typed[index] = rule
    return typed


def _line_rule(text: str, text_weight: int, without: frozenset[str]) -> rules.LineRule | None:
    if len(text) > _LONGEST_LINE:
        # Ornaments weigh nothing; a line of them alone is none that a rule is about.
        return None
    for max_weight, find, rule in _line_rules(without):
        if text_weight <= max_weight and find(text) is not None:
            return rule
    return None


# The labels of a site are the same on all its pages.
_label_rule = lru_cache(maxsize=8192)(_line_rule)


@lru_cache(maxsize=64)
def _line_rules(without: frozenset[str]) -> list[tuple[int, Callable[[str], object], rules.LineRule]]:
    return [(rule.max_weight, rule.find, rule) for rule in rules.LINE_RULES if rule.name not in without]


def _container(blocks: list[Block], typed: dict[int, rules.LineRule]) -> Element | None:
    """Return the smallest element that holds most of the page's running text.

    The weight of each paragraph is added to all elements around it; from the root, the walk goes down as long
    as one child holds nearly all of it, and so stops where a story is split over siblings.
    """
    held: defaultdict[Element, float] = defaultdict(float)
    below: defaultdict[Element | None, dict[Element, None]] = defaultdict(dict)
    prose: dict[Element, float] = {}
    for index, block in enumerate(blocks):
        if block.mark is not None or index in typed or block.element.tag in HEADINGS or not is_prose(block):
            continue
        score = min(block.weight, 1200) * (1 - block.link_share)
        prose[block.element] = score
        element: Element | None = block.element
        inner: Element | None = None
        while element is not None:
            held[element] += score
            if inner is not None:
                below[element][inner] = None
            inner, element = element, element.getparent()
        below[None][inner] = None  # type: ignore[index]
    if not held:
        return None
    current = max(below[None], key=held.__getitem__)
    while below[current]:
        best = max(below[current], key=held.__getitem__)
        if held[best] < _DESCENT * held[current] or best.tag in ("p", "span", "font"):
            break
        if held[best] < 0.97 * held[current] and _is_split(current, best, below, prose):
            break
        current = best
    if current.tag in ("p", "span", "font", "b", "strong") and current.getparent() is not None:
        current = current.getparent()  # type: ignore[assignment]
    return current


def _is_split(
    whole: Element,
    best: Element,
    below: dict[Element | None, dict[Element, None]],
    prose: dict[Element, float],
) -> bool:
    """Return whether paragraphs outside *best* are called just as those inside: a story cut into chunks."""
    inside, outside = Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()
    for child in below[whole]:
        found = inside if child is best else outside
        stack = [child]
        while stack:
            element = stack.pop()
            if element in prose:
                found[_path(element)] += int(prose[element])
            stack.extend(below.get(element, ()))
    named = {path for path in inside if any(path[1::2])}
    shared = sum(count for path, count in outside.items() if path in named)
    return shared > 0.03 * (inside.total() + outside.total())


def _path(element: Element) -> tuple[str, ...]:
    """What an element and the one around it are called: tag and class of each."""
    parent = element.getparent()
    outer = ("", "") if parent is None else (str(parent.tag), parent.get("class") or "")
    return (str(element.tag), element.get("class") or "", *outer)


def _inside(blocks: list[Block], container: Element | None) -> list[int]:
    """Return the indices of the blocks inside *container*."""
    if container is None:
        return []
    held = set(container.iter())
    return [index for index, block in enumerate(blocks) if block.element in held]


def _place_article(
    page: Segmented,
    typed: dict[int, rules.LineRule],
    without: frozenset[str],
    story: frozenset[int] | None = None,
) -> None:
    """Place the blocks of the article's block; *story* holds the indices of its text where these are known."""
    blocks, inside = page.blocks, page.held
    if not inside:
        return
    low, high = inside[0], inside[-1] + 1
    prose = sorted(story) if story else [i for i in inside if _is_paragraph(i, blocks[i], typed)]
    if not prose:
        prose = [i for i in inside if blocks[i].mark is None and i not in typed and blocks[i].weight >= 8][:1]
    first, last = (prose[0], prose[-1]) if prose else (high, low)
    head = blocks.index(page.headline) if page.headline is not None else low
    page.first, page.last = min(low, head, first), max(high, head + 1, last + 1)
    shared = _shared_block(page)
    if shared is not None and shared is not page.container:
        around = _inside(blocks, shared)
        page.first, page.last = min(page.first, around[0]), max(page.last, around[-1] + 1)
    page.first, page.last = _with_lines_beside(page, typed)
    # Lists of links that follow directly belong to the article, wherever the layout puts them.
    listed = False
    while page.last < len(blocks):
        block = blocks[page.last]
        if block.mark is None and not block.links:
            listed = rules.STRICT_RELATED_LABEL.match(block.text) is not None
        if not _follows_article(block, listed):
            break
        page.last += 1
    _Placer(page, typed, without, low, high, first, last, story).place()


def _with_lines_beside(page: Segmented, typed: dict[int, rules.LineRule]) -> tuple[int, int]:
    """Return the article's block with the source line or byline that stands close by, whatever holds it."""
    first, last = page.first, page.last
    told = [index for index, rule in typed.items() if rule.kind in _BESIDE]
    first = min((index for index in told if first - _NEAR <= index < first), default=first)
    last = max((index + 1 for index in told if last <= index < last + _NEAR), default=last)
    return first, last


def _is_paragraph(index: int, block: Block, typed: dict[int, rules.LineRule]) -> bool:
    return block.mark is None and index not in typed and is_prose(block)


def _follows_article(block: Block, listed: bool) -> bool:
    """Return whether *block* belongs to the article although it stands after it; *listed*: below a label."""
    if block.mark is None:
        return listed and (not block.links or block.link_share >= 0.8)
    return block.place in ("related", "promoted") or block.kind in ("ad", "share", "subscribe")


def _shared_block(page: Segmented) -> Element | None:
    """Return the smallest element that holds headline and story, unless that is the whole page."""
    if page.headline is None or page.container is None:
        return page.container
    above = set(page.headline.element.iterancestors())
    above.add(page.headline.element)
    element: Element | None = page.container
    while element is not None and element not in above:
        element = element.getparent()
    if element is None or element.tag in ("body", "html"):
        return page.container
    return element


class _Placer:
    """Gives each free block of the article's block its place, in reading order."""

    def __init__(
        self,
        page: Segmented,
        typed: dict[int, rules.LineRule],
        without: frozenset[str],
        low: int,
        high: int,
        first: int,
        last: int,
        story: frozenset[int] | None,
    ) -> None:
        self.story = story
        self.page, self.typed, self.without = page, typed, without
        self.low, self.high, self.first, self.last = low, high, first, last
        self.listed: tuple[str, Element] | None = None
        """Place of the links that follow a label, and the label's element."""

    def place(self) -> None:
        for index in range(self.page.first, self.page.last):
            block = self.page.blocks[index]
            if block is self.page.headline:
                block.put("headline", rule="headline")
                self.listed = None
            elif self.story is not None and index in self.story:
                block.put("body", rule="story")
                self.listed = None
            elif block.mark is None:
                self.place_block(index, block)

    def place_block(self, index: int, block: Block) -> None:
        if index in self.typed:
            rule = self.typed[index]
            if not rule.edge_only or not self.first <= index <= self.last:
                block.put("removed", rule.kind, rule.name)
                return
        if self.place_links(index, block):
            return
        self.listed = None
        if self.is_bare_byline(index, block):
            block.put("removed", "byline", "bare_byline")
        elif "beside_image" not in self.without and is_beside_image(block):
            block.put("caption", rule="beside_image")
        elif self.low <= index < self.high and self.is_story(index, block):
            block.put("body", rule="story")
        else:
            block.put("removed", "other", "unknown")

    def is_story(self, index: int, block: Block) -> bool:
        if self.story is not None:
            return False
        if self.first <= index <= self.last:
            return True
        if block.weight == 0:
            return False
        if index < self.first:
            if block.element.tag in HEADINGS:
                # A subheading right above the first paragraph.
                return index == self.first - 1 and self.page.headline is not None and not block.links
            return SENTENCE_END.search(block.text) is not None and block.weight >= 16
        return block.weight >= 12 and block.link_share < 0.4 and SENTENCE_END.search(block.text) is not None

    def place_links(self, index: int, block: Block) -> bool:
        """Place labels, lists of links and lists of tags; return whether *block* was one."""
        text = block.text
        if self.is_related_label(block):
            block.put("related", rule="related_label")
            self.listed = ("related", block.element)
            return True
        if block.weight <= 60 and rules.PROMOTED_LABEL.match(text):
            block.put("promoted", rule="promoted_label")
            self.listed = ("promoted", block.element)
            return True
        if not block.links:
            return False
        if any(is_tag_link(link.element) for link in block.links):
            label = rules.TAG_LABEL.match(text)
            rest = block.weight - block.link_weight - (weight(label.group()) if label else 0)
            alone = rest <= 8 and (label is not None or not is_prose(block)) and block.weight <= 400
            if alone and not (self.first <= index <= self.last and label is None and len(block.links) == 1):
                block.put("removed", "other", "tag_list")
                return True
            return False
        if block.weight - block.link_weight > 6 or (block.weight and not any(map(str.isalnum, text))):
            return False
        return self.place_bare_links(block)

    def is_related_label(self, block: Block) -> bool:
        """A label of its own, or one before links to other stories; not the beginning of a linked title."""
        if not block.links and block.weight > 60:
            return False
        label = rules.RELATED_LABEL.match(block.text) if "related_label" not in self.without else None
        if label is None or (block.links and block.links[0].text.startswith(label.group().strip())):
            return False
        return not block.links or block.weight - block.link_weight <= weight(label.group()) + 8

    def place_bare_links(self, block: Block) -> bool:
        if self.listed is not None:
            block.put(self.listed[0], rule=f"{self.listed[0]}_label")  # type: ignore[arg-type]
            return True
        if block.weight == 0:
            return False
        if len(block.links) > 1 and "bare_links" not in self.without:
            block.put("promoted", rule="bare_links")
            return True
        if block.element.tag == "li" and block.weight >= 16 and "link_list" not in self.without:
            block.put("related", rule="link_list")
            return True
        return False

    def is_bare_byline(self, index: int, block: Block) -> bool:
        """A name alone, right below the source line (Voice of America prints its reporters so)."""
        if "bare_byline" in self.without or index == 0 or index >= self.first or block.links:
            return False
        return self.page.blocks[index - 1].kind == "source_line" and _NAME_ALONE.fullmatch(block.text) is not None


def is_beside_image(block: Block) -> bool:
    """Return whether *block* is the caption that old layouts centre below a picture."""
    element = block.element
    if block.weight > 200:
        return False
    if element.tag != "center":
        names = element.keys()
        if not any(_says_picture(element.get(name) or "") for name in ("class", "style", "align") if name in names):
            return False
    # An element is asked once for each of its blocks, and may have thousands.
    return any(inner.tag == "img" for inner in islice(element.iter(), 300))


@lru_cache(maxsize=8192)
def _says_picture(words: str) -> bool:
    return _PICTURE_WORDS.search(words) is not None


def is_tag_link(element: Element) -> bool:
    """Return whether a link leads to a page of a subject. WordPress marks categories so, too: they are sections."""
    rel, href = element.get("rel"), element.get("href") or ""
    return (rel is not None and "tag" in rel.split() and "/category/" not in href) or _leads_to_tag(href)


_leads_to_tag = lru_cache(maxsize=8192)(looks_like_tag)

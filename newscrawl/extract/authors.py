"""What a page says of its authors, one layer for each kind of evidence, and which layer to believe."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from newscrawl.extract import bylines, eastasian
from newscrawl.extract.authorship import Named, Surroundings, authors_marked, is_elsewhere
from newscrawl.extract.building import Source
from newscrawl.extract.names import NOT_AUTHORS, is_agency, is_display_name, is_full_name, names_in, person_name
from newscrawl.extract.prose import squeezed
from newscrawl.extract.structured import explicit_persons, people_of
from newscrawl.extract.surnames import CJK_OUTLET, HAN, is_han_name, is_japanese_name
from newscrawl.extract.titles import site_name
from newscrawl.extract.tree import Block, where
from newscrawl.items import Person
from newscrawl.urls import host_of, resolve

_META = (
    "author", "article:author", "og:article:author", "byl", "parsely-author", "dc.creator", "dcterms.creator",
    "sailthru.author", "cxenseparse:author", "articleauthor", "article.author", "byline", "citation_author",
    "og:author", "authors", "creator",
)  # fmt: skip
_WRITTEN_BY = frozenset(
    (
        "written by",
        "verfasst von",
        "geschrieben von",
        "écrit par",
        "escrito por",
        "scritto da",
        "geschreven door",
        "autor",
    )
)
_NO_BYLINES = ("notice", "ad", "subscribe", "correction")
_SIGNED_BLOCKS = 3
_MOST_VALUES = 20
_TOGETHER = 6
_LONGEST_BYLINE = 90
_LONGEST_SPEAKER = 5
_SPEAKER = re.compile(rf"\s*([{HAN}]{{2,5}})\s?[：:｜|]")
_INTO_STORY = 3
_NEXT_LINE = 2
_ABOUT = 10


@dataclass(frozen=True, kw_only=True)
class Layer:
    """The people that one kind of evidence names."""

    name: str
    """``json-ld``, ``meta``, ``microdata``, ``text``, ``signed`` …: one word for what was read."""
    method: str
    where: str
    people: tuple[Person, ...]
    near: bool = False
    """Whether it is printed beside the headline."""

    def keys(self) -> frozenset[str]:
        """The names, for telling whether two layers say the same."""
        return frozenset(squeezed(person.name) for person in self.people)


class _Run:
    """Bylines that stand one below the other: one for each author."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.place, self.last, self.short = "", -_TOGETHER, True

    def goes_on(self, index: int, names: list[str]) -> bool:
        """Whether the byline of the block *index* is one more of them."""
        near = index - self.last <= _NEXT_LINE and self.short
        return near and all(is_full_name(name) for name in (*self.names, *names))

    def add(self, index: int, block: Block, names: list[str]) -> None:
        """Add a byline."""
        if not self.names:
            self.place = where(block.element)
        self.names += names
        self.last, self.short = index, block.weight <= _LONGEST_BYLINE


class Evidence:
    """What a page says of its authors, by kind of evidence."""

    def __init__(self, source: Source) -> None:
        self.source, self.meta = source, source.meta
        self.around = Surroundings(source.page)
        self.site = squeezed(site_name(source.meta) or "")
        host = (host_of(source.url or "") or "").removeprefix("www.")
        self.label = max((squeezed(part) for part in host.split(".")), key=len, default="")

    def layers(self) -> Iterator[Layer]:
        """Yield each layer, the best first; many have no people."""
        yield from self.profiled()
        stated = list(people_of(self.meta, self.meta.article.get("author") or self.meta.page_author or []))
        yield self.layer(
            "json-ld", "json-ld", "author", [(n, url) for name, url, person in stated if person for n in names_in(name)]
        )
        marked = authors_marked(self.around, self.meta.itemprops)
        printed = list(self.printed())
        by_hand = list(self.marked(marked, near=True))
        yield from (layer for layer in by_hand if layer.name != "class")
        yield self.posted()
        yield from (layer for layer in printed if all(is_full_name(p.name) for p in layer.people))
        yield from (layer for layer in by_hand if layer.name == "class")
        yield self.written_by()
        yield from printed
        yield from self.signed()
        yield from self.metadata()
        if not any(not person for _, _, person in stated):
            # Where metadata says that an organisation wrote it, a lone name is about something else.
            yield from self.marked(marked, near=False)
            yield from self.bare()
        yield self.described()
        yield self.house(marked)

    def layer(
        self, name: str, method: str, place: str, pairs: Iterable[tuple[str, str | None]], *, near: bool = False
    ) -> Layer:
        people: dict[str, Person] = {}
        for text, url in pairs:
            key = squeezed(text)
            if key not in people and not self.is_house(key, text if method != "meta" else ""):
                people[key] = Person(name=text, url=resolve(self.source.base, url) if url else None)
        return Layer(name=name, method=method, where=place, people=tuple(people.values()), near=near)

    def profiled(self) -> Iterator[Layer]:
        """What the site's profile says is the byline."""
        for block in self.source.page.article_blocks():
            if block.rule == "profile:byline":
                names = bylines.authors_in(block.text) or names_in(block.text)
                yield self.layer("profile", "profile", where(block.element), [(name, None) for name in names])

    def is_house(self, key: str, name: str) -> bool:
        """Whether a name is the site's own; a person's site is often called by a part of the name."""
        if key == self.site or key == self.label:
            return True
        related = len(self.label) > 4 and len(key) > 2 and (key in self.label or self.label in key)
        return related and not is_full_name(name)

    def is_outlet(self, name: str) -> bool:
        """Whether a name is an agency's or the site's, and no one's who writes under the site's name."""
        return is_agency(name) or (squeezed(name) in (self.site, self.label) and person_name(name) is None)

    def marked(self, marked: list[Named], *, near: bool) -> Iterator[Layer]:
        """One layer for each reason; below the story only where all elements name the same people."""
        for reason in ("rel", "itemprop", "url", "data", "class", "person-url"):
            those = [one for one in marked if one.near is near and one.reason == reason]
            if not those:
                continue
            first = min(those, key=lambda one: abs(one.index - self.around.head)) if near else those[0]
            same = [one for one in those if one.where == first.where and abs(one.index - first.index) <= _TOGETHER]
            if not near and (
                any(one.names != those[0].names for one in those) or not all(map(is_full_name, those[0].names))
            ):
                continue
            pairs = [(name, one.url) for one in same for name in one.names]
            if any(is_full_name(name) for name, _ in pairs):
                pairs = [pair for pair in pairs if " " in pair[0] or not pair[0].islower()]
            yield self.layer(reason if near else f"{reason}-below", first.method, first.where, pairs, near=near)

    def written_by(self) -> Layer:
        """What Yoast SEO writes for Twitter: a label and a value."""
        label = self.meta.first("twitter:label1")
        value = self.meta.first("twitter:data1")
        named = label is not None and label[1].lower().strip(" :") in _WRITTEN_BY
        return self.layer(
            "written-by", "meta", "twitter:data1", [(n, None) for n in names_in(value[1])] if named and value else []
        )

    def edges(self) -> Iterator[tuple[int, Block]]:
        """The blocks beside the headline and above the story, then those right below the story."""
        around = self.around
        typed = [i for i in range(around.start + 1, around.end) if around.blocks[i].kind in ("byline", "source_line")]
        above = {*range(around.head - 4, around.head + 9), *range(around.start - 5, around.top_end)}
        for index in (
            *sorted(i for i in above if 0 <= i < max(around.head + 1, around.start + 1, around.top_end)),
            *typed,
            *range(around.end + 1, around.end + 7),
        ):
            if index < len(around.blocks) and not is_elsewhere(around.blocks[index]):
                yield index, around.blocks[index]

    def printed(self) -> Iterator[Layer]:
        """The lines that a word such as *By* or 作者 begins; its name may stand in the next block."""
        cue, known = False, _Run()
        for index, block in self.edges():
            if block.weight > 260 or block.place == "headline" or block.kind in _NO_BYLINES:
                continue
            names = names_in(block.text) if cue and block.weight <= 80 else []
            cue = bylines.is_cue(block.text)
            if not cue and not names:
                names = self.announced(index, block)
            if not names:
                continue
            if known.names and not known.goes_on(index, names):
                yield self.run(known)
                known = _Run()
            known.add(index, block, names)
        yield self.run(known)

    def posted(self) -> Layer:
        """Who posted the first contribution of a forum's page, as the line below it says."""
        around = self.around
        for block in around.blocks[around.start : around.end + _TOGETHER]:
            if block.weight <= _LONGEST_BYLINE and eastasian.is_post_line(block.text):
                names = bylines.authors_in(block.text)
                return self.layer("posted", "text", where(block.element), [(name, None) for name in names])
        return self.layer("posted", "text", "", [])

    def announced(self, index: int, block: Block) -> list[str]:
        """The people whom the lines of a block name; inside the story it must be short, and the names in full."""
        inside = index > self.around.start and block.place == "body"
        if inside and block.weight > _LONGEST_BYLINE:
            return []
        names: list[str] = []
        lines = block.text.split("\n")[:8]
        for at, line in enumerate(lines):
            found = bylines.authors_in(line)
            if at and not found and bylines.is_cue(lines[at - 1]):
                found = [name for name in names_in(line) if is_full_name(name)]
            names += found if len(found) == 1 or all(map(is_full_name, found)) or not found[0].isascii() else []
        return names if not inside or all(map(is_full_name, names)) else []

    def run(self, run: _Run) -> Layer:
        """The layer of bylines that stand one below the other."""
        pairs = [(name, None) for name in run.names]
        return self.layer("text", "text", run.place, pairs, near=self.around.is_near(run.last) is True)

    def signed(self) -> Iterator[Layer]:
        """Who signs inside the first or last paragraphs, or in brackets below them."""
        body = [block for block in self.source.page.article_blocks() if block.place == "body"]
        for edge in (body[: _SIGNED_BLOCKS + 2], body[-_SIGNED_BLOCKS:]):
            lines = [(block, names) for block in edge if (names := eastasian.signature_line(block.text))]
            if lines:
                pairs = [(name, None) for _, names in lines for name in names]
                yield self.layer("signed", "text", where(lines[0][0].element), pairs)
        for block in body[:_SIGNED_BLOCKS]:
            yield self.signature(block, last=False)
        below = [block for index, block in self.edges() if index > self.around.end]
        for block in (*body[-_SIGNED_BLOCKS:], *below):
            yield self.signature(block, last=True)

    def signature(self, block: Block, *, last: bool) -> Layer:
        names = eastasian.signed_by(block.text, last=last)
        return self.layer("signed", "text", where(block.element), [(name, None) for name in names])

    def metadata(self) -> Iterator[Layer]:
        for key in _META:
            values = [v for v in self.meta.meta.get(key, ())[:_MOST_VALUES] if "://" not in v]
            names = [name for value in values for name in names_in(value)]
            # One word, or what is no Chinese name in full, is mostly the name of an outlet or an account.
            yield self.layer(
                "meta", "meta", key, [(n, None) for n in names if is_full_name(n) or (len(names) == 1 and n.isascii())]
            )

    def bare(self) -> Iterator[Layer]:
        """A line above the story that holds names and a date or a role, or that stands beside a date."""
        for index, block in self.edges():
            if self.may_be_bare(index, block):
                beside = self.around.blocks[max(index - 1, 0) : index + 2]
                dated = any(one.weight <= 24 and bylines.DATED.search(one.text) for one in beside)
                text = block.text.strip()
                below = self.stands_alone(index, text)
                name = bylines.bare_name(text) if dated or below else None
                if below and not name:
                    name = text
                names = [name] if name else bylines.introduced(block.text)
                if block.rule == "bare_byline" and not names and not NOT_AUTHORS.search(block.text):
                    names = [name] if (name := person_name(block.text)) else []
                yield self.layer("bare", "text", where(block.element), [(name, None) for name in names], near=True)

    def may_be_bare(self, index: int, block: Block) -> bool:
        """Whether a block is short and stands above the story; in its first paragraphs it has to hold a date, too."""
        if index > self.around.start + _INTO_STORY or block.links or block.weight > 80 or block.place == "headline":
            return False
        return index <= self.around.start or bylines.DATED.search(block.text) is not None

    def stands_alone(self, index: int, text: str) -> bool:
        """Whether *text* is a name alone below the headline, as an East Asian essay names its author."""
        around = self.around
        if around.head < around.start:
            near = around.head < index <= around.head + 3
        else:
            near = around.start - 3 <= index < around.start  # The headline is not known.
        return near and (is_han_name(text) or is_japanese_name(text) or self.is_speaker(index, text))

    def is_speaker(self, index: int, text: str) -> bool:
        """Whether a headline above begins with the name *text*, as in 闻一川：渡口; so are essays entitled."""
        if len(text) > _LONGEST_SPEAKER or CJK_OUTLET.search(text) is not None:
            return False
        above = (block.text for block in self.around.blocks[max(index - _TOGETHER, 0) : index])
        return any((match := _SPEAKER.match(line)) and match[1] == text for line in (*above, self.meta.title or ""))

    def described(self) -> Layer:
        """Whom a line or two below the story introduce: a name alone and what its bearer does, or *X is a writer …*."""
        blocks, end = self.around.blocks, self.around.end
        for index in range(max(end - _ABOUT, self.around.start + 1, 1), min(end + _ABOUT, len(blocks))):
            block, before = blocks[index], blocks[index - 1]
            if block.weight <= 30 or block.place == "chrome" or is_elsewhere(block):
                continue
            name = bylines.described(block.text)
            if not name and before.place != "chrome" and block.text.startswith(f"{before.text} "):
                goes_on = block.text[len(before.text) :].lstrip()[:1].islower()
                name = (bylines.bare_name(before.text) if goes_on else None) or ""
            if name:
                return self.layer("described", "text", where(block.element), [(name, None)])
        return self.layer("described", "text", "", [])

    def house(self, marked: list[Named]) -> Layer:
        """A name of the site's own that the page calls a person: the last resort."""
        explicit = [name for name in explicit_persons(self.meta) if is_display_name(name) and not self.is_outlet(name)]
        names = explicit[:1] or [n for one in marked if one.near or one.reason == "rel" for n in one.names]
        people = tuple(Person(name=name) for name in dict.fromkeys(names[:1]))
        return Layer(name="house", method="json-ld" if explicit else "microdata", where="author", people=people)


def _goes_beyond(layer: Layer, other: Layer) -> bool:
    """Whether *layer* names all whom *other* names, and more, each with a name in full."""
    return (
        other.keys() < layer.keys() and len(layer.people) <= 6 and all(is_full_name(one.name) for one in layer.people)
    )


def best_of(layers: list[Layer]) -> Layer:
    """Return the layer to believe: the first, unless what is printed beside the headline says more or otherwise."""
    first = layers[0]
    if first.method not in ("json-ld", "meta"):
        # Of several authors often only one has a page of one's own to be linked to.
        more = (one for one in layers if one.near or one.name == "signed")
        return next((one for one in more if _goes_beyond(one, first)), first)
    printed = [layer for layer in layers if layer.near and layer is not first]
    for layer in printed:
        if first.keys() < layer.keys() and len(layer.people) <= 6:
            return layer
    if any(first.keys() & layer.keys() for layer in printed):
        return first
    full = [layer for layer in printed if layer.name != "bare" and all(is_full_name(p.name) for p in layer.people)]
    if not all(is_full_name(p.name) for p in first.people):
        return full[0] if full else first
    # Metadata names who has put the story into the system; the byline says who wrote it.
    return next((layer for layer in full if layer.name == "text"), first)

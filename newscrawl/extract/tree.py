"""One parse of a page, and its text cut into blocks.

A block is the text between two block-level boundaries, a paragraph as a reader sees it. Every text node of the
tree belongs to exactly one block, so that what becomes of the page's text can be accounted for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from lxml import etree
from lxml.etree import _Element as Element

from newscrawl.extract import bounds
from newscrawl.text import clean_line, weight

Place = Literal["headline", "body", "caption", "related", "promoted", "removed", "chrome"]

_WITHOUT_TEXT = ("script", "style", "template", "noscript", "svg", "iframe", "object", "canvas")
_INLINE = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "b",
        "bdi",
        "bdo",
        "big",
        "cite",
        "code",
        "data",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "img",
        "ins",
        "kbd",
        "label",
        "mark",
        "nobr",
        "q",
        "rp",
        "rt",
        "ruby",
        "s",
        "samp",
        "small",
        "source",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
        "picture",
        "br",
    ]
)
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_MEDIA = frozenset(("img", "figure", "picture", "video", "amp-img", "amp-video"))
_PLAYER = re.compile(
    r"(?:https?:)?//(?:[\w-]+\.)*(?:youtube(?:-nocookie)?\.com/(?:embed|v)/|player\.vimeo\.com/video/|dailymotion\.com/embed/"
    r"|geo\.dailymotion\.com/player|player\.bilibili\.com/|player\.youku\.com/embed/|v\.qq\.com/(?:iframe|txp)/|rutube\.ru/play/embed/"
    r"|ok\.ru/videoembed/|vk\.com/video_ext|facebook\.com/plugins/video|players\.brightcove\.net/|cdn\.jwplayer\.com/players/"
    r"|content\.jwplatform\.com/players/|tv\.naver\.com/embed/|embed\.ted\.com/|rumble\.com/embed/|player\.twitch\.tv/|ustream\.tv/embed/)",
    re.I,
)
_REAL_SOURCES = ("data-src", "data-srcset", "data-lazy-src", "data-lazy-srcset", "data-original", "srcset")
_IN_HEAD = frozenset(("title", "meta", "link", "script", "style", "base", "noscript", "template", "object", "isindex"))
# Links inside links: a browser keeps one. Each is asked for its text at every end of a block.
_OPEN_LINKS = 8


@dataclass(frozen=True, kw_only=True)
class Mark:
    """The place that a rule gives to an element and all it holds."""

    place: Place
    kind: str | None = None
    """For ``removed``: one of :data:`newscrawl.items.RemovedKind`."""
    rule: str
    """Name of the rule, for people."""


@dataclass(slots=True, eq=False)
class BlockLink:
    """A link inside a block. Compared by identity."""

    element: Element
    text: str


@dataclass(slots=True, eq=False)
class Block:
    """The text between two block-level boundaries. Compared by identity."""

    element: Element
    """Nearest block-level ancestor of the text; for skipped chrome its topmost element."""
    raw: str
    """The text nodes, joined as they stand."""
    links: list[BlockLink]
    mark: Mark | None
    """The zone the block stands in. None where no rule decided."""
    text: str = ""
    """:attr:`raw` on one line, blanks collapsed; line breaks of the page are newlines."""
    weight: int = 0
    """Letters and digits, Chinese, Japanese and Korean ones counted twice."""
    place: Place = "chrome"
    kind: str | None = None
    rule: str | None = None
    _link_weight: int | None = None

    @property
    def link_weight(self) -> int:
        """The part of :attr:`weight` that is linked. Few blocks with links are asked for it."""
        if self._link_weight is None:
            self._link_weight = sum(weight(link.text) for link in self.links) if self.links and self.weight else 0
        return self._link_weight

    @property
    def link_share(self) -> float:
        """0 to 1."""
        return self.link_weight / self.weight if self.weight else 0.0

    def put(self, place: Place, kind: str | None = None, rule: str | None = None) -> None:
        """Give the block its place."""
        self.place, self.kind, self.rule = place, kind, rule


@dataclass(frozen=True)
class MediaNode:
    """An image or video element, and the block it stands before."""

    element: Element
    mark: Mark | None
    block_index: int


@dataclass(slots=True)
class Blocks:
    """The walked page."""

    blocks: list[Block] = field(default_factory=list)
    media: list[MediaNode] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)
    """Those that were walked: what is held, lxml need not make anew for all who ask for it later."""
    cut: bool = False
    """Whether there are more blocks than :data:`~newscrawl.extract.bounds.MAX_BLOCKS`; the last holds all others."""


_NUL_IN_TAG = re.compile(rb"</?[A-Za-z][^<>\0]*+\0[^<>]*+>")


def parse(utf8: bytes) -> Element | None:
    """Return the root of an HTML page, or None for a page without elements."""
    return parse_bounded(utf8)[0]


def parse_bounded(utf8: bytes, *, ids: bool = True) -> tuple[Element | None, tuple[str, ...]]:
    """Return what :func:`parse` does, and the codes of the bounds (:mod:`newscrawl.extract.bounds`) that were met.

    *ids*: whether XPath's ``id()`` is to find elements; to keep account of them takes a tenth of the parser's time.

    NUL bytes are taken out of the text first: the parser would stop at one and lose the rest of the page.
    Source: HTML, 13.2.5 Tokenization.
    """
    if b"\0" in utf8:
        # In a name or an attribute one stands for a character, as in a browser: a split name is no name.
        utf8 = _NUL_IN_TAG.sub(lambda tag: tag[0].replace(b"\0", "\N{REPLACEMENT CHARACTER}".encode()), utf8)
        utf8 = utf8.replace(b"\0", b"")
    codes: tuple[str, ...] = ()
    if bounds.unbounded(utf8):
        utf8, codes = bounds.bounded(utf8)
    root = _parsed(utf8, ids)
    for strict in (False, True):
        if root is None or not bounds.too_deep(root):
            break
        # Dropped, with all its text, is what lies deeper still: only the bytes have all of it.
        flat, met = bounds.bounded(utf8, strict=strict)
        root, codes = _parsed(flat, ids), tuple(sorted({*codes, *met, "nesting"}))
    if root is not None:
        _out_of_head(root)
    return root, codes


def _parsed(utf8: bytes, ids: bool) -> Element | None:
    try:
        parser: etree.HTMLParser[Element] = etree.HTMLParser(
            # Without huge_tree, what is nested deeper than 256 elements would be dropped without a word.
            encoding="utf-8",
            remove_comments=True,
            remove_pis=True,
            huge_tree=True,
            collect_ids=ids,
        )
        return etree.fromstring(utf8, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def _out_of_head(root: Element) -> None:
    """Move content out of ``<head>``: the parser leaves elements it does not know (``<article>``) where they stand."""
    head = root.find("head")
    if head is None:
        return
    first = next((at for at, child in enumerate(head) if child.tag not in _IN_HEAD), None)
    if first is None:
        return
    body = root.find("body")
    if body is None:
        body = etree.SubElement(root, "body")
    moved = head[first:]
    last = moved[-1]
    text, body.text = body.text, None
    body[:0] = moved
    if text:
        last.tail = (last.tail or "") + text


def drop_scripts(root: Element) -> list[str]:
    """Remove elements whose content nobody reads as text, and return the contents of the JSON-LD scripts.

    ``<head>`` stays, without scripts and styles. The picture in a ``<noscript>`` goes to the stand-in beside it, and
    the frame of a video player becomes a video.
    """
    json_ld: list[str] = []
    frames: list[Element] = []
    # One pass: to go through the tree of a page takes longer than what is done with the few that are found.
    for element in root.iter("script", "noscript", "iframe"):
        if element.tag == "noscript":
            _unveil(element)
        elif element.tag == "iframe":
            frames.append(element)
        elif "ld+json" in (element.get("type") or "").lower() and element.text:
            json_ld.append(element.text)
    for frame in frames:
        _show_player(frame)
    etree.strip_elements(root, *_WITHOUT_TEXT, with_tail=False)
    return json_ld


def _unveil(hidden: Element) -> None:
    """Give the picture that *hidden* holds for readers without scripts to the image that scripts would fill."""
    image = next(hidden.iter("img"), None)
    parent = hidden.getparent()
    if image is None or parent is None or parent.tag in ("html", "head", "body"):
        return
    for beside in (hidden.getprevious(), hidden.getnext()):
        stand_in = next(beside.iter("img"), None) if beside is not None else None
        if stand_in is None or stand_in is image:
            continue
        src = stand_in.get("src") or ""
        if any(stand_in.get(name) for name in _REAL_SOURCES) or (src and not src.startswith("data:")):
            return
        for name in ("src", "srcset", "alt", "width", "height"):
            value = image.get(name)
            if value and (name != "alt" or not stand_in.get("alt")):
                stand_in.set(name, value)
        return
    if next(parent.iter("img"), None) is image and (image.get("width") or "9") not in "01":
        hidden.addprevious(image)
        image.tail = None


def _show_player(frame: Element) -> None:
    src = frame.get("src") or ""
    if not _PLAYER.match(src):
        src = frame.get("data-src") or ""
    if _PLAYER.match(src):
        for child in list(frame):
            frame.remove(child)
        frame.text, frame.tag = None, "video"
        frame.set("src", src)


def page_text_length(root: Element) -> int:
    """Return the characters of text below *root*, blanks included."""
    return len(etree.tostring(root, method="text", encoding="unicode"))


def text_within(element: Element) -> str:
    """Return all text of *element*, joined; what follows its end tag is not its own."""
    return etree.tostring(element, method="text", encoding="unicode", with_tail=False)


def walk(root: Element, mark_of: Callable[[Element], Mark | None]) -> Blocks:
    """Cut the text below *root* into blocks.

    *mark_of* gives an element's own mark; it is asked for each element that stands in no zone yet, in document
    order: furniture inside a zone (a button in a share bar) would only cut the zone in pieces. Elements marked
    ``chrome`` are not walked: each is one block.
    """
    return _Walker(mark_of).walked(root)


Zone = tuple[Element, Mark | None]
"""The nearest block-level element, and the mark that holds in it. Compared by identity: each is entered once."""


class _Walker:
    """Walks with a stack of its own, since a page may be nested deeper than Python's.

    This is the hottest loop of a page; it keeps what it needs in few attributes and calls little.
    """

    def __init__(self, mark_of: Callable[[Element], Mark | None]) -> None:
        self.mark_of = mark_of
        self.out = Blocks()
        self.pieces: list[str] = []
        self.links: list[BlockLink] = []
        self.open_links: list[tuple[Element, int]] = []
        self.rest: list[str] = []
        """The text of all blocks after the last that is kept as one."""

    def walked(self, root: Element) -> Blocks:
        stack: list[tuple[Iterator[Element], Element, Zone]] = []
        element = root
        zone: Zone = (root, None)
        children = iter(root)
        pieces, enter, close_link = self.pieces, self.enter, self.close_link
        elements = self.out.elements
        # Blanks before the first word of a block are layout: a text counts once there are pieces, or if it has words.
        if (text := root.text) and not text.isspace():
            pieces.append(text)
        while True:
            for child in children:
                entered = enter(child, zone)
                if entered is not None:
                    if (text := child.text) and (pieces or not text.isspace()):
                        pieces.append(text)
                    elements.append(child)
                    if len(child):
                        stack.append((children, element, zone))
                        element, zone, children = child, entered, iter(child)
                        break
                    # An element without children, the commonest kind, needs no place on the stack.
                    if child.tag == "a":
                        close_link(child)
                    if entered is not zone:
                        self.flush(entered)
                if (text := child.tail) and (pieces or not text.isspace()):
                    pieces.append(text)
            else:
                if element.tag == "a":
                    close_link(element)
                if not stack:
                    self.flush(zone)
                    self.close(root)
                    return self.out
                left, inside = element, zone
                children, element, zone = stack.pop()
                if inside is not zone:
                    self.flush(inside)
                if (text := left.tail) and (pieces or not text.isspace()):
                    pieces.append(text)

    def enter(self, child: Element, zone: Zone) -> Zone | None:
        """Return the zone inside *child*, *zone* itself for an inline element; None for one without inside."""
        tag = child.tag
        inline = tag in _INLINE
        if tag == "br":
            self.line_break(zone)
            return None
        if tag == "head" or not isinstance(tag, str):
            return None
        mark = zone[1]
        own = self.mark_of(child) if mark is None else mark
        if own is not mark or not inline:
            if self.pieces or self.links:
                self.flush(zone)
            if own is not mark and own is not None and own.place == "chrome":
                self.skip(child, own)
                return None
            zone = child, own
        if tag == "a":
            if child.get("href") is not None and len(self.open_links) < _OPEN_LINKS:
                self.open_links.append((child, len(self.pieces)))
        elif tag in _MEDIA:
            self.out.media.append(MediaNode(child, own, len(self.out.blocks)))
        return zone

    def close(self, root: Element) -> None:
        """End the page."""
        if self.rest:
            self.out.cut = True
            mark = Mark(place="chrome", rule="limit")
            self.out.blocks.append(Block(root, "".join(self.rest), [], mark, place="chrome", rule=mark.rule))

    def line_break(self, zone: Zone) -> None:
        """Two line breaks on end are a paragraph's end, as old portals write it."""
        last = len(self.pieces) - 1
        while last > 0 and self.pieces[last].isspace() and self.pieces[last] != "\x0b":
            last -= 1
        if last >= 0 and self.pieces[last] == "\x0b":
            self.flush(zone)
        else:
            self.pieces.append("\x0b")

    def skip(self, element: Element, mark: Mark) -> None:
        raw = text_within(element)
        if raw and not raw.isspace():
            if len(self.out.blocks) >= bounds.MAX_BLOCKS:
                self.rest += (raw, "\n")
            else:
                self.out.blocks.append(Block(element, raw, [], mark, place="chrome", rule=mark.rule))

    def close_link(self, element: Element) -> None:
        if self.open_links and self.open_links[-1][0] is element:
            _, start = self.open_links.pop()
            text = self.text_since(start)
            last = self.out.blocks[-1].links[-8:] if self.out.blocks else []
            if text or not any(link.element is element for link in last):
                # A link without text is a picture's, unless its text stands in the blocks it was put around.
                self.links.append(BlockLink(element, text))

    def text_since(self, start: int) -> str:
        pieces = self.pieces
        raw = pieces[start] if len(pieces) == start + 1 else "".join(pieces[start:])
        return clean_line(raw.replace("\x0b", " ").strip(_INDENT))

    def flush(self, zone: Zone) -> None:
        """End the block that stands in *zone*."""
        if not self.pieces and not self.links:
            return
        element, mark = zone
        for link, start in self.open_links:
            text = self.text_since(start)
            if text:
                self.links.append(BlockLink(link, text))
        raw = "".join(self.pieces)
        blank = not raw or raw.isspace()
        # A block without text is kept for its links: a picture can be one.
        if (self.links or not blank) and len(self.out.blocks) >= bounds.MAX_BLOCKS:
            self.rest += (raw.replace("\x0b", ""), "\n")
        elif self.links or not blank:
            block = Block(element, raw.replace("\x0b", ""), self.links, mark)
            if not blank:
                block.text = _lines(raw)
                block.weight = weight(block.text)
            self.out.blocks.append(block)
        self.pieces.clear()
        self.links = []
        if self.open_links:
            self.open_links = [(link, 0) for link, _ in self.open_links]


_INDENT = " \t\r\n\f\u3000\u00a0"


def _lines(raw: str) -> str:
    """Blanks collapsed within lines; ``<br>``, which the walk marks with U+000B, ends a line."""
    # Indentation is the commonest blank of all; without it most text is clean as it stands.
    if "\x0b" not in raw:
        return clean_line(raw.strip(_INDENT))
    lines = [clean_line(line.strip(_INDENT)) for line in raw.split("\x0b")]
    text = "\n".join(lines).strip("\n")
    return re.sub(r"\n{3,}", "\n\n", text)


def where(element: Element) -> str:
    """Name *element* for people: tag, first class or id (``p.notice``, ``div#artibody``)."""
    name = str(element.tag)
    classes = (element.get("class") or "").split()
    if classes:
        return f"{name}.{classes[0]}"
    identity = (element.get("id") or "").strip()
    return f"{name}#{identity}" if identity else name

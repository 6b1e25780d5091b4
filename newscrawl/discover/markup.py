"""The elements of an XML document, one after the other, however badly it is written.

A feed is read as its publisher meant it, not as XML is defined: a stray ampersand, an HTML entity or a control
character costs nothing, where an XML parser would stop or drop the rest. Declarations are passed over, so that no
entity is ever defined, and nothing is fetched. Time is linear in the document, memory is not bound to its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html.entities import html5

_TAG = re.compile(r"<(/?)([^\s<>/=\"'!?][^\s<>/=\"']*+)((?:[^<>\"']++|\"[^<\"]*+\"|'[^<']*+')*+)>")
# With quotes that do not come in pairs.
_LOOSE_TAG = re.compile(r"<(/?)([^\W\d][^\s<>/=\"']*+)([^<>]*+)>")
_SKIPPED = (("<!--", "-->"), ("<?", "?>"))
_TEXT, _BEGIN, _END, _EMPTY = range(4)
_CDATA, _CDATA_END = "<![CDATA[", "]]>"
_DOCTYPE = re.compile(r"<!doctype[^<>\[]*+([>\[])", re.I)
_SUBSET_END = re.compile(r"[ \t\r\n]{0,99}>")
_LONGEST_DOCTYPE = 4096
_ATTRIBUTE = re.compile(r"(?<![^\s\"'])([^\s=/\"'<>]++)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'<>]++))")
_REFERENCE = re.compile(r"&(?:#([0-9]{1,8})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z][A-Za-z0-9]{0,31}));")
_LONGEST_TAG = 1 << 16
_LONGEST_TEXT = 1 << 14
_DEEPEST = 64

_NAMESPACES = {
    "purl.org/dc/elements/1.1": "dc",
    "purl.org/dc/terms": "dcterms",
    "purl.org/rss/1.0": "",
    "purl.org/rss/1.0/modules/syndication": "sy",
    "my.netscape.com/rdf/simple/0.9": "",
    "channel.netscape.com/rdf/simple/0.9": "",
    "rssnamespace.org/feedburner/ext/1.0": "feedburner",
    "www.w3.org/2005/atom": "atom",
    "purl.org/atom/ns": "atom",
    "www.w3.org/1999/02/22-rdf-syntax-ns": "rdf",
    "www.w3.org/1999/xhtml": "xhtml",
    "www.sitemaps.org/schemas/sitemap/0.9": "",
    "www.google.com/schemas/sitemap/0.84": "",
    "www.google.com/schemas/sitemap-news/0.9": "news",
    "www.google.com/schemas/sitemap-image/1.1": "image",
    "www.google.com/schemas/sitemap-video/1.1": "video",
    "search.yahoo.com/mrss": "media",
}


def unescaped(text: str) -> str:
    """Return *text* with its references resolved; what is none stays as it stands.

    >>> unescaped("a&amp;b&nbsp;c &copy=1 &#20013;")
    'a&b\\xa0c &copy=1 中'
    """
    return _REFERENCE.sub(_character, text) if "&" in text else text


def _character(match: re.Match[str]) -> str:
    decimal, hexadecimal, name = match.groups()
    if name:
        return html5.get(f"{name};", match[0])
    number = int(decimal) if decimal else int(hexadecimal, 16)
    valid = number in (9, 10, 13) or 0x20 <= number < 0xD800 or 0xE000 <= number < 0x110000
    return chr(number) if valid else ""


class Element:
    """An element that was begun, and perhaps ended."""

    __slots__ = ("_attributes", "_markup", "_parts", "_size", "name", "parent", "spaces")

    def __init__(self, name: str, markup: str, parent: Element | None, spaces: dict[str, str]) -> None:
        self.name = name
        """In lower case, with the usual prefix of its namespace; without one in the document's main namespace."""
        self.parent = parent
        self.spaces = spaces
        self._markup = markup
        self._attributes: dict[str, str] | None = None
        self._parts: list[str] | None = None
        self._size = 0

    @property
    def attributes(self) -> dict[str, str]:
        """By name in lower case, prefix as written."""
        if self._attributes is None:
            self._attributes = attributes_in(self._markup) if "=" in self._markup else {}
        return self._attributes

    @property
    def text(self) -> str:
        """What stands in it, and in the elements in it; its beginning where it is very long."""
        return "".join(self._parts or ())

    def inherited(self, name: str) -> list[str]:
        """Return the values of the attribute *name* here and above, the outermost first."""
        element: Element | None = self
        found: list[str] = []
        while element is not None:
            if "=" in element._markup and name in element.attributes:
                found.append(element.attributes[name])
            element = element.parent
        return found[::-1]

    def _keep(self) -> None:
        self._parts = []

    def _add(self, text: str) -> None:
        element: Element | None = self
        while element is not None and element._parts is not None:
            if element._size < _LONGEST_TEXT:
                element._parts.append(text[: _LONGEST_TEXT - element._size])
                element._size += len(text)
            element = element.parent


def attributes_in(markup: str) -> dict[str, str]:
    """Return the attributes that stand in the text of a tag after its name."""
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(markup):
        name, one, two, bare = match.groups()
        value = one if one is not None else two if two is not None else bare
        found.setdefault(name.lower(), unescaped(value))
    return found


class Markup:
    """Elements of a document whose text comes in pieces."""

    def __init__(self, pieces: Iterable[str], leaves: frozenset[str]) -> None:
        """*leaves* names the elements whose text is kept; none contains another."""
        self._pieces = iter(pieces)
        self._leaves = leaves
        self._stack: list[Element] = []
        self.main = ""
        """The prefix of the namespace whose elements go without: set by the reader who has seen the root."""
        self.items: frozenset[str] = frozenset()
        """Elements of which none contains another: set by the reader, too."""
        self.unclosed = False
        """Whether the document ended inside an element."""

    def events(self) -> Iterator[tuple[bool, Element]]:
        """Yield ``(True, element)`` where an element begins, and ``(False, element)`` where it ends."""
        tokens = _Tokens(self._pieces)
        for kind, text, markup in tokens:
            if kind == _TEXT:
                if self._stack:
                    self._stack[-1]._add(text)
            elif kind == _END:
                yield from self._ended(text)
            else:
                yield from self._made_room(text)
                if len(self._stack) >= _DEEPEST:
                    continue
                element = self._begun(text, markup)
                yield True, element
                if kind == _EMPTY:
                    yield False, element
                else:
                    self._stack.append(element)
        self.unclosed = tokens.unclosed or bool(self._stack)
        while self._stack:
            yield False, self._stack.pop()

    def _begun(self, tag: str, markup: str) -> Element:
        parent = self._stack[-1] if self._stack else None
        spaces = parent.spaces if parent is not None else {}
        if "xmlns" in markup:
            spaces = dict(spaces)
            for name, uri in attributes_in(markup).items():
                if name == "xmlns" or name.startswith("xmlns:"):
                    key = re.sub(r"^https?://|[/#]+$", "", uri.strip().lower())
                    spaces[name[6:]] = _NAMESPACES.get(key, name[6:])
        element = Element(self._named(tag, spaces), markup, parent, spaces)
        if element.name in self._leaves or (parent is not None and parent._parts is not None):
            element._keep()
        return element

    def _named(self, tag: str, spaces: dict[str, str]) -> str:
        prefix, colon, local = tag.lower().rpartition(":")
        prefix = spaces.get(prefix, prefix if colon else self.main)
        return local if prefix in ("", self.main) else f"{prefix}:{local}"

    def _made_room(self, tag: str) -> Iterator[tuple[bool, Element]]:
        """End what was never ended, where *tag* tells that it should have been."""
        if not self._stack:
            return
        name = self._named(tag, self._stack[-1].spaces)
        if name in self._items_open():
            yield from self._ended(tag)
        elif name in self._leaves and self._stack[-1].name in self._leaves:
            yield False, self._stack.pop()

    def _items_open(self) -> set[str]:
        return {element.name for element in self._stack if element.name in self.items}

    def _ended(self, tag: str) -> Iterator[tuple[bool, Element]]:
        tag = tag.lower()
        for depth in range(len(self._stack) - 1, -1, -1):
            element = self._stack[depth]
            if element.name == self._named(tag, element.spaces):
                while len(self._stack) > depth:
                    yield False, self._stack.pop()
                return


class _Tokens:
    """The texts and tags of a document, in order."""

    def __init__(self, pieces: Iterator[str]) -> None:
        self.unclosed = False
        """Whether the document ended inside a comment or the like."""
        self._pieces = pieces
        self._buffer = ""
        self._at = 0

    def __iter__(self) -> Iterator[tuple[int, str, str]]:
        """Yield ``(_TEXT, text, "")`` and ``(kind, name, rest of the tag)``."""
        while self._at < len(self._buffer) or self._more():
            opening = self._buffer.find("<", self._at)
            if opening != self._at:
                if text := self._text_to(opening):
                    yield _TEXT, unescaped(text), ""
                continue
            match = _TAG.match(self._buffer, opening)
            if match is None:
                if self._buffer[opening + 1 : opening + 2] in ("", "!", "?"):
                    special = self._special()
                    if special is not None:
                        yield from ((_TEXT, text, "") for text in special if text)
                        continue
                match = _LOOSE_TAG.match(self._buffer, self._at)
            if match is not None:
                self._at = match.end()
                end, name, rest = match.groups()
                yield (_END if end else _EMPTY if rest.endswith("/") else _BEGIN), name, rest
            elif not self._may_go_on() or not self._more():
                self._at += 1
                yield _TEXT, "<", ""

    def _more(self) -> bool:
        for piece in self._pieces:
            if piece:
                self._buffer, self._at = self._buffer[self._at :] + piece, 0
                return True
        return False

    def _may_go_on(self) -> bool:
        """Tell whether the tag that begins here can end in the next piece."""
        return len(self._buffer) - self._at <= _LONGEST_TAG and self._buffer.find("<", self._at + 1) < 0

    def _ensure(self, length: int) -> None:
        while len(self._buffer) - self._at < length and self._more():
            pass

    def _text_to(self, opening: int) -> str:
        """Take the text up to *opening*; none if the next piece is needed to tell where it ends."""
        if opening < 0:
            length = len(self._buffer) - self._at
            # A reference may be cut in two at the end.
            if length > _LONGEST_TAG:
                opening = len(self._buffer) - 64
            elif self._more():
                return ""
            else:
                opening = len(self._buffer)
        text, self._at = self._buffer[self._at : opening], opening
        return text

    def _special(self) -> Iterator[str] | None:
        """Take what begins like a comment, a declaration or CDATA; return its text, or None if it is none."""
        self._ensure(_LONGEST_DOCTYPE)
        if self._buffer.startswith(_CDATA, self._at):
            self._at += len(_CDATA)
            return self._until(_CDATA_END)
        for opening, end in _SKIPPED:
            if self._buffer.startswith(opening, self._at):
                return self._skipped(end)
        match = _DOCTYPE.match(self._buffer, self._at)
        if match is None:
            return None
        self._at = match.end()
        if match[1] == ">":
            return iter(())
        while True:
            for _ in self._until("]"):
                pass
            self._ensure(_LONGEST_DOCTYPE)
            end_of_it = _SUBSET_END.match(self._buffer, self._at)
            if end_of_it is not None:
                self._at = end_of_it.end()
            if end_of_it is not None or self.unclosed:
                return iter(())

    def _skipped(self, end: str) -> Iterator[str]:
        for _ in self._until(end):
            pass
        return iter(())

    def _until(self, end: str) -> Iterator[str]:
        """Take the text up to *end*, in pieces, and *end* itself."""
        while (stop := self._buffer.find(end, self._at)) < 0:
            keep = max(self._at, len(self._buffer) - len(end) + 1)
            text, self._at = self._buffer[self._at : keep], keep
            yield text
            if not self._more():
                self.unclosed = True
                text, self._at = self._buffer[self._at :], len(self._buffer)
                yield text
                return
        text, self._at = self._buffer[self._at : stop], stop + len(end)
        yield text

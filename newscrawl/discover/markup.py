"""The elements of an XML document, one after the other, however badly it is written.

A feed is read as its publisher meant it, not as XML is defined: a stray ampersand, an HTML entity or a control
character costs nothing, where an XML parser would stop or drop the rest. Declarations are passed over, so that no
entity is ever defined, and nothing is fetched. Time is linear in the document, memory is not bound to its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html.entities import html5
from typing import Literal

# A text and the tag after it.
_TAG = re.compile(r"([^<]*+)<(/?)([^\s<>/=\"'!?][^\s<>/=\"']*+)((?>(?:[^<>\"']++|\"[^<\"]*+\"|'[^<']*+')*))>")
# With quotes that do not come in pairs.
_LOOSE_TAG = re.compile(r"()<(/?)([^\W\d][^\s<>/=\"']*+)([^<>]*+)>")
_PLAIN_LESS = re.compile(r"(?>(?:<(?![^\s<>=\"'])[^<]*+)+)")
_CDATA, _CDATA_END = "<![CDATA[", "]]>"
_SKIPPED = (("<!--", "-->"), ("<?", "?>"))
_DOCTYPE = re.compile(r"<!doctype[^<>\[]*+([>\[])", re.I)
_SUBSET_END = re.compile(r"\][ \t\r\n]{0,99}>")
_LONGEST_DOCTYPE = 4096
_ATTRIBUTE = re.compile(r"(?<![^\s\"'])([^\s=/\"'<>]++)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'<>]++))")
_REFERENCE = re.compile(r"&(?:#([0-9]{1,8})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z][A-Za-z0-9]{0,31}));")
_LONGEST_TAG = 1 << 16
LONGEST_TEXT = 1 << 14
"""Characters that are kept of an element."""
_DEEPEST = 64
# Forty tags for each entry of a full sitemap.
_MOST_TOKENS = 2_000_000
# What takes that many times as long as a tag: CDATA, comments, what is none of these.
_ODD = 4
_MOST_NAMES = 1000

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


class _Spaces:
    """The namespaces that hold for an element, and the names that follow from them."""

    __slots__ = ("names", "prefixes")

    def __init__(self, prefixes: dict[str, str]) -> None:
        self.prefixes = prefixes
        self.names: dict[str, str] = {}

    def named(self, tag: str, main: str) -> str:
        if len(self.names) > _MOST_NAMES:
            self.names.clear()
        prefix, colon, local = tag.lower().rpartition(":")
        prefix = self.prefixes.get(prefix, prefix if colon else main)
        self.names[tag] = name = local if prefix in ("", main) else f"{prefix}:{local}"
        return name

    def with_declared(self, markup: str) -> _Spaces:
        prefixes = dict(self.prefixes)
        for name, uri in attributes_in(markup).items():
            if name == "xmlns" or name.startswith("xmlns:"):
                key = re.sub(r"^https?://|[/#]+$", "", uri.strip().lower())
                prefixes[name[6:]] = _NAMESPACES.get(key, name[6:])
        return _Spaces(prefixes) if prefixes != self.prefixes else self


class Element:
    """An element that was begun, and perhaps ended."""

    __slots__ = ("_attributes", "_markup", "_parts", "_size", "_spaces", "_tag", "name", "parent")

    def __init__(self, tag: str, name: str, markup: str, parent: Element | None, spaces: _Spaces) -> None:
        self.name = name
        """In lower case, with the usual prefix of its namespace; without one in the document's main namespace."""
        self.parent = parent
        self._tag = tag
        self._markup = markup
        self._spaces = spaces
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

    def _add(self, text: str) -> None:
        element: Element | None = self
        while element is not None and element._parts is not None:
            if element._size < LONGEST_TEXT:
                element._parts.append(text[: LONGEST_TEXT - element._size])
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
        self._tokens = _Tokens(iter(pieces))
        self._leaves = leaves
        self._stack: list[Element] = []
        self._spaces = _Spaces({})
        self._main = ""
        self._items: frozenset[str] = frozenset()
        self.cut: Literal["bytes", "malformed"] | None = None
        """``bytes`` where the document goes on after what was read, ``malformed`` where it ends inside an element."""

    def begin(self, root: Element, name: str, items: frozenset[str]) -> None:
        """Take *root* for the root element, called *name*, whose namespace is the main one.

        *items* are elements that do not contain each other.
        """
        prefix, _, local = root.name.rpartition(":")
        if local == name:
            self._main = prefix
        root.name = name
        root._spaces.names.clear()
        self._items = items

    def events(self) -> Iterator[tuple[bool, Element]]:
        """Yield ``(True, element)`` where an element begins, and ``(False, element)`` where it ends.

        After :meth:`begin` only items and leaves are told of.
        """
        stack, leaves = self._stack, self._leaves
        for text, end, tag, markup in self._tokens:
            top = stack[-1] if stack else None
            if text and top is not None and top._parts is not None and top._size < LONGEST_TEXT:
                top._add(unescaped(text) if tag or end else text)
            if not tag:
                continue
            if end:
                if top is not None and top._tag == tag:
                    stack.pop()
                    if self._is_told(top):
                        yield False, top
                else:
                    yield from self._ended(tag)
                continue
            spaces = top._spaces if top is not None else self._spaces
            if "xmlns" in markup:
                spaces = spaces.with_declared(markup)
            name = spaces.names.get(tag) or spaces.named(tag, self._main)
            if name in self._items or (top is not None and top.name in leaves and name in leaves):
                yield from self._made_room(name)
                top = stack[-1] if stack else None
            if len(stack) >= _DEEPEST:
                continue
            element = Element(tag, name, markup, top, spaces)
            if name in leaves or (top is not None and top._parts is not None):
                element._parts = []
            stack.append(element)
            if self._is_told(element):
                yield True, element
            if markup.endswith("/"):
                yield from self._popped(len(stack) - 1)
        self.cut = "bytes" if self._tokens.too_many else "malformed" if stack or self._tokens.unclosed else None
        yield from self._popped(0)

    def _is_told(self, element: Element) -> bool:
        return not self._items or element.name in self._leaves or element.name in self._items

    def _popped(self, depth: int) -> Iterator[tuple[bool, Element]]:
        """End the elements below *depth*."""
        while len(self._stack) > depth:
            element = self._stack.pop()
            if self._is_told(element):
                yield False, element

    def _made_room(self, name: str) -> Iterator[tuple[bool, Element]]:
        """End what was never ended, where an element *name* tells that it should have been."""
        if name in self._items:
            for depth, element in enumerate(self._stack):
                if element.name in self._items:
                    yield from self._popped(depth)
                    return
        elif self._stack and self._stack[-1].name in self._leaves:
            yield from self._popped(len(self._stack) - 1)

    def _ended(self, tag: str) -> Iterator[tuple[bool, Element]]:
        for depth in range(len(self._stack) - 1, -1, -1):
            if self._stack[depth]._tag == tag:
                return self._popped(depth)
        lower = tag.lower()
        for depth in range(len(self._stack) - 1, -1, -1):
            if self._stack[depth]._tag.lower() == lower:
                return self._popped(depth)
        return iter(())


class _Tokens:
    """The tags of a document, in order, each with the text before it."""

    def __init__(self, pieces: Iterator[str]) -> None:
        self.unclosed = False
        """Whether the document ended inside a comment or the like."""
        self.too_many = False
        """Whether it was not read to its end."""
        self._pieces = pieces
        self._buffer = ""
        self._at = 0

    def __iter__(self) -> Iterator[tuple[str, str, str, str]]:
        """Yield ``(text, "/" of an end tag, name, rest of the tag)``.

        A text without a tag has no name, and ``&`` before it where it may hold references.
        """
        left = _MOST_TOKENS
        while self._at < len(self._buffer) or self._more():
            buffer, at = self._buffer, self._at
            while match := _TAG.match(buffer, at):
                at = match.end()
                yield match.groups()  # type: ignore[misc]
                left -= 1
                if left < 0:
                    break
            self._at = at
            left -= _ODD
            if left < 0:
                self.too_many = True
                return
            yield from self._odd()

    def _odd(self) -> Iterator[tuple[str, str, str, str]]:
        """Take what is no tag, or the next piece."""
        opening = self._buffer.find("<", self._at)
        if opening != self._at:
            yield self._text_to(opening), "&", "", ""
            return
        if self._buffer[opening + 1 : opening + 2] in ("", "!", "?"):
            special = self._special()
            if special is not None:
                yield from ((text, "", "", "") for text in special)
                return
        match = _LOOSE_TAG.match(self._buffer, self._at)
        if match is not None:
            self._at = match.end()
            yield match.groups()  # type: ignore[misc]
        elif not self._may_go_on() or not self._more():
            match = _PLAIN_LESS.match(self._buffer, self._at)
            end = match.end() if match is not None else max(self._buffer.find("<", self._at + 1), self._at + 1)
            text, self._at = self._buffer[self._at : end], end
            yield text, "&", "", ""

    def _more(self) -> bool:
        for piece in self._pieces:
            if piece:
                self._buffer, self._at = self._buffer[self._at :] + piece, 0
                return True
        return False

    def _may_go_on(self) -> bool:
        """Tell whether the tag that begins here can end in the next piece."""
        return len(self._buffer) - self._at <= _LONGEST_TAG and self._buffer.find("<", self._at + 1) < 0

    def _text_to(self, opening: int) -> str:
        """Take the text up to *opening*; none if the next piece is needed to tell where it ends."""
        if opening < 0:
            # A reference may be cut in two at the end.
            if len(self._buffer) - self._at > _LONGEST_TAG:
                opening = len(self._buffer) - 64
            elif self._more():
                return ""
            else:
                opening = len(self._buffer)
        text, self._at = self._buffer[self._at : opening], opening
        return text

    def _special(self) -> Iterator[str] | None:
        """Take what begins like a comment, a declaration or CDATA; return its text, or None if it is none."""
        while len(self._buffer) - self._at < _LONGEST_DOCTYPE and self._more():
            pass
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
        return self._without_subset() if match[1] == "[" else iter(())

    def _without_subset(self) -> Iterator[str]:
        while (end := _SUBSET_END.search(self._buffer, self._at)) is None:
            self._at = max(self._at, len(self._buffer) - 100)
            if not self._more():
                self.unclosed = True
                self._at = len(self._buffer)
                return iter(())
        self._at = end.end()
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

"""How much markup of a page is read, and a page with more of it made one that can be read.

The parser compares each attribute of a tag with all before it, gives up without a word below 2,048 levels, and
everything that climbs from an element to the root is as slow as the page is deep. No page made for readers comes near
the bounds; a page that does is written anew within them, with all its text, before it is parsed again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from lxml import etree
from lxml.etree import _Element as Element

from newscrawl.items import Warn

MAX_TAGS = 30_000
"""Start and end tags. Of 625 labelled news pages the richest has 19,400, the median 1,560."""
MAX_DEPTH = 128
"""Levels of elements. The deepest of those pages has 56."""
MAX_ATTRIBUTES = 256
"""Attributes of a tag. The most in those pages are 64."""
MAX_BLOCKS = 10_000
"""Blocks of text. The most in those pages are 2,660."""
MAX_BASE = 300
"""Characters of ``<base href>``: each link of the page is resolved against it."""

_SUSPECT_ATTRIBUTES = 512
# The shortest tag with that many: a letter and a blank for each.
_SUSPECT_BYTES = 2 * _SUSPECT_ATTRIBUTES
_HARMLESS_BYTES = 8192

_BLANK = rb"[ \t\r\n\f]"
_NAME = rb"[ \t\r\n\f/]*+[^ \t\r\n\f/>][^ \t\r\n\f/>=]*+"
_VALUE = rb"(?:\"[^\"]*+\"|'[^']*+'|[^ \t\r\n\f>\"'][^ \t\r\n\f>]*+)"
# As the HTML standard cuts a tag: a quote counts only after "=", and inside quotes ">" ends nothing.
_EQUALS = rb"%b*+=%b*+" % (_BLANK, _BLANK)
_ATTRIBUTE = rb"(?:%b(?>%b%b|%b|))" % (_NAME, _EQUALS, _VALUE, _EQUALS)
_ATTRIBUTES = rb"(?>%b*)" % _ATTRIBUTE
_TAG_END = rb"(?=[ \t\r\n\f/>])"
_WITH_ATTRIBUTES = re.compile(rb"<[a-zA-Z][^ \t\r\n\f/>]*+[ \t\r\n\f/]%b" % _ATTRIBUTES)
_TOO_MANY = re.compile(rb"<[a-zA-Z][^ \t\r\n\f/>]*+%b{%d}" % (_ATTRIBUTE, _SUSPECT_ATTRIBUTES))
_FIRST_ATTRIBUTES = re.compile(rb"<[a-zA-Z][^ \t\r\n\f/>]*+(?>%b{0,%d})" % (_ATTRIBUTE, MAX_ATTRIBUTES))

_RAW = rb"script|style|textarea|title|xmp|iframe|noembed|noframes"
_TOKEN = re.compile(
    rb"(?P<other><!--(?:.*?-->|.*+)|<[!?][^>]*+>?)"
    rb"|(?P<start><(?P<name>[a-zA-Z][^ \t\r\n\f/>]*+)%b[ \t\r\n\f/]*+>?)"
    rb"|</(?P<end>[a-zA-Z][^ \t\r\n\f/>]*+)%b[ \t\r\n\f/]*+>?" % (_ATTRIBUTES, _ATTRIBUTES),
    re.S,
)
_RAW_NAMES = frozenset(_RAW.split(b"|"))
_RAW_END = {name: re.compile(rb"</%b%b" % (name, _TAG_END), re.I) for name in _RAW_NAMES}
# What has no text to show, with all inside it, and every other tag.
_MARKUP = re.compile(
    rb"<!--(?:.*?-->|.*+)|<(?P<raw>script|style|iframe|noembed|noframes)%b(?:.*?</(?P=raw)%b[^>]*+>?|.*+)"
    rb"|<[!?/]?[a-zA-Z][^ \t\r\n\f/>]*+%b[ \t\r\n\f/]*+>?" % (_TAG_END, _TAG_END, _ATTRIBUTES),
    re.S | re.I,
)
_VOID = frozenset(b"area base basefont br col embed frame hr img input isindex link meta param".split())
_CLOSE_THEMSELVES = frozenset((b"p", b"li", b"dt", b"dd", b"td", b"th", b"tr", b"option", b"a"))
# What holds text or a link itself, and has the last quarter of the levels for itself: a story that lies too deep keeps
# its paragraphs.
_INNERMOST = frozenset(b"p li h1 h2 h3 h4 h5 h6 a figure figcaption time".split())
_INLINE = frozenset(b"span font b i u em strong a small big sup sub nobr".split())
# An end tag does not reach through an element of a higher rank (libxml2, htmlEndPriority); all others rank alike.
_RANK = {b"div": 150, b"td": 160, b"th": 160, b"tr": 170, b"thead": 180, b"tbody": 180, b"tfoot": 180, b"table": 190}
_RANK |= {b"head": 200, b"body": 200, b"html": 220}

_DETAILS = {
    "nesting": f"elements deeper than {MAX_DEPTH} levels are read as part of those around them",
    "attributes": f"only {MAX_ATTRIBUTES} attributes of a tag are read",
    "markup": f"after {MAX_TAGS} tags the text is read without markup",
    "blocks": f"after {MAX_BLOCKS} blocks the text is kept as one block of page furniture",
    "base": f"longer than {MAX_BASE} characters: links are resolved against the page's own URL",
}

_deep: etree.XPath = etree.XPath("boolean(" + "/*" * (MAX_DEPTH + 4) + ")")


def warning(code: str) -> Warn:
    """Return the warning for the bound *code*: ``nesting``, ``attributes``, ``markup``, ``blocks`` or ``base``."""
    return Warn(field="links" if code == "base" else "article_body", code=code, detail=_DETAILS[code])


def too_deep(root: Element) -> bool:
    """Return whether elements lie deeper than any that :func:`bounded` leaves."""
    return bool(_deep(root))


def unbounded(utf8: bytes) -> bool:
    """Return whether a page has more tags than are read, or a tag with so many attributes that parsing takes long.

    Scripts that look like such a tag may be taken for one: :func:`bounded` knows better, and takes longer.
    """
    if len(utf8) <= _HARMLESS_BYTES:
        return False
    if utf8.count(b"<") > MAX_TAGS:
        return True
    return any(len(tag) > _SUSPECT_BYTES and _TOO_MANY.match(tag) for tag in _WITH_ATTRIBUTES.findall(utf8))


def bounded(utf8: bytes, *, strict: bool = False) -> tuple[bytes, tuple[str, ...]]:
    """Return the page within the bounds, with all its text, and the codes of the bounds that it ran into.

    *strict* leaves no elements inside each other at all, for a page that the parser closes otherwise than expected.
    """
    cutter = _Cutter(utf8, 3 if strict else MAX_DEPTH)
    return b"".join(cutter.parts()), tuple(code for code in _DETAILS if code in cutter.codes)


class _Cutter:
    """Goes through the tags of a page once, and keeps account of what is open as the parser will."""

    def __init__(self, utf8: bytes, depth: int) -> None:
        self.utf8, self.depth = utf8, depth
        self.codes: set[str] = set()
        self.open: list[bytes] = []
        self.left_out: Counter[bytes] = Counter()

    def parts(self) -> Iterator[bytes]:
        utf8, at, tags = self.utf8, 0, 0
        while (match := _TOKEN.search(utf8, at)) is not None:
            yield utf8[at : match.start()]
            at = match.end()
            if match["other"] is not None:
                continue
            tags += 1
            if tags > MAX_TAGS:
                self.codes.add("markup")
                yield _MARKUP.sub(b" ", utf8[match.start() :])
                return
            if (end := match["end"]) is not None:
                name = end.lower()
                yield match[0] if self.closes(name) else b"" if name not in self.left_out else _between(name)
                continue
            name = match["name"].lower()
            if name in _RAW_NAMES:
                tags, inside = tags + 1, at
                found = _RAW_END[name].search(utf8, at)
                at = found.start() if found is not None else len(utf8)
                close = utf8.find(b">", at) + 1 or len(utf8)
                yield self.within(match["start"]) + utf8[inside:close]
                at = close
            else:
                yield self.within(match["start"]) if name in _VOID or self.opens(name) else _between(name)
        yield utf8[at:]

    def within(self, tag: bytes) -> bytes:
        """Return *tag* with as many attributes as are read."""
        if len(tag) <= 2 * MAX_ATTRIBUTES:
            return tag
        first = _FIRST_ATTRIBUTES.match(tag)
        if first is None or not tag[first.end() :].strip(b" \t\r\n\f/>"):
            return tag
        self.codes.add("attributes")
        return first[0] + b">"

    def opens(self, name: bytes) -> bool:
        """Return whether the element is kept."""
        if self.open and self.open[-1] == name and name in _CLOSE_THEMSELVES:
            return True
        if len(self.open) >= (self.depth if name in _INNERMOST else self.depth * 3 // 4):
            self.codes.add("nesting")
            self.left_out[name] += 1
            return False
        self.open.append(name)
        return True

    def closes(self, name: bytes) -> bool:
        """Return whether an end tag closes an element that was kept."""
        if self.left_out[name]:
            self.left_out[name] -= 1
            return False
        rank = _RANK.get(name, 100)
        for at in range(len(self.open) - 1, -1, -1):
            if self.open[at] == name:
                del self.open[at:]
                return True
            if _RANK.get(self.open[at], 100) > rank:
                break
        return False


def _between(name: bytes) -> bytes:
    """Return what keeps the text on both sides of a tag that is left out as far apart as the tag did."""
    return b"" if name in _INLINE else b"<br><br>"

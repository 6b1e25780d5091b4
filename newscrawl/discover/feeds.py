"""Feeds of every kind: told apart, and RSS and Atom read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from newscrawl.discover.documents import Cut, FeedDocument, Gathering, Kind, link, plain_title, stated_date
from newscrawl.discover.jsonfeeds import read_json
from newscrawl.discover.markup import Element, Markup
from newscrawl.discover.packed import Packed
from newscrawl.discover.sitemaps import add_url, read_lines
from newscrawl.urls import resolve

_ROOTS: dict[str, Kind] = {
    "rss": "rss",
    "channel": "rss",
    "rdf": "rdf",
    "feed": "atom",
    "urlset": "sitemap",
    "sitemapindex": "sitemap_index",
}
_ITEMS: dict[Kind, frozenset[str]] = {
    "rss": frozenset(("item",)),
    "rdf": frozenset(("item",)),
    "atom": frozenset(("entry",)),
    "sitemap": frozenset(("url", "sitemap")),
    "sitemap_index": frozenset(("url", "sitemap")),
    "news_sitemap": frozenset(("url", "sitemap")),
}
_PUBLISHED = (
    "pubdate",
    "published",
    "atom:published",
    "dc:date",
    "dcterms:issued",
    "issued",
    "dcterms:created",
    "created",
)
_MODIFIED = ("updated", "atom:updated", "modified", "dcterms:modified")
_ORIGINAL = ("feedburner:origlink", "pheedo:origlink")
_LEAVES = frozenset(
    (
        *("title", "link", "atom:link", "guid", "id", "loc", "lastmod", "news:publication_date", "news:title"),
        *("ttl", "sy:updateperiod", "sy:updatefrequency", *_PUBLISHED, *_MODIFIED, *_ORIGINAL),
    )
)
# Elements between an entry, or the feed, and its fields.
_HOLDERS = frozenset(("news:news", "channel", "feed"))
_STRAY_TAGS = 50
_PERIODS = {"hourly": 3600, "daily": 86400, "weekly": 7 * 86400, "monthly": 30 * 86400, "yearly": 365 * 86400}
_LONGEST_TTL_S = 90 * 86400.0


def read_feed(
    body: bytes,
    url: str,
    *,
    content_type: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> FeedDocument | None:
    """Read a feed, a sitemap or WordPress's list of posts; None when *body* is none of them. Never raises.

    *body* is the payload without the transfer's content coding; a file that is itself gzip is unpacked. *url* is where
    it was found, for relative links and its name. *headers* by name in any case: ``X-WP-TotalPages`` and ``Link`` tell
    of further pages of posts. At most 50 MiB and 50,000 entries are read, as sitemaps have no more.
    """
    packed = Packed(body, content_type)
    address = resolve(None, url)
    start = packed.head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start in (b"[", b"{"):
        return read_json(packed, address, headers or {})
    if not start:
        return None
    named = (content_type or "").partition(";")[0].strip().lower()
    if b"<" not in packed.head or named == "text/plain":
        lines = read_lines(packed, address, named)
        if lines is not None:
            return lines
    return _Reader(packed, address).read() if b"<" in packed.head else None


class _Reader:
    """One reading of a document in XML."""

    def __init__(self, packed: Packed, url: str | None) -> None:
        self._packed = packed
        self._found = Gathering(url)
        self._markup = Markup(packed.text(), _LEAVES)
        self._kind: Kind | None = None
        self._item: Element | None = None
        self._fields: list[Element] = []
        self._about: list[Element] = []
        self._stray = 0

    def read(self) -> FeedDocument | None:
        cut: Cut | None = None
        for begun, element in self._markup.events():
            if self._kind is None:
                if begun and not self._is_root(element):
                    return None
            elif begun:
                if element.name in _ITEMS[self._kind] and self._item is None:
                    if self._found.full:
                        cut = "entries"
                        break
                    self._item, self._fields = element, []
            elif element is self._item:
                self._take(element)
                self._item = None
            elif element.name in _LEAVES and element.parent is not None:
                self._field(element, element.parent)
        return self._document(cut or self._packed.cut or self._markup.cut)

    def _is_root(self, element: Element) -> bool:
        """Tell whether *element* is the root, or may be what stands before it: the error message of a server."""
        kind = _ROOTS.get(element.name.rpartition(":")[2])
        if kind is None:
            self._stray += 1
            return self._stray < _STRAY_TAGS and element.name not in ("html", "xhtml:html", "head", "body", "svg")
        self._kind = kind
        name = element.name if kind == "rdf" else element.name.rpartition(":")[2]
        self._markup.begin(element, name, _ITEMS[kind])
        return True

    def _field(self, element: Element, parent: Element) -> None:
        if self._item is not None:
            if parent is self._item or parent.name in _HOLDERS:
                self._fields.append(element)
        elif parent.name in _HOLDERS and len(self._about) < _STRAY_TAGS:
            self._about.append(element)

    def _take(self, item: Element) -> None:
        if self._kind in ("sitemap", "sitemap_index", "news_sitemap"):
            if add_url(self._found, item.name, self._fields):
                self._kind = "news_sitemap"
            return
        fields = self._fields
        href, holder = _entry_link(fields, atom=self._kind == "atom")
        if href is None and self._kind == "rdf":
            href = item.attributes.get("rdf:about")
        self._found.add(
            href,
            base=self._base(holder or item),
            title=plain_title(_first(fields, ("title",))),
            published=stated_date(*_texts(fields, _PUBLISHED)),
            modified=stated_date(*_texts(fields, _MODIFIED)),
        )

    def _base(self, element: Element) -> str | None:
        base = self._found.url
        for stated in element.inherited("xml:base"):
            base = link(base, stated) or base
        return base

    def _document(self, cut: Cut | None) -> FeedDocument | None:
        if self._kind is None:
            return None
        about = self._about
        pages = {
            relation: link(self._base(element), element.attributes.get("href"))
            for relation in ("prev-archive", "next")
            for element in about
            if element.name in ("link", "atom:link") and relation in _relations(element)
        }
        return FeedDocument(
            kind=self._kind,
            entries=tuple(self._found.entries),
            feeds=tuple(self._found.feeds),
            next_page=pages.get("next") or pages.get("prev-archive"),
            title=plain_title(_first(about, ("title",))),
            ttl_s=_ttl(about),
            cut=cut,
            refused=self._found.refused,
        )


def _texts(fields: Iterable[Element], names: Iterable[str]) -> list[str]:
    """Return the texts of the elements of these names, in the order of *names*."""
    return [element.text for name in names for element in fields if element.name == name]


def _first(fields: Iterable[Element], names: Iterable[str]) -> str | None:
    return next((text for text in _texts(fields, names) if text.strip()), None)


def _relations(element: Element) -> list[str]:
    return element.attributes.get("rel", "alternate").lower().split()


def _entry_link(fields: list[Element], *, atom: bool) -> tuple[str | None, Element | None]:
    """Return what an entry links to, and the element that says so.

    The publisher's own address comes before that of the service which counts the readers.
    """
    original = _first(fields, _ORIGINAL)
    if original is not None:
        return original, None
    if not atom:
        written = [element for element in fields if element.name == "link" and element.text.strip()]
        if written:
            return written[0].text, written[0]
    linked = [
        element
        for element in fields
        if element.name in ("link", "atom:link")
        and "alternate" in _relations(element)
        and element.attributes.get("href")
    ]
    # An alternate may be a podcast or a feed of comments.
    pages = [element for element in linked if "html" in element.attributes.get("type", "html")] or linked
    if pages:
        return pages[0].attributes["href"], pages[0]
    for element in fields:
        identity = element.text.strip()
        if element.name == "guid" and element.attributes.get("ispermalink", "true").lower() != "false" and identity:
            return identity, element
        if element.name in ("guid", "id") and re.match("https?://", identity, re.I):
            return identity, element
    text = _first(fields, ("link",))
    return text, None


def _ttl(about: list[Element]) -> float | None:
    minutes = (_first(about, ("ttl",)) or "").strip()
    if re.fullmatch("[0-9]{1,9}", minutes) and int(minutes):
        return min(int(minutes) * 60.0, _LONGEST_TTL_S)
    period = _PERIODS.get((_first(about, ("sy:updateperiod",)) or "").strip().lower())
    if period is None:
        return None
    times = (_first(about, ("sy:updatefrequency",)) or "").strip()
    often = int(times) if re.fullmatch("[0-9]{1,6}", times) else 1
    return min(period / max(often, 1), _LONGEST_TTL_S)

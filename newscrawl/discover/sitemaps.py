"""Sitemaps: ``<urlset>``, ``<sitemapindex>``, Google News's elements, and lists of plain lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from newscrawl.discover.documents import Cut, FeedDocument, Gathering, plain_title, stated_date
from newscrawl.discover.markup import Element
from newscrawl.discover.packed import Packed

_ADDRESS = re.compile(r"https?://[^\s<>]+", re.I)
_LONGEST_LINE = 1 << 16


def add_url(found: Gathering, item: str, fields: list[Element]) -> bool:
    """Take a ``<url>`` or ``<sitemap>`` with its *fields*; return whether it speaks of news."""
    texts: dict[str, str] = {}
    for element in fields:
        texts.setdefault(element.name, element.text)
    found.add(
        texts.get("loc"),
        title=plain_title(texts.get("news:title")),
        published=stated_date(texts.get("news:publication_date")),
        modified=stated_date(texts.get("lastmod")),
        feed=item == "sitemap",
    )
    return "news:publication_date" in texts or "news:title" in texts


def read_lines(packed: Packed, url: str | None, media_type: str) -> FeedDocument | None:
    """Read a sitemap of one URL a line; None unless it is served or named as text and its first line is a URL."""
    path = urlsplit(url).path.lower().removesuffix(".gz") if url else ""
    if media_type != "text/plain" and not path.endswith(".txt"):
        return None
    start = packed.head.removeprefix(b"\xef\xbb\xbf").lstrip()[:2000].partition(b"\n")[0]
    if not _ADDRESS.fullmatch(start.decode("utf-8", "replace").strip()):
        return None
    found = Gathering(url)
    cut: Cut | None = None
    for line in _lines(packed.text()):
        if found.full:
            cut = "entries"
            break
        found.add(line)
    return FeedDocument(kind="sitemap", entries=tuple(found.entries), cut=cut or packed.cut, refused=found.refused)


def _lines(pieces: Iterator[str]) -> Iterator[str]:
    """Yield the lines that hold something, none in part."""
    rest = ""
    for piece in pieces:
        *lines, rest = re.split(r"[\r\n]+", rest + piece)
        yield from (line for line in map(str.strip, lines) if line)
        # What is longer is no URL, and would be copied with every piece.
        rest = rest[:_LONGEST_LINE]
    if rest.strip():
        yield rest.strip()

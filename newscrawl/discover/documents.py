"""What a feed gives: its entries, the feeds it names, and what of it was not read."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Literal

from newscrawl.dates import iso_date
from newscrawl.discover.markup import LONGEST_TEXT, unescaped
from newscrawl.text import clean_line
from newscrawl.urls import resolve

Kind = Literal["rss", "atom", "rdf", "sitemap", "sitemap_index", "news_sitemap", "wordpress", "json_feed"]
Cut = Literal["entries", "bytes", "malformed"]

MOST_ENTRIES = 50_000
"""Source: sitemaps.org protocol, "Sitemap file"."""

_LONGEST_TITLE = 1000
_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]*):")
_HIDDEN = re.compile(
    r"<(script|style)\b[^>]*+>(?>(?:[^<]++|<(?!/\1))*)(?:</\1[^>]*+>|\Z)|<!--(?>(?:[^-]++|-(?!->))*)(?:-->|\Z)", re.I
)
_BREAK = re.compile(r"</?(?:br|p|div|li|h[1-6])\b[^<>]*+>", re.I)
_MARKUP = re.compile(r"</?[A-Za-z][^<>]*+>")
# RFC 822 has years of two digits, and feeds of today still do.
_SHORT_YEAR = re.compile(r"((?:[A-Za-z]{3},?\s+)?[0-9]{1,2}\s+[A-Za-z]{3}\s+)([0-9]{2})(?=\s+[0-9]{2}:[0-9]{2})")


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedEntry:
    """An article, or another feed, that a feed names."""

    url: str
    """As :func:`newscrawl.urls.resolve` gives it."""
    title: str | None = None
    """Plain text on one line."""
    published: str | None = None
    """ISO 8601, as long as the feed states it, with an offset only where it states one."""
    modified: str | None = None
    """In the same form."""


@dataclass(frozen=True, kw_only=True)
class FeedDocument:
    """One reading of a feed."""

    kind: Kind
    entries: tuple[FeedEntry, ...] = ()
    """In the order of the document, each URL once."""
    feeds: tuple[FeedEntry, ...] = ()
    """The sitemaps of a sitemap index."""
    next_page: str | None = None
    """Where older entries are: RFC 5005 ``next`` or ``prev-archive``, JSON Feed ``next_url``, WordPress pages."""
    title: str | None = None
    ttl_s: float | None = None
    """How often the feed says that it changes."""
    cut: Cut | None = None
    """Why there is more than was read: too many ``entries``, too many ``bytes``, or ``malformed``."""
    refused: tuple[tuple[str, int], ...] = ()
    """Entries without a usable URL by reason: ``scheme`` (``file:``, ``javascript:``), ``malformed``, ``no_url``."""


class Gathering:
    """Entries of one document as they come up."""

    def __init__(self, url: str | None) -> None:
        self.url = url
        self.entries: list[FeedEntry] = []
        self.feeds: list[FeedEntry] = []
        self.met = 0
        self._refused: Counter[str] = Counter()
        self._urls: set[str] = set()

    @property
    def full(self) -> bool:
        """Whether one entry more would be too many."""
        return self.met >= MOST_ENTRIES

    @property
    def refused(self) -> tuple[tuple[str, int], ...]:
        """The counts of :attr:`FeedDocument.refused`."""
        return tuple(sorted(self._refused.items()))

    def add(
        self,
        href: str | None,
        *,
        base: str | None = None,
        title: str | None = None,
        published: str | None = None,
        modified: str | None = None,
        feed: bool = False,
    ) -> None:
        """Take an entry; *href* is relative to *base*, or to the document."""
        self.met += 1
        url = link(base or self.url, href)
        if url is None:
            self._refused[_reason(href)] += 1
            return
        if url in self._urls:
            return
        self._urls.add(url)
        entry = FeedEntry(url=url, title=title, published=published, modified=modified)
        (self.feeds if feed else self.entries).append(entry)


def link(base: str | None, href: str | None) -> str | None:
    """Return the URL of *href*, which may have been escaped once too often, or None."""
    # What is as long as that may have been longer, and its beginning is another address.
    return resolve(base, href.replace("&amp;", "&")) if href and len(href) < LONGEST_TEXT else None


def _reason(href: str | None) -> str:
    if not href or not href.strip():
        return "no_url"
    scheme = _SCHEME.match(href)
    return "scheme" if scheme and scheme[1].lower() not in ("http", "https") else "malformed"


def plain_title(text: str | None) -> str | None:
    """Return a title as plain text on one line, whatever markup it was published with; None for an empty one.

    >>> plain_title("Prices &lt;b>up&lt;/b> &amp;amp; down<script>x()</script>")
    'Prices up & down'
    """
    if not text:
        return None
    # Twice, because it is often escaped twice: as text of XML, and as HTML of which a feed reader wants the source.
    for _ in range(2):
        if "<" in text:
            text = _MARKUP.sub("", _BREAK.sub(" ", _HIDDEN.sub("", text)))
        text = unescaped(text)
    if "<" in text:
        text = _MARKUP.sub("", _HIDDEN.sub("", text))
    return clean_line(text[:_LONGEST_TITLE]) or None


def stated_date(*texts: str | None) -> str | None:
    """Return the first of *texts* that is a date, in ISO 8601."""
    for text in texts:
        if not text:
            continue
        text = text.strip()
        short = _SHORT_YEAR.match(text)
        if short:
            century = "20" if int(short[2]) < 70 else "19"
            text = short[1] + century + text[short.end() - 2 :]
        found = iso_date(text)
        if found is not None:
            return found
    return None

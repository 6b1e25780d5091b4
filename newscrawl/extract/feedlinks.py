"""Feeds that a page names: in its head, and by links that look like one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from lxml.etree import _Element as Element

from newscrawl.urls import looks_like_article, resolve

FeedType = Literal["rss", "atom", "rdf", "json_feed", "wordpress", "sitemap", "feed"]

_TYPES: dict[str, FeedType] = {
    "application/rss+xml": "rss",
    "application/atom+xml": "atom",
    "application/rdf+xml": "rdf",
    "application/feed+json": "json_feed",
}
_WORDPRESS = "https://api.w.org/"
_NAMED = re.compile(
    r"/(?:feeds?|rss2?|atom)(?:/(?:rss2?|atom|rdf)?)?$|(?:/atom\.xml|/(?:rss|feed|index)\.xml|\.rss|\.atom)$", re.I
)
_SITEMAP = re.compile(r"/(?:news[-_]?)?sitemap(?:[-_](?:index|news))?\.(?:xml|txt)(?:\.gz)?$", re.I)
_OF_COMMENTS = re.compile(
    r"/comments?/(?:feed|rss|atom|default)|/feed/comments|feed=comments|/comments?\.(?:rss|atom|xml)", re.I
)
_MOST = 50


@dataclass(frozen=True, kw_only=True)
class FeedLink:
    """A feed that a page names."""

    url: str
    type: FeedType
    """``wordpress`` is the root of a REST interface, ``feed`` a link whose kind only an answer can tell."""


def feed_links(root: Element, base: str | None, url: str | None) -> tuple[FeedLink, ...]:
    """Return the feeds that the page *url* names, each once, those of its head first; none of comments.

    *base* is what relative links are relative to.
    """
    found: dict[str, FeedType] = {}
    story = url.rstrip("/") if url and looks_like_article(url) else None
    for element in root.iter("link", "a"):
        href = element.get("href")
        named = _head_type(element) if element.tag == "link" else _linked_type(href) if href else None
        target = resolve(base, href) if named and href else None
        if named is None or target is None or _OF_COMMENTS.search(target):
            continue
        # WordPress names the comments of a story as a feed of the story's own address.
        if story is not None and named in ("rss", "atom", "feed") and target.startswith((story + "/", story + "?")):
            continue
        found.setdefault(target, named)
        if len(found) >= _MOST:
            break
    head_first = sorted(found.items(), key=lambda pair: pair[1] == "feed")
    return tuple(FeedLink(url=target, type=named) for target, named in head_first)


def _head_type(element: Element) -> FeedType | None:
    relations = (element.get("rel") or "").lower().split()
    if "alternate" in relations or "feed" in relations:
        return _TYPES.get((element.get("type") or "").partition(";")[0].strip().lower())
    if _WORDPRESS in relations:
        return "wordpress"
    return "sitemap" if "sitemap" in relations else None


def _linked_type(href: str) -> FeedType | None:
    try:
        path = urlsplit(href.strip()).path
    except ValueError:
        return None
    if _SITEMAP.search(path):
        return "sitemap"
    return "feed" if _NAMED.search(path) else None

"""Feeds in JSON: JSON Feed, and the posts that WordPress's REST interface lists."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from newscrawl.discover.documents import Cut, FeedDocument, Gathering, link, plain_title, stated_date
from newscrawl.discover.packed import Packed
from newscrawl.discover.wordpress import add_post, is_post, is_posts_url, next_posts

_LONGEST_TEXT = 16 * 1024 * 1024
_ITEMS = re.compile(r"\"items\"\s*:\s*\[")
_VERSION = re.compile(r"\"version\"\s*:\s*\"https?:\\?/\\?/(?:www\.)?jsonfeed\.org")
_BETWEEN = re.compile(r"[\s,]*")
_DECODER = json.JSONDecoder()


def read_json(packed: Packed, url: str | None, headers: Mapping[str, str]) -> FeedDocument | None:
    """Read a document in JSON; None when it is no feed. One that is cut short gives what is whole in it."""
    pieces, length = [], 0
    for piece in packed.text():
        pieces.append(piece)
        length += len(piece)
        if length > _LONGEST_TEXT:
            packed.cut = "bytes"
            break
    text = "".join(pieces).lstrip("\ufeff \t\r\n")
    if text.startswith("["):
        return _posts(text, packed, url, headers)
    return _json_feed(text, packed, url)


def _posts(text: str, packed: Packed, url: str | None, headers: Mapping[str, str]) -> FeedDocument | None:
    found = Gathering(url)
    elements = _Elements(text, 1)
    posts = 0
    for element in elements:
        if found.full:
            break
        if is_post(element):
            posts += 1
            add_post(found, element)
    if not posts and not (url and is_posts_url(url)):
        return None
    return FeedDocument(
        kind="wordpress",
        entries=tuple(found.entries),
        next_page=next_posts(url, headers) if url else None,
        cut=_cut(found, packed, elements),
        refused=found.refused,
    )


def _json_feed(text: str, packed: Packed, url: str | None) -> FeedDocument | None:
    if _VERSION.search(text) is None:
        return None
    found = Gathering(url)
    start = _ITEMS.search(text)
    elements = _Elements(text, start.end() if start else len(text))
    for item in elements:
        if found.full:
            break
        if isinstance(item, dict):
            # An id is often the address, as in older feeds, and often a number.
            identity = _text(item.get("id")) or ""
            found.add(
                _text(item.get("url")) or _text(item.get("external_url")) or (identity if "://" in identity else None),
                title=plain_title(_text(item.get("title"))),
                published=stated_date(_text(item.get("date_published"))),
                modified=stated_date(_text(item.get("date_modified"))),
            )
    about = _about(text, start.end() if start else len(text), elements.end)
    return FeedDocument(
        kind="json_feed",
        entries=tuple(found.entries),
        next_page=link(url, _text(about.get("next_url"))),
        title=plain_title(_text(about.get("title"))),
        cut=_cut(found, packed, elements),
        refused=found.refused,
    )


def _about(text: str, start: int, end: int) -> dict[str, Any]:
    """Return the feed's own fields: the document without its items."""
    for rest in (text[:start] + text[end:], text[: max(start - 1, 0)].rstrip() + "[]}"):
        try:
            value = json.loads(rest)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            return value
    return {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _cut(found: Gathering, packed: Packed, elements: _Elements) -> Cut | None:
    if found.full and not elements.whole:
        return "entries"
    return packed.cut or (None if elements.whole else "malformed")


class _Elements:
    """The elements of the array that begins before *start*, one at a time, as far as it can be read."""

    def __init__(self, text: str, start: int) -> None:
        self._text = text
        self.end = start
        """The place of the closing bracket, or where reading ended."""
        self.whole = False
        """Whether the array was read to its end."""

    def __iter__(self) -> Iterator[object]:
        while True:
            between = _BETWEEN.match(self._text, self.end)
            self.end = between.end() if between else self.end
            if self._text.startswith("]", self.end):
                self.whole = True
                return
            try:
                value, self.end = _DECODER.raw_decode(self._text, self.end)
            except (ValueError, RecursionError):
                return
            yield value

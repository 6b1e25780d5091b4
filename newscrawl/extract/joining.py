"""Joining: the parts of a story become one article."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice, takewhile
from typing import Any

from newscrawl.items import Article, TextLink, TitledLink, Warn
from newscrawl.text import fold
from newscrawl.urls import url_key

_KEYS: dict[str, Callable[[Any], object]] = {
    "tags": lambda tag: (fold(tag.name), tag.kind),
    "images": lambda media: media.url or media.caption,
    "videos": lambda media: media.url or media.caption,
    "related": lambda link: (link.url, link.title),
    "promoted": lambda link: (link.url, link.title),
    "links": lambda link: (link.url, link.text, link.kind),
    "removed": lambda removed: (removed.kind, removed.text),
}
"""Lists of an article that each part adds to, and what makes two entries the same."""

_FILLED = ("headline", "authors", "source_organization", "date_published", "date_modified", "article_section")
"""Fields that a later part fills where no page before it did: a byline may stand below the last one."""

_PAGE_MARK = re.compile(
    r"[\s\-–—|·_]*[(（\[]?\s*(?:第|page|seite|part)?\s*[0-9]{1,3}\s*[页頁]?(?:\s*(?:/|of|von)\s*[0-9]{1,3})?\s*[)）\]]?$",
    re.I,
)
_TOP = 3
_LONG = 20


def same_story(article: Article, part: Article) -> bool:
    """Return whether the headlines of two pages are one, but for a page number behind it.

    A page without a headline contradicts nothing.

    >>> same_story(Article(headline="The ferry"), Article(headline="The ferry (2)"))
    True
    """
    names = [_PAGE_MARK.sub("", page.headline or "") for page in (article, part)]
    first, second = (fold(name) or fold(page.headline or "") for name, page in zip(names, (article, part), strict=True))
    return not second or not first or first.startswith(second) or second.startswith(first)


def adds(article: Article, part: Article) -> bool:
    """Return whether *part* has text or pictures that *article* has not; the next page of the comments has none."""
    known = {fold(paragraph) for paragraph in _paragraphs(article)}
    pictures = {_KEYS["images"](media) for media in article.images}
    return any(fold(paragraph) not in known for paragraph in _continuation(article, part)) or any(
        _KEYS["images"](media) not in pictures for media in part.images
    )


def joined(article: Article, parts: Sequence[Article]) -> Article:
    """Return *article*, a story's first page, with its further *parts* in their order; itself where there are none.

    Bodies are put together without what each page repeats at its top or its end; lists without what they hold
    already. Everything else is the first page's, where it has it. ``provenance`` names the parts.
    """
    if not parts:
        return article
    whole = article
    for part in parts:
        whole = _with(whole, part)
    return _told(_without_pager(whole, [article, *parts]), parts)


def _with(article: Article, part: Article) -> Article:
    body, more = _paragraphs(article), _continuation(article, part)
    footer = len(list(takewhile(_same_and_long, zip(reversed(body), reversed(more), strict=False))))
    body = body[: len(body) - footer] + more
    changes: dict[str, Any] = {"article_body": "\n\n".join(body) or None}
    for name, key in _KEYS.items():
        entries = getattr(article, name)
        had = set(map(key, entries))
        changes[name] = entries + [entry for entry in getattr(part, name) if key(entry) not in had]
    changes |= {name: getattr(part, name) for name in _FILLED if not getattr(article, name)}
    known = {entry.field for entry in article.provenance}
    evidence = [
        replace(entry, where=f"{entry.where or ''} at {part.url}".strip())
        for entry in part.provenance
        if entry.field not in known and changes.get(entry.field)
    ]
    # What was refused as a date of one page is no news of another.
    warned = [w for w in part.warnings if not w.field.startswith("date_") and w not in article.warnings]
    return replace(article, **changes, provenance=article.provenance + evidence, warnings=article.warnings + warned)


def _paragraphs(article: Article) -> list[str]:
    return article.article_body.split("\n\n") if article.article_body else []


def _continuation(article: Article, part: Article) -> list[str]:
    """Return the paragraphs of *part* without those at its top that *article* has already."""
    body = _paragraphs(article)
    top = {fold(text) for text in (article.headline, part.headline, article.description, *body[:_TOP]) if text}
    known = {key for key in map(fold, body) if len(key) >= _LONG}
    more = _paragraphs(part)
    start = 0
    while start < len(more) and (key := fold(more[start])) and (key in top or key in known):
        start += 1
    return more[start:]


def _same_and_long(pair: tuple[str, str]) -> bool:
    first, second = map(fold, pair)
    return first == second and len(first) >= _LONG


def _without_pager(article: Article, pages: Sequence[Article]) -> Article:
    """Move links between the parts out of the lists of other stories."""
    own = {url_key(page.url) for page in pages if page.url}
    lists: dict[str, list[TitledLink]] = {"related": article.related, "promoted": article.promoted}
    moved = [link for links in lists.values() for link in links if url_key(link.url) in own]
    if not moved:
        return article
    rest = {name: [link for link in links if link not in moved] for name, links in lists.items()}
    pager = [TextLink(url=link.url, text=link.title, kind="notice") for link in moved]
    evidence = [entry for entry in article.provenance if rest.get(entry.field) != []]
    if not article.links:
        places = (entry for entry in article.provenance if entry.field in rest)
        evidence += [replace(entry, field="links") for entry in islice(places, 1)]
    return replace(
        article,
        related=rest["related"],
        promoted=rest["promoted"],
        links=article.links + pager,
        provenance=evidence,
    )


def _told(article: Article, parts: Sequence[Article]) -> Article:
    """Say in the evidence of the body which pages it comes from."""
    pages = "; ".join((f"parts: {len(parts) + 1}", *(part.url or "" for part in parts)))
    provenance = [
        replace(entry, where=f"{entry.where}; {pages}" if entry.where else pages)
        if entry.field == "article_body"
        else entry
        for entry in article.provenance
    ]
    return replace(article, provenance=provenance)


def warned(article: Article, code: str, detail: str) -> Article:
    """Return *article* with a warning about its body: ``part_missing`` or ``parts_limit``."""
    return replace(article, warnings=[*article.warnings, Warn(field="article_body", code=code, detail=detail)])

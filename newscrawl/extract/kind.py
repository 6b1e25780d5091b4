"""What a page is: an article, a listing, an error, or none of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Literal

from newscrawl.extract import rules
from newscrawl.extract.building import Source
from newscrawl.extract.prose import is_prose
from newscrawl.extract.roles import PageLink, is_teaser
from newscrawl.extract.segment import Segmented, body_weight
from newscrawl.extract.tree import Block
from newscrawl.urls import looks_like_article

PageKind = Literal["article", "listing", "error", "empty", "other"]


def kind_of(source: Source, links: tuple[PageLink, ...]) -> tuple[PageKind, str]:
    """Return what the page of *source* is, and why in a few words; *links* are all its links."""
    page, meta = source.page, source.meta
    ruled = source.profile.url_kind(source.url) if source.profile is not None and source.url else None
    if ruled == "ignore":
        return "other", "the profile's URL rules ignore it"
    body = body_weight(page)
    headline = page.headline.text if page.headline else ""
    if body < 500 and any(rules.ERROR_TEXT.search(text) for text in (headline, meta.title or "", _first_body(page))):
        return "error", "the page says that it is missing"
    teasers = sum(1 for block in page.inside() if block.place != "related" and is_teaser(block))
    if ruled == "listing":
        return "listing", "the profile's URL rules"
    if (body < 40 and not (ruled == "article" or meta.article)) or not body:
        several = sum(1 for link in links if link.role == "article") >= 3
        return ("listing", "links to articles and no story") if several else ("other", "no running text")
    score, reasons = _article_score(source, body, ruled)
    teasing = teasers >= 4 and teasers * 60 > 0.15 * body
    if teasing and (score < 3.5 or teasers * 120 > body) and ruled != "article":
        return "listing", f"{teasers} headlines that link elsewhere"
    if score >= 2:
        return "article", ", ".join(reasons)
    several = sum(1 for link in links if link.role == "article") >= 5
    return ("listing", "links to articles and no sign of one here") if several else ("other", "no sign of an article")


def _first_body(page: Segmented) -> str:
    return next((block.text[:120] for block in page.blocks if block.place == "body"), "")


def _article_score(source: Source, body: int, ruled: str | None) -> tuple[float, list[str]]:
    meta, page = source.meta, source.page
    signs = [
        (3.0, ruled == "article", "URL rule of the profile"),
        (2.0, bool(meta.article), "JSON-LD article"),
        (2.0, meta.microdata_article and not meta.article, "microdata article"),
        (1.5, any("article" in c.lower() for c in meta.meta.get("og:type", ())), "og:type"),
        (-1.0, any("website" in c.lower() for c in meta.meta.get("og:type", ())), "og:type website"),
        (1.0, "article:published_time" in meta.meta, "published_time"),
        (1.0, _in_one_article(source), "article element"),
        (1.0, bool(source.url) and looks_like_article(source.url or ""), "shape of the URL"),
        (1.0, _has_date_line(page), "date line"),
        (0.5, page.headline is not None, "headline"),
        (0.5, sum(1 for b in page.blocks if b.place == "body" and is_prose(b)) >= 2, "paragraphs"),
        (1.0, body >= 600, "length"),
        (
            -2.0,
            source.url is not None and re.fullmatch(r"https?://[^/]+/?(?:index\.\w+)?", source.url) is not None,
            "home page",
        ),
    ]
    held = [(score, name) for score, holds, name in signs if holds]
    return sum(score for score, _ in held), [name for _, name in held]


def _in_one_article(source: Source) -> bool:
    """Return whether the story stands in the page's only ``<article>``."""
    elements = list(islice(source.root.iter("article"), 2))
    container = source.page.container
    if len(elements) != 1 or container is None:
        return False
    return container is elements[0] or elements[0] in container.iterancestors()


def _has_date_line(page: Segmented) -> bool:
    blocks: Iterator[Block] = iter(page.article_blocks())
    for block in blocks:
        if block.place == "removed" and block.kind in ("source_line", "byline", "other") and block.weight <= 200:
            if re.search(r"(?:19|20)\d{2}\s?[年/.-]|\b(?:19|20)\d{2}\b", block.text):
                return True
            if block.element.tag == "time" or next(block.element.iter("time"), None) is not None:
                return True
    return False

"""The article of a segmented page: each field from the best layer that has it, with its evidence."""

from __future__ import annotations

from collections.abc import Iterator

from newscrawl import __version__
from newscrawl.extract.building import Builder, Source
from newscrawl.extract.captions import place_captions
from newscrawl.extract.dating import dated
from newscrawl.extract.headlines import headline_text, signs_of
from newscrawl.extract.language import put_language
from newscrawl.extract.links import put_links
from newscrawl.extract.neighbours import place_link_lines
from newscrawl.extract.people import put_people
from newscrawl.extract.pictures import put_pictures
from newscrawl.extract.prose import squeezed
from newscrawl.extract.structured import Structured, text_of
from newscrawl.extract.subjects import put_breadcrumbs
from newscrawl.extract.tree import Block, text_within, where
from newscrawl.items import Article, Reader, Removed
from newscrawl.text import clean_line, clean_text, weight
from newscrawl.urls import resolve, site_of


def article_of(source: Source) -> Article:
    """Build the article of *source*. Fields about the crawl (run, capture, version …) stay at their defaults."""
    profile = source.profile
    reader = Reader(
        version=__version__,
        profile=profile.name if profile else None,
        profile_sha256=profile.sha256 if profile else None,
    )
    article = Article(url=source.url, url_assigned=source.url_assigned, reader=reader)
    article.site = site_of(source.url) if source.url else None
    build = Builder(source, article)
    blocks = source.page.article_blocks()
    place_captions(source.page)
    _headline(build)
    _metadata(build)
    _access(build)
    put_breadcrumbs(build)
    put_people(build, blocks)
    # Only now: a line of links to authors' pages may name them.
    place_link_lines(source.page, source.base)
    _dates(build)
    _body(build, blocks)
    put_links(build, blocks)
    put_pictures(build)
    put_language(build)
    article.provenance = build.provenance
    article.warnings = [*source.warnings, *build.warnings]
    return article


def _headline(build: Builder) -> None:
    source = build.source
    block = source.page.headline
    if block is None:
        if source.claims.titles:
            build.put_cut(
                "headline",
                source.claims.titles[0],
                "meta",
                "title",
                signs=signs_of(source.claims.titles[0], None, source.claims.titles),
            )
        return
    chosen = source.layout is not None and bool(source.layout.headline)
    stated = text_of(source.meta.article.get("headline"))
    text = clean_line(block.text) if chosen else headline_text(block, source.claims.titles, stated)
    method = "profile" if chosen else "generic"
    build.put_cut("headline", text, method, where(block.element), signs=signs_of(text, block, source.claims.titles))


def _metadata(build: Builder) -> None:
    source, meta = build.source, build.source.meta
    found = meta.first("description", "og:description", "twitter:description")
    text = text_of(meta.article.get("description"))
    if found and clean_line(found[1]):
        build.put_cut("description", clean_line(found[1]), "meta", found[0])
    elif text:
        build.put_cut("description", text, "json-ld", "description")
    stated = ("canonical", meta.canonical) if meta.canonical else meta.first("og:url")
    if stated is not None:
        build.put("canonical_url", resolve(source.base, stated[1]), "meta", stated[0], stated[1])
    section = text_of(meta.article.get("articleSection"))
    named = meta.first("article:section", "og:article:section", "section", "parsely-section")
    if section:
        build.put("article_section", section, "json-ld", "articleSection", section)
    elif named and clean_line(named[1]):
        build.put("article_section", clean_line(named[1]), "meta", named[0], named[1])


def _access(build: Builder) -> None:
    """Whether the story can be read without paying: only what is stated."""
    meta = build.source.meta
    for place, raw in _access_claims(meta):
        word = str(raw).strip().rpartition("/")[2].lower()
        if word in ("true", "false", "1", "0", "yes", "no"):
            build.put("is_accessible_for_free", word in ("true", "1", "yes"), "json-ld", place, str(raw))
            return
    item = next((element for element in meta.itemprops if element.get("itemprop") == "isAccessibleForFree"), None)
    stated = (item.get("content") or item.get("href") or text_within(item)) if item is not None else ""
    word = stated.strip().rpartition("/")[2].lower()
    if item is not None and word in ("true", "false"):
        build.put("is_accessible_for_free", word == "true", "microdata", where(item), stated)
        return
    tier = meta.first("article:content_tier", "og:article:content_tier", "content_tier", "content-tier")
    if tier and tier[1].lower() in _TIERS:
        build.put("is_accessible_for_free", _TIERS[tier[1].lower()], "meta", tier[0], tier[1])


# metered is neither: some of its readers pay.
_TIERS = {"free": True, "locked": False, "premium": False, "paid": False}


def _access_claims(meta: Structured) -> Iterator[tuple[str, object]]:
    """The article's own word, then that of its parts: a part that must be paid for closes the story."""
    if meta.article.get("isAccessibleForFree") is not None:
        yield "isAccessibleForFree", meta.article["isAccessibleForFree"]
    parts = meta.article.get("hasPart")
    for part in parts if isinstance(parts, list) else [parts]:
        if isinstance(part, dict) and str(part.get("isAccessibleForFree")).lower().endswith("false"):
            yield "hasPart.isAccessibleForFree", part["isAccessibleForFree"]


def _dates(build: Builder) -> None:
    source = build.source
    found = dated(
        source.page,
        source.root,
        source.meta,
        source.layout,
        url=source.url,
        url_assigned=source.url_assigned,
        base=source.base,
        fetched_at=source.fetched_at,
        zone=source.profile.zone if source.profile else None,
    )
    build.article.date_published, build.article.date_modified = found.published, found.modified
    build.provenance += found.provenance
    build.warnings += found.warnings


def _body(build: Builder, blocks: list[Block]) -> None:
    source = build.source
    paragraphs = [part for block in blocks if block.place == "body" for part in paragraphs_of(block.text)]
    text = "\n\n".join(paragraphs)
    stated = source.meta.article.get("articleBody")
    if isinstance(stated, str) and weight(text) < 0.3 * weight(stated):
        # Pages drawn by scripts have the story only here; elsewhere this is often just a teaser.
        parts = [clean_line(part) for part in clean_text(stated).split("\n")]
        build.put("article_body", "\n\n".join(filter(None, parts)) or None, "json-ld", "articleBody")
    elif text:
        chosen = source.layout is not None and bool(source.layout.body)
        place = where(source.page.container) if source.page.container is not None else None
        signs = (*source.page.signs, *_stated_signs(text, stated))
        build.put("article_body", text, "profile" if chosen else "generic", place, signs=signs)
    removed = [
        Removed(kind=block.kind or "other", text=block.text)  # type: ignore[arg-type]
        for block in blocks
        if block.place == "removed" and block.text
    ]
    build.article.removed = removed


def _stated_signs(text: str, stated: object) -> tuple[str, ...]:
    """Whether metadata states the same story, by its length and its beginning."""
    if not isinstance(stated, str) or len(stated) < 200:
        return ()
    same = squeezed(stated[:400])[:100] in squeezed(text)
    return ("agrees:stated" if same and abs(len(stated) - len(text)) < 0.1 * len(text) else "differs:stated",)


def paragraphs_of(text: str) -> list[str]:
    """Cut a block at its line breaks where these separate paragraphs; verse and addresses stay whole."""
    if "\n" not in text:
        return [text]
    lines = [line for line in text.split("\n") if line]
    if weight(text) >= 40 * len(lines) or "\n\n" not in text:
        whole = weight(text) < 40 * len(lines) and len(lines) > 1
        return ["\n".join(lines)] if whole else lines
    return ["\n".join(filter(None, part.split("\n"))) for part in text.split("\n\n") if part.strip()]

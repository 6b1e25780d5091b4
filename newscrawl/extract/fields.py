"""The article of a segmented page: each field from the best layer that has it, with its evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lxml.etree import _Element as Element

from newscrawl import __version__
from newscrawl.extract import readings, rules
from newscrawl.extract.dating import CONFIDENCE, dated
from newscrawl.extract.segment import Segmented, is_tag_link, squeezed
from newscrawl.extract.structured import Structured, people_of, text_of, texts_of
from newscrawl.extract.tree import Block, BlockLink, where
from newscrawl.items import (
    Article,
    Breadcrumb,
    LinkKind,
    Media,
    Person,
    Provenance,
    Reader,
    Removed,
    Tag,
    TagKind,
    TextLink,
    TitledLink,
    Warn,
)
from newscrawl.sites import Layout, Selector, SiteProfile
from newscrawl.text import clean_line, clean_text, language_tag, weight
from newscrawl.urls import host_of, resolve, site_of

_TITLE_CUT = re.compile(
    r"\s+[|｜\-–—·•»::]\s+|\s*[|｜]\s*|_{1,2}|\s*--\s*|(?<=[\u4e00-\u9fff）】”！？])\s*-\s*(?=[\u4e00-\u9fff])"
)
_MAX_TEXT = 2_000


@dataclass(frozen=True, kw_only=True)
class Source:
    """What a page is read from."""

    root: Element
    page: Segmented
    meta: Structured
    titles: tuple[str, ...]
    url: str | None
    base: str | None
    url_assigned: bool = False
    fetched_at: datetime | None = None
    profile: SiteProfile | None = None
    layout: Layout | None = None
    keywords: frozenset[Element] = frozenset()
    """Elements that the profile calls machine-made links, or around them."""


@dataclass
class _Builder:
    source: Source
    article: Article
    provenance: list[Provenance] = field(default_factory=list)
    warnings: list[Warn] = field(default_factory=list)

    def put(self, name: str, value: Any, method: str, place: str | None, raw: str | None = None) -> None:
        """Fill field *name*, and say why."""
        if value is None or value == []:
            return
        setattr(self.article, name, value)
        self.note(name, method, place, raw)

    def put_cut(self, name: str, text: str, method: str, place: str) -> None:
        """Fill a one-line field, cut where no honest one is as long, and say so."""
        self.put(name, text[:_MAX_TEXT], method, place, text)
        if len(text) > _MAX_TEXT:
            self.warnings.append(Warn(field=name, code="cut", detail=f"longer than {_MAX_TEXT} characters"))

    def note(self, name: str, method: str, place: str | None, raw: str | None = None) -> None:
        self.provenance.append(
            Provenance(
                field=name,
                method=method,
                where=place or None,
                raw=(raw or "")[:200].strip() or None,
                confidence=CONFIDENCE.get(method, 0.8),
            )
        )


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
    build = _Builder(source, article)
    blocks = source.page.article_blocks()
    _headline(build)
    _metadata(build)
    _people(build, blocks)
    _dates(build)
    _body(build, blocks)
    _links(build, blocks)
    _pictures(build)
    _language(build)
    article.provenance = build.provenance
    article.warnings = build.warnings
    return article


def titles_of(meta: Structured) -> tuple[str, ...]:
    """Return what the page calls itself, best first; the site's name is cut off ``<title>``."""
    names = [text_of(meta.article.get("headline"))]
    for key in ("og:title", "twitter:title", "headline"):
        names += [clean_line(content) for content in meta.meta.get(key, ())[:1]]
    if meta.title:
        names += [without_site_name(meta.title, site_name(meta)), meta.title]
    return tuple(dict.fromkeys(name for name in names if name))


def site_name(meta: Structured) -> str | None:
    """Return what the page calls its site, or None. JSON-LD's publisher may be the outlet a republisher credits."""
    found = meta.first("og:site_name", "application-name")
    if found:
        return clean_line(found[1])
    parts = _TITLE_CUT.split(meta.title or "")
    return clean_line(parts[-1]) if len(parts) > 1 else None


def without_site_name(title: str, site: str | None = None) -> str:
    """Return *title* without the site's name and sections at its end.

    >>> without_site_name("江边渡船停航两周 - 滨江晚报")
    '江边渡船停航两周'
    """
    parts = _TITLE_CUT.split(title)
    if len(parts) == 1:
        return title
    if site:
        kept = [part for part in parts if squeezed(part) != squeezed(site)]
        if kept and len(kept) < len(parts) and squeezed(parts[0]) == squeezed(site):
            return clean_line(kept[0])
    first = clean_line(parts[0])
    longest = clean_line(max(parts, key=weight))
    return first if weight(first) >= 0.5 * weight(longest) else longest


def _headline(build: _Builder) -> None:
    source = build.source
    block = source.page.headline
    if block is not None:
        text = clean_line(block.text)
        method = "profile" if source.layout is not None and source.layout.headline else "generic"
        build.put_cut("headline", text, method, where(block.element))
    elif source.titles:
        text = without_site_name(source.titles[0], site_name(source.meta))
        build.put_cut("headline", text, "meta", "title")


def _metadata(build: _Builder) -> None:
    source, meta = build.source, build.source.meta
    found = meta.first("description", "og:description", "twitter:description")
    text = text_of(meta.article.get("description"))
    if found and clean_line(found[1]):
        build.put_cut("description", clean_line(found[1]), "meta", found[0])
    elif text:
        build.put_cut("description", text, "json-ld", "description")
    if meta.canonical:
        build.put("canonical_url", resolve(source.base, meta.canonical), "meta", "canonical", meta.canonical)
    crumbs = [Breadcrumb(name=name, url=resolve(source.base, url) if url else None) for name, url in meta.breadcrumbs]
    build.put("breadcrumbs", crumbs, "json-ld", "BreadcrumbList")
    section = text_of(meta.article.get("articleSection"))
    named = meta.first("article:section", "og:article:section", "section", "parsely-section")
    if section:
        build.put("article_section", section, "json-ld", "articleSection", section)
    elif named and clean_line(named[1]):
        build.put("article_section", clean_line(named[1]), "meta", named[0], named[1])
    free = meta.article.get("isAccessibleForFree")
    tier = meta.first("article:content_tier", "og:article:content_tier")
    if isinstance(free, str) and free.lower() in ("true", "false"):
        free = free.lower() == "true"
    if isinstance(free, bool):
        build.put("is_accessible_for_free", free, "json-ld", "isAccessibleForFree", str(free))
    elif tier and tier[1].lower() in ("free", "locked"):
        build.put("is_accessible_for_free", tier[1].lower() == "free", "meta", tier[0], tier[1])


def _people(build: _Builder, blocks: list[Block]) -> None:
    """Authors and the credited source: the profile's patterns, metadata, then printed lines."""
    source = build.source
    lines = [block for block in blocks if block.place == "removed" and block.kind in ("source_line", "byline")]
    lines += [block for block in blocks if block.place == "removed" and block.kind == "other" and block.weight <= 120]
    _profile_lines(build, lines)
    if build.article.source_organization is None:
        for block in lines:
            credited = readings.source_in(block.text)
            if credited and squeezed(credited) != squeezed(site_name(source.meta) or ""):
                build.put("source_organization", credited, "text", where(block.element), block.text)
                break
    for people, method, place in () if build.article.authors else _author_layers(source, lines):
        if people:
            build.put("authors", people, method, place, ", ".join(person.name for person in people))
            break
    else:
        if not build.article.authors:
            _bare_byline(build, lines)
    for block in blocks:
        if block.kind == "dateline" and build.article.dateline is None:
            build.put("dateline", readings.dateline_of(block.text) or None, "text", where(block.element), block.text)
    first = next((block for block in blocks if block.place == "body"), None)
    if build.article.dateline is None and first is not None:
        found = readings.dateline_in(first.text)
        if found:
            build.put("dateline", found[0], "text", where(first.element), found[1])


def _profile_lines(build: _Builder, lines: list[Block]) -> None:
    layout = build.source.layout
    for pattern in layout.lines if layout else ():
        for block in lines:
            match = pattern.search(block.text)
            if match is None:
                continue
            groups = match.groupdict()
            place = where(block.element)
            if groups.get("source"):
                build.put("source_organization", clean_line(groups["source"]), "profile", place, block.text)
            if groups.get("author"):
                build.put("authors", [Person(name=clean_line(groups["author"]))], "profile", place, block.text)
            if groups.get("section"):
                build.put("article_section", clean_line(groups["section"]), "profile", place, block.text)
            return


def _author_layers(source: Source, lines: list[Block]) -> Iterator[tuple[list[Person], str, str]]:
    outlet = {squeezed(name) for name in (site_name(source.meta), host_of(source.url or "")) if name}

    def people(pairs: list[tuple[str, str | None]]) -> list[Person]:
        named: dict[str, Person] = {}
        for text, url in pairs:
            name = readings.person_name(text)
            if name and squeezed(name) not in outlet and squeezed(name) not in named:
                named[squeezed(name)] = Person(name=name, url=resolve(source.base, url) if url else None)
        return list(named.values())

    stated = [
        (part, url)
        for name, url, person in people_of(source.meta, source.meta.article.get("author") or [])
        if person
        for part in re.split(r"\s*[,，、;&]\s*|\s+(?:and|und|et|y)\s+", name)
    ]
    yield people(stated), "json-ld", "author"
    marked: list[tuple[str, str | None]] = []
    for block in source.page.article_blocks():
        if block.place in ("related", "promoted") or block.kind == "comment":
            continue
        for link in block.links:
            if "author" in (link.element.get("rel") or "").split() or link.element.get("itemprop") == "author":
                marked.append((link.text, link.element.get("href")))
    yield people(marked), "microdata", "rel=author"
    inner: list[tuple[str, str | None]] = []
    for element in source.meta.itemprops:
        if element.get("itemprop") == "author":
            name = next((e for e in element.iter() if e.get("itemprop") == "name"), element)
            inner.append((name.get("content") or "".join(name.itertext()), None))
    yield people(inner), "microdata", "itemprop=author"
    for block in lines:
        yield people([(name, None) for name in readings.authors_in(block.text)]), "text", where(block.element)
    written = source.meta.first("author", "article:author", "byl", "parsely-author", "dc.creator", "sailthru.author")
    if written and "://" not in written[1]:
        parts = re.split(r"\s*[,，、;]\s*|\s+(?:and|und|et)\s+", written[1])
        yield people([(part, None) for part in parts]), "meta", written[0]


def _bare_byline(build: _Builder, lines: list[Block]) -> None:
    for block in lines:
        name = readings.person_name(block.text) if block.kind == "byline" and block.weight <= 40 else None
        if name and not readings._NOT_AUTHORS.search(block.text):
            build.put("authors", [Person(name=name)], "text", where(block.element), block.text)
            return


def _dates(build: _Builder) -> None:
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


def _body(build: _Builder, blocks: list[Block]) -> None:
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
        build.put("article_body", text, "profile" if chosen else "generic", place)
    removed = [
        Removed(kind=block.kind or "other", text=block.text)  # type: ignore[arg-type]
        for block in blocks
        if block.place == "removed" and block.text
    ]
    build.article.removed = removed


def paragraphs_of(text: str) -> list[str]:
    """Cut a block at its line breaks where these separate paragraphs; verse and addresses stay whole."""
    if "\n" not in text:
        return [text]
    lines = [line for line in text.split("\n") if line]
    if weight(text) >= 40 * len(lines) or "\n\n" not in text:
        whole = weight(text) < 40 * len(lines) and len(lines) > 1
        return ["\n".join(lines)] if whole else lines
    return ["\n".join(filter(None, part.split("\n"))) for part in text.split("\n\n") if part.strip()]


def _links(build: _Builder, blocks: list[Block]) -> None:
    """Tags, related, promoted and other links of the article's block, in reading order."""
    article, base = build.article, build.source.base
    tags: dict[tuple[str, str | None], Tag] = {}
    trimmed = {"related": 0, "promoted": 0}
    listed = elements_of(build.source.root, build.source.layout.tags if build.source.layout else ())
    for block in blocks:
        if block.place == "chrome":
            continue
        for link in block.links:
            url = resolve(base, link.element.get("href") or "")
            if url is None:
                continue
            if block.place in trimmed:
                title, count = readings.link_title(link.text)
                trimmed[block.place] += count
                target = article.related if block.place == "related" else article.promoted
                if not (title is None and any(known.url == url for known in target)):
                    target.append(TitledLink(url=url, title=title))
            elif "/category/" in url and block.place == "removed" and article.article_section is None and link.text:
                build.put("article_section", clean_line(link.text), "generic", where(link.element), link.text)
            elif (is_tag_link(link.element) or link.element in listed) and clean_line(link.text):
                declared_here = block.rule == "tag_list" or link.element in listed
                kind: TagKind = "declared" if declared_here else "inline"
                tags.setdefault((squeezed(link.text), kind), Tag(name=clean_line(link.text), url=url, kind=kind))
            else:
                article.links.append(
                    TextLink(
                        url=url, text=clean_line(link.text) or None, kind=_link_kind(block, link, build.source.keywords)
                    )
                )
        if block.place in trimmed:
            linked = "\x00".join(link.text for link in block.links)
            trimmed[block.place] += readings.ornaments_beside(block.text, linked)
    for element in root_order(build.source.root, listed):
        # A list of tags may stand anywhere on the page; the profile vouches for it.
        name, url = clean_line("".join(element.itertext())), resolve(base, element.get("href") or "")
        if name and url is not None:
            tags.setdefault((squeezed(name), "declared"), Tag(name=name, url=url, kind="declared"))
    declared = _declared_keywords(build, {name for name, kind in tags if kind == "declared"})
    build.put("tags", [*tags.values(), *declared], "generic", "links to tag pages" if tags else "keywords")
    for name in ("related", "promoted"):
        if getattr(article, name):
            rule = next(block.rule for block in blocks if block.place == name and block.links)
            method = "profile" if rule is not None and rule.startswith("profile:") else "generic"
            build.note(name, method, rule and rule.removeprefix("profile:"))
        if trimmed[name]:
            build.warnings.append(Warn(field=name, code="ornaments_trimmed", detail=f"{trimmed[name]} characters"))
    for name in ("links", "removed"):
        if getattr(article, name):
            build.note(name, "generic", None)


def elements_of(root: Element, selectors: tuple[Selector, ...]) -> frozenset[Element]:
    """Return what *selectors* choose below *root*."""
    return frozenset(element for selector in selectors for element in selector.find(root))


def root_order(root: Element, elements: frozenset[Element]) -> list[Element]:
    """Return *elements* as they follow each other below *root*."""
    return [element for element in root.iter("a") if element in elements] if elements else []


def _link_kind(block: Block, link: BlockLink, keywords: frozenset[Element]) -> LinkKind:
    if block.place == "removed":
        return "notice"
    for element in (link.element, link.element.getparent()):
        if element is not None and (element in keywords or rules.KEYWORD_LINK.search(element.get("class") or "")):
            return "keyword"
    return "body"


def _declared_keywords(build: _Builder, known: set[str]) -> list[Tag]:
    """Tags that only metadata states."""
    meta = build.source.meta
    names = texts_of(meta.article.get("keywords"))
    for key in ("article:tag", "og:article:tag", "news_keywords", "parsely-tags"):
        for content in meta.meta.get(key, ()):
            names += [content] if key.endswith("article:tag") else texts_of(content)
    if not names and not known:
        for content in meta.meta.get("keywords", ())[:1]:
            names = texts_of(content)[:12]
    tags: dict[str, Tag] = {}
    for name in names:
        text = clean_line(name)
        if text and len(text) <= 60 and squeezed(text) not in known:
            tags.setdefault(squeezed(text), Tag(name=text, url=None, kind="declared"))
    return list(tags.values())


def _pictures(build: _Builder) -> None:
    source, page = build.source, build.source.page
    images: list[Media] = []
    videos: list[Media] = []
    seen: set[str] = set()
    figures: set[Element] = set()
    captions = [block for block in page.article_blocks() if block.place == "caption"]
    for node in page.media:
        if not page.first <= node.block_index <= page.last:
            continue
        if node.mark is not None and node.mark.place in ("related", "promoted", "chrome"):
            continue
        if any(parent in figures for parent in node.element.iterancestors()):
            continue
        if node.element.tag == "video":
            source_element = next(node.element.iter("source", "video"), None)
            url = resolve(source.base, (source_element.get("src") if source_element is not None else None) or "")
            if url:
                videos.append(Media(url=url))
            continue
        media = readings.media_of(node, source.base)
        if media is None:
            continue
        figures.add(node.element)
        caption = _caption(captions, node.element)
        if caption is None and (media.url is None or media.url in seen):
            continue
        if media.url is not None:
            seen.add(media.url)
        alt = None if caption is not None and media.alt == caption else media.alt
        credit = readings.credit_in(caption) if caption else None
        images.append(Media(url=media.url, alt=alt, caption=caption, credit=credit, candidates=media.candidates))
    # A caption that stands beside no picture is still the text of one.
    left = [clean_line(block.text) for block in captions if block.text]
    images += [Media(caption=text, credit=readings.credit_in(text)) for text in left]
    build.put("images", images, "generic", "article block")
    build.put("videos", videos, "generic", "article block")


def _caption(captions: list[Block], figure: Element) -> str | None:
    """Take the caption of *figure* out of *captions*."""
    own = [block for block in captions if _is_inside(block.element, figure) or _is_inside(figure, block.element)]
    for block in own:
        captions.remove(block)
    return " ".join(clean_line(block.text) for block in own if block.text) or None


def _is_inside(element: Element, outer: Element) -> bool:
    return element is outer or any(parent is outer for parent in element.iterancestors())


def _language(build: _Builder) -> None:
    article, meta = build.article, build.source.meta
    stated = text_of(meta.article.get("inLanguage")) or meta.lang
    text = (article.article_body or article.headline or "")[:600]
    build.put("in_language", language_tag(stated, text), "text", "script" if not stated else "script, lang", stated)

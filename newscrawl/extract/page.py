"""From bytes to a page: one parse, the page's kind, its article, its links by role."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Literal

from lxml.etree import _Element as Element

from newscrawl.dates import url_date
from newscrawl.extract import rules
from newscrawl.extract.decode import Decoded, decoded
from newscrawl.extract.fields import Source, article_of, elements_of, titles_of
from newscrawl.extract.segment import (
    ALL_RULES,
    HEADINGS,
    Segmented,
    body_weight,
    is_prose,
    is_tag_link,
    segment,
)
from newscrawl.extract.structured import structured
from newscrawl.extract.tree import Block, Place, drop_scripts, json_ld_texts, parse
from newscrawl.items import Article
from newscrawl.sites import Profiles, SiteProfile
from newscrawl.urls import link_base, looks_like_article, looks_like_tag, resolve, site_of

PageKind = Literal["article", "listing", "error", "empty", "other"]
LinkRole = Literal["related", "article", "next", "listing", "promoted", "tag", "keyword", "other"]

_NEXT_TEXT = re.compile(
    r"^\W*(?:下一?[页頁]|后一页|next(?:\s+page)?|older(?:\s+posts)?|次へ|次のページ|다음|suivante?|weiter|siguiente|»|›)\W*$",
    re.I,
)
_PAGE_URL = re.compile(
    r"(?:/page/\d+/?$|[?&](?:page|p|paged|pg|start|offset)=\d+$|[_/-](?:index|list|p|page)[_-]?\d+(?:\.s?html?)?/?$)",
    re.I,
)
_PAGER = re.compile(r"pag(?:e-?numbers?|ination|er|ing)|page-?nav|fenye|nav-links", re.I)
_LITTLE_WEIGHT = 300
_HTML_START = re.compile(rb"\s*(?:\xef\xbb\xbf)?<(?:!doctype\s+html|html|head|body|!--|[a-z][a-z0-9]*[\s>])", re.I)


@dataclass(frozen=True, kw_only=True)
class PageLink:
    """A link of the page."""

    url: str
    """Absolute."""
    role: LinkRole
    """What the link is for; ``other`` where nothing says."""
    nofollow: bool = False
    """The link, or the page's meta robots, asks not to follow it."""


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A stretch of the page's text in its place."""

    place: Place
    kind: str | None
    rule: str | None
    text: str
    """The text nodes as they stand, joined."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """What one parse of a response gives."""

    url: str | None
    kind: PageKind
    reason: str
    """Why it is of that kind, in a few words."""
    article: Article | None = None
    """None unless :attr:`kind` is ``article``."""
    links: tuple[PageLink, ...] = ()
    """Each URL once, in its best role, in document order."""
    meta_robots: tuple[str, ...] = ()
    """Directives of meta robots, lower case."""
    next_page: str | None = None
    """The next page of a listing, or of a story in parts."""
    refresh: str | None = None
    """Target of a meta refresh."""
    encoding: str
    encoding_source: str
    _page: Segmented | None = field(default=None, repr=False, compare=False)

    def segments(self) -> list[Segment]:
        """Return every text of the page, in document order, in its place."""
        blocks = self._page.blocks if self._page else []
        return [Segment(place=b.place, kind=b.kind, rule=b.rule, text=b.raw) for b in blocks if b.raw.strip()]


def read_page(
    body: bytes,
    url: str | None,
    *,
    content_type: str | None = None,
    fetched_at: datetime | None = None,
    url_assigned: bool = False,
    profile: SiteProfile | str | None = "auto",
) -> Page:
    """Read a page. Pure: the same bytes and arguments give the same result. Never raises on any *body* or *url*.

    *body* is the payload without content coding; *content_type* the header's value. *fetched_at* (aware) refuses
    dates after it. *url_assigned* marks a URL that is not the page's own, so that nothing is read from it.
    *profile* is a :class:`~newscrawl.sites.SiteProfile`, the name of a shipped one, ``"auto"`` for the shipped one
    of the URL's host, or None for none; an unknown name raises :exc:`~newscrawl.exceptions.ProfileError`.
    """
    return _read(body, url, content_type, fetched_at, url_assigned, _profile_of(profile, url), force=False)


def extract_article(
    body: bytes,
    url: str | None,
    *,
    content_type: str | None = None,
    fetched_at: datetime | None = None,
    url_assigned: bool = False,
    profile: SiteProfile | str | None = "auto",
) -> Article:
    """Return the article of a page that is known to be one; arguments as for :func:`read_page`.

    Fields without evidence are empty; on a page without any text all are.
    """
    page = _read(body, url, content_type, fetched_at, url_assigned, _profile_of(profile, url), force=True)
    return page.article if page.article is not None else Article(url=page.url, url_assigned=url_assigned)


def _profile_of(profile: SiteProfile | str | None, url: str | None) -> SiteProfile | None:
    if profile is None or isinstance(profile, SiteProfile):
        return profile
    return _SHIPPED.for_url(url) if profile == "auto" else _SHIPPED.named(profile)


_SHIPPED = Profiles()


def _read(
    body: bytes,
    url: str | None,
    content_type: str | None,
    fetched_at: datetime | None,
    url_assigned: bool,
    profile: SiteProfile | None,
    *,
    force: bool,
) -> Page:
    address = resolve(None, url) if url else None
    if not body.strip():
        return Page(url=address, kind="empty", reason="no content", encoding="utf-8", encoding_source="utf-8")
    if not force and not _is_html(body, content_type):
        reason = f"not HTML: {(content_type or 'no content type')[:60]}"
        return Page(url=address, kind="other", reason=reason, encoding="utf-8", encoding_source="utf-8")
    text = decoded(body, content_type)
    root = parse(text.utf8 if text.utf8 is not None else text.text.encode("utf-8", "replace"))
    if root is None:
        reason = "no element that can be parsed"
        return Page(url=address, kind="empty", reason=reason, encoding=text.encoding, encoding_source=text.source)
    scripts = json_ld_texts(root)
    drop_scripts(root)
    meta = structured(root, scripts)
    base = (resolve(address, meta.base) if meta.base else None) or address
    layout = None
    if profile is not None:
        layout = profile.layout_at(_day_of(address, url_assigned, fetched_at))
    titles = titles_of(meta)
    segmented = segment(root, layout, titles=titles)
    if (force or meta.article) and body_weight(segmented) < _LITTLE_WEIGHT:
        # A page that is an article and has hardly any story: a rule has taken the story for furniture.
        lenient = segment(root, layout, titles=titles, without=ALL_RULES)
        if body_weight(lenient) > 2 * body_weight(segmented):
            segmented = lenient
    source = Source(
        root=root,
        page=segmented,
        meta=meta,
        titles=titles,
        url=address,
        base=base,
        url_assigned=url_assigned,
        fetched_at=fetched_at,
        profile=profile,
        layout=layout,
        keywords=elements_of(root, layout.keywords) if layout is not None else frozenset(),
    )
    return _page(source, text, force=force)


def _day_of(url: str | None, url_assigned: bool, fetched_at: datetime | None) -> date | None:
    stated = url_date(url) if url and not url_assigned else None
    if stated is not None:
        return date.fromisoformat(stated)
    return fetched_at.date() if fetched_at is not None else None


def _is_html(body: bytes, content_type: str | None) -> bool:
    named = (content_type or "").split(";")[0].strip().lower()
    if named in ("text/html", "application/xhtml+xml"):
        # Noise sent under HTML's name would be read as one long headline.
        return b"<" in body[:4096] or named != "text/html"
    if named and named not in ("text/plain", "application/octet-stream", "application/xml", "text/xml"):
        return False
    return _HTML_START.match(body[:1024]) is not None


def _page(source: Source, text: Decoded, *, force: bool) -> Page:
    meta = source.meta
    robots = tuple(
        word.strip().lower()
        for name in ("robots", "newscrawl")
        for content in meta.meta.get(name, ())
        for word in content.split(",")
        if word.strip()
    )
    refresh = resolve(source.base, meta.refresh) if meta.refresh else None
    nofollow = "nofollow" in robots or "none" in robots
    links, next_page = _page_links(source, nofollow)
    kind, reason = _kind(source, links)
    if force:
        kind, reason = "article", "asked for"
    if kind == "article" and refresh is not None and not force and not meta.article:
        kind, reason = "other", "meta refresh"
    return Page(
        url=source.url,
        kind=kind,
        reason=reason,
        article=article_of(source) if kind == "article" else None,
        links=links,
        meta_robots=robots,
        next_page=next_page,
        refresh=refresh,
        encoding=text.encoding,
        encoding_source=text.source,
        _page=source.page,
    )


def _page_links(source: Source, nofollow: bool) -> tuple[tuple[PageLink, ...], str | None]:
    found: dict[str, PageLink] = {}
    next_page = resolve(source.base, source.meta.next) if source.meta.next else None
    if next_page is not None:
        found[next_page] = PageLink(url=next_page, role="next", nofollow=nofollow)
    known = {link.element: block for block in source.page.blocks for link in block.links}
    own = site_of(source.url) if source.url else None
    base, profile = source.base, source.profile
    for element in source.root.iter("a"):
        get = element.get
        href = get("href")
        if not href:
            continue
        block = known.get(element)
        link: PageLink | None
        if block is None:
            text = element.text
            short = text if text and len(text) < 20 else None
            link = _furniture(profile, link_base(base, href), href, get("class"), get("rel"), short, nofollow)
        else:
            url = resolve(base, href)
            link = _page_link(url, _role(source, element, block, url, own), get("rel"), nofollow) if url else None
        if link is None or link.url == source.url:
            continue
        if link.role == "next" and next_page is None and _NEXT_TEXT.match("".join(element.itertext())):
            next_page = link.url
        earlier = found.get(link.url)
        if earlier is None or _ROLE_RANK[link.role] < _ROLE_RANK[earlier.role]:
            found[link.url] = link
    return tuple(found.values()), next_page


@lru_cache(maxsize=16384)
def _page_link(url: str, role: LinkRole, rel: str | None, nofollow: bool) -> PageLink:
    # Plugins put nofollow on a site's own related articles, where it is about ranking.
    hidden = nofollow or (role != "related" and rel is not None and "nofollow" in rel.split())
    return PageLink(url=url, role=role, nofollow=hidden)


_ROLE_RANK = {
    role: rank
    for rank, role in enumerate(("promoted", "related", "tag", "keyword", "next", "article", "listing", "other"))
}


@lru_cache(maxsize=16384)
def _furniture(
    profile: SiteProfile | None,
    base: str | None,
    href: str,
    classes: str | None,
    rel: str | None,
    text: str | None,
    nofollow: bool,
) -> PageLink | None:
    """A link outside all blocks: most links of a page, and the same on all pages of a site."""
    url = resolve(base, href)
    if url is None:
        return None
    pager = _is_pager(url, classes, rel, text or "")
    return _page_link(url, "next" if pager else _ruled_role(profile, url) or _shaped_role(url), rel, nofollow)


@lru_cache(maxsize=8192)
def _shaped_role(url: str) -> LinkRole:
    if looks_like_tag(url):
        return "tag"
    return "article" if looks_like_article(url) else "other"


def _ruled_role(profile: SiteProfile | None, url: str) -> LinkRole | None:
    ruled = profile.url_kind(url) if profile is not None else None
    return "other" if ruled == "ignore" else ruled


def _role(source: Source, element: Element, block: Block, url: str, own: str | None) -> LinkRole:
    if block.place in ("related", "promoted"):
        return block.place
    if is_tag_link(element):
        return "tag"
    if _in_keyword(element, source.keywords):
        return "keyword"
    if _is_pager(url, element.get("class"), element.get("rel"), element.text or ""):
        return "next"
    ruled = _ruled_role(source.profile, url)
    if ruled is not None:
        return ruled
    if block.place != "chrome" and _is_teaser(block) and site_of(url) == own:
        return "article"
    return _shaped_role(url)


def _in_keyword(element: Element, keywords: frozenset[Element]) -> bool:
    classes = element.get("class")
    if classes is not None and rules.KEYWORD_LINK.search(classes):
        return True
    parent = element.getparent()
    if keywords and (element in keywords or parent in keywords):
        return True
    classes = parent.get("class") if parent is not None and parent.tag == "span" else None
    return classes is not None and rules.KEYWORD_LINK.search(classes) is not None


def _is_pager(url: str, classes: str | None, rel: str | None, text: str) -> bool:
    if (rel is not None and "next" in rel.split()) or (classes is not None and _PAGER.search(classes)):
        return True
    if not _has_page_number(url):
        return False
    text = text.strip()
    return text.isdigit() or _NEXT_TEXT.match(text) is not None


@lru_cache(maxsize=8192)
def _has_page_number(url: str) -> bool:
    return _PAGE_URL.search(url) is not None


def _is_teaser(block: Block) -> bool:
    """Return whether a block is the linked headline of another story."""
    if len(block.links) != 1 or block.link_share < 0.8:
        return False
    parent = block.links[0].element.getparent()
    heading = block.element.tag in HEADINGS or (parent is not None and parent.tag in HEADINGS)
    return block.weight >= (12 if heading else 20)


def _kind(source: Source, links: tuple[PageLink, ...]) -> tuple[PageKind, str]:
    page, meta = source.page, source.meta
    ruled = source.profile.url_kind(source.url) if source.profile is not None and source.url else None
    if ruled == "ignore":
        return "other", "the profile's URL rules ignore it"
    body = body_weight(page)
    headline = page.headline.text if page.headline else ""
    if body < 500 and any(rules.ERROR_TEXT.search(text) for text in (headline, meta.title or "", _first_body(page))):
        return "error", "the page says that it is missing"
    teasers = sum(1 for block in page.inside() if block.place != "related" and _is_teaser(block))
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


def _has_date_line(page: Segmented) -> bool:
    blocks: Iterator[Block] = iter(page.article_blocks())
    for block in blocks:
        if block.place == "removed" and block.kind in ("source_line", "byline", "other") and block.weight <= 200:
            if re.search(r"(?:19|20)\d{2}\s?[年/.-]|\b(?:19|20)\d{2}\b", block.text):
                return True
            if block.element.tag == "time" or next(block.element.iter("time"), None) is not None:
                return True
    return False

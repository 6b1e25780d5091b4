"""What each link of a page is for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from lxml.etree import _Element as Element

from newscrawl.extract import rules
from newscrawl.extract.building import Source
from newscrawl.extract.segment import is_tag_link
from newscrawl.extract.tree import HEADINGS, Block, text_within
from newscrawl.sites import SiteProfile
from newscrawl.urls import link_base, looks_like_article, looks_like_tag, resolve, site_of

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


@dataclass(frozen=True, kw_only=True)
class PageLink:
    """A link of the page."""

    url: str
    """Absolute."""
    role: LinkRole
    """What the link is for; ``other`` where nothing says."""
    nofollow: bool = False
    """The link, or the page's meta robots, asks not to follow it."""


def page_links(source: Source, nofollow: bool) -> tuple[tuple[PageLink, ...], str | None]:
    """Return the links of a page, each URL once in its best role, and the URL of its next page."""
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
        if link.role == "next" and next_page is None and _NEXT_TEXT.match(text_within(element)[:60]):
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
    if block.place != "chrome" and is_teaser(block) and site_of(url) == own:
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
    if len(text) > 60:
        return False
    return text.isdigit() or _NEXT_TEXT.match(text) is not None


@lru_cache(maxsize=8192)
def _has_page_number(url: str) -> bool:
    return _PAGE_URL.search(url) is not None


def is_teaser(block: Block) -> bool:
    """Return whether a block is the linked headline of another story."""
    if len(block.links) != 1 or block.link_share < 0.8:
        return False
    parent = block.links[0].element.getparent()
    heading = block.element.tag in HEADINGS or (parent is not None and parent.tag in HEADINGS)
    return block.weight >= (12 if heading else 20)

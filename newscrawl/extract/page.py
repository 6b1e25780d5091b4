"""From bytes to a page: one parse, the page's kind, its article, its links by role."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from lxml.etree import _Element as Element

from newscrawl.dates import url_date
from newscrawl.extract.bounds import MAX_BASE, warning
from newscrawl.extract.building import Source, elements_of
from newscrawl.extract.decode import Decoded, decoded
from newscrawl.extract.features import Claims
from newscrawl.extract.feedlinks import FeedLink, feed_links
from newscrawl.extract.fields import article_of
from newscrawl.extract.kind import PageKind, kind_of
from newscrawl.extract.marks import ALL_RULES
from newscrawl.extract.parts import first_part, next_part, part_links
from newscrawl.extract.profiling import ProfileCheck, checked
from newscrawl.extract.roles import PageLink, page_links
from newscrawl.extract.segment import Segmented, body_weight, segment
from newscrawl.extract.structured import Structured, structured
from newscrawl.extract.titles import titles_of
from newscrawl.extract.tree import Place, drop_scripts, parse_bounded
from newscrawl.items import Article, Warn
from newscrawl.sites import Layout, Profiles, SiteProfile
from newscrawl.urls import resolve

_LITTLE_WEIGHT = 300

_HTML_START = re.compile(rb"\s*(?:\xef\xbb\xbf)?<(?:!doctype\s+html|html|head|body|!--|[a-z][a-z0-9]*[\s>])", re.I)


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
    next_part: str | None = None
    """The page on which this page's own story goes on; None where it says of none, or asks not to follow it."""
    first_part: str | None = None
    """The first page of the story, where this is clearly a later one."""
    refresh: str | None = None
    """Target of a meta refresh."""
    encoding: str
    encoding_source: str
    warnings: tuple[Warn, ...] = ()
    """Bounds that the page's markup ran into (:mod:`newscrawl.extract.bounds`)."""
    _page: Segmented | None = field(default=None, repr=False, compare=False)
    _source: Source | None = field(default=None, repr=False, compare=False)

    def segments(self) -> list[Segment]:
        """Return every text of the page, in document order, in its place."""
        blocks = self._page.blocks if self._page else []
        return [Segment(place=b.place, kind=b.kind, rule=b.rule, text=b.raw) for b in blocks if b.raw.strip()]

    @cached_property
    def feeds(self) -> tuple[FeedLink, ...]:
        """The feeds that the page names. Looked for when first asked."""
        source = self._source
        return feed_links(source.root, source.base, source.url) if source is not None else ()

    def profile_check(self, *, compare: bool) -> ProfileCheck | None:
        """Return how the site profile did on this page; *compare* as for :func:`~.profiling.checked`."""
        return checked(self._source, compare=compare) if self._source is not None else None


def read_page(
    body: bytes,
    url: str | None,
    *,
    content_type: str | None = None,
    fetched_at: datetime | None = None,
    url_assigned: bool = False,
    profile: SiteProfile | str | None = "auto",
    heed_robots: bool = True,
) -> Page:
    """Read a page. Pure: the same bytes and arguments give the same result. Never raises on any *body* or *url*.

    *body* is the payload without content coding; *content_type* the header's value. *fetched_at* (aware) refuses
    dates after it. *url_assigned* marks a URL that is not the page's own, so that nothing is read from it.
    *profile* is a :class:`~newscrawl.sites.SiteProfile`, the name of a shipped one, ``"auto"`` for the shipped one
    of the URL's host, or None for none; an unknown name raises :exc:`~newscrawl.exceptions.ProfileError`.
    *heed_robots*: links of a page whose meta robots ask not to follow them are marked so.
    """
    found = _profile_of(profile, url)
    return _read(body, url, content_type, fetched_at, url_assigned, found, force=False, heed_robots=heed_robots)


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
    heed_robots: bool = True,
) -> Page:
    address = resolve(None, url) if url else None
    if not body.strip():
        return Page(url=address, kind="empty", reason="no content", encoding="utf-8", encoding_source="utf-8")
    if not force and not _is_html(body, content_type):
        reason = f"not HTML: {(content_type or 'no content type')[:60]}"
        return Page(url=address, kind="other", reason=reason, encoding="utf-8", encoding_source="utf-8")
    text = decoded(body, content_type)
    utf8 = text.utf8 if text.utf8 is not None else text.text.encode("utf-8", "replace")
    root, codes = parse_bounded(utf8, ids=profile is not None)
    if root is None:
        reason = "no element that can be parsed"
        return Page(url=address, kind="empty", reason=reason, encoding=text.encoding, encoding_source=text.source)
    meta = structured(root, drop_scripts(root))
    meta.source = utf8
    if meta.base and len(meta.base) > MAX_BASE:
        meta.base, codes = None, (*codes, "base")
    base = (resolve(address, meta.base) if meta.base else None) or address
    layout = None
    if profile is not None:
        layout = profile.layout_at(_day_of(address, url_assigned, fetched_at))
    claims = claims_of(meta, titles_of(meta, None if url_assigned else address))
    segmented = _segmented(root, layout, claims, is_article=force or bool(meta.article))
    if segmented.cut:
        codes += ("blocks",)
    source = Source(
        root=root,
        warnings=tuple(map(warning, codes)),
        page=segmented,
        meta=meta,
        claims=claims,
        url=address,
        base=base,
        url_assigned=url_assigned,
        fetched_at=fetched_at,
        profile=profile,
        layout=layout,
        keywords=elements_of(root, layout.keywords) if layout is not None else frozenset(),
    )
    if force:
        return Page(
            url=address,
            kind="article",
            reason="asked for",
            article=article_of(source),
            encoding=text.encoding,
            encoding_source=text.source,
            warnings=source.warnings,
            _page=segmented,
            _source=source,
        )
    return _page(source, text, heed_robots)


def _segmented(root: Element, layout: Layout | None, claims: Claims, *, is_article: bool) -> Segmented:
    """Return the places of the page; of one that is said to be an article, with a story wherever it has one."""
    found = segment(root, layout, claims=claims)
    if not is_article or body_weight(found) >= _LITTLE_WEIGHT:
        return found
    # Hardly any story: a rule has taken it for furniture.
    lenient = segment(root, layout, claims=claims, without=ALL_RULES)
    return lenient if body_weight(lenient) > 2 * body_weight(found) else found


def claims_of(meta: Structured, titles: tuple[str, ...]) -> Claims:
    """Return what *meta* says that the page is about."""
    found = meta.first("description", "og:description", "twitter:description")
    story = meta.article.get("articleBody")
    return Claims(
        titles=titles, description=found[1] if found else None, story=story if isinstance(story, str) else None
    )


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


def _page(source: Source, text: Decoded, heed_robots: bool) -> Page:
    meta = source.meta
    robots = tuple(
        word.strip().lower()
        for name in ("robots", "newscrawl")
        for content in meta.meta.get(name, ())
        for word in content.split(",")
        if word.strip()
    )
    refresh = resolve(source.base, meta.refresh) if meta.refresh else None
    nofollow = heed_robots and ("nofollow" in robots or "none" in robots)
    links, next_page = page_links(source, nofollow)
    kind, reason = kind_of(source, links)
    if kind == "article" and refresh is not None and not meta.article:
        kind, reason = "other", "meta refresh"
    parts = part_links(source) if kind in ("article", "other") else ()
    own = source.url or ""
    return Page(
        url=source.url,
        kind=kind,
        reason=reason,
        article=article_of(source) if kind == "article" else None,
        links=links,
        meta_robots=robots,
        next_page=next_page,
        next_part=None if nofollow else next_part(own, parts),
        first_part=first_part(own, parts),
        refresh=refresh,
        encoding=text.encoding,
        encoding_source=text.source,
        warnings=source.warnings,
        _page=source.page,
        _source=source,
    )

"""The images and videos of an article, with their captions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from lxml.etree import _Element as Element

from newscrawl.extract import readings
from newscrawl.extract.building import Builder
from newscrawl.extract.segment import Segmented
from newscrawl.extract.structured import Structured
from newscrawl.extract.tree import Block, MediaNode
from newscrawl.items import Candidate, Media
from newscrawl.text import clean_line
from newscrawl.urls import looks_like_article, resolve

_NEVER_ARTICLE = frozenset(("related", "promoted", "chrome", "headline"))
_NOT_THE_STORY = frozenset(("share", "subscribe", "ad", "comment", "notice", "byline"))
_SMALL_PX = 80
# Placeholders state a ratio (16 by 9) in place of a size.
_RATIO_PX = 20
_ICON_CLASS = re.compile(
    r"(?:^|[\s_-])(?:icons?|logos?|avatars?|gravatar|emoji|smil(?:ey|ies)|wp-smiley|pixel|tracker|tracking|sprite|badges?"
    r"|share|social|spinner|loader)(?=$|[\s_-])",
    re.I,
)
_AUTHOR_CLASS = re.compile(
    r"(?:^|\s|__)(?:[\w]+-)?(?:author|byline|contributor|bio)(?:-?(?:ima?ge?|photo|avatar|thumb\w*|picture|portrait|pic|info|box|card))?(?=$|\s)",
    re.I,
)
_ICON_URL = re.compile(
    r"\.svg(?:[?#]|$)|[/.]gravatar\.com/|/(?:emojis?|smil(?:ey|ie)s?|icons?|ico|avatars?|logos?|sprites?|badges|flags|buttons?)/"
    r"|/(?:ico|icon|logo|btn|button|avatar)[_-][^/]*$|/(?:logo|icon|avatar|advertisement|qrcode|weixin|favicon)\d{0,2}\.\w{3,4}(?:\?|$)",
    re.I,
)
_TRACKER_URL = re.compile(
    r"vgwort\.de/|doubleclick\.|google-analytics\.|scorecardresearch\.|facebook\.com/tr|/(?:pixel|beacon|tracking?|counter|pageviews?|count)"
    r"[/?.]|[/.]feedburner\.com/~|statcounter\.|/(?:t|p|blank|clear|1px|1x1)\.gif|etracker|amazon-adsystem\.|/ir\?t=",
    re.I,
)
_GENERAL = re.compile(
    r"(?:^|[^a-z])(?:logos?|default|placeholder|fallback|favicon|icon|no-?image|share|sharing|social|avatar|blank)(?=$|[^a-z])",
    re.I,
)
_NOT_A_PAGE = re.compile(
    r"\.(?:jpe?g|png|gif|webp|avif|bmp)(?:$|\?)|/(?:attachment|gallery|galerie|bilder|photos?|pictures?)/", re.I
)
_FOLLOWS = 4


def put_pictures(build: Builder) -> None:
    """Fill ``images`` and ``videos`` from the article's block, in reading order; from metadata where it has none."""
    source, page = build.source, build.source.page
    captions = _Captions([block for block in page.article_blocks() if block.place == "caption"])
    nodes = list(_own_media(page))
    images = list(_images(build, [node for node in nodes if node.element.tag != "video"], captions))
    # A caption that stands beside no picture is still the text of one.
    images += [Media(caption=text, credit=readings.credit_in(text)) for text in captions.rest()]
    build.put("images", images, "generic", "article block")
    if not any(image.url for image in images):
        _put_stated_image(build, images)
    videos = [_video(node.element, source.base) for node in nodes if node.element.tag == "video"]
    shown = list({video.url: video for video in videos if video is not None}.values())
    build.put("videos", shown, "generic", "article block")
    if not shown:
        _put_stated_videos(build)


def _own_media(page: Segmented) -> Iterator[MediaNode]:
    """Yield the outermost media elements of the article's block that belong to the story."""
    outer: set[Element] = set()
    for node in page.media:
        if not page.first <= node.block_index <= page.last:
            continue
        if node.mark is not None and (node.mark.place in _NEVER_ARTICLE or node.mark.kind in _NOT_THE_STORY):
            continue
        if not any(parent in outer for parent in node.element.iterancestors()):
            outer.add(node.element)
            yield node


def _images(build: Builder, nodes: list[MediaNode], captions: _Captions) -> Iterator[Media]:
    """Yield the picture of each element once; its caption is taken out of *captions*."""
    base, others = build.source.base, _other_stories(build)
    seen: set[str] = set()
    found: list[tuple[MediaNode, Media]] = []
    for node in nodes:
        media = readings.media_of(node, base)
        if media is None:
            continue
        caption = captions.take(node.element)
        if caption is None and (media.url is None or media.url in seen or _is_ornament(node.element, media)):
            continue
        if caption is None and _is_teaser(node.element, build, others):
            continue
        if media.url is not None:
            seen.add(media.url)
        found.append((node, replace(media, caption=caption)))
    for at, (node, media) in enumerate(found):
        # Up to the next picture: a caption belongs to the picture right above it.
        end = found[at + 1][0].block_index if at + 1 < len(found) else node.block_index + _FOLLOWS
        below = captions.below(build.source.page.blocks, node.block_index, end) if media.url is not None else None
        caption = " ".join(filter(None, (media.caption, below))) or None
        yield replace(
            media,
            alt=None if media.alt == caption else media.alt,
            caption=caption,
            credit=readings.credit_in(caption) if caption else None,
        )


def _other_stories(build: Builder) -> set[str]:
    """The pages that the article's block lists as other stories."""
    return {link.url for link in (*build.article.related, *build.article.promoted)}


def _is_teaser(element: Element, build: Builder, others: set[str]) -> bool:
    """Return whether the picture is another story's: it links there, and not to a larger copy of itself."""
    link = next(element.iterancestors("a"), None)
    if link is None:
        link = next(element.iter("a"), None)
    url = resolve(build.source.base, link.get("href") or "") if link is not None else None
    if url is None or url == build.source.url or url == build.article.canonical_url:
        return False
    return url in others or (looks_like_article(url) and _NOT_A_PAGE.search(url) is None)


def _is_ornament(element: Element, media: Media) -> bool:
    """Return whether a picture without a caption is an icon, a logo, an author's portrait or a counter."""
    image = element if element.tag in ("img", "amp-img") else next(element.iter("img", "amp-img"), None)
    if image is not None and _is_small(image, media.candidates):
        return True
    if media.url is None or _TRACKER_URL.search(media.url) or _ICON_URL.search(media.url):
        return True
    if image is None:
        return False
    own = f"{image.get('class') or ''} {image.get('id') or ''}"
    if _ICON_CLASS.search(own) or _AUTHOR_CLASS.search(own):
        return True
    around = image.getparent()
    for _ in range(2):
        if around is None or around.tag in ("article", "main", "body", "p"):
            return False
        classes = around.get("class") or ""
        if _AUTHOR_CLASS.search(classes) or (len(around) <= 2 and _ICON_CLASS.search(classes)):
            return True
        around = around.getparent()
    return False


def _is_small(image: Element, candidates: list[Candidate]) -> bool:
    width, height = (readings.pixels(image.get(name)) for name in ("width", "height"))
    stated = [size for size in (width, height) if size is not None]
    if not stated or max(stated) > _SMALL_PX:
        # A line or a spacer is long and next to nothing high.
        return bool(stated) and min(stated) <= 3
    if any((candidate.width or 0) > _SMALL_PX for candidate in candidates):
        return False
    return not (len(stated) == 2 and 2 < max(stated) <= _RATIO_PX and width != height)


def _video(element: Element, base: str | None) -> Media | None:
    sources = (part.get(name) for part in element.iter("video", "source") for name in ("src", "data-src"))
    url = next((url for src in sources if src and (url := resolve(base, src))), None)
    return Media(url=url) if url is not None else None


def _put_stated_image(build: Builder, captions: list[Media]) -> None:
    """Take the picture that metadata names; a site's logo or a stand-in is none."""
    source = build.source
    for method, place, stated, width in _stated_images(source.meta):
        url = resolve(source.base, stated)
        if url is None or _GENERAL.search(url.rpartition("/")[2]) or _ICON_URL.search(url):
            continue
        image = Media(url=url, candidates=[Candidate(url=url, width=width)])
        build.provenance[:] = [entry for entry in build.provenance if entry.field != "images"]
        build.put("images", [image, *captions], method, place, stated)
        return


def _stated_images(meta: Structured) -> Iterator[tuple[str, str, str, int | None]]:
    value: Any = meta.article.get("image")
    for item in value if isinstance(value, list) else [value]:
        node = meta.nodes.get(str(item.get("@id")), item) if isinstance(item, dict) else item
        url = node.get("url") or node.get("contentUrl") if isinstance(node, dict) else node
        url = url[0] if isinstance(url, list) and url else url
        if isinstance(url, str) and url.strip():
            yield "json-ld", "image", url.strip(), _width(node)
    named = meta.first("og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src")
    if named is not None:
        width = meta.first("og:image:width") if named[0].startswith("og:") else None
        yield "meta", named[0], named[1], readings.pixels(width[1]) if width else None


def _width(node: Any) -> int | None:
    width = node.get("width") if isinstance(node, dict) else None
    if isinstance(width, dict):
        width = width.get("value")
    return readings.pixels(str(width)) if isinstance(width, (str, int)) and not isinstance(width, bool) else None


def _put_stated_videos(build: Builder) -> None:
    base, meta = build.source.base, build.source.meta
    urls: dict[str, None] = {}
    for node in meta.videos:
        stated = (node.get("contentUrl"), node.get("embedUrl"))
        url = next((url for raw in stated if isinstance(raw, str) and (url := resolve(base, raw))), None)
        if url is not None:
            urls[url] = None
    if urls:
        build.put("videos", [Media(url=url) for url in urls], "json-ld", "VideoObject")
        return
    named = meta.first("og:video:secure_url", "og:video:url", "og:video")
    found = resolve(base, named[1]) if named is not None else None
    if named is not None and found is not None:
        build.put("videos", [Media(url=found)], "meta", named[0], named[1])


class _Captions:
    """The captions of a page, by the elements they lie in and the element they fill."""

    def __init__(self, blocks: list[Block]) -> None:
        self.left = dict.fromkeys(map(id, blocks))
        self.blocks = blocks
        self.within: dict[Element, list[Block]] = {}
        self.filling: dict[Element, list[Block]] = {}
        for block in blocks:
            self.filling.setdefault(block.element, []).append(block)
            for element in (block.element, *block.element.iterancestors("figure")):
                self.within.setdefault(element, []).append(block)

    def take(self, figure: Element) -> str | None:
        """Return the caption inside *figure* or around it; a caption belongs to one picture."""
        around = (outer for outer in figure.iterancestors() if outer in self.filling)
        outer = next(around, None)
        own = self.within.get(figure) or (self.filling[outer] if outer is not None else [])
        return self._taken(own)

    def below(self, blocks: list[Block], start: int, end: int) -> str | None:
        """Return the captions among *blocks* right after *start*, before *end*, that nobody has taken."""
        own: list[Block] = []
        for block in blocks[start : min(end, start + _FOLLOWS)]:
            if block.place == "body":
                break
            if block.place == "caption":
                own.append(block)
        return self._taken(own)

    def _taken(self, own: list[Block]) -> str | None:
        texts = [clean_line(block.text) for block in own if id(block) in self.left and block.text]
        for block in own:
            self.left.pop(id(block), None)
        return " ".join(texts) or None

    def rest(self) -> list[str]:
        """Return the captions that nobody took."""
        return [clean_line(block.text) for block in self.blocks if id(block) in self.left and block.text]

"""The images and videos of an article, with their captions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lxml.etree import _Element as Element

from newscrawl.extract import readings
from newscrawl.extract.building import Builder
from newscrawl.extract.segment import Segmented
from newscrawl.extract.tree import Block, MediaNode
from newscrawl.items import Media
from newscrawl.text import clean_line
from newscrawl.urls import resolve


def put_pictures(build: Builder) -> None:
    """Fill ``images`` and ``videos`` from the article's block, in reading order."""
    source, page = build.source, build.source.page
    captions = [block for block in page.article_blocks() if block.place == "caption"]
    nodes = list(_own_media(page))
    images = list(_images([node for node in nodes if node.element.tag != "video"], captions, source.base))
    # A caption that stands beside no picture is still the text of one.
    left = [clean_line(block.text) for block in captions if block.text]
    images += [Media(caption=text, credit=readings.credit_in(text)) for text in left]
    build.put("images", images, "generic", "article block")
    videos = [_video(node.element, source.base) for node in nodes if node.element.tag == "video"]
    build.put("videos", [video for video in videos if video is not None], "generic", "article block")


def _own_media(page: Segmented) -> Iterator[MediaNode]:
    """Yield the outermost media elements of the article's block that belong to the story."""
    outer: set[Element] = set()
    for node in page.media:
        if not page.first <= node.block_index <= page.last:
            continue
        if node.mark is not None and node.mark.place in ("related", "promoted", "chrome"):
            continue
        if not any(parent in outer for parent in node.element.iterancestors()):
            outer.add(node.element)
            yield node


def _images(nodes: list[MediaNode], captions: list[Block], base: str | None) -> Iterator[Media]:
    """Yield the picture of each element once; the captions that belong to one are taken out of *captions*."""
    seen: set[str] = set()
    for node in nodes:
        media = readings.media_of(node, base)
        if media is None:
            continue
        caption = _caption(captions, node.element)
        if caption is None and (media.url is None or media.url in seen):
            continue
        if media.url is not None:
            seen.add(media.url)
        yield replace(
            media,
            alt=None if media.alt == caption else media.alt,
            caption=caption,
            credit=readings.credit_in(caption) if caption else None,
        )


def _video(element: Element, base: str | None) -> Media | None:
    sources = (part.get("src") for part in element.iter("video", "source"))
    url = next((url for src in sources if src and (url := resolve(base, src))), None)
    return Media(url=url) if url is not None else None


def _caption(captions: list[Block], figure: Element) -> str | None:
    """Take the caption of *figure* out of *captions*."""
    own = [block for block in captions if _is_inside(block.element, figure) or _is_inside(figure, block.element)]
    for block in own:
        captions.remove(block)
    return " ".join(clean_line(block.text) for block in own if block.text) or None


def _is_inside(element: Element, outer: Element) -> bool:
    return element is outer or any(parent is outer for parent in element.iterancestors())

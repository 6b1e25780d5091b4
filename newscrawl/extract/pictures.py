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
    captions = _Captions([block for block in page.article_blocks() if block.place == "caption"])
    nodes = list(_own_media(page))
    images = list(_images([node for node in nodes if node.element.tag != "video"], captions, source.base))
    # A caption that stands beside no picture is still the text of one.
    images += [Media(caption=text, credit=readings.credit_in(text)) for text in captions.rest()]
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


def _images(nodes: list[MediaNode], captions: _Captions, base: str | None) -> Iterator[Media]:
    """Yield the picture of each element once; its caption is taken out of *captions*."""
    seen: set[str] = set()
    for node in nodes:
        media = readings.media_of(node, base)
        if media is None:
            continue
        caption = captions.take(node.element)
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
        texts = [clean_line(block.text) for block in own if id(block) in self.left and block.text]
        for block in own:
            self.left.pop(id(block), None)
        return " ".join(texts) or None

    def rest(self) -> list[str]:
        """Return the captions that nobody took."""
        return [clean_line(block.text) for block in self.blocks if id(block) in self.left and block.text]

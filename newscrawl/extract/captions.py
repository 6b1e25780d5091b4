"""Captions that no ``<figcaption>`` marks: by their class, or as the line below a picture in old portals."""

from __future__ import annotations

import re

from lxml.etree import _Element as Element

from newscrawl.extract.segment import Segmented
from newscrawl.extract.tree import Block

_LONGEST = 400
_CALLED = re.compile(
    # text-caption is a size of letters.
    r"(?:^|\s|(?<!text)[_-])(?:caption(?:-?text)?|captiontext|wp-caption-text|wp-element-caption|cutline|legende|bildunterschrift"
    r"|pic-?(?:info|txt|text|desc)|img-?(?:info|txt|text|desc|note)|tushuo|photo-?desc\w*)(?=$|[\s_])",
    re.I,
)
_BEGINS = re.compile(
    r"\s*[（(【\[]?\s*(?:图[:：为片源说/]|圖[:：為片源說/]|资料图|資料圖|[▲△▼▽↑↓]|(?:photo|foto|picture|image|bild)\s*[:：/]"
    r"|(?:图|圖)\s?\d{1,2}[:：.、]|写真[:：=＝]|사진[=:：])",
    re.I,
)
_CENTRED = re.compile(r"text-align\s*:\s*center", re.I)
# Old portals centre the line of source and date, and the row of buttons, as they centre captions.
_LINE_OF_FACTS = re.compile(
    r"\d{1,2}:\d{2}|(?:19|20)\d{2}\s?[年/.-]\s?\d|[【\[].*[】\]].*[【\[]|来源|來源|打印|字号|字體|字体|责任编辑|記者|记者"
)
_PICTURES = ("img", "picture", "figure")
_SENTENCES = re.compile(r"[。！？!?]|\.\s")


def place_captions(page: Segmented) -> None:
    """Give the captions among the article's blocks their place; what a profile or a mark placed stays.

    A caption says so by its class, begins as captions do right below a picture, or is one short centred line there.
    """
    below = {node.block_index for node in page.media if str(node.element.tag) in _PICTURES}
    near = {index + step for index in below for step in (-1, 0, 1, 2)}
    for index in range(page.first, page.last):
        block = page.blocks[index]
        if index not in near or block.mark is not None or not _may_be(block):
            continue
        if _is_called(block.element) or (index in below and _stands_below(block)):
            block.put("caption", rule="caption_line")


def _may_be(block: Block) -> bool:
    if not block.weight or block.weight > _LONGEST or block.link_share > 0.5:
        return False
    return block.place == "body" or (block.place == "removed" and block.kind in ("other", "byline"))


def _is_called(element: Element) -> bool:
    for part in (element, element.getparent()):
        classes = part.get("class") if part is not None else None
        if classes is not None and part is not None and len(part) < 6 and _CALLED.search(classes):
            return True
    return False


def _stands_below(block: Block) -> bool:
    if _BEGINS.match(block.text):
        return True
    if block.links or _LINE_OF_FACTS.search(block.text):
        return False
    return _is_centred(block.element) and block.weight <= 160 and len(_SENTENCES.findall(block.text)) < 2


def _is_centred(element: Element) -> bool:
    for part in (element, element.getparent()):
        if part is not None and (
            part.tag == "center" or part.get("align") == "center" or _CENTRED.search(part.get("style") or "")
        ):
            # A page that is centred as a whole says nothing.
            return next(part.iter("table", "div"), part) is part
    return False

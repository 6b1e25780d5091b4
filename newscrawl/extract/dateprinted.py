"""Dates printed in lines about the article: near the headline, in a source line, below the story."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from lxml.etree import _Element as Element

from newscrawl.dates import MAY_BE_DATED, Order, dates_in
from newscrawl.extract.datesources import MODIFIED, PUBLISHED, Evidence, Ground
from newscrawl.extract.tree import Block, where
from newscrawl.text import clean_line

_DATE_CLASS = re.compile(
    r"date|time|publi|posted|byline|meta|stamp|datum|dato|fecha|info|source|detail|from|riqi|shijian|fabu|stand|laiyuan",
    re.I,
)
_NOT_THIS = re.compile(r"today|clock|weather|masthead|now\b|calendar|event|copyright|footer|expire|deadline", re.I)
_COPYRIGHT = re.compile(r"©|\(c\)|copyright|版权|版權", re.I)
_POSTED = re.compile(r"发布|發布|发表|發表|publi|posted", re.I)
_LINE_KINDS = frozenset(("source_line", "byline", "other", "share", "dateline"))
_NUMBER = re.compile(r"[\d令平昭民一二]")
"""What a date holds; quicker to look for, and most lines about an article have none."""
_LONGEST_LINE = 300
_LONGEST_STORY_LINE = 120
_LONGEST_FURNITURE = 400
_MOST_LINES = 24
_OPENING_BLOCKS = 2
_LONGEST_OPENING = 60
_WHOLE_DAY = len("2024-05-03")
_BEFORE_DATE = re.compile(
    r"(?:[A-ZÀ-Þ][\w.’'-]{1,20}(?:[ /-][A-ZÀ-Þ][\w.’'-]{1,20}){0,2},? ?)?(?:den |le |am )?[(（\[【]?"
)
_BEHIND_DATE = re.compile(r"\s?[)）\]】]|\s?[—–―:.|-]\s|\s[„“«\"A-ZÀ-Þ]|$")
_OLD, _OLD_SHARE = "1990", 0.4
"""A day before the web is more often what a line tells of."""
_ABOVE = 8


def printed(ground: Ground, order: Order | None) -> Iterator[Evidence]:
    """Yield the dates of the lines about the article: around the headline, then below the story."""
    blocks = ground.page.blocks
    first = max(0, min(ground.top - _ABOVE, ground.page.first))
    seen = 0
    for index in range(first, min(len(blocks), max(ground.story + 2, ground.end + 3))):
        text = _line_of(blocks[index], inner=index > ground.story)
        if text is None or _NUMBER.search(text) is None or MAY_BE_DATED.search(text) is None:
            continue
        line = _Line(ground, index, text)
        if line.weight > 0:
            yield from line.dates(order)
            seen += 1
            if seen == _MOST_LINES:
                return


def opening(ground: Ground, order: Order | None) -> Iterator[Evidence]:
    """Yield the date that the story itself opens with, as that of a press release does: *(3 May 2024) The ferry …*."""
    blocks = ground.page.blocks
    body = (block for block in blocks[ground.story : ground.end] if block.place == "body")
    for block in islice(body, _OPENING_BLOCKS):
        start = block.text[:_LONGEST_OPENING]
        for value, raw in dates_in(start, order=order):
            before, _, behind = start.partition(raw)
            opens = _BEFORE_DATE.fullmatch(before) and _BEHIND_DATE.match(behind) and not MODIFIED.search(before)
            if opens and len(value) >= _WHOLE_DAY:
                yield Evidence(value, "text", where(block.element), raw, weight=1.5)
                return


def _line_of(block: Block, *, inner: bool) -> str | None:
    """The text of a block that may be a line about the article, or None."""
    if block.place == "chrome" and not block.text:
        if inner or len(block.raw) > 4 * _LONGEST_FURNITURE:
            return None
        text = clean_line(block.raw.strip())
        return text if len(text) <= _LONGEST_FURNITURE else None
    return block.text if block.weight <= (_LONGEST_STORY_LINE if block.place == "body" else _LONGEST_LINE) else None


class _Line:
    """A short block and what it is called, which say how much a date in it is worth."""

    def __init__(self, ground: Ground, index: int, text: str) -> None:
        self.block, self.text = ground.page.blocks[index], text
        self.near = ground.near(index)
        self.classes = _classes(self.block.element) if self.near else ""
        self.named = _DATE_CLASS.search(self.classes) is not None
        self.typed = self.block.kind in ("source_line", "byline")
        self.weight = 0.0 if not self.near or _NOT_THIS.search(self.classes) else self.near * self.base()

    def base(self) -> float:
        """What an unlabelled date in this line says, right beside the headline."""
        block = self.block
        weight = 3.5 if self.typed else 3.0 if self.named else 2.0
        return weight - 1.5 if block.links and block.link_share > 0.8 and block.weight > 30 else weight

    def dates(self, order: Order | None) -> Iterator[Evidence]:
        """Yield the dates of the line that may be the article's."""
        short = self.typed or self.named or self.near >= 0.8
        found = list(dates_in(self.text, order=order, short_years=short))
        guessed: set[str] = set()
        if not found and order in (None, "ymd"):
            guesses: tuple[Order, Order] = ("dmy", "mdy")
            found = [one for guess in guesses for one in dates_in(self.text, order=guess, short_years=short)]
            guessed = {raw for _, raw in found}
        covered = sum(len(raw) for raw in {raw for _, raw in found}) / (len(self.text) or 1)
        end = 0
        for value, raw in found:
            start = max(self.text.find(raw, 0 if guessed else end), 0)
            before = self.text[max(end, start - 28) : start]
            end = 0 if guessed else start + len(raw)
            labelled = PUBLISHED.search(before) is not None
            changed = MODIFIED.search(before) is not None and _POSTED.search(before) is None
            if self.counts(value, before, covered, labelled=labelled or changed):
                bonus = 1.5 if labelled else 0.7 if covered >= 0.6 or "T" in value else 0.0
                weight = (self.weight + bonus) * (_OLD_SHARE if value < _OLD else 1.0)
                yield Evidence(value, "text", where(self.block.element), raw, changed, weight, raw not in guessed)

    def counts(self, value: str, before: str, covered: float, *, labelled: bool) -> bool:
        """Whether a date that fills the share *covered* of the line is said of the article, not of what it tells."""
        if _COPYRIGHT.search(before) is not None:
            return False
        block = self.block
        if block.place == "removed" and block.kind not in _LINE_KINDS:
            return covered >= 0.6 and block.kind != "ad"
        if block.place in ("body", "headline", "caption"):
            clocked = "T" in value and self.near >= 0.8 and len(self.text) <= 120
            return covered >= 0.6 or (block.place == "body" and (labelled or clocked) and len(self.text) <= 120)
        if labelled or self.typed or covered >= 0.35:
            return True
        if len(self.text) <= 80 and self.near >= 0.8:
            return True
        return len(self.text) <= 160 and (self.named or "T" in value)


def _classes(element: Element) -> str:
    """Class and id of *element* and of the element around it, for words that say what stands there."""
    words = [element.get("class"), element.get("id"), element.get("itemprop")]
    parent = element.getparent()
    if parent is not None and parent.tag not in ("body", "html", "article", "main"):
        words += [parent.get("class"), parent.get("id")]
    first = next(iter(element), None)
    if first is not None:
        words.append(first.get("class"))
    return " ".join(filter(None, words))[:400]

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
_NOT_THIS = re.compile(
    r"today|clock|weather|masthead|now\b|calendar|event|copyright|expire|deadline|ticker|joined|tweet|instagram", re.I
)
_NOT_THERE = re.compile(r"footer|teaser|related|newslist|ticker|latest|popular|recommend", re.I)
"""Beside the headline these are names of the article's own parts."""
_COPYRIGHT = re.compile(r"©|\(c\)|copyright|版权|版權", re.I)
_POSTED = re.compile(r"发布|發布|发表|發表|publi|posted", re.I)
_NOT_PUBLISHED = re.compile(
    r"joined|registr|member since|mitglied seit|inscrit|注册|註冊|加入|born|geboren|expire|valid|gültig|deadline|截止"
    r"|有效期|retrieved|accessed|abgerufen|consulté|访问|until|bis zum|\bfrom$",
    re.I,
)
"""Before a date that is not the article's: a reader's, a term's, a source's."""
_PUBLISHED_BEHIND = re.compile(
    r"[^\w\d]{0,3}(?:veröffentlicht|publiziert|gepostet|geschrieben|erstellt|posted|published|publié|publicad[oa]"
    r"|pubblicat[oa]|gepubliceerd|geplaatst|opublikowan|に(?:公開|投稿|掲載|配信)|公開|投稿|掲載|配信|発行|발행|등록|입력|게재"
    r"|发布|發布|发表|發表|刊登)(?!\W{0,6}\d)",
    re.I,
)
"""Behind a date, and not before another one."""
_MODIFIED_BEHIND = re.compile(
    r"\s{0,2}[(（]?(?:に|最終|最后|最後)?(?:更新|修改|改訂|수정|업데이트)(?!\s?[:：]|\W{0,6}\d)"
)
"""Japanese, Chinese and Korean name what happened behind the date; a single date of a line is that of the article."""
_FILED = re.compile(
    r"(?:filed under|posted in|abgelegt unter|in der kategorie|classé dans|archivado en|archiviato in)\b", re.I
)
"""In the line that blogs print below a post."""
_COUNTED = re.compile(
    r"[\s·•|,–-]{0,4}\b\d{1,6}\s?-?(?:min(?:ute|uto|uti|uut|uten)?s?\b\.?(?:\s(?:read|de lectur[ae]|lesezeit|leestid))?"
    r"|views?\b|comments?\b|shares?\b|kommentare?\b|commentaires?\b|words\b)"
    r"|(?:阅读|閱讀|浏览|瀏覽|点击|點擊|人气|评论|조회수?)\D{0,3}\d+次?",
    re.I,
)
"""How long a text takes to read, how often it was read: beside the date in a line that tells nothing else."""
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
_BELOW, _NAMING, _BESIDE = 0.5, 0.65, 0.8
"""Nearness: below the story's beginning at most; of a line that repeats the headline, of one beside it, at least."""
_LEAST_HEADLINE = 12
_BYLINE = re.compile(r"(?:by|von|par|por|di|door|av|af|text)[: ]", re.I)


def printed(ground: Ground, order: Order | None) -> Iterator[Evidence]:
    """Yield the dates of the lines about the article: around the headline, then below the story."""
    blocks = ground.page.blocks
    first = max(0, min(ground.top - _ABOVE, ground.page.first))
    lines = []
    for index in range(min(len(blocks), max(ground.story + 2, ground.end + 3))):
        if index < first and not _names_headline(ground, blocks[index].raw):
            continue
        text = _line_of(blocks[index], inner=index > ground.begun)
        if text is None or _NUMBER.search(text) is None or MAY_BE_DATED.search(text) is None:
            continue
        line = _Line(ground, index, text)
        if line.weight > 0:
            lines.append((line, list(line.dates(order))))
            if len(lines) == _MOST_LINES:
                break
    yield from _told_apart(lines)


def _told_apart(lines: list[tuple[_Line, list[Evidence]]]) -> Iterator[Evidence]:
    """Yield the dates of *lines* without those of a list: lines that look alike and give several days.

    The first of them may be the article's own, where it stands beside the headline.
    """
    days: dict[str, set[str]] = {}
    for line, found in lines:
        days.setdefault(line.look(), set()).update(
            one.value[:10] for one in found if not (one.modified or one.labelled)
        )
    met: dict[str, int] = {}
    for line, found in lines:
        first = met.setdefault(line.look(), line.index) == line.index and line.near > _BELOW
        listed = len(days[line.look()]) > 1 and line.near < _BESIDE and not first
        yield from (one for one in found if one.labelled or not listed)


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
        self.block, self.index, self.text = ground.page.blocks[index], index, text
        self.near = ground.near(index)
        if self.near < _NAMING and self.block.place not in ("related", "promoted") and index != ground.top:
            self.near = _NAMING if _names_headline(ground, text) else self.near
        around = _classes(self.block.element) if self.near else ""
        self.classes = f"{around} {_first_class(self.block.element)}" if self.near else ""
        self.named = _DATE_CLASS.search(self.classes) is not None
        self.typed = self.block.kind in ("source_line", "byline")
        own = ground.top < index <= ground.begun
        other = _NOT_THIS.search(around) or (not own and _NOT_THERE.search(around))
        self.weight = 0.0 if not self.near or other else self.near * self.base()

    def base(self) -> float:
        """What an unlabelled date in this line says, right beside the headline."""
        block = self.block
        weight = 3.5 if self.typed else 3.0 if self.named else 2.0
        linked = block.links and block.rule != "link_line" and block.link_share > 0.8 and block.weight > 30
        return weight - 1.5 if linked else weight

    def look(self) -> str:
        """Tag and classes: lines of a list share them."""
        return f"{self.block.element.tag!s} {self.classes}"

    def dates(self, order: Order | None) -> Iterator[Evidence]:
        """Yield the dates of the line that may be the article's."""
        short = self.typed or self.named or self.near >= _BESIDE
        found = list(dates_in(self.text, order=order, short_years=short))
        guessed: set[str] = set()
        if not found and order in (None, "ymd"):
            guesses: tuple[Order, Order] = ("dmy", "mdy")
            found = [one for guess in guesses for one in dates_in(self.text, order=guess, short_years=short)]
            guessed = {raw for _, raw in found}
        counted = sum(len(match[0]) for match in _COUNTED.finditer(self.text))
        covered = sum(len(raw) for raw in {raw for _, raw in found}) / (max(1, len(self.text) - counted))
        filed = _FILED.search(self.text) is not None
        end = 0
        for value, raw in found:
            start = max(self.text.find(raw, 0 if guessed else end), 0)
            before = self.text[max(end, start - 28) : start]
            end = 0 if guessed else start + len(raw)
            behind = self.text[start + len(raw) : start + len(raw) + 40]
            labelled = filed or (PUBLISHED.search(before) or _PUBLISHED_BEHIND.match(behind)) is not None
            changed = MODIFIED.search(before) is not None and _POSTED.search(before) is None
            changed = changed or (len(found) > 1 and _MODIFIED_BEHIND.match(behind) is not None)
            if self.counts(value, before, covered, labelled=labelled or changed):
                bonus = 1.5 if labelled else 0.7 if covered >= 0.6 or "T" in value else 0.0
                # A label below the story is as often that of a comment.
                bonus *= self.near if self.near <= _BELOW else 1.0
                weight = (self.weight + bonus) * (_OLD_SHARE if value < _OLD else 1.0)
                sure = raw not in guessed
                yield Evidence(value, "text", where(self.block.element), raw, changed, weight, sure, labelled)

    def counts(self, value: str, before: str, covered: float, *, labelled: bool) -> bool:
        """Whether a date that fills the share *covered* of the line is said of the article, not of what it tells."""
        if _COPYRIGHT.search(before) is not None or _NOT_PUBLISHED.search(before) is not None:
            return False
        block = self.block
        if block.place in ("related", "promoted") and block.rule != "link_line":
            return labelled or covered >= 0.35
        if block.place == "removed" and block.kind not in _LINE_KINDS:
            return covered >= 0.6 and block.kind != "ad"
        if block.place in ("body", "headline", "caption"):
            clocked = "T" in value and self.near >= _BESIDE and len(self.text) <= 120
            signed = self.near >= _BESIDE and covered >= 0.4 and _BYLINE.match(self.text) is not None
            return covered >= 0.6 or (
                block.place == "body" and (labelled or clocked or signed) and len(self.text) <= 120
            )
        if labelled or self.typed or covered >= 0.35:
            return True
        if len(self.text) <= 80 and self.near >= _BESIDE:
            return True
        return len(self.text) <= 160 and (self.named or "T" in value)


def _classes(element: Element) -> str:
    """Class and id of *element* and of the element around it, for words that say what stands there."""
    words = [element.get("class"), element.get("id"), element.get("itemprop")]
    parent = element.getparent()
    if parent is not None and parent.tag not in ("body", "html", "article", "main"):
        words += [parent.get("class"), parent.get("id")]
    return " ".join(filter(None, words))[:400]


def _first_class(element: Element) -> str:
    """The class of the first element in *element*: the date's own, or that of the icon before it."""
    first = next(iter(element), None)
    return (first.get("class") or "")[:100] if first is not None else ""


def _names_headline(ground: Ground, text: str) -> bool:
    """Whether a line says which article it is about, as the line below a blog's post does."""
    headline = ground.page.headline
    return headline is not None and len(headline.text) >= _LEAST_HEADLINE and headline.text in text

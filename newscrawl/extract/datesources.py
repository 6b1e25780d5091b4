"""Every date at hand that may date an article, with its evidence: metadata, mark-up, URL, scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from lxml.etree import _Element as Element

from newscrawl.dates import Order, epoch_date, iso_date, url_date
from newscrawl.extract.segment import Segmented
from newscrawl.extract.structured import Structured, text_of
from newscrawl.extract.tree import text_within, where
from newscrawl.sites import Layout

_PUBLISHED_META = (
    "articlepublishedtime", "ogarticlepublishedtime", "datepublished", "publishdate", "pubdate", "publishedtime",
    "articledateoriginal", "parselypubdate", "sailthrudate", "cxenseparserecspublishtime", "dcdateissued",
    "dctermsissued", "dctermscreated", "ogpublishedtime", "weiboarticlecreateat", "bytedancepublishedtime",
    "rnewsdatepublished", "publishedon", "publishedat", "publicationdate", "publicationtime", "articlepublished",
    "articlepublicationdate", "originalpublicationdate", "prismpublicationdate", "citationpublicationdate",
    "citationonlinedate", "dcdatecreated", "datepublicationdate", "ptime", "publishtime", "articlepubdate",
    "articlepublishdate", "datecreated", "ogregdate", "articlecreated", "shareaholicarticlepublishedtime",
    "vrpublishedtime", "mediatorpublishedtime", "createpubdate", "apubdate", "firstpublished", "firstpublisheddate",
    "lpdate", "cxensepublishtime", "published", "publisheddate", "articlefirstpublishedtime", "articlepublisheddate",
    "cxenseparserecspublishedtime", "cxenseparsepublishtime", "ogpubdate", "ogdatepublished", "datepub", "btpubdate",
    "http//ogpme/ns/article#publishedtime", "publicationdatetime", "dateposted", "postdate", "postpublished", "issued",
    "citationdate", "regdate", "newsdate", "storydate", "createdate", "creationdate", "created", "uploaddate",
    "releasedate", "ogreleasedate", "dcdate", "dctermsdate", "dcdatepublished", "date",
)  # fmt: skip
"""Names of ``<meta>`` without separators; the last ones are used for other dates, too."""
_MODIFIED_META = (
    "articlemodifiedtime", "ogarticlemodifiedtime", "ogupdatedtime", "datemodified", "lastmod", "dctermsmodified",
    "dcdatemodified", "bytedanceupdatedtime", "lastmodified", "updatedtime", "modifiedtime", "modified", "moddate",
    "articleupdated", "revisiondate", "dateupdated", "lastupdated", "updatedat", "articleupdatedtime", "updateddate",
    "articledateupdated", "articlemodified", "http//ogpme/ns/article#modifiedtime", "datelastpubbed", "updated",
)  # fmt: skip
_WEAK_META = frozenset(
    (
        "dcdate", "dctermsdate", "date", "ogreleasedate", "releasedate", "datecreated", "dctermscreated", "createdate",
        "creationdate", "created", "uploaddate", "citationdate", "regdate",
    )
)  # fmt: skip
_SEPARATORS = str.maketrans("", "", ":._- ")
MODIFIED = re.compile(
    r"updat|modif|revis|edited|更新|修改|最終更新|수정|aktualisiert|geändert|stand:|mis à jour|mise à jour|actualiza"
    r"|atualiza|aggiorna|aktualiz|обновлен|изменен|оновлено|güncelle|bijgewerkt|gewijzigd|uppdatera|oppdater|opdater|päivitetty"
    r"|frissít|ενημ[εέ]ρωση|diperbarui|cập nhật",
    re.I,
)
PUBLISHED = re.compile(
    r"publi|posted|issued|entry-date|post-?date|uploaded|created|veröffentlicht|erstellt|发布|發布|发表|發表|刊登|日期|时间|時間|公開"
    r"|入力|입력|등록|来源|來源|投稿|掲載|配信|опубл|yayın|gepubliceerd|geplaatst|pubbl|zveřejněn|vydáno|julkaistu|közzét|diterbitkan",
    re.I,
)
_DATA_NAMES = (
    "data-datetime", "data-timestamp", "data-published", "data-pubdate", "data-publish-date", "data-date", "data-time",
    "data-publishdate", "data-published-at", "data-epoch", "data-utc", "data-unix", "data-created", "data-pubtime",
)  # fmt: skip
_SCRIPTED = re.compile(
    rb"[\\\"'](?P<name>[A-Za-z_.-]{0,16}(?:[pP]ublish(?:ed)?|[pP]ublication|[pP]ub)[_-]?"
    rb"(?:[dD]ate(?:[tT]ime)?|[tT]ime|[oO]n|[aA]t|[oO]rig)?|(?:post|display)_date)"
    rb"[\\]*[\"']\s{0,3}:\s{0,3}[\\]*[\"']?(?P<value>[0-9][^\"'\\,}]{7,39})"
)
"""A name and its value in the data that a script draws the page from."""
_OTHER_NAME = re.compile(rb"last|updat|modif|expire|unpub|embargo|end", re.I)
_SCRIPT_NAMES = (b"ubli", b"pubDate", b"pubdate", b"pubtime", b"_date")
_WHOLE_DAY = len("2024-05-03")
_MOST_SCRIPTED = 100
_LABEL_STEPS = 4
_INLINE = frozenset(("span", "b", "strong", "i", "em", "label", "small", "dt", "th", "font", "abbr", "time"))
_NUMBER = re.compile(r"\d")


@dataclass(frozen=True)
class Evidence:
    """A date, and where it stands."""

    value: str
    method: str
    where: str
    raw: str
    modified: bool = False
    weight: float = 0.0
    """How much it says for its day, against evidence of other layers."""
    sure: bool = True
    """False where the order of day and month is a guess: it counts only for a day that something else names."""
    labelled: bool = False
    """Whether the words beside it say that it is the publication."""


def stated(
    root: Element, meta: Structured, layout: Layout | None, page: Segmented, url: str | None, order: Order | None
) -> Iterator[Evidence]:
    """Yield what profile, metadata and URL say, best-ranked first."""
    if layout is not None:
        yield from _profiled(root, layout, page)
    for key, changed in (("datePublished", False), ("dateModified", True)):
        yield from _from(text_of(meta.article.get(key)), "json-ld", key, order, changed=changed, weight=5.0)
    if not meta.article.get("datePublished"):
        yield from _from(text_of(meta.article.get("dateCreated")), "json-ld", "dateCreated", order, weight=3.0)
    yield from _metadata(meta, order)
    for key, raw in meta.other_dates:
        yield from _from(raw, "json-ld", key, order, changed=MODIFIED.search(raw) is not None, weight=3.0)
    if url is not None:
        value = url_date(url)
        if value is not None:
            yield Evidence(value, "url", "url", url, weight=3.0)


def _profiled(root: Element, layout: Layout, page: Segmented) -> Iterator[Evidence]:
    """Dates that the profile's line patterns and selectors name."""
    for block in page.article_blocks():
        for pattern in layout.lines if block.place == "removed" else ():
            match = pattern.search(block.text)
            raw = match.groupdict().get("date") if match else None
            yield from _from(raw, "profile", where(block.element), None, weight=100.0)
    for selector in layout.date:
        for element in selector.find(root):
            yield from _from(_raw_of(element), "profile", selector.source, None, weight=100.0)


def _metadata(meta: Structured, order: Order | None) -> Iterator[Evidence]:
    plain: dict[str, list[tuple[str, str]]] = {}
    for name, contents in meta.meta.items():
        for raw in contents:
            plain.setdefault(name.translate(_SEPARATORS), []).append((name, raw))
    for names, changed in ((_PUBLISHED_META, False), (_MODIFIED_META, True)):
        for key in names:
            for name, raw in plain.get(key, ()):
                weight = 3.0 if key in _WEAK_META else 4.8
                yield from _from(raw, "meta", name, order, changed=changed, weight=weight)


def _from(
    raw: str | None, method: str, place: str, order: Order | None, *, changed: bool = False, weight: float
) -> Iterator[Evidence]:
    if not raw:
        return
    # A page states one time in several places.
    value = _remembered_date(raw, order) if len(raw) <= 80 else iso_date(raw, order=order)
    if value is not None:
        yield Evidence(value, method, place, raw.strip(), changed, weight)


@lru_cache(maxsize=256)
def _remembered_date(raw: str, order: Order | None) -> str | None:
    return iso_date(raw, order=order)


def _raw_of(element: Element) -> str:
    return element.get("datetime") or element.get("content") or text_within(element)


def marked_up(root: Element, ground: Ground, meta: Structured, order: Order | None) -> Iterator[Evidence]:
    """Yield what ``itemprop`` and ``<time>`` of the article's block, or beside the headline, say."""
    times = [*root.iter("time")][:60]
    for element in (*meta.itemprops, *times):
        prop = (element.get("itemprop") or "").lower()
        weight = 4.5
        if element.tag == "time":
            nearness = ground.near_element(element)
            if not nearness:
                continue
            weight = 4.5 * nearness if prop else 4.0 * nearness
        elif prop not in ("datepublished", "datecreated", "datemodified"):
            continue
        before = _label_before(element)
        changed = _is_modified(element, prop, before)
        if not changed and (PUBLISHED.search(before) or element.get("pubdate") is not None):
            weight += 1.5
        yield from _from(
            _raw_of(element), "microdata" if prop else "time", where(element), order, changed=changed, weight=weight
        )


def _label_before(element: Element) -> str:
    """The words right before *element*: beside it, or beside an element that begins with it; none of another date."""
    for _ in range(_LABEL_STEPS):
        previous, parent = element.getprevious(), element.getparent()
        beside = parent if previous is None else previous
        if beside is None or beside.tag in ("body", "article", "main"):
            return ""
        if previous is None:
            words = beside.text or ""
        else:
            words = (text_within(beside) if beside.tag in _INLINE else "") + (beside.tail or "")
        if words.strip():
            return _NUMBER.split(words)[-1].rstrip()[-40:]
        # An icon, or the first element of a line.
        element = beside
    return ""


def _is_modified(element: Element, name: str, before: str) -> bool:
    """Whether *element* is about a change: by an attribute's *name*, words *before* it, its classes, those around."""
    if name == "datemodified":
        return True
    parent = element.getparent()
    around = parent.get("class") if parent is not None else None
    for words in (before, name, element.get("class"), around):
        if words and MODIFIED.search(words):
            return not PUBLISHED.search(words)
        if words and PUBLISHED.search(words):
            return False
    return False


_MOST_BEFORE, _SUMMARY = 6, 300


class Ground:
    """A segmented page, as the ground on which a date stands nearer to the headline or farther from it."""

    def __init__(self, page: Segmented) -> None:
        self.page = page
        self.end = page.last
        """Index after the last block of the article."""
        blocks = page.blocks
        story = next((i for i in range(page.first, page.last) if blocks[i].place == "body"), page.first)
        self.top = story if page.headline is None else blocks.index(page.headline)
        """Index of the headline's block."""
        if self.top > max(story, page.last):
            self.top = story
        self.story = max(story, self.top)
        """Index of the first block of the story."""
        self.begun = self._begun()
        """Index of the last block that may stand between the headline and the story's first lines."""
        self.owners: dict[Element, int] = {}

    def _begun(self) -> int:
        """A summary is story, too: dates stand below it. None stands below the last paragraph."""
        body = [index for index in range(self.story, self.end) if self.page.blocks[index].place == "body"]
        told = 0
        for index in body:
            told += self.page.blocks[index].weight
            if told > _SUMMARY or index == body[-1] or index >= self.story + _MOST_BEFORE:
                return min(index, self.story + _MOST_BEFORE)
        return self.story

    def near(self, index: int) -> float:
        """Return 1 right beside the headline, less farther away and below the story, 0 where nothing dates it."""
        block = self.page.blocks[index]
        if block.kind == "comment" or block.rule in ("nav", "hidden"):
            return 0.0
        if block.place in ("related", "promoted"):
            # The line below the headline is often nothing but links: to the day's archive, to the author.
            if not self.top < index <= min(self.top + 2, self.story):
                return 0.0
            return 0.8 if block.rule == "link_line" else 0.0 if block.kind == "ad" else 0.5
        free = block.place != "chrome" or block.mark is None
        if index < self.top:
            above = (0.8 if free else 0.55) - 0.06 * (self.top - index)
            return max(above, 0.3 if free and index >= self.page.first else 0.0)
        if index <= self.story + 1:
            return (1.0 if index - self.top <= 12 else 0.8) * (1.0 if free else 0.85)
        if index <= self.begun:
            return 0.7 if free else 0.4
        if index < self.end:
            return 0.5 if block.place != "chrome" else 0.0
        # A last line that the layout has put outside the element of the story.
        return 0.4 if index < self.end + 3 and block.mark is None else 0.0

    def near_element(self, element: Element) -> float:
        """Return :meth:`near` of the block that *element* stands in, 0 for none."""
        self.owners = self.owners or {block.element: index for index, block in enumerate(self.page.blocks)}
        holder: Element | None = element
        while holder is not None:
            index = self.owners.get(holder)
            if index is not None:
                return self.near(index)
            holder = holder.getparent()
        return 0.0


def attributed(root: Element, ground: Ground, order: Order | None) -> Iterator[Evidence]:
    """Yield times in ``data-`` attributes, RDFa and the ``title`` of what hAtom calls ``published``."""
    names = "|".join(f"//@{name}" for name in _DATA_NAMES)
    found = root.xpath(f"{names}|//@property[contains(.,'date') or contains(.,'publish')]|//abbr/@title")
    for value in list(found)[:80] if isinstance(found, list) else []:
        element, name, raw = value.getparent(), value.attrname, str(value)
        if element.tag in ("meta", "html", "body"):
            continue
        if name == "property":
            raw = _raw_of(element)
        nearness = ground.near_element(element)
        if nearness:
            changed = _is_modified(element, name, _label_before(element))
            date = epoch_date(raw)
            if date is not None:
                yield Evidence(date, "time", where(element), raw, changed, 2.5 * nearness)
            else:
                yield from _from(raw, "time", where(element), order, changed=changed, weight=3.0 * nearness)


def scripted(source: bytes) -> Iterator[Evidence]:
    """Yield the publication date in the data of the page's scripts, found in its bytes.

    A name that gives several days is that of a list of stories; only if there is no other, its first.
    """
    if not any(name in source for name in _SCRIPT_NAMES):
        return
    days: dict[bytes, list[Evidence]] = {}
    for match in islice(_SCRIPTED.finditer(source), _MOST_SCRIPTED):
        if _OTHER_NAME.search(match["name"]):
            continue
        raw = match["value"].decode("ascii", "replace")
        value = epoch_date(raw) or iso_date(raw)
        if value is not None and len(value) >= _WHOLE_DAY:
            days.setdefault(match["name"], []).append(Evidence(value, "generic", "script", raw.strip(), weight=1.5))
    single = [found[0] for found in days.values() if len({one.value[:10] for one in found}) == 1]
    yield from (single or [found[0] for found in days.values()])[:1]

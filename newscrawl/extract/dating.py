"""When an article was published: every date at hand with its evidence, the best one taken, the others refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from lxml.etree import _Element as Element

from newscrawl.dates import dates_in, is_after, iso_date, same_day, url_date, with_zone
from newscrawl.extract.confidence import confidence
from newscrawl.extract.segment import Segmented
from newscrawl.extract.structured import Structured, text_of
from newscrawl.extract.tree import text_within, where
from newscrawl.items import Provenance, Warn
from newscrawl.sites import Layout
from newscrawl.urls import resolve

_PUBLISHED_META = (
    "article:published_time", "og:article:published_time", "datepublished", "date_published", "publishdate", "pubdate",
    "publish_date", "published_time", "publish-date", "article_date_original", "parsely-pub-date", "sailthru.date",
    "cxenseparse:recs:publishtime", "dc.date.issued", "dcterms.created", "dcterms.issued", "dc.date", "dcterms.date",
    "og:published_time", "og:release_date", "weibo:article:create_at", "bytedance:published_time", "rnews:datepublished",
    "_pubtime", "date", "datecreated",
)  # fmt: skip
_MODIFIED_META = (
    "article:modified_time", "og:updated_time", "datemodified", "lastmod", "dcterms.modified", "dc.date.modified",
    "bytedance:updated_time", "last-modified", "updated_time",
)  # fmt: skip
_MODIFIED_WORDS = re.compile(r"updat|modif|更新|修改|最終更新|수정", re.I)
_PUBLISHED_WORDS = re.compile(
    r"publish|posted|issued|entry-date|post-?date|发布|發布|发表|發表|刊登|日期|时间|時間|公開|入力|입력|来源",
    re.I,
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_NO_DATE_PLACES = {"related", "promoted", "caption", "chrome", "body"}
_MAX_REFUSED = 12


@dataclass(frozen=True)
class Evidence:
    """A date, and where it stands."""

    value: str
    method: str
    where: str
    raw: str
    modified: bool = False


@dataclass(frozen=True)
class Dated:
    """What is known of the time of an article."""

    published: str | None
    modified: str | None
    provenance: list[Provenance]
    warnings: list[Warn]


def dated(
    page: Segmented,
    root: Element,
    meta: Structured,
    layout: Layout | None,
    *,
    url: str | None,
    url_assigned: bool,
    base: str | None,
    fetched_at: datetime | None,
    zone: str | None,
) -> Dated:
    """Return the article's dates. A candidate after *fetched_at* is refused; an assigned *url* dates nothing.

    When no publication date is found, the dates at hand that may not date an article (in links, captions, the
    story itself) are given as warnings.
    """
    warnings: list[Warn] = []
    published: list[Evidence] = []
    modified: list[Evidence] = []
    for found in _candidates(page, root, meta, layout, None if url_assigned else url):
        if fetched_at is not None and is_after(found.value, fetched_at):
            name = "date_modified" if found.modified else "date_published"
            detail = f"{found.value} in {found.where}"
            warnings.append(Warn(field=name, code="date_after_fetch", detail=detail[:200]))
        else:
            (modified if found.modified else published).append(found)
    provenance = []
    values = []
    for name, candidates in (("date_published", published), ("date_modified", modified)):
        best = _best(candidates)
        values.append(None if best is None else with_zone(best.value, zone) if zone else best.value)
        if best is not None:
            provenance.append(
                Provenance(
                    field=name,
                    method=best.method,
                    where=best.where,
                    raw=best.raw[:200],
                    confidence=confidence(name, best.method),
                )
            )
    if values[0] is None:
        warnings += _refused(page, url if url_assigned else None, base)
    return Dated(values[0], values[1], provenance, warnings)


def _best(candidates: list[Evidence]) -> Evidence | None:
    """Return the best-ranked candidate, or one of the same day that says more."""
    if not candidates:
        return None
    first = candidates[0]
    same = [found for found in candidates if same_day(found.value, first.value)]
    return max(same, key=lambda found: (_precision(found.value), -candidates.index(found)))


def _precision(value: str) -> int:
    """Day or less, minute, second, with offset: later is more."""
    return 0 if len(value) <= 10 else 1 if len(value) <= 16 else 2


def _candidates(
    page: Segmented, root: Element, meta: Structured, layout: Layout | None, url: str | None
) -> Iterator[Evidence]:
    """Yield dates that may date the article, best-ranked first."""
    if layout is not None:
        yield from _lined(page, layout)
        for selector in layout.date:
            for element in selector.find(root):
                raw = element.get("datetime") or element.get("content") or text_within(element)
                yield from _from(iso_date(raw), "profile", selector.source, raw)
    for key, changed in (("datePublished", False), ("dateModified", True)):
        raw = text_of(meta.article.get(key))
        if raw:
            yield from _from(_iso_date(raw), "json-ld", key, raw, changed)
    for names, changed in ((_PUBLISHED_META, False), (_MODIFIED_META, True)):
        for name in names:
            for raw in meta.meta.get(name, ()):
                yield from _from(_iso_date(raw), "meta", name, raw, changed)
    yield from _marked_up(page, root, meta.itemprops)
    yield from _printed(page)
    if url is not None:
        yield from _from(url_date(url), "url", "url", url)


def _iso_date(raw: str) -> str | None:
    # A page states one time in several places.
    return _remembered_date(raw) if len(raw) <= 80 else iso_date(raw)


_remembered_date = lru_cache(maxsize=256)(iso_date)


def _lined(page: Segmented, layout: Layout) -> Iterator[Evidence]:
    """Dates that the profile's line patterns name."""
    for block in page.article_blocks():
        for pattern in layout.lines if block.place == "removed" else ():
            match = pattern.search(block.text)
            raw = match.groupdict().get("date") if match else None
            if raw:
                yield from _from(iso_date(raw), "profile", where(block.element), raw)


def _from(value: str | None, method: str, place: str, raw: str, changed: bool = False) -> Iterator[Evidence]:
    if value is not None:
        yield Evidence(value, method, place, raw.strip(), changed)


def _marked_up(page: Segmented, root: Element, itemprops: list[Element]) -> Iterator[Evidence]:
    """``itemprop`` and ``<time>`` of the article's block."""
    times = [*root.iter("time")]
    owners = {block.element: block for block in page.article_blocks()} if times else {}
    for element in (*itemprops, *times):
        prop = (element.get("itemprop") or "").lower()
        if element.tag == "time":
            owner = next((owners[e] for e in (element, *element.iterancestors()) if e in owners), None)
            if owner is None or owner.place in ("related", "promoted", "chrome") or owner.kind == "comment":
                continue
        elif prop not in ("datepublished", "datecreated", "datemodified"):
            continue
        raw = element.get("datetime") or element.get("content") or text_within(element)
        parent = element.getparent()
        words = f"{prop} {element.get('class') or ''} {(parent.get('class') if parent is not None else '') or ''}"
        changed = _MODIFIED_WORDS.search(words) is not None and not _PUBLISHED_WORDS.search(words)
        yield from _from(iso_date(raw), "microdata" if prop else "time", where(element), raw, changed)


def _printed(page: Segmented) -> Iterator[Evidence]:
    """Dates in lines about the article: above the story first, then below it."""
    story = [i for i, block in enumerate(page.article_blocks()) if block.place == "body"]
    first = story[0] if story else 0
    lines = [
        (0 if i <= first else 1, i, block)
        for i, block in enumerate(page.article_blocks())
        if block.place == "removed" and block.kind in ("source_line", "byline", "other") and block.weight <= 300
    ]
    for _, _, block in sorted(lines, key=lambda line: line[:2]):
        labelled = _PUBLISHED_WORDS.search(block.text) is not None
        if block.kind == "other" and not labelled and block.weight > 60:
            continue
        if _YEAR.search(block.text) is None:
            continue
        end = 0
        for value, raw in dates_in(block.text):
            start = block.text.find(raw, end)
            before = block.text[max(end, start - 24) : start]
            end = start + len(raw)
            changed = _MODIFIED_WORDS.search(before) is not None and not re.search(
                "发布|發布|发表|發表|publish|posted", before, re.I
            )
            yield Evidence(value, "text", where(block.element), raw, changed)


def _refused(page: Segmented, assigned_url: str | None, base: str | None) -> list[Warn]:
    """Warn of each date that was at hand and stands where no article is dated from."""
    found: dict[tuple[str, str], str] = {}

    def note(code: str, value: str | None, detail: str) -> None:
        if value is not None and len(found) < _MAX_REFUSED:
            found.setdefault((code, value), detail)

    if assigned_url is not None:
        note("date_in_assigned_url", url_date(assigned_url), assigned_url)
    for block in page.article_blocks():
        if block.place not in _NO_DATE_PLACES or block.place == "chrome":
            continue
        for value, raw in dates_in(block.text):
            note(f"date_in_{block.place}", value, raw)
        code = f"date_in_{block.place}_link" if block.place in ("related", "promoted") else "date_in_link"
        for link in block.links:
            target = resolve(base, link.element.get("href") or "")
            note(code, url_date(target) if target else None, target or "")
    for element, target in _pictures(page, base):
        note("date_in_image_url", url_date(target), f"{target} in {where(element)}")
    return [
        Warn(field="date_published", code=code, detail=f"{value}: {detail}"[:300])
        for (code, value), detail in found.items()
    ]


def _pictures(page: Segmented, base: str | None) -> Iterator[tuple[Element, str]]:
    for node in page.media:
        if page.first <= node.block_index <= page.last:
            for part in node.element.iter("source", "img"):
                for address in (part.get("srcset") or part.get("src") or "").split()[:1]:
                    target = resolve(base, address)
                    if target:
                        yield part, target

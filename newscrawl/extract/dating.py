"""When an article was published: every date at hand with its evidence, the best one taken, the others refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from lxml.etree import _Element as Element

from newscrawl.dates import Order, dates_in, earliest_moment, is_after, order_of, same_day, url_date, with_zone
from newscrawl.extract.confidence import confidence
from newscrawl.extract.dateprinted import opening, printed
from newscrawl.extract.datesources import Evidence, Ground, attributed, marked_up, scripted, stated
from newscrawl.extract.segment import Segmented
from newscrawl.extract.structured import Structured
from newscrawl.extract.tree import where
from newscrawl.items import Provenance, Warn
from newscrawl.sites import Layout
from newscrawl.urls import host_of, resolve

_STATING = frozenset(("profile", "json-ld", "meta", "microdata"))
_GROUPS = {"profile": "profile", "json-ld": "machine", "meta": "machine", "generic": "machine", "url": "url"}
"""Layers that are written by the same hand agree with each other even where they are wrong."""
_OFFSET = re.compile(r"(?:Z|[+-][0-9]{2}:[0-9]{2})$")
_NO_DATE_PLACES = {"related", "promoted", "caption", "chrome", "body"}
_MAX_REFUSED = 12
_WHOLE_DAY = len("2024-05-03")


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
    order = order_of(language_of(meta), host_of(url) if url else None)
    candidates = _candidates(page, root, meta, layout, None if url_assigned else url, order)
    published, modified, warnings = _sorted(candidates, fetched_at)
    provenance = []
    values = []
    published = [_doubted(one, modified) for one in _without_changes(published, modified)]
    for name, found in (("date_published", published), ("date_modified", modified)):
        best = _best(found)
        values.append(None if best is None else with_zone(best.value, zone) if zone else best.value)
        if best is not None:
            provenance.append(
                Provenance(
                    field=name,
                    method=best.method,
                    where=best.where,
                    raw=best.raw[:200],
                    confidence=confidence(name, best.method, signs_of(best, found)),
                )
            )
    if values[0] is None:
        warnings += _refused(page, url if url_assigned else None, base)
    return Dated(values[0], values[1], provenance, warnings)


def language_of(meta: Structured) -> str | None:
    """Return the language that the page declares, with its region where one is stated."""
    found = meta.first("og:locale")
    locale = found[1].replace("_", "-") if found else None
    if meta.lang and locale and "-" not in meta.lang and locale.lower().startswith(meta.lang.strip().lower()):
        return locale[:20]
    return (meta.lang or locale or "")[:20] or None


def _candidates(
    page: Segmented, root: Element, meta: Structured, layout: Layout | None, url: str | None, order: Order | None
) -> list[Evidence]:
    """Return dates that may date the article, best-ranked first; what takes longer to find only where it is needed."""
    ground = Ground(page)
    found = [
        *stated(root, meta, layout, page, url, order),
        *marked_up(root, ground, meta, order),
        *printed(ground, order),
    ]
    if not _has_day(found):
        found += attributed(root, ground, order)
    if not _has_day(found):
        found += scripted(meta.source)
    if not _has_day(found):
        found += opening(ground, order)
    return found


def _has_day(found: list[Evidence]) -> bool:
    return any(one.sure and not one.modified and one.method != "url" for one in found)


def _sorted(
    candidates: list[Evidence], fetched_at: datetime | None
) -> tuple[list[Evidence], list[Evidence], list[Warn]]:
    """Return dates of publication, dates of change, and warnings of those after the fetch."""
    published: list[Evidence] = []
    modified: list[Evidence] = []
    warnings = []
    for found in candidates:
        if fetched_at is not None and is_after(found.value, fetched_at):
            name = "date_modified" if found.modified else "date_published"
            detail = f"{found.value} in {found.where}"
            warnings.append(Warn(field=name, code="date_after_fetch", detail=detail[:200]))
        else:
            (modified if found.modified else published).append(found)
    return published, modified, warnings


def _without_changes(published: list[Evidence], modified: list[Evidence]) -> list[Evidence]:
    """Leave out printed dates without a label that are the stated day of change, where another day is stated."""
    changes = {found.value[:10] for found in modified}
    stated_days = {found.value[:10] for found in published if found.method in _STATING}
    if not stated_days or not changes:
        return published
    return [
        found
        for found in published
        if found.method in _STATING or found.value[:10] in stated_days or found.value[:10] not in changes
    ]


def _doubted(found: Evidence, modified: list[Evidence]) -> Evidence:
    """Weigh less a stated publication after the same layer's last change, or at its very moment: one may be the other."""
    if found.method not in ("json-ld", "meta"):
        return found
    changes = [one.value for one in modified if one.method == found.method]
    after = bool(changes) and max(changes)[:10] < found.value[:10]
    same = len(found.value) > _WHOLE_DAY and found.value in changes
    return replace(found, weight=0.65 * found.weight) if after or same else found


def _best(candidates: list[Evidence]) -> Evidence | None:
    """Return the evidence that says most of the day for which most speaks."""
    sure = [found for found in candidates if found.sure]
    days = list(dict.fromkeys(found.value[:10] for found in sure))
    if len(days) > 1:
        days.sort(key=lambda day: -_support(day, candidates))
    if not days:
        return None
    same = [found for found in sure if same_day(found.value, days[0])]
    return max(same, key=lambda found: (_precision(found.value), found.weight))


def _support(day: str, candidates: list[Evidence]) -> float:
    """How much speaks for *day*: each group of layers counts with its strongest, what readers see a little more for agreement.

    Metadata that better metadata contradicts counts half.
    """
    strongest: dict[str, float] = {}
    methods = set()
    leading = max((found.weight for found in candidates if _GROUPS.get(found.method) == "machine"), default=0.0)
    for found in candidates:
        if same_day(found.value, day) or _near(found.value, day):
            group = _GROUPS.get(found.method, "printed")
            weight = found.weight if group != "machine" or found.weight == leading else 0.5 * found.weight
            strongest[group] = max(strongest.get(group, 0.0), weight)
            if group == "printed":
                methods.add(found.method)
    return sum(strongest.values()) + 0.2 * len(methods)


def _near(value: str, day: str) -> bool:
    """Whether *value* is *day* on another clock: its moment in UTC falls on it."""
    return len(value) > 10 and _utc_day(value) == day


@lru_cache(maxsize=256)
def _utc_day(value: str) -> str | None:
    moment = earliest_moment(value) if _OFFSET.search(value) else None
    return None if moment is None else moment.date().isoformat()


def signs_of(best: Evidence, candidates: list[Evidence]) -> list[str]:
    """Return what speaks for and against *best*: ``agrees:`` or ``differs:`` with each other layer, ``only``."""
    signs = set()
    for found in candidates:
        if found is not best and found.method != best.method:
            word = "agrees" if same_day(found.value, best.value) or _near(found.value, best.value[:10]) else "differs"
            signs.add(f"{word}:{found.method}")
    for sign in [sign for sign in signs if sign.startswith("agrees:")]:
        signs.discard(sign.replace("agrees", "differs"))
    return sorted(signs) or ["only"]


def _precision(value: str) -> int:
    """Day or less, minute, second, with offset: later is more."""
    return 0 if len(value) <= _WHOLE_DAY else 3 if _OFFSET.search(value) else 1 if len(value) <= 16 else 2


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

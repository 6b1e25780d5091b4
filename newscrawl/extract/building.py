"""What an article is built from, and the article on its way: each field filled with its evidence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lxml.etree import _Element as Element

from newscrawl.extract.confidence import confidence
from newscrawl.extract.features import Claims
from newscrawl.extract.segment import Segmented
from newscrawl.extract.structured import Structured
from newscrawl.items import Article, Provenance, Warn
from newscrawl.sites import Layout, Selector, SiteProfile

MAX_TEXT = 2_000


@dataclass(frozen=True, kw_only=True)
class Source:
    """What a page is read from."""

    root: Element
    page: Segmented
    meta: Structured
    claims: Claims
    url: str | None
    base: str | None
    url_assigned: bool = False
    fetched_at: datetime | None = None
    profile: SiteProfile | None = None
    layout: Layout | None = None
    warnings: tuple[Warn, ...] = ()
    """Bounds that the page's markup ran into."""
    keywords: frozenset[Element] = frozenset()
    """Elements that the profile calls machine-made links, or around them."""


@dataclass
class Builder:
    """An article on its way, with the evidence of its fields."""

    source: Source
    article: Article
    provenance: list[Provenance] = field(default_factory=list)
    warnings: list[Warn] = field(default_factory=list)

    def put(
        self,
        name: str,
        value: Any,
        method: str,
        place: str | None,
        raw: str | None = None,
        *,
        signs: Iterable[str] = (),
    ) -> None:
        """Fill field *name*, and say why; *signs* speak for or against it (:mod:`newscrawl.extract.confidence`)."""
        if value is None or value in ([], ""):
            return
        setattr(self.article, name, value)
        self.note(name, method, place, raw, signs=signs)

    def put_cut(self, name: str, text: str, method: str, place: str, *, signs: Iterable[str] = ()) -> None:
        """Fill a one-line field, cut where no honest one is as long, and say so."""
        self.put(name, text[:MAX_TEXT], method, place, text, signs=signs)
        if len(text) > MAX_TEXT:
            self.warnings.append(Warn(field=name, code="cut", detail=f"longer than {MAX_TEXT} characters"))

    def note(
        self, name: str, method: str, place: str | None, raw: str | None = None, *, signs: Iterable[str] = ()
    ) -> None:
        """Say why field *name* holds what it holds."""
        self.provenance.append(
            Provenance(
                field=name,
                method=method,
                where=place or None,
                raw=(raw or "")[:200].strip() or None,
                confidence=confidence(name, method, signs),
            )
        )


def elements_of(root: Element, selectors: tuple[Selector, ...]) -> frozenset[Element]:
    """Return what *selectors* choose below *root*."""
    return frozenset(element for selector in selectors for element in selector.find(root))

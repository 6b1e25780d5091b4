"""Holding a site profile against saved pages whose articles a person has recorded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from newscrawl.exceptions import ProfileError
from newscrawl.extract.page import extract_article, read_page
from newscrawl.extract.profiling import agreement
from newscrawl.items import as_row
from newscrawl.sites import SiteProfile
from newscrawl.urls import resolve

COMPARED = (
    "headline", "description", "article_section", "breadcrumbs", "authors", "source_organization", "date_published",
    "date_modified", "dateline", "in_language", "canonical_url", "tags", "article_body", "images", "videos", "related",
    "promoted", "links", "removed", "is_accessible_for_free",
)  # fmt: skip
"""Fields of a record that are compared; the others are about a crawl, or say how a field was read."""


@dataclass(frozen=True, kw_only=True)
class SavedPage:
    """A page of a profile's folder."""

    name: str
    """Its file's."""
    body: bytes
    record: Mapping[str, Any]
    """The row that a person expects, as ``scrapy try PAGE --url URL --json`` prints it, or some keys of it."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A field that is read in another way than recorded."""

    field: str
    recorded: Any
    read: Any


@dataclass(frozen=True, kw_only=True)
class PageResult:
    """How a saved page is read with its profile, and without."""

    name: str
    fields: int
    """Fields that its record has."""
    differences: tuple[Difference, ...]
    missing: tuple[str, ...]
    """Keys of the profile that found no element, where every article should have one."""
    body: float | None
    """How much of the recorded body the profile gives, 0 to 1."""
    generic_differences: tuple[str, ...]
    """Fields that the generic reader reads in another way than recorded."""
    generic_body: float | None

    @property
    def good(self) -> bool:
        """Whether the page is read as recorded, by selectors that find something."""
        return not self.differences and not self.missing


@dataclass(frozen=True, kw_only=True)
class ProfileResult:
    """How a profile does on its saved pages."""

    profile: str
    pages: tuple[PageResult, ...]

    @property
    def good(self) -> bool:
        """Whether it does well on each."""
        return all(page.good for page in self.pages)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is no failure and worth knowing."""
        remarks = []
        if len(self.pages) == 1:
            remarks.append("only one saved page: a second one shows whether the selectors fit more than that page")
        if self.pages and not any(self._gains(page) for page in self.pages):
            remarks.append("the profile brings nothing: the generic reader reads these pages as well without it")
        return tuple(remarks)

    @staticmethod
    def _gains(page: PageResult) -> bool:
        own = {difference.field for difference in page.differences}
        return bool(set(page.generic_differences) - own) or (page.body or 0) > (page.generic_body or 0)


def saved_pages(folder: Path) -> list[SavedPage]:
    """Return the pages of *folder*: each ``*.html`` with its record, the file of the same name in ``.json``.

    Raises :exc:`ProfileError` for a page without a record and for a record that cannot be used.
    """
    return [_saved(path) for path in sorted(folder.glob("*.html"))]


def _saved(path: Path) -> SavedPage:
    beside = path.with_suffix(".json")
    try:
        record = json.loads(beside.read_text(encoding="utf-8"))
        body = path.read_bytes()
    except FileNotFoundError as error:
        raise ProfileError(
            f"{path} has no record beside it: scrapy try {path} --url URL --json > {beside}, and read it first"
        ) from error
    except OSError as error:
        raise ProfileError(f"{error.filename}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ProfileError(f"{beside}: no JSON: {error}") from error
    if not isinstance(record, dict) or not any(name in record for name in COMPARED):
        raise ProfileError(f"{beside}: no row of an article: none of its fields is there")
    if not isinstance(record.get("url"), str) or resolve(None, record["url"]) is None:
        raise ProfileError(f"{beside}: url: the page's own URL is needed")
    return SavedPage(name=path.name, body=body, record=record)


def check_profile(profile: SiteProfile, pages: list[SavedPage]) -> ProfileResult:
    """Read *pages* with *profile* and without it, and hold both against their records."""
    return ProfileResult(profile=profile.name, pages=tuple(_checked(profile, page) for page in pages))


def _checked(profile: SiteProfile, saved: SavedPage) -> PageResult:
    known: dict[str, Any] = {"url_assigned": saved.record.get("url_assigned") is True}
    if isinstance(fetched_at := saved.record.get("fetched_at"), str):
        known["fetched_at"] = _moment(fetched_at)
    url, expected = saved.record["url"], {name: saved.record[name] for name in COMPARED if name in saved.record}
    page = read_page(saved.body, url, profile=profile, **known)
    row = as_row(page.article or extract_article(saved.body, url, profile=profile, **known))
    generic = as_row(extract_article(saved.body, url, profile=None, **known))
    check = page.profile_check(compare=False)
    body = str(expected.get("article_body") or "")
    differences = [
        Difference(field=name, recorded=value, read=row[name]) for name, value in expected.items() if row[name] != value
    ]
    if page.article is None:
        differences.insert(0, Difference(field="(kind of page)", recorded="article", read=page.kind))
    return PageResult(
        name=saved.name,
        fields=len(expected),
        differences=tuple(differences),
        missing=check.missing if check is not None else (),
        body=agreement(body, row["article_body"] or ""),
        generic_differences=tuple(name for name, value in expected.items() if generic[name] != value),
        generic_body=agreement(body, generic["article_body"] or ""),
    )


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None

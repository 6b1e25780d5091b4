"""Whether a site profile still fits its site: what its selectors find, and what the generic reader makes of a page."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from lxml.etree import _Element as Element

from newscrawl.extract.building import Source
from newscrawl.extract.segment import Segmented, segment
from newscrawl.fingerprint import sha256_hex
from newscrawl.items import Warn
from newscrawl.sites import Layout
from newscrawl.text import fold
from newscrawl.urls import url_key

NEEDED = {"headline": "headline", "body": "article_body", "date": "date_published"}
"""Keys of a layout that every article of a site should have something for, and their fields."""
_OPTIONAL = ("authors", "dateline", "caption", "tags", "related", "promoted")
SAME = 0.6
"""Agreement below which two readings are taken for two different texts."""
_SAMPLE = 8
_SHINGLE = 5
_LONGEST = 20_000


@dataclass(frozen=True, kw_only=True)
class ProfileCheck:
    """How a profile did on one article page."""

    profile: str
    """Its name."""
    named: tuple[str, ...]
    """Keys of the layout that have selectors."""
    missing: tuple[str, ...]
    """Those among them that found no element, where every article should have one: headline, body, date."""
    unseen: tuple[str, ...]
    """Those that found none, where an article may well have none."""
    agreement: float | None = None
    """How much of the body the generic reader reads, too, 0 to 1; None where the two were not compared."""
    differs: bool | None = None
    """Whether they read two different texts; None where they were not compared."""
    warnings: tuple[Warn, ...] = ()
    """What the row says of it. The same for the same page, whatever was read before it."""


def checked(source: Source, *, compare: bool) -> ProfileCheck | None:
    """Return how the profile of *source* did on it, None where it has none.

    Its body is held against the generic reader's on a sample of the pages that is told by their URLs, and with
    *compare*: then only for the caller's counts.
    """
    profile, layout = source.profile, source.layout
    if profile is None or layout is None:
        return None
    keys = [key for key in (*NEEDED, *_OPTIONAL) if getattr(layout, key)]
    empty = [key for key in keys if not finds(source.root, layout, key)]
    chosen = profile.compare and bool(layout.body) and sampled(source.url)
    found = None
    if chosen or (compare and profile.compare and layout.body):
        found = agreement(body_text(source.page), body_text(segment(source.root, claims=source.claims)))
    warnings = [
        Warn(field=NEEDED[key], code="profile_empty", detail=", ".join(s.source for s in getattr(layout, key))[:200])
        for key in empty
        if key in NEEDED
    ]
    if chosen and found is not None and found < SAME:
        detail = f"{found:.2f} of the generic reader's text"
        warnings.append(Warn(field="article_body", code="profile_differs", detail=detail))
    return ProfileCheck(
        profile=profile.name,
        named=tuple(keys),
        missing=tuple(key for key in empty if key in NEEDED),
        unseen=tuple(key for key in empty if key not in NEEDED),
        agreement=found,
        differs=None if found is None else found < SAME,
        warnings=tuple(warnings),
    )


def finds(root: Element, layout: Layout, key: str) -> bool:
    """Return whether the selectors of *key* find an element below *root*."""
    return any(selector.find(root) for selector in getattr(layout, key))


def sampled(url: str | None) -> bool:
    """Return whether *url* belongs to the pages on which readings are compared: one of eight, always the same."""
    return url is not None and int(sha256_hex(url_key(url).encode("utf-8", "surrogatepass"))[:8], 16) % _SAMPLE == 0


def body_text(page: Segmented) -> str:
    """Return the story of a segmented page."""
    return "\n".join(block.text for block in page.blocks if block.place == "body")


def agreement(one: str, other: str) -> float | None:
    """Return how far two texts are one, 0 to 1: the F1 of their runs of five letters. None where both are empty.

    >>> agreement("The ferry sails.", "the ferry sails"), agreement("The ferry", "A bridge"), agreement("", "")
    (1.0, 0.0, None)
    """
    first, second = _shingles(one), _shingles(other)
    if not first and not second:
        return None
    return round(2 * len(first & second) / (len(first) + len(second)), 4)


def _shingles(text: str) -> set[str]:
    letters = fold(text[:_LONGEST])
    if len(letters) < _SHINGLE:
        return {letters} if letters else set()
    return {"".join(run) for run in zip(*(islice(letters, start, None) for start in range(_SHINGLE)), strict=False)}

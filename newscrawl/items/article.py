"""The article and its parts, field by field.

Names are schema.org's NewsArticle in snake case. Absent is ``None`` or ``[]``, never ``""``; every object has
all its keys, in the order of declaration.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Annotated, Literal

SCHEMA_VERSION = 1
"""Raised when a field changes its form or meaning; a new field alone does not raise it."""


@dataclass(frozen=True)
class Pattern:
    """A regular expression that a string field must match from its start; part of the published schema."""

    regex: str


# Not \d, which takes the digits of every script in Python and only these in other programs.
_D = "[0-9][0-9]"

NOT_BLANK = r"\s*\S"
Text = Annotated[str, Pattern(NOT_BLANK)]
Url = Annotated[str, Pattern(r"https?://[^\s/]")]
Sha256 = Annotated[str, Pattern(r"[0-9a-f]{64}$")]
IsoDate = Annotated[str, Pattern(rf"{_D}{_D}(-{_D}(-{_D}(T{_D}:{_D}(:{_D}(\.[0-9]{{1,6}})?)?(Z|[+-]{_D}:{_D})?)?)?)?$")]
IsoTime = Annotated[str, Pattern(rf"{_D}{_D}-{_D}-{_D}T{_D}:{_D}:{_D}(\.[0-9]{{1,6}})?Z$")]

GONE = frozenset((404, 410))
"""Statuses that say that a page which was there is there no more."""

FoundHow = Literal["start", "related", "listing", "link", "refresh", "feed", "sitemap"]
TagKind = Literal["declared", "inline"]
LinkKind = Literal["keyword", "notice", "body"]
RemovedKind = Literal[
    "notice",
    "source_line",
    "byline",
    "dateline",
    "ad",
    "share",
    "comment",
    "subscribe",
    "correction",
    "other",
]
DuplicateKind = Literal["exact", "near", "contained", "contains", "script_variant", "template_sibling"]


@dataclass(frozen=True, kw_only=True)
class FoundOn:
    """Where the link to this page stood."""

    url: Url | None = None
    """The page that linked here. None for a start URL."""
    how: FoundHow
    """The part of that page the link stood in; ``start`` for a start URL."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who wrote or reported the article."""

    name: Text
    """The name alone, without ``By`` or ``记者``. Never an outlet, never a date."""
    url: Url | None = None
    """The person's page, where the byline links to one."""


@dataclass(frozen=True, kw_only=True)
class Breadcrumb:
    """One step of the path that the page says it stands under."""

    name: Text
    """As printed."""
    url: Url | None = None
    """None for a step without a link."""


@dataclass(frozen=True, kw_only=True)
class Tag:
    """A subject that the page gives the article."""

    name: Text
    """As printed."""
    url: Url | None = None
    """The tag's page; None for a keyword that only metadata states."""
    kind: TagKind
    """``declared`` in a list of tags or in metadata; ``inline`` where a word of the text links to a tag page."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One size of an image."""

    url: Url
    """Absolute."""
    width: int | None = None
    """Pixels as the page states them. None where it states none."""


@dataclass(frozen=True, kw_only=True)
class Media:
    """An image or a video of the article."""

    url: Url | None = None
    """The largest candidate. None where only a caption is left of the picture."""
    alt: Text | None = None
    """The alternative text. Never the caption again."""
    caption: Text | None = None
    """The whole caption, credit included, on one line."""
    credit: Text | None = None
    """The name after ©, or in the caption's closing brackets, without its date."""
    candidates: list[Candidate] = field(default_factory=list)
    """Every size the page offers, in its order."""


@dataclass(frozen=True, kw_only=True)
class TitledLink:
    """A link to another story."""

    url: Url
    """Absolute, percent-escapes in upper case."""
    title: Text | None = None
    """The link's text without bullets and emoji beside it. None for a picture link."""


@dataclass(frozen=True, kw_only=True)
class TextLink:
    """A link of the article's block that is neither a tag, nor related, nor promoted."""

    url: Url
    """Absolute, percent-escapes in upper case."""
    text: Text | None = None
    """The linked words. None for a picture link."""
    kind: LinkKind
    """``keyword``: set by a machine on a word; ``notice``: in text that was removed; ``body``: the author's own."""


@dataclass(frozen=True, kw_only=True)
class Removed:
    """Text of the article's block that is not part of the story."""

    kind: RemovedKind
    """What it is. ``other`` where no rule knows."""
    text: Text
    """As printed, blanks collapsed."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """How a version differs from the one before."""

    ratio: float
    """0 (nothing in common) to 1 (the same text)."""
    added: int
    """Characters."""
    removed: int
    """Characters."""
    headline_changed: bool
    """True when the headline differs."""


@dataclass(frozen=True, kw_only=True)
class VersionKey:
    """The key of another row."""

    id: Sha256
    """Its ``id``."""
    version: int
    """Its ``version``."""


@dataclass(frozen=True, kw_only=True)
class Http:
    """What the exchange said."""

    status: int
    """Status code of the final response."""
    etag: Text | None = None
    """The ETag header as sent."""
    last_modified: Text | None = None
    """The Last-Modified header as sent."""
    encoding: Text | None = None
    """Character encoding the body was read with, as Python names it."""
    encoding_source: Text | None = None
    """What decided it: ``bom``, ``utf-8``, ``header``, ``meta``, ``detected``, ``declared`` or ``replaced``."""
    truncated: Text | None = None
    """Why the body is not whole (``coding``, ``disconnect``, ``surplus``, ``length``). None for a whole body."""


@dataclass(frozen=True, kw_only=True)
class CaptureRef:
    """The stored exchange that the row was read from."""

    warc: Text | None = None
    """File name below ``warc/``. None where the exchange came from a loose file."""
    offset: int | None = None
    """Bytes."""
    length: int | None = None
    """Bytes, compressed."""
    record_id: Text | None = None
    """WARC-Record-ID."""
    payload_digest: Text | None = None
    """``sha256:<hex>`` of the payload."""


@dataclass(frozen=True, kw_only=True)
class SnapshotRef:
    """The raw HTML beside the row."""

    path: Text
    """Relative to the output folder, with ``/``."""
    sha256: Sha256
    """Of the file's bytes."""


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Who read the page."""

    version: Text
    """Version of newscrawl."""
    profile: Text | None = None
    """Name of the site profile. None for the generic reader."""
    profile_sha256: Sha256 | None = None
    """Of the profile's file."""


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Why a field holds what it holds."""

    field: Text
    """The field's name."""
    method: Text
    """``profile``, ``json-ld``, ``meta``, ``microdata``, ``time``, ``url``, ``text`` or ``generic``."""
    where: Text | None = None
    """The place: an element path, a meta name, a JSON-LD key."""
    raw: Text | None = None
    """The evidence as printed, at most 200 characters."""
    confidence: float
    """0 to 1."""


@dataclass(frozen=True, kw_only=True)
class Warn:
    """Something a reader of the row should know."""

    field: Text
    """The field's name."""
    code: Text
    """A short word, stable over versions."""
    detail: Text | None = None
    """The evidence."""


@dataclass(kw_only=True)
class Article:
    """One version of one text. Only pipelines and exporters change it."""

    schema_version: int = SCHEMA_VERSION
    """:data:`SCHEMA_VERSION` of the program that wrote the row."""
    id: Sha256 | None = None
    """Hex sha256 of the ``url_key`` at first sight. None only before validation."""
    url_key: Text | None = None
    """Strict canonical form of ``url``. None only before validation."""
    url_key_version: int = 1
    """Version of the rules that made ``url_key``."""
    url: Url | None = None
    """Final URL, after redirects. None only for a page read without one."""
    requested_url: Url | None = None
    """The URL as first asked for."""
    canonical_url: Url | None = None
    """What the page claims to be. A claim, not checked."""
    url_assigned: bool = False
    """True where a seed has no URL of its own and its manifest gives it one."""
    site: Text | None = None
    """Registrable domain of ``url``, or its address."""
    found_on: FoundOn | None = None
    """Where the link stood. None for an item of another spider."""
    depth: int | None = None
    """Links followed from the start URL; 0 for a start URL."""
    headline: Text | None = None
    """On one line, without the site's name."""
    description: Text | None = None
    """The page's own summary. Never the first paragraph in its place."""
    article_section: Text | None = None
    """The section the page states."""
    breadcrumbs: list[Breadcrumb] = field(default_factory=list)
    """Outermost first."""
    authors: list[Person] = field(default_factory=list)
    """People only, in the order of the byline."""
    source_organization: Text | None = None
    """The outlet a republisher credits (法广RFI). Never an author, never the site itself."""
    date_published: IsoDate | None = None
    """As long as the evidence: ``2023-03-21``, ``2023-03-21T08:15+08:00``. None when the page states no date."""
    date_modified: IsoDate | None = None
    """Same form. None when the page states none."""
    dateline: Text | None = None
    """The place the report comes from (台北), without dash or agency."""
    in_language: Text | None = None
    """BCP 47 (``zh-Hans``). None when neither script nor page decides."""
    tags: list[Tag] = field(default_factory=list)
    """Each name and URL once, in order of appearance."""
    article_body: Text | None = None
    """Paragraphs in reading order, joined by one blank line."""
    images: list[Media] = field(default_factory=list)
    """Images of the article's block, in reading order."""
    videos: list[Media] = field(default_factory=list)
    """Videos of the article's block, in reading order."""
    related: list[TitledLink] = field(default_factory=list)
    """Stories the page lists as related, as printed."""
    promoted: list[TitledLink] = field(default_factory=list)
    """Links the publisher advertises beside the story."""
    links: list[TextLink] = field(default_factory=list)
    """Other links of the article's block, in reading order."""
    removed: list[Removed] = field(default_factory=list)
    """Text of the block that is not the story, in reading order."""
    is_accessible_for_free: bool | None = None
    """What the page states. None when it states nothing."""
    version: int = 1
    """From 1; (``id``, ``version``) is the row's key."""
    change: Change | None = None
    """Against the version before. None for version 1."""
    duplicate_of: VersionKey | None = None
    """The row this one repeats, as known when it was committed. None for a form that was filled in anew, such as the
    weather report of another day: it repeats nothing."""
    duplicate_kind: DuplicateKind | None = None
    """How it repeats it; None without ``duplicate_of``. ``template_sibling`` is kept in the store alone."""
    similarity: float | None = None
    """0 to 1 against ``duplicate_of``: of the texts' shingles, or the share of the shorter text that is in the longer.
    None without ``duplicate_of``."""
    cluster_id: Text | None = None
    """Shared by rows of one story, as far as it was known: the id of the story's first article. None in the rows of
    that article, and where no story was known."""
    fetched_at: IsoTime | None = None
    """UTC. In replay the capture's time; None where it has none."""
    http: Http | None = None
    """None for an item of another spider."""
    capture: CaptureRef | None = None
    """The stored exchange."""
    snapshot: SnapshotRef | None = None
    """The raw HTML file. None when snapshots are off."""
    run_id: Text | None = None
    """The run that committed the row; in replay derived from the replay set."""
    reader: Reader | None = None
    """None for an item of another spider."""
    provenance: list[Provenance] = field(default_factory=list)
    """One entry a filled field."""
    warnings: list[Warn] = field(default_factory=list)
    """What was rejected or trimmed, with the evidence."""

    @property
    def gone(self) -> bool:
        """Whether this version says that the article is there no more: it has no text then."""
        return self.http is not None and self.http.status in GONE


FIELDS = tuple(f.name for f in fields(Article))
"""The row's keys, in order."""

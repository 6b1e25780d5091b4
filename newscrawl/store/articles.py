"""Article versions: each committed row, compressed, and what finds it again."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row, Select, bindparam, func, insert, select, update

from newscrawl.store import copies
from newscrawl.store.schema import articles, chunks, fingerprints

ALGORITHM = "fold-1"
"""The name of the text digest: SHA-256 of the folded text (:func:`newscrawl.fingerprint.folded_digest`)."""

# A quarter faster than the default level, and 3 % larger.
_LEVEL = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class NewArticle:
    """One version of one article, as it stands in a file."""

    id: str
    version: int
    url_key: str
    url: str
    site: str
    spider: str
    run_id: str
    text_digest: str | None
    record_id: str | None
    snapshot_path: str | None
    snapshot_sha256: str | None
    date_published: str | None
    in_language: str | None
    file: str
    """Final name of the JSON Lines file, below the output folder."""
    offset: int
    length: int
    row: bytes
    """The JSON line with its newline."""
    committed_at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredArticle:
    """What :class:`NewArticle` became."""

    id: str
    version: int
    url_key: str
    url: str
    site: str
    spider: str
    run_id: str
    text_digest: str | None
    record_id: str | None
    snapshot_path: str | None
    snapshot_sha256: str | None
    date_published: str | None
    in_language: str | None
    file: str
    offset: int
    length: int
    packed: bytes
    """The row, compressed."""
    committed_at: float
    last_seen: float
    """When a page last had this version's text: at first ``committed_at``."""

    @property
    def row(self) -> bytes:
        """The JSON line with its newline."""
        return zlib.decompress(self.packed)


def add(c: Connection, new: Sequence[NewArticle]) -> None:
    """Add article versions and the digests of their texts; a version that is there already is an error."""
    if not new:
        return
    c.execute(_INSERT, [_values(article) for article in new])
    prints = [
        {
            "kind": "exact",
            "algorithm": ALGORITHM,
            "value": article.text_digest,
            "article_id": article.id,
            "version": article.version,
        }
        for article in new
        if article.text_digest is not None
    ]
    if prints:
        c.execute(_INSERT_PRINT, prints)


def latest(c: Connection, id: str) -> StoredArticle | None:
    """Return the newest version of an article."""
    row = c.execute(_LATEST, {"b_id": id}).first()
    return None if row is None else _article(row)


def versions(c: Connection, id: str) -> list[StoredArticle]:
    """Return all versions of an article, the first one first."""
    return [_article(row) for row in c.execute(_VERSIONS, {"b_id": id})]


def count(c: Connection) -> int:
    """Return how many articles there are, each one once whatever its versions."""
    return c.execute(_COUNT).scalar_one()


def first_with_text(c: Connection, digest: str) -> tuple[str, int] | None:
    """Return id and version of the first article that was committed with this text digest."""
    row = c.execute(_FIRST_WITH, {"b_digest": digest, "b_algorithm": ALGORITHM}).first()
    return None if row is None else (row.article_id, row.version)


def version_with_text(c: Connection, id: str, digest: str) -> int | None:
    """Return the last version of an article that had this text digest."""
    return c.execute(_VERSION_WITH, {"b_id": id, "b_digest": digest}).scalar()


def newest_version(c: Connection, id: str) -> int | None:
    """Return the number of an article's newest version."""
    return c.execute(_NEWEST, {"b_id": id}).scalar()


def seen(c: Connection, pairs: Sequence[tuple[str, float]]) -> None:
    """Note at which times the newest versions of articles, named by id, were met again unchanged."""
    if pairs:
        c.execute(_SEEN, [{"b_id": id_, "b_at": at} for id_, at in sorted(pairs)])


def by_url(c: Connection, url: str, url_key: str) -> list[StoredArticle]:
    """Return the versions found under *url* or a URL with the same *url_key*, in the order of commit."""
    return [_article(row) for row in c.execute(_BY_URL, {"b_url": url, "b_url_key": url_key})]


def by_record(c: Connection, record_id: str) -> list[StoredArticle]:
    """Return the versions that were read from one capture."""
    return [_article(row) for row in c.execute(_BY_RECORD, {"b_record_id": record_id})]


def of_ids(c: Connection, ids: Iterable[str]) -> Iterator[StoredArticle]:
    """Yield all versions of the articles *ids*, the versions of one in their order."""
    for some in chunks(ids):
        for row in c.execute(_OF_IDS, {"b_ids": some}):
            yield _article(row)


def kept_at(c: Connection, ids: Iterable[str]) -> dict[str, float]:
    """Return when the first version of each of the articles *ids* was committed."""
    return {id_: at for some in chunks(ids) for id_, at in c.execute(_KEPT_AT, {"b_ids": some})}


def changed_ids(c: Connection) -> set[str]:
    """Return the articles of more than one version."""
    return set(c.execute(_CHANGED).scalars())


def of_file(c: Connection, file: str) -> list[StoredArticle]:
    """Return the versions that stand in one file, in its order."""
    return [_article(row) for row in c.execute(_OF_FILE, {"b_file": file})]


def iterate(
    c: Connection, *, site: str | None = None, since: float | None = None, until: float | None = None
) -> Iterator[StoredArticle]:
    """Yield versions of one *site*, or of all, committed from *since* and before *until*, in the order of commit."""
    chosen = _ALL
    if site is not None:
        chosen = chosen.where(articles.c.site == site)
    if since is not None:
        chosen = chosen.where(articles.c.committed_at >= since)
    if until is not None:
        chosen = chosen.where(articles.c.committed_at < until)
    with c.execute(chosen, execution_options={"yield_per": 200}) as rows:
        for row in rows:
            yield _article(row)


def move(
    c: Connection, id: str, version: int, *, file: str, offset: int, length: int, row: bytes | None = None
) -> None:
    """Note that a version stands elsewhere now, and what its row is when that changed, too."""
    values: dict[str, Any] = {"file": file, "offset": offset, "length": length}
    if row is not None:
        values["row"] = zlib.compress(row, _LEVEL)
    c.execute(update(articles).where(articles.c.id == id, articles.c.version == version).values(**values))


def delete(c: Connection, id: str) -> int:
    """Forget all versions of an article and their fingerprints; return how many versions there were."""
    c.execute(sa.delete(fingerprints).where(fingerprints.c.article_id == id))
    for version in c.execute(select(articles.c.version).where(articles.c.id == id)).scalars().all():
        copies.remove(c, id, version)
    return c.execute(sa.delete(articles).where(articles.c.id == id)).rowcount


_NAMES = (
    "id",
    "version",
    "url_key",
    "url",
    "site",
    "spider",
    "run_id",
    "text_digest",
    "record_id",
    "snapshot_path",
    "snapshot_sha256",
    "date_published",
    "in_language",
    "file",
    "offset",
    "length",
    "committed_at",
)


def _values(article: NewArticle) -> dict[str, Any]:
    values = {name: getattr(article, name) for name in _NAMES}
    values["row"] = zlib.compress(article.row, _LEVEL)
    values["last_seen"] = article.committed_at
    return values


def _article(row: Row[*tuple[Any, ...]]) -> StoredArticle:
    return StoredArticle(**row._mapping)


_WHOLE: Select[*tuple[Any, ...]] = select(
    *(articles.c[name] for name in _NAMES), articles.c.last_seen, articles.c.row.label("packed")
)
_OF_ID = _WHOLE.where(articles.c.id == bindparam("b_id"))
_OF_IDS = _WHOLE.where(articles.c.id.in_(bindparam("b_ids", expanding=True))).order_by(
    articles.c.id, articles.c.version
)
_KEPT_AT = (
    select(articles.c.id, sa.func.min(articles.c.committed_at))
    .where(articles.c.id.in_(bindparam("b_ids", expanding=True)))
    .group_by(articles.c.id)
)
_CHANGED = select(articles.c.id).where(articles.c.version > 1).distinct()
_newest = articles.alias()

_INSERT = insert(articles)
_INSERT_PRINT = insert(fingerprints)
_LATEST = _OF_ID.order_by(articles.c.version.desc()).limit(1)
_VERSIONS = _OF_ID.order_by(articles.c.version)
_COUNT = select(func.count()).where(articles.c.version == 1)
_FIRST_WITH = (
    select(fingerprints.c.article_id, fingerprints.c.version)
    .where(
        fingerprints.c.value == bindparam("b_digest"),
        fingerprints.c.kind == "exact",
        fingerprints.c.algorithm == bindparam("b_algorithm"),
    )
    .order_by(fingerprints.c.number)
    .limit(1)
)
_NEWEST = select(func.max(articles.c.version)).where(articles.c.id == bindparam("b_id"))
_VERSION_WITH = select(func.max(articles.c.version)).where(
    articles.c.id == bindparam("b_id"), articles.c.text_digest == bindparam("b_digest")
)
_SEEN = (
    update(articles)
    .where(
        articles.c.id == bindparam("b_id"),
        articles.c.version
        == select(func.max(_newest.c.version)).where(_newest.c.id == bindparam("b_id")).scalar_subquery(),
        articles.c.last_seen < bindparam("b_at"),
    )
    .values(last_seen=bindparam("b_at"))
)
_BY_URL = _WHOLE.where(
    (articles.c.url_key == bindparam("b_url_key")) | (articles.c.url == bindparam("b_url"))
).order_by(articles.c.number)
_BY_RECORD = _WHOLE.where(articles.c.record_id == bindparam("b_record_id")).order_by(articles.c.number)
_OF_FILE = _WHOLE.where(articles.c.file == bindparam("b_file")).order_by(articles.c.offset)
_ALL = _WHOLE.order_by(articles.c.number)

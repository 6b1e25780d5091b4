"""The tables of the store and the few statements that differ between databases.

Times are seconds since 1970 in UTC, as floats.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
)
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class OutsideText(TypeDecorator[str]):
    """Text that came from outside: a NUL, which PostgreSQL refuses, and a lone surrogate are written as escapes."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return *value* as any database takes it."""
        if value is None or (value.isascii() and "\0" not in value):
            return value
        return value.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


# SQLite numbers rows by itself only when the type is called INTEGER.
RowNumber = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData()

meta = Table("meta", metadata, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))

urls = Table(
    "urls",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False, unique=True),
    Column("url", OutsideText, nullable=False),
    Column("host", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("priority", BigInteger, nullable=False),
    Column("ready_at", Double, nullable=False),
    Column("round", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("reason", OutsideText),
    Column("request", OutsideText),
    Column("owner", Text),
    Column("lease_until", Double),
    Column("added_at", Double, nullable=False),
    Column("settled_at", Double),
    # Of a page that is read again from time to time: when next, and what a conditional request names.
    Column("due_at", Double),
    Column("etag", OutsideText),
    Column("last_modified", OutsideText),
    # The time of the last change that a feed or sitemap stated, as it was written.
    Column("stated_change", OutsideText),
)

# Written out and not bound: a database uses a partial index only when it can see that the condition is the same.
QUEUED = urls.c.state == literal_column("'queued'")
LEASED = urls.c.state == literal_column("'leased'")
DUE = urls.c.due_at.is_not(None)
# Settled rows stand in neither index, so a lease costs the same in the first minute and in the tenth year.
Index(
    "urls_queued",
    urls.c.host,
    urls.c.priority.desc(),
    urls.c.id,
    urls.c.ready_at,
    sqlite_where=QUEUED,
    postgresql_where=QUEUED,
)
Index("urls_due", urls.c.due_at, sqlite_where=DUE, postgresql_where=DUE)
Index("urls_leased", urls.c.lease_until, urls.c.owner, urls.c.host, sqlite_where=LEASED, postgresql_where=LEASED)

hosts = Table(
    "hosts",
    metadata,
    Column("host", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("ready_at", Double, nullable=False),
    Column("queued", Integer, nullable=False),
    # No queued row of the host is ready earlier. May be too early, never too late.
    Column("next_at", Double, nullable=False),
    Column("served_at", Double, nullable=False),
    Column("owner", Text),
    Column("owner_until", Double),
    # Faults in a row, and why the host is waited for.
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("reason", OutsideText),
)
AWAKE = hosts.c.queued > literal_column("0")
Index("hosts_awake", hosts.c.served_at, hosts.c.host, sqlite_where=AWAKE, postgresql_where=AWAKE)
_OWNED = hosts.c.owner.is_not(None)
Index("hosts_owned", hosts.c.owner, sqlite_where=_OWNED, postgresql_where=_OWNED)

captures = Table(
    "captures",
    metadata,
    Column("number", RowNumber, primary_key=True),
    Column("record_id", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("url", OutsideText, nullable=False),
    Column("url_key", OutsideText, nullable=False),
    Column("fetched_at", Double, nullable=False),
    Column("date", Text, nullable=False),
    Column("status", Integer),
    Column("mime", OutsideText),
    Column("payload_sha256", Text),
    Column("payload_length", BigInteger, nullable=False),
    Column("warc", Text, nullable=False, index=True),
    Column("offset", BigInteger, nullable=False),
    Column("length", BigInteger, nullable=False),
    Column("revisit_of", Text),
    Column("truncated", Text),
)
# Only what a revisit record may refer to.
ORIGINAL = captures.c.revisit_of.is_(None) & captures.c.truncated.is_(None)
Index("captures_originals", captures.c.payload_sha256, sqlite_where=ORIGINAL, postgresql_where=ORIGINAL)

articles = Table(
    "articles",
    metadata,
    Column("number", RowNumber, primary_key=True),
    Column("id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("url_key", OutsideText, nullable=False),
    Column("url", OutsideText, nullable=False),
    Column("site", Text, nullable=False),
    Column("spider", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("text_digest", Text),
    Column("record_id", Text, index=True),
    Column("snapshot_path", Text),
    Column("snapshot_sha256", Text),
    Column("date_published", OutsideText),
    Column("in_language", OutsideText),
    Column("file", Text, nullable=False, index=True),
    Column("offset", BigInteger, nullable=False),
    Column("length", BigInteger, nullable=False),
    Column("row", LargeBinary, nullable=False),
    Column("committed_at", Double, nullable=False),
    Column("last_seen", Double, nullable=False),
    UniqueConstraint("id", "version"),
)

# Articles that are known by another key than the one that their id is the digest of, by the digest of that key.
article_keys = Table(
    "article_keys",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("article_id", Text, nullable=False),
)

fingerprints = Table(
    "fingerprints",
    metadata,
    Column("number", RowNumber, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("algorithm", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("article_id", Text, nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Index("fingerprints_value", "value", "kind", "algorithm"),
)

# What copies are told by, of each version that has a text.
copies = Table(
    "copies",
    metadata,
    Column("number", RowNumber, primary_key=True),
    Column("article_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("algorithm", Text, nullable=False),
    Column("digest", Text),
    Column("script", Text),
    Column("length", Integer, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("grams", LargeBinary, nullable=False),
    Column("wide", LargeBinary, nullable=False),
    Column("slots", LargeBinary, nullable=False),
    Column("cluster_id", Text),
    Column("committed_at", Double, nullable=False, index=True),
    UniqueConstraint("article_id", "version"),
)

_CLUSTERED = copies.c.cluster_id.is_not(None)
Index("copies_cluster", copies.c.cluster_id, sqlite_where=_CLUSTERED, postgresql_where=_CLUSTERED)

# What one version is to another, the later one first.
relations = Table(
    "relations",
    metadata,
    Column("article_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("other_id", Text, primary_key=True),
    Column("other_version", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("similarity", Double, nullable=False),
    Index("relations_other", "other_id", "other_version"),
)

files = Table(
    "files",
    metadata,
    Column("name", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("length", BigInteger, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("worker", Text, nullable=False),
)
OPEN = files.c.state == literal_column("'open'")
Index("files_open", files.c.worker, sqlite_where=OPEN, postgresql_where=OPEN)

runs = Table(
    "runs",
    metadata,
    Column("number", RowNumber, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("spider", Text, nullable=False),
    Column("round", Integer, nullable=False),
    Column("worker", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("ended_at", Double),
    Column("reason", OutsideText),
    Column("exit_code", Integer),
    Column("arguments", Text, nullable=False),
    Column("counts", Text, nullable=False),
)

run_sites = Table(
    "run_sites",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("pages", Integer, nullable=False),
    Column("articles", Integer, nullable=False),
    Column("counts", Text, nullable=False),
)

# One row a robots.txt: what rules of a host were read, and until when they stand.
robots = Table(
    "robots",
    metadata,
    Column("origin", Text, primary_key=True),
    Column("fetched_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("status", Integer),
    Column("reason", OutsideText),
    Column("body", LargeBinary),
)

feeds = Table(
    "feeds",
    metadata,
    Column("url_key", Text, primary_key=True),
    Column("url", OutsideText, nullable=False),
    Column("host", Text, nullable=False),
    Column("site", Text, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("found_on", OutsideText),
    Column("state", Text, nullable=False),
    Column("interval_s", Double, nullable=False),
    Column("next_due", Double, nullable=False, index=True),
    Column("added_at", Double, nullable=False),
    Column("asked_at", Double),
    Column("changed_at", Double),
    Column("new_at", Double),
    Column("etag", OutsideText),
    Column("last_modified", OutsideText),
    Column("digest", Text),
    Column("status", Integer),
    Column("reason", OutsideText),
    Column("failures", Integer, nullable=False),
    Column("polls", Integer, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("new_articles", BigInteger, nullable=False),
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("record_id", Text, primary_key=True),
    Column("url_key", OutsideText, nullable=False),
    Column("url", OutsideText, nullable=False),
    Column("payload_sha256", Text),
    Column("reason", OutsideText, nullable=False),
    Column("removed_at", Double, nullable=False),
)

# PostgreSQL refuses a B-tree entry beyond 2,704 bytes, and a URL may be longer; a hash index takes any.
for _column in (captures.c.url, captures.c.url_key, articles.c.url_key, tombstones.c.url_key):
    Index(f"ix_{_column.table.name}_{_column.name}", _column, postgresql_using="hash")


_T = TypeVar("_T")

DialectInsert = SqliteInsert | PostgresInsert


def insert_into(dialect: str, table: Table) -> DialectInsert:
    """Return the INSERT of *dialect* that knows ``ON CONFLICT``; all other statements are the same everywhere."""
    return postgres_insert(table) if dialect == "postgresql" else sqlite_insert(table)


@cache
def upsert_into(dialect: str, table: Table) -> DialectInsert:
    """Return an INSERT of whole rows that takes the place of a row with the same primary key."""
    insert = insert_into(dialect, table)
    keys = table.primary_key.columns.keys()
    fresh: dict[str, Any] = {name: insert.excluded[name] for name in table.columns.keys() if name not in keys}  # noqa: SIM118
    return insert.on_conflict_do_update(index_elements=keys, set_=fresh)


def chunks(values: Iterable[_T], size: int = 500) -> Iterator[list[_T]]:
    """Yield *values* in lists of *size*, as many as one statement takes well."""
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk

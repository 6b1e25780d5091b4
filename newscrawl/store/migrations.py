"""From an older schema to this one, in one transaction.

A new database gets the tables as they are now; an older one takes the steps it lacks. Both ways end in the same tables.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from sqlalchemy import Connection, Table, inspect, select, text, update
from sqlalchemy.schema import CreateColumn, DropTable

from newscrawl.exceptions import ConfigError
from newscrawl.store.schema import feeds, hosts, insert_into, meta, metadata, urls


def _add_columns(c: Connection, table: Table, *names: str) -> None:
    """Add the columns that the database's *table* lacks: a new database has them from its first step."""
    present = {column["name"] for column in inspect(c).get_columns(table.name)}
    for name in names:
        if name not in present:
            c.execute(text(f"ALTER TABLE {table.name} ADD COLUMN {CreateColumn(table.c[name]).compile(c)}"))


def _add_index(c: Connection, table: Table, name: str) -> None:
    if name not in {index["name"] for index in inspect(c).get_indexes(table.name)}:
        next(index for index in table.indexes if index.name == name).create(c)


def _first_tables(c: Connection) -> None:
    metadata.create_all(c)


def _due_and_robots(c: Connection) -> None:
    # Nothing was ever written to the first table of feeds.
    if "host" not in {column["name"] for column in inspect(c).get_columns("feeds")}:
        c.execute(DropTable(feeds))
    metadata.create_all(c)
    _add_columns(c, urls, "due_at", "etag", "last_modified", "stated_change")
    _add_columns(c, hosts, "failures", "reason")
    _add_index(c, urls, "urls_due")


def _copies(c: Connection) -> None:
    # Rows from before have no fingerprint: what repeats them is found by its digest alone.
    metadata.create_all(c)


def _identity(c: Connection) -> None:
    # What leads to copies lies in files beside the store, which name it.
    identify(c)
    c.execute(text("DROP TABLE IF EXISTS copy_keys"))


def _article_keys(c: Connection) -> None:
    metadata.create_all(c)


def identify(c: Connection) -> None:
    """Give the database a name that no other has."""
    row = {"key": "identity", "value": uuid4().hex}
    c.execute(insert_into(c.dialect.name, meta).on_conflict_do_nothing(), row)


STEPS: tuple[Callable[[Connection], None], ...] = (_first_tables, _due_and_robots, _copies, _identity, _article_keys)
"""The step at place *n* leads from version *n* to version *n* + 1. A published step is never changed."""

SCHEMA_VERSION = len(STEPS)
"""The version that this newscrawl reads and writes."""

_VERSION = select(meta.c.value).where(meta.c.key == "schema_version").with_for_update()


def version_of(c: Connection) -> int | None:
    """Return the schema version of the database, None when it has no tables of ours.

    Raises :exc:`ConfigError` when its tables are somebody else's.
    """
    present = set(inspect(c).get_table_names())
    if meta.name not in present:
        taken = sorted(present & set(metadata.tables))
        if taken:
            raise ConfigError(
                f"has tables named {', '.join(taken)} that are not newscrawl's; give newscrawl a database of its own"
            )
        return None
    value = c.execute(_VERSION).scalar()
    if value is None or not value.isdecimal():
        raise ConfigError("has a table 'meta' that is not newscrawl's; give newscrawl a database of its own")
    return int(value)


def migrate(c: Connection) -> None:
    """Bring the database to :data:`SCHEMA_VERSION`. Raises :exc:`ConfigError` for a newer or a foreign one."""
    version = version_of(c)
    if version is None:
        metadata.create_all(c)
        identify(c)
        c.execute(insert_into(c.dialect.name, meta), {"key": "schema_version", "value": str(SCHEMA_VERSION)})
        return
    if version > SCHEMA_VERSION:
        raise ConfigError(
            f"was written by a newer newscrawl (schema {version}, this one knows {SCHEMA_VERSION}); "
            "upgrade newscrawl, or name another store with -s NEWSCRAWL_STORE_URL=…"
        )
    for step in STEPS[version:]:
        step(c)
    if version < SCHEMA_VERSION:
        c.execute(update(meta).where(meta.c.key == "schema_version").values(value=str(SCHEMA_VERSION)))

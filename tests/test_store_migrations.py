from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, inspect, text
from stores import new_capture

from newscrawl.exceptions import ConfigError
from newscrawl.store import SCHEMA_VERSION, Store, captures, copies, migrations, schema


def version(store: Store) -> int | None:
    with store.begin() as c:
        return migrations.version_of(c)


def tables(c: Connection) -> dict[str, Any]:
    found = inspect(c)
    return {
        name: (
            sorted((column["name"], str(column["type"]), column["nullable"]) for column in found.get_columns(name)),
            sorted(str(index["name"]) for index in found.get_indexes(name)),
        )
        for name in found.get_table_names()
    }


def emptied(url: str) -> None:
    """Leave nothing but a version of 0."""
    with Store.open(url) as store, store.begin() as c:
        schema.metadata.drop_all(c, [table for table in schema.metadata.sorted_tables if table is not schema.meta])
        c.execute(schema.meta.update().values(value="0"))


def test_an_empty_database_gets_all_tables_and_the_version(store: Store) -> None:
    with store.begin() as c:
        assert set(inspect(c).get_table_names()) == set(schema.metadata.tables)
    assert version(store) == SCHEMA_VERSION


def test_a_database_of_version_0_is_brought_up_to_date(store_url: str) -> None:
    with Store.open(store_url) as store, store.begin() as c:
        fresh = tables(c)
    emptied(store_url)
    with Store.open(store_url) as store:
        assert version(store) == SCHEMA_VERSION
        with store.begin() as c:
            assert tables(c) == fresh


def test_a_database_of_version_1_gets_what_it_lacks(store_url: str) -> None:
    with Store.open(store_url) as store, store.begin() as c:
        fresh = tables(c)
        # As the first version left it: no robots, feeds of another form, fewer columns of URLs and hosts.
        c.execute(text("DROP TABLE robots"))
        c.execute(text("DROP TABLE feeds"))
        c.execute(text("CREATE TABLE feeds (url_key TEXT PRIMARY KEY, url TEXT, next_due DOUBLE PRECISION)"))
        c.execute(text("DROP INDEX urls_due"))
        for name in ("due_at", "etag", "last_modified", "stated_change"):
            c.execute(text(f"ALTER TABLE urls DROP COLUMN {name}"))
        for name in ("failures", "reason"):
            c.execute(text(f"ALTER TABLE hosts DROP COLUMN {name}"))
        c.execute(
            text(
                "INSERT INTO hosts (host, state, ready_at, queued, next_at, served_at) VALUES ('a', 'open', 0, 0, 0, 0)"
            )
        )
        c.execute(schema.meta.update().values(value="1"))
    with Store.open(store_url) as store:
        assert version(store) == SCHEMA_VERSION
        with store.begin() as c:
            assert tables(c) == fresh
            assert c.execute(text("SELECT failures FROM hosts")).scalar_one() == 0


def test_a_database_of_version_2_gets_the_tables_of_copies(store_url: str) -> None:
    with Store.open(store_url) as store, store.begin() as c:
        fresh = tables(c)
        for name in ("copies", "relations"):
            c.execute(text(f"DROP TABLE {name}"))
        captures.add(c, [new_capture(1)])
        c.execute(schema.meta.update().values(value="2"))
    with Store.open(store_url) as store, store.begin() as c:
        assert migrations.version_of(c) == SCHEMA_VERSION
        assert tables(c) == fresh
        assert list(captures.all(c)) == [new_capture(1)]


def test_a_database_of_version_3_loses_the_table_of_keys_and_gets_a_name(store_url: str) -> None:
    with Store.open(store_url) as store, store.begin() as c:
        fresh = tables(c)
        c.execute(text("CREATE TABLE copy_keys (key BIGINT, number BIGINT, anchors INTEGER)"))
        c.execute(schema.meta.delete().where(schema.meta.c.key == "identity"))
        c.execute(schema.meta.update().values(value="3"))
    with Store.open(store_url) as store, store.begin() as c:
        assert migrations.version_of(c) == SCHEMA_VERSION
        assert tables(c) == fresh
        name = copies.identity(c)
    with Store.open(store_url) as store, store.begin() as c:
        assert len(copies.identity(c)) == 32
        assert copies.identity(c) == name


def test_each_store_has_a_name_of_its_own() -> None:
    with Store.open("sqlite://") as one, Store.open("sqlite://") as other, one.begin() as a, other.begin() as b:
        assert copies.identity(a) != copies.identity(b)


def test_opening_again_changes_nothing(store_url: str) -> None:
    with Store.open(store_url) as store, store.begin() as c:
        captures.add(c, [new_capture(1)])
    with Store.open(store_url) as store, store.begin() as c:
        assert list(captures.all(c)) == [new_capture(1)]


def test_a_step_that_fails_leaves_the_database_as_it_was(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(c: Connection) -> None:
        c.execute(text("CREATE TABLE half (n INTEGER)"))
        raise ArithmeticError

    emptied(store_url)
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "STEPS", (*migrations.STEPS, half))
        patch.setattr(migrations, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
        with pytest.raises(ArithmeticError):
            Store.open(store_url)
    with Store.open(store_url) as store, store.begin() as c:
        assert "half" not in inspect(c).get_table_names()
        assert migrations.version_of(c) == SCHEMA_VERSION


def test_a_newer_database_is_refused_with_the_remedy(store_url: str) -> None:
    with Store.open(store_url) as store, store.begin() as c:
        c.execute(schema.meta.update().values(value=str(SCHEMA_VERSION + 1)))
    with pytest.raises(ConfigError, match=r"(store\.sqlite|postgres).*newer newscrawl \(schema .*upgrade newscrawl"):
        Store.open(store_url)


@pytest.mark.parametrize("statement", ["CREATE TABLE runs (n INTEGER)", "CREATE TABLE meta (key TEXT, value TEXT)"])
def test_the_database_of_somebody_else_is_refused(store_url: str, statement: str) -> None:
    with Store.open(store_url) as store, store.begin() as c:
        schema.metadata.drop_all(c)
        c.execute(text(statement))
    with pytest.raises(ConfigError, match="not newscrawl's; give newscrawl a database of its own"):
        Store.open(store_url)


def test_tables_with_other_names_do_no_harm(store_url: str) -> None:
    with Store.open(store_url) as store, store.begin() as c:
        schema.metadata.drop_all(c)
        c.execute(text("CREATE TABLE elsewhere (n INTEGER)"))
    with Store.open(store_url) as store:
        assert version(store) == SCHEMA_VERSION


def test_workers_that_start_together_on_an_empty_database_all_start(postgres: Any) -> None:
    from threading import Barrier, Thread

    url = postgres.new_database()
    barrier, versions = Barrier(4), []

    def start() -> None:
        barrier.wait()
        with Store.open(url) as store:
            versions.append(version(store))

    workers = [Thread(target=start) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert versions == [SCHEMA_VERSION] * 4

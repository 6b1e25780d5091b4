from __future__ import annotations

import builtins
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from stores import missing, new_capture

from newscrawl.exceptions import ConfigError, StorageError
from newscrawl.store import Store, captures
from newscrawl.store import database as database_module


def test_what_is_committed_is_there_for_the_next_one_who_opens(store_url: str) -> None:
    with Store.open(store_url) as store, store.begin() as c:
        captures.add(c, [new_capture(1)])
    with Store.open(store_url) as store, store.begin() as c:
        assert captures.by_record(c, new_capture(1).record_id) == new_capture(1)


def test_a_connection_that_breaks_in_the_midst_of_a_transaction_leaves_nothing(store_url: str) -> None:
    store = Store.open(store_url)

    def broken() -> None:
        with store.begin() as c:
            captures.add(c, [new_capture(1)])
            connection: Any = c.connection.driver_connection
            connection.close()
            captures.add(c, [new_capture(2)])

    with pytest.raises(StorageError, match="everything committed before is safe"):
        broken()
    store.close()
    with Store.open(store_url) as again, again.begin() as c:
        assert list(captures.all(c)) == []


def test_a_process_that_is_killed_in_the_midst_of_a_transaction_leaves_nothing(store_url: str) -> None:
    Store.open(store_url).close()
    program = (
        "import os, signal, sys; from stores import new_capture; from newscrawl.store import Store, captures\n"
        "with Store.open(sys.argv[1]) as store:\n"
        "    with store.begin() as c: captures.add(c, [new_capture(1)])\n"
        "    with store.begin() as c:\n"
        "        captures.add(c, [new_capture(2)])\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    tests = str(Path(__file__).parent)
    done = subprocess.run(
        [sys.executable, "-c", program, store_url], env={**os.environ, "PYTHONPATH": tests}, check=False
    )
    assert done.returncode == -9
    with Store.open(store_url) as again, again.begin() as c:
        assert list(captures.all(c)) == [new_capture(1)]


def test_a_store_in_memory_keeps_what_it_is_given(recwarn: pytest.WarningsRecorder) -> None:
    with Store.open("sqlite://") as store:
        for number in range(3):
            with store.begin() as c:
                captures.add(c, [new_capture(number)])
        with store.reading() as c:
            assert len(list(captures.all(c))) == 3
    assert not recwarn


def test_a_store_can_be_closed_twice(store_url: str) -> None:
    store = Store.open(store_url)
    store.close()
    store.close()


def test_a_commit_of_sqlite_is_on_the_disk_and_readers_do_not_wait(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/s.sqlite") as store, store.begin() as c:
        assert c.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert c.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert c.exec_driver_sql("PRAGMA foreign_keys").scalar() == 0
        assert c.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000


def test_one_who_reads_sees_one_moment_and_keeps_nobody_from_writing(store_url: str) -> None:
    with Store.open(store_url) as writer, Store.open(store_url) as reader:
        with writer.begin() as c:
            captures.add(c, [new_capture(n) for n in range(1200)])
        with reader.reading() as c:
            seen = captures.all(c)
            assert next(seen) == new_capture(0)
            with writer.begin() as other:
                captures.add(other, [new_capture(5000)])
            assert len(list(seen)) == 1199
        with reader.begin() as c:
            assert len(list(captures.all(c))) == 1201


def test_a_writer_holds_the_database_from_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_S", 0)
    url = f"sqlite:///{tmp_path}/s.sqlite"
    with Store.open(url) as first, Store.open(url) as second, first.begin() as c:
        with pytest.raises(StorageError, match=r"s\.sqlite: database is locked"), second.begin():
            pytest.fail("the second writer got in")
        captures.add(c, [new_capture(1)])


def test_a_full_disk_is_told_and_what_was_committed_stays(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/s.sqlite") as store:
        with store.begin() as c:
            captures.add(c, [new_capture(1)])
        with store.reading() as c:
            pages = c.exec_driver_sql("PRAGMA page_count").scalar_one()
            c.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}")
        with pytest.raises(StorageError, match=r"sqlite:///.*s\.sqlite: database or disk is full"), store.begin() as c:
            captures.add(c, [new_capture(n) for n in range(2, 500)])
        with store.begin() as c:
            assert list(captures.all(c)) == [new_capture(1)]


def test_an_error_of_the_caller_is_left_as_it_is(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.begin():
        1 / 0  # noqa: B018


def test_a_file_that_is_no_database_is_told_by_name(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    path.write_bytes(b"no database at all\n" * 100)
    with pytest.raises(StorageError, match=r"s\.sqlite: file is not a database"):
        Store.open(f"sqlite:///{path}")


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="unable to open database file"):
        Store.open(f"sqlite:///{tmp_path}/nowhere/s.sqlite")


def test_a_server_that_does_not_answer_is_told_without_its_password(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(StorageError) as caught:
        Store.open(f"postgresql+psycopg://me:secret@/news?host={tmp_path}")
    assert "me:***@" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "is no database URL"),
        ("output/store.sqlite", "is no database URL"),
        ("//me:secret@host", "is no database URL"),
        ("postgresql://me:secret@host:port/news", "is no database URL"),
        ("mysql://me:secret@host/news", "not in 'mysql'"),
        ("sqlite+aiosqlite://", "not in 'sqlite\\+aiosqlite'"),
        ("postgresql+psycopg2://me:secret@host/news", "not in 'postgresql\\+psycopg2'"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_its_password(url: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        Store.open(url)
    assert "secret" not in str(caught.value)


def test_a_missing_driver_is_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = builtins.__import__

    def without(name: str, *arguments: Any) -> Any:
        if name.split(".")[0] == "psycopg":
            raise ModuleNotFoundError("No module named 'psycopg'", name="psycopg")
        return usual(name, *arguments)

    for name in [name for name in sys.modules if name.split(".")[0] == "psycopg"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigError, match=r"pip install 'newscrawl\[postgres\]'"):
        Store.open("postgresql://me:secret@host/news")


def test_the_short_name_of_postgresql_means_the_driver_that_is_there(postgres: Any) -> None:
    url = postgres.new_database().replace("postgresql+psycopg", "postgresql")
    with Store.open(url) as store, store.begin() as c:
        assert c.dialect.driver == "psycopg"


def test_a_connection_that_was_lost_is_made_again(postgres: Any) -> None:
    url = postgres.new_database()
    with Store.open(url) as store, Store.open(url) as other:
        with store.begin() as c:
            number = c.execute(text("select pg_backend_pid()")).scalar_one()
        with other.begin() as c:
            c.execute(text("select pg_terminate_backend(:pid)"), {"pid": number})
        with pytest.raises(StorageError), store.begin() as c:
            captures.add(c, [new_capture(1)])
        with store.begin() as c:
            captures.add(c, [new_capture(1)])


def test_a_lease_is_found_by_the_queue_alone(tmp_path: Path) -> None:
    """The indexes of the queue hold no settled row, and the statements use them."""
    with Store.open(f"sqlite:///{tmp_path}/s.sqlite") as store, store.begin() as c:
        used = _plans(c)
        tables = c.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE name IN ('urls_queued', 'urls_leased')")
        conditions = {name: sql.partition(" WHERE ")[2] for name, sql in tables}
    assert conditions == {"urls_queued": "state = 'queued'", "urls_leased": "state = 'leased'"}
    assert [line.split(" (")[0] for line in used if " urls " in line] == [
        "SEARCH urls USING INDEX urls_queued",
        "SEARCH urls USING INDEX urls_leased",
        "SEARCH urls USING INDEX urls_queued",
    ]


def _plans(c: Any) -> list[str]:
    from newscrawl.store import frontier_sql

    lines = []
    for statement in (frontier_sql.NEXT, frontier_sql.EXPIRED_HOSTS, frontier_sql.CANDIDATES, frontier_sql.DRY):
        # A list of values is written out only when it is known.
        sql = str(statement.compile(dialect=c.dialect)).replace("(__[POSTCOMPILE_b_outside])", "(?)")
        lines += [row[3] for row in c.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", (0,) * sql.count("?"))]
    return lines


def test_a_missing_server_skips_by_hand_and_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no server"):
        missing("no server")
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="no server"):
        missing("no server")

"""One database, one connection: SQLite in a file or in memory, or PostgreSQL, by URL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from newscrawl.exceptions import ConfigError, StorageError
from newscrawl.store.migrations import migrate

BUSY_TIMEOUT_S = 30.0
"""How long SQLite waits for another process that writes."""

CONNECT_TIMEOUT_S = 10
"""How long to wait for a database server that does not answer."""

_READING = "newscrawl_reading"


class Store:
    """The database of a crawl. Not shared between threads that run at the same time."""

    def __init__(self, engine: Engine, connection: Connection) -> None:
        """Use :meth:`open`."""
        self._engine = engine
        self._connection = connection
        self.name = engine.url.render_as_string(hide_password=True)
        """The URL without its password, for messages."""

    @classmethod
    def open(cls, url: str) -> Self:
        """Connect to *url* and bring its tables up to date.

        *url* is ``sqlite:////abs/path``, ``sqlite://`` (in memory) or ``postgresql+psycopg://user@host/name``. Raises
        :exc:`ConfigError` for a URL that cannot be used, a driver that is missing and a database of a newer newscrawl,
        :exc:`StorageError` when the database does not answer.
        """
        engine = _engine(url)
        name = engine.url.render_as_string(hide_password=True)
        with _as_storage_error(name):
            connection = engine.connect()
        store = cls(engine, connection)
        try:
            store._migrate()
        except BaseException:
            store.close()
            raise
        return store

    def _migrate(self) -> None:
        try:
            try:
                with self._connection.begin():
                    migrate(self._connection)
            except DBAPIError:
                # Another worker may have made the tables between our look and our making them.
                with _as_storage_error(self.name), self._connection.begin():
                    migrate(self._connection)
        except ConfigError as error:
            raise ConfigError(f"{self.name}: {error}") from None

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Run one transaction: committed at the end, rolled back when an exception leaves the block.

        Raises :exc:`StorageError` when the database fails; then nothing of the transaction is kept.
        """
        with _as_storage_error(self.name), self._connection.begin():
            yield self._connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Run one transaction that only reads; on SQLite it keeps no crawl from writing, however long it takes."""
        self._connection.info[_READING] = True
        try:
            with self.begin() as connection:
                yield connection
        finally:
            self._connection.info[_READING] = False

    def close(self) -> None:
        """Close the connection; a transaction that is open is rolled back. Once is enough."""
        with _as_storage_error(self.name):
            self._connection.close()
            self._engine.dispose()

    def __enter__(self) -> Self:
        """Return the store; it is closed at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the store."""
        self.close()


@contextmanager
def _as_storage_error(name: str) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        cause = " ".join(str(error.orig).split())
        raise StorageError(f"store {name}: {cause}; everything committed before is safe") from error


def _engine(text: str) -> Engine:
    url = _url(text)
    try:
        # One connection for the whole life of the store: a pool would only stand between.
        engine = create_engine(url, poolclass=NullPool, connect_args=_connect_args(url))
    except NoSuchModuleError:
        raise ConfigError(f"NEWSCRAWL_STORE_URL: {url.drivername!r} is no driver that newscrawl knows") from None
    except ImportError as error:
        raise ConfigError(
            f"NEWSCRAWL_STORE_URL: the driver for {url.drivername!r} cannot be loaded ({error}); "
            "install it with: pip install 'newscrawl[postgres]'"
        ) from error
    except (ArgumentError, TypeError, ValueError) as error:
        raise ConfigError(f"NEWSCRAWL_STORE_URL: {error}") from None
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _url(text: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        # The message of SQLAlchemy repeats the URL, with its password.
        raise ConfigError(
            "NEWSCRAWL_STORE_URL: is no database URL; write sqlite:////folder/store.sqlite "
            "or postgresql+psycopg://user:password@host/name"
        ) from None
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg"):
        raise ConfigError(
            f"NEWSCRAWL_STORE_URL: newscrawl keeps its store in sqlite or postgresql+psycopg, not in {url.drivername!r}"
        )
    return url


def _connect_args(url: URL) -> dict[str, Any]:
    if url.get_backend_name() == "sqlite":
        # The ledger may commit in another thread than the one that opened the store, never in two at once.
        return {"timeout": BUSY_TIMEOUT_S, "check_same_thread": False}
    given = {"connect_timeout": CONNECT_TIMEOUT_S, "application_name": "newscrawl"}
    return {key: value for key, value in given.items() if key not in url.query}


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # Python's driver would begin a transaction by itself, late and without the lock.
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        # WAL: readers do not wait. FULL: a commit is on the disk when it returns.
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA cache_size=-32768")
    finally:
        cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    if connection.info.get(_READING):
        # It takes no lock, so it cannot fail; by SQLAlchemy it would take half the time of a look-up.
        connection.connection.cursor().execute("BEGIN")
        return
    # With the lock from the start, a transaction cannot fail in its midst because another process writes.
    connection.exec_driver_sql("BEGIN IMMEDIATE")

"""Databases for tests: a SQLite file, and a PostgreSQL cluster that lives as long as the test session."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

from newscrawl.store import frontier
from newscrawl.store.articles import NewArticle
from newscrawl.store.captures import NewCapture
from newscrawl.store.frontier import NewUrl

DATABASES = ("sqlite", "postgresql")

CONFIG = """
listen_addresses = ''
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
shared_buffers = 16MB
max_connections = 40
deadlock_timeout = 100ms
lock_timeout = 20s
lc_messages = 'C'
"""


class Cluster:
    """A PostgreSQL server on a Unix socket in a folder of its own; it trusts everyone who can reach the socket."""

    def __init__(self, programs: Path) -> None:
        self.programs = programs
        # Not below pytest's folder: the server runs as another user, and a socket's path is short.
        self.folder = Path(tempfile.mkdtemp(prefix="newscrawl-pg-"))
        self.user = server_user()
        if self.user is not None:
            shutil.chown(self.folder, self.user, pwd.getpwnam(self.user).pw_gid)
        self.folder.chmod(0o755)
        self._serial = itertools.count(1)

    def start(self) -> None:
        self.run("initdb", "-D", "data", "-U", "newscrawl", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        with (self.folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(f"{CONFIG}unix_socket_directories = '{self.folder}'\n")
        self.run("pg_ctl", "-D", "data", "-l", "log", "-w", "-t", "60", "start")

    def stop(self) -> None:
        try:
            if (self.folder / "data" / "postmaster.pid").exists():
                self.run("pg_ctl", "-D", "data", "-m", "immediate", "-w", "stop")
        finally:
            shutil.rmtree(self.folder)

    def run(self, program: str, *arguments: str) -> None:
        account: dict[str, Any] = {}
        if self.user is not None:
            account = {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid, "extra_groups": []}
        done = subprocess.run(
            [str(self.programs / program), *arguments],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            # A server that is started keeps these open: with a pipe there would be no end to wait for.
            stdout=subprocess.DEVNULL if program == "pg_ctl" else subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            **account,
        )
        if done.returncode:
            log = self.folder / "log"
            said = (done.stdout or b"").decode() + (log.read_text(encoding="utf-8") if log.exists() else "")
            raise RuntimeError(f"{program} ended with {done.returncode}: {said}")

    def new_database(self) -> str:
        """Return the URL of a place without tables: a schema, which costs a thousandth of a database."""
        import psycopg

        name = f"test{next(self._serial)}"
        with psycopg.connect(host=str(self.folder), user="newscrawl", dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}".encode())
        return f"postgresql+psycopg://newscrawl@/postgres?host={self.folder}&options=-csearch_path%3D{name}"


def server_user() -> str | None:
    """Return the account that the server has to run as: it refuses to run as root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


def programs() -> Path | None:
    """Return the folder with PostgreSQL's server programs."""
    needed = ("initdb", "pg_ctl", "postgres")
    found = [Path(folder) for folder in os.environ["PATH"].split(os.pathsep)]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in found if all((folder / name).is_file() for name in needed)), None)


def missing(what: str) -> NoReturn:
    """Skip the test, but fail where everything has to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what}; in CI nothing is left out")
    pytest.skip(what)


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Start a cluster and stop it at the end; skips when PostgreSQL or its driver is not installed."""
    folder = programs()
    if folder is None:
        missing("PostgreSQL's programs (initdb, pg_ctl, postgres) are not installed")
    try:
        import psycopg  # noqa: F401
    except ImportError:
        missing("psycopg is not installed")
    cluster = Cluster(folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


def new_url(number: int, host: str = "a.test", **changes: Any) -> NewUrl:
    values: dict[str, Any] = {
        "fingerprint": number.to_bytes(20, "big"),
        "url": f"https://{host}/{number}",
        "host": host,
        "kind": "page",
        "priority": 0,
        "ready_at": 0.0,
        "round": 1,
        "request": f'{{"number": {number}}}',
    }
    return NewUrl(**{**values, **changes})


def take(
    connection: Any, owner: str = "one", *, now: float = 1.0, limit: int = 100, **changes: Any
) -> list[frontier.Lease]:
    settings: dict[str, Any] = {"until": now + 60, "per_host": 100, **changes}
    return frontier.lease(connection, owner, now=now, limit=limit, **settings)


def new_capture(number: int, **changes: Any) -> NewCapture:
    values: dict[str, Any] = {
        "record_id": f"urn:uuid:{number:032x}",
        "kind": "page",
        "url": f"https://a.test/{number}",
        "url_key": f"a.test/{number}",
        "fetched_at": float(number),
        "status": 200,
        "mime": "text/html",
        "payload_sha256": f"{number:064x}",
        "payload_length": 1000,
        "warc": "warc/a-00001.warc.gz",
        "offset": number * 100,
        "length": 100,
        "revisit_of": None,
        "truncated": None,
        "date": "2023-03-22T08:15:00Z",
    }
    return NewCapture(**{**values, **changes})


def new_article(number: int, **changes: Any) -> NewArticle:
    values: dict[str, Any] = {
        "id": f"{number:064x}",
        "version": 1,
        "url_key": f"a.test/{number}",
        "url": f"https://a.test/{number}",
        "site": "a.test",
        "spider": "news",
        "run_id": "run-1",
        "text_digest": f"{number:064x}",
        "record_id": f"urn:uuid:{number:032x}",
        "snapshot_path": None,
        "snapshot_sha256": None,
        "date_published": "2023-03-21",
        "in_language": "zh-Hans",
        "file": "articles/news-00001.jsonl",
        "offset": number * 10,
        "length": 10,
        "row": f'{{"headline": "台湾 {number}"}}\n'.encode(),
        "committed_at": float(number),
    }
    return NewArticle(**{**values, **changes})

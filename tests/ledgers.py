"""Ledgers for tests: opened, filled, killed, and looked into from outside."""

from __future__ import annotations

import errno
import io
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from newscrawl.archive.replay import ReplaySet
from newscrawl.archive.wire import WireExchange
from newscrawl.fingerprint import sha256_hex
from newscrawl.items import Article
from newscrawl.ledger import Keeping, Ledger
from newscrawl.store import Store
from newscrawl.store.frontier import NewUrl

STAMP = "20230322T081500000Z"
NEXT_STAMP = "20230323T000000000Z"
STARTED_AT = datetime(2023, 3, 22, 8, 15, 0, 123_000, tzinfo=UTC)
URL = "https://news.example/1.html"


class Clock:
    """A clock that somebody sets."""

    def __init__(self, now: float = 1_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Thing:
    """Something that can be referred to weakly, as a request or a crawler can."""


def opened(
    folder: Path | None,
    *,
    stamp: str = STAMP,
    replay: ReplaySet | None = None,
    clock: Clock | None = None,
    **keeping: Any,
) -> Ledger:
    """An open ledger; *keeping* are fields of its :class:`Keeping`."""
    ledger = Ledger(
        folder,
        name="news",
        run_id=f"{stamp}-1",
        stamp=stamp,
        replay=replay,
        keeping=Keeping(**keeping),
        clock=clock or Clock(),
    )
    ledger.open()
    return ledger


def killed(ledger: Ledger) -> None:
    """Leave files, store and lock as a process does that is killed."""
    ledger.files.abandon()
    ledger._release()
    ledger._closed = True


def ended(ledger: Ledger, reason: str = "finished") -> None:
    """Close *ledger* as a crawl does that ended for *reason*."""
    ledger.reason = reason
    ledger.close(datetime(2023, 3, 22, 8, 20, tzinfo=UTC))


def article(number: int = 1, **values: Any) -> Article:
    """An article of its own text; *values* win."""
    found = Article(
        id=sha256_hex(f"{number}".encode()),
        url=f"https://news.example/{number}.html",
        url_key=f"https://news.example/{number}.html",
        site="news.example",
        headline=f"headline {number}",
        article_body=f"body {number}",
    )
    for name, value in values.items():
        setattr(found, name, value)
    return found


def line_of(number: int) -> bytes:
    """The row that :func:`keep` writes for an article: always ten bytes."""
    return json.dumps({"n": number}).encode().ljust(9) + b"\n"


def keep(ledger: Ledger, *numbers: int) -> None:
    """Write a row for each number."""
    for number in numbers:
        ledger.write_row(article(number), line_of(number))


def wire(url: str = URL, body: bytes = b"<p>x", status: int = 200, **values: Any) -> WireExchange:
    """An exchange; *values* win."""
    path = "/" + url.split("/", 3)[3]
    fields: dict[str, Any] = {
        "url": url,
        "method": "GET",
        "started_at": STARTED_AT,
        "elapsed_ms": 5,
        "ip_address": "127.0.0.1",
        "request": f"GET {path} HTTP/1.1\r\nHost: news.example\r\n\r\n".encode(),
        "head": f"HTTP/1.1 {status} X\r\nContent-Type: Text/HTML; charset=utf-8\r\n\r\n".encode(),
        "body": body,
    }
    return WireExchange(**{**fields, **values})


def new_url(number: int, host: str = "news.example", **values: Any) -> NewUrl:
    """A URL for the frontier; *values* win."""
    fields: dict[str, Any] = {
        "fingerprint": f"{host} {number}".encode().ljust(20)[:20],
        "url": f"https://{host}/{number}",
        "host": host,
        "kind": "page",
        "priority": 0,
        "ready_at": 0.0,
        "round": 1,
        "request": "{}",
    }
    return NewUrl(**{**fields, **values})


def files_of(folder: Path, *, store: bool = False) -> list[str]:
    """Names of all files below *folder*, without those of the database."""
    names = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
    return sorted(name for name in names if store or not name.startswith("store.sqlite"))


def store_of(folder: Path) -> Store:
    """The store of *folder*, as another process reads it."""
    return Store.open(f"sqlite:///{folder / 'store.sqlite'}")


def tree(folder: Path, **files: bytes) -> None:
    """Write *files* below *folder*, each named with ``__`` for ``/`` and ``_`` for ``.``."""
    for name, data in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def fill_up(monkeypatch: pytest.MonkeyPatch, room: int, *, cut: bool = True) -> None:
    """Let every unbuffered file that is made from now on take *room* bytes, as on a full disk."""

    class FullFile(io.FileIO):
        def write(self, data: Any) -> int:
            left = room - self.tell()
            if left <= 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write(bytes(data)[:left]) or 0

        def truncate(self, size: int | None = None) -> int:
            if not cut:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return super().truncate(size)

    monkeypatch.setattr(Path, "open", lambda path, mode, buffering: FullFile(path, mode) if not buffering else None)

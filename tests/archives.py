"""A small output folder as a crawl leaves it: made with the ledger itself, without a crawl."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from newscrawl.archive.snapshot import snapshot_ref
from newscrawl.archive.wire import WireExchange
from newscrawl.exporters import json_line
from newscrawl.items import FIELDS, Article
from newscrawl.ledger import Keeping, Ledger
from newscrawl.store import Store
from newscrawl.urls import url_key

MORNING = datetime(2024, 5, 1, 8, 0, tzinfo=UTC)
STAMP = "20240501T080000000Z"
HOST = "news.example"


def page(number: int) -> bytes:
    """Return the body of a page; long enough that a second one like it becomes a revisit."""
    return f"<html><body><h1>第{number}篇</h1>{'<p>图书馆 library</p>' * 40}</body></html>".encode()


def url(number: int) -> str:
    return f"http://{HOST}/{number}.html"


class Asked:
    """Stands for a request: something that can be referred to weakly."""


@dataclass
class Clock:
    """A clock that goes on by a second a look."""

    now: float = MORNING.timestamp()

    def __call__(self) -> float:
        self.now += 1
        return self.now


@dataclass
class Output:
    """An output folder that is being filled."""

    folder: Path
    keeping: Keeping = field(default_factory=lambda: Keeping(warc_info={"software": "newscrawl"}))
    clock: Clock = field(default_factory=Clock)
    stamp: str = STAMP

    def __post_init__(self) -> None:
        self.ledger = Ledger(
            self.folder, name="news", run_id=f"{self.stamp}-1", stamp=self.stamp, keeping=self.keeping, clock=self.clock
        )
        self.ledger.open()

    def answer(self, address: str, body: bytes, *, kind: str = "page", **changes: Any) -> Any:
        """Archive an answer; return what the ledger knows of it."""
        status, extra = changes.pop("status", "200 OK"), changes.pop("extra", b"")
        started = MORNING + timedelta(seconds=int(self.clock() - MORNING.timestamp()))
        values: dict[str, Any] = {
            "url": address,
            "method": "GET",
            "started_at": started,
            "elapsed_ms": 12,
            "ip_address": "127.0.0.1",
            "request": f"GET {address} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode(),
            "head": f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\n".encode()
            + extra
            + b"Content-Length: %d\r\n\r\n" % len(body),
            "body": body,
            **changes,
        }
        request = Asked()
        notes = {"newscrawl-how": "start", "newscrawl-asked": address, "hopsFromSeed": "0"}
        self.ledger.keep_exchange(request, WireExchange(**values), kind=kind, notes=notes)
        return self.ledger.exchange(request)

    def article(self, address: str, body: bytes, *, version: int = 1, coded: bool = False, **changes: Any) -> Article:
        """Archive a page and keep the row and the snapshot that were read from it."""
        sent = gzip.compress(body, mtime=0) if coded else body
        exchange = self.answer(address, sent, extra=b"Content-Encoding: gzip\r\n" if coded else b"")
        key = url_key(address)
        article = Article(
            id=f"{hash_of(key)}", url_key=key, url=address, requested_url=address, site=HOST, version=version
        )
        article.headline = changes.pop("headline", body[:60].decode("utf-8", "ignore"))
        article.article_body = changes.pop("text", body.decode())
        article.fetched_at = exchange.fetched_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        article.run_id = self.ledger.run_id
        article.capture = exchange.ref
        article.snapshot = snapshot_ref(body, HOST, exchange.fetched_at)
        for name, value in changes.items():
            setattr(article, name, value)
        self.ledger.write_snapshot(article.snapshot, body)
        self.ledger.write_row(article, json_line({name: getattr(article, name) for name in FIELDS}))
        return article

    def close(self) -> Path:
        """End the run."""
        self.ledger.reason = "finished"
        self.ledger.close(datetime.fromtimestamp(self.clock(), UTC))
        assert self.ledger.failure is None, self.ledger.failure
        return self.folder

    def die(self) -> Path:
        """Leave everything as a killed process does."""
        self.ledger.files.abandon()
        self.ledger.store.close()
        self.ledger._release()
        return self.folder


def hash_of(key: str) -> str:
    import hashlib

    return hashlib.sha256(key.encode()).hexdigest()


def small(folder: Path, more: Callable[[Output], None] | None = None) -> Path:
    """Write an output folder with three articles, one of them gzip-coded, a revisit, a 304, an error, a rejected item."""
    output = Output(folder)
    for number in range(3):
        output.article(url(number), page(number), coded=number == 1)
    output.article("http://other.example/copy", page(0))
    output.answer(url(0), b"", status="304 Not Modified")
    output.answer(url(9), b"gone", status="404 Not Found")
    output.answer("http://dead.example/", b"", head=b"", error="ConnectionRefusedError: refused")
    output.answer(f"http://{HOST}/robots.txt", b"User-agent: *\n", kind="robots")
    output.ledger.write_rejected({"reasons": ["headline: missing"], "item": {"url": url(9)}})
    if more is not None:
        more(output)
    return output.close()


def store_of(folder: Path) -> Store:
    return Store.open(f"sqlite:///{folder.resolve()}/store.sqlite")


def rows_of(folder: Path) -> list[dict[str, Any]]:
    paths = sorted((folder / "articles").glob("*.jsonl"))
    return [json.loads(line) for path in paths for line in path.read_bytes().splitlines()]

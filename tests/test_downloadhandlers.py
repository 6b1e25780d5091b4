"""Download handlers: what the wire handler hands over is, byte for byte, what a server sent and logged."""

from __future__ import annotations

import gzip
import json
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oddserver import Answer, OddServer, make_certificate
from scrapy import Request, Spider
from scrapy.core.downloader.handlers import http11
from scrapy.crawler import Crawler
from scrapy.http import Headers, TextResponse
from scrapy.utils.test import get_crawler
from twisted.web import client

from newscrawl.archive.wire import WireExchange, dechunked, masked
from newscrawl.downloadhandlers import ReplayDownloadHandler, WireDownloadHandler, scrapy_faults, wire
from newscrawl.downloadhandlers.recorder import MAX_HEAD, MAX_HEAD_LINES, Recorder
from newscrawl.ledger import bind_ledger

NOON = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)
PAGE = "<html><body><p>早安 news</p></body></html>".encode() * 40
PACKED = gzip.compress(PAGE, mtime=0)
OK = b"HTTP/1.1 200 OK\r\n"


def sized(body: bytes, first: bytes = OK, *fields: bytes) -> bytes:
    return first + b"".join(fields) + b"Content-Length: %d\r\n\r\n" % len(body) + body


def in_chunks(body: bytes, *sizes: int, extension: bytes = b"", trailer: bytes = b"") -> bytes:
    framed, at = b"", 0
    for size in (*sizes, len(body) - sum(sizes)):
        framed += b"%X%b\r\n%b\r\n" % (size, extension, body[at : at + size])
        at += size
    return framed + b"0%b\r\n%b\r\n" % (extension, trailer)


CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@dataclass(frozen=True)
class Case:
    """An answer and what must be on record of it."""

    sent: tuple[bytes, ...]
    outcome: int | str = 200
    """Status that Scrapy sees, or the class of the error."""
    then: Any = "close"
    body: bytes | None = None
    """What is kept of a chunked body; None: all that was sent, as it was sent."""
    extra: bytes = b""
    """What was sent and belongs to no response."""
    interim: bytes = b""
    trailer: bytes = b""
    headless: bool = False
    truncated: str | None = None
    error: str | None = None
    request: dict[str, Any] = field(default_factory=dict)

    @property
    def wire(self) -> bytes:
        return b"".join(self.sent)


def case(*sent: bytes, **more: Any) -> Case:
    return Case(sent, **more)


LOSS = {"outcome": "ResponseDataLossError", "truncated": "disconnect", "error": "ResponseDataLossError"}
FAILED = {"outcome": "DownloadFailedError", "truncated": "disconnect", "error": "DownloadFailedError: "}
CANCELLED = {"outcome": "DownloadCancelledError", "truncated": "length", "error": "DownloadCancelledError: "}
SLOW = {
    "outcome": "DownloadTimeoutError",
    "error": "DownloadTimeoutError: Getting ",
    "request": {"meta": {"download_timeout": 0.5}},
}
SMALL = {"meta": {"download_maxsize": 1000}}
EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"

CASES: dict[str, Case] = {
    "plain": case(sized(PAGE)),
    "repeated-headers": case(sized(b"x", OK, b"Via: a\r\n", b"X-A: 1\r\n", b"Via: b\r\n", b"via: c\r\n")),
    "header-case": case(sized(b"x", OK, b"eTaG: W/\"1\"\r\n", b"DATE: now\r\n", b"x-PoWeReD-bY: y\r\n", b"X-Empty:\r\n")),
    "header-spaces": case(OK + b"X-A:no space\r\nX-B:   three\t\r\nContent-Length:   1  \r\n\r\nx"),
    "no-colon": case(sized(b"x", OK, b"this is no header\r\n", b"X-A: 1\r\n")),
    "folded": case(sized(b"x", OK, b"X-Long: one\r\n two\r\n\tthree\r\n")),
    "bare-lf": case(b"HTTP/1.1 200 OK\nX-A: 1\nContent-Length: 5\n\nhello"),
    "mixed-ends": case(b"HTTP/1.1 200 OK\nX-A: 1\r\nContent-Length: 5\n\r\nhello"),
    "no-reason": case(sized(b"x", b"HTTP/1.1 200\r\n")),
    "empty-reason": case(sized(b"x", b"HTTP/1.1 200 \r\n")),
    "odd-reason": case(sized(b"x", "HTTP/1.1 200 Okey-Dokey, très  bien ✓\r\n".encode())),
    "http-1.0": case(b"HTTP/1.0 200 OK\r\nServer: old\r\n\r\n", PAGE),
    "http-1.0-broken": case(b"HTTP/1.0 200 OK\r\n\r\n", PAGE, then="reset", truncated="disconnect"),
    "no-length": case(OK + b"\r\n" + PAGE),
    "lower-version": case(sized(b"x", b"http/1.1 200 ok\r\n")),
    "chunked": case(CHUNKED + in_chunks(PAGE, 1, 100), body=PAGE),
    "chunked-pieces": case(CHUNKED, b"3", b"\r", b"\nab", b"c\r\n0\r\n", b"\r\n", body=b"abc"),
    "chunked-extensions": case(CHUNKED + in_chunks(PAGE, 7, extension=b';name="va;lue"'), body=PAGE),
    "chunked-trailers": case(
        CHUNKED + in_chunks(PAGE, trailer=b"Expires: 0\r\nX-Sum: 1\r\n"), body=PAGE, trailer=b"Expires: 0\r\nX-Sum: 1\r\n"
    ),
    "chunked-odd-sizes": case(CHUNKED + b"0003\r\nabc\r\n00000A\r\n0123456789\r\n000\r\n\r\n", body=b"abc0123456789"),
    "chunked-and-length": case(OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n" + in_chunks(PAGE), body=PAGE),
    "chunked-cut": case(CHUNKED + b"3\r\nabc\r\n10\r\n0123", body=b"abc0123", **LOSS),
    "chunked-no-end": case(CHUNKED + b"3\r\nabc\r\n", body=b"abc", **LOSS),
    "chunked-cut-kept": case(
        CHUNKED + b"3\r\nabc\r\n", body=b"abc", truncated="disconnect", request={"meta": {"download_fail_on_dataloss": False}}
    ),
    "chunked-bad": case(CHUNKED + b"3\r\nabc\r\nno chunk\r\nxyz", body=b"abcno chunk\r\nxyz", **LOSS),
    "chunked-false": case(CHUNKED + b"<p>no chunk at all</p>\r\n", body=b"<p>no chunk at all</p>\r\n", **LOSS),
    "chunked-extra": case(CHUNKED + in_chunks(b"abc") + b"more", body=b"abc"),
    "gzip": case(sized(PACKED, OK, b"Content-Encoding: gzip\r\n")),
    "gzip-chunked": case(
        OK + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + in_chunks(PACKED, 3, 20), body=PACKED
    ),
    "false-brotli": case(sized(b"\x8b\x00 this is no brotli", OK, b"Content-Encoding: br\r\n")),
    "other-coding": case(OK + b"Transfer-Encoding: gzip\r\n\r\n" + PACKED, **FAILED),
    "no-content": case(b"HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n", outcome=204),
    "not-modified": case(b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nContent-Length: 99\r\n\r\n', outcome=304),
    "moved": case(sized(b"gone there", b"HTTP/1.1 301 Moved\r\n", b"Location: /plain\r\n"), outcome=301),
    "missing": case(sized(PAGE, b"HTTP/1.1 404 Nope\r\n"), outcome=404),
    "broken": case(sized(b"oh", b"HTTP/1.1 500 Oh\r\n"), outcome=500),
    "status-999": case(sized(b"go away", b"HTTP/1.1 999 Request denied\r\n"), outcome=999),
    "empty": case(sized(b"")),
    "too-long-a-length": case(OK + b"Content-Length: 100\r\n\r\nshort", **LOSS),
    "too-short-a-length": case(OK + b"Content-Length: 5\r\n\r\nhello, world", extra=b", world"),
    "length-twice": case(OK + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
    "lengths-differ": case(OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", **FAILED),
    "length-no-number": case(OK + b"Content-Length: five\r\n\r\nhello", **FAILED),
    "early-hints": case(EARLY + sized(b"x"), interim=EARLY),
    "early-hints-pieces": case(EARLY, EARLY[:20], EARLY[20:] + OK, b"Content-Length: 1\r\n\r", b"\nx", interim=EARLY + EARLY),
    "continue": case(
        b"HTTP/1.1 100 Continue\r\n\r\n" + sized(b"thanks"),
        interim=b"HTTP/1.1 100 Continue\r\n\r\n",
        request={"method": "POST", "body": "q=早", "headers": {"Expect": "100-continue"}},
    ),
    "huge-header": case(sized(b"x", OK, b"X-Huge: " + b"h" * 15_000 + b"\r\n")),
    "many-headers": case(sized(b"x", OK, *(b"X-%d: %b\r\n" % (n, b"v" * 200) for n in range(1500)))),
    "endless-header": case(OK + b"X-Huge: " + b"h" * 40_000 + b"\r\n\r\n", **FAILED),
    "raw-bytes": case(sized(b"x", OK, b"X-Latin: caf\xe9\r\n", "X-Utf8: 早安\r\n".encode(), b"X-Ctl: a\x01\x7fb\r\n")),
    "cookies": case(sized(b"x", OK, b"Set-Cookie: a=1; Path=/\r\n", b"Set-Cookie: b=2; HttpOnly\r\n")),
    "cut-after-head": case(OK + b"Content-Length: 10\r\n\r\n", **LOSS),
    "cut-in-head": case(OK + b"X-A: 1\r\nX-B", **FAILED),
    "reset-after-head": case(OK + b"Content-Length: 10\r\n\r\n", then="reset", **LOSS),
    "nothing": case(headless=True, **{**FAILED, "truncated": None}),
    "reset": case(then="reset", headless=True, **{**FAILED, "truncated": None}),
    "no-http": case(b"SSH-2.0-OpenSSH_9.7\r\n", interim=b"SSH-2.0-OpenSSH_9.7\r\n", headless=True, **{**FAILED, "truncated": None}),
    "icy": case(b"ICY 200 OK\r\nicy-name: x\r\n\r\nMP3", interim=b"ICY 200 OK\r\nicy-name: x\r\n\r\nMP3", headless=True, **{**FAILED, "truncated": None}),
    "stalls": case(then="stall", headless=True, **SLOW),
    "stalls-in-head": case(OK + b"X-A: 1\r\n", then="stall", truncated="time", **SLOW),
    "stalls-in-body": case(OK + b"Content-Length: 100\r\n\r\nhello", then="stall", truncated="time", **SLOW),
    "stalls-in-chunks": case(CHUNKED + b"3\r\nabc\r\n", then="stall", body=b"abc", truncated="time", **SLOW),
    "no-length-stalls": case(OK + b"\r\nhello", then="stall", truncated="time", **SLOW),
    "as-long-as-may-be": case(sized(b"x" * 1000), request=SMALL),
    "head": case(OK + b"Content-Length: 4000\r\n\r\n", request={"method": "HEAD"}),
    "head-with-body": case(sized(b"ignored"), extra=b"ignored", request={"method": "HEAD"}),
    "post": case(sized(b"thanks"), request={"method": "POST", "body": "q=早&x=\r\n\r\n", "headers": {"X-Mine": "1"}}),
    "secrets": case(sized(b"x"), request={"headers": {"Authorization": "Basic c2VjcmV0", "cookie": "s=1", "X-Kept": "1"}}),
}  # fmt: skip


@dataclass
class Crawled:
    """What the child process reported."""

    exchanges: list[dict[str, Any]]
    events: list[list[str]]
    outcomes: list[dict[str, Any]]
    log: str

    def of(self, url: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return exchange and outcome of *url*, texts that stand for bytes as bytes."""
        (exchange,) = [found for found in self.exchanges if found["url"] == url]
        (outcome,) = [found for found in self.outcomes if found["url"] == url]
        names = ("request", "head", "body", "interim", "trailer")
        return {**exchange, **{name: exchange[name].encode("latin-1") for name in names}}, outcome


def crawl(folder: Path, steps: list[Any], *, environment: dict[str, str] | None = None, **plan: Any) -> Crawled:
    (folder / "plan.json").write_text(json.dumps({"steps": steps, **plan}), encoding="utf-8")
    script = Path(__file__).with_name("wirecrawl.py")
    process = subprocess.run(
        [sys.executable, "-W", "error", str(script), str(folder / "plan.json"), str(folder / "result.json")],
        env={**os.environ, "PYTHONUTF8": "1", **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    return Crawled(**result, log=process.stderr)


def one_by_one(server: OddServer, names: Iterable[str]) -> list[Any]:
    """Return the steps that ask for each case by itself, over a connection of its own.

    The server closes connections without a word before, and a request may go out on one before that is known. Another
    address of this end means another connection.
    """
    steps = []
    for number, name in enumerate(names, start=1):
        request = CASES[name].request
        meta = {**request.get("meta", {}), "bindaddress": f"127.0.0.{number}"}
        steps.append([{"url": server.url(f"/{name}"), **request, "meta": meta}])
    return steps


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> tuple[OddServer, Crawled]:
    answers = {f"/{name}": Answer(*case.sent, then=case.then) for name, case in CASES.items()}
    with OddServer(answers) as server:
        return server, crawl(tmp_path_factory.mktemp("odd"), one_by_one(server, CASES))


@pytest.mark.parametrize("name", CASES)
def test_both_directions_are_kept_byte_for_byte(name: str, odd: tuple[OddServer, Crawled]) -> None:
    server, crawled = odd
    expected = CASES[name]
    exchange, outcome = crawled.of(server.url(f"/{name}"))
    (logged,) = server.log[f"/{name}"]

    assert exchange["request"] == masked(logged.received)
    kept = exchange["interim"] + exchange["head"]
    assert exchange["interim"] == expected.interim
    assert bool(exchange["head"]) is not expected.headless
    if expected.body is None:
        # An overlong line ends the exchange before all of it was read.
        sent = logged.sent[: len(kept) + len(exchange["body"])] if name == "endless-header" else logged.sent
        assert kept + exchange["body"] + expected.extra == sent
        assert exchange["chunked"] is False
    else:
        assert logged.sent.startswith(kept)
        assert exchange["body"] == expected.body
        assert dechunked(logged.sent[len(kept) :])[:2] == (expected.body, expected.trailer)
        assert exchange["chunked"] is True
    assert exchange["trailer"] == expected.trailer
    assert outcome.get("error", outcome.get("status")) == expected.outcome
    assert exchange["truncated"] == expected.truncated
    assert (exchange["error"] or "").startswith(expected.error or "")
    assert (exchange["error"] is None) is (expected.error is None)
    if isinstance(expected.outcome, int):
        assert outcome["body"].encode("latin-1") == exchange["body"]
        assert outcome["ip_address"] == exchange["ip_address"]
    assert exchange["ip_address"] == "127.0.0.1"
    assert exchange["reconstructed"] is False


def test_each_exchange_is_handed_over_once_and_before_scrapy_goes_on(odd: tuple[OddServer, Crawled]) -> None:
    _, crawled = odd
    kept = [url for event, url in crawled.events if event == "kept"]
    assert len(kept) == len(set(kept)) == len(CASES)
    for event, url in crawled.events:
        if event != "kept":
            assert crawled.events.index(["kept", url]) < crawled.events.index([event, url])


def test_secrets_are_masked_in_what_is_handed_over(odd: tuple[OddServer, Crawled]) -> None:
    server, crawled = odd
    request = crawled.of(server.url("/secrets"))[0]["request"]
    assert b"Authorization: masked\r\n" in request
    assert b"Cookie: masked\r\n" in request
    assert b"X-Kept: 1\r\n" in request
    assert b"c2VjcmV0" in server.log["/secrets"][0].received


def test_a_chunked_body_can_have_bytes_after_it(odd: tuple[OddServer, Crawled]) -> None:
    server, crawled = odd
    assert crawled.of(server.url("/chunked-extra"))[0]["truncated"] is None


def test_a_body_above_the_limit_is_kept_as_far_as_the_limit(tmp_path: Path) -> None:
    long = b"0123456789" * 100_000
    answers = {
        "/declared": Answer(OK + b"Content-Length: 1000000\r\n\r\n", long),
        "/undeclared": Answer(OK + b"\r\n", long),
        "/chunks": Answer(CHUNKED, in_chunks(long, 10, 5000)),
    }
    with OddServer(answers) as server:
        crawled = crawl(
            tmp_path, [[{"url": server.url(path)}] for path in answers], settings={"DOWNLOAD_MAXSIZE": 7000}
        )
    for path in answers:
        exchange, outcome = crawled.of(server.url(path))
        assert outcome["error"] == "TooLargeError"
        assert exchange["error"].startswith("TooLargeError")
        assert exchange["truncated"] == "length"
        assert long.startswith(exchange["body"])
        assert len(exchange["body"]) <= 7000
        assert path == "/declared" or len(exchange["body"]) == 7000


@pytest.mark.parametrize(
    ("flood", "reason"),
    [
        (OK + b"X-More: m\r\n" * 500_000, f"the head is longer than {MAX_HEAD} bytes"),
        (EARLY * 100_000, f"the head is longer than {MAX_HEAD} bytes"),
        (OK + b"A:\r\n" * MAX_HEAD_LINES + b"\r\n", f"the head has more than {MAX_HEAD_LINES} lines"),
    ],
    ids=["fields", "interim", "lines"],
)
def test_a_head_without_end_is_not_waited_for(flood: bytes, reason: str, tmp_path: Path) -> None:
    with OddServer({"/flood": Answer(flood, then="stall")}) as server:
        crawled = crawl(tmp_path, [[{"url": server.url("/flood")}]])
        exchange, outcome = crawled.of(server.url("/flood"))
    assert outcome["error"] == "TooLargeError"
    assert exchange["error"] == f"TooLargeError: {reason}"
    assert exchange["truncated"] == ("length" if exchange["head"] else None)
    assert len(exchange["head"]) <= MAX_HEAD


@pytest.mark.parametrize("maxsize", [0, 1_000_000])
def test_no_more_is_kept_than_a_record_can_hold(
    maxsize: int, crawler: Crawler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "_MAX_BODY", 1000)
    handler = WireDownloadHandler.from_crawler(crawler)
    assert handler._maxsize(Request("http://a.example/", meta={"download_maxsize": maxsize})) == 1000
    assert handler._maxsize(Request("http://a.example/", meta={"download_maxsize": 10})) == 10


def test_a_download_that_a_signal_stops_is_truncated(tmp_path: Path) -> None:
    answers = {
        "/stop-sized": Answer(OK + b"Content-Length: 100\r\n\r\nhello", then="stall"),
        "/stop-open": Answer(OK + b"\r\nhello", then="stall"),
        "/whole": Answer(sized(b"hello")),
    }
    with OddServer(answers) as server:
        crawled = crawl(tmp_path, [[{"url": server.url(path)}] for path in answers], stop_at="/stop")
    for path, truncated in (("/stop-sized", "length"), ("/stop-open", "length"), ("/whole", None)):
        exchange, outcome = crawled.of(server.url(path))
        assert (outcome["status"], exchange["truncated"], exchange["error"]) == (200, truncated, None)
        assert exchange["body"] == b"hello"


def test_exchanges_over_one_connection_are_kept_apart(tmp_path: Path) -> None:
    paths = [f"/{number}" for number in range(6)]
    bodies = [
        sized(path.encode() * 9) if number % 2 else CHUNKED + in_chunks(path.encode() * 9, 3)
        for number, path in enumerate(paths)
    ]
    answers = {path: Answer(body, then="keep") for path, body in zip(paths, bodies, strict=True)}
    with OddServer(answers) as server:
        crawled = crawl(tmp_path, [[{"url": server.url(path)}] for path in paths])
    for path in paths:
        exchange, _ = crawled.of(server.url(path))
        (logged,) = server.log[path]
        assert logged.connection == 1
        assert exchange["request"] == logged.received
        assert exchange["body"] == path.encode() * 9


def test_many_exchanges_at_once_are_kept_apart(tmp_path: Path) -> None:
    paths = [f"/{number}" for number in range(40)]
    answers = {path: Answer(sized(path.encode() * 500), then="keep") for path in paths}
    settings = {"CONCURRENT_REQUESTS": 40, "CONCURRENT_REQUESTS_PER_DOMAIN": 8}
    with OddServer(answers) as server:
        crawled = crawl(tmp_path, [[{"url": server.url(path)} for path in paths]], settings=settings)
    for path in paths:
        exchange, _ = crawled.of(server.url(path))
        assert exchange["request"] == server.log[path][0].received
        assert exchange["head"] + exchange["body"] == server.log[path][0].sent


def test_a_request_that_is_sent_anew_on_a_fresh_connection_is_kept_as_answered(tmp_path: Path) -> None:
    answers = {"/first": Answer(sized(b"1"), then="keep"), "/again": [Answer(), Answer(sized(b"2"))]}
    with OddServer(answers) as server:
        crawled = crawl(tmp_path, [[{"url": server.url("/first")}], [{"url": server.url("/again")}]])
    exchange, outcome = crawled.of(server.url("/again"))
    dead, fresh = server.log["/again"]
    assert (dead.connection, fresh.connection) == (1, 2)
    assert exchange["request"] == fresh.received
    assert exchange["head"] + exchange["body"] == fresh.sent
    assert (outcome["status"], exchange["error"]) == (200, None)
    assert exchange["notes"] == {"newscrawl-resent": "1"}
    assert crawled.of(server.url("/first"))[0]["notes"] == {}


def test_notes_say_how_a_url_was_found(tmp_path: Path) -> None:
    found = {"how": "related", "url": "http://a.example/", "asked": "http://b.example/x"}
    paths = ("/a", "/b", "/robots.txt", "/c?q=/robots.txt")
    with OddServer({path: Answer(sized(b"x"), then="keep") for path in paths}) as server:
        steps = [
            [{"url": server.url("/a"), "meta": {"newscrawl_found": found, "depth": 3}}],
            [{"url": server.url("/b"), "meta": {"newscrawl_found": {"how": "start", "url": None, "asked": "x"}, "newscrawl_kind": "feed"}}],
            [{"url": server.url("/robots.txt"), "meta": {"newscrawl_kind": "page"}}],
            [{"url": server.url("/c?q=/robots.txt") + "#part"}],
        ]  # fmt: skip
        crawled = crawl(tmp_path, steps)
    assert [(exchange["kind"], exchange["notes"]) for exchange in crawled.exchanges] == [
        ("page", {"via": "http://a.example/", "newscrawl-how": "related", "newscrawl-asked": "http://b.example/x", "hopsFromSeed": "3"}),
        ("feed", {"newscrawl-how": "start", "newscrawl-asked": "x"}),
        ("robots", {}),
        ("page", {}),
    ]  # fmt: skip
    assert crawled.exchanges[3]["url"] == server.url("/c?q=/robots.txt")


def test_the_time_is_that_of_the_request(tmp_path: Path) -> None:
    before = datetime.now(UTC)
    with OddServer({"/": Answer(sized(b"x"))}) as server:
        crawled = crawl(tmp_path, [[{"url": server.url("/")}]])
    (exchange,) = crawled.exchanges
    assert before <= datetime.fromisoformat(exchange["started_at"]) <= datetime.now(UTC)
    assert exchange["elapsed_ms"] >= 0


def test_a_refused_connection_is_an_exchange_without_bytes(tmp_path: Path) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/"
        crawled = crawl(tmp_path, [[{"url": url}]])
    exchange, outcome = crawled.of(url)
    assert outcome["error"] == "DownloadConnectionRefusedError"
    assert exchange["error"].startswith("DownloadConnectionRefusedError: ")
    assert (exchange["request"], exchange["head"], exchange["ip_address"]) == (b"", b"", None)


@contextmanager
def deaf_port() -> Iterator[int]:
    """A port on which connections are never made: its queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        fillers = [socket.socket() for _ in range(4)]
        try:
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(listener.getsockname())
            yield listener.getsockname()[1]
        finally:
            for filler in fillers:
                filler.close()


def test_all_that_is_under_way_can_be_aborted_at_once(tmp_path: Path) -> None:
    answers = {
        "/no-head": Answer(then="stall"),
        "/in-body": Answer(OK + b"Content-Length: 100\r\n\r\nhello", then="stall"),
        "/go": [Answer(sized(b"x"), after="/no-head"), Answer(sized(b"y"))],
    }
    # The body has been seen by the time its own answer lets the next one out.
    with OddServer(answers) as server, OddServer({"/abort": Answer(sized(b"z"))}) as other, deaf_port() as port:
        connecting = f"http://127.0.0.1:{port}/"
        paths = [server.url("/no-head"), server.url("/in-body"), connecting]
        step = {"requests": [{"url": url} for url in paths], "abort": {"url": server.url("/go")}}
        crawled = crawl(tmp_path, [step, [{"url": other.url("/abort")}]])
    for url in paths:
        exchange, outcome = crawled.of(url)
        assert outcome["error"] == "DownloadCancelledError"
        assert exchange["error"] == "DownloadCancelledError: the run is stopped"
    exchange, _ = crawled.of(server.url("/no-head"))
    assert exchange["request"] == server.log["/no-head"][0].received
    assert (exchange["head"], exchange["truncated"]) == (b"", None)
    exchange, _ = crawled.of(connecting)
    assert (exchange["request"], exchange["ip_address"]) == (b"", None)
    assert crawled.of(other.url("/abort"))[1]["status"] == 200


# --- TLS and proxies


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls"))


SECURE = ("plain", "chunked", "gzip-chunked", "early-hints-pieces", "no-length", "too-long-a-length", "cut-in-head", "nothing", "stalls", "stalls-in-body", "not-modified", "post")  # fmt: skip


@pytest.mark.parametrize("verify", [False, True])
def test_https_is_kept_byte_for_byte(verify: bool, certificate: Path, tmp_path: Path) -> None:
    answers = {f"/{name}": Answer(*CASES[name].sent, then=CASES[name].then) for name in SECURE}
    with OddServer(answers, certificate=certificate) as server:
        crawled = crawl(
            tmp_path,
            one_by_one(server, SECURE),
            settings={"DOWNLOAD_VERIFY_CERTIFICATES": verify},
            environment={"SSL_CERT_FILE": str(certificate)},
        )
    for name in SECURE:
        expected = CASES[name]
        exchange, outcome = crawled.of(server.url(f"/{name}"))
        (logged,) = server.log[f"/{name}"]
        assert exchange["request"] == logged.received, name
        assert outcome.get("error", outcome.get("status")) == expected.outcome, name
        assert (exchange["truncated"], exchange["ip_address"]) == (expected.truncated, "127.0.0.1"), name
        if expected.body is None:
            assert exchange["interim"] + exchange["head"] + exchange["body"] == logged.sent, name
        else:
            assert exchange["body"] == expected.body, name


def test_a_certificate_that_nobody_vouches_for_is_refused_and_nothing_was_sent(
    certificate: Path, tmp_path: Path
) -> None:
    with OddServer({"/": Answer(sized(b"x"))}, certificate=certificate) as server:
        crawled = crawl(tmp_path, [[{"url": server.url("/")}]], settings={"DOWNLOAD_VERIFY_CERTIFICATES": True})
    exchange, outcome = crawled.of(server.url("/"))
    assert outcome["error"] == "DownloadFailedError"
    assert "certificate verify failed" in exchange["error"]
    assert (exchange["request"], exchange["head"], exchange["ip_address"]) == (b"", b"", "127.0.0.1")
    assert server.log == {}


def test_what_goes_over_a_proxy_is_kept(tmp_path: Path) -> None:
    with OddServer({"/page": Answer(sized(b"by proxy"))}) as proxy:
        request = {"url": "http://news.example/page", "meta": {"proxy": f"http://me:pw@127.0.0.1:{proxy.port}"}}
        crawled = crawl(tmp_path, [[request]], settings={"NEWSCRAWL_TRUSTED": [f"127.0.0.1:{proxy.port}"]})
    exchange, _ = crawled.of("http://news.example/page")
    (logged,) = proxy.log["/page"]
    assert logged.received.startswith(b"GET http://news.example/page HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic " in logged.received
    assert exchange["request"] == masked(logged.received)
    assert b"Proxy-Authorization: masked\r\n" in exchange["request"]
    assert exchange["head"] + exchange["body"] == logged.sent


def test_the_tunnel_through_a_proxy_is_no_part_of_the_exchange(certificate: Path, tmp_path: Path) -> None:
    answers = {"/page": Answer(sized(b"through the tunnel"))}
    with OddServer(answers, certificate=certificate) as server, tunnel_to(server.port) as port:
        request = {"url": server.url("/page"), "meta": {"proxy": f"http://127.0.0.1:{port}"}}
        crawled = crawl(tmp_path, [[request]], settings={"NEWSCRAWL_TRUSTED": [f"127.0.0.1:{port}"]})
    exchange, _ = crawled.of(server.url("/page"))
    (logged,) = server.log["/page"]
    assert exchange["request"] == logged.received
    assert exchange["head"] + exchange["body"] == logged.sent


def test_a_tunnel_that_is_refused_is_an_exchange_without_bytes(certificate: Path, tmp_path: Path) -> None:
    with tunnel_to(None) as port:
        request = {"url": "https://news.example/", "meta": {"proxy": f"http://127.0.0.1:{port}"}}
        crawled = crawl(tmp_path, [[request]], settings={"NEWSCRAWL_TRUSTED": [f"http://127.0.0.1:{port}"]})
    exchange, outcome = crawled.of("https://news.example/")
    assert outcome["error"] == "TunnelError"
    assert exchange["error"].startswith("TunnelError: ")
    assert (exchange["request"], exchange["head"]) == (b"", b"")


@contextmanager
def tunnel_to(target: int | None) -> Iterator[int]:
    """A proxy for one CONNECT, to *target* or to nowhere."""

    def copy(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def serve() -> None:
        try:
            inner, _ = listener.accept()
        except OSError:
            return
        with inner:
            asked = b""
            while b"\r\n\r\n" not in asked:
                asked += inner.recv(65536)
            if target is None:
                inner.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")
                return
            inner.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with socket.create_connection(("127.0.0.1", target)) as outer:
                back = threading.Thread(target=copy, args=(outer, inner))
                back.start()
                copy(inner, outer)
                back.join()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            # Wakes a thread that nobody has connected to.
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join()


# --- private parts of Scrapy and Twisted


class Kept:
    """Stands in for the ledger."""

    def __init__(self) -> None:
        self.calls: list[tuple[Request, WireExchange, str, dict[str, str]]] = []
        self.replay = None
        self.aborters: list[Any] = []

    def keep_exchange(self, request: Request, wire: WireExchange, *, kind: str, notes: dict[str, str]) -> None:
        self.calls.append((request, wire, kind, notes))


@pytest.fixture
def crawler(monkeypatch: pytest.MonkeyPatch) -> Crawler:
    # The handler only stores it; to import the true one would install it for every other test of this process.
    monkeypatch.setitem(sys.modules, "twisted.internet.reactor", object())
    found = get_crawler(Spider, {"TWISTED_REACTOR_ENABLED": True})
    bind_ledger(found, Kept())  # type: ignore[arg-type]
    return found


def test_scrapy_and_twisted_are_as_the_capture_needs_them(crawler: Crawler) -> None:
    """When this fails, Scrapy or Twisted has changed: see what newscrawl.downloadhandlers.pool rests on."""
    assert scrapy_faults() == []
    assert scrapy_faults(http11.HTTP11DownloadHandler(crawler)) == []


class Changed:
    """Parts of Scrapy and Twisted as they are not."""

    def two(self, one: Any, two: Any) -> None: ...

    def one(self, one: Any) -> None: ...

    def same(self, clientProtocol: Any, newConnection: Any) -> None: ...  # noqa: N803 - Twisted's names


@pytest.mark.parametrize(
    ("owner", "name", "value", "fault"),
    [
        (http11, "_LenientHTTP11ClientProtocol", None, "_LenientHTTP11ClientProtocol.request is gone"),
        (http11._LenientHTTP11ClientFactory, "buildProtocol", Changed.two, "buildProtocol takes self, one, two"),
        (client.HTTPConnectionPool, "getConnection", Changed.one, "getConnection takes self, one"),
        (client._RetryingHTTP11ClientProtocol, "__init__", Changed.same, "_clientProtocol is gone"),
        (http11, "HTTPConnectionPool", lambda *_, **__: Changed(), "_pool is Changed"),
        (http11, "_LenientHTTP11ClientFactory", type("_Other", (http11._LenientHTTP11ClientFactory,), {}), "another"),
    ],
)
def test_without_them_exchanges_are_reconstructed_and_a_warning_says_why(
    owner: Any,
    name: str,
    value: Any,
    fault: str,
    crawler: Crawler,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(owner, name, value)
    with caplog.at_level(logging.WARNING):
        handler = WireDownloadHandler(crawler)
    assert fault in caplog.text
    assert "reconstructed" in caplog.text
    assert handler._recording_pool is None


async def answered(self: Any, request: Request) -> TextResponse:
    headers = Headers({"Content-Type": "text/html", "Set-Cookie": ["a=1", "b=2"]})
    return TextResponse(request.url, status=404, headers=headers, body=b"body", request=request, protocol="HTTP/1.1")


async def failed(self: Any, request: Request) -> TextResponse:
    raise ValueError("no\nway")


def run(coroutine: Any) -> Any:
    """Run a coroutine that waits for nothing."""
    with pytest.raises(StopIteration) as stop:
        coroutine.send(None)
    return stop.value.value


def test_a_response_that_came_past_the_recorder_is_reconstructed(
    crawler: Crawler, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    handler = WireDownloadHandler(crawler)
    monkeypatch.setattr(http11.HTTP11DownloadHandler, "download_request", answered)
    for _ in range(2):
        run(handler.download_request(Request("http://a.example/x#part", headers={"Cookie": "secret"})))
    assert caplog.text.count("came past the recorder") == 1
    _, wire, kind, _ = handler.ledger.calls[0]  # type: ignore[attr-defined]
    assert wire.reconstructed
    assert (wire.url, kind) == ("http://a.example/x", "page")
    assert wire.request == b"GET /x HTTP/1.1\r\nHost: a.example\r\nCookie: masked\r\n\r\n"
    assert wire.head == (
        b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n"
    )
    assert wire.body == b"body"


def test_any_exception_is_on_record_and_goes_on(crawler: Crawler, monkeypatch: pytest.MonkeyPatch) -> None:
    handler = WireDownloadHandler(crawler)
    monkeypatch.setattr(http11.HTTP11DownloadHandler, "download_request", failed)
    with pytest.raises(ValueError, match="no\nway"):
        handler.download_request(Request("http://a.example/")).send(None)
    ((_, wire, _, _),) = handler.ledger.calls  # type: ignore[attr-defined]
    assert (wire.error, wire.request, wire.head, wire.truncated) == ("ValueError: no way", b"", b"", None)


# --- the recorder


def recorded(
    *pieces: bytes, method: str = "GET", limit: int = 0, clean: bool = True, cause: Any = None
) -> WireExchange:
    recorder = Recorder(method, limit)
    recorder.begin("127.0.0.1")
    for piece in pieces:
        recorder.received(piece)
    recorder.lost(clean=clean)
    return recorder.exchange(url="http://a.example/", started_at=NOON, elapsed_ms=0, error=None, cause=cause)


RESPONSES = st.one_of(
    st.binary(max_size=300),
    st.sampled_from([case.wire for case in CASES.values() if len(case.wire) < 5000]),
    st.tuples(st.sampled_from([OK, EARLY, CHUNKED]), st.text(alphabet="\r\n:0aHTP/1. 2", max_size=60)).map(lambda t: t[0] + t[1].encode()),
)  # fmt: skip


@given(RESPONSES, st.lists(st.integers(0, 400), max_size=5), st.sampled_from(["GET", "HEAD"]), st.sampled_from([0, 10]))
def test_the_record_does_not_depend_on_how_bytes_are_cut_into_pieces(
    wire: bytes, cuts: list[int], method: str, limit: int
) -> None:
    marks = [0, *sorted(min(cut, len(wire)) for cut in cuts), len(wire)]
    pieces = [wire[start:stop] for start, stop in zip(marks, marks[1:], strict=False)]  # noqa: RUF007
    found = recorded(*pieces, method=method, limit=limit)
    assert found == recorded(wire, method=method, limit=limit)
    if not found.chunked:
        assert wire.startswith(found.interim + found.head + found.body)
    if limit:
        assert len(found.body) <= limit


def test_heads_without_end_are_kept_as_far_as_a_limit() -> None:
    found = recorded(OK, *[b"X-More: " + b"m" * 10_000 + b"\r\n"] * 200)
    assert (len(found.head), found.truncated) == (MAX_HEAD, "length")
    found = recorded(*[EARLY * 1000] * 100, sized(b"x"))
    assert len(found.interim) <= MAX_HEAD + len(EARLY * 1000)
    assert found.head == b""


def test_a_length_may_begin_with_zeros() -> None:
    assert recorded(OK + b"Content-Length: %030d\r\n\r\nabc" % 3, clean=False).truncated is None


def test_a_body_without_length_is_whole_only_when_the_connection_was_closed_and_not_broken() -> None:
    assert recorded(OK + b"\r\nx").truncated is None
    assert recorded(OK + b"\r\nx", clean=False).truncated == "disconnect"
    assert recorded(OK + b"\r\nx", cause="time").truncated == "time"
    assert recorded(sized(b"x"), clean=False, cause="time").truncated is None


# --- replay


def test_a_replay_without_a_set_answers_nothing_but_robots(crawler: Crawler) -> None:
    handler = ReplayDownloadHandler.from_crawler(crawler)
    assert run(handler.download_request(Request("http://a.example/robots.txt"))).status == 404

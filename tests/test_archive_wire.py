"""One exchange as bytes: heads and bodies told apart, framing and secrets taken out, whatever a server sends."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.archive.wire import (
    Dechunker,
    WireExchange,
    dechunked,
    head_fields,
    is_chunked,
    masked,
    reconstructed_exchange,
    split_response,
    stored_head,
)

NOON = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)
HEADISH = st.text(alphabet="HTP/1.0 2\r\n:abCookie\t;x", max_size=80).map(lambda text: text.encode())
ANY = st.one_of(st.binary(max_size=200), HEADISH)
NAMES = st.from_regex(rb"[A-Za-z][A-Za-z0-9-]{0,12}", fullmatch=True)
VALUES = st.from_regex(rb"(?:[!-~\x80-\xff](?:[ -~\x80-\xff]{0,20}[!-~\x80-\xff])?)?", fullmatch=True)
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=8)
ENDS = st.sampled_from([b"\r\n", b"\n"])


def head_of(fields: list[tuple[bytes, bytes]], first: bytes = b"HTTP/1.1 200 OK", end: bytes = b"\r\n") -> bytes:
    return b"".join(line + end for line in (first, *(name + b": " + value for name, value in fields), b""))


def exchange(head: bytes, **more: Any) -> WireExchange:
    values = {"url": "http://a.example/", "method": "GET", "started_at": NOON, "elapsed_ms": 1, "ip_address": None}
    return WireExchange(**(values | {"request": b"", "head": head, "body": b""} | more))


@given(ANY)
def test_a_split_response_is_the_same_bytes_in_three_parts(raw: bytes) -> None:
    interim, head, framed = split_response(raw)
    assert interim + head + framed == raw
    if framed:
        assert head.endswith((b"\n\n", b"\n\r\n"))


@given(FIELDS, ENDS, st.binary(max_size=50), st.lists(st.sampled_from([b"100 Continue", b"103 Early Hints", b"199"])))
def test_a_response_is_split_at_its_blank_line_after_any_interim_ones(
    fields: list[tuple[bytes, bytes]], end: bytes, body: bytes, codes: list[bytes]
) -> None:
    interim = b"".join(head_of(fields, b"HTTP/1.1 " + code, end) for code in codes)
    head = head_of(fields, end=end)
    assert split_response(interim + head + body) == (interim, head, body)


def test_a_head_that_never_ends_has_no_body() -> None:
    assert split_response(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n") == (
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: b\r\n",
        b"",
    )
    assert split_response(b"HTTP/1.1 100 Continue\r\nA: b\r\n") == (b"", b"HTTP/1.1 100 Continue\r\nA: b\r\n", b"")


@given(FIELDS, ENDS)
def test_fields_come_back_in_order_with_repeats_and_case(fields: list[tuple[bytes, bytes]], end: bytes) -> None:
    assert head_fields(head_of(fields, end=end)) == fields


def test_folded_values_are_one_and_lines_without_a_colon_none() -> None:
    head = b"HTTP/1.1 200 OK\r\n stray\r\nX-Long: one\r\n\ttwo \r\n  three\r\nno colon here\r\n folded\r\nEmpty:\n\r\n"
    assert head_fields(head) == [(b"X-Long", b"one two  three"), (b"Empty", b"")]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([], False),
        ([(b"Transfer-Encoding", b"chunked")], True),
        ([(b"TRANSFER-encoding", b" Chunked ")], True),
        ([(b"Transfer-Encoding", b"gzip, chunked")], True),
        ([(b"Transfer-Encoding", b"gzip"), (b"Transfer-Encoding", b"chunked")], True),
        ([(b"Transfer-Encoding", b"chunked, gzip")], False),
        ([(b"Transfer-Encoding", b"identity")], False),
        ([(b"X-Crawler-Transfer-Encoding", b"chunked")], False),
    ],
)
def test_a_body_is_chunked_when_chunked_is_the_last_coding(fields: list[tuple[bytes, bytes]], expected: bool) -> None:
    assert is_chunked(head_of(fields)) is expected


@given(
    st.lists(st.binary(min_size=1, max_size=40), max_size=6),
    st.sampled_from([b"", b";x", b';name="a;b"', b" ", b"  ;ext=1"]),
    FIELDS,
    st.binary(max_size=20),
    ENDS,
    st.booleans(),
)
def test_chunk_framing_is_taken_away_exactly(
    pieces: list[bytes], extension: bytes, fields: list[tuple[bytes, bytes]], after: bytes, end: bytes, upper: bool
) -> None:
    size = "%X" if upper else "%04x"
    framed = b"".join((size % len(piece)).encode() + extension + end + piece + end for piece in pieces)
    trailer = b"".join(name + b": " + value + end for name, value in fields)
    framed += b"0" + extension + end + trailer + end
    assert dechunked(framed + after) == (b"".join(pieces), trailer, True)


@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=4), st.data())
def test_a_cut_chunked_body_is_a_beginning_of_the_whole_one(pieces: list[bytes], data: st.DataObject) -> None:
    framed = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    cut = data.draw(st.integers(0, len(framed) - 1))
    body, trailer, complete = dechunked(framed[:cut])
    assert b"".join(pieces).startswith(body)
    assert (trailer, complete) == (b"", False)


@given(ANY, st.lists(st.integers(0, 200), max_size=6))
def test_chunks_that_come_piece_by_piece_are_the_same_as_at_once(framed: bytes, cuts: list[int]) -> None:
    chunks = Dechunker()
    marks = [0, *sorted(min(cut, len(framed)) for cut in cuts), len(framed)]
    for start, stop in pairwise(marks):
        chunks.feed(framed[start:stop])
    assert (chunks.body(), chunks.trailer, chunks.complete) == dechunked(framed)
    assert chunks.length == len(chunks.body())


@pytest.mark.parametrize(
    ("framed", "body"),
    [
        (b"<html>no chunk at all</html>", b"<html>no chunk at all</html>"),
        (b"<html>\r\n1\r\na\r\n0\r\n\r\n", b"<html>\r\n1\r\na\r\n0\r\n\r\n"),
        (b"3\r\nabc\r\nxyz\r\nrest", b"abcxyz\r\nrest"),
        (b"3\r\nabcdef\r\n0\r\n\r\n", b"abcdef\r\n0\r\n\r\n"),
        (b"-1\r\nabc", b"-1\r\nabc"),
        (b"1" * 17 + b"\r\nabc", b"1" * 17 + b"\r\nabc"),
        (b"1;" + b"x" * 5000, b"1;" + b"x" * 5000),
    ],
)
def test_from_a_place_on_that_is_no_chunk_the_bytes_are_body(framed: bytes, body: bytes) -> None:
    assert dechunked(framed) == (body, b"", False)


def test_trailers_without_end_are_not_gathered_for_ever() -> None:
    chunks = Dechunker(limit=10)
    chunks.feed(b"1\r\na\r\n0\r\n")
    for _ in range(10_000):
        chunks.feed(b"Name: value\r\n")
    assert chunks.broken
    assert len(chunks.trailer) <= 1 << 16
    assert len(chunks.body()) == 10


@given(st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=5), st.integers(0, 30))
def test_a_limit_cuts_the_body_and_not_the_count(pieces: list[bytes], limit: int) -> None:
    chunks = Dechunker(limit)
    chunks.feed(b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n")
    assert chunks.body() == b"".join(pieces)[:limit]
    assert chunks.length == len(b"".join(pieces))
    assert chunks.complete


@given(FIELDS, VALUES, st.binary(max_size=40), st.sampled_from([b"Cookie", b"authorization", b"PROXY-Authorization"]))
def test_secrets_are_masked_and_all_else_stays(
    fields: list[tuple[bytes, bytes]], secret: bytes, body: bytes, name: bytes
) -> None:
    kept = [(n, v) for n, v in fields if n.lower() not in (b"cookie", b"authorization", b"proxy-authorization")]
    first = b"POST /a HTTP/1.1"
    sent = head_of([*kept, (name, secret), *kept], first) + body
    assert masked(sent) == head_of([*kept, (name, b"masked"), *kept], first) + body


def test_a_folded_secret_is_masked_as_a_whole() -> None:
    assert masked(b"GET / HTTP/1.1\r\nCookie: a\r\n b\r\nX: y\r\n\r\nCookie: c") == (
        b"GET / HTTP/1.1\r\nCookie: masked\r\nX: y\r\n\r\nCookie: c"
    )


@given(ANY)
def test_masking_twice_is_masking_once(request: bytes) -> None:
    assert masked(masked(request)) == masked(request)


@given(ANY)
def test_a_head_without_chunks_is_stored_as_received(head: bytes) -> None:
    assert stored_head(exchange(head)) == head


@given(ANY)
def test_any_head_can_be_read_and_stored(head: bytes) -> None:
    assert stored_head(exchange(head, chunked=True)).replace(b"X-Crawler-", b"") == head.replace(b"X-Crawler-", b"")
    head_fields(head)


@given(FIELDS)
def test_framing_headers_are_renamed_where_the_framing_was_removed(fields: list[tuple[bytes, bytes]]) -> None:
    framing = [(b"Transfer-Encoding", b"chunked"), (b"content-length", b"7"), (b"Set-Cookie", b"a=b")]
    names = (b"transfer-encoding", b"content-length")
    kept = [field for field in fields if field[0].lower() not in names]
    stored = stored_head(exchange(head_of([*framing, *kept]), chunked=True))
    assert stored == head_of(
        [
            (b"X-Crawler-Transfer-Encoding", b"chunked"),
            (b"X-Crawler-content-length", b"7"),
            (b"Set-Cookie", b"a=b"),
            *kept,
        ]
    )
    assert not is_chunked(stored)


def reconstructed(**more: Any) -> WireExchange:
    values: dict[str, Any] = {
        "url": "http://news.example:8080/a?b=c",
        "method": "POST",
        "request_headers": [(b"User-Agent", b"x"), (b"Cookie", b"secret")],
        "request_body": b"q=1",
        "status": 200,
        "response_headers": [(b"Set-Cookie", b"a"), (b"Set-Cookie", b"b")],
        "body": b"packed",
        "protocol": "HTTP/1.0",
        "started_at": NOON,
        "ip_address": "127.0.0.1",
    }
    return reconstructed_exchange(**(values | more))


def test_an_exchange_is_put_together_from_what_scrapy_knows() -> None:
    found = reconstructed()
    assert found.request == (
        b"POST /a?b=c HTTP/1.1\r\nHost: news.example:8080\r\nUser-Agent: x\r\nCookie: masked\r\n\r\nq=1"
    )
    assert found.head == b"HTTP/1.0 200 OK\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\n"
    assert (found.body, found.reconstructed, found.truncated) == (b"packed", True, None)
    assert reconstructed(url="http://a.example/b#c").url == "http://a.example/b"


def test_a_reconstructed_head_is_http_1_whatever_was_spoken() -> None:
    assert reconstructed(protocol="h2", status=799).head.startswith(b"HTTP/1.1 799 \r\n")
    assert reconstructed(url="http://me:pw@a.example").request.startswith(b"POST / HTTP/1.1\r\nHost: a.example\r\n")


@given(st.lists(st.tuples(ANY, ANY), max_size=4), st.integers(200, 9999), st.text(max_size=10))
def test_a_reconstructed_head_is_one_head(fields: list[tuple[bytes, bytes]], status: int, protocol: str) -> None:
    found = reconstructed(response_headers=fields, request_headers=fields, status=status, protocol=protocol)
    interim, head, rest = split_response(found.head + b"body")
    assert (interim + head, rest) == (found.head, b"body")

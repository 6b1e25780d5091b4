from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest
import warcs
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.archive.reading import WarcRecord, read_record
from newscrawl.archive.records import decoded_payload, parse_warc_date
from newscrawl.archive.warc import warc_date

WHERE = Path("a.warc.gz")


def record(block: bytes, **fields: str) -> WarcRecord:
    said = {"WARC-Type": "response", "Content-Type": "application/http;msgtype=response"}
    said |= {name.replace("_", "-"): value for name, value in fields.items()}
    return WarcRecord(path=WHERE, offset=0, length=1, headers=tuple(said.items()), block=block)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2023-03-22T08:15:00Z", datetime(2023, 3, 22, 8, 15, tzinfo=UTC)),
        ("2023-03-22T08:15:00.5Z", datetime(2023, 3, 22, 8, 15, 0, 500_000, tzinfo=UTC)),
        ("2023-03-22T08:15:00.123456789Z", datetime(2023, 3, 22, 8, 15, 0, 123_456, tzinfo=UTC)),
        ("2023-03-22T08:15Z", datetime(2023, 3, 22, 8, 15, tzinfo=UTC)),
        ("2023-03-22", datetime(2023, 3, 22, tzinfo=UTC)),
        ("2023-03", datetime(2023, 3, 1, tzinfo=UTC)),
        ("2023", datetime(2023, 1, 1, tzinfo=UTC)),
        ("", None),
        ("20230322081500", None),
        ("2023-02-30T08:15:00Z", None),
        ("2023-03-22T08:15:00", None),
        ("2023-03-22T08:15:00+08:00", None),
        ("2023-03-22T08:15:60Z", None),
        ("0000-03-22", None),
        ("２０２３", None),
        ("Wed, 22 Mar 2023 08:15:00 GMT", None),
    ],
)
def test_a_date_is_as_the_standard_says_or_none(text: str, moment: datetime | None) -> None:
    assert parse_warc_date(text) == moment


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_date_that_was_written_is_read_back(moment: datetime) -> None:
    assert parse_warc_date(warc_date(moment)) == moment.replace(microsecond=0)


@given(st.text(st.characters()))
def test_no_text_makes_a_date_fail(text: str) -> None:
    parse_warc_date(text)


def test_a_field_is_found_in_any_case_and_the_first_of_two_counts() -> None:
    two = WarcRecord(path=WHERE, offset=0, length=1, headers=(("warc-TYPE", "Response"), ("WARC-Type", "x")), block=b"")
    assert (two.get("WARC-type"), two.type, two.record_id, two.target_uri) == ("Response", "response", None, None)


@pytest.mark.parametrize(
    ("block", "status", "body"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nabc", 200, b"abc"),
        (b"HTTP/1.0 404\n\nabc", 404, b"abc"),
        (b"HTTP/2 200\r\n\r\nabc", 200, b"abc"),
        (b"HTTP/1.1  200 OK\r\n\r\n", 200, b""),
        (b"HTTP/1.1 2000 OK\r\n\r\n", None, b""),
        (b"HTTP/1.1 099 OK\r\n\r\n", None, b""),
        (b"ICY 200 OK\r\n\r\nabc", None, b"abc"),
        (b"HTTP/1.1 200 OK\r\nA: b", 200, b""),
        (b"", None, b""),
    ],
)
def test_status_and_body_are_told_apart(block: bytes, status: int | None, body: bytes) -> None:
    http = record(block).http
    assert http is not None
    assert (http.status, http.body, http.head + http.body) == (status, body, block)


def test_a_header_is_found_by_its_name() -> None:
    http = record(b"HTTP/1.1 200 OK\r\nETag: 1\r\nETAG: 2\r\n\r\n").http
    assert http is not None
    assert (http.get(b"etag"), http.get(b"x"), len(http.fields)) == (b"1", None, 2)


@pytest.mark.parametrize(
    ("body", "payload"),
    [
        (b"3\r\nabc\r\n0\r\n\r\n", b"abc"),
        (b"3\r\nab", b"ab"),
        (b"<p>no chunk\n</p>", b"<p>no chunk\n</p>"),
        (b"abc", b"abc"),
        (b"", b""),
    ],
)
def test_chunk_framing_is_removed_where_there_is_any(body: bytes, payload: bytes) -> None:
    assert record(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body).payload == payload


@pytest.mark.parametrize("kind", ["resource", "metadata", "warcinfo", "conversion"])
def test_a_record_of_another_kind_holds_no_http(kind: str) -> None:
    other = record(b"HTTP/1.1 200 OK\r\n\r\nabc", WARC_Type=kind)
    assert (other.http, other.payload, decoded_payload(other)) == (None, other.block, (other.block, None))


def test_a_response_without_a_media_type_is_http_if_it_looks_so() -> None:
    block = b"HTTP/1.1 200 OK\r\n\r\nabc"
    assert record(block, Content_Type="text/html", WARC_Target_URI="http://a.b/").payload == b"abc"
    assert record(block, Content_Type="text/html", WARC_Target_URI="dns:a.b").payload == block


def test_the_content_coding_is_taken_off_and_a_false_one_named(tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
    assert decoded_payload(record(head + gzip.compress(b"abc"))) == (b"abc", None)
    made = warcs.false_content_encoding(tmp_path / "a.warc.gz")
    body, fault = decoded_payload(read_record(made.path, made.offset))
    assert body == list(warcs.PAGES.values())[1]
    assert fault is not None


def test_a_cut_body_is_decoded_as_far_as_it_goes() -> None:
    block = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"abc" * 99)[:-9]
    assert decoded_payload(record(block))[1] is not None
    assert decoded_payload(record(block, WARC_Truncated="disconnect"))[1] is None


def test_a_request_is_not_decoded() -> None:
    block = b"POST / HTTP/1.1\r\nContent-Encoding: gzip\r\n\r\nabc"
    assert decoded_payload(record(block, WARC_Type="request")) == (b"abc", None)

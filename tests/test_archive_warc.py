from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warcs import STARTED, ids, maker, raw, records, wire, written

from newscrawl.archive.cdxj import cdxj_lines, placed_entry
from newscrawl.archive.reading import WarcRecord, read_warc
from newscrawl.archive.warc import (
    IDENTICAL_PAYLOAD,
    NOT_MODIFIED,
    NewRecord,
    Original,
    RecordMaker,
    new_record_id,
    payload_sha256,
    warc_date,
)

ORIGINAL = Original(
    record_id="urn:uuid:00000000-0000-4000-8000-000000000009", url="http://news.example/a", date="2023-03-01T00:00:00Z"
)
GOLDEN = """\
WARC/1.1
WARC-Type: warcinfo
WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000001>
WARC-Date: 2023-03-22T08:15:00Z
WARC-Filename: test.warc.gz
WARC-Block-Digest: sha1:4YTY7AI4HQ5D3Y24XXF2M3RINQPINJR5
Content-Type: application/warc-fields
Content-Length: 21

software: newscrawl


WARC/1.1
WARC-Type: response
WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000002>
WARC-Warcinfo-ID: <urn:uuid:00000000-0000-4000-8000-000000000001>
WARC-Date: 2023-03-22T08:15:00Z
WARC-Target-URI: http://news.example/a?b=1
WARC-IP-Address: 127.0.0.1
WARC-Payload-Digest: sha1:6VMT7HTE2K745SIQUUYG3CKPEJVFD5GH
WARC-Block-Digest: sha1:7HYCPRSVWYFYU5MC37AYJQA3FUJC5POF
Content-Type: application/http;msgtype=response
Content-Length: 134

HTTP/1.1 200 OK
Content-Type: text/html; charset=utf-8
X-Crawler-Transfer-Encoding: chunked
X-Crawler-Content-Length: 8

<p>hello

WARC/1.1
WARC-Type: request
WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000003>
WARC-Warcinfo-ID: <urn:uuid:00000000-0000-4000-8000-000000000001>
WARC-Date: 2023-03-22T08:15:00Z
WARC-Target-URI: http://news.example/a?b=1
WARC-IP-Address: 127.0.0.1
WARC-Concurrent-To: <urn:uuid:00000000-0000-4000-8000-000000000002>
WARC-Block-Digest: sha1:IUESWSK2YCDHSJ324Z6PHLF7CWKFDCCD
Content-Type: application/http;msgtype=request
Content-Length: 54

GET / HTTP/1.1
Host: news.example
Cookie: masked



WARC/1.1
WARC-Type: metadata
WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000004>
WARC-Warcinfo-ID: <urn:uuid:00000000-0000-4000-8000-000000000001>
WARC-Date: 2023-03-22T08:15:00Z
WARC-Target-URI: http://news.example/a?b=1
WARC-IP-Address: 127.0.0.1
WARC-Concurrent-To: <urn:uuid:00000000-0000-4000-8000-000000000002>
WARC-Block-Digest: sha1:XZCZBAKPHDFX3WGDXZLOKPA66DVFAEED
Content-Type: application/warc-fields
Content-Length: 247

fetchTimeMs: 12
payload-sha256: 2c35ceb98d7757a74449079db9858dba4af1e87c41932a675471f3daea01886f
capture: wire
interim: HTTP/1.1 103 Early Hints%0D%0AX: 100%25%0D%0A%0D%0A
trailer: Expires: 0%0D%0A
via: http://news.example/
hopsFromSeed: L


"""


def read(tmp_path: Path, new: list[NewRecord]) -> list[WarcRecord]:
    found = list(read_warc(written(tmp_path / "test.warc.gz", [record.member for record in new])))
    assert all(isinstance(record, WarcRecord) for record in found)
    return [record for record in found if isinstance(record, WarcRecord)]


def test_the_records_of_an_exchange_are_these_bytes() -> None:
    make = maker()
    exchange = wire(
        "http://news.example/a?b=1",
        extra=b"Transfer-Encoding: chunked\r\n",
        chunked=True,
        interim=b"HTTP/1.1 103 Early Hints\r\nX: 100%\r\n\r\n",
        trailer=b"Expires: 0\r\n",
    )
    new = [make.warcinfo(), *make.exchange(exchange, notes={"via": "http://news.example/", "hopsFromSeed": "L"})]
    assert b"".join(raw(record.member) for record in new).decode() == GOLDEN.replace("\n", "\r\n")


def test_the_same_exchange_gives_the_same_bytes() -> None:
    assert [record.member for record in records()] == [record.member for record in records()]


def test_a_member_has_neither_time_nor_name() -> None:
    for record in records():
        assert record.member[:8] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00"


@pytest.mark.parametrize("level", [1, 4, 6, 9])
def test_every_level_packs_the_same_records(level: int) -> None:
    exchange = wire("http://news.example/", "<p>图书馆".encode() * 99)
    packed = [maker(level=chosen).exchange(exchange, notes={}) for chosen in (level, 6)]
    assert [raw(record.member) for record in packed[0]] == [raw(record.member) for record in packed[1]]


def test_response_request_and_metadata_are_joined_and_name_the_file_they_are_in(tmp_path: Path) -> None:
    info, *joined = read(tmp_path, records()[:4])
    assert [record.type for record in joined] == ["response", "request", "metadata"]
    assert {record.get("WARC-Warcinfo-ID") for record in joined} == {f"<{info.record_id}>"}
    response = f"<{joined[0].record_id}>"
    assert [record.get("WARC-Concurrent-To") for record in joined] == [None, response, response]


def test_a_new_record_says_what_the_store_keeps_of_it() -> None:
    exchange = wire("http://news.example/a")
    response, request, metadata = maker().exchange(exchange, notes={})
    assert (response.kind, request.kind, metadata.kind) == ("response", "request", "metadata")
    assert response.payload_sha256 == payload_sha256(exchange)
    assert request.payload_sha256 is metadata.payload_sha256 is request.index_entry is metadata.index_entry is None


def test_the_same_payload_again_is_a_revisit_without_it(tmp_path: Path) -> None:
    exchange = wire("http://news.example/b")
    new = maker().exchange(exchange, notes={}, original=ORIGINAL)
    revisit = read(tmp_path, new)[0]
    assert (revisit.type, revisit.get("WARC-Profile")) == ("revisit", IDENTICAL_PAYLOAD)
    assert revisit.get("WARC-Refers-To") == f"<{ORIGINAL.record_id}>"
    assert revisit.get("WARC-Refers-To-Target-URI") == ORIGINAL.url
    assert revisit.get("WARC-Refers-To-Date") == ORIGINAL.date
    assert revisit.block == exchange.head
    assert revisit.get("WARC-Payload-Digest") == "sha1:6VMT7HTE2K745SIQUUYG3CKPEJVFD5GH"
    assert new[0].payload_sha256 == payload_sha256(exchange)


def test_a_304_of_a_known_page_is_a_revisit_without_a_digest_of_its_own(tmp_path: Path) -> None:
    new = maker().exchange(wire("http://news.example/a", b"", status="304 Not Modified"), notes={}, unmodified=ORIGINAL)
    revisit = read(tmp_path, new)[0]
    assert (revisit.type, revisit.get("WARC-Profile")) == ("revisit", NOT_MODIFIED)
    assert revisit.get("WARC-Refers-To") == f"<{ORIGINAL.record_id}>"
    assert revisit.get("WARC-Payload-Digest") is new[0].payload_sha256 is None
    assert revisit.http is not None
    assert revisit.http.status == 304


def test_a_304_of_an_unknown_page_is_a_response() -> None:
    assert (
        maker().exchange(wire("http://news.example/a", b"", status="304 Not Modified"), notes={})[0].kind == "response"
    )


def test_a_200_is_a_response_even_where_the_page_is_known() -> None:
    assert maker().exchange(wire("http://news.example/a"), notes={}, unmodified=ORIGINAL)[0].kind == "response"


def test_a_failed_exchange_keeps_what_was_sent_and_why_it_failed(tmp_path: Path) -> None:
    failed = wire("http://news.example/a", b"", head=b"", error="TimeoutError: 10 s", ip_address=None)
    request, metadata = read(tmp_path, maker().exchange(failed, notes={}))
    assert (request.type, metadata.type) == ("request", "metadata")
    assert metadata.get("WARC-Concurrent-To") == f"<{request.record_id}>"
    assert metadata.get("WARC-IP-Address") is None
    assert metadata.block == b"fetchTimeMs: 12\r\ncapture: wire\r\nerror: TimeoutError: 10 s\r\n"


def test_an_exchange_that_sent_nothing_is_metadata_alone(tmp_path: Path) -> None:
    failed = wire("http://gone.example/", b"", head=b"", request=b"", error="no such host", reconstructed=True)
    (metadata,) = read(tmp_path, maker().exchange(failed, notes={}))
    assert metadata.get("WARC-Concurrent-To") is None
    assert b"capture: reconstructed\r\n" in metadata.block


@pytest.mark.parametrize("reason", ["length", "time", "disconnect"])
def test_a_cut_body_says_why_it_is_cut(reason: str, tmp_path: Path) -> None:
    response = read(tmp_path, maker().exchange(wire("http://news.example/a", truncated=reason), notes={}))[0]
    assert response.get("WARC-Truncated") == reason


def test_a_warc_date_has_whole_seconds_of_utc() -> None:
    assert warc_date(STARTED.replace(microsecond=999_999)) == "2023-03-22T08:15:00Z"
    assert warc_date(STARTED.astimezone(timezone(timedelta(hours=8)))) == "2023-03-22T08:15:00Z"
    assert warc_date(datetime(1, 2, 3, tzinfo=UTC)) == "0001-02-03T00:00:00Z"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        warc_date(datetime(2023, 3, 22))


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\r\nb", "ключ"])
def test_a_name_that_no_field_can_have_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        maker().exchange(wire("http://news.example/"), notes={name: "x"})


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("http://news.example/%E4%B8%AD?a=100%", "http://news.example/%E4%B8%AD?a=100%"),
        ("中文", "中文"),
        ("a\r\nWARC-Type: response", "a%0D%0AWARC-Type: response"),
        (" a ", "%20a%20"),
        ("\u2028\x85\x00", "%E2%80%A8%C2%85%00"),
        ("\ud800", "%ED%A0%80"),
    ],
)
def test_only_what_would_break_a_line_is_encoded(value: str, line: str, tmp_path: Path) -> None:
    metadata = read(tmp_path, maker().exchange(wire("http://news.example/"), notes={"via": value}))[2]
    assert metadata.block.decode().splitlines()[-1] == f"via: {line}"


def test_the_target_is_one_word_of_ascii(tmp_path: Path) -> None:
    for record in read(tmp_path, maker().exchange(wire("http://a.b/c d?%e4%zz|中\r\nX: y"), notes={})):
        assert record.target_uri == "http://a.b/c%20d?%e4%zz|%E4%B8%AD%0D%0AX:%20y"


def test_the_warcinfo_is_the_same_at_every_call() -> None:
    make = RecordMaker(filename="a.warc.gz", created_at=STARTED, info={"robots": "obey"}, new_id=ids())
    assert make.warcinfo() == make.warcinfo()


def test_record_ids_differ() -> None:
    assert len({new_record_id() for _ in range(100)}) == 100


def test_the_entries_for_the_index_are_those_that_reading_gives(tmp_path: Path) -> None:
    make = maker()
    new = [
        make.warcinfo(),
        *make.exchange(wire("http://www.news.example:80/B/?b=2&a=1"), notes={}),
        *make.exchange(wire("http://news.example/c"), notes={}, original=ORIGINAL),
        *make.exchange(wire("http://news.example/d", b"", status="304 Not Modified"), notes={}, unmodified=ORIGINAL),
        *make.exchange(wire("http://news.example/e f", started_at=STARTED.astimezone(timezone.max)), notes={}),
        *make.exchange(wire("http://news.example/g", head=b"no status line\r\n\r\n"), notes={}),
        *make.exchange(wire("http://news.example/h", b"", head=b"HTTP/1.1 200 OK\r\nhalf a he"), notes={}),
    ]
    path = written(tmp_path / "test.warc.gz", [record.member for record in new])
    lines, offset = [], 0
    for record in new:
        if record.index_entry is not None:
            size = len(record.member)
            lines.append(placed_entry(record.index_entry, offset=offset, length=size, filename=path.name))
        offset += len(record.member)
    assert len(lines) == 6
    assert sorted(lines) == cdxj_lines(path)


NOTES = st.dictionaries(
    st.text(string.ascii_letters + "-", min_size=1, max_size=9), st.text(st.characters()), max_size=4
)
HEADS = st.sampled_from(
    [
        b"",
        b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n",
        b"HTTP/1.0 304 x\nA: b\n\n",
        b"odd",
        b"\xff\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n",
    ]
)


@given(st.text(st.characters()), st.binary(), st.binary(), HEADS, NOTES, st.booleans(), st.booleans())
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    url: str,
    request: bytes,
    body: bytes,
    head: bytes,
    notes: dict[str, str],
    seen: bool,
    known: bool,
) -> None:
    exchange = wire(f"http://news.example/{url}", body, head=head, request=request)
    make = maker()
    new = make.exchange(
        exchange, notes=notes, original=ORIGINAL if seen else None, unmodified=ORIGINAL if known else None
    )
    found = read(tmp_path_factory.mktemp("warc"), [make.warcinfo(), *new])[1:]
    assert [record.record_id for record in found] == [record.record_id for record in new]
    assert [record.type for record in found] == [record.kind for record in new]
    assert {record.date for record in found} == {STARTED}
    for record in found:
        if record.type == "response":
            assert record.block == head + body
        elif record.type == "revisit":
            assert record.block == head
        elif record.type == "request":
            assert record.block == request
        else:
            assert record.block.count(b"\r\n") == 2 + bool(head) + len(notes)

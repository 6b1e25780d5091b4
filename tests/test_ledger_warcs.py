from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import STARTED_AT, URL, wire

from newscrawl.archive.reading import read_record, read_warc
from newscrawl.archive.records import WarcRecord, stated_status
from newscrawl.fingerprint import sha256_hex
from newscrawl.ledger import Keeping
from newscrawl.ledger.warcs import MIN_REVISIT_BYTES, WarcSeries
from newscrawl.store import Store, captures

LONG = b"x" * MIN_REVISIT_BYTES
OTHER = "https://news.example/2.html"


MADE: list[WarcSeries] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    close_all()


def close_all() -> None:
    for series in MADE:
        series.store.close()
        if series.file is not None:
            series.file.abandon()
    MADE.clear()


def series_in(folder: Path, store: Store | None = None, **keeping: Any) -> WarcSeries:
    MADE.append(WarcSeries(folder, "news", Keeping(**keeping), store or Store.open("sqlite://")))
    return MADE[-1]


def records_of(series: WarcSeries) -> list[WarcRecord]:
    records = list(read_warc(series.path))
    assert all(isinstance(record, WarcRecord) for record in records)
    return [record for record in records if isinstance(record, WarcRecord)]


def types_of(series: WarcSeries) -> list[str]:
    return [record.type for record in records_of(series)]


def committed(series: WarcSeries) -> None:
    with series.store.begin() as connection:
        captures.add(connection, series.new)
    series.acknowledge()


def test_a_file_begins_with_what_wrote_it_and_is_named_by_its_time(tmp_path: Path) -> None:
    series = series_in(tmp_path, warc_info={"software": "newscrawl/0", "operator": "us"})
    series.keep(wire(), kind="page", notes={}, now=1_679_472_900.25)
    first = records_of(series)[0]
    assert series.path.name.startswith("news-20230322081500250-00001-")
    assert series.path.name.endswith(".warc.gz.open")
    assert first.type == "warcinfo"
    assert first.get("WARC-Filename") == series.path.name.removesuffix(".open")
    assert b"software: newscrawl/0\r\n" in first.block
    assert types_of(series) == ["warcinfo", "response", "request", "metadata"]
    assert {record.get("WARC-Warcinfo-ID") for record in records_of(series)[1:]} == {f"<{first.record_id}>"}


def test_an_exchange_can_be_read_where_its_reference_says(tmp_path: Path) -> None:
    series = series_in(tmp_path)
    for number in range(3):
        body = b"%d" % number
        ref = series.keep(wire(f"https://news.example/{number}", body), kind="page", notes={}, now=0.0)
        assert ref is not None
        assert ref.offset is not None
        assert ref.warc == series.path.name.removesuffix(".open")
        record = read_record(series.path, ref.offset)
        assert (record.record_id, record.length, record.payload) == (ref.record_id, ref.length, body)
        assert ref.payload_digest == f"sha256:{sha256_hex(body)}"


def test_the_store_is_told_what_a_record_holds(tmp_path: Path) -> None:
    series = series_in(tmp_path)
    ref = series.keep(wire(truncated="time"), kind="feed", notes={}, now=0.0)
    (capture,) = series.new
    assert ref is not None
    assert (capture.record_id, capture.warc, capture.offset, capture.length) == (
        ref.record_id,
        ref.warc,
        ref.offset,
        ref.length,
    )
    assert (capture.url, capture.url_key, capture.kind, capture.status) == (URL, URL, "feed", 200)
    assert (capture.mime, capture.payload_length, capture.truncated) == ("text/html", 4, "time")
    assert (capture.fetched_at, capture.date) == (STARTED_AT.timestamp(), "2023-03-22T08:15:00Z")
    assert capture.payload_sha256 == sha256_hex(b"<p>x")
    assert capture.revisit_of is None


def test_the_notes_of_an_exchange_stand_in_its_metadata(tmp_path: Path) -> None:
    series = series_in(tmp_path)
    series.keep(wire(), kind="robots", notes={"via": OTHER, "newscrawl-how": "related"}, now=0.0)
    block = records_of(series)[-1].block
    for line in (b"via: https://news.example/2.html", b"newscrawl-how: related", b"newscrawl-kind: robots"):
        assert line + b"\r\n" in block


def test_a_failed_exchange_has_no_capture(tmp_path: Path) -> None:
    series = series_in(tmp_path)
    assert series.keep(wire(head=b"", body=b"", error="TimeoutError"), kind="page", notes={}, now=0.0) is None
    assert series.new == []
    assert types_of(series) == ["warcinfo", "request", "metadata"]


@pytest.mark.parametrize("commit", [False, True])
def test_the_same_payload_is_stored_once(commit: bool, tmp_path: Path) -> None:
    series = series_in(tmp_path)
    first = series.keep(wire(URL, LONG), kind="page", notes={}, now=0.0)
    if commit:
        committed(series)
    refs = [series.keep(wire(url, LONG), kind="page", notes={}, now=0.0) for url in (OTHER, URL)]
    assert first is not None
    assert [capture.revisit_of for capture in series.new][-2:] == [first.record_id] * 2
    revisits = [record for record in records_of(series) if record.type == "revisit"]
    assert [record.record_id for record in revisits] == [ref.record_id for ref in refs if ref is not None]
    for record in revisits:
        assert record.get("WARC-Refers-To") == f"<{first.record_id}>"
        assert record.get("WARC-Refers-To-Target-URI") == URL
        assert record.get("WARC-Refers-To-Date") == "2023-03-22T08:15:00Z"
    assert {ref.payload_digest for ref in refs if ref is not None} == {first.payload_digest}


def test_a_payload_of_an_earlier_run_is_stored_once(tmp_path: Path) -> None:
    store = Store.open("sqlite://")
    first = series_in(tmp_path, store)
    ref = first.keep(wire(URL, LONG), kind="page", notes={}, now=0.0)
    committed(first)
    again = series_in(tmp_path, store)
    again.keep(wire(URL, LONG), kind="page", notes={}, now=1.0)
    assert ref is not None
    assert again.new[0].revisit_of == ref.record_id


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (wire(URL, LONG[:-1]), wire(OTHER, LONG[:-1])),
        (wire(URL, LONG, truncated="time"), wire(OTHER, LONG)),
        (wire(URL, LONG), wire(OTHER, LONG, truncated="time")),
        (wire(URL, LONG), wire(OTHER, LONG[1:] + b"y")),
        (wire(URL, b"", head=b"", error="x"), wire(OTHER, LONG)),
    ],
    ids=["short", "first cut", "second cut", "other bytes", "no answer"],
)
@pytest.mark.parametrize("commit", [False, True])
def test_what_is_short_or_cut_or_different_is_stored_itself(
    first: Any, second: Any, commit: bool, tmp_path: Path
) -> None:
    series = series_in(tmp_path)
    series.keep(first, kind="page", notes={}, now=0.0)
    if commit:
        committed(series)
    series.keep(second, kind="page", notes={}, now=0.0)
    assert "revisit" not in types_of(series)


def test_an_answer_that_nothing_has_changed_refers_to_the_latest_page(tmp_path: Path) -> None:
    series = series_in(tmp_path)
    for days in (0, 1):
        started_at = STARTED_AT + timedelta(days=days)
        ref = series.keep(wire(body=b"%d" % days, started_at=started_at), kind="page", notes={}, now=0.0)
    series.keep(
        wire(body=b"gone", status=404, started_at=STARTED_AT + timedelta(days=2)), kind="page", notes={}, now=0.0
    )
    committed(series)
    series.keep(wire(body=b"", status=304), kind="page", notes={}, now=0.0)
    (revisit,) = [record for record in records_of(series) if record.type == "revisit"]
    assert ref is not None
    assert revisit.get("WARC-Refers-To") == f"<{ref.record_id}>"
    assert (revisit.get("WARC-Profile") or "").endswith("/server-not-modified")


def test_an_answer_that_nothing_has_changed_since_nobody_knows_what_is_a_response(tmp_path: Path) -> None:
    series = series_in(tmp_path)
    series.keep(wire(body=b"", status=304), kind="page", notes={}, now=0.0)
    assert types_of(series)[1] == "response"


def test_a_file_is_full_by_its_size_or_by_its_idleness(tmp_path: Path) -> None:
    series = series_in(tmp_path, warc_max_bytes=10_000, warc_idle_s=60.0)
    assert not series.full(10**9)
    series.keep(wire(), kind="page", notes={}, now=100.0)
    assert not series.full(159.9)
    assert series.full(160.0)
    series.keep(wire(), kind="page", notes={}, now=150.0)
    assert not series.full(160.0)
    assert series.file is not None
    while series.file.size < 10_000:
        assert not series.full(150.0)
        series.keep(wire(), kind="page", notes={}, now=150.0)
    assert series.full(150.0)


def test_each_file_of_a_series_has_its_own_name_and_begins_with_its_own_record(tmp_path: Path) -> None:
    series = series_in(tmp_path)
    paths = []
    for _ in range(2):
        series.keep(wire(), kind="page", notes={}, now=0.0)
        assert types_of(series)[0] == "warcinfo"
        assert series.file is not None
        paths.append(series.file.finish())
        series.file = None
    assert len(set(paths)) == 2
    assert ["-00001-" in paths[0].name, "-00002-" in paths[1].name] == [True, True]


@pytest.mark.parametrize(
    ("head", "status", "mime"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", 200, "text/html"),
        (b"HTTP/1.0 404\n\n", 404, None),
        (b"HTTP/1.1 2000 OK\r\n\r\n", None, None),
        (b"ICY OK\r\n\r\n", None, None),
        (b"\r\n", None, None),
        (b"HTTP/1.1 200 OK\r\ncontent-type: ; charset=x\r\n\r\n", 200, None),
    ],
)
def test_status_and_media_type_are_what_the_head_states(
    head: bytes, status: int | None, mime: str | None, tmp_path: Path
) -> None:
    series = series_in(tmp_path)
    series.keep(wire(head=head), kind="page", notes={}, now=0.0)
    (capture,) = series.new
    assert (capture.status, capture.mime) == (status, mime)


@given(st.binary(min_size=1, max_size=60), st.binary(max_size=60))
def test_any_head_and_body_can_be_kept(tmp_path_factory: pytest.TempPathFactory, head: bytes, body: bytes) -> None:
    series = series_in(tmp_path_factory.mktemp("any"))
    ref = series.keep(wire(head=head, body=body), kind="page", notes={}, now=0.0)
    assert ref is not None
    assert read_record(series.path, ref.offset or 0).block == head + body
    committed(series)
    close_all()


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"HTTP/1.1 200 OK", 200),
        (b"HTTP/1.12 0200 OK", 200),
        (b"ICY/1.1 200 OK", 200),
        (b"HTTP/1.1 000", None),
        (b"HTTP/1.1 2000", None),
        (b"HTTP/1.1 -1", None),
    ],
)
def test_the_store_and_the_reader_read_one_status_in_a_line(line: bytes, status: int | None) -> None:
    head = line + b"\r\n\r\n"
    assert stated_status(head) == status
    headers = (("WARC-Type", "response"), ("Content-Type", "application/http; msgtype=response"))
    record = WarcRecord(path=Path("x"), offset=0, length=1, headers=headers, block=head)
    assert record.http is not None
    assert record.http.status == status

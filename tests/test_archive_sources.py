from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from crawls import SEEDS
from ledgers import STARTED_AT, URL, wire

from newscrawl.archive.reading import read_warc
from newscrawl.archive.records import WarcRecord
from newscrawl.archive.replay import Found
from newscrawl.archive.sources import WarcCapture, open_replay_set
from newscrawl.archive.warc import NewRecord, Original, RecordMaker, warc_date
from newscrawl.exceptions import ArchiveError, ManifestError
from newscrawl.fingerprint import sha256_hex

OTHER = "https://news.example/2.html"
THIRD = "https://news.example/3.html"
BODY = b"<p>one"
NOTES = {"newscrawl-how": "related", "newscrawl-asked": f"{URL}?utm_source=x", "via": OTHER, "hopsFromSeed": "2"}
LATER = STARTED_AT + timedelta(days=1)


def maker() -> RecordMaker:
    numbers = count(1)
    return RecordMaker(
        filename="a.warc.gz", created_at=STARTED_AT, info={"software": "x"}, new_id=lambda: f"urn:uuid:{next(numbers)}"
    )


def written(path: Path, records: Iterable[NewRecord]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(record.member for record in records))
    return path


def archived(path: Path, *exchanges: Any, notes: dict[str, str] | None = None) -> Path:
    """A WARC of this project at *path* with *exchanges*."""
    new = maker()
    records = [new.warcinfo()]
    for exchange in exchanges:
        records += new.exchange(exchange, notes=notes or {})
    return written(path, records)


def original_of(record: NewRecord, exchange: Any, **values: str) -> Original:
    fields = {"record_id": record.record_id, "url": exchange.url, "date": warc_date(exchange.started_at)}
    return Original(**{**fields, **values})


def plain(kind: str, block: bytes, *fields: str, version: str = "1.0", end: str = "\r\n") -> bytes:
    """A record as another tool writes it."""
    lines = [f"WARC/{version}", f"WARC-Type: {kind}", *fields, f"Content-Length: {len(block)}", "", ""]
    return end.join(lines).encode() + block + (end * 2).encode()


def other_response(
    url: str, body: bytes, *fields: str, head: bytes = b"Content-Type: text/html\r\n", **plainly: Any
) -> bytes:
    return plain(
        "response",
        b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + body,
        f"WARC-Target-URI: {url}",
        "WARC-Date: 2020-01-02T03:04:05Z",
        "Content-Type: application/http; msgtype=response",
        *fields,
        **plainly,
    )


# WARCs of this project ----------------------------------------------------------------------------------


def test_an_archived_exchange_is_a_capture(tmp_path: Path) -> None:
    path = archived(tmp_path / "a.warc.gz", wire(URL, BODY, truncated="length"), notes=NOTES)
    (capture,) = open_replay_set([path])
    (record,) = [found for found in read_warc(path) if isinstance(found, WarcRecord) and found.type == "response"]
    assert (capture.url, capture.status, capture.content_type) == (URL, 200, "Text/HTML; charset=utf-8")
    assert capture.fetched_at == STARTED_AT.replace(microsecond=0)
    assert capture.sha256 == sha256_hex(BODY)
    assert capture.truncated == "length"
    assert not capture.url_assigned
    assert capture.message().body == BODY
    assert capture.message().fields == ((b"Content-Type", b"Text/HTML; charset=utf-8"),)
    assert capture.ref.payload_digest == f"sha256:{sha256_hex(BODY)}"
    assert (capture.ref.warc, capture.ref.offset, capture.ref.length, capture.ref.record_id) == (
        "a.warc.gz",
        record.offset,
        record.length,
        record.record_id,
    )


def test_a_capture_knows_how_its_crawl_came_to_it(tmp_path: Path) -> None:
    (capture,) = open_replay_set([archived(tmp_path / "a.warc.gz", wire(), notes=NOTES)])
    assert capture.found == Found("related", OTHER, f"{URL}?utm_source=x", 2)


@pytest.mark.parametrize("truncated", [None, "disconnect", "length"])
@pytest.mark.parametrize("error", [None, "DownloadFailedError: broken chunk"])
def test_what_a_crawl_did_not_read_is_not_read_in_its_replay(truncated: Any, error: str | None, tmp_path: Path) -> None:
    exchange = wire(URL, BODY, truncated=truncated, error=error)
    (capture,) = open_replay_set([archived(tmp_path / "a.warc.gz", exchange, notes=NOTES)])
    assert capture.whole is (error is None)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"newscrawl-how": None}, None),
        ({"newscrawl-how": "by chance"}, None),
        ({"newscrawl-asked": None}, None),
        ({"newscrawl-asked": ""}, None),
        ({"via": None}, Found("related", None, f"{URL}?utm_source=x", 2)),
        ({"hopsFromSeed": None}, Found("related", OTHER, f"{URL}?utm_source=x", 0)),
        ({"hopsFromSeed": "LLE"}, Found("related", OTHER, f"{URL}?utm_source=x", 0)),
        ({"hopsFromSeed": "²"}, Found("related", OTHER, f"{URL}?utm_source=x", 0)),
    ],
)
def test_notes_that_say_nothing_are_passed_over(
    change: dict[str, str | None], found: Found | None, tmp_path: Path
) -> None:
    notes = {name: value for name, value in {**NOTES, **change}.items() if value is not None}
    (capture,) = open_replay_set([archived(tmp_path / "a.warc.gz", wire(), notes=notes)])
    assert capture.found == found


def test_a_part_names_the_record_that_it_completes(tmp_path: Path) -> None:
    notes = {**NOTES, "newscrawl-kind": "part", "newscrawl-part-of": "urn:uuid:1"}
    (capture,) = open_replay_set([archived(tmp_path / "a.warc.gz", wire(), notes=notes)])
    assert capture.part_of == "urn:uuid:1"
    (capture,) = open_replay_set([archived(tmp_path / "b.warc.gz", wire(), notes=NOTES)])
    assert capture.part_of is None


def test_robots_errors_and_redirects_are_captures_too_and_failed_exchanges_are_not(tmp_path: Path) -> None:
    path = archived(
        tmp_path / "a.warc.gz",
        wire("https://news.example/robots.txt"),
        wire(URL, status=404),
        wire(OTHER, status=301),
        wire(THIRD, head=b"", body=b"", error="TimeoutError"),
    )
    assert [(capture.url, capture.status) for capture in open_replay_set([path])] == [
        ("https://news.example/robots.txt", 200),
        (URL, 404),
        (OTHER, 301),
    ]


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT"])
def test_answers_to_anything_but_get_are_left_out(method: str, tmp_path: Path) -> None:
    request = f"{method} /1.html HTTP/1.1\r\n\r\n".encode()
    path = archived(tmp_path / "a.warc.gz", wire(URL, request=request, method=method), wire(OTHER))
    replay = open_replay_set([path])
    assert [capture.url for capture in replay] == [OTHER]
    assert URL not in replay


def test_the_content_coding_of_a_body_is_kept(tmp_path: Path) -> None:
    packed = gzip.compress(BODY)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n"
    (capture,) = open_replay_set([archived(tmp_path / "a.warc.gz", wire(URL, packed, head=head))])
    assert capture.message().body == packed
    assert (b"Content-Encoding", b"gzip") in capture.message().fields
    assert capture.sha256 == sha256_hex(packed)


def test_a_file_that_is_still_open_is_read_and_named_as_it_will_be(tmp_path: Path) -> None:
    (capture,) = open_replay_set([archived(tmp_path / "a.warc.gz.open", wire())])
    assert capture.ref.warc == "a.warc.gz"


@pytest.mark.parametrize("change", ["cut", "gone", "another payload"])
def test_a_file_that_changes_after_the_set_was_opened_is_refused(change: str, tmp_path: Path) -> None:
    path = archived(tmp_path / "a.warc.gz", wire(URL, BODY))
    (capture,) = open_replay_set([path])
    if change == "cut":
        path.write_bytes(path.read_bytes()[: (capture.ref.offset or 0) + 50])
    elif change == "gone":
        path.unlink()
    else:
        archived(path, wire(URL, b"<p>two"))
    with pytest.raises(ArchiveError, match=r"a\.warc\.gz"):
        capture.message()


def test_several_captures_of_a_url_are_all_there_and_the_nearest_is_found(tmp_path: Path) -> None:
    first = archived(tmp_path / "b" / "x.warc.gz", wire(URL, b"late", started_at=LATER))
    second = archived(tmp_path / "a" / "y.warc.gz", wire(URL, b"early"))
    replay = open_replay_set([first, second])
    assert [capture.message().body for capture in replay] == [b"early", b"late"]
    for moment, body in ((None, b"early"), (LATER, b"late"), (STARTED_AT, b"early")):
        found = replay.find(URL, moment)
        assert found is not None
        assert found.message().body == body


def test_the_set_is_the_same_in_whatever_order_its_files_are_given(tmp_path: Path) -> None:
    one = archived(tmp_path / "a.warc.gz", wire(URL, b"a"), wire(OTHER, b"b"))
    two = written(tmp_path / "b.warc.gz", maker().exchange(wire(THIRD, b"c"), notes={}))
    there, back = open_replay_set([one, two]), open_replay_set([two, one])
    assert there.digest == back.digest
    assert [capture.url for capture in there] == [capture.url for capture in back] == [URL, OTHER, THIRD]


def test_warcs_and_manifests_make_one_set(tmp_path: Path) -> None:
    replay = open_replay_set([SEEDS, archived(tmp_path / "a.warc.gz", wire())])
    assert len(replay) == 3
    assert [capture.record_id is None for capture in replay] == [True, True, False]


# Revisits -----------------------------------------------------------------------------------------------


def revisited(folder: Path, change: Callable[[Original], Original], *, apart: bool = False) -> list[Path]:
    """A response, and a revisit of it that refers to what *change* makes of it."""
    first, second = wire(URL, BODY), wire(OTHER, BODY, started_at=LATER)
    new = maker()
    records = new.exchange(first, notes={})
    again = new.exchange(second, notes={}, original=change(original_of(records[0], first)))
    if not apart:
        return [written(folder / "a.warc.gz", [*records, *again])]
    return [written(folder / "b.warc.gz", again), written(folder / "a.warc.gz", records)]


def other(original: Original, **values: str) -> Original:
    fields = {"record_id": original.record_id, "url": original.url, "date": original.date}
    return Original(**{**fields, **values})


@pytest.mark.parametrize("apart", [False, True], ids=["one file", "before its original, in another file"])
@pytest.mark.parametrize(
    "change",
    [
        lambda original: original,
        lambda original: other(original, url="https://gone.example/", date="2000-01-01T00:00:00Z"),
        lambda original: other(original, record_id="urn:uuid:gone"),
        lambda original: other(original, record_id="urn:uuid:gone", url="https://gone.example/"),
    ],
    ids=["all", "id", "address and date", "digest"],
)
def test_a_revisit_has_the_body_of_its_original_and_its_own_head(
    change: Callable[[Original], Original], apart: bool, tmp_path: Path
) -> None:
    replay = open_replay_set(revisited(tmp_path, change, apart=apart))
    first, second = replay
    assert (first.url, second.url) == (URL, OTHER)
    assert second.message() == first.message()
    assert second.sha256 == first.sha256 == sha256_hex(BODY)
    assert second.ref.record_id != first.ref.record_id
    assert second.fetched_at == LATER.replace(microsecond=0)
    assert replay.damage == ()


def test_the_id_wins_over_the_address_and_the_address_over_the_digest(tmp_path: Path) -> None:
    new = maker()
    one, two, three = wire(URL, b"one"), wire(OTHER, b"two"), wire(THIRD, b"three", started_at=LATER)
    records = [new.exchange(exchange, notes={}) for exchange in (one, two)]
    by_id = new.exchange(three, notes={}, original=original_of(records[0][0], two))
    by_place = new.exchange(three, notes={}, original=original_of(records[0][0], two, record_id="urn:uuid:gone"))
    path = written(tmp_path / "a.warc.gz", [record for group in (*records, by_id, by_place) for record in group])
    bodies = [capture.message().body for capture in open_replay_set([path])]
    assert bodies == [b"one", b"two", b"one", b"two"]


def test_a_revisit_of_nothing_is_damage_and_no_capture(tmp_path: Path) -> None:
    gone = Original(record_id="urn:uuid:gone", url="https://gone.example/", date="2000-01-01T00:00:00Z")
    new = maker()
    records = [*new.exchange(wire(URL, b"one"), notes={}), *new.exchange(wire(OTHER, BODY), notes={}, original=gone)]
    path = written(tmp_path / "a.warc.gz", records)
    replay = open_replay_set([path])
    assert [capture.url for capture in replay] == [URL]
    (line,) = replay.damage
    offset = sum(len(record.member) for record in records[:3])
    assert line == f"{path}: offset {offset}: the record it revisits is not in the set"


def test_a_digest_leads_to_no_body_that_was_cut(tmp_path: Path) -> None:
    new = maker()
    cut = new.exchange(wire(URL, BODY, truncated="disconnect"), notes={})
    gone = Original(record_id="urn:uuid:gone", url="https://gone.example/", date="2000-01-01T00:00:00Z")
    path = written(tmp_path / "a.warc.gz", [*cut, *new.exchange(wire(OTHER, BODY), notes={}, original=gone)])
    replay = open_replay_set([path])
    assert [capture.url for capture in replay] == [URL]
    assert len(replay.damage) == 1


def test_an_answer_that_nothing_has_changed_is_no_capture(tmp_path: Path) -> None:
    new = maker()
    first, again = wire(URL, BODY), wire(URL, b"", status=304, started_at=LATER)
    records = new.exchange(first, notes={})
    records += new.exchange(again, notes={}, unmodified=original_of(records[0], first))
    replay = open_replay_set([written(tmp_path / "a.warc.gz", records)])
    assert [(capture.status, capture.message().body) for capture in replay] == [(200, BODY)]
    assert replay.damage == ()


# WARCs of other tools -----------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("pack", [True, False], ids=["packed", "plain"])
def test_a_record_that_says_little_is_a_capture(pack: bool, end: str, tmp_path: Path) -> None:
    data = other_response(URL, BODY, end=end)
    path = tmp_path / ("a.warc.gz" if pack else "a.warc")
    path.write_bytes(gzip.compress(data) if pack else data)
    (capture,) = open_replay_set([path])
    assert (capture.url, capture.status, capture.found, capture.record_id) == (URL, 200, None, None)
    assert capture.fetched_at == datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert capture.message().body == BODY
    assert capture.ref.record_id is None


def test_chunk_framing_that_another_tool_stored_is_no_part_of_the_body(tmp_path: Path) -> None:
    head = b"Content-Type: text/html\r\nTransfer-Encoding: chunked\r\n"
    framed = b"6\r\n" + BODY + b"\r\n0\r\n\r\n"
    path = tmp_path / "a.warc.gz"
    path.write_bytes(gzip.compress(other_response(URL, framed, head=head)))
    (capture,) = open_replay_set([path])
    assert capture.message().body == BODY
    assert capture.sha256 == sha256_hex(BODY)


def test_an_address_in_brackets_and_one_with_a_fragment_is_an_address(tmp_path: Path) -> None:
    path = tmp_path / "a.warc"
    path.write_bytes(other_response(f"<{URL}>", BODY) + other_response(f"{OTHER}#top", BODY))
    assert [capture.url for capture in open_replay_set([path])] == [URL, OTHER]


def test_records_that_share_one_member_are_read_and_told(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(gzip.compress(other_response(URL, b"one") + other_response(OTHER, b"two")))
    replay = open_replay_set([path])
    assert [capture.message().body for capture in replay] == [b"one", b"two"]
    assert len(replay.damage) == 1


@pytest.mark.parametrize("reason", ["unspecified", "LENGTH", ""])
def test_a_reason_for_a_cut_that_nobody_knows_leaves_the_capture_as_it_is(reason: str, tmp_path: Path) -> None:
    path = tmp_path / "a.warc"
    path.write_bytes(other_response(URL, BODY, f"WARC-Truncated: {reason}"))
    (capture,) = open_replay_set([path])
    assert capture.truncated is None
    assert capture.whole


def test_what_is_no_answer_of_a_web_page_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.warc"
    path.write_bytes(
        plain("warcinfo", b"software: x\r\n")
        + plain("resource", b"<p>x", f"WARC-Target-URI: {URL}")
        + plain("response", b"dns", "WARC-Target-URI: dns:news.example", "Content-Type: text/dns")
        + plain("response", b"HTTP/1.1 OK\r\n\r\n", f"WARC-Target-URI: {URL}", "Content-Type: application/http")
        + plain("response", b"HTTP/1.1 200 OK\r\n\r\n", "Content-Type: application/http")
        + plain("metadata", b"a: b\r\n", f"WARC-Target-URI: {URL}")
        + plain("request", b"GET / HTTP/1.1\r\n\r\n", f"WARC-Target-URI: {URL}")
        + other_response(OTHER, BODY)
    )
    assert [capture.url for capture in open_replay_set([path])] == [OTHER]


# Damage -------------------------------------------------------------------------------------------------


def test_every_whole_record_of_a_damaged_file_is_taken_and_the_damage_named(tmp_path: Path) -> None:
    path = archived(tmp_path / "a.warc.gz", *(wire(f"https://news.example/{n}") for n in range(5)))
    data = bytearray(path.read_bytes())
    broken = [record for record in read_warc(path) if isinstance(record, WarcRecord) and record.type == "response"][2]
    data[broken.offset + 20 : broken.offset + 40] = b"\xff" * 20
    path.write_bytes(bytes(data) + b"\x1f\x8b torn")
    replay = open_replay_set([path])
    assert [capture.url[-1] for capture in replay] == ["0", "1", "3", "4"]
    assert len(replay.damage) == 2
    assert replay.damage[0].startswith(f"{path}: offset {broken.offset}: ")


def test_a_set_of_nothing_but_damage_is_refused_and_tells_the_first(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(b"garbage")
    with pytest.raises(ManifestError) as caught:
        open_replay_set([path])
    assert str(caught.value).startswith(f"the replay set holds no capture; {path}: offset 0: ")


@pytest.mark.parametrize("name", ["missing.warc.gz", "folder.warc.gz"])
def test_a_file_that_cannot_be_read_is_refused_by_name(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder.warc.gz").mkdir()
    with pytest.raises(ManifestError, match=name):
        open_replay_set([tmp_path / name])


@pytest.mark.parametrize("name", ["a.warc.zst", "a.wacz", "a.html"])
def test_a_file_of_another_kind_is_refused_by_name(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(ManifestError, match=rf"{name}: a replay set is made of manifests .* and WARCs"):
        open_replay_set([tmp_path / name])


def test_a_file_that_is_given_twice_gives_its_records_once_by_id(tmp_path: Path) -> None:
    path = archived(tmp_path / "a.warc.gz", wire())
    (capture,) = open_replay_set([path])
    assert isinstance(capture, WarcCapture)
    assert capture.record_id is not None
    twice = open_replay_set([path, path])
    assert twice.record(capture.record_id) == capture

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import warcs
from hypothesis import given
from hypothesis import strategies as st
from warcs import BODY, DAMAGED, OTHER, PAGES, STARTED, WRONG, Made

from newscrawl.archive import reading
from newscrawl.archive.reading import Damage, WarcRecord, decoded_payload, read_record, read_warc
from newscrawl.archive.warc import gzip_member
from newscrawl.exceptions import ArchiveError, StorageError

Maker = Callable[[Path], Made]


def place(tmp_path: Path, name: str) -> Path:
    return tmp_path / ("test.warc" if name.startswith("plain") else "test.warc.gz")


def read(path: Path, start: int = 0) -> tuple[list[WarcRecord], list[Damage]]:
    found = list(read_warc(path, start=start))
    return [one for one in found if isinstance(one, WarcRecord)], [one for one in found if isinstance(one, Damage)]


@pytest.mark.parametrize(("name", "make"), {**DAMAGED, **WRONG, **OTHER, "good": warcs.good}.items())
def test_every_whole_record_is_kept_and_every_damage_named_with_its_place(
    name: str, make: Maker, tmp_path: Path
) -> None:
    made = make(place(tmp_path, name))
    records, damage = read(made.path)
    assert len(records) == made.whole, made.what
    assert [one.code for one in damage] == list(made.damage), made.what
    assert {one.offset for one in damage} <= {made.offset}, made.what
    for one in damage:
        assert str(made.path) in str(one)
        assert f"offset {made.offset}: " in str(one)


@pytest.mark.parametrize(("name", "make"), {**DAMAGED, **WRONG}.items())
def test_a_whole_record_is_what_it_was_before_the_damage(name: str, make: Maker, tmp_path: Path) -> None:
    sound = {record.record_id: record.block for record in read(warcs.good(tmp_path / "good.warc.gz").path)[0]}
    made = make(place(tmp_path, name))
    changed = [record for record in read(made.path)[0] if sound.get(record.record_id) != record.block]
    assert all(record.offset == made.offset or made.finding == "revisit" for record in changed)


@pytest.mark.parametrize(("name", "make"), {**DAMAGED, **WRONG, **OTHER}.items())
def test_places_and_gaps_cover_the_file(name: str, make: Maker, tmp_path: Path) -> None:
    made = make(place(tmp_path, name))
    records, damage = read(made.path)
    covered = sum(record.length for record in records) + sum(one.length or 0 for one in damage)
    assert covered == made.path.stat().st_size


@pytest.mark.parametrize(("name", "make"), {**DAMAGED, **WRONG, **OTHER}.items())
def test_a_record_is_found_again_by_its_place(name: str, make: Maker, tmp_path: Path) -> None:
    for record in read(make(place(tmp_path, name)).path)[0]:
        if name != "one_torn_member" or record.inner:
            again = read_record(record.path, record.offset, inner=record.inner)
            assert (again.headers, again.block, again.length) == (record.headers, record.block, record.length)


def test_records_of_one_member_are_told_by_their_place_in_it(tmp_path: Path) -> None:
    records = read(warcs.one_member(tmp_path / "test.warc.gz").path)[0]
    assert {record.offset for record in records} == {0}
    assert {record.length for record in records} == {0}
    assert len({record.inner for record in records}) == 13


@pytest.mark.parametrize(("name", "make"), OTHER.items())
def test_records_of_other_tools_give_the_page(name: str, make: Maker, tmp_path: Path) -> None:
    (record,), _ = read(make(place(tmp_path, name)).path)
    assert (record.type, record.target_uri, record.date) == ("response", "http://news.example/other", STARTED)
    assert record.http is not None
    assert record.http.status == 200
    assert record.payload == BODY
    assert decoded_payload(record) == (BODY, None)
    assert record.version == ("WARC/1.0" if name == "version_1_0" else "WARC/1.1")
    assert record.packed is (name != "plain")


def test_reading_begins_where_it_is_told_to(tmp_path: Path) -> None:
    path = warcs.good(tmp_path / "test.warc.gz").path
    records = read(path)[0]
    assert [one.offset for one in read(path, records[4].offset)[0]] == [one.offset for one in records[4:]]
    assert read(path, path.stat().st_size) == ([], [])


def test_an_open_file_is_read_as_any_other(tmp_path: Path) -> None:
    assert len(read(warcs.good(tmp_path / "test.warc.gz.open").path)[0]) == 13


def test_an_empty_file_holds_nothing(tmp_path: Path) -> None:
    assert read(warcs.written(tmp_path / "test.warc.gz", [])) == ([], [])


def test_the_record_behind_a_member_that_swallows_it_is_kept(tmp_path: Path) -> None:
    parts = warcs.members()
    # Stored, not packed: the cut block takes the bytes of the next members for its own.
    parts[4] = gzip_member(warcs.raw(parts[4]), 0)[:-400]
    records, damage = read(warcs.written(tmp_path / "test.warc.gz", parts))
    assert (len(records), [one.code for one in damage]) == (12, ["gzip"])


def test_garbage_longer_than_a_piece_is_passed_over(tmp_path: Path) -> None:
    parts = warcs.members()
    junk = b"garbage\x1f\x8b\x08" * 60_000
    records, damage = read(warcs.written(tmp_path / "test.warc.gz", [*parts[:5], junk, *parts[5:]]))
    assert len(records) == 13
    assert [(one.code, one.length) for one in damage] == [("garbage", len(junk))]


def test_a_page_that_quotes_a_warc_is_no_record(tmp_path: Path) -> None:
    quote = warcs.raw(warcs.members()[1])
    make = warcs.maker()
    member = make.exchange(warcs.wire("http://news.example/", quote), notes={})[0].member
    short = warcs.raw(member).replace(b"Content-Length: 1", b"Content-Length: ", 1)
    records, damage = read(warcs.written(tmp_path / "test.warc.gz", [gzip_member(short, 6)]))
    assert (records, [one.code for one in damage]) == ([], ["length"])


def test_a_long_block_of_a_plain_file_is_passed_over_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "RECORD_LIMIT", 5000)
    inner = b"".join(map(warcs.raw, warcs.members()))
    long = b"WARC/1.1\r\nWARC-Type: resource\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n" % (len(inner), inner)
    parts = [warcs.raw(warcs.members()[0]), long, warcs.raw(warcs.members()[1])]
    records, damage = read(warcs.written(tmp_path / "test.warc", parts))
    assert [record.type for record in records] == ["warcinfo", "response"]
    assert [(one.code, one.length) for one in damage] == [("length", len(long))]


@pytest.mark.parametrize("make", [warcs.huge_block, warcs.hidden_bomb])
def test_a_bomb_takes_no_memory(make: Maker, tmp_path: Path) -> None:
    made = make(tmp_path / "test.warc.gz")
    tracemalloc.start()
    try:
        read(made.path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20


def test_a_long_file_is_not_held_in_memory(tmp_path: Path) -> None:
    make = warcs.maker(level=0)
    parts = [
        record.member for _ in range(100) for record in make.exchange(warcs.wire("http://a/", bytes(200_000)), notes={})
    ]
    path = warcs.written(tmp_path / "test.warc.gz", parts)
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_warc(path)) == 300
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20


@pytest.mark.parametrize("offset", [-1, 1, 10**6, 2**63, 2**70])
def test_a_place_where_no_record_begins_is_named(offset: int, tmp_path: Path) -> None:
    path = warcs.good(tmp_path / "test.warc.gz").path
    with pytest.raises(ArchiveError, match=f"test.warc.gz: offset {offset}: "):
        read_record(path, offset)


@pytest.mark.parametrize("make", [warcs.bit_rot, warcs.bad_checksum, warcs.short_length, warcs.huge_block])
def test_a_damaged_record_is_not_given(make: Maker, tmp_path: Path) -> None:
    made = make(tmp_path / "test.warc.gz")
    with pytest.raises(ArchiveError, match=f"offset {made.offset}: "):
        read_record(made.path, made.offset)


def test_a_place_in_a_member_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = warcs.good(tmp_path / "test.warc.gz").path
    with pytest.raises(ArchiveError, match="ends before its byte 99999"):
        read_record(path, 0, inner=99999)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "gone.warc.gz"
    with pytest.raises(StorageError, match=r"gone\.warc\.gz.*No such file"):
        next(read_warc(path))
    with pytest.raises(StorageError, match=r"gone\.warc\.gz.*No such file"):
        read_record(path, 0)


GOOD = b"".join(warcs.members())
PLAIN = b"".join(map(warcs.raw, warcs.members()))
ONE = gzip_member(PLAIN, 6)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from([GOOD, PLAIN, ONE])))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        kind = draw(st.sampled_from(["flip", "cut", "drop", "insert", "repeat"]))
        if kind == "flip" and at < len(data):
            data[at] ^= draw(st.integers(1, 255))
        elif kind == "cut":
            del data[at:]
        elif kind == "drop":
            del data[at : at + draw(st.integers(1, 400))]
        elif kind == "insert":
            data[at:at] = draw(
                st.binary(max_size=60) | st.sampled_from([b"\r\n", b"\n\n", b"WARC/1.1\r\nA", b"\x1f\x8b\x08"])
            )
        else:
            data[at:at] = data[at : at + draw(st.integers(1, 2000))]
    return bytes(data)


@given(
    st.binary(max_size=400)
    | st.binary().map(lambda data: b"WARC/1.1\r\n" + data)
    | st.binary().map(lambda data: gzip_member(data, 6))
    | mutated(),
    st.sampled_from(["a.warc", "a.warc.gz"]),
    st.integers(0, 50),
)
def test_no_content_makes_reading_fail(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str, start: int
) -> None:
    path = warcs.written(tmp_path_factory.mktemp("any") / name, [data])
    records, damage = read(path)
    for record in records:
        assert (record.type, record.date, record.record_id, record.target_uri, record.payload) is not None
        decoded_payload(record)
    assert sum(record.length for record in records) + sum(one.length or 0 for one in damage) == len(data)
    read(path, start)
    with suppress(ArchiveError):
        read_record(path, start)


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_a_flipped_byte_costs_one_record_at_most(tmp_path_factory: pytest.TempPathFactory, at: int, flip: int) -> None:
    data = bytearray(GOOD)
    data[at] ^= flip
    records = read(warcs.written(tmp_path_factory.mktemp("any") / "a.warc.gz", [bytes(data)]))[0]
    assert len(records) >= 12


@given(st.integers(0, len(GOOD)))
def test_a_cut_file_keeps_what_lies_before_the_cut(tmp_path_factory: pytest.TempPathFactory, at: int) -> None:
    path = warcs.written(tmp_path_factory.mktemp("any") / "a.warc.gz", [GOOD[:at]])
    records, damage = read(path)
    whole = 0
    for member in warcs.members():
        whole += len(member)
        if whole > at:
            whole -= len(member)
            break
    assert sum(record.length for record in records) == whole
    assert [(one.code, one.offset) for one in damage] == ([] if whole == at else [("torn", whole)])


def test_pages_come_back_in_order(tmp_path: Path) -> None:
    records = read(warcs.good(tmp_path / "test.warc.gz").path)[0]
    pages = {record.target_uri: record.payload for record in records if record.type == "response"}
    assert pages == PAGES
    assert list(pages) == list(PAGES)

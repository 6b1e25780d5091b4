from __future__ import annotations

import errno
import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.archive.snapshot import snapshot_ref, write_snapshot
from newscrawl.fingerprint import sha256_hex
from newscrawl.items import Article, faults

BODY = "<p>图书馆".encode()
DAY = datetime(2023, 3, 22, 8, 15, tzinfo=UTC)
HOSTS = st.text(st.characters()) | st.lists(
    st.sampled_from(["..", ".", "/", "\\", "\x00", "a", "%2e", "[::1]", ":", "新闻", "İ", "html", " "])
).map("".join)


def test_a_snapshot_is_named_by_its_host_its_day_and_its_content() -> None:
    ref = snapshot_ref(BODY, "News.example", DAY)
    assert ref.sha256 == sha256_hex(BODY)
    assert ref.path == f"html/news.example/2023-03-22/{ref.sha256[:16]}.html"


def test_a_snapshot_without_a_time_stands_under_undated() -> None:
    assert snapshot_ref(BODY, "news.example", None).path.split("/")[2] == "undated"


@pytest.mark.parametrize(
    ("host", "folder"),
    [
        ("", "unknown"),
        (".", "unknown"),
        ("..", "unknown"),
        ("...", "unknown"),
        ("../../etc", "_.._etc"),
        ("a/b", "a_b"),
        ("a\\b", "a_b"),
        ("a\x00b", "a_b"),
        ("2001:db8::1", "2001_db8__1"),
        ("news.example.", "news.example"),
        ("x" * 300, "x" * 200),
    ],
)
def test_a_host_is_written_so_that_every_file_system_takes_it(host: str, folder: str) -> None:
    assert snapshot_ref(BODY, host, None).path.split("/")[1] == folder


@given(st.binary(), HOSTS, st.none() | st.datetimes(timezones=st.just(UTC)))
def test_no_host_leads_out_of_the_folder(body: bytes, host: str, fetched_at: datetime | None) -> None:
    ref = snapshot_ref(body, host, fetched_at)
    parts = PurePosixPath(ref.path).parts
    assert len(parts) == 4
    assert parts[0] == "html"
    assert ".." not in parts
    assert not set(ref.path) - set("abcdefghijklmnopqrstuvwxyz0123456789._-/")
    assert max(map(len, parts)) <= 200
    assert faults(Article(snapshot=ref)) == []


def test_the_day_is_the_one_that_the_time_states() -> None:
    late = DAY.astimezone(timezone(timedelta(hours=14)))
    assert snapshot_ref(BODY, "news.example", late).path.split("/")[2] == late.strftime("%Y-%m-%d")


def test_a_snapshot_holds_the_bytes_as_they_came(tmp_path: Path) -> None:
    ref = snapshot_ref(BODY, "news.example", DAY)
    assert write_snapshot(tmp_path, ref, BODY) is True
    assert (tmp_path / ref.path).read_bytes() == BODY


def test_a_second_write_of_the_same_page_is_not_new(tmp_path: Path) -> None:
    ref = snapshot_ref(BODY, "news.example", DAY)
    assert write_snapshot(tmp_path, ref, BODY) is True
    assert write_snapshot(tmp_path, ref, BODY) is False


def test_two_pages_of_one_host_and_day_lie_side_by_side(tmp_path: Path) -> None:
    refs = [snapshot_ref(body, "news.example", DAY) for body in (b"one", b"two")]
    for ref, body in zip(refs, (b"one", b"two"), strict=True):
        write_snapshot(tmp_path, ref, body)
    assert [(tmp_path / ref.path).read_bytes() for ref in refs] == [b"one", b"two"]


def test_a_reader_never_sees_a_part_of_a_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ref = snapshot_ref(BODY, "news.example", DAY)
    write = os.write
    written: list[int] = []

    def a_byte_at_a_time(file: int, data: bytes) -> int:
        assert not (tmp_path / ref.path).exists()
        written.append(file)
        return write(file, data[:1])

    monkeypatch.setattr(os, "write", a_byte_at_a_time)
    write_snapshot(tmp_path, ref, BODY)
    assert len(written) == len(BODY)
    assert (tmp_path / ref.path).read_bytes() == BODY
    assert [path.name for path in (tmp_path / ref.path).parent.iterdir()] == [(tmp_path / ref.path).name]


@pytest.mark.parametrize("call", ["write", "replace"])
def test_a_snapshot_that_cannot_be_written_leaves_nothing(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(OSError, match="No space left"):
        write_snapshot(tmp_path, snapshot_ref(BODY, "news.example", DAY), BODY)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []

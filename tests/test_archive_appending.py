from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import fill_up

from newscrawl import faultpoints
from newscrawl.archive.appending import OPEN, AppendFile, sync_folder


def contents(file: AppendFile) -> bytes:
    return (file.path if file.path.exists() else file.open_path).read_bytes()


def unsynced(_: int) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_a_file_carries_open_behind_its_name_until_it_is_finished(tmp_path: Path) -> None:
    file = AppendFile(tmp_path, "articles/a.jsonl")
    assert (file.name, file.path) == ("articles/a.jsonl", tmp_path / "articles" / "a.jsonl")
    assert file.open_path.name == "a.jsonl" + OPEN
    file.append(b"x")
    assert file.open_path.exists()
    assert file.finish() == file.path
    assert [path.name for path in file.path.parent.iterdir()] == ["a.jsonl"]
    assert file.path.read_bytes() == b"x"


@given(st.lists(st.binary(max_size=30), max_size=8))
def test_what_is_appended_lies_where_it_was_said_to(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes]
) -> None:
    file = AppendFile(tmp_path_factory.mktemp("any"), "a")
    offsets = [file.append(part) for part in parts]
    data = contents(file)
    file.abandon()
    assert data == b"".join(parts)
    assert file.size == len(data)
    for offset, part in zip(offsets, parts, strict=True):
        assert data[offset : offset + len(part)] == part


@pytest.mark.parametrize("name", ["a.jsonl", f"a.jsonl{OPEN}"])
def test_a_name_that_is_taken_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"mine")
    with pytest.raises(FileExistsError) as caught:
        AppendFile(tmp_path, "a.jsonl")
    assert Path(caught.value.filename).name == name
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"mine"]


@pytest.mark.parametrize("room", range(0, 10))
def test_an_append_that_fails_leaves_no_byte_of_it(room: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        fill_up(patch, room)
        file = AppendFile(tmp_path, "a")
        kept = 0
        for part in (b"abc", b"def", b"ghi"):
            if kept + len(part) > room:
                with pytest.raises(OSError, match="No space left") as caught:
                    file.append(part)
                assert caught.value.filename == str(file.path)
                break
            assert file.append(part) == kept
            kept += len(part)
    assert contents(file) == b"abcdefghi"[:kept]
    assert (file.size, file.torn) == (kept, False)
    file.abandon()


def test_after_a_failure_the_next_append_stands_at_the_right_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        fill_up(patch, 5)
        file = AppendFile(tmp_path, "a")
    file.append(b"abc")
    with pytest.raises(OSError, match="No space left"):
        file.append(b"defg")
    assert file.append(b"xy") == 3
    assert contents(file) == b"abcxy"
    file.abandon()


def test_a_failure_that_cannot_be_taken_back_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        fill_up(patch, 5, cut=False)
        file = AppendFile(tmp_path, "a")
    file.append(b"abc")
    with pytest.raises(OSError, match="Input/output error") as caught:
        file.append(b"defg")
    assert caught.value.filename == str(file.path)
    assert file.torn
    assert file.size == 3
    file.abandon()


def test_only_what_was_synced_counts_as_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = AppendFile(tmp_path, "a")
    file.append(b"abc")
    assert file.synced == 0
    file.sync()
    assert file.synced == 3
    file.append(b"d")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", unsynced)
        with pytest.raises(OSError, match="Input/output error"):
            file.sync()
        assert file.synced == 3
        with pytest.raises(OSError, match="Input/output error") as caught:
            file.finish()
    assert caught.value.filename == str(file.path)
    assert not file.path.exists()
    file.finish()
    assert file.synced == 4


def test_the_name_of_a_new_file_is_synced_with_its_first_bytes_and_again_when_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bool] = []
    real = os.fsync

    def counted(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").resolve().is_dir())
        real(descriptor)

    file = AppendFile(tmp_path, "a")
    monkeypatch.setattr(os, "fsync", counted)
    file.sync()
    assert synced == []
    file.append(b"x")
    file.sync()
    file.sync()
    assert synced == [False, True]
    file.append(b"y")
    file.sync()
    assert synced == [False, True, False]
    file.finish()
    assert synced == [False, True, False, True]


def test_each_sync_is_written_down_for_who_takes_away_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faultpoints, "_JOURNAL", str(tmp_path / "journal"))
    file = AppendFile(tmp_path, "a")
    for part in (b"abc", b"d"):
        file.append(part)
        file.sync()
    file.finish()
    lines = (tmp_path / "journal").read_text(encoding="utf-8").splitlines()
    assert lines == [f"3\t{file.path}", f"4\t{file.path}"]


def test_a_file_that_is_abandoned_keeps_its_name(tmp_path: Path) -> None:
    file = AppendFile(tmp_path, "a")
    file.append(b"abc")
    file.abandon()
    file.abandon()
    assert [path.name for path in tmp_path.iterdir()] == [f"a{OPEN}"]
    assert contents(file) == b"abc"


def test_a_folder_that_is_gone_cannot_be_synced(tmp_path: Path) -> None:
    sync_folder(tmp_path)
    with pytest.raises(FileNotFoundError):
        sync_folder(tmp_path / "gone")

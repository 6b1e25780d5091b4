from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import (
    NEXT_STAMP,
    STAMP,
    Thing,
    article,
    ended,
    files_of,
    keep,
    killed,
    line_of,
    opened,
    store_of,
    tree,
    wire,
)

from newscrawl.archive.reading import read_warc
from newscrawl.archive.records import WarcRecord
from newscrawl.archive.snapshot import snapshot_ref
from newscrawl.exceptions import StorageError
from newscrawl.items import SnapshotRef
from newscrawl.ledger.recovery import recover
from newscrawl.store import captures, files

ROWS_FILE = f"articles/news-{STAMP}-00001.jsonl"
BODY = b"<p>" + b"x" * 600
DAY = datetime(2023, 3, 22, 8, 15, tzinfo=UTC)


def recovered(folder: Path, worker: str = "local") -> list[str]:
    with store_of(folder) as store:
        return recover(folder, store, worker)


def crawled(folder: Path, *, rows: int = 1, exchanges: int = 0) -> None:
    """A run that was killed after a commit of some rows and exchanges."""
    ledger = opened(folder)
    keep(ledger, *range(rows))
    for number in range(exchanges):
        ledger.keep_exchange(Thing(), wire(f"https://news.example/{number}"), kind="page", notes={})
    ledger.commit()
    killed(ledger)


def with_snapshot(folder: Path, *, times: int = 1) -> SnapshotRef:
    """A run that was killed after a commit of a row, its capture (the last of *times* equal ones) and its snapshot."""
    ledger, ref = opened(folder), snapshot_ref(BODY, "news.example", DAY)
    for _ in range(times):
        request = Thing()
        ledger.keep_exchange(request, wire(body=BODY), kind="page", notes={})
    exchange = ledger.exchange(request)
    assert exchange is not None
    ledger.write_snapshot(ref, BODY)
    ledger.write_row(article(1, capture=exchange.ref, snapshot=ref), line_of(1))
    ledger.commit()
    killed(ledger)
    return ref


# Open files ---------------------------------------------------------------------------------------------


def test_a_folder_where_nothing_was_interrupted_is_left_alone(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    keep(ledger, 1)
    ended(ledger)
    before = files_of(tmp_path)
    assert recovered(tmp_path) == []
    assert files_of(tmp_path) == before


@pytest.mark.parametrize("tail", [b"", b"\n", b'{"n": 2}\n', b'{"n":', b"\x00" * 5000])
def test_a_file_is_cut_back_to_what_was_committed_and_its_tail_kept_aside(tail: bytes, tmp_path: Path) -> None:
    crawled(tmp_path, rows=2)
    path = tmp_path / f"{ROWS_FILE}.open"
    path.write_bytes(path.read_bytes() + tail)
    told = recovered(tmp_path)
    assert (tmp_path / ROWS_FILE).read_bytes() == line_of(0) + line_of(1)
    torn = [path.read_bytes() for path in (tmp_path / "torn").glob("*")]
    assert torn == ([tail] if tail else [])
    assert any(f"{len(tail)} bytes behind the last commit were cut off" in line for line in told) is bool(tail)
    assert any("its 20 committed bytes are whole" in line for line in told)
    assert not list(tmp_path.rglob("*.open"))
    assert recovered(tmp_path) == []
    with store_of(tmp_path) as store, store.begin() as connection:
        assert [(file.state, file.length) for file in files.all(connection)] == [("closed", 20)]


@given(st.integers(0, 60), st.binary(max_size=20))
def test_no_byte_of_a_killed_run_is_lost(tmp_path_factory: pytest.TempPathFactory, rows: int, tail: bytes) -> None:
    folder = tmp_path_factory.mktemp("killed")
    crawled(folder, rows=rows)
    path = folder / f"{ROWS_FILE}.open"
    if rows:
        path.write_bytes(path.read_bytes() + tail)
    recovered(folder)
    final = folder / ROWS_FILE
    whole = final.read_bytes() if final.exists() else b""
    assert whole == b"".join(map(line_of, range(rows)))
    assert b"".join(path.read_bytes() for path in (folder / "torn").glob("*")) == (tail if rows else b"")


@pytest.mark.parametrize(
    "name", ["articles/old.jsonl", "runs/old/rejected.jsonl", "warc/old.warc.gz", f"runs/{STAMP}-1/rejected.jsonl"]
)
def test_an_open_file_of_which_nothing_was_committed_is_set_aside_whole(name: str, tmp_path: Path) -> None:
    crawled(tmp_path)
    path = tmp_path / f"{name}.open"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"never committed")
    recovered(tmp_path)
    assert not path.exists()
    assert not (tmp_path / name).exists()
    (torn,) = (tmp_path / "torn").iterdir()
    assert torn.read_bytes() == b"never committed"
    assert torn.name == f"{path.name}.0-15"


def test_two_tails_of_files_of_one_name_lie_side_by_side(tmp_path: Path) -> None:
    crawled(tmp_path)
    for run in ("a", "bb"):
        tree(tmp_path, **{f"runs__{run}__rejected_jsonl_open": run.encode()})
    recovered(tmp_path)
    assert sorted(path.read_bytes() for path in (tmp_path / "torn").iterdir()) == [b"a", b"bb"]


@pytest.mark.parametrize("renamed", [False, True])
def test_a_file_shorter_than_what_was_committed_stops_the_start_and_nothing_is_touched(
    renamed: bool, tmp_path: Path
) -> None:
    crawled(tmp_path, rows=2)
    path = tmp_path / f"{ROWS_FILE}.open"
    path.write_bytes(line_of(0))
    if renamed:
        path = path.rename(tmp_path / ROWS_FILE)
    with pytest.raises(StorageError) as caught:
        opened(tmp_path, stamp=NEXT_STAMP)
    assert str(caught.value).startswith(f"{path}: holds 10 bytes, and 20 were committed")
    assert "scrapy verify" in str(caught.value)
    assert caught.value.exit_code == 5
    assert path.read_bytes() == line_of(0)
    with store_of(tmp_path) as store, store.begin() as connection:
        assert [file.state for file in files.all(connection)] == ["open"]


def test_a_file_that_is_gone_stops_the_start_by_name(tmp_path: Path) -> None:
    crawled(tmp_path)
    (tmp_path / f"{ROWS_FILE}.open").unlink()
    with pytest.raises(StorageError, match=rf"{ROWS_FILE}: is missing, and 10 bytes of it were committed"):
        opened(tmp_path, stamp=NEXT_STAMP)


def test_one_short_file_keeps_every_other_from_being_renamed(tmp_path: Path) -> None:
    crawled(tmp_path, exchanges=1)
    (warc,) = (tmp_path / "warc").iterdir()
    warc.write_bytes(b"")
    with pytest.raises(StorageError, match=warc.name):
        recovered(tmp_path)
    assert (tmp_path / f"{ROWS_FILE}.open").exists()


def test_a_file_that_was_renamed_before_the_store_was_told_is_accepted(tmp_path: Path) -> None:
    crawled(tmp_path)
    (tmp_path / f"{ROWS_FILE}.open").rename(tmp_path / ROWS_FILE)
    again = opened(tmp_path, stamp=NEXT_STAMP)
    assert again.continued
    ended(again)
    assert (tmp_path / ROWS_FILE).read_bytes() == line_of(0)
    with store_of(tmp_path) as store, store.begin() as connection:
        assert [file.state for file in files.all(connection)] == ["closed"]


def test_a_renamed_file_with_a_tail_is_cut_back_as_well(tmp_path: Path) -> None:
    crawled(tmp_path)
    path = tmp_path / f"{ROWS_FILE}.open"
    path.write_bytes(path.read_bytes() + b"tail")
    path.rename(tmp_path / ROWS_FILE)
    recovered(tmp_path)
    assert (tmp_path / ROWS_FILE).read_bytes() == line_of(0)
    (torn,) = (tmp_path / "torn").iterdir()
    assert torn.read_bytes() == b"tail"


def test_files_of_another_worker_are_not_looked_at(tmp_path: Path) -> None:
    crawled(tmp_path)
    with store_of(tmp_path) as store, store.begin() as connection:
        assert files.opened(connection, "other") == []
        assert [file.name for file in files.opened(connection, "local")] == [ROWS_FILE]


# WARCs --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tail", [b"", b"\x1f\x8b\x08\x00 torn"])
def test_a_warc_of_a_killed_run_is_finished_with_an_index(tail: bytes, tmp_path: Path) -> None:
    crawled(tmp_path, exchanges=3)
    (path,) = (tmp_path / "warc").iterdir()
    path.write_bytes(path.read_bytes() + tail)
    recovered(tmp_path)
    final = path.with_name(path.name.removesuffix(".open"))
    records = list(read_warc(final))
    assert all(isinstance(record, WarcRecord) for record in records)
    assert len(records) == 10
    index = final.with_name(final.name.replace(".warc.gz", ".cdxj")).read_bytes().splitlines()
    assert [line.split()[0] for line in index] == [b"example,news)/%d" % number for number in range(3)]


def test_an_index_that_a_kill_prevented_is_made_at_the_next_start(tmp_path: Path) -> None:
    ledger = opened(tmp_path, warc_max_bytes=1)
    ledger.keep_exchange(Thing(), wire(), kind="page", notes={})
    ledger.commit()
    killed(ledger)
    (index,) = (tmp_path / "warc").glob("*.cdxj")
    made = index.read_bytes()
    index.unlink()
    recovered(tmp_path)
    assert index.read_bytes() == made


# Snapshots ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [1, 2], ids=["response", "revisit"])
@pytest.mark.parametrize("fault", ["missing", "torn", "empty"])
def test_a_snapshot_that_a_power_loss_took_is_written_again_from_its_record(
    fault: str, times: int, tmp_path: Path
) -> None:
    ref = with_snapshot(tmp_path, times=times)
    path = tmp_path / ref.path
    path.unlink() if fault == "missing" else path.write_bytes(BODY[:10] if fault == "torn" else b"")
    told = recovered(tmp_path)
    assert path.read_bytes() == BODY
    assert f"{path}: written again from its WARC record" in told


def test_what_was_committed_under_another_name_of_this_worker_is_kept(tmp_path: Path) -> None:
    # In a container the machine's name, and with it the worker's, is another at every start.
    crawled(tmp_path, rows=2, exchanges=1)
    before = {name.removesuffix(".open") for name in files_of(tmp_path)}
    recovered(tmp_path, worker="another")
    assert before < set(files_of(tmp_path))
    assert not (tmp_path / "torn").exists()
    with store_of(tmp_path) as store, store.begin() as connection:
        assert {row.state for row in files.all(connection)} == {"closed"}


def test_a_snapshot_that_is_whole_is_left_alone(tmp_path: Path) -> None:
    ref = with_snapshot(tmp_path)
    before = (tmp_path / ref.path).stat()
    assert not any("written again" in line for line in recovered(tmp_path))
    assert (tmp_path / ref.path).stat().st_mtime_ns == before.st_mtime_ns


def test_a_snapshot_whose_record_is_gone_does_not_stop_the_start(tmp_path: Path) -> None:
    ref = with_snapshot(tmp_path)
    (tmp_path / ref.path).unlink()
    with store_of(tmp_path) as store:
        with store.begin() as connection:
            (capture,) = captures.all(connection)
            captures.remove(connection, capture.record_id)
        assert not any("written again" in line for line in recover(tmp_path, store, "local"))
    assert not (tmp_path / ref.path).exists()


def test_rows_without_a_snapshot_ask_for_none(tmp_path: Path) -> None:
    crawled(tmp_path, exchanges=1)
    recovered(tmp_path)
    assert not (tmp_path / "html").exists()

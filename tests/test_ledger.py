from __future__ import annotations

import errno
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from crawls import SEEDS
from hypothesis import given
from hypothesis import strategies as st

from newscrawl import ledger as ledger_module
from newscrawl.archive.replay import ReplaySet
from newscrawl.archive.snapshot import snapshot_ref
from newscrawl.exceptions import ConfigError, OutputBusyError, StorageError
from newscrawl.items import Article, Person, VersionKey, Warn
from newscrawl.ledger import REPLAY_MARK, Exchange, Ledger, RunState, bind_ledger, exit_code, ledger_of

ROWS = [b'{"a":1}\n', b'{"b":2}\n', b'{"c":3}\n']


class Thing:
    """Something that can be referred to weakly, as a request or a crawler can."""


def opened(folder: Path | None, *, stamp: str = "20230322T081500000Z", replay: ReplaySet | None = None) -> Ledger:
    ledger = Ledger(folder, name="news", run_id=f"{stamp}-1", stamp=stamp, replay=replay)
    ledger.open()
    return ledger


def files_of(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def tree(folder: Path, **files: bytes) -> None:
    """Write *files* below *folder*, each named with ``__`` for ``/`` and ``_`` for ``.``."""
    for name, data in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def fill_up(monkeypatch: pytest.MonkeyPatch, room: int, *, cut: bool = True) -> None:
    """Let every file that is made from now on take *room* bytes, as on a full disk."""

    class FullFile(io.FileIO):
        def write(self, data: Any) -> int:
            left = room - self.tell()
            if left <= 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write(bytes(data)[:left]) or 0

        def truncate(self, size: int | None = None) -> int:
            if not cut:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return super().truncate(size)

    monkeypatch.setattr(Path, "open", lambda path, mode, buffering: FullFile(path, mode) if not buffering else None)


# Rows ---------------------------------------------------------------------------------------------------


def test_rows_are_appended_whole_and_lie_under_their_final_name_at_the_end(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    for row in ROWS:
        ledger.write_row(row)
        assert (tmp_path / "articles/news-20230322T081500000Z-00001.jsonl.open").read_bytes().endswith(row)
    ledger.close(None)
    assert ledger.articles_path is not None
    assert ledger.articles_path.read_bytes() == b"".join(ROWS)
    assert files_of(tmp_path) == [
        ".lock",
        "articles/news-20230322T081500000Z-00001.jsonl",
        "runs/20230322T081500000Z-1/report.json",
    ]


def test_a_run_without_rows_leaves_its_report_only(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    ledger.list_not_in_replay("https://news.example/新\ud800")
    ledger.close(None)
    ledger.close(None)
    assert files_of(tmp_path) == [".lock", "runs/20230322T081500000Z-1/report.json"]
    report = json.loads((tmp_path / "runs/20230322T081500000Z-1/report.json").read_bytes())
    assert report["run_id"] == "20230322T081500000Z-1"
    assert report["links_not_in_replay"] == ["https://news.example/新\ud800"]


def test_a_ledger_without_a_folder_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ledger = opened(None)
    ledger.write_row(ROWS[0])
    ledger.write_rejected({"item": {}})
    ledger.write_snapshot(snapshot_ref(b"x", "news.example", None), b"x")
    ledger.close(None)
    assert ledger.articles_path is ledger.run_folder is ledger.failure is None
    assert files_of(tmp_path) == []


def test_an_item_that_is_no_row_is_kept_aside_with_its_reason(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    ledger.write_rejected({"reasons": ["headline: missing"], "item": {"body": b"\xff", "text": "新\ud800\u2028"}})
    ledger.close(None)
    assert ledger.run_folder is not None
    (line,) = (ledger.run_folder / "rejected.jsonl").read_text(encoding="ascii").splitlines()
    assert json.loads(line) == {
        "reasons": ["headline: missing"],
        "item": {"body": "b'\\xff'", "text": "新\ud800\u2028"},
    }


def test_an_item_that_has_no_plain_form_is_kept_aside_as_python_writes_it(tmp_path: Path) -> None:
    circle: dict[str, Any] = {}
    circle["self"] = circle
    ledger = opened(tmp_path)
    for item in ({b"headline": "x"}, {("a", "b"): 1}, circle):
        ledger.write_rejected({"reasons": ["x"], "item": item})
    ledger.close(None)
    assert ledger.run_folder is not None
    rows = [json.loads(line) for line in (ledger.run_folder / "rejected.jsonl").read_bytes().splitlines()]
    assert [row["item"] for row in rows] == ["{b'headline': 'x'}", "{('a', 'b'): 1}", "{'self': {...}}"]
    assert all(row["reasons"] == ["x"] for row in rows)


# Storage that fails -------------------------------------------------------------------------------------


@pytest.mark.parametrize("room", range(0, 24))
def test_a_full_disk_leaves_whole_rows_and_stops_the_crawl_once(
    room: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = opened(tmp_path)
    called: list[StorageError | None] = []
    ledger.on_failure = lambda: called.append(ledger.failure)
    with monkeypatch.context() as patch:
        fill_up(patch, room)
        for row in (*ROWS, *ROWS):
            ledger.write_row(row)
    ledger.close(None)
    assert isinstance(ledger.failure, StorageError)
    assert called == [ledger.failure]
    assert "No space left on device; rows written before are whole" in str(ledger.failure)
    assert str(ledger.articles_path) in str(ledger.failure)
    assert ledger.articles_path is not None
    assert ledger.articles_path.read_bytes() == b"".join(ROWS[: room // 8])
    assert exit_code(ledger) == (5, [str(ledger.failure)])


def test_a_row_is_written_whole_by_a_device_that_takes_a_part_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = io.FileIO.write

    class Slow(io.FileIO):
        def write(self, data: Any) -> int:
            return write(self, bytes(data)[:3]) or 0

    ledger = opened(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", lambda path, mode, buffering: Slow(path, mode) if not buffering else None)
        ledger.write_row(ROWS[0])
    ledger.close(None)
    assert ledger.articles_path is not None
    assert ledger.articles_path.read_bytes() == ROWS[0]


def test_a_disk_that_cannot_even_be_cut_back_is_a_storage_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = opened(tmp_path)
    with monkeypatch.context() as patch:
        fill_up(patch, 12, cut=False)
        ledger.write_row(ROWS[0])
        ledger.write_row(ROWS[1])
    ledger.close(None)
    assert isinstance(ledger.failure, StorageError)
    assert "Input/output error" in str(ledger.failure)


def test_a_folder_in_the_place_of_a_file_is_a_storage_failure(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    (tmp_path / "articles").write_bytes(b"")
    ledger.write_row(ROWS[0])
    ledger.close(None)
    assert isinstance(ledger.failure, StorageError)
    assert isinstance(ledger.failure.__cause__, OSError)


def test_a_snapshot_that_cannot_be_written_is_a_storage_failure(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    (tmp_path / "html").write_bytes(b"")
    ref = snapshot_ref(b"x", "news.example", None)
    ledger.write_snapshot(ref, b"x")
    ledger.close(None)
    assert isinstance(ledger.failure, StorageError)
    assert ref.path in str(ledger.failure)


def test_the_first_failure_is_the_one_that_is_told(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    ledger.fail(OSError(errno.ENOSPC, "No space left on device"), tmp_path / "one")
    ledger.fail(OSError(errno.EIO, "Input/output error"), tmp_path / "two")
    ledger.close(None)
    assert str(ledger.failure).startswith(f"{tmp_path / 'one'}: No space left")


def test_rows_that_cannot_be_synced_stay_open_and_the_next_run_finishes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsynced(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    ledger = opened(tmp_path)
    ledger.write_row(ROWS[0])
    ledger.write_rejected({"item": {}})
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", unsynced)
        ledger.close(None)
    assert isinstance(ledger.failure, StorageError)
    assert ledger.articles_path is not None
    assert not ledger.articles_path.exists()
    opened(tmp_path, stamp="20230323T000000000Z").close(None)
    assert ledger.articles_path.read_bytes() == ROWS[0]
    assert not [name for name in files_of(tmp_path) if name.endswith(".open")]


@pytest.mark.parametrize("name", ["file", "file/output"])
def test_a_folder_that_cannot_be_made_is_a_storage_error(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError) as caught:
        opened(tmp_path / name)
    assert str(caught.value).startswith(str(tmp_path / name))


# The folder ---------------------------------------------------------------------------------------------


def test_a_second_ledger_on_a_folder_is_refused_until_the_first_is_closed(tmp_path: Path) -> None:
    first = opened(tmp_path)
    first.write_row(ROWS[0])
    with pytest.raises(OutputBusyError) as caught:
        opened(tmp_path)
    assert caught.value.exit_code == 75
    assert str(tmp_path) in str(caught.value)
    assert "NEWSCRAWL_OUTPUT_DIR" in str(caught.value)
    first.close(None)
    opened(tmp_path, stamp="20230323T000000000Z").close(None)
    assert first.articles_path is not None
    assert first.articles_path.read_bytes() == ROWS[0]


@pytest.mark.parametrize("kept", ["articles", "html", "runs"])
def test_a_replay_refuses_a_folder_with_what_a_live_crawl_kept(kept: str, tmp_path: Path) -> None:
    (tmp_path / kept).mkdir()
    (tmp_path / kept / "file").write_bytes(b"x")
    with pytest.raises(ConfigError, match=rf"holds what a live crawl kept \({kept}\)"):
        opened(tmp_path, replay=ReplaySet([]))
    assert (tmp_path / kept / "file").read_bytes() == b"x"
    opened(tmp_path).close(None)


def test_a_replay_empties_only_what_a_replay_wrote(tmp_path: Path) -> None:
    first = opened(tmp_path, replay=ReplaySet.open([SEEDS]))
    first.write_row(ROWS[0])
    first.write_snapshot(snapshot_ref(b"x", "news.example", None), b"x")
    first.close(None)
    tree(tmp_path, notes_txt=b"mine", warc__a_gz=b"mine")
    opened(tmp_path, stamp="undated", replay=ReplaySet([])).close(None)
    assert files_of(tmp_path) == [".lock", REPLAY_MARK, "notes.txt", "runs/undated-1/report.json", "warc/a.gz"]


def test_a_live_crawl_refuses_the_folder_of_replays(tmp_path: Path) -> None:
    opened(tmp_path, replay=ReplaySet([])).close(None)
    with pytest.raises(ConfigError, match="belongs to replays"):
        opened(tmp_path)
    opened(tmp_path, replay=ReplaySet([])).close(None)


@pytest.mark.parametrize(
    ("data", "whole", "torn"),
    [
        (b"".join(ROWS), b"".join(ROWS), None),
        (ROWS[0] + b'{"b":', ROWS[0], b'{"b":'),
        (b'{"a"', b"", b'{"a"'),
        (b"", b"", None),
    ],
)
def test_rows_of_a_killed_run_are_finished_at_the_last_whole_line(
    data: bytes, whole: bytes, torn: bytes | None, tmp_path: Path
) -> None:
    tree(tmp_path, articles__old_jsonl_open=data, runs__old__rejected_jsonl_open=data)
    opened(tmp_path).close(None)
    for name in ("articles/old.jsonl", "runs/old/rejected.jsonl"):
        assert (tmp_path / name).read_bytes() == whole
        assert not (tmp_path / f"{name}.open").exists()
        kept = tmp_path / f"{name}.torn"
        assert (kept.read_bytes() if kept.exists() else None) == torn


@given(st.binary(max_size=40) | st.lists(st.sampled_from([b"\n", b"{}", b"\r", b"\x00"])).map(b"".join))
def test_no_byte_of_a_killed_run_is_lost(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("killed")
    tree(folder, articles__old_jsonl_open=data)
    opened(folder).close(None)
    whole = (folder / "articles/old.jsonl").read_bytes()
    torn = folder / "articles/old.jsonl.torn"
    assert whole + (torn.read_bytes() if torn.exists() else b"") == data
    assert whole in (b"", whole[:-1] + b"\n")


# State --------------------------------------------------------------------------------------------------


def test_what_is_known_of_an_answer_is_told_once_and_lives_as_long_as_its_request() -> None:
    ledger = Ledger(None, name="news", run_id="1", stamp="1")
    request, other = Thing(), Thing()
    first = Exchange(fetched_at=None, url_assigned=True)
    ledger.note_exchange(request, first)
    ledger.note_exchange(request, Exchange(fetched_at=None))
    assert ledger.exchange(request) is first
    assert ledger.exchange(other) is None
    assert ledger.exchange(None) is None


def test_the_first_row_with_a_key_is_remembered() -> None:
    ledger = Ledger(None, name="news", run_id="1", stamp="1")
    one, two = VersionKey(id="a", version=1), VersionKey(id="a", version=1)
    assert ledger.first_with("text 1", one) is None
    assert ledger.first_with("text 1", two) is one
    assert ledger.first_with("text 2", two) is None


@pytest.mark.parametrize(
    ("article", "why"),
    [
        (Article(date_published="2023-03-21"), None),
        (Article(), "none on the page"),
        (Article(url_assigned=True), "assigned URL"),
        (
            Article(
                url_assigned=True,
                warnings=[
                    Warn(field="date_published", code="date_in_promoted_link"),
                    Warn(field="date_published", code="date_in_promoted_link"),
                    Warn(field="authors", code="too_long"),
                ],
            ),
            "assigned URL, date in promoted link",
        ),
    ],
)
def test_the_table_says_why_a_row_has_no_date(article: Article, why: str | None) -> None:
    ledger = Ledger(None, name="news", run_id="1", stamp="1")
    ledger.count_row(article)
    (result,) = ledger.state.results
    assert result.why_no_date == why


def test_the_table_counts_what_a_row_holds() -> None:
    ledger = Ledger(None, name="news", run_id="1", stamp="1")
    ledger.count_row(Article(article_body="一\n\n二", authors=[Person(name="小山")]))
    ledger.count_row(Article(headline="一"))
    assert [(result.paragraphs, result.authors) for result in ledger.state.results] == [(2, ("小山",)), (0, ())]
    assert ledger.state.articles == 2


def test_long_crawls_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "_MAX_RESULTS", 2)
    monkeypatch.setattr(ledger_module, "_MAX_LISTED", 2)
    ledger = Ledger(None, name="news", run_id="1", stamp="1")
    for number in range(4):
        ledger.count_row(Article())
        ledger.list_not_in_replay(f"https://news.example/{number}")
        ledger.list_not_in_replay("https://news.example/0")
    assert ledger.state.articles == 4
    assert len(ledger.state.results) == 2
    assert list(ledger.state.not_in_replay) == ["https://news.example/0", "https://news.example/1"]


def test_the_report_holds_every_count_in_plain_form() -> None:
    state = RunState(articles=1, errors=2, misses=3, failed_starts=[("https://news.example/", "404")])
    state.pages.update(["listing", "article"])
    state.not_in_replay["https://news.example/1"] = None
    report = json.loads(json.dumps(state.as_report()))
    assert report == {
        "pages": {"article": 1, "listing": 1},
        "articles": 1,
        "duplicates": {},
        "dropped": {},
        "failed": {},
        "failed_starts": [{"url": "https://news.example/", "reason": "404"}],
        "errors": 2,
        "replay_misses": 3,
        "links_not_in_replay": ["https://news.example/1"],
    }
    assert state.page_count == 2


def test_a_crawler_has_the_ledger_that_was_bound_to_it() -> None:
    ledger, crawler = Ledger(None, name="news", run_id="1", stamp="1"), Thing()
    bind_ledger(crawler, ledger)
    assert ledger_of(crawler) is ledger
    with pytest.raises(RuntimeError, match=r"newscrawl\.extensions\.LedgerExtension must be in EXTENSIONS"):
        ledger_of(Thing())


@pytest.mark.parametrize(
    ("reason", "state", "code", "message"),
    [
        ("finished", {"articles": 1}, 0, None),
        ("closespider_itemcount", {"articles": 1}, 0, None),
        ("finished", {"duplicates": {"same_url": 1}}, 0, None),
        ("finished", {"articles": 1, "failed": {"404": 3}, "dropped": {"over_limit": 1}}, 0, None),
        ("finished", {"articles": 1, "dropped": {"invalid": 1}}, 3, "1 items were no valid rows"),
        ("finished", {}, 3, "no article found (no page at all)"),
        ("finished", {"pages": {"listing": 2, "error": 1}}, 3, "no article found (1 error, 2 listing)"),
        ("finished", {"articles": 1, "misses": 2}, 3, "2 requests for URLs that the replay set does not hold"),
        ("finished", {"articles": 1, "errors": 1}, 3, "1 pages or items raised an exception"),
        ("finished", {"articles": 1, "failed_starts": [("https://a.example/", "404")]}, 3, "https://a.example/ (404)"),
        ("start_error", {"articles": 1}, 1, "the spider's start failed"),
        ("shutdown", {"articles": 1}, 4, "stopped with work left (shutdown)"),
        ("closespider_timeout", {"articles": 1}, 4, "stopped with work left (closespider_timeout)"),
        ("closespider_pagecount", {}, 4, "stopped with work left (closespider_pagecount)"),
        ("memusage_exceeded", {"errors": 1}, 4, "stopped with work left (memusage_exceeded)"),
        (None, {}, 4, "stopped with work left"),
    ],
)
def test_the_exit_code_tells_what_happened(
    reason: str | None, state: dict[str, Any], code: int, message: str | None
) -> None:
    ledger = Ledger(None, name="news", run_id="1", stamp="1")
    ledger.reason = reason
    for name, value in state.items():
        if isinstance(value, dict):
            getattr(ledger.state, name).update(value)
        else:
            setattr(ledger.state, name, value)
    found, reasons = exit_code(ledger)
    assert found == code
    assert (message or "") in "\n".join(reasons)
    assert (reasons == []) is (code == 0)


def test_a_failure_of_storage_outweighs_every_other_reason() -> None:
    ledger = Ledger(None, name="news", run_id="1", stamp="1")
    ledger.reason = "start_error"
    ledger.fail(OSError(errno.ENOSPC, "No space left on device"), Path("articles"))
    assert exit_code(ledger)[0] == 5


def test_every_fault_of_a_finished_run_is_told() -> None:
    ledger = Ledger(None, name="news", run_id="1", stamp="1")
    ledger.reason = "finished"
    ledger.state.failed_starts = [("https://a.example/", "404"), ("https://b.example/", "dns")]
    ledger.state.errors = ledger.state.misses = 1
    assert len(exit_code(ledger)[1]) == 5

from __future__ import annotations

import errno
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from crawls import SEEDS
from ledgers import (
    NEXT_STAMP,
    STAMP,
    STARTED_AT,
    URL,
    Clock,
    Thing,
    article,
    ended,
    files_of,
    fill_up,
    keep,
    killed,
    line_of,
    new_url,
    opened,
    store_of,
    tree,
    wire,
)

from newscrawl.archive.replay import ReplaySet
from newscrawl.archive.snapshot import snapshot_ref
from newscrawl.archive.sources import open_replay_set
from newscrawl.exceptions import ConfigError, OutputBusyError, StorageError
from newscrawl.items import Article
from newscrawl.ledger import Exchange, Ledger, bind_ledger, exit_code, ledger_of, text_digest
from newscrawl.ledger.copies import text_fingerprint
from newscrawl.ledger.holding import REPLAY_MARK
from newscrawl.store import articles, captures, files, frontier, runs
from newscrawl.store.articles import NewArticle, StoredArticle

ROWS_FILE = f"articles/news-{STAMP}-00001.jsonl"
REPORT = f"runs/{STAMP}-1/report.json"
REPORTS = [f"runs/{STAMP}-1/report.html", REPORT]


def count_commits(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """A list that grows with every transaction of a commit."""
    written: list[None] = []
    real = ledger._write
    monkeypatch.setattr(ledger, "_write", lambda *given: (written.append(None), real(*given))[1])
    return written


# Rows ---------------------------------------------------------------------------------------------------


def test_rows_are_appended_whole_and_lie_under_their_final_name_at_the_end(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    for number in range(3):
        keep(ledger, number)
        assert (tmp_path / f"{ROWS_FILE}.open").read_bytes().endswith(line_of(number))
    ended(ledger)
    assert ledger.articles_path == tmp_path / ROWS_FILE
    assert ledger.articles_path.read_bytes() == b"".join(map(line_of, range(3)))
    assert files_of(tmp_path) == [".lock", ROWS_FILE, *REPORTS]


def test_the_store_holds_each_row_and_where_it_stands(tmp_path: Path) -> None:
    ledger = opened(tmp_path, clock=Clock(5.0))
    keep(ledger, 1, 2)
    ended(ledger)
    with store_of(tmp_path) as store, store.begin() as connection:
        rows = articles.of_file(connection, ROWS_FILE)
        (file,) = files.all(connection)
    assert [row.row for row in rows] == [line_of(1), line_of(2)]
    assert [(row.offset, row.length) for row in rows] == [(0, 10), (10, 10)]
    assert [(row.run_id, row.spider, row.committed_at) for row in rows] == [(f"{STAMP}-1", "news", 5.0)] * 2
    assert (file.name, file.state, file.length, file.kind) == (ROWS_FILE, "closed", 20, "articles")


def test_a_run_without_rows_leaves_its_report_only(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    ledger.state.list_not_in_replay("https://news.example/新\ud800")
    ended(ledger)
    ledger.close(None)
    assert files_of(tmp_path) == [".lock", *REPORTS]
    report = json.loads((tmp_path / REPORT).read_bytes())
    assert report["run_id"] == f"{STAMP}-1"
    assert report["finish_reason"] == "finished"
    assert report["links_not_in_replay"] == ["https://news.example/新\ud800"]


def test_a_ledger_without_a_folder_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ledger, request = opened(None), Thing()
    keep(ledger, 1)
    ledger.write_rejected({"item": {}})
    ledger.write_snapshot(snapshot_ref(b"x", "news.example", None), b"x")
    ledger.keep_exchange(request, wire(), kind="page", notes={})
    ended(ledger)
    assert ledger.articles_path is ledger.run_folder is ledger.failure is None
    assert ledger.exchange(request) == Exchange(fetched_at=STARTED_AT.replace(microsecond=0))
    assert files_of(tmp_path) == []


def test_an_item_that_is_no_row_is_kept_aside_with_its_reason(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    ledger.write_rejected({"reasons": ["headline: missing"], "item": {"body": b"\xff", "text": "新\ud800\u2028"}})
    ended(ledger)
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
    ended(ledger)
    assert ledger.run_folder is not None
    rows = [json.loads(line) for line in (ledger.run_folder / "rejected.jsonl").read_bytes().splitlines()]
    assert [row["item"] for row in rows] == ["{b'headline': 'x'}", "{('a', 'b'): 1}", "{'self': {...}}"]
    assert all(row["reasons"] == ["x"] for row in rows)


def test_a_run_that_is_continued_keeps_its_rejected_items_beside_the_earlier_ones(tmp_path: Path) -> None:
    for stamp in (STAMP, NEXT_STAMP):
        ledger = opened(tmp_path, stamp=stamp)
        ledger.write_rejected({"item": stamp})
        ended(ledger, "shutdown")
    folder = tmp_path / "runs" / f"{STAMP}-1"
    assert json.loads((folder / "rejected.jsonl").read_bytes())["item"] == STAMP
    assert json.loads((folder / f"rejected-{NEXT_STAMP}.jsonl").read_bytes())["item"] == NEXT_STAMP


# Exchanges ----------------------------------------------------------------------------------------------


def test_an_exchange_is_archived_and_its_place_is_noted_beside_the_request(tmp_path: Path) -> None:
    ledger, request = opened(tmp_path), Thing()
    ledger.keep_exchange(request, wire(truncated="length"), kind="page", notes={})
    exchange = ledger.exchange(request)
    assert exchange is not None
    assert exchange.ref is not None
    assert exchange.fetched_at == STARTED_AT.replace(microsecond=0)
    assert exchange.truncated == "length"
    ended(ledger)
    with store_of(tmp_path) as store, store.begin() as connection:
        (capture,) = captures.all(connection)
        closed = {file.name: (file.state, file.length) for file in files.all(connection)}
    path = tmp_path / "warc" / capture.warc
    assert (capture.record_id, capture.offset) == (exchange.ref.record_id, exchange.ref.offset)
    assert closed == {f"warc/{capture.warc}": ("closed", path.stat().st_size)}
    assert files_of(tmp_path / "warc") == [path.name.replace(".warc.gz", ".cdxj"), path.name]


def test_a_failed_exchange_without_an_answer_is_archived_and_tells_nothing_of_an_answer(tmp_path: Path) -> None:
    ledger, request = opened(tmp_path), Thing()
    ledger.keep_exchange(request, wire(head=b"", body=b"", error="TimeoutError"), kind="page", notes={})
    assert ledger.exchange(request) is None
    ended(ledger)
    assert len(files_of(tmp_path / "warc")) == 2


def test_without_warcs_what_is_known_of_an_answer_is_noted_all_the_same(tmp_path: Path) -> None:
    ledger, request = opened(tmp_path, warc_enabled=False), Thing()
    ledger.keep_exchange(request, wire(), kind="page", notes={})
    assert ledger.exchange(request) == Exchange(fetched_at=STARTED_AT.replace(microsecond=0))
    ended(ledger)
    assert files_of(tmp_path) == [".lock", *REPORTS]


def test_a_replay_archives_nothing(tmp_path: Path) -> None:
    ledger = opened(tmp_path, replay=open_replay_set([SEEDS]))
    ledger.keep_exchange(Thing(), wire(), kind="page", notes={})
    ended(ledger)
    assert files_of(tmp_path, store=True) == [".lock", REPLAY_MARK, *REPORTS]


def test_a_warc_that_is_full_is_finished_with_the_next_commit_and_another_one_is_begun(tmp_path: Path) -> None:
    ledger = opened(tmp_path, warc_max_bytes=1)
    for number in range(2):
        ledger.keep_exchange(Thing(), wire(f"https://news.example/{number}"), kind="page", notes={})
        assert len([name for name in files_of(tmp_path / "warc") if name.endswith(".open")]) == 1
        ledger.commit()
        assert not [name for name in files_of(tmp_path / "warc") if name.endswith(".open")]
    ended(ledger)
    assert sorted(name.rpartition("-")[0][-5:] for name in files_of(tmp_path / "warc")) == ["00001"] * 2 + ["00002"] * 2
    with store_of(tmp_path) as store, store.begin() as connection:
        assert {file.state for file in files.all(connection)} == {"closed"}


# The commit ---------------------------------------------------------------------------------------------


def test_what_is_committed_is_there_after_a_kill_and_what_is_not_is_cut_off(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    keep(ledger, 1)
    ledger.commit()
    keep(ledger, 2)
    killed(ledger)
    ended(opened(tmp_path, stamp=NEXT_STAMP))
    assert (tmp_path / ROWS_FILE).read_bytes() == line_of(1)
    (torn,) = (tmp_path / "torn").iterdir()
    assert torn.read_bytes() == line_of(2)
    with store_of(tmp_path) as store, store.begin() as connection:
        assert [row.row for row in articles.iterate(connection)] == [line_of(1)]


def test_a_commit_without_anything_new_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = opened(tmp_path)
    written = count_commits(ledger, monkeypatch)
    ledger.commit()
    assert written == []
    keep(ledger, 1)
    ledger.commit()
    ledger.commit()
    assert len(written) == 1
    killed(ledger)


@pytest.mark.parametrize("what", ["row", "exchange", "seen", "found", "settled"])
def test_each_kind_of_news_is_reason_enough_for_a_commit(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = opened(tmp_path)
    ledger.frontier.add(new_url(1))
    lease = ledger.frontier.next()
    assert lease is not None
    written = count_commits(ledger, monkeypatch)
    if what == "row":
        keep(ledger, 1)
    elif what == "exchange":
        ledger.keep_exchange(Thing(), wire(), kind="page", notes={})
    elif what == "seen":
        ledger.kept.seen_again("x")
    elif what == "found":
        ledger.frontier.add(new_url(2))
    else:
        ledger.frontier.settle(lease.id)
    ledger.commit()
    ledger.commit()
    assert len(written) == 1
    killed(ledger)


def test_a_commit_is_due_by_count_and_by_time(tmp_path: Path) -> None:
    clock = Clock()
    ledger = opened(tmp_path, clock=clock, commit_count=2, commit_s=10.0)
    due = []
    for number in range(2):
        ledger.frontier.add(new_url(number))
    for _ in range(2):
        lease = ledger.frontier.next()
        assert lease is not None
        due.append(ledger.commit_due())
        ledger.frontier.settle(lease.id)
    assert [*due, ledger.commit_due()] == [False, False, True]
    ledger.commit()
    assert not ledger.commit_due()
    clock.now += 9.9
    assert not ledger.commit_due()
    clock.now += 0.2
    assert ledger.commit_due()
    killed(ledger)


def test_rows_and_outcomes_are_committed_together_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = opened(tmp_path)
    ledger.frontier.add(new_url(1))
    lease = ledger.frontier.next()
    assert lease is not None
    keep(ledger, 1)
    ledger.frontier.settle(lease.id)

    def broken(*_: Any, **__: Any) -> None:
        raise StorageError("store: disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(runs, "update_counts", broken)
        ledger.commit()
    killed(ledger)
    with store_of(tmp_path) as store, store.begin() as connection:
        assert list(articles.iterate(connection)) == []
        assert frontier.waiting(connection, "local", now=2_000.0).leased == 1


@pytest.mark.parametrize("error", [StorageError("store: gone"), OSError(errno.EIO, "Input/output error")])
def test_a_commit_that_fails_acknowledges_nothing_and_stops_the_crawl_once(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = opened(tmp_path)
    stopped: list[None] = []
    ledger.on_failure = lambda: stopped.append(None)
    ledger.frontier.add(new_url(1))
    lease = ledger.frontier.next()
    assert lease is not None
    keep(ledger, 1)
    ledger.frontier.settle(lease.id)

    def broken(*_: Any, **__: Any) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "_write", broken)
        ledger.commit()
        ledger.commit()
    # The store would take it again now: what failed once stays unacknowledged all the same.
    ledger.commit()
    assert len(ledger.frontier.outcomes) == 1
    assert isinstance(ledger.failure, StorageError)
    assert len(stopped) == 1
    ended(ledger)
    assert exit_code(ledger.state, ledger.reason, ledger.failure)[0] == 5
    again = opened(tmp_path, stamp=NEXT_STAMP)
    assert (again.continued, len(again.frontier)) == (True, 1)
    assert again.latest(article(1).id or "") is None
    ended(again)


def test_files_are_synced_before_the_store_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = opened(tmp_path)
    keep(ledger, 1)
    ledger.keep_exchange(Thing(), wire(), kind="page", notes={})
    real = ledger._write

    def checked(connection: Any, files: Any) -> None:
        assert len(files) == 2
        assert all(file.length == (tmp_path / f"{file.name}.open").stat().st_size for file in files)
        real(connection, files)

    monkeypatch.setattr(ledger, "_write", checked)
    ledger.commit()
    assert ledger.failure is None
    killed(ledger)


# What is known ------------------------------------------------------------------------------------------


def first_with(ledger: Ledger, body: str) -> tuple[str, int] | None:
    """Id and version of the first row with this body."""
    asking = article(99, article_body=body)
    found = ledger.repeated(asking, text_fingerprint(asking)).best
    return None if found is None else found.other


def test_rows_that_are_not_committed_yet_are_known(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    first = article(1)
    digest = text_digest(first)
    assert digest is not None
    assert ledger.latest(first.id or "") is None
    assert first_with(ledger, "body 1") is None
    keep(ledger, 1)
    found = ledger.latest(first.id or "")
    assert isinstance(found, NewArticle)
    assert (found.version, found.row, found.text_digest) == (1, line_of(1), digest)
    assert first_with(ledger, "body 1") == (first.id, 1)
    ledger.commit()
    kept = ledger.latest(first.id or "")
    assert isinstance(kept, StoredArticle)
    assert kept.row == line_of(1)
    assert first_with(ledger, "body 1") == (first.id, 1)
    killed(ledger)


def test_the_newest_version_and_the_first_text_are_those_of_all_runs(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    keep(ledger, 1)
    ended(ledger)
    ledger = opened(tmp_path, stamp=NEXT_STAMP)
    ledger.write_row(article(1, version=2, article_body="body 2"), line_of(2))
    ledger.write_row(article(3, article_body="body 1"), line_of(3))
    for _ in range(2):
        latest = ledger.latest(article(1).id or "")
        assert latest is not None
        assert latest.version == 2
        assert first_with(ledger, "body 1") == (article(1).id, 1)
        ledger.commit()
    ended(ledger)


def test_of_two_rows_with_one_text_in_one_commit_the_first_is_the_first(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    for number in (1, 2):
        ledger.write_row(article(number, article_body="same"), line_of(number))
    assert first_with(ledger, "same") == (article(1).id, 1)
    ledger.commit()
    assert first_with(ledger, "same") == (article(1).id, 1)
    killed(ledger)


def test_an_article_that_is_seen_again_is_noted_with_the_time(tmp_path: Path) -> None:
    clock = Clock(10.0)
    ledger = opened(tmp_path, clock=clock)
    keep(ledger, 1)
    ledger.commit()
    clock.now = 20.0
    ledger.kept.seen_again(article(1).id or "")
    ledger.commit()
    kept = ledger.latest(article(1).id or "")
    assert isinstance(kept, StoredArticle)
    assert (kept.committed_at, kept.last_seen) == (10.0, 20.0)
    killed(ledger)


def test_what_is_known_of_an_answer_is_told_once_and_lives_as_long_as_its_request() -> None:
    ledger = Ledger(None, name="news", run_id="1", stamp="1")
    request, other = Thing(), Thing()
    first = Exchange(fetched_at=None, url_assigned=True)
    ledger.note_exchange(request, first)
    ledger.note_exchange(request, Exchange(fetched_at=None))
    assert ledger.exchange(request) is first
    assert ledger.exchange(other) is None
    assert ledger.exchange(None) is None


@pytest.mark.parametrize("name", ["store", "frontier"])
def test_store_and_frontier_are_there_once_the_ledger_is_open(name: str) -> None:
    with pytest.raises(RuntimeError, match="the ledger is not open"):
        getattr(Ledger(None, name="news", run_id="1", stamp="1"), name)


def test_a_crawler_has_the_ledger_that_was_bound_to_it() -> None:
    ledger, crawler = Ledger(None, name="news", run_id="1", stamp="1"), Thing()
    bind_ledger(crawler, ledger)
    assert ledger_of(crawler) is ledger
    with pytest.raises(RuntimeError, match=r"newscrawl\.extensions\.LedgerExtension must be in EXTENSIONS"):
        ledger_of(Thing())


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Article(article_body="图书馆。", headline="一"), Article(article_body="圖書館", headline="二"), True),
        (Article(headline="图书馆"), Article(article_body="图书馆"), True),
        (Article(headline="图书馆", article_body="一"), Article(headline="图书馆", article_body="二"), False),
    ],
)
def test_a_text_is_told_by_its_body_or_else_by_its_headline(one: Article, other: Article, same: bool) -> None:
    assert (text_digest(one) == text_digest(other)) is same


def test_an_article_without_letters_has_no_digest() -> None:
    assert text_digest(Article(headline="……")) is None


# Runs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["killed", "shutdown", "work_left", "closespider_timeout"])
def test_a_run_that_left_work_is_gone_on_with_under_its_own_id(end: str, tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    ledger.frontier.add(new_url(1))
    ledger.state.pages["article"] = 3
    ledger.state.site("news.example").pages = 3
    keep(ledger, 1)
    ledger.commit()
    assert ledger.frontier.next() is not None
    killed(ledger) if end == "killed" else ended(ledger, end)
    again = opened(tmp_path, stamp=NEXT_STAMP)
    assert again.continued
    assert again.run_id == f"{STAMP}-1"
    assert again.frontier.round == 1
    assert len(again.frontier) == 1
    assert (again.state.pages, again.state.articles) == ({"article": 3}, 1)
    assert again.state.sites["news.example"].pages == 3
    keep(again, 2)
    assert again.state.articles == 2
    ended(again)
    with store_of(tmp_path) as store, store.begin() as connection:
        (run,) = runs.all(connection)
    assert (run.state, run.reason, run.exit_code, run.counts["articles"]) == ("ended", "finished", 0, 2)
    assert json.loads((tmp_path / REPORT).read_bytes())["articles"] == 2
    names = [f"articles/news-{stamp}-00001.jsonl" for stamp in (STAMP, NEXT_STAMP)]
    assert [(tmp_path / name).read_bytes() for name in names] == [line_of(1), line_of(2)]


def test_a_run_after_one_that_ended_is_a_new_round(tmp_path: Path) -> None:
    ended(opened(tmp_path), "finished")
    ledger = opened(tmp_path, stamp=NEXT_STAMP)
    assert not ledger.continued
    assert (ledger.run_id, ledger.frontier.round, ledger.state.articles) == (f"{NEXT_STAMP}-1", 2, 0)
    ended(ledger)


def test_a_run_knows_how_many_articles_there_were_before_it(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    keep(ledger, 1, 2)
    ended(ledger)
    again = opened(tmp_path, stamp=NEXT_STAMP)
    assert again.state.known_articles == 2
    ended(again)


def test_a_rerun_in_which_nothing_is_new_is_done(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    keep(ledger, 1)
    ended(ledger)
    again = opened(tmp_path, stamp=NEXT_STAMP)
    again.state.pages["listing"] = 1
    ended(again)
    assert exit_code(again.state, again.reason, again.failure) == (0, [])


def test_the_counts_of_a_run_and_of_its_sites_are_in_the_store_with_every_commit(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    ledger.state.site("other.example").dropped["http_404"] += 1
    keep(ledger, 1)
    ledger.commit()
    killed(ledger)
    with store_of(tmp_path) as store, store.begin() as connection:
        run = runs.get(connection, f"{STAMP}-1")
        sites = runs.sites(connection, f"{STAMP}-1")
    assert run is not None
    assert run.state == "running"
    assert run.counts["articles"] == 1
    assert [(site.site, site.articles, site.counts["dropped"]) for site in sites] == [
        ("news.example", 1, {}),
        ("other.example", 0, {"http_404": 1}),
    ]
    assert sites[0].counts["fields"] == {"article_body": 1, "headline": 1}


# Storage that fails -------------------------------------------------------------------------------------


@pytest.mark.parametrize("room", range(0, 31))
def test_a_full_disk_leaves_whole_rows_and_stops_the_crawl_once(
    room: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = opened(tmp_path)
    called: list[StorageError | None] = []
    ledger.on_failure = lambda: called.append(ledger.failure)
    with monkeypatch.context() as patch:
        fill_up(patch, room)
        keep(ledger, 1)
        ledger.commit()
        keep(ledger, 2, 3, 4, 5)
    ended(ledger)
    assert isinstance(ledger.failure, StorageError)
    assert called == [ledger.failure]
    assert "No space left on device; everything committed is whole" in str(ledger.failure)
    assert str(ledger.articles_path) in str(ledger.failure)
    assert ledger.state.articles == room // 10
    assert (tmp_path / f"{ROWS_FILE}.open").read_bytes() == b"".join(map(line_of, range(1, 1 + room // 10)))
    assert exit_code(ledger.state, ledger.reason, ledger.failure) == (5, [str(ledger.failure)])
    ended(opened(tmp_path, stamp=NEXT_STAMP))
    whole = tmp_path / ROWS_FILE
    assert (whole.read_bytes() if whole.exists() else b"") == (line_of(1) if room >= 10 else b"")


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
        keep(ledger, 1)
    ended(ledger)
    assert (tmp_path / ROWS_FILE).read_bytes() == line_of(1)


def test_a_disk_that_cannot_even_be_cut_back_is_a_storage_failure_and_the_next_start_cuts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = opened(tmp_path)
    with monkeypatch.context() as patch:
        fill_up(patch, 12, cut=False)
        keep(ledger, 1)
        ledger.commit()
        keep(ledger, 2)
    ended(ledger)
    assert isinstance(ledger.failure, StorageError)
    assert "Input/output error" in str(ledger.failure)
    ended(opened(tmp_path, stamp=NEXT_STAMP))
    assert (tmp_path / ROWS_FILE).read_bytes() == line_of(1)
    (torn,) = (tmp_path / "torn").iterdir()
    assert torn.read_bytes() == line_of(2)[:2]


@pytest.mark.parametrize("what", ["articles", "warc"])
def test_a_file_in_the_place_of_a_folder_is_a_storage_failure(what: str, tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    (tmp_path / what).write_bytes(b"")
    keep(ledger, 1)
    ledger.keep_exchange(Thing(), wire(), kind="page", notes={})
    ended(ledger)
    assert isinstance(ledger.failure, StorageError)
    assert isinstance(ledger.failure.__cause__, OSError)


def test_a_snapshot_that_cannot_be_written_is_a_storage_failure(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    (tmp_path / "html").write_bytes(b"")
    ref = snapshot_ref(b"x", "news.example", None)
    ledger.write_snapshot(ref, b"x")
    ended(ledger)
    assert isinstance(ledger.failure, StorageError)
    assert ref.path in str(ledger.failure)


def test_the_first_failure_is_the_one_that_is_told_and_nothing_is_written_after_it(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    ledger.fail(OSError(errno.ENOSPC, "No space left on device"), tmp_path / "one")
    ledger.fail(OSError(errno.EIO, "Input/output error"), tmp_path / "two")
    keep(ledger, 1)
    ledger.write_rejected({"item": {}})
    ledger.write_snapshot(snapshot_ref(b"x", "news.example", None), b"x")
    ledger.keep_exchange(Thing(), wire(), kind="page", notes={})
    ended(ledger)
    assert str(ledger.failure).startswith(f"{tmp_path / 'one'}: No space left")
    assert ledger.state.articles == 0
    assert files_of(tmp_path) == [".lock", *REPORTS]


def test_rows_that_cannot_be_synced_are_not_acknowledged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsynced(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    ledger = opened(tmp_path)
    keep(ledger, 1)
    ledger.commit()
    keep(ledger, 2)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", unsynced)
        ended(ledger)
    assert isinstance(ledger.failure, StorageError)
    assert not (tmp_path / ROWS_FILE).exists()
    ended(opened(tmp_path, stamp=NEXT_STAMP))
    assert (tmp_path / ROWS_FILE).read_bytes() == line_of(1)
    assert not [name for name in files_of(tmp_path) if name.endswith(".open")]


@pytest.mark.parametrize("committed", [True, False])
def test_a_warc_that_cannot_be_finished_or_synced_is_named(
    committed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsynced(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    ledger = opened(tmp_path)
    ledger.keep_exchange(Thing(), wire(), kind="page", notes={})
    if committed:
        ledger.commit()
    (warc,) = (tmp_path / "warc").iterdir()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", unsynced)
        ended(ledger)
    assert str(ledger.failure).startswith(f"{warc.with_suffix('')}: Input/output error")


@pytest.mark.parametrize("name", ["file", "file/output"])
def test_a_folder_that_cannot_be_made_is_a_storage_error(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError) as caught:
        opened(tmp_path / name)
    assert str(caught.value).startswith(str(tmp_path / name))


# The folder ---------------------------------------------------------------------------------------------


def test_a_second_ledger_on_a_folder_is_refused_until_the_first_is_closed(tmp_path: Path) -> None:
    first = opened(tmp_path)
    keep(first, 1)
    with pytest.raises(OutputBusyError) as caught:
        opened(tmp_path)
    assert caught.value.exit_code == 75
    assert str(tmp_path) in str(caught.value)
    assert "NEWSCRAWL_OUTPUT_DIR" in str(caught.value)
    ended(first)
    ended(opened(tmp_path, stamp=NEXT_STAMP))
    assert (tmp_path / ROWS_FILE).read_bytes() == line_of(1)


def test_a_ledger_that_could_not_be_opened_gives_the_folder_back(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        opened(tmp_path, store_url="nothing://")
    ended(opened(tmp_path))


@pytest.mark.parametrize("kept", ["articles", "copies", "html", "runs", "warc", "torn", "store.sqlite"])
def test_a_replay_refuses_a_folder_with_what_a_live_crawl_kept(kept: str, tmp_path: Path) -> None:
    (tmp_path / kept).mkdir()
    (tmp_path / kept / "file").write_bytes(b"x")
    with pytest.raises(ConfigError, match=rf"holds what a live crawl kept \({kept}\)"):
        opened(tmp_path, replay=ReplaySet([]))
    assert (tmp_path / kept / "file").read_bytes() == b"x"


def test_a_replay_empties_only_what_a_replay_wrote(tmp_path: Path) -> None:
    first = opened(tmp_path, replay=open_replay_set([SEEDS]))
    keep(first, 1)
    first.write_snapshot(snapshot_ref(b"x", "news.example", None), b"x")
    ended(first)
    tree(tmp_path, notes_txt=b"mine")
    ended(opened(tmp_path, stamp="undated", replay=ReplaySet([])))
    reports = ["runs/undated-1/report.html", "runs/undated-1/report.json"]
    assert files_of(tmp_path, store=True) == [".lock", REPLAY_MARK, "notes.txt", *reports]


def test_a_replay_knows_nothing_of_an_earlier_one(tmp_path: Path) -> None:
    for _ in range(2):
        ledger = opened(tmp_path, replay=ReplaySet([]))
        assert not ledger.continued
        assert ledger.latest(article(1).id or "") is None
        keep(ledger, 1)
        ended(ledger, "shutdown")


def test_a_replay_leaves_the_store_of_the_live_crawls_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'live.sqlite'}"
    ended(opened(tmp_path / "replay", replay=ReplaySet([]), store_url=url))
    assert not (tmp_path / "live.sqlite").exists()


def test_a_live_crawl_refuses_the_folder_of_replays(tmp_path: Path) -> None:
    ended(opened(tmp_path, replay=ReplaySet([])))
    with pytest.raises(ConfigError, match="belongs to replays"):
        opened(tmp_path)
    ended(opened(tmp_path, replay=ReplaySet([])))


def test_the_store_may_lie_elsewhere(tmp_path: Path) -> None:
    ledger = opened(tmp_path / "out", store_url=f"sqlite:///{tmp_path / 'elsewhere.sqlite'}")
    keep(ledger, 1)
    ended(ledger)
    assert not (tmp_path / "out" / "store.sqlite").exists()
    assert (tmp_path / "elsewhere.sqlite").exists()


def test_a_report_says_what_the_run_was(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    ledger.started_at = STARTED_AT
    ended(ledger)
    report = json.loads((tmp_path / REPORT).read_bytes())
    assert (report["spider"], report["started_at"], report["ended_at"]) == (
        "news",
        "2023-03-22T08:15:00+00:00",
        "2023-03-22T08:20:00+00:00",
    )


def test_the_report_of_a_replay_has_no_clock_in_it(tmp_path: Path) -> None:
    ledger = opened(tmp_path, replay=ReplaySet([]))
    ledger.started_at = STARTED_AT
    ended(ledger)
    report = json.loads((tmp_path / REPORT).read_bytes())
    assert report["started_at"] is report["ended_at"] is None


def test_the_address_of_a_capture_is_the_one_that_was_asked(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    ledger.keep_exchange(Thing(), wire(f"{URL}?utm_source=x"), kind="feed", notes={})
    ended(ledger)
    with store_of(tmp_path) as store, store.begin() as connection:
        (capture,) = captures.by_url(connection, "", URL)
    assert (capture.url, capture.kind) == (f"{URL}?utm_source=x", "feed")
    assert ledger.state.captures == {"feed": 1}


def test_a_live_crawl_refuses_a_folder_whose_store_is_gone(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "news-20240501T080000000Z-00001.jsonl").write_text("{}\n")
    ledger = Ledger(folder=tmp_path, name="news", run_id="run", stamp="20240502T080000000Z")
    with pytest.raises(StorageError, match=r"store\.sqlite: is gone, .* `scrapy repair"):
        ledger.open()
    assert not (tmp_path / "store.sqlite").exists()

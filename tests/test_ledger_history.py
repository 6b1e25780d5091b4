"""What a run knows of the runs before it, from a store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ledgers import NEXT_STAMP, STAMP, Clock, ended, keep, killed, opened, store_of, wire

from newscrawl.ledger import FeedCounts, SiteCounts, exit_code
from newscrawl.ledger.history import EARLIER, earlier_runs
from newscrawl.store import Store, feeds, runs
from newscrawl.store.feeds import Feed
from newscrawl.store.runs import RunSite

FEED = "https://news.example/rss"


def past_run(c: Any, run_id: str, *, end: bool = True, **values: Any) -> None:
    given = {"spider": "news", "worker": "w", "started_at": 5.0, "arguments": {}, **values}
    runs.begin(c, run_id=run_id, **given)
    site = SiteCounts(pages=1, articles=2)
    rows = [RunSite(site=name, pages=1, articles=2, counts=site.as_report()) for name in ("a.example", "b.example")]
    runs.update_counts(c, run_id, {"articles": 4}, rows)
    if end:
        runs.end(c, run_id, ended_at=9.0, reason="finished", exit_code=3)


def test_the_runs_before_a_run_are_those_of_its_spider_and_worker_that_ended(store: Store) -> None:
    with store.begin() as c:
        past_run(c, "one")
        past_run(c, "other", spider="other")
        past_run(c, "elsewhere", worker="v")
        past_run(c, "open", end=False)
        past_run(c, "two")
        past_run(c, "now", end=False)
        past_run(c, "later")
        found = earlier_runs(c, "now", spider="news", worker="w", sites={"a.example", "c.example"})
    assert [run.id for run in found] == ["two", "one"]
    assert (found[0].started_at, found[0].ended_at, found[0].exit_code, found[0].reason) == (5.0, 9.0, 3, "finished")
    assert found[0].counts == {"articles": 4}
    assert found[0].sites == {"a.example": SiteCounts(pages=1, articles=2)}


def test_a_run_is_shown_beside_some_runs_only(store: Store) -> None:
    with store.begin() as c:
        for number in range(EARLIER + 3):
            past_run(c, f"{number:02}")
        found = earlier_runs(c, f"{EARLIER + 2:02}", spider="news", worker="w", sites=())
    assert [run.id for run in found] == [f"{number:02}" for number in range(EARLIER + 1, 1, -1)]


def test_sites_that_a_version_before_wrote_are_read(store: Store) -> None:
    with store.begin() as c:
        runs.begin(c, run_id="one", spider="news", worker="w", started_at=1.0, arguments={})
        older = RunSite(site="a.example", pages=1, articles=2, counts={"fields": {}, "dropped": {}})
        runs.update_counts(c, "one", {}, [older])
        runs.end(c, "one", ended_at=2.0, reason="finished", exit_code=0)
        past_run(c, "now", end=False)
        (found,) = earlier_runs(c, "now", spider="news", worker="w", sites={"a.example"})
    assert found.sites["a.example"] == SiteCounts(pages=1, articles=2)


def poll(folder: Path, stamp: str, **values: Any) -> Any:
    """A run that asks one feed."""
    ledger = opened(folder, stamp=stamp)
    counts = ledger.state.feed(FEED, kind="rss")
    for name, value in {"outcome": "new", "status": 200, "entries": 3, **values}.items():
        setattr(counts, name, value)
    if ledger.frontier.round == 1:
        keep(ledger, 1)
    return ledger


def test_a_feed_that_stops_changes_the_exit_code_of_the_run_and_of_its_row_in_the_store(tmp_path: Path) -> None:
    ended(poll(tmp_path, STAMP))
    ledger = poll(tmp_path, NEXT_STAMP, outcome="failed", status=503, reason="http_503")
    ended(ledger)
    fault = "site news.example: gave articles in the last runs and none in this one (http_503 1)"
    assert ledger.exit_code == 3
    assert exit_code(ledger.state, ledger.reason, ledger.failure) == (3, [fault])
    with store_of(tmp_path) as store, store.begin() as c:
        assert [run.exit_code for run in runs.all(c)] == [3, 0]
    report = json.loads((tmp_path / "runs" / ledger.run_id / "report.json").read_bytes())
    assert (report["exit_code"], report["reasons"]) == (3, [fault])
    (before,) = report["earlier"]
    assert (before["articles"], before["exit_code"]) == (1, 0)
    assert before["sites"]["news.example"]["feeds"] == {FEED: 0}


def test_checks_that_are_switched_off_say_nothing(tmp_path: Path) -> None:
    ended(poll(tmp_path, STAMP))
    ledger = opened(tmp_path, stamp=NEXT_STAMP, health=None)
    ledger.state.feed(FEED, kind="rss").outcome = "failed"
    ended(ledger)
    assert ledger.exit_code == 0
    assert ledger.state.faults == []


def test_a_feed_that_the_store_knows_to_be_silent_is_told(tmp_path: Path) -> None:
    ledger = poll(tmp_path, STAMP)
    day = 86_400.0
    with ledger.store.begin() as c:
        known = Feed(
            url_key=FEED,
            url=FEED,
            host="news.example",
            site="news.example",
            kind="rss",
            interval_s=day,
            next_due=0.0,
            added_at=0.0,
            asked_at=20 * day,
            new_at=10 * day,
            entries=5,
            new_articles=25,
        )
        feeds.put(c, [known])
    ended(ledger)
    assert ledger.state.faults == [
        "site news.example: nothing new for 10 days, where an article came every 12 hours before"
    ]


def test_a_report_can_be_written_again_and_again_while_a_run_goes_on(tmp_path: Path) -> None:
    ended(poll(tmp_path, STAMP))
    ledger = poll(tmp_path, NEXT_STAMP, outcome="failed")
    path = tmp_path / "runs" / ledger.run_id / "report.json"
    ledger.write_report()
    first = json.loads(path.read_bytes())
    assert (first["exit_code"], first["finish_reason"], len(first["reasons"])) == (None, None, 1)
    ledger.state.feed(FEED).outcome = "unchanged"
    ledger.state.count_wire(wire(), "page")
    ledger.write_report()
    second = json.loads(path.read_bytes())
    assert (second["reasons"], second["network"]["requests"]) == ([], 1)
    assert sorted(p.name for p in path.parent.iterdir()) == ["report.html", "report.json"]
    ended(ledger)
    assert json.loads(path.read_bytes())["exit_code"] == 0


def test_a_report_is_written_as_often_as_is_asked_for(tmp_path: Path) -> None:
    clock = Clock()
    ledger = opened(tmp_path, clock=clock)
    path = tmp_path / "runs" / ledger.run_id / "report.json"
    written = []
    for passed in (0, 30, 31):
        clock.now += passed
        ledger.state.pages["article"] += 1
        ledger.write_report(every_s=60)
        written.append(json.loads(path.read_bytes())["pages"]["article"])
    assert written == [1, 1, 3]
    ended(ledger)


def test_a_site_that_comes_late_is_held_against_the_runs_before_too(tmp_path: Path) -> None:
    ended(poll(tmp_path, STAMP))
    ledger = opened(tmp_path, stamp=NEXT_STAMP)
    ledger.write_report()
    ledger.state.feed(FEED, kind="rss").outcome = "failed"
    ended(ledger)
    assert len(ledger.state.faults) == 1


def test_a_report_that_cannot_be_written_closes_the_crawl(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    (tmp_path / "runs").write_bytes(b"in the way")
    ledger.write_report()
    assert ledger.failure is not None
    ledger.write_report()
    ended(ledger)
    assert ledger.exit_code == 5


def test_a_run_that_keeps_nothing_writes_no_report() -> None:
    ledger = opened(None)
    ledger.write_report()
    ended(ledger)
    assert ledger.failure is None


@pytest.mark.parametrize("end", ["killed", "shutdown"])
def test_a_run_that_goes_on_has_its_feeds_hosts_and_what_was_skipped(end: str, tmp_path: Path) -> None:
    ledger = poll(tmp_path, STAMP)
    ledger.state.skip("https://news.example/private", "robots")
    ledger.state.count_wire(wire(), "page")
    ledger.write_report()
    ledger.commit()
    killed(ledger) if end == "killed" else ended(ledger, end)
    again = opened(tmp_path, stamp=NEXT_STAMP)
    assert again.continued
    assert again.state.sites["news.example"].feeds == {FEED: FeedCounts("rss", "new", 200, 3)}
    assert again.state.network()["requests"] == 1
    assert again.state.skipped == {"robots": 1}
    assert again.state.skipped_urls == {"robots": {"https://news.example/private": None}}
    ended(again)


@pytest.mark.parametrize("report", [b"", b"[]", b'{"skipped_urls": 5}', b'{"skipped_urls": {"robots": 5}}', b"\xff"])
def test_a_report_that_is_damaged_does_not_keep_a_run_from_going_on(report: bytes, tmp_path: Path) -> None:
    ledger = poll(tmp_path, STAMP)
    ledger.commit()
    killed(ledger)
    path = tmp_path / "runs" / ledger.run_id / "report.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(report)
    again = opened(tmp_path, stamp=NEXT_STAMP)
    assert again.state.skipped_urls == {}
    ended(again)

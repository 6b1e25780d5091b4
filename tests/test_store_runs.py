from __future__ import annotations

from typing import Any

from newscrawl.store import Store, runs
from newscrawl.store.runs import Run, RunSite


def begun(c: Any, run_id: str, **changes: Any) -> Run:
    values: dict[str, Any] = {
        "spider": "news",
        "worker": "w",
        "started_at": 5.0,
        "arguments": {"url": "https://a.test/"},
    }
    return runs.begin(c, run_id=run_id, **{**values, **changes})


def test_each_run_begins_a_round_unless_it_continues_one(store: Store) -> None:
    with store.begin() as c:
        assert begun(c, "one").round == 1
        assert begun(c, "two", spider="other").round == 2
        assert begun(c, "three", round=2).round == 2
        assert begun(c, "four").round == 3


def test_the_latest_run_is_that_of_the_spider_and_the_worker(store: Store) -> None:
    with store.begin() as c:
        assert runs.latest(c, "news", "w") is None
        first = begun(c, "one", started_at=9.0)
        assert runs.latest(c, "news", "w") == first
        second = begun(c, "two")
        begun(c, "three", worker="other")
        begun(c, "four", spider="other")
        assert runs.latest(c, "news", "w") == second
        assert runs.get(c, "one") == first
        assert runs.get(c, "none") is None
        assert [run.id for run in runs.all(c, limit=3)] == ["four", "three", "two"]


def test_a_run_that_ended_says_how(store: Store) -> None:
    with store.begin() as c:
        begun(c, "one")
        runs.update_counts(c, "one", {"pages": {"article": 3}}, [])
        runs.end(c, "one", ended_at=8.0, reason="finished", exit_code=0)
        assert runs.latest(c, "news", "w") == Run(
            id="one",
            spider="news",
            round=1,
            worker="w",
            state="ended",
            started_at=5.0,
            ended_at=8.0,
            reason="finished",
            exit_code=0,
            arguments={"url": "https://a.test/"},
            counts={"pages": {"article": 3}},
        )


def test_the_counts_of_a_site_are_those_written_last(store: Store) -> None:
    with store.begin() as c:
        begun(c, "one")
        begun(c, "two")
        runs.update_counts(c, "one", {}, [RunSite(site="b.test", pages=1, articles=0), _site(2)])
        runs.update_counts(c, "one", {"pages": 5}, [_site(5)])
        runs.update_counts(c, "two", {}, [_site(1)])
        assert runs.sites(c, "one") == [_site(5), RunSite(site="b.test", pages=1, articles=0)]
        assert runs.sites(c, "two") == [_site(1)]


def _site(pages: int) -> RunSite:
    return RunSite(site="a.test", pages=pages, articles=1, counts={"dropped": {"日期": pages}})

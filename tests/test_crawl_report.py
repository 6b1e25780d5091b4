"""What a whole crawl tells of itself: report, page, metrics, the lines at its end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from crawls import Finished, crawl, replay_seeds
from newssite import Running, build_site, serve
from test_ledger_metrics import parsed
from test_ledger_report import Page

LIVE = ("-s", "NEWSCRAWL_ALLOW_ADDRESSES=127.0.0.0/8", "-s", "NEWSCRAWL_PRESET=local", "-s", "NEWSCRAWL_RETRY_S=0.1")


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with serve(build_site(18, seed=9, hosts=2)) as running:
        yield running


@pytest.fixture(scope="module")
def live(running: Running, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    folder = tmp_path_factory.mktemp("live")
    metrics = ("-s", f"NEWSCRAWL_METRICS_FILE={folder}/metrics/daily.prom", "-s", "NEWSCRAWL_METRICS_S=0.2")
    return crawl(folder / "out", "-a", f"url={' '.join(running.urls)}", *LIVE, *metrics)


def reports(output: Path) -> list[dict[str, Any]]:
    """The report of each run, in order."""
    return [json.loads(path.read_bytes()) for path in sorted((output / "runs").glob("*/report.json"))]


def test_every_request_is_counted_once(live: Finished, running: Running) -> None:
    report = live.report
    assert live.code == report["exit_code"] == 0, live.log[-2000:]
    assert report["network"]["requests"] == len(running.requests)
    assert sum(report["network"]["statuses"].values()) == len(running.requests)
    # The site's flaky pages answer with 503 the first time they are asked.
    assert report["network"]["retries"] == report["network"]["failed"]["http_503"] > 0
    assert report["network"]["received"] > sum(row["capture"]["length"] for row in live.rows)
    hosts = {name for site in report["sites"].values() for name in site["hosts"]}
    assert hosts == {url.split("/")[2].partition(":")[0] for url in running.urls}
    assert report["versions"] == {"new": len(live.rows)}


def test_the_page_of_a_run_can_be_read_and_is_named_at_its_end(live: Finished) -> None:
    path = live.output / "runs" / live.report["run_id"] / "report.html"
    page = Page(path.read_text(encoding="utf-8"))
    assert page.rows("What became of articles")[1][0] in live.report["sites"]
    assert f"report {path}" in live.out
    assert f"versions: {len(live.rows)} new" in live.out


def test_the_metrics_of_a_run_lie_where_the_setting_says(live: Finished) -> None:
    (path,) = (live.output.parent / "metrics").iterdir()
    families = parsed(path.read_text(encoding="utf-8"))
    labels = frozenset({("crawl", "daily"), ("spider", "news")})
    assert families["newscrawl_run_articles"].samples[labels] == len(live.rows)
    assert families["newscrawl_last_run_exit_code"].samples[labels] == 0
    assert families["newscrawl_run_active"].samples[labels] == 0


def test_a_site_that_stops_answering_is_told_beside_the_run_before(tmp_path: Path) -> None:
    with serve(build_site(12, seed=3, hosts=1)) as running:
        start = ("-a", f"url={running.urls[0]}", *LIVE, "-s", "RETRY_TIMES=0")
        assert crawl(tmp_path, *start).code == 0
    finished = crawl(tmp_path, *start, "-s", "NEWSCRAWL_BREAKER_FAULTS=0")
    assert finished.code == 3
    assert "newscrawl: site 127.0.0.2: gave articles in the last runs and none in this one" in finished.log
    one, two = reports(tmp_path)
    assert [run["run_id"] for run in two["earlier"]] == [one["run_id"]]
    assert two["earlier"][0]["sites"]["127.0.0.2"]["articles"] == one["articles"] > 0
    off = crawl(tmp_path, *start, "-s", "NEWSCRAWL_HEALTH_ENABLED=False")
    assert "gave articles in the last runs" not in off.log
    # With the breaker on, a host that fails this often is left alone, with work waiting.
    assert off.code == 4


def test_a_run_that_is_stopped_writes_its_page_and_says_what_was_not_asked(running: Running, tmp_path: Path) -> None:
    start = ("-a", f"url={' '.join(running.urls)}", *LIVE, "-s", "CONCURRENT_REQUESTS=2")
    stopped = crawl(tmp_path, *start, "-s", "CLOSESPIDER_PAGECOUNT=3")
    assert (stopped.code, stopped.report["exit_code"]) == (4, 4)
    path = tmp_path / "runs" / stopped.report["run_id"] / "report.html"
    assert "stopped with work left" in path.read_text(encoding="utf-8")
    refused = crawl(tmp_path / "refused", "-a", "url=http://127.0.0.9:9/", "-s", "NEWSCRAWL_PRESET=local")
    assert refused.code == 3
    assert "skipped: 1 refused" in refused.out
    assert refused.report["skipped_urls"] == {"refused": ["http://127.0.0.9:9/"]}
    assert refused.report["network"]["requests"] == 0


def test_a_replay_tells_the_same_each_time_and_writes_no_metrics(tmp_path: Path) -> None:
    pages = []
    for name in ("one", "two"):
        metrics = f"NEWSCRAWL_METRICS_FILE={tmp_path / name}.prom"
        finished = replay_seeds(tmp_path / name, "-s", metrics, TZ="Asia/Taipei" if name == "two" else "UTC")
        assert finished.code == 0
        assert finished.report["network"]["requests"] == 0
        (folder,) = (tmp_path / name / "runs").iterdir()
        pages.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert pages[0] == pages[1]
    assert set(pages[0]) == {"report.html", "report.json"}
    assert not list(tmp_path.glob("*.prom"))

"""Runs into a folder that earlier runs kept things in: what is asked again, what is gone on with, what is replayed."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from crawls import Finished, crawl
from newssite import Running, Site, build_site, serve
from oddserver import Answer, OddServer

from newscrawl.store import Store
from newscrawl.store.schema import urls

LIVE = ("-s", "NEWSCRAWL_ALLOW_ADDRESSES=127.0.0.0/8", "-s", "NEWSCRAWL_PRESET=local", "-s", "NEWSCRAWL_RETRY_S=0.1")
NO_ROBOTS = Answer(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")


@pytest.fixture(scope="module")
def site() -> Site:
    return build_site(24, seed=9, hosts=2)


@pytest.fixture
def running(site: Site) -> Iterator[Running]:
    with serve(site) as running:
        yield running


def start(running: Running) -> tuple[str, ...]:
    return ("-a", f"url={' '.join(running.urls)}", *LIVE)


def reports(output: Path) -> list[dict[str, Any]]:
    """The report of each run, in order."""
    return [json.loads(path.read_bytes()) for path in sorted((output / "runs").glob("*/report.json"))]


def stories(site: Site) -> set[str]:
    """What a crawl of the whole site keeps a row of."""
    return {truth.canonical_id for truth in site.truth if truth.kind in ("article", "duplicate")}


def kept(finished: Finished, running: Running, site: Site) -> set[str]:
    truths = {running.url(truth.host, truth.path): truth for truth in site.truth}
    return {truths[row["url"]].canonical_id for row in finished.rows}


def asked(running: Running, since: int = 0) -> Counter[tuple[int, str]]:
    return Counter((host, path) for host, path, _ in running.requests[since:] if path != "/robots.txt")


def test_a_new_run_asks_start_urls_and_listings_again_and_no_article(
    running: Running, site: Site, tmp_path: Path
) -> None:
    first = crawl(tmp_path, *start(running))
    assert first.code == 0, first.log[-2000:]
    before = len(running.requests)
    again = crawl(tmp_path, *start(running))
    assert again.code == 0, again.log[-2000:]
    assert again.rows == first.rows
    pages = asked(running, before)
    listings = {key for key in asked(running) if not re.search(r"\d{5}", key[1])}
    assert {(host, "/") for host, _, _ in running.requests} <= set(pages) <= listings
    assert set(pages.values()) == {1}
    one, two = reports(tmp_path)
    assert one["run_id"] != two["run_id"]
    assert (two["articles"], two["finish_reason"]) == (0, "finished")


def test_a_run_that_was_stopped_is_gone_on_with_and_every_article_is_kept_once(
    running: Running, site: Site, tmp_path: Path
) -> None:
    first = crawl(tmp_path, *start(running), "-s", "CLOSESPIDER_PAGECOUNT=6", "-s", "CONCURRENT_REQUESTS=2")
    assert first.code == 4
    (stopped,) = reports(tmp_path)
    some = len(first.rows)
    assert kept(first, running, site) < stories(site)
    finished = crawl(tmp_path, *start(running))
    assert finished.code == 0, finished.log[-2000:]
    assert f"Going on with run {stopped['run_id']}" in finished.log
    assert kept(finished, running, site) == stories(site)
    assert max(Counter((row["id"], row["version"]) for row in finished.rows).values()) == 1
    assert {row["run_id"] for row in finished.rows} == {stopped["run_id"]}
    (report,) = reports(tmp_path)
    assert report["articles"] == len(finished.rows) > some
    assert sum(report["pages"].values()) > sum(stopped["pages"].values())
    # What was handled before the stop is not asked again, start URLs included: the round is the same.
    fetched = asked(running)
    flaky = {(truth.host, truth.path) for truth in site.truth if truth.flaky}
    again = [key for key, count in fetched.items() if count > 1 and key not in flaky]
    assert len(again) <= 2


def test_a_run_ends_with_work_left_when_nothing_is_ready_for_long(tmp_path: Path) -> None:
    busy = Answer(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
    with OddServer({"/": busy, "/robots.txt": NO_ROBOTS}) as server:
        options = ("-a", f"url={server.url('/')}", *LIVE, "-s", "NEWSCRAWL_RETRY_S=100", "-s", "NEWSCRAWL_WAIT_S=1")
        for _ in range(2):
            finished = crawl(tmp_path, *options)
            assert finished.code == 4, finished.log[-2000:]
            assert "stopped with work left (work_left)" in finished.log
            assert "Nothing is ready within 1 s; 1 URLs are left for the next run" in finished.log
        assert len(server.log["/"]) == 1
    (report,) = reports(tmp_path)
    assert report["finish_reason"] == "work_left"


def test_a_page_that_changed_is_a_second_row_and_its_replay_gives_both_versions(tmp_path: Path) -> None:
    pages = [page(f"第{number}段。" * 40) for number in (1, 1, 2)]
    with OddServer({"/story-1.html": pages, "/robots.txt": NO_ROBOTS}) as server:
        for _ in pages:
            live = crawl(tmp_path / "live", "-a", f"url={server.url('/story-1.html')}", *LIVE)
            assert live.code == 0, live.log[-2000:]
        assert len(server.log["/story-1.html"]) == 3
    assert [(row["version"], row["change"] is None) for row in live.rows] == [(1, True), (2, False)]
    assert live.rows[1]["change"]["headline_changed"] is False
    assert [report["duplicates"] for report in reports(tmp_path / "live")] == [{}, {"same_url": 1}, {}]
    replayed = replay_of(live, tmp_path / "replay")
    assert compared(replayed) == compared(live)


def test_what_a_redirect_led_to_within_its_own_key_is_read_again_when_it_is_due_and_not_before(tmp_path: Path) -> None:
    story = "/2026/11/21/the-library-is-open-again.html"
    moved = Answer(b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % story.encode())
    answers = {
        "/": listing(f"{story}?utm_source=home"),
        f"{story}?utm_source=home": moved,
        story: page("馆长说。" * 40),
    }
    with OddServer({**answers, "/robots.txt": NO_ROBOTS}) as server:
        options = ("-a", f"url={server.url('/')}", *LIVE)
        assert [row["url"] for row in crawl(tmp_path, *options).rows] == [server.url(story)]
        with Store.open(f"sqlite:///{tmp_path}/store.sqlite") as store, store.begin() as connection:
            connection.execute(urls.update().where(urls.c.due_at.is_not(None)).values(due_at=1.0))
        counts = [len(server.log[story])]
        for _ in range(2):
            finished = crawl(tmp_path, *options)
            assert finished.code == 0, finished.log[-2000:]
            counts.append(len(server.log[story]))
    assert counts == [1, 2, 2]


def listing(*paths: str) -> Answer:
    links = "".join(f'<li><a href="{path}">A story with a headline of some length</a></li>' for path in paths)
    html = f"<!doctype html><html><head><title>News</title></head><body><ul>{links}</ul></body></html>".encode()
    return Answer(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(html), html)


def page(body: str) -> Answer:
    html = (
        '<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>图书馆重新开放</title>'
        '<meta property="og:type" content="article"></head><body><article><h1>图书馆重新开放</h1>'
        f"<p>{body}</p><p>{body}</p></article></body></html>"
    ).encode()
    return Answer(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(html), html)


def replay_of(live: Finished, output: Path) -> Finished:
    finished = crawl(output, "-s", f"NEWSCRAWL_REPLAY={live.output}/warc/*.warc.gz")
    assert finished.code == 0, finished.log[-2000:]
    return finished


def compared(finished: Finished) -> list[dict[str, Any]]:
    """The rows by id and version, without what depends on the order of visits and on the run."""
    left_out = ("duplicate_of", "duplicate_kind", "similarity", "cluster_id", "run_id")
    rows = [{name: value for name, value in row.items() if name not in left_out} for row in finished.rows]
    return sorted(rows, key=lambda row: (row["id"], row["version"]))


def test_a_replay_of_what_was_archived_gives_the_rows_of_the_crawl(running: Running, tmp_path: Path) -> None:
    live = crawl(tmp_path / "live", *start(running))
    assert live.code == 0, live.log[-2000:]
    first = replay_of(live, tmp_path / "one")
    assert compared(first) == compared(live)
    second = replay_of(live, tmp_path / "two")
    assert second.rows == first.rows

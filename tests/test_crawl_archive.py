"""Crawls that know of one another: what is asked again, what waits, and what an archive gives when it is read again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from crawls import Finished, crawl
from newssite import Running, build_site, serve

from newscrawl.archive.reading import decoded_payload, read_record
from newscrawl.archive.records import WarcRecord
from newscrawl.fingerprint import sha256_hex
from newscrawl.store import Store, frontier

LIVE = ("-s", "NEWSCRAWL_ALLOW_ADDRESSES=127.0.0.0/8", "-s", "NEWSCRAWL_PRESET=local", "-s", "NEWSCRAWL_RETRY_S=0.1")
ORDER_DEPENDS = ("run_id", "duplicate_of", "duplicate_kind", "similarity", "cluster_id")


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with serve(build_site(24, seed=7, hosts=2)) as running:
        yield running


@pytest.fixture(scope="module")
def live(running: Running, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return crawl(tmp_path_factory.mktemp("live"), "-a", f"url={' '.join(running.urls)}", *LIVE)


def by_version(rows: list[dict[str, Any]]) -> dict[tuple[str, int], dict[str, Any]]:
    return {(row["id"], row["version"]): {name: row[name] for name in row if name not in ORDER_DEPENDS} for row in rows}


def test_each_row_points_to_the_record_it_was_read_from(live: Finished) -> None:
    assert live.code == 0, live.log[-2000:]
    for row in live.rows:
        capture = row["capture"]
        record = read_record(live.output / "warc" / capture["warc"], capture["offset"])
        assert isinstance(record, WarcRecord)
        assert (record.record_id, record.length) == (capture["record_id"], capture["length"])
        if record.type == "response":
            assert record.target_uri == row["url"]
            assert capture["payload_digest"] == f"sha256:{sha256_hex(record.payload)}"
            assert sha256_hex(decoded_payload(record)[0]) == row["snapshot"]["sha256"]


def test_an_archive_replayed_gives_the_rows_of_the_crawl_and_twice_the_same_bytes(
    live: Finished, tmp_path: Path
) -> None:
    archive = f"NEWSCRAWL_REPLAY={live.output}/warc/*.warc.gz"
    once = crawl(tmp_path / "once", "-s", archive)
    other = {"PYTHONHASHSEED": "7", "TZ": "Asia/Taipei"}
    twice = crawl(tmp_path / "twice", "-s", archive, "-s", "CONCURRENT_REQUESTS=9", cwd=tmp_path, **other)
    assert (once.code, twice.code) == (0, 0), once.log[-2000:]
    assert by_version(once.rows) == by_version(live.rows)
    assert tree(once.output) == tree(twice.output)
    assert not (once.output / "store.sqlite").exists()
    assert not (once.output / "warc").exists()


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for name in ("articles", "html")
        for path in sorted((folder / name).rglob("*"))
        if path.is_file()
    }


def test_the_next_run_asks_what_lists_articles_and_no_article(running: Running, live: Finished) -> None:
    asked_before = len(running.requests)
    again = crawl(live.output, "-a", f"url={' '.join(running.urls)}", *LIVE)
    asked = {path for _, path, _ in list(running.requests)[asked_before:]}
    assert again.code == 0, again.log[-2000:]
    assert "0 articles" in again.out
    assert "/" in asked
    articles = {row["url"].split("/", 3)[3] for row in live.rows}
    assert not {path.lstrip("/") for path in asked} & articles


def test_what_a_crawl_of_other_sites_left_waits_for_its_own(running: Running, tmp_path: Path) -> None:
    one, two = running.urls
    first = crawl(tmp_path, "-a", f"url={one}", "-a", "limit=2", *LIVE)
    assert first.code == 0, first.log[-2000:]
    left = queued(tmp_path)
    assert left > 0
    second = crawl(tmp_path, "-a", f"url={two}", *LIVE)
    assert second.code == 0, second.log[-2000:]
    assert queued(tmp_path) >= left
    third = crawl(tmp_path, "-a", f"url={one} {two}", *LIVE)
    assert third.code == 0, third.log[-2000:]
    assert queued(tmp_path) == 0
    ids = [row["id"] for row in third.rows]
    assert len(ids) == len(set(ids))
    assert set(ids) >= {row["id"] for row in first.rows}


def queued(folder: Path) -> int:
    with Store.open(f"sqlite:///{folder}/store.sqlite") as store, store.reading() as connection:
        return frontier.waiting(connection, "nobody", now=0.0).queued


def test_a_limit_leaves_what_it_did_not_keep_for_the_next_run(running: Running, tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = []
    for _ in range(40):
        run = crawl(tmp_path, "-a", f"url={' '.join(running.urls)}", "-a", "limit=9", *LIVE)
        assert run.code == 0, run.log[-2000:]
        if len(run.rows) == len(rows):
            break
        rows = run.rows
    whole = crawl(tmp_path / "whole", "-a", f"url={' '.join(running.urls)}", *LIVE)
    assert {row["id"] for row in rows} == {row["id"] for row in whole.rows}


def test_the_report_counts_by_site(live: Finished) -> None:
    # Another test may have crawled into the folder again; runs are named by their time.
    report = json.loads(min((live.output / "runs").glob("*/report.json")).read_text(encoding="utf-8"))
    sites = report["sites"]
    assert sum(site["articles"] for site in sites.values()) == len(live.rows)
    for site in sites.values():
        assert site["fields"]["headline"] == site["articles"]
        assert site["pages"] >= site["articles"]

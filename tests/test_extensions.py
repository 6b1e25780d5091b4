from __future__ import annotations

import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from crawls import SEEDS, crawl
from ledgers import wire
from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.settings import Settings
from scrapy.statscollectors import MemoryStatsCollector
from test_archive_sources import archived

from newscrawl import __version__
from newscrawl import settings as defaults
from newscrawl.exceptions import ConfigError, ManifestError
from newscrawl.extensions import ExportExtension, LedgerExtension, MetricsExtension, check_feed_paths
from newscrawl.extensions import ledger as ledger_extension
from newscrawl.ledger import ledger_of
from newscrawl.ledger.health import Limits


def crawler_with(**values: Any) -> Crawler:
    settings = Settings()
    settings.setmodule(defaults, priority="project")
    settings.update(values, priority="cmdline")
    crawler = Crawler(Spider, settings)
    crawler.spider = Spider(name="news")
    crawler.stats = MemoryStatsCollector(crawler)
    return crawler


def ledger_with(**values: Any) -> Any:
    """The ledger of a crawler with these settings, closed already."""
    crawler = crawler_with(**values)
    LedgerExtension.from_crawler(crawler).engine_stopped()
    return ledger_of(crawler)


def test_the_ledger_keeps_things_as_the_settings_say(tmp_path: Path) -> None:
    keeping = ledger_with(
        NEWSCRAWL_OUTPUT_DIR=str(tmp_path / "out"),
        NEWSCRAWL_STORE_URL=f"sqlite:///{tmp_path / 'elsewhere.sqlite'}",
        NEWSCRAWL_WORKER="one",
        NEWSCRAWL_WARC_ENABLED="False",
        NEWSCRAWL_WARC_MAX_BYTES="2000000",
        NEWSCRAWL_WARC_IDLE_S="7.5",
        NEWSCRAWL_COMMIT_COUNT="3",
        NEWSCRAWL_COMMIT_S="0.5",
        NEWSCRAWL_CONTACT="https://us.example/",
        NEWSCRAWL_HEALTH_ERROR_RATIO="0.5",
        NEWSCRAWL_HEALTH_FIELD_DROP="0.75",
        NEWSCRAWL_METRICS_FILE=str(tmp_path / "daily.prom"),
        USER_AGENT="newscrawl/x",
    ).keeping
    assert keeping.health == Limits(error_ratio=0.5, field_drop=0.75)
    assert keeping.metrics_file == tmp_path / "daily.prom"
    assert keeping.store_url == f"sqlite:///{tmp_path / 'elsewhere.sqlite'}"
    assert (keeping.worker, keeping.warc_enabled) == ("one", False)
    assert (keeping.warc_max_bytes, keeping.warc_idle_s) == (2_000_000, 7.5)
    assert (keeping.commit_count, keeping.commit_s) == (3, 0.5)
    assert keeping.warc_info["software"].startswith(f"newscrawl/{__version__} Scrapy/2.19")
    assert keeping.warc_info["operator"] == "https://us.example/"
    assert keeping.warc_info["http-header-user-agent"] == "newscrawl/x"
    assert keeping.warc_info["robots"] == "classic"


def test_checks_and_metrics_can_be_switched_off(tmp_path: Path) -> None:
    keeping = ledger_with(NEWSCRAWL_OUTPUT_DIR=str(tmp_path), NEWSCRAWL_HEALTH_ENABLED="False").keeping
    assert (keeping.health, keeping.metrics_file) == (None, None)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"NEWSCRAWL_METRICS_S": "0", "NEWSCRAWL_METRICS_FILE": "daily.prom"},
        {"NEWSCRAWL_REPLAY": str(SEEDS), "NEWSCRAWL_METRICS_FILE": "daily.prom"},
    ],
)
def test_metrics_are_not_written_on_the_way_where_none_are_wanted(
    values: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    crawler = crawler_with(NEWSCRAWL_OUTPUT_DIR=str(tmp_path / "out"), **values)
    extension = LedgerExtension.from_crawler(crawler)
    with pytest.raises(NotConfigured):
        MetricsExtension.from_crawler(crawler)
    extension.engine_stopped()


def test_an_archive_says_when_robots_txt_was_not_obeyed(tmp_path: Path) -> None:
    keeping = ledger_with(NEWSCRAWL_OUTPUT_DIR=str(tmp_path), ROBOTSTXT_OBEY=False).keeping
    assert keeping.warc_info["robots"] == "ignore"
    assert "operator" not in keeping.warc_info


def test_a_worker_of_a_shared_store_without_a_name_has_that_of_its_machine_and_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = f"sqlite:///{tmp_path / 'shared.sqlite'}"
    names = [
        ledger_with(NEWSCRAWL_OUTPUT_DIR=folder, NEWSCRAWL_STORE_URL=store).keeping.worker
        for folder in ("a", str(tmp_path / "a"), "b/../a", "b")
    ]
    assert len(set(names[:3])) == 1
    assert names[3] != names[0]
    assert names[0].startswith(socket.gethostname())


def test_a_folder_with_a_store_of_its_own_may_be_moved(tmp_path: Path) -> None:
    assert ledger_with(NEWSCRAWL_OUTPUT_DIR=str(tmp_path)).keeping.worker == "local"


def test_a_ledger_that_keeps_nothing_has_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert ledger_with(NEWSCRAWL_OUTPUT_ENABLED=False).folder is None
    assert list(tmp_path.iterdir()) == []


def test_a_pattern_is_replaced_by_the_files_it_matches_each_once(tmp_path: Path) -> None:
    for number in (2, 1):
        archived(tmp_path / "warc" / f"{number}.warc.gz", wire(f"https://news.example/{number}"))
    (tmp_path / "warc" / "1.cdxj").touch()
    ledger = ledger_with(
        NEWSCRAWL_OUTPUT_DIR=str(tmp_path / "out"),
        NEWSCRAWL_REPLAY=f"{tmp_path}/warc/*.warc.gz,{tmp_path}/warc/1.warc.gz,{SEEDS}",
    )
    assert [capture.url for capture in ledger.replay][2:] == ["https://news.example/1", "https://news.example/2"]
    assert len(ledger.replay) == 4
    assert ledger.state.damaged == 0


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path: Path) -> None:
    archived(tmp_path / "[1].warc.gz", wire())
    archived(tmp_path / "1.warc.gz", wire(), wire())
    ledger = ledger_with(NEWSCRAWL_OUTPUT_DIR=str(tmp_path / "out"), NEWSCRAWL_REPLAY=f"{tmp_path}/[1].warc.gz")
    assert len(ledger.replay) == 1


@pytest.mark.parametrize("path", ["nowhere.jsonl", "nowhere/*.warc.gz", "["])
def test_a_path_that_leads_to_no_file_is_refused_by_name(path: str, tmp_path: Path) -> None:
    crawler = crawler_with(NEWSCRAWL_OUTPUT_DIR=str(tmp_path / "out"), NEWSCRAWL_REPLAY=[str(tmp_path / path)])
    with pytest.raises(ManifestError) as caught:
        LedgerExtension.from_crawler(crawler)
    assert str(caught.value) == f"{tmp_path / path}: there is no such file"
    assert not (tmp_path / "out").exists()


def test_damage_in_a_replay_set_is_logged_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = archived(tmp_path / "a.warc.gz", wire())
    path.write_bytes(path.read_bytes() + b"garbage")
    ledger = ledger_with(NEWSCRAWL_OUTPUT_DIR=str(tmp_path / "out"), NEWSCRAWL_REPLAY=str(path))
    assert ledger.state.damaged == len(ledger.replay.damage) == 1
    assert ledger.replay.damage[0] in caplog.messages


def test_a_store_that_cannot_be_used_stops_the_start(tmp_path: Path) -> None:
    crawler = crawler_with(NEWSCRAWL_OUTPUT_DIR=str(tmp_path), NEWSCRAWL_STORE_URL="mysql://u@h/x")
    with pytest.raises(ConfigError, match="NEWSCRAWL_STORE_URL"):
        LedgerExtension.from_crawler(crawler)


def test_a_replay_is_named_by_what_it_holds_and_dated_by_its_first_capture(tmp_path: Path) -> None:
    path = archived(tmp_path / "a.warc.gz", wire())
    runs = [ledger_with(NEWSCRAWL_OUTPUT_DIR=str(tmp_path / out), NEWSCRAWL_REPLAY=str(path)) for out in ("one", "two")]
    assert {(run.run_id, run.stamp) for run in runs} == {
        (f"replay-{runs[0].replay.digest[:12]}", "20230322T081500000Z")
    }


def test_a_live_run_has_an_id_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Clock:
            return cls(2023, 3, 22, 8, 15, 0, 123_456, tzinfo=UTC)

    monkeypatch.setattr(ledger_extension, "datetime", Clock)
    ids = {ledger_with(NEWSCRAWL_OUTPUT_DIR=str(tmp_path / out)).run_id for out in ("one", "two")}
    assert len(ids) == 2
    assert all(id_.startswith("20230322T081500123Z-") for id_ in ids)


def test_nothing_is_exported_when_nothing_is_kept() -> None:
    with pytest.raises(NotConfigured):
        ExportExtension.from_crawler(crawler_with(NEWSCRAWL_OUTPUT_ENABLED=False))


# Paths of feeds -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["../a", "a/b", "a\\b", "..", ".", "a\0", "a\nb", "a..b"])
def test_an_argument_cannot_lead_a_feed_out_of_its_folder(value: str) -> None:
    with pytest.raises(ConfigError, match="the argument 'topic'"):
        check_feed_paths({"out/%(topic)s.jsonl": {}}, Spider(name="news", topic=value))


@pytest.mark.parametrize("value", ["ferry", "2024-05-01", "渡轮", "a.b"])
def test_a_plain_argument_may_be_part_of_a_feeds_path(value: str) -> None:
    check_feed_paths({"out/%(topic)s-%(time)s.jsonl": {}, "plain.csv": {}}, Spider(name="news", topic=value))


def test_a_crawl_whose_feed_would_leave_its_folder_ends_with_exit_code_2(tmp_path: Path) -> None:
    finished = crawl(
        tmp_path / "out",
        "-a",
        "url=http://127.0.0.1:9/",
        "-o",
        f"{tmp_path}/%(allowed_domains)s/%(plan)s.jsonl:jsonlines",
    )
    assert finished.code == 2
    assert "FEEDS (-o, -O): the argument 'plan' is a part of the path" in finished.log

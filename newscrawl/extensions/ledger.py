"""The ledger's life: opened before the first request, closed after the last."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from glob import glob
from pathlib import Path
from typing import Any, Self

from scrapy import __version__ as scrapy_version
from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.settings import BaseSettings
from scrapy.utils.defer import deferred_from_coro

from newscrawl import __version__
from newscrawl.archive.snapshot import UNDATED
from newscrawl.archive.sources import open_replay_set
from newscrawl.exceptions import ManifestError
from newscrawl.items import Article
from newscrawl.ledger import Keeping, Ledger, bind_ledger
from newscrawl.ledger.health import Limits
from newscrawl.ledger.holding import worker_name
from newscrawl.sites import Profiles
from newscrawl.urls import UrlKeys

logger = logging.getLogger("newscrawl")


class LedgerExtension:
    """Opens the ledger before any other part exists, and closes it after all of them."""

    def __init__(self, crawler: Crawler, ledger: Ledger) -> None:
        self.crawler = crawler
        self.ledger = ledger

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        keys = Profiles(Path(settings["NEWSCRAWL_SITES_DIR"])).keys()
        paths = settings.getlist("NEWSCRAWL_REPLAY")
        replay = open_replay_set(_expanded(paths), keys) if paths else None
        enabled = settings.getbool("NEWSCRAWL_OUTPUT_ENABLED")
        started_at = datetime.now(UTC)
        if replay is not None:
            run_id, stamp = f"replay-{replay.digest[:12]}", _stamp(replay.first_fetched_at)
        else:
            stamp = _stamp(started_at)
            run_id = f"{stamp}-{secrets.token_hex(2)}"
        folder = Path(settings["NEWSCRAWL_OUTPUT_DIR"]) if enabled else None
        ledger = Ledger(
            folder,
            name=crawler.spider.name if crawler.spider is not None else "newscrawl",
            run_id=run_id,
            stamp=stamp,
            replay=replay,
            keeping=_keeping(settings, folder, keys),
        )
        ledger.started_at = started_at
        ledger.open()
        for line in () if replay is None else replay.damage:
            logger.warning("%s", line)
            ledger.state.damaged += 1
        bind_ledger(crawler, ledger)
        extension = cls(crawler, ledger)
        ledger.on_failure = extension.storage_failed
        crawler.signals.connect(extension.spider_error, signals.spider_error)
        crawler.signals.connect(extension.item_error, signals.item_error)
        crawler.signals.connect(extension.item_dropped, signals.item_dropped)
        crawler.signals.connect(extension.spider_closed, signals.spider_closed)
        crawler.signals.connect(extension.engine_stopped, signals.engine_stopped)
        return extension

    def storage_failed(self) -> None:
        """Stop the crawl: what comes now could not be kept."""
        logger.error("Storage failed: %s", self.ledger.failure)
        deferred_from_coro(self.crawler.engine.close_spider_async(reason="storage_failed"))

    def spider_error(self) -> None:
        """Count an exception of a callback."""
        self.ledger.state.errors += 1

    def item_error(self, item: Any) -> None:
        """Count an exception of a pipeline."""
        self.ledger.state.errors += 1
        self.item_dropped(item)

    def item_dropped(self, item: Any) -> None:
        """Forget an article that was expected to become a row: nothing may be taken for its copy."""
        if isinstance(item, Article):
            self.ledger.kept.forget(item)

    def spider_closed(self, reason: str) -> None:
        """Note why the crawl ended."""
        self.ledger.reason = reason

    def engine_stopped(self) -> None:
        """Write the report and give the folder back; nothing of the crawl runs any more."""
        self.ledger.close(datetime.now(UTC))


def _expanded(paths: Iterable[str]) -> list[Path]:
    """Return *paths* with patterns such as ``warc/*.warc.gz`` replaced by the files they match."""
    found: list[Path] = []
    for path in paths:
        # pathlib takes no pattern that begins at the root.
        matches = [Path(path)] if Path(path).exists() else sorted(map(Path, glob(path)))  # noqa: PTH207
        if not matches:
            raise ManifestError(f"{path}: there is no such file")
        found += matches
    return list(dict.fromkeys(found))


def _keeping(settings: BaseSettings, folder: Path | None, keys: UrlKeys) -> Keeping:
    """Return how the ledger keeps things, from the settings."""
    robots = "classic" if settings.getbool("ROBOTSTXT_OBEY") else "ignore"
    info = {
        "software": f"newscrawl/{__version__} Scrapy/{scrapy_version}",
        "robots": robots,
        "http-header-user-agent": settings["USER_AGENT"],
        "operator": settings["NEWSCRAWL_CONTACT"],
    }
    health = Limits(
        error_ratio=settings.getfloat("NEWSCRAWL_HEALTH_ERROR_RATIO"),
        field_drop=settings.getfloat("NEWSCRAWL_HEALTH_FIELD_DROP"),
    )
    metrics_file = settings["NEWSCRAWL_METRICS_FILE"]
    return Keeping(
        store_url=settings["NEWSCRAWL_STORE_URL"],
        worker=worker_name(folder or Path(), settings["NEWSCRAWL_WORKER"], settings["NEWSCRAWL_STORE_URL"]),
        warc_enabled=settings.getbool("NEWSCRAWL_WARC_ENABLED"),
        warc_max_bytes=settings.getint("NEWSCRAWL_WARC_MAX_BYTES"),
        warc_idle_s=settings.getfloat("NEWSCRAWL_WARC_IDLE_S"),
        warc_info={name: value for name, value in info.items() if value},
        commit_count=settings.getint("NEWSCRAWL_COMMIT_COUNT"),
        commit_s=settings.getfloat("NEWSCRAWL_COMMIT_S"),
        copies_window_s=settings.getint("NEWSCRAWL_DEDUPE_WINDOW_DAYS") * 86_400.0,
        keys=keys,
        health=health if settings.getbool("NEWSCRAWL_HEALTH_ENABLED") else None,
        metrics_file=Path(metrics_file) if metrics_file else None,
    )


def _stamp(moment: datetime | None) -> str:
    """``20230322T081500000Z``, as file names have it."""
    if moment is None:
        return UNDATED
    moment = moment.astimezone(UTC)
    return f"{moment:%Y%m%dT%H%M%S}{moment.microsecond // 1000:03d}Z"

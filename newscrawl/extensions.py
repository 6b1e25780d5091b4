"""What lives as long as a crawl: the ledger, the exporters, the progress line."""

from __future__ import annotations

import logging
import re
import secrets
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from glob import glob
from pathlib import Path
from typing import Any, Self

from rich.console import Console
from rich.live import Live
from rich.text import Text as RichText
from scrapy import Spider, signals
from scrapy import __version__ as scrapy_version
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import Response
from scrapy.settings import SETTINGS_PRIORITIES as PRIORITIES
from scrapy.settings import BaseSettings
from scrapy.utils.asyncio import create_looping_call
from scrapy.utils.defer import deferred_from_coro
from scrapy.utils.misc import build_from_crawler, load_object

from newscrawl import __version__
from newscrawl.addresses import AllowList
from newscrawl.archive.snapshot import UNDATED
from newscrawl.archive.sources import open_replay_set
from newscrawl.exceptions import ConfigError, ManifestError
from newscrawl.guest import strangers
from newscrawl.items import Article
from newscrawl.ledger import Exchange, Keeping, Ledger, RunState, bind_ledger, ledger_of
from newscrawl.ledger.health import Limits
from newscrawl.ledger.holding import existing_store, worker_name
from newscrawl.store import feeds

logger = logging.getLogger("newscrawl")


class ContactExtension:
    """Refuses to ask other people's hosts without saying who asks; before anything is opened or written."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Raise :exc:`ConfigError` for a spider that starts at somebody else's without a contact.

        A User-Agent of the user's own is taken as one that names one.
        """
        settings = crawler.settings
        spider: Any = crawler.spider
        own_agent = (settings.getpriority("USER_AGENT") or 0) > PRIORITIES["addon"]
        if own_agent or settings["NEWSCRAWL_CONTACT"].strip() or settings.getlist("NEWSCRAWL_REPLAY"):
            raise NotConfigured
        urls = getattr(spider, "urls", None) or getattr(spider, "start_urls", None) or _known_feeds(settings)
        others = strangers(urls, AllowList.parse(settings.getlist("NEWSCRAWL_ALLOW_ADDRESSES")))
        if not others:
            raise NotConfigured
        raise ConfigError(
            f"{others[0]} is somebody else's: say where its webmaster can reach you with "
            "-s NEWSCRAWL_CONTACT=you@example.org (a URL or a mail address; it becomes part of the User-Agent)"
        )


def _known_feeds(settings: BaseSettings) -> list[str]:
    """Return the URLs of the feeds that the store knows: where a crawl begins that is told of nothing else."""
    if not settings.getbool("NEWSCRAWL_OUTPUT_ENABLED"):
        return []
    store = existing_store(Path(settings["NEWSCRAWL_OUTPUT_DIR"]), settings["NEWSCRAWL_STORE_URL"])
    if store is None:
        return []
    try:
        with store.reading() as connection:
            return [feed.url for feed in feeds.all(connection)]
    finally:
        store.close()


class LedgerExtension:
    """Opens the ledger before any other part exists, and closes it after all of them."""

    def __init__(self, crawler: Crawler, ledger: Ledger) -> None:
        self.crawler = crawler
        self.ledger = ledger

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        paths = settings.getlist("NEWSCRAWL_REPLAY")
        replay = open_replay_set(_expanded(paths)) if paths else None
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
            keeping=_keeping(settings, folder),
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


def _keeping(settings: BaseSettings, folder: Path | None) -> Keeping:
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
        health=health if settings.getbool("NEWSCRAWL_HEALTH_ENABLED") else None,
        metrics_file=Path(metrics_file) if metrics_file else None,
    )


def _stamp(moment: datetime | None) -> str:
    """``20230322T081500000Z``, as file names have it."""
    if moment is None:
        return UNDATED
    moment = moment.astimezone(UTC)
    return f"{moment:%Y%m%dT%H%M%S}{moment.microsecond // 1000:03d}Z"


_PLACEHOLDER = re.compile(r"%\(([^)]+)\)")
_OUT_OF_A_NAME = re.compile(r"[/\\\x00-\x1f\x7f-\x9f]|\.\.|^\.$")


def check_feed_paths(feeds: Iterable[Any], spider: Spider | None) -> None:
    """Refuse an argument of *spider* that would lead a feed's path (``-o 'out/%(name)s.jsonl'``) out of its folder.

    Raises :exc:`~newscrawl.exceptions.ConfigError`.
    """
    for uri in map(str, feeds):
        for name in _PLACEHOLDER.findall(uri):
            value = str(getattr(spider, name, ""))
            if _OUT_OF_A_NAME.search(value):
                raise ConfigError(
                    f"FEEDS (-o, -O): the argument {name!r} is a part of the path {uri!r} and must be a plain name "
                    f"without slashes, dots in a row and control characters, not {value[:100]!r}"
                )


class ExportExtension:
    """Hands each kept item, and each dropped one, to the exporters of ``NEWSCRAWL_EXPORTERS``."""

    def __init__(self, crawler: Crawler, exporters: list[Any]) -> None:
        self.ledger = ledger_of(crawler)
        self.exporters = exporters
        self.droppers = [exporter for exporter in exporters if hasattr(exporter, "export_dropped")]

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        check_feed_paths(crawler.settings.getdict("FEEDS"), crawler.spider)
        if not crawler.settings.getbool("NEWSCRAWL_OUTPUT_ENABLED"):
            raise NotConfigured
        paths = crawler.settings.getlist("NEWSCRAWL_EXPORTERS")
        extension = cls(crawler, [build_from_crawler(load_object(path), crawler) for path in paths])
        crawler.signals.connect(extension.item_scraped, signals.item_scraped)
        crawler.signals.connect(extension.item_dropped, signals.item_dropped)
        return extension

    def item_scraped(self, item: Any, response: Response | None) -> None:
        """Hand over a kept item."""
        exchange = self._exchange(response)
        for exporter in self.exporters:
            exporter.export_item(item, response, exchange)

    def item_dropped(self, item: Any, response: Response | None) -> None:
        """Hand over a dropped item."""
        exchange = self._exchange(response)
        for exporter in self.droppers:
            exporter.export_dropped(item, response, exchange)

    def _exchange(self, response: Response | None) -> Exchange | None:
        return self.ledger.exchange(response.request) if response is not None else None


class ProgressExtension:
    """One live line on a terminal, a plain line in the log now and then elsewhere."""

    def __init__(self, crawler: Crawler, *, live: bool, interval_s: float) -> None:
        self.crawler = crawler
        self.ledger = ledger_of(crawler)
        self.interval_s = 0.5 if live else interval_s
        self.live: Live | None = None
        self.console = Console(stderr=True) if live else None
        self.task = create_looping_call(self.show)
        self.last_pages = 0
        self.handlers: list[tuple[logging.StreamHandler[Any], Any]] = []

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        if not settings.getbool("NEWSCRAWL_OUTPUT_ENABLED"):
            raise NotConfigured
        live = settings.getbool("NEWSCRAWL_PROGRESS_ENABLED") and sys.stderr.isatty() and not settings["LOG_FILE"]
        interval_s = settings.getfloat("NEWSCRAWL_PROGRESS_S")
        if not live and not interval_s:
            raise NotConfigured
        extension = cls(crawler, live=live, interval_s=interval_s)
        crawler.signals.connect(extension.spider_opened, signals.spider_opened)
        crawler.signals.connect(extension.spider_closed, signals.spider_closed)
        return extension

    def spider_opened(self, spider: Spider) -> None:
        """Begin."""
        if self.console is not None:
            self.live = Live(console=self.console, transient=True, auto_refresh=False)
            self.live.start()
            # Log lines go above the live line: rich has put its own stream in place of stderr.
            for handler in logging.getLogger().handlers:
                if isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler):
                    self.handlers.append((handler, handler.setStream(sys.stderr)))
        self.task.start(self.interval_s, now=self.console is not None)

    def spider_closed(self, spider: Spider) -> None:
        """Leave the terminal as it was."""
        if self.task.running:
            self.task.stop()
        for handler, stream in self.handlers:
            if stream is not None:
                handler.setStream(stream)
        if self.live is not None:
            self.live.stop()
        elif self.ledger.state.page_count:
            logger.info("%s", self.line())

    def show(self) -> None:
        """Show where the crawl stands."""
        if self.live is not None:
            self.live.update(RichText(self.line(), style="cyan"), refresh=True)
        else:
            logger.info("%s", self.line())

    def line(self) -> str:
        """Return where the crawl stands, on one line."""
        scheduler = self.crawler.engine.scheduler
        queued = len(scheduler) if scheduler is not None and hasattr(scheduler, "__len__") else 0
        state = self.ledger.state
        rate = (state.page_count - self.last_pages) / self.interval_s
        self.last_pages = state.page_count
        return f"{progress_line(state)}, {queued} queued, {rate:.1f} pages/s"


class MetricsExtension:
    """Has the ledger write its file of metrics now and then; the ledger itself writes the last one."""

    def __init__(self, crawler: Crawler, interval_s: float) -> None:
        self.interval_s = interval_s
        self.task = create_looping_call(ledger_of(crawler).write_metrics)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        interval_s = crawler.settings.getfloat("NEWSCRAWL_METRICS_S")
        ledger = ledger_of(crawler)
        if ledger.keeping.metrics_file is None or ledger.replay is not None or not interval_s:
            raise NotConfigured
        extension = cls(crawler, interval_s)
        crawler.signals.connect(extension.spider_opened, signals.spider_opened)
        crawler.signals.connect(extension.spider_closed, signals.spider_closed)
        return extension

    def spider_opened(self, spider: Spider) -> None:
        """Begin."""
        self.task.start(self.interval_s, now=True)

    def spider_closed(self, spider: Spider) -> None:
        """End."""
        if self.task.running:
            self.task.stop()


def progress_line(state: RunState) -> str:
    """Return the counts of *state* on one line.

    >>> progress_line(RunState())
    '0 pages, 0 articles, 0 duplicates, 0 errors'
    """
    # A form that is filled in twice repeats nothing.
    duplicates = sum(count for kind, count in state.duplicates.items() if kind != "template_sibling")
    errors = state.errors + sum(state.failed.values())
    return f"{state.page_count} pages, {state.articles} articles, {duplicates} duplicates, {errors} errors"

"""What a run tells while it goes on: a line for people, a file for machines."""

from __future__ import annotations

import logging
import sys
from typing import Any, Self

from rich.console import Console
from rich.live import Live
from rich.text import Text as RichText
from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import create_looping_call

from newscrawl.ledger import RunState, ledger_of

logger = logging.getLogger("newscrawl")


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
    errors = state.errors + sum(state.failed.values())
    return (
        f"{state.page_count} pages, {state.articles} articles, {state.duplicates.total()} duplicates, {errors} errors"
    )

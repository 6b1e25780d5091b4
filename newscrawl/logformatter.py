"""What goes to the log: nothing from outside steers a terminal or looks like a line of ours."""

from __future__ import annotations

import copy
import logging
from typing import Self

from scrapy import signals
from scrapy.core.downloader.handlers.http11 import TunnelError
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from scrapy.logformatter import LogFormatter

from newscrawl.text import shown

_SEVERAL_LINES = (
    "scrapy.crawler",
    "scrapy.middleware",
    "scrapy.statscollectors",
    "scrapy.addons",
    "twisted",
    "py.warnings",
)
"""Loggers whose messages have lines of their own and quote nothing from outside but as Python writes it."""
_FROM_OUTSIDE = (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    TunnelError,
    UnsupportedURLSchemeError,
)
"""What a server can bring about: where in the code it was noticed helps nobody."""
_LOGGERS = ("", "scrapy", "newscrawl")


class ShownFormatter(logging.Formatter):
    """Formats as another formatter does, with control characters of message and traceback as escapes.

    What a server brought about has no traceback: one line says it.
    Every handler has its own: a filter of a logger would not see the records of loggers below it.
    """

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self.inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text."""
        # Other handlers get the record, too.
        record = copy.copy(record)
        record.msg = shown(record.getMessage(), lines=record.name.startswith(_SEVERAL_LINES))
        record.args = None
        if record.exc_info and isinstance(record.exc_info[1], _FROM_OUTSIDE):
            name, text = type(record.exc_info[1]).__name__, shown(str(record.exc_info[1]))
            if text not in record.msg:
                record.msg = f"{record.msg} ({name}: {text})" if text else f"{record.msg} ({name})"
            record.exc_info = record.exc_text = None
        if record.exc_info and not record.exc_text:
            record.exc_text = self.inner.formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = shown(record.exc_text, lines=True)
        return self.inner.format(record)


def install_shown_formatters() -> None:
    """Have every handler of the root logger, of Scrapy's and of ours escape what it writes; once is enough."""
    for name in _LOGGERS:
        for handler in logging.getLogger(name or None).handlers:
            if not isinstance(handler.formatter, ShownFormatter):
                handler.setFormatter(ShownFormatter(handler.formatter or logging.Formatter()))


class ShownLogFormatter(LogFormatter):
    """Scrapy's messages as they are. With it the handlers that are there when a crawl begins escape what they write."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        install_shown_formatters()
        # Scrapy puts a new handler in the place of its own when the crawl begins.
        crawler.signals.connect(install_shown_formatters, signals.spider_opened)
        return cls()

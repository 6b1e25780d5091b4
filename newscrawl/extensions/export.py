"""Exporters: what is kept beside the rows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Self

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import Response
from scrapy.utils.misc import build_from_crawler, load_object

from newscrawl.exceptions import ConfigError
from newscrawl.ledger import Exchange, ledger_of

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

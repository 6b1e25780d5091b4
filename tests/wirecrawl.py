"""A bare crawl through the wire handler in a process of its own: what the handler handed over, and what came of it.

``python tests/wirecrawl.py PLAN RESULT``: PLAN is JSON ``{"settings": {…}, "steps": [[request, …], …]}``. The requests of
a step go out together, steps one after another. A step ``{"requests": […], "abort": request}`` calls ``abort_all``
once the answer to ``abort`` is there. Bytes are written as Latin-1 texts.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scrapy import Request, Spider, signals
from scrapy.crawler import CrawlerProcess

from newscrawl.archive.wire import WireExchange
from newscrawl.ledger import bind_ledger

HANDLER = "newscrawl.downloadhandlers.WireDownloadHandler"


class Kept:
    """Stands in for the ledger."""

    def __init__(self) -> None:
        self.exchanges: list[dict[str, Any]] = []
        self.events: list[tuple[str, str]] = []
        self.aborters: list[Any] = []
        self.cut: list[tuple[str, str]] = []

    def note_cut(self, request: Request, why: str) -> None:
        self.cut.append((request.url, why))

    def keep_exchange(self, request: Request, wire: WireExchange, *, kind: str, notes: dict[str, str]) -> None:
        self.events.append(("kept", request.url))
        values = {
            name: value.decode("latin-1") if isinstance(value, bytes) else value for name, value in asdict(wire).items()
        }
        values["started_at"] = wire.started_at.isoformat()
        self.exchanges.append({**values, "kind": kind, "notes": notes})


class WireSpider(Spider):
    name = "wire"
    steps: list[Any]

    @classmethod
    def from_crawler(cls, crawler: Any, *args: Any, **kwargs: Any) -> Any:
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.kept = Kept()
        spider.outcomes = []
        bind_ledger(crawler, spider.kept)
        crawler.signals.connect(spider.downloaded, signals.response_downloaded)
        if spider.stop_at:
            crawler.signals.connect(spider.received, signals.bytes_received)
        return spider

    def downloaded(self, response: Any, request: Request) -> None:
        self.kept.events.append(("downloaded", request.url))

    def received(self, data: bytes, request: Request) -> None:
        from scrapy.exceptions import StopDownload

        if self.stop_at in request.url:
            raise StopDownload(fail=False)

    async def start(self) -> Any:
        for step in self.steps:
            requests = step["requests"] if isinstance(step, dict) else step
            under_way = [asyncio.ensure_future(self.download(values)) for values in requests]
            if isinstance(step, dict):
                await self.download(step["abort"])
                handler = self.crawler.engine.downloader.handlers._get_handler("http")
                handler.abort_all("the run is stopped")
            await asyncio.gather(*under_way)
        return
        yield

    async def download(self, values: dict[str, Any]) -> None:
        url = values["url"]
        request = Request(**values, dont_filter=True)
        try:
            response = await self.crawler.engine.download_async(request)
        except Exception as error:
            self.kept.events.append(("failed", url))
            self.outcomes.append({"url": url, "error": type(error).__name__})
            return
        self.outcomes.append(
            {
                "url": url,
                "status": response.status,
                "body": response.body.decode("latin-1"),
                "flags": response.flags,
                "ip_address": str(response.ip_address),
            }
        )


def main() -> None:
    plan = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    settings = {
        "DOWNLOAD_HANDLERS": {"http": HANDLER, "https": HANDLER},
        "NEWSCRAWL_ALLOW_ADDRESSES": "127.0.0.0/8",
        "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "RETRY_ENABLED": False,
        "REDIRECT_ENABLED": False,
        "COMPRESSION_ENABLED": False,
        "COOKIES_ENABLED": False,
        "LOG_LEVEL": "WARNING",
        **plan.get("settings", {}),
    }
    process = CrawlerProcess(settings)
    crawler = process.create_crawler(WireSpider)
    process.crawl(crawler, steps=plan["steps"], stop_at=plan.get("stop_at"))
    process.start()
    spider: Any = crawler.spider
    result = {"exchanges": spider.kept.exchanges, "events": spider.kept.events, "outcomes": spider.outcomes}
    Path(sys.argv[2]).write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()

"""``scrapy crawl``: Scrapy's own, with exit codes that tell what happened and a table of what was kept."""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from scrapy import signals
from scrapy.commands import crawl
from scrapy.crawler import Crawler
from scrapy.exceptions import UsageError
from scrapy.settings import SETTINGS_PRIORITIES as PRIORITIES

from newscrawl.exceptions import ConfigError, NewscrawlError, StorageError, did_you_mean
from newscrawl.ledger import Ledger, Result, exit_code, ledger_of
from newscrawl.ledger.report import HTML
from newscrawl.text import shown

_MAX_ROWS = 20


class Command(crawl.Command):
    """Run a spider and say how it went."""

    def short_desc(self) -> str:
        return "Run a spider, show what it kept, end with a telling exit code"

    def long_desc(self) -> str:
        return (
            "Run a spider of the project. 'scrapy crawl news -a help=1' lists the arguments of the spider 'news'. "
            "Exit codes: 0 done, 1 start error, 2 usage, 3 finished with something missing, 4 stopped with work left, "
            "5 storage failed, 75 another run holds the output folder (docs/cli.md)."
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        assert self.settings is not None
        # scrapyd names its job to every spider; the log's name says it already.
        opts.spargs.pop("_job", None)
        explicit = (self.settings.getpriority("LOG_LEVEL") or 0) > PRIORITIES["project"]
        if sys.stderr.isatty() and not explicit and self.settings.getbool("NEWSCRAWL_PROGRESS_ENABLED"):
            # The progress line says it better there; `-L INFO` brings the log back.
            self.settings.set("LOG_LEVEL", "WARNING", priority="cmdline")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageError("one spider is needed, as in: scrapy crawl news -a url=https://…")
        assert self.crawler_process is not None
        assert self.settings is not None
        try:
            crawler = self._known_crawler(args[0])
            if opts.spargs.get("help") not in (None, "0", ""):
                print(arguments_help(crawler.spidercls))
                return
            task = self.crawler_process.crawl(crawler, **opts.spargs)
            crawler.signals.connect(_freeze, signals.engine_started)
            self.crawler_process.start()
            if isinstance(task, asyncio.Task) and task.done() and not task.cancelled():
                error = task.exception()
                if error is not None:
                    raise error
        except NewscrawlError as error:
            print(f"newscrawl: {shown(str(error), lines=True)}", file=sys.stderr)
            self.exitcode = error.exit_code
            return
        if self.crawler_process.bootstrap_failed:
            self.exitcode = 1
            return
        self._conclude(crawler)

    def _known_crawler(self, name: str) -> Crawler:
        assert self.crawler_process is not None
        try:
            return self._create_crawler(name)
        except KeyError:
            names = self.crawler_process.spider_loader.list()
            raise ConfigError(
                f"no spider is called {name!r}{did_you_mean(name, names)}; there are: {', '.join(names)}"
            ) from None

    def _conclude(self, crawler: Crawler) -> None:
        try:
            ledger = ledger_of(crawler)
        except RuntimeError:
            return
        # A second Ctrl-C stops the reactor before anybody is told that the engine has stopped.
        ledger.close(datetime.now(UTC))
        feeds = crawler.settings.getdict("FEEDS")
        to_stdout = any(str(uri).startswith("stdout:") or str(uri) == "-" for uri in feeds)
        console = Console(stderr=to_stdout, soft_wrap=False, highlight=False)
        if not console.is_terminal:
            console = Console(stderr=to_stdout, width=118, highlight=False)
        self.exitcode, reasons = exit_code(ledger.state, ledger.reason, ledger.failure)
        stats = crawler.stats.get_stats()
        stored = sum(count for name, count in stats.items() if name.startswith("feedexport/success_count"))
        # Scrapy only logs what goes wrong in a feed export; it counts those that were stored.
        if stats.get("item_scraped_count") and stored < len(feeds):
            self.exitcode = StorageError.exit_code
            reasons.append("a feed export (-o, -O or FEEDS) could not be written; the log shows which")
        if ledger.exit_code != self.exitcode:
            ledger.exit_code = self.exitcode
            ledger.write_metrics()
        show_run(console, ledger)
        for reason in reasons[:10]:
            print(f"newscrawl: {shown(reason)}", file=sys.stderr)
        if len(reasons) > 10:
            print(f"newscrawl: and {len(reasons) - 10} more", file=sys.stderr)


def _freeze() -> None:
    """Take what is imported out of the collector's sight: it stays to the end, and is looked at again and again."""
    gc.freeze()


def arguments_help(spidercls: Any) -> str:
    """Return the arguments of a spider class, one a line."""
    module = sys.modules[spidercls.__module__]
    arguments: dict[str, str] = getattr(module, "ARGUMENTS", {})
    if not arguments:
        return f"the spider {spidercls.name!r} lists no arguments"
    return "\n".join(
        [
            f"arguments of the spider {spidercls.name!r}, each given as -a name=value:",
            *(f"  {name:<10} {text}" for name, text in arguments.items()),
        ]
    )


def show_run(console: Console, ledger: Ledger) -> None:
    """Print the rows of a run, where they lie, and what to try next."""
    state = ledger.state
    if state.results:
        console.print(results_table(state.results[:_MAX_ROWS]))
    if state.articles > _MAX_ROWS:
        console.print(f"… and {state.articles - _MAX_ROWS} more")
    counts = [
        f"{state.page_count} pages",
        f"{state.articles} articles",
        f"{sum(state.duplicates.values())} duplicates",
        f"{state.errors + sum(state.failed.values())} errors",
    ]
    if state.not_in_replay:
        counts.append(f"{len(state.not_in_replay)} links lead out of the replay set")
    if state.failed:
        counts.append("failed: " + ", ".join(f"{count} {reason}" for reason, count in sorted(state.failed.items())))
    console.print(", ".join(counts), soft_wrap=True)
    for name, found in (
        ("versions", _named(state.versions)),
        ("feeds", _named(state.feed_outcomes())),
        ("skipped", _named(state.skipped)),
    ):
        if found:
            console.print(f"{name}: {_shown(found)}", soft_wrap=True)
    for name, profile in sorted(state.profiles.items()):
        if profile.remark is not None:
            console.print(f"profile {name}: {profile.remark}", soft_wrap=True)
    if ledger.folder is not None and ledger.articles_path is not None and state.articles:
        console.print(f"rows   {ledger.articles_path}", soft_wrap=True)
        for name in ("html", "warc"):
            if (ledger.folder / name).exists():
                console.print(f"{name}   {ledger.folder / name}", soft_wrap=True)
    if ledger.run_folder is not None:
        console.print(f"report {ledger.run_folder / HTML}", soft_wrap=True)
        if state.articles:
            console.print(
                f"next   head -n 1 {ledger.articles_path} | python -m json.tool --no-ensure-ascii",
                soft_wrap=True,
            )


def _named(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in sorted(counts.items()) if n)


def results_table(results: Sequence[Result]) -> Table:
    """Return the table of a run's rows."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("headline", overflow="fold", ratio=5)
    table.add_column("source", overflow="fold", ratio=2)
    table.add_column("author", overflow="fold", ratio=2)
    table.add_column("date", overflow="fold", min_width=25, max_width=25)
    for name in ("paragraphs", "images", "related"):
        table.add_column(name, justify="right")
    table.add_column("duplicate")
    for result in results:
        table.add_row(
            _shown(result.headline),
            _shown(result.source),
            _shown(", ".join(result.authors) or None),
            _shown(result.date or f"none: {_short(result.why_no_date or '')}"),
            str(result.paragraphs),
            str(result.images),
            str(result.related),
            result.duplicate or "–",
        )
    return table


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"


def _shown(text: str | None) -> str:
    """*text* for a terminal: no control characters, no markup."""
    return shown(text or "–").replace("[", r"\[")

"""``scrapy feeds``: what is polled, when it was last asked, what it gave, when it is due."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict

from rich import box
from rich.table import Table
from rich.text import Text as RichText
from scrapy.commands import ScrapyCommand

from newscrawl.commands._archive import concluded
from newscrawl.commands._store import ago, console, opened
from newscrawl.ledger.health import silence
from newscrawl.store import feeds
from newscrawl.store.feeds import Feed
from newscrawl.text import shown


class Command(ScrapyCommand):
    """List the feeds that the store knows."""

    requires_crawler_process = False

    def syntax(self) -> str:
        return "[SITE …] [--due | --failing | --silent] [--json]"

    def short_desc(self) -> str:
        return "List the feeds: when each was asked, what it gave, when it is due"

    def long_desc(self) -> str:
        return (
            "List the feeds that the store of NEWSCRAWL_OUTPUT_DIR (or NEWSCRAWL_STORE_URL) knows, of all sites or of "
            "those named, the one due first first. --due shows those that are due now, --failing those whose last poll "
            "failed, --silent those that gave articles once and have given none for long."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--due", action="store_true", help="only those that are due now")
        parser.add_argument("--failing", action="store_true", help="only those whose last poll failed")
        parser.add_argument("--silent", action="store_true", help="only those that have given nothing new for long")
        parser.add_argument("--json", action="store_true", help="one JSON object a line")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        with concluded(self) as settings, opened(settings) as store:
            now = time.time()
            with store.reading() as connection:
                found = feeds.of_sites(connection, args) if args else feeds.all(connection)
            chosen = [
                feed
                for feed in found
                if (not opts.due or feed.next_due <= now)
                and (not opts.failing or feed.failures)
                and (not opts.silent or silence(feed))
            ]
            if opts.json:
                for feed in chosen:
                    print(json.dumps(asdict(feed)))
                return
            table = feeds_table(chosen, now)
            console().print(table)
            console().print(f"{len(chosen)} of {len(found)} feeds")


def feeds_table(chosen: list[Feed], now: float) -> Table:
    """Return the table of feeds."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in ("feed", "kind", "state"):
        table.add_column(name, overflow="fold")
    for name in ("polls", "articles", "asked", "new", "due"):
        table.add_column(name, justify="right", no_wrap=True)
    for feed in chosen:
        state = feed.state if feed.failures == 0 else f"{feed.state}, failed {feed.failures}×: {feed.reason}"
        if silence(feed):
            state += ", silent"
        table.add_row(
            RichText(shown(feed.url)),
            feed.kind,
            RichText(shown(state)),
            str(feed.polls),
            str(feed.new_articles),
            ago(feed.asked_at, now),
            ago(feed.new_at, now),
            ago(feed.next_due, now),
        )
    return table

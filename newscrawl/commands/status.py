"""``scrapy status``: what the store holds, what is due, what fails, how the last runs ended."""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text as RichText
from scrapy.commands import ScrapyCommand
from sqlalchemy import Connection

from newscrawl.commands._archive import concluded
from newscrawl.commands._store import ago, console, opened
from newscrawl.ledger.health import silence
from newscrawl.store import articles, feeds, frontier, runs
from newscrawl.text import shown

_RUNS = 5
_HOSTS = 10


class Command(ScrapyCommand):
    """Say how things stand."""

    requires_crawler_process = False

    def syntax(self) -> str:
        return "[--json]"

    def short_desc(self) -> str:
        return "Say what the store holds, what is due, what fails, how the last runs ended"

    def long_desc(self) -> str:
        return (
            "Say how things stand in the store of NEWSCRAWL_OUTPUT_DIR (or NEWSCRAWL_STORE_URL): articles, URLs in the "
            "queue, feeds and pages that are due, feeds that fail or have gone silent, hosts that are waited for, and "
            "the last runs with their exit codes. `scrapy feeds` lists each feed."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        with concluded(self) as settings, opened(settings) as store:
            now = time.time()
            with store.reading() as connection:
                found = status(connection, now)
            if opts.json:
                print(json.dumps(found, indent=2))
            else:
                show(found, now)


def status(c: Connection, now: float) -> dict[str, Any]:
    """Return how things stand; times are seconds since 1970."""
    urls, known = frontier.counts(c), feeds.all(c)
    return {
        "articles": articles.count(c),
        "urls": {state: urls[state] for state in sorted(urls)},
        "pages_due": frontier.due_count(c, now=now),
        "pages_next_due": frontier.next_due(c),
        "feeds": {
            "known": len(known),
            "due": sum(feed.next_due <= now for feed in known),
            "failing": sum(feed.failures > 0 for feed in known),
            "silent": sum(silence(feed) is not None for feed in known),
            "dead": sum(feed.state == "dead" for feed in known),
            "next_due": known[0].next_due if known else None,
        },
        "hosts_waited_for": [
            {"host": host.host, "until": host.ready_at, "queued": host.queued, "reason": host.reason}
            for host in frontier.postponed(c, now=now)[:_HOSTS]
        ],
        "runs": [
            {
                "id": run.id,
                "started_at": run.started_at,
                "ended_at": run.ended_at,
                "reason": run.reason,
                "exit_code": run.exit_code,
                "articles": run.counts.get("articles"),
            }
            for run in runs.all(c, _RUNS)
        ],
    }


def show(found: dict[str, Any], now: float) -> None:
    """Print what :func:`status` gave."""
    out, polled = console(), found["feeds"]
    urls = ", ".join(f"{count} {state}" for state, count in found["urls"].items()) or "none"
    out.print(f"articles  {found['articles']}")
    out.print(f"URLs      {urls}")
    out.print(
        f"feeds     {polled['known']} known, {polled['due']} due, {polled['failing']} failing, "
        f"{polled['silent']} silent, {polled['dead']} dead; next {ago(polled['next_due'], now)}"
    )
    out.print(f"rereads   {found['pages_due']} pages due; next {ago(found['pages_next_due'], now)}")
    for host in found["hosts_waited_for"]:
        out.print(
            f"waiting   {host['host']} {ago(host['until'], now)}, {host['queued']} URLs: {shown(host['reason'] or '–')}"
        )
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in ("run", "started", "ended", "why", "exit code", "articles"):
        table.add_column(name, overflow="fold")
    for run in found["runs"]:
        code = "running" if run["exit_code"] is None else str(run["exit_code"])
        reason = RichText(shown(run["reason"] or "–"))
        articles_ = "–" if run["articles"] is None else str(run["articles"])
        table.add_row(run["id"], ago(run["started_at"], now), ago(run["ended_at"], now), reason, code, articles_)
    out.print(table)

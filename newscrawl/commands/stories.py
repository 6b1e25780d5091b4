"""``scrapy stories``: what was told more than once, and what was changed."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from typing import Any

from scrapy.commands import ScrapyCommand

from newscrawl.commands._archive import concluded
from newscrawl.commands._store import opened
from newscrawl.exceptions import ConfigError
from newscrawl.ledger.lookup import parse_time
from newscrawl.ledger.stories import Story, stories
from newscrawl.store.articles import StoredArticle
from newscrawl.text import shown


class Command(ScrapyCommand):
    """List the stories that the store knows."""

    requires_crawler_process = False

    def syntax(self) -> str:
        return "[--site SITE] [--since TIME] [--json]"

    def short_desc(self) -> str:
        return "List the stories of more than one article or version, with their copies"

    def long_desc(self) -> str:
        return (
            "List the stories of more than one article or version that the store of NEWSCRAWL_OUTPUT_DIR (or "
            "NEWSCRAWL_STORE_URL) knows, the newest first. The article that stands for a story is the one that was "
            "published first; then one that names its source, then the longest."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--site", metavar="SITE", help="only those with an article of SITE")
        parser.add_argument("--since", metavar="TIME", help="only those with a row kept since TIME, such as 2026-01-31")
        parser.add_argument("--json", action="store_true", help="one JSON object a line")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        with concluded(self) as settings:
            if args:
                raise ConfigError(f"{args[0]}: no such argument; -h lists the options")
            since = None if opts.since is None else parse_time(opts.since).timestamp()
            with opened(settings) as store, store.reading() as connection:
                found = stories(connection, site=opts.site, since=since)
            for story in found:
                print(json.dumps(_plain(story)) if opts.json else "\n".join(_lines(story)))
            if not opts.json:
                print(f"{len(found)} stories")


def _plain(story: Story) -> dict[str, Any]:
    rows = [(row, json.loads(row.row)) for row in story.rows]
    names = ("headline", "date_published", "duplicate_of", "duplicate_kind", "similarity", "cluster_id")
    return {
        "representative": {"id": story.representative.id, "version": story.representative.version},
        "rows": [
            {"id": row.id, "version": row.version, "url": row.url, "site": row.site, "kept_at": row.committed_at}
            | {name: said.get(name) for name in names}
            for row, said in rows
        ],
    }


def _lines(story: Story) -> list[str]:
    first = story.representative
    lines = [shown(json.loads(first.row).get("headline") or "without a headline")]
    for versions in story.articles:
        lines.append(f"  {_line(versions[0])}")
        lines += [f"    version {row.version}, kept {_day(row)}{_change(row)}" for row in versions[1:]]
    return [*lines, ""]


def _line(row: StoredArticle) -> str:
    said = json.loads(row.row)
    kind = said.get("duplicate_kind")
    return f"{row.date_published or 'undated':<26} {kind or '':<16} {shown(row.url)}".rstrip()


def _change(row: StoredArticle) -> str:
    said = json.loads(row.row)
    if not said.get("article_body"):
        return ", without a text"
    change = said.get("change") or {}
    return f", +{change.get('added', 0)} −{change.get('removed', 0)} characters"


def _day(row: StoredArticle) -> str:
    return f"{datetime.fromtimestamp(row.committed_at, UTC):%Y-%m-%d}"

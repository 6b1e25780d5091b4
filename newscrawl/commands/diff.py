"""``scrapy diff``: what changed between two versions of an article, sentence by sentence."""

from __future__ import annotations

import argparse
import json
import sys
from difflib import unified_diff

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from newscrawl.commands._archive import DAMAGE, concluded
from newscrawl.commands._store import opened
from newscrawl.exceptions import ConfigError
from newscrawl.fingerprint import sentences
from newscrawl.store import articles, keys
from newscrawl.store.articles import StoredArticle
from newscrawl.text import shown
from newscrawl.urls import UrlKeys, resolve


class Command(ScrapyCommand):
    """Compare versions of an article."""

    requires_crawler_process = False

    def syntax(self) -> str:
        return "URL [--versions N M]"

    def short_desc(self) -> str:
        return "Show what changed between two versions of an article, sentence by sentence"

    def long_desc(self) -> str:
        return (
            "Show which sentences two versions of the article at URL have for themselves, as a unified diff does: the "
            "last two that the store of NEWSCRAWL_OUTPUT_DIR (or NEWSCRAWL_STORE_URL) has, or those named. Exit code 3 "
            "when there are not two."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--versions", metavar=("N", "M"), nargs=2, type=int, help="compare version N with M")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageError("one URL is needed, as in: scrapy diff https://example.org/news/1.html")
        with concluded(self) as settings:
            url = resolve(None, args[0])
            if url is None:
                raise ConfigError(f"{args[0]!r} is no http or https URL")
            with opened(settings) as store, store.reading() as connection:
                key = (keys.stored(connection) or UrlKeys())(url)
                found = articles.versions(connection, keys.article_id(connection, key))
                found = found or articles.by_url(connection, url, key)
                kept = {row.version: row for row in articles.versions(connection, found[-1].id)} if found else {}
            numbers = opts.versions or sorted(kept)[-2:]
            if len(numbers) < 2 or not kept.keys() >= set(numbers):
                there = ", ".join(map(str, sorted(kept))) or "none"
                print(f"newscrawl: {shown(url)}: versions that are kept: {there}", file=sys.stderr)
                self.exitcode = DAMAGE
                return
            before, after = (kept[number] for number in numbers)
            print("\n".join(diff_lines(before, after)))


def diff_lines(before: StoredArticle, after: StoredArticle) -> list[str]:
    """Return the lines that show how *after* differs from *before*, safe for a terminal."""
    lines = unified_diff(
        _lines(before),
        _lines(after),
        f"{shown(before.url)} version {before.version}",
        f"{shown(after.url)} version {after.version}",
        lineterm="",
        n=1,
    )
    return list(lines) or [f"versions {before.version} and {after.version} have the same sentences"]


def _lines(row: StoredArticle) -> list[str]:
    said = json.loads(row.row)
    headline = said.get("headline")
    return [shown(line) for line in ([headline] if headline else []) + sentences(said.get("article_body"))]

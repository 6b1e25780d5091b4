"""``scrapy try``: read one saved page and show each field, where it came from, and what was left over."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text as RichText
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from newscrawl.commands import refuse_faulty_settings
from newscrawl.exceptions import ConfigError, NewscrawlError
from newscrawl.extract import Page, extract_article, read_page
from newscrawl.items import Article, as_row
from newscrawl.sites import Profiles, SiteProfile
from newscrawl.urls import resolve

_SHOWN = (
    "headline", "description", "article_section", "authors", "source_organization", "date_published", "date_modified",
    "dateline", "in_language", "canonical_url", "tags", "article_body", "images", "videos", "related", "promoted",
    "links", "removed", "is_accessible_for_free",
)  # fmt: skip


class Command(ScrapyCommand):
    """Try how a page is read."""

    requires_crawler_process = False

    def syntax(self) -> str:
        return "FILE [--url URL] [--site NAME | --generic] [--json]"

    def short_desc(self) -> str:
        return "Read a saved page: each field, where it came from, what was left over"

    def long_desc(self) -> str:
        return (
            "Read the page saved in FILE as if it came from URL, with the site profile of its host, and show each "
            "field, where it came from, and what was left over. Nothing is fetched or written."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--url", help="the page's URL: chooses the profile, resolves links, may date the article")
        parser.add_argument("--site", metavar="NAME", help="use this site profile, whatever the URL")
        parser.add_argument("--generic", action="store_true", help="use no profile")
        parser.add_argument("--content-type", metavar="TYPE", help="the Content-Type header the page came with")
        parser.add_argument("--json", action="store_true", help="print the row only, as JSON")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageError("one file is needed, as in: scrapy try page.html --url https://…")
        try:
            self._try(Path(args[0]), opts)
        except NewscrawlError as error:
            print(f"newscrawl: {error}", file=sys.stderr)
            self.exitcode = error.exit_code

    def _try(self, path: Path, opts: argparse.Namespace) -> None:
        assert self.settings is not None
        if opts.url is not None and resolve(None, opts.url) is None:
            raise ConfigError(f"--url {opts.url!r} is no http or https URL")
        try:
            body = path.read_bytes()
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror}") from error
        profile = self._profile(opts)
        page = read_page(body, opts.url, content_type=opts.content_type, profile=profile)
        article = page.article or extract_article(body, opts.url, content_type=opts.content_type, profile=profile)
        if opts.json:
            print(json.dumps(as_row(article), ensure_ascii=False, indent=2))
            return
        show_page(Console(highlight=False, width=None if sys.stdout.isatty() else 118), page, article)

    def _profile(self, opts: argparse.Namespace) -> SiteProfile | None:
        assert self.settings is not None
        refuse_faulty_settings(self.settings)
        if opts.generic:
            return None
        profiles = Profiles(Path(self.settings["NEWSCRAWL_SITES_DIR"]))
        return profiles.named(opts.site) if opts.site else profiles.for_url(opts.url)


def show_page(console: Console, page: Page, article: Article) -> None:
    """Print what :func:`~newscrawl.extract.read_page` made of a page."""
    profile = article.reader.profile if article.reader else None
    console.print(
        f"{page.kind} ({page.reason}); {page.encoding} by {page.encoding_source}; profile {profile or 'none'}"
    )
    evidence = {entry.field: entry for entry in article.provenance}
    table = Table(box=None, pad_edge=False)
    table.add_column("field")
    table.add_column("value", overflow="fold", ratio=3)
    table.add_column("where from", overflow="fold", ratio=1)
    for name in _SHOWN:
        found = evidence.get(name)
        where = f"{found.method}: {found.where or ''}".rstrip(": ") if found else ""
        table.add_row(name, RichText("\n".join(_lines(getattr(article, name)))), RichText(where))
    console.print(table)
    for warning in article.warnings:
        console.print(RichText(f"warning {warning.field}: {warning.code} {warning.detail or ''}"))
    left = [s for s in page.segments() if s.place == "chrome" or s.kind == "other"]
    console.print(f"left over: {len(left)} pieces of text")
    for segment in left[:40]:
        console.print(
            RichText(
                f"  {segment.place}/{segment.kind or segment.rule or '-'}: {_cut(' '.join(segment.text.split()), 90)}"
            )
        )
    if len(left) > 40:
        console.print(f"  … and {len(left) - 40} more")
    roles: dict[str, int] = {}
    for link in page.links:
        roles[link.role] = roles.get(link.role, 0) + 1
    console.print("links: " + (", ".join(f"{count} {role}" for role, count in roles.items()) or "none"))


def _lines(value: object) -> Iterator[str]:
    if value is None or value == []:
        yield "–"
    elif isinstance(value, str) and "\n\n" in value:
        paragraphs = value.split("\n\n")
        yield f"{len(paragraphs)} paragraphs, {len(value)} characters"
        yield from (f"  {_cut(paragraph, 70)}" for paragraph in paragraphs)
    elif isinstance(value, list):
        for item in value:
            row = as_row(item)
            parts = [f"{len(part)} sizes" if isinstance(part, list) else str(part) for part in row.values() if part]
            yield _cut("  ".join(parts), 160)
    else:
        yield _cut(str(value), 400)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"

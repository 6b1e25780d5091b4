"""``scrapy index``: the CDXJ indexes beside WARC files."""

from __future__ import annotations

import argparse
import sys
from heapq import merge
from itertools import groupby
from pathlib import Path

from scrapy.commands import ScrapyCommand

from newscrawl.archive.cdxj import cdxj_path, write_cdxj
from newscrawl.commands._archive import archives_of, closed_among, concluded, progress
from newscrawl.exceptions import ConfigError
from newscrawl.ledger.places import warcs_in


class Command(ScrapyCommand):
    """Write indexes."""

    requires_crawler_process = False

    def syntax(self) -> str:
        return "[options] [DIR | FILE ...]"

    def short_desc(self) -> str:
        return "Write the missing .cdxj indexes beside WARC files, or merge them"

    def long_desc(self) -> str:
        return (
            "Write the .cdxj index of each WARC file that has none, or one older than the file. FILE and DIR are WARC "
            "files, folders of them, or output folders (NEWSCRAWL_OUTPUT_DIR by default). A file that a crawl still "
            "writes to is left out: its index is written when it is closed."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--force", action="store_true", help="write the other indexes, too")
        parser.add_argument("--merge", action="store_true", help="print one sorted index of all files")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        with concluded(self) as settings:
            folders, warcs = archives_of(args, settings)
            warcs += [warc for folder in folders for warc in warcs_in(folder / "warc")]
            closed = closed_among(warcs)
            if args and warcs and not closed:
                raise ConfigError(
                    f"{warcs[0]}: is being written to, or was left by a crash; `scrapy repair` finishes it"
                )
            outdated = [warc for warc in closed if opts.force or _outdated(warc)]
            with progress("indexing", sum(warc.stat().st_size for warc in outdated)) as done:
                for warc in outdated:
                    index = write_cdxj(warc)
                    done(warc.stat().st_size)
                    print(f"newscrawl: {index}: written", file=sys.stderr)
            if opts.merge:
                _print_merged([cdxj_path(warc) for warc in closed])
            elif not outdated:
                print(f"newscrawl: {len(closed)} indexes are there and up to date", file=sys.stderr)


def _outdated(warc: Path) -> bool:
    index = cdxj_path(warc)
    return not index.exists() or index.stat().st_mtime_ns < warc.stat().st_mtime_ns


def _print_merged(indexes: list[Path]) -> None:
    files = [index.open(encoding="utf-8", errors="surrogateescape") for index in indexes]
    try:
        for line, _ in groupby(merge(*files)):
            sys.stdout.write(line)
    finally:
        for file in files:
            file.close()

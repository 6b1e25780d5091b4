"""``scrapy cat``: the archived body of a URL."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from newscrawl.archive.reading import decoded_payload, read_record
from newscrawl.commands._archive import DAMAGE, concluded, folder_of, keys_of, tell_removals
from newscrawl.exceptions import ConfigError
from newscrawl.ledger.holding import existing_store
from newscrawl.ledger.lookup import Found, Lookup, nearest, parse_time
from newscrawl.urls import resolve


class Command(ScrapyCommand):
    """Print what is archived of a URL."""

    requires_crawler_process = False

    def syntax(self) -> str:
        return "[options] URL [DIR]"

    def short_desc(self) -> str:
        return "Print the archived body of a URL"

    def long_desc(self) -> str:
        return (
            "Print the body that is archived of URL, as bytes, without its content coding: of the latest capture, or "
            "of the one nearest to --at. DIR is an output folder (NEWSCRAWL_OUTPUT_DIR by default) or a folder of WARC "
            "files with their .cdxj indexes. Exit code 3 when nothing is archived of URL."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--at", metavar="TIME", help="of the capture nearest to TIME, such as 2023-03-22T08:15:00Z")
        parser.add_argument("--headers", action="store_true", help="print the HTTP head before the body")
        parser.add_argument("--raw", action="store_true", help="leave the content coding on")
        parser.add_argument("--list", action="store_true", help="list the captures of URL instead, by time")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if not args:
            raise UsageError("a URL is needed, as in: scrapy cat https://example.org/")
        with concluded(self) as settings:
            url = resolve(None, args[0])
            if url is None:
                raise ConfigError(f"{args[0]!r} is no http or https URL")
            at = None if opts.at is None else parse_time(opts.at)
            folder = folder_of(args[1:], settings)
            store = existing_store(folder, settings["NEWSCRAWL_STORE_URL"])
            try:
                archive = Lookup(folder, store, keys_of(settings, store))
                found = archive.find(url)
                if not found:
                    self._not_found(archive, url, folder)
                elif opts.list:
                    print("\n".join(map(_line, found)))
                else:
                    _print(archive, nearest(found, at), raw=opts.raw, head=opts.headers)
            finally:
                if store is not None:
                    store.close()

    def _not_found(self, archive: Lookup, url: str, folder: Path) -> None:
        print(f"newscrawl: {folder}: nothing is archived of {url}", file=sys.stderr)
        tell_removals(archive.store, url, archive.keys)
        for near in archive.near(url):
            print(f"newscrawl: there is {near}", file=sys.stderr)
        if missing := archive.without_index():
            count = f"{len(missing)} WARC files have no index, such as {missing[0]}"
            print(f"newscrawl: {count}; `scrapy index {folder}` writes them", file=sys.stderr)
        self.exitcode = DAMAGE


def _print(archive: Lookup, found: Found, *, raw: bool, head: bool) -> None:
    record = read_record(found.path, found.offset)
    holder = archive.payload(record)
    body, fault = (holder.payload, None) if raw else decoded_payload(holder)
    if fault is not None:
        print(f"newscrawl: {fault}; the body is printed as it came", file=sys.stderr)
    if head and record.http is not None:
        sys.stdout.buffer.write(record.http.head)
    sys.stdout.buffer.write(body)
    sys.stdout.buffer.flush()


def _line(found: Found) -> str:
    date = "undated" if found.date is None else found.date.strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{date:<20} {found.status or '-':<3} {found.mime or '-':<24} {found.path}:{found.offset} {found.url}"

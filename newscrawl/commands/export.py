"""``scrapy export``: an archive in a form that other programs open."""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from scrapy.settings import Settings

from newscrawl.archive.wacz import WaczPage, write_wacz
from newscrawl.commands._archive import archives_of, closed_among, concluded, folder_of, progress
from newscrawl.commands._parquet import refuse_without_pyarrow, write_parquet
from newscrawl.exceptions import ConfigError, did_you_mean
from newscrawl.items import FIELDS
from newscrawl.ledger.holding import existing_store
from newscrawl.ledger.lookup import parse_time
from newscrawl.ledger.places import warcs_in
from newscrawl.ledger.rows import capture_of, lines_of, row_of
from newscrawl.ledger.selection import PER, Selection
from newscrawl.text import plain_cell

_FORMS = ("wacz", "jsonl", "csv", "parquet")
_ROWS_GO_WITH = "--to jsonl, csv or parquet"


class Command(ScrapyCommand):
    """Export an archive."""

    requires_crawler_process = False

    def syntax(self) -> str:
        return "--to wacz | jsonl | csv | parquet -o FILE [DIR | WARC ...]"

    def short_desc(self) -> str:
        return "Write an archive as one WACZ file for viewers such as ReplayWeb.page, or its rows as a table"

    def long_desc(self) -> str:
        return (
            "Write output folders (NEWSCRAWL_OUTPUT_DIR by default), folders of WARC files or single WARC files, also "
            "those of other tools, as one WACZ file. Its pages are the articles of the rows, or where there are none "
            "all HTML pages. The same archive gives the same bytes. A file that a crawl still writes to is left out. "
            "With --to jsonl, csv or parquet the rows of one output folder's store are written instead: one for each "
            "article, story or version, and only those that the other options choose."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--to", metavar="FORM", default="wacz", help="wacz (default), jsonl, csv or parquet")
        parser.add_argument(
            "-o", "--output", metavar="FILE", help="the file to write; a WACZ that is there is replaced"
        )

        rows = parser.add_argument_group(f"Rows, with {_ROWS_GO_WITH}")
        rows.add_argument("--per", metavar="WHAT", help="one row for each article (default), story or version")
        rows.add_argument("--site", metavar="SITE", help="only rows of SITE")
        rows.add_argument("--since", metavar="TIME", help="only rows kept since TIME, such as 2026-01-31")
        rows.add_argument("--until", metavar="TIME", help="only rows kept before TIME")
        rows.add_argument("--language", metavar="TAG", help="only rows in this language: zh takes zh-Hans, too")
        rows.add_argument("--source", metavar="NAME", help="only rows that credit this outlet")
        rows.add_argument("--tag", metavar="NAME", help="only rows with this tag")
        written = "leave cluster_id as it was written, instead of what is known now"
        rows.add_argument("--as-written", action="store_const", const=True, help=written)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if opts.output is None:
            raise UsageError("say where to write it: scrapy export --to wacz -o archive.wacz")
        with concluded(self) as settings:
            if opts.to not in _FORMS:
                raise ConfigError(f"--to {opts.to!r}: there is {', '.join(_FORMS)}{did_you_mean(opts.to, _FORMS)}")
            if opts.to != "wacz":
                self._rows(args, opts, settings)
                return
            if given := [name for name in _OPTIONS if getattr(opts, name) is not None]:
                option = given[0].replace("_", "-")
                raise ConfigError(f"--{option}: chooses rows, and a WACZ has all; it goes with {_ROWS_GO_WITH}")
            target = _target(opts.output)
            folders, warcs = archives_of(args, settings)
            warcs += [warc for folder in folders for warc in warcs_in(folder / "warc")]
            closed = closed_among(warcs)
            if not closed:
                where = ", ".join(args) or settings["NEWSCRAWL_OUTPUT_DIR"]
                raise ConfigError(f"{where}: holds no WARC file that is closed")
            names = {warc.name for warc in closed}
            pages = list(dict.fromkeys(page for folder in folders for page in _pages(folder, names)))
            with progress("exporting", sum(warc.stat().st_size for warc in closed)) as done:
                count = write_wacz(target, closed, pages or None, progress=done)
            print(f"{opts.output}: {len(closed)} WARC files, {count} pages")

    def _rows(self, args: list[str], opts: argparse.Namespace, settings: Settings) -> None:
        if opts.to == "parquet":
            refuse_without_pyarrow()
        selection, target = _selection(opts), _new_file(opts.output)
        folder = folder_of(args, settings)
        store = existing_store(folder, settings["NEWSCRAWL_STORE_URL"])
        if store is None:
            raise ConfigError(f"{folder}: there is no store; name the output folder of a crawl")
        part = target.with_name(f".{target.name}.part")
        try:
            with store, store.reading() as connection:
                count = _WRITERS[opts.to](part, selection.rows(connection))
            part.rename(target)
        finally:
            part.unlink(missing_ok=True)
        print(f"{opts.output}: {count} rows")


_OPTIONS = ("per", "site", "since", "until", "language", "source", "tag", "as_written")


def _selection(opts: argparse.Namespace) -> Selection:
    per = opts.per or "article"
    if per not in PER:
        raise ConfigError(f"--per {per!r}: there is {', '.join(PER)}{did_you_mean(per, PER)}")
    since, until = (None if at is None else parse_time(at).timestamp() for at in (opts.since, opts.until))
    return Selection(
        per=per,
        site=opts.site,
        since=since,
        until=until,
        language=opts.language,
        source=opts.source,
        tag=opts.tag,
        as_written=bool(opts.as_written),
    )


def _new_file(output: str) -> Path:
    """Return the file to write. Raises :exc:`ConfigError` for one that is there: it may be what a crawl wrote."""
    target = Path(output)
    if target.exists():
        raise ConfigError(f"-o {target}: is there already; name another file, or remove it first")
    if not target.parent.is_dir():
        raise ConfigError(f"-o {target}: there is no folder {target.parent}")
    return target


_Rows = Iterable[tuple[bytes, dict[str, Any]]]


def _write_jsonl(path: Path, rows: _Rows) -> int:
    """Write the lines as they stand in the files of the crawl."""
    count = 0
    with path.open("wb") as file:
        for line, _ in rows:
            file.write(line)
            count += 1
    return count


def _write_csv(path: Path, rows: _Rows) -> int:
    """Write a column for each field; what is no text or number is JSON."""
    count = 0
    # The mark at the start is how spreadsheets know UTF-8.
    with path.open("w", encoding="utf-8-sig", errors="backslashreplace", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(FIELDS)
        for _, said in rows:
            writer.writerow([_cell(said.get(name)) for name in FIELDS])
            count += 1
    return count


def _cell(value: Any) -> str:
    if value is None or value == []:
        return ""
    return plain_cell(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


_WRITERS: dict[str, Callable[[Path, _Rows], int]] = {"jsonl": _write_jsonl, "csv": _write_csv, "parquet": write_parquet}


def _target(output: str) -> Path:
    """Return the file to write. Raises :exc:`ConfigError` for one that holds something else, such as a WARC."""
    target = Path(output)
    if target.is_dir():
        raise ConfigError(f"-o {target}: is a folder; name a file, such as {target / 'archive.wacz'}")
    if not target.parent.is_dir():
        raise ConfigError(f"-o {target}: there is no folder {target.parent}")
    if target.is_file() and target.stat().st_size and not is_zipfile(target):
        raise ConfigError(f"-o {target}: is there and is no WACZ; name another file, or remove it first")
    return target


def _pages(folder: Path, warcs: set[str]) -> Iterator[WaczPage]:
    """Yield a page for each row of *folder* that was read from one of *warcs*."""
    for path in sorted((folder / "articles").glob("*.jsonl")):
        for _, line in lines_of(path, 0, path.stat().st_size):
            row = row_of(line) or {}
            at = str(row.get("fetched_at") or "")[:19]
            if capture_of(row).get("warc") in warcs and row.get("url") and at:
                yield WaczPage(url=row["url"], timestamp=f"{at}Z", title=row.get("headline"))

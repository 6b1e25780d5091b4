"""``scrapy export``: an archive in a form that other programs open."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from zipfile import is_zipfile

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from newscrawl.archive.wacz import WaczPage, write_wacz
from newscrawl.commands._archive import archives_of, closed_among, concluded, progress
from newscrawl.exceptions import ConfigError, did_you_mean
from newscrawl.ledger.places import warcs_in
from newscrawl.ledger.rows import capture_of, lines_of, row_of

_FORMS = ("wacz",)


class Command(ScrapyCommand):
    """Export an archive."""

    requires_crawler_process = False

    def syntax(self) -> str:
        return "--to wacz -o FILE [DIR | WARC ...]"

    def short_desc(self) -> str:
        return "Write an archive as one WACZ file, for viewers such as ReplayWeb.page"

    def long_desc(self) -> str:
        return (
            "Write output folders (NEWSCRAWL_OUTPUT_DIR by default), folders of WARC files or single WARC files, also "
            "those of other tools, as one WACZ file. Its pages are the articles of the rows, or where there are none "
            "all HTML pages. The same archive gives the same bytes. A file that a crawl still writes to is left out."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--to", metavar="FORM", default="wacz", help="wacz, the only form there is")
        parser.add_argument(
            "-o", "--output", metavar="FILE", help="the file to write; a WACZ that is there is replaced"
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if opts.output is None:
            raise UsageError("say where to write it: scrapy export --to wacz -o archive.wacz")
        with concluded(self) as settings:
            if opts.to not in _FORMS:
                raise ConfigError(f"--to {opts.to!r}: there is only wacz{did_you_mean(opts.to, _FORMS)}")
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

"""``scrapy profiles``: list the site profiles; hold them against saved pages."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text as RichText
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from newscrawl.commands import refuse_faulty_settings
from newscrawl.exceptions import ConfigError, NewscrawlError
from newscrawl.extract.checking import PageResult, ProfileResult, check_profile, saved_pages
from newscrawl.sites import Profiles, SiteProfile

_FAILED = 3


class Command(ScrapyCommand):
    """List and check site profiles."""

    requires_crawler_process = False

    def syntax(self) -> str:
        return "[--check] [NAME] [--pages DIR]"

    def short_desc(self) -> str:
        return "List the site profiles, or hold them against saved pages"

    def long_desc(self) -> str:
        return (
            "List the site profiles at hand. With --check, read the saved pages of each, or of NAME, and compare them "
            "with their records: NEWSCRAWL_SITES_DIR/<profile>/<page>.html and <page>.json. Exit code 3 when a page is "
            "not read as recorded. docs/sites.md tells how pages are saved."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--check", action="store_true", help="hold profiles against their saved pages")
        parser.add_argument("--pages", metavar="DIR", help="the folder with the saved pages of NAME")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) > 1 or (opts.pages and not args):
            raise UsageError("one profile is needed, as in: scrapy profiles --check example --pages DIR")
        assert self.settings is not None
        try:
            refuse_faulty_settings(self.settings)
            folder = Path(self.settings["NEWSCRAWL_SITES_DIR"])
            profiles = Profiles(folder)
            chosen = [profiles.named(args[0])] if args else profiles.known()
            if not opts.check:
                show_profiles(_console(), chosen, folder)
            elif not self._check(chosen, Path(opts.pages) if opts.pages else folder, one=bool(args), given=opts.pages):
                self.exitcode = _FAILED
        except NewscrawlError as error:
            print(f"newscrawl: {error}", file=sys.stderr)
            self.exitcode = error.exit_code

    def _check(self, profiles: list[SiteProfile], folder: Path, *, one: bool, given: str | None) -> bool:
        good, console = True, _console()
        for profile in profiles:
            pages = saved_pages(folder if given else folder / profile.name)
            if not pages and one:
                raise ConfigError(f"{folder if given else folder / profile.name}: there is no saved page (*.html)")
            if not pages:
                console.print(f"profile {profile.name}: no saved pages")
                continue
            result = check_profile(profile, pages)
            show_result(console, result)
            good = good and result.good
        return good


def _console() -> Console:
    return Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 118)


def show_profiles(console: Console, profiles: list[SiteProfile], folder: Path) -> None:
    """Print a line a profile."""
    table = Table(box=None, pad_edge=False)
    for name in ("profile", "hosts", "layouts", "saved pages"):
        table.add_column(name, overflow="fold", justify="right" if name in ("layouts", "saved pages") else "left")
    for profile in profiles:
        saved = len(list((folder / profile.name).glob("*.html")))
        table.add_row(profile.name, RichText(", ".join(profile.hosts)), str(len(profile.layouts)), str(saved))
    console.print(table)


def show_result(console: Console, result: ProfileResult) -> None:
    """Print how a profile does on its pages."""
    count = len(result.pages)
    console.print(f"profile {result.profile}: {count} saved page{'s' if count != 1 else ''}")
    for page in result.pages:
        _show_page(console, page)
    for remark in result.remarks:
        console.print(f"  {remark}", soft_wrap=True)


def _show_page(console: Console, page: PageResult) -> None:
    differ = len(page.differences)
    verdict = "read as recorded" if not differ else f"{differ} of {page.fields} fields differ"
    without = ", ".join(page.generic_differences) or "none"
    console.print(f"  {page.name}: {verdict}; body {_share(page.body)}", soft_wrap=True)
    for key in page.missing:
        console.print(f"    {key}: the selectors find nothing")
    for difference in page.differences:
        console.print(f"    {difference.field}: recorded {_short(difference.recorded)}", soft_wrap=True)
        console.print(f"    {' ' * len(difference.field)}  read     {_short(difference.read)}", soft_wrap=True)
    console.print(
        f"    without the profile: body {_share(page.generic_body)}, fields that differ: {without}", soft_wrap=True
    )


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _short(value: Any) -> str:
    text = "–" if value in (None, []) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 160 else text[:159] + "…"

"""``scrapy remove``: take a URL out of an archive."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from newscrawl.commands._archive import DAMAGE, concluded, folder_of, keys_of, progress, tell_removals
from newscrawl.exceptions import ConfigError
from newscrawl.ledger.holding import existing_store, held, worker_name
from newscrawl.ledger.journal import finish_removal
from newscrawl.ledger.lookup import Lookup
from newscrawl.ledger.places import is_output, warcs_in
from newscrawl.ledger.recovery import recover
from newscrawl.ledger.removal import Plan, Removal
from newscrawl.ledger.torn import TORN
from newscrawl.urls import resolve


class Command(ScrapyCommand):
    """Remove a URL from an archive."""

    requires_crawler_process = False

    def syntax(self) -> str:
        return "URL --reason TEXT [--yes] [DIR]"

    def short_desc(self) -> str:
        return "Take a URL out of an archive for good, and leave tombstones"

    def long_desc(self) -> str:
        return (
            "Remove every capture and every row of URL, in all forms of that address, from an output folder "
            "(NEWSCRAWL_OUTPUT_DIR by default): WARC records, rows, snapshots, indexes, the store. Everything else "
            "keeps its bytes; pointers into files that become shorter are moved. For each capture a tombstone stays, "
            "with its digest and the reason. Asks before it writes. Exit codes: 0 removed, 2 usage, 3 nothing is "
            "archived of URL, 5 storage failed or a file is damaged, 75 a run is at work there. Interrupted, `scrapy "
            "repair` brings it to its end (docs/archive.md)."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--reason", metavar="TEXT", help="why, for the tombstones; such as 'court order 12/2026'")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if not args or not (opts.reason or "").strip():
            raise UsageError(
                "URL and reason are needed, as in: scrapy remove https://example.org/1 --reason 'court order'"
            )
        with concluded(self) as settings, ExitStack() as stack:
            url = resolve(None, args[0])
            if url is None:
                raise ConfigError(f"{args[0]!r} is no http or https URL")
            if not opts.yes and not sys.stdin.isatty():
                raise ConfigError("remove asks before it writes, and there is no terminal: add --yes")
            folder = folder_of(args[1:], settings)
            if (folder / ".replay").exists() or not is_output(folder):
                raise ConfigError(f"{folder}: is no output folder of a live crawl")
            stack.enter_context(held(folder))
            store = existing_store(folder, settings["NEWSCRAWL_STORE_URL"])
            if store is not None:
                stack.enter_context(store)
            for text in finish_removal(folder, store):
                print(text)
            worker = worker_name(folder, settings["NEWSCRAWL_WORKER"], settings["NEWSCRAWL_STORE_URL"])
            if store is not None:
                for text in recover(folder, store, worker):
                    print(text)
            self._remove(
                Removal(folder, store, keys_of(settings, store)), url, reason=opts.reason.strip(), ask=not opts.yes
            )

    def _remove(self, removal: Removal, url: str, *, reason: str, ask: bool) -> None:
        total = sum(path.stat().st_size for path in warcs_in(removal.folder / "warc"))
        with progress(f"looking through {removal.folder}", total) as removal.progress:
            plan = removal.plan(url)
        if plan.empty:
            self._nothing(removal, url)
            return
        print(_said(plan))
        if ask and input("Remove it for good? [y/N] ").strip().lower() not in ("y", "yes"):
            print("nothing was removed")
            return
        total = sum(place.size or 0 for place in plan.warcs.values())
        with progress("writing", total) as removal.progress:
            removal.carry_out(plan, reason=reason, now=datetime.now(UTC))
        print(f"{url}: removed")
        for line in _left(plan, removal.folder):
            print(line)
        for name in plan.elsewhere:
            print(
                f"newscrawl: {name} is not here and holds it, too: run `scrapy remove` where it lies", file=sys.stderr
            )
            self.exitcode = DAMAGE

    def _nothing(self, removal: Removal, url: str) -> None:
        print(f"newscrawl: {removal.folder}: nothing is archived of {url}", file=sys.stderr)
        tell_removals(removal.store, url, removal.keys)
        for near in Lookup(removal.folder, removal.store).near(url):
            print(f"newscrawl: there is {near}", file=sys.stderr)
        self.exitcode = DAMAGE


def _said(plan: Plan) -> str:
    lines = [
        f"{plan.url}: {len(plan.answers)} captures ({len(plan.dropped)} records) in {len(plan.warcs)} WARC files that "
        f"are written anew, {len(plan.rows)} rows, {len(plan.snapshots)} snapshots"
    ]
    if plan.promoted:
        lines.append(
            f"{len(plan.promoted)} captures of other URLs have the same body, and keep it as records of their own"
        )
    return "\n".join(lines)


def _left(plan: Plan, folder: Path) -> list[str]:
    """Return what may still hold the text that was removed."""
    lines = [f"there is a row of {url} that says it repeats what was removed" for url in plan.copies]
    if plan.promoted:
        lines.append("the same body is still archived under other URLs: `scrapy cat` shows them")
    if any((folder / TORN).glob("*")):
        lines.append(
            f"{folder / TORN} holds torn ends and old stores that were not looked into: delete what you do not need"
        )
    return lines

"""``scrapy repair``: make an output folder whole again."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from scrapy.commands import ScrapyCommand

from newscrawl.commands._archive import DAMAGE, concluded, folder_of, keys_of, progress, say
from newscrawl.exceptions import ConfigError
from newscrawl.ledger.holding import held, worker_name
from newscrawl.ledger.places import is_output, warcs_in
from newscrawl.ledger.repair import Repair


class Command(ScrapyCommand):
    """Repair an output folder."""

    requires_crawler_process = False

    def syntax(self) -> str:
        return "[options] [DIR]"

    def short_desc(self) -> str:
        return "Make an output folder whole again after a crash or a loss"

    def long_desc(self) -> str:
        return (
            "Do in an output folder (NEWSCRAWL_OUTPUT_DIR by default) what the next crawl would do after a crash, and "
            "more: write missing indexes and snapshots again, and let the store know again what WARCs and JSON Lines "
            "hold, even if it is gone. No whole record or row is changed; torn ends are kept in DIR/torn. Exit codes: "
            "0 no damage stays that repair can see (`scrapy verify` checks every digest and row), 2 usage, "
            "3 some damage stays, 5 storage failed, 75 a run is at work there (docs/archive.md)."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
        parser.add_argument(
            "--forget-missing", action="store_true", help="let the store forget files that are gone, and their captures"
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        with concluded(self) as settings:
            folder = folder_of(args, settings)
            if (folder / ".replay").exists() or not is_output(folder):
                raise ConfigError(f"{folder}: is no output folder of a live crawl; there is nothing to repair")
            with held(folder):
                repair = Repair(
                    folder,
                    store=settings["NEWSCRAWL_STORE_URL"],
                    worker=worker_name(folder, settings["NEWSCRAWL_WORKER"], settings["NEWSCRAWL_STORE_URL"]),
                    dry_run=opts.dry_run,
                    forget_missing=opts.forget_missing,
                    stamp=f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}",
                    url_keys=keys_of(settings, None),
                    copies_window_s=settings.getint("NEWSCRAWL_DEDUPE_WINDOW_DAYS") * 86_400.0,
                )
                done = left = 0
                total = sum(path.stat().st_size for path in warcs_in(folder / "warc"))
                with progress(f"repairing {folder}", total) as repair.progress:
                    for step in repair.steps():
                        done, left = done + (not step.left), left + step.left
                        # A reader such as `head` that goes away must not leave half a repair behind.
                        say(f"{'stays: ' if step.left else ''}{step.text}")
                what = "to be done" if opts.dry_run else "done"
                say(f"{done} things {what}, {left} damages stay" if done or left else "nothing to repair")
                self.exitcode = DAMAGE if left else 0

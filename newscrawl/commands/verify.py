"""``scrapy verify``: check an archive: rows, records, digests, snapshots, store."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.settings import Settings

from newscrawl.archive.verify import ArchiveCheck, Finding
from newscrawl.commands._archive import DAMAGE, archives_of, concluded, progress
from newscrawl.exceptions import ConfigError, StorageError
from newscrawl.ledger.audit import Audit
from newscrawl.ledger.holding import STORE, existing_store, held, is_corrupt, lost_store, worker_name
from newscrawl.ledger.places import warcs_in
from newscrawl.store import Store
from newscrawl.text import shown


class Command(ScrapyCommand):
    """Check an archive."""

    requires_crawler_process = False

    def syntax(self) -> str:
        return "[options] [DIR | FILE ...]"

    def short_desc(self) -> str:
        return "Check an archive: rows, records, digests, snapshots, store"

    def long_desc(self) -> str:
        return (
            "Check an output folder (NEWSCRAWL_OUTPUT_DIR by default), a folder of WARC files, or single WARC files, "
            "also those of other tools. One line a finding: place, severity, code, text. Nothing is changed. "
            "Exit codes: 0 no error (there may be warnings), 2 usage, 3 errors found, 5 a file cannot be read, "
            "75 a run is at work there (docs/archive.md)."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="print each finding, and the counts, as a JSON line")
        parser.add_argument(
            "--while-running",
            action="store_true",
            help="look beside a crawl that is at work: at names and committed lengths of its files only",
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        with concluded(self) as settings:
            folders, warcs = archives_of(args, settings)
            if opts.while_running and warcs:
                raise ConfigError("--while-running: is for the output folder of a crawl, not for single WARC files")
            counts: Counter[str] = Counter()
            for folder in folders:
                found = _folder(folder, settings, counts, quick=opts.while_running)
                self._tell(found, counts, as_json=opts.json)
            if warcs:
                self._tell(_files(warcs, counts), counts, as_json=opts.json)
            print(json.dumps(_summary(counts)) if opts.json else _said(counts))

    def _tell(self, findings: Iterable[Finding], counts: Counter[str], *, as_json: bool) -> None:
        for finding in findings:
            counts[f"{finding.severity}s"] += 1
            if finding.severity == "error":
                # Now, and not at the end: whoever reads may go away before.
                self.exitcode = DAMAGE
            print(json.dumps(asdict(finding), ensure_ascii=False) if as_json else shown(str(finding)))


def _folder(folder: Path, settings: Settings, counts: Counter[str], *, quick: bool) -> Iterator[Finding]:
    """Yield the findings on an output folder; *quick* looks at lengths alone, and beside a run."""
    if quick:
        yield from _audited(folder, settings, counts, quick=True)
        return
    with held(folder, shared=True):
        yield from _audited(folder, settings, counts, quick=False)


def _audited(folder: Path, settings: Settings, counts: Counter[str], *, quick: bool) -> Iterator[Finding]:
    store: Store | None = None
    try:
        store = existing_store(folder, settings["NEWSCRAWL_STORE_URL"])
    except StorageError as error:
        if settings["NEWSCRAWL_STORE_URL"] or not is_corrupt(error):
            raise
        yield Finding(severity="error", file=str(folder / STORE), offset=None, code="store", text=str(error))
    else:
        if store is None and lost_store(folder):
            text = "there is no store; files are held against each other only; `scrapy repair` makes a new one"
            yield Finding(severity="warning", file=str(folder / STORE), offset=None, code="no_store", text=text)
    try:
        shared = bool(settings["NEWSCRAWL_STORE_URL"])
        worker = worker_name(folder, settings["NEWSCRAWL_WORKER"], settings["NEWSCRAWL_STORE_URL"]) if shared else None
        look = Audit(folder, store, worker=worker)
        if quick:
            yield from look.files()
        else:
            with progress(f"checking {folder}", look.size) as look.progress:
                yield from look.findings()
        counts["files"] += len(look.places)
        counts["records"] += look.records.records
        counts["rows"] += look.rows
    finally:
        if store is not None:
            store.close()


def _files(warcs: list[Path], counts: Counter[str]) -> Iterator[Finding]:
    """Yield the findings on WARC files that are checked by themselves."""
    with progress("checking", sum(path.stat().st_size for path in warcs)) as done:
        check = ArchiveCheck(done)
        for path in warcs:
            yield from check.file(path)
        # A single file may refer to one beside it.
        beside = {other for path in warcs for other in warcs_in(path.parent)}
        yield from check.end(sorted(beside - set(warcs)))
    counts["files"] += len(warcs)
    counts["records"] += check.records


def _summary(counts: Counter[str]) -> dict[str, int]:
    return {name: counts[name] for name in ("files", "records", "rows", "errors", "warnings")}


def _said(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in _summary(counts).items())

"""The ledger: the one object of a crawl that owns its open files and its state.

It is opened before engine, handlers and scheduler exist and closed after them. Other parts ask it and hand
things to it; no part writes a file by itself. A failed write is recorded here, and :attr:`Ledger.on_failure`
closes the crawl by name, since an exception in a signal handler would only be logged.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO
from weakref import WeakKeyDictionary

from newscrawl.archive.replay import ReplaySet
from newscrawl.archive.snapshot import write_snapshot
from newscrawl.exceptions import ConfigError, OutputBusyError, StorageError
from newscrawl.items import Article, CaptureRef, SnapshotRef, VersionKey

logger = logging.getLogger("newscrawl")

REPLAY_MARK = ".replay"
"""A file in an output folder that belongs to replays and may be emptied by the next one."""

_KEPT_FOLDERS = ("articles", "html", "runs")
_MAX_RESULTS = 1_000
_MAX_LISTED = 10_000


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """What is known of a response besides the response."""

    fetched_at: datetime | None
    url_assigned: bool = False
    ref: CaptureRef | None = None


@dataclass(frozen=True, kw_only=True)
class Result:
    """One row of the table at the end."""

    headline: str | None
    source: str | None
    authors: tuple[str, ...]
    date: str | None
    why_no_date: str | None
    paragraphs: int
    images: int
    related: int
    duplicate: str | None


@dataclass
class RunState:
    """What happened so far. Written to ``report.json`` at the end."""

    pages: Counter[str] = field(default_factory=Counter)
    """Pages read, by kind."""
    articles: int = 0
    """Rows written."""
    duplicates: Counter[str] = field(default_factory=Counter)
    """Rows or items that repeat another, by kind."""
    dropped: Counter[str] = field(default_factory=Counter)
    """Items not written, by reason."""
    failed: Counter[str] = field(default_factory=Counter)
    """Requests without an answer that could be read, by reason."""
    failed_starts: list[tuple[str, str]] = field(default_factory=list)
    """Start URLs among them, with the reason."""
    errors: int = 0
    """Exceptions in a callback or a pipeline."""
    misses: int = 0
    """Requests for a URL outside the replay set."""
    not_in_replay: dict[str, None] = field(default_factory=dict)
    """Links not followed because the replay set does not hold them."""
    results: list[Result] = field(default_factory=list)
    """The first rows, for the table."""

    @property
    def page_count(self) -> int:
        """Pages read."""
        return sum(self.pages.values())

    def as_report(self) -> dict[str, Any]:
        """Return the counts for ``report.json``."""
        return {
            "pages": dict(sorted(self.pages.items())),
            "articles": self.articles,
            "duplicates": dict(sorted(self.duplicates.items())),
            "dropped": dict(sorted(self.dropped.items())),
            "failed": dict(sorted(self.failed.items())),
            "failed_starts": [{"url": url, "reason": reason} for url, reason in self.failed_starts],
            "errors": self.errors,
            "replay_misses": self.misses,
            "links_not_in_replay": list(self.not_in_replay),
        }


class Ledger:
    """Files and state of one run."""

    def __init__(
        self, folder: Path | None, *, name: str, run_id: str, stamp: str, replay: ReplaySet | None = None
    ) -> None:
        """*folder* is the output folder, None to keep nothing; *name* the spider's; *stamp* goes into file names."""
        self.folder = folder
        self.name = name
        self.run_id = run_id
        self.stamp = stamp
        self.replay = replay
        self.state = RunState()
        self.failure: StorageError | None = None
        self.on_failure: Callable[[], None] | None = None
        self.started_at: datetime | None = None
        self.reason: str | None = None
        """Scrapy's finish reason, once the spider is closed."""
        self._exchanges: WeakKeyDictionary[Any, Exchange] = WeakKeyDictionary()
        self._first: dict[str, VersionKey] = {}
        self._lock: BinaryIO | None = None
        self._articles: BinaryIO | None = None
        self._rejected: BinaryIO | None = None
        self._torn: set[BinaryIO] = set()
        self._closed = False

    # --- files

    def open(self) -> None:
        """Take the output folder. Raises :exc:`OutputBusyError`, :exc:`ConfigError` or :exc:`StorageError`."""
        if self.folder is None:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = (self.folder / ".lock").open("ab")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if self.replay is not None:
                self._empty(self.folder)
            else:
                self._finish_interrupted(self.folder)
        except BlockingIOError:
            self._release()
            raise OutputBusyError(
                f"{self.folder}: another run holds this folder; wait for it, or give this one a folder of its own "
                "with -s NEWSCRAWL_OUTPUT_DIR=…"
            ) from None
        except OSError as error:
            self._release()
            raise StorageError(f"{self.folder}: {error.strerror}") from error
        except ConfigError:
            self._release()
            raise

    def _empty(self, folder: Path) -> None:
        """A replay starts empty, and empties only what an earlier replay wrote."""
        mark = folder / REPLAY_MARK
        if not mark.exists():
            kept = [name for name in _KEPT_FOLDERS if (folder / name).exists()]
            if kept:
                raise ConfigError(
                    f"{folder}: holds what a live crawl kept ({', '.join(kept)}); a replay empties its folder, so "
                    "give it one of its own with -s NEWSCRAWL_OUTPUT_DIR=…"
                )
            mark.touch()
        for name in _KEPT_FOLDERS:
            if (folder / name).exists():
                shutil.rmtree(folder / name)

    def _finish_interrupted(self, folder: Path) -> None:
        """Give the rows of a run that was killed their final name; a torn last line is kept beside them."""
        if (folder / REPLAY_MARK).exists():
            raise ConfigError(f"{folder}: belongs to replays, which empty it; a live crawl needs a folder of its own")
        for path in sorted((*folder.glob("articles/*.jsonl.open"), *folder.glob("runs/*/*.jsonl.open"))):
            data = path.read_bytes()
            whole = data.rfind(b"\n") + 1
            if whole < len(data):
                path.with_suffix(".torn").write_bytes(data[whole:])
                os.truncate(path, whole)
            path.rename(path.with_suffix(""))
            logger.warning("%s: of an interrupted run; %d whole bytes kept", path.with_suffix(""), whole)

    @property
    def articles_path(self) -> Path | None:
        """Where the rows of this run lie once it has ended."""
        return None if self.folder is None else self.folder / "articles" / f"{self.name}-{self.stamp}-00001.jsonl"

    @property
    def run_folder(self) -> Path | None:
        """Where the report of this run lies."""
        return None if self.folder is None else self.folder / "runs" / self.run_id

    def write_row(self, line: bytes) -> None:
        """Append one row. *line* ends in a newline and has no other."""
        if self.articles_path is not None:
            self._articles = self._append(self._articles, self.articles_path, line)

    def write_rejected(self, row: dict[str, Any]) -> None:
        """Keep an item that is no valid row aside, with its reason."""
        if self.run_folder is not None:
            try:
                text = json.dumps(row, default=repr)
            except (TypeError, ValueError, RecursionError):
                # Keys that are no texts, or an item that holds itself.
                text = json.dumps({**row, "item": repr(row.get("item"))})
            line = text.encode() + b"\n"
            self._rejected = self._append(self._rejected, self.run_folder / "rejected.jsonl", line)

    def write_snapshot(self, ref: SnapshotRef, body: bytes) -> None:
        """Write a raw HTML snapshot."""
        if self.folder is not None:
            try:
                write_snapshot(self.folder, ref, body)
            except OSError as error:
                self.fail(error, self.folder / ref.path)

    def _append(self, file: BinaryIO | None, path: Path, line: bytes) -> BinaryIO | None:
        """A row is in the file as a whole or not at all: a torn one is cut off again."""
        if self.failure is not None:
            return file
        try:
            if file is None:
                path.parent.mkdir(parents=True, exist_ok=True)
                file = path.with_name(f"{path.name}.open").open("xb", buffering=0)
            start = file.tell()
            try:
                written = 0
                while written < len(line):
                    written += file.write(line[written:])
            except OSError:
                # Should this fail, too, the file keeps its working name, and the next run cuts it.
                self._torn.add(file)
                file.truncate(start)
                self._torn.discard(file)
                raise
        except OSError as error:
            self.fail(error, path)
        return file

    def fail(self, error: OSError, path: Path) -> None:
        """Record that *path* could not be written and have the crawl closed."""
        if self.failure is None:
            self.failure = StorageError(f"{path}: {error.strerror or error}; rows written before are whole")
            self.failure.__cause__ = error
            if self.on_failure is not None:
                self.on_failure()

    def close(self, ended_at: datetime | None) -> None:
        """Finish the files under their final names, write the report and give the folder back; once is enough."""
        if self._closed:
            return
        self._closed = True
        self.on_failure = None
        try:
            for file in (self._articles, self._rejected):
                if file is not None:
                    os.fsync(file.fileno())
                    file.close()
                    if file not in self._torn:
                        Path(file.name).rename(Path(file.name).with_suffix(""))
            if self.run_folder is not None:
                self.run_folder.mkdir(parents=True, exist_ok=True)
                text = json.dumps(self._report(ended_at), ensure_ascii=False, indent=2)
                temporary = self.run_folder / "report.json.tmp"
                temporary.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")
                temporary.replace(self.run_folder / "report.json")
        except OSError as error:
            self.fail(error, self.run_folder or Path())
        finally:
            for file in (self._articles, self._rejected):
                if file is not None:
                    with suppress(OSError):
                        file.close()
            self._articles = self._rejected = None
            self._release()

    def _report(self, ended_at: datetime | None) -> dict[str, Any]:
        # A replay's report has no clock in it: the same captures give the same report.
        started, ended = (None, None) if self.replay is not None else (self.started_at, ended_at)
        return {
            "run_id": self.run_id,
            "spider": self.name,
            "finish_reason": self.reason,
            "started_at": started and started.isoformat(timespec="seconds"),
            "ended_at": ended and ended.isoformat(timespec="seconds"),
            **self.state.as_report(),
        }

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    # --- state

    def note_exchange(self, request: Any, exchange: Exchange) -> None:
        """Remember what is known of the answer to *request*, as long as the request lives.

        It is kept beside the request and not in its ``meta``, which redirects and retries copy.
        """
        self._exchanges.setdefault(request, exchange)

    def exchange(self, request: Any) -> Exchange | None:
        """Return what is known of the answer to *request*."""
        return self._exchanges.get(request) if request is not None else None

    def first_with(self, key: str, own: VersionKey) -> VersionKey | None:
        """Return the first row that had *key*, or None and remember *own* as that row."""
        first = self._first.setdefault(key, own)
        return None if first is own else first

    def count_row(self, article: Article) -> None:
        """Count a row that was written."""
        state = self.state
        state.articles += 1
        if len(state.results) < _MAX_RESULTS:
            state.results.append(_result(article))

    def list_not_in_replay(self, url: str) -> None:
        """Note a link that was not followed because the replay set does not hold it."""
        if len(self.state.not_in_replay) < _MAX_LISTED:
            self.state.not_in_replay[url] = None


def _result(article: Article) -> Result:
    refused = [w.code.replace("_", " ") for w in article.warnings if w.field == "date_published"]
    if article.url_assigned:
        refused.insert(0, "assigned URL")
    return Result(
        headline=article.headline,
        source=article.source_organization,
        authors=tuple(person.name for person in article.authors),
        date=article.date_published,
        why_no_date=None if article.date_published else ", ".join(dict.fromkeys(refused)) or "none on the page",
        paragraphs=len((article.article_body or "").split("\n\n")) if article.article_body else 0,
        images=len(article.images),
        related=len(article.related),
        duplicate=article.duplicate_kind,
    )


_LEDGERS: WeakKeyDictionary[Any, Ledger] = WeakKeyDictionary()


def bind_ledger(crawler: Any, ledger: Ledger) -> None:
    """Make *ledger* the ledger of *crawler*."""
    _LEDGERS[crawler] = ledger


def ledger_of(crawler: Any) -> Ledger:
    """Return the ledger of *crawler*. Raises :exc:`RuntimeError` before the ledger's extension was built."""
    try:
        return _LEDGERS[crawler]
    except KeyError:
        raise RuntimeError(
            "this crawler has no ledger: newscrawl.extensions.LedgerExtension must be in EXTENSIONS"
        ) from None


def exit_code(ledger: Ledger) -> tuple[int, list[str]]:
    """Return the exit code of a run that has ended, and why it is not 0, one line a reason."""
    state = ledger.state
    if ledger.failure is not None:
        return ledger.failure.exit_code, [str(ledger.failure)]
    if ledger.reason == "start_error":
        return 1, ["the spider's start failed; the log shows where"]
    if ledger.reason not in ("finished", "closespider_itemcount"):
        return 4, [f"stopped with work left ({ledger.reason or 'killed'})"]
    reasons = [f"start URL failed: {url} ({reason})" for url, reason in state.failed_starts]
    if state.misses:
        reasons.append(f"{state.misses} requests for URLs that the replay set does not hold")
    if state.errors:
        reasons.append(f"{state.errors} pages or items raised an exception; the log shows where")
    if state.dropped["invalid"]:
        reasons.append(
            f"{state.dropped['invalid']} items were no valid rows; they lie in rejected.jsonl with the reason"
        )
    if not (state.articles or state.duplicates or state.dropped or state.pages["article"]):
        read = ", ".join(f"{count} {kind}" for kind, count in sorted(state.pages.items())) or "no page at all"
        reasons.append(f"no article found ({read})")
    return (3 if reasons else 0), reasons

"""The ledger: the one object of a crawl that owns its open files and its store, and commits."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from weakref import WeakKeyDictionary

from sqlalchemy import Connection

from newscrawl.archive.replay import ReplaySet
from newscrawl.archive.wire import WireExchange
from newscrawl.exceptions import StorageError
from newscrawl.faultpoints import reach
from newscrawl.items import Article, CaptureRef, SnapshotRef
from newscrawl.ledger.copies import Repeated, copy_index
from newscrawl.ledger.feeds import Feeds
from newscrawl.ledger.frontier import Frontier
from newscrawl.ledger.holding import STORE, lost_store, open_store, take
from newscrawl.ledger.hosts import Hosts
from newscrawl.ledger.journal import finish_removal
from newscrawl.ledger.keeping import Exchange, Keeping
from newscrawl.ledger.kept import KeptRows
from newscrawl.ledger.metrics import LastRun
from newscrawl.ledger.recovery import recover
from newscrawl.ledger.rekeying import renew_keys
from newscrawl.ledger.report import listed_before
from newscrawl.ledger.robots import RobotsCache
from newscrawl.ledger.runfiles import RunFiles
from newscrawl.ledger.state import RunState, exit_code
from newscrawl.ledger.telling import RunFacts, Telling
from newscrawl.ledger.waiting import why_work_is_left
from newscrawl.ledger.warcs import WarcSeries
from newscrawl.store import Store, articles, captures, files, keys, runs
from newscrawl.store.articles import NewArticle, StoredArticle
from newscrawl.store.files import StoredFile
from newscrawl.store.runs import RunSite
from newscrawl.urls import url_id

if TYPE_CHECKING:
    from newscrawl.fingerprint.copies import Fingerprint

logger = logging.getLogger("newscrawl")

_IN_MEMORY = "sqlite://"
_UNFINISHED = (StorageError.exit_code, 4)


class Ledger:
    """Files, store and state of one run."""

    def __init__(
        self,
        folder: Path | None,
        *,
        name: str,
        run_id: str,
        stamp: str,
        replay: ReplaySet | None = None,
        keeping: Keeping | None = None,
        arguments: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """*folder* is the output folder, None to keep nothing; *name* the spider's; *stamp* goes into file names."""
        self.folder = folder
        self.name = name
        self.run_id = run_id
        """Of this run; :meth:`open` takes that of an interrupted run, which this one then continues."""
        self.stamp = stamp
        self.replay = replay
        self.keeping = keeping or Keeping()
        self.files = RunFiles(folder, spider=name, run_id=run_id, stamp=stamp, worker=self.keeping.worker)
        self.url_key = self.keeping.keys
        """By what URLs are told apart."""
        self.arguments = arguments or {}
        """Spider arguments, for the list of runs."""
        self.clock = clock
        self.state = RunState()
        self.robots = RobotsCache(lambda: self.store)
        """What robots.txt said, of each origin."""
        self.failure: StorageError | None = None
        self.on_failure: Callable[[], None] | None = None
        self.aborters: list[Callable[[str], None]] = []
        """Called when the crawl cannot wait any longer for what is being downloaded."""
        self.started_at: datetime | None = None
        self.round_began = 0.0
        """When the round began, by the ledger's clock: what was found before was known."""
        self.reason: str | None = None
        """Scrapy's finish reason, once the spider is closed."""
        self.removed: frozenset[str] = frozenset()
        """Keys of URLs that were taken out of the archive: they are not asked again."""
        self.continued = False
        """True when this run goes on with an interrupted one."""
        self.exit_code: int | None = None
        """How the run ended, once it has."""
        self._ended_at: datetime | None = None
        self._store: Store | None = None
        self._frontier: Frontier | None = None
        self._feeds: Feeds | None = None
        self._telling = Telling(self.keeping, replayed=replay is not None)
        self._exchanges: WeakKeyDictionary[Any, Exchange] = WeakKeyDictionary()
        self._lock: BinaryIO | None = None
        self._kept: KeptRows | None = None
        self._other_keys = False
        self._last_commit = 0.0
        self._closed = False

    # --- opening

    @property
    def store(self) -> Store:
        """The database. Raises :exc:`RuntimeError` before :meth:`open`."""
        if self._store is None:
            raise RuntimeError("the ledger is not open")
        return self._store

    @property
    def frontier(self) -> Frontier:
        """What is left to be asked. Raises :exc:`RuntimeError` before :meth:`open`."""
        if self._frontier is None:
            raise RuntimeError("the ledger is not open")
        return self._frontier

    @property
    def feeds(self) -> Feeds:
        """What lists articles. Raises :exc:`RuntimeError` before :meth:`open`."""
        if self._feeds is None:
            raise RuntimeError("the ledger is not open")
        return self._feeds

    @property
    def hosts(self) -> Hosts:
        """When which host may be asked. Raises :exc:`RuntimeError` before :meth:`open`."""
        return self.frontier.hosts

    @property
    def kept(self) -> KeptRows:
        """The rows of this run and those before. Raises :exc:`RuntimeError` before :meth:`open`."""
        if self._kept is None:
            raise RuntimeError("the ledger is not open")
        return self._kept

    def open(self) -> None:
        """Take the output folder and make it whole after a crash.

        Raises :exc:`OutputBusyError`, :exc:`ConfigError` or :exc:`StorageError`.
        """
        try:
            if self.folder is not None:
                self._lock = take(self.folder, replay=self.replay is not None)
            self._open_store()
            self._begin()
        except OSError as error:
            self._release()
            raise StorageError(f"{error.filename or self.folder}: {error.strerror}") from error
        except BaseException:
            self._release()
            raise

    def _open_store(self) -> None:
        if self.folder is None or self.replay is not None:
            self._store = Store.open(_IN_MEMORY)
            return
        if not self.keeping.store_url and lost_store(self.folder):
            # A new store would know of no row: every article would be written again, under the same id and version.
            raise StorageError(
                f"{self.folder / STORE}: is gone, and the files of earlier runs are there; put it back, or let "
                f"`scrapy repair {self.folder}` make a new one from them"
            )
        self._store = open_store(self.folder, self.keeping.store_url)
        for line in finish_removal(self.folder, self._store):
            logger.warning("%s", line)
        for line in recover(self.folder, self._store, self.keeping.worker):
            logger.warning("%s", line)
        renewed = renew_keys(self._store, self.url_key, self.keeping.worker, now=self.clock())
        if renewed:
            logger.warning("%s", renewed)
        with self._store.reading() as connection:
            self._other_keys = keys.has_others(connection)
            stones = captures.buried(connection)
        # What was removed stays removed under its key of then, too.
        self.removed = frozenset(key for stone in stones for key in (stone.url_key, self.url_key(stone.url)))

    def _begin(self) -> None:
        worker = self.keeping.worker
        with self.store.begin() as connection:
            last = runs.latest(connection, self.name, worker)
            self._telling.last = None if last is None else LastRun.of(last)
            # A run that ended with work left, and one that never said how it ended, are gone on with.
            self.continued = last is not None and (last.state != "ended" or last.exit_code in _UNFINISHED)
            if last is not None and self.continued:
                run = last
                self.run_id = self.files.run_id = run.id
                # A run that is continued has a file of this name already.
                self.files.rejected_name = f"rejected-{self.stamp}.jsonl"
                sites = {site.site: site.counts for site in runs.sites(connection, run.id)}
                self.state = RunState.continued(run.counts, sites)
                self.state.skipped_urls = {} if self.run_folder is None else listed_before(self.run_folder)
            else:
                started = (self.started_at or datetime.now(UTC)).timestamp()
                run = runs.begin(
                    connection,
                    run_id=self.run_id,
                    spider=self.name,
                    worker=worker,
                    started_at=started,
                    arguments=self.arguments,
                )
                runs.update_counts(connection, self.run_id, self.state.as_counts())
            self.state.known_articles = articles.count(connection)
            self.state.checked = self.keeping.health is not None
            self._frontier = Frontier(self.store, owner=worker, round_=run.round, clock=self.clock)
        self._feeds = Feeds(self.store, clock=self.clock)
        window_s = self.keeping.copies_window_s
        self._kept = KeptRows(
            self.store,
            spider=self.name,
            run_id=self.run_id,
            clock=self.clock,
            window_s=window_s,
            index=copy_index(None if self.replay is not None else self.folder, self.keeping.store_url),
        )
        self._frontier.give_back()
        if self.continued:
            logger.warning("Going on with run %s: %d URLs are left", self.run_id, len(self.frontier))
        if self.folder is not None and self.replay is None and self.keeping.warc_enabled:
            self.files.warcs = WarcSeries(self.folder, self.name, self.keeping, self.store)
        self._last_commit = self.round_began = self.clock()

    def next_round(self) -> None:
        """Begin a new round within this run: what is asked again is asked once in each. Raises :exc:`StorageError`."""
        with self.store.begin() as connection:
            self.frontier.round = runs.next_round(connection, self.run_id)
        self.round_began = self.clock()

    # --- files

    @property
    def articles_path(self) -> Path | None:
        """Where the rows of this run lie once it has ended."""
        return self.files.rows_path

    @property
    def run_folder(self) -> Path | None:
        """Where the report of this run lies."""
        return self.files.run_folder

    def write_row(self, article: Article, line: bytes) -> None:
        """Append the row of *article*. *line* ends in a newline and has no other."""
        if self.failure is not None:
            return
        with self._failing(self.articles_path):
            offset = self.files.append_row(line)
            self.kept.add(article, line, file=self.files.rows_name, offset=offset)
            self.state.count_row(article)

    def write_rejected(self, row: dict[str, Any]) -> None:
        """Keep an item that is no valid row aside, with its reason."""
        if self.failure is None:
            with self._failing():
                self.files.append_rejected(row)

    def write_snapshot(self, ref: SnapshotRef, body: bytes) -> None:
        """Write a raw HTML snapshot."""
        if self.failure is None:
            with self._failing((self.folder or Path()) / ref.path):
                self.files.write_snapshot(ref, body)

    def keep_exchange(self, request: Any, wire: WireExchange, *, kind: str, notes: Mapping[str, str]) -> None:
        """Archive an exchange, finished or failed, and note beside *request* where it lies."""
        ref: CaptureRef | None = None
        if self.replay is None:
            self.state.count_wire(wire, kind)
        if self.files.warcs is not None and self.failure is None:
            with self._failing(self.files.warcs.path):
                reach("append.warc")
                ref = self.files.warcs.keep(wire, kind=kind, notes=notes, now=self.clock())
                self.state.captures[kind] += 1
        if wire.head:
            fetched_at = wire.started_at.replace(microsecond=0)
            self.note_exchange(request, Exchange(fetched_at=fetched_at, ref=ref, truncated=wire.truncated))

    # --- the commit

    def commit_due(self) -> bool:
        """Return whether there is something to acknowledge that should wait no longer."""
        handled = len(self.frontier.outcomes)
        return handled >= self.keeping.commit_count or self.clock() - self._last_commit >= self.keeping.commit_s

    def commit(self, *, ended: tuple[datetime, str, int] | None = None) -> None:
        """Make everything kept so far durable, then acknowledge what it came from.

        Files are synced first; one transaction then holds rows, captures, outcomes and the files' lengths, so that
        whatever a crash leaves agrees. *ended* closes the run: when, why, and with which exit code.
        """
        if self.failure is not None or self._store is None:
            return
        self._last_commit = self.clock()
        if (ended is not None or self._pending()) and not self._commit(ended):
            return
        if self.files.warcs is not None and self.files.warcs.full(self.clock()):
            with self._failing():
                self.files.finish_warc()

    def _commit(self, ended: tuple[datetime, str, int] | None) -> bool:
        with self._failing(self.folder):
            reach("commit.begin")
            written = self.files.sync()
            reach("commit.synced")
            with self.store.begin() as connection:
                self._write(connection, written)
                if ended is not None:
                    ended_at, reason, code = ended
                    runs.end(connection, self.run_id, ended_at=ended_at.timestamp(), reason=reason, exit_code=code)
                reach("commit.in_transaction")
            reach("commit.done")
        if self.failure is not None:
            return False
        self._acknowledge()
        reach("commit.acknowledged")
        return True

    def _pending(self) -> bool:
        found = self.kept.pending or self.feeds.pending or self.frontier.outcomes or self.frontier.added
        return bool(self.files.pending or found or self.hosts.changed() or self.robots.new)

    def _write(self, connection: Connection, written: list[StoredFile]) -> None:
        files.put(connection, written)
        if self.files.warcs is not None:
            captures.add(connection, self.files.warcs.new)
        self.kept.write(connection)
        self.feeds.write(connection)
        self.frontier.write(connection)
        self.robots.write(connection)
        runs.update_counts(connection, self.run_id, self.state.as_counts(), self._site_rows())

    def _site_rows(self) -> list[RunSite]:
        changed = [(name, counts) for name, counts in self.state.sites.items() if name in self.state.touched]
        self.state.touched.clear()
        return [
            RunSite(site=name, pages=counts.pages, articles=counts.articles, counts=counts.as_report())
            for name, counts in changed
        ]

    def _acknowledge(self) -> None:
        with self._failing():
            self.frontier.acknowledge()
        self.files.acknowledge()
        self.robots.written()
        self.kept.acknowledge()
        self.feeds.acknowledge()

    # --- the end

    def fail(self, error: OSError, path: Path) -> None:
        """Record that *path* could not be written and have the crawl closed."""
        failure = StorageError(f"{error.filename or path}: {error.strerror or error}; everything committed is whole")
        failure.__cause__ = error
        self.fail_storage(failure)

    def fail_storage(self, failure: StorageError) -> None:
        """Record that something could not be kept and have the crawl closed."""
        if self.failure is None:
            self.failure = failure
            if self.on_failure is not None:
                self.on_failure()

    def close(self, ended_at: datetime | None) -> None:
        """Commit, give the files their final names, write the report and give the folder back; once is enough."""
        if self._closed:
            return
        self._closed = True
        self.on_failure = None
        self._ended_at = ended_at or datetime.now(UTC)
        try:
            with self._failing():
                if self._store is not None:
                    self._finish(self._ended_at)
            # What could not be kept is no reason to keep silent.
            with self._failing():
                self._conclude()
        finally:
            self.files.abandon()
            self.exit_code, _ = exit_code(self.state, self.reason, self.failure)
            self.write_metrics()
            self._release()

    @contextmanager
    def _failing(self, path: Path | None = None) -> Iterator[None]:
        """Record what cannot be written or read; *path* is named where an error does not say which file it is about."""
        try:
            yield
        except OSError as error:
            self.fail(error, path or self.run_folder or Path())
        except StorageError as error:
            self.fail_storage(error)

    def _finish(self, ended_at: datetime) -> None:
        self.commit()
        if self.failure is not None:
            return
        self.frontier.give_back()
        with self._failing():
            self.files.finish()
        if self.replay is None and self.reason != "finished":
            self.state.waiting = why_work_is_left(self.store, self.hosts, self.frontier.asks)
        if not self.state.articles:
            # Where other workers were quicker, none for this one is no failure.
            with self.store.reading() as connection:
                self.state.known_articles = articles.count(connection)
        self._telling.check(self.store, self._facts(), self.state)
        code, _ = exit_code(self.state, self.reason, self.failure)
        self.commit(ended=(ended_at, self.reason or "killed", code))
        self.kept.close()

    def _conclude(self) -> None:
        self.exit_code, reasons = exit_code(self.state, self.reason, self.failure)
        if self.run_folder is not None:
            self._telling.write_report(self.run_folder, self._facts(), self.state, reasons)

    # --- what is told of the run

    def _facts(self) -> RunFacts:
        return RunFacts(
            id=self.run_id,
            spider=self.name,
            started_at=self.started_at,
            ended_at=self._ended_at,
            reason=self.reason,
            code=self.exit_code,
        )

    def write_report(self, *, every_s: float = 0.0) -> None:
        """Write the report of a run that goes on, as far as it has come, if that is *every_s* seconds ago.

        :meth:`close` writes that of its end.
        """
        if self.run_folder is None or self.failure is not None or self._closed:
            return
        if self._telling.due(self.clock(), every_s):
            with self._failing():
                self._telling.check(self.store, self._facts(), self.state)
                self._telling.write_report(self.run_folder, self._facts(), self.state, self.state.faults)

    def write_metrics(self) -> None:
        """Write the file of metrics, if there is to be one."""
        if self._frontier is not None:
            self._telling.write_metrics(self._facts(), self.state, queued=len(self._frontier))

    def _release(self) -> None:
        if self._store is not None:
            self._store.close()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    # --- what is known

    def note_exchange(self, request: Any, exchange: Exchange) -> None:
        """Remember what is known of the answer to *request*, as long as the request lives.

        It is kept beside the request and not in its ``meta``, which redirects and retries copy.
        """
        self._exchanges.setdefault(request, exchange)

    def note_cut(self, request: Any, why: str) -> None:
        """Remember that the answer to *request* is not whole, where nothing says so yet."""
        exchange = self.exchange(request)
        if exchange is not None and exchange.truncated is None:
            self._exchanges[request] = replace(exchange, truncated=why)

    def exchange(self, request: Any) -> Exchange | None:
        """Return what is known of the answer to *request*."""
        return self._exchanges.get(request) if request is not None else None

    def latest(self, id_: str) -> NewArticle | StoredArticle | None:
        """Return the newest version of an article that was kept, in this run or before, or is about to be."""
        with self._asking():
            return self.kept.latest(id_)

    def is_removed(self, url: str) -> bool:
        """Tell whether *url* was taken out of the archive."""
        return bool(self.removed) and self.url_key(url) in self.removed

    def latest_at(self, url: str) -> NewArticle | StoredArticle | None:
        """Return the newest version of the article at *url*."""
        return self.latest(self.article_id(self.url_key(url)))

    def article_id(self, key: str) -> str:
        """Return the id of the article with this ``url_key``: the digest of the key that it had at first sight."""
        if not self._other_keys:
            return url_id(key)
        with self._asking(), self.store.reading() as connection:
            return keys.article_id(connection, key)

    def version_with_text(self, id_: str, digest: str) -> int | None:
        """Return the last version of an article that had this folded text, or None."""
        with self._asking():
            return self.kept.version_with_text(id_, digest)

    def repeated(self, article: Article, fingerprint: Fingerprint) -> Repeated:
        """Return what *article* is to the rows of this run and those before."""
        with self._asking():
            return self.kept.repeated(article, fingerprint)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Ask the store. On :exc:`StorageError` the crawl is closed, so that the page being read is not given up."""
        try:
            yield
        except StorageError as error:
            self.fail_storage(error)
            raise

"""A URL taken out of an output folder, all its captures and rows; what is left is a tombstone for each.

Everything else stays: its bytes, its ids, and what it refers to. Pointers into files that become shorter are moved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from newscrawl.archive.cdxj import cdxj_path, write_cdxj
from newscrawl.archive.reading import decoded_payload, read_record, read_warc
from newscrawl.archive.records import Damage
from newscrawl.archive.rewriting import is_tombstone
from newscrawl.archive.snapshot import snapshot_ref
from newscrawl.archive.warc import NOT_MODIFIED, new_record_id
from newscrawl.exceptions import ArchiveError, ConfigError
from newscrawl.faultpoints import reach
from newscrawl.fingerprint import sha256_hex
from newscrawl.ledger.journal import Stage, finish_removal
from newscrawl.ledger.places import Place, places
from newscrawl.ledger.rewriting import NewFiles, belongs
from newscrawl.ledger.rows import lines_of, row_of
from newscrawl.store import Store, captures, keys
from newscrawl.store.schema import articles as articles_table
from newscrawl.store.schema import captures as captures_table
from newscrawl.store.schema import chunks
from newscrawl.urls import UrlKeys, host_of

Spot = tuple[Path, int]


@dataclass
class Plan:
    """What a removal will do."""

    url: str
    key: str
    keys: UrlKeys = field(default_factory=UrlKeys)
    warcs: dict[Path, Place] = field(default_factory=dict)
    """WARC files that change."""
    dropped: set[Spot] = field(default_factory=set)
    """Records that go."""
    answers: dict[str, Spot] = field(default_factory=dict)
    """Of these, responses and revisits by record id."""
    digests: dict[str, str | None] = field(default_factory=dict)
    """Of each of these, the sha256 of its payload where it is known."""
    promoted: dict[Spot, Spot] = field(default_factory=dict)
    """Revisits that become responses, with the record that has their payload."""
    repointed: dict[Spot, Spot] = field(default_factory=dict)
    """Revisits that refer to a promoted one from now on."""
    rows: list[tuple[str, int]] = field(default_factory=list)
    """Id and version of rows that go."""
    snapshots: set[str] = field(default_factory=set)
    copies: list[str] = field(default_factory=list)
    """URLs of rows that stay and say that they repeat one that goes."""
    elsewhere: list[str] = field(default_factory=list)
    """Files that are not here and of which the store knows captures or rows of the URL."""

    def has(self, url: str) -> bool:
        """Tell whether *url* is a form of what goes."""
        return self.keys(url) == self.key

    @property
    def empty(self) -> bool:
        """Whether there is nothing to remove."""
        return not (self.dropped or self.rows or self.elsewhere)


class Removal:
    """One removal from an output folder, which the caller holds and has recovered."""

    def __init__(self, folder: Path, store: Store | None, keys: UrlKeys | None = None) -> None:
        """*keys*: those of the crawl that wrote into the store."""
        self.keys = keys or UrlKeys()
        self.folder = folder
        self.store = store
        self.places = [place for place in places(folder, store) if place.size is not None]
        self.progress: Callable[[int], None] = lambda _: None
        """Told of bytes that were gone through since it was last told."""

    # --- looking

    def plan(self, url: str) -> Plan:
        """Return what has to be done to remove *url* in all its forms; nothing is changed.

        Raises :exc:`ArchiveError` for a damaged file: what it holds cannot be known, and it cannot be written anew;
        :exc:`ConfigError` for one that is not finished.
        """
        for place in self.places:
            if place.is_open:
                raise ConfigError(f"{place.path}: was left by a crash; finish it with `scrapy repair` first")
        plan = Plan(url=url, key=self.keys(url), keys=self.keys)
        revisits: list[tuple[str, Spot]] = []
        gone_at: dict[str, str] = {}
        for place in self.places:
            if place.kind == "warc":
                self._look_through(place, plan, revisits, gone_at)
        self._find_heirs(plan, revisits, gone_at)
        self._look_elsewhere(plan)
        self._look_through_rows(plan)
        return plan

    def _look_through(
        self, place: Place, plan: Plan, revisits: list[tuple[str, Spot]], gone_at: dict[str, str]
    ) -> None:
        for found in read_warc(place.path):
            if isinstance(found, Damage):
                raise ArchiveError(f"{found}; nothing is removed from a damaged archive: repair or set aside the file")
            self.progress(found.length)
            spot = found.path, found.offset
            if found.target_uri is not None and not is_tombstone(found) and plan.has(found.target_uri):
                plan.dropped.add(spot)
                plan.warcs[found.path] = place
                if found.type in ("response", "revisit") and found.record_id is not None:
                    plan.answers[found.record_id] = spot
                    plan.digests[found.record_id] = sha256_hex(found.payload) if found.type == "response" else None
                    gone_at[f"{found.target_uri} {found.get('WARC-Date')}"] = found.record_id
            elif found.type == "revisit" and found.get("WARC-Profile") != NOT_MODIFIED:
                refers = (found.get("WARC-Refers-To") or "").strip("<> ")
                named = f"{found.get('WARC-Refers-To-Target-URI')} {found.get('WARC-Refers-To-Date')}"
                revisits.append((refers or named, spot))

    def _find_heirs(self, plan: Plan, revisits: list[tuple[str, Spot]], gone_at: dict[str, str]) -> None:
        """Choose which revisits of other URLs take over the payloads that they refer to."""
        heirs: dict[str, Spot] = {}
        by_path = {place.path: place for place in self.places}
        for refers, spot in revisits:
            record_id = refers if refers in plan.answers else gone_at.get(refers)
            if record_id is None or plan.digests[record_id] is None:
                # Only a response has the payload itself.
                continue
            plan.warcs[spot[0]] = by_path[spot[0]]
            if record_id in heirs:
                plan.repointed[spot] = heirs[record_id]
            else:
                heirs[record_id] = spot
                plan.promoted[spot] = plan.answers[record_id]

    def _look_elsewhere(self, plan: Plan) -> None:
        """Note what lies in files of other workers that share the store; refuse what would break these."""
        if self.store is None:
            return
        here = {Path(place.name).name for place in self.places}
        warcs = sa.select(captures_table.c.warc).where(captures_table.c.url_key == plan.key)
        with self.store.reading() as connection:
            id_ = keys.article_id(connection, plan.key)
            rows = sa.select(articles_table.c.file).where(articles_table.c.id == id_)
            named = {name for chosen in (warcs, rows) for (name,) in connection.execute(chosen)}
        plan.elsewhere = sorted(name for name in named if Path(name).name not in here)
        with self.store.reading() as connection:
            for ids in chunks(plan.answers):
                chosen = sa.select(captures_table.c.warc).where(captures_table.c.revisit_of.in_(ids))
                for (warc,) in connection.execute(chosen):
                    if warc not in here:
                        raise ConfigError(
                            f"{warc}: another worker's file refers to what would be removed; bring its files into this "
                            "folder and run `scrapy repair` first"
                        )

    def _look_through_rows(self, plan: Plan) -> None:
        kept: set[str] = set()
        removed_ids: set[str] = set()
        repeats: list[tuple[str, str]] = []
        for _, row in self._rows():
            snapshot = (row.get("snapshot") or {}).get("path")
            if belongs(row, plan):
                plan.rows.append((str(row.get("id")), int(row.get("version") or 0)))
                removed_ids.add(str(row.get("id")))
                plan.snapshots |= {snapshot} if snapshot else set()
            else:
                kept |= {snapshot} if snapshot else set()
                if row.get("duplicate_of"):
                    repeats.append((str(row["duplicate_of"].get("id")), str(row.get("url"))))
        plan.copies = sorted({url for id_, url in repeats if id_ in removed_ids})
        plan.snapshots |= set(self._snapshots_of_captures(plan))
        plan.snapshots -= kept

    def _rows(self) -> Iterator[tuple[Place, dict[str, Any]]]:
        for place in self.places:
            if place.kind == "articles":
                for _, line in lines_of(place.path, 0, place.committed):
                    row = row_of(line)
                    if row is not None:
                        yield place, row

    def _snapshots_of_captures(self, plan: Plan) -> Iterator[str]:
        """Yield where the snapshots of pages lie that gave no row."""
        for path, offset in plan.answers.values():
            record = read_record(path, offset)
            body = decoded_payload(record)[0]
            if record.type == "response" and body:
                ref = snapshot_ref(body, host_of(record.target_uri or ""), record.date)
                if (self.folder / ref.path).exists():
                    yield ref.path

    # --- doing

    def carry_out(self, plan: Plan, *, reason: str, now: datetime, new_id: Callable[[], str] = new_record_id) -> None:
        """Do what *plan* says. Killed at any moment, :func:`.finish_removal` leads to the old state or the new one."""
        stage = Stage(self.folder, new_id())
        writing = NewFiles(plan, reason=reason, now=now, new_id=new_id)
        if self.store is not None:
            with self.store.reading() as connection:
                for record_id in plan.answers:
                    known = captures.by_record(connection, record_id)
                    if known is not None:
                        plan.digests[record_id] = known.payload_sha256
        for path, place in plan.warcs.items():
            new = stage.new(place.name)
            with new.open("wb") as file:
                writing.warc(path, file)
            self.progress(place.size or 0)
            write_cdxj(new)
            stage.new(cdxj_path(Path(place.name)).as_posix())
        for place in self.places:
            if place.kind != "warc" and writing.changes_rows(place):
                with stage.new(place.name).open("wb") as file:
                    writing.rows(place, file)
        stage.seal(delete=plan.snapshots, with_store=self.store is not None)
        if self.store is not None:
            with self.store.begin() as connection:
                writing.tell_store(connection, {place.name: place for place in self.places}, stage.path)
                stage.decide(connection)
                reach("remove.in_transaction")
            reach("remove.decided")
        for _ in finish_removal(self.folder, self.store):
            pass

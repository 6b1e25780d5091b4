"""The new files of a removal, and what the store is told of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import sqlalchemy as sa
from sqlalchemy import Connection

from newscrawl.archive.reading import read_record, read_warc
from newscrawl.archive.records import Damage, WarcRecord
from newscrawl.archive.rewriting import as_response, referring, tombstone
from newscrawl.archive.warc import Original
from newscrawl.exceptions import ArchiveError, StorageError
from newscrawl.ledger.places import Place
from newscrawl.ledger.rows import capture_of, lines_of, row_of
from newscrawl.store import articles, captures, copies, files
from newscrawl.store.captures import Tombstone
from newscrawl.store.schema import articles as articles_table
from newscrawl.store.schema import captures as captures_table
from newscrawl.store.schema import chunks, fingerprints
from newscrawl.store.schema import urls as urls_table
from newscrawl.urls import host_of

if TYPE_CHECKING:
    from newscrawl.ledger.removal import Plan, Spot


class NewFiles:
    """Writes what files hold after a removal, and remembers what the store is to be told."""

    def __init__(self, plan: Plan, *, reason: str, now: datetime, new_id: Callable[[], str]) -> None:
        self.plan = plan
        self.reason = reason
        self.now = now
        self.new_id = new_id
        self.moved: dict[str, tuple[str, int, int]] = {}
        """WARC, offset and length of each answer in a file that changes."""
        self.placed: list[tuple[str, int, str, int, int, bytes | None]] = []
        """Id, version, file, offset and length of each row in a file that changes; its line where that does, too."""
        self.stones: list[Tombstone] = []

    # --- WARC

    def warc(self, path: Path, file: BinaryIO) -> None:
        """Write to *file* what *path* holds from now on."""
        with path.open("rb") as old:
            for found in read_warc(path):
                if isinstance(found, Damage):
                    raise ArchiveError(str(found))
                old.seek(found.offset)
                data = self._new_bytes(found, old.read(found.length))
                if data and found.type in ("response", "revisit") and (path, found.offset) not in self.plan.dropped:
                    self.moved[found.record_id or ""] = (path.name, file.tell(), len(data))
                file.write(data)

    def _new_bytes(self, record: WarcRecord, data: bytes) -> bytes:
        spot = record.path, record.offset
        if spot in self.plan.promoted:
            return as_response(record, read_record(*self.plan.promoted[spot]))
        if spot in self.plan.repointed:
            heir = read_record(*self.plan.repointed[spot])
            original = Original(
                record_id=heir.record_id or "", url=heir.target_uri or "", date=heir.get("WARC-Date") or ""
            )
            return referring(record, original)
        if spot not in self.plan.dropped:
            return data
        return self._tombstone(record) if record.type in ("response", "revisit") else b""

    def _tombstone(self, record: WarcRecord) -> bytes:
        digest = self.plan.digests.get(record.record_id or "")
        self.stones.append(
            Tombstone(
                record_id=record.record_id or "",
                url_key=self.plan.key,
                url=record.target_uri or "",
                payload_sha256=digest,
                reason=self.reason,
                removed_at=self.now.timestamp(),
            )
        )
        return tombstone(
            record, record_id=self.new_id(), reason=self.reason, removed_at=self.now, payload_sha256=digest
        )

    # --- rows

    def changes_rows(self, place: Place) -> bool:
        """Return whether *place* has a row that goes or whose pointer moves."""
        return any(self._new_line(line, place) != line for _, line in lines_of(place.path, 0, place.committed))

    def rows(self, place: Place, file: BinaryIO) -> None:
        """Write to *file* what *place* holds from now on."""
        for _, line in lines_of(place.path, 0, place.committed):
            new = self._new_line(line, place)
            row = row_of(new) if new else None
            if row is not None and place.kind == "articles":
                key = str(row.get("id")), int(row.get("version") or 0)
                self.placed.append((*key, place.name, file.tell(), len(new), None if new == line else new))
            file.write(new)

    def _new_line(self, line: bytes, place: Place) -> bytes:
        """Return what *line* is from now on, ``b""`` when it goes."""
        row = row_of(line)
        if row is None:
            return line
        if place.kind == "rejected":
            item = row.get("item")
            return b"" if isinstance(item, dict) and belongs(item, self.plan) else line
        if belongs(row, self.plan):
            return b""
        capture = capture_of(row)
        place_now = self.moved.get(str(capture.get("record_id")))
        if place_now is None or (capture.get("offset"), capture.get("length")) == place_now[1:]:
            return line
        return _moved_line(line, row, place_now[1], place_now[2])

    # --- the store

    def tell_store(self, connection: Connection, known: dict[str, Place], stage: Path) -> None:
        """Write down everything that changes, in the caller's transaction."""
        plan = self.plan
        captures.bury(connection, self.stones)
        for record_id in plan.answers:
            captures.remove(connection, record_id)
        for record_id, (warc, offset, length) in self.moved.items():
            captures.move(connection, record_id, warc=warc, offset=offset, length=length)
        self._tell_heirs(connection)
        for id_, version in plan.rows:
            copies.remove(connection, id_, version)
            for table, column in ((fingerprints, fingerprints.c.article_id), (articles_table, articles_table.c.id)):
                connection.execute(sa.delete(table).where(column == id_, table.c.version == version))
        for id_, version, file, offset, length, line in self.placed:
            articles.move(connection, id_, version, file=file, offset=offset, length=length, row=line)
        for name, place in known.items():
            if (stage / name).exists() and place.row is not None:
                files.put(connection, [replace(place.row, length=(stage / name).stat().st_size)])
        self._tell_frontier(connection)

    def _tell_heirs(self, connection: Connection) -> None:
        def becomes(spot: Spot, original: str | None) -> None:
            record_id = read_record(*spot).record_id
            chosen = sa.update(captures_table).where(captures_table.c.record_id == record_id)
            connection.execute(chosen.values(revisit_of=original))

        for spot in self.plan.promoted:
            becomes(spot, None)
        for spot, heir in self.plan.repointed.items():
            becomes(spot, read_record(*heir).record_id)

    def _tell_frontier(self, connection: Connection) -> None:
        """Settle the URL, so that what was removed is not waiting to be fetched."""
        host = host_of(self.plan.url)
        rows = connection.execute(sa.select(urls_table.c.id, urls_table.c.url).where(urls_table.c.host == host))
        ids = [row.id for row in rows if self.plan.has(row.url)]
        for some in chunks(ids):
            connection.execute(
                sa.update(urls_table)
                .where(urls_table.c.id.in_(some))
                .values(state="refused", reason="removed", request=None, owner=None, lease_until=None)
            )


def belongs(row: dict[str, Any], plan: Plan) -> bool:
    """Return whether a row, or an item that was kept aside, is of the URL or was read from a capture of it."""
    if capture_of(row).get("record_id") in plan.answers:
        return True
    said = [row[name] for name in ("url", "requested_url") if isinstance(row.get(name), str)]
    return any(map(plan.has, said)) if said else row.get("url_key") == plan.key


def _moved_line(line: bytes, row: dict[str, Any], offset: int, length: int) -> bytes:
    """Return *line* with the place of its capture changed, and every other byte as it was."""
    capture = capture_of(row)

    def said(place: tuple[Any, Any]) -> bytes:
        start = json.dumps(capture["warc"], ensure_ascii=False)
        rest = json.dumps(capture["record_id"], ensure_ascii=False)
        text = f'"capture":{{"warc":{start},"offset":{place[0]},"length":{place[1]},"record_id":{rest}'
        return text.encode("utf-8", "surrogatepass")

    old = said((capture.get("offset"), capture.get("length")))
    new = line.replace(old, said((offset, length)))
    expected = {**row, "capture": {**capture, "offset": offset, "length": length}}
    if line.count(old) != 1 or json.loads(new) != expected:
        raise StorageError(
            f"row {row.get('id')} version {row.get('version')}: is not written as this newscrawl writes rows; "
            "its pointer cannot be moved, and nothing is removed"
        )
    return new

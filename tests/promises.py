"""What must be true of an output folder after any crash, read from outside: the files, and the store as SQLite gives it.

Only the reader of WARC files and the rules of URL keys are the project's own; nothing here asks the ledger or the store.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from newscrawl.archive.cdxj import cdxj_lines, cdxj_path
from newscrawl.archive.reading import decoded_payload, read_record
from newscrawl.exceptions import ArchiveError
from newscrawl.fingerprint import sha256_hex

Key = tuple[str, int]
"""Id and version of a row."""


@dataclass
class Committed:
    """What was acknowledged, as another process sees it."""

    rows: dict[Key, bytes] = field(default_factory=dict)
    records: set[str] = field(default_factory=set)
    """Ids of captures."""
    settled: set[str] = field(default_factory=set)
    """URLs that will not be asked again."""

    def add(self, later: Committed) -> None:
        """Take in what was read at another moment."""
        self.rows = {**later.rows, **self.rows}
        self.records |= later.records
        self.settled |= later.settled


@contextmanager
def connected(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a database that is only read."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        yield connection


@contextmanager
def copied(output: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a copy of the store of a dead process: to read a log means to work it in."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("store.sqlite", "store.sqlite-wal"):
            if (output / name).exists():
                shutil.copy(output / name, folder)
        with closing(sqlite3.connect(Path(folder) / "store.sqlite")) as connection:
            yield connection


def committed(connection: sqlite3.Connection) -> Committed:
    """Return what a store holds; nothing when it has no tables yet."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'articles'").fetchone():
        return Committed()
    rows = connection.execute("SELECT id, version, row FROM articles").fetchall()
    return Committed(
        rows={(id_, version): zlib.decompress(packed) for id_, version, packed in rows},
        records={record for (record,) in connection.execute("SELECT record_id FROM captures")},
        settled={url for (url,) in connection.execute("SELECT url FROM urls WHERE state NOT IN ('queued', 'leased')")},
    )


def broken_promises(output: Path, *, wanted: set[str], kept: Committed) -> list[str]:
    """Return what is wrong with the output of a crawl that is done, one line each.

    *wanted* are the ids of all articles there are; *kept* is what was acknowledged at any moment before.
    """
    lines = _lines(output)
    with connected(output / "store.sqlite") as connection:
        connection.row_factory = sqlite3.Row
        now = committed(connection)
        files = [dict(row) for row in connection.execute("SELECT * FROM files")]
        places = [dict(row) for row in connection.execute("SELECT id, version, file, offset, length FROM articles")]
        captures = {row["record_id"]: dict(row) for row in connection.execute("SELECT * FROM captures")}
        left = [row["url"] for row in connection.execute("SELECT url FROM urls WHERE state IN ('queued', 'leased')")]
        run = connection.execute("SELECT state, exit_code FROM runs ORDER BY number DESC LIMIT 1").fetchone()
    return [
        *_counted([key for key, _ in lines], wanted),
        *_agreeing(dict(lines), now, kept),
        *_placed(output, files, places, now),
        *_archived(output, captures, [json.loads(line) for _, line in lines]),
        *(f"{url} is still in the frontier" for url in left),
        *(f"{path} was left behind" for path in _left_behind(output)),
        *([] if tuple(run) == ("ended", 0) else [f"the run is {tuple(run)}"]),
    ]


def _lines(output: Path) -> list[tuple[Key, bytes]]:
    found = []
    for path in sorted((output / "articles").glob("*.jsonl")):
        for line in path.read_bytes().splitlines(keepends=True):
            row = json.loads(line)
            found.append(((row["id"], row["version"]), line))
    return found


def _counted(keys: list[Key], wanted: set[str]) -> Iterator[str]:
    counts = Counter(keys)
    yield from (f"the row {key} is there {count} times" for key, count in counts.items() if count > 1)
    yield from (f"the article {id_} was lost" for id_ in sorted(wanted - {id_ for id_, _ in keys}))
    yield from (f"the row {key} is of no article" for key in sorted(counts) if key[0] not in wanted or key[1] != 1)


def _agreeing(lines: Mapping[Key, bytes], now: Committed, kept: Committed) -> Iterator[str]:
    yield from (f"the row {key} differs between file and store" for key in now.rows if lines.get(key) != now.rows[key])
    yield from (f"the row {key} is not in the store" for key in lines if key not in now.rows)
    yield from (f"the committed row {key} is not what it was" for key in kept.rows if lines.get(key) != kept.rows[key])
    yield from (f"the committed capture {record} is gone" for record in sorted(kept.records - now.records))
    yield from (f"{url} was settled and is not any more" for url in sorted(kept.settled - now.settled))


def _placed(output: Path, files: list[dict[str, Any]], places: list[dict[str, Any]], now: Committed) -> Iterator[str]:
    known = {row["name"]: row for row in files}
    for row in files:
        size = (output / row["name"]).stat().st_size if (output / row["name"]).exists() else None
        if row["state"] != "closed" or row["length"] != size:
            yield f"{row['name']} is {row['state']}, has {size} bytes and {row['length']} in the store"
    for path in (*output.glob("articles/*"), *output.glob("warc/*.warc.gz"), *output.glob("runs/*/rejected*")):
        if path.relative_to(output).as_posix() not in known:
            yield f"{path} is not in the store"
    for place in places:
        begin, end = place["offset"], place["offset"] + place["length"]
        if (output / place["file"]).read_bytes()[begin:end] != now.rows[place["id"], place["version"]]:
            yield f"the row {place['id']} is not at {begin} in {place['file']}"


def _archived(output: Path, captures: Mapping[str, dict[str, Any]], rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    for capture in captures.values():
        yield from _readable(output, capture, captures)
    for row in rows:
        ref, snapshot = row["capture"], row["snapshot"]
        held = captures.get(ref["record_id"])
        if held is None or [held[name] for name in ("warc", "offset", "length")] != [
            ref[name] for name in ("warc", "offset", "length")
        ]:
            yield f"the row {row['id']} names a record that the store has elsewhere: {ref}"
            continue
        if ref["payload_digest"] != f"sha256:{held['payload_sha256']}":
            yield f"the row {row['id']} has another digest than its record"
        body = (output / snapshot["path"]).read_bytes() if (output / snapshot["path"]).exists() else b""
        if sha256_hex(body) != snapshot["sha256"]:
            yield f"the snapshot {snapshot['path']} has {len(body)} bytes and is not the page"
        original = captures[held["revisit_of"] or held["record_id"]]
        payload, fault = decoded_payload(read_record(output / "warc" / original["warc"], original["offset"]))
        if fault or sha256_hex(payload) != snapshot["sha256"]:
            yield f"the record of the row {row['id']} is not its snapshot"
    for warc in output.glob("warc/*.warc.gz"):
        index = cdxj_path(warc)
        if not index.exists() or index.read_text().splitlines() != cdxj_lines(warc):
            yield f"{index} is missing or is not the index of its WARC"


def _readable(output: Path, capture: dict[str, Any], captures: Mapping[str, dict[str, Any]]) -> Iterator[str]:
    where = f"the capture {capture['record_id']} of {capture['url']}"
    try:
        record = read_record(output / "warc" / capture["warc"], capture["offset"])
    except ArchiveError as error:
        yield f"{where}: {error}"
        return
    if (record.record_id, record.length) != (capture["record_id"], capture["length"]):
        yield f"{where}: another record lies at its place"
    if capture["revisit_of"] is not None:
        original = captures.get(capture["revisit_of"])
        if original is None or original["payload_sha256"] != capture["payload_sha256"]:
            yield f"{where}: refers to nothing"
    elif sha256_hex(record.payload) != capture["payload_sha256"]:
        yield f"{where}: the payload has another digest"


def _left_behind(output: Path) -> list[Path]:
    return sorted(path for path in output.rglob("*.open") if path.parent.name != "torn")

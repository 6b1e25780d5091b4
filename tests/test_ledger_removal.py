"""A URL taken out of an archive: nothing of it stays, everything else does, whatever happens meanwhile."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import warcs
from archives import HOST, Output, page, rows_of, store_of, url
from stores import Cluster

from newscrawl.archive.cdxj import cdxj_path, write_cdxj
from newscrawl.archive.reading import decoded_payload, read_record, read_warc
from newscrawl.archive.records import WarcRecord
from newscrawl.archive.snapshot import snapshot_ref
from newscrawl.exceptions import ArchiveError, ConfigError, StorageError
from newscrawl.items import VersionKey
from newscrawl.ledger import Keeping, journal, removal
from newscrawl.ledger.audit import Audit
from newscrawl.ledger.journal import STAGE, finish_removal
from newscrawl.ledger.lookup import Lookup, nearest
from newscrawl.ledger.removal import Plan, Removal
from newscrawl.ledger.repair import Repair
from newscrawl.store import Store, captures, schema
from newscrawl.store.frontier import NewUrl
from newscrawl.urls import url_key

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
GONE = url(0)
META = {"schema_version", "identity", "url_keys"}
COPIES = ("http://other.example/copy", "http://third.example/copy")


class Killed(BaseException):
    """Stands for the end of the process."""


STEPS = (
    "remove.staged", "remove.planned", "remove.in_transaction", "remove.decided", "remove.replaced",
    "remove.in_place", "remove.cleared",
)  # fmt: skip


def kill_at(monkeypatch: pytest.MonkeyPatch, step: str, nth: int = 1) -> None:
    count = 0

    def reach(reached: str) -> None:
        nonlocal count
        count += reached == step
        if reached == step and count == nth:
            raise Killed(step)

    monkeypatch.setattr(journal, "reach", reach)
    monkeypatch.setattr(removal, "reach", reach)


def fill(folder: Path) -> Path:
    """Write two WARCs: URL 0 with two versions, a 304, a failure, a page without row; its first body at two other URLs."""
    first = Output(folder, Keeping(warc_info={"software": "newscrawl"}))
    first.article(url(1), page(1))
    first.article(GONE, page(0), headline="消失 gone")
    first.article(url(2), page(2), coded=True)
    first.answer(f"{GONE}?utm_source=x", page(8))
    first.answer("http://dead.example/", b"", head=b"", error="ConnectionRefusedError: refused")
    first.close()
    second = Output(folder, Keeping(warc_info={"software": "newscrawl"}), stamp="20240601T080000000Z")
    second.article(COPIES[0], page(0))
    second.article(url(3), page(3))
    second.answer(GONE, b"", head=b"", error="TimeoutError: slow")
    second.answer(GONE, b"", status="304 Not Modified")
    second.article(GONE, page(9), version=2)
    second.article(COPIES[1], page(0), duplicate_of=None)
    second.ledger.write_rejected({"reasons": ["x"], "item": {"url": GONE}})
    second.ledger.write_rejected({"reasons": ["x"], "item": {"url": url(3)}})
    second.close()
    for warc in folder.glob("warc/*.warc.gz"):
        write_cdxj(warc)
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("made") / "out")


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "out")


def remove(folder: Path, address: str = GONE, *, store: bool = True) -> Plan:
    opened = store_of(folder) if store else None
    try:
        work = Removal(folder, opened)
        plan = work.plan(address)
        work.carry_out(plan, reason="court order 12/2026", now=NOW)
    finally:
        if opened is not None:
            opened.close()
    return plan


def findings(folder: Path, *, store: bool = True) -> list[str]:
    if not store:
        return list(map(str, Audit(folder, None).findings()))
    with store_of(folder) as opened:
        return list(map(str, Audit(folder, opened).findings()))


def records_of(folder: Path) -> dict[str, WarcRecord]:
    found = [record for path in sorted(folder.glob("warc/*.warc.gz")) for record in read_warc(path)]
    return {record.record_id or "": record for record in found if isinstance(record, WarcRecord)}


def tree(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file() and "store.sqlite" not in path.name)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def content(folder: Path) -> dict[str, Any]:
    """Return files and store as far as they do not differ between two removals of the same."""
    with store_of(folder) as store, store.reading() as connection:
        tables = {
            name: [tuple(row) for row in connection.execute(sa.select(schema.metadata.tables[name]))]
            for name in ("captures", "articles", "fingerprints", "files", "tombstones", "urls")
        }
    return {"files": tree(folder), **tables}


def test_nothing_of_it_stays_and_the_archive_is_whole(folder: Path) -> None:
    plan = remove(folder)
    assert (len(plan.answers), len(plan.dropped), len(plan.rows)) == (4, 14, 2)
    assert findings(folder) == []
    assert findings(folder, store=False) == []
    for record in records_of(folder).values():
        if record.target_uri and url_key(record.target_uri) == url_key(GONE):
            assert record.block.startswith(b"newscrawl-removed: ")
    assert [row["url"] for row in rows_of(folder)] == [url(1), url(2), COPIES[0], url(3), COPIES[1]]
    for name, data in tree(folder).items():
        assert "消失".encode() not in data, name
        if name.startswith("html"):
            assert data not in (page(8), page(9)), name
    with store_of(folder) as store:
        assert Lookup(folder, store).find(GONE) == []
        with store.begin() as connection:
            assert set(connection.execute(sa.text("SELECT key FROM meta")).scalars()) == META
    assert not (folder / STAGE).exists()


def test_everything_else_keeps_its_bytes(folder: Path) -> None:
    before, rows = records_of(folder), rows_of(folder)
    plan = remove(folder)
    after = records_of(folder)
    changed = {id_ for id_, record in after.items() if id_ in before and record.block != before[id_].block}
    assert {after[id_].target_uri for id_ in changed} == {COPIES[0]}
    gone = before.keys() - after.keys()
    assert {url_key(before[id_].target_uri or "") for id_ in gone} == {url_key(GONE)}
    kept = [row for row in rows if (row["id"], row["version"]) not in plan.rows]
    for row, old in zip(rows_of(folder), kept, strict=True):
        for name in ("offset", "length"):
            old["capture"][name] = row["capture"][name]
        assert row == old


def test_the_first_other_capture_of_the_body_keeps_it_and_the_next_refers_to_that(folder: Path) -> None:
    before = {record.target_uri: record for record in records_of(folder).values() if record.type == "revisit"}
    remove(folder)
    heir, other = (before[address].record_id or "" for address in COPIES)
    records = records_of(folder)
    assert records[heir].type == "response"
    assert records[heir].payload == page(0)
    assert records[heir].get("WARC-Profile") is None
    assert records[heir].get("WARC-Payload-Digest") == before[COPIES[0]].get("WARC-Payload-Digest")
    assert records[other].type == "revisit"
    assert records[other].get("WARC-Refers-To") == f"<{heir}>"
    assert records[other].get("WARC-Refers-To-Target-URI") == COPIES[0]
    with store_of(folder) as store:
        for address in COPIES:
            archive = Lookup(folder, store)
            found = nearest(archive.find(address), None)
            assert decoded_payload(archive.payload(read_record(found.path, found.offset)))[0] == page(0)


def test_each_capture_leaves_a_tombstone_with_its_digest(folder: Path) -> None:
    plan = remove(folder)
    with store_of(folder) as store, store.reading() as connection:
        stones = captures.buried(connection)
    assert {stone.record_id for stone in stones} == plan.answers.keys()
    assert {stone.reason for stone in stones} == {"court order 12/2026"}
    assert {stone.removed_at for stone in stones} == {NOW.timestamp()}
    blocks = {record.block for record in records_of(folder).values() if record.block.startswith(b"newscrawl-removed")}
    for stone in stones:
        assert stone.payload_sha256 is not None
        (block,) = [block for block in blocks if stone.record_id.encode() in block]
        assert f"payload-sha256: {stone.payload_sha256}\r\nreason: court order 12/2026\r\n".encode() in block


def test_a_second_removal_finds_nothing_and_the_tombstones_stay(folder: Path) -> None:
    remove(folder)
    before = tree(folder)
    with store_of(folder) as store:
        assert Removal(folder, store).plan(GONE).empty
    remove(folder, url(1))
    assert findings(folder) == []
    blocks = [record.block for record in records_of(folder).values() if record.block.startswith(b"newscrawl-removed")]
    assert len(blocks) == 5
    assert tree(folder) != before


def test_other_forms_of_the_address_are_the_same_address(folder: Path) -> None:
    assert len(remove(folder, f"{GONE}?utm_medium=y").answers) == 4


def test_a_url_whose_every_record_stands_alone_changes_one_file(folder: Path) -> None:
    before = tree(folder)
    plan = remove(folder, url(3))
    (path,) = plan.warcs
    after = tree(folder)
    assert {name for name in before if before[name] != after.get(name)} == {
        f"warc/{path.name}",
        f"warc/{cdxj_path(path).name}",
        "articles/news-20240601T080000000Z-00001.jsonl",
        "runs/20240601T080000000Z-1/rejected.jsonl",
        *plan.snapshots,
    }
    assert len(plan.snapshots) == 1
    assert findings(folder) == []


def test_a_snapshot_that_another_row_has_too_stays(tmp_path: Path) -> None:
    output = Output(tmp_path / "out")
    shared = output.article(url(0), page(0)).snapshot
    output.article(url(1), page(0))
    output.close()
    assert shared is not None
    plan = remove(output.folder)
    assert plan.snapshots == set()
    assert (output.folder / shared.path).exists()
    assert findings(output.folder) == []


def test_the_snapshot_of_a_page_without_a_row_goes_too(tmp_path: Path) -> None:
    output = Output(tmp_path / "out")
    exchange = output.answer(GONE, page(0))
    ref = snapshot_ref(page(0), HOST, exchange.fetched_at)
    output.ledger.write_snapshot(ref, page(0))
    output.close()
    assert remove(output.folder).snapshots == {ref.path}
    assert not (output.folder / ref.path).exists()


def test_a_row_that_repeats_it_is_named(tmp_path: Path) -> None:
    output = Output(tmp_path / "out")
    original = output.article(GONE, page(0))
    assert original.id is not None
    output.article(url(1), page(1), duplicate_of=VersionKey(id=original.id, version=1))
    output.close()
    assert remove(output.folder).copies == [url(1)]


def test_what_waits_to_be_fetched_is_not_fetched_any_more(tmp_path: Path) -> None:
    output = Output(tmp_path / "out")
    output.article(GONE, page(0))
    for number, address in enumerate((f"{GONE}?utm_source=y", url(5))):
        output.ledger.frontier.add(
            NewUrl(
                fingerprint=bytes([number]) * 20, url=address, host=HOST, kind="page", priority=0, ready_at=0.0,
                round=1, request="{}",
            )
        )  # fmt: skip
    output.close()
    remove(output.folder)
    with store_of(output.folder) as store, store.reading() as connection:
        rows = connection.execute(sa.select(schema.urls.c.url, schema.urls.c.state, schema.urls.c.reason)).all()
    assert {tuple(row) for row in rows} == {(f"{GONE}?utm_source=y", "refused", "removed"), (url(5), "queued", None)}


def test_an_archive_without_a_store_is_handled_too(folder: Path) -> None:
    for path in folder.glob("store.sqlite*"):
        path.unlink()
    remove(folder, store=False)
    assert findings(folder, store=False) == []
    assert "消失".encode() not in b"".join(tree(folder).values())
    list(Repair(folder, worker="local").steps())
    assert findings(folder) == []


def test_files_of_another_tool_are_rewritten_in_their_own_form(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    (folder / "warc").mkdir(parents=True)
    warc = warcs.written(folder / "warc/plain.warc", list(map(warcs.raw, warcs.members())))
    remove(folder, next(iter(warcs.PAGES)), store=False)
    assert warc.read_bytes().startswith(b"WARC/1.1\r\nWARC-Type: warcinfo")
    assert findings(folder, store=False) == []
    assert sum(record.type == "response" for record in records_of_plain(warc)) == 3


def records_of_plain(path: Path) -> list[WarcRecord]:
    return [record for record in read_warc(path) if isinstance(record, WarcRecord)]


def test_a_damaged_file_is_refused_and_nothing_is_changed(folder: Path) -> None:
    warc = sorted(folder.glob("warc/*.warc.gz"))[1]
    data = warc.read_bytes()
    warc.write_bytes(data[:600] + b"\x00" + data[601:])
    before = tree(folder)
    with pytest.raises(ArchiveError, match="nothing is removed from a damaged archive"):
        remove(folder)
    assert tree(folder) == before


def test_a_row_that_somebody_else_wrote_is_refused_and_nothing_is_changed(folder: Path) -> None:
    rows = sorted(folder.glob("articles/*.jsonl"))[0]
    lines = [json.dumps(json.loads(line)).encode() + b"\n" for line in rows.read_bytes().splitlines()]
    rows.write_bytes(b"".join(lines))
    with store_of(folder) as store, store.begin() as connection:
        connection.execute(
            sa.text(f"UPDATE files SET length = {rows.stat().st_size} WHERE name LIKE 'articles/%0501%'")
        )
    before = content(folder)
    with pytest.raises(StorageError, match="its pointer cannot be moved"):
        remove(folder)
    assert next(iter(Repair(folder, worker="local", dry_run=True).steps())).text.endswith("nothing is removed")
    with store_of(folder) as store:
        list(finish_removal(folder, store))
    assert content(folder) == before


def test_a_file_of_another_worker_that_refers_to_it_is_named(folder: Path) -> None:
    with store_of(folder) as store, store.reading() as connection:
        name = connection.execute(sa.text("SELECT warc FROM captures WHERE revisit_of IS NOT NULL")).scalars().first()
    (folder / "warc" / name).unlink()
    with store_of(folder) as store, pytest.raises(ConfigError, match="another worker's file refers to"):
        Removal(folder, store).plan(GONE)


def test_files_that_are_not_here_and_hold_it_are_named(folder: Path) -> None:
    for path in [*folder.glob("warc/*.warc.gz"), *folder.glob("articles/*.jsonl")]:
        path.rename(folder / path.name)
    with store_of(folder) as store:
        plan = Removal(folder, store).plan(url(1))
    assert not plan.empty
    assert [name.rpartition(".")[2] for name in plan.elsewhere] == ["jsonl", "gz"]


@pytest.mark.parametrize("step", [None, "remove.in_transaction", "remove.decided"])
def test_it_is_the_same_with_a_store_that_workers_share(
    step: str | None, postgres: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = postgres.new_database()
    output = Output(tmp_path / "out", Keeping(store_url=address, worker="one"))
    output.article(GONE, page(0), headline="消失 gone")
    for number, copy in enumerate(COPIES, start=1):
        output.article(copy, page(0))
        output.article(url(number), page(number))
    output.close()
    with Store.open(address) as store:
        work = Removal(output.folder, store)
        plan = work.plan(GONE)
        assert (len(plan.promoted), len(plan.repointed), plan.elsewhere) == (1, 1, [])
        with monkeypatch.context() as patch, suppress(Killed):
            kill_at(patch, step or "never")
            work.carry_out(plan, reason="court order", now=NOW)
    shutil.rmtree(output.folder / "html")
    steps = [step.text for step in Repair(output.folder, store=address, worker="one").steps()]
    assert any("was interrupted" in text for text in steps) == (step is not None)
    with Store.open(address) as store:
        assert list(Audit(output.folder, store, worker="one").findings()) == []
    kept = "消失".encode() in b"".join(tree(output.folder).values())
    assert kept == (step == "remove.in_transaction")


# Killed at any moment -------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["store", "no store"])
@pytest.mark.parametrize(
    ("step", "nth"), [*((step, 1) for step in STEPS), *(("remove.replaced", n) for n in range(2, 8))]
)
def test_killed_at_any_step_it_is_the_old_archive_or_the_new_one(
    step: str, nth: int, how: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = how == "store"
    if not store:
        if step in ("remove.in_transaction", "remove.decided"):
            return
        for path in folder.glob("store.sqlite*"):
            path.unlink()
    old = tree(folder)
    with monkeypatch.context() as patch:
        kill_at(patch, step, nth)
        with pytest.raises(Killed):
            remove(folder, store=store)
    if store:
        assert any(": removal: " in text for text in findings(folder))
        (told, *_) = list(Repair(folder, worker="local").steps())
        assert findings(folder) == []
    else:
        (told,) = finish_removal(folder, None)  # type: ignore[assignment]
        assert findings(folder, store=False) == []
    assert "removal that was interrupted" in str(told)
    assert not (folder / STAGE).exists()
    done = "消失".encode() not in b"".join(tree(folder).values())
    decided = STEPS.index(step) >= (STEPS.index("remove.decided") if store else STEPS.index("remove.planned"))
    assert done == decided
    if not done:
        assert tree(folder) == old
    remove(folder, url(1), store=store)


@pytest.mark.parametrize("nth", range(1, 40))
def test_an_error_at_any_write_leaves_the_old_archive_or_the_new_one(
    nth: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = content(folder)
    count = 0

    def failing(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            if count == nth:
                raise OSError(28, "No space left on device")
            return real(*args, **kwargs)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(journal, "_sync", failing(journal._sync))
        patch.setattr(journal, "sync_folder", failing(journal.sync_folder))
        patch.setattr(Path, "replace", failing(Path.replace))
        patch.setattr(Path, "unlink", failing(Path.unlink))
        patch.setattr(Path, "mkdir", failing(Path.mkdir))
        patch.setattr(journal.shutil, "rmtree", failing(shutil.rmtree))
        with suppress(OSError):
            remove(folder)
    list(Repair(folder, worker="local").steps())
    assert findings(folder) == []
    if "消失".encode() in b"".join(tree(folder).values()):
        assert content(folder) == old

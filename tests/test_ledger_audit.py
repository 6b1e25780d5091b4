"""Rows, records, snapshots and store against each other."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from archives import HOST, Output, page, small, store_of, url

from newscrawl.archive.cdxj import cdxj_path, write_cdxj
from newscrawl.archive.verify import Finding
from newscrawl.ledger import Keeping
from newscrawl.ledger.audit import Audit
from newscrawl.store import schema


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small(tmp_path_factory.mktemp("made") / "out")


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "out")


def audited(folder: Path, *, store: bool = True) -> list[Finding]:
    if not store:
        return list(Audit(folder, None).findings())
    with store_of(folder) as opened:
        return list(Audit(folder, opened).findings())


def codes(folder: Path, *, store: bool = True) -> set[str]:
    return {f"{finding.severity} {finding.code}" for finding in audited(folder, store=store)}


def only(folder: Path, pattern: str) -> Path:
    (path,) = folder.glob(pattern)
    return path


def change(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert re.search(old, data)
    path.write_bytes(re.sub(old, lambda _: new, data, count=1))


def execute(folder: Path, statement: str) -> None:
    with store_of(folder) as store, store.begin() as connection:
        assert connection.execute(sa.text(statement)).rowcount > 0


def test_what_a_crawl_leaves_is_clean_with_and_without_its_store(folder: Path) -> None:
    with store_of(folder) as store:
        audit = Audit(folder, store)
        told: list[int] = []
        audit.progress = told.append
        assert list(audit.findings()) == []
        assert (audit.rows, audit.records.records, len(audit.places)) == (4, 24, 3)
        assert sum(told) == audit.size
    assert audited(folder, store=False) == []


def test_an_empty_folder_is_clean(tmp_path: Path) -> None:
    assert audited(tmp_path) == []


def test_each_row_of_a_commit_is_checked_by_its_own_bytes(folder: Path) -> None:
    rows = only(folder, "articles/*.jsonl")
    change(rows, "第1篇".encode(), "第8篇".encode())
    assert codes(folder) == {"error row_differs"}
    assert codes(folder, store=False) == set()


def _cut_row(folder: Path) -> None:
    rows = only(folder, "articles/*.jsonl")
    rows.write_bytes(rows.read_bytes()[:-10])


def _long_row(folder: Path) -> None:
    rows = only(folder, "articles/*.jsonl")
    rows.write_bytes(rows.read_bytes() + b'{"id": "x"}\n')


def _no_row(folder: Path) -> None:
    change(only(folder, "articles/*.jsonl"), rb"^\{", b"[")


def _snapshot(folder: Path) -> Path:
    return sorted(folder.glob("html/*/*/*.html"))[0]


def _cut_warc(folder: Path) -> None:
    warc = only(folder, "warc/*.warc.gz")
    warc.write_bytes(warc.read_bytes()[:-1400])
    write_cdxj(warc)


@pytest.mark.parametrize(
    ("break_it", "found"),
    [
        (_cut_row, {"error short", "error row_differs"}),
        (_long_row, {"error long"}),
        (_no_row, {"error row_differs"}),
        (lambda folder: only(folder, "articles/*.jsonl").unlink(), {"error missing"}),
        (lambda folder: only(folder, "runs/*/rejected.jsonl").unlink(), {"error missing"}),
        (lambda folder: _snapshot(folder).unlink(), {"error snapshot"}),
        (lambda folder: _snapshot(folder).write_bytes(b"x"), {"error snapshot"}),
        (_cut_warc, {"error short", "error torn", "error record_missing"}),
        (lambda folder: only(folder, "warc/*.warc.gz").unlink(), {"error missing", "error row_record"}),
        (lambda folder: cdxj_path(only(folder, "warc/*.warc.gz")).unlink(), {"warning no_index"}),
        (lambda folder: cdxj_path(only(folder, "warc/*.warc.gz")).write_text("x"), {"error index"}),
        (lambda folder: shutil.copy(only(folder, "articles/*.jsonl"), folder / "articles/x.jsonl"), {"error unknown_file"}),
        (lambda folder: (folder / "articles/x.jsonl.open").touch(), {"warning unfinished"}),
    ],
    ids=lambda value: "-".join(sorted(value)) if isinstance(value, set) else "",
)  # fmt: skip
def test_files_that_are_not_as_they_were_committed_are_found(
    break_it: Callable[[Path], object], found: set[str], folder: Path
) -> None:
    break_it(folder)
    assert codes(folder) == found


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DELETE FROM captures WHERE status = 404", {"error not_in_store"}),
        ("UPDATE captures SET record_id = 'urn:x' WHERE status = 404", {"error not_in_store", "error record_missing"}),
        ("UPDATE captures SET \"offset\" = \"offset\" + 1 WHERE status = 404", {"error store_differs"}),
        ("UPDATE captures SET length = length + 1 WHERE status = 404", {"error store_differs"}),
        ("UPDATE captures SET date = '2020-01-01T00:00:00Z' WHERE status = 404", {"error store_differs"}),
        ("UPDATE captures SET status = 200 WHERE status = 404", {"error store_differs"}),
        ("UPDATE captures SET truncated = 'time' WHERE status = 404", {"error store_differs"}),
        ("UPDATE captures SET payload_sha256 = 'x' WHERE status = 404", {"error store_differs"}),
        ("UPDATE captures SET revisit_of = 'x' WHERE revisit_of IS NOT NULL", {"error store_differs"}),
        ("UPDATE captures SET warc = 'gone.warc.gz' WHERE status = 404", {"error not_in_store", "error missing"}),
        ("DELETE FROM articles WHERE number = 2", {"error not_in_store"}),
        ("DELETE FROM articles WHERE number = 4", {"error not_in_store"}),
        ("UPDATE articles SET \"offset\" = 0 WHERE number = 2", {"error row_differs", "error not_in_store", "error overlap"}),
        ("UPDATE articles SET record_id = NULL WHERE number = 2", {"error store_differs"}),
        ("UPDATE articles SET snapshot_sha256 = 'x' WHERE number = 2", {"error store_differs"}),
        ("UPDATE articles SET version = 2 WHERE number = 2", {"error store_differs"}),
        ("DELETE FROM files WHERE kind = 'articles'", {"error unknown_file"}),
        ("UPDATE files SET length = length + 1 WHERE kind = 'articles'", {"error short"}),
        ("UPDATE files SET state = 'open' WHERE kind = 'articles'", {"warning unfinished"}),
    ],
)  # fmt: skip
def test_a_store_that_says_something_else_is_found(statement: str, found: set[str], folder: Path) -> None:
    execute(folder, statement)
    assert codes(folder) == found


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (rb'"offset":\d+', b'"offset":1', "row_record"),
        (rb'"length":\d+', b'"length":1', "row_record"),
        (rb'"record_id":"urn:uuid:....', b'"record_id":"urn:uuid:zzzz', "row_record"),
        (rb'"warc":"', b'"warc":"../', "row_record"),
        (rb'"payload_digest":"sha256:....', b'"payload_digest":"sha256:zzzz', "row_payload"),
        (rb'"sha256":"....', b'"sha256":"zzzz', "snapshot"),
    ],
)
def test_without_a_store_each_row_is_held_against_its_record_and_snapshot(
    old: bytes, new: bytes, found: str, folder: Path
) -> None:
    change(only(folder, "articles/*.jsonl"), old, new)
    assert f"error {found}" in codes(folder, store=False)


def test_a_snapshot_that_is_not_the_body_of_its_record_is_found(folder: Path) -> None:
    rows = only(folder, "articles/*.jsonl").read_bytes().splitlines()
    first, second = (json.loads(row)["snapshot"] for row in rows[:2])
    change(
        only(folder, "articles/*.jsonl"),
        json.dumps(first).replace(" ", "").encode(),
        json.dumps(second).replace(" ", "").encode(),
    )
    assert codes(folder, store=False) == {"error row_snapshot"}


def test_a_revisit_whose_original_is_gone_leaves_its_row_without_payload(folder: Path) -> None:
    with store_of(folder) as store, store.begin() as connection:
        place = connection.execute(sa.select(schema.captures.c.offset, schema.captures.c.length).limit(1)).one()
    warc = only(folder, "warc/*.warc.gz")
    data = warc.read_bytes()
    warc.write_bytes(data[: place.offset] + data[place.offset + place.length :])
    write_cdxj(warc)
    found = audited(folder, store=False)
    assert {"revisit", "row_record"} <= {finding.code for finding in found}
    assert any(finding.text.startswith("refers to a record that is in none") for finding in found)


def test_what_a_killed_run_leaves_is_warned_of_and_no_error(tmp_path: Path) -> None:
    output = Output(tmp_path / "out", Keeping(commit_count=1000, commit_s=1e9))
    output.article(url(0), page(0))
    output.ledger.commit()
    output.article(url(1), page(1))
    folder = output.die()
    found = audited(folder)
    assert {(finding.severity, finding.code) for finding in found} == {("warning", "unfinished")}
    assert [finding.text.count("behind the last commit") for finding in found] == [1, 1]


def test_a_file_that_was_renamed_and_not_yet_acknowledged_is_no_error(folder: Path) -> None:
    execute(folder, "UPDATE files SET state = 'open'")
    assert codes(folder) == {"warning unfinished"}


def test_files_of_other_workers_are_theirs(folder: Path) -> None:
    with store_of(folder) as store:
        with store.begin() as connection:
            row = connection.execute(sa.select(schema.files).limit(1)).one()._asdict()
            connection.execute(sa.insert(schema.files), {**row, "name": "articles/theirs.jsonl", "worker": "other"})
        assert list(Audit(folder, store, worker="local").findings()) == []
        assert {finding.code for finding in Audit(folder, store).findings()} == {"missing"}


def test_rows_of_a_replay_may_point_to_an_archive_elsewhere(folder: Path) -> None:
    shutil.rmtree(folder / "warc")
    assert codes(folder, store=False) == {"error row_record"}
    (folder / ".replay").touch()
    assert codes(folder, store=False) == set()


def test_a_page_whose_coding_is_false_is_no_fault_of_the_row(tmp_path: Path) -> None:
    def more(output: Output) -> None:
        exchange = output.answer(f"http://{HOST}/false", b"no gzip", extra=b"Content-Encoding: gzip\r\n")
        assert exchange.ref is not None

    assert codes(small(tmp_path / "out", more)) == {"warning content_encoding"}

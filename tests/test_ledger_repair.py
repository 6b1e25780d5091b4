"""What is made whole again of an output folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from archives import Output, page, rows_of, small, store_of, url

from newscrawl.archive.cdxj import cdxj_path, write_cdxj
from newscrawl.exceptions import StorageError
from newscrawl.ledger import Keeping
from newscrawl.ledger.audit import Audit
from newscrawl.ledger.contents import Step
from newscrawl.ledger.repair import Repair
from newscrawl.store import schema

MANUAL = Keeping(commit_count=1000, commit_s=1e9)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = small(tmp_path_factory.mktemp("made") / "out")
    for warc in folder.glob("warc/*.warc.gz"):
        write_cdxj(warc)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "out")


def repaired(folder: Path, **options: Any) -> list[Step]:
    """Repair *folder* and hold what was done against what a look had said."""
    foreseen = list(Repair(folder, worker="local", dry_run=True, **options).steps())
    done = list(Repair(folder, worker="local", **options).steps())
    assert bool(foreseen) == bool(done)
    assert [step.text for step in foreseen if step.left] == [step.text for step in done if step.left]
    return done


def findings(folder: Path) -> set[str]:
    with store_of(folder) as store:
        return {f"{finding.severity} {finding.code}" for finding in Audit(folder, store).findings()}


def only(folder: Path, pattern: str) -> Path:
    (path,) = folder.glob(pattern)
    return path


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file by name, but for what SQLite writes beside the store."""
    paths = (path for path in folder.rglob("*") if path.is_file() and "store.sqlite" not in path.name)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def table(folder: Path, of: sa.Table) -> list[dict[str, Any]]:
    """Return the rows of a table without what is not to be had from the files."""
    left_out = {"number", "packed", "committed_at", "last_seen", "fetched_at", "worker", "run_id", "row"}
    with store_of(folder) as store, store.reading() as connection:
        rows = [row._asdict() for row in connection.execute(sa.select(of))]
    return [{name: value for name, value in row.items() if name not in left_out} for row in rows]


def execute(folder: Path, statement: str) -> None:
    with store_of(folder) as store, store.begin() as connection:
        assert connection.execute(sa.text(statement)).rowcount > 0


def test_a_whole_folder_is_left_as_it_is(folder: Path) -> None:
    before = tree(folder)
    assert repaired(folder) == []
    assert tree(folder) == before


@pytest.mark.parametrize("lost", ["gone", "garbage", "torn"])
def test_a_lost_store_is_had_again_from_the_files(lost: str, folder: Path) -> None:
    tables = (schema.captures, schema.articles, schema.fingerprints, schema.files)
    before = [table(folder, of) for of in tables]
    store = folder / "store.sqlite"
    if lost == "gone":
        store.unlink()
    elif lost == "garbage":
        store.write_bytes(b"no database" * 1000)
    else:
        data = bytearray(store.read_bytes())
        data[8192:] = bytes(len(data) - 8192)
        store.write_bytes(data)
    done = repaired(folder)
    assert not any(step.left for step in done)
    assert [table(folder, of) for of in tables] == before
    assert findings(folder) == set()
    assert bool(list(folder.glob("torn/store.sqlite.old"))) == (lost != "gone")
    assert repaired(folder) == []


def test_a_look_changes_nothing(folder: Path) -> None:
    (folder / "store.sqlite").write_bytes(b"no database" * 1000)
    cdxj_path(only(folder, "warc/*.warc.gz")).unlink()
    sorted(folder.glob("html/*/*/*.html"))[0].unlink()
    before = tree(folder) | {"store": (folder / "store.sqlite").read_bytes()}
    steps = list(Repair(folder, worker="local", dry_run=True).steps())
    assert tree(folder) | {"store": (folder / "store.sqlite").read_bytes()} == before
    # It says all the same what would be found: the store, three files, captures, index, rows, a snapshot.
    assert len(steps) == 8


def killed(folder: Path) -> Path:
    """Leave a run that was killed after a commit and two more rows."""
    output = Output(folder, MANUAL)
    output.article(url(0), page(0))
    output.ledger.commit()
    output.article(url(1), page(1))
    output.article(url(2), page(2))
    return output.die()


def test_after_a_crash_it_does_what_a_start_does(tmp_path: Path) -> None:
    folder = killed(tmp_path / "out")
    done = repaired(folder)
    assert findings(folder) == set()
    assert [row["url"] for row in rows_of(folder)] == [url(0)]
    assert len(list(folder.glob("torn/*"))) == 2
    assert len(done) >= 4


def test_after_a_crash_that_took_the_store_every_whole_row_counts(tmp_path: Path) -> None:
    folder = killed(tmp_path / "out")
    for path in folder.glob("store.sqlite*"):
        path.unlink()
    rows = only(folder, "articles/*.open")
    rows.write_bytes(rows.read_bytes()[:-5])
    warc = only(folder, "warc/*.open")
    warc.write_bytes(warc.read_bytes()[:-5])
    repaired(folder)
    assert findings(folder) == set()
    assert [row["url"] for row in rows_of(folder)] == [url(0), url(1)]
    assert len(list(folder.glob("torn/*"))) == 2


def test_open_files_of_a_folder_that_was_moved_are_taken_over(tmp_path: Path) -> None:
    folder = killed(tmp_path / "out")
    execute(folder, "UPDATE files SET worker = 'elsewhere'")
    repaired(folder)
    assert findings(folder) == set()
    assert [row["url"] for row in rows_of(folder)] == [url(0)]


def _cut_rows(folder: Path) -> None:
    rows = only(folder, "articles/*.jsonl")
    rows.write_bytes(rows.read_bytes()[:-10])


@pytest.mark.parametrize(
    "break_it",
    [
        _cut_rows,
        lambda folder: only(folder, "articles/*.jsonl").unlink(),
        lambda folder: cdxj_path(only(folder, "warc/*.warc.gz")).unlink(),
        lambda folder: cdxj_path(only(folder, "warc/*.warc.gz")).write_text("x"),
        lambda folder: sorted(folder.glob("html/*/*/*.html"))[0].unlink(),
        lambda folder: sorted(folder.glob("html/*/*/*.html"))[1].write_bytes(b"x"),
        lambda folder: shutil.rmtree(folder / "html"),
        lambda folder: execute(folder, "DELETE FROM files"),
        lambda folder: execute(folder, "DELETE FROM captures WHERE number > 2"),
        lambda folder: execute(folder, "DELETE FROM captures"),
        lambda folder: execute(folder, 'UPDATE captures SET "offset" = 1'),
        lambda folder: execute(folder, "UPDATE captures SET status = 200 WHERE status = 404"),
        lambda folder: execute(folder, "UPDATE captures SET payload_sha256 = 'x', revisit_of = NULL"),
        lambda folder: execute(folder, "DELETE FROM articles WHERE number > 2"),
        lambda folder: execute(folder, "DELETE FROM articles"),
        lambda folder: execute(folder, "UPDATE files SET state = 'open'"),
    ],
)
def test_what_is_lost_in_one_place_is_had_again_from_another(break_it: Callable[[Path], object], folder: Path) -> None:
    html = {name: data for name, data in tree(folder).items() if not name.startswith((".lock", "runs"))}
    break_it(folder)
    assert findings(folder) != set()
    steps = repaired(folder)
    assert not any(step.left for step in steps), steps
    assert findings(folder) == set()
    assert html.items() <= tree(folder).items()


def test_a_file_of_another_crawl_is_taken_up_and_its_torn_end_set_aside(folder: Path, tmp_path: Path) -> None:
    other = Output(tmp_path / "other", stamp="20240601T080000000Z")
    other.article(url(7), page(7))
    other.close()
    for path in [*other.folder.glob("warc/*.warc.gz"), *other.folder.glob("articles/*.jsonl")]:
        target = shutil.copy(path, folder / path.parent.name)
        with Path(target).open("ab") as file:
            file.write(path.read_bytes()[:100])
    shutil.copytree(other.folder / "html", folder / "html", dirs_exist_ok=True)
    steps = repaired(folder)
    assert not any(step.left for step in steps), steps
    assert findings(folder) == set()
    assert [row["url"] for row in rows_of(folder)][-1] == url(7)
    assert len(list(folder.glob("torn/*"))) == 2


def test_a_warc_that_lost_its_end_keeps_what_is_whole(folder: Path) -> None:
    warc = only(folder, "warc/*.warc.gz")
    data = warc.read_bytes()
    warc.write_bytes(data[:-1500])
    steps = repaired(folder)
    (left,) = [step for step in steps if step.left]
    assert "lost what was behind its byte" in left.text
    assert data.startswith(warc.read_bytes())
    assert findings(folder) == set()
    assert repaired(folder) == []


def test_a_missing_file_is_forgotten_only_when_that_is_asked_for(folder: Path) -> None:
    only(folder, "warc/*.warc.gz").unlink()
    (left,) = [step for step in repaired(folder) if step.left]
    assert "put it back, or let the store forget it with --forget-missing" in left.text
    steps = repaired(folder, forget_missing=True)
    assert [step.text.partition(": ")[2] for step in steps] == ["forgotten, with 7 captures: it is gone"]
    assert findings(folder) == {"error row_record"}


def test_a_missing_open_file_stops_a_start_until_it_is_forgotten(tmp_path: Path) -> None:
    folder = killed(tmp_path / "out")
    only(folder, "warc/*.open").unlink()
    with pytest.raises(StorageError, match="--forget-missing"):
        list(Repair(folder, worker="local").steps())
    list(Repair(folder, worker="local", forget_missing=True).steps())
    assert findings(folder) == {"error row_record"}
    again = Output(folder, stamp="20240601T080000000Z")
    again.close()


def test_a_row_that_says_something_else_than_the_store_stays_and_is_named(folder: Path) -> None:
    rows = only(folder, "articles/*.jsonl")
    with rows.open("ab") as file:
        file.write(rows.read_bytes().splitlines(keepends=True)[0])
    execute(folder, f"UPDATE files SET length = {rows.stat().st_size} WHERE kind = 'articles'")
    (left,) = repaired(folder)
    assert left.left
    assert "the store has another row of" in left.text


def test_a_second_record_of_the_same_id_stays_and_is_named(folder: Path) -> None:
    warc = only(folder, "warc/*.warc.gz")
    shutil.copy(warc, folder / "warc/twice.warc.gz")
    steps = repaired(folder)
    left = [step.text for step in steps if step.left]
    assert len(left) == 7
    assert all("is the id of another record, too" in text for text in left)


def test_a_snapshot_without_its_record_stays_missing_and_is_named(folder: Path) -> None:
    shutil.rmtree(folder / "html")
    only(folder, "warc/*.warc.gz").unlink()
    steps = repaired(folder, forget_missing=True)
    assert sum("cannot be made again" in step.text for step in steps if step.left) == 4


def test_a_database_that_fails_for_another_reason_is_left_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from newscrawl.ledger import repair

    def fail(url: str) -> None:
        raise StorageError("store: unable to open database file")

    monkeypatch.setattr(repair.Store, "open", fail)
    with pytest.raises(StorageError, match="unable to open"):
        list(Repair(folder, worker="local").steps())
    assert (folder / "store.sqlite").exists()


def test_a_repair_that_is_interrupted_leaves_no_half_store(folder: Path) -> None:
    (folder / "store.sqlite").unlink()
    steps = Repair(folder, worker="local").steps()
    next(steps), next(steps)
    steps.close()  # type: ignore[attr-defined]
    assert not (folder / "store.sqlite").exists()
    repaired(folder)
    assert findings(folder) == set()
    assert not list(folder.glob("store.sqlite.new*"))

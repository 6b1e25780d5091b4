"""Commands that look at an archive, as a user calls them: on what a real crawl kept, and on a small folder."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
import warcs
from archives import HOST, Output, page, rows_of, small, store_of, url
from crawls import ROOT, Finished, crawl
from crawls import scrapy as in_a_process
from newssite import build_site, serve
from scrapy import cmdline
from scrapy.utils.project import get_project_settings

from newscrawl.archive.cdxj import cdxj_path, write_cdxj

Scrapy = Callable[..., Finished]

REASON = ("--reason", "court order 12/2026")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = small(tmp_path_factory.mktemp("made") / "out")
    for warc in folder.glob("warc/*.warc.gz"):
        write_cdxj(warc)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "out")


def only(folder: Path, pattern: str) -> Path:
    (path,) = folder.glob(pattern)
    return path


@pytest.fixture
def scrapy(monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Scrapy:
    """Return what calls a command of the project as ``scrapy`` does, but in this process: that takes a tenth of the time."""
    monkeypatch.setenv("SCRAPY_SETTINGS_MODULE", "newscrawl.settings")

    def call(*arguments: str, cwd: Path = ROOT) -> Finished:
        monkeypatch.chdir(cwd)
        with pytest.raises(SystemExit) as ended:
            cmdline.execute(["scrapy", *arguments], get_project_settings())
        out, log = capsysbinary.readouterr()
        return Finished(int(ended.value.code or 0), out.decode(), log.decode(), cwd)

    return call


# On a real crawl ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    site = build_site(12, seed=4, hosts=2)
    with serve(site) as running:
        live = ("-s", "NEWSCRAWL_ALLOW_ADDRESSES=127.0.0.0/8", "-s", "NEWSCRAWL_PRESET=local", "-L", "WARNING")
        yield crawl(tmp_path_factory.mktemp("crawl"), "-a", f"url={' '.join(running.urls)}", *live)


def test_what_a_crawl_kept_is_clean_and_there_is_nothing_to_repair(crawled: Finished, scrapy: Scrapy) -> None:
    assert crawled.code == 0, crawled.log
    verified = scrapy("verify", str(crawled.output))
    assert (verified.code, verified.log) == (0, "")
    assert verified.out.endswith(" 0 errors, 0 warnings\n")
    assert f" {len(crawled.rows)} rows" in verified.out
    repaired = scrapy("repair", str(crawled.output))
    assert (repaired.code, repaired.out, repaired.log) == (0, "nothing to repair\n", "")


def test_a_page_of_a_crawl_is_printed_as_its_snapshot_has_it(crawled: Finished) -> None:
    row = crawled.rows[0]
    process = subprocess.run(
        [sys.executable, "-m", "scrapy", "cat", row["url"], str(crawled.output)],
        cwd=ROOT,
        env={**os.environ, "SCRAPY_SETTINGS_MODULE": "newscrawl.settings"},
        capture_output=True,
        check=True,
    )
    assert process.stdout == (crawled.output / row["snapshot"]["path"]).read_bytes()


def test_a_url_of_a_crawl_is_removed_and_the_archive_stays_clean(
    crawled: Finished, tmp_path: Path, scrapy: Scrapy
) -> None:
    folder = shutil.copytree(crawled.output, tmp_path / "out")
    address = crawled.rows[0]["url"]
    removed = scrapy("remove", address, *REASON, "--yes", str(folder))
    assert (removed.code, removed.log) == (0, "")
    assert scrapy("verify", str(folder)).code == 0
    assert scrapy("cat", address, str(folder)).code == 3
    assert {row["url"] for row in rows_of(folder)} == {row["url"] for row in crawled.rows} - {address}


def test_a_crawl_is_exported_with_a_page_for_each_row(crawled: Finished, tmp_path: Path, scrapy: Scrapy) -> None:
    finished = scrapy("export", "-o", str(tmp_path / "a.wacz"), str(crawled.output))
    assert finished.code == 0, finished.log
    with ZipFile(tmp_path / "a.wacz") as archive:
        pages = [json.loads(line) for line in archive.read("pages/pages.jsonl").splitlines()[1:]]
    assert {page["url"] for page in pages} == {row["url"] for row in crawled.rows}
    assert {page["title"] for page in pages} == {row["headline"] for row in crawled.rows}


# verify -----------------------------------------------------------------------------------------------------


def test_verify_names_each_finding_with_its_place_and_ends_with_3(folder: Path, scrapy: Scrapy) -> None:
    rows = only(folder, "articles/*.jsonl")
    size = rows.stat().st_size
    with rows.open("ab") as file:
        file.write(b"x\n")
    finished = scrapy("verify", str(folder))
    assert finished.code == 3
    first, summary = finished.out.splitlines()
    assert first.startswith(f"{rows}: offset {size}: error: long: 2 bytes follow")
    assert summary == "3 files, 24 records, 4 rows, 1 errors, 0 warnings"


def test_verify_prints_json_lines_when_asked(folder: Path, scrapy: Scrapy) -> None:
    cdxj_path(only(folder, "warc/*.warc.gz")).unlink()
    finished = scrapy("verify", "--json", str(folder))
    finding, summary = map(json.loads, finished.out.splitlines())
    assert finished.code == 0
    assert (finding["severity"], finding["code"], finding["offset"]) == ("warning", "no_index", None)
    assert summary == {"files": 3, "records": 24, "rows": 4, "errors": 0, "warnings": 1}


@pytest.mark.parametrize("name", ["bit_rot", "duplicate_record_ids", "dangling_revisit", "broken_http_head"])
def test_verify_takes_single_files_and_folders_of_files_of_any_tool(name: str, tmp_path: Path, scrapy: Scrapy) -> None:
    made = warcs.DAMAGED.get(name, warcs.WRONG.get(name, warcs.good))(tmp_path / "a.warc.gz")
    for path in (made.path, tmp_path):
        finished = scrapy("verify", str(path))
        assert finished.code == 3
        assert f"{made.path}: offset {made.offset}: error: " in finished.out


def test_verify_uses_the_output_folder_of_the_settings(folder: Path, scrapy: Scrapy) -> None:
    assert scrapy("verify", "-s", f"NEWSCRAWL_OUTPUT_DIR={folder}").code == 0


def test_verify_of_a_corrupt_store_says_so_and_looks_at_the_files(folder: Path, scrapy: Scrapy) -> None:
    (folder / "store.sqlite").write_bytes(b"no database" * 1000)
    finished = scrapy("verify", str(folder))
    assert finished.code == 3
    assert ": error: store: " in finished.out
    assert "4 rows, 1 errors" in finished.out


@pytest.mark.parametrize("command", ["verify", "repair", "remove"])
def test_a_folder_that_a_run_holds_is_left_alone(command: str, folder: Path, scrapy: Scrapy) -> None:
    arguments = (url(0), *REASON, "--yes") if command == "remove" else ()
    with (folder / ".lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        finished = scrapy(command, *arguments, str(folder))
        assert finished.code == 75
        assert f"{folder}: a run holds this folder" in finished.log
        if command == "verify":
            assert scrapy("verify", "--while-running", str(folder)).code == 0


# cat --------------------------------------------------------------------------------------------------------


def test_cat_prints_head_and_body_lists_captures_and_takes_a_time(folder: Path, scrapy: Scrapy) -> None:
    assert scrapy("cat", url(1), str(folder)).out == page(1).decode()
    with_head = scrapy("cat", "--headers", url(1), str(folder)).out
    assert with_head.startswith("HTTP/1.1 200 OK")
    assert with_head.endswith(page(1).decode())
    listed = scrapy("cat", "--list", url(0), str(folder)).out.splitlines()
    assert [line.split()[1] for line in listed] == ["200", "304"]
    assert scrapy("cat", "--at", "2024-05-01", "http://other.example/copy", str(folder)).out == page(0).decode()


def test_cat_works_on_warcs_with_indexes_alone(folder: Path, scrapy: Scrapy) -> None:
    assert scrapy("cat", "http://other.example/copy", str(folder / "warc")).out == page(0).decode()


def test_cat_names_urls_that_are_like_the_one_asked_for(folder: Path, scrapy: Scrapy) -> None:
    finished = scrapy("cat", f"http://{HOST}/0.htm", str(folder))
    assert (finished.code, finished.out) == (3, "")
    assert f"newscrawl: there is {url(0)}" in finished.log
    cdxj_path(only(folder, "warc/*.warc.gz")).unlink()
    assert "`scrapy index" in scrapy("cat", f"http://{HOST}/0.htm", str(folder / "warc")).log


def test_cat_prints_the_bytes_of_a_false_coding_as_they_came(tmp_path: Path, scrapy: Scrapy) -> None:
    def more(output: Output) -> None:
        output.answer(f"http://{HOST}/false", b"no gzip", extra=b"Content-Encoding: gzip\r\n")

    finished = scrapy("cat", f"http://{HOST}/false", str(small(tmp_path / "out", more)))
    assert (finished.code, finished.out) == (0, "no gzip")
    assert "Content-Encoding says gzip" in finished.log


# index ------------------------------------------------------------------------------------------------------


def test_index_writes_what_is_missing_or_old_and_merges(folder: Path, scrapy: Scrapy) -> None:
    warc = only(folder, "warc/*.warc.gz")
    lines = cdxj_path(warc).read_text()
    cdxj_path(warc).unlink()
    assert f"{cdxj_path(warc)}: written" in scrapy("index", str(folder)).log
    assert cdxj_path(warc).read_text() == lines
    assert "1 indexes are there and up to date" in scrapy("index", str(warc)).log
    cdxj_path(warc).write_text("old\n")
    os.utime(cdxj_path(warc), (0, 0))
    warcs.good(folder / "warc" / "a.warc.gz")
    merged = scrapy("index", "--merge", str(folder)).out
    assert merged == "".join(
        sorted([*lines.splitlines(True), *cdxj_path(folder / "warc/a.warc.gz").read_text().splitlines(True)])
    )
    cdxj_path(warc).write_text("wrong\n")
    assert "written" in scrapy("index", "--force", str(warc)).log
    assert cdxj_path(warc).read_text() == lines


# repair -----------------------------------------------------------------------------------------------------


def test_repair_says_what_it_did_and_what_stays(folder: Path, scrapy: Scrapy) -> None:
    shutil.rmtree(folder / "html")
    (folder / "store.sqlite").unlink()
    foreseen = scrapy("repair", "--dry-run", str(folder))
    assert (foreseen.code, foreseen.log) == (0, "")
    assert foreseen.out.endswith(" things to be done, 0 damages stay\n")
    assert not (folder / "store.sqlite").exists()
    finished = scrapy("repair", str(folder))
    assert (finished.code, finished.log) == (0, "")
    assert finished.out.splitlines()[:-1] == foreseen.out.splitlines()[:-1]
    assert scrapy("verify", str(folder)).code == 0
    only(folder, "warc/*.warc.gz").unlink()
    finished = scrapy("repair", str(folder))
    assert finished.code == 3
    assert "stays: " in finished.out
    assert "--forget-missing" in finished.out
    assert scrapy("repair", "--forget-missing", str(folder)).code == 0


# remove -----------------------------------------------------------------------------------------------------


def on_a_terminal(folder: Path, answer: bytes) -> tuple[int, str]:
    """Run ``scrapy remove`` on a terminal and type *answer*."""
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "scrapy", "remove", url(0), *REASON, str(folder)],
            cwd=ROOT,
            env={**os.environ, "SCRAPY_SETTINGS_MODULE": "newscrawl.settings"},
            stdin=theirs,
            stdout=subprocess.PIPE,
            text=True,
        )
        os.write(ours, answer)
        out, _ = process.communicate()
    finally:
        os.close(ours)
        os.close(theirs)
    return process.returncode, out


def test_remove_asks_on_a_terminal(folder: Path, scrapy: Scrapy) -> None:
    code, out = on_a_terminal(folder, b"n\n")
    assert code == 0
    assert "2 captures (6 records) in 1 WARC files that are written anew, 1 rows, 0 snapshots" in out
    assert "1 captures of other URLs have the same body" in out
    assert out.endswith("nothing was removed\n")
    assert scrapy("cat", url(0), str(folder)).code == 0
    code, out = on_a_terminal(folder, b"y\n")
    assert code == 0
    assert f"{url(0)}: removed" in out
    assert "still archived under other URLs" in out
    assert scrapy("verify", str(folder)).code == 0


def test_remove_of_a_url_that_was_removed_says_when_and_why(folder: Path, scrapy: Scrapy) -> None:
    (folder / "torn").mkdir()
    (folder / "torn" / "x").touch()
    assert "holds torn ends" in scrapy("remove", url(0), *REASON, "--yes", str(folder)).out
    finished = scrapy("remove", url(0), *REASON, "--yes", str(folder))
    assert finished.code == 3
    assert f"{url(0)} was removed on " in finished.log
    assert "court order 12/2026" in finished.log


def test_remove_finishes_what_a_crash_left_before_it_looks(tmp_path: Path, scrapy: Scrapy) -> None:
    output = Output(tmp_path / "out")
    output.article(url(0), page(0))
    output.article(url(1), page(1))
    output.ledger.commit()
    folder = output.die()
    # Whoever began the open files, it is gone: the lock of the folder is ours.
    with store_of(folder) as store, store.begin() as connection:
        connection.exec_driver_sql("UPDATE files SET worker = 'w'")
    finished = scrapy("remove", url(0), *REASON, "--yes", "-s", "NEWSCRAWL_WORKER=other", str(folder))
    assert finished.code == 0, finished.log
    assert [row["url"] for row in rows_of(folder)] == [url(1)]
    assert scrapy("verify", str(folder)).code == 0


@pytest.mark.parametrize(
    "step", ["remove.staged", "remove.planned", "remove.decided", "remove.replaced", "remove.cleared"]
)
def test_remove_that_is_killed_is_brought_to_its_end_by_repair(step: str, folder: Path, scrapy: Scrapy) -> None:
    killed = in_a_process("remove", url(0), *REASON, "--yes", str(folder), FAULTPOINT=step)
    assert killed.code == -signal.SIGKILL
    repaired = scrapy("repair", str(folder))
    assert repaired.code == 0, repaired.log
    assert "removal that was interrupted was" in repaired.out
    assert scrapy("verify", str(folder)).code == 0
    done = step not in ("remove.staged", "remove.planned")
    assert scrapy("cat", url(0), str(folder)).code == (3 if done else 0)


def test_remove_names_files_that_are_not_here(folder: Path, scrapy: Scrapy) -> None:
    only(folder, "articles/*.jsonl").rename(folder / "elsewhere.jsonl")
    finished = scrapy("remove", url(0), *REASON, "--yes", str(folder))
    assert finished.code == 3
    assert "is not here and holds it, too" in finished.log


# What is refused ------------------------------------------------------------------------------------------------


def _replay(folder: Path) -> None:
    (folder / ".replay").touch()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("verify", "nowhere"), "nowhere: there is no such file or folder"),
        (("verify", "{folder}/runs"), "holds no WARC file"),
        (("verify", "--while-running", "{warc}"), "--while-running: is for the output folder of a crawl"),
        (("verify", "-s", "NEWSCRAWL_OUTPUT_DIRS=x"), "did you mean 'NEWSCRAWL_OUTPUT_DIR'"),
        (("repair", "nowhere"), "nowhere: there is no such folder"),
        (("repair", "{folder}", "{folder}"), "one folder is enough"),
        (("repair", "{folder}/runs"), "is no output folder of a live crawl"),
        (("cat",), "a URL is needed"),
        (("cat", "javascript:1"), "is no http or https URL"),
        (("cat", "http://x.example/", "--at", "soon"), "'soon' is no time; write 2023-03-22"),
        (("index", "nowhere"), "nowhere: there is no such file or folder"),
        (("index", "{folder}/warc/x.warc.gz.open"), "is being written to"),
        (("export", "{folder}"), "say where to write it"),
        (("export", "-o", "x", "--to", "waz", "{folder}"), "did you mean 'wacz'"),
        (("export", "-o", "x", "{folder}/warc/x.warc.gz.open"), "holds no WARC file that is closed"),
        (("remove", "http://x.example/", "--yes"), "URL and reason are needed"),
        (("remove", "javascript:1", *REASON, "--yes"), "is no http or https URL"),
        (("remove", "http://x.example/", *REASON, "{folder}"), "there is no terminal: add --yes"),
        (("remove", "http://x.example/", *REASON, "--yes", "{folder}/runs"), "is no output folder of a live crawl"),
    ],
    ids=lambda value: "-".join(value[:2]).replace("/", "") if isinstance(value, tuple) else "",
)
def test_what_cannot_be_done_is_refused_in_one_line(
    arguments: tuple[str, ...], said: str, folder: Path, tmp_path: Path, scrapy: Scrapy
) -> None:
    (folder / "warc/x.warc.gz.open").touch()
    filled = [text.format(folder=folder, warc=only(folder, "warc/*.warc.gz")) for text in arguments]
    finished = scrapy(*filled, cwd=tmp_path)
    assert finished.code == 2, finished.log
    assert said in finished.log
    assert "Traceback" not in finished.log
    assert finished.out == ""


@pytest.mark.parametrize("command", ["repair", "remove"])
def test_a_folder_of_replays_is_not_changed(command: str, folder: Path, scrapy: Scrapy) -> None:
    _replay(folder)
    arguments = (url(0), *REASON, "--yes") if command == "remove" else ()
    finished = scrapy(command, *arguments, str(folder))
    assert finished.code == 2
    assert "is no output folder of a live crawl" in finished.log


def _append(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"x" * 99)


@pytest.mark.parametrize(
    ("arguments", "spoil"),
    [
        (("cat", url(1)), lambda warc: warc.write_bytes(b"")),
        (("remove", url(1), *REASON, "--yes"), _append),
    ],
    ids=["cat", "remove"],
)
def test_what_cannot_be_read_or_written_ends_with_5(
    arguments: tuple[str, ...], spoil: Callable[[Path], object], folder: Path, tmp_path: Path, scrapy: Scrapy
) -> None:
    spoil(only(folder, "warc/*.warc.gz"))
    finished = scrapy(*arguments, str(folder), cwd=tmp_path)
    assert finished.code == 5, finished.log
    assert finished.log.startswith("newscrawl: ")
    assert "Traceback" not in finished.log


@pytest.mark.parametrize("command", ["verify", "repair", "cat", "index", "export", "remove"])
def test_each_command_explains_itself(command: str, scrapy: Scrapy) -> None:
    finished = scrapy(command, "-h")
    assert finished.code == 0
    assert "NEWSCRAWL_OUTPUT_DIR" in finished.out


def test_a_target_in_a_folder_that_is_not_there_is_refused(folder: Path, tmp_path: Path, scrapy: Scrapy) -> None:
    finished = scrapy("export", "-o", "nowhere/x.wacz", str(folder), cwd=tmp_path)
    assert finished.code == 2
    assert finished.log == "newscrawl: -o nowhere/x.wacz: there is no folder nowhere\n"


def test_export_replaces_a_wacz_and_nothing_else(folder: Path, tmp_path: Path, scrapy: Scrapy) -> None:
    warc = only(folder, "warc/*.warc.gz")
    before = warc.read_bytes()
    finished = scrapy("export", "-o", str(warc), str(folder), cwd=tmp_path)
    assert finished.code == 2
    assert "is there and is no WACZ" in finished.log
    assert warc.read_bytes() == before
    for _ in range(2):
        assert scrapy("export", "-o", "x.wacz", str(folder), cwd=tmp_path).code == 0


def test_an_unknown_option_is_named(folder: Path, tmp_path: Path, scrapy: Scrapy) -> None:
    finished = scrapy("repair", "--dryrun", cwd=tmp_path)
    assert (finished.code, finished.log) == (2, "newscrawl: --dryrun: no such option; -h lists them\n")


def test_index_writes_none_beside_a_file_that_is_no_warc(tmp_path: Path, scrapy: Scrapy) -> None:
    (tmp_path / "notes.md").write_text("no WARC")
    finished = scrapy("index", "notes.md", cwd=tmp_path)
    assert finished.code == 2
    assert "is no WARC file" in finished.log
    assert [path.name for path in tmp_path.glob("notes*")] == ["notes.md"]


def test_damage_within_a_warc_is_damage_that_stays(folder: Path, tmp_path: Path, scrapy: Scrapy) -> None:
    warc = only(folder, "warc/*.warc.gz")
    data = bytearray(warc.read_bytes())
    data[len(data) // 2] ^= 0xFF
    warc.write_bytes(data)
    finished = scrapy("repair", str(folder), cwd=tmp_path)
    assert finished.code == 3, finished.out
    assert "stays: " in finished.out


def test_a_store_that_is_gone_is_noticed_by_verify(folder: Path, tmp_path: Path, scrapy: Scrapy) -> None:
    (folder / "store.sqlite").unlink()
    (folder / "runs").mkdir(exist_ok=True)
    finished = scrapy("verify", str(folder), cwd=tmp_path)
    assert finished.code == 0
    assert "no_store" in finished.out

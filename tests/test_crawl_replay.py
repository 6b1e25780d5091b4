"""The seeds replayed, as a new user does it: exact rows, identical bytes, no socket, clear errors."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from crawls import ROOT, SEEDS, Finished, crawl, replay_seeds, scrapy


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return replay_seeds(tmp_path_factory.mktemp("replay") / "out")


def digests(output: Path) -> dict[str, str]:
    return {
        str(path.relative_to(output)): hashlib.sha256(path.read_bytes()).hexdigest()
        for name in ("articles", "html")
        for path in sorted((output / name).rglob("*"))
        if path.is_file()
    }


def test_both_seeds_become_the_rows_that_were_read_by_a_person(replayed: Finished) -> None:
    assert replayed.code == 0, replayed.log[-2000:]
    assert len(replayed.rows) == 2
    for row, seed in zip(replayed.rows, ("000", "002"), strict=True):
        expected = json.loads((ROOT / "tests" / "seeds" / f"{seed}.json").read_text(encoding="utf-8"))
        assert {name: row[name] for name in expected} == expected


def test_a_row_says_where_it_comes_from(replayed: Finished) -> None:
    row = replayed.rows[0]
    assert row["url_assigned"] is True
    assert row["fetched_at"] is None
    assert row["found_on"] == {"url": None, "how": "start"}
    assert row["version"] == 1
    assert row["capture"]["warc"] is None
    assert row["capture"]["payload_digest"] == f"sha256:{row['snapshot']['sha256']}"
    assert row["reader"]["profile"] == "bannedbook"
    assert row["http"]["encoding"] == "utf-8"


def test_the_snapshot_is_the_seed_byte_for_byte(replayed: Finished) -> None:
    for row, path in zip(replayed.rows, sorted((ROOT / "seeds").glob("*.txt")), strict=True):
        snapshot = replayed.output / row["snapshot"]["path"]
        assert snapshot.read_bytes() == path.read_bytes()
        assert snapshot.parts[-3:-1] == ("www.bannedbook.org", "undated")


def test_links_out_of_the_set_are_counted_and_listed_not_followed(replayed: Finished) -> None:
    listed = replayed.report["links_not_in_replay"]
    related = {link["url"] for row in replayed.rows for link in row["related"]}
    assert set(listed) == related
    assert replayed.report["replay_misses"] == 0


def test_the_table_names_what_was_kept_and_what_to_do_next(replayed: Finished) -> None:
    squeezed = "".join(replayed.out.split())
    for text in ("法广RFI", "小山", "金谷", "2pages,2articles,0duplicates,0errors", "next", "assignedURL"):
        assert text in squeezed


def test_two_processes_that_share_nothing_give_identical_bytes(tmp_path: Path, replayed: Finished) -> None:
    other = replay_seeds(
        tmp_path / "elsewhere",
        *("-s", "CONCURRENT_REQUESTS=16", "-s", "CONCURRENT_ITEMS=50", "-s", "DOWNLOAD_DELAY=0.01"),
        cwd=tmp_path,
        PYTHONHASHSEED="12345",
        TZ="Pacific/Kiritimati",
        LC_ALL="C.UTF-8",
    )
    assert other.code == 0, other.log[-2000:]
    assert digests(other.output) == digests(replayed.output)
    assert len(digests(other.output)) == 3


def test_a_second_replay_into_the_same_folder_starts_empty(tmp_path: Path, replayed: Finished) -> None:
    for _ in range(2):
        again = replay_seeds(tmp_path / "out")
        assert again.code == 0, again.log[-2000:]
    assert digests(again.output) == digests(replayed.output)


_AUDIT = """
import sys

def hook(event, arguments):
    if event == "socket.__new__" and arguments[1] != 1:
        raise SystemExit(f"a socket of family {arguments[1]}")
    if event in ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        raise SystemExit(f"{event} {arguments}")

sys.addaudithook(hook)
from scrapy.cmdline import execute

execute(["scrapy", "crawl", "news", "-s", "NEWSCRAWL_REPLAY=" + sys.argv[1], "-s", "NEWSCRAWL_OUTPUT_DIR=" + sys.argv[2]])
"""


def test_a_replay_opens_no_socket(tmp_path: Path) -> None:
    """AF_UNIX is the event loop's own pair; any other socket, and any use of one, ends the process."""
    import os
    import subprocess
    import sys

    process = subprocess.run(
        [sys.executable, "-c", _AUDIT, str(SEEDS), str(tmp_path / "out")],
        cwd=ROOT,
        env={**os.environ, "SCRAPY_SETTINGS_MODULE": "newscrawl.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr[-2000:]
    assert len(Finished(0, "", "", tmp_path / "out").rows) == 2


def test_a_start_url_outside_the_set_is_an_error(tmp_path: Path) -> None:
    finished = replay_seeds(tmp_path / "out", "-a", "url=https://www.bannedbook.org/bnews/cbnews/20230321/1.html")
    assert finished.code == 3
    assert "not in the replay set" in finished.log


def test_a_start_url_chooses_among_the_captures(tmp_path: Path) -> None:
    finished = replay_seeds(
        tmp_path / "out", "-a", "url=https://www.bannedbook.org/bnews/seed/002_d59cbfe31accf4df.html?utm_source=x"
    )
    assert finished.code == 0, finished.log[-2000:]
    assert [row["headline"][:5] for row in finished.rows] == ["习近平结束"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("altered", "000_4626a4d9245be4f9.txt has changed"),
        ("missing", "No such file"),
        ("unlisted", "stray.txt lies in this folder and has no row"),
        ("bad row", "manifest.jsonl:3: no JSON"),
    ],
)
def test_a_set_that_is_not_whole_stops_before_the_first_request(change: str, named: str, tmp_path: Path) -> None:
    seeds = tmp_path / "seeds"
    shutil.copytree(ROOT / "seeds", seeds)
    if change == "altered":
        path = seeds / "000_4626a4d9245be4f9.txt"
        path.chmod(0o644)
        path.write_bytes(path.read_bytes() + b" ")
    elif change == "missing":
        (seeds / "002_d59cbfe31accf4df.txt").unlink()
    elif change == "unlisted":
        (seeds / "stray.txt").write_text("x")
    else:
        with (seeds / "manifest.jsonl").open("a") as file:
            file.write("{not json\n")
    finished = crawl(tmp_path / "out", "-s", f"NEWSCRAWL_REPLAY={seeds / 'manifest.jsonl'}")
    assert finished.code == 2
    assert named in finished.log
    assert not (tmp_path / "out").exists()
    assert "Traceback" not in finished.log


def test_a_replay_refuses_a_folder_that_live_crawls_keep_rows_in(tmp_path: Path) -> None:
    kept = tmp_path / "out" / "articles" / "news-x.jsonl"
    kept.parent.mkdir(parents=True)
    kept.write_text("{}\n")
    finished = replay_seeds(tmp_path / "out")
    assert finished.code == 2
    assert kept.read_text() == "{}\n"


def test_scrapys_own_feed_stays_usable_as_a_copy(tmp_path: Path) -> None:
    finished = replay_seeds(tmp_path / "out", "-O", str(tmp_path / "copy.jsonl"))
    assert finished.code == 0, finished.log[-2000:]
    copied = [json.loads(line) for line in (tmp_path / "copy.jsonl").read_text(encoding="utf-8").splitlines()]
    assert copied == finished.rows


def test_without_an_output_folder_of_its_own_a_replay_takes_one_below_output(tmp_path: Path) -> None:
    finished = scrapy("crawl", "news", "-s", f"NEWSCRAWL_REPLAY={SEEDS}", cwd=tmp_path)
    assert finished.code == 0, finished.log[-2000:]
    assert sorted(path.name for path in (tmp_path / "output").iterdir()) == ["replay"]


def test_a_feed_that_cannot_be_written_changes_the_exit_code(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    finished = replay_seeds(tmp_path / "out", "-O", str(tmp_path / "file" / "copy.jsonl"))
    assert finished.code == 5
    assert "a feed export" in finished.log
    assert len(finished.rows) == 2

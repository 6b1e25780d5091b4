"""Whole crawls that are killed, cut off from power, out of room or told to stop, and begun again until they are done.

The crawls of all tests run side by side, three at a time: a test waits for its own and looks at what is left.
"""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from crashes import BUSY, LIMITED, NEVER, ROOT, Asked, Crawl, Ended, lose_power, served, tear

from newscrawl.archive.appending import AppendFile
from newscrawl.archive.cdxj import cdxj_path
from newscrawl.faultpoints import STEPS

ARTICLES = 14

FIRST = ("append.warc", "append.row", "commit.begin", "commit.synced", "commit.in_transaction", "commit.done")
LATER = ("commit.acknowledged:2", "commit.in_transaction:3", "append.row:5", "commit.done:2", "append.warc:9")
AT_THE_END = ("finish.renamed", "finish.indexed")


@dataclass
class Story:
    """What happened in a scenario, and what is broken at its end."""

    crawl: Crawl
    runs: list[Ended] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


Scenario = Callable[[Path], Story]


@contextmanager
def beginning(folder: Path, **settings: Any) -> Iterator[Story]:
    """A crawl of a site of its own."""
    with served(ARTICLES) as running:
        yield Story(Crawl(running, folder / "output", settings))


def after(scenario: Scenario) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a test the story of *scenario*."""

    def mark(test: Callable[..., None]) -> Callable[..., None]:
        test.scenario = scenario  # type: ignore[attr-defined]
        return test

    return mark


@pytest.fixture(scope="module")
def stories(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[Scenario, Future[Story]]]:
    """The scenarios of the tests that were chosen, under way."""
    functions = [getattr(item, "function", None) for item in request.session.items]
    chosen = dict.fromkeys(function.scenario for function in functions if hasattr(function, "scenario"))
    pool = ThreadPoolExecutor(3)
    yield {scenario: pool.submit(scenario, tmp_path_factory.mktemp(scenario.__name__)) for scenario in chosen}
    pool.shutdown(cancel_futures=True)


@pytest.fixture
def story(request: pytest.FixtureRequest, stories: dict[Scenario, Future[Story]]) -> Story:
    """The story that the test is about."""
    return stories[request.function.scenario].result()


# --- kill -9


def undisturbed(folder: Path) -> Story:
    with beginning(folder) as story:
        story.runs.append(story.crawl.finish())
        story.broken = story.crawl.broken()
    return story


@after(undisturbed)
def test_a_crawl_that_nobody_disturbs_keeps_every_promise_in_one_run(story: Story) -> None:
    assert story.broken == []
    assert story.crawl.starts == 1
    assert len(story.crawl.kept.rows) >= ARTICLES


def killed_first(folder: Path) -> Story:
    with beginning(folder) as story:
        for step in FIRST:
            story.crawl.kill_at(step)
        story.crawl.kill_at("commit.acknowledged:3")
        # So that there is a file that is open: the first commits may come before anything is kept.
        story.crawl.kill_at("append.row")
        tear(story.crawl)
        story.crawl.kill_at("recover.cut")
        story.crawl.finish()
        story.broken = story.crawl.broken()
    return story


@after(killed_first)
def test_nothing_is_lost_or_doubled_when_each_step_of_the_first_page_kills_in_turn(story: Story) -> None:
    assert story.broken == []
    assert list((story.crawl.output / "torn").iterdir())


def killed_later(folder: Path) -> Story:
    with beginning(folder) as story:
        for step in LATER:
            story.crawl.kill_at(step)
            tear(story.crawl)
        story.crawl.finish()
        story.broken = story.crawl.broken()
    return story


@after(killed_later)
def test_nothing_is_lost_or_doubled_when_later_pages_kill_and_leave_torn_writes(story: Story) -> None:
    assert story.broken == []


def killed_at_the_end(folder: Path) -> Story:
    with beginning(folder) as story:
        story.crawl.kill_at(AT_THE_END[0])
        story.facts["asked"] = _pages(story)
        story.crawl.kill_at(AT_THE_END[1])
        story.crawl.finish()
        story.broken = story.crawl.broken(verify=False)
    return story


def _pages(story: Story) -> list[str]:
    return [path for _, path, _ in story.crawl.running.requests if path != "/robots.txt"]


@after(killed_at_the_end)
def test_a_crawl_that_is_killed_while_its_files_are_finished_asks_for_nothing_again(story: Story) -> None:
    assert story.broken == []
    assert _pages(story) == story.facts["asked"]


def killed_between_files(folder: Path) -> Story:
    with beginning(folder, NEWSCRAWL_WARC_IDLE_S=0) as story:
        story.crawl.kill_at("finish.renamed:3")
        # As it is when the process dies after the store was told of a finished file, and before its index was there.
        for warc in story.crawl.output.glob("warc/*.warc.gz"):
            cdxj_path(warc).unlink(missing_ok=True)
        story.crawl.kill_at("commit.begin:5")
        story.crawl.finish()
        story.broken = story.crawl.broken()
    return story


@after(killed_between_files)
def test_every_warc_has_its_index_though_the_process_died_between_two_of_them(story: Story) -> None:
    assert story.broken == []
    assert len(list(story.crawl.output.glob("warc/*.warc.gz"))) > 4


def test_every_step_is_one_at_which_a_crawl_is_killed_here() -> None:
    named = {step.partition(":")[0] for step in (*FIRST, *LATER, *AT_THE_END, "recover.cut")}
    assert named == set(STEPS)


# --- the tests themselves


def spoilt(how: str) -> dict[str, str]:
    return {"SCRAPY_SETTINGS_MODULE": "sabotage", "PYTHONPATH": str(ROOT / "tests"), "SABOTAGE": how}


def acknowledged_too_early(folder: Path) -> Story:
    with beginning(folder, NEWSCRAWL_COMMIT_S=1000) as story:
        story.crawl.kill_at("append.row:9", environment=spoilt("settle"))
        story.crawl.finish()
        story.broken = story.crawl.broken(verify=False)
    return story


@after(acknowledged_too_early)
def test_a_ledger_that_acknowledges_before_it_commits_is_found_out(story: Story) -> None:
    assert any("was lost" in line for line in story.broken)


def not_synced(folder: Path) -> Story:
    with beginning(folder, NEWSCRAWL_COMMIT_S=1000) as story:
        story.crawl.kill_at("append.row:9", environment=spoilt("sync"))
        story.facts["lost"] = lose_power(story.crawl, random.Random(1))
        story.runs.append(story.crawl.run())
    return story


@after(not_synced)
def test_a_ledger_that_commits_before_it_syncs_is_found_out(story: Story) -> None:
    assert story.facts["lost"]
    assert story.runs[0].code == 5
    assert "were committed" in story.runs[0].log


# --- power loss


def without_power(folder: Path) -> Story:
    with beginning(folder) as story:
        rng = random.Random(20)
        story.facts["lost"] = []
        for step in ("commit.done:3", "append.row:4", "commit.synced:3", "append.warc:12", "finish.renamed"):
            story.crawl.kill_at(step)
            story.facts["lost"] += lose_power(story.crawl, rng)
        story.crawl.finish()
        story.broken = story.crawl.broken()
    return story


@after(without_power)
def test_nothing_acknowledged_needs_a_byte_that_was_not_synced(story: Story) -> None:
    assert story.broken == []
    assert len(story.facts["lost"]) >= 5


def test_every_folder_on_the_way_to_a_new_file_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = []
    monkeypatch.setattr("os.fsync", lambda descriptor: synced.append(Path(f"/proc/self/fd/{descriptor}").readlink()))
    file = AppendFile(tmp_path, "runs/1/rejected.jsonl")
    file.append(b"{}\n")
    file.sync()
    file.abandon()
    assert synced == [file.open_path, tmp_path / "runs" / "1", tmp_path / "runs", tmp_path]


# --- full disk


def full(folder: Path) -> Story:
    with beginning(folder) as story:
        for step in ("append.warc:6", "append.row:3", "commit.synced:3", "commit.in_transaction:3"):
            story.runs.append(story.crawl.run(fault=f"{step}:ENOSPC"))
        story.crawl.finish()
        story.broken = story.crawl.broken(verify=False)
    return story


@after(full)
def test_a_full_disk_ends_the_run_with_code_5_and_a_later_run_goes_on(story: Story) -> None:
    assert [ended.code for ended in story.runs] == [5, 5, 5, 5]
    for ended in story.runs:
        assert ended.last_line.startswith("newscrawl: ")
        assert "No space left on device; everything committed is whole" in ended.last_line
    assert story.broken == []


def too_large(folder: Path) -> Story:
    with beginning(folder) as story:
        for limit in (30_000, 150_000, 400_000):
            story.runs.append(story.crawl.run(command=(*LIMITED, str(limit))))
        story.crawl.finish()
        story.broken = story.crawl.broken(verify=False)
    return story


@after(too_large)
def test_a_limit_that_the_kernel_sets_to_files_ends_the_run_in_the_same_way(story: Story) -> None:
    assert [ended.code for ended in story.runs] == [5, 5, 5]
    assert all("everything committed" in ended.last_line for ended in story.runs)
    assert story.broken == []


def no_room(folder: Path) -> Story:
    small = folder / "small"
    small.mkdir()
    mount = f"mount -t tmpfs -o size=500k tmpfs {small} && echo mounted && exec cat"
    with (
        beginning(folder) as story,
        subprocess.Popen(
            ["unshare", "-rm", "sh", "-c", mount], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as holder,
    ):
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == "mounted\n"
        inside = ("nsenter", "--preserve-credentials", "-U", "-m", "-t", str(holder.pid), f"--wd={ROOT}", "--")
        story.crawl.output = Path(f"/proc/{holder.pid}/root{small}/output")
        story.crawl.settings = {"NEWSCRAWL_OUTPUT_DIR": small / "output"}
        story.runs.append(story.crawl.run(command=inside))
        subprocess.run([*inside, "mount", "-o", "remount,size=50m", str(small)], check=True)
        story.crawl.finish(command=inside)
        # SQLite follows names to their end, and so out of the other file system.
        story.crawl.output = Path(shutil.copytree(story.crawl.output, folder / "output"))
        story.broken = story.crawl.broken(verify=False)
        holder.stdin.close()
    return story


def _can_mount(folder: Path) -> bool:
    if shutil.which("unshare") is None or shutil.which("nsenter") is None:
        return False
    command = ["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not _can_mount(ROOT / "tests"), reason="no file system of its own can be mounted by this user")
@after(no_room)
def test_a_file_system_without_room_ends_the_run_and_more_room_lets_it_go_on(story: Story) -> None:
    assert story.runs[0].code == 5
    assert story.runs[0].last_line.startswith("newscrawl: ")
    assert story.broken == []


def unanswered(folder: Path) -> Story:
    with beginning(folder) as story:
        story.runs.append(story.crawl.run(environment=spoilt("ask")))
        story.crawl.finish()
        story.broken = story.crawl.broken(verify=False)
    return story


@after(unanswered)
def test_a_page_is_not_given_up_because_the_database_failed_while_it_was_read(story: Story) -> None:
    assert story.runs[0].code == 5
    assert "the server closed the connection" in story.runs[0].last_line
    assert story.broken == []


# --- stopping


def stalled(folder: Path) -> Story:
    slow = {"DOWNLOAD_DELAY": 1, "DOWNLOAD_DELAY_JITTER": 0, "CONCURRENT_REQUESTS": 32}
    with beginning(folder, **slow) as story:
        running, pages = story.crawl.running, {s.path for s in story.crawl.running.site.stories}
        # Of the second host not even robots.txt comes, and its start page waits for it.
        never = Asked(lambda _host, path: path in pages, answer=NEVER)
        running.pages.detour = lambda host, path: NEVER if host == 1 else never(host, path)
        with story.crawl.start() as process:
            process.wait_until(never)
            asked = len(running.requests)
            process.signal(signal.SIGTERM)
            story.runs.append(process.wait(timeout_s=20))
        story.facts["asked after the signal"] = running.requests[asked:]
        running.pages.detour = None
        story.crawl.finish(DOWNLOAD_DELAY=0)
        story.broken = story.crawl.broken()
    return story


@after(stalled)
def test_a_stop_sends_nothing_more_and_does_not_wait_for_an_answer_that_never_comes(story: Story) -> None:
    assert story.runs[0].code == 4
    assert "stopped with work left" in story.runs[0].last_line
    # The delay of one host lets one request through, or two, before the signal is seen; a dozen were waiting.
    assert len(story.facts["asked after the signal"]) <= 2
    assert story.broken == []


def signalled_twice(folder: Path) -> Story:
    with beginning(folder) as story:
        running, pages = story.crawl.running, {(s.host, s.path) for s in story.crawl.running.site.stories}
        running.pages.detour = never = Asked(lambda host, path: (host, path) in pages, nth=6, answer=NEVER)
        with story.crawl.start() as process:
            process.wait_until(never)
            story.facts["second run"] = Crawl(running, story.crawl.output).run()
            process.signal(signal.SIGTERM)
            process.wait_for("Received SIGTERM")
            process.signal(signal.SIGTERM)
            story.runs.append(process.wait())
        running.pages.detour = None
        story.crawl.finish()
        story.broken = story.crawl.broken(verify=False)
    return story


@after(signalled_twice)
def test_a_second_signal_ends_the_run_at_once_and_keeps_what_is_written(story: Story) -> None:
    assert story.runs[0].code == 4
    assert "twice" in story.runs[0].log
    assert story.broken == []


@after(signalled_twice)
def test_a_second_run_on_the_same_folder_ends_at_once_with_its_own_code(story: Story) -> None:
    assert story.facts["second run"].code == 75
    assert "another run holds this folder" in story.facts["second run"].last_line


# --- nothing is ready


def busy(folder: Path) -> Story:
    with beginning(folder, RETRY_TIMES=50) as story:
        running = story.crawl.running
        running.pages.detour = lambda host, path: BUSY if host == 1 and path != "/robots.txt" else None
        story.runs.append(story.crawl.run(NEWSCRAWL_RETRY_S=3, NEWSCRAWL_WAIT_S=0))
        story.facts["rows"] = len(story.crawl.kept.rows)
        running.pages.detour = None
        story.crawl.finish()
        story.broken = story.crawl.broken(verify=False)
    return story


@after(busy)
def test_a_host_that_is_busy_for_longer_than_the_crawl_waits_is_left_to_the_next_run(story: Story) -> None:
    assert story.runs[0].code == 4
    assert "stopped with work left (work_left)" in story.runs[0].last_line
    assert story.facts["rows"] > 0
    assert story.broken == []


def given_up(folder: Path) -> Story:
    with beginning(folder, RETRY_TIMES=1) as story:
        story.crawl.running.pages.detour = lambda host, path: BUSY if host == 1 and path != "/robots.txt" else None
        story.runs.append(story.crawl.run())
        with_rows = story.crawl.kept
        story.facts["rows"], story.facts["settled"] = len(with_rows.rows), with_rows.settled
    return story


@after(given_up)
def test_a_start_url_that_fails_as_often_as_it_may_is_failed_and_tells(story: Story) -> None:
    assert story.runs[0].code == 3
    assert "start URL failed: " + story.crawl.running.urls[1] in story.runs[0].log
    assert story.crawl.running.urls[1] in story.facts["settled"]
    assert story.facts["rows"] > 0

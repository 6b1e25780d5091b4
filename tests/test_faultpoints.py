"""The steps at which a test can end the process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import newscrawl
from newscrawl import faultpoints
from newscrawl.archive.appending import AppendFile
from newscrawl.archive.cdxj import write_cdxj

SOURCE = Path(newscrawl.__file__).parent
REACH = re.compile(r'\breach\("([a-z._]+)"\)')


def process(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", f"from newscrawl.faultpoints import reach\n{code}"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_steps_of_a_crawl_are_those_that_the_source_has() -> None:
    texts = [path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py") if path.name != "faultpoints.py"]
    found = {step for text in texts for step in REACH.findall(text)}
    assert {step for step in found if not step.startswith("remove.")} == set(faultpoints.STEPS)


def test_a_step_does_nothing_unless_the_environment_names_it() -> None:
    ended = process("reach('commit.done'); print('alive')", FAULTPOINT="commit.begin")
    assert (ended.returncode, ended.stdout) == (0, "alive\n")


def test_a_process_is_killed_the_nth_time_it_comes_by() -> None:
    ended = process("for n in range(5): print(n, flush=True); reach('commit.done')", FAULTPOINT="commit.done:3")
    assert (ended.returncode, ended.stdout) == (-signal.SIGKILL, "0\n1\n2\n")


def test_an_error_is_raised_from_the_nth_time_on() -> None:
    code = """
for n in range(4):
    try:
        reach("append.row")
    except OSError as error:
        print(n, error)
"""
    ended = process(code, FAULTPOINT="append.row:3:ENOSPC")
    assert ended.stdout == "2 [Errno 28] No space left on device\n3 [Errno 28] No space left on device\n"


def test_what_is_synced_is_written_down_under_its_final_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = tmp_path / "journal"
    monkeypatch.setattr(faultpoints, "_JOURNAL", str(journal))
    file = AppendFile(tmp_path, "warc/a.warc.gz")
    file.append(b"12345")
    file.sync()
    file.append(b"67")
    assert journal.read_text() == f"5\t{tmp_path}/warc/a.warc.gz\n"
    file.finish()
    write_cdxj(tmp_path / "warc/a.warc.gz", ["b", "a"])
    assert journal.read_text().splitlines()[1:] == [
        f"7\t{tmp_path}/warc/a.warc.gz",
        f"4\t{tmp_path}/warc/a.cdxj",
    ]

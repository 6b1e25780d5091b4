"""The README and the pages of docs/: their commands run as they are shown, their links lead somewhere.

A fence says by its first line what it is::

    ```console              every line that begins with "$ " is run; lines below it are what it prints
    ```console exit=2       the same, and each command ends with this exit code
    ```console live         needs the network or make: not run, but what it names must exist
    ```html page.html       a file of this name stands there from here on (any language, a name with a dot)
    ```python               must be Python

A page's commands run in one new folder that holds a copy of seeds/, in the order of the page. In what a command
prints, a line ``…`` stands for any lines and ``…`` inside a line for any characters; empty lines, the width of blanks
and the log do not count.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import get_args

import pytest
import scrapy.commands
from scrapy.settings import default_settings

from newscrawl import commands, settings
from newscrawl.items import FIELDS, RemovedKind
from newscrawl.ledger import RunState
from newscrawl.sites import Layout, SiteProfile
from newscrawl.spiders.news import ARGUMENTS

ROOT = Path(__file__).parents[1]
PAGES = [
    path for path in (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))) if path.exists()
]
NAMES = [str(path.relative_to(ROOT)) for path in PAGES]

_FENCE = re.compile(r"^(?P<marks>`{3,})(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=marks)[ ]*$", re.M | re.S)
_LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_LOG = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[|\{?'| '")
_NETWORK = {"make", "pip", "git", "curl", "wget", "systemctl", "crontab"}


@dataclass(frozen=True)
class Fence:
    """A fenced block of a page."""

    where: str
    language: str
    words: tuple[str, ...]
    body: str

    @property
    def file(self) -> str | None:
        """The file that the block shows, when it names one."""
        return self.words[0] if self.language != "console" and self.words and "." in self.words[0] else None

    @property
    def code(self) -> int:
        """The exit code of each command."""
        return next((int(word.removeprefix("exit=")) for word in self.words if word.startswith("exit=")), 0)

    @property
    def commands(self) -> list[tuple[str, list[str]]]:
        """Each command with the lines that stand below it; a backslash continues a command on the next line."""
        found: list[tuple[str, list[str]]] = []
        for line in self.body.replace("\\\n", " ").splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif found:
                found[-1][1].append(line.rstrip())
        return found


def fences(path: Path) -> list[Fence]:
    text = path.read_text(encoding="utf-8")
    found = []
    for match in _FENCE.finditer(text):
        language, *words = match["info"].split() or [""]
        where = f"{path.name}:{text.count(chr(10), 0, match.start()) + 1}"
        found.append(Fence(where, language, tuple(words), match["body"]))
    return found


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def test_a_fence_is_marked_as_one_of_those_above(path: Path) -> None:
    for fence in fences(path):
        assert fence.language, f"{fence.where}: a fence without a language"
        if fence.language == "console":
            assert fence.commands, f"{fence.where}: no command"
            for word in fence.words:
                assert word == "live" or re.fullmatch(r"exit=\d+", word), f"{fence.where}: {word}"
        elif fence.language == "python":
            ast.parse(fence.body, fence.where)


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def test_the_commands_of_a_page_run_as_shown(path: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "seeds", tmp_path / "seeds")
    for fence in fences(path):
        if fence.file is not None:
            target = tmp_path / fence.file
            assert target.resolve().is_relative_to(tmp_path.resolve()), f"{fence.where}: {fence.file}"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(fence.body, encoding="utf-8")
        elif fence.language == "console" and "live" not in fence.words:
            for command, shown in fence.commands:
                check_command(command, shown, fence, tmp_path)


def check_command(command: str, shown: list[str], fence: Fence, folder: Path) -> None:
    where = f"{fence.where}: {command}"
    assert not needs_network(command, fence.code), f"{where}: a fence with this command must be marked live"
    tools = Path(sys.executable).parent
    process = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env={
            **os.environ,
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "SCRAPY_SETTINGS_MODULE": "newscrawl.settings",
            "PYTHONUTF8": "1",
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    printed = process.stdout + "\n" + process.stderr
    assert process.returncode == fence.code, f"{where}: exit code {process.returncode}\n{printed[-2000:]}"
    lines = [line.rstrip() for line in process.stdout.splitlines()]
    lines += [line.rstrip() for line in process.stderr.splitlines() if not _LOG.match(line)]
    missing = first_missing([line for line in shown if line], [line for line in lines if line])
    assert missing is None, f"{where}: does not print {missing!r}\n{printed}"


def first_missing(shown: list[str], lines: list[str]) -> str | None:
    """Return the first of the *shown* lines that the next of *lines* is not; None when all are there."""
    rest, anywhere = iter(lines), False
    for wanted in shown:
        if wanted == "…":
            anywhere = True
            continue
        # How far columns stand apart depends on the longest value of a table.
        pattern = re.compile(" *.*".join(re.escape(" ".join(part.split())) for part in wanted.split("…")))
        for line in rest:
            if pattern.fullmatch(" ".join(line.split())):
                break
            if not anywhere:
                return wanted
        else:
            return wanted
        anywhere = False
    return None


def test_what_is_shown_is_compared_line_by_line() -> None:
    assert first_missing(["a", "…", "d e"], ["a", "b", "c", "d e", "f"]) is None
    assert first_missing(["a", "c"], ["a", "b", "c"]) == "c"
    assert first_missing(["rows  …l", "a –  …"], ["rows x.jsonl", "a  –"]) is None
    assert first_missing(["a", "b"], ["a"]) == "b"


def words_of(command: str) -> Iterator[list[str]]:
    """The words of each simple command of a line, without variables set for it and redirections."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    for word in [*lexer, ";"]:
        if not set(word) <= set(";&|"):
            words.append(word)
            continue
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            del words[0]
        if words:
            yield words
        words = []


def needs_network(command: str, code: int) -> bool:
    for words in words_of(command):
        if words[0] in _NETWORK:
            return True
        if words[0] == "scrapy" and words[1:2] in (["fetch"], ["view"], ["shell"], ["parse"]):
            return True
        if words[:2] == ["scrapy", "crawl"] and not code and "NEWSCRAWL_REPLAY=" not in command:
            return "help=1" not in command
    return False


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def test_what_a_command_names_exists(path: Path) -> None:
    known = {
        module.stem
        for package in (scrapy.commands, commands)
        for folder in package.__path__
        for module in Path(folder).glob("*.py")
    }
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z][a-z-]*):", makefile, re.M)
    for fence in fences(path):
        for command, _ in fence.commands if fence.language == "console" else ():
            for words in words_of(command):
                where = f"{fence.where}: {' '.join(words)}"
                if words[0] == "make":
                    for word in words[1:]:
                        name, given, _ = word.partition("=")
                        assert f"$({name})" in makefile if given else name in targets, where
                elif words[0].rpartition("/")[2] == "scrapy" and len(words) > 1:
                    assert words[1] in known or words[1].startswith("-"), where
                    if not fence.code:
                        check_options(words, where)


def check_options(words: list[str], where: str) -> None:
    for option, value in pairwise(words):
        name = value.partition("=")[0]
        if option == "-a" and words[1:3] == ["crawl", "news"]:
            assert name in ARGUMENTS, f"{where}: no argument {name}"
        if option in ("-s", "--set"):
            module = settings if name.startswith("NEWSCRAWL_") else default_settings
            assert hasattr(module, name), f"{where}: no setting {name}"


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def test_a_link_leads_to_a_file_and_a_heading(path: Path) -> None:
    prose = _FENCE.sub("", path.read_text(encoding="utf-8"))
    for match in _LINK.finditer(prose):
        target = match["target"]
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        assert file.exists(), f"{path.name}: {target}"
        if anchor:
            assert anchor in anchors(file), f"{path.name}: {target}"


def anchors(path: Path) -> set[str]:
    """The names that headings of *path* are linked by, as GitHub makes them."""
    prose = _FENCE.sub("", path.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ +(.+?) *$", prose, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_readme_is_there_and_the_index_lists_every_page() -> None:
    assert "README.md" in NAMES
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    linked = {match["target"] for match in _LINK.finditer(index)}
    for path in (ROOT / "docs").iterdir():
        assert path.name == "README.md" or path.name in linked, f"docs/README.md does not list {path.name}"


ROWS = {
    "output.md": [*FIELDS, *get_args(RemovedKind), *RunState().as_report()],
    "sites.md": [
        *(field.name for field in fields(Layout) if field.name != "noise"),
        *(field.name for field in fields(SiteProfile) if field.name in ("hosts", "zone", "compare")),
        *get_args(RemovedKind),
    ],
    "cli.md": list(ARGUMENTS),
}
"""What a page has a row of a table for."""


@pytest.mark.parametrize("page", ROWS)
def test_a_page_has_a_row_for_each_name(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `(\w+)` \|", text, re.M))
    assert set(ROWS[page]) - rows == set()

"""Every setting of ours has a default, a check and a row in the docs, and somebody reads it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from newscrawl import settings
from newscrawl.addons import CHECKS

ROOT = Path(__file__).parents[1]
OURS = sorted(name for name in vars(settings) if name.startswith("NEWSCRAWL_"))
SOURCE = {
    path: path.read_text(encoding="utf-8")
    for path in (ROOT / "newscrawl").rglob("*.py")
    if path.relative_to(ROOT / "newscrawl").as_posix() not in ("settings.py", "addons/checks.py")
}


def test_there_are_settings_of_ours() -> None:
    assert len(OURS) >= 10


@pytest.mark.parametrize("name", OURS)
def test_a_setting_has_a_check_and_a_row_in_the_docs(name: str) -> None:
    assert name in CHECKS
    rows = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert re.search(rf"^\| `{name}` \|", rows, re.M), f"docs/settings.md has no row for {name}"


@pytest.mark.parametrize("name", OURS)
def test_a_setting_has_a_comment_right_above_it(name: str) -> None:
    lines = (ROOT / "newscrawl" / "settings.py").read_text(encoding="utf-8").splitlines()
    number = next(i for i, line in enumerate(lines) if re.match(rf"{name}\b", line))
    assert lines[number - 1].startswith("# ")


@pytest.mark.parametrize("name", OURS)
def test_a_setting_is_read_somewhere(name: str) -> None:
    assert any(name in text for text in SOURCE.values())


def test_every_setting_that_the_source_names_exists() -> None:
    for path, text in SOURCE.items():
        for name in re.findall(r"NEWSCRAWL_[A-Z_]+[A-Z]", text):
            assert name in OURS, f"{path.name} names {name}"


def test_the_docs_name_no_setting_that_does_not_exist() -> None:
    for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for name in re.findall(r"NEWSCRAWL_[A-Z_]+[A-Z]", path.read_text(encoding="utf-8")):
            assert name in OURS, f"{path.name} names {name}"

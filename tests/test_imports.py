"""Who may import whom: the table of the house, read from the source."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "newscrawl"
VALUES = {
    "items",
    "urls",
    "text",
    "dates",
    "fingerprint",
    "addresses",
    "charsets",
    "exceptions",
    "faultpoints",
    "guest",
    "robots",
}
READING = {"sites", "extract", "discover"}
KEEPING = {"archive", "store"}
COMPONENTS = {
    "spiders",
    "scheduler",
    "downloadhandlers",
    "resolver",
    "downloadermiddlewares",
    "spidermiddlewares",
    "pipelines",
    "exporters",
    "logformatter",
    "extensions",
    "addons",
    "commands",
}
ALLOWED: dict[str, set[str]] = {
    **dict.fromkeys(VALUES, VALUES),
    "sites": VALUES,
    "extract": VALUES | {"sites"},
    "discover": VALUES | {"sites"},
    "archive": VALUES,
    "store": VALUES,
    "ledger": VALUES | KEEPING,
    "settings": set(),
    # The add-on checks that each setting of ours has its default, so it reads the defaults.
    "addons": VALUES | READING | KEEPING | {"ledger", "settings"},
    **{name: VALUES | READING | KEEPING | {"ledger"} for name in COMPONENTS - {"addons"}},
}
MODULES = sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")


def part_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Full names of all modules that *path* imports, at the top or inside a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_its_part_may(path: Path) -> None:
    part = part_of(path)
    assert part in ALLOWED, f"{part} is no room of the house; give it a row in this table and in docs/architecture.md"
    for name in imported(path):
        if name.startswith("newscrawl.") and name != "newscrawl.__version__":
            other = name.split(".")[1]
            assert other == part or other in ALLOWED[part], f"{part} may not import {other}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_scrapy_components_know_scrapy(path: Path) -> None:
    known = {name.split(".")[0] for name in imported(path)}
    if part_of(path) not in COMPONENTS:
        assert not known & {"scrapy", "twisted"}


def is_overload(node: ast.ClassDef | ast.FunctionDef) -> bool:
    """Whether it is a signature only; the function below it says what it does."""
    return any(isinstance(name, ast.Name) and name.id == "overload" for name in node.decorator_list)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_class_and_public_function_says_what_it_is(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), f"{path}: no docstring"
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not (node.name.startswith("_") or is_overload(node)):
            assert ast.get_docstring(node), f"{path.name}: {node.name} has no docstring"


def test_every_module_can_be_imported_and_leaves_nothing_behind() -> None:
    for path in MODULES:
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        importlib.import_module(".".join(part for part in parts if part != "__init__"))

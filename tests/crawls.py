"""Whole crawls in processes of their own, as a user runs them, for tests to look at."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newscrawl.items import json_schema

ROOT = Path(__file__).parents[1]
SEEDS = ROOT / "seeds" / "manifest.jsonl"


@dataclass(frozen=True)
class Finished:
    """A command that has ended."""

    code: int
    out: str
    log: str
    output: Path

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Every row under the output folder, each held against the published schema."""
        lines = [
            line
            for path in sorted((self.output / "articles").glob("*.jsonl"))
            for line in path.read_bytes().split(b"\n")
            if line
        ]
        rows = [json.loads(line) for line in lines]
        check_rows(rows)
        return rows

    @property
    def report(self) -> dict[str, Any]:
        """The run's report."""
        (path,) = (self.output / "runs").glob("*/report.json")
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found


def check_rows(rows: list[dict[str, Any]]) -> None:
    """Hold *rows* against the published schema, and their keys against its order."""
    import jsonschema

    schema = json_schema()
    validator = jsonschema.Draft202012Validator(schema)
    for row in rows:
        faults = [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(row)]
        assert faults == []
        assert list(row) == list(schema["properties"])


def scrapy(*arguments: str, cwd: Path = ROOT, output: Path = ROOT, **environment: str) -> Finished:
    """Run ``scrapy`` with *arguments* in *cwd*; *environment* is added to this process's own."""
    process = subprocess.run(
        [sys.executable, "-W", "error", "-m", "scrapy", *arguments],
        cwd=cwd,
        env={**os.environ, "SCRAPY_SETTINGS_MODULE": "newscrawl.settings", "PYTHONUTF8": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return Finished(process.returncode, process.stdout, process.stderr, output)


def crawl(output: Path, *arguments: str, cwd: Path = ROOT, **environment: str) -> Finished:
    """Run ``scrapy crawl news`` into *output*."""
    command = ["crawl", "news", "-s", f"NEWSCRAWL_OUTPUT_DIR={output}", *arguments]
    return scrapy(*command, cwd=cwd, output=output, **environment)


def replay_seeds(output: Path, *arguments: str, cwd: Path = ROOT, **environment: str) -> Finished:
    """Replay the two seeds into *output*."""
    return crawl(output, "-s", f"NEWSCRAWL_REPLAY={SEEDS}", *arguments, cwd=cwd, **environment)

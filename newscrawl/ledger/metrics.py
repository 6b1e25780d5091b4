"""The counts of a run in Prometheus' text format, for the textfile collector of node_exporter.

Source: "Exposition formats", version 0.0.4. A file is replaced as a whole, so that nobody reads half of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from newscrawl.ledger.counts import OTHERS
from newscrawl.ledger.state import RunState
from newscrawl.store.runs import Run

MAX_LABELS = 100
"""Values of one label that are told apart; what is left is counted under ``(others)``."""
_MAX_VALUE = 100
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True)
class LastRun:
    """How the last run that ended did; times are seconds since 1970."""

    ended_at: float
    duration_s: float
    code: int

    @classmethod
    def of(cls, run: Run) -> Self | None:
        """Return what is told of *run*, None for one that has not ended."""
        if run.ended_at is None or run.exit_code is None:
            return None
        return cls(ended_at=run.ended_at, duration_s=max(run.ended_at - run.started_at, 0.0), code=run.exit_code)


def metrics_text(
    state: RunState,
    *,
    crawl: str,
    spider: str,
    started_at: float,
    now: float,
    queued: int,
    ended: bool,
    code: int | None,
    last: LastRun | None,
) -> str:
    """Return the metrics of a run, at the time *now* or as it *ended* with the exit code *code*.

    *crawl* tells the files of one machine apart: each series has it as a label. *last*: the run before this one.
    """
    if ended and code is not None:
        last = LastRun(ended_at=now, duration_s=max(now - started_at, 0.0), code=code)
    page = _Page({"crawl": crawl, "spider": spider})
    page.add("run_active", "Whether a run is at work: 1 or 0.", [({}, 0 if ended else 1)])
    page.add("run_start_timestamp_seconds", "When the run was started, for the last time if it was gone on with.",
             [({}, started_at)])  # fmt: skip
    if last is not None:
        page.add("last_run_exit_code", "Exit code of the last run that ended.", [({}, last.code)])
        page.add("last_run_end_timestamp_seconds", "When it ended.", [({}, last.ended_at)])
        page.add("last_run_duration_seconds", "How long it took.", [({}, last.duration_s)])
    page.add("run_duration_seconds", "How long the run has taken so far.", [({}, max(now - started_at, 0.0))])
    page.add("run_queued_urls", "URLs that wait to be asked.", [({}, queued)])
    _add_counts(page, state)
    return page.text()


def _add_counts(page: _Page, state: RunState) -> None:
    network = state.network()
    page.add("run_articles", "Rows written.", [({}, state.articles)])
    page.add("run_errors", "Exceptions in a callback or a pipeline.", [({}, state.errors)])
    page.add("run_failed_starts", "Start URLs that failed.", [({}, len(state.failed_starts))])
    page.add("run_health_faults", "Health checks that failed; known at the end of a run.", [({}, len(state.faults))])
    page.add("run_requests", "Requests that were sent, each attempt counted.", [({}, network["requests"])])
    page.add("run_retries", "Requests that asked again after a failure.", [({}, network["retries"])])
    page.add("run_received_bytes", "Bytes of answers.", [({}, network["received"])])
    page.add("run_wait_seconds", "Time spent waiting for answers, of all requests together.",
             [({}, network["waited_s"])])  # fmt: skip
    for name, text, label, counts in (
        ("run_pages", "Pages read.", "kind", state.pages),
        ("run_versions", "What became of articles.", "outcome", {**_NO_VERSIONS, **state.versions}),
        ("run_duplicates", "Rows or items that repeat another.", "kind", state.duplicates),
        ("run_dropped", "Items not written.", "reason", state.dropped),
        ("run_failed", "Requests without an answer that could be read.", "reason", state.failed),
        ("run_failed_requests", "Attempts that failed.", "reason", network["failed"]),
        ("run_answers", "Answers by status code.", "status", network["statuses"]),
        ("run_skipped", "URLs that were not asked.", "reason", state.skipped),
        ("run_feeds", "Feeds by what they gave.", "outcome", state.feed_outcomes()),
        ("run_site_articles", "Rows written, by site.", "site", {n: s.articles for n, s in state.sites.items()}),
    ):
        page.add(name, text, [({label: value}, count) for value, count in _bounded(counts).items()])


_NO_VERSIONS = dict.fromkeys(("new", "changed", "unchanged", "gone"), 0)


def _bounded(counts: Mapping[str, int]) -> dict[str, int]:
    """Return *counts* with names that fit a label, the smallest together when there are too many."""
    found: dict[str, int] = {}
    for name, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        shown = _CONTROLS.sub("", name)[:_MAX_VALUE]
        key = shown if shown in found or len(found) < MAX_LABELS else OTHERS
        found[key] = found.get(key, 0) + count
    return dict(sorted(found.items()))


class _Page:
    """A file of metrics that is being put together."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        """*labels* are those of each series."""
        self.labels = labels
        self.lines: list[str] = []

    def add(self, name: str, text: str, samples: Iterable[tuple[Mapping[str, str], float]]) -> None:
        """Add a gauge with its *samples*; without any there is none."""
        lines = []
        for labels, value in samples:
            pairs = ",".join(f'{key}="{_escaped(text)}"' for key, text in {**self.labels, **labels}.items())
            lines.append(f"newscrawl_{name}{{{pairs}}} {value!r}")
        if lines:
            self.lines += [f"# HELP newscrawl_{name} {text}", f"# TYPE newscrawl_{name} gauge", *lines]

    def text(self) -> str:
        """Return the file."""
        return "\n".join(self.lines) + "\n"


def _escaped(value: str) -> str:
    r"""Return *value* as it stands between the quotes of a label.

    >>> print(_escaped('a"b\\c'))
    a\"b\\c
    """
    shown = _CONTROLS.sub("", value)
    return shown.replace("\\", r"\\").replace('"', r"\"")


def write_metrics(path: Path, text: str) -> None:
    """Put *text* in the place of the file at *path*, whole. Raises :exc:`OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # The collector takes every name that ends in .prom; a file that is being written has another.
    temporary = path.with_name(f"{path.name}.tmp")
    temporary.write_text(text, encoding="utf-8")
    # Another user reads it, whatever this one's umask is.
    temporary.chmod(0o644)
    temporary.replace(path)

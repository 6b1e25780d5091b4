"""What ``report.json`` says of a run, beside the runs before it; ``report.html`` shows the same."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from newscrawl.ledger.counts import SiteCounts
from newscrawl.ledger.history import PastRun
from newscrawl.ledger.reporthtml import report_html
from newscrawl.ledger.state import CONTENT, RunState

JSON = "report.json"
HTML = "report.html"

_MAX_COMPARED = 500


def report_of(
    identity: Mapping[str, Any], state: RunState, past: Sequence[PastRun], *, code: int | None, reasons: Sequence[str]
) -> dict[str, Any]:
    """Return the report: *identity* first, then how the run ended, its counts, and those of the runs before it.

    *code*: the exit code, None while the run goes on. *past*: the newest first.
    """
    most = sorted(state.sites, key=lambda name: (-state.sites[name].articles, name))[:_MAX_COMPARED]
    return {
        **identity,
        "exit_code": code,
        "reasons": list(reasons),
        **state.as_report(),
        "earlier": [_earlier(run, most) for run in past],
    }


def write_report(folder: Path, report: Mapping[str, Any]) -> None:
    """Write *report* below *folder* in both forms, each whole or not at all. Raises :exc:`OSError`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in ((JSON, json.dumps(report, ensure_ascii=False, indent=2) + "\n"), (HTML, report_html(report))):
        temporary = folder / f"{name}.tmp"
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")
        temporary.replace(folder / name)


def listed_before(folder: Path) -> dict[str, dict[str, None]]:
    """Return the URLs that the report of an interrupted run lists as skipped, by reason; without a report none."""
    try:
        listed = json.loads((folder / JSON).read_bytes())["skipped_urls"]
        return {str(reason): dict.fromkeys(map(str, urls)) for reason, urls in listed.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _earlier(run: PastRun, names: Sequence[str]) -> dict[str, Any]:
    counts = run.counts
    return {
        "run_id": run.id,
        "started_at": _utc(run.started_at),
        "ended_at": _utc(run.ended_at),
        "finish_reason": run.reason,
        "exit_code": run.exit_code,
        "pages": counts.get("pages", {}),
        "articles": counts.get("articles", 0),
        "versions": counts.get("versions", {}),
        "duplicates": counts.get("duplicates", {}),
        "dropped": counts.get("dropped", {}),
        "skipped": counts.get("skipped", {}),
        "failed": counts.get("failed", {}),
        "sites": {name: _site(run.sites[name]) for name in names if name in run.sites},
    }


def _site(site: SiteCounts) -> dict[str, Any]:
    return {
        "articles": site.articles,
        "versions": dict(sorted(site.versions.items())),
        "failed": site.dropped.total(),
        "skipped": site.skipped.total(),
        "duplicates": site.duplicates.total(),
        "fields": {name: site.fields[name] for name in CONTENT if site.fields[name]},
        "feeds": {url: feed.new for url, feed in sorted(site.feeds.items())},
    }


def _utc(moment: float | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")

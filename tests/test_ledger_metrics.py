"""The file of metrics, read with a parser of its own.

The parser is written from "Exposition formats", text format 0.0.4: lines end in a line feed; HELP and TYPE stand once,
before the first sample of their metric; the samples of a metric stand together, and no two have the same labels.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import NEXT_STAMP, STARTED_AT, ended, keep, opened, wire
from test_ledger_counts import COUNTS, SITES, TEXTS

from newscrawl.archive.replay import ReplaySet
from newscrawl.ledger import RunState
from newscrawl.ledger import metrics as metrics_module
from newscrawl.ledger.metrics import MAX_LABELS, LastRun, metrics_text, write_metrics

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|[+-]?Inf|NaN")


@dataclass
class Family:
    """One metric."""

    help: str
    type: str = ""
    samples: dict[frozenset[tuple[str, str]], float] = field(default_factory=dict)


def parsed(text: str) -> dict[str, Family]:
    """Return the metrics of *text*, an error for whatever the format does not allow."""
    assert text.endswith("\n")
    found: dict[str, Family] = {}
    last = None
    for line in text.split("\n")[:-1]:
        if match := re.fullmatch(r"# HELP (\S+) (.*)", line):
            assert NAME.fullmatch(match[1])
            assert match[1] not in found
            assert not re.search(r"\\(?![\\n])", match[2])
            found[match[1]] = Family(match[2])
            last = match[1]
        elif match := re.fullmatch(r"# TYPE (\S+) (counter|gauge|histogram|summary|untyped)", line):
            assert match[1] == last
            assert not found[match[1]].type
            assert not found[match[1]].samples
            found[match[1]].type = match[2]
        else:
            name, labels, value = sample(line)
            assert name == last, line
            assert found[name].type
            assert labels not in found[name].samples
            found[name].samples[labels] = value
    return found


def sample(line: str) -> tuple[str, frozenset[tuple[str, str]], float]:
    match = NAME.match(line)
    assert match is not None, line
    name, place = match[0], match.end()
    labels: dict[str, str] = {}
    if line[place] == "{":
        place += 1
        while line[place] != "}":
            label = LABEL.match(line, place)
            assert label is not None, line
            assert line[label.end() : label.end() + 2] == '="', line
            value, place = quoted(line, label.end() + 2)
            assert label[0] not in labels
            labels[label[0]] = value
            if line[place] == ",":
                place += 1
            else:
                assert line[place] == "}", line
        place += 1
    assert line[place] == " "
    assert NUMBER.fullmatch(line[place + 1 :]), line
    return name, frozenset(labels.items()), float(line[place + 1 :])


def quoted(line: str, place: int) -> tuple[str, int]:
    """Return the label's value that begins at *place*, and where what follows it begins."""
    value = ""
    while line[place] != '"':
        if line[place] == "\\":
            place += 1
            value += {"\\": "\\", '"': '"', "n": "\n"}[line[place]]
        else:
            value += line[place]
        place += 1
    return value, place + 1


def text_of(state: RunState, **values: Any) -> str:
    given: dict[str, Any] = {
        "crawl": "daily",
        "spider": "news",
        "started_at": 1_000.0,
        "now": 1_060.5,
        "queued": 7,
        "ended": True,
        "code": 3,
        "last": None,
    }
    return metrics_text(state, **{**given, **values})


def values(text: str, name: str, label: str = "") -> dict[str, float]:
    """The samples of a metric by one label; every series is named for its crawl and its spider."""
    found = {}
    for labels, value in parsed(text)[f"newscrawl_{name}"].samples.items():
        pairs = dict(labels)
        assert (pairs.pop("crawl"), pairs.pop("spider")) == ("daily", "news")
        assert set(pairs) == ({label} if label else set())
        found[pairs.get(label, "")] = value
    return found


def test_the_parser_refuses_what_the_format_does_not_allow() -> None:
    good = '# HELP a b\n# TYPE a gauge\na{x="\\\\\\"\\n"} 1\n'
    assert parsed(good)["a"].samples == {frozenset({("x", '\\"\n')}): 1.0}
    for bad in (
        good[:-1],
        good * 2,
        good + "a 1 2 3\n",
        good + 'a{x="\\\\\\"\\n"} 2\n',
        good + "b 1\n",
        good + "a 1,5\n",
    ):
        with pytest.raises((AssertionError, KeyError)):
            parsed(bad)


def test_the_metrics_say_what_happened() -> None:
    state = RunState(articles=5, errors=1, versions=Counter(new=4, changed=1), failed=Counter(http_404=2))
    state.pages.update(article=6, listing=2)
    state.faults = ["one"]
    state.failed_starts = [("https://a.example/", "dns")]
    state.feed("https://a.example/rss", kind="rss").outcome = "failed"
    state.feed("https://b.example/rss", kind="rss").outcome = "new"
    state.site("a.example").articles = 5
    state.skip("https://a.example/1", "robots")
    state.count_wire(wire("https://a.example/2", elapsed_ms=1_500), "page")
    state.count_wire(wire("https://a.example/3", status=503, elapsed_ms=500), "page")
    text = text_of(state)
    for name, value in {
        "run_active": 0, "run_start_timestamp_seconds": 1_000, "run_duration_seconds": 60.5, "run_queued_urls": 7,
        "last_run_exit_code": 3, "last_run_end_timestamp_seconds": 1_060.5, "last_run_duration_seconds": 60.5,
        "run_articles": 5, "run_errors": 1, "run_failed_starts": 1, "run_health_faults": 1, "run_requests": 2,
        "run_retries": 0, "run_wait_seconds": 2,
    }.items():  # fmt: skip
        assert values(text, name) == {"": value}, name
    assert values(text, "run_pages", "kind") == {"article": 6, "listing": 2}
    assert values(text, "run_versions", "outcome") == {"new": 4, "changed": 1, "unchanged": 0, "gone": 0}
    assert values(text, "run_failed", "reason") == {"http_404": 2}
    assert values(text, "run_failed_requests", "reason") == {"http_503": 1}
    assert values(text, "run_answers", "status") == {"200": 1, "503": 1}
    assert values(text, "run_skipped", "reason") == {"robots": 1}
    assert values(text, "run_feeds", "outcome") == {"failed": 1, "new": 1}
    assert values(text, "run_site_articles", "site") == {"a.example": 5, "b.example": 0}


def test_while_a_run_is_at_work_the_metrics_tell_how_the_last_one_ended() -> None:
    text = text_of(RunState(), ended=False, code=None, last=LastRun(ended_at=900.0, duration_s=30.0, code=4))
    assert values(text, "run_active") == {"": 1}
    assert values(text, "last_run_exit_code") == {"": 4}
    assert values(text, "last_run_end_timestamp_seconds") == {"": 900}
    assert values(text, "last_run_duration_seconds") == {"": 30}
    first = parsed(text_of(RunState(), ended=False, code=None))
    assert "newscrawl_last_run_exit_code" not in first
    assert "newscrawl_run_failed" not in first


def test_labels_are_bounded_and_nothing_is_left_uncounted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_module, "_MAX_VALUE", 3)
    state = RunState(failed=Counter({f"{number:05}": number for number in range(500)}))
    found = values(text_of(state), "run_failed", "reason")
    assert found == {"000": sum(range(100)), **{f"00{n}": 100 * 100 * n + sum(range(100)) for n in range(1, 5)}}
    for number in range(MAX_LABELS + 50):
        state.site(f"s{number}").articles = 1
    monkeypatch.undo()
    sites = values(text_of(state), "run_site_articles", "site")
    assert len(sites) == MAX_LABELS + 1
    assert sites["(others)"] == 50


@given(COUNTS, st.dictionaries(TEXTS, SITES, max_size=3), TEXTS)
def test_any_counts_give_a_file_that_can_be_read(counts: dict[str, int], sites: dict[str, Any], crawl: str) -> None:
    state = RunState(failed=Counter(counts), skipped=Counter(counts), sites=sites)
    text = text_of(state, crawl=crawl)
    text.encode()
    families = parsed(text)
    assert sum(families["newscrawl_run_skipped"].samples.values() if counts else [0]) == sum(counts.values())


# The file -----------------------------------------------------------------------------------------------


def test_a_file_is_replaced_as_a_whole_and_can_be_read_by_others(tmp_path: Path) -> None:
    path = tmp_path / "made" / "daily.prom"
    mask = os.umask(0o077)
    try:
        write_metrics(path, "a 1\n")
        write_metrics(path, "a 2\n")
    finally:
        os.umask(mask)
    assert path.read_text() == "a 2\n"
    assert [p.name for p in path.parent.iterdir()] == ["daily.prom"]
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_run_writes_its_metrics_while_it_is_at_work_and_at_its_end(tmp_path: Path) -> None:
    path = tmp_path / "metrics" / "daily.prom"
    first = opened(tmp_path / "out", metrics_file=path)
    first.started_at = STARTED_AT
    keep(first, 1)
    first.write_metrics()
    assert values(path.read_text(), "run_active") == {"": 1}
    ended(first)
    text = path.read_text()
    assert values(text, "last_run_exit_code") == values(text, "run_active") == {"": 0}
    assert values(text, "run_articles") == {"": 1}
    end = datetime(2023, 3, 22, 8, 20, tzinfo=UTC).timestamp()
    assert values(text, "last_run_end_timestamp_seconds") == {"": end}
    again = opened(tmp_path / "out", stamp=NEXT_STAMP, metrics_file=path)
    again.write_metrics()
    assert values(path.read_text(), "last_run_end_timestamp_seconds") == {"": end}
    ended(again, "shutdown")
    assert values(path.read_text(), "last_run_exit_code") == {"": 4}


def test_a_replay_writes_no_metrics(tmp_path: Path) -> None:
    path = tmp_path / "daily.prom"
    ended(opened(tmp_path / "out", replay=ReplaySet([]), metrics_file=path))
    assert not path.exists()


def test_metrics_that_cannot_be_written_end_no_run(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "full").write_bytes(b"in the way")
    ledger = opened(tmp_path / "out", metrics_file=tmp_path / "full" / "daily.prom")
    keep(ledger, 1)
    ledger.write_metrics()
    ended(ledger)
    assert ledger.exit_code == 0
    assert "no metrics could be written" in caplog.text

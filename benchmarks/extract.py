"""``python -m benchmarks.extract --data DIR``: how well the reader reads labelled pages, beside other extractors.

DIR is a folder of labelled pages (``benchmarks/labels.py`` tells the form); the pages are not part of the project. The
reader is ``newscrawl.extract.extract_article(body, url)``, told nothing else. Every peer that is installed is measured
in the same run and in a process of its own; the extractors take turns, page by page, so that what slows the machine
down slows all of them. Speed is CPU time, and only its ratio beside trafilatura's means anything on another machine.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from rich.console import Console
from rich.table import Table

from benchmarks.labels import CJK, Label, LabelError, labels_of
from benchmarks.peers import EXTRACTORS, GIVES, OWN, Answer
from benchmarks.scoring import days, f1, headline_score, names_f1, percentile, segment_hits, share
from newscrawl.extract.decode import decoded

ROOT = Path(__file__).parents[1]
BASELINE = "trafilatura"
"""Speed is shown beside this one's."""


@dataclass(frozen=True, kw_only=True)
class Score:
    """What one extractor made of one page; None where the page is not labelled for it."""

    page: Label
    body: float | None
    empty: bool
    segments: tuple[int, int, int] | None
    """Wanted segments that are there, unwanted ones, wanted ones in all."""
    headline: bool | None
    headline_soft: bool | None
    date: bool | None
    authors: float | None
    error: str | None
    cpu_s: float


@dataclass(kw_only=True)
class Extractor:
    """An extractor at work in its own process."""

    name: str
    process: subprocess.Popen[bytes]
    version: str = ""
    rss_mib: float = 0.0
    scores: list[Score] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """Return what the process says next. Raises :exc:`EOFError` when it has ended."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise EOFError(f"ended with {self.process.wait()}")
        return dict(json.loads(line))

    def read(self, page: Label, body: bytes) -> None:
        """Have a page read, and score the answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"url": page.url, "bytes": len(body)}).encode() + b"\n" + body)
        self.process.stdin.flush()
        told = self.told()
        self.rss_mib = told["rss_mib"]
        self.scores.append(scored(page, told["found"], told["error"], told["cpu_s"]))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        pages = _picked(labels_of(options.data), options)
        extractors = measured(pages, _wanted(options.peer))
    except LabelError as error:
        parser.error(str(error))
    figures = {extractor.name: summary(extractor) for extractor in extractors}
    console = Console(highlight=False, width=max(118, Console().width))
    show(console, figures)
    if options.worst:
        show_worst(console, extractors, options.worst)
    if options.json:
        rows = {extractor.name: [_row(score) for score in extractor.scores] for extractor in extractors}
        options.json.write_text(json.dumps({"figures": figures, "pages": rows}, ensure_ascii=False, indent=1) + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.extract", description=(__doc__ or "").partition("\n\n")[2]
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with data/pages.jsonl")
    parser.add_argument(
        "--peer",
        action="append",
        metavar="NAME[=PYTHON]",
        help="measure this peer beside us, with another environment's interpreter if one is named; may be repeated. "
        f"Without it: every peer that is installed here. There are: {', '.join(n for n in EXTRACTORS if n != OWN)}",
    )
    parser.add_argument("--lang", help="only pages in these languages: cjk, or codes as in zh,ja")
    parser.add_argument("--source", action="append", help="only pages of this collection; may be repeated")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N pages")
    parser.add_argument("--worst", type=int, default=0, metavar="N", help="list our N worst bodies, beside the peers'")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write all figures and scores here, too")
    return parser


def _picked(pages: list[Label], options: argparse.Namespace) -> list[Label]:
    languages = CJK if options.lang == "cjk" else frozenset((options.lang or "").split(","))
    found = [
        page
        for page in pages
        if (not options.lang or page.lang in languages) and (not options.source or page.source in options.source)
    ]
    if not found:
        sources = ", ".join(sorted({page.source for page in pages}))
        raise LabelError(f"no page of {len(pages)} is left by --lang and --source; sources are: {sources}")
    return found[: options.limit]


def _wanted(named: Sequence[str] | None) -> dict[str, str]:
    """The interpreter for each extractor, ours first."""
    found = {OWN: sys.executable}
    for peer in named if named is not None else [name for name in EXTRACTORS if name != OWN]:
        name, _, python = peer.partition("=")
        if name not in EXTRACTORS or name == OWN:
            raise LabelError(f"--peer {name}: no such peer; there are: {', '.join(n for n in EXTRACTORS if n != OWN)}")
        if python and not os.access(python, os.X_OK):
            raise LabelError(f"--peer {name}: {python} is no interpreter")
        found[name] = python or sys.executable
    return found


def measured(pages: Sequence[Label], wanted: dict[str, str]) -> list[Extractor]:
    """Have every page read by every extractor in turn; one that is not installed, or breaks, is said and left out."""
    with ExitStack() as stack:
        begun = [stack.enter_context(_started(name, python)) for name, python in wanted.items()]
        working = [extractor for extractor in begun if _ready(extractor)]
        for number, page in enumerate(pages, 1):
            body = page.html()
            characters = decoded(body).text.encode("utf-8", "replace")
            for extractor in list(working):
                try:
                    extractor.read(page, body if extractor.name == OWN else characters)
                except (EOFError, OSError) as error:
                    _say(f"{extractor.name}: broke on {page.id} ({error}); left out")
                    working.remove(extractor)
            if number % 50 == 0 or number == len(pages):
                _say(f"{number} of {len(pages)} pages")
    return working


@contextmanager
def _started(name: str, python: str) -> Iterator[Extractor]:
    command = [python, "-m", "benchmarks.peers", name]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        yield Extractor(name=name, process=process)
    finally:
        _closed(process.stdin)
        process.wait()
        _closed(process.stdout)


def _closed(pipe: IO[bytes] | None) -> None:
    try:
        if pipe is not None:
            pipe.close()
    except OSError:
        # What was still to be written has no reader any more.
        pass


def _ready(extractor: Extractor) -> bool:
    try:
        told = extractor.told()
    except EOFError as error:
        told = {"missing": str(error)}
    if "missing" in told:
        _say(f"{extractor.name}: not installed, left out ({told['missing']})")
        return False
    extractor.version = told["ready"]
    return True


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def scored(page: Label, found: Answer, error: str | None, cpu_s: float) -> Score:
    """Compare an answer with what is known of the page."""
    gold, body = page.gold, found.get("body") or ""
    headline = headline_score(gold["title"], found.get("title")) if "title" in gold else (None, None)
    true = days(gold.get("datetime")) | days(gold.get("date"))
    return Score(
        page=page,
        body=f1(gold["body"], body) if "body" in gold else None,
        empty="body" in gold and not body.strip(),
        segments=segment_hits(body, gold["with"], gold.get("without", ())) if "with" in gold else None,
        headline=headline[0],
        headline_soft=headline[1],
        date=not true.isdisjoint(days(found.get("date"))) if true else None,
        authors=names_f1(gold["authors"], found.get("authors") or ()) if "authors" in gold else None,
        error=error,
        cpu_s=cpu_s,
    )


def summary(extractor: Extractor) -> dict[str, Any]:
    """Return the figures of one extractor."""
    times = [score.cpu_s for score in extractor.scores]
    given = GIVES.get(extractor.name, frozenset(_NEEDS.values()))
    untold = {name for name, needed in _NEEDS.items() if needed not in given}
    parts = {"all": extractor.scores, "cjk": [score for score in extractor.scores if score.page.cjk]}
    return {
        "version": extractor.version,
        **{part: quality(scores) | dict.fromkeys(untold) for part, scores in parts.items()},
        "pages_per_cpu_s": len(times) / sum(times),
        "p99_ms": 1000 * (percentile(times, 0.99) or 0),
        "peak_rss_mib": extractor.rss_mib,
        "exceptions": sum(score.error is not None for score in extractor.scores),
        "empty_bodies": sum(score.empty for score in extractor.scores),
    }


def quality(scores: Sequence[Score]) -> dict[str, float | int | None]:
    """Return the figures that say how near the readings are to the truth; None where no page is labelled for one."""
    bodies = [score.body for score in scores if score.body is not None]
    parts = [score.segments for score in scores if score.segments is not None]
    right, wrong, wanted = (sum(numbers) for numbers in zip(*parts, strict=True)) if parts else (0, 0, 0)
    return {
        "pages": len(scores),
        "bodies": len(bodies),
        "body_mean": share(bodies),
        "body_median": statistics.median(bodies) if bodies else None,
        "body_p10": percentile(bodies, 0.1),
        "segments": 2 * right / (right + wrong + wanted) if parts else None,
        "headline": share([score.headline for score in scores if score.headline is not None]),
        "headline_soft": share([score.headline_soft for score in scores if score.headline_soft is not None]),
        "date": share([score.date for score in scores if score.date is not None]),
        "authors": share([score.authors for score in scores if score.authors is not None]),
    }


_NEEDS = {"headline": "title", "headline_soft": "title", "date": "date", "authors": "authors"}
"""What an answer must hold for a figure to mean anything."""
_QUALITY = {
    "body_mean": "body F1", "body_median": "median", "body_p10": "10th pct", "segments": "segments F1",
    "headline": "headline", "headline_soft": "… soft", "date": "date", "authors": "authors F1",
}  # fmt: skip


def show(console: Console, figures: dict[str, dict[str, Any]]) -> None:
    """Print the tables: all pages; Chinese, Japanese and Korean ones; what it costs."""
    ours = figures[OWN]
    for part, title in (("all", "all pages"), ("cjk", "Chinese, Japanese, Korean pages")):
        if part == "cjk" and ours[part]["pages"] in (0, ours["all"]["pages"]):
            continue
        title = f"{title}: {ours[part]['pages']}, {ours[part]['bodies']} with the whole true text"
        cells = {name: [_number(found[part][key]) for key in _QUALITY] for name, found in figures.items()}
        _table(console, title, list(_QUALITY.values()), cells, figures)
    base = figures.get(BASELINE)
    cells = {
        name: [
            f"{found['pages_per_cpu_s']:.1f}",
            f"{found['pages_per_cpu_s'] / base['pages_per_cpu_s']:.2f}" if base else "–",
            f"{found['p99_ms']:.0f}",
            f"{found['peak_rss_mib']:.0f}",
            str(found["exceptions"]),
            str(found["empty_bodies"]),
        ]
        for name, found in figures.items()
    }
    columns = ["pages/CPU s", f"of {BASELINE}", "p99 ms", "peak MiB", "exceptions", "empty bodies"]
    _table(console, "what it costs", columns, cells, figures)


def _table(
    console: Console, title: str, columns: list[str], cells: dict[str, list[str]], figures: dict[str, dict[str, Any]]
) -> None:
    table = Table(title=title, title_justify="left")
    table.add_column("", no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right")
    for name, row in cells.items():
        table.add_row(f"{name} {figures[name]['version']}", *row)
    console.print(table)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def show_worst(console: Console, extractors: Sequence[Extractor], count: int) -> None:
    """List our worst bodies, with what each peer made of the same page."""
    table = Table(title="our worst bodies", title_justify="left")
    table.add_column("page", overflow="fold")
    for extractor in extractors:
        table.add_column(extractor.name, justify="right")
    rows = [row for row in zip(*(e.scores for e in extractors), strict=True) if row[0].body is not None]
    for row in sorted(rows, key=lambda row: row[0].body or 0.0)[:count]:
        table.add_row(f"{row[0].page.id} {row[0].page.url}", *(_number(score.body) for score in row))
    console.print(table)


def _row(score: Score) -> dict[str, Any]:
    return {"id": score.page.id, **{name: value for name, value in vars(score).items() if name != "page"}}


if __name__ == "__main__":
    main()

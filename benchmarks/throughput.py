"""``make bench``: pages per CPU second beside bare Scrapy, and microseconds a stage of a page.

The generated site of the tests is served by a process of its own; each crawl is a process of its own, so that CPU
and memory are its own. Configurations take turns, round after round, and the median of the rounds is shown.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
SHARED = {
    "CONCURRENT_REQUESTS": 16,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
    "DOWNLOAD_DELAY": 0,
    "CONCURRENT_ITEMS": 2,
    "COOKIES_ENABLED": False,
    "REFERER_ENABLED": False,
    "TELNETCONSOLE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
    "HTTPPROXY_ENABLED": False,
    "METAREFRESH_ENABLED": False,
    "ROBOTSTXT_OBEY": True,
    "DOWNLOAD_MAXSIZE": 10 * 1024 * 1024,
    "DOWNLOAD_TIMEOUT": 30,
    "MEMUSAGE_CHECK_INTERVAL_SECONDS": 5.0,
}
"""Our own settings, where they change what a crawl costs: the second baseline runs with them."""
DEFAULTS = {"CONCURRENT_REQUESTS_PER_DOMAIN": 16, "DOWNLOAD_DELAY": 0}
"""Scrapy's defaults. Its project template would wait a second between two pages; the library does not."""


@dataclass(frozen=True)
class Run:
    """What one crawl cost."""

    pages: int
    items: int
    cpu_s: float
    wall_s: float
    rss_mib: float

    @property
    def rate(self) -> float:
        """Pages per CPU second, start-up included."""
        return self.pages / self.cpu_s


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--articles", type=int, default=900)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--json", type=Path, help="write the figures here, too")
    options = parser.parse_args()
    console = Console(width=110, highlight=False)
    console.print(f"{options.articles} articles on 4 hosts, {options.rounds} rounds, Python {sys.version.split()[0]}")
    with tempfile.TemporaryDirectory() as folder:
        with served(options.articles, options.seed) as urls:
            runs = crawl_rounds(console, urls, options.rounds, Path(folder))
        # A process has at its start the peak of the one that starts it, so that one stays small until all have run.
        from benchmarks.stages import stage_times

        stages = stage_times(options.seed)
    show(console, runs, stages)
    if options.json:
        figures = {name: [vars(run) for run in found] for name, found in runs.items()}
        options.json.write_text(json.dumps({"runs": figures, "stages_us": stages}, indent=1))


@contextmanager
def served(articles: int, seed: int) -> Iterator[list[str]]:
    """Serve the generated site from a process of its own; yield its home pages."""
    command = [
        sys.executable,
        "-m",
        "newssite",
        "--articles",
        str(articles),
        "--seed",
        str(seed),
        "--hosts",
        "4",
    ]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT / "tests")
    assert server.stdout is not None
    try:
        yield json.loads(server.stdout.readline())["urls"]
    finally:
        server.communicate()


def crawl_rounds(console: Console, urls: list[str], rounds: int, folder: Path) -> dict[str, list[Run]]:
    """Run each configuration once a round."""
    start = " ".join(urls)
    local = {"NEWSCRAWL_ALLOW_ADDRESSES": "127.0.0.0/8", "NEWSCRAWL_PRESET": "local"}
    profiles = folder / "sites"
    profiles.mkdir()
    (profiles / "benchmark.toml").write_text(_PROFILE, encoding="utf-8")
    found: dict[str, list[Run]] = {}
    for number in range(rounds):
        for name, command in (
            ("bare Scrapy, default settings", bare_command(start, DEFAULTS, folder / "bare.jsonl")),
            ("bare Scrapy, our settings", bare_command(start, SHARED, folder / "bare.jsonl")),
            ("newscrawl, generic", news_command(start, local, folder / f"out{number}g")),
            (
                "newscrawl, generic, no WARC",
                news_command(start, local | {"NEWSCRAWL_WARC_ENABLED": "False"}, folder / f"out{number}w"),
            ),
            (
                "newscrawl, profile",
                news_command(start, local | {"NEWSCRAWL_SITES_DIR": str(profiles)}, folder / f"out{number}p"),
            ),
        ):
            run = measured(command)
            found.setdefault(name, []).append(run)
            console.print(f"  round {number + 1}: {name:32} {run.pages:5} pages {run.rate:7.1f} pages/CPU s")
    return found


_PROFILE = """
hosts = ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"]
[urls]
[[layout]]
headline = ["h1"]
body = [".entry-content", "#artibody", "[itemprop=articleBody]", "[name=articleBody]"]
"""


def bare_command(start: str, settings: dict[str, object], feed: Path) -> list[str]:
    """Return the command of the baseline."""
    command = ["-m", "scrapy", "runspider", "benchmarks/bare.py", "-a", f"url={start}", "-O", str(feed)]
    return _with_settings(command, {"LOG_LEVEL": "INFO", **settings})


def news_command(start: str, settings: dict[str, str], output: Path) -> list[str]:
    """Return our command, with everything on."""
    command = ["-m", "scrapy", "crawl", "news", "-a", f"url={start}"]
    return _with_settings(command, {"LOG_LEVEL": "INFO", "NEWSCRAWL_OUTPUT_DIR": str(output), **settings})


def _with_settings(command: list[str], settings: dict[str, object] | dict[str, str]) -> list[str]:
    return [
        sys.executable,
        *command,
        *(part for name, value in settings.items() for part in ("-s", f"{name}={value}")),
    ]


def measured(command: list[str]) -> Run:
    """Run *command* and return what it cost; its log says how many pages it got."""
    environment = dict(os.environ)
    # With it our modules would be compiled anew at each start, which no installed copy does.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if "runspider" in command:
        # The baseline knows nothing of this project's settings.
        environment["SCRAPY_SETTINGS_MODULE"] = "benchmarks.nothing"
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    with process.stderr as stderr:
        log = stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{log[-2000:]}")
    return Run(
        pages=_stat(log, "response_received_count"),
        items=_stat(log, "item_scraped_count"),
        cpu_s=used.ru_utime + used.ru_stime,
        wall_s=wall_s,
        # Scrapy's own figure is what it saw when it looked, now and then.
        rss_mib=used.ru_maxrss / 2**10,
    )


def _stat(log: str, name: str) -> int:
    match = re.search(rf"'{name}': (\d+)", log)
    return int(match[1]) if match else 0


def show(console: Console, runs: dict[str, list[Run]], stages: dict[str, dict[str, float]]) -> None:
    """Print both tables."""
    median = {name: statistics.median(run.rate for run in found) for name, found in runs.items()}
    default, ours = list(median.values())[:2]
    table = Table(title="whole crawls, medians of the rounds", title_justify="left")
    for column in (
        "",
        "pages",
        "items",
        "pages/CPU s",
        "CPU ms/page",
        "of default",
        "of our settings",
        "peak MiB",
    ):
        table.add_column(column, justify="left" if not column else "right")
    for name, found in runs.items():
        rate = median[name]
        table.add_row(
            name,
            str(found[-1].pages),
            str(found[-1].items),
            f"{rate:.0f}",
            f"{1000 / rate:.2f}",
            f"{rate / default:.2f}",
            f"{rate / ours:.2f}",
            f"{max(run.rss_mib for run in found):.0f}",
        )
    console.print(table)
    from benchmarks.stages import show_stages

    show_stages(console, stages)


if __name__ == "__main__":
    main()

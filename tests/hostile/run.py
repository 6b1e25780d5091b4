"""Crawl every endpoint of the hostile server in a process of its own, then all of them in one, and say how it went.

PYTHONPATH=tests python -m hostile.run [--only NAME,NAME] [--workers N] [--preset polite]

Ends with 1 when any crawl came to harm. Each crawl has a time after which it is killed, so the whole has one, too.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from hostile.server import ENDPOINTS, Endpoint, HostileServer

ROOT = Path(__file__).parents[2]
MOST_MB = 300
MOST_S = 45.0
_KILLED_S = 120.0
_ALL_KILLED_S = 600.0
# Tab and newline are what a log is made of.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, kw_only=True)
class Crawled:
    """What a crawl did."""

    code: int
    seconds: float
    peak_mb: float
    log: str
    rows: list[dict[str, Any]]
    failed: dict[str, int]
    """By reason, from the report."""
    cells: list[str]
    """Of the CSV copy."""


def crawl(
    server: HostileServer, urls: Iterable[str], folder: Path, *, preset: str = "local", limit_s: float = _KILLED_S
) -> Crawled:
    """Crawl *urls* into *folder*, as a user would; a crawl that takes longer than *limit_s* is killed."""
    (folder / "urls.txt").write_text("\n".join(urls), encoding="utf-8")
    settings = {
        "NEWSCRAWL_ALLOW_ADDRESSES": server.allowed,
        "NEWSCRAWL_PRESET": preset,
        "NEWSCRAWL_OUTPUT_DIR": str(folder / "out"),
        "NEWSCRAWL_CONTACT": "https://crawler.example",
    }
    command = [sys.executable, "-m", "scrapy", "crawl", "news", "-a", f"urls_file={folder / 'urls.txt'}"]
    # One host stands for many here: what one of them does wrong says nothing of the next.
    command += ["-s", "NEWSCRAWL_BREAKER_FAULTS=0"]
    command += ["-o", f"{folder / 'copy.csv'}:csv"]
    for name, value in settings.items():
        command += ["-s", f"{name}={value}"]
    environment = {**os.environ, "SCRAPY_SETTINGS_MODULE": "newscrawl.settings", "PYTHONUTF8": "1"}
    started = time.monotonic()
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        killer = threading.Timer(limit_s, process.kill)
        killer.start()
        _, status, usage = os.wait4(process.pid, 0)
        killer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    reports = [json.loads(path.read_text(encoding="utf-8")) for path in (folder / "out" / "runs").glob("*/report.json")]
    lines = [line for path in (folder / "out" / "articles").glob("*.jsonl") for line in path.read_bytes().split(b"\n")]
    return Crawled(
        code=process.returncode,
        seconds=time.monotonic() - started,
        peak_mb=usage.ru_maxrss / 1024,
        log=(folder / "log.txt").read_text(encoding="utf-8", errors="surrogateescape"),
        rows=[json.loads(line) for line in lines if line],
        failed=reports[0]["failed"] if reports else {},
        cells=_cells(folder / "copy.csv"),
    )


def _cells(copy: Path) -> list[str]:
    if not copy.exists():
        return []
    csv.field_size_limit(1 << 30)
    with copy.open(encoding="utf-8", newline="") as file:
        return [cell for row in csv.reader(file) for cell in row]


def harm(server: HostileServer, crawled: Crawled) -> list[str]:
    """Return what a crawl must never show, whatever it met."""
    found = []
    if server.canary:
        found.append(f"CANARY {server.canary[:3]}")
    if crawled.code not in (0, 3):
        found.append(f"EXIT {crawled.code}")
    if "Traceback" in crawled.log:
        found.append("TRACEBACK")
    if control := _CONTROL.search(crawled.log):
        found.append(f"CONTROL {control[0]!r} in the log")
    if formula := next((cell for cell in crawled.cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))), None):
        found.append(f"FORMULA {formula[:20]!r}")
    if crawled.peak_mb > MOST_MB:
        found.append("MEMORY")
    return found


def unkept(endpoint: Endpoint, server: HostileServer, rows: list[dict[str, Any]]) -> list[str]:
    """Return what of the rows and the requests is not as the endpoint says."""
    found = []
    if server.asked[endpoint.name] > endpoint.asked:
        found.append(f"REQUESTS {server.asked[endpoint.name]} > {endpoint.asked}")
    if endpoint.item == "yes" and not rows:
        found.append("LOST")
    if endpoint.item == "no" and rows:
        found.append("JUNK")
    if rows and rows[0]["http"]["truncated"] != endpoint.cut:
        found.append(f"TRUNCATED {rows[0]['http']['truncated']}")
    return found


def alone(endpoint: Endpoint, preset: str) -> tuple[Endpoint, Crawled, int, list[str]]:
    """Crawl one endpoint; return what came of it, the requests it took and what is amiss."""
    with tempfile.TemporaryDirectory(prefix="hostile-") as name, HostileServer() as server:
        crawled = crawl(server, [server.url(endpoint.name)], Path(name), preset=preset)
        found = harm(server, crawled) + unkept(endpoint, server, crawled.rows)
        if crawled.seconds > MOST_S:
            found.append("SLOW")
        if endpoint.reason is not None and endpoint.reason not in crawled.failed:
            found.append(f"REASON {crawled.failed}")
        return endpoint, crawled, sum(server.asked.values()), found


def together(endpoints: Iterable[Endpoint], preset: str) -> tuple[Crawled, int, list[str]]:
    """Crawl all in one process."""
    with tempfile.TemporaryDirectory(prefix="hostile-") as name, HostileServer() as server:
        endpoints = list(endpoints)
        urls = [server.url(endpoint.name) for endpoint in endpoints]
        crawled = crawl(server, urls, Path(name), preset=preset, limit_s=_ALL_KILLED_S)
        found = harm(server, crawled)
        for endpoint in endpoints:
            own = [row for row in crawled.rows if row["requested_url"] == server.url(endpoint.name)]
            found += [f"{endpoint.name}: {fault}" for fault in unkept(endpoint, server, own)]
        return crawled, sum(server.asked.values()), found


def main() -> int:
    """Print a line an endpoint; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="names of endpoints, with commas")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--preset", default="local")
    options = parser.parse_args()
    names = [name for name in options.only.split(",") if name] or [*ENDPOINTS]
    endpoints = [ENDPOINTS[name] for name in names]
    bad = 0
    print(f"{'endpoint':<22} {'sort':<10} {'seconds':>7} {'MB':>5} {'asked':>5} {'rows':>4}  verdict")
    with ThreadPoolExecutor(options.workers) as pool:
        for endpoint, crawled, asked, found in pool.map(partial(alone, preset=options.preset), endpoints):
            bad += bool(found)
            figures = f"{crawled.seconds:>7.1f} {crawled.peak_mb:>5.0f} {asked:>5} {len(crawled.rows):>4}"
            print(f"{endpoint.name:<22} {endpoint.sort:<10} {figures}  {'; '.join(found) or 'ok'}", flush=True)
    crawled, asked, found = together(endpoints, options.preset)
    bad += bool(found)
    figures = f"{crawled.seconds:>7.1f} {crawled.peak_mb:>5.0f} {asked:>5} {len(crawled.rows):>4}"
    print(f"{'all in one process':<33} {figures}  {'; '.join(found) or 'ok'}")
    print(f"{len(endpoints)} endpoints, {bad} failures")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

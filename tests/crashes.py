"""Crawls that are killed and begun again, and the truth to hold against what they keep."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crawls import ROOT, scrapy
from newssite import Pages, Running, Served, Site, build_site, serve
from promises import Committed, broken_promises, committed, connected, copied

from newscrawl.urls import url_id, url_key

Detour = Callable[[int, str], Served | None]
"""Answers in place of a page, or says None."""

NEVER = Served(status=102, headers=[], body=b"")
"""The begin of an answer whose rest never comes."""
BUSY = Served(status=503, headers=[("Content-Type", "text/plain")], body=b"not now")

FETCHED = ("article", "duplicate", "redirect", "meta_refresh", "soft_404", "not_found", "alias_tracking")
"""Kinds of URLs that a crawl which follows links comes by."""
MANY_COMMITS = {
    "NEWSCRAWL_ALLOW_ADDRESSES": "127.0.0.0/8",
    "NEWSCRAWL_PRESET": "local",
    "NEWSCRAWL_COMMIT_COUNT": 3,
    "NEWSCRAWL_COMMIT_S": 0.05,
    "NEWSCRAWL_RETRY_S": 0.05,
    "CONCURRENT_REQUESTS": 6,
}
_PATIENCE_S = 120


class Detours(Pages):
    """The pages of a site, but a tracking parameter redirects to the page without it, and others as asked."""

    def __init__(self, site: Site, bases: list[str]) -> None:
        super().__init__(site, bases)
        self.tracked = {(t.host, t.path) for t in site.truth if t.kind == "alias_tracking"}
        self.detour: Detour | None = None

    def answer(self, host: int, path: str) -> Served:
        """Return the response to *path*."""
        found = self.detour(host, path) if self.detour is not None else None
        if found is not None:
            return found
        if (host, path) in self.tracked:
            return Served(status=302, headers=[("Location", path.partition("?")[0])], body=b"")
        return super().answer(host, path)


@contextmanager
def served(articles: int, *, hosts: int = 2, seed: int = 3) -> Iterator[Running]:
    """Serve a news site of its own, with a log of its own."""
    with serve(build_site(articles, seed=seed, hosts=hosts)) as running:
        running.pages = Detours(running.site, running.bases)
        yield running


@dataclass(frozen=True)
class Ended:
    """A process that has ended."""

    code: int
    log: str

    @property
    def last_line(self) -> str:
        """What it said last."""
        return self.log.rstrip().rpartition("\n")[2]


@dataclass
class Crawl:
    """One output folder, filled by as many processes as it takes."""

    running: Running
    output: Path
    settings: Mapping[str, Any] = field(default_factory=dict)
    kept: Committed = field(default_factory=Committed)
    """Everything that was seen to be acknowledged."""
    starts: int = 0

    @property
    def journal(self) -> Path:
        """Where a process notes what it has synced."""
        return self.output.with_name(self.output.name + ".synced")

    def start(
        self,
        *,
        fault: str = "",
        command: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
        **settings: Any,
    ) -> Process:
        """Start a process; *fault* is its ``FAULTPOINT``, *command* what stands before the interpreter."""
        self.starts += 1
        given = {**MANY_COMMITS, "NEWSCRAWL_OUTPUT_DIR": self.output, **self.settings, **settings}
        arguments = ["-a", f"url={' '.join(self.running.urls)}"]
        arguments += [part for name, value in given.items() for part in ("-s", f"{name}={value}")]
        process = subprocess.Popen(
            [*command, sys.executable, "-W", "error", "-m", "scrapy", "crawl", "news", *arguments],
            cwd=ROOT,
            env={
                **os.environ,
                "SCRAPY_SETTINGS_MODULE": "newscrawl.settings",
                "PYTHONUTF8": "1",
                "FAULTPOINT": fault,
                "FAULTPOINT_SYNCED": str(self.journal),
                **(environment or {}),
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        return Process(self, process)

    def run(self, **how: Any) -> Ended:
        """Start a process and wait until it ends."""
        with self.start(**how) as process:
            return process.wait()

    def kill_at(self, fault: str, **how: Any) -> None:
        """Run until the process is killed at the step *fault*."""
        ended = self.run(fault=fault, **how)
        assert ended.code == -signal.SIGKILL, f"{fault} was never reached: exit code {ended.code}\n{ended.log[-2000:]}"

    def finish(self, *, most: int = 3, **how: Any) -> Ended:
        """Run until the crawl is done."""
        for _ in range(most):
            ended = self.run(**how)
            if ended.code == 0:
                return ended
        raise AssertionError(f"not done after {most} more runs: exit code {ended.code}\n{ended.log[-3000:]}")

    def look(self) -> None:
        """Take down what is acknowledged; the process may still be running."""
        if (self.output / "store.sqlite").exists():
            with connected(self.output / "store.sqlite") as connection:
                self.kept.add(committed(connection))

    def look_at_the_dead(self) -> None:
        """Take down what is acknowledged, and leave everything as the process left it."""
        with copied(self.output) as connection:
            self.kept.add(committed(connection))

    def broken(self, *, verify: bool = True) -> list[str]:
        """Return which promises the finished crawl does not keep; *verify* says whether `scrapy verify` is asked, too."""
        truths = {self.running.url(t.host, t.path): t for t in self.running.site.truth}
        wanted = {url_id(url_key(url)) for url, t in truths.items() if t.kind in ("article", "duplicate")}
        asked = {self.running.url(host, path) for host, path, _ in list(self.running.requests)}
        reachable = {url for url, t in truths.items() if t.kind in FETCHED and t.robots_allowed}
        return [
            *broken_promises(self.output, wanted=wanted, kept=self.kept),
            *(f"{url} was never asked for" for url in sorted({*self.running.urls, *reachable} - asked)),
            *(self._verified() if verify else []),
        ]

    def _verified(self) -> list[str]:
        ended = scrapy("verify", str(self.output))
        said = f"{ended.out[-2000:]} {ended.log[-1000:]}"
        return [] if ended.code == 0 else [f"scrapy verify ends with {ended.code}: {said}"]


@dataclass
class Process:
    """A crawl under way."""

    crawl: Crawl
    process: subprocess.Popen[str]
    log: str = ""

    def __enter__(self) -> Process:
        """Return the process; it is dead at the end of the block."""
        return self

    def __exit__(self, *error: object) -> None:
        """Leave nothing running."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        assert self.process.stderr is not None
        self.process.stderr.close()

    def signal(self, number: int) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def wait_until(self, asked: Asked) -> None:
        """Return when a page has been asked for."""
        while not asked.event.wait(1):
            assert self.process.poll() is None, f"the page was never asked for\n{self.wait().log[-3000:]}"

    def wait_for(self, text: str) -> None:
        """Return when a line of the log has *text*."""
        for line in self._lines():
            if text in line:
                return
        raise AssertionError(f"the process ended before it said {text!r}\n{self.log[-3000:]}")

    def wait(self, timeout_s: float = _PATIENCE_S) -> Ended:
        """Wait until it ends, and see what is acknowledged then."""
        timer = threading.Timer(timeout_s, self.process.kill)
        timer.start()
        for _ in self._lines():
            pass
        self.process.wait()
        late = not timer.is_alive()
        timer.cancel()
        assert not late, f"still running after {timeout_s} s\n{self.log[-3000:]}"
        self.crawl.look_at_the_dead()
        return Ended(self.process.returncode, self.log)

    def _lines(self) -> Iterator[str]:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log += line
            yield line


class Asked:
    """A detour that tells when a page is asked for the *nth* time, and may keep the answer back."""

    def __init__(self, chosen: Callable[[int, str], bool], *, nth: int = 1, answer: Served | None = None) -> None:
        self.chosen = chosen
        self.left = nth
        self.answer = answer
        self.event = threading.Event()

    def __call__(self, host: int, path: str) -> Served | None:
        """Answer, or not."""
        if not self.chosen(host, path):
            return None
        self.left -= 1
        if self.left == 0:
            self.event.set()
        return self.answer if self.left <= 0 else None


LIMITED = (
    sys.executable,
    "-S",
    "-c",
    "import os, resource, sys\n"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)\n"
    "os.execv(sys.argv[2], sys.argv[2:])",
)
"""Stands before a command, and before it a number: no file of the process may become longer."""


def tear(crawl: Crawl) -> None:
    """Leave the begin of a write behind every file that is not finished."""
    for path in crawl.output.rglob("*.open"):
        with path.open("ab") as file:
            file.write(b"\x1f\x8b\x08 the begin of what came nex")


def lose_power(crawl: Crawl, rng: random.Random) -> list[str]:
    """Take away what a power loss may take: of each file what was not synced, of a snapshot anything.

    What is left of an unsynced end is as long as chance has it. The database's own files stay: SQLite is trusted to sync
    what it says it has. Returns what was done, one line each.
    """
    synced: dict[str, int] = {}
    for line in crawl.journal.read_text(encoding="utf-8").splitlines() if crawl.journal.exists() else ():
        length, _, path = line.partition("\t")
        synced[path] = int(length)
    done = []
    for pattern in ("articles/*", "warc/*", "runs/*/rejected*"):
        for path in sorted(crawl.output.glob(pattern)):
            final = str(path).removesuffix(".open")
            # The name of an index is synced by nobody.
            certain = final in synced and path.suffix != ".cdxj"
            done += _cut(path, min(synced.get(final, 0), path.stat().st_size), rng, named=certain)
    for path in sorted(set(crawl.output.glob("html/*/*/*")) - _finished_snapshots(crawl.output)):
        if rng.random() < 0.5:
            done += _cut(path, 0, rng, named=True)
    return done


def _finished_snapshots(output: Path) -> set[Path]:
    """Return the snapshots of finished files: they are no part of the promise, and only `scrapy repair` looks at them."""
    if not (output / "store.sqlite").exists():
        return set()
    with copied(output) as connection:
        rows = connection.execute(
            "SELECT snapshot_path FROM articles JOIN files ON files.name = articles.file WHERE files.state = 'closed'"
        ).fetchall()
    return {output / path for (path,) in rows}


def _cut(path: Path, synced: int, rng: random.Random, *, named: bool) -> list[str]:
    size = path.stat().st_size
    if not named and rng.random() < 0.5:
        path.unlink()
        return [f"{path} is gone"]
    length = rng.choice([synced, rng.randint(synced, size)])
    if length < size:
        os.truncate(path, length)
        return [f"{path}: {length} of {size} bytes are left, {synced} were synced"]
    return []

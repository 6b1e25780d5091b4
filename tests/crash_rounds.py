"""``python tests/crash_rounds.py ROUNDS [--seed N]``: crawls that are killed at random moments, held against the truth.

A round fills a folder of its own: it kills the crawl up to four times, sometimes cuts the power or leaves a torn write as
well, runs it until it is done and checks every promise. Prints a line a round; ends with 1 when a promise was broken, and
keeps the folder then. The same seed chooses the same moments, as far as two runs of a crawl are alike.
"""

from __future__ import annotations

import argparse
import random
import secrets
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from crashes import Asked, Crawl, Process, lose_power, served, tear

from newscrawl.faultpoints import STEPS

ARTICLES = 60
HOSTS = 3
SITE = 4
"""Seed of the site."""


def main() -> int:
    """Run the rounds; return the exit code."""
    parser = argparse.ArgumentParser(description="Kill crawls at random moments and check what is left.")
    parser.add_argument("rounds", type=int)
    parser.add_argument("--seed", type=int, default=None, help="the same moments as a run that printed this number")
    options = parser.parse_args()
    seed = secrets.randbelow(1 << 30) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    kills = failures = 0
    # The first round is not disturbed: what is wrong there has nothing to do with crashes.
    for number in range(options.rounds + 1):
        folder = Path(tempfile.mkdtemp(prefix="crash-round-"))
        broken, done = run_round(folder, random.Random(f"{seed} {number}"), most=4 if number else 0)
        kills += len(done)
        print(f"round {number}: {'; '.join(done) or 'not killed'}: {'BROKEN' if broken else 'whole'}", flush=True)
        for line in broken:
            print(f"    {line}")
        if broken:
            failures += 1
            print(f"    {folder}", flush=True)
        else:
            shutil.rmtree(folder)
    print(f"{options.rounds} rounds, {kills} kills, {failures} rounds with a broken promise, seed {seed}")
    return 1 if failures else 0


def run_round(folder: Path, rng: random.Random, *, most: int) -> tuple[list[str], list[str]]:
    """Return what is broken at the end of one round of up to *most* kills, and what was done to the crawl."""
    with served(ARTICLES, hosts=HOSTS, seed=SITE) as running:
        settings = {"NEWSCRAWL_COMMIT_COUNT": rng.choice([1, 3, 10]), "NEWSCRAWL_WARC_IDLE_S": rng.choice([0, 600])}
        crawl = Crawl(running, folder / "output", settings)
        done = []
        for _ in range(rng.randint(min(most, 1), most)):
            what = kill_somewhere(crawl, rng)
            if what is None:
                break
            fate = rng.random()
            if fate < 0.3:
                what += f" and {len(lose_power(crawl, rng))} files cut"
            elif fate < 0.6:
                tear(crawl)
                what += " and torn"
            done.append(what)
        try:
            crawl.finish()
            return crawl.broken(), done
        except AssertionError as error:
            return [str(error)], done


def kill_somewhere(crawl: Crawl, rng: random.Random) -> str | None:
    """Kill a crawl once and return where; None when it was done before."""
    if rng.random() < 0.25:
        fault = f"{rng.choice(STEPS)}:{rng.randint(1, 12)}"
        return f"at {fault}" if crawl.run(fault=fault).code == -signal.SIGKILL else None
    nth, later_s = rng.randint(1, 40), rng.uniform(0, 0.3)
    asked = Asked(lambda _host, _path: True, nth=nth)
    crawl.running.pages.detour = asked
    with crawl.start() as process:
        waited = _killed(process, asked, later_s)
        crawl.running.pages.detour = None
        ended = process.wait()
    return f"{later_s:.3f} s after request {nth}{waited}" if ended.code == -signal.SIGKILL else None


def _killed(process: Process, asked: Asked, later_s: float) -> str:
    while not asked.event.wait(0.01):
        if process.process.poll() is not None:
            return ""
    time.sleep(later_s)
    process.crawl.look()
    process.signal(signal.SIGKILL)
    return f" with {len(process.crawl.kept.rows)} rows kept"


if __name__ == "__main__":
    sys.exit(main())

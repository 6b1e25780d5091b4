"""``python -m benchmarks.frontier``: what frontier and commit cost a page, and whether memory grows with the frontier.

A ledger is driven as a crawl drives it, without Scrapy and without pages: each "page" is leased, its links are queued,
it is settled, and every fifty are committed. Memory is the process's own, read from /proc.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from newscrawl.ledger import Keeping, Ledger
from newscrawl.store.frontier import NewUrl

T = TypeVar("T")
_REQUEST = '{{"url":"{url}","callback":"parse","errback":"failed","meta":{{"newscrawl_found":{{"how":"related"}}}}}}'


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--urls", type=int, default=50_000)
    parser.add_argument("--hosts", type=int, default=40)
    parser.add_argument("--links", type=int, default=3, help="new links a page, until there are enough")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(
            Path(folder), name="bench", run_id="bench", stamp="bench", keeping=Keeping(commit_s=1e9, warc_enabled=False)
        )
        ledger.open()
        walk(ledger, options.urls, options.hosts, options.links)
        ledger.close(None)


def walk(ledger: Ledger, urls: int, hosts: int, links: int) -> None:
    """Lease, queue and settle until *urls* are handled; print a line at each tenth."""
    frontier, made, handled, spent = ledger.frontier, 0, 0, 0.0

    def timed(action: Callable[[], T]) -> T:
        nonlocal spent
        start = time.process_time()
        result = action()
        spent += time.process_time() - start
        return result

    def queue(count: int) -> None:
        nonlocal made
        for _ in range(min(count, urls - made)):
            url = new_url(made, hosts)
            timed(partial(frontier.add, url))
            made += 1

    queue(1)
    print(f"{'handled':>8} {'queued':>8} {'us a page':>10} {'MiB':>6}")
    while handled < urls:
        lease = timed(frontier.next)
        if lease is None:
            break
        queue(links)
        timed(partial(frontier.settle, lease.id))
        handled += 1
        if ledger.commit_due():
            timed(ledger.commit)
        if handled % (urls // 10) == 0:
            print(f"{handled:>8} {len(frontier):>8} {1e6 * spent / handled:>10.0f} {resident_mib():>6.0f}")


def new_url(number: int, hosts: int) -> NewUrl:
    """Return the URL with this number."""
    host = f"news{number % hosts}.example"
    url = f"https://{host}/2024/03/{number}.html"
    return NewUrl(
        fingerprint=hashlib.sha1(url.encode(), usedforsecurity=False).digest(),
        url=url,
        host=host,
        kind="page",
        priority=50 - number % 3,
        ready_at=0.0,
        round=1,
        request=_REQUEST.format(url=url),
    )


def resident_mib() -> float:
    """Return the memory this process takes now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


if __name__ == "__main__":
    main()

"""``python -m benchmarks.copies [N …]``: what taking up copies costs in the store, as it grows.

Texts are drawn from a vocabulary; every tenth is an edited copy of one before. For each N: microseconds of CPU that
a look-up and an insertion take at that size, comparisons left out, and bytes of the file. The store is a SQLite file in
a temporary folder; what is measured is the work of the last 1,000 articles.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.table import Table

from newscrawl.fingerprint.copies import fingerprint
from newscrawl.store import Store, copies
from newscrawl.store.copies import NewCopy

_WORDS, _VOCABULARY = 350, 20_000
_MEASURED, _BATCH = 1_000, 50
_INTERVAL_S = 60.0
"""One article a minute: the window of 90 days holds 129,600."""
_WINDOW_S = 90 * 86_400.0


def texts(seed: int = 1) -> Iterator[str]:
    """Yield texts without end."""
    chance = random.Random(seed)
    kept: list[list[str]] = []
    # Words are as unequally common as in a language.
    weights = [1 / (rank + 10) for rank in range(_VOCABULARY)]
    words = [f"w{rank}" for rank in range(_VOCABULARY)]
    while True:
        if kept and chance.random() < 0.1:
            text = list(chance.choice(kept))
            text[chance.randrange(_WORDS)] = "edited"
        else:
            text = chance.choices(words, weights, k=_WORDS)
            if len(kept) < 1_000:
                kept.append(text)
        yield " ".join(text)


def grow(store: Store, source: Iterator[str], start: int, end: int) -> tuple[float, float, int]:
    """Take up articles from number *start* to *end*; return seconds looking up and inserting, and pairs found."""
    looking = adding = 0.0
    found = 0
    for first in range(start, end, _BATCH):
        new: list[NewCopy] = []
        for number, text in enumerate(islice(source, min(_BATCH, end - first)), first):
            print_ = fingerprint(text)
            _ = print_.bands, print_.anchors
            at = number * _INTERVAL_S
            began = time.process_time()
            with store.reading() as connection:
                led = copies.candidates(connection, print_, at - _WINDOW_S)
            looking += time.process_time() - began
            found += len(led.copies)
            id_ = f"{number:064x}"
            new.append(NewCopy(id=id_, version=1, fingerprint=print_, committed_at=at, common=led.common))
        began = time.process_time()
        with store.begin() as connection:
            copies.add(connection, new)
        adding += time.process_time() - began
    return looking, adding, found


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure at each size and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int, default=[10_000, 100_000], metavar="N")
    sizes = sorted(parser.parse_args(arguments).sizes)
    table = Table("articles", "look-up µs", "insertion µs", "found per article", "file bytes per article")
    with tempfile.TemporaryDirectory() as folder:
        path, done, source = Path(folder) / "store.sqlite", 0, texts()
        with Store.open(f"sqlite:///{path}") as store:
            for size in sizes:
                before = max(done, size - _MEASURED)
                grow(store, source, done, before)
                looking, adding, found = grow(store, source, before, size)
                count, done = max(size - before, 1), size
                times = (f"{seconds / count * 1e6:.0f}" for seconds in (looking, adding))
                table.add_row(str(size), *times, f"{found / count:.2f}", f"{path.stat().st_size / size:.0f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()

"""``python -m benchmarks.copies [N …]``: what telling copies costs an article, as the archive grows.

A store in a temporary folder is filled to N with fingerprints of nothing, all within the time that is looked back;
then 1,000 articles go the whole way of a crawl: fingerprint, look-up with comparisons, commit. Their texts are drawn
from the commonest Chinese characters, every tenth an edited copy of one before, or are those of ``--data`` (the form of
``benchmarks.dedup``). The baseline, in the same run on the same texts, is to tell equal texts only: one digest, one
look-up of it.
"""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import TypeVar

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.dedup import documents
from newscrawl.fingerprint import folded_digest
from newscrawl.fingerprint.copies import Fingerprint
from newscrawl.items import Article
from newscrawl.ledger.copies import Copies, text_fingerprint
from newscrawl.store import Store, articles, copies, schema
from newscrawl.store.copies import NewCopy
from newscrawl.store.copyindex import CopyIndex

_LENGTH = 1_280
_MEASURED, _BATCH, _FILL = 1_000, 50, 1_000
_INTERVAL_S = 7.0
"""12,000 articles a day: the window of 90 days holds 1.1 million, so that all count."""
_WINDOW_S = 90 * 86_400.0
_ANCHORS, _GRAMS, _SLOTS = 62, 122, 15
"""Of a Chinese article of the usual length."""

T = TypeVar("T")


def texts(seed: int = 1) -> Iterator[str]:
    """Yield texts without end: letters as unequally common as in a language, with commas and numbers."""
    chance = random.Random(seed)
    rows = (bytes((row, cell)) for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF))
    letters = [*b"".join(rows).decode("gb2312", "ignore")]
    chance.shuffle(letters)
    weights = [1 / (rank + 10) for rank in range(len(letters))]
    kept: list[list[str]] = []
    while True:
        if kept and chance.random() < 0.1:
            text = list(chance.choice(kept))
            text[chance.randrange(_LENGTH)] = "改"
        else:
            text = chance.choices(letters, weights, k=_LENGTH)
            text[12::25] = ["，"] * len(text[12::25])
            text[40::160] = [str(chance.randrange(3_000)) for _ in text[40::160]]
            kept = [*kept[-200:], text]
        yield "".join(text)


class TimedIndex(CopyIndex):
    """An index that counts what its upkeep takes: moving versions into segments, merging segments."""

    spent = 0.0

    def tidy(self) -> None:
        began = time.process_time()
        super().tidy()
        self.spent += time.process_time() - began


@dataclass
class Clock:
    """Seconds of CPU by name."""

    seconds: dict[str, float]

    def timed(self, name: str, work: Callable[[], T]) -> T:
        """Return what *work* returns, and count its time."""
        began = time.process_time()
        found = work()
        self.seconds[name] = self.seconds.get(name, 0.0) + time.process_time() - began
        return found


class Archive:
    """A store that grows, and the index beside it."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.index = TimedIndex(folder)
        self.size = 0
        self.copies = Copies(self.index, window_s=_WINDOW_S, clock=lambda: self.now)

    @property
    def now(self) -> float:
        """Of the next article."""
        return self.size * _INTERVAL_S

    def fill(self, size: int) -> None:
        """Take up fingerprints of nothing up to *size*."""
        chance = np.random.default_rng(self.size)
        while self.size < size:
            count = min(_FILL, size - self.size)
            new = [
                NewCopy(id=id_of(self.size + place), version=1, fingerprint=each, committed_at=self.now)
                for place, each in enumerate(_random(chance, count))
            ]
            with self.store.begin() as connection:
                self._digests(connection, [(each.id, each.fingerprint.digest) for each in new])
                numbers = copies.add(connection, new)
            for number, each in zip(numbers, new, strict=True):
                self.index.add(number, each.fingerprint, copies.witness(each.id, 1, each.committed_at))
            self.index.tidy()
            self.size += count
            # What a crawl would ask from time to time: the window moves on.
            with self.store.reading() as connection:
                self.index.led_to(connection, new[0].fingerprint, since=self.now - _WINDOW_S, now=self.now)

    def _digests(self, connection: object, pairs: Sequence[tuple[str, str | None]]) -> None:
        rows = [
            {"kind": "exact", "algorithm": articles.ALGORITHM, "value": digest, "article_id": id_, "version": 1}
            for id_, digest in pairs
        ]
        connection.execute(schema.fingerprints.insert(), rows)  # type: ignore[attr-defined]

    def take(self, some: Sequence[str], clock: Clock) -> int:
        """Take up articles as one commit of a crawl does; return how many pairs were found."""
        found = 0
        kept = [Article(id=id_of(self.size + place), article_body=text) for place, text in enumerate(some)]
        for article in kept:
            clock.timed("baseline", lambda: self._equal(article))
            print_ = clock.timed("fingerprint", lambda: text_fingerprint(article))
            repeated = clock.timed("look-up", lambda: self._repeated(article, print_))
            found += len(repeated.edges)
            clock.timed("commit", lambda: self._expect(article, print_, repeated))
        with self.store.begin() as connection:
            self._digests(connection, [(each.id or "", folded_digest(each.article_body)) for each in kept])
        before = self.index.spent
        clock.timed("commit", self._commit)
        clock.seconds["commit"] -= self.index.spent - before
        self.size += len(kept)
        return found

    def _equal(self, article: Article) -> object:
        digest = folded_digest(article.article_body)
        with self.store.reading() as connection:
            return articles.first_with_text(connection, digest or "")

    def _repeated(self, article: Article, print_: Fingerprint) -> copies.Candidates:
        with self.store.reading() as connection:
            return self.copies.repeated(connection, (article.id or "", 1), print_)  # type: ignore[return-value]

    def _expect(self, article: Article, print_: Fingerprint, repeated: object) -> None:
        self.copies.expect(article, print_, repeated)  # type: ignore[arg-type]
        self.copies.add(article)

    def _commit(self) -> None:
        with self.store.begin() as connection:
            self.copies.write(connection)
        self.copies.acknowledge()

    def begun(self, folder: Path) -> float:
        """Return the seconds that the first look-up of a new process takes, with the index in *folder* or without."""
        began = time.process_time()
        with self.store.reading() as connection:
            CopyIndex(folder).led_to(
                connection, next(_random(np.random.default_rng(0), 1)), since=self.now - _WINDOW_S, now=self.now
            )
        return time.process_time() - began


def id_of(number: int) -> str:
    """Return the id of an article: spread like the digest that it is."""
    return f"{random.Random(number).getrandbits(256):064x}"


def _random(chance: np.random.Generator, count: int) -> Iterator[Fingerprint]:
    def drawn(length: int) -> Iterator[bytes]:
        return (row.tobytes() for row in np.sort(chance.integers(0, 1 << 32, (count, length), np.uint32), axis=1))

    for signature, grams, wide, slots in zip(
        drawn(128), drawn(_GRAMS), drawn(_ANCHORS), drawn(2 * _SLOTS), strict=True
    ):
        yield Fingerprint(
            digest=signature[:32].hex(),
            script="zh-Hans",
            length=1_200,
            signature=signature,
            grams=grams,
            wide=wide,
            slots=slots,
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure at each size and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int, default=[16_000, 100_000], metavar="N")
    parser.add_argument("--data", type=Path, help="folder of docs_SET.jsonl.gz, for real texts")
    parser.add_argument("--set", default="dev", help="name of the set")
    options = parser.parse_args(arguments)
    source = texts()
    if options.data is not None:
        source = cycle([doc["text"] for doc in documents(options.data, options.set)[0]])
    costs = Table(
        "articles", "fingerprint µs", "look-up µs", "commit µs", "upkeep µs", "all µs", "of equal texts", "found"
    )
    sizes = Table("articles", "store bytes", "index bytes", "segments", "begin s", "without index s")
    folder = Path(tempfile.mkdtemp(prefix="newscrawl-bench-"))
    try:
        with Store.open(f"sqlite:///{folder}/store.sqlite") as store:
            archive = Archive(store, folder / "copies")
            # Tables that are made once in a process, and what each character becomes.
            for text in islice(source, _MEASURED):
                text_fingerprint(Article(article_body=text))
            for size in sorted(options.sizes):
                _measure(archive, size, source, costs)
                _weigh(archive, folder, sizes)
    finally:
        shutil.rmtree(folder)
    console = Console(width=110)
    console.print(costs)
    console.print("a row of the store and of the index, and what a new process does first:", style="dim")
    console.print(sizes)


def _measure(archive: Archive, size: int, source: Iterator[str], table: Table) -> None:
    start, spent = archive.size, archive.index.spent
    measured = min(_MEASURED, max(size - start, 1))
    archive.fill(size - measured)
    clock, found = Clock({}), 0
    for _ in range(0, measured, _BATCH):
        found += archive.take(list(islice(source, min(_BATCH, size - archive.size))), clock)
    upkeep = (archive.index.spent - spent) / (size - start) * 1e6
    us = {name: seconds / measured * 1e6 for name, seconds in clock.seconds.items()}
    total = us["fingerprint"] + us["look-up"] + us["commit"] + upkeep
    shown = (us["fingerprint"], us["look-up"], us["commit"], upkeep, total)
    table.add_row(
        str(size), *(f"{each:.0f}" for each in shown), f"{total / us['baseline']:.1f}", f"{found / measured:.2f}"
    )


def _weigh(archive: Archive, folder: Path, table: Table) -> None:
    files = list((folder / "copies").glob("*"))
    bytes_ = [sum(path.stat().st_size for path in paths) / archive.size for paths in ([folder / "store.sqlite"], files)]
    begin, anew = archive.begun(folder / "copies"), archive.begun(folder / "anew")
    shutil.rmtree(folder / "anew", ignore_errors=True)
    times = (f"{begin:.2f}", f"{anew:.2f}")
    table.add_row(str(archive.size), *(f"{each:.0f}" for each in bytes_), str(len(files)), *times)


if __name__ == "__main__":
    main()

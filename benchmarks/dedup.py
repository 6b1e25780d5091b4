"""``python -m benchmarks.dedup --data DIR``: how well copies are told, beside other methods.

DIR holds, for a set S, ``docs_S.jsonl.gz`` (one object a line: id, lang, text, and derived where the text was made from
another) and ``pairs_S.tsv`` (a heading; then two ids, a label, the kind of edit). Labels: same, contained, different;
unclear and related count neither way. The texts are not part of the project.

Every method is given all documents of one language and names pairs. Precision is of pairs of two real documents,
recall of all pairs labelled same or contained. CPU time includes finding the pairs.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from newscrawl.fingerprint import folded_digest
from newscrawl.fingerprint.copies import ALGORITHM, BANDS, Fingerprint, compare, fingerprint, leads_of
from newscrawl.fingerprint.shingles import runs_of, tokens_of
from newscrawl.text import fold, fold_forms

Document = Mapping[str, Any]
Pair = tuple[str, str, str]
Detector = Callable[[Sequence[Document]], Iterable[Pair]]
Numbers = NDArray[np.int64]

COMMON = 100
"""An anchor of more documents leads to none: it is a phrase of the trade or a notice."""
SHARED_ANCHORS = 0.25
"""Of the shorter text's anchors, to be worth a look."""
_PLACE_BITS = 31
_PLACE = (1 << _PLACE_BITS) - 1


def detect(docs: Sequence[Document]) -> Iterator[Pair]:
    """Yield the pairs that newscrawl takes for copies, as ``same`` or ``contained``."""
    prints = [fingerprint(doc["text"]) for doc in docs]
    for one, other in worth_a_look(prints):
        relation = compare(prints[one], prints[other])
        if relation is not None and relation.kind != "template_sibling":
            kind = "contained" if relation.kind in ("contained", "contains") else "same"
            yield docs[one]["id"], docs[other]["id"], kind


def worth_a_look(prints: Sequence[Fingerprint]) -> Iterator[tuple[int, int]]:
    """Yield the pairs that share their digest, a band, or enough anchors: what a store's index would answer.

    All at once, by sorting: the texts of a set are there, and those of a crawl come one by one.
    """
    places = np.array([place for place, each in enumerate(prints) if each.signature], np.int64)
    usable = [prints[place] for place in places]
    leads = leads_of(b"".join(each.signature for each in usable), b"".join(each.wide for each in usable))
    anchors = np.zeros(len(prints), np.int64)
    anchors[places] = [len(each.wide) // 4 for each in usable]
    bands = BANDS * len(places)
    near = _together(leads[:bands], np.repeat(places, BANDS))
    pairs, shared = np.unique(_together(leads[bands:], np.repeat(places, anchors[places]), COMMON), return_counts=True)
    ones, others = pairs >> _PLACE_BITS, pairs & _PLACE
    pairs = pairs[shared >= SHARED_ANCHORS * np.minimum(anchors[ones], anchors[others])]
    for pair in np.unique(np.concatenate((_equal(prints), near, pairs))).tolist():
        yield pair >> _PLACE_BITS, pair & _PLACE


def _together(keys: NDArray[np.uint64], places: Numbers, most: int | None = None) -> Numbers:
    """Return the pairs of *places* with a key in common, as often as they have one.

    A place that has a key in common with more than *most* before it has none.
    """
    order = np.argsort(keys, kind="stable")
    keys, places = keys[order], places[order]
    begins = np.append(True, keys[1:] != keys[:-1])[: len(keys)]
    before = np.arange(len(keys)) - np.maximum.accumulate(np.where(begins, np.arange(len(keys)), 0))
    ends = np.flatnonzero(before if most is None else (before > 0) & (before <= most))
    found, lag = [np.empty(0, np.int64)], 1
    while len(ends):
        found.append(places[ends - lag] << _PLACE_BITS | places[ends])
        lag += 1
        ends = ends[before[ends] >= lag]
    return np.concatenate(found)


def _equal(prints: Sequence[Fingerprint]) -> Numbers:
    groups: dict[str, list[int]] = defaultdict(list)
    for place, each in enumerate(prints):
        if each.digest is not None:
            groups[each.digest].append(place)
    pairs = [pair for group in groups.values() for pair in combinations(group, 2)]
    return np.array([one << _PLACE_BITS | other for one, other in pairs], np.int64)


def detect_equal(docs: Sequence[Document]) -> Iterator[Pair]:
    """Yield the pairs whose folded text is the same."""
    groups: dict[str | None, list[str]] = defaultdict(list)
    for doc in docs:
        groups[folded_digest(doc["text"])].append(doc["id"])
    for digest, ids in groups.items():
        if digest is not None:
            yield from ((one, other, "same") for one, other in combinations(ids, 2))


def simhash(distance: int) -> Detector:
    """Return a detector by 64-bit SimHash of our shingles, at most *distance* bits apart."""

    def detect_simhash(docs: Sequence[Document]) -> Iterator[Pair]:
        prints = np.array([_simhash(doc["text"]) for doc in docs], np.uint64)
        for place in range(len(prints) - 1):
            near = np.flatnonzero(np.bitwise_count(prints[place + 1 :] ^ prints[place]) <= distance)
            yield from ((docs[place]["id"], docs[place + 1 + int(other)]["id"], "same") for other in near)

    return detect_simhash


def _simhash(text: str) -> int:
    shingles = runs_of(tokens_of(fold_forms(text))).shingles
    bits = np.unpackbits(shingles.view(np.uint8).reshape(-1, 8), axis=1)
    return int.from_bytes(np.packbits(2 * bits.sum(axis=0, dtype=np.int64) > len(shingles)).tobytes(), "little")


def detect_datasketch(docs: Sequence[Document]) -> Iterator[Pair]:
    """Yield the pairs that datasketch finds with 128 permutations and a threshold of 0.5."""
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=0.5, num_perm=128)
    prints = {}
    for doc in docs:
        prints[doc["id"]] = each = MinHash(num_perm=128)
        each.update_batch([shingle.encode() for shingle in _shingles(doc)])
        for other in index.query(each):
            if each.jaccard(prints[other]) >= 0.5:
                yield other, doc["id"], "same"
        index.insert(doc["id"], each)


def _shingles(doc: Document) -> set[str]:
    if doc["lang"] in ("zh", "ja", "ko"):
        key = fold(doc["text"])
        return {key[place : place + 5] for place in range(max(len(key) - 4, 1))}
    words = fold_forms(doc["text"]).split()
    return {" ".join(words[place : place + 3]) for place in range(max(len(words) - 2, 1))}


DETECTORS: dict[str, Detector] = {
    f"newscrawl {ALGORITHM}": detect,
    "equal folded text": detect_equal,
    "SimHash, 3 bits": simhash(3),
    "SimHash, 10 bits": simhash(10),
    "datasketch, 0.5": detect_datasketch,
}


@dataclass(frozen=True, kw_only=True)
class Score:
    """What a method found in the documents of one language."""

    precision: float
    false: int
    recall: float
    contained: float
    us: float
    """CPU microseconds a document."""
    kinds: Mapping[str, float]
    """Recall by kind of edit."""

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.precision * self.recall / max(self.precision + self.recall, 1e-9)


def scored(
    found: set[frozenset[str]], gold: Mapping[frozenset[str], tuple[str, str]], derived: set[str], us: float
) -> Score:
    """Return the score of the pairs that were *found*; *gold* gives label and kind of edit."""
    real = [gold.get(pair, ("different", ""))[0] for pair in found if not pair & derived]
    right, false = sum(label in ("same", "contained") for label in real), real.count("different")
    total: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    for pair, (label, kind) in gold.items():
        for name in (label, f"{label} {kind}"):
            total[name] += 1
            hits[name] += pair in found
    share = {name: hits[name] / total[name] for name in total}
    return Score(
        precision=right / max(right + false, 1),
        false=false,
        recall=share.get("same", 0.0),
        contained=share.get("contained", 0.0),
        us=us,
        kinds={name: value for name, value in sorted(share.items()) if " " in name},
    )


def documents(folder: Path, name: str) -> tuple[list[dict[str, Any]], dict[frozenset[str], tuple[str, str]]]:
    """Return the documents of a set, and the label and the kind of edit of its pairs."""
    with gzip.open(folder / f"docs_{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        docs = [json.loads(line) for line in lines]
    rows = (folder / f"pairs_{name}.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return docs, {frozenset(row[:2]): (row[2], row[3]) for row in (line.split("\t") for line in rows)}


def measured(detector: Detector, docs: Sequence[Document], gold: Mapping[frozenset[str], tuple[str, str]]) -> Score:
    """Return how *detector* does on *docs*, which are of one language."""
    start = time.process_time()
    found = {frozenset(pair[:2]) for pair in detector(docs)}
    us = (time.process_time() - start) / max(len(docs), 1) * 1e6
    ids = {doc["id"] for doc in docs}
    ours = {pair: label for pair, label in gold.items() if pair <= ids}
    return scored(found, ours, {doc["id"] for doc in docs if doc.get("derived")}, us)


def fingerprint_us(docs: Sequence[Document]) -> float:
    """Return the CPU microseconds that a fingerprint takes, its bands and anchors included: the best of five rounds."""
    texts = [doc["text"] for doc in docs[:: max(1, len(docs) // 400)]]
    rounds = []
    for _ in range(5):
        start = time.process_time()
        for text in texts:
            each = fingerprint(text)
            _ = each.bands, each.anchors
        rounds.append((time.process_time() - start) / max(len(texts), 1) * 1e6)
    return min(rounds)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure every method on each language and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of docs_SET.jsonl.gz and pairs_SET.tsv")
    parser.add_argument("--set", default="dev", help="name of the set")
    parser.add_argument("--kinds", action="store_true", help="also show recall by kind of edit")
    options = parser.parse_args(arguments)
    docs, gold = documents(options.data, options.set)
    console = Console(width=120)
    for language in sorted({doc["lang"] for doc in docs}):
        mine = [doc for doc in docs if doc["lang"] == language]
        characters = sum(len(doc["text"]) for doc in mine) / len(mine)
        title = f"{language}: {len(mine)} documents of {characters:.0f} characters"
        columns = ("precision", "false", "recall", "F1", "contained", "µs/doc")
        table = Table("method", *columns, title=title, title_justify="left")
        for name, detector in DETECTORS.items():
            try:
                score = measured(detector, mine, gold)
            except ImportError as error:
                table.add_row(name, f"not installed: {error.name}")
                continue
            rates = (f"{score.precision:.4f}", str(score.false), f"{score.recall:.4f}", f"{score.f1:.4f}")
            table.add_row(name, *rates, f"{score.contained:.4f}", f"{score.us:.0f}")
            if options.kinds and detector is detect:
                kinds = "  ".join(f"{kind} {value:.3f}" for kind, value in score.kinds.items())
        console.print(table)
        console.print(f"fingerprint alone: {fingerprint_us(mine):.0f} µs of CPU")
        if options.kinds:
            console.print(kinds)


if __name__ == "__main__":
    main()

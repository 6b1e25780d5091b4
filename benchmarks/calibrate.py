"""``python -m benchmarks.calibrate --data DIR``: learn how sure the reader may be of a field.

DIR is as for ``benchmarks.train``. Each page is read with a classifier that was learned from other sites; each reading
of a field leaves its method, its signs, and how right it was. A field that the reader left empty gives no reading, so
that what is printed of dates and authors says nothing of those it missed. A logistic regression a field says how often
readings with such signs are right. Right is: headline and day as labelled, the authors exactly the labelled ones, a
story with an F1 of at least 0.9. The error of calibration is measured on sites that the regression was not learned
from.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import newscrawl.extract.building as building
import newscrawl.extract.dating as dating
import newscrawl.extract.segment as segmenting
from benchmarks.labels import Label, LabelError, labels_of
from benchmarks.scoring import days, f1, squeezed
from benchmarks.train import FOLDS, fold_of, labelled, learn, site_named, write
from newscrawl.extract import extract_article
from newscrawl.extract.confidence import WEIGHTS
from newscrawl.extract.story import Forest
from newscrawl.items import Article

_BINS = 10
_RARE = 4
_DECAY = 1.0
_RIGHT = 0.9


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One reading of a field."""

    fold: int
    signs: frozenset[str]
    score: float
    """F1 of a story; 1 or 0 of other fields."""

    @property
    def right(self) -> bool:
        """Whether the field is as labelled, or nearly so."""
        return self.score >= _RIGHT


def main() -> None:
    """Read all pages, learn, measure, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with data/pages.jsonl")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    try:
        labels = labels_of(options.data)
    except LabelError as error:
        parser.error(str(error))
    learned = {}
    for field, readings in read(labels).items():
        learned[field] = fit(readings)
        errors = [reading for fold in range(FOLDS) for reading in held_out(readings, fold)]
        print(f"{field}: {len(readings)} readings, {quality(readings)}; {calibration(errors)}")
    text = json.dumps(learned, ensure_ascii=False, indent=1, sort_keys=True)
    options.out.write_text(text + "\n", encoding="utf-8")


def read(labels: Sequence[Label]) -> dict[str, list[Reading]]:
    """Return the readings of each field, on sites that the classifier does not know."""
    found: defaultdict[str, list[Reading]] = defaultdict(list)
    pages = [page for page in map(labelled, labels) if page is not None]
    with tempfile.TemporaryDirectory() as scratch:
        for fold in range(FOLDS):
            path = Path(scratch) / "fold.npz"
            write(learn([page for page in pages if page.fold() != fold]), path)
            forest = Forest.load(path)
            segmenting.shipped = lambda forest=forest: forest  # type: ignore[misc]
            for label in labels:
                if fold_of(site_named(label)) == fold:
                    for field, reading in readings_of(label, fold):
                        found[field].append(reading)
    return dict(found)


def readings_of(label: Label, fold: int) -> Iterator[tuple[str, Reading]]:
    """Read a page, and yield what its labels can judge."""
    seen: dict[str, frozenset[str]] = {}

    def recorded(field: str, method: str, signs: Iterable[str] = ()) -> float:
        seen[field] = frozenset((f"method:{method}", *signs))
        return 0.5

    building.confidence = dating.confidence = recorded
    article = extract_article(label.html(), label.url)
    for field, score in judged(article, label.gold):
        if field in seen:
            yield field, Reading(fold=fold, signs=seen[field], score=score)


def judged(article: Article, gold: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield how right each labelled field is, 0 to 1."""
    if "title" in gold:
        yield "headline", squeezed(article.headline or "") == squeezed(gold["title"])
    if "date" in gold and article.date_published:
        yield "date_published", bool(days(article.date_published) & (days(gold.get("datetime")) | {gold["date"]}))
    if "authors" in gold:
        yield "authors", {squeezed(p.name) for p in article.authors} == {squeezed(name) for name in gold["authors"]}
    if "body" in gold:
        yield "article_body", f1(gold["body"], article.article_body or "")


def fit(readings: Sequence[Reading]) -> dict[str, float]:
    """Return what each sign adds to the logit: ridge logistic regression by Newton's method; "" is the constant."""
    counts = Counter(sign for reading in readings for sign in reading.signs)
    names = ["", *sorted(sign for sign, count in counts.items() if count >= _RARE)]
    rows = np.array([[name == "" or name in reading.signs for name in names] for reading in readings], float)
    right = np.array([reading.right for reading in readings], float)
    decay = np.full(len(names), _DECAY)
    decay[0] = 1e-3
    weights = np.zeros(len(names))
    for _ in range(30):
        chances = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (chances - right) + decay * weights
        bend = (rows * (chances * (1 - chances))[:, None]).T @ rows + np.diag(decay)
        weights -= np.linalg.solve(bend, slope)
    return {name: round(float(weight), 3) for name, weight in zip(names, weights, strict=True)}


def held_out(readings: Sequence[Reading], fold: int) -> Iterator[tuple[float, bool]]:
    """Yield chance and truth of the readings of *fold*, by weights from the other folds."""
    weights = fit([reading for reading in readings if reading.fold != fold])
    for reading in readings:
        if reading.fold == fold:
            total = weights[""] + sum(weights.get(sign, 0.0) for sign in reading.signs)
            yield 1 / (1 + float(np.exp(-total))), reading.right


def quality(readings: Sequence[Reading]) -> str:
    """Say how right readings are: the mean, and what one in ten is below."""
    scores = sorted(reading.score for reading in readings)
    return f"mean {np.mean(scores):.4f}, 10th percentile {scores[len(scores) // 10]:.4f}"


def calibration(found: Sequence[tuple[float, bool]]) -> str:
    """Say how far chance and share of right readings lie apart, over ten bins of equal width."""
    chances: NDArray[Any] = np.array([chance for chance, _ in found])
    right = np.array([truth for _, truth in found], float)
    bins = np.minimum((chances * _BINS).astype(int), _BINS - 1)
    gaps = [(int((bins == b).sum()), abs(chances[bins == b].mean() - right[bins == b].mean())) for b in np.unique(bins)]
    error = sum(count * gap for count, gap in gaps) / len(found)
    return f"{right.mean():.3f} right, calibration error {error:.3f} over {len(gaps)} bins"


if __name__ == "__main__":
    main()

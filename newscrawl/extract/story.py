"""Which blocks are the story: the judgement of a learned classifier, block by block, and the choice over the page.

The classifier is a sum of boosted decision trees over :mod:`newscrawl.extract.features`. Each tree asks the same
question of every block at each of its levels, so that the answers are the bits of a leaf's number and a whole page is
judged in a few array operations. Trees share more than half of their questions: each is asked once a page.
``python -m benchmarks.train`` makes the weights from labelled pages.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from newscrawl.extract.features import NAMES, Numbers

_LONG_ENOUGH = 100
"""What a paragraph has to weigh so that its repetition says something."""
_COPIED = 0.3
_NONE = 2
_ALIKE = 0.25
"""How far the chance of a block goes towards what blocks called as it is have together."""
_SURE = 0.9
"""From here on a few words are story wherever they stand."""
WEIGHTS = Path(__file__).with_name("story.npz")


@dataclass(frozen=True, kw_only=True)
class Forest:
    """Boosted trees of equal depth."""

    features: NDArray[np.intp]
    """Of each question the number of the feature that is asked."""
    borders: NDArray[np.float32]
    """Of each question what the answer is yes above."""
    asked: NDArray[np.intp]
    """Levels by trees: the number of the question."""
    leaves: NDArray[np.float32]
    """Trees by leaves: what each adds to the logit."""
    bias: float

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the weights. Raises :exc:`ValueError` when they were learned on other features."""
        with np.load(path, allow_pickle=False) as file:
            if list(file["names"]) != list(NAMES):
                raise ValueError(f"{path.name}: made for other features; learn it again with benchmarks.train")
            questions, asked = np.unique(
                np.rec.fromarrays([file["features"].T.ravel(), file["borders"].T.ravel()]), return_inverse=True
            )
            trees, depth = file["features"].shape
            return cls(
                features=questions["f0"].astype(np.intp),
                borders=questions["f1"].copy(),
                asked=asked.reshape(depth, trees),
                leaves=file["leaves"].astype(np.float32),
                bias=float(file["bias"]),
            )

    def chances(self, rows: Numbers) -> Numbers:
        """Return the chance (0 to 1) that each row is of a block of the story."""
        columns = np.ascontiguousarray(rows.T)
        answers = (columns[self.features] > self.borders[:, None]).view(np.uint8)
        leaf = answers[self.asked[0]]
        for level, asked in enumerate(self.asked[1:], 1):
            # Of at most eight answers a byte is made, which is the leaf's number.
            leaf |= answers[asked] << level
        first = np.arange(0, self.leaves.size, self.leaves.shape[1], dtype=np.intp)
        logit: Numbers = self.leaves.ravel().take(leaf + first[:, None]).sum(axis=0) + self.bias
        chances: Numbers = 1 / (1 + np.exp(-logit))
        return chances


@cache
def shipped() -> Forest:
    """The weights that come with the package."""
    # The package may lie in an egg.
    with resources.as_file(resources.files(__package__).joinpath(WEIGHTS.name)) as path:
        return Forest.load(path)


def levelled(
    chances: Numbers, weights: Numbers, ruled: NDArray[np.int8], called: Sequence[Hashable]
) -> NDArray[np.float64]:
    """Draw the chance of each row towards the mean of the rows that are *called* as it is.

    What a site calls by one name is mostly of one kind, whatever its single texts look like. *weights* and *ruled*
    are as for :func:`chosen`.

    >>> levelled(np.array([1.0, 0.6, 0.2]), np.array([60, 20, 20]), np.zeros(3, np.int8), ["p", "p", "li"]).tolist()
    [0.975, 0.675, 0.2]
    """
    numbers: dict[Hashable, int] = {}
    at = np.array([numbers.setdefault(name, len(numbers)) for name in called], np.intp)
    chances = np.where(ruled == _NONE, 0, chances)
    means = np.bincount(at, chances * weights) / np.maximum(np.bincount(at, weights), 1)
    found: NDArray[np.float64] = chances + _ALIKE * (means[at] - chances)
    return found


def chosen(chances: Numbers, weights: Numbers, ruled: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Choose the rows that make the best story to be expected: the F1 of its text against the true one is greatest.

    *weights* say how much text each row stands for. *ruled* is 0 for most rows; 2 where a rule says that the text is
    none of the story; 1 where it says so unless story stands before and after or the chance is all but certain, for
    prose can begin with the same words.
    """
    if not len(chances):
        return np.zeros(0, np.bool_)
    chances = np.where(ruled == _NONE, 0, chances)
    order = np.argsort(-chances, kind="stable")
    hits = np.cumsum((chances * weights)[order])
    taken = np.cumsum(weights[order])
    best = int(np.argmax(2 * hits / (hits[-1] + taken)))
    story = (chances >= chances[order[best]]) & (ruled < _NONE)
    free = (ruled == 0) | (chances >= _SURE)
    sure = np.flatnonzero(story & free)
    at = np.arange(len(story))
    between = (at > sure[0]) & (at < sure[-1]) if len(sure) else np.zeros(len(story), np.bool_)
    found: NDArray[np.bool_] = story & (free | between)
    return found


def copies(texts: Sequence[str], weights: Sequence[float]) -> list[int]:
    """Return which of the *texts* of a story say again what was said, where the page tells the story twice.

    >>> copies(["The ferry waits.", "It is late."] * 2, [200, 100] * 2), copies(["A", "B", "B"], [200] * 3)
    ([2, 3], [])
    """
    seen: set[str] = set()
    again = []
    for at, (text, weight) in enumerate(zip(texts, weights, strict=True)):
        if text in seen:
            again.append(at)
        elif weight >= _LONG_ENOUGH:
            seen.add(text)
    # One paragraph that is printed twice is a quotation set in large type, and says nothing of the rest.
    twice = len(again) > 1 and sum(weights[at] for at in again) >= _COPIED * sum(weights)
    return again if twice else []


def signs_of(
    chances: Numbers, weights: Numbers, taken: NDArray[np.bool_], by_rules: NDArray[np.bool_]
) -> tuple[str, ...]:
    """Say how sure a choice is: the F1 to be expected, how far rules alone agree (*by_rules*), and how long it is."""
    total = float(weights[taken].sum()) or 1.0
    expected = 2 * float((chances * weights)[taken].sum()) / (total + float((chances * weights).sum()))
    either = float(weights[taken | by_rules].sum()) or 1.0
    agreed = float(weights[taken & by_rules].sum()) / either
    signs = [f"expected:{border}" for border in (70, 80, 90, 95, 98) if 100 * expected >= border]
    signs += [f"agreed:{border}" for border in (60, 80, 90, 97) if 100 * agreed >= border]
    signs += [f"weight:{border}" for border in (300, 800, 2000, 8000) if total >= border]
    return tuple(signs)

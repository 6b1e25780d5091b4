"""``python -m benchmarks.train --data DIR``: learn which blocks of a page are the story.

DIR is a folder of labelled pages (``benchmarks/labels.py`` tells the form). A block is labelled by how much of it
stands in the true text; pages that only name segments that must or must not be there label the blocks with those. The
trees are learned with CatBoost, which the package itself does not need: it is in the extra ``train``. First the
classifier is held against sites that it was not learned from, five times a fifth of them; then it is learned from all
and written beside the reader.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import zlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.labels import Label, LabelError, labels_of
from benchmarks.scoring import f1, shingles, squeezed, tokens
from newscrawl.extract.decode import decoded
from newscrawl.extract.features import NAMES
from newscrawl.extract.marks import ALL_RULES
from newscrawl.extract.page import claims_of
from newscrawl.extract.segment import body_weight, first_look
from newscrawl.extract.story import WEIGHTS, Forest, chosen, copies, levelled
from newscrawl.extract.structured import structured
from newscrawl.extract.titles import titles_of
from newscrawl.extract.tree import drop_scripts, parse
from newscrawl.urls import site_of

TREES, DEPTH, RATE = 200, 6, 0.08
FOLDS = 5
_LITTLE = 300


@dataclass(frozen=True, kw_only=True)
class Page:
    """A labelled page."""

    site: str
    rows: NDArray[np.float32]
    texts: list[str]
    weights: NDArray[np.float32]
    ruled: NDArray[np.int8]
    called: list[tuple[str, ...]]
    labels: NDArray[np.float32]
    """1 for story, 0 for none, -1 where nothing is known."""
    body: str | None
    """The true text, where the whole of it is known."""
    stated: str | None

    def fold(self) -> int:
        """Pages of one site are in one fold."""
        return fold_of(self.site)


def fold_of(site: str) -> int:
    """Return the fold that the pages of *site* are in."""
    return zlib.crc32(site.encode()) % FOLDS


def site_named(label: Label) -> str:
    """Return the site of a labelled page; one without a URL of its own is a site for itself."""
    return site_of(label.url) if ".invalid" not in label.url else label.file


def main() -> None:
    """Cross-validate, learn from all pages, write the weights."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with data/pages.jsonl")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--no-validation", action="store_true", help="only learn and write")
    options = parser.parse_args()
    try:
        pages = [page for page in map(labelled, labels_of(options.data)) if page is not None]
    except LabelError as error:
        parser.error(str(error))
    print(f"{len(pages)} pages, {len({page.site for page in pages})} sites, {sum(len(p.texts) for p in pages)} blocks")
    if not options.no_validation:
        validate(pages)
    model = learn(pages)
    write(model, options.out)
    forest = Forest.load(options.out)
    report("learned from these pages", pages, forest.chances)
    print(f"{options.out}: {options.out.stat().st_size} bytes")


def validate(pages: Sequence[Page]) -> None:
    """Print how well the story is found on sites that were not learned from."""
    found: dict[int, NDArray[np.float32]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for fold in range(FOLDS):
            path = Path(folder) / "fold.npz"
            write(learn([page for page in pages if page.fold() != fold]), path)
            forest = Forest.load(path)
            found.update({id(page.rows): forest.chances(page.rows) for page in pages if page.fold() == fold})
    report("sites not learned from", pages, lambda rows: found[id(rows)])


def report(name: str, pages: Sequence[Page], chances: Callable[[Any], Any]) -> None:
    """Print mean and 10th percentile of the F1 of the chosen text, in 4-shingles."""
    scores = sorted(
        f1(page.body, story(page, chances(page.rows))) for page in pages if page.body is not None and len(page.texts)
    )
    print(f"{name}: {len(scores)} pages, F1 {np.mean(scores):.4f}, 10th percentile {scores[len(scores) // 10]:.4f}")


def story(page: Page, chances: NDArray[np.float32]) -> str:
    """Return the text that is chosen, or the stated one where that is far longer."""
    chances = levelled(chances, page.weights, page.ruled, page.called)
    taken = np.flatnonzero(chosen(chances, page.weights, page.ruled))
    texts = [page.texts[at] for at in taken]
    again = set(copies(texts, page.weights[taken].tolist()))
    text = "\n\n".join(t for at, t in enumerate(texts) if at not in again)
    return page.stated if page.stated and len(text) < 0.3 * len(page.stated) else text


def learn(pages: Sequence[Page]) -> Any:
    """Return a CatBoost model; a second copy of each row without class names keeps it from leaning on these."""
    from catboost import CatBoostClassifier, Pool

    known = [page.labels >= 0 for page in pages]
    rows = np.concatenate([page.rows[k] for page, k in zip(pages, known, strict=True)])
    labels = np.concatenate([page.labels[k] >= 0.5 for page, k in zip(pages, known, strict=True)]).astype(int)
    weights = np.concatenate([importance(page)[k] for page, k in zip(pages, known, strict=True)])
    nameless = rows.copy()
    nameless[:, [at for at, name in enumerate(NAMES) if name.startswith(("near_", "far_"))]] = 0
    model = CatBoostClassifier(
        iterations=TREES,
        depth=DEPTH,
        learning_rate=RATE,
        l2_leaf_reg=10,
        random_seed=1,
        border_count=64,
        bootstrap_type="Bernoulli",
        subsample=0.8,
        rsm=0.3,
        verbose=0,
        allow_writing_files=False,
    )
    both = np.concatenate([rows, nameless]), np.concatenate([labels, labels])
    model.fit(Pool(both[0], both[1], weight=np.concatenate([weights, 0.5 * weights])))
    return model


def importance(page: Page) -> NDArray[np.float32]:
    """Long blocks count more; a page of many blocks does not drown the others."""
    long = np.minimum(1.0, 0.15 + page.weights / 300)
    if page.body is None:
        return (1.5 * long).astype(np.float32)
    return (long * 30 / np.sqrt(30 * max(10, len(page.labels)))).astype(np.float32)


def write(model: Any, path: Path) -> None:
    """Write a CatBoost model of equal-depth trees as plain arrays."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.json"
        model.save_model(str(file), format="json")
        saved = json.loads(file.read_text(encoding="utf-8"))
    trees = saved["oblivious_trees"]
    features = np.zeros((len(trees), DEPTH), np.uint8)
    borders = np.full((len(trees), DEPTH), np.inf, np.float32)
    leaves = np.zeros((len(trees), 1 << DEPTH), np.float16)
    for at, tree in enumerate(trees):
        for level, split in enumerate(tree["splits"] or ()):
            features[at, level], borders[at, level] = split["float_feature_index"], split["border"]
        leaves[at, : len(tree["leaf_values"])] = tree["leaf_values"]
    scale, bias = saved["scale_and_bias"]
    assert scale == 1
    np.savez_compressed(path, names=np.array(NAMES), features=features, borders=borders, leaves=leaves, bias=bias[0])


def labelled(label: Label) -> Page | None:
    """Read a page as the reader does, up to the classifier, and label its blocks. None for one without text."""
    text = decoded(label.html())
    body, named = label.gold.get("body"), label.gold.get("with")
    looks = [_look(text.text.encode("utf-8", "replace"), label.url)]
    if body_weight(looks[0][0].page) < _LITTLE:
        looks.append(_look(text.text.encode("utf-8", "replace"), label.url, ALL_RULES))
    look, claims = max(looks, key=lambda found: body_weight(found[0].page))
    index, rows = look.rows()
    if not index or (body is None and named is None):
        return None
    blocks = [look.page.blocks[at] for at in index]
    texts = ["" if at == look.headline() else block.text for at, block in zip(index, blocks, strict=True)]
    labels = by_text(texts, body) if body is not None else by_segments(texts, label.gold)
    return Page(
        site=site_named(label),
        rows=rows,
        texts=texts,
        weights=np.array([block.weight for block in blocks], np.float32),
        ruled=look.ruled(index),
        called=look.called(index),
        labels=np.array(labels, np.float32),
        body=body,
        stated=claims.story,
    )


def _look(utf8: bytes, url: str, without: frozenset[str] = frozenset()) -> Any:
    root = parse(utf8)
    assert root is not None
    scripts = drop_scripts(root)
    meta = structured(root, scripts)
    claims = claims_of(meta, titles_of(meta, url))
    return first_look(root, claims=claims, without=without), claims


def by_text(texts: Sequence[str], body: str) -> list[float]:
    """Label each text by the share of its 4-shingles in *body*.

    A short one is story where it is a line of *body*, where the longest common subsequence holds all of it, or where
    most runs of four tokens over it and its neighbours stand in *body*: that is how the cells of a table are known,
    which are one word each and no line.
    """
    known, lines = set(shingles(body)), {squeezed(part) for part in body.split("\n")}
    words = [tokens(text) for text in texts]
    flat = [word for part in words for word in part]
    common, shared = _common(flat, tokens(body)), covered(flat, known)
    labels, start = [], 0
    for text, part in zip(texts, words, strict=True):
        place, start = slice(start, start + len(part)), start + len(part)
        if len(part) >= 6:
            grams = [tuple(part[at : at + 4]) for at in range(len(part) - 3)]
            labels.append(sum(gram in known for gram in grams) / len(grams))
        elif not part:
            labels.append(0.0)
        else:
            whole = squeezed(text) in lines and common[place].mean() > 0.5
            alike = len(part) > 1 and bool(common[place].all())
            labels.append(float(whole or alike or shared[place].mean() >= 0.5))
    return labels


def _common(words: Sequence[str], true: Sequence[str]) -> NDArray[np.float64]:
    """1 for each of the *words* in the longest subsequence that they have in common with the *true* ones."""
    from rapidfuzz.distance import LCSseq

    common = np.zeros(len(words))
    for step in LCSseq.opcodes(words, true):
        if step.tag == "equal":
            common[step.src_start : step.src_end] = 1
    return common


def covered(words: Sequence[str], known: Collection[tuple[str, ...]]) -> NDArray[np.float64]:
    """Of the up to four runs of four tokens that each of the *words* is in, return the share that is *known*.

    >>> covered("Ann 12 Bob 9 and now something else".split(), {("Ann", "12", "Bob", "9")}).tolist()[:5]
    [1.0, 0.5, 0.3333333333333333, 0.25, 0.0]
    """
    found = [float(tuple(words[at : at + 4]) in known) for at in range(len(words) - 3)]
    hits, runs = np.zeros(len(words)), np.zeros(len(words))
    for step in range(4 if found else 0):
        hits[step : step + len(found)] += found
        runs[step : step + len(found)] += 1
    return hits / np.maximum(1, runs)


def by_segments(texts: Sequence[str], gold: dict[str, list[str]]) -> list[float]:
    """Label the texts that hold a named segment, and no others."""
    keys = [squeezed(text) for text in texts]
    labels = [-1.0] * len(texts)
    for segments, label in ((gold["without"], 0.0), (gold["with"], 1.0)):
        for segment in filter(None, map(squeezed, segments)):
            labels = [label if segment in key else old for key, old in zip(keys, labels, strict=True)]
    return labels


if __name__ == "__main__":
    main()

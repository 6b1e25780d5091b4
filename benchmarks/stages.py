"""``python -m benchmarks.stages``: CPU microseconds a stage of a page, from bytes to a line of JSON.

No page is read twice, neither to warm up nor for two stages that do the same work: the reader remembers lines that
repeat over a site's pages, and would know all of a page that it has seen. So each page is measured in one of three
ways: as a whole, step by step, or within the step that finds the story.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import numpy as np
from rich.console import Console
from rich.table import Table

from newscrawl.archive.snapshot import snapshot_ref, write_snapshot
from newscrawl.exporters import json_line
from newscrawl.extract import read_page
from newscrawl.extract.building import Source
from newscrawl.extract.decode import decoded
from newscrawl.extract.features import Claims, Numbers
from newscrawl.extract.fields import article_of
from newscrawl.extract.kind import kind_of
from newscrawl.extract.page import claims_of
from newscrawl.extract.roles import page_links
from newscrawl.extract.segment import FirstLook, first_look, segment
from newscrawl.extract.story import chosen, levelled, shipped
from newscrawl.extract.structured import Structured, structured
from newscrawl.extract.titles import titles_of
from newscrawl.extract.tree import drop_scripts, parse
from newscrawl.fingerprint import folded_digest
from newscrawl.items import Article, faults
from newscrawl.sites import Layout, SiteProfile, parse_profile
from newscrawl.text import clean_text

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from newssite import Pages, build_site

T = TypeVar("T")

STAGES = (
    "decode",
    "parse",
    "metadata",
    "places",
    "  first look: blocks, rules",
    "  classifier: features",
    "  classifier: forest, choice",
    "fields",
    "links, kind",
    "read, all of the above",
    "clean",
    "validate",
    "dedupe",
    "row to line",
    "snapshot",
)
"""In the order of the work. ``places`` holds the three below it, and the placing of all blocks around the story."""
_WARM_UP = 60
_PROFILE = b"""
hosts = ["127.0.0.2"]
[[layout]]
headline = ["h1"]
body = [".entry-content", "#artibody", "[itemprop=articleBody]", "[name=articleBody]"]
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stages", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=11)
    show_stages(Console(highlight=False), stage_times(parser.parse_args().seed))


def show_stages(console: Console, stages: dict[str, dict[str, float]]) -> None:
    """Print a column for each way of reading."""
    table = Table(title="microseconds a stage, medians over article pages", title_justify="left")
    table.add_column("stage")
    for path in stages:
        table.add_column(path, justify="right")
    for stage in STAGES:
        table.add_row(stage, *(f"{times[stage]:.0f}" if stage in times else "–" for times in stages.values()))
    console.print(table)


def stage_times(seed: int) -> dict[str, dict[str, float]]:
    """Return the median CPU microseconds of each of :data:`STAGES`, without and with a profile."""
    site = build_site(600, seed=seed, hosts=3)
    pages = Pages(site, [f"http://127.0.0.{number + 2}" for number in range(3)])
    found = [
        (pages[(truth.host, truth.path)].body, f"http://127.0.0.{truth.host + 2}{truth.path}")
        for truth in site.truth
        if truth.kind == "article"
    ]
    # The site's platforms and languages take turns; each way of measuring is to meet all of them.
    Random(seed).shuffle(found)
    profile = parse_profile(_PROFILE, "benchmark", "benchmark.toml")
    return {"generic": _times(found[::2], None), "profile": _times(found[1::2], profile)}


def _times(pages: list[tuple[bytes, str]], profile: SiteProfile | None) -> dict[str, float]:
    clock = _Clock()
    with tempfile.TemporaryDirectory() as name:
        for number, (body, url) in enumerate(pages):
            if number == _WARM_UP:
                clock.samples.clear()
            if number % 3 == 0:
                _whole(clock, body, url, profile, Path(name))
            elif number % 3 == 1:
                _step_by_step(clock, body, url, profile)
            else:
                _story(clock, body, url, profile)
    return {stage: statistics.median(values) for stage, values in clock.samples.items()}


class _Clock:
    def __init__(self) -> None:
        self.samples: dict[str, list[float]] = {}

    def timed(self, stage: str, work: Callable[[], T]) -> T:
        assert stage in STAGES
        begun = time.process_time_ns()
        result = work()
        self.samples.setdefault(stage, []).append((time.process_time_ns() - begun) / 1000)
        return result


def _whole(clock: _Clock, body: bytes, url: str, profile: SiteProfile | None, folder: Path) -> None:
    page = clock.timed("read, all of the above", lambda: read_page(body, url, profile=profile))
    article = page.article or Article()
    clock.timed("clean", lambda: [clean_text(t) for t in (article.article_body or "", article.headline or "")])
    clock.timed("validate", lambda: faults(article))
    clock.timed("dedupe", lambda: folded_digest(article.article_body))
    clock.timed("row to line", lambda: json_line(vars(article)))
    ref = snapshot_ref(body, "127.0.0.2", None)
    clock.timed("snapshot", lambda: write_snapshot(folder, ref, body))


def _step_by_step(clock: _Clock, body: bytes, url: str, profile: SiteProfile | None) -> None:
    text = clock.timed("decode", lambda: decoded(body, None))
    utf8 = text.utf8 if text.utf8 is not None else text.text.encode()
    root = clock.timed("parse", lambda: parse(utf8))
    assert root is not None
    meta, claims = clock.timed("metadata", lambda: _metadata(root, utf8, url))
    layout = _layout(profile)
    page = clock.timed("places", lambda: segment(root, layout, claims=claims))
    source = Source(
        root=root,
        page=page,
        meta=meta,
        claims=claims,
        url=url,
        base=url,
        url_assigned=False,
        fetched_at=None,
        profile=profile,
        layout=layout,
        keywords=frozenset(),
    )
    clock.timed("fields", lambda: article_of(source))
    clock.timed("links, kind", lambda: kind_of(source, page_links(source, False)[0]))


def _story(clock: _Clock, body: bytes, url: str, profile: SiteProfile | None) -> None:
    text = decoded(body, None)
    utf8 = text.utf8 if text.utf8 is not None else text.text.encode()
    root = parse(utf8)
    assert root is not None
    claims = _metadata(root, utf8, url)[1]
    layout = _layout(profile)
    look = clock.timed("  first look: blocks, rules", lambda: first_look(root, layout, claims=claims))
    if look.page.container is None or profile is not None:
        # A profile names the story's element, so that nothing is left to judge.
        return
    index, rows = clock.timed("  classifier: features", look.rows)
    weights = np.array([look.page.blocks[at].weight for at in index], np.float32)
    clock.timed("  classifier: forest, choice", lambda: _choice(look, index, rows, weights))


def _choice(look: FirstLook, index: list[int], rows: Numbers, weights: Numbers) -> object:
    ruled = look.ruled(index)
    return chosen(levelled(shipped().chances(rows), weights, ruled, look.called(index)), weights, ruled)


def _metadata(root: Any, utf8: bytes, url: str) -> tuple[Structured, Claims]:
    scripts = drop_scripts(root)
    meta = structured(root, scripts)
    meta.source = utf8
    return meta, claims_of(meta, titles_of(meta, url))


def _layout(profile: SiteProfile | None) -> Layout | None:
    return profile.layout_at(None) if profile is not None else None


if __name__ == "__main__":
    main()

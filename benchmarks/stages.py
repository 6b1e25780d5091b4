"""Microseconds a stage of a page: decode, parse, read, clean, dedupe, write."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from newscrawl.archive.snapshot import snapshot_ref, write_snapshot
from newscrawl.exporters import json_line
from newscrawl.extract import read_page
from newscrawl.extract.decode import decoded
from newscrawl.extract.tree import parse
from newscrawl.fingerprint import folded_digest
from newscrawl.items import Article, faults
from newscrawl.sites import SiteProfile, parse_profile
from newscrawl.text import clean_text

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from newssite import Pages, build_site

_PROFILE = b"""
hosts = ["127.0.0.2"]
[[layout]]
headline = ["h1"]
body = [".entry-content", "#artibody", "[itemprop=articleBody]", "[name=articleBody]"]
"""


def stage_times(seed: int) -> dict[str, dict[str, float]]:
    """Return the median CPU microseconds of each stage, without and with a profile."""
    site = build_site(100, seed=seed, hosts=3)
    pages = Pages(site, [f"http://127.0.0.{number + 2}" for number in range(3)])
    found = [
        (pages[(truth.host, truth.path)].body, f"http://127.0.0.{truth.host + 2}{truth.path}")
        for truth in site.truth
        if truth.kind == "article"
    ]
    profile = parse_profile(_PROFILE, "benchmark", "benchmark.toml")
    return {"generic": _times(found, None), "profile": _times(found, profile)}


def _times(pages: list[tuple[bytes, str]], profile: SiteProfile | None) -> dict[str, float]:
    samples: dict[str, list[float]] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        begun = time.process_time_ns()
        result = work()
        samples.setdefault(name, []).append((time.process_time_ns() - begun) / 1000)
        return result

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for warm in (True, False):
            samples.clear()
            for number, (body, url) in enumerate(pages):
                text = timed("decode", lambda body=body: decoded(body, None))
                utf8 = text.utf8 if text.utf8 is not None else text.text.encode()
                timed("parse", lambda utf8=utf8: parse(utf8))
                page = timed("read (decode, parse, places, fields)", lambda: read_page(body, url, profile=profile))
                article = page.article or Article()
                timed(
                    "clean",
                    lambda: [clean_text(t) for t in (article.article_body or "", article.headline or "")],
                )
                timed("validate", lambda: faults(article))
                timed("dedupe", lambda: folded_digest(article.article_body))
                timed("row to line", lambda: json_line(vars(article)))
                ref = snapshot_ref(body + str((warm, number)).encode(), "127.0.0.2", None)
                timed("snapshot", lambda: write_snapshot(folder, ref, body))
    return {stage: statistics.median(values) for stage, values in samples.items()}

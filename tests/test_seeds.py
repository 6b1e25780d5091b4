"""The two seeds: every field as a person read it, and every text of the page in its place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from newscrawl.extract import Page, extract_article, read_page
from newscrawl.extract import segment as segmenting
from newscrawl.extract.rules import BULLETS
from newscrawl.items import as_row
from newscrawl.sites import Layout, SiteProfile, parse_profile, shipped_profiles

ROOT = Path(__file__).parents[1]
SEEDS = {"000": "000_4626a4d9245be4f9", "002": "002_d59cbfe31accf4df"}
FOUND = {
    "000": ("https://www.bannedbook.org/bnews/cbnews/20230321/1862500.html", "2023-03-21"),
    "002": ("https://www.bannedbook.org/bnews/cbnews/20230322/1862900.html", "2023-03-22"),
}
KINDS = {"notice", "source_line", "byline", "dateline", "ad", "share", "comment", "subscribe", "correction"}
PLACES = {"headline", "body", "caption", "related", "promoted", "removed"}


def body_of(seed: str) -> bytes:
    return (ROOT / "seeds" / f"{SEEDS[seed]}.txt").read_bytes()


def expected(seed: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "tests" / "seeds" / f"{seed}.json").read_text(encoding="utf-8"))
    return found


def assigned(seed: str) -> str:
    return f"https://www.bannedbook.org/bnews/seed/{SEEDS[seed]}.html"


def read(seed: str, profile: SiteProfile | str | None = "auto") -> Page:
    return read_page(body_of(seed), assigned(seed), url_assigned=True, profile=profile)


@pytest.mark.parametrize("profile", ["auto", None], ids=["profile", "generic"])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed_is_read_as_a_person_read_it(seed: str, profile: str | None) -> None:
    page = read(seed, profile)
    assert page.kind == "article"
    row = as_row(page.article)
    assert {name: row[name] for name in expected(seed)} == expected(seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_found_url_dates_a_seed(seed: str) -> None:
    url, day = FOUND[seed]
    article = extract_article(body_of(seed), url)
    assert article.date_published == day
    (why,) = [entry for entry in article.provenance if entry.field == "date_published"]
    assert (why.method, why.raw) == ("url", url)


@pytest.mark.parametrize("url_assigned", [True, False], ids=["assigned", "none"])
@pytest.mark.parametrize("seed", SEEDS)
def test_without_a_url_of_its_own_a_seed_has_no_date_and_says_why(seed: str, url_assigned: bool) -> None:
    article = extract_article(body_of(seed), FOUND[seed][0] if url_assigned else None, url_assigned=url_assigned)
    assert article.date_published is None
    refused = {(w.code, (w.detail or "")[:10]) for w in article.warnings if w.field == "date_published"}
    assert ("date_in_promoted_link", "2022-02-20") in refused
    assert ("date_in_assigned_url", FOUND[seed][1]) in refused or not url_assigned
    if seed == "002":
        assert {("date_in_caption", "2023-03-21"), ("date_in_body", "2023-03-22")} <= refused
    else:
        assert ("date_in_image_url", "2023-03-20") in refused


def test_a_date_after_the_fetch_is_refused() -> None:
    article = extract_article(body_of("002"), FOUND["002"][0], fetched_at=datetime(2023, 3, 20, tzinfo=UTC))
    assert article.date_published is None
    assert "date_after_fetch" in {w.code for w in article.warnings}


@pytest.mark.parametrize("seed", SEEDS)
def test_every_text_node_of_a_seed_has_one_place(seed: str) -> None:
    page = read(seed)
    assert accounted(page, body_of(seed), expected(seed)) == []


def accounted(page: Page, body: bytes, wanted: dict[str, Any]) -> list[str]:
    """Return what is wrong with the places of *page*: text lost or doubled, unknown places, text that no field has."""
    faults = []
    segments = page.segments()
    tree = etree.fromstring(body, etree.HTMLParser(encoding="utf-8", remove_comments=True))
    if squeezed("".join(s.text for s in segments)) != squeezed("".join(tree.itertext())):
        faults.append("the segments are not the text of the page")
    for segment in segments:
        if segment.place not in PLACES:
            faults.append(f"{segment.text.strip()[:20]!r} stands in {segment.place}")
        elif segment.place == "removed" and segment.kind not in KINDS:
            faults.append(f"{segment.text.strip()[:20]!r} was removed as {segment.kind}")
        elif not any(holds(text, segment.text) for text in texts_of(segment.place, wanted)):
            faults.append(f"{segment.text.strip()[:20]!r} stands in {segment.place} and in no such field")
    return faults


def texts_of(place: str, row: dict[str, Any]) -> Iterator[str]:
    """What the fields of *place* hold."""
    if place == "headline":
        yield row["headline"]
    elif place == "body":
        yield from row["article_body"].split("\n\n")
    elif place == "caption":
        yield from (image["caption"] for image in row["images"])
    elif place == "removed":
        yield from (entry["text"] for entry in row["removed"])
    elif place == "related":
        yield from (link["title"] for link in row[place])
    else:
        yield "".join(link["title"] for link in row[place])


def holds(field: str, text: str) -> bool:
    return squeezed(field) == squeezed("".join(ch for ch in text if ch not in BULLETS or ch in field))


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


GENERIC_RULES = {
    # The class of the list says what it is; so does a list that is nothing but long links.
    ("related_list", "link_list"): ["000", "002"],
    # The first paragraph of the notice has a class; both begin with a word that notices begin with.
    ("notice",): ["000", "002"],
    ("notice", "notice_block"): ["000", "002"],
    ("figcaption",): ["000", "002"],
    ("source_line",): ["000", "002"],
    ("bare_links",): ["000", "002"],
    ("bare_byline",): ["002"],
    ("dateline",): ["002"],
}
"""The generic rules that the seeds need, and which seed needs them."""


@pytest.mark.parametrize("rule", GENERIC_RULES, ids="+".join)
def test_the_places_are_wrong_without_any_one_generic_rule(
    rule: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = segmenting.segment
    monkeypatch.setattr(
        "newscrawl.extract.page.segment",
        lambda root, layout, **kwargs: original(
            root, layout, **{**kwargs, "without": kwargs.get("without", frozenset()) | set(rule)}
        ),
    )
    for seed in GENERIC_RULES[rule]:
        page = read(seed, None)
        row = as_row(page.article) if page.article is not None else {}
        wrong = [name for name in expected(seed) if row.get(name) != expected(seed)[name]]
        assert accounted(page, body_of(seed), expected(seed)) or wrong, f"{rule} is not needed for {seed}"


@pytest.mark.parametrize("key", ["headline", "body", "authors", "promoted", "related", "noise", "lines"])
def test_every_rule_of_the_shipped_profile_is_used(key: str) -> None:
    """Each rule of the profile decides something: its place, or its evidence, changes without it."""
    (profile,) = shipped_profiles()
    source = (ROOT / "newscrawl" / "sites" / "bannedbook.toml").read_text(encoding="utf-8")
    kept = re.sub(rf"(?m)^{key} = .*\n", "", source)
    if key == "noise":
        kept = source[: source.index("[layout.noise]")]
    without = parse_profile(kept.encode(), profile.name, "test")
    assert isinstance(without.layouts[0], Layout)
    changed = [seed for seed in SEEDS if story(read(seed, without)) != story(read(seed, profile))]
    assert changed, f"{key} decides nothing"


def story(page: Page) -> list[Any]:
    """Where everything stands, by which rule, and the evidence of each field."""
    assert page.article is not None
    places = [(s.place, s.kind, s.rule, s.text) for s in page.segments()]
    return [*places, page.article.provenance, page.article.links]

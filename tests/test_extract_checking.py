"""Profiles held against saved pages: the shipped one on the seeds, and what a check says."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from newscrawl.exceptions import ProfileError
from newscrawl.extract import extract_article
from newscrawl.extract.checking import SavedPage, check_profile, saved_pages
from newscrawl.items import as_row
from newscrawl.sites import SiteProfile, parse_profile, shipped_profiles

ROOT = Path(__file__).parents[1]
STORY = "".join(f"<p>第{n}段：江边的渡船停航两周，镇政府说是为了更换用了二十六年的缆绳和栈桥。</p>" for n in range(5))
URL = "https://news.example/2024/05/03/dukou.html"
PAGE = (
    f"<html><body><h1>本站快讯</h1><div class=t>渡船停航两周</div><div class=text>{STORY}</div></body></html>".encode()
)
GOOD = "headline = 'div.t'\nbody = 'div.text'"


def profile_of(layout: str) -> SiteProfile:
    return parse_profile(f"hosts = ['news.example']\n[[layout]]\n{layout}".encode(), "example", "example.toml")


def recorded(**changes: Any) -> SavedPage:
    row = as_row(extract_article(PAGE, URL, profile=profile_of(GOOD)))
    return SavedPage(name="dukou.html", body=PAGE, record={**row, **changes})


def test_the_shipped_profile_reads_the_seeds_as_recorded(tmp_path: Path) -> None:
    (profile,) = (one for one in shipped_profiles() if one.name == "bannedbook")
    for line in (ROOT / "seeds" / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        record = json.loads((ROOT / "tests" / "seeds" / f"{row['file'][:3]}.json").read_text(encoding="utf-8"))
        shutil.copy(ROOT / "seeds" / row["file"], tmp_path / f"{row['file'][:3]}.html")
        target = tmp_path / f"{row['file'][:3]}.json"
        target.write_text(json.dumps({**record, "url": row["url"], "url_assigned": True}), encoding="utf-8")
    result = check_profile(profile, saved_pages(tmp_path))
    assert [page.name for page in result.pages] == ["000.html", "002.html"]
    assert [page.differences for page in result.pages] == [(), ()]
    assert result.good
    assert {page.body for page in result.pages} == {1.0}


def test_a_page_is_read_as_recorded_and_the_gain_is_told() -> None:
    result = check_profile(profile_of(GOOD), [recorded(), recorded()])
    (page, _) = result.pages
    assert (result.good, result.remarks) == (True, ())
    assert (page.body, page.generic_body) == (1.0, 1.0)
    assert "headline" in page.generic_differences


def test_each_field_that_differs_is_named_with_both_values() -> None:
    result = check_profile(profile_of(GOOD), [recorded(headline="石桥加固工程开工")])
    (difference,) = result.pages[0].differences
    assert (difference.field, difference.recorded, difference.read) == ("headline", "石桥加固工程开工", "渡船停航两周")
    assert not result.good


def test_selectors_that_find_nothing_fail_though_the_page_is_read_well() -> None:
    result = check_profile(profile_of("headline = 'div.t'\nbody = 'div.gone'"), [recorded()])
    assert result.pages[0].missing == ("body",)
    assert not result.good


def test_a_profile_that_brings_nothing_and_a_single_page_are_remarked() -> None:
    generic = as_row(extract_article(PAGE, URL, profile=None))
    saved = SavedPage(name="dukou.html", body=PAGE, record=generic)
    first, second = check_profile(profile_of("body = 'div.text'"), [saved]).remarks
    assert "only one saved page" in first
    assert "brings nothing" in second
    assert check_profile(profile_of(GOOD), []).remarks == ()


def test_a_page_that_is_no_article_any_more_differs() -> None:
    ignoring = (
        b"hosts = ['news.example']\n[urls]\nignore = ['dukou']\n[[layout]]\nheadline = 'div.t'\nbody = 'div.text'"
    )
    result = check_profile(parse_profile(ignoring, "example", "example.toml"), [recorded()])
    assert [d.field for d in result.pages[0].differences] == ["(kind of page)"]


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (None, "page.html has no record beside it: scrapy try"),
        ("{", "page.json: no JSON"),
        ("[]", "no row of an article"),
        ('{"url": "https://a.example/"}', "none of its fields is there"),
        ('{"headline": "x"}', "url: the page's own URL is needed"),
        ('{"headline": "x", "url": "javascript:1"}', "url: the page's own URL is needed"),
    ],
)
def test_a_page_without_a_record_that_can_be_used_is_refused(record: str | None, said: str, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_bytes(PAGE)
    if record is not None:
        (tmp_path / "page.json").write_text(record, encoding="utf-8")
    with pytest.raises(ProfileError) as error:
        saved_pages(tmp_path)
    assert said in str(error.value)


@pytest.mark.parametrize("fetched_at", ["2024-05-04T06:00:00Z", "2024-05-04T06:00:00", "soon", None])
def test_the_time_of_the_fetch_is_taken_where_it_is_one(fetched_at: str | None) -> None:
    assert check_profile(profile_of(GOOD), [recorded(fetched_at=fetched_at)]).good

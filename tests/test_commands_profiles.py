"""``scrapy profiles``, as a user calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from crawls import scrapy

STORY = "".join(f"<p>第{n}段：江边的渡船停航两周，镇政府说是为了更换用了二十六年的缆绳和栈桥。</p>" for n in range(5))
PAGE = f"<html><body><h1>本站快讯</h1><div class=t>渡船停航两周</div><div class=text>{STORY}</div></body></html>"
URL = "https://news.example/2024/05/03/dukou.html"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working folder with a profile of its own and a saved page."""
    saved = tmp_path / "sites" / "example"
    saved.mkdir(parents=True)
    (tmp_path / "sites" / "example.toml").write_text(
        'hosts = ["news.example"]\n[[layout]]\nheadline = "div.t"\nbody = "div.text"\n', encoding="utf-8"
    )
    (saved / "dukou.html").write_text(PAGE, encoding="utf-8")
    (saved / "dukou.json").write_text(json.dumps({"url": URL, "headline": "渡船停航两周"}), encoding="utf-8")
    return tmp_path


def test_profiles_lists_each_with_its_hosts_and_saved_pages(folder: Path) -> None:
    finished = scrapy("profiles", cwd=folder)
    assert finished.code == 0, finished.log
    lines = [line.split() for line in finished.out.splitlines()]
    assert ["bannedbook", "bannedbook.org", "1", "0"] in lines
    assert ["example", "news.example", "1", "1"] in lines


def test_a_check_of_good_profiles_ends_well_and_says_what_they_bring(folder: Path) -> None:
    finished = scrapy("profiles", "--check", cwd=folder)
    assert finished.code == 0, finished.log
    for said in (
        "bannedbook: no saved pages",
        "dukou.html: read as recorded",
        "only one saved page",
        "differ: headline",
    ):
        assert said in finished.out


def test_a_check_of_a_profile_that_no_longer_fits_ends_with_3(folder: Path) -> None:
    profile = folder / "sites" / "example.toml"
    profile.write_text(profile.read_text(encoding="utf-8").replace('div.t"', 'div.title"'), encoding="utf-8")
    for arguments in ((), ("example",), ("example", "--pages", "sites/example")):
        finished = scrapy("profiles", "--check", *arguments, cwd=folder)
        assert finished.code == 3, finished.log
        for said in ("1 of 1 fields differ", "headline: the selectors find nothing", '"渡船停航两周"', '"本站快讯"'):
            assert said in finished.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--check", "exampel"), "did you mean 'example'"),
        (("--check", "bannedbook"), "there is no saved page"),
        (("--check", "--pages", "sites"), "one profile is needed"),
        (("a", "b"), "one profile is needed"),
        (("-s", "NEWSCRAWL_SITES_DIRS=x"), "did you mean 'NEWSCRAWL_SITES_DIR'"),
    ],
)
def test_faulty_usage_is_named(arguments: tuple[str, ...], said: str, folder: Path) -> None:
    finished = scrapy("profiles", *arguments, cwd=folder)
    assert finished.code == 2
    assert said in finished.log
    assert "Traceback" not in finished.log

"""Commands of the project, as a user calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from crawls import ROOT, scrapy

from newscrawl.items import json_schema

SEED = str(ROOT / "seeds" / "002_d59cbfe31accf4df.txt")
URL = "https://www.bannedbook.org/bnews/cbnews/20230322/1862900.html"


def test_try_shows_each_field_and_where_it_came_from(tmp_path: Path) -> None:
    finished = scrapy("try", SEED, "--url", URL, cwd=tmp_path)
    assert finished.code == 0, finished.log
    for text in ("article (", "profile bannedbook", "金谷", "2023-03-22", "url: url", "12 paragraphs", "left over: 0"):
        assert text in finished.out
    assert list(tmp_path.iterdir()) == []


def test_try_without_a_profile_reads_the_same_seed_by_generic_rules(tmp_path: Path) -> None:
    finished = scrapy("try", SEED, "--generic", "--json", cwd=tmp_path)
    row = json.loads(finished.out)
    assert row["reader"]["profile"] is None
    expected = json.loads((ROOT / "tests" / "seeds" / "002.json").read_text(encoding="utf-8"))
    assert row["article_body"] == expected["article_body"]


def test_try_uses_a_profile_of_the_users_own(tmp_path: Path) -> None:
    (tmp_path / "sites").mkdir()
    (tmp_path / "sites" / "mine.toml").write_text(
        'hosts = ["example.org"]\n[[layout]]\nheadline = "b"\n', encoding="utf-8"
    )
    finished = scrapy("try", SEED, "--site", "mine", "--json", cwd=tmp_path)
    assert json.loads(finished.out)["headline"].startswith("大陆网友注意")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere.html",), "nowhere.html: No such file"),
        ((SEED, "--url", "javascript:1"), "is no http or https URL"),
        ((SEED, "--site", "banned-book"), "did you mean 'bannedbook'"),
        ((SEED, "-s", "NEWSCRAWL_SITES_DIRS=x"), "did you mean 'NEWSCRAWL_SITES_DIR'"),
        ((), "one file is needed"),
    ],
    ids=["file", "url", "site", "setting", "nothing"],
)
def test_try_names_what_is_wrong(arguments: tuple[str, ...], said: str) -> None:
    finished = scrapy("try", *arguments)
    assert finished.code == 2
    assert said in finished.log
    assert "Traceback" not in finished.log


def test_a_broken_profile_is_named_by_file_and_key(tmp_path: Path) -> None:
    (tmp_path / "sites").mkdir()
    (tmp_path / "sites" / "mine.toml").write_text(
        'hosts = ["example.org"]\n[[layout]]\nheadlin = "b"\n', encoding="utf-8"
    )
    finished = scrapy("try", SEED, "--url", URL, cwd=tmp_path)
    assert finished.code == 2
    assert "sites/mine.toml: layout 1: unknown key 'headlin' (did you mean 'headline'?)" in finished.log


def test_schema_prints_the_published_schema() -> None:
    finished = scrapy("schema")
    assert finished.code == 0
    assert json.loads(finished.out) == json_schema()


@pytest.mark.parametrize("command", ["fetch", "view", "parse", "shell", "check"])
def test_scrapys_own_commands_refuse_a_faulty_setting_in_one_line(command: str) -> None:
    finished = scrapy(command, "http://127.0.0.1:1/", "-s", "NEWSCRAWL_PRESETS=local")
    assert finished.code == 2
    assert "did you mean 'NEWSCRAWL_PRESET'" in finished.log
    assert "Traceback" not in finished.log

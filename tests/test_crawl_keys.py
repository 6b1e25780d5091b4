"""Site profiles that say which parameters choose the content: ids stay, pages part, removed things stay removed."""

from __future__ import annotations

from pathlib import Path

import pytest
from crawls import Finished, crawl, scrapy
from oddserver import Answer, OddServer
from test_crawl_again import listing
from test_crawl_parts import LIVE, ROBOTS, answer, paragraphs

STORY = "/news/20240503/4711.html"
PATHS = [f"{STORY}?fbclid={number}" for number in (1, 2)]
KEEPING = 'keep_params = ["fbclid"]'


def printed(number: int) -> Answer:
    story = "".join(f"<p>{text}</p>" for text in paragraphs(number))
    return answer(
        f"<html><body><h1>渡船消息之{number}</h1><p>2024-05-03 来源：江岸日报</p><div>{story}</div></body></html>"
    )


def profiled(sites: Path, rule: str) -> Path:
    sites.mkdir(exist_ok=True)
    profile = f'hosts = ["127.0.0.1"]\n[urls]\n{rule}\n[[layout]]\nheadline = "h1"\n'
    (sites / "harbour.toml").write_text(profile, encoding="utf-8")
    return sites


def run(folder: Path, url: str, sites: Path) -> Finished:
    options = ("-a", f"url={url}", "-a", "follow=none", *LIVE, "-s", f"NEWSCRAWL_SITES_DIR={sites}")
    finished = crawl(folder, *options)
    assert finished.code in (0, 3), finished.log[-2000:]
    return finished


def test_pages_that_a_new_rule_parts_become_articles_and_the_first_keeps_its_id(tmp_path: Path) -> None:
    out, sites = tmp_path / "out", tmp_path / "sites"
    sites.mkdir()
    with OddServer({**ROBOTS, **{path: printed(n) for n, path in enumerate(PATHS, start=1)}}) as server:
        (first,) = run(out, server.url(PATHS[0]), sites).rows
        again = run(out, server.url(PATHS[0]), profiled(sites, KEEPING))
        assert "were made anew" in again.log
        assert len(again.rows) == 1
        both = run(out, server.url(PATHS[1]), sites)
        assert "were made anew" not in both.log
    assert [(row["version"], row["headline"]) for row in both.rows] == [(1, "渡船消息之1"), (1, "渡船消息之2")]
    assert both.rows[0] == first
    assert both.rows[1]["id"] != first["id"]
    assert [row["url_key"] for row in both.rows] == [server.url(STORY), server.url(PATHS[1])]
    # A look at the archive heeds the rule of the crawl, whatever profiles are at hand.
    looked = [scrapy("cat", "--list", server.url(f"{path}&utm_source=x"), str(out)).out for path in (PATHS[1], STORY)]
    assert looked[0].count("fbclid=2") == 1
    assert looked[1] == ""
    assert scrapy("verify", str(out)).code == 0


@pytest.mark.parametrize(
    ("rule", "paths"), [('drop_params = ["id"]', [f"{STORY}?id=1"]), (KEEPING, PATHS)], ids=["drop", "keep"]
)
def test_what_is_removed_without_the_profile_is_what_the_crawl_kept_under_it(
    rule: str, paths: list[str], tmp_path: Path
) -> None:
    out, sites = tmp_path / "out", profiled(tmp_path / "sites", rule)
    with OddServer({**ROBOTS, **{path: printed(n) for n, path in enumerate(paths, start=1)}}) as server:
        for path in paths:
            run(out, server.url(path), sites)
        removed = scrapy("remove", server.url(paths[0]), "--reason", "asked for", "--yes", str(out))
        assert removed.code == 0, removed.log
        count = len(server.log[paths[0]])
        last = run(out, server.url(paths[0]), sites)
        assert len(server.log[paths[0]]) == count
    assert [row["headline"] for row in last.rows] == [f"渡船消息之{n}" for n in range(2, len(paths) + 1)]


def test_a_replay_answers_no_page_with_the_capture_of_another(tmp_path: Path) -> None:
    sites = profiled(tmp_path / "sites", KEEPING)
    lost = Answer(b"", then="reset")
    with OddServer({**ROBOTS, "/": listing(*PATHS), PATHS[0]: printed(1), PATHS[1]: lost}) as server:
        options = ("-s", f"NEWSCRAWL_SITES_DIR={sites}")
        live = crawl(tmp_path / "live", "-a", f"url={server.url('/')}", *LIVE, *options, "-s", "RETRY_TIMES=0")
        assert [row["url"] for row in live.rows] == [server.url(PATHS[0])]
    replayed = crawl(tmp_path / "replay", "-s", f"NEWSCRAWL_REPLAY={live.output}/warc/*.warc.gz", *options)
    assert [row["url"] for row in replayed.rows] == [server.url(PATHS[0])]

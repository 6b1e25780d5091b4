"""A site profile that learns between two crawls which parameters choose the content: ids stay, pages part."""

from __future__ import annotations

from pathlib import Path

from crawls import Finished, crawl, scrapy
from oddserver import OddServer
from test_crawl_parts import LIVE, ROBOTS, answer, paragraphs

STORY = "/news/20240503/4711.html"
PATHS = [f"{STORY}?fbclid={number}" for number in (1, 2)]


def printed(number: int) -> str:
    story = "".join(f"<p>{text}</p>" for text in paragraphs(number))
    return f"<html><body><h1>渡船消息之{number}</h1><p>2024-05-03 来源：江岸日报</p><div>{story}</div></body></html>"


def test_pages_that_a_new_rule_parts_become_articles_and_the_first_keeps_its_id(tmp_path: Path) -> None:
    sites = tmp_path / "sites"
    sites.mkdir()
    options = ("-a", "follow=none", *LIVE, "-s", f"NEWSCRAWL_SITES_DIR={sites}")
    pages = {path: answer(printed(number)) for number, path in enumerate(PATHS, start=1)}
    with OddServer({**ROBOTS, **pages}) as server:

        def run(path: str) -> Finished:
            finished = crawl(tmp_path / "out", "-a", f"url={server.url(path)}", *options)
            assert finished.code == 0, finished.log[-2000:]
            return finished

        (first,) = run(PATHS[0]).rows
        profile = 'hosts = ["127.0.0.1"]\n[urls]\nkeep_params = ["fbclid"]\n[[layout]]\nheadline = "h1"\n'
        (sites / "harbour.toml").write_text(profile, encoding="utf-8")
        again = run(PATHS[0])
        assert "were made anew" in again.log
        assert len(again.rows) == 1
        both = run(PATHS[1])
        assert "were made anew" not in both.log
    assert [(row["version"], row["headline"]) for row in both.rows] == [(1, "渡船消息之1"), (1, "渡船消息之2")]
    assert both.rows[0] == first
    assert both.rows[1]["id"] != first["id"]
    assert [row["url_key"] for row in both.rows] == [server.url(STORY), server.url(PATHS[1])]
    # A look at the archive heeds the rule, too.
    looked = [
        scrapy("cat", "--list", server.url(path), str(tmp_path / "out"), "-s", f"NEWSCRAWL_SITES_DIR={folder}").out
        for path, folder in ((f"{STORY}?fbclid=2&utm_source=x", sites), (f"{STORY}?fbclid=3", sites))
    ]
    assert looked[0].count("fbclid=2") == 1
    assert looked[1] == ""

"""Rounds at a newspaper that changes: what is found, what is asked again, what becomes a version."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from crawls import Finished, crawl, scrapy
from paper import Paper, Served

from newscrawl.ledger.holding import store_url
from newscrawl.store import Store, feeds

LIVE = ("-s", "NEWSCRAWL_ALLOW_ADDRESSES=127.0.0.0/8", "-s", "NEWSCRAWL_PRESET=local", "-s", "NEWSCRAWL_RETRY_S=0.1")
RSS = '<link rel="alternate" type="application/rss+xml" href="/the.rss">'


@pytest.fixture
def paper() -> Iterator[Paper]:
    with Paper() as paper:
        paper.put("/robots.txt", f"User-agent: *\nDisallow: /secret/\nSitemap: {paper.url('/map.xml')}\n", "text/plain")
        home, section, older = [paper.article(n) for n in (1, 2)], [paper.article(3)], [paper.article(4)]
        menu = '<nav><a href="/world/">World</a> <a href="/about/">About</a> <a href="/secret/">Secret</a></nav>'
        paper.listing("/", home, RSS, menu)
        paper.listing("/world/", section, more='<a class="next" rel="next" href="/world/page/2/">Next</a>')
        paper.listing("/world/page/2/", older)
        paper.rss("/the.rss", [paper.article(5)])
        paper.sitemap("/map.xml", {paper.article(6, day="2026-11-19"): "2026-11-19"})
        yield paper


def round_of(paper: Paper, output: Path, *arguments: str) -> tuple[Finished, dict[str, int]]:
    """Crawl from the home page; return what the crawl was and what it asked."""
    before = len(paper.log)
    finished = crawl(output, "-a", f"url={paper.url()}", *LIVE, *arguments)
    return finished, paper.asked(before)


def stories(asked: dict[str, int]) -> dict[int, int]:
    """Numbers of the articles that were asked, with the status."""
    return {int(path[:-5].rpartition("-")[2]): status for path, status in asked.items() if "story" in path}


def numbered(rows: list[dict[str, Any]]) -> list[tuple[int, int]]:
    """Number and version of each row's article."""
    return sorted((int(row["url"][:-5].rpartition("-")[2]), row["version"]) for row in rows)


def test_rounds_find_everything_ask_nothing_twice_and_keep_every_version(paper: Paper, tmp_path: Path) -> None:
    first, asked = round_of(paper, tmp_path)
    assert first.code == 0, first.log[-3000:]
    kept = first.rows
    assert numbered(kept) == [(n, 1) for n in range(1, 7)], asked
    how = {row["url"][-6]: row["found_on"]["how"] for row in kept}
    assert (how["1"], how["3"], how["4"], how["5"], how["6"]) == ("link", "link", "link", "feed", "sitemap")
    assert "/secret/" not in asked
    assert "/about/" not in asked

    again, asked = round_of(paper, tmp_path)
    assert again.code == 0, again.log[-3000:]
    assert again.rows == kept
    assert asked == {"/": 304, "/world/": 304, "/the.rss": 304, "/map.xml": 304}

    paper.article(1, "And then it thought again.")
    paper.pages["/news/2026/11/20/story-2.html"] = Served(b"gone", status=410)
    paper.listing("/", [paper.article(7), "/news/2026/11/20/story-1.html"], RSS)
    third, asked = round_of(paper, tmp_path, "-a", "mode=all")
    assert third.code == 0, third.log[-3000:]
    new = [row for row in third.rows if row not in kept]
    assert numbered(new) == [(1, 2), (2, 2), (7, 1)]
    assert stories(asked) == {1: 200, 2: 410, 3: 304, 4: 304, 5: 304, 6: 304, 7: 200}
    by_number = {row["url"][-6]: row for row in new}
    assert by_number["1"]["change"]["added"] > 0
    assert by_number["1"]["found_on"] == next(row["found_on"] for row in kept if row["url"][-6] == "1")
    assert by_number["2"]["article_body"] is None
    assert by_number["2"]["http"]["status"] == 410
    assert [warning["code"] for warning in by_number["2"]["warnings"]] == ["gone"]
    report = max((tmp_path / "runs").glob("*/report.json")).read_text(encoding="utf-8")
    assert '"changed": 1' in report
    assert '"gone": 1' in report

    replayed = crawl(tmp_path / "again", "-s", f"NEWSCRAWL_REPLAY={tmp_path}/warc/*.warc.gz")
    assert replayed.code == 0, replayed.log[-3000:]
    told = [
        {key: row[key] for key in ("id", "version", "headline", "article_body", "change", "found_on", "fetched_at")}
        for rows in (third.rows, replayed.rows)
        for row in sorted(rows, key=lambda row: (row["url"], row["version"]))
    ]
    assert told[: len(told) // 2] == told[len(told) // 2 :]


def test_a_feed_that_never_says_304_is_told_by_its_bytes(paper: Paper, tmp_path: Path) -> None:
    for page in paper.pages.values():
        page.validated = False
    round_of(paper, tmp_path)
    again, asked = round_of(paper, tmp_path)
    assert again.code == 0, again.log[-3000:]
    assert stories(asked) == {}
    assert set(asked) == {"/", "/world/", "/the.rss", "/map.xml"}


def test_a_due_round_asks_nothing_that_is_not_due(paper: Paper, tmp_path: Path) -> None:
    round_of(paper, tmp_path)
    before = len(paper.log)
    for argument in (("-a", "site=127.0.0.1"), ()):
        finished = crawl(tmp_path, *argument, *LIVE)
        assert finished.code == 0, finished.log[-3000:]
        assert "not due" in finished.out
    assert paper.asked(before) == {}


def test_what_is_due_at_other_peoples_hosts_is_not_asked_without_a_contact(paper: Paper, tmp_path: Path) -> None:
    round_of(paper, tmp_path)
    with Store.open(store_url(tmp_path, "")) as store, store.begin() as c:
        (feed, *_) = feeds.all(c)
        feeds.put(c, [replace(feed, url_key="https://paper.example/", url="https://paper.example/")])
    before = len(paper.log)
    refused = crawl(tmp_path, *LIVE)
    assert (refused.code, "https://paper.example/ is somebody else's" in refused.log) == (2, True), refused.log
    assert paper.asked(before) == {}


def test_a_sitemap_that_says_that_a_page_has_changed_has_it_read_again(paper: Paper, tmp_path: Path) -> None:
    round_of(paper, tmp_path)
    story = paper.article(6, "It was not so.", day="2026-11-19")
    paper.sitemap("/map.xml", {story: "2026-11-20"})
    finished, asked = round_of(paper, tmp_path)
    assert finished.code == 0, finished.log[-3000:]
    assert stories(asked) == {6: 200}
    assert (6, 2) in numbered(finished.rows)


def test_a_page_that_a_redirect_led_to_is_read_again_when_the_sitemap_says_so(paper: Paper, tmp_path: Path) -> None:
    old = paper.moved("/old-story-6.html", paper.article(6, day="2026-11-19"))
    paper.sitemap("/map.xml", {old: "2026-11-19"})
    round_of(paper, tmp_path)
    paper.article(6, "It was not so.", day="2026-11-19")
    paper.sitemap("/map.xml", {old: "2026-11-20"})
    finished, asked = round_of(paper, tmp_path)
    assert finished.code == 0, finished.log[-3000:]
    assert asked["/news/2026/11/19/story-6.html"] == 200
    assert (6, 2) in numbered(finished.rows)
    _, asked = round_of(paper, tmp_path)
    assert old not in asked


def test_the_rest_of_a_listing_is_asked_again_as_long_as_something_is_new(paper: Paper, tmp_path: Path) -> None:
    round_of(paper, tmp_path)
    more = '<a class="next" rel="next" href="/world/page/2/">Next</a>'
    paper.listing("/world/", [paper.article(8)], more=more)
    paper.listing("/world/page/2/", [paper.article(9)], more=more.replace("2", "3"))
    paper.listing("/world/page/3/", [paper.article(4)])
    _, asked = round_of(paper, tmp_path)
    assert {path for path in asked if path.startswith("/world")} == {"/world/", "/world/page/2/", "/world/page/3/"}
    assert stories(asked) == {8: 200, 9: 200}
    paper.listing("/world/", ["/news/2026/11/20/story-3.html"], more=more)
    _, asked = round_of(paper, tmp_path)
    assert "/world/page/2/" not in asked


def test_only_what_lies_in_the_window_is_kept_and_the_rest_is_listed(paper: Paper, tmp_path: Path) -> None:
    paper.listing("/world/", [paper.article(3, day="2026-10-01")])
    paper.sitemap("/map.xml", {paper.article(6, day="2026-11-17"): "2026-11-17"})
    finished, asked = round_of(paper, tmp_path, "-a", "since=2026-11-20", "-a", "follow=links")
    assert finished.code == 0, finished.log[-3000:]
    assert 6 not in stories(asked), "its sitemap says how old it is"
    assert 3 in stories(asked), "its section does not say"
    assert {number for number, _ in numbered(finished.rows)} == {1, 2, 5}
    assert finished.report["skipped"]["before_since"] == 2
    assert len(finished.report["skipped_urls"]["before_since"]) == 2


def test_status_feeds_and_forget_say_and_reset_what_is_known(paper: Paper, tmp_path: Path) -> None:
    folder = ("-s", f"NEWSCRAWL_OUTPUT_DIR={tmp_path}")
    missing = scrapy("status", *folder)
    assert (missing.code, "there is no store" in missing.log) == (2, True)
    round_of(paper, tmp_path)
    status = scrapy("status", *folder)
    assert status.code == 0, status.log
    assert "articles  6" in status.out
    # The fifth is the section that robots.txt keeps to itself.
    assert "5 known, 0 due, 1 failing, 0 silent, 1 dead" in " ".join(status.out.split()), status.out
    listed = scrapy("feeds", "127.0.0.1", *folder)
    assert listed.code == 0, listed.log
    assert all(word in listed.out for word in ("/the.rss", "sitemap", "home", "listing", "5 of 5 feeds")), listed.out
    forgotten = scrapy("forget", paper.url("/the.rss"), paper.url("/news/2026/11/20/story-1.html"), *folder)
    assert forgotten.code == 0, forgotten.log
    nothing = scrapy("forget", "http://127.0.0.1:9/none", *folder)
    assert (nothing.code, "nothing is known of it" in nothing.out) == (3, True)
    before = len(paper.log)
    crawl(tmp_path, "-a", "site=127.0.0.1", *LIVE)
    assert paper.asked(before) == {"/news/2026/11/20/story-1.html": 200}, "due again, and without a condition"
    assert scrapy("forget", "not a host", *folder).code == 2


def test_a_crawl_that_watches_stays_until_it_is_told_to_end(paper: Paper, tmp_path: Path) -> None:
    finished, asked = round_of(paper, tmp_path, "-a", "watch=1", "-s", "CLOSESPIDER_TIMEOUT_NO_ITEM=4")
    assert finished.code == 4, finished.log[-3000:]
    assert "closespider_timeout_no_item" in finished.log
    assert set(stories(asked)) == {1, 2, 3, 4, 5, 6}


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("mode=old", "-a mode=old: one of new, refresh, all is needed"),
        ("since=yesterday", "-a since=yesterday: a date"),
        ("site=a/b", "-a site=a/b: neither a profile"),
        ("until=2020-01-01 ", "the window ends before it begins"),
    ],
)
def test_a_faulty_argument_is_refused_before_the_first_request(tmp_path: Path, argument: str, said: str) -> None:
    finished = crawl(
        tmp_path,
        "-a",
        "url=http://127.0.0.1:9/",
        "-a",
        argument,
        "-a",
        "since=2021-01-01" if "until" in argument else argument,
    )
    assert finished.code == 2
    assert said in finished.log

"""Arguments of the spider, what it follows, and how a crawl ends: whole crawls of a small site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from crawls import Finished, crawl, scrapy
from ledgers import Clock, new_url
from newssite import Running, Site, build_site, serve
from scrapy import Request

from newscrawl.ledger.frontier import Frontier
from newscrawl.spiders.news import NewsSpider
from newscrawl.store import Store

LIVE = ("-s", "NEWSCRAWL_ALLOW_ADDRESSES=127.0.0.0/8", "-s", "NEWSCRAWL_PRESET=local")


@pytest.fixture(scope="module")
def site() -> Site:
    return build_site(24, seed=9, hosts=2)


@pytest.fixture
def running(site: Site) -> Iterator[Running]:
    with serve(site) as running:
        yield running


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-a", "ulr=https://example.org/"), "did you mean 'url'"),
        (("-a", "url=javascript:alert(1)"), "is no http or https URL"),
        (("-a", "url=https://example.org/", "-a", "follow=link"), "did you mean 'links'"),
        (("-a", "url=https://example.org/", "-a", "limit=-1"), "a whole number from 0"),
        (("-a", "url=https://example.org/", "-a", "depth=two"), "a whole number from 0"),
        (("-a", "urls_file=nowhere.txt"), "No such file"),
        ((), "nothing to start at"),
        (("-a", "url=https://example.org/", "-s", "NEWSCRAWL_DEDUP=mark"), "did you mean 'NEWSCRAWL_DEDUPE'"),
        (("-a", "url=https://example.org/", "-s", "NEWSCRAWL_PRESET=fast"), "NEWSCRAWL_PRESET must be one of"),
        (("-s", "NEWSCRAWL_REPLAY=nowhere.jsonl"), "nowhere.jsonl: there is no such file"),
    ],
    ids=lambda value: value[-1][:30] if isinstance(value, tuple) and value else str(value)[:20],
)
def test_faulty_usage_stops_before_the_first_request(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    finished = crawl(tmp_path / "out", *arguments)
    assert finished.code == 2
    assert said in finished.log
    assert "Traceback" not in finished.log
    assert not (tmp_path / "out").exists()


def test_an_unknown_spider_is_named_with_the_nearest() -> None:
    finished = scrapy("crawl", "new", "-L", "ERROR")
    assert finished.code == 2
    assert "did you mean 'news'" in finished.log


def test_help_lists_every_argument_and_crawls_nothing(tmp_path: Path) -> None:
    finished = crawl(tmp_path / "out", "-a", "help=1")
    assert finished.code == 0
    for name in ("url", "urls_file", "limit", "depth", "follow"):
        assert f"  {name} " in finished.out
    assert not (tmp_path / "out").exists()


def test_a_limit_is_kept_to_the_row(running: Running, tmp_path: Path) -> None:
    finished = crawl(tmp_path / "out", "-a", f"url={' '.join(running.urls)}", "-a", "limit=5", *LIVE)
    assert finished.code == 0, finished.log[-2000:]
    assert len(finished.rows) == 5


def test_following_nothing_asks_for_the_start_urls_only(running: Running, site: Site, tmp_path: Path) -> None:
    story = next(t for t in site.truth if t.kind == "article" and not t.flaky)
    url = running.url(story.host, story.path)
    finished = crawl(tmp_path / "out", "-a", f"url={url}", "-a", "follow=none", *LIVE)
    assert finished.code == 0, finished.log[-2000:]
    assert [row["url"] for row in finished.rows] == [url]
    assert {path for _, path, _ in running.requests} == {"/robots.txt", story.path}


def test_following_related_stays_on_the_start_hosts_and_in_related_lists(
    running: Running, site: Site, tmp_path: Path
) -> None:
    story = next(t for t in site.truth if t.kind == "article" and t.related and not t.flaky)
    url = running.url(story.host, story.path)
    finished = crawl(tmp_path / "out", "-a", f"url={url}", "-a", "follow=related", "-a", "depth=1", *LIVE)
    assert finished.code == 0, finished.log[-2000:]
    assert {host for host, _, _ in running.requests} == {story.host}
    allowed = {path for host, path in story.related if host == story.host} | {story.path, "/robots.txt"}
    targets = {t.path for t in site.truth if t.kind == "article"}
    assert {path for _, path, _ in running.requests} <= allowed | targets
    assert {row["found_on"]["how"] for row in finished.rows} <= {"start", "related", "refresh"}
    assert all(row["depth"] <= 2 for row in finished.rows)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_urls_of_a_rounds_start_are_leased_with_the_last_of_them(count: int) -> None:
    leased: list[bool] = []
    with Store.open("sqlite://") as store:
        frontier = Frontier(store, owner="local", round_=1, clock=Clock())
        spider: Any = SimpleNamespace(ledger=SimpleNamespace(frontier=frontier))
        urls = [new_url(number) for number in range(count)]
        for request in NewsSpider._gathered(spider, iter([Request(url.url) for url in urls])):
            assert request.url == urls[len(leased)].url
            frontier.add(urls[len(leased)])
            leased.append(frontier.next() is not None)
    assert leased == [number == count - 1 for number in range(count)]


def test_start_urls_may_come_from_a_file(running: Running, tmp_path: Path) -> None:
    (tmp_path / "urls.txt").write_text("# start here\n\n" + "\n".join(running.urls) + "\n", encoding="utf-8")
    finished = crawl(
        tmp_path / "out", "-a", f"urls_file={tmp_path / 'urls.txt'}", "-a", "depth=1", "-a", "limit=3", *LIVE
    )
    assert finished.code == 0, finished.log[-2000:]
    assert len(finished.rows) == 3


def test_without_permission_a_loopback_address_is_refused_and_not_asked(running: Running, tmp_path: Path) -> None:
    finished = crawl(tmp_path / "out", "-a", f"url={running.urls[0]}", "-s", "NEWSCRAWL_PRESET=local")
    assert finished.code == 3
    assert "is a loopback address" in finished.log
    assert running.requests == []


@pytest.mark.parametrize("path", ["/no-such-page.html", "/removed/700001.html"])
def test_a_start_url_without_an_article_changes_the_exit_code(running: Running, path: str, tmp_path: Path) -> None:
    finished = crawl(tmp_path / "out", "-a", f"url={running.url(0, path)}", "-a", "follow=none", *LIVE)
    assert finished.code == 3
    assert "start URL failed" in finished.log or "no article found" in finished.log


def test_a_page_budget_ends_with_work_left(running: Running, tmp_path: Path) -> None:
    finished = crawl(tmp_path / "out", "-a", f"url={running.urls[0]}", "-s", "CLOSESPIDER_PAGECOUNT=2", *LIVE)
    assert finished.code == 4
    assert "stopped with work left (closespider_pagecount)" in finished.log


def test_exact_duplicates_can_be_dropped_and_their_snapshots_stay(running: Running, tmp_path: Path) -> None:
    start = ("-a", f"url={' '.join(running.urls)}", *LIVE)
    marked = crawl(tmp_path / "marked", *start)
    dropped = crawl(tmp_path / "dropped", *start, "-s", "NEWSCRAWL_DEDUPE=drop_exact")
    repeats = [row for row in marked.rows if row["duplicate_of"]]
    assert repeats
    assert len(dropped.rows) == len(marked.rows) - len(repeats)
    assert count_files(dropped) == count_files(marked)


def count_files(finished: Finished) -> int:
    return sum(1 for path in (finished.output / "html").rglob("*.html") if path.is_file())


def test_an_exception_in_a_callback_is_counted_and_stops_nothing(running: Running, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(
        "from newscrawl.spiders.news import NewsSpider\n"
        "class Broken(NewsSpider):\n"
        "    name = 'broken'\n"
        "    async def parse(self, response, **kwargs):\n"
        "        if not response.url.endswith('/'):\n"
        "            raise ValueError('odd page')\n"
        "        async for found in super().parse(response, **kwargs):\n"
        "            yield found\n",
        encoding="utf-8",
    )
    finished = scrapy(
        *("crawl", "broken", "-a", f"url={running.urls[0]}", "-s", f"NEWSCRAWL_OUTPUT_DIR={tmp_path / 'out'}"),
        *("-s", "SPIDER_MODULES=newscrawl.spiders,broken", *LIVE),
        cwd=tmp_path,
        PYTHONPATH=str(tmp_path),
    )
    assert finished.code == 3
    assert "raised an exception" in finished.log


def test_an_exception_in_start_is_an_error_of_the_start(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(
        "from newscrawl.spiders.news import NewsSpider\n"
        "class Broken(NewsSpider):\n"
        "    name = 'broken'\n"
        "    async def start(self):\n"
        "        raise ValueError('no start')\n"
        "        yield\n",
        encoding="utf-8",
    )
    finished = scrapy(
        *("crawl", "broken", "-a", "url=http://127.0.0.1:1/", "-s", f"NEWSCRAWL_OUTPUT_DIR={tmp_path / 'out'}"),
        *("-s", "SPIDER_MODULES=newscrawl.spiders,broken"),
        cwd=tmp_path,
        PYTHONPATH=str(tmp_path),
    )
    assert finished.code == 1
    assert "the spider's start failed" in finished.log


def test_a_storage_failure_has_its_own_exit_code(running: Running, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "articles").write_text("a file stands where the folder belongs")
    finished = crawl(tmp_path / "out", "-a", f"url={running.urls[0]}", *LIVE)
    assert finished.code == 5
    assert "articles" in finished.log


@pytest.mark.parametrize(
    "command",
    [
        ("fetch", "--nolog", "{url}"),
        ("parse", "--nolog", "--spider=news", "-a", "url={url}", "{url}"),
        ("shell", "--nolog", "-c", "response.status", "{url}"),
        ("check", "news"),
    ],
    ids=lambda command: command[0],
)
def test_scrapys_own_commands_work_and_keep_nothing(
    command: tuple[str, ...], running: Running, site: Site, tmp_path: Path
) -> None:
    story = next(t for t in site.truth if t.kind == "article" and not t.flaky)
    url = running.url(story.host, story.path)
    arguments = [part.format(url=url) for part in command]
    finished = scrapy(*arguments, "-s", "NEWSCRAWL_ALLOW_ADDRESSES=127.0.0.0/8", cwd=tmp_path)
    assert finished.code == 0, finished.log[-2000:]
    assert list(tmp_path.iterdir()) == []

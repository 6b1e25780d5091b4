"""A good guest: whole crawls of servers that ask for something, as a user runs them."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
from crawls import Finished, crawl, scrapy
from oddserver import Answer, OddServer

LIVE = ("-s", "NEWSCRAWL_ALLOW_ADDRESSES=127.0.0.0/8", "-s", "NEWSCRAWL_PRESET=local", "-s", "NEWSCRAWL_RETRY_S=0")
STORY = (
    "<html><head><title>{title}</title>{head}</head><body><article><h1>{title}</h1>"
    + "".join(
        f"<p>渡船自三月起停航,两岸居民只能绕行四十公里,第{n}段说明了原因与补救的办法,并引述了船员的话。</p>"
        for n in range(6)
    )
    + '</article><div class="related"><h3>相关文章</h3><ul><li><a href="{link}">船员谈停航后的生活与打算</a></li></ul></div></body></html>'
)
OPEN = Answer(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
ONE, TWO = "/2024/05/03/dukou-yi.html", "/2024/05/03/chuanyuan-er.html"


def page(title: str = "渡船停航两周居民绕行", *, link: str = TWO, head: str = "", headers: str = "") -> Answer:
    body = STORY.format(title=title, link=link, head=head).encode()
    start = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return Answer(start.encode() + body)


def plain(text: str, headers: str = "") -> Answer:
    body = text.encode()
    return Answer(
        f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode(), body
    )


def run(folder: Path, server: OddServer, *arguments: str, start: str = ONE) -> Finished:
    urls = " ".join(server.url(path) for path in start.split())
    return crawl(folder / "out", "-a", f"url={urls}", *LIVE, *arguments)


def asked(server: OddServer) -> dict[str, int]:
    return dict(Counter({path: len(logged) for path, logged in server.log.items()}))


def test_what_cannot_be_asked_because_of_robots_txt_is_named_and_left_for_later(tmp_path: Path) -> None:
    with OddServer({"/robots.txt": Answer(BUSY + b"\r\n"), ONE: page()}) as server:
        found = run(tmp_path, server)
        assert found.code == 4, found.log[-2000:]
        origin = server.url("")
        assert f"newscrawl: {origin}: robots.txt cannot be read (HTTP 503), not asked before " in found.log
        assert f"1 URLs wait, the first: {server.url(ONE)}" in found.log
        assert found.report["waiting"][0].startswith(origin)
        # Tried once more, and not at all by the next run, which comes too early.
        assert asked(server) == {"/robots.txt": 2}
        again = run(tmp_path, server)
        assert again.code == 4
        assert f"{origin}: robots.txt cannot be read" in again.log
        assert asked(server) == {"/robots.txt": 2}


def test_a_robots_txt_without_end_is_cut_and_obeyed_and_one_elsewhere_is_found(tmp_path: Path) -> None:
    rules = plain(f"User-agent: newscrawl\nDisallow: {TWO}\n" + "# filler\n" * 100_000)
    with OddServer({"/rules.txt": rules}) as other:
        moved = Answer(
            f"HTTP/1.1 301 Moved\r\nLocation: {other.url('/rules.txt')}\r\nContent-Length: 0\r\n\r\n".encode()
        )
        with OddServer({"/robots.txt": moved, ONE: page(link=TWO)}) as server:
            found = run(tmp_path, server)
            assert found.code == 0, found.log[-2000:]
            assert asked(server) == {"/robots.txt": 1, ONE: 1}
        assert asked(other) == {"/rules.txt": 1}
    assert found.report["failed"] == {"robots": 1}
    assert found.report["captures"]["robots"] == 2


def test_a_server_that_asks_for_time_gets_it_within_the_run(tmp_path: Path) -> None:
    wait = Answer(b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n")
    with OddServer({"/robots.txt": OPEN, ONE: (wait, page(link=ONE))}) as server:
        found = run(tmp_path, server, "-s", "RETRY_TIMES=0")
        assert asked(server) == {"/robots.txt": 1, ONE: 2}
    assert found.code == 0, found.log[-2000:]
    assert len(found.rows) == 1
    assert found.report["failed"] == {}


def test_a_long_wait_ends_the_run_and_outlives_it(tmp_path: Path) -> None:
    wait = Answer(BUSY + b"Retry-After: 600\r\n\r\n")
    with OddServer({"/robots.txt": OPEN, ONE: wait, TWO: page()}) as server:
        found = run(tmp_path, server, "-s", "CONCURRENT_REQUESTS_PER_DOMAIN=1", start=f"{ONE} {TWO}")
        assert found.code == 4, found.log[-2000:]
        assert "newscrawl: 127.0.0.1: not asked before " in found.log
        assert "HTTP 503, Retry-After: 600 s" in found.log
        assert asked(server) == {"/robots.txt": 1, ONE: 1}
        assert run(tmp_path, server).code == 4
        assert asked(server) == {"/robots.txt": 1, ONE: 1}


def test_a_host_that_fails_again_and_again_is_left_alone(tmp_path: Path) -> None:
    paths = [f"/2024/05/0{n}/dukou.html" for n in range(1, 6)]
    broken = Answer(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n")
    with OddServer({"/robots.txt": OPEN, **dict.fromkeys(paths, broken)}) as server:
        settings = ("-s", "RETRY_TIMES=0", "-s", "NEWSCRAWL_BREAKER_FAULTS=3", "-s", "CONCURRENT_REQUESTS_PER_DOMAIN=1")
        found = run(tmp_path, server, *settings, start=" ".join(paths))
        assert found.code == 4, found.log[-2000:]
        assert sum(asked(server).values()) == 4
    assert "3 faults in a row, the last: HTTP 500" in found.log


def test_a_used_up_budget_leaves_the_rest_for_the_next_run(tmp_path: Path) -> None:
    with OddServer({"/robots.txt": OPEN, ONE: page(link=ONE), TWO: page("船员谈停航后的生活", link=TWO)}) as server:
        found = run(tmp_path, server, "-s", "NEWSCRAWL_HOST_MAX_PAGES=1", start=f"{ONE} {TWO}")
        assert found.code == 4, found.log[-2000:]
        assert "127.0.0.1: NEWSCRAWL_HOST_MAX_PAGES=1 is used up; 1 URLs are left for the next run" in found.log
        assert asked(server) == {"/robots.txt": 1, ONE: 1}
        again = run(tmp_path, server, start=f"{ONE} {TWO}")
        assert again.code == 0, again.log[-2000:]
        assert asked(server) == {"/robots.txt": 1, ONE: 1, TWO: 1}
    assert len(again.rows) == 2


def test_a_used_up_budget_of_bytes_stops_the_run(tmp_path: Path) -> None:
    with OddServer({"/robots.txt": OPEN, ONE: page()}) as server:
        found = run(tmp_path, server, "-s", "NEWSCRAWL_MAX_BYTES=100")
    assert found.code == 4
    assert "newscrawl: NEWSCRAWL_MAX_BYTES=100 is used up" in found.log


def test_who_has_opted_out_is_not_asked_not_even_through_a_redirect(tmp_path: Path) -> None:
    moved = Answer(f"HTTP/1.1 302 Found\r\nLocation: {TWO}\r\nContent-Length: 0\r\n\r\n".encode())
    with OddServer({"/robots.txt": OPEN, ONE: moved}) as server:
        (tmp_path / "list.txt").write_text(server.url(TWO) + "\n", encoding="utf-8")
        found = run(tmp_path, server, "-s", f"NEWSCRAWL_OPT_OUT={tmp_path / 'list.txt'}")
        assert asked(server) == {"/robots.txt": 1, ONE: 1}
    assert found.code == 3
    assert "opted out (127.0.0.1:" in found.log


@pytest.mark.parametrize(
    ("head", "headers", "said"),
    [
        ("", "X-Robots-Tag: otherbot: noindex\r\nX-Robots-Tag: nofollow, noarchive\r\n", "noarchive, nofollow"),
        ('<meta name="robots" content="noindex,nofollow">', "", "nofollow, noindex"),
    ],
)
@pytest.mark.parametrize("policy", ["obey", "record"])
def test_links_of_a_page_that_says_nofollow_are_left_alone_and_the_row_tells(
    policy: str, head: str, headers: str, said: str, tmp_path: Path
) -> None:
    with OddServer({"/robots.txt": OPEN, ONE: page(head=head, headers=headers), TWO: page(link=ONE)}) as server:
        found = run(tmp_path, server, "-s", f"NEWSCRAWL_ROBOTS_META={policy}", "-a", "depth=1")
        assert (TWO in server.log) == (policy == "record")
    row = next(row for row in found.rows if row["url"].endswith(ONE))
    assert [w["detail"] for w in row["warnings"] if w["code"] == "robots_meta"] == [said]


def test_a_crawl_of_other_peoples_hosts_says_who_it_is_or_does_not_begin(tmp_path: Path) -> None:
    found = crawl(tmp_path / "out", "-a", "url=http://127.0.0.1:9/ https://news.example/")
    assert found.code == 2
    assert "newscrawl: https://news.example/ is somebody else's" in found.log
    assert not (tmp_path / "out").exists()


def test_the_throttle_takes_nothing_off_the_pause_that_robots_txt_asks_for(tmp_path: Path) -> None:
    (tmp_path / "looking.py").write_text(
        "from newscrawl.spiders import news\n"
        "class Looking(news.NewsSpider):\n"
        "    name = 'looking'\n"
        "    def closed(self, reason):\n"
        "        print('DELAYS', [slot.delay for slot in self.crawler.engine.downloader.slots.values()])\n",
        encoding="utf-8",
    )
    throttled = {"DOWNLOAD_DELAY": 0, "AUTOTHROTTLE_ENABLED": 1, "AUTOTHROTTLE_START_DELAY": 0.001}
    with OddServer(
        {"/robots.txt": plain("User-agent: *\nCrawl-delay: 0.3\n"), ONE: page(), TWO: page(link=ONE)}
    ) as server:
        found = scrapy(
            *("crawl", "looking", "-a", f"url={server.url(ONE)}", "-s", "SPIDER_MODULES=looking", *LIVE),
            *("-s", f"NEWSCRAWL_OUTPUT_DIR={tmp_path / 'out'}", "-s", "AUTOTHROTTLE_TARGET_CONCURRENCY=100"),
            *(word for name, value in throttled.items() for word in ("-s", f"{name}={value}")),
            cwd=tmp_path,
            PYTHONPATH=os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]),
        )
        assert asked(server) == {"/robots.txt": 1, ONE: 1, TWO: 1}
    assert "DELAYS [0.3]" in found.out, found.log[-2000:]

"""Stories printed on several pages, crawled whole: one row, its replay, and what keeps a part away."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from crawls import ROOT, Finished, crawl
from oddserver import Answer, OddServer

LIVE = ("-s", "NEWSCRAWL_ALLOW_ADDRESSES=127.0.0.0/8", "-s", "NEWSCRAWL_PRESET=local", "-s", "NEWSCRAWL_RETRY_S=0.1")
MISSING = Answer(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
ROBOTS = {"/robots.txt": MISSING}


def answer(body: str, kind: str = "text/html; charset=utf-8") -> Answer:
    data = body.encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n\r\n"
    return Answer(head.encode() + data)


def paragraphs(part: int) -> list[str]:
    return [
        f"第{part}段之{n}：江边的渡船从本月{part * 3 + n}日起停航两周，镇政府说是为了更换用了二十六年的缆绳和栈桥，"
        f"住在对岸的居民每天早上要绕行石桥，多走大约{part * 10 + n}分钟。"
        for n in (1, 2, 3)
    ]


def printed(part: int, pager: str, *, headline: str = "渡船停航两周", head: str = "") -> str:
    story = "".join(f"<p>{text}</p>" for text in paragraphs(part))
    return (
        f"<html><head><title>{headline}</title>{head}</head><body><h1>{headline}</h1>"
        f"<p>2024-05-03 08:15　来源：江岸日报</p><div class=text>{story}</div><div class=pages>{pager}</div></body></html>"
    )


def pager(*parts: str, following: str | None = None) -> str:
    links = " ".join(f'<a href="{href}">{number}</a>' for number, href in enumerate(parts, start=1))
    return links + (f' <a href="{following}">下一页</a>' if following else "")


NAMES = ("/news/20240503/dukou.html", "/news/20240503/dukou_2.html", "/news/20240503/dukou_3.html")
THREE = {
    path: answer(printed(number, pager(*NAMES, following=NAMES[number] if number < 3 else None)))
    for number, path in enumerate(NAMES, start=1)
}
WHOLE = "\n\n".join(text for part in (1, 2, 3) for text in paragraphs(part))


def crawled(server: OddServer, output: Path, *arguments: str, path: str = NAMES[0]) -> Finished:
    return crawl(output, "-a", f"url={server.url(path)}", *LIVE, *arguments)


def replayed(live: Finished, output: Path, *arguments: str) -> Finished:
    return crawl(output, "-s", f"NEWSCRAWL_REPLAY={live.output}/warc/*.warc.gz", *arguments)


def compared(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(({**row, "run_id": None} for row in rows), key=lambda row: str(row["url"]))


def codes(row: dict[str, Any]) -> list[tuple[str, str]]:
    return [(w["code"], w["detail"]) for w in row["warnings"] if w["field"] == "article_body"]


def test_a_story_in_three_parts_is_one_row_live_and_in_a_replay(tmp_path: Path) -> None:
    with OddServer({**ROBOTS, **THREE}) as server:
        live = crawled(server, tmp_path / "out")
        asked = {path: len(logged) for path, logged in server.log.items()}
        urls = [server.url(path) for path in NAMES]
    assert live.code == 0, live.log[-2000:]
    (row,) = live.rows
    assert row["article_body"] == WHOLE
    assert row["url"] == urls[0]
    (why,) = [entry for entry in row["provenance"] if entry["field"] == "article_body"]
    assert why["where"].endswith(f"parts: 3; {urls[1]}; {urls[2]}")
    assert asked == {"/robots.txt": 1, **dict.fromkeys(NAMES, 1)}
    assert live.report["pages"] == {"article": 1, "part": 2}
    assert live.report["captures"] == {"feed": 1, "part": 2, "robots": 1}
    again = replayed(live, tmp_path / "again")
    assert again.code == 0, again.log[-2000:]
    assert compared(again.rows) == compared(live.rows)
    assert again.report["pages"] == live.report["pages"]


def test_with_one_part_allowed_each_page_is_an_article_of_its_own(tmp_path: Path) -> None:
    listing = "".join(f'<p><a href="{path}">{path} 渡船停航两周的消息在这里继续</a></p>' for path in NAMES)
    with OddServer({**ROBOTS, **THREE, "/": answer(f"<html><body>{listing}</body></html>")}) as server:
        live = crawled(server, tmp_path / "out", "-s", "NEWSCRAWL_MAX_PARTS=1", path="/")
    assert sorted(row["url"].rpartition("/")[2] for row in live.rows) == ["dukou.html", "dukou_2.html", "dukou_3.html"]


def test_more_parts_than_allowed_are_told(tmp_path: Path) -> None:
    with OddServer({**ROBOTS, **THREE}) as server:
        live = crawled(server, tmp_path / "out", "-s", "NEWSCRAWL_MAX_PARTS=2")
        assert NAMES[2] not in server.log
        (row,) = live.rows
        assert codes(row) == [("parts_limit", server.url(NAMES[2]))]
    assert row["article_body"] == "\n\n".join(paragraphs(1) + paragraphs(2))


FAULTS: dict[str, Mapping[str, Answer]] = {
    "404": {NAMES[1]: MISSING},
    "robots": {"/robots.txt": answer("User-agent: *\nDisallow: /news/20240503/dukou_2\n", "text/plain")},
    "reset": {NAMES[1]: Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n<p>", then="reset")},
    "empty": {NAMES[1]: answer("")},
    "soft 404": {NAMES[1]: answer("<h1>404</h1><p>Page not found</p>")},
    "private": {NAMES[1]: Answer(b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/x\r\nContent-Length: 0\r\n\r\n")},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_part_that_cannot_be_read_does_not_lose_the_article(fault: str, tmp_path: Path) -> None:
    with OddServer({**ROBOTS, **THREE, **FAULTS[fault]}) as server:
        live = crawled(server, tmp_path / "out", "-s", "RETRY_ENABLED=False")
        missing = server.url(NAMES[1])
        assert (NAMES[1] in server.log) == (fault != "robots")
    assert live.code == 0, live.log[-2000:]
    (row,) = live.rows
    assert row["article_body"] == "\n\n".join(paragraphs(1))
    assert codes(row) == [("part_missing", missing)]
    assert sum(live.report["failed"].values()) == 1
    again = replayed(live, tmp_path / "again")
    assert compared(again.rows) == compared(live.rows)


def test_a_part_that_answers_at_the_second_try_is_read_live_and_in_a_replay(tmp_path: Path) -> None:
    busy = Answer(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
    with OddServer({**ROBOTS, **THREE, NAMES[1]: (busy, THREE[NAMES[1]])}) as server:
        live = crawled(server, tmp_path / "out")
    assert [row["article_body"] for row in live.rows] == [WHOLE]
    again = replayed(live, tmp_path / "again")
    assert compared(again.rows) == compared(live.rows)


def test_parts_in_a_circle_end(tmp_path: Path) -> None:
    """The second part says that it is followed by a third, which redirects back to it; both name the first as next."""
    back = Answer(f"HTTP/1.1 302 Found\r\nLocation: {NAMES[0]}\r\nContent-Length: 0\r\n\r\n".encode())
    with OddServer({**ROBOTS, **THREE, NAMES[2]: back}) as server:
        live = crawled(server, tmp_path / "out")
    assert live.code == 0, live.log[-2000:]
    (row,) = live.rows
    assert row["article_body"] == "\n\n".join(paragraphs(1) + paragraphs(2))
    assert codes(row) == []


def test_the_next_story_of_a_numbered_row_is_no_part(tmp_path: Path) -> None:
    first, second = "/story-1.html", "/story-2.html"
    with OddServer(
        {
            **ROBOTS,
            first: answer(printed(1, f'<a rel=next href="{second}">Next</a>', headline="渡船停航两周")),
            second: answer(printed(2, f'<a rel=prev href="{first}">Previous</a>', headline="石桥加固工程开工")),
        }
    ) as server:
        live = crawled(server, tmp_path / "out", "-a", "follow=none", path=first)
    (row,) = live.rows
    assert row["article_body"] == "\n\n".join(paragraphs(1))


def test_a_page_that_asks_not_to_be_followed_is_not_completed(tmp_path: Path) -> None:
    closed = answer(printed(1, pager(*NAMES, following=NAMES[1]), head="<meta name=robots content=nofollow>"))
    with OddServer({**ROBOTS, **THREE, NAMES[0]: closed}) as server:
        live = crawled(server, tmp_path / "out")
        assert NAMES[1] not in server.log
    assert [row["article_body"] for row in live.rows] == ["\n\n".join(paragraphs(1))]


def test_a_part_that_is_linked_leads_to_its_story_and_one_that_is_given_is_read(tmp_path: Path) -> None:
    home = answer(f'<html><body><p><a href="{NAMES[1]}">渡船停航两周，居民绕行石桥的消息</a></p></body></html>')
    with OddServer({**ROBOTS, **THREE, "/": home}) as server:
        live = crawled(server, tmp_path / "out", path="/")
        given = crawled(server, tmp_path / "given", "-a", "follow=none", path=NAMES[1])
        first, second = server.url(NAMES[0]), server.url(NAMES[1])
    (row,) = live.rows
    assert (row["url"], row["article_body"]) == (first, WHOLE)
    assert row["found_on"] == {"url": second, "how": "link"}
    assert live.report["dropped"] == {"part": 1}
    again = replayed(live, tmp_path / "again")
    assert compared(again.rows) == compared(live.rows)
    (row,) = given.rows
    assert (row["url"], row["article_body"]) == (second, "\n\n".join(paragraphs(2)))
    again = replayed(given, tmp_path / "given again")
    assert compared(again.rows) == compared(given.rows)


def test_a_set_of_saved_pages_gives_the_story_once(tmp_path: Path) -> None:
    import hashlib

    for path in NAMES:
        body = THREE[path].pieces[0].partition(b"\r\n\r\n")[2]
        name = path.rpartition("/")[2]
        (tmp_path / name).write_bytes(body)
        row = {
            "file": name, "sha256": hashlib.sha256(body).hexdigest(), "url": f"https://news.example{path}",
            "url_source": "found", "fetched_at": "2024-05-04T06:00:00Z", "content_type": "text/html; charset=utf-8",
            "status": 200, "wrap": None,
        }  # fmt: skip
        with (tmp_path / "manifest.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
    finished = crawl(tmp_path / "out", "-s", f"NEWSCRAWL_REPLAY={tmp_path / 'manifest.jsonl'}")
    assert finished.code == 0, finished.log[-2000:]
    assert [row["article_body"] for row in finished.rows] == [WHOLE]
    assert finished.report["dropped"] == {"part": 2}


@pytest.mark.parametrize("step", ["append.warc:3", "append.row", "commit.in_transaction:2"])
def test_a_crawl_killed_while_a_story_is_completed_keeps_it_once_and_whole(step: str, tmp_path: Path) -> None:
    often = ("-s", "NEWSCRAWL_COMMIT_COUNT=1", "-s", "NEWSCRAWL_COMMIT_S=0")
    with OddServer({**ROBOTS, **THREE}) as server:
        killed = crawl(tmp_path / "out", "-a", f"url={server.url(NAMES[0])}", *LIVE, *often, FAULTPOINT=step)
        assert killed.code == -signal.SIGKILL, killed.log[-2000:]
        live = crawled(server, tmp_path / "out", *often)
    assert live.code == 0, live.log[-2000:]
    assert [row["article_body"] for row in live.rows] == [WHOLE]
    again = replayed(live, tmp_path / "again")
    assert [row["article_body"] for row in again.rows] == [WHOLE]


def test_a_crawl_stopped_while_a_part_is_on_its_way_asks_the_whole_story_again(tmp_path: Path) -> None:
    output = tmp_path / "out"
    never = Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n<p>", then="stall")
    with OddServer({**ROBOTS, **THREE, NAMES[1]: (never, THREE[NAMES[1]])}) as server:
        arguments = ("-a", f"url={server.url(NAMES[0])}", "-s", f"NEWSCRAWL_OUTPUT_DIR={output}", *LIVE)
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "scrapy", "crawl", "news", *arguments],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert server.asked(NAMES[1]).wait(60)
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=60)
        assert process.returncode == 4, log.decode()[-2000:]
        assert not list((output / "articles").glob("*.jsonl"))
        live = crawl(output, "-a", f"url={server.url(NAMES[0])}", *LIVE)
    assert live.code == 0, live.log[-2000:]
    assert [row["article_body"] for row in live.rows] == [WHOLE]

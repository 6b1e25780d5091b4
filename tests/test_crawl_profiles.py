"""A crawl whose site profile no longer fits its site says so, and ends with exit code 3."""

from __future__ import annotations

from pathlib import Path

import pytest
from crawls import Finished, crawl
from oddserver import OddServer
from test_crawl_parts import LIVE, ROBOTS, answer, paragraphs

PATHS = [f"/news/2024050{n}/{n}4711.html" for n in range(1, 8)]


def printed(number: int) -> str:
    story = "".join(f"<p>{number}：{text}</p>" for text in paragraphs(number))
    return (
        f"<html><body><h1>渡船消息之{number}</h1><p>2024-05-0{number} 来源：江岸日报</p><div class=text>{story}</div>"
        "<div class=weather><p>明天多云转晴，气温回升，早晚温差较大，请注意增减衣物，江面有雾。</p></div></body></html>"
    )


def crawled(folder: Path, layout: str, paths: list[str] = PATHS) -> tuple[Finished, Finished]:
    (folder / "sites").mkdir()
    (folder / "sites" / "harbour.toml").write_text(f'hosts = ["127.0.0.1"]\n[[layout]]\n{layout}\n', encoding="utf-8")
    sites = ("-s", f"NEWSCRAWL_SITES_DIR={folder / 'sites'}")
    pages = {path: answer(printed(number)) for number, path in enumerate(paths, start=1)}
    with OddServer({**ROBOTS, **pages}) as server:
        urls = " ".join(map(server.url, paths))
        live = crawl(folder / "out", "-a", f"url={urls}", "-a", "follow=none", *LIVE, *sites)
    again = crawl(folder / "again", "-s", f"NEWSCRAWL_REPLAY={folder / 'out'}/warc/*.warc.gz", *sites)
    return live, again


def test_a_profile_that_fits_is_counted_and_nothing_is_said(tmp_path: Path) -> None:
    live, _ = crawled(tmp_path, 'headline = "h1"\nbody = "div.text"')
    assert live.code == 0, live.log[-2000:]
    assert live.report["profiles"]["harbour"]["pages"] == len(PATHS)
    assert live.report["profiles"]["harbour"]["compared"] >= 5
    assert "profile harbour" not in live.out


@pytest.mark.parametrize(
    ("layout", "code", "said"),
    [
        ('headline = "div.gone"\nbody = "div.text"', "profile_empty", "headline missing on 7 of 7 pages"),
        ('headline = "h1"\nbody = "div.weather"', "profile_differs", "another text than the generic reader's on"),
    ],
)
def test_a_profile_that_no_longer_fits_is_a_failed_health_check(
    layout: str, code: str, said: str, tmp_path: Path
) -> None:
    live, again = crawled(tmp_path, layout)
    for finished in (live, again):
        assert finished.code == 3
        assert said in finished.log
        assert "profile harbour: 7 pages, " in finished.out
    told = [[w["code"] for w in row["warnings"] if w["code"].startswith("profile_")] for row in live.rows]
    assert {warning for row in told for warning in row} <= {code}
    assert code == "profile_differs" or all(told)
    assert sorted(({**r, "run_id": 0} for r in again.rows), key=str) == sorted(
        ({**r, "run_id": 0} for r in live.rows), key=str
    )

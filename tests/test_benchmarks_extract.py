"""The benchmark of the reader, on two invented pages and with invented peers."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import pytest

from benchmarks.extract import main

PARAGRAPHS = (
    "The ferry between the town and the northern island sailed again on Thursday, two weeks after a storm had damaged "
    "its landing stage.",
    "Some forty passengers were on board. The harbour office said that all six daily crossings would run from Friday.",
)
CHINESE = (
    "北岛与镇上之间的渡轮星期四恢复通航，两个星期前一场风暴损坏了它的码头。第一班船早上七点离开。",
    "船上约有四十名乘客。港务处说，从星期五起每天六班都会照常开行，去年秋天的时刻表重新生效。",
)
PAGE = """<!DOCTYPE html><html lang="{lang}"><head><meta charset="{charset}"><title>{title}</title>
<meta property="article:published_time" content="2024-03-07T18:30:00+01:00"><meta name="author" content="{author}">
</head><body><nav><a href="/">{home}</a></nav><article><h1>{title}</h1>{story}</article></body></html>"""
PEER = """#!{python}
import json, sys
answers = {answers!r}
print(json.dumps({{"ready": "9.9"}}), flush=True)
while line := sys.stdin.buffer.readline():
    asked = json.loads(line)
    text = sys.stdin.buffer.read(asked["bytes"]).decode()
    if not answers:
        sys.exit(7)
    print(json.dumps({{"found": {{"body": text[:0]}}, "error": "Odd: page", "cpu_s": 0.5, "rss_mib": 1.0}}), flush=True)
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "labelled"
    (folder / "data").mkdir(parents=True)
    lines = []
    for name, lang, charset, title, author, story in (
        ("ferry", "en", "utf-8", "Ferry to the northern island sails again", "Jane Roe", PARAGRAPHS),
        ("duchuan", "zh", "gbk", "北岛渡轮恢复通航", "李文", CHINESE),
    ):
        html = PAGE.format(
            lang=lang,
            charset=charset,
            title=title,
            author=author,
            home="Home",
            story="".join(f"<p>{text}</p>" for text in story),
        )
        (folder / "data" / f"{name}.html.gz").write_bytes(gzip.compress(html.encode(charset)))
        gold = {"body": "\n\n".join(story), "with": [story[0]], "without": ["Home"], "title": title}
        gold |= {"date": "2024-03-07", "authors": [author]}
        url = f"https://www.example.org/2024/03/07/{name}.html"
        lines.append({"id": name, "url": url, "file": f"{name}.html.gz", "lang": lang, "source": lang, "gold": gold})
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "data" / "pages.jsonl").write_text(text, encoding="utf-8")
    return folder


def peer(path: Path, *, answers: bool) -> str:
    path.write_text(PEER.format(python=sys.executable, answers=answers), encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def missing(path: Path) -> str:
    path.write_text('#!/bin/sh\necho \'{"missing": "no such module"}\'\n', encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def test_two_pages_are_read_and_scored_beside_the_peers(
    data: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.json"
    peers = {
        "trafilatura": peer(tmp_path / "empty", answers=True),
        "goose3": peer(tmp_path / "breaks", answers=False),
        "jusText": missing(tmp_path / "missing"),
    }
    named = [f"--peer={name}={python}" for name, python in peers.items()]
    main(["--data", str(data), "--json", str(out), "--worst", "1", *named])
    told = json.loads(out.read_text(encoding="utf-8"))
    assert list(told["figures"]) == ["newscrawl", "trafilatura"]
    ours, base = told["figures"].values()
    for part, pages in (("all", 2), ("cjk", 1)):
        assert ours[part] == {
            "pages": pages, "bodies": pages, "body_mean": 1, "body_median": 1, "body_p10": 1, "segments": 1,
            "headline": 1, "headline_soft": 1, "date": 1, "authors": 1,
        }  # fmt: skip
    assert (ours["exceptions"], ours["empty_bodies"]) == (0, 0)
    assert ours["peak_rss_mib"] > 1
    assert (base["version"], base["pages_per_cpu_s"], base["all"]["body_mean"]) == ("9.9", 2, 0)
    assert (base["exceptions"], base["empty_bodies"], base["all"]["date"]) == (2, 2, 0)
    assert [row["id"] for row in told["pages"]["newscrawl"]] == ["ferry", "duchuan"]
    printed = capfd.readouterr()
    assert "goose3: broke on ferry (ended with 7); left out" in printed.err
    assert "jusText: not installed, left out (no such module)" in printed.err
    assert "2 of 2 pages" in printed.err
    assert "newscrawl" in printed.out
    assert "our worst bodies" in printed.out


def test_pages_can_be_picked(data: Path, tmp_path: Path) -> None:
    out, none = tmp_path / "out.json", f"--peer=jusText={missing(tmp_path / 'missing')}"
    for picked, left in (
        (["--lang", "cjk"], ["duchuan"]),
        (["--lang", "en,de"], ["ferry"]),
        (["--source", "zh"], ["duchuan"]),
        (["--limit", "1"], ["ferry"]),
    ):
        main(["--data", str(data), "--json", str(out), none, *picked])
        assert [row["id"] for row in json.loads(out.read_text(encoding="utf-8"))["pages"]["newscrawl"]] == left


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "{folder}/nowhere"], "no such file; --data names the folder that holds data/pages.jsonl"),
        (["--data", "{data}", "--source", "aaa"], "no page of 2 is left"),
        (["--data", "{data}", "--peer", "newspaper"], "--peer newspaper: no such peer; there are: trafilatura"),
        (["--data", "{data}", "--peer", "goose3={folder}/python"], "is no interpreter"),
    ],
)
def test_what_cannot_be_measured_is_said(
    arguments: list[str], message: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([argument.format(folder=tmp_path, data=data) for argument in arguments])
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "no page in it"),
        ("{", "pages.jsonl:1: Expecting property name"),
        ('{"url": "https://www.example.org/"}', 'pages.jsonl:1: needs "url", "file" and "gold"'),
        ("[]", 'pages.jsonl:1: needs "url", "file" and "gold"'),
    ],
)
def test_a_label_that_is_told_wrongly_is_named(
    line: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "pages.jsonl").write_text(line, encoding="utf-8")
    with pytest.raises(SystemExit, match="2"):
        main(["--data", str(tmp_path)])
    assert message in capsys.readouterr().err


def test_a_page_that_is_not_there_is_named(data: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (data / "data" / "duchuan.html.gz").unlink()
    with pytest.raises(SystemExit, match="2"):
        main(["--data", str(data), f"--peer=jusText={missing(tmp_path / 'missing')}"])
    assert "duchuan.html.gz" in capfd.readouterr().err

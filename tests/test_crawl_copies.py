"""A newspaper that repeats itself: what a whole crawl says of its copies, and what the commands show of them."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from crawls import Finished, crawl
from paper import Paper
from scrapy import cmdline
from scrapy.utils.project import get_project_settings

from newscrawl.commands import export
from newscrawl.store import Store, copies

LIVE = ("-s", "NEWSCRAWL_ALLOW_ADDRESSES=127.0.0.0/8", "-s", "NEWSCRAWL_PRESET=local", "-s", "NEWSCRAWL_RETRY_S=0.1")
LIBRARY = (
    "The library on the market square is open again after repairs that took fourteen months.",
    "The roof had been damaged by a storm, and water had come as far as the reading room.",
    "No book was lost, said the director, because her people carried them down in one night.",
    "Children may borrow as many books as they can carry until the end of the holidays.",
    "Whoever brings something back late during the first weeks will not have to pay for it.",
)
BRIDGE = (
    "The old bridge will be closed to lorries from spring on, the council decided last night.",
    "Engineers had found cracks in two of the pillars when the river was unusually low.",
    "A ferry is to carry goods across until a new bridge stands further down the valley.",
    "Shopkeepers on both banks fear that customers will not find their way to them any more.",
)
Command = Callable[..., Finished]


def printed(paper: Paper, name: str, sentences: tuple[str, ...], day: int, headline: str | None = None) -> str:
    """Print an article; return its path."""
    path = f"/news/2026/11/{day:02d}/{name}-told-here.html"
    body = "".join(f"<p>{sentence}</p>" for sentence in sentences)
    title = headline or f"Of the {name} in this town"
    paper.put(
        path,
        f"<html lang=en><head><title>{title}</title>"
        f'<meta property="article:published_time" content="2026-11-{day:02d}T08:00:00Z"></head>'
        f"<body><article><h1>{title}</h1>{body}</article></body></html>",
    )
    return path


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Finished, str]:
    """Two rounds at the paper, and the address of the article that changed."""
    output = tmp_path_factory.mktemp("told")
    with Paper() as paper:
        paper.put("/robots.txt", "User-agent: *\n", "text/plain")
        links = [
            printed(paper, "library", LIBRARY, 10, "=Library(open)"),
            printed(paper, "same", LIBRARY, 11),
            printed(paper, "edited", (*LIBRARY[:4], "Late books cost nothing in the first weeks."), 12),
            printed(paper, "longer", (*LIBRARY, *BRIDGE), 13),
            printed(paper, "market", BRIDGE[:1] + LIBRARY[:1], 14),
        ]
        paper.listing("/", links)
        start = ("-a", f"url={paper.url()}", *LIVE, "-s", "CONCURRENT_REQUESTS=1")
        first = crawl(output, *start)
        assert first.code == 0, first.log[-3000:]
        printed(paper, "library", (*LIBRARY[:4], "\x9b31m" + LIBRARY[4].replace("not", "")), 10, "=Library(open)")
        second = crawl(output, *start, "-a", "mode=refresh")
        assert second.code == 0, second.log[-3000:]
        return second, paper.url(links[0])


@pytest.fixture
def scrapy(
    told: tuple[Finished, str], monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> Command:
    monkeypatch.setenv("SCRAPY_SETTINGS_MODULE", "newscrawl.settings")
    folder = f"NEWSCRAWL_OUTPUT_DIR={told[0].output}"

    def call(*arguments: str) -> Finished:
        with pytest.raises(SystemExit) as ended:
            cmdline.execute(["scrapy", *arguments, "-s", folder], get_project_settings())
        out, log = capsysbinary.readouterr()
        return Finished(int(str(ended.value.code)), out.decode(), log.decode(), told[0].output)

    return call


def named(row: dict[str, Any]) -> str:
    return str(row["url"]).rsplit("/", 1)[1].partition("-")[0]


def test_rows_say_what_they_repeat_and_the_store_has_every_pair(told: tuple[Finished, str]) -> None:
    rows = told[0].rows
    by_name = {named(row): row for row in rows if row["version"] == 1}
    assert by_name.keys() == {"library", "same", "edited", "longer", "market"}
    first = next(row for row in rows if named(row) != "market")
    assert first["duplicate_of"] is first["cluster_id"] is None
    story = [by_name[name] for name in ("library", "same", "edited", "longer")]
    assert all(row["duplicate_of"] for row in story if row is not first)
    assert "exact" in {by_name["library"]["duplicate_kind"], by_name["same"]["duplicate_kind"]}
    assert by_name["library"]["cluster_id"] in {first["id"], None}
    assert by_name["same"]["cluster_id"] in {first["id"], None}
    assert by_name["market"]["duplicate_of"] is None
    (changed,) = (row for row in rows if row["version"] == 2)
    assert named(changed) == "library"
    with Store.open(f"sqlite:///{told[0].output / 'store.sqlite'}") as store, store.reading() as c:
        pairs = {frozenset((edge.one[0], edge.other[0])) for edge in copies.all_relations(c)}
        assert copies.count(c) == len(rows)
    assert len(pairs) == 6


TOLL = (
    "The flood reached 12 streets by 9 in the morning, and 340 people left their homes for 3 schools on the hill.",
    "Some 45 volunteers filled 2000 sandbags, while 8 pumps ran all night beside the mill that was built in 1887.",
    "Roads 7 and 19 are closed, buses 4 and 61 turn round at the market, and trains run every 30 minutes.",
)
LATER = (
    "The flood reached 17 streets by 9 in the morning, and 410 people left their homes for 4 schools on the hill.",
    *TOLL[1:],
)


def known(output: Path, scrapy: Callable[..., str]) -> tuple[set[Any], set[Any]]:
    """What the store of *output* says of pairs of pages, and of stories, whoever came first."""
    with Store.open(f"sqlite:///{output / 'store.sqlite'}") as store, store.reading() as c:
        edges = list(copies.all_relations(c))
    turned = {"contained": "contains"}
    pairs = {(frozenset((e.one, e.other)), turned.get(e.kind, e.kind), e.similarity) for e in edges}
    told = map(json.loads, scrapy(output).splitlines())
    return pairs, {(story["representative"]["id"], frozenset(named(row) for row in story["rows"])) for story in told}


def test_stories_are_the_same_in_any_order_and_over_several_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SCRAPY_SETTINGS_MODULE", "newscrawl.settings")

    def listed(output: Path) -> str:
        with pytest.raises(SystemExit):
            cmdline.execute(["scrapy", "stories", "--json", "-s", f"NEWSCRAWL_OUTPUT_DIR={output}"])
        return capsys.readouterr().out

    with Paper() as paper:
        paper.put("/robots.txt", "User-agent: *\n", "text/plain")
        urls = [
            paper.url(printed(paper, name, body, day))
            for day, (name, body) in enumerate(
                {
                    "flood": TOLL + BRIDGE,
                    "later": LATER + BRIDGE,
                    "again": TOLL + BRIDGE,
                    "library": LIBRARY,
                    "longer": LIBRARY + BRIDGE[:2],
                }.items(),
                start=10,
            )
        ]
        found = []
        for name, runs in {"once": [urls], "twice": [urls[3::-2], urls[::-2]]}.items():
            for some in runs:
                (tmp_path / "urls.txt").write_text("\n".join(some), encoding="utf-8")
                arguments = ("-a", f"urls_file={tmp_path / 'urls.txt'}", "-a", "follow=none")
                assert crawl(tmp_path / name, *arguments, *LIVE).code == 0
            found.append(known(tmp_path / name, listed))
    assert found[0] == found[1]
    pairs, stories = found[0]
    assert sorted(kind for _, kind, _ in pairs) == ["contains", "exact", "near", "near"]
    assert {names for _, names in stories} == {frozenset(("flood", "later", "again")), frozenset(("library", "longer"))}


def test_stories_shows_copies_and_versions(scrapy: Command) -> None:
    listed = scrapy("stories")
    assert listed.code == 0, listed.log
    assert "1 stories" in listed.out
    assert "version 2, kept " in listed.out
    assert [listed.out.count(f"/{name}-told") for name in ("library", "same", "edited", "longer", "market")][:3] == [
        1
    ] * 3
    assert "market-told" not in listed.out
    (story,) = map(json.loads, scrapy("stories", "--json").out.splitlines())
    assert named(story["rows"][0]) == "library"
    assert story["representative"]["version"] == 2
    assert scrapy("stories", "--since", "2099-01-01").out == "0 stories\n"
    assert scrapy("stories", "--site", "elsewhere.example").out == "0 stories\n"


def test_diff_shows_sentences_and_nothing_that_steers_a_terminal(told: tuple[Finished, str], scrapy: Command) -> None:
    shown = scrapy("diff", told[1])
    assert shown.code == 0, shown.log
    lines = shown.out.splitlines()
    assert lines[0] == f"--- {told[1]} version 1"
    assert [line for line in lines[2:] if line.startswith("-")] == [f"-{LIBRARY[4]}"]
    assert len([line for line in lines[2:] if line.startswith("+")]) == 1
    assert "\x9b" not in shown.out
    assert scrapy("diff", told[1], "--versions", "2", "1").out.startswith(f"--- {told[1]} version 2\n")
    missing = scrapy("diff", told[1], "--versions", "1", "3")
    assert (missing.code, missing.log) == (3, f"newscrawl: {told[1]}: versions that are kept: 1, 2\n")
    assert scrapy("diff", "https://nowhere.example/").code == 3


@pytest.mark.parametrize(("per", "count"), [("version", 6), ("article", 5), ("story", None)])
def test_rows_are_exported_as_they_stand_in_the_files(
    per: str, count: int | None, told: tuple[Finished, str], scrapy: Command, tmp_path: Path
) -> None:
    target = tmp_path / "rows.jsonl"
    done = scrapy("export", "--to", "jsonl", "-o", str(target), "--per", per, "--as-written")
    assert done.code == 0, done.log
    lines = target.read_bytes().splitlines()
    kept = {line for path in told[0].output.glob("articles/*.jsonl") for line in path.read_bytes().splitlines()}
    assert kept >= set(lines)
    names = [named(json.loads(line)) for line in lines]
    if count is None:
        assert {"library", "market"} <= set(names)
        assert not {"same", "edited"} & set(names)
    else:
        assert len(lines) == count
    assert [path.name for path in tmp_path.iterdir()] == ["rows.jsonl"]


@pytest.mark.parametrize(("days", "kinds"), [(90, {"exact", "near", "contains", "contained"}), (0, {"exact"})])
def test_repair_looks_for_copies_as_far_back_as_the_settings_say(
    days: int, kinds: set[str], told: tuple[Finished, str], scrapy: Command, tmp_path: Path
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(told[0].output, folder)
    for path in folder.glob("store.sqlite*"):
        path.unlink()
    assert scrapy("repair", str(folder), "-s", f"NEWSCRAWL_DEDUPE_WINDOW_DAYS={days}").code == 0
    with Store.open(f"sqlite:///{folder / 'store.sqlite'}") as store, store.reading() as c:
        found = {edge.kind for edge in copies.all_relations(c)}
    assert found >= {"exact"}
    assert found <= kinds
    assert (len(found) > 1) == (days > 0)


def test_parquet_says_what_the_lines_say(scrapy: Command, tmp_path: Path) -> None:
    lines, table = tmp_path / "rows.jsonl", tmp_path / "rows.parquet"
    for target in (lines, table):
        done = scrapy("export", "--to", target.suffix[1:], "-o", str(target), "--per", "version")
        assert (done.code, done.out) == (0, f"{target}: 6 rows\n"), done.log
    assert pq.read_table(table).to_pylist() == [json.loads(line) for line in lines.read_bytes().splitlines()]
    assert {path.name for path in tmp_path.iterdir()} == {"rows.jsonl", "rows.parquet"}


def test_an_export_that_fails_leaves_no_file(scrapy: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path, rows: object) -> int:
        path.write_bytes(b"half of it")
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setitem(export._WRITERS, "parquet", fail)
    assert scrapy("export", "--to", "parquet", "-o", str(tmp_path / "rows.parquet")).code == 5
    assert list(tmp_path.iterdir()) == []


def test_cells_of_an_exported_table_are_no_formulas(scrapy: Command, tmp_path: Path) -> None:
    target = tmp_path / "rows.csv"
    assert scrapy("export", "--to", "csv", "-o", str(target)).code == 0
    rows = list(csv.DictReader(io.StringIO(target.read_text(encoding="utf-8-sig"), newline="")))
    assert len(rows) == 5
    assert {row["headline"] for row in rows if named(row) == "library"} == {"'=Library(open)"}
    assert all(json.loads(row["found_on"]) for row in rows)


@pytest.mark.parametrize(
    ("chosen", "count"),
    [
        (("--language", "en"), 5),
        (("--language", "EN-gb"), 0),
        (("--source", "Elsewhere"), 0),
        (("--tag", "library"), 0),
        (("--site", "127.0.0.1"), 5),
        (("--since", "2099-01-01"), 0),
        (("--until", "2099-01-01"), 5),
    ],
)
def test_rows_are_chosen(chosen: tuple[str, str], count: int, scrapy: Command, tmp_path: Path) -> None:
    target = tmp_path / "rows.jsonl"
    assert scrapy("export", "--to", "jsonl", "-o", str(target), *chosen).out == f"{target}: {count} rows\n"
    assert len(target.read_bytes().splitlines()) == count


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("export", "--to", "cvs", "-o", "x"), "did you mean 'csv'"),
        (("export", "--to", "csv", "-o", "x", "--per", "storys"), "did you mean 'story'"),
        (("export", "--to", "csv", "-o", "{folder}"), "is there already"),
        (("export", "--to", "csv", "-o", "nowhere/x"), "there is no folder nowhere"),
        (("export", "-o", "x.wacz", "--tag", "x"), "goes with --to jsonl, csv or parquet"),
        (("export", "-o", "x.wacz", "--as-written"), "--as-written: chooses rows"),
        (("stories", "x"), "no such argument"),
        (("stories", "--since", "x"), "'x' is no time"),
        (("diff", "javascript:1"), "is no http or https URL"),
        (("diff",), "one URL is needed"),
    ],
)
def test_what_is_wrong_is_named(
    arguments: tuple[str, ...], said: str, told: tuple[Finished, str], scrapy: Command
) -> None:
    finished = scrapy(*(argument.format(folder=told[0].output) for argument in arguments))
    assert finished.code == 2
    assert said in finished.log + finished.out

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from crawls import check_rows
from hypothesis import given
from hypothesis import strategies as st
from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.http import HtmlResponse
from scrapy.settings import Settings

from newscrawl.exporters import CsvFeedExporter, JsonLinesExporter, SnapshotExporter, json_line
from newscrawl.items import Article
from newscrawl.ledger import Exchange, Ledger, bind_ledger
from newscrawl.text import plain_cell

URL = "https://news.example/1.html"
HEX = "0123456789abcdef" * 4
BODY = "<p>图书馆".encode("gbk")
FETCHED = Exchange(fetched_at=datetime(2023, 3, 22, 8, 15, tzinfo=UTC))
# Every character that some reader takes for the end of a line, and the halves of a pair.
ENDS = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\ufeff\ud800\udbff\udc00\udfff"
TEXTS = st.text(st.characters() | st.sampled_from(ENDS))
ROWS = st.dictionaries(
    TEXTS,
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
        lambda part: st.lists(part, max_size=3) | st.dictionaries(TEXTS, part, max_size=3),
        max_leaves=5,
    ),
    max_size=4,
)


def paired(value: Any) -> Any:
    """*value* with two halves of a pair that stand together as the one character that they are in JSON."""
    return json.loads(json.dumps(value))


def crawler_with(ledger: Ledger, **settings: Any) -> Crawler:
    crawler = Crawler(Spider, Settings(settings))
    bind_ledger(crawler, ledger)
    return crawler


def opened(folder: Path) -> Ledger:
    ledger = Ledger(folder, name="news", run_id="run-1", stamp="1")
    ledger.open()
    return ledger


def response() -> HtmlResponse:
    return HtmlResponse(URL, body=BODY)


@given(ROWS)
def test_any_row_is_one_line_and_comes_back_as_it_was(row: dict[str, Any]) -> None:
    line = json_line(row)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert len(line.decode("utf-8").splitlines()) == 1
    assert json.loads(line) == paired(row)


@pytest.mark.parametrize("end", ENDS)
def test_no_character_ends_a_line_within_a_row(end: str) -> None:
    line = json_line({"a": f"一{end}二", f"b{end}": [end]})
    assert len(line.decode("utf-8").splitlines()) == 1
    assert json.loads(line) == {"a": f"一{end}二", f"b{end}": [end]}


def test_text_is_written_as_it_reads_and_without_blanks() -> None:
    assert json_line({"a": "图书馆😀\u00a0", "b": [1, None]}) == '{"a":"图书馆😀\u00a0","b":[1,null]}\n'.encode()


def test_a_backslash_before_a_line_end_stays_one() -> None:
    row = {"a": "\\\u2028", "b": "\\\\\ud800", "c": "\\u2028"}
    assert json.loads(json_line(row)) == row


def test_a_kept_item_is_a_row_and_is_counted(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    exporter = JsonLinesExporter.from_crawler(crawler_with(ledger))
    for number in range(2):
        id_ = f"{number}{HEX[1:]}"
        article = Article(id=id_, url_key=URL, url=URL, site="news.example", run_id="run-1", headline=f"{number}\u2028")
        exporter.export_item(article, response(), FETCHED)
    ledger.close({})
    assert ledger.articles_path is not None
    rows = [json.loads(line) for line in ledger.articles_path.read_text(encoding="utf-8").splitlines()]
    check_rows(rows)
    assert [row["headline"] for row in rows] == ["0\u2028", "1\u2028"]
    assert ledger.state.articles == 2


def test_what_is_no_article_is_no_row(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    JsonLinesExporter(ledger).export_item({"headline": "x"}, response(), FETCHED)
    ledger.close({})
    assert ledger.state.articles == 0
    assert not (tmp_path / "articles").exists()


def test_a_row_that_could_not_be_written_is_not_counted(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    (tmp_path / "articles").touch()
    JsonLinesExporter(ledger).export_item(Article(headline="x"), response(), FETCHED)
    ledger.close({})
    assert ledger.failure is not None
    assert ledger.state.articles == 0


@pytest.mark.parametrize(("exchange", "day"), [(FETCHED, "2023-03-22"), (Exchange(fetched_at=None), "undated"), (None, "undated")])  # fmt: skip
def test_a_snapshot_lies_beside_a_row_which_refers_to_it(exchange: Exchange | None, day: str, tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    article = Article(headline="x")
    exporter = SnapshotExporter.from_crawler(crawler_with(ledger, NEWSCRAWL_SNAPSHOTS_ENABLED=True))
    exporter.export_item(article, response(), exchange)
    ledger.close({})
    assert article.snapshot is not None
    assert article.snapshot.path.startswith(f"html/news.example/{day}/")
    assert (tmp_path / article.snapshot.path).read_bytes() == BODY


@pytest.mark.parametrize("item", [Article(headline="x"), {"headline": "x"}, None])
def test_the_page_of_a_dropped_item_is_kept_too(item: Any, tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    SnapshotExporter(ledger, enabled=True).export_dropped(item, response(), FETCHED)
    ledger.close({})
    (file,) = (tmp_path / "html").rglob("*.html")
    assert file.read_bytes() == BODY


def test_no_snapshot_is_written_when_they_are_off_or_there_is_nothing_to_write(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    article = Article(headline="x")
    off = SnapshotExporter.from_crawler(crawler_with(ledger, NEWSCRAWL_SNAPSHOTS_ENABLED="False"))
    off.export_item(article, response(), FETCHED)
    SnapshotExporter(ledger, enabled=True).export_item(article, None, None)
    nowhere = Ledger(None, name="news", run_id="run-1", stamp="1")
    SnapshotExporter(nowhere, enabled=True).export_item(article, response(), FETCHED)
    ledger.close({})
    assert article.snapshot is None
    assert not (tmp_path / "html").exists()


# CSV ----------------------------------------------------------------------------------------------------


def cells(*rows: dict[str, Any]) -> list[list[str]]:
    """The rows of a CSV feed, its header included, as a spreadsheet reads them."""
    file = io.BytesIO()
    exporter = CsvFeedExporter(file)
    exporter.start_exporting()
    for row in rows:
        exporter.export_item(row)
    exporter.finish_exporting()
    return list(csv.reader(io.StringIO(file.getvalue().decode("utf-8"), newline="")))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝", " =", "\n="])
def test_a_cell_that_would_be_a_formula_begins_with_an_apostrophe(start: str) -> None:
    assert cells({"a": f"{start}1+1"}) == [["a"], [f"'{start}1+1"]]


def test_a_joined_list_is_a_cell_as_well() -> None:
    assert cells({"a": ["=1", "b"]}) == [["a"], ["'=1,b"]]


def test_numbers_and_plain_texts_stay() -> None:
    assert cells({"a": -1, "b": "1 + 1 = 2", "c": None}) == [["a", "b", "c"], ["-1", "1 + 1 = 2", ""]]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_cell_of_text_is_a_formula(text: str) -> None:
    assert not plain_cell(text).lstrip().startswith(("=", "+", "-", "@"))
    assert plain_cell(text).removeprefix("'") in (text, text.removeprefix("'"))

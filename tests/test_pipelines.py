from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import new_url
from scrapy import Field, Item, Spider
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem
from scrapy.settings import Settings
from scrapy.statscollectors import MemoryStatsCollector

from newscrawl.exporters import json_line
from newscrawl.items import FIELDS, Article, Change, Http, Person, Provenance, Tag, VersionKey, as_row, faults
from newscrawl.ledger import Ledger, bind_ledger
from newscrawl.pipelines import CleanPipeline, DedupePipeline, LimitPipeline, ValidatePipeline
from newscrawl.store import copies
from newscrawl.urls import URL_KEY_VERSION, url_id, url_key

URL = "https://news.example/1.html"
OTHER = "https://news.example/2.html"
KINDS = (CleanPipeline, ValidatePipeline, DedupePipeline, LimitPipeline)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8) | st.binary(max_size=4),
    lambda part: (
        st.lists(part, max_size=2)
        | st.tuples(part)
        | st.dictionaries(st.sampled_from(["name", "url", "kind"]) | st.integers(), part, max_size=2)
    ),
    max_leaves=4,
)  # fmt: skip


OPENED: list[Ledger] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    for ledger in OPENED:
        ledger.close(None)
    OPENED.clear()


class Line:
    """The pipelines of one crawl, in order, and the writing of rows that stands behind them."""

    def __init__(self, folder: Path | None = None, *, run: int = 1, **settings: Any) -> None:
        self.ledger = Ledger(folder, name="news", run_id=f"run-{run}", stamp=f"{run}")
        self.ledger.open()
        OPENED.append(self.ledger)
        self.crawler = Crawler(Spider, Settings(settings))
        self.crawler.stats = MemoryStatsCollector(self.crawler)
        bind_ledger(self.crawler, self.ledger)
        self.pipelines = [kind.from_crawler(self.crawler) for kind in KINDS]
        self.closed = 0
        (limit,) = (pipeline for pipeline in self.pipelines if isinstance(pipeline, LimitPipeline))
        limit.close = self._close

    def _close(self) -> None:
        self.closed += 1

    def pass_on(self, item: Any) -> Article:
        """The row that *item* becomes."""
        article = self.prepare(item)
        self.write(article)
        return article

    def prepare(self, item: Any) -> Article:
        """*item* behind the last pipeline; its row is not written yet."""
        for pipeline in self.pipelines:
            item = pipeline.process_item(item)
        assert isinstance(item, Article)
        return item

    def write(self, article: Article) -> None:
        """Write the row of *article*."""
        self.ledger.write_row(article, json_line(as_row(article)))

    def end(self) -> None:
        """End the run well."""
        self.ledger.reason = "finished"
        self.ledger.close(None)

    def stat(self, name: str) -> Any:
        assert self.crawler.stats is not None
        return self.crawler.stats.get_value(f"newscrawl/{name}")


class ScrapyItem(Item):
    url = Field()
    headline = Field()
    tags = Field()
    rating = Field()


@attrs.define
class AttrsItem:
    url: str | None = None
    headline: str | None = None
    tags: list[Any] = attrs.field(factory=list)
    rating: int | None = None


@dataclass
class DataclassItem:
    url: str | None = None
    headline: str | None = None
    tags: list[Any] = field(default_factory=list)
    rating: int | None = None


@dataclass
class MoreThanAnArticle(Article):
    rating: int | None = None


def clean(item: Any) -> Any:
    return CleanPipeline(MemoryStatsCollector(Crawler(Spider))).process_item(item)


@pytest.mark.parametrize("kind", [dict, ScrapyItem, AttrsItem, DataclassItem, MoreThanAnArticle])
def test_an_item_of_any_kind_with_the_fields_of_an_article_becomes_a_row(kind: Callable[..., Any]) -> None:
    line = Line()
    item = kind(url="HTTPS://News.example/1.html#top", headline=" 图书馆\n重新开放 ", tags=[], rating=5)
    article = line.pass_on(item)
    assert type(article) is Article
    assert article.url == URL
    assert article.headline == "图书馆重新开放"
    assert article.url_key == url_key(URL)
    assert article.url_key_version == URL_KEY_VERSION
    assert article.id == url_id(url_key(URL))
    assert article.site == "news.example"
    assert article.run_id == "run-1"
    assert list(as_row(article)) == list(FIELDS)
    assert [as_row(warning) for warning in article.warnings] == [
        {"field": "rating", "code": "unknown_field", "detail": "5"}
    ]
    assert faults(article) == []
    assert line.stat("clean/fields_changed") == 2


@pytest.mark.parametrize(
    "tag",
    [Tag(name="一", kind="inline"), {"name": "一", "kind": "inline"}, {"name": "一", "url": None, "kind": "inline"}],
)
@pytest.mark.parametrize("kind", [dict, ScrapyItem, AttrsItem, DataclassItem, Article])
def test_a_part_may_be_given_as_itself_or_in_plain_form(kind: Callable[..., Any], tag: Any) -> None:
    if kind is Article and isinstance(tag, Mapping):
        return
    assert Line().pass_on(kind(url=URL, headline="x", tags=[tag])).tags == [Tag(name="一", kind="inline")]


def test_an_article_passes_as_the_same_object() -> None:
    article = Article(url=URL, headline="图书馆", article_body="第一段。\n\n第二段。")
    assert Line().pass_on(article) is article


# Clean --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "dirty", "value"),
    [
        ("headline", "　图书馆\u200b\n  重新开放 ", "图书馆重新开放"),
        ("headline", " \n", None),
        ("headline", "", None),
        ("article_body", "第一段。\r\n\r\n\r\n  第二段。\u2028第三段。\n", "第一段。\n\n第二段。\n第三段。"),
        ("description", "a&amp;nbsp;b", "a b"),
        ("description", "a\ud800b", "a\ufffdb"),
        ("url", "HTTP://News.example:80/新#top", "http://news.example/%E6%96%B0"),
        ("canonical_url", "javascript:x", "javascript:x"),
        ("tags", ("a", " b "), ["a", "b"]),
        ("tags", ["a", " ", " b "], ["a", "b"]),
        ("tags", [{"name": " 一\n", "url": "HTTPS://news.example", "kind": "inline"}],
         [{"name": "一", "url": "https://news.example/", "kind": "inline"}]),
        ("found_on", {"url": "https://news.example/#top", "how": "link"}, {"url": "https://news.example/", "how": "link"}),
        ("images", [{"alt": "", "candidates": [{"url": "https://news.example/a b"}]}],
         [{"alt": None, "candidates": [{"url": "https://news.example/a%20b"}]}]),
    ],
)  # fmt: skip
def test_a_dirty_value_gets_clean(name: str, dirty: Any, value: Any) -> None:
    assert clean({name: dirty})[name] == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("headline", "图书馆，“今天”重新开放 — ＡＢＣ"),
        ("article_body", "第一段。\n\n第二段。"),
        ("url", URL),
        ("tags", ["一", "二"]),
        ("tags", [{"name": "一", "url": URL, "kind": "inline"}]),
        ("tags", [Tag(name=" 一 ", kind="inline")]),
        ("found_on", {"url": URL, "how": "link"}),
        ("depth", 3),
        ("http", Http(status=200, etag=' "a" ')),
        ("provenance", [{"field": "headline", "raw": " x "}]),
        ("id", " x "),
        ("rating", " x "),
    ],
)
def test_a_clean_value_and_one_that_is_evidence_stay_the_same_object(name: str, value: Any) -> None:
    assert clean({name: value})[name] is value


def test_the_number_of_changed_fields_is_counted() -> None:
    line = Line()
    line.pipelines[0].process_item({"headline": " a", "description": "b", "dateline": " c"})
    line.pipelines[0].process_item({"headline": "a"})
    assert line.stat("clean/fields_changed") == 2


@given(st.text(st.characters()), st.sampled_from(["headline", "article_body", "url", "description"]))
def test_what_is_clean_stays_as_it_is(text: str, name: str) -> None:
    once = clean({name: text})[name]
    assert once != ""
    assert clean({name: once})[name] is once


# Validate -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"headline": 5}, "headline: str expected, int found"),
        ({"headline": b"x"}, "headline: str expected, bytes found"),
        ({"headline": None}, "headline, article_body: at least one of them is needed"),
        ({"url": None}, "url: missing"),
        ({"url": "ftp://news.example/"}, "url: 'ftp://news.example/' does not fit"),
        ({"authors": ["小山"]}, "authors[0]: Person expected, str found"),
        ({"authors": "小山"}, "authors: list expected, str found"),
        ({"tags": [{"name": "x"}]}, "tags[0]: Tag expected, dict found"),
        ({"tags": [{"name": "x", "kind": "y"}]}, "tags[0].kind: 'y' does not fit"),
        ({"date_published": "21.3.2023"}, "date_published: '21.3.2023' does not fit"),
        ({"similarity": float("nan")}, "similarity: 'nan' does not fit"),
        ({"warnings": 5}, "warnings: list expected, int found"),
        ({b"headline": "x", "headline": None}, "at least one of them is needed"),
        ({"": 1}, "warnings[0].field: '' does not fit"),
    ],
)
def test_a_faulty_item_is_kept_aside_with_the_reason_and_dropped(
    changes: dict[Any, Any], reason: str, tmp_path: Path
) -> None:
    line = Line(tmp_path)
    with pytest.raises(DropItem) as caught:
        line.pass_on({"url": URL, "headline": "图书馆", **changes})
    line.ledger.close(None)
    assert reason in str(caught.value)
    assert line.ledger.run_folder is not None
    (row,) = map(json.loads, (line.ledger.run_folder / "rejected.jsonl").read_bytes().splitlines())
    assert any(reason in told for told in row["reasons"])
    assert "item" in row
    assert line.ledger.state.dropped == {"invalid": 1}
    assert line.stat("validate/rejected") == 1


def test_an_article_that_is_faulty_is_kept_aside_as_a_row(tmp_path: Path) -> None:
    line = Line(tmp_path)
    article = Article(url=URL, headline="x", authors=[Person(name="")])
    with pytest.raises(DropItem, match=r"authors\[0\]\.name: '' does not fit"):
        line.pass_on(article)
    line.ledger.close(None)
    assert line.ledger.run_folder is not None
    (row,) = map(json.loads, (line.ledger.run_folder / "rejected.jsonl").read_bytes().splitlines())
    assert row["item"]["authors"] == [{"name": "", "url": None}]


def test_the_message_of_a_drop_stays_short_however_many_faults_there_are() -> None:
    with pytest.raises(DropItem) as caught:
        Line().pass_on({"url": URL, "headline": "x", "authors": ["x"] * 1000})
    assert str(caught.value).count(";") == 4


def test_an_item_whose_key_is_given_keeps_it() -> None:
    article = Line().pass_on(Article(url=URL, headline="x", url_key="key", site="site"))
    assert (article.url_key, article.id, article.site) == ("key", url_id("key"), "site")


@given(st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=3), JSON, max_size=4))
def test_any_item_becomes_a_valid_row_or_is_dropped(item: dict[str, Any]) -> None:
    try:
        article = Line().pass_on({"url": URL, "headline": "x", **item})
    except DropItem as error:
        outcome: Any = str(error)
    else:
        outcome = json.loads(json.dumps(as_row(article), allow_nan=False))
        assert faults(article) == []
    assert outcome


# Dedupe -------------------------------------------------------------------------------------------------


def test_a_row_that_repeats_the_text_of_another_is_marked_with_it() -> None:
    line = Line()
    first = line.pass_on({"url": URL, "headline": "一", "article_body": "图书馆今天重新开放。"})
    second = line.pass_on({"url": OTHER, "headline": "二", "article_body": "圖書館今天，重新開放"})
    assert first.duplicate_of is first.duplicate_kind is first.similarity is None
    assert second.duplicate_of is not None
    assert (second.duplicate_of.id, second.duplicate_of.version) == (first.id, 1)
    assert (second.duplicate_kind, second.similarity) == ("exact", 1.0)
    assert line.ledger.state.duplicates == {"exact": 1}
    assert line.stat("dedupe/exact") == 1


def test_a_third_copy_is_marked_with_the_first() -> None:
    line = Line()
    rows = [line.pass_on({"url": f"{URL}?p={n}", "article_body": "图书馆"}) for n in range(3)]
    assert [row.duplicate_of and row.duplicate_of.id for row in rows] == [None, rows[0].id, rows[0].id]


def test_rows_without_a_body_are_compared_by_headline() -> None:
    line = Line()
    line.pass_on({"url": URL, "headline": "图书馆"})
    assert line.pass_on({"url": OTHER, "headline": "图书馆！"}).duplicate_kind == "exact"
    assert line.pass_on({"url": f"{URL}?p=1", "headline": "图书馆", "article_body": "别的"}).duplicate_kind is None


def test_texts_without_letters_repeat_nothing() -> None:
    line = Line()
    line.pass_on({"url": URL, "headline": "……"})
    assert line.pass_on({"url": OTHER, "headline": "……"}).duplicate_of is None


def test_drop_exact_drops_what_mark_would_mark() -> None:
    line = Line(NEWSCRAWL_DEDUPE="drop_exact")
    first = line.pass_on({"url": URL, "article_body": "图书馆"})
    with pytest.raises(DropItem, match=f"same text as {first.id}"):
        line.pass_on({"url": OTHER, "article_body": "图书馆"})
    assert line.ledger.state.duplicates == {"exact": 1}


@pytest.mark.parametrize("policy", ["mark", "drop_exact"])
def test_a_second_row_of_one_url_is_dropped_under_either_policy(policy: str) -> None:
    line = Line(NEWSCRAWL_DEDUPE=policy)
    line.pass_on({"url": URL, "article_body": "图书馆"})
    with pytest.raises(DropItem, match="was already kept and is unchanged"):
        line.pass_on({"url": f"{URL}?utm_source=x#top", "article_body": "圖書館。"})
    assert line.ledger.state.duplicates == {"same_url": 1}
    assert line.stat("dedupe/same_url") == 1


def test_an_article_that_reads_otherwise_is_the_next_version_with_what_changed() -> None:
    line = Line()
    first = line.pass_on({"url": URL, "headline": "图书馆", "article_body": "今天开放。免费。"})
    second = line.pass_on({"url": f"{URL}#x", "headline": "图书馆", "article_body": "今天开放。收费五元。"})
    third = line.pass_on({"url": URL, "headline": "图书馆！关门", "article_body": "今天开放。收费五元。"})
    assert [row.id for row in (second, third)] == [first.id] * 2
    assert [row.version for row in (first, second, third)] == [1, 2, 3]
    assert first.change is None
    assert second.change == Change(ratio=0.5556, added=5, removed=3, headline_changed=False)
    assert third.change == Change(ratio=1.0, added=0, removed=0, headline_changed=True)
    assert second.duplicate_of is third.duplicate_of is None
    assert line.ledger.state.duplicates == {}


def test_a_version_that_returns_to_an_earlier_text_is_a_version_and_no_duplicate() -> None:
    line = Line()
    for body in ("一", "二"):
        line.pass_on({"url": URL, "headline": "x", "article_body": body})
    back = line.pass_on({"url": URL, "headline": "x", "article_body": "一"})
    assert (back.version, back.duplicate_of, back.duplicate_kind) == (3, None, None)


def test_an_article_that_loses_or_gets_its_body_is_a_new_version() -> None:
    line = Line()
    line.pass_on({"url": URL, "headline": "图书馆", "article_body": "今天开放。"})
    less = line.pass_on({"url": URL, "headline": "图书馆"})
    assert less.change == Change(ratio=0.0, added=0, removed=5, headline_changed=False)
    more = line.pass_on({"url": URL, "headline": "图书馆", "article_body": "今天开放。"})
    assert more.change == Change(ratio=0.0, added=5, removed=0, headline_changed=False)


def test_a_headline_in_another_script_or_width_is_the_same_headline() -> None:
    line = Line()
    line.pass_on({"url": URL, "headline": "图书馆 ABC", "article_body": "一"})
    with pytest.raises(DropItem, match="unchanged"):
        line.pass_on({"url": URL, "headline": "圖書館，ＡＢＣ", "article_body": "一"})


@pytest.mark.parametrize("policy", ["mark", "drop_exact"])
def test_a_later_run_writes_no_row_for_what_is_unchanged_and_the_next_version_for_what_is_not(
    policy: str, tmp_path: Path
) -> None:
    line = Line(tmp_path, NEWSCRAWL_DEDUPE=policy)
    first = line.pass_on({"url": URL, "headline": "x", "article_body": "一。"})
    line.end()
    line = Line(tmp_path, run=2, NEWSCRAWL_DEDUPE=policy)
    with pytest.raises(DropItem, match="was already kept and is unchanged"):
        line.pass_on({"url": URL, "headline": "x", "article_body": "一。"})
    assert line.ledger.state.duplicates == {"same_url": 1}
    assert line.ledger.state.articles == 0
    changed = line.pass_on({"url": URL, "headline": "x", "article_body": "二。"})
    assert (changed.id, changed.version) == (first.id, 2)
    assert changed.change == Change(ratio=0.0, added=2, removed=2, headline_changed=False)
    line.end()
    line = Line(tmp_path, run=3, NEWSCRAWL_DEDUPE=policy)
    with pytest.raises(DropItem, match="unchanged"):
        line.pass_on({"url": URL, "headline": "x", "article_body": "二。"})
    line.end()


def test_a_text_of_an_earlier_run_is_repeated_by_a_later_row(tmp_path: Path) -> None:
    line = Line(tmp_path)
    first = line.pass_on({"url": URL, "article_body": "图书馆"})
    line.end()
    line = Line(tmp_path, run=2)
    copy = line.pass_on({"url": OTHER, "article_body": "圖書館"})
    assert copy.duplicate_of == VersionKey(id=first.id or "", version=1)
    line.end()
    line = Line(tmp_path, run=3, NEWSCRAWL_DEDUPE="drop_exact")
    with pytest.raises(DropItem, match=f"same text as {first.id}"):
        line.pass_on({"url": f"{URL}?p=3", "article_body": "图书馆"})
    line.end()


@pytest.mark.parametrize("commit", [False, True])
def test_an_article_whose_row_is_still_to_be_written_is_known(commit: bool) -> None:
    line = Line()
    first = line.prepare({"url": URL, "headline": "x", "article_body": "一。"})
    if commit:
        line.ledger.frontier.add(new_url(1))
        line.ledger.commit()
    with pytest.raises(DropItem, match="was already kept and is unchanged"):
        line.prepare({"url": f"{URL}#again", "headline": "x", "article_body": "一。"})
    copy = line.prepare({"url": OTHER, "headline": "x", "article_body": "一。"})
    assert copy.duplicate_of == VersionKey(id=first.id or "", version=1)
    second = line.prepare({"url": URL, "headline": "x", "article_body": "二。"})
    assert (second.version, second.change) == (2, Change(ratio=0.0, added=2, removed=2, headline_changed=False))
    for article in (first, copy, second):
        line.write(article)
        latest = line.ledger.latest(first.id or "")
        assert latest is not None
        assert latest.version == 2
    line.ledger.commit()
    assert line.ledger.failure is None
    with pytest.raises(DropItem, match="unchanged"):
        line.prepare({"url": URL, "headline": "x", "article_body": "二。"})


def test_an_article_that_a_later_pipeline_dropped_was_never_kept() -> None:
    line = Line()
    line.prepare({"url": URL, "headline": "x", "article_body": "一。"})
    article = line.pass_on({"url": OTHER, "headline": "x", "article_body": "一。"})
    assert article.duplicate_of is None
    assert line.pass_on({"url": URL, "headline": "x", "article_body": "二。"}).version == 1


def test_a_copy_that_was_dropped_is_no_row_that_others_repeat() -> None:
    line = Line(NEWSCRAWL_DEDUPE="drop_exact")
    line.pass_on({"url": URL, "article_body": "一"})
    with pytest.raises(DropItem):
        line.pass_on({"url": OTHER, "article_body": "一"})
    assert line.pass_on({"url": OTHER, "article_body": "二"}).version == 1


@given(st.lists(st.tuples(st.sampled_from([URL, OTHER]), st.sampled_from(["一。", "二。", "一。二。"])), max_size=8))
def test_versions_are_numbered_without_a_gap_and_each_differs_from_the_one_before(pages: list[tuple[str, str]]) -> None:
    line, kept = Line(), list[Article]()
    for url, body in pages:
        try:
            kept.append(line.pass_on({"url": url, "headline": "x", "article_body": body}))
        except DropItem:
            continue
    for url in (URL, OTHER):
        bodies = [body for place, body in pages if place == url]
        changes = [body for number, body in enumerate(bodies) if number == 0 or bodies[number - 1] != body]
        rows = [row for row in kept if row.url == url]
        assert [row.article_body for row in rows] == changes
        assert [row.version for row in rows] == list(range(1, len(rows) + 1))
        assert [row.change is None for row in rows] == [number == 0 for number in range(len(rows))]


STORY = " ".join(f"word{(n * n + 7 * n) % 997}" for n in range(120))
EDITED = STORY.replace("word8 ", "other ").replace("word18 ", "another ")
LONGER = STORY + " " + " ".join(f"more{(n * n + 3 * n) % 997}" for n in range(120))


def test_a_row_names_the_best_of_what_it_repeats() -> None:
    line = Line()
    first = line.pass_on({"url": URL, "article_body": STORY})
    near = line.pass_on({"url": OTHER, "article_body": EDITED})
    longer = line.pass_on({"url": f"{URL}?p=3", "article_body": LONGER})
    same = line.pass_on({"url": f"{URL}?p=4", "article_body": EDITED})
    part = line.pass_on({"url": f"{URL}?p=5", "article_body": LONGER[len(STORY) :]})
    kinds = [row.duplicate_kind for row in (first, near, longer, same, part)]
    assert kinds == [None, "near", "contains", "exact", "contained"]
    assert [row.duplicate_of and row.duplicate_of.id for row in (near, longer, same, part)] == [
        first.id,
        first.id,
        near.id,
        longer.id,
    ]
    assert near.similarity is not None
    assert 0.44 <= near.similarity < 1
    assert [row.cluster_id for row in (first, near, same)] == [None, first.id, first.id]
    assert line.ledger.state.duplicates == {"near": 1, "contains": 1, "exact": 1, "contained": 1}
    assert line.stat("dedupe/near") == 1


def test_a_form_that_is_filled_in_twice_is_related_in_the_store_and_repeats_nothing() -> None:
    form = f"{STORY} high {{}} degrees, low {{}} degrees, wind from the west at {{}} km an hour. "
    line = Line(NEWSCRAWL_DEDUPE="drop_near")
    first = line.pass_on({"url": URL, "article_body": form.format(11, 2, 30)})
    second = line.pass_on({"url": OTHER, "article_body": form.format(17, 6, 21)})
    assert second.duplicate_of is second.duplicate_kind is second.similarity is second.cluster_id is None
    line.ledger.commit()
    with line.ledger.store.reading() as connection:
        (edge,) = copies.all_relations(connection)
    assert edge[:3] == ((second.id, 1), (first.id, 1), "template_sibling")
    assert line.ledger.state.duplicates == {}


@pytest.mark.parametrize(
    ("policy", "written"),
    [("mark", [0, 1, 2, 3, 4]), ("drop_exact", [0, 1, 3, 4]), ("drop_near", [0, 3])],
)
def test_a_policy_drops_what_it_says_and_nothing_that_has_more(policy: str, written: list[int]) -> None:
    line, kept = Line(NEWSCRAWL_DEDUPE=policy), []
    for number, body in enumerate((STORY, EDITED, STORY.upper(), LONGER, LONGER[len(STORY) :])):
        try:
            line.pass_on({"url": f"{URL}?p={number}", "article_body": body})
        except DropItem:
            continue
        kept.append(number)
    assert kept == written
    assert line.ledger.state.duplicates.total() == 4


def test_a_version_that_returns_to_an_earlier_text_says_so(tmp_path: Path) -> None:
    line = Line(tmp_path)
    rows = [line.pass_on({"url": URL, "headline": "x", "article_body": body}) for body in (STORY, EDITED)]
    line.end()
    line = Line(tmp_path, run=2)
    rows.append(line.pass_on({"url": URL, "headline": "x", "article_body": STORY}))
    rows.append(line.pass_on({"url": URL, "headline": "y", "article_body": STORY}))
    rows.append(line.pass_on({"url": URL, "headline": "y", "article_body": EDITED}))
    assert [[(w.field, w.code, w.detail) for w in row.warnings] for row in rows] == [
        [],
        [],
        [("article_body", "reverted", "version 1")],
        [],
        [("article_body", "reverted", "version 2")],
    ]
    assert all(row.duplicate_of is None for row in rows)
    assert all(row.change for row in rows[1:])


def test_an_article_stays_in_its_cluster_whatever_becomes_of_its_text() -> None:
    line = Line()
    first = line.pass_on({"url": URL, "article_body": STORY})
    line.pass_on({"url": OTHER, "article_body": STORY})
    other = line.pass_on({"url": OTHER, "article_body": "Something else."})
    assert (other.version, other.duplicate_of, other.cluster_id) == (2, None, first.id)


def test_an_article_that_is_gone_takes_no_part() -> None:
    line = Line()
    line.pass_on({"url": URL, "headline": "x", "article_body": STORY})
    gone = line.pass_on(Article(url=URL, http=Http(status=410)))
    other = line.pass_on(Article(url=OTHER, headline="y"))
    assert (gone.version, gone.duplicate_of, gone.warnings) == (2, None, [])
    assert other.duplicate_of is None
    line.ledger.commit()
    with line.ledger.store.reading() as c:
        assert copies.count(c) == 2


# Limit --------------------------------------------------------------------------------------------------


def test_a_crawl_stays_at_its_limit() -> None:
    line = Line(CLOSESPIDER_ITEMCOUNT=2)
    for number in range(2):
        line.pass_on({"url": f"{URL}?p={number}", "headline": str(number)})
    assert line.closed == 0
    for _ in range(2):
        with pytest.raises(DropItem, match="the limit of 2 articles is reached"):
            line.pass_on({"url": OTHER, "headline": "x"})
    assert line.ledger.state.dropped == {"over_limit": 2}
    # A later pipeline may have dropped one of the two: nobody else would end the crawl then.
    assert line.closed == 1


def test_what_is_over_the_limit_is_not_taken_for_kept() -> None:
    line, kept = Line(CLOSESPIDER_ITEMCOUNT=1), []
    line.pass_on({"url": URL, "headline": "0"})
    for _ in range(2):
        with pytest.raises(DropItem, match="limit") as raised:
            line.pass_on({"url": OTHER, "headline": "x"})
        # As long as somebody holds the exception, the article lives.
        kept.append(raised)
    assert line.ledger.state.duplicates == {}


def test_what_was_dropped_before_does_not_count_towards_the_limit() -> None:
    line = Line(CLOSESPIDER_ITEMCOUNT=1)
    with pytest.raises(DropItem):
        line.pass_on({"url": URL})
    assert line.pass_on({"url": URL, "headline": "x"}).headline == "x"


def test_a_crawl_without_a_limit_has_none() -> None:
    line = Line()
    for number in range(20):
        line.pass_on({"url": f"{URL}?p={number}", "headline": str(number)})
    assert line.ledger.state.dropped == {}


def test_an_item_that_holds_itself_is_kept_aside(tmp_path: Path) -> None:
    line = Line(tmp_path)
    item: dict[str, Any] = {"url": URL, "headline": "图书馆"}
    item["extra"] = item
    with pytest.raises(DropItem, match="it holds itself"):
        line.pass_on(item)
    line.ledger.close(None)
    assert line.ledger.run_folder is not None
    (row,) = map(json.loads, (line.ledger.run_folder / "rejected.jsonl").read_bytes().splitlines())
    assert row["reasons"] == ["item: it holds itself"]


def claim(line: Line, url: str, body: str | None, **values: Any) -> Article:
    """The row of a page that claims something."""
    return line.pass_on(Article(url=url, headline="Of the tide", article_body=body, **values))


def stated(row: Article) -> list[tuple[Any, ...]]:
    return [(said.method, said.where, said.raw, said.confidence) for said in row.provenance]


@pytest.mark.parametrize("field", ["canonical_url", "requested_url"])
def test_a_claim_that_the_text_bears_out_is_evidence(field: str) -> None:
    line = Line()
    claim(line, OTHER, STORY)
    claimed = claim(line, URL, STORY)
    copy = claim(line, f"{URL}/amp", EDITED, **{field: URL})
    same = claim(line, f"{URL}?print=1", STORY, **{field: URL})
    elsewhere = claim(line, "https://elsewhere.example/a", STORY, **{field: URL})
    assert [row.duplicate_kind for row in (copy, same, elsewhere)] == ["near", "exact", "exact"]
    assert [row.duplicate_of and row.duplicate_of.id for row in (copy, same, elsewhere)] == [claimed.id] * 3
    assert [stated(row) for row in (copy, same)] == [[("url", "redirect", URL, 0.98)]] * 2
    assert stated(elsewhere) == [("url", "redirect", URL, 0.9)]
    assert copy.warnings == same.warnings == elsewhere.warnings == []


def test_evidence_names_the_tag_that_made_the_claim() -> None:
    line = Line()
    claim(line, URL, STORY)
    tag = Provenance(field="canonical_url", method="meta", where="og:url", raw=URL, confidence=0.9)
    row = claim(line, OTHER, STORY, canonical_url=URL, provenance=[tag])
    assert stated(row)[1] == ("meta", "og:url", URL, 0.9)


@pytest.mark.parametrize("field", ["canonical_url", "requested_url"])
def test_a_claim_to_be_another_text_is_a_warning(field: str) -> None:
    line = Line()
    claim(line, URL, STORY)
    row = claim(line, OTHER, "The ferry runs again, said the harbour master. " * 9, **{field: URL})
    assert [(warning.field, warning.code, warning.detail) for warning in row.warnings] == [
        (field, "claim_of_other_text", URL)
    ]
    assert row.duplicate_of is None
    assert stated(row) == []


def test_a_claim_to_be_itself_or_what_was_never_kept_says_nothing() -> None:
    line = Line()
    row = claim(line, URL, STORY, canonical_url=f"{URL}#top", requested_url=f"{URL}?utm_source=x")
    unknown = claim(line, OTHER, LONGER[len(STORY) :], canonical_url="https://news.example/never")
    for each in (row, unknown):
        assert (each.duplicate_of, each.warnings, each.provenance) == (None, [], [])


def test_a_claim_leads_to_a_text_from_before_the_window() -> None:
    line = Line()
    claimed = claim(line, URL, STORY)
    line.ledger.commit()
    line.ledger.kept._copies.window_s = 0.0
    assert claim(line, f"{URL}/2", EDITED).duplicate_of is None
    copy = claim(line, OTHER, STORY.replace("word8 ", "yet "), canonical_url=URL)
    assert (copy.duplicate_kind, copy.duplicate_of) == ("near", VersionKey(id=claimed.id or "", version=1))
    line.ledger.commit()
    with line.ledger.store.reading() as connection:
        assert ((copy.id, 1), (claimed.id, 1), "near") in {edge[:3] for edge in copies.all_relations(connection)}


def test_an_article_that_was_claimed_before_it_came_is_told_so(tmp_path: Path) -> None:
    line = Line(tmp_path)
    print_ = claim(line, f"{URL}?print=1", STORY, canonical_url=f"{URL}?utm_source=x")
    own = claim(line, URL, STORY, canonical_url=URL)
    assert (own.duplicate_of, stated(own)) == (
        VersionKey(id=print_.id or "", version=1),
        [("meta", "canonical", f"{URL}?utm_source=x", 0.98)],
    )
    assert stated(print_) == stated(claim(line, OTHER, STORY)) == []
    line.end()
    later = claim(Line(tmp_path, run=2), f"{URL}/2", EDITED)
    assert stated(later) == []


def test_an_article_that_had_the_text_itself_before_repeats_nothing() -> None:
    line = Line()
    claim(line, OTHER, STORY)
    claim(line, URL, STORY)
    for body in (LONGER[len(STORY) :], STORY):
        row = claim(line, OTHER, body, canonical_url=URL)
    assert (row.version, row.duplicate_of) == (3, None)


def test_a_claim_to_be_an_article_that_is_gone_says_nothing() -> None:
    line = Line()
    claim(line, URL, STORY)
    gone = claim(line, URL, None, http=Http(status=410))
    assert gone.version == 2
    assert claim(line, OTHER, EDITED, canonical_url=URL).warnings == []

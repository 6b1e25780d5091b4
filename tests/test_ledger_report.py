"""The page of a report: what it shows, and that nothing from outside gets out of its place."""

from __future__ import annotations

import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import article, wire
from test_ledger_counts import SITES, TEXTS, http

from newscrawl.ledger import RunState, SiteCounts
from newscrawl.ledger import report as report_module
from newscrawl.ledger.history import PastRun
from newscrawl.ledger.report import report_of, write_report
from newscrawl.ledger.reporthtml import CSP, bars, link, report_html, shown

IDENTITY = {"run_id": "r1", "spider": "news", "finish_reason": "finished", "started_at": None, "ended_at": None}
VOID = {"meta", "rect"}
ELEMENTS = {
    *("html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "section", "dl", "dt", "dd", "ul"),
    *("li", "a", "span", "p", "table", "caption", "thead", "tbody", "tr", "th", "td", "div", "details", "summary"),
    *("svg", "rect"),
}


class Page(HTMLParser):
    """A page, taken apart; a tag out of place is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ELEMENTS, tag
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    def rows(self, caption: str) -> list[list[str]]:
        """The cells of the table whose caption begins so, without mark-up."""
        table = next(t for t in self.text.split("<table>")[1:] if t.startswith(f"<caption>{caption}"))
        rows = re.findall(r"<tr>(.*?)</tr>", table.partition("</table>")[0])
        return [
            [re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows
        ]


def report(state: RunState, *past: PastRun, code: int | None = 0, **values: Any) -> dict[str, Any]:
    made = report_of(
        {**IDENTITY, **values.pop("identity", {})}, state, past, code=code, reasons=values.get("reasons", ())
    )
    return json.loads(json.dumps(made))  # type: ignore[no-any-return]


def past(run_id: str, articles: int, **sites: SiteCounts) -> PastRun:
    counts = RunState(articles=articles, versions=Counter(new=articles)).as_counts()
    return PastRun(id=run_id, started_at=0.0, ended_at=60.0, exit_code=0, reason="finished", counts=counts, sites=sites)


def full_state() -> RunState:
    state = RunState()
    for number in range(4):
        state.count_row(article(number))
    state.count_row(article(1, version=2, headline=None))
    state.count_row(article(9, version=2, headline=None, article_body=None, http=http(404)))
    state.count_duplicate("exact", "news.example")
    feed = state.feed("https://news.example/rss", kind="news_sitemap")
    feed.outcome, feed.status, feed.entries, feed.new, feed.reason = "failed", 503, 7, 3, "http_503"
    state.count_wire(wire(elapsed_ms=2_500, body=b"x" * 4_000), "page")
    state.count_wire(wire("https://slow.news.example/", elapsed_ms=9_000, status=503), "page")
    state.site("news.example").dropped["http_503"] += 2
    state.failed["http_503"] += 2
    state.skip("https://news.example/private", "robots")
    state.failed_starts.append(("https://news.example/", "503 Service Unavailable"))
    return state


def test_a_report_shows_every_site_and_feed_beside_the_runs_before() -> None:
    before = SiteCounts(articles=8, fields=Counter(headline=8, authors=8), dropped=Counter(dns=4))
    before.versions.update(new=8)
    before.feed("https://news.example/rss", "rss").new = 6
    page = Page(
        report_html(report(full_state(), past("r0", 8, **{"news.example": before}), code=3, reasons=["a fault"]))
    )
    sites = page.rows("What became of articles")
    assert sites[1][0] == "news.example"
    assert sites[1][2:] == ["4", "1", "0", "1", "1 (0)", "2 (4)", "http_503&nbsp;2", "1 (0)", "robots&nbsp;1"]
    text = page.text
    assert "a fault" in text
    assert "503 Service Unavailable" in text
    runs = page.rows("The newest first.")
    assert runs[1][:6] == ["r1", "3", "6", "4", "1", "0"]
    assert runs[2][:4] == ["1970-01-01T00:00:00+00:00", "0", "8", "8"]
    hosts = page.rows("The slowest first.")
    assert [row[:4] for row in hosts[1:]] == [
        ["slow.news.example", "1", "9.00", "9.00"],
        ["news.example", "1", "2.50", "2.50"],
    ]
    heads, fields = page.rows("Per cent of a site")
    assert dict(zip(heads, fields, strict=True))["headline"] == "80 (100)"
    feeds = page.rows("What each feed gave")
    assert feeds[1] == ["https://news.example/rss", "news_sitemap", "failed", "503", "7", "3 (6)", "http_503"]


def test_a_report_of_a_run_without_anything_is_a_page_too() -> None:
    page = Page(report_html(report(RunState(), code=None, identity={"finish_reason": None})))
    assert "not yet" in page.words
    assert [attributes for tag, attributes in page.tags if tag == "table"] == []


def test_a_report_needs_nothing_from_elsewhere_and_runs_nothing() -> None:
    page = Page(report_html(report(full_state(), past("r0", 2))))
    policies = [a["content"] for tag, a in page.tags if tag == "meta" and a.get("http-equiv")]
    assert policies == [CSP] == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]
    for tag, attributes in page.tags:
        assert not {name for name in attributes if name.startswith("on") or name in ("src", "srcset", "style")}
        assert ("href" in attributes) is (tag == "a")
        if tag == "a":
            assert attributes["rel"] == "noopener noreferrer nofollow"
    assert "url(" not in page.text
    assert "@import" not in page.text


def test_tables_and_charts_can_be_heard() -> None:
    page = Page(report_html(report(full_state(), past("r0", 2))))
    names = [tag for tag, _ in page.tags]
    assert names.count("table") == names.count("caption") == names.count("thead") > 4
    assert all(attributes.get("scope") in ("col", "row") for tag, attributes in page.tags if tag == "th")
    charts = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert charts
    assert all(chart["role"] == "img" and chart["aria-label"] for chart in charts)
    assert ("html", {"lang": "en"}) in page.tags
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in [a for _, a in page.tags]
    assert "prefers-color-scheme:dark" in page.text


@pytest.mark.parametrize("url", ["https://a.example/?x=1&y=%22", "HTTP://a.example"])
def test_a_web_address_is_a_link(url: str) -> None:
    (tag,) = Page(link(url)).tags
    assert tag == ("a", {"href": url, "rel": "noopener noreferrer nofollow"})


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "//a.example/", "ftp://a.example/", "", "http://", "https:///x", " https://a.example/",
     "https://a.example/\u202egpj.exe", "java\nscript:x", "https://a\x00.example/"],
)  # fmt: skip
def test_what_is_no_web_address_or_hides_something_is_text(url: str) -> None:
    assert Page(link(url)).tags == []


@given(st.text(st.characters()))
def test_any_text_is_shown_without_marks_of_html_and_without_what_cannot_be_seen(text: str) -> None:
    found = shown(text)
    assert not set(found) & set("<>\"'\n\r\t\0\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\u2028")
    found.encode()
    page = Page(f"<p>{found}</p>")
    assert [tag for tag, _ in page.tags] == ["p"]
    assert len("".join(page.words)) <= 160


@given(st.lists(st.integers(0, 10**9), max_size=12), TEXTS)
def test_a_chart_of_any_numbers_stays_within_its_frame(values: list[int], label: str) -> None:
    page = Page(bars(values, label))
    for tag, attributes in page.tags:
        if tag == "rect":
            assert 0 <= float(attributes["y"] or "") <= 30
            assert 0 <= float(attributes["height"] or "") <= 30
    assert [tag for tag, _ in page.tags].count("rect") == len(values)


@given(
    st.dictionaries(TEXTS, SITES, max_size=2), st.dictionaries(TEXTS, SITES, max_size=2), st.lists(TEXTS, max_size=2)
)
def test_nothing_that_was_counted_can_break_the_page(
    now: dict[str, SiteCounts], before: dict[str, SiteCounts], reasons: list[str]
) -> None:
    state = RunState(sites=now, failed_starts=[(text, text) for text in reasons])
    for text in reasons:
        state.skip(f"https://a.example/{text}", text)
        state.failed[text] += 1
    html = report_html(report(state, past("r0", 2, **before), reasons=reasons))
    html.encode()
    Page(html)


@pytest.mark.parametrize(
    "evil", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</style>", "</title><b>", "&lt;i&gt;"]
)
def test_mark_up_from_outside_stays_text(evil: str) -> None:
    state = RunState(failed_starts=[(f"https://a.example/{evil}", evil)], failed=Counter({evil: 1}))
    state.site(evil).dropped[evil] += 1
    state.feed(f"https://a.example/{evil}", kind=evil).reason = evil
    state.skip(evil, evil)
    state.count_wire(wire(error=evil, head=b""), "page")
    page = Page(report_html(report(state, past(evil, 1), reasons=[evil], identity={"spider": evil, "run_id": evil})))
    assert not {"script", "img", "b", "i"} & {tag for tag, _ in page.tags}
    assert [tag for tag, _ in page.tags].count("style") == 1
    assert evil in "".join(page.words)


def test_large_reports_are_cut_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_module, "_MAX_COMPARED", 3)
    state = RunState()
    for number in range(600):
        state.site(f"{number}.example").pages = 1
        state.skip(f"https://a.example/{number}", "robots")
    made = report(state, past("r0", 1, **{f"{number}.example": SiteCounts() for number in range(600)}))
    assert len(made["sites"]) == 601
    assert len(made["earlier"][0]["sites"]) == 3
    page = Page(report_html(made))
    assert "The first 500; report.json has 101 more." in page.text
    assert "The first 200; report.json has more." in page.text


def test_both_forms_are_written_whole_whatever_they_hold(tmp_path: Path) -> None:
    state = RunState()
    state.skip("https://a.example/\ud800", "r\ud800")
    write_report(tmp_path / "runs", report_of(IDENTITY, state, [], code=0, reasons=()))
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["report.html", "report.json"]
    assert json.loads((tmp_path / "runs" / "report.json").read_bytes())["skipped"] == {"r\ud800": 1}
    Page((tmp_path / "runs" / "report.html").read_text(encoding="utf-8"))

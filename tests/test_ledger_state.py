from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.exceptions import StorageError
from newscrawl.items import Article, Person, TitledLink, Warn
from newscrawl.ledger import HostCounts, RunState, SiteCounts, exit_code
from newscrawl.ledger import state as state_module

COUNTS = st.dictionaries(st.text(st.characters(), max_size=5), st.integers(1, 10**9), max_size=3)
TEXTS = st.text(st.characters(), max_size=5)


@pytest.mark.parametrize(
    ("article", "why"),
    [
        (Article(date_published="2023-03-21"), None),
        (Article(), "none on the page"),
        (Article(url_assigned=True), "assigned URL"),
        (
            Article(
                url_assigned=True,
                warnings=[
                    Warn(field="date_published", code="date_in_promoted_link"),
                    Warn(field="date_published", code="date_in_promoted_link"),
                    Warn(field="authors", code="too_long"),
                ],
            ),
            "assigned URL, date in promoted link",
        ),
    ],
)
def test_the_table_says_why_a_row_has_no_date(article: Article, why: str | None) -> None:
    state = RunState()
    state.count_row(article)
    (result,) = state.results
    assert result.why_no_date == why


def test_the_table_counts_what_a_row_holds() -> None:
    state = RunState()
    state.count_row(Article(article_body="一\n\n二", authors=[Person(name="小山")]))
    state.count_row(Article(headline="一"))
    assert [(result.paragraphs, result.authors) for result in state.results] == [(2, ("小山",)), (0, ())]
    assert state.articles == 2


def test_a_row_counts_for_its_site_with_the_fields_that_it_fills() -> None:
    state = RunState()
    state.count_row(
        Article(site="a.example", headline="一", related=[TitledLink(url="https://a.example/", title=None)])
    )
    state.count_row(Article(site="a.example", headline="一"))
    state.count_row(Article(site="b.example", article_body="一"))
    sites = state.as_report()["sites"]
    assert {name: (site["articles"], site["fields"]) for name, site in sites.items()} == {
        "a.example": (2, {"headline": 2, "related": 1}),
        "b.example": (1, {"article_body": 1}),
    }
    assert state.touched == {"a.example", "b.example"}


def test_long_crawls_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_MAX_RESULTS", "_MAX_LISTED", "_MAX_SITES"):
        monkeypatch.setattr(state_module, name, 2)
    state = RunState()
    for number in range(4):
        state.count_row(Article(site=f"{number}.example"))
        state.list_not_in_replay(f"https://news.example/{number}")
        state.list_not_in_replay("https://news.example/0")
    assert state.articles == 4
    assert len(state.results) == 2
    assert list(state.not_in_replay) == ["https://news.example/0", "https://news.example/1"]
    assert {name: site.articles for name, site in state.sites.items()} == {
        "0.example": 1,
        "1.example": 1,
        "(others)": 2,
    }


def test_the_report_holds_every_count_in_plain_form() -> None:
    state = RunState(articles=1, errors=2, misses=3, damaged=4, failed_starts=[("https://news.example/", "404")])
    state.pages.update(["listing", "article"])
    state.captures["page"] = 5
    state.not_in_replay["https://news.example/1"] = None
    report = json.loads(json.dumps(state.as_report()))
    assert report == {
        "pages": {"article": 1, "listing": 1},
        "articles": 1,
        "versions": {},
        "duplicates": {},
        "dropped": {},
        "skipped": {},
        "failed": {},
        "failed_starts": [{"url": "https://news.example/", "reason": "404"}],
        "errors": 2,
        "replay_misses": 3,
        "damaged": 4,
        "captures": {"page": 5},
        "profiles": {},
        "network": HostCounts().as_report(),
        "feeds": {},
        "skipped_urls": {},
        "links_not_in_replay": ["https://news.example/1"],
        "waiting": [],
        "links_over_cap": 0,
        "sites": {},
    }
    assert state.page_count == 2


@given(
    st.fixed_dictionaries(
        {
            "pages": COUNTS,
            "articles": st.integers(0, 10**9),
            "duplicates": COUNTS,
            "dropped": COUNTS,
            "failed": COUNTS,
            "failed_starts": st.lists(st.tuples(TEXTS, TEXTS), max_size=2),
            "errors": st.integers(0, 10**9),
            "misses": st.integers(0, 10**9),
            "captures": COUNTS,
            "damaged": st.integers(0, 10**9),
        }
    ),
    st.dictionaries(TEXTS, st.tuples(st.integers(0, 9), st.integers(0, 9), COUNTS, COUNTS), max_size=2),
)
def test_a_run_that_goes_on_has_every_count_it_had(
    values: dict[str, Any], sites: dict[str, tuple[int, int, dict[str, int], dict[str, int]]]
) -> None:
    state = RunState()
    for name, value in values.items():
        getattr(state, name).update(value) if isinstance(value, dict) else setattr(state, name, value)
    for name, (pages, articles, fields, dropped) in sites.items():
        state.sites[name] = SiteCounts(pages=pages, articles=articles)
        state.sites[name].fields.update(fields)
        state.sites[name].dropped.update(dropped)
    counts = json.loads(json.dumps(state.as_counts()))
    stored = {name: json.loads(json.dumps(site.as_report())) for name, site in state.sites.items()}
    # Damage is found anew in each run, by who opens the archive.
    assert RunState.continued(counts, stored).as_report() == {**state.as_report(), "damaged": 0}


@pytest.mark.parametrize(
    ("reason", "state", "code", "message"),
    [
        ("finished", {"articles": 1}, 0, None),
        ("closespider_itemcount", {"articles": 1}, 0, None),
        ("finished", {"duplicates": {"same_url": 1}}, 0, None),
        ("finished", {"known_articles": 1}, 0, None),
        ("finished", {"known_articles": 1, "pages": {"listing": 1}}, 0, None),
        ("finished", {"articles": 1, "failed": {"404": 3}, "dropped": {"over_limit": 1}}, 0, None),
        ("finished", {"articles": 1, "dropped": {"invalid": 1}}, 3, "1 items were no valid rows"),
        ("finished", {}, 3, "no article found (no page at all)"),
        ("finished", {"pages": {"listing": 2, "error": 1}}, 3, "no article found (1 error, 2 listing)"),
        ("finished", {"articles": 1, "misses": 2}, 3, "2 requests for URLs that the replay set does not hold"),
        ("finished", {"articles": 1, "errors": 1}, 3, "1 pages or items raised an exception"),
        ("finished", {"articles": 1, "damaged": 2}, 3, "2 damaged places in the replay set"),
        ("finished", {"articles": 1, "failed_starts": [("https://a.example/", "404")]}, 3, "https://a.example/ (404)"),
        ("finished", {"known_articles": 1, "failed_starts": [("https://a.example/", "dns")]}, 3, "start URL failed"),
        ("start_error", {"articles": 1}, 1, "the spider's start failed"),
        ("shutdown", {"articles": 1}, 4, "stopped with work left (shutdown)"),
        ("work_left", {"articles": 1}, 4, "stopped with work left (work_left)"),
        ("closespider_timeout", {"articles": 1}, 4, "stopped with work left (closespider_timeout)"),
        ("closespider_pagecount", {}, 4, "stopped with work left (closespider_pagecount)"),
        ("memusage_exceeded", {"errors": 1}, 4, "stopped with work left (memusage_exceeded)"),
        (None, {}, 4, "stopped with work left (killed)"),
    ],
)
def test_the_exit_code_tells_what_happened(
    reason: str | None, state: dict[str, Any], code: int, message: str | None
) -> None:
    found = RunState()
    for name, value in state.items():
        getattr(found, name).update(value) if isinstance(value, dict) else setattr(found, name, value)
    number, reasons = exit_code(found, reason, None)
    assert number == code
    assert (message or "") in "\n".join(reasons)
    assert (reasons == []) is (code == 0)


@pytest.mark.parametrize("reason", ["start_error", "finished", "shutdown", "storage_failed", None])
def test_a_failure_of_storage_outweighs_every_other_reason(reason: str | None) -> None:
    assert exit_code(RunState(), reason, StorageError("articles: full")) == (5, ["articles: full"])


def test_every_fault_of_a_finished_run_is_told() -> None:
    state = RunState(errors=1, misses=1, damaged=1)
    state.failed_starts = [("https://a.example/", "404"), ("https://b.example/", "dns")]
    assert len(exit_code(state, "finished", None)[1]) == 6

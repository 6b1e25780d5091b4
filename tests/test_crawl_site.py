"""The generated site, crawled live without a profile: every article found, every field as the page states it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from crawls import Finished, crawl
from newssite import Running, Site, Truth, build_site, serve

LIVE = ("-s", "NEWSCRAWL_ALLOW_ADDRESSES=127.0.0.0/8", "-s", "NEWSCRAWL_PRESET=local")


@pytest.fixture(scope="module")
def site() -> Site:
    return build_site(90, seed=4, hosts=3)


@pytest.fixture(scope="module")
def running(site: Site) -> Iterator[Running]:
    with serve(site) as running:
        yield running


@pytest.fixture(scope="module")
def crawled(running: Running, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return crawl(tmp_path_factory.mktemp("site"), "-a", f"url={' '.join(running.urls)}", *LIVE)


@pytest.fixture(scope="module")
def truths(site: Site, running: Running) -> dict[str, Truth]:
    return {running.url(t.host, t.path): t for t in site.truth}


def test_every_article_that_links_reach_is_kept_once(site: Site, crawled: Finished, truths: dict[str, Truth]) -> None:
    assert crawled.code == 0, crawled.log[-2000:]
    wanted = {t.canonical_id for t in site.truth if t.kind in ("article", "duplicate")}
    assert {truths[row["url"]].canonical_id for row in crawled.rows} == wanted
    assert max(Counter(row["url_key"] for row in crawled.rows).values()) == 1


def test_no_row_is_kept_for_a_page_that_is_no_article(crawled: Finished, truths: dict[str, Truth]) -> None:
    kinds = Counter(truths[row["url"]].kind for row in crawled.rows)
    assert set(kinds) <= {"article", "duplicate", "alias_tracking"}


@pytest.mark.parametrize(
    "field",
    ["headline", "body", "date", "tags", "related", "authors", "source", "language"],
)
def test_each_field_is_what_the_page_states(
    field: str, crawled: Finished, running: Running, truths: dict[str, Truth], site: Site
) -> None:
    originals = {t.canonical_id: t for t in site.truth if t.kind == "article"}
    wrong = []
    for row in crawled.rows:
        truth = truths[row["url"]]
        if truth.kind == "alias_tracking":
            truth = originals[truth.canonical_id]
        found, wanted = {
            "headline": (row["headline"], truth.headline),
            "body": ((row["article_body"] or "").split("\n\n"), truth.paragraphs),
            "date": (row["date_published"], truth.date_published),
            "tags": ([t["name"] for t in row["tags"] if t["kind"] == "declared"], truth.tags),
            "related": (
                sorted(link["url"] for link in row["related"]),
                sorted({running.url(host, path) for host, path in (*truth.related, *truth.inline_links)}),
            ),
            "authors": ([person["name"] for person in row["authors"]], truth.authors),
            "source": (row["source_organization"], truth.source_organization),
            "language": (row["in_language"], truth.language),
        }[field]
        if found != wanted:
            wrong.append((row["url"], truth.platform, found, wanted))
    assert wrong == []


def test_robots_txt_is_obeyed_and_promoted_links_are_not_followed(crawled: Finished, running: Running) -> None:
    asked = {path for _, path, _ in running.requests}
    assert crawled.code == 0
    assert not any(path.startswith(("/internal/", "/archive-calendar/", "/promo/")) for path in asked)
    assert any(path == "/robots.txt" for path in asked)


def test_the_user_agent_is_honest_and_nothing_tells_where_a_request_came_from(
    crawled: Finished, running: Running
) -> None:
    assert crawled.code == 0
    for _, _, headers in running.requests:
        assert headers["user-agent"].startswith("newscrawl/")
        assert "cookie" not in headers
        assert "referer" not in headers


def test_reposts_are_marked_with_the_row_they_repeat(crawled: Finished, truths: dict[str, Truth]) -> None:
    rows = {row["id"]: row for row in crawled.rows}
    marked = [row for row in rows.values() if row["duplicate_of"]]
    assert len(marked) == sum(1 for row in rows.values() if truths[row["url"]].kind == "duplicate")
    for row in marked:
        first = rows[row["duplicate_of"]["id"]]
        assert truths[first["url"]].canonical_id == truths[row["url"]].canonical_id
        assert row["duplicate_kind"] == "exact"

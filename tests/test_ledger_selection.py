"""Rows chosen for an export, and what they say of stories that was not known when they were written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import article, ended, opened, store_of

from newscrawl.exporters import json_line
from newscrawl.fingerprint.clusters import Edge
from newscrawl.items import Article, as_row
from newscrawl.ledger.selection import Selection, _known_now
from newscrawl.ledger.stories import names_in, stories, story_names
from newscrawl.store import Store, copies

IDS = [article(number).id or "" for number in range(5)]
SITES = ["a.example", "b.example", "a.example", "b.example", "a.example"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Five articles; the second has two versions. The first three are one story, though no row says so."""
    ledger = opened(tmp_path)
    for number, version in ((0, 1), (1, 1), (2, 1), (3, 1), (1, 2), (4, 1)):
        row = article(number, version=version, site=SITES[number], in_language="zh-Hans" if number else "en")
        row.date_published = "2023-03-21" if number == 1 else None
        ledger.write_row(row, json_line(as_row(row)))
    ended(ledger)
    with store_of(tmp_path) as found:
        with found.begin() as connection:
            pairs = [Edge((IDS[2], 1), (IDS[1], 2), "exact", 1.0), Edge((IDS[1], 1), (IDS[0], 1), "near", 0.9)]
            copies.relate(connection, [*pairs, Edge((IDS[2], 1), (IDS[0], 1), "near", 0.9)])
            copies.relate(connection, [Edge((IDS[3], 1), (IDS[0], 1), "template_sibling", 0.9)])
        yield found


def rows(store: Store, **chosen: Any) -> list[tuple[int, int, str | None]]:
    """Number, version and cluster of each row that is chosen; its line says the same."""
    with store.reading() as connection:
        found = list(Selection(**chosen).rows(connection))
    assert all(json.loads(line) == said for line, said in found)
    return [(IDS.index(said["id"]), said["version"], said["cluster_id"]) for _, said in found]


def test_rows_name_the_story_that_is_known_now(store: Store) -> None:
    with store.reading() as connection:
        assert story_names(connection) == names_in(stories(connection)) == dict.fromkeys(IDS[:3], IDS[0])
    assert rows(store) == [(0, 1, None), (2, 1, IDS[0]), (3, 1, None), (1, 2, IDS[0]), (4, 1, None)]
    assert [row[:2] for row in rows(store, per="version")] == [(0, 1), (1, 1), (2, 1), (3, 1), (1, 2), (4, 1)]


def test_as_written_the_lines_are_left_alone(store: Store) -> None:
    assert {cluster for _, _, cluster in rows(store, as_written=True)} == {None}


def test_a_story_is_told_by_the_article_that_stands_for_it(store: Store) -> None:
    assert [row[0] for row in rows(store, per="story")] == [3, 1, 4]


@pytest.mark.parametrize(
    ("chosen", "numbers"),
    [
        ({"site": "a.example"}, [0, 4]),
        ({"site": "b.example"}, [3, 1]),
        ({"language": "en"}, [0]),
        ({"language": "zh"}, [3, 1, 4]),
        ({"tag": "none has it"}, []),
    ],
)
def test_a_story_has_a_row_when_one_of_its_articles_is_chosen(
    chosen: dict[str, str], numbers: list[int], store: Store
) -> None:
    assert [row[0] for row in rows(store, per="story", **chosen)] == numbers


@given(st.text(st.characters()), st.none() | st.just("a" * 64), st.none() | st.just("b" * 64))
def test_a_name_is_put_into_a_line_whatever_its_texts_are(text: str, before: str | None, after: str | None) -> None:
    body = f'{text},"cluster_id":null,"fetched_at"'
    found = Article(id="c" * 64, headline=body, article_body=body, cluster_id=before, run_id=body)
    line = json_line(as_row(found))
    changed, said = _known_now((line, json.loads(line)), after)
    found.cluster_id = after
    assert changed == json_line(as_row(found))
    assert said == json.loads(changed)


@given(
    st.one_of(st.none(), st.text(), st.lists(st.one_of(st.none(), st.text(), st.dictionaries(st.text(), st.text()))))
)
def test_a_tag_is_looked_for_in_rows_of_any_shape(tags: Any) -> None:
    assert not Selection(tag="none has it")._fits({"tags": tags})
    if isinstance(tags, list):
        assert Selection(tag="sport")._fits({"tags": [*tags, "sport"]})
        assert Selection(tag="sport")._fits({"tags": [{"name": "sport"}, *tags]})


def test_a_row_without_the_field_stays_as_it_is() -> None:
    row = b'{"id":"c"}\n', {"id": "c"}
    assert _known_now(row, "b" * 64) == row

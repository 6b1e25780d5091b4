from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stores import new_article

from newscrawl.exceptions import StorageError
from newscrawl.fingerprint.clusters import Edge, clusters
from newscrawl.fingerprint.copies import compare, fingerprint
from newscrawl.store import Store, articles, copies
from newscrawl.store.copies import COMMON, NewCopy, worth_a_look
from newscrawl.store.copyindex import CopyIndex

WORDS = [f"word{number}" for number in range(4000)]


def text(seed: int, words: int = 120) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=words))


STORY = text(1)
WORD = STORY.split()[60]
EDITED = STORY.replace("word1", "other1", 3)
LONGER = f"{STORY} {text(2, 200)}"


def new(number: int, body: str, *, at: float = 0.0, version: int = 1) -> NewCopy:
    return NewCopy(id=f"{number:064x}", version=version, fingerprint=fingerprint(body), committed_at=at)


def take_up(store: Store, *new_copies: NewCopy) -> None:
    with store.begin() as c:
        for copy in new_copies:
            digest = copy.fingerprint.digest
            articles.add(c, [new_article(int(copy.id, 16), version=copy.version, text_digest=digest)])
        copies.add(c, new_copies)


def led_to(store: Store, body: str, since: float = 0.0, index: CopyIndex | None = None) -> list[int]:
    with store.reading() as c:
        found = copies.candidates(c, index or CopyIndex(), fingerprint(body), since=since, now=since + 100.0)
        return [int(copy.id, 16) for copy in found.copies]


def test_a_text_leads_to_its_copies_and_parts_and_to_nothing_else(store: Store) -> None:
    take_up(store, new(1, STORY), new(2, text(9)))
    take_up(store, new(3, LONGER), new(4, "short"), new(5, ""))
    assert led_to(store, STORY) == [1, 3]
    assert led_to(store, EDITED) == [1, 3]
    assert led_to(store, text(2, 200)) == [3]
    assert led_to(store, "SHORT!") == [4]
    assert led_to(store, text(10)) == led_to(store, "") == []


def test_a_fingerprint_comes_back_as_it_was(store: Store) -> None:
    take_up(store, new(1, STORY, version=2))
    with store.begin() as c:
        found = copies.get(c, f"{1:064x}", 2)
        assert found is not None
        assert found.fingerprint == fingerprint(STORY)
        assert found.key == (f"{1:064x}", 2)
        assert copies.get(c, f"{1:064x}", 1) is None
        assert copies.count(c) == 1


def test_what_is_older_is_found_by_its_whole_text_only(store: Store) -> None:
    take_up(store, new(1, STORY, at=10.0), new(2, EDITED, at=20.0))
    assert led_to(store, STORY, since=0.0) == led_to(store, STORY, since=10.0) == [1, 2]
    assert led_to(store, STORY, since=11.0) == [1, 2]
    assert led_to(store, EDITED, since=11.0) == [2]
    assert led_to(store, STORY, since=21.0) == [1]
    assert led_to(store, LONGER, since=21.0) == []


def test_an_anchor_of_too_many_texts_leads_to_none(store: Store) -> None:
    notice = text(3, 60)
    many = [new(number, f"{notice} {text(100 + number, 60)}") for number in range(COMMON + 1)]
    take_up(store, *many[:-1])
    story = f"{notice} {text(99, 60)}"
    assert set(led_to(store, story)) >= set(range(COMMON))
    take_up(store, many[-1])
    assert len(led_to(store, story)) < COMMON


def test_a_band_leads_to_the_first_texts_only(store: Store) -> None:
    edited = [new(number, STORY.replace(WORD, f"other{number}", 1)) for number in range(COMMON + 50)]
    take_up(store, *edited)
    found = led_to(store, STORY)
    assert found[: COMMON + 1] == list(range(COMMON + 1))
    assert len(found) < COMMON + 50


def test_the_first_row_of_a_text_is_named_though_it_has_no_fingerprint(store: Store) -> None:
    with store.begin() as c:
        articles.add(c, [new_article(7, text_digest=fingerprint(STORY).digest)])
    take_up(store, new(8, STORY))
    with store.reading() as c:
        found = copies.candidates(c, CopyIndex(), fingerprint(STORY), since=0.0, now=1.0)
    assert found.first == (f"{7:064x}", 1)
    assert [copy.key for copy in found.copies] == [(f"{8:064x}", 1)]


def test_a_version_is_there_once(store: Store) -> None:
    with pytest.raises(StorageError), store.begin() as c:
        copies.add(c, [new(1, STORY), new(1, EDITED)])
    with store.begin() as c:
        copies.add(c, [])
        assert copies.count(c) == 0


def test_relations_are_written_once(store: Store) -> None:
    a, b, d = ((f"{n:064x}", 1) for n in (1, 2, 3))
    edges = [Edge(b, a, "contained", 0.9), Edge(d, a, "near", 0.7)]
    with store.begin() as c:
        copies.relate(c, [])
        copies.relate(c, edges)
        copies.relate(c, [Edge(b, a, "near", 0.1)])
        assert sorted(copies.all_relations(c)) == sorted(edges)


def test_a_version_that_is_removed_leaves_nothing(store: Store) -> None:
    take_up(store, new(1, STORY), new(1, LONGER, version=2), new(2, STORY))
    with store.begin() as c:
        copies.relate(c, [Edge((f"{2:064x}", 1), (f"{1:064x}", 1), "exact", 1.0)])
        copies.relate(c, [Edge((f"{2:064x}", 1), (f"{3:064x}", 1), "near", 0.9)])
        articles.delete(c, f"{1:064x}")
        assert [edge.other for edge in copies.all_relations(c)] == [(f"{3:064x}", 1)]
        articles.delete(c, f"{2:064x}")
        assert list(copies.all_relations(c)) == []
        assert copies.count(c) == 0
        copies.remove(c, f"{9:064x}", 1)


BODIES = (STORY, EDITED, LONGER, text(2, 200), STORY.upper(), text(9), "short", "Short.", "", text(9) + text(11, 30))


def related(store: Store, order: Sequence[int]) -> list[Edge]:
    """What the texts are to each other, taken up one by one in *order*; each edge from the lesser row."""
    for number in order:
        copy = new(number, BODIES[number])
        with store.reading() as c:
            found = copies.candidates(c, CopyIndex(), copy.fingerprint, since=0.0, now=1.0)
        take_up(store, copy)
        told = [(each.key, compare(copy.fingerprint, each.fingerprint)) for each in found.copies]
        edges = [Edge((copy.id, 1), key, each.kind, each.similarity) for key, each in told if each is not None]
        with store.begin() as c:
            copies.relate(c, edges)
    with store.reading() as c:
        return sorted(map(turned, copies.all_relations(c)))


def turned(edge: Edge) -> Edge:
    if edge.one < edge.other:
        return edge
    kind = {"contained": "contains", "contains": "contained"}.get(edge.kind, edge.kind)
    return Edge(edge.other, edge.one, kind, edge.similarity)  # type: ignore[arg-type]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(len(BODIES))))
def test_the_order_of_arrival_changes_neither_relations_nor_clusters(order: Sequence[int]) -> None:
    with Store.open("sqlite://") as one, Store.open("sqlite://") as other:
        shuffled, sorted_ = related(one, order), related(other, range(len(BODIES)))
    assert shuffled == sorted_
    assert len(shuffled) > 5
    assert clusters(shuffled) == clusters(sorted_)


@given(st.sampled_from(BODIES), st.sampled_from(BODIES))
def test_what_is_worth_a_look_is_what_the_index_leads_to(one: str, other: str) -> None:
    with Store.open("sqlite://") as store:
        take_up(store, new(1, one))
        assert worth_a_look(fingerprint(other), fingerprint(one)) == (led_to(store, other) == [1])

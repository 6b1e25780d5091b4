from __future__ import annotations

import random
from collections.abc import Iterable
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.fingerprint.clusters import Cluster, Edge, Key, Member, clusters
from newscrawl.items import DuplicateKind


def key(name: str) -> Key:
    return name, 1


def edge(one: str, other: str, kind: DuplicateKind = "near", similarity: float = 0.9) -> Edge:
    return Edge(key(one), key(other), kind, similarity)


def gathered(edges: Iterable[Edge]) -> list[str]:
    return ["".join(name for name, _ in cluster.members) for cluster in clusters(edges)]


def test_nothing_related_is_no_cluster() -> None:
    assert clusters([]) == []


@pytest.mark.parametrize(
    ("kind", "similarity", "expected"),
    [
        ("exact", 1.0, ["ab"]),
        ("script_variant", 1.0, ["ab"]),
        ("script_variant", 0.7, ["ab"]),
        ("script_variant", 0.49, []),
        ("near", 0.5, ["ab"]),
        ("near", 0.49, []),
        ("contained", 0.75, ["ab"]),
        ("contains", 0.74, []),
        ("template_sibling", 0.99, []),
    ],
)
def test_what_joins_two_rows(kind: DuplicateKind, similarity: float, expected: list[str]) -> None:
    assert gathered([edge("a", "b", kind, similarity)]) == expected


def test_equal_texts_are_one_however_many() -> None:
    names = [f"{number:03}" for number in range(200)]
    edges = [edge(one, other, "exact", 1.0) for one, other in pairwise(names)]
    (cluster,) = clusters(edges)
    assert cluster.members == tuple(key(name) for name in names)


def test_a_chain_of_near_texts_does_not_become_one_story() -> None:
    names = "abcdefghij"
    assert gathered(edge(one, other, "near", 0.62) for one, other in pairwise(names)) == [
        "ab",
        "cd",
        "ef",
        "gh",
        "ij",
    ]


def test_a_page_that_quotes_several_stories_joins_none_of_them_to_another() -> None:
    edges = [edge(story, "r", "contained", 1.0) for story in "abc"]
    assert gathered(edges) == ["ar"]


def test_the_copies_and_parts_of_one_story_are_one() -> None:
    # f is whole; h its first half, s its beginning, e an edit.
    parts = [edge("h", "f", "contained", 1.0), edge("s", "f", "contained", 1.0), edge("s", "h", "contained", 1.0)]
    edits = [edge("e", "f", "near", 0.8), edge("h", "e", "contained", 0.9), edge("s", "e", "contained", 0.95)]
    assert gathered([*parts, *edits]) == ["efhs"]


def test_a_weak_relation_joins_nothing_but_speaks_for_a_join() -> None:
    strong = [edge("a", "b", "near", 0.9), edge("b", "c", "near", 0.7)]
    assert gathered(strong) == ["ab"]
    assert gathered([*strong, edge("a", "c", "near", 0.45)]) == ["abc"]


def test_copies_whose_numbers_were_changed_in_different_ways_are_one_story() -> None:
    edges = [edge(one, other, "near", 0.9) for one, other in combinations("abcde", 2)]
    edges += [edge("f", "a", "near", 0.8), edge("f", "e", "near", 0.7)]
    assert gathered(edges) == ["abcde"]
    assert gathered([*edges, *(edge("f", other, "template_sibling", 0.7) for other in "bcd")]) == ["abcdef"]


def test_a_form_that_is_mistaken_for_a_copy_now_and_then_is_no_story() -> None:
    days = [f"{day:02}" for day in range(40)]
    rng = random.Random(5)
    kinds = {pair: "near" if rng.random() < 0.05 else "template_sibling" for pair in combinations(days, 2)}
    found = clusters(edge(*pair, kind, 0.8) for pair, kind in kinds.items())  # type: ignore[arg-type]
    assert found
    assert all(len(cluster.members) <= 4 for cluster in found)


def test_rows_of_an_equal_text_count_once() -> None:
    same = [edge("a", "b", "exact", 1.0), edge("b", "c", "exact", 1.0)]
    assert gathered([*same, edge("c", "d", "near", 0.7)]) == ["abcd"]


def test_two_versions_of_an_article_are_two_rows() -> None:
    one, other = ("a", 1), ("a", 2)
    assert clusters([Edge(other, one, "near", 0.9)]) == [Cluster(members=(one, other), representative=one)]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, "a"),
        ({"a": Member(length=5), "b": Member(length=9)}, "b"),
        ({"a": Member(length=9), "c": Member(names_source=True)}, "c"),
        ({"b": Member(published=5.0), "c": Member(published=4.0)}, "c"),
        ({"a": Member(names_source=True, length=9), "b": Member(published=5.0)}, "b"),
        ({"b": Member(published=5.0), "c": Member(published=5.0, names_source=True)}, "c"),
        ({"a": Member(published=0.0), "b": Member(published=-1.0)}, "b"),
    ],
)
def test_the_representative_is_the_earliest_then_the_one_with_a_source_then_the_longest(
    members: dict[str, Member], expected: str
) -> None:
    edges = [edge("a", "b", "exact", 1.0), edge("b", "c", "exact", 1.0)]
    (cluster,) = clusters(edges, {key(name): member for name, member in members.items()})
    assert cluster.representative == key(expected)


KINDS: list[DuplicateKind] = ["exact", "near", "contained", "contains", "script_variant", "template_sibling"]
EDGES = st.lists(
    st.builds(
        edge,
        st.sampled_from("abcdefghijkl"),
        st.sampled_from("abcdefghijkl"),
        st.sampled_from(KINDS),
        st.sampled_from([0.45, 0.5, 0.6, 0.7, 0.75, 0.9, 1.0]),
    ),
    max_size=40,
)
INVERSE: dict[DuplicateKind, DuplicateKind] = {"contained": "contains", "contains": "contained"}


@given(EDGES, st.randoms())
def test_order_direction_and_repetition_of_edges_do_not_matter(edges: list[Edge], rng: random.Random) -> None:
    others = [*edges, *rng.sample(edges, len(edges) // 2)]
    rng.shuffle(others)
    turned = [
        Edge(e.other, e.one, INVERSE.get(e.kind, e.kind), e.similarity) if rng.random() < 0.5 else e for e in others
    ]
    assert clusters(turned) == clusters(edges)


@given(EDGES)
def test_a_row_is_in_one_cluster_at_most_and_equal_texts_are_never_parted(edges: list[Edge]) -> None:
    found = clusters(edges)
    rows = [row for cluster in found for row in cluster.members]
    assert len(rows) == len(set(rows))
    place = {row: number for number, cluster in enumerate(found) for row in cluster.members}
    for each in edges:
        if each.kind == "exact" and each.one != each.other:
            assert place[each.one] == place[each.other]
    for cluster in found:
        assert len(cluster.members) > 1
        assert cluster.representative in cluster.members


@given(EDGES)
def test_every_row_of_a_cluster_is_related_to_another_of_it(edges: list[Edge]) -> None:
    pairs = {frozenset((e.one, e.other)) for e in edges if e.kind != "template_sibling"}
    for cluster in clusters(edges):
        for row in cluster.members:
            assert any(frozenset((row, other)) in pairs for other in cluster.members if other != row)

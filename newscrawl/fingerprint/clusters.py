"""Stories: articles gathered by what their texts are to each other.

A near copy of a near copy may be another story. So equal texts always belong together, and everything else joins
only what it is related to for the greater part.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from newscrawl.items import DuplicateKind

Key = tuple[str, int]
"""Id and version of a row."""

JOINS_NEAR = 0.5
"""Least similarity of a near copy that makes two groups one. Less is still counted as being related."""
JOINS_CONTAINED = 0.75
"""Least share of a contained text that does."""
_RELATED, _SIBLINGS = 4, 1
"""What a pair of texts counts for making two groups one. Siblings are alike in all but their numbers, so they speak
less against it than two texts that have nothing in common; a third of a form's pairs would have to be mistaken for
copies before forms became one story."""


class Edge(NamedTuple):
    """What row *one* is to row *other*: a :class:`.Relation` between two rows."""

    one: Key
    other: Key
    kind: DuplicateKind
    similarity: float


@dataclass(frozen=True, kw_only=True)
class Member:
    """What is known of a row, to choose the one that stands for its cluster."""

    published: float | None = None
    """The earliest moment that its date allows, in seconds. Without a date it comes after all that have one."""
    names_source: bool = False
    """It names the outlet that it was taken from."""
    length: int = 0


UNKNOWN = Member()


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """Rows of one story."""

    members: tuple[Key, ...]
    """In order of id and version."""
    representative: Key
    """Published first; then the one that names its source; then the longest; then the least id."""


def clusters(edges: Iterable[Edge], members: Mapping[Key, Member] | None = None) -> list[Cluster]:
    """Return the clusters of two rows or more, by their first members. The order of *edges* does not matter.

    Rows of one text (``exact``, or ``script_variant`` with a similarity of 1) are one from the start. Then the
    strongest of the other edges comes first, and makes two groups one when more than half of all pairs between
    them are related. ``template_sibling`` makes nothing one, but such a pair counts a quarter of a related one.
    *members* may leave rows out.
    """
    strongest = _strongest(edges)
    texts = _equal_texts(strongest)
    related = _related(strongest, texts)
    groups = _joined(related, sorted(set(texts.values())))
    known = members or {}
    gathered: dict[Key, list[Key]] = defaultdict(list)
    for row, text in texts.items():
        gathered[groups[text]].append(row)
    return [
        Cluster(members=tuple(sorted(rows)), representative=min(rows, key=lambda row: _rank(row, known)))
        for _, rows in sorted((min(rows), rows) for rows in gathered.values())
        if len(rows) > 1
    ]


_Pair = tuple[Key, Key]


def _strongest(edges: Iterable[Edge]) -> dict[_Pair, Edge]:
    """Return one edge for each pair of rows, turned so that its lesser row comes first."""
    found: dict[_Pair, Edge] = {}
    for edge in edges:
        pair = (min(edge.one, edge.other), max(edge.one, edge.other))
        if edge.one == edge.other:
            continue
        before = found.get(pair)
        if before is None or _strength(edge) > _strength(before):
            found[pair] = edge
    return found


def _strength(edge: Edge) -> tuple[bool, bool, bool, float]:
    return equal(edge), joins(edge), edge.kind != "template_sibling", edge.similarity


def equal(edge: Edge) -> bool:
    """Tell whether *edge* is between two rows of one text."""
    return edge.kind == "exact" or (edge.kind == "script_variant" and edge.similarity >= 1)


def joins(edge: Edge) -> bool:
    """Tell whether *edge* is strong enough to make two groups one."""
    if edge.kind == "template_sibling":
        return False
    return edge.similarity >= (JOINS_CONTAINED if edge.kind in ("contained", "contains") else JOINS_NEAR)


def _equal_texts(edges: Mapping[_Pair, Edge]) -> dict[Key, Key]:
    """Return for each row the least row that has the same text."""
    first: dict[Key, Key] = {}

    def root(row: Key) -> Key:
        while first.setdefault(row, row) != row:
            # Halving the way keeps it short.
            first[row] = first[first[row]]
            row = first[row]
        return row

    for (one, other), edge in edges.items():
        ends = sorted((root(one), root(other)))
        if equal(edge):
            first[ends[1]] = ends[0]
    return {row: root(row) for row in list(first)}


def _related(edges: Mapping[_Pair, Edge], texts: Mapping[Key, Key]) -> dict[_Pair, Edge]:
    """Return one edge for each pair of texts."""
    return _strongest(
        edge._replace(one=texts[edge.one], other=texts[edge.other])
        for edge in edges.values()
        if texts[edge.one] != texts[edge.other]
    )


def _joined(related: Mapping[_Pair, Edge], texts: list[Key]) -> dict[Key, Key]:
    """Return for each text the group it is in, named by one of its texts."""
    group = {text: text for text in texts}
    texts_of = {text: [text] for text in texts}
    # How many pairs between two groups are related, in quarters.
    links: dict[Key, dict[Key, int]] = {text: {} for text in texts}
    for (one, other), edge in related.items():
        links[one][other] = links[other][one] = _SIBLINGS if edge.kind == "template_sibling" else _RELATED
    waiting = sorted(
        (pair for pair, edge in related.items() if joins(edge)),
        key=lambda pair: (-related[pair].similarity, pair),
    )
    while True:
        refused = []
        for pair in waiting:
            one, other = sorted((group[pair[0]], group[pair[1]]))
            if one == other:
                continue
            if 2 * links[one][other] > _RELATED * len(texts_of[one]) * len(texts_of[other]):
                _merge(one, other, group, texts_of, links)
            else:
                refused.append(pair)
        # A group that has grown may be related to more of another than it was.
        if len(refused) == len(waiting):
            return group
        waiting = refused


def _merge(
    one: Key, other: Key, group: dict[Key, Key], texts_of: dict[Key, list[Key]], links: dict[Key, dict[Key, int]]
) -> None:
    """Move what is in group *other* into group *one*."""
    for text in texts_of[other]:
        group[text] = one
    texts_of[one] += texts_of.pop(other)
    for third, count in links.pop(other).items():
        del links[third][other]
        if third != one:
            links[one][third] = links[third][one] = links[one].get(third, 0) + count


def _rank(row: Key, members: Mapping[Key, Member]) -> tuple[bool, float, bool, int, Key]:
    member = members.get(row, UNKNOWN)
    return member.published is None, member.published or 0.0, not member.names_source, -member.length, row

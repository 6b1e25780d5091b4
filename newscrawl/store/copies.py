"""What copies are told by: fingerprints of versions, the integers that lead to them, and what one is to another.

Look-ups cost the same however many versions there are: an integer leads to at most :data:`COMMON` + 1 of them within
the time that is looked back.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row, bindparam, insert, select

from newscrawl.fingerprint.clusters import Edge, Key
from newscrawl.store.schema import chunks, copies, copy_keys, fingerprints, insert_into, relations

if TYPE_CHECKING:
    # With numpy, which commands that look for no copies do without.
    from newscrawl.fingerprint.copies import Fingerprint

COMMON = 100
"""An anchor of more versions leads to none: it is a phrase of the trade or a notice. A band leads to the first."""
SHARED_ANCHORS = 0.25
"""Of the shorter text's anchors, to be worth a look."""
SAME_TEXT = 100
"""Versions of one text that are related to a further one, at most."""


_TEXTS = 1_000
"""Texts of a cluster that are counted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NewCopy:
    """A version and its fingerprint."""

    id: str
    version: int
    fingerprint: Fingerprint
    committed_at: float
    cluster_id: str | None = None
    common: frozenset[int] = frozenset()
    """:attr:`Candidates.common`: keys that lead to enough versions already."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredCopy:
    """What :class:`NewCopy` became. ``number`` counts in the order of commit."""

    number: int
    id: str
    version: int
    fingerprint: Fingerprint
    cluster_id: str | None

    @property
    def key(self) -> Key:
        """Id and version."""
        return self.id, self.version


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidates:
    """Versions that are worth a comparison."""

    copies: tuple[StoredCopy, ...]
    """The one that was committed first first."""
    common: frozenset[int]
    """Keys of the look-up that lead to more than :data:`COMMON` versions."""


def keys_of(fingerprint: Fingerprint) -> list[int]:
    """Return the integers that lead to a text: its bands, and its anchors turned below zero."""
    return [*fingerprint.bands, *(-1 - anchor for anchor in fingerprint.anchors)]


def worth_a_look(one: Fingerprint, other: Fingerprint) -> bool:
    """Tell whether two texts have enough in common to be compared: what :func:`candidates` asks the index for."""
    if one.digest is not None and one.digest == other.digest:
        return True
    if not one.signature or not other.signature or one.algorithm != other.algorithm:
        return False
    if not set(one.bands).isdisjoint(other.bands):
        return True
    ours, theirs = one.anchors, other.anchors
    return _enough(len(set(ours).intersection(theirs)), len(ours), len(theirs))


def add(c: Connection, new: Sequence[NewCopy]) -> None:
    """Take up versions; one that is there already is an error."""
    if not new:
        return
    numbers = [row.number for row in c.execute(_INSERT, [_values(each) for each in new])]
    rows = [
        {"key": key, "number": number, "anchors": len(each.fingerprint.anchors)}
        for number, each in zip(numbers, new, strict=True)
        for key in keys_of(each.fingerprint)
        if key not in each.common
    ]
    if rows:
        # In the order of the index: neighbours stand on one page.
        c.execute(_INSERT_KEYS, sorted(rows, key=lambda row: row["key"]))


def candidates(c: Connection, fingerprint: Fingerprint, since: float) -> Candidates:
    """Return the versions that share the text of *fingerprint*, a band, or a quarter of the shorter's anchors.

    Of other texts only those committed from *since* on. What shares the text and has no fingerprint, because it was
    committed by an older newscrawl, is left to :func:`.articles.first_with_text`.
    """
    numbers = set(_same_text(c, fingerprint.digest))
    common: frozenset[int] = frozenset()
    if fingerprint.signature:
        near, common = _near(c, fingerprint, since)
        numbers |= near
    found = [_copy(row) for some in chunks(sorted(numbers)) for row in c.execute(_BY_NUMBER, {"b_numbers": some})]
    return Candidates(copies=tuple(found), common=common)


def _same_text(c: Connection, digest: str | None) -> list[int]:
    return [] if digest is None else list(c.execute(_SAME_TEXT, {"b_digest": digest}).scalars())


def _near(c: Connection, fingerprint: Fingerprint, since: float) -> tuple[set[int], frozenset[int]]:
    first = c.execute(_FIRST_SINCE, {"b_since": since}).scalar()
    if first is None:
        return set(), frozenset()
    led: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for some in chunks(keys_of(fingerprint)):
        for key, number, anchors in c.execute(_BY_KEY, {"b_keys": some, "b_first": first}):
            led[key].append((number, anchors))
    common = frozenset(key for key, found in led.items() if len(found) > COMMON)
    near = {number for key, found in led.items() if key >= 0 for number, _ in found}
    shared = Counter(found for key, all_ in led.items() if key < 0 and key not in common for found in all_)
    ours = len(fingerprint.anchors)
    return near | {number for (number, theirs), count in shared.items() if _enough(count, ours, theirs)}, common


def _enough(shared: int, ours: int, theirs: int) -> bool:
    return shared > 0 and shared >= SHARED_ANCHORS * min(ours, theirs)


def relate(c: Connection, edges: Iterable[Edge]) -> None:
    """Write down what versions are to others. A pair that is there already stays as it is."""
    rows = [dict(zip(_RELATION, (*edge.one, *edge.other, edge.kind, edge.similarity), strict=True)) for edge in edges]
    if rows:
        c.execute(insert_into(c.dialect.name, relations).on_conflict_do_nothing(), rows)


def relations_of(c: Connection, keys: Iterable[Key]) -> list[Edge]:
    """Return what the versions *keys* are to others and others to them, each pair once."""
    found: dict[tuple[Key, Key], Edge] = {}
    for id_, version in keys:
        for row in c.execute(_RELATIONS_OF, {"b_id": id_, "b_version": version}):
            edge = _edge(row)
            found[edge.one, edge.other] = edge
    return list(found.values())


def all_relations(c: Connection) -> Iterator[Edge]:
    """Yield what every version is to others."""
    with c.execute(_ALL_RELATIONS, execution_options={"yield_per": 1000}) as rows:
        for row in rows:
            yield _edge(row)


def texts_of(c: Connection, cluster_id: str) -> set[str]:
    """Return the digests of the texts in the cluster of that name, the texts of the article itself included."""
    return set(c.execute(_TEXTS_OF, {"b_id": cluster_id}).scalars())


def get(c: Connection, id: str, version: int) -> StoredCopy | None:
    """Return the fingerprint of one version."""
    row = c.execute(_BY_VERSION, {"b_id": id, "b_version": version}).first()
    return None if row is None else _copy(row)


def count(c: Connection) -> int:
    """Return how many versions have a fingerprint."""
    return c.execute(select(sa.func.count()).select_from(copies)).scalar_one()


def remove(c: Connection, id: str, version: int) -> None:
    """Forget a version: its fingerprint, what leads to it, and what it is to others."""
    copy = get(c, id, version)
    if copy is not None:
        for some in chunks(keys_of(copy.fingerprint)):
            c.execute(
                sa.delete(copy_keys).where(copy_keys.c.key.in_(some), copy_keys.c.number == bindparam("b_number")),
                {"b_number": copy.number},
            )
        c.execute(sa.delete(copies).where(copies.c.number == copy.number))
    c.execute(sa.delete(relations).where(_ENDS), {"b_id": id, "b_version": version})


_PARTS = ("algorithm", "digest", "script", "length", "signature", "grams", "wide", "slots")
_RELATION = ("article_id", "version", "other_id", "other_version", "kind", "similarity")


def _values(copy: NewCopy) -> dict[str, Any]:
    values = {name: getattr(copy.fingerprint, name) for name in _PARTS}
    place = {"article_id": copy.id, "version": copy.version, "cluster_id": copy.cluster_id}
    return {**values, **place, "committed_at": copy.committed_at}


def _copy(row: Row[*tuple[Any, ...]]) -> StoredCopy:
    from newscrawl.fingerprint.copies import Fingerprint

    return StoredCopy(
        number=row.number,
        id=row.article_id,
        version=row.version,
        fingerprint=Fingerprint(**{name: getattr(row, name) for name in _PARTS}),
        cluster_id=row.cluster_id,
    )


def _edge(row: Row[*tuple[Any, ...]]) -> Edge:
    return Edge((row.article_id, row.version), (row.other_id, row.other_version), row.kind, row.similarity)


_INSERT = insert(copies).returning(copies.c.number, sort_by_parameter_order=True)
_INSERT_KEYS = insert(copy_keys)
_WHOLE = select(
    copies.c.number, copies.c.article_id, copies.c.version, copies.c.cluster_id, *(copies.c[name] for name in _PARTS)
)
_BY_NUMBER = _WHOLE.where(copies.c.number.in_(bindparam("b_numbers", expanding=True))).order_by(copies.c.number)
_BY_VERSION = _WHOLE.where(copies.c.article_id == bindparam("b_id"), copies.c.version == bindparam("b_version"))
_FIRST_SINCE = (
    select(copies.c.number)
    .where(copies.c.committed_at >= bindparam("b_since"))
    .order_by(copies.c.committed_at, copies.c.number)
    .limit(1)
)
_BY_KEY = select(copy_keys.c.key, copy_keys.c.number, copy_keys.c.anchors).where(
    copy_keys.c.key.in_(bindparam("b_keys", expanding=True)), copy_keys.c.number >= bindparam("b_first")
)
_SAME_TEXT = (
    select(copies.c.number)
    .join(
        fingerprints,
        (fingerprints.c.article_id == copies.c.article_id) & (fingerprints.c.version == copies.c.version),
    )
    .where(fingerprints.c.value == bindparam("b_digest"), fingerprints.c.kind == "exact")
    .order_by(fingerprints.c.number)
    .limit(SAME_TEXT)
)
_TEXTS_OF = sa.union(
    select(copies.c.digest).where(copies.c.cluster_id == bindparam("b_id"), copies.c.digest.is_not(None)),
    select(copies.c.digest).where(copies.c.article_id == bindparam("b_id"), copies.c.digest.is_not(None)),
).limit(_TEXTS)
_ENDS = ((relations.c.article_id == bindparam("b_id")) & (relations.c.version == bindparam("b_version"))) | (
    (relations.c.other_id == bindparam("b_id")) & (relations.c.other_version == bindparam("b_version"))
)
_ALL_RELATIONS = select(*(relations.c[name] for name in _RELATION))
_RELATIONS_OF = _ALL_RELATIONS.where(_ENDS)

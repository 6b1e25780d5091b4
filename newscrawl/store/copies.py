"""What copies are told by: fingerprints of versions, and what one is to another. :mod:`.copyindex` leads to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, overload

import sqlalchemy as sa
from sqlalchemy import Connection, Row, bindparam, insert, select

from newscrawl.fingerprint.clusters import Edge, Key
from newscrawl.store.schema import chunks, copies, fingerprints, insert_into, meta, relations

if TYPE_CHECKING:
    # With numpy, which commands that look for no copies do without.
    import numpy as np
    from numpy.typing import NDArray

    from newscrawl.fingerprint.copies import Fingerprint
    from newscrawl.store.copyindex import CopyIndex

    Counts = NDArray[np.int64]

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
    first: Key | None
    """The first version with the same text, which may be from before there were fingerprints."""


def worth_a_look(one: Fingerprint, other: Fingerprint) -> bool:
    """Tell whether two texts have enough in common to be compared: what :func:`candidates` asks the index for."""
    if one.digest is not None and one.digest == other.digest:
        return True
    if not one.signature or not other.signature or one.algorithm != other.algorithm:
        return False
    if one.shares_band(other):
        return True
    ours, theirs = one.anchors, other.anchors
    return enough(len(set(ours).intersection(theirs)), len(ours), len(theirs))


@overload
def enough(shared: int, ours: int, theirs: int) -> bool: ...
@overload
def enough(shared: Counts, ours: int, theirs: Counts) -> NDArray[np.bool_]: ...
def enough(shared: Any, ours: int, theirs: Any) -> Any:
    """Tell whether so many anchors in common are enough, of as many as the two texts have; of arrays, for each."""
    return (shared > 0) & ((shared >= SHARED_ANCHORS * ours) | (shared >= SHARED_ANCHORS * theirs))


def add(c: Connection, new: Sequence[NewCopy]) -> list[int]:
    """Take up versions, and return their numbers; one that is there already is an error."""
    return [row.number for row in c.execute(_INSERT, [_values(each) for each in new])] if new else []


def witness(id: str, version: int, committed_at: float) -> str:
    """Return what tells a version from another one that gets its number after it."""
    return f"{id[:32]}-{version}-{committed_at!r}"


def identity(c: Connection) -> str:
    """Return what tells this store from any other."""
    found: str = c.execute(_IDENTITY).scalar_one()
    return found


def candidates(c: Connection, index: CopyIndex, fingerprint: Fingerprint, *, since: float, now: float) -> Candidates:
    """Return the versions that share the text of *fingerprint*, a band, or a quarter of the shorter's anchors.

    Of other texts only those committed from *since* on; a signature that is empty asks for the same text only.
    """
    if fingerprint.digest is None:
        return Candidates(copies=(), first=None)
    rows = c.execute(_SAME_TEXT, {"b_digest": fingerprint.digest}).all()
    found = [_copy(row) for row in rows if row.number is not None]
    led = index.led_to(c, fingerprint, since=since, now=now) if fingerprint.signature else []
    if led:
        same = {copy.number for copy in found}
        others = _numbered(c, [number for number in led if number not in same])
        near = [_copy(row) for row in others if row.committed_at >= since]
        # What was led to by accident has nothing in common with this text.
        found += [copy for copy in near if worth_a_look(fingerprint, copy.fingerprint)]
    found.sort(key=lambda copy: copy.number)
    return Candidates(copies=tuple(found), first=(rows[0].first_id, rows[0].first_version) if rows else None)


def _numbered(c: Connection, numbers: Sequence[int]) -> list[Row[*tuple[Any, ...]]]:
    """Return the rows of *numbers*. A statement of a fixed length is not compiled anew for each article."""
    found: list[Row[*tuple[Any, ...]]] = []
    for some in chunks(numbers, _LENGTHS[-1]):
        length = next(length for length in _LENGTHS if length >= len(some))
        padded = some + some[-1:] * (length - len(some))
        found += c.execute(_by_number(length), {f"b_{place}": number for place, number in enumerate(padded)}).all()
    return found


def relate(c: Connection, edges: Iterable[Edge]) -> None:
    """Write down what versions are to others. A pair that is there already stays as it is."""
    rows = [dict(zip(_RELATION, (*edge.one, *edge.other, edge.kind, edge.similarity), strict=True)) for edge in edges]
    if rows:
        c.execute(insert_into(c.dialect.name, relations).on_conflict_do_nothing(), rows)


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
    """Forget a version: its fingerprint, and what it is to others. What still leads to it leads nowhere."""
    c.execute(sa.delete(copies).where(copies.c.article_id == id, copies.c.version == version))
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
_COLUMNS = [copies.c[name] for name in ("number", "article_id", "version", "cluster_id", "committed_at", *_PARTS)]
_WHOLE = select(*_COLUMNS)
_LENGTHS = (1, 8, 64)


@cache
def _by_number(length: int) -> sa.Select[*tuple[Any, ...]]:
    places = [bindparam(f"b_{place}", type_=copies.c.number.type) for place in range(length)]
    return _WHOLE.where(copies.c.number.in_(places))


_IDENTITY = select(meta.c.value).where(meta.c.key == "identity")
_BY_VERSION = _WHOLE.where(copies.c.article_id == bindparam("b_id"), copies.c.version == bindparam("b_version"))
_SAME_TEXT = (
    select(fingerprints.c.article_id.label("first_id"), fingerprints.c.version.label("first_version"), *_COLUMNS)
    .outerjoin(
        copies,
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

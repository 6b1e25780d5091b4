"""What a new version repeats: told beside the store's fingerprints and those that the store does not have yet."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from weakref import ref

from sqlalchemy import Connection

from newscrawl.fingerprint.clusters import Edge, Key, equal, joins
from newscrawl.items import Article
from newscrawl.store import articles, copies
from newscrawl.store.articles import NewArticle
from newscrawl.store.copies import NewCopy

if TYPE_CHECKING:
    # With numpy, which commands that look for no copies do without.
    from newscrawl.fingerprint.copies import Fingerprint, Relation

RANK = {"exact": 0, "script_variant": 1, "near": 2, "contained": 3, "contains": 3, "template_sibling": 4}
"""Of several relations the one that a row names: the least; among equals that to the earliest row."""


@dataclass(frozen=True, kw_only=True)
class Repeated:
    """What a version is to those that were kept before."""

    edges: tuple[Edge, ...] = ()
    """To versions of other articles."""
    best: Edge | None = None
    """The one that the row names. None, too, where the article itself had the text before."""
    cluster_id: str | None = None
    common: frozenset[int] = frozenset()
    """:attr:`.Candidates.common`."""


def text_fingerprint(article: Article) -> Fingerprint:
    """Return the fingerprint of the body; where there is none, of the headline, which is compared as a whole only."""
    return _fingerprint(article.article_body, article.headline)


def _fingerprint(body: str | None, headline: str | None) -> Fingerprint:
    from newscrawl.fingerprint.copies import fingerprint

    found = fingerprint(body)
    return found if found.digest is not None else _whole(fingerprint(headline))


def _whole(found: Fingerprint) -> Fingerprint:
    return replace(found, signature=b"", grams=b"", wide=b"", slots=b"")


def relation(one: Fingerprint, other: Fingerprint) -> Relation | None:
    """Return what *one* is to *other*. A text that is compared as a whole only is too short to tell its script by."""
    from newscrawl.fingerprint.copies import compare

    found = compare(one, other)
    if found is not None and found.kind == "script_variant" and not one.signature:
        return replace(found, kind="exact")
    return found


def take_up(connection: Connection, row: NewArticle, *, window_s: float) -> None:
    """Tell the store what *row*, which it has just learned from a file, is told by, and what it is to others."""
    if copies.get(connection, row.id, row.version) is not None:
        return
    said = json.loads(row.row)
    found = _fingerprint(said.get("article_body"), said.get("headline"))
    if found.digest is None:
        return
    key, first = (row.id, row.version), articles.first_with_text(connection, found.digest)
    repeated = Copies(window_s=window_s, clock=lambda: row.committed_at).repeated(connection, key, found, first)
    new = NewCopy(
        id=row.id,
        version=row.version,
        fingerprint=found,
        committed_at=row.committed_at,
        cluster_id=said.get("cluster_id"),
        common=repeated.common,
    )
    copies.add(connection, [new])
    copies.relate(connection, repeated.edges)


@dataclass(kw_only=True)
class _Waiting:
    """A version that the store does not have yet."""

    fingerprint: Fingerprint
    leads: frozenset[int | str | None]
    """What other texts may have in common with it; most have nothing."""
    repeated: Repeated
    article: Callable[[], Article | None]
    """None once it is gone: an article that a later pipeline drops was never kept."""
    written: bool = False

    @property
    def kept(self) -> bool:
        return self.written or self.article() is not None


@dataclass(frozen=True, kw_only=True)
class _Known:
    """A version to compare with; they come in the order of commit."""

    key: Key
    fingerprint: Fingerprint
    cluster_id: str | None


class Copies:
    """Fingerprints of versions that were kept. Nothing here begins a transaction."""

    def __init__(self, *, window_s: float, clock: Callable[[], float]) -> None:
        """*window_s*: how far back other texts than the same are looked for; 0 for not at all."""
        self.window_s = window_s
        self.clock = clock
        self._waiting: dict[Key, _Waiting] = {}
        self._later: list[Edge] = []

    # --- asking

    def repeated(
        self, connection: Connection, key: Key, fingerprint: Fingerprint, first: Key | None = None
    ) -> Repeated:
        """Return what version *key* with this *fingerprint* is to those that were kept.

        *first* is the first row with the same text, which may be from before there were fingerprints.
        """
        if fingerprint.digest is None:
            return Repeated()
        asked = fingerprint if self.window_s else _whole(fingerprint)
        found = copies.candidates(connection, asked, self.clock() - self.window_s)
        known = [
            _Known(key=copy.key, fingerprint=copy.fingerprint, cluster_id=copy.cluster_id) for copy in found.copies
        ]
        leads = _leads(asked)
        known += [
            _Known(key=other, fingerprint=each.fingerprint, cluster_id=each.repeated.cluster_id)
            for other, each in self._waiting.items()
            if not leads.isdisjoint(each.leads)
            and each.kept
            and other != key
            and copies.worth_a_look(asked, each.fingerprint)
        ]
        edges = [] if first is None or first in {each.key for each in known} else [Edge(key, first, "exact", 1.0)]
        for each in known:
            told = relation(fingerprint, each.fingerprint)
            if told is not None:
                edges.append(Edge(key, each.key, told.kind, told.similarity))
        # A stable sort: among equals the one that was committed first.
        best = min(edges, key=lambda edge: RANK[edge.kind], default=None)
        others = tuple(edge for edge in edges if edge.other[0] != key[0])
        return Repeated(
            edges=others,
            best=best if best in others else None,
            cluster_id=self._cluster(connection, others, {each.key: each for each in known}),
            common=found.common,
        )

    def _cluster(self, connection: Connection, edges: Iterable[Edge], known: Mapping[Key, _Known]) -> str | None:
        """Return the cluster that a version joins by *edges*: that of the same text, or else of the nearest text.

        As :func:`.clusters` has it, a near text is not enough: more than half of the cluster's texts must be related.
        It is called by the article that was its first.
        """
        related: dict[str, set[str]] = defaultdict(set)
        near: list[tuple[float, str]] = []
        for edge in edges:
            if edge.kind == "template_sibling":
                continue
            each = known.get(edge.other)
            name = edge.other[0] if each is None else each.cluster_id or edge.other[0]
            if equal(edge):
                return name
            if each is not None and each.fingerprint.digest is not None:
                related[name].add(each.fingerprint.digest)
            if joins(edge):
                near.append((-edge.similarity, name))
        for name in dict.fromkeys(name for _, name in sorted(near, key=lambda found: found[0])):
            texts = copies.texts_of(connection, name)
            texts |= {each.fingerprint.digest or "" for key, each in self._waiting.items() if self._names(key) == name}
            if 2 * len(related[name]) > len(texts):
                return name
        return None

    def _names(self, key: Key) -> str | None:
        waiting = self._waiting[key]
        return (waiting.repeated.cluster_id or key[0]) if waiting.kept else None

    # --- keeping

    def expect(self, article: Article, fingerprint: Fingerprint, repeated: Repeated) -> None:
        """Take *article* as kept, weakly: its row is not written yet."""
        if fingerprint.digest is not None:
            self._waiting[_key(article)] = _Waiting(
                fingerprint=fingerprint, leads=_leads(fingerprint), repeated=repeated, article=ref(article)
            )

    def forget(self, article: Article) -> None:
        """Take back :meth:`expect`."""
        waiting = self._waiting.get(_key(article))
        if waiting is not None and waiting.article() is article:
            del self._waiting[_key(article)]
            self._forget_edges_to({_key(article)})

    def add(self, article: Article) -> None:
        """Note that the row of *article* was written."""
        waiting = self._waiting.get(_key(article))
        if waiting is None or waiting.article() is not article:
            self.expect(article, text_fingerprint(article), Repeated())
            waiting = self._waiting.get(_key(article))
        if waiting is not None:
            waiting.written = True

    def write(self, connection: Connection) -> None:
        """Tell the store of what was written: fingerprints, and relations to what is written, too."""
        now, written = self.clock(), self._written()
        copies.add(
            connection,
            [
                NewCopy(
                    id=key[0],
                    version=key[1],
                    fingerprint=each.fingerprint,
                    committed_at=now,
                    cluster_id=each.repeated.cluster_id,
                    common=each.repeated.common,
                )
                for key, each in written.items()
            ],
        )
        copies.relate(connection, (edge for edge in self._edges(written) if not self._is_coming(edge.other)))

    def acknowledge(self) -> None:
        """Forget what the store has learned, and what was never kept."""
        written = self._written()
        self._later = [edge for edge in self._edges(written) if self._is_coming(edge.other)]
        gone = {key for key, each in self._waiting.items() if not each.kept}
        self._waiting = {key: each for key, each in self._waiting.items() if each.kept and not each.written}
        self._forget_edges_to(gone)

    def _forget_edges_to(self, gone: set[Key]) -> None:
        """Leave out what versions are to those that were not kept after all."""
        self._later = [edge for edge in self._later if edge.other not in gone]
        for each in self._waiting.values():
            if any(edge.other in gone for edge in each.repeated.edges):
                edges = tuple(edge for edge in each.repeated.edges if edge.other not in gone)
                each.repeated = replace(each.repeated, edges=edges)

    def _written(self) -> dict[Key, _Waiting]:
        return {key: each for key, each in self._waiting.items() if each.written}

    def _edges(self, written: dict[Key, _Waiting]) -> Iterable[Edge]:
        return [*self._later, *(edge for each in written.values() for edge in each.repeated.edges)]

    def _is_coming(self, key: Key) -> bool:
        waiting = self._waiting.get(key)
        return waiting is not None and not waiting.written


def _leads(fingerprint: Fingerprint) -> frozenset[int | str | None]:
    return frozenset((fingerprint.digest, *copies.keys_of(fingerprint)))


def _key(article: Article) -> Key:
    return article.id or "", article.version

"""What a new version repeats: told beside the store's fingerprints and those that the store does not have yet."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import ref

from sqlalchemy import Connection

from newscrawl.fingerprint.clusters import Edge, Key, equal, joins
from newscrawl.items import Article
from newscrawl.ledger.places import COPIES
from newscrawl.store import copies
from newscrawl.store.articles import NewArticle
from newscrawl.store.copies import NewCopy
from newscrawl.store.leads import Leads

if TYPE_CHECKING:
    # With numpy, which commands that look for no copies do without.
    from newscrawl.fingerprint.copies import Fingerprint, Relation
    from newscrawl.store.copyindex import CopyIndex

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


def copy_index(folder: Path | None, store_url: str = "") -> CopyIndex:
    """Return the index of copies of output *folder*; None where the store is in memory, too.

    *store_url* is empty where the folder has a store of its own, which nobody else writes.
    """
    from newscrawl.store.copyindex import CopyIndex

    return CopyIndex() if folder is None else CopyIndex(folder / COPIES, shared=bool(store_url))


def damaged_indexes(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files of an index that are not what was written, each with what is wrong."""
    if not folder.is_dir():
        return
    from newscrawl.store import segments

    for path in segments.leftovers_in(folder):
        yield path, "was not written to its end"
    for path in segments.files_in(folder):
        try:
            segments.check(path)
        except FileNotFoundError:
            # A crawl that is at work has merged it meanwhile.
            continue
        except segments.DamagedError as error:
            yield path, str(error)


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


def take_up(connection: Connection, row: NewArticle, index: CopyIndex, *, window_s: float) -> None:
    """Tell the store what *row*, which it has just learned from a file, is told by, and what it is to others.

    *index* belongs to this connection alone: it is told of what is not committed yet.
    """
    if copies.get(connection, row.id, row.version) is not None:
        return
    said = json.loads(row.row)
    found = _fingerprint(said.get("article_body"), said.get("headline"))
    if found.digest is None:
        return
    told = Copies(index, window_s=window_s, clock=lambda: row.committed_at)
    repeated = told.repeated(connection, (row.id, row.version), found)
    new = NewCopy(
        id=row.id,
        version=row.version,
        fingerprint=found,
        committed_at=row.committed_at,
        cluster_id=said.get("cluster_id"),
    )
    (number,) = copies.add(connection, [new])
    index.add(number, found, copies.witness(row.id, row.version, row.committed_at))
    index.tidy()
    copies.relate(connection, repeated.edges)


@dataclass(kw_only=True)
class _Waiting:
    """A version that the store does not have yet."""

    fingerprint: Fingerprint
    place: int
    """In the order in which versions came."""
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

    def __init__(self, index: CopyIndex, *, window_s: float, clock: Callable[[], float]) -> None:
        """*window_s*: how far back other texts than the same are looked for; 0 for not at all."""
        self.index = index
        self.window_s = window_s
        self.clock = clock
        self._waiting: dict[Key, _Waiting] = {}
        self._leads: Leads[Key] = Leads()
        self._came = 0
        self._later: list[Edge] = []
        self._told: list[tuple[int, NewCopy]] = []

    # --- asking

    def repeated(
        self, connection: Connection, key: Key, fingerprint: Fingerprint, first: Key | None = None
    ) -> Repeated:
        """Return what version *key* with this *fingerprint* is to those that were kept.

        *first* is the first of the rows that the store does not have yet with the same text.
        """
        if fingerprint.digest is None:
            return Repeated()
        asked, now = fingerprint if self.window_s else _whole(fingerprint), self.clock()
        found = copies.candidates(connection, self.index, asked, since=now - self.window_s, now=now)
        known = [
            _Known(key=copy.key, fingerprint=copy.fingerprint, cluster_id=copy.cluster_id) for copy in found.copies
        ]
        known += self._known_waiting(key, asked)
        first = found.first or first
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
        )

    def _known_waiting(self, key: Key, asked: Fingerprint) -> list[_Known]:
        """Return what the store does not have yet and is worth a comparison, in the order in which it came."""
        from newscrawl.fingerprint.copies import BANDS

        led = self._leads.find(_leads(asked))
        if not led:
            return []
        # The digest and the bands come first. Most texts have an anchor or two in common with some.
        near = {other for place, other in led if place <= BANDS}
        shared, ours = Counter(other for place, other in led if place > BANDS), len(asked.anchors)
        near |= {o for o, n in shared.items() if copies.enough(n, ours, len(self._waiting[o].fingerprint.anchors))}
        found = sorted(((other, self._waiting[other]) for other in near - {key}), key=lambda pair: pair[1].place)
        return [
            _Known(key=other, fingerprint=each.fingerprint, cluster_id=each.repeated.cluster_id)
            for other, each in found
            if each.kept and copies.worth_a_look(asked, each.fingerprint)
        ]

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
            key = _key(article)
            self._leave(key)
            self._came += 1
            self._waiting[key] = _Waiting(
                fingerprint=fingerprint, place=self._came, repeated=repeated, article=ref(article)
            )
            self._leads.add(_leads(fingerprint), key)

    def forget(self, article: Article) -> None:
        """Take back :meth:`expect`."""
        waiting = self._waiting.get(_key(article))
        if waiting is not None and waiting.article() is article:
            self._leave(_key(article))
            self._forget_edges_to({_key(article)})

    def _leave(self, key: Key) -> None:
        waiting = self._waiting.pop(key, None)
        if waiting is not None:
            self._leads.remove(_leads(waiting.fingerprint), key)

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
        new = [
            NewCopy(
                id=key[0],
                version=key[1],
                fingerprint=each.fingerprint,
                committed_at=now,
                cluster_id=each.repeated.cluster_id,
            )
            for key, each in written.items()
        ]
        self._told = list(zip(copies.add(connection, new), new, strict=True))
        copies.relate(connection, (edge for edge in self._edges(written) if not self._is_coming(edge.other)))

    def acknowledge(self) -> None:
        """Forget what the store has learned, and what was never kept."""
        written = self._written()
        self._later = [edge for edge in self._edges(written) if self._is_coming(edge.other)]
        gone = {key for key, each in self._waiting.items() if not each.kept}
        self._waiting = {key: each for key, each in self._waiting.items() if key not in gone and key not in written}
        # Few stay, if any.
        self._leads.clear()
        for key, each in self._waiting.items():
            self._leads.add(_leads(each.fingerprint), key)
        self._forget_edges_to(gone)
        if self.window_s:
            for number, copy in self._told:
                seen = copies.witness(copy.id, copy.version, copy.committed_at)
                self.index.add(number, copy.fingerprint, seen)
            self.index.tidy()
        self._told = []

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


def _leads(fingerprint: Fingerprint) -> list[int | str | None]:
    """Return what a text may have in common with others; most have nothing."""
    return [fingerprint.digest, *(fingerprint.lead_keys if fingerprint.signature else ())]


def _key(article: Article) -> Key:
    return article.id or "", article.version

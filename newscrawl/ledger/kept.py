"""Rows that were kept, in this run or before: what a new article is compared with, and what the store does not know."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from sqlalchemy import Connection

from newscrawl.fingerprint import folded_digest
from newscrawl.items import Article, VersionKey
from newscrawl.ledger.copies import Copies, Repeated
from newscrawl.store import Store, articles
from newscrawl.store.articles import NewArticle, StoredArticle

if TYPE_CHECKING:
    from newscrawl.fingerprint.copies import Fingerprint
    from newscrawl.store.copyindex import CopyIndex


def text_digest(article: Article) -> str | None:
    """Return the digest that tells two texts apart: of the folded body, or of the headline where there is no body."""
    return folded_digest(article.article_body) or folded_digest(article.headline)


class KeptRows:
    """The store's rows together with those that it does not have yet. Looking up raises :exc:`StorageError`."""

    def __init__(
        self,
        store: Store,
        *,
        spider: str,
        run_id: str,
        clock: Callable[[], float],
        window_s: float = 0.0,
        index: CopyIndex,
    ) -> None:
        """*window_s*: how far back texts are looked for that are nearly the same; *index* leads to them."""
        self.store = store
        self.spider = spider
        self.run_id = run_id
        self.clock = clock
        # Weak: an article that a later pipeline drops was never kept.
        self._coming: WeakValueDictionary[str, Article] = WeakValueDictionary()
        self._coming_texts: WeakValueDictionary[str, Article] = WeakValueDictionary()
        self._copies = Copies(index, window_s=window_s, clock=clock)
        self.acknowledge()

    def acknowledge(self) -> None:
        """Forget what the store has learned."""
        self._new: list[NewArticle] = []
        self._by_id: dict[str, NewArticle] = {}
        self._by_text: dict[str, VersionKey] = {}
        self._digests: dict[tuple[str | None, int], str | None] = {}
        self._seen: list[tuple[str, float]] = []
        self._copies.acknowledge()

    @property
    def pending(self) -> bool:
        """Whether there is something that the store has not learned."""
        return bool(self._new or self._seen)

    def write(self, connection: Connection) -> None:
        """Tell the store."""
        articles.add(connection, self._new)
        self._copies.write(connection)
        if self._seen:
            articles.seen(connection, self._seen)

    def close(self) -> None:
        """End what the next process would have to begin anew."""
        self._copies.index.close()

    def expect(self, article: Article, fingerprint: Fingerprint, repeated: Repeated) -> None:
        """Take *article* with its :func:`.text_fingerprint` as kept: others may come by before its row is written."""
        digest = fingerprint.digest
        self._copies.expect(article, fingerprint, repeated)
        self._digests[article.id, article.version] = digest
        self._coming[article.id or ""] = article
        if digest is not None:
            self._coming_texts.setdefault(digest, article)

    def forget(self, article: Article) -> None:
        """Take back :meth:`expect`: *article* will not be kept."""
        self._copies.forget(article)
        if self._coming.get(article.id or "") is article:
            del self._coming[article.id or ""]
        self._digests.pop((article.id, article.version), None)
        for digest in [digest for digest, other in self._coming_texts.items() if other is article]:
            del self._coming_texts[digest]

    def add(self, article: Article, line: bytes, *, file: str, offset: int) -> None:
        """Take up the row that was written at *offset* of *file*."""
        row = self._row(article, line, file, offset)
        self._new.append(row)
        self._copies.add(article)
        self._by_id[row.id] = row
        if self._coming.get(row.id) is article:
            del self._coming[row.id]
        if row.text_digest is not None:
            self._by_text.setdefault(row.text_digest, VersionKey(id=row.id, version=row.version))
            if self._coming_texts.get(row.text_digest) is article:
                del self._coming_texts[row.text_digest]

    def seen_again(self, id_: str) -> None:
        """Note that an article was read again and is unchanged."""
        self._seen.append((id_, self.clock()))

    def latest(self, id_: str) -> NewArticle | StoredArticle | None:
        """Return the newest version of an article that was kept, or is about to be."""
        coming = self._coming.get(id_)
        if coming is not None:
            names = ("headline", "article_body", "cluster_id", "canonical_url")
            texts = {name: getattr(coming, name) for name in names}
            return self._row(coming, json.dumps(texts).encode(), "", 0)
        found = self._by_id.get(id_)
        if found is not None:
            return found
        with self.store.reading() as connection:
            return articles.latest(connection, id_)

    def _first_here(self, digest: str) -> VersionKey | None:
        """Return the first of the rows that the store does not have with this text."""
        coming = self._coming_texts.get(digest)
        if coming is None or digest in self._by_text:
            return self._by_text.get(digest)
        return VersionKey(id=coming.id or "", version=coming.version)

    def version_with_text(self, id_: str, digest: str) -> int | None:
        """Return the last version of an article that had this folded text, or None."""
        coming = self._coming.get(id_)
        if coming is not None and text_digest(coming) == digest:
            return coming.version
        here = [row.version for row in self._new if row.id == id_ and row.text_digest == digest]
        if here:
            return max(here)
        with self.store.reading() as connection:
            return articles.version_with_text(connection, id_, digest)

    def repeated(self, article: Article, fingerprint: Fingerprint) -> Repeated:
        """Return what *article* with its :func:`.text_fingerprint` is to what was kept."""
        if fingerprint.digest is None:
            return Repeated()
        first = self._first_here(fingerprint.digest)
        with self.store.reading() as connection:
            return self._copies.repeated(
                connection,
                (article.id or "", article.version),
                fingerprint,
                None if first is None else (first.id, first.version),
            )

    def _row(self, article: Article, line: bytes, file: str, offset: int) -> NewArticle:
        return NewArticle(
            id=article.id or "",
            version=article.version,
            url_key=article.url_key or "",
            url=article.url or "",
            site=article.site or "",
            spider=self.spider,
            run_id=self.run_id,
            text_digest=self._digests.get((article.id, article.version)) or text_digest(article),
            record_id=article.capture.record_id if article.capture else None,
            snapshot_path=article.snapshot.path if article.snapshot else None,
            snapshot_sha256=article.snapshot.sha256 if article.snapshot else None,
            date_published=article.date_published,
            in_language=article.in_language,
            file=file,
            offset=offset,
            length=len(line),
            row=line,
            committed_at=self.clock(),
        )

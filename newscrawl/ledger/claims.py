"""What a page says it is a form of: claims, held against the text of the article that they name.

A page names another one by its canonical link (or ``og:url``), a server by a redirect. Either may be wrong: a site
calls every page its home page, or leads from stories that are gone to the newest one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from newscrawl.fingerprint.clusters import Edge, equal
from newscrawl.items import Article, Provenance, Warn
from newscrawl.ledger.copies import RANK, Repeated, relation, text_fingerprint
from newscrawl.store.articles import NewArticle, StoredArticle
from newscrawl.urls import UrlKeys, url_loose

_SURE, _FAIR = 0.98, 0.9
"""Confidence in what the texts, the claim and the form of the URLs say alike, and in what the first two do."""


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What became of the claims of a page."""

    repeated: Repeated
    """With the relation to an article that is claimed and has the text, however long ago it was kept."""
    evidence: tuple[Provenance, ...] = ()
    warnings: tuple[Warn, ...] = ()


class Kept(Protocol):
    """What is known of the articles that were kept."""

    @property
    def url_key(self) -> UrlKeys:
        """By what URLs are told apart."""

    def latest(self, id_: str) -> NewArticle | StoredArticle | None:
        """Return the newest version of an article."""

    def latest_at(self, url: str) -> NewArticle | StoredArticle | None:
        """Return the newest version of the article at *url*."""


def checked(article: Article, repeated: Repeated, kept: Kept) -> Checked:
    """Return what holds of the claims of *article*, which is *repeated*, beside what was *kept*.

    A claim to be a page that was never kept stays as it is: nothing speaks for it or against it.
    """
    found = Checked(repeated=repeated)
    for field, url in _claims(article, kept):
        claimed = kept.latest_at(url)
        if claimed is None or claimed.id == article.id or claimed.text_digest is None:
            continue
        edge = _edge(article, found.repeated, claimed)
        if edge is None:
            warning = Warn(field=field, code="claim_of_other_text", detail=url[:200])
            found = replace(found, warnings=(*found.warnings, warning))
        else:
            found = _confirmed(found, edge, claimed, article, field, url)
    return found if found.evidence else _claimed(found, article, kept)


def _claims(article: Article, kept: Kept) -> Iterator[tuple[str, str]]:
    """Yield field and URL of each claim to be another page."""
    for field, url in (("canonical_url", article.canonical_url), ("requested_url", article.requested_url)):
        if url is not None and kept.url_key(url) != article.url_key:
            yield field, url


def _edge(article: Article, repeated: Repeated, claimed: NewArticle | StoredArticle) -> Edge | None:
    """Return what *article* is to the article *claimed*, None where it has another text."""
    known = [edge for edge in repeated.edges if edge.other[0] == claimed.id]
    if not known:
        # Kept before the time that is looked back, or a text that is too common to be looked for.
        row = json.loads(claimed.row)
        other = Article(article_body=row.get("article_body"), headline=row.get("headline"))
        told = relation(text_fingerprint(article), text_fingerprint(other))
        if told is None:
            return None
        known = [Edge((article.id or "", article.version), (claimed.id, claimed.version), told.kind, told.similarity)]
    best = min(known, key=lambda edge: RANK[edge.kind])
    return None if best.kind == "template_sibling" else best


def _cluster_of(row: NewArticle | StoredArticle) -> str:
    """Return the cluster that *row* was committed in: that of its article where it names none."""
    return json.loads(row.row).get("cluster_id") or row.id


def _confirmed(
    found: Checked, edge: Edge, claimed: NewArticle | StoredArticle, article: Article, field: str, url: str
) -> Checked:
    """Take *edge* up. Of several rows that the article repeats in the same way, it names the one that it claims."""
    repeated, best = found.repeated, found.repeated.best
    if edge not in repeated.edges:
        # The same text is of the same story, however old the row is; of any other the rows around it would be needed.
        cluster = _cluster_of(claimed) if equal(edge) else None
        edges = (*repeated.edges, edge)
        repeated = replace(repeated, edges=edges, best=best or edge, cluster_id=repeated.cluster_id or cluster)
    elif best is None:
        # The article itself had the text before.
        return found
    if best is not None and RANK[edge.kind] > RANK[best.kind]:
        return replace(found, repeated=repeated)
    stated = next((said for said in article.provenance if said.field == field), None)
    method, where = ("url", "redirect") if stated is None else (stated.method, stated.where)
    said = _evidence(method, where, url, article.url)
    return replace(found, repeated=replace(repeated, best=edge), evidence=(said,))


def _claimed(found: Checked, article: Article, kept: Kept) -> Checked:
    """Take up that the row which *article* repeats claimed to be it, when it was not known yet."""
    best = found.repeated.best
    other = None if best is None or best.kind == "template_sibling" else kept.latest(best.other[0])
    url = None if other is None else json.loads(other.row).get("canonical_url")
    if other is None or url is None or kept.url_key(url) != article.url_key:
        return found
    return replace(found, evidence=(_evidence("meta", "canonical", url, other.url),))


def _evidence(method: str, where: str | None, url: str, claimant: str | None) -> Provenance:
    sure = url_loose(url) == url_loose(claimant or "")
    return Provenance(
        field="duplicate_of", method=method, where=where, raw=url[:200], confidence=_SURE if sure else _FAIR
    )

"""Stories: the articles of a store gathered by what their versions are to each other."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from newscrawl.dates import earliest_moment
from newscrawl.fingerprint.clusters import Edge, Key, Member, clusters
from newscrawl.store import articles, copies
from newscrawl.store.articles import StoredArticle


@dataclass(frozen=True, kw_only=True)
class Story:
    """One story: articles, each with all its versions."""

    articles: tuple[tuple[StoredArticle, ...], ...]
    """The one that stands for the story first; then in the order of commit."""

    @property
    def representative(self) -> StoredArticle:
        """The newest version of the article that stands for the story."""
        return self.articles[0][-1]

    @cached_property
    def rows(self) -> tuple[StoredArticle, ...]:
        """Every version of every article."""
        return tuple(row for versions in self.articles for row in versions)


def stories(connection: Connection, *, site: str | None = None, since: float | None = None) -> list[Story]:
    """Return the stories of more than one article or version, the one whose first row came last first.

    Only those that have a row of *site*, and one committed from *since* on.
    """
    edges = _edges(connection)
    related = {end[0] for edge in edges if edge.kind != "template_sibling" for end in (edge.one, edge.other)}
    by_id: dict[str, list[StoredArticle]] = defaultdict(list)
    for row in articles.of_ids(connection, sorted(related | articles.changed_ids(connection))):
        by_id[row.id].append(row)
    known = [edge for edge in edges if edge.one[0] in by_id and edge.other[0] in by_id]
    found = clusters(known, {(id_, 1): _member(rows[-1]) for id_, rows in by_id.items()})
    gathered = [[cluster.representative[0], *(id_ for id_, _ in cluster.members)] for cluster in found]
    alone = by_id.keys() - {id_ for ids in gathered for id_ in ids}
    gathered += [[id_] for id_ in alone if len(by_id[id_]) > 1]
    every = [_story(ids, by_id) for ids in gathered]
    chosen = [
        story
        for story in every
        if (site is None or any(row.site == site for row in story.rows))
        and (since is None or any(row.committed_at >= since for row in story.rows))
    ]
    return sorted(chosen, key=lambda story: (-min(row.committed_at for row in story.rows), story.representative.id))


def story_names(connection: Connection) -> dict[str, str]:
    """Return for each article of a story of several what the story is called: the id of the article kept first."""
    gathered = [[id_ for id_, _ in cluster.members] for cluster in clusters(_edges(connection))]
    kept_at = articles.kept_at(connection, sorted({id_ for ids in gathered for id_ in ids}))
    names: dict[str, str] = {}
    for ids in gathered:
        there = [id_ for id_ in ids if id_ in kept_at]
        if len(there) > 1:
            names |= dict.fromkeys(there, min(there, key=lambda id_: (kept_at[id_], id_)))
    return names


def names_in(found: Iterable[Story]) -> dict[str, str]:
    """Return the same as :func:`story_names`, from all :func:`stories`."""
    names: dict[str, str] = {}
    for story in found:
        if len(story.articles) > 1:
            first = min((versions[0] for versions in story.articles), key=lambda row: (row.committed_at, row.id))
            names |= {versions[0].id: first.id for versions in story.articles}
    return names


def _edges(connection: Connection) -> list[Edge]:
    """Return what articles are to each other: what one version is to a version of another, the whole article is."""
    return [Edge(_article(edge.one), _article(edge.other), *edge[2:]) for edge in copies.all_relations(connection)]


def _article(key: Key) -> Key:
    return key[0], 1


def _story(ids: list[str], by_id: dict[str, list[StoredArticle]]) -> Story:
    first, rest = ids[0], sorted(set(ids) - {ids[0]}, key=lambda id_: (by_id[id_][0].committed_at, id_))
    return Story(articles=tuple(tuple(by_id[id_]) for id_ in (first, *rest)))


def _member(row: StoredArticle) -> Member:
    said: dict[str, Any] = json.loads(row.row)
    published = earliest_moment(row.date_published) if row.date_published else None
    source, body = said.get("source_organization"), said.get("article_body")
    return Member(
        published=None if published is None else published.timestamp(),
        names_source=bool(source),
        length=len(body) if isinstance(body, str) else 0,
    )

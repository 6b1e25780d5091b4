"""Rows of a store, chosen for an export."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from newscrawl.ledger.stories import Story, names_in, stories, story_names
from newscrawl.store import articles
from newscrawl.store.articles import StoredArticle

PER = ("article", "story", "version")

# Between two keys of the row itself: within a text the quotes would be escaped.
_CLUSTER = re.compile(rb'(?<=,"cluster_id":)(?:null|"[^"\\]*")(?=,")')

Row = tuple[bytes, dict[str, Any]]
"""A row as its line and as an object."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which rows."""

    per: str = "article"
    """One row a story, one an article (its newest version), or every version."""
    site: str | None = None
    since: float | None = None
    """Kept from then on, in seconds."""
    until: float | None = None
    """Kept before then."""
    language: str | None = None
    """``zh`` takes ``zh-Hans``, too."""
    source: str | None = None
    """The outlet that the page credits."""
    tag: str | None = None
    """One of its tags."""
    as_written: bool = False
    """Whether ``cluster_id`` stays as it was written; otherwise it is what is known now."""

    def rows(self, connection: Connection) -> Iterator[Row]:
        """Yield each row, in the order of commit."""
        names, left_out = dict[str, str](), frozenset[str]()
        if self.per == "story":
            found = stories(connection)
            names, left_out = names_in(found), self._left_out(connection, found)
        elif not self.as_written:
            names = story_names(connection)
        for stored, row in self._chosen(connection):
            if stored.id not in left_out:
                yield row if self.as_written else _known_now(row, names.get(stored.id))

    def _chosen(self, connection: Connection) -> Iterator[tuple[StoredArticle, Row]]:
        for stored in articles.iterate(connection, site=self.site, since=self.since, until=self.until):
            if not self._speaks(stored.in_language):
                continue
            if self.per != "version" and articles.newest_version(connection, stored.id) != stored.version:
                continue
            line = stored.row
            said = json.loads(line)
            if self._fits(said):
                yield stored, (line, said)

    def _left_out(self, connection: Connection, found: Sequence[Story]) -> frozenset[str]:
        """Return the articles for which another one stands: the representative, or the first of those chosen."""
        gathered = [[versions[0].id for versions in story.articles] for story in found]
        ids = {id_ for story in gathered if len(story) > 1 for id_ in story}
        chosen = {stored.id for stored, _ in self._chosen(connection) if stored.id in ids} if ids else set()
        return frozenset(id_ for story in gathered for id_ in [each for each in story if each in chosen][1:])

    def _speaks(self, language: str | None) -> bool:
        wanted, found = (self.language or "").lower(), (language or "").lower()
        return not wanted or found == wanted or found.startswith(f"{wanted}-")

    def _fits(self, said: dict[str, Any]) -> bool:
        if self.source is not None and said.get("source_organization") != self.source:
            return False
        return self.tag is None or self.tag in _tag_names(said.get("tags"))


def _tag_names(tags: Any) -> list[Any]:
    """Return the names of *tags* in any row: other versions and other programs may have written plain texts."""
    some = tags if isinstance(tags, list) else []
    return [tag.get("name") if isinstance(tag, dict) else tag for tag in some]


def _known_now(row: Row, story: str | None) -> Row:
    """Return *row* with the name of its story; None in the rows of the article that the story is called by."""
    line, said = row
    cluster_id = None if story == said.get("id") else story
    if "cluster_id" not in said or said["cluster_id"] == cluster_id:
        return row
    value = json.dumps(cluster_id).encode()
    return _CLUSTER.sub(lambda _: value, line, count=1), {**said, "cluster_id": cluster_id}

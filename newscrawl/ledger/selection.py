"""Rows of a store, chosen for an export."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from newscrawl.ledger.stories import stories
from newscrawl.store import articles
from newscrawl.store.articles import StoredArticle

PER = ("article", "story", "version")


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

    def rows(self, connection: Connection) -> Iterator[tuple[bytes, dict[str, Any]]]:
        """Yield each row as its line and as an object, in the order of commit."""
        others = set() if self.per != "story" else _copies(connection)
        for row in articles.iterate(connection, site=self.site, since=self.since, until=self.until):
            if row.id in others or not self._speaks(row.in_language):
                continue
            if self.per != "version" and not _is_newest(connection, row):
                continue
            line = row.row
            said = json.loads(line)
            if self._fits(said):
                yield line, said

    def _speaks(self, language: str | None) -> bool:
        wanted, found = (self.language or "").lower(), (language or "").lower()
        return not wanted or found == wanted or found.startswith(f"{wanted}-")

    def _fits(self, said: dict[str, Any]) -> bool:
        if self.source is not None and said.get("source_organization") != self.source:
            return False
        return self.tag is None or self.tag in {tag.get("name") for tag in said.get("tags") or ()}


def _is_newest(connection: Connection, row: StoredArticle) -> bool:
    return articles.newest_version(connection, row.id) == row.version


def _copies(connection: Connection) -> set[str]:
    """Return the articles for which another one stands."""
    return {versions[0].id for story in stories(connection) for versions in story.articles[1:]}

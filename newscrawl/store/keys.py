"""Keys of URLs in the store, made anew when the rules by which they are made have changed.

An article's id is the digest of its key at first sight and stays; the table ``article_keys`` has the articles that are
known by another key by now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection, Row, Table, bindparam, select

from newscrawl.store.schema import (
    DUE,
    article_keys,
    articles,
    captures,
    feeds,
    insert_into,
    meta,
    tombstones,
    upsert_into,
    urls,
)
from newscrawl.urls import UrlKeys, url_id

_MADE_BY = "url_keys"


def article_id(c: Connection, key: str) -> str:
    """Return the id of the article with this ``url_key``, kept or not."""
    found: str | None = c.execute(_ID, {"b_key_id": url_id(key)}).scalar()
    return found or url_id(key)


def has_others(c: Connection) -> bool:
    """Tell whether any article is known by another key than the one its id was made of."""
    return c.execute(select(article_keys.c.key_id).limit(1)).first() is not None


def remake(c: Connection, keys: UrlKeys, fingerprint_of: Callable[[str], bytes], *, anew: bool = False) -> int:
    """Bring every key to *keys*; return how many were another one. *fingerprint_of* a key tells requests apart.

    Nothing is done where the store says that its keys were made by the same rules, unless they are to be made *anew*.
    """
    if c.execute(_MADE).scalar() == keys.name and not anew:
        return 0
    # Of several workers that begin at the same time the others wait here.
    c.execute(select(meta.c.value).where(meta.c.key == "schema_version").with_for_update())
    before = None if anew else c.execute(_MADE).scalar()
    if before == keys.name:
        return 0
    # What a profile says is of parameters only.
    with_query = before is not None and UrlKeys.version_in(before) == UrlKeys.version_in(keys.name)
    changed = (
        _remake_articles(c, keys, with_query=with_query)
        + _remake_column(c, captures, captures.c.number, keys, with_query=with_query)
        + _remake_column(c, tombstones, tombstones.c.record_id, keys, with_query=with_query)
        + _remake_feeds(c, keys, with_query=with_query)
        + _remake_pages(c, keys, fingerprint_of, with_query=with_query)
    )
    c.execute(upsert_into(c.dialect.name, meta), {"key": _MADE_BY, "value": keys.name})
    return changed


class _Changed(NamedTuple):
    """A row whose key is another one now."""

    row: Row[*tuple[Any, ...]]
    key: str


def _changed(
    c: Connection, table: Table, keys: UrlKeys, columns: list[sa.Column[Any]], *, with_query: bool
) -> list[_Changed]:
    def found() -> Iterator[_Changed]:
        statement = select(*columns, table.c.url, table.c.url_key).order_by(columns[0])
        if with_query:
            statement = statement.where(table.c.url.contains("?", autoescape=True))
        with c.execute(statement, execution_options={"yield_per": 1000}) as rows:
            for row in rows:
                key = keys(row.url)
                if key != row.url_key:
                    yield _Changed(row, key)

    return list(found())


def _remake_column(c: Connection, table: Table, name: sa.Column[Any], keys: UrlKeys, *, with_query: bool) -> int:
    changed = _changed(c, table, keys, [name], with_query=with_query)
    if changed:
        statement = sa.update(table).where(name == bindparam("b_row")).values(url_key=bindparam("b_key"))
        c.execute(statement, [{"b_row": row[0], "b_key": key} for row, key in changed])
    return len(changed)


def _remake_articles(c: Connection, keys: UrlKeys, *, with_query: bool) -> int:
    changed = _changed(c, articles, keys, [articles.c.number, articles.c.id], with_query=with_query)
    if changed:
        c.execute(_SET_KEY, [{"b_number": row.number, "b_key": key} for row, key in changed])
    for row, key in changed:
        if url_id(key) == row.id:
            c.execute(sa.delete(article_keys).where(article_keys.c.key_id == row.id))
        elif c.execute(_OWNER, {"b_id": url_id(key), "b_key": key}).first() is None:
            _lead(c, url_id(key), row.id)
        if url_id(row.url_key) == row.id and keys(row.url_key) == row.url_key:
            # Another page may have the key from now on. It is another article.
            _lead(c, row.id, url_id(f"{row.url_key} again"))
    return len(changed)


def _lead(c: Connection, key_id: str, id_: str) -> None:
    """Let the article that was kept first be the one with the key."""
    row = {"key_id": key_id, "article_id": id_}
    c.execute(insert_into(c.dialect.name, article_keys).on_conflict_do_nothing(), row)


def _remake_feeds(c: Connection, keys: UrlKeys, *, with_query: bool) -> int:
    changed = _changed(c, feeds, keys, [feeds.c.added_at], with_query=with_query)
    for row, key in changed:
        chosen = feeds.c.url_key == row.url_key
        if c.execute(select(feeds.c.url_key).where(feeds.c.url_key == key)).first() is None:
            c.execute(sa.update(feeds).where(chosen).values(url_key=key))
        else:
            c.execute(sa.delete(feeds).where(chosen))
    return len(changed)


def _remake_pages(c: Connection, keys: UrlKeys, fingerprint_of: Callable[[str], bytes], *, with_query: bool) -> int:
    """Make anew what the pages that are read again are told by; of two that are one by now, one is read."""
    statement = select(urls.c.id, urls.c.url, urls.c.fingerprint).where(DUE).order_by(urls.c.id)
    if with_query:
        statement = statement.where(urls.c.url.contains("?", autoescape=True))
    pages = [(row, fingerprint_of(keys(row.url))) for row in c.execute(statement)]
    changed = [(row, fingerprint) for row, fingerprint in pages if fingerprint != row.fingerprint]
    for row, fingerprint in changed:
        other = c.execute(select(urls.c.due_at).where(urls.c.fingerprint == fingerprint)).first()
        if other is None:
            c.execute(sa.update(urls).where(urls.c.id == row.id).values(fingerprint=fingerprint))
        elif other.due_at is not None:
            c.execute(sa.update(urls).where(urls.c.id == row.id).values(due_at=None))
    return len(changed)


_ID = select(article_keys.c.article_id).where(article_keys.c.key_id == bindparam("b_key_id"))
_MADE = select(meta.c.value).where(meta.c.key == _MADE_BY)
_SET_KEY = sa.update(articles).where(articles.c.number == bindparam("b_number")).values(url_key=bindparam("b_key"))
_OWNER = select(articles.c.number).where(articles.c.id == bindparam("b_id"), articles.c.url_key == bindparam("b_key"))

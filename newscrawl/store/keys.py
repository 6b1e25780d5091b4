"""Keys of URLs in the store, made anew when the rules by which they are made have changed.

An article's id is the digest of its key at first sight and stays; its rows keep the keys they were written with. Which
article a key leads to now, where that no longer follows, is in the table ``article_keys``.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection, Row, bindparam, select

from newscrawl.store.feeds import LONGEST_KEY
from newscrawl.store.schema import DUE, article_keys, articles, captures, feeds, meta, upsert_into, urls
from newscrawl.urls import UrlKeys, url_id

_MADE_BY = "url_keys"


def stored(c: Connection) -> UrlKeys | None:
    """Return the rules by which the keys were made; None where that is not known."""
    text = c.execute(_MADE).scalar()
    return None if text is None else UrlKeys.read(text)


def forget(c: Connection) -> None:
    """Let the keys be made anew the next time: what came in meanwhile may have others."""
    c.execute(sa.delete(meta).where(meta.c.key == _MADE_BY))


def article_id(c: Connection, key: str) -> str:
    """Return the id of the article with this ``url_key``, kept or not."""
    found: str | None = c.execute(_ID, {"b_key_id": url_id(key)}).scalar()
    return found or url_id(key)


def has_others(c: Connection) -> bool:
    """Tell whether any key leads to another article than the one whose id is its digest."""
    return c.execute(select(article_keys.c.key_id).limit(1)).first() is not None


def made_by(c: Connection, keys: UrlKeys) -> bool:
    """Tell whether the keys were made by these rules."""
    return bool(c.execute(_MADE).scalar() == keys.written)


def remake(c: Connection, keys: UrlKeys, fingerprint_of: Callable[[str], bytes]) -> int:
    """Bring every key to *keys*; return how many are other ones now. *fingerprint_of* a key tells requests apart.

    Nothing is done where they were made by these rules. No worker may be at work.
    """
    before = c.execute(_MADE).scalar()
    if before == keys.written:
        return 0
    # What a profile says is of parameters only.
    with_query = before is not None and UrlKeys.version_in(before) == UrlKeys.version_in(keys.written)
    changed = (
        _remake_articles(c, keys)
        + _remake_captures(c, keys, with_query=with_query)
        + _remake_feeds(c, keys)
        + _remake_pages(c, keys, fingerprint_of, with_query=with_query)
    )
    c.execute(upsert_into(c.dialect.name, meta), {"key": _MADE_BY, "value": keys.written})
    return changed


# Articles ------------------------------------------------------------------------------------------------


class _Article(NamedTuple):
    """An article that is known by another key than the one its id is the digest of."""

    id: str
    number: int
    """Of its first row."""


def _remake_articles(c: Connection, keys: UrlKeys) -> int:
    """Fill the table anew: it follows from the first row of each article, whatever it held before."""
    moved: dict[str, list[_Article]] = defaultdict(list)
    for row in _streamed(c, _FIRST_ROWS):
        digest = url_id(keys(row.url))
        if digest != row.id and _is_ours(row):
            moved[digest].append(_Article(row.id, row.number))
    entries: dict[str, str] = {}
    for digest, found in moved.items():
        first = min(found, key=lambda article: article.number)
        own = c.execute(_FIRST_ROW, {"b_id": digest}).first()
        if own is None or url_id(keys(own.url)) != digest or own.number > first.number:
            entries[digest] = first.id
    for article in (article for found in moved.values() for article in found):
        # Whatever page has the key of then from now on is another article.
        entries.setdefault(article.id, _again(article.id))
    c.execute(sa.delete(article_keys))
    if entries:
        c.execute(sa.insert(article_keys), [{"key_id": key_id, "article_id": id_} for key_id, id_ in entries.items()])
    return sum(map(len, moved.values()))


def _is_ours(row: Row[*tuple[Any, ...]]) -> bool:
    """Tell whether an id was made from the key, and the key from the URL: another spider's may have its own."""
    natural = url_id(row.url_key)
    return row.id in (natural, _again(natural)) and row.url_key.startswith(("http://", "https://"))


def _again(id_: str) -> str:
    """Return the id of the page that has the key *id_* was made of, after the article has moved to another key."""
    return hashlib.sha256(f"{id_} again".encode()).hexdigest()


# What else is told by a key ------------------------------------------------------------------------------


def _remake_captures(c: Connection, keys: UrlKeys, *, with_query: bool) -> int:
    statement = select(captures.c.number, captures.c.url, captures.c.url_key)
    found = ((row, keys(row.url)) for row in _streamed(c, _with_query(statement, captures.c.url, with_query)))
    changed = [{"b_number": row.number, "b_key": key} for row, key in found if key != row.url_key]
    if changed:
        c.execute(_SET_CAPTURE, changed)
    return len(changed)


def _remake_feeds(c: Connection, keys: UrlKeys) -> int:
    """Of feeds that are one by now, the first stays, due when the first of them was."""
    groups: dict[str, list[Row[*tuple[Any, ...]]]] = defaultdict(list)
    for row in c.execute(select(feeds).order_by(feeds.c.added_at, feeds.c.url_key)):
        groups[keys(row.url)].append(row)
    changed = {key: rows for key, rows in groups.items() if [row.url_key for row in rows] != [key]}
    gone = [{"b_key": row.url_key} for rows in changed.values() for row in rows]
    if gone:
        c.execute(_DELETE_FEED, gone)
    kept = [
        {**rows[0]._mapping, "url_key": key, "next_due": min(row.next_due for row in rows)}
        for key, rows in changed.items()
        if len(key) <= LONGEST_KEY
    ]
    if kept:
        c.execute(sa.insert(feeds), kept)
    return len(gone)


def _remake_pages(c: Connection, keys: UrlKeys, fingerprint_of: Callable[[str], bytes], *, with_query: bool) -> int:
    """Make anew what the pages that are read again are told by; of pages that are one by now, the first is read."""
    groups: dict[bytes, list[Row[*tuple[Any, ...]]]] = defaultdict(list)
    for row in _streamed(c, _with_query(_PAGES.where(DUE), urls.c.url, with_query)):
        fingerprint = fingerprint_of(keys(row.url))
        if fingerprint != row.fingerprint:
            groups[fingerprint].append(row)
    moving = {row.id for rows in groups.values() for row in rows}
    # The page that led to one of these by a redirect has the key: both stay.
    others = {fingerprint: c.execute(_PAGES.where(urls.c.fingerprint == fingerprint)).first() for fingerprint in groups}
    pinned = [
        fingerprint
        for fingerprint, other in others.items()
        if other is not None and other.id not in moving and other.due_at is None
    ]
    for fingerprint in pinned:
        moving -= {row.id for row in groups.pop(fingerprint)}
    # One may have what another is to get.
    for id_ in sorted(moving):
        _set_page(c, id_, fingerprint=fingerprint_of(f"page {id_} before"), due_at=None)
    for fingerprint, rows in groups.items():
        other = others[fingerprint]
        due_at = min(row.due_at for row in rows)
        if other is not None and other.id not in moving:
            _set_page(c, other.id, due_at=min(due_at, other.due_at))
        else:
            _set_page(c, min(row.id for row in rows), fingerprint=fingerprint, due_at=due_at)
    return len(moving)


def _set_page(c: Connection, id_: int, **values: Any) -> None:
    c.execute(sa.update(urls).where(urls.c.id == id_).values(**values))


def _with_query(
    statement: sa.Select[*tuple[Any, ...]], url: sa.ColumnElement[str], with_query: bool
) -> sa.Select[*tuple[Any, ...]]:
    return statement.where(url.contains("?", autoescape=True)) if with_query else statement


def _streamed(c: Connection, statement: sa.Select[*tuple[Any, ...]]) -> Iterator[Row[*tuple[Any, ...]]]:
    with c.execute(statement, execution_options={"yield_per": 1000}) as rows:
        yield from rows


_ID = select(article_keys.c.article_id).where(article_keys.c.key_id == bindparam("b_key_id"))
_MADE = select(meta.c.value).where(meta.c.key == _MADE_BY)
_EARLIER = articles.alias()
_FIRST_ROWS = select(articles.c.number, articles.c.id, articles.c.url, articles.c.url_key).where(
    ~sa.exists().where(_EARLIER.c.id == articles.c.id, _EARLIER.c.version < articles.c.version)
)
_FIRST_ROW = _FIRST_ROWS.where(articles.c.id == bindparam("b_id"))
_SET_CAPTURE = sa.update(captures).where(captures.c.number == bindparam("b_number")).values(url_key=bindparam("b_key"))
_DELETE_FEED = sa.delete(feeds).where(feeds.c.url_key == bindparam("b_key"))
_PAGES = select(urls.c.id, urls.c.url, urls.c.fingerprint, urls.c.due_at)

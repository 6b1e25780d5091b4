from __future__ import annotations

import pytest
from stores import new_article

from newscrawl.exceptions import StorageError
from newscrawl.store import Store, articles
from newscrawl.store.articles import NewArticle, StoredArticle


def keys(found: list[StoredArticle]) -> list[tuple[int, int]]:
    return [(int(article.id, 16), article.version) for article in found]


def same(stored: StoredArticle | None, article: NewArticle) -> bool:
    return stored is not None and all(getattr(stored, name) == getattr(article, name) for name in article.__slots__)


def test_a_row_comes_back_as_it_was(store: Store) -> None:
    article = new_article(1, row='{"headline": "台湾\0"}\n'.encode() * 200, text_digest=None, record_id=None)
    with store.begin() as c:
        articles.add(c, [])
        articles.add(c, [article, new_article(2, in_language=None, date_published=None)])
        found = articles.latest(c, article.id)
        assert same(found, article)
        assert found is not None
        assert len(found.packed) < len(article.row) // 10
        assert found.last_seen == article.committed_at
        assert articles.latest(c, "f" * 64) is None


def test_the_newest_version_is_the_latest(store: Store) -> None:
    with store.begin() as c:
        articles.add(c, [new_article(1, version=2), new_article(1), new_article(1, version=10)])
        assert same(articles.latest(c, new_article(1).id), new_article(1, version=10))
        assert keys(articles.versions(c, new_article(1).id)) == [(1, 1), (1, 2), (1, 10)]
        assert articles.count(c) == 1


def test_a_version_is_there_once(store: Store) -> None:
    with pytest.raises(StorageError), store.begin() as c:
        articles.add(c, [new_article(1), new_article(1)])
    with store.begin() as c:
        assert articles.count(c) == 0
        assert articles.first_with_text(c, new_article(1).id) is None


def test_the_first_with_a_text_is_the_one_committed_first(store: Store) -> None:
    digest = "d" * 64
    with store.begin() as c:
        articles.add(c, [new_article(1), new_article(2, text_digest=digest), new_article(3, text_digest=None)])
        articles.add(c, [new_article(0, text_digest=digest)])
        assert articles.first_with_text(c, digest) == (new_article(2).id, 1)
        assert articles.first_with_text(c, "e" * 64) is None


def test_an_article_met_again_is_noted_on_its_newest_version_and_never_earlier(store: Store) -> None:
    id_ = new_article(1).id
    with store.begin() as c:
        articles.add(c, [new_article(1, committed_at=5.0), new_article(1, version=2, committed_at=6.0)])
        articles.seen(c, [])
        articles.seen(c, [(id_, 9.0), (id_, 7.0), ("f" * 64, 8.0)])
        assert [article.last_seen for article in articles.versions(c, id_)] == [5.0, 9.0]


def test_articles_are_found_by_url_record_and_file(store: Store) -> None:
    with store.begin() as c:
        one = new_article(1, url="https://a.test/old", url_key="a.test/old", file="articles/b.jsonl")
        articles.add(c, [one, new_article(2, offset=500), new_article(3, offset=400)])
        assert keys(articles.by_url(c, "https://a.test/old", "a.test/else")) == [(1, 1)]
        assert keys(articles.by_url(c, "https://a.test/else", "a.test/2")) == [(2, 1)]
        assert keys(articles.by_record(c, new_article(3).record_id or "")) == [(3, 1)]
        assert keys(articles.of_file(c, new_article(2).file)) == [(3, 1), (2, 1)]


def test_articles_come_in_the_order_of_commit_and_can_be_chosen(store: Store) -> None:
    with store.begin() as c:
        articles.add(c, [new_article(n, site=f"{n % 2}.test") for n in range(450, 0, -1)])
        assert keys(list(articles.iterate(c))) == [(n, 1) for n in range(450, 0, -1)]
        assert keys(list(articles.iterate(c, site="1.test", since=10.0, until=15.0))) == [(13, 1), (11, 1)]


def test_a_version_that_moves_keeps_or_changes_its_row(store: Store) -> None:
    article = new_article(1)
    with store.begin() as c:
        articles.add(c, [article, new_article(1, version=2)])
        articles.move(c, article.id, 1, file="articles/z.jsonl", offset=1, length=2)
        assert same(articles.versions(c, article.id)[0], new_article(1, file="articles/z.jsonl", offset=1, length=2))
        articles.move(c, article.id, 1, file="articles/z.jsonl", offset=1, length=2, row=b"{}\n")
        assert [version.row for version in articles.versions(c, article.id)] == [b"{}\n", article.row]


def test_a_deleted_article_takes_its_versions_and_its_fingerprints_with_it(store: Store) -> None:
    with store.begin() as c:
        articles.add(c, [new_article(1), new_article(1, version=2), new_article(2)])
        assert articles.delete(c, new_article(1).id) == 2
        assert articles.first_with_text(c, new_article(1).text_digest or "") is None
        assert keys(list(articles.iterate(c))) == [(2, 1)]
        assert articles.delete(c, new_article(1).id) == 0

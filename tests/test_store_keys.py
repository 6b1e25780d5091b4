"""Keys made anew: what was kept under the rules of then is found under the rules of now, and every id stays."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stores import new_article, new_capture
from test_store_feeds import feed

from newscrawl.ledger import fingerprint_of
from newscrawl.store import Store, articles, captures, feeds, keys
from newscrawl.store.captures import Tombstone
from newscrawl.store.schema import meta, urls
from newscrawl.urls import ParameterRules, UrlKeys, url_id, url_key

PAGE = "https://news.example/story"
KEEPING = UrlKeys.under("keep", lambda _: ParameterRules(keep=frozenset({"fbclid"})))
DROPPING = UrlKeys.under("drop", lambda _: ParameterRules(drop=frozenset({"id"})))
PLAIN = UrlKeys()


def keep(store: Store, found: Iterable[str], under: UrlKeys = PLAIN) -> list[str]:
    """Keep an article of each URL as a crawl does; return the ids."""
    ids = []
    with store.begin() as c:
        for number, url in enumerate(found):
            key = under(url)
            ids.append(keys.article_id(c, key))
            if articles.latest(c, ids[-1]) is None:
                articles.add(c, [new_article(number, id=ids[-1], url=url, url_key=key)])
    return ids


def remake(store: Store, under: UrlKeys, *, anew: bool = False) -> int:
    with store.begin() as c:
        return keys.remake(c, under, fingerprint_of, anew=anew)


def known(store: Store, found: Iterable[str], under: UrlKeys) -> list[str]:
    with store.reading() as c:
        return [keys.article_id(c, under(url)) for url in found]


def page_rows(store: Store) -> list[tuple[str, bytes, float | None]]:
    with store.reading() as c:
        rows = c.execute(urls.select().order_by(urls.c.id))
        return [(row.url, row.fingerprint, row.due_at) for row in rows]


def add_page(store: Store, url: str, fingerprint: bytes, due_at: float | None) -> None:
    row = {"url": url, "fingerprint": fingerprint, "due_at": due_at, "host": "news.example", "kind": "page"}
    rest = {"priority": 0, "ready_at": 0.0, "round": 1, "state": "done", "tries": 0, "added_at": 0.0}
    with store.begin() as c:
        c.execute(urls.insert(), {**row, **rest})


def test_a_rule_that_parts_pages_leaves_the_id_to_the_one_that_was_kept(store: Store) -> None:
    one, other = f"{PAGE}?fbclid=1", f"{PAGE}?fbclid=2"
    assert remake(store, PLAIN) == 0
    (first,) = set(keep(store, [one, other]))
    assert first == url_id(PAGE)
    assert remake(store, KEEPING) == 1
    ids = known(store, [one, other, PAGE], KEEPING)
    assert ids[0] == first
    # The key of then is that of another page now, which must not become a version of the first.
    assert len(set(ids)) == 3
    assert keep(store, [one, other, PAGE], KEEPING) == ids
    with store.reading() as c:
        assert [row.url for row in articles.by_url(c, "https://news.example/other", KEEPING(one))] == [one]
        assert keys.has_others(c)


def test_a_rule_that_makes_pages_one_gives_them_the_id_of_the_first(store: Store) -> None:
    found = [f"{PAGE}?id={number}" for number in (2, 1, 3)]
    remake(store, PLAIN)
    ids = keep(store, found)
    assert remake(store, DROPPING) == 3
    assert known(store, [*found, PAGE], DROPPING) == [ids[0]] * 4
    with store.reading() as c:
        assert [row.id for row in articles.by_url(c, "https://news.example/other", PAGE)] == ids


def test_rules_that_come_and_go_lead_back_to_the_first_ids(store: Store) -> None:
    found = [f"{PAGE}?id={number}" for number in (1, 2)]
    remake(store, PLAIN)
    ids = keep(store, found)
    for rules in (DROPPING, PLAIN, KEEPING, PLAIN):
        remake(store, rules)
    assert known(store, found, PLAIN) == ids


def test_nothing_is_done_twice_unless_it_is_wanted(store: Store) -> None:
    keep(store, [f"{PAGE}?fbclid=1"])
    assert remake(store, KEEPING) == 1
    with store.begin() as c:
        articles.add(c, [new_article(9, url=f"{PAGE}?fbclid=9", url_key=PAGE)])
    assert remake(store, KEEPING) == 0
    assert remake(store, KEEPING, anew=True) == 1


def test_a_new_version_of_the_rules_looks_at_urls_without_a_query_too(store: Store) -> None:
    with store.begin() as c:
        articles.add(c, [new_article(1, id=url_id("of old"), url="HTTPS://News.Example/story", url_key="of old")])
        c.execute(meta.insert(), {"key": "url_keys", "value": "1 rules"})
    assert remake(store, PLAIN) == 1
    assert known(store, [PAGE], PLAIN) == [url_id("of old")]


def test_captures_tombstones_and_feeds_have_the_new_key(store: Store) -> None:
    url = f"{PAGE}?fbclid=1"
    stone = Tombstone(
        record_id="urn:uuid:1", url_key=PAGE, url=url, payload_sha256=None, reason="asked for", removed_at=1.0
    )
    with store.begin() as c:
        captures.add(c, [new_capture(1, url=url, url_key=PAGE)])
        captures.bury(c, [stone])
        feeds.put(c, [feed(1, url=url, url_key=PAGE), feed(2, url=f"{PAGE}?fbclid=2", url_key=f"{PAGE}?fbclid=2")])
    assert remake(store, KEEPING) == 3
    with store.reading() as c:
        assert [capture.url for capture in captures.by_url(c, "https://news.example/other", url)] == [url]
        assert [stone.url_key for stone in captures.buried(c)] == [url]
        assert {found.url_key for found in feeds.all(c)} == {url, f"{PAGE}?fbclid=2"}
    assert remake(store, PLAIN) == 4
    with store.reading() as c:
        assert [found.url_key for found in feeds.all(c)] == [PAGE]


def test_of_two_pages_that_are_one_by_now_one_is_read_again(store: Store) -> None:
    found = [f"{PAGE}?id={number}" for number in (1, 2)]
    remake(store, PLAIN)
    for url in found:
        add_page(store, url, fingerprint_of(url_key(url)), 5.0)
    add_page(store, "https://news.example/other", fingerprint_of("https://news.example/other"), 7.0)
    remake(store, DROPPING)
    pages = page_rows(store)
    assert [due_at for _, _, due_at in pages] == [5.0, None, 7.0]
    assert pages[0][1] == fingerprint_of(PAGE)


def test_what_a_redirect_led_to_within_its_key_stays_due(store: Store) -> None:
    add_page(store, f"{PAGE}?fbclid=1", fingerprint_of(PAGE), None)
    add_page(store, PAGE, fingerprint_of(f"redirected {PAGE}"), 5.0)
    before = page_rows(store)
    remake(store, PLAIN)
    assert page_rows(store) == before


PARAMETERS = st.sampled_from(["id=1", "id=2", "fbclid=1", "fbclid=2", "page=3", "utm_source=x", "", "%", "&amp;id=1"])


@given(
    found=st.lists(st.lists(PARAMETERS, max_size=3).map("&".join).map(f"{PAGE}?".__add__), max_size=6),
    rules=st.lists(st.sampled_from([PLAIN, KEEPING, DROPPING]), max_size=4),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_every_article_that_was_kept_is_known_under_any_rules(found: list[str], rules: list[UrlKeys]) -> None:
    with Store.open("sqlite://") as store:
        remake(store, PLAIN)
        # Of several URLs with one id the first was kept.
        kept = dict(zip(reversed(keep(store, found)), reversed(found), strict=True))
        for under in rules:
            remake(store, under)
            assert set(known(store, kept.values(), under)) <= kept.keys()


@pytest.mark.parametrize("url", [PAGE, f"{PAGE}?fbclid=1&id=2", "", "http://[", "a?b"])
def test_keys_without_rules_are_those_of_url_key(url: str) -> None:
    assert PLAIN(url) == url_key(url)

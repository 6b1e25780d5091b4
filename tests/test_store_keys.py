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
from newscrawl.store.frontier import NEVER
from newscrawl.store.schema import articles as articles_table
from newscrawl.store.schema import meta, urls
from newscrawl.urls import URL_KEY_VERSION, ParameterRules, UrlKeys, url_id, url_key

PAGE = "https://news.example/story"
HOST, FBCLID, ID_ = "news.example", frozenset({"fbclid"}), frozenset({"id"})
KEEPING = UrlKeys(rules={HOST: ParameterRules(keep=FBCLID)})
DROPPING = UrlKeys(rules={HOST: ParameterRules(drop=ID_)})
BOTH = UrlKeys(rules={HOST: ParameterRules(keep=FBCLID, drop=ID_)})
PLAIN = UrlKeys()
OWN = url_id(PAGE)


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


def remake(store: Store, under: UrlKeys) -> int:
    with store.begin() as c:
        return keys.remake(c, under, fingerprint_of)


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
        assert keys.has_others(c)


def test_a_rule_that_makes_pages_one_gives_them_the_id_of_the_first(store: Store) -> None:
    found = [f"{PAGE}?id={number}" for number in (2, 1, 3)]
    remake(store, PLAIN)
    ids = keep(store, found)
    assert remake(store, DROPPING) == 3
    assert known(store, [*found, PAGE], DROPPING) == [ids[0]] * 4


def test_rules_that_come_and_go_lead_back_to_the_first_ids(store: Store) -> None:
    found = [f"{PAGE}?id=1", f"{PAGE}?id=2"]
    remake(store, PLAIN)
    ids = keep(store, found)
    for rules in (DROPPING, KEEPING, BOTH, PLAIN):
        remake(store, rules)
    assert known(store, [*found, PAGE], PLAIN) == [*ids, OWN]


def test_the_first_row_of_an_article_says_which_page_it_is(store: Store) -> None:
    remake(store, PLAIN)
    urls_of = {1: PAGE, 2: f"{PAGE}?fbclid=2", 3: f"{PAGE}?fbclid=3"}
    with store.begin() as c:
        articles.add(c, [new_article(n, id=OWN, version=n, url=url, url_key=PAGE) for n, url in urls_of.items()])
    remake(store, KEEPING)
    ids = known(store, urls_of.values(), KEEPING)
    assert ids[0] == OWN
    assert len(set(ids)) == 3


def test_two_pages_that_were_one_article_are_parted(store: Store) -> None:
    remake(store, PLAIN)
    found = {n: f"{PAGE}?fbclid={n}" for n in (1, 2)}
    with store.begin() as c:
        articles.add(c, [new_article(n, id=OWN, version=n, url=url, url_key=PAGE) for n, url in found.items()])
    remake(store, KEEPING)
    ids = known(store, found.values(), KEEPING)
    assert ids[0] == OWN != ids[1]


def test_one_leaves_a_key_and_another_takes_it(store: Store) -> None:
    remake(store, PLAIN)
    found = [f"{PAGE}?fbclid=2", f"{PAGE}?id=1"]
    ids = keep(store, found)
    remake(store, BOTH)
    assert known(store, found, BOTH) == ids


def test_of_two_that_are_one_the_first_kept_is_gone_on_with(store: Store) -> None:
    remake(store, PLAIN)
    ids = keep(store, [f"{PAGE}?id=1", PAGE])
    remake(store, DROPPING)
    assert known(store, [PAGE], DROPPING) == ids[:1]


def test_what_another_spider_tells_its_articles_by_stays(store: Store) -> None:
    remake(store, PLAIN)
    with store.begin() as c:
        articles.add(c, [new_article(1, id=url_id("agency:1"), url=f"{PAGE}?id=1", url_key="agency:1")])
        articles.add(c, [new_article(2, id="its own", url=f"{PAGE}?id=2", url_key=f"{PAGE}?id=2")])
        articles.add(c, [new_article(3, id=url_id(""), url="", url_key="")])
    remake(store, DROPPING)
    with store.reading() as c:
        assert not keys.has_others(c)


def test_an_article_that_got_another_id_is_known_when_the_first_is_gone(store: Store) -> None:
    remake(store, PLAIN)
    first = f"{PAGE}?fbclid=1"
    keep(store, [first])
    remake(store, KEEPING)
    (again,) = keep(store, [PAGE], KEEPING)
    assert again != OWN
    with store.begin() as c:
        c.execute(articles_table.delete().where(articles_table.c.id == OWN))
        keys.forget(c)
    remake(store, KEEPING)
    assert known(store, [PAGE], KEEPING) == [again]


def test_nothing_is_done_twice_unless_it_is_wanted(store: Store) -> None:
    with store.begin() as c:
        captures.add(c, [new_capture(1, url=f"{PAGE}?fbclid=1", url_key=PAGE)])
    assert remake(store, KEEPING) == 1
    with store.begin() as c:
        captures.add(c, [new_capture(2, url=f"{PAGE}?fbclid=2", url_key=PAGE)])
    assert remake(store, KEEPING) == 0
    with store.begin() as c:
        assert keys.stored(c) == KEEPING
        keys.forget(c)
        assert keys.stored(c) is None
    assert remake(store, KEEPING) == 1


def test_a_new_version_of_the_rules_looks_at_urls_without_a_query_too(store: Store) -> None:
    with store.begin() as c:
        old = "https://news.example/story/."
        articles.add(c, [new_article(1, id=url_id(old), url="HTTPS://News.Example/story", url_key=old)])
        captures.add(c, [new_capture(1, url="HTTPS://News.Example/story", url_key=old)])
        c.execute(meta.insert(), {"key": "url_keys", "value": "1 {}"})
    assert remake(store, PLAIN) == 2
    assert known(store, [PAGE], PLAIN) == [url_id(old)]


def test_captures_and_feeds_have_the_new_key(store: Store) -> None:
    url, other = f"{PAGE}?fbclid=1", f"{PAGE}?fbclid=2"
    with store.begin() as c:
        captures.add(c, [new_capture(1, url=url, url_key=PAGE)])
        feeds.put(c, [feed(1, url=url, url_key=PAGE), feed(2, url=other, url_key=other)])
    assert remake(store, KEEPING) == 2
    with store.reading() as c:
        assert [capture.url for capture in captures.by_url(c, "https://news.example/other", url)] == [url]
        assert {found.url_key for found in feeds.all(c)} == {url, other}
    remake(store, PLAIN)
    with store.reading() as c:
        assert [(found.url_key, found.next_due) for found in feeds.all(c)] == [(PAGE, 98.0)]


def test_a_feed_whose_key_becomes_too_long_is_forgotten(store: Store) -> None:
    url = f"{PAGE}?fbclid={'1' * feeds.LONGEST_KEY}"
    with store.begin() as c:
        feeds.put(c, [feed(1, url=url, url_key=PAGE)])
    remake(store, KEEPING)
    with store.reading() as c:
        assert feeds.all(c) == []


def test_no_feed_and_no_page_is_lost_to_one_that_moves_on(store: Store) -> None:
    remake(store, PLAIN)
    pages = [f"{PAGE}?id=1", f"{PAGE}?fbclid=2"]
    with store.begin() as c:
        feeds.put(c, [feed(n, url=url, url_key=PLAIN(url), added_at=float(n)) for n, url in enumerate(pages)])
    for url in pages:
        add_page(store, url, fingerprint_of(PLAIN(url)), 5.0)
    remake(store, BOTH)
    with store.reading() as c:
        assert {found.url_key for found in feeds.all(c)} == {PAGE, pages[1]}
    assert [(fingerprint, due) for _, fingerprint, due in page_rows(store)] == [
        (fingerprint_of(BOTH(url)), 5.0) for url in pages
    ]


def test_the_page_that_stays_is_due_when_the_first_of_both_was(store: Store) -> None:
    remake(store, PLAIN)
    for number, due_at in ((1, NEVER), (2, 5.0)):
        add_page(store, f"{PAGE}?id={number}", fingerprint_of(f"{PAGE}?id={number}"), due_at)
    add_page(store, PAGE, fingerprint_of(PAGE), 9.0)
    remake(store, DROPPING)
    assert [due for *_, due in page_rows(store)] == [None, None, 5.0]


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
    rules=st.lists(st.sampled_from([PLAIN, KEEPING, DROPPING, BOTH]), max_size=4),
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


HOSTS = st.sampled_from([HOST, "m.news.example", "news-example.cdn.ampproject.org/c/s/news.example", "other.example"])


@given(
    host=HOSTS, query=st.lists(PARAMETERS, max_size=3).map("&".join), keys=st.sampled_from([KEEPING, DROPPING, BOTH])
)
def test_the_key_of_a_key_is_that_key(host: str, query: str, keys: UrlKeys) -> None:
    key = keys(f"https://{host}/story?{query}")
    assert keys(key) == key


def test_rules_are_read_as_they_were_written() -> None:
    assert UrlKeys.read(BOTH.written) == BOTH
    assert len({each.written for each in (PLAIN, KEEPING, DROPPING, BOTH)}) == 4
    assert {UrlKeys.version_in(each.written) for each in (PLAIN, KEEPING)} == {str(URL_KEY_VERSION)}


def test_the_rules_of_the_nearest_host_hold() -> None:
    keys = UrlKeys(rules={HOST: ParameterRules(drop=ID_), "m.news.example": ParameterRules()})
    assert keys("https://www.news.example/?id=1") == "https://www.news.example/"
    assert keys("https://m.news.example/?id=1") == "https://m.news.example/?id=1"

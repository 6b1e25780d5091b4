from __future__ import annotations

from dataclasses import replace
from typing import Any

from newscrawl.store import Store, feeds
from newscrawl.store.feeds import Feed


def feed(number: int, **changes: Any) -> Feed:
    url = f"https://a{number}.test/feed"
    found = Feed(
        url_key=url,
        url=url,
        host=f"a{number}.test",
        site=f"a{number}.test",
        kind="rss",
        interval_s=600.0,
        next_due=100.0 - number,
        added_at=1.0,
    )
    return replace(found, **changes)


def test_a_feed_that_was_put_is_found_again_as_it_is_now(store: Store) -> None:
    with store.begin() as c:
        feeds.put(c, [feed(1), feed(2)])
        changed = feed(
            1, etag='"x"', digest="0", polls=3, new_articles=7, reason="HTTP 500\0", failures=1, state="dead"
        )
        feeds.put(c, [changed])
        found = feeds.get(c, [feed(1).url_key, feed(2).url_key, "unknown"])
        assert found == {feed(1).url_key: replace(changed, reason="HTTP 500\\x00"), feed(2).url_key: feed(2)}
        assert feeds.get(c, []) == {}


def test_feeds_come_in_the_order_in_which_they_are_due(store: Store) -> None:
    with store.begin() as c:
        feeds.put(c, [feed(1), feed(2), feed(3)])
        assert feeds.all(c) == [feed(3), feed(2), feed(1)]
        assert feeds.of_sites(c, ["a1.test", "a2.test", "none.test"]) == [feed(2), feed(1)]
        assert feeds.next_due(c, ["a1.test", "a2.test"]) == 98.0
        assert feeds.next_due(c, ["none.test"]) is None
        assert feeds.known_sites(c) == ["a1.test", "a2.test", "a3.test"]


def test_feeds_are_forgotten_by_key(store: Store) -> None:
    with store.begin() as c:
        feeds.put(c, [feed(1), feed(2)])
        assert feeds.delete(c, [feed(1).url_key, "unknown"]) == 1
        assert feeds.all(c) == [feed(2)]

"""A store is brought to other rules for URLs once, and not under the hands of those who work by the old ones."""

from __future__ import annotations

import pytest
from stores import new_capture, new_url, take

from newscrawl.exceptions import ConfigError
from newscrawl.ledger.rekeying import renew_keys
from newscrawl.store import Store, captures, frontier
from newscrawl.urls import ParameterRules, UrlKeys

PAGE = "https://a.test/story"
KEEPING = UrlKeys(rules={"a.test": ParameterRules(keep=frozenset({"fbclid"}))})


def renew(store: Store, keys: UrlKeys, *, now: float = 0.0) -> str:
    return renew_keys(store, keys, "here", now=now)


def kept(store: Store) -> None:
    with store.begin() as c:
        captures.add(c, [new_capture(1, url=f"{PAGE}?fbclid=1", url_key=PAGE)])


def test_what_was_done_is_said_once_and_nothing_of_a_new_store(store: Store) -> None:
    assert renew(store, UrlKeys()) == ""
    kept(store)
    assert renew(store, UrlKeys()) == ""
    assert "1 keys were made anew" in renew(store, KEEPING)
    assert renew(store, KEEPING) == ""


def test_others_who_are_at_work_are_named_and_nothing_is_done(store: Store) -> None:
    renew(store, UrlKeys())
    kept(store)
    with store.begin() as c:
        frontier.add(c, [new_url(1)], now=0.0)
        take(c, "there", until=600.0)
    assert renew(store, UrlKeys(), now=1.0) == ""
    with pytest.raises(ConfigError, match="those of there, at work there"):
        renew(store, KEEPING, now=1.0)
    # A worker that was killed is waited for until its leases end.
    assert "1 keys were made anew" in renew(store, KEEPING, now=601.0)


def test_leases_of_its_own_keep_a_worker_from_nothing(store: Store) -> None:
    renew(store, UrlKeys())
    with store.begin() as c:
        frontier.add(c, [new_url(1)], now=0.0)
        take(c, "here", until=600.0)
    kept(store)
    assert "1 keys were made anew" in renew(store, KEEPING, now=1.0)

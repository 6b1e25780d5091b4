from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import Clock, new_url
from sqlalchemy import select

from newscrawl.exceptions import StorageError
from newscrawl.ledger.frontier import LEASE_S, Frontier
from newscrawl.store import Store
from newscrawl.store import frontier as rows
from newscrawl.store.frontier import Lease, Outcome
from newscrawl.store.schema import urls


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def frontier(store: Store, clock: Clock) -> Frontier:
    return Frontier(store, owner="local", round_=1, clock=clock)


def commit(frontier: Frontier) -> None:
    with frontier.store.begin() as connection:
        frontier.write(connection)
    frontier.acknowledge()


def taken(frontier: Frontier) -> list[str]:
    """The URLs handed out until none is ready, without their scheme."""
    found = []
    while (lease := frontier.next()) is not None:
        found.append(lease.url.removeprefix("https://"))
    return found


def next_of(frontier: Frontier) -> Lease:
    lease = frontier.next()
    assert lease is not None
    return lease


def states(store: Store) -> list[tuple[str, str, str | None]]:
    with store.begin() as connection:
        found = connection.execute(select(urls.c.url, urls.c.state, urls.c.reason).order_by(urls.c.id)).all()
    return [(url.removeprefix("https://"), state, reason) for url, state, reason in found]


def test_a_host_that_another_worker_held_for_a_moment_is_asked_for_again(
    frontier: Frontier, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    frontier.add(new_url(1))
    frontier.write_added()
    with monkeypatch.context() as patched:
        # What SKIP LOCKED gives while another transaction adds a link to this host.
        patched.setattr(rows, "lease", lambda *_args, **_kwargs: [])
        assert frontier.next() is None
    clock.now += 1
    assert next_of(frontier).host == "news.example"


def test_a_host_that_another_worker_brings_later_stays_its_own(frontier: Frontier, clock: Clock) -> None:
    frontier.stay_within(lambda host: host == "news.example")
    frontier.add(new_url(1))
    with frontier.store.begin() as connection:
        rows.add(connection, [new_url(number, "other.example") for number in range(3)], now=0.0)
    assert taken(frontier) == ["news.example/1"]
    assert len(frontier) == 0
    assert [state for _, state, _ in states(frontier.store)].count("queued") == 3


# Handing out --------------------------------------------------------------------------------------------


def test_what_was_added_is_handed_out_once(frontier: Frontier) -> None:
    for number in range(100):
        frontier.add(new_url(number))
    frontier.add(new_url(1))
    frontier.per_host = 1000
    assert taken(frontier) == [f"news.example/{number}" for number in range(100)]
    assert len(frontier.handed) == 100
    assert len(frontier) == 0


def test_the_length_counts_what_is_not_handed_out(frontier: Frontier) -> None:
    for number in range(3):
        frontier.add(new_url(number))
    lengths = [len(frontier)]
    while frontier.next() is not None:
        lengths.append(len(frontier))
    assert lengths == [3, 2, 1, 0]


def test_higher_priorities_come_first_whatever_the_host(frontier: Frontier) -> None:
    for number, (host, priority) in enumerate([("a", 1), ("a", 9), ("b", 5), ("b", 7), ("c", 3)]):
        frontier.add(new_url(number, f"{host}.example", priority=priority))
    assert taken(frontier) == ["a.example/1", "b.example/3", "b.example/2", "c.example/4", "a.example/0"]


def test_hosts_take_turns(frontier: Frontier) -> None:
    for host in ("a", "b", "c"):
        for number in range(2):
            frontier.add(new_url(number, f"{host}.example"))
    assert [url[0] for url in taken(frontier)] == ["a", "b", "c", "a", "b", "c"]


def test_a_second_host_does_not_wait_for_the_queue_of_the_first(frontier: Frontier) -> None:
    frontier.per_host = 1
    for number in range(200):
        frontier.add(new_url(number, "slow.example"))
    assert taken(frontier) == ["slow.example/0"]
    frontier.add(new_url(1, "quick.example"))
    assert taken(frontier) == ["quick.example/1"]


def test_a_host_gives_no_more_than_it_may_until_something_is_settled(frontier: Frontier) -> None:
    frontier.per_host = 2
    for number in range(5):
        frontier.add(new_url(number))
    first, second = next_of(frontier), next_of(frontier)
    assert frontier.next() is None
    frontier.settle(second.id)
    assert next_of(frontier).url == "https://news.example/2"
    assert frontier.next() is None
    frontier.settle(first.id)
    assert frontier.next() is not None


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many leases the store gave, each time that it was asked."""
    asked: list[int] = []
    real = rows.lease

    def counted(*given: Any, **named: Any) -> list[Lease]:
        found = real(*given, **named)
        asked.append(len(found))
        return found

    monkeypatch.setattr(rows, "lease", counted)
    return asked


def test_a_dry_frontier_asks_the_store_again_when_there_is_a_reason(
    frontier: Frontier, clock: Clock, asked: list[int]
) -> None:
    frontier.add(new_url(1, ready_at=clock.now + 30))
    for _ in range(5):
        assert frontier.next() is None
    assert len(asked) == 1
    assert frontier.next_ready_at == clock.now + 30
    clock.now += 29
    assert frontier.next() is None
    assert len(asked) == 1
    clock.now += 1
    assert frontier.next() is not None


def test_a_url_that_was_found_wakes_a_dry_frontier(frontier: Frontier) -> None:
    assert frontier.next() is None
    frontier.add(new_url(1))
    assert frontier.next() is not None


def test_the_store_is_not_asked_for_a_host_that_has_leases_at_hand_or_is_asked_enough(
    frontier: Frontier, asked: list[int]
) -> None:
    frontier.per_host = 1
    for number in range(12):
        frontier.add(new_url(number))
    for number in range(8):
        lease = next_of(frontier)
        assert frontier.next() is None
        frontier.add(new_url(100 + number))
        assert frontier.next() is None
        frontier.settle(lease.id)
    # Once for these eight, once to see that no other host has anything, once for the next eight.
    assert asked == [8, 0]
    assert next_of(frontier).url == "https://news.example/8"
    assert asked == [8, 0, 8]


def test_urls_of_a_list_are_leased_together(frontier: Frontier, asked: list[int]) -> None:
    frontier.per_host = 1000
    with frontier.gathering():
        for number in range(100):
            frontier.add(new_url(number, f"{number % 20}.example"))
            frontier.next()
    assert asked == [64]
    # The 64th was the first that could be handed out.
    assert len(frontier.handed) == 37
    assert len(taken(frontier)) == 63
    assert asked == [64, 36, 0]


def test_nothing_is_lost_when_the_store_fails(frontier: Frontier, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> int:
        raise StorageError("gone")

    frontier.add(new_url(1))
    with monkeypatch.context() as patch:
        patch.setattr(rows, "record", broken)
        with pytest.raises(StorageError):
            frontier.next()
    assert len(frontier) == 1
    assert frontier.next() is not None


# Outcomes -----------------------------------------------------------------------------------------------


def test_a_lease_is_done_unless_something_else_is_known(frontier: Frontier, store: Store) -> None:
    for number in range(3):
        frontier.add(new_url(number))
    one, two, three = (next_of(frontier) for _ in range(3))
    frontier.note(two.id, "failed", "http_404")
    frontier.ends[three.id] = Outcome(id=three.id, state="queued", reason="retry", ready_at=5000.0, tries=1)
    for lease in (one, two, three):
        frontier.settle(lease.id)
    assert [state for _, state, _ in states(store)] == ["leased"] * 3
    commit(frontier)
    assert states(store) == [
        ("news.example/0", "done", None),
        ("news.example/1", "failed", "http_404"),
        ("news.example/2", "queued", "retry"),
    ]
    assert (frontier.handed, frontier.ends, frontier.outcomes) == ({}, {}, [])
    assert len(frontier) == 1


def test_what_was_said_first_stands(frontier: Frontier) -> None:
    frontier.add(new_url(1))
    lease = next_of(frontier)
    frontier.note(lease.id, "failed", "callback: ValueError")
    frontier.note(lease.id, "refused", "robots")
    assert frontier.ends[lease.id].reason == "callback: ValueError"


def test_a_reason_is_cut_to_a_length(frontier: Frontier) -> None:
    frontier.add(new_url(1))
    lease = next_of(frontier)
    frontier.note(lease.id, "failed", "x" * 10_000)
    assert len(frontier.ends[lease.id].reason or "") == 500


@pytest.mark.parametrize("id_", [None, 12345])
def test_of_a_request_without_a_lease_nothing_is_kept(id_: int | None, frontier: Frontier) -> None:
    frontier.note(id_, "failed", "x")
    assert frontier.ends == {}


def test_a_retry_waits_for_its_time(frontier: Frontier, clock: Clock) -> None:
    frontier.add(new_url(1))
    lease = next_of(frontier)
    frontier.ends[lease.id] = Outcome(
        id=lease.id, state="queued", reason="retry", ready_at=clock.now + 10, tries=1, request='{"again":1}'
    )
    frontier.settle(lease.id)
    commit(frontier)
    assert frontier.next() is None
    assert frontier.next_ready_at == clock.now + 10
    clock.now += 10
    again = next_of(frontier)
    assert (again.id, again.tries, again.request) == (lease.id, 1, '{"again":1}')


def test_a_retry_is_work_left_from_the_moment_on_that_it_is_wanted(frontier: Frontier, clock: Clock) -> None:
    frontier.add(new_url(1))
    lease = next_of(frontier)
    frontier.ends[lease.id] = Outcome(id=lease.id, state="queued", reason="retry", ready_at=clock.now + 10, tries=1)
    frontier.settle(lease.id)
    # The engine asks before the commit: it must neither end the crawl nor be told for ever that nothing is left.
    assert (frontier.next(), len(frontier)) == (None, 1)
    commit(frontier)
    assert (frontier.next_ready_at, len(frontier)) == (clock.now + 10, 1)
    assert frontier.next() is None
    clock.now += 10
    assert next_of(frontier).id == lease.id
    assert len(frontier) == 0


def test_a_page_that_was_settled_is_not_asked_again_and_a_feed_once_a_round(store: Store, clock: Clock) -> None:
    asked = []
    for round_ in (1, 1, 2, 2, 3):
        frontier = Frontier(store, owner="local", round_=round_, clock=clock)
        frontier.add(new_url(1, round=round_))
        frontier.add(new_url(2, round=round_, kind="feed", again=True))
        asked.append(taken(frontier))
        for id_ in list(frontier.handed):
            frontier.settle(id_)
        commit(frontier)
    assert asked == [["news.example/1", "news.example/2"], [], ["news.example/2"], [], ["news.example/2"]]


# The end of a process -----------------------------------------------------------------------------------


def test_leases_that_were_not_settled_return(frontier: Frontier, store: Store, clock: Clock) -> None:
    for number in range(20):
        frontier.add(new_url(number))
    done = next_of(frontier)
    frontier.settle(done.id)
    commit(frontier)
    next_of(frontier)
    frontier.give_back()
    assert len(frontier) == 19
    assert [state for _, state, _ in states(store)].count("queued") == 19
    again = Frontier(store, owner="other", round_=2, clock=clock)
    again.per_host = 100
    assert len(taken(again)) == 19


def test_leases_of_a_killed_process_return_to_the_next_one_of_its_name(store: Store, clock: Clock) -> None:
    killed = Frontier(store, owner="local", round_=1, clock=clock)
    killed.add(new_url(1))
    assert killed.next() is not None
    again = Frontier(store, owner="local", round_=1, clock=clock)
    assert again.next() is None
    again.give_back()
    assert taken(again) == ["news.example/1"]


def test_leases_of_a_silent_worker_go_to_another_and_those_of_a_working_one_do_not(store: Store, clock: Clock) -> None:
    working = Frontier(store, owner="one", round_=1, clock=clock)
    for number in range(2):
        working.add(new_url(number))
    working.per_host = 1
    lease = next_of(working)
    other = Frontier(store, owner="other", round_=1, clock=clock)
    for _ in range(20):
        clock.now += LEASE_S / 10
        commit(working)
        assert other.next() is None
    working.settle(lease.id)
    commit(working)
    clock.now += LEASE_S + 1
    other.add(new_url(5, "other.example"))
    assert sorted(taken(other)) == ["news.example/1", "other.example/5"]


@given(st.lists(st.sampled_from(["add", "next", "settle", "commit", "again"]), max_size=40), st.integers(1, 3))
def test_each_url_is_handed_out_once_and_none_is_forgotten(steps: list[str], per_host: int) -> None:
    clock = Clock()
    with Store.open("sqlite://") as store:
        frontier = Frontier(store, owner="local", round_=1, clock=clock)
        frontier.per_host = per_host
        added, asked, settled = 0, list[str](), 0
        left = Counter[str]()
        for step in steps:
            if step == "add":
                added += 1
                frontier.add(new_url(added, f"{added % 2}.example"))
                left[f"{added % 2}.example"] += 1
            elif step == "again" and added:
                frontier.add(new_url(added, f"{added % 2}.example"))
            elif step == "next" and (lease := frontier.next()) is not None:
                asked.append(lease.url)
                left[lease.host] -= 1
            elif step == "next":
                busy = Counter(lease.host for lease in frontier.handed.values())
                assert all(busy[host] == per_host for host, count in left.items() if count)
            elif step == "settle" and frontier.handed:
                frontier.settle(next(iter(frontier.handed)))
                settled += 1
            elif step == "commit":
                commit(frontier)
            held = Counter(lease.host for lease in frontier.handed.values())
            assert all(count <= per_host for count in held.values())
        while len(asked) < added:
            for id_ in list(frontier.handed):
                frontier.settle(id_)
            lease = frontier.next()
            assert lease is not None
            asked.append(lease.url)
        assert len(set(asked)) == len(asked) == added
        assert frontier.next() is None
        commit(frontier)
        assert frontier.next() is None
        with store.begin() as connection:
            frontier.look(connection)
        assert len(frontier) == 0

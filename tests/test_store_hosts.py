"""When hosts may be asked again, and robots.txt, as both databases keep them."""

from __future__ import annotations

import pytest
from ledgers import new_url

from newscrawl.store import Store, frontier, hosts, robots
from newscrawl.store.hosts import HostTimes, LeftUrls, OriginTimes
from newscrawl.store.robots import StoredRobots

A, B = "a.test", "b.test"


def leased(store: Store, owner: str, now: float) -> list[str]:
    with store.begin() as c:
        return [one.host for one in frontier.lease(c, owner, now=now, until=now + 100, per_host=1, limit=9)]


def record(store: Store, *times: HostTimes, origins: tuple[OriginTimes, ...] = ()) -> None:
    with store.begin() as c:
        frontier.record(c, [], [], owner="one", now=0.0, times=times, origins=origins)


def add(store: Store, *names: str) -> None:
    with store.begin() as c:
        frontier.add(c, [new_url(number, host) for number, host in enumerate(names)], now=0.0)


def test_what_is_written_of_a_host_is_known_and_other_hosts_are_not(store: Store) -> None:
    add(store, A)
    times = [HostTimes(host=name, ready_at=50.0, failures=6, reason="6 faults") for name in (B, A)]
    record(store, *times)
    with store.begin() as c:
        assert sorted(hosts.known(c, [A, B, "c.test"]), key=lambda one: one.host) == times[::-1]
        # Only one of them has anything in the queue.
        assert hosts.awaited(c, now=49.0, limit=5) == [times[1]]
        assert hosts.awaited(c, now=50.0, limit=5) == []


def test_a_host_that_is_waited_for_is_not_leased_before_its_time(store: Store) -> None:
    add(store, A, B)
    record(store, HostTimes(host=A, ready_at=30.0, reason="Retry-After"))
    assert leased(store, "one", 10.0) == [B]
    with store.begin() as c:
        assert frontier.waiting(c, "one", now=10.0).next_ready_at == 30.0
    assert leased(store, "one", 30.0) == [A]


def test_the_pause_between_two_requests_is_kept_by_the_next_worker_and_not_by_the_owner(store: Store) -> None:
    add(store, A, A, A, A)
    assert leased(store, "one", 10.0) == [A]
    record(store, HostTimes(host=A, ready_at=15.0))
    assert leased(store, "one", 11.0) == [A]
    with store.begin() as c:
        assert frontier.waiting(c, "one", now=11.0).next_ready_at == 0.0
        frontier.give_back(c, "one", now=11.0)
    assert leased(store, "two", 12.0) == []
    assert leased(store, "one", 12.0) == []
    with store.begin() as c:
        assert frontier.waiting(c, "two", now=12.0).next_ready_at == 15.0
    assert leased(store, "two", 15.0) == [A]


def test_an_owner_waits_too_when_there_is_a_reason(store: Store) -> None:
    add(store, A, A)
    assert leased(store, "one", 10.0) == [A]
    record(store, HostTimes(host=A, ready_at=15.0, reason="Retry-After"))
    assert leased(store, "one", 11.0) == []
    assert leased(store, "one", 15.0) == [A]


def test_the_queued_urls_of_one_origin_wait_and_those_of_another_do_not(store: Store) -> None:
    closed, opened, odd = f"http://{A}", f"https://{A}", f"http://{A}:81"
    with store.begin() as c:
        frontier.add(
            c,
            [
                new_url(number, A, url=f"{origin}/{number}%_", priority=number)
                for number, origin in enumerate((closed, opened, odd, closed))
            ],
            now=0.0,
        )
    record(store, origins=(OriginTimes(origin=closed, host=A, ready_at=70.0, reason="robots_unreachable: x"),))
    with store.begin() as c:
        asked = frontier.lease(c, "one", now=10.0, until=90.0, per_host=9, limit=9)
        assert [one.url for one in asked] == [f"{odd}/2%_", f"{opened}/1%_"]
        assert hosts.left_of(c, closed, A) == LeftUrls(count=2, first=f"{closed}/3%_")
        assert hosts.left_of(c, opened, A) is None
        assert hosts.queued_at(c, [A, B]) == 2
        assert hosts.queued_at(c, []) == 0
        later = frontier.lease(c, "one", now=70.0, until=90.0, per_host=9, limit=9)
    assert [one.url for one in later] == [f"{closed}/3%_", f"{closed}/0%_"]


def test_an_origin_that_waits_longer_already_does_so(store: Store) -> None:
    with store.begin() as c:
        frontier.add(c, [new_url(1, A, url=f"http://{A}/1", ready_at=99.0)], now=0.0)
    record(store, origins=(OriginTimes(origin=f"http://{A}", host=A, ready_at=70.0, reason="x"),))
    assert leased(store, "one", 98.0) == []
    assert leased(store, "one", 99.0) == [A]


ROW = StoredRobots(origin="https://a.test", fetched_at=1.0, expires_at=5.0, status=200, body=b"\xff\0User-agent")


def test_a_robots_txt_is_kept_as_it_came_until_another_takes_its_place(store: Store) -> None:
    gone = StoredRobots(origin=ROW.origin, fetched_at=6.0, expires_at=9.0, status=503, reason="HTTP 503\0\ud800")
    with store.begin() as c:
        robots.put(c, [])
        robots.put(c, [ROW])
        assert robots.find(c, ROW.origin) == ROW
        assert robots.find(c, "http://a.test") is None
        assert robots.unreachable(c, now=2.0, limit=5) == []
        robots.put(c, [gone])
        (found,) = robots.unreachable(c, now=8.0, limit=5)
        assert (found.origin, found.body, found.reason) == (ROW.origin, None, "HTTP 503\\x00\\ud800")
        assert robots.unreachable(c, now=9.0, limit=5) == []


@pytest.mark.parametrize("limit", [0, 1, 2])
def test_no_more_is_listed_than_is_asked_for(limit: int, store: Store) -> None:
    add(store, A, B)
    record(store, *(HostTimes(host=name, ready_at=5.0, reason="x") for name in (A, B)))
    with store.begin() as c:
        robots.put(c, [StoredRobots(origin=name, fetched_at=0.0, expires_at=9.0) for name in (A, B)])
        assert [one.host for one in hosts.awaited(c, now=1.0, limit=limit)] == [A, B][:limit]
        assert [one.origin for one in robots.unreachable(c, now=1.0, limit=limit)] == [A, B][:limit]

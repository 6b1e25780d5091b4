from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select
from stores import new_url, take

from newscrawl.exceptions import StorageError
from newscrawl.store import Store, frontier, schema
from newscrawl.store.frontier import Outcome, Visit, Waiting

HOSTS = ("a.test", "b.test", "c.test")


def row(connection: Connection, id_: int) -> Any:
    return connection.execute(select(schema.urls).where(schema.urls.c.id == id_)).one()


def numbers(leases: list[frontier.Lease]) -> list[int]:
    return [int(lease.url.rpartition("/")[2]) for lease in leases]


def check_books(connection: Connection) -> None:
    """What the host rows say of the queue is what the queue says."""
    urls, hosts = schema.urls, schema.hosts
    queue = {
        host: (count, ready_at)
        for host, count, ready_at in connection.execute(
            select(urls.c.host, func.count(), func.min(urls.c.ready_at)).where(schema.QUEUED).group_by(urls.c.host)
        )
    }
    for host in connection.execute(select(hosts)):
        count, ready_at = queue.pop(host.host, (0, 0.0))
        assert host.queued == count
        assert count == 0 or host.next_at <= ready_at
    assert not queue


def test_a_url_is_queued_once(store: Store) -> None:
    with store.begin() as c:
        assert frontier.add(c, [new_url(1), new_url(2), new_url(1, priority=5)], now=1.0) == 2
        assert frontier.add(c, [new_url(2), new_url(3)], now=2.0) == 1
        assert numbers(take(c)) == [1, 2, 3]
        assert frontier.add(c, [], now=2.0) == 0
        check_books(c)


def test_a_lease_carries_what_was_added(store: Store) -> None:
    url = new_url(7, kind="feed", priority=3, tries=2)
    with store.begin() as c:
        frontier.add(c, [url], now=1.0)
        (lease,) = take(c)
    assert (lease.url, lease.host, lease.kind) == (url.url, url.host, "feed")
    assert (lease.priority, lease.tries, lease.request) == (3, 2, url.request)


def test_the_highest_priority_comes_first_and_then_what_is_known_longest(store: Store) -> None:
    with store.begin() as c:
        frontier.add(c, [new_url(n, priority=p) for n, p in enumerate((0, -1, 2, 0, 2))], now=1.0)
        assert numbers(take(c)) == [2, 4, 0, 3, 1]


def test_a_url_is_not_leased_before_it_is_ready(store: Store) -> None:
    with store.begin() as c:
        frontier.add(c, [new_url(1, ready_at=50.0, priority=9), new_url(2)], now=1.0)
        assert numbers(take(c, now=49.0)) == [2]
        assert frontier.waiting(c, "one", now=49.0).next_ready_at == 50.0
        assert numbers(take(c, now=50.0)) == [1]


def test_a_host_gives_no_more_than_its_share_less_what_is_busy(store: Store) -> None:
    with store.begin() as c:
        frontier.add(c, [new_url(n, HOSTS[n % 2]) for n in range(10)], now=1.0)
        assert numbers(take(c, per_host=2, busy={"a.test": 1})) == [0, 1, 3]
        assert numbers(take(c, per_host=2, busy={"a.test": 2, "b.test": 3})) == []
        check_books(c)


def test_hosts_take_turns(store: Store) -> None:
    with store.begin() as c:
        frontier.add(c, [new_url(n, HOSTS[n % 3]) for n in range(9)], now=1.0)
        served = [take(c, now=float(n), per_host=1, limit=1)[0].host for n in range(1, 7)]
        assert served == [*HOSTS, *HOSTS]


def test_full_hosts_do_not_hide_the_others(store: Store) -> None:
    with store.begin() as c:
        frontier.add(c, [new_url(n, f"h{n:03}.test") for n in range(60)], now=1.0)
        busy = {f"h{n:03}.test": 1 for n in range(55)}
        assert numbers(take(c, per_host=1, limit=5, busy=busy)) == [55, 56, 57, 58, 59]


def test_hosts_whose_time_was_guessed_too_early_do_not_hide_the_others(store: Store) -> None:
    with store.begin() as c:
        late = [new_url(n, f"h{n:03}.test", ready_at=float(1 + 1000 * (n % 2))) for n in range(40)]
        late += [new_url(100 + n, f"h{n:03}.test", ready_at=1000.0) for n in range(0, 40, 2)]
        frontier.add(c, [*late, new_url(200, "z.test")], now=1.0)
        assert len(take(c, now=1.0, limit=20)) == 20
        assert numbers(take(c, now=2.0, limit=1)) == [200]
        assert take(c, now=3.0) == []
        assert frontier.waiting(c, "one", now=3.0).next_ready_at == 1000.0
        check_books(c)


def test_a_lease_is_not_given_twice(store: Store) -> None:
    with store.begin() as c:
        frontier.add(c, [new_url(n) for n in range(5)], now=1.0)
        assert numbers(take(c, limit=3)) == [0, 1, 2]
        assert numbers(take(c)) == [3, 4]
        assert take(c) == []


@pytest.mark.parametrize("state", ["done", "redirected", "failed", "refused"])
def test_a_settled_url_keeps_its_state_and_reason_and_lets_its_request_go(store: Store, state: Any) -> None:
    with store.begin() as c:
        frontier.add(c, [new_url(1)], now=1.0)
        (lease,) = take(c)
        outcome = Outcome(id=lease.id, state=state, reason="404 \0 \udc80")
        assert frontier.settle(c, [outcome], owner="one", now=9.0) == 1
        stored = row(c, lease.id)
        assert (stored.state, stored.reason, stored.settled_at) == (state, "404 \\x00 \\udc80", 9.0)
        assert (stored.request, stored.owner, stored.lease_until) == (None, None, None)
        assert take(c, now=1000.0) == []
        assert frontier.waiting(c, "one", now=9.0) == Waiting(queued=0, next_ready_at=None, leased=0)


def test_a_retry_returns_at_its_time_with_what_changed(store: Store) -> None:
    with store.begin() as c:
        frontier.add(c, [new_url(1, priority=4), new_url(2, priority=3)], now=1.0)
        first, second = take(c)
        changed = Outcome(
            id=first.id, state="queued", reason="503", ready_at=30.0, tries=1, request='{"dont": 1}', priority=-2
        )
        frontier.settle(c, [changed, Outcome(id=second.id, state="queued")], owner="one", now=2.0)
        check_books(c)
        (same,) = take(c, now=3.0)
        assert same == second
        assert frontier.waiting(c, "one", now=3.0) == Waiting(queued=1, next_ready_at=30.0, leased=1)
        (retry,) = take(c, now=30.0)
        assert (retry.tries, retry.request, retry.priority) == (1, '{"dont": 1}', -2)
        assert row(c, retry.id).reason == "503"


def test_a_redirect_and_its_target_are_recorded_together(store: Store) -> None:
    with store.begin() as c:
        frontier.add(c, [new_url(1)], now=1.0)
        (lease,) = take(c)
        redirected = Outcome(id=lease.id, state="redirected", reason="301")
        assert frontier.record(c, [redirected], [new_url(2, "b.test"), new_url(1)], owner="one", now=2.0) == 1
        assert numbers(take(c, now=3.0)) == [2]
        check_books(c)


def test_nothing_recorded_changes_nothing(store: Store) -> None:
    with store.begin() as c:
        assert frontier.record(c, [], [], owner="one", now=1.0) == 0
        assert frontier.settle(c, [], owner="one", now=1.0) == 0
        frontier.release(c, [], owner="one")


def test_an_outcome_said_twice_counts_once(store: Store) -> None:
    with store.begin() as c:
        frontier.add(c, [new_url(1)], now=1.0)
        (lease,) = take(c)
        back = Outcome(id=lease.id, state="queued")
        assert frontier.settle(c, [back, back], owner="one", now=2.0) == 1
        assert frontier.settle(c, [back, Outcome(id=lease.id, state="done")], owner="one", now=2.0) == 0
        check_books(c)
        assert len(take(c)) == 1


def test_a_url_is_asked_again_only_in_a_later_round_and_only_when_settled(store: Store) -> None:
    again = new_url(1, round=2, again=True, priority=8, ready_at=5.0, request="{}")
    with store.begin() as c:
        frontier.add(c, [new_url(1)], now=1.0)
        assert frontier.add(c, [again], now=2.0) == 0
        (lease,) = take(c)
        assert frontier.add(c, [again], now=2.0) == 0
        frontier.settle(c, [Outcome(id=lease.id, state="failed", reason="x")], owner="one", now=3.0)
        assert frontier.add(c, [new_url(1, round=2)], now=4.0) == 0
        assert frontier.add(c, [new_url(1, round=1, again=True)], now=4.0) == 0
        assert frontier.add(c, [again, again], now=4.0) == 1
        assert frontier.add(c, [again], now=4.0) == 0
        check_books(c)
        (second,) = take(c, now=6.0)
        assert (second.id, second.priority, second.request, second.tries) == (lease.id, 8, "{}", 0)
        assert row(c, lease.id).reason is None
        frontier.settle(c, [Outcome(id=lease.id, state="done")], owner="one", now=7.0)
        assert frontier.add(c, [again], now=8.0) == 0


def test_released_leases_are_as_if_they_had_not_been_taken(store: Store) -> None:
    with store.begin() as c:
        frontier.add(c, [new_url(n, tries=n) for n in range(3)], now=1.0)
        leases = take(c)
        frontier.release(c, [lease.id for lease in leases[1:]], owner="one")
        check_books(c)
        assert take(c) == leases[1:]


def test_one_worker_cannot_settle_or_release_the_lease_of_another(store: Store) -> None:
    with store.begin() as c:
        frontier.add(c, [new_url(1)], now=1.0)
        (lease,) = take(c)
        assert frontier.settle(c, [Outcome(id=lease.id, state="done")], owner="two", now=2.0) == 0
        frontier.release(c, [lease.id], owner="two")
        assert row(c, lease.id).owner == "one"
        check_books(c)


def test_two_workers_never_share_a_url_or_a_host(store_url: str) -> None:
    with Store.open(store_url) as first, Store.open(store_url) as second:
        with first.begin() as c:
            frontier.add(c, [new_url(n, f"h{n % 20}.test") for n in range(400)], now=1.0)
        taken: dict[str, list[frontier.Lease]] = {"one": [], "two": []}
        for turn in range(200):
            for owner, store in (("one", first), ("two", second)):
                with store.begin() as c:
                    now = 1.0 + turn / 100
                    leases = take(c, owner, now=now, per_host=3, limit=7)
                    frontier.settle(c, [Outcome(id=x.id, state="done") for x in leases[::2]], owner=owner, now=now)
                taken[owner] += leases
    one, two = taken["one"], taken["two"]
    assert one
    assert two
    assert len({lease.id for lease in one + two}) == len(one) + len(two) == 400
    assert not {lease.host for lease in one} & {lease.host for lease in two}


def test_a_host_that_another_worker_is_just_taking_is_passed_over(postgres: Any) -> None:
    url = postgres.new_database()
    with Store.open(url) as first, Store.open(url) as second:
        with first.begin() as c:
            frontier.add(c, [new_url(n, HOSTS[n % 2]) for n in range(8)], now=1.0)
        with first.begin() as c:
            one = take(c, "one", limit=1)
            with second.begin() as other:
                two = take(other, "two")
        assert {lease.host for lease in one} == {"a.test"}
        assert {lease.host for lease in two} == {"b.test"}


def test_two_workers_that_write_at_the_same_time_do_not_wait_for_each_other_in_a_ring(postgres: Any) -> None:
    """Each would hold what the other one needs, if hosts were not taken in one order."""
    from threading import Thread

    url = postgres.new_database()
    faults: list[Exception] = []

    def work(owner: str, order: int) -> None:
        try:
            with Store.open(url) as store:
                for turn in range(60):
                    urls = [new_url(1000 * turn + n, f"h{n % 7}.test") for n in range(40)][::order]
                    now = 1.0 + turn
                    with store.begin() as c:
                        leases = take(c, owner, now=now, limit=9)
                    ends = [Outcome(id=lease.id, state="queued" if n % 3 else "done") for n, lease in enumerate(leases)]
                    with store.begin() as c:
                        frontier.record(c, ends[::order], urls, owner=owner, now=now)
                    with store.begin() as c:
                        frontier.renew(c, owner, until=now + 60)
                with store.begin() as c:
                    frontier.give_back(c, owner, now=100.0)
        except Exception as error:
            faults.append(error)

    workers = [Thread(target=work, args=("one", 1)), Thread(target=work, args=("two", -1))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert faults == []
    with Store.open(url) as store, store.begin() as c:
        check_books(c)
        assert c.execute(select(func.count()).select_from(schema.urls)).scalar() == 60 * 40


def test_what_a_silent_worker_held_comes_back_when_it_runs_out(store: Store) -> None:
    with store.begin() as c:
        frontier.add(c, [new_url(n) for n in range(3)], now=1.0)
        held = take(c, "one", now=1.0, until=60.0, limit=2)
        assert take(c, "two", now=59.0) == []
        assert frontier.waiting(c, "two", now=59.0).queued == 0
        assert numbers(take(c, "two", now=60.0)) == [0, 1, 2]
        late = [Outcome(id=lease.id, state="done") for lease in held]
        assert frontier.settle(c, late, owner="one", now=61.0) == 0
        assert frontier.waiting(c, "two", now=61.0).leased == 3
        check_books(c)


def test_a_worker_that_renews_keeps_what_it_holds(store: Store) -> None:
    with store.begin() as c:
        frontier.add(c, [new_url(n) for n in range(3)], now=1.0)
        take(c, "one", now=1.0, until=60.0, limit=2)
        frontier.renew(c, "one", until=200.0)
        assert take(c, "two", now=100.0) == []
        assert numbers(take(c, "one", now=100.0)) == [2]


def test_a_late_worker_does_not_take_from_itself(store: Store) -> None:
    with store.begin() as c:
        frontier.add(c, [new_url(n) for n in range(2)], now=1.0)
        take(c, "one", now=1.0, until=5.0, limit=1)
        assert numbers(take(c, "one", now=100.0)) == [1]


def test_what_is_given_back_is_free_for_all(store: Store) -> None:
    with store.begin() as c:
        frontier.add(c, [new_url(n, HOSTS[n]) for n in range(3)], now=1.0)
        take(c, "one", now=1.0, limit=1)
        take(c, "two", now=1.0, until=5.0, limit=1)
        take(c, "three", now=1.0, until=500.0, limit=1)
        assert frontier.give_back(c, "one", now=10.0) == 2
        check_books(c)
        assert numbers(take(c, "four", now=10.0)) == [0, 1]
        assert frontier.give_back(c, "nobody", now=10.0) == 0


def test_a_postponed_host_waits_and_a_closed_one_is_left_out(store: Store) -> None:
    with store.begin() as c:
        frontier.add(c, [new_url(n, HOSTS[n]) for n in range(2)], now=1.0)
        frontier.postpone_host(c, "a.test", ready_at=30.0)
        frontier.postpone_host(c, "b.test", ready_at=0.0, state="closed")
        frontier.postpone_host(c, "c.test", ready_at=40.0)
        frontier.add(c, [new_url(2, "c.test")], now=1.0)
        assert take(c, now=2.0) == []
        assert frontier.waiting(c, "one", now=2.0) == Waiting(queued=2, next_ready_at=30.0, leased=0)
        assert numbers(take(c, now=30.0)) == [0]
        frontier.postpone_host(c, "b.test", ready_at=0.0)
        assert numbers(take(c, now=40.0)) == [1, 2]


def test_many_urls_fit_into_one_call(store: Store) -> None:
    with store.begin() as c:
        urls = [new_url(n, f"h{n % 1200}.test") for n in range(2500)]
        assert frontier.add(c, urls, now=1.0) == 2500
        assert frontier.add(c, urls, now=1.0) == 0
        leases = take(c, limit=3000)
        assert len(leases) == 2500
        assert frontier.settle(c, [Outcome(id=x.id, state="queued") for x in leases], owner="one", now=2.0) == 2500
        assert len(take(c, limit=3000)) == 2500
        assert frontier.give_back(c, "one", now=3.0) == 2500
        check_books(c)


def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    def fail() -> None:
        with store.begin() as c:
            frontier.add(c, [new_url(1)], now=1.0)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    with store.begin() as c:
        assert frontier.add(c, [new_url(1)], now=1.0) == 1


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "again", "lease", "done", "retry", "release", "renew", "give_back", "postpone"]),
        st.sampled_from(["one", "two"]),
        st.integers(0, 11),
    ),
    max_size=40,
)


@given(STEPS)
@settings(max_examples=60)
def test_whatever_happens_the_books_are_right_and_no_url_is_lost(steps: list[tuple[str, str, int]]) -> None:
    held: dict[str, list[frontier.Lease]] = {"one": [], "two": []}
    known: set[int] = set()
    with Store.open("sqlite://") as store, store.begin() as c:
        for now, (step, owner, n) in enumerate(steps, start=1):
            mine = held[owner]
            ids = [lease.id for lease in mine[: n % 3 + 1]]
            if step in ("add", "again"):
                urls = [new_url(n % 6 + k, HOSTS[(n % 6 + k) % 3], ready_at=now + n % 4 * 3.0) for k in range(2)]
                urls = [new_url(n, HOSTS[n % 3], round=now, again=True)] if step == "again" else urls
                frontier.record(c, [], urls, owner=owner, now=now)
                known |= {int.from_bytes(url.fingerprint, "big") for url in urls}
            elif step == "lease":
                mine += take(c, owner, now=now, until=now + 6.0, per_host=n % 3 + 1, limit=n % 5 + 1)
            elif step in ("done", "retry"):
                back = None if n % 2 else now + 5.0
                state: Any = "done" if step == "done" else "queued"
                frontier.settle(c, [Outcome(id=i, state=state, ready_at=back) for i in ids], owner=owner, now=now)
            elif step == "release":
                frontier.release(c, ids, owner=owner)
            elif step == "renew":
                frontier.renew(c, owner, until=now + 6.0)
            elif step == "give_back":
                frontier.give_back(c, owner, now=now)
            else:
                frontier.postpone_host(c, HOSTS[n % 3], ready_at=now + 2.0)
            if step in ("done", "retry", "release"):
                held[owner] = mine[len(ids) :]
            check_books(c)
        frontier.give_back(c, "one", now=10_000.0)
        frontier.give_back(c, "two", now=10_000.0)
        for host in HOSTS:
            frontier.postpone_host(c, host, ready_at=0.0)
        queued = frontier.waiting(c, "three", now=10_000.0).queued
        assert len(take(c, "three", now=10_000.0)) == queued
        settled = c.execute(select(func.count()).select_from(schema.urls).where(schema.urls.c.state == "done")).scalar()
        assert queued + settled == len(known)


def test_a_database_that_fails_is_named_with_the_fault(store: Store) -> None:
    with pytest.raises(StorageError, match=r"store .*(unique|UNIQUE)"), store.begin() as c:
        c.execute(schema.meta.insert(), {"key": "schema_version", "value": "x"})
    with store.begin() as c:
        assert frontier.add(c, [new_url(1)], now=1.0) == 1


def settled(c: Connection, number: int, visit: Visit | None = None, *, state: Any = "done", now: float = 10.0) -> None:
    """Queue a URL, lease it and settle it."""
    frontier.add(c, [new_url(number, again=True, round=int(now))], now=now)
    (lease,) = take(c, now=now)
    frontier.settle(c, [Outcome(id=lease.id, state=state, visit=visit)], owner="one", now=now)


def test_a_page_is_due_again_when_its_visit_says_so(store: Store) -> None:
    with store.begin() as c:
        settled(c, 1, Visit(due_at=50.0, etag='"a"', last_modified="Tue, 21 Mar 2023 00:00:00 GMT"))
        settled(c, 2, Visit(due_at=None))
        settled(c, 3)
        settled(c, 4, Visit(due_at=40.0))
        assert [page.url for page in frontier.due_pages(c, before=100.0)] == [new_url(4).url, new_url(1).url]
        assert [page.url for page in frontier.due_pages(c, before=50.0)] == [new_url(4).url]
        (first, second) = frontier.due_pages(c, before=100.0)
        assert (second.etag, second.last_modified) == ('"a"', "Tue, 21 Mar 2023 00:00:00 GMT")
        assert frontier.due_pages(c, before=100.0, after=first, limit=1) == [second]
        assert frontier.due_pages(c, before=100.0, after=second) == []
        assert frontier.next_due(c) == 40.0


def test_a_page_in_the_queue_is_not_due(store: Store) -> None:
    with store.begin() as c:
        settled(c, 1, Visit(due_at=50.0))
        frontier.add(c, [new_url(1, again=True, round=99)], now=60.0)
        assert frontier.due_pages(c, before=100.0) == []
        assert frontier.next_due(c) is None


@pytest.mark.parametrize(
    ("state", "again"), [("failed", 20.0 + frontier.AGAIN_S), ("redirected", None), ("done", None)]
)
def test_a_known_page_that_fails_is_tried_again_and_one_that_moved_is_not(
    store: Store, state: Any, again: float | None
) -> None:
    with store.begin() as c:
        settled(c, 1, Visit(due_at=15.0), now=10.0)
        settled(c, 1, state=state, now=20.0)
        assert frontier.next_due(c) == again
        settled(c, 2, state="failed", now=30.0)
        assert frontier.next_due(c) == again, "what never was a page does not become one by failing"


def test_what_is_known_of_urls_is_told(store: Store) -> None:
    with store.begin() as c:
        settled(c, 1, Visit(due_at=50.0, etag='"a"'))
        frontier.add(c, [new_url(2, stated_change="2023-03-21")], now=20.0)
        prints = [new_url(number).fingerprint for number in (1, 2, 3)]
        found = frontier.known(c, prints)
        assert set(found) == set(prints[:2])
        one, two = found[prints[0]], found[prints[1]]
        assert (one.state, one.added_at, one.settled_at, one.etag) == ("done", 10.0, 10.0, '"a"')
        assert (two.state, two.added_at, two.settled_at, two.stated_change) == ("queued", 20.0, None, "2023-03-21")

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.addresses import AllowList, proxy_place
from newscrawl.downloadhandlers.limits import WINDOW_S, Guard, Limits, Progress, RefusedAddress

LIMITS = Limits(connect_s=10, answer_s=12, least_rate=1000, total_s=30)


def seen(*looks: tuple[float, bool, bool, int], limits: Limits = LIMITS, total_s: float = 30) -> str | None:
    """What the watch says at its last look; each look is the time, connected, answered and the bytes of body."""
    progress = Progress(0, total_s)
    told = None
    for now, connected, answered, length in looks:
        assert told is None
        told = progress.overdue(limits, now, connected=connected, answered=answered, length=length)
    return told


@pytest.mark.parametrize(
    ("look", "told"),
    [
        ((9.9, False, False, 0), None),
        ((10.1, False, False, 0), "no connection within 10 seconds"),
        ((10.1, True, False, 0), None),
        ((12.1, True, False, 0), "no answer within 12 seconds"),
        ((12.1, True, True, 0), None),
        ((30.1, True, True, 10**9), "it took longer than 30 seconds"),
    ],
)
def test_every_step_of_an_exchange_has_its_time(look: tuple[float, bool, bool, int], told: str | None) -> None:
    assert seen(look) == told


def test_a_body_has_ten_seconds_of_grace_and_then_a_least_rate() -> None:
    assert seen((1, True, True, 0), (10.9, True, True, 10)) is None
    assert seen((1, True, True, 0), (11, True, True, 9_990)) == "999 bytes a second are fewer than 1000"
    assert seen((1, True, True, 0), (11, True, True, 10_000), (20.9, True, True, 10_000)) is None
    assert seen((1, True, True, 0), (11, True, True, 10**6), (21, True, True, 10**6 + 5)) == (
        "0 bytes a second are fewer than 1000"
    )


@given(st.floats(0, 1e6), st.booleans(), st.booleans(), st.integers(0, 10**12))
def test_without_limits_nothing_is_ever_overdue(now: float, connected: bool, answered: bool, length: int) -> None:
    assert seen((now, connected, answered, length), limits=Limits(), total_s=0) is None


@given(st.integers(0, 999), st.floats(0.1, WINDOW_S))
def test_a_body_below_the_least_rate_ends_within_two_windows(rate: int, step: float) -> None:
    progress, now = Progress(0, 0), 0.0
    while now <= 2 * WINDOW_S + 2 * step:
        now += step
        if progress.overdue(LIMITS, now, connected=True, answered=True, length=int(rate * now)) is not None:
            return
    pytest.fail("nobody noticed")


GUARD = Guard(allow=AllowList.parse(["127.0.0.1:8000"], ["80", "443"]), trusted=frozenset({("127.0.0.1", 3128)}))


@pytest.mark.parametrize(
    ("host", "port", "refused"),
    [
        ("93.184.216.34", 80, False),
        ("93.184.216.34", 6379, True),
        ("127.0.0.1", 8000, False),
        ("127.0.0.1", 80, True),
        ("::ffff:127.0.0.1", 8000, False),
        ("::ffff:10.0.0.1", 80, True),
        ("fe80::1%eth0", 80, True),
        ("64:ff9b::7f00:1", 80, True),
        (None, 80, True),
        ("/run/socket", 80, True),
    ],
)
def test_the_address_connected_to_is_looked_at(host: str | None, port: int, refused: bool) -> None:
    assert (GUARD.through(None)(host, port) is not None) is refused


def test_only_a_trusted_proxy_is_gone_through_and_looks_at_addresses_itself() -> None:
    assert GUARD.through("http://me:pw@127.0.0.1:3128")("10.0.0.1", 1) is None
    with pytest.raises(RefusedAddress, match="NEWSCRAWL_TRUSTED"):
        GUARD.through("http://127.0.0.1:3129")


@given(st.text())
def test_any_text_is_a_proxy_or_none(text: str) -> None:
    place = proxy_place(text)
    assert place is None or 0 < place[1] < 65536

from __future__ import annotations

import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.settings import Settings
from scrapy.utils.datatypes import LocalCache
from twisted.internet.address import IPv4Address, IPv6Address

from newscrawl.addresses import AllowList, is_public
from newscrawl.resolver import GuardedResolver, _GuardedNames

PUBLIC = "93.184.216.34"


class FakeNames:
    """Resolves every name to the same addresses."""

    def __init__(self, *hosts: str) -> None:
        self.hosts = hosts
        self.asked: list[tuple[Any, ...]] = []

    def resolveHostName(self, receiver: Any, *arguments: Any) -> Any:  # noqa: N802
        self.asked.append(arguments)
        receiver.resolutionBegan(self)
        for host in self.hosts:
            kind = IPv6Address if ":" in host else IPv4Address
            receiver.addressResolved(kind("TCP", host, arguments[1]))
        receiver.resolutionComplete()
        return self


class Receiver:
    """What asks for a name."""

    def __init__(self) -> None:
        self.began: Any = None
        self.hosts: list[str] = []
        self.complete = 0

    def resolutionBegan(self, resolution: Any) -> None:  # noqa: N802
        self.began = resolution

    def addressResolved(self, address: Any) -> None:  # noqa: N802
        self.hosts.append(address.host)

    def resolutionComplete(self) -> None:  # noqa: N802
        self.complete += 1


class FakeReactor:
    """A reactor as far as name resolution goes."""

    def __init__(self, names: Any) -> None:
        self.nameResolver = names
        self.simple: list[Any] = []

    def installResolver(self, resolver: Any) -> None:  # noqa: N802
        self.simple.append(resolver)

    def installNameResolver(self, names: Any) -> None:  # noqa: N802
        self.nameResolver = names


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch) -> LocalCache[str, Any]:
    cache: LocalCache[str, Any] = LocalCache(10)
    monkeypatch.setattr("scrapy.resolver.dnscache", cache)
    return cache


def resolved(*hosts: str, allow: tuple[str, ...] = (), port: int = 80, name: str = "news.example") -> Receiver:
    receiver = Receiver()
    names = FakeNames(*hosts)
    found = _GuardedNames(names, AllowList.parse(allow)).resolveHostName(receiver, name, port)  # type: ignore[arg-type]
    assert found is receiver.began is names
    assert receiver.complete == 1
    return receiver


def test_a_public_address_is_passed_on() -> None:
    assert resolved(PUBLIC, "2606:4700::1111").hosts == [PUBLIC, "2606:4700::1111"]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "10.0.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
    ],
)
def test_a_name_that_leads_to_a_private_address_cannot_be_resolved(host: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert resolved(host).hosts == []
    assert "Refused to connect to news.example" in caplog.text
    assert "NEWSCRAWL_ALLOW_ADDRESSES" in caplog.text


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_literal_address_is_checked_too(host: str) -> None:
    assert resolved(host, name=host).hosts == []
    assert resolved(host, name=host, allow=(host,)).hosts == [host]


def test_of_several_addresses_the_public_ones_remain() -> None:
    assert resolved("10.0.0.1", PUBLIC, "127.0.0.1").hosts == [PUBLIC]


@pytest.mark.parametrize(
    ("host", "allow", "port", "passed"),
    [
        ("127.0.0.1", "127.0.0.1", 80, True),
        ("127.0.0.2", "127.0.0.1", 80, False),
        ("127.0.0.1", "127.0.0.1:8000", 8000, True),
        ("127.0.0.1", "127.0.0.1:8000", 8001, False),
        # A resolution that does not say for which port is none for the one that is listed.
        ("127.0.0.1", "127.0.0.1:8000", 0, False),
        ("127.0.0.1", "127.0.0.1", 0, True),
        ("10.9.9.9", "10.0.0.0/8", 443, True),
        ("::1", "[::1]:8000", 8000, True),
    ],
)
def test_a_listed_address_is_passed_on(host: str, allow: str, port: int, passed: bool) -> None:
    assert resolved(host, allow=(allow,), port=port).hosts == ([host] if passed else [])


def test_a_name_that_changes_its_mind_gains_nothing() -> None:
    names = FakeNames(PUBLIC)
    guarded = _GuardedNames(names, AllowList())  # type: ignore[arg-type]
    first, second = Receiver(), Receiver()
    guarded.resolveHostName(first, "news.example", 80)  # type: ignore[arg-type]
    names.hosts = ("127.0.0.1",)
    guarded.resolveHostName(second, "news.example", 80)  # type: ignore[arg-type]
    assert (first.hosts, second.hosts) == ([PUBLIC], [])


def test_a_name_that_has_no_address_is_passed_on_as_such() -> None:
    assert resolved().hosts == []


@given(st.lists(st.ip_addresses(), max_size=5))
def test_no_private_address_is_ever_passed_on(addresses: list[Any]) -> None:
    assert resolved(*map(str, addresses)).hosts == [str(address) for address in addresses if is_public(address)]


def test_the_guard_stands_around_whatever_resolves_names(own_cache: LocalCache[str, Any]) -> None:
    names = FakeNames("127.0.0.1", PUBLIC)
    reactor: Any = FakeReactor(names)
    settings = Settings({"NEWSCRAWL_ALLOW_ADDRESSES": "10.0.0.1", "DNSCACHE_SIZE": 7, "DNS_TIMEOUT": 3})
    resolver = GuardedResolver.from_crawler(Crawler(Spider, settings), reactor)
    resolver.install_on_reactor()
    receiver = Receiver()
    reactor.nameResolver.resolveHostName(receiver, "news.example", 443, None, "TCP")
    assert receiver.hosts == [PUBLIC]
    assert names.asked == [("news.example", 443, None, "TCP")]
    assert reactor.simple == [resolver]
    assert resolver.allow == AllowList.parse(["10.0.0.1"])
    assert (resolver.timeout, own_cache.limit) == (3.0, 7)


def test_names_are_not_remembered_when_the_cache_is_off(own_cache: LocalCache[str, Any]) -> None:
    reactor: Any = FakeReactor(FakeNames())
    GuardedResolver.from_crawler(Crawler(Spider, Settings({"DNSCACHE_ENABLED": False})), reactor)
    assert own_cache.limit == 0


def test_why_a_host_was_refused_can_be_asked_until_it_resolves() -> None:
    hosts = ["10.0.0.1"]
    fake = FakeNames()
    fake.hosts = hosts  # type: ignore[assignment]
    names = _GuardedNames(fake, AllowList.parse(()))
    assert names.refusal_of("news.example", 80) is None
    names.resolveHostName(Receiver(), "news.example", 80)
    assert "10.0.0.1 is a private address" in (names.refusal_of("news.example", 80) or "")
    assert names.refusal_of("news.example", 443) is None
    hosts.append(PUBLIC)
    names.resolveHostName(Receiver(), "news.example", 80)
    assert names.refusal_of("news.example", 80) is None


def test_only_so_many_refusals_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newscrawl.resolver._MOST_REFUSED", 3)
    names = _GuardedNames(FakeNames("10.0.0.1"), AllowList.parse(()))
    for number in range(5):
        names.resolveHostName(Receiver(), f"s{number}.example", 80)
    assert [host for host, _ in names.refused] == ["s2.example", "s3.example", "s4.example"]


def test_a_trusted_proxy_may_stand_anywhere_on_its_own_port() -> None:
    names = _GuardedNames(FakeNames("10.0.0.1"), AllowList.parse(()), frozenset({("proxy.example", 3128)}))
    for host, port, found in (
        ("proxy.example", 3128, ["10.0.0.1"]),
        ("proxy.example", 80, []),
        ("a.example", 3128, []),
    ):
        receiver = Receiver()
        names.resolveHostName(receiver, host, port)
        assert receiver.hosts == found


def test_a_port_is_checked_on_public_addresses_too() -> None:
    names = _GuardedNames(FakeNames(PUBLIC), AllowList.parse(("127.0.0.1:9",), ("80",)))
    for port, found in ((80, [PUBLIC]), (9, []), (6379, [])):
        receiver = Receiver()
        names.resolveHostName(receiver, "news.example", port)
        assert receiver.hosts == found

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.addresses import (
    AllowList,
    address_refusal,
    is_public,
    mapped_host,
    parse_address,
    refusal,
)
from newscrawl.exceptions import ConfigError

NOTHING = AllowList()
ANY_TEXT = st.text(st.characters())
HOST_LIKE = st.text(st.sampled_from("0123456789abcdefxX.:%[]。．①７-_ \u00ad\u0301lo"), max_size=40)
ADDRESSES = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6))


@pytest.mark.parametrize(
    "spelling",
    [
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0X7F.0.0.1",
        "0177.0.0.1",
        "00000177.1",
        "017700000001",
        "１２７．０．０．１",
        "127。0｡0．1",
        "①②⑦.⓪.⓪.①",
        "127.0.\u00ad0.1",
        "%31%32%37.0.0.1",
        " 127.0.0.1 ",
        "[127.0.0.1]",
    ],
)
def test_every_spelling_of_an_ipv4_address_is_recognised(spelling: str) -> None:
    assert parse_address(spelling) == IPv4Address("127.0.0.1")


@pytest.mark.parametrize(
    ("spelling", "address"),
    [
        ("::1", "::1"),
        ("[::1]", "::1"),
        ("[0:0:0:0:0:0:0:1]", "::1"),
        ("FE80::1%eth0", "fe80::1"),
        ("[fe80::1%25eth0]", "fe80::1"),
        ("[::ffff:127.0.0.1]", "::ffff:7f00:1"),
        ("[::127.0.0.1]", "::7f00:1"),
    ],
)
def test_every_spelling_of_an_ipv6_address_is_recognised(spelling: str, address: str) -> None:
    assert parse_address(spelling) == IPv6Address(address)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "news.example",
        "localhost",
        "1.2.3.4.5",
        "256.1.1.1",
        "4294967296",
        "1.2.3.256",
        "08.1.1.1",
        "1..2",
        "0xg",
        "1_0.1",
        "+1",
        "١٢٧.0.0.1",
        "127.0.0.1:80",
        "[::1",
        "9" * 5000,
    ],
)
def test_a_name_is_not_an_address(name: str) -> None:
    assert parse_address(name) is None


def test_a_host_is_mapped_as_a_browser_maps_it() -> None:
    assert mapped_host(" ＷＷＷ。Ｅxa\u00admple．COM ") == "www.example.com"


@given(st.one_of(ANY_TEXT, HOST_LIKE))
def test_any_host_is_read_without_an_exception(host: str) -> None:
    parse_address(host)
    refusal(host, 80, NOTHING)


@given(ADDRESSES)
def test_an_address_is_read_back_from_its_own_text(address: IPv4Address | IPv6Address) -> None:
    assert parse_address(str(address)) == address
    assert parse_address(address.exploded) == address


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_the_same_as_a_decimal_hexadecimal_and_octal_number(address: IPv4Address) -> None:
    number = int(address)
    assert parse_address(str(number)) == parse_address(hex(number)) == parse_address(f"0{number:o}") == address


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "1.1.1.1",
        "100.63.255.255",
        "172.32.0.1",
        "192.167.1.1",
        "223.255.255.255",
        "2606:4700::1111",
        "2001:4860:4860::8888",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2002:808:808::1",
    ],
)
def test_a_global_unicast_address_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("0.0.0.0", "unspecified"),
        ("0.1.2.3", "unspecified"),
        ("10.1.2.3", "private"),
        ("100.64.0.1", "shared"),
        ("100.100.100.200", "shared"),
        ("127.0.0.53", "loopback"),
        ("168.63.129.16", "service"),
        ("169.254.169.254", "link-local"),
        ("172.31.255.255", "private"),
        ("192.0.0.192", "reserved"),
        ("192.0.2.1", "documentation"),
        ("192.168.1.1", "private"),
        ("198.18.0.1", "benchmarking"),
        ("198.51.100.1", "documentation"),
        ("203.0.113.1", "documentation"),
        ("224.0.0.251", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "reserved"),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("::7f00:1", "reserved"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:0:127.0.0.1", "reserved"),
        ("64:ff9b::10.0.0.1", "private"),
        ("64:ff9b:1::1", "reserved"),
        ("100::1", "reserved"),
        ("2001::1", "Teredo"),
        ("2001:2::1", "reserved"),
        ("2001:db8::1", "documentation"),
        ("2002:7f00:1::1", "loopback"),
        ("2002:c0a8:101::1", "private"),
        ("3fff::1", "documentation"),
        ("5f00::1", "reserved"),
        ("fc00::1", "private"),
        ("fd00:ec2::254", "private"),
        ("fe80::1", "link-local"),
        ("fec0::1", "reserved"),
        ("ff02::1", "multicast"),
    ],
)
def test_any_other_address_is_not_public_and_the_refusal_says_what_it_is(address: str, kind: str) -> None:
    assert not is_public(ip_address(address))
    reason = address_refusal(ip_address(address), 80, NOTHING)
    assert reason is not None
    assert kind in reason
    assert "NEWSCRAWL_ALLOW_ADDRESSES" in reason


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_carried_in_ipv6_is_as_public_as_itself(address: IPv4Address) -> None:
    number = int(address)
    carriers = (0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80)
    assert {is_public(IPv6Address(carrier)) for carrier in carriers} == {is_public(address)}


@pytest.mark.parametrize(
    ("entry", "address", "port", "permitted"),
    [
        ("127.0.0.1", "127.0.0.1", 80, True),
        ("127.0.0.1", "127.0.0.1", None, True),
        ("127.0.0.1", "127.0.0.2", 80, False),
        ("127.0.0.1", "::ffff:127.0.0.1", 80, True),
        ("::ffff:127.0.0.1", "127.0.0.1", 80, True),
        ("10.0.0.0/8", "10.200.0.1", 80, True),
        ("10.0.0.0/16", "10.1.0.1", 80, False),
        ("10.0.0.1:8080", "10.0.0.1", 8080, True),
        ("10.0.0.1:8080", "10.0.0.1", 80, False),
        ("10.0.0.1:8080", "10.0.0.1", None, False),
        ("::1", "::1", 80, True),
        ("[::1]:8000", "::1", 8000, True),
        ("[::1]:8000", "::1", 80, False),
        ("fd00::/8", "fd12::1", 443, True),
        ("10.0.0.0/8", "2002:a00:1::1", 80, False),
        (" 127.0.0.1 ", "127.0.0.1", 80, True),
    ],
)
def test_an_allow_list_permits_what_it_lists(entry: str, address: str, port: int | None, permitted: bool) -> None:
    allow = AllowList.parse([entry])
    assert allow.permits(ip_address(address), port) is permitted
    assert (address_refusal(ip_address(address), port, allow) is None) is permitted


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "localhost",
        "news.example",
        "127.1",
        "10.0.0.1/8",
        "10.0.0.0/33",
        "10.0.0.0/8:80",
        "10.0.0.1:0",
        "10.0.0.1:65536",
        "10.0.0.1:http",
        "[::1]",
        "[::1]:",
        "[127.0.0.1]:80",
        "fe80::1%eth0",
        "http://127.0.0.1",
        "*",
    ],
)
def test_an_entry_of_another_form_is_refused_by_name(entry: str) -> None:
    with pytest.raises(ConfigError, match="NEWSCRAWL_ALLOW_ADDRESSES") as caught:
        AllowList.parse(["127.0.0.1", entry])
    assert repr(entry) in str(caught.value)


@given(ADDRESSES)
def test_an_address_that_is_listed_is_permitted_and_no_other(address: IPv4Address | IPv6Address) -> None:
    allow = AllowList.parse([str(address)])
    assert allow.permits(address, 80)
    assert not allow.permits(type(address)(int(address) ^ 1), 80)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "127.0.0.1",
        "2130706433",
        "0",
        "[::1]",
        "①⑥⑨.254.169.254",
        "[::ffff:10.0.0.1]",
        "localhost",
        "LOCALHOST.",
        "ｌocalhost",
        "db.localhost",
    ],
)
def test_a_host_that_is_not_public_is_refused_in_any_spelling(host: str) -> None:
    assert refusal(host, 80, NOTHING) is not None


@pytest.mark.parametrize("host", ["news.example", "8.8.8.8", "notlocalhost", "localhost.example", "[2606:4700::1111]"])
def test_a_name_or_a_public_address_is_not_refused(host: str) -> None:
    assert refusal(host, 80, NOTHING) is None


@pytest.mark.parametrize(
    ("entry", "port", "refused"),
    [
        ("127.0.0.1", 80, False),
        ("[::1]:8000", 8000, False),
        ("127.0.0.1:8000", 80, True),
        ("10.0.0.1", 80, True),
    ],
)
def test_localhost_is_asked_when_one_of_its_addresses_is_listed(entry: str, port: int, refused: bool) -> None:
    assert (refusal("localhost", port, AllowList.parse([entry])) is not None) is refused

"""Which machine a host names, and whether it may be asked.

A page must not be able to send the crawler to a neighbour: a router, a database, a cloud's metadata service.
The same rule is asked twice, once for the host of a URL (:func:`refusal`) and once for each address that
the name is resolved to (:func:`address_refusal`), because a public name may point anywhere.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Self
from urllib.parse import unquote

from newscrawl.exceptions import ConfigError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Characters that UTS #46 takes out of a host: soft hyphen, joiners, variation selectors, BOM.
_IGNORED = re.compile("[\u00ad\u034f\u180b-\u180f\u200b\u2060\u2064\ufe00-\ufe0f\ufeff]")
# 253 characters, each written as the escapes of three bytes. The limit bounds the time of normalisation.
_LONGEST_HOST = 253 * 9
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")

# Not ipaddress.is_global: its answer for the same address differs between patch releases of Python.
# Source: IANA IPv4 and IPv6 Special-Purpose Address Registries.
_REFUSED_V4 = tuple(
    (IPv4Network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "an unspecified address"),
        ("10.0.0.0/8", "a private address"),
        ("100.64.0.0/10", "a shared (carrier-grade NAT) address"),
        ("127.0.0.0/8", "a loopback address"),
        ("169.254.0.0/16", "a link-local address"),
        ("172.16.0.0/12", "a private address"),
        ("192.0.0.0/24", "a reserved address"),
        ("192.0.2.0/24", "a documentation address"),
        ("192.88.99.0/24", "a reserved address"),
        ("192.168.0.0/16", "a private address"),
        ("198.18.0.0/15", "a benchmarking address"),
        ("198.51.100.0/24", "a documentation address"),
        ("203.0.113.0/24", "a documentation address"),
        ("224.0.0.0/4", "a multicast address"),
        ("240.0.0.0/4", "a reserved address"),
        # Azure answers a virtual machine from this one address of its public range.
        ("168.63.129.16/32", "a cloud's service address"),
    )
)
_REFUSED_V6 = tuple(
    (IPv6Network(network), kind)
    for network, kind in (
        ("::/128", "an unspecified address"),
        ("::1/128", "a loopback address"),
        ("2001::/32", "a Teredo address"),
        ("2001::/23", "a reserved address"),
        ("2001:db8::/32", "a documentation address"),
        ("3fff::/20", "a documentation address"),
        ("fc00::/7", "a private address"),
        ("fe80::/10", "a link-local address"),
        ("ff00::/8", "a multicast address"),
    )
)
_GLOBAL_V6 = IPv6Network("2000::/3")
_MAPPED = IPv6Network("::ffff:0:0/96")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_NAT64 = IPv6Network("64:ff9b::/96")

_ENTRY_WITH_PORT = re.compile(r"(?:([0-9.]+)|\[([0-9A-Fa-f:.]+)\]):([0-9]{1,5})")
_ENTRY = re.compile(r"[0-9A-Fa-f:.]+(?:/[0-9]{1,3})?")
_PORTS = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")
_PROXY = re.compile(
    r"(?:(https?)://)?(?:[^@/?#]*@)?(\[[0-9A-Fa-f:.]+\]|[^:@/?#\[\]]+)(?::([0-9]{1,5}))?/?", re.IGNORECASE
)


def mapped_host(host: str) -> str:
    """Return *host* as a browser reads it: escapes undone, compatibility forms mapped, in lower case.

    >>> mapped_host("ＥＸＡＭＰＬＥ。com")
    'example.com'

    Not yet checked and not yet Punycode. Source: UTS #46, mapping step; WHATWG URL, host parser.
    """
    text = host.strip()
    if len(text) > _LONGEST_HOST:
        return text.lower()
    if "%" in text and ":" not in text:
        text = unquote(text)
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", _IGNORED.sub("", text))
    return unicodedata.normalize("NFKC", text.lower()).replace("。", ".")


def parse_address(host: str) -> Address | None:
    """Return the IP address that *host* spells in any form a resolver or a browser takes, or None for a name.

    >>> parse_address("0x7f.1") == parse_address("2130706433") == parse_address("①②⑦．⓪．⓪．①")
    True

    A zone id is dropped. Sources: WHATWG URL, IPv4 parser; inet_aton(3).
    """
    text = mapped_host(host)
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    if ":" in text:
        try:
            return IPv6Address(text.partition("%")[0])
        except ValueError:
            return None
    return _parse_v4(text.removesuffix("."))


def _parse_v4(text: str) -> IPv4Address | None:
    """Return the IPv4 address of one to four dotted numbers; the last fills the bytes that remain."""
    parts = text.split(".")
    if len(parts) > 4 or not all(map(_NUMBER.fullmatch, parts)):
        return None
    try:
        numbers = [_number(part) for part in parts]
    except ValueError:
        return None
    last = numbers.pop()
    if any(number > 255 for number in numbers) or last >= 256 ** (4 - len(numbers)):
        return None
    for position, number in enumerate(numbers):
        last += number << 8 * (3 - position)
    return IPv4Address(last)


def _number(part: str) -> int:
    if part.startswith("0x"):
        return int(part[2:] or "0", 16)
    return int(part, 8 if part.startswith("0") else 10)


def is_public(address: Address) -> bool:
    """Tell whether *address* is global unicast, also after unpacking an IPv4 address carried in IPv6."""
    return _fault(address) is None


def _fault(address: Address) -> str | None:
    """Return what *address* is when it is not public: ``a loopback address``; None when it is public."""
    if isinstance(address, IPv4Address):
        return next((kind for network, kind in _REFUSED_V4 if address in network), None)
    carried = _carried(address)
    if carried is not None:
        fault = _fault(carried)
        return fault and f"{fault} ({carried})"
    kind = next((kind for network, kind in _REFUSED_V6 if address in network), None)
    return kind or (None if address in _GLOBAL_V6 else "a reserved address")


def _carried(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv4-mapped, 6to4 or NAT64 address leads to."""
    if address in _MAPPED or address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _SIX_TO_FOUR:
        return IPv4Address(int(address) >> 80 & 0xFFFFFFFF)
    return None


def _unmapped(address: Address) -> Address:
    """Return the IPv4 address of an IPv4-mapped one: the connection goes there, not through a gateway."""
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _MAPPED else address


@dataclass(frozen=True, kw_only=True)
class AllowList:
    """Addresses that may be asked although they are not public (``NEWSCRAWL_ALLOW_ADDRESSES``), and ports of all."""

    entries: tuple[tuple[Network, int | None], ...] = ()
    """Network and the one port allowed on it; None for every port."""
    ports: tuple[range, ...] | None = None
    """Ports that may be asked on any address (``NEWSCRAWL_ALLOW_PORTS``); None for every port."""

    @classmethod
    def parse(cls, values: Iterable[str], ports: Iterable[str | int] | None = None) -> Self:
        """Return the list of *values*: an address, a CIDR block, ``address:port`` or ``[v6]:port``.

        *ports* are numbers and ranges (``8000-8999``). Raises :exc:`ConfigError` naming the first entry that is none
        of them.
        """
        entries = tuple(_parse_entry(value.strip()) for value in values)
        return cls(entries=entries, ports=None if ports is None else tuple(_parse_ports(str(port)) for port in ports))

    def opens(self, port: int | None) -> bool:
        """Tell whether *port* may be asked on any address."""
        return self.ports is None or port is None or any(port in ports for ports in self.ports)

    def names(self, port: int | None) -> bool:
        """Tell whether *port* may be asked on an address of the list, whichever that is."""
        return any(only in (None, port) for _, only in self.entries)

    def permits(self, address: Address, port: int | None) -> bool:
        """Tell whether *address* is listed for *port*; an unknown port (None) needs an entry without one."""
        address = _unmapped(address)
        return any(address in network and only in (None, port) for network, only in self.entries)


def _parse_ports(value: str) -> range:
    if match := _PORTS.fullmatch(value.strip()):
        first, last = int(match[1]), int(match[2] or match[1])
        if 0 < first <= last < 65536:
            return range(first, last + 1)
    raise ConfigError(f"NEWSCRAWL_ALLOW_PORTS: {value!r} is no port (443) and no range of ports (8000-8999)")


def proxy_place(url: str) -> tuple[str, int] | None:
    """Return host and port of a proxy's URL, or None for what is none.

    >>> proxy_place("http://name:secret@Proxy.example:3128/"), proxy_place("https://[::1]")
    (('proxy.example', 3128), ('::1', 443))
    """
    match = _PROXY.fullmatch(url.strip())
    if match is None:
        return None
    scheme, host, digits = match.groups()
    port = int(digits) if digits else 443 if (scheme or "").lower() == "https" else 80
    return (host.strip("[]").lower(), port) if 0 < port < 65536 else None


def _parse_entry(value: str) -> tuple[Network, int | None]:
    try:
        if match := _ENTRY_WITH_PORT.fullmatch(value):
            v4, v6, digits = match.groups()
            port = int(digits)
            if not 0 < port < 65536:
                raise ValueError("the port is not between 1 and 65535")
            address = IPv4Address(v4) if v4 else IPv6Address(v6)
            return ip_network(_unmapped(address)), port
        if _ENTRY.fullmatch(value):
            network = ip_network(value)
            return (network if "/" in value else ip_network(_unmapped(network.network_address))), None
    except ValueError as error:
        raise ConfigError(f"NEWSCRAWL_ALLOW_ADDRESSES: {value!r}: {error}") from error
    raise ConfigError(
        f"NEWSCRAWL_ALLOW_ADDRESSES: {value!r} is not an address, a CIDR block, address:port or [v6]:port"
    )


def address_refusal(address: Address, port: int | None, allow: AllowList) -> str | None:
    """Return why *address* must not be asked on *port*, or None when it is public or listed in *allow*."""
    fault = _fault(address)
    if (fault is None and allow.opens(port)) or allow.permits(address, port):
        return None
    if fault is None:
        return _closed(port)
    return f"{address} is {fault} and NEWSCRAWL_ALLOW_ADDRESSES does not list it"


def _closed(port: int | None) -> str:
    return f"port {port} is not among NEWSCRAWL_ALLOW_PORTS"


def refusal(host: str, port: int | None, allow: AllowList) -> str | None:
    """Return why the URL host *host* must not be asked, or None.

    None is also given for a name: each address it is resolved to must pass :func:`address_refusal`.
    ``localhost`` and the names below it pass when *allow* lists 127.0.0.1 or ::1.
    """
    address = parse_address(host)
    if address is not None:
        return address_refusal(address, port, allow)
    name = mapped_host(host).rstrip(".")
    # getaddrinfo() takes an empty host for this machine.
    if name and name != "localhost" and not name.endswith(".localhost"):
        return None if allow.opens(port) or allow.names(port) else _closed(port)
    if any(allow.permits(loopback, port) for loopback in (IPv4Address("127.0.0.1"), IPv6Address("::1"))):
        return None
    return f"{host!r} is this machine and NEWSCRAWL_ALLOW_ADDRESSES lists neither 127.0.0.1 nor ::1"

"""Name resolution that gives no address which must not be asked."""

from __future__ import annotations

import ipaddress
import logging
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.base import ReactorBase
from twisted.internet.interfaces import IAddress, IHostnameResolver
from zope.interface import implementer

from newscrawl.addresses import AllowList, address_refusal, proxy_place

logger = logging.getLogger(__name__)

_MOST_REFUSED = 10_000


class GuardedResolver(CachingThreadedResolver):
    """Scrapy's resolver, with every address checked that a connection could be made to.

    The check stands where the address is used: a name that answers with another address the second time gains
    nothing. Literal addresses pass here too. A host whose addresses are all refused cannot be resolved.
    """

    def __init__(
        self,
        reactor: ReactorBase,
        cache_size: int,
        timeout: float,
        allow: AllowList,
        trusted: frozenset[tuple[str, int]] = frozenset(),
    ) -> None:
        """*trusted*: host and port of each proxy that may stand anywhere."""
        super().__init__(reactor, cache_size, timeout)
        self.allow = allow
        self.trusted = trusted

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> Self:
        # Scrapy calls this with the process, whose settings an add-on or spider cannot change.
        settings = crawler.settings
        size = settings.getint("DNSCACHE_SIZE") if settings.getbool("DNSCACHE_ENABLED") else 0
        ports = settings.getlist("NEWSCRAWL_ALLOW_PORTS")
        allow = AllowList.parse(settings.getlist("NEWSCRAWL_ALLOW_ADDRESSES"), ports or None)
        places = (proxy_place(value) for value in settings.getlist("NEWSCRAWL_TRUSTED"))
        trusted = frozenset(place for place in places if place is not None)
        return cls(reactor, size, settings.getfloat("DNS_TIMEOUT"), allow, trusted)

    def install_on_reactor(self) -> None:
        """Install the name cache, and the guard around whatever resolves names then."""
        super().install_on_reactor()
        reactor: Any = self.reactor
        reactor.installNameResolver(_GuardedNames(reactor.nameResolver, self.allow, self.trusted))


@implementer(IHostnameResolver)
class _GuardedNames:
    def __init__(self, inner: Any, allow: AllowList, trusted: frozenset[tuple[str, int]] = frozenset()) -> None:
        self.inner = inner
        self.allow = allow
        self.trusted = trusted
        self.refused: OrderedDict[tuple[str, int], str] = OrderedDict()

    def refusal_of(self, host: str, port: int) -> str | None:
        """Return why *host* could not be resolved the last time, where that was for its addresses."""
        return self.refused.get((host, port))

    def settle(self, host: str, port: int, reason: str | None) -> None:
        """Remember why no address of *host* may be asked; None where one may."""
        self.refused.pop((host, port), None)
        if reason is not None:
            self.refused[host, port] = reason
            if len(self.refused) > _MOST_REFUSED:
                self.refused.popitem(last=False)

    def resolveHostName(  # noqa: N802 - Twisted's name
        self,
        resolutionReceiver: Any,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type[IAddress]] | None = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> Any:
        if (hostName, portNumber) in self.trusted:
            return self.inner.resolveHostName(
                resolutionReceiver, hostName, portNumber, addressTypes, transportSemantics
            )
        receiver = _GuardedReceiver(resolutionReceiver, hostName, portNumber, self)
        return self.inner.resolveHostName(receiver, hostName, portNumber, addressTypes, transportSemantics)


class _GuardedReceiver:
    def __init__(self, receiver: Any, host: str, port: int, names: _GuardedNames) -> None:
        self.receiver = receiver
        self.host = host
        self.port = port
        self.names = names
        self.passed = False
        self.reason: str | None = None

    def resolutionBegan(self, resolution: Any) -> None:  # noqa: N802
        self.receiver.resolutionBegan(resolution)

    def addressResolved(self, address: Any) -> None:  # noqa: N802
        reason = address_refusal(ipaddress.ip_address(address.host), self.port or None, self.names.allow)
        if reason is None:
            self.passed = True
            self.receiver.addressResolved(address)
        else:
            self.reason = reason
            logger.warning("Refused to connect to %s: %s", self.host, reason)

    def resolutionComplete(self) -> None:  # noqa: N802
        self.names.settle(self.host, self.port, None if self.passed else self.reason)
        self.receiver.resolutionComplete()

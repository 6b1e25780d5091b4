"""Name resolution that gives no address which must not be asked."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Sequence
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.base import ReactorBase
from twisted.internet.interfaces import IAddress, IHostnameResolver
from zope.interface import implementer

from newscrawl.addresses import AllowList, address_refusal

logger = logging.getLogger(__name__)


class GuardedResolver(CachingThreadedResolver):
    """Scrapy's resolver, with every address checked that a connection could be made to.

    The check stands where the address is used: a name that answers with another address the second time gains
    nothing. Literal addresses pass here too. A host whose addresses are all refused cannot be resolved.
    """

    def __init__(self, reactor: ReactorBase, cache_size: int, timeout: float, allow: AllowList) -> None:
        super().__init__(reactor, cache_size, timeout)
        self.allow = allow

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> Self:
        # Scrapy calls this with the process, whose settings an add-on or spider cannot change.
        settings = crawler.settings
        size = settings.getint("DNSCACHE_SIZE") if settings.getbool("DNSCACHE_ENABLED") else 0
        allow = AllowList.parse(settings.getlist("NEWSCRAWL_ALLOW_ADDRESSES"))
        return cls(reactor, size, settings.getfloat("DNS_TIMEOUT"), allow)

    def install_on_reactor(self) -> None:
        """Install the name cache, and the guard around whatever resolves names then."""
        super().install_on_reactor()
        reactor: Any = self.reactor
        reactor.installNameResolver(_GuardedNames(reactor.nameResolver, self.allow))


@implementer(IHostnameResolver)
class _GuardedNames:
    def __init__(self, inner: Any, allow: AllowList) -> None:
        self.inner = inner
        self.allow = allow

    def resolveHostName(  # noqa: N802 - Twisted's name
        self,
        resolutionReceiver: Any,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type[IAddress]] | None = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> Any:
        receiver = _GuardedReceiver(resolutionReceiver, hostName, portNumber, self.allow)
        return self.inner.resolveHostName(receiver, hostName, portNumber, addressTypes, transportSemantics)


class _GuardedReceiver:
    def __init__(self, receiver: Any, host: str, port: int, allow: AllowList) -> None:
        self.receiver = receiver
        self.host = host
        self.port = port
        self.allow = allow

    def resolutionBegan(self, resolution: Any) -> None:  # noqa: N802
        self.receiver.resolutionBegan(resolution)

    def addressResolved(self, address: Any) -> None:  # noqa: N802
        reason = address_refusal(ipaddress.ip_address(address.host), self.port or None, self.allow)
        if reason is None:
            self.receiver.addressResolved(address)
        else:
            logger.warning("Refused to connect to %s: %s", self.host, reason)

    def resolutionComplete(self) -> None:  # noqa: N802
        self.receiver.resolutionComplete()

"""How long an exchange may take, how much it may bring, and whom it may be with."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass

from scrapy.exceptions import DownloadCancelledError, IgnoreRequest

from newscrawl.addresses import AllowList, address_refusal, proxy_place

WINDOW_S = 10.0
"""Seconds over which the rate of a body is measured; the first of them are its grace."""


class RefusedAddress(IgnoreRequest):
    """A request that must not leave for the address its name leads to, or through the proxy it names."""


class TooLargeError(DownloadCancelledError):
    """An answer of which more came, or was announced, than is taken."""

    newscrawl_reason = "too_large"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds of one exchange in seconds and bytes a second; 0 for none."""

    connect_s: float = 0
    """Until the connection stands, the name looked up before included."""
    answer_s: float = 0
    """From the beginning until the head of the answer is there."""
    least_rate: float = 0
    """Bytes of body a second, over :data:`WINDOW_S`."""
    total_s: float = 0
    """All of it, and of the tries before."""


@dataclass(slots=True)
class Progress:
    """How far an exchange has come, as its watch saw it."""

    started: float
    total_s: float
    """What is left for this try."""
    since: float = 0
    """When the current window of the body began; 0 before the first."""
    length: int = 0
    """Bytes of body there were then."""

    def overdue(self, limits: Limits, now: float, *, connected: bool, answered: bool, length: int) -> str | None:
        """Return why the exchange must not go on at *now*; None when it may. *length*: bytes of body so far.

        >>> progress = Progress(started=0, total_s=30)
        >>> progress.overdue(Limits(connect_s=10), 10.5, connected=False, answered=False, length=0)
        'no connection within 10 seconds'
        """
        age = now - self.started
        if self.total_s and age > self.total_s:
            return f"it took longer than {self.total_s:.3g} seconds"
        if not connected and limits.connect_s and age > limits.connect_s:
            return f"no connection within {limits.connect_s:.3g} seconds"
        if not answered:
            late = limits.answer_s and age > limits.answer_s
            return f"no answer within {limits.answer_s:.3g} seconds" if late else None
        return self._slow(limits.least_rate, now, length)

    def _slow(self, least_rate: float, now: float, length: int) -> str | None:
        if not self.since:
            self.since, self.length = now, length
        elif now - self.since >= WINDOW_S:
            rate = (length - self.length) / (now - self.since)
            if rate < least_rate:
                return f"{rate:.0f} bytes a second are fewer than {least_rate:.0f}"
            self.since, self.length = now, length
        return None


Permit = Callable[[str | None, int], str | None]
"""Says why an exchange with the machine at an address and a port must not be; None when it may."""


@dataclass(frozen=True, kw_only=True)
class Guard:
    """Which machines an exchange may be with: the last look, at the connection itself."""

    allow: AllowList
    trusted: frozenset[tuple[str, int]] = frozenset()
    """Host and port of each proxy that is trusted to keep private addresses away."""

    def through(self, proxy: str | None) -> Permit:
        """Return the check of a request that goes by *proxy*. Raises :exc:`RefusedAddress` for one nobody trusts."""
        if not proxy:
            return self.refusal
        if proxy_place(proxy) not in self.trusted:
            raise RefusedAddress("its proxy is not named in NEWSCRAWL_TRUSTED")
        # Whom it asks is the proxy's to look at.
        return lambda _host, _port: None

    def refusal(self, host: str | None, port: int) -> str | None:
        """Return why the machine at *host* must not be asked; None when it may."""
        try:
            address = ipaddress.ip_address((host or "").partition("%")[0])
        except ValueError:
            return f"{host!r} is no address"
        return address_refusal(address, port, self.allow)

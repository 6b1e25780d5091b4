"""Connections that show their bytes: thin layers around Twisted's pool and Scrapy's protocol.

They rest on private parts of both; :func:`scrapy_faults` says whether these are as needed.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from scrapy.core.downloader.handlers import http11
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from twisted.internet.defer import fail
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHandshakeListener, ISSLTransport, IStreamClientEndpoint
from twisted.web import _newclient, client
from zope.interface import implementer

from newscrawl.downloadhandlers.limits import Permit, Progress, RefusedAddress, TooLargeError
from newscrawl.downloadhandlers.recorder import Recorder

# Private to Scrapy: should one be gone, the module still loads and the handler does without (scrapy_faults).
_Protocol: Any = getattr(http11, "_LenientHTTP11ClientProtocol", object)
_Factory: Any = getattr(http11, "_LenientHTTP11ClientFactory", object)

_NEEDED: tuple[tuple[Any, str, tuple[str, ...]], ...] = (
    (http11, "_LenientHTTP11ClientProtocol.request", ("self", "request")),
    (http11, "_LenientHTTP11ClientProtocol.dataReceived", ("self", "bytes")),
    (http11, "_LenientHTTP11ClientProtocol.connectionLost", ("self", "args", "kwargs")),
    (http11, "_LenientHTTP11ClientFactory.__init__", ("self", "quiescentCallback", "metadata")),
    (http11, "_LenientHTTP11ClientFactory.buildProtocol", ("self", "addr")),
    (http11, "HTTP11DownloadHandler.download_request", ("self", "request")),
    (client, "HTTPConnectionPool.getConnection", ("self", "key", "endpoint")),
    (client, "_RetryingHTTP11ClientProtocol.__init__", ("self", "clientProtocol", "newConnection")),
    (_newclient, "Request.writeTo", ("self", "transport")),
)


def scrapy_faults(handler: HTTP11DownloadHandler | None = None) -> list[str]:
    """Return what is not as the capture needs it in Scrapy and Twisted, and in *handler*; empty when all is well."""
    faults = []
    for module, path, expected in _NEEDED:
        found: Any = module
        for name in path.split("."):
            found = getattr(found, name, None)
        if not callable(found):
            faults.append(f"{module.__name__}.{path} is gone")
        elif (parameters := tuple(inspect.signature(found).parameters)) != expected:
            faults.append(f"{module.__name__}.{path} takes {', '.join(parameters)}")
    if not faults:
        marker = object()
        retrying = cast(Any, client._RetryingHTTP11ClientProtocol)(marker, None)
        if getattr(retrying, "_clientProtocol", None) is not marker:
            faults.append("twisted.web.client._RetryingHTTP11ClientProtocol._clientProtocol is gone")
    if handler is not None:
        pool = getattr(handler, "_pool", None)
        if not isinstance(pool, client.HTTPConnectionPool):
            faults.append(f"{type(handler).__name__}._pool is {type(pool).__name__}")
        elif getattr(pool, "_factory", None) is not _Factory:
            faults.append(f"{type(handler).__name__}._pool._factory is another")
    return faults


@dataclass(eq=False, slots=True)
class Flight:
    """An exchange under way."""

    recorder: Recorder
    permit: Permit
    progress: Progress
    begin: Callable[[], None]
    """Called when a connection is looked for."""
    protocol: Any = None
    deferred: Any = None
    ended: Exception | None = None
    """Why this end gave the exchange up."""

    def bind(self, connection: Any) -> Any:
        """Record what goes over *connection* from now on; return it."""
        self.release()
        # A cached connection comes inside something that sends again where it turns out to be dead.
        self.protocol = getattr(connection, "_clientProtocol", connection)
        self.protocol.flight = self
        return connection

    def end(self, error: Exception) -> None:
        """Give the exchange up, which then fails with *error*."""
        self.ended = error
        if self.deferred is not None:
            self.deferred.cancel()

    def check_sent(self) -> None:
        """Take back a request that was written and never left."""
        if self.protocol is not None and self.protocol.secluded:
            self.recorder.unsend()

    def release(self) -> None:
        """Record nothing more."""
        if self.protocol is not None and self.protocol.flight is self:
            self.protocol.flight = None
        self.protocol = None


class RecordingPool(client.HTTPConnectionPool):
    """A pool whose connections record the exchange they are asked for."""

    flight: Flight | None = None

    @classmethod
    def like(cls, pool: client.HTTPConnectionPool) -> RecordingPool:
        """Return a pool with all that *pool* was given."""
        found = cls(pool._reactor)
        vars(found).update(vars(pool))
        found._factory = _RecordedFactory
        return found

    def getConnection(self, key: Any, endpoint: Any) -> Any:  # noqa: N802 - Twisted's name
        """Return a Deferred of a connection that is bound to :attr:`flight`."""
        flight, self.flight = self.flight, None
        if flight is None:
            return super().getConnection(key, endpoint)
        recorded: Any = _RecordedEndpoint(endpoint, flight)
        # The whole exchange hangs on this Deferred: to cancel it ends it in whatever state it is.
        flight.deferred = super().getConnection(key, recorded)
        flight.begin()
        return flight.deferred.addCallback(flight.bind)


@implementer(IStreamClientEndpoint)
class _RecordedEndpoint:
    """An endpoint whose connections are bound at once: also the one that takes a dead connection's place."""

    def __init__(self, endpoint: Any, flight: Flight) -> None:
        self._endpoint = endpoint
        self._flight = flight

    def __repr__(self) -> str:
        return repr(self._endpoint)

    def connect(self, factory: Any) -> Any:
        """Connect."""
        return self._endpoint.connect(factory).addCallback(self._flight.bind)


@implementer(IHandshakeListener)
class _RecordedProtocol(_Protocol):  # type: ignore[misc]
    """Scrapy's protocol, with a look at the bytes."""

    flight: Flight | None = None
    _handshaken = False

    @property
    def secluded(self) -> bool:
        """Whether what was written never left: TLS holds it back until both ends have agreed."""
        return not self._handshaken and ISSLTransport.providedBy(self.transport)

    def handshakeCompleted(self) -> None:  # noqa: N802 - Twisted's name
        """Note that TLS stands."""
        self._handshaken = True

    def request(self, request: Any) -> Any:
        if self.flight is None:
            return super().request(request)
        recorder = self.flight.recorder
        peer = self.transport.getPeer()
        host = _host(peer)
        if (reason := self.flight.permit(host, getattr(peer, "port", 0))) is not None:
            # Names are checked where they are resolved; here stands what no resolver was asked for.
            self.transport.abortConnection()
            return fail(RefusedAddress(reason))
        recorder.begin(host)
        write = request.writeTo
        request.writeTo = lambda transport: write(_RecordedTransport(transport, recorder))
        try:
            # It writes before it returns; then the request is as it was, and no ring for the garbage collector.
            return super().request(request)
        finally:
            del request.writeTo

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        if self.flight is not None:
            self.flight.recorder.received(data)
            if self.flight.recorder.overflow is not None and self.flight.deferred is not None:
                # Nobody else counts header lines: without an end they would fill the memory.
                self.flight.end(TooLargeError(self.flight.recorder.overflow))
                return
        super().dataReceived(data)

    def connectionLost(self, reason: Any) -> None:  # noqa: N802 - Twisted's name
        if self.flight is not None:
            self.flight.recorder.lost(clean=reason.check(ConnectionDone) is not None)
        super().connectionLost(reason)


class _RecordedFactory(_Factory):  # type: ignore[misc]
    """Scrapy's factory for the protocol above."""

    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802 - Twisted's name
        return _RecordedProtocol(self._quiescentCallback)


class _RecordedTransport:
    """Where a request is written to. Everything else is the transport's."""

    def __init__(self, transport: Any, recorder: Recorder) -> None:
        self._transport = transport
        self._recorder = recorder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write."""
        self._recorder.sent(data)
        self._transport.write(data)

    def writeSequence(self, pieces: Any) -> None:  # noqa: N802 - Twisted's name
        """Write."""
        data = b"".join(pieces)
        self._recorder.sent(data)
        self._transport.write(data)


def _host(peer: Any) -> str | None:
    host = getattr(peer, "host", None)
    return host if isinstance(host, str) else None

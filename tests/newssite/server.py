"""An HTTP/1.1 server of one site on 127.0.0.2, 127.0.0.3 and so on, one address a host."""

import asyncio
import contextlib
import errno
import socket
import threading
import zlib
from collections.abc import Iterator
from http import HTTPStatus

from newssite.pages import Pages, Served
from newssite.plan import Address, Site

ATTEMPTS = 20


class Running:
    """A site that is being served."""

    def __init__(self, site: Site, port: int, *, log: bool) -> None:
        self.site = site
        self.port = port
        self.bases = [f"http://127.0.0.{host + 2}:{port}" for host in range(site.hosts)]
        self.urls = [base + "/" for base in self.bases]
        """Home page of each host."""
        self.requests: list[tuple[int, str, dict[str, str]]] = []
        """(host, path, headers with lower-case names) in the order of arrival."""
        self.log = log
        self.pages = Pages(site, self.bases)
        self.tries: dict[Address, int] = {}
        self.connections: set[asyncio.Transport] = set()

    def url(self, host: int, path: str) -> str:
        return self.bases[host] + path

    def answer(self, host: int, path: str, headers: dict[str, str]) -> Served:
        if self.log:
            self.requests.append((host, path, headers))
        served = self.pages.answer(host, path)
        if served.flaky:
            tries = self.tries[host, path] = self.tries.get((host, path), 0) + 1
            if tries == 1:
                return Served(status=503, headers=[("Content-Type", "text/plain")], body=b"try again")
        etag = dict(served.headers).get("ETag")
        if etag is not None and headers.get("if-none-match") == etag:
            return Served(status=304, headers=[("ETag", etag)], body=b"")
        return served


class Connection(asyncio.Protocol):
    def __init__(self, running: Running) -> None:
        self.running = running
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.host = int(transport.get_extra_info("sockname")[0].rsplit(".", 1)[1]) - 2
        self.running.connections.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.running.connections.discard(self.transport)

    def data_received(self, data: bytes) -> None:
        self.received += data
        while b"\r\n\r\n" in self.received and not self.transport.is_closing():
            head, _, self.received = self.received.partition(b"\r\n\r\n")
            request, *lines = head.decode("latin-1").split("\r\n")
            method, path, *_ = request.split(" ")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            served = self.running.answer(self.host, path, headers)
            self.transport.write(wire(served, head_only=method == "HEAD", accepted=headers.get("accept-encoding", "")))
            if headers.get("connection", "").lower() == "close":
                self.transport.close()


def wire(served: Served, *, head_only: bool, accepted: str) -> bytes:
    """Return *served* as bytes of HTTP/1.1, coded as it asks and the client accepts."""
    body, headers = served.body, list(served.headers)
    if served.gzip:
        headers.append(("Vary", "Accept-Encoding"))
    if served.gzip and "gzip" in accepted:
        # Straight from zlib: gzip.compress() would write the time into the header.
        packer = zlib.compressobj(1, zlib.DEFLATED, 31)
        body = packer.compress(body) + packer.flush()
        headers.append(("Content-Encoding", "gzip"))
    if served.chunked:
        headers.append(("Transfer-Encoding", "chunked"))
        pieces = [body[start : start + 8192] for start in range(0, len(body), 8192)] + [b""]
        body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    elif served.status != HTTPStatus.NOT_MODIFIED:
        headers.append(("Content-Length", str(len(body))))
    head = [f"HTTP/1.1 {served.status} {HTTPStatus(served.status).phrase}"]
    head += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*head, "", ""]).encode("latin-1") + (b"" if head_only else body)


def listeners(hosts: int, port: int = 0) -> list[socket.socket]:
    """Return sockets bound to the same port of each host's address; *port* 0 stands for a free one."""
    for _ in range(ATTEMPTS):
        bound: list[socket.socket] = []
        try:
            for host in range(hosts):
                listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
                bound.append(listener)
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind((f"127.0.0.{host + 2}", port or bound[0].getsockname()[1]))
                listener.listen(1024)
        except OSError as error:
            for listener in bound:
                listener.close()
            if port or error.errno != errno.EADDRINUSE:
                raise
        else:
            return bound
    raise OSError(errno.EADDRINUSE, f"no port is free on {hosts} loopback addresses at once")


@contextlib.contextmanager
def serve(site: Site, port: int = 0, *, log: bool = True) -> Iterator[Running]:
    """Serve *site* from a thread for as long as the context lasts."""
    sockets = listeners(site.hosts, port)
    running = Running(site, sockets[0].getsockname()[1], log=log)
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def run() -> None:
        servers = [await loop.create_server(lambda: Connection(running), sock=sock) for sock in sockets]
        await stop.wait()
        for server in servers:
            server.close()
        for transport in list(running.connections):
            transport.abort()
        # Once round the loop, so that the sockets of the aborted connections are closed.
        await asyncio.sleep(0)

    # The sockets listen already: a client that comes before the thread waits in the backlog.
    thread = threading.Thread(target=loop.run_until_complete, args=(run(),), name="newssite")
    thread.start()
    try:
        yield running
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()

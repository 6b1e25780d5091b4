"""A hostile server on loopback: every endpoint does one thing that a server must not be able to hurt a crawler with.

with HostileServer() as server:
    crawl(server.url("silent"))
assert server.canary == []

Beside it stands a canary on a port of its own, which nothing may ask: it stands for a service inside a network.
"""

from __future__ import annotations

import gzip
import socket
import sys
import threading
import zlib
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal, Self
from urllib.parse import urlsplit

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MIB = 1 << 20
_SENTENCE = (
    "The council of the harbour town met on Tuesday and spoke for hours about the ferry and its price, said its chair. "
)


def article(
    title: str = "Harbour council keeps the ferry", *, head: str = "", extra: str = "", title_at: str = ""
) -> str:
    """Return a page that every reader takes for an article."""
    paragraphs = "".join(f"<p>{number}. {_SENTENCE * 3}</p>" for number in range(1, 7))
    meta = '<meta property="og:type" content="article"><meta property="article:published_time" content="2024-05-01">'
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>{meta}{head}</head>'
        f"<body><article><h1>{title_at or title}</h1>{paragraphs}{extra}</article></body></html>"
    )


@dataclass
class Ask:
    """One request, and the connection to answer it on."""

    server: HostileServer
    connection: socket.socket
    path: str
    query: str
    count: int
    """How often this endpoint was asked for, this time included."""

    def send(self, *pieces: bytes) -> None:
        """Send bytes as they are."""
        for piece in pieces:
            self.connection.sendall(piece)

    def answer(
        self, body: str | bytes, *fields: str, status: str = "200 OK", kind: str = "text/html; charset=utf-8"
    ) -> None:
        """Send a whole answer with its length."""
        data = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
        self.send(head(f"Content-Length: {len(data)}", *fields, status=status, kind=kind), data)

    def redirect(self, to: str) -> None:
        """Send the crawler elsewhere."""
        self.answer("moved", f"Location: {to}", status="302 Found")

    def wait(self, seconds: float = 3600) -> bool:
        """Say nothing for a while; return whether the server is still wanted."""
        return not self.server.stopped.wait(seconds)

    def drip(self, data: bytes) -> None:
        """Send one byte of *data* a second, from the beginning again for ever."""
        while True:
            for byte in data:
                self.send(bytes([byte]))
                if not self.wait(1):
                    return


def head(*fields: str, status: str = "200 OK", kind: str = "text/html; charset=utf-8") -> bytes:
    """Return the head of an answer; the connection closes after it."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", "Connection: close", *fields, "", ""]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape")


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """What one address does, and how a crawl of it has to end."""

    name: str
    sort: str
    play: Callable[[Ask], None]
    item: Literal["yes", "no", "any"] = "no"
    """Whether an article must come of it, must not, or may."""
    cut: str | None = None
    """``http.truncated`` of its row."""
    reason: str | None = None
    """The word under which the report counts it as failed."""
    asked: int = 3
    """Requests at most."""


ENDPOINTS: dict[str, Endpoint] = {}


def endpoint(
    sort: str,
    *,
    item: Literal["yes", "no", "any"] = "no",
    cut: str | None = None,
    reason: str | None = None,
    asked: int = 3,
) -> Callable[[Callable[[Ask], None]], Callable[[Ask], None]]:
    """Make a function an endpoint; it is called as the function is."""

    def register(play: Callable[[Ask], None]) -> Callable[[Ask], None]:
        name = play.__name__.replace("_", "-")
        ENDPOINTS[name] = Endpoint(name=name, sort=sort, play=play, item=item, cut=cut, reason=reason, asked=asked)
        return play

    return register


# --- the control


@endpoint("control", item="yes", asked=1)
def plain(ask: Ask) -> None:
    ask.answer(article())


# --- content codings


def _bomb(name: str, packed: Callable[[], bytes]) -> None:
    def play(ask: Ask) -> None:
        ask.answer(packed(), f"Content-Encoding: {name}")

    play.__name__ = f"{name}_bomb"
    endpoint("codings", reason="too_large", asked=1)(play)


def _deflated(size: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(MIB)) for _ in range(size)) + packer.flush()


_bomb("gzip", lambda: gzip.compress(bytes(MIB), 9) * 600)
_bomb("deflate", lambda: _deflated(200))
_bomb("br", lambda: brotli.compress(bytes(200 * MIB), quality=5))
_bomb("zstd", lambda: zstd.compress(bytes(MIB)) * 600)


@endpoint("codings", reason="too_large", asked=1)
def markup_bomb(ask: Ask) -> None:
    ask.answer(gzip.compress(b"<p>a</p>" * 131_072, 9) * 200, "Content-Encoding: gzip")


@endpoint("codings", asked=1)
def empty_members(ask: Ask) -> None:
    ask.answer(gzip.compress(b"") * 400_000, "Content-Encoding: gzip")


@endpoint("codings", reason="coding_false", asked=1)
def wide_window(ask: Ask) -> None:
    # A frame header that wants 1 GiB for its window before anything is unpacked.
    ask.answer(b"\x28\xb5\x2f\xfd\x00\xa0" + b"\x01\x00\x00", "Content-Encoding: zstd")


def _cut(name: str, encode: Callable[[bytes], bytes]) -> None:
    def play(ask: Ask) -> None:
        noise = "".join(chr(0x4E00 + n * n % 5000) for n in range(120_000))
        packed = encode(article(extra=f"<p>{noise}</p>").encode())
        ask.answer(packed[: len(packed) * 3 // 4], f"Content-Encoding: {name}")

    play.__name__ = f"{name}_cut"
    endpoint("codings", item="any", cut="coding", asked=1)(play)


_cut("gzip", gzip.compress)
_cut("deflate", zlib.compress)
_cut("br", brotli.compress)
_cut("zstd", zstd.compress)


@endpoint("codings", item="yes", asked=1)
def false_coding(ask: Ask) -> None:
    ask.answer(article(), "Content-Encoding: gzip")


@endpoint("codings", reason="coding_unknown", asked=1)
def unknown_coding(ask: Ask) -> None:
    ask.answer(bytes(range(256)) * 20, "Content-Encoding: x-rot13")


@endpoint("codings", reason="coding_layers", asked=1)
def layers(ask: Ask) -> None:
    data = article().encode()
    for _ in range(9):
        data = gzip.compress(data)
    ask.answer(data, "Content-Encoding: " + ", ".join(["gzip"] * 9))


# --- the wire


@endpoint("wire", reason="too_large", asked=1)
def endless_body(ask: Ask) -> None:
    ask.send(head())
    while ask.wait(0):
        ask.send(b"<p>more</p>" * 50_000)


@endpoint("wire", reason="too_large", asked=1)
def endless_head(ask: Ask) -> None:
    ask.send(b"HTTP/1.1 200 OK\r\n")
    while ask.wait(0):
        ask.send(b"X-More: more\r\n" * 20_000)


@endpoint("wire", reason="too_large", asked=1)
def endless_interim(ask: Ask) -> None:
    while ask.wait(0):
        ask.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 20_000)


@endpoint("wire", reason="too_large", asked=1)
def many_fields(ask: Ask) -> None:
    ask.answer(article(), *(f"X-{n}: {n}" for n in range(30_000)))


@endpoint("wire", item="any", asked=3)
def long_field(ask: Ask) -> None:
    ask.answer(article(), "X-Long: " + "v" * 500_000)


@endpoint("wire", item="yes", asked=1)
def many_cookies(ask: Ask) -> None:
    ask.answer(article(), *(f"Set-Cookie: c{n}=1" for n in range(900)))


@endpoint("slow", reason="DownloadTimeoutError")
def dripping_head(ask: Ask) -> None:
    ask.drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 3600)


@endpoint("slow", reason="DownloadTimeoutError")
def dripping_body(ask: Ask) -> None:
    ask.send(head())
    ask.drip(b"<p>slow</p>")


@endpoint("slow", reason="DownloadTimeoutError")
def dripping_chunks(ask: Ask) -> None:
    ask.send(head("Transfer-Encoding: chunked"))
    ask.drip(b"1\r\na\r\n")


@endpoint("slow", reason="DownloadTimeoutError")
def silent(ask: Ask) -> None:
    ask.wait()


@endpoint("slow", reason="DownloadTimeoutError")
def stalled_body(ask: Ask) -> None:
    data = article().encode()
    ask.send(head(f"Content-Length: {len(data)}"), data[: len(data) // 2])
    ask.wait()


@endpoint("wire", item="yes", cut="disconnect")
def length_too_long(ask: Ask) -> None:
    data = article().encode()
    ask.send(head(f"Content-Length: {len(data) + 4000}"), data)


@endpoint("wire", item="yes", cut="surplus", asked=1)
def length_too_short(ask: Ask) -> None:
    data = article().encode()
    ask.send(head(f"Content-Length: {len(data) - 200}") + data)


@endpoint("wire", reason="too_large", asked=1)
def length_absurd(ask: Ask) -> None:
    ask.send(head("Content-Length: 1000000000000000000"), b"<p>little")
    ask.wait()


@endpoint("wire")
def lengths_differ(ask: Ask) -> None:
    ask.send(head("Content-Length: 5", "Content-Length: 6"), b"hello")


@endpoint("wire", item="yes", cut="disconnect")
def chunks_cut(ask: Ask) -> None:
    data = article().encode()
    ask.send(head("Transfer-Encoding: chunked"), b"%x\r\n" % len(data) + data + b"\r\n")


@endpoint("wire", item="any")
def chunk_of_any_size(ask: Ask) -> None:
    ask.send(head("Transfer-Encoding: chunked"), b"7fffffffffffffff\r\n<p>little")


@endpoint("wire", item="any")
def no_chunks(ask: Ask) -> None:
    ask.send(head("Transfer-Encoding: chunked"), article().encode())


@endpoint("wire", item="any", cut="disconnect")
def reset_in_body(ask: Ask) -> None:
    data = article().encode()
    ask.send(head(f"Content-Length: {len(data)}"), data[:500])
    ask.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


@endpoint("wire", asked=1)
def no_http(ask: Ask) -> None:
    ask.send(article().encode())


@endpoint("wire", asked=1)
def odd_status(ask: Ask) -> None:
    ask.answer(article(), status="999 Request denied")


@endpoint("wire", item="yes")
def flapping(ask: Ask) -> None:
    if ask.count < 3:
        ask.answer("busy", status="503 Service Unavailable")
    else:
        ask.answer(article())


# --- redirects, and addresses in every spelling


@endpoint("redirects", reason="redirect_loop", asked=12)
def counting_redirects(ask: Ask) -> None:
    ask.redirect(f"/counting-redirects?n={ask.count}")


@endpoint("redirects", reason="redirect_loop", asked=1)
def same_redirect(ask: Ask) -> None:
    ask.redirect("/same-redirect")


def _leading(name: str, to: Callable[[HostileServer], str], reason: str | None = None) -> None:
    def play(ask: Ask) -> None:
        ask.redirect(to(ask.server))

    play.__name__ = f"to_{name}"
    endpoint("addresses", reason=reason, asked=2)(play)


_leading("file", lambda _: "file:///etc/passwd", "redirect_refused")
_leading("data", lambda _: "data:text/html,<p>text", "redirect_refused")
_leading("script", lambda _: "javascript:alert(1)", "redirect_refused")
_leading("no_url", lambda _: "http://[::1", "redirect_refused")
_leading("other_port", lambda server: f"http://127.0.0.1:{server.canary_port}/")
_leading("no_scheme", lambda server: f"//127.0.0.1:{server.canary_port}/")
_leading("number", lambda server: f"http://2130706433:{server.canary_port}/")
_leading("octal", lambda server: f"http://0177.0.0.01:{server.canary_port}/")
_leading("hex", lambda server: f"http://0x7f.0x1:{server.canary_port}/")
_leading("zero", lambda server: f"http://0:{server.canary_port}/")
_leading("wide", lambda server: f"http://１２７。０。０。１:{server.canary_port}/")
_leading("mapped", lambda server: f"http://[::ffff:127.0.0.1]:{server.canary_port}/")
_leading("nat64", lambda server: f"http://[64:ff9b::7f00:1]:{server.canary_port}/")
_leading("name", lambda server: f"http://localhost:{server.canary_port}/")
_leading("user", lambda server: f"http://news.example:80@127.0.0.1:{server.canary_port}/")


@endpoint("redirects", item="any")
def line_in_location(ask: Ask) -> None:
    ask.redirect("/plain\r\nX-Injected: yes")


@endpoint("redirects", item="any", asked=5)
def refresh_for_ever(ask: Ask) -> None:
    ask.answer(f'<meta http-equiv="refresh" content="0;url=/refresh-for-ever?n={ask.count}"><p>wait')


@endpoint("addresses", asked=1)
def refresh_inside(ask: Ask) -> None:
    ask.answer(f'<meta http-equiv="refresh" content="0;url=http://127.0.0.1:{ask.server.canary_port}/"><p>wait')


@endpoint("addresses", item="yes", asked=1)
def links_inside(ask: Ask) -> None:
    inside = f"127.0.0.1:{ask.server.canary_port}"
    links = "".join(
        f'<li><a href="{url}">A harbour story that is related</a></li>'
        for url in (
            f"http://{inside}/2024/05/01/story.html",
            f"http://2130706433:{ask.server.canary_port}/2024/05/02/story.html",
            "file:///etc/passwd",
            "http://[::1",
            "data:text/html,<p>x",
        )
    )
    extra = f'<ul class="related">{links}</ul><img src="http://{inside}/a.png"><iframe src="http://{inside}/"></iframe>'
    ask.answer(
        article(head=f'<link rel="canonical" href="http://{inside}/"><base href="http://{inside}/">', extra=extra)
    )


# --- pages


@endpoint("pages", item="any", asked=1)
def control_title(ask: Ask) -> None:
    ask.answer(
        article("Ferry\x1b]0;owned\x07\x1b[2J\x9b31m \u202egnp.exe\u2066\r\n2024-05-01 [newscrawl] INFO: forged")
    )


@endpoint("pages", item="yes", asked=1)
def formula_title(ask: Ask) -> None:
    ask.answer(article("=1+1 is a formula that no sheet may run"))


@endpoint("pages", item="yes", asked=1)
def paths_in_fields(ask: Ask) -> None:
    ask.answer(article(), 'Content-Disposition: attachment; filename="../../../tmp/escaped.html"')


@endpoint("pages", asked=1)
def empty(ask: Ask) -> None:
    ask.answer("")


@endpoint("pages", asked=1)
def noise(ask: Ask) -> None:
    ask.answer(bytes((n * 7919 + (n >> 7) * 104_729) & 255 for n in range(300_000)))


@endpoint("pages", item="any", asked=1)
def false_charset(ask: Ask) -> None:
    ask.answer(article().replace('charset="utf-8"', 'charset="utf-16be"'), kind="text/html; charset=x-none-7")


@endpoint("pages", item="yes", asked=2)
def long_links(ask: Ask) -> None:
    ask.answer(article(extra="".join(f'<a href="/plain/{"x" * n}">far</a>' for n in (300, 3_000, 60_000))))


# --- the server


@dataclass
class HostileServer:
    """All endpoints on one port of 127.0.0.1, each at ``/<name>``, and the canary on another."""

    asked: Counter[str] = field(default_factory=Counter)
    """Requests by endpoint; robots.txt is not counted."""
    canary: list[str] = field(default_factory=list)
    """First lines of what reached the canary."""
    stopped: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        self.port, self.canary_port = (listener.getsockname()[1] for listener in self._listeners)
        for listener, handle in zip(self._listeners, (self._answer, self._note), strict=True):
            self._start(self._accept, listener, handle)
        return self

    def __exit__(self, *error: object) -> None:
        self.stopped.set()
        for one in self._listeners:
            # Closing alone wakes no thread that waits in accept().
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        with self._lock:
            waiting = list(self._open)
        for connection in waiting:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def url(self, name: str) -> str:
        """Return the address of an endpoint."""
        return f"http://127.0.0.1:{self.port}/{name}"

    @property
    def allowed(self) -> str:
        """What ``NEWSCRAWL_ALLOW_ADDRESSES`` has to say."""
        return f"127.0.0.1:{self.port}"

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket, handle: Callable[[socket.socket], None]) -> None:
        while not self.stopped.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self._start(self._serve, connection, handle)

    def _serve(self, connection: socket.socket, handle: Callable[[socket.socket], None]) -> None:
        with self._lock:
            self._open.add(connection)
        try:
            # The other end goes when it has had enough: that is what is tested.
            with connection, suppress(OSError):
                handle(connection)
        finally:
            with self._lock:
                self._open.discard(connection)

    def _request(self, connection: socket.socket) -> str | None:
        """Return the target of a request, or None where none came."""
        data = b""
        while b"\r\n\r\n" not in data:
            if not (piece := connection.recv(65_536)):
                return None
            data += piece
        return data.split(b" ", 2)[1].decode("latin-1")

    def _note(self, connection: socket.socket) -> None:
        self.canary.append(self._request(connection) or "nothing")
        connection.sendall(head("Content-Length: 0"))

    def _answer(self, connection: socket.socket) -> None:
        target = self._request(connection)
        if target is None:
            return
        parts = urlsplit(target)
        name = parts.path.split("/")[1]
        found = ENDPOINTS.get(name)
        with self._lock:
            if name != "robots.txt":
                self.asked[name] += 1
            count = self.asked[name]
        ask = Ask(self, connection, parts.path, parts.query, count)
        if found is None:
            ask.answer("nothing here", status="404 Not Found", kind="text/plain")
        else:
            found.play(ask)
        with suppress(OSError):
            connection.shutdown(socket.SHUT_WR)

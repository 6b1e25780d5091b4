"""A server of raw sockets on loopback: it sends exactly the bytes it is given and logs exactly those it received.

with OddServer({"/a": Answer(b"HTTP/1.1 200 OK\r\n", b"\r\n")}) as server:
    crawl(server.url("/a"))
(exchange,) = server.log["/a"]
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Literal, Self


@dataclass(frozen=True)
class Answer:
    """What is sent for one request."""

    pieces: tuple[bytes, ...]
    then: Literal["keep", "close", "reset", "stall"]
    """Stall: send nothing more until the other end goes."""
    after: str | None
    """A path that must have been asked for before this answer goes out."""

    def __init__(
        self,
        *pieces: bytes,
        then: Literal["keep", "close", "reset", "stall"] = "close",
        after: str | None = None,
    ) -> None:
        object.__setattr__(self, "pieces", pieces)
        object.__setattr__(self, "then", then)
        object.__setattr__(self, "after", after)


NOT_FOUND = Answer(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")


@dataclass
class Logged:
    """One exchange as the server saw it."""

    connection: int
    received: bytes
    sent: bytes = b""


@dataclass
class OddServer:
    """Answers each path with its answer, the nth request for a path with the nth where there are several."""

    answers: Mapping[str, Answer | Sequence[Answer]]
    certificate: Path | None = None
    """A PEM file with key and certificate; with it the server speaks TLS."""
    host: str = "127.0.0.1"
    log: dict[str, list[Logged]] = field(default_factory=lambda: defaultdict(list))

    def __enter__(self) -> Self:
        self._asked: dict[str, threading.Event] = defaultdict(threading.Event)
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._context = None
        if self.certificate is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(self.certificate)
        self._listener = socket.create_server((self.host, 0))
        self.port = self._listener.getsockname()[1]
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # shutdown() wakes a thread that waits in accept() or recv(); close() alone does not.
        for open_socket in (self._listener, *self._open):
            with suppress(OSError):
                open_socket.shutdown(socket.SHUT_RDWR)
            open_socket.close()
        for event in list(self._asked.values()):
            event.set()
        for thread in self._threads:
            thread.join()

    def asked(self, path: str) -> threading.Event:
        """Return what is set when *path* has been asked for."""
        return self._asked[path]

    def url(self, path: str) -> str:
        """Return the URL of *path*."""
        return f"{'http' if self.certificate is None else 'https'}://{self.host}:{self.port}{path}"

    def _start(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        number = 0
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                number += 1
                self._open.append(connection)
                self._start(self._serve, connection, number)

    def _serve(self, connection: socket.socket, number: int) -> None:
        # A client that hangs up, or refuses the certificate, is no fault of the server's.
        with suppress(OSError):
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            waiting = b""
            while request := _request(connection, waiting):
                received, waiting = request
                if not self._answer(connection, number, received):
                    break
        with suppress(OSError):
            if self._context is not None and connection.fileno() >= 0:
                connection.unwrap()  # type: ignore[attr-defined]
        connection.close()

    def _answer(self, connection: socket.socket, number: int, received: bytes) -> bool:
        """Send the answer; return whether the connection stays."""
        target = received.split(b" ", 2)[1].decode("latin-1")
        path = "/" + target.split("://", 1)[-1].split("/", 1)[-1] if "://" in target else target
        logged = Logged(number, received)
        with self._lock:
            self.log[path].append(logged)
            # A crawl also looks at usual addresses of feeds, which no test has to list.
            answers = self.answers.get(path, NOT_FOUND)
            answer = answers if isinstance(answers, Answer) else answers[len(self.log[path]) - 1]
        self._asked[path].set()
        if answer.after is not None:
            self._asked[answer.after].wait()
        for piece in answer.pieces:
            logged.sent += piece
            connection.sendall(piece)
        if answer.then == "stall":
            while connection.recv(65536):
                pass
        if answer.then == "reset":
            # No lingering: close() sends RST in place of FIN.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return answer.then == "keep"


def _request(connection: socket.socket, data: bytes) -> tuple[bytes, bytes] | None:
    """Read one request; return it and what came after it, or None when the other end has gone."""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return None
        data += more
    head = data.index(b"\r\n\r\n") + 4
    fields = dict(line.split(b": ", 1) for line in data[: head - 4].split(b"\r\n")[1:])
    end = head + int(fields.get(b"Content-Length", b"0"))
    while len(data) < end:
        data += connection.recv(65536)
    return data[:end], data[end:]


def make_certificate(folder: Path, host: str = "127.0.0.1") -> Path:
    """Write a key and a certificate for *host* that signs itself; return the PEM file with both."""
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "odd server")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "odd.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path

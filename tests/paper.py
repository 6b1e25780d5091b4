"""A small newspaper on loopback whose pages a test changes between two crawls; it answers conditional requests."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from zlib import crc32


@dataclass
class Served:
    """What is behind one path."""

    body: bytes
    kind: str = "text/html; charset=utf-8"
    status: int = 200
    validated: bool = True
    """Whether it has an ETag, and 304 is answered."""
    moved_to: str = ""
    """Where a redirect leads."""

    @property
    def etag(self) -> str:
        """Its validator."""
        return f'"{crc32(self.body):08x}"'


@dataclass
class Asked:
    """One request."""

    path: str
    status: int
    agent: str


@dataclass
class Paper:
    """Pages by path."""

    pages: dict[str, Served] = field(default_factory=dict)
    log: list[Asked] = field(default_factory=list)

    def __enter__(self) -> Self:
        paper = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                paper._answer(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def url(self, path: str = "/") -> str:
        """The address of a path."""
        return f"http://127.0.0.1:{self._server.server_address[1]}{path}"

    def asked(self, since: int = 0) -> dict[str, int]:
        """Path and status of each request from *since* on; robots.txt is left out."""
        return {asked.path: asked.status for asked in self.log[since:] if asked.path != "/robots.txt"}

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        page = self.pages.get(handler.path, Served(b"", status=404))
        status = page.status
        if page.validated and status == 200 and handler.headers.get("If-None-Match") == page.etag:
            status = 304
        self.log.append(Asked(handler.path, status, handler.headers.get("User-Agent", "")))
        handler.send_response(status)
        if page.moved_to:
            handler.send_header("Location", page.moved_to)
        if page.validated and status in (200, 304):
            handler.send_header("ETag", page.etag)
        if status != 304:
            handler.send_header("Content-Type", page.kind)
            handler.send_header("Content-Length", str(len(page.body)))
        handler.end_headers()
        if status != 304:
            handler.wfile.write(page.body)

    # --- what a newspaper has

    def put(self, path: str, body: str, kind: str = "text/html; charset=utf-8", *, validated: bool = True) -> None:
        """Print a page, or print it anew."""
        self.pages[path] = Served(body.encode(), kind, validated=validated)

    def moved(self, path: str, to: str) -> str:
        """Lead from *path* to another page; return *path*."""
        self.pages[path] = Served(b"", status=301, moved_to=to)
        return path

    def article(self, number: int, text: str = "", day: str = "2026-11-20") -> str:
        """Print an article; return its path."""
        path = f"/news/{day.replace('-', '/')}/story-{number}.html"
        words = " ".join(
            f"The council met on matter {number} and said what it would do about it in part {n}." for n in range(9)
        )
        self.put(
            path,
            f"<html lang=en><head><title>Story number {number} of the paper</title>"
            f'<meta property="article:published_time" content="{day}T08:00:00Z"></head><body><article>'
            f"<h1>Story number {number} of the paper</h1><p>{words}</p><p>{words} {text}</p></article></body></html>",
        )
        return path

    def listing(self, path: str, links: list[str], head: str = "", more: str = "", *, validated: bool = True) -> None:
        """Print a page that lists articles."""
        items = "".join(f'<li><h2><a href="{link}">About {link[-14:-5]}</a></h2></li>' for link in links)
        self.put(
            path,
            f"<html><head><title>The paper</title>{head}</head><body><main><ul>{items}</ul>{more}</main></body></html>",
            validated=validated,
        )

    def rss(self, path: str, links: list[str], *, validated: bool = True) -> None:
        """Print a feed."""
        items = "".join(
            f"<item><title>T</title><link>{self.url(link)}</link><pubDate>Fri, 20 Nov 2026 08:00:00 GMT</pubDate></item>"
            for link in links
        )
        text = f'<?xml version="1.0"?><rss version="2.0"><channel><title>P</title>{items}</channel></rss>'
        self.put(path, text, "application/rss+xml", validated=validated)

    def sitemap(self, path: str, links: dict[str, str]) -> None:
        """Print a sitemap: links with the time of their last change."""
        rows = "".join(f"<url><loc>{self.url(u)}</loc><lastmod>{at}</lastmod></url>" for u, at in links.items())
        text = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'
        self.put(path, f'<?xml version="1.0"?>{text}', "application/xml")

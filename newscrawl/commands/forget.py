"""``scrapy forget``: reset what is known of a URL or a host, so that it is asked anew."""

from __future__ import annotations

import argparse
import time

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from sqlalchemy import Connection

from newscrawl.commands._archive import DAMAGE, concluded, keys_of
from newscrawl.commands._store import opened
from newscrawl.exceptions import ConfigError
from newscrawl.ledger import fingerprint_of
from newscrawl.store import feeds, frontier, robots
from newscrawl.urls import UrlKeys, host_of, resolve


class Command(ScrapyCommand):
    """Reset URLs and hosts."""

    requires_crawler_process = False

    def syntax(self) -> str:
        return "URL|HOST …"

    def short_desc(self) -> str:
        return "Reset what is known of a URL or a host, so that it is asked anew"

    def long_desc(self) -> str:
        return (
            "Reset what the store knows of URLs, or of all URLs of hosts: known articles are read again in the next "
            "round, unconditionally; feeds, robots.txt and waiting times of a host are forgotten; a URL that was "
            "refused or failed is asked again when it is found again. Nothing that was kept is touched: `scrapy "
            "remove` takes things out of the archive. Exit code 3 when nothing is known of one of them."
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if not args:
            raise UsageError("a URL or a host is needed, as in: scrapy forget example.org")
        with concluded(self) as settings:
            wanted = [(text, *_meant(text)) for text in args]
            with opened(settings) as store:
                keys = keys_of(settings, store)
                for text, url, host in wanted:
                    with store.begin() as connection:
                        count = _forget(connection, url, host, keys)
                    print(f"{text}: {count} forgotten" if count else f"{text}: nothing is known of it")
                    if not count:
                        self.exitcode = DAMAGE


def _meant(text: str) -> tuple[str | None, str | None]:
    """Return the URL or the host that *text* is. Raises :exc:`ConfigError` for neither."""
    url = resolve(None, text) if "://" in text else None
    host = None if url or set(text) & set("/\\@?#") else host_of(f"http://{text}/") or None
    if url is None and host is None:
        raise ConfigError(f"{text[:200]!r} is neither a URL nor a host")
    return url, host


def _forget(c: Connection, url: str | None, host: str | None, keys: UrlKeys) -> int:
    now = time.time()
    if url is not None:
        key = keys(url)
        return frontier.forget(c, fingerprint=fingerprint_of(key), now=now) + feeds.delete(c, [key])
    assert host is not None
    robots.delete(c, host)
    return frontier.forget(c, host=host, now=now) + feeds.delete_of_host(c, host)

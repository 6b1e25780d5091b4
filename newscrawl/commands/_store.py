"""What the commands that look into the store share. A module without a command, so it adds none."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from scrapy.settings import BaseSettings

from newscrawl.exceptions import ConfigError
from newscrawl.ledger.holding import STORE, open_store
from newscrawl.store import Store
from newscrawl.store.feeds import Feed

_SILENT_S = 2 * 86_400.0


@contextmanager
def opened(settings: BaseSettings) -> Iterator[Store]:
    """Open the store of a crawl; raises :exc:`ConfigError` when there is none."""
    folder, url = Path(settings["NEWSCRAWL_OUTPUT_DIR"]), settings["NEWSCRAWL_STORE_URL"]
    if not url and not (folder / STORE).exists():
        raise ConfigError(
            f"{folder / STORE}: there is no store; name the output folder of a crawl with "
            "-s NEWSCRAWL_OUTPUT_DIR=…, or its database with -s NEWSCRAWL_STORE_URL=…"
        )
    store = open_store(folder, url)
    try:
        yield store
    finally:
        store.close()


def console() -> Console:
    """Return a console that is wide enough for a table when the output is a file."""
    return Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 150)


def ago(moment: float | None, now: float) -> str:
    """Return how long before or after *now* a *moment* is, in one unit.

    >>> ago(1_000.0, 1_000.0 + 7_200), ago(1_600.0, 1_000.0), ago(None, 0.0)
    ('2 h ago', 'in 10 min', '–')
    """
    if moment is None:
        return "–"
    seconds = abs(moment - now)
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= unit:
            text = f"{int(seconds // unit)} {name}"
            break
    else:
        text = f"{int(seconds)} s"
    return f"in {text}" if moment > now else f"{text} ago"


def shown(text: str) -> str:
    """Return *text* for a terminal: nothing in it that is no visible character."""
    return "".join(ch if ch.isprintable() else "·" for ch in text)


def is_silent(feed: Feed, now: float) -> bool:
    """Return whether a feed that gave articles has given none for longer than is usual for it."""
    if feed.new_at is None or feed.new_articles < 5:
        return False
    usual_s = (feed.new_at - feed.added_at) / feed.new_articles
    return now - feed.new_at > max(3 * usual_s, _SILENT_S)

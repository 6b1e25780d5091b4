"""What the commands that look into the store share. A module without a command, so it adds none."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from scrapy.settings import BaseSettings

from newscrawl.exceptions import ConfigError
from newscrawl.ledger.holding import STORE, existing_store
from newscrawl.store import Store


@contextmanager
def opened(settings: BaseSettings) -> Iterator[Store]:
    """Open the store of a crawl; raises :exc:`ConfigError` when there is none."""
    folder = Path(settings["NEWSCRAWL_OUTPUT_DIR"])
    store = existing_store(folder, settings["NEWSCRAWL_STORE_URL"])
    if store is None:
        raise ConfigError(
            f"{folder / STORE}: there is no store; name the output folder of a crawl with "
            "-s NEWSCRAWL_OUTPUT_DIR=…, or its database with -s NEWSCRAWL_STORE_URL=…"
        )
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

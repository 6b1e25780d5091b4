"""Settings of a crawl in which one part is spoilt, in the way that ``SABOTAGE`` in the environment says.

``settle``: a URL is taken as done in the store at once, while its rows wait for the next commit. ``sync``: the store is
told of bytes that were never synced. The crash tests must find out either. ``ask``: the database fails once when it is
asked for an earlier text, and works again.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from itertools import count
from typing import Any, Self

from scrapy.crawler import Crawler
from sqlalchemy.exc import OperationalError

from newscrawl.archive.appending import AppendFile
from newscrawl.ledger.frontier import Frontier
from newscrawl.settings import *  # noqa: F403 - a settings module that differs in one line
from newscrawl.settings import EXTENSIONS as _EXTENSIONS
from newscrawl.store import copies

EXTENSIONS = {**_EXTENSIONS, "sabotage.SabotageExtension": -200}


class SabotageExtension:
    """Spoils a part before the ledger is opened."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        how = os.environ["SABOTAGE"]
        if how == "settle":
            Frontier.settle = _settled_at_once(Frontier.settle)  # type: ignore[method-assign]
        elif how == "sync":
            AppendFile.sync = _pretended  # type: ignore[method-assign]
        else:
            copies.candidates = _failing_once(copies.candidates)
        return cls()


def _settled_at_once(settle: Callable[[Frontier, int], None]) -> Callable[[Frontier, int], None]:
    def settle_and_write(self: Frontier, lease_id: int) -> None:
        settle(self, lease_id)
        with self.store.begin() as connection:
            self.write(connection)
        self.acknowledge()

    return settle_and_write


def _pretended(self: AppendFile) -> None:
    self.synced = self.size


def _failing_once(ask: Callable[..., Any]) -> Callable[..., Any]:
    calls = count(1)

    def answer(*arguments: Any, **named: Any) -> Any:
        if next(calls) == 3:
            raise OperationalError("SELECT", {}, sqlite3.OperationalError("the server closed the connection"))
        return ask(*arguments, **named)

    return answer

"""The ledger: the one object of a crawl that owns its open files, its store and its frontier, and commits.

It is opened before engine, handlers and scheduler exist and closed after them. Other parts ask it and hand things to
it; no part writes a file by itself. A failed write is recorded here, and :attr:`Ledger.on_failure` closes the crawl by
name, since an exception in a signal handler would only be logged.
"""

from newscrawl.ledger.binding import bind_ledger, ledger_of
from newscrawl.ledger.copies import Repeated, text_fingerprint
from newscrawl.ledger.core import Ledger
from newscrawl.ledger.counts import FeedCounts, FeedOutcome, HostCounts, SiteCounts
from newscrawl.ledger.frontier import fingerprint_of
from newscrawl.ledger.health import FEW, ProfileCounts
from newscrawl.ledger.keeping import Exchange, Keeping
from newscrawl.ledger.kept import text_digest
from newscrawl.ledger.robots import Standing
from newscrawl.ledger.state import Result, RunState, exit_code

__all__ = [
    "FEW",
    "Exchange",
    "FeedCounts",
    "FeedOutcome",
    "HostCounts",
    "Keeping",
    "Ledger",
    "ProfileCounts",
    "Repeated",
    "Result",
    "RunState",
    "SiteCounts",
    "Standing",
    "bind_ledger",
    "exit_code",
    "fingerprint_of",
    "ledger_of",
    "text_digest",
    "text_fingerprint",
]

"""Which ledger belongs to which crawl: how the components of one crawl find the same ledger."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from newscrawl.ledger.core import Ledger

_LEDGERS: WeakKeyDictionary[Any, Ledger] = WeakKeyDictionary()


def bind_ledger(crawler: Any, ledger: Ledger) -> None:
    """Make *ledger* the ledger of *crawler*."""
    _LEDGERS[crawler] = ledger


def ledger_of(crawler: Any) -> Ledger:
    """Return the ledger of *crawler*. Raises :exc:`RuntimeError` before the ledger's extension was built."""
    try:
        return _LEDGERS[crawler]
    except KeyError:
        raise RuntimeError(
            "this crawler has no ledger: newscrawl.extensions.LedgerExtension must be in EXTENSIONS"
        ) from None

"""What a ledger is told: how it keeps things, and what is known of a response besides the response."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from newscrawl.archive.wire import Truncation
from newscrawl.items import CaptureRef
from newscrawl.ledger.health import Limits
from newscrawl.urls import UrlKeys


@dataclass(frozen=True, kw_only=True, slots=True, weakref_slot=True)
class Exchange:
    """What is known of a response besides the response."""

    fetched_at: datetime | None
    url_assigned: bool = False
    ref: CaptureRef | None = None
    truncated: Truncation | str | None = None
    """Why the body is not whole, ``coding`` and ``surplus`` besides WARC's words; None when it is."""


@dataclass(frozen=True, kw_only=True)
class Keeping:
    """How a ledger keeps things; the settings of the same names say so."""

    store_url: str = ""
    """SQLAlchemy URL. Empty for ``store.sqlite`` in the output folder."""
    worker: str = "local"
    """Name of this process among those that share a store; the same at the next start."""
    warc_enabled: bool = True
    warc_max_bytes: int = 1_000_000_000
    warc_idle_s: float = 600.0
    warc_info: Mapping[str, str] = field(default_factory=dict)
    """What a WARC says of the crawl that wrote it."""
    commit_count: int = 50
    """Handled requests after which everything is committed."""
    commit_s: float = 1.0
    """Seconds after which it is."""
    copies_window_s: float = 90 * 86_400.0
    """How far back texts are looked for that are nearly the same; 0 for not at all."""
    keys: UrlKeys = field(default_factory=UrlKeys)
    """By what URLs are told apart."""
    health: Limits | None = field(default_factory=Limits)
    """From where on a run fails its health checks; None for no checks."""
    metrics_file: Path | None = None
    """Where the metrics of the run are written, for a collector that looks there."""

"""The store: frontier, captures, articles, files and runs in one SQL database."""

from newscrawl.store.database import Store
from newscrawl.store.migrations import SCHEMA_VERSION

__all__ = ["SCHEMA_VERSION", "Store"]

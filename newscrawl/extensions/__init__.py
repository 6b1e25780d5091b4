"""What lives as long as a crawl: the ledger, the exporters, the progress line, the file of metrics."""

from newscrawl.extensions.contact import ContactExtension
from newscrawl.extensions.export import ExportExtension, check_feed_paths
from newscrawl.extensions.ledger import LedgerExtension
from newscrawl.extensions.progress import MetricsExtension, ProgressExtension, progress_line

__all__ = [
    "ContactExtension",
    "ExportExtension",
    "LedgerExtension",
    "MetricsExtension",
    "ProgressExtension",
    "check_feed_paths",
    "progress_line",
]

"""What answers a request: the network, written down as it goes by, or a replay set."""

from newscrawl.downloadhandlers.pool import scrapy_faults
from newscrawl.downloadhandlers.replay import ReplayDownloadHandler
from newscrawl.downloadhandlers.wire import WireDownloadHandler

__all__ = ["ReplayDownloadHandler", "WireDownloadHandler", "scrapy_faults"]

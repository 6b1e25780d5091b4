"""What a replay needs that a live crawl does not."""

from __future__ import annotations

from pathlib import Path

from scrapy.settings import SETTINGS_PRIORITIES as PRIORITIES
from scrapy.settings import Settings


class ReplayAddon:
    """Puts the replay set in the network's place when ``NEWSCRAWL_REPLAY`` names one."""

    def update_settings(self, settings: Settings) -> None:
        """Set handlers, delays, concurrency and output folder for a replay."""
        if not settings.getlist("NEWSCRAWL_REPLAY"):
            return
        handler = "newscrawl.downloadhandlers.ReplayDownloadHandler"
        # Rows must come in one order whatever a user's settings say, so these are not for them to change.
        forced = {
            "CONCURRENT_REQUESTS": 1,
            "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
            "CONCURRENT_ITEMS": 1,
            "DOWNLOAD_DELAY": 0,
            "DOWNLOAD_DELAY_PER_SLOT": {},
            "DOWNLOAD_SLOTS": {},
            "AUTOTHROTTLE_ENABLED": False,
            "RETRY_ENABLED": False,
            "HTTPCACHE_ENABLED": False,
            "DOWNLOAD_HANDLERS_BASE": {},
            "DOWNLOAD_HANDLERS": {"http": handler, "https": handler},
            "JOBDIR": None,
            # Nothing is connected to: what was once asked inside a network can be read again anywhere.
            "NEWSCRAWL_ALLOW_ADDRESSES": ["0.0.0.0/0", "::/0"],
        }
        for name, value in forced.items():
            settings.set(name, value, priority=PRIORITIES["cmdline"] + 1)
        middlewares = dict(settings.getdict("SPIDER_MIDDLEWARES"))
        middlewares["newscrawl.spidermiddlewares.ReplayScopeMiddleware"] = 10
        settings.set("SPIDER_MIDDLEWARES", middlewares, priority=PRIORITIES["cmdline"] + 1)
        if (settings.getpriority("NEWSCRAWL_OUTPUT_DIR") or 0) <= PRIORITIES["project"]:
            # A replay empties its folder: never the one that live crawls keep their rows in.
            folder = Path(settings["NEWSCRAWL_OUTPUT_DIR"]) / "replay"
            settings.set("NEWSCRAWL_OUTPUT_DIR", str(folder), priority="project")

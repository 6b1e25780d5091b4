"""Presets: how fast a crawl asks, and what it calls itself."""

from __future__ import annotations

import logging
from typing import Any

from scrapy.settings import SETTINGS_PRIORITIES as PRIORITIES
from scrapy.settings import Settings

from newscrawl import __version__

logger = logging.getLogger("newscrawl")

PRESETS: dict[str, dict[str, Any]] = {
    # One connection and a second's pause a host, slower where the host answers slowly.
    "polite": {
        "CONCURRENT_REQUESTS": 16,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        "DOWNLOAD_DELAY": 1.0,
        # By chance half a second would be a pause, too.
        "DOWNLOAD_DELAY_JITTER": 0.0,
        "AUTOTHROTTLE_ENABLED": True,
        "AUTOTHROTTLE_START_DELAY": 1.0,
        "AUTOTHROTTLE_MAX_DELAY": 60.0,
        "AUTOTHROTTLE_TARGET_CONCURRENCY": 1.0,
    },
    # For servers of your own, and for tests: no pause. robots.txt is still obeyed.
    "local": {
        # Enough for a machine of its own; twice as many hold twice as many large answers in memory.
        "CONCURRENT_REQUESTS": 8,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 8,
        "DOWNLOAD_DELAY": 0,
        "AUTOTHROTTLE_ENABLED": False,
    },
}

# Scrapy imports what is switched off, too: with the first an HTTP library that opens a socket, with the second one
# that takes a tenth of a crawl's start.
_SWITCHED = {
    "COOKIES_ENABLED": ("DOWNLOADER_MIDDLEWARES_BASE", "scrapy.downloadermiddlewares.cookies.CookiesMiddleware"),
    "REMOTE_CONTROL_ENABLED": ("EXTENSIONS_BASE", "scrapy.extensions.remote_control.RemoteControl"),
}


class PresetAddon:
    """Applies ``NEWSCRAWL_PRESET`` and the User-Agent; a value set in any other way wins."""

    def update_settings(self, settings: Settings) -> None:
        """Set delays, concurrency and throttling."""
        for name, value in PRESETS[settings["NEWSCRAWL_PRESET"]].items():
            settings.set(name, value, priority="addon")
        contact = settings["NEWSCRAWL_CONTACT"].strip()
        if not contact and settings["NEWSCRAWL_PRESET"] == "polite" and not settings.getlist("NEWSCRAWL_REPLAY"):
            logger.warning("NEWSCRAWL_CONTACT is empty: tell webmasters where to reach you, as a URL or a mail address")
        agent = f"newscrawl/{__version__}" + (f" (+{contact})" if contact else "")
        settings.set("USER_AGENT", agent, priority="addon")
        for switch, (group, path) in _SWITCHED.items():
            if not settings.getbool(switch):
                base = dict(settings.getdict(group))
                base.pop(path, None)
                settings.set(group, base, priority=PRIORITIES["cmdline"] + 1)

"""Who asks: no crawl of other people's hosts without a contact."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.settings import SETTINGS_PRIORITIES as PRIORITIES
from scrapy.settings import BaseSettings

from newscrawl.addresses import AllowList
from newscrawl.exceptions import ConfigError
from newscrawl.guest import strangers
from newscrawl.ledger.holding import existing_store
from newscrawl.store import feeds


class ContactExtension:
    """Refuses to ask other people's hosts without saying who asks; before anything is opened or written."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Raise :exc:`ConfigError` for a spider that starts at somebody else's without a contact.

        A User-Agent of the user's own is taken as one that names one.
        """
        settings = crawler.settings
        spider: Any = crawler.spider
        own_agent = (settings.getpriority("USER_AGENT") or 0) > PRIORITIES["addon"]
        if own_agent or settings["NEWSCRAWL_CONTACT"].strip() or settings.getlist("NEWSCRAWL_REPLAY"):
            raise NotConfigured
        urls = getattr(spider, "urls", None) or getattr(spider, "start_urls", None) or _known_feeds(settings)
        others = strangers(urls, AllowList.parse(settings.getlist("NEWSCRAWL_ALLOW_ADDRESSES")))
        if not others:
            raise NotConfigured
        raise ConfigError(
            f"{others[0]} is somebody else's: say where its webmaster can reach you with "
            "-s NEWSCRAWL_CONTACT=you@example.org (a URL or a mail address; it becomes part of the User-Agent)"
        )


def _known_feeds(settings: BaseSettings) -> list[str]:
    """Return the URLs of the feeds that the store knows: where a crawl begins that is told of nothing else."""
    if not settings.getbool("NEWSCRAWL_OUTPUT_ENABLED"):
        return []
    store = existing_store(Path(settings["NEWSCRAWL_OUTPUT_DIR"]), settings["NEWSCRAWL_STORE_URL"])
    if store is None:
        return []
    try:
        with store.reading() as connection:
            return [feed.url for feed in feeds.all(connection)]
    finally:
        store.close()

"""How the spider behaves as a guest: it says who asks, and hears what pages say to robots."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from scrapy.http import Response
from scrapy.settings import SETTINGS_PRIORITIES as PRIORITIES
from scrapy.settings import BaseSettings

from newscrawl.addresses import AllowList
from newscrawl.exceptions import ConfigError
from newscrawl.extract import Page
from newscrawl.guest import strangers
from newscrawl.items import Warn
from newscrawl.robots import directives


def check_contact(settings: BaseSettings, urls: Iterable[str]) -> None:
    """Raise :exc:`ConfigError` when other people's hosts would be asked by somebody who does not say who it is.

    A User-Agent of the user's own is taken as one that says so.
    """
    if settings.getlist("NEWSCRAWL_REPLAY") or settings["NEWSCRAWL_CONTACT"].strip():
        return
    if (settings.getpriority("USER_AGENT") or 0) > PRIORITIES["addon"]:
        return
    others = strangers(urls, AllowList.parse(settings.getlist("NEWSCRAWL_ALLOW_ADDRESSES")))
    if others:
        raise ConfigError(
            f"{others[0]} is somebody else's: say where its webmaster can reach you with "
            "-s NEWSCRAWL_CONTACT=you@example.org (a URL or a mail address; it becomes part of the User-Agent)"
        )


class MetaRobots:
    """What pages say to robots in meta elements and ``X-Robots-Tag``: always recorded, and obeyed unless told not to.

    Only ``nofollow`` asks something of a crawler that shows nothing to anybody: the others are for those who publish.
    """

    def __init__(self, settings: BaseSettings) -> None:
        self.obeys = settings["NEWSCRAWL_ROBOTS_META"] == "obey"

    def heard(self, page: Page, response: Response) -> Page:
        """Return *page* without the links that are not to be followed; its article says what the page asks for."""
        headers = [value.decode("latin-1") for value in response.headers.getlist("X-Robots-Tag")]
        if not headers and not page.meta_robots:
            return page
        said = directives(headers, page.meta_robots)
        if said and page.article is not None:
            page.article.warnings.append(Warn(field="http", code="robots_meta", detail=", ".join(sorted(said))))
        if "nofollow" not in said or not self.obeys:
            return page
        return replace(page, links=(), next_page=None, next_part=None, first_part=None)

"""What pages say to robots, and what the spider makes of it."""

from __future__ import annotations

from dataclasses import replace

from scrapy.http import Response
from scrapy.settings import BaseSettings

from newscrawl.extract import Page
from newscrawl.items import Warn
from newscrawl.robots import directives


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

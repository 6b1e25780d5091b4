"""The baseline: the spider that a Scrapy tutorial ends with, written for the benchmark's site.

It parses headline and body into a feed and follows related articles, the headlines of listings and their next
page, each by one expression for the site's own markup. Nothing is cleaned, told apart, dated, explained or kept
beside the feed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from scrapy import Request, Spider
from scrapy.http import Response

_PARAGRAPHS = (
    "//div[contains(@class, 'entry-content')]/p//text() | //section[@name='articleBody']//p//text()"
    " | //div[@id='artibody']//text() | //section[@itemprop='articleBody']/p//text()"
)
_LINKS = (
    "//main//h2/a/@href | //main//h3/a/@href | //td//h3/a/@href | //td//b/a/@href | //a[@rel='next']/@href"
    " | //a[contains(@class, 'next')]/@href | //li[contains(@class, 'jp-relatedposts-post')]/a/@href"
    " | //aside[contains(@class, 'promo-inline')]//li/a/@href | //div[contains(@class, 'hotlist')]//li/a/@href"
    " | //div[contains(@class, 'more-news')]//li/a/@href | //div[contains(@class, 'newslist')]//a/@href"
)


class BareSpider(Spider):
    """Headline and body, nothing else."""

    name = "bare"

    def __init__(self, url: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start_urls = url.split()
        self.allowed_domains = sorted({re.sub(r"^https?://|[:/].*$", "", u) for u in self.start_urls})

    def parse(self, response: Response, **kwargs: Any) -> Iterator[dict[str, Any] | Request]:
        """Yield the item of a page, and requests for its links."""
        body = "\n\n".join(filter(None, map(str.strip, response.xpath(_PARAGRAPHS).getall())))
        if body:
            yield {"url": response.url, "headline": response.xpath("string(//h1)").get(), "body": body}
        for href in response.xpath(_LINKS).getall():
            yield response.follow(href)

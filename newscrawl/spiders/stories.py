"""Fetching the further parts of a story while its first page is being read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from scrapy.spidermiddlewares.httperror import HttpError

from newscrawl.exceptions import NotInReplayError
from newscrawl.extract import Page, adds, begins, joined, same_story, surely_same, warned
from newscrawl.items import Article
from newscrawl.ledger import Ledger, ledger_of
from newscrawl.urls import UrlKeys, host_of, site_of

Read = Callable[[Response], tuple[Page, Article | None]]
"""Gives a response's page, and its article even where the page alone does not look like one."""


class Whole(NamedTuple):
    """A story with all its parts that could be had."""

    article: Article
    keys: frozenset[str]
    """``url_key`` of each part that is known, asked for or not: no pages of their own any more."""


class InterruptedStoryError(Exception):
    """The crawl is being stopped: the story is not whole, and not to be kept as if it were."""


class PartMissingError(Exception):
    """A part that cannot be read; its text is a short word for the counts."""


class Stories:
    """Completes stories that are printed on several pages.

    A part goes through the downloader's middlewares as every page does (robots.txt, addresses, delays, retries), but
    not through the scheduler: it belongs to the request of the story's first page, which is settled when the story is
    whole. So a crash, or a stop on the way, has the whole story asked again.
    """

    def __init__(self, crawler: Crawler, read: Read, *, limit: int) -> None:
        """*limit*: pages of one story, the first included."""
        self.crawler = crawler
        self.read = read
        self.limit = limit

    @property
    def ledger(self) -> Ledger:
        """The ledger of this crawl."""
        return ledger_of(self.crawler)

    async def whole(self, first: Page, article: Article, response: Response) -> Whole:
        """Return the story that begins on *first*. Raises :exc:`InterruptedStoryError`."""
        own = first.url or ""
        key = self.ledger.url_key
        seen, keys, parts = {key(own)}, set[str](), list[Article]()
        following = first.next_part if self.limit > 1 and begins(own, first.next_part or "") else None
        code = None
        while following is not None and key(following) not in seen:
            if len(parts) + 2 > self.limit:
                code = "parts_limit"
                break
            asked = {key(following)}
            try:
                page, part = await self._part(following, response)
            except PartMissingError as error:
                self._count_missing(following, str(error))
                keys |= asked
                code = "part_missing"
                break
            asked.add(key(page.url or ""))
            if asked & seen or not belongs(first, article, page, part):
                break
            seen |= asked
            keys |= asked
            if not adds(joined(article, parts), part):
                break
            parts.append(part)
            following = page.next_part
        self._count_read(parts)
        if keys:
            # A pager names more pages than were asked for.
            keys |= linked_parts(own, first, key)
        whole = joined(article, parts)
        return Whole(whole if code is None else warned(whole, code, following or ""), frozenset(keys))

    async def _part(self, url: str, response: Response) -> tuple[Page, Article]:
        replay = self.ledger.replay
        if replay is not None and url not in replay:
            self.ledger.state.list_not_in_replay(url)
            raise PartMissingError("not_in_replay")
        try:
            answer = await self.crawler.engine.download_async(self._request(url, response))
        except Exception as error:
            # Whatever keeps a part away, the article's other pages are not given up for it.
            self._check_stopping()
            if self.ledger.frontier.returns(response.meta.get("newscrawl_lease")):
                # The host is to be left alone for now: the whole story is asked for later.
                raise InterruptedStoryError from error
            raise PartMissingError(reason_of(error)) from error
        self._check_stopping()
        if not 200 <= answer.status < 300:
            raise PartMissingError(f"http_{answer.status}")
        if host_of(answer.url) != host_of(response.url):
            raise PartMissingError("other_host")
        page, article = self.read(answer)
        if article is None:
            raise PartMissingError(f"reads_as_{page.kind}")
        return page, article

    def _request(self, url: str, response: Response) -> Request:
        exchange = self.ledger.exchange(response.request)
        meta: dict[str, Any] = {
            "newscrawl_kind": "part",
            "newscrawl_found": {"how": "link", "url": response.url, "asked": url},
            "depth": response.meta.get("depth", 0),
            "newscrawl_story_lease": response.meta.get("newscrawl_lease"),
        }
        if exchange is not None and exchange.ref is not None and exchange.ref.record_id is not None:
            meta["newscrawl_part_of"] = exchange.ref.record_id
        if exchange is not None and exchange.fetched_at is not None:
            meta["newscrawl_at"] = exchange.fetched_at.isoformat()
        return Request(url, callback=NO_CALLBACK, meta=meta)

    def _check_stopping(self) -> None:
        if self.ledger.frontier.stopping or self.ledger.failure is not None:
            raise InterruptedStoryError

    def _count_read(self, parts: list[Article]) -> None:
        for part in parts:
            self.ledger.state.pages["part"] += 1
            self.ledger.state.site(part.site or "").pages += 1
        if parts:
            self.crawler.stats.inc_value("newscrawl/parts/joined", len(parts))

    def _count_missing(self, url: str, reason: str) -> None:
        self.ledger.state.failed[reason] += 1
        self.ledger.state.site(site_of(url)).dropped[reason] += 1
        self.crawler.stats.inc_value("newscrawl/parts/missing")


def linked_parts(first: str, page: Page, key: UrlKeys) -> set[str]:
    """Return the *key* of each later part of the story that begins at *first* that *page* links to."""
    return {key(link.url) for link in page.links if begins(first, link.url)}


def belongs(first: Page, article: Article, page: Page, part: Article) -> bool:
    """Return whether *page* goes on with the story of *first*, and is not the next story of a numbered row."""
    return surely_same(first.url or "", page.url or "") or page.first_part is not None or same_story(article, part)


def reason_of(error: BaseException | None) -> str:
    """A short word for the counts of a report."""
    if isinstance(error, HttpError):
        return f"http_{error.response.status}"
    if isinstance(error, NotInReplayError):
        return "not_in_replay"
    named = getattr(error, "newscrawl_reason", None)
    if isinstance(named, str):
        return named
    if isinstance(error, IgnoreRequest):
        return "robots" if "robots" in str(error).lower() else "refused"
    return type(error).__name__

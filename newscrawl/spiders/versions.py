"""What the crawl adds to an article, and when its page is read again."""

from __future__ import annotations

import json
from typing import Any

from scrapy.http import Response

from newscrawl.dates import fetched_text
from newscrawl.discover import reread_due
from newscrawl.extract import Page
from newscrawl.items import Article, FoundOn, Http, Warn
from newscrawl.ledger import Exchange, Ledger
from newscrawl.spiders.polling import validators
from newscrawl.store.articles import NewArticle, StoredArticle
from newscrawl.store.frontier import NEVER, Visit

# A page that is gone may come back: so long after it was first missed it is looked for.
_GONE_S = (86_400.0, 7 * 86_400.0, 30 * 86_400.0)


class Versions:
    """Completes articles, and keeps the times at which their pages are read again."""

    def __init__(self, ledger: Ledger, *, rereads: bool) -> None:
        """*rereads*: whether pages are read again by themselves."""
        self.ledger = ledger
        self.rereads = rereads

    def completed(self, article: Article, page: Page, response: Response) -> Article:
        """Fill the fields that the crawl knows and the page does not."""
        exchange = self.ledger.exchange(response.request)
        self._place(article, response, exchange)
        article.http = Http(
            status=response.status,
            etag=header(response, "ETag"),
            last_modified=header(response, "Last-Modified"),
            encoding=page.encoding,
            encoding_source=page.encoding_source,
            truncated=exchange.truncated if exchange else None,
        )
        return article

    def gone(self, response: Response) -> Article | None:
        """Return the version of an article that its server says is gone; None when it was never kept."""
        earlier = self.earlier(response)
        if earlier is None:
            return None
        exchange = self.ledger.exchange(response.request)
        article = Article(url=earlier.url)
        self._place(article, response, exchange)
        article.http = Http(
            status=response.status,
            etag=header(response, "ETag"),
            last_modified=header(response, "Last-Modified"),
            encoding=None,
            encoding_source=None,
            truncated=exchange.truncated if exchange else None,
        )
        article.warnings.append(Warn(field="article_body", code="gone", detail=f"HTTP {response.status}"))
        return article

    def earlier(self, response: Response) -> NewArticle | StoredArticle | None:
        """Return the newest version of the article at the URL that answered."""
        return self.ledger.latest_at(response.url)

    def _place(self, article: Article, response: Response, exchange: Exchange | None) -> None:
        meta, found = response.meta, found_of(response)
        article.requested_url = found["asked"]
        article.found_on = FoundOn(how=found["how"], url=found["url"])
        article.depth = meta.get("depth", 0)
        again = found["how"] != "start" and found["url"] is None
        if again and (earlier := self.earlier(response)) is not None and earlier.file:
            # No page led here: it was read again. The row says how its URL was found at first.
            row = json.loads(earlier.row)
            article.found_on = FoundOn(**row["found_on"]) if row["found_on"] else None
            article.depth = row["depth"]
        if exchange is not None:
            article.fetched_at = fetched_text(exchange.fetched_at) if exchange.fetched_at else None
            article.capture = exchange.ref

    # --- when it is read again

    def visited(self, response: Response, article: Article) -> None:
        """Note that *article* was read, and when it is due again."""
        again = "newscrawl_reread" in response.meta or found_of(response)["how"] == "start"
        # What was found just now has not changed before.
        earlier = self.earlier(response) if again else None
        self._visit(response, self._due(response, article.date_published, earlier))

    def unchanged(self, response: Response) -> None:
        """Note that a page is what it was: its server says so."""
        earlier = self.earlier(response)
        self.ledger.state.count_unchanged(response.url)
        if earlier is not None:
            self.ledger.kept.seen_again(earlier.id)
        published = earlier.date_published if earlier is not None else None
        self._visit(response, self._due(response, published, earlier), keep=True)

    def missed(self, response: Response) -> None:
        """Note that a page is gone: it is looked for some times more, ever more rarely."""
        now, earlier = self.ledger.clock(), self.earlier(response)
        known_s = now - earlier.committed_at if earlier is not None and earlier.text_digest is None else 0.0
        wait_s = next((after_s - known_s for after_s in _GONE_S if after_s > known_s), None)
        self._visit(response, NEVER if wait_s is None else now + wait_s)

    def _due(self, response: Response, published: str | None, earlier: NewArticle | StoredArticle | None) -> float:
        now = self.ledger.clock()
        reread: dict[str, Any] = response.meta.get("newscrawl_reread") or {}
        changes = earlier.version - 1 if earlier is not None else 0
        due_at = reread_due(published, reread.get("added_at", now), now, changes)
        return NEVER if due_at is None else due_at

    def _visit(self, response: Response, due_at: float, *, keep: bool = False) -> None:
        exchange = self.ledger.exchange(response.request)
        etag, last_modified = (None, None)
        if keep:
            reread = response.meta.get("newscrawl_reread") or {}
            etag, last_modified = reread.get("etag"), reread.get("last_modified")
        elif response.status == 200 and (exchange is None or exchange.truncated is None):
            # Half a page must not be what the server is asked to compare with.
            etag, last_modified = validators(response)
        visit = Visit(due_at=due_at if self.rereads else NEVER, etag=etag, last_modified=last_modified)
        self.ledger.frontier.visited(response.meta.get("newscrawl_lease"), visit)


def found_of(response: Response) -> dict[str, Any]:
    """Return how the URL that was *asked* was found (``how``), and on which page (``url``, None for none)."""
    return response.meta.get("newscrawl_found") or {"how": "start", "url": None, "asked": response.url}


def header(response: Response, name: str) -> str | None:
    """Return a header's value, None when it is empty or missing."""
    value = response.headers.get(name)
    text = value.decode("latin-1").strip() if value is not None else ""
    return text or None

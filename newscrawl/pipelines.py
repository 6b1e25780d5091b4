"""Items on their way to a row: clean, validate, dedupe, limit.

Each works through ItemAdapter, so an item of any spider passes that has the article's fields.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Self

from itemadapter import ItemAdapter
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem
from scrapy.statscollectors import StatsCollector
from scrapy.utils.defer import deferred_from_coro

from newscrawl.dates import earliest_moment
from newscrawl.fingerprint import folded_digest, text_change
from newscrawl.items import FIELDS, REQUIRED, Article, Change, VersionKey, Warn, as_row, faults, from_row
from newscrawl.ledger import Ledger, Repeated, ledger_of, text_digest, text_fingerprint
from newscrawl.ledger.claims import checked
from newscrawl.store.articles import NewArticle, StoredArticle
from newscrawl.text import clean_line, clean_text
from newscrawl.urls import URL_KEY_VERSION, resolve, site_of

logger = logging.getLogger(__name__)

_NAMES = frozenset(FIELDS)
_URL_FIELDS = frozenset(("url", "requested_url", "canonical_url"))
_LONG_FIELDS = frozenset(("article_body",))
_UNTOUCHED = frozenset(("id", "url_key", "schema_version", "http", "capture", "snapshot", "provenance", "run_id"))


class CleanPipeline:
    """Cleans every text of an item and resolves its URLs, without a change of wording, width or script."""

    def __init__(self, stats: StatsCollector) -> None:
        self.stats = stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.stats)

    def process_item(self, item: Any) -> Any:
        """Return *item* with clean texts; the number of changed fields is counted."""
        # An adapter asks again for every field what kind of item it has.
        adapter: Any = vars(item) if isinstance(item, Article) else ItemAdapter(item)
        changed = 0
        for name in list(adapter):
            if name in _UNTOUCHED or name not in _NAMES:
                continue
            value = adapter[name]
            if value is None or value == []:
                continue
            cleaned = _cleaned(value, name)
            if cleaned is not value and cleaned != value:
                adapter[name] = cleaned
                changed += 1
        if changed:
            self.stats.inc_value("newscrawl/clean/fields_changed", changed)
        return item


def _cleaned(value: Any, name: str) -> Any:
    """Return *value* clean, or itself when there is nothing to clean. ``""`` becomes None: absent has one form."""
    if isinstance(value, str):
        if name in _URL_FIELDS:
            return resolve(None, value) or value.strip() or None
        return (clean_text(value) if name in _LONG_FIELDS else clean_line(value)) or None
    if isinstance(value, dict):
        parts = {key: _cleaned(part, key) for key, part in value.items()}
        return value if all(parts[key] is part for key, part in value.items()) else parts
    if isinstance(value, tuple | list):
        if isinstance(value, list) and not any(isinstance(part, (str, dict)) for part in value):
            # Parts that the reader made are clean already.
            return value
        cleaned = [_cleaned(part, name) if isinstance(part, (str, dict)) else part for part in value]
        if isinstance(value, list) and all(a is b for a, b in zip(cleaned, value, strict=True)):
            return value
        return [part for part in cleaned if part is not None]
    return value


class ValidatePipeline:
    """Turns an item into a valid :class:`~newscrawl.items.Article`, or keeps it aside with what is wrong."""

    def __init__(self, ledger: Ledger, stats: StatsCollector) -> None:
        self.ledger = ledger
        self.stats = stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(ledger_of(crawler), crawler.stats)

    def process_item(self, item: Any) -> Article:
        """Return the article. Raises :exc:`~scrapy.exceptions.DropItem` naming each faulty field."""
        article, found = (item, []) if type(item) is Article else _article_of(item)
        if article is not None:
            self._complete(article)
            found = [*found, *faults(article), *_missing(article)]
        if not found and article is not None:
            return article
        self.stats.inc_value("newscrawl/validate/rejected")
        self.ledger.state.dropped["invalid"] += 1
        self.ledger.write_rejected({"reasons": found, "item": _plain(item)})
        raise DropItem("; ".join(found[:5]))

    def _complete(self, article: Article) -> None:
        """Fill what follows from other fields or from the run."""
        article.run_id = self.ledger.run_id
        if isinstance(article.url, str) and article.url_key is None:
            article.url_key = self.ledger.url_key(article.url)
            article.url_key_version = URL_KEY_VERSION
        if isinstance(article.url_key, str) and article.id is None:
            article.id = self.ledger.article_id(article.url_key)
        if isinstance(article.url, str) and article.site is None:
            article.site = site_of(article.url) or None


def _article_of(item: Any) -> tuple[Article | None, list[str]]:
    try:
        row = ItemAdapter(item).asdict()
    except RecursionError:
        return None, ["item: it holds itself"]
    extra = [name for name in row if name not in FIELDS]
    known = {name: value for name, value in row.items() if name in FIELDS and value is not None}
    try:
        article: Article = from_row(Article, known)
    except TypeError as error:
        return None, [str(error)]
    if isinstance(article.warnings, list):
        # A row has a fixed set of keys; what an item has besides is named, not silently lost.
        article.warnings += [
            Warn(field=str(name), code="unknown_field", detail=repr(row[name])[:200]) for name in extra
        ]
    return article, []


def _missing(article: Article) -> list[str]:
    missing = [f"{name}: missing" for name in REQUIRED if getattr(article, name) is None]
    missing += [
        f"{name}: {value!r} is no date"
        for name, value in (("date_published", article.date_published), ("date_modified", article.date_modified))
        if isinstance(value, str) and earliest_moment(value) is None
    ]
    # The version of an article that is gone has no text, and says so by its status.
    if article.headline is None and article.article_body is None and not article.gone:
        missing.append("headline, article_body: at least one of them is needed")
    return missing


def _plain(item: Any) -> Any:
    if isinstance(item, Article):
        return as_row(item)
    try:
        plain = ItemAdapter(item).asdict()
    except RecursionError:
        return repr(item)
    return plain if isinstance(plain, Mapping) else repr(item)


_DROPPED: dict[str | None, frozenset[str]] = {
    "drop_exact": frozenset({"exact"}),
    # A text that holds another has more than that one, and a form filled in twice repeats nothing.
    "drop_near": frozenset({"exact", "script_variant", "near", "contained"}),
}


class DedupePipeline:
    """Numbers the versions of an article, and marks or drops a text that another article had first."""

    def __init__(self, ledger: Ledger, stats: StatsCollector, *, policy: str | None) -> None:
        """*policy*: the value of NEWSCRAWL_DEDUPE."""
        self.ledger = ledger
        self.stats = stats
        self.dropped = _DROPPED.get(policy, frozenset())

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(ledger_of(crawler), crawler.stats, policy=crawler.settings.get("NEWSCRAWL_DEDUPE"))

    def process_item(self, article: Article) -> Article:
        """Return *article* with its version, marked when it is a duplicate.

        Raises DropItem for an article that was kept and is unchanged, in either mode, and for a duplicate when
        duplicates are dropped.
        """
        earlier = self.ledger.latest(article.id or "")
        if earlier is not None:
            # One that is unchanged needs no more than this of its fingerprint.
            digest = text_digest(article)
            if not self._changed(article, digest, earlier):
                self._count("same_url", article)
                self.ledger.kept.seen_again(earlier.id)
                raise DropItem(f"{article.url} was already kept and is unchanged")
            if digest is not None and digest != earlier.text_digest:
                self._warn_of_return(article, digest)
        fingerprint = text_fingerprint(article)
        found = checked(article, self.ledger.repeated(article, fingerprint), self.ledger)
        repeated = found.repeated
        article.provenance += found.evidence
        article.warnings += found.warnings
        self._mark(article, repeated, earlier)
        self.ledger.kept.expect(article, fingerprint, replace(repeated, cluster_id=article.cluster_id))
        return article

    def _warn_of_return(self, article: Article, digest: str) -> None:
        before = self.ledger.version_with_text(article.id or "", digest)
        if before is not None:
            article.warnings.append(Warn(field="article_body", code="reverted", detail=f"version {before}"))

    def _mark(self, article: Article, repeated: Repeated, earlier: NewArticle | StoredArticle | None) -> None:
        """Say in *article* what it repeats. Raises DropItem where that is dropped."""
        # What belonged to a story once still does, whatever became of its text.
        kept = None if earlier is None else json.loads(earlier.row).get("cluster_id")
        article.cluster_id = kept or repeated.cluster_id
        best = repeated.best
        # A form that is filled in twice repeats nothing; that the two are alike is a relation in the store.
        if best is None or best.kind == "template_sibling":
            return
        article.duplicate_of = VersionKey(id=best.other[0], version=best.other[1])
        article.duplicate_kind, article.similarity = best.kind, best.similarity
        self._count(best.kind, article)
        same = best.kind in ("exact", "script_variant") and best.similarity == 1
        if (best.kind in self.dropped) or (same and self.dropped):
            raise DropItem(f"same text as {best.other[0]}" if same else f"{best.kind} copy of {best.other[0]}")

    def _changed(self, article: Article, digest: str | None, earlier: NewArticle | StoredArticle) -> bool:
        """Return whether *article* is a new version of what was kept, and make it one."""
        before = json.loads(earlier.row)
        headline_changed = folded_digest(before["headline"]) != folded_digest(article.headline)
        if earlier.text_digest == digest and not headline_changed:
            return False
        article.version = earlier.version + 1
        change = text_change(before["article_body"], article.article_body)
        article.change = Change(
            ratio=change.ratio, added=change.added, removed=change.removed, headline_changed=headline_changed
        )
        return True

    def _count(self, kind: str, article: Article) -> None:
        self.ledger.state.count_duplicate(kind, article.site or "")
        self.stats.inc_value(f"newscrawl/dedupe/{kind}")


class OverLimitError(DropItem):
    """An article that is not kept because the limit is reached."""

    ask_again = True
    """Its URL returns to the frontier: the next run asks for it."""


class LimitPipeline:
    """Keeps a crawl at its ``-a limit``: answers still on their way when it is reached are not kept."""

    def __init__(self, ledger: Ledger, limit: int, close: Callable[[], Any] | None = None) -> None:
        """*close* ends the crawl."""
        self.ledger = ledger
        self.close = close
        self.limit = limit
        self.passed = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        def close() -> None:
            deferred_from_coro(crawler.engine.close_spider_async(reason="closespider_itemcount"))

        return cls(ledger_of(crawler), crawler.settings.getint("CLOSESPIDER_ITEMCOUNT"), close)

    def process_item(self, article: Article) -> Article:
        """Return *article*. Raises :exc:`~scrapy.exceptions.DropItem` when the limit is reached."""
        if self.limit and self.passed >= self.limit:
            self.ledger.state.dropped["over_limit"] += 1
            self.ledger.kept.forget(article)
            if self.close is not None:
                # Scrapy counts what comes out of the last pipeline. Where one behind this drops an article, it would
                # wait for another for ever, and what is dropped here would be asked for again and again.
                self.close()
                self.close = None
            raise OverLimitError(f"the limit of {self.limit} articles is reached")
        self.passed += 1
        return article


__all__ = ["CleanPipeline", "DedupePipeline", "LimitPipeline", "ValidatePipeline"]

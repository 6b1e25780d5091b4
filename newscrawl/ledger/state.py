"""What happened so far in a run: its counts, and what they mean for its exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from newscrawl.archive.records import stated_status
from newscrawl.archive.wire import WireExchange
from newscrawl.exceptions import StorageError
from newscrawl.items import Article
from newscrawl.ledger.counts import OTHERS, FeedCounts, HostCounts, SiteCounts, count_reason
from newscrawl.ledger.health import ProfileCounts, profile_faults
from newscrawl.urls import host_of, site_of

_MAX_RESULTS = 1_000
_MAX_LISTED = 10_000
_MAX_SITES = 5_000
_MAX_SKIPPED = 1_000
_MAX_SKIPPED_URL = 2_000
_NO_PAGE = frozenset(("robots", "feed"))
CONTENT = (
    "headline",
    "description",
    "article_section",
    "authors",
    "source_organization",
    "date_published",
    "date_modified",
    "dateline",
    "in_language",
    "tags",
    "article_body",
    "images",
    "videos",
    "related",
)
"""Fields whose coverage says how well a site is read."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """One row of the table at the end."""

    headline: str | None
    source: str | None
    authors: tuple[str, ...]
    date: str | None
    why_no_date: str | None
    paragraphs: int
    images: int
    related: int
    duplicate: str | None


@dataclass
class RunState:
    """The counts of a run. Written to ``report.json`` at the end, and to the store with every commit."""

    pages: Counter[str] = field(default_factory=Counter)
    """Pages read, by kind."""
    articles: int = 0
    """Rows written."""
    duplicates: Counter[str] = field(default_factory=Counter)
    """Rows or items that repeat another, by kind."""
    dropped: Counter[str] = field(default_factory=Counter)
    """Items not written, by reason."""
    failed: Counter[str] = field(default_factory=Counter)
    """Requests without an answer that could be read, by reason."""
    failed_starts: list[tuple[str, str]] = field(default_factory=list)
    """Start URLs among them, with the reason."""
    errors: int = 0
    """Exceptions in a callback or a pipeline."""
    versions: Counter[str] = field(default_factory=Counter)
    """What became of articles: ``new``, ``changed``, ``unchanged`` (read or met again), ``gone`` (answered with
    404 or 410 now: its last version says so, and has no text)."""
    skipped: Counter[str] = field(default_factory=Counter)
    """URLs that were not asked, by reason."""
    skipped_urls: dict[str, dict[str, None]] = field(default_factory=dict)
    """The first of them, by reason."""
    misses: int = 0
    """Requests for a URL outside the replay set."""
    captures: Counter[str] = field(default_factory=Counter)
    """Exchanges archived, by kind of record."""
    damaged: int = 0
    """Places of the replay set that could not be read."""
    known_articles: int = 0
    """Articles that the store held when the run began, or that other workers have put there since."""
    not_in_replay: dict[str, None] = field(default_factory=dict)
    """Links not followed because the replay set does not hold them."""
    waiting: list[str] = field(default_factory=list)
    """Why work is left that cannot be done now, one line a host or budget."""
    links_over_cap: int = 0
    """Links that pages had beyond those that are followed from one."""
    results: list[Result] = field(default_factory=list)
    """The first rows, for the table."""
    sites: dict[str, SiteCounts] = field(default_factory=dict)
    """Counts by site."""
    profiles: dict[str, ProfileCounts] = field(default_factory=dict)
    """How each site profile did, by name."""
    touched: set[str] = field(default_factory=set)
    """Sites whose counts the store does not have yet."""
    checked: bool = True
    """Whether health checks change the exit code."""
    faults: list[str] = field(default_factory=list)
    """What fails the checks of this run against those before it."""

    @property
    def page_count(self) -> int:
        """Pages read."""
        return sum(self.pages.values())

    def site(self, name: str) -> SiteCounts:
        """Return the counts of the site *name*; past some thousands of sites, of all others together."""
        if name not in self.sites and len(self.sites) >= _MAX_SITES:
            name = OTHERS
        self.touched.add(name)
        return self.sites.setdefault(name, SiteCounts())

    def count_row(self, article: Article) -> None:
        """Count a row that was written."""
        self.articles += 1
        counts = self.site(article.site or "")
        counts.articles += 1
        if article.gone:
            self._count_version("gone", article.site or "")
        else:
            self._count_version("new" if article.version == 1 else "changed", article.site or "")
            for name in CONTENT:
                if getattr(article, name):
                    counts.fields[name] += 1
        if len(self.results) < _MAX_RESULTS:
            self.results.append(_result(article))

    def count_duplicate(self, kind: str, site: str) -> None:
        """Count a row or an item that repeats another; ``same_url`` is an article that was read again, unchanged."""
        self.duplicates[kind] += 1
        self.site(site).duplicates[kind] += 1
        if kind == "same_url":
            self._count_version("unchanged", site)

    def count_unchanged(self, url: str) -> None:
        """Count an article that was met again and is known to be as it was without being read."""
        self._count_version("unchanged", site_of(url))

    def _count_version(self, outcome: str, site: str) -> None:
        self.versions[outcome] += 1
        self.site(site).versions[outcome] += 1

    def host(self, url: str) -> HostCounts:
        """Return the counts of the host of *url*, to be changed."""
        return self.site(site_of(url)).host(host_of(url))

    def count_page(self, kind: str, url: str) -> None:
        """Count a page that was read."""
        self.pages[kind] += 1
        self.site(site_of(url)).pages += 1

    def feed(self, url: str, *, kind: str | None = None) -> FeedCounts:
        """Return the counts of the feed at *url*, to be changed at once: the next commit writes them.

        *kind* is what is known of it now; None leaves what was known.
        """
        counts = self.site(site_of(url)).feed(url, kind or "")
        if kind is not None and counts.kind != OTHERS:
            counts.kind = kind
        return counts

    def skip(self, url: str, reason: str) -> None:
        """Count and list a URL that is not asked. *reason* is a short word, such as ``robots`` or ``too_old``."""
        count_reason(self.skipped, reason)
        count_reason(self.site(site_of(url)).skipped, reason)
        listed = self.skipped_urls.setdefault(reason if reason in self.skipped else OTHERS, {})
        if len(listed) < _MAX_SKIPPED and sum(map(len, self.skipped_urls.values())) < _MAX_LISTED:
            listed[url[:_MAX_SKIPPED_URL]] = None

    def count_wire(self, wire: WireExchange, kind: str) -> None:
        """Count a request that was sent, and what came back.

        *kind*: what was asked for; a robots.txt or a feed that a server does not have is no failure.
        """
        status = stated_status(wire.head) if wire.head else None
        reason = None
        if wire.error is not None:
            reason = wire.error.partition(":")[0]
        elif status is None:
            reason = "no_answer"
        elif status >= 500 or status == 429 or (status >= 400 and kind not in _NO_PAGE):
            reason = f"http_{status}"
        received = len(wire.interim) + len(wire.head) + len(wire.body) + len(wire.trailer)
        self.host(wire.url).add(status=status, reason=reason, received=received, waited_s=wire.elapsed_ms / 1000)

    def list_not_in_replay(self, url: str) -> None:
        """Note a link that was not followed because the replay set does not hold it."""
        if len(self.not_in_replay) < _MAX_LISTED:
            self.not_in_replay[url] = None

    def as_report(self) -> dict[str, Any]:
        """Return the counts for ``report.json``."""
        return {
            **self.as_counts(),
            "network": self.network(),
            "feeds": self.feed_outcomes(),
            "skipped_urls": {reason: list(urls) for reason, urls in sorted(self.skipped_urls.items())},
            "links_not_in_replay": list(self.not_in_replay),
            "waiting": list(self.waiting),
            "sites": {name: counts.as_report() for name, counts in sorted(self.sites.items())},
        }

    def network(self) -> dict[str, Any]:
        """Return the counts of all hosts together."""
        total = HostCounts()
        for site in self.sites.values():
            for host in site.hosts.values():
                total.requests += host.requests
                total.received += host.received
                total.waited_s += host.waited_s
                total.slowest_s = max(total.slowest_s, host.slowest_s)
                total.retries += host.retries
                total.statuses += host.statuses
                total.failed += host.failed
        return total.as_report()

    def feed_outcomes(self) -> dict[str, int]:
        """Return how many feeds there were, by outcome."""
        return dict(sorted(Counter(f.outcome for site in self.sites.values() for f in site.feeds.values()).items()))

    def as_counts(self) -> dict[str, Any]:
        """Return the counts that a run which is continued begins with."""
        return {
            "pages": dict(sorted(self.pages.items())),
            "articles": self.articles,
            "versions": dict(sorted(self.versions.items())),
            "duplicates": dict(sorted(self.duplicates.items())),
            "dropped": dict(sorted(self.dropped.items())),
            "skipped": dict(sorted(self.skipped.items())),
            "failed": dict(sorted(self.failed.items())),
            "failed_starts": [{"url": url, "reason": reason} for url, reason in self.failed_starts],
            "errors": self.errors,
            "replay_misses": self.misses,
            "damaged": self.damaged,
            "links_over_cap": self.links_over_cap,
            "captures": dict(sorted(self.captures.items())),
            "profiles": {name: counts.as_report() for name, counts in sorted(self.profiles.items())},
        }

    @classmethod
    def continued(cls, counts: Mapping[str, Any], sites: Mapping[str, Mapping[str, Any]]) -> RunState:
        """Return the state of a run that goes on from what :meth:`as_counts` gave."""
        return cls(
            pages=Counter(counts["pages"]),
            articles=counts["articles"],
            # A run that an earlier version of newscrawl began lacks what that did not count.
            versions=Counter(counts.get("versions", {})),
            skipped=Counter(counts.get("skipped", {})),
            duplicates=Counter(counts["duplicates"]),
            dropped=Counter(counts["dropped"]),
            failed=Counter(counts["failed"]),
            failed_starts=[(start["url"], start["reason"]) for start in counts["failed_starts"]],
            errors=counts["errors"],
            misses=counts["replay_misses"],
            captures=Counter(counts["captures"]),
            links_over_cap=counts.get("links_over_cap", 0),
            # A run that an earlier version began has none.
            profiles={n: ProfileCounts.continued(c) for n, c in counts.get("profiles", {}).items()},
            sites={name: SiteCounts.continued(site) for name, site in sites.items()},
        )


def _result(article: Article) -> Result:
    refused = [w.code.replace("_", " ") for w in article.warnings if w.field == "date_published"]
    if article.url_assigned:
        refused.insert(0, "assigned URL")
    return Result(
        headline=f"(gone: HTTP {article.http.status})" if article.gone and article.http else article.headline,
        source=article.source_organization,
        authors=tuple(person.name for person in article.authors),
        date=article.date_published,
        why_no_date="gone"
        if article.gone
        else None
        if article.date_published
        else ", ".join(dict.fromkeys(refused)) or "none on the page",
        paragraphs=len((article.article_body or "").split("\n\n")) if article.article_body else 0,
        images=len(article.images),
        related=len(article.related),
        duplicate=article.duplicate_kind,
    )


def exit_code(state: RunState, reason: str | None, failure: StorageError | None) -> tuple[int, list[str]]:
    """Return the exit code of a run that ended for *reason*, and why it is not 0, one line a reason."""
    if failure is not None:
        return failure.exit_code, [str(failure)]
    if reason == "start_error":
        return 1, ["the spider's start failed; the log shows where"]
    if reason not in ("finished", "closespider_itemcount"):
        return 4, [f"stopped with work left ({reason or 'killed'}); the next run continues", *state.waiting]
    reasons = [f"start URL failed: {url} ({why})" for url, why in state.failed_starts]
    if state.misses:
        reasons.append(f"{state.misses} requests for URLs that the replay set does not hold")
    if state.damaged:
        reasons.append(f"{state.damaged} damaged places in the replay set; `scrapy verify` shows them all")
    if state.errors:
        reasons.append(f"{state.errors} pages or items raised an exception; the log shows where")
    if state.dropped["invalid"]:
        reasons.append(
            f"{state.dropped['invalid']} items were no valid rows; they lie in rejected.jsonl with the reason"
        )
    if state.checked:
        reasons += [*profile_faults(state.profiles), *state.faults]
    # Where articles were found before, none that is new is good news.
    if not (state.articles or state.duplicates or state.dropped or state.pages["article"] or state.known_articles):
        read = ", ".join(f"{count} {kind}" for kind, count in sorted(state.pages.items())) or "no page at all"
        reasons.append(f"no article found ({read})")
    return (3 if reasons else 0), reasons

"""What is counted of a site: its rows, its feeds, its hosts, and what was left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

FeedOutcome = Literal["new", "unchanged", "not_modified", "failed", "not_due", "dead"]

OTHERS = "(others)"
"""What stands in place of a name when there are too many of them."""

_MAX_HOSTS = 200
_MAX_FEEDS = 500
_MAX_REASONS = 50


def count_reason(counts: Counter[str], reason: str) -> None:
    """Count *reason*; past some dozens of reasons, with all others together."""
    counts[reason if reason in counts or len(counts) < _MAX_REASONS else OTHERS] += 1


@dataclass(slots=True)
class HostCounts:
    """The requests that went to one host, each attempt a request."""

    requests: int = 0
    received: int = 0
    """Bytes of the answers as they came, content coding on, chunk framing off."""
    waited_s: float = 0.0
    """Seconds between asking and the end of the answer, of all requests together."""
    slowest_s: float = 0.0
    retries: int = 0
    """Requests that asked again after a failure."""
    statuses: Counter[int] = field(default_factory=Counter)
    """Answers by status code."""
    failed: Counter[str] = field(default_factory=Counter)
    """Requests that brought no page, by reason: ``http_503``, or the name of an exception."""

    def add(self, *, status: int | None, reason: str | None, received: int, waited_s: float) -> None:
        """Count an exchange. *status*: None where no answer came; *reason*: why it counts as failed, if it does."""
        self.requests += 1
        self.received += received
        self.waited_s += waited_s
        if waited_s > self.slowest_s:
            self.slowest_s = waited_s
        if status is not None:
            self.statuses[status] += 1
        if reason is not None:
            count_reason(self.failed, reason)

    @property
    def mean_s(self) -> float:
        """Seconds that a request waited for its answer, on average."""
        return self.waited_s / self.requests if self.requests else 0.0

    def as_report(self) -> dict[str, Any]:
        """Return the counts for ``report.json`` and the store."""
        return {
            "requests": self.requests,
            "received": self.received,
            "waited_s": round(self.waited_s, 3),
            "slowest_s": round(self.slowest_s, 3),
            "retries": self.retries,
            "statuses": {str(status): n for status, n in sorted(self.statuses.items())},
            "failed": dict(sorted(self.failed.items())),
        }

    @classmethod
    def continued(cls, counts: Mapping[str, Any]) -> HostCounts:
        """Return the counts that :meth:`as_report` gave."""
        return cls(
            requests=counts["requests"],
            received=counts["received"],
            waited_s=counts["waited_s"],
            slowest_s=counts["slowest_s"],
            retries=counts["retries"],
            statuses=Counter({int(status): n for status, n in counts["statuses"].items()}),
            failed=Counter(counts["failed"]),
        )


@dataclass(slots=True)
class FeedCounts:
    """What one feed gave."""

    kind: str
    """home, listing, rss, atom, sitemap, …"""
    outcome: FeedOutcome = "not_due"
    """Of the last time it was asked. ``new``: it was read and brought articles; ``unchanged``: it was read and brought
    none; ``not_modified``: the server, or its bytes, said that it is as it was; ``failed``: no answer, or none that
    could be read; ``dead``: it is not asked any more; ``not_due``: it was not asked in this run."""
    status: int | None = None
    """HTTP status of the last answer."""
    entries: int = 0
    """Articles that it listed when it was last read, new or not."""
    new: int = 0
    """Articles first seen through it, in the whole run."""
    reason: str | None = None
    """Why it failed."""

    @property
    def gave(self) -> bool:
        """Whether it listed an article, or was known to be as it was."""
        return self.entries > 0 or self.new > 0 or self.outcome == "not_modified"

    @property
    def gave_nothing(self) -> bool:
        """Whether it was asked and nothing could be read off it."""
        return self.outcome in ("failed", "dead") or (self.outcome in ("new", "unchanged") and not self.gave)

    def as_report(self) -> dict[str, Any]:
        """Return the counts for ``report.json`` and the store."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def continued(cls, counts: Mapping[str, Any]) -> FeedCounts:
        """Return the counts that :meth:`as_report` gave."""
        return cls(**{name: counts[name] for name in cls.__slots__})


@dataclass
class SiteCounts:
    """What happened at one site."""

    pages: int = 0
    """Pages read."""
    articles: int = 0
    """Rows written."""
    fields: Counter[str] = field(default_factory=Counter)
    """Rows in which a field is filled, by field."""
    dropped: Counter[str] = field(default_factory=Counter)
    """Items not written and requests without an answer, by reason."""
    versions: Counter[str] = field(default_factory=Counter)
    """What became of its articles: ``new``, ``changed``, ``unchanged``, ``gone``."""
    duplicates: Counter[str] = field(default_factory=Counter)
    """Rows or items that repeat another, by kind."""
    skipped: Counter[str] = field(default_factory=Counter)
    """URLs that were not asked, by reason."""
    hosts: dict[str, HostCounts] = field(default_factory=dict)
    feeds: dict[str, FeedCounts] = field(default_factory=dict)
    """By URL."""

    def host(self, name: str) -> HostCounts:
        """Return the counts of the host *name*; past some hundreds of hosts, of all others together."""
        if name not in self.hosts and len(self.hosts) >= _MAX_HOSTS:
            name = OTHERS
        return self.hosts.setdefault(name, HostCounts())

    def feed(self, url: str, kind: str) -> FeedCounts:
        """Return the counts of the feed at *url*; past some hundreds of feeds, of all others together."""
        if url not in self.feeds and len(self.feeds) >= _MAX_FEEDS:
            url, kind = OTHERS, OTHERS
        return self.feeds.setdefault(url, FeedCounts(kind))

    @property
    def met(self) -> int:
        """Articles whose text was met, new or not."""
        return self.texts + self.versions["unchanged"]

    @property
    def requests(self) -> int:
        """Requests to any of its hosts."""
        return sum(host.requests for host in self.hosts.values())

    @property
    def failures(self) -> Counter[str]:
        """Requests to any of its hosts that failed, by reason."""
        return sum((host.failed for host in self.hosts.values()), Counter[str]())

    @property
    def texts(self) -> int:
        """Rows that have a text: all but those that say that an article is gone."""
        return max(self.articles - self.versions["gone"], 0)

    def coverage(self, name: str) -> float:
        """Return the share of rows with a text that have the field *name*; 0 where there is none."""
        return self.fields[name] / self.texts if self.texts else 0.0

    def as_report(self) -> dict[str, Any]:
        """Return the counts for ``report.json`` and the store."""
        return {
            "pages": self.pages,
            "articles": self.articles,
            "versions": dict(sorted(self.versions.items())),
            "fields": dict(sorted(self.fields.items())),
            "dropped": dict(sorted(self.dropped.items())),
            "duplicates": dict(sorted(self.duplicates.items())),
            "skipped": dict(sorted(self.skipped.items())),
            "hosts": {name: counts.as_report() for name, counts in sorted(self.hosts.items())},
            "feeds": {url: counts.as_report() for url, counts in sorted(self.feeds.items())},
        }

    @classmethod
    def continued(cls, counts: Mapping[str, Any]) -> SiteCounts:
        """Return the counts that :meth:`as_report` gave. Those of an earlier version of newscrawl lack some keys."""
        return cls(
            pages=counts["pages"],
            articles=counts["articles"],
            fields=Counter(counts["fields"]),
            dropped=Counter(counts["dropped"]),
            versions=Counter(counts.get("versions", {})),
            duplicates=Counter(counts.get("duplicates", {})),
            skipped=Counter(counts.get("skipped", {})),
            hosts={name: HostCounts.continued(c) for name, c in counts.get("hosts", {}).items()},
            feeds={url: FeedCounts.continued(c) for url, c in counts.get("feeds", {}).items()},
        )

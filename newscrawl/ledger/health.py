"""Health checks of a run: whether its site profiles still fit, and how it did beside the runs before it.

Nothing here reads a store or a clock: what is known comes in, and each fault goes out as one line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from newscrawl.ledger.counts import SiteCounts
from newscrawl.store.feeds import Feed
from newscrawl.text import shown

FEW = 5
"""Pages below which nothing is said of a profile."""
_MANY = 20
_MISSING_SHARE = 0.2
_DIFFERING_SHARE = 0.5

LAST = 3
"""Runs whose feeds and articles are expected again."""
FIELD_RUNS = 5
"""Runs that the fields of a run are held against."""
CHECKED_FIELDS = {"headline": "headline", "article_body": "body", "date_published": "date", "authors": "authors"}
"""Fields whose loss is a fault, and what they are called in a message."""
_FEW_REQUESTS = 20
_FEW_ROWS = 10
_FEW_EXPECTED = 5
_FEW_RUNS = 2
_FEW_ARTICLES = 5
_GAPS = 3
_DAY_S = 86_400.0
_SILENT_S = 2 * _DAY_S
_ENDED_S = 90 * _DAY_S
_MAX_LINES = 20


@dataclass(frozen=True, kw_only=True)
class Limits:
    """From where on a run is said to be ill; the settings of the same names say so."""

    error_ratio: float = 0.25
    """Share of failed requests."""
    field_drop: float = 0.5
    """Share of a field's usual coverage."""


@dataclass
class ProfileCounts:
    """How a site profile did in a run."""

    pages: int = 0
    """Article pages read with it."""
    named: Counter[str] = field(default_factory=Counter)
    """Pages on which a key of its layout had selectors, by key."""
    missing: Counter[str] = field(default_factory=Counter)
    """Those on which none of them found an element, of keys that every article should have something for."""
    unseen: Counter[str] = field(default_factory=Counter)
    """The same of keys that many articles have nothing for."""
    compared: int = 0
    """Pages on which its body was held against the generic reader's."""
    differs: int = 0
    """Those on which the two were different texts."""

    def add(self, named: Iterable[str], missing: Iterable[str], unseen: Iterable[str]) -> None:
        """Count the keys of an article page."""
        self.named.update(named)
        self.missing.update(missing)
        self.unseen.update(unseen)

    def compare(self, differs: bool | None) -> None:
        """Count whether two readings of a page differ; None where they were not compared."""
        if differs is not None:
            self.compared += 1
            self.differs += differs

    def as_report(self) -> dict[str, Any]:
        """Return the counts for ``report.json`` and the store."""
        kinds = {"named": self.named, "missing": self.missing, "unseen": self.unseen}
        return {
            "pages": self.pages,
            **{name: {key: n for key, n in sorted(counts.items()) if n} for name, counts in kinds.items()},
            "compared": self.compared,
            "differs": self.differs,
        }

    @classmethod
    def continued(cls, counts: Mapping[str, Any]) -> ProfileCounts:
        """Return the counts that :meth:`as_report` gave."""
        return cls(
            pages=counts["pages"],
            named=Counter(counts["named"]),
            missing=Counter(counts["missing"]),
            unseen=Counter(counts["unseen"]),
            compared=counts["compared"],
            differs=counts["differs"],
        )

    @property
    def remark(self) -> str | None:
        """What is amiss, on one line; None when nothing is."""
        parts = [
            f"{key} missing on {count} of {self.named[key]}" for key, count in sorted(self.missing.items()) if count
        ]
        if self.differs:
            parts.append(f"body unlike the generic reader's on {self.differs} of {self.compared}")
        return f"{self.pages} pages, {', '.join(parts)}" if parts else None

    def faults(self) -> Iterator[str]:
        """Yield what fails the check."""
        for key, count in sorted(self.missing.items()):
            if self.named[key] >= FEW and count > _MISSING_SHARE * self.named[key]:
                yield f"{key} missing on {count} of {self.named[key]} pages"
        for key, count in sorted(self.unseen.items()):
            if count == self.named[key] >= _MANY:
                yield f"its selectors for {key} found nothing on any of {count} pages"
        if self.compared >= FEW and self.differs > _DIFFERING_SHARE * self.compared:
            yield f"its body is another text than the generic reader's on {self.differs} of {self.compared} pages"


def profile_faults(profiles: Mapping[str, ProfileCounts]) -> list[str]:
    """Return what fails the health check of the profiles of a run, one line each."""
    return [
        f"profile {name}: {fault}; the site may have changed (docs/sites.md#when-a-site-changes-its-layout)"
        for name, counts in sorted(profiles.items())
        for fault in counts.faults()
    ]


def faults(
    now: Mapping[str, SiteCounts],
    past: Sequence[Mapping[str, SiteCounts]],
    feeds: Sequence[Feed],
    limits: Limits,
) -> list[str]:
    """Return what fails the checks of a run, one line each.

    *now* and *past* are counts by site: of the run, and of each run before it, the newest first. *feeds* are those of
    the sites of *now*.
    """
    before = {name: [run[name] for run in past if name in run] for name in now}
    found: list[str] = []
    for check in (
        (line for name, site in now.items() for line in stopped(name, site, before[name])),
        silences(feeds),
        (line for site in now.values() for line in failing(site, limits.error_ratio)),
        (line for name, site in now.items() for line in fields_lost(name, site, before[name], limits.field_drop)),
    ):
        # Names and reasons come from outside, and a line may go to a terminal.
        lines = list(map(shown, check))
        found += lines[:_MAX_LINES]
        if len(lines) > _MAX_LINES:
            found.append(f"and {len(lines) - _MAX_LINES} more of this kind; report.html shows every site")
    return found


def stopped(name: str, site: SiteCounts, past: Sequence[SiteCounts]) -> Iterator[str]:
    """Yield the site, or its feeds, that gave articles in one of the last runs and could not be read in this one.

    A feed without anything new, or that was not due, has not stopped.
    """
    asked = {url: feed for url, feed in site.feeds.items() if feed.outcome != "not_due"}
    silent = {
        url: feed
        for url, feed in asked.items()
        if feed.gave_nothing and any(run.feeds[url].gave for run in _asking(url, past)[:LAST])
    }
    gave = any(run.met or any(feed.gave for feed in run.feeds.values()) for run in past[:LAST])
    # Every feed that was asked, or with none every page; one that never gave anything says nothing either way.
    nothing = bool(silent) and all(feed.gave_nothing for feed in asked.values())
    failed = nothing if asked else not site.pages and bool(site.failures)
    if gave and failed and not site.met:
        why = _counted(Counter(f.reason for f in silent.values() if f.reason) or site.failures) or "nothing is readable"
        yield f"site {name}: gave articles in the last runs and none in this one ({why})"
        return
    for url, feed in sorted(silent.items()):
        why = feed.reason or ("nothing in it is readable" if feed.outcome in ("new", "unchanged") else feed.outcome)
        yield f"feed {url}: listed articles in the last runs and none in this one ({why})"


def _asking(url: str, past: Sequence[SiteCounts]) -> list[SiteCounts]:
    return [run for run in past if url in run.feeds and run.feeds[url].outcome != "not_due"]


def silences(feeds: Sequence[Feed]) -> Iterator[str]:
    """Yield the sites and feeds that have had nothing new for much longer than is usual for them.

    What a feed listed when it was first read says nothing of how often it has something new, so as many articles as it
    lists are left out of account. After 90 days of silence it is taken to have ended.
    """
    by_site: dict[str, list[Feed]] = {}
    for feed in feeds:
        by_site.setdefault(feed.site, []).append(feed)
    for name, members in sorted(by_site.items()):
        line = _silence([feed.new_at for feed in members], members)
        if line is not None:
            yield f"site {name}: {line}"
            continue
        for feed in members:
            if (line := silence(feed)) is not None:
                yield f"feed {feed.url}: {line}"


def silence(feed: Feed) -> str | None:
    """Return how long *feed* has had nothing new, where that is too long; None where it is usual."""
    # Another feed of the site may be the first to list what this one lists, too.
    return _silence([feed.new_at, feed.changed_at], [feed])


def _silence(signs: Iterable[float | None], feeds: Sequence[Feed]) -> str | None:
    """Return what is wrong when the newest of *signs* of life is too long ago."""
    came = max((at for at in signs if at is not None), default=None)
    asked = max((feed.asked_at for feed in feeds if feed.asked_at is not None), default=None)
    articles = sum(max(feed.new_articles - feed.entries, 0) for feed in feeds)
    if came is None or asked is None or articles < _FEW_ARTICLES:
        return None
    gap = max(came - min(feed.added_at for feed in feeds), 0.0) / articles
    limit = max(_GAPS * gap, _SILENT_S)
    silent = asked - came
    if not limit < silent <= limit + _ENDED_S:
        return None
    return f"nothing new for {_days(silent)}, where an article came every {_days(gap)} before"


def _days(seconds: float) -> str:
    """Return a length of time for people.

    >>> _days(1_800), _days(90_000), _days(864_000)
    ('30 minutes', '25 hours', '10 days')
    """
    for unit, length in (("days", _DAY_S), ("hours", 3_600.0)):
        if seconds >= 2 * length or (unit == "hours" and seconds >= length):
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds / 60, 1):.0f} minutes"


def failing(site: SiteCounts, ratio: float) -> Iterator[str]:
    """Yield the hosts of *site* of whose requests more than *ratio* failed. Articles that are gone are no failures."""
    gone = site.versions["gone"]
    for name, host in sorted(site.hosts.items()):
        failed = host.failed.total() - min(gone, host.failed["http_404"] + host.failed["http_410"])
        if host.requests >= _FEW_REQUESTS and failed > ratio * host.requests:
            yield f"host {name}: {failed} of {host.requests} requests failed ({_counted(host.failed)})"


def fields_lost(name: str, site: SiteCounts, past: Sequence[SiteCounts], drop: float) -> Iterator[str]:
    """Yield the fields that fewer than *drop* of the rows have that had them on average in the last runs."""
    enough = [run for run in past if run.texts >= _FEW_ROWS][:FIELD_RUNS]
    if site.texts < _FEW_ROWS or len(enough) < _FEW_RUNS:
        return
    for field_name, label in CHECKED_FIELDS.items():
        usual = sum(run.coverage(field_name) for run in enough) / len(enough)
        found = site.coverage(field_name)
        # Of a field that few rows ever have, chance alone may leave none.
        if usual * site.texts >= _FEW_EXPECTED and found < drop * usual:
            yield f"site {name}: {found:.0%} of its rows have {label}, where {usual:.0%} had before"


def _counted(reasons: Counter[str]) -> str:
    return ", ".join(f"{reason} {n}" for reason, n in reasons.most_common(3))

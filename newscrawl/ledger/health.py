"""Health checks of a run: whether the site profiles it used still fit their sites."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

FEW = 5
"""Pages below which nothing is said of a profile."""
_MANY = 20
_MISSING_SHARE = 0.2
_DIFFERING_SHARE = 0.5


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

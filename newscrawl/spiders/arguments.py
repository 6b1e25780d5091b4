"""What the spider's arguments say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Self

from newscrawl.exceptions import ConfigError, did_you_mean
from newscrawl.sites import Profiles
from newscrawl.spiders.window import Window
from newscrawl.urls import host_of, resolve, site_of

ARGUMENTS = {
    "url": "start here: one URL, or several separated by blanks; they and all feeds of their sites are asked now",
    "urls_file": "start at the URLs of this file, one a line; lines that begin with # are skipped",
    "site": "do what is due at these sites: names of profiles, or domains, separated by blanks",
    "mode": "new: new articles, and known ones that are due to be read again (default); refresh: read all known "
    "articles of the sites again, conditionally; all: both, and every feed, due or not",
    "since": "only articles from then on: 2026-01-31, 2026-01-31T08:00Z, or how long ago, as in 7d or 36h",
    "until": "only articles up to then, in the same forms; a day counts whole",
    "watch": "1 stays, and works as things fall due; without it, one round is done",
    "limit": "stop after this many articles (Scrapy's CLOSESPIDER_ITEMCOUNT)",
    "depth": "follow at most this many links from a start URL, 0 for no limit (Scrapy's DEPTH_LIMIT)",
    "follow": "related: related articles only; links: also feeds, other links to articles, and listings page by page "
    "(default); tags: also the pages of tags; none: start URLs only",
    "help": "1 lists these arguments",
}
"""Spider arguments (``-a name=value``), and what they do."""

Follow = Literal["related", "links", "tags", "none"]
Mode = Literal["new", "refresh", "all"]
FOLLOW: tuple[Follow, ...] = ("related", "links", "tags", "none")
MODES: tuple[Mode, ...] = ("new", "refresh", "all")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a crawl is asked to do."""

    urls: tuple[str, ...] = ()
    """Start URLs, as given."""
    homes: Mapping[str, tuple[str, ...]]
    """Sites asked for by name, each with the URLs to start at where no feed of it is known yet."""
    follow: Follow = "links"
    mode: Mode = "new"
    window: Window
    watch: bool = False

    @classmethod
    def parse(cls, given: Mapping[str, Any], profiles: Profiles, *, now: datetime) -> Self:
        """Return what the spider arguments *given* ask for. Raises :exc:`ConfigError` for the first fault."""
        for name in given:
            if name not in ARGUMENTS:
                hint = did_you_mean(name, ARGUMENTS)
                raise ConfigError(f"-a {name}: no such argument{hint}; -a help=1 lists them")
        return cls(
            urls=tuple(start_urls(given.get("url"), given.get("urls_file"))),
            homes=homes_of(given.get("site"), profiles),
            follow=_one_of("follow", given.get("follow", "links"), FOLLOW),
            mode=_one_of("mode", given.get("mode", "new"), MODES),
            window=Window.parse(given.get("since"), given.get("until"), now=now),
            watch=str(given.get("watch", "0")) not in ("", "0"),
        )

    @property
    def looks_around(self) -> bool:
        """Whether listings and feeds are asked, and not start URLs and related articles alone."""
        return self.follow in ("links", "tags")

    @property
    def sites(self) -> frozenset[str]:
        """The sites that the plan names; empty when it names none."""
        return frozenset(map(site_of, self.urls)) | frozenset(self.homes)


def _one_of(name: str, value: Any, values: tuple[Any, ...]) -> Any:
    if value not in values:
        raise ConfigError(f"-a {name}={value}: one of {', '.join(values)} is needed{did_you_mean(str(value), values)}")
    return value


def homes_of(names: str | None, profiles: Profiles) -> dict[str, tuple[str, ...]]:
    """Return the sites that ``-a site`` names, each with where it begins. Raises :exc:`ConfigError`."""
    found: dict[str, tuple[str, ...]] = {}
    known = {profile.name: profile for profile in profiles.known()}
    for name in (names or "").split():
        profile = known.get(name)
        if profile is not None:
            homes = profile.start or tuple(f"https://{host}/" for host in profile.hosts[:1])
        else:
            host = host_of(f"http://{name}/") if not set(name) & set("/\\@?#") else ""
            if "." not in host and host != "localhost":
                hint = did_you_mean(name, known)
                raise ConfigError(
                    f"-a site={name}: neither a profile{hint} nor a domain such as example.org; "
                    "`scrapy profiles` lists the profiles, -a url=… starts at any page"
                )
            homes = (f"https://{host}/",)
        found[site_of(homes[0])] = homes
    return found


def number_of(name: str, value: Any) -> int:
    """Return the whole number that ``-a name=value`` gives. Raises :exc:`ConfigError`."""
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ConfigError(f"-a {name}={value}: a whole number from 0 is needed")
    return int(text)


def start_urls(urls: str | None, path: str | None) -> list[str]:
    """Return the URLs that ``-a url`` and the file of ``-a urls_file`` name, each once. Raises :exc:`ConfigError`."""
    texts = [(word, "-a url") for word in (urls or "").split()]
    if path is not None:
        try:
            lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"-a urls_file={path}: {getattr(error, 'strerror', None) or error}") from error
        texts += [
            (line.strip(), f"{path}:{number}")
            for number, line in enumerate(lines, start=1)
            if line.strip() and not line.startswith("#")
        ]
    found: dict[str, None] = {}
    for text, where in texts:
        url = resolve(None, text)
        if url is None:
            raise ConfigError(f"{where}: {text[:200]!r} is no http or https URL")
        found[url] = None
    return list(found)

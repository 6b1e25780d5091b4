"""Site profiles: how one site is read, as data.

A profile is a TOML file. ``docs/sites.md`` shows how to write one; :func:`parse_profile` says what is wrong
with it, by file and key. Profiles are read when a page of their host is read first.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cssselect import HTMLTranslator, SelectorError
from lxml import etree

from newscrawl.exceptions import ProfileError, did_you_mean
from newscrawl.items import RemovedKind
from newscrawl.urls import ParameterRules, UrlKeys, host_of, of_nearest_host, resolve

UrlKind = Literal["article", "listing", "ignore"]
# What a selector is tried on: one that gives a text, a number or an attribute here would do so on every page.
_SAMPLE = etree.HTML('<html><body><p id="a" class="a">a<a href="/" title="a">a</a>a</p></body></html>')
_PARAMETER_KEYS = ("keep_params", "drop_params")
_PARAMETER = re.compile(r"[^\s&=?#]+")
_LINE_GROUPS = ("source", "author", "date", "section")


@dataclass(frozen=True)
class Selector:
    """A CSS selector, or an XPath written as ``xpath:…``."""

    source: str
    find: Callable[[Any], Any]
    """Gives the elements below a root."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The selectors of one period of a site."""

    valid_from: date | None = None
    """First day of the layout. None: since ever."""
    headline: tuple[Selector, ...] = ()
    """The headline's element."""
    body: tuple[Selector, ...] = ()
    """The element that holds the story."""
    date: tuple[Selector, ...] = ()
    """Elements whose text or ``datetime`` states when the article was published."""
    authors: tuple[Selector, ...] = ()
    """Elements whose text is a byline; each stands in ``removed`` as such."""
    dateline: tuple[Selector, ...] = ()
    """Elements whose text is the place of the report."""
    caption: tuple[Selector, ...] = ()
    """Captions that are not a ``<figcaption>``."""
    tags: tuple[Selector, ...] = ()
    """Links of the list of declared tags."""
    keywords: tuple[Selector, ...] = ()
    """Machine-made links on words of the text, or elements around them."""
    related: tuple[Selector, ...] = ()
    """Blocks of links to related stories."""
    promoted: tuple[Selector, ...] = ()
    """Blocks of links that the publisher advertises."""
    chrome: tuple[Selector, ...] = ()
    """Page furniture that the generic rules miss."""
    noise: Mapping[str, tuple[Selector, ...]]
    """Blocks of the article that are not the story, by the kind they have in ``removed``."""
    lines: tuple[re.Pattern[str], ...] = ()
    """Patterns of the source line; the groups ``source``, ``author``, ``date``, ``section`` name its parts."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SiteProfile:
    """One site: its hosts, its URLs, its layouts. Compared by identity."""

    name: str
    """The file's name without ``.toml``."""
    sha256: str
    """Of the file's bytes."""
    hosts: tuple[str, ...]
    """Host names; each also stands for its subdomains."""
    zone: str | None = None
    """IANA name of the zone that dates without an offset are written in."""
    compare: bool = True
    """False where the generic reader cannot read the site, so that its reading says nothing of the profile's."""
    urls: Mapping[str, tuple[re.Pattern[str], ...]]
    """By kind of page; searched in path and query."""
    parameters: ParameterRules
    """What the parameters of its URLs mean, for :func:`newscrawl.urls.url_key` and ``url_loose``."""
    start: tuple[str, ...] = ()
    """Where a crawl of the site begins; empty for the home page of the first host."""
    feeds: tuple[str, ...] = ()
    """RSS, Atom, sitemaps and posts APIs that no page of the site names."""
    layouts: tuple[Layout, ...]
    """Oldest first."""

    def layout_at(self, day: date | None) -> Layout:
        """Return the layout valid on *day*; the newest for None."""
        valid = [layout for layout in self.layouts if day is None or (layout.valid_from or date.min) <= day]
        return valid[-1] if valid else self.layouts[0]

    def url_kind(self, url: str) -> UrlKind | None:
        """Return what the URL rules say of *url*: ``ignore`` first, then ``article``, then ``listing``.

        They are about this site's own pages; a URL of another host is none of their business.
        """
        return _url_kind(self, url) if self.urls else None


@lru_cache(maxsize=8192)
def _url_kind(profile: SiteProfile, url: str) -> UrlKind | None:
    host = host_of(url)
    if not any(host == own or host.endswith(f".{own}") for own in profile.hosts):
        return None
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    kinds: tuple[UrlKind, ...] = ("ignore", "article", "listing")
    for kind in kinds:
        if any(pattern.search(target) for pattern in profile.urls.get(kind, ())):
            return kind
    return None


class Profiles:
    """The profiles at hand: those of a folder of the user's, then the shipped ones."""

    def __init__(self, folder: Path | None = None) -> None:
        self._by_host: dict[str, SiteProfile] = {}
        self._folder = folder
        self._loaded = False

    def load(self) -> None:
        """Read every profile now. Raises :exc:`ProfileError` for the first that cannot be used."""
        if self._loaded:
            return
        files = [] if self._folder is None else sorted(self._folder.glob("*.toml"))
        users = [parse_profile(_bytes_of(path), path.stem, str(path)) for path in files]
        owners: dict[str, str] = {}
        for profile in users:
            for host in profile.hosts:
                if host in owners:
                    raise ProfileError(f"{profile.name}.toml: hosts: {host} is already in {owners[host]}.toml")
                owners[host] = profile.name
        for profile in (*shipped_profiles(), *users):
            self._by_host.update(dict.fromkeys(profile.hosts, profile))
        self._loaded = True

    def for_url(self, url: str | None) -> SiteProfile | None:
        """Return the profile of *url*'s host, or None."""
        self.load()
        return of_nearest_host(self._by_host, host_of(url)) if url else None

    def keys(self) -> UrlKeys:
        """Return the keys of URLs under the rules of these profiles."""
        self.load()
        rules = {host: profile.parameters for host, profile in self._by_host.items()}
        # A profile without rules of its own keeps those of a wider host away.
        return UrlKeys(rules=rules) if any(own != ParameterRules() for own in rules.values()) else UrlKeys()

    def known(self) -> list[SiteProfile]:
        """Return every profile that has a host to read, by name."""
        self.load()
        return sorted(set(self._by_host.values()), key=lambda profile: profile.name)

    def named(self, name: str) -> SiteProfile:
        """Return the profile called *name*. Raises :exc:`ProfileError` naming the nearest when there is none."""
        known = {profile.name: profile for profile in self.known()}
        if name not in known:
            raise ProfileError(
                f"no site profile is called {name!r}{did_you_mean(name, known)}; there are: {', '.join(sorted(known))}"
            )
        return known[name]


@cache
def shipped_profiles() -> tuple[SiteProfile, ...]:
    """Return the profiles that come with the package, by name."""
    files = sorted(
        (file for file in resources.files(__package__).iterdir() if file.name.endswith(".toml")),
        key=lambda file: file.name,
    )
    return tuple(parse_profile(file.read_bytes(), file.name.removesuffix(".toml"), file.name) for file in files)


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ProfileError(f"{path}: {error.strerror}") from error


def parse_profile(data: bytes, name: str, where: str) -> SiteProfile:
    """Build a profile from the bytes of a TOML file; *where* names the file in errors.

    Raises :exc:`ProfileError` naming file and key for TOML that cannot be read, an unknown or missing key, a
    value of a wrong type, and a selector, pattern or zone that cannot be used.
    """
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        # A ValueError that is no TOMLDecodeError: a number of thousands of digits.
        raise ProfileError(f"{where}: {error}") from error
    _known(table, ("hosts", "zone", "compare", "start", "feeds", "urls", "layout"), where)
    hosts = _strings(table, "hosts", where)
    if not hosts:
        raise ProfileError(f'{where}: hosts: at least one host name is needed, as in hosts = ["example.org"]')
    zone = table.get("zone")
    if zone is not None:
        _zone(zone, where)
    compare = table.get("compare", True)
    if not isinstance(compare, bool):
        raise ProfileError(f"{where}: compare: true or false is needed, not {compare!r}")
    urls = _table(table, "urls", where)
    _known(urls, (*get_args(UrlKind), *_PARAMETER_KEYS), f"{where}: urls")
    layouts = table.get("layout", [])
    if not isinstance(layouts, list) or not layouts:
        raise ProfileError(f"{where}: layout: at least one [[layout]] is needed")
    built = [_layout(layout, f"{where}: layout {number}") for number, layout in enumerate(layouts, start=1)]
    built.sort(key=lambda layout: layout.valid_from or date.min)
    return SiteProfile(
        name=name,
        sha256=hashlib.sha256(data).hexdigest(),
        hosts=tuple(_host(host, where) for host in hosts),
        zone=zone,
        compare=compare,
        start=_addresses(table, "start", where),
        feeds=_addresses(table, "feeds", where),
        urls={
            kind: tuple(_pattern(p, f"{where}: urls.{kind}") for p in _strings(urls, kind, f"{where}: urls"))
            for kind in get_args(UrlKind)
            if kind in urls
        },
        parameters=_parameters(urls, f"{where}: urls"),
        layouts=tuple(built),
    )


def _parameters(urls: Mapping[str, Any], where: str) -> ParameterRules:
    keep, drop = (
        frozenset(_parameter(name, key, where) for name in _strings(urls, key, where)) for key in _PARAMETER_KEYS
    )
    if both := sorted(keep & drop):
        raise ProfileError(f"{where}: {both[0]!r} is in keep_params and in drop_params")
    return ParameterRules(keep=keep, drop=drop)


def _parameter(name: str, key: str, where: str) -> str:
    if _PARAMETER.fullmatch(name) is None:
        raise ProfileError(f'{where}: {key}: {name!r} is no name of a parameter such as "id"')
    return name.lower()


def _host(host: str, where: str) -> str:
    """Return *host* as :func:`host_of` writes it: a URL or a wildcard would never be equal to the host of a page."""
    found = "" if set(host) & set("/\\:@?#") else host_of(f"http://{host}/")
    if not found:
        raise ProfileError(f'{where}: hosts: {host!r} is no host name such as "example.org"')
    return found


def _addresses(table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    found = []
    for text in _strings(table, key, where):
        url = resolve(None, text)
        if url is None:
            raise ProfileError(f"{where}: {key}: {text[:200]!r} is no http or https URL")
        found.append(url)
    return tuple(found)


def _layout(table: Any, where: str) -> Layout:
    if not isinstance(table, dict):
        raise ProfileError(f"{where}: a table is needed")
    names = [f.name for f in fields(Layout)]
    _known(table, names, where)
    valid_from = table.get("valid_from")
    if isinstance(valid_from, datetime) or not (valid_from is None or isinstance(valid_from, date)):
        raise ProfileError(f"{where}: valid_from: a day is needed, as in valid_from = 2020-01-31")
    noise = _table(table, "noise", where)
    _known(noise, get_args(RemovedKind), f"{where}: noise")
    lines = tuple(_pattern(p, f"{where}: lines") for p in _strings(table, "lines", where))
    for pattern in lines:
        _known(pattern.groupindex, _LINE_GROUPS, f"{where}: lines")
    plain = (name for name in names if name not in ("valid_from", "noise", "lines"))
    return Layout(
        valid_from=valid_from,
        noise={kind: _selectors(noise, kind, f"{where}: noise") for kind in noise},
        lines=lines,
        **{name: _selectors(table, name, where) for name in plain},
    )


def _selectors(table: Mapping[str, Any], key: str, where: str) -> tuple[Selector, ...]:
    return tuple(_selector(source, f"{where}: {key}") for source in _strings(table, key, where))


@cache
def _selector(source: str, where: str) -> Selector:
    try:
        xpath = source.removeprefix("xpath:") if source.startswith("xpath:") else HTMLTranslator().css_to_xpath(source)
        find = etree.XPath(xpath)
        found = find(_SAMPLE)
    except (SelectorError, etree.XPathError, ValueError, RecursionError) as error:
        # A ValueError for characters that no XML has.
        raise ProfileError(f"{where}: {source!r} is no selector: {error}") from error
    if not isinstance(found, list) or not all(isinstance(node, etree._Element) for node in found):
        raise ProfileError(f"{where}: {source!r} gives something else than elements")
    return Selector(source, find)


def _pattern(source: str, where: str) -> re.Pattern[str]:
    try:
        with warnings.catch_warnings():
            # What Python warns of will mean something else one day.
            warnings.simplefilter("error")
            return re.compile(source)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        raise ProfileError(f"{where}: {source!r} is no pattern: {error}") from error


def _zone(zone: Any, where: str) -> None:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError) as error:
        raise ProfileError(f'{where}: zone: {zone!r} is no IANA zone such as "Asia/Shanghai"') from error


def _strings(table: Mapping[str, Any], key: str, where: str) -> list[str]:
    value = table.get(key, [])
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(v, str) and v.strip() for v in values):
        raise ProfileError(f"{where}: {key}: a text or a list of texts is needed, not {value!r}")
    return values


def _table(table: Mapping[str, Any], key: str, where: str) -> dict[str, Any]:
    value = table.get(key, {})
    if not isinstance(value, dict):
        raise ProfileError(f"{where}: {key}: a table is needed, not {value!r}")
    return value


def _known(table: Iterable[str], names: Iterable[str], where: str) -> None:
    names = list(names)
    for key in table:
        if key not in names:
            raise ProfileError(f"{where}: unknown key {key!r}{did_you_mean(key, names)}; there are: {', '.join(names)}")

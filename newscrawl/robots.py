"""robots.txt as RFC 9309 has it, and what pages say to robots: what a site asks of us, as values.

Nothing here asks anybody for anything. Any bytes give rules, perhaps none; the time that an answer takes grows with
the length of the file and of the URL alone, whatever wildcards stand in either.
"""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Self

from newscrawl.urls import resolve

TOKEN = "newscrawl"
"""Our product token: the name by which a robots.txt may speak to us."""
READ_BYTES = 500 * 1024
"""Bytes of a robots.txt that are read, as many as RFC 9309, 2.5, wants at least."""
MAX_SITEMAPS = 500
_LONGEST_LINE = 16_384

_LINE_END = re.compile(rb"\r\n|\n|\r")
_KEY = re.compile(r"([A-Za-z][A-Za-z -]*?)\s*:(.*)|([A-Za-z-]+)\s+(\S+)\s*", re.DOTALL)
_PRODUCT = re.compile(r"[A-Za-z_-]+")
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{0,9})?|\.\d{1,9}")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})|[^\x21-\x7e]")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_STARS = re.compile(r"\*+")
_PATH = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*([^#]*)")

_AGENT = frozenset(("user-agent", "useragent", "user agent"))
# Spelt wrong often enough that other crawlers read it, too; what is meant is plain.
_DISALLOW = frozenset(("disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Whether a URL may be asked for, and what says so."""

    allowed: bool
    rule: str | None = None
    """The line that decided, as ``Disallow: /private/``; None where no rule matches."""
    line: int | None = None
    """Its number, from 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rule:
    allow: bool
    parts: tuple[str, ...]
    """What stands between wildcards; the first is where the path begins."""
    ends: bool
    """The last part is where the path ends."""
    length: int
    text: str
    line: int

    def matches(self, path: str) -> bool:
        """Return whether *path* is what the rule speaks of. A part is taken where it comes first: no way back."""
        first, *rest = self.parts
        if not path.startswith(first):
            return False
        if not rest:
            return not self.ends or len(path) == len(first)
        at = len(first)
        last = rest.pop() if self.ends else ""
        for part in rest:
            found = path.find(part, at)
            if found < 0:
                return False
            at = found + len(part)
        return not self.ends or (len(path) - len(last) >= at and path.endswith(last))


@dataclass(slots=True)
class _Group:
    """What one robots.txt says to one product token, its groups merged."""

    plain: dict[str, _Rule] = field(default_factory=dict)
    """Rules without wildcards, by their path."""
    wild: list[_Rule] = field(default_factory=list)
    crawl_delay_s: float | None = None
    lengths: tuple[int, ...] = ()
    """Of the paths of plain rules, the longest first."""

    def add(self, rule: _Rule) -> None:
        if len(rule.parts) > 1 or rule.ends:
            self.wild.append(rule)
        elif (known := self.plain.get(rule.parts[0])) is None or (rule.allow and not known.allow):
            self.plain[rule.parts[0]] = rule

    def add_delay(self, text: str) -> None:
        if _NUMBER.fullmatch(text):
            self.crawl_delay_s = max(float(text), self.crawl_delay_s or 0.0)

    def order(self) -> None:
        """Put what decides first to the front: the longest rule, and among equals one that allows."""
        self.wild.sort(key=_rank)
        self.lengths = tuple(sorted({len(path) for path in self.plain}, reverse=True))

    def deciding(self, path: str) -> _Rule | None:
        """Return the rule that decides over *path*."""
        best: _Rule | None = None
        for length in self.lengths:
            best = self.plain.get(path[:length]) if length <= len(path) else None
            if best is not None:
                break
        for rule in self.wild:
            if best is not None and _rank(rule) >= _rank(best):
                break
            if rule.matches(path):
                return rule
        return best


def _rank(rule: _Rule) -> tuple[int, bool]:
    return -rule.length, not rule.allow


@dataclass(frozen=True, kw_only=True)
class Robots:
    """What a robots.txt asks of one product token.

    >>> Robots.parse(b"User-agent: *\\nDisallow: /a").allows("https://news.example/abc")
    False
    """

    group: _Group
    sitemaps: tuple[str, ...] = ()
    """URLs of the sitemaps it names, each once, at most :data:`MAX_SITEMAPS`."""
    token: str | None = None
    """The name by which it speaks to us; ``*`` for everybody, None when it says nothing to us."""

    @classmethod
    def parse(cls, body: bytes, *, url: str | None = None, token: str = TOKEN) -> Self:
        """Return what *body* says to *token*. *url* is where it lies: relative sitemaps are read from there.

        Bytes beyond :data:`READ_BYTES` do not count, and neither does the line that they cut.
        """
        groups: dict[str, _Group] = {}
        sitemaps: dict[str, None] = {}
        # Lines before the first User-agent speak to nobody.
        names: list[str] = []
        naming = False
        for number, key, value in _lines(body):
            if key in _AGENT:
                names = [*names, _product(value)] if naming else [_product(value)]
                naming = True
            elif key == "sitemap":
                found = resolve(url, _as_text(value)) if len(sitemaps) < MAX_SITEMAPS else None
                if found is not None:
                    sitemaps[found] = None
            elif key == "allow" or key in _DISALLOW or key == "crawl-delay":
                naming = False
                for name in dict.fromkeys(names):
                    _tell(groups.setdefault(name, _Group()), key, value, number)
            if naming:
                groups.setdefault(names[-1], _Group())
        spoken_to = _addressed(groups, token.lower())
        group = groups[spoken_to] if spoken_to is not None else _Group()
        group.order()
        return cls(group=group, sitemaps=tuple(sitemaps), token=spoken_to)

    @property
    def crawl_delay_s(self) -> float | None:
        """Seconds between two requests that it asks for; None when it does not say."""
        return self.group.crawl_delay_s

    def verdict(self, url: str) -> Verdict:
        """Return whether *url* may be asked for, and by which rule: the longest that matches, rather one that allows.

        Source: RFC 9309, 2.2.2.
        """
        path = path_of(url)
        rule = self.group.deciding(path) if path != "/robots.txt" else None
        if rule is None:
            return Verdict(allowed=True)
        return Verdict(allowed=rule.allow, rule=rule.text, line=rule.line)

    def allows(self, url: str) -> bool:
        """Return whether *url* may be asked for."""
        return self.verdict(url).allowed


def origin_of(url: str) -> str | None:
    """Return scheme, host and port of *url*, in one form, as its robots.txt speaks for them; None when it has none.

    >>> origin_of("HTTP://News.Example:80/a"), origin_of("https://news.example:8443")
    ('http://news.example', 'https://news.example:8443')
    """
    clean = resolve(None, url)
    return "/".join(clean.split("/", 3)[:3]) if clean is not None else None


def path_of(url: str) -> str:
    """Return path and query of *url* as rules are compared with them: what means the same is written the same.

    >>> path_of("https://news.example/%7ea/%e4%b8%80*?x=$#top")
    '/~a/%E4%B8%80%2A?x=%24'
    """
    found = _PATH.match(url)
    path = found[1] if found else url.partition("#")[0]
    if not path.startswith("/"):
        path = f"/{path}"
    octets = path.encode("utf-8", "surrogatepass").decode("latin-1")
    return _normal(octets).replace("*", "%2A").replace("$", "%24")


def _lines(body: bytes) -> Iterator[tuple[int, str, str]]:
    """Yield number, key in lower case, and value of each line that has both; each byte of a value is a character."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        body = body[:READ_BYTES].decode("utf-16", "replace").encode("utf-8")
    cut = len(body) > READ_BYTES
    lines = _LINE_END.split(body[:READ_BYTES].removeprefix(codecs.BOM_UTF8))
    if cut:
        lines.pop()
    for number, line in enumerate(lines, start=1):
        text = line.partition(b"#")[0][:_LONGEST_LINE].decode("latin-1").replace("\0", "").strip(" \t\v\f")
        found = _KEY.fullmatch(text) if text else None
        if found is not None:
            key, value = (found[1], found[2]) if found[1] is not None else (found[3], found[4])
            yield number, key.lower(), value.strip(" \t\v\f")


def _product(value: str) -> str:
    """Return the product token that a User-agent line names; "" where it names none."""
    if value == "*" or value.startswith(("* ", "*\t")):
        return "*"
    found = _PRODUCT.match(value)
    return found[0].lower() if found else ""


def _addressed(groups: Iterable[str], token: str) -> str | None:
    """Return the name among *groups* that *token* is spoken to by: its own, that of its family, or everybody's."""
    names = [name for name in groups if name == token or (name and token.startswith((f"{name}-", f"{name}_")))]
    if names:
        return max(names, key=len)
    return "*" if "*" in groups else None


def _tell(group: _Group, key: str, value: str, line: int) -> None:
    if key == "crawl-delay":
        group.add_delay(value)
    elif value:
        allow = key == "allow"
        group.add(_rule(value, allow=allow, line=line))


def _rule(value: str, *, allow: bool, line: int) -> _Rule:
    pattern = _STARS.sub("*", _normal(value))
    if not pattern.startswith(("/", "*")):
        pattern = f"/{pattern}"
    ends = pattern.endswith("$")
    pattern = pattern.removesuffix("$").replace("$", "%24")
    return _Rule(
        allow=allow,
        parts=tuple(pattern.split("*")),
        ends=ends,
        length=len(pattern) + ends,
        text=f"{'Allow' if allow else 'Disallow'}: {_as_text(value)[:200]}",
        line=line,
    )


def _normal(octets: str) -> str:
    """Return *octets*, one byte a character, with unreserved characters plain and every other odd byte escaped."""
    return _ESCAPE.sub(_one_form, octets)


def _one_form(match: re.Match[str]) -> str:
    if match[1] is None:
        return f"%{ord(match[0]):02X}"
    char = chr(int(match[1], 16))
    return char if char in _UNRESERVED else match[0].upper()


def _as_text(octets: str) -> str:
    """Return *octets* as a person reads them."""
    return octets.encode("latin-1", "replace").decode("utf-8", "replace")


# What pages say -----------------------------------------------------------------------------------------

_VALUED = frozenset(("unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"))
_KNOWN = frozenset((
    *("noindex", "nofollow", "none", "noarchive", "nocache", "nosnippet", "noimageindex", "notranslate", "noodp"),
    *("noai", "noimageai", "indexifembedded", "unavailable_after"),
))  # fmt: skip
_SAID = re.compile(r"\s*([A-Za-z0-9_-]+)\s*(?::(.*))?", re.DOTALL)
_MAX_SAID = 10_000


def directives(headers: Iterable[str], meta: Iterable[str], *, token: str = TOKEN) -> frozenset[str]:
    """Return what a page asks of *token* beyond the usual, in lower case; ``none`` counts as its two parts.

    *headers* are the values of its ``X-Robots-Tag`` fields, which may name whom they speak to; *meta* the words of the
    meta elements that speak to us.

    >>> sorted(directives(["otherbot: nofollow", "newscrawl: noindex, noarchive"], ["max-snippet:-1"]))
    ['noarchive', 'noindex']
    """
    said = {word.partition(":")[0].strip().lower() for word in meta}
    for value in headers:
        said |= _spoken(value[:_MAX_SAID], token.lower())
    if "none" in said:
        said |= {"noindex", "nofollow"}
    return frozenset(said & _KNOWN - {"none"})


def _spoken(value: str, token: str) -> set[str]:
    """Return the names of the directives of an ``X-Robots-Tag`` value that speak to *token*."""
    spoken: set[str] = set()
    to_us = True
    for part in value.split(","):
        found = _SAID.match(part)
        if found is None:
            continue
        name, rest = found[1].lower(), found[2]
        if rest is not None and name not in _VALUED:
            # From here to the next name it speaks to somebody.
            to_us = name in (token, "robots")
            inner = _SAID.match(rest)
            name = inner[1].lower() if inner else ""
        if to_us:
            spoken.add(name)
    return spoken


# What servers say ---------------------------------------------------------------------------------------

_FRESH_LEAST_S = 600.0
FRESH_MOST_S = 86_400.0
"""Seconds that a robots.txt stands at most. Source: RFC 9309, 2.4."""
_MAX_AGE = re.compile(r"(?:^|[,\s])(?:s-maxage|max-age)\s*=\s*\"?(\d{1,12})", re.I)
_NO_STORE = re.compile(r"(?:^|[,\s])no-(?:store|cache)", re.I)


def fresh_s(cache_control: str | None) -> float:
    """Return for how many seconds a robots.txt with this Cache-Control stands: ten minutes to a day.

    >>> fresh_s("public, max-age=3600"), fresh_s("no-cache"), fresh_s(None)
    (3600.0, 600.0, 86400.0)
    """
    text = (cache_control or "")[:1_000]
    if _NO_STORE.search(text):
        return _FRESH_LEAST_S
    ages = [float(age) for age in _MAX_AGE.findall(text)]
    return min(max(min(ages, default=math.inf), _FRESH_LEAST_S), FRESH_MOST_S)

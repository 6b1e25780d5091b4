"""The form of a URL under which it is known: equal for two URLs that are one page beyond doubt."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from newscrawl.urls.hosts import host_of, of_nearest_host
from newscrawl.urls.parameters import NO_RULES, ParameterRules, is_tracking
from newscrawl.urls.reading import CLEAN_HOST, EDGES, REMEMBERED_LENGTH, Parts, resolve, split, without_dots

URL_KEY_VERSION = 2
"""Raised with every change of the rules of :func:`url_key`: keys of different versions do not compare."""

# A path alone, without anything that a rule below could change.
_PLAIN = re.compile(
    rf"(?!.*(?:ampproject|-amp\.|/amp/))https?://{CLEAN_HOST}/(?!\.|.*/\.)[A-Za-z0-9\-._~!$()*+,=:@/']*"
)
_ENTITY = re.compile(r"&(?:amp;|#0*38;)+", re.IGNORECASE)
_ENTITY_OF_NAME = re.compile(r"(?:amp;)+", re.IGNORECASE)
_ESCAPE = re.compile(r"%([0-9A-F]{2})?")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_SESSION_IN_PATH = re.compile(r";jsessionid=[^/;]*", re.IGNORECASE)

_AMP_HOST = re.compile(r"(?:[a-z0-9_.-]+\.)?(?:cdn\.ampproject\.org|bing-amp\.com)")
_AMP_PATH = re.compile(r"/[cv]/(s/)?(.+)")
_AMP_VIEWER_HOST = re.compile(r"www\.google\.[a-z.]+")
_AMP_VIEWER_PATH = re.compile(r"/amp/(s/)?(.+)")


def url_key(url: str, rules: ParameterRules = NO_RULES) -> str:
    """Return the strict canonical form of *url*: two URLs with one key are one page.

    Drops what cannot choose the content (tracking parameters, session ids, plain fragments, the spelling of
    host, escapes and parameter order) and nothing else: http and https, www, a trailing slash and unknown
    parameters stay apart. *rules* is what a site profile knows of its parameters. What is no URL comes back stripped.

    >>> url_key("HTTPS://News.Example:443/a;jsessionid=1?b=2&amp;a=1&utm_source=x#top")
    'https://news.example/a?a=1&b=2'
    """
    if _PLAIN.fullmatch(url):
        return url
    return _key(url, rules) if len(url) > REMEMBERED_LENGTH else _remembered_key(url, rules)


@dataclass(frozen=True, kw_only=True)
class UrlKeys:
    """The keys of an archive: :func:`url_key`, of each URL under the rules of its site."""

    rules: Mapping[str, ParameterRules] = field(default_factory=dict)
    """By host; they hold for its subdomains, too, that have none of their own."""

    def __call__(self, url: str) -> str:
        """Return the key of *url*."""
        key = url_key(url)
        if not self.rules or "?" not in url:
            return key
        # Not that of the URL as it is written: an AMP cache has another.
        rules = of_nearest_host(self.rules, host_of(key))
        return key if rules is None or rules == NO_RULES else url_key(url, rules)

    @property
    def written(self) -> str:
        """All rules as a text: keys compare that were made by rules with the same text."""
        rules = {host: [sorted(own.keep), sorted(own.drop)] for host, own in self.rules.items()}
        return f"{URL_KEY_VERSION} {json.dumps(rules, sort_keys=True)}"

    @classmethod
    def read(cls, written: str) -> "UrlKeys":
        """Return the keys by the rules that were :attr:`written`, by those of all sites as they are now."""
        rules = json.loads(written.partition(" ")[2])
        return cls(
            rules={
                host: ParameterRules(keep=frozenset(keep), drop=frozenset(drop)) for host, (keep, drop) in rules.items()
            }
        )

    @staticmethod
    def version_in(written: str) -> str:
        """Return the version of the rules that hold everywhere."""
        return written.partition(" ")[0]


def _key(url: str, rules: ParameterRules) -> str:
    clean = resolve(None, _ENTITY.sub("&", url))
    if clean is None:
        return url.strip(EDGES)
    origin, rest = clean[: clean.index("/", 8)], clean[clean.index("/", 8) :]
    # After decoding, because "&%61mp;" is an entity too, and in this order a key is its own key.
    parts = split(origin + _ENTITY.sub("&", _ESCAPE.sub(_decoded, rest)))
    path = without_dots(_SESSION_IN_PATH.sub("", parts.path))
    parts = _without_amp_cache(parts._replace(path=path))
    query = _kept_parameters(parts.host.partition(":")[0], parts.query, rules)
    return f"{parts.scheme}://{parts.host}{parts.path}{'?' if query else ''}{query}{parts.fragment}"


_remembered_key = lru_cache(maxsize=8192)(_key)


def _decoded(match: re.Match[str]) -> str:
    """Return an unreserved character for its escape; any other escape stays, a lone ``%`` becomes one."""
    if match[1] is None:
        return "%25"
    ch = chr(int(match[1], 16))
    return ch if ch in _UNRESERVED else match[0]


def _without_amp_cache(parts: Parts) -> Parts:
    """Return the publisher's URL for a copy in an AMP cache. A cache of a cache is left alone."""
    found = None
    if _AMP_HOST.fullmatch(parts.host):
        found = _AMP_PATH.fullmatch(parts.path)
    elif _AMP_VIEWER_HOST.fullmatch(parts.host):
        found = _AMP_VIEWER_PATH.fullmatch(parts.path)
    if found is None:
        return parts
    target = resolve(None, f"{'https' if found[1] else 'http'}://{found[2]}")
    if target is None:
        return parts
    inner = split(target)
    if _AMP_HOST.fullmatch(inner.host) or _AMP_VIEWER_HOST.fullmatch(inner.host):
        return parts
    return inner._replace(query=parts.query, fragment=parts.fragment)


def _kept_parameters(host: str, query: str, rules: ParameterRules) -> str:
    if not query:
        return ""
    kept = []
    for parameter in query.split("&"):
        # "?amp;page=2": the entity of a link whose first parameter was taken out.
        if entity := _ENTITY_OF_NAME.match(parameter):
            parameter = parameter[entity.end() :]
        name, _, value = parameter.partition("=")
        if parameter and not is_tracking(host, name, value, rules):
            kept.append((name, parameter))
    # By name only: the order of k=1&k=2 may be the order of what the page shows.
    kept.sort(key=lambda pair: pair[0])
    return "&".join(parameter for _, parameter in kept)


def url_id(key: str) -> str:
    """Return the id of a row: the hex SHA-256 of *key*, a result of :func:`url_key`."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()

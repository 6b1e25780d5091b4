"""What a page calls itself and its site."""

from __future__ import annotations

import re
from functools import lru_cache

from newscrawl.extract.prose import squeezed
from newscrawl.extract.structured import Structured, text_of
from newscrawl.text import clean_line, weight
from newscrawl.urls import host_of

_TITLE_CUT = re.compile(
    r"(\s+(?:[|｜\-–—−·•‹›«»:/~]|::|>|<|--)\s+|\s*[|｜‖]\s*|_{1,2}|\s*--\s*|(?<=[\u4e00-\u9fff）】”！？])\s*[-－–—]\s*(?=[\u4e00-\u9fff]))"
)
_TRUNCATED = re.compile(r"\s*(?:…|\.\.\.)\s*$")
_SECOND_LEVEL = frozenset(("co", "com", "org", "net", "gov", "edu", "ac", "or", "ne", "gob", "nom"))


def titles_of(meta: Structured, url: str | None = None) -> tuple[str, ...]:
    """Return what the page calls itself, best first; the site's name is cut off, a title cut short comes last."""
    named = meta.first("og:site_name", "application-name")
    site, host = clean_line(named[1]) if named else None, host_of(url) if url else None
    stated = [text_of(meta.article.get("headline"))]
    for key in ("og:title", "twitter:title", "headline"):
        stated += [clean_line(content) for content in meta.meta.get(key, ())[:1]]
    names = [without_site_name(name, site, host=host, sections=False) for name in stated if name]
    if meta.title:
        names += [without_site_name(meta.title, site, host=host), meta.title]
    names += [name for name in stated if name]
    kept = dict.fromkeys(name[:1000] for name in names if name)
    return tuple(sorted(kept, key=lambda name: _cut_short(name, kept)))


def _cut_short(name: str, others: dict[str, None]) -> bool:
    """Whether *name* ends in an ellipsis and another title goes on."""
    if not name.endswith(("…", "...")):
        return False
    start = _TRUNCATED.sub("", name)
    return any(len(other) > len(name) and other.startswith(start) for other in others)


def site_name(meta: Structured) -> str | None:
    """Return what the page calls its site, or None. JSON-LD's publisher may be the outlet a republisher credits."""
    found = meta.first("og:site_name", "application-name")
    if found:
        return clean_line(found[1])
    parts = _TITLE_CUT.split(meta.title or "")
    return clean_line(parts[-1]) if len(parts) > 1 else None


def without_site_name(title: str, site: str | None = None, *, host: str | None = None, sections: bool = True) -> str:
    """Return *title* without the site's name at its ends and, with *sections*, without what else is set apart there.

    The site is known by its name or by its *host*.

    >>> without_site_name("江边渡船停航两周 - 滨江晚报")
    '江边渡船停航两周'
    >>> without_site_name("Ferry stops - for now | News | River Post", "River Post")
    'Ferry stops - for now'
    """
    pieces = _TITLE_CUT.split(title)
    if len(pieces) == 1:
        return _without_prefix(title, site)
    first, last = 0, len(pieces)
    marks = set()
    while last - first > 1 and _is_site(pieces[last - 1], site, host):
        last -= 2
        marks.add(pieces[last].strip())
    while last - first > 1 and _is_site(pieces[first], site, host):
        first += 2
        marks.add(pieces[first - 1].strip())
    if not sections or last - first <= 1:
        return clean_line("".join(pieces[first:last]))
    parts, joined = [], pieces[first]
    for index in range(first + 1, last, 2):
        # Sections are set apart as the site's name is; another mark belongs to the title.
        if marks and pieces[index].strip() not in marks:
            joined += pieces[index] + pieces[index + 1]
        else:
            parts.append(joined)
            joined = pieces[index + 1]
    parts.append(joined)
    longest = max(parts, key=weight)
    return clean_line(parts[0] if weight(parts[0]) >= 0.5 * weight(longest) else longest)


def _without_prefix(title: str, site: str | None) -> str:
    """*title* without the site's name and a colon before it."""
    name, colon, rest = title.partition(":")
    return clean_line(rest) if site and colon and rest.strip() and squeezed(name) == squeezed(site) else title


def _is_site(part: str, site: str | None, host: str | None) -> bool:
    own = squeezed(part)
    return not own or own == squeezed(site or "") or (host is not None and _is_host(own, host))


@lru_cache(maxsize=1024)
def _is_host(own: str, host: str) -> bool:
    """Whether a name without blanks is that of *host*: ``riverpost`` of ``www.riverpost.example``, or nearly."""
    labels = [label for label in host.lower().split(".")[:-1] if label not in _SECOND_LEVEL and label != "www"]
    names = [squeezed(label) for label in labels]
    if own == squeezed(host) or own == squeezed(host.removeprefix("www.")):
        return True
    return any(_is_name(own, name) for name in names if len(name) >= 4)


def _is_name(own: str, name: str) -> bool:
    """Whether *own* is *name* with a word more, or part of it; a short name is found inside too many words."""
    if own.removeprefix("the").removesuffix("online").removesuffix("news").removesuffix("com") in (name, f"the{name}"):
        return True
    return (len(name) >= 6 and name in own and len(own) <= 2 * len(name) + 4) or (len(own) >= 5 and own in name)

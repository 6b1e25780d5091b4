"""What a page calls itself and its site."""

from __future__ import annotations

import re

from newscrawl.extract.prose import squeezed
from newscrawl.extract.structured import Structured, text_of
from newscrawl.text import clean_line, weight

_TITLE_CUT = re.compile(
    r"\s+[|｜\-–—·•»::]\s+|\s*[|｜]\s*|_{1,2}|\s*--\s*|(?<=[\u4e00-\u9fff）】”！？])\s*-\s*(?=[\u4e00-\u9fff])"
)


def titles_of(meta: Structured) -> tuple[str, ...]:
    """Return what the page calls itself, best first; the site's name is cut off ``<title>``."""
    names = [text_of(meta.article.get("headline"))]
    for key in ("og:title", "twitter:title", "headline"):
        names += [clean_line(content) for content in meta.meta.get(key, ())[:1]]
    if meta.title:
        names += [without_site_name(meta.title, site_name(meta)), meta.title]
    return tuple(dict.fromkeys(name[:1000] for name in names if name))


def site_name(meta: Structured) -> str | None:
    """Return what the page calls its site, or None. JSON-LD's publisher may be the outlet a republisher credits."""
    found = meta.first("og:site_name", "application-name")
    if found:
        return clean_line(found[1])
    parts = _TITLE_CUT.split(meta.title or "")
    return clean_line(parts[-1]) if len(parts) > 1 else None


def without_site_name(title: str, site: str | None = None) -> str:
    """Return *title* without the site's name and sections at its end.

    >>> without_site_name("江边渡船停航两周 - 滨江晚报")
    '江边渡船停航两周'
    """
    parts = _TITLE_CUT.split(title)
    if len(parts) == 1:
        return title
    if site:
        kept = [part for part in parts if squeezed(part) != squeezed(site)]
        if kept and len(kept) < len(parts) and squeezed(parts[0]) == squeezed(site):
            return clean_line(kept[0])
    first = clean_line(parts[0])
    longest = clean_line(max(parts, key=weight))
    return first if weight(first) >= 0.5 * weight(longest) else longest

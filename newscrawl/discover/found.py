"""Where a site that names no feed may have one."""

from __future__ import annotations

from newscrawl.discover.wordpress import posts_url
from newscrawl.urls import resolve

_PLACES = (
    "/sitemap.xml",
    "/sitemap_index.xml",
    "/sitemap-news.xml",
    "/news-sitemap.xml",
    "/feed/",
    "/rss.xml",
    "/rss",
    "/atom.xml",
)


def guesses(url: str) -> tuple[str, ...]:
    """Return the usual addresses of feeds on the host of *url*, the most telling first; none for what is no URL.

    Each costs a request that is mostly in vain: they are for a site whose pages and robots.txt name nothing.

    >>> guesses("https://news.example/world/")[0]
    'https://news.example/sitemap.xml'
    """
    home = resolve(url, "/")
    if home is None:
        return ()
    return (*(home.rstrip("/") + place for place in _PLACES), posts_url(home + "wp-json/"))

"""Finding: documents in, URLs out. ``docs/discovery.md`` tells how.

:func:`read_feed` ``(body, url, *, content_type=None, headers=None)`` gives a :class:`FeedDocument`, or None for what is
no feed (an HTML page). Its ``entries`` are articles, its ``feeds`` the sitemaps of an index, each a
:class:`FeedEntry`; ``next_page`` leads to older entries; ``cut`` says why it was not read whole, ``refused`` how many
entries had no URL that can be asked for. It never raises, and its work is bounded: 50 MiB, 50,000 entries.

:func:`posts_url` ``(api_root, page=1)`` is the address of a WordPress site's posts, which :func:`read_feed` reads, and
:func:`guesses` ``(url)`` are the usual addresses on a site that names none; :func:`is_section` ``(url)`` tells a
section's front page. What a page names is ``Page.feeds`` of :mod:`newscrawl.extract`.

:func:`trap` ``(url, *, this_year)`` and :func:`without_session` judge and clean one URL. A :class:`TrapWatch` is kept
for a crawl: ask ``refuses(url)`` before a URL is queued and again before it is asked for, and tell
``learn(url, digest, new_articles)`` of each answer or failure; ``refuses_sitemap`` and ``learn_sitemap`` for sitemaps.

:func:`first_interval`, :func:`next_interval`, :func:`after_failure` and :func:`is_silent` say when a feed is asked,
:func:`reread_due` when an article is.
"""

from newscrawl.discover.documents import Cut, FeedDocument, FeedEntry, Kind
from newscrawl.discover.feeds import read_feed
from newscrawl.discover.found import guesses
from newscrawl.discover.intervals import (
    FLOOR_S,
    LONGEST_S,
    REDIRECTED_S,
    TOMBSTONE_S,
    UNCHANGED_S,
    after_failure,
    first_interval,
    is_silent,
    next_interval,
    reread_due,
)
from newscrawl.discover.sections import is_section
from newscrawl.discover.traps import Trap, TrapWatch, pattern, trap, without_session
from newscrawl.discover.wordpress import posts_url

__all__ = [
    "FLOOR_S",
    "LONGEST_S",
    "REDIRECTED_S",
    "TOMBSTONE_S",
    "UNCHANGED_S",
    "Cut",
    "FeedDocument",
    "FeedEntry",
    "Kind",
    "Trap",
    "TrapWatch",
    "after_failure",
    "first_interval",
    "guesses",
    "is_section",
    "is_silent",
    "next_interval",
    "pattern",
    "posts_url",
    "read_feed",
    "reread_due",
    "trap",
    "without_session",
]

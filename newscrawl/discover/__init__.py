"""Finding: documents in, URLs out. ``docs/discovery.md`` tells how.

:func:`read_feed` ``(body, url, *, content_type=None, headers=None)`` gives a :class:`FeedDocument`, or None for what is
no feed (an HTML page). Its ``entries`` are articles, its ``feeds`` the sitemaps of an index, each a
:class:`FeedEntry`; ``next_page`` leads to older entries; ``cut`` says why it was not read whole, ``refused`` how many
entries had no URL that can be asked for. It never raises, and its work is bounded: 50 MiB, 50,000 entries.
:func:`posts_url` ``(api_root, page=1)`` is the address of a WordPress site's posts, which :func:`read_feed` reads.
"""

from newscrawl.discover.documents import Cut, FeedDocument, FeedEntry, Kind
from newscrawl.discover.feeds import read_feed
from newscrawl.discover.wordpress import posts_url

__all__ = ["Cut", "FeedDocument", "FeedEntry", "Kind", "posts_url", "read_feed"]

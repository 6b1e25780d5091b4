"""The posts that a WordPress site lists through its REST interface.

Source: WordPress REST API Handbook, "Posts", "Pagination" and "Global Parameters".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit, urlunsplit

from newscrawl.discover.documents import Gathering, link, plain_title, stated_date

PER_PAGE = 100
_FIELDS = "link,title,date_gmt,modified_gmt"
_POSTS = re.compile(r"wp/v2/posts/?$")
_PAGE = re.compile(r"(?:^|&)page=[^&]*")
_NEXT = re.compile(r"<([^<>]*)>\s*;[^<>,]*\brel\s*=\s*\"?next\b", re.I)


def posts_url(api_root: str, page: int = 1) -> str:
    """Return the address of the newest posts, 100 a page, below the *api_root* that a site names.

    >>> posts_url("https://news.example/wp-json/")
    'https://news.example/wp-json/wp/v2/posts?_fields=link,title,date_gmt,modified_gmt&per_page=100'
    """
    root, _, query = api_root.partition("?")
    # Without pretty addresses the route is a parameter: /index.php?rest_route=/
    route = re.sub(r"/*$", "", query) + "/wp/v2/posts&" if query else ""
    root = root if query else root.rstrip("/") + "/wp/v2/posts"
    paging = f"&page={page}" if page > 1 else ""
    return f"{root}?{route}_fields={_FIELDS}&per_page={PER_PAGE}{paging}"


def is_posts_url(url: str) -> bool:
    """Tell whether *url* asks for posts, so that an empty list is one of posts."""
    parts = urlsplit(url)
    route = parse_qs(parts.query).get("rest_route", [""])[0]
    return _POSTS.search(parts.path) is not None or _POSTS.search(route) is not None


def is_post(value: object) -> bool:
    """Tell whether *value*, an element of a JSON array, is a post."""
    if not isinstance(value, dict) or not isinstance(value.get("link"), str):
        return False
    return any(name in value for name in ("title", "date_gmt", "date", "modified_gmt"))


def add_post(found: Gathering, post: object) -> None:
    """Take a post."""
    assert isinstance(post, dict)
    title = post.get("title")
    rendered = title.get("rendered") if isinstance(title, dict) else title
    found.add(
        post["link"],
        title=plain_title(rendered) if isinstance(rendered, str) else None,
        published=_moment(post, "date"),
        modified=_moment(post, "modified"),
    )


def _moment(post: dict[str, object], name: str) -> str | None:
    """Return the moment in UTC, or the local time, of which nobody says where it is local."""
    utc, local = post.get(f"{name}_gmt"), post.get(name)
    stated = f"{utc}+00:00" if isinstance(utc, str) and len(utc) == len("2023-03-21T08:15:00") else None
    return stated_date(stated, local if isinstance(local, str) else None)


def next_posts(url: str, headers: Mapping[str, str]) -> str | None:
    """Return the page of posts after *url*, as far as the answer's *headers* tell of one."""
    lower = {name.lower(): value for name, value in headers.items()}
    total = lower.get("x-wp-totalpages", "").strip()
    if not re.fullmatch("[0-9]{1,9}", total):
        following = _NEXT.search(lower.get("link", ""))
        return link(url, following[1]) if following else None
    parts = urlsplit(url)
    stated = _PAGE.search(parts.query)
    number = stated[0].rpartition("=")[2] if stated else "1"
    page = int(number) if re.fullmatch("[0-9]{1,9}", number) else 1
    if page >= int(total):
        return None
    query = _PAGE.sub("", parts.query).strip("&")
    return urlunsplit(parts._replace(query=f"{query}&page={page + 1}".lstrip("&")))

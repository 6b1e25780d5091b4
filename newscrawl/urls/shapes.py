"""What a URL is likely to lead to, judged by its shape alone."""

import re
from itertools import pairwise
from urllib.parse import unquote

from newscrawl.urls.reading import remembered, resolve, split


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TAGS = _words("tag tags topic topics keyword keywords label labels 标签 標籤 话题 話題")
_LISTINGS = _words("""
    category categories cat author authors search login logout signin signup register user users member
    members feed rss atom comments wp-json wp-content wp-includes wp-admin wp-login.php xmlrpc.php cgi-bin
    static assets
""")
_ARTICLES = _words("article articles story stories")
_INDEX = _words("index default home list latest all archive archives")
_ASSET = re.compile(
    r"\.(?:jpe?g|png|gif|webp|avif|svg|ico|bmp|tiff?|css|m?js|json|xml|rss|atom|txt|pdf|docx?|xlsx?|pptx?|epub"
    r"|zip|rar|7z|gz|tar|apk|exe|dmg|mp3|m4a|ogg|wav|mp4|m3u8|m4v|webm|mov|avi|flv|woff2?|ttf|eot|swf)$"
)
_EXTENSION = re.compile(r"\.(?:[sx]?html?|php|aspx?|jspx?|do|amp)$")
_YEAR, _MONTH, _DAY = r"(?:19|20)[0-9]{2}", r"(?:1[0-2]|0?[1-9])", r"(?:3[01]|[12][0-9]|0?[1-9])"
_MONTH2, _DAY2 = r"(?:1[0-2]|0[1-9])", r"(?:3[01]|[12][0-9]|0[1-9])"
# /2023/03/21 /2023-03-21 /2023-03/21 /2023_03_21 /20230321 /2023/0321 /202303/21; without a day: /2023/03 ...
_DATE = re.compile(
    rf"/(?:{_YEAR}[-_/]{_MONTH}[-_/]{_DAY}|{_YEAR}/?{_MONTH2}/?{_DAY2}|{_YEAR}[-_/]?{_MONTH2}|{_YEAR}/{_MONTH})(?=/|\Z)"
)
_DATED_NUMBER = re.compile(rf"{_YEAR}{_MONTH2}(?:{_DAY2})?|{_YEAR}")
_ENDS_IN_ID = re.compile(r"(?<![0-9])[0-9]{5,}$")
_NUMBERED_PATH = re.compile(
    r"/(?:news|post|posts|archives?|content|detail|thread|node|read|view|show|item|a|p)/[0-9]+$"
)
_ID_PARAMETER = re.compile(
    r"(?:^|&)(?:id|aid|nid|sid|newsid|news_id|articleid|article_id|docid|contentid|storyid|story_id)=[0-9]+(?:&|$)"
)
_POST_PARAMETER = re.compile(r"(?:^|&)p=[0-9]+(?:&|$)")
_LISTING_PARAMETER = re.compile(r"(?:^|&)(?:s|q|cat|tag|author|feed|paged|replytocom)=")
_SLUG_WORDS = re.compile(r"[-_]")
_HOUSE_PAGES = ("privacy-", "terms-", "cookie-")
_HAN = re.compile("[\u3400-\u9fff]")


def _segments(url: str) -> tuple[tuple[str, ...], str]:
    """Return the path of *url*, decoded, in lower case and without empty segments, and its query."""
    clean = resolve(None, url)
    if clean is None:
        return (), ""
    parts = split(clean)
    path = unquote(parts.path) if "%" in parts.path else parts.path
    return tuple(segment for segment in path.lower().split("/") if segment), parts.query.lower()


# Nearly every URL is told at once. Blanks and line ends are taken out of it when it is read, and escapes decoded.
_MAY_BE_TAG = re.compile(r"[/\\](?:tags?|topics?|keywords?|labels?)[/\\]|[^!-$&-~]", re.I)


@remembered
def looks_like_tag(url: str) -> bool:
    """Tell whether *url* is shaped like the page of a tag or topic: ``/tag/…``, ``/标签/…``."""
    if _MAY_BE_TAG.search(url) is None:
        return False
    segments, _ = _segments(url)
    return any(
        segment in _TAGS and _EXTENSION.sub("", name) not in _INDEX and name != "page"
        for segment, name in pairwise(segments)
    )


@remembered
def looks_like_article(url: str) -> bool:
    """Tell whether *url* is shaped like an article's: a date and a name, a number, a slug, ``?p=123``.

    A guess that costs no request: a date archive, a tag, a category, a search, a feed or a file is none.

    >>> looks_like_article("https://news.example/2023/03/21/a.html"), looks_like_article("https://news.example/2023/03/")
    (True, False)
    """
    segments, query = _segments(url)
    if _is_listing(segments, query) or looks_like_tag(url):
        return False
    if _ID_PARAMETER.search(query):
        return True
    if _EXTENSION.sub("", "/".join(segments)) in ("", "index") and _POST_PARAMETER.search(query):
        return True
    if segments and _EXTENSION.sub("", segments[-1]) in _INDEX:
        segments = segments[:-1]
    if not segments:
        return False
    last = _EXTENSION.sub("", segments[-1])
    path = "/" + "/".join((*segments[:-1], last))
    if last == segments[-1] and _is_date_archive(path, last):
        return False
    return (
        any(date.end() < len(path) for date in _DATE.finditer(path))
        or _ENDS_IN_ID.search(last) is not None
        or not _ARTICLES.isdisjoint(segments[:-1])
        or _NUMBERED_PATH.search(path) is not None
        or _is_slug(last)
    )


def _is_listing(segments: tuple[str, ...], query: str) -> bool:
    if _LISTING_PARAMETER.search(query) or (segments and _ASSET.search(segments[-1])):
        return True
    pages = any(name == "page" and number.isdecimal() for name, number in pairwise(segments))
    listings = _LISTINGS.intersection(segments)
    if listings == {"comments"} and _DATE.search("/" + "/".join(segments[segments.index("comments") + 1 :])):
        # A section of opinions, with dated stories in it; what readers say of a story stands below its name.
        return pages
    return pages or bool(listings)


def _is_date_archive(path: str, last: str) -> bool:
    """Tell whether *path* ends in a date and nothing more: ``/2023/03``, ``/news/20230321``, ``/2023``."""
    return _DATED_NUMBER.fullmatch(last) is not None or any(date.end() == len(path) for date in _DATE.finditer(path))


def _is_slug(name: str) -> bool:
    if name.startswith(_HOUSE_PAGES):
        return False
    words = [word for word in _SLUG_WORDS.split(name) if word]
    # A headline in Chinese has no hyphens; eight characters are more than the name of a section.
    return len(words) >= 4 or len(_HAN.findall(name)) >= 8

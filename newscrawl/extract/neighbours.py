"""Which links beside a story lead to other stories, which are advertised, and which are only furniture."""

from __future__ import annotations

import re

from newscrawl.extract import rules
from newscrawl.extract.segment import Segmented
from newscrawl.extract.tree import Block, BlockLink
from newscrawl.text import weight
from newscrawl.urls import looks_like_article, looks_like_tag, resolve, site_of

_AD_HOST = re.compile(
    r"https?://(?:[\w-]+\.)*(?:outbrain|taboola|taboolasyndication|revcontent|mgid|adblade|zergnet|doubleclick|googleadservices|adnxs|criteo"
    r"|plista|ligatus|popin|dable|uniad|baidustatic|awin1|jdoqocy|anrdoezrs|dpbolvw|tkqlhce|shareasale|sjv|pxf|skimresources|amazon-adsystem"
    r"|cpro\.baidu|click\.tanx|mediago|engageya|strossle|contentexchange)\.(?:\w{2,6}\.)?\w{2,6}/",
    re.I,
)
_SHARE = re.compile(
    r"https?://(?:[\w-]+\.)*(?:facebook|twitter|x|linkedin|instagram|pinterest|flipboard|whatsapp|telegram|t|reddit|tumblr|threads|weibo"
    r"|tiktok|youtube|bsky|line|vk|ok|getpocket|addtoany)\.(?:com|me|net|ru|it|app|org)/|^https?://[^/]+/(?:share|sharer|rss|feeds?)(?:/|$|\.)|/feed/?$",
    re.I,
)
_NO_STORY = re.compile(
    r"^https?://[^/]+/(?:[\w-]{2}/)?(?:$|(?:.*/)?(?:authors?|autor(?:en|es)?|auteurs?|staff|profiles?|people|users?|members?|by|contributors?|reporters?"
    r"|search|suche|buscar|tag|tags|topics?|themen?|temas?|category|categories|kategorie|rubrik|section|newsletters?|signup|subscri\w*|login|register|privacy"
    r"|about|contact|donate|terms)(?:/|\?|$|\.|-))|[?&](?:s|q|query)=",
    re.I,
)


def is_advertised(url: str) -> bool:
    """Return whether *url* belongs to a network that sells places beside stories."""
    return _AD_HOST.match(url) is not None


def is_story(url: str, text: str) -> bool:
    """Return whether a link in a list of stories may be one: no author, section, search or share button."""
    if _SHARE.search(url) or looks_like_tag(url):
        return False
    if looks_like_article(url):
        return True
    return _NO_STORY.search(url) is None and weight(text) >= 16


def place_link_lines(page: Segmented, base: str | None) -> None:
    """Look again at lines of nothing but links: where they lead says whether they are advertised.

    A line of links to the site's own stories is related; one of names, sections or buttons is furniture of the
    article's block. What is bulleted by a picture character, or leads to several other sites, stays advertised.
    """
    own = site_of(base) if base else None
    for block in page.article_blocks():
        if block.rule != "bare_links" or block.place != "promoted":
            continue
        links = [(url, link) for link in block.links if (url := resolve(base, link.element.get("href") or ""))]
        stories = [url for url, link in links if is_story(url, link.text)]
        if any(is_advertised(url) for url, _ in links) or _has_ornament(block, [link for _, link in links]):
            continue
        if 2 * len(stories) < len(links) or not stories:
            block.put("removed", "other", "link_line")
        elif all(site_of(url) == own for url in stories):
            block.put("related", rule="link_line")


def _has_ornament(block: Block, links: list[BlockLink]) -> bool:
    marks = {ch for ch in rules.BULLETS if ord(ch) > 0x2600}
    return any(ch in marks for ch in block.raw) or any(ch in marks for link in links for ch in link.text)

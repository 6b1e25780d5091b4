"""What a page says about itself for machines: JSON-LD, ``<meta>``, ``<link>``, ``<title>``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from lxml import etree
from lxml.etree import _Element as Element

from newscrawl.text import clean_line

ARTICLE_TYPES = frozenset(
    [
        "Article",
        "NewsArticle",
        "ReportageNewsArticle",
        "AnalysisNewsArticle",
        "AskPublicNewsArticle",
        "BackgroundNewsArticle",
        "OpinionNewsArticle",
        "ReviewNewsArticle",
        "AdvertiserContentArticle",
        "SatiricalArticle",
        "BlogPosting",
        "LiveBlogPosting",
        "SocialMediaPosting",
        "Report",
        "ScholarlyArticle",
        "TechArticle",
        "Posting",
    ]
)
_OTHER_WORKS = frozenset(("WebPage", "CreativeWork", "Recipe", "HowTo", "Review", "ItemPage", "CriticReview"))
_DATED_TYPES = frozenset(("WebPage", "ItemPage", "CreativeWork", "VideoObject", "hentry", "Recipe", "Review", "HowTo"))
_MAX_DEPTH = 8
_LONGEST_TEXT = 20_000
# The attributes, which know their elements: to ask each element for the attribute takes ten times as long.
_ITEMS: Callable[[Element], list[Any]] = etree.XPath("//*/@itemprop | //*/@itemtype")


@dataclass(slots=True)
class Structured:
    """Metadata of one page, as found."""

    article: dict[str, Any] = field(default_factory=dict)
    """The JSON-LD node of the article; empty when there is none."""
    page_author: Any = None
    """The author of a JSON-LD node that is the page, a recipe or the like, for a page without an article's node."""
    breadcrumbs: list[tuple[str, str | None]] = field(default_factory=list)
    """Names and URLs of the JSON-LD BreadcrumbList."""
    other_dates: list[tuple[str, str]] = field(default_factory=list)
    """``(type.datePublished, content)`` of JSON-LD nodes that are no article: the page, its video."""
    videos: list[dict[str, Any]] = field(default_factory=list)
    """The JSON-LD VideoObjects of the page and of its article."""
    nodes: dict[str, dict[str, Any]] = field(default_factory=dict)
    """JSON-LD nodes by ``@id``."""
    meta: dict[str, list[str]] = field(default_factory=dict)
    """Contents of ``<meta>`` by lower-case name or property, in order."""
    title: str | None = None
    canonical: str | None = None
    next: str | None = None
    base: str | None = None
    lang: str | None = None
    itemprops: list[Element] = field(default_factory=list)
    """Elements with ``itemprop`` that may name an author or a date."""
    microdata_article: bool = False
    """True where an element's ``itemtype`` says that it is an article."""
    refresh: str | None = None
    """Target of a meta refresh of at most ten seconds."""
    source: bytes = b""
    """The page in UTF-8, for what only its scripts say."""

    def first(self, *names: str) -> tuple[str, str] | None:
        """Return ``(name, content)`` of the first of *names* that has content."""
        for name in names:
            for content in self.meta.get(name, ()):
                return name, content
        return None


def structured(root: Element, json_ld: Iterable[str]) -> Structured:
    """Read the metadata below *root* and in the *json_ld* scripts. Never raises on odd content."""
    found = Structured(lang=root.get("lang") or root.get("xml:lang"))
    for element in root.iter("meta", "link", "title", "base"):
        _READERS[str(element.tag)](found, element)
    _read_json_ld(found, json_ld)
    for value in _ITEMS(root):
        if value.attrname == "itemtype":
            found.microdata_article = found.microdata_article or _is_article_item(value, value.getparent())
        elif "author" in value or "date" in value or value == "isAccessibleForFree":
            found.itemprops.append(value.getparent())
    return found


def _is_article_item(types: str, element: Element) -> bool:
    """Return whether *element*, whose ``itemtype`` is *types*, is an article and part of no other item."""
    return (
        any(name.rpartition("/")[2] in ARTICLE_TYPES for name in types.split())
        and element.get("itemscope") is not None
        and all(outer.get("itemscope") is None for outer in element.iterancestors())
    )


def _read_meta(found: Structured, element: Element) -> None:
    attributes = element.attrib
    content = attributes.get("content")
    if content is None:
        return
    refresh = attributes.get("http-equiv")
    if refresh is not None:
        if refresh.lower() == "refresh":
            match = re.match(r"\s*(\d+)(?:\.\d*)?\s*[;,]\s*(?:url\s*=\s*)?[\"']?([^\"']+)", content, re.I)
            if match and int(match[1][:9]) <= 10:
                found.refresh = match[2].strip()
        elif refresh.lower() == "content-language" and not found.lang:
            found.lang = content.split(",")[0].strip()
        return
    name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop")
    content = content.strip()
    if name and content:
        found.meta.setdefault(name.lower(), []).append(content)


def _read_link(found: Structured, element: Element) -> None:
    href = element.get("href")
    if not href:
        return
    for rel in (element.get("rel") or "").lower().split():
        if rel == "canonical" and found.canonical is None:
            found.canonical = href
        elif rel == "next":
            found.next = href


def _read_title(found: Structured, element: Element) -> None:
    if found.title is None:
        found.title = clean_line("".join(element.itertext(with_tail=False))[:_LONGEST_TEXT]) or None


def _read_base(found: Structured, element: Element) -> None:
    if found.base is None:
        found.base = element.get("href")


_READERS = {"meta": _read_meta, "link": _read_link, "title": _read_title, "base": _read_base}


def _read_json_ld(found: Structured, texts: Iterable[str]) -> None:
    best = 0
    for text in texts:
        for node in _nodes(loads(text), 0):
            identity = node.get("@id")
            if isinstance(identity, str):
                found.nodes.setdefault(identity, node)
            types = node_types(node)
            if types & ARTICLE_TYPES:
                rank = 1 + sum(1 for key in ("headline", "datePublished", "author") if node.get(key))
                if rank > best:
                    best, found.article = rank, node
                continue
            if "VideoObject" in types:
                found.videos.append(node)
            if types & _OTHER_WORKS and node.get("author") and found.page_author is None:
                found.page_author = node["author"]
            if "BreadcrumbList" in types and not found.breadcrumbs:
                found.breadcrumbs = list(_breadcrumbs(node))
            if types & _DATED_TYPES:
                raw = text_of(node.get("datePublished") or node.get("published"))
                if raw:
                    found.other_dates.append((f"{min(types & _DATED_TYPES)}.datePublished", raw))

    for key in ("video", "associatedMedia"):
        value = found.article.get(key)
        own = value if isinstance(value, list) else [value]
        found.videos += [node for node in own if isinstance(node, dict) and "VideoObject" in node_types(node)]


def loads(text: str) -> Any:
    """Parse JSON as pages write it: control characters in strings, comments around it, a comma too many.

    Returns None for what cannot be read.
    """
    for attempt in (str.strip, _repaired):
        try:
            return json.loads(attempt(text), strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _repaired(text: str) -> str:
    """*text* from its first bracket to its last, without a comma before a closing one."""
    text = text.replace("<![CDATA[", "").replace("]]>", "")
    start = min((at for at in (text.find("{"), text.find("[")) if at >= 0), default=0)
    text = text[start : max(text.rfind("}"), text.rfind("]")) + 1]
    return re.sub(r",([ \t\r\n]{0,200}[}\]])", r"\1", text)


def _nodes(value: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            yield from _nodes(item, depth + 1)
    elif isinstance(value, dict):
        yield value
        for key in ("@graph", "mainEntity", "mainEntityOfPage", "hasPart"):
            if isinstance(value.get(key), (dict, list)):
                yield from _nodes(value[key], depth + 1)


def node_types(node: dict[str, Any]) -> frozenset[str]:
    """Return the ``@type`` names of a JSON-LD node, without their vocabulary."""
    types = node.get("@type")
    values = types if isinstance(types, list) else [types]
    return frozenset(t.rpartition("/")[2] for t in values if isinstance(t, str))


def _breadcrumbs(node: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    items = node.get("itemListElement")
    for item in items if isinstance(items, list) else []:
        if not isinstance(item, dict):
            continue
        inner = item.get("item")
        name = text_of(item.get("name")) or (text_of(inner.get("name")) if isinstance(inner, dict) else None)
        target = inner.get("@id") or inner.get("url") if isinstance(inner, dict) else inner
        if name:
            yield name, target if isinstance(target, str) else None


def text_of(value: Any) -> str | None:
    """Return a JSON-LD value as one clean line, or None for what is no text."""
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, dict):
        value = value.get("@value") or value.get("name")
    if not isinstance(value, str):
        return None
    return _plain(value) or None


def _plain(text: str) -> str:
    """*text* without escapes, on one line; no field is as long as what is cut off."""
    try:
        return clean_line(unescape(text[:_LONGEST_TEXT]))
    except ValueError:
        # A character reference of thousands of digits.
        return clean_line(text[:_LONGEST_TEXT])


def texts_of(value: Any) -> list[str]:
    """Return a JSON-LD value as clean lines; a text with commas is cut at them."""
    if isinstance(value, str):
        value = re.split(r"[,，;；、|]", value)
    values = value if isinstance(value, list) else [value]
    return [text for text in map(text_of, values) if text]


def people_of(found: Structured, value: Any) -> Iterator[tuple[str, str | None, bool]]:
    """Yield ``(name, url, is_person)`` of a JSON-LD author or creator; a reference is followed by its ``@id``."""
    for item in value if isinstance(value, list) else [value]:
        node = item
        if isinstance(node, dict) and not node.get("name") and isinstance(node.get("@id"), str):
            node = found.nodes.get(node["@id"], node)
        if isinstance(node, str):
            yield _plain(node), None, True
        elif isinstance(node, dict):
            url = node.get("url")
            names = node.get("name")
            types = node_types(node)
            for name in names if isinstance(names, list) else [names]:
                text = text_of(name)
                if text:
                    person = "Person" in types or not types & {
                        "Organization",
                        "NewsMediaOrganization",
                        "Corporation",
                    }
                    yield text, url if isinstance(url, str) else None, person


def explicit_persons(found: Structured) -> list[str]:
    """Return the names of the article's authors whose JSON-LD type is Person, whatever they look like."""
    value = found.article.get("author") or found.page_author
    nodes = [node for node in (value if isinstance(value, list) else [value]) if isinstance(node, dict)]
    # A node that repeats the name may leave its type to the node it refers to.
    nodes = [{**found.nodes.get(str(node.get("@id")), {}), **node} for node in nodes]
    return [text for node in nodes if "Person" in node_types(node) and (text := text_of(node.get("name")))]

"""The links of an article: tags, related and promoted stories, and all others by kind."""

from __future__ import annotations

from typing import NamedTuple

from lxml.etree import _Element as Element

from newscrawl.extract import neighbours, readings, rules, subjects
from newscrawl.extract.building import Builder, elements_of
from newscrawl.extract.prose import squeezed
from newscrawl.extract.segment import is_tag_link
from newscrawl.extract.tree import Block, BlockLink, text_within, where
from newscrawl.items import LinkKind, Tag, TagKind, TextLink, TitledLink, Warn
from newscrawl.text import clean_line, weight
from newscrawl.urls import resolve


def put_links(build: Builder, blocks: list[Block]) -> None:
    """Fill tags, related, promoted and other links from the article's block, in reading order."""
    article, source = build.article, build.source
    listed = elements_of(source.root, source.layout.tags if source.layout else ())
    tags: dict[tuple[str, str], Tag] = {}
    known: tuple[dict[str, _Placed], dict[str, _Placed]] = ({}, {})
    for block in blocks:
        if block.place in ("related", "promoted"):
            _put_titled(build, block, known)
        elif block.place != "chrome":
            _put_text_links(build, block, tags, listed)
    for element in root_order(source.root, listed):
        # A list of tags may stand anywhere on the page; the profile vouches for it.
        _put_tag(tags, text_within(element), resolve(source.base, element.get("href") or ""), "declared")
    if not any(kind == "declared" for _, kind in tags):
        for name, url, _ in subjects.tags_behind(build):
            _put_tag(tags, name, url, "declared")
    declared = subjects.keywords_of(build, {name for name, kind in tags if kind == "declared"})
    build.put("tags", [*tags.values(), *declared], "generic", "links to tag pages" if tags else "keywords")
    for name in ("related", "promoted"):
        if getattr(article, name):
            rule = next((block.rule for block in blocks if block.place == name and block.links), "advertised")
            method = "profile" if rule is not None and rule.startswith("profile:") else "generic"
            build.note(name, method, rule and rule.removeprefix("profile:"))
            _count_ornaments(build, name, [block for block in blocks if block.place == name])
    for name in ("links", "removed"):
        if getattr(article, name):
            build.note(name, "generic", None)


class _Placed(NamedTuple):
    """Where the first link to a story went."""

    at: int
    """Place in the list."""
    element: Element


def _put_titled(build: Builder, block: Block, known: tuple[dict[str, _Placed], dict[str, _Placed]]) -> None:
    """File the links of a list of stories; what else stands there (authors, sections) is kept as a notice.

    *known* is where each URL stands in ``promoted`` and in ``related``.
    """
    article = build.article
    chosen = block.rule is not None and block.rule.startswith("profile:")
    for link in block.links:
        url = resolve(build.source.base, link.element.get("href") or "")
        title, _ = readings.link_title(link.text)
        if url is None or (url == build.source.url and not chosen):
            continue
        target = article.related if block.place == "related" else article.promoted
        if not chosen and neighbours.is_advertised(url):
            target = article.promoted
        elif not chosen and title is not None and not neighbours.is_story(url, title):
            article.links.append(TextLink(url=url, text=clean_line(link.text) or None, kind="notice"))
            continue
        place = known[target is article.related]
        # A picture, a kicker and a title may link to the same story; the title says most.
        before = place.get(url)
        if before is None:
            place[url] = _Placed(len(target), link.element)
            target.append(TitledLink(url=url, title=title))
        elif title is not None and weight(title) > weight(target[before.at].title or ""):
            target[before.at] = TitledLink(url=url, title=title)
        elif title == target[before.at].title and _is_repeated(before.element, link.element):
            target.append(TitledLink(url=url, title=title))


def _is_repeated(first: Element, again: Element) -> bool:
    """Return whether a list has two items for one story: it is kept as it was printed."""
    one, other = (next(link.iterancestors("li"), None) for link in (first, again))
    return one is not None and other is not None and one is not other and one.getparent() is other.getparent()


def _put_text_links(build: Builder, block: Block, tags: dict[tuple[str, str], Tag], listed: frozenset[Element]) -> None:
    article = build.article
    for link in block.links:
        url = resolve(build.source.base, link.element.get("href") or "")
        if url is None:
            continue
        text = clean_line(link.text) or None
        if "/category/" in url and block.place == "removed" and article.article_section is None and text:
            build.put("article_section", text, "generic", where(link.element), text)
        elif text and (is_tag_link(link.element) or link.element in listed or _in_tag_box(block, link)):
            declared = block.rule == "tag_list" or link.element in listed or _is_tag_list(block)
            _put_tag(tags, text, url, "declared" if declared else "inline")
        else:
            kind = _link_kind(block, link, build.source.keywords)
            article.links.append(TextLink(url=url, text=text, kind=kind))


def _put_tag(tags: dict[tuple[str, str], Tag], text: str, url: str | None, kind: TagKind) -> None:
    name = clean_line(text)
    if name and url is not None:
        tags.setdefault((squeezed(name), kind), Tag(name=name, url=url, kind=kind))


def _count_ornaments(build: Builder, name: str, blocks: list[Block]) -> None:
    trimmed = 0
    for block in blocks:
        trimmed += sum(readings.link_title(link.text)[1] for link in block.links)
        trimmed += readings.ornaments_beside(block.text, "\x00".join(link.text for link in block.links))
    if trimmed:
        build.warnings.append(Warn(field=name, code="ornaments_trimmed", detail=f"{trimmed} characters"))


def root_order(root: Element, elements: frozenset[Element]) -> list[Element]:
    """Return *elements* as they follow each other below *root*."""
    return [element for element in root.iter("a") if element in elements] if elements else []


def _link_kind(block: Block, link: BlockLink, keywords: frozenset[Element]) -> LinkKind:
    if block.place == "removed":
        return "notice"
    for element in (link.element, link.element.getparent()):
        if element is not None and (element in keywords or rules.KEYWORD_LINK.search(element.get("class") or "")):
            return "keyword"
    return "body"


def _in_tag_box(block: Block, link: BlockLink) -> bool:
    return block.place == "removed" and subjects.is_tag_name(link.text) and subjects.tag_box(link.element) is not None


def _is_tag_list(block: Block) -> bool:
    """Return whether the links of *block* are a list below the story, though it says more than tags (``Posted in``)."""
    return block.place == "removed" and (block.link_share > 0.6 or rules.TAG_LABEL.match(block.text) is not None)

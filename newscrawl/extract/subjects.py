"""Tags and the path to the article: lists of subjects, keywords of metadata, breadcrumbs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, Literal

from lxml import etree
from lxml.etree import _Element as Element

from newscrawl.extract.building import Builder
from newscrawl.extract.prose import squeezed
from newscrawl.extract.structured import texts_of
from newscrawl.extract.tree import Block, text_within, where
from newscrawl.items import Breadcrumb, Tag
from newscrawl.text import clean_line
from newscrawl.urls import resolve

_LONGEST_TAG = 60
_MOST_KEYWORDS = 30
_FEW_KEYWORDS = 4
# Fewer of its keywords in the text than this, and the list is the site's.
_OF_THE_STORY = 0.15
_MOST_STEPS = 8
_TAG_BOX = re.compile(
    r"(?:^|[\s_-])(?:tags?|tag-?(?:list|s?-?cloud-?article|links|items?|wrap\w*)|tagslist|taglist|article-?(?:tags|topics|keywords|themen)"
    r"|keywords?|topics?|themen|schlagwort\w*|temas?|etiquetas|mots-?cles|biaoqian|guanjianci)(?=$|[\s_-])",
    re.I,
)
_OTHER_BOX = re.compile(
    r"popular|trend|hot|widget|side-?bar|nav|menu|footer|header|related|recommend|teaser|card|cloud|date|author|share",
    re.I,
)
_STATES = re.compile(r"^(?:subject|tag|topic|keyword|category|thema)s?\s*:\s*(?=\S)", re.I)
_KEY_AND_VALUE = re.compile(r"^[\w ]{2,24}:\s?\S")
_TRAIL = re.compile(
    r"(?:^|[\s_-])(?:bread-?crumbs?(?:s?-?(?:list|nav|trail|wrap\w*|container|path))?|crumbs?|path-?nav|weizhi|location-?nav)(?=$|[\s_-])",
    re.I,
)
# The attributes, which know their elements: to ask each element takes ten times as long.
_TRAILS: Callable[[Element], list[Any]] = etree.XPath(
    "//*/@class[contains(.,'rumb')] | //*/@id[contains(.,'rumb')] | //*/@aria-label[contains(.,'rumb')]"
)
_STEPS: Callable[[Element], list[Any]] = etree.XPath("//*/@itemtype[contains(.,'BreadcrumbList')]")
_YOU_ARE_HERE = re.compile(
    r"^[\s【\[]*(?:(?:您|你)(?:现在)?(?:的|所在的?|当前的?)?位置(?:是|为)?|您現在的位置|當前位置|(?:当前|现在|所在)(?:的)?位置|you\s+are\s+here|現在位置|現在地|sie\s+sind\s+hier|vous\s+êtes\s+ici"
    r"|현재\s?위치)\s*[:：]?\s*",
    re.I,
)
_BETWEEN = re.compile(r"\s*(?:>+|»|›|→|/|\||::|＞|»|▸|▶|·|•|\\|-{1,2}>)\s*")
_NO_STEP = re.compile(
    r"^(?:正文|内容|內容|文章|本文|記事|기사|article|aktueller artikel|current page|detail|drucken|print|imprimer|imprimir|打印"
    r"|(?:‹\s*)?(?:zurück|back|retour|volver|voltar|返回)|\d{4}|january|february|march|april|may|june|july|august|september|october"
    r"|november|december|uncategori[sz]ed|non classé|allgemein)$",
    re.I,
)
_HOME = re.compile(
    r"^(?:home(?:page)?|首页|首頁|主页|网站首页|新闻首页|start(?:seite)?|accueil|inicio|portada|início|forside|ホーム|トップ|top|홈|главная|news)$",
    re.I,
)  # fmt: skip


def tag_box(element: Element) -> Element | None:
    """Return the element around a link that is called a list of tags, and not the site's popular ones."""
    found = None
    for depth, around in enumerate(element.iterancestors()):
        if depth > 4 or around.tag in ("p", "article", "main", "body", "nav", "aside"):
            break
        called = _box_called(around.get("class"), around.get("id"))
        if called == "other":
            return None
        if found is None and called == "tags" and 0 < len(text_within(around)) < 600:
            found = around
    return found


# The links of a list, and the lists of a site, stand in boxes of the same names.
@lru_cache(maxsize=4096)
def _box_called(classes: str | None, identity: str | None) -> Literal["other", "tags"] | None:
    words = f"{classes or ''} {identity or ''}"
    if _OTHER_BOX.search(words):
        return "other"
    return "tags" if _TAG_BOX.search(words) else None


def is_tag_name(text: str) -> bool:
    """Return whether *text* is as short as the name of a subject, has a letter, and is no sentence."""
    return (
        1 < len(text) <= _LONGEST_TAG
        and text[-1] not in "。!?！？"
        and any(map(str.isalpha, text))
        and not (text.endswith(".") and " " in text and len(text) > 20)
    )


def keywords_of(build: Builder, known: set[str]) -> list[Tag]:
    """Return the tags that only metadata states; *known* are those that the page shows (squeezed)."""
    meta = build.source.meta
    lists = [
        _texts(meta.article.get("keywords")),
        _texts(meta.meta.get("article:tag") or meta.meta.get("og:article:tag")),
    ]
    for key in ("news_keywords", "parsely-tags", "sailthru.tags"):
        lists += [texts_of(content) for content in meta.meta.get(key, ())[:1]]
    lists = [names if not _is_cut_up(build, names) else [] for names in lists]
    if not any(lists) and not known:
        lists = [texts_of(content) for content in meta.meta.get("keywords", ())[:1]]
        lists = [names for names in lists if not _is_cut_up(build, names) and _is_of_the_story(build, names)]
    stated = [name for names in lists for name in _without_keys(names)]
    outlet = _outlet_names(build)
    tags: dict[str, Tag] = {}
    for name in stated:
        text, key = clean_line(name).lstrip("#").strip(), squeezed(name)
        if is_tag_name(text) and key not in known and key not in outlet:
            tags.setdefault(key, Tag(name=text, url=None, kind="declared"))
    return list(tags.values())


def _texts(value: object) -> list[str]:
    """The names of a list; of one that holds a single text, its parts."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        value = value[0]
    return texts_of(value)


def _is_cut_up(build: Builder, names: list[str]) -> bool:
    """Return whether *names* are the single words of the headline, as some systems fill their keywords."""
    headline = squeezed(build.article.headline or "")
    words = sum(1 for name in names if " " not in name and name.isascii() and squeezed(name) in headline)
    return len(names) > _FEW_KEYWORDS and words >= 0.8 * len(names)


def _is_of_the_story(build: Builder, names: list[str]) -> bool:
    """Return whether ``<meta name="keywords">`` is about this page: many sites repeat one list on all of theirs."""
    article = build.article
    story = squeezed(f"{article.headline or ''} {article.description or ''} {article.article_body or ''}")
    told = sum(key in story for key in map(squeezed, names) if key)
    return len(names) <= _MOST_KEYWORDS and (len(names) <= _FEW_KEYWORDS or told >= _OF_THE_STORY * len(names))


def _without_keys(names: list[str]) -> list[str]:
    """Take the names out of ``Subject: harbour``; ``Medium: web`` says nothing of the story."""
    keyed = sum(1 for name in names if _KEY_AND_VALUE.match(name))
    if keyed < 3:
        return names
    return [_STATES.sub("", name) for name in names if _STATES.match(name) or not _KEY_AND_VALUE.match(name)]


def _outlet_names(build: Builder) -> set[str]:
    meta = build.source.meta
    names = [content for key in ("og:site_name", "application-name") for content in meta.meta.get(key, ())[:1]]
    names += texts_of(meta.article.get("publisher"))
    site = build.article.site or ""
    return {squeezed(name) for name in (*names, site, site.partition(".")[0]) if name}


def put_breadcrumbs(build: Builder) -> None:
    """Fill ``breadcrumbs``, and the section from the last of them where nothing else states it."""
    base, meta = build.source.base, build.source.meta
    steps = [Breadcrumb(name=name, url=resolve(base, url) if url else None) for name, url in meta.breadcrumbs]
    method, place = "json-ld", "BreadcrumbList"
    if not steps:
        method, place, steps = _shown(build)
    steps = _without_headline(build, steps)[:_MOST_STEPS]
    build.put("breadcrumbs", steps, method, place)
    named = [step.name for step in steps if not _HOME.match(step.name)]
    if build.article.article_section is None and named and len(named[-1]) <= _LONGEST_TAG:
        build.put("article_section", named[-1], method, place, " > ".join(step.name for step in steps))


def _without_headline(build: Builder, steps: list[Breadcrumb]) -> list[Breadcrumb]:
    """Many a path ends in the article itself, or in words such as 正文."""
    headline = squeezed(build.article.headline or "")
    while steps:
        last = squeezed(steps[-1].name)
        own = bool(last) and len(last) > 3 and (last in headline or headline in last) and bool(headline)
        url = steps[-1].url
        if not (
            own
            or (steps[-1].name and _NO_STEP.match(steps[-1].name) is not None)
            or (url is not None and url == build.source.url)
        ):
            break
        steps = steps[:-1]
    return steps


def _shown(build: Builder) -> tuple[str, str, list[Breadcrumb]]:
    root = build.source.root
    page = build.source.meta.source
    for method, find, named in (("microdata", _STEPS, b"BreadcrumbList"), ("generic", _TRAILS, b"rumb")):
        for value in find(root)[:6] if named in page else ():
            element = value.getparent()
            if method == "generic" and not _TRAIL.search(_called(element)):
                continue
            steps = _steps_in(build, element)
            if len(steps) >= 2 or (steps and steps[0].url is not None and not _HOME.match(steps[0].name)):
                return method, where(element), steps
    for block in _first_blocks(build):
        label = _YOU_ARE_HERE.match(block.text)
        if label is not None:
            return "generic", where(block.element), _steps_of_line(build, block, label.end())
    return "generic", "", []


def _called(element: Element) -> str:
    return f"{element.get('class') or ''} {element.get('id') or ''} {element.get('aria-label') or ''}"


def _first_blocks(build: Builder) -> Iterable[Block]:
    page = build.source.page
    end = page.blocks.index(page.headline) + 3 if page.headline is not None else page.first + 3
    return (block for block in page.blocks[max(0, end - 40) : end] if len(block.raw) < 300)


def _steps_in(build: Builder, element: Element) -> list[Breadcrumb]:
    """The links below *element*, and the items without one."""
    if len(text_within(element)) > 500:
        return []
    parts = [item for item in element.iter("li") if next(item.iter("ul", "ol"), None) is None]
    parts = parts or list(element.iter("a"))
    steps = []
    for part in parts[: 2 * _MOST_STEPS]:
        link = part if part.tag == "a" else next(part.iter("a"), None)
        name = clean_line(text_within(part)).strip(" >»›/|→＞·•")
        if name and len(name) <= 120:
            steps.append(_step(build, name, link))
    return _distinct(steps)


def _steps_of_line(build: Builder, block: Block, start: int) -> list[Breadcrumb]:
    """The parts of a line such as 您的位置：首页 > 新闻 > 国内; chrome keeps its links in the tree only."""
    links = {clean_line(text_within(link)): link for link in block.element.iter("a")}
    names = [name.strip() for name in _BETWEEN.split(clean_line(block.text or block.raw)[start:].strip())]
    return _distinct([_step(build, name, links.get(name)) for name in names if name and len(name) <= 60])


def _step(build: Builder, name: str, link: Element | None) -> Breadcrumb:
    href = link.get("href") if link is not None else None
    return Breadcrumb(name=name, url=resolve(build.source.base, href) if href else None)


def _distinct(steps: list[Breadcrumb]) -> list[Breadcrumb]:
    return list(dict.fromkeys(steps))


def tags_behind(build: Builder) -> Iterator[tuple[str, str, Element]]:
    """Yield ``(name, url, link)`` of a tag list that stands a few blocks behind the article's, where layouts often put it."""
    page = build.source.page
    for block in page.blocks[page.last : page.last + 10]:
        for link in block.links:
            url = resolve(build.source.base, link.element.get("href") or "")
            if url is not None and is_tag_name(link.text) and tag_box(link.element) is not None:
                yield link.text, url, link.element

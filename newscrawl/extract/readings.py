"""Readings: what the text of a place says: names, sources, credits, tags, pictures.

A reading repeats text of its place; it never takes it away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml.etree import _Element as Element

from newscrawl.dates import dates_in
from newscrawl.extract import rules
from newscrawl.extract.tree import MediaNode
from newscrawl.items import Candidate, Media
from newscrawl.text import clean_line
from newscrawl.urls import resolve

_SOURCE = re.compile(
    r"(?:来源|來源|转自|轉自|出处|出處|[Ss]ource|SOURCE|Quelle|출처)\s*[:：]\s*"
    r"(?P<source>[A-Z][\w&.'’-]*(?: [A-Z][\w&.'’-]*){1,4}|[^\s，,。；;|｜、)）】\]/]{2,30})"
)
_AUTHOR = re.compile(
    r"(?:作者|撰文|撰稿|文字|文\s?(?=[/／:：丨|])|(?:本报|本報|本刊|本网|本網|本社|特约|特約|见习|實習|实习|驻\w{2,6})?(?:记者|記者))\s*[:：/／|丨]?\s*"
    r"(?P<author>[\u4e00-\u9fff·]{2,12}(?:[、，,\s]\s?[\u4e00-\u9fff·]{2,4})*|[A-Z][\w.'’-]+(?:[ ·][A-Z][\w.'’-]+){0,3})"
)
_WESTERN_BYLINE = re.compile(
    r"^(?:(?:written|reported)\s+)?(?:by|von|par|por|di|av|door)[:\s]\s*(?P<author>[^|•\n]{3,120})", re.I
)
NOT_AUTHORS = re.compile(
    r"编辑|編輯|责编|責編|校对|校對|监制|監製|审核|審核|通讯员|摄影|攝影|来稿|图片|翻译|编译|編譯|編審|编审"
)
_REPORT_TAIL = re.compile(r"(?:综合|綜合|专题|專題)?(?:报道|報導|報道|电|電|讯|訊|摄|攝)+$")
_NO_NAME = re.compile(
    r"\d|https?:|www\.|@|\b(?:staff|admin|editor(?:s|ial)?|desk|newsroom|team|redaktion|redaction|rédaction|redacción|correspondent|agency|agencies"
    r"|news|reuters|afp|associated press|press|guest|contributors?|author|unknown|anonymous)\b|编辑部|本站|本网|本報|本报|佚名|未知|网站|網站|新闻网|新聞網|日报|日報|通讯社|通訊社"
    r"|电视台|電視台|广播|廣播|晚报|晚報|周刊|週刊|时报|時報",
    re.I,
)
_COPYRIGHT_CREDIT = re.compile(r"©\s*(?:Copyright\s*)?(?P<credit>[^©]{2,80})$")
_BRACKET_CREDIT = re.compile(r"[（(\[【](?P<credit>[^（）()\[\]【】]{2,40})[）)\]】]\s*[。.]?\s*$")
_LABEL_CREDIT = re.compile(
    r"(?:图片来源|圖片來源|图源|圖源|摄影|攝影|photo(?:graph)?(?:\s+(?:by|credit))?|credit|image|picture)\s*[:：/／]\s*(?P<credit>[^。;；|]{2,60})$",
    re.I,
)
_NO_CREDIT = re.compile(r"资料|資料|file\s+photo|视频|示意|截图|截圖|来源[:：]|[。！？，]", re.I)
_DATELINE_BLOCK = re.compile(r"\s*[—–―-]{1,2}\s*$")
_DATELINE_LEAD = re.compile(
    r"^(?P<place>[A-Z][A-Z.'’ -]{2,30}(?:, [A-Z][\w. ]{1,20})?)\s*(?:\((?:AP|Reuters|AFP|UPI|dpa|Xinhua|CNN)[^)]{0,20}\))?\s*[—–―-]{1,2}\s"
    r"|^(?P<cjk>[\u4e00-\u9fff]{2,6})\s*[—–―]{1,2}\s"
)
_LAZY_URLS = (
    "data-src",
    "data-original",
    "data-lazy-src",
    "data-url",
    "data-actualsrc",
    "data-hi-res-src",
    "src",
)
_LONGEST_SRCSET = 20_000
_MOST_LINKS = 500
_LAZY_SETS = ("data-srcset", "data-lazy-srcset", "srcset")
_DESCRIPTOR = re.compile(r"[0-9]{1,5}w|[0-9]{1,3}(?:\.[0-9]{1,3})?x")


def source_in(text: str) -> str | None:
    """Return the outlet that a source line credits, or None.

    >>> source_in("（来源：法广RFI 作者： 小山 ，文章内容并不代表本网立场和观点。）")
    '法广RFI'
    """
    match = _SOURCE.search(text)
    return clean_line(match["source"]) if match else None


def authors_in(text: str) -> list[str]:
    """Return the people that a source line or byline names; editors and photographers are none of them.

    >>> authors_in("By Jane Roe and John Doe"), authors_in("作者： 小山 ，文章内容"), authors_in("责任编辑：某某")
    (['Jane Roe', 'John Doe'], ['小山'], [])
    """
    match = _WESTERN_BYLINE.match(text)
    if match:
        return _names(re.split(r",|;|&|\b(?:and|und|et|y|e|en|och)\b", match["author"]))
    names: list[str] = []
    for match in _AUTHOR.finditer(text):
        before = text[max(0, match.start() - 2) : match.start() + 4]
        if NOT_AUTHORS.search(before):
            continue
        names += _names(
            re.split(r"[、，,\s]", _REPORT_TAIL.sub("", match["author"]))
            if not match["author"].isascii()
            else [match["author"]]
        )
    return list(dict.fromkeys(names))


def _names(parts: list[str]) -> list[str]:
    return [name for name in (person_name(part) for part in parts) if name]


def person_name(text: str) -> str | None:
    """Return *text* as a person's name, or None for what is none: better no author than a wrong one."""
    name = clean_line(text).strip(" .,;:|/·，、：（）()[]【】—–-")
    name = re.sub(r"^(?:by|von|par|por|作者|记者|記者|文)\s*[:：/／]?\s+", "", name, flags=re.I)
    if not 2 <= len(name) <= 50 or _NO_NAME.search(name) or len(name.split()) > 5:
        return None
    return name if any(ch.isalpha() for ch in name) else None


def dateline_in(first_paragraph: str) -> tuple[str, str] | None:
    """Return ``(place, as printed)`` of the dateline that opens a story, or None."""
    match = _DATELINE_LEAD.match(first_paragraph[:80])
    if match is None:
        return None
    return (match["cjk"] or match["place"].strip(" ,-")), match.group().strip()


def dateline_of(block_text: str) -> str:
    """Return the place of a block that is nothing but a dateline.

    >>> dateline_of("台北 —")
    '台北'
    """
    return _DATELINE_BLOCK.sub("", block_text).strip(" ,，()（）")


def credit_in(caption: str) -> str | None:
    """Return who made the picture: the name after ©, or in the caption's closing brackets, without its date.

    >>> credit_in("普京告别。（路透社2023年3月21日）"), credit_in("© REUTERS – KREMLIN"), credit_in("（资料照片）")
    ('路透社', 'REUTERS – KREMLIN', None)
    """
    for pattern in (_COPYRIGHT_CREDIT, _LABEL_CREDIT, _BRACKET_CREDIT):
        match = pattern.search(caption)
        if match is None:
            continue
        credit = match["credit"]
        for _, printed in dates_in(credit):
            credit = credit.replace(printed, " ")
        credit = clean_line(credit).strip(" ,，;；/|)）")
        credit = _LABEL_CREDIT.sub(r"\g<credit>", credit)
        if credit and not _NO_CREDIT.search(credit) and any(ch.isalpha() for ch in credit):
            return credit
    return None


def link_title(text: str) -> tuple[str | None, int]:
    """Return a link's text without ornaments at its ends, and how many characters were trimmed."""
    title = text.replace("\n", " ").strip(rules.BULLETS + "\ufe0f")
    # Quotes and brackets belong to the title; only ornaments and blanks go.
    return title or None, len(text.strip()) - len(title)


def ornaments_beside(raw: str, linked: str) -> int:
    """Return how many ornament characters of a block stand outside its links."""
    outside = raw
    for part in linked.split("\x00")[:_MOST_LINKS]:
        outside = outside.replace(part, "", 1)
    return sum(1 for ch in outside if ch in rules.BULLETS and not ch.isspace())


def media_of(node: MediaNode, base: str | None) -> Media | None:
    """Return the picture of an image, picture or figure element; None for what shows none."""
    element = node.element
    candidates = _distinct(_candidates(element, base))
    image = element if element.tag == "img" else next(element.iter("img"), None)
    alt = clean_line(image.get("alt") or "") if image is not None else ""
    if not candidates and element.tag != "figure":
        return None
    best = max(candidates, key=lambda c: c.width or 0, default=None)
    return Media(url=best.url if best else None, alt=alt or None, candidates=candidates)


def _distinct(candidates: Iterator[Candidate]) -> list[Candidate]:
    widths: dict[str, int | None] = {}
    for candidate in candidates:
        if widths.get(candidate.url) is None:
            widths[candidate.url] = candidate.width
    return [Candidate(url=url, width=width) for url, width in widths.items()]


def _candidates(element: Element, base: str | None) -> Iterator[Candidate]:
    for part in element.iter("source", "img", "amp-img"):
        if part.tag == "source" and (part.get("type") or "").startswith(("video/", "audio/")):
            continue
        for name in _LAZY_SETS:
            for url, width in parse_srcset(part.get(name) or ""):
                absolute = _picture_url(base, url)
                if absolute:
                    yield Candidate(url=absolute, width=width)
        if part.tag == "source":
            continue
        for name in _LAZY_URLS:
            absolute = _picture_url(base, part.get(name) or "")
            if absolute:
                stated = part.get("width") or ""
                yield Candidate(
                    url=absolute,
                    width=int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 6 else None,
                )
                break


def _picture_url(base: str | None, href: str) -> str | None:
    if not href or re.search(
        r"(?:^data:|/(?:blank|spacer|pixel|placeholder|transparent|loading|grey|1x1)\.(?:gif|png|svg))",
        href,
        re.I,
    ):
        return None
    return resolve(base, href)


def parse_srcset(text: str) -> list[tuple[str, int | None]]:
    """Return ``(url, width in pixels or None)`` of each candidate of a ``srcset``.

    >>> parse_srcset("a.webp 246w,b,c.webp 980w")
    [('a.webp', 246), ('b,c.webp', 980)]
    """
    found = []
    words = iter(text[:_LONGEST_SRCSET].split())
    pending = next(words, None)
    while pending is not None:
        url, pending = pending, next(words, None)
        width = None
        if not url.endswith(",") and pending is not None:
            # The words of a candidate end at a comma; the next address may follow it without a blank.
            descriptor, comma, rest = pending.partition(",")
            if descriptor == "" or _DESCRIPTOR.fullmatch(descriptor):
                width = int(descriptor[:-1]) if descriptor.endswith("w") else None
                pending = rest if comma and rest else next(words, None)
        if url.strip(","):
            found.append((url.strip(","), width))
    return found

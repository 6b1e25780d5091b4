"""Readings: what the text of a place says: credits, titles of links, pictures.

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

_COPYRIGHT_CREDIT = re.compile(r"(?:©|[（(][cCＣ][)）])\s*(?:Copyright\s*)?(?P<credit>[^©]{2,80})$")
_BRACKET_CREDIT = re.compile(r"[（(\[【](?P<credit>[^（）()\[\]【】]{2,40})[）)\]】]\s*[。.]?\s*$")
_LABEL_CREDIT = re.compile(
    r"(?:图片来源|圖片來源|图源|圖源|摄影|攝影|(?<!\w)(?:photo(?:graph)?(?:\s+credit)?|(?:image|picture)(?:\s+credit)?|credit|illustration"
    r"|fotos?|bild(?:er)?|bildquelle|quelle|(?:crédits?\s+)?photos?|crédits?|fotograf[íi]a|фото)|사진|写真(?:提供)?)\s*[:：/／=]\s*(?P<credit>[^。;；|]{2,60})$"
    r"|(?<!\w)(?:photo(?:graph)?s?|picture|image|foto|illustration)\s+(?:by|von|door|di|de)\s+(?P<by>(?-i:[A-ZÀ-Þ])[^。;；|.!?]{1,60})\.?$",
    re.I,
)
_NO_CREDIT = re.compile(
    r"资料|資料|file\s+photo|^(?:archiv|symbol)-?(?:bild|foto)$|^(?:cc[ -])?by(?:-\w\w)*$|视频|示意|截图|截圖|来源[:：]|[。！？，]",
    re.I,
)
_LAZY_URLS = (
    "data-src",
    "data-original",
    "data-lazy-src",
    "data-lazy",
    "data-lazyload",
    "data-lazy-load-src",
    "data-url",
    "data-actualsrc",
    "data-hi-res-src",
    "data-full-src",
    "data-orig-file",
    "data-img-src",
    "data-img-url",
    "data-image-url",
    "data-echo",
    "data-delayed-url",
    "data-cfsrc",
    "data-ks-lazyload",
    "data-fallback-src",
    "src",
)
_LONGEST_SRCSET = 20_000
_MOST_LINKS = 500
_LAZY_SETS = ("data-srcset", "data-lazy-srcset", "data-flickity-lazyload-srcset", "srcset")
_PIXELS = re.compile(r"\s*([0-9]{1,5})(?:\.[0-9]{1,9})?\s*(?:px)?\s*", re.I)
_STAND_IN_WORDS = (
    "blank",
    "spacer",
    "pixel",
    "placeholder",
    "loading",
    "lazy",
    "grey",
    "gray",
    "1x1",
    "dot",
    "transparent",
    "trans",
)
_STAND_IN = re.compile(rf"^data:|/(?:[\w-]*[_-])?(?:{'|'.join(_STAND_IN_WORDS)})[\w-]{{0,12}}\.(?:gif|png|svg|jpg)")
_DESCRIPTOR = re.compile(r"[0-9]{1,5}w|[0-9]{1,3}(?:\.[0-9]{1,3})?x")


def credit_in(caption: str) -> str | None:
    """Return who made the picture: the name after ©, or in the caption's closing brackets, without its date.

    >>> credit_in("普京告别。（路透社2023年3月21日）"), credit_in("© REUTERS – KREMLIN"), credit_in("（资料照片）")
    ('路透社', 'REUTERS – KREMLIN', None)
    """
    for pattern in (_COPYRIGHT_CREDIT, _LABEL_CREDIT, _BRACKET_CREDIT):
        match = pattern.search(caption)
        if match is None:
            continue
        credit = _credited(match)
        for _, printed in dates_in(credit):
            credit = credit.replace(printed, " ")
        credit = clean_line(credit).strip(" ,，;；/|)）")
        credit = _LABEL_CREDIT.sub(_credited, credit)
        if credit and not _NO_CREDIT.search(credit) and any(ch.isalpha() for ch in credit):
            return credit
    return None


def _credited(match: re.Match[str]) -> str:
    return next(text for text in match.groupdict().values() if text is not None)


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
    image = element if element.tag in ("img", "amp-img") else next(element.iter("img", "amp-img"), None)
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
        stated = dict(part.items())
        for name in _LAZY_SETS:
            for url, width in parse_srcset(stated[name]) if stated.get(name) else ():
                absolute = _picture_url(base, url)
                if absolute:
                    yield Candidate(url=absolute, width=width)
        if part.tag == "source":
            continue
        for name in _LAZY_URLS:
            absolute = _picture_url(base, stated[name]) if name in stated else None
            if absolute:
                yield Candidate(url=absolute, width=pixels(stated.get("width")))
                break


def pixels(stated: str | None) -> int | None:
    """Return a width or height as HTML states it (``640``, ``640px``); None for shares and what is no size.

    >>> pixels("640px"), pixels("100%")
    (640, None)
    """
    match = _PIXELS.fullmatch(stated) if stated is not None else None
    return int(match[1]) if match is not None else None


def _picture_url(base: str | None, href: str) -> str | None:
    return None if not href or _is_stand_in(href[:2000].lower()) else resolve(base, href)


def _is_stand_in(href: str) -> bool:
    # Few addresses hold any of the words, and to look for them is quicker than to search.
    for word in _STAND_IN_WORDS:
        if word in href:
            return _STAND_IN.search(href) is not None
    return href.startswith("data:")


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

"""Marks: the place that rules give an element and all it holds, a profile's first, then the generic ones."""

from __future__ import annotations

import re
from functools import lru_cache

from lxml.etree import _Element as Element

from newscrawl.extract import rules
from newscrawl.extract.tree import HEADINGS, Mark, page_text_length, text_within
from newscrawl.sites import Layout, Selector

_NEVER_ZONES = frozenset(("html", "body", "main", "article"))

_CHROME_TAGS = frozenset(("nav", "select", "button", "textarea", "option", "dialog"))

_ZONE_TAGS = frozenset(("aside", "header", "footer", "form"))

_SPEAKING_TAGS = _CHROME_TAGS | _ZONE_TAGS | {"figcaption"}
"""Tags that say what is in the element; with any other, attributes have to."""

_CAPTION = Mark(place="caption", rule="figcaption")

_ARTICLE_PART = re.compile(r"article|entry|post|story|content|title|headline|detail", re.I)

_CLASS_ALONE = ["class"]
"""The attributes of most elements that have any."""

ALL_RULES = frozenset(rule.name for rule in rules.ELEMENT_RULES)
"""Names of the generic element rules, for a second look without them."""


class Marker:
    """Gives elements their marks: a profile's first, then the generic rules'."""

    def __init__(self, root: Element, layout: Layout | None, *, without: frozenset[str] = frozenset()) -> None:
        self.without = without
        self.total = page_text_length(root) or 1
        lengths = ((p, len(text_within(p) if len(p) else p.text or "")) for p in root.iter("p"))
        self.prose = {p: length for p, length in lengths if length >= 60}
        self.prose_total = sum(self.prose.values())
        self.container: Element | None = None
        self.headline: Element | None = None
        self.spared: frozenset[Element] = frozenset()
        """What the profile says holds headline or story: no generic rule may take it."""
        self.marked: dict[Element, Mark] = {}
        if layout is not None:
            self._apply(root, layout)

    def _apply(self, root: Element, layout: Layout) -> None:
        self.container = _first_of(root, layout.body)
        self.headline = _first_of(root, layout.headline)
        chosen = [element for element in (self.container, self.headline) if element is not None]
        self.spared = frozenset(outer for element in chosen for outer in (element, *element.iterancestors()))
        wanted: list[tuple[str, str | None, tuple[Selector, ...]]] = [
            ("chrome", None, layout.chrome),
            ("related", None, layout.related),
            ("promoted", None, layout.promoted),
            ("removed", "byline", layout.authors),
            ("removed", "dateline", layout.dateline),
            ("caption", None, layout.caption),
            *(("removed", kind, selectors) for kind, selectors in layout.noise.items()),
        ]
        for place, kind, selectors in wanted:
            name = f"profile:{kind or place}"
            if name in self.without:
                continue
            for selector in selectors:
                for element in selector.find(root):
                    self.marked.setdefault(element, Mark(place=place, kind=kind, rule=name))  # type: ignore[arg-type]
        if self.headline is not None:
            self.marked[self.headline] = Mark(place="headline", rule="profile:headline")

    def __call__(self, element: Element) -> Mark | None:
        """Return the mark that holds inside *element*."""
        if self.marked and (own := self.marked.get(element)) is not None:
            return own
        if self.spared and element in self.spared:
            return None
        own = self._generic(element)
        if own is not None and own.place == "chrome" and "related_label" not in self.without and _says_related(element):
            # Old portals call the list of related news by the same name as any other list.
            return Mark(place="related", rule="related_label")
        return own

    def _generic(self, element: Element) -> Mark | None:
        tag = element.tag
        names = element.keys()
        if tag in _SPEAKING_TAGS:
            if tag in _CHROME_TAGS and not self._holds(element, 0.35):
                return Mark(place="chrome", rule=tag)
            if tag == "figcaption":
                return None if "figcaption" in self.without else _CAPTION
        elif not names or tag in _NEVER_ZONES:
            return None
        if "hidden" in names or ("style" in names and "display:none" in (element.get("style") or "").replace(" ", "")):
            return Mark(place="chrome", rule="hidden") if not self._holds(element, 0.35) else None
        if tag == "a":
            return None
        get = element.get
        if names == _CLASS_ALONE:
            rule = _rule_of(get("class"), None, None, None, self.without)
        else:
            rule = _rule_of(get("class"), get("id"), get("role"), get("aria-label"), self.without)
        found = self._by_rule(element, rule) if rule is not None else None
        if found is not None:
            return found
        return self._by_tag(element, tag) if tag in _ZONE_TAGS else None

    def _by_rule(self, element: Element, rule: rules.ElementRule) -> Mark | None:
        if element.tag in HEADINGS and rule.place != "chrome":
            # A heading is the label of what follows it, and a headline may be called anything.
            return None
        if self._holds(element, rule.max_share):
            return None
        if rule.place == "chrome" and self.headline is None and next(element.iter("h1"), None) is not None:
            # Some themes put the headline into an element called header or banner.
            return None if next(element.iter("nav", "form"), None) is None else rule.mark()
        return rule.mark()

    def _by_tag(self, element: Element, tag: str) -> Mark | None:
        inside = any(parent.tag in ("article", "main") for parent in element.iterancestors())
        if tag == "aside":
            if self._holds(element, 0.35):
                return None
            if any(parent.tag == "article" for parent in element.iterancestors()):
                return Mark(place="removed", kind="other", rule="aside")
            return Mark(place="chrome", rule="aside")
        if tag == "form":
            # Some systems wrap the whole page in one form.
            return Mark(place="chrome", rule="form") if not self._holds(element, 0.2) else None
        if inside or _ARTICLE_PART.search(element.get("class") or ""):
            return None
        if tag == "footer":
            return None if self._holds(element, 0.35) else Mark(place="chrome", rule="footer")
        plain = next(element.iter("h1"), None) is not None and next(element.iter("nav", "form"), None) is None
        return None if plain or self._holds(element, 0.35) else Mark(place="chrome", rule="header")

    def _holds(self, element: Element, share: float) -> bool:
        """Return whether *element* holds more than *share* of the page's text, or most of its paragraphs."""
        if not len(element):
            return len(element.text or "") > share * self.total
        if page_text_length(element) > share * self.total:
            return True
        held = sum(self.prose.get(p, 0) for p in element.iter("p")) if self.prose_total > 400 else 0
        return held > max(share, 0.4) * self.prose_total


def _says_related(element: Element) -> bool:
    """Return whether the first words of *element* are a label of related stories."""
    for inner in element.iter():
        text = inner.text
        if text and not text.isspace():
            return rules.STRICT_RELATED_LABEL.match(text.strip()) is not None
    return False


@lru_cache(maxsize=8192)
def _rule_of(
    classes: str | None, identity: str | None, role: str | None, label: str | None, without: frozenset[str]
) -> rules.ElementRule | None:
    """Return the first element rule that fits; the elements of a site's pages are called the same."""
    words = " ".join(filter(None, (classes, identity, role, label)))[:500].lower()
    if not words or rules.ANY_ELEMENT_RULE.search(words) is None:
        return None
    active = (rule for rule in rules.ELEMENT_RULES if rule.name not in without)
    return next((rule for rule in active if rule.pattern.search(words)), None)


def _first_of(root: Element, selectors: tuple[Selector, ...]) -> Element | None:
    for selector in selectors:
        found: list[Element] = selector.find(root)
        if found:
            return found[0]
    return None

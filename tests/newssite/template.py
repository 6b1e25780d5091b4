"""What the four platforms share: links that know their host, and the weight of a page's furniture."""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import ClassVar
from urllib.parse import quote

from newssite.plan import (
    FORBIDDEN,
    PROMOTIONS,
    SITE_NAMES,
    Address,
    Link,
    Listing,
    Story,
    section_path,
    sections,
)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What a template must know of the host it prints for."""

    host: int
    bases: list[str]
    """``http://127.0.0.2:8000`` and so on, without a slash at the end."""
    popular: list[Link]
    latest: list[Link]

    def url(self, address: Address) -> str:
        host, path = address
        return self.bases[host] + path


class Template:
    """One platform on one host; `article`, `listing` and `plain` return whole documents."""

    platform: ClassVar[str]
    encoding: ClassVar[str] = "utf-8"
    rooted: ClassVar[bool] = False
    """Whether links to the same host are written without scheme and host."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.name = SITE_NAMES[self.platform][desk.host // 4 % 3]
        self.rng = random.Random(f"{self.platform} {desk.host}")
        self.top, self.bottom = self.furniture()

    def furniture(self) -> tuple[str, str]:
        """Return what stands in ``<body>`` before and after the main part of every page."""
        raise NotImplementedError

    def article(self, story: Story) -> str:
        raise NotImplementedError

    def listing(self, listing: Listing) -> str:
        raise NotImplementedError

    def plain(self, title: str, paragraphs: list[str]) -> str:
        raise NotImplementedError

    def href(self, address: Address) -> str:
        """Return *address* as it is written into an attribute."""
        host, path = address
        return escape(path if self.rooted and host == self.desk.host else self.desk.url(address))

    def anchor(self, address: Address, label: str, attributes: str = "") -> str:
        text = escape(label, quote=False)
        return f'<a href="{self.href(address)}"{attributes and " " + attributes}>{text}</a>'

    def here(self, path: str, label: str, attributes: str = "") -> str:
        return self.anchor((self.desk.host, path), label, attributes)

    def navigation(self, attributes: str = "") -> list[str]:
        return [
            self.here(section_path(self.platform, slug), name, attributes) for slug, name in sections(self.platform)
        ]

    def hidden_rooms(self, labels: tuple[str, str]) -> str:
        """Links that robots.txt forbids to follow."""
        return " ".join(self.here(path, label) for path, label in zip(FORBIDDEN, labels, strict=True))

    def promotions(self, titles: list[str], attributes: str = 'rel="sponsored nofollow"') -> list[str]:
        return [
            self.here(path, title, attributes) for path, title in zip(PROMOTIONS[: len(titles)], titles, strict=True)
        ]

    def share_url(self, story: Story) -> str:
        return "https://share.example/post?u=" + quote(self.desk.url((story.host, story.path)), safe="")

    def pager(self, listing: Listing, older: str) -> str:
        numbers = [
            1,
            *range(max(2, listing.number - 2), min(listing.last, listing.number + 3) + 1),
            listing.last,
        ]
        links = [
            f'<span aria-current="page" class="page-numbers current">{number}</span>'
            if number == listing.number
            else self.here(listing.path(number), str(number), 'class="page-numbers"')
            for number in dict.fromkeys(numbers)
        ]
        if listing.number < listing.last:
            links.append(self.here(listing.path(listing.number + 1), older, 'rel="next" class="next page-numbers"'))
        return "\n".join(links)


def style(rng: random.Random, classes: str, size: int) -> str:
    """Return a style sheet of about *size* characters over the space-separated *classes*."""
    choices = [
        "margin:{0}px 0 {1}px;padding:{1}px",
        "color:#{2:06x};background:#{3:06x}",
        "font:{0}px/1.{1} serif",
        "display:flex;gap:{0}px;flex-wrap:wrap",
        "border:1px solid #{2:06x};border-radius:{1}px",
        "max-width:{0}0px",
        "transition:opacity .{0}s ease-in;opacity:.{1}",
        "grid-template-columns:repeat({0},minmax(0,1fr))",
    ]
    names = classes.split()
    states = ["", ":hover", "::before", " a", " > *", " li + li", ".is-open", ":not(:first-child)", " img"]
    rules: list[str] = []
    length = 0
    while length < size:
        colours = rng.randrange(1 << 24), rng.randrange(1 << 24)
        body = rng.choice(choices).format(rng.randrange(2, 48), rng.randrange(1, 10), *colours)
        rule = f".{rng.choice(names)}{rng.choice(states)}{{{body}}}"
        if rng.randrange(6) == 0:
            rule = f"@media (min-width:{rng.randrange(30, 90)}em){{{rule}}}"
        rules.append(rule)
        length += len(rule) + 1
    return "\n".join(rules)


def script(rng: random.Random, name: str, size: int) -> str:
    """Return a script of about *size* characters: slots to fill, and text that only looks like a story."""
    slots: list[Mapping[str, object]] = []
    length = 400
    while length < size:
        slot = {
            "slot": f"{name}-{rng.choice(['rail', 'top', 'inline', 'foot'])}-{len(slots)}",
            "sizes": [[rng.choice([300, 320, 728, 970]), rng.choice([50, 90, 250, 600])] for _ in range(2)],
            "targeting": {
                "depth": rng.randrange(9),
                "seen": rng.random() < 0.5,
                "key": f"{rng.getrandbits(48):x}",
            },
        }
        slots.append(slot)
        length += len(json.dumps(slot)) + 2
    return (
        f"(function(w,d){{var {name}={json.dumps(slots)};"
        f"w.{name}Fill=function(n){{{name}.filter(function(s){{return s.targeting.depth<=n}})"
        ".forEach(function(s){var e=d.getElementById(s.slot);"
        "if(e){e.innerHTML='<p class=\"loading\">'+s.sizes[0].join('x')+'<\\/p>';}"
        "})};d.addEventListener('scroll',function(){w.requestAnimationFrame(function(){"
        f"w.{name}Fill(Math.round(w.scrollY/900))}})}},{{passive:true}});}})(window,document);"
    )


def json_script(value: object, attributes: str = "") -> str:
    """Return *value* as a JSON-LD element."""
    text = json.dumps(value, ensure_ascii=False).replace("</", "<\\/")
    return f'<script type="application/ld+json"{attributes and " " + attributes}>{text}</script>'


def items(parts: list[str], attributes: str = "") -> str:
    return "\n".join(f"<li{attributes and ' ' + attributes}>{part}</li>" for part in parts)

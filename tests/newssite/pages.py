"""The pages of a site: from a URL to a status, headers and bytes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta
from email.utils import format_datetime
from zlib import crc32

from newssite.newspaper import Newspaper
from newssite.plan import (
    LANGUAGE,
    Address,
    Link,
    Listing,
    Moved,
    Plain,
    Refresh,
    Route,
    Site,
    Story,
    link_to,
)
from newssite.portal import Portal
from newssite.taiwan import Taiwan
from newssite.template import Desk, Template
from newssite.wordpress import WordPress

TEMPLATES: dict[str, type[Template]] = {
    template.platform: template for template in (WordPress, Newspaper, Portal, Taiwan)
}
ROBOTS = b"User-agent: *\nDisallow: /internal/\nDisallow: /archive-calendar/\n"
PIXEL = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00,"
    b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
WORDS = {
    "zh-Hans": {
        "gone": (
            "页面找不到了",
            ["您要看的内容可能已经删除，或者换了地址。", "请回到首页，看看最新的文章。"],
        ),
        "static": (
            "关于我们",
            ["这是一份写给邻里的小报，由几位志愿者在茶余饭后编成。", "来信请寄南渡街旧邮局二楼。"],
        ),
        "promo": (
            "推广内容",
            ["以下内容由广告主提供，与编辑部无关。", "即日起到店报出暗号，可获赠小礼一份。"],
        ),
        "internal": ("编务", ["值班表与稿件流转单，仅供内部使用。"]),
    },
    "zh-Hant": {
        "gone": ("找不到這個頁面", ["您要找的新聞可能已經下架，或網址有誤。", "請回首頁看最新消息。"]),
        "static": ("關於我們", ["這是一份寫給地方的日報，編輯部在漁港二街。", "讀者來信請註明姓名與電話。"]),
        "promo": ("廣編特輯", ["本文由廠商提供，不代表本報立場。", "活動期間到店消費，贈送環保杯一只。"]),
        "internal": ("同仁專區", ["班表與稿單，僅供內部使用。"]),
    },
    "en": {
        "gone": (
            "We cannot find that page",
            ["It may have moved or been taken down.", "Try the front page instead."],
        ),
        "static": (
            "About this paper",
            ["We have printed since 1884, floods allowing.", "Letters go to Ropewalk Lane."],
        ),
        "promo": (
            "Sponsored",
            ["This page was paid for. Our reporters had no hand in it.", "Quote WHELK for a tenth off."],
        ),
        "internal": ("Staff room", ["Rotas and copy flow, for staff only."]),
    },
}


@dataclass(frozen=True, kw_only=True)
class Served:
    """A response before any coding; the server adds framing and, where asked for, gzip."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    gzip: bool = False
    chunked: bool = False
    flaky: bool = False
    """True where the first request for the path is answered with 503."""


class Pages(Mapping[Address, Served]):
    """The pages of *site* at *bases* (``http://127.0.0.2:8000`` and so on), made when asked for.

    `answer` has a page for every path; iteration and ``[]`` know the planned ones.
    """

    def __init__(self, site: Site, bases: list[str]) -> None:
        self.site = site
        self.bases = bases
        self.by_id = {(story.host, story.id): story for story in site.stories}
        self.templates: dict[tuple[int, str], Template] = {}
        for host in range(site.hosts):
            desk = Desk(host=host, bases=bases, **self.widgets(host))
            for platform in TEMPLATES:
                self.templates[host, platform] = TEMPLATES[platform](desk)

    def __iter__(self) -> Iterator[Address]:
        return iter(self.site.routes)

    def __len__(self) -> int:
        return len(self.site.routes)

    def __getitem__(self, address: Address) -> Served:
        return self.respond(address, self.site.routes[address])

    def answer(self, host: int, path: str) -> Served:
        """Return the response to *path*: planned, an alias with other tracking parameters, or 404."""
        route = self.site.routes.get((host, path)) or self.site.routes.get((host, without_tracking(path)))
        if route is not None:
            return self.respond((host, path), route)
        if path == "/robots.txt":
            return Served(status=200, headers=[("Content-Type", "text/plain")], body=ROBOTS)
        if path.endswith((".jpg", ".gif", ".png", ".webp")):
            return Served(status=200, headers=[("Content-Type", "image/gif")], body=PIXEL)
        if path.startswith("/archive-calendar/"):
            return self.respond((host, path), Plain(what="calendar"))
        if path.startswith("/?p=") and (story := self.by_id.get((host, path[4:]))):
            return self.respond((host, path), Moved(status=301, target=(host, story.path)))
        return self.html((host, path), self.main(host), self.plain(host, "gone"), status=404)

    def respond(self, address: Address, route: Route) -> Served:
        host, path = address
        if isinstance(route, Story):
            return self.story(address, route)
        if isinstance(route, Listing):
            template = self.templates[host, route.platform]
            return self.html(address, template, template.listing(route))
        if isinstance(route, Moved):
            # Half of the redirects are written without scheme and host.
            target = route.target[1] if crc32(path.encode()) & 1 else self.bases[route.target[0]] + route.target[1]
            return Served(status=route.status, headers=[("Location", target)], body=b"")
        if isinstance(route, Refresh):
            text = (
                '<html><head><meta charset="utf-8">'
                f'<meta http-equiv="refresh" content="0; url={route.target[1]}">'
                f"<title>{route.title}</title></head><body><p>…</p></body></html>"
            )
            return Served(status=200, headers=[("Content-Type", "text/html")], body=text.encode())
        text = self.calendar(host, path) if route.what == "calendar" else self.plain(host, route.what)
        return self.html(address, self.main(host), text)

    def story(self, address: Address, story: Story) -> Served:
        template = self.templates[story.host, story.platform]
        served = self.html(address, template, template.article(story), flaky=story.flaky)
        # What the server believes to be the time of change is that of its last upgrade.
        changed = (story.published + timedelta(days=40)).replace(tzinfo=UTC)
        served.headers.append(("Last-Modified", format_datetime(changed, usegmt=True)))
        served.headers.append(("ETag", f'"{crc32(served.body):08x}"'))
        return served

    def html(
        self, address: Address, template: Template, text: str, *, status: int = 200, flaky: bool = False
    ) -> Served:
        """Return *text* in the platform's encoding, with the switches the path's checksum throws."""
        switch = crc32(f"{self.site.seed} {address[0]} {address[1]}".encode())
        charset = f"; charset={template.encoding}"
        if template.encoding != "utf-8" and switch & 1:
            charset = ""
        return Served(
            status=status,
            headers=[("Server", "newssite"), ("Content-Type", f"text/html{charset}")],
            body=text.encode(template.encoding, "xmlcharrefreplace"),
            gzip=(switch >> 1) % 4 == 0,
            chunked=(switch >> 3) % 8 == 0,
            flaky=flaky,
        )

    def plain(self, host: int, what: str) -> str:
        title, paragraphs = WORDS[LANGUAGE[self.site.platforms(host)[0]]][what]
        return self.main(host).plain(title, paragraphs)

    def calendar(self, host: int, path: str) -> str:
        """Return a month of a calendar that never ends, for crawlers that do not ask robots.txt."""
        month = re.search(r"(\d{4})/(\d\d)", path)
        months = int(month[1]) * 12 + int(month[2]) if month else 24288
        following = f"/archive-calendar/{months // 12}/{months % 12 + 1:02}/"
        return self.main(host).plain(path.strip("/"), [f'<a href="{following}">→</a>'])

    def main(self, host: int) -> Template:
        return self.templates[host, self.site.platforms(host)[0]]

    def widgets(self, host: int) -> dict[str, list[Link]]:
        listed = [story for story in self.site.stories if story.host == host and story.listed]
        newest = sorted(listed, key=lambda story: story.published, reverse=True)
        popular = sorted(listed, key=lambda story: crc32(story.id.encode()))
        return {
            "latest": [link_to(story) for story in newest[:8]],
            "popular": [link_to(story) for story in popular[:10]],
        }


def without_tracking(path: str) -> str:
    """Return *path* without the parameters that only count visits.

    >>> without_tracking("/a?utm_source=x&page=2")
    '/a?page=2'
    """
    bare, _, query = path.partition("?")
    kept = [part for part in query.split("&") if part and not part.startswith(("utm_", "fbclid="))]
    return bare + ("?" + "&".join(kept) if kept else "")

"""What the site consists of: stories, the URLs that lead to them, and the truth about each URL."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote

from newssite.words import GRAMMARS, Text, text

PLATFORMS = ["wordpress", "newspaper", "portal", "taiwan"]
LANGUAGE = {"wordpress": "zh-Hans", "newspaper": "en", "portal": "zh-Hans", "taiwan": "zh-Hant"}
OFFSET = {"wordpress": "+08:00", "newspaper": "-05:00", "portal": "+08:00", "taiwan": "+08:00"}
SECTIONS = {
    "wordpress": (
        "yaowen:要闻 jiefang:街坊 shuilu:水路 tianye:田野 shangpu:商铺 xuetang:学堂 yiliao:医疗 gushi:旧事 "
        "wenyi:文艺 tianqi:天气 jiaotong:交通 zhangben:账本 tupian:图片 pinglun:评论 shipin:食品 "
        "huanjing:环境"
    ),
    "newspaper": (
        "local:Local harbour:Harbour council:Council farming:Farming schools:Schools health:Health "
        "transport:Transport weather:Weather arts:Arts letters:Letters business:Business nature:Nature "
        "history:History food:Food sport:Sport weekend:Weekend notices:Notices"
    ),
    "portal": (
        "gn:本地 sh:社会 cj:财经 jy:教育 ty:体育 wh:文化 ny:农业 jk:健康 lv:旅游 kj:科普 fz:法治 "
        "qc:汽车 fc:房产 ms:美食 tp:图库 bbs:论坛 zt:专题 gd:滚动 sp:视频 nz:女性 yx:游戏 jz:家装"
    ),
    "taiwan": (
        "6801:要聞 6802:生活 6803:地方 6804:產經 6805:教育 6806:文化 6807:農漁 6808:健康 6809:旅遊 "
        "6810:交通 6811:氣象 6812:評論 6813:影音 6814:體育 6815:消費 6816:環境"
    ),
}
SITE_NAMES = {
    "wordpress": ["苇泊民声", "雁坪广播", "青礁电讯"],
    "newspaper": ["The Wexmere Courier", "Saltreach Evening Post", "The Marrowick Ledger"],
    "portal": ["临溪在线", "禾埠新闻网", "澄浦热线"],
    "taiwan": ["澄灣新聞", "霧浦日報", "鹿寮即時"],
}
STATIC = ["/about/", "/contact/", "/privacy/", "/newsletters/"]
FORBIDDEN = {"/internal/newsroom.html": "internal", "/archive-calendar/2024/05/": "calendar"}
PROMOTIONS = [f"/promo/{number}.html" for number in range(1, 7)]
TRACKING = [
    "utm_source=homepage&utm_medium=teaser",
    "utm_source=newsletter&utm_medium=email&utm_campaign=morning",
    "utm_source=rss",
]
NEWEST = datetime(2024, 5, 3, 8, 15)
STORIES_A_PAGE = 20

Address = tuple[int, str]
"""A host's number, and a path with its query."""


@dataclass(frozen=True, kw_only=True)
class Link:
    host: int
    path: str
    title: str

    @property
    def address(self) -> Address:
        return self.host, self.path


@dataclass(kw_only=True)
class Story:
    """One article page. The templates print exactly this; the truth is read off it."""

    id: str
    host: int
    platform: str
    path: str
    section: str
    text: Text
    published: datetime
    authors: list[str]
    source: str | None
    tags: list[str]
    look: int
    """Random bits from which templates take their small choices."""
    entry: Address
    """Where every other page links to: the path, or the alias that is the only way in."""
    canonical_id: str
    listed: bool = True
    """False for a story that only lists of related stories lead to."""
    flaky: bool = False
    related: list[Link] = field(default_factory=list)
    inline: Link | None = None

    @property
    def duplicate(self) -> bool:
        return self.canonical_id != self.id

    @property
    def precision(self) -> str:
        """How much of the date the page states: ``day``, ``minute`` or ``offset``."""
        if self.platform == "portal":
            return ["minute", "minute", "day"][self.look % 3]
        if self.platform == "taiwan":
            return ["offset", "minute", "day"][self.look % 3]
        return "day" if self.platform == "wordpress" and self.look % 5 == 0 else "offset"

    @property
    def date_published(self) -> str:
        if self.precision == "day":
            return self.published.strftime("%Y-%m-%d")
        if self.precision == "minute":
            return self.published.strftime("%Y-%m-%dT%H:%M")
        return self.published.strftime("%Y-%m-%dT%H:%M:%S") + OFFSET[self.platform]

    @property
    def excerpt(self) -> str:
        first = self.text.paragraphs[0]
        return first if len(first) <= 90 else first[:88] + "…"


@dataclass(frozen=True, kw_only=True)
class Listing:
    """One page of a list of stories."""

    platform: str
    title: str
    base: str
    number: int
    last: int
    stories: list[Story]

    def path(self, number: int) -> str:
        return self.base if number == 1 else f"{self.base}page/{number}/"


@dataclass(frozen=True, kw_only=True)
class Moved:
    status: int
    target: Address


@dataclass(frozen=True, kw_only=True)
class Refresh:
    target: Address
    title: str


@dataclass(frozen=True, kw_only=True)
class Plain:
    """A page without a story: static, promo, internal, calendar, or gone (missing, yet with status 200)."""

    what: str


Route = Story | Listing | Moved | Refresh | Plain


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What is true of one URL of the site."""

    host: int
    path: str
    kind: str
    """article, duplicate, alias_tracking, redirect, meta_refresh, not_found, soft_404, listing or static."""
    status: int = 200
    canonical_id: str | None = None
    """Id of the article the URL is or leads to; for a duplicate that of the original."""
    headline: str | None = None
    paragraphs: list[str] = field(default_factory=list)
    date_published: str | None = None
    """As precise as the page: ``2024-05-03``, ``2024-05-03T08:15`` or ``2024-05-03T08:15:00+08:00``."""
    authors: list[str] = field(default_factory=list)
    source_organization: str | None = None
    tags: list[str] = field(default_factory=list)
    related: list[Address] = field(default_factory=list)
    """As linked: aliases and dead links included."""
    inline_links: list[Address] = field(default_factory=list)
    """The "Read more" paragraph, in neither `paragraphs` nor `related`."""
    language: str | None = None
    platform: str | None = None
    entry: Address | None = None
    """What other pages link to: the page itself or an alias of it."""
    listed: bool = True
    """False where only related links lead to the article."""
    flaky: bool = False
    """True where the first request is answered with 503."""
    robots_allowed: bool = True


@dataclass(frozen=True, kw_only=True)
class Site:
    seed: int
    hosts: int
    stories: list[Story]
    routes: dict[Address, Route]
    truth: list[Truth]

    def platforms(self, host: int) -> list[str]:
        return platforms(host, self.hosts)


def platforms(host: int, hosts: int) -> list[str]:
    """Return the platforms of *host*, its main one first; few hosts share all four.

    >>> platforms(0, 3)
    ['wordpress', 'taiwan']
    """
    return PLATFORMS[host::hosts] or [PLATFORMS[host % len(PLATFORMS)]]


def section_path(platform: str, slug: str) -> str:
    folder = {"wordpress": "category", "newspaper": "section", "portal": "roll", "taiwan": "cate"}[platform]
    return f"/{folder}/{slug}/"


def sections(platform: str) -> list[tuple[str, str]]:
    """Return (slug, name) of each section."""
    return [(slug, name) for slug, _, name in (pair.partition(":") for pair in SECTIONS[platform].split())]


def tag_path(platform: str, tag: str) -> str:
    if platform == "newspaper":
        return f"/topics/{tag.lower().replace(' ', '-')}/"
    if platform == "wordpress":
        # WordPress writes its escapes in lower case; quote() in upper case.
        return f"/tag/{quote(tag).lower()}/"
    return f"/search/tag/{quote(tag)}/"


def story_path(platform: str, number: str, published: datetime, headline: str, section: str) -> str:
    day = published.strftime("%Y-%m-%d")
    if platform == "wordpress":
        return f"/{day.replace('-', '/')}/{section}-{number}/"
    if platform == "newspaper":
        slug = "-".join(re.findall(r"[a-z]+", headline.lower())[:8])
        return f"/news/{day[:7].replace('-', '/')}/{slug}-{number}"
    if platform == "portal":
        return f"/w/{day}/{published:%H%M}{number}.shtml"
    return f"/story/{section}/{number}"


def build_site(articles: int, seed: int = 1, hosts: int = 3) -> Site:
    """Return a site of *articles* original articles, the same one for the same arguments."""
    if articles < 12 or not 1 <= hosts <= 200:
        raise ValueError("a site needs 12 articles or more, and 1 to 200 hosts")
    rng = random.Random(f"newssite {seed} {articles} {hosts}")
    stories = originals(rng, articles, hosts)
    alias_routes = assign_entries(rng, stories)
    stories += reposts(rng, stories, hosts)
    dead = relate(rng, stories)
    routes: dict[Address, Route] = {(story.host, story.path): story for story in stories}
    routes |= alias_routes
    routes |= {address: Plain(what="gone") for address, status in dead if status == 200}
    for host in range(hosts):
        routes |= {(host, path): Plain(what="static") for path in STATIC}
        routes |= {(host, path): Plain(what="promo") for path in PROMOTIONS}
        routes |= {(host, path): Plain(what=what) for path, what in FORBIDDEN.items()}
        for listing in listings(host, platforms(host, hosts), stories):
            routes[host, listing.path(listing.number)] = listing
    truth = [truth_of(address, route, routes) for address, route in routes.items()]
    truth += [
        Truth(host=host, path=path, kind="not_found", status=404) for (host, path), status in dead if status == 404
    ]
    return Site(seed=seed, hosts=hosts, stories=stories, routes=routes, truth=truth)


def originals(rng: random.Random, articles: int, hosts: int) -> list[Story]:
    stories = []
    headlines: set[str] = set()
    for index in range(articles):
        number = str(240000 + 3 * index + rng.randrange(3))
        host = index % hosts
        platform = rng.choice(platforms(host, hosts))
        words = text(rng, LANGUAGE[platform])
        while words.headline in headlines:
            words = text(rng, LANGUAGE[platform])
        headlines.add(words.headline)
        published = NEWEST - timedelta(minutes=53 * (articles - 1 - index) + rng.randrange(50))
        stories.append(story(rng, platform=platform, host=host, number=number, words=words, published=published))
    return stories


def story(rng: random.Random, *, platform: str, host: int, number: str, words: Text, published: datetime) -> Story:
    # Few sections hold most of the stories, as in a real newsroom.
    section = sections(platform)[min(rng.randrange(16), rng.randrange(16))][0]
    people = GRAMMARS[words.language]["name"]
    count = {"newspaper": rng.randint(1, 2), "portal": rng.randrange(2)}.get(platform, 1)
    credited = platform == "portal" or (platform == "wordpress" and rng.randrange(4) == 0)
    path = story_path(platform, number, published, words.headline, section)
    return Story(
        id=number,
        host=host,
        platform=platform,
        path=path,
        section=section,
        text=words,
        published=published,
        authors=rng.sample(people, count),
        source=rng.choice(GRAMMARS["zh-Hans"]["source"]) if credited else None,
        tags=([] if platform == "portal" else rng.sample(GRAMMARS[LANGUAGE[platform]]["tag"], rng.randint(2, 5))),
        look=rng.getrandbits(16),
        entry=(host, path),
        canonical_id=number,
    )


def assign_entries(rng: random.Random, stories: list[Story]) -> dict[Address, Route]:
    """Give some stories an alias as their only way in, hide others from the lists, make one flaky."""
    routes: dict[Address, Route] = {}
    order = rng.sample(stories, len(stories))

    def take(share: float) -> Iterator[Story]:
        for _ in range(max(1, int(len(stories) * share))):
            yield order.pop()

    for chosen in take(0.04):
        chosen.entry = chosen.host, f"{chosen.path}?{rng.choice(TRACKING)}"
        routes[chosen.entry] = chosen
    for chosen in take(0.03):
        chosen.entry = chosen.host, f"/?p={chosen.id}"
        routes[chosen.entry] = Moved(status=301, target=(chosen.host, chosen.path))
    for chosen in take(0.015):
        chosen.entry, middle = (chosen.host, f"/go/{chosen.id}"), (chosen.host, f"/?p={chosen.id}")
        routes[chosen.entry] = Moved(status=302, target=middle)
        routes[middle] = Moved(status=301, target=(chosen.host, chosen.path))
    for chosen in take(0.015):
        chosen.entry = chosen.host, f"/jump/{chosen.id}.html"
        routes[chosen.entry] = Refresh(target=(chosen.host, chosen.path), title=chosen.text.headline)
    for chosen in take(0.06):
        chosen.listed = False
    order.pop().flaky = True
    return routes


def reposts(rng: random.Random, stories: list[Story], hosts: int) -> list[Story]:
    """Return copies of a few stories on hosts that print their language, or run WordPress."""
    copies: list[Story] = []
    wanted = max(1, len(stories) // 25)
    for original in rng.sample(stories, len(stories)):
        places = [
            (host, platform)
            for host in range(hosts)
            if host != original.host
            for platform in platforms(host, hosts)
            if platform == "wordpress" or LANGUAGE[platform] == original.text.language
        ]
        if not places or original.flaky or not original.listed:
            continue
        host, platform = rng.choice(places)
        copy = story(
            rng,
            platform=platform,
            host=host,
            number=str(900000 + len(copies)),
            words=original.text,
            published=original.published + timedelta(minutes=rng.randrange(30, 600)),
        )
        copy.canonical_id = original.id
        copies.append(copy)
        if len(copies) == wanted:
            break
    return copies


def relate(rng: random.Random, stories: list[Story]) -> list[tuple[Address, int]]:
    """Fill the lists of related stories; return the dead links among them with their status."""
    linkable = [story for story in stories if not story.duplicate]
    hidden = [story for story in linkable if not story.listed]
    homes = [
        story for story in linkable if story.listed and not story.flaky and story.entry == (story.host, story.path)
    ]
    by_host: dict[int, list[Story]] = {}
    for story in linkable:
        by_host.setdefault(story.host, []).append(story)
    for story in stories:
        own = by_host[story.host]
        picks = rng.sample(own, min(len(own), rng.randint(3, 5)))
        if rng.randrange(4) == 0:
            picks.append(rng.choice(linkable))
        story.related = [link_to(pick) for pick in unique(picks, story)]
        if story.platform == "newspaper" and rng.randrange(2):
            story.inline = link_to(rng.choice([pick for pick in own if pick is not story]))
    for number, story in enumerate(hidden):
        # The story that leads to it is itself linked from a list, under its own path.
        home = homes[number % len(homes)]
        if story.entry not in [link.address for link in home.related]:
            home.related.insert(1, link_to(story))
    dead: list[tuple[Address, int]] = []
    for number, story in enumerate(rng.sample(stories, max(2, len(stories) // 20))):
        gone = rng.choice(linkable)
        if number % 3 == 1:
            path, status = f"/removed/{700000 + number}.html", 200
        else:
            day = gone.published
            path, status = story_path(story.platform, str(800000 + number), day, "gone", story.section), 404
        story.related.append(Link(host=story.host, path=path, title=gone.text.headline))
        dead.append(((story.host, path), status))
    return dead


def unique(picks: list[Story], story: Story) -> list[Story]:
    return list({pick.id: pick for pick in picks if pick is not story}.values())


def link_to(story: Story) -> Link:
    return Link(host=story.entry[0], path=story.entry[1], title=story.text.headline)


def listings(host: int, used: list[str], stories: list[Story]) -> Iterator[Listing]:
    newest = [story for story in reversed(stories) if story.host == host and story.listed]
    newest.sort(key=lambda story: story.published, reverse=True)
    yield from paginated(used[0], SITE_NAMES[used[0]][host // 4 % 3], "/", newest)
    for platform in used:
        own = [story for story in newest if story.platform == platform]
        for slug, name in sections(platform):
            chosen = [story for story in own if story.section == slug]
            yield from paginated(platform, name, section_path(platform, slug), chosen)
        # A story that is on no list names tags all the same, and their pages exist.
        tagging = [story for story in stories if (story.host, story.platform) == (host, platform)]
        for tag in dict.fromkeys(tag for story in tagging for tag in story.tags):
            chosen = [story for story in own if tag in story.tags]
            yield from paginated(platform, tag, tag_path(platform, tag), chosen[: STORIES_A_PAGE * 2])


def paginated(platform: str, title: str, base: str, stories: list[Story]) -> Iterator[Listing]:
    last = max(1, -(-len(stories) // STORIES_A_PAGE))
    for number in range(1, last + 1):
        chunk = stories[(number - 1) * STORIES_A_PAGE : number * STORIES_A_PAGE]
        yield Listing(platform=platform, title=title, base=base, number=number, last=last, stories=chunk)


def truth_of(address: Address, route: Route, routes: dict[Address, Route]) -> Truth:
    host, path = address
    if isinstance(route, Story):
        own = "duplicate" if route.duplicate else "article"
        return Truth(
            host=host,
            path=path,
            kind=own if path == route.path else "alias_tracking",
            canonical_id=route.canonical_id,
            headline=route.text.headline,
            paragraphs=route.text.paragraphs,
            date_published=route.date_published,
            authors=route.authors,
            source_organization=route.source,
            tags=route.tags,
            related=[link.address for link in route.related],
            inline_links=[route.inline.address] if route.inline else [],
            language=route.text.language,
            platform=route.platform,
            entry=route.entry,
            listed=route.listed,
            flaky=route.flaky,
        )
    if isinstance(route, Moved | Refresh):
        end = route.target
        while not isinstance(leads_to := routes[end], Story):
            assert isinstance(leads_to, Moved)
            end = leads_to.target
        status, kind = (route.status, "redirect") if isinstance(route, Moved) else (200, "meta_refresh")
        return Truth(host=host, path=path, kind=kind, status=status, canonical_id=leads_to.canonical_id)
    if isinstance(route, Listing):
        return Truth(host=host, path=path, kind="listing", platform=route.platform)
    kind = "soft_404" if route.what == "gone" else "static"
    return Truth(host=host, path=path, kind=kind, robots_allowed=path not in FORBIDDEN)

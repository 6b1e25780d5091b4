"""URLs without end, and the sites that only look endless."""

from __future__ import annotations

import itertools
import random
from collections import deque
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.discover import TrapWatch, pattern, trap, without_session
from newscrawl.urls import looks_like_article, resolve, url_key

YEAR = 2026
SITE = "https://news.example"

# Of ten ways to build a news site: what must be asked for, however much there is of it.
GOOD = [
    "/2023/03/21/four-words-of-headline/",
    "/2023/03/21/four-words-of-headline/?page=2",
    "/category/politics/page/900/",
    "/bnews/cbnews/20230321/1862500.html",
    "/article/2023-03-21/doc-imypqxyz1234567.shtml",
    "/n1/2023/0321/c1001-32648411.html",
    "/node/123456",
    "/index.php/news/item/12345-four-words-of-headline",
    "/index.php?option=com_content&view=article&id=123:slug&catid=9&Itemid=101",
    "/read.php?tid=123456&fpage=0&toread=&page=3",
    "/thread-123456-1-1.html",
    "/forum.php?mod=viewthread&tid=123&extra=page%3D1",
    "/story.asp?sid=20230321001",
    "/news/articleView.html?idxno=123456",
    "/articles/c4nx1y2z3w4o",
    "/world/europe/article/2023/03/21/slug-of-many-words_6166000_3210.html",
    "/archive/1985/03/21/a-story-of-long-ago",
    "/1985/03/",
    "/1851/09/18/archives/a-story-of-long-ago.html",
    "/2011/11/11/11/",
    "/en/news/en/story-about-something-new",
    "/%E6%96%B0%E9%97%BB/%E5%8F%B0%E5%8C%97%E5%B8%82%E9%95%BF%E5%AE%A3%E5%B8%83%E6%96%B0%E6%94%BF%E7%AD%96",
    "/tag/a/page/3/",
    "/search?q=word&page=2&sort=date",
    "/events/2027/01/",
    "/?p=123",
]


@pytest.mark.parametrize("path", GOOD)
def test_no_address_of_a_news_site_has_the_shape_of_a_trap(path: str) -> None:
    assert trap(SITE + path, this_year=YEAR) is None
    assert without_session(SITE + path) == SITE + path


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/a/a/a/", "path_repeat"),
        ("/news/img/news/img/news/img/", "path_repeat"),
        ("/a/x/a/y/a/z", "path_repeat"),
        ("/1/2/1/2/1/2/1/2/", "path_repeat"),
        ("/" + "/".join(f"s{n}" for n in range(21)), "too_deep"),
        ("/x?" + "a" * 2100, "too_long"),
        ("/x?" + "&".join(f"p{n}=1" for n in range(25)), "too_long"),
        ("/calendar/2031/05/", "calendar"),
        ("/calendar/1700/05/01", "calendar"),
        ("/events?year=9999&month=3", "calendar"),
        ("/events?date=20991231", "calendar"),
        ("/calendar?day=2099-12-31", "calendar"),
    ],
)
def test_the_shape_of_a_trap_is_told(path: str, reason: str) -> None:
    assert trap(SITE + path, this_year=YEAR) == reason
    assert TrapWatch(this_year=YEAR).refuses(SITE + path) == reason


def test_a_headline_in_chinese_is_not_too_long_for_its_escapes() -> None:
    assert trap(f"{SITE}/{'%E6%96%B0' * 300}", this_year=YEAR) is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/a;jsessionid=1F.node1?x=1", "/a?x=1"),
        ("/a;JSESSIONID=1F;v=2/b", "/a;v=2/b"),
        ("/(S(lit3py55t21z5v55vlm25s55))/page.aspx", "/page.aspx"),
        ("/a?PHPSESSID=abc#!/x", "/a#!/x"),
        ("/a?b=2&sid=0123456789abcdef0123456789abcdef&a=1", "/a?b=2&a=1"),
        ("/a?sid=12345", "/a?sid=12345"),
        ("/a?s=word", "/a?s=word"),
        ("/session/abc", "/session/abc"),
    ],
)
def test_a_session_is_taken_out_and_nothing_else(url: str, expected: str) -> None:
    assert without_session(SITE + url) == SITE + expected


@given(st.text(max_size=100), st.integers(1990, 2100))
def test_any_text_is_judged_without_an_exception(text: str, year: int) -> None:
    watch = TrapWatch(this_year=year, most=2, room=4)
    for url in (text, SITE + "/" + text, f"http://{text}/"):
        assert without_session(without_session(url)) == without_session(url)
        watch.refuses(url)
        watch.refuses_sitemap(url, 1)
        for _ in range(3):
            watch.learn(url, "same", 0)
            watch.learn_sitemap(url, 0)
        pattern(url)
        watch.refuses(url)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/list/2023-03-21?b=2&a=1", "/list/2024-11-01?a=3&b=4"),
        ("/calendar/2023/mar/1", "/calendar/2024/april/22"),
        ("/t/9f86d081884c7d659a2feaa0c55ad015", "/t/60303ae22b998861bce3b28f33eec1be"),
        ("/x/abc123def456ghi7", "/x/zzz999yyy888xxx7"),
    ],
)
def test_urls_that_differ_in_numbers_have_one_pattern(one: str, other: str) -> None:
    assert pattern(SITE + one) == pattern(SITE + other)


def test_names_of_sections_and_of_stories_stay_apart() -> None:
    paths = [
        "/politics",
        "/economy",
        "/a-long-story-about-trade",
        "/list?a=1",
        "/list?b=1",
        "/list",
        "/tag/经济",
        "/tag/体育",
        "/tag/财经",
    ]
    assert len({pattern(SITE + path) for path in paths}) == len(paths)


# Whole crawls -------------------------------------------------------------------------------------------


def crawl(
    start: str,
    links: Callable[[str], Iterable[str]],
    text: Callable[[str], str | None],
    *,
    limit: int = 3000,
    at_once: int = 1,
) -> list[str]:
    """Follow every link as a crawler does that takes a text it has not met for a new article."""
    watch = TrapWatch(this_year=YEAR)
    queue, known, texts, asked = deque([start]), {url_key(start)}, set[str](), list[str]()
    while queue and len(asked) < limit:
        batch = [queue.popleft() for _ in range(min(at_once, len(queue)))]
        batch = [url for url in batch if watch.refuses(url) is None]
        for url in batch:
            asked.append(url)
            found = text(url)
            new = found is not None and found not in texts
            if found is not None:
                texts.add(found)
            watch.learn(url, found, int(new))
        for url in batch:
            for href in links(url):
                target = resolve(url, href)
                if target is None:
                    continue
                target = without_session(target)
                if url_key(target) not in known and watch.refuses(target) is None:
                    known.add(url_key(target))
                    queue.append(target)
    return asked


def test_a_path_that_grows_ends() -> None:
    asked = crawl(f"{SITE}/path-repeat/", lambda _: ["a/", "b/"], lambda _: "the same page")
    assert len(asked) <= 50


def test_session_ids_lead_to_the_pages_they_stand_on() -> None:
    rng = random.Random(1)

    def links(url: str) -> list[str]:
        token = f"{rng.getrandbits(64):x}"
        return [f"/session-ids/{n};jsessionid={token}?PHPSESSID={token}&page=1" for n in range(5)]

    asked = crawl(f"{SITE}/session-ids/0", links, lambda url: url.split("/")[-1].split("?")[0])
    assert len(asked) == 6


def test_filters_in_any_order_and_any_combination_end() -> None:
    names = [f"f{n}" for n in range(8)]
    links = [
        "/facets?" + "&".join(f"{name}={value}" for name in chosen)
        for length in range(1, 6)
        for chosen in itertools.permutations(names, length)
        for value in range(2)
    ]
    assert len(links) > 15_000
    asked = crawl(f"{SITE}/facets", lambda _: links[:5000], lambda _: "the same list")
    assert len(asked) <= 51


def test_filters_end_on_a_path_that_articles_have_too() -> None:
    watch = TrapWatch(this_year=YEAR)
    combinations = ["&".join(chosen) for chosen in itertools.combinations([f"f{n}=1" for n in range(10)], 3)]
    asked = 0
    for n, combination in enumerate(combinations):
        story = f"{SITE}/index.php?view=article&id={n}"
        assert watch.refuses(story) is None
        watch.learn(story, f"text {n}", 1)
        asked += _ask(watch, f"{SITE}/index.php?{combination}")
    assert asked == 50
    assert watch.refuses(f"{SITE}/index.php?id=7&lang=zh") is None


@pytest.mark.parametrize("at_once", [1, 8])
def test_hosts_without_end_end(at_once: int) -> None:
    asked = crawl(
        "http://www.trap-site.org/",
        lambda _: [f"http://s{n}.trap-site.org/x" for n in range(200)],
        lambda _: None,
        at_once=at_once,
    )
    # What was under way when the last host failed cannot be called back.
    assert len(asked) <= 50 + at_once


@pytest.mark.parametrize("step", [1, -1])
def test_a_calendar_that_walks_on_ends(step: int) -> None:
    def links(url: str) -> list[str]:
        year, month = map(int, url.rstrip("/").split("/")[-2:])
        count = year * 12 + month - 1 + step
        return [f"/calendar/{count // 12}/{count % 12 + 1:02d}/"]

    asked = crawl(f"{SITE}/calendar/2026/01/", links, lambda _: None)
    assert len(asked) <= 50


def test_a_calendar_by_query_says_that_it_is_one() -> None:
    watch = TrapWatch(this_year=YEAR)
    for day in range(50):
        watch.learn(f"{SITE}/agenda?date=2025-01-{day % 28 + 1:02d}&n={day}", f"text {day}", 0)
    assert watch.refuses(f"{SITE}/agenda?date=2025-03-01&n=3") == "calendar"


def test_pages_of_any_name_with_one_text_end() -> None:
    asked = crawl(
        f"{SITE}/w/start", lambda url: [f"/w/{hash_word(url)}", f"/w/{hash_word(url)}b"], lambda _: "not found"
    )
    assert len(asked) <= 52


def hash_word(url: str) -> str:
    return random.Random(url).choice("bcdfgh") + "".join(random.Random(url + "x").choices("aeioulmnrst", k=8))


def test_a_sitemap_index_that_names_itself_ends() -> None:
    watch = TrapWatch(this_year=YEAR)
    queue, asked = deque([(f"{SITE}/sitemap-loop.xml", 0)]), set[str]()
    while queue:
        url, depth = queue.popleft()
        if url in asked or watch.refuses_sitemap(url, depth) is not None:
            continue
        asked.add(url)
        watch.learn_sitemap(url, 0)
        queue.extend((f"{SITE}/sitemap-loop.xml?n={n}", depth + 1) for n in range(len(asked) * 7, len(asked) * 7 + 7))
    assert len(asked) <= 50


def test_a_site_with_many_full_sitemaps_is_read_whole() -> None:
    watch = TrapWatch(this_year=YEAR)
    for month in range(500):
        url = f"{SITE}/sitemap-{month}.xml"
        assert watch.refuses_sitemap(url, 1) is None
        watch.learn_sitemap(url, 1000)


def test_a_listing_goes_on_for_as_long_as_it_brings_articles() -> None:
    watch = TrapWatch(this_year=YEAR)
    for page in range(1, 901):
        assert watch.refuses(f"{SITE}/category/news/page/{page}/") is None
        watch.learn(f"{SITE}/category/news/page/{page}/", f"list {page}", 1 if page % 40 == 0 else 0)
    refused = [page for page in range(901, 1000) if not _ask(watch, f"{SITE}/category/news/page/{page}/")]
    assert len(refused) == 99 - 30


def _ask(watch: TrapWatch, url: str) -> bool:
    if watch.refuses(url) is not None:
        return False
    watch.learn(url, url, 0)
    return True


@pytest.mark.parametrize(
    "form",
    [
        "/2023/03/21/headline-number-{n}-of-many/",
        "/bnews/cbnews/20230321/{n}.html",
        "/read.php?tid={n}",
        "/index.php?option=com_content&view=article&id={n}",
        "/articles/{n:012x}",
    ],
)
def test_articles_are_never_refused_for_being_many_nor_for_some_that_are_gone(form: str) -> None:
    watch = TrapWatch(this_year=YEAR)
    for n in range(1_000_000, 1_003_000):
        url = SITE + form.format(n=n)
        assert watch.refuses(url) is None
        # Each has its own text; in the middle some sixty are pages of another kind.
        watch.learn(url, f"text {n}", 0 if 1_001_000 < n < 1_001_060 and looks_like_article(url) else 1)


def test_a_pattern_that_looks_like_articles_and_never_is_one_ends() -> None:
    watch = TrapWatch(this_year=YEAR)
    asked = [n for n in range(200) if _ask(watch, f"{SITE}/photos/{1_000_000 + n}.html")]
    assert len(asked) == 50


def test_many_hosts_with_articles_are_a_site_of_many_hosts() -> None:
    watch = TrapWatch(this_year=YEAR)
    for n in range(300):
        assert watch.refuses(f"http://city{n}.big-portal.org/") is None
        watch.learn(f"http://city{n}.big-portal.org/", f"text {n}", 3)


def test_a_host_is_held_against_its_own_site_alone() -> None:
    watch = TrapWatch(this_year=YEAR)
    for n in range(60):
        watch.learn(f"http://s{n}.trap-site.org/x", None, 0)
    assert watch.refuses("http://s99.trap-site.org/x") == "hosts"
    assert watch.refuses("http://s99.another-site.org/x") is None
    assert watch.refuses("http://s1.trap-site.org/y") is None


def test_what_is_remembered_is_bounded_and_the_oldest_is_forgotten_first() -> None:
    watch = TrapWatch(this_year=YEAR, most=1, room=10)
    for letter in "abcdefghijklmnopqrst":
        watch.learn(f"{SITE}/{letter}x/", None, 0)
    assert watch.refuses(f"{SITE}/tx/") == "no_news"
    assert watch.refuses(f"{SITE}/ax/") is None

"""robots.txt as RFC 9309 has it: its examples, odd files, and any bytes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from protego import Protego

from newscrawl.robots import (
    FRESH_MOST_S,
    MAX_SITEMAPS,
    READ_BYTES,
    Robots,
    Verdict,
    directives,
    fresh_s,
    path_of,
)

SITE = "https://news.example"


def allows(text: str, path: str, **values: Any) -> bool:
    return Robots.parse(text.encode(), **values).allows(SITE + path)


# Which group speaks to us


def test_without_a_word_everything_is_allowed() -> None:
    for text in ("", "# nothing\n", "Sitemap: https://news.example/map.xml", "<html><body>no such page</body></html>"):
        found = Robots.parse(text.encode())
        assert found.verdict(f"{SITE}/a") == Verdict(allowed=True)
        assert found.token is None


@pytest.mark.parametrize("name", ["newscrawl", "NewsCrawl", "NEWSCRAWL/1.0", "newscrawl *", "newscrawl (bots)"])
def test_our_name_is_known_in_any_case_and_with_a_version(name: str) -> None:
    text = f"User-agent: *\nDisallow: /\n\nUser-agent: {name}\nDisallow: /a\n"
    assert Robots.parse(text.encode()).token == "newscrawl"
    assert allows(text, "/b")
    assert not allows(text, "/a")


@pytest.mark.parametrize("name", ["news", "newscrawler", "new", "xnewscrawl", "mynewscrawl", "", "1"])
def test_another_name_is_not_ours(name: str) -> None:
    assert allows(f"User-agent: {name}\nDisallow: /\n", "/a")


def test_the_longest_name_that_is_ours_wins_and_everybodys_group_comes_last() -> None:
    text = "User-agent: *\nDisallow: /a\nUser-agent: news\nDisallow: /b\nUser-agent: news-bot\nDisallow: /c\n"
    for token, closed in (("news-bot-2", "/c"), ("news-2", "/b"), ("other", "/a")):
        assert [path for path in ("/a", "/b", "/c") if not allows(text, path, token=token)] == [closed]


def test_groups_for_one_name_are_merged() -> None:
    text = "User-agent: newscrawl\nDisallow: /a\nUser-agent: x\nDisallow: /\nUser-agent: newscrawl\nDisallow: /b\n"
    assert [allows(text, path) for path in ("/a", "/b", "/c")] == [False, False, True]


def test_names_in_a_row_share_the_rules_that_follow() -> None:
    # Source: RFC 9309, 5.1.
    text = (
        "User-Agent: *\nDisallow: *.gif$\nDisallow: /example/\nAllow: /publications/\n\n"
        "User-Agent: foobot\nDisallow:/\nAllow:/example/page.html\nAllow:/example/allowed.gif\n\n"
        "User-Agent: barbot\nUser-Agent: newscrawl\nDisallow: /example/page.html\n\n"
        "User-Agent: quxbot\n"
    )
    assert not allows(text, "/example/page.html")
    assert allows(text, "/example/allowed.gif")
    assert not allows(text, "/a.gif", token="other")
    assert allows(text, "/publications/", token="other")
    assert not allows(text, "/", token="foobot")
    assert allows(text, "/example/page.html", token="foobot")
    # A group without rules allows everything; it is no reason to read everybody's.
    assert allows(text, "/example/", token="quxbot")


def test_what_stands_between_names_does_not_part_them_but_a_delay_does() -> None:
    shared = "User-agent: newscrawl\n\nSitemap: https://news.example/m.xml\nNoise: 1\nUser-agent: b\nDisallow: /a\n"
    assert not allows(shared, "/a")
    delayed = "User-agent: newscrawl\nCrawl-delay: 10\nUser-agent: b\nDisallow: /a\n"
    assert allows(delayed, "/a")
    assert Robots.parse(delayed.encode()).crawl_delay_s == 10


def test_rules_before_the_first_name_speak_to_nobody() -> None:
    assert allows("Disallow: /\nUser-agent: other\nDisallow: /\n", "/a")


# Which rule decides


# Source: RFC 9309, 2.2.2 and 2.2.3, and the examples in its section 5.
@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("Allow: /example/page/\nDisallow: /example/page/disallowed.gif", "/example/page/disallowed.gif", False),
        ("Allow: /example/page/\nDisallow: /example/page/disallowed.gif", "/example/page/", True),
        ("Disallow: /a\nAllow: /a", "/a", True),
        ("Allow: /a\nDisallow: /a", "/a", True),
        ("Disallow: /\nAllow: /$", "/", True),
        ("Disallow: /\nAllow: /$", "/page", False),
        ("Disallow:", "/a", True),
        ("Disallow: /\nDisallow:", "/a", False),
        ("Disallow: /this/*/exactly", "/this/a/b/exactly/so", False),
        ("Disallow: /this/*/exactly", "/this/exactly", True),
        ("Disallow: *.gif$", "/a/b.gif", False),
        ("Disallow: *.gif$", "/a/b.gif?x", True),
        ("Disallow: /*.php", "/index.php?a=1", False),
        ("Disallow: /*?", "/a?b", False),
        ("Disallow: /*?", "/a", True),
        ("Disallow: /fish*", "/fishheads/yum.html", False),
        ("Disallow: /a$b", "/a$b/c", False),
        ("Disallow: /a*$", "/abc", False),
        ("Disallow: /x*x$", "/x", True),
        ("Disallow: /ab*ba$", "/aba", True),
        ("Disallow: /ab*ba$", "/abba", False),
        ("Disallow: /*a*a*b", "/xaxaxb", False),
        ("Disallow: private", "/private", False),
        ("Disallow: /Private", "/private", True),
        ("Dissallow: /a", "/a", False),
        ("disallow /a", "/a", False),
        ("DISALLOW : /a # why", "/a", False),
        ("Allow: /p\nDisallow: /", "/page", True),
        ("Allow: /folder\nDisallow: /folder", "/folder/page", True),
        ("Allow: /page\nDisallow: /*.htm", "/page.htm", False),
        ("Allow: /page\nDisallow: /*.ph", "/page.php5", True),
        ("Disallow: /robots.txt", "/robots.txt", True),
        ("Disallow: /", "", False),
    ],
)
def test_the_longest_rule_that_matches_decides(rules: str, path: str, allowed: bool) -> None:
    assert allows(f"User-agent: *\n{rules}\n", path) is allowed


# Source: the table of RFC 9309, 2.2.2.
@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ("/foo/bar?baz=quz", "/foo/bar?baz=quz"),
        ("/foo/bar?baz=https://foo.bar", "/foo/bar?baz=https://foo.bar"),
        ("/foo/bar/ツ", "/foo/bar/%E3%83%84"),
        ("/foo/bar/%E3%83%84", "/foo/bar/%e3%83%84"),
        ("/foo/bar/%E3%83%84", "/foo/bar/ツ"),
        ("/foo/bar/%62%61%7A", "/foo/bar/baz"),
        ("/a/file-with-a-%2A.html", "/a/file-with-a-*.html"),
        ("/a/foo-%24", "/a/foo-$"),
    ],
)
def test_what_means_the_same_is_the_same_however_it_is_escaped(rule: str, path: str) -> None:
    assert not allows(f"User-agent: *\nDisallow: {rule}\n", path)


def test_an_escaped_wildcard_is_none() -> None:
    assert allows("User-agent: *\nDisallow: /a-%2A.html\n", "/a-b.html")
    assert allows("User-agent: *\nDisallow: /a%2Fb\n", "/a/b")


def test_a_file_in_another_encoding_closes_the_paths_of_that_encoding() -> None:
    body = "User-agent: *\nDisallow: /新闻\n".encode("gbk")
    assert not Robots.parse(body).allows(f"{SITE}/%D0%C2%CE%C5")


def test_the_verdict_names_the_rule_and_its_line() -> None:
    found = Robots.parse("User-agent: *\n\nDisallow: /私/*.html$ # no\n".encode())
    assert found.verdict(f"{SITE}/%E7%A7%81/a.html") == Verdict(allowed=False, rule="Disallow: /私/*.html$", line=3)


# How it is read


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\r\n"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
def test_any_line_end_and_a_mark_of_byte_order_are_taken(end: str, start: bytes) -> None:
    body = start + end.join(["User-agent: newscrawl", "Disallow: /a", "Crawl-delay: 2.5"]).encode()
    found = Robots.parse(body)
    assert (found.allows(f"{SITE}/a"), found.allows(f"{SITE}/b"), found.crawl_delay_s) == (False, True, 2.5)


def test_utf_16_is_read_where_it_says_so() -> None:
    assert not Robots.parse("\ufeffUser-agent: *\nDisallow: /a\n".encode("utf-16-le")).allows(f"{SITE}/a")


def test_half_a_megabyte_is_read_and_the_line_that_is_cut_is_none() -> None:
    filler = b"#" * (READ_BYTES - 40)
    body = b"User-agent: *\nDisallow: /a\n" + filler + b"\nDisallow: /b\n"
    body = body[: READ_BYTES - 5] + b"\nDis" + b"allow: /c\n"
    found = Robots.parse(body)
    assert [found.allows(SITE + path) for path in ("/a", "/b", "/c")] == [False, True, True]
    head = b"User-agent: *\nDisallow: /a\n"
    short = head + b"#" * (READ_BYTES - len(head) - 14) + b"\nDisallow: /b\n"
    assert len(short) == READ_BYTES
    assert not Robots.parse(short).allows(f"{SITE}/b")
    assert Robots.parse(short[:-1] + b"c\nDisallow: /d\n").allows(f"{SITE}/bc")


@pytest.mark.parametrize(
    ("text", "delay"),
    [
        ("Crawl-delay: 10", 10.0),
        ("crawl-delay:0.5", 0.5),
        ("Crawl-delay: 1\nCrawl-delay: 7\nCrawl-delay: 3", 7.0),
        ("Crawl-delay: -1", None),
        ("Crawl-delay: inf", None),
        ("Crawl-delay: 1e9", None),
        ("Crawl-delay: ten", None),
        ("Crawl-delay:", None),
    ],
)
def test_a_delay_is_a_plain_number(text: str, delay: float | None) -> None:
    assert Robots.parse(f"User-agent: *\n{text}\n".encode()).crawl_delay_s == delay


def test_sitemaps_are_for_everybody_and_are_absolute_urls() -> None:
    text = (
        "Sitemap: https://news.example/a.xml\nUser-agent: other\nDisallow: /\nsitemap: /b.xml#x\n"
        "Sitemap: https://news.example/a.xml\nSitemap: ftp://news.example/c.xml\nSitemap:\nSitemap: https://[/\n"
    )
    found = Robots.parse(text.encode(), url=f"{SITE}/robots.txt")
    assert found.sitemaps == (f"{SITE}/a.xml", f"{SITE}/b.xml")
    assert Robots.parse(text.encode()).sitemaps == (f"{SITE}/a.xml",)
    many = "".join(f"Sitemap: {SITE}/{n}.xml\n" for n in range(MAX_SITEMAPS + 10))
    assert len(Robots.parse(many.encode()).sitemaps) == MAX_SITEMAPS


def test_wildcards_without_number_cost_no_time() -> None:
    # A way back for each wildcard would take longer than the universe has.
    pattern = "/" + "*a" * 5_000 + "b$"
    found = Robots.parse(f"User-agent: *\nDisallow: {pattern}\n".encode())
    assert found.allows(f"{SITE}/{'a' * 10_000}")
    assert not found.allows(f"{SITE}/{'a' * 5_000}b")


PATTERNS = st.text("ab/*$", max_size=6).map(lambda text: f"/{text}")
RULES = st.lists(st.tuples(st.sampled_from(["Allow", "Disallow"]), PATTERNS), max_size=6)
PATHS = st.text("ab/", max_size=8).map(lambda text: f"/{text}")


@given(st.lists(st.tuples(st.sampled_from(["*", "newscrawl", "otherbot"]), RULES), max_size=4), PATHS)
def test_another_reader_of_the_same_rules_says_the_same(groups: list[tuple[str, Any]], path: str) -> None:
    # Where rules of equal length disagree, and where the sign of an end stands within, the other reader differs.
    lines = []
    lengths: dict[int, set[str]] = {}
    for name, rules in groups:
        lines.append(f"User-agent: {name}")
        for key, pattern in rules:
            plain = pattern[:-1].replace("$", "") + pattern[-1]
            if "**" in plain or plain.endswith("*$") or plain.endswith("*"):
                continue
            if lengths.setdefault(len(plain), {key}) == {key}:
                lines.append(f"{key}: {plain}")
        lines.append("")
    text = "\n".join(lines)
    assert Robots.parse(text.encode()).allows(SITE + path) == Protego.parse(text).can_fetch(SITE + path, "newscrawl")


@given(st.binary(max_size=300), st.text(max_size=40))
def test_any_bytes_are_read_and_any_url_has_a_verdict(body: bytes, url: str) -> None:
    found = Robots.parse(b"User-agent: *\nDisallow: /a\n" + body, url=url)
    for asked in (url, SITE + url, f"{SITE}/{url}"):
        verdict = found.verdict(asked)
        assert verdict.allowed or verdict.rule is not None


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_a_path_in_its_one_form_stays_as_it_is(text: str) -> None:
    once = path_of(f"{SITE}/{text}")
    assert path_of(SITE + once) == once
    assert once.isascii()


@given(PATHS)
def test_a_path_that_is_closed_by_itself_is_closed(path: str) -> None:
    assert not allows(f"User-agent: *\nDisallow: {path}\n", path)


# What pages and servers say


@pytest.mark.parametrize(
    ("headers", "meta", "said"),
    [
        ((), (), ()),
        (("noindex",), (), ("noindex",)),
        (("NoIndex, NOARCHIVE",), ("nofollow",), ("noarchive", "nofollow", "noindex")),
        (("noindex", "nofollow"), (), ("nofollow", "noindex")),
        (("none",), (), ("nofollow", "noindex")),
        ((), ("none", "max-snippet:-1", "all"), ("nofollow", "noindex")),
        (("googlebot: noindex, nofollow",), (), ()),
        (("newscrawl: noindex, nofollow",), (), ("nofollow", "noindex")),
        (("noarchive, otherbot: noindex, newscrawl: nofollow",), (), ("noarchive", "nofollow")),
        (("unavailable_after: 25 Jun 2030 15:00:00 PST, noindex",), (), ("noindex", "unavailable_after")),
        (("max-image-preview: large, index, follow, all",), ("index",), ()),
        ((":", ",,", "newscrawl:", "x: y: noindex"), ("",), ()),
    ],
)
def test_directives_are_those_that_speak_to_us(
    headers: tuple[str, ...], meta: tuple[str, ...], said: tuple[str, ...]
) -> None:
    assert tuple(sorted(directives(headers, meta))) == said


@given(st.lists(st.text(max_size=30), max_size=3), st.lists(st.text(max_size=10), max_size=3))
def test_any_header_gives_directives_that_are_known(headers: list[str], meta: list[str]) -> None:
    found = directives(headers, meta)
    assert "none" not in found
    assert directives(headers, [*meta, "noindex"]) == found | {"noindex"}


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, FRESH_MOST_S),
        ("", FRESH_MOST_S),
        ("max-age=0", 600.0),
        ("public, max-age=7200", 7200.0),
        ("max-age=7200, s-maxage=3600", 3600.0),
        ("max-age=999999999", FRESH_MOST_S),
        ("max-age=7200, no-cache", 600.0),
        ("max-age=soon", FRESH_MOST_S),
        ("x-max-age=5", FRESH_MOST_S),
    ],
)
def test_a_robots_txt_stands_ten_minutes_to_a_day(value: str | None, seconds: float) -> None:
    assert fresh_s(value) == seconds


@given(st.text(max_size=50))
def test_any_cache_control_gives_a_time_within_the_bounds(value: str) -> None:
    assert 600.0 <= fresh_s(value) <= FRESH_MOST_S

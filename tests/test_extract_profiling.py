"""Whether a profile fits: what its selectors find on a page, and what the generic reader makes of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.extract import Page, ProfileCheck, read_page
from newscrawl.extract.profiling import agreement, sampled
from newscrawl.sites import parse_profile

STORY = "".join(
    f"<p>第{n}段：江边的渡船从本月起停航两周，镇政府说是为了更换用了二十六年的缆绳和栈桥。</p>" for n in range(5)
)
OTHER = "".join(f"<p>{n}月的天气预报：多云转晴，气温回升，早晚温差较大，请注意增减衣物。</p>" for n in range(1, 4))
HTML = f"<h1>渡船停航两周</h1><div class=text>{STORY}</div><div class=weather>{OTHER}</div>"
URL = "https://news.example/2024/05/03/dukou.html"
CHOSEN = next(url for n in range(100) if sampled(url := f"https://news.example/2024/05/03/{n}.html"))
PASSED = next(url for n in range(100) if not sampled(url := f"https://news.example/2024/05/03/{n}.html"))


def read(layout: str, url: str = URL, top: str = "") -> Page:
    profile = parse_profile(
        f"hosts = ['news.example']\n{top}\n[[layout]]\n{layout}".encode(), "example", "example.toml"
    )
    return read_page(f"<html><body>{HTML}</body></html>".encode(), url, profile=profile)


def check(layout: str, url: str = URL, *, compare: bool = False, top: str = "") -> ProfileCheck:
    found = read(layout, url, top).profile_check(compare=compare)
    assert found is not None
    return found


def test_a_page_without_a_profile_is_not_checked() -> None:
    assert read_page(HTML.encode(), URL, profile=None).profile_check(compare=True) is None
    assert read_page(b"", URL, profile="bannedbook").profile_check(compare=True) is None


def test_selectors_that_find_nothing_are_told_by_whether_they_are_needed() -> None:
    found = check("headline = 'h1'\nbody = 'div.gone'\nrelated = 'ul.more'\ncaption = ['p.x', 'h1']")
    assert found.named == ("headline", "body", "caption", "related")
    assert (found.missing, found.unseen) == (("body",), ("related",))
    (warning,) = found.warnings
    assert (warning.field, warning.code, warning.detail) == ("article_body", "profile_empty", "div.gone")


def test_a_body_that_is_another_text_than_the_generic_readers_differs() -> None:
    good, bad = (check(f"body = '{body}'", CHOSEN) for body in ("div.text", "div.weather"))
    assert (good.differs, good.warnings) == (False, ())
    assert bad.differs
    assert [(w.field, w.code) for w in bad.warnings] == [("article_body", "profile_differs")]


def test_a_row_says_what_differs_on_pages_that_their_urls_choose_only() -> None:
    """What was read before would make a replay's rows others than the crawl's."""
    assert check("body = 'div.weather'", PASSED).differs is None
    counted = check("body = 'div.weather'", PASSED, compare=True)
    assert (counted.differs, counted.warnings) == (True, ())


@pytest.mark.parametrize(("layout", "top"), [("headline = 'h1'", ""), ("body = 'div.weather'", "compare = false")])
def test_nothing_is_compared_without_a_body_selector_or_where_the_profile_says_so(layout: str, top: str) -> None:
    assert check(layout, CHOSEN, compare=True, top=top).differs is None


def test_a_check_leaves_the_page_as_it_was_read() -> None:
    page = read("body = 'div.weather'")
    before = page.segments()
    page.profile_check(compare=True)
    assert page.segments() == before


@given(st.text(max_size=60), st.text(max_size=60))
def test_agreement_is_a_share_and_the_same_both_ways(one: str, other: str) -> None:
    found = agreement(one, other)
    assert found == agreement(other, one)
    assert found is None or 0 <= found <= 1
    assert agreement(one, one) in (None, 1)

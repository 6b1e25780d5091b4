"""What a page calls itself, without the name of its site."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.extract.structured import Structured
from newscrawl.extract.titles import site_name, titles_of, without_site_name
from newscrawl.text import clean_line

HOST = "www.riverpost.example"


@pytest.mark.parametrize(
    "title",
    [
        "Ferry stops for two weeks | River Post",
        "Ferry stops for two weeks - River Post",
        "Ferry stops for two weeks – riverpost.example",
        "Ferry stops for two weeks — News — River Post",
        "Ferry stops for two weeks :: River Post Online",
        "River Post » Archive » Ferry stops for two weeks",
        "Ferry stops for two weeks_River Post",
        "Ferry stops for two weeks｜River Post",
        "Ferry stops for two weeks",
    ],
)
def test_the_name_of_the_site_is_cut_off_whatever_sets_it_apart(title: str) -> None:
    assert without_site_name(title, host=HOST) == "Ferry stops for two weeks"


@pytest.mark.parametrize(
    ("title", "site", "rest"),
    [
        ("River Post: Ferry stops", "River Post", "Ferry stops"),
        ("Ferry stops: what now", "River Post", "Ferry stops: what now"),
        ("Ferry stops - and what now | River Post", "River Post", "Ferry stops - and what now"),
        ("渡船停航两周_滨江晚报", "滨江晚报", "渡船停航两周"),
        ("渡船停航两周-滨江晚报", None, "渡船停航两周"),
        ("Post to be closed - what now - Post", None, "Post to be closed"),
        ("River Post", "River Post", "River Post"),
        ("River Post | River Post", "River Post", "River Post"),
    ],
)
def test_a_name_that_is_known_is_cut_and_nothing_else(title: str, site: str | None, rest: str) -> None:
    assert without_site_name(title, site, host="post.example") == rest


def test_what_stands_apart_in_a_stated_title_stays_but_for_the_site() -> None:
    title = "Ferry stops - what commuters do - River Post"
    assert without_site_name(title, "River Post", sections=False) == "Ferry stops - what commuters do"


def test_titles_come_best_first_and_one_cut_short_comes_last() -> None:
    meta = Structured(title="Ferry stops for two weeks on the lower river | River Post")
    meta.meta = {"og:title": ["Ferry stops for two weeks on…"], "og:site_name": ["River Post"]}
    assert titles_of(meta)[0] == "Ferry stops for two weeks on the lower river"
    assert titles_of(meta)[-1] == "Ferry stops for two weeks on…"
    meta.article = {"headline": "Two weeks without a ferry"}
    assert titles_of(meta)[0] == "Two weeks without a ferry"


def test_a_page_without_a_title_calls_itself_nothing() -> None:
    assert titles_of(Structured()) == ()
    assert site_name(Structured()) is None


TITLES = st.lists(
    st.sampled_from([" - ", " | ", "_", "：", "River Post", "Ferry", "渡船", "…", ":"]) | st.text(max_size=5)
).map("".join)


@given(TITLES, st.none() | TITLES, st.sampled_from([None, HOST, "[", "", "a.b"]), st.booleans())
def test_what_is_left_of_any_title_stands_in_it(title: str, site: str | None, host: str | None, sections: bool) -> None:
    rest = without_site_name(title, site, host=host, sections=sections)
    assert rest == title or clean_line(rest) in clean_line(title)


@given(TITLES, TITLES)
def test_the_titles_of_any_page_are_not_empty_and_none_is_given_twice(title: str, other: str) -> None:
    found = titles_of(Structured(title=title or None, meta={"og:title": [other]}), "https://riverpost.example/a")
    assert len(set(found)) == len(found)
    assert all(found)

"""The headline: the heading that metadata names, as the page prints it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.extract import extract_article
from newscrawl.extract.headlines import Headings, headline_text, signs_of, squeezed
from newscrawl.extract.tree import Block, parse, walk

STORY = "".join(
    f"<p>{sentence}</p>"
    for sentence in (
        "The ferry across the lower river stopped on Monday, and the town says that new cables will take two weeks.",
        "People on the far bank walk to the stone bridge every morning, which takes them forty minutes more than before.",
    )
)


def headline(
    body: str, *, title: str = "", og: str = "", ld: str = "", url: str = "https://riverpost.example/a"
) -> str | None:
    head = f"<title>{title}</title>" if title else ""
    head += f'<meta property="og:title" content="{og}">' if og else ""
    head += f'<script type="application/ld+json">{{"@type": "NewsArticle", "headline": "{ld}"}}</script>' if ld else ""
    return extract_article(f"<html><head>{head}</head><body>{body}</body></html>".encode(), url).headline


def test_the_heading_that_metadata_names_is_the_headline() -> None:
    body = f"<h1>The River Post</h1><h2>Ferry stops for two weeks</h2>{STORY}"
    assert headline(body, og="Ferry stops for two weeks") == "Ferry stops for two weeks"


def test_the_headline_is_as_printed_not_as_metadata_writes_it() -> None:
    body = f"<h1>Town: “Two weeks” without a ferry</h1>{STORY}"
    assert headline(body, og="Town: 'Two weeks' without a ferry") == "Town: “Two weeks” without a ferry"


def test_the_name_of_the_site_in_a_heading_is_no_headline() -> None:
    body = f"<h1>River Post</h1><div><h2>Ferry stops for two weeks</h2>{STORY}</div>"
    assert headline(body, title="River Post » Archive » Ferry stops for two weeks") == "Ferry stops for two weeks"


def test_a_heading_of_a_part_is_no_headline_where_no_title_names_it() -> None:
    body = f"<h2>1. The cables</h2>{STORY}<h2>2. The landing</h2>{STORY}"
    assert headline(body, og="Ferry stops for two weeks") == "Ferry stops for two weeks"


def test_without_any_title_the_best_heading_is_the_headline() -> None:
    assert headline(f"<h2>Ferry stops for two weeks</h2>{STORY}") == "Ferry stops for two weeks"


@pytest.mark.parametrize(
    "inside",
    [
        "<span>On the river</span> <span>Ferry stops for two weeks</span>",
        "<span>On the river</span>: <b>Ferry stops for two weeks</b>",
        "Ferry stops for two weeks <small>What commuters do now</small>",
    ],
)
def test_a_kicker_or_subtitle_in_an_element_of_its_own_is_cut_where_a_title_is_the_rest(inside: str) -> None:
    assert headline(f"<h1>{inside}</h1>{STORY}", ld="Ferry stops for two weeks") == "Ferry stops for two weeks"


def test_another_kicker_in_metadata_shows_where_the_headline_begins() -> None:
    body = f"<h1><span>On the river</span> - Ferry stops for two weeks</h1>{STORY}"
    assert headline(body, og="Upstream: Ferry stops for two weeks") == "Ferry stops for two weeks"


def test_a_kicker_in_running_text_stays() -> None:
    body = f"<h1>On the river: Ferry stops for two weeks</h1>{STORY}"
    assert headline(body, ld="Ferry stops for two weeks") == "On the river: Ferry stops for two weeks"


def test_a_kicker_in_a_block_of_its_own_belongs_to_the_headline_where_json_ld_says_so() -> None:
    body = f"<h1><div>On the river</div> <span>Ferry stops for two weeks</span></h1>{STORY}"
    assert headline(body, og="Ferry stops for two weeks") == "Ferry stops for two weeks"
    both = "On the river Ferry stops for two weeks"
    assert headline(body, og="Ferry stops for two weeks", ld="On the river: Ferry stops for two weeks") == both


def blocks_of(html: str) -> list[Block]:
    root = parse(f"<html><body>{html}</body></html>".encode("utf-8", "replace"))
    assert root is not None
    return walk(root, lambda _: None).blocks


def test_signs_say_where_a_headline_stands_and_who_agrees() -> None:
    block = blocks_of("<h1>Ferry stops</h1>")[0]
    assert signs_of("Ferry stops", block, ("Ferry stops!",)) == ["h1", "agrees:meta"]
    assert signs_of("Ferry stops", block, ("The ferry stops",)) == ["h1", "within:meta", "differs:first"]
    assert signs_of("Ferry stops", None, ()) == ["title", "only"]


PIECES = st.sampled_from(
    ["<h1>", "</h1>", "<span>", "</span>", "<div>", "</div>", "<br>", "Ferry", "stops", " ", ": ", "İß"]
)


@given(st.lists(PIECES | st.text(max_size=4), max_size=20).map("".join), st.lists(st.text(max_size=30), max_size=3))
def test_the_headline_of_any_page_is_text_of_the_page_or_none(html: str, titles: list[str]) -> None:
    blocks = blocks_of(html)
    named = (*titles, "Ferry stops")
    found = Headings(blocks, named).headline(list(range(len(blocks))))
    assert found is None or found in blocks
    for block in blocks:
        text = headline_text(block, named, "Ferry stops")
        assert squeezed(text) in squeezed("".join(other.raw for other in blocks))


@given(st.text())
def test_squeezing_twice_changes_nothing_more(text: str) -> None:
    assert squeezed(squeezed(text)) == squeezed(text) or not text.isascii()

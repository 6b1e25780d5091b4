from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.discover.sections import is_section


@pytest.mark.parametrize(
    "path",
    [
        "/politics",
        "/world/asia/",
        "/news/",
        "/bnews/finance/",
        "/zhongguo/",
        "/%E8%B4%A2%E7%BB%8F/",
        "/sport.html",
        "/g20/",
    ],
)
def test_short_names_are_sections(path: str) -> None:
    assert is_section(f"https://news.example{path}")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "/about",
        "/en/contact/",
        "/privacy-policy.html",
        "/impressum",
        "/search?q=a",
        "/world?page=2",
        "/2023/03/",
        "/world/2023/03/21/a-story-with-a-name.html",
        "/news/123456",
        "/tag/china/",
        "/a/b/c/d/",
        "/style.css",
        "/feed.xml",
        "/a-very-long-name-of-a-story-that-somebody-wrote",
    ],
)
def test_services_articles_and_files_are_no_sections(path: str) -> None:
    assert not is_section(f"https://news.example{path}")


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_is_a_section_or_not(text: str) -> None:
    assert is_section(text) in (True, False)
    assert is_section(f"https://news.example/{text}") in (True, False)

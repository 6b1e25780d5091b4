"""Authorship: elements whose attributes say that they name the author, and where they stand."""

from __future__ import annotations

import pytest
from lxml import html

from newscrawl.extract.authorship import Surroundings, authors_marked, lines_of
from newscrawl.extract.features import Claims
from newscrawl.extract.segment import segment

STORY = "".join(
    f"<p>The ferry is out of service for {n} weeks, because its cable and its pier are being replaced.</p>"
    for n in range(2, 6)
)


def marked(body: str) -> list[tuple[tuple[str, ...], bool, str]]:
    root = html.fromstring(f"<html><body><div>{body}</div></body></html>")
    page = segment(root, claims=Claims(titles=("Ferry out of service",)))
    return [(one.names, one.near, one.reason) for one in authors_marked(Surroundings(page))]


def test_the_innermost_element_names_the_author_once() -> None:
    byline = '<div class="byline"><span class="author"><a rel="author" href="/x">Jane Roe</a></span><span>Editor</span></div>'
    assert marked(f"<h1>Ferry out of service</h1>{byline}{STORY}") == [(("Jane Roe",), True, "rel")]


@pytest.mark.parametrize("words", ["author-avatar", "authority", "comment-author", "typewriter", "author-bio"])
def test_words_that_only_resemble_an_author_mark_none(words: str) -> None:
    assert marked(f'<h1>Ferry out of service</h1><div class="{words}">Jane Roe</div>{STORY}') == []


def test_an_authors_box_below_the_story_is_not_near() -> None:
    box = '<div class="about"><h4 class="author-name">Jane Roe</h4></div>'
    assert marked(f"<h1>Ferry out of service</h1>{STORY}{box}") == [(("Jane Roe",), False, "class")]


def test_elements_are_read_line_by_line() -> None:
    element = html.fromstring("<div>By\n <b>Jane</b> Roe<p>Editor</p>3 May<br>2024</div>")
    assert lines_of(element) == ["By Jane Roe", "Editor", "3 May", "2024"]

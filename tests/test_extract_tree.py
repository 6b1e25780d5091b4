"""Blocks: every text of a page once, in order, whatever the markup."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.extract.bounds import MAX_ATTRIBUTES
from newscrawl.extract.tree import Mark, drop_scripts, parse, walk

_TAGS = st.sampled_from(["p", "div", "a", "b", "br", "span", "li", "ul", "figure", "img", "h2", "td", "section"])


@st.composite
def markup(draw: st.DrawFn, depth: int = 0) -> str:
    parts = []
    for _ in range(draw(st.integers(0, 3))):
        tag = draw(_TAGS)
        inner = draw(markup(depth + 1)) if depth < 4 else ""
        parts.append(draw(st.text("ab 渡船\n&lt;", max_size=6)))
        parts.append(f"<{tag} href=x>{inner}</{tag}>" if tag not in ("br", "img") else f"<{tag}>")
    return "".join(parts)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


@given(markup())
def test_the_blocks_together_are_the_text_of_the_page(page: str) -> None:
    root = parse(f"<html><body>{page}</body></html>".encode())
    assert root is not None
    blocks = walk(root, lambda _: None).blocks
    assert squeezed("".join(block.raw for block in blocks)) == squeezed("".join(root.itertext()))


def test_json_ld_is_handed_out_in_document_order_when_scripts_are_dropped() -> None:
    root = parse(
        b'<head><script type="application/LD+JSON">{"a": 1}</script><script>var x;</script></head>'
        b'<p>text</p><noscript><img src="a.png"></noscript><script type="application/ld+json">{"b": 2}</script>'
        b'<script type="application/ld+json"></script>'
    )
    assert root is not None
    assert drop_scripts(root) == ['{"a": 1}', '{"b": 2}']
    assert not list(root.iter("script", "noscript"))


def texts(page: str) -> list[str]:
    root = parse(page.encode())
    assert root is not None
    drop_scripts(root)
    return [block.text for block in walk(root, lambda _: None).blocks if block.text]


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("<p>one <b>bold</b> line</p><p>two</p>", ["one bold line", "two"]),
        ("<div>before<p>inside</p>after</div>", ["before", "inside", "after"]),
        ("<p>第一行<br>第二行</p>", ["第一行\n第二行"]),
        ("<p>第一段<br><br>　　第二段</p>", ["第一段", "第二段"]),
        ("<a href=x><h3>title</h3><p>teaser</p></a>", ["title", "teaser"]),
        ("<p>text<script>var p = '<p>no</p>';</script> goes on</p>", ["text goes on"]),
        ("<p>换行\n不加空格</p>", ["换行不加空格"]),
    ],
)
def test_a_page_is_cut_at_its_block_boundaries(page: str, expected: list[str]) -> None:
    assert texts(page) == expected


def test_a_link_around_blocks_is_a_link_of_each() -> None:
    root = parse(b"<a href=x><h3>title</h3><p>teaser</p></a>")
    assert root is not None
    blocks = walk(root, lambda _: None).blocks
    assert [[link.text for link in block.links] for block in blocks] == [["title"], ["teaser"]]


def test_text_after_a_nul_byte_is_not_lost() -> None:
    assert texts("<p>before\0after</p><p>next</p>") == ["beforeafter", "next"]


def test_a_tag_keeps_its_first_attributes_and_a_picture_in_a_tag_is_none_too_many() -> None:
    root = parse(b"<p " + b" ".join(b"a%d=1" % number for number in range(20_000)) + b">text</p>")
    assert root is not None
    paragraph = next(root.iter("p"))
    assert (paragraph.get("a0"), len(paragraph.attrib), paragraph.text) == ("1", MAX_ATTRIBUTES, "text")
    assert parse(b'<img src="data:image/png;base64,' + b"A" * 90_000 + b'"><p>text</p>') is not None
    assert parse(b"<script>if (a<b) {" + b"x = 1; " * 20_000 + b"}</script><p>text</p>") is not None


def test_deep_nesting_does_not_raise() -> None:
    root = parse(b"<div>" * 5_000 + b"text" + b"</div>" * 5_000)
    if root is not None:
        walk(root, lambda _: None)


def test_what_follows_an_element_inside_page_chrome_is_kept_with_it() -> None:
    root = parse(b"<html><body><nav><b>one</b> two</nav><p>three</p></body></html>")
    assert root is not None
    chrome = Mark(place="chrome", rule="nav")
    blocks = walk(root, lambda element: chrome if element.tag == "nav" else None).blocks
    assert [block.raw for block in blocks] == ["one two", "three"]


def test_a_nul_in_a_name_makes_it_another_name_and_one_in_the_text_is_dropped() -> None:
    root = parse(b"<html><body><arti\0cle><p cla\0ss=x>one t\0wo</p></arti\0cle><p>three</p></body></html>")
    assert root is not None
    assert root.find(".//article") is None
    assert [element.text for element in root.iter("p")] == ["one two", "three"]

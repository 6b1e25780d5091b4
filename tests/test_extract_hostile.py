"""Pages built to hang the reader or to hide text from it: bounds hold, text stays, and a warning says what was cut."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newscrawl.extract import extract_article, read_page
from newscrawl.extract.bounds import MAX_ATTRIBUTES, MAX_BLOCKS, MAX_DEPTH, MAX_TAGS, bounded, too_deep, unbounded
from newscrawl.extract.page import Page
from newscrawl.extract.tree import parse, parse_bounded
from newscrawl.items import faults

URL = "https://a.example/2024/05/03/ferry.html"
HEAD = "<html><head><title>The ferry stops</title></head><body><h1>The ferry stops</h1>"
STORY = (
    "<p>The ferry over the river stops for two weeks, the town said on Friday, while its cables are replaced.</p>" * 3
)
END = "<p>The last sentence of this page stands here, whatever stands before it.</p>"
LAST = "The last sentence of this page"


def read(markup: str | bytes) -> Page:
    """Read a page in both ways; a row of it is valid."""
    body = markup if isinstance(markup, bytes) else markup.encode("utf-8", "surrogatepass")
    assert faults(extract_article(body, URL)) == []
    return read_page(body, URL)


def codes(page: Page) -> list[str]:
    return [warning.code for warning in page.warnings]


def text_of(page: Page) -> str:
    return "".join(segment.text for segment in page.segments())


def depth(markup: bytes) -> int:
    root, _ = parse_bounded(markup)
    deepest, level = 0, [root] if root is not None else []
    while level:
        deepest += 1
        level = [child for element in level for child in element]
    return deepest


# Nesting ------------------------------------------------------------------------------------------------

NESTED = (
    "div", "b", "i", "font", "span", "section", "article", "blockquote", "center", "ul><li", "table><tr><td", "dl><dd",
    "form", "a href=/x", "p", "li", "select", "nav", "aside", "header", "figure", "h1", "button", "label", "nobr",
    "i><div></i", "b><p></b", "div class=comment", "x-y", "p class=byline",
)  # fmt: skip


@pytest.mark.parametrize("tag", NESTED)
def test_text_is_kept_however_deep_it_lies(tag: str) -> None:
    page = read(HEAD + STORY + f"<{tag}>word " * 1_000 + END)
    assert LAST in text_of(page)
    assert text_of(page).count("word") >= 1_000


@pytest.mark.parametrize("tag", NESTED)
def test_no_element_lies_deeper_than_the_bound(tag: str) -> None:
    markup = (HEAD + f"<{tag}>" * 2_500 + END).encode()
    assert depth(markup) <= MAX_DEPTH + 5


def test_deep_nesting_is_told() -> None:
    page = read(HEAD + "<div>" * 2_500 + STORY + "</div>" * 2_500 + END)
    assert codes(page) == ["nesting"]
    assert LAST in text_of(page)


def test_a_page_as_deep_as_pages_are_is_parsed_as_it_stands() -> None:
    page = read(HEAD + "<div>" * 100 + STORY + "</div>" * 100 + END)
    assert codes(page) == []


def test_elements_left_out_do_not_run_texts_together() -> None:
    inside = "<div>one</div><div>two</div>"
    root, met = parse_bounded(f"{'<section>' * 300}{inside}{'</section>' * 300}<p>three".encode())
    assert root is not None
    assert met == ("nesting",)
    assert "onetwo" not in " ".join(root.itertext())
    assert not too_deep(root)


# Attributes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "attribute",
    ["a{}=1 ", "a{} ", "a{}='>' ", 'a{}="<p>" ', "a{}/", "a<{} ", "a{}='x'", "=a{}=>", "A{}\n=\n'>'\n"],
)
def test_a_tag_keeps_its_first_attributes_and_its_text(attribute: str) -> None:
    tag = "<p " + "".join(attribute.format(number) for number in range(5_000)) + ">"
    root, met = parse_bounded((HEAD + tag + "the text</p>" + END).encode())
    assert root is not None
    assert "the text" in "".join(root.itertext())
    assert max(len(element.attrib) for element in root.iter("p")) <= MAX_ATTRIBUTES
    assert met == (() if ">" in attribute[-1:] else ("attributes",))


@pytest.mark.parametrize(
    "before",
    [
        '<p a"b>',
        "<p ='>",
        '<p a=="x>"y>',
        "<!-- <p -->",
        "<!--<script>-->",
        "<textarea><script></textarea>",
        "<p a='<script>'>",
    ],
)
def test_no_markup_before_a_tag_hides_its_attributes(before: str) -> None:
    tag = "<p " + " ".join(f"a{number}='>'" for number in range(5_000)) + ">"
    assert unbounded((HEAD + before + tag + END).encode())
    assert LAST in text_of(read(HEAD + before + tag + END))


def test_a_script_that_looks_like_a_tag_is_left_alone() -> None:
    script = "<script>if (a<b) {" + "".join(f"x{number} = 1; " for number in range(5_000)) + "}</script>"
    page = (HEAD + script + STORY + END).encode()
    assert bounded(page) == (page, ())
    assert codes(read(page)) == []


@pytest.mark.parametrize("name", ["class", "id", "href", "src", "srcset", "style", "alt", "content", "rel", "itemprop"])
@pytest.mark.parametrize("unit", ["a", "a ", "/", "../", ",", "%", "&amp;", "1x, "])
def test_a_long_value_is_read(name: str, unit: str) -> None:
    value = unit * (40_000 // len(unit))
    page = read(f"{HEAD}{STORY}<meta {name}='{value}'><img {name}='{value}'><a {name}='{value}'>link</a>{END}")
    assert LAST in text_of(page)


# Number -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "unit",
    ["<p>a", "<br>", "<a href=/x>a</a>", "<li>a", "<td>x", "<div class=a>b</div>", "<b><i></b></i>", "<img src=a>",
     "<meta name=author content=A>", "<script>a</script>", "</p>", "<h1>x</h1>", "<option>a", "<title>x</title>",
     "<script type='application/ld+json'>{\"@type\":\"NewsArticle\"}</script>"],
)  # fmt: skip
def test_endless_markup_is_cut_and_the_text_after_it_is_kept(unit: str) -> None:
    markup = (HEAD + STORY + unit * (MAX_TAGS // unit.count("<") + 1_000) + END).encode()
    root, met = parse_bounded(markup)
    assert root is not None
    assert "markup" in met
    assert sum(1 for _ in root.iter()) <= MAX_TAGS + 10
    assert LAST in "".join(root.itertext())


def test_a_base_of_any_length_costs_the_links_nothing_but_the_base() -> None:
    page = read(f"<base href='/{'a/' * 1_000}'>{HEAD}{STORY}{'<a href=b.html>b</a>' * 500}{END}")
    assert codes(page) == ["base"]
    assert [link.url for link in page.links] == ["https://a.example/2024/05/03/b.html"]


def test_blocks_beyond_the_bound_are_one() -> None:
    page = read_page((HEAD + STORY + "<p>a" * (MAX_BLOCKS + 500) + END).encode(), URL)
    assert codes(page) == ["blocks"]
    assert len(page.segments()) == MAX_BLOCKS + 1
    assert LAST in page.segments()[-1].text


def test_what_a_script_says_is_no_text_where_markup_is_no_longer_read() -> None:
    page = read(HEAD + STORY + "<b>a</b>" * MAX_TAGS + "<script>var hidden = '<p>no';</script><!-- nor this -->" + END)
    assert "hidden" not in text_of(page)
    assert "nor this" not in text_of(page)
    assert LAST in text_of(page)


@pytest.mark.parametrize(
    "markup",
    [
        "<div>" + "A short line. <p>One more.</p>" * 2_000 + "</div>",
        "".join(f"<a href=/{number}><div>word " for number in range(1_000)),
        "<a href=/x><div>" * 60 + STORY * 300,
        "<div class=related>" + "".join(f"<a href=/n/{number}>Story {number}</a>" for number in range(1_500)) + "</div>",
        "<center>" + "words <p></p>" * 2_000 + "</center>",
        "[" * 60_000, "(" * 60_000, "<" * 60_000, "&" * 60_000, "&#x41;" * 10_000, "&#0;&#xd800;&#99999999;" * 2_000,
        "<!-- x -->" * 5_000, "<![CDATA[ x ]]>" * 5_000, "<?php x ?>" * 5_000, "\0" * 20_000, "e" + "\u0301" * 20_000,
        "<base href='//['>" + "<a href='//['>x</a><a href='http://[::'>y</a><a href='javascript:z'>z</a>" * 200,
        "<time datetime=99999-01-01>99999-99-99</time><p>Published 0000-00-00</p><p>31 February 2020 25:61</p>",
    ],
    ids=range(18),
)  # fmt: skip
def test_a_page_of_one_thing_over_and_over_is_read(markup: str) -> None:
    assert LAST in text_of(read(HEAD + STORY + markup + "</a>" + END))


# Pages without body -------------------------------------------------------------------------------------


@pytest.mark.parametrize("tag", ["article", "section", "main", "header", "nav", "aside", "figure", "x-story"])
def test_content_in_the_head_of_a_page_without_body_is_read(tag: str) -> None:
    page = read(f"<title>The ferry stops</title><{tag}><h2>Boats</h2>{STORY}</{tag}> after it {END}")
    segments = [segment.text.strip() for segment in page.segments()]
    assert segments[0] == "Boats"
    assert segments[-2:] == ["after it", LAST + " stands here, whatever stands before it."]


def test_metadata_stays_in_the_head() -> None:
    root = parse(b"<title>T</title><meta name=a content=b><main><p>text</p></main><link rel=canonical href=/x>")
    assert root is not None
    assert [str(child.tag) for child in root] == ["head", "body"]
    assert [str(child.tag) for child in root[0]] == ["title", "meta"]


# Bytes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be", "utf-32-le"])
def test_any_unicode_encoding_gives_the_text(encoding: str) -> None:
    body = (HEAD + STORY + END).encode(encoding)
    assert LAST in extract_text(body)


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe" + b"\x00\xd8" * 5_000, b"\xff" * 5_000, b"<p>" + bytes(range(256)) * 40,
        b"<meta charset=hz>" + b"\xff~{" * 5_000, b"<meta charset=iso-2022-jp>" + b"\x1b$B\xff" * 5_000,
        b"<meta charset=utf-7>\xff<p>x", b"<meta " * 5_000, "汉字".encode("gbk") * 500 + "汉字".encode() * 500,
    ],
    ids=range(8),
)  # fmt: skip
def test_bytes_of_no_encoding_give_a_page(body: bytes) -> None:
    assert faults(extract_article(body, URL, content_type="text/html")) == []
    read_page(body, URL, content_type="text/html").segments()


def extract_text(body: bytes) -> str:
    return text_of(read_page(body, URL, content_type="text/html"))


# JSON-LD ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "script",
    [
        "[" * 50_000 + "]" * 50_000, '{"a":' * 20_000 + "1" + "}" * 20_000, "[" * 50_000,
        '{"@type":"NewsArticle","position":' + "9" * 10_000 + "}",
        '{"@type":"NewsArticle","headline":1e999,"author":NaN,"datePublished":-1e999,"image":Infinity}',
        '{"@type":"NewsArticle","headline":"\\ud800","author":"\\udfff","url":"\\ud800","image":"\\ud800"}',
        '{"@type":"NewsArticle","headline":' + "[" * 900 + "1" + "]" * 900 + "}",
        '{"@graph":[{"@type":"NewsArticle","@id":"#a","author":{"@id":"#b"}},{"@id":"#b","name":{"@id":"#b"}}]}',
        "{" + '"@type":"NewsArticle",' * 3_000 + '"a":1}', "{" + ", " * 30_000 + "}",
        json.dumps({"@type": "NewsArticle", "author": [{"@type": "Person", "name": f"Ada B{n}"} for n in range(3_000)]}),
        json.dumps({"@type": "NewsArticle", "keywords": [f"word {n}" for n in range(5_000)]}),
        json.dumps({"@type": "NewsArticle", "image": [f"/{n}.jpg" for n in range(5_000)], "datePublished": ["x"] * 5_000}),
        json.dumps({"@graph": [{"@type": "WebPage", "datePublished": f"2024-01-{n % 28 + 1:02}"} for n in range(3_000)]}),
        json.dumps({"@type": "BreadcrumbList", "itemListElement": [{"name": f"n{n}", "item": f"/{n}"} for n in range(5_000)]}),
        json.dumps({"@type": "NewsArticle", "articleBody": "\n" * 50_000, "headline": "&#" + "9" * 9_000 + ";"}),
    ],
    ids=range(16),
)  # fmt: skip
def test_hostile_json_ld_leaves_the_page_readable(script: str) -> None:
    page = read(f"{HEAD}<script type='application/ld+json'>{script}</script>{STORY}{END}")
    assert LAST in text_of(page)


_KEYS = st.sampled_from(
    ["@type", "@id", "@graph", "headline", "author", "name", "url", "datePublished", "dateModified", "image", "video",
     "keywords", "articleSection", "articleBody", "description", "publisher", "hasPart", "isAccessibleForFree",
     "itemListElement", "item", "mainEntity", "inLanguage", "associatedMedia", "@value", "contentUrl", "caption"]
)  # fmt: skip
_VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
    | st.sampled_from(["NewsArticle", "Person", "VideoObject", "BreadcrumbList", "#a", "99999-01-01", "//[", "\ud800"])
)  # fmt: skip
_JSON = st.recursive(
    _VALUES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=6), max_leaves=25
)


@settings(deadline=None)
@given(st.dictionaries(_KEYS, _JSON, max_size=10))
def test_json_ld_of_any_shape_gives_a_valid_article(node: dict[str, object]) -> None:
    script = json.dumps({"@type": "NewsArticle"} | node).replace("<", "\\u003c")
    read(f"{HEAD}<script type='application/ld+json'>{script}</script>{STORY}")


# Anything -----------------------------------------------------------------------------------------------

_TAGS = st.sampled_from(
    ["p", "div", "a", "b", "br", "span", "li", "ul", "table", "tr", "td", "form", "font", "select", "option", "article",
     "header", "nav", "aside", "h1", "h2", "img", "figure", "figcaption", "script", "style", "title", "textarea",
     "noscript", "iframe", "body", "html", "head", "svg", "template", "meta", "link", "base", "time", "x-y", "plaintext"]
)  # fmt: skip
_ATTRIBUTES = st.sampled_from(
    ["", " href=/x", " href='//['", " class=byline", " class='related x'", " id=content", " itemprop=author", " hidden",
     " rel=tag", " src=/a.jpg", " srcset='a 1x, b 2x'", " datetime=2024-99-99", " style='display:none'", " a='>'", ' b="',
     " name=author content='By'", " property=article:published_time content=2024", " /", " =x", " href"]
)  # fmt: skip
_PIECES = (
    st.builds("<{}{}>".format, _TAGS, _ATTRIBUTES)
    | st.builds("</{}>".format, _TAGS)
    | st.sampled_from(
        [
            "<!--",
            "-->",
            "<![CDATA[",
            "]]>",
            "<",
            "&#x110000;",
            "&amp",
            "</",
            "By Ada Bell",
            "来源：新华社",
            "2024-05-03",
        ]
    )
    | st.text(max_size=20)
)


@settings(deadline=None)
@given(st.lists(_PIECES, max_size=40).map("".join))
def test_any_markup_gives_a_valid_article(markup: str) -> None:
    read(markup).segments()


@settings(deadline=None)
@given(st.binary(max_size=400), st.sampled_from([b"", b"<html><p>", b"\xff\xfe", b"\xfe\xff", b"<meta charset=gbk>"]))
def test_any_bytes_give_a_valid_article(body: bytes, before: bytes) -> None:
    read(before + body).segments()


@settings(deadline=None)
@given(st.lists(_PIECES, max_size=30).map("".join))
def test_a_small_page_meets_no_bound(markup: str) -> None:
    assert bounded(markup.encode("utf-8", "surrogatepass"))[1] == ()

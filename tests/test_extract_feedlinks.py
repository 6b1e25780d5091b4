"""Feeds that a page names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.discover import guesses
from newscrawl.extract import read_page

HOME = "https://news.example/"


def named(head: str, body: str = "<p>text</p>", url: str = HOME) -> list[tuple[str, str]]:
    page = read_page(f"<html><head>{head}</head><body>{body}</body></html>".encode(), url, content_type="text/html")
    return [(link.url, link.type) for link in page.feeds]


def test_the_head_names_feeds_by_their_types() -> None:
    head = """
        <link rel="alternate" type="application/rss+xml" title="News" href="/feed/">
        <link rel="ALTERNATE feed" type="Application/Atom+XML; charset=utf-8" href="atom.xml">
        <link rel="alternate" type="application/rdf+xml" href="/index.rdf">
        <link rel="alternate" type="application/feed+json" href="/feed.json">
        <link rel="https://api.w.org/" href="https://news.example/wp-json/">
        <link rel="sitemap" type="application/xml" href="/sitemap-all.xml">
        <link rel="alternate" type="application/rss+xml" href="/comments/feed/">
        <link rel="alternate" type="application/json" href="/wp-json/wp/v2/posts/1">
        <link rel="alternate" type="application/json+oembed" href="/oembed?url=x">
        <link rel="alternate" hreflang="en" href="/en/">
        <link rel="alternate" type="application/rss+xml" href="//[">
        <link rel="alternate" type="application/rss+xml">
        <link rel="stylesheet" href="/feed.css">
    """
    assert named(head) == [
        ("https://news.example/feed/", "rss"),
        ("https://news.example/atom.xml", "atom"),
        ("https://news.example/index.rdf", "rdf"),
        ("https://news.example/feed.json", "json_feed"),
        ("https://news.example/wp-json/", "wordpress"),
        ("https://news.example/sitemap-all.xml", "sitemap"),
    ]


def test_links_that_look_like_feeds_come_after_those_of_the_head_and_each_once() -> None:
    body = """
        <a href="/rss">RSS</a><a href="/world.rss">World</a><a href="https://blog.example/atom.xml">Blog</a>
        <a href="/feed/">again</a><a href="/sitemap_index.xml">map</a><a href="//[">bad</a><a>none</a>
        <a href="/feedback">no</a><a href="/press/rss-explained.html">no</a><a href="/sitemap">no</a>
    """
    assert named('<link rel="alternate" type="application/rss+xml" href="/feed/">', body) == [
        ("https://news.example/feed/", "rss"),
        ("https://news.example/sitemap_index.xml", "sitemap"),
        ("https://news.example/rss", "feed"),
        ("https://news.example/world.rss", "feed"),
        ("https://blog.example/atom.xml", "feed"),
    ]


def test_the_comments_of_a_story_are_no_feed_of_news() -> None:
    url = "https://news.example/2023/03/21/four-words-of-headline/"
    head = f'<link rel="alternate" type="application/rss+xml" href="{url}feed/">'
    assert named(head, url=url) == []
    section = "https://news.example/category/world/"
    head = f'<link rel="alternate" type="application/rss+xml" href="{section}feed/">'
    assert named(head, url=section) == [(section + "feed/", "rss")]


def test_links_are_relative_to_the_base_of_the_page() -> None:
    head = '<base href="https://cdn.example/x/"><link rel="alternate" type="application/rss+xml" href="feed">'
    assert named(head) == [("https://cdn.example/x/feed", "rss")]


def test_a_page_that_is_no_html_names_nothing() -> None:
    assert read_page(b"%PDF-1.4", HOME, content_type="application/pdf").feeds == ()
    assert read_page(b"", HOME).feeds == ()


@given(st.text(max_size=60), st.sampled_from(["alternate", "sitemap", "https://api.w.org/"]))
def test_any_href_gives_addresses_that_can_be_asked_for(href: str, rel: str) -> None:
    quoted = href.replace("&", "&amp;").replace('"', "&quot;").encode("utf-8", "replace").decode()
    head = f'<link rel="{rel}" type="application/rss+xml" href="{quoted}">'
    assert all(url.startswith(("http://", "https://")) for url, _ in named(head, f'<a href="{quoted}/feed">x</a>'))


@pytest.mark.parametrize("url", ["https://news.example/a/b?c", "https://news.example"])
def test_the_usual_places_are_those_of_the_host(url: str) -> None:
    places = guesses(url)
    assert places[:2] == ("https://news.example/sitemap.xml", "https://news.example/sitemap_index.xml")
    assert places[-1].startswith("https://news.example/wp-json/wp/v2/posts?")
    assert len(places) == len(set(places)) == 9


@given(st.text(max_size=50))
def test_what_is_no_url_has_no_usual_places(text: str) -> None:
    assert all(place.startswith(("http://", "https://")) for place in guesses(text))
    assert guesses("javascript:x") == ()

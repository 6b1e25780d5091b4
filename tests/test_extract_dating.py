"""When an article was published: what may date it, what may not, and who is believed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.extract import extract_article
from newscrawl.extract.dateprinted import printed
from newscrawl.extract.datesources import Evidence, Ground, scripted
from newscrawl.extract.dating import signs_of
from newscrawl.extract.segment import segment
from newscrawl.extract.tree import parse
from newscrawl.items import Article, faults

STORY = "".join(
    f"<p>{sentence}</p>"
    for sentence in (
        "The ferry across the lower river stopped on Monday, and the town says that new cables will take two weeks.",
        "People on the far bank walk to the stone bridge every morning, which takes them forty minutes more than before.",
        "If the water does not rise again, the landing will be finished before the month is over, the builders say.",
    )
)
URL = "https://news.example/ferry"


def read(html: str, url: str = URL, **options: Any) -> Article:
    return extract_article(f"<html>{html}</html>".encode(), url, **options)


def article(above: str = "", below: str = "", head: str = "", lang: str = "en-GB") -> str:
    return (
        f'<head><meta name="language" content="{lang}">{head}<title>The ferry stops</title></head><body>'
        f"<article><h1>The ferry stops</h1>{above}{STORY}{below}</article></body>"
    )


def published(html: str, lang: str = "en-GB", url: str = URL) -> str | None:
    return extract_article(f'<html lang="{lang}">{html}</html>'.encode(), url).date_published


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ('<p class="date">21 March 2023</p>', "2023-03-21"),
        ("<p>Jane Roe | 21/03/2023</p>", "2023-03-21"),
        ("<div>Datum:14. Januar 2021</div>", "2021-01-14"),
        ('<div class="uploaded">3.5.22</div>', "2022-05-03"),
        ("<time>4 Oct 2021</time>", "2021-10-04"),
        ('<time datetime="2021-10-04T09:00">Saturday</time>', "2021-10-04T09:00"),
        ('<div class="newsletter-box"><p>November 9, 2021</p></div>', "2021-11-09"),
        ("<h2>Page 1 of 1 <span>19.08.2021 11:45 by Jane</span></h2>", "2021-08-19T11:45"),
        ('<span class="stamp" data-timestamp="1679357700">yesterday</span>', "2023-03-21T00:15:00Z"),
        ('<abbr class="published" title="2023-03-21T08:15:00+0200">in spring</abbr>', "2023-03-21T08:15:00+02:00"),
        ('<span property="dc:date" content="2023-03-21">in spring</span>', "2023-03-21"),
        ("<div>By Jane Roe<b>May 3, 2024</b></div>", "2024-05-03"),
        ('<p class="meta"><i class="icon-clock"></i>3 May 2024 · 12 minute read</p>', "2024-05-03"),
        ("<footer>3 May 2024 Ferries</footer>", "2024-05-03"),
        ("<figure><img src=f.jpg><p>September 12, 2025 | 14 min read</p></figure>", "2025-09-12"),
        ('<p class="post-meta"><a href="/2024/05/">3 May 2024</a> <a href="/jane">Jane Roe</a></p>', "2024-05-03"),
        ('<div class="popular category-news"><p>3 May 2024</p></div>', "2024-05-03"),
        ("<p>Joined 4 May 2008</p><p>3 May 2024</p>", "2024-05-03"),
        ("<p>2024-05-03 08:15更新　来源：河口日报</p>", "2024-05-03T08:15"),
        ("<p>2024年5月3日 08:15公開 2024年5月9日 更新</p>", "2024-05-03T08:15"),
        ("<p class='lead'>The town says that new cables take weeks.</p><aside>3 May 2024</aside>", "2024-05-03"),
    ],
)
def test_a_line_below_the_headline_dates_the_article(line: str, day: str) -> None:
    assert published(article(above=line)) == day


@pytest.mark.parametrize(
    "html",
    [
        article(below="<p>© Copyright 21 March 2023 River Post</p>"),
        article(below='<div class="related-posts"><a href="/a">Old bridge</a> <time>21 March 2023</time></div>'),
        article(below='<div id="comments"><p>Jane, 21 March 2023: why two weeks?</p></div>'),
        article(
            above="<p>The landing was built by the town on 21 March 1997, and two more were built in the year after that.</p>"
        ),
        '<body><div class="topbar today">Tuesday, 21 March 2023</div>' + article() + "</body>",
        article(above='<p class="date">33.13.22</p>'),
        article(above="<p>Member since 4 May 2008</p>"),
        article(below='<blockquote class="twitter-tweet"><p>— Jane (@jane) 21 March 2023</p></blockquote>'),
        article(below="<ul><li>3 May 2024</li><li>4 May 2024</li><li>9 May 2024</li></ul>"),
        article(below="<table><tr><td>1 January 2013</td></tr><tr><td>1 February 2013</td></tr></table>"),
    ],
)
def test_other_dates_of_a_page_do_not_date_the_article(html: str) -> None:
    assert published(html) is None


@pytest.mark.parametrize(
    "line",
    [
        "<p>This entry was posted on Friday, May 3, 2024 at 8:15 am and is filed under Ferries. You can leave a reply.</p>",
        "<p>Der Beitrag wurde am Freitag, den 3. Mai 2024 um 8:15 Uhr veröffentlicht und unter Fähren, Fluss abgelegt.</p>",
    ],
)
def test_the_line_that_blogs_print_below_a_post_dates_it(line: str) -> None:
    assert published(article(below=line)) == "2024-05-03T08:15"


def test_a_line_far_above_that_repeats_the_headline_dates_the_article() -> None:
    menu = "".join(f"<li><a href='/{n}'>Department of rivers number {n}</a></li>" for n in range(20))
    line = "<div><p>{} was posted on 3 May 2024 in Ferries</p></div>"
    far = "<body>{}<ul>" + menu + "</ul>" + article() + "</body>"
    assert published(far.format(line.format("The ferry stops"))) == "2024-05-03"
    assert published(far.format(line.format("An old bridge"))) is None


def test_of_lines_that_look_alike_above_the_story_the_first_is_the_articles() -> None:
    line = "<li class='day'>{}</li>"
    story = f"<body><ul>{line.format('3 May 2024')}{line.format('9 May 2024')}</ul><div>{STORY}</div></body>"
    assert published(story) == "2024-05-03"


@pytest.mark.parametrize(
    ("times", "day", "change"),
    [
        (
            '<p>Published <b></b><time datetime="2024-05-03">May</time> Updated <time datetime="2024-05-09">May</time></p>',
            "2024-05-03",
            "2024-05-09",
        ),
        (
            '<p><span>Last updated: </span><span><time datetime="2024-05-09">9 May</time></span></p>',
            None,
            "2024-05-09",
        ),
        (
            '<p class="posted-on"><time class="updated" datetime="2024-05-09">9 May</time>'
            '<time class="entry-date published" datetime="2024-05-03">3 May</time></p>',
            "2024-05-03",
            "2024-05-09",
        ),
        (
            '<time itemprop="datePublished" datetime="2024-05-03">May</time>'
            '<time itemprop="dateModified" datetime="2024-05-09">May</time>',
            "2024-05-03",
            "2024-05-09",
        ),
    ],
)
def test_the_words_and_the_class_right_at_a_time_say_what_it_is(times: str, day: str | None, change: str) -> None:
    row = read(article(above=times))
    assert (row.date_published, row.date_modified) == (day, change)


def test_a_publication_stated_as_the_moment_of_the_last_change_is_doubted() -> None:
    head = (
        '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "The ferry stops",'
        ' "datePublished": "2024-05-09T12:28:31Z", "dateModified": "2024-05-09T12:28:31Z"}</script>'
    )
    line = "<p class='date'>Published 3 May 2024</p>"
    assert published(article(head=head, above=line)) == "2024-05-03"
    assert published(article(head=head)) == "2024-05-09T12:28:31Z"


def test_a_time_with_its_offset_says_more_than_one_to_the_second() -> None:
    head = (
        '<meta property="article:published_time" content="2024-05-03T08:15:30">'
        '<meta name="publish-date" content="2024-05-03T08:15+02:00">'
    )
    assert published(article(head=head)) == "2024-05-03T08:15+02:00"


def test_a_line_right_above_the_headline_or_right_after_the_article_dates_it() -> None:
    above = '<body><div class="date">Saturday, 21 March 2023</div>' + article().replace("<body>", "") + "</body>"
    after = article().replace("</article>", '</article><div class="post-date">Posted: 21 March 2023</div>')
    assert published(above) == published(after) == "2023-03-21"


@pytest.mark.parametrize(
    ("name", "content", "day"),
    [
        ("article:published:time", "2023-03-21T08:15:00+00:00", "2023-03-21T08:15:00+00:00"),
        ("published_on", "2023-03-21", "2023-03-21"),
        ("citation_publication_date", "2023/03/21", "2023-03-21"),
        ("article:published_time", "21.03.2023, 08:15:00", "2023-03-21T08:15:00"),
    ],
)
def test_metadata_is_known_under_many_names(name: str, content: str, day: str) -> None:
    assert published(article(head=f'<meta name="{name}" content="{content}">')) == day


def test_a_numeric_date_is_read_in_the_order_of_the_language() -> None:
    line = '<p class="date">3/5/2021</p>'
    assert published(article(above=line), lang="en-GB") == "2021-05-03"
    assert published(article(above=line), lang="en-US") == "2021-03-05"


def test_a_numeric_date_without_an_order_counts_only_for_a_day_that_something_else_names() -> None:
    html = article(above='<p class="date">3/5/2021</p>', lang="")
    assert published(html, lang="") is None
    assert published(html, lang="", url="https://news.example/2021/05/03/ferry") == "2021-05-03"


LD = '<script type="application/ld+json">{{"@type": "NewsArticle", "headline": "The ferry stops", {}}}</script>'


def test_the_url_and_a_printed_line_outweigh_metadata_that_says_another_day() -> None:
    html = article(above='<p class="date">21 March 2023</p>', head=LD.format('"datePublished": "2024-01-01"'))
    assert published(html) == "2024-01-01"
    assert published(html, url="https://news.example/2023/03/21/ferry") == "2023-03-21"


def test_a_publication_after_the_last_change_is_doubted() -> None:
    stated = LD.format('"datePublished": "2024-06-12", "dateModified": "2024-06-10"')
    assert published(article(above='<p class="date">Published: 21 March 2023</p>', head=stated)) == "2023-03-21"


def test_a_printed_day_of_change_is_no_day_of_publication() -> None:
    stated = LD.format('"datePublished": "2023-03-21", "dateModified": "2024-06-10"')
    found = read(article(above='<p class="date">10 June 2024</p>', head=stated))
    assert (found.date_published, found.date_modified) == ("2023-03-21", "2024-06-10")


def test_a_page_that_only_says_when_it_was_changed_has_no_day_of_publication() -> None:
    found = read(article(above='<p class="date">Last updated on 9 December 2023</p>'))
    assert (found.date_published, found.date_modified) == (None, "2023-12-09")


def test_of_one_day_what_says_more_is_taken_even_from_a_printed_line() -> None:
    html = article(above='<p class="date">21 March 2023, 08:15</p>', head=LD.format('"datePublished": "2023-03-21"'))
    assert published(html) == "2023-03-21T08:15"


def test_the_page_or_its_video_dates_an_article_that_nothing_better_dates() -> None:
    page = '<script type="application/ld+json">{"@type": "WebPage", "datePublished": "2023-03-21"}</script>'
    assert published(article(head=page)) == "2023-03-21"


@pytest.mark.parametrize(
    ("script", "day"),
    [
        ('window.page = {"publishDate": "2023-03-21T08:15:00Z"}', "2023-03-21T08:15:00Z"),
        ('{"pagePublished":1679357700000,"lastPublished":"2024-05-09"}', "2023-03-21T00:15:00Z"),
        ('[{"publish_date":"2024-05-01"},{"publish_date":"2024-05-02"}],{"publishedAt":"2023-03-21"}', "2023-03-21"),
        (r'push("{\"datePublished\":\"2023-03-21\"}")', "2023-03-21"),
        ('{"datePublished": "soon, we hope"}', None),
        ("", None),
    ],
)
def test_a_script_dates_an_article_only_where_nothing_else_does(script: str, day: str | None) -> None:
    head = f"<script>{script}</script>"
    assert published(article(head=head)) == day
    assert published(article(head=head, above="<time>4 Oct 2021</time>")) == "2021-10-04"


def test_a_date_after_the_fetch_is_refused_and_named() -> None:
    html = article(above='<p class="date">21 March 2033</p>')
    found = read(html, fetched_at=datetime(2023, 3, 22, tzinfo=UTC))
    assert found.date_published is None
    assert "date_after_fetch" in {warn.code for warn in found.warnings}


def test_signs_name_the_layers_that_agree_and_differ() -> None:
    best = Evidence("2023-03-21", "json-ld", "datePublished", "2023-03-21", weight=5)
    same = Evidence("2023-03-20T23:15-08:00", "time", "time", "", weight=4)
    other = Evidence("2024-01-01", "url", "url", "", weight=3)
    assert signs_of(best, [best, same, other]) == ["agrees:time", "differs:url"]
    assert signs_of(best, [best]) == ["only"]


@given(st.binary() | st.text().map(lambda text: f'"datePublished":"2{text}'.encode("utf-8", "replace")))
def test_any_bytes_of_scripts_give_dates_of_the_form_of_a_row_or_none(source: bytes) -> None:
    for found in scripted(source):
        assert faults(Article(date_published=found.value)) == []


PIECES = (
    *("<p>", "</p>", "<time>", "<div class=date>", "</div>", "<h1>", "21.3.23", "2023-03-21", "21/3/2023"),
    *(" ", "©", "Updated:", "Published:", "10:15", "x"),
)


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=30).map("".join))
def test_the_printed_dates_of_any_page_can_be_read(html: str) -> None:
    root = parse(f"<html><body><h1>Ferry</h1>{html}{STORY}</body></html>".encode("utf-8", "replace"))
    assert root is not None
    for found in printed(Ground(segment(root)), None):
        assert faults(Article(date_published=found.value)) == []
        assert found.weight > 0


@pytest.mark.parametrize(
    ("opening", "day"),
    [
        ("(3 May 2024) The ferry across the lower river has stopped, and nobody knows for how long.", "2024-05-03"),
        (
            "Uferheim, 3. Mai 2024 – Die Fähre über den unteren Fluss steht still, und niemand weiß, wie lange.",
            "2024-05-03",
        ),
        ("Updated 3 May 2024. The ferry across the lower river has stopped, and nobody knows for how long.", None),
        ("On 3 May 2024 the ferry across the lower river stopped, and nobody knew for how long it would.", None),
    ],
)
def test_a_story_that_opens_with_a_day_is_dated_by_it_where_nothing_else_dates_it(
    opening: str, day: str | None
) -> None:
    story = STORY.replace("<p>", f"<p>{opening}</p><p>", 1)
    html = article().replace(STORY, story)
    assert published(html) == day
    assert published(article(above='<p class="date">21 March 2023</p>').replace(STORY, story)) == "2023-03-21"


def test_a_line_of_links_below_the_headline_dates_the_article() -> None:
    line = '<div class="entry"><a href="/d"><time class="published" datetime="2024-05-03">3 May</time></a> <a href="/p">Jane</a></div>'
    assert published(article(above=line)) == "2024-05-03"

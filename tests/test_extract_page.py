"""Pages: their kind, their article, their links by role, on any input."""

from __future__ import annotations

import gc
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from crawls import check_rows
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.exceptions import ProfileError
from newscrawl.extract import extract_article, read_page
from newscrawl.items import Article, as_row, faults
from newscrawl.sites import parse_profile

PAGES = sorted((Path(__file__).parent / "pages").rglob("*.html"))
STORY = "".join(
    f"<p>{sentence}</p>"
    for sentence in (
        "江边的渡船从本月起停航两周，镇政府说是为了更换用了二十六年的缆绳和栈桥。",
        "住在对岸的居民每天早上要绕行石桥，多走大约四十分钟，学校为此把上课时间推迟到九点。",
        "负责工程的施工队表示，如果水位不再上涨，栈桥有望在月底之前完工，渡船随后恢复。",
    )
)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_recorded_page_is_read_as_its_record_says(path: Path) -> None:
    """Write a record with ``scrapy try PAGE --url URL --json``, and read it before it is kept."""
    record = path.with_suffix(".json")
    assert record.exists(), f"{path.name} has no record beside it"
    expected = json.loads(record.read_text(encoding="utf-8"))
    row = as_row(extract_article(path.read_bytes(), expected["url"]))
    for name in ("provenance", "warnings", "reader"):
        row.pop(name), expected.pop(name)
    assert row == expected


def test_there_are_recorded_pages() -> None:
    assert len(PAGES) >= 5


def page(body: str, head: str = "", url: str | None = "https://news.example/2024/05/03/dukou.html") -> Any:
    return read_page(f"<html><head>{head}</head><body>{body}</body></html>".encode(), url)


LISTING = "".join(
    f'<article><h2><a href="/2024/05/0{day}/story-{day}.html">渡口消息之{day}：栈桥修缮又有新进展</a></h2>'
    "<p>镇政府昨天公布了最新进度，施工队表示水位回落之后工程将会加快。</p></article>"
    for day in range(1, 8)
)


@pytest.mark.parametrize(
    ("body", "head", "url", "kind"),
    [
        (f"<h1>渡船停航两周</h1>{STORY}", "", "https://news.example/2024/05/03/dukou.html", "article"),
        (
            f"<h1>渡船停航两周</h1>{STORY}",
            '<meta property="og:type" content="article">',
            "https://a.example/x",
            "article",
        ),
        (LISTING, "", "https://news.example/", "listing"),
        (LISTING, "", "https://news.example/page/2/", "listing"),
        (
            "<h2>抱歉，您访问的页面不存在</h2><p>该文章可能已被删除。</p>",
            "",
            "https://a.example/2024/05/03/x.html",
            "error",
        ),
        ("<h1>404</h1><p>Page not found</p>", "", "https://a.example/x", "error"),
        ("<p>静态页面。</p>", "", "https://a.example/about/", "other"),
        (
            f"<h1>关于我们</h1>{STORY[:200]}",
            '<meta property="og:type" content="website">',
            "https://a.example/about/",
            "other",
        ),
        ("", '<meta http-equiv="refresh" content="0; url=/2024/05/03/dukou.html">', "https://a.example/jump", "other"),
    ],
)
def test_a_page_is_told_by_what_is_on_it(body: str, head: str, url: str, kind: str) -> None:
    found = page(body, head, url)
    assert (found.kind, found.article is not None) == (kind, kind == "article"), found.reason


def test_an_empty_body_and_a_body_that_is_no_html_are_no_articles() -> None:
    assert read_page(b"", "https://a.example/x").kind == "empty"
    assert read_page(b" \n ", None).kind == "empty"
    assert read_page(b"%PDF-1.7 ...", "https://a.example/x.html", content_type="application/pdf").kind == "other"
    assert read_page(bytes(range(256)) * 40, "https://a.example/x", content_type="text/html").kind != "article"


def test_a_meta_refresh_gives_its_target() -> None:
    found = page(
        "", '<meta http-equiv="Refresh" content="0; URL=\'/2024/05/03/dukou.html\'">', "https://a.example/jump"
    )
    assert found.refresh == "https://a.example/2024/05/03/dukou.html"


def test_links_have_the_role_of_their_place() -> None:
    found = page(
        f"<nav><a href='/jiaotong/'>交通</a></nav><article><h1>渡船停航两周</h1>{STORY}"
        "<p><span class='wp_keywordlink'><a href='/zhuanti/'>栈桥</a></span>是镇上最老的建筑之一，很多人在这里等过船。</p>"
        "<div class='tags'>标签：<a rel=tag href='/tag/duchuan/'>渡船</a></div>"
        "<h3>相关阅读</h3><ul><li><a href='/2024/05/02/qiao.html'>石桥加固工程昨天开工，预计需要三个月</a></li></ul>"
        "<div class='sponsored'><a href='https://ad.example/2024/05/01/x.html'>推广</a></div></article>"
        "<aside class='sidebar'><a href='/2024/05/01/yu.html'>鱼市</a><a href='/about/'>关于</a></aside>"
        "<div class='pagination'><a href='/page/2/'>2</a></div>"
    )
    assert found.kind == "article", found.reason
    roles = {link.url.removeprefix("https://news.example"): link.role for link in found.links}
    assert roles == {
        "/jiaotong/": "other",
        "/zhuanti/": "keyword",
        "/tag/duchuan/": "tag",
        "/2024/05/02/qiao.html": "related",
        "https://ad.example/2024/05/01/x.html": "promoted",
        "/2024/05/01/yu.html": "article",
        "/about/": "other",
        "/page/2/": "next",
    }


def test_meta_robots_and_nofollow_are_told() -> None:
    found = page(
        f"<h1>渡船停航两周</h1>{STORY}<a href='/2024/05/01/yu.html'>鱼市</a>",
        "<meta name=robots content='noindex, NoFollow'>",
    )
    assert found.meta_robots == ("noindex", "nofollow")
    assert all(link.nofollow for link in found.links)


def test_an_unknown_profile_is_named() -> None:
    with pytest.raises(ProfileError, match="did you mean 'bannedbook'"):
        read_page(b"<p>x</p>", None, profile="banned-book")


def test_json_ld_is_read_even_when_it_is_not_quite_json() -> None:
    ld = '<script type="application/ld+json">/* <![CDATA[ */{"@type": ["NewsArticle"], "headline": "渡船停航两周", "author": {"@id": "#p"},"datePublished": "2024-05-03T08:15:00+08:00",}/* ]]> */</script>'
    person = (
        '<script type="application/ld+json">{"@graph": [{"@id": "#p", "@type": "Person", "name": "桑雨"}]}</script>'
    )
    found = page(f"<h2>渡船停航两周</h2>{STORY}", ld + person)
    assert found.article.date_published == "2024-05-03T08:15:00+08:00"
    assert [person.name for person in found.article.authors] == ["桑雨"]


def test_a_visible_time_makes_a_date_of_the_same_day_more_exact() -> None:
    found = page(f"<h1>渡船停航两周</h1><p>发布时间：2024-05-03 08:15　来源：江岸日报</p>{STORY}")
    assert found.article.date_published == "2024-05-03T08:15"
    assert found.article.source_organization == "江岸日报"


_SOUP = st.lists(
    st.sampled_from(
        [
            "<p>",
            "</p>",
            "<div",
            "class='related'>",
            "</div>",
            "<a",
            "href='//['>",
            "<a",
            "href='http://[::1'>",
            "</a>",
            "<h1>",
            "</h1>",
            "<br>",
            "渡船",
            "停航。",
            "<figure>",
            "<img",
            "srcset='a",
            "1x,",
            "b'",
            "src='data:,x'>",
            "<figcaption>",
            "</figcaption>",
            "2024-05-03",
            "来源：",
            "作者：",
            "©",
            "（",
            "）",
            "<script",
            'type=\'application/ld+json\'>{"@type":"NewsArticle","author":[[[1]]]}</script>',
            "<time",
            "datetime='x'>",
            "<meta",
            "property='article:published_time'",
            "content='99999-99-99'>",
            "<base",
            "href='javascript:'>",
            "<ul><li>",
            "<table><tr><td>",
            "\x00",
            "�",
            "&#xD800;",
            "&amp;amp;nbsp;",
            "<!--",
            "-->",
            "<span",
            "class='wp_keywordlink'>",
            "rel=tag",
            "<nav>",
            "<footer>",
            "<title>",
            "<svg>",
        ]
    ),
    max_size=40,
).map(" ".join)


@given(_SOUP | st.text(max_size=200), st.none() | st.text(max_size=30) | st.just("https://a.example/2024/05/03/x.html"))
def test_any_page_gives_a_valid_article_and_never_an_exception(text: str, url: str | None) -> None:
    body = text.encode("utf-8", "surrogatepass")
    read_page(body, url, fetched_at=datetime(2024, 5, 4, tzinfo=UTC)).segments()
    article = extract_article(body, url)
    assert isinstance(article, Article)
    assert faults(article) == []


@given(st.binary(max_size=300), st.none() | st.text(max_size=20))
def test_any_bytes_give_an_article(body: bytes, content_type: str | None) -> None:
    assert faults(extract_article(body, "https://a.example/x", content_type=content_type)) == []


def test_a_page_that_was_read_leaves_no_cycles_so_that_its_memory_is_free_at_once() -> None:
    bodies = [*(path.read_bytes() for path in PAGES), b"<p>", b"\xff\xfe<p>" + 300 * b"\x80 "]
    for body in bodies:
        read_page(body, "https://news.example/1.html")
    gc.collect()
    gc.disable()
    try:
        for body in bodies:
            read_page(body, "https://news.example/1.html")
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_row_of_a_page_fits_the_schema() -> None:
    row = as_row(page(f"<h1>渡船停航两周</h1>{STORY}").article)
    row |= {"id": "0" * 64, "url_key": row["url"], "run_id": "test"}
    check_rows([row])


PROFILE = b"""
hosts = ["news.example"]
zone = "Asia/Shanghai"

[[layout]]
headline = "h1"
body = "div.text"
caption = "p.cap"
tags = "ul.subjects a"
keywords = "a.auto"
lines = ['(?P<date>[0-9-]+ [0-9:]+) \\u7a3f\\u6e90 (?P<source>\\S+)']

[layout.noise]
source_line = "p.info"
"""


def test_a_profile_reads_what_the_generic_rules_cannot_know() -> None:
    profile = parse_profile(PROFILE, "example", "example.toml")
    found = read_page(
        f"<h1>渡船停航两周</h1><p class=info>2024-05-03 08:15 稿源 江岸日报</p><div><img src=/a.jpg></div><p class=cap>渡口（江岸日报）</p>"
        f"<div class=text>{STORY}<p>镇上的<a class=auto href='/2024/05/01/yu.html'>鱼市</a>照常开门，摊主们说生意没有受到影响。</p></div>"
        "<ul class=subjects><li><a href='/zt/12'>渡船</a></li></ul>".encode(),
        "https://news.example/x",
        profile=profile,
    )
    article = found.article
    assert article is not None
    assert (article.date_published, article.source_organization) == ("2024-05-03T08:15+08:00", "江岸日报")
    assert [(tag.name, tag.kind) for tag in article.tags] == [("渡船", "declared")]
    assert [(image.caption, image.credit) for image in article.images if image.caption] == [
        ("渡口（江岸日报）", "江岸日报")
    ]
    assert [(link.text, link.kind) for link in article.links] == [("鱼市", "keyword")]
    assert {link.role for link in found.links if link.url.endswith("yu.html")} == {"keyword"}


@pytest.mark.parametrize(
    "run", ["1", " ", "/", '"', "中", "来源：", "作者：张", "（", " | ", "&amp;", "<br>", "2024-", "\u00a0"]
)
def test_a_page_built_from_one_endless_run_is_read(run: str) -> None:
    """Each pattern is linear: a quadratic one would not come back from runs of this length."""
    text = run * (60_000 // len(run))
    for markup in (
        f"<h1>x</h1><p>{text}</p>{STORY}",
        f"<title>{text}</title><h1>{text}</h1>{STORY}",
        f"<meta property='article:published_time' content='{text}'><h1>x</h1>{STORY}",
        f"<h1>x</h1><figure><img srcset='{text}'><figcaption>{text}</figcaption></figure>{STORY}",
        f"<h1>x</h1><a href='{text}'>{text}</a>{STORY}",
    ):
        assert faults(extract_article(markup.encode(), "https://a.example/x")) == []


@pytest.mark.parametrize(
    "markup",
    [
        "<img src=/a.jpg srcset='" + "a" * 19_990 + " x'>",
        "<img src=/a.jpg srcset='/b.jpg " + "9" * 400 + "w'>",
        "<meta name=author content='a" + " " * 20_000 + "b'>",
        "<p>facebook" + "|" * 8_000 + "!</p>",
        "<a class=pager href=/x>" + "»" * 20_000 + "a</a>",
        '<script type="application/ld+json">{"a": ]]>' + " " * 50_000 + "x</script>",
        '<script type="application/ld+json">{"@type":"NewsArticle","headline":"&#' + "1" * 5_000 + ';"}</script>',
        "<p>2023-03-21" + "\u1680" * 600 + "x</p>",
        "<script " * 20_000 + "<a " + "x " * 40_000 + ">",
        "".join(f"<figure><img src=/{n}.jpg><figcaption>图 {n}</figcaption></figure>" for n in range(2_000)),
        "<p>" + "<a href=/x>a</a>" * 5_000 + "</p><p>" + "<a href=/x></a>" * 5_000 + "</p>",
    ],
    ids=["srcset", "width", "author", "pipes", "pager", "json-ld", "reference", "ogham", "scripts", "gallery", "links"],
)
def test_a_page_made_to_hang_the_reader_is_read(markup: str) -> None:
    article = extract_article(f"<html><body><h1>渡船停航两周</h1>{STORY}{markup}</body></html>".encode(), None)
    assert faults(article) == []
    assert (article.article_body or "").startswith("江边的渡船")


@pytest.mark.parametrize("charset", ["idna", "undefined", "punycode", "unicode_escape", "rot13"])
def test_a_codec_that_is_no_charset_is_passed_over(charset: str) -> None:
    body = f"<meta charset={charset}><h1>x</h1>{STORY}".encode("gb18030")
    assert faults(extract_article(body, None)) == []


def test_a_story_in_deep_nesting_is_not_lost() -> None:
    article = extract_article(b"<h1>x</h1>" + b"<div>" * 900 + STORY.encode() + b"</div>" * 900, None)
    assert article.article_body is not None
    assert len(article.article_body.split("\n\n")) == 3


def test_a_story_in_the_only_article_element_of_a_page_is_an_article() -> None:
    assert page(f"<article><h1>渡船停航两周</h1>{STORY}</article>", url="https://a.example/ok").kind == "article"


def test_what_a_profile_calls_noise_is_no_story_whatever_the_classifier_says() -> None:
    profile = parse_profile(b'hosts = ["example.org"]\n[[layout]]\nnoise = {ad = "p.k7"}\n', "noisy", "noisy.toml")
    told = "The ferry across the lower river stopped on Monday, and the town says that new cables will take two weeks."
    paid = (
        "Tickets for the summer concerts are on sale at the town hall, from Monday to Friday, as long as there are any."
    )
    html = f"<h1>The ferry stops</h1><div><p>{told}</p><p class=k7>{paid}</p><p>{told} So it is.</p></div>"
    assert paid in (extract_article(html.encode(), None, profile=None).article_body or "")
    article = extract_article(html.encode(), None, profile=profile)
    assert paid not in (article.article_body or "")
    assert [(part.kind, part.text) for part in article.removed] == [("ad", paid)]


LONG = tuple(
    f"渡口消息之{n}："
    + "江边的渡船从本月起停航两周，镇政府说是为了更换用了二十六年的缆绳和栈桥，对岸的居民要绕行石桥。" * 2
    for n in range(4)
)


def test_a_story_that_a_page_holds_twice_is_told_once() -> None:
    wide = "".join(f"<p>{text}</p>" for text in LONG)
    found = page(
        f"<main><h1>渡船停航</h1><div class='wide'>{wide}</div><div class='narrow'>{wide}</div></main>"
    ).article
    assert found.article_body == "\n\n".join(LONG)


def test_a_quotation_set_twice_stays_where_it_stands() -> None:
    texts = (*LONG, LONG[1])
    found = page(f"<main><h1>渡船停航</h1>{''.join(f'<p>{text}</p>' for text in texts)}</main>").article
    assert found.article_body.count(LONG[1]) == 2


def test_of_a_page_of_whole_posts_the_first_is_the_story() -> None:
    posts = "".join(
        f"<tr><td class=t>日记之{n}</td></tr><tr><td class=t>2024-05-0{n + 1} 10:20:30</td></tr><tr><td class=b>{text}</td></tr>"
        for n, text in enumerate(LONG)
    )
    body = extract_article(f"<body><table>{posts}</table></body>".encode(), "https://news.example/blog").article_body
    assert [text in body for text in LONG] == [True, False, False, False]

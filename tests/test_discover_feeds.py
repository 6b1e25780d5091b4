"""Feeds, sitemaps and lists of posts, read from bytes."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.discover import FeedDocument, FeedEntry, documents, posts_url, read_feed

FEEDS = Path(__file__).parent / "feeds"
URL = "https://news.example/feeds/"
RECORDED = sorted(path for path in FEEDS.iterdir() if not path.name.endswith(".expected.json"))


def read(body: bytes | str, name: str = "feed.xml", **more: str) -> FeedDocument:
    document = read_feed(body if isinstance(body, bytes) else body.encode(), URL + name, **more)
    assert document is not None
    return document


def rss(*items: str, head: str = "") -> str:
    return f'<rss version="2.0"><channel>{head}{"".join(f"<item>{item}</item>" for item in items)}</channel></rss>'


def urls(document: FeedDocument) -> list[str]:
    return [entry.url for entry in document.entries]


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name)
def test_a_recorded_feed_is_read_as_a_person_read_it(path: Path) -> None:
    expected = json.loads((path.parent / f"{path.name}.expected.json").read_text(encoding="utf-8"))
    assert json.loads(json.dumps(asdict(read(path.read_bytes(), path.name)))) == expected


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name)
def test_every_beginning_of_a_feed_gives_the_first_entries_of_the_whole(path: Path) -> None:
    body = path.read_bytes()
    whole = read(body, path.name)
    for length in range(0, len(body), 37):
        document = read_feed(body[:length], URL + path.name)
        given_urls = urls(document) if document is not None else []
        # The last may be cut in two.
        assert given_urls[:-1] == urls(whole)[: max(len(given_urls) - 1, 0)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   \n",
        b"<!doctype html><html><head><title>x</title></head><body><p>An article about <rss> feeds.</p></body></html>",
        b"<html><body>x</body></html>",
        b"<p>A page without a head<p>and more",
        b"plain words",
        b"User-agent: *\nDisallow: /",
        b"<opml><body><outline/></body></opml>",
        b'{"code":"rest_no_route","message":"No route","data":{"status":404}}',
        b'{"a": [1, 2]}',
        b"[1, 2, 3]",
        b"[]",
        b"\x1f\x8b\x08broken",
        b"%PDF-1.4",
    ],
)
def test_what_is_no_feed_gives_none(body: bytes) -> None:
    assert read_feed(body, URL) is None


@given(st.binary(max_size=400))
def test_any_bytes_give_a_document_or_none(body: bytes) -> None:
    for content_type in (None, "text/plain", "application/xml; charset=gbk"):
        document = read_feed(body, "https://news.example/x.txt", content_type=content_type)
        assert document is None or isinstance(document, FeedDocument)


_PARTS = st.sampled_from(
    [
        *("<rss>", "<channel>", "<item>", "</item>", "<link>", "</link>", "<title>", "</title>", "<guid>", "</rss>"),
        *(
            "<feed xmlns='http://www.w3.org/2005/Atom'>",
            "<entry>",
            "</entry>",
            "<link href='/a'/>",
            "<urlset>",
            "<url>",
        ),
        *("<loc>", "</loc>", "<lastmod>", "<sitemap>", "<sitemapindex>", "<![CDATA[", "]]>", "<!--", "-->", "<?", "?>"),
        *(
            "<!DOCTYPE a [",
            "]>",
            "<!ENTITY x 'y'>",
            "&x;",
            "&amp;",
            "&#0;",
            "&",
            "<",
            ">",
            "'",
            '"',
            "http://a.b/",
            "//[",
        ),
        *(
            "2023-03-21",
            "Tue, 21 Mar 2023 08:15:00 +0800",
            "\x00",
            "新",
            "\ud800",
            "xml:base='//['",
            " ",
            "\n",
            "[",
            "{",
        ),
        *(
            '{"version":"https://jsonfeed.org/version/1"',
            '"items":[',
            '{"url":"/a"}',
            '{"link":"/a","title":1}',
            ",",
            "]",
        ),
        *("<a x=", "<a:b xmlns:a='c'>", "javascript:x", "<rdf:RDF>", "<news:news>", "<ttl>", "99999999999", "</"),
    ]
)


@given(st.lists(_PARTS, max_size=40), st.sampled_from(["utf-8", "gb18030", "utf-16", "latin-1"]))
def test_any_pieces_of_feeds_give_entries_that_can_be_asked_for(parts: list[str], charset: str) -> None:
    document = read_feed("".join(parts).encode(charset, "replace"), "https://news.example/wp-json/wp/v2/posts")
    for entry in (*document.entries, *document.feeds) if document is not None else ():
        assert entry.url.startswith(("http://", "https://"))
        assert entry.title is None or (entry.title.strip() and "\n" not in entry.title)
        json.dumps(asdict(entry)).encode()
    if document is not None:
        found = [entry.url for entry in (*document.entries, *document.feeds)]
        assert len(found) == len(set(found))


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_title_comes_back_as_its_text_and_one_bad_link_loses_no_other(title: str, link: str) -> None:
    plain = "".join(ch for ch in title if ch.isalnum())
    good = f"<title>{plain}</title><link>https://news.example/good</link>"
    document = read(
        rss(f"<link>{link}</link>".encode("utf-8", "replace").decode(), good) if "<" not in link else rss(good)
    )
    assert "https://news.example/good" in urls(document)


@pytest.mark.parametrize("charset", ["gb2312", "gbk", "big5", "utf-8", "utf-16", "shift_jis"])
@pytest.mark.parametrize("how", ["xml", "header"])
def test_a_declared_charset_is_read(charset: str, how: str) -> None:
    text = "日本" if charset == "shift_jis" else "中文"
    declared = f'<?xml version="1.0" encoding="{charset}"?>' if how == "xml" else ""
    body = (declared + rss(f"<title>{text}</title><link>/a</link>")).encode(charset)
    content_type = f"text/xml; charset={charset}" if how == "header" else "text/xml"
    assert read(body, content_type=content_type).entries[0].title == text


@pytest.mark.parametrize("declared", ["gb2312", "utf-16", "latin-1", "no-such-charset", "idna", "rot13", "base64"])
def test_utf8_under_a_false_name_is_read_as_utf8(declared: str) -> None:
    body = (f'<?xml version="1.0" encoding="{declared}"?>' + rss("<title>中文</title><link>/a</link>")).encode()
    assert read(body).entries[0].title == "中文"


def test_gbk_under_the_name_of_utf8_is_recognised() -> None:
    title = "外交部发言人就有关问题回答记者提问并表示中方一贯主张通过对话解决争端维护地区和平与稳定"
    body = ('<?xml version="1.0" encoding="utf-8"?>' + rss(f"<title>{title}</title><link>/a</link>")).encode("gbk")
    assert read(body).entries[0].title == title


def test_a_title_cut_within_a_character_does_not_make_the_feed_another_charset() -> None:
    first = "外交部发言人就有关问题回答记者提问".encode()[:-1]
    body = rss("<title>@</title><link>/a</link>", "<title>第二条新闻</title><link>/b</link>").encode()
    titles = [entry.title for entry in read(body.replace(b"@", first)).entries]
    assert titles == ["外交部发言人就有关问题回答记者提\ufffd", "第二条新闻"]


def test_a_gzip_file_is_unpacked_and_a_damaged_one_as_far_as_it_goes() -> None:
    body = "<urlset>" + "".join(f"<url><loc>https://news.example/{n * 7919 % 99991}</loc></url>" for n in range(8_000))
    packed = gzip.compress((body + "</urlset>").encode())
    assert len(read(packed).entries) == 8_000
    assert len(read(gzip.compress(packed)).entries) == 8_000
    half = read(packed[: len(packed) // 2])
    assert half.cut == "malformed"
    assert 1_000 < len(half.entries) < 8_000


def _sitemap(count: int) -> Iterator[bytes]:
    yield b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    for n in range(count):
        yield b"<url><loc>http://news.example/ok?%d</loc></url>" % n
    yield b"</urlset>"


def test_a_sitemap_that_is_too_long_is_cut_and_its_rest_not_even_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_ENTRIES", 2_000)
    packed = gzip.compress(b"".join(_sitemap(500_000)), 1)
    tracemalloc.start()
    try:
        document = read(packed)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (document.cut, len(document.entries)) == ("entries", 2_000)
    assert peak < 10 * 1024 * 1024


@pytest.mark.parametrize(("count", "cut"), [(50_000, None), (50_001, "entries")])
def test_a_full_sitemap_is_read_whole(count: int, cut: str | None) -> None:
    document = read(b"".join(_sitemap(count)))
    assert (len(document.entries), document.cut) == (50_000, cut)


def test_more_than_50_mib_are_not_unpacked() -> None:
    packed = gzip.compress(b"<urlset><url><loc>/a</loc></url>" + b" " * (60 * 1024 * 1024), 1)
    document = read(packed)
    assert (document.cut, urls(document)) == ("bytes", ["https://news.example/a"])


def test_entities_of_a_document_are_never_expanded_nor_fetched() -> None:
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    body = f'<!DOCTYPE l [<!ENTITY a0 "lol">{laughs}<!ENTITY f SYSTEM "file:///etc/hostname">]>'
    document = read(body + "<urlset><url><loc>https://news.example/&a9;&f;</loc></url></urlset>")
    assert urls(document) == ["https://news.example/&a9;&f;"]


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE a [<!ENTITY a "' + b"x" * 1_000_000 + b'">]><urlset><url><loc>/' + b"&a;" * 2000,
        b"<!DOCTYPE a [" + b"]" * 3_000_000,
        b"<urlset>" + b"<" * 3_000_000,
        b"<urlset " + b"a " * 1_000_000,
        b"<urlset>" + b"<a x='" * 100_000,
        b"<urlset>" + b"<a>" * 300_000,
        b"<rss><item><title>" + b"&lt;!--" * 500_000,
        b"<rss>" + b"<item><link>http://news.example/" * 51_000,
        b'<rss xmlns:a="b" ' + b"".join(b'xmlns:a%d="b" ' % n for n in range(3000)) + b">" + b"<a7:b>" * 1000,
        b"[" * 1_000_000,
        b'{"version":"https://jsonfeed.org/version/1","items":[' + b"[" * 500_000,
        b'[{"link":"/a","title":' + b"9" * 10_000 + b"}]",
    ],
)
def test_a_document_built_to_hang_the_reader_ends(body: bytes) -> None:
    document = read_feed(body, URL)
    assert document is None or document.cut in ("malformed", "entries", "bytes")


@pytest.mark.parametrize("length", [10_000, 20_000, 100_000])
def test_an_address_is_taken_whole_or_not_at_all(length: int) -> None:
    url = "https://news.example/" + "a" * length
    document = read(rss(f"<link>{url}</link>", "<link>/b</link>"))
    assert urls(document) == [*([url] if length == 10_000 else []), "https://news.example/b"]


def test_a_reference_or_a_tag_that_lies_on_the_border_of_two_pieces_is_read() -> None:
    for length in range(65_500, 65_560):
        document = read(f"<!--{'x' * length}--><urlset><url><loc>https://news.example/?a&amp;b</loc></url></urlset>")
        assert urls(document) == ["https://news.example/?a&b"]


def test_entries_and_feeds_are_kept_apart_whatever_the_root_is() -> None:
    document = read("<urlset><sitemap><loc>/b.xml</loc></sitemap><url><loc>/a</loc></url></urlset>")
    assert urls(document) == ["https://news.example/a"]
    assert document.feeds == (FeedEntry(url="https://news.example/b.xml"),)


def test_a_list_of_lines_is_a_sitemap_only_where_it_is_named_or_served_as_text() -> None:
    body = b"\xef\xbb\xbfhttps://news.example/a\r\n\r\nhttps://news.example/b?x=1&y=2\r\nnonsense:x\n/c\n"
    document = read(body, "sitemap.txt")
    assert urls(document) == ["https://news.example/a", "https://news.example/b?x=1&y=2", "https://news.example/c"]
    assert document.refused == (("scheme", 1),)
    assert read(body, "list", content_type="text/plain; charset=utf-8").kind == "sitemap"
    assert read(gzip.compress(body), "sitemap.txt.gz").kind == "sitemap"
    assert read_feed(body, URL + "list.xml") is None


def test_a_feed_served_as_plain_text_is_a_feed() -> None:
    assert read(rss("<link>/a</link>"), "rss.txt", content_type="text/plain").kind == "rss"


@pytest.mark.parametrize(
    ("head", "ttl_s"),
    [
        ("<ttl>60</ttl>", 3600.0),
        ("<ttl>0</ttl>", None),
        ("<ttl>often</ttl>", None),
        ("<ttl>999999999</ttl>", 90 * 86400.0),
        ("<sy:updatePeriod> hourly </sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>", 1800.0),
        ("<sy:updatePeriod>weekly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", 7 * 86400.0),
        ("<sy:updatePeriod>sometimes</sy:updatePeriod>", None),
    ],
)
def test_a_feed_says_how_often_it_changes(head: str, ttl_s: float | None) -> None:
    assert read(rss("<link>/a</link>", head=head)).ttl_s == ttl_s


def test_the_pages_of_wordpress_follow_one_another_by_its_headers() -> None:
    body = (FEEDS / "wordpress.json").read_bytes()
    first = posts_url("https://news.example/wp-json/")
    second = read_feed(body, first, headers={"x-wp-totalpages": "3"})
    assert second is not None
    assert second.next_page == posts_url("https://news.example/wp-json", 2)
    third = read_feed(body, second.next_page or "", headers={"X-WP-TotalPages": "3"})
    assert third is not None
    assert third.next_page == posts_url("https://news.example/wp-json", 3)
    last = read_feed(body, third.next_page or "", headers={"X-WP-TotalPages": "3"})
    assert last is not None
    assert last.next_page is None
    linked = read_feed(body, first, headers={"Link": f'<{first}&page=9>; rel="next"'})
    assert linked is not None
    assert linked.next_page == first + "&page=9"


def test_a_wordpress_site_without_posts_is_one_with_no_entries() -> None:
    document = read_feed(b"[]", posts_url("https://news.example/index.php?rest_route=/"))
    assert document == FeedDocument(kind="wordpress")


def test_what_is_whole_in_a_json_feed_that_breaks_off_is_kept() -> None:
    body = (FEEDS / "jsonfeed.json").read_text()
    document = read(body[: body.index("nonsense")])
    assert document.cut == "malformed"
    assert document.title == "Quiet Street"
    assert urls(document) == ["https://news.example/q/1", "https://news.example/q/2"]

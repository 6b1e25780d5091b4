import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from w3lib.url import safe_url_string

from newscrawl.urls import (
    ParameterRules,
    host_of,
    looks_like_article,
    looks_like_tag,
    resolve,
    site_of,
    url_id,
    url_key,
    url_loose,
    without_dropped,
)

# Two URLs of a real site, and whether the key (same), the loose form alone (loose) or neither (diff) may be equal.
PAIRS = [
    line.split("\t") for line in Path(__file__).with_name("url_pairs.tsv").read_text(encoding="utf-8").splitlines()[1:]
]
BASE = "https://news.example/china/2023/index.html?page=2#top"

ANY_TEXT = st.text(st.characters())
# What URLs are made of, in any order: most are broken, and many are not.
PIECES = (
    "http:// https:// HTTP: // / \\ . .. %2e %2E%2e ? # #! #/ : :80 :443 :0 :99999 @ & ; = [::1] [ ] "
    "% %2f %41 %e4 %B8 %25 %zz news.example NEWS.Example. 127.1 ①②⑦.1 0x7f 新闻.中国 xn--fiqs8s a b "
    "id=1 utm_source=x spm=1 from=timeline &amp; amp; &#38; &am%70; ;jsessionid=1 javascript: "
    "/c/s/ .cdn.ampproject.org www.google.com/amp/s/ bing-amp.com 中 国 é ' \" | ^ { "
    "2023 03 21 tag article page -x-y-z .html .jpg \t \n \ud800 \u3000 \u00ad"
)
URL_LIKE = st.lists(st.sampled_from(PIECES.split(" ")), max_size=12).map("".join)
ABSOLUTE = URL_LIKE.map(lambda rest: f"http://news.example/{rest}")
TEXTS = ANY_TEXT | URL_LIKE | ABSOLUTE


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("1.html", "https://news.example/china/2023/1.html"),
        ("./1.html", "https://news.example/china/2023/1.html"),
        ("../1.html", "https://news.example/china/1.html"),
        ("../../../../1.html", "https://news.example/1.html"),
        ("..", "https://news.example/china/"),
        (".", "https://news.example/china/2023/"),
        ("/a/%2e%2E/b/.", "https://news.example/b/"),
        ("/a//b", "https://news.example/a//b"),
        ("\\a\\b?c\\d", "https://news.example/a/b?c%5Cd"),
        ("?page=3", "https://news.example/china/2023/index.html?page=3"),
        ("?", "https://news.example/china/2023/index.html"),
        ("#!/article/1", "https://news.example/china/2023/index.html?page=2#!/article/1"),
        ("//cdn.example/a", "https://cdn.example/a"),
        ("https:1.html", "https://news.example/china/2023/1.html"),
        ("http:other.example/1", "http://other.example/1"),
        ("https:///other.example/1", "https://other.example/1"),
        (" \u3000/a\n/b\t ", "https://news.example/a/b"),
        (
            "/标签/中国?q=新闻",
            "https://news.example/%E6%A0%87%E7%AD%BE/%E4%B8%AD%E5%9B%BD?q=%E6%96%B0%E9%97%BB",
        ),
        ("/a b\x00c", "https://news.example/a%20b%00c"),
        ("/%d6%d0%2f?q=%d6%d0", "https://news.example/%D6%D0%2F?q=%D6%D0"),
        ("/100%?x=%zz", "https://news.example/100%?x=%zz"),
        ("/\ud800", "https://news.example/%EF%BF%BD"),
        ("/a:b@c", "https://news.example/a:b@c"),
        ("HTTP://User:secret@News.EXAMPLE:80", "http://news.example/"),
        ("https://news.example:443/a", "https://news.example/a"),
        ("https://news.example:/a", "https://news.example/a"),
        ("https://news.example:08080/a", "https://news.example:8080/a"),
        ("https://news.example./a", "https://news.example./a"),
        ("https://news.example?a", "https://news.example/?a"),
        ("https://新闻.中国/a", "https://xn--efvy88h.xn--fiqs8s/a"),
        ("https://NEWS。example/a", "https://news.example/a"),
        ("https://n%65ws.example/a", "https://news.example/a"),
        ("http://１２７．０．０．１/", "http://127.0.0.1/"),
        ("http://0x7f.1:8000/", "http://127.0.0.1:8000/"),
        ("http://[::FFFF:127.0.0.1]/", "http://[::ffff:7f00:1]/"),
        ("http://[2001:DB8:0:0::1]:80/", "http://[2001:db8::1]/"),
        ("http://localhost:8000/a", "http://localhost:8000/a"),
        ("https://news.example/#/a/b c", "https://news.example/#/a/b%20c"),
        ("https://news.example/a#:~:text=x", "https://news.example/a"),
        ("https://news.example/a#!", "https://news.example/a"),
    ],
)
def test_an_href_is_resolved_as_a_browser_resolves_it(href: str, url: str) -> None:
    assert resolve(BASE, href) == url


@pytest.mark.parametrize(
    "href",
    [
        "",
        " \n",
        "#",
        "#top",
        "#!",
        "#/",
        "javascript:void(0)",
        "JavaScript:alert('x')",
        "java\nscript:x",
        "mailto:desk@news.example",
        "tel:+123",
        "data:text/html,x",
        "ftp://news.example/a",
        "//[",
        "//",
        "http://",
        "http://[::1",
        "http://[::1]x/",
        "http://[v1.x]/",
        "http://[fe80::1%25eth0]/",
        "http://user@/",
        "http://.",
        "http://a..example/",
        "http://.example/",
        "http://news.example:x/",
        "http://news.example:0/",
        "http://news.example:65536/",
        "http://news.example:" + "0" * 5000 + "/",
        "http://news.example:８０/",
        "http://news\x00.example/",
        "http://news\x7f.example/",
        "http://news example/",
        "http://news.exam%00ple/",
        "http://news.%e4.example/",
        "http://news.exa\ud800mple/",
        "http://{{host}}/",
        "http://a,b.example/",
        "http://℀.example/",
        "http://xn--é.example/",
        "http://256.0.0.1/",
        "http://1.2.3.4.5/",
        "http://" + "a" * 64 + ".example/",
        "http://" + "a." * 130 + "example/",
        "http://" + "\u0301\u0323" * 200_000,
    ],
)
def test_what_is_no_web_address_resolves_to_none(href: str) -> None:
    assert resolve(BASE, href) is None


@pytest.mark.parametrize("base", [None, "", "about:blank", "//["])
def test_a_relative_href_needs_a_base(base: str | None) -> None:
    assert resolve(base, "/a.html") is None
    assert resolve(base, "https://news.example/a.html") == "https://news.example/a.html"


@given(st.none() | TEXTS, TEXTS)
def test_any_href_resolves_to_none_or_to_what_resolves_to_itself(base: str | None, href: str) -> None:
    url = resolve(base, href)
    if url is not None:
        assert url.isascii()
        assert url.startswith(("http://", "https://"))
        assert resolve(None, url) == resolve(base, url) == url


@given(ABSOLUTE)
def test_scrapy_requests_a_resolved_url_as_it_is(href: str) -> None:
    url = resolve(None, href)
    assert url is not None
    assert safe_url_string(url) == url


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("HTTPS://News.Example/a", "https://news.example/a"),
        ("http://news.example:80/a", "http://news.example/a"),
        ("https://news.example./a", "https://news.example/a"),
        ("https://me:secret@news.example/a", "https://news.example/a"),
        ("https://news.example", "https://news.example/"),
        ("\n https://news.example/a ", "https://news.example/a"),
        ("https://news.example/x/../a", "https://news.example/a"),
        ("https://news.example\\a", "https://news.example/a"),
        ("https://新闻.中国/", "https://xn--efvy88h.xn--fiqs8s/"),
        ("https://news.example/%7eme/%61", "https://news.example/~me/a"),
        ("https://news.example/%e6%a0%87", "https://news.example/标"),
        ("https://news.example/100%", "https://news.example/100%25"),
        ("https://news.example/a#comments", "https://news.example/a"),
        ("https://news.example/a?x=1&amp;y=2", "https://news.example/a?y=2&x=1"),
        ("https://news.example/a?x=1&amp;amp;y=2", "https://news.example/a?x=1&y=2"),
        ("https://news.example/a?x=1&#038;y=2", "https://news.example/a?x=1&y=2"),
        ("https://news.example/a?amp;y=2", "https://news.example/a?y=2"),
        ("https://news.example/a?&&x=1&", "https://news.example/a?x=1"),
        ("https://news.example/a?", "https://news.example/a"),
        ("https://news.example/a;JSESSIONID=0F?x=1", "https://news.example/a?x=1"),
        ("https://news.example/a?PHPSESSID=1&ASPSESSIONIDQQ=2", "https://news.example/a"),
        ("https://news.example/a?utm_source=x&UTM_Medium=y&mtm_kwd=z", "https://news.example/a"),
        ("https://news.example/a?at_medium=x&pk_campaign=y&fb_ref=z", "https://news.example/a"),
        ("https://news.example/a?gclid=1&fbclid=2&msclkid=3&ttclid=4", "https://news.example/a"),
        ("https://news.example/a?mc_cid=1&mc_eid=2&_hsenc=3&_hsmi=4", "https://news.example/a"),
        ("https://news.example/a?spm=1.2&scm=3&bd_vid=4&hmsr=5", "https://news.example/a"),
        ("https://news.example/a?from=singlemessage&isappinstalled=0", "https://news.example/a"),
        ("https://k.sina.com.cn/a.html?cre=x&mod=y&loc=1&id=7", "https://k.sina.com.cn/a.html?id=7"),
        ("https://mp.weixin.qq.com/s/Ab?scene=1&chksm=2#rd", "https://mp.weixin.qq.com/s/Ab"),
        ("https://baijiahao.baidu.com/s?id=1&wfr=spider&for=pc", "https://baijiahao.baidu.com/s?id=1"),
        ("https://www.163.com/a.html?clickfrom=x", "https://www.163.com/a.html"),
        ("https://www.nytimes.com/a.html?smid=x", "https://www.nytimes.com/a.html"),
        ("https://www.theguardian.com/a?CMP=x", "https://www.theguardian.com/a"),
        ("https://news-example.cdn.ampproject.org/c/s/news.example/a?x=1", "https://news.example/a?x=1"),
        ("https://x.cdn.ampproject.org/v/news.example/a?amp_js_v=0.1&usqp=y", "http://news.example/a"),
        ("https://www.google.com/amp/s/news.example/a", "https://news.example/a"),
        ("https://x.bing-amp.com/c/s/NEWS.example:443", "https://news.example/"),
    ],
)
def test_spellings_of_one_page_have_one_key(one: str, other: str) -> None:
    assert url_key(one) == url_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://news.example/a", "https://news.example/a"),
        ("https://www.news.example/a", "https://news.example/a"),
        ("https://m.news.example/a", "https://news.example/a"),
        ("https://news.example:8443/a", "https://news.example/a"),
        ("https://news.example/a/", "https://news.example/a"),
        ("https://news.example//a", "https://news.example/a"),
        ("https://news.example/A", "https://news.example/a"),
        ("https://news.example/index.html", "https://news.example/"),
        ("https://news.example/a%2Fb", "https://news.example/a/b"),
        ("https://news.example/a%252Fb", "https://news.example/a%2Fb"),
        ("https://news.example/?q=%D6%D0", "https://news.example/?q=%E4%B8%AD"),
        ("https://news.example/?k=1&k=2", "https://news.example/?k=2&k=1"),
        ("https://news.example/?p=1", "https://news.example/?p=2"),
        ("https://news.example/?a", "https://news.example/?a="),
        ("https://news.example/?from=wap", "https://news.example/"),
        ("https://news.example/?ref=x", "https://news.example/"),
        ("https://news.example/?s=20", "https://news.example/"),
        ("https://news.example/?cre=x", "https://news.example/"),
        ("https://notweixin.qq.com.example/?scene=1", "https://notweixin.qq.com.example/"),
        ("https://news.example/#!/a", "https://news.example/#!/b"),
        ("https://news.example/#/a", "https://news.example/"),
        ("https://news.example/amp/s/b.example/a", "https://b.example/a"),
    ],
)
def test_urls_that_may_be_two_pages_have_two_keys(one: str, other: str) -> None:
    assert url_key(one) != url_key(other)


@pytest.mark.parametrize("text", ["", "news", "javascript:x", "//[", "http://[::1", "中国&amp;", "\ud800"])
def test_what_is_no_url_is_its_own_key(text: str) -> None:
    assert url_key(f" {text}\n") == text


def test_a_cache_of_a_cache_is_left_alone() -> None:
    url = "https://a.cdn.ampproject.org/c/s/b.cdn.ampproject.org/c/s/news.example/a"
    assert url_key(url) == url


@given(TEXTS)
def test_a_key_is_its_own_key(url: str) -> None:
    key = url_key(url)
    assert url_key(key) == key


@given(TEXTS)
def test_a_url_and_its_resolved_form_have_one_key(url: str) -> None:
    resolved = resolve(None, url)
    if resolved is not None and "#" not in url:
        assert url_key(resolved) == url_key(url)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["1", "2", ""])), max_size=6), st.randoms())
def test_the_order_of_parameters_counts_only_among_those_of_one_name(pairs: list[tuple[str, str]], random) -> None:  # type: ignore[no-untyped-def]
    names = [name for name, _ in pairs]
    random.shuffle(names)
    values = {name: iter([value for other, value in pairs if other == name]) for name in names}
    shuffled = [(name, next(values[name])) for name in names]
    urls = ["https://news.example/?" + "&".join(f"{n}={v}" for n, v in each) for each in (pairs, shuffled)]
    assert url_key(urls[0]) == url_key(urls[1])


RULES = ParameterRules(keep=frozenset({"from", "utm_id", "page"}), drop=frozenset({"seq"}))


def test_the_rules_of_a_site_win_over_the_lists() -> None:
    url = "https://udn.com/a?UTM_ID=3&from=timeline&Seq=1&spm=2"
    assert url_key(url) == "https://udn.com/a?Seq=1"
    assert url_key(url, RULES) == "https://udn.com/a?UTM_ID=3&from=timeline"


def test_the_rules_of_a_site_hold_for_the_loose_form_too() -> None:
    url = "http://news.example/a?from=b&page=1&ref=c&seq=2"
    assert url_loose(url) == "https://news.example/a?seq=2"
    assert url_loose(url, RULES) == "https://news.example/a?from=b&page=1"


@pytest.mark.parametrize(("verdict", "one", "other", "what"), PAIRS, ids=[pair[3] for pair in PAIRS])
def test_urls_of_real_sites_are_told_apart(verdict: str, one: str, other: str, what: str) -> None:
    assert (url_key(one) == url_key(other)) is (verdict == "same")
    assert (url_loose(one) == url_loose(other)) is (verdict != "diff")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://news.example/a", "https://news.example/a"),
        ("http://news.example:80/a", "https://news.example:443/a"),
        ("https://www.news.example/a", "https://news.example/a"),
        ("https://www2.news.example/a", "https://news.example/a"),
        ("https://wap.news.example/a", "https://touch.news.example/a"),
        ("https://en.m.news.example/a", "https://en.news.example/a"),
        ("https://m.news.example:8080/a", "https://news.example:8080/a"),
        ("https://news.example//a///b//", "https://news.example/a/b"),
        ("https://news.example/a/Index.SHTML", "https://news.example/a"),
        ("https://news.example/default.aspx?id=1", "https://news.example/?id=1"),
        ("https://news.example/a/page/1/", "https://news.example/a/"),
        ("https://news.example/a/print", "https://news.example/a"),
        ("https://news.example/a.print.html", "https://news.example/a.html"),
        ("https://news.example/a?print=1&id=2", "https://news.example/a?id=2"),
        ("https://news.example/a_amp.php", "https://news.example/a.php"),
        ("https://news.example/a?ref=x&source=y&share=z", "https://news.example/a"),
    ],
)
def test_urls_that_may_be_one_page_have_one_loose_form(one: str, other: str) -> None:
    assert url_key(one) != url_key(other)
    assert url_loose(one) == url_loose(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://m.com/a", "https://com/a"),
        ("https://amp.co.uk/a", "https://co.uk/a"),
        ("https://sports.news.example/a", "https://news.example/a"),
        ("https://news.example:8080/a", "https://news.example/a"),
        ("https://news.example/amplitude/a", "https://news.example/litude/a"),
        ("https://news.example/camp", "https://news.example/c"),
        ("https://news.example/a/page/10", "https://news.example/a"),
        ("https://news.example/?p=1", "https://news.example/"),
        ("https://news.example/a.html", "https://news.example/a"),
        ("https://news.example/#!/a", "https://news.example/"),
        ("http://[::1]/a", "http://1/a"),
    ],
)
def test_urls_that_cannot_be_one_page_have_two_loose_forms(one: str, other: str) -> None:
    assert url_loose(one) != url_loose(other)


@pytest.mark.parametrize("text", ["", "news", "javascript:x", "//[", "http://[::1", "\ud800"])
def test_what_is_no_url_is_its_own_loose_form(text: str) -> None:
    assert url_loose(f" {text}\n") == text


LOOSE_PIECES = (
    "www. m. amp. m-cn. / // /amp /index.html /print .amp.html -amp /page/1 ? & from=1 page=1 ref=2 amp=1 id=3"
)
LOOSE_LIKE = st.lists(st.sampled_from((LOOSE_PIECES + " " + PIECES).split(" ")), max_size=12).map("".join)


@given(TEXTS | LOOSE_LIKE.map(lambda rest: f"http://{rest}") | LOOSE_LIKE.map(lambda rest: f"http://a.example/{rest}"))
def test_a_loose_form_is_its_own_loose_form_and_its_own_key(url: str) -> None:
    for rules in (ParameterRules(), RULES):
        loose = url_loose(url, rules)
        assert url_loose(loose, rules) == loose
        assert url_key(loose, rules) == loose


@given(TEXTS)
def test_urls_with_one_key_have_one_loose_form(url: str) -> None:
    assert url_loose(url_key(url)) == url_loose(url)


def test_the_id_is_the_sha256_of_the_key() -> None:
    assert url_id("https://news.example/") == hashlib.sha256(b"https://news.example/").hexdigest()
    assert len(url_id("\ud800")) == 64


@pytest.mark.parametrize(
    ("url", "host", "site"),
    [
        ("https://www.news.example/a", "www.news.example", "news.example"),
        ("HTTP://me@WWW.BBC.co.uk.:8080/a", "www.bbc.co.uk", "bbc.co.uk"),
        ("https://finance.sina.com.cn", "finance.sina.com.cn", "sina.com.cn"),
        ("https://新闻.中国/", "xn--efvy88h.xn--fiqs8s", "xn--efvy88h.xn--fiqs8s"),
        ("https://com.cn/", "com.cn", "com.cn"),
        ("http://localhost:8000/", "localhost", "localhost"),
        ("http://a.b.intranet/", "a.b.intranet", "b.intranet"),
        ("http://127.1/", "127.0.0.1", "127.0.0.1"),
        ("http://[::1]:8000/", "::1", "::1"),
        ("news.example", "", ""),
        ("", "", ""),
    ],
)
def test_a_url_has_a_host_and_a_site(url: str, host: str, site: str) -> None:
    assert (host_of(url), site_of(url)) == (host, site)


@given(TEXTS)
def test_any_text_has_a_host_that_ends_in_its_site(url: str) -> None:
    host = host_of(url)
    assert host == host.lower()
    assert host.endswith(site_of(url))
    assert bool(host) == (resolve(None, url) is not None)


@pytest.mark.parametrize(
    "path",
    [
        "/20230321/123.html",
        "/china/20230321/abc.shtml",
        "/2023/03/21/slug",
        "/2023/3/21/slug/",
        "/2023/03/slug.html",
        "/2023-03/21/content_1.htm",
        "/2023-03-21/doc-imymtnfu.shtml",
        "/2023/0321/c1001-32648123.html",
        "/202303/t20230321_1234.html",
        "/202303/21/x.html",
        "/a/20230321012345",
        "/news/20230321.html",
        "/bnews/zh-tw/1862345.html",
        "/zhongwen/simp/world-65012345",
        "/the-council-closes-the-library",
        "/the_council_closes_library.html",
        "/2023/03/21/",
        "/市图书馆今天重新开放",
        "/%E5%B8%82%E5%9B%BE%E4%B9%A6%E9%A6%86%E9%87%8D%E6%96%B0%E5%BC%80%E6%94%BE",
        "/?p=123",
        "/index.php?p=123",
        "/show.php?id=123",
        "/view.aspx?x=1&newsid=7",
        "/article/some-name",
        "/dy/article/HVABC.html",
        "/news/123",
        "/archives/456.html",
    ],
)
def test_the_shape_of_an_article_is_recognised(path: str) -> None:
    assert looks_like_article(f"https://news.example{path}") is (path != "/2023/03/21/")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/index.html",
        "/china/",
        "/about-us",
        "/privacy-policy-of-this-site",
        "/2023/",
        "/2023/03/",
        "/2023/03",
        "/2023/03/21/index.html",
        "/2023-03-21/",
        "/20230321/",
        "/202303",
        "/news/20230321",
        "/news/2023",
        "/news/2023/03/21/",
        "/2023/03/page/2/",
        "/tag/the-council-closes-it",
        "/topics/12345",
        "/标签/2023/03/21/a",
        "/category/2023/03/21/a",
        "/author/the-name-of-somebody",
        "/search/20230321/a",
        "/?s=12345",
        "/?cat=3&p=123",
        "/login/12345",
        "/page/12345",
        "/2023/03/21/slug/feed",
        "/wp-json/wp/v2/posts/12345",
        "/wp-content/uploads/2023/03/a-b-c-d.html",
        "/2023/03/21/12345.jpg",
        "/20230321/12345.PDF",
        "/style-of-the-site.css",
        "/a-b-c-d.js",
        "/list?p=2",
        "/article/",
    ],
)
def test_a_listing_a_date_archive_and_a_file_are_no_articles(path: str) -> None:
    assert not looks_like_article(f"https://news.example{path}")


@pytest.mark.parametrize(
    "path",
    [
        "/tag/中国",
        "/zh/tags/a/",
        "/topic/x.html",
        "/TAG/X",
        "/标签/美国",
        "/%E6%A0%87%E7%AD%BE/a",
        "/%74ag/a",
        "/t\nag/a",
        "\\label\\a",
    ],
)
def test_the_shape_of_a_tag_is_recognised(path: str) -> None:
    assert looks_like_tag(f"https://news.example{path}")


@pytest.mark.parametrize(
    "path", ["/", "/tag/", "/tags", "/tag/index.html", "/tags/page/2", "/tagesschau/a", "/a?tag=b"]
)
def test_a_tag_needs_a_name(path: str) -> None:
    assert not looks_like_tag(f"https://news.example{path}")


@given(TEXTS)
def test_any_text_has_a_shape_and_never_that_of_a_tag_and_of_an_article(url: str) -> None:
    assert not (looks_like_tag(url) and looks_like_article(url))


def test_a_section_of_comments_has_dated_stories_and_a_story_has_comments_below_it() -> None:
    assert looks_like_article("https://news.example/comments/20230319/9001947.html")
    assert not looks_like_article("https://news.example/2023/03/19/a-story-of-it/comments/")
    assert not looks_like_article("https://news.example/comments/123456")


@given(st.text(st.sampled_from("abAB=&?#%20/:."), max_size=60), st.sets(st.text(st.sampled_from("abAB"), max_size=2)))
def test_what_is_dropped_from_a_url_is_gone_and_all_else_stays_as_written(tail: str, names: set[str]) -> None:
    url, drop = f"https://news.example/{tail}", frozenset(name.lower() for name in names)
    plain = without_dropped(url, ParameterRules(drop=drop))
    assert without_dropped(plain, ParameterRules(drop=drop)) == plain
    assert plain.partition("?")[0].partition("#")[0] == url.partition("?")[0].partition("#")[0]
    query = plain.partition("#")[0].partition("?")[2]
    assert drop.isdisjoint(part.partition("=")[0].lower() for part in query.split("&")) or query == ""
    assert without_dropped(url, ParameterRules()) is url

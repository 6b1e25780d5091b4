"""Parts: which pages belong to one story, and how they become one article."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.extract import PartLink, begins, first_part, next_part, read_page, surely_same

HOST = "https://news.example"


def follows(url: str, other: str, text: str = "下一页", rel: str = "") -> bool:
    link = PartLink(f"{HOST}{other}", text, frozenset(rel.split()))
    return next_part(f"{HOST}{url}", [link]) == link.url


@pytest.mark.parametrize(
    ("url", "other"),
    [
        ("/2024/05/ferry.html", "/2024/05/ferry_2.html"),
        ("/2024/05/ferry.html", "/2024/05/ferry-2.html"),
        ("/2024/05/ferry_2.html", "/2024/05/ferry_3.html"),
        ("/2024/05/ferry-1.html", "/2024/05/ferry-2.html"),
        ("/n1/2024/0301/c1001-40000000.html", "/n1/2024/0301/c1001-40000000-2.html"),
        ("/2024/05/ferry/", "/2024/05/ferry/2/"),
        ("/2024/05/ferry", "/2024/05/ferry/2"),
        ("/2024/05/ferry/2/", "/2024/05/ferry/3/"),
        ("/2024/05/ferry/", "/2024/05/ferry/page/2/"),
        ("/2024/05/ferry/", "/2024/05/ferry/page-2"),
        ("/2024/05/ferry/", "/2024/05/ferry/index_2.html"),
        ("/2024/05/ferry/index.html", "/2024/05/ferry/index_2.html"),
        ("/2024/05/ferry.html", "/2024/05/ferry.html?page=2"),
        ("/story?id=7", "/story?id=7&page=2"),
        ("/?p=123", "/?p=123&page=2"),
        ("/?p=123", "/?page=2&p=123"),
        ("/covid-19/", "/covid-19/2/"),
        ("/t20240301_123456.html", "/t20240301_123456_1.html"),
        ("/t20240301_123456_1.html", "/t20240301_123456_2.html"),
        ("/2024/05/ferry.html?utm_source=a", "/2024/05/ferry_2.html"),
        ("/2024/05/ferry.html?from=home", "/2024/05/ferry_2.html"),
    ],
)
def test_a_page_number_one_higher_is_the_next_part(url: str, other: str) -> None:
    assert follows(url, other)


@pytest.mark.parametrize(
    ("url", "other"),
    [
        ("/2024/05/ferry.html", "/2024/05/bridge.html"),
        ("/2024/05/ferry.html", "/2024/05/bridge_2.html"),
        ("/2024/05/ferry.html", "/2024/05/ferry_3.html"),
        ("/2024/05/ferry_3.html", "/2024/05/ferry_2.html"),
        ("/2024/05/ferry.html", "/2024/05/ferry.html"),
        ("/2024/05/ferry.html", "/2024/05/ferry.html?page=all"),
        ("/2024/05/ferry.html?id=1", "/2024/05/ferry.html?id=2&page=2"),
        ("/2024/05/02.html", "/2024/05/03.html"),
        ("/2024/5/2/", "/2024/5/3/"),
        ("/2024-5-2.html", "/2024-5-3.html"),
        ("/news/240001.html", "/news/240002.html"),
        ("/ferry-2024.html", "/ferry-2025.html"),
    ],
)
def test_another_number_is_no_next_part(url: str, other: str) -> None:
    assert not follows(url, other)


def test_another_host_is_no_next_part() -> None:
    link = PartLink("https://other.example/ferry_2.html", "下一页", frozenset(("next",)))
    assert next_part(f"{HOST}/ferry.html", [link]) is None
    assert next_part("no url", [link]) is None


@pytest.mark.parametrize(
    ("text", "rel", "says"),
    [
        ("下一页", "", True),
        ("下一頁 »", "", True),
        ("[下页]", "", True),
        ("Next page", "", True),
        ("Next Page →", "", True),
        ("Next", "", True),
        ("Page 2", "", True),
        ("2", "", True),
        ("第2页", "", True),
        ("2/5", "", True),
        ("»", "", True),
        ("", "next", True),
        ("whatever it says", "next", True),
        ("下一篇：石桥加固工程开工", "", False),
        ("Read more about the ferry", "", False),
        ("3", "", False),
        ("上一页", "", False),
        ("", "", False),
    ],
)
def test_a_link_must_say_that_it_turns_the_page(text: str, rel: str, says: bool) -> None:
    assert follows("/2024/05/ferry.html", "/2024/05/ferry_2.html", text, rel) is says


def test_who_counts_from_zero_prints_a_two_on_the_page_numbered_one() -> None:
    links = [PartLink(f"{HOST}/ferry_{n}.html", str(n + 1)) for n in (1, 2)]
    assert next_part(f"{HOST}/ferry.html", links) == f"{HOST}/ferry_1.html"
    links = [PartLink(f"{HOST}/ferry_{n}.html", str(n)) for n in (1, 2)]
    assert next_part(f"{HOST}/ferry.html", links) == f"{HOST}/ferry_2.html"


def test_only_a_page_without_a_number_or_with_the_first_begins_a_story() -> None:
    assert begins(f"{HOST}/ferry.html", f"{HOST}/ferry_2.html")
    assert begins(f"{HOST}/ferry_1.html", f"{HOST}/ferry_2.html")
    assert not begins(f"{HOST}/ferry_2.html", f"{HOST}/ferry_3.html")
    assert not begins(f"{HOST}/ferry.html", f"{HOST}/bridge_2.html")


def test_a_number_behind_a_slash_or_a_parameter_is_surely_a_page() -> None:
    assert surely_same(f"{HOST}/ferry/", f"{HOST}/ferry/2/")
    assert surely_same(f"{HOST}/ferry.html", f"{HOST}/ferry.html?page=2")
    assert not surely_same(f"{HOST}/ferry.html", f"{HOST}/ferry_2.html")
    assert not surely_same(f"{HOST}/news/1/", f"{HOST}/news/2/")


@pytest.mark.parametrize(
    ("url", "link", "first"),
    [
        ("/ferry_2.html", PartLink(f"{HOST}/ferry.html", "1"), True),
        ("/ferry_2.html", PartLink(f"{HOST}/ferry.html", "上一页"), True),
        ("/ferry_3.html", PartLink(f"{HOST}/ferry.html", "1"), True),
        ("/ferry_3.html", PartLink(f"{HOST}/ferry.html", "", frozenset(("canonical",))), True),
        ("/ferry_1.html", PartLink(f"{HOST}/ferry.html", "上一页"), True),
        ("/ferry/2/", PartLink(f"{HOST}/ferry/", "Previous", frozenset(("prev",))), True),
        ("/ferry_2.html", PartLink(f"{HOST}/ferry.html", "Previous", frozenset(("prev",))), False),
        ("/ferry_3.html", PartLink(f"{HOST}/ferry_2.html", "上一页"), False),
        ("/ferry_2.html", PartLink(f"{HOST}/ferry.html", "The ferry"), False),
        ("/ferry.html?page=1", PartLink(f"{HOST}/ferry.html", "1", frozenset(("canonical",))), False),
        ("/ferry.html", PartLink(f"{HOST}/ferry.html", "1", frozenset(("canonical",))), False),
    ],
)
def test_a_later_part_is_told_by_its_pager(url: str, link: PartLink, first: bool) -> None:
    assert first_part(f"{HOST}{url}", [link]) == (link.url if first else None)


STORY = "".join(
    f"<p>第{n}段：江边的渡船从本月起停航两周，镇政府说是为了更换用了二十六年的缆绳和栈桥。</p>" for n in range(4)
)
URL = f"{HOST}/2024/05/03/dukou.html"


def page_of(body: str, head: str = "", url: str = URL, **known: bool) -> tuple[str | None, str | None]:
    html = f"<html><head>{head}</head><body><h1>渡船停航两周</h1>{STORY}{body}</body></html>"
    found = read_page(html.encode(), url, **known)  # type: ignore[arg-type]
    return found.next_part, found.first_part


SECOND = URL.replace(".html", "_2.html")


@pytest.mark.parametrize(
    ("body", "head"),
    [
        ("<div><a href='dukou_2.html'>下一页</a></div>", ""),
        ("<div><b>1</b> <a href='/2024/05/03/dukou_2.html'>2</a> <a href='dukou_3.html'>3</a></div>", ""),
        ("", "<link rel=next href='dukou_2.html'>"),
        ("<a rel=next href='dukou_2.html'><img src=next.gif></a>", ""),
        ("<a title='下一页' href='dukou_2.html'><img src=next.gif></a>", ""),
    ],
)
def test_a_page_says_where_its_story_goes_on(body: str, head: str) -> None:
    assert page_of(body, head) == (SECOND, None)


def test_a_page_says_where_its_story_begins() -> None:
    assert page_of("<div><a href='dukou.html'>1</a> <b>2</b></div>", url=SECOND) == (None, URL)
    assert page_of("", f"<link rel=canonical href='{URL}'>", url=SECOND) == (None, URL)


@pytest.mark.parametrize(
    ("body", "head"),
    [
        ("<a rel=nofollow href='dukou_2.html'>下一页</a>", ""),
        ("<a href='dukou_2.html'>下一页</a>", "<meta name=robots content='noindex,nofollow'>"),
        ("<div class=comments><p>读者说</p><a href='dukou.html?page=2'>2</a></div>", ""),
        ("<a href='/2024/05/03/shiqiao.html'>下一页</a>", "<link rel=next href='/2024/05/04/shiqiao.html'>"),
    ],
    ids=["link", "page", "comments", "next story"],
)
def test_what_is_no_part_or_not_to_be_followed_is_none(body: str, head: str) -> None:
    assert page_of(body, head) == (None, None)


def test_the_second_page_of_a_list_of_whole_posts_is_no_part_of_the_first() -> None:
    for link in ("/blog/page/2/", "?page=2", "/blog/index_2.html"):
        pager = f"<a rel=next href='{link}'>Next page</a>"
        assert page_of(pager, url=f"{HOST}/blog/")[0] is None
        assert page_of(pager, "<meta property=og:type content=article>", url=f"{HOST}/blog/")[0] is not None


def test_an_assigned_url_has_no_parts() -> None:
    assert page_of("<a href='dukou_2.html'>下一页</a>", url_assigned=True) == (None, None)


_URLS = st.sampled_from([URL, f"{HOST}/", HOST, "http://[", "", "http://h/?p=1"]) | st.text(max_size=40)
_PIECES = st.lists(
    st.sampled_from(["/", "-", "_", "2", "10", "page", "p", "?", "&page=", "index", ".html", "2024", "%", "a"])
).map("".join)


@given(
    _URLS | _PIECES.map(f"{HOST}/".__add__),
    st.lists(st.builds(PartLink, _URLS | _PIECES.map(f"{HOST}/".__add__), st.text(max_size=10))),
)
def test_any_urls_give_an_answer_and_a_next_part_is_one_of_the_links(url: str, links: list[PartLink]) -> None:
    for found in (next_part(url, links), first_part(url, links)):
        assert found is None or found in [link.url for link in links]


@given(_PIECES.map(f"{HOST}/".__add__), _PIECES.map(f"{HOST}/".__add__))
def test_no_two_pages_follow_each_other(one: str, other: str) -> None:
    there = next_part(one, [PartLink(other, "下一页")])
    back = next_part(other, [PartLink(one, "下一页")])
    assert there is None or back is None

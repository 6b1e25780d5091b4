"""People: which evidence decides who wrote an article, and for whom."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.extract import extract_article
from newscrawl.items import Article

STORY = "".join(
    f"<p>{sentence}</p>"
    for sentence in (
        "The ferry is out of service for two weeks, because its cable and its pier are being replaced after many years.",
        "Whoever lives on the other bank has to walk across the stone bridge every morning, which takes much longer.",
        "The builders say that the work may be done by the end of the month, if the water does not rise any further.",
    )
)
ELSEWHERE = "".join(
    f'<div class="teaser"><h3><a href="/s/{n}">Another story of the week, number {n}</a></h3>'
    f'<span class="author">Someone Else{chr(96 + n)}</span></div>'
    for n in range(1, 5)
)


def article(body: str, head: str = "", url: str = "https://weirgazette.example/2024/05/03/ferry.html") -> Article:
    head = f'<meta property="og:site_name" content="Weir Gazette"><title>Ferry out of service</title>{head}'
    return extract_article(f"<html><head>{head}</head><body><main>{body}</main></body></html>".encode(), url)


def ld(author: Any) -> str:
    node = {"@type": "NewsArticle", "headline": "Ferry out of service", "author": author}
    return f'<script type="application/ld+json">{json.dumps(node)}</script>'


def names(found: Article) -> list[str]:
    return [person.name for person in found.authors]


HEADLINE = "<h1>Ferry out of service</h1>"


@pytest.mark.parametrize(
    "byline",
    [
        '<p class="byline">By Jane Roe</p>',
        '<p>By</p><p>Jane Roe</p>',
        '<div class="meta"><span>By</span> <a href="/authors/jane-roe">Jane Roe</a></div>',
        '<div class="article-author__name">Jane Roe</div><div class="article-author__role">Political Correspondent</div>',
        '<span itemprop="author" itemscope><span itemprop="name">Jane Roe</span><span>Editor</span></span>',
        '<a rel="author" href="/people/jane-roe">Jane Roe</a>',
        '<div class="story-info" data-author="Jane Roe">3 May</div>',
        '<meta itemprop="author" content="Jane Roe"><p>3 May 2024</p>',
        "<p>Jane Roe | Senior Writer | May 3, 2024</p>",
        "<p>May 3, 2024</p><p>Jane Roe</p>",
        '<header class="site-header"><div class="entry-meta"><span class="author vcard">Jane Roe</span></div></header>',
    ],
)  # fmt: skip
def test_a_byline_beside_the_headline_names_the_author(byline: str) -> None:
    assert names(article(f"{HEADLINE}{byline}{STORY}{ELSEWHERE}")) == ["Jane Roe"]


@pytest.mark.parametrize(
    "head",
    [
        '<meta name="author" content="Jane Roe">',
        '<meta name="byl" content="By Jane Roe">',
        '<meta name="parsely-author" content="Jane Roe">',
        '<meta name="twitter:label1" content="Written by"><meta name="twitter:data1" content="Jane Roe">',
        ld({"@type": "Person", "name": "Jane Roe"}),
        ld("Jane Roe"),
        ld([{"@type": "Person", "name": "Jane Roe, Political Editor"}]),
    ],
)
def test_metadata_names_the_author(head: str) -> None:
    assert names(article(f"{HEADLINE}{STORY}{ELSEWHERE}", head)) == ["Jane Roe"]


def test_names_joined_in_one_text_are_several_people() -> None:
    head = ld({"@type": "Person", "name": "Jane Roe, John Doe & Max Muster"})
    assert names(article(HEADLINE + STORY, head)) == ["Jane Roe", "John Doe", "Max Muster"]


def test_authors_of_other_stories_and_of_comments_are_not_the_author() -> None:
    comments = (
        '<div class="comments"><div class="comment"><b class="author vcard">Some Reader</b><p>So it is.</p></div></div>'
    )
    assert names(article(HEADLINE + STORY + ELSEWHERE + comments)) == []


def test_a_printed_byline_with_more_names_is_believed_over_metadata() -> None:
    byline = '<p class="byline">By Jane Roe and John Doe</p>'
    assert names(article(HEADLINE + byline + STORY, ld({"@type": "Person", "name": "Jane Roe"}))) == [
        "Jane Roe",
        "John Doe",
    ]


def test_the_account_that_published_the_story_yields_to_the_byline() -> None:
    head = ld({"@type": "Person", "name": "jroe.desk"})
    assert names(article(f"{HEADLINE}<p>By Jane Roe</p>{STORY}", head)) == ["Jane Roe"]


@pytest.mark.parametrize("name", ["Weir Gazette", "Reuters", "admin", "Weir Gazette News"])
def test_an_outlet_is_no_author(name: str) -> None:
    assert (
        names(article(f'{HEADLINE}<p class="byline">{name}</p>{STORY}', ld({"@type": "Organization", "name": name})))
        == []
    )


def test_an_agency_in_place_of_an_author_is_the_source() -> None:
    found = article(f'{HEADLINE}<p class="byline">By Associated Press</p>{STORY}')
    assert found.authors == []
    assert found.source_organization == "Associated Press"


def test_an_organisation_in_metadata_does_not_hide_the_printed_person() -> None:
    head = ld({"@type": "Organization", "name": "Weir Gazette"})
    assert names(article(f"{HEADLINE}<p>By Jane Roe</p>{STORY}", head)) == ["Jane Roe"]


def test_what_other_layers_say_stands_behind_the_confidence() -> None:
    found = article(f"{HEADLINE}<p>By Jane Roe</p>{STORY}", ld("Jane Roe"))
    [note] = [note for note in found.provenance if note.field == "authors"]
    assert (note.method, note.raw) == ("json-ld", "Jane Roe")


CHINESE = "".join(
    f"<p>{sentence}</p>"
    for sentence in (
        "江边的渡船从本月起停航两周，镇政府说是为了更换用了二十六年的缆绳和栈桥。",
        "住在对岸的居民每天早上要绕行石桥，多走大约四十分钟，学校为此把上课时间推迟到九点。",
    )
)


@pytest.mark.parametrize(
    "page",
    [
        f"<h1>渡船停航两周</h1><p>2024-05-03 来源：江岸日报 作者：闻一川</p>{CHINESE}",
        f"<h1>渡船停航两周</h1>{CHINESE}<p>施工队表示栈桥有望在月底之前完工，渡船随后恢复。（记者 闻一川）</p>",
        f"<h1>渡船停航两周</h1>{CHINESE}<p>（闻一川）</p>",
        f"<h1>渡船停航两周</h1><p>闻一川</p>{CHINESE}",
        f'<h1>渡船停航两周</h1><div class="info"><span id="author_x">作者：闻一川</span></div>{CHINESE}<p>责任编辑：王某</p>',
        f"<h1>渡船停航两周</h1><p>本报讯（记者 闻一川 通讯员 桑雨）江边的渡船从本月起停航，镇政府请大家提前安排出行。</p>{CHINESE}",
    ],
)
def test_a_chinese_page_names_its_author(page: str) -> None:
    assert names(article(page)) == ["闻一川"]


def test_an_editor_is_no_author() -> None:
    assert (
        names(article(f'<h1>渡船停航两周</h1><p class="author">编辑：闻一川</p>{CHINESE}<p>责任编辑：桑雨</p>')) == []
    )


@given(st.text(max_size=200), st.text(max_size=100))
def test_any_byline_gives_clean_names(byline: str, author: str) -> None:
    found = article(f'{HEADLINE}<p class="byline">{byline}</p>{STORY}', ld(author))
    assert all(person.name and person.name == person.name.strip() for person in found.authors)


POSTS = (
    "江边的渡船从本月起停航两周，镇政府说是为了更换用了二十六年的缆绳和栈桥，工程昨天早上已经开始，对岸的居民要绕行石桥，路上多走大约四十分钟。",
    "住在对岸的居民每天早上要绕行石桥，多走大约四十分钟，学校为此把上课时间推迟到九点，镇上的邮局也改在下午才送信，大家都希望早日恢复。",
    "负责工程的施工队表示，如果水位不再上涨，栈桥有望在月底之前完工，渡船随后恢复，届时票价不变，老人和孩子仍然免费乘坐，时间表会贴在渡口。",
)


def chinese(body: str, title: str = "渡船停航") -> Article:
    html = f'<html lang="zh"><head><title>{title}</title></head><body><div>{body}</div></body></html>'
    return extract_article(html.encode(), "https://jiangan.example/2024/dukou.html")


CHINESE_STORY = "".join(f"<p>{post}</p>" for post in POSTS)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f"<h1>渡船停航</h1>{CHINESE_STORY}<p>整合 江岸日报记者 张三</p>", ["张三"]),
        (f"<h1>渡船停航</h1><p>本报实习生 李四</p><p>本报记者 张三 王小五</p>{CHINESE_STORY}", ["李四", "张三", "王小五"]),
        (f"<h1>渡船停航</h1>{CHINESE_STORY}<p>责任编辑：张三</p>", []),
        (f"<h1>茉渡：渡船停航</h1><p>茉渡</p>{CHINESE_STORY}", ["茉渡"]),
        (f"<h1>外渡部：渡船停航</h1><p>外渡部</p>{CHINESE_STORY}", []),
        (f"<h1>渡船停航</h1>{CHINESE_STORY}<p>本贴由河边人于2024年5月3日16:12:21发表</p>", ["河边人"]),
    ],
)  # fmt: skip
def test_a_chinese_story_names_its_author_in_a_line_of_its_own(body: str, expected: list[str]) -> None:
    assert names(chinese(body)) == expected


@pytest.mark.parametrize(
    "inside",
    [
        "<p>By Jane Roe</p>",
        "<p>Blog post by Jane Roe</p>",
        "<p>Text by Jane Roe Illustration by John Doe</p>",
        "<div>Written by<br>Jane Roe, who has covered the river for ten years</div>",
        "<p>Jane Roe | 03.05.2024</p>",
    ],
)
def test_a_byline_below_the_first_paragraph_names_the_author(inside: str) -> None:
    first, rest = STORY.split("</p>", 1)
    assert names(article(f"{HEADLINE}{first}</p>{inside}{rest}{STORY}")) == ["Jane Roe"]


@pytest.mark.parametrize(
    ("below", "expected"),
    [
        ("<p>Jane Roe is a staff writer at the Weir Gazette.</p>", ["Jane Roe"]),
        ("<h4>Jane Roe</h4><p>Jane Roe is often on the far bank, and has a boat of her own.</p>", ["Jane Roe"]),
        ("<p>Jane Roe is the mayor of the town.</p>", []),
    ],
)
def test_the_last_lines_may_introduce_the_author(below: str, expected: list[str]) -> None:
    assert names(article(f"{HEADLINE}{STORY}{below}")) == expected


def test_bylines_one_below_the_other_name_several_authors() -> None:
    bylines = "<p>By Jane Roe</p><p>By John Doe</p>"
    assert names(article(f"{HEADLINE}{bylines}{STORY}")) == ["Jane Roe", "John Doe"]


def test_a_product_and_its_year_are_no_author() -> None:
    assert names(article(f"{HEADLINE}<p>Best Overall</p><p>Ferry Model 16 (2023)</p>{STORY}")) == []


def test_a_signature_with_more_names_is_believed_over_the_one_author_with_a_page() -> None:
    line = '<p><a href="/authors/jane-roe">Jane Roe</a></p>'
    assert names(article(f"{HEADLINE}{line}<p>By Jane Roe and John Doe</p>{STORY}")) == ["Jane Roe", "John Doe"]


KOREAN_STORY = (
    "<p>강가의 나룻배가 이달부터 두 주 동안 운항을 멈춘다. 군청은 밧줄과 선착장을 바꾸기 위해서라고 밝혔다.</p>"
    "<p>건너편 주민은 아침마다 돌다리를 건너 사십 분을 더 걷는다. 학교는 수업 시간을 아홉 시로 늦췄다.</p>"
    "<p>공사 책임자는 물이 더 불어나지 않으면 이달 말까지 나룻배가 다시 다닐 것이라고 말했다.</p>"
)
JAPANESE_STORY = (
    "<p>川の渡し船は今月から二週間運休する。ケーブルと桟橋を取り換えるためで、工事は昨日の朝に始まった。</p>"
    "<p>対岸の住民は毎朝石橋を渡り、およそ四十分余計に歩く。学校は始業時間を九時に遅らせたという。</p>"
    "<p>工事の責任者は、水位がこれ以上上がらなければ、月末までに渡し船が再開すると話した。</p>"
)


@pytest.mark.parametrize(
    ("above", "story", "below", "expected"),
    [
        ("", CHINESE_STORY, "<div>本文来源：江岸日报　作者：张三 责任编辑：李四_RV1234</div>", ["张三"]),
        ("<p>江岸日报记者 张三 李四</p>", CHINESE_STORY, "<p>校对：王小五</p>", ["张三", "李四"]),
        ("", CHINESE_STORY.replace("<p>", "<p>江岸社江岸5月3日电（记者张三、李四）", 1), "", ["张三", "李四"]),
        ("<ul><li>张三</li><li>江岸中文记者</li></ul><time>2024年5月3日</time>", CHINESE_STORY, "", ["张三"]),
        ("<div><time>2024-05-03</time> 江岸報 / <a href='/r'>記者張三</a>／台北即時報導</div>", CHINESE_STORY, "", ["張三"]),
        ("", CHINESE_STORY.replace("<p>", "<p>〔即時新聞／綜合報導〕", 1), "<p>（編輯：李四）</p>", []),
        ("<p>2024年5月3日 10時20分</p><p>山田太郎</p>", JAPANESE_STORY, "", ["山田太郎"]),
        ("", JAPANESE_STORY.replace("<p>", "<p>【ワシントン=山田太郎】", 1), "", ["山田太郎"]),
        ("", JAPANESE_STORY[:-4] + "【山田太郎、鈴木一郎】</p>", "", ["山田太郎", "鈴木一郎"]),
        ("", JAPANESE_STORY.replace("<p>", "<p>【北京共同】", 1), "", []),
        ("<p>홍길동 기자</p><p>입력 2024.05.03. 10:20</p>", KOREAN_STORY, "", ["홍길동"]),
        ("", KOREAN_STORY.replace("<p>", "<p>(강변=나루통신) 홍길동 김철수 기자 = ", 1), "", ["홍길동", "김철수"]),
        ("<p><a href='/reporter/1'>홍길동</a></p>", KOREAN_STORY, "<p>홍길동·김철수 기자</p>", ["홍길동", "김철수"]),
        ("", "<p>나룻배가 서 있다. 사진=김철수 기자</p>" + KOREAN_STORY, "", []),
    ],
)  # fmt: skip
def test_an_east_asian_page_names_its_authors(above: str, story: str, below: str, expected: list[str]) -> None:
    html = f"<body><h1>渡</h1>{above}<article>{story}</article>{below}</body>"
    assert names(extract_article(html.encode(), "https://jiangan.example/a.html")) == expected

"""Bylines: the people, the outlet and the place that a printed line names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.extract import bylines, eastasian


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("By Jane Roe and John Doe in Uferheim", ["Jane Roe", "John Doe"]),
        ("BY JANE ROE", ["JANE ROE"]),
        ("Written by:Jane Roe", ["Jane Roe"]),
        ("Von Max Muster, Uferheim", ["Max Muster"]),
        ("Par Odile Marsch", ["Odile Marsch"]),
        ("Por Inés Roca y Juan Prado", ["Inés Roca", "Juan Prado"]),
        ("Di Carla Riva", ["Carla Riva"]),
        ("Door Piet van der Oever", ["Piet van der Oever"]),
        ("Автор: Анна Речная", ["Анна Речная"]),
        ("Tekst: Ida Strand", ["Ida Strand"]),
        ("May 3, 2024 | by Jane Roe", ["Jane Roe"]),
        ("本报记者 闻一川 桑雨 北京报道", ["闻一川", "桑雨"]),
        ("記者闻一川／台北報導", ["闻一川"]),
        ("来源：江岸日报 作者：闻一川 责任编辑：王某", ["闻一川"]),
        ("文｜闻一川 编辑｜王某", ["闻一川"]),
        ("闻一川/文", ["闻一川"]),
        ("执笔：闻一川", ["闻一川"]),
        ("Author: 闻一川", ["闻一川"]),
        ("取材・文／山田太郎", ["山田太郎"]),
        ("山田太郎記者", ["山田太郎"]),
        ("나루일보 홍길동 기자 hong@naru.example", ["홍길동"]),
        ("홍길동·김철수 기자", ["홍길동", "김철수"]),
    ],
)
def test_a_line_names_its_authors(line: str, names: list[str]) -> None:
    assert bylines.authors_in(line) == names


@pytest.mark.parametrize(
    "line",
    [
        "责任编辑：闻一川",
        "摄影：闻一川",
        "校对 闻一川",
        "作者系渡口大学教授",
        "记者从现场获悉",
        "来源：江岸在线",
        "By Reuters",
        "By the river a ferry waits",
        "By 2030 the ferry will be gone",
        "Von der Redaktion",
        "Share this story",
        "",
    ],
)
def test_a_line_about_something_else_names_no_author(line: str) -> None:
    assert bylines.authors_in(line) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("渡船停航两周。（记者 闻一川 通讯员 桑雨）", ["闻一川"]),
        ("渡船停航两周。（闻一川、桑雨）", ["闻一川", "桑雨"]),
        ("渡船停航两周。（文/闻一川）", ["闻一川"]),
        ("渡し船が運休する。【山田太郎】", ["山田太郎"]),
        ("渡し船が運休する。（敬称略）", []),
        ("渡船停航两周。（完）", []),
        ("渡船停航两周。（国内）", []),
        (
            "渡船停航两周（闻一川）。镇政府说，栈桥还要一个月才能完工，请大家耐心等待，不要靠近施工现场，以免发生危险。",
            [],
        ),
    ],
)
def test_a_story_is_signed_in_its_last_brackets(text: str, names: list[str]) -> None:
    assert eastasian.signed_by(text, last=True) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("本报讯（记者 闻一川）渡船昨天停航。", ["闻一川"]),
        ("（江岸社记者桑雨台北3日電）渡船昨天停航。", ["桑雨"]),
        ("(강변=나루통신) 홍길동 기자 = 나룻배가 멈춘다.", ["홍길동"]),
        ("记者昨天在渡口看到，渡船已经停航。", []),
        ("The ferry (see map) is out of service.", []),
    ],
)
def test_a_story_names_its_reporter_in_its_first_sentence(text: str, names: list[str]) -> None:
    assert eastasian.signed_by(text, last=False) == names


@pytest.mark.parametrize(
    ("line", "source"),
    [
        ("来源：江岸日报 2024-05-03", "江岸日报"),
        ("Source: Weir Gazette", "Weir Gazette"),
        ("来源：未知", None),
        ("来源： 作者：闻一川", None),
        ("渡船停航", None),
    ],
)
def test_a_source_line_credits_an_outlet(line: str, source: str | None) -> None:
    assert bylines.source_in(line) == source


@pytest.mark.parametrize(("line", "agency"), [("dpa/AFP", "dpa/AFP"), ("By Reuters", "Reuters"), ("Jane Roe", None)])
def test_an_agency_in_place_of_an_author_is_recognised(line: str, agency: str | None) -> None:
    assert bylines.agency_in(line) == agency


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("UFERHEIM — Die Fähre", "UFERHEIM"),
        ("UFERHEIM, May 3 (Reuters) - The ferry", "UFERHEIM"),
        ("Uferheim (dpa) - Die Fähre", "Uferheim"),
        ("新华社北京5月3日电 渡船", "北京"),
        ("（中央社記者桑雨台北3日電）渡船", None),
        ("(강변=나루통신) 홍길동 기자 = 나룻배", "강변"),
        ("The ferry - a small one - is out of service", None),
    ],
)
def test_a_dateline_opens_the_story(text: str, place: str | None) -> None:
    found = bylines.dateline_in(text)
    assert (found[0] if found else None) == place


@given(st.text(max_size=400))
def test_any_text_has_a_list_of_clean_names(text: str) -> None:
    names = [
        *bylines.authors_in(text),
        *eastasian.signed_by(text, last=True),
        *eastasian.signed_by(text, last=False),
        *bylines.introduced(text),
    ]
    assert all(name == name.strip() and name and "\n" not in name for name in names)
    bylines.source_in(text), bylines.agency_in(text), bylines.bare_name(text), bylines.dateline_in(text)


@given(st.text(alphabet="记者文作者：:/（）()【】 、by By王\n기자=", max_size=300))
def test_text_made_of_the_words_of_bylines_is_read_too(text: str) -> None:
    assert isinstance(bylines.authors_in(text) + eastasian.signed_by(text, last=True), list)


@pytest.mark.parametrize("piece", ["记者", "By ", "Jane Roe, ", "홍길·", "（", "a.b@c.", "Von von ", "2024 "])
def test_a_long_line_is_read_in_time(piece: str) -> None:
    text = piece * 20_000
    assert isinstance(bylines.authors_in(text) + eastasian.signed_by(text, last=True), list)
    assert bylines.dateline_in(text) is None or len(text) > 100

"""Names: whether a text is a person's name, and whom a list of names holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.extract.names import is_full_name, names_in, person_name


@pytest.mark.parametrize(
    "name",
    [
        "Jane Roe",
        "JANE ROE",
        "Piet van der Oever",
        "Zoë O’Marsh",
        "R. R.",
        "Robert E Lee",
        "riverfan",
        "闻一川",
        "山田太郎",
        "홍길동",
        "Анна Речная",
    ],
)
def test_a_name_is_kept_as_printed(name: str) -> None:
    assert person_name(name) == name


@pytest.mark.parametrize(
    "text",
    ["Weir Gazette", "Reuters", "dpa/AFP", "Redaktion", "Editorial Team", "admin", "Staff Writer", "5 May 2024", "https://a.example/x", "Share",
     "the ferry is out of service", "江岸日报", "江岸网", "责任编辑", "本站", "x" * 80, "", "Uferbote GmbH", "By"],
)  # fmt: skip
def test_what_is_no_person_is_no_name(text: str) -> None:
    assert person_name(text) is None


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Jane Roe, Political Correspondent", ["Jane Roe"]),
        ("Jane Roe Staff writer", ["Jane Roe"]),
        ("Jane Roe | Reuters", ["Jane Roe"]),
        ("Jane Roe for WeirOnline", ["Jane Roe"]),
        ("Jane Roe, John Doe & Max Muster", ["Jane Roe", "John Doe", "Max Muster"]),
        ("Ida Strand og Ola Bekk", ["Ida Strand", "Ola Bekk"]),
        ("Jane Roe (Uferheim) @janeroe", ["Jane Roe"]),
        ("Jane RoePublished May 3, 2024", ["Jane Roe"]),
        ("May 3, 2024Jane Roe", ["Jane Roe"]),
        ("Alle Artikel von Max von Muster", ["Max von Muster"]),
        ("Paulo da Silva", ["Paulo da Silva"]),
        ("Muster, Max", ["Max Muster"]),
        ("Weir Times & Water", []),
        ("闻 一", ["闻一"]),
        ("闻一川 桑雨 文", ["闻一川", "桑雨"]),
        ("编辑：闻一川", []),
        ("来源：江岸在线", []),
        ("", []),
    ],
)
def test_a_list_of_names_is_cut_into_people(text: str, names: list[str]) -> None:
    assert names_in(text) == names


@given(st.text(max_size=120))
def test_a_name_is_the_name_of_itself(text: str) -> None:
    name = person_name(text)
    assert name is None or (person_name(name) == name and name == name.strip())


@given(st.text(max_size=500))
def test_any_list_gives_distinct_names(text: str) -> None:
    names = names_in(text)
    assert len(names) == len(set(names))
    assert all(2 <= len(name) <= 60 for name in names)
    assert all(isinstance(is_full_name(name), bool) for name in names)

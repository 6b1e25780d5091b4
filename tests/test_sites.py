from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from newscrawl.exceptions import ProfileError
from newscrawl.sites import Profiles, SiteProfile, parse_profile, shipped_profiles
from newscrawl.urls import ParameterRules

PLAIN = """
hosts = ["news.example", "Zeitung.example."]
zone = "Asia/Shanghai"
[urls]
article = ['^/a/', '[?&]id=\\d+']
listing = ['^/a/list', '^/$']
ignore = ['^/a/ad/']
[[layout]]
headline = "h1"
body = ["div.entry", "xpath://article"]
lines = ['来源：(?P<source>\\S+)']
[layout.noise]
ad = "div.ad"
"""
DATED = """
hosts = ["news.example"]
[[layout]]
valid_from = 2020-01-01
headline = "h2"
[[layout]]
headline = "h1"
[[layout]]
valid_from = 2023-03-01
headline = "h3"
"""

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
# What profiles are made of, in any order: most are faulty, and a few are not.
PIECES = [
    'hosts = ["news.example"]\n',
    'hosts = "news.example"\n',
    "hosts = []\n",
    'zone = "UTC"\n',
    'zone = ""\n',
    'zone = "../x"\n',
    "[urls]\n",
    "[[layout]]\n",
    "[layout]\n",
    "[layout.noise]\n",
    "article = '^/a'\n",
    "keep_params = 'a'\n",
    "drop_params = ['a', '&']\n",
    "article = '('\n",
    "listing = '[a'\n",
    "ignore = 'a{99999999999}'\n",
    "headline = 'h1'\n",
    "body = ':not('\n",
    "date = 'xpath://['\n",
    "authors = 'p::text'\n",
    "tags = 'xpath:1'\n",
    "related = 'x:a'\n",
    "lines = '(?P<source>.)'\n",
    "lines = '(?P<x>.)'\n",
    "valid_from = 2020-01-01\n",
    "valid_from = 2020-01-01T00:00:00\n",
    "ad = 'p'\n",
    "adverts = 'p'\n",
    "[",
    "]",
    "=",
    "'",
    '"',
    "\n",
    "1",
    "x",
    "\\u0000",
    "é",
]
PROFILE_LIKE = st.lists(st.sampled_from(PIECES), max_size=10).map("".join)


def parsed(text: str) -> SiteProfile:
    return parse_profile(text.encode(), "news", "sites/news.toml")


def written(folder: Path, **profiles: str) -> Profiles:
    folder.mkdir(exist_ok=True)
    for name, text in profiles.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return Profiles(folder)


def test_the_shipped_profiles_can_be_used() -> None:
    assert [profile.name for profile in shipped_profiles()] == ["bannedbook"]
    (profile,) = shipped_profiles()
    assert Profiles().for_url("https://www.bannedbook.org/bnews/") is profile
    assert profile.layouts[-1].headline
    assert profile.layouts[-1].body
    assert len(profile.sha256) == 64


def test_a_profile_holds_what_its_file_says() -> None:
    profile = parsed(PLAIN)
    (layout,) = profile.layouts
    assert profile.name == "news"
    assert profile.sha256 == hashlib.sha256(PLAIN.encode()).hexdigest()
    assert profile.hosts == ("news.example", "zeitung.example")
    assert profile.zone == "Asia/Shanghai"
    assert [selector.source for selector in layout.body] == ["div.entry", "xpath://article"]
    assert list(layout.noise) == ["ad"]
    assert layout.date == ()


def test_a_profile_says_which_parameters_choose_the_content() -> None:
    rules = parsed(PLAIN.replace("[urls]", "[urls]\nkeep_params = ['From']\ndrop_params = 'seq'")).parameters
    assert rules == ParameterRules(keep=frozenset({"from"}), drop=frozenset({"seq"}))
    assert parsed(PLAIN).parameters == ParameterRules()


def test_a_profile_is_compared_unless_it_says_otherwise() -> None:
    assert parsed(PLAIN).compare
    assert not parsed(f"compare = false\n{PLAIN}").compare


def test_a_selector_finds_elements_below_a_root() -> None:
    root = etree.HTML('<body><div class="entry">a</div><article>b</article></body>')
    layout = parsed(PLAIN).layouts[0]
    assert [element.text for selector in layout.body for element in selector.find(root)] == ["a", "b"]


def test_a_host_is_written_as_pages_have_it() -> None:
    assert parsed('hosts = ["新闻.中国"]\n[[layout]]').hosts == ("xn--efvy88h.xn--fiqs8s",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hosts = [", "Invalid value"),
        ("a = 1\na = 2", "Cannot overwrite"),
        ("\\", "Invalid statement"),
        ("a = " + "1" * 5000, "4300"),
        ("a = " + "[" * 5000, ""),
    ],
)
def test_a_file_that_is_no_toml_is_refused(text: str, message: str) -> None:
    with pytest.raises(ProfileError, match=rf"^sites/news\.toml: .*{message}"):
        parsed(text)


def test_a_file_that_is_no_utf8_is_refused() -> None:
    with pytest.raises(ProfileError, match=r"^sites/news\.toml: 'utf-8' codec"):
        parse_profile(b'hosts = ["\xd0\xc2"]', "news", "sites/news.toml")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('hosts = ["news.example", "Zeitung.example."]', "", "hosts: at least one host name is needed"),
        ('"Zeitung.example."', '" "', "hosts: a text or a list of texts is needed"),
        ('"Zeitung.example."', "1", "hosts: a text or a list of texts is needed"),
        ('"Zeitung.example."', '"https://news.example/"', "hosts: 'https://news.example/' is no host name"),
        ('"Zeitung.example."', '"*.example"', r"hosts: '\*.example' is no host name"),
        ('"Zeitung.example."', '"news.example:80"', "hosts: 'news.example:80' is no host name"),
        ("zone", "zones", r"unknown key 'zones' \(did you mean 'zone'\?\)"),
        ("listing =", "listings =", r"urls: unknown key 'listings' \(did you mean 'listing'\?\)"),
        ("listing =", "keep_param =", r"urls: unknown key 'keep_param' \(did you mean 'keep_params'\?\)"),
        ("listing = ['^/a/list', '^/$']", "drop_params = 5", "urls: drop_params: a text or a list of texts is needed"),
        ("listing = ['^/a/list', '^/$']", "drop_params = ['a=b']", "urls: drop_params: 'a=b' is no name"),
        (
            "listing = ['^/a/list', '^/$']",
            "drop_params = ['seq', 'Ref']\nkeep_params = 'ref'",
            "urls: 'ref' is in keep_params and in drop_params",
        ),
        ("headline", "headlin", r"layout 1: unknown key 'headlin' \(did you mean 'headline'\?\)"),
        ("ad =", "ads =", r"layout 1: noise: unknown key 'ads' \(did you mean 'ad'\?\)"),
        ('"Asia/Shanghai"', '"Asia/Peking"', "zone: 'Asia/Peking' is no IANA zone"),
        ('"Asia/Shanghai"', '"Asia"', "zone: 'Asia' is no IANA zone"),
        ('"Asia/Shanghai"', '"../../etc/passwd"', "zone: '../../etc/passwd' is no IANA zone"),
        ('"Asia/Shanghai"', '""', "zone: '' is no IANA zone"),
        ('zone = "Asia/Shanghai"', 'compare = "no"', "compare: true or false is needed, not 'no'"),
        ('"Asia/Shanghai"', "8", "zone: 8 is no IANA zone"),
        ('"Asia/Shanghai"', '["UTC"]', r"zone: \['UTC'\] is no IANA zone"),
        ("'^/a/list'", "'^/a/(list'", r"urls\.listing: '\^/a/\(list' is no pattern"),
        ("'^/a/list'", "'a{99999999999}'", r"urls\.listing: .* is no pattern"),
        ("'^/a/list'", "5", "urls: listing: a text or a list of texts is needed"),
        ('"h1"', '"h1["', r"layout 1: headline: 'h1\[' is no selector"),
        ('"h1"', '"h1 >"', "layout 1: headline: 'h1 >' is no selector"),
        ('"h1"', '"h1:first-word"', "layout 1: headline: 'h1:first-word' is no selector"),
        ('"h1"', '"p::text"', "layout 1: headline: 'p::text' is no selector"),
        ('"h1"', '"xpath://["', r"layout 1: headline: 'xpath://\[' is no selector"),
        ('"h1"', '"xpath://re:a"', "layout 1: headline: 'xpath://re:a' is no selector"),
        ('"h1"', '"xpath:nosuch(//p)"', "layout 1: headline: .* is no selector"),
        ('"h1"', '"xpath:count(//p)"', "layout 1: headline: .* gives something else than elements"),
        ('"h1"', '"xpath://p/@class"', "layout 1: headline: .* gives something else than elements"),
        ('"h1"', '"xpath://a/text()"', "layout 1: headline: .* gives something else than elements"),
        ('"h1"', '"h1\\u0001"', "layout 1: headline: .* is no selector"),
        ('"h1"', "true", "layout 1: headline: a text or a list of texts is needed, not True"),
        ('"div.ad"', '"div["', r"layout 1: noise: ad: 'div\[' is no selector"),
        ("(?P<source>", "(?P<sauce>", r"layout 1: lines: unknown key 'sauce' \(did you mean 'source'\?\)"),
        ("(?P<source>", "(?P<source", "layout 1: lines: .* is no pattern"),
        ("headline =", "valid_from = 2020-01-01T00:00:00\nheadline =", "layout 1: valid_from: a day is needed"),
        ("headline =", 'valid_from = "2020-01-01"\nheadline =', "layout 1: valid_from: a day is needed"),
        ("[[layout]]", "[[page]]", "unknown key 'page'"),
        ("[urls]", "[layouts]", r"unknown key 'layouts' \(did you mean 'layout'\?\)"),
    ],
)
def test_a_faulty_profile_is_refused_by_file_and_key(old: str, new: str, message: str) -> None:
    assert old in PLAIN
    with pytest.raises(ProfileError, match=rf"^sites/news\.toml: (?:.*: )?{message}"):
        parsed(PLAIN.replace(old, new, 1))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('hosts = "news.example"', "layout: at least one"),
        ('hosts = "news.example"\nlayout = []', "layout: at least one"),
        ('hosts = "news.example"\nlayout = 1', "layout: at least one"),
        ('hosts = "news.example"\nlayout = [1]', "layout 1: a table is needed"),
        ('hosts = "news.example"\nurls = 1\n[[layout]]', "urls: a table is needed, not 1"),
        ('hosts = "news.example"\n[[layout]]\n[[layout]]\nnoise = "p"', "layout 2: noise: a table is needed, not 'p'"),
    ],
)
def test_a_profile_with_a_value_in_place_of_a_table_is_refused(text: str, message: str) -> None:
    with pytest.raises(ProfileError, match=rf"^sites/news\.toml: {message}"):
        parsed(text)


@pytest.mark.parametrize(
    ("day", "headline"),
    [
        (date(1999, 1, 1), "h1"),
        (date(2019, 12, 31), "h1"),
        (date(2020, 1, 1), "h2"),
        (date(2023, 2, 28), "h2"),
        (date(2023, 3, 1), "h3"),
        (None, "h3"),
    ],
)
def test_the_layout_is_the_one_valid_on_the_day(day: date | None, headline: str) -> None:
    assert parsed(DATED).layout_at(day).headline[0].source == headline


def test_a_day_before_every_layout_takes_the_oldest() -> None:
    profile = parsed('hosts = "news.example"\n[[layout]]\nvalid_from = 2020-01-01')
    assert profile.layout_at(date(2019, 1, 1)) is profile.layouts[0]


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://news.example/a/1.html", "article"),
        ("https://www.news.example/a/1.html", "article"),
        ("https://news.example/story?id=7", "article"),
        ("https://news.example/story?kid=7", None),
        ("https://news.example/", "listing"),
        ("https://news.example/a/list/1", "article"),
        ("https://news.example/a/ad/1", "ignore"),
        ("https://news.example/story", None),
        ("https://other.example/a/1.html", None),
        ("https://fakenews.example/a/1.html", None),
        ("https://news.example.other.example/a/1.html", None),
        ("http://[", None),
        ("", None),
    ],
)
def test_a_url_is_ignored_before_it_is_an_article_before_it_is_a_listing(url: str, kind: str | None) -> None:
    assert parsed(PLAIN).url_kind(url) == kind


def test_a_profile_without_url_rules_says_nothing_of_a_url() -> None:
    assert parsed(DATED).url_kind("https://news.example/a/1.html") is None


@given(st.text(st.characters()).map(lambda text: f"https://news.example/{text}") | st.text(st.characters()))
def test_any_url_can_be_asked_for(url: str) -> None:
    assert parsed(PLAIN).url_kind(url) in ("article", "listing", "ignore", None)
    assert Profiles().for_url(url) in (None, *shipped_profiles())


def test_a_profile_stands_for_the_subdomains_of_its_hosts(tmp_path: Path) -> None:
    profiles = written(tmp_path, news=DATED, china='hosts = "china.news.example"\n[[layout]]')
    found = {
        host: profiles.for_url(f"https://{host}/1")
        for host in ("news.example", "m.news.example", "china.news.example", "m.china.news.example", "example")
    }
    assert {host: profile and profile.name for host, profile in found.items()} == {
        "news.example": "news",
        "m.news.example": "news",
        "china.news.example": "china",
        "m.china.news.example": "china",
        "example": None,
    }
    assert profiles.for_url(None) is None


def test_a_profile_of_the_users_wins_over_a_shipped_one(tmp_path: Path) -> None:
    profiles = written(tmp_path, mine='hosts = "bannedbook.org"\n[[layout]]')
    found = profiles.for_url("https://www.bannedbook.org/bnews/")
    assert found is not None
    assert found.name == "mine"


def test_a_folder_that_is_not_there_holds_no_profile(tmp_path: Path) -> None:
    profiles = Profiles(tmp_path / "sites")
    assert profiles.named("bannedbook") is shipped_profiles()[0]


def test_two_profiles_of_the_users_with_one_host_are_refused(tmp_path: Path) -> None:
    profiles = written(tmp_path, one=DATED, two='hosts = ["x.example", "NEWS.example"]\n[[layout]]')
    with pytest.raises(ProfileError, match=r"^two\.toml: hosts: news\.example is already in one\.toml"):
        profiles.load()


def test_the_first_faulty_file_of_a_folder_is_named(tmp_path: Path) -> None:
    profiles = written(tmp_path, good=DATED, broken="hosts = [")
    with pytest.raises(ProfileError) as caught:
        profiles.for_url("https://elsewhere.example/")
    assert str(tmp_path / "broken.toml") in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(ProfileError, match=r"folder\.toml: Is a directory"):
        Profiles(tmp_path).load()


def test_a_profile_is_found_by_its_name(tmp_path: Path) -> None:
    assert written(tmp_path, news=DATED).named("news").hosts == ("news.example",)


def test_an_unknown_name_is_refused_with_the_nearest_and_all_there_are(tmp_path: Path) -> None:
    with pytest.raises(ProfileError) as caught:
        written(tmp_path, news=DATED).named("banedbook")
    assert "no site profile is called 'banedbook' (did you mean 'bannedbook'?)" in str(caught.value)
    assert "there are: bannedbook, news" in str(caught.value)


def profile_or_refusal(data: bytes) -> SiteProfile | str:
    try:
        return parse_profile(data, "news", "sites/news.toml")
    except ProfileError as error:
        return str(error)


@given(st.binary() | ANY_TEXT.map(str.encode) | PROFILE_LIKE.map(str.encode))
def test_any_bytes_are_a_profile_or_refused_by_the_name_of_the_file(data: bytes) -> None:
    found = profile_or_refusal(data)
    if isinstance(found, str):
        assert found.startswith("sites/news.toml: ")
    else:
        assert found.hosts
        assert found.layout_at(None) is found.layouts[-1]


@given(st.sampled_from(["headline", "noise.ad"]), ANY_TEXT, st.sampled_from(["", "xpath:"]))
def test_any_text_is_a_selector_or_refused_by_key(key: str, text: str, prefix: str) -> None:
    escaped = "".join(f"\\U{ord(ch):08x}" for ch in prefix + text)
    found = profile_or_refusal(f'hosts = "news.example"\n[[layout]]\n{key} = "{escaped}"'.encode())
    if isinstance(found, str):
        assert found.startswith(f"sites/news.toml: layout 1: {key.replace('.', ': ')}: ")
    else:
        layout = found.layouts[0]
        (selector,) = layout.headline or layout.noise["ad"]
        assert isinstance(selector.find(etree.HTML("<p>a</p>")), list)

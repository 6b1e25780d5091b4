"""How long to wait, whom never to ask, where to be reached."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.addresses import AllowList
from newscrawl.exceptions import ConfigError
from newscrawl.guest import OptOut, backoff_s, is_contact, retry_after_s, strangers

NOW = 1_700_000_000.0  # Tue, 14 Nov 2023 22:13:20 GMT


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        ("120", None, 120.0),
        (" 0 ", None, 0.0),
        ("1.5", None, 1.5),
        ("Tue, 14 Nov 2023 22:14:20 GMT", None, 60.0),
        ("Tuesday, 14-Nov-23 22:14:20 GMT", None, 60.0),
        ("Tue Nov 14 22:14:20 2023", None, 60.0),
        ("Tue, 14 Nov 2023 22:00:00 GMT", None, 0.0),
        # The server's clock is an hour behind, and it is the one that it goes by.
        ("Tue, 14 Nov 2023 21:14:20 GMT", "Tue, 14 Nov 2023 21:13:20 GMT", 60.0),
        ("Tue, 14 Nov 2023 22:14:20 GMT", "no date", 60.0),
        (None, None, None),
        ("", None, None),
        ("-5", None, None),
        ("soon", None, None),
        ("9" * 400, None, None),
        ("Tue, 99 Foo 2023 22:14:20 GMT", None, None),
        ("Tue, 14 Nov 99999999999 22:14:20 GMT", None, None),
    ],
)
def test_a_server_may_ask_for_seconds_or_for_a_time(value: str | None, date: str | None, seconds: float | None) -> None:
    assert retry_after_s(value, now=NOW, date=date) == seconds


@given(st.text(max_size=60), st.none() | st.text(max_size=60))
def test_any_header_gives_a_wait_or_none(value: str, date: str | None) -> None:
    found = retry_after_s(value, now=NOW, date=date)
    assert found is None or found >= 0


@given(st.integers(-5, 10_000))
def test_a_host_that_fails_again_is_left_alone_no_shorter_and_a_day_at_most(times: int) -> None:
    assert 600.0 <= backoff_s(times) <= backoff_s(times + 1) <= 86_400.0


@pytest.mark.parametrize(
    "text",
    ["https://news.example/bot", "http://news.example", "bot@news.example", " mailto:a.b+c@mail.news.example "],
)
def test_a_url_or_a_mail_address_is_a_contact(text: str) -> None:
    assert is_contact(text)


@pytest.mark.parametrize(
    "text",
    ["", "me", "news.example", "https://", "https://localhost/", "a@b", "a b@news.example", "https://a.b/ (x)", "@x.y"],
)
def test_anything_else_is_none(text: str) -> None:
    assert not is_contact(text)


@given(st.text(max_size=40))
def test_a_contact_can_stand_in_a_header(text: str) -> None:
    assert not is_contact(text) or (text.strip().isascii() and text.strip().isprintable())


def test_other_peoples_hosts_are_strangers() -> None:
    allow = AllowList.parse(["10.0.0.0/8", "8.8.8.8:8080"])
    ours = [
        "http://127.0.0.1:8000/",
        "http://127.9.9.9/",
        "http://localhost/a",
        "http://a.localhost:1/",
        "http://[::1]:5/",
        "http://10.1.1.1/",
        "https://8.8.8.8:8080/",
    ]
    theirs = ["https://news.example/", "http://8.8.8.8/", "https://8.8.8.8:443/", "http://localhost.example/"]
    assert strangers([*ours, *theirs], allow) == theirs


LIST = """\ufeff# who has written to us
example.org
WWW.News.Example   # by mail
https://paper.example/private/
http://paper.example:8080/

新闻.example
https://whole.example/
"""


@pytest.mark.parametrize(
    ("url", "entry"),
    [
        ("https://example.org/a", "example.org"),
        ("http://a.b.example.org:81/", "example.org"),
        ("https://www.news.example/", "www.news.example"),
        ("https://blog.www.news.example/", "www.news.example"),
        ("https://paper.example/private/a?b", "paper.example/private/"),
        ("http://paper.example/private/", "paper.example/private/"),
        ("https://paper.example/x/../private/a", "paper.example/private/"),
        ("http://paper.example:8080/a", "paper.example:8080/"),
        ("https://xn--efvy88h.example/", "xn--efvy88h.example"),
        ("https://www.whole.example/a", "whole.example"),
        ("https://news.example/", None),
        ("https://anexample.org/", None),
        ("https://example.org.news/", None),
        ("https://paper.example/privates", None),
        ("https://paper.example/", None),
    ],
)
def test_who_is_on_the_list_is_never_asked(url: str, entry: str | None) -> None:
    assert OptOut.parse(LIST, "list.txt").entry_of(url) == entry


@pytest.mark.parametrize("line", ["example.org/private", "two words", "ftp://a.example/", "a_b c", "http://", "*.a.b"])
def test_a_faulty_line_is_named_with_its_file(line: str) -> None:
    with pytest.raises(ConfigError, match=r"^list\.txt:3: "):
        OptOut.parse(f"# one\nexample.org\n{line}\n", "list.txt")


@given(st.text(max_size=80), st.text(max_size=40))
def test_any_text_is_a_list_or_a_fault_and_any_url_is_held_against_it(text: str, url: str) -> None:
    try:
        found = OptOut.parse(f"example.org\n{text}", "list.txt")
    except ConfigError:
        found = OptOut.parse("example.org\nhttps://paper.example/a", "list.txt")
    assert found.entry_of("https://a.example.org/") is not None
    found.entry_of(url)

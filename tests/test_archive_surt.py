from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.archive.surt import surt

WORDS = [
    *["@", "/", "//", "..", ".", "?", "&", "=", "#", "%", "%25", "%2e", "%zz", "sid=", "é", "[::1]", ":80", ":x"],
    "http://",
    "https:",
    "www.",
    "a.b",
    "新闻.中国",
    "\t",
    "\ud800",
]
TEXTS = st.text(st.characters()) | st.lists(st.sampled_from(WORDS)).map("".join)


# What cdxj-indexer prints for these addresses.
@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://example.com", "com,example)/"),
        ("HTTP://EXAMPLE.COM/Path/File.HTML", "com,example)/path/file.html"),
        ("http://www.example.com/", "com,example)/"),
        ("http://www23.example.com/a", "com,example)/a"),
        ("http://www.com/", "com)/"),
        ("http://www/", "www)/"),
        ("http://www1a.example.com/", "com,example,www1a)/"),
        ("http://www.www.example.com/", "com,example,www)/"),
        ("http://example.com:80/", "com,example)/"),
        ("https://example.com:443/", "com,example)/"),
        ("http://example.com:443/", "com,example:443)/"),
        ("http://example.com:8080/a", "com,example:8080)/a"),
        ("http://example.com:/a", "com,example)/a"),
        ("http://example.com:0080/", "com,example)/"),
        ("http://user:pass@example.com/", "com,example)/"),
        ("http://a@b@example.com/", "com,example)/"),
        ("http://example.com/a/", "com,example)/a"),
        ("http://example.com//a//b", "com,example)/a/b"),
        ("http://example.com/a/./b/../c", "com,example)/a/c"),
        ("http://example.com/../a", "com,example)/../a"),
        ("http://example.com/../../a", "com,example)/a"),
        ("http://example.com/a//../b", "com,example)/a/b"),
        ("http://example.com/?", "com,example)/"),
        ("http://example.com/a/?b", "com,example)/a?b"),
        ("http://example.com/?b=2&a=1", "com,example)/?a=1&b=2"),
        ("http://example.com/?&b=2&&a=1", "com,example)/?&&a=1&b=2"),
        ("http://example.com/?B=Two&A=One", "com,example)/?a=one&b=two"),
        ("http://example.com/?a-b=1&a=1&a", "com,example)/?a&a=1&a-b=1"),
        ("http://example.com/?a=&a", "com,example)/?a&a="),
        ("http://example.com/a?b?c", "com,example)/a?b?c"),
        ("http://example.com/a?b#c#d", "com,example)/a?b"),
        ("http://example.com/#!/route", "com,example)/"),
        (
            "http://example.com/a;jsessionid=0123456789ABCDEF0123456789ABCDEF",
            "com,example)/a;jsessionid=0123456789abcdef0123456789abcdef",
        ),
        ("http://example.com/a?b=1&jsessionid=0123456789abcdefghijklemopqrstuv&c=2", "com,example)/a?b=1&c=2"),
        ("http://example.com/a?x=1&PHPSESSID=9682993C8DAA2C5497996114FACDC805", "com,example)/a?&x=1"),
        ("http://example.com/a?sid=9682993c8daa2c5497996114facdc805&x=1", "com,example)/a?x=1"),
        ("http://example.com/a?sid=1", "com,example)/a?sid=1"),
        ("http://example.com/a?ASPSESSIONIDAQBSDSRT=EOHBLBDDPFCLHKPGGKLILNAM", "com,example)/a"),
        ("http://example.com/a?cfid=1169580&cftoken=48630702&x=1", "com,example)/a?x=1"),
        ("http://example.com/a?cftoken=1&cfid=2", "com,example)/a?cfid=2&cftoken=1"),
        ("http://example.com/(S(4hqa0555fwsecu455xqckv45))/mileg.aspx", "com,example)/mileg.aspx"),
        ("http://example.com/x/(4hqa0555fwsecu455xqckv45)/y/a.aspx?b", "com,example)/x/y/a.aspx?b"),
        (
            "http://example.com/(S(4hqa0555fwsecu455xqckv45))/b.html",
            "com,example)/(s(4hqa0555fwsecu455xqckv45))/b.html",
        ),
        (
            "http://www.新闻.中国/标签/新闻?q=中国",
            "xn--fiqs8s,xn--efvy88h)/%e6%a0%87%e7%ad%be/%e6%96%b0%e9%97%bb?q=%e4%b8%ad%e5%9b%bd",
        ),
        ("http://XN--FIQS8S/", "xn--fiqs8s)/"),
        ("http://BÜCHER.de/", "de,xn--bcher-kva)/"),
        ("http://straße.de/", "de,strasse)/"),
        ("http://中。com/p", "com,xn--fiq)/p"),
        ("http://%E4%B8%AD.com/p", "com,xn--fiq)/p"),
        ("http://ex%41mple.com/", "com,example)/"),
        ("http://example.com/%e4%b8%ad%E5%9B%BD", "com,example)/%e4%b8%ad%e5%9b%bd"),
        ("http://example.com/%E9", "com,example)/%e9"),
        ("http://example.com/a b", "com,example)/a%20b"),
        ("http://example.com/a+b", "com,example)/a+b"),
        ("http://example.com/a%2Fb", "com,example)/a/b"),
        ("http://example.com/a%252525b", "com,example)/a%25b"),
        ("http://example.com/a%zz", "com,example)/a%25zz"),
        ("http://example.com/%7Euser", "com,example)/~user"),
        ("http://example.com/a%3Fb?c", "com,example)/a?b?c"),
        ("http://example.com/a%23b", "com,example)/a%23b"),
        ("http://example.com/?x=a%26b", "com,example)/?b&x=a"),
        ("http://example.com/?x=%00", "com,example)/?x=%00"),
        ('http://example.com/"<>`{}|\\^[]', 'com,example)/"<>`{}|\\^[]'),
        ("http://example.com/!$&'()*+,;=:@-._~", "com,example)/!$&'()*+,;=:@-._~"),
        ("http://127.0.0.1:8080/a", "1,0,0,127:8080)/a"),
        ("http://3279880203/blah", "11,0,127,195)/blah"),
        ("http://0x7f.0.0.1/", "1,0,0,0x7f)/"),
        ("http://0177.0.0.1/", "1,0,0,127)/"),
        ("http://127.1/", "1,0,0,127)/"),
        ("http://1.2.3.256/p", "256,3,2,1)/p"),
        ("http://www.7/p", "7)/p"),
        ("http://[::1]/", "::1)/"),
        ("http://[2001:DB8::1]:8080/a", "2001:db8::1:8080)/a"),
        ("http://..example..com../", "com,example)/"),
        ("http://ex_ample.com/", "com,ex_ample)/"),
        ("ftp://www.example.com/a", "com,example)/a"),
        ("dns:WWW.Example.com", "dns:www.example.com"),
        ("urn:text:https://www.Example.com/", "urn:text:https://www.example.com"),
        ("mailto:A@B.C?subject=X", "mailto:a@b.c?subject=x"),
        ("filedesc:foo.arc.gz", "filedesc:foo.arc.gz"),
        ("example.com/a?b", "com,example)/a?b"),
        ("http:/example.com/a", "com,example)/a"),
        ("https:example.com", "com,example)/"),
        ("http://http://a.b/", "b,a)/"),
        ("file:///etc/passwd", "file:/etc/passwd"),
        ("http://", "http:"),
        ("about:blank", "about:blank"),
        ("http://example.com/a\tb", "com,example)/ab"),
        ("http://exam\nple.com/a\r\n", "com,example)/a"),
        (" http://example.com/ ", "com,example)/"),
        ("http://example.com/\u3000", "com,example)/%e3%80%80"),
        ("", "-"),
    ],
)
def test_the_key_is_the_one_that_other_tools_look_up(url: str, key: str) -> None:
    assert surt(url) == key


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://a.b:99999/", "b,a:99999)/"),
        ("http://a.b:x/", "b,a:x)/"),
        ("http://a.b:８０/", "b,a:%ef%bc%98%ef%bc%90)/"),
        (" \t", "-"),
        ("http://\ud800/", "?)/"),
    ],
)
def test_an_address_that_makes_other_tools_fail_has_a_key_too(url: str, key: str) -> None:
    assert surt(url) == key


@given(TEXTS)
def test_any_text_has_a_key_that_fits_a_line_of_an_index(url: str) -> None:
    key = surt(url)
    assert key
    assert key.isascii()
    assert not set(key) & set(" \t\r\n")


def test_an_address_encoded_over_and_over_takes_no_time() -> None:
    assert surt("http://a.b/%" + "25" * 16_000).startswith("b,a)/%25")

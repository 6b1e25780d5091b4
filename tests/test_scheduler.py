from __future__ import annotations

import gc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy import Request

from newscrawl import scheduler
from newscrawl.scheduler import UrlKeyFingerprinter

URL = "https://news.example/a?id=1"


def fingerprint(url: str, **arguments: Any) -> bytes:
    return UrlKeyFingerprinter().fingerprint(Request(url, **arguments))


@pytest.mark.parametrize(
    "url",
    [
        "https://news.example/a?utm_source=feed&id=1",
        "https://news.example/a?id=1&utm_medium=mail#top",
        "HTTPS://NEWS.example:443/a?id=1",
    ],
)
def test_a_tracking_parameter_costs_no_fetch(url: str) -> None:
    assert fingerprint(url) == fingerprint(URL)


@pytest.mark.parametrize(
    "url",
    [
        "http://news.example/a?id=1",
        "https://news.example/a?id=2",
        "https://news.example/a",
        "https://www.news.example/a?id=1",
    ],
)
def test_another_page_has_another_fingerprint(url: str) -> None:
    assert fingerprint(url) != fingerprint(URL)


def test_requests_with_a_body_are_told_apart_by_it() -> None:
    one, same, other = (fingerprint(URL, method="POST", body=body) for body in ("a=1", "a=1", "a=2"))
    assert one == same
    assert len({one, other, fingerprint(URL, method="POST"), fingerprint(URL), fingerprint(URL, body="a=1")}) == 5


def test_another_method_is_another_request() -> None:
    assert fingerprint(URL, method="HEAD") != fingerprint(URL)


def test_a_redirect_within_its_own_key_is_not_the_request_that_it_answers() -> None:
    tracked = "https://news.example/a?id=1&utm_source=feed"
    redirected = fingerprint(URL, meta={"redirect_urls": [tracked]})
    assert redirected != fingerprint(tracked)
    assert redirected == fingerprint(URL, meta={"redirect_urls": [tracked, "https://other.example/"]})


def test_a_circle_of_redirects_within_one_key_is_noticed() -> None:
    tracked = "https://news.example/a?id=1&utm_source=feed"
    there = fingerprint(URL, meta={"redirect_urls": [tracked]})
    back = fingerprint(tracked, meta={"redirect_urls": [tracked, URL]})
    again = fingerprint(URL, meta={"redirect_urls": [tracked, URL, tracked]})
    assert there == again
    assert back != there


def test_a_redirect_to_another_page_is_the_request_for_that_page() -> None:
    assert fingerprint(URL, meta={"redirect_urls": ["https://old.example/"]}) == fingerprint(URL)


def test_a_fingerprint_is_made_once_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def counted(url: str) -> str:
        asked.append(url)
        return url

    monkeypatch.setattr(scheduler, "url_key", counted)
    fingerprinter, request = UrlKeyFingerprinter(), Request(URL)
    assert fingerprinter.fingerprint(request) == fingerprinter.fingerprint(request)
    assert asked == [URL]


def test_a_request_that_is_gone_is_not_remembered() -> None:
    fingerprinter = UrlKeyFingerprinter()
    fingerprinter.fingerprint(Request(URL))
    gc.collect()
    assert len(fingerprinter._cache) == 0


# A request takes no lone surrogate.
@given(st.text(st.characters(exclude_categories=["Cs"])).map(lambda text: f"https://news.example/{text}"))
def test_any_url_has_a_fingerprint_that_depends_on_it_alone(url: str) -> None:
    found = fingerprint(url)
    assert len(found) == 20
    assert fingerprint(url, priority=5, meta={"depth": 2}, headers={"Accept": "text/html"}) == found

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from ipaddress import ip_address
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import ended, new_url, opened
from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.http import Response, TextResponse
from scrapy.settings import Settings
from scrapy.settings.default_settings import DOWNLOADER_MIDDLEWARES_BASE
from scrapy.statscollectors import StatsCollector

from newscrawl import downloadermiddlewares, settings
from newscrawl.addresses import AllowList
from newscrawl.archive.wire import WireExchange
from newscrawl.downloadermiddlewares import (
    CaptureMiddleware,
    DecodingMiddleware,
    GateMiddleware,
    OutcomeMiddleware,
    PlainRedirectMiddleware,
    RefusedRequest,
    RefusedResponse,
)
from newscrawl.ledger import Exchange, Ledger, bind_ledger
from newscrawl.ledger.frontier import Frontier
from newscrawl.urls import url_key

URL = "https://news.example/1.html"
NOW = datetime(2023, 3, 22, 8, 15, tzinfo=UTC)


def crawler_with(**settings: Any) -> Crawler:
    crawler = Crawler(Spider, Settings(settings))
    crawler.spider = Spider(name="news")
    return crawler


@cache
def gate(*allow: str) -> GateMiddleware:
    crawler = crawler_with(NEWSCRAWL_ALLOW_ADDRESSES=list(allow))
    bind_ledger(crawler, Ledger(None, name="news", run_id="1", stamp="1"))
    return GateMiddleware.from_crawler(crawler)


def refusal(url: str, *allow: str) -> str | None:
    """Why a request for *url* does not leave; None when it does."""
    try:
        gate(*allow).process_request(Request(url))
    except RefusedRequest as error:
        return str(error)
    return None


# Gate ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "http://news.example/",
        "http://news.example:8080/",
        "http://8.8.8.8/",
        "http://[2606:4700::1111]/",
        "http://localhost.example/",
    ],
)
def test_a_public_page_is_asked_for(url: str) -> None:
    assert refusal(url) is None


@pytest.mark.parametrize("scheme", ["ftp", "file", "s3", "gopher", "ws", "javascript"])
def test_another_scheme_is_refused(scheme: str) -> None:
    assert refusal(f"{scheme}://news.example/") == f"scheme {scheme!r} is not asked"


def test_data_urls_are_refused() -> None:
    assert refusal("data:text/html,x") == "scheme 'data' is not asked"


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "db.localhost",
        "127.0.0.1",
        "127.1",
        "127.0.0.53",
        "0",
        "0.0.0.0",
        "0x7f.1",
        "0x7f000001",
        "0177.0.0.1",
        "2130706433",
        "127.0.0.1.",
        "①②⑦.0.0.1",
        "１２７.0.0.1",
        "ｌocalhost",
        "127%2E0.0.1",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "user:secret@127.0.0.1",
        "news.example@127.0.0.1",
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_this_machine_is_refused_in_every_spelling(scheme: str, host: str) -> None:
    assert refusal(f"{scheme}://{host}/") is not None


@pytest.mark.parametrize(
    "host", ["10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.100.100.200", "[fe80::1]", "[fd00::1]"]
)
def test_a_neighbour_is_refused(host: str) -> None:
    reason = refusal(f"http://{host}/")
    assert reason is not None
    assert "NEWSCRAWL_ALLOW_ADDRESSES" in reason


@pytest.mark.parametrize(
    ("url", "allow", "asked"),
    [
        ("http://127.0.0.1/", "127.0.0.1", True),
        ("http://127.0.0.1:8000/", "127.0.0.1", True),
        ("http://2130706433/", "127.0.0.1", True),
        ("http://localhost:8000/", "127.0.0.1", True),
        ("http://127.0.0.1:8000/", "127.0.0.1:8000", True),
        ("http://127.0.0.1:8001/", "127.0.0.1:8000", False),
        ("http://127.0.0.1/", "127.0.0.1:80", True),
        ("https://127.0.0.1/", "127.0.0.1:80", False),
        ("https://127.0.0.1/", "127.0.0.1:443", True),
        ("http://[::1]:8000/", "[::1]:8000", True),
        ("http://[::1]/", "127.0.0.1", False),
        ("http://10.1.2.3/", "10.0.0.0/8", True),
        ("http://11.1.2.3/", "10.0.0.0/8", True),
        ("http://192.168.1.1/", "10.0.0.0/8", False),
    ],
)
def test_an_address_is_asked_when_it_is_listed_with_its_port(url: str, allow: str, asked: bool) -> None:
    assert (refusal(url, allow) is None) is asked


@pytest.mark.parametrize("port", ["99999", "-1", "x", "8x"])
def test_a_port_that_is_no_number_is_refused(port: str) -> None:
    # Scrapy's own requests have no such URL; those of another class may.
    request: Any = SimpleNamespace(url=f"http://news.example:{port}/")
    with pytest.raises(RefusedRequest, match="the port is no number"):
        gate().process_request(request)


def test_a_url_that_no_record_can_name_is_refused() -> None:
    longest = URL.ljust(downloadermiddlewares.MAX_URL, "x")
    assert refusal(longest) is None
    assert refusal(f"{longest}x") == "the URL is longer than 16384 bytes"


def test_a_refused_request_is_ignored_as_scrapy_knows_it() -> None:
    with pytest.raises(IgnoreRequest):
        gate().process_request(Request("http://127.0.0.1/"))


@pytest.mark.parametrize("url", [URL, f"{URL}?utm_source=x", f"{URL}#top", "HTTPS://NEWS.example:443/1.html"])
def test_what_was_removed_from_the_archive_is_not_asked_again_however_it_is_written(url: str) -> None:
    removing = GateMiddleware(AllowList.parse([]), lambda url: url_key(url) == url_key(URL))
    with pytest.raises(RefusedRequest, match="it was removed from the archive"):
        removing.process_request(Request(url))
    removing.process_request(Request("https://news.example/2.html"))


@given(st.ip_addresses(v=4), st.sampled_from(["http", "https"]), st.integers(1, 65535))
def test_every_spelling_of_an_address_meets_the_same_answer(address: Any, scheme: str, port: int) -> None:
    number = int(address)
    spellings = (str(address), str(number), hex(number), f"[::ffff:{address}]", f"{address}.")
    answers = {refusal(f"{scheme}://{host}:{port}/") is None for host in spellings}
    assert len(answers) == 1


# Redirects ----------------------------------------------------------------------------------------------


def redirected(location: str, status: int = 301, **request: Any) -> Request | Response:
    middleware = PlainRedirectMiddleware.from_crawler(crawler_with())
    asked = Request(URL, **request)
    return middleware.process_response(asked, Response(URL, status=status, headers={"Location": location}))


@pytest.mark.parametrize("chain", [[], ["https://news.example/2.html"], ["https://news.example/0.html"]])
def test_a_redirect_into_its_own_chain_is_a_failure(chain: list[str]) -> None:
    middleware = PlainRedirectMiddleware.from_crawler(crawler_with(COOKIES_ENABLED=False))
    asked = Request(URL, meta={"redirect_urls": chain, "redirect_times": len(chain)})
    location = chain[0] if chain else URL
    with pytest.raises(IgnoreRequest, match="in a circle"):
        middleware.process_response(asked, Response(URL, status=302, headers={"Location": location}))


def test_the_answer_to_a_form_may_lie_under_its_own_address() -> None:
    middleware = PlainRedirectMiddleware.from_crawler(crawler_with(COOKIES_ENABLED=False))
    asked = Request(URL, method="POST", body="a=1")
    found = middleware.process_response(asked, Response(URL, status=303, headers={"Location": URL}))
    assert isinstance(found, Request)
    assert (found.method, found.url) == ("GET", URL)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_without_a_referer(status: int) -> None:
    found = redirected("/2.html", status, headers={"Referer": "https://elsewhere.example/", "Accept": "text/html"})
    assert isinstance(found, Request)
    assert found.url == "https://news.example/2.html"
    assert "Referer" not in found.headers
    assert found.headers["Accept"] == b"text/html"
    assert found.meta["redirect_urls"] == [URL]


def test_a_redirect_to_another_scheme_is_not_followed() -> None:
    with pytest.raises(RefusedResponse, match="it redirects to the scheme 'file'"):
        redirected("file:///etc/passwd")
    assert isinstance(redirected("file:///etc/passwd", meta={"dont_redirect": True}), Response)


def test_a_redirect_to_this_machine_meets_the_gate() -> None:
    found = redirected("http://127.0.0.1/")
    assert isinstance(found, Request)
    with pytest.raises(RefusedRequest):
        gate().process_request(found)


def test_a_chain_of_redirects_has_an_end() -> None:
    with pytest.raises(IgnoreRequest, match="more than 20 redirects"):
        redirected("/2.html", meta={"redirect_times": 20, "redirect_ttl": 0})


def test_no_crawl_is_warned_that_no_referer_is_sent() -> None:
    crawler = crawler_with()
    connected: list[Any] = []
    crawler.signals.connect = lambda *args, **kwargs: connected.append((args, kwargs))  # type: ignore[method-assign]
    PlainRedirectMiddleware.from_crawler(crawler)
    assert connected == []


# Capture ------------------------------------------------------------------------------------------------


class Clock(datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz: Any = None) -> Clock:
        return cls(2023, 3, 22, 8, 15, tzinfo=UTC).astimezone(tz)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger(None, name="news", run_id="1", stamp="1")


@pytest.fixture
def capture(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> CaptureMiddleware:
    monkeypatch.setattr(downloadermiddlewares.capturing, "datetime", Clock)
    crawler = crawler_with()
    bind_ledger(crawler, ledger)
    return CaptureMiddleware.from_crawler(crawler)


def test_an_answer_that_nobody_archived_is_archived_from_what_is_left_of_it(
    capture: CaptureMiddleware, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[tuple[Any, WireExchange, str]] = []

    def keep(request: Any, wire: WireExchange, *, kind: str, notes: dict[str, str]) -> None:
        kept.append((request, wire, kind))

    monkeypatch.setattr(ledger, "keep_exchange", keep)
    request = Request(URL, headers={"Accept": "text/html", "Authorization": "secret"}, meta={"newscrawl_kind": "feed"})
    answer = Response(
        URL,
        status=404,
        headers={"Content-Type": "text/html", "Content-Encoding": "gzip"},
        body=b"\x1f\x8b packed",
        protocol="HTTP/1.0",
        ip_address=ip_address("127.0.0.1"),
    )
    capture.process_request(request)
    assert capture.process_response(request, answer) is answer
    ((kept_request, wire, kind),) = kept
    assert (kept_request, kind) == (request, "feed")
    assert (wire.reconstructed, wire.url, wire.method, wire.ip_address) == (True, URL, "GET", "127.0.0.1")
    assert wire.head == b"HTTP/1.0 404 Not Found\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n"
    assert wire.body == b"\x1f\x8b packed"
    assert wire.request.startswith(b"GET /1.html HTTP/1.1\r\nHost: news.example\r\n")
    assert b"secret" not in wire.request
    assert wire.started_at == NOW


def test_the_time_of_an_answer_is_when_its_request_began_in_utc(capture: CaptureMiddleware, ledger: Ledger) -> None:
    request, response = Request(URL), Response(URL)
    capture.process_request(request)
    assert capture.process_response(request, response) is response
    exchange = ledger.exchange(request)
    assert exchange is not None
    assert exchange.fetched_at == NOW
    assert exchange.fetched_at.utcoffset() == timedelta(0)
    assert not exchange.url_assigned


def test_the_time_is_known_although_nobody_saw_the_request_begin(capture: CaptureMiddleware, ledger: Ledger) -> None:
    request = Request(URL)
    capture.process_response(request, Response(URL))
    assert ledger.exchange(request) == Exchange(fetched_at=NOW)


def test_what_the_handler_archived_is_not_archived_again(
    capture: CaptureMiddleware, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = Request(URL)
    known = Exchange(fetched_at=NOW.astimezone(timezone(timedelta(hours=8))), url_assigned=True)
    ledger.note_exchange(request, known)
    monkeypatch.setattr(ledger, "keep_exchange", pytest.fail)
    capture.process_response(request, Response(URL))
    assert ledger.exchange(request) is known


def test_what_is_known_does_not_travel_to_another_request(capture: CaptureMiddleware, ledger: Ledger) -> None:
    request = Request(URL)
    capture.process_request(request)
    capture.process_response(request, Response(URL))
    assert request.meta == {}
    assert ledger.exchange(request.replace(url="https://news.example/2.html")) is None
    assert ledger.exchange(request.copy()) is None


# Outcome ------------------------------------------------------------------------------------------------


@pytest.fixture
def leased() -> Iterator[tuple[OutcomeMiddleware, Frontier, Request]]:
    """The middleware, the frontier that it tells, and a request that was leased."""
    ledger = opened(None)
    crawler = crawler_with()
    bind_ledger(crawler, ledger)
    ledger.frontier.add(new_url(1))
    lease = ledger.frontier.next()
    assert lease is not None
    yield OutcomeMiddleware.from_crawler(crawler), ledger.frontier, Request(URL, meta={"newscrawl_lease": lease.id})
    ended(ledger)


Leased = tuple[OutcomeMiddleware, Frontier, Request]


def told(frontier: Frontier) -> list[tuple[str, str | None]]:
    return [(outcome.state, outcome.reason) for outcome in frontier.ends.values()]


def test_a_request_that_is_asked_again_is_counted_for_its_host(leased: Leased) -> None:
    middleware, _, request = leased
    middleware.process_request(request)
    assert middleware.ledger.state.sites == {}
    middleware.process_request(request.replace(meta={"retry_times": 1}))
    assert middleware.ledger.state.host(URL).retries == 1


@pytest.mark.parametrize(
    ("error", "skipped"),
    [
        (IgnoreRequest("Forbidden by robots.txt"), {"robots": [URL]}),
        (RefusedRequest("127.0.0.1 is a loopback address"), {"refused": [URL]}),
        (TimeoutError("too long"), {}),
    ],
)
def test_what_is_not_asked_at_all_is_listed(error: Exception, skipped: dict[str, list[str]], leased: Leased) -> None:
    middleware, _, request = leased
    middleware.process_exception(request, error)
    assert middleware.ledger.state.as_report()["skipped_urls"] == skipped


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, []),
        (204, []),
        (301, []),
        (304, []),
        (400, [("failed", "http_400")]),
        (404, [("failed", "http_404")]),
        (503, [("failed", "http_503")]),
        (999, [("failed", "http_999")]),
    ],
)
def test_an_error_status_is_a_failure_and_passes_on(
    status: int, outcome: list[tuple[str, str]], leased: Leased
) -> None:
    middleware, frontier, request = leased
    response = Response(URL, status=status)
    assert middleware.process_response(request, response) is response
    assert told(frontier) == outcome


@pytest.mark.parametrize(
    ("exception", "outcome"),
    [
        (RefusedRequest("scheme 'ftp' is not asked"), ("refused", "RefusedRequest: scheme 'ftp' is not asked")),
        (IgnoreRequest("Forbidden by robots.txt"), ("refused", "IgnoreRequest: Forbidden by robots.txt")),
        (TimeoutError("too slow"), ("failed", "TimeoutError: too slow")),
        (ValueError(), ("failed", "ValueError: ")),
    ],
)
def test_an_exception_that_nobody_answered_is_an_outcome(
    exception: Exception, outcome: tuple[str, str], leased: Leased
) -> None:
    middleware, frontier, request = leased
    middleware.process_exception(request, exception)
    assert told(frontier) == [outcome]


def test_a_request_without_a_lease_has_no_outcome(leased: Leased) -> None:
    middleware, frontier, _ = leased
    middleware.process_exception(Request(URL), ValueError())
    middleware.process_response(Request(URL), Response(URL, status=404))
    assert told(frontier) == []


def test_the_outcome_is_the_outermost_middleware_and_the_capture_the_innermost() -> None:
    order = sorted(
        (order, path.rpartition(".")[2])
        for path, order in {**DOWNLOADER_MIDDLEWARES_BASE, **settings.DOWNLOADER_MIDDLEWARES}.items()
        if order is not None
    )
    assert (order[0][1], order[-1][1]) == ("OutcomeMiddleware", "CaptureMiddleware")


# Ports and proxies --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "refused"),
    [
        ("http://news.example/", None),
        ("https://news.example/", None),
        ("http://news.example:8080/", None),
        ("http://news.example:6379/", "port 6379 is not among NEWSCRAWL_ALLOW_PORTS"),
        ("http://8.8.8.8:22/", "port 22 is not among NEWSCRAWL_ALLOW_PORTS"),
        ("http://127.0.0.1:5000/", None),
        ("http://localhost:5000/", None),
        # What the name leads to decides where it is resolved.
        ("http://inside.example:5000/", None),
    ],
)
def test_a_port_must_be_allowed_for_all_or_for_its_address(url: str, refused: str | None) -> None:
    allow = AllowList.parse(["127.0.0.1:5000"], ["80", "443", "8000-8999"])
    if refused is None:
        GateMiddleware(allow).process_request(Request(url))
        return
    with pytest.raises(RefusedRequest) as caught:
        GateMiddleware(allow).process_request(Request(url))
    assert str(caught.value) == refused


@given(st.integers(1, 65535))
def test_a_range_of_ports_has_both_its_ends(port: int) -> None:
    assert AllowList.parse([], ["80", "8000-8999"]).opens(port) is (port == 80 or 8000 <= port <= 8999)


def test_only_a_proxy_that_is_named_is_gone_through() -> None:
    middleware = GateMiddleware(AllowList(), trusted=frozenset({("proxy.example", 3128)}))
    middleware.process_request(Request(URL, meta={"proxy": "http://me:pw@proxy.example:3128"}))
    with pytest.raises(RefusedRequest, match="NEWSCRAWL_TRUSTED"):
        middleware.process_request(Request(URL, meta={"proxy": "http://other.example:3128"}))


# More redirects -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("location", ["http://[::1", "data:text/html,x", "ftp://news.example/", "javascript:alert(1)"])
def test_a_redirect_to_what_is_not_asked_is_refused(location: str) -> None:
    with pytest.raises(RefusedResponse) as caught:
        redirected(location)
    assert caught.value.newscrawl_reason == "redirect_refused"


def test_a_name_before_the_host_is_left_out() -> None:
    found = redirected("https://me:pw@other.example/a")
    assert found.url == "https://other.example/a"


@given(st.text(max_size=40))
def test_any_location_is_followed_or_refused(location: str) -> None:
    with suppress(IgnoreRequest):
        redirected(location.encode("utf-8", "replace").decode("utf-8"))


# Codings ------------------------------------------------------------------------------------------------

PAGE = b"<!DOCTYPE html><p>early ferry" * 400


def decoding(request: Request, body: bytes, *codings: str, **settings: Any) -> tuple[Ledger, Response]:
    crawler = crawler_with(COMPRESSION_ENABLED=True, DOWNLOAD_MAXSIZE=100_000, **settings)
    crawler.stats = StatsCollector(crawler)
    ledger = Ledger(None, name="news", run_id="1", stamp="1")
    bind_ledger(crawler, ledger)
    ledger.note_exchange(request, Exchange(fetched_at=NOW))
    middleware = DecodingMiddleware.from_crawler(crawler)
    middleware.process_request(request)
    headers = {"Content-Type": "text/html", "Content-Encoding": list(codings)}
    packed = TextResponse(URL, status=203, headers=headers, body=body, request=request, flags=["partial"])
    return ledger, middleware.process_response(request, packed)


def test_a_coded_page_is_read_without_its_codings() -> None:
    request = Request(URL)
    ledger, response = decoding(request, gzip.compress(gzip.compress(PAGE)), "gzip", "gzip")
    assert response.body == PAGE
    assert isinstance(response, TextResponse)
    assert "Content-Encoding" not in response.headers
    assert request.headers["Accept-Encoding"] == b"gzip, deflate, br, zstd"
    exchange = ledger.exchange(request)
    assert exchange is not None
    assert exchange.truncated is None


def test_the_charset_of_a_coded_page_is_that_of_its_text() -> None:
    page = "<p>凤凰桥今晨重新开放，行人须走东侧。</p>".encode()
    request = Request(URL)
    _, response = decoding(request, gzip.compress(page), "gzip")
    assert isinstance(response, TextResponse)
    assert response.text == page.decode()
    assert (response.status, response.request, response.flags) == (203, request, ["partial"])


def test_a_coded_page_that_ends_early_is_read_as_far_as_it_goes_and_is_not_whole() -> None:
    request = Request(URL)
    ledger, response = decoding(request, gzip.compress(PAGE)[:-20], "gzip")
    assert PAGE.startswith(response.body)
    assert response.body
    exchange = ledger.exchange(request)
    assert exchange is not None
    assert exchange.truncated == "coding"


def test_what_was_cut_on_the_wire_stays_cut_on_the_wire() -> None:
    ledger, request = Ledger(None, name="news", run_id="1", stamp="1"), Request(URL)
    ledger.note_cut(request, "coding")
    assert ledger.exchange(request) is None
    ledger.note_exchange(request, Exchange(fetched_at=NOW, truncated="disconnect"))
    ledger.note_cut(request, "coding")
    exchange = ledger.exchange(request)
    assert exchange is not None
    assert exchange.truncated == "disconnect"


@pytest.mark.parametrize("coding", ["gzip", "br", "utf-8"])
def test_markup_that_is_not_coded_is_read_as_it_stands(coding: str) -> None:
    assert decoding(Request(URL), PAGE, coding)[1].body == PAGE


@pytest.mark.parametrize(
    ("body", "codings", "reason"),
    [
        (gzip.compress(bytes(200_000)), ("gzip",), "too_large"),
        (b"\x00\x01 no markup", ("gzip",), "coding_false"),
        (b"\x00\x01 no markup", ("x-none",), "coding_unknown"),
        (gzip.compress(PAGE), ("gzip, gzip", "gzip, gzip"), "coding_layers"),
    ],
    ids=["large", "false", "unknown", "layers"],
)
def test_what_cannot_be_read_is_refused_with_a_reason(body: bytes, codings: tuple[str, ...], reason: str) -> None:
    with pytest.raises(RefusedResponse) as caught:
        decoding(Request(URL), body, *codings)
    assert caught.value.newscrawl_reason == reason


def test_an_answer_to_head_has_nothing_to_decode() -> None:
    request = Request(URL, method="HEAD")
    assert decoding(request, b"", "gzip")[1].headers["Content-Encoding"] == b"gzip"


def test_compression_can_be_switched_off() -> None:
    with pytest.raises(NotConfigured):
        DecodingMiddleware.from_crawler(crawler_with(COMPRESSION_ENABLED=False))


# Off the site -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("location", "meta", "followed"),
    [
        ("https://www.news.example/a", {"newscrawl_lease": 1}, True),
        ("https://other.example/a", {"newscrawl_lease": 1}, False),
        ("https://notnews.example/a", {"newscrawl_lease": 1}, False),
        ("https://other.example/a", {"newscrawl_lease": 1, "allow_offsite": True}, True),
        # What does not come from the frontier, such as robots.txt, may be kept elsewhere.
        ("https://other.example/a", {}, True),
    ],
)
def test_a_redirect_off_the_site_is_refused_and_not_dropped_silently(
    location: str, meta: dict[str, Any], followed: bool
) -> None:
    crawler = crawler_with()
    assert crawler.spider is not None
    crawler.spider.allowed_domains = ["news.example"]
    middleware = PlainRedirectMiddleware.from_crawler(crawler)
    asked = Request(URL, meta=meta)
    answer = Response(URL, status=302, headers={"Location": location})
    if followed:
        found = middleware.process_response(asked, answer)
        assert found.url == location
        return
    with pytest.raises(RefusedResponse) as caught:
        middleware.process_response(asked, answer)
    assert caught.value.newscrawl_reason == "redirect_offsite"

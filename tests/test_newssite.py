"""The generated site keeps the promises that other tests build on."""

import gzip
import hashlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from newssite import Pages, Running, Site, Truth, build_site, serve

ARTICLES = 60
BASES = ["http://127.0.0.2:8000", "http://127.0.0.3:8000", "http://127.0.0.4:8000"]
HREF = re.compile(r"""<a\s[^>]*?href=["']([^"'#]+)|http-equiv="refresh"\s+content="0; url=([^"]+)""", re.IGNORECASE)


@pytest.fixture(scope="module")
def site() -> Site:
    return build_site(ARTICLES)


@pytest.fixture(scope="module")
def running(site: Site) -> Iterator[Running]:
    with serve(site) as started:
        yield started


@pytest.fixture(scope="module")
def pages(site: Site) -> Pages:
    return Pages(site, BASES)


def text(pages: Pages, truth: Truth) -> str:
    encoding = "gbk" if truth.platform == "portal" else "utf-8"
    return unescape(pages[truth.host, truth.path].body.decode(encoding))


def stories(site: Site) -> list[Truth]:
    return [truth for truth in site.truth if truth.headline is not None]


def digest(articles: int, seed: int, hosts: int) -> str:
    site = build_site(articles, seed=seed, hosts=hosts)
    every = hashlib.sha256(repr(site.truth).encode())
    pages = Pages(site, [f"http://127.0.0.{host + 2}:8000" for host in range(hosts)])
    for address, served in pages.items():
        every.update(repr((address, served.status, served.headers, served.gzip, served.chunked)).encode())
        every.update(served.body)
    return every.hexdigest()


class Client:
    """Keep-alive connections to a running site, and a page as a browser would get it."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.connections: dict[int, http.client.HTTPConnection] = {}

    def get(self, host: int, path: str) -> tuple[int, dict[str, str], bytes]:
        if host not in self.connections:
            address = urlsplit(self.running.urls[host])
            self.connections[host] = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
        connection = self.connections[host]
        connection.request("GET", path, headers={"Accept-Encoding": "gzip", "User-Agent": "test"})
        response = connection.getresponse()
        body = response.read()
        headers = {name.lower(): value for name, value in response.getheaders()}
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        return response.status, headers, body

    def close(self) -> None:
        for connection in self.connections.values():
            connection.close()


@pytest.fixture
def client(running: Running) -> Iterator[Client]:
    opened = Client(running)
    yield opened
    opened.close()


def test_the_same_arguments_give_the_same_bytes() -> None:
    assert digest(30, seed=7, hosts=3) == digest(30, seed=7, hosts=3)


def test_another_seed_gives_another_site() -> None:
    assert build_site(12, seed=1).truth != build_site(12, seed=2).truth


def test_the_hash_seed_of_the_process_does_not_show() -> None:
    code = "import test_newssite; print(test_newssite.digest(30, seed=7, hosts=3))"
    here = str(Path(__file__).parent)
    environment = {**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": here}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment, timeout=60
    )
    assert run.stdout.strip() == digest(30, seed=7, hosts=3)


@pytest.mark.parametrize("hosts", [1, 2, 3, 4, 6])
def test_every_number_of_hosts_has_all_four_platforms_on_some(hosts: int) -> None:
    site = build_site(60, hosts=hosts)
    assert {truth.platform for truth in stories(site)} == {"wordpress", "newspaper", "portal", "taiwan"}
    assert {truth.host for truth in site.truth} == set(range(hosts))


def test_the_smallest_site_has_every_kind_of_page() -> None:
    kinds = {truth.kind for truth in build_site(12).truth}
    assert kinds == {
        "article",
        "duplicate",
        "alias_tracking",
        "redirect",
        "meta_refresh",
        "not_found",
        "soft_404",
        "listing",
        "static",
    }


def test_every_row_of_the_truth_is_served_with_its_status(site: Site) -> None:
    # A server of its own: whether a flaky page is refused depends on who asked before.
    with serve(site) as running:
        client = Client(running)
        for truth in site.truth:
            status, headers, body = client.get(truth.host, truth.path)
            if truth.flaky:
                assert status == 503
                status, headers, body = client.get(truth.host, truth.path)
            assert status == truth.status, truth
            assert ("location" in headers) == (truth.kind == "redirect")
            if truth.headline is not None:
                assert body == running.pages[truth.host, truth.path].body
        client.close()


def test_redirects_end_at_the_article_they_stand_for(site: Site, client: Client) -> None:
    articles = {truth.path: truth for truth in site.truth if truth.kind == "article"}
    redirects = [truth for truth in site.truth if truth.kind == "redirect"]
    assert {truth.status for truth in redirects} == {301, 302}
    for truth in redirects:
        path = truth.path
        for _ in range(2):
            status, headers, _ = client.get(truth.host, path)
            if status == 200:
                break
            target = urlsplit(urljoin(client.running.url(truth.host, path), headers["location"]))
            path = target.path + (f"?{target.query}" if target.query else "")
        assert articles[path].canonical_id == truth.canonical_id


def test_every_article_is_reached_by_following_links_from_the_home_pages(site: Site, client: Client) -> None:
    reached: set[str | None] = set()
    truths = {(truth.host, truth.path): truth for truth in site.truth}
    hosts = {urlsplit(url).netloc: host for host, url in enumerate(client.running.urls)}
    seen = {(host, "/") for host in range(site.hosts)}
    queue = deque(sorted(seen))
    while queue:
        host, path = queue.popleft()
        _, headers, body = client.get(host, path)
        if (host, path) in truths:
            reached.add(truths[host, path].canonical_id)
        found = HREF.findall(body.decode("gbk" if b"gb2312" in body[:600] else "utf-8"))
        for link in [*map("".join, found), headers.get("location", "")]:
            url = urlsplit(urljoin(client.running.url(host, path), unescape(link)))
            address = hosts.get(url.netloc, -1), url.path + (f"?{url.query}" if url.query else "")
            allowed = not url.path.startswith(("/internal/", "/archive-calendar/"))
            if link and address[0] >= 0 and allowed and address not in seen:
                seen.add(address)
                queue.append(address)
    assert reached >= {truth.canonical_id for truth in site.truth if truth.kind == "article"}
    assert {truth.entry for truth in stories(site)} <= seen
    assert seen - {(truth.host, truth.path) for truth in site.truth} == set()


def test_an_article_with_an_alias_is_linked_by_the_alias_alone(site: Site, pages: Pages) -> None:
    hidden = {(t.host, t.path) for t in stories(site) if t.kind == "article" and t.entry != (t.host, t.path)}
    aliases = {truth.kind for truth in site.truth if (truth.host, truth.path) == truth.entry}
    assert {"article", "alias_tracking"} <= aliases
    for (host, path), served in pages.items():
        body = served.body.decode("gbk" if b"gb2312" in served.body[:600] else "utf-8")
        links = {urljoin(BASES[host] + path, unescape(link)) for link, _ in HREF.findall(body)}
        assert not links & {BASES[number] + hidden_path for number, hidden_path in hidden}


def test_a_story_page_states_what_the_truth_says(site: Site, pages: Pages) -> None:
    for truth in stories(site):
        page = text(pages, truth)
        plain = re.sub(r"<[^>]+>", "", page)
        for stated in (truth.headline, truth.source_organization, *truth.authors, *truth.paragraphs):
            assert stated is None or stated in plain, truth
        for tag in truth.tags:
            assert f">{tag}<" in page, truth
        for host, path in [*truth.related, *truth.inline_links]:
            assert f'href="{path}"' in page.replace("HREF", "href") or BASES[host] + path in page, truth


def test_the_date_stands_on_the_page_as_precisely_as_the_truth_has_it(site: Site, pages: Pages) -> None:
    lengths: set[int] = set()
    for truth in stories(site):
        assert truth.date_published is not None
        lengths.add(len(truth.date_published))
        day, _, time = truth.date_published.partition("T")
        year, month, number = day.split("-")
        forms = [truth.date_published, f"{day} {time}".strip(), f"{year}年{month}月{number}日{time}"]
        page = text(pages, truth)
        assert any(form in page for form in forms), truth
        if not time:
            assert not re.search(rf"{day}[T ]\d|{year}/{month}/{number} \d|{number}日\d", page), truth
    assert lengths == {10, 16, 25}


def test_pages_in_gbk_decode_to_their_headline_and_half_say_so_in_the_header(site: Site, pages: Pages) -> None:
    portal = [truth for truth in stories(site) if truth.platform == "portal"]
    for truth in portal:
        body = pages[truth.host, truth.path].body
        assert (truth.headline or "-") in unescape(body.decode("gbk"))
        assert b"charset=gb2312" in body[:400]
    types = {dict(pages[truth.host, truth.path].headers)["Content-Type"] for truth in portal}
    assert types == {"text/html", "text/html; charset=gbk"}


def test_a_duplicate_is_the_text_of_its_original_on_another_host(site: Site) -> None:
    originals = {truth.canonical_id: truth for truth in site.truth if truth.kind == "article"}
    duplicates = [truth for truth in site.truth if truth.kind == "duplicate"]
    assert duplicates
    for truth in duplicates:
        original = originals[truth.canonical_id]
        assert truth.paragraphs == original.paragraphs
        assert truth.headline == original.headline
        assert truth.host != original.host


def test_bodies_and_pages_have_the_length_of_news(site: Site, pages: Pages) -> None:
    for truth in stories(site):
        joined = " ".join(truth.paragraphs)
        size = len(joined.split()) if truth.language == "en" else len(joined)
        assert (150 if truth.language == "en" else 300) <= size <= (700 if truth.language == "en" else 1800)
        assert 20_000 <= len(pages[truth.host, truth.path].body) <= 60_000


def test_some_responses_are_gzipped_and_some_chunked(site: Site, client: Client) -> None:
    coded = [client.get(truth.host, truth.path)[1] for truth in stories(site)]
    zipped = sum("content-encoding" in headers for headers in coded)
    assert 0.1 < zipped / len(coded) < 0.4
    assert any(headers.get("transfer-encoding") == "chunked" for headers in coded)


def test_the_log_of_requests_has_host_path_and_headers_in_order(running: Running, client: Client) -> None:
    before = len(running.requests)
    client.get(1, "/robots.txt")
    client.get(0, "/about/")
    logged = running.requests[before:]
    assert [(host, path) for host, path, _ in logged] == [(1, "/robots.txt"), (0, "/about/")]
    assert logged[0][2]["user-agent"] == "test"


def test_robots_txt_closes_the_staff_room_and_the_calendar(client: Client) -> None:
    _, _, body = client.get(2, "/robots.txt")
    assert body.decode().split("\n")[1:3] == ["Disallow: /internal/", "Disallow: /archive-calendar/"]


def test_an_unchanged_page_is_not_sent_twice(site: Site, running: Running, client: Client) -> None:
    truth = next(truth for truth in stories(site) if not truth.flaky)
    _, headers, _ = client.get(truth.host, truth.path)
    connection = client.connections[truth.host]
    connection.request("GET", truth.path, headers={"If-None-Match": headers["etag"]})
    response = connection.getresponse()
    assert (response.status, response.read()) == (304, b"")
    assert running.requests[-1][2]["if-none-match"] == headers["etag"]


def test_two_sites_are_served_side_by_side() -> None:
    small = build_site(12, hosts=2)
    with serve(small) as first, serve(small) as second:
        assert first.port != second.port
        for running in (first, second):
            client = Client(running)
            assert client.get(1, "/")[0] == 200
            client.close()


def test_as_a_process_it_prints_the_home_pages_and_ends_when_told() -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, "-m", "newssite", "--articles", "12", "--hosts", "2"]
    for end in ("stdin", "SIGTERM"):
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stderr is not None
            urls = json.loads(process.stdout.readline())["urls"]
            assert [urlsplit(url).hostname for url in urls] == ["127.0.0.2", "127.0.0.3"]
            address = urlsplit(urls[0])
            connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
            connection.request("GET", "/")
            assert connection.getresponse().status == 200
            connection.close()
            if end == "stdin":
                process.stdin.close()
            else:
                process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) == 0
            assert process.stderr.read() == b""

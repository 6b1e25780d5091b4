"""What a crawl asks again, and in which of its rounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ledgers import Clock, ended, new_url, opened
from scrapy import Request
from scrapy.http import Response

from newscrawl.discover import FeedDocument, FeedEntry
from newscrawl.ledger import Ledger, fingerprint_of
from newscrawl.sites import Profiles
from newscrawl.spiders.arguments import Plan
from newscrawl.spiders.following import Following
from newscrawl.spiders.polling import Polling
from newscrawl.spiders.window import Window
from newscrawl.store.frontier import Outcome, Visit, add, settle
from newscrawl.store.frontier import lease as take
from newscrawl.urls import url_key

HOME = "https://news.example/"
KNOWN = "https://news.example/1"
ANSWER = Response(f"{HOME}feed", request=Request(f"{HOME}feed"))
DAY_S = 86_400.0


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger whose store knows one page, that is due again in a day."""
    ended(opened(tmp_path, clock=Clock(1_000.0)))
    ledger = opened(tmp_path, stamp="20230323T000000000Z", clock=Clock(2_000.0))
    with ledger.store.begin() as c:
        add(c, [new_url(1, fingerprint=fingerprint_of(url_key(KNOWN)))], now=1_000.0)
        (held,) = take(c, "one", now=1_000.0, until=1_100.0, per_host=1, limit=1)
        visit = Visit(due_at=2_000.0 + DAY_S)
        settle(c, [Outcome(id=held.id, state="done", visit=visit)], owner="one", now=1_000.0)
    yield ledger
    ledger.close(None)


@pytest.fixture
def sites(tmp_path: Path) -> Path:
    """A folder for site profiles."""
    folder = tmp_path / "sites"
    folder.mkdir()
    return folder


@pytest.fixture
def following(ledger: Ledger, sites: Path) -> Callable[..., Following]:
    def made(**arguments: Any) -> Following:
        plan = Plan(homes={"news.example": (HOME,)}, **{"window": Window(), **arguments})
        polling = Polling(ledger, floor_s=600.0, longest_s=DAY_S)
        return Following(ledger, plan, polling, Profiles(sites), max_sections=10, max_links=100)

    return made


def urls(requests: Iterator[Request]) -> list[str]:
    return [request.url for request in requests]


@pytest.mark.parametrize("mode", ["refresh", "all"])
def test_all_known_pages_are_read_again_once_and_in_later_rounds_those_that_are_due(
    following: Callable[..., Following], ledger: Ledger, mode: str
) -> None:
    wanted = following(mode=mode)
    assert urls(wanted.rereads()) == [KNOWN]
    wanted.begin_round()
    assert urls(wanted.rereads()) == []
    ledger.clock.now += DAY_S + 1  # type: ignore[attr-defined]
    assert urls(wanted.rereads()) == [KNOWN]


@pytest.mark.parametrize("arguments", [{"urls": (HOME,)}, {"mode": "all"}], ids=["start URLs", "all"])
def test_feeds_that_are_not_due_are_asked_in_the_first_round_only(
    following: Callable[..., Following], arguments: dict[str, Any]
) -> None:
    wanted, feed = following(**arguments), f"{HOME}feed"
    assert urls(wanted.named([feed], "feed", HOME)) == [feed]
    (known,) = wanted.polling.due(["news.example"], now=True)
    wanted.polling.read(known, ANSWER, kind="rss", entries=1, new=1)
    wanted.asked.clear()
    assert urls(wanted.named([feed], "feed", HOME)) == [feed]
    wanted.begin_round()
    assert urls(wanted.named([feed], "feed", HOME)) == []


def test_a_document_tells_how_many_of_its_articles_are_new_within_the_days_that_are_wanted(
    following: Callable[..., Following],
) -> None:
    entries = tuple(
        FeedEntry(url=f"https://{place}", published=day)
        for place, day in [
            ("news.example/1", "2023-03-21"),
            ("news.example/2", "2023-03-21"),
            ("news.example/3", "2019-01-01"),
            ("other.example/4", "2023-03-21"),
        ]
    )
    since = Window.parse("2023-01-01", None, now=datetime(2023, 3, 22, tzinfo=UTC))
    counted = []

    def read() -> Iterator[Request]:
        document = FeedDocument(kind="rss", entries=entries)
        counted.append((yield from following(window=since).from_document(document, ANSWER)))

    assert urls(read()) == ["https://news.example/2"]
    assert counted == [1]


def test_a_link_is_asked_without_what_its_site_s_profile_drops_and_known_under_that_form(
    following: Callable[..., Following], sites: Path
) -> None:
    profile = 'hosts = ["news.example"]\n[urls]\ndrop_params = ["Seq"]\n[[layout]]\nheadline = "h1"\n'
    (sites / "news.toml").write_text(profile, encoding="utf-8")
    wanted = following()
    assert urls(wanted.ask("https://news.example/9?id=1&SEQ=2", "link", on=HOME)) == ["https://news.example/9?id=1"]
    assert urls(wanted.ask("https://news.example/9?seq=3&id=1", "link", on=HOME)) == []
    entries = (FeedEntry(url=f"{KNOWN}?seq=7"), FeedEntry(url="https://news.example/10?seq=7&PHPSESSID=1"))
    document = FeedDocument(kind="rss", entries=entries)
    assert urls(wanted.from_document(document, ANSWER)) == ["https://news.example/10"]

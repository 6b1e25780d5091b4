"""Captures of a URL, from the store and from the indexes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from archives import HOST, Output, page, small, store_of, url

from newscrawl.archive.cdxj import write_cdxj
from newscrawl.archive.reading import decoded_payload, read_record
from newscrawl.exceptions import ArchiveError, ConfigError
from newscrawl.ledger.lookup import Lookup, nearest, parse_time


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = small(tmp_path_factory.mktemp("made") / "out")
    for warc in folder.glob("warc/*.warc.gz"):
        write_cdxj(warc)
    return folder


@pytest.fixture(params=["store", "index", "index alone"])
def archive(request: pytest.FixtureRequest, made: Path) -> Iterator[Lookup]:
    if request.param == "store":
        with store_of(made) as store:
            yield Lookup(made, store)
    else:
        yield Lookup(made / "warc" if request.param == "index alone" else made, None)


def body_of(archive: Lookup, address: str) -> bytes:
    found = nearest(archive.find(address), None)
    return decoded_payload(archive.payload(read_record(found.path, found.offset)))[0]


def test_the_body_of_a_capture_is_found_decoded_and_through_a_revisit(archive: Lookup) -> None:
    assert body_of(archive, url(1)) == page(1)
    assert body_of(archive, "http://other.example/copy") == page(0)
    assert body_of(archive, url(9)) == b"gone"


def test_captures_come_by_time_with_what_they_are(archive: Lookup) -> None:
    found = archive.find(url(0))
    assert [(capture.status, capture.mime) for capture in found] == [("200", "text/html"), ("304", "text/html")]
    assert [capture.url for capture in found] == [url(0)] * 2
    assert found[0].date is not None
    assert found[1].date is not None
    assert found[0].date < found[1].date


def test_a_304_is_not_taken_for_the_page(archive: Lookup) -> None:
    assert body_of(archive, url(0)) == page(0)
    assert nearest(archive.find(url(0)), datetime(2030, 1, 1, tzinfo=UTC)).status == "200"


def test_a_url_is_found_under_another_form_of_itself(archive: Lookup) -> None:
    assert [capture.url for capture in archive.find(url(2) + "?utm_source=x")] == [url(2)]


def test_urls_like_the_one_asked_for_are_named(archive: Lookup) -> None:
    assert archive.find(f"http://{HOST}/0.htm") == []
    assert archive.near(f"http://{HOST}/0.htm")[0] == url(0)
    assert archive.near("http://nowhere.example/") == []
    assert archive.without_index() == []


def test_of_several_captures_the_nearest_in_time_counts(tmp_path: Path) -> None:
    output = Output(tmp_path / "out")
    for number in range(3):
        output.answer(url(0), page(number))
    folder = output.close()
    with store_of(folder) as store:
        found = Lookup(folder, store).find(url(0))
    assert len(found) == 3
    for capture in found:
        assert nearest(found, capture.date) == capture
    assert nearest(found, None) == found[-1]


def test_a_revisit_whose_original_is_not_there_is_an_error(made: Path, tmp_path: Path) -> None:
    found = nearest(Lookup(made, None).find("http://other.example/copy"), None)
    with pytest.raises(ArchiveError, match="repeats one that is not in the archive: <urn:uuid:"):
        Lookup(tmp_path, None).payload(read_record(found.path, found.offset))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2023", datetime(2023, 1, 1, tzinfo=UTC)),
        ("20230322081500", datetime(2023, 3, 22, 8, 15, tzinfo=UTC)),
        ("2023-03-22", datetime(2023, 3, 22, tzinfo=UTC)),
        ("2023-03-22T08:15:00+08:00", datetime(2023, 3, 22, 0, 15, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_in_the_forms_that_archives_use(text: str, moment: datetime) -> None:
    assert parse_time(text) == moment


@pytest.mark.parametrize("text", ["", "tomorrow", "20231322", "2023-02-30"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is no time; write 2023-03-22"):
        parse_time(text)

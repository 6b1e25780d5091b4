from __future__ import annotations

import pytest
from stores import new_article, new_capture

from newscrawl.exceptions import StorageError
from newscrawl.store import Store, articles, captures
from newscrawl.store.captures import Tombstone

URL = "https://a.test/x"
KEY = "a.test/x"


def test_a_capture_is_found_by_its_record(store: Store) -> None:
    capture = new_capture(1, status=None, mime=None, payload_sha256=None, truncated="length", payload_length=2**33)
    with store.begin() as c:
        captures.add(c, [])
        captures.add(c, [capture, new_capture(2)])
        assert captures.by_record(c, capture.record_id) == capture
        assert captures.by_record(c, "urn:uuid:none") is None


def test_an_address_may_be_as_long_as_a_page_makes_it(store: Store) -> None:
    # Not to be made shorter by compression.
    url = "https://a.test/" + "".join(f"{number:x}" for number in range(8_000))
    capture = new_capture(1, url=url, url_key=url)
    with store.begin() as c:
        captures.add(c, [capture])
        articles.add(c, [new_article(1, url=url, url_key=url)])
        assert captures.by_url(c, url, url) == [capture]
        assert [row.url for row in articles.by_url(c, url, url)] == [url]


def test_a_record_id_is_there_once(store: Store) -> None:
    with pytest.raises(StorageError), store.begin() as c:
        captures.add(c, [new_capture(1), new_capture(1)])
    with store.begin() as c:
        assert list(captures.all(c)) == []


def test_the_original_of_a_payload_is_the_earliest_that_holds_it_whole(store: Store) -> None:
    digest = "d" * 64
    with store.begin() as c:
        captures.add(
            c,
            [
                new_capture(1, payload_sha256=digest, truncated="time"),
                new_capture(2, payload_sha256=digest, revisit_of=new_capture(5).record_id),
                new_capture(6, payload_sha256=digest),
                new_capture(5, payload_sha256=digest),
            ],
        )
        assert captures.by_payload(c, digest) == new_capture(5, payload_sha256=digest)
        assert captures.by_payload(c, "e" * 64) is None


def test_the_captures_of_a_url_stand_by_time_and_other_forms_of_it_step_in(store: Store) -> None:
    late, early = (new_capture(n, url=URL, url_key=KEY) for n in (9, 3))
    other = new_capture(5, url="https://A.test/x?", url_key=KEY)
    with store.begin() as c:
        captures.add(c, [late, other, early])
        assert captures.by_url(c, URL, KEY) == [early, late]
        assert captures.by_url(c, "http://a.test/x", KEY) == [early, other, late]
        assert captures.by_url(c, "https://b.test/", "b.test/") == []


def test_the_latest_capture_of_a_url_may_be_asked_for_by_status(store: Store) -> None:
    whole, unchanged = new_capture(3, url=URL), new_capture(4, url=URL, status=304)
    with store.begin() as c:
        captures.add(c, [unchanged, whole])
        assert captures.latest_by_url(c, URL) == unchanged
        assert captures.latest_by_url(c, URL, status=200) == whole
        assert captures.latest_by_url(c, URL, status=404) is None


def test_the_captures_of_a_file_stand_in_its_order_and_move_with_their_records(store: Store) -> None:
    first, second, third = (new_capture(n, warc=f"warc/{n % 2}.warc.gz") for n in (4, 2, 3))
    with store.begin() as c:
        captures.add(c, [first, second, third])
        assert captures.of_warc(c, "warc/0.warc.gz") == [second, first]
        captures.move(c, third.record_id, warc="warc/0.warc.gz", offset=7, length=8)
        moved = new_capture(3, warc="warc/0.warc.gz", offset=7, length=8)
        assert captures.of_warc(c, "warc/0.warc.gz") == [moved, second, first]
        captures.remove(c, second.record_id)
        assert list(captures.all(c)) == [first, moved]


def test_every_capture_comes_in_the_order_of_commit(store: Store) -> None:
    expected = [new_capture(n) for n in range(1300, 0, -1)]
    with store.begin() as c:
        captures.add(c, expected)
        assert list(captures.all(c)) == expected


def test_what_a_server_says_cannot_make_a_row_fail(store: Store) -> None:
    with store.begin() as c:
        captures.add(c, [new_capture(1, mime="text/\0html \udcff 中文")])
        found = captures.by_record(c, new_capture(1).record_id)
        assert found is not None
        assert found.mime == "text/\\x00html \\udcff 中文"


def test_a_capture_that_was_taken_out_leaves_its_tombstone(store: Store) -> None:
    stone = Tombstone(
        record_id="urn:uuid:1", url_key=KEY, url=URL, payload_sha256="d" * 64, reason="court order", removed_at=9.0
    )
    other = Tombstone(record_id="urn:uuid:2", url_key="b", url="b", payload_sha256=None, reason="", removed_at=1.0)
    with store.begin() as c:
        captures.bury(c, [])
        captures.bury(c, [stone, other])
        captures.bury(c, [stone])
        assert captures.buried(c) == [other, stone]

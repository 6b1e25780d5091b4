from __future__ import annotations

import errno
import json
from datetime import timedelta
from pathlib import Path

import pytest
import warcs
from hypothesis import given
from hypothesis import strategies as st
from warcs import STARTED, maker, wire, written

from newscrawl.archive.cdxj import CdxjEntry, cdxj_lines, cdxj_path, lookup, placed_entry, surt, write_cdxj
from newscrawl.archive.reading import read_record
from newscrawl.archive.warc import Original, gzip_member

ORIGINAL = Original(record_id="urn:uuid:1", url="http://news.example/a", date="2023-03-22T08:15:00Z")
# What `cdxj-indexer -s` prints for the file of the first test.
GOLDEN = """\
1,0,0,127:8080)/a?a=1&b=2 20230322081500 {"url": "http://127.0.0.1:8080/a?b=2&a=1", "mime": "text/html", "status": "200", \
"digest": "sha1:6VMT7HTE2K745SIQUUYG3CKPEJVFD5GH", "length": "LENGTH", "offset": "OFFSET", "filename": "test.warc.gz"}
example,news)/b 20230322081501 {"url": "http://news.example/b", "mime": "warc/revisit", "status": "200", \
"digest": "sha1:6VMT7HTE2K745SIQUUYG3CKPEJVFD5GH", "length": "LENGTH", "offset": "OFFSET", "filename": "test.warc.gz"}
example,news)/c 20230322081502 {"url": "http://news.example/c", "mime": "warc/revisit", "status": "304", \
"length": "LENGTH", "offset": "OFFSET", "filename": "test.warc.gz"}
xn--fiqs8s,xn--efvy88h)/%e6%a0%87 20230322081459 {"url": "http://%E6%96%B0%E9%97%BB.%E4%B8%AD%E5%9B%BD/%E6%A0%87", "mime": "text/html", \
"status": "301", "digest": "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ", "length": "LENGTH", "offset": "OFFSET", \
"filename": "test.warc.gz"}
"""


def exchanges(path: Path) -> Path:
    """Write a response, a revisit of both profiles, a redirect, their requests and metadata, and a failure."""
    make = maker()
    later = [STARTED + timedelta(seconds=seconds) for seconds in (1, 2, -1)]
    new = [
        make.warcinfo(),
        *make.exchange(wire("http://127.0.0.1:8080/a?b=2&a=1"), notes={}),
        *make.exchange(wire("http://news.example/b", started_at=later[0]), notes={}, original=ORIGINAL),
        *make.exchange(
            wire("http://news.example/c", b"", status="304 Not Modified", started_at=later[1]),
            notes={},
            unmodified=ORIGINAL,
        ),
        *make.exchange(wire("http://新闻.中国/标", b"", status="301 Moved", started_at=later[2]), notes={}),
        *make.exchange(wire("http://gone.example/", b"", head=b"", error="no route"), notes={}),
    ]
    return written(path, [record.member for record in new])


def test_an_index_is_the_one_that_other_tools_write(tmp_path: Path) -> None:
    path = exchanges(tmp_path / "test.warc.gz")
    lines = cdxj_lines(path)
    expected = GOLDEN.splitlines()
    assert len(lines) == len(expected)
    for line, pattern in zip(lines, expected, strict=True):
        entry = lookup(write_cdxj(path), _url(line))[0]
        assert line == pattern.replace("LENGTH", str(entry.length)).replace("OFFSET", str(entry.offset))
        assert read_record(path, entry.offset).length == entry.length


def _url(line: str) -> str:
    return str(json.loads(line.split(" ", 2)[2])["url"])


def test_requests_metadata_and_warcinfo_have_no_line(tmp_path: Path) -> None:
    assert len(cdxj_lines(warcs.good(tmp_path / "test.warc.gz").path)) == 4


def test_a_record_of_another_kind_has_a_line_as_other_tools_give_it(tmp_path: Path) -> None:
    head = "WARC/1.1\r\nWARC-Type: %s\r\nWARC-Date: 2023-03-22T08:15:00.5Z\r\nWARC-Target-URI: http://a.b/%s\r\n"
    said = [("resource", "Content-Type: image/png; x=y\r\n"), ("metadata", "Content-Type: text/plain\r\n"),
            ("metadata", "Content-Type: application/warc-fields\r\n"), ("resource", ""), ("conversion", "")]  # fmt: skip
    parts = [
        gzip_member(f"{head % (kind, number)}{media}Content-Length: 1\r\n\r\nx\r\n\r\n".encode(), 6)
        for number, (kind, media) in enumerate(said)
    ]
    lines = cdxj_lines(written(tmp_path / "a.warc.gz", parts))
    assert [line.partition(', "length"')[0] for line in lines] == [
        'b,a)/0 20230322081500 {"url": "http://a.b/0", "mime": "image/png", "digest": "sha1:CH3K3DWFFIUYJK5K7V6DWULFAN4FYIDS"',
        'b,a)/1 20230322081500 {"url": "http://a.b/1", "mime": "text/plain", "digest": "sha1:CH3K3DWFFIUYJK5K7V6DWULFAN4FYIDS"',
        'b,a)/3 20230322081500 {"url": "http://a.b/3", "digest": "sha1:CH3K3DWFFIUYJK5K7V6DWULFAN4FYIDS"',
    ]


def test_a_plain_file_is_indexed_without_the_lines_behind_a_record(tmp_path: Path) -> None:
    path = warcs.plain(tmp_path / "a.warc").path
    (entry,) = lookup(write_cdxj(path), "http://news.example/other")
    assert (entry.offset, entry.length) == (0, path.stat().st_size - 4)


def test_records_without_a_date_or_a_place_of_their_own_are_left_out(tmp_path: Path) -> None:
    assert len(cdxj_lines(warcs.no_date(tmp_path / "a.warc.gz").path)) == 3
    assert len(cdxj_lines(warcs.bad_date(tmp_path / "b.warc.gz").path)) == 3
    assert cdxj_lines(warcs.one_member(tmp_path / "c.warc.gz").path) == []


def test_what_is_whole_in_a_damaged_file_is_indexed(tmp_path: Path) -> None:
    assert len(cdxj_lines(warcs.bit_rot(tmp_path / "a.warc.gz").path)) == 3


@pytest.mark.parametrize("name", ["a.warc.gz", "a.warc", "a.warc.gz.open", "a"])
def test_an_index_has_the_name_of_its_file(name: str, tmp_path: Path) -> None:
    assert cdxj_path(tmp_path / name) == tmp_path / "a.cdxj"


def test_an_index_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = exchanges(tmp_path / "test.warc.gz")
    before = write_cdxj(path).read_bytes()

    def full(*arguments: object, **named: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        write_cdxj(path)
    assert (tmp_path / "test.cdxj").read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["test.cdxj", "test.warc.gz"]


def test_lines_at_hand_are_sorted_and_written_without_reading(tmp_path: Path) -> None:
    target = write_cdxj(tmp_path / "gone.warc.gz", ["b", "a"])
    assert target.read_text(encoding="ascii") == "a\nb\n"


def test_an_entry_says_what_its_line_says(tmp_path: Path) -> None:
    path = exchanges(tmp_path / "test.warc.gz")
    (entry,) = lookup(write_cdxj(path), "https://www.news.example/c")
    assert entry == CdxjEntry(
        urlkey="example,news)/c",
        timestamp="20230322081502",
        url="http://news.example/c",
        mime="warc/revisit",
        status="304",
        digest=None,
        length=read_record(path, entry.offset).length,
        offset=entry.offset,
        filename="test.warc.gz",
    )


def test_an_address_that_is_not_indexed_has_no_entry(tmp_path: Path) -> None:
    index = write_cdxj(exchanges(tmp_path / "test.warc.gz"))
    for url in ("http://news.example/", "http://news.example/bb", "http://a.a/", "http://zz.zz/", ""):
        assert lookup(index, url) == []


def test_an_empty_index_has_no_entry(tmp_path: Path) -> None:
    assert lookup(write_cdxj(written(tmp_path / "a.warc.gz", [])), "http://news.example/") == []


@pytest.mark.parametrize(
    "line", ["", "nonsense", "{}", "[]", '{"url": "x"}', '{"url": "x", "length": "y"}', "[" * 9999]
)
def test_a_line_that_cannot_be_read_is_passed_over(line: str, tmp_path: Path) -> None:
    index = write_cdxj(tmp_path / "a.warc.gz", [f"b,a)/ 20230322081500 {line}"])
    assert lookup(index, "http://a.b/") == []


@given(
    st.lists(st.tuples(st.sampled_from(["/", "/a", "/ab", "/b?c", "/中"]), st.integers(0, 9)), max_size=12),
    st.booleans(),
)
def test_every_capture_is_found_by_its_address_and_by_time(
    tmp_path_factory: pytest.TempPathFactory, pages: list[tuple[str, int]], ended: bool
) -> None:
    lines = [
        placed_entry(
            f'{surt("http://a.b" + path)} 2023032208150{second} {{"url": "{path}"}}',
            offset=place,
            length=1,
            filename="f",
        )
        for place, (path, second) in enumerate(pages)
    ]
    index = write_cdxj(tmp_path_factory.mktemp("index") / "a.warc.gz", lines)
    if not ended:
        index.write_bytes(index.read_bytes().removesuffix(b"\n"))
    for path in ("/", "/a", "/ab", "/b?c", "/中", "/z"):
        found = lookup(index, f"http://a.b{path}")
        expected = sorted((second, place) for place, (other, second) in enumerate(pages) if other == path)
        assert sorted((int(entry.timestamp[-1]), entry.offset) for entry in found) == expected
        assert [entry.timestamp for entry in found] == sorted(entry.timestamp for entry in found)

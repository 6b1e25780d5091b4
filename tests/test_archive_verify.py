"""Checks of WARC files by themselves, over the shelf of damaged and wrong ones."""

from __future__ import annotations

import re
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
import warcs
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.archive.cdxj import write_cdxj
from newscrawl.archive.reading import read_warc
from newscrawl.archive.records import WarcRecord
from newscrawl.archive.verify import ArchiveCheck, Finding, check_record
from newscrawl.archive.warc import Original, gzip_member
from newscrawl.exceptions import ArchiveError

WARNINGS = {"content_encoding", "no_digest"}


def checked(*paths: Path, others: tuple[Path, ...] = ()) -> list[Finding]:
    """Return the findings on *paths* as one archive, but for indexes that are not there."""
    check = ArchiveCheck()
    found = [finding for path in paths for finding in check.file(path)]
    return [finding for finding in [*found, *check.end(others)] if finding.code != "no_index"]


def edited(path: Path, index: int, old: bytes, new: bytes) -> Path:
    """Write the good file with one text in the record at *index* changed."""
    parts = warcs.members()
    data = warcs.raw(parts[index])
    assert re.search(old, data)
    parts[index] = gzip_member(re.sub(old, lambda _: new, data, count=1), 6)
    return warcs.written(path, parts)


def test_a_sound_file_has_no_findings(tmp_path: Path) -> None:
    path = warcs.good(tmp_path / "good.warc.gz").path
    check = ArchiveCheck()
    assert [finding.code for finding in check.file(path)] == ["no_index"]
    write_cdxj(path)
    told: list[int] = []
    check = ArchiveCheck(told.append)
    assert list(check.file(path)) == []
    assert list(check.end()) == []
    assert check.records == 13
    assert sum(told) == path.stat().st_size


@pytest.mark.parametrize("name", warcs.OTHER)
def test_a_sound_file_of_another_tool_has_no_findings(name: str, tmp_path: Path) -> None:
    assert checked(warcs.OTHER[name](tmp_path / "other.warc.gz").path) == []


@pytest.mark.parametrize("name", warcs.DAMAGED)
def test_each_damage_is_found_with_its_code_and_offset(name: str, tmp_path: Path) -> None:
    made = warcs.DAMAGED[name](tmp_path / "test.warc.gz")
    errors = [finding for finding in checked(made.path) if finding.severity == "error"]
    assert tuple(finding.code for finding in errors) == made.damage
    assert errors[0].offset == made.offset
    assert str(errors[0]).startswith(f"{made.path}: offset {made.offset}: error: {made.damage[0]}: ")


@pytest.mark.parametrize("name", warcs.WRONG)
def test_each_wrong_record_is_found_with_its_code_and_offset(name: str, tmp_path: Path) -> None:
    made = warcs.WRONG[name](tmp_path / "test.warc.gz")
    found = [finding for finding in checked(made.path) if finding.code != "reference"]
    assert {finding.code for finding in found} == {made.finding}
    assert {finding.offset for finding in found} == {made.offset}
    assert {finding.severity for finding in found} == {"warning" if made.finding in WARNINGS else "error"}


def test_a_false_content_encoding_without_a_true_digest_is_an_error(tmp_path: Path) -> None:
    record = list(read_warc(warcs.good(tmp_path / "test.warc.gz").path))[4]
    assert isinstance(record, WarcRecord)
    block = record.block.replace(b"charset=utf-8\r\n", b"charset=utf-8\r\nContent-Encoding: br\r\n")
    found = check_record(replace(record, block=block))
    assert [finding.severity for finding in found if finding.code == "content_encoding"] == ["error"]


@pytest.mark.parametrize(
    ("index", "old", "new", "code", "severity"),
    [
        (4, rb"WARC-Type: response", b"X-Type: response", "type", "error"),
        (4, rb"WARC-Target-URI: .*?\r\n", b"", "target_uri", "error"),
        (5, rb"WARC-Target-URI: .*?\r\n", b"", "target_uri", "error"),
        (4, rb"WARC-Date", b"WARC-Truncated: weather\r\nWARC-Date", "truncated", "warning"),
        (5, rb"GET / HTTP/1.1", b"GET\t/\tHTTP/1", "http", "error"),
        (6, rb"WARC-Concurrent-To: <urn", b"WARC-Concurrent-To: <nru", "reference", "warning"),
        (4, rb"WARC-Block-Digest: sha1:", b"WARC-Block-Digest: crc9:", "digest", "warning"),
        (4, rb"WARC-Block-Digest: sha1:", b"WARC-Block-Digest: sha1:A", "digest", "error"),
        (4, rb"WARC-Payload-Digest: sha1:", b"WARC-Payload-Digest: md5:", "digest", "error"),
    ],
)
def test_what_a_header_says_is_checked(
    index: int, old: bytes, new: bytes, code: str, severity: str, tmp_path: Path
) -> None:
    found = checked(edited(tmp_path / "test.warc.gz", index, old, new))
    assert (code, severity) in {(finding.code, finding.severity) for finding in found}


@pytest.mark.parametrize("value", ["length", "time", "disconnect", "unspecified"])
def test_a_known_truncation_is_no_finding(value: str, tmp_path: Path) -> None:
    new = f"WARC-Truncated: {value}\r\nWARC-Date".encode()
    assert checked(edited(tmp_path / "test.warc.gz", 4, rb"WARC-Date", new)) == []


@pytest.mark.parametrize(
    ("head", "severity", "text"),
    [
        (b"HTTP/1.1 200 OK\r\nServer: x\r\n", "error", "does not end"),
        (b"HTTP/1.1 2000 OK\r\nServer: x\r\n\r\n", "warning", "states no status"),
        (b"HTTP/1.1 99999999999\r\nServer: x\r\n\r\n", "warning", "states no status"),
        (b"HTTP/1.1 -1\r\nServer: x\r\n\r\n", "warning", "states no status"),
        (b"HTTP/1.1 200 OK\r\nno field\r\n\r\n", "warning", "no header: b'no field\\r'"),
        (b"<html>\r\n\r\n", "error", "does not begin with b'<html>'"),
    ],
)
def test_an_odd_head_is_a_warning_and_an_impossible_one_an_error(
    head: bytes, severity: str, text: str, tmp_path: Path
) -> None:
    make = warcs.maker()
    made = make.exchange(warcs.wire("http://news.example/", b"", head=head), notes={})
    path = warcs.written(tmp_path / "x.warc.gz", [record.member for record in (make.warcinfo(), *made)])
    (finding,) = checked(path)
    assert (finding.code, finding.severity) == ("http", severity)
    assert text in finding.text


def test_a_head_that_was_cut_is_as_it_came(tmp_path: Path) -> None:
    make = warcs.maker()
    cut = warcs.wire("http://news.example/", b"", head=b"HTTP/1.1 200 OK\r\nSer", truncated="disconnect")
    parts = [record.member for record in (make.warcinfo(), *make.exchange(cut, notes={}))]
    assert checked(warcs.written(tmp_path / "x.warc.gz", parts)) == []


# Revisits -----------------------------------------------------------------------------------------------


def revisiting(path: Path, **changes: str | bytes) -> Path:
    """Write a file that revisits the first page of the good one, *changes* in what it says of it."""
    url, body = next(iter(warcs.PAGES.items()))
    values = {"record_id": warcs.records()[1].record_id, "url": url, "date": "2023-03-22T08:15:00Z", **changes}
    body = values.pop("body", body)  # type: ignore[assignment]
    make = warcs.maker(path.name)
    for _ in range(9):
        make.exchange(warcs.wire(url), notes={})
    made = make.exchange(warcs.wire("http://news.example/copy", body), notes={}, original=Original(**values))  # type: ignore[arg-type]
    return warcs.written(path, [record.member for record in made])


def test_a_revisit_resolves_into_a_file_before_behind_or_beside(tmp_path: Path) -> None:
    good, later = warcs.good(tmp_path / "a.warc.gz").path, revisiting(tmp_path / "b.warc.gz")
    codes = {finding.code for finding in checked(good, later)}
    assert codes <= {"reference"}
    assert {finding.code for finding in checked(later, good)} == codes
    assert {finding.code for finding in checked(later, others=(good,))} == codes
    assert [finding.severity for finding in checked(later) if finding.code == "revisit"] == ["error"]


def test_a_revisit_of_another_payload_is_an_error(tmp_path: Path) -> None:
    good, other = warcs.good(tmp_path / "a.warc.gz").path, revisiting(tmp_path / "b.warc.gz", body=b"other")
    (finding,) = [finding for finding in checked(good, other) if finding.code == "revisit"]
    assert finding.severity == "error"
    assert "not that of the record" in finding.text


@pytest.mark.parametrize("changes", [{}, {"url": "http://x.example/"}], ids=["by place", "by digest"])
def test_a_revisit_whose_id_is_gone_and_whose_payload_is_there_is_a_warning(
    changes: dict[str, str], tmp_path: Path
) -> None:
    good = warcs.good(tmp_path / "a.warc.gz").path
    lost = revisiting(tmp_path / "b.warc.gz", record_id="urn:uuid:gone", **changes)
    assert [finding.severity for finding in checked(good, lost) if finding.code == "revisit"] == ["warning"]


# Index and places -----------------------------------------------------------------------------------------


def test_an_index_that_is_not_of_its_file_is_an_error(tmp_path: Path) -> None:
    path = warcs.good(tmp_path / "a.warc.gz").path
    index = write_cdxj(path)
    lines = index.read_text().splitlines(keepends=True)
    index.write_text("".join([lines[0], lines[2], lines[1], *lines[3:]]))
    (finding,) = checked(path)
    assert (finding.code, finding.severity, finding.file) == ("index", "error", str(index))
    assert "line 2 is not" in finding.text
    index.write_text("".join(lines[:-1]))
    assert "line 4 is not" in checked(path)[0].text


def test_of_a_file_that_is_being_written_only_the_committed_part_counts(tmp_path: Path) -> None:
    path = warcs.torn_tail(tmp_path / "a.warc.gz.open").path
    (finding,) = checked(path)
    assert finding.offset is not None
    assert list(ArchiveCheck().file(path, until=finding.offset)) == []


def test_further_findings_can_be_asked_for_on_every_record(tmp_path: Path) -> None:
    path = warcs.good(tmp_path / "a.warc.gz").path
    kinds: list[str] = []

    def each(record: WarcRecord) -> list[Finding]:
        kinds.append(record.type)
        return [Finding(severity="warning", file="x", offset=None, code="mine", text="y")] if len(kinds) == 1 else []

    found = list(ArchiveCheck().file(path, each=each))
    assert str(found[0]) == "x: warning: mine: y"
    assert kinds == ["warcinfo", *["response", "request", "metadata"] * 4]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"none\.warc\.gz: No such file"):
        checked(tmp_path / "none.warc.gz")


@given(
    st.lists(st.one_of(st.binary(max_size=60), st.sampled_from([b"WARC/1.1\r\n", b"\r\n\r\n", b"HTTP/1.1 200\r\n"])))
)
def test_any_bytes_give_findings_and_never_an_exception(parts: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.warc.gz"
        data = b"".join(parts)
        headers = b"WARC/1.1\r\nWARC-Type: response\r\nContent-Type: application/http\r\n"
        headers += b"Content-Length: %d\r\n\r\n" % len(data)
        path.write_bytes(data + gzip_member(headers + data + b"\r\n\r\n", 1))
        for finding in checked(path):
            assert finding.severity in ("error", "warning")

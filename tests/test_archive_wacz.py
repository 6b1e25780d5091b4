"""WACZ files: what viewers and validators look for, and the same bytes every time."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zlib
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import pytest
import warcs
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.archive import wacz
from newscrawl.archive.cdxj import cdxj_lines, write_cdxj
from newscrawl.archive.wacz import WaczPage, write_wacz
from newscrawl.archive.warc import gzip_member
from newscrawl.exceptions import ArchiveError, ConfigError


def opened(path: Path) -> dict[str, bytes]:
    with ZipFile(path) as archive:
        assert archive.testzip() is None
        return {info.filename: archive.read(info) for info in archive.infolist()}


def index_of(files: dict[str, bytes]) -> list[str]:
    """Return the lines of the index, read block by block as a viewer does."""
    first, *places = files["indexes/index.idx"].decode().splitlines()
    assert first == '!meta 0 {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}'
    lines: list[str] = []
    for place in places:
        key, stamp, text = place.split(" ", 2)
        said = json.loads(text)
        data = files["indexes/index.cdx.gz"][said["offset"] : said["offset"] + said["length"]]
        assert said["digest"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
        block = zlib.decompress(data, 31).decode().splitlines()
        assert block[0].startswith(f"{key} {stamp} ")
        lines += block
    return lines


def test_it_holds_the_files_their_index_pages_and_digests(tmp_path: Path) -> None:
    warc = warcs.good(tmp_path / "Good Name.warc.gz").path
    told: list[int] = []
    assert write_wacz(tmp_path / "a.wacz", [warc], progress=told.append) == 4
    assert sum(told) == warc.stat().st_size
    files = opened(tmp_path / "a.wacz")
    assert files["archive/Good Name.warc.gz"] == warc.read_bytes()
    assert index_of(files) == cdxj_lines(warc)
    package = json.loads(files["datapackage.json"])
    assert (package["profile"], package["wacz_version"]) == ("data-package", "1.1.1")
    assert package["created"] == "2023-03-22T08:15:03Z"
    listed = {resource["path"]: resource for resource in package["resources"]}
    assert listed.keys() == files.keys() - {"datapackage.json", "datapackage-digest.json"}
    for path, resource in listed.items():
        assert resource["hash"] == f"sha256:{hashlib.sha256(files[path]).hexdigest()}"
        assert resource["bytes"] == len(files[path])
        assert resource["name"] == path.rpartition("/")[2].lower().replace(" ", "-")
    digest = json.loads(files["datapackage-digest.json"])
    assert digest == {
        "path": "datapackage.json",
        "hash": f"sha256:{hashlib.sha256(files['datapackage.json']).hexdigest()}",
    }


def test_what_is_read_by_its_offsets_is_stored_as_it_is(tmp_path: Path) -> None:
    write_wacz(tmp_path / "a.wacz", [warcs.good(tmp_path / "a.warc.gz").path])
    with ZipFile(tmp_path / "a.wacz") as archive:
        stored = {info.filename for info in archive.infolist() if info.compress_type == ZIP_STORED}
    assert stored == {"archive/a.warc.gz", "indexes/index.cdx.gz"}


def test_without_rows_each_successful_html_response_is_a_page(tmp_path: Path) -> None:
    make = warcs.maker()
    wires = [
        warcs.wire("http://news.example/a"),
        warcs.wire("http://news.example/gone", status="404 Not Found"),
        warcs.wire("http://news.example/b.png", head=b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n"),
    ]
    parts = [record.member for wire in wires for record in make.exchange(wire, notes={})]
    assert write_wacz(tmp_path / "a.wacz", [warcs.written(tmp_path / "a.warc.gz", parts)]) == 1
    first, page = map(json.loads, opened(tmp_path / "a.wacz")["pages/pages.jsonl"].splitlines())
    assert first["format"] == "json-pages-1.0"
    assert (page["url"], page["ts"]) == ("http://news.example/a", "2023-03-22T08:15:00Z")
    assert "title" not in page


def test_given_pages_are_listed_once_each_by_time_with_their_titles(tmp_path: Path) -> None:
    later = WaczPage(url="http://news.example/1.html", timestamp="2023-03-23T00:00:00Z", title="新\ud800聞")
    earlier = WaczPage(url="http://news.example/2.html", timestamp="2023-03-22T00:00:00Z")
    warc = warcs.good(tmp_path / "a.warc.gz").path
    assert write_wacz(tmp_path / "a.wacz", [warc], [later, earlier, later]) == 2
    pages = [json.loads(line) for line in opened(tmp_path / "a.wacz")["pages/pages.jsonl"].splitlines()[1:]]
    assert [page.get("title") for page in pages] == [None, "新\ud800聞"]
    assert len({page["id"] for page in pages}) == 2


def test_the_same_archive_gives_the_same_bytes_in_any_folder_order_and_time(tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        paths = [warcs.good(folder / "b.warc.gz").path, warcs.plain(folder / "a.warc").path]
        if name == "two":
            paths.reverse()
            os.utime(paths[0], (0, 0))
            write_cdxj(paths[0])
        write_wacz(folder / "x.wacz", paths)
        made.append((folder / "x.wacz").read_bytes())
    assert made[0] == made[1]


def test_an_index_that_is_older_than_its_file_is_not_believed(tmp_path: Path) -> None:
    warc = warcs.good(tmp_path / "a.warc.gz").path
    index = write_cdxj(warc)
    index.write_text("")
    os.utime(index, (0, 0))
    write_wacz(tmp_path / "a.wacz", [warc])
    assert index_of(opened(tmp_path / "a.wacz")) == cdxj_lines(warc)


def test_a_long_index_is_packed_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wacz, "_LINES", 3)
    warc = warcs.good(tmp_path / "a.warc.gz").path
    write_wacz(tmp_path / "a.wacz", [warc])
    files = opened(tmp_path / "a.wacz")
    assert len(files["indexes/index.idx"].splitlines()) == 3
    assert index_of(files) == cdxj_lines(warc)


def test_files_whose_names_differ_by_case_alone_get_names_of_their_own(tmp_path: Path) -> None:
    paths = [warcs.good(tmp_path / "a.warc.gz").path, warcs.plain(tmp_path / "A.warc.gz").path]
    write_wacz(tmp_path / "a.wacz", paths)
    names = [r["name"] for r in json.loads(opened(tmp_path / "a.wacz")["datapackage.json"])["resources"]]
    assert len(set(names)) == len(names)


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    paths = [warcs.good(tmp_path / "a.warc.gz").path, warcs.good(tmp_path / "b/a.warc.gz").path]
    with pytest.raises(ConfigError, match="have one name"):
        write_wacz(tmp_path / "a.wacz", paths)


def test_a_failure_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    (tmp_path / "a.wacz").write_text("before")
    with pytest.raises(ArchiveError, match="none"):
        write_wacz(tmp_path / "a.wacz", [tmp_path / "none.warc.gz"])
    assert [path.name for path in tmp_path.iterdir()] == ["a.wacz"]
    assert (tmp_path / "a.wacz").read_text() == "before"


@given(st.text(max_size=30), st.binary(max_size=30))
def test_any_record_and_any_page_can_be_exported(title: str, data: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "a.warc.gz").write_bytes(data + gzip_member(data, 1))
        write_wacz(folder / "a.wacz", [folder / "a.warc.gz"], [WaczPage(url=title, timestamp="2023", title=title)])
        assert len(opened(folder / "a.wacz")) == 6

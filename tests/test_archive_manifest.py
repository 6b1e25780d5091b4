from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from crawls import SEEDS
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.archive.manifest import FileCapture
from newscrawl.archive.sources import open_replay_set
from newscrawl.exceptions import ManifestError

BODIES = {"one.html": b"<p>one", "two.html": b"<p>two", "logo.png": b"\x89PNG"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda part: st.lists(part, max_size=2) | st.dictionaries(st.text(max_size=4), part, max_size=2),
    max_leaves=4,
)
KEYS = ("file", "sha256", "url", "url_source", "fetched_at", "content_type", "status", "wrap")


def row_of(name: str, **changes: Any) -> dict[str, Any]:
    """The row of the saved body *name*, with *changes*; a key with the value ``...`` is left out."""
    body = BODIES.get(name, b"")
    row: dict[str, Any] = {
        "file": name,
        "sha256": hashlib.sha256(body).hexdigest(),
        "url": f"https://news.example/{name}",
        "url_source": "found",
        "fetched_at": "2023-03-22T08:15:00Z",
        "content_type": "image/png" if name.endswith(".png") else "text/html; charset=utf-8",
        "status": 200,
        "wrap": None,
    }
    return {key: value for key, value in {**row, **changes}.items() if value is not ...}


def saved(folder: Path, *rows: dict[str, Any], name: str = "manifest.jsonl") -> Path:
    """A manifest of *rows* in *folder*, with the bodies that it names."""
    folder.mkdir(parents=True, exist_ok=True)
    for row in rows:
        if row.get("file") in BODIES:
            (folder / row["file"]).write_bytes(BODIES[row["file"]])
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_the_seeds_are_a_replay_set() -> None:
    seeds = open_replay_set([SEEDS])
    assert len(seeds) == 2
    for capture in seeds:
        assert hashlib.sha256(capture.message().body).hexdigest() == capture.sha256
        assert capture.url_assigned
        assert capture.fetched_at is None
        assert capture.ref.payload_digest == f"sha256:{capture.sha256}"
        assert capture.ref.warc is None
        assert capture.url in seeds
        assert seeds.find(capture.url) is capture
    assert seeds.first_fetched_at is None


def test_a_capture_is_what_its_row_says(tmp_path: Path) -> None:
    row = row_of("one.html", url="HTTPS://News.example:443/a b#top", status=404, note="from a friend")
    (capture,) = open_replay_set([saved(tmp_path, row)])
    assert isinstance(capture, FileCapture)
    assert capture.url == "https://news.example/a%20b"
    assert capture.status == 404
    assert capture.content_type == "text/html; charset=utf-8"
    assert capture.fetched_at == datetime(2023, 3, 22, 8, 15, tzinfo=UTC)
    assert not capture.url_assigned
    assert capture.message().body == BODIES["one.html"]


def test_empty_lines_and_files_that_are_no_captures_do_not_matter(tmp_path: Path) -> None:
    manifest = saved(tmp_path, row_of("one.html"))
    manifest.write_bytes(b"\n" + manifest.read_bytes() + b"\r\n \n")
    for name in ("README.md", "readme.txt", ".gitignore", ".DS_Store"):
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()
    assert len(open_replay_set([manifest])) == 1


def test_a_manifest_may_have_any_name(tmp_path: Path) -> None:
    assert len(open_replay_set([saved(tmp_path, row_of("one.html"), name="march.jsonl")])) == 1


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("file", None),
        ("file", ""),
        ("file", "."),
        ("file", ".."),
        ("file", "../one.html"),
        ("file", "/one.html"),
        ("file", "folder/one.html"),
        ("file", "one.html/"),
        ("file", 1),
        ("sha256", None),
        ("sha256", "7604acc6"),
        ("sha256", hashlib.sha256(BODIES["one.html"]).hexdigest().upper()),
        ("url", None),
        ("url", ""),
        ("url", "/one.html"),
        ("url", "ftp://news.example/"),
        ("url", "http://["),
        ("url_source", None),
        ("url_source", "guessed"),
        ("url_source", ["found"]),
        ("fetched_at", ""),
        ("fetched_at", "2023-03-22"),
        ("fetched_at", "2023-03-22T08:15:00"),
        ("fetched_at", "yesterday"),
        ("fetched_at", 1679472900),
        ("fetched_at", "0001-01-01T00:00:00+14:00"),
        ("content_type", None),
        ("content_type", "text/html\nx: y"),
        ("status", None),
        ("status", "200"),
        ("status", True),
        ("status", 200.0),
        ("status", 199),
        ("status", 600),
        ("wrap", "document"),
        ("wrap", False),
    ],
)
def test_a_faulty_value_is_named_by_file_line_and_key(key: str, wrong: Any, tmp_path: Path) -> None:
    manifest = saved(tmp_path, row_of("one.html"), row_of("two.html", **{key: wrong}))
    with pytest.raises(ManifestError) as caught:
        open_replay_set([manifest])
    assert str(caught.value).startswith(f"{manifest}:2: {key}: ")
    assert str(caught.value).endswith(f" needed, not {wrong!r}")


@pytest.mark.parametrize("key", KEYS)
def test_a_row_without_one_of_its_keys_is_refused(key: str, tmp_path: Path) -> None:
    manifest = saved(tmp_path, row_of("one.html", **{key: ...}))
    with pytest.raises(ManifestError, match=f":1: key '{key}' is missing"):
        open_replay_set([manifest])


def test_an_unknown_key_is_refused_with_the_nearest(tmp_path: Path) -> None:
    manifest = saved(tmp_path, row_of("one.html", url_sorce="found"))
    with pytest.raises(ManifestError, match=r":1: unknown key 'url_sorce' \(did you mean 'url_source'\?\)"):
        open_replay_set([manifest])


@pytest.mark.parametrize(
    "line", [b"{", b"[]", b"1", b'"x"', b"null", b"\xff", b"[" * 100_000, b"\xef\xbb\xbf{}", b"1" * 5000]
)
def test_a_line_that_is_no_json_object_is_refused(line: bytes, tmp_path: Path) -> None:
    manifest = saved(tmp_path, row_of("one.html"))
    manifest.write_bytes(manifest.read_bytes() + line)
    with pytest.raises(ManifestError) as caught:
        open_replay_set([manifest])
    assert str(caught.value).startswith(f"{manifest}:2: ")


def test_a_file_that_was_altered_is_refused(tmp_path: Path) -> None:
    manifest = saved(tmp_path, row_of("one.html"))
    (tmp_path / "one.html").write_bytes(b"<p>One")
    with pytest.raises(ManifestError, match=r":1: one\.html has changed"):
        open_replay_set([manifest])


def test_a_file_that_changes_after_the_set_was_opened_is_refused(tmp_path: Path) -> None:
    (capture,) = open_replay_set([saved(tmp_path, row_of("one.html"))])
    (tmp_path / "one.html").write_bytes(b"<p>One")
    with pytest.raises(ManifestError, match="has changed"):
        capture.message()


@pytest.mark.parametrize("name", ["gone.html", "x" * 300, "a\x00b", "\ud800"])
def test_a_file_that_is_not_there_is_refused(name: str, tmp_path: Path) -> None:
    manifest = saved(tmp_path, row_of(name))
    with pytest.raises(ManifestError) as caught:
        open_replay_set([manifest])
    assert str(caught.value).startswith(f"{manifest}:1: {name!r}: ")


def test_a_file_without_a_row_is_refused(tmp_path: Path) -> None:
    manifest = saved(tmp_path, row_of("one.html"))
    (tmp_path / "two.html").write_bytes(BODIES["two.html"])
    with pytest.raises(ManifestError, match=r"two\.html lies in this folder and has no row"):
        open_replay_set([manifest])


@pytest.mark.parametrize(
    ("second", "what"),
    [
        (row_of("one.html", url="https://news.example/other"), "file 'one.html'"),
        (row_of("two.html", url="https://news.example/one.html#top"), "url 'https://news.example/one.html'"),
    ],
)
def test_a_file_or_url_that_is_bound_twice_is_refused(second: dict[str, Any], what: str, tmp_path: Path) -> None:
    manifest = saved(tmp_path, row_of("one.html"), second)
    with pytest.raises(ManifestError) as caught:
        open_replay_set([manifest])
    assert str(caught.value) == f"{manifest}:2: {what} is already bound in line 1"


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_a_set_without_a_capture_is_refused(text: str, tmp_path: Path) -> None:
    manifest = saved(tmp_path)
    manifest.write_text(text)
    with pytest.raises(ManifestError, match="holds no capture"):
        open_replay_set([manifest])
    with pytest.raises(ManifestError, match="holds no capture"):
        open_replay_set([])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("manifest.json", "a replay set is made of manifests (.jsonl) and WARCs"),
        ("missing.jsonl", "No such file"),
        ("folder.jsonl", "Is a directory"),
    ],
)
def test_what_is_no_manifest_is_refused_by_name(name: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "folder.jsonl").mkdir()
    with pytest.raises(ManifestError) as caught:
        open_replay_set([tmp_path / name])
    assert str(caught.value).startswith(str(tmp_path / name))
    assert message in str(caught.value)


def test_a_manifest_that_is_given_twice_is_refused(tmp_path: Path) -> None:
    manifest = saved(tmp_path, row_of("one.html"))
    with pytest.raises(ManifestError, match=r"https://news\.example/one\.html is already bound"):
        open_replay_set([manifest, manifest])


def test_the_digest_is_the_same_in_any_folder_and_any_order(tmp_path: Path) -> None:
    rows = [row_of("one.html"), row_of("two.html", fetched_at=None)]
    digests = {
        open_replay_set([saved(tmp_path / "a", *rows)]).digest,
        open_replay_set([saved(tmp_path / "b", *reversed(rows), name="other.jsonl")]).digest,
        open_replay_set([saved(tmp_path / "c", rows[0]), saved(tmp_path / "d", rows[1])]).digest,
        open_replay_set(
            [saved(tmp_path / "e", {**rows[0], "fetched_at": "2023-03-22T16:15:00+08:00"}, rows[1])]
        ).digest,
    }
    assert len(digests) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"url": "https://news.example/3"},
        {"url_source": "assigned"},
        {"fetched_at": None},
        {"status": 404},
    ],
)
def test_the_digest_changes_with_what_the_set_holds(change: dict[str, Any], tmp_path: Path) -> None:
    one = open_replay_set([saved(tmp_path / "a", row_of("one.html"))])
    other = open_replay_set([saved(tmp_path / "b", row_of("one.html", **change))])
    assert one.digest != other.digest


@given(st.sampled_from(KEYS), JSON)
def test_any_value_is_taken_or_refused_by_key(tmp_path_factory: pytest.TempPathFactory, key: str, value: Any) -> None:
    manifest = saved(tmp_path_factory.getbasetemp() / "any-value", row_of("one.html"))
    manifest.write_text(json.dumps(row_of("one.html", **{key: value})), encoding="utf-8")
    try:
        (capture,) = open_replay_set([manifest])
    except ManifestError as error:
        refusal = str(error)
    else:
        refusal = f"{manifest}:1: "
        assert capture.message().body == BODIES["one.html"]
    assert refusal.startswith((f"{manifest}:1: ", f"{manifest}: one.html lies in this folder"))


@given(st.binary(max_size=200))
def test_any_bytes_as_a_manifest_are_refused_by_name(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.getbasetemp() / "any-bytes"
    folder.mkdir(exist_ok=True)
    manifest = folder / "manifest.jsonl"
    manifest.write_bytes(data)
    with pytest.raises(ManifestError):
        open_replay_set([manifest])

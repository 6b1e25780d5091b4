"""Rows written as Parquet say what the lines say."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from test_items import ARTICLES, FULL, MANY_FIELDS

from newscrawl.commands import _parquet
from newscrawl.commands._parquet import parquet_schema, refuse_without_pyarrow, write_parquet
from newscrawl.exceptions import ConfigError
from newscrawl.exporters import json_line
from newscrawl.items import FIELDS, Article, as_row


def lined(article: Article) -> tuple[bytes, dict[str, Any]]:
    line = json_line(as_row(article))
    return line, json.loads(line)


FULL_ROW = lined(FULL)[1]
# Names of fields, of their parts, and others.
NAMES = (
    st.sampled_from([*FIELDS, "name", "url", "candidates", "width", "status", "ratio", "version", "later"]) | st.text()
)

FRACTIONS = ("similarity", "ratio", "confidence")


def as_stored(value: Any, name: str = "") -> Any:
    """*value* with what no column can hold as it is put there."""
    if isinstance(value, dict):
        return {name: as_stored(part, name) for name, part in value.items()}
    if isinstance(value, list):
        return [as_stored(part) for part in value]
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, int) and abs(value) >= 2**63:
        return None
    return float(value) if isinstance(value, int) and name in FRACTIONS else value


def test_a_full_row_comes_back_as_its_line_says(tmp_path: Path) -> None:
    assert write_parquet(tmp_path / "rows", [lined(FULL)]) == 1
    assert pq.read_table(tmp_path / "rows").to_pylist() == [lined(FULL)[1]]


@MANY_FIELDS
@example(articles=[replace(FULL, similarity=2**53 + 1)])
@given(articles=st.lists(ARTICLES, max_size=3))
def test_any_rows_come_back(articles: list[Article], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("rows") / "rows.parquet"
    rows = [lined(article) for article in articles]
    assert write_parquet(path, rows) == len(rows)
    table = pq.read_table(path)
    assert table.schema == parquet_schema()
    assert table.to_pylist() == [as_stored(said) for _, said in rows]


def test_there_is_a_typed_column_for_each_field() -> None:
    schema = parquet_schema()
    assert tuple(schema.names) == FIELDS
    assert schema.field("version").type == pa.int64()
    assert schema.field("similarity").type == pa.float64()
    assert schema.field("url_assigned").type == pa.bool_()
    assert schema.field("date_published").type == schema.field("fetched_at").type == pa.string()
    assert schema.field("duplicate_of").type == pa.struct([("id", pa.string()), ("version", pa.int64())])
    people = pa.list_(pa.struct([("name", pa.string()), ("url", pa.string())]))
    assert schema.field("authors").type == people


def test_a_row_of_an_older_newscrawl_may_lack_a_field(tmp_path: Path) -> None:
    line, said = lined(FULL)
    del said["cluster_id"], said["http"]["encoding"]
    write_parquet(tmp_path / "rows", [(line, said)])
    (row,) = pq.read_table(tmp_path / "rows").to_pylist()
    assert row["cluster_id"] is row["http"]["encoding"] is None


@pytest.mark.parametrize(
    ("name", "odd", "stored"),
    [
        ("later_field", {"a": [1]}, ...),
        ("http", {"status": 200, "later": {"a": 1}}, dict.fromkeys(FULL_ROW["http"]) | {"status": 200}),
        ("authors", [{"name": "A", "url": None, "later": ["a"]}], [{"name": "A", "url": None}]),
        ("authors", ["A", None, ["A"], {"name": 1}], [None, None, None, {"name": None, "url": None}]),
        ("authors", {"name": "A"}, None),
        ("authors", "A", None),
        ("http", [], None),
        ("headline", {"text": "A"}, None),
        ("headline", ["A"], None),
        ("headline", 1, None),
        ("depth", [1], None),
        ("depth", {"links": 1}, None),
        ("depth", "1", None),
        ("depth", 1.5, None),
        ("depth", True, None),
        ("similarity", True, None),
        ("similarity", "1", None),
        ("url_assigned", "yes", None),
        ("url_assigned", 1, None),
    ],
)
def test_a_row_of_another_newscrawl_leaves_its_odd_parts_out(name: str, odd: Any, stored: Any, tmp_path: Path) -> None:
    line, said = lined(FULL)
    assert write_parquet(tmp_path / "rows", [(line, said | {name: odd}), (line, said)]) == 2
    wanted = said if stored is ... else said | {name: stored}
    assert pq.read_table(tmp_path / "rows").to_pylist() == [wanted, said]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(rows=st.lists(st.dictionaries(NAMES, JSON, max_size=6), min_size=1, max_size=3))
def test_no_row_stops_a_file(rows: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("rows") / "rows.parquet"
    assert write_parquet(path, [(b"", row) for row in rows]) == len(rows)
    for row, read in zip(rows, pq.read_table(path).to_pylist(), strict=True):
        assert all(_within(value, as_stored(row.get(name), name)) for name, value in read.items())


def _within(value: Any, said: Any) -> bool:
    """Tell whether *value* is *said* with nothing but parts made null or left out."""
    if value is None:
        return True
    if isinstance(value, dict):
        return isinstance(said, dict) and all(_within(part, said.get(name)) for name, part in value.items())
    if isinstance(value, list):
        return len(value) == len(said) and all(map(_within, value, said))
    return type(value) is type(said) and bool(value == said)


@pytest.mark.parametrize("bound", ["GROUP_ROWS", "GROUP_BYTES"])
def test_row_groups_are_written_while_rows_still_come(
    bound: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_parquet, bound, {"GROUP_ROWS": 2, "GROUP_BYTES": 2 * len(lined(FULL)[0])}[bound])
    sizes = []

    def coming() -> Iterator[tuple[bytes, dict[str, Any]]]:
        for _ in range(5):
            sizes.append((tmp_path / "rows").stat().st_size)
            yield lined(FULL)

    assert write_parquet(tmp_path / "rows", coming()) == 5
    assert sizes[0] == sizes[1] < sizes[2] == sizes[3] < sizes[4]
    file = pq.ParquetFile(tmp_path / "rows")
    assert [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)] == [2, 2, 1]
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"


def test_no_rows_are_a_file_with_columns(tmp_path: Path) -> None:
    assert write_parquet(tmp_path / "rows", []) == 0
    assert pq.read_schema(tmp_path / "rows") == parquet_schema()


def test_without_pyarrow_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_without_pyarrow()
    monkeypatch.setattr(_parquet, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"pip install 'newscrawl\[parquet\]'"):
        refuse_without_pyarrow()


def test_pyarrow_is_imported_only_to_write() -> None:
    code = "import sys, newscrawl.commands.export; sys.exit('pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

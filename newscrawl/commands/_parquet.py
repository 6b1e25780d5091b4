"""Rows as a Parquet file. A module without a command, so it adds none; pyarrow is imported when a file is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from newscrawl.exceptions import ConfigError
from newscrawl.items import json_schema

_TOO_LARGE = 2**63
GROUP_ROWS, GROUP_BYTES = 10_000, 16 * 1024 * 1024
"""A row group ends with this many rows, or bytes of their lines: what is held in memory at a time."""


def refuse_without_pyarrow() -> None:
    """Raise :exc:`ConfigError` when pyarrow is not installed."""
    if find_spec("pyarrow") is None:
        raise ConfigError("--to parquet: needs pyarrow: pip install 'newscrawl[parquet]'")


def parquet_schema() -> Any:
    """Return the columns of a row as a ``pyarrow.Schema``, made from :func:`.json_schema`.

    Texts stay texts, dates too: they are as long as their evidence, and a timestamp is always whole. Every column may
    be null, because a row of an older newscrawl may lack a field.
    """
    import pyarrow as pa

    return pa.schema(list(_type_of(json_schema())))


def write_parquet(path: Path, rows: Iterable[tuple[bytes, dict[str, Any]]]) -> int:
    """Write *rows*, given as lines and objects, to a new file; return how many there were."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema, count = parquet_schema(), 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for group in _groups(rows):
            try:
                table = pa.Table.from_pylist(group, schema=schema)
            except (ValueError, OverflowError):
                row_schema = json_schema()
                table = pa.Table.from_pylist([_storable(row, row_schema) for row in group], schema=schema)
            writer.write_table(table)
            count += len(group)
    return count


def _groups(rows: Iterable[tuple[bytes, dict[str, Any]]]) -> Iterator[list[dict[str, Any]]]:
    group: list[dict[str, Any]] = []
    size = 0
    for line, said in rows:
        group.append(said)
        size += len(line)
        if len(group) == GROUP_ROWS or size >= GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _type_of(schema: dict[str, Any]) -> Any:
    """Return the Arrow type of what a part of a JSON Schema describes."""
    import pyarrow as pa

    schema = _present(schema)
    match schema.get("type"):
        case "object":
            return pa.struct([(name, _type_of(part)) for name, part in schema["properties"].items()])
        case "array":
            return pa.list_(_type_of(schema["items"]))
    # What has no type is an enumeration of texts.
    types = {"integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}
    return types.get(schema.get("type", "string"), pa.string())


def _present(schema: dict[str, Any]) -> dict[str, Any]:
    """Return what *schema* says of a value that is not null."""
    options: list[dict[str, Any]] = schema.get("anyOf", [schema])
    return options[0]


def _storable(value: Any, schema: dict[str, Any]) -> Any:
    """Return *value* as a column takes it: lone surrogates as escapes, a number too large for 64 bits as null."""
    schema = _present(schema)
    match value:
        case dict():
            return {name: _storable(part, schema["properties"].get(name, {})) for name, part in value.items()}
        case list():
            return [_storable(part, schema["items"]) for part in value]
        case str():
            return value.encode("utf-8", "backslashreplace").decode()
        case int() if schema.get("type") == "number":
            return float(value) if abs(value) < _TOO_LARGE else None
        case int() if abs(value) >= _TOO_LARGE:
            return None
    return value

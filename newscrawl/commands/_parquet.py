"""Rows as a Parquet file. A module without a command, so it adds none; pyarrow is imported when a file is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
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
    """Write *rows*, given as lines and objects, to a new file; return how many there were.

    No row stops the file: what its newscrawl wrote in another shape is null, a name that is no field is left out.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema, storable, count = parquet_schema(), _storing(json_schema()), 0
    stored = ((line, storable(said)) for line, said in rows)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for group in _groups(stored):
            writer.write_table(pa.Table.from_pylist(group, schema=schema))
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


def _storing(schema: dict[str, Any]) -> Callable[[Any], Any]:
    """Return what turns a value into what its column takes, whichever newscrawl wrote it.

    Lone surrogates become escapes. Names that *schema* lacks are left out. What does not fit its column, in type or
    shape or because it is a whole number beyond 64 bits, becomes null: pyarrow would stop, or cut 1.5 to 1.
    """
    schema = _present(schema)
    match schema.get("type", "string"):
        case "object":
            parts = {name: _storing(part) for name, part in schema["properties"].items()}
            return lambda value: (
                {name: parts[name](part) for name, part in value.items() if name in parts}
                if isinstance(value, dict)
                else None
            )
        case "array":
            item = _storing(schema["items"])
            return lambda value: [item(part) for part in value] if isinstance(value, list) else None
        case "boolean":
            return lambda value: value if isinstance(value, bool) else None
        case "integer":
            return lambda value: value if _is_whole(value) else None
        case "number":
            return lambda value: value if isinstance(value, float) else float(value) if _is_whole(value) else None
    return lambda value: value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else None


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _TOO_LARGE

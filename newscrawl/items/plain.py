"""Articles and their parts as plain dicts, lists and scalars, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, get_args, get_origin

from newscrawl.items.hints import hints, options


def as_row(value: Any) -> Any:
    """Return *value* (an article, a part of one, or a list of parts) as plain dicts, lists and scalars.

    >>> from newscrawl.items import Person
    >>> as_row([Person(name="小山")])
    [{'name': '小山', 'url': None}]
    """
    if isinstance(value, list):
        return [as_row(item) for item in value]
    names = _names(value.__class__)
    if names is None:
        return value
    return {name: as_row(getattr(value, name)) for name in names}


@cache
def _names(kind: type) -> tuple[str, ...] | None:
    return tuple(f.name for f in fields(kind)) if is_dataclass(kind) else None


def from_row(kind: type, row: Mapping[str, Any]) -> Any:
    """Build a *kind* (``Article`` or a part) from the plain form that :func:`as_row` gives.

    Values of a wrong type are kept as they are, for :func:`faults` to name. Raises :exc:`TypeError` for a
    key that *kind* does not have, and for a missing key that has no default.
    """
    known = hints(kind)
    for name in row:
        if name not in known:
            raise TypeError(f"{kind.__name__} has no field {name!r}")
    return kind(**{name: _built(known[name], value) for name, value in row.items()})


def _built(hint: Any, value: Any) -> Any:
    if isinstance(value, list):
        inner = next((get_args(h)[0] for h in options(hint) if get_origin(h) is list), None)
        return value if inner is None else [_built(inner, item) for item in value]
    if isinstance(value, Mapping):
        part = next((h for h in options(hint) if isinstance(h, type) and is_dataclass(h)), None)
        if part is not None:
            try:
                return from_row(part, value)
            except TypeError:
                return value
    return value

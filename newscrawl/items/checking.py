"""Whether a value is a valid row: every field of its type and form."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import is_dataclass
from functools import cache
from operator import attrgetter
from typing import Annotated, Any, Literal, get_args, get_origin

from newscrawl.items.article import NOT_BLANK
from newscrawl.items.hints import hints, options


def faults(value: Any) -> list[str]:
    """Return what keeps *value* (an article or a part) from being a valid row, one ``field: fault`` a fault."""
    return [fault.lstrip(".") for fault in _checker(value.__class__)(value)]


Check = Callable[[Any], Sequence[str]]
"""Returns the faults of a value, each beginning with the path below it; a path is put together only for a fault."""


@cache
def _checker(kind: type) -> Check:
    """Return a function that checks a *kind* field by field; made once, since it runs on every item."""
    checks = [(name, attrgetter(name), _check(hint), type(None) in options(hint)) for name, hint in hints(kind).items()]

    def check(value: Any) -> Sequence[str]:
        if type(value) is not kind:
            return (f": {kind.__name__} expected, {type(value).__name__} found",)
        found: Sequence[str] = ()
        for name, get, check_part, optional in checks:
            part = get(value)
            if part is None and optional:
                continue
            faulty = check_part(part)
            if faulty:
                found = [*found, *(f".{name}{fault}" for fault in faulty)]
        return found

    return check


def _check(hint: Any) -> Check:
    """Return a function that checks a value which is not None."""
    (single,) = (option for option in options(hint) if option is not type(None))
    if get_origin(single) is list:
        return _list_check(_check(get_args(single)[0]))
    is_part = get_origin(single) is None and is_dataclass(single)
    return _checker(single) if is_part else _scalar_check(single)


def _list_check(inner: Check) -> Check:
    def check(value: Any) -> Sequence[str]:
        if type(value) is not list:
            return (f": list expected, {type(value).__name__} found",)
        found: Sequence[str] = ()
        for index, item in enumerate(value):
            faulty = inner(item)
            if faulty:
                found = [*found, *(f"[{index}]{fault}" for fault in faulty)]
        return found

    return check


def _scalar_check(hint: Any) -> Check:
    kind, test = _scalar(hint)

    def check(value: Any) -> Sequence[str]:
        if type(value) is not kind and not (kind is float and type(value) is int):
            return (f": {kind.__name__} expected, {type(value).__name__} found",)
        if test is not None and not test(value):
            return (f": {str(value)[:80]!r} does not fit",)
        return ()

    return check


def _scalar(hint: Any) -> tuple[type, Callable[[Any], object] | None]:
    if get_origin(hint) is Annotated:
        kind, pattern = get_args(hint)
        if pattern.regex == NOT_BLANK:
            # The pattern says the same; most strings of a row are held against it.
            return kind, lambda text: text and not text.isspace()
        # In Python "$" also stands before a final newline; in other programs it does not.
        return kind, re.compile(pattern.regex.removesuffix("$") + (r"\Z" if pattern.regex.endswith("$") else "")).match
    if get_origin(hint) is Literal:
        return str, frozenset(get_args(hint)).__contains__
    # NaN and the infinities are no JSON.
    return hint, (lambda value: abs(value) < math.inf) if hint is float else None

"""What the annotations of a part say of its fields."""

from __future__ import annotations

import types
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints


def options(hint: Any) -> list[Any]:
    """Return the types of which a value may be one; that of None for an absent one."""
    return list(get_args(hint)) if get_origin(hint) in (Union, types.UnionType) else [hint]


@cache
def hints(kind: type) -> dict[str, Any]:
    """Return the annotation of each field of *kind*, in order."""
    return get_type_hints(kind, include_extras=True)

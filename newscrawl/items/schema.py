"""What a row looks like, as a JSON Schema for other programs."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args, get_origin

from newscrawl.items.article import Article
from newscrawl.items.hints import hints, options

REQUIRED = ("id", "url_key", "url", "site", "run_id")
"""Fields that are None only while an article is on its way; every written row has them."""


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a row. ``docs/article.schema.json`` is this, written out."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "newscrawl article",
        **_object_schema(Article),
    }


def _object_schema(kind: type) -> dict[str, Any]:
    properties = {name: _schema(hint) for name, hint in hints(kind).items()}
    if kind is Article:
        for name in REQUIRED:
            properties[name] = _schema(hints(kind)[name], optional=False)
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _schema(hint: Any, *, optional: bool = True) -> dict[str, Any]:
    kinds = options(hint)
    found = [_single_schema(kind) for kind in kinds if kind is not type(None)]
    if optional and type(None) in kinds:
        found.append({"type": "null"})
    return found[0] if len(found) == 1 else {"anyOf": found}


def _single_schema(hint: Any) -> dict[str, Any]:
    names = {str: "string", int: "integer", float: "number", bool: "boolean"}
    if get_origin(hint) is list:
        return {"type": "array", "items": _schema(get_args(hint)[0])}
    if get_origin(hint) is Annotated:
        regex = get_args(hint)[1].regex
        return {"type": "string", "pattern": f"^{regex}"}
    if get_origin(hint) is Literal:
        return {"enum": list(get_args(hint))}
    return {"type": names[hint]} if hint in names else _object_schema(hint)

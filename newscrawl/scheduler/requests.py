"""Requests as JSON: what the frontier keeps of one, never a pickle."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import Any

from scrapy import Request, Spider
from scrapy.utils.request import request_from_dict

LEASE = "newscrawl_lease"
"""Key of ``request.meta``: the id of the lease a request came from."""
KIND = "newscrawl_kind"
"""Key of ``request.meta``: what is behind the URL. A ``feed`` is asked again in every run."""
AGAIN = "newscrawl_again"
"""Key of ``request.meta``: true for a page that is asked once more in this run, whatever became of it before."""
STATED = "newscrawl_stated"
"""Key of ``request.meta``: when the page last changed, in the words of the feed that names it."""
PAGE = "newscrawl_page"
"""Key of ``request.meta``: the fingerprint, in hexadecimal, of the known page that is read again."""
RECORD = "newscrawl_record"
"""Key of ``request.meta``: the record that a replay answers with, whatever the URL."""


def saved_request(request: Request, spider: Spider | None) -> str:
    """Return *request* as JSON. Raises TypeError or ValueError for what JSON or the spider cannot give back.

    A callback must be a method of the spider; the ids of a lease and a record stay behind.
    """
    if type(request) is not Request:
        raise ValueError(f"{type(request).__name__} is not a plain Request")
    fields: dict[str, Any] = {
        "url": request.url,
        "callback": _method_name(spider, request.callback),
        "errback": _method_name(spider, request.errback),
        "method": request.method if request.method != "GET" else None,
        "body": b64encode(request.body).decode("ascii") if request.body else None,
        "headers": {_text(name): [*map(_text, values)] for name, values in request.headers.items()},
        "cookies": request.cookies,
        "meta": {name: value for name, value in request.meta.items() if name not in _OWN_META},
        "cb_kwargs": request.cb_kwargs,
        "priority": request.priority,
        "dont_filter": request.dont_filter,
        "flags": request.flags,
    }
    return _encode({name: value for name, value in fields.items() if value})


def loaded_request(text: str, spider: Spider | None) -> Request:
    """Return the request that :func:`saved_request` gave *text* for. Raises ValueError for a callback that is gone."""
    fields = json.loads(text)
    if "body" in fields:
        fields["body"] = b64decode(fields["body"])
    if "headers" in fields:
        fields["headers"] = {
            name.encode("latin-1"): [value.encode("latin-1") for value in values]
            for name, values in fields["headers"].items()
        }
    return request_from_dict(fields, spider=spider)


def without_defaults(request: Request, saved: str) -> Request:
    """Return *request* without the headers that middlewares have put in since *saved* was written.

    They are put in again whenever it is sent; a password among the default headers has no place in a database.
    """
    names = {name.lower() for name in json.loads(saved).get("headers", ())}
    return request.replace(
        headers={name: values for name, values in request.headers.items() if _text(name).lower() in names}
    )


_OWN_META = frozenset((LEASE, "download_slot", "download_latency", "download_timeout"))
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _method_name(spider: Spider | None, function: Any) -> str | None:
    # Scrapy's own search goes through every attribute of the spider, for every request.
    if function is None:
        return None
    name: str = getattr(function, "__name__", "")
    method = getattr(spider, name, None)
    if method is None or getattr(method, "__func__", None) is not getattr(function, "__func__", _NOBODY):
        raise ValueError(f"{function!r} is no method of the spider")
    return name


_NOBODY = object()


def _text(value: bytes) -> str:
    return value.decode("latin-1")

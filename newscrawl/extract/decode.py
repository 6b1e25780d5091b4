"""Bytes to characters: decided by the bytes first, by what is claimed about them second."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from charset_normalizer import from_bytes

# A page that says gb2312 or gbk is written with the larger set sooner or later; decoding with the superset
# gives the same characters and loses none.
_SUPERSETS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "hz": "hz",
    "big5": "big5hkscs",
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
}
# Codecs for other things than pages: slow, or without a way to replace what they cannot read.
_NO_CHARSETS = frozenset(("idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "utf-7", "mbcs"))
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.I)
_META_CHARSET = re.compile(rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.I)
_HEAD_BYTES = 4096


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """A body as characters."""

    text: str
    """U+FFFD stands for each sequence that could not be read."""
    encoding: str
    """As Python names it."""
    source: str
    """``bom``, ``utf-8``, ``header``, ``meta``, ``detected``, ``declared`` or ``replaced``."""
    utf8: bytes | None = None
    """The same text as UTF-8 when the body already is that, so that the parser needs no second copy."""


def decoded(body: bytes, content_type: str | None = None) -> Decoded:
    """Return *body* as text. Never raises.

    Order: byte order mark; strict UTF-8; the charset of *content_type*, then of ``<meta>``, where it reads
    every byte; a detector; the declared charset with replacement; UTF-8 with replacement. A declaration comes
    second because it is wrong more often than bytes that are valid UTF-8 by chance.
    """
    for bom, name in _BOMS:
        if body.startswith(bom):
            return Decoded(text=body[len(bom) :].decode(name, "replace"), encoding=name, source="bom")
    try:
        return Decoded(text=body.decode("utf-8"), encoding="utf-8", source="utf-8", utf8=body)
    except UnicodeDecodeError:
        pass
    claims = list(_claims(body, content_type))
    for name, source in claims:
        try:
            return Decoded(text=body.decode(name), encoding=name, source=source)
        except UnicodeError:
            continue
    best = from_bytes(body[: 1 << 18]).best() if not claims else None
    if best is not None:
        return Decoded(text=body.decode(best.encoding, "replace"), encoding=best.encoding, source="detected")
    if claims:
        return Decoded(text=body.decode(claims[0][0], "replace"), encoding=claims[0][0], source="declared")
    return Decoded(text=body.decode("utf-8", "replace"), encoding="utf-8", source="replaced")


def _claims(body: bytes, content_type: str | None) -> list[tuple[str, str]]:
    named = []
    header = _HEADER_CHARSET.search(content_type or "")
    if header:
        named.append((header[1], "header"))
    meta = _META_CHARSET.search(body, 0, _HEAD_BYTES)
    if meta:
        named.append((meta[1].decode("ascii", "replace"), "meta"))
    found = []
    for name, source in named:
        try:
            codec = codecs.lookup(name).name
            b"aaaa".decode(codec)
        except UnicodeError:
            pass
        except (LookupError, ValueError):
            # No codec, or one that is not for text.
            continue
        if codec in _NO_CHARSETS:
            continue
        found.append((_SUPERSETS.get(codec, codec), source))
    return found

"""Charsets as servers and documents name them, and the codec that each is read with."""

from __future__ import annotations

import codecs
import re

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
BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.I)
_META_CHARSET = re.compile(rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.I)
_XML_CHARSET = re.compile(rb"<\?xml[^>]{0,100}?\sencoding\s*=\s*[\"']\s*([\w.:-]+)", re.I)
_HEAD_BYTES = 4096


def claimed_charsets(body: bytes, content_type: str | None) -> list[tuple[str, str]]:
    """Return ``(codec, source)`` of each charset that *content_type* or *body* names and Python can read.

    The source is ``header``, or ``meta`` for ``<meta>`` and the XML declaration.
    """
    named = []
    header = _HEADER_CHARSET.search(content_type or "")
    if header:
        named.append((header[1], "header"))
    meta = _META_CHARSET.search(body, 0, _HEAD_BYTES)
    xml = _XML_CHARSET.search(body, 0, _HEAD_BYTES)
    if xml:
        named.append((xml[1].decode("ascii", "replace"), "meta"))
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

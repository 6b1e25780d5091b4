"""Bytes to characters: decided by the bytes first, by what is claimed about them second."""

from __future__ import annotations

from dataclasses import dataclass

from charset_normalizer import from_bytes

from newscrawl.charsets import BOMS, claimed_charsets


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
    for bom, name in BOMS:
        if body.startswith(bom):
            return Decoded(text=body[len(bom) :].decode(name, "replace"), encoding=name, source="bom")
    try:
        return Decoded(text=body.decode("utf-8"), encoding="utf-8", source="utf-8", utf8=body)
    except UnicodeDecodeError:
        pass
    claims = claimed_charsets(body, content_type)
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

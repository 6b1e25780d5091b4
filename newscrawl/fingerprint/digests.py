"""Digests by which the same bytes and the same text are recognised."""

import hashlib

from newscrawl.text import fold


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of *data* as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def folded_digest(text: str | None) -> str | None:
    """Return the digest of the letters and digits of *text*, or None when it has none.

    Equal for texts that differ only in script, width, case, blanks or punctuation (:func:`.fold`).

    >>> folded_digest("臺灣，２０２３ 年") == folded_digest("台湾2023年")
    True
    """
    folded = fold(text or "")
    return sha256_hex(folded.encode()) if folded else None

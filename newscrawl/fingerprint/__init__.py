"""Fingerprints by which the same bytes, the same text and copies of a text are recognised.

What needs no numpy is here: it is imported by every command. Copies are told in
:mod:`newscrawl.fingerprint.copies`, and gathered in :mod:`newscrawl.fingerprint.clusters`.
"""

from newscrawl.fingerprint.changes import TextChange, sentences, text_change
from newscrawl.fingerprint.digests import folded_digest, sha256_hex

__all__ = ["TextChange", "folded_digest", "sentences", "sha256_hex", "text_change"]

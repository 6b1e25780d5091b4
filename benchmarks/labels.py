"""Labelled pages, as training and the benchmark of the reader take them.

A folder holds ``data/pages.jsonl``, one page a line, and the pages as the server sent them, compressed with gzip::

    {"url": "https://…", "file": "folder/name.html.gz", "gold": {…}, "id": "…", "source": "…", "lang": "zh"}

``file`` is looked for in ``data/``; ``id``, ``source`` (the collection it comes from) and ``lang`` may be left out.
``gold`` holds what is known of the page, each key optional: ``body``, the whole true text; ``with`` and ``without``,
segments that must and must not stand in it; ``title``; ``date``, a day; ``datetime``, the same with its time and
offset; ``authors``, a list of names.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CJK = frozenset(("zh", "ja", "ko"))


class LabelError(Exception):
    """The labelled pages cannot be used; says why."""


@dataclass(frozen=True, kw_only=True)
class Label:
    """A labelled page."""

    id: str
    url: str
    source: str
    lang: str
    folder: Path
    file: str
    gold: dict[str, Any]

    @property
    def cjk(self) -> bool:
        """Whether it is Chinese, Japanese or Korean."""
        return self.lang in CJK

    def html(self) -> bytes:
        """Return the page. Raises :exc:`LabelError` where its file cannot be read."""
        try:
            return gzip.decompress((self.folder / self.file).read_bytes())
        except (OSError, EOFError, zlib.error) as error:
            raise LabelError(f"{self.folder / self.file}: {error}") from error


def labels_of(folder: Path) -> list[Label]:
    """Return the labelled pages of *folder*. Raises :exc:`LabelError` where there are none, or one is told wrongly."""
    index = folder / "data" / "pages.jsonl"
    if not index.is_file():
        raise LabelError(f"{index}: no such file; --data names the folder that holds data/pages.jsonl")
    found = list(_labels(index))
    if not found:
        raise LabelError(f"{index}: no page in it")
    return found


def _labels(index: Path) -> Iterator[Label]:
    for number, line in enumerate(index.read_text(encoding="utf-8").split("\n"), 1):
        if not line.strip():
            continue
        try:
            told = json.loads(line)
            yield Label(
                id=told.get("id") or told["file"],
                url=told["url"],
                source=told.get("source") or "",
                lang=told.get("lang") or "und",
                folder=index.parent,
                file=told["file"],
                gold=dict(told["gold"]),
            )
        except json.JSONDecodeError as error:
            raise LabelError(f"{index}:{number}: {error}") from error
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise LabelError(f'{index}:{number}: needs "url", "file" and "gold"') from error

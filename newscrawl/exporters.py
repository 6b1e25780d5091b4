"""Writers of kept items. ``NEWSCRAWL_EXPORTERS`` names them in order; each is handed every item and its response."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Self

from scrapy import Field
from scrapy.crawler import Crawler
from scrapy.exporters import CsvItemExporter
from scrapy.http import Response

from newscrawl.archive.snapshot import snapshot_ref
from newscrawl.items import FIELDS, Article
from newscrawl.ledger import Exchange, Ledger, ledger_of
from newscrawl.text import plain_cell
from newscrawl.urls import host_of

# Programs other than JSON parsers take these for the end of a line.
_LINE_END_BYTES = (b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xa9", b"\xef\xbb\xbf")
# A part's own dictionary is its row: the encoder finds it without a walk through the article beforehand.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=vars).encode
_LINE_ENDS = re.compile("[\u0085\u2028\u2029\ud800-\udfff\ufeff]")


def json_line(row: dict[str, Any]) -> bytes:
    """Return *row*, whose values may be parts of an article, as one line of JSON Lines in UTF-8, newline included.

    Characters that some reader would take for a line end, and lone surrogates, are written as escapes.
    """
    text = _encode(row)
    try:
        line = text.encode("utf-8")
    except UnicodeEncodeError:
        line = b""
    if not line or any(end in line for end in _LINE_END_BYTES):
        line = _LINE_ENDS.sub(lambda match: f"\\u{ord(match.group()):04x}", text).encode("utf-8")
    return line + b"\n"


class CsvFeedExporter(CsvItemExporter):
    """Scrapy's CSV feed (``-o copy.csv``) with cells that no spreadsheet takes for formulas."""

    def serialize_field(self, field: Mapping[str, Any] | Field, name: str, value: Any) -> Any:
        """Return the cell."""
        found = super().serialize_field(field, name, value)
        return plain_cell(found) if isinstance(found, str) else found


class SnapshotExporter:
    """Writes the raw HTML beside a row, and beside nothing for an item that was dropped: a page read is kept."""

    def __init__(self, ledger: Ledger, *, enabled: bool) -> None:
        self.ledger = ledger
        self.enabled = enabled

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(ledger_of(crawler), enabled=crawler.settings.getbool("NEWSCRAWL_SNAPSHOTS_ENABLED"))

    def export_item(self, item: Any, response: Response | None, exchange: Exchange | None) -> None:
        """Write the snapshot of *response* and refer to it in *item*."""
        if not self.enabled or response is None or self.ledger.folder is None:
            return
        fetched_at = exchange.fetched_at if exchange is not None else None
        ref = snapshot_ref(response.body, host_of(response.url), fetched_at)
        self.ledger.write_snapshot(ref, response.body)
        if isinstance(item, Article):
            item.snapshot = ref

    def export_dropped(self, item: Any, response: Response | None, exchange: Exchange | None) -> None:
        """Write the snapshot of a page whose item was dropped."""
        self.export_item(item, response, exchange)


class JsonLinesExporter:
    """Appends rows to the run's JSON Lines file."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(ledger_of(crawler))

    def export_item(self, item: Any, response: Response | None, exchange: Exchange | None) -> None:
        """Append *item*'s row."""
        if not isinstance(item, Article):
            return
        line = json_line({name: getattr(item, name) for name in FIELDS})
        self.ledger.write_row(item, line)

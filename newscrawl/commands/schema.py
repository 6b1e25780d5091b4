"""``scrapy schema``: the JSON Schema of a row."""

from __future__ import annotations

import argparse
import json

from scrapy.commands import ScrapyCommand

from newscrawl.items import json_schema


class Command(ScrapyCommand):
    """Print the JSON Schema that every written row fits."""

    requires_crawler_process = False

    def short_desc(self) -> str:
        return "Print the JSON Schema of a row"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        print(json.dumps(json_schema(), ensure_ascii=False, indent=1))

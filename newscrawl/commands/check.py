"""``scrapy check``: Scrapy's own; it keeps nothing."""

from __future__ import annotations

import argparse

from scrapy.commands import check

from newscrawl.commands import keep_nothing


class Command(check.Command):
    """Scrapy's command, without the run that ``scrapy crawl`` keeps."""

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        assert self.settings is not None
        keep_nothing(self.settings)

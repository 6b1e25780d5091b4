"""Commands of the project, thin over plain functions. ``scrapy <command> -h`` explains each."""

from __future__ import annotations

import sys

from scrapy.settings import Settings
from scrapy.utils.misc import load_object

from newscrawl.exceptions import ConfigError


def refuse_faulty_settings(settings: Settings) -> None:
    """End the process with exit code 2 and one line when a setting of ours cannot be used.

    ``scrapy crawl`` needs no such call: there the add-on speaks when the crawl begins.
    """
    try:
        load_object("newscrawl.addons.SettingsAddon")().update_settings(settings)
    except ConfigError as error:
        print(f"newscrawl: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


def keep_nothing(settings: Settings) -> None:
    """Switch off what a run keeps, for a command of Scrapy's own."""
    settings.set("NEWSCRAWL_OUTPUT_ENABLED", False, priority="cmdline")
    # What these commands ask for is asked for once and by hand: it has no place in a frontier.
    settings.set("SCHEDULER", "scrapy.core.scheduler.Scheduler", priority="cmdline")
    refuse_faulty_settings(settings)

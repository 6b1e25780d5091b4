"""Every setting of ours, and how its value is checked."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path

from scrapy.settings import BaseSettings, Settings
from scrapy.utils.misc import load_object

from newscrawl import settings as defaults
from newscrawl.addons.presets import PRESETS
from newscrawl.addresses import AllowList, proxy_place
from newscrawl.exceptions import ConfigError, did_you_mean
from newscrawl.guest import OptOut, is_contact

PREFIX = "NEWSCRAWL_"


def _flag(settings: BaseSettings, name: str) -> None:
    try:
        settings.getbool(name)
    except (TypeError, ValueError, OverflowError):
        raise ConfigError(f"{name} must be True or False, not {settings.get(name)!r}") from None


def _text(settings: BaseSettings, name: str) -> None:
    value = settings.get(name)
    if not isinstance(value, str) or any(ord(ch) < 32 for ch in value):
        raise ConfigError(f"{name} must be a text on one line, not {value!r}")


def _contact(settings: BaseSettings, name: str) -> None:
    _text(settings, name)
    if settings[name].strip() and not is_contact(settings[name]):
        raise ConfigError(f"{name} must be a URL or a mail address that a webmaster can use, not {settings[name]!r}")


def _opt_out(settings: BaseSettings, name: str) -> None:
    _text(settings, name)
    path = settings[name]
    if path:
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise ConfigError(f"{name}: {path}: {getattr(error, 'strerror', None) or error}") from error
        OptOut.parse(text, f"{name}: {path}")


def _folder(settings: BaseSettings, name: str) -> None:
    value = settings.get(name)
    if not isinstance(value, (str, Path)) or not str(value).strip() or "\0" in str(value):
        raise ConfigError(f"{name} must name a folder, not {value!r}")


def _sites(settings: BaseSettings, name: str) -> None:
    _folder(settings, name)
    folder = settings[name]
    # The default need not exist; a folder that somebody names must.
    if folder != getattr(defaults, name) and not Path(folder).is_dir():
        raise ConfigError(f"{name}: {folder} is no folder")


def _number(most: float, meaning: str) -> Callable[[BaseSettings, str], None]:
    """Return the check of a number from 0 to *most*, infinity excluded."""

    def check(settings: BaseSettings, name: str) -> None:
        try:
            number = settings.getfloat(name)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not (0 <= number <= most and number < math.inf):
            raise ConfigError(f"{name} must be {meaning}, not {settings.get(name)!r}")

    return check


_seconds = _number(math.inf, "a number of seconds from 0")
_share = _number(1, "a number from 0 to 1")


def _metrics(settings: BaseSettings, name: str) -> None:
    _text(settings, name)
    path = settings[name]
    if path and Path(path).suffix != ".prom":
        raise ConfigError(f"{name} must name a file that ends in .prom, not {path!r}: the collector reads no other")
    if path and Path(path).is_dir():
        raise ConfigError(f"{name}: {path} is a folder; name a file in it, such as {path}/newscrawl.prom")


def _count(least: int) -> Callable[[BaseSettings, str], None]:
    def check(settings: BaseSettings, name: str) -> None:
        try:
            number = settings.getint(name)
        except (TypeError, ValueError, OverflowError):
            number = -1
        if number < least:
            raise ConfigError(f"{name} must be a whole number from {least}, not {settings.get(name)!r}")

    return check


def _list(settings: BaseSettings, name: str) -> None:
    value = settings.get(name)
    if not isinstance(value, (str, list, tuple)):
        raise ConfigError(f"{name} must be a list, or a text with commas, not {value!r}")


def _paths(settings: BaseSettings, name: str) -> None:
    _list(settings, name)
    for path in settings.getlist(name):
        if not isinstance(path, (str, Path)) or "\0" in str(path):
            raise ConfigError(f"{name} must list files, not {path!r}")


def _choice(*values: str) -> Callable[[BaseSettings, str], None]:
    def check(settings: BaseSettings, name: str) -> None:
        value = settings.get(name)
        if value not in values:
            hint = did_you_mean(str(value), values)
            raise ConfigError(f"{name} must be one of {', '.join(values)}, not {value!r}{hint}")

    return check


def _addresses(settings: BaseSettings, name: str) -> None:
    _list(settings, name)
    for value in settings.getlist(name):
        if not isinstance(value, str):
            raise ConfigError(f"{name} must list texts, not {value!r}")
    AllowList.parse(settings.getlist(name))


def _ports(settings: BaseSettings, name: str) -> None:
    value = settings.get(name)
    if not isinstance(value, (str, int, list, tuple)):
        raise ConfigError(f"{name} must be a list, or a text with commas, not {value!r}")
    if isinstance(value, int):
        settings.set(name, [str(value)], priority=settings.getpriority(name) or 0)
    ports = settings.getlist(name)
    if not ports:
        raise ConfigError(f"{name} is empty: no port could be asked")
    AllowList.parse((), ports)


def _trusted(settings: BaseSettings, name: str) -> None:
    _list(settings, name)
    for value in settings.getlist(name):
        if not isinstance(value, str) or not (_PATH.fullmatch(value) or proxy_place(value)):
            raise ConfigError(f"{name} must list URLs of proxies and paths of classes, not {value!r}")


_PATH = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")


def _exporters(settings: BaseSettings, name: str) -> None:
    _list(settings, name)
    for path in settings.getlist(name):
        try:
            load_object(path)
        except (ImportError, NameError, ValueError, TypeError) as error:
            raise ConfigError(f"{name}: {path!r} cannot be loaded: {error}") from error


CHECKS: dict[str, Callable[[BaseSettings, str], None]] = {
    "NEWSCRAWL_OUTPUT_DIR": _folder,
    "NEWSCRAWL_OUTPUT_ENABLED": _flag,
    "NEWSCRAWL_REPLAY": _paths,
    "NEWSCRAWL_PRESET": _choice(*PRESETS),
    "NEWSCRAWL_CONTACT": _contact,
    "NEWSCRAWL_ALLOW_ADDRESSES": _addresses,
    "NEWSCRAWL_ALLOW_PORTS": _ports,
    "NEWSCRAWL_TRUSTED": _trusted,
    "NEWSCRAWL_CONNECT_S": _seconds,
    "NEWSCRAWL_ANSWER_S": _seconds,
    "NEWSCRAWL_LEAST_RATE": _count(0),
    "NEWSCRAWL_MAX_LINKS": _count(1),
    "NEWSCRAWL_SITES_DIR": _sites,
    "NEWSCRAWL_DEDUPE": _choice("mark", "drop_exact", "drop_near"),
    "NEWSCRAWL_DEDUPE_WINDOW_DAYS": _count(0),
    "NEWSCRAWL_MAX_PARTS": _count(1),
    "NEWSCRAWL_FEED_MIN_S": _seconds,
    "NEWSCRAWL_FEED_MAX_S": _seconds,
    "NEWSCRAWL_MAX_SECTIONS": _count(0),
    "NEWSCRAWL_REREAD_ENABLED": _flag,
    "NEWSCRAWL_SNAPSHOTS_ENABLED": _flag,
    "NEWSCRAWL_WARC_ENABLED": _flag,
    "NEWSCRAWL_WARC_MAX_BYTES": _count(1 << 20),
    "NEWSCRAWL_WARC_IDLE_S": _seconds,
    "NEWSCRAWL_STORE_URL": _text,
    "NEWSCRAWL_WORKER": _text,
    "NEWSCRAWL_COMMIT_COUNT": _count(1),
    "NEWSCRAWL_COMMIT_S": _seconds,
    "NEWSCRAWL_RETRY_S": _seconds,
    "NEWSCRAWL_WAIT_S": _seconds,
    "NEWSCRAWL_OPT_OUT": _opt_out,
    "NEWSCRAWL_MAX_CRAWL_DELAY_S": _seconds,
    "NEWSCRAWL_MAX_RETRY_AFTER_S": _seconds,
    "NEWSCRAWL_ROBOTS_META": _choice("obey", "record"),
    "NEWSCRAWL_BREAKER_FAULTS": _count(0),
    "NEWSCRAWL_HOST_MAX_PAGES": _count(0),
    "NEWSCRAWL_HOST_MAX_BYTES": _count(0),
    "NEWSCRAWL_HOST_MAX_S": _seconds,
    "NEWSCRAWL_MAX_BYTES": _count(0),
    "NEWSCRAWL_EXPORTERS": _exporters,
    "NEWSCRAWL_PROGRESS_ENABLED": _flag,
    "NEWSCRAWL_PROGRESS_S": _seconds,
    "NEWSCRAWL_HEALTH_ENABLED": _flag,
    "NEWSCRAWL_HEALTH_ERROR_RATIO": _share,
    "NEWSCRAWL_HEALTH_FIELD_DROP": _share,
    "NEWSCRAWL_METRICS_FILE": _metrics,
    "NEWSCRAWL_METRICS_S": _seconds,
}
"""How the value of each setting of ours is checked."""


class SettingsAddon:
    """Refuses settings that nobody reads and values that cannot be used, and names the nearest."""

    def update_settings(self, settings: Settings) -> None:
        """Raise :exc:`ConfigError` for the first fault."""
        names = [name for name in settings if str(name).startswith(PREFIX)]
        for name in names:
            if name not in CHECKS:
                raise ConfigError(f"{name} is no setting{did_you_mean(name, CHECKS)}; docs/settings.md lists them")
        for name, check in CHECKS.items():
            # A settings module of the user's own need not repeat the defaults.
            settings.set(name, getattr(defaults, name), priority="default")
            check(settings, name)

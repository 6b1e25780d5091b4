"""Settings that would go round the guard."""

from __future__ import annotations

from typing import Any
from urllib.request import getproxies

from scrapy.settings import BaseSettings, Settings
from scrapy.utils.misc import load_object

from newscrawl.addresses import proxy_place
from newscrawl.exceptions import ConfigError


class GuardAddon:
    """Refuses settings under which private addresses would be asked without anybody looking.

    What ``NEWSCRAWL_TRUSTED`` names is taken to look by itself.
    """

    def update_settings(self, settings: Settings) -> None:
        """Raise :exc:`ConfigError` for the first that does."""
        if settings.getlist("NEWSCRAWL_REPLAY"):
            # Nothing is connected to.
            return
        trusted = settings.getlist("NEWSCRAWL_TRUSTED")
        if not settings.getbool("TWISTED_REACTOR_ENABLED"):
            raise ConfigError("TWISTED_REACTOR_ENABLED is off: addresses can only be checked in Twisted's reactor")
        for name in ("TWISTED_DNS_RESOLVER", "DNS_RESOLVER"):
            if name == "TWISTED_DNS_RESOLVER" or (settings.getpriority(name) or 0) > 0:
                _check_guarded(name, BaseSettings.get(settings, name), _RESOLVER, trusted)
        handlers = settings.getwithbase("DOWNLOAD_HANDLERS")
        for scheme, handler in sorted(handlers.items()):
            if handler is None:
                continue
            if scheme not in ("http", "https") and _path_of(handler) not in trusted:
                raise ConfigError(
                    f"DOWNLOAD_HANDLERS: {scheme}: only http and https are asked; set it to None, or name "
                    f"{_path_of(handler)} in NEWSCRAWL_TRUSTED"
                )
            _check_guarded(f"DOWNLOAD_HANDLERS: {scheme}", handler, _HANDLER, trusted)
        gate = "newscrawl.downloadermiddlewares.GateMiddleware"
        if settings.getdict("DOWNLOADER_MIDDLEWARES").get(gate) is None:
            raise ConfigError(f"DOWNLOADER_MIDDLEWARES lacks {gate}, which keeps requests from private addresses")
        if settings.getbool("HTTPPROXY_ENABLED"):
            _check_proxies(trusted)


_HANDLER = "newscrawl.downloadhandlers.WireDownloadHandler"
_RESOLVER = "newscrawl.resolver.GuardedResolver"


def _path_of(value: Any) -> str:
    return value if isinstance(value, str) else f"{value.__module__}.{value.__qualname__}"


def _check_guarded(name: str, value: Any, guarded: str, trusted: list[str]) -> None:
    """Raise :exc:`ConfigError` where the class *value* is neither one of the class *guarded* nor trusted."""
    path = _path_of(value)
    if path in (guarded, *trusted):
        return
    try:
        found = load_object(value)
    except (ImportError, NameError, ValueError, TypeError) as error:
        raise ConfigError(f"{name}: {path!r} cannot be loaded: {error}") from error
    if not (isinstance(found, type) and issubclass(found, load_object(guarded))):
        raise ConfigError(
            f"{name}: {path} connects without a check of addresses; use {guarded}, or name {path} in NEWSCRAWL_TRUSTED"
        )


def _check_proxies(trusted: list[str]) -> None:
    """Raise :exc:`ConfigError` where no proxy is trusted, or the environment names another."""
    places = set(map(proxy_place, trusted)) - {None}
    named = {scheme: proxy for scheme, proxy in getproxies().items() if scheme in ("http", "https", "all")}
    for scheme, proxy in sorted(named.items()):
        if proxy_place(proxy) not in places:
            raise ConfigError(
                f"HTTPPROXY_ENABLED: the proxy of the environment variable {scheme}_proxy connects to addresses that "
                "cannot be checked here; name it in NEWSCRAWL_TRUSTED if it keeps private ones away"
            )
    if not places:
        raise ConfigError(
            "HTTPPROXY_ENABLED: a proxy connects to addresses that cannot be checked here; name it in "
            "NEWSCRAWL_TRUSTED if it keeps private ones away, or leave the setting off"
        )

"""What the spider's arguments say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from newscrawl.exceptions import ConfigError
from newscrawl.urls import resolve


def number_of(name: str, value: Any) -> int:
    """Return the whole number that ``-a name=value`` gives. Raises :exc:`ConfigError`."""
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ConfigError(f"-a {name}={value}: a whole number from 0 is needed")
    return int(text)


def start_urls(urls: str | None, path: str | None) -> list[str]:
    """Return the URLs that ``-a url`` and the file of ``-a urls_file`` name, each once. Raises :exc:`ConfigError`."""
    texts = [(word, "-a url") for word in (urls or "").split()]
    if path is not None:
        try:
            lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"-a urls_file={path}: {getattr(error, 'strerror', None) or error}") from error
        texts += [
            (line.strip(), f"{path}:{number}")
            for number, line in enumerate(lines, start=1)
            if line.strip() and not line.startswith("#")
        ]
    found: dict[str, None] = {}
    for text, where in texts:
        url = resolve(None, text)
        if url is None:
            raise ConfigError(f"{where}: {text[:200]!r} is no http or https URL")
        found[url] = None
    return list(found)

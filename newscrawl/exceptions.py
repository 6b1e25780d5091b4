"""What can go wrong, by who has to act on it.

Each class carries the exit code that a command ends with when nobody else answers the exception; the
codes are listed in ``docs/cli.md``.
"""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `` (did you mean 'headline'?)`` for the end of a message about an unknown *name*, or ``""``."""
    close = get_close_matches(name, list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


class NewscrawlError(Exception):
    """Base of every exception raised on purpose by newscrawl. Its text names the thing, the place and the remedy."""

    exit_code = 1


class ConfigError(NewscrawlError):
    """An argument, a setting, a profile or a manifest is refused. Raised before the first request."""

    exit_code = 2


class ProfileError(ConfigError):
    """A site profile cannot be used: the text names the file and the key."""


class ManifestError(ConfigError):
    """A replay manifest, or a file it lists, cannot be used: the text names the file and the line."""


class StorageError(NewscrawlError):
    """A file of the output could not be written. Everything written before is whole."""

    exit_code = 5


class ArchiveError(StorageError):
    """A record of an archive file cannot be read: the text names the file, the offset and the fault."""


class OutputBusyError(NewscrawlError):
    """Another run holds the output folder."""

    exit_code = 75


class NotInReplayError(NewscrawlError):
    """A request asks for a URL that the replay set does not hold."""

    exit_code = 3

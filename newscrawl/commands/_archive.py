"""What the commands that look at an archive share. A module without a command, so it adds none."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from scrapy.commands import ScrapyCommand
from scrapy.settings import Settings

from newscrawl.archive.appending import OPEN
from newscrawl.commands import refuse_faulty_settings
from newscrawl.exceptions import ConfigError, NewscrawlError, StorageError
from newscrawl.ledger.places import is_output, warcs_in
from newscrawl.sites import Profiles
from newscrawl.store import Store, captures, keys
from newscrawl.urls import UrlKeys

DAMAGE = 3
"""Exit code of a command that found damage, or not what it looked for."""


@contextmanager
def concluded(command: ScrapyCommand) -> Iterator[Settings]:
    """Give the settings, refused when they are faulty; an error of ours becomes one line and the exit code."""
    assert command.settings is not None
    refuse_faulty_settings(command.settings)
    try:
        yield command.settings
        sys.stdout.flush()
    except NewscrawlError as error:
        print(f"newscrawl: {error}", file=sys.stderr)
        command.exitcode = error.exit_code
    except BrokenPipeError:
        _hush()
    except OSError as error:
        print(f"newscrawl: {error.filename or 'output'}: {error.strerror or error}", file=sys.stderr)
        command.exitcode = StorageError.exit_code


def folder_of(arguments: list[str], settings: Settings) -> Path:
    """Return the output folder: the only one of *arguments*, or NEWSCRAWL_OUTPUT_DIR.

    Raises :exc:`ConfigError` when there is none.
    """
    _refuse_options(arguments)
    if len(arguments) > 1:
        raise ConfigError(f"one folder is enough, not {', '.join(arguments)}")
    folder = Path(arguments[0] if arguments else settings["NEWSCRAWL_OUTPUT_DIR"])
    if folder.is_file():
        raise ConfigError(f"{folder}: is a file; name the folder")
    if not folder.is_dir():
        raise ConfigError(f"{folder}: there is no such folder; name the output folder of a crawl")
    return folder


def archives_of(arguments: list[str], settings: Settings) -> tuple[list[Path], list[Path]]:
    """Return output folders, and WARC files that lie elsewhere, from *arguments* or NEWSCRAWL_OUTPUT_DIR."""
    _refuse_options(arguments)
    folders: list[Path] = []
    warcs: list[Path] = []
    for path in map(Path, arguments or [settings["NEWSCRAWL_OUTPUT_DIR"]]):
        if path.is_file():
            warcs.append(path)
        elif not path.is_dir():
            raise ConfigError(f"{path}: there is no such file or folder")
        elif is_output(path):
            folders.append(path)
        elif found := warcs_in(path):
            warcs += found
        else:
            raise ConfigError(f"{path}: holds no WARC file (.warc.gz, .warc) and is no output folder of a crawl")
    return folders, list(dict.fromkeys(warcs))


def closed_among(warcs: list[Path]) -> list[Path]:
    """Return the WARC files that are closed, each once; say which are left out.

    Raises :exc:`ConfigError` for a file whose name is not that of a WARC.
    """
    closed: list[Path] = []
    for path in dict.fromkeys(warcs):
        if path.name.endswith(OPEN):
            why = "a crawl writes to it, or was killed; `scrapy repair` finishes it"
            print(f"newscrawl: {path}: left out: {why}", file=sys.stderr)
        elif path.name.endswith((".warc", ".warc.gz")):
            closed.append(path)
        else:
            raise ConfigError(f"{path}: is no WARC file (.warc.gz, .warc)")
    return closed


def keys_of(settings: Settings, store: Store | None) -> UrlKeys:
    """Return by what URLs are told apart: as in *store*, or else as a crawl with these settings would."""
    found = None
    if store is not None:
        with store.reading() as connection:
            found = keys.stored(connection)
    return found or Profiles(Path(settings["NEWSCRAWL_SITES_DIR"])).keys()


def tell_removals(store: Store | None, url: str, url_key: UrlKeys) -> None:
    """Say when and why captures of *url* were removed."""
    if store is None:
        return
    with store.reading() as connection:
        stones = captures.buried(connection)
    for stone in [stone for stone in stones if url_key(url) in (stone.url_key, url_key(stone.url))]:
        when = datetime.fromtimestamp(stone.removed_at, UTC)
        print(f"newscrawl: {stone.url} was removed on {when:%Y-%m-%d}: {stone.reason}", file=sys.stderr)


def _refuse_options(arguments: list[str]) -> None:
    """Scrapy hands an option that it does not know over as an argument."""
    for argument in arguments:
        if argument.startswith("-"):
            raise ConfigError(f"{argument}: no such option; -h lists them")


def say(text: str) -> None:
    """Print a line of a command that goes on with its work although nobody reads any more."""
    try:
        print(text)
        sys.stdout.flush()
    except BrokenPipeError:
        _hush()


def _hush() -> None:
    """Whoever reads has seen enough; Python would complain once more when it closes the stream."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def progress(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show on a terminal how many of *total* bytes are done; give the function that is told of each step."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=max(total, 1))
        yield lambda done: bar.advance(task, done)

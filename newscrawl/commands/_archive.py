"""What the commands that look at an archive share. A module without a command, so it adds none."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from scrapy.commands import ScrapyCommand
from scrapy.settings import Settings

from newscrawl.commands import refuse_faulty_settings
from newscrawl.exceptions import ConfigError, NewscrawlError, StorageError
from newscrawl.ledger.places import is_output, warcs_in

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
        # Whoever reads has seen enough; Python would complain once more when it closes the stream.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        print(f"newscrawl: {error.filename or 'output'}: {error.strerror or error}", file=sys.stderr)
        command.exitcode = StorageError.exit_code


def folder_of(arguments: list[str], settings: Settings) -> Path:
    """Return the output folder: the only one of *arguments*, or NEWSCRAWL_OUTPUT_DIR.

    Raises :exc:`ConfigError` when there is none.
    """
    if len(arguments) > 1:
        raise ConfigError(f"one folder is enough, not {', '.join(arguments)}")
    folder = Path(arguments[0] if arguments else settings["NEWSCRAWL_OUTPUT_DIR"])
    if not folder.is_dir():
        raise ConfigError(f"{folder}: there is no such folder; name the output folder of a crawl")
    return folder


def archives_of(arguments: list[str], settings: Settings) -> tuple[list[Path], list[Path]]:
    """Return output folders, and WARC files that lie elsewhere, from *arguments* or NEWSCRAWL_OUTPUT_DIR."""
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

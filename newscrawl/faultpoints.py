"""Named steps at which a test can end the process, to see what survives.

``FAULTPOINT=commit.synced`` kills the process the first time the step is reached, ``commit.synced:3`` the third time;
``FAULTPOINT=append.row:2:ENOSPC`` raises that :class:`OSError` instead, the second time and ever after. With
``FAULTPOINT_SYNCED=path`` every file that is synced is written down there, so that a test can take away what a power
loss would. Without these variables of the environment a step costs one comparison.
"""

from __future__ import annotations

import errno
import os
import signal
from collections import Counter

STEPS = (
    "append.warc",
    "append.row",
    "commit.begin",
    "commit.synced",
    "commit.in_transaction",
    "commit.done",
    "commit.acknowledged",
    "finish.renamed",
    "finish.indexed",
    "recover.cut",
)
"""Every step of a crawl, in the order in which it comes by them. Those of ``scrapy remove`` begin with its name."""

_TARGET = os.environ.get("FAULTPOINT", "").split(":")
_JOURNAL = os.environ.get("FAULTPOINT_SYNCED")
_reached: Counter[str] = Counter()


def reach(step: str) -> None:
    """Do what ``FAULTPOINT`` asks for at *step*; nothing by default."""
    if step != _TARGET[0]:
        return
    _reached[step] += 1
    nth = int(_TARGET[1]) if len(_TARGET) > 1 and _TARGET[1] else 1
    if len(_TARGET) > 2:
        if _reached[step] >= nth:
            number = getattr(errno, _TARGET[2])
            raise OSError(number, os.strerror(number))
    elif _reached[step] == nth:
        os.kill(os.getpid(), signal.SIGKILL)


def synced(path: str, length: int) -> None:
    """Note that *length* bytes of *path* would survive a power loss."""
    if _JOURNAL:
        with open(_JOURNAL, "a", encoding="utf-8") as journal:  # noqa: PTH123 - a line a sync, as short as can be
            journal.write(f"{length}\t{path}\n")

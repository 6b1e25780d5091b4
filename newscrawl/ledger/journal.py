"""A change of many files that is made whole or not at all: staged beside, then decided, then put in place.

The new files lie in a folder of their own until they are complete; a plan is written last. Whether the plan counts is
decided by the store's transaction, which holds the plan's id, or where there is no store by the plan itself. Killed at
any moment, :func:`finish_removal` goes on to the new state or back to the old one.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection

from newscrawl.archive.appending import sync_folder
from newscrawl.faultpoints import reach
from newscrawl.store import Store
from newscrawl.store.schema import insert_into, meta

STAGE = ".removal"
"""Folder below the output folder in which a removal is prepared."""

_PLAN = "plan.json"


class Stage:
    """New files for an output folder, not yet in place."""

    def __init__(self, folder: Path, plan_id: str) -> None:
        """Begin anew; *plan_id* is no other plan's."""
        self.folder = folder
        self.id = plan_id
        self.path = folder / STAGE
        self.path.mkdir()
        self._names: list[str] = []

    def new(self, name: str) -> Path:
        """Return where the file that will take the place of *name* is to be written."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self._names.append(name)
        return path

    def seal(self, *, delete: Iterable[str], with_store: bool) -> None:
        """Make everything durable and write the plan: from now on nothing more is added."""
        for name in self._names:
            _sync(self.path / name)
        for parent in {(self.path / name).parent for name in self._names} | {self.path, self.folder}:
            sync_folder(parent)
        reach("remove.staged")
        plan = {"id": self.id, "store": with_store, "replace": self._names, "delete": sorted(delete)}
        temporary = self.path / f"{_PLAN}.tmp"
        temporary.write_text(json.dumps(plan), encoding="utf-8")
        _sync(temporary)
        temporary.replace(self.path / _PLAN)
        sync_folder(self.path)
        reach("remove.planned")

    def decide(self, connection: Connection) -> None:
        """Let the transaction of *connection* decide that the plan counts."""
        connection.execute(insert_into(connection.dialect.name, meta), {"key": _key(self.id), "value": "decided"})


def finish_removal(folder: Path, store: Store | None, *, dry_run: bool = False) -> Iterator[str]:
    """Bring a change that was begun in *folder* to its end; yield what was done. Nothing when none was begun."""
    stage = folder / STAGE
    if not stage.exists():
        return
    try:
        plan = json.loads((stage / _PLAN).read_bytes())
    except FileNotFoundError:
        plan = None
    if plan is not None and (not plan["store"] or (store is not None and _decided(store, plan["id"]))):
        yield f"{folder}: a removal that was interrupted was finished"
        if not dry_run:
            _put_in_place(folder, plan["replace"], plan["delete"])
            _clear(stage, store, plan["id"])
    else:
        yield f"{folder}: a removal that was interrupted was taken back; nothing is removed"
        if not dry_run:
            _clear(stage, None, "")


def _put_in_place(folder: Path, replace: Iterable[str], delete: Iterable[str]) -> None:
    touched = set()
    for name in replace:
        new = folder / STAGE / name
        # What is not there any more was put in place before the process was killed.
        if new.exists():
            new.replace(folder / name)
        touched.add((folder / name).parent)
        reach("remove.replaced")
    for name in delete:
        (folder / name).unlink(missing_ok=True)
        touched.add((folder / name).parent)
    for parent in touched:
        if parent.exists():
            sync_folder(parent)
    reach("remove.in_place")


def _clear(stage: Path, store: Store | None, plan_id: str) -> None:
    (stage / _PLAN).unlink(missing_ok=True)
    sync_folder(stage)
    reach("remove.cleared")
    shutil.rmtree(stage)
    sync_folder(stage.parent)
    if store is not None:
        with store.begin() as connection:
            connection.execute(sa.delete(meta).where(meta.c.key == _key(plan_id)))


def _decided(store: Store, plan_id: str) -> bool:
    with store.reading() as connection:
        return connection.execute(sa.select(meta.c.value).where(meta.c.key == _key(plan_id))).first() is not None


def _key(plan_id: str) -> str:
    return f"removal {plan_id}"


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())

from __future__ import annotations

from typing import Any

from newscrawl.store import Store, files
from newscrawl.store.files import StoredFile


def stored(name: str, **changes: Any) -> StoredFile:
    values: dict[str, Any] = {"name": name, "kind": "warc", "state": "open", "length": 0, "run_id": "r", "worker": "w"}
    return StoredFile(**{**values, **changes})


def test_a_file_is_as_it_was_put_last(store: Store) -> None:
    with store.begin() as c:
        files.put(c, [])
        files.put(c, [stored("warc/a", length=1), stored("articles/b", kind="articles")])
        files.put(c, [stored("warc/a", length=2**40), stored("warc/c")])
        assert files.get(c, "warc/a") == stored("warc/a", length=2**40)
        assert files.get(c, "warc/x") is None
        assert [file.name for file in files.all(c)] == ["articles/b", "warc/a", "warc/c"]


def test_the_files_that_are_open_are_those_of_one_worker(store: Store) -> None:
    with store.begin() as c:
        files.put(c, [stored("b"), stored("a"), stored("c", worker="other"), stored("d", state="closed")])
        assert files.opened(c, "w") == [stored("a"), stored("b")]
        files.put(c, [stored("a", state="closed")])
        assert files.opened(c, "w") == [stored("b")]

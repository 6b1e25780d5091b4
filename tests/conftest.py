"""One hypothesis profile for every test: the same examples on every machine, no time limit, nothing kept.

And databases for the tests of the store: a server that is started once, an empty store for each test.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from stores import DATABASES, Cluster, running_cluster

from newscrawl.store import Store

settings.register_profile(
    "newscrawl", deadline=None, derandomize=True, max_examples=100, print_blob=False, database=None
)
settings.load_profile("newscrawl")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL server of the test session."""
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture(params=DATABASES)
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.sqlite"
    cluster: Cluster = request.getfixturevalue("postgres")
    return cluster.new_database()


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A store without anything in it."""
    with Store.open(store_url) as opened:
        yield opened

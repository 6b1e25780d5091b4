from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newscrawl.fingerprint.copies import ALGORITHM, Fingerprint
from newscrawl.store import Store, copies, copyindex, schema, segments
from newscrawl.store.copies import COMMON, NewCopy, enough
from newscrawl.store.copyindex import CopyIndex
from newscrawl.store.leads import Leads


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything happens after a few versions that otherwise happens after thousands."""
    monkeypatch.setattr(copyindex, "TAIL", 8)
    monkeypatch.setattr(copyindex, "LATE", 6)
    monkeypatch.setattr(copyindex, "LARGEST", 20)


def made_up(number: int, like: int | None = None, shared: Sequence[int] = ()) -> Fingerprint:
    """A fingerprint as of a text of its own; *like*: with one band of that text, *shared*: with these anchors."""
    signature = np.random.default_rng(number).integers(0, 1 << 32, 128, np.uint32)
    if like is not None:
        signature[4:8] = np.random.default_rng(like).integers(0, 1 << 32, 128, np.uint32)[4:8]
    anchors = np.array([*shared, *range(number * 100 + 1000, number * 100 + 1020 - len(shared))], np.uint32)
    return Fingerprint(
        digest=f"{number:064x}", script=None, length=500, signature=signature.tobytes(), wide=np.sort(anchors).tobytes()
    )


@dataclass
class World:
    """A store, and an index beside it that goes the way of a crawl's."""

    store: Store
    folder: Path | None
    shared: bool = False
    now: float = 0.0
    texts: dict[int, Fingerprint] = field(default_factory=dict)
    at: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """What a new process does."""
        self.index = CopyIndex(self.folder, shared=self.shared)

    def commit(self, *new: Fingerprint, tell: bool = True) -> list[int]:
        """Take up fingerprints; without *tell* as another process does."""
        rows = [
            NewCopy(id=f"{len(self.texts) + place:064x}", version=1, fingerprint=each, committed_at=self.now)
            for place, each in enumerate(new)
        ]
        with self.store.begin() as c:
            numbers = copies.add(c, rows)
        for number, row in zip(numbers, rows, strict=True):
            self.texts[number], self.at[number] = row.fingerprint, self.now
            if tell:
                self.index.add(number, row.fingerprint, copies.witness(row.id, row.version, row.committed_at))
        if tell:
            self.index.tidy()
        return numbers

    def ask(self, fingerprint: Fingerprint, since: float = 0.0) -> list[int]:
        with self.store.reading() as c:
            return self.index.led_to(c, fingerprint, since=since, now=self.now)

    def true(self, fingerprint: Fingerprint, since: float = 0.0) -> list[int]:
        """What the index should say, found by looking at every text."""
        led: dict[int, list[int]] = defaultdict(list)
        for number in sorted(number for number in self.texts if self.at[number] >= since):
            for key in set(self.texts[number].leads.tolist()):
                led[key].append(number)
        keys = fingerprint.leads.tolist()
        near = {number for key in keys[:32] for number in led[key][: COMMON + 1]}
        shared: dict[int, int] = defaultdict(int)
        for key in keys[32:]:
            for number in led[key] if len(led[key]) <= COMMON else ():
                shared[number] += 1
        ours = len(keys) - 32
        near |= {number for number, count in shared.items() if enough(count, ours, len(self.texts[number].anchors))}
        return sorted(near)

    @property
    def files(self) -> list[str]:
        return [] if self.folder is None else sorted(path.name for path in self.folder.glob("*"))


@pytest.fixture
def world(store: Store, tmp_path: Path) -> World:
    return World(store, tmp_path / "copies")


def fill(world: World, count: int, start: int = 0) -> None:
    for number in range(start, start + count):
        world.commit(made_up(number))
        world.ask(made_up(0))


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("commit"), st.integers(1, 12), st.integers(0, 5)),
        st.tuples(st.just("begin"), st.just(0), st.just(0)),
        st.tuples(st.just("later"), st.integers(1, 30), st.just(0)),
        st.tuples(st.just("damage"), st.just(0), st.integers(0, 5)),
        st.tuples(st.just("close"), st.just(0), st.just(0)),
        st.tuples(st.just("remove"), st.just(0), st.integers(0, 40)),
    ),
    max_size=14,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS, st.booleans())
def test_whatever_happened_before_the_same_is_found(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int]], on_disk: bool
) -> None:
    folder = tmp_path_factory.mktemp("copies") if on_disk else None
    window = 40.0
    with Store.open("sqlite://") as store:
        world = World(store, folder)
        for what, count, kind in steps:
            if what == "commit":
                first = len(world.texts)
                world.commit(
                    *(made_up(n, like=kind, shared=(1, 2, 3, 4, 5, 10 + kind)) for n in range(first, first + count))
                )
            elif what == "begin":
                world.begin()
            elif what == "later":
                world.now += count
            elif what == "damage" and world.files:
                path = (folder or Path()) / world.files[kind % len(world.files)]
                path.write_bytes(path.read_bytes()[:-1])
                world.begin()
            elif what == "close":
                world.index.close()
            elif what == "remove" and kind in world.texts:
                with store.begin() as c:
                    c.execute(sa.delete(schema.copies).where(schema.copies.c.number == kind))
                # A number that was the last one is given again.
                if kind != max(world.texts):
                    del world.texts[kind]
                world.texts = {n: each for n, each in world.texts.items() if n != kind}
                world.begin()
            since = world.now - window
            for like in range(3):
                asked = made_up(10_000, like=like, shared=(1, 2, 3, 4, 5, 10 + like))
                found = [number for number in world.ask(asked, since) if number in world.texts]
                assert [number for number in found if world.at[number] >= since] == world.true(asked, since)


def test_a_text_leads_to_its_near_copies_and_parts_wherever_they_lie(world: World) -> None:
    fill(world, 30)
    for number in (1, 5, 12, 20, 30):
        assert world.ask(made_up(900, like=number - 1)) == [number]
    part = made_up(901, shared=[*range(1500, 1505)])
    assert world.ask(part) == world.true(part) == [6]
    assert world.ask(made_up(902, shared=[*range(1500, 1504)])) == []
    assert world.ask(made_up(903)) == []
    # The same of the newest versions, which are in memory only.
    assert 30 in world.index._texts
    assert world.ask(made_up(904, shared=[*range(3900, 3905)])) == [30]
    assert world.ask(made_up(905, shared=[*range(3900, 3904)])) == []


def test_segments_are_few_and_named_by_their_range(world: World) -> None:
    fill(world, 100)
    with world.store.reading() as c:
        name = copies.identity(c)[:16]
    ranges = [tuple(map(int, file.removesuffix(".copies").split("-")[1:])) for file in world.files]
    assert all(file.startswith(f"{name}-") for file in world.files)
    assert [one[1] + 1 for one in sorted(ranges)][:-1] == [one[0] for one in sorted(ranges)][1:]
    assert len(ranges) <= 3
    assert max(last for _, last in ranges) == 96


def test_a_key_of_very_many_versions_costs_no_more_and_leads_to_the_first(world: World) -> None:
    count = 4 * COMMON
    for start in range(0, count, 50):
        world.commit(*(made_up(number, like=5_000, shared=(7,)) for number in range(start, start + 50)))
        world.ask(made_up(1))
    asked = made_up(9_999, like=5_000, shared=(7,))
    assert world.ask(asked) == world.true(asked) == list(range(1, COMMON + 2))
    world.index.close()
    world.begin()
    assert world.ask(asked) == world.true(asked)
    postings = sum(len(segment.postings) for segment in world.index._segments)
    # Of the two keys that they have in common the first and the last are kept.
    assert postings == 52 * count - 2 * (count - 2 * (COMMON + 1))


def test_the_first_and_how_many_are_right_when_the_window_begins_within_a_segment(world: World) -> None:
    for number in range(4 * COMMON):
        world.now = float(number)
        world.commit(made_up(number, like=5_000, shared=(7,)))
    world.begin()
    for since in (0.0, 10.0, 150.0, 290.0, 310.0, 399.0):
        asked = made_up(9_999, like=5_000, shared=(7,))
        assert world.ask(asked, since) == world.true(asked, since)


def test_a_process_that_begins_reads_little_and_finds_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(world, 60)
    world.index.close()
    read: list[int] = []
    rows = copyindex._rows

    def counted(c: sa.Connection, first: int, last: int) -> Iterator[sa.Row[*tuple[object, ...]]]:
        for row in rows(c, first, last):
            read.append(row.number)
            yield row

    monkeypatch.setattr(copyindex, "_rows", counted)
    world.begin()
    assert world.ask(made_up(900, like=3)) == [4]
    assert read == [57, 58, 59, 60]


def test_what_is_missing_is_made_again(world: World, caplog: pytest.LogCaptureFixture) -> None:
    fill(world, 100)
    assert world.folder is not None
    first, *others = sorted(world.folder.iterdir(), key=lambda path: int(path.name.split("-")[1]))
    assert others
    first.unlink()
    others[-1].write_bytes(others[-1].read_bytes().replace(b"x", b"y", 1) + b"?")
    (world.folder / "half.copies.tmp").write_bytes(b"x")
    (world.folder / "none.copies").write_bytes(b"x")
    (world.folder / "mine.txt").write_bytes(b"x")
    world.begin()
    with caplog.at_level(logging.WARNING):
        assert [world.ask(made_up(900, like=n)) for n in range(100)] == [[n + 1] for n in range(100)]
    assert {record.getMessage().split(": ")[1].split(";")[0] for record in caplog.records} == {
        "is of another form or length than it should be",
        "is no index of copies",
    }
    assert not {"half.copies.tmp", "none.copies"} & set(world.files)
    assert "mine.txt" in world.files


@pytest.mark.parametrize("change", [{"store": "b" * 32}, {"algorithm": "mh64/0"}, {"witness": "another"}])
def test_what_is_of_another_store_or_algorithm_or_time_is_made_again(world: World, change: dict[str, str]) -> None:
    fill(world, 16)
    assert world.folder is not None
    from dataclasses import replace

    for path in list(world.folder.iterdir()):
        found = segments.opened(path)
        path.unlink()
        wrong = replace(found, head=replace(found.head, **change), postings=found.postings ^ np.uint64(1 << 30))  # type: ignore[arg-type]
        segments.saved(wrong, world.folder)
    world.begin()
    assert [world.ask(made_up(900, like=n)) for n in range(16)] == [[n + 1] for n in range(16)]


def test_a_store_that_was_put_back_finds_what_it_has_and_what_comes(store: Store, tmp_path: Path) -> None:
    world = World(store, tmp_path / "copies")
    fill(world, 30)
    # As a copy of the store from before: the numbers that follow are given again.
    with store.begin() as c:
        c.execute(sa.delete(schema.copies).where(schema.copies.c.number > 12))
        if store.name.startswith("postgresql"):
            c.execute(sa.text("ALTER SEQUENCE copies_number_seq RESTART WITH 13"))
    world.texts = {number: each for number, each in world.texts.items() if number <= 12}
    world.now = 5.0
    world.begin()
    fill(world, 20, start=200)
    assert list(world.texts) == list(range(1, 33))
    for _ in range(2):
        assert world.ask(made_up(900, like=205)) == [18]
        assert world.ask(made_up(900, like=25)) == []
        assert world.ask(made_up(900, like=3)) == [4]
        world.begin()


def test_a_merge_that_is_interrupted_is_begun_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copyindex, "STEP", 50)
    fill(world, 16)
    assert world.index._merge is not None
    assert world.index._merge._writer is not None
    # As the end of a process does.
    world.index._merge._writer.file.close()
    assert any(name.endswith(".tmp") for name in world.files)
    world.begin()
    assert world.ask(made_up(900, like=3)) == [4]
    assert not any(name.endswith(".tmp") for name in world.files)
    world.index.tidy()
    world.index.close()
    world.index.close()
    assert [name.split("-")[1:] for name in world.files] == [["1", "16.copies"]]
    assert world.ask(made_up(900, like=3)) == [4]


def test_a_segment_within_another_is_not_opened(world: World) -> None:
    fill(world, 8)
    assert world.folder is not None
    (name,) = world.files
    part = (world.folder / name).read_bytes()
    fill(world, 8, start=8)
    # As a process leaves it that was killed between the two.
    (world.folder / name).write_bytes(part)
    world.begin()
    assert world.ask(made_up(900, like=3)) == [4]
    assert len(world.files) == 1
    assert name not in world.files


@pytest.mark.parametrize("step", [100, 1_000_000])
def test_segments_that_are_too_old_are_removed(world: World, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copyindex, "STEP", step)
    for number in range(96):
        world.now = float(number)
        world.commit(made_up(number, like=5_000))
        found = world.ask(made_up(9_999, like=5_000), world.now - 20)
        assert [n for n in found if world.at[n] >= world.now - 20] == list(range(max(number - 19, 1), number + 2))
    world.index.close()
    files = world.files
    # Somebody looks back further than before, and has the same process do so.
    assert world.ask(made_up(9_999, like=5_000), 0.0) == list(range(1, 97))
    assert len(world.files) > len(files)
    world.ask(made_up(9_999, like=5_000), world.now - 20)
    starts = [int(name.split("-")[1]) for name in world.files]
    assert min(starts) > 40
    world.begin()
    assert len(world.ask(made_up(9_999, like=5_000), 94.0)) == 2
    assert len(world.files) <= 1
    # Somebody looks back further than before.
    assert world.ask(made_up(9_999, like=5_000), 0.0) == list(range(1, 97))


def test_what_others_commit_is_found_within_a_second(store: Store, tmp_path: Path) -> None:
    world = World(store, tmp_path / "copies", shared=True)
    world.commit(made_up(1))
    assert world.ask(made_up(900, like=1)) == [1]
    world.commit(made_up(2), tell=False)
    assert world.ask(made_up(900, like=2)) == []
    world.now += 1.0
    assert world.ask(made_up(900, like=2)) == [2]
    for number in range(3, 60):
        world.commit(made_up(number), tell=number % 3 == 0)
        world.now += 1.0
        assert world.ask(made_up(900, like=number)) == [number]
    assert world.files
    assert [world.ask(made_up(900, like=n)) for n in range(1, 60)] == [[n] for n in range(1, 60)]


def test_what_comes_when_something_goes_is_found(store: Store, tmp_path: Path) -> None:
    ours, theirs = (World(store, tmp_path / name, shared=True) for name in ("ours", "theirs"))
    first, gone, _ = theirs.commit(*map(made_up, (1, 2, 3)))
    assert ours.ask(made_up(1)) == [first]
    with store.begin() as c:
        copies.remove(c, f"{1:064x}", 1)
    (new,) = theirs.commit(made_up(4))
    ours.now += 2.0
    assert ours.ask(made_up(4)) == [new]
    assert ours.ask(made_up(2)) == [], gone


def test_rows_that_are_taken_up_late_hide_no_other(world: World) -> None:
    world.now = 100.0
    (number,) = world.commit(made_up(1))
    world.now = 50.0
    world.commit(made_up(2))
    world.begin()
    world.now = 120.0
    assert world.ask(made_up(1), since=40.0) == [number]


def test_segments_stay_few_where_no_more_can_be_merged(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copyindex, "LONGEST", 64)
    fill(world, 400)
    # Three or four for each stretch that one can count.
    assert len(world.files) <= 4 * (400 // 64 + 1)


def test_a_lower_number_may_be_committed_later(store: Store, tmp_path: Path) -> None:
    world = World(store, tmp_path / "copies", shared=True)
    world.ask(made_up(0))
    for number in range(1, 31):
        world.commit(made_up(number))
    with store.begin() as c:
        row = c.execute(sa.select(schema.copies).where(schema.copies.c.number == 27)).one()._asdict()
        c.execute(sa.delete(schema.copies).where(schema.copies.c.number == 27))
    world.begin()
    world.now += 1.0
    assert world.ask(made_up(900, like=27)) == []
    with store.begin() as c:
        c.execute(sa.insert(schema.copies).values(**row))
    world.now += 1.0
    assert world.ask(made_up(900, like=27)) == [27]


def test_two_processes_may_share_a_folder(store: Store, tmp_path: Path) -> None:
    one, other = (World(store, tmp_path / "copies", shared=True) for _ in range(2))
    other.texts, other.at = one.texts, one.at
    for number in range(80):
        for world in (one, other):
            world.now = float(number)
            world.ask(made_up(0))
        (one, other)[number % 2].commit(made_up(number))
    one.begin()
    for world in (one, other):
        world.now += 5.0
        assert [world.ask(made_up(900, like=n)) for n in range(80)] == [[n + 1] for n in range(80)]


def test_a_folder_that_cannot_be_written_is_warned_of_once(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "copies").write_bytes(b"")
    world = World(store, tmp_path / "copies")
    with caplog.at_level(logging.WARNING):
        fill(world, 40)
    assert len(caplog.records) == 1
    assert "stays in memory" in caplog.text
    assert [world.ask(made_up(900, like=n)) for n in range(40)] == [[n + 1] for n in range(40)]


def test_a_merge_that_fails_leaves_its_parts(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fill(world, 15)
    monkeypatch.setattr(copyindex, "STEP", 50)
    fill(world, 1, start=15)
    assert world.index._merge is not None
    monkeypatch.setattr(segments.os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with caplog.at_level(logging.WARNING):
        world.index.close()
    assert "No space left" in caplog.text
    assert len(world.files) == 2
    assert world.ask(made_up(900, like=3)) == [4]
    fill(world, 20, start=16)
    assert world.ask(made_up(900, like=30)) == [31]


def test_versions_without_a_signature_or_of_another_algorithm_lead_nowhere(world: World) -> None:
    from dataclasses import replace

    short = Fingerprint(digest="d" * 64, script=None, length=3)
    old = replace(made_up(7), algorithm="mh64/0")
    assert old.algorithm != ALGORITHM
    for _ in range(3):
        fill(world, 3, start=len(world.texts) + 50)
        world.commit(short, old)
        assert world.ask(made_up(900, like=7)) == world.ask(short) == []
    world.begin()
    assert world.ask(made_up(900, like=7)) == []
    assert world.ask(made_up(900, like=50)) == [1]


def test_an_empty_store_leads_nowhere_and_writes_nothing(world: World) -> None:
    assert world.ask(made_up(1)) == []
    world.index.tidy()
    world.index.close()
    assert world.files == []


@given(st.lists(st.tuples(st.sets(st.sampled_from("abc"), min_size=1), st.integers(0, 4), st.booleans()), max_size=40))
def test_leads_are_those_that_were_added_and_not_removed(changes: list[tuple[set[str], int, bool]]) -> None:
    leads: Leads[int] = Leads()
    true: dict[str, list[int]] = {"a": [], "b": [], "c": []}
    for keys, who, add in changes:
        if add:
            new = [key for key in sorted(keys) if who not in true[key]]
            leads.add(new, who)
            true |= {key: [*true[key], who] for key in new}
        else:
            leads.remove(sorted(keys), who)
            true |= {key: [each for each in true[key] if each != who] for key in keys}
        assert leads.find("abc") == [(place, who) for place, key in enumerate("abc") for who in true[key]]

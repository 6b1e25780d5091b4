from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from weakref import ref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.store import segments
from newscrawl.store.segments import DamagedError, Head, Merge, Segment

# Few keys of few first bits, so that buckets and keys are shared.
KEYS = st.sampled_from([0, 1, 2, 1 << 20, (1 << 39) + 5, (1 << 40) - 1])
PAIRS = st.lists(st.tuples(KEYS, st.integers(1, 40)), max_size=60, unique=True)
Pairs = Sequence[tuple[int, int]]
MOST = 5


def head(first: int, last: int, **values: str) -> Head:
    return Head(**{"store": "a" * 32, "algorithm": "x/1", "first": first, "last": last, "witness": "w", **values})  # type: ignore[arg-type]


def segment(pairs: Pairs, first: int = 1, last: int = 40, most: int = 100) -> Segment:
    keys, numbers = np.array([key for key, _ in pairs], np.uint64), np.array([n for _, n in pairs], np.int64)
    anchors = np.arange(first, last + 1)
    return segments.made(head(first, last), keys, numbers, anchors, most)


def led(found: Segment, *keys: int) -> set[tuple[int, int]]:
    which, numbers = segments.find([found], np.array(keys, np.uint64))
    return {(keys[place], number) for place, number in zip(which.tolist(), numbers.tolist(), strict=True)}


def ended(merge: Merge) -> tuple[Segment, int]:
    for steps in range(1, 10_000):
        found = merge.step()
        if found is not None:
            return found, steps
    raise AssertionError


@given(PAIRS, st.lists(KEYS | st.integers(0, (1 << 40) - 1), min_size=1, max_size=8, unique=True))
def test_keys_lead_to_what_was_put_in(pairs: Pairs, keys: list[int]) -> None:
    assert led(segment(pairs), *keys) == {pair for pair in pairs if pair[0] in keys}


@given(st.lists(PAIRS, max_size=4), st.lists(KEYS | st.integers(0, (1 << 40) - 1), max_size=8, unique=True))
def test_several_segments_are_asked_at_once(parts: list[Pairs], keys: list[int]) -> None:
    made = [
        segment([(key, number + 40 * place) for key, number in pairs], 40 * place + 1, 40 * place + 40)
        for place, pairs in enumerate(parts)
    ]
    which, numbers = segments.find(made, np.array(keys, np.uint64))
    pairs = {(keys[place], number) for place, number in zip(which.tolist(), numbers.tolist(), strict=True)}
    assert pairs == {pair for each in made if keys for pair in led(each, *keys)}


def test_many_keys_are_found_in_their_buckets() -> None:
    rng = np.random.default_rng(1)
    keys = rng.integers(0, 1 << 40, 5_000, np.uint64)
    pairs = list(zip(keys.tolist(), rng.integers(1, 41, 5_000).tolist(), strict=True))
    found = segment(pairs)
    assert found.head.bits > 8
    assert led(found, *keys.tolist()) == set(pairs)
    assert led(found, *(keys ^ np.uint64(1)).tolist()) == set()
    assert found.anchors_of(np.array([1, 40, 0, 41, -5])).tolist() == [1, 40, 0, 0, 0]


@given(PAIRS, st.integers(1, 40))
def test_of_a_key_the_first_and_the_last_are_kept(pairs: Pairs, since: int) -> None:
    pairs = sorted(set(pairs))
    found = led(segment(pairs, most=MOST), *{key for key, _ in pairs})
    for key, count in Counter(key for key, _ in pairs).items():
        mine = [number for other, number in pairs if other == key]
        kept = sorted(number for other, number in found if other == key)
        assert kept == (mine if count <= 2 * MOST else mine[:MOST] + mine[-MOST:])
        # However much is too old: how many there are from a number on is known up to the most that counts.
        assert min(sum(n >= since for n in kept), MOST) == min(sum(n >= since for n in mine), MOST)


@given(st.lists(PAIRS, min_size=1, max_size=4), st.integers(0, 60), st.booleans(), st.integers(1, 200))
def test_a_merged_segment_leads_where_its_parts_led(parts: list[Pairs], since: int, apart: bool, step: int) -> None:
    ahead = 40 if apart else 13
    every = [[(key, number + ahead * place) for key, number in pairs] for place, pairs in enumerate(parts)]
    made = [segment(pairs, ahead * place + 1, ahead * place + 40) for place, pairs in enumerate(every)]
    merged, steps = ended(Merge(made, None, since=since, most=100, step=step))
    first = min(max(1, since), made[-1].head.last)
    assert led(merged, *{key for pairs in every for key, _ in pairs}, 7) == {
        pair for pairs in every for pair in pairs if pair[1] >= first
    }
    assert (merged.head.first, merged.head.last) == (first, made[-1].head.last)
    assert (np.diff(merged.postings.astype(object)) > 0).all()
    assert merged.anchors_of(np.array([made[-1].head.last])).tolist() == [made[-1].head.last]
    assert steps == 1 or steps & (steps - 1) == 0


def test_a_merge_is_done_in_pieces_and_leaves_one_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    made = []
    for place in range(3):
        keys = rng.integers(0, 1 << 40, 2_000, np.uint64).tolist()
        pairs = list(zip(keys, (rng.integers(1, 41, 2_000) + 40 * place).tolist(), strict=True))
        made.append(segment(pairs, 40 * place + 1, 40 * place + 40))
    in_memory, _ = ended(Merge(made, None, since=0, most=100, step=10**9))
    merge = Merge(made, tmp_path, since=0, most=100, step=500)
    assert merge.step() is None
    assert [path.suffix for path in tmp_path.iterdir()] == [".tmp"]
    merged, steps = ended(merge)
    assert steps > 8
    assert list(tmp_path.iterdir()) == [merged.path]
    for found in (merged, segments.opened(tmp_path / merged.head.name)):
        assert found.head == in_memory.head
        for name in ("postings", "directory", "anchors"):
            assert np.array_equal(getattr(found, name), getattr(in_memory, name))


def test_what_was_merged_is_let_go_at_once() -> None:
    parts = [segment([(1, 2)]), segment([(1, 42)], 41, 80)]
    merge = Merge(parts, None, since=0, most=5, step=10)
    found, gone = merge.step(), ref(parts[0])
    del parts, merge
    # Not only when the collector comes by.
    assert gone() is None
    assert found is not None
    assert led(found, 1) == {(1, 2), (1, 42)}


def test_a_merge_that_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    pairs = [(key, 1) for key in range(1000)]
    merge = Merge([segment(pairs), segment(pairs, 41, 80)], tmp_path, since=0, most=5, step=10)
    assert merge.step() is None
    merge.drop()
    assert list(tmp_path.iterdir()) == []


def test_a_saved_segment_comes_back(tmp_path: Path) -> None:
    pairs = [(5, 1), (5, 40), (1 << 39, 7)]
    saved = segments.saved(segment(pairs), tmp_path / "new")
    assert segments.files_in(tmp_path / "new") == [saved.path]
    assert segments.leftovers_in(tmp_path / "new") == []
    again = segments.opened(tmp_path / "new" / saved.head.name)
    assert again.head == saved.head == segments.read_head(tmp_path / "new" / saved.head.name)[0]
    assert led(again, 5, 1 << 39, 6) == set(pairs)


def test_every_changed_byte_is_noticed(tmp_path: Path) -> None:
    path = segments.saved(segment([(5, 1), (1 << 39, 7)], last=7), tmp_path).path
    assert path is not None
    data = path.read_bytes()
    blanks = range(data.index(b"}") + 1, 512)
    for place in range(len(data)):
        if place in blanks:
            continue
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        with pytest.raises(DamagedError):
            segments.opened(path)
    path.write_bytes(data)
    segments.check(path)


NO_RANGE = {"crc": 1, "store": "", "algorithm": "", "first": 1, "last": 2, "witness": ""}


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"{}", b"[]", b"null", b"1", b"\xff", b'{"crc": "x"}', b'{"crc": 1, "x": 2}', b"x" * 600),
        *(
            json.dumps({**NO_RANGE, **change}).encode()
            for change in ({}, {"first": "1"}, {"bits": -1}, {"bits": 10**9})
        ),
    ],
)
def test_what_is_no_segment_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.copies"
    path.write_bytes(data)
    with pytest.raises(DamagedError):
        segments.opened(path)


@given(st.binary(max_size=700))
def test_any_bytes_are_a_segment_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.copies"
    path.write_bytes(data)
    with pytest.raises(DamagedError):
        segments.check(path)


def test_a_segment_that_cannot_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(segments.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        segments.saved(segment([(5, 1)]), tmp_path)
    assert list(tmp_path.iterdir()) == []

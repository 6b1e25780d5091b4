from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledgers import NEXT_STAMP, STAMP, Clock, article, ended, killed, opened, store_of
from test_store_copies import BODIES, EDITED, LONGER, STORY, text, turned
from test_store_copyindex import made_up

from newscrawl.archive.replay import ReplaySet
from newscrawl.exporters import json_line
from newscrawl.fingerprint.clusters import Edge, clusters
from newscrawl.fingerprint.copies import Fingerprint
from newscrawl.items import Article, as_row
from newscrawl.ledger import Ledger, Repeated, text_fingerprint
from newscrawl.ledger.audit import Audit
from newscrawl.ledger.copies import relation
from newscrawl.ledger.repair import Repair
from newscrawl.store import Store, copies, copyindex

DAY_S = 86_400.0


def met(ledger: Ledger, number: int, body: str | None, **values: Any) -> tuple[Article, Repeated]:
    """The article as the pipelines leave it, and what it is to those before; its row is not written."""
    found = article(number, article_body=body, **values)
    print_ = text_fingerprint(found)
    repeated = ledger.repeated(found, print_)
    found.cluster_id = repeated.cluster_id
    ledger.kept.expect(found, print_, repeated)
    return found, repeated


def kept(ledger: Ledger, number: int, body: str | None, **values: Any) -> Repeated:
    """The same, written."""
    found, repeated = met(ledger, number, body, **values)
    ledger.write_row(found, json_line(as_row(found)))
    return repeated


def best(repeated: Repeated) -> tuple[str, str] | None:
    return None if repeated.best is None else (repeated.best.kind, repeated.best.other[0])


def id_of(number: int) -> str:
    return article(number).id or ""


def relations(store: Store) -> list[Edge]:
    with store.reading() as c:
        return sorted(copies.all_relations(c))


@pytest.mark.parametrize("commit", [False, True])
def test_copies_are_found_among_rows_of_this_run_and_committed_ones(commit: bool, tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    told = []
    for number, body in enumerate((STORY, STORY.upper(), EDITED, LONGER, text(2, 200), text(9), None)):
        told.append(best(kept(ledger, number, body)))
        if commit:
            ledger.commit()
    first = id_of(0)
    assert told == [None, ("exact", first), ("near", first), ("contains", first), ("contained", id_of(3)), None, None]
    ended(ledger)
    with store_of(tmp_path) as store:
        assert len(relations(store)) == 7


@pytest.mark.parametrize("commit", [False, True])
def test_a_copy_is_found_by_digest_alone_and_by_bands_alone(commit: bool, tmp_path: Path) -> None:
    like = made_up(1, shared=range(1, 5))
    ends = np.frombuffer(like.signature, np.uint32).copy()
    ends[:12] += 1
    short = Fingerprint(digest="5" * 64, script=None, length=12)
    ledger = opened(tmp_path)
    told = []
    for number, each in enumerate((like, replace(made_up(2), signature=ends.tobytes()), short, short)):
        found = article(number)
        repeated = ledger.repeated(found, each)
        ledger.kept.expect(found, each, repeated)
        ledger.write_row(found, json_line(as_row(found)))
        told.append(best(repeated))
        if commit:
            ledger.commit()
    assert told == [None, ("near", id_of(0)), None, ("exact", id_of(2))]
    ended(ledger)


def test_a_cluster_is_called_by_the_article_that_was_kept_first(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    names = [kept(ledger, number, body).cluster_id for number, body in enumerate((STORY, EDITED))]
    ledger.commit()
    names += [kept(ledger, 2, EDITED).cluster_id, kept(ledger, 3, text(9)).cluster_id]
    assert names == [None, id_of(0), id_of(0), None]
    killed(ledger)


def test_a_near_copy_of_a_near_copy_alone_is_no_part_of_the_cluster(tmp_path: Path) -> None:
    words = STORY.split()
    chain = [" ".join(words[10 * n : 70 + 10 * n]) for n in range(5)]
    ledger = opened(tmp_path)
    names = [kept(ledger, number, body).cluster_id for number, body in enumerate(chain)]
    ledger.commit()
    assert names == [None, *[id_of(0)] * 3, None]
    killed(ledger)


def test_an_article_is_no_copy_of_its_own_earlier_version(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    kept(ledger, 1, STORY)
    again = kept(ledger, 1, EDITED, version=2)
    assert (again.best, again.edges, again.cluster_id) == (None, (), None)
    ledger.commit()
    copy = kept(ledger, 2, STORY)
    assert best(copy) == ("exact", id_of(1))
    # It had this text before the other one.
    back = kept(ledger, 1, STORY, version=3)
    assert back.best is None
    assert [edge.other for edge in back.edges] == [(id_of(2), 1)]
    killed(ledger)


def test_other_texts_are_looked_for_within_the_window_and_equal_ones_for_ever(tmp_path: Path) -> None:
    clock = Clock(0.0)
    ledger = opened(tmp_path, clock=clock, copies_window_s=10 * DAY_S)
    kept(ledger, 1, STORY)
    ledger.commit()
    clock.now = 9 * DAY_S
    assert best(met(ledger, 2, EDITED)[1]) == ("near", id_of(1))
    clock.now = 11 * DAY_S
    assert met(ledger, 3, EDITED)[1].best is None
    assert best(met(ledger, 4, STORY)[1]) == ("exact", id_of(1))
    killed(ledger)


def test_without_a_window_only_equal_texts_are_found(tmp_path: Path) -> None:
    ledger = opened(tmp_path, copies_window_s=0.0)
    kept(ledger, 1, STORY)
    assert kept(ledger, 2, EDITED).best is None
    ledger.commit()
    assert kept(ledger, 3, LONGER).best is None
    assert best(kept(ledger, 4, STORY)) == ("exact", id_of(1))
    killed(ledger)


def test_a_kill_before_the_commit_leaves_neither_fingerprint_nor_relation(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    kept(ledger, 1, STORY)
    ledger.commit()
    kept(ledger, 2, EDITED)
    killed(ledger)
    with store_of(tmp_path) as store:
        assert relations(store) == []
    ledger = opened(tmp_path, stamp=NEXT_STAMP)
    assert best(kept(ledger, 2, EDITED)) == ("near", id_of(1))
    ledger.commit()
    ledger.commit()
    assert len(relations(ledger.store)) == 1
    with ledger.store.reading() as c:
        assert copies.count(c) == 2
    ended(ledger)


def test_an_article_that_is_dropped_later_leaves_no_relation_to_it(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    coming, _ = met(ledger, 1, STORY)
    repeated = kept(ledger, 2, EDITED)
    assert best(repeated) == ("near", id_of(1))
    ledger.commit()
    assert relations(ledger.store) == []
    ledger.kept.forget(coming)
    assert met(ledger, 3, STORY)[1].edges[0].other == (id_of(2), 1)
    kept(ledger, 4, text(9))
    ledger.commit()
    assert relations(ledger.store) == []
    killed(ledger)


def test_a_relation_to_a_row_that_is_written_later_is_kept_with_that_row(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    coming, _ = met(ledger, 1, STORY)
    kept(ledger, 2, EDITED)
    ledger.commit()
    assert relations(ledger.store) == []
    ledger.write_row(coming, json_line(as_row(coming)))
    ledger.commit()
    assert [(edge.one[0], edge.other[0]) for edge in relations(ledger.store)] == [(id_of(2), id_of(1))]
    killed(ledger)


def test_a_row_from_before_fingerprints_is_found_by_its_text(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    kept(ledger, 1, STORY)
    ledger.commit()
    with ledger.store.begin() as c:
        c.execute(copies.copies.delete())
    again = kept(ledger, 2, STORY)
    assert (best(again), again.cluster_id) == (("exact", id_of(1)), id_of(1))
    killed(ledger)


def test_a_short_text_in_the_other_script_is_the_same_text_and_a_long_one_a_variant() -> None:
    short = [text_fingerprint(Article(article_body=body)) for body in ("图书馆今天重新开放。", "圖書館今天重新開放。")]
    found = relation(*short)
    assert found is not None
    assert found.kind == "exact"
    story = "图书馆今天重新开放，读者说他们等了很久，修理花了十四个月，比计划多了两个月，因为屋顶坏了。馆长说，书都没有受损，孩子们的阅览室也会在下个星期开门，门票免费，每天到晚上九点。请大家带证件来。"
    other = "圖書館今天重新開放，讀者說他們等了很久，修理花了十四個月，比計劃多了兩個月，因為屋頂壞了。館長說，書都沒有受損，孩子們的閱覽室也會在下個星期開門，門票免費，每天到晚上九點。請大家帶證件來。"
    found = relation(*(text_fingerprint(Article(article_body=body)) for body in (story, other)))
    assert found is not None
    assert (found.kind, found.similarity) == ("script_variant", 1.0)


def test_a_lost_store_gets_fingerprints_and_relations_back_from_the_rows(tmp_path: Path) -> None:
    ledger = opened(tmp_path, warc_enabled=False)
    for number, body in enumerate(BODIES):
        kept(ledger, number, body, run_id="1")
    ended(ledger)
    with store_of(tmp_path) as store:
        before = relations(store)
    assert before
    for path in tmp_path.glob("store.sqlite*"):
        path.unlink()
    list(Repair(tmp_path, worker="local").steps())
    with store_of(tmp_path) as store:
        assert relations(store) == before


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(len(BODIES))), st.sets(st.integers(0, len(BODIES))))
def test_order_and_commits_change_neither_relations_nor_clusters(order: Sequence[int], commits: set[int]) -> None:
    found = []
    for numbers, where in ((order, commits), (range(len(BODIES)), set())):
        ledger = opened(None)
        for place, number in enumerate(numbers):
            kept(ledger, number, BODIES[number])
            if place in where:
                ledger.commit()
        ledger.commit()
        found.append(sorted(map(turned, relations(ledger.store))))
        ledger.close(None)
    assert found[0] == found[1]
    assert clusters(found[0]) == clusters(found[1])


def test_rows_say_what_the_ledger_told(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    for number, body in enumerate((STORY, EDITED)):
        kept(ledger, number, body)
    ended(ledger)
    rows = [json.loads(line) for path in (tmp_path / "articles").iterdir() for line in path.read_bytes().splitlines()]
    assert [row["cluster_id"] for row in rows] == [None, id_of(0)]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments are written after a few articles."""
    monkeypatch.setattr(copyindex, "TAIL", 4)


def crawled(folder: Path, start: int, end: int, *, stamp: str = STAMP, kill: bool = False, **keeping: Any) -> None:
    """One run that keeps articles of texts of their own, a commit for each."""
    ledger = opened(folder, stamp=stamp, **keeping)
    for number in range(start, end):
        kept(ledger, number, text(100 + number), run_id=stamp)
        ledger.commit()
    (killed if kill else ended)(ledger)


def edited(number: int) -> str:
    words = text(100 + number).split()
    return " ".join([*words[:60], "other", *words[61:]])


def found(folder: Path, *numbers: int, **keeping: Any) -> list[tuple[str, str] | None]:
    """What a later run says of edited copies."""
    ledger = opened(folder, stamp=NEXT_STAMP, **keeping)
    told = [best(met(ledger, 1_000 + number, edited(number))[1]) for number in numbers]
    killed(ledger)
    return told


def near(*numbers: int) -> list[tuple[str, str]]:
    return [("near", id_of(number)) for number in numbers]


@pytest.mark.parametrize("kill", [False, True])
def test_copies_are_found_by_the_index_of_earlier_runs(small: None, kill: bool, tmp_path: Path) -> None:
    crawled(tmp_path, 0, 13, kill=kill)
    assert list((tmp_path / "copies").glob("*.copies"))
    assert found(tmp_path, *range(13)) == near(*range(13))


@pytest.mark.parametrize("lost", ["*", "*-1-*"])
def test_a_lost_index_loses_nothing(small: None, lost: str, tmp_path: Path) -> None:
    crawled(tmp_path, 0, 13)
    gone = list((tmp_path / "copies").glob(lost))
    assert gone
    for path in gone:
        path.unlink()
    assert found(tmp_path, *range(13)) == near(*range(13))


def test_an_index_that_is_damaged_is_named_and_removed_and_made_again(small: None, tmp_path: Path) -> None:
    crawled(tmp_path, 0, 13)
    first, *_ = sorted((tmp_path / "copies").iterdir())
    data = first.read_bytes()
    first.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    (tmp_path / "copies" / "half.copies.tmp").write_bytes(b"")
    with store_of(tmp_path) as store:
        said = [finding for finding in Audit(tmp_path, store).findings() if finding.code == "index"]
    assert sorted((finding.severity, Path(finding.file).name) for finding in said) == [
        ("warning", first.name),
        ("warning", "half.copies.tmp"),
    ]
    assert first.exists()
    looked = [step.text for step in Repair(tmp_path, worker="local", dry_run=True).steps()]
    assert first.exists()
    assert [step.text for step in Repair(tmp_path, worker="local").steps()] == looked
    assert len(looked) == 2
    assert not first.exists()
    assert found(tmp_path, *range(13)) == near(*range(13))


def test_a_new_store_gets_an_index_of_its_own(small: None, tmp_path: Path) -> None:
    crawled(tmp_path, 0, 13, warc_enabled=False)
    before = {path.name for path in (tmp_path / "copies").iterdir()}
    for path in tmp_path.glob("store.sqlite*"):
        path.unlink()
    list(Repair(tmp_path, worker="local").steps())
    with store_of(tmp_path) as store, store.reading() as c:
        assert copies.count(c) == 13
    # Rows of the tests have no time: they are found in a window that has no beginning.
    assert found(tmp_path, *range(13)) == near(*range(13))
    assert not before & {path.name for path in (tmp_path / "copies").iterdir()}


def test_an_article_that_is_removed_is_led_to_no_more(small: None, tmp_path: Path) -> None:
    crawled(tmp_path, 0, 13)
    with store_of(tmp_path) as store, store.begin() as c:
        for number in (2, 12):
            copies.remove(c, id_of(number), 1)
    assert found(tmp_path, 1, 2, 3, 12) == [*near(1), None, *near(3), None]


def test_workers_on_one_store_find_what_the_other_has_committed(small: None, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shared.sqlite'}"
    clock = Clock()
    one, other = (
        opened(tmp_path / name, stamp=STAMP + name, store_url=url, worker=name, clock=clock)
        for name in ("one", "other")
    )
    for number in range(12):
        clock.now += 1.0
        here = (one, other)[number % 2]
        if number:
            assert best(met(here, 2_000 + number, edited(number - 1))[1]) == near(number - 1)[0]
        kept(here, number, text(100 + number))
        here.commit()
    for ledger in (one, other):
        killed(ledger)


def test_without_a_window_no_index_is_kept(small: None, tmp_path: Path) -> None:
    crawled(tmp_path, 0, 13, copies_window_s=0.0)
    assert not (tmp_path / "copies").exists()
    assert found(tmp_path, 1, copies_window_s=0.0) == [None]
    assert found(tmp_path, 1) == near(1)


def test_a_replay_keeps_its_index_in_memory(small: None, tmp_path: Path) -> None:
    ledger = opened(tmp_path, replay=ReplaySet([]))
    for number in range(13):
        kept(ledger, number, text(100 + number))
        ledger.commit()
    assert best(met(ledger, 1_003, edited(3))[1]) == near(3)[0]
    ended(ledger)
    assert not (tmp_path / "copies").exists()

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from benchmarks.dedup import detect, detect_equal, documents, main, scored, simhash
from newscrawl.fingerprint.copies import fingerprint

STORY = (
    "市图书馆星期二重新开放。馆长说，修缮工程用了十四个月，比计划多了两个月，因为屋顶的木梁在去年冬天的大雪中受损。"
    "新的阅览室在二楼，可以坐一百二十人，朝南的窗户换成了双层玻璃。儿童部搬到了一楼，那里以前是报纸库。"
    "旧报纸没有丢掉，它们被送到城北的仓库，读者可以提前一天预约。工程的费用由市政府和一家基金会分担。"
)
OTHER = (
    "渡轮公司宣布，从下个月起增加往返北岛的班次。早上第一班船六点半离开码头，最后一班晚上十点返回。票价不变，"
    "老人和学生仍然半价。公司发言人说，去年夏天排队的人太多，有的游客等了三个小时，今年要避免这种情况。"
)
DOCS = [
    {"id": "a", "lang": "zh", "text": STORY},
    {"id": "b", "lang": "zh", "text": STORY.replace("，", " ")},
    {"id": "c", "lang": "zh", "text": STORY + "图书馆周一闭馆。"},
    {"id": "d", "lang": "zh", "text": OTHER},
    {"id": "e", "lang": "zh", "text": OTHER + STORY + OTHER[::-1], "derived": True},
]
PAIRS = [
    ("a", "b", "same", "real"),
    ("a", "c", "same", "real"),
    ("b", "c", "same", "real"),
    ("a", "e", "contained", "quoted"),
    ("a", "d", "different", "real"),
]


def found(pairs: object) -> set[str]:
    return {"".join(sorted(pair[:2])) for pair in pairs}  # type: ignore[attr-defined]


def test_copies_are_found_with_their_kind() -> None:
    assert {tuple(sorted(pair[:2])): pair[2] for pair in detect(DOCS)} == {
        ("a", "b"): "same",
        ("a", "c"): "same",
        ("b", "c"): "same",
        ("a", "e"): "contained",
        ("b", "e"): "contained",
        ("c", "e"): "contained",
        ("d", "e"): "contained",
    }


def test_the_simpler_methods_find_less() -> None:
    assert found(detect_equal(DOCS)) == {"ab"}
    assert {"ab"} <= found(simhash(3)(DOCS)) <= found(simhash(10)(DOCS))
    assert found(simhash(10)(DOCS)).isdisjoint({"ad", "bd", "cd"})


def test_a_score_counts_false_pairs_of_real_documents_only() -> None:
    gold = {frozenset(pair[:2]): (pair[2], pair[3]) for pair in PAIRS}
    pairs = {frozenset(pair) for pair in ("ab", "ac", "ad", "de")}
    score = scored(pairs, gold, {"e"}, 5.0)
    assert (score.precision, score.false, score.recall, score.contained) == (2 / 3, 1, 2 / 3, 0.0)
    assert score.kinds == {"contained quoted": 0.0, "different real": 1.0, "same real": 2 / 3}


def test_the_benchmark_prints_every_method(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with gzip.open(tmp_path / "docs_x.jsonl.gz", "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(doc) + "\n" for doc in DOCS)
    rows = ["a\tb\tlabel\tkind", *("\t".join(pair) for pair in PAIRS)]
    (tmp_path / "pairs_x.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert len(documents(tmp_path, "x")[1]) == len(PAIRS)
    main(["--data", str(tmp_path), "--set", "x", "--kinds"])
    printed = capsys.readouterr().out
    for words in (fingerprint("").algorithm, "equal folded text", "SimHash, 3 bits", "datasketch", "contained quoted"):
        assert words in printed

from __future__ import annotations

import pytest

from benchmarks.copies import main


def test_each_size_gets_a_row_and_copies_are_found(capsys: pytest.CaptureFixture[str]) -> None:
    main(["2400", "1200"])
    rows = [line.split("│")[1:-1] for line in capsys.readouterr().out.splitlines() if line.startswith("│")]
    costs, weights = rows[:2], rows[2:]
    assert [int(row[0]) for row in costs] == [int(row[0]) for row in weights] == [1200, 2400]
    assert all(float(row[place]) > 0 for row in costs for place in (1, 2, 3, 5, 6, 7))
    assert all(float(row[1]) > 1000 and float(row[2]) > 500 and float(row[3]) == 1 for row in weights)

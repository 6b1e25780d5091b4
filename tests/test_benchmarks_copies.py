from __future__ import annotations

import pytest

from benchmarks.copies import main


def test_each_size_gets_a_row_and_copies_are_found(capsys: pytest.CaptureFixture[str]) -> None:
    main(["120", "60"])
    rows = [line.split("│")[1:-1] for line in capsys.readouterr().out.splitlines() if line.startswith("│")]
    assert [int(row[0]) for row in rows] == [60, 120]
    assert all(float(row[place]) > 0 for row in rows for place in (1, 2, 4))
    assert float(rows[1][3]) > 0

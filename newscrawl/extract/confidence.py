"""How sure the reader is of a field: the share of such readings that were right on labelled pages."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from functools import cache
from importlib import resources
from pathlib import Path

WEIGHTS = Path(__file__).with_name("confidence.json")
_BY_METHOD = {
    "profile": 0.97, "json-ld": 0.95, "meta": 0.92, "microdata": 0.92, "time": 0.88, "text": 0.85, "url": 0.85,
}  # fmt: skip


@cache
def weights() -> dict[str, dict[str, float]]:
    """What each method and sign adds to the logit, by field; ``python -m benchmarks.calibrate`` makes them."""
    learned: dict[str, dict[str, float]] = json.loads(
        # The package may lie in an egg.
        resources.files(__package__).joinpath(WEIGHTS.name).read_text(encoding="utf-8")
    )
    return learned


def confidence(field: str, method: str, signs: Iterable[str] = ()) -> float:
    """Return the chance (0 to 1, two digits) that *field*, read by *method*, is right.

    *signs* are short words for what speaks for or against this reading (``agrees:meta``: metadata says the same;
    ``differs:text``: a printed line says something else). A field without learned weights gets its method's estimate.
    """
    learned = weights().get(field)
    if learned is None or method == "profile":
        return _BY_METHOD.get(method, 0.8)
    total = sum(learned.get(sign, 0.0) for sign in ("", f"method:{method}", *signs))
    return round(1 / (1 + math.exp(-total)), 2)

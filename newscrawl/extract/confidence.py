"""How sure the reader is of a field: the share of such readings that were right on labelled pages."""

from __future__ import annotations

import math
from collections.abc import Iterable

_BY_METHOD = {
    "profile": 0.97, "json-ld": 0.95, "meta": 0.92, "microdata": 0.92, "time": 0.88, "text": 0.85, "url": 0.85,
}  # fmt: skip
_WEIGHTS: dict[str, dict[str, float]] = {}


def confidence(field: str, method: str, signs: Iterable[str] = ()) -> float:
    """Return the chance (0 to 1, two digits) that *field*, read by *method*, is right.

    *signs* are short words for what speaks for or against this reading (``agrees:meta``: metadata says the same;
    ``differs:text``: a printed line says something else). A field without learned weights gets its method's estimate.
    """
    weights = _WEIGHTS.get(field)
    if weights is None or method == "profile":
        return _BY_METHOD.get(method, 0.8)
    total = weights.get("", 0.0) + weights.get(method, 0.0) + sum(weights.get(sign, 0.0) for sign in signs)
    return round(1 / (1 + math.exp(-total)), 2)

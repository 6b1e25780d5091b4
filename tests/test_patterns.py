import importlib
import pkgutil
import re
import warnings
from collections.abc import Iterator
from typing import Any

import newscrawl

ONE_CHARACTER = {"IN", "LITERAL", "NOT_LITERAL", "ANY"}


def patterns() -> Iterator[tuple[str, re.Pattern[Any]]]:
    for module in pkgutil.walk_packages(newscrawl.__path__, "newscrawl."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, re.Pattern):
                yield f"{module.name}.{name}", value


def repeats_a_group_possessively(parsed: Any) -> bool:
    """Whether anything but one character is repeated possessively in a pattern, as the parser of re gives it."""
    if isinstance(parsed, tuple) and len(parsed) == 2 and str(parsed[0]) == "POSSESSIVE_REPEAT":
        items = list(parsed[1][2])
        if len(items) != 1 or str(items[0][0]) not in ONE_CHARACTER:
            return True
    if isinstance(parsed, (str, bytes, int)) or parsed is None:
        return False
    return any(map(repeats_a_group_possessively, parsed))


def parsed(pattern: str | bytes, flags: int = 0) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return __import__("re._parser", fromlist=["parse"]).parse(pattern, flags)


def test_no_group_is_repeated_possessively() -> None:
    """Python before 3.11.5 goes on from the wrong place after a group that fails halfway (gh-106052).

    ``(?>(?:…)*)`` says the same, and is matched rightly.
    """
    assert repeats_a_group_possessively(parsed(r"a(b|(?:c[de]f?)*+)"))
    assert not repeats_a_group_possessively(parsed(r"[^)*+]*+(?>(?:ab)*)"))
    found = dict(patterns())
    assert len(found) > 300
    assert [name for name, one in found.items() if repeats_a_group_possessively(parsed(one.pattern, one.flags))] == []

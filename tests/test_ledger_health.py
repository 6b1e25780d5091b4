"""When a site profile fails the health check of a run."""

from __future__ import annotations

import pytest

from newscrawl.ledger import ProfileCounts, RunState, exit_code


def counts(pages: int, *, missing: int = 0, unseen: int = 0, compared: int = 0, differs: int = 0) -> ProfileCounts:
    found = ProfileCounts(pages=pages)
    for number in range(pages):
        found.add(("body", "related"), ("body",) if number < missing else (), ("related",) if number < unseen else ())
    for number in range(compared):
        found.compare(number < differs)
    found.compare(None)
    return found


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (counts(4, missing=4), None),
        (counts(5, missing=1), None),
        (counts(5, missing=2), "body missing on 2 of 5 pages"),
        (counts(19, unseen=19), None),
        (counts(20, unseen=19), None),
        (counts(20, unseen=20), "its selectors for related found nothing on any of 20 pages"),
        (counts(9, compared=4, differs=4), None),
        (counts(9, compared=6, differs=3), None),
        (counts(9, compared=5, differs=3), "another text than the generic reader's on 3 of 5 pages"),
    ],
)
def test_a_profile_fails_when_too_much_of_it_finds_nothing(found: ProfileCounts, said: str | None) -> None:
    code, reasons = exit_code(RunState(articles=1, profiles={"example": found}), "finished", None)
    assert code == (0 if said is None else 3)
    if said is not None:
        (reason,) = reasons
        assert reason.startswith("profile example: ")
        assert said in reason


def test_a_remark_says_what_is_amiss_and_nothing_when_nothing_is() -> None:
    assert counts(5, compared=5, unseen=5).remark is None
    assert counts(5, missing=1, compared=2, differs=1).remark == (
        "5 pages, body missing on 1 of 5, body unlike the generic reader's on 1 of 2"
    )


def test_counts_go_on_where_an_interrupted_run_stopped() -> None:
    state = RunState(profiles={"example": counts(7, missing=2, unseen=3, compared=4, differs=1)})
    again = RunState.continued(state.as_counts(), {})
    assert again.profiles == state.profiles
    older = {name: value for name, value in state.as_counts().items() if name != "profiles"}
    assert RunState.continued(older, {}).profiles == {}

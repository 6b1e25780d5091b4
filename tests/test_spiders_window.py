from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.exceptions import ConfigError
from newscrawl.spiders.window import Window

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "until", "value", "outside"),
    [
        ("2026-11-20", None, "2026-11-20", None),
        ("2026-11-20", None, "2026-11-20T00:00Z", None),
        ("2026-11-20", None, "2026-11-19T23:59Z", "before_since"),
        # A day without a zone may have ended later elsewhere.
        ("2026-11-20", None, "2026-11-19", None),
        ("2026-11-20", None, "2026-11-18", "before_since"),
        ("2026-11-20", None, "2026-10", "before_since"),
        ("2026-11-20", None, "2026-11", None),
        ("2026-11-20", None, None, None),
        ("2026-11-20", None, "no date", None),
        (None, "2026-11-20", "2026-11-20T23:59Z", None),
        (None, "2026-11-20", "2026-11-21T00:00Z", "after_until"),
        (None, "2026-11-20T08:00Z", "2026-11-20T09:00+00:00", "after_until"),
        ("36h", None, "2026-11-22T00:00Z", None),
        ("36h", None, "2026-11-21T23:00Z", "before_since"),
        ("2w", None, "2026-11-01T00:00Z", "before_since"),
    ],
)
def test_only_what_lies_outside_for_certain_is_excluded(
    since: str | None, until: str | None, value: str | None, outside: str | None
) -> None:
    assert Window.parse(since, until, now=NOW).excludes(value) == outside


def test_a_window_without_ends_excludes_nothing() -> None:
    window = Window.parse(None, " ", now=NOW)
    assert not window
    assert window.excludes("1900-01-01") is None


@pytest.mark.parametrize("text", ["soon", "7", "d7", "2026-13-01", "99999999999d", "-1d"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="-a since="):
        Window.parse(text, None, now=NOW)


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_is_a_window_or_refused(since: str, value: str) -> None:
    try:
        window = Window.parse(since, None, now=NOW)
    except ConfigError:
        return
    assert window.excludes(value) in (None, "before_since")

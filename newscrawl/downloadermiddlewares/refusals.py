"""Requests and answers that go no further: each refusal says why in words, and in one word for the counts."""

from __future__ import annotations

from scrapy.exceptions import IgnoreRequest


class RefusedRequest(IgnoreRequest):
    """A request that must not leave: its text says why, ``newscrawl_reason`` the same in one word."""

    def __init__(self, text: str, reason: str = "refused") -> None:
        super().__init__(text)
        self.newscrawl_reason = reason


class RefusedResponse(IgnoreRequest):
    """An answer that is not read: its text says why, ``newscrawl_reason`` the same in one word."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text)
        self.newscrawl_reason = reason

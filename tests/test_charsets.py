"""Charsets as they are named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.charsets import claimed_charsets


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b"", "text/html; charset=GB2312", [("gb18030", "header")]),
        (b'<meta charset="big5">', None, [("big5hkscs", "meta")]),
        (
            b'<?xml version="1.0" encoding="gbk"?><a/>',
            "text/xml; charset=utf-8",
            [("utf-8", "header"), ("gb18030", "meta")],
        ),
        (b"<?xml version='1.0' encoding='euc-kr'?>", None, [("cp949", "meta")]),
        (b"", "text/html; charset=no-such-thing", []),
        (b"", "text/html; charset=base64", []),
        (b"", "text/html; charset=idna", []),
        (b"<p>encoding=gbk charset=gbk</p>", "text/html", []),
    ],
)
def test_a_charset_is_known_by_the_name_it_is_given(
    body: bytes, content_type: str | None, expected: list[tuple[str, str]]
) -> None:
    assert claimed_charsets(body, content_type) == expected


@given(st.binary(max_size=100), st.text(max_size=40))
def test_every_claim_can_be_decoded_with(body: bytes, name: str) -> None:
    for codec, _ in claimed_charsets(body, f"text/html; charset={name}"):
        assert isinstance(body.decode(codec, "replace"), str)

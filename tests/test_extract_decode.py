"""Bytes to characters: three encodings against three declarations, and whatever else is sent."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.extract.decode import decoded

TEXT = "渡船停航两周，镇上的豆腐坊照常开门。" * 4
PAGE = '<html><head><meta charset="{meta}"></head><body><p>{text}</p></body></html>'


@pytest.mark.parametrize("header", [None, "text/html", "text/html; charset={codec}"])
@pytest.mark.parametrize("meta", ["", "{codec}", "iso-8859-1", "utf-8"])
@pytest.mark.parametrize("codec", ["utf-8", "gb2312"])
def test_the_text_is_right_whatever_is_declared(codec: str, meta: str, header: str | None) -> None:
    page = PAGE.format(meta=meta.format(codec=codec), text=TEXT)
    found = decoded(page.encode("gb18030" if codec == "gb2312" else codec), header and header.format(codec=codec))
    if codec == "utf-8" or codec in (meta.format(codec=codec), (header or "").format(codec=codec)[-6:]):
        assert TEXT in found.text


def test_gb2312_is_read_as_its_superset() -> None:
    page = PAGE.format(meta="gb2312", text="陶喆与赵堃")
    found = decoded(page.encode("gb18030"))
    assert "陶喆与赵堃" in found.text
    assert (found.encoding, found.source) == ("gb18030", "meta")


def test_big5_with_hong_kong_characters_is_read() -> None:
    page = PAGE.format(meta="big5", text="喺度嘅渡船")
    found = decoded(page.encode("big5hkscs"))
    assert "喺度嘅渡船" in found.text
    assert found.source == "meta"


def test_a_byte_order_mark_wins_over_everything() -> None:
    found = decoded(codecs.BOM_UTF16_LE + "渡船".encode("utf-16-le"), "text/html; charset=gbk")
    assert (found.text, found.source) == ("渡船", "bom")


def test_valid_utf8_wins_over_a_false_declaration() -> None:
    found = decoded(PAGE.format(meta="gb2312", text=TEXT).encode(), "text/html; charset=big5")
    assert TEXT in found.text
    assert found.source == "utf-8"


def test_an_unknown_charset_is_passed_over() -> None:
    found = decoded(PAGE.format(meta="x-nonsense-8", text=TEXT).encode("gb18030"), "text/html; charset=gbk")
    assert TEXT in found.text
    assert found.source == "header"


def test_broken_bytes_become_replacement_characters_and_the_rest_stays() -> None:
    found = decoded(b"<p>before \xff\xfe\xfd after</p><meta charset=utf-8>")
    assert "before" in found.text
    assert "after" in found.text
    assert found.source == "declared"


@given(st.binary(max_size=400), st.none() | st.text(max_size=40))
def test_any_bytes_give_text_that_can_be_encoded(body: bytes, content_type: str | None) -> None:
    decoded(body, content_type).text.encode("utf-8", "strict")

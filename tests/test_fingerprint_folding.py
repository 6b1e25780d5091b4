from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.fingerprint.folding import folded
from newscrawl.fingerprint.shingles import tokens_of, tokens_of_letters
from newscrawl.text import fold

ANY_TEXT = st.text(st.characters())
# What composes, what becomes something else beside another character, and what does not.
TRICKY = st.lists(
    st.sampled_from(
        "aÄßﬁΣςİ①℃ｶﾞガ゛カ頭ㄱㅏ가ﾡￂ😀𠮷 。瞭钜枱㐀豈Ａ２_´ำก…\u0301\u0345\u3099\u1100\u1161\u11a8\u200d\ufe0f\ud842\udfb7\u1e9b\u0323\ufeff\x00"
    )
).map("".join)


@given(ANY_TEXT | TRICKY)
def test_a_text_is_folded_as_everywhere(text: str) -> None:
    key, letters = folded(text)
    assert key == fold(text)
    assert letters is None or letters.tobytes().decode("utf-16-le") == key


@pytest.mark.parametrize("around", [("", ""), ("中", "文"), ("a", "e\u0301"), ("가", "ㅏ"), ("カ", "ﾞ")])
def test_each_character_is_folded_as_everywhere(around: tuple[str, str]) -> None:
    before, after = around
    # All of the scripts in use, and a sample of what is beyond them.
    for point in (*range(0x3400), *range(0x3400, 0x10000, 7), *range(0x10000, sys.maxunicode, 997)):
        text = f"{before}{chr(point)}{after}"
        assert folded(text)[0] == fold(text), hex(point)


@given(ANY_TEXT | TRICKY)
def test_letters_have_the_tokens_of_their_text(text: str) -> None:
    key, letters = folded(text)
    if letters is not None:
        for one, other in zip(tokens_of_letters(letters), tokens_of(key), strict=True):
            assert one.tolist() == other.tolist()  # type: ignore[attr-defined]


def test_news_in_chinese_and_english_needs_no_other_way() -> None:
    for text in ("图书馆（新馆）星期二重新开放：“2,000 本书”，ＢＢＣ。", "圖書館重新開放……", "“It’s open” – at 9 p.m."):
        assert folded(text)[1] is not None

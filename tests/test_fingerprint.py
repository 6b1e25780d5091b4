import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.fingerprint import TextChange, folded_digest, sha256_hex, text_change

ANY_TEXT = st.text(st.characters())


def test_the_digest_of_bytes_is_their_sha256_in_hex() -> None:
    assert sha256_hex(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("图书馆今天重新开放。", "圖書館今天重新開放"),
        ("ＡＢＣ电视台 １２３", "abc电视台123"),
        ("第一段。\n\n第二段。", "第一段，第二段"),
    ],
)
def test_texts_that_differ_in_form_only_have_one_digest(one: str, other: str) -> None:
    assert folded_digest(one) == folded_digest(other)


def test_another_word_gives_another_digest() -> None:
    assert folded_digest("市政府宣布涨价") != folded_digest("市政府宣布降价")


@pytest.mark.parametrize("text", [None, "", " \n", "……！"])
def test_a_text_without_letters_and_digits_has_no_digest(text: str | None) -> None:
    assert folded_digest(text) is None


@given(ANY_TEXT)
def test_any_text_has_a_digest_of_64_hex_digits_or_none(text: str) -> None:
    digest = folded_digest(text)
    assert digest is None or (len(digest) == 64 and set(digest) <= set("0123456789abcdef"))


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (None, None, TextChange(1.0, 0, 0)),
        ("", " \n", TextChange(1.0, 0, 0)),
        (None, "一二。", TextChange(0.0, 3, 0)),
        ("一二。", None, TextChange(0.0, 0, 3)),
        ("一二。三四。", "一二。五六七。", TextChange(0.4615, 4, 3)),
        ("一二。三四。", "三四。一二。", TextChange(1.0, 0, 0)),
        ("一二。\n\n三四。", "一二。三四。", TextChange(1.0, 0, 0)),
        ("Yes. Yes.", "Yes.", TextChange(0.6667, 0, 4)),
        ("It costs 1.5 million.", "It costs 1.5 million! ", TextChange(0.0, 21, 21)),
        ("“走吧！”他说。", "“走吧！”他笑。", TextChange(0.5, 4, 4)),
    ],
)
def test_a_change_is_counted_by_sentences(before: str | None, after: str | None, change: TextChange) -> None:
    assert text_change(before, after) == change


@given(ANY_TEXT)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert text_change(text, text) == TextChange(1.0, 0, 0)


@given(st.none() | ANY_TEXT, st.none() | ANY_TEXT)
def test_any_two_texts_can_be_compared_in_either_direction(before: str | None, after: str | None) -> None:
    there, back = text_change(before, after), text_change(after, before)
    assert 0.0 <= there.ratio <= 1.0
    assert there == TextChange(back.ratio, back.removed, back.added)
    assert 0 <= there.added <= len(after or "")
    assert 0 <= there.removed <= len(before or "")

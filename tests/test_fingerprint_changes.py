import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.fingerprint import TextChange, text_change

ANY_TEXT = st.text(st.characters())


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

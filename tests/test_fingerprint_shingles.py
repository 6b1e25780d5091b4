import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.fingerprint.shingles import LONGEST, constants, mixed, runs_of, tokens_of
from newscrawl.text import fold, fold_forms

ANY_TEXT = st.text(st.characters())
# Words, characters that stand alone, digits, marks and what separates, in any order.
MIXED = st.lists(st.sampled_from(["a", "Bc", "中", "国", "1", "20", " ", "，", "\u0301", "ก", "😀", "𠀀", "한"])).map(
    "".join
)


def tokens(text: str) -> list[int]:
    return tokens_of(text).hashes.tolist()


def test_a_word_is_one_token_and_so_is_each_character_of_a_script_without_blanks() -> None:
    found = tokens_of("bbc 中国 40个 ไทย")
    assert found.alone.tolist() == [False, True, True, False, True, True, True, True]
    assert found.digits.tolist() == [False, False, False, True, False, False, False, False]
    assert (found.words, found.characters) == (2, 6)


def test_a_token_is_the_same_wherever_it_stands() -> None:
    (word,) = tokens("library")
    assert tokens("the library, a library") == [tokens("the")[0], word, tokens("a")[0], word]
    assert tokens("x" * 5000 + " library")[-1] == word


@pytest.mark.parametrize(("one", "other"), [("ab", "ba"), ("aab", "ab"), ("中", "国"), ("a\x00b", "ab"), ("0", "00")])
def test_other_words_are_other_tokens(one: str, other: str) -> None:
    assert tokens(one) != tokens(other)


def test_a_mark_does_not_part_a_word() -> None:
    assert tokens("नमस्ते") == tokens("नमसत")
    assert len(tokens("नमस्ते दुनिया")) == 2


def test_a_text_is_known_by_its_beginning() -> None:
    assert tokens("ab " * LONGEST) == tokens("ab " * (LONGEST // 3) + "a")


def test_runs_begin_with_every_token_that_leaves_room() -> None:
    runs = runs_of(tokens_of("一二三四五六七八九"))
    assert (len(runs.shingles), len(runs.grams), runs.places.tolist()) == (5, 2, [0, 1])
    runs = runs_of(tokens_of("a b c d e f"))
    assert (len(runs.shingles), len(runs.grams), runs.places.tolist()) == (4, 2, [0, 1])


def test_a_run_is_the_same_wherever_it_stands() -> None:
    inner, outer = (runs_of(tokens_of(text)) for text in ("五六七八九十甲乙", "一二 and 三四五六七八九十甲乙丙 or 丁"))
    assert set(inner.shingles.tolist()) <= set(outer.shingles.tolist())
    assert set(inner.grams.tolist()) <= set(outer.grams.tolist())


def test_the_order_of_tokens_counts() -> None:
    assert runs_of(tokens_of("a b c")).shingles.tolist() != runs_of(tokens_of("c b a")).shingles.tolist()


@given(ANY_TEXT | MIXED)
def test_any_text_has_tokens_and_runs(text: str) -> None:
    found = tokens_of(text)
    assert len(found.hashes) == len(found.alone) == len(found.digits) == found.words + found.characters
    runs = runs_of(found)
    assert len(runs.grams) == len(runs.places) <= len(runs.shingles) <= len(found.hashes)
    assert len(found.hashes) - 4 <= len(runs.shingles) or len(runs.shingles) == 0


@given(MIXED, MIXED)
def test_the_tokens_of_two_texts_are_those_of_each(one: str, other: str) -> None:
    assert tokens(f"{one} {other}") == tokens(one) + tokens(other)


@given(ANY_TEXT | MIXED)
def test_what_is_no_letter_makes_no_token(text: str) -> None:
    assert bool(tokens(fold_forms(text))) is bool(fold(text))


def test_constants_are_odd_and_of_their_series() -> None:
    assert (constants(1, 50) % np.uint64(2)).all()
    assert len({*constants(1, 50).tolist(), *constants(2, 50).tolist()}) == 100


def test_the_mix_is_that_of_murmurhash3() -> None:
    assert mixed(np.array([0, 1, 2**64 - 1], np.uint64)).tolist() == [0, 0xB456BCFC34C2CB2C, 0x64B5720B4B825F21]

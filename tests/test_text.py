import unicodedata

import opencc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.text import clean_line, clean_text, fold, is_cjk, language_tag, script_of, shown, weight

ANY_TEXT = st.text(st.characters())
# The characters that meet a rule, close together.
TRICKY_TEXT = st.lists(
    st.one_of(
        st.sampled_from(" \n\t\r\f\u0085\u00a0\u3000\u200b\u2028\u00ad\ufeff\x00\u0301\u0327\ud800\udc00&;#"),
        st.sampled_from(["&amp;", "amp;", "&amp;lt;", "&amp;#38;", "nbsp;", "lt;", "#38;", "#173;", "#112;"]),
        st.sampled_from("中国。，後a1กا한日ー\uf900\u30ab\u3099ｶﾞ①℃İß\u1100\u1161"),
    ),
    max_size=30,
).map("".join)

TO_TRADITIONAL = [opencc.OpenCC(name) for name in ("s2t", "s2tw", "s2hk")]

SIMPLIFIED = "昨天晚上，市图书馆的馆长说，这座楼里的头发博物馆将于后年开门，干部们准备了面条。"
TRADITIONAL = "昨天晚上，市圖書館的館長說，這座樓裏的頭髮博物館將於後年開門，幹部們準備了麪條。"
JAPANESE = "図書館は来週の月曜日から三日間だけ休館すると発表した。"
KOREAN = "시립 도서관은 다음 주 월요일부터 사흘 동안 문을 닫는다고 밝혔다."
ENGLISH = "The library will stay closed for three days from next Monday, its director said."
RUSSIAN = "Библиотека закрыта на три дня, сообщил её директор."


@pytest.mark.parametrize(
    "text",
    [
        "",
        SIMPLIFIED,
        TRADITIONAL,
        JAPANESE,
        KOREAN,
        ENGLISH,
        "第一段。\n第二行。\n\n第二段。",
        "近 4个半小时，“他说：‘好’”……—— ＡＢＣ ％ ① ℃ ～",
        "R&D &amp; co &nbsp; &lt;b&gt; &#39;",
        "می\u200cخواهم 👩\u200d👩\u200d👧 ✌️",
        "คำ\u200bไทย",
        "\uf9dc\U0002f800",
        "a\ue000b",
    ],
)
def test_clean_text_is_left_alone(text: str) -> None:
    assert clean_text(text) is text
    assert clean_line(text) == text.replace("。\n\n", "。").replace("。\n", "。")


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("　　本报讯", "本报讯"),
        ("王　强", "王 强"),
        ("a\u00a0\u2003b\t c", "a b c"),
        ("a\fb", "a b"),
        ("a\x00\x07\x7f\x9fb", "ab"),
        ("\ufeff新\u00ad闻\u2060", "新闻"),
        ("新\u200b闻", "新闻"),
        ("a\ufffeb\U0001ffffc\ufdd0", "abc"),
        ("a\ud800b", "a\ufffdb"),
        ("a\ud83d\ude00b", "a😀b"),
        ("一\r\n二\r三\u2028四\u0085五", "一\n二\n三\n四\n五"),
        ("一 \n  二", "一\n二"),
        ("一\n\n\n \n二\n", "一\n\n二"),
        ("cafe\u0301", "café"),
        ("\uf9dce\u0301", "\uf9dcé"),
        ("a&amp;nbsp;b", "a b"),
        ("&amp;amp;lt;b&amp;gt;", "<b>"),
        ("&amp;quot;好&amp;quot;&amp;#8212;", '"好"—'),
        ("&amp;amp;#38;amp;lt;", "<"),
    ],
)
def test_layout_is_taken_out(text: str, cleaned: str) -> None:
    assert clean_text(text) == cleaned


def test_references_that_unfold_without_end_stay_as_written() -> None:
    text = "&amp;#38;" + "amp;#38;" * 5 + "amp;lt;"
    assert clean_text(text) == text


def test_marks_without_end_are_not_sorted() -> None:
    text = "a" + "\u0301\u0323" * 200_000
    assert clean_text(text) == text
    assert fold(text) == fold("a\u0323")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("中国\n  新闻", "中国新闻"),
        ("他说，\n“好”\n。", "他说，“好”。"),
        ("日本\nニュース", "日本ニュース"),
        ("中国\nnews", "中国 news"),
        ("two\nlines", "two lines"),
        ("다음\n주", "다음 주"),
        ("一\n\n二", "一二"),
    ],
)
def test_a_line_break_becomes_a_blank_except_in_a_script_without_blanks(text: str, line: str) -> None:
    assert clean_line(text) == line


@given(ANY_TEXT | TRICKY_TEXT)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    cleaned, line = clean_text(text), clean_line(text)
    assert clean_text(cleaned) is cleaned
    assert clean_line(line) == clean_text(line) == line
    assert "\n" not in line


@given(ANY_TEXT | TRICKY_TEXT)
def test_cleaned_text_can_be_encoded_and_has_no_layout(text: str) -> None:
    cleaned = clean_text(text)
    cleaned.encode("utf-8")
    assert "  " not in cleaned
    assert "\n\n\n" not in cleaned
    assert cleaned == cleaned.strip(" \n")


@given(st.text(st.characters(categories=["L", "Nd", "Po"]), max_size=50).map(lambda t: unicodedata.normalize("NFC", t)))
def test_letters_digits_and_punctuation_are_never_changed(text: str) -> None:
    if "&" not in text:
        assert clean_text(text) == text


@pytest.mark.parametrize("ch", "中〇々あカｶ한ㄱ𠀀")
def test_han_kana_and_hangul_are_cjk(ch: str) -> None:
    assert is_cjk(ch)


@pytest.mark.parametrize("ch", ["a", "é", "1", "。", "，", "・", "Ａ", " ", "я", "\ud800", "😀"])
def test_other_letters_and_all_punctuation_are_not_cjk(ch: str) -> None:
    assert not is_cjk(ch)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", 0), ("—— ！", 0), ("abc 1", 4), ("新闻", 4), ("BBC 中文网！", 9), ("한국", 4), ("a_b", 2)],
)
def test_a_cjk_character_weighs_two_letters(text: str, expected: int) -> None:
    assert weight(text) == expected


@given(ANY_TEXT)
def test_weight_is_the_sum_over_the_characters(text: str) -> None:
    assert weight(text) == sum(2 if is_cjk(ch) else ch.isalnum() for ch in text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (SIMPLIFIED, TRADITIONAL),
        ("ＡＢＣ，１２３", "abc 123"),
        ("ｶﾞｲﾄﾞ", "ガイド"),
        ("看著", "看着"),
        ("裡面", "里面"),
        ("答覆、慰藉、瞭望", "答复慰借了望"),
        ("乾隆", "乾，隆"),
        ("35℃", "35°c"),
        ("STRASSE", "straße"),
        ("Cafe\u0301", "CAFÉ"),
        ("\uf900", "豈"),
        ("e\ud800f", "ef"),
    ],
)
def test_forms_of_the_same_text_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("上涨", "下跌"), ("3月21日", "3月22日"), ("café", "cafe")])
def test_other_words_fold_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(ANY_TEXT | TRICKY_TEXT)
def test_folding_twice_is_folding_once_and_leaves_letters_and_digits(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert not folded or folded.isalnum()
    folded.encode("utf-8")


def test_every_character_folds_to_a_form_that_folds_to_itself() -> None:
    characters = map(chr, range(0x323B0))
    changed = {folded for ch in characters if (folded := fold(ch)) != ch}
    assert [folded for folded in changed if fold(folded) != folded] == []


@given(
    st.lists(st.sampled_from(sorted(set(SIMPLIFIED + "的一是不了人我在有他这中来上国后发干里面着"))), max_size=60).map(
        "".join
    )
)
def test_simplified_text_and_its_traditional_form_fold_alike(text: str) -> None:
    for converter in TO_TRADITIONAL:
        assert fold(converter.convert(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (SIMPLIFIED, "zh-Hans"),
        (TRADITIONAL, "zh-Hant"),
        (JAPANESE, "ja"),
        (KOREAN, "ko"),
        ("中文日常", "zh"),
        (SIMPLIFIED + TRADITIONAL, "zh"),
        ("皇后在台北里面", "zh"),
        ("小红书用户说iPhone很贵", "zh-Hans"),
        ("日の丸飯店今天開張，歡迎各位鄰居光臨。", "zh-Hant"),
        (ENGLISH, None),
        (RUSSIAN, None),
        (f"{ENGLISH} 新闻中国", None),
        ("中国", None),
        ("", None),
        ("\ud800" * 10, None),
    ],
)
def test_the_script_decides_the_language(text: str, language: str | None) -> None:
    assert script_of(text) == language


@pytest.mark.parametrize(
    ("declared", "text", "language"),
    [
        ("en", SIMPLIFIED, "zh-Hans"),
        ("zh-CN", TRADITIONAL, "zh-Hant"),
        (None, JAPANESE, "ja"),
        ("zh-TW", "中文日常", "zh-Hant"),
        ("zh_HK", "中文日常", "zh-Hant"),
        ("zh-cn", "中文日常", "zh-Hans"),
        ("zh-SG", "中文日常", "zh-Hans"),
        ("zh-cmn-Hans-CN", "中文日常", "zh-Hans"),
        ("zh-hant-cn", "中文日常", "zh-Hant"),
        ("ja", "中文日常", "ja"),
        ("en", "中文日常", "zh"),
        (None, "中文日常", "zh"),
        ("yue", "中文日常", "yue"),
        ("en_US", ENGLISH, "en-US"),
        ("EN-gb", ENGLISH, "en-GB"),
        (" en_US.UTF-8 ", ENGLISH, "en-US"),
        ("sr-latn-RS", ENGLISH, "sr-Latn-RS"),
        ("de-CH-1996", ENGLISH, "de-CH-1996"),
        ("eng", ENGLISH, "en"),
        ("ger-AT", ENGLISH, "de-AT"),
        ("chi", "中文日常", "zh"),
        ("zho-TW", "中文日常", "zh-Hant"),
        ("zh-CN", ENGLISH, None),
        ("jpn", ENGLISH, None),
        ("ko", ENGLISH, None),
        ("ru", ENGLISH, None),
        ("en", RUSSIAN, None),
        ("ru", RUSSIAN, "ru"),
        ("eo", RUSSIAN, "eo"),
        ("zh-TW", "", "zh-Hant"),
        ("en", "", "en"),
        ("english", ENGLISH, None),
        ("und", ENGLISH, None),
        ("x-default", ENGLISH, None),
        ("{{ lang }}", ENGLISH, None),
        ("", ENGLISH, None),
        (None, ENGLISH, None),
    ],
)
def test_the_declared_language_counts_where_the_script_leaves_it_open(
    declared: str | None, text: str, language: str | None
) -> None:
    assert language_tag(declared, text) == language


@given(st.none() | ANY_TEXT | st.text(st.sampled_from("abzhxTW-_019")), ANY_TEXT)
def test_any_declaration_and_text_give_a_tag_or_none(declared: str | None, text: str) -> None:
    tag = language_tag(declared, text)
    assert tag is None or (tag.isascii() and language_tag(tag, "") == tag)


# Shown to people ----------------------------------------------------------------------------------------


@given(st.text(), st.booleans())
def test_what_is_shown_steers_nothing(text: str, lines: bool) -> None:
    found = shown(text, lines=lines)
    found.encode("utf-8")
    assert not [
        ch
        for ch in found
        if unicodedata.category(ch) in ("Cc", "Cs", "Zl", "Zp") and not (lines and ch == "\n") and ch != "\t"
    ]
    assert not set(found) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
    assert shown(found, lines=lines) == found


@given(st.text(st.characters(categories=["L", "N", "P", "Zs"])))
def test_plain_text_is_shown_as_it_is(text: str) -> None:
    assert shown(text) == text

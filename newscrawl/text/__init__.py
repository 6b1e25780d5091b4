"""What is done to text: cleaning that changes no word, keys for matching, the script it is written in."""

from newscrawl.text.characters import is_cjk, weight
from newscrawl.text.cleaning import clean_line, clean_text
from newscrawl.text.languages import language_tag, script_of
from newscrawl.text.matching import fold, fold_forms
from newscrawl.text.showing import plain_cell, shown

__all__ = [
    "clean_line",
    "clean_text",
    "fold",
    "fold_forms",
    "is_cjk",
    "language_tag",
    "plain_cell",
    "script_of",
    "shown",
    "weight",
]

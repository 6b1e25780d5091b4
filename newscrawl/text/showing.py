"""Text as it may be shown: on a terminal, in a log, in a spreadsheet."""

import re

_UNSHOWN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e0fff]|\n"
)


def shown(text: str, *, lines: bool = False) -> str:
    """Return *text* as it may go to a terminal or a log: what steers either is written as an escape.

    That is C0, C1, bidi and tag characters, invisible ones, lone surrogates and line ends; with *lines* ``\\n`` stays.

    >>> shown("safe\u202egnp.exe\x1b[2J\\n2026 forged")
    'safe\\\\u202egnp.exe\\\\x1b[2J\\\\n2026 forged'
    """
    if text.isprintable():
        return text
    return _UNSHOWN.sub(lambda match: match[0] if lines and match[0] == "\n" else _escape(match[0]), text)


def _escape(ch: str) -> str:
    number = ord(ch)
    if ch in "\n\r":
        return "\\n" if ch == "\n" else "\\r"
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}" if number < 65536 else f"\\U{number:08x}"


_FORMULA = re.compile(r"[\t\r\n]|\s*[=+\-@\uff1d\uff0b\uff0d\uff20]")


def plain_cell(text: str) -> str:
    """Return *text* as a spreadsheet shows it and does not run it: with ``'`` before what would begin a formula.

    >>> plain_cell('=HYPERLINK("http://a.example")'), plain_cell("1 + 1 = 2")
    ('\\'=HYPERLINK("http://a.example")', '1 + 1 = 2')

    Source: OWASP, CSV Injection.
    """
    return f"'{text}" if _FORMULA.match(text) else text

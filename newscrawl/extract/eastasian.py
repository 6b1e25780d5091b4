"""Bylines in Chinese, Japanese and Korean: the people whom a printed line, or the edge of a paragraph, names.

Editors, photographers and translators are no authors. Every function looks at a bounded part of its text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from newscrawl.extract.names import NOT_AUTHORS, names_in
from newscrawl.extract.surnames import (
    CJK_OUTLET,
    HAN,
    HANGUL_NAME,
    KANA,
    has_hangul,
    is_han_name,
    is_hangul_name,
    is_japanese_name,
    is_likely_han_name,
)

_LONGEST_LINE = 300
_EDGE = 160
_LONGEST_SIGNATURE = 40
_MOST_AUTHORS = 12

_REPORTER = r"(?:记者|記者)"
_WRITER = (
    rf"(?:(?:本报|本報|本刊|本网|本網|本社|新华社|中新社|中新网|中央社|央视|特约|特約|特派|见习|見習|實習|实习|首席|资深|全媒体|驻\w{{2,6}}"
    rf"|[{HAN}·・+]{{2,12}}?)\s?)?{_REPORTER}(?:们)?"
)
_CJK_LABEL = re.compile(
    rf"(?:文字记者|文字記者|本[报網网報]实习生|(?:采访|採訪|文字)\s?[/／、&＆]\s?(?:撰文|撰稿|整理|记者|記者)|{_WRITER}"
    r"|(?:本文|原文|文章)?作者|撰文|撰稿(?:人)?|执笔(?:人)?|執筆(?:者|人)?|采写|採寫|採訪|采访|文字|主笔|主筆|取材・文|文・取材|取材・執筆|ライター|著者|筆者|文責|聞き手"
    r"|(?:文・?(?:写真|構成|編集|撮影|イラスト)|(?:写真|構成|編集|撮影)・?文)(?=\s?[:：／/＝=])"
    rf"|(?:^|[\s（(【\[])文(?:\s?[、/／]?\s?[图圖摄攝](?:片)?(?![:：]))?(?=\s?[/／:：丨｜|＝=]|\s[{HAN}+]{{0,12}}{_REPORTER}|\s[{HAN}]{{2,4}}$))"
    r"(?P<mark>\s*[:：/／|丨｜＝=・]\s*|\s*)(?P<author>[^。；;（）()【】\[\]〔〕\n|｜丨]{1,60})"
)
_HAN_BEFORE = re.compile(
    rf"\W{{0,3}}(?:[{HAN}]{{2,8}}[・ 　])??(?P<author>[{HAN}]{{2,4}}[ 　]?[{HAN}]{{0,4}}?)"
    r"(?:\s?(?P<mark>記者|[/／]\s?文(?:\s?[/／]?\s?[图圖摄攝影]{1,2})?)|\s(?:[^\s，。]{2,12})?(?:记者|記者|特约撰稿人?|特約撰述))\W{0,3}"
)
_HAN_LIST = re.compile(rf"[{HAN}]{{2,4}}[，,]\s?[{HAN}]{{2,3}}(?:[，,\s]|$)")
_WRITER_FIRST = re.compile(
    rf"^\s*[:：/／]?\s*(?:{_WRITER}\s*)?(?:[:：/／]\s*)?(?:(?:本报|本報|本网|本網)?(?:实习生|實習生|实习记者)\s*)?"
)
_STOPS = re.compile(
    r"(?:发自|發自|报道|報導|報道|报导|综合|綜合|连线|連線|专题|專題|撰稿|整理|编辑|編輯|責編|责编|责任|責任|校对|通讯员|通訊員|通信员|摄影|攝影|撮影|写真|構成|イラスト|制作|制图|实习生|實習生|見習|见习|图|圖|摄|攝"
    r"|编译|編譯|翻译|来源|來源|出自|摘自|选自|選自|时间|時間|日期|发表|发布|發布|發表|文章|浏览|瀏覽|点击|點擊|阅读|閱讀|评论|評論|访问|統計|统计|收藏|推荐|回复|栏目|分类|分類|字数|字号|人气|点赞|转载|來稿|更新|编审|审核|监制|微信|公众号|\d|\s(?:19|20)\d\d).*$"
)
_PHOTO = "(?:摄|攝|摄影|攝影|撮影|拍摄|拍攝|翻攝|翻摄|供图|供圖|提供)"
_NO_REPORTER = re.compile(
    rf"[{HAN}、]{{2,12}}?(?:[ 　][{HAN}]{{2,3}}){{0,3}}?(?:\s?[／/]\s?)?(?:{_PHOTO}(?:$|[\s／/，。、（）()])|\s{_PHOTO}\W*$)"
)
_PLACE_TAIL = re.compile(
    r"[\s／/]?(?:北京|上海|天津|重庆|重慶|广州|廣州|深圳|香港|澳门|澳門|台北|臺北|台中|臺中|台南|臺南|台東|臺東|高雄|新北|桃园|桃園|新竹|苗栗|彰化|雲林|嘉義|屏東|宜蘭|花蓮|基隆|金門|南京|武汉|武漢|成都|西安|杭州|济南|沈阳|长沙|郑州|合肥|福州|厦门|昆明|贵阳|南宁|海口|兰州|银川|西宁|拉萨|乌鲁木齐"
    r"|呼和浩特|太原|石家庄|哈尔滨|长春|大连|青岛|宁波|苏州|华盛顿|華盛頓|纽约|紐約|伦敦|倫敦|巴黎|东京|東京|首尔|首爾|莫斯科|柏林|布鲁塞尔|布魯塞爾|新加坡|曼谷|洛杉磯|洛杉矶|日内瓦|日內瓦|综合外电)?(?:即时|即時)?(?:报|報|电|電|讯|訊|稿|文)?$"
)
_DESK = re.compile(
    rf"[\[【〔(（]?(?:[{HAN}]{{2,8}}(?:中心|組|组|部)\s?[／/]\s?)?(?P<author>[{HAN}]{{2,4}}(?:[、，,\s][{HAN}]{{2,4}}){{0,3}}?)(?P<slash>\s?[／/]\s?)?[{HAN}]{{0,4}}?(?:報導|报道|报导|報道)[\]】〕)）]?"
)
_OUTLET_REPORT = re.compile(
    rf"[{HAN}\d]{{3,12}}(?:报道|报|新闻|周刊|网)\s(?P<author>[{HAN}]{{2,3}}(?:[、\s][{HAN}]{{2,3}}){{0,3}})\s[{HAN}]{{2,4}}报道"
)
_BRACKETED = re.compile(r"[（(【\[〔](?P<inside>[^（）()【】\[\]〔〕]{2,80})[)）】\]〕]")
_SIGN = re.compile(r"记者|記者|作者|撰文|撰稿|执笔|聞き手|文[/／:：・=＝]")
_NO_SIGN = re.compile(r"作者(?:系|为|為|是|单位|單位)")
_WRITER_OPENS = re.compile(
    rf"\s*{_WRITER}\s?[:：/／]?\s?(?P<author>[{HAN}、 　]{{2,24}}?)(?:\s|[/／]|发自|發自|報導|报道|报导|報道)"
)
_SIGNED_ON = re.compile(
    rf"\W{{0,4}}(?:作者\s?[:：]?\s?)?(?P<author>[{HAN}]{{2,4}}?)\s?(?:写作|写|寫|作|记|記|草|完稿|撰)[于於]\s?(?:(?:19|20)\d\d|[一二][九〇零○]|\d{{1,2}}月|[{HAN}]{{2,6}}\W{{0,3}}$)"
)
_POSTED = re.compile(
    r"(?:本|该|此)?(?:[贴帖]|[贴帖]子|文章?)\s?由\s?(?P<author>[^\s,，。:：于於]{2,16})\s?[于於在]\s?(?=(?:19|20)?\d\d)"
)
_DATED_BY = re.compile(r"\d[\d:.\s年月日/-]{6,24}\s(?:by|By|BY)\s(?P<author>[^\s|｜,，。]{2,20})\W{0,3}$")
_KANJI = rf"[{HAN}]{{2,5}}[ 　]?[{HAN}]{{0,3}}"
_JAPANESE_PLACED = re.compile(
    rf"[【（(]?(?!写真|撮影|編集|構成|取材|提供|資料|図)(?P<place>[{KANA}{HAN}・]{{2,12}}?)\s?[＝=]\s?(?P<author>[{HAN}々ぁ-ゖァ-ヶー 　]{{3,9}}(?:[、・,，][{HAN}々ぁ-ゖァ-ヶー 　]{{3,9}}){{0,3}})[】）)]?"
)
_JAPANESE_GLUED = re.compile(
    rf"【(?:[ァ-ヶー・]{{2,12}}|北京|上海|台北|香港|瀋陽|広州|東京|大阪|京都|奈良|神戸|名古屋|福岡|仙台|札幌|那覇|広島|横浜|千葉)(?P<author>{_KANJI}(?:[、・]{_KANJI}){{0,3}})】"
)
_JAPANESE_ROLE = re.compile(
    rf"(?:[^\s。、]{{0,14}}?(?:部|支局|支局長|総局|総局長|編集委員|論説委員|解説委員|特派員|専門記者|デスク|記者))[・ 　：:]\s?(?P<author>{_KANJI})"
)
_JAPANESE_BEFORE = re.compile(
    rf"(?P<author>{_KANJI})\s?[:：／/（(]\s?[^\s。、]{{0,12}}?(?:ライター|ジャーナリスト|記者|論説委員|編集委員|特派員)[)）]?"
)
_KOREAN_ROLE = r"(?:기자|특파원|논설위원|논설주간|논설실장|통신원|칼럼니스트|전문위원|객원위원)(?![가-힣])"
_KOREAN_LIST = rf"(?:{HANGUL_NAME})(?![가-힣])(?:\s?[·,/ㆍ・、]\s?|\s)"
_KOREAN_BYLINE = re.compile(
    rf"(?<![가-힣])(?P<author>(?:{_KOREAN_LIST}){{0,5}}(?:{HANGUL_NAME}))"
    rf"(?:\s(?:[가-힣]{{2,4}}일보|[가-힣]{{2,4}}신문|[가-힣]{{2,3}}뉴스\d?|뉴스1|한겨레))?\s?(?:[가-힣]{{0,5}}(?:전문|선임)|수습|인턴|객원|대|시민|정치부|사회부|경제부)?\s?{_KOREAN_ROLE}"
)
_KOREAN_LABEL = re.compile(
    rf"(?:^|[\s(\[|])(?:글쓴이|작성자|기자명|기자|취재|글)(?:\s?[·/]\s?(?:사진|영상|구성|취재))?\s?[=:：|ㅣ]?\s?(?P<author>(?:{_KOREAN_LIST}){{0,3}}(?:{HANGUL_NAME}))(?=$|[\s,|)\]])"
)
_KOREAN_OTHER = re.compile(r"(?:사진|편집|촬영|그래픽|영상|일러스트|제공|데스크|번역|교열|삽화)\s?[=:：|ㅣ·]?\s?$")
_KOREAN_SIGNED = re.compile(r"\s?(?:=|[(\[]?\S{1,40}@|$)")


def byline_authors(line: str) -> list[str]:
    """Return the people that a line in Chinese, Japanese or Korean names as its authors.

    >>> byline_authors("作者： 小山 ，文章内容"), byline_authors("（记者 桑雨 通讯员 闻一川）"), byline_authors("责任编辑：某某")
    (['小山'], ['桑雨'], [])
    >>> byline_authors("【北京＝山田太郎】"), byline_authors("홍길동·김철수 기자 hong@naru.example")
    (['山田太郎'], ['홍길동', '김철수'])
    """
    line = line[:_LONGEST_LINE]
    if has_hangul(line):
        return _korean(line) if len(line) <= _EDGE else []
    return _han(line)


def _han(line: str) -> list[str]:
    names: list[str] = []
    for match in _CJK_LABEL.finditer(line):
        label = line[max(0, match.start() - 2) : match.start("author")]
        if NOT_AUTHORS.search(label) and not re.match(r"\W{0,3}文.{0,2}[图圖摄攝]", label):
            continue
        if _NO_REPORTER.match(line, match.start("author")):
            continue
        found = _listed(match["author"])
        # 作者 and 记者 without a colon may be the subject of a sentence: then a name has to look like one.
        if match["mark"].strip() or all(map(is_likely_han_name, found)) or all(map(is_japanese_name, found)):
            names += found
    return _distinct(names or _unlabelled(line))


def _unlabelled(line: str) -> list[str]:
    """The people of a line without a word such as 作者, whose shape says that it is a byline."""
    tests: tuple[tuple[re.Match[str] | None, Callable[[str], bool]], ...] = (
        (_HAN_BEFORE.fullmatch(line), lambda name: is_han_name(name) or is_japanese_name(name)),
        (_OUTLET_REPORT.fullmatch(line), is_han_name),
        (_JAPANESE_PLACED.fullmatch(line), _is_signature if line[:1] in "【（(" else is_japanese_name),
        (_JAPANESE_GLUED.fullmatch(line), _is_signature),
        (_JAPANESE_ROLE.fullmatch(line), is_japanese_name),
        (_JAPANESE_BEFORE.fullmatch(line), is_japanese_name),
        (_SIGNED_ON.match(line) if len(line) <= _LONGEST_SIGNATURE else None, is_han_name),
        (_POSTED.search(line[:_EDGE]), bool),
        (_DATED_BY.search(line[:_EDGE]), bool),
    )
    for match, holds in tests:
        if match is not None:
            marked = match.groupdict().get("mark")
            found = names_in(match["author"])
            # 資深記者 is a reporter of long standing; in Japanese no list has all surnames.
            if found and all(holds(name) or (marked and len(name) > 2) for name in found):
                return found
    desk = _DESK.fullmatch(line)
    if desk is not None and (desk["slash"] or "／" in line or "/" in line):
        found = names_in(desk["author"])
        return found if found and all(map(is_han_name, found)) else []
    return []


def _is_signature(name: str) -> bool:
    """Whether what stands after a place is a name: Japanese surnames are too many to list."""
    squeezed = re.sub(r"\s", "", name)
    return is_japanese_name(name) or (
        re.fullmatch(rf"[{HAN}々]{{3,5}}|[{HAN}々]{{1,3}}[ぁ-ゖァ-ヶー]{{1,4}}", squeezed) is not None
        and CJK_OUTLET.search(squeezed) is None
        and not squeezed.endswith(("時事", "支局", "総局", "特派", "年", "月", "日", "者", "人"))
    )


def _listed(listed: str) -> list[str]:
    """The people at the start of *listed*; what follows the last name is a place, a verb or the next label."""
    listed = _WRITER_FIRST.sub("", listed, count=1)
    listed = _PLACE_TAIL.sub("", _STOPS.sub("", listed)).strip()
    if not _HAN_LIST.match(listed):
        listed = re.split(r"[，,：:]", listed, maxsplit=1)[0]
    words = listed.replace("　", " ").split(" ")
    if len(words) > 1 and not is_likely_han_name(words[0]) and all(map(is_han_name, words[1:])) and len(words[0]) > 1:
        listed = " ".join(words[1:])
    first, *others = re.split(r"\s?[／/]\s?", listed)
    # 記者張三／台北－新北連線報導: behind the stroke is another name, or the place.
    listed = "、".join((first, *(other for other in others if is_likely_han_name(other) or is_japanese_name(other))))
    names = [_PLACE_TAIL.sub("", part) for part in names_in(listed)]
    return [name for name in names if len(name) > 1 and not NOT_AUTHORS.search(name)][:_MOST_AUTHORS]


def _korean(line: str, *, signed: bool = False) -> list[str]:
    names: list[str] = []
    for match in _KOREAN_BYLINE.finditer(line):
        before = line[max(0, match.start() - 8) : match.start()]
        other = _KOREAN_OTHER.search(before)
        behind = _KOREAN_SIGNED.match(line, match.end())
        found = [name for name in _korean_names(match["author"]) if len(name) > 2 or behind]
        if (behind or not signed) and (other is None or re.search(r"글\s?[·/]\s?사진", before)):
            names += found
    if not names and not signed:
        label = _KOREAN_LABEL.search(line)
        names = _korean_names(label["author"]) if label else []
    return _distinct(names)


def _korean_names(listed: str) -> list[str]:
    return [name for name in re.split(r"[^가-힣]+", listed) if is_hangul_name(name)]


def is_post_line(text: str) -> bool:
    """Return whether a line says who posted what stands above it, as forums do.

    >>> is_post_line("发布时间 2024/05/03 22:36 by riverboat"), is_post_line("2024/05/03 22:36")
    (True, False)
    """
    if "由" not in text and " by " not in text.lower():
        return False
    return _POSTED.search(text[:_EDGE]) is not None or _DATED_BY.search(text[:_EDGE]) is not None


def signature_line(text: str) -> list[str]:
    """Return the people of a short line inside a story that holds nothing but the byline; the names must be in full.

    >>> signature_line("整合 江岸日报记者 闻一川"), signature_line("记者闻一川昨天在渡口看到，渡船已经停航。")
    (['闻一川'], [])
    """
    if len(text) > 60 or "\n" in text or _SENTENCE.search(text) or not _IS_SIGNED.search(text):
        return []
    names = byline_authors(text)
    full = all(is_likely_han_name(name) or is_japanese_name(name) or is_hangul_name(name) for name in names)
    return names if full else []


_SENTENCE = re.compile(r"[。！？…“”「」]")
_IS_SIGNED = re.compile(rf"{_REPORTER}|作者|撰文|撰稿|执笔|采写|实习生|[于於]|文[／/:：｜|丨・=＝]|기자|특파원|[＝=]")


def signed_by(paragraph: str, *, last: bool) -> list[str]:
    """Return who signs the story inside its first paragraphs, or its *last*: in brackets, as East Asian papers do.

    >>> signed_by("新华社北京5月3日电（记者桑雨、闻一川）渡船停航。", last=False)
    ['桑雨', '闻一川']
    >>> signed_by("渡船停航两周。（闻一川）", last=True), signed_by("渡船停航两周。（完）", last=True)
    (['闻一川'], [])
    """
    edge = paragraph[-_EDGE:] if last else paragraph[:_EDGE]
    for match in _BRACKETED.finditer(edge):
        behind = len(edge) - match.end()
        if last and behind > 30:
            continue
        names = _in_brackets(match, edge, last=last, behind=behind)
        if names:
            return names
    start = _WRITER_OPENS.match(edge) if not last and len(paragraph) <= 2 * _EDGE else None
    if start:
        return _listed(start["author"])
    return _korean(edge, signed=True) if has_hangul(edge) else []


def _in_brackets(match: re.Match[str], edge: str, *, last: bool, behind: int) -> list[str]:
    inside = match["inside"]
    names = _han(inside) if _SIGN.search(inside) and not _NO_SIGN.search(inside) else []
    if not names and not last and not match.start():
        placed = _JAPANESE_PLACED.fullmatch(match.group()) or _JAPANESE_GLUED.fullmatch(match.group())
        found = names_in(placed["author"]) if placed else []
        names = found if all(map(_is_signature, found)) else []
    # A name alone in brackets is a signature only after the last sentence.
    if not names and last and behind <= 2 and (not match.start() or edge[match.start() - 1] in "。！？”」』…\n 　"):
        names = _signature(inside, round_brackets=match.group()[0] in "（(")
    return names


def _signature(inside: str, *, round_brackets: bool) -> list[str]:
    japanese = [re.sub(r"\s", "", part) for part in re.split(r"[、・,，]", inside.rpartition("＝")[2])]
    if len(japanese) <= 4 and all(map(is_japanese_name, japanese)):
        return japanese
    names = [part for part in re.split(r"[\s、，,]+", inside) if part]
    return names if round_brackets and 0 < len(names) <= 4 and all(map(is_han_name, names)) else []


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))

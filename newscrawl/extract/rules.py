"""What the parts of a news page are called, on any site: rules as data.

Element rules look at a tag's own attributes and decide the place of everything inside it. Line rules look at
the text of one short block. A site profile adds its own rules and wins over these.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from newscrawl.extract.tree import Mark


@dataclass(frozen=True, kw_only=True)
class ElementRule:
    """A rule on class, id, role, itemprop and the like of an element."""

    name: str
    place: str
    kind: str | None = None
    pattern: re.Pattern[str]
    """Searched in the attributes' words, lower case: a pattern that ignores case takes twice as long."""
    max_share: float = 0.35
    """The rule is taken for a false alarm where the element holds more than this share of the page's text."""

    def mark(self) -> Mark:
        """The mark this rule gives."""
        return Mark(place=self.place, kind=self.kind, rule=self.name)  # type: ignore[arg-type]


_SEAM = r"(?:^|[\s_-])"


def _words(*words: str) -> re.Pattern[str]:
    """Match any of *words* as a whole attribute word, or as a hyphenated part at its start or end."""
    return re.compile(f"{_SEAM}(?:" + "|".join(words) + r")(?=$|[\s_-])")


ELEMENT_RULES: tuple[ElementRule, ...] = (
    ElementRule(
        name="related_list",
        place="related",
        # op-related-articles is the class that Facebook Instant Articles asks for.
        pattern=re.compile(
            r"op-related-articles|related|relevant|also-?(?:read|like)|read-?(?:more|next|also)|more-?(?:on|stories|news)"
            r"|see-?also|recommend|recirc|xiangguan|xgxw|xgyd|tuijian|you-?may|you-?might|yarpp|jp-related|moreon"
        ),
        max_share=0.5,
    ),
    ElementRule(
        name="promoted_block",
        place="promoted",
        pattern=re.compile(
            _SEAM + r"(?:promo(?:ted|tions?)?|sponsor(?:ed|s)?|advertorial|partner-?content|paid-?content"
            r"|native-?ads?|outbrain|taboola|tuiguang|guangbian)(?=$|[\s_-])"
        ),
    ),
    ElementRule(
        name="comment_block",
        place="removed",
        kind="comment",
        pattern=re.compile(
            _SEAM + r"(?:comments?(?:-(?:list|area|section|form|wrap\w*|container))?|commentlist|respond|disqus\w*"
            r"|pinglun|livefyre|replies|guestbook)(?=$|\s)"
        ),
        max_share=0.8,
    ),
    ElementRule(
        name="share_bar",
        place="removed",
        kind="share",
        pattern=_words(
            r"share(?:s|d|bar|daddy|aholic)?",
            r"sharing",
            r"social(?:s|-?\w*)?",
            "addthis\\w*",
            "addtoany",
            "bdshare\\w*",
            "fenxiang",
            "print-?(?:link|button)",
            "jiathis\\w*",
        ),
        max_share=0.2,
    ),
    ElementRule(
        name="subscribe_box",
        place="removed",
        kind="subscribe",
        pattern=_words(r"newsletters?(?:-\w+)*", r"subscri(?:be|ption)s?(?:-\w+)*", "paywall", "donat(?:e|ion)", "signup"),
        max_share=0.2,
    ),
    ElementRule(
        name="ad_block",
        place="removed",
        kind="ad",
        pattern=_words(
            r"ads?", r"adv(?:ert)?(?:isement|s)?", r"banner-?ads?", "adsbygoogle", r"ad-?(?:slot|unit|box|wrap\w*)", "gpt",
            "dfp", "guanggao", r"google-?auto-?placed",
        ),
        max_share=0.2,
    ),
    ElementRule(
        name="notice_block",
        place="removed",
        kind="notice",
        pattern=_words("notice", "disclaimer", "shengming", r"copyright(?:-\w+)?", "mianze", "declare"),
        max_share=0.25,
    ),
    ElementRule(
        name="correction_block",
        place="removed",
        kind="correction",
        pattern=_words(r"corrections?(?:-\w+)?", "editors?-note", "clarification"),
        max_share=0.25,
    ),
    ElementRule(
        name="furniture",
        place="chrome",
        pattern=_words(
            "nav", "navbar", "navi(?:gation)?", r"menu(?:-\w+)*", "breadcrumbs?", "crumbs?", r"side-?bar(?:-\w+)*", "footer",
            "foot", "masthead", "topbar", "cookies?", "consent", "gdpr", "popup", "modal", "overlay", r"skip-?links?",
            "pagination", "pager", "site-?(?:header|footer|info|branding)", "colophon", "offcanvas", "sr-only",
            "screen-reader-text", "visually-?hidden", "navigation", "contentinfo", "banner", "search", "complementary",
            r"widget-?area", "secondary", "toolbar", "copyrights?-bar", "friendlink", r"login-?\w*", r"hot-?(?:news|list|rank)",
            r"most-?(?:read|popular|viewed)", "trending", "rankings?", "paihang", "toplist", r"sub-?nav",
            r"prev-?next", "post-navigation", "nav-links", "author-bio", "about-author", r"tooltip",
        ),
    ),
)  # fmt: skip
"""In order of precedence: the first that matches decides."""


def _any_of(rules: tuple[ElementRule, ...]) -> re.Pattern[str]:
    """Match where one of *rules* does. What they have in common, the seam before a word, is looked for once."""
    patterns = [rule.pattern.pattern for rule in rules]
    behind = [pattern.removeprefix(_SEAM) for pattern in patterns if pattern.startswith(_SEAM)]
    return re.compile("|".join([*(p for p in patterns if not p.startswith(_SEAM)), f"{_SEAM}(?:{'|'.join(behind)})"]))


ANY_ELEMENT_RULE = _any_of(ELEMENT_RULES)
"""Searched first: three of four names fit none, and to ask every rule takes twice as long."""

RELATED_LABEL = re.compile(
    r"^[\s【\[(（>»▌■◆●*#☞]*+(?:相关(?:阅读|新闻|文章|报道|链接|内容|专题|推荐)|相關(?:閱讀|新聞|文章|報導|報道|連結)|延伸(?:阅读|閱讀)"
    r"|推荐(?:阅读|新闻|文章)|推薦(?:閱讀|新聞|文章)|更多(?:新闻|新聞|报道|報導|内容|內容|相关|阅读)?|猜你喜欢|猜你喜歡|你可能(?:也|还|還)?(?:喜欢|喜歡|感兴趣|感興趣)"
    r"|热门(?:推荐|文章|新闻)|(?:其他|其它)(?:新闻|新聞)|関連(?:記事|ニュース|リンク)|あわせて読みたい|관련\s?(?:기사|뉴스)"
    r"|related(?:\s+(?:articles?|stories|story|posts?|news|content|topics?|coverage|links?))?|read\s+(?:more|next|also)|also\s+read"
    r"|see\s+also|more\s+(?:on|from|stories|news|coverage|about|like)\b[^.!?]{0,40}|you\s+(?:may|might)\s+(?:also\s+)?(?:like|be\s+interested\s+in)"
    r"|recommended(?:\s+(?:for\s+you|stories|reading|articles))?|don'?t\s+miss|mehr\s+zum\s+thema|lesen\s+sie\s+auch|lire\s+aussi"
    r"|à\s+lire\s+aussi|lea\s+también|leia\s+também|leggi\s+anche|lees\s+ook|läs\s+också|читайте\s+также|les\s+(?:også|mer)|læs\s+også|lue\s+myös|czytaj\s+(?:też|także|również)|přečtěte\s+si|čtěte\s+také|olvassa\s+el"
    r"|citește\s+și|bunu\s+da\s+oku\w*|ilgili\s+haberler|baca\s+juga|xem\s+thêm|tin\s+liên\s+quan|читайте\s+(?:також|ещё)|по\s+теме|материалы\s+по\s+теме"
    r"|notícias\s+relacionadas|noticias\s+relacionadas|articoli\s+correlati|articles?\s+(?:liés|similaires)|sur\s+le\s+même\s+sujet|verwandte\s+(?:artikel|themen)"
    r"|weitere\s+(?:artikel|themen|nachrichten)|mehr\s+dazu|اقرأ\s+أيضا|إقرأ\s+أيضا|مواضيع\s+ذات\s+صلة)\s*[:：】\])）…]*",
    re.I,
)
"""What stands before links to other stories."""

STRICT_RELATED_LABEL = re.compile(
    r"[\s【\[(（>»▌■◆●*#☞]*+(?:相关|相關|延伸(?:阅读|閱讀)|関連|관련|related(?:\s+(?:articles?|stories|story|posts?|news|content|coverage)))[^。.!?！？]{0,16}$",
    re.I,
)
"""What stands before links to related stories, and is not said of other lists."""

PROMOTED_LABEL = re.compile(
    r"^[\s【\[(（]*+(?:推广|推廣|廣編|广编|赞助|贊助|热门推荐|sponsored|promoted|advertorial|paid\s+content|from\s+our\s+partners?|partner\s+content"
    r"|anzeige|publicité|publicidad|广告|廣告|(?:from\s+)?around\s+the\s+web|recommended\s+by\s+(?:outbrain|taboola)|(?:by|von|por|par)\s+(?:outbrain|taboola)"
    r"|(?:content|links?)\s+sponsor\w*|contenu\s+sponsorisé|contenido\s+patrocinado|conteúdo\s+patrocinado|contenuti\s+sponsorizzati|gesponsert|werbung"
    r"|gesponsord|annonse|annons|annonce|реклама|партн[её]рск\w+|スポンサー\w*|広告|광고|추천\s?광고|iklan|reklam)(?!\w)[^.。!?]{0,20}$",
    re.I,
)
"""What stands before links that are paid for."""

TAG_LABEL = re.compile(
    r"^[\s【\[(（]*+(?:标签|標籤|标签云|关键词|關鍵字|關鍵詞|关键字|主题|タグ|キーワード|태그|tags?|tagged(?:\s+(?:with|in|as))?|topics?|keywords?|filed\s+under"
    r"|schlagw[oö]rter|mots-clés|etiquetas)\s*[:：】\])）]?\s*",
    re.I,
)
"""What stands before a list of tags."""


@dataclass(frozen=True, kw_only=True)
class LineRule:
    """A rule on the text of one block."""

    name: str
    kind: str
    pattern: re.Pattern[str]
    """Of the block's text."""
    max_weight: int
    """A longer block is not touched, for prose can begin with the same words."""
    anywhere: bool = False
    """Whether the pattern may begin later than the text does."""
    edge_only: bool = True
    """Only before the first or after the last paragraph of the story."""

    @property
    def find(self) -> Callable[[str], re.Match[str] | None]:
        """Finds the pattern in the text of a block of at most :attr:`max_weight`."""
        return self.pattern.search if self.anywhere else self.pattern.match


_DATE = r"(?:19|20)\d{2}\s?[年/.-]\s?\d{1,2}\s?[月/.-]\s?\d{1,2}"

# Ranges of ideographs stand in (?-i:…): they have no case, and to look for it takes longer than all else here.
LINE_RULES: tuple[LineRule, ...] = (
    LineRule(
        name="source_line",
        kind="source_line",
        pattern=re.compile(
            r"[\s（(【\[]*(?:(?:文章|信息|新闻|新聞|稿件|本文|资料|資料)?(?:来源|來源|来自|转自|轉自|出处|出處)|source|quelle|출처)\s*[:：]"
            rf"|.{{0,60}}{_DATE}.{{0,40}}(?:来源|來源|出处|出處|source)\s*[:：]?"
            r"|(?:本文|文章)?(?:发布|發布|发表|發表|更新|刊登|时间|時間|日期|投稿日|公開日|입력|published|updated|last\s+updated|posted)"
            r"\s*(?:时间|時間|日期|于|於|on|at)?\s*[:：]?\s*.{0,12}\d{4}",
            re.I,
        ),
        max_weight=260,
    ),
    LineRule(
        name="byline",
        kind="byline",
        pattern=re.compile(
            r"[\s（(【\[]*(?:(?:本报|本報|本网|本社|新华社|中新社|特约|特約|见习|實習|实习)?(?:记者|記者|实习生|實習生)|作者|撰文|撰稿|文字|采访|编译|編譯|編輯|编辑"
            r"|责任编辑|責任編輯|责编|責編|编审|校对|校對|监制|審核|审核|通讯员|通訊員|摄影|攝影|来稿|执笔人?|執筆|ライター|文責|取材・文|글|기자)\s*[:：/／|丨＝\s]"
            r"|文\s*[/／|丨:：]|(?-i:[\u4e00-\u9fff]{0,6})(?:记者|記者)\s?(?-i:[\u4e00-\u9fff·]{2,12})\s*[/／]\s*(?-i:[\u4e00-\u9fff]{2,8})(?:报道|報導|報道|電|讯|訊)"
            # A name has a capital; the rest of a sentence that begins with "by" has none.
            r"|(?:(?:written|reported|posted|published|geschrieben|verfasst|eingestellt|écrit|escrito|scritto)\s+)?(?:by|von|par|por|di|av|af|door|oleh)[:\s]\s*(?-i:[A-ZÀ-ÞА-Я])"
            r"|(?:authors?|autor(?:in|en|a|es)?|auteure?|autore|forfatter|автор|text|texte?|texto|testo|tekst|words)\s*:\s*(?-i:[A-ZÀ-ÞА-Я])"
            r"|[가-힣]{2,4}\s(?:선임|수습|인턴)?기자(?:\s\S{3,40}@\S{3,40})?\s*$",
            re.I,
        ),
        max_weight=120,
    ),
    LineRule(
        name="dateline",
        kind="dateline",
        pattern=re.compile(r"[^\W\d_][\w·・ ,./()（）-]{0,38}?\s*[—–―-]{1,2}\s*$"),
        max_weight=50,
    ),
    LineRule(
        name="correction",
        kind="correction",
        pattern=re.compile(
            r"[\s（(【\[]*(?:更正|勘误|勘誤|订正|訂正|编者按|編者按|编者注|編者註|correction|clarification|editor['’]?s?\s+note"
            r"|this\s+(?:article|story)\s+(?:has\s+been|was)\s+(?:corrected|amended|updated))(?!\w)\s*[:：]?",
            re.I,
        ),
        max_weight=400,
        edge_only=False,
    ),
    LineRule(
        name="notice",
        kind="notice",
        pattern=re.compile(
            r"[\s（(【\[*]*(?:(?-i:[\u4e00-\u9fff]{0,8})(?:注意|声明|聲明|提示|提醒|须知|免责条款)|备注|備註|附注|disclaimer|note\s+to\s+readers?|copyright)\s*[:：]|©",
            re.I,
        ),
        max_weight=360,
    ),
    LineRule(
        name="notice_phrase",
        kind="notice",
        pattern=re.compile(
            # Each begins with a character of its own: re looks for these first, and most text has none.
            r"不代表本?(?:网|網|站|报|報|台|刊|社|平台)|转载(?:请|請|时|須|须)|轉載(?:请|請|时|須|须)"
            r"|未[经經].{0,12}(?:授权|授權|许可|許可|允许|同意)|版[权權](?:所有|归|歸)|侵权|著作権"
            r"|All\s+[Rr]ights\s+[Rr]eserved|all\s+[Rr]ights\s+[Rr]eserved|may\s+not\s+be\s+(?:reproduced|published)"
        ),
        max_weight=360,
        anywhere=True,
    ),
    LineRule(
        name="ad_label",
        kind="ad",
        pattern=re.compile(
            r"[\s\[(（【-]*(?:广告|廣告|advertisement|advert|ads?\s+by\s+\w+|sponsored|anzeige|publicité|publicidad|werbung|广告位|story\s+continues"
            r"\s+(?:below|after)\s+ad\w*|continue\s+reading\s+below)[\s\])）】.-]*$",
            re.I,
        ),
        max_weight=60,
        edge_only=False,
    ),
    LineRule(
        name="share_line",
        kind="share",
        pattern=re.compile(
            r"[\s【\[]*(?:分享(?:到|至|給|给|本文)?|转发|轉發|打印|列印|收藏|点赞|點讚|扫(?:一扫|码)|掃描|关注(?:我们|我們|公众号)|share(?:\s+(?:this|on|via|with)\b.*)?|tweet"
            r"|print(?:\s+this)?|email(?:\s+this)?|facebook|twitter|whatsapp|line|copy\s+link|微信|微博|字号|字體|字体|大中小|follow\s+us\b.*)[\s:：】\]|]*"
            r"(?:微信|微博|facebook|twitter|x|line|qq|email|whatsapp|linkedin|reddit|pinterest|telegram|print|\s|[|,、·/+&])*$",
            re.I,
        ),
        max_weight=120,
    ),
    LineRule(
        name="subscribe_line",
        kind="subscribe",
        pattern=re.compile(
            r".{0,12}(?:下载|下載).{0,4}(?:app|客户端|客戶端)|(?:sign\s+up\s+(?:for|to)|subscribe\b|get\s+(?:our|the|all)\b.{0,60}newsletter|join\s+our|订阅|訂閱|下载.{0,10}(?:app|客户端)|下載.{0,10}app"
            r"|加入.{0,12}(?:会员|會員|好友|频道|頻道)|点击(?:这里|此处)?(?:订阅|下载|关注))",
            re.I,
        ),
        max_weight=160,
        edge_only=False,
    ),
    LineRule(
        name="comment_line",
        kind="comment",
        pattern=re.compile(r"(?:\d+\s*)?(?:comments?|评论|評論|留言|コメント|댓글|leave\s+a\s+(?:comment|reply)|no\s+comments?|我要评论|发表评论)(?!\w)[\s()\d（）条則]*$", re.I),
        max_weight=40,
    ),
)  # fmt: skip
"""In order of precedence: the first that matches decides."""

KEYWORD_LINK = re.compile(
    r"(?:^|[\s_-])(?:wp_)?(?:keyword-?link|auto-?link|internal-?link-?auto|innerlink|neilian|hotlink)", re.I
)
"""Class of a machine-made link on a word (``wp_keywordlink`` is the WordPress plugin WP Keyword Link)."""

ERROR_TEXT = re.compile(
    r"(?:页面|頁面|网页|網頁|文章|内容|內容|链接|連結).{0,12}(?:不存在|找不到|未找到|已删除|已被删除|已刪除|已失效|过期)|找不到(?:页面|頁面|网页|網頁|您)|抱歉.{0,20}(?:不存在|找不到|无法|無法)"
    r"|ページが見つかりません|페이지를 찾을 수 없습니다|(?:page|article|story|content|url)\s+(?:(?:is|was|could)\s+)?(?:not?\s+(?:be\s+)?found|no\s+longer\s+(?:exists?|available))"
    r"|(?:doesn['’]t|does\s+not)\s+exist|\b404\b|error\s+(?:403|404|410|500|503)|access\s+denied|just\s+a\s+moment|are\s+you\s+(?:a\s+)?human"
    r"|verify\s+you\s+are|seite\s+(?:wurde\s+)?nicht\s+gefunden|page\s+introuvable|página\s+no\s+encontrada",
    re.I,
)
"""What an error page says of itself, also one that is served with status 200."""

BULLETS = " \t\n\u3000\xa0·•●○◦▪▫■□◆◇▶►▷→»›>|｜*-–—_~★☆✦✧❖※☞👉👇🔥🔴🔵⭐✅❗📌📢💥⚡🆕#:：,，、;；"
"""Characters that stand beside a link for ornament."""

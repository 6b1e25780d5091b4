"""Words that say what a part of a page is for: in class and id, and in what is written there."""

from __future__ import annotations

import re
from functools import lru_cache

HINTS = {
    "body": "body content text paragraph prose story entry article copy zhengwen neirong",
    "lead": "lead intro summary standfirst dek subtitle sub-title subhead sub-head excerpt abstract teaser description vorspann chapeau daodu zhaiyao perex ingress",
    "byline": "author byline writer meta credit source contributor bio profile autor redact bianji laiyuan zuozhe",
    "date": "date time publis public updated posted stamp shijian",
    "caption": "caption figure image photo picture gallery slide media video player bild foto img embed",
    "links": "related recommend more latest popular trending read-next readnext also recirc river feed list links promo teaser card hot rank next prev tuijian xiangguan",
    "social": "share social follow facebook twitter whatsapp copy-link fenxiang toolbar action",
    "sell": "newsletter subscri signup sign-up donat register premium offer -ad- -ads- advert sponsor affiliate product price shop deal -cta- promo banner download",
    "talk": "comment reply discus disqus respond forum pinglun review",
    "aside": "aside sidebar widget rail box factbox info toc table-of note disclaimer copyright legal cookie consent gdpr privacy modal popup footer header menu -nav breadcrumb -tag topic keyword label badge kicker category section-title",
    "quote": "quote cite pull",
}
"""Parts of class and id, by what they are used for; ``-`` stands for any seam between words."""

PHRASES = {
    "more": "read_more see_more learn_more find_out watch_more click_more read_also see_also read_next click_here more: related: also: recommended: watch: see: related lesen_sie mehr_zum mehr_dazu mehr_lesen auch_interessant lire_aussi à_lire lea_también leer_más te_puede leia_também leia_mais leggi_anche lees_ook les_også läs_också läs_mer czytaj čtěte читайте 相关 相關 延伸 推荐 推薦 更多 点击 點擊 関連 あわせて もっと 관련 더보기",
    "join": "newsletter* subscri* sign_up signing_up register registered log_in abonn* anmelden suscri* iscriv* inscrev* download_the download_our our_app whatsapp telegram follow_us follow_me folgen_sie support_us support_our donat* 订阅 訂閱 关注 關注 下载 下載 扫码 微信 公众号 登録 フォロー 구독",
    "reach": "contact email e-mail tel phone tips 联系 聯絡 电话 電話 热线 邮箱",
    "rights": "© copyright all_rights reserved licens* licenc* republish* trademark* disclaimer* terms_of terms_and privacy cookie* javascript browser adblock* datenschutz 版权 版權 转载 轉載 授权 声明 著作権 無断 무단 저작권",
    "credit": "photo photos photograph image images picture pictures foto fotos bild bilder credit getty reuters afp shutterstock alamy dpa epa 图片 圖片 摄 攝 图源 写真 사진",
    "who": "^by ^von ^par ^por ^di ^door ^text ^words by: von: text: correspondent contributor writer reporter editor journalist author reporting_by editing_by edited_by written_by 记者 記者 编辑 編輯 责编 責編 作者 来源 來源 기자",
    "talk": "comment comments reply replies kommentar kommentare commentaires comentarios what_do let_us 评论 評論 留言 コメント 댓글",
    "sell": "ad ads advert advertisement advertise anzeige werbung sponsor* affiliate* commission* buy price prices publicidad publicité $ € £ 广告 廣告 広告 광고",
    "when": "ago updated min_read minute_read minutes_read published posted 小时前 分钟前 分前 時間前",
}
"""What is said around a story rather than in it, by purpose. ``_`` joins two words that follow each other, ``*`` ends
the beginning of a word, ``^`` is before a text's first word; a colon belongs to its word."""

_SEAM = "_-"
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)?:?|[©$€£]")
# The same of lower-case ASCII, in half the time.
_ASCII_WORD = re.compile(r"[0-9a-z]+(?:-[0-9a-z]+)?:?|\$")
_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_STEM = 5


@lru_cache(maxsize=8192)
def hints(classes: str | None, identity: str | None) -> int:
    """Return what class and id hint at: one bit a name of :data:`HINTS`, in order."""
    if not classes and not identity:
        return 0
    named = f"-{classes or ''}-{identity or ''}-"[:300]
    if not named.islower():
        named = _CAPITAL.sub("-", named).lower()
    words = named.replace("_", " ").replace("-", " ").split()
    found = 0
    # Most parts lie within a word, and names are made of few words.
    for bits in map(_hints_of_word, words):
        found |= bits
    text = f"-{'-'.join(words)}{'-' if named[-1] in _SEAM or named[-1].isspace() else ''}"
    for part, bit in _SEAMED:
        if part in text:
            found |= bit
    return found


@lru_cache(maxsize=8192)
def _hints_of_word(word: str) -> int:
    found = 0
    for bit, parts in _PARTS:
        for part in parts:
            if part in word:
                found |= bit
                break
    return found


@lru_cache(maxsize=4096)
def phrases(text: str) -> int:
    """Return what *text* says of itself: one bit a name of :data:`PHRASES`, in order."""
    found = 0
    before = "^"
    lowered = text.lower()
    plain = lowered.isascii()
    for word in (_ASCII_WORD if plain else _WORD).findall(lowered):
        if word in _WORDS:
            found |= _WORDS[word]
        if before in _FIRST:
            found |= _WORDS.get(f"{before}_{word}", 0)
            if before == "^":
                found |= _WORDS.get(f"^{word}", 0)
        if word[:_STEM] in _STEMS:
            for stem, bit in _STEMS[word[:_STEM]]:
                if word.startswith(stem):
                    found |= bit
        before = word
    if not plain and _CJK.search(text) is not None:
        for part, bit in _CJK_PARTS:
            if part in text:
                found |= bit
    return found


_PARTS = [
    (1 << at, tuple(part for part in parts.split() if "-" not in part)) for at, parts in enumerate(HINTS.values())
]
_SEAMED = [(part, 1 << at) for at, parts in enumerate(HINTS.values()) for part in parts.split() if "-" in part]
_TERMS = [(term, 1 << at) for at, terms in enumerate(PHRASES.values()) for term in terms.split()]
_WORDS: dict[str, int] = {}
_STEMS: dict[str, tuple[tuple[str, int], ...]] = {}
_CJK_PARTS = [(term, bit) for term, bit in _TERMS if _CJK.search(term)]
for _term, _bit in _TERMS:
    if _term.endswith("*"):
        _STEMS[_term[:_STEM]] = (*_STEMS.get(_term[:_STEM], ()), (_term[:-1], _bit))
    elif not _CJK.search(_term):
        _WORDS[_term] = _WORDS.get(_term, 0) | _bit
_FIRST = {"^", *(term.split("_")[0] for term in _WORDS if "_" in term)}

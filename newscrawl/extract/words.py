"""Words that say what a part of a page is for: in class and id, and in what is written there."""

from __future__ import annotations

HINTS = {
    "body": r"body|content|text|paragraph|prose|story|entry|article|copy|richtext|zhengwen|neirong",
    "lead": r"lead|intro|summary|standfirst|dek|sub-?(?:title|head|line)|excerpt|abstract|teaser|description|vorspann|chapeau|lid|daodu|zhaiyao|perex|ingress",
    "byline": r"author|byline|writer|meta|credit|source|contributor|bio|profile|autor|redact|bianji|laiyuan|zuozhe",
    "date": r"date|time|publi[sc]|updated|posted|stamp|shijian",
    "caption": r"caption|figure|image|photo|picture|gallery|slide|media|video|player|bild|foto|img|embed",
    "links": r"related|recommend|more|latest|popular|trending|read-?next|also|recirc|river|feed|list|links|promo|teaser|card|hot|rank|next|prev|tuijian|xiangguan",
    "social": r"share|social|follow|facebook|twitter|whatsapp|copy-?link|fenxiang|toolbar|actions?",
    "sell": r"newsletter|subscri|sign-?up|donat|register|premium|offer|ad\b|ads\b|advert|sponsor|affiliate|product|price|shop|deal|cta|promo|banner|app-?download",
    "talk": r"comment|reply|discus|disqus|respond|forum|pinglun|review",
    "aside": r"aside|sidebar|widget|rail|box|factbox|info|toc|table-of|note|footnote|disclaimer|copyright|legal|cookie|consent|gdpr|privacy|modal|popup|footer|header|menu|nav|breadcrumb|tag|topic|keyword|label|badge|kicker|category|section-?title",
    "quote": r"quote|cite|pull",
}
"""Words of class and id, by what they are used for."""

PHRASES = {
    "more": r"\b(?:read|see|learn|find out|watch|click)\s+(?:more|also|next|here)\b|^\W*(?:more|related|also|recommended|watch|see)\b.{0,30}:|lesen sie|mehr (?:zum|dazu|lesen)|auch interessant|lire aussi|à lire|lea también|leer más|te puede|leia (?:também|mais)|leggi anche|lees ook|les også|läs (?:också|mer)|czytaj|čtěte|читайте|相关|相關|延伸|推荐|推薦|更多|点击|點擊|関連|あわせて|もっと|관련|더보기",
    "join": r"newsletter|subscri|sign(?:ing)? up|register(?:ed)? (?:now|here|to)|log in|abonn|anmelden|suscri|iscriviti|inscrev|download (?:the|our)|our app|whatsapp|telegram|follow (?:us|me)|folgen sie|订阅|訂閱|关注|關注|下载|下載|扫码|微信|公众号|登録|フォロー|구독|support (?:us|our)|donat",
    "reach": r"[\w.]@[\w-]+\.|\bcontact\b|e-?mail|@\w{3,}|tips?@|\btel\b|phone:|联系|聯絡|电话|電話|热线|邮箱",
    "rights": r"©|\(c\)|copyright|all rights|reserved|licen[sc]|republish|trademark|版权|版權|转载|轉載|授权|声明|著作権|無断|무단|저작권|disclaimer|terms (?:of|and)|privacy|cookie|javascript|browser|adblock|datenschutz",
    "credit": r"\b(?:photo|image|picture|foto|bild|credit|getty|reuters|afp|shutterstock|alamy|dpa|epa)\b|图片|圖片|摄|攝|图源|写真|사진",
    "who": r"^\W*(?:by|von|par|por|di|door|text|words)\b[:\s]|记者|記者|编辑|編輯|责编|責編|作者|来源|來源|기자|correspondent|contributor|reporting by|editing by|edited by|written by|is an? (?:\w+ ){0,4}(?:writer|reporter|editor|journalist|author|correspondent)",
    "talk": r"\bcomments?\b|\breplies\b|评论|評論|留言|コメント|댓글|kommentar|commentaires|what do you think|let us know",
    "sell": r"\bad(?:vert(?:isement|ise)?)?s?\b|anzeige|werbung|sponsor|affiliate|commission|\bbuy\b|\bprice\b|publicidad|publicité|广告|廣告|広告|광고|[$€£¥]\s?\d",
    "when": r"\b(?:19|20)\d\d\b|\d{1,2}:\d\d|\bago\b|\bupdated\b|\bmin(?:ute)?s? read\b|小时前|分钟前|分前|時間前",
}
"""What is said around a story rather than in it, by purpose."""

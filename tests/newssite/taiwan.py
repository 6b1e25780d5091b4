"""A daily in Traditional Chinese with microdata and no JSON-LD."""

# Markup is broken where elements end, not where lines do.

from html import escape
from typing import ClassVar

from newssite.plan import STATIC, Listing, Story, section_path, sections, tag_path
from newssite.template import Template, items, script, style

CLASSES = (
    "wrapper site-header channel-nav channel-nav__link article-content article-content__title "
    "article-content__info article-content__editor article-content__paragraph more-news keyword-box hot-rank "
    "hot-rank__item story-list story-list__text subscribe-box app-box sponsor footer-links gdpr-bar fb-plugin"
)
PROMOTED = ["鄉間小屋開箱 三坪也能住", "牙醫沒說的刷牙順序", "港邊咖啡買一送一"]
DATELINES = ["霧浦", "澄灣", "鹿寮", "綜合"]


class Taiwan(Template):
    platform: ClassVar[str] = "taiwan"

    def document(self, head: str, main: str) -> str:
        return (
            '<!DOCTYPE html>\n<html lang="zh-Hant-TW" prefix="og: http://ogp.me/ns#">\n<head>\n<meta charset="utf-8">\n'
            f"{head}\n<style>{self.sheet}</style>\n</head>\n<body>\n{self.top}\n{main}\n{self.bottom}\n</body>\n</html>\n"
        )

    def furniture(self) -> tuple[str, str]:
        self.sheet = style(self.rng, CLASSES, 9000)
        links = self.navigation('class="channel-nav__link"')
        top = (
            '<div class="wrapper"><div class="gdpr-bar">我們使用 Cookie 改善閱讀體驗，繼續瀏覽即表示同意。<button>知道了'
            f'</button></div><header class="site-header">{self.here("/", self.name, "class=logo")}'
            '<form><input name="q" placeholder="輸入關鍵字"></form></header>'
            f'<nav class="channel-nav">{"".join(links)}</nav>'
        )
        # Protocol-relative, as old advice had it.
        rank = [
            f'<em>{number}</em><a href="{self.href(link.address).removeprefix("http:")}">{escape(link.title)}</a>'
            for number, link in enumerate(self.desk.popular, start=1)
        ]
        foot = [
            self.here(path, label)
            for path, label in zip(STATIC, ["關於我們", "聯絡客服", "隱私權", "電子報"], strict=True)
        ]
        bottom = (
            '<aside class="hot-rank"><h2>熱門新聞</h2>'
            f"<ol>{items(rank, 'class=hot-rank__item')}</ol><h2>最新</h2>"
            f"<ul>{items([self.anchor(link.address, link.title) for link in self.desk.latest])}</ul>"
            f'<div class="sponsor"><span>廣編</span><ul>{items(self.promotions(PROMOTED))}</ul></div>'
            '<div class="subscribe-box"><h3>訂閱電子報</h3><p>每天一封，三分鐘看完地方大小事。</p></div></aside>'
            f'<footer><ul class="footer-links">{items(foot)}</ul>{self.hidden_rooms(("同仁專區", "月曆"))}'
            f"<p>{self.name} 版權所有 © 2024，未經授權不得轉載</p></footer></div>"
            f"<script>{script(self.rng, 'baySlots', 11000)}</script>"
        )
        return top, bottom

    def article(self, story: Story) -> str:
        section = dict(sections(self.platform))[story.section]
        url = self.desk.url((story.host, story.path))
        title = escape(story.text.headline)
        form = {"day": "%Y/%m/%d", "minute": "%Y/%m/%d %H:%M", "offset": "%Y/%m/%d %H:%M"}[story.precision]
        reporter = (
            '記者<span itemprop="author" itemscope itemtype="https://schema.org/Person">'
            f'<span itemprop="name">{story.authors[0]}</span></span>／{DATELINES[story.look % 4]}報導'
        )
        keywords = "".join(
            f'<li itemprop="keywords">{self.here(tag_path(self.platform, tag), tag)}</li>' for tag in story.tags
        )
        head = (
            f'<title>{title} | {section} | {self.name}</title>\n<link rel="canonical" href="{url}">\n'
            f'<meta property="og:title" content="{title} | {self.name}">\n<meta property="og:type" content="article">\n'
            f'<meta property="og:url" content="{url}">'
        )
        main = (
            '<main><article class="article-content" itemscope itemtype="https://schema.org/NewsArticle">'
            f'<div class="breadcrumb">{self.here("/", "首頁")} / '
            f"{self.here(section_path(self.platform, story.section), section)}</div>"
            f'<h1 class="article-content__title" itemprop="headline">{title}</h1>'
            f'<section class="article-content__info"><time itemprop="datePublished" datetime="{story.date_published}">'
            f"{story.published.strftime(form)}</time> "
            f"{'' if story.look & 64 else f'<span class=article-content__author>{reporter}</span>'}</section>"
            f'<section class="article-content__editor" itemprop="articleBody">{self.body(story, reporter)}</section>'
            f'<section class="keyword-box"><span>關鍵字</span><ul>{keywords}</ul></section></article>'
            f'<div class="fb-plugin">{"".join(f"<p>{escape(text)}</p>" for text in story.text.comments)}</div></main>'
        )
        return self.document(head, main)

    def body(self, story: Story, reporter: str) -> str:
        blocks = [
            f'<p class="article-content__paragraph">{escape(text, quote=False)}</p>' for text in story.text.paragraphs
        ]
        image = self.desk.url((story.host, f"/photo/{story.published:%Y/%m/%d}/{story.id}.jpg"))
        blocks.insert(
            1,
            f'<figure itemprop="image" itemscope itemtype="https://schema.org/ImageObject"><img src="{image}" '
            f'itemprop="url" alt=""><figcaption>{escape(story.text.caption)}。圖／{self.name}</figcaption></figure>',
        )
        blocks.insert(3, '<div class="inline-ads"><span>廣告</span><div id="baySlots-inline-3"></div></div>')
        if story.look & 64:
            blocks.insert(0, f"<p>{reporter}</p>")
        related = items([self.anchor(link.address, link.title) for link in story.related])
        blocks += [
            f'<div class="more-news"><p><strong>延伸閱讀</strong></p><ul>{related}</ul></div>',
            '<p class="app-box">不用等，<a href="https://app.example/get">下載 APP</a> 看更多地方新聞</p>',
            f'<div class="sponsor"><span>廣編</span>{"".join(self.promotions(PROMOTED[:2]))}</div>',
        ]
        return "\n".join(blocks)

    def listing(self, listing: Listing) -> str:
        cards = "".join(
            f'<div class="story-list__item"><a href="{self.href(story.entry)}"><img data-src="/photo/s/{story.id}.jpg" '
            f'alt=""></a><div class="story-list__text"><h3>{self.anchor(story.entry, story.text.headline)}</h3>'
            f"<p>{escape(story.excerpt)}</p><time>{story.published:%Y-%m-%d %H:%M}</time></div></div>"
            for story in listing.stories
        )
        main = (
            f'<main><h1>{escape(listing.title)}</h1><section class="story-list">{cards}</section>'
            f'<div class="pagination">{self.pager(listing, "下一頁")}</div></main>'
        )
        return self.document(f"<title>{escape(listing.title)} | {self.name}</title>", main)

    def plain(self, title: str, paragraphs: list[str]) -> str:
        body = "".join(f"<p>{text}</p>" for text in paragraphs)
        main = f'<main><h1>{title}</h1><div class="static-page">{body}</div></main>'
        return self.document(f"<title>{title} | {self.name}</title>", main)

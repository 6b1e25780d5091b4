"""A WordPress block theme with an SEO and a related-posts plugin, in Simplified Chinese."""

# Markup is broken where elements end, not where lines do.

from html import escape
from typing import ClassVar

from newssite.plan import STATIC, Listing, Story, section_path, sections, tag_path
from newssite.template import Template, items, json_script, script, style

CLASSES = (
    "wp-block-group wp-block-navigation wp-block-navigation-item wp-block-post-title wp-block-post-content "
    "wp-block-post-date wp-block-post-terms wp-block-image wp-block-heading wp-block-latest-posts wp-block-columns "
    "wp-block-column wp-block-buttons wp-block-button__link has-small-font-size has-global-padding "
    "is-layout-constrained is-layout-flex alignwide alignfull sharedaddy sd-content jp-relatedposts "
    "jp-relatedposts-post wp-block-comment-template wp-block-search cookie-notice newsletter-card"
)
PROMOTED = ["三天学会手冲茶饮，新学员半价", "选购家用净水壶的五个要点", "渡口民宿周末套餐限时预订"]


class WordPress(Template):
    platform: ClassVar[str] = "wordpress"

    def document(self, lang: str, head: str, main: str, body_class: str) -> str:
        return (
            f'<!DOCTYPE html>\n<html lang="{lang}">\n<head>\n<meta charset="UTF-8" />\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1" />\n'
            f"<meta name='robots' content='index, follow, max-image-preview:large' />\n{head}\n"
            f'<style id="global-styles-inline-css">{self.sheet}</style>\n</head>\n'
            f'<body class="{body_class} wp-embed-responsive">\n{self.top}\n{main}\n{self.bottom}\n</body>\n</html>\n'
        )

    def furniture(self) -> tuple[str, str]:
        presets = "".join(
            f"--wp--preset--{kind}--{name}:{self.rng.randrange(90) / 10}rem;"
            for kind in ("spacing", "font-size", "shadow", "gradient")
            for name in (
                "small",
                "medium",
                "large",
                "x-large",
                "xx-large",
                "20",
                "30",
                "40",
                "50",
                "60",
                "70",
            )
        )
        self.sheet = f":root{{{presets}}}\n" + style(self.rng, CLASSES, 13000)
        menu = items(self.navigation('class="wp-block-navigation-item__content"'), 'class="wp-block-navigation-item"')
        top = (
            '<div class="wp-site-blocks"><header class="wp-block-template-part">'
            '<div class="wp-block-group alignfull has-global-padding is-layout-constrained">'
            f'<p class="wp-block-site-title">{self.here("/", self.name, "rel=home")}</p>'
            '<nav class="wp-block-navigation is-responsive" aria-label="导航">'
            '<button aria-haspopup="dialog" aria-label="打开菜单">≡</button>'
            f'<ul class="wp-block-navigation__container">{menu}</ul></nav>'
            '<form role="search" method="get" class="wp-block-search"><input type="search" name="s" '
            'placeholder="搜索…" /><button type="submit">搜索</button></form></div></header>'
        )
        foot = [self.here(path, label) for path, label in zip(STATIC, ["关于", "联系", "隐私", "简报"], strict=True)]
        bottom = (
            '<aside class="wp-block-template-part sidebar"><div class="wp-block-group">'
            '<h2 class="wp-block-heading">阅读最多</h2><ol class="wp-block-latest-posts__list wp-block-latest-posts">'
            f"{items([self.anchor(link.address, link.title) for link in self.desk.popular])}</ol>"
            '<h2 class="wp-block-heading">最新文章</h2><ul class="wp-block-latest-posts__list wp-block-latest-posts">'
            f"{items([self.anchor(link.address, link.title) for link in self.desk.latest])}</ul>"
            '<div class="newsletter-card"><h2>每日简报</h2><p>留下邮箱，每天早上七点收到一封信，随时可以退订。</p>'
            '<form><input type="email" name="email" /><button>订阅</button></form></div></div></aside>'
            '<footer class="wp-block-template-part"><div class="wp-block-columns alignwide">'
            f'<ul>{items(foot)}</ul><p class="has-small-font-size">{self.hidden_rooms(("编务", "按月存档"))}</p>'
            f'<p class="has-small-font-size">© 2009–2024 {self.name}，由 WordPress 驱动。</p></div></footer></div>'
            '<div class="cookie-notice" role="dialog"><p>本站使用 Cookie 记住您的字号与主题，继续浏览即表示同意。</p>'
            "<button>好的</button></div>"
            f'<script id="wp-block-navigation-view-js">{script(self.rng, "wpSlots", 14000)}</script>'
            '<script type="speculationrules">{"prefetch":[{"source":"document","where":{"and":[{"href_matches":"/*"}]},'
            '"eagerness":"conservative"}]}</script>'
        )
        return top, bottom

    def article(self, story: Story) -> str:
        title = escape(story.text.headline, quote=False)
        day = f"{story.published:%Y}年{story.published.month}月{story.published.day}日"
        category = dict(sections(self.platform))[story.section]
        author = self.here("/about/", story.authors[0], 'rel="author" class="wp-block-post-author-name__link"')
        terms = '<span class="wp-block-post-terms__separator">, </span>'.join(
            self.here(tag_path(self.platform, tag), tag, 'rel="tag"') for tag in story.tags
        )
        main = (
            '<main class="wp-block-group has-global-padding is-layout-constrained" id="wp--skip-link--target">'
            '<div class="wp-block-group alignwide">'
            f'<h1 class="wp-block-post-title has-x-large-font-size">{title}</h1>'
            '<div class="wp-block-group is-layout-flex post-meta"><div class="wp-block-post-date">'
            f'<time datetime="{story.date_published}">{day}</time></div>'
            f'<p class="has-small-font-size">作者</p><div class="wp-block-post-author-name">{author}</div>'
            # The theme marks the category with rel=tag too, as WordPress does.
            '<div class="taxonomy-category wp-block-post-terms">'
            f"{self.here(section_path(self.platform, story.section), category, 'rel=tag')}</div></div></div>"
            '<div class="entry-content alignfull wp-block-post-content has-global-padding is-layout-constrained">\n'
            f"{self.content(story)}\n</div>\n"
            f'<div class="taxonomy-post_tag wp-block-post-terms"><span>标签：</span>{terms}</div>\n'
            f"{self.comments(story)}</main>"
        )
        return self.document(story.text.language, self.head(story), main, f"single single-post postid-{story.id}")

    def content(self, story: Story) -> str:
        blocks = [f"<p>{text}</p>" for text in self.linked(story)]
        blocks.insert(1, self.figure(story))
        blocks.insert(3, '<div class="ad-slot" id="wpSlots-inline-1"><span>广告</span></div>')
        if story.source:
            blocks.insert(0, f'<p class="has-small-font-size source-line">来源：{story.source}</p>')
        related = items(
            [
                self.anchor(link.address, link.title, 'class="jp-relatedposts-post-a" rel="nofollow"')
                # The date of another story: no evidence for this one.
                + f'<time class="jp-relatedposts-post-date" datetime="2021-{number + 1:02}-17">{number + 1}月17日</time>'
                for number, link in enumerate(story.related)
            ],
            'class="jp-relatedposts-post"',
        )
        share = self.share_url(story)
        tail = [
            '<div class="sharedaddy sd-sharing-enabled"><div class="sd-content"><h3 class="sd-title">分享到：</h3>'
            f'<ul><li><a rel="nofollow" href="{share}&amp;to=bird">转发</a></li>'
            f'<li><a rel="nofollow" href="{share}&amp;to=mail">邮件</a></li></ul></div></div>',
            '<div id="jp-relatedposts" class="jp-relatedposts"><h3 class="jp-relatedposts-headline"><em>相关文章</em>'
            f'</h3><ul class="jp-relatedposts-items-list">{related}</ul></div>',
            '<div class="wp-block-group sponsor-box"><p class="has-small-font-size">推广</p>'
            f'<ul class="wp-block-list">{items(self.promotions(PROMOTED))}</ul></div>',
        ]
        if story.look & 12 == 0:
            # A page builder dropped the last paragraph below the lists.
            blocks[-1:-1] = tail
        else:
            blocks += tail
        return "\n\n".join(blocks)

    def linked(self, story: Story) -> list[str]:
        """Return the paragraphs with automatic links on the first word that is a tag, or on the town."""
        paragraphs = [escape(text, quote=False) for text in story.text.paragraphs]
        for tag in story.tags:
            for word in (tag, story.text.town):
                place = next((n for n, text in enumerate(paragraphs) if word in text and "<a" not in text), None)
                if place is not None:
                    link = self.here(tag_path(self.platform, tag), word, 'class="auto-tag" rel="tag"')
                    paragraphs[place] = paragraphs[place].replace(word, link, 1)
                    break
        return paragraphs

    def figure(self, story: Story) -> str:
        image = self.desk.url((story.host, f"/wp-content/uploads/{story.published:%Y/%m}/{story.id}"))
        widths = ", ".join(f"{image}-{width}x{width * 2 // 3}.jpg {width}w" for width in (300, 768, 1024))
        return (
            '<figure class="wp-block-image size-large"><img decoding="async" width="1024" height="683" '
            f'src="{image}-1024x683.jpg" srcset="{widths}, {image}.jpg 1600w" sizes="(max-width: 1024px) 100vw, 1024px" '
            f'alt="" class="wp-image-{story.id}" /><figcaption class="wp-element-caption">'
            f"{escape(story.text.caption, quote=False)}（{self.name}资料图）</figcaption></figure>"
        )

    def comments(self, story: Story) -> str:
        rows = [
            '<div class="wp-block-comment-author-name">访客</div><div class="wp-block-comment-date">'
            f'<time datetime="2024-06-{number + 1:02}T09:30:00+08:00">2024年6月{number + 1}日</time></div>'
            f'<div class="wp-block-comment-content"><p>{escape(text, quote=False)}</p></div>'
            for number, text in enumerate(story.text.comments)
        ]
        return (
            f'<div class="wp-block-comments"><h2 class="wp-block-comments-title">{len(rows)} 条评论</h2>'
            f'<ol class="wp-block-comment-template">{items(rows, "class=comment")}</ol>'
            '<div id="respond" class="comment-respond"><h3>发表回复</h3><form><p>您的邮箱不会被公开。</p>'
            '<textarea name="comment"></textarea><input type="submit" value="发表评论" /></form></div></div>'
        )

    def head(self, story: Story) -> str:
        url = self.desk.url((story.host, story.path))
        title, about = escape(story.text.headline), escape(story.excerpt)
        head = (
            f'<title>{title} &#8211; {self.name}</title>\n<link rel="canonical" href="{url}" />\n'
            f"<link rel='shortlink' href='{self.desk.bases[story.host]}/?p={story.id}' />\n"
            f'<meta property="og:type" content="article" />\n<meta property="og:title" content="{title}" />\n'
            f'<meta property="og:description" content="{about}" />\n<meta property="og:site_name" content="{self.name}" />'
        )
        if story.precision == "day":
            return head
        root = self.desk.bases[story.host] + "/"
        graph = [
            {
                "@type": "NewsArticle" if story.look & 16 else "Article",
                "@id": f"{url}#article",
                "isPartOf": {"@id": url},
                "author": {"name": story.authors[0], "@id": f"{root}#/schema/person/{story.look:x}"},
                "headline": story.text.headline,
                "datePublished": story.date_published,
                "dateModified": story.date_published,
                "mainEntityOfPage": {"@id": url},
                "commentCount": len(story.text.comments),
                "publisher": {"@id": f"{root}#organization"},
                "keywords": story.tags,
                "articleSection": [dict(sections(self.platform))[story.section]],
                "inLanguage": story.text.language,
            },
            {"@type": "WebPage", "@id": url, "url": url, "name": f"{story.text.headline} - {self.name}"},
            {"@type": "WebSite", "@id": f"{root}#website", "url": root, "name": self.name},
            {"@type": "Organization", "@id": f"{root}#organization", "name": self.name, "url": root},
            {"@type": "Person", "@id": f"{root}#/schema/person/{story.look:x}", "name": story.authors[0]},
        ]
        schema = json_script({"@context": "https://schema.org", "@graph": graph}, 'class="yoast-schema-graph"')
        published = f'<meta property="article:published_time" content="{story.date_published}" />'
        return f"{head}\n{published}\n{schema}"

    def listing(self, listing: Listing) -> str:
        entries = [
            '<figure class="wp-block-post-featured-image"><img loading="lazy" src="data:image/gif;base64,R0lGODlhAQAB" '
            f'data-src="/wp-content/uploads/{story.id}-300x200.jpg" alt="" /></figure>'
            f'<h2 class="wp-block-post-title">{self.anchor(story.entry, story.text.headline, "target=_self")}</h2>'
            f'<div class="wp-block-post-excerpt"><p>{escape(story.excerpt, quote=False)}</p></div>'
            f'<div class="wp-block-post-date"><time datetime="{story.published:%Y-%m-%d}">'
            f"{story.published.month}月{story.published.day}日</time></div>"
            for story in listing.stories
        ]
        main = (
            '<main class="wp-block-group"><h1 class="wp-block-query-title">'
            f'{escape(listing.title)}</h1><div class="wp-block-query"><ul class="wp-block-post-template">'
            f"{items(entries, 'class=wp-block-post')}</ul>"
            f'<nav class="wp-block-query-pagination">{self.pager(listing, "下一页")}</nav></div>'
            f'<div class="sponsor-box"><p>推广</p><ul>{items(self.promotions(PROMOTED))}</ul></div></main>'
        )
        return self.document("zh-Hans", f"<title>{escape(listing.title)} &#8211; {self.name}</title>", main, "archive")

    def plain(self, title: str, paragraphs: list[str]) -> str:
        body = "".join(f"<p>{text}</p>" for text in paragraphs)
        main = (
            f'<main class="wp-block-group"><h1 class="wp-block-post-title">{title}</h1>'
            f'<div class="entry-content wp-block-post-content">{body}</div></main>'
        )
        return self.document("zh-Hans", f"<title>{title} &#8211; {self.name}</title>", main, "page")

"""An English newspaper that says everything twice: once on the page, once in JSON-LD."""

# Markup is broken where elements end, not where lines do.

from datetime import timedelta
from html import escape
from typing import ClassVar

from newssite.plan import OFFSET, STATIC, Listing, Story, section_path, sections, tag_path
from newssite.template import Template, items, json_script, script, style

CLASSES = (
    "masthead masthead__inner nav-primary nav-primary__item story story__header story__kicker story__headline "
    "story__standfirst story__byline story__body story__chunk promo-inline newsletter-inline advert advert--mpu rail "
    "rail__list rail__item card card__title card__excerpt card__thumb footer footer__links comments comments__item "
    "consent consent__button tag-strip u-visually-hidden u-flex u-grid figure figure__caption"
)
PROMOTED = [
    "Seven kettles tested by people who own nine",
    "The loft ladder salesmen do not discuss",
    "Quiet inns",
]


class Newspaper(Template):
    platform: ClassVar[str] = "newspaper"
    rooted: ClassVar[bool] = True

    def document(self, head: str, main: str) -> str:
        return (
            '<!doctype html>\n<html lang="en" class="no-js">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
            f"{head}\n<style>{self.sheet}</style>\n<script>{self.script}</script>\n</head>\n"
            f'<body data-edition="home">\n{self.top}\n{main}\n{self.bottom}\n</body>\n</html>\n'
        )

    def furniture(self) -> tuple[str, str]:
        self.sheet = style(self.rng, CLASSES, 17000)
        self.script = script(self.rng, "adStack", 17000)
        top = (
            '<a class="u-visually-hidden" href="#content">Skip to content</a>'
            '<div class="consent" role="dialog" aria-label="Cookies"><p>We and our 214 partners would like to store '
            'crumbs on your device. You can change your mind later.</p><button class="consent__button">Accept</button>'
            "<button>Refuse</button></div>"
            f'<header class="masthead"><div class="masthead__inner">{self.here("/", self.name, "class=logo")}'
            '<a href="https://accounts.example/login">Sign in</a> <a href="https://shop.example/">Subscribe</a></div>'
            f'<nav class="nav-primary" aria-label="Sections"><ul>{items(self.navigation())}</ul></nav></header>'
        )
        labels = ["About us", "Contact the newsroom", "Privacy", "Newsletters"]
        foot = [self.here(path, label) for path, label in zip(STATIC, labels, strict=True)]
        rail = [
            f'<span class="rank">{number}</span>{self.anchor(link.address, link.title, "class=rail__item")}'
            for number, link in enumerate(self.desk.popular, start=1)
        ]
        bottom = (
            f'<aside class="rail" aria-label="Most read"><h2>Most read</h2><ol class="rail__list">{items(rail)}</ol>'
            '<h2>Latest</h2><ul class="rail__list">'
            f"{items([self.anchor(link.address, link.title) for link in self.desk.latest])}</ul>"
            '<div class="sponsored"><h2>Sponsored</h2>'
            f"<ul>{items(self.promotions(PROMOTED))}</ul></div></aside>"
            f'<footer class="footer"><ul class="footer__links">{items(foot)}</ul>'
            f'<p class="fine">{self.hidden_rooms(("Staff room", "Archive by month"))}</p>'
            f"<p>© 1884–2024 {escape(self.name)}. All rights reserved. Registered at Wexmere, number 00418.</p></footer>"
            f"<script>{script(self.rng, 'metrics', 7000)}</script>"
        )
        return top, bottom

    def article(self, story: Story) -> str:
        section = dict(sections(self.platform))[story.section]
        byline = " and ".join(self.here("/contact/", name, 'rel="author"') for name in story.authors)
        topics = items([self.here(tag_path(self.platform, tag), tag) for tag in story.tags])
        shown = story.published.strftime("%d %B %Y, %H:%M").lstrip("0")
        main = (
            f'<main id="content"><nav class="crumbs">{self.here("/", "Home")} › '
            f"{self.here(section_path(self.platform, story.section), section)}</nav>"
            f'<article class="story" data-id="{story.id}"><header class="story__header">'
            f'<p class="story__kicker">{section}</p><h1 class="story__headline">{escape(story.text.headline)}</h1>'
            f'<div class="story__byline">By {byline}'
            f' <time datetime="{story.date_published}">{shown}</time></div>'
            f'<ul class="share"><li><a href="{self.share_url(story)}">Share</a></li></ul></header>'
            f'<section name="articleBody">{self.body(story)}</section>'
            f'<footer class="tag-strip"><h2>Topics</h2><ul>{topics}</ul></footer></article>'
            f"{self.comments(story)}</main>"
        )
        return self.document(self.head(story), main)

    def body(self, story: Story) -> str:
        """Paragraphs in nested chunks, with whatever the newsroom puts between them."""
        blocks = [f"<p>{escape(text, quote=False)}</p>" for text in story.text.paragraphs]
        picture = f"/images/{story.published:%Y/%m}/{story.id}"
        between = [
            '<figure class="figure"><picture>'
            f'<source type="image/webp" srcset="{picture}/640.webp 640w, {picture}/1280.webp 1280w">'
            f'<img src="{picture}/640.jpg" alt="{escape(story.text.caption)}"></picture><figcaption '
            f'class="figure__caption">{escape(story.text.caption)}. © {self.name}</figcaption></figure>',
            '<div class="advert advert--mpu" aria-hidden="true"><span>Advertisement</span><div id="adStack-1"></div></div>',
            '<div class="newsletter-inline"><h3>The Morning Tide</h3><p>Sign up for our free briefing, in your inbox '
            'before the first ferry.</p><form><input type="email"><button>Sign up</button></form></div>',
            '<aside class="promo-inline"><h3>Related stories</h3>'
            f"<ul>{items([self.anchor(link.address, link.title) for link in story.related])}</ul></aside>",
        ]
        if story.inline:
            link = self.anchor(story.inline.address, story.inline.title)
            between.insert(2, f"<p><strong>Read more:</strong> {link}</p>")
        for number, block in enumerate(between):
            blocks.insert(min(len(blocks), 1 + 2 * number), block)
        if story.look & 7 == 0:
            fixed = story.published + timedelta(days=1)
            blocks.append(
                f'<p class="correction"><em>Correction, {fixed.day} {fixed:%B %Y}: an earlier version of this article '
                "gave the wrong number of chairs in the hall.</em></p>"
            )
        chunks = [
            '<div class="story__chunk"><div class="story__body">'
            + "\n".join(blocks[start : start + 4])
            + "</div></div>"
            for start in range(0, len(blocks), 4)
        ]
        return "\n".join(chunks)

    def comments(self, story: Story) -> str:
        rows = [f"<strong>Reader {n}</strong><p>{escape(c)}</p>" for n, c in enumerate(story.text.comments, start=1)]
        return (
            f'<section class="comments" id="comments"><h2>Comments ({len(rows)})</h2>'
            f"<ol>{items(rows, 'class=comments__item')}</ol><p>Comments are read before they appear.</p></section>"
        )

    def head(self, story: Story) -> str:
        url = self.desk.url((story.host, story.path))
        title = escape(story.text.headline)
        modified = (story.published + timedelta(hours=5)).isoformat() + OFFSET[self.platform]
        section = dict(sections(self.platform))[story.section]
        crumbs = [("Home", "/"), (section, section_path(self.platform, story.section))]
        news = {
            "@context": "https://schema.org",
            "@type": "NewsArticle",
            "mainEntityOfPage": {"@type": "WebPage", "@id": url},
            "headline": story.text.headline,
            "description": story.excerpt,
            "datePublished": story.date_published,
            "dateModified": modified,
            "author": [{"@type": "Person", "name": name} for name in story.authors],
            "publisher": {
                "@type": "Organization",
                "name": self.name,
                "logo": {"@type": "ImageObject", "url": "/l.png"},
            },
            "image": [self.desk.url((story.host, f"/images/{story.published:%Y/%m}/{story.id}/1280.jpg"))],
            "keywords": story.tags if story.look & 1 else ", ".join(story.tags),
            "articleSection": section,
            "isAccessibleForFree": story.look & 32 == 0,
        }
        trail = {
            "@context": "https://schema.org",
            "@type": "BreadcrumbList",
            "itemListElement": [
                {"@type": "ListItem", "position": n, "name": name, "item": self.desk.url((story.host, path))}
                for n, (name, path) in enumerate(crumbs, start=1)
            ],
        }
        return (
            f'<title>{title} | {self.name}</title>\n<link rel="canonical" href="{url}">\n'
            f'<meta property="og:type" content="article">\n<meta property="og:title" content="{title}">\n'
            f'<meta name="description" content="{escape(story.excerpt)}">\n'
            f'<meta property="article:published_time" content="{story.date_published}">\n'
            f'<meta property="article:modified_time" content="{modified}">\n'
            f"{json_script(news)}\n{json_script(trail)}"
        )

    def listing(self, listing: Listing) -> str:
        cards = [
            f'<article class="card"><img class="card__thumb" src="/images/{story.id}/320.jpg" alt="" loading="lazy">'
            f'<h3 class="card__title">{self.anchor(story.entry, story.text.headline)}</h3>'
            f'<p class="card__excerpt">{escape(story.excerpt)}</p>'
            f'<time datetime="{story.published:%Y-%m-%d}">{story.published.day} {story.published:%b}</time></article>'
            for story in listing.stories
        ]
        main = (
            f'<main id="content"><h1>{escape(listing.title)}</h1><div class="u-grid">{"".join(cards)}</div>'
            f'<nav class="pagination" aria-label="Pages">{self.pager(listing, "Older stories")}</nav></main>'
        )
        return self.document(f"<title>{escape(listing.title)} | {self.name}</title>", main)

    def plain(self, title: str, paragraphs: list[str]) -> str:
        body = "".join(f"<p>{text}</p>" for text in paragraphs)
        main = f'<main id="content"><h1>{title}</h1><div class="story__body">{body}</div></main>'
        return self.document(f"<title>{title} | {self.name}</title>", main)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.extract import extract_article, rules
from newscrawl.extract.neighbours import is_advertised, is_story
from newscrawl.items import Article

TEXT = [
    "The ferry will stay in the harbour for three days, its captain said on Tuesday, because nobody has found the anchor.",
    "Passengers were asked to take the bus over the new bridge, which runs every twenty minutes until late at night.",
    "Divers have looked for the anchor since Wednesday, but the water is dark and almost thirty metres deep there.",
]


def article(*below: str, above: str = "", head: str = "") -> Article:
    body = "".join(f"<p>{text}</p>" for text in TEXT)
    page = (
        f"<html><head><title>The ferry stays</title>{head}</head><body>{above}"
        f"<article><h1>The ferry stays</h1>{body}{''.join(below)}</article></body></html>"
    )
    return extract_article(page.encode(), "https://news.example/2024/03/ferry-stays.html")


def link(url: str, text: str) -> str:
    return f'<a href="{url}">{text}</a>'


def test_a_line_of_links_to_own_stories_is_related_and_not_advertised() -> None:
    line = link("/2024/03/05/storm-damages-quay.html", "Storm damages the quay") + link(
        "/2024/03/04/new-bridge-opens.html", "New bridge opens"
    )
    read = article(f"<div>{line}</div>")
    assert [story.title for story in read.related] == ["Storm damages the quay", "New bridge opens"]
    assert read.promoted == []


@pytest.mark.parametrize(
    "line",
    [
        link("/author/ada-lee/", "Ada Lee") + link("https://twitter.com/adalee", "@adalee"),
        link("https://www.facebook.com/sharer/sharer.php?u=x", "Facebook") + link("https://t.me/share", "Telegram"),
        link("/business/", "Business") + link("/harbour/", "Harbour"),
    ],
)
def test_names_sections_and_buttons_are_neither_related_nor_advertised(line: str) -> None:
    read = article(f"<div>{line}</div>")
    assert (read.related, read.promoted) == ([], [])
    assert read.article_body == "\n\n".join(TEXT)


def test_a_related_list_leaves_out_its_authors_and_sections_and_keeps_them_as_links() -> None:
    story = link("/2024/03/05/storm-damages-quay.html", "<img src=/t.jpg>") + link(
        "/2024/03/05/storm-damages-quay.html", "Storm damages the quay"
    )
    read = article(f"<div class=related>{story}<br>{link('/author/ada-lee/', 'Ada Lee')}</div>")
    assert [(found.url[-12:], found.title) for found in read.related] == [("es-quay.html", "Storm damages the quay")]
    assert [(found.text, found.kind) for found in read.links] == [("Ada Lee", "notice")]


def test_links_of_advertising_networks_are_promoted_wherever_they_stand() -> None:
    ad = link("https://www.taboola.com/click?id=1", "One trick that captains hate")
    read = article(f"<div class=related>{ad}</div>")
    assert ([found.title for found in read.promoted], read.related) == (["One trick that captains hate"], [])


@pytest.mark.parametrize("label", ["From around the web", "Реклама", "広告", "Contenido patrocinado", "广告"])
def test_labels_of_advertised_links_are_known_in_many_languages(label: str) -> None:
    assert rules.PROMOTED_LABEL.match(label)


@pytest.mark.parametrize("label", ["Baca juga:", "Les også", "Czytaj też", "Материалы по теме", "Bunu da okuyun"])
def test_labels_of_related_stories_are_known_in_many_languages(label: str) -> None:
    assert rules.RELATED_LABEL.match(label)


def tags(read: Article, kind: str = "declared") -> list[str]:
    return [tag.name for tag in read.tags if tag.kind == kind]


def test_a_box_of_tags_counts_wherever_its_links_lead() -> None:
    box = f"<div class=article-tags>{link('/thema/ferries', 'Ferries')} {link('/thema/anchors', 'Anchors')}</div>"
    assert tags(article(box)) == ["Ferries", "Anchors"]


def test_a_box_of_popular_tags_is_not_the_articles() -> None:
    box = f"<div class='popular-tags'>{link('/thema/sport', 'Sport')} {link('/thema/wine', 'Wine')}</div>"
    assert tags(article(box)) == []


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("<meta property=article:tag content='Ferries,Anchors,World news'>", ["Ferries", "Anchors", "World news"]),
        ("<meta property=article:tag content='Ferries, small'><meta property=article:tag content=Quay>", ["Ferries, small", "Quay"]),
        ("<meta name=keywords content='wine, sport, politics, culture, travel, cars'>", []),
        ("<meta name=keywords content='ferry, anchor, harbour, divers, bridge'>", ["ferry", "anchor", "harbour", "divers", "bridge"]),
        ("<meta name=news_keywords content='Subject: Ferries, Day: Monday, Medium: web'>", ["Ferries"]),
        ("<meta property=og:site_name content='Harbour News'><meta name=keywords content='Harbour News, ferry'>", ["ferry"]),
        (f"<meta name=keywords content='{'x' * 61}, ferry'>", ["ferry"]),
    ],
)  # fmt: skip
def test_keywords_are_tags_where_they_are_about_this_story(head: str, expected: list[str]) -> None:
    assert tags(article(head=head)) == expected


def path(read: Article) -> list[tuple[str, bool]]:
    return [(step.name, step.url is not None) for step in read.breadcrumbs]


@pytest.mark.parametrize(
    "trail",
    [
        "<nav class=breadcrumbs><a href=/>Home</a> &gt; <a href=/harbour/>Harbour</a></nav>",
        "<nav aria-label=Breadcrumb><ol><li><a href=/>Home</a><li><a href=/harbour/>Harbour</a><li>The ferry stays</ol></nav>",
        "<ol itemscope itemtype=https://schema.org/BreadcrumbList><li><a href=/>Home</a><li><a href=/harbour/>Harbour</a></ol>",
        "<div>You are here: <a href=/>Home</a> &gt; <a href=/harbour/>Harbour</a> &gt; The ferry stays</div>",
        "<div>您的位置：<a href=/>Home</a> &gt; <a href=/harbour/>Harbour</a> &gt; 正文</div>",
    ],
)
def test_the_path_to_the_article_is_read_from_what_readers_see(trail: str) -> None:
    read = article(above=trail)
    assert path(read) == [("Home", True), ("Harbour", True)]
    assert read.article_section == "Harbour"


def test_a_stated_section_wins_over_the_path() -> None:
    trail = "<nav class=breadcrumbs><a href=/>Home</a> <a href=/harbour/>Harbour</a></nav>"
    assert article(above=trail, head="<meta property=article:section content=Ships>").article_section == "Ships"


@pytest.mark.parametrize(
    ("head", "free"),
    [
        ('<script type=application/ld+json>{"@type":"Article","isAccessibleForFree":"False"}</script>', False),
        ('<script type=application/ld+json>{"@type":"Article","isAccessibleForFree":true}</script>', True),
        ('<script type=application/ld+json>{"@type":"Article","hasPart":{"isAccessibleForFree":"False","cssSelector":".p"}}</script>', False),
        ("<meta property=article:content_tier content=locked>", False),
        ("<meta name=content_tier content=free>", True),
        ("<meta property=article:content_tier content=metered>", None),
        ("", None),
    ],
)  # fmt: skip
def test_free_access_is_what_the_page_states(head: str, free: bool | None) -> None:
    assert article(head=head).is_accessible_for_free is free


def test_free_access_may_stand_in_microdata() -> None:
    assert article(above="<meta itemprop=isAccessibleForFree content=false>").is_accessible_for_free is False


@pytest.mark.parametrize(
    ("head", "canonical"),
    [
        ("<link rel=canonical href=/ferry.html>", "https://news.example/ferry.html"),
        ("<meta property=og:url content=https://news.example/og.html>", "https://news.example/og.html"),
        ("<meta property=og:url content='javascript:alert(1)'>", None),
    ],
)
def test_the_canonical_address_is_absolute_and_http(head: str, canonical: str | None) -> None:
    assert article(head=head).canonical_url == canonical


@given(st.text(), st.text())
def test_any_address_and_text_are_a_story_or_not(url: str, text: str) -> None:
    assert is_story(url, text) in (True, False)
    assert is_advertised(url) in (True, False)

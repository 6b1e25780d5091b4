import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.extract import extract_article
from newscrawl.extract.readings import credit_in, parse_srcset, pixels
from newscrawl.items import Article, Media

TEXT = [
    "The ferry will stay in the harbour for three days, its captain said on Tuesday, because nobody has found the anchor.",
    "Passengers were asked to take the bus over the new bridge, which runs every twenty minutes until late at night.",
    "Divers have looked for the anchor since Wednesday, but the water is dark and almost thirty metres deep there.",
]


def article(*parts: str, head: str = "") -> Article:
    """The article of a page with *parts* between its first and its second paragraph."""
    body = f"<p>{TEXT[0]}</p>{''.join(parts)}<p>{TEXT[1]}</p><p>{TEXT[2]}</p>"
    page = f"<html><head><title>The ferry stays</title>{head}</head><body><article><h1>The ferry stays</h1>{body}</article></body></html>"
    return extract_article(page.encode(), "https://news.example/2024/ferry.html")


def only(found: list[Media]) -> Media:
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    "picture",
    [
        "<img src=/a.jpg>",
        "<img src=data:image/gif;base64,R0 data-src=/a.jpg>",
        "<img src=/img/placeholder.png data-lazy-src=/a.jpg>",
        "<img src=/lazy-1x1.gif data-original=/a.jpg>",
        "<img data-srcset='/s.jpg 300w, /a.jpg 900w' src=/s.jpg>",
        "<picture><source srcset='/a.jpg 1200w'><img src=/s.jpg></picture>",
        "<amp-img src=/a.jpg width=640 height=400></amp-img>",
        "<img src=data:image/gif;base64,R0><noscript><img src=/a.jpg></noscript>",
        "<figure><noscript><img src=/a.jpg></noscript></figure>",
        "<div class=logo-strip><img src=/1.jpg><img src=/a.jpg width=800><b>x</b></div>",
    ],
)
def test_the_largest_size_of_a_picture_is_found_however_it_is_loaded(picture: str) -> None:
    assert "https://news.example/a.jpg" in [image.url for image in article(picture).images]


@pytest.mark.parametrize(
    "ornament",
    [
        "<img src=/a.png width=24 height=24>",
        "<img src=/line.png width=600 height=2>",
        "<img src=/img/close.svg>",
        "<img src=/icons/a.png>",
        "<img src=/a.png class='user-avatar'>",
        "<div class='author-photo'><img src=/a.png></div>",
        "<span class=icon><img src=/a.png></span>",
        "<div class=share><img src=/a.png></div>",
        "<img src=https://secure.gravatar.com/avatar/1?s=200>",
        "<img src=https://met.vgwort.de/na/12>",
        "<noscript><img src=https://count.example/x width=1 height=1></noscript>",
        "<a href=/2024/03/07/harbour-opens-again.html><img src=/teaser.jpg></a>",
    ],
)
def test_icons_portraits_counters_and_other_stories_are_no_pictures(ornament: str) -> None:
    assert article(f"<div>{ornament}</div>").images == []


def test_a_ratio_in_place_of_a_size_does_not_make_a_picture_small() -> None:
    assert only(article("<img src=/a.jpg width=16 height=9>").images).url is not None


@pytest.mark.parametrize(
    "below",
    [
        "<figure><img src=/a.jpg><figcaption>{}</figcaption></figure>",
        "<div class='wp-caption'><img src=/a.jpg><p class='wp-caption-text'>{}</p></div>",
        "<div><img src=/a.jpg><div class='image-caption'>{}</div></div>",
        "<p align=center><img src=/a.jpg></p><p align=center>{}</p>",
        "<center><img src=/a.jpg><br>{}</center>",
    ],
)
def test_the_caption_is_the_pictures_and_not_the_storys(below: str) -> None:
    read = article(below.format("The ferry at the quay (Photo: Ada Lee)"))
    image = only(read.images)
    assert (image.caption, image.credit) == ("The ferry at the quay (Photo: Ada Lee)", "Ada Lee")
    assert read.article_body == "\n\n".join(TEXT)


def test_two_captions_below_a_picture_are_one() -> None:
    read = article(
        "<div><img src=/a.jpg><div class=caption>The ferry</div><div class=caption>Photo: Ada Lee</div></div>"
    )
    assert only(read.images).caption == "The ferry Photo: Ada Lee"


def test_a_class_that_is_a_size_of_letters_makes_no_caption() -> None:
    read = article(f"<img src=/a.jpg><p class=text-caption>{TEXT[1]}</p>")
    assert only(read.images).caption is None


@pytest.mark.parametrize(
    ("head", "method"),
    [
        ("<meta property=og:image content=/lead.jpg>", "meta"),
        ('<script type=application/ld+json>{"@type":"Article","image":["/lead.jpg"]}</script>', "json-ld"),
        (
            '<script type=application/ld+json>{"@type":"Article","image":{"url":"/lead.jpg","width":"900px"}}</script>',
            "json-ld",
        ),
    ],
)
def test_a_story_without_pictures_has_the_one_that_metadata_names(head: str, method: str) -> None:
    read = article(head=head)
    assert only(read.images).url == "https://news.example/lead.jpg"
    assert [entry.method for entry in read.provenance if entry.field == "images"] == [method]
    assert only(article("<img src=/a.jpg>", head=head).images).url == "https://news.example/a.jpg"


@pytest.mark.parametrize("name", ["/img/logo.png", "/default-share.jpg", "ftp://news.example/a.jpg", "/a.svg"])
def test_a_sites_logo_is_no_picture_of_the_story(name: str) -> None:
    assert article(head=f"<meta property=og:image content={name}>").images == []


@pytest.mark.parametrize(
    ("part", "head", "url"),
    [
        ("<video src=/v.mp4></video>", "", "https://news.example/v.mp4"),
        ("<video><source src=/v.webm></video>", "", "https://news.example/v.webm"),
        ("<iframe src=https://www.youtube.com/embed/ab_12>no frames</iframe>", "", "https://www.youtube.com/embed/ab_12"),
        ("<iframe data-src=//player.vimeo.com/video/12></iframe>", "", "https://player.vimeo.com/video/12"),
        ("", '<script type=application/ld+json>{"@type":"VideoObject","embedUrl":"/v/1"}</script>', "https://news.example/v/1"),
        ("", '<script type=application/ld+json>{"@type":"Article","video":{"@type":"VideoObject","contentUrl":"/v.mp4"}}</script>', "https://news.example/v.mp4"),
        ("", "<meta property=og:video content=https://news.example/v.mp4>", "https://news.example/v.mp4"),
    ],
)  # fmt: skip
def test_videos_come_from_players_and_from_metadata(part: str, head: str, url: str) -> None:
    read = article(part, head=head)
    assert only(read.videos).url == url
    assert read.article_body == "\n\n".join(TEXT)


def test_frames_of_anything_else_are_no_videos() -> None:
    assert article("<iframe src=https://ads.example/youtube.com/embed/1></iframe>").videos == []


@pytest.mark.parametrize(
    ("caption", "credit"),
    [
        ("The quay. Photograph by Ada Lee", "Ada Lee"),
        ("Der Kai. Foto: Ada Lee/dpa", "Ada Lee/dpa"),
        ("港で。（Ｃ）海辺通信社", "海辺通信社"),
        ("Der Kai (Archivbild)", None),
        ("The photo by the door", None),
        ("Fotograf: ein schöner Beruf.", None),
    ],
)
def test_the_credit_of_a_caption_is_the_name_alone(caption: str, credit: str | None) -> None:
    assert credit_in(caption) == credit


@given(st.text())
def test_any_text_is_read_as_a_size_a_set_of_sizes_or_a_credit(text: str) -> None:
    assert pixels(text) is None or 0 <= (pixels(text) or 0) < 100_000
    assert all(url for url, _ in parse_srcset(text))
    assert credit_in(text) is None or credit_in(text)

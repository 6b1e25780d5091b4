"""Joining: the parts of a story become one article, without what each page repeats."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from newscrawl.extract import adds, joined, same_story, warned
from newscrawl.items import (
    Article,
    Media,
    Person,
    Provenance,
    Removed,
    Tag,
    TextLink,
    TitledLink,
    Warn,
    faults,
)

HOST = "https://news.example"
LONG = (
    "The ferry between the town and the island stops for two weeks",
    "Residents have to walk across the old bridge",
    "The harbour office hopes to finish by June",
)


def page(*paragraphs: str, part: int = 1, **fields: object) -> Article:
    url = f"{HOST}/ferry.html" if part == 1 else f"{HOST}/ferry_{part}.html"
    body = "\n\n".join(paragraphs) or None
    entries = [Provenance(field="article_body", method="generic", where="div.text", confidence=0.8)] if body else []
    return Article(url=url, article_body=body, provenance=entries, **fields)  # type: ignore[arg-type]


def body_of(article: Article) -> list[str]:
    return (article.article_body or "").split("\n\n")


def test_an_article_without_parts_is_itself() -> None:
    article = page(*LONG)
    assert joined(article, []) is article


def test_bodies_are_joined_in_order_by_a_blank_line_and_the_evidence_names_the_parts() -> None:
    parts = [page(f"{text}, part {n}.", part=n) for n, text in enumerate(LONG, start=1)]
    whole = joined(parts[0], parts[1:])
    assert body_of(whole) == [f"{text}, part {n}." for n, text in enumerate(LONG, start=1)]
    assert parts[0].article_body == f"{LONG[0]}, part 1."
    (why,) = whole.provenance
    assert why.where == f"div.text; parts: 3; {HOST}/ferry_2.html; {HOST}/ferry_3.html"


def test_what_each_page_repeats_at_its_top_and_its_end_stands_once() -> None:
    footer = "Jane Roe writes about ferries for this paper"
    first = page("The ferry", "In short", LONG[0], footer, headline="The ferry")
    second = page("The Ferry!", "In short", LONG[1], footer, part=2, headline="The ferry (2)")
    assert body_of(joined(first, [second])) == ["The ferry", "In short", LONG[0], LONG[1], footer]


def test_a_line_that_comes_back_within_a_part_stays() -> None:
    first, second = page(LONG[0], "He said no.", LONG[1]), page(LONG[2], "He said no.", part=2)
    assert body_of(joined(first, [second])) == [LONG[0], "He said no.", LONG[1], LONG[2], "He said no."]


def test_lists_are_merged_without_repeats() -> None:
    picture, other = Media(url=f"{HOST}/a.jpg"), Media(url=f"{HOST}/b.jpg", caption="The bridge")
    notice, line = Removed(kind="notice", text="All rights reserved"), Removed(kind="source_line", text="Source: Post")
    tag, bridge = Tag(name="Ferry", kind="declared"), Tag(name="Bridge", kind="declared")
    link = TextLink(url=f"{HOST}/x", text="x", kind="body")
    story = TitledLink(url=f"{HOST}/bridge.html", title="The bridge")
    first = page(LONG[0], images=[picture], removed=[line, notice], tags=[tag], related=[story])
    second = page(
        LONG[1], part=2, images=[picture, other], removed=[line], tags=[tag, bridge], links=[link], related=[story]
    )
    whole = joined(first, [second])
    assert (whole.images, whole.removed, whole.tags) == ([picture, other], [line, notice], [tag, bridge])
    assert (whole.links, whole.related) == ([link], [story])


def test_links_between_the_parts_are_no_other_stories() -> None:
    pager = [
        TitledLink(url=f"{HOST}/ferry_2.html", title="2"),
        TitledLink(url=f"{HOST}/bridge.html", title="The bridge"),
    ]
    first = page(LONG[0], promoted=pager)
    first.provenance.append(Provenance(field="promoted", method="generic", where="bare_links", confidence=0.8))
    whole = joined(first, [page(LONG[1], part=2)])
    assert whole.promoted == pager[1:]
    assert [entry.field for entry in whole.provenance] == ["article_body", "promoted", "links"]
    assert whole.links == [TextLink(url=f"{HOST}/ferry_2.html", text="2", kind="notice")]


def test_a_byline_below_the_last_part_is_the_storys() -> None:
    byline = Provenance(field="authors", method="text", where="p.by", confidence=0.8)
    last = page(LONG[1], part=2, authors=[Person(name="Jane Roe")], date_published="2024-05-03")
    last.provenance.append(byline)
    whole = joined(page(LONG[0], date_published="2024-05-02"), [last])
    assert [person.name for person in whole.authors] == ["Jane Roe"]
    assert whole.date_published == "2024-05-02"
    assert whole.provenance[-1].where == f"p.by at {HOST}/ferry_2.html"


def test_warnings_of_parts_are_kept_but_those_about_dates() -> None:
    known, new, date = (
        Warn(field="related", code="ornaments_trimmed"),
        Warn(field="headline", code="cut"),
        Warn(field="date_published", code="date_in_body"),
    )
    whole = joined(page(LONG[0], warnings=[known]), [page(LONG[1], part=2, warnings=[known, new, date])])
    assert whole.warnings == [known, new]
    assert warned(whole, "part_missing", "x").warnings[-1] == Warn(
        field="article_body", code="part_missing", detail="x"
    )


def test_a_page_with_nothing_new_adds_nothing() -> None:
    article = page(*LONG, images=[Media(url=f"{HOST}/a.jpg")])
    assert not adds(article, page(*LONG, part=2))
    assert not adds(article, page(part=2))
    assert adds(article, page(LONG[0], "Something else happened on the island", part=2))
    assert adds(article, page(*LONG, part=2, images=[Media(url=f"{HOST}/b.jpg")]))


def test_pages_of_one_story_have_one_headline_but_for_a_number() -> None:
    for other in ("The ferry", "The ferry (2)", "THE FERRY - Page 2 of 3", None, "The ferry: page two"):
        assert same_story(Article(headline="The ferry"), Article(headline=other))
    assert same_story(Article(headline="渡船停航两周（1）"), Article(headline="渡船停航两周（2）"))
    assert not same_story(Article(headline="The ferry"), Article(headline="The bridge"))


_TEXTS = st.lists(st.text(alphabet="ab 渡。*\n", min_size=1, max_size=30).filter(str.strip), max_size=4)


@given(_TEXTS, st.lists(_TEXTS, max_size=3))
def test_any_parts_give_a_valid_article_that_keeps_every_text(first: list[str], others: list[list[str]]) -> None:
    parts = [
        page(*(text.replace("\n", " ").strip() for text in texts), part=n) for n, texts in enumerate(others, start=2)
    ]
    article = page(*(text.replace("\n", " ").strip() for text in first))
    whole = joined(article, parts)
    assert faults(whole) == faults(article) == []
    for one in (article, *parts):
        assert set(body_of(one)) <= {*body_of(whole), ""}

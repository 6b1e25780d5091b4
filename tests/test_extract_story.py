"""Which blocks are the story: the choice over the page, and what rules never let into it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.extract import extract_article
from newscrawl.extract.segment import first_look
from newscrawl.extract.story import chosen, levelled
from newscrawl.extract.tree import parse

ROWS = st.lists(
    st.tuples(st.floats(0, 1, width=32), st.integers(1, 5000), st.sampled_from((0, 1, 2))), min_size=1, max_size=40
)


def taken(*rows: tuple[float, int, int]) -> list[bool]:
    chances, weights, ruled = zip(*rows, strict=True)
    found = chosen(np.array(chances, np.float32), np.array(weights, np.float32), np.array(ruled, np.int8))
    return [bool(one) for one in found]


@given(ROWS)
def test_what_a_rule_says_is_none_of_the_story_is_never_chosen(rows: list[tuple[float, int, int]]) -> None:
    assert not any(story for story, (_, _, ruled) in zip(taken(*rows), rows, strict=True) if ruled == 2)


@given(ROWS, st.lists(st.floats(0, 1, width=32), max_size=10))
def test_what_can_be_no_story_does_not_sway_the_choice(rows: list[tuple[float, int, int]], others: list[float]) -> None:
    below = taken(*rows, *((chance, 900, 2) for chance in others))
    assert below == taken(*rows) + [False] * len(others)


def level(rows: list[tuple[float, int, int]], called: list[str]) -> list[float]:
    chances, weights, ruled = zip(*rows, strict=True)
    found = levelled(np.array(chances, np.float32), np.array(weights, np.float32), np.array(ruled, np.int8), called)
    return [float(one) for one in found]


@given(ROWS, st.data())
def test_chances_come_closer_within_a_name_and_stay_in_order(
    rows: list[tuple[float, int, int]], data: st.DataObject
) -> None:
    called = data.draw(st.lists(st.sampled_from("abc"), min_size=len(rows), max_size=len(rows)))
    before, after = [chance if ruled < 2 else 0.0 for chance, _, ruled in rows], level(rows, called)
    for name in set(called):
        group = [at for at, one in enumerate(called) if one == name]
        old, new = [before[at] for at in group], [after[at] for at in group]
        assert min(old) - 1e-6 <= min(new)
        assert max(new) <= max(old) + 1e-6
        ranks = sorted(group, key=before.__getitem__)
        assert all(after[low] <= after[high] + 1e-6 for low, high in pairwise(ranks))


@given(ROWS, ROWS)
def test_what_is_called_otherwise_does_not_change_a_chance(
    rows: list[tuple[float, int, int]], others: list[tuple[float, int, int]]
) -> None:
    alone = level(rows, ["p"] * len(rows))
    beside = level(rows + others, ["p"] * len(rows) + ["li"] * len(others))
    assert np.allclose(alone, beside[: len(rows)])


def test_a_doubtful_paragraph_is_story_where_the_others_called_as_it_is_are() -> None:
    rows = [*[(0.95, 300, 0)] * 6, (0.36, 200, 0)]
    assert not taken(*rows)[-1]
    levels = level(rows, ["p"] * 7)
    assert taken(*((chance, *row[1:]) for chance, row in zip(levels, rows, strict=True)))[-1]


def test_a_few_words_after_the_last_paragraph_are_story_if_that_is_all_but_certain() -> None:
    story = [(0.98, 300, 0)] * 4
    assert taken(*story, (0.95, 20, 1), (0.8, 20, 1), (0.95, 20, 2)) == [*[True] * 4, True, False, False]


def test_many_doubtful_blocks_outweigh_the_story_unless_a_rule_speaks_against_them() -> None:
    story, comments = [(0.9, 100, 0)] * 5, [(0.47, 500, 0)] * 40
    assert taken(*story, *comments) == [True] * 45
    assert taken(*story, *((chance, weight, 2) for chance, weight, _ in comments)) == [True] * 5 + [False] * 40


def test_comments_share_bars_and_related_stories_are_ruled_out() -> None:
    line = "The ferry across the lower river stopped on Monday, and the town says that new cables take two weeks."
    boxes = ("comment-list", "share-bar", "related-posts", "advertisement")
    html = "".join(f"<p>{line}</p>" for _ in range(12)) + "".join(
        f'<div class="{name}"><p>{line} {name}</p></div>' for name in boxes
    )
    root = parse(f"<body><article><h1>The ferry stops</h1>{html}</article></body>".encode())
    assert root is not None
    look = first_look(root)
    index = [at for at, block in enumerate(look.page.blocks) if block.text.startswith(line)]
    assert look.ruled(index).tolist() == [0] * 12 + [2] * 4


def test_a_table_between_the_paragraphs_is_story() -> None:
    lines = [
        f"<p>The ferry carried {n} more people across the lower river than in the year before, the town said on Monday.</p>"
        for n in range(200, 208)
    ]
    rows = [
        ("Pier", "Boats", "People"),
        ("North Bank", "14", "1 204"),
        ("Old Harbour", "9", "866"),
        ("Mill", "11", "930"),
    ]
    table = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    html = f"<article><h1>More people took the ferry</h1>{''.join(lines[:5])}<table>{table}</table>{''.join(lines[5:])}"
    page = f"<body><nav><a href='/'>Home</a></nav>{html}</article><footer>All rights reserved</footer></body>"
    article = extract_article(page.encode(), "https://www.example.org/2024/03/07/ferry.html")
    paragraphs = (article.article_body or "").split("\n\n")
    assert [cell for row in rows for cell in row] == paragraphs[5:-3]

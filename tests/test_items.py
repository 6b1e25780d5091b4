from __future__ import annotations

import ast
import copy
import inspect
import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newscrawl import items
from newscrawl.items import (
    FIELDS,
    REQUIRED,
    Article,
    Breadcrumb,
    Candidate,
    CaptureRef,
    Change,
    FoundOn,
    Http,
    Media,
    Person,
    Provenance,
    Reader,
    Removed,
    SnapshotRef,
    Tag,
    TextLink,
    TitledLink,
    VersionKey,
    Warn,
    as_row,
    faults,
    from_row,
    json_schema,
)

SCHEMA_FILE = Path(__file__).parents[1] / "docs" / "article.schema.json"
URL = "https://news.example/1.html"
HEX = "0123456789abcdef" * 4

FULL = Article(
    id=HEX,
    url_key=URL,
    url=URL,
    requested_url=URL,
    canonical_url=URL,
    url_assigned=True,
    site="news.example",
    found_on=FoundOn(url=URL, how="related"),
    depth=1,
    headline="图书馆重新开放",
    description="摘要",
    article_section="国内",
    breadcrumbs=[Breadcrumb(name="首页", url=URL)],
    authors=[Person(name="小山", url=URL)],
    source_organization="法广RFI",
    date_published="2023-03-21T08:15+08:00",
    date_modified="2023-03-22",
    dateline="台北",
    in_language="zh-Hans",
    tags=[Tag(name="图书馆", url=URL, kind="declared")],
    article_body="第一段。\n\n第二段。",
    images=[Media(url=URL, alt="门", caption="门（王五）", credit="王五", candidates=[Candidate(url=URL, width=640)])],
    videos=[Media(url=URL, candidates=[Candidate(url=URL)])],
    related=[TitledLink(url=URL, title="一")],
    promoted=[TitledLink(url=URL, title="二")],
    links=[TextLink(url=URL, text="三", kind="keyword")],
    removed=[Removed(kind="notice", text="声明")],
    is_accessible_for_free=True,
    version=2,
    change=Change(ratio=0.5, added=1, removed=2, headline_changed=False),
    duplicate_of=VersionKey(id=HEX, version=1),
    duplicate_kind="exact",
    similarity=1.0,
    cluster_id="c1",
    fetched_at="2023-03-22T08:15:00Z",
    http=Http(
        status=200, etag='"a"', last_modified="x", encoding="utf-8", encoding_source="header", truncated="length"
    ),
    capture=CaptureRef(warc="a.warc.gz", offset=0, length=9, record_id="<urn:uuid:1>", payload_digest=f"sha256:{HEX}"),
    snapshot=SnapshotRef(path="html/a.html", sha256=HEX),
    run_id="run",
    reader=Reader(version="1", profile="example", profile_sha256=HEX),
    provenance=[Provenance(field="headline", method="meta", where="og:title", raw="x", confidence=0.9)],
    warnings=[Warn(field="authors", code="too_long", detail="x")],
)
DATACLASSES = [value for value in vars(items).values() if isinstance(value, type) and is_dataclass(value)]


def places(value: Any, path: str = "", above: tuple[Any, ...] = ()) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Every value below *value*: its path as faults() writes it, and the keys that lead to it."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from places(part, f"{path}.{name}" if path else name, (*above, name))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from places(part, f"{path}[{index}]", (*above, index))
    if path:
        yield path, above


def replaced(keys: tuple[Any, ...], new: Any) -> Article:
    """FULL, with *new* at the place that *keys* lead to."""
    row = copy.deepcopy(as_row(FULL))
    target = row
    for key in keys[:-1]:
        target = target[key]
    target[keys[-1]] = new
    article: Article = from_row(Article, row)
    return article


def value_at(keys: tuple[Any, ...]) -> Any:
    value = as_row(FULL)
    for key in keys:
        value = value[key]
    return value


PLACES = dict(places(as_row(FULL)))

TEXTS = st.builds("{}{}".format, st.text(st.characters(), max_size=4), st.sampled_from("中a."))
FORMS = {
    items.Text: TEXTS,
    items.Url: st.text(st.characters(), max_size=8).map("https://news.example/{}".format),
    items.Sha256: st.binary(min_size=32, max_size=32).map(bytes.hex),
    items.IsoDate: st.datetimes().flatmap(
        lambda moment: st.sampled_from(
            [
                moment.strftime("%Y").zfill(4),
                moment.date().isoformat()[:7],
                moment.date().isoformat(),
                moment.isoformat(timespec="minutes"),
                moment.isoformat(timespec="seconds") + "Z",
                moment.isoformat(timespec="microseconds") + "+08:00",
            ]
        )
    ),
    items.IsoTime: st.datetimes().map(lambda moment: moment.isoformat(timespec="seconds") + "Z"),
}
SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(st.characters(), max_size=8),
    int: st.integers(),
    bool: st.booleans(),
    float: st.floats(allow_nan=False, allow_infinity=False) | st.integers(),
    type(None): st.none(),
}


def values_of(hint: Any, *, absent: bool = True) -> st.SearchStrategy[Any]:
    """What a field declared as *hint* may hold."""
    origin = get_origin(hint)
    if origin is list:
        return st.lists(values_of(get_args(hint)[0]), max_size=1)
    if origin is Annotated:
        return FORMS[hint]
    if origin is Literal:
        return st.sampled_from(get_args(hint))
    if origin in (Union, UnionType):
        return st.one_of([values_of(option) for option in get_args(hint) if absent or option is not type(None)])
    return parts_of(hint) if is_dataclass(hint) else SCALARS[hint]


def parts_of(kind: Any) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind, include_extras=True)
    required = REQUIRED if kind is Article else ()
    return st.builds(kind, **{name: values_of(hint, absent=name not in required) for name, hint in hints.items()})


ARTICLES = parts_of(Article)
MANY_FIELDS = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def test_a_row_has_every_key_of_every_object_in_the_order_of_declaration() -> None:
    row = as_row(FULL)
    assert tuple(row) == FIELDS == tuple(json_schema()["properties"])
    assert list(row["images"][0]["candidates"][0]) == ["url", "width"]
    assert list(as_row(Article())) == list(row)


def test_absent_is_null_or_an_empty_list() -> None:
    row = as_row(Article())
    stated = {"schema_version": 1, "url_key_version": 1, "url_assigned": False, "version": 1}
    assert {name: value for name, value in row.items() if value not in (None, [])} == stated


def test_a_row_shares_no_list_with_its_article() -> None:
    article = Article(tags=[Tag(name="一", kind="declared")])
    as_row(article)["tags"].clear()
    assert len(article.tags) == 1


def test_a_full_article_comes_back_from_its_row() -> None:
    assert from_row(Article, json.loads(json.dumps(as_row(FULL)))) == FULL
    assert faults(FULL) == []


@MANY_FIELDS
@given(ARTICLES)
def test_any_article_comes_back_from_its_row(article: Article) -> None:
    assert from_row(Article, as_row(article)) == article


@MANY_FIELDS
@given(ARTICLES)
def test_what_faults_accepts_the_published_schema_accepts(article: Article) -> None:
    assert faults(article) == []
    jsonschema.validate(as_row(article), json_schema(), jsonschema.Draft202012Validator)


def test_the_published_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


def test_the_file_in_docs_is_the_published_schema() -> None:
    assert json.loads(SCHEMA_FILE.read_text(encoding="utf-8")) == json_schema(), "run: make schema"


@pytest.mark.parametrize("path", PLACES)
def test_a_value_of_a_wrong_type_is_named_by_field_and_fault_at_every_depth(path: str) -> None:
    (fault,) = faults(replaced(PLACES[path], object()))
    assert fault.startswith(f"{path}: ")
    assert fault.endswith(" expected, object found")


@pytest.mark.parametrize("path", [path for path in PLACES if isinstance(value_at(PLACES[path]), str)])
def test_an_empty_text_is_a_fault_at_every_depth(path: str) -> None:
    assert faults(replaced(PLACES[path], "")) == [f"{path}: '' does not fit"]


@pytest.mark.parametrize("path", PLACES)
def test_what_faults_refuses_the_published_schema_refuses(path: str) -> None:
    for wrong in (["x"], {"x": 1}, "", "\n"):
        article = replaced(PLACES[path], wrong)
        refused = not jsonschema.Draft202012Validator(json_schema()).is_valid(as_row(article))
        assert faults(article) != [] or path in REQUIRED
        assert refused


@pytest.mark.parametrize(
    ("keys", "wrong", "fault"),
    [
        (("depth",), True, "depth: int expected, bool found"),
        (("depth",), 1.0, "depth: int expected, float found"),
        (("url_assigned",), 1, "url_assigned: bool expected, int found"),
        (("similarity",), True, "similarity: float expected, bool found"),
        (("similarity",), "1", "similarity: float expected, str found"),
        (("similarity",), float("nan"), "similarity: 'nan' does not fit"),
        (("change", "ratio"), float("inf"), "change.ratio: 'inf' does not fit"),
        (("headline",), " \n", "headline: ' \\n' does not fit"),
        (("url",), "ftp://news.example/", "url: 'ftp://news.example/' does not fit"),
        (("url",), "https:///1", "url: 'https:///1' does not fit"),
        (("id",), HEX.upper(), f"id: {HEX.upper()!r} does not fit"),
        (("id",), HEX + "\n", f"id: {HEX + chr(10)!r} does not fit"),
        (("duplicate_kind",), "same", "duplicate_kind: 'same' does not fit"),
        (("tags", 0, "kind"), "Inline", "tags[0].kind: 'Inline' does not fit"),
        (("tags",), None, "tags: list expected, NoneType found"),
        (("tags",), (), "tags: list expected, tuple found"),
        (("tags", 0), {"name": "x"}, "tags[0]: Tag expected, dict found"),
        (("tags", 0), {"name": "x", "kind": "inline", "hits": 1}, "tags[0]: Tag expected, dict found"),
        (("http", "status"), None, "http.status: int expected, NoneType found"),
        (("version",), None, "version: int expected, NoneType found"),
        (("authors", 0), None, "authors[0]: Person expected, NoneType found"),
    ],
)
def test_a_fault_says_what_is_wrong(keys: tuple[Any, ...], wrong: Any, fault: str) -> None:
    assert faults(replaced(keys, wrong)) == [fault]


def test_a_whole_number_may_stand_for_a_float_however_large() -> None:
    assert faults(replaced(("similarity",), 1)) == []
    assert faults(replaced(("change", "ratio"), 10**400)) == []


def test_a_text_of_another_class_is_refused_since_it_may_hold_a_whole_page() -> None:
    class Smart(str):
        __slots__ = ()

    assert faults(replaced(("headline",), Smart("x"))) == ["headline: str expected, Smart found"]


def test_every_fault_is_named() -> None:
    article = replaced(("headline",), "")
    article.tags = [Tag(name="", kind="inline"), Tag(name="x", url="x", kind="inline")]
    assert faults(article) == [
        "headline: '' does not fit",
        "tags[0].name: '' does not fit",
        "tags[1].url: 'x' does not fit",
    ]


@pytest.mark.parametrize(
    "value",
    [
        "2023",
        "2023-03",
        "2023-03-21",
        "2023-03-21T08:15",
        "2023-03-21T08:15Z",
        "2023-03-21T08:15+08:00",
        "2023-03-21T08:15:30-03:30",
        "2023-03-21T08:15:30.123456Z",
        "2023-03-21T08:15:30.1",
    ],
)
def test_a_date_may_be_as_short_as_its_evidence(value: str) -> None:
    assert faults(Article(date_published=value, date_modified=value)) == []


@pytest.mark.parametrize(
    "value",
    [
        "",
        "23-03-21",
        "2023-3-21",
        "20230321",
        "2023/03/21",
        "2023-03-21 08:15",
        "2023-03-21T08",
        "2023-03-21T08:15+0800",
        "2023-03-21T08:15z",
        "2023-03-21T08:15:30.1234567Z",
        "2023-03Z",
        "2023-03-21Z",
        "2023-03-21\n",
        " 2023-03-21",
        "２０２３-03-21",
        "2023-03-21T08:15+٠٨:00",
        "March 21, 2023",
    ],
)
def test_a_date_of_another_form_is_a_fault(value: str) -> None:
    assert faults(Article(date_published=value)) == [f"date_published: {value!r} does not fit"]


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ("2023-03-22T08:15:00Z", True),
        ("2023-03-22T08:15:00.5Z", True),
        ("2023-03-22T08:15Z", False),
        ("2023-03-22T08:15:00", False),
        ("2023-03-22T08:15:00+00:00", False),
        ("2023-03-22", False),
    ],
)
def test_the_time_of_a_fetch_is_utc_to_the_second(value: str, fits: bool) -> None:
    assert (faults(Article(fetched_at=value)) == []) is fits


def test_a_row_with_an_unknown_key_is_no_article() -> None:
    with pytest.raises(TypeError, match="Article has no field 'headlines'"):
        from_row(Article, {"headlines": "x"})


def test_a_part_without_a_key_that_it_needs_is_none() -> None:
    with pytest.raises(TypeError, match="kind"):
        from_row(Tag, {"name": "x"})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda part: (
        st.lists(part, max_size=3) | st.dictionaries(st.sampled_from(["name", "url", "kind", "x"]), part, max_size=3)
    ),
    max_leaves=6,
)


@given(st.sampled_from(FIELDS), JSON)
def test_any_json_in_a_field_fits_or_is_named_and_never_raises(name: str, value: Any) -> None:
    article = from_row(Article, {name: value})
    for fault in faults(article):
        assert fault.startswith(name)
    if not faults(article):
        assert from_row(Article, as_row(article)) == article


@pytest.mark.parametrize("kind", DATACLASSES, ids=lambda kind: kind.__name__)
def test_every_field_has_a_docstring_right_under_it(kind: type) -> None:
    (node,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(node, ast.ClassDef)
    assert ast.get_docstring(node)
    if kind.__name__ == "Pattern":
        return
    documented = []
    for statement, below in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            assert isinstance(below, ast.Expr), f"{kind.__name__}.{statement.target.id} has no docstring"
            assert isinstance(below.value, ast.Constant)
            assert isinstance(below.value.value, str)
            documented.append(statement.target.id)
    assert documented == [field.name for field in fields(kind)]

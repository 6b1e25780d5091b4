"""Who wrote an article, for whom, from where."""

from __future__ import annotations

from collections.abc import Iterator

from lxml.etree import _Element as Element

from newscrawl.extract import bylines
from newscrawl.extract.authors import Evidence, Layer, best_of
from newscrawl.extract.building import Builder, Source
from newscrawl.extract.names import is_full_name
from newscrawl.extract.prose import squeezed
from newscrawl.extract.structured import people_of
from newscrawl.extract.surnames import is_cjk
from newscrawl.extract.titles import site_name
from newscrawl.extract.tree import Block, where
from newscrawl.items import Person
from newscrawl.text import clean_line

_MANY = 3


def put_people(build: Builder, blocks: list[Block]) -> None:
    """Authors and the credited source: the profile's patterns, metadata, then printed lines."""
    lines = [block for block in blocks if block.place == "removed" and block.kind in ("source_line", "byline")]
    lines += [block for block in blocks if block.place == "removed" and block.kind == "other" and block.weight <= 120]
    _profile_lines(build, lines)
    if not build.article.authors:
        _put_authors(build)
    _put_source(build, lines)
    _put_dateline(build, blocks)


def _profile_lines(build: Builder, lines: list[Block]) -> None:
    layout = build.source.layout
    for pattern in layout.lines if layout else ():
        for block in lines:
            match = pattern.search(block.text)
            if match is None:
                continue
            groups = match.groupdict()
            place = where(block.element)
            if groups.get("source"):
                build.put("source_organization", clean_line(groups["source"]), "profile", place, block.text)
            if groups.get("author"):
                build.put("authors", [Person(name=clean_line(groups["author"]))], "profile", place, block.text)
            if groups.get("section"):
                build.put("article_section", clean_line(groups["section"]), "profile", place, block.text)
            return


def _put_authors(build: Builder) -> None:
    layers = [layer for layer in Evidence(build.source).layers() if layer.people]
    if not layers:
        return
    chosen = best_of(layers)
    raw = ", ".join(person.name for person in chosen.people)
    build.put("authors", list(chosen.people), chosen.method, chosen.where, raw, signs=_signs(chosen, layers))


def _signs(chosen: Layer, layers: list[Layer]) -> list[str]:
    """What the other layers say of the choice, for :func:`newscrawl.extract.confidence.confidence`."""
    signs = [f"is:{chosen.name}"]
    others: dict[str, bool] = {}
    for layer in layers:
        if layer.name != chosen.name:
            others[layer.name] = others.get(layer.name, False) or layer.keys() == chosen.keys()
    signs += [f"{'agrees' if same else 'differs'}:{name}" for name, same in sorted(others.items())]
    if not others:
        signs.append("only")
    if len(chosen.people) > 1:
        signs.append("several")
    signs += _looks_of(chosen)
    agreeing = sum(sign.startswith("agrees:") for sign in signs)
    signs += [f"agreeing:{least}" for least in (1, 2, 3) if agreeing >= least]
    differing = sum(sign.startswith("differs:") for sign in signs)
    signs += [f"differing:{least}" for least in (1, 2) if differing >= least]
    if any(person.url and squeezed(person.name) in squeezed(person.url) for person in chosen.people):
        signs.append("in_url")
    return signs


def _looks_of(chosen: Layer) -> list[str]:
    """What the names themselves look like, and where they stand."""
    names = [person.name for person in chosen.people]
    signs = ["near"] if chosen.near else []
    if not all(map(is_full_name, names)):
        signs.append("part")
    if any(name.isupper() and name.isascii() for name in names):
        signs.append("capitals")
    if len(names) > _MANY:
        signs.append("many")
    if not all(name.isascii() for name in names):
        signs.append("cjk" if any(map(is_cjk, names)) else "accents")
    words = max(len(name.split()) for name in names)
    return [*signs, f"words:{min(words, _MANY + 1)}"]


def _put_source(build: Builder, lines: list[Block]) -> None:
    """The outlet of a source line; else of metadata; else the agency that stands where an author would."""
    if build.article.source_organization is not None:
        return
    site = squeezed(site_name(build.source.meta) or "")
    for name, method, place, raw in _sources(build.source, lines):
        if name and squeezed(name) != site:
            build.put("source_organization", name, method, place if isinstance(place, str) else where(place), raw)
            return


def _sources(source: Source, lines: list[Block]) -> Iterator[tuple[str | None, str, str | Element, str]]:
    for block in lines:
        yield bylines.source_in(block.text), "text", block.element, block.text
    stated = source.meta.first("source", "article:source", "contentsource", "publishsource")
    if stated is not None and len(stated[1]) <= 60 and "://" not in stated[1]:
        yield bylines.source_in(stated[1]) or bylines.source_in(f"来源：{stated[1]}"), "meta", stated[0], stated[1]
    for name, _, _ in people_of(source.meta, source.meta.article.get("author") or []):
        yield bylines.agency_in(name), "json-ld", "author", name
    for block in lines:
        if block.kind == "byline" or block.weight <= 40:
            yield bylines.agency_in(block.text), "text", block.element, block.text
    written = source.meta.first("author", "article:author")
    if written is not None:
        yield bylines.agency_in(written[1]), "meta", *written


def _put_dateline(build: Builder, blocks: list[Block]) -> None:
    for block in blocks:
        if block.kind == "dateline" and build.article.dateline is None:
            build.put("dateline", bylines.dateline_of(block.text) or None, "text", where(block.element), block.text)
    first = next((block for block in blocks if block.place == "body"), None)
    if build.article.dateline is None and first is not None:
        found = bylines.dateline_in(first.text)
        if found:
            build.put("dateline", found[0], "text", where(first.element), found[1])

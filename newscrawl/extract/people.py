"""Who wrote an article, for whom, from where."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newscrawl.extract import readings
from newscrawl.extract.building import Builder, Source
from newscrawl.extract.prose import squeezed
from newscrawl.extract.structured import people_of
from newscrawl.extract.titles import site_name
from newscrawl.extract.tree import Block, text_within, where
from newscrawl.items import Person
from newscrawl.text import clean_line
from newscrawl.urls import host_of, resolve


def put_people(build: Builder, blocks: list[Block]) -> None:
    """Authors and the credited source: the profile's patterns, metadata, then printed lines."""
    source = build.source
    lines = [block for block in blocks if block.place == "removed" and block.kind in ("source_line", "byline")]
    lines += [block for block in blocks if block.place == "removed" and block.kind == "other" and block.weight <= 120]
    _profile_lines(build, lines)
    if build.article.source_organization is None:
        for block in lines:
            credited = readings.source_in(block.text)
            if credited and squeezed(credited) != squeezed(site_name(source.meta) or ""):
                build.put("source_organization", credited, "text", where(block.element), block.text)
                break
    for people, method, place in () if build.article.authors else _author_layers(source, lines):
        if people:
            build.put("authors", people, method, place, ", ".join(person.name for person in people))
            break
    else:
        if not build.article.authors:
            _bare_byline(build, lines)
    for block in blocks:
        if block.kind == "dateline" and build.article.dateline is None:
            build.put("dateline", readings.dateline_of(block.text) or None, "text", where(block.element), block.text)
    first = next((block for block in blocks if block.place == "body"), None)
    if build.article.dateline is None and first is not None:
        found = readings.dateline_in(first.text)
        if found:
            build.put("dateline", found[0], "text", where(first.element), found[1])


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


def _author_layers(source: Source, lines: list[Block]) -> Iterator[tuple[list[Person], str, str]]:
    outlet = {squeezed(name) for name in (site_name(source.meta), host_of(source.url or "")) if name}

    def people(pairs: list[tuple[str, str | None]]) -> list[Person]:
        named: dict[str, Person] = {}
        for text, url in pairs:
            name = readings.person_name(text)
            if name and squeezed(name) not in outlet and squeezed(name) not in named:
                named[squeezed(name)] = Person(name=name, url=resolve(source.base, url) if url else None)
        return list(named.values())

    stated = [
        (part, url)
        for name, url, person in people_of(source.meta, source.meta.article.get("author") or [])
        if person
        for part in re.split(r"\s*[,，、;&]\s*|\s+(?:and|und|et|y)\s+", name)
    ]
    yield people(stated), "json-ld", "author"
    marked: list[tuple[str, str | None]] = []
    for block in source.page.article_blocks():
        if block.place in ("related", "promoted") or block.kind == "comment":
            continue
        for link in block.links:
            if "author" in (link.element.get("rel") or "").split() or link.element.get("itemprop") == "author":
                marked.append((link.text, link.element.get("href")))
    yield people(marked), "microdata", "rel=author"
    inner: list[tuple[str, str | None]] = []
    for element in source.meta.itemprops:
        if element.get("itemprop") == "author":
            name = next((e for e in element.iter() if e.get("itemprop") == "name"), element)
            inner.append((name.get("content") or text_within(name), None))
    yield people(inner), "microdata", "itemprop=author"
    for block in lines:
        yield people([(name, None) for name in readings.authors_in(block.text)]), "text", where(block.element)
    written = source.meta.first("author", "article:author", "byl", "parsely-author", "dc.creator", "sailthru.author")
    if written and "://" not in written[1]:
        parts = re.split(r"\s*[,，、;]\s*|\s+(?:and|und|et)\s+", clean_line(written[1][:1000]))
        yield people([(part, None) for part in parts]), "meta", written[0]


def _bare_byline(build: Builder, lines: list[Block]) -> None:
    for block in lines:
        name = readings.person_name(block.text) if block.kind == "byline" and block.weight <= 40 else None
        if name and not readings.NOT_AUTHORS.search(block.text):
            build.put("authors", [Person(name=name)], "text", where(block.element), block.text)
            return

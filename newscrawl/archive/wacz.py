"""WACZ 1.1.1: WARCs, their index and a list of pages in one ZIP file that viewers open without unpacking it.

The same files give the same bytes: nothing in it depends on the time, the folder or the machine.
Source: https://specs.webrecorder.net/wacz/1.1.1/ and the compressed CDXJ of pywb (``index.cdx.gz`` with ``index.idx``).
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from newscrawl import __version__
from newscrawl.archive.cdxj import cdxj_lines, cdxj_path
from newscrawl.exceptions import ConfigError

WACZ_VERSION = "1.1.1"

_LINES = 3000
"""Lines of the index that are packed together: what a viewer loads for one URL."""
_PIECE = 1 << 20
# The earliest time that a ZIP file can state.
_NO_TIME = (1980, 1, 1, 0, 0, 0)
_NOT_IN_A_NAME = re.compile(r"[^-a-z0-9._]")


@dataclass(frozen=True, kw_only=True, slots=True)
class WaczPage:
    """One page that a viewer lists."""

    url: str
    timestamp: str
    """``2023-03-22T08:15:00Z``, of its capture."""
    title: str | None = None


def write_wacz(
    target: Path,
    warcs: Iterable[Path],
    pages: Iterable[WaczPage] | None = None,
    *,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Write *warcs* with their index to *target*, and return the number of pages.

    *pages* None: each successful HTML response is one. *target* appears when it is whole. Raises :exc:`ConfigError` for
    two WARCs of one name, :exc:`OSError`, and :exc:`~newscrawl.exceptions.ArchiveError` for a file that cannot be read.
    """
    files = sorted(warcs, key=lambda path: path.name)
    for one, other in pairwise(files):
        if one.name == other.name:
            raise ConfigError(f"{one} and {other} have one name, and would have one place in the WACZ")
    temporary = target.with_name(f"{target.name}.tmp")
    try:
        with ZipFile(temporary, "w", ZIP_STORED, allowZip64=True) as archive:
            count = _fill(_Package(archive), files, pages, progress or (lambda _: None))
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return count


class _Package:
    """A ZIP file that remembers what is put into it."""

    def __init__(self, archive: ZipFile) -> None:
        self.archive = archive
        self.resources: list[dict[str, Any]] = []

    def add(self, path: str, pieces: Iterable[bytes], *, packed: bool) -> None:
        """Add a file; one that is *packed* already, or is read by its offsets, is stored as it is."""
        digest, size = hashlib.sha256(), 0
        with self.archive.open(_info(path, packed=packed), "w", force_zip64=True) as file:
            for piece in pieces:
                file.write(piece)
                digest.update(piece)
                size += len(piece)
        name = _NOT_IN_A_NAME.sub("-", path.rpartition("/")[2].lower())
        self.resources.append({"name": name, "path": path, "hash": f"sha256:{digest.hexdigest()}", "bytes": size})


def _info(path: str, *, packed: bool) -> ZipInfo:
    info = ZipInfo(path, _NO_TIME)
    info.compress_type = ZIP_STORED if packed else ZIP_DEFLATED
    info.create_system = 3
    info.external_attr = 0o644 << 16
    return info


def _fill(
    package: _Package, files: list[Path], pages: Iterable[WaczPage] | None, progress: Callable[[int], None]
) -> int:
    found: list[WaczPage] = [] if pages is None else list(pages)
    last = ""
    blocks: list[bytes] = []

    def lines() -> Iterator[str]:
        nonlocal last
        for line in _index_lines(files):
            entry = line.split(" ", 2)
            last = max(last, entry[1])
            if pages is None and (page := _page_of(entry[1], entry[2])) is not None:
                found.append(page)
            yield line

    package.add("indexes/index.cdx.gz", _packed_index(lines(), blocks), packed=True)
    package.add("indexes/index.idx", blocks, packed=False)
    for path in files:
        package.add(f"archive/{path.name}", _pieces(path, progress), packed=True)
    listed = sorted(set(found), key=lambda page: (page.timestamp, page.url, page.title or ""))
    package.add("pages/pages.jsonl", _page_lines(listed), packed=False)
    described = {
        "profile": "data-package",
        "wacz_version": WACZ_VERSION,
        "software": f"newscrawl {__version__}",
        # When the last capture was made: a time of the export would make each one another file.
        "created": _iso(last) if last else "1980-01-01T00:00:00Z",
        "resources": _with_own_names(package.resources),
    }
    text = json.dumps(described, ensure_ascii=False, indent=2).encode()
    digest = {"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(text).hexdigest()}"}
    package.archive.writestr(_info("datapackage.json", packed=False), text)
    package.archive.writestr(_info("datapackage-digest.json", packed=False), json.dumps(digest, indent=2))
    return len(listed)


def _with_own_names(resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return *resources*, each with a name that no other has."""
    taken: set[str] = set()
    for resource in resources:
        name, number = resource["name"], 1
        while resource["name"] in taken:
            number += 1
            resource["name"] = f"{number}-{name}"
        taken.add(resource["name"])
    return resources


def _index_lines(files: list[Path]) -> Iterator[str]:
    """Yield the lines of all indexes, sorted; of an index that is missing or old, what it should say."""
    parts: list[Iterable[str]] = []
    opened: list[Any] = []
    try:
        for path in files:
            index = cdxj_path(path)
            if index.exists() and index.stat().st_mtime_ns >= path.stat().st_mtime_ns:
                file = index.open(encoding="utf-8", errors="replace")
                opened.append(file)
                parts.append(line.rstrip("\n") for line in file)
            else:
                parts.append(cdxj_lines(path))
        for line, _ in groupby(merge(*parts)):
            yield line
    finally:
        for file in opened:
            file.close()


def _packed_index(lines: Iterable[str], blocks: list[bytes]) -> Iterator[bytes]:
    """Yield *lines* packed in blocks, and append to *blocks* where each one lies."""
    blocks.append(b'!meta 0 {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}\n')
    offset = 0
    block: list[str] = []

    def packed() -> bytes:
        nonlocal offset
        data = zlib.compress("".join(f"{line}\n" for line in block).encode(), 9, wbits=31)
        place = {"offset": offset, "length": len(data), "digest": f"sha256:{hashlib.sha256(data).hexdigest()}"}
        blocks.append(f"{' '.join(block[0].split(' ', 2)[:2])} {json.dumps(place)}\n".encode())
        offset += len(data)
        block.clear()
        return data

    for line in lines:
        block.append(line)
        if len(block) == _LINES:
            yield packed()
    if block:
        yield packed()


def _page_of(timestamp: str, text: str) -> WaczPage | None:
    """Return the page that a line of the index stands for, None for anything but a successful HTML response."""
    said = json.loads(text)
    if said.get("status") != "200" or said.get("mime") not in ("text/html", "application/xhtml+xml"):
        return None
    return WaczPage(url=said.get("url", ""), timestamp=_iso(timestamp))


def _page_lines(pages: Iterable[WaczPage]) -> Iterator[bytes]:
    yield b'{"format": "json-pages-1.0", "id": "pages", "title": "All Pages"}\n'
    for page in pages:
        number = hashlib.sha256(f"{page.timestamp} {page.url}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
        said = {"id": number, "url": page.url, "ts": page.timestamp, "title": page.title}
        shown = {name: value for name, value in said.items() if value is not None}
        # Lone surrogates are no UTF-8; as escapes they are JSON.
        yield json.dumps(shown).encode("ascii") + b"\n"


def _pieces(path: Path, progress: Callable[[int], None]) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
            progress(len(piece))


def _iso(digits: str) -> str:
    """Return ``20230322081500`` as ``2023-03-22T08:15:00Z``."""
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}T{digits[8:10]}:{digits[10:12]}:{digits[12:14]}Z"

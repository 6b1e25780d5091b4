"""Opening replay sets: manifests and WARCs, and what a WARC's records say of a crawl."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import get_args

from newscrawl.archive.manifest import read_manifest
from newscrawl.archive.reading import read_record, read_warc
from newscrawl.archive.records import Damage, WarcRecord
from newscrawl.archive.replay import Capture, Found, Message, ReplaySet
from newscrawl.archive.warc import NOT_MODIFIED
from newscrawl.archive.wire import Truncation
from newscrawl.exceptions import ArchiveError, ManifestError
from newscrawl.fingerprint import sha256_hex
from newscrawl.items import CaptureRef, FoundHow
from newscrawl.urls import UrlKeys, resolve

WARC_SUFFIXES = (".warc.gz", ".warc", ".warc.gz.open")
_HOWS: dict[str | None, FoundHow] = {how: how for how in get_args(FoundHow)}
_TRUNCATIONS: dict[str | None, Truncation] = {reason: reason for reason in get_args(Truncation)}


@dataclass(frozen=True, kw_only=True)
class WarcCapture(Capture):
    """A response or revisit record."""

    path: Path
    offset: int
    length: int
    inner: int = 0
    payload_at: tuple[Path, int, int] | None = None
    """Path, offset and inner offset of the record that holds the payload; None when it is this one."""

    def message(self) -> Message:
        """Return headers and body. Raises :exc:`~newscrawl.exceptions.ArchiveError` when the file has changed."""
        record = read_record(self.path, self.offset, inner=self.inner)
        path, offset, inner = self.payload_at or (self.path, self.offset, self.inner)
        holder = record if self.payload_at is None else read_record(path, offset, inner=inner)
        fields = tuple(record.http.fields) if record.http is not None else ()
        body = holder.payload
        if sha256_hex(body) != self.sha256:
            raise ArchiveError(f"{path}: offset {offset}: another payload lies here than when the set was opened")
        return Message(fields=fields, body=body)

    @cached_property
    def _name(self) -> str:
        return self.path.name.removesuffix(".open")

    @property
    def ref(self) -> CaptureRef:
        """Where the record lies."""
        return CaptureRef(
            warc=self._name,
            offset=self.offset,
            length=self.length,
            record_id=self.record_id,
            payload_digest=f"sha256:{self.sha256}",
        )


@dataclass
class _Scan:
    """What is gathered from the files one after another."""

    captures: list[WarcCapture] = field(default_factory=list)
    damage: list[str] = field(default_factory=list)
    # By the record that they stand beside.
    found: dict[str, Found] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    read: dict[str, bool] = field(default_factory=dict)
    methods: dict[str, str] = field(default_factory=dict)
    # Revisits, with what names their original: record id, URL and date, payload digest.
    revisits: list[tuple[WarcCapture, str | None, tuple[str, str], str | None]] = field(default_factory=list)
    by_id: dict[str, WarcCapture] = field(default_factory=dict)
    by_place: dict[tuple[str, str], WarcCapture] = field(default_factory=dict)
    by_digest: dict[str, WarcCapture] = field(default_factory=dict)


def open_replay_set(paths: Iterable[Path], keys: UrlKeys | None = None) -> ReplaySet:
    """Read the manifests and WARCs at *paths*.

    Raises :exc:`ManifestError` naming file, line and fault; damage in a WARC is kept in :attr:`ReplaySet.damage`.
    """
    files: dict[str, tuple[Capture, Path]] = {}
    scan = _Scan()
    for path in paths:
        if path.name.endswith(WARC_SUFFIXES):
            _scan(path, scan)
        elif path.suffix == ".jsonl":
            for capture in read_manifest(path):
                if capture.url in files:
                    other = files[capture.url][1]
                    raise ManifestError(f"{path}: {capture.url} is already bound in {other}; a URL has one capture")
                files[capture.url] = capture, path
        else:
            raise ManifestError(
                f"{path}: a replay set is made of manifests (.jsonl) and WARCs (.warc.gz, .warc) (docs/replay.md)"
            )
    captures = [*(capture for capture, _ in files.values()), *_resolved(scan)]
    if not captures:
        told = f"; {scan.damage[0]}" if scan.damage else ""
        raise ManifestError(f"the replay set holds no capture{told}")
    return ReplaySet(captures, scan.damage, keys=keys)


def _scan(path: Path, scan: _Scan) -> None:
    try:
        for record in read_warc(path):
            if isinstance(record, Damage):
                scan.damage.append(str(record))
            elif record.type in ("response", "revisit"):
                _take_answer(record, scan)
            elif record.type == "metadata":
                _take_metadata(record, scan)
            elif record.type == "request" and (beside := record.get("WARC-Concurrent-To")) is not None:
                scan.methods[_bare(beside)] = record.block[:16].split(b" ")[0].decode("latin-1")
    except ArchiveError as error:
        # What a file holds is no reason for it, only that the file itself cannot be read.
        raise ManifestError(str(error)) from error


def _take_answer(record: WarcRecord, scan: _Scan) -> None:
    http, url = record.http, resolve(None, record.target_uri or "")
    if http is None or http.status is None or url is None:
        return
    truncated = record.get("WARC-Truncated")
    capture = WarcCapture(
        url=url,
        status=http.status,
        content_type=(http.get(b"content-type") or b"").decode("latin-1"),
        fetched_at=record.date,
        sha256=sha256_hex(http.body),
        record_id=record.record_id,
        truncated=_TRUNCATIONS.get(truncated),
        path=record.path,
        offset=record.offset,
        length=record.length,
        inner=record.inner,
    )
    if record.type == "revisit":
        if record.get("WARC-Profile") != NOT_MODIFIED:
            place = record.get("WARC-Refers-To-Target-URI") or "", record.get("WARC-Refers-To-Date") or ""
            refers = record.get("WARC-Refers-To")
            digest = record.get("WARC-Payload-Digest")
            scan.revisits.append((capture, _bare(refers) if refers else None, place, digest))
        return
    scan.captures.append(capture)
    if capture.record_id is not None:
        scan.by_id.setdefault(capture.record_id, capture)
    scan.by_place.setdefault((record.target_uri or "", record.get("WARC-Date") or ""), capture)
    if (digest := record.get("WARC-Payload-Digest")) is not None and truncated is None:
        scan.by_digest.setdefault(digest, capture)


def _take_metadata(record: WarcRecord, scan: _Scan) -> None:
    beside = record.get("WARC-Concurrent-To")
    if beside is None:
        return
    lines = record.block.decode("utf-8", "replace").splitlines()
    notes = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if notes.get("capture") in ("wire", "reconstructed"):
        scan.read[_bare(beside)] = "error" not in notes
    if notes.get("newscrawl-part-of"):
        scan.parts[_bare(beside)] = notes["newscrawl-part-of"]
    how, asked = _HOWS.get(notes.get("newscrawl-how")), notes.get("newscrawl-asked")
    depth = notes.get("hopsFromSeed", "0")
    if how is not None and asked:
        scan.found[_bare(beside)] = Found(how, notes.get("via"), asked, int(depth) if depth.isdecimal() else 0)


def _resolved(scan: _Scan) -> list[WarcCapture]:
    """Return the captures with what other records say of them; revisits with the place of their payload."""
    captures = list(scan.captures)
    for capture, record_id, place, digest in scan.revisits:
        original = scan.by_id.get(record_id or "") or scan.by_place.get(place) or scan.by_digest.get(digest or "")
        if original is None:
            scan.damage.append(f"{capture.path}: offset {capture.offset}: the record it revisits is not in the set")
            continue
        at = (original.path, original.offset, original.inner)
        captures.append(replace(capture, payload_at=at, sha256=original.sha256))
    captures.sort(key=lambda capture: (capture.path.name, capture.offset, capture.inner))
    return [
        replace(
            capture,
            found=scan.found.get(capture.record_id or ""),
            part_of=scan.parts.get(capture.record_id or ""),
            was_read=scan.read.get(capture.record_id or ""),
        )
        for capture in captures
        if scan.methods.get(capture.record_id or "", "GET") == "GET"
    ]


def _bare(record_id: str) -> str:
    return record_id.strip().removeprefix("<").removesuffix(">")

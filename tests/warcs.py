"""WARC files with something wrong, and files of other tools in other forms, each made by one function.

:data:`DAMAGED` cannot be read as a whole; :data:`WRONG` can, and says what is not so; :data:`OTHER` is right.
Every function writes a file at the path it is given and tells what it wrote.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from newscrawl.archive.warc import NewRecord, Original, RecordMaker, gzip_member
from newscrawl.archive.wire import WireExchange

STARTED = datetime(2023, 3, 22, 8, 15, tzinfo=UTC)
PAGES = {f"http://news.example/{number}.html": f"<p>第{number}篇 图书馆\n".encode() * 40 for number in range(4)}
"""Bodies by URL, in the order in which :func:`records` has them."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """A file and what is to be found in it."""

    path: Path
    what: str
    """What is wrong with it, in words."""
    whole: int
    """Records that can be read."""
    damage: tuple[str, ...] = ()
    """Codes of the Damage that reading names, in order."""
    offset: int = 0
    """Where the record begins that is damaged or wrong."""
    finding: str | None = None
    """A word for what is wrong with a record that can be read."""


def ids() -> Callable[[], str]:
    """Return a source of record ids: ``urn:uuid:00000000-0000-4000-8000-000000000001`` and so on."""
    numbers = iter(range(1, 10**12))
    return lambda: f"urn:uuid:00000000-0000-4000-8000-{next(numbers):012d}"


def wire(url: str, body: bytes = b"<p>hello", **changes: object) -> WireExchange:
    """Return an exchange in which *url* was asked for and *body* came, with *changes*."""
    status, extra = changes.pop("status", "200 OK"), changes.pop("extra", b"")
    assert isinstance(extra, bytes)
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n".encode()
    values: dict[str, object] = {
        "url": url,
        "method": "GET",
        "started_at": STARTED,
        "elapsed_ms": 12,
        "ip_address": "127.0.0.1",
        "request": b"GET / HTTP/1.1\r\nHost: news.example\r\nCookie: masked\r\n\r\n",
        "head": head + extra + b"Content-Length: %d\r\n\r\n" % len(body),
        "body": body,
        **changes,
    }
    return WireExchange(**values)  # type: ignore[arg-type]


def maker(name: str = "test.warc.gz", level: int = 6) -> RecordMaker:
    """Return a maker whose ids and times are the same every time."""
    return RecordMaker(filename=name, created_at=STARTED, info={"software": "newscrawl"}, new_id=ids(), level=level)


def records() -> list[NewRecord]:
    """Return a warcinfo and for each of :data:`PAGES` response, request and metadata: thirteen records."""
    make = maker()
    made = [make.warcinfo()]
    for number, (url, body) in enumerate(PAGES.items()):
        made += make.exchange(wire(url, body, started_at=STARTED + timedelta(seconds=number)), notes={"via": "start"})
    return made


def members() -> list[bytes]:
    """Return the same records as gzip members."""
    return [record.member for record in records()]


def raw(member: bytes) -> bytes:
    """Return the record that *member* holds."""
    return zlib.decompress(member, 31)


def written(path: Path, parts: list[bytes]) -> Path:
    """Write *parts* at *path* and return it."""
    path.write_bytes(b"".join(parts))
    return path


def good(path: Path) -> Made:
    """Write a file with nothing wrong."""
    return Made(path=written(path, members()), what="nothing", whole=13)


# Damaged: most often the fifth record, the response of the second page; what follows it is whole.


def _spoiled(path: Path, index: int, change: Callable[[bytes], bytes], what: str, **said: object) -> Made:
    """Write the good file with the record at *index* changed, as gzip member."""
    parts = members()
    offset = sum(map(len, parts[:index]))
    parts[index] = change(parts[index])
    return Made(path=written(path, parts), what=what, offset=offset, **said)  # type: ignore[arg-type]


def _edited(path: Path, index: int, old: bytes, new: bytes, what: str, **said: object) -> Made:
    """Write the good file with one text in the record at *index* changed, everything around it sound."""

    def change(member: bytes) -> bytes:
        data = raw(member)
        assert re.search(old, data), f"{old!r} is not in the record"
        return gzip_member(re.sub(old, lambda found: found.expand(new), data, count=1), 6)

    return _spoiled(path, index, change, what, **said)


def torn_tail(path: Path) -> Made:
    """Killed while a record was written."""
    return _spoiled(path, 12, lambda member: member[:-20], "the last record is cut", whole=12, damage=("torn",))


def torn_header(path: Path) -> Made:
    """Killed after the first byte of a record."""
    return _spoiled(path, 12, lambda member: member[:1], "a single byte at the end", whole=12, damage=("torn",))


def bit_rot(path: Path) -> Made:
    """One bit of the packed bytes is another."""

    def rot(member: bytes) -> bytes:
        middle = len(member) // 2
        return member[:middle] + bytes([member[middle] ^ 0x10]) + member[middle + 1 :]

    return _spoiled(path, 4, rot, "a flipped bit in a gzip member", whole=12, damage=("gzip",))


def bad_checksum(path: Path) -> Made:
    """The record unpacks, and is not what was packed."""

    def rot(member: bytes) -> bytes:
        return member[:-8] + bytes([member[-8] ^ 1]) + member[-7:]

    return _spoiled(path, 4, rot, "a gzip member whose checksum is wrong", whole=12, damage=("gzip",))


def cut_in_the_middle(path: Path) -> Made:
    """The end of one record is missing, and others follow."""
    return _spoiled(path, 4, lambda member: member[:-30], "a record cut, others behind", whole=12, damage=("gzip",))


def short_length(path: Path) -> Made:
    """Content-Length is smaller than the block."""
    what = "Content-Length is too small"
    return _edited(
        path, 4, rb"Content-Length: \d+(?=\r\n\r\nHTTP)", b"Content-Length: 200", what, whole=12, damage=("length",)
    )


def long_length(path: Path) -> Made:
    """Content-Length is larger than the block."""
    what = "Content-Length is too large"
    return _edited(
        path, 4, rb"Content-Length: \d+(?=\r\n\r\nHTTP)", b"Content-Length: 99999", what, whole=12, damage=("length",)
    )


def no_length(path: Path) -> Made:
    """There is no Content-Length."""
    return _edited(
        path, 4, rb"Content-Length: \d+\r\n(?=\r\nHTTP)", b"", "no Content-Length", whole=12, damage=("header",)
    )


def endless_header(path: Path) -> Made:
    """The header never ends."""
    what = "a header without end"
    return _spoiled(
        path, 4, lambda _: gzip_member(b"WARC/1.1\r\n" + b"A: b\r\n" * 20_000, 6), what, whole=12, damage=("header",)
    )


def missing_end(path: Path) -> Made:
    """The two empty lines behind a block are missing: the record can be read, and other tools stumble."""
    what = "no empty lines behind the block"
    return _spoiled(path, 4, lambda member: gzip_member(raw(member)[:-4], 6), what, whole=13, damage=("length",))


def huge_block(path: Path) -> Made:
    """A gzip bomb that says how long it is."""
    return _spoiled(
        path, 4, lambda _: _bomb(200 << 20), "a block of 200 MiB in less than 1 MB", whole=12, damage=("length",)
    )


def hidden_bomb(path: Path) -> Made:
    """A gzip bomb that says it is short."""
    what = "200 MiB behind a block of 10 bytes"
    return _spoiled(path, 4, lambda _: _bomb(10), what, whole=12, damage=("length",))


@cache
def _bomb(said: int) -> bytes:
    pack = zlib.compressobj(1, zlib.DEFLATED, 31)
    head = f"WARC/1.1\r\nWARC-Type: resource\r\nContent-Length: {said}\r\n\r\n".encode()
    parts = [pack.compress(head), *(pack.compress(bytes(1 << 20)) for _ in range(200)), pack.flush()]
    return b"".join(parts)


def one_member(path: Path) -> Made:
    """The whole file is one gzip member: no record can be read by its offset."""
    packed = gzip_member(b"".join(map(raw, members())), 6)
    return Made(path=written(path, [packed]), what="all records in one gzip member", whole=13, damage=("one_member",))


def one_torn_member(path: Path) -> Made:
    """The whole file is one gzip member, and cut."""
    packed = zlib.compress(b"".join(map(raw, members())), 0, wbits=31)[:-300]
    return Made(path=written(path, [packed]), what="one gzip member, cut", whole=12, damage=("torn",))


def one_member_with_a_wrong_length(path: Path) -> Made:
    """The whole file is one gzip member, and a Content-Length swallows the next record."""
    unpacked = [raw(member) for member in members()]
    unpacked[4] = re.sub(rb"Content-Length: \d+(?=\r\n\r\nHTTP)", b"Content-Length: 2500", unpacked[4])
    packed = gzip_member(b"".join(unpacked), 6)
    damage = ("length", "one_member")
    return Made(path=written(path, [packed]), what="one member, wrong length", whole=12, damage=damage)


def garbage_between(path: Path) -> Made:
    """Something else lies between two records."""
    junk = b"\x00\x1f\x8b\x08 garbage\r\n" * 9
    made = _spoiled(path, 3, lambda member: member + junk, "garbage between two records", whole=13, damage=("garbage",))
    return replace(made, offset=sum(map(len, members()[:4])))


def zeros_at_the_end(path: Path) -> Made:
    """The file system gave room that was never written."""
    parts = [*members(), bytes(4096)]
    offset = sum(map(len, parts[:-1]))
    return Made(path=written(path, parts), what="zeros at the end", whole=13, damage=("garbage",), offset=offset)


def foreign_member(path: Path) -> Made:
    """A gzip member that holds no record."""
    what = "a member of something else"
    return _spoiled(path, 4, lambda _: gzip.compress(b"<html>", mtime=0), what, whole=12, damage=("not_warc",))


def not_a_warc(path: Path) -> Made:
    """A page under the name of an archive."""
    return Made(path=written(path, [b"<html>404"]), what="no WARC file", whole=0, damage=("not_warc",))


def plain_with_a_wrong_length(path: Path) -> Made:
    """A file without gzip, and a Content-Length that swallows the next record."""
    unpacked = [raw(member) for member in members()]
    unpacked[4] = re.sub(rb"Content-Length: \d+(?=\r\n\r\nHTTP)", b"Content-Length: 2500", unpacked[4])
    offset = sum(map(len, unpacked[:4]))
    return Made(path=written(path, unpacked), what="plain, wrong length", whole=12, damage=("length",), offset=offset)


def plain_with_garbage(path: Path) -> Made:
    """A file without gzip, and garbage between two records."""
    unpacked = [raw(member) for member in members()]
    offset = sum(map(len, unpacked[:4]))
    parts = [*unpacked[:4], b"garbage\x00" * 9, *unpacked[4:]]
    return Made(path=written(path, parts), what="plain, garbage", whole=13, damage=("garbage",), offset=offset)


def plain_torn(path: Path) -> Made:
    """A file without gzip, and cut."""
    unpacked = [raw(member) for member in members()]
    unpacked[12] = unpacked[12][:-50]
    offset = sum(map(len, unpacked[:12]))
    return Made(path=written(path, unpacked), what="plain, cut", whole=12, damage=("torn",), offset=offset)


# Wrong: every record can be read.


def no_record_id(path: Path) -> Made:
    """A record has no WARC-Record-ID."""
    return _edited(path, 4, rb"WARC-Record-ID: .*?\r\n", b"", "no WARC-Record-ID", whole=13, finding="record_id")


def duplicate_record_ids(path: Path) -> Made:
    """Two records have one WARC-Record-ID."""
    new = rb"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000002>\r\n"
    what = "the id of another record"
    return _edited(path, 4, rb"WARC-Record-ID: .*?\r\n", new, what, whole=13, finding="duplicate_id")


def no_date(path: Path) -> Made:
    """A record has no WARC-Date."""
    return _edited(path, 4, rb"WARC-Date: .*?\r\n", b"", "no WARC-Date", whole=13, finding="date")


def bad_date(path: Path) -> Made:
    """A WARC-Date is no date."""
    new = rb"WARC-Date: 2023-02-30T08:15:00Z\r\n"
    return _edited(path, 4, rb"WARC-Date: .*?\r\n", new, "a WARC-Date that is none", whole=13, finding="date")


def dangling_revisit(path: Path) -> Made:
    """A revisit refers to a record that is nowhere."""
    parts, make = members(), maker()
    for _ in range(20):
        make.exchange(wire("http://news.example/"), notes={})
    original = Original(
        record_id="urn:uuid:99999999-0000-4000-8000-000000000000",
        url="http://news.example/gone",
        date="2023-01-01T00:00:00Z",
    )
    revisit = make.exchange(wire("http://news.example/again", b"<p>gone"), notes={}, original=original)
    path = written(path, [*parts, *(record.member for record in revisit)])
    return Made(path=path, what="a dangling revisit", whole=16, offset=sum(map(len, parts)), finding="revisit")


def _sealed(data: bytes) -> bytes:
    """Return the record *data* as a gzip member, its length and block digest as they must be."""
    head, _, rest = data.partition(b"\r\n\r\n")
    block = rest.removesuffix(b"\r\n\r\n")
    head = re.sub(rb"Content-Length: \d+", b"Content-Length: %d" % len(block), head)
    head = re.sub(rb"WARC-Block-Digest: [^\r]*", f"WARC-Block-Digest: {sha1(block)}".encode(), head)
    return gzip_member(head + b"\r\n\r\n" + rest, 6)


def broken_http_head(path: Path) -> Made:
    """The stored response begins with no status line."""

    def change(member: bytes) -> bytes:
        return _sealed(raw(member).replace(b"HTTP/1.1 200 OK", b"HTPT/1.1_200_OK"))

    return _spoiled(path, 4, change, "no status line", whole=13, finding="http")


def false_content_encoding(path: Path) -> Made:
    """The head says gzip, and the body is not."""
    old, new = b"Content-Type: text/html; charset=utf-8", b"Content-Type: text/html\r\nContent-Encoding: gzip"

    def change(member: bytes) -> bytes:
        return _sealed(raw(member).replace(old, new))

    return _spoiled(path, 4, change, "a false Content-Encoding", whole=13, finding="content_encoding")


def flipped_payload_byte(path: Path) -> Made:
    """A byte of the body is another, and the digests are those of before."""
    return _edited(path, 4, "图书馆".encode(), "圖书馆".encode(), "a changed body", whole=13, finding="digest")


def no_digests(path: Path) -> Made:
    """A record has no digests."""
    old = rb"WARC-Payload-Digest: .*?\r\nWARC-Block-Digest: .*?\r\n"
    return _edited(path, 4, old, b"", "no digests", whole=13, finding="no_digest")


# Other tools' forms: nothing is wrong.


def sha1(data: bytes) -> str:
    """Return the digest of *data* as a WARC header has it."""
    return "sha1:" + base64.b32encode(hashlib.sha1(data).digest()).decode()


def _response(
    body: bytes, *, head: bytes = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", **form: object
) -> bytes:
    """Return a response record in the *form* of another tool: version, line end, case of names, digest."""
    block = head + body
    end = str(form.get("end", "\r\n"))
    digest = form.get("digest", sha1)
    assert callable(digest)
    fields = {
        "WARC-Type": "response",
        "WARC-Record-ID": "<urn:uuid:00000000-0000-4000-8000-00000000000a>",
        "WARC-Date": "2023-03-22T08:15:00Z",
        "WARC-Target-URI": form.get("target", "http://news.example/other"),
        "WARC-Block-Digest": digest(block),
        "WARC-Payload-Digest": digest(form.get("payload", body)),
        "Content-Type": "application/http; msgtype=response",
        "Content-Length": str(len(block)),
    }
    lines = [f"WARC/{form.get('version', '1.1')}"]
    lines += [f"{name.lower() if form.get('lower') else name}: {value}" for name, value in fields.items()]
    return (end.join(lines) + end * 2).encode() + block + (end * 2).encode()


BODY = "<p>另一个工具\n".encode() * 20


def plain(path: Path) -> Made:
    """Write a file that is not packed."""
    return Made(path=written(path, [_response(BODY)]), what="not packed", whole=1)


def chunked_as_wire(path: Path) -> Made:
    """Write a record that keeps the chunk framing."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    framed = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
    data = _response(framed, head=head, payload=BODY)
    return Made(path=written(path, [gzip_member(data, 6)]), what="a chunked body as on the wire", whole=1)


def chunked_in_name_only(path: Path) -> Made:
    """Write a record whose head says chunked, and whose body is not."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    data = _response(BODY, head=head)
    return Made(path=written(path, [gzip_member(data, 6)]), what="chunked in name only", whole=1)


def version_1_0(path: Path) -> Made:
    """Write WARC/1.0, with the angle brackets around the URI that some tools put there."""
    data = _response(BODY, version="1.0", target="<http://news.example/other>")
    return Made(path=written(path, [gzip_member(data, 6)]), what="WARC/1.0", whole=1)


def lower_case_names(path: Path) -> Made:
    """Write header names in lower case."""
    data = _response(BODY, lower=True)
    return Made(path=written(path, [gzip_member(data, 6)]), what="names in lower case", whole=1)


def sha256_digests(path: Path) -> Made:
    """Write digests of another algorithm."""
    data = _response(BODY, digest=lambda data: f"sha256:{hashlib.sha256(data).hexdigest()}")
    return Made(path=written(path, [gzip_member(data, 6)]), what="sha256 digests", whole=1)


def lf_only(path: Path) -> Made:
    """Write lines that end in LF alone, in the record and in its HTTP head."""
    data = _response(BODY, head=b"HTTP/1.1 200 OK\nContent-Type: text/html\n\n", end="\n")
    return Made(path=written(path, [gzip_member(data, 6)]), what="LF alone", whole=1)


def with_gzip_header_fields(path: Path) -> Made:
    """Write gzip members that have a time and a name."""
    pack = gzip.GzipFile(filename="member", mode="wb", fileobj=path.open("wb"), mtime=1)
    with pack.fileobj, pack:  # type: ignore[union-attr]
        pack.write(_response(BODY))
    return Made(path=path, what="gzip members with names", whole=1)


def _named(*makers: Callable[[Path], Made]) -> dict[str, Callable[[Path], Made]]:
    return {make.__name__: make for make in makers}


DAMAGED = _named(
    torn_tail, torn_header, bit_rot, bad_checksum, cut_in_the_middle, short_length, long_length, no_length,
    endless_header, missing_end, huge_block, hidden_bomb, one_member, one_torn_member, one_member_with_a_wrong_length,
    garbage_between, zeros_at_the_end, foreign_member, not_a_warc, plain_with_a_wrong_length, plain_with_garbage,
    plain_torn,
)  # fmt: skip
WRONG = _named(
    no_record_id, duplicate_record_ids, no_date, bad_date, dangling_revisit, broken_http_head, false_content_encoding,
    flipped_payload_byte, no_digests,
)  # fmt: skip
OTHER = _named(
    plain, chunked_as_wire, chunked_in_name_only, version_1_0, lower_case_names, sha256_digests, lf_only,
    with_gzip_header_fields,
)  # fmt: skip

from __future__ import annotations

import gzip
import sys
import tracemalloc
import zlib
from collections.abc import Callable

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.archive.coding import decoded

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BODY = "<p>图书馆\n".encode() * 200


def bare(data: bytes) -> bytes:
    pack = zlib.compressobj(wbits=-15)
    return pack.compress(data) + pack.flush()


ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
}
NAMED = pytest.mark.parametrize(("name", "encode"), [*ENCODERS.items(), ("deflate", bare)])


@NAMED
def test_a_coding_is_taken_off(name: str, encode: Callable[[bytes], bytes]) -> None:
    assert decoded(encode(BODY), name.encode()) == (BODY, None)
    assert decoded(encode(BODY), f" {name.upper()} ,".encode()) == (BODY, None)


@NAMED
def test_a_body_that_is_not_of_its_coding_is_given_as_it_is(name: str, encode: Callable[[bytes], bytes]) -> None:
    data, fault = decoded(BODY, name.encode())
    assert data == BODY
    assert fault is not None
    assert f"says {name}" in fault


@NAMED
def test_a_body_that_ends_early_is_a_fault_unless_it_was_cut(name: str, encode: Callable[[bytes], bytes]) -> None:
    cut = encode(BODY)[:-3]
    data, fault = decoded(cut, name.encode())
    assert data == cut
    assert fault is not None
    data, fault = decoded(cut, name.encode(), cut=True)
    assert BODY.startswith(data)
    assert fault is None


@NAMED
def test_a_body_that_unpacks_to_too_much_is_not_unpacked(name: str, encode: Callable[[bytes], bytes]) -> None:
    bomb = encode(bytes(30 << 20))
    tracemalloc.start()
    try:
        data, fault = decoded(bomb, name.encode(), limit=1 << 20)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert data == bomb
    assert fault == "the body unpacks to more than 1048576 bytes"
    assert peak < 12 << 20


@NAMED
def test_a_body_of_just_the_limit_is_unpacked(name: str, encode: Callable[[bytes], bytes]) -> None:
    assert decoded(encode(BODY), name.encode(), limit=len(BODY)) == (BODY, None)


def test_codings_are_taken_off_in_the_order_opposite_to_that_named() -> None:
    assert decoded(brotli.compress(gzip.compress(BODY)), b"gzip, br") == (BODY, None)


@pytest.mark.parametrize("join", [gzip.compress, zstd.compress])
def test_parts_one_behind_the_other_are_one_body(join: Callable[[bytes], bytes]) -> None:
    name = b"gzip" if join is gzip.compress else b"zstd"
    assert decoded(join(BODY) + join(b"more"), name) == (BODY + b"more", None)


def test_what_stands_behind_the_end_is_left_out() -> None:
    assert decoded(gzip.compress(BODY) + b"\r\n", b"gzip") == (BODY, None)


@pytest.mark.parametrize("codings", [b"", b"identity", b"gzip", b"unknown"])
def test_an_empty_body_has_no_coding(codings: bytes) -> None:
    assert decoded(b"", codings) == (b"", None)


def test_an_unknown_coding_is_named() -> None:
    assert decoded(BODY, b"gzip, rot13\xff") == (BODY, "Content-Encoding 'rot13\ufffd' is unknown")


@given(st.binary(), st.sampled_from([*ENCODERS]), st.booleans(), st.booleans())
def test_no_body_makes_decoding_fail(body: bytes, name: str, cut: bool, packed: bool) -> None:
    data = ENCODERS[name](body)[: len(body)] + body if packed else body
    decoded(data, name.encode(), cut=cut)

from __future__ import annotations

import gzip
import random
import sys
import tracemalloc
import zlib
from collections.abc import Callable

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newscrawl.archive.coding import decoded, unpacked

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


@NAMED
def test_what_could_be_decoded_of_a_cut_body_is_kept(name: str, encode: Callable[[bytes], bytes]) -> None:
    noise = random.Random(7).randbytes(400_000)
    packed = encode(noise)
    found = unpacked(packed[: len(packed) * 3 // 4], name.encode(), limit=1 << 20)
    assert noise.startswith(found.body)
    assert len(found.body) > 100_000
    assert (found.whole, found.fault) == (False, None)


def test_a_stream_that_breaks_on_the_way_gives_what_came_before() -> None:
    packed = bytearray(zlib.compress(random.Random(7).randbytes(100_000)))
    packed[-1] ^= 1
    found = unpacked(bytes(packed), b"deflate", limit=1 << 20)
    assert len(found.body) > 50_000
    assert not found.whole


def test_only_so_many_codings_are_taken_off() -> None:
    data = BODY
    for _ in range(4):
        data = gzip.compress(data)
    assert unpacked(data, b"gzip,gzip,gzip,gzip", limit=1 << 20).fault == "layers"
    assert unpacked(data, b"identity,,gzip,gzip,gzip,gzip", limit=1 << 20, most=4).body == BODY


def test_a_body_of_nothing_but_members_is_not_followed_to_its_end() -> None:
    assert unpacked(gzip.compress(b"") * 20_000, b"gzip", limit=1 << 20).fault == "false"


def test_a_frame_that_wants_more_memory_than_a_server_may_ask_for_is_refused() -> None:
    assert unpacked(b"\x28\xb5\x2f\xfd\x00\xa0\x01\x00\x00", b"zstd", limit=1 << 20).fault == "false"


@given(st.binary(max_size=3000), st.sampled_from([*ENCODERS]), st.integers(0, 4000), st.integers(0, 5000))
def test_what_is_unpacked_is_the_beginning_of_what_was_packed(body: bytes, name: str, cut: int, limit: int) -> None:
    found = unpacked(ENCODERS[name](body)[:cut], name.encode(), limit=limit)
    if found.fault is None:
        assert body.startswith(found.body)
        assert len(found.body) <= limit
        assert found.body == body or not found.whole or cut == 0

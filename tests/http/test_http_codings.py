"""Compressed answers."""

from __future__ import annotations

import gzip
import importlib
import subprocess
import sys
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from openai_async._http import codings
from openai_async._http.codings import LARGEST, Coding, CodingError, accepted, coding
from openai_async._transport import ConnectionFailed

TEXT = b"".join(b"data: event %d\n\n" % number for number in range(5000))


def raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


def fast_brotli(data: bytes) -> bytes:
    return brotli.compress(data, quality=4)


#: What a server calls it, and how it does it.
SENT: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("X-GZip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "raw deflate": ("deflate", raw_deflate),  # not what the standard says, but some do
    "br": ("br", fast_brotli),
    "zstd": ("zstd", zstandard.compress),
    "gzip, br": ("gzip, br", lambda data: fast_brotli(gzip.compress(data))),
    "zstd, deflate": ("zstd,Deflate", lambda data: zlib.compress(zstandard.compress(data))),
}

REAL_BROTLI = brotli.Decompressor


class OldBrotli:
    """A decompressor of brotli before 1.2: how much it makes cannot be limited."""

    def __init__(self) -> None:
        self._real = REAL_BROTLI()
        self.is_finished = self._real.is_finished
        self.fed: list[int] = []

    def process(self, data: bytes) -> bytes:
        self.fed.append(len(data))
        return self._real.process(data)


@pytest.fixture
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has br or zstd undone by a library other than the one that would be."""
    if request.param == "old brotli":
        monkeypatch.setattr(brotli, "Decompressor", OldBrotli)
    elif request.param:
        monkeypatch.setattr(codings, "_ZSTD", (request.param,))


def _importable(module: str) -> bool:
    try:
        importlib.import_module(module)
    except ImportError:
        return False
    return True


#: All kinds, and those that several libraries can undo with each of them.
PAIRS = [(kind, "") for kind in SENT]
PAIRS += [(kind, "old brotli") for kind in SENT if "br" in kind]
PAIRS += [(k, name) for k in SENT if "zstd" in k for name in codings._ZSTD if _importable(name)]
SINGLE = [pair for pair in PAIRS if "," not in pair[0]]

each_kind = pytest.mark.parametrize(("kind", "library"), PAIRS, indirect=["library"])
each_single_kind = pytest.mark.parametrize(("kind", "library"), SINGLE, indirect=["library"])
each_zstd = pytest.mark.parametrize(
    ("kind", "library"), [pair for pair in SINGLE if pair[0] == "zstd"], indirect=["library"]
)


def undoing(kind: str) -> Coding:
    found = coding(SENT[kind][0])
    assert found is not None
    return found


def undone(found: Coding, *pieces: bytes) -> bytes:
    whole = b"".join(part for piece in pieces for part in found.decode(piece))
    found.end()
    return whole


@each_kind
def test_a_coding_is_undone(kind: str, library: None) -> None:
    assert undone(undoing(kind), SENT[kind][1](TEXT)) == TEXT


@each_kind
def test_it_may_come_byte_by_byte(kind: str, library: None) -> None:
    sent = SENT[kind][1](TEXT[:3000])
    pieces = [sent[at : at + 1] for at in range(len(sent))]
    assert undone(undoing(kind), *pieces) == TEXT[:3000]


@each_kind
def test_nothing_compressed_is_nothing(kind: str, library: None) -> None:
    assert undone(undoing(kind), SENT[kind][1](b"")) == b""


@each_kind
def test_an_answer_without_a_body_is_whole(kind: str, library: None) -> None:
    assert undone(undoing(kind)) == b""


@each_kind
def test_pieces_are_small_and_never_empty(kind: str, library: None) -> None:
    large = bytes(3 * LARGEST + 5)
    sizes = [len(piece) for piece in undoing(kind).decode(SENT[kind][1](large))]
    assert sum(sizes) == len(large)
    assert max(sizes) <= LARGEST
    assert min(sizes) > 0


@pytest.mark.parametrize("size", [LARGEST - 1, LARGEST, LARGEST + 1, 2 * LARGEST])
@each_kind
def test_the_last_byte_comes_out_of_the_first_read(kind: str, size: int, library: None) -> None:
    assert undone(undoing(kind), SENT[kind][1](bytes(size))) == bytes(size)


def test_the_end_of_raw_deflate_is_found_when_a_piece_is_full() -> None:
    for more in range(1, 259):  # as long as what one code stands for
        size = LARGEST + more
        assert sum(map(len, undoing("raw deflate").decode(raw_deflate(bytes(size))))) == size


@given(st.binary(max_size=2000), st.integers(1, 300), st.sampled_from(sorted(SENT)))
def test_any_cut_gives_the_same(data: bytes, size: int, kind: str) -> None:
    sent = SENT[kind][1](data)
    pieces = (sent[at : at + size] for at in range(0, len(sent), size))
    assert undone(undoing(kind), *pieces) == data


# A bomb


@pytest.mark.parametrize(
    ("kind", "library"), [pair for pair in SINGLE if pair[0] != "br"], indirect=["library"]
)
def test_a_bomb_costs_what_is_read_of_it(kind: str, library: None) -> None:
    bomb = SENT[kind][1](bytes(64 * 1024 * 1024))
    found = undoing(kind)
    tracemalloc.start()
    try:
        pieces = found.decode(bomb)
        assert next(pieces) == bytes(LARGEST)
        assert next(pieces) == bytes(LARGEST)
        assert tracemalloc.get_traced_memory()[1] < 5 * 1024 * 1024
    finally:
        tracemalloc.stop()


def test_a_bomb_of_brotli_costs_what_is_read_of_it() -> None:
    bomb = fast_brotli(bytes(64 * 1024 * 1024))
    tracemalloc.start()
    try:
        assert not next(undoing("br").decode(bomb)).strip(b"\0")
        assert tracemalloc.get_traced_memory()[1] < 5 * 1024 * 1024
    finally:
        tracemalloc.stop()


def test_an_old_brotli_is_fed_little_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    made = OldBrotli()
    monkeypatch.setattr(brotli, "Decompressor", lambda: made)
    assert undone(undoing("br"), fast_brotli(TEXT)) == TEXT
    assert max(made.fed) <= 64


def test_a_bomb_in_a_bomb_costs_what_is_read_of_it() -> None:
    bomb = gzip.compress(gzip.compress(bytes(64 * 1024 * 1024)))
    found = coding("gzip, gzip")
    assert found is not None
    tracemalloc.start()
    try:
        assert next(found.decode(bomb)) == bytes(LARGEST)
        assert tracemalloc.get_traced_memory()[1] < 5 * 1024 * 1024
    finally:
        tracemalloc.stop()


def test_nothing_is_done_before_somebody_reads() -> None:
    pieces = undoing("gzip").decode(b"this is not gzip")
    with pytest.raises(CodingError):
        next(pieces)


@each_zstd
def test_a_window_that_is_too_large_is_refused(kind: str, library: None) -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27, enable_ldm=True)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    sent = compressor.compress(TEXT) + compressor.flush()
    with pytest.raises(CodingError, match="zstd"):
        undone(undoing("zstd"), sent)


# Events


def flushing(kind: str) -> Callable[[bytes], bytes]:
    """Compresses one piece after the other, each so that it can be read at once."""
    if kind == "br":
        packer: Any = brotli.Compressor(quality=4)
        return lambda data: packer.process(data) + packer.flush()
    if kind == "zstd":
        packer = zstandard.ZstdCompressor().compressobj()
        flush = zstandard.COMPRESSOBJ_FLUSH_BLOCK
        return lambda data: packer.compress(data) + packer.flush(flush)
    bits = {"deflate": 15, "raw deflate": -15}.get(kind, 31)
    packer = zlib.compressobj(wbits=bits)
    return lambda data: packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)


@each_single_kind
def test_an_event_comes_out_when_it_came_in(kind: str, library: None) -> None:
    found, packed = undoing(kind), flushing(kind)
    for number in range(50):
        event = b"data: %d\n\n" % number
        assert b"".join(found.decode(packed(event))) == event


@each_single_kind
def test_a_large_event_comes_out_whole_when_it_came_in(kind: str, library: None) -> None:
    found, packed = undoing(kind), flushing(kind)
    for size in range(LARGEST - 2, LARGEST + 3):
        assert b"".join(found.decode(packed(bytes(size)))) == bytes(size)


# More than one stream, and what follows


def test_gzip_may_have_several_members() -> None:
    sent = gzip.compress(b"one ") + gzip.compress(b"") + gzip.compress(b"two")
    assert undone(undoing("gzip"), sent) == b"one two"
    assert undone(undoing("gzip"), *(bytes([byte]) for byte in sent)) == b"one two"


def test_gzip_may_be_padded_with_zeros() -> None:
    sent = gzip.compress(b"one ") + bytes(100) + gzip.compress(b"two") + bytes(700)
    assert undone(undoing("gzip"), sent) == b"one two"
    assert undone(undoing("gzip"), *(bytes([byte]) for byte in sent)) == b"one two"


@each_zstd
def test_zstd_may_have_several_frames(kind: str, library: None) -> None:
    skipped = bytes.fromhex("502a4d18") + (4).to_bytes(4, "little") + b"skip"
    sent = skipped + zstandard.compress(b"one ") + skipped + zstandard.compress(b"two") + skipped
    assert undone(undoing("zstd"), sent) == b"one two"
    assert undone(undoing("zstd"), *(bytes([byte]) for byte in sent)) == b"one two"


@each_single_kind
@pytest.mark.parametrize("apart", [True, False])
def test_what_follows_the_end_is_an_error(kind: str, apart: bool, library: None) -> None:
    sent = SENT[kind][1](TEXT)
    pieces = [sent, b"<html>more</html>"] if apart else [sent + b"<html>more</html>"]
    with pytest.raises(CodingError, match="damaged"):
        undone(undoing(kind), *pieces)


@pytest.mark.parametrize("kind", ["deflate", "raw deflate", "br"])
def test_only_gzip_and_zstd_may_have_several_parts(kind: str) -> None:
    with pytest.raises(CodingError, match="more after its end"):
        undone(undoing(kind), SENT[kind][1](b"one"), SENT[kind][1](b"two"))


# Damage


@each_kind
def test_a_stream_that_was_cut_is_an_error(kind: str, library: None) -> None:
    sent, found = SENT[kind][1](TEXT), undoing(kind)
    for piece in (sent[:1], sent[1:-1]):
        assert TEXT.startswith(b"".join(found.decode(piece)))
    with pytest.raises(CodingError, match="ends too early"):
        found.end()


@each_kind
def test_what_was_not_compressed_is_an_error(kind: str, library: None) -> None:
    with pytest.raises(CodingError, match=r"compressed as \w+, but damaged"):
        undone(undoing(kind), b'{"id": "this is plain JSON"}' * 100)


@pytest.mark.parametrize("kind", ["gzip", "deflate"])
def test_a_wrong_checksum_is_an_error(kind: str) -> None:
    sent = bytearray(SENT[kind][1](TEXT))
    sent[-5 if kind == "gzip" else -1] ^= 1
    with pytest.raises(CodingError, match="check"):
        undone(undoing(kind), bytes(sent))


def test_an_error_in_a_coding_is_a_failure_of_the_connection() -> None:
    assert issubclass(CodingError, ConnectionFailed)


# Headers


@pytest.mark.parametrize("header", [None, "", "identity", "Identity", " , identity ,"])
def test_no_coding_is_none(header: str | None) -> None:
    assert coding(header) is None


@pytest.mark.parametrize("header", ["identity, gzip", "gzip,", " GZIP ", "gzip, identity"])
def test_identity_changes_nothing(header: str) -> None:
    found = coding(header)
    assert found is not None
    assert undone(found, gzip.compress(TEXT)) == TEXT


@pytest.mark.parametrize("header", ["compress", "gzip, exi", "aws-chunked", "gzip;q=1", "*"])
def test_an_unknown_coding_is_an_error(header: str) -> None:
    with pytest.raises(CodingError, match="It can undo gzip, deflate"):
        coding(header)


def test_a_name_without_end_is_not_repeated() -> None:
    with pytest.raises(CodingError) as caught:
        coding("x" * 60_000)
    assert len(str(caught.value)) < 300


def test_too_many_codings_are_an_error() -> None:
    with pytest.raises(CodingError, match="6000 times"):
        coding(", ".join(["gzip"] * 6000))


@pytest.fixture
def _forgotten() -> Iterator[None]:
    """Has the installed packages looked for again."""
    yield
    codings._installed.cache_clear()
    accepted.cache_clear()


def test_what_is_installed_is_accepted() -> None:
    assert accepted() == "gzip, deflate, br, zstd"


@pytest.mark.parametrize(
    ("missing", "rest"),
    [
        (codings._BROTLI, "gzip, deflate, zstd"),
        (codings._ZSTD, "gzip, deflate, br"),
        (codings._BROTLI + codings._ZSTD, "gzip, deflate"),
    ],
)
@pytest.mark.usefixtures("_forgotten")
def test_what_is_not_installed_is_not_accepted(
    monkeypatch: pytest.MonkeyPatch, missing: tuple[str, ...], rest: str
) -> None:
    for module in missing:
        monkeypatch.setitem(sys.modules, module, None)  # as if it were not there
    codings._installed.cache_clear()
    accepted.cache_clear()
    assert accepted() == rest
    with pytest.raises(CodingError, match="cannot undo"):
        coding("br" if "br" not in rest else "zstd")


def test_asking_what_is_accepted_imports_nothing_heavy() -> None:
    program = (
        "import sys; from openai_async._http.codings import accepted; accepted();"
        "print({'brotli', 'brotlicffi', 'zstandard', 'compression.zstd'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "set()"

"""Where the bytes of an upload come from: what is read, how often, and what becomes of it."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import threading
import zipfile
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from byte_streams import Generated, Unseekable, Walked

from openai_async._sources import PIECE, Handle, Iterated, Source, Stored, of_path, source

CONTENT = bytes(range(256)) * 3000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "notes.txt"
    path.write_bytes(CONTENT)
    return path


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    with path.open("rb") as file:
        yield file


@contextmanager
def piped(path: Path) -> Iterator[Any]:
    read, write = os.pipe()

    def fill() -> None:
        with os.fdopen(write, "wb") as file:
            file.write(CONTENT)

    filling = threading.Thread(target=fill)
    filling.start()
    with os.fdopen(read, "rb") as file:
        yield file
    filling.join()


@contextmanager
def just(thing: Any) -> Iterator[Any]:
    yield thing


#: How it is made, its class, its name, and whether its size is known.
KINDS: dict[str, tuple[Callable[[Path], Any], str, str, bool]] = {
    "bytes": (lambda path: just(CONTENT), "Memory", "", True),
    "bytearray": (lambda path: just(bytearray(CONTENT)), "Memory", "", True),
    "path": (just, "OnDisk", "notes.txt", True),
    "open file": (opened, "Handle", "notes.txt", True),
    "BytesIO": (lambda path: just(io.BytesIO(CONTENT)), "Handle", "", True),
    "pipe": (piped, "Pipe", "", False),
    "unseekable": (lambda path: just(Unseekable(CONTENT)), "Pipe", "", False),
    "async generator": (lambda path: just(Generated(CONTENT)()), "Iterated", "", False),
    "async iterator": (
        lambda path: just(Walked(CONTENT[:5], b"", bytearray(CONTENT[5:9]), CONTENT[9:])),
        "Iterated",
        "",
        False,
    ),
}


async def read(pieces: AsyncGenerator[bytes, None]) -> bytes:
    async with aclosing(pieces):
        return b"".join([piece async for piece in pieces])


@pytest.mark.parametrize(("make", "kind", "name", "known"), KINDS.values(), ids=KINDS)
async def test_every_kind_is_read_whole_and_in_pieces(
    path: Path, make: Callable[[Path], Any], kind: str, name: str, known: bool
) -> None:
    with make(path) as content:
        found = source("data", content)
        assert (type(found).__name__, found.filename) == (kind, name)
        assert (found.size, found.replayable) == (len(CONTENT) if known else None, known)
        pieces = [piece async for piece in found.pieces()]
        assert max(map(len, pieces)) <= PIECE
        assert b"".join(pieces) == CONTENT


@pytest.mark.parametrize("kind", ["bytes", "path", "open file", "BytesIO"])
@pytest.mark.parametrize(("start", "size"), [(0, 10), (7, 0), (5000, PIECE + 1), (767_990, 10)])
async def test_windows_are_read_at_the_same_time_and_again(
    path: Path, kind: str, start: int, size: int
) -> None:
    with KINDS[kind][0](path) as content:
        whole = source("data", content)
        assert isinstance(whole, Stored)
        window = whole.window(start, size)
        inner = window.window(size // 2, size - size // 2)
        results: dict[str, bytes] = {}

        async def keep(name: str, of: Source) -> None:
            results[name] = await read(of.pieces())

        async with anyio.create_task_group() as group:
            for name, each in {"a": window, "b": window, "inner": inner, "whole": whole}.items():
                group.start_soon(keep, name, each)
        expected = CONTENT[start : start + size]
        inside = expected[size // 2 :]
        assert results == {"a": expected, "b": expected, "inner": inside, "whole": CONTENT}


@pytest.mark.parametrize("stands", [0, 1000, len(CONTENT), len(CONTENT) + 1000])
async def test_a_handle_is_read_whole_and_put_back_where_it_stood(path: Path, stands: int) -> None:
    with path.open("rb") as file:
        file.seek(stands)
        found = source("data", file)
        assert isinstance(found, Handle)
        assert found.size == len(CONTENT)
        assert await read(found.pieces()) == CONTENT
        assert await read(found.window(5, 5).pieces()) == CONTENT[5:10]
        found.rewind()
        assert file.tell() == stands


def test_a_handle_that_was_closed_meanwhile_is_not_put_back(path: Path) -> None:
    with path.open("rb") as file:
        found = source("data", file)
    assert isinstance(found, Handle)
    found.rewind()


def zipped(path: Path) -> Any:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("notes.txt", CONTENT)
    return zipfile.ZipFile(path).open("notes.txt")


class Mine(gzip.GzipFile):
    """A class of the user's."""


def compressed(kind: Callable[..., Any]) -> Callable[[Path], Any]:
    def make(path: Path) -> Any:
        with kind(path, "wb") as file:
            file.write(CONTENT)
        return kind(path, "rb")

    return make


COMPRESSED: dict[str, Callable[[Path], Any]] = {
    "gzip": compressed(gzip.GzipFile),
    "of a subclass": compressed(Mine),
    "bz2": compressed(bz2.BZ2File),
    "lzma": compressed(lzma.LZMAFile),
    "zip": zipped,
}


@pytest.mark.parametrize("stands", [0, 1000, len(CONTENT)])
@pytest.mark.parametrize("make", COMPRESSED.values(), ids=COMPRESSED)
async def test_what_is_compressed_is_read_once_from_its_beginning(
    tmp_path: Path, make: Callable[[Path], Any], stands: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with make(tmp_path / "compressed") as file:
        file.seek(stands)
        places: list[int] = []
        seek = file.seek
        monkeypatch.setattr(file, "seek", lambda place, *_: seek(places.append(place) or place))
        found = source("data", file)
        assert (found.size, found.replayable, places) == (None, False, [])
        assert await read(found.pieces()) == CONTENT
        assert places == [0]


class Reader:
    """A file whose `read` returns these, one after another."""

    def __init__(self, *pieces: Any) -> None:
        self._pieces = iter(pieces)

    def read(self, size: int) -> Any:
        return next(self._pieces, b"")


class Seekable(Reader, io.RawIOBase):
    """One that has a size."""

    def readable(self) -> bool:
        return True

    def seek(self, place: int, whence: int = 0, /) -> int:
        return 6

    def tell(self) -> int:
        return 6


@pytest.mark.parametrize("kind", [Reader, Seekable])
async def test_buffers_are_as_good_as_bytes(kind: Any) -> None:
    made = source("data", kind(bytearray(b"abc"), memoryview(b"def")))
    pieces = [piece async for piece in made.pieces()]
    assert pieces == [b"abc", b"def"]
    assert {type(piece) for piece in pieces} == {bytes}


@pytest.mark.parametrize("kind", [Reader, Seekable])
async def test_a_file_that_does_not_block_is_refused_by_name(kind: Any) -> None:
    with pytest.raises(ValueError, match=r"data: it is not in blocking mode: use os\.set_blocking"):
        await read(source("data", kind(b"abc", None, b"def")).pieces())


async def test_a_pipe_that_does_not_block_is_refused_by_name() -> None:
    read_end, write_end = os.pipe()
    os.set_blocking(read_end, False)
    try:
        os.write(write_end, b"abc")
        with (
            os.fdopen(read_end, "rb", 0) as file,
            pytest.raises(ValueError, match="not in blocking mode"),
        ):
            await read(source("data", file).pieces())
    finally:
        os.close(write_end)


@pytest.mark.parametrize("kind", ["bytes", "path", "BytesIO"])
async def test_every_piece_is_seen_in_a_thread(path: Path, kind: str) -> None:
    seen: list[tuple[bytes, int]] = []
    with KINDS[kind][0](path) as content:
        found = source("data", content)
        assert isinstance(found, Stored)
        sent = await read(found.pieces(lambda piece: seen.append((piece, threading.get_ident()))))
    assert b"".join(piece for piece, _ in seen) == sent == CONTENT
    assert threading.get_ident() not in {thread for _, thread in seen}


@pytest.mark.parametrize("change", [b"more", None])
async def test_a_changed_file_is_found_out(path: Path, change: bytes | None) -> None:
    on_disk = source("data", path)
    assert isinstance(on_disk, Stored)
    on_disk.check()
    with path.open("ab") as file:
        if change is None:
            file.truncate(100)
        else:
            file.write(change)
    with pytest.raises(ValueError, match=r"data: notes.txt was changed while it was sent"):
        on_disk.check()


async def test_a_file_that_was_replaced_is_found_out(path: Path, tmp_path: Path) -> None:
    on_disk = source("data", path)
    assert isinstance(on_disk, Stored)
    other = tmp_path / "other"
    other.write_bytes(CONTENT)
    other.replace(path)
    with pytest.raises(ValueError, match="was changed"):
        on_disk.check()


async def test_a_handle_that_grew_is_found_out() -> None:
    file = io.BytesIO(CONTENT)
    held = source("data", file)
    assert isinstance(held, Stored)
    held.check()
    file.seek(0, io.SEEK_END)
    file.write(b"more")
    with pytest.raises(ValueError, match="was changed"):
        held.check()


async def test_a_file_that_shrinks_is_an_error_that_names_it(path: Path) -> None:
    found = source("data", path)
    os.truncate(path, 100)
    with pytest.raises(ValueError, match=r"data: notes.txt became shorter while it was sent"):
        await read(found.pieces())


async def test_a_file_that_vanishes_is_an_error_that_names_it(path: Path) -> None:
    found = source("data", path)
    os.unlink(path)
    with pytest.raises(FileNotFoundError, match=r"notes.txt"):
        await read(found.pieces())


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match=str(tmp_path)):
        source("data", tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
async def test_a_path_of_a_pipe_is_read_once(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    found = of_path("data", str(fifo))
    assert (found.size, found.replayable, found.filename) == (None, False, "fifo")
    filling = threading.Thread(target=fifo.write_bytes, args=(b"hello",))
    filling.start()
    assert await read(found.pieces()) == b"hello"
    filling.join()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("named", [False, True])
async def test_a_pipe_that_brings_nothing_can_be_given_up(tmp_path: Path, named: bool) -> None:
    read_end, write_end = os.pipe()
    try:
        with os.fdopen(read_end, "rb", 0) as file:
            fifo = tmp_path / "fifo"
            if named:
                os.mkfifo(fifo)
            pieces = source("data", fifo if named else file).pieces()
            with anyio.move_on_after(0.1) as scope:
                await read(pieces)
            assert scope.cancelled_caught
            if named:  # for the thread to end, that waits for somebody to write
                os.close(os.open(fifo, os.O_RDWR))
            os.write(write_end, b"for the other thread")
    finally:
        os.close(write_end)


@pytest.mark.parametrize("piece", ["text", 5, None, [b"x"]])
async def test_an_iterator_of_something_else_is_refused_by_name(piece: Any) -> None:
    with pytest.raises(TypeError, match=r"data must be an iterator of bytes: it gave \w+\."):
        await read(source("data", Walked(b"x", piece)).pieces())


async def test_large_pieces_of_an_iterator_are_cut() -> None:
    pieces = [len(each) async for each in source("data", Walked(b"x" * PIECE * 2)).pieces()]
    assert pieces == [PIECE, PIECE]


@pytest.mark.parametrize("left_after", [1, 3, None])
async def test_a_generator_is_closed_when_it_is_left(left_after: int | None) -> None:
    made = Generated(CONTENT)
    count = 0
    async with aclosing(Iterated("data", made()).pieces()) as pieces:
        async for _ in pieces:
            count += 1
            if count == left_after:
                break
    assert made.closed == 1


def test_a_representation_has_no_content() -> None:
    assert "secret" not in repr(source("data", b"secret"))

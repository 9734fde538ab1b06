"""The spool: bytes which several threads append and others read, on disk as soon as they are many.

What was appended is known by its `Extent`. `Joined` is a file made of extents in any order, so that
nothing is copied to put the parts of an upload, or the lines of a batch, into theirs."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from tempfile import SpooledTemporaryFile
from typing import NamedTuple, Protocol

BLOCK = 1 << 16
SMALL = 1 << 20


class Content(Protocol):
    """What the store needs of a file."""

    def seek(self, offset: int, /) -> object: ...
    def read(self, size: int, /) -> bytes: ...
    def close(self) -> None: ...


class Extent(NamedTuple):
    """Where something is in a spool."""

    start: int
    size: int


class Spool:
    """Bytes in the order of their coming."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=SMALL)  # noqa: SIM115 - `close` closes it
        self._lock = threading.Lock()
        self._size = 0

    def append(self, blocks: Iterable[bytes]) -> Extent:
        with self._lock:
            self._file.seek(self._size)
            size = sum(self._file.write(block) for block in blocks)
            extent = Extent(self._size, size)
            self._size += size
        return extent

    def read(self, start: int, size: int) -> bytes:
        with self._lock:
            self._file.seek(start)
            return self._file.read(size)

    def close(self) -> None:
        with self._lock:
            self._file.close()


class Joined:
    """A file of extents of a spool, which is closed with it if that is `owned`."""

    def __init__(self, spool: Spool, extents: Sequence[Extent], *, owned: bool = False) -> None:
        self._spool = spool
        self._owned = owned
        self._extents = [extent for extent in extents if extent.size]
        self._ends = list(accumulate(extent.size for extent in self._extents))
        self._position = 0

    def seek(self, offset: int, /) -> None:
        self._position = offset

    def read(self, size: int, /) -> bytes:
        blocks: list[bytes] = []
        index = bisect_right(self._ends, self._position)
        while size > 0 and index < len(self._extents):
            start, length = self._extents[index]
            done = length - (self._ends[index] - self._position)
            block = self._spool.read(start + done, min(size, length - done))
            blocks.append(block)
            self._position += len(block)
            size -= len(block)
            index += 1
        return b"".join(blocks)

    def close(self) -> None:
        if self._owned:
            self._spool.close()


def blocks_of(content: Content) -> Iterator[bytes]:
    """The whole of a file, from its start."""
    content.seek(0)
    while block := content.read(BLOCK):
        yield block

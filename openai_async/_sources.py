"""Where the bytes of an upload come from: memory, a path, an open file, an async iterator.

A `Source` is read piece by piece. Files are read in worker threads, so neither memory nor the event
loop notices how large they are. What can be read at any place (`Stored`) can be read again, and be
cut into windows that are read at the same time. The rest is read once. An open file that can be
rewound is read from its beginning, wherever it stands.
"""

from __future__ import annotations

import copy
import errno
import inspect
import io
import os
import stat
import threading
from collections.abc import AsyncGenerator, AsyncIterable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import IO, Any, cast

import anyio
import anyio.to_thread
from typing_extensions import Self

#: Large enough that the hop to a thread costs little, small enough to hold for every upload.
PIECE = 256 * 1024

#: How long the iterator of a user may take to close once nobody wants more of it, in seconds.
_CLOSING = 5.0

#: Modules whose files decompress again all that is before a place when they go back to it.
_COMPRESSED = {"bz2", "compression", "gzip", "lzma", "zipfile"}
#: What files raise that cannot go to a place, or cannot tell theirs.
_UNSEEKABLE = (AttributeError, OSError, ValueError)

#: Reads so many bytes at a place, in a worker thread.
Read = Callable[[int, int], bytes]
Seen = Callable[[bytes], object]


class Source:
    """Bytes that an argument named `label` gives; `filename` is empty if they have no name."""

    #: Whether they can be read again.
    replayable = False

    def __init__(self, label: str, filename: str) -> None:
        self.label, self.filename = label, filename

    @property
    def size(self) -> int | None:
        """How many there are, or None if only reading can tell."""
        return None

    def pieces(self) -> AsyncGenerator[bytes, None]:
        """All of them, at most `PIECE` at once."""
        raise NotImplementedError

    async def close(self) -> None:
        """Closes what was handed over, not what was lent: generators, but not open files."""

    def _checked(self, piece: Any) -> bytes:
        """What a file gave; nothing at its end."""
        if isinstance(piece, bytes):
            return piece
        if isinstance(piece, (bytearray, memoryview)):
            return bytes(piece)
        if piece is None:
            raise ValueError(
                f"{self.label}: {self._name} is not in blocking mode: use os.set_blocking first."
            )
        raise TypeError(
            f"{self.label} must be opened in binary mode: reading {self._name} gave "
            f"{type(piece).__name__}."
        )

    @property
    def _name(self) -> str:
        return self.filename or "it"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.filename!r}, size={self.size})"


class Stored(Source):
    """Bytes that can be read at any place, from `start` on, as often as it takes."""

    replayable = True

    def __init__(self, label: str, filename: str, start: int, size: int) -> None:
        super().__init__(label, filename)
        self.start, self._size = start, size

    @property
    def size(self) -> int:
        return self._size

    def window(self, start: int, size: int) -> Self:
        """The `size` bytes from `start` on, counted from the beginning of this."""
        twin = copy.copy(self)
        twin.start, twin._size = self.start + start, size
        return twin

    def check(self) -> None:
        """Raises ValueError if it is not what it was when it was measured. Blocks."""

    @asynccontextmanager
    async def _opened(self) -> AsyncGenerator[Read, None]:
        raise NotImplementedError
        yield

    async def pieces(self, seen: Seen | None = None) -> AsyncGenerator[bytes, None]:
        """All of them; `seen` is called with each piece by the thread that read it."""
        position, left = self.start, self.size
        async with self._opened() as read:
            while left:
                length = min(PIECE, left)
                piece = await anyio.to_thread.run_sync(self._piece, read, position, length, seen)
                position, left = position + len(piece), left - len(piece)
                yield piece

    def _piece(self, read: Read, position: int, length: int, seen: Seen | None) -> bytes:
        piece = self._checked(read(position, length))
        if not piece:
            raise ValueError(f"{self.label}: {self._name} became shorter while it was sent.")
        if seen is not None:
            seen(piece)
        return piece


class Memory(Stored):
    """Bytes that are there."""

    def __init__(self, label: str, content: bytes | memoryview) -> None:
        super().__init__(label, "", 0, len(content))
        self._view = memoryview(content)

    async def pieces(self, seen: Seen | None = None) -> AsyncGenerator[bytes, None]:
        end = self.start + self.size
        for offset in range(self.start, end, PIECE):
            piece = bytes(self._view[offset : min(offset + PIECE, end)])
            if seen is not None:
                await anyio.to_thread.run_sync(seen, piece)
            yield piece


class OnDisk(Stored):
    """A file that is opened by its path whenever it is read."""

    def __init__(self, label: str, path: os.PathLike[str] | str) -> None:
        self.path = path
        self._stamp = self._status()
        super().__init__(label, _filename(path), 0, self._stamp[0])

    def _status(self) -> tuple[int, ...]:
        """What tells the file from another, or from what it was before."""
        found = os.stat(self.path)
        return found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev

    def check(self) -> None:
        if self._status() != self._stamp:
            raise ValueError(f"{self.label}: {self._name} was changed while it was sent.")

    @asynccontextmanager
    async def _opened(self) -> AsyncGenerator[Read, None]:
        file = await anyio.to_thread.run_sync(open, self.path, "rb")
        try:
            yield partial(_read_at, cast("IO[bytes]", file))
        finally:
            file.close()


class Handle(Stored):
    """An open file that can be rewound: all of it, wherever it stands. It is left open."""

    def __init__(self, label: str, file: Any, stands: int, end: int) -> None:
        super().__init__(label, _filename(file), 0, end)
        self._file, self._stood, self._end = file, stands, end
        #: Held by the thread that reads, for several windows may share the file.
        self._lock = threading.Lock()

    def check(self) -> None:
        with self._lock:
            if _extent(self._file)[1] != self._end:
                raise ValueError(f"{self.label}: {self._name} was changed while it was sent.")

    def rewind(self) -> None:
        """Puts the file back to where it stood, unless somebody has closed it."""
        with self._lock, suppress(OSError, ValueError):
            self._file.seek(self._stood)

    @asynccontextmanager
    async def _opened(self) -> AsyncGenerator[Read, None]:
        yield self._read

    def _read(self, position: int, length: int) -> bytes:
        with self._lock:
            return _read_at(self._file, position, length)


class Pipe(Source):
    """What is read once: a pipe, a socket, an answer of a server, a path of one, what decompresses.

    An open file is left open, and read from its beginning if it can be rewound.
    """

    def __init__(self, label: str, content: Any) -> None:
        super().__init__(label, _filename(content))
        self._content = content

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        # Nobody can say when the next bytes come: who gives up leaves the thread to wait for them.
        in_thread = partial(anyio.to_thread.run_sync, abandon_on_cancel=True)
        path = isinstance(self._content, (str, os.PathLike))
        with _Opening() as opening:
            file = await in_thread(opening.open if path else _rewound, self._content)
            while piece := self._checked(await in_thread(file.read, PIECE)):
                yield piece


class _Opening:
    """Opens a file in a thread that may be left alone with it, and closes it in any case."""

    def __init__(self) -> None:
        self._files: list[IO[bytes]] = []
        self._left = False

    def open(self, path: str) -> IO[bytes]:
        # Without a buffer, whose lock would make closing wait for a thread that reads.
        file = open(path, "rb", buffering=0)  # noqa: SIM115
        self._files.append(file)
        if self._left:
            file.close()
        return file

    def __enter__(self) -> _Opening:
        return self

    def __exit__(self, *_: object) -> None:
        self._left = True
        for file in self._files:
            file.close()


class Iterated(Source):
    """What an async iterator gives, once. It is closed, if it can be, when it is not needed."""

    def __init__(self, label: str, content: AsyncIterable[Any]) -> None:
        super().__init__(label, "")
        self._iterator = aiter(content)

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        try:
            async for piece in self._iterator:
                if not isinstance(piece, (bytes, bytearray, memoryview)):
                    raise TypeError(
                        f"{self.label} must be an iterator of bytes: it gave "
                        f"{type(piece).__name__}."
                    )
                view = memoryview(piece).cast("B")
                for offset in range(0, len(view), PIECE):
                    yield bytes(view[offset : offset + PIECE])
        finally:
            await self.close()

    async def close(self) -> None:
        close = getattr(self._iterator, "aclose", None)
        if close is not None:
            with anyio.move_on_after(_CLOSING, shield=True):
                await close()


def source(label: str, content: Any) -> Source:
    """`content` as a source; `label` is the argument it was given as. TypeError if it is none."""
    if isinstance(content, Source):
        return content
    if isinstance(content, (bytes, bytearray, memoryview)):
        return Memory(label, bytes(content))
    if isinstance(content, os.PathLike):
        return of_path(label, content)
    if hasattr(content, "read"):
        return _of_file(label, content)
    if isinstance(content, AsyncIterable):
        return Iterated(label, content)
    raise TypeError(
        f"{label} must be bytes, a path (pathlib.Path), a file opened in binary mode, or an async "
        f"iterator of bytes, not {type(content).__name__}."
    )


def of_path(label: str, path: os.PathLike[str] | str) -> Source:
    """The file at `path`. Raises OSError if there is none."""
    kind = os.stat(path).st_mode
    if stat.S_ISDIR(kind):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fsdecode(path))
    return OnDisk(label, path) if stat.S_ISREG(kind) else Pipe(label, path)


def _of_file(label: str, file: Any) -> Source:
    # Wrappers of text files, such as temporary files, are known by their encoding.
    if isinstance(file, io.TextIOBase) or isinstance(getattr(file, "encoding", None), str):
        raise TypeError(f"{label} must be opened in binary mode: open(path, 'rb').")
    if inspect.iscoroutinefunction(file.read):
        raise TypeError(
            f"{label} must be a file that is read without await, not {type(file).__name__}: "
            "pass its path, its content, or the file it wraps."
        )
    readable = getattr(file, "readable", None)
    if callable(readable) and readable() is False:
        raise ValueError(f"{label} must be opened for reading: open(path, 'rb').")
    if not _is_compressed(file):
        with suppress(*_UNSEEKABLE):
            return Handle(label, file, *_extent(file))
    return Pipe(label, file)


def _is_compressed(file: Any) -> bool:
    """Whether `file` decompresses what it gives. Told by names: its module need not be imported."""
    return any(kind.__module__.partition(".")[0] in _COMPRESSED for kind in type(file).__mro__)


def _rewound(file: Any) -> Any:
    """`file`, at its beginning if it can be put there. Blocks."""
    with suppress(*_UNSEEKABLE):
        file.seek(0)
    return file


def _extent(file: Any) -> tuple[int, int]:
    """Where `file` stands, and where it ends."""
    start = file.tell()
    file.seek(0, io.SEEK_END)
    end = file.tell()  # some kinds of file return nothing from `seek`
    file.seek(start)
    return start, end


def _read_at(file: IO[bytes], position: int, length: int) -> bytes:
    file.seek(position)
    return file.read(length)


def _filename(content: Any) -> str:
    """The name that a path or an open file has, without directories; empty if it has none."""
    name: Any = content if isinstance(content, (str, os.PathLike)) else getattr(content, "name", "")
    known = isinstance(name, (str, bytes, os.PathLike))
    return os.path.basename(os.fsdecode(name)) if known else ""

"""One file in many parts: cut, sent several at once, and never held whole.

What can be read at any place is cut into windows, each of which reads for itself. Anything else is
spooled: each part goes to a temporary file first, so that it too can be sent again, while those
before it are on their way.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import Any, TypeVar

import anyio
import anyio.to_thread
from msgspec import Struct

from . import _callbacks
from ._deadline import Deadline, within
from ._notes import note
from ._sources import PIECE, Handle, Seen, Source, Stored
from ._unfinished import DeadlineExceeded
from ._uploads import at_most

T = TypeVar("T")

#: The largest part that the API takes, in bytes.
LARGEST_PART = 64 * 2**20


class Part(Struct):
    """A part of a file, counted from 1."""

    number: int
    of: int
    start: int
    content: Stored

    def __str__(self) -> str:
        last = self.start + self.content.size - 1
        return f"part {self.number} of {self.of}, bytes {self.start} to {last}"


async def send_parts(
    source: Source,
    size: int,
    send: Callable[[Part], Awaitable[T]],
    *,
    part_size: int,
    max_concurrency: int,
    seen: Seen | None = None,
    deadline: Deadline | None = None,
) -> list[T]:
    """What `send` returned for each part of `source`, in their order.

    At most `max_concurrency` run at once; the first failure cancels the others and is raised as it
    is, with a note that names the part. `seen` is called with every byte once, in order, in worker
    threads. ValueError if there are not `size` bytes, or not the same as when it began. `deadline`
    bounds reading, and `send` if it is handed to that as well.
    """
    results: dict[int, T] = {}
    cut = _Cut(size, part_size, seen, deadline)

    async def work(position: int, part: Part) -> None:
        with _named(part):
            results[position] = await send(part)
        cut.drop(part.content)

    try:
        if isinstance(source, Stored):
            await at_most(max_concurrency, cut.windows(source), work)
            await anyio.to_thread.run_sync(source.check)
        else:
            await at_most(max_concurrency, cut.spooled(source), work)
    finally:
        cut.close()
    return [results[position] for position in sorted(results)]


class _Spool(Handle):
    """The content of a part, in a temporary file of our own."""

    def __init__(self, label: str, size: int) -> None:
        file = SpooledTemporaryFile(max_size=PIECE)  # noqa: SIM115  # closed when it was sent
        super().__init__(label, file, 0, size)

    def add(self, piece: bytes, seen: Seen | None) -> None:
        self._file.write(piece)
        if seen is not None:
            seen(piece)

    def delete(self) -> None:
        self._file.close()


class _Cut:
    """How a file is cut, and what happens to its bytes besides."""

    def __init__(
        self, size: int, part_size: int, seen: Seen | None, deadline: Deadline | None
    ) -> None:
        self._size, self._part_size = size, part_size
        self._seen, self._deadline = seen, deadline
        self._count = -(-size // part_size)
        self._spools: set[_Spool] = set()

    async def windows(self, source: Stored) -> AsyncGenerator[Part, None]:
        """The parts of what can be read at any place."""
        for number, start, length in self._extents():
            window = source.window(start, length)
            yield Part(number, self._count, start, window)
            if self._seen is not None:  # once it is on its way, and its bytes are in the cache
                await self._in_time(partial(_look, window, self._seen))

    async def spooled(self, source: Source) -> AsyncGenerator[Part, None]:
        """The parts of what can be read only once: to be dropped when they were sent."""
        async with aclosing(source.pieces()) as pieces:
            intake = _Intake(pieces)
            for number, start, length in self._extents():
                spool = _Spool(source.label, length)
                self._spools.add(spool)
                found = await self._in_time(partial(_fill, spool, intake, self._seen))
                if found < length:
                    raise ValueError(
                        f"{source.label} ended after {start + found} bytes, before the "
                        f"{self._size} that bytes= says."
                    )
                yield Part(number, self._count, start, spool)
            if await self._in_time(partial(intake.take, 1)):
                raise ValueError(f"{source.label} has more than the {self._size} that bytes= says.")

    def drop(self, content: Stored) -> None:
        """Deletes the temporary file of a part, if it has one."""
        if isinstance(content, _Spool):
            content.delete()
            self._spools.discard(content)

    def close(self) -> None:
        """Deletes the temporary files that are left."""
        for spool in self._spools:
            spool.delete()

    def _extents(self) -> Iterator[tuple[int, int, int]]:
        """The number, the start and the length of each part."""
        for number, start in enumerate(range(0, self._size, self._part_size), 1):
            yield number, start, min(self._part_size, self._size - start)

    async def _in_time(self, read: Callable[[], Awaitable[T]]) -> T:
        return await within(self._deadline, read, _late)


def _late(deadline: Deadline) -> DeadlineExceeded:
    return deadline.exceeded("reading the file")


async def _look(window: Stored, seen: Seen) -> None:
    async with aclosing(window.pieces(seen)) as pieces:
        async for _ in pieces:
            pass


class _Intake:
    """A stream of bytes, taken in the lengths that are asked for."""

    def __init__(self, pieces: AsyncGenerator[bytes, None]) -> None:
        self._pieces, self._rest = pieces, bytearray()

    async def take(self, length: int) -> bytes:
        """That many bytes, or fewer at the end."""
        while len(self._rest) < length:
            piece = await anext(self._pieces, b"")
            if not piece:
                break
            self._rest += piece
        taken = bytes(self._rest[:length])
        del self._rest[:length]
        return taken


async def _fill(spool: _Spool, intake: _Intake, seen: Seen | None) -> int:
    """Moves as many bytes into `spool` as it has room for, and says how many there were."""
    done = 0
    while done < spool.size:
        piece = await intake.take(min(PIECE, spool.size - done))
        if not piece:
            break
        await anyio.to_thread.run_sync(spool.add, piece, seen)
        done += len(piece)
    return done


@contextmanager
def _named(part: Part) -> Iterator[None]:
    """Says in a note of an exception which part it happened to."""
    try:
        yield
    except Exception as failure:
        note(failure, f"This happened to {part}.")
        raise


class Progress:
    """One count of bytes for all parts that are sent at the same time."""

    def __init__(self, on_progress: Callable[[int, int], Any], total: int) -> None:
        self._on_progress, self._total = on_progress, total
        self._sent: dict[int, int] = {}
        self._sum = 0
        self._telling = anyio.Lock()

    async def moved(self, part: int, sent: int, of: int | None) -> None:
        """`sent` bytes of the part were handed to the network in its present attempt.

        The user is told, one call at a time. What is new while a call runs is told with the next.
        """
        self._sum += sent - self._sent.get(part, 0)
        self._sent[part] = sent
        if self._telling.locked() and self._sum != self._total:
            return
        async with self._telling:
            await _callbacks.call(self._on_progress, self._sum, self._total)

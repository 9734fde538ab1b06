"""Bytes that can be read only once: a file that cannot be rewound, async iterators."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import anyio.lowlevel


class Unseekable:
    """Something that can only be read, and in short pieces."""

    def __init__(self, content: bytes) -> None:
        self._left = content

    def read(self, size: int) -> bytes:
        taken, self._left = self._left[: min(size, 1000)], self._left[min(size, 1000) :]
        return taken


class Generated:
    """Async generators of `content`, and how they end."""

    def __init__(self, content: bytes, size: int = 100_000) -> None:
        self.content, self.size = content, size
        self.given = 0
        self.closed = 0

    async def __call__(self) -> AsyncGenerator[bytes, None]:
        try:
            for start in range(0, len(self.content), self.size):
                await anyio.lowlevel.checkpoint()
                self.given += 1
                yield self.content[start : start + self.size]
        finally:
            self.closed += 1


class Walked:
    """An async iterator that is no generator."""

    def __init__(self, *pieces: Any) -> None:
        self._pieces = iter(pieces)

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        for piece in self._pieces:
            return piece
        raise StopAsyncIteration

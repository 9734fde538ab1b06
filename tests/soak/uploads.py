"""A large file is sent without memory for it, and without stopping the event loop.

In one request, or in parts at the same time: from a path, from an open file, and from an iterator,
whose parts go through temporary files.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel

from openai_async import AsyncOpenAI
from openai_sync import OpenAI

from .calls import ask, ask_blocking
from .figures import forget_peak, megabytes, memory, peak
from .processes import Site

#: How much more memory it may take while it is sent.
_MOST = 16 * 2**20
#: How long the task sleeps that measures how long the loop is busy, in seconds.
_TICK = 0.001


#: Sends the file at a path, of so many bytes, and says how many arrived.
Send = Callable[[AsyncOpenAI, Path, int], Awaitable[int]]

#: What a part of an upload has in the cases of this module: there are several in short runs too.
_PART = 16 * 2**20


def upload(backend: str, site: Site, count: int, seed: int) -> str:
    """Sends a file of `count` megabytes."""
    return anyio.run(_upload, _whole, site, count, backend=backend)


def chunked(backend: str, kind: str, site: Site, count: int, seed: int) -> str:
    """Sends a file of `count` megabytes in parts."""
    return anyio.run(_upload, _KINDS[kind], site, count, backend=backend)


async def _whole(client: AsyncOpenAI, path: Path, size: int) -> int:
    return (await client.files.create(file=path, purpose="user_data")).bytes


async def _in_parts(client: AsyncOpenAI, file: Any, size: int) -> int:
    sent = await client.uploads.upload_file_chunked(
        file=file,
        filename="f",
        bytes=size,
        mime_type="text/plain",
        purpose="user_data",
        part_size=_PART,
        md5=True,
    )
    assert sent.file is not None
    return sent.file.bytes


async def _from_handle(client: AsyncOpenAI, path: Path, size: int) -> int:
    with path.open("rb") as file:
        return await _in_parts(client, file, size)


async def _from_iterator(client: AsyncOpenAI, path: Path, size: int) -> int:
    async def pieces() -> AsyncGenerator[bytes, None]:
        piece = b"x" * 2**18
        for _ in range(size // len(piece)):
            await anyio.lowlevel.checkpoint()
            yield piece

    return await _in_parts(client, pieces(), size)


_KINDS: dict[str, Send] = {
    "path": _in_parts,
    "handle": _from_handle,
    "iterator": _from_iterator,
}


async def _upload(send: Send, site: Site, count: int) -> str:
    async with AsyncOpenAI(api_key="k", base_url=site.url, max_retries=0) as client:
        await ask(client, "first")
        with _file(1) as small:
            await send(client, small, 2**20)
        longest, arrived = 0.0, 0

        async def tick() -> None:
            nonlocal longest
            while True:
                due = time.perf_counter() + _TICK
                await anyio.sleep(_TICK)
                longest = max(longest, time.perf_counter() - due)

        with _file(count) as path:
            before = _begin()
            async with anyio.create_task_group() as group:
                group.start_soon(tick)
                arrived = await send(client, path, count * 2**20)
                group.cancel_scope.cancel()
    assert arrived >= count * 2**20, arrived
    return f"{_grown(before)}, longest stall of the loop {longest * 1000:.1f} ms"


def blocking(site: Site, count: int, seed: int) -> str:
    with OpenAI(api_key="k", base_url=site.url, max_retries=0) as client:
        ask_blocking(client, "first")
        with _file(1) as small:
            client.files.create(file=small, purpose="user_data")
        with _file(count) as path:
            before = _begin()
            sent = client.files.create(file=path, purpose="user_data")
    assert sent.bytes >= count * 2**20, sent
    return _grown(before)


def _begin() -> int:
    before = memory()
    forget_peak()
    return before


def _grown(before: int) -> str:
    grown = peak() - before
    assert grown <= _MOST, megabytes(grown)
    return f"at most {megabytes(grown)} more memory"


@contextmanager
def _file(size: int) -> Iterator[Path]:
    """A sparse file of `size` megabytes."""
    with tempfile.NamedTemporaryFile() as file:
        file.truncate(size * 2**20)
        yield Path(file.name)

"""A large file is sent without memory for it, and without stopping the event loop."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio

from openai_async import AsyncOpenAI
from openai_sync import OpenAI

from .calls import ask, ask_blocking
from .figures import forget_peak, megabytes, memory, peak
from .processes import Site

#: How much more memory it may take while it is sent.
_MOST = 16 * 2**20
#: How long the task sleeps that measures how long the loop is busy, in seconds.
_TICK = 0.001


def upload(backend: str, site: Site, count: int, seed: int) -> str:
    """Sends a file of `count` megabytes."""
    return anyio.run(_upload, site, count, backend=backend)


async def _upload(site: Site, count: int) -> str:
    async with AsyncOpenAI(api_key="k", base_url=site.url, max_retries=0) as client:
        await ask(client, "first")
        with _file(1) as small:
            await client.files.create(file=small, purpose="user_data")
        longest = 0.0

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
                sent = await client.files.create(file=path, purpose="user_data")
                group.cancel_scope.cancel()
    assert sent.bytes >= count * 2**20, sent
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

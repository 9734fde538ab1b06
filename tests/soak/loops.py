"""One client object in many event loops: one after another, and side by side in threads."""

from __future__ import annotations

import asyncio
import gc
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import trio

from openai_async import AsyncOpenAI
from openai_sync import OpenAI

from .calls import ask, ask_blocking, listen, listen_blocking, request
from .figures import descriptors
from .processes import Site

_THREADS = 32
_KINDS = ("whole", "split", "slow", "chunked")


def in_turn(site: Site, count: int, seed: int) -> str:
    """Loops of asyncio and trio, some closed without being finalised, and one that runs again."""
    client, chance = AsyncOpenAI(api_key="k", base_url=site.url, max_retries=0), random.Random(seed)
    left: list[Any] = []

    async def use(number: int) -> None:
        await ask(client, number, chance.choice(_KINDS))
        if chance.random() < 0.3:
            await listen(client, number, chance.choice(_KINDS))
        if chance.random() < 0.3:
            events = await client.chat.completions.create(
                **request(number, chance.choice(_KINDS), stream=True)
            )
            await anext(events)
            left[:] = [events]  # an open stream outlives its loop

    for _ in range(3):
        asyncio.run(use(0))
        trio.run(use, 0)
    left.clear()
    gc.collect()
    before = descriptors()
    kept = asyncio.new_event_loop()
    ways = (asyncio.run, _trio_run, _unfinalised, kept.run_until_complete)
    for number in range(count):
        chance.choice(ways)(use(number))
    left.clear()
    gc.collect()
    kept.run_until_complete(asyncio.sleep(0))
    assert client.pool_stats().in_use == 0, client.pool_stats()
    kept.run_until_complete(kept.shutdown_asyncgens())
    kept.close()
    stats = client.pool_stats()
    assert (stats.in_use, stats.idle, stats.waiting) == (0, 0, 0), stats
    assert descriptors() == before, (descriptors(), before)
    return f"{before} descriptors as before"


def _trio_run(work: Any) -> None:
    async def main() -> None:
        await work

    trio.run(main)


def _unfinalised(work: Any) -> None:
    loop = asyncio.new_event_loop()
    loop.run_until_complete(work)
    loop.close()


def in_threads(site: Site, count: int, seed: int) -> str:
    """Threads with a loop of their own each, on one client."""
    client = AsyncOpenAI(api_key="k", base_url=site.url, max_retries=0)

    def work(thread: int) -> None:
        async def turns() -> None:
            chance = random.Random(f"{seed} {thread}")
            for turn in range(count):
                call: Any = chance.choice((ask, ask, listen))
                await call(client, f"{thread}.{turn}", chance.choice(_KINDS))

        anyio.run(turns, backend=("asyncio", "trio")[thread % 2])

    _together(work)
    gc.collect()
    stats = client.pool_stats()
    assert (stats.in_use, stats.idle, stats.waiting) == (0, 0, 0), stats
    return f"{_THREADS} loops at once, no answer swapped"


def in_blocking_threads(site: Site, count: int, seed: int) -> str:
    """Threads that share one blocking client."""
    with OpenAI(api_key="k", base_url=site.url, max_retries=0) as client:

        def work(thread: int) -> None:
            chance = random.Random(f"{seed} {thread}")
            for turn in range(count):
                call: Any = chance.choice((ask_blocking, ask_blocking, listen_blocking))
                call(client, f"{thread}.{turn}", chance.choice(_KINDS))

        _together(work)
        assert client.pool_stats().in_use == 0, client.pool_stats()
    return f"{_THREADS} threads at once, no answer swapped"


def _together(work: Callable[[int], None]) -> None:
    together = threading.Barrier(_THREADS)

    def begin(thread: int) -> None:
        together.wait()
        work(thread)

    with ThreadPoolExecutor(_THREADS) as threads:
        list(threads.map(begin, range(_THREADS)))

"""Streams that are dropped: the collector frees their connections, for those who wait for one."""

from __future__ import annotations

import gc
import random
import threading
from typing import Any

import anyio
import anyio.lowlevel

from openai_async import AsyncOpenAI, Limits

from .calls import ask, request
from .processes import Site

#: How long a place may take to be free, in seconds.
_PATIENCE = 20


def drops(backend: str, site: Site, count: int, seed: int) -> str:
    """Drops `count` streams, here or in another thread, while a call waits for its place."""
    return anyio.run(_drops, site, count, seed, backend=backend)


async def _drops(site: Site, count: int, seed: int) -> str:
    chance = random.Random(seed)
    limits = Limits(max_connections=1)
    gc.freeze()  # what is here already is no garbage, and need not be looked through each time
    async with AsyncOpenAI(api_key="k", base_url=site.url, limits=limits, max_retries=0) as client:
        for number in range(count):
            events = await client.chat.completions.create(**request(number, "stuck", stream=True))
            holder: list[Any] = [events]
            if chance.random() < 0.5:
                await anext(events)
            if chance.random() < 0.5:
                events.itself = events  # only the collector finds it
            del events
            with anyio.fail_after(_PATIENCE):
                async with anyio.create_task_group() as group:
                    group.start_soon(ask, client, number)
                    while client.pool_stats().waiting != 1:
                        await anyio.lowlevel.checkpoint()
                    chance.choice((_drop, _drop_in_thread))(holder)
        stats = client.pool_stats()
        assert (stats.in_use, stats.waiting) == (0, 0), stats
    return "each made room for another call"


def _drop(holder: list[Any]) -> None:
    holder.clear()
    gc.collect()


def _drop_in_thread(holder: list[Any]) -> None:
    thread = threading.Thread(target=_drop, args=(holder,))
    thread.start()
    thread.join()

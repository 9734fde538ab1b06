"""Calls and streams that end early, at any point and in any way, on a client with few connections.

The point is counted in the waits of the call, so that it is the same for the same seed, as far as
the network lets it.
"""

from __future__ import annotations

import gc
import itertools
import random
import ssl
import types
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping, Sequence
from functools import partial
from typing import Any

import anyio
import anyio.lowlevel

from openai_async import AsyncOpenAI, DeadlineExceeded, Limits

from .calls import ask, listen, request
from .figures import descriptors
from .processes import Site
from .server import EVENTS, MEETING

_TASKS = 12
_HOW = ("whole", "split", "slow", "chunked", "stuck", "silent")
#: Ways that end by themselves.
_ENDING = _HOW[:4]
#: About how often a call waits, at most.
_WAITS = 6
#: How long the client may take to be as good as new, in seconds.
_PATIENCE = 20


class Left(Exception):
    """Raised in the middle of a stream."""


@types.coroutine
def _watched(
    work: Coroutine[Any, Any, None], strikes: Mapping[int, Callable[[], object]]
) -> Generator[Any, Any, None]:
    """Awaits `work`; before its n-th wait calls the strike of that number, if there is one."""
    waits = 0
    step: Callable[[], Any] = partial(work.send, None)
    while True:
        try:
            waiting = step()
        except StopIteration:
            return
        waits += 1
        if waits in strikes:
            strikes[waits]()
        try:
            value = yield waiting
            step = partial(work.send, value)
        except BaseException as error:
            step = partial(work.throw, error)


class Ender:
    """The ways to end a call early; each takes a call and a source of chance."""

    def __init__(self, client: AsyncOpenAI) -> None:
        self._client = client
        self.seen: Counter[str] = Counter()
        #: How many ended early.
        self.cut = 0

    async def one(self, number: int, chance: random.Random) -> None:
        """Begins a call or a stream, and ends it early in some way."""
        way = chance.choice(WAYS)
        self.seen[way.__name__] += 1
        await way(self, number, chance)

    def _work(
        self, number: int, chance: random.Random, ways: Sequence[str] = _ENDING
    ) -> Coroutine[Any, Any, None]:
        return chance.choice((ask, listen))(self._client, number, chance.choice(ways))

    async def scope(self, number: int, chance: random.Random) -> None:
        with anyio.CancelScope() as scope:
            work = self._work(number, chance)
            await _watched(work, {chance.randrange(1, _WAITS): scope.cancel})
        self.cut += scope.cancelled_caught

    async def scopes(self, number: int, chance: random.Random) -> None:
        """Cancelled, and again while it cleans up."""
        first = chance.randrange(1, _WAITS)
        with anyio.CancelScope() as outer, anyio.CancelScope() as inner:
            strikes = {first: inner.cancel, first + 1: outer.cancel}
            await _watched(self._work(number, chance), strikes)
        self.cut += outer.cancelled_caught or inner.cancelled_caught

    async def outside(self, number: int, chance: random.Random) -> None:
        """Cancelled by another task."""

        async def work() -> None:
            with scope:
                await self._work(number, chance, _HOW)

        scope = anyio.CancelScope()
        async with anyio.create_task_group() as group:
            group.start_soon(work)
            for _ in range(chance.randrange(40)):
                await anyio.lowlevel.checkpoint()
            scope.cancel()
        self.cut += scope.cancelled_caught

    async def natively(self, number: int, chance: random.Random) -> None:
        """Cancelled twice in the way of asyncio, which heeds no shield."""
        if "asyncio" not in _backend():
            await self.scopes(number, chance)
            return
        import asyncio

        work, first = self._work(number, chance), chance.randrange(1, _WAITS)

        async def watched() -> None:
            task = asyncio.current_task()
            assert task is not None
            await _watched(work, {first: task.cancel, first + 1: task.cancel})

        task = asyncio.create_task(watched())
        await asyncio.wait([task])
        assert task.cancelled() or task.exception() is None, task
        self.cut += task.cancelled()

    async def deadline(self, number: int, chance: random.Random) -> None:
        call, how = chance.choice((ask, listen)), chance.choice(_HOW)
        try:
            await call(self._client, number, how, deadline=chance.random() / 300)
        except DeadlineExceeded:
            self.cut += 1

    async def leave(self, number: int, chance: random.Random) -> None:
        async with await self._stream(number, chance) as events:
            await self._some(events, chance.randrange(EVENTS))
        self.cut += 1

    async def fail(self, number: int, chance: random.Random) -> None:
        try:
            async with await self._stream(number, chance) as events:
                await self._some(events, chance.randrange(EVENTS))
                raise Left
        except Left:
            self.cut += 1

    async def drop(self, number: int, chance: random.Random) -> None:
        await self._some(await self._stream(number, chance), chance.randrange(EVENTS))
        self.cut += 1

    async def finish(self, number: int, chance: random.Random) -> None:
        await chance.choice((ask, listen))(self._client, number, chance.choice(_ENDING))

    async def _stream(self, number: int, chance: random.Random) -> Any:
        how = chance.choice(_ENDING)
        return await self._client.chat.completions.create(**request(number, how, stream=True))

    async def _some(self, events: Any, count: int) -> None:
        for _ in range(count):
            event = await anext(events)
            assert event.choices[0].delta.content


WAYS: tuple[Callable[[Ender, int, random.Random], Awaitable[None]], ...] = (
    Ender.scope,
    Ender.scopes,
    Ender.outside,
    Ender.natively,
    Ender.deadline,
    Ender.leave,
    Ender.fail,
    Ender.drop,
    Ender.finish,
)


def cancels(backend: str, site: Site, count: int, seed: int) -> str:
    """Ends `count` calls early, and some that are not counted because they were faster."""
    return anyio.run(_cancels, {"base_url": site.url}, count, seed, backend=backend)


def secure_cancels(backend: str, site: Site, count: int, seed: int) -> str:
    verify = ssl.create_default_context(cafile=site.authority)
    settings = {"base_url": site.secure_url, "verify": verify}
    return anyio.run(_cancels, settings, count, seed, backend=backend)


async def _cancels(settings: dict[str, Any], count: int, seed: int) -> str:
    await anyio.getaddrinfo("127.0.0.1", 80)  # whatever the event loop opens, it has now
    before, tasks = descriptors(), _tasks()
    limits = Limits(max_connections=MEETING)
    client = AsyncOpenAI(api_key="k", limits=limits, max_retries=0, timeout=None, **settings)
    ender, numbers = Ender(client), itertools.count()

    async def work() -> None:
        while ender.cut < count:
            number = next(numbers)
            await ender.one(number, random.Random(f"{seed} {number}"))

    async with anyio.create_task_group() as group:
        for _ in range(_TASKS):
            group.start_soon(work)
    await _settle()
    stats = client.pool_stats()
    assert (stats.in_use, stats.waiting) == (0, 0), stats
    with anyio.fail_after(_PATIENCE):
        async with anyio.create_task_group() as group:  # answered when all are there
            for number in range(MEETING):
                group.start_soon(ask, client, number, "meet")
    await client.close()
    await _settle()
    assert _tasks() == tasks, "tasks are left"
    assert descriptors() == before, (descriptors(), before)
    ways = ", ".join(f"{way} {number}" for way, number in sorted(ender.seen.items()))
    return f"0 connections in use, {before} descriptors as before; calls ended by {ways}"


async def _settle() -> None:
    gc.collect()
    for _ in range(10):
        await anyio.lowlevel.checkpoint()


def _backend() -> str:
    from sniffio import current_async_library

    return current_async_library()


def _tasks() -> int:
    if _backend() == "asyncio":
        import asyncio

        return len(asyncio.all_tasks())
    import trio

    return trio.lowlevel.current_statistics().tasks_living

"""Memory: what a client that has done much holds more than one that has done little."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable

import anyio
import anyio.lowlevel

from openai_async import APIConnectionError, AsyncOpenAI, BadRequestError
from openai_sync import OpenAI

from .calls import ask, ask_blocking, listen, listen_blocking, request
from .figures import megabytes, memory, objects
from .processes import Site

_MOST = 2**20
#: A stream for so many calls.
_CALLS_PER_STREAM = 100
#: Objects of one type that may be more afterwards. What leaks does so with every call.
_FEW_OBJECTS = 20
#: What part of the calls comes before it counts, but at least so many: until tables, and what the
#: allocator keeps, have their size.
_WARM_UP, _LEAST = 0.1, 500

Work = Callable[[AsyncOpenAI, int], Awaitable[None]]


def calls(site: Site, count: int, seed: int) -> str:
    return _async(site, count, _calls)


def cancelled(site: Site, count: int, seed: int) -> str:
    return _async(site, count, _cancelled)


def errors(site: Site, count: int, seed: int) -> str:
    return _async(site, count, _errors)


def blocking(site: Site, count: int, seed: int) -> str:
    with OpenAI(api_key="k", base_url=site.url, max_retries=0) as client:

        def work(turns: int) -> None:
            for turn in range(turns):
                ask_blocking(client, turn, "chunked")
                if turn % _CALLS_PER_STREAM == 0:
                    listen_blocking(client, turn)

        work(_warm_up(count))
        before = _Footprint()
        work(count)
        return before.compared(count)


def _async(site: Site, count: int, work: Work) -> str:
    async def main() -> str:
        async with AsyncOpenAI(api_key="k", base_url=site.url, max_retries=0) as client:
            await work(client, _warm_up(count))
            before = _Footprint()
            await work(client, count)
            return before.compared(count)

    return anyio.run(main)


def _warm_up(count: int) -> int:
    return max(_LEAST, int(count * _WARM_UP))


async def _calls(client: AsyncOpenAI, turns: int) -> None:
    for turn in range(turns):
        await ask(client, turn, "chunked")
        if turn % _CALLS_PER_STREAM == 0:
            await listen(client, turn)


async def _cancelled(client: AsyncOpenAI, turns: int) -> None:
    for turn in range(turns):
        async with anyio.create_task_group() as group:
            group.start_soon(ask, client, turn, "silent")
            for _ in range(turn % 4 + 2):
                await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()
        if turn % _CALLS_PER_STREAM == 0:
            events = await client.chat.completions.create(**request(turn, stream=True))
            await anext(events)
            del events


async def _errors(client: AsyncOpenAI, turns: int) -> None:
    for turn in range(turns):
        how, kind = ("error", BadRequestError) if turn % 2 else ("cut", APIConnectionError)
        try:
            await ask(client, turn, how)
        except kind:
            continue
        raise AssertionError("there was no error")


class _Footprint:
    """The memory and the objects of this process at one time."""

    def __init__(self) -> None:
        self.objects: Counter[str] = objects()
        self.memory = memory()

    def compared(self, count: int) -> str:
        """What has grown since. Raises AssertionError if that is much."""
        growth = memory() - self.memory
        more = {kind: n for kind, n in (objects() - self.objects).items() if n > _FEW_OBJECTS}
        assert not more, more
        assert growth < _MOST, megabytes(growth)
        return f"{megabytes(growth)} more of {megabytes(self.memory)}"

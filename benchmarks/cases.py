"""What is measured, how often, for whom, and what it may cost.

The work of a case makes its client, warms up, and does `count` operations under the meter. It is
the same for every contender.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.contenders import ASYNC, PACKAGES
from benchmarks.meter import Meter, longest_stall
from benchmarks.payloads import MODEL, PACED
from benchmarks.server import CHUNKS


class Goal(NamedTuple):
    """`figure` is at most `most`: times that of the contender `of`, or as it is."""

    most: float
    of: str | None = None
    figure: str = "cpu_us"


class Case(NamedTuple):
    work: Callable[..., Any] | str
    """A coroutine function, a function, or the name of a method whose import is measured."""
    count: int
    contenders: tuple[str, ...]
    goals: tuple[Goal, ...] = ()
    per: int = 1
    """How many things an operation is made of, each of which the figures are for."""
    room: int = 100
    """How many connections there must be room for."""
    tls: bool = False


Make = Callable[[], Any]
Files = dict[str, str]


def steady(operation: Callable[[Any], Awaitable[None]], at_once: int = 1) -> Callable[..., Any]:
    async def work(make: Make, count: int, meter: Meter, _files: Files) -> None:
        client = make()

        async def do(number: int) -> None:
            left = iter(range(number))

            async def caller() -> None:
                for _ in left:
                    await operation(client)

            await asyncio.gather(*(caller() for _ in range(at_once)))

        await do(max(at_once, count // 5))
        with meter:
            await do(count)
        await client.close()

    return work


def steady_blocking(operation: Callable[[Any], None]) -> Callable[..., Any]:
    def work(make: Make, count: int, meter: Meter, _files: Files) -> None:
        client = make()
        for _ in range(max(1, count // 5)):
            operation(client)
        with meter:
            for _ in range(count):
                operation(client)
        client.close()

    return work


def threads(number: int) -> Callable[..., Any]:
    def work(make: Make, count: int, meter: Meter, _files: Files) -> None:
        client = make()
        left = iter(range(count))

        def caller(ready: threading.Barrier) -> None:
            client.call()
            ready.wait()
            ready.wait()  # the meter has begun
            for _ in left:
                client.call()

        ready = threading.Barrier(number + 1)
        with ThreadPoolExecutor(number) as pool:
            callers = [pool.submit(caller, ready) for _ in range(number)]
            ready.wait()
            with meter:
                ready.wait()
                for each in callers:
                    each.result()
        client.close()

    return work


async def first_call(make: Make, count: int, meter: Meter, _files: Files) -> None:
    """A client made, one call, the client closed; the second time and later."""

    async def once() -> None:
        client = make()
        await client.call()
        await client.close()

    await once()
    with meter:
        for _ in range(count):
            await once()


def second_client(make: Make, count: int, meter: Meter, _files: Files) -> None:
    clients = [make()]
    clients[0].call()
    with meter:
        for _ in range(count):
            clients.append(make())
            assert clients[-1].client.chat.completions.create
    for client in clients:
        client.close()


def upload(name: str, send: str = "upload") -> Callable[..., Any]:
    async def work(make: Make, count: int, meter: Meter, files: Files) -> None:
        client, stop = make(), threading.Event()
        await client.call()
        watcher = asyncio.create_task(longest_stall(stop))
        with meter:
            for _ in range(count):
                await getattr(client, send)(Path(files[name]))
        stop.set()
        meter.figures["stall_ms"] = await watcher
        await client.close()

    return work


def upload_blocking(name: str, send: str = "upload") -> Callable[..., Any]:
    def work(make: Make, count: int, meter: Meter, files: Files) -> None:
        client, stop = make(), threading.Event()
        client.call()
        with ThreadPoolExecutor(1) as pool:
            # Only ours has a loop that other threads may be waiting for.
            watching = None
            if type(client.client).__module__.startswith("openai_sync"):
                from openai_sync._portal import run

                watching = pool.submit(run, longest_stall, stop)
            with meter:
                for _ in range(count):
                    getattr(client, send)(Path(files[name]))
            stop.set()
            if watching is not None:
                meter.figures["stall_ms"] = watching.result()
        client.close()

    return work


async def _call(client: Any) -> None:
    await client.call()


async def _stream(client: Any) -> None:
    await client.stream(MODEL)


async def _paced(client: Any) -> None:
    await client.stream(PACED)


async def _embed(client: Any) -> None:
    await client.embed(as_numbers=False)


async def _embed_numbers(client: Any) -> None:
    await client.embed(as_numbers=True)


def _goals(official: float, raw: float | None = None) -> tuple[Goal, ...]:
    first = Goal(official, of="official")
    return (first,) if raw is None else (first, Goal(raw, of="raw"))


_IMPORT = (Goal(1 / 10, of="official"), Goal(30, figure="peak_mib"))
_UPLOAD = (Goal(16, figure="growth_mib"), Goal(20, figure="stall_ms"))

CASES: dict[str, Case] = {
    "import, chat": Case("chat.completions.create", 1, PACKAGES, _IMPORT),
    "import, responses": Case("responses.create", 1, PACKAGES, _IMPORT),
    "second client": Case(second_client, 20, PACKAGES, (Goal(1000),)),
    "first call": Case(first_call, 10, ASYNC),
    "async call": Case(steady(_call), 300, ASYNC, _goals(1 / 8, 3)),
    "async call, 100 at once": Case(steady(_call, 100), 1000, ASYNC, _goals(1 / 12, 3)),
    "async call, 1000 at once": Case(
        steady(_call, 1000), 3000, ASYNC, _goals(1 / 20, 3), room=1000
    ),
    "async stream": Case(steady(_stream), 20, ASYNC, _goals(1 / 25), per=CHUNKS),
    "async stream, paced": Case(steady(_paced), 5, ASYNC, per=CHUNKS),
    "sync call": Case(steady_blocking(lambda client: client.call()), 300, PACKAGES, _goals(1 / 3)),
    "sync call, 16 threads": Case(threads(16), 800, PACKAGES),
    "sync stream": Case(
        steady_blocking(lambda client: client.stream()), 20, PACKAGES, _goals(1 / 20), per=CHUNKS
    ),
    "sync stream, paced": Case(
        steady_blocking(lambda client: client.stream(PACED)), 5, PACKAGES, per=CHUNKS
    ),
    "embeddings": Case(steady(_embed), 20, ASYNC),
    "embeddings, numbers": Case(steady(_embed_numbers), 5, ASYNC, _goals(1 / 30)),
    "async upload, 64 MB": Case(upload("64 MB"), 1, PACKAGES, _UPLOAD),
    "async upload, 1 GB": Case(upload("1 GB"), 1, PACKAGES, _UPLOAD),
    "async upload in parts, 1 GB": Case(upload("1 GB", "upload_in_parts"), 1, PACKAGES, _UPLOAD),
    "sync upload, 64 MB": Case(upload_blocking("64 MB"), 1, PACKAGES, _UPLOAD),
    "sync upload, 1 GB": Case(upload_blocking("1 GB"), 1, PACKAGES, _UPLOAD),
    "sync upload in parts, 1 GB": Case(
        upload_blocking("1 GB", "upload_in_parts"), 1, PACKAGES, _UPLOAD
    ),
}
_SECURE = [
    "first call",
    "async call",
    "async call, 100 at once",
    "async call, 1000 at once",
    "async stream",
    "sync call",
    "sync stream",
]
CASES |= {f"{name}, TLS": CASES[name]._replace(tls=True) for name in _SECURE}

"""Many uploads at once, or many parts of one: in a task group, with a bound."""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import anyio

from ._deadline import Deadline, within
from ._notes import note
from ._strays import strays_as_errors
from ._unfinished import DeadlineExceeded

if TYPE_CHECKING:
    from anyio.streams.memory import MemoryObjectSendStream

T = TypeVar("T")

Work = Callable[[int, Any], Awaitable[None]]


def check_concurrency(max_concurrency: int) -> None:
    """Raises ValueError unless it is at least 1."""
    if max_concurrency < 1:
        raise ValueError(f"max_concurrency must be at least 1: {max_concurrency}.")


async def at_most(
    max_concurrency: int, items: Iterable[Any] | AsyncGenerator[Any, None], work: Work
) -> None:
    """Awaits `work` for the position of each of `items` and the item, so many at once.

    Items are taken as work begins, those of an async generator by this task alone and one ahead of
    the work; it is closed in the end. The first failure cancels everything else and is raised as it
    is. Raises ValueError unless `max_concurrency` is at least 1.
    """
    check_concurrency(max_concurrency)
    failures: list[BaseException] = []
    running, ended = max_concurrency, anyio.Event()

    @contextmanager
    def failing(scope: anyio.CancelScope) -> Iterator[None]:
        try:
            yield
        except (Exception, SystemExit, KeyboardInterrupt) as failure:
            # These two would end an asyncio loop as soon as they leave a task.
            failures.append(failure)
            scope.cancel()

    async def take(scope: anyio.CancelScope, waiting: AsyncIterable[tuple[int, Any]]) -> None:
        nonlocal running
        try:
            with failing(scope), strays_as_errors("One of several tasks"):
                async for position, item in waiting:
                    await work(position, item)
        finally:
            running -= 1
            if not running:
                ended.set()

    sending, receiving = anyio.create_memory_object_stream[tuple[int, Any]](0)
    with sending, receiving:
        waiting = receiving if isinstance(items, AsyncGenerator) else _Queue(items)
        async with anyio.create_task_group() as group:
            for _ in range(max_concurrency):
                group.start_soon(take, group.cancel_scope, waiting)
            with failing(group.cancel_scope):
                if isinstance(items, AsyncGenerator):
                    await _feed(items, sending)
                # Not left to the group, which would wrap an interrupt of this wait.
                await ended.wait()
    if failures:
        raise failures[0]


class _Queue:
    """What is taken from an iterable at the moment that somebody wants it."""

    def __init__(self, items: Iterable[Any]) -> None:
        self._items = enumerate(items)

    def __aiter__(self) -> _Queue:
        return self

    async def __anext__(self) -> tuple[int, Any]:
        for each in self._items:
            return each
        raise StopAsyncIteration


async def _feed(
    items: AsyncGenerator[Any, None], sending: MemoryObjectSendStream[tuple[int, Any]]
) -> None:
    try:
        position = 0
        async for item in items:
            await sending.send((position, item))
            position += 1
    finally:
        with anyio.CancelScope(shield=True):
            await items.aclose()
    sending.close()


async def upload_all(
    upload: Callable[[Any], Awaitable[T]],
    files: Iterable[Any] | AsyncGenerator[Any, None],
    *,
    max_concurrency: int,
    deadline: Deadline | None = None,
    on_upload: Callable[[int], Awaitable[None]] | None = None,
) -> list[T]:
    """What `upload` returned for each of `files`, in their order.

    At most `max_concurrency` run at once. `files` is consumed as uploads begin, so an iterator may
    open each file when its turn comes. `on_upload` is told how many are done. The first failure
    cancels the others and is raised as it is, with a note that names the file and what had been
    uploaded, for that stays on the server. `deadline` bounds `on_upload`, and `upload` if it is
    handed to that as well.
    """
    check_concurrency(max_concurrency)
    results: dict[int, T] = {}
    reporting, numbers = anyio.Lock(), itertools.count(1)

    async def work(position: int, file: Any) -> None:
        with _named(position, file):
            results[position] = await upload(file)
        if on_upload is not None:
            async with reporting:  # so that the numbers only grow
                await within(deadline, partial(on_upload, next(numbers)), _late)

    def uploaded() -> Iterator[T]:
        yield from (results[position] for position in sorted(results))

    with noting(uploaded()):
        await at_most(max_concurrency, files, work)
    return [*uploaded()]


def _late(deadline: Deadline) -> DeadlineExceeded:
    return deadline.exceeded("reporting an upload")


@contextmanager
def noting(uploaded: Iterable[object]) -> Iterator[None]:
    """Says in a note of an exception what had been uploaded, for that stays on the server."""
    try:
        yield
    except (Exception, SystemExit, KeyboardInterrupt) as failure:
        done = ", ".join(map(str, uploaded)) or "none"
        note(failure, f"Uploaded before that, and still on the server: {done}.")
        raise


@contextmanager
def _named(position: int, file: Any) -> Iterator[None]:
    """Says in a note of an exception which file it happened to."""
    try:
        yield
    except Exception as failure:
        note(failure, f"This happened to file {position} ({describe(file)}).")
        raise


def describe(file: Any) -> str:
    """A name for `file` in a message; never its content."""
    if isinstance(file, tuple) and len(file) > 1:
        return str(file[0]) if file[0] else describe(file[1])
    if isinstance(file, os.PathLike):
        return str(os.fspath(file))
    name = getattr(file, "name", None)
    return name if isinstance(name, str) else f"{type(file).__name__} without a name"

"""Many uploads at once, in a task group, with a bound."""

from __future__ import annotations

import itertools
import os
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

import anyio

from ._deadline import Deadline, within
from ._unfinished import DeadlineExceeded

T = TypeVar("T")


async def upload_all(
    upload: Callable[[Any], Awaitable[T]],
    files: Iterable[Any],
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
    if max_concurrency < 1:
        raise ValueError(f"max_concurrency must be at least 1: {max_concurrency}.")
    waiting = enumerate(files)
    results: dict[int, T] = {}
    reporting, numbers = anyio.Lock(), itertools.count(1)
    failures: list[BaseException] = []

    async def work(scope: anyio.CancelScope) -> None:
        try:
            for position, file in waiting:
                with _named(position, file):
                    results[position] = await upload(file)
                if on_upload is not None:
                    async with reporting:  # so that the numbers only grow
                        report = partial(on_upload, next(numbers))
                        await within(deadline, report, _late)
        except (Exception, SystemExit, KeyboardInterrupt) as failure:
            # These two would end an asyncio loop as soon as they leave a task.
            failures.append(failure)
            scope.cancel()

    async with anyio.create_task_group() as group:
        for _ in range(max_concurrency):
            group.start_soon(work, group.cancel_scope)
    if failures:
        with noting([results[position] for position in sorted(results)]):
            raise failures[0]
    return [results[position] for position in sorted(results)]


def _late(deadline: Deadline) -> DeadlineExceeded:
    return deadline.exceeded("reporting an upload")


@contextmanager
def noting(uploaded: Iterable[object]) -> Iterator[None]:
    """Says in a note of an exception what had been uploaded, for that stays on the server."""
    try:
        yield
    except (Exception, SystemExit, KeyboardInterrupt) as failure:
        done = ", ".join(map(str, uploaded)) or "none"
        _note(failure, f"Uploaded before that, and still on the server: {done}.")
        raise


@contextmanager
def _named(position: int, file: Any) -> Iterator[None]:
    """Says in a note of an exception which file it happened to."""
    try:
        yield
    except Exception as failure:
        _note(failure, f"This happened to file {position} ({describe(file)}).")
        raise


def describe(file: Any) -> str:
    """A name for `file` in a message; never its content."""
    if isinstance(file, tuple) and len(file) > 1:
        return str(file[0]) if file[0] else describe(file[1])
    if isinstance(file, os.PathLike):
        return str(os.fspath(file))
    name = getattr(file, "name", None)
    return name if isinstance(name, str) else f"{type(file).__name__} without a name"


def _note(error: BaseException, note: str) -> None:
    """What `BaseException.add_note` does from Python 3.11 on."""
    error.__dict__.setdefault("__notes__", []).append(note)

"""Cancellations that nobody asked for: of asyncio, out of code that users wrote.

Whoever awaits a task that was cancelled gets the exception by which his own would be cancelled. A
task group takes it for the end that a task should have, and whoever waits for what that task was to
do waits for ever.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import anyio


@contextmanager
def strays_as_errors(what: str) -> Iterator[None]:
    """Raises RuntimeError for a cancellation of `what` unless a scope around is cancelled.

    For tasks of a task group: the task of a user may be cancelled without any scope.
    """
    try:
        yield
    except GeneratorExit:  # there may be no event loop any more
        raise
    except anyio.get_cancelled_exc_class() as stray:
        if anyio.current_effective_deadline() == -math.inf:
            raise
        raise RuntimeError(
            f"{what} was cancelled, though nobody cancelled this call: does it await a task that "
            "was cancelled?"
        ) from stray

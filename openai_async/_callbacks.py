"""Calling functions that users wrote: coroutine functions here, plain ones in a worker thread.

A plain function may block (a token provider that talks to the network does), and the loop that it
would block may serve every thread of the program.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import anyio
import anyio.to_thread

#: Whether this is a function of a user, or what it called.
_inside: ContextVar[bool] = ContextVar("openai_async.callback", default=False)


async def call(function: Callable[..., Any], *args: Any) -> Any:
    """What `function` returns, awaited if it must be."""
    if inspect.iscoroutinefunction(function):
        return await function(*args)

    def inside() -> list[Any]:
        _inside.set(True)
        return [function(*args)]  # since trio suspects a function that returns a coroutine

    # One that another waits for, through a client that it uses, must not wait for its thread.
    limiter = anyio.CapacityLimiter(1) if _inside.get() else None
    (result,) = await anyio.to_thread.run_sync(inside, abandon_on_cancel=True, limiter=limiter)
    return await result if inspect.isawaitable(result) else result

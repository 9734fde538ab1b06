"""Calling functions that users wrote: coroutine functions here, plain ones in a worker thread.

A plain function may block (a token provider that talks to the network does), and the loop that it
would block may serve every thread of the program.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import anyio.to_thread


async def call(function: Callable[..., Any], *args: Any) -> Any:
    """What `function` returns, awaited if it must be."""
    if inspect.iscoroutinefunction(function):
        return await function(*args)
    # In a list, since trio suspects a function that returns a coroutine.
    (result,) = await anyio.to_thread.run_sync(lambda: [function(*args)], abandon_on_cancel=True)
    return await result if inspect.isawaitable(result) else result

"""The one event loop on which all blocking calls of this process run.

It lives in a daemon thread of our own. `anyio.from_thread.start_blocking_portal` would be shorter,
but a program that ends while it is open never exits, and neither does a forked child that drops it.
A daemon thread simply stops with the program.

Waiting for a call must not make it unstoppable: whatever interrupts the wait (Ctrl-C, a signal
handler that raises) cancels the call. After a fork the child has no such thread, so it forgets the
one of its parent and starts its own when it first needs it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any, TypeVar

import anyio
from anyio.from_thread import BlockingPortal
from typing_extensions import ParamSpec

P = ParamSpec("P")
R = TypeVar("R")


class _LoopThread:
    """A running event loop, and the portal into it."""

    def __init__(self) -> None:
        opened: Future[BlockingPortal] = Future()
        self.thread = threading.Thread(
            target=self._serve, args=(opened,), name="openai_sync", daemon=True
        )
        self.thread.start()
        self.portal = opened.result()

    @staticmethod
    def _serve(opened: Future[BlockingPortal]) -> None:
        async def serve() -> None:
            async with BlockingPortal() as portal:
                opened.set_result(portal)
                await portal.sleep_until_stopped()

        anyio.run(serve)


_lock = threading.Lock()
_loop_thread: _LoopThread | None = None


def _open() -> BlockingPortal:
    global _loop_thread  # noqa: PLW0603  # one per process is the point
    with _lock:
        if _loop_thread is None or not _loop_thread.thread.is_alive():
            _loop_thread = _LoopThread()
        if _loop_thread.thread is threading.current_thread():
            raise RuntimeError(
                "A blocking call cannot be made from the event loop that would run it. "
                "Use openai_async.AsyncOpenAI in coroutines, hooks and async callables."
            )
        return _loop_thread.portal


def run(function: Callable[P, Awaitable[R]], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """What `function` returns, run on the loop thread; cancelled if this thread is interrupted."""
    future = _open().start_task_soon(_contain, function, args, kwargs)
    try:
        outcome: Any = future.result()
    except BaseException:
        future.cancel()  # does nothing unless it was the wait that ended
        raise
    if isinstance(outcome, _Escaped):
        raise outcome.error
    result: R = outcome
    return result


class _Escaped:
    """An exception that would have ended the loop, on its way to the caller."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


async def _contain(function: Callable[..., Awaitable[Any]], args: Any, kwargs: Any) -> Any:
    """Keeps a SystemExit or KeyboardInterrupt that a user's callback raised out of the loop."""
    try:
        return await function(*args, **kwargs)
    except (Exception, anyio.get_cancelled_exc_class()):
        raise
    except BaseException as error:
        return _Escaped(error)


def _forget() -> None:
    global _lock, _loop_thread  # noqa: PLW0603
    _lock = threading.Lock()
    _loop_thread = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)

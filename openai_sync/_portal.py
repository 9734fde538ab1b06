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
from contextlib import suppress
from functools import partial
from typing import Generic, TypeVar

import anyio
from anyio.from_thread import BlockingPortal
from typing_extensions import ParamSpec

P = ParamSpec("P")
R = TypeVar("R")

#: How long an interrupted call may take to clean up before its caller goes on without it.
_ENDING = 1.0


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

        try:
            # Debug mode (`python -X dev`) tells users about their loops. This one is ours.
            anyio.run(serve, backend_options={"debug": False})
        except BaseException as error:
            if opened.done():
                raise
            opened.set_exception(error)  # no loop at all, for lack of file descriptors perhaps


_lock = threading.Lock()
_loop_thread: _LoopThread | None = None


def _open() -> BlockingPortal:
    global _loop_thread  # one per process is the point
    with _lock:
        if _loop_thread is None or not _loop_thread.thread.is_alive():
            _loop_thread = _LoopThread()
        if _loop_thread.thread is threading.current_thread():
            raise RuntimeError(
                "A blocking call cannot be made from the event loop that would run it. "
                "Use openai_async.AsyncOpenAI in coroutines, hooks and async callables."
            )
        return _loop_thread.portal


class _Call(Generic[R]):
    """What one thread waits for and the loop thread does."""

    result: R

    def __init__(self, function: Callable[[], Awaitable[R]]) -> None:
        self._function = function
        self._scope: anyio.CancelScope | None = None
        self.error: BaseException | None = None

    async def make(self) -> None:
        self._ended = anyio.Event()
        try:
            with anyio.CancelScope() as self._scope:
                self.result = await self._function()
        except anyio.get_cancelled_exc_class():
            raise
        except BaseException as error:
            # Raised by the caller: the SystemExit of a user's callback would end the loop.
            self.error = error
        finally:
            self._ended.set()

    async def cancel(self) -> None:
        """Returns when the call has ended, so that nothing goes on behind the caller's back."""
        if self._scope is not None:
            self._scope.cancel()
            with anyio.move_on_after(_ENDING):
                await self._ended.wait()


def run(function: Callable[P, Awaitable[R]], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """What `function` returns, run on the loop thread; cancelled if this thread is interrupted."""
    portal = _open()
    call = _Call(partial(function, *args, **kwargs))
    try:
        portal.start_task_soon(call.make).result()
    except BaseException:
        # By a task of its own, which cannot overtake the call: the interrupt may have come before
        # there was a future to cancel. If the loop has ended, so has the call.
        with suppress(RuntimeError):
            portal.call(call.cancel)
        raise
    error, call.error = call.error, None
    if error is None:
        return call.result
    try:
        raise error
    finally:
        del error  # it refers to this frame, and would keep alive what the call was given


def _forget() -> None:
    global _lock, _loop_thread
    _lock = threading.Lock()
    _loop_thread = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)

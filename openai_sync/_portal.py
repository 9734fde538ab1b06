"""The one event loop on which all blocking calls of this process run.

A blocking portal like that of anyio, for two reasons not that itself. A program that ends while
`start_blocking_portal` is open never exits, and neither does a forked child that drops it; a daemon
thread of our own simply stops with the program. And a call is started by one message to the loop
and ends with one to the caller, where `BlockingPortal.start_task_soon` makes the caller wait for
the loop twice: 37 to 45 microseconds for a call that does nothing, instead of 82.

Waiting for a call must not make it unstoppable: whatever interrupts the wait (Ctrl-C, a signal
handler that raises) cancels the call. After a fork the child has no such thread, so it forgets the
one of its parent and starts its own when it first needs it.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import suppress
from contextvars import Context, copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import anyio
from typing_extensions import ParamSpec

if TYPE_CHECKING:
    # Importing it costs as much as all of this library, so that is left to the first call.
    from asyncio import AbstractEventLoop, Task

P = ParamSpec("P")
R = TypeVar("R")

#: How long an interrupted call may take to clean up before its caller goes on without it. What is
#: cancelled at the server has five seconds; all else takes no time.
_ENDING = 6.0

#: How often a thread that waits looks up, in seconds: only then does Python raise in it what
#: another thread has set, and on Windows what Ctrl-C means.
_LOOKING_UP = 0.5


class _LoopThread:
    """A running event loop."""

    def __init__(self) -> None:
        opened: Future[AbstractEventLoop] = Future()
        #: Not `thread.is_alive()`: what interrupts that, before Python 3.13, makes it false.
        self.alive = True
        self.thread = threading.Thread(
            target=self._serve, args=(opened,), name="openai_sync", daemon=True
        )
        self.thread.start()
        self.loop = opened.result()
        #: The tasks that run: the loop itself keeps none alive.
        self._tasks: set[Task[None]] = set()

    def _serve(self, opened: Future[AbstractEventLoop]) -> None:
        async def serve() -> None:
            import asyncio  # noqa: PLC0415  # see above

            opened.set_result(asyncio.get_running_loop())
            await anyio.sleep_forever()

        try:
            # Debug mode (`python -X dev`) tells users about their loops. This one is ours.
            anyio.run(serve, backend_options={"debug": False})
        except BaseException as error:
            if opened.done():
                raise
            opened.set_exception(error)  # no loop at all, for lack of file descriptors perhaps
        finally:
            self.alive = False

    def start(self, call: _Call[Any]) -> None:
        """Has the loop make `call`, which sees the context variables of this thread."""
        self.loop.call_soon_threadsafe(self._start, call, context=_context())

    def _start(self, call: _Call[Any]) -> None:
        call.begun = True
        task = self.loop.create_task(call.make())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _context() -> Context:
    """The context variables of this thread, but for the one that says which loop it runs."""
    context = copy_context()
    sniffio: Any = sys.modules.get("sniffio")
    if sniffio is not None:
        context.run(sniffio.current_async_library_cvar.set, None)
    return context


#: Reentrant, for the garbage collector and signal handlers may call at any moment.
_lock = threading.RLock()
_loop_thread: _LoopThread | None = None


def _open() -> _LoopThread:
    global _loop_thread  # one per process is the point
    if sys.is_finalizing():  # the loop has stopped for good, though its thread is not told
        raise RuntimeError(
            "Python is shutting down: too late for a blocking call. "
            "Make it before the program ends, or in a function given to atexit.register."
        )
    current = _loop_thread
    if current is None or not current.alive:
        with _lock:
            if _loop_thread is None or not _loop_thread.alive:
                _loop_thread = _LoopThread()
            current = _loop_thread
    if current.thread is threading.current_thread():
        raise RuntimeError(
            "A blocking call cannot be made from the event loop that would run it. "
            "Use openai_async.AsyncOpenAI in coroutines, hooks and async callables."
        )
    return current


class _Call(Generic[R]):
    """What one thread waits for and the loop thread does."""

    __slots__ = ("_function", "_interrupted", "_scope", "begun", "done", "ended", "error", "result")

    result: R

    def __init__(self, function: Callable[[], Awaitable[R]]) -> None:
        self._function = function
        self._scope: anyio.CancelScope | None = None
        self._interrupted = False
        self.error: BaseException | None = None
        self.begun = False
        #: Whether the call has ended. The lock does not tell whom an interrupt hit as he took it.
        self.done = False
        #: Free once the call has ended.
        self.ended = threading.Lock()
        self.ended.acquire()

    async def make(self) -> None:
        try:
            with anyio.CancelScope() as self._scope:
                if not self._interrupted:
                    self.result = await self._function()
        except anyio.get_cancelled_exc_class():
            self.error = RuntimeError("The event loop of the blocking calls has ended.")
            raise
        except BaseException as error:
            # Raised by the caller: the SystemExit of a user's callback would end the loop.
            self.error = error
        finally:
            self.done = True
            self.ended.release()

    def cancel(self) -> None:
        """Ends it, by the loop that makes it, which may not have begun."""
        self._interrupted = True
        if not self.begun:  # the interrupt came before the message that starts it
            self.ended.release()
        elif self._scope is not None:
            self._scope.cancel()


def run(function: Callable[P, Awaitable[R]], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """What `function` returns, run on the loop thread; cancelled if this thread is interrupted."""
    thread = _open()
    call = _Call(partial(function, *args, **kwargs))
    try:
        thread.start(call)
        while not call.ended.acquire(timeout=_LOOKING_UP):
            pass
    except BaseException:
        # What goes on behind the caller's back is waited for, but not for ever. If the loop has
        # ended, so has the call.
        with suppress(RuntimeError):
            if not call.done:
                thread.loop.call_soon_threadsafe(call.cancel)
                call.ended.acquire(timeout=_ENDING)
        raise
    error, call.error = call.error, None
    if error is None:
        return call.result
    try:
        raise error
    finally:
        del error  # it refers to this frame, and would keep alive what the call was given


def finish(close: Callable[[], Awaitable[None]]) -> None:
    """Runs `close`, for what may be closed anywhere: the garbage collector ends generators too.

    As Python shuts down there is no loop any more, and the system closes what is open. On the loop
    thread itself it begins, and is not waited for.
    """
    if sys.is_finalizing():
        return
    current = _loop_thread
    if current is not None and current.thread is threading.current_thread():
        current.start(_Call(close))
    else:
        run(close)


class Background:
    """A call that goes on while nobody waits for it, until it ends or is stopped."""

    def __init__(self, function: Callable[[], Awaitable[Any]]) -> None:
        self._thread = _open()
        self._call: _Call[Any] = _Call(function)
        self._thread.start(self._call)

    def stop(self, *, wait: bool) -> None:
        """Cancels it; waits for its end, but not for ever, unless that is the loop thread's."""
        if sys.is_finalizing():
            return
        wait = wait and self._thread.thread is not threading.current_thread()
        with suppress(RuntimeError):  # the loop has ended, and so has the call
            if not self._call.done:
                self._thread.loop.call_soon_threadsafe(self._call.cancel)
                if wait:
                    self._call.ended.acquire(timeout=_ENDING)


def _forget() -> None:
    global _lock, _loop_thread
    _lock = threading.RLock()
    _loop_thread = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)

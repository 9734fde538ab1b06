"""Runs of event loops: what belongs to a loop is kept here, and ends with it.

A client object may be used from any number of loops, one after another or side by side, but an open
socket works in one only. So each object that holds sockets keeps them in the `states` of a `Run`. A
run ends when its loop does: an asynchronous generator waits in it, and both asyncio and trio
finalise those before they stop.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncGenerator, Callable
from typing import Any, Protocol
from weakref import WeakKeyDictionary, ref

import anyio
from anyio.lowlevel import RunVar

#: How long closing everything may hold up the end of a run, in seconds.
_ENDING = 1.0


Soon = Callable[[Callable[[], object]], bool]


class State(Protocol):
    """What an object keeps in one run."""

    async def end(self) -> None:
        """Closes everything; called once, as the run ends."""
        ...


class Run:
    """One run of an event loop."""

    def __init__(self) -> None:
        #: By whom it belongs to; dropped with its owner.
        self.states: WeakKeyDictionary[Any, State] = WeakKeyDictionary()
        #: Has a function called by the loop. For other threads and for the garbage collector, which
        #: may not wait. False if the loop does not run: it is called if that ever runs again.
        self.soon: Soon = _caller()

    async def _end(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            with anyio.CancelScope(shield=True), anyio.move_on_after(_ENDING):
                for state in list(self.states.values()):
                    await state.end()


_runs: RunVar[Run] = RunVar("openai_async.run")


def running() -> Run | None:
    """The current run, if anything was ever kept in it."""
    return _runs.get(None)


async def current() -> Run:
    """The run that the caller is part of."""
    run = _runs.get(None)
    if run is None:
        run = Run()
        _runs.set(run)
        watcher = run._end()
        await anext(watcher)
        _hold(watcher)
    return run


# A run is found by its loop in a dictionary of weak keys. So nothing in it may refer to the loop,
# which would never be freed, nor would what a loop leaves that is closed without being finalised.


def _hold(watcher: AsyncGenerator[None, None]) -> None:
    """Has the running loop keep `watcher`, which refers to the loop."""
    if trio := _trio():
        trio.lowlevel.RunVar("openai_async.watcher").set(watcher)
    else:
        import asyncio  # noqa: PLC0415  # a trio program has no use for it

        loop: Any = asyncio.get_running_loop()
        loop._openai_async_watcher = watcher


def _caller() -> Soon:
    process = os.getpid()
    if trio := _trio():
        token = ref(trio.lowlevel.current_trio_token())

        def call(function: Callable[[], object]) -> bool:
            current = token()
            if current is None or os.getpid() != process:
                return False
            try:
                current.run_sync_soon(function)
            except trio.RunFinishedError:
                return False
            return True

    else:
        import asyncio  # noqa: PLC0415

        loop = ref(asyncio.get_running_loop())

        def call(function: Callable[[], object]) -> bool:
            current = loop()
            if current is None or os.getpid() != process:
                return False
            running: bool = current.is_running()
            try:
                current.call_soon_threadsafe(function)
            except RuntimeError:  # it is closed
                return False
            return running

    return call


def _trio() -> Any:
    """The package trio, if it runs the current loop."""
    trio = sys.modules.get("trio")
    return trio if trio is not None and trio.lowlevel.in_trio_run() else None

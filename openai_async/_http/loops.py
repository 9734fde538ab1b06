"""Waiting on an asyncio loop, by its own means.

Anyio tells the loop about a socket anew for each read, and limits the time by a cancel scope. Here
the loop is told once for as long as the connection is open, and a timer is only moved along. It
saves a sixth of a small call.

Nothing here refers to the loop: it must be freed although a pool in its keeping holds connections.
"""

from __future__ import annotations

import os
from asyncio import AbstractEventLoop, Future, TimerHandle, get_running_loop
from collections.abc import Callable
from weakref import ref

from .sockets import Wire, closed


class LoopListener:
    """Listens to one connection in the running loop. Raises NotImplementedError if that cannot."""

    __slots__ = (
        "_loop",
        "_number",
        "_process",
        "_timer",
        "_until",
        "_waiter",
        "_watching",
        "_wire",
    )

    def __init__(self, wire: Wire) -> None:
        loop = get_running_loop()
        self._loop = ref(loop)
        self._wire = wire
        self._number = wire.socket.fileno()
        self._waiter: Future[bytes] | None = None
        self._timer: Callable[[], TimerHandle | None] = _none
        self._until = 0.0
        self._watching = False
        #: What a forked child has is the loop of its parent, as far as the system is concerned.
        self._process = os.getpid()
        self._watch(loop)

    async def receive(self, limit: float | None) -> bytes:
        loop = get_running_loop()
        waiter: Future[bytes] = loop.create_future()
        self._waiter = waiter
        if not self._watching:
            self._watch(loop)
        if limit is None:
            self._until = float("inf")
        else:
            self._expect(loop, loop.time() + limit)
        try:
            return await waiter
        finally:
            self._waiter = None

    def close(self) -> None:
        if self._wire.closed:
            return
        loop = self._loop()
        if loop is None or loop.is_closed() or os.getpid() != self._process:
            self._wire.close()  # nobody can be waiting, and Python may be shutting down
            return
        if self._watching:
            self._unwatch(loop)
        if (timer := self._timer()) is not None:
            timer.cancel()
        if (waiter := self._waiter) is not None and not waiter.done():
            waiter.set_exception(closed())
        self._wire.interrupt()

    def _watch(self, loop: AbstractEventLoop) -> None:
        loop.add_reader(self._number, self._ready)
        self._watching = True

    def _unwatch(self, loop: AbstractEventLoop) -> None:
        loop.remove_reader(self._number)
        self._watching = False

    def _ready(self) -> None:
        waiter = self._waiter
        if waiter is None or waiter.done():
            self._unwatch(get_running_loop())  # what came stays in the socket until somebody asks
            return
        try:
            data = self._wire.read()
        except OSError as error:
            waiter.set_exception(error)
        else:
            if data is not None:
                waiter.set_result(data)

    def _expect(self, loop: AbstractEventLoop, until: float) -> None:
        """Sees to it that a wait ends at that time."""
        self._until = until
        if (timer := self._timer()) is not None:
            if timer.when() <= until:
                return  # it will look again when it comes
            timer.cancel()
        self._time(loop)

    def _time(self, loop: AbstractEventLoop) -> None:
        self._timer = ref(loop.call_at(self._until, self._look))

    def _look(self) -> None:
        self._timer = _none
        waiter, loop = self._waiter, get_running_loop()
        if waiter is None or waiter.done():
            return
        if loop.time() < self._until:
            if self._until < float("inf"):
                self._time(loop)
        else:
            waiter.set_exception(TimeoutError())


def _none() -> None:
    return None

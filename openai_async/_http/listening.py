"""Waiting for what a connection brings next."""

from __future__ import annotations

import os
import sys
from typing import Protocol

import anyio

from .sockets import Wire, closed


class Listener(Protocol):
    """Listens to one connection, for one task at a time."""

    async def receive(self, limit: float | None) -> bytes:
        """What comes next, b"" at the end.

        Raises TimeoutError after `limit` seconds, or another OSError.
        """
        ...

    def close(self) -> None:
        """Closes the connection; a task that waits for it gets an OSError."""
        ...


def listener(wire: Wire) -> Listener:
    """What listens to `wire` in the running loop."""
    trio = sys.modules.get("trio")
    if trio is None or not trio.lowlevel.in_trio_run():
        from .loops import LoopListener  # noqa: PLC0415  # a trio program has no use for asyncio

        try:
            return LoopListener(wire)
        except NotImplementedError:  # Windows: a loop that waits for work done, not for sockets
            pass
    return AnyListener(wire)


class AnyListener:
    """Listens by the means of anyio, which work everywhere."""

    __slots__ = ("_process", "_wire")

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._process = os.getpid()

    async def receive(self, limit: float | None) -> bytes:
        deadline = float("inf") if limit is None else anyio.current_time() + limit
        try:
            with anyio.CancelScope(deadline=deadline):
                while True:
                    await anyio.wait_readable(self._wire.socket)
                    if (data := self._wire.read()) is not None:
                        return data
        except anyio.ClosedResourceError as error:
            raise closed() from error
        raise TimeoutError

    def close(self) -> None:
        if os.getpid() == self._process:
            self._wire.interrupt()
        else:  # what a forked child has is the loop of its parent, as far as the system knows
            self._wire.close()

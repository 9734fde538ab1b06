"""The connections of one client in one run of an event loop.

A connection is idle or in use. Idle ones lie on a stack for each place they lead to, so the warmest
is taken first, and all of them in a line by age, so the oldest is given up first; both are O(1).
Who finds the limit reached waits in a queue and is served in turn; a place in use is counted from
the moment it is promised, so a waiter that is cancelled passes on what it was given.

Every method but `acquire` returns at once. All are called in the loop that the pool belongs to.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Hashable
from functools import partial
from typing import Protocol
from weakref import WeakValueDictionary

import anyio

from .._runs import Soon
from .._transport import Limits, PoolStats


class Pooled(Protocol):
    """A connection as the pool sees it."""

    @property
    def usable(self) -> bool:
        """Whether it can serve another request: asked just before it does."""
        ...

    def close(self) -> None:
        """Closes it, also under a task that waits for it."""
        ...


#: Every pool of this process, for its forked children.
_all: WeakValueDictionary[int, Pool] = WeakValueDictionary()


def _let_go() -> None:
    """Closes, in a forked child, its copies of sockets that the parent goes on using.

    Else a server would see the parent hang up only when the child ends.
    """
    for reference in _all.valuerefs():
        if (pool := reference()) is not None:
            pool.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)


class _Waiter:
    """Somebody who waits for a connection to `key`, or for room to open one."""

    __slots__ = ("found", "key", "served")

    def __init__(self, key: Hashable) -> None:
        self.key = key
        self.found: Pooled | None = None
        self.served = anyio.Event()


class Pool:
    """Who may use which connection, and when."""

    def __init__(
        self, limits: Limits, soon: Soon, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limits = limits
        self._soon = soon
        self._clock = clock
        self._stacks: dict[Hashable, deque[Pooled]] = {}
        #: Idle connections, oldest first: where they lead, and since when they are idle.
        self._idle: dict[Pooled, tuple[Hashable, float]] = {}
        self._waiters: dict[_Waiter, None] = {}
        self._used: set[Pooled] = set()
        self._places = 0
        self._closed = False
        self._process = os.getpid()
        _all[id(self)] = self

    def stats(self) -> PoolStats:
        if os.getpid() != self._process:  # this is the memory of the parent
            return PoolStats(0, 0, 0)
        return PoolStats(self._places, len(self._idle), len(self._waiters))

    def take(self, key: Hashable) -> tuple[bool, Pooled | None]:
        """Whether there is a place, and the idle connection to use, if there is one.

        A place that comes without a connection is the right to open one.
        """
        return (False, None) if self._waiters else self._take(key)

    async def acquire(self, key: Hashable) -> Pooled | None:
        """Waits for a place; see `take`."""
        waiter = _Waiter(key)
        self._waiters[waiter] = None
        try:
            await waiter.served.wait()
        except BaseException:
            if waiter.served.is_set():
                self.release(waiter.found, key, keep=waiter.found is not None)
            else:
                del self._waiters[waiter]
                self._serve()
            raise
        return waiter.found

    def use(self, connection: Pooled) -> None:
        """Says which connection was opened in a place."""
        self._used.add(connection)

    def drop(self, connection: Pooled) -> None:
        """Closes `connection` but keeps its place, for another."""
        self._used.discard(connection)
        connection.close()

    def release(self, connection: Pooled | None, key: Hashable, *, keep: bool) -> None:
        """Gives a place back, and its connection if there is one; to be used again if `keep`."""
        self._places -= 1
        if connection is not None:
            self._used.discard(connection)
            if keep and not self._closed:
                self._put(connection, key)
            else:
                connection.close()
        self._serve()

    def close(self) -> None:
        """Closes all connections, those in use under their users; what comes back is closed."""
        self._closed = True
        for connection in [*self._idle, *self._used]:
            connection.close()
        self._idle.clear()
        self._stacks.clear()

    async def end(self) -> None:
        """`close`, as the run ends."""
        self.close()

    def __del__(self) -> None:
        # The client was dropped, in whatever thread, or its loop closed without being finalised.
        connections = [*self._idle, *self._used]
        try:
            if connections and not self._soon(partial(_close, connections)):
                _close(connections)
        except Exception:
            pass  # Python is shutting down, and what this needs is gone

    def _take(self, key: Hashable) -> tuple[bool, Pooled | None]:
        if (found := self._idle_one(key)) is not None:
            self._places += 1
            self._used.add(found)
            return True, found
        most = self._limits.max_connections
        if most is not None and self._places + len(self._idle) >= most:
            if not self._idle:
                return False, None
            self._forget_oldest()
        self._places += 1
        return True, None

    def _idle_one(self, key: Hashable) -> Pooled | None:
        stack = self._stacks.get(key)
        while stack:
            found = stack.pop()
            _, since = self._idle.pop(found)
            if not self._expired(since) and found.usable:
                return found
            found.close()
        return None

    def _put(self, connection: Pooled, key: Hashable) -> None:
        self._forget_expired()
        most = self._limits.max_keepalive_connections
        if most is not None and len(self._idle) >= most:
            if most == 0:
                connection.close()
                return
            self._forget_oldest()
        self._stacks.setdefault(key, deque()).append(connection)
        self._idle[connection] = (key, self._clock())

    def _serve(self) -> None:
        while self._waiters:
            waiter = next(iter(self._waiters))
            placed, waiter.found = self._take(waiter.key)
            if not placed:
                return
            del self._waiters[waiter]
            waiter.served.set()

    def _expired(self, since: float) -> bool:
        expiry = self._limits.keepalive_expiry
        return expiry is not None and self._clock() - since > expiry

    def _forget_expired(self) -> None:
        while self._idle and self._expired(next(iter(self._idle.values()))[1]):
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        oldest = next(iter(self._idle))
        key, _ = self._idle.pop(oldest)
        stack = self._stacks[key]
        stack.popleft()  # the oldest of all is the oldest of its stack
        if not stack:
            del self._stacks[key]
        oldest.close()


def _close(connections: list[Pooled]) -> None:
    for connection in connections:
        connection.close()

"""Who of many may begin when: one `Pace` for one bulk job, whatever its requests are.

`_quota` decides; here is the waiting. Places are given in the order in which they were asked for:
only the first who waits looks whether he may begin, and whoever leaves the line, served or
cancelled, wakes the next. So nothing is lost, wherever a cancellation hits.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio

from . import _callbacks
from ._deadline import Deadline, within
from ._errors import APIStatusError, RateLimitError
from ._quota import TOO_MANY, Flow, Past
from ._retry import LONGEST_WAIT
from ._unfinished import DeadlineExceeded

if TYPE_CHECKING:
    from ._client import AsyncOpenAI
    from ._engine import Retry

#: A 429 of this kind is no matter of time.
OUT_OF_QUOTA = "insufficient_quota"


class _Waiting:
    """One in the line."""

    __slots__ = ("changed", "weight")

    def __init__(self, weight: float) -> None:
        self.weight = weight
        self.changed = anyio.Event()


class Pace:
    """At most `most` at once; fewer, and later, as the answers of the server say.

    If `adaptive`, `most` is only what is never exceeded: how many run at once is found out.
    Raises ValueError unless `most` is at least 1. It belongs to one run of an event loop.
    """

    def __init__(self, most: int, *, adaptive: bool = False) -> None:
        if most < 1:
            raise ValueError(f"max_concurrency must be at least 1: {most}.")
        self._flow = Flow(most, adaptive=adaptive)
        self._line: deque[_Waiting] = deque()

    @property
    def allowed(self) -> int:
        """How many may run at once, as things are."""
        return int(self._flow.allowed)

    @property
    def running(self) -> int:
        """How many run."""
        return self._flow.running

    @asynccontextmanager
    async def turn(
        self, deadline: Deadline | None = None, weight: float = 0.0
    ) -> AsyncIterator[Past]:
        """Waits for a place, and until nobody is told to wait; the place is free again at its end.

        `weight` is how many tokens the request may cost, for servers that count them. Raises
        DeadlineExceeded if `deadline` expires first. An APIStatusError that leaves the block is
        taken for what it says about limits. `saw` is told more by what the block is given.
        """
        past = await within(deadline, partial(self._begin, weight), _late)
        try:
            yield past
        except APIStatusError as error:
            if error.code != OUT_OF_QUOTA:
                self.saw(error.status_code, error._headers, past)
            raise
        finally:
            self._flow.end(weight)
            self._wake()

    async def _begin(self, weight: float) -> Past:
        if not self._line and self._may(weight) <= 0:
            return self._flow.begin(weight, anyio.current_time())
        mine = _Waiting(weight)
        self._line.append(mine)
        try:
            while True:
                wait = self._may(weight) if self._line[0] is mine else math.inf
                if wait <= 0:
                    return self._flow.begin(weight, anyio.current_time())
                mine.changed = anyio.Event()
                with anyio.move_on_after(wait):
                    await mine.changed.wait()
        finally:
            self._line.remove(mine)
            self._wake()

    def _may(self, weight: float) -> float:
        return self._flow.wait(weight, anyio.current_time())

    def _wake(self) -> None:
        """Has the first in the line look again."""
        if self._line:
            self._line[0].changed.set()

    def hold(self, seconds: float) -> None:
        """Nobody begins for that long; what runs goes on. A longer hold stays."""
        self._flow.hold(seconds, anyio.current_time())

    def saw(self, status: int, headers: Mapping[str, str], past: Past | None = None) -> None:
        """Takes what an answer says about limits: its status, `retry-after`, `x-ratelimit-*`."""
        now = anyio.current_time()
        self._flow.saw(status, headers, now, today=time.time(), past=past)
        self._wake()

    def client(self, client: AsyncOpenAI) -> AsyncOpenAI:
        """A twin of `client` whose retries are noticed here, before its own `on_retry` is called.

        So one request that is told to wait keeps the others from beginning.
        """
        own = client.on_retry

        async def noticing(event: Retry) -> None:
            error: Any = event.error
            if isinstance(error, APIStatusError) and error.status_code in TOO_MANY:
                self.saw(error.status_code, error._headers)
                self.hold(event.delay)
            if own is not None:
                await _callbacks.call(own, event)

        return client.copy(on_retry=noticing)


def _late(deadline: Deadline) -> DeadlineExceeded:
    return deadline.exceeded("waiting for its turn")


def for_now(error: RateLimitError) -> bool:
    """Whether the same request may be welcome later, and soon enough to wait."""
    asked = error.retry_after
    return (
        error.code != OUT_OF_QUOTA
        and error._headers.get("x-should-retry") != "false"
        and (asked is None or asked <= LONGEST_WAIT)
    )

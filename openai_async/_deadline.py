"""Deadlines: one clock for a whole call, whatever it does and however often it tries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import anyio
import anyio.lowlevel

from ._timeouts import check_seconds
from ._unfinished import DeadlineExceeded

T = TypeVar("T")


class Deadline:
    """A clock that runs from the moment it is made, by the time of the running event loop.

    Whoever makes several calls of one (polls, uploads) makes one and hands it to each, where users
    pass seconds. Raises ValueError unless `seconds` is positive and finite.
    """

    __slots__ = ("at", "began", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds: float = check_seconds("deadline", seconds)
        self.began: float = anyio.current_time()
        self.at: float = self.began + self.seconds

    def left(self, now: float) -> float:
        """Seconds until it expires; 0 or less if it has."""
        return self.at - now

    def exceeded(self, doing: str, **more: Any) -> DeadlineExceeded:
        """The error that says so; `doing` is what was going on."""
        elapsed = anyio.current_time() - self.began
        return DeadlineExceeded(deadline=self.seconds, doing=doing, elapsed=elapsed, **more)

    def __repr__(self) -> str:
        return f"Deadline({self.seconds:g})"


def begin(deadline: float | Deadline | None) -> Deadline | None:
    """The clock of a call that begins now, unless it runs already."""
    if deadline is None or isinstance(deadline, Deadline):
        return deadline
    return Deadline(deadline)


def sooner(*clocks: Deadline | None) -> Deadline | None:
    """The one of these that expires first."""
    return min(filter(None, clocks), key=lambda clock: clock.at, default=None)


async def within(
    deadline: Deadline | None,
    function: Callable[[], Awaitable[T]],
    failure: Callable[[Deadline], DeadlineExceeded],
) -> T:
    """What `function` returns; if `deadline` expires first, it is cancelled and `failure` raised.

    A cancellation from outside stays one, also if both happen at once.
    """
    if deadline is None:
        return await function()
    if deadline.left(anyio.current_time()) > 0:
        with anyio.CancelScope(deadline=deadline.at):
            return await function()
    await anyio.lowlevel.checkpoint_if_cancelled()
    raise failure(deadline)

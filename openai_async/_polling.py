"""Waiting for jobs: asking again until one has ended, without losing it on the way.

The one loop behind every `poll`, `wait` and `*_and_poll`. How long it waits between two questions
the caller decides, else the server with each of its answers, else how often it has asked.
"""

from __future__ import annotations

import math
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from itertools import count
from typing import Any, TypeGuard, TypeVar

import anyio

from . import _callbacks
from ._config import Settings
from ._deadline import Deadline, begin, sooner, within
from ._engine import pause
from ._jobs import DONE
from ._notes import note
from ._resource import Reply
from ._sentinels import NotGiven, Omit, is_given
from ._unfinished import DeadlineExceeded, WaitTimeout

T = TypeVar("T")

#: Milliseconds until the second question, if neither the caller nor the server says; each wait is
#: longer than the one before by that factor, until the longest.
FIRST_INTERVAL_MS, GROWTH, LONGEST_INTERVAL_MS = 1000.0, 1.25, 30_000.0

#: Seconds for telling the server that nobody waits for the job any more.
_CANCELLING = 5.0

_HINT = "openai-poll-after-ms"

Interval = float | Omit | NotGiven


class _Patience(Deadline):
    """The clock of `max_wait_seconds`: of the wait alone, and 0 asks once."""

    __slots__ = ()

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.began = anyio.current_time()
        self.at = self.began + seconds

    def exceeded(self, doing: str, **more: Any) -> DeadlineExceeded:
        elapsed = anyio.current_time() - self.began
        return WaitTimeout(deadline=self.seconds, doing=doing, elapsed=elapsed, **more)


async def wait_for(
    kind: str,
    retrieve: Callable[..., Awaitable[Any]],
    *,
    cancel: Callable[..., Awaitable[Any]] | None = None,
    extra_headers: Mapping[str, Any] | None = None,
    poll_interval_ms: Interval,
    max_wait_seconds: float | Omit | NotGiven | None,
    on_poll: Callable[[Any], Any] | None,
    deadline: Deadline | None,
) -> Any:
    """The job of this `kind` (a key of `DONE`) once it has ended, as `retrieve` tells it.

    `retrieve` is the method of a resource that delivers replies. If the wait ends in another way,
    `cancel`, if there is one, tells the server to stop.
    """
    check_wait(poll_interval_ms, max_wait_seconds)
    patience = _Patience(max_wait_seconds) if _is_number(max_wait_seconds) else None
    fetch = partial(
        retrieve, extra_headers={**poll_headers(poll_interval_ms), **(extra_headers or {})}
    )
    bound = sooner(deadline, patience)
    async with cancelled_on_exit(cancel, "The job goes on"):
        return await _poll(
            fetch,
            done=DONE[kind],
            interval_ms=poll_interval_ms,
            clock=bound,
            # Without any patience it is asked once: it may have ended long ago.
            first=bound if max_wait_seconds else deadline,
            on_poll=on_poll,
        )


async def _poll(
    fetch: Callable[..., Awaitable[Reply[T]]],
    *,
    done: Callable[[T], bool],
    interval_ms: Interval,
    clock: Deadline | None,
    first: Deadline | None,
    on_poll: Callable[[T], Any] | None,
) -> T:
    """The value that is `done`, in the time of `clock`, or of `first` for the first question."""
    last: T | None = None

    def late(clock: Deadline) -> DeadlineExceeded:
        return clock.exceeded("waiting until it is done", last_event=last)

    for asked in count():
        bound = clock if asked else first
        try:
            reply = await fetch(deadline=bound)
        except DeadlineExceeded as error:
            error.last_event = last
            raise
        last = reply.value
        if on_poll is not None:
            await within(bound, partial(_callbacks.call, on_poll, last), late)
        if done(last):
            return last
        wait = interval(reply.headers, interval_ms, asked, random.random())
        await within(clock, partial(pause, wait / 1000), late)
    raise AssertionError  # `count` has no end


@contextmanager
def known(job: object) -> Iterator[None]:
    """Says in the error of a wait which `job` it was for, and what was known of it before."""
    try:
        yield
    except BaseException as error:
        if isinstance(error, DeadlineExceeded) and error.last_event is None:
            error.last_event = job
        note(error, f"This was waited for: {getattr(job, 'id', None)}.")
        raise


@asynccontextmanager
async def cancelled_on_exit(
    cancel: Callable[..., Awaitable[Any]] | None, otherwise: str
) -> AsyncGenerator[None, None]:
    """Has `cancel` tell the server to stop if the block does not end as it should.

    That is shielded and bounded. If it fails, the exception has a note that begins with
    `otherwise`, what becomes of it then.
    """
    try:
        yield
    except GeneratorExit:  # nothing can be awaited any more
        raise
    except BaseException as error:
        if cancel is not None:
            await _stop(cancel, error, otherwise)
        raise


async def _stop(
    cancel: Callable[..., Awaitable[Any]], error: BaseException, otherwise: str
) -> None:
    why = f"that took over {_CANCELLING:g} seconds, or was cancelled too."
    try:
        with anyio.move_on_after(_CANCELLING, shield=True):
            await cancel(timeout=_CANCELLING, deadline=None)
            why = ""
    except Exception as failure:
        why = str(failure)
    finally:  # a task of asyncio can be cancelled in spite of a shield
        if why:
            note(error, f"{otherwise}, since it could not be cancelled: {why}")


def interval(headers: Mapping[str, str], wanted_ms: Interval, asked: int, chance: float) -> float:
    """Milliseconds until the next question: as the caller wants, else as the server asks, else
    longer each time it has `asked` before; `chance` (0 to 1) keeps many callers apart."""
    if not isinstance(wanted_ms, (Omit, NotGiven)):
        return wanted_ms
    try:
        hint = float(headers.get(_HINT, ""))
    except ValueError:
        hint = math.nan
    if math.isfinite(hint) and hint >= 0:
        return hint
    grown = FIRST_INTERVAL_MS * GROWTH ** min(asked, 100)
    return min(grown, LONGEST_INTERVAL_MS) * (1 - 0.25 * chance)


def poll_headers(wanted_ms: Interval) -> dict[str, str]:
    """The headers that tell the API that a helper is polling, and how often."""
    headers = {"X-Stainless-Poll-Helper": "true"}
    if is_given(wanted_ms):
        headers["X-Stainless-Custom-Poll-Interval"] = str(wanted_ms)
    return headers


def check_wait(
    poll_interval_ms: Interval, max_wait_seconds: float | Omit | NotGiven | None = None
) -> None:
    """Raises ValueError unless what is given are times. Before a job begins that is waited for."""
    if poll_interval_ms is None:
        raise TypeError("poll_interval_ms must be a number of milliseconds, or left out: None.")
    times = {"poll_interval_ms": poll_interval_ms, "max_wait_seconds": max_wait_seconds}
    for name, value in times.items():
        if _is_number(value) and not (math.isfinite(value) and value >= 0):
            unit = "milliseconds" if name.endswith("_ms") else "seconds"
            raise ValueError(f"{name} must be 0 or more {unit}: {value}.")


def _is_number(value: float | Omit | NotGiven | None) -> TypeGuard[float]:
    return value is not None and not isinstance(value, (Omit, NotGiven))


def clock(settings: Settings, deadline: float | Deadline | NotGiven | None) -> Any:
    """The one clock of a helper, as what the methods it is made of take for `deadline`."""
    return begin(settings.deadline if isinstance(deadline, NotGiven) else deadline)

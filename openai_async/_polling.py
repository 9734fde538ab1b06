"""Asking again until something is done."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TypeVar

from ._deadline import Deadline, within
from ._engine import pause
from ._resource import Reply
from ._sentinels import NotGiven, Omit, is_given
from ._unfinished import DeadlineExceeded

T = TypeVar("T")

#: How often to ask when neither the caller nor the server says, in milliseconds.
DEFAULT_INTERVAL_MS = 1000


async def poll(
    fetch: Callable[[], Awaitable[Reply[T]]],
    *,
    done: Callable[[T], bool],
    interval_ms: float | Omit | NotGiven,
    deadline: Deadline | None = None,
    on_poll: Callable[[T], Awaitable[None]] | None = None,
) -> T:
    """The first value of `fetch` that is `done`; `on_poll` sees each value on the way.

    Raises DeadlineExceeded, with the last value as `last_event`, if `deadline` expires before; the
    same deadline bounds `fetch` if it is handed to that as well.
    """
    last: T | None = None

    def late(deadline: Deadline) -> DeadlineExceeded:
        return deadline.exceeded("waiting until it is done", last_event=last)

    while True:
        try:
            reply = await fetch()
        except DeadlineExceeded as error:
            error.last_event = last
            raise
        last = reply.value
        if on_poll is not None:
            await within(deadline, partial(on_poll, last), late)
        if done(last):
            return last
        await within(deadline, partial(pause, interval(reply.headers, interval_ms) / 1000), late)


def interval(headers: Mapping[str, str], wanted_ms: float | Omit | NotGiven) -> float:
    """Milliseconds until the next question: as the caller wants, else as the server asks."""
    if not isinstance(wanted_ms, (Omit, NotGiven)):
        return wanted_ms
    try:
        asked = float(headers.get("openai-poll-after-ms", ""))
    except ValueError:
        return DEFAULT_INTERVAL_MS
    return asked if math.isfinite(asked) and asked >= 0 else DEFAULT_INTERVAL_MS


def poll_headers(wanted_ms: float | Omit | NotGiven) -> dict[str, str]:
    """The headers that tell the API that a helper is polling, and how often."""
    headers = {"X-Stainless-Poll-Helper": "true"}
    if is_given(wanted_ms):
        headers["X-Stainless-Custom-Poll-Interval"] = str(wanted_ms)
    return headers


def check_interval(wanted_ms: float | Omit | NotGiven) -> None:
    """Raises ValueError unless `wanted_ms` is a time or was not given."""
    if isinstance(wanted_ms, (Omit, NotGiven)):
        return
    if not (math.isfinite(wanted_ms) and wanted_ms >= 0):
        raise ValueError(f"poll_interval_ms must be 0 or more milliseconds: {wanted_ms}.")

"""Asking again until something is done."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from ._engine import pause
from ._resource import Reply
from ._sentinels import NotGiven, Omit, is_given

T = TypeVar("T")

#: How often to ask when neither the caller nor the server says, in milliseconds.
DEFAULT_INTERVAL_MS = 1000


async def poll(
    fetch: Callable[[], Awaitable[Reply[T]]],
    *,
    done: Callable[[T], bool],
    interval_ms: float | Omit | NotGiven,
    on_poll: Callable[[T], Awaitable[None]] | None = None,
) -> T:
    """The first value of `fetch` that is `done`; `on_poll` sees each value on the way."""
    while True:
        reply = await fetch()
        if on_poll is not None:
            await on_poll(reply.value)
        if done(reply.value):
            return reply.value
        await pause(interval(reply.headers, interval_ms) / 1000)


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

"""How long one attempt may wait: to connect, to read, to write, and for a free connection.

Also how long a stream may be silent; `_deadline` bounds whole calls.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

from msgspec import Struct

from ._sentinels import NotGiven, is_given, not_given

_PHASES = ("connect", "read", "write", "pool")


class Timeout:
    """Limits in seconds for each phase of one attempt; None means no limit.

    `Timeout(30)` limits every phase, `Timeout(600, connect=5)` one of them differently. Without a
    first argument all four must be given. Any object with the same four attributes is accepted
    wherever a `Timeout` is, `httpx.Timeout` among them.
    """

    __slots__ = _PHASES

    connect: float | None
    read: float | None
    write: float | None
    pool: float | None

    def __init__(
        self,
        timeout: Any = not_given,
        *,
        connect: float | NotGiven | None = not_given,
        read: float | NotGiven | None = not_given,
        write: float | NotGiven | None = not_given,
        pool: float | NotGiven | None = not_given,
    ) -> None:
        for phase, value in zip(_PHASES, (connect, read, write, pool), strict=True):
            if not is_given(value):
                value = getattr(timeout, phase, timeout)
            if not is_given(value):
                raise ValueError(f"Timeout() needs a default as its first argument, or {phase}=.")
            if value is not None and not (isinstance(value, (int, float)) and value >= 0):
                raise ValueError(f"Timeout: {phase} must be seconds (0 or more) or None: {value!r}")
            setattr(self, phase, value)

    def __eq__(self, other: object) -> bool:
        values = [getattr(other, phase, not_given) for phase in _PHASES]
        return [getattr(self, phase) for phase in _PHASES] == values

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, phase) for phase in _PHASES))

    def __repr__(self) -> str:
        return f"Timeout({', '.join(f'{phase}={getattr(self, phase)}' for phase in _PHASES)})"


#: Ten minutes for the answer, since models think; five seconds to connect, since networks do not.
DEFAULT_TIMEOUT = Timeout(600, connect=5.0)


def phases(timeout: Any) -> Timeout:
    """`timeout` (seconds, None, or an object with the four phases) as a `Timeout`."""
    if isinstance(timeout, (int, float)):
        return _alike(timeout)
    return timeout if isinstance(timeout, Timeout) else Timeout(timeout)


@lru_cache(maxsize=64, typed=True)
def _alike(seconds: float) -> Timeout:
    """That many seconds for each phase; kept, for most programs use few different ones."""
    return Timeout(seconds)


class Gaps(Struct, frozen=True):
    """How many seconds a stream may go without an event; None is no limit.

    Comments that keep a connection alive are no events.
    """

    first_event: float | None = None
    """From the head of the answer to the first event."""
    event_gap: float | None = None
    """From one event to the next."""


NO_GAPS = Gaps()


def check_seconds(name: str, value: Any) -> float:
    """`value` if it is a number of seconds, positive and finite; ValueError naming it if not."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not (number and math.isfinite(value) and value > 0):
        raise ValueError(
            f"{name} must be a positive number of seconds, or None for no limit: {value!r}"
        )
    return float(value)


def check_limit(name: str, value: Any) -> float | None:
    """As `check_seconds`, but None is allowed: no limit."""
    return None if value is None else check_seconds(name, value)

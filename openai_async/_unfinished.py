"""Errors about calls that were cut off, by a limit of the caller or by the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ._errors import APIConnectionError, APITimeoutError, Attempt
from ._exchange import Exchange

if TYPE_CHECKING:
    import httpx


class _Unfinished(APIConnectionError):
    """What errors about a call that was cut off have in common: how far it had come.

    `elapsed` is seconds since the call began; for a method that polls, `last_event` is the last
    state it saw.
    """

    elapsed: float

    def _tell(
        self,
        elapsed: float,
        attempts: tuple[Attempt, ...],
        partial: str,
        events: int,
        last_event: Any,
    ) -> None:
        self.elapsed = elapsed
        self.attempts = attempts
        self.partial = partial
        self.events = events
        self.last_event = last_event


class DeadlineExceeded(_Unfinished, APITimeoutError):
    """The whole call, with its attempts and waits, took longer than its `deadline` (in seconds)."""

    deadline: float

    #: What ran out, and the argument that sets it.
    _clock, _argument = "Deadline", "deadline"

    def __init__(
        self,
        *,
        deadline: float,
        doing: str,
        elapsed: float,
        attempts: tuple[Attempt, ...] = (),
        request: httpx.Request | Exchange | None = None,
        partial: str = "",
        events: int = 0,
        last_event: Any = None,
    ) -> None:
        """`doing` says in a few words what was going on: it follows "while"."""
        so_far = [_count(len(attempts), "attempt"), _count(events, "event")]
        after = " and ".join(filter(None, so_far))
        message = (
            f"{self._clock} of {deadline:g} seconds exceeded{after and f' after {after}'}, while "
            f"{doing}. To allow more time, pass a larger {self._argument}=, or None for no limit."
        )
        APITimeoutError.__init__(self, request, message=message)
        self._tell(elapsed, attempts, partial, events, last_event)
        self.deadline = deadline


class WaitTimeout(DeadlineExceeded, TimeoutError, RuntimeError):
    """A job did not end within `max_wait_seconds`; `last_event` is its last state.

    It goes on at the server, unless the wait was to cancel it. It is a `TimeoutError` and a
    `RuntimeError` too, since code that was written for the official package catches these.
    """

    _clock, _argument = "Wait", "max_wait_seconds"


class StreamStalled(_Unfinished, APITimeoutError):
    """A stream brought no event for longer than `limit` seconds.

    `phase` names the option that sets the limit: `first_event` or `event_gap`.
    """

    limit: float
    phase: Literal["first_event", "event_gap"]

    def __init__(
        self,
        *,
        limit: float,
        phase: Literal["first_event", "event_gap"],
        elapsed: float,
        attempts: tuple[Attempt, ...] = (),
        request: httpx.Request | Exchange | None = None,
        partial: str = "",
        events: int = 0,
        last_event: Any = None,
    ) -> None:
        what = "no first event" if phase == "first_event" else "no further event"
        after = _count(events, "event")
        message = (
            f"The stream stalled{after and f' after {after}'}: {what} within {limit:g} seconds. "
            f"To allow more time, pass a larger {phase}=, or None for no limit."
        )
        APITimeoutError.__init__(self, request, message=message)
        self._tell(elapsed, attempts, partial, events, last_event)
        self.limit = limit
        self.phase = phase


class StreamTruncated(_Unfinished):
    """A stream ended without the event that ends it, so what arrived is not all."""

    def __init__(
        self,
        *,
        elapsed: float,
        attempts: tuple[Attempt, ...] = (),
        request: httpx.Request | Exchange | None = None,
        partial: str = "",
        events: int = 0,
        last_event: Any = None,
    ) -> None:
        after = _count(events, "event") or "no event"
        message = (
            f"The stream ended too early: after {after}, without the one that ends it. What "
            "arrived is in partial and last_event; ask again for the rest."
        )
        APIConnectionError.__init__(self, message=message, request=request)
        self._tell(elapsed, attempts, partial, events, last_event)


def _count(number: int, noun: str) -> str:
    """`2 attempts`; nothing for none."""
    return f"{number} {noun}{'s' * (number != 1)}" if number else ""

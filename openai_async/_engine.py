"""The life of one call: build, send, decide, wait, send again, decode.

The only module that sleeps. Every decision it follows is a function of another module, and every
byte it sends or receives goes through a `Transport`.
"""

from __future__ import annotations

import math
import random
import time

import anyio
from msgspec import Struct

from . import _callbacks
from ._config import Settings
from ._deadline import Deadline, begin, within
from ._errors import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    Attempt,
    status_error,
)
from ._exchange import Exchange
from ._logs import logger, method_name
from ._requests import Call
from ._retry import wait_before_retry
from ._timeouts import NO_GAPS, Gaps
from ._transport import ConnectionFailed, TimedOut, WireReply, WireRequest
from ._unfinished import DeadlineExceeded

#: How long closing a connection may take once nobody waits for it any more.
_CLOSING = 1.0


class Retry(Struct):
    """What an `on_retry` hook is told: another attempt will be made after `delay` seconds."""

    attempt: int
    """The number of the attempt that failed; the first is 1."""
    max_retries: int
    delay: float
    error: APIError


class Answer(Struct):
    """A successful answer: its head, its body if that was read, and how it was come by."""

    exchange: Exchange
    reply: WireReply
    retries_taken: int = 0
    elapsed: float = 0.0
    """Seconds of the attempt that succeeded, until its head or, if it was read, its body."""
    began: float = 0.0
    """When the call began, by the clock of the event loop."""
    started: float = 0.0
    """Seconds from then to the attempt that succeeded."""
    deadline: Deadline | None = None
    """What remains of it bounds reading a body that was not read yet."""
    gaps: Gaps = NO_GAPS
    attempts: tuple[Attempt, ...] = ()
    """The attempts that failed before."""

    def all_attempts(self, *, until: float | None = None) -> tuple[Attempt, ...]:
        """The attempts for an error about the answer, with the one that brought it.

        If its body was still being read, that lasted `until` now, by the clock of the event loop.
        """
        number, status = len(self.attempts) + 1, self.exchange.status
        ended = self.started + self.elapsed if until is None else until - self.began
        request_id = self.exchange.headers.get("x-request-id")
        return (*self.attempts, Attempt(number, self.started, ended, status, request_id=request_id))


class _Course(Struct):
    """How far a call has come: what its errors tell, and its answer remembers."""

    began: float
    deadline: Deadline | None
    attempts: list[Attempt] = []
    started: float = 0.0
    running: bool = False
    doing: str = ""
    exchange: Exchange | None = None
    error: APIError | None = None
    """How the last attempt failed."""

    def start(self, now: float) -> None:
        self.started, self.running, self.exchange = now, True, None

    def end(self, now: float, error: APIError) -> None:
        """Notes that the attempt failed, also in `error`."""
        self._note(now, *_outcome(error))
        error.attempts = tuple(self.attempts)
        self.error = error

    def _note(
        self, now: float, status: int | None, error: str | None, request_id: str | None = None
    ) -> None:
        self.running = False
        number, started, ended = len(self.attempts) + 1, self.started - self.began, now - self.began
        self.attempts.append(Attempt(number, started, ended, status, error, request_id))

    def exceeded(self, deadline: Deadline) -> DeadlineExceeded:
        """The error of a call that its deadline ended, with the attempt that still ran."""
        if self.running:
            now, head = anyio.current_time(), self.exchange
            status = head.status if head is not None and head.status else None
            request_id = None if head is None else head.headers.get("x-request-id")
            self._note(now, status, "Cut off by the deadline.", request_id)
        failure = deadline.exceeded(
            self.doing, attempts=tuple(self.attempts), request=self.exchange
        )
        failure.__cause__ = self.error
        return failure


async def send(settings: Settings, call: Call, *, read: bool) -> Answer:
    """The first successful answer to `call`, its body received if `read`.

    Raises the error of the last attempt, or DeadlineExceeded, with every attempt in `attempts`.
    """
    deadline = begin(call.deadline)
    began = anyio.current_time() if deadline is None else deadline.began
    course = _Course(began, deadline)
    try:
        if deadline is None:
            return await _send(settings, call, course, read)
        return await within(deadline, lambda: _send(settings, call, course, read), course.exceeded)
    finally:
        if not call.replayable:
            await call.close()


async def _send(settings: Settings, call: Call, course: _Course, read: bool) -> Answer:
    retries_taken = 0
    while True:
        course.start(anyio.current_time())
        wire_request = call.attempt(retries_taken)
        if call.authenticates:
            course.doing = "asking for the API key"
            await settings._authenticate(wire_request, call.auth)
        logger.debug("Sending %s request, attempt %d", method_name(call.method), retries_taken + 1)
        outcome = await _attempt(settings, wire_request, course, read=read)
        ended = anyio.current_time()
        if isinstance(outcome, Answer):
            outcome.retries_taken = retries_taken
            outcome.elapsed = ended - course.started
            outcome.began, outcome.deadline = course.began, course.deadline
            outcome.started = course.started - course.began
            outcome.gaps, outcome.attempts = call.gaps, tuple(course.attempts)
            return outcome
        course.end(ended, outcome)
        if course.deadline is not None and course.deadline.left(ended) <= 0:
            raise course.exceeded(course.deadline)
        delay = _decide(call, outcome, retries_taken, course.deadline, ended)
        if delay is None:
            raise outcome
        course.attempts[-1].waited = delay
        logger.info(
            "Retrying %s request in %.3f seconds, retry %d of %d",
            method_name(call.method),
            delay,
            retries_taken + 1,
            call.max_retries,
        )
        if settings.on_retry is not None:
            course.doing = "calling on_retry"
            event = Retry(retries_taken + 1, call.max_retries, delay, outcome)
            await _callbacks.call(settings.on_retry, event)
        course.doing = "waiting to try again"
        await pause(delay)
        retries_taken += 1


async def pause(seconds: float) -> None:
    """Waits; the one place that does, for retries and for polling."""
    await anyio.sleep(seconds)


async def _attempt(
    settings: Settings, request: WireRequest, course: _Course, *, read: bool
) -> Answer | APIError:
    exchange = Exchange(request.method, request.url, request.headers)
    course.exchange, course.doing = exchange, "waiting for an answer"
    try:
        reply = await settings._transport.send(request)
        exchange.status, exchange.headers = reply.status, reply.headers
        logger.debug(
            "Received %s answer: %d, request id %s",
            method_name(request.method),
            reply.status,
            reply.headers.get("x-request-id"),
        )
        succeeded = 200 <= reply.status < 300
        if read or not succeeded:
            course.doing = "receiving the answer"
            exchange.content = await read_whole(reply)
    except ConnectionFailed as failure:
        broken = connection_error(failure, exchange)
        logger.debug("%s request failed: %s", method_name(request.method), _outcome(broken)[1])
        return broken
    if succeeded:
        return Answer(exchange, reply)
    error = status_error(exchange, now=time.time())
    error.__suppress_context__ = True
    return error


async def read_whole(reply: WireReply) -> bytes:
    """The body of `reply`, which is closed whatever happens."""
    try:
        return await reply.read()
    except BaseException:
        with anyio.CancelScope(shield=True), anyio.move_on_after(_CLOSING):
            await reply.close()
        raise


def connection_error(failure: ConnectionFailed, exchange: Exchange) -> APIConnectionError:
    """The public error for what went wrong on the wire, caused by what the transport met."""
    kind, text = APIConnectionError, "Connection error"
    if isinstance(failure, TimedOut):
        kind, text = APITimeoutError, "Request timed out"
    what = str(failure)
    error = kind(message=f"{text}: {what}" if what else f"{text}.", request=exchange)
    error._final = failure.final
    error.__cause__ = failure.__cause__ or failure
    return error


def _decide(
    call: Call, error: APIError, retries_taken: int, deadline: Deadline | None, now: float
) -> float | None:
    """Seconds until the next attempt, or None if there shall be none; `now` is the loop's time."""
    status = error.status_code if isinstance(error, APIStatusError) else None
    if not call.replayable:
        logger.debug("Not retrying: the body cannot be sent a second time")
        return None
    if isinstance(error, APIConnectionError) and error._final:
        logger.debug("Not retrying: another attempt would meet the same")
        return None
    delay = wait_before_retry(
        retries_taken=retries_taken,
        max_retries=call.max_retries,
        status=status,
        headers=error._headers if isinstance(error, APIStatusError) else {},
        code=error.code,
        now=time.time(),
        random=random.random(),
        time_left=math.inf if deadline is None else deadline.left(now),
    )
    if delay is None:
        logger.debug("Not retrying after %s", status or type(error).__name__)
    return delay


def _outcome(error: APIError) -> tuple[int | None, str | None, str | None]:
    """The status, the error and the request id of an attempt that ended so."""
    if isinstance(error, APIStatusError):
        return error.status_code, None, error.request_id
    if ": " in error.message:
        return None, error.message, None
    cause = error.__cause__
    return None, type(cause).__name__ + (f": {cause}" if str(cause) else ""), None

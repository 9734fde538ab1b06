"""The life of one call: build, send, decide, wait, send again, decode.

The only module that sleeps. Every decision it follows is a function of another module, and every
byte it sends or receives goes through a `Transport`.
"""

from __future__ import annotations

import random
import time

import anyio
from msgspec import Struct

from . import _callbacks
from ._config import Settings
from ._errors import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    Attempt,
    OpenAIError,
    status_error,
)
from ._exchange import Exchange
from ._logs import logger, method_name
from ._requests import Call
from ._retry import wait_before_retry
from ._transport import ConnectionFailed, TimedOut, WireReply, WireRequest

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
    retries_taken: int
    elapsed: float


async def send(settings: Settings, call: Call, *, read: bool) -> Answer:
    """The first successful answer to `call`, its body received if `read`.

    Raises the error of the last attempt, with every attempt listed in `attempts`.
    """
    attempts: list[Attempt] = []
    began = anyio.current_time()
    retries_taken = 0
    while True:
        started = anyio.current_time()
        wire_request = call.attempt(retries_taken, await _key(settings, call))
        logger.debug("Sending %s request, attempt %d", method_name(call.method), retries_taken + 1)
        outcome = await _attempt(settings, wire_request, read=read)
        ended = anyio.current_time()
        if isinstance(outcome, Answer):
            outcome.retries_taken = retries_taken
            outcome.elapsed = ended - started
            return outcome
        attempts.append(_record(len(attempts) + 1, started - began, ended - began, outcome))
        outcome.attempts = tuple(attempts)
        delay = _decide(call, outcome, retries_taken)
        if delay is None:
            raise outcome
        attempts[-1].waited = delay
        logger.info(
            "Retrying %s request in %.3f seconds, retry %d of %d",
            method_name(call.method),
            delay,
            retries_taken + 1,
            call.max_retries,
        )
        if settings.on_retry is not None:
            event = Retry(retries_taken + 1, call.max_retries, delay, outcome)
            await _callbacks.call(settings.on_retry, event)
        await pause(delay)
        retries_taken += 1


async def pause(seconds: float) -> None:
    """Waits; the one place that does, for retries and for polling."""
    await anyio.sleep(seconds)


async def _attempt(settings: Settings, request: WireRequest, *, read: bool) -> Answer | APIError:
    exchange = Exchange(request.method, request.url, request.headers)
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
            exchange.content = await read_whole(reply)
    except ConnectionFailed as failure:
        broken = connection_error(failure, exchange)
        logger.debug(
            "%s request failed: %s", method_name(request.method), type(broken.__cause__).__name__
        )
        return broken
    if succeeded:
        return Answer(exchange, reply, 0, 0.0)
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
    kind = APITimeoutError if isinstance(failure, TimedOut) else APIConnectionError
    error = kind(request=exchange)
    error.__cause__ = failure.__cause__ or failure
    return error


def _decide(call: Call, error: APIError, retries_taken: int) -> float | None:
    status = error.status_code if isinstance(error, APIStatusError) else None
    if not call.replayable:
        logger.debug("Not retrying: the body cannot be sent a second time")
        return None
    delay = wait_before_retry(
        retries_taken=retries_taken,
        max_retries=call.max_retries,
        status=status,
        headers=error._headers if isinstance(error, APIStatusError) else {},
        code=error.code,
        now=time.time(),
        random=random.random(),
    )
    if delay is None:
        logger.debug("Not retrying after %s", status or type(error).__name__)
    return delay


def _record(number: int, started: float, ended: float, error: APIError) -> Attempt:
    if isinstance(error, APIStatusError):
        return Attempt(
            number, started, ended, status=error.status_code, request_id=error.request_id
        )
    cause = error.__cause__
    text = type(cause).__name__ + (f": {cause}" if str(cause) else "")
    return Attempt(number, started, ended, error=text)


async def _key(settings: Settings, call: Call) -> str | None:
    """The key for one attempt; a callable key is asked each time, so that it can be refreshed."""
    if call.auth == "admin":
        return settings.admin_api_key
    if settings._api_key_provider is not None:
        key = await _callbacks.call(settings._api_key_provider)
        if not isinstance(key, str) or not key:
            raise OpenAIError(
                "The function given as api_key must return a key: a string that is not empty."
            )
        settings.api_key = key
        return key
    if call.auth == "either":
        return settings.api_key or settings.admin_api_key
    return settings.api_key

"""Streams of events: `AsyncStream`, and the state behind it that the sync stream shares.

The primitive is `fill`: wait for the next network read and decode all the events it brought.
Iterating pops from what is there. So a blocking caller crosses threads once per read, not once per
event, and both kinds of stream are this one class.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

import anyio
import msgspec
from typing_extensions import Self

from ._answers import parse
from ._build import build
from ._decode import ErrorBody, decode
from ._engine import Answer, connection_error
from ._errors import APIError, APIResponseValidationError
from ._exchange import Exchange
from ._sse import Decoder, LineTooLong, ServerSentEvent
from ._transport import ConnectionFailed

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

#: What a terminator may be followed by, if the connection is to be used again.
_DRAIN_BYTES = 64 * 1024
_DRAIN_SECONDS = 0.1

_CLOSING = 1.0

_TERMINATOR = b"[DONE]"
_EVENT_STREAM = "text/event-stream"

#: How much of an answer that is no stream is kept for the error about it.
_KEPT = 64 * 1024

#: Events of these names are never whole without them, whatever method they come from.
_ENVELOPED = "thread."

Outcome = Literal["open", "complete", "incomplete", "unknown"]


class AsyncStream(Generic[T]):
    """Events of type `T`, as they arrive: iterate over it, or use it as a context manager.

    Leaving the `async with` block, `close()`, and reaching the end free the connection; so does
    dropping the stream. Iterating raises APIError for an error the server sends in the stream, and
    APIConnectionError or APITimeoutError if the connection fails.
    """

    def __init__(
        self, answer: Answer, event_type: Any, *, envelope: bool = False, events: bool = False
    ) -> None:
        self._exchange: Exchange = answer.exchange
        self._reply = answer.reply
        self._event_type = event_type
        self._envelope = envelope
        self._raises_errors = not events
        self._decoder = Decoder()
        self._events: deque[T] = deque()
        self._failure: BaseException | None = None
        self._outcome: Outcome = "open"
        kind = self._exchange.headers.get("content-type", "")
        #: What came before the first event, unless the server promises events.
        self._prelude: bytes | None = None if kind.startswith(_EVENT_STREAM) else b""

    @property
    def response(self) -> httpx.Response:
        """The head of the answer, as an `httpx.Response`."""
        return self._exchange.httpx_response()

    @property
    def request_id(self) -> str | None:
        """The `x-request-id` of the answer, for support."""
        return self._exchange.headers.get("x-request-id")

    @property
    def outcome(self) -> Outcome:
        """How it ended: `complete` after the terminator, `incomplete` if left or broken before it,
        `unknown` if the server stopped without one; `open` while it goes on."""
        return self._outcome

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        while not self._events:
            if not await self.fill():
                raise StopAsyncIteration
        return self._events.popleft()

    async def fill(self) -> bool:
        """Waits for the next network read; False if there is nothing more to come."""
        if self._outcome != "open":
            self._raise_failure()
            return False
        try:
            piece = await self._reply.receive()
            if piece:
                await self._take(piece)
            else:
                await self._stop()
        except ConnectionFailed as failure:
            await self._fail(connection_error(failure, self._exchange))
        except LineTooLong as failure:
            await self._fail(APIError(f"The stream is malformed: {failure}", self._exchange))
        except BaseException:
            await self._end("incomplete")
            raise
        if not self._events:
            self._raise_failure()
        return True

    def take(self) -> list[T]:
        """The events that have arrived and were not iterated over yet."""
        events = list(self._events)
        self._events.clear()
        return events

    async def _take(self, piece: bytes) -> None:
        if self._prelude is not None:
            self._prelude = (self._prelude + piece)[:_KEPT]
        for event in self._decoder.feed(piece):
            self._prelude = None
            if event.data.startswith(_TERMINATOR):
                await self._end("complete")
                return
            if event.data:
                try:
                    self._events.append(self._decode(event))
                except APIError as error:
                    await self._fail(error)
                    return

    def _decode(self, event: ServerSentEvent) -> Any:
        enveloped = self._envelope or (self._raises_errors and event.event.startswith(_ENVELOPED))
        try:
            if enveloped or not self._raises_errors:
                return self._decode_carefully(event, enveloped)
            value = decode(event.data, self._event_type)
            if isinstance(value, dict) and value.get("error"):
                raise ErrorBody(value["error"])
            return value
        except ErrorBody as failure:
            body = failure.error
            said = body.get("message") if isinstance(body, dict) else body
            message = str(said or "The server reported an error in the stream.")
            raise APIError(message, self._exchange, body=body) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as failure:
            start = event.data[:120].decode("utf-8", "replace")
            raise APIResponseValidationError(
                self._exchange,
                event.data.decode("utf-8", "replace"),
                message=f"An event of the stream is not JSON: it begins with {start!r}.",
            ) from failure

    def _decode_carefully(self, event: ServerSentEvent, enveloped: bool) -> Any:
        """The event of a kind of stream where its data alone does not say what it is."""
        data = msgspec.json.decode(event.data)
        if self._raises_errors and isinstance(data, dict) and data.get("error"):
            raise ErrorBody(data["error"])
        value = {"event": event.event, "data": data} if enveloped else data
        return build(self._event_type, value)

    async def _stop(self) -> None:
        """The server said nothing more: the way of some, unless it never began to stream."""
        if self._prelude:
            self._exchange.content = self._prelude
            try:
                parse(self._exchange, self._event_type)
                text = self._prelude.decode("utf-8", "replace")
                message = "The server answered with one JSON document, not with a stream of events."
                raise APIResponseValidationError(self._exchange, text, message=message)
            except APIError as error:
                await self._fail(error)
        await self._end("unknown")

    def _raise_failure(self) -> None:
        """Raises what ended the stream, once, after the events that came before it."""
        if self._failure is not None and not self._events:
            failure, self._failure = self._failure, None
            raise failure

    async def _fail(self, failure: APIError) -> None:
        if self._outcome == "open":  # else it was closed meanwhile, and so may fail
            self._failure = failure
        await self._end("incomplete")

    async def _end(self, outcome: Outcome) -> None:
        if self._outcome != "open":
            return
        self._outcome = outcome
        with anyio.CancelScope(shield=True), anyio.move_on_after(_CLOSING):
            if outcome == "complete":
                await self._drain()
            await self._reply.close()

    async def _drain(self) -> None:
        """Reads the little that may follow the terminator, so that the connection can be reused."""
        left = _DRAIN_BYTES
        with anyio.move_on_after(_DRAIN_SECONDS):
            try:
                while left > 0 and (piece := await self._reply.receive()):
                    left -= len(piece)
            except ConnectionFailed:
                pass

    async def close(self) -> None:
        """Ends the stream and frees its connection; events that were not read are dropped."""
        self._events.clear()
        self._failure = None
        await self._end("incomplete")

    aclose = close

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def __del__(self) -> None:
        if getattr(self, "_outcome", "complete") == "open":
            self._reply.abandon()

"""Streams of events: `AsyncStream`, and the state behind it that the sync stream shares.

The primitive is `fill`: wait for the next network read and decode all the events it brought.
Iterating pops from what is there. So a blocking caller crosses threads once per read, not once per
event, and both kinds of stream are this one class.

Whatever ends a stream, the connection is free afterwards and no task waits for it: the terminator,
an error, a limit, `close` (also by another task, in the middle of a read), cancellation (also a
second one during the cleaning up), and the garbage collector.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import AsyncIterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TextIO, TypeVar

import anyio
import anyio.lowlevel
import msgspec
from typing_extensions import Self

from ._answers import parse
from ._build import build
from ._decode import ErrorBody, decode
from ._endings import Ending, Outcome, Terminators
from ._engine import Answer, connection_error
from ._errors import APIError, APIResponseValidationError, Attempt
from ._exchange import Exchange
from ._printing import Printer
from ._sse import Decoder, LineTooLong
from ._timeouts import NO_GAPS
from ._transport import ConnectionFailed
from ._unfinished import DeadlineExceeded, StreamStalled, StreamTruncated

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

#: What stands in the data of an event that may be an error.
_ERROR = b'"error"'

#: Events of these names are never whole without them, whatever method they come from.
_ENVELOPED = "thread."

#: What this process has learned of servers, from all of its streams.
_terminators = Terminators()


class AsyncStream(Generic[T]):
    """Events of type `T`, as they arrive: iterate over it, or use it as a context manager.

    Leaving the `async with` block, `close()`, and reaching the end free the connection; so does
    dropping the stream. Iterating raises, after the events that had arrived: APIError for an error
    the server sends in the stream, APIConnectionError or APITimeoutError if the connection fails,
    StreamTruncated if the server ends it too early, StreamStalled and DeadlineExceeded if a limit
    expires. One task reads at a time: RuntimeError for a second one.

    `first_event` and `event_gap` count seconds of waiting, from the head of the answer to the first
    event and from one event to the next. What a server sends to keep the connection alive is no
    event, and the time that passes between reads, while the program works, is not counted. It is
    counted by `deadline`, the clock of the whole call.
    """

    def __init__(
        self, answer: Answer, event_type: Any, *, envelope: bool = False, events: bool = False
    ) -> None:
        self._exchange: Exchange = answer.exchange
        self._answer = answer
        self._reply = answer.reply
        self._event_type = event_type
        self._envelope = envelope
        self._raises_errors = not events
        self._decoder = Decoder()
        self._events: deque[T] = deque()
        self._failure: BaseException | None = None
        self._outcome: Outcome = "open"
        #: How the body ended, which the reader is told after the events that came before.
        self._verdict: Outcome = "open"
        self._ending = Ending(self._exchange.url)
        self._reading = False
        self._limited = answer.deadline is not None or answer.gaps != NO_GAPS
        #: Seconds of waiting since the last event.
        self._waited = 0.0
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
        """How it ended: `complete` if nothing is missing, `incomplete` if it was left or broken
        before its end, `truncated` if the server ended it without what it ends such streams with,
        `unknown` if it did and may never send that; `open` as long as the end was not read."""
        return self._outcome

    @property
    def _closed(self) -> bool:
        """Whether the connection is free, though there may be events to be read."""
        return self._verdict != "open"

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        while not self._events:
            if not await self.fill():
                raise StopAsyncIteration
        return self._events.popleft()

    async def fill(self) -> bool:
        """Waits for the next network read; False if there is nothing more to come."""
        if self._verdict != "open":
            self._conclude()
            return False
        if self._reading:
            raise RuntimeError("This stream is being read by another task or thread already.")
        self._reading = True
        try:
            await self._fill()
        except (DeadlineExceeded, StreamStalled) as failure:
            await self._fail(failure)
        except ConnectionFailed as failure:
            if self._ending.final:
                await self._end("complete")
            else:
                await self._fail(self._broken(failure))
        except LineTooLong as failure:
            await self._fail(APIError(f"The stream is malformed: {failure}", self._exchange))
        except BaseException:
            await self.close()
            raise
        finally:
            self._reading = False
        self._conclude()
        return True

    async def _fill(self) -> None:
        if not self._limited:
            await self._take(await self._reply.receive())
            return
        began, events = anyio.current_time(), self._ending.events
        await self._take(await self._receive(began))
        waited = self._waited + anyio.current_time() - began
        self._waited = waited if self._ending.events == events else 0.0

    async def _receive(self, now: float) -> bytes:
        """The next network read. Raises StreamStalled or DeadlineExceeded if it is not in time."""
        deadline, gaps = self._answer.deadline, self._answer.gaps
        gap = gaps.event_gap if self._ending.events else gaps.first_event
        until = math.inf if gap is None else now + gap - self._waited
        if deadline is not None:
            until = min(until, deadline.at)
        if until > now:
            with anyio.CancelScope(deadline=until):
                return await self._reply.receive()
        await anyio.lowlevel.checkpoint_if_cancelled()  # from outside, perhaps at the same moment
        if self._ending.final:
            return b""
        now = anyio.current_time()
        if gap is None or (deadline is not None and deadline.left(now) <= 0):
            assert deadline is not None
            raise deadline.exceeded("receiving the stream", **self._story())
        phase: Any = "event_gap" if self._ending.events else "first_event"
        elapsed = now - self._answer.began
        raise StreamStalled(limit=gap, phase=phase, elapsed=elapsed, **self._story())

    def _broken(self, failure: ConnectionFailed) -> APIError:
        error = connection_error(failure, self._exchange)
        error.partial = self._ending.partial
        error.events, error.last_event = self._ending.events, self._ending.last_event
        return error

    def _attempts(self) -> tuple[Attempt, ...]:
        return self._answer.all_attempts(until=anyio.current_time())

    def _story(self) -> dict[str, Any]:
        """What errors tell of the stream so far."""
        return {
            "request": self._exchange,
            "attempts": self._attempts(),
            "partial": self._ending.partial,
            "events": self._ending.events,
            "last_event": self._ending.last_event,
        }

    async def _take(self, piece: bytes) -> None:
        """Takes in what a network read brought; b"" is the end of the body."""
        if not piece:
            await self._stop()
            return
        if self._prelude is not None:
            self._prelude = (self._prelude + piece)[:_KEPT]
        follow, append = self._ending.follow, self._events.append
        for event in self._decoder.feed(piece):
            self._prelude = None
            data = event.data
            if data.startswith(_TERMINATOR):
                _terminators.saw(self._exchange.url, self._ending.last_event)
                await self._end("complete", drain=True)
                return
            if data:
                try:
                    decoded = self._decode(data, event.event)
                except APIError as error:
                    await self._fail(error)
                    return
                follow(decoded)
                append(decoded)

    def _decode(self, data: bytes, name: str) -> Any:
        try:
            if self._envelope or not self._raises_errors or name.startswith(_ENVELOPED):
                return self._decode_carefully(data, name)
            value = decode(data, self._event_type)
            if type(value) is dict and value.get("error"):
                raise ErrorBody(value["error"])
            return value
        except ErrorBody as failure:
            body = failure.error
            said = body.get("message") if isinstance(body, dict) else body
            message = str(said or "The server reported an error in the stream.")
            raise APIError(message, self._exchange, body=body) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as failure:
            start = data[:120].decode("utf-8", "replace")
            raise APIResponseValidationError(
                self._exchange,
                data.decode("utf-8", "replace"),
                message=f"An event of the stream is not JSON: it begins with {start!r}.",
            ) from failure

    def _decode_carefully(self, data: bytes, name: str) -> Any:
        """The event of a kind of stream where its data alone does not say what it is."""
        enveloped = self._envelope or (self._raises_errors and name.startswith(_ENVELOPED))
        if enveloped and _ERROR not in data:
            envelope = b'{"event":%b,"data":%b}' % (msgspec.json.encode(name), data)
            return decode(envelope, self._event_type)
        value = msgspec.json.decode(data)
        if self._raises_errors and isinstance(value, dict) and value.get("error"):
            raise ErrorBody(value["error"])
        return build(self._event_type, {"event": name, "data": value} if enveloped else value)

    async def _stop(self) -> None:
        """The server said nothing more: the way of some, unless it never began to stream."""
        if self._prelude:
            await self._fail(self._no_stream(self._prelude))
            return
        expected = _terminators.expected(self._exchange.url, self._ending.last_event)
        verdict = self._ending.verdict(done_expected=expected)
        if verdict == "truncated":
            elapsed = anyio.current_time() - self._answer.began
            await self._fail(StreamTruncated(elapsed=elapsed, **self._story()), verdict)
        else:
            await self._end(verdict)

    def _no_stream(self, content: bytes) -> APIError:
        """The error for an answer that is something else: an error perhaps, or a web page."""
        self._exchange.content = content
        try:
            parse(self._exchange, self._event_type)
        except APIError as error:
            return error
        text = content.decode("utf-8", "replace")
        message = "The server answered with one JSON document, not with a stream of events."
        return APIResponseValidationError(self._exchange, text, message=message)

    def _conclude(self) -> None:
        """Tells how the stream ended, if it has and the events before were read; raises it once."""
        if self._events or self._outcome != "open":
            return
        self._outcome = self._verdict
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    async def _fail(self, failure: APIError, verdict: Outcome = "incomplete") -> None:
        if self._verdict == "open":  # else it was closed meanwhile, and so may fail
            self._failure = failure
            failure.attempts = failure.attempts or self._attempts()
        await self._end(verdict)

    async def _end(self, verdict: Outcome, *, drain: bool = False) -> None:
        if self._verdict != "open":
            return
        self._verdict = verdict
        closed = False
        try:
            with anyio.CancelScope(shield=True), anyio.move_on_after(_CLOSING):
                if drain:
                    await self._drain()
                await self._reply.close()
                closed = True
        finally:
            if not closed:  # a task of asyncio can be cancelled in spite of a shield
                self._reply.abandon()

    async def _drain(self) -> None:
        """Reads the little that may follow the terminator, so that the connection can be reused."""
        left = _DRAIN_BYTES
        with anyio.move_on_after(_DRAIN_SECONDS):
            try:
                while left > 0 and (piece := await self._reply.receive()):
                    left -= len(piece)
            except ConnectionFailed:
                pass

    async def print(self, *, file: TextIO | None = None) -> str:
        """Prints the text as it arrives, and returns it: all that is left of the stream.

        To `file`, which is standard output unless given. Of several choices, the first. A stream of
        something else prints nothing. Raises what iterating raises; the text that had arrived has
        been printed by then, and the stream is closed.
        """
        with Printer(file) as printer:
            async with self:
                async for event in self:
                    printer.add(event)
        return printer.text

    async def close(self) -> None:
        """Ends the stream and frees its connection; events that were not read are dropped."""
        self._events.clear()
        self._failure = None
        if self._outcome == "open":
            self._outcome = "incomplete"
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
        if getattr(self, "_verdict", "complete") == "open":
            self._reply.abandon()

"""The bodies of answers that are read by the caller.

`ReplyBody` is the one reader of a body. As with event streams, its iterators fill themselves with
what one network read brought, so that blocking callers cross threads once per read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Generic, TypeVar

import anyio

from ._deadline import Deadline, within
from ._engine import Answer, connection_error, read_whole
from ._errors import OpenAIError, StreamAlreadyConsumed
from ._pieces import Cutter
from ._resource import Content
from ._stream import AsyncStream
from ._transport import ConnectionFailed
from ._unfinished import DeadlineExceeded

T = TypeVar("T")

#: How long closing a connection may take once nobody waits for it any more.
_CLOSING = 1.0


class ReplyBody:
    """The body of an answer: read or iterated over once, and closed then.

    Reading raises APIConnectionError or APITimeoutError if the connection fails, and
    DeadlineExceeded if the deadline of the call expires. Cancelling a read closes the body.
    """

    def __init__(self, answer: Answer, content: Content) -> None:
        self.answer = answer
        self._exchange = answer.exchange
        self._content = content
        self._closed = self._begun = self._exchange.content is not None
        self._parsed: dict[Any, Any] = {}
        self._events: AsyncStream[Any] | None = None

    @property
    def closed(self) -> bool:
        return self._closed if self._events is None else self._events._closed

    def begin(self) -> None:
        """Called by who is about to read. Raises StreamAlreadyConsumed if somebody was before."""
        if self._begun:
            raise StreamAlreadyConsumed
        self._check_open()
        self._begun = True

    async def read(self) -> bytes:
        """The whole, also when it was read before."""
        if self._exchange.content is None:
            self.begin()
            self._closed = True
            try:
                self._exchange.content = await self._in_time(lambda: read_whole(self.answer.reply))
            except ConnectionFailed as failure:
                error = connection_error(failure, self._exchange)
                raise error from error.__cause__
        return self._exchange.content

    async def receive(self) -> bytes:
        """What the next network read brings; b"" at the end."""
        self._check_open()
        try:
            piece = await self._in_time(self.answer.reply.receive)
        except ConnectionFailed as failure:
            await self.close()
            error = connection_error(failure, self._exchange)
            raise error from error.__cause__
        except BaseException:
            await self.close()
            raise
        if not piece:
            await self.close()
        return piece

    async def _in_time(self, receive: Callable[[], Awaitable[bytes]]) -> bytes:
        return await within(self.answer.deadline, receive, self._exceeded)

    def _exceeded(self, deadline: Deadline) -> DeadlineExceeded:
        attempts = self.answer.all_attempts(until=anyio.current_time())
        return deadline.exceeded("reading the answer", attempts=attempts, request=self._exchange)

    def parse(self, to: Any, present: Callable[[Any], Any]) -> Any:
        """What it holds, as the method promises or as `to`; the same object each time."""
        if to not in self._parsed:
            if self._content.streams:
                self.begin()
            value = self._content.of(self.answer, to)
            if self._content.streams:
                self._events, self._closed = value, True  # the stream closes itself
            self._parsed[to] = present(value)
        return self._parsed[to]

    async def prepare(self) -> None:
        """Makes ready what `parse` needs."""
        if not self._content.streams:
            await self.read()

    async def close(self) -> None:
        if self._events is not None:
            await self._events.close()
        if not self._closed:
            self._closed = True
            with anyio.CancelScope(shield=True), anyio.move_on_after(_CLOSING):
                await self.answer.reply.close()

    def _check_open(self) -> None:
        if self._closed:
            raise OpenAIError("The answer is closed. Read it before you leave its block.")

    def __del__(self) -> None:
        if not getattr(self, "_closed", True):
            self.answer.reply.abandon()


class Pieces(Generic[T]):
    """An iterator over a body. It may be left halfway, which trio does not forgive a generator."""

    def __init__(self, body: ReplyBody, cutter: Cutter[T]) -> None:
        self._body = body
        self._cutter = cutter
        self._events: deque[T] = deque()
        self._begun = self._ended = False

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        while not self._events:
            if not await self.fill():
                raise StopAsyncIteration
        return self._events.popleft()

    async def fill(self) -> bool:
        """Waits for the next network read; False if there is nothing more to come."""
        if self._ended:
            return False
        content = self._body.answer.exchange.content
        if not self._begun and content is not None:
            self._ended = True
            self._events += [*self._cutter.feed(content), *self._cutter.end()]
            return True
        if not self._begun:
            self._body.begin()
            self._begun = True
        piece = await self._body.receive()
        self._ended = not piece
        self._events += self._cutter.feed(piece) if piece else self._cutter.end()
        return True

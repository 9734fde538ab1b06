"""One connection to a server, and the exchange of one request for one answer over it.

The usual request is small and leaves in one write; its answer is then waited for. A larger one is
written while the answer is watched for, because a server may answer early (413, or an error) and
never read the rest.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING, cast

import anyio
import anyio.lowlevel

from .._timeouts import Timeout
from .._transport import Body, ConnectionFailed, TimedOut
from . import tls
from .listening import listener
from .messages import Answer, BadAnswer
from .sockets import Wire

if TYPE_CHECKING:
    import ssl

#: How long an answer is waited for from a server that stopped reading the request, in seconds.
_LAST_WORDS = 1.0


#: After how many reads that did not have to wait other tasks get a turn.
_EAGER_READS = 16


class Stale(ConnectionFailed):
    """A connection that had been idle turned out to be closed: nothing of an answer came."""


class Closed(ConnectionFailed):
    """The program closed the client in the middle of a request."""

    final = True


class _Unread(Exception):
    """The body of a request cannot be read on. Its cause is not about the connection."""


class Connection:
    """A connection, and what it is in the middle of."""

    __slots__ = ("_eager", "_listener", "_spent", "_where", "answer", "used", "wire")

    def __init__(self, wire: Wire, where: str) -> None:
        self.wire = wire
        self._listener = listener(wire)
        self.answer: Answer | None = None
        #: Whether it has served a request before.
        self.used = False
        self._where = where
        self._spent = False
        self._eager = 0

    @property
    def usable(self) -> bool:
        """Whether it can serve another request. Bytes that nobody asked for make it unusable."""
        try:
            return not self._spent and self.wire.read() is None
        except OSError:
            return False

    @property
    def reusable(self) -> bool:
        """Whether its exchange ended so that another can follow."""
        answer = self.answer
        return (
            answer is not None
            and answer.ended
            and answer.persistent
            and not answer.excess
            and not self._spent
        )

    def close(self) -> None:
        """Closes it; a task that waits for its answer gets a `Closed`."""
        self._spent = True
        self._listener.close()

    async def exchange(
        self, method: str, head: bytes, body: bytes | Body | None, timeout: Timeout
    ) -> Answer:
        """The answer to a request, its head received. Raises ConnectionFailed or TimedOut."""
        answer = self.answer = Answer(without_body=method == "HEAD")
        if isinstance(body, bytes):
            head, body = head + body, None
        try:
            sent = self.wire.write(head)
        except OSError as error:
            raise self._failed(error) from error
        if body is None and sent == len(head):
            await self._head(answer, timeout.read)
        else:
            await self._send_while_listening(memoryview(head)[sent:], body, answer, timeout)
        return answer

    async def receive(self, limit: float | None) -> None:
        """Feeds the answer with what the network brings next."""
        answer = self.answer
        assert answer is not None
        try:
            data = self.wire.read()
            if data is None:
                self._eager = 0
                data = await self._wait(limit)
        except OSError as error:
            raise self._failed(error) from error
        self._feed(answer, data)
        self._eager += 1
        if self._eager > _EAGER_READS:
            self._eager = 0
            await anyio.lowlevel.checkpoint()

    async def _head(self, answer: Answer, limit: float | None) -> None:
        try:
            while not answer.headed:
                self._feed(answer, await self._wait(limit))
        except OSError as error:
            raise self._failed(error) from error

    async def _wait(self, limit: float | None) -> bytes:
        try:
            return await self._listener.receive(limit)
        except TimeoutError as error:
            if error.errno is not None:  # the system gave up on the connection
                raise
            raise self._silent(limit) from None

    def _feed(self, answer: Answer, data: bytes) -> None:
        if data:
            answer.feed(data)
            if answer.excess:
                raise BadAnswer(
                    "The server sent more than the answer has by its own account.", final=True
                )
            return
        self._spent = True
        if self.used and not answer.started:
            raise Stale(f"{self._where} had closed the connection.")
        answer.end()

    async def _send_while_listening(
        self, rest: memoryview, body: Body | None, answer: Answer, timeout: Timeout
    ) -> None:
        problems: list[BaseException] = []
        consequences: list[BaseException] = []
        everything = False

        async def write() -> None:
            nonlocal everything
            try:
                await self._write(rest, body, timeout.write)
            except OSError as error:
                # The answer may say why nobody reads any more. A broken pipe says nothing.
                found = consequences if isinstance(error, BrokenPipeError) else problems
                found.append(self._failed(error))
                listening.deadline = anyio.current_time() + _LAST_WORDS
            except _Unread as unread:
                problems.append(cast("BaseException", unread.__cause__))
                listening.cancel()
            except (Exception, SystemExit, KeyboardInterrupt) as error:
                # These two would end an asyncio loop as soon as they leave a task.
                problems.append(error)
                listening.cancel()
            else:
                everything = True
                if timeout.read is not None:
                    listening.deadline = anyio.current_time() + timeout.read

        try:
            async with anyio.create_task_group() as group:
                with anyio.CancelScope() as listening:
                    group.start_soon(write)
                    try:
                        await self._head(answer, None)
                    except ConnectionFailed as failure:
                        problems.append(failure)
                group.cancel_scope.cancel()
        finally:
            self._spent = self._spent or not everything
        if answer.headed:
            return
        for problem in problems + consequences:
            raise problem
        raise self._silent(timeout.read)

    async def _write(self, rest: memoryview, body: Body | None, limit: float | None) -> None:
        await self._send(rest, limit)
        if body is None:
            return
        left, pieces = body.length, aiter(body)
        try:
            while (piece := await _next_of(pieces)) is not None:
                if left is None:
                    piece = b"%x\r\n%b\r\n" % (len(piece), piece) if piece else b""
                else:
                    left -= len(piece)
                    if left < 0:
                        raise ValueError("The body of the request is longer than it said.")
                await self._send(piece, limit)
        finally:
            if isinstance(pieces, AsyncGenerator):
                with anyio.CancelScope(shield=True):
                    await pieces.aclose()
        if left:
            raise ValueError("The body of the request is shorter than it said.")
        if left is None:
            await self._send(b"0\r\n\r\n", limit)

    async def _send(self, data: bytes | memoryview, limit: float | None) -> None:
        if limit is None:
            await self.wire.send(data)
            return
        with anyio.CancelScope(deadline=anyio.current_time() + limit):
            await self.wire.send(data)
            return
        raise TimedOut(f"{self._where} took no more data within {limit:g} seconds (timeout.write).")

    def _failed(self, error: OSError) -> ConnectionFailed:
        assert self.answer is not None
        self._spent = True
        if self.used and not self.answer.started:
            return Stale(f"{self._where} had closed the connection.")
        if self.wire.closed:
            return Closed("The client was closed while a request was under way.")
        if hasattr(error, "library"):  # of TLS, such as one about our certificate
            return ConnectionFailed(tls.explain(cast("ssl.SSLError", error), self._where))
        return ConnectionFailed(f"The connection to {self._where} broke: {reason(error)}.")

    def _silent(self, limit: float | None) -> TimedOut:
        return TimedOut(f"{self._where} sent nothing within {limit:g} seconds (timeout.read).")


async def _next_of(pieces: AsyncIterator[bytes]) -> bytes | None:
    """The next piece of a body, None at its end."""
    try:
        return await anext(pieces, None)
    except OSError as error:
        raise _Unread from error


def reason(error: OSError) -> str:
    """What happened, in the words of the system."""
    return str(error.strerror or error).lower().rstrip(".")

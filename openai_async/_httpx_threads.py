"""The transport over `httpx.Client`, for blocking programs that bring one: in worker threads.

A thread that waits for the network cannot be cancelled. So whoever is cancelled goes on without it,
and the thread closes what it was working on once it comes back.
"""

from __future__ import annotations

import math
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any, TypeVar

import anyio
import anyio.from_thread
import anyio.to_thread

from . import _runs
from ._httpx_clients import build, headers_of, keep_secrets, package_of, pool_counts
from ._httpx_errors import translated
from ._transport import CLOSED, Body, PoolStats, WireRequest

R = TypeVar("R")

#: Requests that may be sent at once from one event loop; further ones wait.
_SENDERS = 1000


class ThreadedHttpxTransport:
    """Sends requests through a blocking client of the user's, of httpx or httpx2."""

    def __init__(self, client: Any) -> None:
        self._client = client
        keep_secrets(client)
        #: One entry for each request that is under way. Many threads may change it at once.
        self._under_way: dict[object, None] = {}

    @property
    def closed(self) -> bool:
        return bool(self._client.is_closed)

    async def close(self) -> None:
        await anyio.to_thread.run_sync(self._client.close)

    def stats(self) -> PoolStats:
        """As `HttpxTransport.stats`; a cancelled request counts until its thread is back."""
        idle, waiting = pool_counts([self._client])
        return PoolStats(max(0, len(self._under_way) - waiting), idle, waiting)

    async def send(self, request: WireRequest) -> ThreadedReply:
        if self.closed:
            raise RuntimeError(CLOSED)
        run = await _runs.current()
        threads = run.states.get(self)
        if not isinstance(threads, _Threads):
            threads = run.states[self] = _Threads()
        sending = _Sending(self._client, request, self._under_way)
        try:
            with translated(request.url, request.timeout):
                response = await threads.send(sending.send)
        except BaseException:
            sending.give_up()
            raise
        return ThreadedReply(response, request, run, threads, sending.ended)


class _Threads:
    """The worker threads of one run: enough that no long stream keeps others from theirs."""

    def __init__(self) -> None:
        self._senders = anyio.CapacityLimiter(_SENDERS)
        # Bounded by the connections of the client, one each. Apart from the senders, which might
        # all wait for a connection that only a reader can set free.
        self._readers = anyio.CapacityLimiter(math.inf)

    async def send(self, function: Callable[[], R]) -> R:
        return await anyio.to_thread.run_sync(
            function, abandon_on_cancel=True, limiter=self._senders
        )

    async def read(self, function: Callable[[], R]) -> R:
        return await anyio.to_thread.run_sync(
            function, abandon_on_cancel=True, limiter=self._readers
        )

    async def end(self) -> None:
        """Nothing to close: the client is the user's, who may go on with it."""


class _Sending:
    """One request, from the thread that sends it to the task that waits for the answer."""

    def __init__(self, client: Any, request: WireRequest, under_way: dict[object, None]) -> None:
        self._client = client
        self._request = build(client, request)
        self._body = _stream_class(package_of(client))(request.body or b"")
        self._request.stream = self._body
        self._under_way = under_way
        self._given_up = False
        #: At most one, that nobody has taken care of yet.
        self._responses: list[Any] = []

    def send(self) -> Any:
        """Runs in a thread."""
        self._under_way[self] = None
        try:
            try:
                response = self._client.send(
                    self._request, stream=True, follow_redirects=self._client.follow_redirects
                )
            finally:
                self._body.finish()
        except BaseException:
            self.ended()
            raise
        self._responses.append(response)
        if self._given_up:
            self._close()
        return response

    def give_up(self) -> None:
        """Nobody waits any more. Whoever comes second, the thread or this, closes the answer."""
        self._given_up = self._body.unwanted = True
        if self._responses:
            _in_background(self._close)

    def _close(self) -> None:
        with suppress(IndexError):  # the other one was quicker
            self._responses.pop().close()
            self.ended()

    def ended(self) -> None:
        self._under_way.pop(self, None)


class _BodyStream:
    """A request body as a blocking client reads it; its pieces are made in the event loop."""

    def __init__(self, body: bytes | Body) -> None:
        self._body = body
        self._pieces: AsyncIterator[bytes] | None = None
        #: Whether the request was given up.
        self.unwanted = False

    def __iter__(self) -> Iterator[bytes]:
        if isinstance(self._body, bytes):
            return iter([self._body] if self._body else [])
        self._pieces = aiter(self._body)
        return iter(self._next, None)

    def _next(self) -> bytes | None:
        if self.unwanted:
            raise RuntimeError("The request was cancelled.")
        assert self._pieces is not None
        return anyio.from_thread.run(_next_of, self._pieces)

    def finish(self) -> None:
        """Closes what it was read from."""
        if isinstance(self._pieces, AsyncGenerator):
            with suppress(RuntimeError):  # the loop has ended, and what it held with it
                anyio.from_thread.run(_close, self._pieces)


async def _next_of(pieces: AsyncIterator[bytes]) -> bytes | None:
    return await anext(pieces, None)


async def _close(pieces: AsyncGenerator[bytes, None]) -> None:
    with anyio.CancelScope(shield=True):
        await pieces.aclose()


@cache
def _stream_class(package: Any) -> type[Any]:
    """`_BodyStream` as a class that the clients of `package` know as one of theirs."""
    bases = (_BodyStream,) if package is None else (_BodyStream, package.SyncByteStream)
    return type("BodyStream", bases, {})


def _in_background(function: Callable[[], None]) -> None:
    threading.Thread(target=function, daemon=True).start()


class ThreadedReply:
    """A response of a blocking client as the engine sees it."""

    def __init__(
        self,
        response: Any,
        request: WireRequest,
        run: _runs.Run,
        threads: _Threads,
        ended: Callable[[], None],
    ) -> None:
        self.status: int = response.status_code
        self.http_version: str = response.http_version
        self.headers = headers_of(response)
        self._response = response
        self._url, self._timeout = request.url, request.timeout
        self._run = run
        self._threads = threads
        self._ended = ended
        self._pieces: Iterator[bytes] | None = None
        self._reading = False
        self._unwanted = False

    async def read(self) -> bytes:
        content: bytes = await self._read(self._response.read)
        self._ended()
        return content

    async def receive(self) -> bytes:
        piece = await self._read(self._piece)
        if not piece:
            self._ended()
        return piece

    def _piece(self) -> bytes:
        pieces = self._pieces = self._pieces or iter(self._response.iter_bytes())
        return next(filter(None, pieces), b"")

    async def _read(self, read: Callable[[], bytes]) -> bytes:
        def in_thread() -> bytes:
            self._reading = True
            try:
                return read()
            finally:
                self._reading = False
                if self._unwanted:
                    self._close()

        with translated(self._url, self._timeout):
            return await self._threads.read(in_thread)

    async def close(self) -> None:
        self._unwanted = True
        if self._reading:
            self._wake()
        else:
            await anyio.to_thread.run_sync(self._close)

    def _wake(self) -> None:
        """Ends the wait of the thread that reads, which then closes the response."""
        stream = self._response.extensions.get("network_stream")
        with suppress(Exception):  # another kind of transport, or gone already
            stream.get_extra_info("socket").shutdown(2)

    def _close(self) -> None:
        self._response.close()
        self._ended()

    def abandon(self) -> None:
        self._unwanted = True
        if self._response.is_closed:
            self._ended()
        else:
            # Not here: this may be called while this very thread holds the lock of the pool.
            self._run.soon(self._leave)

    def _leave(self) -> None:
        if self._reading:
            self._wake()
        else:
            _in_background(self._close)

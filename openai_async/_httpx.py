"""The transport over httpx: the only module that does I/O through it.

Connections belong to an event loop, a client object to nobody. So unless the user brought a client
of their own, one `httpx.AsyncClient` is made for each run of an event loop, when it first sends
something, and closed when that run ends.
"""

from __future__ import annotations

import ssl
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import suppress
from functools import cache
from typing import Any
from weakref import ref

import anyio
import httpx

from . import _runs
from ._http import tls
from ._httpx_clients import as_tuple, build, headers_of, keep_secrets, package_of, pool_counts
from ._httpx_errors import translated
from ._timeouts import DEFAULT_TIMEOUT
from ._transport import (
    CLOSED,
    DEFAULT_CONNECTION_LIMITS,
    Body,
    Network,
    PoolStats,
    WireRequest,
)

#: More pieces than one network read can hold.
_MOST_BUFFERED = 64 * 1024


class DefaultAsyncHttpxClient(httpx.AsyncClient):
    """`httpx.AsyncClient` with this library's limits, timeouts and redirects as its defaults."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("limits", DEFAULT_CONNECTION_LIMITS)
        options.setdefault("timeout", as_tuple(DEFAULT_TIMEOUT))
        options.setdefault("follow_redirects", True)
        super().__init__(**options)


class HttpxTransport:
    """Sends requests through the given client, or through one of its own per event loop run.

    The given client is an `httpx.AsyncClient`, or one of `httpx2`, which is much the same.
    """

    def __init__(self, client: Any = None, network: Network | None = None) -> None:
        self._given: Any = client
        if client is not None:
            keep_secrets(client)
        self._network = network or Network()
        self._closed = False
        #: One entry for each request that is under way. Many threads may change it at once.
        self._under_way: dict[object, None] = {}
        self._owned: list[ref[_Own]] = []

    @property
    def closed(self) -> bool:
        return self._closed or (self._given is not None and self._given.is_closed)

    async def close(self) -> None:
        """Closes the connections of the running loop; those of others close when it ends."""
        self._closed = True
        if (run := _runs.running()) is not None:
            await _leftovers_of(run).tidy()
            if isinstance(own := run.states.pop(self, None), _Own):
                await own.end()
        if self._given is not None:
            await self._given.aclose()

    def stats(self) -> PoolStats:
        """Requests under way, counted here up to the end of their answers, less those that wait.

        What is idle and what waits is httpx's own business: it is read from the pool of a client
        that has one to be seen, and is else 0.
        """
        owned = [own.client for each in tuple(self._owned) if (own := each()) is not None]
        clients = owned if self._given is None else [self._given]
        idle, waiting = pool_counts(clients)
        return PoolStats(max(0, len(self._under_way) - waiting), idle, waiting)

    async def send(self, request: WireRequest) -> HttpxReply:
        if self.closed:
            raise RuntimeError(CLOSED)
        run = await _runs.current()
        leftovers = _leftovers_of(run)
        await leftovers.tidy()
        own = await self._own(run, leftovers) if self._given is None else None
        client: Any = self._given if own is None else own.client
        # A client of the user's keeps its own rules for redirects.
        follow = client.follow_redirects if own is None else request.follow_redirects
        built = build(client, request)
        stream = built.stream = _stream_class(package_of(client) or httpx)(request.body or b"")
        guard = _Guard()
        built.extensions = {**built.extensions, "trace": guard}
        entry = object()
        self._under_way[entry] = None

        def ended() -> None:
            self._under_way.pop(entry, None)

        try:
            with translated(request.url, request.timeout):
                response = await client.send(built, stream=True, follow_redirects=follow)
        except BaseException:
            ended()
            raise
        finally:
            guard.drop()
            await stream.aclose()
        return HttpxReply(response, request, leftovers, own, ended)

    async def _own(self, run: _runs.Run, leftovers: _Leftovers) -> _Own:
        context = await tls.context(self._network.verify)  # nothing is awaited after this
        own = run.states.get(self)
        if not isinstance(own, _Own):
            own = run.states[self] = _Own(self._network, context, leftovers)
            self._owned.append(ref(own, self._owned.remove))
        return own


class _BodyStream:
    """A request body as httpx reads it: from its beginning each time.

    httpx leaves the generators of its own streams unfinished when a request ends early. Finalising
    them would be left to the event loop, and trio complains about that.
    """

    def __init__(self, body: bytes | Body) -> None:
        self._body = body
        self._pieces: AsyncIterator[bytes] | None = None

    def __aiter__(self) -> AsyncIterator[bytes]:
        body = self._body
        self._pieces = _Whole(body) if isinstance(body, bytes) else aiter(body)
        return self._pieces

    async def aclose(self) -> None:
        """Closes what it was read from."""
        if isinstance(self._pieces, AsyncGenerator):
            with anyio.CancelScope(shield=True):
                await self._pieces.aclose()


class _Whole:
    """An iterator over the one piece that bytes are."""

    def __init__(self, content: bytes) -> None:
        self._left = [content] if content else []

    def __aiter__(self) -> _Whole:
        return self

    async def __anext__(self) -> bytes:
        if not self._left:
            raise StopAsyncIteration
        return self._left.pop()


class _Guard:
    """Keeps cancellation out between the making of a connection and its first use.

    A request that is cancelled just then leaves a connection to httpcore's pool that counts as in
    use for good (encode/httpcore#1093). httpcore tells this guard, as `trace`, what it is doing.
    """

    def __init__(self) -> None:
        self._shield: anyio.CancelScope | None = None

    async def __call__(self, event: str, info: object) -> None:
        self.drop()
        if event.startswith("connection.") and event.endswith(".complete"):
            self._shield = anyio.CancelScope(shield=True)
            self._shield.__enter__()

    def drop(self) -> None:
        """Lets cancellation through again."""
        shield, self._shield = self._shield, None
        if shield is not None:
            shield.__exit__(None, None, None)


@cache
def _stream_class(package: Any) -> type[Any]:
    """`_BodyStream` as a class that the clients of `package` know as one of theirs."""
    return type("BodyStream", (_BodyStream, package.AsyncByteStream), {})


class _Leftovers:
    """What nobody waits for any more in one run: closed before the next request is sent."""

    def __init__(self) -> None:
        self._closers: deque[Callable[[], Awaitable[None]]] = deque()
        #: Remembers one. May be called from any thread, and while collecting garbage.
        self.add = self._closers.append

    async def tidy(self) -> None:
        while self._closers:
            with anyio.CancelScope(shield=True):
                await self._closers.popleft()()

    end = tidy


def _leftovers_of(run: _runs.Run) -> _Leftovers:
    """Those of all transports together, for one that was dropped sends no next request."""
    state = run.states.get(_Leftovers)
    if not isinstance(state, _Leftovers):
        state = run.states[_Leftovers] = _Leftovers()
    return state


class _Own:
    """An httpx client of ours in one run; once nobody refers to it, it is left to be closed."""

    def __init__(self, network: Network, context: ssl.SSLContext, leftovers: _Leftovers) -> None:
        self.client = DefaultAsyncHttpxClient(
            limits=network.limits,
            proxy=network.proxy or None,
            trust_env=network.proxy is None,
            verify=context,
        )
        for name in ("Accept", "User-Agent"):  # whoever omits them wants none
            del self.client.headers[name]
        keep_secrets(self.client)
        self._leftovers = leftovers

    async def end(self) -> None:
        await self.client.aclose()

    def __del__(self) -> None:
        if hasattr(self, "_leftovers"):  # it was made
            self._leftovers.add(self.client.aclose)


class HttpxReply:
    """An httpx response as the engine sees it."""

    def __init__(
        self,
        response: Any,
        request: WireRequest,
        leftovers: _Leftovers,
        own: _Own | None,
        ended: Callable[[], None],
    ) -> None:
        self.status: int = response.status_code
        self.http_version: str = response.http_version
        self.headers = headers_of(response)
        self._response = response
        self._url, self._timeout = request.url, request.timeout
        self._leftovers = leftovers
        self._own = own  # lives as long as its answers
        self._ended = ended
        self._pieces: AsyncIterator[bytes] | None = None

    async def read(self) -> bytes:
        with translated(self._url, self._timeout):
            content: bytes = await self._response.aread()
        self._ended()
        return content

    async def receive(self) -> bytes:
        pieces = self._pieces = self._pieces or aiter(self._response.aiter_bytes())
        with translated(self._url, self._timeout):
            async for piece in pieces:
                if piece:
                    return piece
        self._ended()
        return b""

    async def close(self) -> None:
        await self._response.aclose()
        self._ended()
        if self._pieces is not None:
            # The generators below this one are in the middle of their work, and only an error ends
            # them all: that they find the connection closed.
            with suppress(Exception):
                for _ in range(_MOST_BUFFERED):
                    await anext(self._pieces)

    def abandon(self) -> None:
        if self._response.is_closed:
            self._ended()
        else:
            self._leftovers.add(self.close)

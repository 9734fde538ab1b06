"""The transport over httpx: the only module that does I/O through it.

Connections belong to an event loop, a client object to nobody. So unless the user brought a client
of their own, one `httpx.AsyncClient` is made for each run of an event loop, when it first sends
something, and kept in a run-scoped variable. When the run ends it is closed by an asynchronous
generator that waits inside the run: both asyncio and trio finalise those before they stop.
"""

from __future__ import annotations

import ssl
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from weakref import WeakKeyDictionary

import anyio
import httpx
from anyio.lowlevel import RunVar

from ._headers import Headers
from ._timeouts import DEFAULT_TIMEOUT
from ._transport import CLOSED, Body, ConnectionFailed, TimedOut, WireRequest

DEFAULT_CONNECTION_LIMITS = httpx.Limits(
    max_connections=1000, max_keepalive_connections=100, keepalive_expiry=5.0
)

_HTTPX_DEFAULT_TIMEOUT = httpx.Timeout(5.0)

#: More pieces than one network read can hold.
_MOST_BUFFERED = 64 * 1024


class DefaultAsyncHttpxClient(httpx.AsyncClient):
    """`httpx.AsyncClient` with this library's limits, timeouts and redirects as its defaults."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("limits", DEFAULT_CONNECTION_LIMITS)
        options.setdefault("timeout", to_httpx_timeout(DEFAULT_TIMEOUT))
        options.setdefault("follow_redirects", True)
        super().__init__(**options)


def to_httpx_timeout(timeout: Any) -> httpx.Timeout:
    return httpx.Timeout(
        connect=timeout.connect, read=timeout.read, write=timeout.write, pool=timeout.pool
    )


def chosen_timeout(client: httpx.AsyncClient) -> httpx.Timeout | None:
    """The timeout somebody gave to their own client, or None if they left it alone."""
    return client.timeout if client.timeout != _HTTPX_DEFAULT_TIMEOUT else None


def check_client(client: object) -> httpx.AsyncClient:
    """`client` if it is one. Raises TypeError naming the argument otherwise."""
    if not isinstance(client, httpx.AsyncClient):
        raise TypeError(f"http_client must be an httpx.AsyncClient, not {type(client).__name__}.")
    return client


class HttpxTransport:
    """Sends requests through the given client, or through one of its own per event loop run."""

    def __init__(self, client: httpx.AsyncClient | None = None) -> None:
        self._given = client
        self._closed = False

    @property
    def closed(self) -> bool:
        return self._closed or (self._given is not None and self._given.is_closed)

    async def close(self) -> None:
        """Closes the connections of the running loop; those of others close when it ends."""
        self._closed = True
        if (loop := _loops.get(None)) is not None:
            await loop.tidy()
            if (own := loop.clients.pop(self, None)) is not None:
                await own.client.aclose()
        if self._given is not None:
            await self._given.aclose()

    async def send(self, request: WireRequest) -> HttpxReply:
        if self.closed:
            raise RuntimeError(CLOSED)
        loop = _loops.get(None) or await _begin()
        await loop.tidy()
        own = loop.client_of(self) if self._given is None else None
        client = self._given or loop.client_of(self).client
        # A client of the user's keeps its own rules for redirects.
        follow = request.follow_redirects if self._given is None else client.follow_redirects
        built = _build(client, request)
        stream = built.stream = _BodyStream(request.body or b"")
        guard = _Guard()
        built.extensions = {**built.extensions, "trace": guard}
        try:
            with _translated():
                response = await client.send(built, stream=True, follow_redirects=follow)
        finally:
            guard.drop()
            await stream.aclose()
        return HttpxReply(response, loop, own)


def _build(client: httpx.AsyncClient, request: WireRequest) -> httpx.Request:
    headers, body = list(request.headers), request.body
    if body is not None and not isinstance(body, bytes) and body.length is not None:
        headers.append(("Content-Length", str(body.length)))
    return client.build_request(
        request.method,
        request.url,
        headers=headers,
        content=body,
        timeout=to_httpx_timeout(request.timeout),
    )


class _BodyStream(httpx.AsyncByteStream):
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


class _Loop:
    """What this program's clients have open in one run of an event loop."""

    def __init__(self) -> None:
        self.clients: WeakKeyDictionary[HttpxTransport, _Own] = WeakKeyDictionary()
        #: Closes what nobody waits for any more; called before the next request is sent.
        self.leftovers: deque[Callable[[], Awaitable[None]]] = deque()
        self.watcher = self._close_at_end()

    def client_of(self, transport: HttpxTransport) -> _Own:
        if transport not in self.clients:
            self.clients[transport] = _Own(self.leftovers)
        return self.clients[transport]

    async def tidy(self) -> None:
        while self.leftovers:
            with anyio.CancelScope(shield=True):
                await self.leftovers.popleft()()

    async def _close_at_end(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            with anyio.CancelScope(shield=True), anyio.move_on_after(1):
                await self.tidy()
                for own in list(self.clients.values()):
                    await own.client.aclose()


class _Own:
    """An httpx client of ours; once nobody refers to it, it is left to be closed."""

    def __init__(self, leftovers: deque[Callable[[], Awaitable[None]]]) -> None:
        self.client = DefaultAsyncHttpxClient()
        for name in ("Accept", "User-Agent"):  # whoever omits them wants none
            del self.client.headers[name]
        self._leftovers = leftovers

    def __del__(self) -> None:
        self._leftovers.append(self.client.aclose)


_loops: RunVar[_Loop] = RunVar("openai_async._httpx")


async def _begin() -> _Loop:
    loop = _Loop()
    _loops.set(loop)
    await anext(loop.watcher)
    return loop


class HttpxReply:
    """An httpx response as the engine sees it."""

    def __init__(self, response: httpx.Response, loop: _Loop, own: _Own | None) -> None:
        self.status = response.status_code
        self.http_version = response.http_version
        encoding = response.headers.encoding
        self.headers = Headers(
            (name.decode(encoding), value.decode(encoding)) for name, value in response.headers.raw
        )
        self._response = response
        self._leftovers = loop.leftovers
        self._own = own  # lives as long as its answers
        self._pieces: AsyncIterator[bytes] | None = None

    async def read(self) -> bytes:
        with _translated():
            return await self._response.aread()

    async def receive(self) -> bytes:
        if self._pieces is None:
            self._pieces = self._response.aiter_bytes()
        with _translated():
            async for piece in self._pieces:
                if piece:
                    return piece
        return b""

    async def close(self) -> None:
        await self._response.aclose()
        if self._pieces is not None:
            # The generators below this one are in the middle of their work, and only an error ends
            # them all: that they find the connection closed.
            with suppress(Exception):
                for _ in range(_MOST_BUFFERED):
                    await anext(self._pieces)

    def abandon(self) -> None:
        if not self._response.is_closed:
            self._leftovers.append(self.close)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except httpx.TimeoutException as error:
        raise TimedOut(str(error)) from error
    except (httpx.RequestError, ssl.SSLError, anyio.EndOfStream) as error:
        raise ConnectionFailed(str(error)) from error
    except httpx.StreamError as error:
        raise ConnectionFailed(str(error)) from error

"""The transport over httpx: the only module that does I/O through it.

Connections belong to an event loop, a client object to nobody. So unless the user brought a client
of their own, one `httpx.AsyncClient` is made for each run of an event loop, when it first sends
something, and kept in a run-scoped variable. When the run ends it is closed by an asynchronous
generator that waits inside the run: both asyncio and trio finalise those before they stop.
"""

from __future__ import annotations

import ssl
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import httpx
from anyio.lowlevel import RunVar

from ._headers import Headers
from ._timeouts import DEFAULT_TIMEOUT
from ._transport import CLOSED, ConnectionFailed, TimedOut, WireRequest

DEFAULT_CONNECTION_LIMITS = httpx.Limits(
    max_connections=1000, max_keepalive_connections=100, keepalive_expiry=5.0
)

_HTTPX_DEFAULT_TIMEOUT = httpx.Timeout(5.0)


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
        raise TypeError(
            f"http_client must be an httpx.AsyncClient, not {type(client).__name__}."
        )
    return client


class HttpxTransport:
    """Sends requests through the given client, or through one of its own per event loop run."""

    def __init__(self, client: httpx.AsyncClient | None = None) -> None:
        self._given = client
        self._own: RunVar[_Run] = RunVar("openai_async._httpx")
        self._closed = False

    @property
    def closed(self) -> bool:
        return self._closed or (self._given is not None and self._given.is_closed)

    async def close(self) -> None:
        """Closes the connections of the running loop; those of others close when it ends."""
        self._closed = True
        if self._given is not None:
            await self._given.aclose()
        elif (run := self._own.get(None)) is not None:
            await run.close()

    async def send(self, request: WireRequest) -> HttpxReply:
        if self.closed:
            raise RuntimeError(CLOSED)
        abandoned: deque[httpx.Response] = deque()
        client = self._given
        if client is None:
            run = self._own.get(None) or await self._begin_run()
            client, abandoned = run.client, run.abandoned
            while abandoned:
                await abandoned.popleft().aclose()
        with _translated():
            response = await client.send(
                self._build(client, request),
                stream=True,
                # A client of the user's keeps its own rules for redirects.
                **({} if self._given is not None else {"follow_redirects": request.follow_redirects}),
            )
        return HttpxReply(response, abandoned)

    async def _begin_run(self) -> _Run:
        run = _Run()
        self._own.set(run)
        await run.watch()
        return run

    @staticmethod
    def _build(client: httpx.AsyncClient, request: WireRequest) -> httpx.Request:
        headers = list(request.headers)
        body = request.body
        if body is not None and not isinstance(body, bytes) and body.length is not None:
            headers.append(("Content-Length", str(body.length)))
        return client.build_request(
            request.method,
            request.url,
            headers=headers,
            content=body if body is None or isinstance(body, bytes) else _iterate(body),
            timeout=to_httpx_timeout(request.timeout),
        )


async def _iterate(body: Any) -> AsyncIterator[bytes]:
    async for piece in body:
        yield piece


class _Run:
    """The connections of one client in one run of an event loop."""

    def __init__(self) -> None:
        self.client = DefaultAsyncHttpxClient()
        #: Answers nobody waits for any more; closed before the next request is sent.
        self.abandoned: deque[httpx.Response] = deque()
        self._watcher = self._close_at_end()

    async def watch(self) -> None:
        await anext(self._watcher)

    async def _close_at_end(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            with anyio.CancelScope(shield=True), anyio.move_on_after(1):
                await self.client.aclose()

    async def close(self) -> None:
        await self._watcher.aclose()


class HttpxReply:
    """An httpx response as the engine sees it."""

    def __init__(self, response: httpx.Response, abandoned: deque[httpx.Response]) -> None:
        self.status = response.status_code
        self.http_version = response.http_version
        encoding = response.headers.encoding
        self.headers = Headers(
            (name.decode(encoding), value.decode(encoding)) for name, value in response.headers.raw
        )
        self._response = response
        self._abandoned = abandoned
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

    def abandon(self) -> None:
        if not self._response.is_closed:
            self._abandoned.append(self._response)


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

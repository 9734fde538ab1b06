"""What the engine asks of the network: a request in, a status, headers and a stream of bytes out.

Two protocols and two errors. Whatever speaks HTTP underneath translates its own exceptions into
`ConnectionFailed` and `TimedOut`, with the original as `__cause__`; any other exception is a bug or
somebody's decision (a hook that raised) and passes through untouched.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from ._headers import Headers
from ._timeouts import Timeout

if TYPE_CHECKING:
    import ssl


class Limits(Struct, frozen=True):
    """How many connections a client may hold at once, in each event loop it is used from."""

    max_connections: int | None = 1000
    max_keepalive_connections: int | None = 100
    keepalive_expiry: float | None = 5.0
    """Seconds that an idle connection is kept."""


DEFAULT_CONNECTION_LIMITS = Limits()


class Network(Struct, frozen=True):
    """How to reach servers."""

    limits: Limits = DEFAULT_CONNECTION_LIMITS
    proxy: str | None = None
    """The URL of a proxy for everything; None reads the environment, "" uses none."""
    verify: bool | ssl.SSLContext = True
    """Which certificates to trust, and which of our own to show."""


class PoolStats(Struct, frozen=True):
    """The connections of one client, in all event loops it is used from."""

    in_use: int
    idle: int
    waiting: int
    """Requests that wait for a connection because the limit is reached."""


def total(each: Iterable[PoolStats]) -> PoolStats:
    """All of them together."""
    numbers = [(stats.in_use, stats.idle, stats.waiting) for stats in each]
    return PoolStats(*map(sum, zip(*numbers, strict=True))) if numbers else PoolStats(0, 0, 0)


class Body(Protocol):
    """A request body that is read piece by piece, from its beginning each time."""

    @property
    def length(self) -> int | None:
        """Its size in bytes, or None if that is not known before it is read."""
        ...

    @property
    def replayable(self) -> bool:
        """Whether it can be read more than once."""
        ...

    def __aiter__(self) -> AsyncIterator[bytes]: ...


def replayable(body: bytes | Body | None) -> bool:
    """Whether a request with that body can be sent more than once."""
    return body is None or isinstance(body, bytes) or body.replayable


class WireRequest(Struct):
    """One attempt, ready to be sent."""

    method: str
    url: str
    headers: list[tuple[str, str]]
    body: bytes | Body | None
    timeout: Timeout
    follow_redirects: bool = True


class WireReply(Protocol):
    """An answer whose head has arrived. Its body is read once, by `read` or by `receive`."""

    status: int
    headers: Headers
    http_version: str

    async def read(self) -> bytes:
        """The whole body; the connection is free again afterwards."""
        ...

    async def receive(self) -> bytes:
        """What the next network read brings, decoded; b"" at the end."""
        ...

    async def close(self) -> None:
        """Gives the connection back, or closes it if the body was not read to its end."""
        ...

    def abandon(self) -> None:
        """`close` for who cannot wait: called from any thread, also while collecting garbage."""
        ...


class Transport(Protocol):
    """Sends requests, on whatever event loop is running."""

    async def send(self, request: WireRequest) -> WireReply: ...

    async def close(self) -> None: ...

    @property
    def closed(self) -> bool: ...

    def stats(self) -> PoolStats: ...


class LateTransport:
    """A transport that is loaded by the first request, so that making a client costs nothing."""

    def __init__(self, load: Callable[[], Transport]) -> None:
        self._load = load
        #: At most one. Not behind a lock, which another thread could hold when the program forks.
        self._loaded: dict[None, Transport] = {}
        self._closed = False

    @property
    def closed(self) -> bool:
        return self._closed

    async def send(self, request: WireRequest) -> WireReply:
        if self._closed:
            raise RuntimeError(CLOSED)
        transport = self._loaded.get(None) or self._loaded.setdefault(None, self._load())
        return await transport.send(request)

    async def close(self) -> None:
        self._closed = True
        for transport in self._loaded.values():
            await transport.close()

    def stats(self) -> PoolStats:
        loaded = self._loaded.get(None)
        return PoolStats(0, 0, 0) if loaded is None else loaded.stats()


CLOSED = "The client is closed. Make a new one, or close it later."


class ConnectionFailed(Exception):
    """No answer: refused, reset, cut off, not HTTP, no such host, no trust.

    Its text says what happened, fit to be shown: no secret, no query.
    """

    #: Whether another attempt would meet the same.
    final = False

    def __init__(self, text: str = "", *, final: bool | None = None) -> None:
        super().__init__(text)
        if final is not None:
            self.final = final


class TimedOut(ConnectionFailed):
    """No answer in time."""

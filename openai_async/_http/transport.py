"""The transport: requests in, answers out, over connections that are kept.

The life of a request: find its route, get a place in the pool of the running loop, exchange, follow
a redirect or hand out the answer. Whatever ends it early closes the connection and gives the place
back, at once and without waiting, so there is nothing that a second cancellation could interrupt.
"""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Iterator
from functools import partial
from typing import cast
from weakref import WeakValueDictionary

import anyio

from .._runs import Run, current, running
from .._transport import (
    CLOSED,
    Network,
    PoolStats,
    TimedOut,
    WireRequest,
    replayable,
    total,
)
from . import codings, messages, origins, redirects
from .codings import Coding
from .connection import Connection, Stale
from .messages import Answer
from .pool import Pool
from .proxies import parse_proxy, proxy_of
from .routes import Route, open_connection

#: More places than one client is meant to go to.
_MOST_ROUTES = 1000


class HttpTransport:
    """Sends requests over connections of its own, in each event loop it is used from."""

    def __init__(self, network: Network | None = None) -> None:
        self._network = network or Network()
        self._routes: dict[origins.Origin, Route] = {}
        self._pools: WeakValueDictionary[int, Pool] = WeakValueDictionary()
        self._closed = False

    @property
    def closed(self) -> bool:
        return self._closed

    def stats(self) -> PoolStats:
        """The connections of all loops together."""
        # A list of references is made in one step, whatever other threads do meanwhile.
        pools = [reference() for reference in self._pools.valuerefs()]
        return total(pool.stats() for pool in pools if pool is not None)

    async def close(self) -> None:
        """Closes the connections of the running loop; those of others close when it ends."""
        self._closed = True
        run = running()
        if run is not None and (pool := run.states.pop(self, None)) is not None:
            cast(Pool, pool).close()

    async def send(self, request: WireRequest) -> HttpReply:
        """The answer to `request`, its head received. Raises ConnectionFailed or TimedOut."""
        followed = 0
        while True:
            reply = await self._send(request)
            if not (request.follow_redirects and reply.status in redirects.STATUSES):
                return reply
            try:
                target = redirects.redirected(request, reply.status, reply.headers.get("location"))
            except BaseException:
                await reply.close()
                raise
            if target is None:
                return reply
            await reply.close()
            followed += 1
            if followed > redirects.MOST:
                raise redirects.TooManyRedirects(
                    f"The server redirected more than {redirects.MOST} times. Check base_url."
                )
            request = target

    def route(self, origin: origins.Origin) -> Route:
        """The way to `origin`: through the proxy of this client, or of the environment.

        Decided by the first request that goes there. Raises ValueError if the proxy is none.
        """
        route = self._routes.get(origin)
        if route is None:
            proxy = self._network.proxy
            if proxy is None:
                route = Route(origin, proxy_of(origin, os.environ))
            else:
                route = Route(origin, parse_proxy(proxy) if proxy else None)
            if len(self._routes) > _MOST_ROUTES:  # somebody has the server choose the hosts
                self._routes.clear()
            self._routes[origin] = route
        return route

    async def _send(self, request: WireRequest) -> HttpReply:
        if self._closed:
            raise RuntimeError(CLOSED)
        target = origins.target(request.url)
        route = self.route(target.origin)
        head = self._head(request, target, route)
        run = await current()
        pool = self._pool(run)
        placed, found = pool.take(route)
        if not placed:
            found = await self._wait(pool, route, request)
        connection = cast("Connection | None", found)
        try:
            while True:
                if connection is None:
                    connection = await open_connection(
                        route, self._network.verify, request.timeout.connect
                    )
                    pool.use(connection)
                try:
                    answer = await connection.exchange(
                        request.method, head, request.body, request.timeout
                    )
                    return HttpReply(answer, connection, pool, run, route, request.timeout.read)
                except Stale:  # never on a connection that was just made
                    if not replayable(request.body):
                        raise
                    pool.drop(connection)
                    connection = None
        except BaseException:
            pool.release(connection, route, keep=False)
            raise

    def _pool(self, run: Run) -> Pool:
        pool = run.states.get(self)
        if pool is None:
            pool = run.states[self] = Pool(self._network.limits, run.soon)
            self._pools[id(pool)] = pool
        return cast(Pool, pool)

    async def _wait(self, pool: Pool, route: Route, request: WireRequest) -> Connection | None:
        limit = request.timeout.pool
        if limit is None:
            return cast("Connection | None", await pool.acquire(route))
        with anyio.CancelScope(deadline=anyio.current_time() + limit):
            return cast("Connection | None", await pool.acquire(route))
        most = self._network.limits.max_connections
        raise TimedOut(
            f"No free connection within {limit:g} seconds (timeout.pool): all {most} of "
            "limits.max_connections are in use."
        )

    def _head(self, request: WireRequest, target: origins.Target, route: Route) -> bytes:
        headers, body, path = request.headers, request.body, target.path
        if target.user is not None:
            basic = "Basic " + b64encode(target.user.encode()).decode()
            kept = [pair for pair in headers if pair[0].lower() != "authorization"]
            headers = [*kept, ("Authorization", basic)]
        if route.proxy is not None and route.forwarded:
            path = f"http://{target.authority}{path}"
            if route.proxy.authorization is not None:
                headers = [*headers, ("Proxy-Authorization", route.proxy.authorization)]
        length: int | None = 0
        if body is not None:
            length = len(body) if isinstance(body, bytes) else body.length
        return messages.head(
            request.method,
            path,
            target.authority,
            headers,
            length=length,
            codings=codings.accepted(),
        )


class HttpReply:
    """An answer whose head has arrived, and the connection that brings the rest."""

    __slots__ = (
        "_answer",
        "_coding",
        "_connection",
        "_decoded",
        "_limit",
        "_pool",
        "_route",
        "_run",
        "headers",
        "http_version",
        "status",
    )

    def __init__(
        self,
        answer: Answer,
        connection: Connection,
        pool: Pool,
        run: Run,
        route: Route,
        limit: float | None,
    ) -> None:
        self._connection: Connection | None = None
        self._answer = answer
        self._pool = pool
        self._run = run
        self._route = route
        self._limit = limit
        self.status = answer.status
        self.http_version = f"HTTP/{answer.version}"
        self.headers = answer.pairs()
        self._decoded: Iterator[bytes] | None = None
        self._coding: Coding | None = None
        if "content-encoding" in self.headers:
            self._coding = codings.coding(self.headers["content-encoding"])
        self._connection = connection  # from here on this object gives it back

    async def read(self) -> bytes:
        pieces = []
        while piece := await self.receive():
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def receive(self) -> bytes:
        try:
            return await self._receive()
        except BaseException:
            self._free()
            raise

    async def _receive(self) -> bytes:
        answer = self._answer
        while True:
            if self._decoded is not None:
                for piece in self._decoded:
                    if piece:
                        return piece
                self._decoded = None
            if answer.body:
                data = answer.body[0] if len(answer.body) == 1 else b"".join(answer.body)
                answer.body.clear()
                if answer.ended and self._connection is not None:
                    self._free()
                if self._coding is None:
                    return data
                self._decoded = self._coding.decode(data)
                continue
            if answer.ended or self._connection is None:
                coding, self._coding = self._coding, None
                self._free()
                if coding is not None and answer.ended:
                    coding.end()
                return b""
            await self._connection.receive(self._limit)

    async def close(self) -> None:
        self._free()

    def _free(self) -> None:
        """Gives the connection back, or closes it if the body was not received to its end."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.used = True
            self._pool.release(connection, self._route, keep=connection.reusable)

    def abandon(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            release = partial(self._pool.release, connection, self._route, keep=False)
            if not self._run.soon(release):
                connection.close()

    def __del__(self) -> None:
        try:  # noqa: SIM105  # what it proposes may be gone as well
            self.abandon()
        except Exception:
            pass  # Python is shutting down, and what this needs is gone

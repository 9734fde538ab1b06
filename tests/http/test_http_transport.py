"""The transport: which connection a request takes, and what becomes of it."""

from __future__ import annotations

import gc
import gzip
import os
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import pytest
from faults.server import FaultServer, Peer

from openai_async._http import sockets
from openai_async._http.transport import HttpTransport
from openai_async._timeouts import Timeout
from openai_async._transport import (
    ConnectionFailed,
    Limits,
    Network,
    PoolStats,
    TimedOut,
    WireRequest,
)

TIMEOUT = Timeout(20)


def answer(body: bytes = b"ok", *headers: bytes, status: bytes = b"200 OK") -> bytes:
    lines = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join([*lines, b"", body])


def says(data: bytes) -> Any:
    """A step that reads a request and sends `data`."""

    def step(peer: Peer) -> None:
        peer.read()
        peer.send(data)

    return step


def close(peer: Peer) -> None:
    peer.close()


def hang(peer: Peer) -> None:
    peer.hang()


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server
        assert server.failures == []


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    transport = HttpTransport(Network(proxy=""))
    yield transport
    await transport.close()


def request(server: FaultServer, path: str = "/models", **fields: Any) -> WireRequest:
    fields = {"method": "GET", "headers": [], "body": None, "timeout": TIMEOUT, **fields}
    return WireRequest(url=server.base_url + path, **fields)


class Once:
    """A body that cannot be sent twice."""

    length: int | None = None
    replayable = False

    def __init__(self, *pieces: bytes, length: int | None = None) -> None:
        self._pieces = pieces
        self.length = length

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


async def test_one_connection_serves_requests_in_turn(
    server: FaultServer, transport: HttpTransport
) -> None:
    server.play([says(answer(b"1")), says(answer(b"2"))])
    assert await (await transport.send(request(server))).read() == b"1"
    assert await (await transport.send(request(server))).read() == b"2"
    assert server.connections == 1
    assert transport.stats() == PoolStats(in_use=0, idle=1, waiting=0)


@pytest.mark.parametrize(
    "data",
    [
        answer(b"x", b"Connection: close"),
        b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx",
        b"HTTP/1.1 204 No Content\r\n\r\nx",
    ],
)
async def test_a_connection_that_will_not_go_on_is_closed(
    server: FaultServer, transport: HttpTransport, data: bytes
) -> None:
    server.play([says(data)])
    await (await transport.send(request(server))).read()
    assert transport.stats() == PoolStats(0, 0, 0)


async def test_an_answer_left_halfway_closes_its_connection(
    server: FaultServer, transport: HttpTransport
) -> None:
    server.play([says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), hang])
    reply = await transport.send(request(server))
    assert await reply.receive() == b"abc"
    await reply.close()
    await reply.close()
    assert transport.stats() == PoolStats(0, 0, 0)
    assert await reply.receive() == b""


async def test_an_answer_that_is_dropped_gives_its_place_back(server: FaultServer) -> None:
    transport = HttpTransport(Network(proxy="", limits=Limits(max_connections=1)))
    server.play([says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), hang], [says(answer())])
    reply = await transport.send(request(server))
    del reply
    gc.collect()
    with anyio.fail_after(20):
        assert await (await transport.send(request(server))).read() == b"ok"
    await transport.close()


async def test_a_request_goes_out_again_if_the_idle_connection_was_closed(
    server: FaultServer, transport: HttpTransport
) -> None:
    def closes_on_second(peer: Peer) -> None:
        peer.read()
        peer.close()

    server.play([says(answer(b"1")), closes_on_second], [says(answer(b"2"))])
    await (await transport.send(request(server))).read()
    reply = await transport.send(request(server, method="POST", body=b"{}"))
    assert await reply.read() == b"2"
    assert [each.body for each in server.requests] == [b"", b"{}", b"{}"]


async def test_a_request_that_cannot_be_repeated_is_not(
    server: FaultServer, transport: HttpTransport
) -> None:
    def closes_on_second(peer: Peer) -> None:
        peer.read()
        peer.close()

    server.play([says(answer()), closes_on_second])
    await (await transport.send(request(server))).read()
    with pytest.raises(ConnectionFailed, match="had closed the connection"):
        await transport.send(request(server, method="POST", body=Once(b"x", length=1)))
    assert transport.stats() == PoolStats(0, 0, 0)


async def test_a_request_goes_out_once_on_a_fresh_connection(
    server: FaultServer, transport: HttpTransport
) -> None:
    def closes(peer: Peer) -> None:
        peer.read()
        peer.close()

    server.play([closes])
    with pytest.raises(ConnectionFailed, match="without an answer"):
        await transport.send(request(server))
    assert len(server.requests) == 1


async def test_a_connection_that_was_closed_while_idle_is_not_used(
    server: FaultServer, transport: HttpTransport
) -> None:
    closed = []

    def closes(peer: Peer) -> None:
        peer.close()
        closed.append(peer)
        server.acted.set()

    server.play([says(answer(b"1")), closes], [says(answer(b"2"))])
    await (await transport.send(request(server))).read()
    await anyio.to_thread.run_sync(server.acted.wait, 20)
    body = Once(b"once", length=4)
    assert await (await transport.send(request(server, method="POST", body=body))).read() == b"2"


async def test_bytes_that_nobody_asked_for_are_no_answer_to_the_next_request(
    server: FaultServer, transport: HttpTransport
) -> None:
    def speaks(peer: Peer) -> None:
        server.go.wait(20)
        peer.send(answer(b"not yours"))
        server.acted.set()

    server.play([says(answer(b"1")), speaks], [says(answer(b"2"))])
    await (await transport.send(request(server))).read()
    await anyio.to_thread.run_sync(server.let_go)
    assert await (await transport.send(request(server))).read() == b"2"


async def test_waiting_for_a_place_ends_with_the_pool_timeout(server: FaultServer) -> None:
    transport = HttpTransport(Network(proxy="", limits=Limits(max_connections=1)))
    server.play([says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"), hang])
    reply = await transport.send(request(server))
    hurry = Timeout(20, pool=0.01)
    with pytest.raises(TimedOut, match=r"timeout\.pool"):
        await transport.send(request(server, timeout=hurry))
    assert transport.stats() == PoolStats(in_use=1, idle=0, waiting=0)
    await reply.close()
    await transport.close()


async def test_a_large_body_is_sent_whole(server: FaultServer, transport: HttpTransport) -> None:
    body = bytes(range(256)) * 40_000
    server.play([says(answer())])
    reply = await transport.send(request(server, method="POST", body=body))
    assert await reply.read() == b"ok"
    assert server.requests[0].body == body
    assert transport.stats().idle == 1


async def test_a_body_of_unknown_length_is_sent_in_chunks(
    server: FaultServer, transport: HttpTransport
) -> None:
    server.play([says(answer())])
    body = Once(b"ab", b"", b"cde")
    await (await transport.send(request(server, method="POST", body=body))).read()
    assert server.requests[0].headers["transfer-encoding"] == "chunked"
    assert server.requests[0].body == b"abcde"


@pytest.mark.parametrize(("length", "match"), [(2, "longer"), (9, "shorter")])
async def test_a_body_of_another_length_than_it_said_fails(
    server: FaultServer, transport: HttpTransport, length: int, match: str
) -> None:
    body = Once(b"abc", b"de", length=length)
    with pytest.raises(ValueError, match=match):
        await transport.send(request(server, method="POST", body=body))
    assert transport.stats() == PoolStats(0, 0, 0)


async def test_an_error_of_the_body_is_raised_as_it_is(
    server: FaultServer, transport: HttpTransport
) -> None:
    class Broken(Once):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"abc"
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await transport.send(request(server, method="POST", body=Broken()))
    assert transport.stats() == PoolStats(0, 0, 0)


async def test_an_early_answer_ends_the_sending(
    server: FaultServer, transport: HttpTransport
) -> None:
    def refuses(peer: Peer) -> None:
        peer.read_head()
        peer.send(answer(b"too large", status=b"413 Content Too Large"))
        peer.hang()

    class Endless(Once):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            while True:
                yield b"x" * 65536
                await anyio.lowlevel.checkpoint()

    server.play([refuses])
    reply = await transport.send(request(server, method="POST", body=Endless()))
    assert (reply.status, await reply.read()) == (413, b"too large")
    assert transport.stats() == PoolStats(0, 0, 0)


async def test_a_compressed_answer_is_expanded(
    server: FaultServer, transport: HttpTransport
) -> None:
    packed = gzip.compress(b"text" * 1000)
    server.play([says(answer(packed, b"Content-Encoding: gzip"))])
    reply = await transport.send(request(server))
    assert await reply.read() == b"text" * 1000
    assert transport.stats().idle == 1


async def test_the_user_of_a_url_becomes_basic_credentials(
    server: FaultServer, transport: HttpTransport
) -> None:
    server.play([says(answer())])
    url = server.base_url.replace("//", "//me:p%40ss@") + "/models"
    given = WireRequest("GET", url, [("authorization", "Bearer key")], None, TIMEOUT)
    await (await transport.send(given)).read()
    assert server.requests[0].headers["authorization"] == "Basic bWU6cEBzcw=="


async def test_a_request_with_a_line_break_is_not_sent(
    server: FaultServer, transport: HttpTransport
) -> None:
    with pytest.raises(ValueError, match="line break"):
        await transport.send(request(server, headers=[("X", "a\r\nY: b")]))
    assert server.connections == 0
    assert transport.stats() == PoolStats(0, 0, 0)


async def test_closing_ends_what_is_under_way_with_a_clear_error(
    server: FaultServer, transport: HttpTransport
) -> None:
    def waits(peer: Peer) -> None:
        peer.read()
        server.acted.set()
        peer.hang()

    server.play([waits])
    failures: list[ConnectionFailed] = []

    async def call() -> None:
        try:
            await transport.send(request(server))
        except ConnectionFailed as failure:
            failures.append(failure)

    async with anyio.create_task_group() as group:
        group.start_soon(call)
        await anyio.to_thread.run_sync(server.acted.wait, 20)
        await anyio.wait_all_tasks_blocked()
        await transport.close()
    assert [(str(each), each.final) for each in failures] == [
        ("The client was closed while a request was under way.", True)
    ]
    with pytest.raises(RuntimeError, match="closed"):
        await transport.send(request(server))


async def test_the_first_address_that_answers_is_taken(
    server: FaultServer, transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        dead = unused.getsockname()

        async def resolve(*_: object, **__: object) -> list[Any]:
            alive = ("127.0.0.1", server.port)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", each) for each in (dead, alive)]

        monkeypatch.setattr(sockets, "_look_up", resolve)
        server.play([says(answer())])
        url = f"http://two.example:{server.port}/"
        reply = await transport.send(WireRequest("GET", url, [], None, TIMEOUT))
        assert await reply.read() == b"ok"


async def test_no_address_that_answers_is_an_error_that_names_the_host(
    transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unused, socket.socket() as other:
        unused.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        dead = [unused.getsockname(), other.getsockname()]

        async def resolve(*_: object, **__: object) -> list[Any]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", each) for each in dead]

        monkeypatch.setattr(sockets, "_look_up", resolve)
        with pytest.raises(ConnectionFailed, match=r"connect to two\.example:80: connection refu"):
            await transport.send(WireRequest("GET", "http://two.example/", [], None, TIMEOUT))
    assert transport.stats() == PoolStats(0, 0, 0)


async def test_a_redirect_to_behind_another_kind_of_proxy_is_refused(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = b"Location: https://other.example/"
    server.play([says(answer(b"", location, status=b"302 Found"))])
    monkeypatch.setenv("https_proxy", "socks5://127.0.0.1:9")
    transport = HttpTransport()
    with pytest.raises(ConnectionFailed, match=r"other\.example:443.*socks5") as caught:
        await transport.send(request(server))
    assert caught.value.final
    assert transport.stats() == PoolStats(in_use=0, idle=1, waiting=0)
    await transport.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
async def test_a_forked_child_lets_go_of_the_sockets_of_its_parent(
    server: FaultServer, transport: HttpTransport
) -> None:
    server.play([says(answer(b"1")), says(answer(b"2"))])
    await (await transport.send(request(server))).read()
    (pool,) = transport._pools.values()
    (connection,) = pool._idle
    descriptor = connection.wire.socket.fileno()
    child = os.fork()
    if child == 0:
        try:
            os.fstat(descriptor)
        except OSError:
            os._exit(7)
        os._exit(0)
    _, status = await anyio.to_thread.run_sync(os.waitpid, child, 0)
    assert os.waitstatus_to_exitcode(status) == 7
    assert await (await transport.send(request(server))).read() == b"2"
    assert server.connections == 1

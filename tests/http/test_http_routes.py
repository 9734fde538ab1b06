"""Ways to a server: straight, by the fastest address, through proxies, with TLS."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import pytest
import trustme
from faults.places import full
from faults.server import FaultServer, Peer

from openai_async import AsyncOpenAI
from openai_async._http import sockets
from openai_async._http.origins import Origin
from openai_async._http.routes import Route, open_connection
from openai_async._http.transport import HttpTransport
from openai_async._timeouts import Timeout
from openai_async._transport import ConnectionFailed, Network, WireRequest

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def answers(peer: Peer) -> None:
    peer.read()
    peer.send(ANSWER)


def lets_through(peer: Peer) -> None:
    """A proxy that is the server itself: what comes through the tunnel is spoken here."""
    peer.read()
    assert peer.request.method == "CONNECT"
    peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
    peer.begin_tls()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
def server_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "api.test").configure_cert(context)
    return context


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server
        assert server.failures == []


@pytest.fixture
def secure_server(server_context: ssl.SSLContext) -> Iterator[FaultServer]:
    with FaultServer(server_context) as server:
        yield server
        assert server.failures == []


async def get(url: str, **network: Any) -> bytes:
    transport = HttpTransport(Network(**network))
    try:
        reply = await transport.send(WireRequest("GET", url, [], None, Timeout(20)))
        return await reply.read()
    finally:
        await transport.close()


async def test_connections_are_kept_alive_by_the_system_and_send_at_once(
    server: FaultServer,
) -> None:
    origin = Origin("http", "127.0.0.1", server.port)
    connection = await open_connection(Route(origin, None), True, 20)
    options = connection.wire.socket.getsockopt
    assert options(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert options(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    connection.close()


async def test_an_address_that_does_not_answer_is_overtaken_by_the_next(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with full() as silent:
        port = int(silent.base_url.rpartition(":")[2].partition("/")[0])

        async def resolve(*_: object, **__: object) -> list[Any]:
            return [
                (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", each))
                for each in (port, server.port)
            ]

        monkeypatch.setattr(sockets, "_look_up", resolve)
        monkeypatch.setattr(sockets, "_HEAD_START", 0.01)
        server.play([answers])
        assert await get("http://two.test", proxy="") == b"ok"


async def test_families_of_addresses_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    six = [("::1", 80, 0, 0), ("::2", 80, 0, 0)]
    four = [("127.0.0.1", 80), ("127.0.0.1", 80), ("127.0.0.2", 80)]

    async def resolve(*_: object, **__: object) -> list[Any]:
        return [
            *((socket.AF_INET6, socket.SOCK_STREAM, 6, "", each) for each in six),
            *((socket.AF_INET, socket.SOCK_STREAM, 6, "", each) for each in four),
        ]

    monkeypatch.setattr(sockets, "_look_up", resolve)
    found = await sockets._addresses("many.test", 80)
    assert [address[0] for _, address in found] == ["::1", "127.0.0.1", "::2", "127.0.0.2"]


async def test_a_plain_request_goes_to_the_proxy_with_its_whole_url(server: FaultServer) -> None:
    server.play([answers])
    proxy = f"http://me:pw@127.0.0.1:{server.port}"
    assert await get("http://api.test:81/v1/models?a=1", proxy=proxy) == b"ok"
    (seen,) = server.requests
    assert seen.target == "http://api.test:81/v1/models?a=1"
    assert seen.headers["host"] == "api.test:81"
    assert seen.headers["proxy-authorization"] == "Basic bWU6cHc="


async def test_a_secure_request_goes_through_a_tunnel(
    secure_server: FaultServer, trusting: ssl.SSLContext
) -> None:
    secure_server.play([lets_through, answers])
    proxy = f"http://me:pw@127.0.0.1:{secure_server.port}"
    assert await get("https://api.test/v1/models", proxy=proxy, verify=trusting) == b"ok"
    tunnel, inside = secure_server.requests
    assert (tunnel.method, tunnel.target) == ("CONNECT", "api.test:443")
    assert tunnel.headers["proxy-authorization"] == "Basic bWU6cHc="
    assert (inside.method, inside.target) == ("GET", "/v1/models")
    assert "proxy-authorization" not in inside.headers


async def test_the_environment_names_the_proxy_and_who_needs_none(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"127.0.0.1:{server.port}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server.play([answers], [answers])
    assert await get("http://api.test/a") == b"ok"
    assert await get(f"http://127.0.0.1:{server.port}/b") == b"ok"
    assert [each.target for each in server.requests] == ["http://api.test/a", "/b"]


async def test_a_server_is_shown_the_certificate_of_the_context(
    authority: trustme.CA, server_context: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    server_context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(server_context)
    with FaultServer(server_context) as server:
        # The server's alert says so, if its reset does not come first.
        with pytest.raises(ConnectionFailed, match=r"certificate|reset"):
            await get(server.base_url, proxy="", verify=trusting)
        authority.issue_cert("me@example.com").configure_cert(trusting)
        server.play([Peer.begin_tls, answers])
        assert await get(server.base_url, proxy="", verify=trusting) == b"ok"


async def test_nothing_is_trusted_that_the_system_does_not_trust(
    secure_server: FaultServer,
) -> None:
    with pytest.raises(ConnectionFailed, match=r"not trusted.*SSL_CERT_FILE") as caught:
        await get(secure_server.base_url, proxy="")
    assert caught.value.final


async def test_a_client_that_verifies_nothing_connects(secure_server: FaultServer) -> None:
    secure_server.play([Peer.begin_tls, answers])
    assert await get(secure_server.base_url, proxy="", verify=False) == b"ok"


@pytest.fixture
async def socks(server: FaultServer) -> AsyncIterator[str]:
    """The URL of a SOCKS5 proxy that leads to `server`, whatever it is asked for."""

    async def serve(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            await stream.receive()  # version and methods
            await stream.send(b"\x05\x00")
            asked = await stream.receive()
            assert asked[:4] == b"\x05\x01\x00\x03", asked
            assert asked[5 : 5 + asked[4]] == b"api.test"
            await stream.send(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50")
            async with await anyio.connect_tcp("127.0.0.1", server.port) as behind:
                await behind.send(await stream.receive())
                await stream.send(await behind.receive())

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with anyio.create_task_group() as group:
        group.start_soon(listener.serve, serve)
        yield f"socks5://127.0.0.1:{listener.extra(anyio.abc.SocketAttribute.local_port)}"
        group.cancel_scope.cancel()
    await listener.aclose()


async def test_socks_is_spoken_by_httpx(server: FaultServer, socks: str) -> None:
    def lists_models(peer: Peer) -> None:
        peer.read()
        body = b'{"object": "list", "data": [{"id": "m"}]}'
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    server.play([lists_models])
    async with AsyncOpenAI(api_key="k", base_url="http://api.test/v1", proxy=socks) as client:
        assert [model.id async for model in client.models.list()] == ["m"]
    assert server.requests[0].headers["host"] == "api.test"

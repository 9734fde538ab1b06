"""The transport over httpx: connections belong to a run of a loop, and none is left behind."""

from __future__ import annotations

import gc
import json
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import httpx2
import pytest
import trustme

from openai_async import AsyncOpenAI, DefaultAsyncHttpxClient, Timeout
from openai_async._headers import Headers
from openai_async._httpx import HttpxTransport
from openai_async._transport import (
    ConnectionFailed,
    Limits,
    Network,
    PoolStats,
    TimedOut,
    WireRequest,
)
from openai_async.emulator import Emulator

LIMIT = Timeout(5)


def get(emulator: Emulator, path: str = "/models") -> WireRequest:
    headers = [("Authorization", "Bearer k")]
    return WireRequest("GET", f"{emulator.base_url}{path}", headers, None, LIMIT)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[httpx.AsyncClient]:
    """The httpx clients that the library made."""
    clients: list[httpx.AsyncClient] = []

    class Recorded(DefaultAsyncHttpxClient):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            clients.append(self)

    monkeypatch.setattr("openai_async._httpx.DefaultAsyncHttpxClient", Recorded)
    return clients


# A default HTTP client


async def test_default_http_client_has_the_limits_of_the_library() -> None:
    async with DefaultAsyncHttpxClient() as client:
        assert client.timeout == httpx.Timeout(600, connect=5.0)
        assert client.follow_redirects


async def test_default_http_client_takes_options() -> None:
    async with DefaultAsyncHttpxClient(timeout=3, follow_redirects=False) as client:
        assert client.timeout == httpx.Timeout(3)
        assert not client.follow_redirects


async def test_default_http_client_can_be_passed(emulator: Emulator) -> None:
    http_client = DefaultAsyncHttpxClient(timeout=9)
    async with AsyncOpenAI(
        api_key="k", base_url=emulator.base_url, http_client=http_client
    ) as client:
        assert Timeout(9) == client.timeout
        await client.models.list()


# Replies


async def test_reply_has_status_headers_and_content(emulator: Emulator) -> None:
    transport = HttpxTransport()
    reply = await transport.send(get(emulator))
    assert reply.status == 200
    assert isinstance(reply.headers, Headers)
    assert reply.headers["content-type"] == "application/json"
    assert reply.http_version == "HTTP/1.1"
    assert b'"object":"list"' in await reply.read()
    await transport.close()


async def test_reply_is_received_piece_by_piece(emulator: Emulator) -> None:
    transport = HttpxTransport()
    reply = await transport.send(get(emulator))
    pieces = []
    while piece := await reply.receive():
        pieces.append(piece)
    assert await reply.receive() == b""
    assert b'"object":"list"' in b"".join(pieces)
    await transport.close()


async def test_reply_can_be_closed_at_any_time(emulator: Emulator) -> None:
    emulator.fault("drip=10/0")
    transport = HttpxTransport()
    reply = await transport.send(get(emulator))
    await reply.receive()
    await reply.close()
    await reply.close()
    reply.abandon()
    await transport.close()
    gc.collect()


@pytest.mark.parametrize(
    ("fault", "failure"), [("cut-head", ConnectionFailed), ("stall=30", TimedOut)]
)
async def test_failures_keep_their_cause(
    fault: str, failure: type[Exception], emulator: Emulator
) -> None:
    emulator.fault(fault)
    transport = HttpxTransport()
    request = get(emulator)
    request.timeout = Timeout(0.05, connect=5)
    with pytest.raises(failure) as caught:
        await transport.send(request)
    assert isinstance(caught.value.__cause__, httpx.HTTPError)
    await transport.close()


# Abandoned replies


async def test_abandoned_reply_is_closed_before_the_next_request(emulator: Emulator) -> None:
    emulator.fault("drip=10/1")
    http_client = httpx.AsyncClient(limits=httpx.Limits(max_connections=1))
    transport = HttpxTransport(http_client)
    request = get(emulator)
    request.timeout = Timeout(10, pool=1)
    reply = await transport.send(request)
    await reply.receive()
    reply.abandon()
    del reply
    await (await transport.send(request)).read()
    await transport.close()
    gc.collect()


async def test_abandoned_reply_is_closed_with_the_transport(emulator: Emulator) -> None:
    emulator.fault("drip=10/1")
    transport = HttpxTransport()
    reply = await transport.send(get(emulator))
    await reply.receive()
    reply.abandon()
    await transport.close()
    assert reply._response.is_closed
    del reply
    gc.collect()


async def test_reply_is_abandoned_from_another_thread(emulator: Emulator) -> None:
    emulator.fault("drip=10/1")
    transport = HttpxTransport()
    reply = await transport.send(get(emulator))
    await anyio.to_thread.run_sync(reply.abandon)
    await (await transport.send(get(emulator))).read()
    assert reply._response.is_closed
    await transport.close()


# Runs of an event loop


def through_httpx(emulator: Emulator) -> AsyncOpenAI:
    client = AsyncOpenAI(api_key="k", base_url=emulator.base_url)
    client._transport = HttpxTransport()
    return client


@pytest.fixture
async def client(emulator: Emulator) -> AsyncIterator[AsyncOpenAI]:
    async with through_httpx(emulator) as client:
        yield client


async def ask(client: AsyncOpenAI) -> None:
    await client.models.list()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_connections_close_when_the_run_ends(
    backend: str, emulator: Emulator, made: list[httpx.AsyncClient]
) -> None:
    client = through_httpx(emulator)
    for _ in range(2):
        anyio.run(ask, client, backend=backend)
    assert [each.is_closed for each in made] == [True, True]
    assert not client.is_closed()
    gc.collect()


async def test_one_run_has_one_http_client(
    client: AsyncOpenAI, made: list[httpx.AsyncClient]
) -> None:
    for _ in range(3):
        await ask(client)
    await ask(client.with_options(timeout=3))
    assert len(made) == 1


async def test_clients_do_not_share_connections(
    emulator: Emulator, made: list[httpx.AsyncClient]
) -> None:
    for _ in range(2):
        async with through_httpx(emulator) as client:
            await ask(client)
    assert len(made) == 2


def test_closing_in_one_loop_leaves_the_other_to_end_by_itself(
    emulator: Emulator, made: list[httpx.AsyncClient]
) -> None:
    client = through_httpx(emulator)
    asked, closed = threading.Event(), threading.Event()

    async def wait() -> None:
        await ask(client)
        asked.set()
        await anyio.to_thread.run_sync(closed.wait)

    other = threading.Thread(target=anyio.run, args=(wait,))
    other.start()
    asked.wait(10)
    anyio.run(client.close)
    assert [each.is_closed for each in made] == [False]
    closed.set()
    other.join(10)
    assert [each.is_closed for each in made] == [True]


async def test_dropped_client_is_closed_before_the_next_request(
    client: AsyncOpenAI, emulator: Emulator, made: list[httpx.AsyncClient]
) -> None:
    dropped = through_httpx(emulator)
    await ask(dropped)
    del dropped
    gc.collect()
    await ask(client)
    assert [each.is_closed for each in made] == [True, False]


# Bodies


class Body:
    """A body that says when it is closed."""

    length = None
    replayable = True

    def __init__(self, on_piece: Callable[[], None] = lambda: None) -> None:
        self.open = 0
        self._on_piece = on_piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.open += 1
        try:
            while True:
                self._on_piece()
                yield b"x" * 65536
        finally:
            self.open -= 1


async def test_body_is_closed_when_the_server_does_not_want_it(emulator: Emulator) -> None:
    emulator.fault("disconnect-upload")
    transport, body = HttpxTransport(), Body()
    request = get(emulator)
    request.method, request.body = "POST", body
    with pytest.raises(ConnectionFailed):
        await transport.send(request)
    assert body.open == 0
    await transport.close()
    gc.collect()


async def test_body_is_closed_when_the_request_is_cancelled(emulator: Emulator) -> None:
    transport, body = HttpxTransport(), Body(lambda: scope.cancel())
    request = get(emulator)
    request.method, request.body = "POST", body
    with anyio.CancelScope() as scope:
        await transport.send(request)
    assert scope.cancelled_caught
    assert body.open == 0
    await transport.close()


async def test_body_is_sent_from_its_pieces(emulator: Emulator) -> None:
    class Note:
        length = None
        replayable = True

        async def __aiter__(self) -> AsyncIterator[bytes]:
            for piece in (b'{"model":"m",', b'"input":', b'"a"}'):
                yield piece

    transport = HttpxTransport()
    request = get(emulator, "/embeddings")
    request.method, request.body = "POST", Note()
    request.headers.append(("Content-Type", "application/json"))
    reply = await transport.send(request)
    assert (reply.status, json.loads(await reply.read())["object"]) == (200, "list")
    await transport.close()


# The pool


async def test_stats_count_a_request_to_the_end_of_its_answer(emulator: Emulator) -> None:
    transport = HttpxTransport()
    reply = await transport.send(get(emulator))
    assert transport.stats().in_use == 1
    await reply.read()
    assert transport.stats() == PoolStats(0, 1, 0)
    await transport.close()
    assert transport.stats() == PoolStats(0, 0, 0)


@pytest.mark.parametrize("end", ["close", "abandon"])
async def test_stats_forget_a_reply_that_is_given_up(end: str, emulator: Emulator) -> None:
    emulator.fault("drip=10/1")
    transport = HttpxTransport()
    reply = await transport.send(get(emulator))
    if end == "close":
        await reply.close()
    else:
        reply.abandon()
        await (await transport.send(get(emulator))).read()
    assert transport.stats().in_use == 0
    await transport.close()
    del reply
    gc.collect()


@pytest.mark.parametrize("fault", ["cut-head", "stall=30"])
async def test_stats_forget_a_request_that_failed(fault: str, emulator: Emulator) -> None:
    emulator.fault(fault)
    transport = HttpxTransport()
    request = get(emulator)
    request.timeout = Timeout(0.05, connect=5)
    with pytest.raises(ConnectionFailed):
        await transport.send(request)
    assert transport.stats().in_use == 0
    await transport.close()


async def test_stats_tell_who_waits_for_a_connection(emulator: Emulator) -> None:
    emulator.fault("drip=10/1")
    transport = HttpxTransport(network=Network(limits=Limits(max_connections=1)))
    first = await transport.send(get(emulator))
    request = get(emulator)
    request.timeout = Timeout(5, pool=0.05)
    with pytest.raises(TimedOut, match=r"^No free connection to .* within 0.05 seconds"):
        await transport.send(request)
    async with anyio.create_task_group() as group:
        group.start_soon(transport.send, get(emulator))
        while transport.stats().waiting == 0:
            await anyio.lowlevel.checkpoint()
        assert transport.stats() == PoolStats(1, 0, 1)
        group.cancel_scope.cancel()
    await first.close()
    await transport.close()
    gc.collect()


# The network


@pytest.mark.parametrize(
    ("proxy", "environment", "expected"),
    [
        (None, "http://127.0.0.1:9", "127.0.0.1:9"),
        ("", "http://127.0.0.1:9", None),
        ("http://127.0.0.1:8", "http://127.0.0.1:9", "127.0.0.1:8"),
        (None, "", None),
    ],
)
async def test_proxy_is_the_given_one_or_that_of_the_environment(
    proxy: str | None,
    environment: str,
    expected: str | None,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    made: list[httpx.AsyncClient],
) -> None:
    monkeypatch.setenv("ALL_PROXY", environment)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    transport = HttpxTransport(network=Network(proxy=proxy))
    with suppress(ConnectionFailed):  # no proxy listens there
        await transport.send(get(emulator))
    used = made[0]._transport_for_url(httpx.URL(emulator.base_url))
    url = getattr(used._pool, "_proxy_url", None)  # type: ignore[attr-defined]
    assert (url and f"{url.host.decode()}:{url.port}") == expected
    await transport.close()
    gc.collect()


async def test_verify_decides_whom_to_trust() -> None:
    authority = trustme.CA()
    with serve_tls(authority.issue_cert("localhost")) as port:
        request = WireRequest("GET", f"https://localhost:{port}/?q=s", [], None, LIMIT)
        strict = HttpxTransport()
        with pytest.raises(ConnectionFailed, match="is not trusted") as caught:
            await strict.send(request)
        assert caught.value.final
        await strict.close()
        context = ssl.create_default_context()
        authority.configure_trust(context)
        for verify in (False, context):
            transport = HttpxTransport(network=Network(verify=verify))
            assert await (await transport.send(request)).read() == b"ok"
            await transport.close()


@contextmanager
def serve_tls(certificate: trustme.LeafCert) -> Iterator[int]:
    """A server that answers three connections."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for _ in range(3):
                plain, _ = listener.accept()
                with suppress(OSError), context.wrap_socket(plain, server_side=True) as secure:
                    secure.recv(65536)
                    secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                    secure.recv(1)

        server = threading.Thread(target=serve)
        server.start()
        yield listener.getsockname()[1]
        server.join(10)


# A client of httpx2


async def test_client_of_httpx2_is_used(emulator: Emulator) -> None:
    async with httpx2.AsyncClient(timeout=9) as http_client:
        client = AsyncOpenAI(api_key="k", base_url=emulator.base_url, http_client=http_client)
        assert Timeout(9) == client.timeout
        assert [each.id async for each in client.models.list()]
        note = await client.files.create(file=("a.txt", b"note"), purpose="assistants")
        assert (await client.files.content(note.id)).content == b"note"
        stream = await client.chat.completions.create(
            model="echo", messages=[{"role": "user", "content": "one two"}], stream=True
        )
        async with stream:
            assert [chunk async for chunk in stream]
        assert client._transport.stats().in_use == 0


async def test_errors_of_httpx2_are_translated(emulator: Emulator) -> None:
    emulator.fault("stall=30")
    async with httpx2.AsyncClient() as http_client:
        request = get(emulator)
        request.timeout = Timeout(0.05, connect=5)
        with pytest.raises(TimedOut) as caught:
            await HttpxTransport(http_client).send(request)
    assert isinstance(caught.value.__cause__, httpx2.ReadTimeout)

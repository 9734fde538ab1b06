"""The transport: connections belong to a run of an event loop, and none is ever left behind."""

from __future__ import annotations

import gc
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest

from openai_async import AsyncOpenAI, DefaultAsyncHttpxClient, Timeout
from openai_async._headers import Headers
from openai_async._httpx import HttpxTransport
from openai_async._transport import ConnectionFailed, LateTransport, TimedOut, WireRequest
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
        def __init__(self) -> None:
            super().__init__()
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


async def ask(client: AsyncOpenAI) -> None:
    await client.models.list()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_connections_close_when_the_run_ends(
    backend: str, emulator: Emulator, made: list[httpx.AsyncClient]
) -> None:
    client = AsyncOpenAI(api_key="k", base_url=emulator.base_url)
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
        async with AsyncOpenAI(api_key="k", base_url=emulator.base_url) as client:
            await ask(client)
    assert len(made) == 2


def test_closing_in_one_loop_leaves_the_other_to_end_by_itself(
    emulator: Emulator, made: list[httpx.AsyncClient]
) -> None:
    client = AsyncOpenAI(api_key="k", base_url=emulator.base_url)
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
    dropped = AsyncOpenAI(api_key="k", base_url=emulator.base_url)
    await ask(dropped)
    del dropped
    gc.collect()
    await ask(client)
    assert [each.is_closed for each in made] == [True, False]


# The late transport


class Silent:
    """A transport that answers nothing."""

    closed = False
    sent = 0

    async def send(self, request: WireRequest) -> Any:
        self.sent += 1

    async def close(self) -> None:
        self.closed = True


async def test_late_transport_is_loaded_once_by_the_first_request() -> None:
    loaded: list[Silent] = []

    def load() -> Any:
        loaded.append(Silent())
        return loaded[-1]

    late = LateTransport(load)
    assert loaded == []
    request = WireRequest("GET", "http://h/", [], None, LIMIT)
    await late.send(request)
    await late.send(request)
    assert len(loaded) == 1
    await late.close()
    assert loaded[0].closed
    assert late.closed


def test_threads_that_load_at_once_use_one_transport() -> None:
    loaded: list[Silent] = []
    together = threading.Barrier(2, timeout=10)

    def load() -> Any:
        together.wait()
        loaded.append(Silent())
        return loaded[-1]

    late = LateTransport(load)

    async def send() -> None:
        await late.send(WireRequest("GET", "http://h/", [], None, LIMIT))

    threads = [threading.Thread(target=anyio.run, args=(send,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(each.sent for each in loaded) == [0, 2]


async def test_closing_an_unused_transport_loads_nothing() -> None:
    def load() -> Any:
        raise AssertionError("loaded")

    await LateTransport(load).close()


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

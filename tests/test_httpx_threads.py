"""A blocking client of the user's, each of its calls in a worker thread."""

from __future__ import annotations

import gc
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread
import httpx
import httpx2
import pytest

from openai_async import APIConnectionError, Timeout
from openai_async._httpx_threads import ThreadedHttpxTransport
from openai_async._transport import ConnectionFailed, PoolStats, TimedOut, WireReply, WireRequest
from openai_async.emulator import Emulator
from openai_sync import OpenAI

LIMIT = Timeout(60)
STALL = "stall-body=60; stall-after=10"
MESSAGES: Any = [{"role": "user", "content": "one two three"}]


def get(emulator: Emulator, path: str = "/models") -> WireRequest:
    headers = [("Authorization", "Bearer k")]
    return WireRequest("GET", f"{emulator.base_url}{path}", headers, None, LIMIT)


@pytest.fixture(params=[httpx.Client, httpx2.Client], ids=["httpx", "httpx2"])
def http_client(request: pytest.FixtureRequest) -> Iterator[Any]:
    with request.param() as client:
        yield client


@pytest.fixture
def transport() -> Iterator[ThreadedHttpxTransport]:
    with httpx.Client() as client:
        yield ThreadedHttpxTransport(client)
        assert client._transport._pool.connections == []  # type: ignore[attr-defined]


async def until(true: Callable[[], bool]) -> None:
    with anyio.fail_after(10):
        while not true():
            await anyio.lowlevel.checkpoint()


# Through the client


def test_calls_streams_and_uploads(http_client: Any, emulator: Emulator, tmp_path: Path) -> None:
    file = tmp_path / "note.txt"
    file.write_bytes(b"note" * 100_000)
    with OpenAI(api_key="k", base_url=emulator.base_url, http_client=http_client) as client:
        assert client.models.list().data
        note = client.files.create(file=file, purpose="assistants")
        assert client.files.content(note.id).content == file.read_bytes()
        with client.chat.completions.create(model="echo", messages=MESSAGES, stream=True) as s:
            words = "".join(chunk.choices[0].delta.content or "" for chunk in s if chunk.choices)
        assert "three" in words
        assert client._async._transport.stats().in_use == 0
    assert http_client.is_closed
    assert client.is_closed()


def test_a_client_that_is_awaited_serves_the_blocking_face(emulator: Emulator) -> None:
    http_client = httpx.AsyncClient()
    with OpenAI(api_key="k", base_url=emulator.base_url, http_client=http_client) as client:
        assert client.models.list().data


def test_many_streams_leave_threads_for_others(emulator: Emulator) -> None:
    http_client = httpx.Client()
    with OpenAI(api_key="k", base_url=emulator.base_url, http_client=http_client) as client:
        emulator.fault(STALL, times=45)
        streams = [
            client.chat.completions.create(model="echo", messages=MESSAGES, stream=True)
            for _ in range(45)  # anyio has 40 threads for everybody
        ]
        threads = [threading.Thread(target=_read, args=(stream,)) for stream in streams]
        for thread in threads:
            thread.start()
        for _ in range(1000):
            threads[0].join(0.01)
            if (n := sum("worker" in each.name.lower() for each in threading.enumerate())) >= 45:
                break
        assert n >= 45
        assert client.models.list().data
        for stream, thread in zip(streams, threads, strict=True):
            stream.close()
            thread.join(10)
        assert not any(thread.is_alive() for thread in threads)


def _read(stream: Any) -> None:
    with suppress(APIConnectionError):
        list(stream)


def test_an_error_keeps_its_cause(emulator: Emulator) -> None:
    http_client = httpx.Client()
    with (
        OpenAI(
            api_key="k", base_url="http://127.0.0.1:1", http_client=http_client, max_retries=0
        ) as client,
        pytest.raises(APIConnectionError) as caught,
    ):
        client.models.list()
    assert isinstance(caught.value.__cause__, httpx.ConnectError)


# Replies


async def test_reply_is_read_whole(transport: ThreadedHttpxTransport, emulator: Emulator) -> None:
    reply = await transport.send(get(emulator))
    assert (reply.status, reply.http_version) == (200, "HTTP/1.1")
    assert reply.headers["content-type"] == "application/json"
    assert transport.stats().in_use == 1
    assert json.loads(await reply.read())["object"] == "list"
    assert transport.stats() == PoolStats(0, 1, 0)
    await transport.close()
    assert transport.closed


async def test_reply_is_received_piece_by_piece(
    transport: ThreadedHttpxTransport, emulator: Emulator
) -> None:
    reply = await transport.send(get(emulator))
    pieces = []
    while piece := await reply.receive():
        pieces.append(piece)
    assert await reply.receive() == b""
    assert json.loads(b"".join(pieces))["object"] == "list"
    await transport.close()


async def test_closed_transport_sends_nothing(
    transport: ThreadedHttpxTransport, emulator: Emulator
) -> None:
    await transport.close()
    with pytest.raises(RuntimeError, match="closed"):
        await transport.send(get(emulator))


@pytest.mark.parametrize(
    ("fault", "failure"), [("cut-head", ConnectionFailed), ("stall=30", TimedOut)]
)
async def test_failures_are_translated(
    fault: str, failure: type[Exception], transport: ThreadedHttpxTransport, emulator: Emulator
) -> None:
    emulator.fault(fault)
    request = get(emulator)
    request.timeout = Timeout(0.05, connect=5)
    with pytest.raises(failure) as caught:
        await transport.send(request)
    assert isinstance(caught.value.__cause__, httpx.HTTPError)
    assert transport.stats().in_use == 0
    await transport.close()


# Early ends


async def stalled(transport: ThreadedHttpxTransport, emulator: Emulator) -> WireReply:
    emulator.fault(STALL)
    reply = await transport.send(get(emulator))
    return reply


async def test_closing_gives_the_connection_back(
    transport: ThreadedHttpxTransport, emulator: Emulator
) -> None:
    reply = await stalled(transport, emulator)
    await reply.receive()
    await reply.close()
    await reply.close()
    assert transport.stats().in_use == 0
    await transport.close()


@pytest.mark.parametrize("thread", [False, True])
async def test_abandoning_gives_the_connection_back(
    thread: bool, transport: ThreadedHttpxTransport, emulator: Emulator
) -> None:
    reply = await stalled(transport, emulator)
    if thread:
        await anyio.to_thread.run_sync(reply.abandon)
    else:
        reply.abandon()
    await until(lambda: transport.stats().in_use == 0)
    await transport.close()


@pytest.mark.parametrize("end", ["close", "abandon"])
async def test_cancelled_reading_ends_with_the_reply(
    end: str, transport: ThreadedHttpxTransport, emulator: Emulator
) -> None:
    reply = await stalled(transport, emulator)
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as group:
            group.start_soon(reply.read)
            await until(lambda: reply._reading)  # type: ignore[attr-defined]
            scope.cancel()
    await reply.close() if end == "close" else reply.abandon()
    await until(lambda: transport.stats().in_use == 0)
    await transport.close()


async def test_cancelled_request_closes_its_answer_when_it_comes(
    transport: ThreadedHttpxTransport, emulator: Emulator
) -> None:
    answer = threading.Event()
    waiting = threading.Event()

    def wait(response: httpx.Response) -> None:
        waiting.set()
        answer.wait(10)

    transport._client.event_hooks = {"response": [wait]}
    async with anyio.create_task_group() as group:
        group.start_soon(transport.send, get(emulator))
        await until(waiting.is_set)
        group.cancel_scope.cancel()
    assert transport.stats().in_use == 1
    answer.set()
    await until(lambda: transport.stats().in_use == 0)
    await transport.close()


# Bodies


class Pieces:
    """A body that says when it is open."""

    length = None
    replayable = True

    def __init__(self, pieces: list[bytes], on_piece: Callable[[], None] = lambda: None) -> None:
        self.open = 0
        self._pieces = pieces
        self._on_piece = on_piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.open += 1
        try:
            for piece in self._pieces:
                await anyio.lowlevel.checkpoint()
                self._on_piece()
                yield piece
        finally:
            self.open -= 1


def post(emulator: Emulator, body: Any) -> WireRequest:
    request = get(emulator, "/embeddings")
    request.method, request.body = "POST", body
    request.headers.append(("Content-Type", "application/json"))
    return request


@pytest.mark.parametrize("whole", [False, True])
async def test_body_is_sent(
    whole: bool, transport: ThreadedHttpxTransport, emulator: Emulator
) -> None:
    pieces = [b'{"model":"m",', b'"input":', b'"a"}']
    body = Pieces(pieces)
    reply = await transport.send(post(emulator, b"".join(pieces) if whole else body))
    assert (reply.status, json.loads(await reply.read())["object"]) == (200, "list")
    assert body.open == 0
    await transport.close()


async def test_body_is_closed_when_the_server_does_not_want_it(
    transport: ThreadedHttpxTransport, emulator: Emulator
) -> None:
    emulator.fault("disconnect-upload")
    body = Pieces([b"x" * 65536] * 10_000)
    with pytest.raises(ConnectionFailed):
        await transport.send(post(emulator, body))
    assert body.open == 0
    await transport.close()


async def test_body_is_closed_when_the_request_is_cancelled(
    transport: ThreadedHttpxTransport, emulator: Emulator
) -> None:
    body = Pieces([b"x"] * 10_000, lambda: scope.cancel())
    with anyio.CancelScope() as scope:
        await transport.send(post(emulator, body))
    assert scope.cancelled_caught
    await until(lambda: transport.stats().in_use == 0)
    assert body.open == 0
    await transport.close()
    gc.collect()


async def test_an_error_of_the_body_is_raised(
    transport: ThreadedHttpxTransport, emulator: Emulator
) -> None:
    def fail() -> None:
        raise OSError("unreadable")

    with pytest.raises(OSError, match="unreadable"):
        await transport.send(post(emulator, Pieces([b"x"], fail)))
    await transport.close()

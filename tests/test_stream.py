"""Streams: what they give, how they end, and what becomes of their connection."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest

from openai_async import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APIStatusError,
    APITimeoutError,
    AsyncOpenAI,
    AsyncStream,
    BadRequestError,
)
from openai_async._operation import Operation
from openai_async._requests import NO_OPTIONS
from openai_async._resource import Resource
from openai_async.emulator import Emulator

MESSAGES: Any = [{"role": "user", "content": "one two three four five six"}]
SPOKEN = "You said: one two three four five six"
BASE = "https://api.test/v1"


async def start(client: AsyncOpenAI, **options: Any) -> AsyncStream[Any]:
    return await client.chat.completions.create(
        model="m", messages=MESSAGES, stream=True, **options
    )


def said(chunks: list[Any]) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks)


async def read_until_error(stream: AsyncStream[Any]) -> tuple[list[Any], Exception]:
    events: list[Any] = []
    try:
        async for event in stream:
            events.append(event)  # noqa: PERF401  # kept although the loop raises
    except APIError as error:
        return events, error
    raise AssertionError(f"no error after {events}")


class Connections:
    """Counts the connections that a client makes, of which it may have one at a time."""

    def __init__(self, base_url: str) -> None:
        self.made = 0

        async def hook(request: httpx.Request) -> None:
            inner = request.extensions["trace"]

            async def trace(event: str, info: dict[str, Any]) -> None:
                await inner(event, info)
                self.made += event == "connection.connect_tcp.complete"

            request.extensions["trace"] = trace

        http_client = httpx.AsyncClient(
            limits=httpx.Limits(max_connections=1),
            timeout=httpx.Timeout(10, pool=1),
            event_hooks={"request": [hook]},
        )
        self.client = AsyncOpenAI(
            api_key="sk-test", base_url=base_url, http_client=http_client, max_retries=0
        )


@pytest.fixture
async def connections(emulator: Emulator) -> AsyncIterator[Connections]:
    connections = Connections(emulator.base_url)
    async with connections.client:
        yield connections


class Feed(httpx.AsyncByteStream):
    """The body of a scripted answer, piece by piece; an exception in it is raised."""

    def __init__(self, pieces: list[bytes | Exception]) -> None:
        self._pieces = list(pieces)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        await anyio.lowlevel.checkpoint()
        if not self._pieces:
            raise StopAsyncIteration
        piece = self._pieces.pop(0)
        if isinstance(piece, Exception):
            raise piece
        return piece


Script = Callable[..., Any]


@pytest.fixture
async def script() -> AsyncIterator[Script]:
    """A function that gives a stream of the pieces it is called with."""
    async with httpx.AsyncClient() as nothing:
        clients = [nothing]

        async def stream(
            *pieces: bytes | Exception, kind: str = "text/event-stream", **mode: bool
        ) -> AsyncStream[Any]:
            def answer(request: httpx.Request) -> httpx.Response:
                headers = {"content-type": kind, "x-request-id": "req_1"}
                return httpx.Response(200, headers=headers, stream=Feed([*pieces]))

            http_client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
            clients.append(http_client)
            client = AsyncOpenAI(api_key="k", base_url=BASE, http_client=http_client)
            operation = Operation[Any]("POST", "/x", object, **mode)
            return await Resource(client)._stream(operation, options=NO_OPTIONS)

        yield stream
        for client in clients:
            await client.aclose()


# What it gives


async def test_events_come_in_order(client: AsyncOpenAI) -> None:
    stream = await start(client)
    chunks = [chunk async for chunk in stream]
    assert said(chunks) == SPOKEN
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert stream.outcome == "complete"


async def test_stream_is_open_before_its_end(client: AsyncOpenAI) -> None:
    async with await start(client) as stream:
        await anext(stream)
        assert stream.outcome == "open"


async def test_stream_knows_its_response(client: AsyncOpenAI, emulator: Emulator) -> None:
    async with await start(client) as stream:
        assert stream.response.status_code == 200
        assert stream.response.headers["content-type"].startswith("text/event-stream")
        assert stream.request_id == emulator.requests[-1].request_id


async def test_event_that_arrives_byte_by_byte(client: AsyncOpenAI, emulator: Emulator) -> None:
    emulator.fault("drip=7/0")
    assert said([chunk async for chunk in await start(client)]) == SPOKEN


async def test_comments_and_control_events_are_no_events(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault("comments")
    stream = await start(client)
    assert said([chunk async for chunk in stream]) == SPOKEN
    assert stream.outcome == "complete"


async def test_two_streams_take_turns(client: AsyncOpenAI) -> None:
    first, second = await start(client), await start(client)
    chunks: tuple[list[Any], list[Any]] = ([], [])
    async for chunk in first:
        chunks[0].append(chunk)
        chunks[1].append(await anext(second))
    assert said(chunks[0]) == said(chunks[1]) == SPOKEN
    await second.close()


@pytest.mark.parametrize(
    "pieces",
    [
        [b'data: {"n":1}\n\ndata: {"n":2}\n\ndata: [DONE]\n\n'],
        [b'data: {"n":1}\n', b'\ndata: {"n"', b":2}\n\n", b"data: [DO", b"NE]\n\n"],
        [b'\xef\xbb\xbfdata:{"n":1}\r\n\r\ndata:{"n":2}\r\n\r\n', b"data:[DONE]\r\n\r\n"],
        [b'event: x\nid: 1\ndata: {"n":\ndata: 1}\n\n', b'data: {"n":2}\n\ndata: [DONE] \n\n'],
    ],
    ids=["at once", "cut", "carriage returns", "lines"],
)
async def test_events_of_one_read_or_many(pieces: list[bytes], script: Script) -> None:
    stream = await script(*pieces)
    assert [event async for event in stream] == [{"n": 1}, {"n": 2}]
    assert stream.outcome == "complete"


async def test_fill_and_take_give_all_of_one_read(script: Script) -> None:
    stream = await script(b"data: 1\n\ndata: 2\n\n", b"data: 3\n\ndata: [DONE]\n\n")
    assert await stream.fill()
    assert stream.take() == [1, 2]
    assert await stream.fill()
    assert stream.take() == [3]
    assert not await stream.fill()


# How it ends


async def test_iterating_after_the_end_gives_nothing(client: AsyncOpenAI) -> None:
    stream = await start(client)
    async for _ in stream:
        pass
    assert [chunk async for chunk in stream] == []


async def test_without_terminator_the_outcome_is_unknown(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault("no-done")
    stream = await start(client)
    assert said([chunk async for chunk in stream]) == SPOKEN
    assert stream.outcome == "unknown"


async def test_event_without_its_empty_line_is_dropped(script: Script) -> None:
    stream = await script(b"data: 1\n\n", b"data: 2\n")
    assert [event async for event in stream] == [1]
    assert stream.outcome == "unknown"


async def test_nothing_after_the_terminator_counts(script: Script) -> None:
    stream = await script(b"data: 1\n\ndata: [DONE]\n\ndata: 2\n\n", b"data: 3\n\n")
    assert [event async for event in stream] == [1]


@pytest.mark.parametrize("read", [0, 1])
async def test_closing_early_is_incomplete(read: int, client: AsyncOpenAI) -> None:
    stream = await start(client)
    for _ in range(read):
        await anext(stream)
    await stream.close()
    assert stream.outcome == "incomplete"
    assert [chunk async for chunk in stream] == []


async def test_closing_twice_is_harmless(client: AsyncOpenAI) -> None:
    stream = await start(client)
    await stream.close()
    await stream.aclose()
    assert stream.outcome == "incomplete"


async def test_closing_after_the_end_keeps_the_outcome(client: AsyncOpenAI) -> None:
    async with await start(client) as stream:
        async for _ in stream:
            pass
    assert stream.outcome == "complete"


async def test_leaving_the_block_by_an_error_closes(client: AsyncOpenAI) -> None:
    with pytest.raises(LookupError):
        async with await start(client) as stream:
            raise LookupError
    assert stream.outcome == "incomplete"


# Errors


async def test_error_in_the_stream_comes_after_the_events_before_it(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault("sse-error; message=Overloaded.; code=busy; type=server")
    stream = await start(client)
    events, error = await read_until_error(stream)
    assert len(events) == 3
    assert type(error) is APIError
    assert str(error) == "Overloaded."
    assert (error.code, error.type) == ("busy", "server")
    assert isinstance(error.body, dict)
    assert error.body["message"] == "Overloaded."
    assert stream.outcome == "incomplete"


@pytest.mark.parametrize(
    ("event", "message", "body"),
    [
        (b'{"error":{"message":"m","code":7}}', "m", {"message": "m", "code": 7}),
        (b'{"error":"m"}', "m", "m"),
        (b'{"error":{"code":"c"}}', "The server reported an error", {"code": "c"}),
    ],
)
async def test_error_events(event: bytes, message: str, body: object, script: Script) -> None:
    stream = await script(b"data: 1\n\nevent: error\ndata: " + event + b"\n\ndata: 2\n\n")
    events, error = await read_until_error(stream)
    assert events == [1]
    assert str(error).startswith(message)
    assert isinstance(error, APIError)
    assert error.body == body


async def test_error_is_raised_once(client: AsyncOpenAI, emulator: Emulator) -> None:
    emulator.fault("sse-error")
    stream = await start(client)
    await read_until_error(stream)
    assert [chunk async for chunk in stream] == []


async def test_event_that_is_not_json_is_quoted(script: Script) -> None:
    stream = await script(b"data: 1\n\n", b'data: {"broken\n\n', b"data: 2\n\n")
    events, error = await read_until_error(stream)
    assert events == [1]
    assert type(error) is APIResponseValidationError
    assert "not JSON" in str(error)
    assert '{"broken' in str(error)


async def test_garbage_ends_the_stream(client: AsyncOpenAI, emulator: Emulator) -> None:
    emulator.fault("garbage-sse")
    stream = await start(client)
    _, error = await read_until_error(stream)
    assert type(error) is APIResponseValidationError
    assert stream.outcome == "incomplete"


@pytest.mark.parametrize(
    ("fault", "cause"),
    [("cut=900", httpx.RemoteProtocolError), ("cut=900; reset", httpx.ReadError)],
)
async def test_cut_stream(
    fault: str, cause: type[Exception], client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault(fault)
    stream = await start(client)
    events, error = await read_until_error(stream)
    assert type(error) is APIConnectionError
    assert isinstance(error.__cause__, cause)
    # A reset may overtake what was sent before it.
    assert events or "reset" in fault
    assert stream.outcome == "incomplete"


async def test_stalled_stream(client: AsyncOpenAI, emulator: Emulator) -> None:
    emulator.fault("stall-body=30; stall-after=900")
    stream = await start(client, timeout=0.1)
    events, error = await read_until_error(stream)
    assert events
    assert type(error) is APITimeoutError
    assert isinstance(error.__cause__, httpx.ReadTimeout)


async def test_events_of_the_read_before_a_failure_are_given(script: Script) -> None:
    stream = await script(b"data: 1\n\ndata: 2\n\n", httpx.ReadError("gone"))
    events, error = await read_until_error(stream)
    assert events == [1, 2]
    assert type(error) is APIConnectionError


async def test_error_status_is_raised_by_the_call(client: AsyncOpenAI, emulator: Emulator) -> None:
    emulator.fault("status=400")
    with pytest.raises(BadRequestError):
        await start(client)


async def test_stream_is_tried_again_before_it_begins(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault("status=500; retry-after-ms=1")
    assert said([chunk async for chunk in await start(client)]) == SPOKEN
    assert len(emulator.requests) == 2


async def test_stream_is_not_tried_again_once_it_began(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault("cut=900")
    await read_until_error(await start(client))
    assert len(emulator.requests) == 1


@pytest.mark.parametrize(
    ("fault", "kind", "said"),
    [
        ("html", APIResponseValidationError, "base_url"),
        ("garbage-json", APIResponseValidationError, "not JSON"),
        ("error-200; message=Overloaded.", APIStatusError, "Overloaded."),
    ],
)
async def test_answer_that_is_no_stream_is_an_error(
    fault: str, kind: type[APIError], said: str, client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault(fault)
    events, error = await read_until_error(await start(client))
    assert events == []
    assert type(error) is kind
    assert said in str(error)


async def test_document_instead_of_a_stream_is_an_error(script: Script) -> None:
    stream = await script(b'{"id":', b"1}", kind="application/json")
    events, error = await read_until_error(stream)
    assert events == []
    assert "one JSON document" in str(error)


async def test_events_are_read_whatever_the_content_type(script: Script) -> None:
    stream = await script(b"data: 1\n\n", kind="application/json")
    assert [event async for event in stream] == [1]
    assert stream.outcome == "unknown"


async def test_line_without_end_is_an_error(
    script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = await script(b"data: 1\n\n", b"data: " + b"x" * 200)
    stream._decoder._longest_line = 100
    events, error = await read_until_error(stream)
    assert events == [1]
    assert "malformed" in str(error)


# The connection


async def test_connection_is_reused_after_the_terminator(connections: Connections) -> None:
    for _ in range(3):
        async for _chunk in await start(connections.client):
            pass
    await connections.client.models.list()
    assert connections.made == 1


@pytest.mark.parametrize("how", ["close", "block", "drop", "drop unread"])
async def test_early_end_frees_the_connection(
    how: str, connections: Connections, emulator: Emulator
) -> None:
    emulator.settings.chunk_delay_ms = 5
    stream = await start(connections.client)
    if how != "drop unread":
        await anext(stream)
    if how == "close":
        await stream.close()
    elif how == "block":
        async with stream:
            pass
    del stream
    gc.collect()
    await connections.client.models.list()


async def test_dropped_stream_of_an_own_connection_is_closed(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.settings.chunk_delay_ms = 5
    stream = await start(client)
    async for _ in stream:
        break
    response = stream._reply._response  # type: ignore[attr-defined]  # what httpx knows of it
    del stream
    gc.collect()
    assert not response.is_closed
    await client.models.list()
    assert response.is_closed


async def test_stream_outlives_the_variable_of_its_client(emulator: Emulator) -> None:
    stream = await start(AsyncOpenAI(api_key="k", base_url=emulator.base_url))
    gc.collect()
    assert said([chunk async for chunk in stream]) == SPOKEN


@pytest.mark.parametrize("fault", ["sse-error", "garbage-sse", "cut=900", "no-done"])
async def test_failed_stream_frees_the_connection(
    fault: str, connections: Connections, emulator: Emulator
) -> None:
    emulator.fault(fault)
    stream = await start(connections.client)
    try:
        async for _ in stream:
            pass
    except APIError:
        pass
    await connections.client.models.list()


async def test_cancelled_stream_frees_the_connection(
    connections: Connections, emulator: Emulator
) -> None:
    emulator.fault("stall-body=30; stall-after=300")
    stream = await start(connections.client)
    with anyio.move_on_after(0.05) as scope:
        async for _ in stream:
            pass
    assert scope.cancelled_caught
    assert stream.outcome == "incomplete"
    await connections.client.models.list()


async def test_silence_after_the_terminator_is_not_waited_for(
    connections: Connections, emulator: Emulator
) -> None:
    emulator.fault(f"stall-body=30; stall-after={await size_of_stream(connections, emulator)}")
    with anyio.fail_after(10):
        stream = await start(connections.client)
        assert said([chunk async for chunk in stream]) == SPOKEN
        await connections.client.models.list()
    assert stream.outcome == "complete"


async def size_of_stream(connections: Connections, emulator: Emulator) -> int:
    body = {"model": "m", "messages": MESSAGES, "stream": True}
    whole: bytes = await connections.client.post("/chat/completions", cast_to=bytes, body=body)
    return len(whole)


async def test_closing_from_another_task_ends_the_iteration(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault("stall-body=30; stall-after=300")
    stream = await start(client)
    events: list[Any] = []

    async def read() -> None:
        async for event in stream:
            events.append(event)  # noqa: PERF401  # waits for more when it is closed

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(read)
            while not events:
                await anyio.lowlevel.checkpoint()
            await anyio.wait_all_tasks_blocked()
            await stream.close()
    assert stream.outcome == "incomplete"


# Events that are more than their data

NAMED = b'event: thread.created\ndata: {"id":"t"}\n\n'
DONE = b"event: done\ndata: [DONE]\n\n"
FLAT_ERROR = b'event: error\ndata: {"code":"c","message":"No."}\n\n'
ERROR = b'event: error\ndata: {"error":{"message":"No."}}\n\n'


async def test_enveloped_event_has_its_name(script: Script) -> None:
    stream = await script(NAMED, FLAT_ERROR, b'data: {"n":1}\n\n', DONE, envelope=True)
    assert [event async for event in stream] == [
        {"event": "thread.created", "data": {"id": "t"}},
        {"event": "error", "data": {"code": "c", "message": "No."}},
        {"event": "", "data": {"n": 1}},
    ]
    assert stream.outcome == "complete"


async def test_events_of_threads_are_enveloped_wherever_they_come_from(script: Script) -> None:
    stream = await script(NAMED, b'event: other\ndata: {"n":1}\n\n', DONE)
    assert [event async for event in stream] == [
        {"event": "thread.created", "data": {"id": "t"}},
        {"n": 1},
    ]


async def test_error_in_an_envelope_is_raised(script: Script) -> None:
    stream = await script(NAMED, ERROR, DONE, envelope=True)
    events, error = await read_until_error(stream)
    assert [event["event"] for event in events] == ["thread.created"]
    assert isinstance(error, APIError)
    assert (error.message, error.body) == ("No.", {"message": "No."})


async def test_stream_of_events_gives_errors_and_adds_nothing(script: Script) -> None:
    stream = await script(NAMED, ERROR, FLAT_ERROR, DONE, events=True)
    assert [event async for event in stream] == [
        {"id": "t"},
        {"error": {"message": "No."}},
        {"code": "c", "message": "No."},
    ]
    assert stream.outcome == "complete"


@pytest.mark.parametrize("mode", ["envelope", "events"])
async def test_event_of_any_kind_must_be_json(mode: str, script: Script) -> None:
    stream = await script(b"data: {\n\n", DONE, **{mode: True})
    _, error = await read_until_error(stream)
    assert isinstance(error, APIResponseValidationError)

"""Streams: what they give, how they end, and what becomes of their connection."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import anyio.abc
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
    DeadlineExceeded,
    Limits,
    PoolStats,
    StreamStalled,
    StreamTruncated,
    Timeout,
    _stream,
)
from openai_async._endings import Terminators
from openai_async._engine import Answer
from openai_async._exchange import Exchange
from openai_async._headers import Headers
from openai_async._operation import Operation
from openai_async._requests import NO_OPTIONS
from openai_async._resource import Resource
from openai_async._transport import ConnectionFailed
from openai_async.emulator import Emulator

MESSAGES: Any = [{"role": "user", "content": "one two three four five six"}]
SPOKEN = "You said: one two three four five six"
BASE = "https://api.test/v1"

#: How long anything may take before a test fails instead of hanging.
PATIENCE = 20


async def start(client: AsyncOpenAI, **options: Any) -> AsyncStream[Any]:
    return await client.chat.completions.create(
        model="m", messages=MESSAGES, stream=True, **options
    )


def said(chunks: list[Any]) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks)


async def read_until_error(stream: AsyncStream[Any]) -> tuple[list[Any], Exception]:
    events: list[Any] = []
    try:
        with anyio.fail_after(PATIENCE):
            async for event in stream:
                events.append(event)  # noqa: PERF401  # kept although the loop raises
    except APIError as error:
        return events, error
    raise AssertionError(f"no error after {events}")


@pytest.fixture
async def narrow(emulator: Emulator) -> AsyncIterator[AsyncOpenAI]:
    """A client that may have one connection at a time, and tries once."""
    async with AsyncOpenAI(
        api_key="sk-test",
        base_url=emulator.base_url,
        limits=Limits(max_connections=1),
        timeout=Timeout(10, pool=1),
        max_retries=0,
    ) as client:
        yield client


def connections(emulator: Emulator) -> int:
    """How many connections the emulator was asked over."""
    return len({request.port for request in emulator.requests})


SILENCE = None

Piece = bytes | Exception | Callable[[], None] | None


class Feed(httpx.AsyncByteStream):
    """The body of a scripted answer, piece by piece; an exception in it is raised, a function in it
    is called, and silence goes on for ever."""

    def __init__(self, pieces: list[Piece]) -> None:
        self._pieces = list(pieces)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        await anyio.lowlevel.checkpoint()
        if not self._pieces:
            raise StopAsyncIteration
        piece = self._pieces.pop(0)
        if callable(piece):
            piece()
            return await self.__anext__()
        if isinstance(piece, Exception):
            raise piece
        if piece is SILENCE:
            await anyio.sleep_forever()
        return piece or b""


class Clock:
    """The clock of the event loop, which goes on by itself and as the test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._ahead = 0.0
        real = anyio.current_time
        monkeypatch.setattr(anyio, "current_time", lambda: real() + self._ahead)

    def forward(self, seconds: float) -> Callable[[], None]:
        """A function that lets `seconds` pass."""

        def pass_by() -> None:
            self._ahead += seconds

        return pass_by


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture(autouse=True)
def _knows_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test teaches about servers is forgotten before the next."""
    monkeypatch.setattr(_stream, "_terminators", Terminators())


Script = Callable[..., Any]


@pytest.fixture
async def script() -> AsyncIterator[Script]:
    """A function that gives a stream of the pieces it is called with."""
    async with httpx.AsyncClient() as nothing:
        clients = [nothing]

        async def stream(
            *pieces: Piece,
            kind: str = "text/event-stream",
            base: str = BASE,
            path: str = "/x",
            deadline: float | None = None,
            first_event: float | None = None,
            event_gap: float | None = None,
            **mode: bool,
        ) -> AsyncStream[Any]:
            def answer(request: httpx.Request) -> httpx.Response:
                headers = {"content-type": kind, "x-request-id": "req_1"}
                return httpx.Response(200, headers=headers, stream=Feed([*pieces]))

            http_client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
            clients.append(http_client)
            client = AsyncOpenAI(
                api_key="k",
                base_url=base,
                http_client=http_client,
                deadline=deadline,
                first_event=first_event,
                event_gap=event_gap,
            )
            operation = Operation[Any]("POST", path, object, **mode)
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


# How it ends


async def test_iterating_after_the_end_gives_nothing(client: AsyncOpenAI) -> None:
    stream = await start(client)
    async for _ in stream:
        pass
    assert [chunk async for chunk in stream] == []


async def test_stream_whose_choices_have_ended_is_complete_without_terminator(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault("no-done")
    stream = await start(client)
    assert said([chunk async for chunk in stream]) == SPOKEN
    assert stream.outcome == "complete"


async def test_without_terminator_the_outcome_is_unknown(script: Script) -> None:
    stream = await script(b"data: 1\n\n")
    assert [event async for event in stream] == [1]
    assert stream.outcome == "unknown"


async def test_outcome_waits_for_the_events_before_the_end(script: Script) -> None:
    stream = await script(b"data: 1\n\ndata: 2\n\ndata: [DONE]\n\n")
    await anext(stream)
    assert stream.outcome == "open"
    await stream.close()
    assert stream.outcome == "incomplete"


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


@pytest.mark.parametrize("fault", ["cut=900", "cut=900; reset"])
async def test_cut_stream(fault: str, client: AsyncOpenAI, emulator: Emulator) -> None:
    emulator.fault(fault)
    stream = await start(client)
    events, error = await read_until_error(stream)
    assert type(error) is APIConnectionError
    assert isinstance(error.__cause__, (ConnectionFailed, OSError))
    # A reset may overtake what was sent before it.
    assert events or "reset" in fault
    assert stream.outcome == "incomplete"


async def test_stalled_stream(client: AsyncOpenAI, emulator: Emulator) -> None:
    emulator.fault("stall-body=30; stall-after=900")
    stream = await start(client, timeout=0.1)
    events, error = await read_until_error(stream)
    assert events
    assert type(error) is APITimeoutError


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


# Limits


@pytest.mark.parametrize(
    ("pieces", "limits", "phase", "events"),
    [
        ([SILENCE], {"first_event": 0.05}, "first_event", []),
        ([b": hello\n\n", SILENCE], {"first_event": 0.05}, "first_event", []),
        ([b"data: 1\n\n", SILENCE], {"event_gap": 0.05}, "event_gap", [1]),
        ([b"data: 1\n\n", SILENCE], {"event_gap": 0.05, "deadline": 100}, "event_gap", [1]),
    ],
)
async def test_silence_is_limited(
    pieces: list[Piece], limits: dict[str, Any], phase: str, events: list[int], script: Script
) -> None:
    stream = await script(*pieces, **limits)
    read, error = await read_until_error(stream)
    assert read == events
    assert isinstance(error, StreamStalled)
    assert (error.phase, error.limit, error.events) == (phase, 0.05, len(events))
    assert error.last_event == (events[-1] if events else None)
    assert error.elapsed >= 0.05
    assert [attempt.status for attempt in error.attempts] == [200]
    assert stream.outcome == "incomplete"


@pytest.mark.parametrize(
    ("fault", "limits", "partial"),
    [
        ("pings", {"first_event": 0.1}, ""),
        ("pings=4", {"event_gap": 0.1}, "You said: one"),
        ("pings=4", {"first_event": 100, "event_gap": 0.1}, "You said: one"),
    ],
)
async def test_pings_are_no_events(
    fault: str, limits: dict[str, Any], partial: str, narrow: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault(fault)
    stream = await start(narrow.with_options(**limits))
    events, error = await read_until_error(stream)
    assert said(events) == partial
    assert isinstance(error, StreamStalled)
    assert (error.partial, error.events) == (partial, len(events))
    assert narrow.pool_stats() == PoolStats(in_use=0, idle=0, waiting=0)


@pytest.mark.parametrize(
    ("limit", "before"), [("event_gap", []), ("first_event", [b"data: 1\n\n"])]
)
async def test_limits_are_for_their_own_phase(
    limit: str, before: list[Piece], script: Script
) -> None:
    stream = await script(*before, SILENCE, **{limit: 0.01})
    with anyio.move_on_after(0.1) as scope:
        async for _ in stream:
            pass
    assert scope.cancelled_caught


async def test_pings_do_not_start_the_clock_again(script: Script, clock: Clock) -> None:
    ping = [clock.forward(30), b": ping\n\n"]
    stream = await script(b"data: 1\n\n", *ping, *ping, *ping, b"data: 2\n\n", event_gap=70)
    events, error = await read_until_error(stream)
    assert events == [1]
    assert isinstance(error, StreamStalled)


async def test_event_starts_the_clock_again(script: Script, clock: Clock) -> None:
    event = [clock.forward(60), b"data: 1\n\n"]
    stream = await script(*event, *event, *event, first_event=70, event_gap=70)
    assert [event async for event in stream] == [1, 1, 1]


async def test_work_between_reads_is_not_silence(script: Script, clock: Clock) -> None:
    stream = await script(b"data: 1\n\n", b"data: 2\n\n", first_event=70, event_gap=70)
    work = clock.forward(100)
    work()
    async for _ in stream:
        work()
    assert stream.outcome == "unknown"


async def test_deadline_goes_on_while_the_program_works(script: Script, clock: Clock) -> None:
    stream = await script(b"data: 1\n\ndata: 2\n\n", b"data: 3\n\n", deadline=70)
    events, error = [await anext(stream)], None
    clock.forward(100)()
    more, error = await read_until_error(stream)
    assert events + more == [1, 2]  # what had arrived
    assert isinstance(error, DeadlineExceeded)
    assert (error.deadline, error.events, error.last_event) == (70, 2, 2)
    assert 100 <= error.elapsed < 170
    assert stream.outcome == "incomplete"


async def test_deadline_ends_a_wait(narrow: AsyncOpenAI, emulator: Emulator) -> None:
    emulator.fault("stall-body=30; stall-after=900")
    stream = await start(narrow.with_options(deadline=0.5, event_gap=100))
    events, error = await read_until_error(stream)
    assert isinstance(error, DeadlineExceeded)
    assert error.partial == said(events) != ""
    assert narrow.pool_stats() == PoolStats(in_use=0, idle=0, waiting=0)


async def test_attempts_that_failed_before_are_listed(
    narrow: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault("status=500; retry-after-ms=1")
    emulator.fault("pings=1")
    stream = await start(narrow.with_options(max_retries=1, event_gap=0.05))
    _, error = await read_until_error(stream)
    assert isinstance(error, APIError)
    assert [(each.number, each.status) for each in error.attempts] == [(1, 500), (2, 200)]
    assert error.attempts[0].ended <= error.attempts[1].started < error.attempts[1].ended


async def test_cancellation_is_no_stall(script: Script) -> None:
    stream = await script(b"data: 1\n\n", SILENCE, event_gap=30, deadline=30)
    with anyio.move_on_after(0.05) as scope:
        async for _ in stream:
            pass
    assert scope.cancelled_caught
    assert stream.outcome == "incomplete"
    assert [event async for event in stream] == []


async def test_cancellation_goes_before_a_limit(script: Script, clock: Clock) -> None:
    stream = await script(SILENCE, deadline=70)
    clock.forward(100)()
    with anyio.CancelScope() as scope:
        scope.cancel()
        await anext(stream)
    assert scope.cancelled_caught


# Streams that end too early

GOING = b'data: {"choices":[{"index":0,"delta":{"content":"so "},"finish_reason":null}]}\n\n'
STOPPED = GOING.replace(b"null", b'"stop"')
OPENAI = "https://api.openai.com/v1"
CHAT = "/chat/completions"
BEGUN = b'data: {"type":"response.output_text.delta","delta":"so "}\n\n'
ENDED = b'data: {"type":"response.completed"}\n\n'


@pytest.mark.parametrize(
    ("pieces", "base"),
    [([GOING, GOING], OPENAI), ([BEGUN, BEGUN], OPENAI), ([BEGUN, BEGUN], BASE)],
)
async def test_truncated_stream(pieces: list[Piece], base: str, script: Script) -> None:
    stream = await script(*pieces, base=base, path=CHAT)
    events, error = await read_until_error(stream)
    assert len(events) == 2
    assert isinstance(error, StreamTruncated)
    assert (error.partial, error.events, error.last_event) == ("so so ", 2, events[-1])
    assert [attempt.status for attempt in error.attempts] == [200]
    assert stream.outcome == "truncated"
    assert [event async for event in stream] == []


async def test_no_event_at_all_is_truncated_too(script: Script) -> None:
    _, error = await read_until_error(await script(base=OPENAI, path=CHAT))
    assert isinstance(error, StreamTruncated)
    assert error.events == 0


@pytest.mark.parametrize(
    ("pieces", "base", "outcome"),
    [
        ([GOING], BASE, "unknown"),
        ([], BASE, "unknown"),
        ([GOING, STOPPED], BASE, "complete"),
        ([GOING, STOPPED], OPENAI, "complete"),
        ([BEGUN, ENDED], BASE, "complete"),
        ([BEGUN, ENDED, SILENCE], BASE, "complete"),
        ([BEGUN, ENDED, httpx.ReadError("gone")], BASE, "complete"),
    ],
)
async def test_stream_without_terminator_that_is_not_truncated(
    pieces: list[Piece], base: str, outcome: str, script: Script
) -> None:
    stream = await script(*pieces, base=base, path=CHAT, event_gap=0.05)
    assert len([event async for event in stream]) == sum(isinstance(p, bytes) for p in pieces)
    assert stream.outcome == outcome


async def test_server_that_once_sent_its_terminator_is_expected_to(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault("ends=4")
    stream = await start(client)
    chunks = [chunk async for chunk in stream]
    assert stream.outcome == "unknown"
    async for _ in await start(client):
        pass
    emulator.fault("ends=4")
    stream = await start(client)
    events, error = await read_until_error(stream)
    assert events == chunks
    assert isinstance(error, StreamTruncated)
    assert error.partial == said(chunks)


async def test_broken_stream_tells_what_arrived(client: AsyncOpenAI, emulator: Emulator) -> None:
    emulator.fault("cut=1100")
    events, error = await read_until_error(await start(client))
    assert isinstance(error, APIConnectionError)
    assert (error.partial, error.events) == (said(events), len(events))
    assert error.last_event is events[-1]
    assert [attempt.status for attempt in error.attempts] == [200]


# The connection


async def test_connection_is_reused_after_the_terminator(
    narrow: AsyncOpenAI, emulator: Emulator
) -> None:
    for _ in range(10):
        async for _chunk in await start(narrow):
            pass
    assert connections(emulator) == 1
    assert narrow.pool_stats() == PoolStats(in_use=0, idle=1, waiting=0)


async def leave(stream: AsyncStream[Any], how: str) -> None:
    if how == "block":
        async with stream:
            async for _ in stream:
                break
        return
    if how != "unread":
        async for _ in stream:
            break
    await stream.close()


@pytest.mark.parametrize("how", ["close", "block", "unread"])
async def test_early_end_closes_the_connection(
    how: str, narrow: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault("stall-body=30; stall-after=300")
    await leave(await start(narrow), how)
    assert narrow.pool_stats() == PoolStats(in_use=0, idle=0, waiting=0)


@pytest.mark.parametrize("how", ["read", "unread"])
async def test_dropped_stream_frees_the_connection(
    how: str, narrow: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault("stall-body=30; stall-after=300")
    stream = await start(narrow)
    if how == "read":
        await anext(stream)
    del stream
    gc.collect()
    await narrow.models.list()
    assert connections(emulator) == 2
    assert narrow.pool_stats() == PoolStats(in_use=0, idle=1, waiting=0)


async def test_stream_outlives_the_variable_of_its_client(emulator: Emulator) -> None:
    stream = await start(AsyncOpenAI(api_key="k", base_url=emulator.base_url))
    gc.collect()
    assert said([chunk async for chunk in stream]) == SPOKEN


@pytest.mark.parametrize("fault", ["sse-error", "garbage-sse", "cut=900", "no-done"])
async def test_failed_stream_frees_the_connection(
    fault: str, narrow: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault(fault)
    stream = await start(narrow)
    try:
        async for _ in stream:
            pass
    except APIError:
        pass
    await narrow.models.list()


async def test_cancelled_stream_frees_the_connection(
    narrow: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault("stall-body=30; stall-after=300")
    stream = await start(narrow)
    with anyio.move_on_after(0.05) as scope:
        async for _ in stream:
            pass
    assert scope.cancelled_caught
    assert stream.outcome == "incomplete"
    await narrow.models.list()


async def test_silence_after_the_terminator_is_not_waited_for(
    narrow: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault(f"stall-body=30; stall-after={await size_of_stream(narrow, emulator)}")
    with anyio.fail_after(10):
        stream = await start(narrow)
        assert said([chunk async for chunk in stream]) == SPOKEN
        await narrow.models.list()
    assert stream.outcome == "complete"


async def size_of_stream(narrow: AsyncOpenAI, emulator: Emulator) -> int:
    body = {"model": "m", "messages": MESSAGES, "stream": True}
    whole: bytes = await narrow.post("/chat/completions", cast_to=bytes, body=body)
    return len(whole)


async def test_closing_from_another_task_ends_the_iteration(
    narrow: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault("stall-body=30; stall-after=300")
    stream = await start(narrow)
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
            await stream.aclose()
            assert narrow.pool_stats() == PoolStats(in_use=0, idle=0, waiting=0)
    assert stream.outcome == "incomplete"


async def test_second_reader_is_refused_and_the_first_goes_on(
    narrow: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault("stall-body=30; stall-after=300")
    stream = await start(narrow)
    async with anyio.create_task_group() as group:
        group.start_soon(read_until_closed, stream)
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(RuntimeError, match="being read"):
            await stream.fill()
        assert stream.outcome == "open"
        await stream.close()


async def read_until_closed(stream: AsyncStream[Any]) -> None:
    async for _ in stream:
        pass


class Stubborn:
    """An answer that brings nothing and takes for ever to close."""

    status = 200
    headers = Headers([("content-type", "text/event-stream")])
    http_version = "HTTP/1.1"
    abandoned = False

    async def receive(self) -> bytes:
        await anyio.sleep_forever()
        raise AssertionError

    read = receive

    async def close(self) -> None:
        await anyio.sleep_forever()

    def abandon(self) -> None:
        self.abandoned = True


class Pieces(Stubborn):
    """An answer that brings these pieces."""

    def __init__(self, *pieces: bytes) -> None:
        self.left = list(pieces)

    async def receive(self) -> bytes:
        return self.left.pop(0)

    async def close(self) -> None:
        pass


def stream_of(reply: Stubborn) -> AsyncStream[Any]:
    exchange = Exchange("POST", f"{BASE}/x", [], status=200, headers=reply.headers)
    return AsyncStream[Any](Answer(exchange, reply), object)


def stubborn() -> tuple[AsyncStream[Any], Stubborn]:
    reply = Stubborn()
    return stream_of(reply), reply


async def test_what_follows_the_terminator_is_read() -> None:
    reply = Pieces(DONE, b": bye\n\n", b"")
    assert [event async for event in stream_of(reply)] == []
    assert reply.left == []


async def test_not_much_is_read_after_the_terminator() -> None:
    reply = Pieces(DONE, *[bytes(16 * 1024)] * 100)
    assert [event async for event in stream_of(reply)] == []
    assert len(reply.left) == 96


async def test_closing_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_stream, "_CLOSING", 0.01)
    stream, reply = stubborn()
    await stream.close()
    assert reply.abandoned


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_second_cancellation_during_the_first_abandons_the_connection() -> None:
    stream, reply = stubborn()
    task = asyncio.create_task(stream.fill())
    for _ in range(2):
        await anyio.wait_all_tasks_blocked()
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert reply.abandoned
    assert stream.outcome == "incomplete"


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_stream_that_is_cancelled_twice_frees_the_connection(
    narrow: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault("stall-body=30; stall-after=300")
    task = asyncio.create_task(read_until_closed(await start(narrow)))
    await anyio.wait_all_tasks_blocked()
    task.cancel()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert narrow.pool_stats() == PoolStats(in_use=0, idle=0, waiting=0)


async def test_compressed_stream_that_is_left_frees_the_connection() -> None:
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        url = f"http://127.0.0.1:{port}"
        client = AsyncOpenAI(api_key="k", base_url=url, limits=Limits(max_connections=1))
        left = anyio.Event()

        async def serve(peer: anyio.abc.ByteStream) -> None:
            async with peer:
                await peer.receive()
                zipped = zlib.compressobj(wbits=31)
                body = zipped.compress(GOING + GOING) + zipped.flush(zlib.Z_SYNC_FLUSH)
                head = b"content-type: text/event-stream\r\ncontent-encoding: gzip\r\n"
                await peer.send(
                    b"HTTP/1.1 200 OK\r\n" + head + b"transfer-encoding: chunked\r\n\r\n"
                )
                await peer.send(b"%x\r\n%b\r\n" % (len(body), body))
                with contextlib.suppress(anyio.EndOfStream, anyio.BrokenResourceError):
                    await peer.receive()
            left.set()

        async with client, anyio.create_task_group() as group:
            group.start_soon(listener.serve, serve)
            stream = await start(client)
            assert said([await anext(stream)]) == "so "
            await stream.close()
            assert client.pool_stats() == PoolStats(in_use=0, idle=0, waiting=0)
            with anyio.fail_after(10):
                await left.wait()
            group.cancel_scope.cancel()


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

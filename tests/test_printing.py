"""`stream.print()`, awaited: the text as it arrives."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from typing import Any

import anyio
import httpx
import pytest

from openai_async import AsyncOpenAI, AsyncStream, StreamStalled, StreamTruncated
from openai_async._build import build
from openai_async._endings import text_of
from openai_async.emulator import Emulator
from openai_async.types.beta import AssistantStreamEvent
from openai_async.types.chat import ChatCompletionChunk
from openai_async.types.completions import Completion
from openai_async.types.responses import ResponseStreamEvent

MESSAGES: Any = [{"role": "user", "content": "one two three"}]
SPOKEN = "You said: one two three"


async def start(client: AsyncOpenAI, **options: Any) -> AsyncStream[Any]:
    return await client.chat.completions.create(
        model="m", messages=MESSAGES, stream=True, **options
    )


class Written(io.StringIO):
    """What was written, in pieces, and how much of it was flushed."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.flushed = 0

    def write(self, text: str) -> int:
        self.pieces.append(text)
        return super().write(text)

    def flush(self) -> None:
        self.flushed = len(self.pieces)


async def test_the_text_is_printed_and_returned(
    client: AsyncOpenAI, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = await start(client)
    assert await stream.print() == SPOKEN
    assert capsys.readouterr().out == f"{SPOKEN}\n"
    assert stream.outcome == "complete"


async def test_it_is_printed_piece_by_piece(client: AsyncOpenAI) -> None:
    written = Written()
    await (await start(client)).print(file=written)
    assert len(written.pieces) > 3
    assert written.flushed == len(written.pieces)


async def test_what_arrived_is_printed_before_more_comes(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault("stall-body=30; stall-after=900")
    written, stream = Written(), await start(client, event_gap=0.2)
    with pytest.raises(StreamStalled) as caught:
        await stream.print(file=written)
    assert written.getvalue() == f"{caught.value.partial}\n"
    assert len(written.getvalue()) > 1


async def test_it_goes_on_where_iterating_stopped(client: AsyncOpenAI) -> None:
    stream = await start(client)
    async for event in stream:
        if text_of(event):
            first = text_of(event)
            break
    assert first + await stream.print(file=io.StringIO()) == SPOKEN


async def test_the_stream_is_closed_if_printing_fails(client: AsyncOpenAI) -> None:
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError("The disk is full.")

    stream = await start(client)
    with pytest.raises(OSError, match="disk is full"):
        await stream.print(file=Broken())
    assert stream.outcome == "incomplete"


async def test_cancelling_ends_the_line_and_the_stream(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    class Cancelling(Written):
        def write(self, text: str) -> int:
            scope.cancel()
            return super().write(text)

    emulator.fault("stall-body=30; stall-after=900")
    written, stream = Cancelling(), await start(client)
    with anyio.CancelScope() as scope:
        await stream.print(file=written)
    assert written.getvalue().endswith("\n")
    assert stream.outcome == "incomplete"
    assert client.pool_stats().in_use == 0


async def test_without_a_console_nothing_is_printed(
    client: AsyncOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = await start(client)
    monkeypatch.setattr("sys.stdout", None)
    assert await stream.print() == SPOKEN


def answering(events: Iterable[dict[str, Any]]) -> httpx.MockTransport:
    body = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
    headers = {"content-type": "text/event-stream"}
    return httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, text=body))


async def printed(events: Iterable[dict[str, Any]], method: str, **params: Any) -> str:
    async with httpx.AsyncClient(transport=answering(events)) as http:
        client = AsyncOpenAI(api_key="k", base_url="https://api.test/v1", http_client=http)
        for name in method.split("."):
            client = getattr(client, name)
        stream: AsyncStream[Any] = await client(stream=True, **params)  # type: ignore[operator]
        written = io.StringIO()
        text = await stream.print(file=written)
    assert written.getvalue() == (f"{text}\n" if text else "")
    return text


async def test_responses_are_printed() -> None:
    names = ["response.created", "response.output_text.delta", "response.output_text.delta"]
    events = [{"type": name, "delta": f"{n} "} for n, name in enumerate(names)]
    events.append({"type": "response.completed", "response": {"id": "r"}})
    assert await printed(events, "responses.create", model="m", input="x") == "1 2 "


async def test_completions_are_printed() -> None:
    events = [{"choices": [{"index": 0, "text": word}]} for word in ("one ", "two\n")]
    events.append({"choices": [{"index": 0, "text": "", "finish_reason": "stop"}]})
    async with httpx.AsyncClient(transport=answering(events)) as http:
        client = AsyncOpenAI(api_key="k", base_url="https://api.test/v1", http_client=http)
        stream = await client.completions.create(model="m", prompt="x", stream=True)
        written = io.StringIO()
        assert await stream.print(file=written) == "one two\n"
    assert written.getvalue() == "one two\n"  # no second end of line


async def test_a_stream_without_text_prints_nothing() -> None:
    events = [{"type": "image_generation.completed", "b64_json": "AAAA"}]
    assert await printed(events, "images.generate", prompt="x") == ""


async def test_what_was_printed_before_a_failure_stands_on_a_line_of_its_own() -> None:
    events = [{"type": "response.output_text.delta", "delta": "one"}]
    written = io.StringIO()
    async with httpx.AsyncClient(transport=answering(events)) as http:
        client = AsyncOpenAI(api_key="k", base_url="https://api.test/v1", http_client=http)
        stream = await client.responses.create(model="m", input="x", stream=True)
        with pytest.raises(StreamTruncated):
            await stream.print(file=written)
    assert written.getvalue() == "one\n"


# The text of an event


@pytest.mark.parametrize("to", [ChatCompletionChunk, object])
@pytest.mark.parametrize(
    ("choices", "text"),
    [
        ([{"index": 0, "delta": {"content": "a"}}], "a"),
        ([{"index": 1, "delta": {"content": "b"}}], ""),
        ([{"index": 1, "delta": {"content": "b"}}, {"index": 0, "delta": {"content": "a"}}], "a"),
        ([{"delta": {"content": "a"}}], "a"),
        ([{"index": 0, "delta": {"content": None, "refusal": "no"}}], "no"),
        ([{"index": 0, "delta": None}], ""),
        ([], ""),
        (None, ""),
    ],
)
def test_text_of_chunks(choices: Any, text: str, to: Any) -> None:
    assert text_of(build(to, {"choices": choices})) == text


@pytest.mark.parametrize(
    ("to", "event", "text"),
    [
        (ResponseStreamEvent, {"type": "response.output_text.delta", "delta": "a"}, "a"),
        (ResponseStreamEvent, {"type": "response.refusal.delta", "delta": "no"}, "no"),
        (ResponseStreamEvent, {"type": "response.reasoning_text.delta", "delta": "hm"}, ""),
        (ResponseStreamEvent, {"type": "response.output_text.done", "text": "a"}, ""),
        (Completion, {"choices": [{"index": 0, "text": "a"}]}, "a"),
        (
            AssistantStreamEvent,
            {
                "event": "thread.message.delta",
                "data": {"delta": {"content": [{"type": "text", "text": {"value": "a"}}]}},
            },
            "a",
        ),
        (object, {"type": "new.delta", "delta": "a"}, ""),
        (object, "a", ""),
    ],
)
def test_text_of_events(to: Any, event: Any, text: str) -> None:
    assert text_of(build(to, event)) == text

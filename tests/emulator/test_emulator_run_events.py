from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from declared import misfits

from openai_async import APIError, AsyncOpenAI, AsyncStream
from openai_async.emulator import Emulator
from openai_async.types.beta import AssistantStreamEvent

pytestmark = pytest.mark.filterwarnings("ignore:The Assistants API:DeprecationWarning")

FUNCTION: Any = {"type": "function", "function": {"name": "look"}}
CODE: Any = {"type": "code_interpreter"}
BEGIN = ["run.created queued", "run.queued queued", "run.in_progress in_progress"]
STEP = ["run.step.created in_progress", "run.step.in_progress in_progress"]
MESSAGE = ["message.created in_progress", "message.in_progress in_progress"]
FIRST = ["created", *BEGIN, *STEP, *MESSAGE]
DELTA = "message.delta"
STEP_DELTA = "run.step.delta"
DONE = ["message.completed completed", "run.step.completed completed", "run.completed completed"]


async def begin(client: AsyncOpenAI, **more: Any) -> AsyncStream[AssistantStreamEvent]:
    assistant = await client.beta.assistants.create(model="gpt-4o")
    thread: Any = {"messages": [{"role": "user", "content": more.pop("said", "one two")}]}
    return await client.beta.threads.create_and_run(
        assistant_id=assistant.id, thread=thread, stream=True, **more
    )


def told(event: AssistantStreamEvent) -> str:
    """The name of an event without `thread.`, and the status of what it brings."""
    assert misfits(event) == []
    status = getattr(event.data, "status", None)
    name = event.event.removeprefix("thread.")
    return name if status is None else f"{name} {status}"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, [*FIRST, *[DELTA] * 4, *DONE]),
        ({"said": "draw x"}, [*FIRST, *[DELTA] * 5, *DONE]),
        (
            {"tools": [CODE]},
            [
                *("created", *BEGIN),
                *(*STEP, *[STEP_DELTA] * 5, "run.step.completed completed"),
                *(*STEP, *MESSAGE, *[DELTA] * 4, *DONE),
            ],
        ),
        (
            {"tools": [FUNCTION]},
            ["created", *BEGIN, *STEP, *[STEP_DELTA] * 2, "run.requires_action requires_action"],
        ),
        (
            {"model": "fails"},
            [
                *(*FIRST, *[DELTA] * 4),
                *("message.incomplete incomplete", "run.step.failed failed", "run.failed failed"),
            ],
        ),
        (
            {"model": "expires"},
            [
                *(*FIRST, *[DELTA] * 4),
                *("message.incomplete incomplete", "run.step.expired expired"),
                "run.expired expired",
            ],
        ),
        (
            {"model": "incomplete"},
            [
                *(*FIRST, *[DELTA] * 2),
                *("message.incomplete incomplete", "run.step.completed completed"),
                "run.incomplete incomplete",
            ],
        ),
    ],
)
async def test_order_of_events(
    client: AsyncOpenAI, asked: dict[str, Any], expected: list[str]
) -> None:
    assert [told(event) async for event in await begin(client, **asked)] == expected


async def test_stream_of_submitted_outputs(client: AsyncOpenAI) -> None:
    events = [event async for event in await begin(client, tools=[FUNCTION])]
    assert events[-1].event == "thread.run.requires_action"
    run = events[-1].data
    assert run.required_action is not None
    (call,) = run.required_action.submit_tool_outputs.tool_calls
    deltas = [event.data.delta for event in events if event.event == "thread.run.step.delta"]
    pieces: list[tuple[str | None, str]] = []
    for delta in deltas:
        assert delta.step_details is not None
        assert delta.step_details.type == "tool_calls"
        (piece,) = delta.step_details.tool_calls or []
        assert piece.type == "function"
        assert piece.function is not None
        pieces.append((piece.id, piece.function.arguments or ""))
    assert [identifier for identifier, _ in pieces] == [call.id, None]
    assert "".join(arguments for _, arguments in pieces) == call.function.arguments
    stream = await client.beta.threads.runs.submit_tool_outputs(
        run.id,
        thread_id=run.thread_id,
        tool_outputs=[{"tool_call_id": call.id, "output": "sun"}],
        stream=True,
    )
    assert [told(event) async for event in stream] == [
        *("run.step.completed completed", *BEGIN[1:], *STEP, *MESSAGE),
        *([DELTA] * 4),
        *DONE,
    ]


async def test_message_is_the_sum_of_its_deltas(client: AsyncOpenAI) -> None:
    values: list[str] = []
    message: Any = None
    async for event in await begin(client, said="draw one"):
        if event.event == "thread.message.delta":
            for part in event.data.delta.content or []:
                if part.type == "text":
                    assert part.text is not None
                    values.append(part.text.value or "")
                else:
                    assert part.type == "image_file"
        elif event.event == "thread.message.completed":
            message = event.data
    picture, text = message.content
    assert (picture.type, text.text.value) == ("image_file", "You said: draw one")
    assert "".join(values) == text.text.value
    listed = client.beta.threads.messages.list(message.thread_id)
    assert await anext(aiter(listed)) == message


async def test_stream_of_a_thread_that_is_there(client: AsyncOpenAI) -> None:
    assistant = await client.beta.assistants.create(model="gpt-4o")
    thread = await client.beta.threads.create(messages=[{"role": "user", "content": "hi"}])
    stream = await client.beta.threads.runs.create(
        thread.id, assistant_id=assistant.id, stream=True
    )
    events = [told(event) async for event in stream]
    assert events == [*FIRST[1:], *[DELTA] * 3, *DONE]


async def test_stream_waits_until_somebody_cancels(client: AsyncOpenAI) -> None:
    events: list[str] = []
    async for event in await begin(client, model="never-ends"):
        events.append(told(event))
        if event.event == "thread.message.created":
            run, threads = event.data.run_id, client.beta.threads
            assert run is not None
            thread = event.data.thread_id
            said = await anext(aiter(threads.messages.list(thread)))
            assert (said.id, said.status, said.content) == (event.data.id, "in_progress", [])
            found = [each async for each in threads.runs.steps.list(run, thread_id=thread)]
            assert [step.status for step in found] == ["in_progress"]
            await threads.runs.cancel(run, thread_id=thread)
    assert events == [
        *(*FIRST, *[DELTA] * 4, "run.cancelling cancelling"),
        *("message.incomplete incomplete", "run.step.cancelled cancelled"),
        "run.cancelled cancelled",
    ]


async def test_stream_of_a_run_cancelled_in_the_queue(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.settings.run_seconds = 1000
    events: list[str] = []
    async for event in await begin(client):
        events.append(told(event))
        if event.event == "thread.run.queued":
            emulator.settings.run_seconds = 0
            await client.beta.threads.runs.cancel(event.data.id, thread_id=event.data.thread_id)
    assert events == [
        *("created", *BEGIN[:2]),
        *("run.cancelling cancelling", "run.cancelled cancelled"),
    ]


async def test_runs_go_on_when_nobody_listens(client: AsyncOpenAI) -> None:
    async with await begin(client) as stream:
        async for event in stream:
            if event.event == "thread.run.in_progress":
                break
    run = await client.beta.threads.runs.retrieve(event.data.id, thread_id=event.data.thread_id)
    assert run.status == "completed"


async def test_error_in_the_stream_of_a_run(client: AsyncOpenAI, emulator: Emulator) -> None:
    emulator.fault("sse-error; message=Overloaded.; code=busy", path="/threads/runs")
    events: list[str] = []
    error: Any = None
    try:
        async for event in await begin(client):
            if event.event == "error":
                error = event.data
            else:
                events.append(told(event))
    except APIError as raised:
        error = raised
    assert events == ["created", *BEGIN[:2]]
    assert (error.message, error.code) == ("Overloaded.", "busy")


def lines(api: httpx.Client) -> Iterator[str]:
    api.headers["openai-beta"] = "assistants=v2"
    assistant = api.post("/assistants", json={"model": "gpt-4o"}).json()
    body = {"assistant_id": assistant["id"], "stream": True}
    with api.stream("POST", "/threads/runs", json=body) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        yield from response.iter_lines()


def test_events_on_the_wire(api: httpx.Client) -> None:
    first, second, third, *_ = found = [*lines(api)]
    assert (first, third) == ("event: thread.created", "")
    assert second.startswith('data: {"id":"thread_')
    assert found[-3:] == ["event: done", "data: [DONE]", ""]


def test_stream_of_a_run_may_lack_its_end(api: httpx.Client, emulator: Emulator) -> None:
    emulator.fault("no-done", path="/threads/runs")
    found = [*lines(api)]
    assert found[-3] == "event: thread.run.completed"
    assert "data: [DONE]" not in found


@pytest.mark.parametrize("stream", [False, True])
def test_emulator_stops_while_answers_never_end(stream: bool) -> None:
    body = {"model": "never-ends", "input": "x", "stream": stream}
    headers = {"authorization": "Bearer sk-test"}
    asked = threading.Event()

    def ask(url: str) -> None:
        with (
            httpx.Client(timeout=30, headers=headers) as client,
            client.stream("POST", url, json=body) as response,
        ):
            for line in response.iter_lines():
                if line == "event: response.output_text.delta":
                    asked.set()

    with ThreadPoolExecutor(1) as pool:
        with Emulator() as emulator:
            answer = pool.submit(ask, f"{emulator.base_url}/responses")
            while not (emulator.requests if not stream else asked.is_set()):
                threading.Event().wait(0.001)
        with pytest.raises(httpx.TransportError):
            answer.result(timeout=30)

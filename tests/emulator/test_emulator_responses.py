from __future__ import annotations

from typing import Any

import httpx
import pytest
from declared import misfits

from openai_async import AsyncOpenAI, BadRequestError, NotFoundError, StreamTruncated
from openai_async.emulator import Emulator
from openai_async.types.responses import Response, ResponseStreamEvent

TOOL: Any = {
    "type": "function",
    "name": "look",
    "strict": True,
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}
BEGIN = ["created in_progress", "in_progress in_progress"]
QUEUED = ["created queued", "queued queued", "in_progress in_progress"]
ITEM = ["output_item.added", "content_part.added"]
DELTA = "output_text.delta"
DONE = ["output_text.done", "content_part.done", "output_item.done"]
CALL = [
    "output_item.added",
    "function_call_arguments.delta",
    "function_call_arguments.delta",
    "function_call_arguments.done",
    "output_item.done",
]


async def create(client: AsyncOpenAI, **more: Any) -> Response:
    asked: dict[str, Any] = {"model": "gpt-5", "input": "one two", **more}
    response: Response = await client.responses.create(**asked)
    assert misfits(response) == []
    return response


async def look(client: AsyncOpenAI, made: Response) -> Response:
    response = await client.responses.retrieve(made.id)
    assert misfits(response) == []
    return response


async def test_response_is_answered_at_once(client: AsyncOpenAI, emulator: Emulator) -> None:
    emulator.settings.run_seconds = 1000
    made = await create(client)
    assert (made.status, made.output_text, made.background) == (
        "completed",
        "You said: one two",
        False,
    )
    assert await look(client, made) == made
    await client.responses.delete(made.id)
    with pytest.raises(NotFoundError, match="response"):
        await client.responses.retrieve(made.id)


async def test_response_in_the_background(client: AsyncOpenAI) -> None:
    made = await create(client, background=True)
    assert (made.status, made.output, made.usage) == ("queued", [], None)
    done = await look(client, made)
    assert (done.status, done.output_text) == ("completed", "You said: one two")
    assert done.usage is not None
    assert done.usage.total_tokens == done.usage.input_tokens + done.usage.output_tokens


async def test_background_takes_the_time_it_is_told(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.settings.run_seconds = 1000
    assert (await look(client, await create(client, background=True))).status == "queued"


@pytest.mark.parametrize("background", [False, True])
@pytest.mark.parametrize(
    ("asked", "status", "text"),
    [
        ({"model": "fails"}, "failed", ""),
        ({"model": "incomplete"}, "incomplete", "You said:"),
        ({"max_output_tokens": 3}, "incomplete", "You said: one"),
    ],
)
async def test_other_ends(
    client: AsyncOpenAI, background: bool, asked: dict[str, Any], status: str, text: str
) -> None:
    made = await look(client, await create(client, background=background, **asked))
    assert (made.status, made.output_text) == (status, text)
    assert (made.error is not None) == (status == "failed")
    assert (made.incomplete_details is not None) == (status == "incomplete")


async def test_background_is_cancelled(client: AsyncOpenAI) -> None:
    made = await create(client, model="never-ends", background=True)
    assert (await look(client, made)).status == "in_progress"
    cancelled = await client.responses.cancel(made.id)
    assert (cancelled.status, misfits(cancelled)) == ("cancelled", [])
    assert await client.responses.cancel(made.id) == cancelled
    done = await look(client, await create(client, background=True))
    assert await client.responses.cancel(done.id) == done
    with pytest.raises(BadRequestError, match="background"):
        await client.responses.cancel((await create(client)).id)


async def test_function_is_called_when_it_is_named(client: AsyncOpenAI) -> None:
    made = await create(client, input="please look", tools=[TOOL])
    (call,) = made.output
    assert call.type == "function_call"
    assert (call.name, call.arguments) == ("look", '{"city":"city"}')
    output: Any = [
        {"role": "user", "content": [{"type": "input_text", "text": "please look"}]},
        call,
        {"type": "function_call_output", "call_id": call.call_id, "output": "sun"},
    ]
    again = await create(client, input=output, tools=[TOOL], previous_response_id=made.id)
    assert again.output_text == "The tool said: sun"


async def test_structured_answer(client: AsyncOpenAI) -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    wanted = {"type": "json_schema", "name": "city", "schema": schema}
    made = await create(client, text={"format": wanted})
    assert made.output_text == '{"city":"city"}'


def told(event: ResponseStreamEvent) -> str:
    """The name of an event without `response.`, and the status of the response it brings."""
    assert misfits(event) == []
    response = getattr(event, "response", None)
    name = event.type.removeprefix("response.")
    return name if response is None else f"{name} {response.status}"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, [*BEGIN, *ITEM, *[DELTA] * 4, *DONE, "completed completed"]),
        (
            {"background": True},
            [*QUEUED, *ITEM, *[DELTA] * 4, *DONE, "completed completed"],
        ),
        (
            {"model": "incomplete"},
            [*BEGIN, *ITEM, *[DELTA] * 2, *DONE, "incomplete incomplete"],
        ),
        ({"model": "fails"}, [*BEGIN, *ITEM, *[DELTA] * 4, "failed failed"]),
        ({"input": "look", "tools": [TOOL]}, [*BEGIN, *CALL, "completed completed"]),
    ],
)
async def test_order_of_events(
    client: AsyncOpenAI, asked: dict[str, Any], expected: list[str]
) -> None:
    asked = {"model": "gpt-5", "input": "one two", "stream": True, **asked}
    events = [event async for event in await client.responses.create(**asked)]
    assert [told(event) for event in events] == expected
    assert [event.sequence_number for event in events] == [*range(len(events))]
    texts = [event.delta for event in events if event.type == "response.output_text.delta"]
    last = events[-1]
    if last.type in {"response.completed", "response.incomplete"}:
        assert "".join(texts) == last.response.output_text


async def test_stream_is_told_again(client: AsyncOpenAI) -> None:
    made = await create(client, background=True)
    whole = [event async for event in await client.responses.retrieve(made.id, stream=True)]
    assert [told(event) for event in whole] == [
        *(*QUEUED, *ITEM),
        *([DELTA] * 4),
        *(*DONE, "completed completed"),
    ]
    rest = await client.responses.retrieve(made.id, stream=True, starting_after=4)
    assert [event async for event in rest] == whole[5:]


async def test_stream_waits_until_somebody_cancels(client: AsyncOpenAI) -> None:
    stream = await client.responses.create(
        model="never-ends", input="x", background=True, stream=True
    )
    events: list[str] = []

    async def read() -> None:
        async for event in stream:
            events.append(told(event))
            if event.type == "response.in_progress":
                await client.responses.cancel(event.response.id)

    with pytest.raises(StreamTruncated):  # no event tells that it was cancelled
        await read()
    assert events == [*QUEUED, *ITEM, *[DELTA] * 3]


def test_answer_that_never_ends(emulator: Emulator, api: httpx.Client) -> None:
    with pytest.raises(httpx.ReadTimeout):
        api.post("/responses", json={"model": "never-ends", "input": "x"}, timeout=0.05)
    assert len(emulator.requests) == 1


def test_events_on_the_wire(api: httpx.Client) -> None:
    body = {"model": "gpt-5", "input": "x", "stream": True}
    lines = api.post("/responses", json=body).text.splitlines()
    assert lines[0] == "event: response.created"
    assert lines[1].startswith('data: {"type":"response.created","response":{"id":"resp_')
    assert lines[-3] == "event: response.completed"
    assert "data: [DONE]" not in lines


def test_error_on_the_wire(api: httpx.Client, emulator: Emulator) -> None:
    emulator.fault("sse-error; message=Overloaded.; code=busy")
    body = {"model": "gpt-5", "input": "x", "stream": True}
    lines = api.post("/responses", json=body).text.splitlines()
    assert lines[-3] == "event: error"
    assert lines[-2] == (
        'data: {"type":"error","code":"busy","message":"Overloaded.","param":null,'
        '"sequence_number":3}'
    )


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"input": "x"}, "model"),
        ({"model": "gpt-5"}, "input"),
        ({"model": "gpt-5", "input": [1]}, "input"),
        ({"model": "gpt-5", "input": [{"type": "message"}]}, "input.role"),
        ({"model": "gpt-5", "input": "x", "tools": 1}, "tools"),
        ({"model": "gpt-5", "input": "x", "max_output_tokens": 0}, "max_output_tokens"),
        ({"model": "gpt-5", "input": "x", "previous_response_id": "r"}, "previous_response_id"),
    ],
)
def test_bad_request_names_its_param(api: httpx.Client, body: dict[str, Any], param: str) -> None:
    response = api.post("/responses", json=body)
    assert (response.status_code, response.json()["error"]["param"]) == (400, param)


def test_bad_number_of_an_event(api: httpx.Client) -> None:
    made = api.post("/responses", json={"model": "gpt-5", "input": "x"}).json()
    query = {"stream": "true", "starting_after": "x"}
    response = api.get(f"/responses/{made['id']}", params=query)
    assert (response.status_code, response.json()["error"]["param"]) == (400, "starting_after")

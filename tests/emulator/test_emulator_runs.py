from __future__ import annotations

from typing import Any

import httpx
import pytest
from declared import misfits

from openai_async import AsyncOpenAI, BadRequestError, NotFoundError
from openai_async.emulator import Emulator
from openai_async.types.beta import Thread
from openai_async.types.beta.threads import Message, Run
from openai_async.types.beta.threads.runs import RunStep

pytestmark = pytest.mark.filterwarnings("ignore:The Assistants API:DeprecationWarning")


def function(name: str) -> Any:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    return {"type": "function", "function": {"name": name, "parameters": schema}}


async def begin(client: AsyncOpenAI, said: str = "hello", **more: Any) -> Run:
    assistant = await client.beta.assistants.create(model="gpt-4o", instructions="Be kind.")
    thread: Any = {"messages": [{"role": "user", "content": said}]}
    run = await client.beta.threads.create_and_run(assistant_id=assistant.id, thread=thread, **more)
    assert misfits(run) == []
    return run


async def look(client: AsyncOpenAI, run: Run) -> Run:
    run = await client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
    assert misfits(run) == []
    return run


async def cancel(client: AsyncOpenAI, run: Run) -> Run:
    return await client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)


async def submit(client: AsyncOpenAI, run: Run, **outputs: str) -> Run:
    """Send outputs by the names of functions."""
    assert run.required_action is not None
    calls = run.required_action.submit_tool_outputs.tool_calls
    return await client.beta.threads.runs.submit_tool_outputs(
        run.id,
        thread_id=run.thread_id,
        tool_outputs=[
            {"tool_call_id": call.id, "output": outputs[call.function.name]}
            for call in calls
            if call.function.name in outputs
        ],
    )


async def steps(client: AsyncOpenAI, run: Run) -> list[RunStep]:
    listed = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id, order="asc")
    found = [step async for step in listed]
    assert [text for step in found for text in misfits(step)] == []
    return found


async def messages(client: AsyncOpenAI, run: Run) -> list[Message]:
    listed = client.beta.threads.messages.list(run.thread_id, order="asc")
    found = [message async for message in listed]
    assert [text for message in found for text in misfits(message)] == []
    return found


def text(message: Message) -> str:
    return "".join(part.text.value for part in message.content if part.type == "text")


async def test_run_is_queued_and_then_done(client: AsyncOpenAI) -> None:
    run = await begin(client)
    assert (run.status, run.started_at, run.usage) == ("queued", None, None)
    done = await look(client, run)
    assert (done.status, done.instructions, done.expires_at) == ("completed", "Be kind.", None)
    assert done.completed_at is not None
    asked, said = await messages(client, run)
    assert (asked.role, text(asked), asked.run_id) == ("user", "hello", None)
    assert (said.role, text(said), said.run_id) == ("assistant", "You said: hello", run.id)
    assert (said.status, said.assistant_id) == ("completed", run.assistant_id)
    (step,) = await steps(client, run)
    assert (step.type, step.status) == ("message_creation", "completed")
    assert step.step_details.type == "message_creation"
    assert step.step_details.message_creation.message_id == said.id
    again = await client.beta.threads.runs.steps.retrieve(
        step.id, thread_id=run.thread_id, run_id=run.id
    )
    assert again == step


async def test_run_takes_the_time_it_is_told(client: AsyncOpenAI, emulator: Emulator) -> None:
    emulator.settings.run_seconds = 1000
    run = await look(client, await begin(client))
    assert run.status == "queued"
    assert len(await messages(client, run)) == 1
    assert await steps(client, run) == []


@pytest.mark.parametrize(
    ("model", "status", "said"),
    [
        ("fails", "failed", []),
        ("expires", "expired", []),
        ("incomplete", "incomplete", ["You said:"]),
    ],
)
async def test_other_ends(client: AsyncOpenAI, model: str, status: str, said: list[str]) -> None:
    run = await look(client, await begin(client, "one two", model=model))
    assert (run.status, run.model) == (status, model)
    assert (run.last_error is not None) == (status == "failed")
    assert (run.incomplete_details is not None) == (status == "incomplete")
    assert [text(message) for message in (await messages(client, run))[1:]] == said


async def test_words_may_be_limited(client: AsyncOpenAI) -> None:
    run = await look(client, await begin(client, "one two", max_completion_tokens=3))
    assert run.status == "incomplete"
    said = (await messages(client, run))[-1]
    assert (text(said), said.status) == ("You said: one", "incomplete")


async def test_run_that_never_ends_is_cancelled(client: AsyncOpenAI) -> None:
    run = await begin(client, model="never-ends")
    assert [(await look(client, run)).status for _ in range(2)] == ["in_progress"] * 2
    assert (await cancel(client, run)).status == "cancelling"
    run = await look(client, run)
    assert (run.status, run.completed_at) == ("cancelled", None)
    assert run.cancelled_at is not None
    with pytest.raises(BadRequestError, match="'cancelled'"):
        await cancel(client, run)


async def test_functions_need_outputs(client: AsyncOpenAI) -> None:
    run = await begin(client, tools=[function("weather"), function("news")])
    run = await look(client, run)
    assert run.status == "requires_action"
    assert run.required_action is not None
    calls = run.required_action.submit_tool_outputs.tool_calls
    assert [(call.function.name, call.function.arguments) for call in calls] == [
        ("weather", '{"city":"city"}'),
        ("news", '{"city":"city"}'),
    ]
    (step,) = await steps(client, run)
    assert (step.type, step.status) == ("tool_calls", "in_progress")
    with pytest.raises(BadRequestError, match="outputs are expected"):
        await submit(client, run, weather="sun")
    assert (await submit(client, run, weather="sun", news="none")).status == "queued"
    assert (await look(client, run)).status == "completed"
    first, last = await steps(client, run)
    assert first.step_details.type == "tool_calls"
    outputs = [
        call.function.output for call in first.step_details.tool_calls if call.type == "function"
    ]
    assert (first.status, outputs) == ("completed", ["sun", "none"])
    assert last.type == "message_creation"
    assert text((await messages(client, run))[-1]) == "The tool said: none"
    with pytest.raises(BadRequestError, match="does not accept"):
        await client.beta.threads.runs.submit_tool_outputs(
            run.id, thread_id=run.thread_id, tool_outputs=[]
        )


async def test_functions_may_be_called_one_after_another(client: AsyncOpenAI) -> None:
    tools = [function("weather"), function("news")]
    run = await look(client, await begin(client, tools=tools, parallel_tool_calls=False))
    await submit(client, run, weather="sun")
    run = await look(client, run)
    assert run.status == "requires_action"
    await submit(client, run, news="none")
    assert (await look(client, run)).status == "completed"
    assert [step.type for step in await steps(client, run)] == [
        "tool_calls",
        "tool_calls",
        "message_creation",
    ]


@pytest.mark.parametrize(
    ("choice", "called"),
    [
        ("auto", ["weather", "news"]),
        ("none", []),
        ({"type": "function", "function": {"name": "news"}}, ["news"]),
    ],
)
async def test_tools_are_chosen(client: AsyncOpenAI, choice: Any, called: list[str]) -> None:
    tools = [function("weather"), function("news")]
    run = await look(client, await begin(client, tools=tools, tool_choice=choice))
    action = run.required_action
    calls = action.submit_tool_outputs.tool_calls if action is not None else []
    assert [call.function.name for call in calls] == called


async def test_run_that_waits_for_outputs_is_cancelled(client: AsyncOpenAI) -> None:
    run = await look(client, await begin(client, tools=[function("weather")]))
    await cancel(client, run)
    assert (await look(client, run)).status == "cancelled"
    (step,) = await steps(client, run)
    assert (step.status, step.cancelled_at is not None) == ("cancelled", True)


async def test_tools_of_the_server_and_a_picture(client: AsyncOpenAI) -> None:
    tools = [{"type": "code_interpreter"}, {"type": "file_search"}]
    run = await look(client, await begin(client, "draw a cat", tools=tools))
    assert run.status == "completed"
    code, search, last = await steps(client, run)
    assert code.step_details.type == search.step_details.type == "tool_calls"
    (call,) = code.step_details.tool_calls
    assert call.type == "code_interpreter"
    assert [output.type for output in call.code_interpreter.outputs] == ["logs", "image"]
    assert [each.type for each in search.step_details.tool_calls] == ["file_search"]
    assert last.type == "message_creation"
    picture, _ = (await messages(client, run))[-1].content
    assert picture.type == "image_file"
    content = await client.files.content(picture.image_file.file_id)
    assert content.content.startswith(b"\x89PNG")


async def test_one_run_at_a_time(client: AsyncOpenAI) -> None:
    run = await begin(client, model="never-ends")
    threads, again = client.beta.threads, {"assistant_id": run.assistant_id}
    with pytest.raises(BadRequestError, match="active run"):
        await threads.runs.create(run.thread_id, **again)
    with pytest.raises(BadRequestError, match="is active"):
        await threads.messages.create(run.thread_id, role="user", content="more")
    await cancel(client, run)
    await look(client, run)
    extra: Any = [{"role": "user", "content": [{"type": "text", "text": "another"}]}]
    second = await threads.runs.create(run.thread_id, additional_messages=extra, **again)
    said = await messages(client, second)
    assert [text(message) for message in said] == ["hello", "another", "You said: another"]
    runs = [each.id async for each in threads.runs.list(run.thread_id, order="asc")]
    assert runs == [run.id, second.id]


async def test_threads_and_assistants(client: AsyncOpenAI) -> None:
    assistant = await client.beta.assistants.create(model="gpt-4o", name="A")
    assert misfits(assistant) == []
    updated = await client.beta.assistants.update(assistant.id, name="B")
    assert await client.beta.assistants.retrieve(assistant.id) == updated
    assert [each.name async for each in client.beta.assistants.list()] == ["B"]
    assert misfits(await client.beta.assistants.delete(assistant.id)) == []
    with pytest.raises(NotFoundError):
        await client.beta.assistants.retrieve(assistant.id)
    thread = await client.beta.threads.create()
    assert (misfits(thread), type(thread)) == ([], Thread)
    thread = await client.beta.threads.update(thread.id, metadata={"a": "b"})
    assert (await client.beta.threads.retrieve(thread.id)).metadata == {"a": "b"}
    made = await client.beta.threads.messages.create(thread.id, role="user", content="hi")
    assert misfits(made) == []
    found = await client.beta.threads.messages.retrieve(made.id, thread_id=thread.id)
    assert found == made
    assert (await client.beta.threads.delete(thread.id)).deleted
    with pytest.raises(NotFoundError, match="thread"):
        await client.beta.threads.retrieve(thread.id)


def test_the_version_of_the_api_is_demanded(api: httpx.Client) -> None:
    for headers in ({}, {"openai-beta": "assistants=v1"}):
        response = api.post("/threads", json={}, headers=headers)
        assert (response.status_code, response.json()["error"]["code"]) == (400, "invalid_beta")
        assert "assistants=v2" in response.json()["error"]["message"]
    both = {"openai-beta": "realtime=v1, assistants=v2"}
    assert api.post("/threads", json={}, headers=both).status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({}, 400, "assistant_id"),
        ({"assistant_id": "asst_x"}, 404, "id"),
        ({"tools": 1}, 400, "tools"),
        ({"tools": [{"type": "other"}]}, 400, "tools"),
        ({"tools": [{"type": "function"}]}, 400, "tools"),
        ({"additional_messages": [{"role": "x"}]}, 400, "additional_messages[0].role"),
        ({"additional_messages": [{"role": "user"}]}, 400, "additional_messages[0].content"),
        ({"model": 1}, 400, "model"),
    ],
)
def test_bad_runs_name_their_param(
    api: httpx.Client, body: dict[str, Any], status: int, param: str
) -> None:
    api.headers["openai-beta"] = "assistants=v2"
    thread = api.post("/threads").json()
    assistant = api.post("/assistants", json={"model": "gpt-4o"}).json()
    if "assistant_id" not in body and body:
        body = {"assistant_id": assistant["id"], **body}
    response = api.post(f"/threads/{thread['id']}/runs", json=body)
    assert (response.status_code, response.json()["error"]["param"]) == (status, param)
    assert api.get(f"/threads/{thread['id']}/messages").json()["data"] == []

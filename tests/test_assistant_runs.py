"""Handlers of assistant streams and a server: whole runs, and what becomes of the connection."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from assistant_faces import FACES, HOOKS, Face

from openai_async import AsyncAssistantEventHandler, AsyncOpenAI
from openai_async.emulator import Emulator
from openai_sync import AssistantEventHandler, OpenAI

pytestmark = pytest.mark.filterwarnings("ignore:The Assistants API is deprecated")

#: How long anything may take before a test fails instead of hanging.
PATIENCE = 20

ADD: Any = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
CODE: Any = {"type": "code_interpreter"}
SEARCH: Any = {"type": "file_search"}


class Talk:
    """An assistant, and a thread in which something was said."""

    def __init__(self, face: Face, client: Any, assistant: str, thread: str) -> None:
        self.face, self.client = face, client
        self.assistant, self.thread = assistant, thread

    @property
    def runs(self) -> Any:
        return self.client.beta.threads.runs

    def stream(self, handler: Any = None, **more: Any) -> Any:
        given = {} if handler is None else {"event_handler": handler}
        return self.runs.stream(self.thread, assistant_id=self.assistant, **given, **more)

    def answer(self, run: Any, handler: Any, output: str = "3") -> Any:
        """The stream of a run that gets `output` for all it called."""
        calls = run.required_action.submit_tool_outputs.tool_calls
        outputs = [{"tool_call_id": call.id, "output": output} for call in calls]
        return self.runs.submit_tool_outputs_stream(
            run.id, thread_id=run.thread_id, tool_outputs=outputs, event_handler=handler
        )


@pytest.fixture(params=FACES, ids=lambda face: type(face).__name__.lower())
async def talk(request: pytest.FixtureRequest, emulator: Emulator) -> AsyncIterator[Talk]:
    face: Face = request.param
    client: Any = face.client(api_key="sk-test", base_url=emulator.base_url)
    threads = client.beta.threads
    said: Any = [{"role": "user", "content": "draw one two"}]
    assistant = await face.do(client.beta.assistants.create, model="m")
    thread = await face.do(threads.create, messages=said)
    yield Talk(face, client, assistant.id, thread.id)
    await face.do(client.close)


def names(handler: Any) -> list[str]:
    return [name for name, *_ in handler.called]


def given(handler: Any, hook: str) -> list[Any]:
    """The first argument of each call of `hook`."""
    return [arguments[0] for name, *arguments in handler.called if name == hook]


async def test_every_hook(talk: Talk) -> None:
    asked, answered = talk.face.handler(), talk.face.handler()
    stream = talk.stream(asked, tools=[CODE, SEARCH, ADD])
    run = await talk.face.call(stream, "get_final_run")
    assert run.status == "requires_action"
    messages = await talk.face.call(talk.answer(run, answered), "get_final_messages")
    picture, text = messages[-1].content
    assert (picture.type, text.text.value) == ("image_file", "The tool said: 3")
    called = {*names(asked), *names(answered)}
    assert set(HOOKS) - called == {"on_timeout", "on_exception"}

    kinds = ["code_interpreter", "file_search", "function"]
    assert [call.type for call in given(asked, "on_tool_call_created")] == kinds
    assert [call.type for call in given(asked, "on_tool_call_done")] == kinds
    code, _, function = given(asked, "on_tool_call_done")
    assert code.code_interpreter.input == "print(sum(range(10)))"
    assert [output.type for output in code.code_interpreter.outputs] == ["logs", "image"]
    (required,) = run.required_action.submit_tool_outputs.tool_calls
    assert function.id == required.id
    assert function.function.arguments == required.function.arguments
    assert given(answered, "on_run_step_done")[0].step_details.tool_calls[0].function.output == "3"
    assert given(answered, "on_image_file_done") == [picture.image_file]
    assert given(answered, "on_text_done") == [text.text]


async def test_snapshots_become_what_the_server_says_in_the_end(talk: Talk) -> None:
    grown: dict[str, Any] = {}

    def keep(handler: Any, event: Any) -> None:
        if event.event.endswith(".delta"):
            shown = (handler.current_message_snapshot, handler.current_run_step_snapshot)
            grown[event.data.id] = shown["step" in event.event].to_dict()

    handler = talk.face.handler(on_event=keep)
    await talk.face.call(talk.stream(handler, tools=[CODE]), "until_done")
    (message,) = given(handler, "on_message_done")
    assert grown[message.id]["content"] == message.to_dict()["content"]
    step = given(handler, "on_run_step_done")[0]
    assert grown[step.id]["step_details"] == step.to_dict()["step_details"]


@pytest.mark.parametrize(
    ("model", "run", "message", "step"),
    [
        ("m", "completed", "completed", "completed"),
        ("fails", "failed", "incomplete", "failed"),
        ("incomplete", "incomplete", "incomplete", "completed"),
        ("expires", "expired", "incomplete", "expired"),
    ],
)
async def test_how_runs_end(model: str, run: str, message: str, step: str, talk: Talk) -> None:
    handler = talk.face.handler()
    final = await talk.face.call(talk.stream(handler, model=model), "get_final_run")
    assert final.status == run
    assert [each.status for each in given(handler, "on_message_done")] == [message]
    assert [each.status for each in given(handler, "on_run_step_done")] == [step]
    assert names(handler).count("on_text_done") == 1
    assert "on_exception" not in names(handler)


async def test_every_method(talk: Talk, emulator: Emulator) -> None:
    threads = talk.client.beta.threads
    begun = await talk.face.events(talk.stream())
    await talk.face.call(
        talk.runs.create_and_stream(talk.thread, assistant_id=talk.assistant, tools=[ADD]),
        "until_done",
    )
    handler = talk.face.handler()
    stream = threads.create_and_run_stream(
        assistant_id=talk.assistant, event_handler=handler, tools=[ADD]
    )
    run = await talk.face.call(stream, "get_final_run")
    await talk.face.call(talk.answer(run, talk.face.handler()), "until_done")
    assert begun[0].event == "thread.run.created"
    assert given(handler, "on_event")[0].event == "thread.created"
    assert [
        (
            each.headers["x-stainless-stream-helper"],
            each.headers["x-stainless-custom-event-handler"],
        )
        for each in emulator.requests[-4:]
    ] == [
        ("threads.runs.create_and_stream", "false"),
        ("threads.runs.create_and_stream", "false"),
        ("threads.create_and_run_stream", "true"),
        ("threads.runs.submit_tool_outputs_stream", "true"),
    ]


# What a hook may do


async def test_answering_in_an_awaited_hook(client: AsyncOpenAI) -> None:
    """The way of the guides: another handler goes on where this one is."""
    runs, said = client.beta.threads.runs, list[str]()

    class Answering(AsyncAssistantEventHandler):
        async def on_event(self, event: Any) -> None:
            if event.event == "thread.run.requires_action":
                (call,) = event.data.required_action.submit_tool_outputs.tool_calls
                async with runs.submit_tool_outputs_stream(
                    event.data.id,
                    thread_id=event.data.thread_id,
                    tool_outputs=[{"tool_call_id": call.id, "output": "3"}],
                    event_handler=Answering(),
                ) as handler:
                    async for text in handler.text_deltas:
                        said.append(text)  # as users write it

    assistant = await client.beta.assistants.create(model="m", tools=[ADD])
    async with client.beta.threads.create_and_run_stream(
        assistant_id=assistant.id, event_handler=Answering()
    ) as handler:
        await handler.until_done()
    assert "".join(said) == "The tool said: 3"
    assert client.pool_stats().in_use == 0


def test_answering_in_a_blocking_hook(sync_client: OpenAI) -> None:
    runs, said = sync_client.beta.threads.runs, list[str]()

    class Answering(AssistantEventHandler):
        def on_event(self, event: Any) -> None:
            if event.event == "thread.run.requires_action":
                (call,) = event.data.required_action.submit_tool_outputs.tool_calls
                with runs.submit_tool_outputs_stream(
                    event.data.id,
                    thread_id=event.data.thread_id,
                    tool_outputs=[{"tool_call_id": call.id, "output": "3"}],
                    event_handler=Answering(),
                ) as handler:
                    said.extend(handler.text_deltas)

    assistant = sync_client.beta.assistants.create(model="m", tools=[ADD])
    with sync_client.beta.threads.create_and_run_stream(
        assistant_id=assistant.id, event_handler=Answering()
    ) as handler:
        handler.until_done()
    assert "".join(said) == "The tool said: 3"
    assert sync_client.pool_stats().in_use == 0


# Its connection


def fail(*_: object) -> None:
    raise LookupError


@pytest.mark.parametrize("most", [1, 5])
async def test_leaving_frees_the_connection(most: int, talk: Talk) -> None:
    handler = talk.face.handler()
    await talk.face.events(talk.stream(handler, model="never-ends"), most)
    assert talk.client.pool_stats().in_use == 0
    assert names(handler).count("on_event") == most
    assert names(handler)[-1] == "on_end"


async def test_an_error_of_a_hook_frees_the_connection(talk: Talk) -> None:
    handler = talk.face.handler(on_text_created=fail)
    with pytest.raises(LookupError):
        await talk.face.call(talk.stream(handler, model="never-ends"), "until_done")
    assert talk.client.pool_stats().in_use == 0


async def test_after_the_end_the_connection_is_used_again(talk: Talk, emulator: Emulator) -> None:
    for _ in range(2):
        await talk.face.call(talk.stream(), "until_done")
    assert len({request.port for request in emulator.requests}) == 1


# Several tasks. The run says all it has to say, and goes on for ever.


@pytest.fixture
async def endless(client: AsyncOpenAI) -> Any:
    """A manager of such a run, and its handler."""
    assistant = await client.beta.assistants.create(model="never-ends")
    handler = FACES[0].handler()
    stream = client.beta.threads.create_and_run_stream(
        assistant_id=assistant.id, event_handler=handler
    )
    return stream, handler


async def test_cancelling_a_reader(endless: Any, client: AsyncOpenAI) -> None:
    stream, handler = endless
    with anyio.fail_after(PATIENCE), anyio.CancelScope() as scope:
        async with anyio.create_task_group() as tasks, stream as entered:
            async for event in entered:
                if event.event == "thread.message.delta" and not scope.cancel_called:
                    tasks.start_soon(_run, scope.cancel)
    assert scope.cancelled_caught
    assert names(handler)[-1] == "on_end"
    assert names(handler).count("on_end") == 1
    assert "on_exception" not in names(handler)
    assert client.pool_stats().in_use == 0


async def _run(function: Any) -> None:
    function()


async def test_closing_by_another_task(endless: Any, client: AsyncOpenAI) -> None:
    stream, handler = endless
    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as tasks, stream as entered:
            async for event in entered:
                if event.event == "thread.message.created":
                    tasks.start_soon(entered.close)
    assert names(handler)[-1] == "on_end"
    assert names(handler).count("on_end") == 1
    assert "on_exception" not in names(handler)
    assert client.pool_stats().in_use == 0


async def test_a_second_reader_is_refused_and_harms_nobody(endless: Any) -> None:
    stream, handler = endless
    refused = []

    async def intrude() -> None:
        with pytest.raises(RuntimeError, match="another task"):
            await anext(handler)
        refused.append(True)
        await handler.close()

    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as tasks, stream:
            async for event in handler:
                if event.event == "thread.message.created":
                    tasks.start_soon(intrude)
    assert refused
    assert "on_exception" not in names(handler)

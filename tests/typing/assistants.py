"""What type checkers know about handlers of assistant streams."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from typing_extensions import assert_type, override

from openai_async import AsyncAssistantEventHandler, AsyncAssistantStreamManager, AsyncOpenAI
from openai_async.types.beta import AssistantStreamEvent
from openai_async.types.beta.threads import ImageFile, Message, MessageDelta, Run, Text, TextDelta
from openai_async.types.beta.threads.runs import RunStep, RunStepDelta, ToolCall, ToolCallDelta
from openai_sync import AssistantEventHandler, AssistantStreamManager, OpenAI


class Awaited(AsyncAssistantEventHandler):
    """With hooks that are spelled as users spell them."""

    @override
    async def on_event(self, event: AssistantStreamEvent) -> None:
        assert_type(self.current_event, AssistantStreamEvent | None)
        assert_type(self.current_run, Run | None)
        assert_type(self.current_run_step_snapshot, RunStep | None)
        assert_type(self.current_message_snapshot, Message | None)
        if event.event == "thread.run.requires_action":
            assert_type(event.data, Run)

    @override
    async def on_text_delta(self, delta: TextDelta, snapshot: Text) -> None:
        assert_type(delta.value, str | None)
        assert_type(snapshot.value, str)

    @override
    async def on_tool_call_delta(self, delta: ToolCallDelta, snapshot: ToolCall) -> None:
        if delta.type == "function" and delta.function is not None:
            assert_type(delta.function.arguments, str | None)

    @override
    async def on_run_step_delta(self, delta: RunStepDelta, snapshot: RunStep) -> None: ...

    @override
    async def on_exception(self, exception: Exception) -> None: ...

    @override
    async def on_end(self) -> None: ...


class Blocking(AssistantEventHandler):
    @override
    def on_message_delta(self, delta: MessageDelta, snapshot: Message) -> None:
        assert_type(snapshot, Message)

    @override
    def on_tool_call_done(self, tool_call: ToolCall) -> None:
        if tool_call.type == "function":
            assert_type(tool_call.function.arguments, str)

    @override
    def on_image_file_done(self, image_file: ImageFile) -> None:
        assert_type(image_file.file_id, str)

    @override
    def on_timeout(self) -> None: ...


async def awaited(client: AsyncOpenAI, mine: Awaited) -> None:
    runs = client.beta.threads.runs
    plain = runs.stream("thread_1", assistant_id="asst_1")
    assert_type(plain, AsyncAssistantStreamManager[AsyncAssistantEventHandler])
    async with runs.stream("thread_1", assistant_id="asst_1", event_handler=mine) as handler:
        assert_type(handler, Awaited)
        async for event in handler:
            assert_type(event, AssistantStreamEvent)
        assert_type(handler.text_deltas, AsyncIterator[str])
        async for text in handler.text_deltas:
            assert_type(text, str)
        assert_type(await handler.until_done(), None)
        assert_type(await handler.get_final_run(), Run)
        assert_type(await handler.get_final_run_steps(), list[RunStep])
        assert_type(await handler.get_final_messages(), list[Message])
    begun = client.beta.threads.create_and_run_stream(assistant_id="asst_1", event_handler=mine)
    assert_type(begun, AsyncAssistantStreamManager[Awaited])
    submitted = runs.submit_tool_outputs_stream(
        "run_1", thread_id="thread_1", tool_outputs=[], event_handler=Awaited()
    )
    assert_type(submitted, AsyncAssistantStreamManager[Awaited])


def blocking(client: OpenAI) -> None:
    runs = client.beta.threads.runs
    plain = runs.create_and_stream("thread_1", assistant_id="asst_1")
    assert_type(plain, AssistantStreamManager[AssistantEventHandler])
    with runs.stream("thread_1", assistant_id="asst_1", event_handler=Blocking()) as handler:
        assert_type(handler, Blocking)
        for event in handler:
            assert_type(event, AssistantStreamEvent)
        assert_type(handler.text_deltas, Iterator[str])
        assert_type(handler.until_done(), None)
        assert_type(handler.get_final_run(), Run)
        assert_type(handler.get_final_run_steps(), list[RunStep])
        assert_type(handler.get_final_messages(), list[Message])
    begun = client.beta.threads.create_and_run_stream(assistant_id="asst_1")
    assert_type(begun, AssistantStreamManager[AssistantEventHandler])

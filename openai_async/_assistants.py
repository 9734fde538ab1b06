"""Handlers of assistant streams: classes whose methods are called as a run goes on.

    class Printing(AsyncAssistantEventHandler):
        async def on_text_delta(self, delta, snapshot):
            print(delta.value or "", end="", flush=True)

`assistant_stream` is what methods such as `runs.stream` end with. Nothing is sent before the
manager is entered that they return.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ._assistant_events import EventHandling, Send

if TYPE_CHECKING:
    from .types.beta import AssistantStreamEvent
    from .types.beta.threads import (
        ImageFile,
        Message,
        MessageDelta,
        Run,
        Text,
        TextDelta,
    )
    from .types.beta.threads.runs import RunStep, RunStepDelta, ToolCall, ToolCallDelta


class AsyncAssistantEventHandler(EventHandling):
    """What happens in a run, as it happens: make a subclass with the hooks that you need.

        class Printing(AsyncAssistantEventHandler):
            async def on_text_delta(self, delta, snapshot):
                print(delta.value or "", end="", flush=True)

        async with client.beta.threads.runs.stream(
            thread.id, assistant_id=assistant.id, event_handler=Printing()
        ) as handler:
            await handler.until_done()

    Hooks are called while a task reads: iterates over the handler, which gives each event after its
    hooks, iterates over `text_deltas`, or calls `until_done` or a `get_final` method. What reading
    raises (see `AsyncStream`) or a hook ends the stream; `on_exception` is told, and it goes on to
    whoever reads. A handler serves one stream: RuntimeError for a second one, and for a second task
    that reads.
    """

    async def on_event(self, event: AssistantStreamEvent) -> None:
        """Called for every event, before the hooks about what is in it."""

    async def on_run_step_created(self, run_step: RunStep) -> None:
        """Called when a step begins."""

    async def on_run_step_delta(self, delta: RunStepDelta, snapshot: RunStep) -> None:
        """Called when a step grows: by `delta`, to `snapshot`."""

    async def on_run_step_done(self, run_step: RunStep) -> None:
        """Called when a step has ended, in whatever way: see its `status`."""

    async def on_tool_call_created(self, tool_call: ToolCall) -> None:
        """Called when a step begins to call a tool."""

    async def on_tool_call_delta(self, delta: ToolCallDelta, snapshot: ToolCall) -> None:
        """Called when a tool call grows: by `delta`, to `snapshot`."""

    async def on_tool_call_done(self, tool_call: ToolCall) -> None:
        """Called when a tool call is complete: at the next one, or as its step or run ends."""

    async def on_message_created(self, message: Message) -> None:
        """Called when a message begins."""

    async def on_message_delta(self, delta: MessageDelta, snapshot: Message) -> None:
        """Called when a message grows: by `delta`, to `snapshot`."""

    async def on_message_done(self, message: Message) -> None:
        """Called when a message has ended: see its `status`."""

    async def on_text_created(self, text: Text) -> None:
        """Called when a text of a message begins."""

    async def on_text_delta(self, delta: TextDelta, snapshot: Text) -> None:
        """Called when a text grows: by `delta`, to `snapshot`."""

    async def on_text_done(self, text: Text) -> None:
        """Called when a text is complete: at what follows it, or as its message ends."""

    async def on_image_file_done(self, image_file: ImageFile) -> None:
        """Called when an image is complete."""

    async def on_exception(self, exception: Exception) -> None:
        """Called with what the stream or a hook raised. It is raised nevertheless."""

    async def on_timeout(self) -> None:
        """Called before `on_exception` if the stream timed out: an APITimeoutError."""

    async def on_end(self) -> None:
        """Called last, once, however the stream ends."""

    @property
    def text_deltas(self) -> AsyncIterator[str]:
        """The text of all messages, piece by piece."""
        return _TextDeltas(self)

    async def until_done(self) -> None:
        """Reads the rest of the stream."""
        await self._read_on()

    async def get_final_run(self) -> Run:
        """The run after the last event. RuntimeError if there was none about it."""
        return await self._final_run()

    async def get_final_run_steps(self) -> list[RunStep]:
        """The steps after the last event. RuntimeError if there are none."""
        return await self._final_run_steps()

    async def get_final_messages(self) -> list[Message]:
        """The messages after the last event. RuntimeError if there are none."""
        return await self._final_messages()

    async def close(self) -> None:
        """Ends the stream and frees its connection."""
        await self._close()

    def __aiter__(self) -> AsyncIterator[AssistantStreamEvent]:
        return self

    async def __anext__(self) -> AssistantStreamEvent:
        event = await self._advance()
        if event is None:
            raise StopAsyncIteration
        return event

    async def _open(self, send: Send) -> Any:
        return await send()

    async def _take(self) -> AssistantStreamEvent | None:
        try:
            event: AssistantStreamEvent = await self._stream.__anext__()
        except StopAsyncIteration:
            return None
        return event

    async def _free(self) -> None:
        await self._stream.close()

    async def _call(self, hook: str, *args: Any) -> None:
        done = getattr(self, hook)(*args)
        if inspect.isawaitable(done):  # of a class without types, it may be a plain function
            await done


class _TextDeltas:
    def __init__(self, handler: AsyncAssistantEventHandler) -> None:
        self._handler = handler

    def __aiter__(self) -> AsyncIterator[str]:
        return self

    async def __anext__(self) -> str:
        text = await self._handler._next_text()
        if text is None:
            raise StopAsyncIteration
        return text


AsyncHandlerT = TypeVar("AsyncHandlerT", bound=AsyncAssistantEventHandler)


class AsyncAssistantStreamManager(Generic[AsyncHandlerT]):
    """Begins a stream when entered, gives its handler, and closes it when left."""

    def __init__(self, send: Send, event_handler: AsyncHandlerT) -> None:
        self._send = send
        self._handler = event_handler

    async def __aenter__(self) -> AsyncHandlerT:
        check_handler(self._handler, AsyncAssistantEventHandler)
        await self._handler._begin(self._send)
        return self._handler

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._handler.close()


def check_handler(handler: Any, kind: type) -> None:
    """Raises TypeError unless `handler` is an object of `kind`."""
    if isinstance(handler, type):
        raise TypeError(f"event_handler must be an object: pass {handler.__name__}().")
    if not isinstance(handler, kind):
        given = type(handler).__name__
        raise TypeError(f"event_handler must be of a subclass of {kind.__name__}, not {given}.")


def assistant_stream(
    send: Any, event_handler: Any = None, helper: str = ""
) -> AsyncAssistantStreamManager[Any]:
    """The stream that `send`, a partial of a method, begins; for a handler of the default class
    unless one is given. `helper` is what the API is told of who sends it."""
    own = event_handler is not None
    if helper:
        headers = {
            "X-Stainless-Stream-Helper": helper,
            "X-Stainless-Custom-Event-Handler": str(own).lower(),
            **(send.keywords.get("extra_headers") or {}),
        }
        send = partial(send, extra_headers=headers)
    handler = event_handler if own else AsyncAssistantEventHandler()
    return AsyncAssistantStreamManager[Any](send, handler)

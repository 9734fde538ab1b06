"""Handlers of assistant streams for blocking code: see `openai_async._assistants`.

Their hooks are called in the thread that reads, between two reads.
"""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable, Coroutine, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from openai_async._assistant_events import EventHandling, Send
from openai_async._assistants import check_handler

from ._bridge import present
from ._portal import run

if TYPE_CHECKING:
    from openai_async.types.beta import AssistantStreamEvent
    from openai_async.types.beta.threads import (
        ImageFile,
        Message,
        MessageDelta,
        Run,
        Text,
        TextDelta,
    )
    from openai_async.types.beta.threads.runs import RunStep, RunStepDelta, ToolCall, ToolCallDelta

R = TypeVar("R")


class AssistantEventHandler(EventHandling):
    """What happens in a run, as it happens: make a subclass with the hooks that you need.

        class Printing(AssistantEventHandler):
            def on_text_delta(self, delta, snapshot):
                print(delta.value or "", end="", flush=True)

        with client.beta.threads.runs.stream(
            thread.id, assistant_id=assistant.id, event_handler=Printing()
        ) as handler:
            handler.until_done()

    Hooks are called in that thread, while a thread reads: iterates over the handler, which gives
    each event after its hooks, iterates over `text_deltas`, or calls `until_done` or a `get_final`
    method. What reading raises (see `Stream`) or a hook ends the stream; `on_exception` is told,
    and it goes on to whoever reads. A handler serves one stream: RuntimeError for a second one, and
    for a second thread that reads.
    """

    def on_event(self, event: AssistantStreamEvent) -> None:
        """Called for every event, before the hooks about what is in it."""

    def on_run_step_created(self, run_step: RunStep) -> None:
        """Called when a step begins."""

    def on_run_step_delta(self, delta: RunStepDelta, snapshot: RunStep) -> None:
        """Called when a step grows: by `delta`, to `snapshot`."""

    def on_run_step_done(self, run_step: RunStep) -> None:
        """Called when a step has ended, in whatever way: see its `status`."""

    def on_tool_call_created(self, tool_call: ToolCall) -> None:
        """Called when a step begins to call a tool."""

    def on_tool_call_delta(self, delta: ToolCallDelta, snapshot: ToolCall) -> None:
        """Called when a tool call grows: by `delta`, to `snapshot`."""

    def on_tool_call_done(self, tool_call: ToolCall) -> None:
        """Called when a tool call is complete: at the next one, or as its step or run ends."""

    def on_message_created(self, message: Message) -> None:
        """Called when a message begins."""

    def on_message_delta(self, delta: MessageDelta, snapshot: Message) -> None:
        """Called when a message grows: by `delta`, to `snapshot`."""

    def on_message_done(self, message: Message) -> None:
        """Called when a message has ended: see its `status`."""

    def on_text_created(self, text: Text) -> None:
        """Called when a text of a message begins."""

    def on_text_delta(self, delta: TextDelta, snapshot: Text) -> None:
        """Called when a text grows: by `delta`, to `snapshot`."""

    def on_text_done(self, text: Text) -> None:
        """Called when a text is complete: at what follows it, or as its message ends."""

    def on_image_file_done(self, image_file: ImageFile) -> None:
        """Called when an image is complete."""

    def on_exception(self, exception: Exception) -> None:
        """Called with what the stream or a hook raised. It is raised nevertheless."""

    def on_timeout(self) -> None:
        """Called before `on_exception` if the stream timed out: an APITimeoutError."""

    def on_end(self) -> None:
        """Called last, once, however the stream ends."""

    @property
    def text_deltas(self) -> Iterator[str]:
        """The text of all messages, piece by piece."""
        return iter(lambda: _at_once(self._next_text()), None)

    def until_done(self) -> None:
        """Reads the rest of the stream."""
        _at_once(self._read_on())

    def get_final_run(self) -> Run:
        """The run after the last event. RuntimeError if there was none about it."""
        return _at_once(self._final_run())

    def get_final_run_steps(self) -> list[RunStep]:
        """The steps after the last event. RuntimeError if there are none."""
        return _at_once(self._final_run_steps())

    def get_final_messages(self) -> list[Message]:
        """The messages after the last event. RuntimeError if there are none."""
        return _at_once(self._final_messages())

    def close(self) -> None:
        """Ends the stream and frees its connection."""
        _at_once(self._close())

    def __iter__(self) -> Iterator[AssistantStreamEvent]:
        return self

    def __next__(self) -> AssistantStreamEvent:
        event = _at_once(self._advance())
        if event is None:
            raise StopIteration
        return event

    async def _open(self, send: Send) -> Any:
        return present(run(send))

    async def _take(self) -> AssistantStreamEvent | None:
        event: AssistantStreamEvent | None = next(self._stream, None)
        return event

    async def _free(self) -> None:
        self._stream.close()

    async def _call(self, hook: str, *args: Any) -> None:
        done = getattr(self, hook)(*args)
        if inspect.iscoroutine(done):
            done.close()
            raise TypeError(
                f"{type(self).__name__}.{hook} must be a plain function, not async: "
                "this handler is one of openai_sync, which awaits nothing."
            )


def _at_once(coroutine: Coroutine[Any, Any, R]) -> R:
    """What `coroutine` returns, which waits for nothing that an event loop would have to do."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: R = done.value
        return result
    raise AssertionError


HandlerT = TypeVar("HandlerT", bound=AssistantEventHandler)


class AssistantStreamManager(Generic[HandlerT]):
    """Begins a stream when entered, gives its handler, and closes it when left."""

    def __init__(self, send: Send, event_handler: HandlerT) -> None:
        self._send = send
        self._handler = event_handler

    def __enter__(self) -> HandlerT:
        check_handler(self._handler, AssistantEventHandler)
        _at_once(self._handler._begin(self._send))
        return self._handler

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._handler.close()


def assistant_stream(method: Callable[..., Any]) -> Any:
    """`method` of the async resource in `self._async`, which begins a stream, for blocking code."""
    message: str | None = getattr(method, "__deprecated__", None)
    begin = method if message is None else inspect.unwrap(method)

    @functools.wraps(method)
    def call(
        self: Any, /, *args: Any, event_handler: AssistantEventHandler | None = None, **kwargs: Any
    ) -> AssistantStreamManager[Any]:
        if message is not None:
            warnings.warn(message, DeprecationWarning, stacklevel=2)
        manager = begin(self._async, *args, event_handler=event_handler, **kwargs)
        handler = AssistantEventHandler() if event_handler is None else event_handler
        return AssistantStreamManager(manager._send, handler)

    return call

"""What the events of a run add up to: its messages and steps, and the hooks of a handler to call.

`feed` takes one event and returns the hooks that are to be called for it, in order, with their
arguments. When a message grows they are

    on_event, on_text_created (of new texts), on_text_delta, then on_text_done or on_image_file_done
    (of what was written before), on_message_delta

and when a step grows on_event, on_tool_call_done (of the call before), on_tool_call_created,
on_tool_call_delta, on_run_step_delta. How hooks are called is not known here. Pure.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from . import types
from ._fields import extras_of
from ._merge import entry_at, merge

if TYPE_CHECKING:
    from .types.beta import AssistantStreamEvent
    from .types.beta.threads import Message, Run
    from .types.beta.threads.runs import RunStep

#: The name of a hook, and its arguments.
Hook = tuple[str, tuple[Any, ...]]

#: An entry of a list: the id of the message or step, and the index in it.
_Place = tuple[Any, Any]


class ThreadState:
    """What the events so far add up to."""

    def __init__(self) -> None:
        self.event: AssistantStreamEvent | None = None
        self.run: Run | None = None
        #: What the last event about a step or a message was about.
        self.run_step: RunStep | None = None
        self.message: Message | None = None
        #: All of them by id, in the order in which they came.
        self.run_steps: dict[str, RunStep] = {}
        self.messages: dict[str, Message] = {}
        #: Those that are no part of an event, so they may change.
        self._growing: set[str] = set()
        self._block = _Writing()
        self._call = _Writing()

    def feed(self, event: Any) -> list[Hook]:
        """Takes `event` in. The hooks to be called for it."""
        self.event = event
        hooks: list[Hook] = [("on_event", (event,))]
        follow = _FOLLOWING.get(getattr(event, "event", ""))
        data = getattr(event, "data", None)
        if follow is not None and isinstance(data, Struct) and _is_whole(data):
            hooks += follow(self, data)
        return hooks

    def _run_changed(self, run: Run) -> Iterator[Hook]:
        self.run = run
        yield from ()

    def _run_rests(self, run: Run) -> Iterator[Hook]:
        self.run = run
        yield from self._call_done(None)

    # Messages: blocks of text, images.

    def _message_changed(self, message: Message) -> Iterator[Hook]:
        self.message = self._replace(self.messages, message)
        yield from ()

    def _message_created(self, message: Message) -> Iterator[Hook]:
        yield from self._message_changed(message)
        yield "on_message_created", (message,)

    def _message_grows(self, data: Any) -> Iterator[Hook]:
        message = self.message = self._grow(self.messages, data.id, _message)
        blocks = _entries(data.delta, "content")
        before = [_text_of(entry_at(message.content, block.index)) for block in blocks]
        merge(message, {**extras_of(data.delta), "content": blocks})  # each delta may say its role
        after = [_text_of(entry_at(message.content, block.index)) for block in blocks]
        for was, text in zip(before, after, strict=True):
            if was is None and text is not None:
                yield "on_text_created", (text,)
        for block, text in zip(blocks, after, strict=True):
            if _text_of(block) is not None:
                yield "on_text_delta", (_text_of(block), text)
            yield from self._block_done((message.id, block.index))
        yield "on_message_delta", (data.delta, message)

    def _message_done(self, message: Message) -> Iterator[Hook]:
        yield from self._message_changed(message)
        yield from self._block_done(None)
        yield "on_message_done", (message,)

    def _block_done(self, now: _Place | None) -> Iterator[Hook]:
        """Of the block that was being written, if it is another one `now`."""
        for message, index in self._block.turn_to(now):
            block = entry_at(self.messages[message].content, index)
            if _text_of(block) is not None:
                yield "on_text_done", (_text_of(block),)
            elif getattr(block, "type", None) == "image_file":
                yield "on_image_file_done", (block.image_file,)

    # Steps: tool calls.

    def _step_changed(self, step: RunStep) -> Iterator[Hook]:
        self.run_step = self._replace(self.run_steps, step)
        yield from ()

    def _step_created(self, step: RunStep) -> Iterator[Hook]:
        yield from self._step_changed(step)
        yield "on_run_step_created", (step,)

    def _step_grows(self, data: Any) -> Iterator[Hook]:
        step = self.run_step = self._grow(self.run_steps, data.id, _run_step)
        deltas = _entries(getattr(data.delta, "step_details", None), "tool_calls")
        known = [_tool_call(step, delta.index) is not None for delta in deltas]
        merge(step, data.delta)
        for delta, was_known in zip(deltas, known, strict=True):
            call = _tool_call(step, delta.index)
            yield from self._call_done((step.id, delta.index))
            if not was_known:
                yield "on_tool_call_created", (call,)
            yield "on_tool_call_delta", (delta, call)
        yield "on_run_step_delta", (data.delta, step)

    def _step_done(self, step: RunStep) -> Iterator[Hook]:
        yield from self._step_changed(step)
        yield from self._call_done(None)
        yield "on_run_step_done", (step,)

    def _call_done(self, now: _Place | None) -> Iterator[Hook]:
        for step, index in self._call.turn_to(now):
            call = _tool_call(self.run_steps[step], index)
            if call is not None:
                yield "on_tool_call_done", (call,)

    # Snapshots: what an event holds stays as it is, a copy of it grows.

    def _replace(self, known: dict[str, Any], whole: Any) -> Any:
        known[whole.id] = whole
        self._growing.discard(whole.id)
        return whole

    def _grow(self, known: dict[str, Any], name: str, begin: Callable[[str], Any]) -> Any:
        if name not in self._growing:
            known[name] = copy.deepcopy(known[name]) if name in known else begin(name)
            self._growing.add(name)
        return known[name]


class _Writing:
    """Which of many entries is being written."""

    def __init__(self) -> None:
        self._now: _Place | None = None
        self._done: set[_Place] = set()

    def turn_to(self, now: _Place | None) -> Iterator[_Place]:
        """The entry that this ends, if any; each ends once, though a server may return to it."""
        before, self._now = self._now, now
        if before is not None and before != now and before not in self._done:
            self._done.add(before)
            yield before


def _message(name: str) -> Message:
    """One that the server has not announced."""
    return types.beta.threads.Message.model_construct(id=name, object="thread.message", content=[])


def _run_step(name: str) -> RunStep:
    return types.beta.threads.runs.RunStep.model_construct(id=name, object="thread.run.step")


def _is_whole(data: Any) -> bool:
    """Whether it is about something, and says what; servers send what they like."""
    return isinstance(data.id, (str, int)) and isinstance(getattr(data, "delta", data), Struct)


def _entries(model: Any, name: str) -> list[Any]:
    entries = getattr(model, name, None)
    return [each for each in entries if isinstance(each, Struct)] if type(entries) is list else []


def _text_of(block: Any) -> Any:
    """The text in a block, or in a delta of one; None if it is another kind of block."""
    text = getattr(block, "text", None) if getattr(block, "type", None) == "text" else None
    return text if isinstance(text, Struct) else None


def _tool_call(step: RunStep, index: int) -> Any:
    return entry_at(getattr(step.step_details, "tool_calls", None), index)


def _named(kind: str, states: str, follow: Callable[[ThreadState, Any], Iterator[Hook]]) -> Any:
    return dict.fromkeys((f"thread.{kind}.{state}" for state in states.split()), follow)


#: What is done about the events of each name; of others there is nothing to be kept.
_FOLLOWING: dict[str, Callable[[ThreadState, Any], Iterator[Hook]]] = {
    **_named("run", "created queued in_progress cancelling", ThreadState._run_changed),
    **_named(
        "run",
        "requires_action completed incomplete failed cancelled expired",
        ThreadState._run_rests,
    ),
    **_named("run.step", "created", ThreadState._step_created),
    **_named("run.step", "in_progress", ThreadState._step_changed),
    **_named("run.step", "delta", ThreadState._step_grows),
    **_named("run.step", "completed failed cancelled expired", ThreadState._step_done),
    **_named("message", "created", ThreadState._message_created),
    **_named("message", "in_progress", ThreadState._message_changed),
    **_named("message", "delta", ThreadState._message_grows),
    **_named("message", "completed incomplete", ThreadState._message_done),
}

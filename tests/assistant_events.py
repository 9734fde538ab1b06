"""Events of assistant runs, as a server sends them: pairs of a name and data."""

from __future__ import annotations

import json
from typing import Any

from openai_async._build import build
from openai_async.types.beta import AssistantStreamEvent

Wire = tuple[str, Any]

RUN = {
    "id": "run_1",
    "object": "thread.run",
    "thread_id": "thread_1",
    "assistant_id": "asst_1",
    "model": "m",
    "instructions": "",
    "created_at": 1,
    "tools": [],
    "parallel_tool_calls": True,
}


def run(status: str, **more: Any) -> Wire:
    return f"thread.run.{status}", {**RUN, "status": status, **more}


def step(happened: str, kind: str = "tool_calls", name: str = "step_1", **details: Any) -> Wire:
    """What happened to a step; `details` is what is in it."""
    inside: dict[str, Any] = {"tool_calls": []}
    if kind != "tool_calls":
        inside = {kind: {"message_id": "msg_1"}}
    return f"thread.run.step.{happened}", {
        "id": name,
        "object": "thread.run.step",
        "run_id": "run_1",
        "type": kind,
        "status": "in_progress" if happened == "created" else happened,
        "step_details": {"type": kind, **inside, **details},
    }


def step_delta(*calls: dict[str, Any], name: str = "step_1") -> Wire:
    details = {"type": "tool_calls", "tool_calls": [*calls]}
    data = {"id": name, "object": "thread.run.step.delta", "delta": {"step_details": details}}
    return "thread.run.step.delta", data


def function(index: int, arguments: str, **more: Any) -> dict[str, Any]:
    """A call of a function, or a delta of one."""
    return {"index": index, "type": "function", "function": {"arguments": arguments, **more}}


def code(index: int, text: str) -> dict[str, Any]:
    kind = "code_interpreter"
    return {"index": index, "type": kind, kind: {"input": text, "outputs": []}}


def message(happened: str, *content: dict[str, Any], name: str = "msg_1") -> Wire:
    return f"thread.message.{happened}", {
        "id": name,
        "object": "thread.message",
        "role": "assistant",
        "status": "in_progress" if happened == "created" else happened,
        "content": [*content],
    }


def message_delta(*content: dict[str, Any], name: str = "msg_1", **more: Any) -> Wire:
    data = {"id": name, "object": "thread.message.delta", "delta": {"content": [*content], **more}}
    return "thread.message.delta", data


def text(value: str, index: int | None = None) -> dict[str, Any]:
    """A block of text, or a delta of one."""
    block = {"type": "text", "text": {"value": value, "annotations": []}}
    return block if index is None else {"index": index, **block}


def image(file_id: str, index: int | None = None) -> dict[str, Any]:
    block = {"type": "image_file", "image_file": {"file_id": file_id}}
    return block if index is None else {"index": index, **block}


#: A run that says three words.
SAYING: list[Wire] = [
    run("created"),
    run("queued"),
    run("in_progress"),
    step("created", "message_creation"),
    step("in_progress", "message_creation"),
    message("created"),
    message("in_progress"),
    message_delta(text("One", 0)),
    message_delta(text(" two", 0)),
    message_delta(text(" three", 0)),
    message("completed", text("One two three")),
    step("completed", "message_creation"),
    run("completed"),
]

#: A run that waits for the output of a function.
CALLING: list[Wire] = [
    run("created"),
    run("in_progress"),
    step("created"),
    step_delta({**function(0, "", name="add", output=None), "id": "call_1"}),
    step_delta(function(0, '{"a":')),
    step_delta(function(0, "1}")),
    run("requires_action"),
]


def event(wire: Wire) -> Any:
    """As the stream gives it."""
    return build(AssistantStreamEvent, {"event": wire[0], "data": wire[1]})


def body(*events: Wire, done: bool = True) -> bytes:
    """The body of an answer that streams these."""
    blocks = [f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events]
    return "".join([*blocks, "event: done\ndata: [DONE]\n\n" if done else ""]).encode()

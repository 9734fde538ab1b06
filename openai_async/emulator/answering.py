"""Answering: a response of the Responses API, whole, incomplete or on its way. What it says is what
chat says to the same input."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from .chat import Choice, ToolCall, choose, limit_of, model_of, text_of
from .courses import Job
from .errors import ApiError, invalid, missing
from .shapes import is_list, is_object, is_objects
from .words import count_words

ENDS: Mapping[str, str] = {"fails": "failed", "incomplete": "incomplete"}
WAITING = ("queued", "in_progress")
FAILURE = {"code": "server_error", "message": "The model failed, as its name says."}
ECHOED: Mapping[str, Any] = {
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "reasoning": {"effort": None, "summary": None},
    "service_tier": "default",
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}
"""What a response shows as it was asked for, and what it shows if it was not."""


@dataclass
class Answering(Job):
    model: str
    background: bool
    end: str | None
    details: dict[str, Any]
    choice: Choice
    usage: dict[str, Any]
    item_ids: list[str]

    def as_json(self, stage: int) -> dict[str, Any]:
        state = self.course.state(stage)
        said = state in {"completed", "incomplete"}
        reason = {"reason": "max_output_tokens"}
        return {
            "id": self.id,
            "object": "response",
            "created_at": self.created_at,
            "completed_at": self.entered_at("completed", stage),
            "status": state,
            "background": self.background,
            "error": FAILURE if state == "failed" else None,
            "incomplete_details": reason if state == "incomplete" else None,
            "model": self.model,
            "output": self.output(state) if said else [],
            "usage": self.usage if said else None,
            **self.details,
        }

    def output(self, state: str) -> list[dict[str, Any]]:
        """The items of the output when the response has reached `state`."""
        if self.choice.tool_calls:
            calls = zip(self.item_ids, self.choice.tool_calls, strict=True)
            return [call_item(identifier, call, state) for identifier, call in calls]
        return [message_item(self.item_ids[0], "".join(self.choice.words), state)]


def message_item(identifier: str, text: str | None, status: str) -> dict[str, Any]:
    """The message; without a text as it is before its content has begun."""
    return {
        "id": identifier,
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": [] if text is None else [text_content(text)],
    }


def text_content(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def call_item(
    identifier: str, call: ToolCall, status: str, text: str | None = None
) -> dict[str, Any]:
    """A call of a tool; `text` stands for its arguments while they are on their way."""
    said = {call.TEXT_KEYS[call.kind]: call.text if text is None else text}
    kind = "function_call" if call.kind == "function" else "custom_tool_call"
    return {
        "id": identifier,
        "type": kind,
        "status": status,
        "call_id": call.id,
        "name": call.name,
        **said,
    }


# What the request says


def answered(body: dict[str, Any]) -> tuple[str, Choice, dict[str, Any]]:
    """The model, the answer and its usage for a request, or the `ApiError` it deserves."""
    asked = chat_body(body)
    model = model_of(body)
    limit = limit_of(body, ("max_output_tokens",))
    digest = hashlib.sha256(msgspec.json.encode(body, order="deterministic")).hexdigest()
    choice = choose(asked, asked["messages"], 0, digest, limit)
    if model == "incomplete" and choice.finish_reason == "stop":
        choice = Choice(choice.words[: len(choice.words) // 2], [], "length")
    return model, choice, usage_of(asked["messages"], choice)


def usage_of(messages: list[dict[str, Any]], choice: Choice) -> dict[str, Any]:
    asked = sum(count_words(text_of(message)) for message in messages)
    return {
        "input_tokens": asked,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": choice.cost,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": asked + choice.cost,
    }


def chat_body(body: dict[str, Any]) -> dict[str, Any]:
    """The request as one for chat completions, as far as the answer depends on it."""
    tools: Any = body.get("tools") or []
    if not is_objects(tools):
        raise invalid("tools", "it must be a list of objects")
    text: Any = body.get("text") or {}
    return {
        "messages": messages_of(body.get("input")),
        "tools": [nested(tool) for tool in tools if tool.get("type") in ToolCall.TEXT_KEYS],
        "tool_choice": nested(body.get("tool_choice") or "auto"),
        "response_format": response_format(text.get("format") if is_object(text) else None),
    }


def messages_of(given: Any) -> list[dict[str, Any]]:
    if given is None or given == []:
        raise missing("input")
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    if not is_list(given) or not all(is_object(item) for item in given):
        raise invalid("input", "it must be a string or a list of items")
    return [MESSAGES.get(str(item.get("type", "message")), silent)(item) for item in given]


def said(item: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(item.get("role"), str):
        raise missing("input.role")
    return {"role": item["role"], "content": item.get("content")}


def output(item: dict[str, Any]) -> dict[str, Any]:
    return {"role": "tool", "content": item.get("output")}


def silent(item: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": ""}


MESSAGES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "message": said,
    "function_call_output": output,
    "custom_tool_call_output": output,
}


def nested(tool: Any) -> Any:
    """A tool, or the choice of one, with its details below its type, as chat has them."""
    if not is_object(tool) or tool.get("type") not in ToolCall.TEXT_KEYS:
        return tool
    details = {name: value for name, value in tool.items() if name != "type"}
    return {"type": tool["type"], tool["type"]: details}


def response_format(wanted: Any) -> Any:
    if is_object(wanted) and wanted.get("type") == "json_schema":
        return {"type": "json_schema", "json_schema": {"schema": wanted.get("schema", {})}}
    return wanted


def cancelled(answering: Answering, now: float) -> None:
    """Cancel a response in the background; one that is done stays as it is."""
    if not answering.background:
        raise ApiError(400, "Only responses in the background can be cancelled.")
    if answering.state(now) in WAITING:
        answering.course.turn(now, [("cancelled", 0.0)])

"""Chat answers without a model: every answer is a pure function of the request.

A text answer repeats the last thing the user said. A tool is called when `tool_choice` demands it,
or when the user names it; its arguments, like every structured answer, are an example of its JSON
schema. The same `Answer` is written as one object here and as chunks in `chunks`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import msgspec

from .errors import ApiError, invalid, missing
from .schemas import example
from .shapes import is_list, is_object, is_objects
from .words import count_words, split_words

CREATED = 1_735_689_600  # 2025-01-01: answers do not depend on the clock
FINGERPRINT = "fp_emulator"
WORDS_PER_MESSAGE = 4  # messages cost more than their text
MAX_CHOICES = 128
LIMITS = ("max_completion_tokens", "max_tokens")


@dataclass(frozen=True)
class ToolCall:
    """A call of one tool; `text` is its JSON arguments, or the input of a custom tool."""

    id: str
    kind: str
    name: str
    text: str

    TEXT_KEYS: ClassVar = {"function": "arguments", "custom": "input"}

    def as_json(self, text: str | None = None) -> dict[str, Any]:
        content = {
            "name": self.name,
            self.TEXT_KEYS[self.kind]: self.text if text is None else text,
        }
        return {"id": self.id, "type": self.kind, self.kind: content}


@dataclass(frozen=True)
class Choice:
    """One of the `n` answers."""

    words: list[str]
    tool_calls: list[ToolCall]
    finish_reason: str

    @property
    def cost(self) -> int:
        return len(self.words) + sum(count_words(call.text) for call in self.tool_calls)


@dataclass(frozen=True)
class Answer:
    """Everything that is said in answer to one request."""

    id: str
    model: str
    choices: list[Choice]
    usage: dict[str, Any] = field(repr=False)


def answer(body: dict[str, Any]) -> Answer:
    """Decide the answer to a request, or raise the `ApiError` it deserves."""
    model = model_of(body)
    messages = messages_of(body)
    digest = hashlib.sha256(msgspec.json.encode(body, order="deterministic")).hexdigest()
    limit = limit_of(body)
    choices = [
        choose(body, messages, index, digest, limit) for index in range(number_of_choices(body))
    ]
    return Answer(f"chatcmpl-{digest[:24]}", model, choices, usage_of(messages, choices))


def completion(said: Answer) -> dict[str, Any]:
    """The answer as one chat completion object."""
    return {
        "id": said.id,
        "object": "chat.completion",
        "created": CREATED,
        "model": said.model,
        "choices": [choice_json(index, choice) for index, choice in enumerate(said.choices)],
        "usage": said.usage,
        "service_tier": "default",
        "system_fingerprint": FINGERPRINT,
    }


def choice_json(index: int, choice: Choice) -> dict[str, Any]:
    message: dict[str, Any] = {
        "role": "assistant",
        "content": None if choice.tool_calls else "".join(choice.words),
        "refusal": None,
        "annotations": [],
    }
    if choice.tool_calls:
        message["tool_calls"] = [call.as_json() for call in choice.tool_calls]
    return {
        "index": index,
        "message": message,
        "logprobs": None,
        "finish_reason": choice.finish_reason,
    }


# What the request says


def model_of(body: dict[str, Any]) -> str:
    model = body.get("model")
    if model is None or model == "":
        raise missing("model")
    if not isinstance(model, str):
        raise invalid("model", "it must be a string")
    if model == "model-not-found" or model.startswith("missing-"):
        raise ApiError(
            404,
            f"The model '{model}' does not exist or you do not have access to it.",
            code="model_not_found",
        )
    return model


def messages_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    messages = body.get("messages")
    if messages is None:
        raise missing("messages")
    if not is_list(messages) or not messages:
        raise invalid("messages", "it must be a list of at least one message")
    for index, message in enumerate(messages):
        if not is_object(message):
            raise invalid(f"messages[{index}]", "it must be an object")
        if not isinstance(message.get("role"), str):
            raise missing(f"messages[{index}].role")
    return messages


def number_of_choices(body: dict[str, Any]) -> int:
    number = body.get("n")
    if number is None:
        return 1
    if type(number) is not int or not 1 <= number <= MAX_CHOICES:
        raise invalid("n", f"it must be an integer from 1 to {MAX_CHOICES}")
    return number


def limit_of(body: dict[str, Any], params: Sequence[str] = LIMITS) -> int | None:
    for param in params:
        limit = body.get(param)
        if limit is not None:
            if type(limit) is not int or limit < 1:
                raise invalid(param, "it must be a positive integer")
            return limit
    return None


def text_of(message: dict[str, Any]) -> str:
    """The text of a message, whether it is a string or a list of parts."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts: list[Any] = content if is_list(content) else []
    return " ".join(part_text(part) for part in parts if is_object(part))


def part_text(part: dict[str, Any]) -> str:
    text = part.get("text", part.get("refusal"))
    return text if isinstance(text, str) else f"[{part.get('type')}]"


def last_said(messages: list[dict[str, Any]], role: str) -> str:
    return next((text_of(said) for said in reversed(messages) if said["role"] == role), "")


# What the answer says


def choose(
    body: dict[str, Any],
    messages: list[dict[str, Any]],
    index: int,
    digest: str,
    limit: int | None,
) -> Choice:
    tool = tool_to_call(body, messages)
    if tool is not None:
        return Choice([], [call_of(tool, f"call_{digest[:22]}{index:02x}")], "tool_calls")
    words = split_words(structured(body) or plain(messages, index))
    if limit is not None and len(words) > limit:
        return Choice(words[:limit], [], "length")
    return Choice(words, [], "stop")


def plain(messages: list[dict[str, Any]], index: int) -> str:
    if messages[-1]["role"] == "tool":
        text = f"The tool said: {text_of(messages[-1])}"
    else:
        text = f"You said: {last_said(messages, 'user')}"
    return f"{text} ({index + 1})" if index else text


def structured(body: dict[str, Any]) -> str | None:
    """The answer as JSON text when `response_format` asks for it."""
    wanted: Any = body.get("response_format")
    if not is_object(wanted):
        return None
    kind = wanted.get("type")
    if kind == "json_object":
        return '{"answer": "yes"}'
    if kind != "json_schema":
        return None
    named = wanted.get("json_schema")
    if not is_object(named):
        raise missing("response_format.json_schema")
    return compact(example(named.get("schema", {}), "text"))


def tool_to_call(body: dict[str, Any], messages: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The tool the request forces or the user names, if any."""
    tools: Any = body.get("tools") or []
    if not is_objects(tools):
        raise invalid("tools", "it must be a list of objects")
    wanted: Any = body.get("tool_choice", "auto")
    if is_object(wanted) and wanted.get("type") == "allowed_tools":
        wanted = wanted.get("allowed_tools", {}).get("mode", "auto")
    if is_object(wanted):
        return named_tool(tools, tool_name(wanted))
    if wanted == "required":
        if not tools:
            raise invalid("tool_choice", "'required' needs at least one tool")
        return tools[0]
    if wanted == "none" or messages[-1]["role"] != "user":
        return None
    said = text_of(messages[-1])
    return next((tool for tool in tools if tool_name(tool) and tool_name(tool) in said), None)


def named_tool(tools: list[dict[str, Any]], name: str) -> dict[str, Any]:
    for tool in tools:
        if tool_name(tool) == name:
            return tool
    raise invalid("tool_choice", f"there is no tool named '{name}'")


def tool_name(tool: dict[str, Any]) -> str:
    named = tool.get(str(tool.get("type")))
    return str(named.get("name", "")) if is_object(named) else ""


def call_of(tool: dict[str, Any], identifier: str) -> ToolCall:
    name = tool_name(tool)
    if tool.get("type") == "custom":
        return ToolCall(identifier, "custom", name, "input")
    schema = tool["function"].get("parameters") or {"type": "object"}
    return ToolCall(identifier, "function", name, compact(example(schema)))


def compact(value: Any) -> str:
    return msgspec.json.encode(value).decode("utf-8")


def usage_of(messages: list[dict[str, Any]], choices: list[Choice]) -> dict[str, Any]:
    asked = sum(count_words(text_of(message)) + WORDS_PER_MESSAGE for message in messages)
    answered = sum(choice.cost for choice in choices)
    return {
        "prompt_tokens": asked,
        "completion_tokens": answered,
        "total_tokens": asked + answered,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }

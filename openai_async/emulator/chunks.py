"""Chat answers as streams: the chunks of an answer, the choices taking turns."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, zip_longest
from typing import Any

from .chat import CREATED, FINGERPRINT, Answer, Choice, ToolCall

ARGUMENT_PIECE = 8  # characters of arguments in one chunk


def chunks(said: Answer, *, include_usage: bool) -> Iterator[dict[str, Any]]:
    """The chunks of an answer, the choices taking turns."""
    deltas = [choice_deltas(index, choice) for index, choice in enumerate(said.choices)]
    frame: dict[str, Any] = {
        "id": said.id,
        "object": "chat.completion.chunk",
        "created": CREATED,
        "model": said.model,
        "service_tier": "default",
        "system_fingerprint": FINGERPRINT,
    }
    for choice in chain.from_iterable(zip_longest(*deltas)):
        if choice is not None:
            yield {**frame, "choices": [choice], **({"usage": None} if include_usage else {})}
    if include_usage:
        yield {**frame, "choices": [], "usage": said.usage}


def choice_deltas(index: int, choice: Choice) -> Iterator[dict[str, Any]]:
    first: dict[str, Any] = {"role": "assistant", "content": "", "refusal": None}
    if choice.tool_calls:
        first["content"] = None
    yield delta(index, first)
    for word in choice.words:
        yield delta(index, {"content": word})
    for number, call in enumerate(choice.tool_calls):
        for piece in call_deltas(number, call):
            yield delta(index, {"tool_calls": [piece]})
    yield delta(index, {}, choice.finish_reason)


def call_deltas(number: int, call: ToolCall) -> Iterator[dict[str, Any]]:
    yield {"index": number, **call.as_json("")}
    for start in range(0, len(call.text), ARGUMENT_PIECE):
        piece = call.text[start : start + ARGUMENT_PIECE]
        yield {"index": number, call.kind: {call.TEXT_KEYS[call.kind]: piece}}


def delta(index: int, content: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    return {"index": index, "delta": content, "logprobs": None, "finish_reason": finish_reason}

"""Chat answers as streams: the chunks of an answer, and the server-sent events which carry them,
sound or spoilt by a fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, islice, repeat, zip_longest
from typing import Any

import msgspec

from .chat import CREATED, FINGERPRINT, Answer, Choice, ToolCall
from .errors import ApiError
from .faults import Fault

ARGUMENT_PIECE = 8  # characters of arguments in one chunk
GOOD_CHUNKS = 3  # sent before an error in the stream
DONE = b"data: [DONE]\n\n"
PING = b": ping\n\n"
PING_PAUSE = 0.01  # seconds between them


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


def event(data: Any) -> bytes:
    return b"data: " + msgspec.json.encode(data) + b"\n\n"


def sound(data: list[bytes], fault: Fault) -> Iterator[bytes]:
    yield from data
    yield DONE


def without_done(data: list[bytes], fault: Fault) -> Iterator[bytes]:
    yield from data


def with_garbage(data: list[bytes], fault: Fault) -> Iterator[bytes]:
    middle = len(data) // 2
    yield from data[:middle]
    yield b'data: {"id": "chatcmpl-broken", "choices": [\n\n'
    yield from data[middle:]
    yield DONE


def with_error(data: list[bytes], fault: Fault) -> Iterator[bytes]:
    yield from data[:GOOD_CHUNKS]
    yield event(ApiError(500, fault.message, code=fault.code, type=fault.type).body())


def with_comments(data: list[bytes], fault: Fault) -> Iterator[bytes]:
    yield b"retry: 3000\n\n"
    yield b"id: 1\n\n"
    for item in data:
        yield PING
        yield item
        yield b"event: ping\n\n"
    yield DONE


STREAMS: dict[str | None, Callable[[list[bytes], Fault], Iterator[bytes]]] = {
    None: sound,
    "no-done": without_done,
    "garbage-sse": with_garbage,
    "sse-error": with_error,
    "comments": with_comments,
}


def events(data: Iterator[dict[str, Any]], fault: Fault) -> Iterator[bytes]:
    """The server-sent events for some chunks, each ready for the wire."""
    blocks = STREAMS[fault.sse]([event(item) for item in data], fault)
    if fault.ends is not None:
        return islice(blocks, fault.ends)
    if fault.pings is not None:
        return chain(islice(blocks, fault.pings), repeat(PING))
    return blocks

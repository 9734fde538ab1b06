"""Answers as bytes: good ones, and parts that bad ones are made of."""

from __future__ import annotations

import json
from typing import Any

#: What a chat with a server that works says.
SAID = "Still here."

_CHAT: dict[str, Any] = {"id": "chatcmpl-1", "created": 1, "model": "m"}


def json_bytes(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _completion() -> bytes:
    message = {"role": "assistant", "content": SAID, "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    return json_bytes({**_CHAT, "object": "chat.completion", "choices": [choice]})


def _chunk(delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {**_CHAT, "object": "chat.completion.chunk", "choices": [choice]}


def event(data: bytes) -> bytes:
    return b"data: %s\n\n" % data


COMPLETION = _completion()
FILE = json_bytes(
    {
        "id": "file-1",
        "object": "file",
        "bytes": 1,
        "created_at": 1,
        "filename": SAID,
        "purpose": "assistants",
        "status": "processed",
    }
)
FIRST_EVENT = event(json_bytes(_chunk({"content": SAID})))
FINISH = event(json_bytes(_chunk({}, "stop")))
DONE = event(b"[DONE]")
EVENTS = FIRST_EVENT + FINISH + DONE

JSON = "application/json"
EVENT_STREAM = "text/event-stream"


def head(
    *headers: str, status: str = "200 OK", kind: str | None = JSON, version: str = "1.1"
) -> bytes:
    """The head of an answer with this content type and these lines."""
    lines = [f"HTTP/{version} {status}", *([f"Content-Type: {kind}"] if kind else []), *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def length(body: bytes) -> str:
    return f"Content-Length: {len(body)}"


def answer(body: bytes, *headers: str, status: str = "200 OK", kind: str | None = JSON) -> bytes:
    """A whole answer, with its length."""
    return head(length(body), *headers, status=status, kind=kind) + body


def chunk(data: bytes) -> bytes:
    """A piece of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


LAST_CHUNK = chunk(b"")
CHUNKED = "Transfer-Encoding: chunked"


def healthy(target: str, *, streaming: bool) -> bytes:
    """The right answer to a request."""
    if target == ROUND:
        return redirect(ROUND)
    if target == FILES:
        return answer(FILE)
    if streaming:
        return head(CHUNKED, kind=EVENT_STREAM) + chunk(EVENTS) + LAST_CHUNK
    return answer(COMPLETION)


#: Where files are uploaded to.
FILES = "/v1/files"

#: A place that redirects to itself.
ROUND = "/v1/round"


def redirect(location: str) -> bytes:
    return answer(b"", f"Location: {location}", status="307 Temporary Redirect")


def error_body(message: str, code: str | None = None) -> bytes:
    return json_bytes({"error": {"message": message, "type": "error", "param": None, "code": code}})

"""Server-sent events: how the streams of the API are written, sound or spoilt by a fault.

A stream may have to wait for a job: then there is a pause among its events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

import msgspec
from starlette.requests import Request

from .courses import Course
from .errors import ApiError
from .faults import Fault
from .replies import StreamReply, fault_of
from .settings import Settings

Block = bytes | float
"""An event, or a pause in seconds."""

GOOD_EVENTS = 3  # sent before an error in the stream, or garbage
PING = b": ping\n\n"
PING_PAUSE = 0.01  # seconds between them
LOOK_AGAIN = 0.01  # seconds until a stream looks again what has become of its job


def event(data: Any, name: str | None = None) -> bytes:
    prefix = b"" if name is None else b"event: " + name.encode() + b"\n"
    return prefix + b"data: " + msgspec.json.encode(data) + b"\n\n"


@dataclass(frozen=True)
class Manner:
    """How one kind of stream ends, and tells an error."""

    done: bytes
    error: Callable[[ApiError], bytes]


def plain_error(error: ApiError) -> bytes:
    return event(error.body())


def named_error(error: ApiError) -> bytes:
    return event(error.body()["error"], "error")


def typed_error(error: ApiError) -> bytes:
    said = error.body()["error"]
    data = {"type": "error", "code": said["code"], "message": said["message"]}
    return event({**data, "param": said["param"], "sequence_number": GOOD_EVENTS}, "error")


CHAT = Manner(b"data: [DONE]\n\n", plain_error)
ASSISTANTS = Manner(b"event: done\ndata: [DONE]\n\n", named_error)
RESPONSES = Manner(b"", typed_error)


def event_stream(
    request: Request, blocks: Iterator[Block], manner: Manner, settings: Settings
) -> StreamReply:
    """The stream which answers a request, with what its fault does to it."""
    fault, delay = fault_of(request.scope), settings.chunk_delay_ms / 1000
    if fault.pings is not None:
        delay = max(delay, PING_PAUSE)
    return StreamReply(
        spoilt(blocks, fault, manner),
        media_type="text/event-stream",
        delay=delay,
        headers={"cache-control": "no-store"},
    )


def stages(course: Course, clock: Callable[[], float], begin: int = 0) -> Iterator[int | None]:
    """The stages of a job as it enters them; None as long as nothing happens, and for ever after
    the last one."""
    stage = begin
    while True:
        while course.stage(clock()) < stage:
            yield None
        yield stage
        stage += 1


# What faults do


def sound(blocks: Iterator[Block], fault: Fault, manner: Manner) -> Iterator[Block]:
    yield from blocks
    if manner.done:
        yield manner.done


def without_done(blocks: Iterator[Block], fault: Fault, manner: Manner) -> Iterator[Block]:
    yield from blocks


def with_garbage(blocks: Iterator[Block], fault: Fault, manner: Manner) -> Iterator[Block]:
    yield from first(blocks, GOOD_EVENTS)
    yield b'data: {"id": "chatcmpl-broken", "choices": [\n\n'
    yield from sound(blocks, fault, manner)


def with_error(blocks: Iterator[Block], fault: Fault, manner: Manner) -> Iterator[Block]:
    yield from first(blocks, GOOD_EVENTS)
    yield manner.error(ApiError(500, fault.message, code=fault.code, type=fault.type))


def with_comments(blocks: Iterator[Block], fault: Fault, manner: Manner) -> Iterator[Block]:
    yield b"retry: 3000\n\n"
    yield b"id: 1\n\n"
    for item in sound(blocks, fault, manner):
        if isinstance(item, float) or item == manner.done:
            yield item
            continue
        yield PING
        yield item
        yield b"event: ping\n\n"


STREAMS: dict[str | None, Callable[[Iterator[Block], Fault, Manner], Iterator[Block]]] = {
    None: sound,
    "no-done": without_done,
    "garbage-sse": with_garbage,
    "sse-error": with_error,
    "comments": with_comments,
}


def spoilt(blocks: Iterator[Block], fault: Fault, manner: Manner) -> Iterator[Block]:
    """The blocks, each ready for the wire, as the fault leaves them."""
    left = STREAMS[fault.sse](blocks, fault, manner)
    if fault.ends is not None:
        return first(left, fault.ends)
    if fault.pings is not None:
        return chain(first(left, fault.pings), repeat(PING))
    return left


def first(blocks: Iterator[Block], events: int) -> Iterator[Block]:
    """The first events, and the pauses before them."""
    while events:
        block = next(blocks, None)
        if block is None:
            return
        yield block
        events -= not isinstance(block, float)

"""The stream of a response: its numbered events, told from the first one whenever somebody asks,
and waiting where the response itself is not done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from .answering import WAITING, Answering, call_item, message_item, text_content
from .chat import ToolCall
from .run_tools import pieces
from .server_events import LOOK_AGAIN, Block, event, stages

Said = dict[str, Any]
NAMES = {"function": "function_call_arguments", "custom": "custom_tool_call_input"}


def response_events(
    made: Answering, clock: Callable[[], float], *, after: int = -1
) -> Iterator[Block]:
    """The events with a number greater than `after`."""
    numbers = count()
    for said in all_events(made, clock):
        if said is None:
            yield LOOK_AGAIN
            continue
        number = next(numbers)
        if number > after:
            yield event({**said, "sequence_number": number}, said["type"])


def all_events(made: Answering, clock: Callable[[], float]) -> Iterator[Said | None]:
    """The events, and None while there is nothing to tell."""
    yield {"type": "response.created", "response": made.as_json(0)}
    for stage in stages(made.course, clock):
        if stage is None:
            yield None
            continue
        state = made.course.state(stage)
        if state == "cancelled":
            return  # the API has no event for this
        if state not in WAITING:
            yield from closing(made, state)
        yield {"type": f"response.{state}", "response": made.as_json(stage)}
        if state == "in_progress":
            yield from output(made)
        if state not in WAITING:
            return


def output(made: Answering) -> Iterator[Said]:
    """What the response says, without the ends that depend on how it ends."""
    if made.choice.tool_calls:
        for index, call in enumerate(made.choice.tool_calls):
            yield from call_events(made.item_ids[index], index, call)
        return
    place = {"item_id": made.item_ids[0], "output_index": 0, "content_index": 0}
    item = message_item(made.item_ids[0], None, "in_progress")
    yield {"type": "response.output_item.added", "output_index": 0, "item": item}
    yield {"type": "response.content_part.added", **place, "part": text_content("")}
    for word in made.choice.words:
        yield {"type": "response.output_text.delta", **place, "delta": word, "logprobs": []}


def closing(made: Answering, state: str) -> Iterator[Said]:
    """The ends of the message that was left open; a response which fails says no more about it."""
    if made.choice.tool_calls or state == "failed":
        return
    text = "".join(made.choice.words)
    place = {"item_id": made.item_ids[0], "output_index": 0, "content_index": 0}
    item = message_item(made.item_ids[0], text, state)
    yield {"type": "response.output_text.done", **place, "text": text, "logprobs": []}
    yield {"type": "response.content_part.done", **place, "part": text_content(text)}
    yield {"type": "response.output_item.done", "output_index": 0, "item": item}


def call_events(identifier: str, index: int, call: ToolCall) -> Iterator[Said]:
    place = {"item_id": identifier, "output_index": index}
    name = f"response.{NAMES[call.kind]}"
    begun = call_item(identifier, call, "in_progress", "")
    yield {"type": "response.output_item.added", "output_index": index, "item": begun}
    for piece in pieces(call.text):
        yield {"type": f"{name}.delta", **place, "delta": piece}
    done = {call.TEXT_KEYS[call.kind]: call.text}
    yield {"type": f"{name}.done", **place, **done}
    item = call_item(identifier, call, "completed")
    yield {"type": "response.output_item.done", "output_index": index, "item": item}

"""The stream of a run: its events, in the order of the API, as it enters one state after another.

What the run calls and says is told while it is in progress; then the stream waits, as the run does,
for what comes next: the end, the need of tool outputs, or somebody who cancels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .messages import Thread
from .run_steps import LAST_STATUS, step_json
from .runs import WAITING, Run, message_status, picture_part
from .server_events import LOOK_AGAIN, Block, event, stages

GOING_ON = (*WAITING, "cancelling")


def run_events(
    run: Run, clock: Callable[[], float], *, begin: int = 0, thread: Thread | None = None
) -> Iterator[Block]:
    """The events from stage `begin` on, until the stream of them ends; `thread` if it is new."""
    if thread is not None:
        yield event(thread.as_json(), "thread.created")
    if begin == 0:
        yield event(run.as_json(0), "thread.run.created")
    else:
        answered = run.begun(begin) - 1
        yield step_event(run, answered, "completed", begin)
    begun = False
    for stage in stages(run.course, clock, begin):
        if stage is None:
            yield LOOK_AGAIN
            continue
        state = run.course.state(stage)
        if begun and state not in GOING_ON and state != "requires_action":
            yield from closing(run, state, stage)
        yield event(run.as_json(stage), f"thread.run.{state}")
        if state == "in_progress":
            begun = True
            yield from work(run, stage)
        if state not in GOING_ON:
            return


def work(run: Run, stage: int) -> Iterator[bytes]:
    """What a run does in progress: all its next steps, and the last one left open."""
    goal = run.goal(stage)
    for index in range(run.begun(stage), goal + 1):
        yield step_event(run, index, "created", stage)
        yield step_event(run, index, "in_progress", stage)
        step = run.steps[index]
        for position, call in enumerate(step.calls):
            for piece in call.deltas(position):
                yield step_delta(step.id, piece)
        if not step.calls:
            yield from message(run, stage)
        if index < goal:
            yield step_event(run, index, "completed", stage)


def message(run: Run, stage: int) -> Iterator[bytes]:
    run.told = True
    empty = run.message_json("in_progress", stage)
    yield event(empty, "thread.message.created")
    yield event(empty, "thread.message.in_progress")
    parts = [] if run.picture is None else [picture_part(run.picture)]
    for index, part in enumerate(parts):
        yield message_delta(run, {"index": index, **part})
    begin: dict[str, Any] = {"annotations": []}
    for word in run.words():
        text = {"value": word, **begin}
        yield message_delta(run, {"index": len(parts), "type": "text", "text": text})
        begin = {}


def closing(run: Run, state: str, stage: int) -> Iterator[bytes]:
    """The end of the step that was left open, when the run has come to its own."""
    goal = run.goal(stage)
    if not run.steps[goal].calls:
        said = run.message_json(state, stage)
        yield event(said, f"thread.message.{message_status(state)}")
    yield step_event(run, goal, LAST_STATUS.get(state, state), stage)


def step_event(run: Run, index: int, happened: str, stage: int) -> bytes:
    status = "in_progress" if happened == "created" else happened
    step = step_json(run, index, status, stage)
    if status == "in_progress" and run.steps[index].calls:
        step["step_details"]["tool_calls"] = []  # they come in deltas
    return event(step, f"thread.run.step.{happened}")


def step_delta(identifier: str, call: dict[str, Any]) -> bytes:
    details = {"type": "tool_calls", "tool_calls": [call]}
    delta = {
        "id": identifier,
        "object": "thread.run.step.delta",
        "delta": {"step_details": details},
    }
    return event(delta, "thread.run.step.delta")


def message_delta(run: Run, part: dict[str, Any]) -> bytes:
    delta = {
        "id": run.message_id,
        "object": "thread.message.delta",
        "delta": {"content": [part]},
    }
    return event(delta, "thread.message.delta")

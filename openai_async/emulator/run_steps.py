"""The steps of a run, as the API shows them."""

from __future__ import annotations

from typing import Any

from .runs import ACTIVE, FAILURE, Run

LAST_STATUS = {"completed": "completed", "incomplete": "completed"}
"""The status of the last step by the state a run has ended in, where the two are not the same."""


def steps(run: Run, stage: int) -> list[dict[str, Any]]:
    """The steps begun by that stage, oldest first."""
    if run.entered_at("in_progress", stage) is None:
        return []
    goal = run.goal(stage)
    state = run.course.state(stage)
    present = "in_progress" if state in ACTIVE else LAST_STATUS.get(state, state)
    shown = [step_json(run, index, "completed", stage) for index in range(goal)]
    if run.steps[goal].calls or run.message(stage) is not None:
        shown.append(step_json(run, goal, present, stage))
    return shown


def step_json(run: Run, index: int, status: str, stage: int) -> dict[str, Any]:
    step = run.steps[index]
    began = run.entered_at("in_progress", stage)
    ended = began if index < run.goal(stage) else run.entered_at(run.course.state(stage), stage)
    return {
        "id": step.id,
        "object": "thread.run.step",
        "created_at": began,
        "assistant_id": run.assistant_id,
        "thread_id": run.thread_id,
        "run_id": run.id,
        "type": step.kind,
        "status": status,
        "step_details": details(run, index, begun=status == "in_progress"),
        "last_error": FAILURE if status == "failed" else None,
        "completed_at": ended if status == "completed" else None,
        "cancelled_at": ended if status == "cancelled" else None,
        "failed_at": ended if status == "failed" else None,
        "expired_at": ended if status == "expired" else None,
        "metadata": {},
        "usage": None if status == "in_progress" else run.usage(),
    }


def details(run: Run, index: int, *, begun: bool) -> dict[str, Any]:
    step = run.steps[index]
    if not step.calls:
        created = {"message_id": run.message_id}
        return {"type": "message_creation", "message_creation": created}
    calls = [call.as_json(None if begun else run.outputs.get(call.id)) for call in step.calls]
    return {"type": "tool_calls", "tool_calls": calls}

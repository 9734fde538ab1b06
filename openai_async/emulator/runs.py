"""Runs: an assistant at work on a thread. Queued, in progress, perhaps in need of tool outputs, and
done: all of that is a function of the clock and of what was submitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .courses import Job, way
from .errors import ApiError, invalid
from .run_tools import Call
from .shapes import is_objects
from .words import count_words, split_words

WAITING = ("queued", "in_progress")
ACTIVE = (*WAITING, "requires_action", "cancelling")
LIFETIME = 600  # seconds; runs which are not done by then expire, says the API
CUT_SHORT = {
    "incomplete": "max_tokens",
    "failed": "run_failed",
    "cancelled": "run_cancelled",
    "expired": "run_expired",
}
"""Why a message is incomplete, by the state its run ended in."""
FAILURE = {"code": "server_error", "message": "The model failed, as its name says."}
ECHOED: Mapping[str, Any] = {
    "instructions": "",
    "tools": [],
    "metadata": {},
    "temperature": 1.0,
    "top_p": 1.0,
    "max_prompt_tokens": None,
    "max_completion_tokens": None,
    "truncation_strategy": {"type": "auto", "last_messages": None},
    "tool_choice": "auto",
    "parallel_tool_calls": True,
    "response_format": "auto",
}
"""What a run shows as it was asked for, and what it shows if it was not."""


@dataclass
class Step:
    """One step: calls of tools, or, without any, the message."""

    id: str
    calls: list[Call]

    @property
    def kind(self) -> str:
        return "tool_calls" if self.calls else "message_creation"

    @property
    def waits(self) -> bool:
        """Whether the run needs outputs to go on."""
        return any(call.kind == "function" for call in self.calls)


@dataclass
class Run(Job):
    """One run; it has not begun before its first `go`."""

    thread_id: str
    assistant_id: str
    model: str
    end: str | None
    details: dict[str, Any]
    said: str
    picture: str | None
    steps: list[Step]
    message_id: str
    outputs: dict[str, str] = field(default_factory=dict[str, str])
    legs: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """Of each way it went: the first stage, and the step at which that way ends."""
    told: bool = False
    """Whether a stream has begun to tell the message."""

    def active(self, now: float) -> bool:
        return self.state(now) in ACTIVE

    # What is done to it

    def go(self, now: float, seconds: float) -> None:
        """Go on until outputs are needed, or to the end."""
        begun = self.legs[-1][1] + 1 if self.legs else 0
        goal = next(
            (index for index in range(begun, len(self.steps)) if self.steps[index].waits),
            len(self.steps) - 1,
        )
        end = "requires_action" if self.steps[goal].waits else self.last_state()
        self.course.turn(now, way(WAITING, end, seconds))
        self.legs.append((self.course.first, goal))

    def cancel(self, now: float, seconds: float) -> None:
        state = self.state(now)
        if state not in ACTIVE or state == "cancelling":
            raise ApiError(400, f"Cannot cancel a run with the status '{state}'.")
        self.course.turn(now, way(("cancelling",), "cancelled", seconds))

    def submit(self, body: Mapping[str, Any], now: float, seconds: float) -> None:
        """Take the outputs of all functions that were called, and go on."""
        state = self.state(now)
        if state != "requires_action":
            raise ApiError(400, f"A run with the status '{state}' does not accept tool outputs.")
        given: Any = body.get("tool_outputs")
        if not is_objects(given):
            raise invalid("tool_outputs", "it must be a list of objects")
        outputs = {
            str(output.get("tool_call_id")): str(output.get("output") or "") for output in given
        }
        wanted = [call.id for call in self.required()]
        if sorted(outputs) != sorted(wanted):
            expected = ", ".join(wanted)
            raise invalid("tool_outputs", f"outputs are expected for the calls {expected}")
        self.outputs.update(outputs)
        self.go(now, seconds)

    # What it is at a stage

    def goal(self, stage: int) -> int:
        """The step at which the way ends that it went at that stage."""
        return next(goal for first, goal in reversed(self.legs) if first <= stage)

    def as_json(self, stage: int) -> dict[str, Any]:
        state = self.course.state(stage)
        ended = state not in ACTIVE
        return {
            "id": self.id,
            "object": "thread.run",
            "created_at": self.created_at,
            "thread_id": self.thread_id,
            "assistant_id": self.assistant_id,
            "model": self.model,
            "status": state,
            "required_action": self.required_action() if state == "requires_action" else None,
            "last_error": FAILURE if state == "failed" else None,
            "incomplete_details": (
                {"reason": "max_completion_tokens"} if state == "incomplete" else None
            ),
            "expires_at": None if ended else self.created_at + LIFETIME,
            "started_at": self.entered_at("in_progress", stage),
            "cancelled_at": self.entered_at("cancelled", stage),
            "failed_at": self.entered_at("failed", stage),
            "completed_at": self.entered_at("completed", stage),
            "usage": self.usage() if ended else None,
            **self.details,
        }

    def begun(self, stage: int) -> int:
        """The step with which that way begins."""
        return max((goal + 1 for first, goal in self.legs if goal < self.goal(stage)), default=0)

    def required(self) -> list[Call]:
        return [call for call in self.steps[self.legs[-1][1]].calls if call.kind == "function"]

    def required_action(self) -> dict[str, Any]:
        calls = [call.required() for call in self.required()]
        return {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}}

    def usage(self) -> dict[str, int]:
        asked, answered = count_words(self.said), len(self.words())
        return {
            "prompt_tokens": asked,
            "completion_tokens": answered,
            "total_tokens": asked + answered,
        }

    # What it says

    def last_state(self) -> str | None:
        whole = self.words(whole=True)
        return "incomplete" if self.end == "completed" and self.words() != whole else self.end

    def words(self, *, whole: bool = False) -> list[str]:
        """The text of its message, cut where it has to be."""
        last = list(self.outputs.values())[-1:]
        words = split_words(f"The tool said: {last[0]}" if last else f"You said: {self.said}")
        most = self.details["max_completion_tokens"]
        if whole:
            return words
        if most is None and self.end == "incomplete":
            most = len(words) // 2
        return words[:most]

    def message(self, stage: int) -> dict[str, Any] | None:
        """The message as far as it is there, None if it is not."""
        state = self.course.state(stage)
        ended = state in {"completed", "incomplete"}
        if not (ended or self.told):
            return None
        return self.message_json(state, stage)

    def message_json(self, state: str, stage: int) -> dict[str, Any]:
        """The message in a state of the run; until that has ended it is empty."""
        ended = self.entered_at(state, stage)
        return {
            "id": self.message_id,
            "object": "thread.message",
            "created_at": self.entered_at("in_progress", stage) or self.created_at,
            "thread_id": self.thread_id,
            "role": "assistant",
            "content": [] if state in ACTIVE else self.content(),
            "status": message_status(state),
            "assistant_id": self.assistant_id,
            "run_id": self.id,
            "attachments": [],
            "metadata": {},
            "completed_at": ended if state == "completed" else None,
            "incomplete_at": ended if state in CUT_SHORT else None,
            "incomplete_details": {"reason": CUT_SHORT[state]} if state in CUT_SHORT else None,
        }

    def content(self) -> list[dict[str, Any]]:
        text = {"type": "text", "text": {"value": "".join(self.words()), "annotations": []}}
        return [text] if self.picture is None else [picture_part(self.picture), text]


def message_status(state: str) -> str:
    if state in ACTIVE:
        return "in_progress"
    return "incomplete" if state in CUT_SHORT else "completed"


def picture_part(file_id: str) -> dict[str, Any]:
    return {"type": "image_file", "image_file": {"file_id": file_id}}

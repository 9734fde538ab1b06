"""Threads and what is said in them, by users and by runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .chat import part_text
from .errors import invalid, missing, unknown
from .runs import Run
from .shapes import is_list, is_object, is_objects

ROLES = ("user", "assistant")


@dataclass
class Thread:
    """A conversation: messages as the API shows them, and the runs which add theirs."""

    id: str
    created_at: int
    details: dict[str, Any]
    entries: list[dict[str, Any] | Run] = field(default_factory=list[dict[str, Any] | Run])
    runs: dict[str, Run] = field(default_factory=dict[str, Run])

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": "thread",
            "created_at": self.created_at,
            "metadata": self.details.get("metadata") or {},
            "tool_resources": self.details.get("tool_resources") or {},
        }

    def messages(self, now: float) -> list[dict[str, Any]]:
        """What was said by now, oldest first."""
        said = [
            entry.message(entry.stage(now)) if isinstance(entry, Run) else entry
            for entry in self.entries
        ]
        return [message for message in said if message is not None]

    def message(self, identifier: str, now: float) -> dict[str, Any]:
        for message in self.messages(now):
            if message["id"] == identifier:
                return message
        raise unknown("message", identifier)

    def run(self, identifier: str) -> Run:
        if identifier not in self.runs:
            raise unknown("run", identifier)
        return self.runs[identifier]

    def active_run(self, now: float) -> Run | None:
        return next((run for run in self.runs.values() if run.active(now)), None)

    def last_said(self, now: float) -> str:
        """The text of the last message of a user."""
        said = [message for message in self.messages(now) if message["role"] == "user"]
        return text_of(said[-1]) if said else ""


def message_of(body: Mapping[str, Any], param: str = "") -> dict[str, Any]:
    """What the API would show of a message that a request brings, but for its id and thread."""
    if body.get("role") not in ROLES:
        raise invalid(f"{param}role", "it must be 'user' or 'assistant'")
    if not body.get("content"):
        raise missing(f"{param}content")
    return {
        "object": "thread.message",
        "role": body["role"],
        "content": content_of(body["content"], f"{param}content"),
        "status": "completed",
        "assistant_id": None,
        "run_id": None,
        "attachments": body.get("attachments") or [],
        "metadata": body.get("metadata") or {},
        "completed_at": None,
        "incomplete_at": None,
        "incomplete_details": None,
    }


def content_of(content: Any, param: str) -> list[dict[str, Any]]:
    parts: Any = [{"type": "text", "text": content}] if isinstance(content, str) else content
    if not is_objects(parts):
        raise invalid(param, "it must be a string or a list of parts")
    if not all(isinstance(part.get("text"), str) for part in parts if part.get("type") == "text"):
        raise invalid(param, "every part of the type 'text' must have a text")
    return [text_part(part["text"]) if part.get("type") == "text" else part for part in parts]


def text_part(text: str) -> dict[str, Any]:
    return {"type": "text", "text": {"value": text, "annotations": []}}


def text_of(message: Mapping[str, Any]) -> str:
    parts: Any = message["content"]
    texts = [part["text"]["value"] if part["type"] == "text" else part_text(part) for part in parts]
    return " ".join(texts)


def messages_of(body: Mapping[str, Any], param: str) -> list[dict[str, Any]]:
    """The messages in a list of a request, which may lack."""
    given: Any = body.get(param) or []
    if not is_list(given) or not all(is_object(message) for message in given):
        raise invalid(param, "it must be a list of messages")
    return [message_of(message, f"{param}[{index}].") for index, message in enumerate(given)]

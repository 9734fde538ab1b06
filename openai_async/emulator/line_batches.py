"""Batches of requests: their lines are answered one after another while time passes.

All answers are made when a batch is created; which of them are there already is a function of the
clock. They come in an order of their own, for the API promises none."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .errors import ApiError
from .lines import Line, Mistake, read_lines, record, unfinished
from .shapes import is_object
from .spool import Extent, Joined, Spool

VALIDATED, ANSWERED = 0.1, 0.9
"""The shares of its time after which a batch is validated, and all its lines are answered."""
EXPIRING = 0.5
"""The share after which no more lines are answered in a batch that expires."""
CANCELLING = 0.1
"""How long it is cancelling at most, in seconds."""
WINDOW = 86_400

MARKS = {
    "in_progress_at": VALIDATED,
    "finalizing_at": ANSWERED,
    "completed_at": 1.0,
    "expired_at": 1.0,
}
PASSED: dict[str, tuple[str, ...]] = {
    "validating": (),
    "failed": (),
    "in_progress": ("in_progress_at",),
    "finalizing": ("in_progress_at", "finalizing_at"),
    "completed": ("in_progress_at", "finalizing_at", "completed_at"),
    "expired": ("in_progress_at", "expired_at"),
    "cancelling": ("in_progress_at",),
    "cancelled": ("in_progress_at",),
}
"""Which moments lie behind a batch of a status."""
REASONS = {
    "expired": (
        "batch_expired",
        "This request could not be executed before the completion window expired.",
    ),
    "cancelled": ("batch_cancelled", "The batch was cancelled before this request was executed."),
}
"""What is said about unfinished lines."""


AnswerLine = Callable[[Line], tuple[int, dict[str, Any]]]
"""Makes of a line the status and the body of an answer."""


class Answered(NamedTuple):
    """A line with its answer."""

    custom_id: str
    failed: bool
    extent: Extent
    tokens: tuple[int, int]
    """How many went in, and how many came out."""


@dataclass
class LineBatch:
    """Requests in a file, which are answered together."""

    id: str
    details: dict[str, Any]
    """What it was created with: endpoint, input_file_id, completion_window, metadata."""
    created_at: int
    began: float
    duration: float
    clock: Callable[[], float] = field(repr=False)
    model: str | None = None
    mistakes: list[Mistake] = field(default_factory=list[Mistake])
    answers: list[Answered] = field(default_factory=list[Answered], repr=False)
    spool: Spool = field(default_factory=Spool, repr=False)
    cancelled_at: float | None = None
    """On the same clock as `began`."""
    output_file_id: str | None = None
    error_file_id: str | None = None
    settled: bool = False
    """Whether it has ended, and its files are there."""

    def run(self, blocks: Iterable[bytes], answer_line: AnswerLine) -> None:
        """Read the input, and answer it if nothing is wrong with it."""
        lines, self.mistakes = read_lines(blocks, self.details["endpoint"])
        if self.mistakes:
            return
        for line in shuffled(lines, self.id):
            status, body = answer_line(line)
            self.model = self.model or body.get("model")
            extent = self.spool.append([record(self.id, line.custom_id, status, body)])
            self.answers.append(Answered(line.custom_id, status != 200, extent, tokens_of(body)))

    # What the clock says

    @property
    def expires(self) -> bool:
        """Whether it was created with the metadata {"emulator": "expire"}."""
        metadata = self.details.get("metadata")
        return is_object(metadata) and metadata.get("emulator") == "expire"

    @property
    def status(self) -> str:
        return self.status_at(self.clock())

    def status_at(self, now: float) -> str:
        share = self.share(now)
        if self.mistakes:
            return "validating" if share < VALIDATED else "failed"
        if self.cancelled_at is not None:
            lasting = min(CANCELLING, self.duration * CANCELLING)
            return "cancelling" if now < self.cancelled_at + lasting else "cancelled"
        if share < VALIDATED:
            return "validating"
        if self.expires:
            return "in_progress" if share < 1 else "expired"
        return "in_progress" if share < ANSWERED else "finalizing" if share < 1 else "completed"

    def share(self, now: float) -> float:
        """How much of its time is over."""
        if now < self.began:
            return 0.0
        return (now - self.began) / self.duration if self.duration else 1.0

    def finished(self, now: float) -> list[Answered]:
        if self.cancelled_at is not None:
            now = min(now, self.cancelled_at)
        share = min(self.share(now), EXPIRING if self.expires else ANSWERED)
        part = max(0.0, share - VALIDATED) / (ANSWERED - VALIDATED)
        # So that rounding errors lose none.
        return self.answers[: int(part * len(self.answers) + 1e-6)]

    def cancel(self, now: float) -> None:
        status = self.status_at(now)
        if status in {"cancelling", "cancelled"}:
            return
        if status not in {"validating", "in_progress", "finalizing"}:
            raise ApiError(409, f"Cannot cancel a batch with status '{status}'.")
        self.cancelled_at = now

    # What it leaves

    def results(self, now: float) -> tuple[Joined, Joined]:
        """The output and the errors of a batch that has ended."""
        done = self.finished(now)
        output = [each.extent for each in done if not each.failed]
        errors = [each.extent for each in done if each.failed]
        reason = REASONS.get(self.status_at(now))
        if reason is not None:
            rest = self.answers[len(done) :]
            errors += [
                self.spool.append([unfinished(self.id, each.custom_id, *reason)]) for each in rest
            ]
        return Joined(self.spool, output), Joined(self.spool, errors)

    def as_json(self, now: float | None = None) -> dict[str, Any]:
        now = self.clock() if now is None else now
        status = self.status_at(now)
        done = self.finished(now)
        running = status not in {"validating", "failed"}
        failed = sum(each.failed for each in done)
        told = [mistake.as_json() for mistake in self.mistakes]
        return {
            "id": self.id,
            "object": "batch",
            **self.details,
            "model": self.model if running else None,
            "errors": {"object": "list", "data": told} if status == "failed" else None,
            "status": status,
            "output_file_id": self.output_file_id,
            "error_file_id": self.error_file_id,
            "created_at": self.created_at,
            "expires_at": self.created_at + WINDOW,
            **self.moments(status),
            "request_counts": {
                "total": len(self.answers) if running else 0,
                "completed": len(done) - failed,
                "failed": failed,
            },
            "usage": usage_of(done) if self.settled else None,
        }

    def moments(self, status: str) -> dict[str, int | None]:
        """When what happened."""
        at = {name: self.created_at + int(self.duration * share) for name, share in MARKS.items()}
        moments = {name: at[name] if name in PASSED[status] else None for name in MARKS}
        cancelled = None
        if self.cancelled_at is not None:
            cancelled = self.created_at + int(self.cancelled_at - self.began)
        return {
            **moments,
            "failed_at": at["in_progress_at"] if status == "failed" else None,
            "cancelling_at": cancelled,
            "cancelled_at": cancelled if status == "cancelled" else None,
        }


def shuffled(lines: list[Line], seed: str) -> list[Line]:
    """The lines in an order that is not theirs, unless there is only one."""
    order = list(range(len(lines)))
    random.Random(seed).shuffle(order)
    if order == sorted(order):
        order = [*order[1:], *order[:1]]
    return [lines[index] for index in order]


def tokens_of(body: dict[str, Any]) -> tuple[int, int]:
    usage = body.get("usage")
    if not is_object(usage):
        return 0, 0
    asked = usage.get("prompt_tokens", usage.get("input_tokens", 0))
    return asked, usage.get("completion_tokens", usage.get("output_tokens", 0))


def usage_of(done: list[Answered]) -> dict[str, Any]:
    asked, answered = (sum(each.tokens[index] for each in done) for index in (0, 1))
    return {
        "input_tokens": asked,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": answered,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": asked + answered,
    }

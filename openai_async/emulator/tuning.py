"""The endpoints of fine-tuning jobs. Nothing is trained: the file is looked at, and time passes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .chat import model_of
from .courses import Course, Job, end_of, way
from .errors import ApiError, invalid, missing
from .generation import json_body
from .paging import page
from .polls import polled
from .replies import JsonReply
from .rows import Rows
from .settings import Settings
from .store import Shelf, Store, StoredFile

WAITING = ("validating_files", "queued", "running")
AGAIN = ("queued", "running")
ENDS: Mapping[str, str] = {"fails": "failed"}
ENDED = ("succeeded", "failed", "cancelled")
BYTES_PER_TOKEN = 4
ECHOED: Mapping[str, Any] = {
    "hyperparameters": {"batch_size": "auto", "learning_rate_multiplier": "auto", "n_epochs": 3},
    "validation_file": None,
    "integrations": [],
    "metadata": {},
    "seed": 42,
    "method": {"type": "supervised", "supervised": {"hyperparameters": {}}},
}
"""What a job shows as it was asked for, and what it shows if it was not."""
TOLD: Mapping[str, str] = {
    "validating_files": "Validating the training file.",
    "queued": "The files are valid: the job is queued.",
    "running": "The training has begun.",
    "paused": "The job was paused.",
    "succeeded": "The job has ended: the model is ready.",
    "failed": "The job has failed.",
    "cancelled": "The job was cancelled.",
}
"""The event of each state."""


@dataclass
class Tuning(Job):
    model: str
    suffix: str
    file: StoredFile
    broken: bool
    end: str | None
    details: dict[str, Any]

    def as_json(self, stage: int) -> dict[str, Any]:
        state = self.course.state(stage)
        done = state == "succeeded"
        return {
            "id": self.id,
            "object": "fine_tuning.job",
            "created_at": self.created_at,
            "model": self.model,
            "status": state,
            "training_file": self.file.id,
            "fine_tuned_model": f"ft:{self.model}:acme:{self.suffix}:{self.id[-8:]}"
            if done
            else None,
            "finished_at": self.entered_at(state, stage) if state in ENDED else None,
            "trained_tokens": self.file.size // BYTES_PER_TOKEN if done else None,
            "error": self.error() if state == "failed" else None,
            "organization_id": "org-emulator",
            "result_files": [],
            "estimated_finish": None,
            **self.details,
        }

    def error(self) -> dict[str, Any]:
        if self.broken:
            message = "The training file could not be read."
            return {"code": "invalid_training_file", "message": message, "param": "training_file"}
        message = "The training failed, as the name of its model says."
        return {"code": "server_error", "message": message, "param": None}

    def events(self, stage: int) -> list[dict[str, Any]]:
        """What has happened by that stage, oldest first."""
        return [self.event(number) for number in range(stage + 1)]

    def event(self, stage: int) -> dict[str, Any]:
        state = self.course.state(stage)
        return {
            "id": f"ftevent-{self.id[-16:]}{stage:08x}",
            "object": "fine_tuning.job.event",
            "created_at": self.entered_at(state, stage),
            "level": "error" if state == "failed" else "info",
            "message": TOLD[state],
            "type": "message",
            "data": {},
        }

    def change(self, now: float, verb: str, *, of: tuple[str, ...]) -> None:
        """Raises the `ApiError` for a job which is in none of the states `of`."""
        state = self.state(now)
        if state not in of:
            raise ApiError(400, f"The job '{self.id}' cannot be {verb}, for it is {state}.")


class FineTuning:
    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings
        self.jobs: Shelf[Tuning] = store.shelf("fine-tuning job")

    def rows(self) -> Rows:
        job = "/v1/fine_tuning/jobs/{job}"
        return [
            ("POST", "/v1/fine_tuning/jobs", self.create),
            ("GET", "/v1/fine_tuning/jobs", self.all),
            ("GET", job, self.retrieve),
            ("GET", f"{job}/events", self.events),
            ("POST", f"{job}/cancel", self.cancel),
            ("POST", f"{job}/pause", self.pause),
            ("POST", f"{job}/resume", self.resume),
        ]

    async def create(self, request: Request) -> Response:
        body = await json_body(request)
        model = model_of(body)
        file, now = self.training_file(body), self.store.monotonic()
        broken = file.filename.endswith(".fail")
        end = end_of(model, "succeeded", ENDS)
        going = way(WAITING[:1], "failed", 0.0) if broken else way(WAITING, end, self.seconds)
        job = Tuning(
            id=self.store.new_id("ftjob-"),
            created_at=self.store.now(),
            course=Course(now, going),
            model=model,
            suffix=str(body.get("suffix") or ""),
            file=file,
            broken=broken,
            end=end,
            details={name: body.get(name, default) for name, default in ECHOED.items()},
        )
        self.jobs[job.id] = job
        return self.shown(request, job, now)

    async def all(self, request: Request) -> Response:
        now = self.store.monotonic()
        jobs = [job.as_json(job.stage(now)) for job in self.jobs.values()]
        return JsonReply(page(jobs, request.query_params))

    async def retrieve(self, request: Request) -> Response:
        return self.shown(request, self.job(request), self.store.monotonic())

    async def events(self, request: Request) -> Response:
        job = self.job(request)
        events = job.events(job.stage(self.store.monotonic()))
        return JsonReply(page(events, request.query_params))

    async def cancel(self, request: Request) -> Response:
        job, now = self.job(request), self.store.monotonic()
        job.change(now, "cancelled", of=(*WAITING, "paused"))
        job.course.turn(now, [("cancelled", 0.0)])
        return self.shown(request, job, now)

    async def pause(self, request: Request) -> Response:
        job, now = self.job(request), self.store.monotonic()
        job.change(now, "paused", of=WAITING)
        job.course.turn(now, [("paused", 0.0)])
        return self.shown(request, job, now)

    async def resume(self, request: Request) -> Response:
        job, now = self.job(request), self.store.monotonic()
        job.change(now, "resumed", of=("paused",))
        job.course.turn(now, way(AGAIN, job.end, self.seconds))
        return self.shown(request, job, now)

    @property
    def seconds(self) -> float:
        return self.settings.run_seconds

    def job(self, request: Request) -> Tuning:
        return self.jobs[request.path_params["job"]]

    def shown(self, request: Request, job: Tuning, now: float) -> Response:
        return polled(request, self.settings, job.as_json(job.stage(now)))

    def training_file(self, body: dict[str, Any]) -> StoredFile:
        identifier = body.get("training_file")
        if not isinstance(identifier, str) or not identifier:
            raise missing("training_file")
        file = self.store.files.get(identifier)
        if file is None:
            raise invalid("training_file", f"there is no file '{identifier}'")
        return file

"""The endpoints of runs and their steps."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .assistants import add_message, new_thread, versioned
from .chat import model_of
from .courses import Course, end_of
from .errors import ApiError, missing, unknown
from .generation import json_body
from .images import colour, png
from .messages import Thread, messages_of
from .paging import page
from .polls import polled
from .replies import JsonReply
from .rows import Rows
from .run_events import run_events
from .run_steps import steps
from .run_tools import groups_of, tools_of
from .runs import ECHOED, Run, Step
from .server_events import ASSISTANTS, Block, event_stream
from .settings import Settings
from .store import Shelf, Store, digest_of

DRAW = "draw"
PICTURE_SIDE = 16


class ThreadRuns:
    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings
        self.assistants: Shelf[dict[str, Any]] = store.shelf("assistant")
        self.threads: Shelf[Thread] = store.shelf("thread")

    def rows(self) -> Rows:
        runs = "/v1/threads/{thread}/runs"
        run = runs + "/{run}"
        return versioned(
            [
                ("POST", "/v1/threads/runs", self.create_with_thread),
                ("POST", runs, self.create),
                ("GET", runs, self.runs),
                ("GET", run, self.retrieve),
                ("POST", run, self.update),
                ("POST", f"{run}/cancel", self.cancel),
                ("POST", f"{run}/submit_tool_outputs", self.submit),
                ("GET", f"{run}/steps", self.steps),
                ("GET", run + "/steps/{step}", self.step),
            ]
        )

    async def create(self, request: Request) -> Response:
        thread, body = self.thread(request), await json_body(request)
        now = self.store.monotonic()
        active = thread.active_run(now)
        if active is not None:
            raise ApiError(
                400, f"The thread '{thread.id}' already has the active run '{active.id}'."
            )
        run = self.new_run(thread, body, now)
        if body.get("stream"):
            return self.stream(request, run_events(run, self.store.monotonic))
        return self.shown(request, run, now)

    async def create_with_thread(self, request: Request) -> Response:
        body = await json_body(request)
        now = self.store.monotonic()
        self.assistant(body)
        thread = new_thread(self.store, body.get("thread") or {})
        run = self.new_run(thread, body, now)
        if body.get("stream"):
            return self.stream(request, run_events(run, self.store.monotonic, thread=thread))
        return self.shown(request, run, now)

    async def runs(self, request: Request) -> Response:
        now = self.store.monotonic()
        runs = [run.as_json(run.stage(now)) for run in self.thread(request).runs.values()]
        return JsonReply(page(runs, request.query_params))

    async def retrieve(self, request: Request) -> Response:
        return self.shown(request, self.run(request), self.store.monotonic())

    async def update(self, request: Request) -> Response:
        run, body = self.run(request), await json_body(request)
        run.details["metadata"] = body.get("metadata") or {}
        return self.shown(request, run, self.store.monotonic())

    async def cancel(self, request: Request) -> Response:
        run, now = self.run(request), self.store.monotonic()
        run.cancel(now, self.settings.run_seconds)
        return self.shown(request, run, now)

    async def submit(self, request: Request) -> Response:
        run, body = self.run(request), await json_body(request)
        now = self.store.monotonic()
        run.submit(body, now, self.settings.run_seconds)
        if body.get("stream"):
            begin = run.course.first
            return self.stream(request, run_events(run, self.store.monotonic, begin=begin))
        return self.shown(request, run, now)

    async def steps(self, request: Request) -> Response:
        return JsonReply(page(self.steps_of(request), request.query_params))

    async def step(self, request: Request) -> Response:
        wanted = request.path_params["step"]
        for step in self.steps_of(request):
            if step["id"] == wanted:
                return JsonReply(step)
        raise unknown("run step", wanted)

    # Common parts

    def thread(self, request: Request) -> Thread:
        return self.threads[request.path_params["thread"]]

    def run(self, request: Request) -> Run:
        return self.thread(request).run(request.path_params["run"])

    def steps_of(self, request: Request) -> list[dict[str, Any]]:
        run = self.run(request)
        return steps(run, run.stage(self.store.monotonic()))

    def shown(self, request: Request, run: Run, now: float) -> Response:
        return polled(request, self.settings, run.as_json(run.stage(now)))

    def stream(self, request: Request, blocks: Iterator[Block]) -> Response:
        return event_stream(request, blocks, ASSISTANTS, self.settings)

    def assistant(self, body: dict[str, Any]) -> dict[str, Any]:
        identifier = body.get("assistant_id")
        if not isinstance(identifier, str) or not identifier:
            raise missing("assistant_id")
        return self.assistants[identifier]

    def new_run(self, thread: Thread, body: dict[str, Any], now: float) -> Run:
        """Add a run to a thread, and let it go."""
        assistant = self.assistant(body)
        extra = messages_of(body, "additional_messages")
        asked = {**given(assistant), **given(body)}
        model = model_of(asked)
        tools = tools_of(asked)
        for message in extra:
            add_message(self.store, thread, message)
        said = thread.last_said(now)
        picture = self.draw(said) if DRAW in said else None
        groups = groups_of(
            tools,
            self.store.new_id,
            parallel=asked.get("parallel_tool_calls") is not False,
            picture=picture,
        )
        details = {name: asked.get(name, default) for name, default in ECHOED.items()}
        run = Run(
            id=self.store.new_id("run_"),
            created_at=self.store.now(),
            course=Course(now),
            thread_id=thread.id,
            assistant_id=assistant["id"],
            model=model,
            end=end_of(model, "completed"),
            details={**details, "metadata": body.get("metadata") or {}},
            said=said,
            picture=picture,
            steps=[Step(self.store.new_id("step_"), group) for group in (*groups, [])],
            message_id=self.store.new_id("msg_"),
        )
        run.go(now, self.settings.run_seconds)
        thread.runs[run.id] = run
        thread.entries.append(run)
        return run

    def draw(self, said: str) -> str:
        """The id of a new file with a picture."""
        content = io.BytesIO(png(PICTURE_SIDE, PICTURE_SIDE, colour(said)))
        file = self.store.add_file(
            content,
            digest_of(content),
            filename="picture.png",
            purpose="assistants_output",
            content_type="image/png",
        )
        return file.id


def given(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}

"""The endpoints of the Responses API."""

from __future__ import annotations

import math
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .answering import ECHOED, ENDS, WAITING, Answering, answered, cancelled
from .courses import Course, end_of, way
from .errors import ApiError, invalid
from .generation import json_body
from .polls import polled
from .replies import JsonReply
from .response_events import response_events
from .rows import Rows
from .server_events import RESPONSES, event_stream
from .settings import Settings
from .store import Shelf, Store
from .wire import wire_of


class Responses:
    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings
        self.made: Shelf[Answering] = store.shelf("response")

    def rows(self) -> Rows:
        one = "/v1/responses/{response}"
        return [
            ("POST", "/v1/responses", self.create),
            ("GET", one, self.retrieve),
            ("DELETE", one, self.delete),
            ("POST", f"{one}/cancel", self.cancel),
        ]

    async def create(self, request: Request) -> Response:
        body = await json_body(request)
        now = self.store.monotonic()
        made = self.new(body, now)
        if body.get("stream"):
            return self.stream(request, made)
        if made.end is None and not made.background:
            await wire_of(request.scope).gone.wait()
        return self.shown(request, made, now)

    async def retrieve(self, request: Request) -> Response:
        made, query = self.asked(request), request.query_params
        if query.get("stream") == "true":
            after = query.get("starting_after", "-1")
            if not after.lstrip("-").isdecimal():
                raise invalid("starting_after", "it must be the number of an event")
            return self.stream(request, made, after=int(after))
        return self.shown(request, made, self.store.monotonic())

    async def cancel(self, request: Request) -> Response:
        made, now = self.asked(request), self.store.monotonic()
        cancelled(made, now)
        return self.shown(request, made, now)

    async def delete(self, request: Request) -> Response:
        identifier = self.asked(request).id
        del self.made[identifier]
        return JsonReply({"id": identifier, "object": "response", "deleted": True})

    def asked(self, request: Request) -> Answering:
        return self.made[request.path_params["response"]]

    def shown(self, request: Request, made: Answering, now: float) -> Response:
        if made.background:
            return polled(request, self.settings, made.as_json(made.stage(now)))
        return JsonReply(made.as_json(made.stage(math.inf)))

    def stream(self, request: Request, made: Answering, *, after: int = -1) -> Response:
        blocks = response_events(made, self.store.monotonic, after=after)
        return event_stream(request, blocks, RESPONSES, self.settings)

    def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        """The whole response, for the lines of batches."""
        made = self.new({**body, "background": False}, self.store.monotonic())
        return made.as_json(made.stage(math.inf))

    def new(self, body: dict[str, Any], now: float) -> Answering:
        model, choice, usage = answered(body)
        previous = body.get("previous_response_id")
        if previous is not None and previous not in self.made:
            message = f"Previous response with id '{previous}' not found."
            raise ApiError(
                400, message, param="previous_response_id", code="previous_response_not_found"
            )
        background = bool(body.get("background"))
        done = "incomplete" if choice.finish_reason == "length" else "completed"
        end = end_of(model, done, ENDS)
        waiting = WAITING if background else WAITING[1:]
        seconds = self.settings.run_seconds if background else 0.0
        made = Answering(
            id=self.store.new_id("resp_"),
            created_at=self.store.now(),
            course=Course(now, way(waiting, end, seconds)),
            model=model,
            background=background,
            end=end,
            details={name: body.get(name, default) for name, default in ECHOED.items()},
            choice=choice,
            usage=usage,
            item_ids=[self.store.new_id("fc_") for _ in choice.tool_calls]
            or [self.store.new_id("msg_")],
        )
        if body.get("store") is not False:
            self.made[made.id] = made
        return made

"""The endpoints for tests in other processes: they queue faults and read what was recorded."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from .errors import ApiError, missing
from .generation import json_body
from .queue import FaultQueue
from .recorder import Recorder, as_json
from .replies import JsonReply
from .rows import Rows


class Control:
    def __init__(self, faults: FaultQueue, recorder: Recorder) -> None:
        self.faults = faults
        self.recorder = recorder

    def rows(self) -> Rows:
        return [
            ("POST", "/_emulator/faults", self.add_fault),
            ("DELETE", "/_emulator/faults", self.clear_faults),
            ("GET", "/_emulator/requests", self.requests),
            ("DELETE", "/_emulator/requests", self.clear_requests),
        ]

    async def add_fault(self, request: Request) -> Response:
        body = await json_body(request)
        if "spec" not in body and "rate" not in body:
            raise missing("spec")
        try:
            if "rate" in body:
                self.faults.add_chance(body.pop("rate"), body.pop("kinds", None), **body)
            else:
                self.faults.add(body.pop("spec"), **body)
        except (ValueError, TypeError, AttributeError) as error:
            raise ApiError(400, str(error)) from None
        return Response(status_code=204)

    async def clear_faults(self, request: Request) -> Response:
        self.faults.clear()
        return Response(status_code=204)

    async def requests(self, request: Request) -> Response:
        data = [as_json(recorded) for recorded in self.recorder.snapshot()]
        return JsonReply({"object": "list", "data": data})

    async def clear_requests(self, request: Request) -> Response:
        self.recorder.clear()
        return Response(status_code=204)

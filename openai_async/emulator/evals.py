"""The endpoints of evals and their runs. Nothing is judged: every item passes, in its time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .courses import Course, Job, end_of, way
from .errors import ApiError, invalid, missing, unknown
from .generation import json_body
from .paging import page
from .polls import polled
from .replies import JsonReply
from .rows import Rows
from .settings import Settings
from .shapes import is_list, is_object, is_objects
from .store import Shelf, Store

WAITING = ("queued", "in_progress")
ENDS: Mapping[str, str] = {"fails": "failed"}
FAILURE = {"code": "server_error", "message": "The run failed, as the name of its model says."}
PAGE = "https://example.com/evaluations"


@dataclass
class EvalRun(Job):
    eval_id: str
    model: str
    name: str
    items: int
    criteria: list[str]
    data_source: dict[str, Any]
    metadata: dict[str, Any]

    def as_json(self, now: float) -> dict[str, Any]:
        state = self.state(now)
        passed = self.items if state == "completed" else 0
        return {
            "id": self.id,
            "object": "eval.run",
            "eval_id": self.eval_id,
            "created_at": self.created_at,
            "model": self.model,
            "name": self.name,
            "status": state,
            "error": FAILURE if state == "failed" else None,
            "data_source": self.data_source,
            "metadata": self.metadata,
            "report_url": f"{PAGE}/{self.eval_id}?run_id={self.id}",
            "result_counts": {"total": self.items, "errored": 0, "failed": 0, "passed": passed},
            "per_model_usage": [],
            "per_testing_criteria_results": [
                {"testing_criteria": name, "passed": passed, "failed": 0} for name in self.criteria
            ],
        }


@dataclass
class Eval:
    id: str
    created_at: int
    name: str
    metadata: dict[str, Any]
    data_source_config: dict[str, Any]
    testing_criteria: list[dict[str, Any]]
    runs: dict[str, EvalRun]

    def as_json(self) -> dict[str, Any]:
        shown = {name: value for name, value in vars(self).items() if name != "runs"}
        return {"object": "eval", **shown}


class Evals:
    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings
        self.made: Shelf[Eval] = store.shelf("eval")

    def rows(self) -> Rows:
        one = "/v1/evals/{eval}"
        run = one + "/runs/{run}"
        return [
            ("POST", "/v1/evals", self.create),
            ("GET", "/v1/evals", self.all),
            ("GET", one, self.retrieve),
            ("POST", one, self.update),
            ("DELETE", one, self.delete),
            ("POST", f"{one}/runs", self.create_run),
            ("GET", f"{one}/runs", self.runs),
            ("GET", run, self.retrieve_run),
            ("DELETE", run, self.delete_run),
            # The API is described with one of these paths and called with the other.
            ("POST", run, self.cancel_run),
            ("POST", f"{run}/cancel", self.cancel_run),
        ]

    async def create(self, request: Request) -> Response:
        body = await json_body(request)
        config: Any = body.get("data_source_config")
        if not is_object(config):
            raise missing("data_source_config")
        criteria: Any = body.get("testing_criteria")
        if not is_objects(criteria):
            raise missing("testing_criteria")
        made = Eval(
            id=self.store.new_id("eval_"),
            created_at=self.store.now(),
            name=str(body.get("name") or ""),
            metadata=body.get("metadata") or {},
            data_source_config=shown_config(config),
            testing_criteria=criteria,
            runs={},
        )
        self.made[made.id] = made
        return JsonReply(made.as_json())

    async def all(self, request: Request) -> Response:
        return JsonReply(
            page([made.as_json() for made in self.made.values()], request.query_params)
        )

    async def retrieve(self, request: Request) -> Response:
        return JsonReply(self.asked(request).as_json())

    async def update(self, request: Request) -> Response:
        made, body = self.asked(request), await json_body(request)
        made.name = str(body.get("name") or made.name)
        made.metadata = body.get("metadata") or made.metadata
        return JsonReply(made.as_json())

    async def delete(self, request: Request) -> Response:
        identifier = self.asked(request).id
        del self.made[identifier]
        return JsonReply({"object": "eval.deleted", "deleted": True, "eval_id": identifier})

    # Runs

    async def create_run(self, request: Request) -> Response:
        made, body = self.asked(request), await json_body(request)
        source: Any = body.get("data_source")
        if not is_object(source):
            raise missing("data_source")
        now = self.store.monotonic()
        name = str(body.get("name") or "")
        model = str(source.get("model") or name)
        run = EvalRun(
            id=self.store.new_id("evalrun_"),
            created_at=self.store.now(),
            course=Course(
                now, way(WAITING, end_of(model, "completed", ENDS), self.settings.run_seconds)
            ),
            eval_id=made.id,
            model=model,
            name=name or model,
            items=self.items_of(source),
            criteria=[str(each.get("name", "")) for each in made.testing_criteria],
            data_source=source,
            metadata=body.get("metadata") or {},
        )
        made.runs[run.id] = run
        return self.shown(request, run, now)

    async def runs(self, request: Request) -> Response:
        now, wanted = self.store.monotonic(), request.query_params.get("status")
        runs = [run.as_json(now) for run in self.asked(request).runs.values()]
        found = [run for run in runs if wanted in {None, run["status"]}]
        return JsonReply(page(found, request.query_params))

    async def retrieve_run(self, request: Request) -> Response:
        return self.shown(request, self.run(request), self.store.monotonic())

    async def cancel_run(self, request: Request) -> Response:
        run, now = self.run(request), self.store.monotonic()
        state = run.state(now)
        if state not in WAITING:
            raise ApiError(400, f"The run '{run.id}' cannot be canceled, for it is {state}.")
        run.course.turn(now, [("canceled", 0.0)])
        return self.shown(request, run, now)

    async def delete_run(self, request: Request) -> Response:
        run = self.run(request)
        del self.asked(request).runs[run.id]
        return JsonReply({"object": "eval.run.deleted", "deleted": True, "run_id": run.id})

    def asked(self, request: Request) -> Eval:
        return self.made[request.path_params["eval"]]

    def run(self, request: Request) -> EvalRun:
        runs, identifier = self.asked(request).runs, request.path_params["run"]
        if identifier not in runs:
            raise unknown("eval run", identifier)
        return runs[identifier]

    def shown(self, request: Request, run: EvalRun, now: float) -> Response:
        return polled(request, self.settings, run.as_json(now))

    def items_of(self, source: dict[str, Any]) -> int:
        """How many items there are: those in the request, or the lines of a file."""
        given: Any = source.get("source")
        if not is_object(given):
            raise missing("data_source.source")
        if is_list(given.get("content")):
            return len(given["content"])
        if given.get("type") != "file_id":
            return 0
        file = self.store.files.get(str(given.get("id")))
        if file is None:
            raise invalid("data_source.source.id", f"there is no file '{given.get('id')}'")
        return len(file.read().splitlines())


def shown_config(config: dict[str, Any]) -> dict[str, Any]:
    """A data source as the API shows it: with the schema of an item and its sample."""
    properties: dict[str, Any] = {"item": config.get("item_schema") or {"type": "object"}}
    if config.get("include_sample_schema"):
        properties["sample"] = {"type": "object"}
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    more = {} if config.get("type") == "custom" else {"metadata": config.get("metadata")}
    return {"type": config.get("type"), "schema": schema, **more}

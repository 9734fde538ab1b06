"""The endpoints of batches of requests."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .batch_answers import Answer, answer_line, table
from .errors import ApiError, invalid, unknown
from .generation import json_body
from .line_batches import LineBatch
from .paging import page
from .parts import text_of
from .polls import polled
from .replies import JsonReply
from .responses import Responses
from .rows import Rows
from .settings import Settings
from .shapes import is_object
from .store import Store, StoredFile, digest_of

PAGE_LIMIT = 20
PAGE_MOST = 100
WINDOWS = ("24h",)
ENDED = ("completed", "expired", "cancelled")
PURPOSE = "batch"
MAX_BYTES = 200 << 20


class Batches:
    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings
        self.answers: dict[str, Answer] = table(Responses(store, settings))

    def rows(self) -> Rows:
        one = "/v1/batches/{batch}"
        return [
            ("POST", "/v1/batches", self.create),
            ("GET", "/v1/batches", self.list),
            ("GET", one, self.retrieve),
            ("POST", f"{one}/cancel", self.cancel),
        ]

    async def create(self, request: Request) -> Response:
        details = details_of(await json_body(request), self.answers)
        file = self.input_file(details["input_file_id"])
        batch = self.store.new_line_batch(details, self.settings.processing_seconds)
        respond = self.answers[details["endpoint"]]
        await asyncio.to_thread(batch.run, file.blocks(), partial(answer_line, respond))
        self.store.line_batches[batch.id] = batch
        # It is still being validated, as at the real API, however little time it takes.
        return JsonReply(batch.as_json(batch.began - 1))

    async def list(self, request: Request) -> Response:
        now = self.store.monotonic()
        items = [await self.told(batch, now) for batch in [*self.store.line_batches.values()]]
        return JsonReply(page(items, request.query_params, limit=PAGE_LIMIT, most=PAGE_MOST))

    async def retrieve(self, request: Request) -> Response:
        batch = self.batch(request)
        return polled(request, self.settings, await self.told(batch, self.store.monotonic()))

    async def cancel(self, request: Request) -> Response:
        batch, now = self.batch(request), self.store.monotonic()
        batch.cancel(now)
        return polled(request, self.settings, await self.told(batch, now))

    async def told(self, batch: LineBatch, now: float) -> dict[str, Any]:
        """What the API says about a batch, whose files are there as soon as it has ended."""
        if batch.status_at(now) in ENDED and not batch.settled:
            output, errors = await asyncio.to_thread(batch.results, now)
            digests = [await asyncio.to_thread(digest_of, each) for each in (output, errors)]
            if not batch.settled:  # by another request meanwhile
                batch.settled = True
                batch.output_file_id = self.keep(batch, "output", output, digests[0])
                batch.error_file_id = self.keep(batch, "error", errors, digests[1])
        return batch.as_json(now)

    def keep(
        self, batch: LineBatch, name: str, content: Any, digest: tuple[int, str]
    ) -> str | None:
        """The file of some results; None if there are none."""
        if not digest[0]:
            return None
        filename = f"{batch.id}_{name}.jsonl"
        return self.store.add_file(content, digest, filename=filename, purpose="batch_output").id

    def input_file(self, identifier: str) -> StoredFile:
        file = self.store.files.get(identifier)
        if file is None:
            raise invalid("input_file_id", f"there is no file '{identifier}'")
        if file.purpose != PURPOSE:
            raise invalid("input_file_id", f"the purpose of the file must be '{PURPOSE}'")
        if file.size > MAX_BYTES:
            raise invalid("input_file_id", f"the file must have at most {MAX_BYTES} bytes")
        return file

    def batch(self, request: Request) -> LineBatch:
        identifier = request.path_params["batch"]
        if identifier not in self.store.line_batches:
            raise unknown("batch", identifier)
        return self.store.line_batches[identifier]


def details_of(body: dict[str, Any], endpoints: Collection[str]) -> dict[str, Any]:
    details: dict[str, Any] = {
        name: text_of(body, name) for name in ("endpoint", "input_file_id", "completion_window")
    }
    if details["endpoint"] not in endpoints:
        raise invalid("endpoint", f"it must be one of {', '.join(endpoints)}")
    if details["completion_window"] not in WINDOWS:
        raise invalid("completion_window", f"it must be one of {', '.join(WINDOWS)}")
    metadata = body.get("metadata")
    if metadata is not None and not is_object(metadata):
        raise ApiError(400, "The metadata must be an object.", param="metadata")
    return {**details, "metadata": metadata}

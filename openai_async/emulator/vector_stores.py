"""The endpoints of vector stores, their files and their batches of files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .errors import invalid
from .generation import json_body
from .indexes import Attachment, Batch, VectorStore, file_ids_of, wanted, wanted_files
from .paging import page
from .polls import polled
from .replies import JsonReply
from .rows import Rows
from .settings import Settings
from .shapes import is_object
from .store import Store

DETAILS = ("name", "description", "metadata", "expires_after")


class VectorStores:
    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings

    def rows(self) -> Rows:
        one = "/v1/vector_stores/{store}"
        batch = one + "/file_batches/{batch}"
        return [
            ("POST", "/v1/vector_stores", self.create),
            ("GET", "/v1/vector_stores", self.list),
            ("GET", one, self.retrieve),
            ("POST", one, self.update),
            ("DELETE", one, self.delete),
            ("POST", f"{one}/files", self.attach),
            ("GET", f"{one}/files", self.attachments),
            ("GET", one + "/files/{file}", self.attachment),
            ("DELETE", one + "/files/{file}", self.detach),
            ("POST", f"{one}/file_batches", self.create_batch),
            ("GET", batch, self.batch),
            ("POST", f"{batch}/cancel", self.cancel_batch),
            ("GET", f"{batch}/files", self.batch_attachments),
        ]

    async def create(self, request: Request) -> Response:
        body = await json_body(request)
        details = details_of(body)
        files = [wanted({**body, "file_id": item}, "file_ids") for item in file_ids_of(body)]
        made = self.store.add_vector_store(details)
        self.store.attach(made, files, self.settings.processing_seconds)
        return self.shown(made)

    async def list(self, request: Request) -> Response:
        now = self.store.monotonic()
        return listed(request, (made.as_json(now) for made in self.store.vector_stores.values()))

    async def retrieve(self, request: Request) -> Response:
        return self.shown(self.vector_store(request))

    async def update(self, request: Request) -> Response:
        made = self.vector_store(request)
        made.details |= details_of(await json_body(request))
        return self.shown(made)

    async def delete(self, request: Request) -> Response:
        made = self.store.vector_stores.pop(self.vector_store(request).id)
        return JsonReply({"id": made.id, "object": "vector_store.deleted", "deleted": True})

    # Files

    async def attach(self, request: Request) -> Response:
        made = self.vector_store(request)
        file = wanted(await json_body(request), "file_id")
        (attachment,) = self.store.attach(made, [file], self.settings.processing_seconds)
        return self.polled(request, attachment)

    async def attachments(self, request: Request) -> Response:
        return self.files(request, self.vector_store(request).attachments.values())

    async def attachment(self, request: Request) -> Response:
        return self.polled(
            request, self.vector_store(request).attachment(request.path_params["file"])
        )

    async def detach(self, request: Request) -> Response:
        made = self.vector_store(request)
        file = made.attachments.pop(made.attachment(request.path_params["file"]).id)
        return JsonReply({"id": file.id, "object": "vector_store.file.deleted", "deleted": True})

    # Batches

    async def create_batch(self, request: Request) -> Response:
        made = self.vector_store(request)
        files = wanted_files(await json_body(request))
        batch = self.store.add_batch(made, files, self.settings.processing_seconds)
        return self.polled(request, batch)

    async def batch(self, request: Request) -> Response:
        return self.polled(request, self.asked_batch(request))

    async def cancel_batch(self, request: Request) -> Response:
        batch = self.asked_batch(request)
        batch.cancel(self.store.monotonic())
        return self.polled(request, batch)

    async def batch_attachments(self, request: Request) -> Response:
        return self.files(request, self.asked_batch(request).attachments)

    # Common parts

    def vector_store(self, request: Request) -> VectorStore:
        return self.store.vector_store(request.path_params["store"])

    def asked_batch(self, request: Request) -> Batch:
        return self.vector_store(request).batch(request.path_params["batch"])

    def shown(self, made: VectorStore) -> Response:
        return JsonReply(made.as_json(self.store.monotonic()))

    def polled(self, request: Request, item: Attachment | Batch) -> Response:
        return polled(request, self.settings, item.as_json(self.store.monotonic()))

    def files(self, request: Request, attachments: Iterable[Attachment]) -> Response:
        wanted_status = request.query_params.get("filter")
        now = self.store.monotonic()
        items = (file.as_json(now) for file in attachments)
        return listed(request, (item for item in items if wanted_status in {None, item["status"]}))


def listed(request: Request, items: Iterable[dict[str, Any]]) -> Response:
    return JsonReply(page([*items], request.query_params))


def details_of(body: dict[str, Any]) -> dict[str, Any]:
    details = {key: body[key] for key in DETAILS if key in body}
    expires_after = details.get("expires_after")
    if expires_after is not None and not (
        is_object(expires_after) and type(expires_after.get("days")) is int
    ):
        raise invalid("expires_after", "it must have an anchor and a number of days")
    return details

"""The endpoints of files: uploads go to disk block by block, and come back the same way."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from .errors import ApiError, invalid, missing
from .paging import page
from .polls import polled
from .replies import JsonReply, StreamReply
from .rows import Rows
from .settings import Settings
from .store import Store, StoredFile, digest_of, lifetime_of

PAGE_LIMIT = 10_000
SMALL = 1 << 20


class Files:
    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings

    def rows(self) -> Rows:
        return [
            ("POST", "/v1/files", self.create),
            ("GET", "/v1/files", self.list),
            ("GET", "/v1/files/{file}", self.retrieve),
            ("DELETE", "/v1/files/{file}", self.delete),
            ("GET", "/v1/files/{file}/content", self.content),
        ]

    async def create(self, request: Request) -> Response:
        if not request.headers.get("content-type", "").startswith("multipart/form-data"):
            raise ApiError(400, "Files are uploaded as multipart/form-data.")
        form = await request.form()
        try:
            file = await self.keep(form)
        except BaseException:
            await form.close()
            raise
        return JsonReply(self.shown(file), headers={"x-emulator-sha256": file.sha256})

    async def keep(self, form: FormData) -> StoredFile:
        upload = form.get("file")
        if upload is None:
            raise missing("file")
        if not isinstance(upload, UploadFile):
            raise invalid("file", "it must be a file with a filename")
        lifetime = lifetime_of(
            text(form, "expires_after[anchor]"), text(form, "expires_after[seconds]")
        )
        purpose = text(form, "purpose")
        if not purpose:
            raise missing("purpose")
        large = (upload.size or 0) > SMALL
        digest = (
            await asyncio.to_thread(digest_of, upload.file) if large else digest_of(upload.file)
        )
        return self.store.add_file(
            upload.file,
            digest,
            filename=upload.filename or "upload",
            purpose=purpose,
            content_type=upload.content_type,
            lifetime=lifetime,
        )

    async def list(self, request: Request) -> Response:
        purpose = request.query_params.get("purpose")
        items = [
            self.shown(file)
            for file in self.store.files.values()
            if purpose in {None, file.purpose}
        ]
        return JsonReply(page(items, request.query_params, limit=PAGE_LIMIT, most=PAGE_LIMIT))

    async def retrieve(self, request: Request) -> Response:
        shown = self.shown(self.file(request))
        return polled(request, self.settings, shown) if processing(shown) else JsonReply(shown)

    async def delete(self, request: Request) -> Response:
        return JsonReply(self.store.delete_file(self.file(request).id))

    async def content(self, request: Request) -> Response:
        file = self.file(request)
        headers = {"content-length": str(file.size), "x-emulator-sha256": file.sha256}
        return StreamReply(file.blocks(), media_type="application/octet-stream", headers=headers)

    def shown(self, file: StoredFile) -> dict[str, Any]:
        ready_at = file.stored_at + self.settings.file_seconds
        return file.as_json(processed=self.store.monotonic() >= ready_at)

    def file(self, request: Request) -> StoredFile:
        return self.store.file(request.path_params["file"])


def text(form: FormData, name: str) -> str | None:
    given = form.get(name)
    return None if isinstance(given, UploadFile) else given


def processing(shown: dict[str, Any]) -> bool:
    return bool(shown["status"] == "uploaded")

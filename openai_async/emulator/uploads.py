"""The endpoints of uploads: parts go to disk block by block, and are read in threads."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from .errors import ApiError, invalid, missing, unknown
from .generation import json_body
from .parts import MAX_PART, Part, Upload, announced, part_ids_in
from .replies import JsonReply
from .rows import Rows
from .settings import Settings
from .spool import SMALL, Extent, blocks_of
from .store import Store, StoredFile, digest_of


class Uploads:
    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings

    def rows(self) -> Rows:
        one = "/v1/uploads/{upload}"
        return [
            ("POST", "/v1/uploads", self.create),
            ("POST", f"{one}/parts", self.add_part),
            ("POST", f"{one}/complete", self.complete),
            ("POST", f"{one}/cancel", self.cancel),
        ]

    async def create(self, request: Request) -> Response:
        details = announced(await json_body(request))
        return self.shown(self.store.add_upload(details))

    async def add_part(self, request: Request) -> Response:
        if not request.headers.get("content-type", "").startswith("multipart/form-data"):
            raise ApiError(400, "Parts are sent as multipart/form-data.")
        # All of it is read before anything is refused: whoever is still sending hears nothing.
        async with request.form() as form:
            upload = self.upload(request)
            upload.require_pending()
            data = form.get("data")
            if data is None:
                raise missing("data")
            if not isinstance(data, UploadFile):
                raise invalid("data", "it must be a file with a filename")
            if (data.size or 0) > MAX_PART:
                raise invalid("data", f"a part has at most {MAX_PART} bytes, not {data.size}")
            extent = await kept(upload, data)
        upload.require_pending()
        part = Part(self.store.new_id("part_"), upload.id, self.store.now(), extent)
        upload.parts[part.id] = part
        return JsonReply(part.as_json())

    async def complete(self, request: Request) -> Response:
        body = await json_body(request)
        upload = self.upload(request)
        upload.require_pending()
        part_ids, md5 = part_ids_in(body), body.get("md5")
        upload.completing = True
        try:
            file = await self.join(upload, part_ids, md5)
        finally:
            upload.completing = False
        upload.file = file.as_json(processed=not self.settings.file_seconds)
        return self.shown(upload, {"x-emulator-sha256": file.sha256})

    async def join(self, upload: Upload, part_ids: Sequence[str], md5: object) -> StoredFile:
        content = upload.join(part_ids)
        sum_of_all = hashlib.md5(usedforsecurity=False)
        also = None if md5 is None else sum_of_all.update
        if upload.bytes > SMALL:
            digest = await asyncio.to_thread(digest_of, content, also)
        else:
            digest = digest_of(content, also)
        if md5 is not None and md5 != sum_of_all.hexdigest():
            message = "The md5 you sent is not the md5 of the parts in this order."
            raise ApiError(400, message, param="md5", code="upload_md5_mismatch")
        return self.store.add_file(
            content,
            digest,
            filename=upload.filename,
            purpose=upload.purpose,
            content_type=upload.mime_type,
            lifetime=upload.lifetime,
        )

    async def cancel(self, request: Request) -> Response:
        upload = self.upload(request)
        upload.require_pending()
        upload.cancelled = True
        upload.spool.close()
        return self.shown(upload)

    def upload(self, request: Request) -> Upload:
        identifier = request.path_params["upload"]
        if identifier not in self.store.uploads:
            raise unknown("upload", identifier)
        return self.store.uploads[identifier]

    def shown(self, upload: Upload, headers: dict[str, str] | None = None) -> Response:
        return JsonReply(upload.as_json(), headers=headers)


async def kept(upload: Upload, data: UploadFile) -> Extent:
    """Puts a part to the others."""
    try:
        # In a thread even if it is small, for it may wait for the lock.
        return await asyncio.to_thread(upload.spool.append, blocks_of(data.file))
    except ValueError:
        upload.require_pending()  # cancelled meanwhile: its spool is closed
        raise

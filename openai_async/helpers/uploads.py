"""Uploads of large files, in parts that are sent at the same time."""

from __future__ import annotations

import hashlib
import os
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import anyio.to_thread

from .._logs import logger
from .._parts import LARGEST_PART, Part, Progress, send_parts
from .._polling import cancelled_on_exit, clock
from .._sentinels import NotGiven, Omit, not_given, omit
from .._sources import Handle, Source, of_path, source
from .._uploads import check_concurrency

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .._types import FileContent, FileTypes
    from ..resources.uploads import Uploads
    from ..types.files import FilePurpose
    from ..types.uploads import Upload, UploadCreateParamsExpiresAfter


class UploadsHelpers:
    """Joins the methods of `uploads`."""

    async def upload_file_chunked(
        self,
        *,
        file: FileContent | str,
        mime_type: str,
        purpose: FilePurpose,
        filename: str | None = None,
        bytes: int | None = None,
        part_size: int | None = None,
        md5: str | bool | Omit = omit,
        max_concurrency: int = 4,
        on_progress: Callable[[int, int], Any] | None = None,
        expires_after: UploadCreateParamsExpiresAfter | Omit = omit,
        deadline: float | NotGiven | None = not_given,
    ) -> Upload:
        """A large file, uploaded in parts; the `file` of what it returns has the id to refer to.

        `file` is a path, bytes, a file opened in binary mode, or an async iterator of bytes. Name
        and size are taken from it; where it cannot tell them, `filename` and `bytes` (its size) are
        needed: TypeError. An open file is not closed. If it can be rewound it is sent whole,
        wherever it stands, and stays there. An async iterator is closed if it can be. Neither is
        held in memory: what can be read only once, and what decompresses as it is read (files of
        gzip, bz2, lzma, zipfile: they move), goes through temporary files of a part each, and
        cannot tell its size.

        Parts have `part_size` bytes, 64 MiB unless given, which is the most the API takes. At most
        `max_concurrency` are sent at once, and each is retried by itself. `md5` is compared by the
        server: the checksum of the file in hexadecimal digits, or True to compute it on the way.
        `on_progress(sent, total)` counts bytes as they are handed to the network; it goes back when
        a part is repeated. `deadline` (seconds) is for all of it.

        If anything fails, or the call is cancelled, the upload is cancelled on the server and the
        error raised as it is: OSError if the file cannot be read, ValueError if it is empty, has
        not `bytes` bytes, or is changed meanwhile.

        `POST /uploads`, `POST /uploads/{upload_id}/parts` for each part, and
        `POST /uploads/{upload_id}/complete`.
        """
        content = await anyio.to_thread.run_sync(_source, file)
        try:
            size = LARGEST_PART if part_size is None else part_size
            if not 1 <= size <= LARGEST_PART:
                raise ValueError(f"part_size must be 1 to {LARGEST_PART} bytes (64 MiB): {size}.")
            check_concurrency(max_concurrency)
            name, total = _name(content, filename), _size(content, bytes)
            until = clock(cast("Uploads", self)._client, deadline)
            digest = hashlib.md5(usedforsecurity=False) if md5 is True else None
            upload = await cast("Uploads", self).create(
                bytes=total,
                filename=name,
                mime_type=mime_type,
                purpose=purpose,
                expires_after=expires_after,
                deadline=until,
            )
            cancel = partial(cast("Uploads", self).cancel, upload.id)
            async with cancelled_on_exit(cancel, f"Upload {upload.id} waits until it expires"):
                part_ids = await send_parts(
                    content,
                    total,
                    self._sender(upload.id, until, on_progress, total),
                    part_size=size,
                    max_concurrency=max_concurrency,
                    seen=None if digest is None else digest.update,
                    deadline=until,
                )
                if digest is not None:
                    md5 = digest.hexdigest()
                return await cast("Uploads", self).complete(
                    upload.id,
                    part_ids=part_ids,
                    md5=md5 if isinstance(md5, str) else omit,
                    deadline=until,
                )
        finally:
            if isinstance(content, Handle):
                content.rewind()
            await content.close()

    def _sender(
        self,
        upload_id: str,
        deadline: Any,
        on_progress: Callable[[int, int], Any] | None,
        total: int,
    ) -> Callable[[Part], Awaitable[str]]:
        parts = cast("Uploads", self).parts
        progress = None if on_progress is None else Progress(on_progress, total)

        async def send(part: Part) -> str:
            made = await parts.create(
                upload_id,
                data=cast("FileTypes", part.content),
                deadline=deadline,
                on_progress=None if progress is None else partial(progress.moved, part.number),
            )
            logger.info("Uploaded %s, of upload %s", part, upload_id)
            return made.id

        return send


def _source(file: Any) -> Source:
    if isinstance(file, tuple):
        raise TypeError("file must not be a tuple: pass the name as filename=.")
    return of_path("file", file) if isinstance(file, (str, os.PathLike)) else source("file", file)


def _name(content: Source, filename: str | None) -> str:
    name = filename or content.filename
    if not name:
        raise TypeError("filename= is needed: file has no name of its own.")
    return name


def _size(content: Source, given: int | None) -> int:
    """The size of the file in bytes, as it says itself or as the caller says."""
    found = content.size
    if found is None and given is None:
        raise TypeError("bytes= is needed, the size of the file: file cannot tell its own.")
    if None not in (found, given) and found != given:
        raise ValueError(f"bytes={given}, but file has {found} bytes. Leave bytes= out.")
    size = given if found is None else found
    assert size is not None
    if size < 1:
        raise ValueError(f"file has {size} bytes, and the API takes no file of less than 1.")
    return size

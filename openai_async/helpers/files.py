"""Files: wait until one is processed, and upload many."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from .._polling import clock, wait_for
from .._sentinels import NotGiven, Omit, not_given, omit
from ..types.files import FileObject

if TYPE_CHECKING:
    import os
    from typing import Literal

    from .._bulk.inputs import InputFiles
    from .._bulk.results import Uploads, UploadsProgress
    from ..resources.files import Files
    from ..types.files import FileCreateParamsExpiresAfter, FilePurpose


class FilesHelpers:
    """Joins the methods of `files`."""

    async def wait_for_processing(
        self,
        id: str,
        *,
        poll_interval: float = 5.0,
        max_wait_seconds: float | None = 30 * 60,
        on_poll: Callable[[FileObject], Any] | None = None,
        deadline: float | NotGiven | None = not_given,
    ) -> FileObject:
        """A file once the server has processed it or failed to, asked for every `poll_interval`
        seconds until then.

        `on_poll` sees every answer. Raises WaitTimeout after `max_wait_seconds`, which also is a
        RuntimeError, and DeadlineExceeded after `deadline`. `GET /files/{file_id}`.
        """
        files = cast("Files", self)
        file: FileObject = await wait_for(
            "files",
            partial(files._with_replies().retrieve, id),
            poll_interval_ms=poll_interval * 1000,
            max_wait_seconds=max_wait_seconds,
            on_poll=on_poll,
            deadline=clock(files._client, deadline),
        )
        return file

    async def upload_many(
        self,
        files: InputFiles,
        *,
        purpose: FilePurpose,
        expires_after: FileCreateParamsExpiresAfter | Omit = omit,
        max_concurrency: int = 8,
        fail_fast: bool = False,
        ledger: str | os.PathLike[str] | None = None,
        orphans: Literal["keep", "list", "delete"] = "list",
        on_progress: Callable[[UploadsProgress], Any] | None = None,
        deadline: float | NotGiven | None = not_given,
    ) -> Uploads:
        """What became of each of many files, in their order: no bad one keeps others from upload.

        `files` is one or several: paths, directories (all files below them but hidden ones, without
        following links to directories), patterns such as `"notes/**/*.md"`, and whatever `create`
        takes. A generator is consumed as uploads begin. At most `max_concurrency` run at once, and
        all wait when the server tells one to. A file that fails is a result with its `error`; with
        `fail_fast` the first one cancels the others and UploadsFailed is raised, which has the
        results so far.

        `ledger` is a file in which the job keeps what it has done. After a crash, a cancellation or
        a failure, run it again with the same ledger: it uploads what is missing or has changed, and
        nothing twice. One job at a time uses it (LedgerError).

        An upload whose answer was lost may leave a copy on the server. `orphans` says what becomes
        of those, and with a ledger of the old content of files that changed: they are looked for
        and told in `orphans` of the result ("list"), deleted as well ("delete"), or not looked for
        ("keep"). Nothing is asked if no answer was lost. The API tells no hashes: files of the same
        name, size and purpose that other programs upload at the same time are taken for copies too.

        `on_progress` is called after each file and each mebibyte of a large one. `deadline`
        (seconds) is for all of it; DeadlineExceeded has the results so far as `last_event`.
        `POST /files` for each file.
        """
        from .._bulk.job import Options, run  # noqa: PLC0415  # few programs upload many files

        client = cast("Files", self)._client
        options = Options(
            purpose=purpose,
            expires_after=expires_after,
            max_concurrency=max_concurrency,
            fail_fast=fail_fast,
            ledger=ledger,
            orphans=orphans,
            on_progress=on_progress,
            deadline=clock(client, deadline),
        )
        return await run(client, files, options)

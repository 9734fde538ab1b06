"""Vector store file batches: fill one from files in a single call."""

from __future__ import annotations

import io
from collections.abc import AsyncGenerator, Callable, Iterable, Sized
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct

from .. import _callbacks
from .._polling import check_wait, clock
from .._sentinels import NotGiven, Omit, not_given, omit
from .._uploads import noting, upload_all
from ..types.vector_stores import VectorStoreFileBatch

if TYPE_CHECKING:
    import os
    from typing import Literal

    from .._bulk.inputs import InputFiles
    from .._bulk.results import Uploads, UploadsProgress
    from .._types import FileTypes, SequenceNotStr
    from ..resources._root import Namespaces
    from ..resources.vector_stores import FileBatches
    from ..types.files import FileCreateParamsExpiresAfter, FilePurpose
    from ..types.vector_stores import FileChunkingStrategyParam


class UploadProgress(Struct):
    """How far a bulk upload has come: the files first, then how the server processes them."""

    uploaded: int
    total: int | None
    """How many there will be; None when the files come from an iterator that cannot tell."""
    batch: VectorStoreFileBatch | None = None

    @property
    def processed(self) -> int:
        """How many of the batch the server is done with, failed or not."""
        counts = None if self.batch is None else self.batch.file_counts
        if counts is None:
            return 0
        return sum(each or 0 for each in (counts.completed, counts.failed, counts.cancelled))


class FileBatchesHelpers:
    """Joins the methods of `vector_stores.file_batches`."""

    async def upload_and_poll(
        self,
        vector_store_id: str,
        *,
        files: Iterable[FileTypes],
        max_concurrency: int = 5,
        file_ids: SequenceNotStr[str] = (),
        poll_interval_ms: float | Omit | NotGiven = omit,
        max_wait_seconds: float | Omit | NotGiven | None = omit,
        chunking_strategy: FileChunkingStrategyParam | Omit = omit,
        cancel_on_exit: bool = False,
        deadline: float | NotGiven | None = not_given,
        on_progress: Callable[[UploadProgress], Any] | None = None,
    ) -> VectorStoreFileBatch:
        """A new batch of `files`, uploaded now, and of `file_ids`, once all are processed.

        At most `max_concurrency` files are uploaded at once. If one cannot be uploaded the others
        are cancelled and its error is raised, with a note that names the file and those already
        uploaded. `on_progress` is called after each upload and each poll. The wait is that of
        `poll`; `deadline` (seconds) is for all of it.
        `POST /files` for each, then as `create_and_poll`.
        """
        check_wait(poll_interval_ms, max_wait_seconds)
        if isinstance(files, (str, bytes, io.IOBase)):
            raise TypeError("files must be a list of files, not a single one.")
        if isinstance(file_ids, str):
            raise TypeError("file_ids must be a list of ids, not a single one.")
        batches, known_ids = cast("FileBatches", self), list(file_ids or ())
        until = clock(batches._client, deadline)
        total = len(files) if isinstance(files, Sized) else None
        # What makes files for a blocking program may use its client, and may take its time.
        threaded = total is None and batches._client._blocking
        api_files = cast("Namespaces", batches._client).files

        async def upload(file: FileTypes) -> str:
            return (await api_files.create(file=file, purpose="assistants", deadline=until)).id

        async def report(uploaded: int, batch: VectorStoreFileBatch | None = None) -> None:
            if on_progress is not None:
                await _callbacks.call(on_progress, UploadProgress(uploaded, total, batch))

        uploaded = await upload_all(
            upload,
            _in_threads(files) if threaded else files,
            max_concurrency=max_concurrency,
            deadline=until,
            on_upload=report,
        )
        if not uploaded and not known_ids:
            raise ValueError("files is empty. To process files uploaded before: create_and_poll().")

        async def on_batch(batch: VectorStoreFileBatch) -> None:
            await report(len(uploaded), batch)

        with noting(uploaded):
            return await batches.create_and_poll(
                vector_store_id,
                file_ids=[*known_ids, *uploaded],
                chunking_strategy=chunking_strategy,
                poll_interval_ms=poll_interval_ms,
                max_wait_seconds=max_wait_seconds,
                cancel_on_exit=cancel_on_exit,
                on_poll=on_batch,
                deadline=until,
            )

    async def upload_many(
        self,
        vector_store_id: str,
        *,
        files: InputFiles,
        file_ids: SequenceNotStr[str] = (),
        purpose: FilePurpose = "assistants",
        expires_after: FileCreateParamsExpiresAfter | Omit = omit,
        attributes: dict[str, str | float | bool] | Omit | None = omit,
        chunking_strategy: FileChunkingStrategyParam | Omit = omit,
        max_concurrency: int = 8,
        fail_fast: bool = False,
        ledger: str | os.PathLike[str] | None = None,
        orphans: Literal["keep", "list", "delete"] = "list",
        poll_interval_ms: float | Omit | NotGiven = omit,
        on_progress: Callable[[UploadsProgress], Any] | None = None,
        deadline: float | NotGiven | None = not_given,
    ) -> Uploads:
        """What became of each of many files that were to be uploaded and processed.

        All that can be uploaded is, as by `files.upload_many`, which says what `files`, `ledger`,
        `orphans` and the others mean. Then it is added to the vector store with `file_ids`, which
        are results as well, in batches of at most 2,000, and waited for. A file that could not be
        processed is a failed result with a `file_id` and a FileProcessingError. A later run with
        the same ledger adds what is missing or failed. `on_progress` is also told of each poll.
        Raises NotFoundError before any upload if there is no such vector store.
        `POST /files` for each file, `POST /vector_stores/{vector_store_id}/file_batches`.
        """
        from .._bulk.attaching import Attaching  # noqa: PLC0415  # few programs upload many files
        from .._bulk.job import Options, run  # noqa: PLC0415

        check_wait(poll_interval_ms)
        if isinstance(file_ids, str):
            raise TypeError("file_ids must be a list of ids, not a single one.")
        client = cast("FileBatches", self)._client
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
        plan = Attaching(
            vector_store_id, list(file_ids), attributes, chunking_strategy, poll_interval_ms
        )
        return await run(client, files, options, before=plan.before, after=plan.after)


async def _in_threads(files: Iterable[FileTypes]) -> AsyncGenerator[FileTypes, None]:
    iterator = iter(files)
    while (file := await _callbacks.call(next, iterator, None)) is not None:
        yield file

"""Vector store file batches: wait for one, and fill one from files in a single call."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sized
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct

from .. import _callbacks
from .._deadline import begin
from .._polling import check_interval, poll, poll_headers
from .._sentinels import NotGiven, Omit, not_given, omit
from .._unfinished import DeadlineExceeded
from .._uploads import noting, upload_all
from ..types.vector_stores import VectorStoreFileBatch

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from .._resource import Reply
    from .._types import FileTypes, SequenceNotStr
    from ..resources._root import Namespaces
    from ..resources.vector_stores import FileBatches
    from ..types.vector_stores import FileBatchCreateParamsFile, FileChunkingStrategyParam


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

    def _clock(self, deadline: float | NotGiven | None) -> Any:
        """The one clock of a method, as what the methods it is made of take for `deadline`."""
        if isinstance(deadline, NotGiven):
            deadline = cast("FileBatches", self)._client.deadline
        return begin(deadline)

    async def poll(
        self,
        batch_id: str,
        *,
        vector_store_id: str,
        poll_interval_ms: float | Omit | NotGiven = omit,
        deadline: float | NotGiven | None = not_given,
        on_progress: Callable[[VectorStoreFileBatch], Any] | None = None,
    ) -> VectorStoreFileBatch:
        """The batch once no file of it is in progress, asked for again and again until then.

        Between two questions it waits `poll_interval_ms` milliseconds if given, else as long as the
        last answer says in `openai-poll-after-ms`, else a second. `on_progress` sees every answer.
        `deadline` (seconds) is for all of it; DeadlineExceeded has the last answer as `last_event`.
        `GET /vector_stores/{vector_store_id}/file_batches/{batch_id}`.
        """
        check_interval(poll_interval_ms)
        clock = self._clock(deadline)
        batches = cast("FileBatches", self)._with_replies()
        headers = poll_headers(poll_interval_ms)

        def fetch() -> Awaitable[Reply[VectorStoreFileBatch]]:
            reply = batches.retrieve(
                batch_id, vector_store_id=vector_store_id, extra_headers=headers, deadline=clock
            )
            return cast("Awaitable[Reply[VectorStoreFileBatch]]", reply)

        async def report(batch: VectorStoreFileBatch) -> None:
            if on_progress is not None:
                await _callbacks.call(on_progress, batch)

        return await poll(
            fetch, done=_is_done, interval_ms=poll_interval_ms, deadline=clock, on_poll=report
        )

    async def create_and_poll(
        self,
        vector_store_id: str,
        *,
        attributes: dict[str, str | float | bool] | Omit | None = omit,
        chunking_strategy: FileChunkingStrategyParam | Omit = omit,
        file_ids: SequenceNotStr[str] | Omit = omit,
        files: Iterable[FileBatchCreateParamsFile] | Omit = omit,
        poll_interval_ms: float | Omit | NotGiven = omit,
        deadline: float | NotGiven | None = not_given,
        on_progress: Callable[[VectorStoreFileBatch], Any] | None = None,
    ) -> VectorStoreFileBatch:
        """A new batch of files that were uploaded before, once they are processed.

        `deadline` (seconds) is for all of it.
        `POST /vector_stores/{vector_store_id}/file_batches`, then as `poll`.
        """
        check_interval(poll_interval_ms)
        clock = self._clock(deadline)
        batch = await cast("FileBatches", self).create(
            vector_store_id,
            attributes=attributes,
            chunking_strategy=chunking_strategy,
            file_ids=file_ids,
            files=files,
            deadline=clock,
        )
        try:
            return await self.poll(
                batch.id,
                vector_store_id=vector_store_id,
                poll_interval_ms=poll_interval_ms,
                deadline=clock,
                on_progress=on_progress,
            )
        except DeadlineExceeded as error:
            error.last_event = error.last_event or batch
            raise

    async def upload_and_poll(
        self,
        vector_store_id: str,
        *,
        files: Iterable[FileTypes],
        max_concurrency: int = 5,
        file_ids: SequenceNotStr[str] = (),
        poll_interval_ms: float | Omit | NotGiven = omit,
        chunking_strategy: FileChunkingStrategyParam | Omit = omit,
        deadline: float | NotGiven | None = not_given,
        on_progress: Callable[[UploadProgress], Any] | None = None,
    ) -> VectorStoreFileBatch:
        """A new batch of `files`, uploaded now, and of `file_ids`, once all are processed.

        At most `max_concurrency` files are uploaded at once. If one cannot be uploaded the others
        are cancelled and its error is raised, with a note that names the file and those already
        uploaded. `on_progress` is called after each upload and each poll. `deadline` (seconds) is
        for all of it.
        `POST /files` for each, then as `create_and_poll`.
        """
        check_interval(poll_interval_ms)
        if isinstance(files, (str, bytes, io.IOBase)):
            raise TypeError("files must be a list of files, not a single one.")
        clock = self._clock(deadline)
        total = len(files) if isinstance(files, Sized) else None
        api_files = cast("Namespaces", cast("FileBatches", self)._client).files

        async def upload(file: FileTypes) -> str:
            return (await api_files.create(file=file, purpose="assistants", deadline=clock)).id

        async def report(uploaded: int, batch: VectorStoreFileBatch | None = None) -> None:
            if on_progress is not None:
                await _callbacks.call(on_progress, UploadProgress(uploaded, total, batch))

        uploaded = await upload_all(
            upload, files, max_concurrency=max_concurrency, deadline=clock, on_upload=report
        )
        if not uploaded and not len(file_ids):
            raise ValueError("files is empty. To process files uploaded before: create_and_poll().")

        async def on_batch(batch: VectorStoreFileBatch) -> None:
            await report(len(uploaded), batch)

        with noting(uploaded):
            return await self.create_and_poll(
                vector_store_id,
                file_ids=[*file_ids, *uploaded],
                chunking_strategy=chunking_strategy,
                poll_interval_ms=poll_interval_ms,
                deadline=clock,
                on_progress=on_batch,
            )


def _is_done(batch: VectorStoreFileBatch) -> bool:
    """Whether nothing is in progress any more; a batch without counts goes by its status."""
    counts = batch.file_counts
    return batch.status != "in_progress" if counts is None else not counts.in_progress

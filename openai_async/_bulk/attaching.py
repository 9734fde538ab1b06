"""A bulk upload into a vector store: what was uploaded is added in batches and processed.

The ledger knows which batches there are. A later run asks the vector store what it has of them, and
adds only what is missing or failed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from .._errors import APIError, OpenAIError
from .._unfinished import DeadlineExceeded
from .job import FirstFailure, Job
from .results import FileProcessingError, UploadResult, UploadsFailed

if TYPE_CHECKING:
    from .._sentinels import NotGiven, Omit
    from .._types import SequenceNotStr
    from ..resources.vector_stores import FileBatches
    from ..types.vector_stores import (
        FileChunkingStrategyParam,
        VectorStoreFileBatch,
    )

#: How many files a batch may have, by the API's own account.
MOST = 2000

#: How many files of a vector store a page may have.
_PAGE = 100


class Attaching(Struct):
    """Where to, and how."""

    vector_store_id: str
    file_ids: SequenceNotStr[str]
    attributes: dict[str, str | float | bool] | Omit | None
    chunking_strategy: FileChunkingStrategyParam | Omit
    poll_interval_ms: float | Omit | NotGiven

    async def before(self, job: Job) -> None:
        """Raises NotFoundError if there is no such vector store: before everything is uploaded."""
        await job.client.vector_stores.retrieve(self.vector_store_id, deadline=job.clock)

    async def after(self, job: Job) -> None:
        """Adds what was uploaded, and `file_ids`, and waits until all are processed."""
        try:
            await _Attachment(self, job).make()
        except FirstFailure as failure:
            raise UploadsFailed(job.uploads()) from failure.__cause__


class _Attachment:
    """The second half of a job: its files become those of a vector store."""

    def __init__(self, plan: Attaching, job: Job) -> None:
        self._plan = plan
        self._job = job
        self._store = plan.vector_store_id
        self._batches: FileBatches = job.client.vector_stores.file_batches
        self._results: dict[str, list[UploadResult]] = {}

    async def make(self) -> None:
        for file_id in dict.fromkeys(self._plan.file_ids):
            self._results[file_id] = []
        for result in self._job.uploads():
            if result.status != "failed" and result.file_id is not None:
                self._results.setdefault(result.file_id, []).append(result)
        following = max(self._job.results, default=-1) + 1
        for position, file_id in enumerate(self._plan.file_ids, following):
            result = UploadResult(file_id, "skipped", file_id=file_id)
            self._results[file_id].append(result)
            await self._job.finish(position, result)
        missing, batches = await self._compare()
        for file_ids in chunks(missing, MOST):
            batch_id = await self._add(file_ids)
            if batch_id is not None:
                batches[batch_id] = set(file_ids)
        for batch_id, expected in batches.items():
            await self._wait(batch_id, expected)

    async def _compare(self) -> tuple[list[str], dict[str, set[str]]]:
        """The files that must be added, and by batch those that a run of before has added and the
        server has not processed yet."""
        known = self._job.ledger.history.attached.get(self._store)
        if known is None:
            return list(self._results), {}
        there = await self._there()
        running = {file_id for file_id, status in there.items() if status == "in_progress"}
        batches = {batch: running.intersection(file_ids) for batch, file_ids in known.items()}
        batches = {batch: file_ids for batch, file_ids in batches.items() if file_ids}
        # What is in progress and in no known batch is added again, which does no harm.
        settled = {file_id for file_id, status in there.items() if status == "completed"}
        settled.update(*batches.values())
        return [file_id for file_id in self._results if file_id not in settled], batches

    async def _there(self) -> dict[str, str]:
        """The status of each file that the vector store has already."""
        found: dict[str, str] = {}
        files = self._job.client.vector_stores.files
        # Each page has its own deadline, unless it is a clock that runs already.
        async for file in files.list(self._store, limit=_PAGE, deadline=self._job.clock):
            if file.id in self._results:
                found[file.id] = file.status
                if len(found) == len(self._results):
                    break
        return found

    async def _add(self, file_ids: list[str]) -> str | None:
        """The id of a new batch; None if it could not be made, which fails all its files."""
        write = self._job.ledger.write
        write("attach", vector_store_id=self._store, files=len(file_ids))
        try:
            batch = await self._batches.create(
                self._store,
                file_ids=file_ids,
                attributes=self._plan.attributes,
                chunking_strategy=self._plan.chunking_strategy,
                deadline=self._job.clock,
            )
        except DeadlineExceeded:
            raise
        except APIError as error:
            await self._fail(dict.fromkeys(file_ids, error))
            return None
        if not isinstance(batch.id, str) or not batch.id:
            unnamed = OpenAIError(
                "The server answered without the id of the batch, so nobody can find out whether "
                "it has added its files."
            )
            await self._fail(dict.fromkeys(file_ids, unnamed))
            return None
        write("batch", vector_store_id=self._store, batch_id=batch.id, file_ids=file_ids)
        await self._saw(batch)
        return batch.id

    async def _wait(self, batch_id: str, expected: set[str]) -> None:
        """Waits until a batch is processed; a file that could not be is a failed result."""
        try:
            await self._batches.poll(
                batch_id,
                vector_store_id=self._store,
                poll_interval_ms=self._plan.poll_interval_ms,
                on_poll=self._saw,
                deadline=self._job.clock,
            )
            failed = await self._failed(batch_id)
        except DeadlineExceeded:
            raise
        except APIError as error:
            await self._fail(dict.fromkeys(expected, error))
        else:
            await self._fail({name: why for name, why in failed.items() if name in expected})

    async def _failed(self, batch_id: str) -> dict[str, FileProcessingError]:
        counts = self._job.batches[batch_id].file_counts
        failed: dict[str, FileProcessingError] = {}
        statuses: tuple[Literal["failed", "cancelled"], ...] = ("failed", "cancelled")
        for status in statuses:
            if counts is not None and not getattr(counts, status):
                continue
            listed = self._batches.list_files(
                batch_id,
                vector_store_id=self._store,
                filter=status,
                limit=_PAGE,
                deadline=self._job.clock,
            )
            async for file in listed:
                why = file.last_error
                code, message = (why.code, why.message) if why else (None, None)
                failed[file.id] = FileProcessingError(file.id, file.status, code, message)
        return failed

    async def _saw(self, batch: VectorStoreFileBatch) -> None:
        self._job.batches[batch.id] = batch
        await self._job.tally.processed(batch)

    async def _fail(self, failed: Mapping[str, Exception]) -> None:
        for file_id, error in failed.items():
            for result in self._results.get(file_id, ()):
                before, result.status, result.error = result.status, "failed", error
                await self._job.tally.revised(result, before)
            if self._job.options.fail_fast:
                raise FirstFailure from error


def chunks(items: Iterable[str], size: int) -> Iterator[list[str]]:
    """`items` in lists of at most `size`."""
    waiting = iter(items)
    while part := list(islice(waiting, size)):
        yield part
